/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_VIEW_H
#define RKMQ_RUNNER_VIEW_H

/*
 * What the families of checks share while they walk over a log: queues, the same seen by a group,
 * and by a member. A row is shown to the families before the view takes it in, so that they see
 * what was true until then.
 */

#include "runner/checks/check.h"

#define RKMQ_NOT_YET INT64_MIN

struct rkmq_view_queue { /* (topic, broker, queue) */
    rkmq_name topic, broker;
    int32_t queue_id;
    int64_t max_offset;
};
struct rkmq_view_share { /* ... of a group */
    struct rkmq_view_queue *queue;
    rkmq_name group, owner; /* 0: nobody */
    int64_t first_offset;   /* where the first member began; RKMQ_NOT_YET */
    int64_t committed;      /* RKMQ_NOT_YET */
    int64_t committed_most; /* the most that ever was */
    uint8_t *delivered;     /* one bit an offset from 0 on */
    size_t n_delivered_bytes;
};
struct rkmq_view_hold { /* ... of a member */
    struct rkmq_view_share *share;
    rkmq_name who;
    bool is_owned;
    int64_t may_pull_to; /* no pull may ask for more; RKMQ_NOT_YET: unknown */
    int64_t may_commit_to;
    int64_t n_cached;
    rkmq_us pulled_at; /* the pull under way; RKMQ_NOT_YET: none */
    int32_t pull_opaque;
    size_t pull_row;
    int64_t committed_most; /* by itself, since it has the queue; RKMQ_NOT_YET */
    rkmq_us overlap_since;  /* somebody else owns it too; RKMQ_NOT_YET */
    size_t overlap_row;
};
struct rkmq_view_member {
    rkmq_name who, group;
    bool is_running, is_stopped; /* stopped: cleanly, and not started again */
    size_t stopped_row;
};

struct rkmq_view {
    const struct rkmq_event_log *log;
    const struct rkmq_check_params *params;
    struct rkmq_check_result *result;
    const struct rkmq_mem *mem;
    struct rkmq_arena arena;
    struct rkmq_map queues, shares, holds, members; /* in the order they came */
    rkmq_us end_at;
    bool is_failed; /* memory is out */
};

/* NULL: the row names none, or memory is out. Made when they are not there. */
struct rkmq_view_queue *rkmq__view_queue(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_share *rkmq__view_share(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_hold *rkmq__view_hold(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_member *rkmq__view_member(struct rkmq_view *v, rkmq_name who);
bool rkmq__view_is_delivered(const struct rkmq_view_share *share, int64_t offset);
void rkmq__view_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
/* Members of the group that run now. */
size_t rkmq__view_running(struct rkmq_view *v, rkmq_name group);

/* ---- what families do ---- */

/* The rule was applied once. */
void rkmq__judged(struct rkmq_view *v, enum rkmq_check_id id, enum rkmq_evidence evidence);
/* The rule was broken; rows SIZE_MAX are left out. `is_strict` false: only a SHOULD. */
void rkmq__violated(struct rkmq_view *v, enum rkmq_check_id id, bool is_strict, size_t row_a,
                    size_t row_b, const char *fmt, ...) RKMQ_PRINTF(6, 7);
const char *rkmq__view_text(const struct rkmq_view *v, rkmq_name name);

struct rkmq_check_family {
    void (*row)(struct rkmq_view *v, const struct rkmq_event *row, size_t index); /* may be NULL */
    void (*end)(struct rkmq_view *v);                                             /* may be NULL */
};
extern const struct rkmq_check_family rkmq__checks_loss, rkmq__checks_own, rkmq__checks_pull,
    rkmq__checks_flow, rkmq__checks_off, rkmq__checks_mem, rkmq__checks_live;

#endif
