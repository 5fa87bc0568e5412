/* SPDX-License-Identifier: Apache-2.0 */
/* LOCK_BATCH_MQ and UNLOCK_BATCH_MQ. Source: AdminBrokerProcessor.lockBatchMQ, unlockBatchMQ
 * (broker, 5.3.3), without lockInStrictMode. */
#include "mockbroker/core/handlers.h"

/* The queues the client has now stand first in `body->mqs`; `*n_held` counts them. */
static int lock_all(struct rkmq_broker *brk, struct rkmq_lock_batch_body *body, size_t *n_held)
{
    for (size_t i = 0; i < body->n_mqs; i++) {
        bool is_held;
        int status = rkmq__rebalance_lock(&brk->locks, body->group, &body->mqs[i], body->client_id,
                                          &is_held);
        if (status != RKMQ_OK) {
            return status;
        }
        if (is_held) {
            body->mqs[(*n_held)++] = body->mqs[i];
        }
    }
    return RKMQ_OK;
}

void rkmq__broker_lock_batch(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_lock_batch_body body;
    struct rkmq_arena arena;
    struct rkmq_bytes text;
    struct rkmq_err err = {0};
    size_t n_held = 0;
    rkmq__arena_init(&arena, brk->env->mem);
    int status = rkmq__lock_batch_read(req->cmd->body, &arena, &body, &err);
    if (status == RKMQ_OK) {
        status = lock_all(brk, &body, &n_held);
    }
    if (status == RKMQ_OK) {
        rkmq__bytes_init(&text, brk->env->mem);
        rkmq__lock_batch_answer_write(body.mqs, n_held, &text);
        rkmq__answer_body(req, brk->env->mem, NULL, &text);
    } else {
        rkmq__answer_failed(req, status, &err);
    }
    rkmq__arena_close(&arena);
}

void rkmq__broker_unlock_batch(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_lock_batch_body body;
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    rkmq__arena_init(&arena, brk->env->mem);
    int status = rkmq__lock_batch_read(req->cmd->body, &arena, &body, &err);
    for (size_t i = 0; status == RKMQ_OK && i < body.n_mqs; i++) {
        status = rkmq__rebalance_unlock(&brk->locks, body.group, &body.mqs[i], body.client_id);
    }
    if (status == RKMQ_OK) {
        rkmq__answer_ok(req, NULL);
    } else {
        rkmq__answer_failed(req, status, &err);
    }
    rkmq__arena_close(&arena);
}
