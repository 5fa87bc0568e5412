/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that go down and come up again, seen by a consumer and by what they kept. */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>

#include "remoting/base/containers.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

struct world {
    struct test_mem tm;
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_push_consumer *consumer;
    unsigned n_consumed;
};

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    struct world *w = user;
    (void)msgs;
    (void)context;
    w->n_consumed += (unsigned)n;
    return RKMQ_CONSUME_SUCCESS;
}

static void world_open(struct world *w, unsigned brokers, unsigned namesrvs)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    test_mem_init(&w->tm);
    so.mem = &w->tm.mem;
    so.log_level = RKMQ_LOG_ERROR;
    mo.brokers = brokers;
    mo.namesrvs = namesrvs;
    mo.offset_flush_ms = 5000;
    assert_int_equal(rkmq_sim_create(&w->sim, &so), RKMQ_OK);
    assert_int_equal(rkmq_mock_create(&w->mock, rkmq_sim_runtime(w->sim), &mo, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic(w->mock, "T", 4), RKMQ_OK);
}

static void consumer_start(struct world *w)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    o.consumer_group = "G";
    o.namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.message_listener = listener;
    o.message_listener_user = w;
    assert_int_equal(rkmq_push_consumer_create(&w->consumer, rkmq_sim_runtime(w->sim), &o, NULL),
                     RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(w->consumer, "T", "*", NULL), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w->consumer, NULL), RKMQ_OK);
}

static void world_close(struct world *w)
{
    rkmq_push_consumer_destroy(w->consumer);
    rkmq_mock_destroy(w->mock);
    rkmq_sim_destroy(w->sim);
    test_mem_assert_empty(&w->tm);
}

static void publish(struct world *w, unsigned n)
{
    assert_int_equal(rkmq_mock_publish(w->mock, "T", NULL, "%d", n), RKMQ_OK);
}

/* What a killed broker finds again is what was to be kept: everything, all but the offsets since
 * the last flush, or nothing at all. */
static void test_keep(void **state)
{
    static const struct {
        enum rkmq_mock_keep keep;
        int64_t max_offset, committed;
    } cases[] = {
        {RKMQ_MOCK_KEEP_ALL, 80, 80},
        {RKMQ_MOCK_KEEP_FLUSHED, 80, 40},
        {RKMQ_MOCK_KEEP_NONE, -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct world w;
        struct rkmq_err err = {0};
        world_open(&w, 1, 1);
        char addr[64];
        (void)snprintf(addr, sizeof addr, "%s", rkmq_mock_broker_addr(w.mock, 0));
        consumer_start(&w);
        publish(&w, 40);
        assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 40, 20000), RKMQ_OK);
        rkmq_sim_run_for(w.sim, 6000); /* flushed by now */
        publish(&w, 40);
        rkmq_sim_run_for(w.sim, 100);
        assert_int_equal(rkmq_push_consumer_shutdown(w.consumer), RKMQ_OK); /* commits all 80 */
        assert_int_equal(rkmq_mock_committed(w.mock, "G", "T"), 80);
        rkmq_mock_broker_kill(w.mock, 0);
        rkmq_sim_run_for(w.sim, 1000);
        assert_int_equal(rkmq_mock_broker_start(w.mock, 0, cases[i].keep, &err), RKMQ_OK);
        assert_string_equal(rkmq_mock_broker_addr(w.mock, 0), addr);
        assert_int_equal(rkmq_mock_max_offset(w.mock, "T"), cases[i].max_offset);
        assert_int_equal(rkmq_mock_committed(w.mock, "G", "T"), cases[i].committed);
        world_close(&w);
    }
}

/* A consumer lives through the restart of its broker and of its name server, and gets what was sent
 * before and after. */
static void test_consumer_lives_on(void **state)
{
    (void)state;
    for (int is_killed = 0; is_killed < 2; is_killed++) {
        struct world w;
        struct rkmq_err err = {0};
        world_open(&w, 1, 1);
        consumer_start(&w);
        publish(&w, 100);
        assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 100, 20000), RKMQ_OK);
        if (is_killed) {
            rkmq_mock_broker_kill(w.mock, 0);
        } else {
            rkmq_mock_broker_shutdown(w.mock, 0);
        }
        rkmq_sim_run_for(w.sim, 10000);
        assert_int_equal(rkmq_mock_broker_start(w.mock, 0, RKMQ_MOCK_KEEP_ALL, &err), RKMQ_OK);
        publish(&w, 100);
        assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 200, 120000), RKMQ_OK);
        rkmq_mock_namesrv_stop(w.mock, 0);
        rkmq_sim_run_for(w.sim, 50000);
        assert_int_equal(rkmq_mock_namesrv_start(w.mock, 0, &err), RKMQ_OK);
        publish(&w, 100);
        assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 300, 120000), RKMQ_OK);
        world_close(&w);
    }
}

/* When one of two brokers leaves cleanly, its queues leave the route and the consumer; back again,
 * they come back. */
static void test_queues_follow(void **state)
{
    struct world w;
    struct rkmq_err err = {0};
    (void)state;
    world_open(&w, 2, 1);
    consumer_start(&w);
    rkmq_sim_run_for(w.sim, 1000);
    size_t n_all = rkmq_push_consumer_assigned(w.consumer, NULL, 0);
    rkmq_mock_broker_shutdown(w.mock, 1);
    rkmq_sim_run_for(w.sim, 60000);
    assert_true(rkmq_push_consumer_assigned(w.consumer, NULL, 0) <= n_all - 4);
    assert_int_equal(rkmq_mock_broker_start(w.mock, 1, RKMQ_MOCK_KEEP_ALL, &err), RKMQ_OK);
    rkmq_sim_run_for(w.sim, 60000);
    assert_int_equal(rkmq_push_consumer_assigned(w.consumer, NULL, 0), n_all);
    /* And by the topic itself: more queues, then none to be read. */
    assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "T", 6, -1), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic_change(w.mock, 1, "T", -1, 2), RKMQ_OK);
    rkmq_sim_run_for(w.sim, 60000);
    assert_int_equal(rkmq_push_consumer_assigned(w.consumer, NULL, 0), n_all + 2 - 4);
    assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "Unknown", -1, 6), RKMQ_E_NOT_FOUND);
    assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "T", 0, -1), RKMQ_E_INVALID);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_consumer_lives_on),
        cmocka_unit_test(test_queues_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
