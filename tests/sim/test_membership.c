/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a group come and go on virtual time: who owns what, and what they tell the brokers. */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/remoting.h>
#include <rkmq/sim.h>
#include <stdlib.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define N_MEMBERS 3
#define SETTLE_MS 3000

struct world {
    struct test_mem tm;
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_push_consumer *members[N_MEMBERS];
    unsigned n_consumed[N_MEMBERS];
    char journal[8192]; /* "broker-a 15 4;" for each request to a broker and its queue, since clear
                         */
    size_t n_journal;
    unsigned n_told; /* calls of the queue listener */
    size_t n_told_queues;
    long n_queues, n_cached, n_calls; /* all members, by their events */
    char changes[1024];       /* "join broker-a G;" and "route ns0 T broker-a 4;" since clear */
    size_t n_changes;         /* the system's own topics are left out */
    unsigned n_not_allocated; /* lines of the log that say so */
};

struct listener {
    struct world *w;
    int member;
};
static struct listener listeners[N_MEMBERS];

static enum rkmq_consume_status on_messages(void *user, struct rkmq_msg *const *msgs, size_t n,
                                            struct rkmq_consume_context *context)
{
    const struct listener *l = user;
    (void)msgs;
    (void)context;
    rkmq_sim_spend(l->w->sim, 1000);
    l->w->n_consumed[l->member] += (unsigned)n;
    return RKMQ_CONSUME_SUCCESS;
}

static void on_queues(void *user, const char *topic, const struct rkmq_queue *assigned, size_t n)
{
    struct world *w = user;
    if (strcmp(topic, "T") == 0) {
        w->n_told++;
        w->n_told_queues = n;
        for (size_t i = 0; i < n; i++) {
            assert_string_equal(assigned[i].topic, "T");
            assert_memory_equal(assigned[i].broker_name, "broker-", 7);
        }
    }
}

static void on_push_event(void *user, const struct rkmq_push_event *event)
{
    struct world *w = user;
    switch (event->kind) {
    case RKMQ_PUSH_QUEUE_ADDED:
        w->n_queues++;
        break;
    case RKMQ_PUSH_QUEUE_DROPPED:
        w->n_queues--;
        break;
    case RKMQ_PUSH_CACHE_PUT:
        assert_true(event->offset2 - event->offset + 1 >= (int64_t)event->count);
        w->n_cached += (long)event->count;
        break;
    case RKMQ_PUSH_LISTENER_DONE:
        assert_int_equal(event->n_failed, 0);
        w->n_calls++;
        break;
    case RKMQ_PUSH_CACHE_EVICT:
        w->n_cached -= (long)event->count;
        break;
    }
}

static void note_change(struct world *w, const struct rkmq_mock_event *event)
{
    static const char *const names[] = {[RKMQ_MOCK_MEMBER_JOIN] = "join",
                                        [RKMQ_MOCK_MEMBER_LEAVE] = "leave",
                                        [RKMQ_MOCK_MEMBER_EXPIRE] = "expire"};
    char *at = w->changes + w->n_changes;
    size_t room = sizeof w->changes - w->n_changes;
    bool is_system =
        !rkmq__slice_is(event->topic, "T") && event->topic.n > 0 && event->topic.p[0] != '%';
    if (event->kind == RKMQ_MOCK_ROUTE && !is_system) {
        w->n_changes += (size_t)snprintf(at, room, "route %s %.*s %.*s %d;", event->server,
                                         RKMQ_SLICE_ARG(event->topic),
                                         RKMQ_SLICE_ARG(event->broker), (int)event->queues);
    } else if (event->kind >= RKMQ_MOCK_MEMBER_JOIN && event->kind < RKMQ_MOCK_ROUTE) {
        assert_true(event->client_id[0] && event->peer[0] && event->connection > 0);
        w->n_changes += (size_t)snprintf(at, room, "%s %s %.*s;", names[event->kind], event->server,
                                         RKMQ_SLICE_ARG(event->group));
    }
    assert_true(w->n_changes < sizeof w->changes);
}

