/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions of rkmq/consumer.h: each asks the loop thread, some wait. */
#include "consumer/core/process_queue.h"
#include "consumer/core/push_consumer.h"

#define DEFAULT_HOST "client"
#define START_TIMEOUT_MS 600000    /* the core ends sooner: every request has its own timeout */
#define SHUTDOWN_TIMEOUT_MS 120000 /* beyond waiting for listeners */
#define LISTENERS_TIMEOUT_MS RKMQ_NEVER
#define CLIENT_ID_CHARS_MAX 255

struct rkmq_push_consumer {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct rkmq_push_impl *impl;
    char client_id[CLIENT_ID_CHARS_MAX + 1];
    struct rkmq_arena assigned; /* texts of the last rkmq_push_consumer_assigned */
    /* of the start or shutdown under way */
    bool is_done;
    int status;
    struct rkmq_err *err;
};

/* One question to the loop thread; each function uses the members it needs. */
struct question {
    struct rkmq_push_consumer *c;
    const struct rkmq_push_options *options;
    const char *topic, *expression;
    struct rkmq_queue *queues;
    size_t n_max, n;
    struct rkmq_push_stats *stats;
    struct rkmq_err *err;
    int status;
};

static void ask(struct rkmq_push_consumer *c, void (*fn)(void *arg), struct question *q)
{
    q->c = c;
    c->rt->ops->call(c->rt, fn, q);
}

/* ---- life cycle ---- */

static void on_create(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__push_impl_create(&q->c->impl, q->c->env, q->options);
}

static int options_check(const struct rkmq_push_options *o, struct rkmq_err *err)
{
    if (o->size != sizeof *o) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "push consumer: options of %zu bytes, not %zu",
                             o->size, sizeof *o);
    }
    if (!o->namesrv_addr || !o->namesrv_addr[0]) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "namesrvAddr is null");
    }
    if (!o->instance_name || !o->instance_name[0]) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "instanceName is null");
    }
    return rkmq__check_config(o, err);
}

int rkmq_push_consumer_create(struct rkmq_push_consumer **out, struct rkmq_runtime *rt,
                              const struct rkmq_push_options *o, struct rkmq_err *err)
{
    *out = NULL;
    int status = options_check(o, err);
    if (status != RKMQ_OK) {
        return status;
    }
    const struct rkmq_env *env = rt->ops->host(rt, o->host ? o->host : DEFAULT_HOST);
    struct rkmq_push_consumer *c = env ? rkmq__zalloc(env->mem, sizeof *c) : NULL;
    if (!c) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    struct question q = {.options = o};
    c->rt = rt;
    c->env = env;
    rkmq__arena_init(&c->assigned, env->mem);
    ask(c, on_create, &q);
    if (q.status != RKMQ_OK) {
        rkmq__free(env->mem, c);
        return rkmq__err_set(err, q.status, "out of memory");
    }
    *out = c;
    return RKMQ_OK;
}

static void on_subscribe(void *arg)
{
    struct question *q = arg;
    q->status = rkmq__push_impl_subscribe(q->c->impl, rkmq__slice_of(q->topic),
                                          rkmq__slice_of(q->expression), q->err);
}

int rkmq_push_consumer_subscribe(struct rkmq_push_consumer *c, const char *topic,
                                 const char *expression, struct rkmq_err *err)
{
    struct question q = {.topic = topic, .expression = expression, .err = err};
    if (!topic || !topic[0]) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "The specified topic is blank");
    }
    ask(c, on_subscribe, &q);
    return q.status;
}

static void on_unsubscribe(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_unsubscribe(q->c->impl, rkmq__slice_of(q->topic));
}

int rkmq_push_consumer_unsubscribe(struct rkmq_push_consumer *c, const char *topic)
{
    struct question q = {.topic = topic};
    ask(c, on_unsubscribe, &q);
    return RKMQ_OK;
}

static void on_done(void *user, int status, const struct rkmq_err *err)
{
    struct rkmq_push_consumer *c = user;
    c->is_done = true;
    c->status = status;
    if (c->err) {
        *c->err = *err;
    }
}

static bool is_done(void *arg)
{
    return ((const struct rkmq_push_consumer *)arg)->is_done;
}

static void on_start(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_start(q->c->impl, on_done, q->c);
    if (q->c->impl->ci) {
        (void)snprintf(q->c->client_id, sizeof q->c->client_id, "%s", /* longer ones are cut */
                       q->c->impl->ci->client_id);
    }
}

static void on_abandon(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_abandon(q->c->impl);
}

