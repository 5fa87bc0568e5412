/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_SUBSCRIPTION_H
#define RKMQ_CORE_SUBSCRIPTION_H

/*
 * subscriptionInner: topic -> SubscriptionData of one consumer, in the order the topics came, but
 * the retry topic first. Source: RebalanceImpl.subscriptionInner,
 * DefaultMQPushConsumerImpl.copySubscription (client, 5.3.3).
 */

#include "remoting/base/containers.h"
#include "remoting/protocol/bodies.h"

#define RKMQ_RETRY_TOPIC_PREFIX "%RETRY%"
#define RKMQ_SUBSCRIPTIONS_MAX 1024 /* topics of one consumer */

struct rkmq_subscription {
    struct rkmq_list link;
    char *topic; /* stays when `data` is replaced */
    struct rkmq_slice topic_slice;
    struct rkmq_arena arena; /* of data */
    struct rkmq_subscription_data data;
    bool is_retry;
    bool is_removed;       /* unsubscribed; kept until the consumer goes, so that nobody dangles */
    bool is_not_allocated; /* the last pass could not divide its queues */
    uint64_t round;        /* of the rebalance pass that was here last */
};

struct rkmq_subscriptions {
    const struct rkmq_env *env;
    struct rkmq_list list;
    size_t n;
};

void rkmq__subscriptions_init(struct rkmq_subscriptions *subs, const struct rkmq_env *env);
void rkmq__subscriptions_close(struct rkmq_subscriptions *subs);
/* Errors: RKMQ_E_INVALID expression without a tag, RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__subscriptions_put(struct rkmq_subscriptions *subs, struct rkmq_slice topic,
                            struct rkmq_slice expression, struct rkmq_err *err);
void rkmq__subscriptions_remove(struct rkmq_subscriptions *subs, struct rkmq_slice topic);
/* NULL: not subscribed. */
struct rkmq_subscription *rkmq__subscriptions_get(const struct rkmq_subscriptions *subs,
                                                  struct rkmq_slice topic);
/* copySubscription, CLUSTERING: "%RETRY%group" with "*". */
int rkmq__subscriptions_add_retry(struct rkmq_subscriptions *subs, const char *group,
                                  struct rkmq_err *err);

#define RKMQ_SUBSCRIPTION_OF(it) RKMQ_CONTAINER_OF(it, struct rkmq_subscription, link)

#endif
