/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/random.h>
#include <unistd.h>

#include "runtime/live/conn.h"
#include "runtime/random.h"

static rkmq_ms live_now(void *ctx)
{
    return ((struct rkmq_live *)ctx)->now;
}

static rkmq_ms live_wall(void *ctx)
{
    return ((struct rkmq_live *)ctx)->wall;
}

static uint64_t live_rand64(void *ctx)
{
    return rkmq__random_next(&((struct rkmq_live *)ctx)->rand_state);
}

static void live_log(void *ctx, enum rkmq_log_level level, const char *subject, const char *text)
{
    const struct rkmq_live_options *o = &((struct rkmq_live *)ctx)->options;
    if (o->log && level <= o->log_level) {
        o->log(o->log_user, level, subject, text);
    }
}

static void live_trace(void *ctx, const char *line)
{
    (void)ctx, (void)line; /* traces are compared, and nothing repeats exactly here */
}

static const struct rkmq_env_ops LIVE_ENV_OPS = {
    .now = live_now,
    .wall = live_wall,
    .rand64 = live_rand64,
    .timer_arm = rkmq__live_timer_arm,
    .timer_stop = rkmq__live_timer_stop,
    .listen = rkmq__live_listen,
    .dial = rkmq__live_dial,
    .send = rkmq__live_send,
    .close = rkmq__live_close,
    .reset = rkmq__live_reset,
    .unsent = rkmq__live_unsent,
    .pool_create = rkmq__live_pool_create,
    .pool_destroy = rkmq__live_pool_destroy,
    .submit = rkmq__live_submit,
    .log = live_log,
    .trace = live_trace,
};

static const struct rkmq_env *live_host(struct rkmq_runtime *rt, const char *name)
{
    (void)name; /* one host, whatever its name */
    return &((struct rkmq_live *)rt)->env;
}

static const struct rkmq_runtime_ops LIVE_OPS = {
    .host = live_host,
    .call = rkmq__live_call,
    .await = rkmq__live_await,
};

static void live_env_init(struct rkmq_live *lv)
{
    lv->env = (struct rkmq_env){.ops = &LIVE_ENV_OPS,
                                .ctx = lv,
                                .mem = lv->mem,
                                .log_level = lv->options.log_level,
                                .host = lv->host,
                                .pid = (int)getpid(),
                                .shared = &lv->shared};
}

static void live_free(struct rkmq_live *lv)
{
    rkmq__live_mailbox_close(lv);
    rkmq__conn_table_close(&lv->table);
    rkmq__heap_close(&lv->timers);
    rkmq__free(lv->mem, lv->host);
    rkmq__free(lv->mem, lv);
}

static void options_read(struct rkmq_live_options *out, const struct rkmq_live_options *o)
{
    *out = (struct rkmq_live_options)RKMQ_LIVE_OPTIONS_INIT;
    if (o) {
        RKMQ_ASSERT(o->size <= sizeof *out); /* an older caller's struct is a prefix of ours */
        memcpy(out, o, o->size);
    }
    out->size = sizeof *out;
    out->mem = out->mem ? out->mem : rkmq_mem_heap();
    out->host = out->host ? out->host : "127.0.0.1";
    if (out->seed == 0 && getrandom(&out->seed, sizeof out->seed, 0) < 0) {
        out->seed = (uint64_t)getpid(); /* poor, but nothing here is a secret */
    }
}

int rkmq_live_create(struct rkmq_runtime **out, const struct rkmq_live_options *o,
                     struct rkmq_err *err)
{
    *out = NULL;
    struct rkmq_live_options options;
    options_read(&options, o);
    struct rkmq_live *lv = rkmq__zalloc(options.mem, sizeof *lv);
    if (!lv || rkmq__live_mailbox_init(lv) != RKMQ_OK) {
        rkmq__free(options.mem, lv);
        return rkmq__err_set(err, RKMQ_E_NOMEM, "no memory for a runtime");
    }
    lv->rt.ops = &LIVE_OPS;
    lv->mem = options.mem;
    lv->options = options;
    lv->rand_state = options.seed;
    rkmq__conn_table_init(&lv->table, lv->mem);
    rkmq__list_init(&lv->sockets);
    rkmq__list_init(&lv->unsent);
    rkmq__list_init(&lv->failed);
    rkmq__list_init(&lv->finished);
    rkmq__list_init(&lv->pools);
    lv->host = rkmq__text_copy(lv->mem, rkmq__slice_of(options.host));
    lv->options.host = lv->host;
    if (!lv->host || rkmq__heap_init(&lv->timers, lv->mem) != RKMQ_OK) {
        live_free(lv);
        return rkmq__err_set(err, RKMQ_E_NOMEM, "no memory for a runtime");
    }
    live_env_init(lv);
    int status = rkmq__live_start(lv, err);
    if (status != RKMQ_OK) {
        live_free(lv);
        return status;
    }
    *out = &lv->rt;
    return RKMQ_OK;
}

void rkmq_live_destroy(struct rkmq_runtime *rt)
{
    if (!rt) {
        return;
    }
    struct rkmq_live *lv = (struct rkmq_live *)rt;
    RKMQ_ASSERT(rt->ops == &LIVE_OPS);
    rkmq__live_stop(lv);
    live_free(lv);
}