static void on_event(void *user, const struct rkmq_mock_event *event)
{
    struct world *w = user;
    int64_t queue = -1;
    note_change(w, event);
    if ((event->kind == RKMQ_MOCK_REQUEST || event->kind == RKMQ_MOCK_CLOSED) &&
        strncmp(event->server, "broker", 6) == 0 && w->n_journal + 64 < sizeof w->journal) {
        if (event->cmd) {
            (void)rkmq_command_i64(event->cmd, "queueId", &queue);
        }
        w->n_journal += (size_t)snprintf(w->journal + w->n_journal, 64, "%s %d %d;", event->server,
                                         event->cmd ? event->request_code : -1, (int)queue);
    }
}

static void on_log(void *user, enum rkmq_log_level level, const char *subject, const char *text)
{
    struct world *w = user;
    if (strstr(text, "not allocated")) {
        assert_int_equal(level, RKMQ_LOG_WARN);
        assert_string_equal(subject, "rebalance");
        w->n_not_allocated++;
    }
}

static void journal_clear(struct world *w)
{
    w->n_journal = 0;
    w->journal[0] = '\0';
}

static void changes_clear(struct world *w)
{
    w->n_changes = 0;
    w->changes[0] = '\0';
}

static void world_open(struct world *w, unsigned brokers, unsigned namesrvs)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    test_mem_init(&w->tm);
    so.mem = &w->tm.mem;
    so.log_level = RKMQ_LOG_WARN;
    so.log = on_log;
    so.log_user = w;
    mo.brokers = brokers;
    mo.namesrvs = namesrvs;
    mo.on_event = on_event;
    mo.on_event_user = w;
    assert_int_equal(rkmq_sim_create(&w->sim, &so), RKMQ_OK);
    assert_int_equal(rkmq_mock_create(&w->mock, rkmq_sim_runtime(w->sim), &mo, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic(w->mock, "T", 8 / brokers), RKMQ_OK);
}

static void options_fill(struct world *w, int member, struct rkmq_push_options *o)
{
    static const char *const hosts[N_MEMBERS] = {"c0", "c1", "c2"};
    const struct rkmq_push_options init = RKMQ_PUSH_OPTIONS_INIT;
    listeners[member] = (struct listener){w, member};
    *o = init;
    o->consumer_group = "G";
    o->namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    o->host = hosts[member];
    o->consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o->message_listener = on_messages;
    o->message_listener_user = &listeners[member];
    o->message_queue_listener = on_queues;
    o->message_queue_listener_user = w;
    o->on_event = on_push_event;
    o->on_event_user = w;
}

static int member_try(struct world *w, int member, const struct rkmq_push_options *o,
                      struct rkmq_err *err)
{
    struct rkmq_push_consumer **c = &w->members[member];
    assert_int_equal(rkmq_push_consumer_create(c, rkmq_sim_runtime(w->sim), o, err), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(*c, "T", "*", err), RKMQ_OK);
    return rkmq_push_consumer_start(*c, err);
}

static void member_start(struct world *w, int member)
{
    struct rkmq_push_options o;
    options_fill(w, member, &o);
    assert_int_equal(member_try(w, member, &o, NULL), RKMQ_OK);
}

static void member_stop(struct world *w, int member)
{
    rkmq_push_consumer_destroy(w->members[member]);
    w->members[member] = NULL;
}

static void settle(struct world *w)
{
    rkmq_sim_run_for(w->sim, SETTLE_MS);
}

/* "b0 b1 b2 b3" of the topic's queues, a letter for the broker, sorted. */
static int text_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void expect_owned(struct world *w, int member, const char *queues)
{
    struct rkmq_queue owned[32];
    char names[32][8], text[256] = "";
    size_t n = rkmq_push_consumer_assigned(w->members[member], owned, 32), n_names = 0;
    assert_true(n <= 32);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(owned[i].topic, "T") == 0) {
            (void)snprintf(names[n_names++], 8, "%c%d", owned[i].broker_name[7],
                           (int)owned[i].queue_id);
        }
    }
    qsort(names, n_names, 8, text_compare);
    for (size_t i = 0; i < n_names; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                       names[i]);
    }
    assert_string_equal(text, queues);
}

