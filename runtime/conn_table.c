/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/conn_table.h"

#define RKMQ_CONN_TABLE_SLOTS_MIN 32

void rkmq__conn_table_init(struct rkmq__conn_table *table, const struct rkmq_mem *mem)
{
    *table = (struct rkmq__conn_table){.mem = mem};
}

void rkmq__conn_table_close(struct rkmq__conn_table *table)
{
    if (table->slots) {
        rkmq__free(table->mem, table->slots);
    }
    *table = (struct rkmq__conn_table){0};
}

/* The slot of `id`, or the free one where it would stand. */
static size_t table_find(const struct rkmq__conn_table *table, rkmq_conn id)
{
    size_t mask = table->n_slots - 1;
    size_t i = (size_t)id & mask;
    while (table->slots[i].id != 0 && table->slots[i].id != id) {
        i = (i + 1) & mask;
    }
    return i;
}

static int table_grow(struct rkmq__conn_table *table)
{
    struct rkmq__conn_table fresh = *table;
    fresh.n_slots = table->n_slots ? 2 * table->n_slots : RKMQ_CONN_TABLE_SLOTS_MIN;
    fresh.slots = rkmq__zalloc(table->mem, fresh.n_slots * sizeof *fresh.slots);
    if (!fresh.slots) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < table->n_slots; i++) {
        if (table->slots[i].id != 0) {
            fresh.slots[table_find(&fresh, table->slots[i].id)] = table->slots[i];
        }
    }
    if (table->slots) {
        rkmq__free(table->mem, table->slots);
    }
    *table = fresh;
    return RKMQ_OK;
}

int rkmq__conn_table_add(struct rkmq__conn_table *table, void *value, rkmq_conn *out)
{
    RKMQ_ASSERT(value);
    *out = 0;
    if (2 * (table->n + 1) > table->n_slots && table_grow(table) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    rkmq_conn id = ++table->last;
    table->slots[table_find(table, id)] = (struct rkmq__conn_slot){.id = id, .value = value};
    table->n++;
    *out = id;
    return RKMQ_OK;
}

void *rkmq__conn_table_get(const struct rkmq__conn_table *table, rkmq_conn id)
{
    if (id == 0 || table->n == 0) {
        return NULL;
    }
    return table->slots[table_find(table, id)].value;
}

void rkmq__conn_table_remove(struct rkmq__conn_table *table, rkmq_conn id)
{
    RKMQ_ASSERT(rkmq__conn_table_get(table, id));
    size_t mask = table->n_slots - 1;
    size_t hole = table_find(table, id);
    table->slots[hole] = (struct rkmq__conn_slot){0};
    table->n--;
    /* What stood behind the hole because its own slot was taken moves up, so that searches that
     * stop at a free slot still find it. */
    for (size_t i = (hole + 1) & mask; table->slots[i].id != 0; i = (i + 1) & mask) {
        size_t home = (size_t)table->slots[i].id & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            table->slots[i] = (struct rkmq__conn_slot){0};
            hole = i;
        }
    }
}
