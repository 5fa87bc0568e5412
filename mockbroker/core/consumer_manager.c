/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/consumer_manager.h"

void rkmq__consumers_init(struct rkmq_consumer_manager *cm, const struct rkmq_env *env,
                          rkmq_consumer_ids_changed_fn *changed, rkmq_consumer_member_fn *member,
                          void *user)
{
    *cm = (struct rkmq_consumer_manager){
        .env = env, .changed = changed, .member = member, .user = user};
    rkmq__map_init(&cm->groups, env->mem);
}

static void group_destroy(const struct rkmq_mem *mem, struct rkmq_consumer_group *group)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&group->subscriptions, &cursor))) {
        rkmq__free(mem, entry->value);
    }
    rkmq__map_close(&group->subscriptions);
    rkmq__members_close(&group->members);
    rkmq__free(mem, group);
}

void rkmq__consumers_close(struct rkmq_consumer_manager *cm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!cm->env) {
        return;
    }
    while ((entry = rkmq__map_next(&cm->groups, &cursor))) {
        group_destroy(cm->env->mem, entry->value);
    }
    rkmq__map_close(&cm->groups);
    cm->env = NULL;
}

/* ---- groups ---- */

struct rkmq_consumer_group *rkmq__consumer_group_find(const struct rkmq_consumer_manager *cm,
                                                      struct rkmq_slice name)
{
    return rkmq__map_get(&cm->groups, name);
}

const struct rkmq_subscription_data *
rkmq__consumer_group_subscription(const struct rkmq_consumer_group *group, struct rkmq_slice topic)
{
    const struct rkmq_group_subscription *sub = rkmq__map_get(&group->subscriptions, topic);
    return sub ? &sub->data : NULL;
}

static struct rkmq_consumer_group *group_make(struct rkmq_consumer_manager *cm,
                                              struct rkmq_slice name)
{
    const struct rkmq_mem *mem = cm->env->mem;
    struct rkmq_consumer_group *group = rkmq__consumer_group_find(cm, name);
    if (group) {
        return group;
    }
    group = rkmq__zalloc(mem, sizeof *group + name.n + 1);
    if (!group) {
        return NULL;
    }
    char *text = (char *)(group + 1);
    memcpy(text, name.p, name.n);
    group->name = rkmq__slice(text, name.n);
    rkmq__members_init(&group->members, mem);
    rkmq__map_init(&group->subscriptions, mem);
    if (rkmq__map_put(&cm->groups, name, group) != RKMQ_OK) {
        group_destroy(mem, group);
        return NULL;
    }
    return group;
}

static void group_remove_if_empty(struct rkmq_consumer_manager *cm,
                                  struct rkmq_consumer_group *group)
{
    if (group->members.n == 0) {
        (void)rkmq__map_remove(&cm->groups, group->name); /* it is this group */
        group_destroy(cm->env->mem, group);
    }
}

static void notify(struct rkmq_consumer_manager *cm, struct rkmq_consumer_group *group,
                   bool is_flagged)
{
    /* Since 5.3.1 nobody in a broadcasting group is told: its members do not share queues. */
    if (group->model != RKMQ_MODEL_BROADCASTING) {
        cm->changed(cm->user, group, is_flagged);
    }
}

/* ---- subscriptions ---- */

static uint8_t *place(uint8_t *at, struct rkmq_slice text, struct rkmq_slice *out)
{
    if (text.n > 0) {
        memcpy(at, text.p, text.n);
    }
    *out = rkmq__slice(at, text.n);
    return at + text.n;
}

struct rkmq_group_subscription *
rkmq__group_subscription_copy(const struct rkmq_mem *mem, const struct rkmq_subscription_data *data)
{
    size_t code_bytes = data->n_codes * sizeof *data->codes;
    size_t bytes = sizeof(struct rkmq_group_subscription) + code_bytes + data->topic.n +
                   data->sub_string.n + data->expression_type.n;
    struct rkmq_group_subscription *sub = rkmq__zalloc(mem, bytes);
    if (!sub) {
        return NULL;
    }
    sub->data = *data;
    sub->data.tags = NULL; /* a broker looks at the hashes only */
    sub->data.n_tags = 0;
    sub->data.codes = (int32_t *)(void *)(sub + 1);
    if (code_bytes > 0) {
        memcpy(sub->data.codes, data->codes, code_bytes);
    }
    uint8_t *at = (uint8_t *)(sub + 1) + code_bytes;
    at = place(at, data->topic, &sub->data.topic);
    at = place(at, data->sub_string, &sub->data.sub_string);
    (void)place(at, data->expression_type, &sub->data.expression_type); /* the last one */
    return sub;
}

