/* SPDX-License-Identifier: Apache-2.0 */
/* The push consumer and the mock on TCP, with listeners on threads of their own. */
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <rkmq/mock.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

#define DEADLINE_MS 60000
#define N_MESSAGES 20000
#define N_KEPT 64

/* The C library's heap, counted. Any thread may call. */
struct counted_mem {
    struct rkmq_mem mem;
    atomic_long n_live;
};

static void *counted_realloc(void *ctx, void *p, size_t n)
{
    struct counted_mem *cm = ctx;
    if (n == 0) {
        atomic_fetch_sub(&cm->n_live, p != NULL);
        free(p);
        return NULL;
    }
    void *q = realloc(p, n);
    atomic_fetch_add(&cm->n_live, !p && q);
    return q;
}

struct world {
    struct counted_mem cm;
    struct rkmq_runtime *rt;
    struct rkmq_mock *mock;
    struct rkmq_push_options o;
    struct rkmq_push_consumer *consumer;

    atomic_uchar n_seen[N_MESSAGES];
    atomic_uint n_distinct, n_later, n_kept, n_entered;
    struct rkmq_msg *_Atomic kept[N_KEPT];
    sem_t gate;
};

static size_t number_of(const struct rkmq_msg *msg)
{
    int64_t v = -1;
    RKMQ_ASSERT(rkmq__slice_to_i64(rkmq_msg_body(msg), &v) == RKMQ_OK);
    RKMQ_ASSERT(v >= 0 && v < N_MESSAGES);
    return (size_t)v;
}

static int world_open(struct world *w, rkmq_message_listener_concurrently *listener)
{
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    w->cm.mem = (struct rkmq_mem){.realloc = counted_realloc, .ctx = &w->cm};
    assert_int_equal(sem_init(&w->gate, 0, 0), 0);
    live.mem = &w->cm.mem;
    assert_int_equal(rkmq_live_create(&w->rt, &live, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_create(&w->mock, w->rt, NULL, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic(w->mock, "T", 8), RKMQ_OK);
    w->o = o;
    w->o.consumer_group = "G";
    w->o.namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    w->o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    w->o.message_listener = listener;
    w->o.message_listener_user = w;
    return 0;
}

static void world_start(struct world *w)
{
    struct rkmq_err err = {0};
    assert_int_equal(rkmq_push_consumer_create(&w->consumer, w->rt, &w->o, &err), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(w->consumer, "T", "*", &err), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w->consumer, &err), RKMQ_OK);
}

static void world_close(struct world *w)
{
    rkmq_push_consumer_destroy(w->consumer);
    rkmq_mock_destroy(w->mock);
    for (size_t i = 0; i < N_KEPT; i++) {
        struct rkmq_msg *msg = atomic_load(&w->kept[i]);
        if (msg) { /* readable when all else is gone */
            assert_true(atomic_load(&w->n_seen[number_of(msg)]) > 0);
            rkmq_msg_unref(msg);
        }
    }
    rkmq_live_destroy(w->rt);
    (void)sem_destroy(&w->gate);
    assert_int_equal(atomic_load(&w->cm.n_live), 0);
    test_free(w);
}

static bool wait_for(struct world *w, bool (*is_done)(void *arg))
{
    return w->rt->ops->await(w->rt, is_done, w, DEADLINE_MS) == RKMQ_OK;
}

/* ---- all threads at once ---- */

/* Keeps the newest of some messages; lets go of what another thread kept before. */
static void keep(struct world *w, struct rkmq_msg *msg)
{
    size_t at = atomic_fetch_add(&w->n_kept, 1) % N_KEPT;
    struct rkmq_msg *old = atomic_exchange(&w->kept[at], rkmq_msg_ref(msg));
    if (old) {
        struct rkmq_msg_view view;
        rkmq_msg_get(old, &view);
        RKMQ_ASSERT(view.reconsume_times >= 0);
        (void)number_of(old);
        rkmq_msg_unref(old);
    }
}

/* Every thousandth message fails once; every seventh is kept. */
static enum rkmq_consume_status busy_listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                              struct rkmq_consume_context *context)
{
    struct world *w = user;
    context->delay_level_when_next_consume = 1;
    for (size_t i = 0; i < n; i++) {
        size_t number = number_of(msgs[i]);
        bool is_first = atomic_fetch_add(&w->n_seen[number], 1) == 0;
        if (number % 7 == 0) {
            keep(w, msgs[i]);
        }
        if (is_first && number % 1000 == 0) {
            atomic_fetch_add(&w->n_later, 1);
            context->ack_index = (int32_t)i - 1;
            return RKMQ_CONSUME_SUCCESS; /* this one and all behind it come again */
        }
    }
    return RKMQ_CONSUME_SUCCESS;
}

