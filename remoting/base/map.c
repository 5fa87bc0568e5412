/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing over an array of entries in insertion order. A slot holds the entry's index + 1,
 * 0 is free. A removed entry stays as a hole (value NULL, key kept) until the next rehash, so that
 * iteration and probing stay simple.
 */
#include "remoting/base/containers.h"
#include "remoting/base/hash.h"

#define MAP_ENTRIES_MIN 8

/* Its order is never visible, only its spread matters. */
static size_t map_hash(struct rkmq_slice key)
{
    return (size_t)rkmq__hash_end(rkmq__hash_bytes(RKMQ_HASH_START ^ key.n, key.p, key.n));
}

void rkmq__map_init(struct rkmq_map *map, const struct rkmq_mem *mem)
{
    *map = (struct rkmq_map){.mem = mem};
}

void rkmq__map_close(struct rkmq_map *map)
{
    for (size_t i = 0; i < map->n_entries; i++) {
        rkmq__free(map->mem, (void *)(uintptr_t)map->entries[i].key.p);
    }
    if (map->mem) {
        rkmq__free(map->mem, map->entries);
        rkmq__free(map->mem, map->slots);
    }
    *map = (struct rkmq_map){.mem = map->mem};
}

/* The slot of the key, or the free slot where it would go. The table is never full. */
static size_t map_probe(const struct rkmq_map *map, struct rkmq_slice key)
{
    size_t at = map_hash(key) & (map->n_slots - 1);
    while (map->slots[at] != 0 && !rkmq__slice_equal(map->entries[map->slots[at] - 1].key, key)) {
        at = (at + 1) & (map->n_slots - 1);
    }
    return at;
}

static struct rkmq_map_entry *map_find(const struct rkmq_map *map, struct rkmq_slice key)
{
    if (map->n_slots == 0) {
        return NULL;
    }
    uint32_t index = map->slots[map_probe(map, key)];
    return index == 0 ? NULL : &map->entries[index - 1];
}

void *rkmq__map_get(const struct rkmq_map *map, struct rkmq_slice key)
{
    struct rkmq_map_entry *entry = map_find(map, key);
    return entry ? entry->value : NULL;
}

/* Drops the holes and makes room for one more entry. */
static int map_grow(struct rkmq_map *map)
{
    size_t n_max = MAP_ENTRIES_MIN;
    while (n_max < map->n_used * 2 + 1) {
        n_max *= 2;
    }
    struct rkmq_map_entry *entries = rkmq__alloc(map->mem, n_max * sizeof *entries);
    uint32_t *slots = rkmq__zalloc(map->mem, 2 * n_max * sizeof *slots);
    if (!entries || !slots) {
        rkmq__free(map->mem, entries);
        rkmq__free(map->mem, slots);
        return RKMQ_E_NOMEM;
    }
    struct rkmq_map fresh = {
        .mem = map->mem, .entries = entries, .n_max = n_max, .slots = slots, .n_slots = 2 * n_max};
    for (size_t i = 0; i < map->n_entries; i++) {
        if (!map->entries[i].value) {
            rkmq__free(map->mem, (void *)(uintptr_t)map->entries[i].key.p);
            continue;
        }
        size_t at = map_probe(&fresh, map->entries[i].key);
        entries[fresh.n_entries++] = map->entries[i];
        slots[at] = (uint32_t)fresh.n_entries;
    }
    fresh.n_used = fresh.n_entries;
    rkmq__free(map->mem, map->entries);
    rkmq__free(map->mem, map->slots);
    *map = fresh;
    return RKMQ_OK;
}

int rkmq__map_put(struct rkmq_map *map, struct rkmq_slice key, void *value)
{
    RKMQ_ASSERT(value);
    struct rkmq_map_entry *entry = map_find(map, key);
    if (entry && entry->value) {
        entry->value = value;
        return RKMQ_OK;
    }
    if (entry ||
        map->n_entries == map->n_max) { /* a hole must go first: the key joins at the end */
        int status = map_grow(map);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    char *copy = rkmq__text_copy(map->mem, key);
    if (!copy) {
        return RKMQ_E_NOMEM;
    }
    struct rkmq_slice kept = rkmq__slice(copy, key.n);
    size_t at = map_probe(map, kept);
    map->entries[map->n_entries++] = (struct rkmq_map_entry){.key = kept, .value = value};
    map->slots[at] = (uint32_t)map->n_entries;
    map->n_used++;
    return RKMQ_OK;
}

void *rkmq__map_remove(struct rkmq_map *map, struct rkmq_slice key)
{
    struct rkmq_map_entry *entry = map_find(map, key);
    if (!entry || !entry->value) {
        return NULL;
    }
    void *value = entry->value;
    entry->value = NULL;
    map->n_used--;
    return value;
}

size_t rkmq__map_count(const struct rkmq_map *map)
{
    return map->n_used;
}

struct rkmq_map_entry *rkmq__map_next(const struct rkmq_map *map, size_t *cursor)
{
    while (*cursor < map->n_entries) {
        struct rkmq_map_entry *entry = &map->entries[(*cursor)++];
        if (entry->value) {
            return entry;
        }
    }
    return NULL;
}
