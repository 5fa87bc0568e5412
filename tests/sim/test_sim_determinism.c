/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/sim.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/*
 * A core that does at random whatever an env lets it do: dials, sends, closes, resets, runs jobs,
 * arms timers. Its choices come from env->rand64, so a run is a function of the seed.
 */
#define RANDOM_RUN_1_HASH 0xD27311270DB7E056u
#define N_NODES 4
#define N_CONNS 8

struct node {
    const struct rkmq_env *env;
    struct rkmq_sim *sim;
    struct node *all;
    rkmq_conn listener, conns[N_CONNS];
    char bound[64];
    struct rkmq_timer tick;
    struct rkmq_pool *pool;
    struct rkmq_job job;
    uint64_t cost;
    bool is_working;
    int n_done;
};

static uint64_t pick(struct node *node, uint64_t n)
{
    return rkmq__rand64(node->env) % n;
}

static void node_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    struct node *node = owner;
    for (size_t i = 0; i < N_CONNS; i++) {
        if (node->conns[i] == 0 || node->conns[i] == c) {
            node->conns[i] = c;
            return;
        }
    }
    node->env->ops->close(node->env->ctx, c); /* more than this node cares for */
}

static void node_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct node *node = owner;
    if (pick(node, 4) == 0) {
        (void)node->env->ops->send(node->env->ctx, c, take_data); /* taken in any case */
    } else {
        rkmq_buf_free(take_data);
    }
}

static void node_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)why;
    struct node *node = owner;
    for (size_t i = 0; i < N_CONNS; i++) {
        node->conns[i] = node->conns[i] == c ? 0 : node->conns[i];
    }
}

static const struct rkmq_conn_events NODE_EVENTS = {
    .opened = node_opened, .data = node_data, .closed = node_closed};

static void node_run(struct rkmq_job *job)
{
    struct node *node = RKMQ_CONTAINER_OF(job, struct node, job);
    rkmq_sim_spend(node->sim, (rkmq_us)node->cost);
}

static void node_done(struct rkmq_job *job)
{
    struct node *node = RKMQ_CONTAINER_OF(job, struct node, job);
    node->is_working = false;
    node->n_done++;
}

static void node_send(struct node *node, rkmq_conn c)
{
    struct rkmq_buf *buf = rkmq_buf_create(node->env->mem, 1 + pick(node, 3000));
    RKMQ_ASSERT(buf);
    for (size_t i = 0; i < buf->n; i++) {
        buf->p[i] = (uint8_t)(i + node->cost);
    }
    (void)node->env->ops->send(node->env->ctx, c, buf); /* a closed one is part of the game */
}

static void node_tick(struct rkmq_timer *t)
{
    struct node *node = RKMQ_CONTAINER_OF(t, struct node, tick);
    const struct rkmq_env *env = node->env;
    rkmq_conn *c = &node->conns[pick(node, N_CONNS)];
    node->cost = pick(node, 5000);
    switch (pick(node, 8)) {
    case 0:
        if (*c == 0) {
            const char *addr = node->all[pick(node, N_NODES)].bound;
            RKMQ_ASSERT(env->ops->dial(env->ctx, addr, &NODE_EVENTS, node, c) == RKMQ_OK);
        }
        break;
    case 1:
        (pick(node, 2) ? env->ops->close : env->ops->reset)(env->ctx, *c);
        *c = 0;
        break;
    case 2:
        if (!node->is_working) {
            node->is_working = true;
            env->ops->submit(env->ctx, node->pool, &node->job);
        }
        break;
    default:
        node_send(node, *c);
    }
    rkmq__timer_in(env, t, (rkmq_ms)pick(node, 3));
}

static void nodes_start(struct rkmq_sim *s, struct node nodes[N_NODES])
{
    for (size_t i = 0; i < N_NODES; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "n%zu", i);
        struct node *node = &nodes[i];
        struct rkmq_runtime *rt = rkmq_sim_runtime(s);
        const struct rkmq_env *env = rt->ops->host(rt, name);
        *node = (struct node){.env = env, .sim = s, .all = nodes};
        node->job = (struct rkmq_job){.run = node_run, .done = node_done};
        node->tick.fire = node_tick;
        assert_int_equal(env->ops->listen(env->ctx, "0.0.0.0:0", &NODE_EVENTS, node,
                                          &node->listener, node->bound, NULL),
                         RKMQ_OK);
        assert_int_equal(env->ops->pool_create(env->ctx, "p", 1, 1, &node->pool), RKMQ_OK);
        rkmq__timer_in(env, &node->tick, 1);
    }
}

