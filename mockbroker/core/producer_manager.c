/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/producer_manager.h"

#include "mockbroker/core/broker.h"
#include "mockbroker/core/topic_config.h"

struct rkmq_producer_group {
    char *name;
    struct rkmq_members members;
};

void rkmq__producers_init(struct rkmq_producer_manager *pm, const struct rkmq_env *env)
{
    *pm = (struct rkmq_producer_manager){.env = env};
    rkmq__map_init(&pm->groups, env->mem);
}

static void group_destroy(const struct rkmq_mem *mem, struct rkmq_producer_group *group)
{
    rkmq__members_close(&group->members);
    rkmq__free(mem, group->name);
    rkmq__free(mem, group);
}

void rkmq__producers_close(struct rkmq_producer_manager *pm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!pm->env) {
        return;
    }
    while ((entry = rkmq__map_next(&pm->groups, &cursor))) {
        group_destroy(pm->env->mem, entry->value);
    }
    rkmq__map_close(&pm->groups);
    pm->env = NULL;
}

size_t rkmq__producer_count(const struct rkmq_producer_manager *pm, struct rkmq_slice name)
{
    const struct rkmq_producer_group *group = rkmq__map_get(&pm->groups, name);
    return group ? group->members.n : 0;
}

static void group_remove_if_empty(struct rkmq_producer_manager *pm,
                                  struct rkmq_producer_group *group)
{
    if (group->members.n == 0) {
        (void)rkmq__map_remove(&pm->groups, rkmq__slice_of(group->name)); /* it is this group */
        group_destroy(pm->env->mem, group);
    }
}

static struct rkmq_producer_group *group_make(struct rkmq_producer_manager *pm,
                                              struct rkmq_slice name)
{
    const struct rkmq_mem *mem = pm->env->mem;
    struct rkmq_producer_group *group = rkmq__map_get(&pm->groups, name);
    if (group) {
        return group;
    }
    group = rkmq__zalloc(mem, sizeof *group);
    if (!group) {
        return NULL;
    }
    rkmq__members_init(&group->members, mem);
    group->name = rkmq__text_copy(mem, name);
    if (!group->name || rkmq__map_put(&pm->groups, name, group) != RKMQ_OK) {
        group_destroy(mem, group);
        return NULL;
    }
    return group;
}

int rkmq__producer_register(struct rkmq_producer_manager *pm, struct rkmq_slice name,
                            struct rkmq_channel *channel, struct rkmq_slice client_id)
{
    bool is_new;
    if (pm->n_members >= RKMQ_BROKER_MEMBERS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_producer_group *group = group_make(pm, name);
    if (!group) {
        return RKMQ_E_NOMEM;
    }
    int status =
        rkmq__members_update(&group->members, channel, client_id, rkmq__now(pm->env), &is_new);
    pm->n_members += is_new;
    group_remove_if_empty(pm, group);
    return status;
}

void rkmq__producer_unregister(struct rkmq_producer_manager *pm, struct rkmq_slice name,
                               const struct rkmq_channel *channel)
{
    struct rkmq_producer_group *group = rkmq__map_get(&pm->groups, name);
    if (group && rkmq__members_remove(&group->members, channel)) {
        pm->n_members--;
        group_remove_if_empty(pm, group);
    }
}

void rkmq__producers_channel_closed(struct rkmq_producer_manager *pm,
                                    const struct rkmq_channel *channel)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&pm->groups, &cursor))) {
        struct rkmq_producer_group *group = entry->value;
        if (rkmq__members_remove(&group->members, channel)) {
            pm->n_members--;
            group_remove_if_empty(pm, group);
        }
    }
}

void rkmq__producers_scan(struct rkmq_producer_manager *pm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&pm->groups, &cursor))) {
        struct rkmq_producer_group *group = entry->value;
        const struct rkmq_member *member;
        while ((member = rkmq__members_expired(&group->members, rkmq__now(pm->env)))) {
            rkmq__members_expire(&group->members, member);
            pm->n_members--;
        }
        group_remove_if_empty(pm, group);
    }
}