static void world_close(struct world *w)
{
    for (int i = 0; i < N_MEMBERS; i++) {
        rkmq_push_consumer_destroy(w->members[i]);
    }
    rkmq_mock_destroy(w->mock);
    rkmq_sim_destroy(w->sim);
    test_mem_assert_empty(&w->tm);
}

/* One member owns all 8 queues; a second takes the second half at once; when it leaves, the first
 * has all again, told by the broker and not by its own 20 s rhythm. */
static void test_split(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 1, 1);
    member_start(&w, 0);
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2 a3 a4 a5 a6 a7");
    member_start(&w, 1);
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2 a3");
    expect_owned(&w, 1, "a4 a5 a6 a7");
    assert_int_equal(w.n_told_queues, 4);
    assert_int_equal(w.n_queues, 8 + 1); /* and the retry topic's one queue */
    member_stop(&w, 1);
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2 a3 a4 a5 a6 a7");
    assert_true(w.n_told >= 4);
    world_close(&w);
    assert_int_equal(w.n_queues, 0);
}

/* The mock tells who comes and goes, once each, and what each name server comes to know; a member
 * that vanished leaves when its connection is given up, one that only stops to speak expires. */
static void test_changes(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 1, 2);
    assert_string_equal(w.changes, "route ns0 T broker-a 8;route ns1 T broker-a 8;");
    changes_clear(&w);
    member_start(&w, 0);
    member_start(&w, 1);
    settle(&w);
    assert_string_equal(w.changes, "join broker-a G;route ns0 %RETRY%G broker-a 1;"
                                   "route ns1 %RETRY%G broker-a 1;join broker-a G;");
    changes_clear(&w);
    assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "T", 9, -1), RKMQ_OK);
    settle(&w);
    assert_string_equal(w.changes, "route ns0 T broker-a 9;route ns1 T broker-a 9;");
    rkmq_sim_run_for(w.sim, 90000); /* registrations that say nothing new */
    changes_clear(&w);
    member_stop(&w, 1);
    assert_string_equal(w.changes, "leave broker-a G;");
    changes_clear(&w);
    struct rkmq_mock_fault fault = RKMQ_MOCK_FAULT_INIT;
    fault.id = "deaf";
    fault.request_code = RKMQ_REQ_HEART_BEAT;
    fault.effect = RKMQ_FAULT_DROP;
    assert_int_equal(rkmq_mock_fault_add(w.mock, &fault, NULL), RKMQ_OK);
    rkmq_sim_run_for(w.sim, 160000);
    assert_string_equal(w.changes, "expire broker-a G;");
    world_close(&w);
}

/* Queues of two brokers are allocated in one order: by broker name, then by number. */
static void test_split_over_brokers(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 2, 2);
    for (int i = 0; i < 3; i++) {
        member_start(&w, i);
    }
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2");
    expect_owned(&w, 1, "a3 b0 b1");
    expect_owned(&w, 2, "b2 b3");
    world_close(&w);
}

/* While members come and go every message is consumed by somebody. */
static void test_nothing_lost(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 2, 1);
    assert_int_equal(rkmq_mock_publish(w.mock, "T", NULL, "%d", 4000), RKMQ_OK);
    member_start(&w, 0);
    rkmq_sim_run_for(w.sim, 50);
    member_start(&w, 1);
    rkmq_sim_run_for(w.sim, 50);
    member_stop(&w, 0);
    member_start(&w, 2);
    assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 4000, 60000), RKMQ_OK);
    assert_true(w.n_consumed[0] > 0 && w.n_consumed[1] > 0 && w.n_consumed[2] > 0);
    assert_true(w.n_consumed[0] + w.n_consumed[1] + w.n_consumed[2] >= 4000);
    world_close(&w);
}

