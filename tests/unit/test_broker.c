/* SPDX-License-Identifier: Apache-2.0 */
/* Life of the broker: create, unknown and hostile requests, memory that runs out. */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

/* ---- create ---- */

static int create_step(const struct rkmq_mem *mem, void *arg)
{
    static const char *const addrs[] = {"10.0.1.1:9876", "10.0.1.2:9876"};
    static struct record_env re;
    struct rkmq_broker *brk = NULL;
    struct rkmq_err err = {0};
    (void)arg;
    record_env_init(&re, mem);
    struct rkmq_broker_config config = broker_rig_config(&re.env);
    config.namesrv_addrs = addrs;
    config.n_namesrv_addrs = RKMQ_COUNT_OF(addrs);
    config.advertise_host = "broker.example";
    int status = rkmq__broker_create(&brk, &config, &err);
    assert_int_equal(status == RKMQ_OK, brk != NULL);
    assert_int_equal(err.status, status);
    rkmq__broker_destroy(brk);
    record_env_close(&re);
    return status;
}

/* Whatever allocation fails, create says RKMQ_E_NOMEM and leaves nothing behind. */
static void test_create_without_memory(void **state)
{
    (void)state;
    assert_true(test_mem_fail_each(create_step, NULL) > 20);
}

/* Values that make no broker are refused with their text, and so is an address that is taken. */
static void test_create_refusals(void **state)
{
    static char long_host[300];
    static struct server_rig rig;
    static const struct {
        const char *name, *cluster, *host, *text;
        unsigned queues;
        rkmq_ms period_ms;
    } cases[] = {
        {"broker-a", "C", NULL, "0 default queues", 0, 1},
        {"broker-a", "C", NULL, "1025 default queues", 1025, 1},
        {"broker-a", "C", NULL, "registration every 0 ms", 8, 0},
        {"no good", "C", NULL, "no good names", 8, 1},
        {"broker-a", "", NULL, "no good names", 8, 1},
        {"broker-a", "C", "", "advertised host of 0 characters", 8, 1},
        {"broker-a", "C", long_host, "advertised host of 299 characters", 8, 1},
    };
    struct rkmq_broker *brk;
    struct rkmq_err err;
    (void)state;
    memset(long_host, 'h', sizeof long_host - 1);
    server_rig_open(&rig);
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct rkmq_broker_config config = broker_rig_config(&rig.re.env);
        config.name = cases[i].name;
        config.cluster = cases[i].cluster;
        config.advertise_host = cases[i].host;
        config.default_topic_queue_nums = cases[i].queues;
        config.register_period_ms = cases[i].period_ms;
        assert_int_equal(rkmq__broker_create(&brk, &config, &err), RKMQ_E_INVALID);
        assert_non_null(strstr(err.text, cases[i].text));
    }
    struct rkmq_broker_config config = broker_rig_config(&rig.re.env);
    rig.re.fail_listen = RKMQ_E_IO;
    assert_int_equal(rkmq__broker_create(&brk, &config, &err), RKMQ_E_IO);
    assert_null(brk);
    rkmq__broker_destroy(NULL);
    server_rig_close(&rig);
}

/* Without automatic creation there is no template, and an unknown topic stays unknown. */
static void test_no_auto_create(void **state)
{
    static struct broker_rig b;
    (void)state;
    server_rig_open(&b.rig);
    struct rkmq_broker_config config = broker_rig_config(&b.rig.re.env);
    config.auto_create_topic_enable = false;
    assert_int_equal(rkmq__broker_create(&b.brk, &config, NULL), RKMQ_OK);
    b.con = server_rig_connect(&b.rig, "10.0.0.9:50000");
    BROKER_STEPS(&b, {310, "a=PG;b=T;c=TBW102;d=8;e=0;f=0;g=1;h=0", "x", 17, NULL, "",
                      "topic[T] not exist, apply first please!" FAQ});
    assert_string_equal(rkmq__broker_name(b.brk), "broker-a");
    broker_rig_close(&b);
}

/* ---- requests ---- */

