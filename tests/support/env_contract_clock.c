/* SPDX-License-Identifier: Apache-2.0 */
/* Timers, calls and waits. */
#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/env_contract.h"

/* ---- timers ---- */

#define N_TIMERS 7

struct bell;
struct clock_case {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct bell *bells;
    char rung[32];
    size_t n_rung;
    int n_again; /* how often the bell that rings at once has rung */
    bool was_early;
};

struct bell {
    struct rkmq_timer timer;
    struct clock_case *clock;
    char name;
};

static void on_ring(struct rkmq_timer *t)
{
    struct bell *bell = RKMQ_CONTAINER_OF(t, struct bell, timer);
    struct clock_case *clock = bell->clock;
    clock->was_early |= rkmq__now(clock->env) < t->due || rkmq__timer_is_armed(t);
    if (clock->n_rung + 1 < sizeof clock->rung) {
        clock->rung[clock->n_rung++] = bell->name;
    }
}

static void on_ring_again(struct rkmq_timer *t)
{
    struct clock_case *clock = RKMQ_CONTAINER_OF(t, struct bell, timer)->clock;
    if (++clock->n_again < 1000) {
        rkmq__timer_in(clock->env, t, 0);
    }
}

static void do_arm(void *arg)
{
    struct clock_case *clock = arg;
    const struct rkmq_env *env = clock->env;
    static const int DELAYS[N_TIMERS] = {5, 3, 5, 0, 9, 2, 0};
    for (size_t i = 0; i < N_TIMERS; i++) {
        clock->bells[i].clock = clock;
        clock->bells[i].name = (char)('a' + i);
        clock->bells[i].timer.fire = on_ring;
        rkmq__timer_in(env, &clock->bells[i].timer, DELAYS[i]);
    }
    rkmq__timer_in(env, &clock->bells[0].timer, 5); /* armed anew: now behind c */
    rkmq__timer_in(env, &clock->bells[4].timer, 1); /* earlier */
    rkmq__timer_stop(env, &clock->bells[5].timer);
    rkmq__timer_stop(env, &clock->bells[5].timer);
    rkmq__timer_arm(env, &clock->bells[6].timer, rkmq__now(env) - 10); /* overdue: the first */
    clock->bells[5].timer.fire = on_ring_again;
    rkmq__timer_in(env, &clock->bells[5].timer, 0);
}

static bool is_all_rung(void *arg)
{
    const struct clock_case *clock = arg;
    return clock->n_rung >= N_TIMERS - 1 && clock->n_again >= 1000;
}

void env_contract_timers_in_order(struct rkmq_runtime *rt)
{
    /* Timers fire not early, in order of due, then of arming; arming again moves them, stopping
     * removes them, and one that always asks for "now" does not keep the others from firing. */
    struct bell bells[N_TIMERS] = {0};
    struct clock_case clock = {.rt = rt, .env = rt->ops->host(rt, "a"), .bells = bells};
    rt->ops->call(rt, do_arm, &clock);
    assert_int_equal(rt->ops->await(rt, is_all_rung, &clock, ENV_CONTRACT_DEADLINE_MS), RKMQ_OK);
    assert_string_equal(clock.rung, "gdebca");
    assert_false(clock.was_early);
}

static void do_arm_never(void *arg)
{
    struct clock_case *clock = arg;
    clock->bells->timer.fire = on_ring;
    clock->bells->clock = clock;
    rkmq__timer_arm(clock->env, &clock->bells->timer, RKMQ_NEVER);
}

static void do_stop(void *arg)
{
    struct clock_case *clock = arg;
    rkmq__timer_stop(clock->env, &clock->bells->timer);
}

static bool is_never(void *arg)
{
    return ((struct clock_case *)arg)->n_rung > 0;
}

void env_contract_timer_that_never_fires(struct rkmq_runtime *rt)
{
    /* A timer armed for RKMQ_NEVER is armed and stays silent. */
    struct bell bell = {0};
    struct clock_case clock = {.rt = rt, .env = rt->ops->host(rt, "a"), .bells = &bell};
    rt->ops->call(rt, do_arm_never, &clock);
    assert_true(rkmq__timer_is_armed(&bell.timer));
    assert_int_not_equal(rt->ops->await(rt, is_never, &clock, 1), RKMQ_OK);
    rt->ops->call(rt, do_stop, &clock);
    assert_false(rkmq__timer_is_armed(&bell.timer));
}

/* ---- the runtime's own operations ---- */

struct inner {
    struct rkmq_runtime *rt;
    int n_called, await_status;
    rkmq_ms now, wall;
    uint64_t first, second;
};

static bool is_never_true(void *arg)
{
    (void)arg;
    return false;
}

static void do_nested(void *arg)
{
    ((struct inner *)arg)->n_called++;
}

static void do_outer(void *arg)
{
    struct inner *inner = arg;
    const struct rkmq_env *env = inner->rt->ops->host(inner->rt, "a");
    inner->rt->ops->call(inner->rt, do_nested, inner);
    inner->await_status = inner->rt->ops->await(inner->rt, is_never_true, NULL, 1);
    inner->now = rkmq__now(env);
    inner->wall = rkmq__wall(env);
    inner->first = rkmq__rand64(env);
    inner->second = rkmq__rand64(env);
}

void env_contract_calls_nest_and_waits_do_not(struct rkmq_runtime *rt)
{
    /* On the loop thread `call` runs at once and `await` is refused; clocks and random numbers are
     * there. */
    struct inner inner = {.rt = rt};
    rt->ops->call(rt, do_outer, &inner);
    assert_int_equal(inner.n_called, 1);
    assert_int_equal(inner.await_status, RKMQ_E_STATE);
    assert_true(inner.wall > 1600000000000);
    assert_true(inner.now >= 0);
    assert_true(inner.first != inner.second);
}

static void do_arm_later(void *arg)
{
    struct clock_case *clock = arg;
    clock->bells->timer.fire = on_ring;
    clock->bells->clock = clock;
    rkmq__timer_in(clock->env, &clock->bells->timer, 3600 * 1000);
}

void env_contract_await_ends_in_time(struct rkmq_runtime *rt)
{
    /* A condition that never holds ends in RKMQ_E_TIMEOUT while something is still due later. */
    struct bell bell = {0};
    struct clock_case clock = {.rt = rt, .env = rt->ops->host(rt, "a"), .bells = &bell};
    rt->ops->call(rt, do_arm_later, &clock);
    assert_int_equal(rt->ops->await(rt, is_never_true, NULL, 2), RKMQ_E_TIMEOUT);
    rt->ops->call(rt, do_stop, &clock);
    assert_int_equal(clock.n_rung, 0);
}
