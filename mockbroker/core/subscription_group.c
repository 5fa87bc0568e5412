/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/subscription_group.h"

#include "mockbroker/core/broker.h"
#include "mockbroker/core/topic_config.h"

void rkmq__subscription_groups_init(struct rkmq_subscription_group_manager *sgm,
                                    const struct rkmq_mem *mem)
{
    sgm->mem = mem;
    rkmq__map_init(&sgm->groups, mem);
}

void rkmq__subscription_groups_close(struct rkmq_subscription_group_manager *sgm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!sgm->mem) {
        return;
    }
    while ((entry = rkmq__map_next(&sgm->groups, &cursor))) {
        rkmq__free(sgm->mem, entry->value);
    }
    rkmq__map_close(&sgm->groups);
    sgm->mem = NULL;
}

struct rkmq_subscription_group *
rkmq__subscription_group_find(const struct rkmq_subscription_group_manager *sgm,
                              struct rkmq_slice name)
{
    return rkmq__map_get(&sgm->groups, name);
}

int rkmq__subscription_group_make(struct rkmq_subscription_group_manager *sgm,
                                  struct rkmq_slice name, struct rkmq_subscription_group **out)
{
    *out = rkmq__subscription_group_find(sgm, name);
    if (*out) {
        return RKMQ_OK;
    }
    if (!rkmq__group_is_valid(name)) {
        return RKMQ_E_INVALID;
    }
    if (rkmq__map_count(&sgm->groups) >= RKMQ_BROKER_GROUPS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_subscription_group *group = rkmq__alloc(sgm->mem, sizeof *group);
    if (!group) {
        return RKMQ_E_NOMEM;
    }
    *group = (struct rkmq_subscription_group){.is_consume_enabled = true,
                                              .is_broadcast_enabled = true,
                                              .is_notify_enabled = true,
                                              .retry_queue_nums = 1,
                                              .retry_max_times = RKMQ_RETRY_MAX_TIMES};
    if (rkmq__map_put(&sgm->groups, name, group) != RKMQ_OK) {
        rkmq__free(sgm->mem, group);
        return RKMQ_E_NOMEM;
    }
    *out = group;
    return RKMQ_OK;
}
