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
    rkmq__map_init(&com->resets, mem);
}

static void tables_close(const struct rkmq_mem *mem, struct rkmq_map *tables)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(tables, &cursor))) {
        struct offset_table *table = entry->value;
        rkmq__free(mem, table->offsets);
        rkmq__free(mem, table);
    }
    rkmq__map_close(tables);
}

void rkmq__consumer_offsets_close(struct rkmq_consumer_offset_manager *com)
{
    if (com->mem) {
        tables_close(com->mem, &com->tables);
        tables_close(com->mem, &com->resets);
        com->mem = NULL;
    }
}

static struct offset_table *table_copy(const struct rkmq_mem *mem, const struct offset_table *from)
{
    struct offset_table *table = rkmq__zalloc(mem, sizeof *table);
    int64_t *offsets = table ? rkmq__alloc(mem, (from->n + 1) * sizeof *offsets) : NULL;
    if (!offsets) {
        rkmq__free(mem, table);
        return NULL;
    }
    memcpy(offsets, from->offsets, from->n * sizeof *offsets);
    *table = (struct offset_table){.offsets = offsets, .n = from->n};
    return table;
}

int rkmq__consumer_offsets_copy(struct rkmq_consumer_offset_manager *to,
                                const struct rkmq_consumer_offset_manager *from)
{
    const struct rkmq_mem *mem = to->mem;
    const struct rkmq_map_entry *entry;
    tables_close(mem, &to->tables);
    rkmq__map_init(&to->tables, mem);
    for (size_t cursor = 0; (entry = rkmq__map_next(&from->tables, &cursor));) {
        struct offset_table *table = table_copy(mem, entry->value);
        if (!table || rkmq__map_put(&to->tables, entry->key, table) != RKMQ_OK) {
            if (table) {
                rkmq__free(mem, table->offsets);
                rkmq__free(mem, table);
            }
            tables_close(mem, &to->tables);
            rkmq__map_init(&to->tables, mem);
            return RKMQ_E_NOMEM;
        }
    }
    return RKMQ_OK;
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

static struct offset_table *table_find(const struct rkmq_map *tables, struct rkmq_slice group,
                                       struct rkmq_slice topic)
{
    uint8_t bytes[RKMQ_OFFSET_KEY_BYTES_MAX];
    struct rkmq_slice key = key_of(group, topic, bytes);
    return key.n > 0 ? rkmq__map_get(tables, key) : NULL;
}

static int table_make(const struct rkmq_mem *mem, struct rkmq_map *tables, struct rkmq_slice group,
                      struct rkmq_slice topic, struct offset_table **out)
{
    uint8_t bytes[RKMQ_OFFSET_KEY_BYTES_MAX];
    struct rkmq_slice key = key_of(group, topic, bytes);
    *out = table_find(tables, group, topic);
    if (*out) {
        return RKMQ_OK;
    }
    if (key.n == 0 || rkmq__map_count(tables) >= RKMQ_OFFSET_TABLES_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct offset_table *table = rkmq__zalloc(mem, sizeof *table);
    if (!table || rkmq__map_put(tables, key, table) != RKMQ_OK) {
        rkmq__free(mem, table);
        return RKMQ_E_NOMEM;
    }
    *out = table;
    return RKMQ_OK;
}

static int offset_put(const struct rkmq_mem *mem, struct rkmq_map *tables, struct rkmq_slice group,
                      struct rkmq_slice topic, int32_t queue_id, int64_t offset)
{
    RKMQ_ASSERT(queue_id >= 0 && queue_id < RKMQ_BROKER_QUEUES_MAX);
    struct offset_table *table;
    size_t at = (size_t)queue_id;
    int status = table_make(mem, tables, group, topic, &table);
    if (status != RKMQ_OK) {
        return status;
    }
    if (at >= table->n) {
        int64_t *grown = rkmq__realloc(mem, table->offsets, (at + 1) * sizeof *grown);
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

/* NULL: none was ever put. */
static int64_t *offset_at(const struct rkmq_map *tables, struct rkmq_slice group,
                          struct rkmq_slice topic, int32_t queue_id)
{
    const struct offset_table *table = table_find(tables, group, topic);
    bool is_there = table && queue_id >= 0 && (size_t)queue_id < table->n;
    return is_there ? &table->offsets[queue_id] : NULL;
}

int rkmq__consumer_offset_commit(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                                 struct rkmq_slice topic, int32_t queue_id, int64_t offset)
{
    return offset_put(com->mem, &com->tables, group, topic, queue_id, offset);
}

int rkmq__consumer_offset_reset(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                                struct rkmq_slice topic, int32_t queue_id, int64_t offset)
{
    int status = rkmq__consumer_offset_commit(com, group, topic, queue_id, offset);
    return status == RKMQ_OK ? offset_put(com->mem, &com->resets, group, topic, queue_id, offset)
                             : status;
}

bool rkmq__consumer_offset_is_reset(const struct rkmq_consumer_offset_manager *com,
                                    struct rkmq_slice group, struct rkmq_slice topic,
                                    int32_t queue_id)
{
    const int64_t *offset = offset_at(&com->resets, group, topic, queue_id);
    return offset && *offset >= 0;
}

int64_t rkmq__consumer_offset_take_reset(struct rkmq_consumer_offset_manager *com,
                                         struct rkmq_slice group, struct rkmq_slice topic,
                                         int32_t queue_id)
{
    int64_t *offset = offset_at(&com->resets, group, topic, queue_id);
    int64_t taken = offset ? *offset : -1;
    if (offset) {
        *offset = -1;
    }
    return taken;
}

int64_t rkmq__consumer_offset_query(const struct rkmq_consumer_offset_manager *com,
                                    struct rkmq_slice group, struct rkmq_slice topic,
                                    int32_t queue_id)
{
    const int64_t *offset = offset_at(&com->tables, group, topic, queue_id);
    return offset ? *offset : -1;
}

int64_t rkmq__consumer_offset_sum(const struct rkmq_consumer_offset_manager *com,
                                  struct rkmq_slice group, struct rkmq_slice topic)
{
    const struct offset_table *table = table_find(&com->tables, group, topic);
    int64_t sum = -1;
    for (size_t i = 0; table && i < table->n; i++) {
        if (table->offsets[i] >= 0) {
            sum = (sum < 0 ? 0 : sum) + table->offsets[i];
        }
    }
    return sum;
}
