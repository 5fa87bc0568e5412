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
#include "support/mem.h"

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

/* ---- life cycle ---- */

/* Options that make no cluster are refused, with a text; one broker's port that is taken takes the
 * whole cluster down again and is named. */
static void test_create_refusals(void **state)
{
    static const struct {
        unsigned namesrvs, brokers;
        const char *bind_host, *cluster, *text;
    } cases[] = {
        {0, 1, "127.0.0.1", "C", "0 name servers"},
        {RKMQ_MOCK_SERVERS_MAX + 1, 1, "127.0.0.1", "C", "27 name servers"},
        {1, 0, "127.0.0.1", "C", "0 brokers"},
        {1, RKMQ_MOCK_SERVERS_MAX + 1, "127.0.0.1", "C", "27 brokers"},
        {1, 1, NULL, "C", "bind_host"},
        {1, 1, "127.0.0.1", NULL, "cluster"},
        {1, 1, "127.0.0.1", "no good", "no good names"},
    };
    struct fixture f;
    struct rkmq_err err = {0};
    (void)state;
    open_world(&f, false);
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct rkmq_mock_options o = RKMQ_MOCK_OPTIONS_INIT;
        o.namesrvs = cases[i].namesrvs;
        o.brokers = cases[i].brokers;
        o.bind_host = cases[i].bind_host;
        o.cluster = cases[i].cluster;
        assert_int_equal(rkmq_mock_create(&f.m, f.rt, &o, &err), RKMQ_E_INVALID);
        assert_null(f.m);
        assert_non_null(strstr(err.text, cases[i].text));
    }
    rkmq_sim_destroy(f.sim);
}

/* The servers of a second cluster cannot have the ports of the first; once it is gone, they can. */
static void test_taken_port(void **state)
{
    struct fixture f;
    struct rkmq_mock *second;
    struct rkmq_mock_options o = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_err err = {0};
    char addr[64];
    (void)state;
    open_cluster(&f, true, 1, 1);
    const char *broker = rkmq_mock_broker_addr(f.m, 0);
    (void)snprintf(addr, sizeof addr, "%s", broker);
    unsigned port = 0;
    assert_int_equal(sscanf(strrchr(addr, ':') + 1, "%u", &port), 1);
    o.broker_port = (uint16_t)port;
    assert_int_equal(rkmq_mock_create(&second, f.rt, &o, &err), RKMQ_E_IO);
    assert_null(second);
    assert_non_null(strstr(err.text, addr));
    rkmq_mock_destroy(f.m);
    assert_int_equal(rkmq_mock_create(&f.m, f.rt, &o, &err), RKMQ_OK);
    assert_string_equal(rkmq_mock_broker_addr(f.m, 0), addr);
    close_world(&f);
}

static int cluster_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_sim *sim;
    struct rkmq_mock *m;
    (void)arg;
    o.mem = mem;
    o.log_level = RKMQ_LOG_ERROR;
    mo.namesrvs = mo.brokers = 2;
    int status = rkmq_sim_create(&sim, &o);
    if (status != RKMQ_OK) {
        return status;
    }
    status = rkmq_mock_create(&m, rkmq_sim_runtime(sim), &mo, NULL);
    if (status == RKMQ_OK) {
        rkmq_mock_destroy(m);
    }
    rkmq_sim_destroy(sim);
    return status;
}

/* Whatever allocation fails on the way, a cluster is there or is not: nothing crashes or leaks.
 * Connections that a server had no memory for are made again, so that it may well succeed. */
static void test_create_without_memory(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        struct test_mem tm;
        test_mem_init(&tm);
        tm.fail_at = n;
        int status = cluster_step(&tm.mem, NULL);
        test_mem_assert_empty(&tm);
        if (tm.n_calls <= n) {
            assert_int_equal(status, RKMQ_OK);
            return;
        }
        assert_true(status == RKMQ_OK || status == RKMQ_E_NOMEM || status == RKMQ_E_TIMEOUT);
    }
}

/* ---- a consumer's day ---- */

#define BEAT(client)                                                                               \
    "{\"clientID\":\"" client "\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"      \
    "\"CONSUME_PASSIVELY\",\"messageModel\":\"CLUSTERING\",\"subscriptionDataSet\":[{\"topic\":"   \
    "\"T\",\"subString\":\"*\",\"subVersion\":1}]}]}"

/* Events tell who did what where: connections with their client's id, requests, answers with the
 * code they answer (a list of members with its body), pushes, members that come and go. */
struct log {
    char text[8192];
    size_t n;
};

