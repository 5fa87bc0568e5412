/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_EXPLORE_PLAN_H
#define RKMQ_RUNNER_EXPLORE_PLAN_H

/*
 * What has been drawn so far. Cluster and members come first, then each kind of trouble adds steps
 * in any order; they are sorted by time when the file is written.
 *
 *     0 .. trouble_from    the members that stay start; nothing happens to them yet
 *     .. calm_at           load and trouble
 *     .. settled_at        trouble is over; the group finds back
 *     .. end_at            everything must be as it should be
 *
 * Texts are written with ' for ", so that they can be read in C. Times are milliseconds.
 */

#include "remoting/base/containers.h"
#include "runner/explore/explore.h"

#define RKMQ_PLAN_NAMESRVS_MAX 3
#define RKMQ_PLAN_BROKERS_MAX 3
#define RKMQ_PLAN_TOPICS_MAX 2
#define RKMQ_PLAN_GROUPS_MAX 2
#define RKMQ_PLAN_MEMBERS_MAX 8 /* of all groups */
#define RKMQ_PLAN_QUEUES_MAX 5  /* of a topic on a broker, at the start */
#define RKMQ_PLAN_STEPS_MAX 400 /* all troubles at once, at their worst, come to half of it */
#define RKMQ_PLAN_HOT_MAX 3

struct rkmq_plan_step {
    rkmq_ms at;
    struct rkmq_slice text; /* one step or several, comma between them */
};
struct rkmq_plan_topic {
    unsigned queues[RKMQ_PLAN_BROKERS_MAX]; /* when it comes */
    rkmq_ms comes_at;                       /* is_late: it is made by an action then */
    bool is_late, is_perm_changed;
};
struct rkmq_plan_group {
    bool has_topic[RKMQ_PLAN_TOPICS_MAX];
    bool is_by_circle, is_from_first, is_by_tag;
    int64_t rejects; /* how often its listeners reject a bad message; 0: they do not */
};
struct rkmq_plan_member {
    unsigned group;
    bool stays; /* from the start, and nobody stops it */
    bool is_ambushed, is_suspended, has_new_listener;
    rkmq_ms starts_at;
};
struct rkmq_plan {
    uint64_t seed, rand_state;
    struct rkmq_arena arena;
    bool has[RKMQ_TROUBLE_KINDS];
    rkmq_ms trouble_from, calm_at, settled_at, end_at;
    rkmq_ms hot[RKMQ_PLAN_HOT_MAX]; /* moments around which trouble gathers */
    unsigned n_hot;

    unsigned n_namesrvs, n_brokers, n_topics, n_groups, n_members, n_producers;
    struct rkmq_plan_topic topics[RKMQ_PLAN_TOPICS_MAX];
    struct rkmq_plan_group groups[RKMQ_PLAN_GROUPS_MAX];
    struct rkmq_plan_member members[RKMQ_PLAN_MEMBERS_MAX];
    bool is_broker_touched[RKMQ_PLAN_BROKERS_MAX];

    struct rkmq_plan_step steps[RKMQ_PLAN_STEPS_MAX];
    size_t n_steps;
    unsigned n_rules, n_marks;
    bool is_out_of_memory;
};

/* ---- plan.c: drawing ---- */
int64_t rkmq__plan_between(struct rkmq_plan *plan, int64_t low, int64_t high); /* both included */
bool rkmq__plan_chance(struct rkmq_plan *plan, unsigned percent);
#define RKMQ_PLAN_PICK(plan, list)                                                                 \
    ((list)[rkmq__plan_between((plan), 0, (int64_t)RKMQ_COUNT_OF(list) - 1)])
/* Small ones are likelier: half of them below the square root of the range. */
int64_t rkmq__plan_mostly_small(struct rkmq_plan *plan, int64_t low, int64_t high);

/* A moment while there is trouble, mostly near a hot one. */
rkmq_ms rkmq__plan_moment(struct rkmq_plan *plan);
/* A moment, and one at most `longest` later; both before the calm. */
struct rkmq_plan_window {
    rkmq_ms from, until;
};
struct rkmq_plan_window rkmq__plan_window(struct rkmq_plan *plan, rkmq_ms longest);

/* ---- plan.c: writing ---- */
/* Appends, with " for every '. */
void rkmq__plan_put(struct rkmq_bytes *out, const char *fmt, ...) RKMQ_PRINTF(2, 3);
/* A step at that time that does `fmt`, one action or several. */
void rkmq__plan_do(struct rkmq_plan *plan, rkmq_ms at, const char *fmt, ...) RKMQ_PRINTF(3, 4);
/* Whole steps; the first has a trigger "at" that is `at`. */
void rkmq__plan_steps(struct rkmq_plan *plan, rkmq_ms at, const char *fmt, ...) RKMQ_PRINTF(3, 4);

/* ---- names ---- */
#define RKMQ_PLAN_NAME_BYTES 24
const char *rkmq__plan_topic(unsigned i);
const char *rkmq__plan_group(unsigned i);
/* A member, broker or name server, or "*". */
const char *rkmq__plan_client(struct rkmq_plan *plan, char out[RKMQ_PLAN_NAME_BYTES]);
const char *rkmq__plan_server(struct rkmq_plan *plan, char out[RKMQ_PLAN_NAME_BYTES]);

/* ---- the parts ---- */
void rkmq__plan_cluster(struct rkmq_plan *plan);
void rkmq__plan_members(struct rkmq_plan *plan);
void rkmq__plan_load(struct rkmq_plan *plan);
void rkmq__plan_trouble(struct rkmq_plan *plan);
typedef void rkmq_plan_fn(struct rkmq_plan *plan);
rkmq_plan_fn rkmq__plan_leave, rkmq__plan_silent, rkmq__plan_ambush, rkmq__plan_pause,
    rkmq__plan_listener;
rkmq_plan_fn rkmq__plan_topics, rkmq__plan_broker, rkmq__plan_nameserver;
rkmq_plan_fn rkmq__plan_slow_net, rkmq__plan_cut_net, rkmq__plan_refuse, rkmq__plan_lose,
    rkmq__plan_delay, rkmq__plan_hold;
rkmq_plan_fn rkmq__plan_notify, rkmq__plan_lie_members, rkmq__plan_lie_route;

/* ---- the sections of the file ---- */
void rkmq__plan_write_cluster(const struct rkmq_plan *plan, struct rkmq_bytes *out);
void rkmq__plan_write_actors(struct rkmq_plan *plan, struct rkmq_bytes *out);
void rkmq__plan_write_calm(const struct rkmq_plan *plan, struct rkmq_bytes *out);
void rkmq__plan_write_expects(const struct rkmq_plan *plan, struct rkmq_bytes *out);
void rkmq__plan_write_checks(const struct rkmq_plan *plan, struct rkmq_bytes *out);

#endif