/* A host that vanishes keeps its queues until its membership runs out; then the others have them,
 * and nothing is lost. What it had under way is let go of, and it can come back. */
static void test_crash(void **state)
{
    (void)state;
    for (int is_reset = 0; is_reset < 2; is_reset++) {
        struct world w;
        world_open(&w, 1, 1);
        assert_int_equal(rkmq_mock_publish(w.mock, "T", NULL, "%d", 3000), RKMQ_OK);
        member_start(&w, 0);
        member_start(&w, 1);
        rkmq_sim_run_for(w.sim, 20); /* listeners are at work */
        rkmq_sim_crash(w.sim, "c0", is_reset);
        rkmq_sim_run_for(w.sim, 5000);
        expect_owned(&w, 1, is_reset ? "a0 a1 a2 a3 a4 a5 a6 a7" : "a4 a5 a6 a7");
        member_stop(&w, 0);
        rkmq_sim_run_for(w.sim, 135000);
        expect_owned(&w, 1, "a0 a1 a2 a3 a4 a5 a6 a7");
        member_start(&w, 0);
        settle(&w);
        expect_owned(&w, 0, "a0 a1 a2 a3");
        assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 3000, 60000), RKMQ_OK);
        world_close(&w);
    }
}

/* The events of a consumer add up: queues that came are there or went, messages that were pulled
 * are cached or finished. */
static void test_events(void **state)
{
    struct world w;
    struct rkmq_push_stats stats;
    (void)state;
    world_open(&w, 1, 1);
    assert_int_equal(rkmq_mock_publish(w.mock, "T", NULL, "%d", 500), RKMQ_OK);
    member_start(&w, 0);
    assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 100, 60000), RKMQ_OK);
    rkmq_push_consumer_stats(w.members[0], &stats);
    assert_int_equal(w.n_cached, stats.cached_messages);
    assert_int_equal(w.n_queues, rkmq_push_consumer_assigned(w.members[0], NULL, 0));
    assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "T", 500, 60000), RKMQ_OK);
    assert_int_equal(w.n_cached, 0);
    assert_int_equal(w.n_calls, 500);
    member_stop(&w, 0);
    assert_int_equal(w.n_queues, 0);
    world_close(&w);
}

/* A client id can be chosen as a whole: clientIP@instanceName. */
static void test_client_ip(void **state)
{
    struct world w;
    struct rkmq_push_options o;
    (void)state;
    world_open(&w, 1, 1);
    options_fill(&w, 0, &o);
    o.client_ip = "10.1.2.3";
    o.instance_name = "7";
    assert_int_equal(member_try(&w, 0, &o, NULL), RKMQ_OK);
    assert_string_equal(rkmq_push_consumer_client_id(w.members[0]), "10.1.2.3@7");
    world_close(&w);
}

/* A group can be registered once in an instance; on another host, or under another instance name,
 * it can be there again. */
static void test_group_taken(void **state)
{
    struct world w;
    struct rkmq_push_options o;
    struct rkmq_err err = {0};
    (void)state;
    world_open(&w, 1, 1);
    options_fill(&w, 0, &o);
    o.instance_name = "one";
    assert_int_equal(member_try(&w, 0, &o, &err), RKMQ_OK);
    assert_string_equal(rkmq_push_consumer_client_id(w.members[0]) +
                            strcspn(rkmq_push_consumer_client_id(w.members[0]), "@"),
                        "@one");
    assert_int_equal(member_try(&w, 1, &o, &err), RKMQ_E_STATE);
    assert_non_null(strstr(err.text,
                           "The consumer group[G] has been created before, specify another "
                           "name please."));
    o.instance_name = "two";
    assert_int_equal(member_try(&w, 2, &o, &err), RKMQ_OK);
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2 a3");
    expect_owned(&w, 2, "a4 a5 a6 a7");
    world_close(&w);
}

