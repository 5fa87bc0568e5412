/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_CONSUMER_MANAGER_H
#define RKMQ_BROKER_CONSUMER_MANAGER_H

/*
 * Consumer groups that have members now: who they are, and what the group subscribes to. A group
 * has one subscription table, written by every member's heartbeat, so members that subscribe to
 * different topics take them from each other; that is how RocketMQ behaves. Source:
 * ConsumerManager, ConsumerGroupInfo, DefaultConsumerIdsChangeListener (broker, 5.3.3).
 *
 *     heartbeat: new connection, topic added or removed -> CHANGE
 *     unregister, connection closed                     -> CHANGE to those that remain
 *     silent for 120 s                                  -> removed and closed, nobody is told
 *     no member left                                    -> group and subscriptions are gone
 */

#include "mockbroker/core/broker.h"
#include "mockbroker/core/members.h"
#include "remoting/protocol/bodies.h"

struct rkmq_group_subscription {
    struct rkmq_subscription_data data; /* texts and codes stand behind this struct */
    uint64_t generation;                /* of the heartbeat that named it last */
};
struct rkmq_consumer_group {
    struct rkmq_slice name;
    enum rkmq_consume_type type;
    enum rkmq_message_model_wire model;
    enum rkmq_from_where_wire from_where;
    struct rkmq_members members;
    struct rkmq_map subscriptions; /* topic -> struct rkmq_group_subscription */
    uint64_t generation;
};
/* CHANGE: tell every member of the group. `is_flagged`: the group's notify setting counts. */
typedef void rkmq_consumer_ids_changed_fn(void *user, struct rkmq_consumer_group *group,
                                          bool is_flagged);
/* A member came (it is in the table), or goes (it is still there). */
typedef void rkmq_consumer_member_fn(void *user, enum rkmq_member_change change,
                                     const struct rkmq_consumer_group *group,
                                     const struct rkmq_member *member);

struct rkmq_consumer_manager {
    const struct rkmq_env *env;
    struct rkmq_map groups; /* name -> struct rkmq_consumer_group */
    size_t n_members;
    rkmq_consumer_ids_changed_fn *changed;
    rkmq_consumer_member_fn *member;
    void *user; /* of both */
};
void rkmq__consumers_init(struct rkmq_consumer_manager *cm, const struct rkmq_env *env,
                          rkmq_consumer_ids_changed_fn *changed, rkmq_consumer_member_fn *member,
                          void *user);
void rkmq__consumers_close(struct rkmq_consumer_manager *cm);
/* NULL: no member now. */
struct rkmq_consumer_group *rkmq__consumer_group_find(const struct rkmq_consumer_manager *cm,
                                                      struct rkmq_slice name);
const struct rkmq_subscription_data *
rkmq__consumer_group_subscription(const struct rkmq_consumer_group *group, struct rkmq_slice topic);
/*
 * registerConsumer, or with `is_without_sub` registerConsumerWithoutSub. Errors: RKMQ_E_LIMIT,
 * RKMQ_E_NOMEM (some of it may have been applied; the next heartbeat repairs that).
 */
int rkmq__consumer_register(struct rkmq_consumer_manager *cm, const struct rkmq_consumer_data *data,
                            bool is_without_sub, struct rkmq_channel *channel,
                            struct rkmq_slice client_id);
void rkmq__consumer_unregister(struct rkmq_consumer_manager *cm, struct rkmq_slice group,
                               const struct rkmq_channel *channel);
/* The connection is gone: out of every group. */
void rkmq__consumers_channel_closed(struct rkmq_consumer_manager *cm,
                                    const struct rkmq_channel *channel);
void rkmq__consumers_scan(struct rkmq_consumer_manager *cm);

/* A copy in one block, texts and codes behind it, for whoever must keep it. NULL: out of memory. */
struct rkmq_group_subscription *
rkmq__group_subscription_copy(const struct rkmq_mem *mem,
                              const struct rkmq_subscription_data *data);

#endif
