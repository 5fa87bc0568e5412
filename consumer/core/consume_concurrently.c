/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/consume_concurrently.h"

#include "consumer/core/mutant.h"
#include "consumer/core/offset_store.h"
#include "consumer/core/process_queue.h"
#include "consumer/core/pull.h"
#include "consumer/core/push_consumer.h"

static size_t batch_max(const struct rkmq_consume_service *cs)
{
    return (size_t)cs->impl->options.consume_message_batch_max_size;
}

void rkmq__consume_finish(struct rkmq_msg *msg)
{
    struct rkmq_msg_batch *batch = msg->batch;
    RKMQ_ASSERT(!msg->is_finished);
    RKMQ_ASSERT(!msg->is_running);
    RKMQ_ASSERT(!msg->is_sent_back);
    msg->is_finished = true;
    if (--batch->n_unfinished == 0) {
        rkmq__process_queue_unref(batch->pq);
        batch->pq = NULL;
        batch->service = NULL;
        rkmq__msg_batch_unref(batch);
    }
}

void rkmq__consume_tell_evicted(const struct rkmq_process_queue *pq, size_t count)
{
    if (count > 0) {
        rkmq__push_impl_tell(pq->impl, pq,
                             (struct rkmq_push_event){.kind = RKMQ_PUSH_CACHE_EVICT,
                                                      .offset = rkmq__process_queue_commit(pq),
                                                      .count = count});
    }
}

/* ---- ConsumeRequest.run: on a worker ---- */

/* The messages that can be read, side by side in the batch's list. They are marked as started when
 * all the loop may ask of them is in place. */
static size_t call_prepare(struct rkmq_msg *first, size_t n)
{
    struct rkmq_msg **list = &first->batch->list[first->index];
    size_t n_readable = 0;
    for (size_t i = 0; i < n; i++) {
        rkmq__msg_decode(&first[i]);
        if (first[i].state == RKMQ_MSG_DECODED) {
            list[n_readable++] = &first[i];
        }
        atomic_store_explicit(&first[i].is_started, true, memory_order_release);
    }
    return n_readable;
}

/* ackIndex: everything up to it succeeded; an index below -1, which Java does not guard against,
 * counts as -1. */
static size_t acked_count(enum rkmq_consume_status status, int32_t ack_index, size_t n)
{
    if (status != RKMQ_CONSUME_SUCCESS || ack_index < 0) {
        return 0;
    }
    return (size_t)ack_index < n ? (size_t)ack_index + 1 : n;
}

static void listener_call(const struct rkmq_consume_service *cs, struct rkmq_msg *first, size_t n)
{
    const struct rkmq_msg_batch *batch = first->batch;
    struct rkmq_msg **list = &batch->list[first->index];
    struct rkmq_consume_context context = {
        .topic = batch->pq->mq.topic,
        .broker_name = batch->broker_name,
        .queue_id = batch->queue_id,
        .ack_index = INT32_MAX,
    };
    size_t n_readable = call_prepare(first, n);
    if (n_readable == 0) {
        return;
    }
    enum rkmq_consume_status status = cs->impl->options.message_listener(
        cs->impl->options.message_listener_user, list, n_readable, &context);
    if (status == RKMQ_CONSUME_UNTOUCHED) {
        for (size_t i = 0; i < n_readable; i++) {
            atomic_store_explicit(&list[i]->is_started, false, memory_order_relaxed);
        }
        return;
    }
    size_t n_acked = acked_count(status, context.ack_index, n_readable);
    for (size_t i = 0; i < n_readable; i++) {
        list[i]->is_acked = i < n_acked;
        list[i]->delay_level = context.delay_level_when_next_consume;
    }
}

static void job_run(struct rkmq_job *job)
{
    struct rkmq_msg *first = RKMQ_CONTAINER_OF(job, struct rkmq_msg, job);
    const struct rkmq_consume_service *cs = first->batch->service;
    const struct rkmq_process_queue *pq = first->batch->pq;
    size_t n_call = batch_max(cs);
    for (size_t at = 0; at < first->n_in_job; at += n_call) {
        size_t n_left = first->n_in_job - at;
        if (atomic_load_explicit(&cs->is_stopped, memory_order_relaxed) ||
            (atomic_load_explicit(&pq->is_dropped, memory_order_relaxed) &&
             !RKMQ_MUTANT(DELIVERS_AFTER_DROP))) {
            return;
        }
        listener_call(cs, first + at, n_left < n_call ? n_left : n_call);
        if (RKMQ_MUTANT(DELIVERS_TWICE)) {
            listener_call(cs, first + at, n_left < n_call ? n_left : n_call);
        }
    }
}

