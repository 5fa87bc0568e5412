/* SPDX-License-Identifier: Apache-2.0 */
/* A push consumer and the mock on virtual time: what is published is consumed, come what may. */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>

#include "remoting/base/core.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define N_MAX 2000 /* messages of a test */

struct world {
    struct test_mem tm;
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_push_options o;
    struct rkmq_push_consumer *consumer;

    /* The listener: how it behaves, and what it saw by number of message. */
    rkmq_us cost_us;
    int n_fail_first; /* this many deliveries of every message fail */
    int32_t delay_level;
    unsigned n_seen[N_MAX];
    uint64_t n_opened; /* connections to the servers */
    unsigned n_calls, n_messages, n_per_call_max, n_distinct;
    struct {
        char topic[64], msg_id[64], queue_topic[64];
        int32_t reconsume_times;
        rkmq_us at;
    } first, last; /* of message 0 */
};

static void note(struct world *w, const struct rkmq_msg *msg, const struct rkmq_consume_context *c)
{
    struct rkmq_msg_view view;
    int64_t number;
    rkmq_msg_get(msg, &view);
    assert_int_equal(rkmq__slice_to_i64(view.body, &number), RKMQ_OK);
    assert_in_range(number, 0, N_MAX - 1);
    w->n_messages++;
    w->n_distinct += w->n_seen[number]++ == 0;
    if (number == 0) {
        (void)snprintf(w->last.topic, sizeof w->last.topic, "%.*s", RKMQ_SLICE_ARG(view.topic));
        (void)snprintf(w->last.msg_id, sizeof w->last.msg_id, "%.*s", RKMQ_SLICE_ARG(view.msg_id));
        (void)snprintf(w->last.queue_topic, sizeof w->last.queue_topic, "%.*s",
                       RKMQ_SLICE_ARG(c->topic));
        w->last.reconsume_times = view.reconsume_times;
        w->last.at = rkmq_sim_now(w->sim);
        if (w->n_seen[0] == 1) {
            w->first = w->last;
        }
    }
}

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    struct world *w = user;
    struct rkmq_msg_view view;
    rkmq_sim_spend(w->sim, w->cost_us);
    w->n_calls++;
    w->n_per_call_max = n > w->n_per_call_max ? (unsigned)n : w->n_per_call_max;
    for (size_t i = 0; i < n; i++) {
        note(w, msgs[i], context);
    }
    rkmq_msg_get(msgs[0], &view);
    context->delay_level_when_next_consume = w->delay_level;
    return view.reconsume_times < w->n_fail_first ? RKMQ_RECONSUME_LATER : RKMQ_CONSUME_SUCCESS;
}

static void on_event(void *user, const struct rkmq_mock_event *event)
{
    struct world *w = user;
    w->n_opened += event->kind == RKMQ_MOCK_OPENED;
}

static void world_open(struct world *w, uint64_t seed)
{
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    test_mem_init(&w->tm);
    so.mem = &w->tm.mem;
    so.seed = seed;
    so.log_level = RKMQ_LOG_ERROR;
    mo.on_event = on_event;
    mo.on_event_user = w;
    assert_int_equal(rkmq_sim_create(&w->sim, &so), RKMQ_OK);
    assert_int_equal(rkmq_mock_create(&w->mock, rkmq_sim_runtime(w->sim), &mo, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic(w->mock, "T", 4), RKMQ_OK);
    w->o = o;
    w->o.consumer_group = "G";
    w->o.namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    w->o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    w->o.message_listener = listener;
    w->o.message_listener_user = w;
}

static void world_start(struct world *w)
{
    struct rkmq_err err = {0};
    assert_int_equal(rkmq_push_consumer_create(&w->consumer, rkmq_sim_runtime(w->sim), &w->o, &err),
                     RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(w->consumer, "T", "*", &err), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w->consumer, &err), RKMQ_OK);
}

static void publish(struct world *w, unsigned n)
{
    assert_int_equal(rkmq_mock_publish(w->mock, "T", NULL, "%d", n), RKMQ_OK);
}

static void world_close(struct world *w)
{
    rkmq_push_consumer_destroy(w->consumer);
    rkmq_mock_destroy(w->mock);
    rkmq_sim_destroy(w->sim);
    test_mem_assert_empty(&w->tm);
}

static void await_committed(struct world *w, int64_t n)
{
    assert_int_equal(rkmq_mock_await_committed(w->mock, "G", "T", n, 600000), RKMQ_OK);
}

/* On a quiet network every message is consumed exactly once, in calls of at most the batch size,
 * and the offsets end behind the last one; those published later come through the held pull. */
