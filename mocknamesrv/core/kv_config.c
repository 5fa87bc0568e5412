/* SPDX-License-Identifier: Apache-2.0 */
#include "mocknamesrv/core/kv_config.h"

void rkmq__kv_config_init(struct rkmq_kv_config *kv, const struct rkmq_mem *mem)
{
    kv->mem = mem;
    kv->n_kvs = 0;
    rkmq__map_init(&kv->namespaces, mem);
}

static void table_free(const struct rkmq_mem *mem, struct rkmq_map *table)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(table, &cursor))) {
        rkmq__free(mem, entry->value);
    }
    rkmq__map_close(table);
    rkmq__free(mem, table);
}

void rkmq__kv_config_close(struct rkmq_kv_config *kv)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&kv->namespaces, &cursor))) {
        table_free(kv->mem, entry->value);
    }
    rkmq__map_close(&kv->namespaces);
}

static int table_get(struct rkmq_kv_config *kv, struct rkmq_slice name, struct rkmq_map **out)
{
    *out = rkmq__map_get(&kv->namespaces, name);
    if (*out) {
        return RKMQ_OK;
    }
    struct rkmq_map *table = rkmq__zalloc(kv->mem, sizeof *table);
    if (!table) {
        return RKMQ_E_NOMEM;
    }
    rkmq__map_init(table, kv->mem);
    int status = rkmq__map_put(&kv->namespaces, name, table);
    if (status != RKMQ_OK) {
        rkmq__free(kv->mem, table);
        return status;
    }
    *out = table;
    return RKMQ_OK;
}

int rkmq__kv_config_put(struct rkmq_kv_config *kv, struct rkmq_slice name, struct rkmq_slice key,
                        struct rkmq_slice value)
{
    struct rkmq_map *table = NULL;
    bool is_new = rkmq__kv_config_get(kv, name, key) == NULL;
    if (is_new && kv->n_kvs >= RKMQ_NAMESRV_KVS_MAX) {
        return RKMQ_E_LIMIT;
    }
    int status = table_get(kv, name, &table);
    if (status != RKMQ_OK) {
        return status;
    }
    char *old = rkmq__map_get(table, key);
    char *text = rkmq__text_copy(kv->mem, value);
    status = text ? rkmq__map_put(table, key, text) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq__free(kv->mem, text);
        return status;
    }
    rkmq__free(kv->mem, old);
    kv->n_kvs += is_new;
    return RKMQ_OK;
}

const char *rkmq__kv_config_get(const struct rkmq_kv_config *kv, struct rkmq_slice name,
                                struct rkmq_slice key)
{
    const struct rkmq_map *table = rkmq__map_get(&kv->namespaces, name);
    return table ? rkmq__map_get(table, key) : NULL;
}

void rkmq__kv_config_delete(struct rkmq_kv_config *kv, struct rkmq_slice name,
                            struct rkmq_slice key)
{
    struct rkmq_map *table = rkmq__map_get(&kv->namespaces, name);
    char *text = table ? rkmq__map_remove(table, key) : NULL;
    if (text) {
        rkmq__free(kv->mem, text);
        kv->n_kvs--;
    }
}

int rkmq__kv_config_list(const struct rkmq_kv_config *kv, struct rkmq_slice name,
                         struct rkmq_arena *arena, struct rkmq_field **out, size_t *n_out)
{
    const struct rkmq_map *table = rkmq__map_get(&kv->namespaces, name);
    size_t n = table ? rkmq__map_count(table) : 0, cursor = 0, i = 0;
    *out = NULL;
    *n_out = n;
    if (!table) {
        return RKMQ_E_NOT_FOUND;
    }
    if (n == 0) {
        return RKMQ_OK;
    }
    struct rkmq_field *kvs = rkmq__arena_zalloc(arena, n * sizeof kvs[0]);
    if (!kvs) {
        return RKMQ_E_NOMEM;
    }
    struct rkmq_map_entry *entry;
    while ((entry = rkmq__map_next(table, &cursor))) {
        kvs[i++] = (struct rkmq_field){entry->key, rkmq__slice_of(entry->value)};
    }
    *out = kvs;
    return RKMQ_OK;
}
