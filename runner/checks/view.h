/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_VIEW_H
#define RKMQ_RUNNER_VIEW_H

/*
 * What the families of checks share while they walk over a log: queues, the same seen by a group,
 * and by a member; members and what servers told them; what the script has broken. A row is shown
 * to the families before the view takes it in, so that they see what was true until then. Between
 * rows a tick comes with every second of the log's time, for what does not happen.
 *
 * Ownership is what our consumer says (pq-add, pq-drop). Of a client that says nothing it is what
 * it pulls: from the first pull of a queue until another member pulls it and it does not any more,
 * or until it asks the broker where to begin.
 *
 *     view.c      tables        rows.c, rows_*.c   rows into tables (rows.h)
 *     trouble.c   what the script has broken      told.c   members and routes, as served
 */

#include "runner/checks/check.h"

#define RKMQ_NOT_YET INT64_MIN
#define RKMQ_TICK_US 1000000
#define RKMQ_PULL_HOLD_US 15000000     /* BROKER_SUSPEND_MAX_TIME_MILLIS */
#define RKMQ_PULL_GIVEN_UP_US 30000000 /* CONSUMER_TIMEOUT_MILLIS_WHEN_SUSPEND */
#define RKMQ_PERSIST_FIRST_US 10000000 /* startScheduledTask: the first persist after a start */
#define RKMQ_REBALANCE_US 20000000     /* rocketmq.client.rebalance.waitInterval */
#define RKMQ_PASS_US 5000000           /* a pass, and the second's spacing before it */

/* A growing set of offsets from 0 on. Memory is the view's. */
struct rkmq_offsets {
    uint8_t *bits;
    size_t n_bytes;
};

struct rkmq_view_queue { /* (topic, broker, queue) */
    rkmq_name topic, broker;
    int32_t queue_id;
    int64_t max_offset;
};
struct rkmq_view_server {
    rkmq_name name;
    bool is_broker; /* else a name server */
};
struct rkmq_view_share { /* ... of a group */
    struct rkmq_view_queue *queue;
    rkmq_name group, owner; /* 0: nobody */
    int n_owners;
    int64_t first_offset;   /* where the first member began; RKMQ_NOT_YET */
    int64_t committed;      /* RKMQ_NOT_YET */
    int64_t committed_most; /* the most that ever was */
    struct rkmq_offsets delivered;
    struct rkmq_offsets delivered_steadily; /* ... since the group changed last: DUP-2 */
    uint64_t steady_epoch;
    rkmq_us orphan_since; /* OWN-2; RKMQ_NOT_YET: it has an owner, or nobody should have it */
    rkmq_name pulled_by;  /* last */
    int64_t persisted_to; /* every member's progress up to here must have reached the broker */
    rkmq_us fell_at;      /* a commit took `committed` back; RKMQ_NOT_YET */
};
struct rkmq_view_hold { /* ... of a member */
    struct rkmq_view_share *share;
    struct rkmq_view_member *member;
    rkmq_name who;
    bool is_owned;
    rkmq_us owned_at, dropped_at; /* RKMQ_NOT_YET */
    size_t owned_row, dropped_row;
    int64_t may_pull_to; /* no pull may ask for more; RKMQ_NOT_YET: unknown */
    int64_t may_commit_to;
    int64_t passed_to; /* ... may be committed too: with nothing cached, nothing was found below */
    int64_t n_cached, put_most;
    struct rkmq_offsets delivered, failed; /* since it has the queue */
    /* All below was finished: as its cache says; without hooks, what listeners said of one message
     * after the other, which may be less than it knows. */
    int64_t done_to;
    struct rkmq_offsets finished; /* without hooks: at and behind done_to */
    int64_t repeats_from;         /* what it delivers again must be at or behind this: DUP-1 */

    rkmq_us pulled_at; /* the pull under way; RKMQ_NOT_YET: none */
    int32_t pull_opaque;
    size_t pull_row;
    int64_t asked_offset; /* by the last pull; RKMQ_NOT_YET */
    rkmq_us last_pull_at; /* ... also when it is answered */
    rkmq_us answered_at;  /* RKMQ_NOT_YET: the last pull was not */
    int32_t answer_status;
    int64_t answer_next; /* nextBeginOffset; RKMQ_NOT_YET */
    size_t answer_row;
    bool is_answer_doubtful; /* a fault rule touched the exchange */
    rkmq_us idle_since;      /* PULL-5: nothing pulled, though nothing hinders */
    int n_empty_soon;        /* PULL-4: empty answers that came too soon, in a row */
    rkmq_us drained_at;      /* FLOW-2; RKMQ_NOT_YET */
    size_t drained_row;