/* What the broker does not know is answered 3 and logged once; one-way, it is silent. */
static void test_unsupported(void **state)
{
    struct broker_rig *b = *state;
    b->rig.re.log_n = 0;
    BROKER_STEPS(b, {200050, NULL, NULL, 3, "", "", " request type 200050 not supported"},
                 {-1, NULL, NULL, 3, "", "", " request type -1 not supported"});
    assert_non_null(strstr(b->rig.re.log, "200050"));
    server_rig_send(&b->rig, b->con, 99999, NULL, RKMQ_SLICE(""), RKMQ_FLAG_ONEWAY);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 0);
}

/* Every request the broker knows. */
static const int codes[] = {10, 11, 14, 15, 17, 29, 30, 31,  32,  33,
                            34, 35, 36, 38, 41, 42, 46, 310, 320, 361};

/* Header fields that are missing, empty, no numbers, out of range or very long: answered with a
 * code, never a closed connection, and nothing is kept of it. */
static void test_hostile_fields(void **state)
{
    static const char *const names[] = {"consumerGroup",
                                        "topic",
                                        "queueId",
                                        "queueOffset",
                                        "maxMsgNums",
                                        "sysFlag",
                                        "commitOffset",
                                        "timestamp",
                                        "suspendTimeoutMillis",
                                        "subVersion",
                                        "offset",
                                        "group",
                                        "delayLevel",
                                        "a",
                                        "b",
                                        "c",
                                        "d",
                                        "e",
                                        "f",
                                        "g",
                                        "h",
                                        "clientID"};
    static const char *const values[] = {"",   "x",          "-1",  "99999999999999999999",
                                         " 1", "2147483647", "0x1", "\x01\x02\xff"};
    static char fields[1024], big[60000];
    struct broker_rig *b = *state;
    memset(big, 'T', sizeof big - 1);
    memcpy(big, "topic=", 6);
    for (size_t c = 0; c < RKMQ_COUNT_OF(codes); c++) {
        assert_non_null(broker_ask(b, codes[c], NULL, NULL));
        assert_non_null(broker_ask(b, codes[c], "", NULL));
        assert_non_null(broker_ask(b, codes[c], big, NULL));
        for (size_t v = 0; v < RKMQ_COUNT_OF(values); v++) {
            size_t n = 0;
            for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
                int added = snprintf(fields + n, sizeof fields - n, "%s%s=%s", i ? ";" : "",
                                     names[i], values[v]);
                n += (size_t)added;
            }
            const struct rig_frame *answer = broker_ask(b, codes[c], fields, "not a body");
            assert_true(answer || (codes[c] == 11 && rkmq__broker_held_pulls(b->brk) > 0));
        }
    }
    assert_false(record_env_conn(&b->rig.re, b->con)->is_closed_by_core);
}

/* ---- memory ---- */

#define SEND "a=PG;b=New;c=TBW102;d=8;e=0;f=0;g=1;h=0"
#define PULL(flags)                                                                                \
    "consumerGroup=G;topic=T;queueId=0;queueOffset=3;maxMsgNums=32;sysFlag=" flags                 \
    ";commitOffset=1;suspendTimeoutMillis=15000;subscription=TagA||TagB;subVersion=0"
#define BEAT                                                                                       \
    "{\"clientID\":\"c1\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"              \
    "\"CONSUME_PASSIVELY\",\"messageModel\":\"CLUSTERING\",\"subscriptionDataSet\":[{\"topic\":"   \
    "\"T\",\"subString\":\"TagA\",\"tagsSet\":[\"TagA\"],\"codeSet\":[2598919],\"subVersion\":1}]" \
    "}]"                                                                                           \
    ",\"producerDataSet\":[{\"groupName\":\"PG\"}]}"
#define LOCK                                                                                       \
    "{\"clientId\":\"c\",\"consumerGroup\":\"G\",\"mqSet\":[{\"brokerName\":\"broker-a\","         \
    "\"queueId\":0,\"topic\":\"T\"}]}"

/* One message: body "x", no properties. */
#define BATCH "\0\0\0\x17\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1x\0\0"

