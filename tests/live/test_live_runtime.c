/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <rkmq/live.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

#define DEADLINE_MS 60000

/* The C library's heap, except that the n-th allocation fails. Any thread may call. */
struct failing_mem {
    struct rkmq_mem mem;
    atomic_long n_calls, n_live;
    long fail_at;
};

static void *failing_realloc(void *ctx, void *p, size_t n)
{
    struct failing_mem *fm = ctx;
    if (n == 0) {
        atomic_fetch_sub(&fm->n_live, p != NULL);
        free(p);
        return NULL;
    }
    if (atomic_fetch_add(&fm->n_calls, 1) == fm->fail_at) {
        return NULL;
    }
    atomic_fetch_add(&fm->n_live, p == NULL);
    return realloc(p, n);
}

/* ---- a server that counts, and a client that sends ---- */

struct talk {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    rkmq_conn listener, server, client;
    char bound[64], why[256], seen_from[64];
    int n_opened, n_closed, status;
    size_t n_sent, n_received, n_joined, n_apart;
    struct rkmq_buf *last; /* the view received last, kept */
};

static void talk_opened(void *owner, rkmq_conn c, const char *peer)
{
    struct talk *talk = owner;
    talk->n_opened++;
    if (c != talk->client) {
        talk->server = c;
        (void)snprintf(talk->seen_from, sizeof talk->seen_from, "%s", peer);
    }
}

static void talk_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)c;
    struct talk *talk = owner;
    RKMQ_ASSERT(take_data && !take_data->next);
    if (talk->last) {
        bool is_joined = talk->last->slab == take_data->slab;
        if (is_joined) {
            RKMQ_ASSERT(talk->last->p + talk->last->n == take_data->p);
        }
        talk->n_joined += is_joined;
        talk->n_apart += !is_joined;
    }
    talk->n_received += take_data->n;
    rkmq_buf_free(talk->last);
    talk->last = take_data;
}

static void talk_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)c;
    struct talk *talk = owner;
    talk->n_closed++;
    (void)snprintf(talk->why, sizeof talk->why, "%s", why);
}

static const struct rkmq_conn_events TALK_EVENTS = {
    .opened = talk_opened, .data = talk_data, .closed = talk_closed};

static void do_listen_and_dial(void *arg)
{
    struct talk *talk = arg;
    const struct rkmq_env *env = talk->env;
    talk->status = env->ops->listen(env->ctx, "127.0.0.1:0", &TALK_EVENTS, talk, &talk->listener,
                                    talk->bound, NULL);
    if (talk->status == RKMQ_OK) {
        talk->status = env->ops->dial(env->ctx, talk->bound, &TALK_EVENTS, talk, &talk->client);
    }
}

static void do_end(void *arg)
{
    struct talk *talk = arg;
    const struct rkmq_env *env = talk->env;
    env->ops->close(env->ctx, talk->listener);
    env->ops->close(env->ctx, talk->server);
    env->ops->close(env->ctx, talk->client);
    rkmq_buf_free(talk->last);
}

static bool is_talking(void *arg)
{
    return ((struct talk *)arg)->n_opened == 2;
}

static void talk_init(struct talk *talk, const struct rkmq_live_options *o)
{
    *talk = (struct talk){0};
    assert_int_equal(rkmq_live_create(&talk->rt, o, NULL), RKMQ_OK);
    talk->env = talk->rt->ops->host(talk->rt, "any");
    talk->rt->ops->call(talk->rt, do_listen_and_dial, talk);
    assert_int_equal(talk->status, RKMQ_OK);
    assert_int_equal(talk->rt->ops->await(talk->rt, is_talking, talk, DEADLINE_MS), RKMQ_OK);
}

static void talk_end(struct talk *talk)
{
    talk->rt->ops->call(talk->rt, do_end, talk);
    rkmq_live_destroy(talk->rt);
}

