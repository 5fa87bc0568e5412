/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_PULL_HOLD_H
#define RKMQ_BROKER_PULL_HOLD_H

/*
 * Pulls that found nothing and wait. Looked at when their queue gets a record, and by a sweep every
 * 5 s, which alone knows about time: an empty poll is answered up to 5 s after its time is up. A
 * record whose tag does not match leaves the pull waiting until the sweep, which does not look at
 * tags. Source: PullRequestHoldService (broker, 5.3.3).
 *
 *     pull, nothing there -> HELD --record that matches, sweep: newer record or time up--> run
 * again
 *                             `----connection closed----> dropped
 *
 * Invariant: a held pull's connection is open, and its queue exists.
 */

#include "mockbroker/core/consumer_manager.h"
#include "mockbroker/core/queue.h"
#include "remoting/rpc/channel.h"

#define RKMQ_PULL_HOLD_SWEEP_MS 5000

/* A pull request, from the frame or from the hold. */
struct rkmq_pull {
    struct rkmq_channel *channel;
    int32_t opaque;
    enum rkmq_header_format format;
    bool is_oneway;
    bool is_again; /* was held: neither held again nor does it commit */
    const struct rkmq_pull_message_request *header;
};
/* Runs a pull whose wait is over. */
typedef void rkmq_pull_again_fn(void *user, const struct rkmq_pull *pull);

struct rkmq_pull_hold {
    const struct rkmq_env *env;
    struct rkmq_list pulls; /* all, in the order they came */
    size_t n;
    struct rkmq_timer timer;
    rkmq_pull_again_fn *again;
    void *user;
};

void rkmq__pull_hold_init(struct rkmq_pull_hold *hold, const struct rkmq_env *env,
                          rkmq_pull_again_fn *again, void *user);
/* Before the connections go. */
void rkmq__pull_hold_stop(struct rkmq_pull_hold *hold);
/*
 * Keeps a copy of the pull, in the lists of the queue and of its connection. `sub` NULL: every
 * message matches. Errors: RKMQ_E_LIMIT (RKMQ_BROKER_HELD_PULLS_MAX), RKMQ_E_NOMEM.
 */
int rkmq__pull_hold_add(struct rkmq_pull_hold *hold, const struct rkmq_pull *pull,
                        const struct rkmq_subscription_data *sub, struct rkmq_queue *queue,
                        struct rkmq_list *of_connection);
/* The queue's records from `from` on are new. */
void rkmq__pull_hold_arrived(struct rkmq_pull_hold *hold, struct rkmq_queue *queue, int64_t from);
/* The pulls of a connection that is gone. */
void rkmq__pull_hold_drop(struct rkmq_pull_hold *hold, struct rkmq_list *of_connection);

#endif