    int64_t committed_most; /* by itself, since it has the queue; RKMQ_NOT_YET */
    int64_t sent_offset;    /* last told to the broker; RKMQ_NOT_YET */
    rkmq_us unsent_since;   /* OFF-5: progress the broker does not know; RKMQ_NOT_YET */
    int64_t unsent_offset;  /* what it must know by then */
    size_t unsent_row;
    int64_t handed_offset; /* OFF-4: what must come after the drop; RKMQ_NOT_YET */
    int64_t sampled_to[2]; /* progress at sampled_at */
    rkmq_us sampled_at[2];

    rkmq_us overlap_since; /* somebody else owns it too; RKMQ_NOT_YET */
    size_t overlap_row;
};
struct rkmq_view_seat { /* (member, topic): what it was told, and whether it does so */
    struct rkmq_view_member *member;
    rkmq_name topic;
    rkmq_name route;          /* "broker-a:8 broker-b:4"; 0: not told */
    rkmq_us route_changed_at; /* RKMQ_NOT_YET */
    bool is_route_doubtful;   /* the way was bad: nobody may have waited for the answer any more */
    size_t route_row;
    rkmq_us polled_at; /* asked for; RKMQ_NOT_YET */
    size_t polled_row;
    int n_polls_soon; /* NS-1: since polls_soon_at */
    rkmq_us polls_soon_at;
    int n_reasons_then; /* n_reasons of the member at polls_soon_at */
    int n_queues;       /* in its route */
    int n_owned;
    bool is_dirty;          /* OWN-3: to be looked at again */
    rkmq_us mismatch_since; /* OWN-3; RKMQ_NOT_YET */
};
struct rkmq_view_member {
    rkmq_name who, group;
    const struct rkmq_check_client *client; /* never NULL */
    bool is_running, is_stopped;            /* stopped: cleanly, and not started again */
    bool is_stopping, is_paused;
    bool has_hooks;         /* it says which queues it has */
    bool has_routes;        /* it is seen to ask for routes, in this life */
    rkmq_us route_fault_at; /* a rule took such a question; RKMQ_NOT_YET */
    rkmq_us started_at, stop_at, paused_at;
    size_t stop_row, stopped_row;
    rkmq_name subscriptions;          /* of its last heartbeat; 0: none yet */
    int n_topics;                     /* ... of its group */
    int n_brokers, n_queues;          /* in its routes */
    int n_reasons;                    /* to look at members and routes again: NS-1 */
    rkmq_name told_members;           /* "c1 c2"; 0: not told */
    rkmq_us told_at, told_changed_at; /* RKMQ_NOT_YET */
    bool is_told_doubtful;            /* as is_route_doubtful */
    size_t told_row;
    rkmq_us asked_members_at; /* RKMQ_NOT_YET: never in this life */
    size_t asked_members_row;
    rkmq_us notified_at; /* MEM-2: to be acted on; RKMQ_NOT_YET */
    size_t notified_row;
    rkmq_us moved_on_at;              /* OFFSET_MOVED: a queue comes anew */
    int n_owned, n_calls;             /* queues; listener calls under way */
    int n_open;                       /* connections */
    struct rkmq_rate_bucket *buckets; /* rate.c */
};
struct rkmq_view_link { /* (client, server) */
    struct rkmq_view_member *member;
    rkmq_name server;
    bool is_broker;
    int n_open;
    rkmq_us heartbeat_at; /* RKMQ_NOT_YET: none in this life */
    size_t heartbeat_row;
    rkmq_us needed_since; /* MEM-1: in a route of the client; RKMQ_NOT_YET */
    rkmq_us pulled_since; /* MEM-1: first, in this life; RKMQ_NOT_YET */
    size_t pulled_row;
    size_t unregistered_row; /* SIZE_MAX: not in this life */
    rkmq_us unregistered_at;
    rkmq_us closed_at; /* LIFE-1: as it stops, not unregistered yet; RKMQ_NOT_YET */
    size_t closed_row;
    uint32_t n_closed; /* connections */
    int n_stale;       /* open as this life began: of one that crashed */
    bool is_listed;    /* the broker has it as a member of its group */
};
struct rkmq_view_place { /* (topic, broker): what name servers learned last */
    rkmq_name topic, broker;
    int64_t count; /* queues that can be read */
    rkmq_us at;
    size_t row;
};
struct rkmq_trouble;