/* A consumer starts once, and in its own words says so. */
static void test_start_twice(void **state)
{
    struct world w;
    struct rkmq_err err = {0};
    (void)state;
    world_open(&w, 1, 1);
    member_start(&w, 0);
    assert_int_equal(rkmq_push_consumer_start(w.members[0], &err), RKMQ_E_STATE);
    assert_non_null(
        strstr(err.text, "The PushConsumer service state not OK, maybe started once, RUNNING"));
    assert_int_equal(rkmq_push_consumer_shutdown(w.members[0]), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w.members[0], &err), RKMQ_E_STATE);
    assert_non_null(strstr(err.text, "SHUTDOWN_ALREADY"));
    assert_int_equal(rkmq_push_consumer_shutdown(w.members[0]), RKMQ_OK);
    world_close(&w);
}

/* Without a name server start fails within its timeouts and says why; nothing is left behind. */
static void test_no_name_server(void **state)
{
    struct world w;
    struct rkmq_push_options o;
    struct rkmq_err err = {0};
    (void)state;
    world_open(&w, 1, 1);
    options_fill(&w, 0, &o);
    o.namesrv_addr = "10.9.9.9:9876";
    assert_int_equal(member_try(&w, 0, &o, &err), RKMQ_E_CLOSED);
    assert_memory_equal(err.text, "no name server answers: ", 24);
    world_close(&w);
}

/* A topic nobody knows is no error: the consumer waits for it, and finds it when it is created. */
static void test_topic_comes_later(void **state)
{
    struct world w;
    struct rkmq_push_options o;
    (void)state;
    world_open(&w, 1, 1);
    options_fill(&w, 0, &o);
    assert_int_equal(rkmq_push_consumer_create(&w.members[0], rkmq_sim_runtime(w.sim), &o, NULL),
                     RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(w.members[0], "Later", "*", NULL), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w.members[0], NULL), RKMQ_OK);
    settle(&w);
    assert_int_equal(rkmq_mock_topic(w.mock, "Later", 4), RKMQ_OK);
    assert_int_equal(rkmq_mock_publish(w.mock, "Later", NULL, "%d", 8), RKMQ_OK);
    assert_int_equal(rkmq_mock_await_committed(w.mock, "G", "Later", 8, 120000), RKMQ_OK);
    world_close(&w);
}

/* A topic that nobody may read is passed over every second and told of once, until it is back. */
static void test_topic_without_queues(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 1, 1);
    assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "T", -1, RKMQ_PERM_WRITE), RKMQ_OK);
    member_start(&w, 0);
    for (unsigned n = 1; n <= 2; n++) {
        rkmq_sim_run_for(w.sim, 60000);
        assert_int_equal(w.n_not_allocated, n);
        assert_int_equal(
            rkmq_mock_topic_change(w.mock, 0, "T", -1, RKMQ_PERM_READ | RKMQ_PERM_WRITE), RKMQ_OK);
        rkmq_sim_run_for(w.sim, 60000);
        assert_int_equal(w.n_told_queues, 8);
        assert_int_equal(rkmq_mock_topic_change(w.mock, 0, "T", -1, RKMQ_PERM_WRITE), RKMQ_OK);
    }
    world_close(&w);
}

/* A running consumer that subscribes one more topic consumes it at once; unsubscribed, it lets its
 * queues go. */
static void test_subscribe_running(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 1, 1);
    assert_int_equal(rkmq_mock_topic(w.mock, "U", 2), RKMQ_OK);
    assert_int_equal(rkmq_mock_publish(w.mock, "U", NULL, "%d", 8), RKMQ_OK);
    member_start(&w, 0);
    settle(&w);
    size_t n_before = rkmq_push_consumer_assigned(w.members[0], NULL, 0);
    assert_int_equal(rkmq_push_consumer_subscribe(w.members[0], "U", "*", NULL), RKMQ_OK);
    settle(&w);
    assert_int_equal(rkmq_push_consumer_assigned(w.members[0], NULL, 0), n_before + 2);
    assert_int_equal(w.n_consumed[0], 8);
    assert_int_equal(rkmq_push_consumer_unsubscribe(w.members[0], "U"), RKMQ_OK);
    settle(&w);
    assert_int_equal(rkmq_push_consumer_assigned(w.members[0], NULL, 0), n_before);
    world_close(&w);
}

