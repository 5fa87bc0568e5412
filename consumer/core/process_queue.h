/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_PROCESS_QUEUE_H
#define RKMQ_CORE_PROCESS_QUEUE_H

/*
 * ProcessQueue: the messages of one owned queue that were pulled and are not finished, and the one
 * pull request that circulates for it. A window over queue offsets: a ring of places with holes,
 * so that put, remove, span, count and "lowest unfinished" cost the same however many there are.
 * Source: ProcessQueue, PullRequest (client, 5.3.3).
 *
 * Invariants
 *   - n_msgs == 0, or places `first` and `last` are taken and last - first < n_slots.
 *   - Places outside [first, last] are NULL.
 *   - A dropped queue takes no pull and no message any more; results for it are discarded. Its
 *     places, and those of a stopped consumer, may name messages that are gone: nobody looks.
 * Thread: loop, but for is_dropped, which workers read.
 */

#include <rkmq/consumer.h>
#include <stdatomic.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/bodies.h"

#define RKMQ_PULL_EXPIRED_MS 120000         /* rocketmq.client.pull.pullMaxIdleTime */
#define RKMQ_PROCESS_QUEUE_SLOTS_MIN 64     /* of a ring that holds something */
#define RKMQ_PROCESS_QUEUE_SLOTS_MAX 262144 /* a message farther ahead waits for a later pull */

struct rkmq_msg;
struct rkmq_push_impl;
struct rkmq_subscription;

/* ControllableOffset: what is known of the queue's consume offset. */
struct rkmq_consume_offset {
    int64_t value; /* -1: nothing is known */
    bool is_frozen;
};

struct rkmq_process_queue {
    const struct rkmq_env *env;
    unsigned n_refs;             /* the table, a pull under way, every batch under way */
    struct rkmq_push_impl *impl; /* NULL once the consumer is gone */
    struct rkmq_subscription *sub;
    struct rkmq_mq mq; /* texts behind this struct */
    struct rkmq_slice key;
    struct rkmq_process_queue *next_new; /* in rkmq_rebalance_pass.pq_list */
    atomic_bool is_dropped;
    bool is_mine; /* mark of phase 1 of a rebalance */

    struct rkmq_msg **slots;
    size_t n_slots; /* a power of two, or 0 */
    int64_t first, last;
    size_t n_msgs, n_bytes; /* message bodies as stored */
    int64_t offset_max;     /* queueOffsetMax: of the newest message put */

    struct rkmq_consume_offset offset;

    struct rkmq_timer pull_timer;
    int64_t next_offset;
    int64_t suggest_broker_id; /* suggestWhichBrokerId of the last answer */
    rkmq_ms last_pull_ms, last_consume_ms;
    bool is_pull_under_way, is_flow_controlled, is_route_refreshed;
    bool is_route_awaited; /* the route table will call back */
    uint64_t n_flow_controlled;
};

/* Errors: RKMQ_E_NOMEM. The caller holds the first reference. */
int rkmq__process_queue_create(struct rkmq_process_queue **out, const struct rkmq_env *env,
                               const struct rkmq_mq *mq);
void rkmq__process_queue_ref(struct rkmq_process_queue *pq);
void rkmq__process_queue_unref(struct rkmq_process_queue *pq); /* NULL: nothing */
/* The name of a queue in tables: topic 0x01 broker name 0x01 id. */
void rkmq__mq_key(const struct rkmq_mq *mq, struct rkmq_bytes *out);

/*
 * putMessage for one. A taken offset gets the new message and counts once; `*replaced` is the old
 * one, else NULL. Errors: RKMQ_E_LIMIT too far from the window, RKMQ_E_NOMEM; then nothing changed.
 */
int rkmq__process_queue_put(struct rkmq_process_queue *pq, struct rkmq_msg *msg,
                            struct rkmq_msg **replaced);
/* False: it is not there (any more), or another message took its place. */
bool rkmq__process_queue_contains(const struct rkmq_process_queue *pq, const struct rkmq_msg *msg);
/* removeMessage for one; true when it was there. */
bool rkmq__process_queue_remove(struct rkmq_process_queue *pq, const struct rkmq_msg *msg);
/* What can be committed: the lowest unfinished offset, or offset_max + 1 when all are finished. */
int64_t rkmq__process_queue_commit(const struct rkmq_process_queue *pq);
static inline int64_t rkmq__process_queue_max_span(const struct rkmq_process_queue *pq)
{
    return pq->n_msgs > 0 ? pq->last - pq->first : 0;
}
/* The message at or behind `offset`; NULL: none. */
struct rkmq_msg *rkmq__process_queue_at_or_after(const struct rkmq_process_queue *pq,
                                                 int64_t offset);
static inline bool rkmq__process_queue_is_pull_expired(const struct rkmq_process_queue *pq,
                                                       rkmq_ms now)
{
    return now - pq->last_pull_ms > RKMQ_PULL_EXPIRED_MS;
}

#endif
