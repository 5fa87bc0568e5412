/* SPDX-License-Identifier: Apache-2.0 */
/* Topics as requests and tests make them. */
#include "mockbroker/core/handlers.h"

#define PERM_ALL (RKMQ_PERM_READ | RKMQ_PERM_WRITE)

int rkmq__broker_topic_set(struct rkmq_broker *brk, const struct rkmq_topic_config *config,
                           struct rkmq_topic **out)
{
    bool is_changed;
    int status = rkmq__topic_put(&brk->topics, config, out, &is_changed);
    if (status == RKMQ_OK && is_changed) {
        rkmq_log_info(brk->env, "topic", "%s: %.*s has %d queues now", brk->name,
                      RKMQ_SLICE_ARG(config->name), rkmq__topic_queue_nums(*out));
        if (!rkmq__broker_is_down(brk)) {
            rkmq__registration_topic_changed(&brk->registration, *out);
        }
    }
    return status;
}

int rkmq__broker_group_topic(struct rkmq_broker *brk, const char *prefix, struct rkmq_slice group,
                             int32_t queues, struct rkmq_topic **out)
{
    char text[RKMQ_RETRY_TOPIC_BYTES_MAX];
    size_t n_prefix = strlen(prefix);
    if (group.n > sizeof text - n_prefix) {
        return RKMQ_E_INVALID;
    }
    memcpy(text, prefix, n_prefix);
    if (group.n > 0) {
        memcpy(text + n_prefix, group.p, group.n);
    }
    const struct rkmq_topic_config config = {.name = rkmq__slice(text, n_prefix + group.n),
                                             .read_queue_nums = queues,
                                             .write_queue_nums = queues,
                                             .perm = PERM_ALL};
    *out = rkmq__topic_find(&brk->topics, config.name);
    return *out ? RKMQ_OK : rkmq__broker_topic_set(brk, &config, out);
}

int rkmq__broker_topic_put(struct rkmq_broker *brk, struct rkmq_slice name, unsigned queues)
{
    const struct rkmq_topic *old = rkmq__topic_find(&brk->topics, name);
    struct rkmq_topic_config config = {.name = name, .perm = PERM_ALL};
    struct rkmq_topic *topic;
    if (rkmq__topic_validate(name) != NULL || queues < 1 || queues > RKMQ_BROKER_QUEUES_MAX) {
        return RKMQ_E_INVALID;
    }
    if (old) {
        config = old->config;
    }
    config.read_queue_nums = config.write_queue_nums = (int32_t)queues;
    return rkmq__broker_topic_set(brk, &config, &topic);
}

int rkmq__broker_topic_queues(const struct rkmq_broker *brk, struct rkmq_slice name)
{
    const struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, name);
    return topic ? rkmq__topic_queue_nums(topic) : -1;
}

int32_t rkmq__broker_topic_perm(const struct rkmq_broker *brk, struct rkmq_slice name)
{
    const struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, name);
    return topic ? topic->config.perm : -1;
}

int rkmq__broker_topic_change(struct rkmq_broker *brk, struct rkmq_slice name, int32_t queues,
                              int32_t perm)
{
    const struct rkmq_topic *old = rkmq__topic_find(&brk->topics, name);
    struct rkmq_topic_config config = {.name = name, .perm = PERM_ALL};
    struct rkmq_topic *topic;
    if (old) {
        config = old->config;
    } else if (queues < 0) {
        return RKMQ_E_NOT_FOUND;
    }
    if (rkmq__topic_validate(name) != NULL || queues == 0 || queues > RKMQ_BROKER_QUEUES_MAX) {
        return RKMQ_E_INVALID;
    }
    if (queues > 0) {
        config.read_queue_nums = config.write_queue_nums = queues;
    }
    config.perm = perm >= 0 ? perm : config.perm;
    return rkmq__broker_topic_set(brk, &config, &topic);
}
