/* SPDX-License-Identifier: Apache-2.0 */
/* The mock cluster through its public functions and through the wire, on virtual time and on TCP.
 */
#include <rkmq/live.h>
#include <rkmq/message.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "support/caller.h"
#include "support/cmocka_all.h"
#include "support/fields.h"

struct fixture {
    struct rkmq_sim *sim; /* NULL: live */
    struct rkmq_runtime *rt;
    struct rkmq_mock *m;
    struct caller caller;
    struct caller_answer answer;
};

static void open_world(struct fixture *f, bool is_live)
{
    memset(f, 0, sizeof *f);
    if (is_live) {
        assert_int_equal(rkmq_live_create(&f->rt, NULL, NULL), RKMQ_OK);
        return;
    }
    const struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    assert_int_equal(rkmq_sim_create(&f->sim, &o), RKMQ_OK);
    f->rt = rkmq_sim_runtime(f->sim);
}

static void close_world(struct fixture *f)
{
    caller_close(&f->caller);
    rkmq_mock_destroy(f->m);
    if (f->sim) {
        rkmq_sim_destroy(f->sim);
    } else {
        rkmq_live_destroy(f->rt);
    }
}

static void open_cluster(struct fixture *f, bool is_live, unsigned namesrvs, unsigned brokers)
{
    struct rkmq_mock_options o = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_err err = {0};
    o.namesrvs = namesrvs;
    o.brokers = brokers;
    open_world(f, is_live);
    if (rkmq_mock_create(&f->m, f->rt, &o, &err) != RKMQ_OK) {
        fail_msg("%s", err.text);
    }
    caller_open(&f->caller, f->rt, "caller");
}

static void ask(struct fixture *f, const char *addr, int code, const char *fields, const char *body)
{
    caller_ask(&f->caller, addr, code, fields, rkmq__slice_of(body), &f->answer);
    assert_int_equal(f->answer.status, RKMQ_OK);
}

/* The `i`-th address of "a;b;c". */
static const char *nth(const char *all, unsigned i, char out[64])
{
    while (i-- > 0) {
        all += strcspn(all, ";") + 1;
    }
    (void)snprintf(out, 64, "%.*s", (int)strcspn(all, ";"), all);
    return out;
}

/* ---- routes ---- */

/* Every name server knows every broker's queues of the topic. */
static void check_routes(struct fixture *f, unsigned namesrvs, unsigned brokers, int32_t queues)
{
    char addr[64];
    for (unsigned i = 0; i < namesrvs; i++) {
        struct rkmq_route_data route;
        struct rkmq_arena arena;
        ask(f, nth(rkmq_mock_namesrv_addr(f->m), i, addr), RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC,
            "topic=T", NULL);
        assert_int_equal(f->answer.code, RKMQ_RES_SUCCESS);
        rkmq__arena_init(&arena, rkmq_mem_heap());
        assert_int_equal(rkmq__route_data_read(rkmq__slice(f->answer.body, f->answer.body_bytes),
                                               &arena, &route, NULL),
                         RKMQ_OK);
        assert_int_equal(route.n_brokers, brokers);
        assert_int_equal(route.n_queues, brokers);
        for (unsigned k = 0; k < brokers; k++) {
            assert_int_equal(route.queues[k].read_queue_nums, queues);
            assert_int_equal(route.queues[k].write_queue_nums, queues);
            assert_int_equal(route.queues[k].perm, RKMQ_PERM_READ | RKMQ_PERM_WRITE);
        }
        rkmq__arena_close(&arena);
    }
}

static void check_messages(struct fixture *f, unsigned brokers)
{
    char fields[256];
    struct rkmq_record record;
    struct rkmq_slice cursor;
    for (unsigned i = 0; i < brokers; i++) {
        (void)snprintf(fields, sizeof fields,
                       "consumerGroup=G;topic=T;queueId=%u;queueOffset=0;maxMsgNums=32;sysFlag=4;"
                       "commitOffset=0;suspendTimeoutMillis=0;subscription=*;subVersion=0",
                       2u);
        ask(f, rkmq_mock_broker_addr(f->m, i), RKMQ_REQ_PULL_MESSAGE, fields, NULL);
        assert_int_equal(f->answer.code, RKMQ_RES_SUCCESS);
        cursor = rkmq__slice(f->answer.body, f->answer.body_bytes);
        assert_int_equal(rkmq_record_next(&cursor, &record, NULL), RKMQ_OK);
        (void)snprintf(fields, sizeof fields, "number %u", i * 3 + 2);
        assert_true(rkmq__slice_is(record.body, fields));
        assert_true(rkmq__slice_is(rkmq_property_get(record.properties, "TAGS"), "TagA"));
        assert_int_equal(rkmq_property_get(record.properties, "UNIQ_KEY").n, RKMQ_UNIQ_KEY_CHARS);
    }
}

