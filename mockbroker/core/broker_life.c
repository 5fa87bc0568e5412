/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that goes down and comes up again: what a process keeps on its disk stays in memory. */
#include "mockbroker/core/handlers.h"

bool rkmq__broker_is_down(const struct rkmq_broker *brk)
{
    return brk->server == NULL;
}

static void connections_reset(struct rkmq_broker *brk)
{
    struct rkmq_channel *ch;
    for (size_t cursor = 0; (ch = rkmq__remoting_server_next(brk->server, &cursor));) {
        rkmq__channel_reset(ch, "the broker was killed");
    }
}

void rkmq__broker_take_down(struct rkmq_broker *brk, bool is_killed)
{
    if (rkmq__broker_is_down(brk)) {
        return;
    }
    brk->is_closing = true;
    rkmq__broker_timers_stop(brk);
    if (is_killed) {
        connections_reset(brk);
    } else if (brk->offset_flush_ms > 0) {
        /* A clean end flushes; without memory the last flush has to do. */
        (void)rkmq__consumer_offsets_copy(&brk->flushed, &brk->offsets);
    }
    rkmq__registration_close(&brk->registration);
    struct rkmq_remoting_server *server = brk->server;
    rkmq__remoting_server_destroy(server);
    brk->server = NULL;
    RKMQ_ASSERT(brk->hold.n == 0);
    rkmq__rebalance_locks_close(&brk->locks);
    rkmq__rebalance_locks_init(&brk->locks, brk->env);
}

static int forget_all(struct rkmq_broker *brk, const struct rkmq_broker_config *config)
{
    const struct rkmq_env *env = brk->env;
    rkmq__topic_configs_close(&brk->topics);
    rkmq__topic_configs_init(&brk->topics, env);
    rkmq__message_store_init(&brk->store, env, config->store_bytes_max);
    rkmq__consumer_offsets_close(&brk->offsets);
    rkmq__consumer_offsets_init(&brk->offsets, env->mem);
    rkmq__consumer_offsets_close(&brk->flushed);
    rkmq__consumer_offsets_init(&brk->flushed, env->mem);
    rkmq__subscription_groups_close(&brk->groups);
    rkmq__subscription_groups_init(&brk->groups, env->mem);
    return rkmq__topic_configs_add_system(&brk->topics, config->cluster, config->name,
                                          config->auto_create_topic_enable,
                                          config->default_topic_queue_nums);
}

int rkmq__broker_bring_up(struct rkmq_broker *brk, const struct rkmq_broker_config *config,
                          enum rkmq_broker_keep keep, struct rkmq_err *err)
{
    struct rkmq_err why = {0};
    int status = RKMQ_OK;
    if (!rkmq__broker_is_down(brk)) {
        return RKMQ_OK;
    }
    if (keep == RKMQ_BROKER_KEEP_NONE) {
        status = forget_all(brk, config);
    } else if (keep == RKMQ_BROKER_KEEP_FLUSHED) {
        status = rkmq__consumer_offsets_copy(&brk->offsets, &brk->flushed);
    }
    brk->is_closing = false;
    rkmq__free(brk->env->mem, brk->address);
    brk->address = NULL;
    if (status == RKMQ_OK) {
        status = rkmq__broker_open(brk, config, &why);
    }
    if (status != RKMQ_OK) {
        rkmq__registration_close(&brk->registration);
        rkmq__remoting_server_destroy(brk->server);
        brk->server = NULL;
        brk->is_closing = true;
        return rkmq__err_set(err, status, "broker %s: %s", brk->name,
                             why.text[0] ? why.text : rkmq_status_text(status));
    }
    rkmq__pull_hold_init(&brk->hold, brk->env, rkmq__broker_pull_again, brk);
    rkmq__broker_timers_start(brk);
    rkmq__schedule_arrived(&brk->schedule);
    return RKMQ_OK;
}
