/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handing a job to a worker and back costs: bench_workers [threads [window [jobs [run_ns]]]]
 * `window` jobs are always under way, each result submits the next. One JSON line.
 */
#include <rkmq/live.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct rkmq_pool *pool;
    struct rkmq_job *jobs;
    long n_window, n_jobs, n_submitted, n_done, run_ns;
    unsigned threads;
};

static struct bench *the_bench(void)
{
    static struct bench bench;
    return &bench;
}

static double seconds(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void run(struct rkmq_job *job)
{
    (void)job;
    if (the_bench()->run_ns > 0) {
        double end = seconds(CLOCK_MONOTONIC) + (double)the_bench()->run_ns * 1e-9;
        while (seconds(CLOCK_MONOTONIC) < end) {
        }
    }
}

static void done(struct rkmq_job *job)
{
    struct bench *b = the_bench();
    b->n_done++;
    if (b->n_submitted < b->n_jobs) {
        b->n_submitted++;
        b->env->ops->submit(b->env->ctx, b->pool, job);
    } else if (b->n_done == b->n_jobs) {
        b->env->ops->pool_destroy(b->env->ctx, b->pool);
    }
}

static void start(void *arg)
{
    struct bench *b = arg;
    if (b->env->ops->pool_create(b->env->ctx, "bench", b->threads, b->threads, &b->pool)) {
        abort();
    }
    for (; b->n_submitted < b->n_window; b->n_submitted++) {
        struct rkmq_job *job = &b->jobs[b->n_submitted];
        *job = (struct rkmq_job){.run = run, .done = done};
        b->env->ops->submit(b->env->ctx, b->pool, job);
    }
}

static bool is_over(void *arg)
{
    const struct bench *b = arg;
    return b->n_done == b->n_jobs;
}

int main(int argc, char **argv)
{
    struct bench *b = the_bench();
    b->threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20;
    b->n_window = argc > 2 ? strtol(argv[2], NULL, 10) : 1024;
    b->n_jobs = argc > 3 ? strtol(argv[3], NULL, 10) : 2000000;
    b->run_ns = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
    b->jobs = calloc((size_t)b->n_window, sizeof *b->jobs);
    if (!b->jobs || b->n_window > b->n_jobs || rkmq_live_create(&b->rt, NULL, NULL)) {
        return 1;
    }
    b->env = b->rt->ops->host(b->rt, "bench");
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    b->rt->ops->call(b->rt, start, b);
    if (b->rt->ops->await(b->rt, is_over, b, 600000)) {
        return 1;
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("{\"threads\":%u,\"window\":%ld,\"jobs\":%ld,\"run_ns\":%ld,\"jobs_per_s\":%.0f,"
           "\"cpu_us_per_job\":%.3f,\"switches_per_job\":%.3f}\n",
           b->threads, b->n_window, b->n_jobs, b->run_ns, (double)b->n_jobs / wall,
           cpu * 1e6 / (double)b->n_jobs,
           (double)(usage.ru_nvcsw + usage.ru_nivcsw) / (double)b->n_jobs);
    rkmq_live_destroy(b->rt);
    free(b->jobs);
    return 0;
}
