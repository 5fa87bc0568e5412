/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that go down and come up, of rkmq/mock.h: each asks the loop thread, some wait. */
#include "mockbroker/cluster.h"

#define DOWN_TIMEOUT_MS (RKMQ_BROKER_UNREGISTER_TIMEOUT_MS + 1000)
#define UP_TIMEOUT_MS 10000

struct life_question {
    struct rkmq_mock *m;
    unsigned i;
    enum rkmq_mock_keep keep;
    const char *topic;
    int32_t queues, perm;
    struct rkmq_err *err;
    int status;
};

static void ask(struct rkmq_mock *m, void (*fn)(void *arg), struct life_question *q)
{
    q->m = m;
    m->rt->ops->call(m->rt, fn, q);
}

static void on_shutdown(void *arg)
{
    const struct life_question *q = arg;
    rkmq__cluster_broker_shutdown(q->m, q->i);
}

static bool is_down(void *arg)
{
    const struct life_question *q = arg;
    return rkmq__broker_is_down(q->m->brokers[q->i].brk);
}

static void on_kill(void *arg)
{
    const struct life_question *q = arg;
    rkmq__cluster_broker_kill(q->m, q->i);
}

void rkmq_mock_broker_shutdown(struct rkmq_mock *m, unsigned broker)
{
    struct life_question q = {.i = broker};
    RKMQ_ASSERT(broker < m->n_brokers);
    ask(m, on_shutdown, &q);
    if (m->rt->ops->await(m->rt, is_down, &q, DOWN_TIMEOUT_MS) != RKMQ_OK) {
        ask(m, on_kill, &q);
    }
}

void rkmq_mock_broker_kill(struct rkmq_mock *m, unsigned broker)
{
    struct life_question q = {.i = broker};
    RKMQ_ASSERT(broker < m->n_brokers);
    ask(m, on_kill, &q);
}

static void on_start(void *arg)
{
    static const enum rkmq_broker_keep keeps[] = {[RKMQ_MOCK_KEEP_ALL] = RKMQ_BROKER_KEEP_ALL,
                                                  [RKMQ_MOCK_KEEP_FLUSHED] =
                                                      RKMQ_BROKER_KEEP_FLUSHED,
                                                  [RKMQ_MOCK_KEEP_NONE] = RKMQ_BROKER_KEEP_NONE};
    struct life_question *q = arg;
    q->status = rkmq__cluster_broker_start(q->m, q->i, keeps[q->keep], q->err);
}

static bool is_registered(void *arg)
{
    const struct life_question *q = arg;
    return rkmq__broker_is_registered(q->m->brokers[q->i].brk);
}

int rkmq_mock_broker_start(struct rkmq_mock *m, unsigned broker, enum rkmq_mock_keep keep,
                           struct rkmq_err *err)
{
    struct life_question q = {.i = broker, .keep = keep, .err = err};
    RKMQ_ASSERT(broker < m->n_brokers);
    ask(m, on_start, &q);
    if (q.status == RKMQ_OK) {
        q.status = m->rt->ops->await(m->rt, is_registered, &q, UP_TIMEOUT_MS);
    }
    return q.status;
}

static void on_namesrv_stop(void *arg)
{
    const struct life_question *q = arg;
    rkmq__cluster_namesrv_stop(q->m, q->i);
}

void rkmq_mock_namesrv_stop(struct rkmq_mock *m, unsigned namesrv)
{
    struct life_question q = {.i = namesrv};
    RKMQ_ASSERT(namesrv < m->n_namesrvs);
    ask(m, on_namesrv_stop, &q);
}

static void on_namesrv_start(void *arg)
{
    struct life_question *q = arg;
    q->status = rkmq__cluster_namesrv_start(q->m, q->i, q->err);
}

int rkmq_mock_namesrv_start(struct rkmq_mock *m, unsigned namesrv, struct rkmq_err *err)
{
    struct life_question q = {.i = namesrv, .err = err};
    RKMQ_ASSERT(namesrv < m->n_namesrvs);
    ask(m, on_namesrv_start, &q);
    return q.status;
}

static void on_topic_change(void *arg)
{
    struct life_question *q = arg;
    q->status = rkmq__broker_topic_change(q->m->brokers[q->i].brk, rkmq__slice_of(q->topic),
                                          q->queues, q->perm);
}

int rkmq_mock_topic_change(struct rkmq_mock *m, unsigned broker, const char *topic, int32_t queues,
                           int32_t perm)
{
    struct life_question q = {.i = broker, .topic = topic, .queues = queues, .perm = perm};
    RKMQ_ASSERT(broker < m->n_brokers);
    ask(m, on_topic_change, &q);
    return q.status;
}