/* Waits for the end of what `begin` begins; a loop that cannot get there is left behind. */
static int wait_for(struct rkmq_push_consumer *c, void (*begin)(void *arg), rkmq_ms timeout_ms,
                    struct rkmq_err *err)
{
    struct question q = {0};
    c->is_done = false;
    c->err = err;
    ask(c, begin, &q);
    int status = c->rt->ops->await(c->rt, is_done, c, timeout_ms);
    c->err = NULL;
    if (status == RKMQ_OK) {
        return c->status;
    }
    ask(c, on_abandon, &q);
    return rkmq__err_set(err, status, "%s", rkmq_status_text(status));
}

int rkmq_push_consumer_start(struct rkmq_push_consumer *c, struct rkmq_err *err)
{
    return wait_for(c, on_start, START_TIMEOUT_MS, err);
}

static void on_suspend(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_suspend(q->c->impl);
}

void rkmq_push_consumer_suspend(struct rkmq_push_consumer *c)
{
    struct question q = {0};
    ask(c, on_suspend, &q);
}

static void on_resume(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_resume(q->c->impl);
}

void rkmq_push_consumer_resume(struct rkmq_push_consumer *c)
{
    struct question q = {0};
    ask(c, on_resume, &q);
}

static void on_shutdown(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_shutdown(q->c->impl, on_done, q->c);
}

static void on_crashed(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_crashed(q->c->impl);
}

int rkmq_push_consumer_shutdown(struct rkmq_push_consumer *c)
{
    rkmq_ms listeners_ms = c->impl->options.await_termination_ms_when_shutdown;
    if (c->env->is_gone) {
        struct question q = {0};
        ask(c, on_crashed, &q);
        return RKMQ_OK;
    }
    return wait_for(c, on_shutdown, listeners_ms + SHUTDOWN_TIMEOUT_MS, NULL);
}

static bool is_idle(void *arg)
{
    return rkmq__push_impl_is_idle(((const struct rkmq_push_consumer *)arg)->impl);
}

static void on_destroy(void *arg)
{
    const struct question *q = arg;
    rkmq__push_impl_destroy(q->c->impl);
}

void rkmq_push_consumer_destroy(struct rkmq_push_consumer *c)
{
    struct question q = {0};
    if (!c) {
        return;
    }
    (void)rkmq_push_consumer_shutdown(c); /* listeners that still run are waited for below */
    (void)c->rt->ops->await(c->rt, is_idle, c, LISTENERS_TIMEOUT_MS);
    ask(c, on_destroy, &q);
    rkmq__arena_close(&c->assigned);
    rkmq__free(c->env->mem, c);
}

/* ---- inspection ---- */

const char *rkmq_push_consumer_client_id(const struct rkmq_push_consumer *c)
{
    return c->client_id;
}

static int assigned_write(struct question *q, const struct rkmq_process_queue *pq)
{
    struct rkmq_slice topic, broker_name;
    if (rkmq__arena_copy(&q->c->assigned, pq->mq.topic, &topic) != RKMQ_OK ||
        rkmq__arena_copy(&q->c->assigned, pq->mq.broker_name, &broker_name) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    q->queues[q->n] = (struct rkmq_queue){.topic = (const char *)topic.p,
                                          .broker_name = (const char *)broker_name.p,
                                          .queue_id = pq->mq.queue_id};
    return RKMQ_OK;
}

/* When memory is out, fewer are told than there are. */
static void on_assigned(void *arg)
{
    struct question *q = arg;
    const struct rkmq_map *table = &q->c->impl->process_queues;
    const struct rkmq_map_entry *entry;
    rkmq__arena_close(&q->c->assigned);
    rkmq__arena_init(&q->c->assigned, q->c->env->mem);
    for (size_t cursor = 0; (entry = rkmq__map_next(table, &cursor)); q->n++) {
        if (q->queues && q->n < q->n_max && assigned_write(q, entry->value) != RKMQ_OK) {
            return;
        }
    }
}

size_t rkmq_push_consumer_assigned(struct rkmq_push_consumer *c, struct rkmq_queue *out,
                                   size_t n_max)
{
    struct question q = {.queues = out, .n_max = n_max};
    ask(c, on_assigned, &q);
    return q.n;
}

static void on_stats(void *arg)
{
    const struct question *q = arg;
    const struct rkmq_map_entry *entry;
    *q->stats = q->c->impl->stats;
    q->stats->cached_messages = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&q->c->impl->process_queues, &cursor));) {
        q->stats->cached_messages += ((const struct rkmq_process_queue *)entry->value)->n_msgs;
    }
}

void rkmq_push_consumer_stats(struct rkmq_push_consumer *c, struct rkmq_push_stats *out)
{
    struct question q = {.stats = out};
    ask(c, on_stats, &q);
}