static void do_send_64(void *arg)
{
    struct talk *talk = arg;
    const struct rkmq_env *env = talk->env;
    struct rkmq_buf *buf = rkmq_buf_create(env->mem, 64);
    RKMQ_ASSERT(buf);
    memset(buf->p, 'x', 64);
    RKMQ_ASSERT(env->ops->send(env->ctx, talk->client, buf) == RKMQ_OK);
    talk->n_sent += 64;
}

static bool is_all_received(void *arg)
{
    const struct talk *talk = arg;
    return talk->n_received == talk->n_sent;
}

static void reads_are_adjacent(void **state)
{
    /* Small sends read one by one lie side by side in one slab, so that a frame in pieces can be
     * joined without a copy; only where a slab ends two reads stand apart. */
    (void)state;
    struct talk talk;
    talk_init(&talk, NULL);
    for (size_t i = 0; i < 200; i++) {
        talk.rt->ops->call(talk.rt, do_send_64, &talk);
        assert_int_equal(talk.rt->ops->await(talk.rt, is_all_received, &talk, DEADLINE_MS),
                         RKMQ_OK);
    }
    assert_int_equal(talk.n_joined + talk.n_apart, 199);
    assert_int_equal(talk.n_apart, 200 * 64 / 4096);
    talk_end(&talk);
}

struct tap_count {
    size_t n_out, n_in;
    bool was_wrong;
};

static void on_tap(void *user, rkmq_conn c, bool is_outgoing, const char *local, const char *peer,
                   struct rkmq_slice bytes)
{
    struct tap_count *count = user;
    count->was_wrong |= c == 0 || strncmp(local, "127.0.0.1:", 10) != 0 ||
                        strncmp(peer, "127.0.0.1:", 10) != 0 || bytes.n == 0 ||
                        strcmp(local, peer) == 0;
    *(is_outgoing ? &count->n_out : &count->n_in) += bytes.n;
}

static void the_tap_sees_all(void **state)
{
    /* Every byte passes the tap twice, at its sender and at its receiver, with both addresses. */
    (void)state;
    struct tap_count count = {0};
    struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
    o.tap = on_tap;
    o.tap_user = &count;
    struct talk talk;
    talk_init(&talk, &o);
    talk.rt->ops->call(talk.rt, do_send_64, &talk);
    assert_int_equal(talk.rt->ops->await(talk.rt, is_all_received, &talk, DEADLINE_MS), RKMQ_OK);
    talk_end(&talk);
    assert_int_equal(count.n_out, 64);
    assert_int_equal(count.n_in, 64);
    assert_false(count.was_wrong);
}

/* ---- jobs that wait for each other ---- */

struct blocking {
    struct rkmq_job job;
    struct blocking_case *all;
};

struct blocking_case {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct rkmq_pool *pool;
    struct blocking jobs[20];
    pthread_barrier_t barrier;
    int n_done;
};

static void blocking_run(struct rkmq_job *job)
{
    pthread_barrier_wait(&RKMQ_CONTAINER_OF(job, struct blocking, job)->all->barrier);
}

static void blocking_done(struct rkmq_job *job)
{
    RKMQ_CONTAINER_OF(job, struct blocking, job)->all->n_done++;
}

static void do_submit_blocking(void *arg)
{
    struct blocking_case *all = arg;
    const struct rkmq_env *env = all->env;
    RKMQ_ASSERT(env->ops->pool_create(env->ctx, "block", 20, 20, &all->pool) == RKMQ_OK);
    for (size_t i = 0; i < 20; i++) {
        all->jobs[i] = (struct blocking){{.run = blocking_run, .done = blocking_done}, all};
        env->ops->submit(env->ctx, all->pool, &all->jobs[i].job);
    }
}

static void do_pool_destroy(void *arg)
{
    struct blocking_case *all = arg;
    all->env->ops->pool_destroy(all->env->ctx, all->pool);
}

static bool is_all_unblocked(void *arg)
{
    return ((struct blocking_case *)arg)->n_done == 20;
}

