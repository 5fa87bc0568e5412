/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the tables, for answers. Source: RouteInfoManager.pickupTopicRouteData,
 * getAllClusterInfo, getAllTopicList, getTopicsByCluster (namesrv, 5.3.3). */
#include "mocknamesrv/core/route_info.h"

static int broker_view(const struct rkmq_broker_entry *brk, struct rkmq_slice name,
                       struct rkmq_arena *arena, struct rkmq_broker_data *out)
{
    *out = (struct rkmq_broker_data){
        .cluster = rkmq__slice_of(brk->cluster),
        .broker_name = name,
        .n_addrs = brk->n_addrs,
        .is_acting_master_enabled = brk->is_acting_master_enabled,
    };
    if (brk->n_addrs == 0) {
        return RKMQ_OK;
    }
    out->addrs = rkmq__arena_zalloc(arena, brk->n_addrs * sizeof out->addrs[0]);
    if (!out->addrs) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < brk->n_addrs; i++) {
        out->addrs[i] =
            (struct rkmq_broker_addr){brk->addrs[i].id, rkmq__slice_of(brk->addrs[i].addr)};
    }
    return RKMQ_OK;
}

int rkmq__route_info_broker(const struct rkmq_route_info *ri, struct rkmq_slice broker_name,
                            struct rkmq_arena *arena, struct rkmq_broker_data *out)
{
    const struct rkmq_broker_entry *brk = rkmq__map_get(&ri->brokers, broker_name);
    return brk ? broker_view(brk, broker_name, arena, out) : RKMQ_E_NOT_FOUND;
}

int rkmq__route_info_pick(const struct rkmq_route_info *ri, struct rkmq_slice topic,
                          struct rkmq_arena *arena, struct rkmq_route_data *out)
{
    const struct rkmq_topic_entry *entry = rkmq__map_get(&ri->topics, topic);
    *out = (struct rkmq_route_data){0};
    if (!entry) {
        return RKMQ_E_NOT_FOUND;
    }
    size_t n = rkmq__map_count(&entry->queues), cursor = 0;
    RKMQ_ASSERT(n > 0);
    out->queues = rkmq__arena_zalloc(arena, n * sizeof out->queues[0]);
    out->brokers = rkmq__arena_zalloc(arena, n * sizeof out->brokers[0]);
    if (!out->queues || !out->brokers) {
        return RKMQ_E_NOMEM;
    }
    struct rkmq_map_entry *at;
    while ((at = rkmq__map_next(&entry->queues, &cursor))) {
        const struct rkmq_queue_entry *queue = at->value;
        out->queues[out->n_queues++] = (struct rkmq_queue_data){
            .broker_name = at->key,
            .read_queue_nums = queue->read_queue_nums,
            .write_queue_nums = queue->write_queue_nums,
            .perm = queue->perm,
            .topic_sys_flag = queue->topic_sys_flag,
        };
        int status = rkmq__route_info_broker(ri, at->key, arena, &out->brokers[out->n_brokers]);
        if (status == RKMQ_E_NOMEM) {
            return status;
        }
        out->n_brokers += status == RKMQ_OK;
    }
    return out->n_brokers > 0 ? RKMQ_OK : RKMQ_E_NOT_FOUND;
}

int rkmq__route_info_brokers(const struct rkmq_route_info *ri, struct rkmq_arena *arena,
                             struct rkmq_broker_data **out, size_t *n_out)
{
    size_t n = rkmq__map_count(&ri->brokers), cursor = 0, i = 0;
    struct rkmq_map_entry *at;
    *out = NULL;
    *n_out = n;
    if (n == 0) {
        return RKMQ_OK;
    }
    struct rkmq_broker_data *brokers = rkmq__arena_zalloc(arena, n * sizeof brokers[0]);
    if (!brokers) {
        return RKMQ_E_NOMEM;
    }
    while ((at = rkmq__map_next(&ri->brokers, &cursor))) {
        int status = broker_view(at->value, at->key, arena, &brokers[i++]);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    *out = brokers;
    return RKMQ_OK;
}

static bool is_topic_in_cluster(const struct rkmq_route_info *ri,
                                const struct rkmq_topic_entry *topic, struct rkmq_slice cluster)
{
    struct rkmq_map_entry *at;
    size_t cursor = 0;
    while ((at = rkmq__map_next(&topic->queues, &cursor))) {
        const struct rkmq_broker_entry *brk = rkmq__map_get(&ri->brokers, at->key);
        if (brk && rkmq__slice_is(cluster, brk->cluster)) {
            return true;
        }
    }
    return false;
}

int rkmq__route_info_topics(const struct rkmq_route_info *ri, struct rkmq_slice cluster,
                            struct rkmq_arena *arena, struct rkmq_slice **out, size_t *n_out)
{
    size_t n = rkmq__map_count(&ri->topics), cursor = 0;
    struct rkmq_map_entry *at;
    *out = NULL;
    *n_out = 0;
    if (n == 0) {
        return RKMQ_OK;
    }
    *out = rkmq__arena_zalloc(arena, n * sizeof(*out)[0]);
    if (!*out) {
        return RKMQ_E_NOMEM;
    }
    while ((at = rkmq__map_next(&ri->topics, &cursor))) {
        if (cluster.n == 0 || is_topic_in_cluster(ri, at->value, cluster)) {
            (*out)[(*n_out)++] = at->key;
        }
    }
    return RKMQ_OK;
}
