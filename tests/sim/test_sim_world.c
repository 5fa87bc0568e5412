/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/sim.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/* A client on host "b" and a server on host "a"; each keeps when it heard what. */
struct side {
    struct rkmq_sim *sim;
    const struct rkmq_env *env;
    rkmq_conn conn, listener;
    char bound[64], why[64];
    rkmq_us opened_at, data_at, closed_at; /* -1: never */
    size_t n_received;
};

struct world {
    struct test_mem tm;
    struct rkmq_sim *sim;
    struct rkmq_runtime *rt;
    struct side a, b;
};

static void side_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    struct side *side = owner;
    side->conn = c;
    side->opened_at = rkmq_sim_now(side->sim);
}

static void side_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)c;
    struct side *side = owner;
    side->data_at = rkmq_sim_now(side->sim);
    side->n_received += rkmq_buf_chain_bytes(take_data);
    rkmq_buf_free(take_data);
}

static void side_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)c;
    struct side *side = owner;
    side->closed_at = rkmq_sim_now(side->sim);
    side->conn = 0;
    (void)snprintf(side->why, sizeof side->why, "%s", why);
}

static const struct rkmq_conn_events SIDE_EVENTS = {
    .opened = side_opened, .data = side_data, .closed = side_closed};

static void side_init(struct world *w, struct side *side, const char *name)
{
    *side = (struct side){.sim = w->sim, .opened_at = -1, .data_at = -1, .closed_at = -1};
    side->env = w->rt->ops->host(w->rt, name);
    assert_non_null(side->env);
}

static void side_listen(struct side *side)
{
    assert_int_equal(side->env->ops->listen(side->env->ctx, "0.0.0.0:9876", &SIDE_EVENTS, side,
                                            &side->listener, side->bound, NULL),
                     RKMQ_OK);
}

static void side_dial(struct side *side, const char *addr)
{
    side->opened_at = side->closed_at = -1;
    assert_int_equal(side->env->ops->dial(side->env->ctx, addr, &SIDE_EVENTS, side, &side->conn),
                     RKMQ_OK);
}

static void side_send(struct side *side, size_t n)
{
    struct rkmq_buf *buf = rkmq_buf_create(side->env->mem, n);
    assert_non_null(buf);
    memset(buf->p, 'x', n);
    assert_int_equal(side->env->ops->send(side->env->ctx, side->conn, buf), RKMQ_OK);
}

static void world_init(struct world *w, bool is_traced)
{
    test_mem_init(&w->tm);
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    o.mem = &w->tm.mem;
    o.is_traced = is_traced;
    assert_int_equal(rkmq_sim_create(&w->sim, &o), RKMQ_OK);
    w->rt = rkmq_sim_runtime(w->sim);
    side_init(w, &w->a, "a");
    side_init(w, &w->b, "b");
    side_listen(&w->a);
}

static void world_end(struct world *w)
{
    rkmq_sim_destroy(w->sim);
    test_mem_assert_empty(&w->tm);
}

static void link_set(struct world *w, const char *from, const char *to, rkmq_us delay_us,
                     bool is_cut)
{
    struct rkmq_link link = {.delay_us = delay_us, .is_cut = is_cut};
    assert_int_equal(rkmq_sim_link(w->sim, from, to, &link), RKMQ_OK);
}

static void times_add_up(void **state)
{
    /* A link delays each way: the server hears of a dial after one delay, the client after two, a
     * refusal takes two, and cores see whole milliseconds. */
    (void)state;
    struct world w;
    world_init(&w, false);
    link_set(&w, "b", "a", 1500, false);
    link_set(&w, "a", "b", 700, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 10);
    assert_int_equal(w.a.opened_at, 1500);
    assert_int_equal(w.b.opened_at, 2200);
    side_send(&w.b, 10);
    rkmq_sim_run_for(w.sim, 10);
    assert_int_equal(w.a.data_at, 11500);
    struct side refused;
    side_init(&w, &refused, "b");
    side_dial(&refused, "10.0.0.1:1");
    rkmq_sim_run_for(w.sim, 10);
    assert_int_equal(refused.closed_at, 22200);
    assert_int_equal(rkmq__now(w.b.env), 30);
    assert_int_equal(rkmq__wall(w.b.env), 1700000000030);
    world_end(&w);
}