static void blocked_jobs_hold_nobody_back(void **state)
{
    /* Twenty jobs in a pool of twenty, each of which ends only when all have started: no blocked
     * listener keeps a queued one from a free thread. Ten rounds, as threads sleep and wake. */
    (void)state;
    struct blocking_case all = {0};
    assert_int_equal(rkmq_live_create(&all.rt, NULL, NULL), RKMQ_OK);
    all.env = all.rt->ops->host(all.rt, "");
    pthread_barrier_init(&all.barrier, NULL, 20);
    for (int i = 0; i < 10; i++) {
        all.n_done = 0;
        all.rt->ops->call(all.rt, do_submit_blocking, &all);
        assert_int_equal(all.rt->ops->await(all.rt, is_all_unblocked, &all, DEADLINE_MS), RKMQ_OK);
        all.rt->ops->call(all.rt, do_pool_destroy, &all);
    }
    pthread_barrier_destroy(&all.barrier);
    rkmq_live_destroy(all.rt);
}

/* ---- other threads ---- */

struct caller {
    struct rkmq_runtime *rt;
    int *n_called; /* the loop thread's alone */
    int n_answered;
    pthread_t thread;
};

static void do_count(void *arg)
{
    ++*((struct caller *)arg)->n_called;
}

static bool is_ten_thousand(void *arg)
{
    return *((struct caller *)arg)->n_called >= 10000;
}

static void *caller_main(void *arg)
{
    struct caller *caller = arg;
    for (int i = 0; i < 2500; i++) {
        caller->rt->ops->call(caller->rt, do_count, caller);
    }
    caller->n_answered =
        caller->rt->ops->await(caller->rt, is_ten_thousand, caller, DEADLINE_MS) == RKMQ_OK;
    return NULL;
}

static void many_threads_call(void **state)
{
    /* Calls of four threads run one at a time on the loop thread, none is lost, and all four see
     * the condition come true. */
    (void)state;
    struct rkmq_runtime *rt;
    assert_int_equal(rkmq_live_create(&rt, NULL, NULL), RKMQ_OK);
    int n_called = 0;
    struct caller callers[4];
    for (size_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.rt = rt, .n_called = &n_called};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].n_answered, 1);
    }
    rkmq_live_destroy(rt);
    assert_int_equal(n_called, 10000);
}

static void two_runtimes_side_by_side(void **state)
{
    /* A process may have several: each with its own loop, and none waits for the other. A fresh one
     * can be destroyed at once; NULL too. */
    (void)state;
    struct talk one, two;
    talk_init(&one, NULL);
    talk_init(&two, NULL);
    talk_end(&one);
    talk_end(&two);
    struct rkmq_runtime *rt;
    assert_int_equal(rkmq_live_create(&rt, NULL, NULL), RKMQ_OK);
    rkmq_live_destroy(rt);
    rkmq_live_destroy(NULL);
}

static void the_seed_decides(void **state)
{
    /* The same seed gives the same numbers; none gives others each time. */
    (void)state;
    uint64_t numbers[4];
    for (size_t i = 0; i < 4; i++) {
        struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
        o.seed = i < 2 ? 42 : 0;
        o.host = "some-host";
        struct rkmq_runtime *rt;
        assert_int_equal(rkmq_live_create(&rt, &o, NULL), RKMQ_OK);
        const struct rkmq_env *env = rt->ops->host(rt, "x");
        assert_string_equal(env->host, "some-host");
        numbers[i] = rkmq__rand64(env);
        rkmq_live_destroy(rt);
    }
    assert_true(numbers[0] == numbers[1]);
    assert_true(numbers[1] != numbers[2]);
    assert_true(numbers[2] != numbers[3]);
}

/* ---- memory ---- */

static bool is_talking_or_closed(void *arg)
{
    const struct talk *talk = arg;
    return talk->n_opened == 2 || talk->n_closed > 0;
}

static bool is_received_or_closed(void *arg)
{
    const struct talk *talk = arg;
    return talk->n_received == 64 || talk->n_closed > 0;
}

