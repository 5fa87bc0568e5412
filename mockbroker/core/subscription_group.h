/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_SUBSCRIPTION_GROUP_H
#define RKMQ_BROKER_SUBSCRIPTION_GROUP_H

/*
 * Settings of consumer groups, made with defaults when a group is first heard of. They stay when
 * its last member leaves. Source: SubscriptionGroupManager, SubscriptionGroupConfig (5.3.3).
 */

#include "remoting/base/containers.h"

#define RKMQ_RETRY_MAX_TIMES 16

struct rkmq_subscription_group {
    bool is_consume_enabled, is_broadcast_enabled, is_notify_enabled;
    int32_t retry_queue_nums, retry_max_times;
    bool has_fingerprint;
    int32_t fingerprint; /* of the last heartbeat that named the group; outlives its members */
};
struct rkmq_subscription_group_manager {
    const struct rkmq_mem *mem;
    struct rkmq_map groups; /* name -> struct rkmq_subscription_group */
};
void rkmq__subscription_groups_init(struct rkmq_subscription_group_manager *sgm,
                                    const struct rkmq_mem *mem);
void rkmq__subscription_groups_close(struct rkmq_subscription_group_manager *sgm);
struct rkmq_subscription_group *
rkmq__subscription_group_find(const struct rkmq_subscription_group_manager *sgm,
                              struct rkmq_slice name);
/* The group, made when it is not there. Errors: RKMQ_E_INVALID name, RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__subscription_group_make(struct rkmq_subscription_group_manager *sgm,
                                  struct rkmq_slice name, struct rkmq_subscription_group **out);

#endif