static void check_cluster(bool is_live, unsigned namesrvs, unsigned brokers)
{
    struct fixture f;
    int64_t all = (int64_t)brokers * 3;
    open_cluster(&f, is_live, namesrvs, brokers);
    assert_int_equal(rkmq_mock_broker_count(f.m), brokers);
    assert_string_equal(rkmq_mock_broker_name(f.m, brokers - 1), brokers == 1   ? "broker-a"
                                                                 : brokers == 2 ? "broker-b"
                                                                                : "broker-c");
    assert_int_equal(rkmq_mock_publish(f.m, "T", NULL, "x", 1), RKMQ_E_NOT_FOUND);
    assert_int_equal(rkmq_mock_max_offset(f.m, "T"), -1);
    assert_int_equal(rkmq_mock_topic(f.m, "T", 3), RKMQ_OK);
    check_routes(&f, namesrvs, brokers, 3);
    assert_int_equal(rkmq_mock_max_offset(f.m, "T"), 0);
    assert_int_equal(rkmq_mock_publish(f.m, "T", "TagA", "number %d", (unsigned)all), RKMQ_OK);
    assert_int_equal(rkmq_mock_max_offset(f.m, "T"), all);
    check_messages(&f, brokers);
    assert_int_equal(rkmq_mock_topic(f.m, "T", 4), RKMQ_OK);
    check_routes(&f, namesrvs, brokers, 4);
    assert_int_equal(rkmq_mock_seen(f.m, RKMQ_REQ_PULL_MESSAGE), brokers);
    assert_int_equal(rkmq_mock_seen(f.m, RKMQ_REQ_REGISTER_BROKER), namesrvs * brokers * 3);
    close_world(&f);
}

/* A cluster of any size registers itself, and a topic made by hand is in every name server's route
 * with its new queue count when the call returns; messages put by hand can be pulled. Shown by
 * asking over the wire, in both worlds. */
static void test_topic_messages_route(void **state)
{
    static const struct {
        unsigned namesrvs, brokers;
    } sizes[] = {{1, 1}, {2, 1}, {1, 2}, {2, 3}};
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(sizes); i++) {
        check_cluster(false, sizes[i].namesrvs, sizes[i].brokers);
        check_cluster(true, sizes[i].namesrvs, sizes[i].brokers);
    }
}

/* Offsets committed over the wire are what the facade reports, per queue, per topic and by waiting.
 */
static void test_committed(void **state)
{
    static const char beat[] =
        "{\"clientID\":\"c1\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"
        "\"CONSUME_PASSIVELY\",\"messageModel\":\"CLUSTERING\",\"subscriptionDataSet\":[]}]}";
    struct fixture f;
    (void)state;
    open_cluster(&f, false, 1, 2);
    const char *addr = rkmq_mock_broker_addr(f.m, 1);
    assert_int_equal(rkmq_mock_topic(f.m, "T", 2), RKMQ_OK);
    assert_int_equal(rkmq_mock_committed(f.m, "G", "T"), -1);
    assert_int_equal(rkmq_mock_await_committed(f.m, "G", "T", 1, 100), RKMQ_E_TIMEOUT);
    ask(&f, addr, RKMQ_REQ_HEART_BEAT, "", beat);
    assert_int_equal(f.answer.code, RKMQ_RES_SUCCESS);
    ask(&f, addr, RKMQ_REQ_UPDATE_CONSUMER_OFFSET,
        "consumerGroup=G;topic=T;queueId=1;commitOffset=7", NULL);
    assert_int_equal(f.answer.code, RKMQ_RES_SUCCESS);
    assert_int_equal(rkmq_mock_await_committed(f.m, "G", "T", 7, 100), RKMQ_OK);
    assert_int_equal(rkmq_mock_committed(f.m, "G", "T"), 7);
    assert_int_equal(rkmq_mock_committed_of(f.m, 1, "G", "T", 1), 7);
    assert_int_equal(rkmq_mock_committed_of(f.m, 1, "G", "T", 0), -1);
    assert_int_equal(rkmq_mock_committed_of(f.m, 0, "G", "T", 1), -1);
    close_world(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topic_messages_route),
        cmocka_unit_test(test_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
