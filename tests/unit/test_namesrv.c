/* SPDX-License-Identifier: Apache-2.0 */
/* The name server's answers, driven by frames through a recording env. */
#include <rkmq/message.h>

#include "mocknamesrv/core/kv_config.h"
#include "mocknamesrv/core/namesrv.h"
#include "mocknamesrv/core/route_info.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define BROKER_A                                                                                   \
    "brokerName=broker-a;brokerAddr=10.0.0.2:10911;clusterName=C;haServerAddr=10.0.0.2:10912;"     \
    "brokerId=0"
#define BROKER_B                                                                                   \
    "brokerName=broker-b;brokerAddr=10.0.0.3:10911;clusterName=C;haServerAddr=10.0.0.3:10912;"     \
    "brokerId=0"
#define SLAVE_A                                                                                    \
    "brokerName=broker-a;brokerAddr=10.0.0.4:10911;clusterName=C;haServerAddr=10.0.0.4:10912;"     \
    "brokerId=1"
#define TOPIC(name, perm)                                                                          \
    "\"" name "\":{\"order\":false,\"perm\":" perm ",\"readQueueNums\":4,\"topicFilterType\":"     \
    "\"SINGLE_TAG\",\"topicName\":\"" name "\",\"topicSysFlag\":0,\"writeQueueNums\":4}"
#define BODY_AT(state, counter, topics)                                                            \
    "{\"filterServerList\":[],\"topicConfigSerializeWrapper\":{\"dataVersion\":{"                  \
    "\"counter\":" counter ",\"stateVersion\":" state                                              \
    ",\"timestamp\":1},\"topicConfigTable\":{" topics "}}}"
#define BODY(counter, topics) BODY_AT("0", counter, topics)
#define TWO TOPIC("T", "6") "," TOPIC("U", "6")
#define FAQ "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."
#define NO_ROUTE "No topic route info in name server for the topic: "
#define QUEUE_OF(broker, perm)                                                                     \
    "{\"brokerName\":\"" broker "\",\"perm\":" perm ",\"readQueueNums\":4,\"topicSysFlag\":0,"     \
    "\"writeQueueNums\":4}"
#define NAMED(broker, addrs)                                                                       \
    "{\"brokerAddrs\":{" addrs "},\"brokerName\":\"" broker                                        \
    "\",\"cluster\":\"C\",\"enableActingMaster\":false}"
#define ROUTE_OF(brokers, queues)                                                                  \
    "{\"brokerDatas\":[" brokers "],\"filterServerTable\":{},\"queueDatas\":[" queues "]}"
#define ADDR_A "\"0\":\"10.0.0.2:10911\""
#define ROUTE_A(perm) ROUTE_OF(NAMED("broker-a", ADDR_A), QUEUE_OF("broker-a", perm))

/* One question, and what must come back; NULL: not looked at. */
struct step {
    int code;
    const char *fields, *body;
    int result;
    const char *answer_fields, *answer_body, *remark;
    int version; /* 0: 479 */
};

struct fixture {
    struct test_mem *tm;
    struct record_env re;
    struct rkmq_namesrv *ns;
    rkmq_conn con;
    int32_t opaque;
};

static const rkmq_conn listener = 1;

static int fixture_open(struct fixture *f, struct test_mem *tm)
{
    memset(f, 0, sizeof *f);
    f->tm = tm;
    record_env_init(&f->re, &tm->mem);
    struct rkmq_namesrv_config config = {
        .env = &f->re.env, .addr = "10.0.0.1:9876", .frame_bytes_max = RKMQ_FRAME_BYTES_MAX};
    int status = rkmq__namesrv_create(&f->ns, &config, NULL);
    if (status == RKMQ_OK) {
        f->con = record_env_accept(&f->re, listener, "10.0.0.9:50000");
    }
    return status;
}

static void fixture_close(struct fixture *f)
{
    rkmq__namesrv_destroy(f->ns);
    record_env_close(&f->re);
}

