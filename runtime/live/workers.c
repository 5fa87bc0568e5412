/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "runtime/live/workers.h"

/* ---- the ring: the loop thread puts, workers take one at a time, oldest first ---- */

static bool ring_is_empty(struct rkmq_pool *pool)
{
    return atomic_load(&pool->taken) == atomic_load(&pool->put);
}

/* Only who moves `taken` past a slot owns the job in it; the loop reuses the slot after that. */
static struct rkmq_job *ring_take(struct rkmq_pool *pool)
{
    uint64_t taken = atomic_load(&pool->taken);
    while (taken != atomic_load(&pool->put)) {
        struct rkmq_job *job =
            atomic_load_explicit(&pool->ring[taken % POOL_RING_JOBS], memory_order_relaxed);
        if (atomic_compare_exchange_weak(&pool->taken, &taken, taken + 1)) {
            return job;
        }
    }
    return NULL;
}

/* Moves submitted jobs into the ring as far as it has room. */
static void ring_fill(struct rkmq_pool *pool)
{
    uint64_t put = atomic_load_explicit(&pool->put, memory_order_relaxed);
    uint64_t limit = atomic_load(&pool->taken) + POOL_RING_JOBS;
    while (pool->submitted && put != limit) {
        struct rkmq_job *job = pool->submitted;
        pool->submitted = job->next;
        atomic_store_explicit(&pool->ring[put % POOL_RING_JOBS], job, memory_order_relaxed);
        put++;
    }
    atomic_store(&pool->put, put);
}

/* ---- workers ---- */

static int worker_start(struct rkmq_pool *pool, struct worker *worker);

/*
 * Wakes one sleeper, or starts a thread while there are fewer than `threads_min`, unless one is on
 * its way already. Who arrives and finds more to do wakes the next: a row of slow jobs has all
 * threads in a moment, a row of quick ones is gone before the second thread is there.
 */
static void pool_wake_one(struct rkmq_pool *pool)
{
    if (atomic_load(&pool->n_ready) == 0 || ring_is_empty(pool) ||
        atomic_exchange(&pool->is_waking, true)) {
        return;
    }
    struct worker *asleep = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->asleep) {
        asleep = pool->asleep;
        pool->asleep = asleep->next_asleep;
        atomic_fetch_sub(&pool->n_ready, 1);
    } else if (pool->n_threads < pool->threads_min &&
               worker_start(pool, &pool->workers[pool->n_threads]) == 0) {
        pool->n_threads++;
        atomic_fetch_sub(&pool->n_ready, 1);
    } else {
        atomic_store(&pool->is_waking, false);
    }
    pthread_mutex_unlock(&pool->lock);
    if (asleep) {
        sem_post(&asleep->wake);
    }
}

/* False when the pool ends. */
static bool worker_sleep(struct worker *worker)
{
    struct rkmq_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    if (pool->is_stopping) {
        pthread_mutex_unlock(&pool->lock);
        return false;
    }
    worker->next_asleep = pool->asleep;
    pool->asleep = worker;
    atomic_fetch_add(&pool->n_ready, 1);
    /* Who put a job before it could see this sleeper is seen here. */
    if (!ring_is_empty(pool)) {
        pool->asleep = worker->next_asleep;
        atomic_fetch_sub(&pool->n_ready, 1);
        pthread_mutex_unlock(&pool->lock);
        return true;
    }
    pthread_mutex_unlock(&pool->lock);
    while (sem_wait(&worker->wake) < 0) {
        /* interrupted */
    }
    atomic_store(&pool->is_waking, false);
    return true;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct rkmq_pool *pool = worker->pool;
    pthread_setname_np(pthread_self(), pool->name);
    atomic_store(&pool->is_waking, false);
    for (;;) {
        struct rkmq_job *job = ring_take(pool);
        if (job) {
            pool_wake_one(pool);
            job->run(job);
            rkmq__live_mail_done(pool->lv, job);
        } else if (!worker_sleep(worker)) {
            return NULL;
        }
    }
}

