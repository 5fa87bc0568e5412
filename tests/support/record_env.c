/* SPDX-License-Identifier: Apache-2.0 */
#include "support/record_env.h"

#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

static rkmq_ms record_now(void *ctx)
{
    return ((struct record_env *)ctx)->now;
}

static rkmq_ms record_wall(void *ctx)
{
    struct record_env *re = ctx;
    return re->now + re->wall_offset;
}

static uint64_t record_rand64(void *ctx)
{
    struct record_env *re = ctx;
    re->rand_state = re->rand_state * 6364136223846793005u + 1442695040888963407u;
    return re->rand_state;
}

static void record_timer_stop(void *ctx, struct rkmq_timer *t)
{
    struct record_env *re = ctx;
    if (t->heap_index == 0) {
        return;
    }
    size_t at = t->heap_index - 1;
    re->timers[at] = re->timers[--re->n_timers];
    re->timers[at]->heap_index = at + 1;
    t->heap_index = 0;
}

static void record_timer_arm(void *ctx, struct rkmq_timer *t, rkmq_ms due)
{
    struct record_env *re = ctx;
    record_timer_stop(ctx, t);
    assert_true(re->n_timers < sizeof re->timers / sizeof re->timers[0]);
    t->due = due;
    t->order = re->order++;
    re->timers[re->n_timers++] = t;
    t->heap_index = re->n_timers;
}

static struct record_conn *record_add(struct record_env *re, const char *addr,
                                      const struct rkmq_conn_events *ev, void *owner)
{
    assert_true(re->n_conns < RECORD_CONNS_MAX);
    struct record_conn *rc = &re->conns[re->n_conns++];
    *rc = (struct record_conn){.id = re->n_conns, .ev = ev, .owner = owner};
    (void)snprintf(rc->addr, sizeof rc->addr, "%s", addr); /* long addresses are cut */
    return rc;
}

static int record_listen(void *ctx, const char *addr, const struct rkmq_conn_events *ev,
                         void *owner, rkmq_conn *out, char bound[64], struct rkmq_err *err)
{
    const struct record_env *re = ctx;
    if (re->fail_listen != RKMQ_OK) {
        if (err) {
            *err = (struct rkmq_err){.status = re->fail_listen, .text = "listen failed"};
        }
        return re->fail_listen;
    }
    struct record_conn *rc = record_add(ctx, addr, ev, owner);
    rc->is_listener = true;
    *out = rc->id;
    (void)snprintf(bound, 64, "%s", addr);
    return RKMQ_OK;
}

static int record_dial(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                       rkmq_conn *out)
{
    const struct record_env *re = ctx;
    if (re->fail_dial != RKMQ_OK) {
        return re->fail_dial;
    }
    *out = record_add(ctx, addr, ev, owner)->id;
    return RKMQ_OK;
}

static int record_send(void *ctx, rkmq_conn c, struct rkmq_buf *take_chain)
{
    const struct record_env *re = ctx;
    struct record_conn *rc = record_env_conn(ctx, c);
    if (rc->is_closed_by_core || re->fail_send != RKMQ_OK) {
        rkmq_buf_free(take_chain);
        return rc->is_closed_by_core ? RKMQ_E_CLOSED : re->fail_send;
    }
    rkmq_buf_append(&rc->sent, take_chain);
    return RKMQ_OK;
}

static void record_close(void *ctx, rkmq_conn c)
{
    record_env_conn(ctx, c)->is_closed_by_core = true;
}

static void record_reset(void *ctx, rkmq_conn c)
{
    struct record_conn *rc = record_env_conn(ctx, c);
    rc->is_closed_by_core = true;
    rc->is_reset_by_core = true;
}

static size_t record_unsent(void *ctx, rkmq_conn c)
{
    (void)c;
    return ((const struct record_env *)ctx)->unsent;
}

static int record_pool_create(void *ctx, const char *name, unsigned min, unsigned max,
                              struct rkmq_pool **out)
{
    (void)name;
    (void)min;
    (void)max;
    *out = (struct rkmq_pool *)ctx;
    return RKMQ_OK;
}

static void record_pool_destroy(void *ctx, struct rkmq_pool *pool)
{
    (void)ctx;
    (void)pool;
}

static void record_submit(void *ctx, struct rkmq_pool *pool, struct rkmq_job *job)
{
    struct record_env *re = ctx;
    struct rkmq_job **end = &re->jobs;
    (void)pool;
    while (*end) {
        end = &(*end)->next;
    }
    job->next = NULL;
    *end = job;
    re->n_jobs++;
}

static void record_text(char *dst, size_t dst_bytes, size_t *n, const char *a, const char *b)
{
    int added = snprintf(dst + *n, dst_bytes - *n, "%s%s%s\n", a, *a ? ": " : "", b);
    if (added > 0) {
        *n = *n + (size_t)added < dst_bytes ? *n + (size_t)added : dst_bytes - 1;
    }
}