static int setup(void **state)
{
    static struct fixture f;
    static struct test_mem tm;
    test_mem_init(&tm);
    *state = &f;
    return fixture_open(&f, &tm);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    test_mem_assert_empty(f->tm);
    return 0;
}

/* ---- asking ---- */

#define FIELDS_MAX 32

/* "k=v;k=v" into fields. */
static size_t fields_read(const char *text, struct rkmq_field out[FIELDS_MAX])
{
    size_t n = 0;
    while (text && *text) {
        size_t whole = strcspn(text, ";"), key = strcspn(text, "=");
        assert_true(n < FIELDS_MAX && key < whole);
        out[n++] = (struct rkmq_field){rkmq__slice(text, key),
                                       rkmq__slice(text + key + 1, whole - key - 1)};
        text += whole + (text[whole] == ';');
    }
    return n;
}

/* The test's own allocations neither fail nor count. */
static void hand_in(struct fixture *f, const struct step *s, struct rkmq_slice body, uint32_t flags)
{
    struct rkmq_field fields[FIELDS_MAX];
    struct rkmq_buf *frame = NULL;
    struct rkmq_command cmd = {
        .code = s->code,
        .version = s->version ? s->version : RKMQ_VERSION_V5_3_3,
        .opaque = ++f->opaque,
        .flags = flags,
        .has_fields = s->fields != NULL,
        .fields = fields,
        .n_fields = fields_read(s->fields, fields),
        .body = body,
    };
    struct record_conn *rc = record_env_conn(&f->re, f->con);
    long fail_at = f->tm->fail_at;
    f->tm->fail_at = -1;
    assert_int_equal(rkmq_command_encode(&cmd, &f->tm->mem, &frame), RKMQ_OK);
    f->tm->fail_at = fail_at;
    if (rc->is_closed_by_core) {
        rkmq_buf_free(frame);
    } else {
        rc->ev->data(rc->owner, f->con, frame);
    }
}

/* The fields back as "k=v;k=v". */
static void fields_write(const struct rkmq_command *cmd, char *out, size_t n_max)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < cmd->n_fields; i++) {
        int added =
            snprintf(out + n, n_max - n, "%s%.*s=%.*s", i ? ";" : "",
                     RKMQ_SLICE_ARG(cmd->fields[i].key), RKMQ_SLICE_ARG(cmd->fields[i].value));
        assert_true(added > 0 && (size_t)added < n_max - n);
        n += (size_t)added;
    }
}

static void assert_text(struct rkmq_slice got, const char *expected)
{
    if (!rkmq__slice_is(got, expected)) {
        print_error("got      %.*s\nexpected %s\n", (int)got.n, (const char *)got.p, expected);
        fail();
    }
}

static void check_answer(struct fixture *f, const struct step *s, const struct rkmq_command *cmd)
{
    char fields[1024];
    fields_write(cmd, fields, sizeof fields);
    assert_int_equal(cmd->flags, RKMQ_FLAG_RESPONSE);
    assert_int_equal(cmd->opaque, f->opaque);
    if (s->remark) {
        assert_text(cmd->remark, s->remark);
    }
    assert_int_equal(cmd->code, s->result);
    if (s->answer_fields) {
        assert_string_equal(fields, s->answer_fields);
    }
    if (s->answer_body) {
        assert_text(cmd->body, s->answer_body);
    }
}