struct rkmq_view {
    const struct rkmq_event_log *log;
    const struct rkmq_check_params *params;
    struct rkmq_check_result *result;
    const struct rkmq_mem *mem;
    struct rkmq_arena arena;
    /* All in the order in which they came. */
    struct rkmq_map queues, shares, holds, members, seats, links, places;
    struct rkmq_map servers; /* name -> rkmq_view_server */
    struct rkmq_map rules;   /* fault rule -> its fault-on row */
    struct rkmq_map asked;   /* WIRE-1: (who, peer, connection, opaque) -> row of the request + 1 */
    struct rkmq_trouble *troubles;
    size_t n_troubles, n_troubles_max;
    rkmq_us now;           /* of the row or tick that is looked at */
    rkmq_us round_trip_us; /* as the scenario has its links */
    rkmq_us changed_at;    /* members, topics, servers: anything that makes queues move */
    uint64_t change_epoch;
    bool is_failed; /* memory is out */
};

/* ---- tables: NULL when the row names none, or memory is out; made when they are not there ---- */
struct rkmq_view_queue *rkmq__view_queue(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_share *rkmq__view_share(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_hold *rkmq__view_hold(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_member *rkmq__view_member(struct rkmq_view *v, rkmq_name who);
struct rkmq_view_seat *rkmq__view_seat(struct rkmq_view *v, rkmq_name who, rkmq_name topic);
struct rkmq_view_link *rkmq__view_link(struct rkmq_view *v, rkmq_name who, rkmq_name server);
struct rkmq_view_place *rkmq__view_place(struct rkmq_view *v, rkmq_name topic, rkmq_name broker);
/* Made when it is not there. */
struct rkmq_view_server *rkmq__view_server_put(struct rkmq_view *v, rkmq_name name);
/* The server of that name; 0: there is none. */
rkmq_name rkmq__view_server(const struct rkmq_view *v, struct rkmq_slice name);
/* Only what is there. */
struct rkmq_view_hold *rkmq__view_hold_known(struct rkmq_view *v, const struct rkmq_event *row);
struct rkmq_view_member *rkmq__view_member_known(struct rkmq_view *v, rkmq_name who);
struct rkmq_view_link *rkmq__view_link_known(const struct rkmq_view *v, rkmq_name who,
                                             rkmq_name server);

void rkmq__offsets_set(struct rkmq_view *v, struct rkmq_offsets *set, int64_t offset);
/* From `first` to `last`, both included; they are as a client told them, and may be anything. */
void rkmq__offsets_set_all(struct rkmq_view *v, struct rkmq_offsets *set, int64_t first,
                           int64_t last);
bool rkmq__offsets_has(const struct rkmq_offsets *set, int64_t offset);
void rkmq__offsets_clear(struct rkmq_offsets *set);

void rkmq__view_init(struct rkmq_view *v);
void rkmq__view_close(struct rkmq_view *v);
/* Takes a row in: rows.h. */
void rkmq__view_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
/* Members of the group that run now. */
size_t rkmq__view_running(struct rkmq_view *v, rkmq_name group);
/* It runs, and nothing keeps it from its work: not starting, stopping or paused. */
bool rkmq__member_works(const struct rkmq_view_member *member);
/* In this life the log shows it asking for the route. On TCP a name server does not know who asks.
 */
static inline bool rkmq__seat_is_seen(const struct rkmq_view_seat *seat)
{
    return seat->polled_at != RKMQ_NOT_YET;
}
/* What is in its cache keeps it from pulling; not known for a client without hooks. */
bool rkmq__hold_is_full(const struct rkmq_view_hold *hold);

/* ---- trouble.c ---- */
void rkmq__trouble_apply(struct rkmq_view *v, const struct rkmq_event *row);
void rkmq__trouble_close(struct rkmq_view *v);
/* enum rkmq_fault_effect of the rule that a FAULT row names. */
int32_t rkmq__trouble_effect(const struct rkmq_view *v, const struct rkmq_event *row);
/* Since when nothing was broken between the two (0: anybody); now: something is. */
rkmq_us rkmq__calm_since(const struct rkmq_view *v, rkmq_name who, rkmq_name server);
/* Something is broken between them now, or was until so lately that what waited may still come. */
bool rkmq__is_troubled(const struct rkmq_view *v, rkmq_name who, rkmq_name server);
/* `since` (RKMQ_NOT_YET: never) is longer ago than `allowed`, and nothing was broken all the time.
 */
bool rkmq__is_overdue(const struct rkmq_view *v, rkmq_name who, rkmq_name server, rkmq_us since,
                      rkmq_us allowed);

/* ---- told.c ---- */

/* Takes in an answer about a route or about members. */
void rkmq__told_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
/* A new life was told nothing. */
void rkmq__told_forget(struct rkmq_view *v, struct rkmq_view_member *member);
/* The members it was told, and its place among them; false: it is not told, or not among them
 * (then *self is *n). */
bool rkmq__told_place(const struct rkmq_view *v, const struct rkmq_view_member *member,
                      size_t *n_members, size_t *self);
/* Each member of the group that runs was told exactly of those that do. */
bool rkmq__told_truth(struct rkmq_view *v, rkmq_name group);
/* `text` is a word of the list that `list` names (words end at a blank or at `stop`). */
bool rkmq__told_word(const struct rkmq_view *v, rkmq_name list, struct rkmq_slice word, char stop);
/* The next "broker:count" of a route from *at on (begin with 0). */
bool rkmq__told_next(const struct rkmq_view *v, rkmq_name route, size_t *at,
                     struct rkmq_slice *broker, int64_t *count);
/* Is the queue in the route? `*place` among all of it, and how many there are. */
bool rkmq__told_queue(const struct rkmq_view *v, rkmq_name route,
                      const struct rkmq_view_queue *queue, size_t *place, size_t *n_queues);
/* Some queue that the member has is in no route it was told: its broker is not known any more. */
bool rkmq__told_less(const struct rkmq_view *v, const struct rkmq_view_member *member);
/* The allocator's answer for one queue of the seat. False: it cannot be known. */
bool rkmq__told_is_mine(const struct rkmq_view *v, const struct rkmq_view_seat *seat,
                        const struct rkmq_view_queue *queue, bool *is_mine);
/* The topic is in the group's part of the heartbeat that `subscriptions` names. */
bool rkmq__told_subscribed(const struct rkmq_view *v, rkmq_name subscriptions, rkmq_name group,
                           rkmq_name topic);
/* How many topics are in it; -1: it does not name the group. */
int rkmq__told_topics(const struct rkmq_view *v, rkmq_name subscriptions, rkmq_name group);

/* ---- what families do ---- */

/* The rule was applied once. */
void rkmq__judged(struct rkmq_view *v, enum rkmq_check_id id, enum rkmq_evidence evidence);
/* The rule was broken; rows SIZE_MAX are left out. `is_strict` false: only a SHOULD. */
void rkmq__violated(struct rkmq_view *v, enum rkmq_check_id id, bool is_strict, size_t row_a,
                    size_t row_b, const char *fmt, ...) RKMQ_PRINTF(6, 7);
const char *rkmq__view_text(const struct rkmq_view *v, rkmq_name name);
rkmq_us rkmq__slack_us(const struct rkmq_view *v);
static inline rkmq_us rkmq__later(rkmq_us a, rkmq_us b)
{
    return a > b ? a : b;
}
/* Of what is looked at once: the first tick that is more than `allowed` after `since`. */
static inline bool rkmq__is_due_now(const struct rkmq_view *v, rkmq_us since, rkmq_us allowed)
{
    return v->now - since > allowed && v->now - since <= allowed + RKMQ_TICK_US;
}

struct rkmq_check_family {
    /* Each may be NULL. */
    void (*row)(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
    void (*tick)(struct rkmq_view *v);
    void (*end)(struct rkmq_view *v);
};
extern const struct rkmq_check_family rkmq__checks_loss, rkmq__checks_dup, rkmq__checks_own,
    rkmq__checks_allot, rkmq__checks_pull, rkmq__checks_poll, rkmq__checks_flow, rkmq__checks_off,
    rkmq__checks_persist, rkmq__checks_mem, rkmq__checks_ns, rkmq__checks_rate, rkmq__checks_wire,
    rkmq__checks_life, rkmq__checks_live;

#endif
