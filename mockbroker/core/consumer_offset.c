/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/consumer_offset.h"

#include "mockbroker/core/broker.h"

struct offset_table {
    int64_t *offsets; /* by queue id; -1: never committed */
    size_t n;
};

void rkmq__consumer_offsets_init(struct rkmq_consumer_offset_manager *com,
                                 const struct rkmq_mem *mem)
{
    com->mem = mem;
    rkmq__map_init(&com->tables, mem);
}

void rkmq__consumer_offsets_close(struct rkmq_consumer_offset_manager *com)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!com->mem) {
        return;
    }
    while ((entry = rkmq__map_next(&com->tables, &cursor))) {
        struct offset_table *table = entry->value;
        rkmq__free(com->mem, table->offsets);
        rkmq__free(com->mem, table);
    }
    rkmq__map_close(&com->tables);
    com->mem = NULL;
}

/* "topic@group" in `out`; an empty slice when it is longer than any stored one can be. */
static struct rkmq_slice key_of(struct rkmq_slice group, struct rkmq_slice topic,
                                uint8_t out[RKMQ_OFFSET_KEY_BYTES_MAX])
{
    if (topic.n >= RKMQ_OFFSET_KEY_BYTES_MAX / 2 || group.n >= RKMQ_OFFSET_KEY_BYTES_MAX / 2) {
        return rkmq__slice(NULL, 0);
    }
    if (topic.n > 0) {
        memcpy(out, topic.p, topic.n);
    }
    out[topic.n] = '@';
    if (group.n > 0) {
        memcpy(out + topic.n + 1, group.p, group.n);
    }
    return rkmq__slice(out, topic.n + 1 + group.n);
}

static struct offset_table *table_find(const struct rkmq_consumer_offset_manager *com,
                                       struct rkmq_slice group, struct rkmq_slice topic)
{
    uint8_t bytes[RKMQ_OFFSET_KEY_BYTES_MAX];
    struct rkmq_slice key = key_of(group, topic, bytes);
    return key.n > 0 ? rkmq__map_get(&com->tables, key) : NULL;
}

static int table_make(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                      struct rkmq_slice topic, struct offset_table **out)
{
    uint8_t bytes[RKMQ_OFFSET_KEY_BYTES_MAX];
    struct rkmq_slice key = key_of(group, topic, bytes);
    *out = table_find(com, group, topic);
    if (*out) {
        return RKMQ_OK;
    }
    if (key.n == 0 || rkmq__map_count(&com->tables) >= RKMQ_OFFSET_TABLES_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct offset_table *table = rkmq__zalloc(com->mem, sizeof *table);
    if (!table || rkmq__map_put(&com->tables, key, table) != RKMQ_OK) {
        rkmq__free(com->mem, table);
        return RKMQ_E_NOMEM;
    }
    *out = table;
    return RKMQ_OK;
}

int rkmq__consumer_offset_commit(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                                 struct rkmq_slice topic, int32_t queue_id, int64_t offset)
{
    RKMQ_ASSERT(queue_id >= 0 && queue_id < RKMQ_BROKER_QUEUES_MAX);
    struct offset_table *table;
    size_t at = (size_t)queue_id;
    int status = table_make(com, group, topic, &table);
    if (status != RKMQ_OK) {
        return status;
    }
    if (at >= table->n) {
        int64_t *grown = rkmq__realloc(com->mem, table->offsets, (at + 1) * sizeof *grown);
        if (!grown) {
            return RKMQ_E_NOMEM;
        }
        table->offsets = grown;
        while (table->n <= at) {
            grown[table->n++] = -1;
        }
    }
    table->offsets[at] = offset;
    return RKMQ_OK;
}

int64_t rkmq__consumer_offset_query(const struct rkmq_consumer_offset_manager *com,
                                    struct rkmq_slice group, struct rkmq_slice topic,
                                    int32_t queue_id)
{
    const struct offset_table *table = table_find(com, group, topic);
    return table && queue_id >= 0 && (size_t)queue_id < table->n ? table->offsets[queue_id] : -1;
}

int64_t rkmq__consumer_offset_sum(const struct rkmq_consumer_offset_manager *com,
                                  struct rkmq_slice group, struct rkmq_slice topic)
{
    const struct offset_table *table = table_find(com, group, topic);
    int64_t sum = -1;
    for (size_t i = 0; table && i < table->n; i++) {
        if (table->offsets[i] >= 0) {
            sum = (sum < 0 ? 0 : sum) + table->offsets[i];
        }
    }
    return sum;
}