/* ---- processConsumeResult: on the loop ---- */

/* Who was sent back meanwhile, by the expiry sweep, is finished by the answer. */
static void finish_unless_sent_back(struct rkmq_msg *msg)
{
    if (!msg->is_sent_back) {
        rkmq__consume_finish(msg);
    }
}

static void settle_failed(struct rkmq_msg *msg)
{
    const struct rkmq_process_queue *pq = msg->batch->pq;
    if (!rkmq__process_queue_contains(pq, msg)) {
        RKMQ_MARK(pq->env, "consume-result-of-removed");
        rkmq_log_info(pq->env, "consume",
                      "Message is not found in its process queue; skip send-back-procedure, "
                      "offset %lld",
                      (long long)msg->queue_offset);
        finish_unless_sent_back(msg);
    } else if (!msg->is_sent_back) {
        rkmq__send_back(msg, msg->delay_level);
    }
}

/* Stopped before the call, or RKMQ_CONSUME_UNTOUCHED: the offset stays before it. It keeps its
 * place in the queue, so it must not be finished while anybody may look there: unless all is
 * stopped it comes again. */
static void settle_untouched(struct rkmq_msg *msg)
{
    if (!msg->is_sent_back) {
        rkmq__local_retry(msg);
    }
}

static void settle(struct rkmq_consume_service *cs, struct rkmq_msg *msg)
{
    struct rkmq_process_queue *pq = msg->batch->pq;
    struct rkmq_push_impl *impl = cs->impl;
    bool is_done = msg->is_acked || RKMQ_MUTANT(LATER_IS_SUCCESS);
    msg->is_running = false;
    if (atomic_load(&pq->is_dropped)) {
        finish_unless_sent_back(msg);
        return;
    }
    if (!atomic_load_explicit(&msg->is_started, memory_order_acquire)) {
        settle_untouched(msg);
        return;
    }
    if (msg->state == RKMQ_MSG_BROKEN) {
        RKMQ_MARK(pq->env, "consume-broken");
        rkmq_log_warn(pq->env, "consume", "%.*s: message at offset %lld cannot be read, dropped",
                      RKMQ_SLICE_ARG(pq->mq.topic), (long long)msg->queue_offset);
        is_done = true;
    } else if (msg->is_acked) {
        impl->stats.consumed_ok++;
    } else {
        impl->stats.consumed_later++;
        if (impl->options.message_model == RKMQ_BROADCASTING) {
            rkmq_log_warn(pq->env, "consume",
                          "BROADCASTING, the message consume failed, drop it, offset %lld",
                          (long long)msg->queue_offset);
            is_done = true;
        }
    }
    if (!is_done) {
        settle_failed(msg);
        return;
    }
    (void)rkmq__process_queue_remove(pq, msg); /* the sweep may have been quicker */
    finish_unless_sent_back(msg);
}

/* As many calls as one of the threads makes in RKMQ_JOB_TARGET_MS at the rate of the last window.
 */
static void rate_note(struct rkmq_consume_service *cs, size_t n_calls)
{
    rkmq_ms elapsed_ms = rkmq__now(cs->impl->env) - cs->window_start;
    uint64_t n_threads = (uint64_t)cs->impl->options.consume_thread_min;
    cs->window_calls += n_calls;
    if (elapsed_ms < RKMQ_JOB_RATE_WINDOW_MS) {
        return;
    }
    uint64_t n = cs->window_calls * RKMQ_JOB_TARGET_MS / (uint64_t)elapsed_ms / n_threads;
    cs->calls_per_job = n < 1 ? 1 : n > RKMQ_JOB_CALLS_MAX ? RKMQ_JOB_CALLS_MAX : (size_t)n;
    cs->window_start += elapsed_ms;
    cs->window_calls = 0;
}

/* The calls that were made, for who watches. */
static void calls_tell(const struct rkmq_consume_service *cs, const struct rkmq_process_queue *pq,
                       const struct rkmq_msg *first, size_t n)
{
    size_t n_call = batch_max(cs);
    for (size_t at = 0; cs->impl->options.on_event && at < n; at += n_call) {
        size_t end = at + n_call < n ? at + n_call : n;
        struct rkmq_push_event event = {.kind = RKMQ_PUSH_LISTENER_DONE,
                                        .offset = first[at].queue_offset,
                                        .offset2 = first[end - 1].queue_offset,
                                        .count = end - at};
        for (size_t i = at; i < end; i++) {
            event.n_failed += !first[i].is_acked && first[i].state == RKMQ_MSG_DECODED;
        }
        if (atomic_load_explicit(&first[at].is_started, memory_order_acquire)) {
            rkmq__push_impl_tell(cs->impl, pq, event);
        }
    }
}