static void record_log(void *ctx, enum rkmq_log_level level, const char *subject, const char *text)
{
    struct record_env *re = ctx;
    (void)level;
    record_text(re->log, sizeof re->log, &re->log_n, subject, text);
}

static void record_trace(void *ctx, const char *line)
{
    struct record_env *re = ctx;
    record_text(re->trace, sizeof re->trace, &re->trace_n, "", line);
}

void record_env_init(struct record_env *re, const struct rkmq_mem *mem)
{
    memset(re, 0, sizeof *re);
    re->ops = (struct rkmq_env_ops){
        .now = record_now,
        .wall = record_wall,
        .rand64 = record_rand64,
        .timer_arm = record_timer_arm,
        .timer_stop = record_timer_stop,
        .listen = record_listen,
        .dial = record_dial,
        .send = record_send,
        .close = record_close,
        .reset = record_reset,
        .unsent = record_unsent,
        .pool_create = record_pool_create,
        .pool_destroy = record_pool_destroy,
        .submit = record_submit,
        .log = record_log,
        .trace = record_trace,
    };
    re->wall_offset = 1700000000000;
    re->rand_state = 1;
    re->env = (struct rkmq_env){.ops = &re->ops,
                                .ctx = re,
                                .mem = mem,
                                .log_level = RKMQ_LOG_DEBUG,
                                .is_traced = true,
                                .host = "10.0.0.1",
                                .pid = 4660};
}

void record_env_close(struct record_env *re)
{
    for (size_t i = 0; i < re->n_conns; i++) {
        rkmq_buf_free(re->conns[i].sent);
        re->conns[i].sent = NULL;
    }
    assert_int_equal(re->n_timers, 0);
    assert_null(re->jobs);
}

static struct rkmq_timer *record_next_due(const struct record_env *re)
{
    struct rkmq_timer *best = NULL;
    for (size_t i = 0; i < re->n_timers; i++) {
        struct rkmq_timer *t = re->timers[i];
        if (!best || t->due < best->due || (t->due == best->due && t->order < best->order)) {
            best = t;
        }
    }
    return best;
}

void record_env_advance(struct record_env *re, rkmq_ms ms)
{
    rkmq_ms end = re->now + ms;
    struct rkmq_timer *t;
    while ((t = record_next_due(re)) && t->due <= end) {
        if (t->due > re->now) {
            re->now = t->due;
        }
        record_timer_stop(re, t);
        t->fire(t);
    }
    re->now = end;
}

struct record_conn *record_env_conn(struct record_env *re, rkmq_conn id)
{
    assert_in_range(id, 1, re->n_conns);
    return &re->conns[id - 1];
}

struct record_conn *record_env_dialled(struct record_env *re, const char *addr)
{
    for (size_t i = re->n_conns; i > 0; i--) {
        if (!re->conns[i - 1].is_listener && strcmp(re->conns[i - 1].addr, addr) == 0) {
            return &re->conns[i - 1];
        }
    }
    return NULL;
}

void record_env_open(struct record_env *re, rkmq_conn id)
{
    struct record_conn *rc = record_env_conn(re, id);
    rc->ev->opened(rc->owner, id, rc->addr);
}

void record_env_hand_in(struct record_env *re, rkmq_conn id, struct rkmq_slice bytes)
{
    struct record_conn *rc = record_env_conn(re, id);
    struct rkmq_buf *buf = rkmq_buf_copy(re->env.mem, bytes);
    assert_non_null(buf);
    rc->ev->data(rc->owner, id, buf);
}

void record_env_hang_up(struct record_env *re, rkmq_conn id, const char *why)
{
    struct record_conn *rc = record_env_conn(re, id);
    rc->ev->closed(rc->owner, id, why);
}

rkmq_conn record_env_accept(struct record_env *re, rkmq_conn listener, const char *peer)
{
    struct record_conn *rl = record_env_conn(re, listener);
    struct record_conn *rc = record_add(re, peer, rl->ev, rl->owner);
    rc->ev->opened(rc->owner, rc->id, peer);
    return rc->id;
}

struct rkmq_buf *record_env_take_sent(struct record_env *re, rkmq_conn id)
{
    struct record_conn *rc = record_env_conn(re, id);
    if (!rc->sent) {
        return NULL;
    }
    struct rkmq_buf *joined = rkmq_buf_create(re->env.mem, rkmq_buf_chain_bytes(rc->sent));
    size_t at = 0;
    assert_non_null(joined);
    for (const struct rkmq_buf *b = rc->sent; b; b = b->next) {
        memcpy(joined->p + at, b->p, b->n);
        at += b->n;
    }
    rkmq_buf_free(rc->sent);
    rc->sent = NULL;
    return joined;
}

void record_env_run_jobs(struct record_env *re)
{
    while (re->jobs) {
        struct rkmq_job *job = re->jobs;
        re->jobs = job->next;
        re->n_jobs--;
        job->run(job);
        job->done(job);
    }
}