static void test_exactly_once(void **state)
{
    (void)state;
    static const struct {
        int batch_max, pull_batch;
    } rows[] = {{1, 32}, {32, 32}, {7, 5}, {32, 1024}, {1, 1}};
    struct world w;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        world_open(&w, i + 1);
        w.o.consume_message_batch_max_size = rows[i].batch_max;
        w.o.pull_batch_size = rows[i].pull_batch;
        publish(&w, 1000);
        world_start(&w);
        await_committed(&w, 1000);
        assert_int_equal(w.n_messages, 1000);
        assert_int_equal(w.n_distinct, 1000);
        assert_in_range(w.n_per_call_max, 1, (unsigned)rows[i].batch_max);
        rkmq_sim_run_for(w.sim, 1000);
        rkmq_us before = rkmq_sim_now(w.sim);
        publish(&w, 1);
        await_committed(&w, 1001);
        assert_int_equal(w.n_messages, 1001);
        assert_true(w.last.at - before < 10000); /* no poll: the broker answers what it held */
        world_close(&w);
    }
}

/* A listener that is slower than the broker never has more cached than the threshold and one pull a
 * queue. */
static void test_flow_control(void **state)
{
    (void)state;
    struct world w;
    struct rkmq_push_stats stats = {0};
    world_open(&w, 1);
    w.cost_us = 10000;
    w.o.consume_thread_min = w.o.consume_thread_max = 2;
    w.o.pull_threshold_for_queue = 20;
    w.o.pull_batch_size = 10;
    publish(&w, 400);
    world_start(&w);
    uint64_t cached_max = 0;
    while (w.n_messages < 400) {
        rkmq_sim_run_for(w.sim, 20);
        rkmq_push_consumer_stats(w.consumer, &stats);
        cached_max = stats.cached_messages > cached_max ? stats.cached_messages : cached_max;
    }
    assert_in_range(cached_max, 4 * 21, 4 * 30);
    assert_true(stats.flow_controlled > 0);
    await_committed(&w, 400);
    assert_int_equal(w.n_distinct, 400);
    world_close(&w);
}

/* A failed message comes back after its delay through the retry topic, with its own topic and id
 * and the number of failures; the queue it came from goes on at once. */
static void test_reconsume_later(void **state)
{
    (void)state;
    static const struct {
        int32_t delay_level;
        rkmq_ms delay_ms;
    } rows[] = {{0, 10000}, {1, 1000}, {4, 30000}}; /* 0: level 3 for the first failure */
    struct world w;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        world_open(&w, 1);
        w.n_fail_first = 1;
        w.delay_level = rows[i].delay_level;
        publish(&w, 8);
        world_start(&w);
        await_committed(&w, 8);
        assert_true(w.n_distinct == 8);
        rkmq_sim_run_for(w.sim, rows[i].delay_ms + 8000);
        assert_int_equal(w.n_messages, 16);
        assert_int_equal(w.n_seen[0], 2);
        assert_string_equal(w.last.topic, "T");
        assert_string_equal(w.last.queue_topic, "%RETRY%G");
        assert_string_equal(w.first.queue_topic, "T");
        assert_string_equal(w.last.msg_id, w.first.msg_id);
        assert_int_equal(w.first.reconsume_times, 0);
        assert_int_equal(w.last.reconsume_times, 1);
        /* The broker counts in whole milliseconds. */
        assert_in_range((w.last.at - w.first.at) / 1000, rows[i].delay_ms - 1,
                        rows[i].delay_ms + 500);
        rkmq_sim_run_for(w.sim, 6000);
        assert_int_equal(rkmq_mock_committed(w.mock, "G", "%RETRY%G"), 8);
        world_close(&w);
    }
}

/* After maxReconsumeTimes failures, or at once for level -1, a message goes to the dead letter
 * queue and is not delivered any more. */
static void test_dead_letters(void **state)
{
    (void)state;
    static const struct {
        int max_reconsume_times;
        int32_t delay_level;
        unsigned n_deliveries;
    } rows[] = {{2, 1, 3}, {0, 1, 1}, {-1, -1, 1}};
    struct world w;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        world_open(&w, 1);
        w.n_fail_first = 99;
        w.delay_level = rows[i].delay_level;
        w.o.max_reconsume_times = rows[i].max_reconsume_times;
        publish(&w, 3);
        world_start(&w);
        rkmq_sim_run_for(w.sim, 60000);
        assert_int_equal(w.n_messages, 3 * rows[i].n_deliveries);
        assert_int_equal(rkmq_mock_max_offset(w.mock, "%DLQ%G"), 3);
        assert_int_equal(rkmq_mock_committed(w.mock, "G", "T"), 3);
        world_close(&w);
    }
}

/* A refused or unanswered send-back makes the message come again here after 5 s; nothing is lost
 * and the offset waits for it. */
