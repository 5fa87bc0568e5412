/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of workers and their jobs. */
#include <stdatomic.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/env_contract.h"

#define N_JOBS 10000

struct work {
    struct rkmq_job job;
    struct work_case *all;
    atomic_int n_run;
    int n_done;
};

struct work_case {
    const struct rkmq_env *env;
    struct rkmq_pool *pool;
    struct work *works;
    int status, n_submitted, n_done;
    bool was_called_in_op, is_in_op;
};

static void work_run(struct rkmq_job *job)
{
    atomic_fetch_add(&RKMQ_CONTAINER_OF(job, struct work, job)->n_run, 1);
}

static void work_submit(struct work_case *all)
{
    struct work *work = &all->works[all->n_submitted++];
    work->all = all;
    work->job = (struct rkmq_job){.run = work_run, .done = work->job.done};
    all->is_in_op = true;
    all->env->ops->submit(all->env->ctx, all->pool, &work->job);
    all->is_in_op = false;
}

static void work_done(struct rkmq_job *job)
{
    struct work *work = RKMQ_CONTAINER_OF(job, struct work, job);
    struct work_case *all = work->all;
    all->was_called_in_op |= all->is_in_op;
    work->n_done += atomic_load(&work->n_run) == 1;
    all->n_done++;
    if (all->n_submitted < N_JOBS) { /* results bring new work, as in a pull loop */
        all->works[all->n_submitted].job.done = work_done;
        work_submit(all);
    }
    if (all->n_done == N_JOBS) {
        all->env->ops->pool_destroy(all->env->ctx, all->pool);
        all->pool = NULL;
    }
}

static void do_submit_half(void *arg)
{
    struct work_case *all = arg;
    all->status = all->env->ops->pool_create(all->env->ctx, "workers", 4, 4, &all->pool);
    RKMQ_ASSERT(all->status == RKMQ_OK);
    while (all->n_submitted < N_JOBS / 2) {
        all->works[all->n_submitted].job.done = work_done;
        work_submit(all);
    }
}

static bool is_all_done(void *arg)
{
    return ((struct work_case *)arg)->n_done == N_JOBS;
}

void env_contract_jobs_run_once(struct rkmq_runtime *rt)
{
    /* Ten thousand jobs, half of them submitted at once (more than any queue inside holds), half
     * as results come: each runs once and is done once; the last `done` may destroy the pool. */
    static struct work works[N_JOBS];
    memset(works, 0, sizeof works);
    struct work_case all = {.env = rt->ops->host(rt, "a"), .works = works};
    rt->ops->call(rt, do_submit_half, &all);
    assert_int_equal(rt->ops->await(rt, is_all_done, &all, ENV_CONTRACT_DEADLINE_MS), RKMQ_OK);
    for (size_t i = 0; i < N_JOBS; i++) {
        assert_int_equal(atomic_load(&works[i].n_run), 1);
        assert_int_equal(works[i].n_done, 1);
    }
    assert_false(all.was_called_in_op);
    assert_null(all.pool);
}

static void do_pool_refuse(void *arg)
{
    struct work_case *all = arg;
    const struct rkmq_env *env = all->env;
    static const unsigned BAD[][2] = {{0, 1}, {2, 1}, {1, 100000}};
    all->n_done = 0;
    for (size_t i = 0; i < RKMQ_COUNT_OF(BAD); i++) {
        all->n_done += env->ops->pool_create(env->ctx, "bad", BAD[i][0], BAD[i][1], &all->pool) ==
                       RKMQ_E_INVALID;
        RKMQ_ASSERT(!all->pool);
    }
    RKMQ_ASSERT(env->ops->pool_create(env->ctx, "idle", 20, 64, &all->pool) == RKMQ_OK);
    env->ops->pool_destroy(env->ctx, all->pool);
}

void env_contract_pools_that_cannot_be(struct rkmq_runtime *rt)
{
    /* No threads, fewer at most than at least, too many: refused. A pool that never saw a job can
     * be destroyed. */
    struct work_case all = {.env = rt->ops->host(rt, "a")};
    rt->ops->call(rt, do_pool_refuse, &all);
    assert_int_equal(all.n_done, 3);
}
