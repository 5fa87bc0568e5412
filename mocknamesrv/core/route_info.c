/* SPDX-License-Identifier: Apache-2.0 */
/* The tables and their topic side. */
#include "mocknamesrv/core/route_info.h"

void rkmq__route_info_init(struct rkmq_route_info *ri, const struct rkmq_env *env)
{
    ri->env = env;
    ri->changed = NULL;
    rkmq__map_init(&ri->topics, env->mem);
    rkmq__map_init(&ri->brokers, env->mem);
    rkmq__map_init(&ri->lives, env->mem);
}

static void topic_free(const struct rkmq_mem *mem, struct rkmq_topic_entry *topic)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&topic->queues, &cursor))) {
        rkmq__free(mem, entry->value);
    }
    rkmq__map_close(&topic->queues);
    rkmq__free(mem, topic);
}

static void changed(const struct rkmq_route_info *ri, struct rkmq_slice topic,
                    struct rkmq_slice broker_name, const struct rkmq_queue_entry *queue)
{
    if (ri->changed) {
        ri->changed(ri->user, topic, broker_name, queue);
    }
}

static void topic_remove(struct rkmq_route_info *ri, struct rkmq_slice name)
{
    struct rkmq_topic_entry *topic = rkmq__map_remove(&ri->topics, name);
    if (topic) {
        topic_free(ri->env->mem, topic);
    }
}

void rkmq__route_info_close(struct rkmq_route_info *ri)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    /* Unregistering takes brokers and topics along. */
    while ((entry = rkmq__map_next(&ri->lives, &cursor))) {
        struct rkmq_live_entry *live = entry->value;
        rkmq__route_info_unregister(ri, rkmq__slice_of(live->cluster),
                                    rkmq__slice_of(live->broker_addr),
                                    rkmq__slice_of(live->broker_name));
    }
    /* What is left: names whose registration was refused, topics of 217. */
    cursor = 0;
    while ((entry = rkmq__map_next(&ri->brokers, &cursor))) {
        struct rkmq_broker_entry *brk = entry->value;
        for (size_t i = 0; i < brk->n_addrs; i++) {
            rkmq__free(ri->env->mem, brk->addrs[i].addr);
        }
        rkmq__free(ri->env->mem, brk->cluster);
        rkmq__free(ri->env->mem, brk);
    }
    cursor = 0;
    while ((entry = rkmq__map_next(&ri->topics, &cursor))) {
        topic_free(ri->env->mem, entry->value);
    }
    rkmq__map_close(&ri->topics);
    rkmq__map_close(&ri->brokers);
    rkmq__map_close(&ri->lives);
}

static int topic_create(struct rkmq_route_info *ri, struct rkmq_slice name,
                        struct rkmq_topic_entry **out)
{
    const struct rkmq_mem *mem = ri->env->mem;
    if (rkmq__map_count(&ri->topics) >= RKMQ_NAMESRV_TOPICS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_topic_entry *topic = rkmq__zalloc(mem, sizeof *topic);
    if (!topic) {
        return RKMQ_E_NOMEM;
    }
    rkmq__map_init(&topic->queues, mem);
    int status = rkmq__map_put(&ri->topics, name, topic);
    if (status != RKMQ_OK) {
        topic_free(mem, topic);
        return status;
    }
    *out = topic;
    return RKMQ_OK;
}

int rkmq__route_info_put_queue(struct rkmq_route_info *ri, struct rkmq_slice topic,
                               struct rkmq_slice broker_name, const struct rkmq_queue_entry *queue)
{
    struct rkmq_topic_entry *entry = rkmq__map_get(&ri->topics, topic);
    bool is_new = entry == NULL;
    int status = is_new ? topic_create(ri, topic, &entry) : RKMQ_OK;
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_queue_entry *known = rkmq__map_get(&entry->queues, broker_name);
    if (known) {
        bool is_same = memcmp(known, queue, sizeof *known) == 0;
        *known = *queue;
        if (!is_same) {
            changed(ri, topic, broker_name, queue);
        }
        return RKMQ_OK;
    }
    struct rkmq_queue_entry *added = rkmq__alloc(ri->env->mem, sizeof *added);
    status = added ? rkmq__map_put(&entry->queues, broker_name, added) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq__free(ri->env->mem, added);
        if (is_new) {
            topic_remove(ri, topic); /* a topic has at least one entry */
        }
        return status;
    }
    *added = *queue;
    changed(ri, topic, broker_name, queue);
    return RKMQ_OK;
}

struct rkmq_queue_entry *rkmq__route_info_queue(const struct rkmq_route_info *ri,
                                                struct rkmq_slice topic,
                                                struct rkmq_slice broker_name)
{
    struct rkmq_topic_entry *entry = rkmq__map_get(&ri->topics, topic);
    return entry ? rkmq__map_get(&entry->queues, broker_name) : NULL;
}

static void topic_drop_broker(struct rkmq_route_info *ri, struct rkmq_slice name,
                              struct rkmq_topic_entry *topic, struct rkmq_slice broker_name)
{
    struct rkmq_queue_entry *queue = rkmq__map_remove(&topic->queues, broker_name);
    if (queue) {
        changed(ri, name, broker_name, NULL);
    }
    rkmq__free(ri->env->mem, queue);
    if (rkmq__map_count(&topic->queues) == 0) {
        topic_remove(ri, name);
    }
}

void rkmq__route_info_drop_broker(struct rkmq_route_info *ri, struct rkmq_slice broker_name)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&ri->topics, &cursor))) {
        topic_drop_broker(ri, entry->key, entry->value, broker_name);
    }
}

void rkmq__route_info_delete_topic(struct rkmq_route_info *ri, struct rkmq_slice topic,
                                   struct rkmq_slice cluster)
{
    struct rkmq_topic_entry *entry = rkmq__map_get(&ri->topics, topic);
    if (!entry) {
        return;
    }
    struct rkmq_map_entry *broker;
    size_t cursor = 0;
    while (cluster.n == 0 && (broker = rkmq__map_next(&entry->queues, &cursor))) {
        changed(ri, topic, broker->key, NULL);
    }
    if (cluster.n == 0) {
        topic_remove(ri, topic);
        return;
    }
    while ((broker = rkmq__map_next(&ri->brokers, &cursor))) {
        const struct rkmq_broker_entry *brk = broker->value;
        if (rkmq__slice_is(cluster, brk->cluster) && rkmq__map_get(&ri->topics, topic)) {
            topic_drop_broker(ri, topic, entry, broker->key);
        }
    }
}

int32_t rkmq__route_info_change_perm(struct rkmq_route_info *ri, struct rkmq_slice broker_name,
                                     int32_t keep, int32_t add)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    int32_t n = 0;
    while ((entry = rkmq__map_next(&ri->topics, &cursor))) {
        struct rkmq_topic_entry *topic = entry->value;
        struct rkmq_queue_entry *queue = rkmq__map_get(&topic->queues, broker_name);
        if (queue) {
            int32_t perm = (queue->perm & keep) | add;
            bool is_same = perm == queue->perm;
            queue->perm = perm;
            if (!is_same) {
                changed(ri, entry->key, broker_name, queue);
            }
            n++;
        }
    }
    return n;
}