static void hosts_have_names_and_addresses(void **state)
{
    /* Addresses count up in order of creation; a name or an address finds the host; unknown ones
     * do not. */
    (void)state;
    struct world w;
    world_init(&w, false);
    assert_string_equal(w.a.env->host, "10.0.0.1");
    assert_string_equal(w.b.env->host, "10.0.0.2");
    assert_string_equal(w.a.bound, "10.0.0.1:9876");
    assert_int_not_equal(w.a.env->pid, w.b.env->pid);
    assert_ptr_equal(w.rt->ops->host(w.rt, "a"), w.a.env);
    static const struct {
        const char *addr, *why;
    } DIALS[] = {
        {"a:9876", ""},
        {"10.0.0.1:9876", ""},
        {"10.0.0.9:9876", "Connection refused"},
        {"localhost:9876", "Connection refused"},
        {"c:9876", "cannot resolve c: no such host"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(DIALS); i++) {
        side_init(&w, &w.b, "b");
        side_dial(&w.b, DIALS[i].addr);
        rkmq_sim_run_for(w.sim, 5);
        assert_string_equal(w.b.why, DIALS[i].why);
        assert_int_equal(w.b.opened_at >= 0, DIALS[i].why[0] == '\0');
    }
    world_end(&w);
}

static void the_last_rule_wins(void **state)
{
    /* NULL stands for every host; a later rule overrules an earlier one, also one that is more
     * special; a host's way to itself needs both names. */
    (void)state;
    struct world w;
    world_init(&w, false);
    link_set(&w, "b", "a", 5000, false);
    link_set(&w, NULL, "a", 3000, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 20);
    assert_int_equal(w.a.opened_at, 3000);
    link_set(&w, NULL, NULL, 0, true);
    side_dial(&w.a, "localhost:9876");
    rkmq_sim_run_for(w.sim, 20);
    assert_int_equal(w.a.opened_at, 20400);
    link_set(&w, "a", "a", 0, true);
    side_dial(&w.a, "localhost:9876");
    rkmq_sim_run_for(w.sim, 20);
    assert_int_equal(w.a.opened_at, -1);
    world_end(&w);
}

static void a_cut_holds_bytes_and_dials(void **state)
{
    /* Bytes and dials that meet a cut wait, also those that were on their way; they count as
     * unsent; healed, they arrive after the link's delay, in order. */
    (void)state;
    struct world w;
    world_init(&w, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    side_send(&w.b, 100);
    link_set(&w, "b", "a", 200, true);
    side_send(&w.b, 11);
    struct side late;
    side_init(&w, &late, "b");
    side_dial(&late, "a:9876");
    rkmq_sim_run_for(w.sim, 1000);
    assert_int_equal(w.a.n_received, 0);
    assert_int_equal(late.opened_at, -1);
    assert_int_equal(w.b.env->ops->unsent(w.b.env->ctx, w.b.conn), 111);
    link_set(&w, "b", "a", 300, false);
    rkmq_sim_run_for(w.sim, 10);
    assert_int_equal(w.a.n_received, 111);
    assert_int_equal(w.a.data_at, 1001300);
    assert_int_equal(late.opened_at, 1001500);
    world_end(&w);
}

static void a_cut_dial_can_be_given_up(void **state)
{
    /* Who closes while its dial waits at a cut is never heard of. */
    (void)state;
    struct world w;
    world_init(&w, false);
    link_set(&w, "b", "a", 200, true);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 10);
    w.b.env->ops->close(w.b.env->ctx, w.b.conn);
    link_set(&w, "b", "a", 200, false);
    rkmq_sim_run_for(w.sim, 10);
    assert_int_equal(w.a.opened_at, -1);
    world_end(&w);
}

static void a_link_resets(void **state)
{
    /* With certainty of a reset the first bytes end the connection: the receiver at once, the
     * sender after the way back. */
    (void)state;
    struct world w;
    world_init(&w, false);
    struct rkmq_link link = {.delay_us = 400, .resets_per_million = 1000000};
    assert_int_equal(rkmq_sim_link(w.sim, "b", "a", &link), RKMQ_OK);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    side_send(&w.b, 1);
    rkmq_sim_run_for(w.sim, 1);
    assert_int_equal(w.a.n_received, 0);
    assert_int_equal(w.a.closed_at, 1400);
    assert_int_equal(w.b.closed_at, 1600);
    assert_string_equal(w.a.why, "Connection reset by peer");
    assert_string_equal(w.b.why, "Connection reset by peer");
    world_end(&w);
}

static void a_silent_crash(void **state)
{
    /* Peers of a host that crashed in silence hear nothing, not even a refusal. What it had sent
     * before still arrives. */
    (void)state;
    struct world w;
    world_init(&w, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    side_send(&w.a, 5);
    rkmq_sim_crash(w.sim, "a", false);
    rkmq_sim_crash(w.sim, "a", true); /* a second time: nothing */
    side_send(&w.b, 5);
    struct side late;
    side_init(&w, &late, "b");
    side_dial(&late, "a:9876");
    rkmq_sim_run_for(w.sim, 100000);
    assert_int_equal(w.b.n_received, 5);
    assert_int_equal(w.b.closed_at, -1);
    assert_int_equal(w.a.n_received, 0);
    assert_int_equal(late.opened_at, -1);
    assert_int_equal(late.closed_at, -1);
    world_end(&w);
}

static void a_crash_with_reset(void **state)
{
    /* Peers see a reset after the link's delay; new dials are refused. */
    (void)state;
    struct world w;
    world_init(&w, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    rkmq_sim_crash(w.sim, "a", true);
    rkmq_sim_run_for(w.sim, 1);
    assert_int_equal(w.b.closed_at, 1200);
    assert_string_equal(w.b.why, "Connection reset by peer");
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    assert_string_equal(w.b.why, "Connection refused");
    assert_int_equal(w.a.closed_at, -1);
    world_end(&w);
}

static void a_host_starts_anew(void **state)
{
    /* After a crash the name stands for a new host at the old address: another env, pid and random
     * numbers. Old connections learn of it by a reset when they send; new dials are served. */
    (void)state;
    struct world w;
    world_init(&w, false);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    rkmq_sim_crash(w.sim, "a", false);
    struct side again;
    side_init(&w, &again, "a");
    assert_ptr_not_equal(again.env, w.a.env);
    assert_string_equal(again.env->host, w.a.env->host);
    assert_int_not_equal(again.env->pid, w.a.env->pid);
    assert_true(rkmq__rand64(again.env) != rkmq__rand64(w.a.env));
    side_listen(&again);
    side_send(&w.b, 5);
    rkmq_sim_run_for(w.sim, 1);
    assert_string_equal(w.b.why, "Connection reset by peer");
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    assert_int_equal(again.opened_at, 2200);
    assert_int_equal(w.a.n_received, 0);
    world_end(&w);
}

/* ---- timers and jobs ---- */

struct task {
    struct rkmq_job job;
    struct rkmq_timer timer;
    struct world *w;
    rkmq_us cost, run_at, done_at, fired_at;
    int await_status;
};

static bool is_never(void *arg)
{
    (void)arg;
    return false;
}

static void task_run(struct rkmq_job *job)
{
    struct task *task = RKMQ_CONTAINER_OF(job, struct task, job);
    task->run_at = rkmq_sim_now(task->w->sim);
    task->await_status = task->w->rt->ops->await(task->w->rt, is_never, NULL, 1);
    rkmq_sim_spend(task->w->sim, task->cost / 2);
    rkmq_sim_spend(task->w->sim, task->cost - task->cost / 2);
}

static void task_done(struct rkmq_job *job)
{
    struct task *task = RKMQ_CONTAINER_OF(job, struct task, job);
    task->done_at = rkmq_sim_now(task->w->sim);
}

static void task_fire(struct rkmq_timer *t)
{
    struct task *task = RKMQ_CONTAINER_OF(t, struct task, timer);
    task->fired_at = rkmq_sim_now(task->w->sim);
}

static void task_init(struct task *task, struct world *w, rkmq_us cost)
{
    *task = (struct task){.w = w, .cost = cost, .run_at = -1, .done_at = -1, .fired_at = -1};
    task->job = (struct rkmq_job){.run = task_run, .done = task_done};
    task->timer.fire = task_fire;
}

static void jobs_take_their_time(void **state)
{
    /* Two workers, five jobs: a job starts when a worker is free, in order of submission, and is
     * done after what it spent. Within it, waiting is refused; outside, spending is nothing. */
    (void)state;
    struct world w;
    world_init(&w, false);
    const struct rkmq_env *env = w.a.env;
    struct rkmq_pool *pool;
    assert_int_equal(env->ops->pool_create(env->ctx, "p", 2, 8, &pool), RKMQ_OK);
    static const rkmq_us COSTS[] = {1000, 5000, 1000, 0, 700};
    static const rkmq_us RUNS[] = {0, 0, 1000, 2000, 2000};
    struct task tasks[5];
    for (size_t i = 0; i < 5; i++) {
        task_init(&tasks[i], &w, COSTS[i]);
        env->ops->submit(env->ctx, pool, &tasks[i].job);
    }
    rkmq_sim_spend(w.sim, 1000000);
    rkmq_sim_run_for(w.sim, 100);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(tasks[i].run_at, RUNS[i]);
        assert_int_equal(tasks[i].done_at, RUNS[i] + COSTS[i]);
        assert_int_equal(tasks[i].await_status, RKMQ_E_STATE);
    }
    env->ops->pool_destroy(env->ctx, pool);
    world_end(&w);
}

static void a_crash_drops_jobs_and_timers(void **state)
{
    /* Of a crashed host no job under way is done, no waiting one runs, no timer fires; its
     * operations do nothing, so that its objects can be destroyed. */
    (void)state;
    struct world w;
    world_init(&w, false);
    const struct rkmq_env *env = w.a.env;
    struct rkmq_pool *pool;
    assert_int_equal(env->ops->pool_create(env->ctx, "p", 1, 1, &pool), RKMQ_OK);
    struct task tasks[3];
    for (size_t i = 0; i < 3; i++) {
        task_init(&tasks[i], &w, 5000);
        env->ops->submit(env->ctx, pool, &tasks[i].job);
        rkmq__timer_in(env, &tasks[i].timer, 3);
    }
    struct task other;
    task_init(&other, &w, 0);
    rkmq__timer_in(w.b.env, &other.timer, 3);
    rkmq_sim_run_for(w.sim, 1);
    rkmq_sim_crash(w.sim, "a", true);
    assert_false(rkmq__timer_is_armed(&tasks[0].timer));
    rkmq__timer_in(env, &tasks[0].timer, 1);
    env->ops->submit(env->ctx, pool, &tasks[2].job);
    rkmq_sim_run_for(w.sim, 100);
    assert_int_equal(tasks[0].run_at, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tasks[i].done_at, -1);
        assert_int_equal(tasks[i].fired_at, -1);
        rkmq__timer_stop(env, &tasks[i].timer);
    }
    assert_int_equal(tasks[1].run_at, -1);
    assert_int_equal(other.fired_at, 3000);
    char bound[64];
    rkmq_conn c;
    assert_int_equal(env->ops->listen(env->ctx, "a:1", &SIDE_EVENTS, &w.a, &c, bound, NULL),
                     RKMQ_E_IO);
    env->ops->close(env->ctx, w.a.listener);
    env->ops->pool_destroy(env->ctx, pool);
    world_end(&w);
}

static bool is_b_open(void *arg)
{
    return ((struct world *)arg)->b.opened_at >= 0;
}

static void what_is_left_of_a_host(void **state)
{
    /* A host's open connections, listeners, armed timers and pools are counted; what was closed,
     * stopped or destroyed is not, and a crashed host has nothing. */
    (void)state;
    struct world w;
    struct rkmq_sim_left left;
    world_init(&w, false);
    const struct rkmq_env *env = w.b.env;
    struct task task;
    struct rkmq_pool *pool;
    task_init(&task, &w, 0);
    rkmq__timer_in(env, &task.timer, 5000);
    assert_int_equal(env->ops->pool_create(env->ctx, "p", 1, 1, &pool), RKMQ_OK);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 10);
    rkmq_sim_host_left(w.sim, "b", &left);
    assert_int_equal(left.connections, 1);
    assert_int_equal(left.listeners, 0);
    assert_int_equal(left.timers, 1);
    assert_int_equal(left.pools, 1);
    rkmq_sim_host_left(w.sim, "a", &left);
    assert_int_equal(left.connections + left.listeners, 2);
    env->ops->close(env->ctx, w.b.conn);
    rkmq__timer_stop(env, &task.timer);
    env->ops->pool_destroy(env->ctx, pool);
    rkmq_sim_host_left(w.sim, "b", &left);
    assert_int_equal(left.connections + left.listeners + left.timers + left.pools, 0);
    rkmq_sim_crash(w.sim, "a", true);
    rkmq_sim_host_left(w.sim, "a", &left);
    assert_int_equal(left.connections + left.listeners + left.timers + left.pools, 0);
    world_end(&w);
}