static void test_send_back_fails(void **state)
{
    (void)state;
    static const enum rkmq_fault_effect effects[] = {RKMQ_FAULT_REPLY, RKMQ_FAULT_DROP,
                                                     RKMQ_FAULT_CLOSE};
    struct world w;
    for (size_t i = 0; i < RKMQ_COUNT_OF(effects); i++) {
        struct rkmq_mock_fault fault = RKMQ_MOCK_FAULT_INIT;
        world_open(&w, 1);
        fault.id = "back";
        fault.request_code = RKMQ_REQ_CONSUMER_SEND_MSG_BACK;
        fault.effect = effects[i];
        fault.reply_code = RKMQ_RES_SYSTEM_ERROR;
        fault.times = 1;
        assert_int_equal(rkmq_mock_fault_add(w.mock, &fault, NULL), RKMQ_OK);
        w.n_fail_first = 1;
        publish(&w, 1);
        world_start(&w);
        rkmq_sim_run_for(w.sim, 4000);
        assert_int_equal(w.n_messages, 1);
        await_committed(&w, 1);
        assert_int_equal(rkmq_mock_fault_hits(w.mock, "back"), 1);
        assert_int_equal(w.n_messages, 2);
        assert_int_equal(w.last.reconsume_times, 1);
        assert_string_equal(w.last.queue_topic, "T"); /* here, not through the retry topic */
        world_close(&w);
    }
}

/* While suspended, what is cached is consumed and nothing is pulled; resumed, the rest follows. */
static void test_suspend(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1);
    publish(&w, 4);
    world_start(&w);
    await_committed(&w, 4);
    rkmq_push_consumer_suspend(w.consumer);
    rkmq_sim_run_for(w.sim, 20000); /* pulls that the broker held have come back */
    uint64_t pulls = rkmq_mock_seen(w.mock, RKMQ_REQ_PULL_MESSAGE);
    publish(&w, 100);
    rkmq_sim_run_for(w.sim, 20000);
    assert_int_equal(rkmq_mock_seen(w.mock, RKMQ_REQ_PULL_MESSAGE), pulls);
    assert_int_equal(w.n_messages, 4);
    rkmq_push_consumer_resume(w.consumer);
    await_committed(&w, 104);
    assert_int_equal(w.n_messages, 104);
    world_close(&w);
}

/* Shut down in the middle of a pull's messages, the consumer commits just what it finished: the
 * next member of the group gets the rest, and whatever was under way only once. */
static void test_shutdown_midway(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1);
    w.cost_us = 50000;
    w.o.consume_thread_min = w.o.consume_thread_max = 3;
    publish(&w, 500);
    world_start(&w);
    rkmq_sim_run_for(w.sim, 1000);
    assert_int_equal(rkmq_push_consumer_shutdown(w.consumer), RKMQ_OK);
    unsigned n_before = w.n_messages;
    assert_in_range(n_before, 30, 200);
    rkmq_sim_run_for(w.sim, 5000);
    assert_int_equal(w.n_messages, n_before);
    rkmq_push_consumer_destroy(w.consumer);
    world_start(&w);
    await_committed(&w, 500);
    assert_int_equal(w.n_distinct, 500);
    /* One thread of three may have been ahead of the lowest unfinished offset of each queue. */
    assert_in_range(w.n_messages, 500, 500 + 4 * 3);
    world_close(&w);
}

#define N_PIECES 30
#define N_PER_PIECE 40

static void rough_run(uint64_t seed, uint64_t *n_opened)
{
    struct world w;
    const struct rkmq_link rough = {
        .delay_us = 500, .jitter_us = 3000, .chunk_bytes_max = 700, .resets_per_million = 3000};
    const struct rkmq_link quiet = {.delay_us = 200};
    world_open(&w, seed);
    w.n_fail_first = seed % 3 == 0;
    w.delay_level = 1;
    w.cost_us = (rkmq_us)(seed * 100);
    w.o.profile = seed % 2 ? RKMQ_PROFILE_RKMQ : RKMQ_PROFILE_JAVA_5_3;
    w.o.consume_message_batch_max_size = 1 + (int)(seed % 4);
    world_start(&w);
    assert_int_equal(rkmq_sim_link(w.sim, NULL, NULL, &rough), RKMQ_OK);
    for (int i = 0; i < N_PIECES; i++) {
        publish(&w, N_PER_PIECE);
        rkmq_sim_run_for(w.sim, 1500);
    }
    assert_int_equal(rkmq_sim_link(w.sim, NULL, NULL, &quiet), RKMQ_OK);
    await_committed(&w, N_PIECES * N_PER_PIECE);
    for (int i = 0; i < N_PER_PIECE; i++) {
        assert_true(w.n_seen[i] >= N_PIECES);
    }
    *n_opened += w.n_opened;
    world_close(&w);
}

/* The network delays, cuts into pieces and resets connections at random, listeners fail, messages
 * come all the while: every one is consumed at least once, and the offsets end behind the last one.
 * Many seeds; that there were hundreds of connections shows how rough it was. */
static void test_rough_network(void **state)
{
    (void)state;
    uint64_t n_opened = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        rough_run(seed, &n_opened);
    }
    assert_true(n_opened > 24 * 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_once),    cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_reconsume_later), cmocka_unit_test(test_dead_letters),
        cmocka_unit_test(test_send_back_fails), cmocka_unit_test(test_suspend),
        cmocka_unit_test(test_shutdown_midway), cmocka_unit_test(test_rough_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