static void nodes_stop(struct node nodes[N_NODES])
{
    for (size_t i = 0; i < N_NODES; i++) {
        const struct rkmq_env *env = nodes[i].env;
        env->ops->timer_stop(env->ctx, &nodes[i].tick);
        env->ops->close(env->ctx, nodes[i].listener);
        for (size_t k = 0; k < N_CONNS; k++) {
            env->ops->close(env->ctx, nodes[i].conns[k]);
        }
    }
    struct rkmq_sim *s = nodes[0].sim;
    rkmq_sim_run_for(s, 1000); /* jobs under way end */
    for (size_t i = 0; i < N_NODES; i++) {
        nodes[i].env->ops->pool_destroy(nodes[i].env->ctx, nodes[i].pool);
    }
}

/* One run of 300 virtual ms with a cut, a heal and a crash in it. */
static uint64_t random_run(uint64_t seed, char **trace)
{
    struct test_mem tm;
    test_mem_init(&tm);
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    o.mem = &tm.mem;
    o.seed = seed;
    o.is_traced = trace != NULL;
    struct rkmq_sim *s;
    assert_int_equal(rkmq_sim_create(&s, &o), RKMQ_OK);
    struct rkmq_link link = {
        .delay_us = 300, .jitter_us = 2000, .resets_per_million = 2000, .chunk_bytes_max = 700};
    assert_int_equal(rkmq_sim_link(s, NULL, NULL, &link), RKMQ_OK);
    struct node nodes[N_NODES];
    nodes_start(s, nodes);
    rkmq_sim_run_for(s, 100);
    struct rkmq_link cut = {.is_cut = true};
    assert_int_equal(rkmq_sim_link(s, "n1", NULL, &cut), RKMQ_OK);
    rkmq_sim_run_for(s, 50);
    assert_int_equal(rkmq_sim_link(s, "n1", NULL, &link), RKMQ_OK);
    rkmq_sim_run_for(s, 50);
    rkmq_sim_crash(s, "n3", seed % 2 == 0);
    rkmq_sim_run_for(s, 100);
    if (trace) {
        *trace = strdup(rkmq_sim_trace(s));
    }
    uint64_t hash = rkmq_sim_hash(s);
    nodes_stop(nodes);
    rkmq_sim_destroy(s);
    test_mem_assert_empty(&tm);
    return hash;
}

static void same_seed_same_hash(void **state)
{
    /* A hundred seeds, each run twice: the two hashes agree, and no two seeds share one. */
    (void)state;
    uint64_t hashes[100];
    for (uint64_t seed = 0; seed < 100; seed++) {
        hashes[seed] = random_run(seed, NULL);
        assert_true(hashes[seed] == random_run(seed, NULL));
        for (uint64_t other = 0; other < seed; other++) {
            assert_true(hashes[other] != hashes[seed]);
        }
    }
}

static void same_seed_same_trace(void **state)
{
    /* With a trace kept, two runs give the same lines, and the hash of a run without one. */
    (void)state;
    char *first, *second;
    uint64_t hash = random_run(7, &first);
    assert_true(hash == random_run(7, &second));
    assert_true(hash == random_run(7, NULL));
    assert_string_equal(first, second);
    assert_true(strlen(first) > 10000);
    free(first);
    free(second);
}

static void the_hash_of_all_builds(void **state)
{
    /* The hash is the same on every compiler, optimisation and machine: here is one. A change of
     * this number means that every recorded hash is void. */
    (void)state;
    assert_int_equal(random_run(1, NULL), RANDOM_RUN_1_HASH);
}

/* ---- bytes do not depend on how they travel ---- */

struct stream {
    const struct rkmq_env *env;
    rkmq_conn conn, listener;
    char bound[64];
    size_t n_sent, n_received, n_deliveries;
    uint64_t sum;
};
#define STREAM_BYTES 200000u

static void stream_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    ((struct stream *)owner)->conn = c;
}

