/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "runtime/live/loop.h"

static int cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    int error = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return error ? RKMQ_E_NOMEM : RKMQ_OK;
}

int rkmq__live_mailbox_init(struct rkmq_live *lv)
{
    rkmq__list_init(&lv->calls);
    rkmq__list_init(&lv->waits);
    if (pthread_mutex_init(&lv->lock, NULL)) {
        return RKMQ_E_NOMEM;
    }
    if (cond_init(&lv->is_running_changed) != RKMQ_OK) {
        pthread_mutex_destroy(&lv->lock);
        return RKMQ_E_NOMEM;
    }
    return RKMQ_OK;
}

void rkmq__live_mailbox_close(struct rkmq_live *lv)
{
    pthread_cond_destroy(&lv->is_running_changed);
    pthread_mutex_destroy(&lv->lock);
}

/*
 * A stack that many push and one empties, so there is no ABA. Only who finds it empty wakes the
 * loop: one wake-up a batch.
 */
void rkmq__live_mail_done(struct rkmq_live *lv, struct rkmq_job *job)
{
    struct rkmq_job *top = atomic_load_explicit(&lv->jobs_done, memory_order_relaxed);
    do {
        job->next = top;
    } while (!atomic_compare_exchange_weak_explicit(&lv->jobs_done, &top, job, memory_order_release,
                                                    memory_order_relaxed));
    if (!top) {
        ev_async_send(lv->ev, &lv->wake);
    }
}

static void jobs_done_read(struct rkmq_live *lv)
{
    struct rkmq_job *latest = atomic_exchange_explicit(&lv->jobs_done, NULL, memory_order_acquire);
    struct rkmq_job *oldest = NULL;
    while (latest) {
        struct rkmq_job *next = latest->next;
        latest->next = oldest;
        oldest = latest;
        latest = next;
    }
    while (oldest) {
        struct rkmq_job *next = oldest->next;
        rkmq__live_job_finish(oldest);
        oldest = next;
    }
}

void rkmq__live_mail_read(struct rkmq_live *lv)
{
    jobs_done_read(lv);
    for (;;) {
        pthread_mutex_lock(&lv->lock);
        struct rkmq_list *link = rkmq__list_pop_front(&lv->calls);
        pthread_mutex_unlock(&lv->lock);
        if (!link) {
            break;
        }
        struct live_call *call = RKMQ_CONTAINER_OF(link, struct live_call, link);
        call->fn(call->arg);
        pthread_mutex_lock(&lv->lock);
        call->is_finished = true;
        pthread_cond_signal(&call->is_finished_changed);
        pthread_mutex_unlock(&lv->lock);
    }
}

void rkmq__live_waits_ask(struct rkmq_live *lv)
{
    pthread_mutex_lock(&lv->lock);
    RKMQ_LIST_EACH (it, &lv->waits) {
        struct live_wait *wait = RKMQ_CONTAINER_OF(it, struct live_wait, link);
        if (wait->is_done(wait->arg)) {
            rkmq__list_remove(&wait->link);
            wait->is_finished = true;
            pthread_cond_signal(&wait->is_finished_changed);
        }
    }
    pthread_mutex_unlock(&lv->lock);
}

void rkmq__live_call(struct rkmq_runtime *rt, void (*fn)(void *arg), void *arg)
{
    struct rkmq_live *lv = (struct rkmq_live *)rt;
    if (pthread_equal(pthread_self(), lv->loop_thread)) {
        fn(arg);
        return;
    }
    struct live_call call = {.fn = fn, .arg = arg};
    pthread_cond_init(&call.is_finished_changed, NULL);
    pthread_mutex_lock(&lv->lock);
    rkmq__list_push_back(&lv->calls, &call.link);
    ev_async_send(lv->ev, &lv->wake);
    while (!call.is_finished) {
        pthread_cond_wait(&call.is_finished_changed, &lv->lock);
    }
    pthread_mutex_unlock(&lv->lock);
    pthread_cond_destroy(&call.is_finished_changed);
}

static struct timespec deadline_after(rkmq_ms timeout_ms)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += (time_t)(timeout_ms / 1000);
    ts.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    return ts;
}

int rkmq__live_await(struct rkmq_runtime *rt, bool (*is_done)(void *arg), void *arg,
                     rkmq_ms timeout_ms)
{
    struct rkmq_live *lv = (struct rkmq_live *)rt;
    if (pthread_equal(pthread_self(), lv->loop_thread)) {
        return RKMQ_E_STATE;
    }
    struct live_wait wait = {.is_done = is_done, .arg = arg};
    if (cond_init(&wait.is_finished_changed) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    struct timespec deadline = deadline_after(timeout_ms == RKMQ_NEVER ? 0 : timeout_ms);
    pthread_mutex_lock(&lv->lock);
    rkmq__list_push_back(&lv->waits, &wait.link);
    ev_async_send(lv->ev, &lv->wake);
    int error = 0;
    while (!wait.is_finished && error != ETIMEDOUT) {
        error = timeout_ms == RKMQ_NEVER
                    ? pthread_cond_wait(&wait.is_finished_changed, &lv->lock)
                    : pthread_cond_timedwait(&wait.is_finished_changed, &lv->lock, &deadline);
    }
    if (!wait.is_finished) {
        rkmq__list_remove(&wait.link);
    }
    pthread_mutex_unlock(&lv->lock);
    pthread_cond_destroy(&wait.is_finished_changed);
    return wait.is_finished ? RKMQ_OK : RKMQ_E_TIMEOUT;
}