/* False when there is no answer. */
static bool take_answer(struct fixture *f, const struct step *s)
{
    struct rkmq_decoder *decoder = NULL;
    struct rkmq_command cmd;
    long fail_at = f->tm->fail_at;
    f->tm->fail_at = -1;
    struct rkmq_buf *sent = record_env_take_sent(&f->re, f->con);
    bool is_answered = sent != NULL;
    if (is_answered && s) {
        assert_int_equal(rkmq_decoder_create(&decoder, &f->tm->mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
        rkmq_decoder_feed(decoder, sent);
        assert_int_equal(rkmq_decoder_next(decoder, &cmd, NULL), RKMQ_OK);
        check_answer(f, s, &cmd);
        rkmq_decoder_destroy(decoder);
    } else {
        rkmq_buf_free(sent);
    }
    f->tm->fail_at = fail_at;
    return is_answered;
}

static void ask(struct fixture *f, const struct step *s)
{
    hand_in(f, s, rkmq__slice_of(s->body), 0);
    assert_true(take_answer(f, s));
}

static void ask_all(struct fixture *f, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ask(f, &steps[i]);
    }
}
#define ASK(f, ...)                                                                                \
    do {                                                                                           \
        const struct step steps_[] = {__VA_ARGS__};                                                \
        ask_all((f), steps_, RKMQ_COUNT_OF(steps_));                                               \
    } while (0)

#define REGISTER_A(body)                                                                           \
    {                                                                                              \
        103, BROKER_A, body, 0, "", ""                                                             \
    }
#define REGISTER_B(body)                                                                           \
    {                                                                                              \
        103, BROKER_B, body, 0, "", ""                                                             \
    }
#define ROUTE_IS(topic, body)                                                                      \
    {                                                                                              \
        105, "topic=" topic, NULL, 0, "", body                                                     \
    }
#define NO_ROUTE_TO(topic)                                                                         \
    {                                                                                              \
        105, "topic=" topic, NULL, 17, "", "", NO_ROUTE topic FAQ                                  \
    }

/* ---- tests ---- */

/* A registered broker is found by every question that names routes, clusters or topics. */
static void test_registered_broker_is_found(void **state)
{
    ASK(*state, NO_ROUTE_TO("T"), REGISTER_A(BODY("1", TWO)), REGISTER_B(BODY("1", TWO)),
        ROUTE_IS("T", ROUTE_OF(NAMED("broker-a", ADDR_A) "," NAMED("broker-b",
                                                                   "\"0\":\"10.0.0.3:10911\""),
                               QUEUE_OF("broker-a", "6") "," QUEUE_OF("broker-b", "6"))),
        {106, NULL, NULL, 0, "",
         "{\"brokerAddrTable\":{\"broker-a\":" NAMED(
             "broker-a",
             "0:\"10.0.0.2:10911\"") ",\"broker-b\":" NAMED("broker-b",
                                                            "0:\"10.0.0.3:10911\"") "},"
                                                                                    "\"clusterAddrT"
                                                                                    "able\":{\"C\":"
                                                                                    "[\"broker-a\","
                                                                                    "\"broker-b\"]}"
                                                                                    "}"},
        {206, NULL, NULL, 0, "", "{\"topicList\":[\"T\",\"U\"]}"},
        {224, "cluster=C", NULL, 0, "", "{\"topicList\":[\"T\",\"U\"]}"},
        {224, "cluster=D", NULL, 0, "", "{\"topicList\":[]}"},
        {304, NULL, NULL, 0, "",
         "{\"brokerAddr\":\"10.0.0.2:10911\",\"topicList\":[\"C\",\"broker-a\",\"broker-b\"]}"},
        {901, "clusterName=C;brokerName=broker-a", NULL, 0, "",
         "{\"brokerMemberGroup\":{\"brokerAddrs\":{0:\"10.0.0.2:10911\"},\"brokerName\":"
         "\"broker-a\",\"cluster\":\"C\"}}"},
        {901, "clusterName=C;brokerName=x", NULL, 0, "",
         "{\"brokerMemberGroup\":{\"brokerAddrs\":{},\"brokerName\":\"x\",\"cluster\":\"C\"}}"});
}

/* Who announces a version before 4.9.4 gets fastjson's raw integer keys, unless it asks for
 * standard JSON. */
static void test_route_speaks_both_dialects(void **state)
{
    const char *raw =
        ROUTE_OF(NAMED("broker-a", "0:\"10.0.0.2:10911\""), QUEUE_OF("broker-a", "6"));
    const char *standard = ROUTE_A("6");
    ASK(*state, REGISTER_A(BODY("1", TWO)), {105, "topic=T", NULL, 0, "", raw, NULL, 400},
        {105, "topic=T", NULL, 0, "", standard, NULL, 401},
        {105, "topic=T;acceptStandardJsonOnly=true", NULL, 0, "", standard, NULL, 317});
}

/* The rules of registration that refuse or hold back: a single topic of an unknown broker, the same
 * data version again, an old master that comes back, a changed role, a slave's view of its master.
 */
static void test_rules_of_registration(void **state)
{
    ASK(*state, {103, BROKER_A, BODY("1", TOPIC("T", "6")), 1, "", "", "register broker failed"},
        NO_ROUTE_TO("T"), REGISTER_A(BODY("1", TWO)),
        /* Same version: known topics stay as they are, new ones come. */
        REGISTER_A(BODY("1", TOPIC("T", "4") "," TOPIC("V", "6"))), ROUTE_IS("T", ROUTE_A("6")),
        ROUTE_IS("V", ROUTE_A("6")),
        /* Another version: a single topic changes, the ones not listed stay. */
        REGISTER_A(BODY("2", TOPIC("T", "4"))), ROUTE_IS("T", ROUTE_A("4")),
        ROUTE_IS("U", ROUTE_A("6")),
        /* A slave changes no topic and learns of its master. */
        {103, SLAVE_A, BODY("9", TOPIC("T", "6") "," TOPIC("W", "6")), 0,
         "haServerAddr=10.0.0.2:10912;masterAddr=10.0.0.2:10911", ""},
        NO_ROUTE_TO("W"),
        ROUTE_IS("U", ROUTE_OF(NAMED("broker-a", ADDR_A ",\"1\":\"10.0.0.4:10911\""),
                               QUEUE_OF("broker-a", "6"))));
    /* The master's address becomes the slave's: one address stands under one id. */
    ASK(*state,
        {103,
         "brokerName=broker-a;brokerAddr=10.0.0.4:10911;clusterName=C;haServerAddr=h:1;brokerId=0",
         BODY_AT("5", "1", TWO), 0, "", ""},
        ROUTE_IS("T", ROUTE_OF(NAMED("broker-a", "\"0\":\"10.0.0.4:10911\""),
                               QUEUE_OF("broker-a", "6"))),
        /* The former master has an older state: taken note of, not taken in. */
        REGISTER_A(BODY("7", TOPIC("T", "4") "," TOPIC("U", "4"))),
        ROUTE_IS("T", ROUTE_OF(NAMED("broker-a", "\"0\":\"10.0.0.4:10911\""),
                               QUEUE_OF("broker-a", "6"))));
}

/* A slave that announces acting master carries topics without the write bit when it is alone. */
static void test_acting_master(void **state)
{
    ASK(*state, {103, SLAVE_A ";enableActingMaster=true", BODY("1", TWO), 0, "", ""},
        ROUTE_IS("T", "{\"brokerDatas\":[{\"brokerAddrs\":{\"1\":\"10.0.0.4:10911\"},"
                      "\"brokerName\":\"broker-a\",\"cluster\":\"C\",\"enableActingMaster\":true}],"
                      "\"filterServerTable\":{},\"queueDatas\":[" QUEUE_OF("broker-a", "4") "]}"),
        /* Master there: writable; master gone: the write bit goes. */
        {103, BROKER_A ";enableActingMaster=true", BODY("2", TWO), 0, "", ""},
        {205, "brokerName=none", NULL, 0, "wipeTopicCount=0", ""}, {104, BROKER_A, NULL, 0, "", ""},
        ROUTE_IS("T", "{\"brokerDatas\":[{\"brokerAddrs\":{\"1\":\"10.0.0.4:10911\"},"
                      "\"brokerName\":\"broker-a\",\"cluster\":\"C\",\"enableActingMaster\":true}],"
                      "\"filterServerTable\":{},\"queueDatas\":[" QUEUE_OF("broker-a", "4") "]}"));
}

/* What does not fit is refused with the reason; the connection and the tables stay. */
static void test_bad_registrations(void **state)
{
    ASK(*state, {103, BROKER_A ";bodyCrc32=1", BODY("1", TWO), 1, "", "", "crc32 not match"},
        {103, "brokerName=broker-a", BODY("1", TWO), 1, "", ""},
        {103, BROKER_A, "{\"topicConfig", 1, "", ""}, {103, BROKER_A ";compressed=true", "x", 1},
        {322, BROKER_A, "{", 1}, {217, "topic=X", "[", 1}, {205, NULL, NULL, 1},
        {105, NULL, NULL, 1, "", ""}, {224, NULL, NULL, 1}, {901, NULL, NULL, 1}, NO_ROUTE_TO("T"));
}

/* Permissions change for all topics of a broker and come back with a changed data version only. */
static void test_write_permission(void **state)
{
    ASK(*state, REGISTER_A(BODY("1", TWO)),
        {205, "brokerName=broker-a", NULL, 0, "wipeTopicCount=2", ""}, ROUTE_IS("T", ROUTE_A("4")),
        REGISTER_A(BODY("1", TWO)), ROUTE_IS("T", ROUTE_A("4")), REGISTER_A(BODY("2", TWO)),
        ROUTE_IS("T", ROUTE_A("6")), {205, "brokerName=broker-a", NULL, 0},
        {327, "brokerName=broker-a", NULL, 0, "addTopicCount=2", ""}, ROUTE_IS("T", ROUTE_A("6")));
}

/* Topics are taken out whole or for one cluster, and put in for known brokers. */
static void test_topics_by_hand(void **state)
{
    ASK(*state, REGISTER_A(BODY("1", TWO)), {216, "topic=T", NULL, 0, "", ""}, NO_ROUTE_TO("T"),
        {216, "topic=U;clusterName=D", NULL, 0, "", ""}, ROUTE_IS("U", ROUTE_A("6")),
        {216, "topic=U;clusterName=C", NULL, 0, "", ""}, NO_ROUTE_TO("U"),
        {216, "topic=U", NULL, 0, "", ""},
        {217, "topic=X", ROUTE_OF("", QUEUE_OF("broker-a", "6")), 0, "", ""},
        ROUTE_IS("X", ROUTE_A("6")),
        {217, "topic=Y", ROUTE_OF("", QUEUE_OF("broker-a", "6") "," QUEUE_OF("nobody", "6")), 0},
        NO_ROUTE_TO("Y"));
}

/* Key-value configuration is kept by namespace; ORDER_TOPIC_CONFIG goes back to brokers. */
static void test_kv_config(void **state)
{
    ASK(*state, {100, "namespace=N;key=k", NULL, 0},
        {101, "namespace=N;key=k", NULL, 0, "value=", ""},
        {100, "namespace=N;key=k;value=v", NULL, 0, "", ""},
        {100, "namespace=N;key=k;value=w", NULL, 0, "", ""},
        {101, "namespace=N;key=k", NULL, 0, "value=w", ""},
        {219, "namespace=N", NULL, 0, "", "{\"table\":{\"k\":\"w\"}}"},
        {101, "namespace=N;key=x", NULL, 22, "", "", "No config item, Namespace: N Key: x"},
        {219, "namespace=M", NULL, 22, "", "", "No config item, Namespace: M"},
        {102, "namespace=N;key=k", NULL, 0, "", ""}, {102, "namespace=N;key=k", NULL, 0, "", ""},
        {101, "namespace=N;key=k", NULL, 22},
        {100, "key=k;value=v", NULL, 1, "", "", "namespace or key is null"},
        {100, "namespace=ORDER_TOPIC_CONFIG;key=T;value=broker-a:4", NULL, 0},
        {103, BROKER_A, BODY("1", TWO), 0, "", "{\"table\":{\"T\":\"broker-a:4\"}}"});
}

/* A broker is dropped 120 s after its last word, at the next scan; 904 and 322 count as words. */
static void test_silent_broker_expires(void **state)
{
    struct fixture *f = *state;
    const struct step version = {
        322, BROKER_A,        "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1}",
        0,   "changed=false", "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1}"};
    ASK(f, REGISTER_A(BODY("1", TWO)));
    record_env_advance(&f->re, 100000);
    ASK(f, version);
    record_env_advance(&f->re, 100000);
    ASK(f, {904, BROKER_A, NULL, 0, "", ""});
    record_env_advance(&f->re, 100000);
    hand_in(f, &version, rkmq__slice_of(version.body), RKMQ_FLAG_ONEWAY);
    assert_false(take_answer(f, NULL));
    record_env_advance(&f->re, 119000); /* asked before the channel counts as idle */
    ASK(f, ROUTE_IS("T", ROUTE_A("6")));
    assert_false(record_env_conn(&f->re, f->con)->is_closed_by_core);
    record_env_advance(&f->re, 6000);
    assert_true(record_env_conn(&f->re, f->con)->is_closed_by_core);
    f->con = record_env_accept(&f->re, listener, "10.0.0.9:50001");
    ASK(f, NO_ROUTE_TO("T"), {904, BROKER_A, NULL, 0},
        {322, BROKER_A, "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1}", 0, "changed=true",
         ""});
}

/* A broker that announced its own expiry is judged by it. */
static void test_announced_expiry(void **state)
{
    struct fixture *f = *state;
    ASK(f, {103, BROKER_A ";heartbeatTimeoutMillis=10000", BODY("1", TWO), 0});
    record_env_advance(&f->re, 10000);
    ASK(f, ROUTE_IS("T", ROUTE_A("6")));
    record_env_advance(&f->re, 5000);
    assert_true(record_env_conn(&f->re, f->con)->is_closed_by_core);
}

/* The connection that a broker registered on is its life: when it closes, routes are gone at once,
 * those of other connections stay. */
static void test_closed_connection_removes_its_broker(void **state)
{
    struct fixture *f = *state;
    rkmq_conn first = f->con;
    ASK(f, REGISTER_A(BODY("1", TWO)));
    f->con = record_env_accept(&f->re, listener, "10.0.0.9:50001");
    ASK(f, REGISTER_B(BODY("1", TOPIC("V", "6") "," TOPIC("W", "6"))));
    record_env_hang_up(&f->re, first, "end of stream");
    ASK(f, NO_ROUTE_TO("T"),
        ROUTE_IS("V", ROUTE_OF(NAMED("broker-b", "\"0\":\"10.0.0.3:10911\""),
                               QUEUE_OF("broker-b", "6"))),
        {104, BROKER_B, NULL, 0, "", ""}, NO_ROUTE_TO("V"),
        {206, NULL, NULL, 0, "", "{\"topicList\":[]}"},
        {106, NULL, NULL, 0, "", "{\"brokerAddrTable\":{},\"clusterAddrTable\":{}}"});
}

/* A code that the name server has no handler for is refused as a real one does. */
static void test_unknown_code(void **state)
{
    ASK(*state, {12345, NULL, NULL, 3, "", "", " request type 12345 not supported"},
        {318, NULL, "a=b", 3});
}

/* ---- the compressed body ---- */

static void add_piece(struct rkmq_bytes *out, const char *text)
{
    uint8_t *n = rkmq__bytes_reserve(out, 4);
    rkmq_put_be32(n, (uint32_t)strlen(text));
    rkmq__bytes_add_text(out, text);
}

static void add_count(struct rkmq_bytes *out, uint32_t count)
{
    rkmq_put_be32(rkmq__bytes_reserve(out, 4), count);
}

/* The compressed form says the same as the plain one; cut anywhere before its mappings, it is
 * refused. */
static void test_compressed_body(void **state)
{
    struct fixture *f = *state;
    struct rkmq_bytes plain;
    const struct step good = {103, BROKER_A ";compressed=true", NULL, 0, "", ""};
    const struct step bad = {103, BROKER_B ";compressed=true", NULL, 1, "", ""};
    rkmq__bytes_init(&plain, &f->tm->mem);
    add_piece(&plain, "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1}");
    add_count(&plain, 2);
    add_piece(&plain, "T 4 4 6 SINGLE_TAG {}");
    add_piece(&plain, "U 4 4 2 MULTI_TAG"); /* 4.9: no attributes */
    size_t n_needed = plain.n;
    add_piece(&plain, "[]");
    add_count(&plain, 0);
    for (size_t n = 0; n <= plain.n; n++) {
        struct rkmq_buf *body = NULL;
        const struct step *s = n < n_needed ? &bad : &good;
        assert_int_equal(rkmq_body_compress(rkmq__slice(plain.p, n), RKMQ_SYS_COMPRESSION_ZLIB,
                                            &f->tm->mem, &body, NULL),
                         RKMQ_OK);
        hand_in(f, s, rkmq__slice(body->p, body->n), 0);
        assert_true(take_answer(f, s));
        rkmq_buf_free(body);
    }
    rkmq__bytes_close(&plain);
    ASK(f, ROUTE_IS("T", ROUTE_A("6")), ROUTE_IS("U", ROUTE_A("2")));
}

/* Topic texts that are none, and counts over the limit, are refused. */
static void test_compressed_body_with_bad_topics(void **state)
{
    static const char *const texts[] = {"", "T", "T 4 4", "T four 4 6 SINGLE_TAG",
                                        "T 4 4 99999999999 SINGLE_TAG"};
    struct fixture *f = *state;
    const struct step bad = {103, BROKER_A ";compressed=true", NULL, 1, "", ""};
    for (size_t i = 0; i <= RKMQ_COUNT_OF(texts); i++) {
        struct rkmq_bytes plain;
        struct rkmq_buf *body = NULL;
        bool is_count = i == RKMQ_COUNT_OF(texts);
        rkmq__bytes_init(&plain, &f->tm->mem);
        add_piece(&plain, "{}");
        add_count(&plain, is_count ? RKMQ_BODY_ITEMS_MAX + 1 : 1);
        add_piece(&plain, is_count ? "T 4 4 6 SINGLE_TAG" : texts[i]);
        assert_int_equal(rkmq_body_compress(rkmq__bytes_slice(&plain), RKMQ_SYS_COMPRESSION_ZLIB,
                                            &f->tm->mem, &body, NULL),
                         RKMQ_OK);
        hand_in(f, &bad, rkmq__slice(body->p, body->n), 0);
        assert_true(take_answer(f, &bad));
        rkmq_buf_free(body);
        rkmq__bytes_close(&plain);
    }
}

/* ---- limits and memory ---- */

/* One more slave than a broker name may have is refused, and nothing else is lost. */
static void test_limit_of_addresses(void **state)
{
    char fields[256];
    struct step s = {103, fields, BODY("1", TWO), 0, NULL, NULL};
    for (int id = 0; id <= RKMQ_NAMESRV_BROKER_ADDRS_MAX; id++) {
        (void)snprintf(fields, sizeof fields,
                       "brokerName=b;brokerAddr=10.0.0.2:%d;clusterName=C;haServerAddr=h:1;"
                       "brokerId=%d",
                       10000 + id, id);
        s.result = id < RKMQ_NAMESRV_BROKER_ADDRS_MAX ? 0 : 1;
        ask(*state, &s);
    }
    ASK(*state, {105, "topic=T", NULL, 0});
}

/* The tables stop at their named limits. */
static void test_limits_of_tables(void **state)
{
    struct fixture *f = *state;
    struct rkmq_route_info ri;
    struct rkmq_kv_config kv;
    struct rkmq_queue_entry queue = {4, 4, 6, 0};
    char text[32];
    rkmq__route_info_init(&ri, &f->re.env);
    rkmq__kv_config_init(&kv, &f->tm->mem);
    for (int i = 0; i <= RKMQ_NAMESRV_TOPICS_MAX; i++) {
        int n = snprintf(text, sizeof text, "T%d", i);
        int expected = i < RKMQ_NAMESRV_TOPICS_MAX ? RKMQ_OK : RKMQ_E_LIMIT;
        assert_int_equal(
            rkmq__route_info_put_queue(&ri, rkmq__slice(text, (size_t)n), RKMQ_SLICE("b"), &queue),
            expected);
    }
    for (int i = 0; i <= RKMQ_NAMESRV_KVS_MAX; i++) {
        int n = snprintf(text, sizeof text, "k%d", i);
        int expected = i < RKMQ_NAMESRV_KVS_MAX ? RKMQ_OK : RKMQ_E_LIMIT;
        assert_int_equal(rkmq__kv_config_put(&kv, RKMQ_SLICE("N"), rkmq__slice(text, (size_t)n),
                                             RKMQ_SLICE("v")),
                         expected);
    }
    struct rkmq_register_broker_body body = {0};
    struct rkmq_register_result result;
    rkmq__route_info_close(&ri); /* each registration looks at every topic */
    rkmq__route_info_init(&ri, &f->re.env);
    for (int i = 0; i <= RKMQ_NAMESRV_BROKERS_MAX; i++) {
        int n = snprintf(text, sizeof text, "b%d", i);
        struct rkmq_register_broker_request header = {.broker_name = rkmq__slice(text, (size_t)n),
                                                      .broker_addr = rkmq__slice(text, (size_t)n),
                                                      .cluster_name = RKMQ_SLICE("C"),
                                                      .ha_server_addr = RKMQ_SLICE("h")};
        int expected = i < RKMQ_NAMESRV_BROKERS_MAX ? RKMQ_OK : RKMQ_E_LIMIT;
        assert_int_equal(rkmq__route_info_register(&ri, &header, &body, 1, &result, NULL),
                         expected);
    }
    rkmq__route_info_close(&ri);
    rkmq__kv_config_close(&kv);
}

/* Everything a day brings, with the n-th allocation failing. */
static int day_with_failures(const struct rkmq_mem *mem, void *arg)
{
    static const struct step day[] = {{103, BROKER_A, BODY("1", TWO)},
                                      {103, SLAVE_A ";enableActingMaster=true", BODY("1", TWO)},
                                      {105, "topic=T", NULL},
                                      {106, NULL, NULL},
                                      {206, NULL, NULL},
                                      {304, NULL, NULL},
                                      {901, "clusterName=C;brokerName=broker-a", NULL},
                                      {217, "topic=X", ROUTE_OF("", QUEUE_OF("broker-a", "6"))},
                                      {100, "namespace=ORDER_TOPIC_CONFIG;key=T;value=v", NULL},
                                      {219, "namespace=ORDER_TOPIC_CONFIG", NULL},
                                      {103, BROKER_B, BODY("1", TWO)},
                                      {322, BROKER_A, "{}"},
                                      {104, BROKER_A, NULL},
                                      {105, "topic=T", NULL}};
    struct test_mem *tm = mem->ctx;
    struct fixture f;
    (void)arg;
    int status = fixture_open(&f, tm);
    for (size_t i = 0; status == RKMQ_OK && i < RKMQ_COUNT_OF(day); i++) {
        hand_in(&f, &day[i], rkmq__slice_of(day[i].body), 0);
        (void)take_answer(&f, NULL); /* with memory out even the answer may be missing */
    }
    if (tm->fail_at >= 0 && tm->n_calls > tm->fail_at) {
        status = RKMQ_E_NOMEM;
    }
    fixture_close(&f);
    return status;
}

/* Whichever allocation fails, nothing leaks or breaks. */
static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(test_mem_fail_each(day_with_failures, NULL) > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_registered_broker_is_found),
        TEST(test_route_speaks_both_dialects),
        TEST(test_rules_of_registration),
        TEST(test_acting_master),
        TEST(test_bad_registrations),
        TEST(test_write_permission),
        TEST(test_topics_by_hand),
        TEST(test_kv_config),
        TEST(test_silent_broker_expires),
        TEST(test_announced_expiry),
        TEST(test_closed_connection_removes_its_broker),
        TEST(test_unknown_code),
        TEST(test_compressed_body),
        TEST(test_compressed_body_with_bad_topics),
        TEST(test_limit_of_addresses),
        TEST(test_limits_of_tables),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
