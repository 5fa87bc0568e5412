/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNTIME_CONN_TABLE_H
#define RKMQ_RUNTIME_CONN_TABLE_H

/* Gives out connection ids (1, 2, 3 ..., never reused) and finds what they stand for. Open
 * addressing; ids in sequence rarely collide. */

#include "remoting/base/core.h"

struct rkmq__conn_slot {
    rkmq_conn id; /* 0: free */
    void *value;
};

struct rkmq__conn_table {
    const struct rkmq_mem *mem;
    struct rkmq__conn_slot *slots;
    size_t n, n_slots; /* n_slots: 0 or a power of two */
    rkmq_conn last;
};

void rkmq__conn_table_init(struct rkmq__conn_table *table, const struct rkmq_mem *mem);
void rkmq__conn_table_close(struct rkmq__conn_table *table);
/* Errors: RKMQ_E_NOMEM. */
int rkmq__conn_table_add(struct rkmq__conn_table *table, void *value, rkmq_conn *out);
void *rkmq__conn_table_get(const struct rkmq__conn_table *table, rkmq_conn id); /* or NULL */
void rkmq__conn_table_remove(struct rkmq__conn_table *table, rkmq_conn id);

#endif