static void running_to_a_point(void **state)
{
    /* Time goes on to the limit asked for, also without events; waiting ends with the condition,
     * with the time, or with RKMQ_E_STATE when nothing can happen any more. */
    (void)state;
    struct world w;
    world_init(&w, false);
    assert_false(rkmq_sim_step(w.sim));
    rkmq_sim_run_for(w.sim, 7);
    assert_int_equal(rkmq_sim_now(w.sim), 7000);
    assert_false(rkmq_sim_run_until(w.sim, is_b_open, &w, 3));
    assert_int_equal(rkmq_sim_now(w.sim), 10000);
    assert_int_equal(w.rt->ops->await(w.rt, is_b_open, &w, 1000), RKMQ_E_STATE);
    assert_int_equal(rkmq_sim_now(w.sim), 10000);
    struct task task;
    task_init(&task, &w, 0);
    rkmq__timer_in(w.a.env, &task.timer, 100);
    assert_int_equal(w.rt->ops->await(w.rt, is_b_open, &w, 50), RKMQ_E_TIMEOUT);
    assert_int_equal(rkmq_sim_now(w.sim), 60000);
    side_dial(&w.b, "a:9876");
    assert_true(rkmq_sim_run_until(w.sim, is_b_open, &w, 1000));
    assert_int_equal(rkmq_sim_now(w.sim), 60400);
    rkmq_sim_run_for(w.sim, 100);
    assert_int_equal(task.fired_at, 110000);
    world_end(&w);
}

