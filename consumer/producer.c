/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions of rkmq/producer.h: each asks the loop thread, some wait. */
#include "consumer/core/producer.h"

#define DEFAULT_HOST "client"
#define SEND_TIMEOUT_MS 60000 /* beyond send_msg_timeout_ms: routes are asked for first */
#define SHUTDOWN_TIMEOUT_MS 120000

struct rkmq_producer {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct rkmq_producer_impl *impl;
    bool is_done; /* the send or shutdown under way */
    int status;
    struct rkmq_send_result result;
    struct rkmq_err err;
};

/* One question to the loop thread; each function uses the members it needs. */
struct question {
    struct rkmq_producer *p;
    const struct rkmq_producer_options *options;
    const struct rkmq_message *msgs;
    size_t n;
    struct rkmq_err *err;
    int status;
};

static void ask(struct rkmq_producer *p, void (*fn)(void *arg), struct question *q)
{
    q->p = p;
    p->rt->ops->call(p->rt, fn, q);
}

static bool is_done(void *arg)
{
    return ((const struct rkmq_producer *)arg)->is_done;
}

static void on_abandon(void *arg)
{
    const struct question *q = arg;
    rkmq__producer_impl_abandon(q->p->impl);
}

/* ---- life cycle ---- */

static void on_create(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__producer_impl_create(&q->p->impl, q->p->env, q->options);
}

int rkmq_producer_create(struct rkmq_producer **out, struct rkmq_runtime *rt,
                         const struct rkmq_producer_options *o, struct rkmq_err *err)
{
    *out = NULL;
    if (o->size != sizeof *o) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "producer: options of %zu bytes, not %zu",
                             o->size, sizeof *o);
    }
    if (!o->namesrv_addr || !o->namesrv_addr[0] || !o->instance_name || !o->instance_name[0]) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "namesrvAddr or instanceName is null");
    }
    int status = rkmq__producer_check(o, err);
    if (status != RKMQ_OK) {
        return status;
    }
    const struct rkmq_env *env = rt->ops->host(rt, o->host ? o->host : DEFAULT_HOST);
    struct rkmq_producer *p = env ? rkmq__zalloc(env->mem, sizeof *p) : NULL;
    if (!p) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    struct question q = {.options = o};
    p->rt = rt;
    p->env = env;
    ask(p, on_create, &q);
    if (q.status != RKMQ_OK) {
        rkmq__free(env->mem, p);
        return rkmq__err_set(err, q.status, "out of memory");
    }
    *out = p;
    return RKMQ_OK;
}

static void on_start(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__producer_impl_start(q->p->impl, q->err);
}

int rkmq_producer_start(struct rkmq_producer *p, struct rkmq_err *err)
{
    struct question q = {.err = err};
    ask(p, on_start, &q);
    return q.status;
}

static void on_left(void *user)
{
    struct rkmq_producer *p = user;
    p->is_done = true;
}

static void on_shutdown(void *arg)
{
    const struct question *q = arg;
    rkmq__producer_impl_shutdown(q->p->impl, on_left, q->p);
}

static void on_destroy(void *arg)
{
    const struct question *q = arg;
    rkmq__producer_impl_destroy(q->p->impl);
}

void rkmq_producer_destroy(struct rkmq_producer *p)
{
    struct question q = {0};
    if (!p) {
        return;
    }
    p->is_done = false;
    if (!p->env->is_gone) {
        ask(p, on_shutdown, &q);
    }
    if (p->env->is_gone || p->rt->ops->await(p->rt, is_done, p, SHUTDOWN_TIMEOUT_MS) != RKMQ_OK) {
        ask(p, on_abandon, &q);
    }
    ask(p, on_destroy, &q);
    rkmq__free(p->env->mem, p);
}

/* ---- sending ---- */

static void on_sent(void *user, int status, const struct rkmq_send_result *result,
                    const struct rkmq_err *err)
{
    struct rkmq_producer *p = user;
    p->is_done = true;
    p->status = status;
    p->err = *err;
    if (result) {
        p->result = *result;
    }
}

static void on_send(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__producer_impl_send(q->p->impl, q->msgs, q->n, on_sent, q->p, q->err);
}

int rkmq_producer_send(struct rkmq_producer *p, const struct rkmq_message *msgs, size_t n,
                       struct rkmq_send_result *out, struct rkmq_err *err)
{
    struct question q = {.msgs = msgs, .n = n, .err = err};
    rkmq_ms timeout_ms = p->impl->options.send_msg_timeout_ms + SEND_TIMEOUT_MS;
    p->is_done = false;
    ask(p, on_send, &q);
    if (q.status != RKMQ_OK) {
        return q.status;
    }
    int status = p->rt->ops->await(p->rt, is_done, p, timeout_ms);
    if (status != RKMQ_OK) { /* the loop cannot get there: nothing of it may come later */
        ask(p, on_abandon, &q);
        return rkmq__err_set(err, status, "%s", rkmq_status_text(status));
    }
    if (p->status != RKMQ_OK && err) {
        *err = p->err;
    } else if (p->status == RKMQ_OK && out) {
        *out = p->result;
    }
    return p->status;
}