static bool is_all_consumed(void *arg)
{
    struct world *w = arg;
    struct rkmq_push_stats stats;
    rkmq_push_consumer_stats(w->consumer, &stats);
    return stats.consumed_ok >= N_MESSAGES;
}

/* Twenty threads consume, fail, keep and let go of messages of eight queues: each message succeeds
 * in the end, the offsets end behind the last, and no memory is left. Run with the thread sanitizer
 * it shows that loop and workers share nothing unguarded. */
static void test_busy(void **state)
{
    (void)state;
    static const int batch_max[] = {1, 4};
    for (size_t i = 0; i < RKMQ_COUNT_OF(batch_max); i++) {
        struct world *w = test_calloc(1, sizeof *w);
        (void)world_open(w, busy_listener);
        w->o.consume_message_batch_max_size = batch_max[i];
        assert_int_equal(rkmq_mock_publish(w->mock, "T", NULL, "%d", N_MESSAGES), RKMQ_OK);
        world_start(w);
        assert_true(wait_for(w, is_all_consumed));
        /* A shutdown says the offsets at once. */
        assert_int_equal(rkmq_push_consumer_shutdown(w->consumer), RKMQ_OK);
        assert_int_equal(rkmq_mock_await_committed(w->mock, "G", "T", N_MESSAGES, DEADLINE_MS),
                         RKMQ_OK);
        for (size_t k = 0; k < N_MESSAGES; k++) {
            assert_true(atomic_load(&w->n_seen[k]) > 0);
        }
        assert_int_equal(atomic_load(&w->n_later), N_MESSAGES / 1000);
        world_close(w);
    }
}

/* ---- listeners that are in no hurry ---- */

static enum rkmq_consume_status gated_listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                               struct rkmq_consume_context *context)
{
    struct world *w = user;
    (void)msgs;
    (void)n;
    (void)context;
    atomic_fetch_add(&w->n_entered, 1);
    while (sem_wait(&w->gate) != 0) {
    }
    return RKMQ_CONSUME_SUCCESS;
}

static bool is_entered(void *arg)
{
    return atomic_load(&((struct world *)arg)->n_entered) == 4;
}

/* A shutdown waits for the listeners under way, and gives up after the time it was given; what they
 * answer later is not committed, and destroy waits for them. */
static void test_shutdown_gives_up(void **state)
{
    (void)state;
    struct world *w = test_calloc(1, sizeof *w);
    (void)world_open(w, gated_listener);
    w->o.consume_thread_min = w->o.consume_thread_max = 4;
    w->o.await_termination_ms_when_shutdown = 1;
    assert_int_equal(rkmq_mock_publish(w->mock, "T", NULL, "%d", 100), RKMQ_OK);
    world_start(w);
    assert_true(wait_for(w, is_entered));
    assert_int_equal(rkmq_push_consumer_shutdown(w->consumer), RKMQ_E_TIMEOUT);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sem_post(&w->gate), 0);
    }
    rkmq_push_consumer_destroy(w->consumer);
    w->consumer = NULL;
    assert_int_equal(atomic_load(&w->n_entered), 4); /* the others never began */
    assert_true(rkmq_mock_committed(w->mock, "G", "T") <= 0);
    world_close(w);
}

/* A shutdown with time lets the listeners under way end and commits what they did. */
static void test_shutdown_drains(void **state)
{
    (void)state;
    struct world *w = test_calloc(1, sizeof *w);
    (void)world_open(w, gated_listener);
    w->o.consume_thread_min = w->o.consume_thread_max = 4;
    w->o.await_termination_ms_when_shutdown = DEADLINE_MS;
    assert_int_equal(rkmq_mock_topic(w->mock, "T", 1), RKMQ_OK);
    assert_int_equal(rkmq_mock_publish(w->mock, "T", NULL, "%d", 100), RKMQ_OK);
    world_start(w);
    assert_true(wait_for(w, is_entered));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(sem_post(&w->gate), 0);
    }
    assert_int_equal(rkmq_push_consumer_shutdown(w->consumer), RKMQ_OK);
    unsigned n = atomic_load(&w->n_entered);
    assert_in_range(n, 4, 100);
    assert_int_equal(rkmq_mock_await_committed(w->mock, "G", "T", n, DEADLINE_MS), RKMQ_OK);
    assert_int_equal(rkmq_mock_committed(w->mock, "G", "T"), n);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_shutdown_gives_up),
        cmocka_unit_test(test_shutdown_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