static void the_trace_reads(void **state)
{
    /* One line for what happened, with its time and host; here is a whole conversation. */
    (void)state;
    struct world w;
    world_init(&w, true);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    RKMQ_TRACE(w.b.env, "says %s", "hello");
    side_send(&w.b, 5);
    rkmq_sim_run_for(w.sim, 1);
    w.a.env->ops->close(w.a.env->ctx, w.a.conn);
    rkmq_sim_run_for(w.sim, 1);
    rkmq_sim_crash(w.sim, "a", false);
    assert_string_equal(rkmq_sim_trace(w.sim), "0.000 a host 10.0.0.1\n"
                                               "0.000 b host 10.0.0.2\n"
                                               "0.000 a listen c1 10.0.0.1:9876\n"
                                               "0.000 b dial c2 a:9876\n"
                                               "0.200 a opened c3 10.0.0.2:50000\n"
                                               "0.400 b opened c2 10.0.0.1:9876\n"
                                               "1.000 b says hello\n"
                                               "1.000 b send c2 5\n"
                                               "1.200 a data c3 5\n"
                                               "2.000 a close c3\n"
                                               "2.200 b closed c2 closed by the peer\n"
                                               "3.000 a crash silent\n");
    world_end(&w);
}

/* ---- memory ---- */