static void do_send_if_memory(void *arg)
{
    struct talk *talk = arg;
    const struct rkmq_env *env = talk->env;
    struct rkmq_buf *buf = rkmq_buf_create(env->mem, 64);
    if (buf) {
        memset(buf->p, 'x', 64);
    }
    talk->status = buf ? env->ops->send(env->ctx, talk->client, buf) : RKMQ_E_NOMEM;
}

static void talk_with_failing_memory(struct talk *talk)
{
    struct rkmq_runtime *rt = talk->rt;
    talk->env = rt->ops->host(rt, "any");
    if (!talk->env) {
        return;
    }
    rt->ops->call(rt, do_listen_and_dial, talk);
    if (talk->status == RKMQ_OK) {
        assert_int_equal(rt->ops->await(rt, is_talking_or_closed, talk, DEADLINE_MS), RKMQ_OK);
    }
    if (talk->status == RKMQ_OK && talk->n_closed == 0) {
        rt->ops->call(rt, do_send_if_memory, talk);
    }
    if (talk->status == RKMQ_OK) {
        assert_int_equal(rt->ops->await(rt, is_received_or_closed, talk, DEADLINE_MS), RKMQ_OK);
    }
    rt->ops->call(rt, do_end, talk);
}

static void any_allocation_may_fail(void **state)
{
    /* The n-th allocation of a runtime, a host, a listener, a dial, an accepted connection, a send,
     * a read fails: an operation says so or a connection ends; nothing hangs, nothing leaks. */
    (void)state;
    for (long n = 0;; n++) {
        struct failing_mem fm = {.mem = {.realloc = failing_realloc, .ctx = &fm}, .fail_at = n};
        struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
        o.mem = &fm.mem;
        o.has_hosts = true;
        struct talk talk = {0};
        struct rkmq_err err = {0};
        int status = rkmq_live_create(&talk.rt, &o, &err);
        if (status == RKMQ_OK) {
            talk_with_failing_memory(&talk);
            rkmq_live_destroy(talk.rt);
        } else {
            assert_int_equal(status, RKMQ_E_NOMEM);
            assert_null(talk.rt);
            assert_int_equal(err.status, RKMQ_E_NOMEM);
        }
        assert_int_equal(atomic_load(&fm.n_live), 0);
        if (atomic_load(&fm.n_calls) <= n) {
            assert_int_equal(talk.n_received, 64);
            assert_true(n > 8);
            break;
        }
    }
}

static void names_are_hosts(void **state)
{
    /* Where they were asked for, each name is a host that keeps its address, shares nothing with
     * others, and is known by that address to whom it dials. Else all names are one host. */
    struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
    (void)state;
    o.has_hosts = true;
    for (int i = 0; i < 2; i++, o.has_hosts = false) {
        struct talk talk;
        talk_init(&talk, &o);
        const struct rkmq_env *other = talk.rt->ops->host(talk.rt, "other");
        assert_ptr_equal(talk.rt->ops->host(talk.rt, "any"), talk.env);
        assert_ptr_equal(talk.rt->ops->host(talk.rt, "other"), other);
        assert_int_equal(other != talk.env, o.has_hosts);
        assert_int_equal(other->shared != talk.env->shared, o.has_hosts);
        assert_string_equal(talk.env->host, o.has_hosts ? "127.1.0.1" : "127.0.0.1");
        assert_string_equal(other->host, o.has_hosts ? "127.1.0.2" : "127.0.0.1");
        assert_memory_equal(talk.seen_from, o.has_hosts ? "127.1.0.1:" : "127.0.0.1:", 10);
        talk_end(&talk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_adjacent),
        cmocka_unit_test(the_tap_sees_all),
        cmocka_unit_test(blocked_jobs_hold_nobody_back),
        cmocka_unit_test(many_threads_call),
        cmocka_unit_test(two_runtimes_side_by_side),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(names_are_hosts),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
