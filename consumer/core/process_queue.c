/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/process_queue.h"

#include "consumer/core/message.h"
#include "consumer/core/mutant.h"

void rkmq__mq_key(const struct rkmq_mq *mq, struct rkmq_bytes *out)
{
    char digits[RKMQ_I64_TEXT_BYTES];
    rkmq__bytes_add_slice(out, mq->topic);
    rkmq__bytes_add(out, "\x01", 1);
    rkmq__bytes_add_slice(out, mq->broker_name);
    rkmq__bytes_add(out, "\x01", 1);
    rkmq__bytes_add_slice(out, rkmq__i64_text(mq->queue_id, digits));
}

/* The key holds topic and broker name, so the queue's texts are views of it. */
int rkmq__process_queue_create(struct rkmq_process_queue **out, const struct rkmq_env *env,
                               const struct rkmq_mq *mq)
{
    struct rkmq_bytes key;
    rkmq__bytes_init(&key, env->mem);
    rkmq__mq_key(mq, &key);
    *out = key.is_failed ? NULL : rkmq__zalloc(env->mem, sizeof **out + key.n);
    if (*out) {
        struct rkmq_process_queue *pq = *out;
        uint8_t *texts = (uint8_t *)(pq + 1);
        memcpy(texts, key.p, key.n);
        pq->env = env;
        pq->n_refs = 1;
        pq->key = rkmq__slice(texts, key.n);
        pq->mq.topic = rkmq__slice(texts, mq->topic.n);
        pq->mq.broker_name = rkmq__slice(texts + mq->topic.n + 1, mq->broker_name.n);
        pq->mq.queue_id = mq->queue_id;
        atomic_init(&pq->is_dropped, false);
        pq->offset.value = -1;
        pq->offset_max = -1;
        pq->last_pull_ms = pq->last_consume_ms = rkmq__now(env);
    }
    rkmq__bytes_close(&key);
    return *out ? RKMQ_OK : RKMQ_E_NOMEM;
}

void rkmq__process_queue_ref(struct rkmq_process_queue *pq)
{
    pq->n_refs++;
}

void rkmq__process_queue_unref(struct rkmq_process_queue *pq)
{
    if (pq && --pq->n_refs == 0) {
        rkmq__timer_stop(pq->env, &pq->pull_timer);
        rkmq__free(pq->env->mem, pq->slots);
        rkmq__free(pq->env->mem, pq);
    }
}

/* ---- the window ---- */

static struct rkmq_msg **slot_of(const struct rkmq_process_queue *pq, int64_t offset)
{
    return &pq->slots[(uint64_t)offset & (pq->n_slots - 1)];
}

/* A ring of at least `span` places that holds what the old one did. */
static int slots_grow(struct rkmq_process_queue *pq, uint64_t span)
{
    size_t n = pq->n_slots > 0 ? pq->n_slots : RKMQ_PROCESS_QUEUE_SLOTS_MIN;
    if (span > RKMQ_PROCESS_QUEUE_SLOTS_MAX) {
        return RKMQ_E_LIMIT;
    }
    while (n < span) {
        n *= 2;
    }
    if (n == pq->n_slots) {
        return RKMQ_OK;
    }
    struct rkmq_msg **slots = rkmq__zalloc(pq->env->mem, n * sizeof(struct rkmq_msg *));
    if (!slots) {
        return RKMQ_E_NOMEM;
    }
    for (int64_t at = pq->first; pq->n_msgs > 0 && at <= pq->last; at++) {
        slots[(uint64_t)at & (n - 1)] = *slot_of(pq, at);
    }
    rkmq__free(pq->env->mem, pq->slots);
    pq->slots = slots;
    pq->n_slots = n;
    return RKMQ_OK;
}

/* Room for `offset`, with first and last set to include it. Offsets are never negative here. */
static int window_include(struct rkmq_process_queue *pq, int64_t offset)
{
    int64_t first = pq->n_msgs > 0 && pq->first < offset ? pq->first : offset;
    int64_t last = pq->n_msgs > 0 && pq->last > offset ? pq->last : offset;
    int status = slots_grow(pq, (uint64_t)last - (uint64_t)first + 1);
    if (status == RKMQ_OK) {
        pq->first = first;
        pq->last = last;
    }
    return status;
}

int rkmq__process_queue_put(struct rkmq_process_queue *pq, struct rkmq_msg *msg,
                            struct rkmq_msg **replaced)
{
    *replaced = NULL;
    if (msg->queue_offset < 0) {
        return RKMQ_E_LIMIT;
    }
    int status = window_include(pq, msg->queue_offset);
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_msg **slot = slot_of(pq, msg->queue_offset);
    *replaced = *slot;
    if (*slot) {
        /* As TreeMap.put of a present key: neither count nor size change. The size is corrected by
         * the difference, which Java leaves wrong. */
        pq->n_bytes -= (*slot)->body_bytes;
    } else {
        pq->n_msgs++;
        pq->offset_max = msg->queue_offset;
    }
    pq->n_bytes += msg->body_bytes;
    *slot = msg;
    return RKMQ_OK;
}

bool rkmq__process_queue_contains(const struct rkmq_process_queue *pq, const struct rkmq_msg *msg)
{
    return pq->n_msgs > 0 && msg->queue_offset >= pq->first && msg->queue_offset <= pq->last &&
           *slot_of(pq, msg->queue_offset) == msg;
}

/* Both ends of the window stand on messages again. Every hole is passed over once. */
static void window_shrink(struct rkmq_process_queue *pq)
{
    if (pq->n_msgs == 0) {
        return;
    }
    while (!*slot_of(pq, pq->first)) {
        pq->first++;
    }
    while (!*slot_of(pq, pq->last)) {
        pq->last--;
    }
}

bool rkmq__process_queue_remove(struct rkmq_process_queue *pq, const struct rkmq_msg *msg)
{
    if (!rkmq__process_queue_contains(pq, msg)) {
        return false;
    }
    *slot_of(pq, msg->queue_offset) = NULL;
    RKMQ_ASSERT(pq->n_bytes >= msg->body_bytes);
    pq->n_bytes -= msg->body_bytes;
    pq->n_msgs--;
    window_shrink(pq);
    return true;
}

int64_t rkmq__process_queue_commit(const struct rkmq_process_queue *pq)
{
    return pq->n_msgs > 0 && !RKMQ_MUTANT(COMMITS_CACHED) ? pq->first : pq->offset_max + 1;
}

struct rkmq_msg *rkmq__process_queue_at_or_after(const struct rkmq_process_queue *pq,
                                                 int64_t offset)
{
    if (pq->n_msgs == 0) {
        return NULL;
    }
    for (int64_t at = offset > pq->first ? offset : pq->first; at <= pq->last; at++) {
        if (*slot_of(pq, at)) {
            return *slot_of(pq, at);
        }
    }
    return NULL;
}