/* A clean stop: offsets of every queue, then the group, then the inner producer, then the
 * connection, in this order. */
static void test_shutdown_order(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 1, 1);
    assert_int_equal(rkmq_mock_publish(w.mock, "T", NULL, "%d", 16), RKMQ_OK);
    member_start(&w, 0);
    settle(&w);
    assert_int_equal(w.n_consumed[0], 16);
    journal_clear(&w);
    assert_int_equal(rkmq_push_consumer_shutdown(w.members[0]), RKMQ_OK);
    rkmq_sim_run_for(w.sim, 10);
    const char *unregister = strstr(w.journal, "broker-a 35 ");
    assert_non_null(unregister);
    for (int queue = 0; queue < 8; queue++) {
        char commit[32];
        (void)snprintf(commit, sizeof commit, "broker-a 15 %d;", queue);
        const char *at = strstr(w.journal, commit);
        assert_true(at && at < unregister);
    }
    assert_string_equal(unregister, "broker-a 35 -1;broker-a 35 -1;broker-a -1 -1;");
    assert_int_equal(rkmq_mock_committed(w.mock, "G", "T"), 16);
    world_close(&w);
}

/* Two consumers of one instance share its connections: one of each to name server and broker. */
static void test_shared_instance(void **state)
{
    struct world w;
    struct rkmq_push_options o;
    (void)state;
    world_open(&w, 1, 1);
    for (int i = 0; i < 2; i++) {
        options_fill(&w, i, &o);
        o.host = "c0";
        o.instance_name = "shared";
        o.consumer_group = i == 0 ? "G" : "H";
        assert_int_equal(member_try(&w, i, &o, NULL), RKMQ_OK);
    }
    settle(&w);
    expect_owned(&w, 0, "a0 a1 a2 a3 a4 a5 a6 a7");
    expect_owned(&w, 1, "a0 a1 a2 a3 a4 a5 a6 a7");
    journal_clear(&w);
    member_stop(&w, 0);
    rkmq_sim_run_for(w.sim, 10);
    assert_null(strstr(w.journal, "broker-a -1 ")); /* the other still needs the connection */
    member_stop(&w, 1);
    rkmq_sim_run_for(w.sim, 10);
    assert_non_null(strstr(w.journal, "broker-a -1 "));
    world_close(&w);
}

/* With the n-th allocation failing, for every n: create, subscribe and start fail cleanly or
 * succeed, and destroy leaves nothing. */
static void test_every_allocation_may_fail(void **state)
{
    bool is_started = false;
    (void)state;
    for (long n = 0; !is_started; n += 1 + n / 16) {
        struct world w;
        struct rkmq_push_options o;
        world_open(&w, 1, 1);
        options_fill(&w, 0, &o);
        w.tm.n_calls = 0;
        w.tm.fail_at = n;
        int status = rkmq_push_consumer_create(&w.members[0], rkmq_sim_runtime(w.sim), &o, NULL);
        if (status == RKMQ_OK) {
            status = rkmq_push_consumer_subscribe(w.members[0], "T", "*", NULL);
        }
        if (status == RKMQ_OK) {
            status = rkmq_push_consumer_start(w.members[0], NULL);
        }
        is_started = status == RKMQ_OK && w.tm.n_calls < n;
        w.tm.fail_at = -1;
        world_close(&w);
        assert_true(n < 20000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_split_over_brokers),
        cmocka_unit_test(test_nothing_lost),
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_client_ip),
        cmocka_unit_test(test_group_taken),
        cmocka_unit_test(test_start_twice),
        cmocka_unit_test(test_no_name_server),
        cmocka_unit_test(test_topic_comes_later),
        cmocka_unit_test(test_topic_without_queues),
        cmocka_unit_test(test_subscribe_running),
        cmocka_unit_test(test_shutdown_order),
        cmocka_unit_test(test_shared_instance),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
