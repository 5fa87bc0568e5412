/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of a cluster that go down and come up again, at the address they had. */
#include "mockbroker/cluster.h"

#define STOP_POLL_MS 10

static void on_down(struct rkmq_timer *t)
{
    struct rkmq_mock_broker *server = RKMQ_CONTAINER_OF(t, struct rkmq_mock_broker, down_timer);
    if (rkmq__broker_is_stopped(server->brk) || rkmq__now(server->env) >= server->down_at) {
        rkmq__broker_take_down(server->brk, false);
    } else {
        rkmq__timer_in(server->env, t, STOP_POLL_MS);
    }
}

void rkmq__cluster_broker_shutdown(struct rkmq_mock *m, unsigned i)
{
    struct rkmq_mock_broker *server = &m->brokers[i];
    rkmq__broker_stop(server->brk);
    server->down_at = rkmq__now(server->env) + RKMQ_BROKER_UNREGISTER_TIMEOUT_MS;
    server->down_timer.fire = on_down;
    rkmq__timer_in(server->env, &server->down_timer, 0);
}

void rkmq__cluster_broker_kill(struct rkmq_mock *m, unsigned i)
{
    rkmq__timer_stop(m->brokers[i].env, &m->brokers[i].down_timer);
    rkmq__broker_take_down(m->brokers[i].brk, true);
}

int rkmq__cluster_broker_start(struct rkmq_mock *m, unsigned i, enum rkmq_broker_keep keep,
                               struct rkmq_err *err)
{
    struct rkmq_mock_broker *server = &m->brokers[i];
    const char *namesrv_addrs[RKMQ_MOCK_SERVERS_MAX];
    struct rkmq_broker_config config;
    if (rkmq__timer_is_armed(&server->down_timer)) { /* a stop under way ends now */
        rkmq__timer_stop(server->env, &server->down_timer);
        rkmq__broker_take_down(server->brk, false);
    }
    rkmq__cluster_broker_config(m, i, server->addr, namesrv_addrs, &config);
    return rkmq__broker_bring_up(server->brk, &config, keep, err);
}

void rkmq__cluster_namesrv_stop(struct rkmq_mock *m, unsigned i)
{
    if (m->namesrvs[i].ns) {
        rkmq__namesrv_destroy(m->namesrvs[i].ns);
        m->namesrvs[i].ns = NULL;
    }
}

int rkmq__cluster_namesrv_start(struct rkmq_mock *m, unsigned i, struct rkmq_err *err)
{
    return m->namesrvs[i].ns ? RKMQ_OK : rkmq__cluster_namesrv_open(m, i, m->namesrvs[i].addr, err);
}

void rkmq__cluster_life_close(struct rkmq_mock *m)
{
    for (unsigned i = 0; i < m->n_brokers; i++) {
        if (m->brokers[i].env) {
            rkmq__timer_stop(m->brokers[i].env, &m->brokers[i].down_timer);
        }
    }
}

void rkmq__cluster_reset(struct rkmq_mock *m, rkmq_watch_meant_fn *is_meant, void *user)
{
    for (unsigned i = 0; i < m->n_namesrvs; i++) {
        rkmq__watch_reset(&m->namesrvs[i].watch, is_meant, user);
    }
    for (unsigned i = 0; i < m->n_brokers; i++) {
        rkmq__watch_reset(&m->brokers[i].watch, is_meant, user);
    }
}
