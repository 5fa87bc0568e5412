/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions of rkmq/mock.h: each asks the loop thread, some wait. */
#include "mockbroker/cluster.h"

#define READY_TIMEOUT_MS 10000
#define STOP_TIMEOUT_MS (RKMQ_BROKER_UNREGISTER_TIMEOUT_MS + 1000)

/* One question to the loop thread; each function uses the members it needs. */
struct question {
    struct rkmq_mock *m;
    struct rkmq_err *err;
    struct rkmq_slice topic, group, tag, text;
    unsigned broker, n;
    int32_t queue_id;
    int code, status;
    int64_t answer;
};

static void ask(struct rkmq_mock *m, void (*fn)(void *arg), struct question *q)
{
    q->m = m;
    m->rt->ops->call(m->rt, fn, q);
}

/* ---- life cycle ---- */

static int options_check(const struct rkmq_mock_options *o, struct rkmq_err *err)
{
    if (o->size != sizeof *o) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "mock: options of %zu bytes, not %zu", o->size,
                             sizeof *o);
    }
    if (o->namesrvs < 1 || o->namesrvs > RKMQ_MOCK_SERVERS_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "mock: %u name servers, 1 to %d", o->namesrvs,
                             RKMQ_MOCK_SERVERS_MAX);
    }
    if (o->brokers < 1 || o->brokers > RKMQ_MOCK_SERVERS_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "mock: %u brokers, 1 to %d", o->brokers,
                             RKMQ_MOCK_SERVERS_MAX);
    }
    if (!o->bind_host || !o->cluster) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "mock: bind_host and cluster are needed");
    }
    return RKMQ_OK;
}

/* A host for every server; asked before the loop is entered, as the runtime wants it. */
static int hosts_make(struct rkmq_mock *m)
{
    for (unsigned i = 0; i < m->n_namesrvs; i++) {
        (void)snprintf(m->namesrvs[i].name, RKMQ_MOCK_NAME_BYTES, "ns%u", i);
        m->namesrvs[i].env = m->rt->ops->host(m->rt, m->namesrvs[i].name);
        if (!m->namesrvs[i].env) {
            return RKMQ_E_NOMEM;
        }
    }
    const rkmq_ms *flush_ms = m->options.broker_offset_flush_ms;
    for (unsigned i = 0; i < m->n_brokers; i++) {
        m->brokers[i].offset_flush_ms = flush_ms ? flush_ms[i] : m->options.offset_flush_ms;
        (void)snprintf(m->brokers[i].name, RKMQ_MOCK_NAME_BYTES, "broker-%c", (char)('a' + i));
        m->brokers[i].env = m->rt->ops->host(m->rt, m->brokers[i].name);
        if (!m->brokers[i].env) {
            return RKMQ_E_NOMEM;
        }
    }
    return RKMQ_OK;
}

static void on_open(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__cluster_open(q->m, q->err);
}

static void on_close(void *arg)
{
    struct question *q = arg;
    rkmq__cluster_close(q->m);
}

static bool is_registered(void *arg)
{
    return rkmq__cluster_is_registered(arg);
}

static int await_registered(struct rkmq_mock *m)
{
    return m->rt->ops->await(m->rt, is_registered, m, READY_TIMEOUT_MS);
}

int rkmq_mock_create(struct rkmq_mock **out, struct rkmq_runtime *rt,
                     const struct rkmq_mock_options *o, struct rkmq_err *err)
{
    const struct rkmq_mock_options defaults = RKMQ_MOCK_OPTIONS_INIT;
    struct question q = {.err = err};
    *out = NULL;
    o = o ? o : &defaults;
    int status = options_check(o, err);
    const struct rkmq_env *first = status == RKMQ_OK ? rt->ops->host(rt, "ns0") : NULL;
    if (!first) {
        return status == RKMQ_OK ? RKMQ_E_NOMEM : status;
    }
    struct rkmq_mock *m = rkmq__zalloc(first->mem, sizeof *m);
    if (!m) {
        return RKMQ_E_NOMEM;
    }
    m->rt = rt;
    m->mem = first->mem;
    m->options = *o;
    m->n_namesrvs = o->namesrvs;
    m->n_brokers = o->brokers;
    rkmq__bytes_init(&m->namesrv_addr, m->mem);
    status = hosts_make(m);
    if (status == RKMQ_OK) {
        ask(m, on_open, &q);
        status = q.status;
    }
    if (status == RKMQ_OK) {
        status = await_registered(m);
        if (status != RKMQ_OK) {
            (void)rkmq__err_set(err, status, "mock: the brokers did not register within %d ms",
                                READY_TIMEOUT_MS);
        }
    }
    if (status != RKMQ_OK) {
        rkmq_mock_destroy(m);
        return status;
    }
    *out = m;
    return RKMQ_OK;
}

static void on_stop(void *arg)
{
    struct question *q = arg;
    for (unsigned i = 0; i < q->m->n_brokers; i++) {
        if (q->m->brokers[i].brk) {
            rkmq__broker_stop(q->m->brokers[i].brk);
        }
    }
}

static bool is_stopped(void *arg)
{
    const struct rkmq_mock *m = arg;
    for (unsigned i = 0; i < m->n_brokers; i++) {
        if (m->brokers[i].brk && !rkmq__broker_is_stopped(m->brokers[i].brk)) {
            return false;
        }
    }
    return true;
}

