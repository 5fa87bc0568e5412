/* SPDX-License-Identifier: Apache-2.0 */
/* The env that cores are given: the runtime's operations in the name of a host. */
#include <arpa/inet.h>
#include <unistd.h>

#include "runtime/live/conn.h"
#include "runtime/random.h"

#define HOSTS_NET UINT32_C(0x7F010000) /* 127.1.0.0; the first host is 127.1.0.1 */
#define HOSTS_MAX 65535

/* ---- operations ---- */

static struct rkmq_live *live_of(void *ctx)
{
    return ((struct live_host *)ctx)->lv;
}

static rkmq_ms host_now(void *ctx)
{
    return live_of(ctx)->now;
}

static rkmq_ms host_wall(void *ctx)
{
    return live_of(ctx)->wall;
}

static uint64_t host_rand64(void *ctx)
{
    return rkmq__random_next(&live_of(ctx)->rand_state);
}

static void host_timer_arm(void *ctx, struct rkmq_timer *t, rkmq_ms due)
{
    rkmq__live_timer_arm(live_of(ctx), t, due);
}

static void host_timer_stop(void *ctx, struct rkmq_timer *t)
{
    rkmq__live_timer_stop(live_of(ctx), t);
}

static int host_listen(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                       rkmq_conn *out, char bound[64], struct rkmq_err *err)
{
    return rkmq__live_listen(live_of(ctx), addr, ev, owner, out, bound, err);
}

static int host_dial(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                     rkmq_conn *out)
{
    return rkmq__live_dial(ctx, addr, ev, owner, out);
}

static int host_send(void *ctx, rkmq_conn c, struct rkmq_buf *take_chain)
{
    return rkmq__live_send(live_of(ctx), c, take_chain);
}

static void host_close(void *ctx, rkmq_conn c)
{
    rkmq__live_close(live_of(ctx), c);
}

static void host_reset(void *ctx, rkmq_conn c)
{
    rkmq__live_reset(live_of(ctx), c);
}

static size_t host_unsent(void *ctx, rkmq_conn c)
{
    return rkmq__live_unsent(live_of(ctx), c);
}

static int host_pool_create(void *ctx, const char *name, unsigned threads_min, unsigned threads_max,
                            struct rkmq_pool **out)
{
    return rkmq__live_pool_create(live_of(ctx), name, threads_min, threads_max, out);
}

static void host_pool_destroy(void *ctx, struct rkmq_pool *pool)
{
    rkmq__live_pool_destroy(live_of(ctx), pool);
}

static void host_submit(void *ctx, struct rkmq_pool *pool, struct rkmq_job *job)
{
    (void)ctx;
    rkmq__live_submit(pool, job);
}

static void host_log(void *ctx, enum rkmq_log_level level, const char *subject, const char *text)
{
    const struct rkmq_live_options *o = &live_of(ctx)->options;
    if (o->log && level <= o->log_level) {
        o->log(o->log_user, level, subject, text);
    }
}

static void host_trace(void *ctx, const char *line)
{
    (void)ctx, (void)line; /* traces are compared, and nothing repeats exactly here */
}

static const struct rkmq_env_ops HOST_OPS = {
    .now = host_now,
    .wall = host_wall,
    .rand64 = host_rand64,
    .timer_arm = host_timer_arm,
    .timer_stop = host_timer_stop,
    .listen = host_listen,
    .dial = host_dial,
    .send = host_send,
    .close = host_close,
    .reset = host_reset,
    .unsent = host_unsent,
    .pool_create = host_pool_create,
    .pool_destroy = host_pool_destroy,
    .submit = host_submit,
    .log = host_log,
    .trace = host_trace,
};

/* ---- hosts ---- */

static int host_init(struct live_host *host, struct rkmq_live *lv, const char *name,
                     const char *address)
{
    host->lv = lv;
    host->name = rkmq__text_copy(lv->mem, rkmq__slice_of(name));
    host->address = rkmq__text_copy(lv->mem, rkmq__slice_of(address));
    host->env = (struct rkmq_env){.ops = &HOST_OPS,
                                  .ctx = host,
                                  .mem = lv->mem,
                                  .log_level = lv->options.log_level,
                                  .host = host->address,
                                  .pid = (int)getpid(),
                                  .shared = &host->shared};
    return host->name && host->address ? RKMQ_OK : RKMQ_E_NOMEM;
}

static void host_texts_free(struct live_host *host)
{
    rkmq__free(host->lv->mem, host->name);
    rkmq__free(host->lv->mem, host->address);
}

int rkmq__live_hosts_init(struct rkmq_live *lv)
{
    rkmq__list_init(&lv->hosts);
    return host_init(&lv->main, lv, "", lv->options.host);
}

void rkmq__live_hosts_close(struct rkmq_live *lv)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&lv->hosts))) {
        struct live_host *host = RKMQ_CONTAINER_OF(link, struct live_host, link);
        host_texts_free(host);
        rkmq__free(lv->mem, host);
    }
    host_texts_free(&lv->main);
}

static struct live_host *host_find(struct rkmq_live *lv, const char *name)
{
    RKMQ_LIST_EACH (it, &lv->hosts) {
        struct live_host *host = RKMQ_CONTAINER_OF(it, struct live_host, link);
        if (strcmp(host->name, name) == 0) {
            return host;
        }
    }
    return NULL;
}

static struct live_host *host_add(struct rkmq_live *lv, const char *name)
{
    char address[INET_ADDRSTRLEN];
    struct live_host *host = lv->n_hosts < HOSTS_MAX ? rkmq__zalloc(lv->mem, sizeof *host) : NULL;
    if (!host) {
        return NULL;
    }
    host->source.s_addr = htonl(HOSTS_NET + lv->n_hosts + 1);
    (void)inet_ntop(AF_INET, &host->source, address, sizeof address); /* fits */
    if (host_init(host, lv, name, address) != RKMQ_OK) {
        host_texts_free(host);
        rkmq__free(lv->mem, host);
        return NULL;
    }
    lv->n_hosts++;
    rkmq__list_push_back(&lv->hosts, &host->link);
    return host;
}

const struct rkmq_env *rkmq__live_host(struct rkmq_runtime *rt, const char *name)
{
    struct rkmq_live *lv = (struct rkmq_live *)rt;
    if (!lv->options.has_hosts) {
        return &lv->main.env;
    }
    (void)pthread_mutex_lock(&lv->lock);
    struct live_host *host = host_find(lv, name);
    host = host ? host : host_add(lv, name);
    (void)pthread_mutex_unlock(&lv->lock);
    return host ? &host->env : NULL;
}