static void on_event(void *user, const struct rkmq_mock_event *e)
{
    static const char *const kinds[] = {
        [RKMQ_MOCK_OPENED] = "opened",       [RKMQ_MOCK_CLOSED] = "closed",
        [RKMQ_MOCK_REQUEST] = "request",     [RKMQ_MOCK_ANSWER] = "answer",
        [RKMQ_MOCK_PUSH] = "push",           [RKMQ_MOCK_PUSH_ANSWER] = "ack",
        [RKMQ_MOCK_MEMBER_JOIN] = "join",    [RKMQ_MOCK_MEMBER_LEAVE] = "leave",
        [RKMQ_MOCK_MEMBER_EXPIRE] = "expire"};
    struct log *log = user;
    if (strncmp(e->server, "broker", 6) == 0) {
        assert_true(e->kind < RKMQ_COUNT_OF(kinds) && kinds[e->kind]);
        log->n += (size_t)snprintf(log->text + log->n, sizeof log->text - log->n, "%s %s %d %s\n",
                                   e->server, kinds[e->kind], e->request_code, e->client_id);
        assert_true(log->n < sizeof log->text);
    }
    if (e->kind == RKMQ_MOCK_ANSWER) {
        struct rkmq_slice shown = e->request_code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP
                                      ? RKMQ_SLICE("{\"consumerIdList\":[\"c1\"]}")
                                      : rkmq__slice(NULL, 0);
        assert_true(rkmq__slice_equal(e->cmd->body, shown));
    }
}

static void test_events(void **state)
{
    static struct log log;
    struct fixture f;
    struct rkmq_mock_options o = RKMQ_MOCK_OPTIONS_INIT;
    (void)state;
    log.n = 0;
    open_world(&f, false);
    o.on_event = on_event;
    o.on_event_user = &log;
    assert_int_equal(rkmq_mock_create(&f.m, f.rt, &o, NULL), RKMQ_OK);
    caller_open(&f.caller, f.rt, "caller");
    ask(&f, rkmq_mock_broker_addr(f.m, 0), RKMQ_REQ_HEART_BEAT, "", BEAT("c1"));
    ask(&f, rkmq_mock_broker_addr(f.m, 0), RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, "consumerGroup=G",
        NULL);
    assert_int_equal(f.caller.n_pushed, 1);
    assert_int_equal(f.caller.pushed_code, RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED);
    caller_close(&f.caller);
    rkmq_sim_run_for(f.sim, 10);
    assert_string_equal(log.text, "broker-a opened 0 \n"
                                  "broker-a request 34 \n"
                                  "broker-a join 0 c1\n"
                                  "broker-a push 40 c1\n"
                                  "broker-a answer 34 c1\n"
                                  "broker-a request 38 c1\n"
                                  "broker-a answer 38 c1\n"
                                  "broker-a leave 0 c1\n"
                                  "broker-a closed 0 c1\n");
    rkmq_mock_destroy(f.m);
    rkmq_sim_destroy(f.sim);
}

static bool has_pulled(void *arg)
{
    return rkmq_mock_seen(arg, RKMQ_REQ_PULL_MESSAGE) > 0;
}

/* A long poll over the wire ends when a message is published by hand, in both worlds. */
static void test_long_poll(void **state)
{
    (void)state;
    for (int is_live = 0; is_live < 2; is_live++) {
        struct fixture f;
        struct rkmq_record record;
        open_cluster(&f, is_live, 1, 1);
        assert_int_equal(rkmq_mock_topic(f.m, "T", 1), RKMQ_OK);
        caller_begin(&f.caller, rkmq_mock_broker_addr(f.m, 0), RKMQ_REQ_PULL_MESSAGE,
                     "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=32;sysFlag=6;"
                     "commitOffset=0;suspendTimeoutMillis=15000;subscription=*;subVersion=0",
                     RKMQ_SLICE(""), &f.answer);
        assert_int_equal(f.rt->ops->await(f.rt, has_pulled, f.m, 10000), RKMQ_OK);
        assert_false(caller_is_answered(&f.caller));
        assert_int_equal(rkmq_mock_publish(f.m, "T", NULL, "woken", 1), RKMQ_OK);
        caller_end(&f.caller);
        assert_int_equal(f.answer.code, RKMQ_RES_SUCCESS);
        struct rkmq_slice cursor = rkmq__slice(f.answer.body, f.answer.body_bytes);
        assert_int_equal(rkmq_record_next(&cursor, &record, NULL), RKMQ_OK);
        assert_true(rkmq__slice_is(record.body, "woken"));
        close_world(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topic_messages_route),
        cmocka_unit_test(test_committed),
        cmocka_unit_test(test_create_refusals),
        cmocka_unit_test(test_taken_port),
        cmocka_unit_test(test_create_without_memory),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_long_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