void rkmq_mock_destroy(struct rkmq_mock *m)
{
    struct question q = {0};
    if (!m) {
        return;
    }
    ask(m, on_stop, &q);
    (void)m->rt->ops->await(m->rt, is_stopped, m, STOP_TIMEOUT_MS); /* it goes down either way */
    ask(m, on_close, &q);
    rkmq__bytes_close(&m->namesrv_addr);
    rkmq__free(m->mem, m);
}

/* ---- addresses: fixed after create ---- */

const char *rkmq_mock_namesrv_addr(const struct rkmq_mock *m)
{
    return (const char *)m->namesrv_addr.p;
}

unsigned rkmq_mock_broker_count(const struct rkmq_mock *m)
{
    return m->n_brokers;
}

const char *rkmq_mock_broker_name(const struct rkmq_mock *m, unsigned broker)
{
    RKMQ_ASSERT(broker < m->n_brokers);
    return m->brokers[broker].name;
}

const char *rkmq_mock_broker_addr(const struct rkmq_mock *m, unsigned broker)
{
    RKMQ_ASSERT(broker < m->n_brokers);
    return rkmq__broker_address(m->brokers[broker].brk);
}

/* ---- topics, messages, offsets ---- */

static void on_topic(void *arg)
{
    struct question *q = arg;
    for (unsigned i = 0; q->status == RKMQ_OK && i < q->m->n_brokers; i++) {
        q->status = rkmq__broker_topic_put(q->m->brokers[i].brk, q->topic, q->n);
    }
}

int rkmq_mock_topic(struct rkmq_mock *m, const char *topic, unsigned queues_per_broker)
{
    struct question q = {.topic = rkmq__slice_of(topic), .n = queues_per_broker};
    ask(m, on_topic, &q);
    return q.status == RKMQ_OK ? await_registered(m) : q.status;
}

static void on_publish(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__cluster_publish(q->m, q->topic, q->tag, q->text, q->n);
}

int rkmq_mock_publish(struct rkmq_mock *m, const char *topic, const char *tag, const char *text,
                      unsigned n)
{
    struct question q = {.topic = rkmq__slice_of(topic),
                         .tag = rkmq__slice_of(tag),
                         .text = rkmq__slice_of(text),
                         .n = n};
    ask(m, on_publish, &q);
    return q.status;
}

static void on_committed(void *arg)
{
    struct question *q = arg;
    q->answer = rkmq__cluster_committed(q->m, q->group, q->topic);
}

int64_t rkmq_mock_committed(struct rkmq_mock *m, const char *group, const char *topic)
{
    struct question q = {.group = rkmq__slice_of(group), .topic = rkmq__slice_of(topic)};
    ask(m, on_committed, &q);
    return q.answer;
}

static void on_max_offset(void *arg)
{
    struct question *q = arg;
    q->answer = rkmq__cluster_max_offset(q->m, q->topic);
}

int64_t rkmq_mock_max_offset(struct rkmq_mock *m, const char *topic)
{
    struct question q = {.topic = rkmq__slice_of(topic)};
    ask(m, on_max_offset, &q);
    return q.answer;
}

static void on_committed_of(void *arg)
{
    struct question *q = arg;
    q->answer =
        rkmq__broker_committed(q->m->brokers[q->broker].brk, q->group, q->topic, q->queue_id);
}

int64_t rkmq_mock_committed_of(struct rkmq_mock *m, unsigned broker, const char *group,
                               const char *topic, int32_t queue_id)
{
    RKMQ_ASSERT(broker < m->n_brokers);
    RKMQ_ASSERT(queue_id >= 0);
    struct question q = {.group = rkmq__slice_of(group),
                         .topic = rkmq__slice_of(topic),
                         .broker = broker,
                         .queue_id = queue_id};
    ask(m, on_committed_of, &q);
    return q.answer;
}

struct committed_wait {
    const struct rkmq_mock *m;
    struct rkmq_slice group, topic;
    int64_t total;
};

static bool is_committed(void *arg)
{
    const struct committed_wait *wait = arg;
    return rkmq__cluster_committed(wait->m, wait->group, wait->topic) >= wait->total;
}

int rkmq_mock_await_committed(struct rkmq_mock *m, const char *group, const char *topic,
                              int64_t total, rkmq_ms timeout_ms)
{
    struct committed_wait wait = {m, rkmq__slice_of(group), rkmq__slice_of(topic), total};
    return m->rt->ops->await(m->rt, is_committed, &wait, timeout_ms);
}

static void on_seen(void *arg)
{
    struct question *q = arg;
    for (unsigned i = 0; i < q->m->n_namesrvs; i++) {
        q->answer += (int64_t)rkmq__watch_seen(&q->m->namesrvs[i].watch, q->code);
    }
    for (unsigned i = 0; i < q->m->n_brokers; i++) {
        q->answer += (int64_t)rkmq__watch_seen(&q->m->brokers[i].watch, q->code);
    }
}

uint64_t rkmq_mock_seen(struct rkmq_mock *m, int request_code)
{
    struct question q = {.code = request_code};
    ask(m, on_seen, &q);
    return (uint64_t)q.answer;
}