static void stream_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)c;
    struct stream *to = owner;
    to->n_deliveries++;
    for (const struct rkmq_buf *b = take_data; b; b = b->next) {
        for (size_t i = 0; i < b->n; i++) {
            to->sum = (to->sum ^ b->p[i]) * 0x100000001B3u; /* FNV-1a: order counts */
        }
        to->n_received += b->n;
    }
    rkmq_buf_free(take_data);
}

static void stream_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)owner, (void)c, (void)why;
}

static const struct rkmq_conn_events STREAM_EVENTS = {
    .opened = stream_opened, .data = stream_data, .closed = stream_closed};

static struct rkmq_buf *stream_part(const struct stream *from, size_t n)
{
    struct rkmq_buf *buf = rkmq_buf_create(from->env->mem, n);
    assert_non_null(buf);
    for (size_t i = 0; i < n; i++) {
        buf->p[i] = (uint8_t)((from->n_sent + i) * 131 >> 3);
    }
    return buf;
}

static struct stream stream_run(const struct rkmq_link *link, uint64_t seed, uint64_t *hash)
{
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    o.seed = seed;
    struct rkmq_sim *s;
    assert_int_equal(rkmq_sim_create(&s, &o), RKMQ_OK);
    assert_int_equal(rkmq_sim_link(s, "a", "b", link), RKMQ_OK);
    struct rkmq_runtime *rt = rkmq_sim_runtime(s);
    struct stream to = {.env = rt->ops->host(rt, "b")};
    struct stream from = {.env = rt->ops->host(rt, "a")};
    assert_int_equal(to.env->ops->listen(to.env->ctx, "b:10911", &STREAM_EVENTS, &to, &to.listener,
                                         to.bound, NULL),
                     RKMQ_OK);
    assert_int_equal(
        from.env->ops->dial(from.env->ctx, "b:10911", &STREAM_EVENTS, &from, &from.conn), RKMQ_OK);
    while (from.n_sent < STREAM_BYTES) {
        struct rkmq_buf *chain = stream_part(&from, 900);
        from.n_sent += 900;
        rkmq_buf_append(&chain, stream_part(&from, 100));
        from.n_sent += 100;
        assert_int_equal(from.env->ops->send(from.env->ctx, from.conn, chain), RKMQ_OK);
    }
    rkmq_sim_run_for(s, 1000);
    *hash = rkmq_sim_hash(s);
    rkmq_sim_destroy(s);
    return to;
}

static void travelling_changes_no_byte(void **state)
{
    /* Different delays, jitter, chunks and seeds give different hashes and deliveries, and the
     * very same bytes. */
    (void)state;
    static const struct {
        struct rkmq_link link;
        uint64_t seed;
    } WAYS[] = {
        {{.delay_us = 200}, 1},
        {{.delay_us = 201}, 1},
        {{.delay_us = 200, .jitter_us = 5000}, 1},
        {{.delay_us = 200, .jitter_us = 5000}, 2},
        {{.delay_us = 200, .chunk_bytes_max = 1}, 1},
        {{.delay_us = 200, .chunk_bytes_max = 950}, 1},
        {{.delay_us = 200, .chunk_bytes_max = 950}, 2},
    };
    uint64_t hashes[RKMQ_COUNT_OF(WAYS)];
    struct stream first = stream_run(&WAYS[0].link, WAYS[0].seed, &hashes[0]);
    assert_int_equal(first.n_received, STREAM_BYTES);
    assert_int_equal(first.n_deliveries, STREAM_BYTES / 1000);
    for (size_t i = 1; i < RKMQ_COUNT_OF(WAYS); i++) {
        struct stream to = stream_run(&WAYS[i].link, WAYS[i].seed, &hashes[i]);
        assert_int_equal(to.n_received, STREAM_BYTES);
        assert_true(to.sum == first.sum);
        for (size_t k = 0; k < i; k++) {
            assert_true(hashes[k] != hashes[i]);
        }
        if (WAYS[i].link.chunk_bytes_max == 1) {
            assert_int_equal(to.n_deliveries, STREAM_BYTES);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_hash),
        cmocka_unit_test(same_seed_same_trace),
        cmocka_unit_test(the_hash_of_all_builds),
        cmocka_unit_test(travelling_changes_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