static void job_done(struct rkmq_job *job)
{
    struct rkmq_msg *first = RKMQ_CONTAINER_OF(job, struct rkmq_msg, job);
    struct rkmq_consume_service *cs = first->batch->service;
    struct rkmq_process_queue *pq = first->batch->pq;
    size_t n = first->n_in_job;
    size_t n_before = pq->n_msgs;
    rkmq__process_queue_ref(pq);
    cs->n_jobs--;
    rkmq__list_remove(&first->job_link);
    calls_tell(cs, pq, first, n);
    rate_note(cs, (n + batch_max(cs) - 1) / batch_max(cs));
    /* None of them was finished before, so the batch stays until the last one is. */
    for (size_t i = 0; i < n; i++) {
        settle(cs, &first[i]);
    }
    if (!atomic_load(&pq->is_dropped)) {
        rkmq__consume_tell_evicted(pq, n_before - pq->n_msgs);
        pq->last_consume_ms = rkmq__now(pq->env);
        if (n_before > 0) { /* ProcessQueue.removeMessage answers -1 for an empty queue */
            rkmq__offset_update(pq, rkmq__process_queue_commit(pq), true);
        }
        rkmq__pull_resume(pq);
    }
    rkmq__process_queue_unref(pq);
    rkmq__push_impl_job_done(cs->impl);
}

/* ---- submitConsumeRequest ---- */

static void job_submit(struct rkmq_consume_service *cs, struct rkmq_msg *first, size_t n)
{
    const struct rkmq_env *env = cs->impl->env;
    for (size_t i = 0; i < n; i++) {
        first[i].is_running = true;
    }
    first->n_in_job = (uint32_t)n;
    first->job.run = job_run;
    first->job.done = job_done;
    cs->n_jobs++;
    rkmq__list_push_back(&cs->jobs, &first->job_link);
    env->ops->submit(env->ctx, cs->pool, &first->job);
}

void rkmq__consume_submit(struct rkmq_consume_service *cs, struct rkmq_msg_batch *take_batch)
{
    struct rkmq_msg_batch *batch = take_batch;
    size_t n_job = cs->calls_per_job * batch_max(cs);
    size_t n_msgs = batch->n_msgs;
    RKMQ_ASSERT(batch->pq);
    RKMQ_ASSERT(!atomic_load(&cs->is_stopped));
    batch->service = cs;
    for (size_t at = 0; at < n_msgs; at += n_job) {
        job_submit(cs, &batch->msgs[at], n_msgs - at < n_job ? n_msgs - at : n_job);
    }
}

void rkmq__consume_resubmit(struct rkmq_msg *msg)
{
    struct rkmq_consume_service *cs = msg->batch->service;
    if (atomic_load(&cs->is_stopped) || atomic_load(&msg->batch->pq->is_dropped)) {
        rkmq__consume_finish(msg);
        return;
    }
    atomic_store_explicit(&msg->is_started, false, memory_order_relaxed);
    msg->started_ms = 0;
    job_submit(cs, msg, 1);
}

/* ---- cleanExpireMsg ---- */

_Static_assert(RKMQ_SEND_BACK_TIMEOUT_MS < RKMQ_EXPIRED_SWEEP_MS, "no two sweeps wait at once");

/* Java reads the start time from a property that the consume thread sets; here a sweep notes when
 * it first saw the message started, at most one period later. */
static void starts_note(struct rkmq_process_queue *pq)
{
    rkmq_ms now = rkmq__now(pq->env);
    struct rkmq_msg *msg = rkmq__process_queue_at_or_after(pq, 0);
    for (; msg; msg = rkmq__process_queue_at_or_after(pq, msg->queue_offset + 1)) {
        if (msg->started_ms == 0 && atomic_load_explicit(&msg->is_started, memory_order_acquire)) {
            msg->started_ms = now;
        }
    }
}

static bool is_expired(const struct rkmq_consume_service *cs, const struct rkmq_msg *msg)
{
    rkmq_ms limit_ms = (rkmq_ms)cs->impl->options.consume_timeout_minutes * 60000;
    return msg->is_running && msg->started_ms > 0 &&
           rkmq__now(cs->impl->env) - msg->started_ms > limit_ms;
}