struct request {
    int code;
    const char *fields, *body;
    size_t n_body; /* 0: a text */
};

/* The request on a fresh broker that has a topic with three messages and knows the group, with the
 * n-th allocation of its handling failing. True: something was failed. */
static bool fails_at(const struct request *request, long n)
{
    static struct broker_rig b;
    broker_rig_open(&b);
    broker_topic(&b, "T", 2);
    broker_put(&b, "T", "TagA", 3);
    BROKER_STEPS(&b, {35, "clientID=c;consumerGroup=G", NULL, 0, NULL, NULL, NULL});
    if (request->code != 34) {
        BROKER_STEPS(&b, {34, "", BEAT, 0, NULL, NULL, NULL});
    }
    b.rig.tm.n_calls = 0;
    b.rig.tm.fail_at = n;
    (void)server_rig_ask(&b.rig, b.con, request->code, request->fields,
                         request->n_body ? rkmq__slice(request->body, request->n_body)
                                         : rkmq__slice_of(request->body));
    bool is_failed = b.rig.tm.n_calls > n;
    b.rig.tm.fail_at = -1;
    if (!record_env_conn(&b.rig.re, b.con)->is_closed_by_core) {
        BROKER_STEPS(&b, {30, "topic=T;queueId=0", NULL, 0, "offset=3", "", ""});
    }
    broker_rig_close(&b);
    return is_failed;
}

/* Whatever allocation fails while a request is handled, the broker stays whole: it goes on
 * answering, or has closed that one connection, and leaks nothing. */
static void test_requests_without_memory(void **state)
{
    static const struct request requests[] = {
        {310,
         SEND ";i=DELAY\x01"
              "1\x02",
         "x"},
        {310, SEND, "x"},
        {310, "a=PG;b=%RETRY%G;c=TBW102;d=8;e=0;f=0;g=1;h=0;j=99", "x"},
        {320, SEND ";m=true", BATCH, sizeof BATCH - 1},
        {36, "offset=0;group=G;delayLevel=0", NULL},
        {36, "offset=0;group=G;delayLevel=-1", NULL},
        {11, PULL("7"), NULL},
        {11, PULL("3"), NULL},
        {11, PULL("4"), NULL},
        {11,
         "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=32;sysFlag=4;commitOffset=0;"
         "suspendTimeoutMillis=0;subVersion=0",
         NULL},
        {14, "consumerGroup=G;topic=T;queueId=0", NULL},
        {15, "consumerGroup=G;topic=T;queueId=0;commitOffset=5", NULL},
        {17,
         "topic=New;defaultTopic=TBW102;readQueueNums=1;writeQueueNums=1;perm=6;topicFilterType="
         "SINGLE_TAG;topicSysFlag=0;order=false",
         NULL},
        {33, "offset=0", NULL},
        {222, "topic=T;group=G;timestamp=0;isForce=true", NULL},
        {34, "", BEAT},
        {38, "consumerGroup=G", NULL},
        {41, NULL, LOCK},
        {42, NULL, LOCK},
        {46, NULL, "{\"subscriptionData\":{\"expressionType\":\"T\\u0041G\"}}"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(requests); i++) {
        long n = 0;
        while (fails_at(&requests[i], n)) {
            n++;
        }
        assert_true(n > 0);
    }
}

/* A connection for which there is no memory is closed; what still comes on it is dropped. */
static void test_connection_without_memory(void **state)
{
    struct broker_rig *b = *state;
    for (long n = 0; n < 16; n++) {
        b->rig.tm.n_calls = 0;
        b->rig.tm.fail_at = n;
        rkmq_conn con = server_rig_connect(&b->rig, "10.0.0.8:50000");
        bool is_failed = b->rig.tm.n_calls > n;
        b->rig.tm.fail_at = -1;
        assert_int_equal(record_env_conn(&b->rig.re, con)->is_closed_by_core, is_failed);
        record_env_advance(&b->rig.re, 0);
        if (!is_failed) {
            return;
        }
    }
    fail();
}

/* Delayed messages whose time comes while memory is out wait 10 s more; a wake-up that has no
 * memory for its answer loses nothing but that answer. */
static void test_timers_without_memory(void **state)
{
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {310,
                     SEND ";i=DELAY\x01"
                          "1\x02",
                     "x", 0, NULL, NULL, NULL});
    assert_null(broker_ask(b, 11,
                           "consumerGroup=G;topic=New;queueId=0;queueOffset=0;maxMsgNums=32;"
                           "sysFlag=6;commitOffset=1;suspendTimeoutMillis=15000;subVersion=0",
                           NULL));
    b->rig.tm.n_calls = 0;
    b->rig.tm.fail_at = 0;
    record_env_advance(&b->rig.re, 1000);
    assert_int_equal(b->rig.tm.n_calls, 1);
    assert_int_equal(rkmq__broker_max_offset(b->brk, RKMQ_SLICE("New"), 0), 0);
    b->rig.tm.fail_at = -1;
    record_env_advance(&b->rig.re, RKMQ_SCHEDULE_RETRY_MS);
    assert_int_equal(rkmq__broker_max_offset(b->brk, RKMQ_SLICE("New"), 0), 1);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 1);
}