/* A newer version replaces the expression, which is no change that others are told of. */
static int subscription_update(struct rkmq_consumer_manager *cm, struct rkmq_consumer_group *group,
                               const struct rkmq_subscription_data *data, bool *is_changed)
{
    struct rkmq_group_subscription *old = rkmq__map_get(&group->subscriptions, data->topic);
    if (old && old->data.sub_version >= data->sub_version) {
        old->generation = group->generation;
        return RKMQ_OK;
    }
    struct rkmq_group_subscription *fresh = rkmq__group_subscription_copy(cm->env->mem, data);
    if (!fresh) {
        return RKMQ_E_NOMEM;
    }
    fresh->generation = group->generation;
    if (rkmq__map_put(&group->subscriptions, data->topic, fresh) != RKMQ_OK) {
        rkmq__free(cm->env->mem, fresh);
        return RKMQ_E_NOMEM;
    }
    rkmq__free(cm->env->mem, old);
    *is_changed |= old == NULL;
    return RKMQ_OK;
}

/* ConsumerGroupInfo.updateSubscription: what this heartbeat does not name is forgotten. */
static int subscriptions_update(struct rkmq_consumer_manager *cm, struct rkmq_consumer_group *group,
                                const struct rkmq_consumer_data *data, bool *is_changed)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    group->generation++;
    for (size_t i = 0; i < data->n_subscriptions; i++) {
        int status = subscription_update(cm, group, &data->subscriptions[i], is_changed);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    while ((entry = rkmq__map_next(&group->subscriptions, &cursor))) {
        struct rkmq_group_subscription *sub = entry->value;
        if (sub->generation != group->generation) {
            rkmq_log_info(cm->env, "client", "group %.*s: subscription to %.*s is gone",
                          RKMQ_SLICE_ARG(group->name), RKMQ_SLICE_ARG(sub->data.topic));
            (void)rkmq__map_remove(&group->subscriptions, sub->data.topic); /* it is `sub` */
            rkmq__free(cm->env->mem, sub);
            *is_changed = true;
        }
    }
    return RKMQ_OK;
}

/* ---- members ---- */

/* False: it was none. */
static bool member_leave(struct rkmq_consumer_manager *cm, struct rkmq_consumer_group *group,
                         const struct rkmq_channel *channel)
{
    const struct rkmq_member *member = rkmq__members_find(&group->members, channel);
    if (!member) {
        return false;
    }
    cm->member(cm->user, RKMQ_MEMBER_LEAVES, group, member);
    cm->n_members--;
    return rkmq__members_remove(&group->members, channel);
}

int rkmq__consumer_register(struct rkmq_consumer_manager *cm, const struct rkmq_consumer_data *data,
                            bool is_without_sub, struct rkmq_channel *channel,
                            struct rkmq_slice client_id)
{
    bool is_new, is_changed = false;
    if (cm->n_members >= RKMQ_BROKER_MEMBERS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_consumer_group *group = group_make(cm, data->group);
    if (!group) {
        return RKMQ_E_NOMEM;
    }
    int status =
        rkmq__members_update(&group->members, channel, client_id, rkmq__now(cm->env), &is_new);
    if (status != RKMQ_OK) {
        group_remove_if_empty(cm, group);
        return status;
    }
    if (is_new) {
        cm->n_members++;
        cm->member(cm->user, RKMQ_MEMBER_JOINS, group,
                   rkmq__members_find(&group->members, channel));
    }
    group->type = data->type;
    group->model = data->model;
    group->from_where = data->from_where;
    if (!is_without_sub) {
        status = subscriptions_update(cm, group, data, &is_changed);
    }
    if (is_new || is_changed) {
        notify(cm, group, true);
    }
    return status;
}

void rkmq__consumer_unregister(struct rkmq_consumer_manager *cm, struct rkmq_slice name,
                               const struct rkmq_channel *channel)
{
    struct rkmq_consumer_group *group = rkmq__consumer_group_find(cm, name);
    if (!group) {
        return;
    }
    (void)member_leave(cm, group, channel); /* 5.3.3 tells the others either way */
    notify(cm, group, true);
    group_remove_if_empty(cm, group);
}

void rkmq__consumers_channel_closed(struct rkmq_consumer_manager *cm,
                                    const struct rkmq_channel *channel)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&cm->groups, &cursor))) {
        struct rkmq_consumer_group *group = entry->value;
        if (member_leave(cm, group, channel)) {
            notify(cm, group, false);
            group_remove_if_empty(cm, group);
        }
    }
}

void rkmq__consumers_scan(struct rkmq_consumer_manager *cm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    rkmq_ms now = rkmq__now(cm->env);
    while ((entry = rkmq__map_next(&cm->groups, &cursor))) {
        struct rkmq_consumer_group *group = entry->value;
        const struct rkmq_member *member;
        while ((member = rkmq__members_expired(&group->members, now))) {
            rkmq_log_warn(cm->env, "client", "group %.*s: %s was silent for 120 s",
                          RKMQ_SLICE_ARG(group->name), member->client_id);
            cm->member(cm->user, RKMQ_MEMBER_EXPIRES, group, member);
            rkmq__members_expire(&group->members, member);
            cm->n_members--;
        }
        group_remove_if_empty(cm, group);
    }
}