/* From the head on, as long as they are expired: Java removes one and looks at the head again. What
 * an earlier sweep sent back has been answered or timed out by now. */
static void queue_sweep(struct rkmq_consume_service *cs, struct rkmq_process_queue *pq)
{
    starts_note(pq);
    struct rkmq_msg *msg = rkmq__process_queue_at_or_after(pq, 0);
    for (int n = 0; msg && n < RKMQ_EXPIRED_PER_SWEEP_MAX && is_expired(cs, msg); n++) {
        struct rkmq_msg *next = rkmq__process_queue_at_or_after(pq, msg->queue_offset + 1);
        RKMQ_MARK(pq->env, "consume-expired");
        rkmq_log_info(pq->env, "consume", "send expire msg back. topic=%.*s, offset=%lld",
                      RKMQ_SLICE_ARG(pq->mq.topic), (long long)msg->queue_offset);
        rkmq__send_back(msg, RKMQ_EXPIRED_SEND_BACK_LEVEL);
        msg = next;
    }
}

static void sweep_fired(struct rkmq_timer *t)
{
    struct rkmq_consume_service *cs = RKMQ_CONTAINER_OF(t, struct rkmq_consume_service, sweep);
    const struct rkmq_map_entry *entry;
    rkmq__timer_arm(cs->impl->env, t, t->due + RKMQ_EXPIRED_SWEEP_MS);
    for (size_t cursor = 0; (entry = rkmq__map_next(&cs->impl->process_queues, &cursor));) {
        queue_sweep(cs, entry->value);
    }
}

/* ---- life ---- */

int rkmq__consume_start(struct rkmq_consume_service *cs, struct rkmq_push_impl *impl)
{
    const struct rkmq_env *env = impl->env;
    char name[sizeof "ConsumeMessageThread_" + RKMQ_GROUP_CHARS_MAX];
    (void)snprintf(name, sizeof name, "ConsumeMessageThread_%.*s", /* a longer group is cut */
                   RKMQ_SLICE_ARG(impl->group));
    *cs = (struct rkmq_consume_service){.impl = impl, .calls_per_job = 1};
    atomic_init(&cs->is_stopped, false);
    rkmq__list_init(&cs->waiting);
    rkmq__list_init(&cs->jobs);
    int status = env->ops->pool_create(env->ctx, name, (unsigned)impl->options.consume_thread_min,
                                       (unsigned)impl->options.consume_thread_max, &cs->pool);
    if (status != RKMQ_OK) {
        cs->pool = NULL;
        return status;
    }
    cs->window_start = rkmq__now(env);
    cs->sweep.fire = sweep_fired;
    rkmq__timer_in(env, &cs->sweep, RKMQ_EXPIRED_SWEEP_MS);
    return RKMQ_OK;
}

void rkmq__consume_stop(struct rkmq_consume_service *cs)
{
    if (!cs->pool) {
        return;
    }
    const struct rkmq_env *env = cs->impl->env;
    atomic_store(&cs->is_stopped, true);
    rkmq__timer_stop(env, &cs->sweep);
    RKMQ_LIST_EACH (it, &cs->waiting) {
        struct rkmq_msg *msg = RKMQ_CONTAINER_OF(it, struct rkmq_msg, link);
        if (!msg->is_sent_back) {
            rkmq__timer_stop(env, &msg->retry);
            rkmq__list_remove(&msg->link);
            rkmq__consume_finish(msg);
        }
    }
}

void rkmq__consume_lose_jobs(struct rkmq_consume_service *cs)
{
    if (!cs->pool) {
        return;
    }
    while (!rkmq__list_is_empty(&cs->jobs)) {
        struct rkmq_msg *first = RKMQ_CONTAINER_OF(cs->jobs.next, struct rkmq_msg, job_link);
        size_t n = first->n_in_job;
        rkmq__list_remove(&first->job_link);
        cs->n_jobs--;
        for (size_t i = 0; i < n; i++) {
            first[i].is_running = false;
            finish_unless_sent_back(&first[i]);
        }
    }
}

void rkmq__consume_close(struct rkmq_consume_service *cs)
{
    if (!cs->pool) {
        return;
    }
    const struct rkmq_env *env = cs->impl->env;
    rkmq__consume_stop(cs);
    RKMQ_ASSERT(cs->n_jobs == 0);
    RKMQ_ASSERT(rkmq__list_is_empty(&cs->waiting));
    if (!RKMQ_MUTANT(POOL_LEFT)) {
        env->ops->pool_destroy(env->ctx, cs->pool);
    }
    cs->pool = NULL;
}