static int scene_play(struct rkmq_sim *s, struct side *a, struct side *b, struct rkmq_pool **pool)
{
    struct rkmq_runtime *rt = rkmq_sim_runtime(s);
    a->sim = b->sim = s;
    a->env = rt->ops->host(rt, "a");
    b->env = a->env ? rt->ops->host(rt, "b") : NULL;
    struct rkmq_link link = {.delay_us = 100, .chunk_bytes_max = 3};
    if (!b->env || rkmq_sim_link(s, "a", "b", &link) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    int status =
        a->env->ops->listen(a->env->ctx, "a:1", &SIDE_EVENTS, a, &a->listener, a->bound, NULL);
    if (status == RKMQ_OK) {
        status = a->env->ops->pool_create(a->env->ctx, "p", 1, 1, pool);
    }
    if (status == RKMQ_OK) {
        status = b->env->ops->dial(b->env->ctx, "nobody:1", &SIDE_EVENTS, b, &b->conn);
    }
    if (status == RKMQ_OK) {
        status = b->env->ops->dial(b->env->ctx, "a:1", &SIDE_EVENTS, b, &b->conn);
    }
    struct rkmq_buf *buf = status == RKMQ_OK ? rkmq_buf_create(b->env->mem, 10) : NULL;
    if (!buf) {
        return RKMQ_E_NOMEM;
    }
    memset(buf->p, 0, buf->n);
    return b->env->ops->send(b->env->ctx, b->conn, buf);
}

static int scene(const struct rkmq_mem *mem, void *arg)
{
    (void)arg;
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    o.mem = mem;
    struct rkmq_sim *s;
    int status = rkmq_sim_create(&s, &o);
    if (status != RKMQ_OK) {
        assert_null(s);
        return status;
    }
    struct side a = {0}, b = {0};
    struct rkmq_pool *pool = NULL;
    status = scene_play(s, &a, &b, &pool);
    rkmq_sim_run_for(s, 10);
    if (status == RKMQ_OK) {
        assert_int_equal(a.n_received, 10);
    }
    if (pool) {
        a.env->ops->pool_destroy(a.env->ctx, pool);
    }
    rkmq_sim_destroy(s);
    return status;
}

static void any_allocation_may_fail(void **state)
{
    /* The n-th allocation of a world, its hosts, rules, listeners, dials, sends, pools fails: the
     * operation says so and nothing leaks. */
    (void)state;
    assert_true(test_mem_fail_each(scene, NULL) > 10);
}

static void a_view_that_cannot_be_made(void **state)
{
    /* Cutting a send apart needs memory at delivery, where nobody can be told: without it, the
     * bytes arrive in larger pieces, but all of them. */
    (void)state;
    struct world w;
    world_init(&w, false);
    struct rkmq_link link = {.delay_us = 100, .chunk_bytes_max = 3};
    assert_int_equal(rkmq_sim_link(w.sim, "b", "a", &link), RKMQ_OK);
    side_dial(&w.b, "a:9876");
    rkmq_sim_run_for(w.sim, 1);
    side_send(&w.b, 1000);
    w.tm.n_calls = 0;
    w.tm.fail_at = 0;
    rkmq_sim_run_for(w.sim, 1);
    w.tm.fail_at = -1;
    assert_int_equal(w.a.n_received, 1000);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_add_up),
        cmocka_unit_test(hosts_have_names_and_addresses),
        cmocka_unit_test(the_last_rule_wins),
        cmocka_unit_test(a_cut_holds_bytes_and_dials),
        cmocka_unit_test(a_cut_dial_can_be_given_up),
        cmocka_unit_test(a_link_resets),
        cmocka_unit_test(a_silent_crash),
        cmocka_unit_test(a_crash_with_reset),
        cmocka_unit_test(a_host_starts_anew),
        cmocka_unit_test(jobs_take_their_time),
        cmocka_unit_test(a_crash_drops_jobs_and_timers),
        cmocka_unit_test(what_is_left_of_a_host),
        cmocka_unit_test(running_to_a_point),
        cmocka_unit_test(the_trace_reads),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_view_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
