/* SPDX-License-Identifier: Apache-2.0 */
/* RebalanceService (client, 5.3.3): when a pass runs, and its way over the consumers. */
#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/push_consumer.h"

/* ---- the loop: waitForRunning, spacing, pass ---- */

static bool is_passing(const struct rkmq_rebalance_service *rs)
{
    return rs->pass.state != RKMQ_PASS_IDLE;
}

static void service_wait(struct rkmq_rebalance_service *rs)
{
    rkmq__timer_in(rs->ci->env, &rs->timer, rs->is_woken ? 0 : rs->wait_ms);
    rs->is_woken = false;
}

void rkmq__rebalance_immediately(struct rkmq_rebalance_service *rs)
{
    if (!rs->is_started || is_passing(rs)) {
        rs->is_woken = true;
    } else if (!rs->is_spacing) {
        rkmq__timer_in(rs->ci->env, &rs->timer, 0);
    }
}

static bool pass_end(struct rkmq_rebalance_service *rs)
{
    rs->pass.state = RKMQ_PASS_IDLE;
    rs->pass.impl = NULL;
    rs->last_pass = rkmq__now(rs->ci->env);
    rs->wait_ms = rs->pass.is_balanced ? RKMQ_REBALANCE_WAIT_MS : RKMQ_REBALANCE_UNBALANCED_MS;
    if (!RKMQ_MUTANT(REBALANCE_ONCE)) {
        service_wait(rs);
    } else {
        rs->is_started = false;
    }
    return false;
}

/* tryRebalance of one consumer after another. */
static bool pass_next_consumer(struct rkmq_rebalance_service *rs)
{
    RKMQ_LIST_EACH (it, &rs->ci->consumers) {
        struct rkmq_push_impl *impl = RKMQ_PUSH_IMPL_OF(it);
        if (impl->round == rs->round) {
            continue;
        }
        impl->round = rs->round;
        if (impl->is_paused) {
            rs->pass.is_balanced = false;
        } else if (!impl->is_starting && impl->state != RKMQ_SHUTTING_DOWN) {
            impl->stats.rebalances++;
            rs->pass.impl = impl;
            rs->pass.state = RKMQ_PASS_NEXT_TOPIC;
            return true;
        }
    }
    return pass_end(rs);
}

/* States that wait have no step. */
static rkmq_pass_step *const steps[RKMQ_PASS_STATES] = {
    [RKMQ_PASS_NEXT_CONSUMER] = pass_next_consumer,
    [RKMQ_PASS_NEXT_TOPIC] = rkmq__pass_next_topic,
    [RKMQ_PASS_FIND_IDS] = rkmq__pass_find_ids,
    [RKMQ_PASS_ALLOCATE] = rkmq__pass_allocate,
    [RKMQ_PASS_NEXT_QUEUE] = rkmq__pass_next_queue,
    [RKMQ_PASS_FIND_OFFSET] = rkmq__pass_find_offset,
    [RKMQ_PASS_ADD_QUEUE] = rkmq__pass_add_queue,
    [RKMQ_PASS_QUEUES_DONE] = rkmq__pass_queues_done,
    [RKMQ_PASS_TOPIC_DONE] = rkmq__pass_topic_done,
};

void rkmq__pass_go_on(struct rkmq_rebalance_service *rs, enum rkmq_pass_state state)
{
    rs->pass.state = state;
    while (steps[rs->pass.state] && steps[rs->pass.state](rs)) {
    }
}

static void timer_fired(struct rkmq_timer *t)
{
    struct rkmq_rebalance_service *rs = RKMQ_CONTAINER_OF(t, struct rkmq_rebalance_service, timer);
    const struct rkmq_env *env = rs->ci->env;
    rkmq_ms pass_at = rs->last_pass + rs->ci->rules->rebalance_spacing_ms;
    rs->is_spacing = false;
    if (is_passing(rs)) { /* somebody left in the middle of it */
        rkmq__pass_go_on(rs, RKMQ_PASS_NEXT_CONSUMER);
        return;
    }
    if (rkmq__now(env) < pass_at) {
        rs->is_spacing = true;
        rkmq__timer_arm(env, t, pass_at);
        return;
    }
    rs->round++;
    rs->pass.is_balanced = true;
    rkmq__pass_go_on(rs, RKMQ_PASS_NEXT_CONSUMER);
}

/* ---- life ---- */

void rkmq__rebalance_init(struct rkmq_rebalance_service *rs, struct rkmq_client_instance *ci)
{
    *rs = (struct rkmq_rebalance_service){.ci = ci, .last_pass = rkmq__now(ci->env)};
    rs->timer.fire = timer_fired;
    rs->wait_ms = RKMQ_REBALANCE_WAIT_MS;
    rkmq__arena_init(&rs->pass.arena, ci->env->mem);
}

void rkmq__rebalance_start(struct rkmq_rebalance_service *rs)
{
    RKMQ_ASSERT(!rs->is_started);
    rs->is_started = true;
    service_wait(rs);
}

/* Nobody calls back any more; the topic under way is let go of. */
static void pass_cancel(struct rkmq_rebalance_service *rs)
{
    rkmq__remoting_client_forget(rs->ci->client, rs);
    rkmq__route_forget(&rs->ci->route, rs);
    rkmq__heartbeat_forget(&rs->heartbeat_wait);
    rkmq__pass_topic_close(&rs->pass);
}

void rkmq__rebalance_close(struct rkmq_rebalance_service *rs)
{
    rkmq__timer_stop(rs->ci->env, &rs->timer);
    pass_cancel(rs);
}

void rkmq__rebalance_forget(struct rkmq_rebalance_service *rs, const struct rkmq_push_impl *impl)
{
    if (is_passing(rs) && rs->pass.impl == impl) {
        pass_cancel(rs);
        rs->pass.impl = NULL;
        rs->pass.state = RKMQ_PASS_NEXT_CONSUMER;
        rkmq__timer_in(rs->ci->env, &rs->timer, 0);
    }
}
