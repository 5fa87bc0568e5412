/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_REQUEST_TABLE_H
#define RKMQ_RPC_REQUEST_TABLE_H

/*
 * The calls of one channel that wait for an answer: by opaque, and in order of their time's end
 * (equal ends in order of calling). Source: NettyRemotingAbstract.responseTable (5.3.3).
 */

#include "remoting/rpc/channel.h"

#define RKMQ_CALLS_MAX 65535 /* clientAsyncSemaphoreValue */

struct rkmq_call {
    struct rkmq_list link;  /* by due */
    struct rkmq_call *next; /* of its bucket */
    int32_t opaque;
    int code;
    rkmq_ms due, timeout_ms;
    rkmq_answer_fn *fn;
    void *user;
};

struct rkmq_request_table {
    const struct rkmq_mem *mem;
    struct rkmq_list by_due;
    struct rkmq_call **buckets;
    size_t n_buckets, n;
};

void rkmq__request_table_init(struct rkmq_request_table *t, const struct rkmq_mem *mem);
void rkmq__request_table_close(struct rkmq_request_table *t); /* frees what is left */
/* Keeps a copy of `call`, whose opaque is free. Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__request_table_add(struct rkmq_request_table *t, const struct rkmq_call *call);
bool rkmq__request_table_has(const struct rkmq_request_table *t, int32_t opaque);
/* Moves the call out. False: nobody waits for that opaque. */
bool rkmq__request_table_take(struct rkmq_request_table *t, int32_t opaque, struct rkmq_call *out);
/* The call whose time ends first, or NULL. */
const struct rkmq_call *rkmq__request_table_first(const struct rkmq_request_table *t);
void rkmq__request_table_forget(struct rkmq_request_table *t, void *user);

#endif