/* Returns 0 or an errno. */
static int worker_start(struct rkmq_pool *pool, struct worker *worker)
{
    worker->pool = pool;
    if (sem_init(&worker->wake, 0, 0) < 0) {
        return -1;
    }
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        sem_destroy(&worker->wake);
    }
    return error;
}

/* ---- the pool, on the loop thread ---- */

int rkmq__live_pool_create(struct rkmq_live *lv, const char *name, unsigned threads_min,
                           unsigned threads_max, struct rkmq_pool **out)
{
    *out = NULL;
    if (threads_min == 0 || threads_min > threads_max || threads_max > POOL_THREADS_MAX) {
        return RKMQ_E_INVALID;
    }
    struct rkmq_pool *pool =
        rkmq__zalloc(lv->mem, sizeof *pool + threads_min * sizeof pool->workers[0]);
    if (!pool) {
        return RKMQ_E_NOMEM;
    }
    pool->lv = lv;
    pool->threads_min = threads_min;
    atomic_init(&pool->n_ready, threads_min);
    (void)snprintf(pool->name, sizeof pool->name, "%s", name);
    pthread_mutex_init(&pool->lock, NULL);
    /* One thread at once, so that a pool that exists can always make progress. */
    if (worker_start(pool, &pool->workers[0]) != 0) {
        pthread_mutex_destroy(&pool->lock);
        rkmq__free(lv->mem, pool);
        return RKMQ_E_NOMEM;
    }
    pthread_mutex_lock(&pool->lock);
    pool->n_threads++;
    atomic_fetch_sub(&pool->n_ready, 1);
    pthread_mutex_unlock(&pool->lock);
    rkmq__list_push_back(&lv->pools, &pool->link);
    *out = pool;
    return RKMQ_OK;
}

static void pool_join(struct rkmq_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    unsigned n_threads = pool->n_threads;
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < n_threads; i++) {
        sem_post(&pool->workers[i].wake);
    }
    for (unsigned i = 0; i < n_threads; i++) {
        pthread_join(pool->workers[i].thread, NULL);
        sem_destroy(&pool->workers[i].wake);
    }
    pool->n_threads = 0;
}

void rkmq__live_pool_destroy(struct rkmq_live *lv, struct rkmq_pool *pool)
{
    RKMQ_ASSERT(pool->n_under_way == 0);
    pool_join(pool);
    rkmq__list_remove(&pool->link);
    pthread_mutex_destroy(&pool->lock);
    rkmq__free(lv->mem, pool);
}

void rkmq__live_pool_drain(struct rkmq_pool *pool)
{
    pool_join(pool);
    rkmq__live_mail_read(pool->lv);
    while (pool->submitted) {
        struct rkmq_job *job = pool->submitted;
        pool->submitted = job->next;
        rkmq__live_job_finish(job);
    }
}

void rkmq__live_submit(struct rkmq_pool *pool, struct rkmq_job *job)
{
    RKMQ_ASSERT(job->run);
    RKMQ_ASSERT(job->done);
    job->next = NULL;
    job->pool = pool;
    if (pool->submitted) {
        pool->submitted_last->next = job;
    } else {
        pool->submitted = job;
    }
    pool->submitted_last = job;
    pool->n_under_way++;
}

void rkmq__live_job_finish(struct rkmq_job *job)
{
    struct rkmq_pool *pool = job->pool;
    RKMQ_ASSERT(pool->n_under_way > 0);
    pool->n_under_way--; /* before `done`, which may destroy the pool */
    job->done(job);
}

void rkmq__live_pools_publish(struct rkmq_live *lv)
{
    RKMQ_LIST_EACH (it, &lv->pools) {
        struct rkmq_pool *pool = RKMQ_CONTAINER_OF(it, struct rkmq_pool, link);
        if (pool->submitted) {
            ring_fill(pool);
            pool_wake_one(pool);
        }
    }
}
