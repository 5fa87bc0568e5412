/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/random.h>
#include <unistd.h>

#include "runtime/live/conn.h"

static const struct rkmq_runtime_ops LIVE_OPS = {
    .host = rkmq__live_host,
    .call = rkmq__live_call,
    .await = rkmq__live_await,
};

static void live_free(struct rkmq_live *lv)
{
    rkmq__live_mailbox_close(lv);
    rkmq__conn_table_close(&lv->table);
    rkmq__heap_close(&lv->timers);
    rkmq__live_hosts_close(lv);
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
    if (rkmq__live_hosts_init(lv) != RKMQ_OK || rkmq__heap_init(&lv->timers, lv->mem) != RKMQ_OK) {
        live_free(lv);
        return rkmq__err_set(err, RKMQ_E_NOMEM, "no memory for a runtime");
    }
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