/* ---- watching ---- */

struct watcher {
    struct rkmq_broker *brk;
    int n_opened, n_closed, n_frames, n_gated;
    bool is_blocking;
    char client_id[16]; /* when the connection closed */
};

static void on_opened(void *owner, struct rkmq_channel *ch)
{
    struct watcher *w = owner;
    (void)ch;
    w->n_opened++;
}
static void on_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct watcher *w = owner;
    (void)why;
    w->n_closed++;
    (void)snprintf(w->client_id, sizeof w->client_id, "%s",
                   rkmq__broker_client_id(w->brk, rkmq__channel_id(ch)));
}
static void on_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                     const struct rkmq_command *cmd, size_t body_bytes)
{
    struct watcher *w = owner;
    (void)ch;
    (void)is_outgoing;
    (void)cmd;
    (void)body_bytes;
    w->n_frames++;
}
static bool on_gate(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                    const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct watcher *w = owner;
    (void)ch;
    (void)is_outgoing;
    (void)cmd;
    (void)frame;
    w->n_gated++;
    return !w->is_blocking;
}

/* A watch sees connections and frames, and can ask for the client id even while the connection's
 * end is told; its gate can keep a request from the broker. */
static void test_watch(void **state)
{
    static struct broker_rig b;
    struct watcher w = {0};
    (void)state;
    server_rig_open(&b.rig);
    struct rkmq_broker_config config = broker_rig_config(&b.rig.re.env);
    config.watch = (struct rkmq_channel_handler){
        .owner = &w, .opened = on_opened, .closed = on_closed, .frame = on_frame, .gate = on_gate};
    assert_int_equal(rkmq__broker_create(&b.brk, &config, NULL), RKMQ_OK);
    w.brk = b.brk;
    b.con = server_rig_connect(&b.rig, "10.0.0.9:50000");
    BROKER_STEPS(&b, {34, "", BEAT, 0, NULL, NULL, NULL});
    assert_int_equal(w.n_opened, 1);
    assert_int_equal(w.n_frames, 3); /* request, notification, answer */
    assert_int_equal(w.n_gated, 3);
    w.is_blocking = true;
    assert_null(broker_ask(&b, 38, "consumerGroup=G", NULL));
    record_env_hang_up(&b.rig.re, b.con, "reset by peer");
    assert_int_equal(w.n_closed, 1);
    assert_string_equal(w.client_id, "c1");
    broker_rig_close(&b);
}

int main(void)
{
#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, broker_rig_setup, broker_rig_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_without_memory),
        cmocka_unit_test(test_create_refusals),
        cmocka_unit_test(test_no_auto_create),
        BROKER_TEST(test_unsupported),
        BROKER_TEST(test_hostile_fields),
        cmocka_unit_test(test_requests_without_memory),
        BROKER_TEST(test_connection_without_memory),
        BROKER_TEST(test_timers_without_memory),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
