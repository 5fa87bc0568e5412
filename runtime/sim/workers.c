/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim/world.h"

/*
 * Virtual workers: `threads_min` of them, as in the live runtime. A job's `run` happens when a
 * worker is free to start it; the worker is then busy for the time the job spent, and `done`
 * happens at the end of it.
 */
struct sim_worker {
    struct sim_event end; /* of its job */
    struct rkmq_pool *pool;
    struct rkmq_job *job; /* NULL: free */
};

struct rkmq_pool {
    struct rkmq_list link;
    struct sim_host *host;
    struct rkmq_job *submitted, *submitted_last;
    struct sim_event start; /* of the oldest job; in the heap while a worker is free for it */
    size_t n_under_way;
    unsigned n_workers, n_busy;
    struct sim_worker workers[];
};

static void pool_schedule(struct rkmq_pool *pool)
{
    struct rkmq_sim *s = pool->host->sim;
    if (pool->submitted && pool->n_busy < pool->n_workers && pool->start.heap_index == 0) {
        rkmq__sim_event_put(s, &pool->start, s->now_us);
    }
}

static struct sim_worker *pool_free_worker(struct rkmq_pool *pool)
{
    for (unsigned i = 0; i < pool->n_workers; i++) {
        if (!pool->workers[i].job) {
            return &pool->workers[i];
        }
    }
    return NULL;
}

static void on_start(struct sim_event *e)
{
    struct rkmq_pool *pool = RKMQ_CONTAINER_OF(e, struct rkmq_pool, start);
    struct rkmq_sim *s = pool->host->sim;
    struct sim_worker *worker = pool_free_worker(pool);
    RKMQ_ASSERT(worker);
    struct rkmq_job *job = pool->submitted;
    pool->submitted = job->next;
    worker->job = job;
    pool->n_busy++;
    rkmq__sim_note(s, pool->host, SIM_NOTE_RUN, 0, 0, NULL);
    s->is_in_job = true;
    s->spent_us = 0;
    job->run(job);
    s->is_in_job = false;
    rkmq__sim_event_put(s, &worker->end, s->now_us + s->spent_us);
    pool_schedule(pool);
}

static void on_end(struct sim_event *e)
{
    struct sim_worker *worker = RKMQ_CONTAINER_OF(e, struct sim_worker, end);
    struct rkmq_pool *pool = worker->pool;
    struct rkmq_job *job = worker->job;
    worker->job = NULL;
    pool->n_busy--;
    pool->n_under_way--;
    pool_schedule(pool);
    rkmq__sim_note(pool->host->sim, pool->host, SIM_NOTE_DONE, 0, 0, NULL);
    job->done(job); /* may destroy the pool */
}

void rkmq_sim_spend(struct rkmq_sim *s, rkmq_us us)
{
    RKMQ_ASSERT(us >= 0);
    if (s->is_in_job) {
        s->spent_us += us;
    }
}

int rkmq__sim_pool_create(void *ctx, const char *name, unsigned threads_min, unsigned threads_max,
                          struct rkmq_pool **out)
{
    struct sim_host *host = ctx;
    (void)name;
    *out = NULL;
    if (threads_min == 0 || threads_min > threads_max || threads_max > RKMQ_SIM_THREADS_MAX) {
        return RKMQ_E_INVALID;
    }
    struct rkmq_pool *pool =
        rkmq__zalloc(host->sim->mem, sizeof *pool + threads_min * sizeof pool->workers[0]);
    if (!pool) {
        return RKMQ_E_NOMEM;
    }
    pool->host = host;
    pool->start.fire = on_start;
    pool->n_workers = threads_min;
    for (unsigned i = 0; i < threads_min; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].end.fire = on_end;
    }
    rkmq__list_push_back(&host->pools, &pool->link);
    *out = pool;
    return RKMQ_OK;
}

void rkmq__sim_pool_destroy(void *ctx, struct rkmq_pool *pool)
{
    struct sim_host *host = ctx;
    RKMQ_ASSERT(pool->host == host);
    RKMQ_ASSERT(pool->n_under_way == 0);
    rkmq__list_remove(&pool->link);
    rkmq__free(host->sim->mem, pool);
}

void rkmq__sim_submit(void *ctx, struct rkmq_pool *pool, struct rkmq_job *job)
{
    struct sim_host *host = ctx;
    RKMQ_ASSERT(job->run);
    RKMQ_ASSERT(job->done);
    if (host->is_crashed) {
        return;
    }
    job->next = NULL;
    job->pool = pool;
    if (pool->submitted) {
        pool->submitted_last->next = job;
    } else {
        pool->submitted = job;
    }
    pool->submitted_last = job;
    pool->n_under_way++;
    rkmq__sim_note(host->sim, host, SIM_NOTE_SUBMIT, 0, 0, NULL);
    pool_schedule(pool);
}

void rkmq__sim_pools_crash(struct sim_host *host)
{
    RKMQ_LIST_EACH (it, &host->pools) {
        struct rkmq_pool *pool = RKMQ_CONTAINER_OF(it, struct rkmq_pool, link);
        rkmq__sim_event_remove(host->sim, &pool->start);
        for (unsigned i = 0; i < pool->n_workers; i++) {
            rkmq__sim_event_remove(host->sim, &pool->workers[i].end);
            pool->workers[i].job = NULL;
        }
        pool->submitted = NULL;
        pool->n_busy = 0;
        pool->n_under_way = 0;
    }
}

void rkmq__sim_pools_free(struct sim_host *host)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&host->pools))) {
        rkmq__free(host->sim->mem, RKMQ_CONTAINER_OF(link, struct rkmq_pool, link));
    }
}
