/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "support/body_kinds.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

static const struct body_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < n_body_kinds; i++) {
        if (strcmp(body_kinds[i].name, name) == 0) {
            return &body_kinds[i];
        }
    }
    fail_msg("no kind %s", name);
    return NULL;
}

/* ---- good bodies ---- */

#define QUEUE                                                                                      \
    "{\"brokerName\":\"b\",\"perm\":6,\"readQueueNums\":4,\"topicSysFlag\":2,\"writeQueueNums\":"  \
    "3}"
#define BROKER(addrs)                                                                              \
    "{\"brokerAddrs\":{" addrs                                                                     \
    "},\"brokerName\":\"b\",\"cluster\":\"c\",\"enableActingMaster\":true}"
#define ROUTE(brokers, order, queues)                                                              \
    "{\"brokerDatas\":[" brokers "],\"filterServerTable\":{}," order "\"queueDatas\":[" queues "]" \
    "}"
#define SUBSCRIPTION(codes, type, text, version, tags)                                             \
    "{\"classFilterMode\":false,\"codeSet\":[" codes "],\"expressionType\":\"" type                \
    "\",\"subString\":\"" text "\",\"subVersion\":" version ",\"tagsSet\":[" tags                  \
    "],\"topic\":\"T\"}"
#define CONSUMER(where, type, model, subscriptions)                                                \
    "{\"consumeFromWhere\":\"CONSUME_FROM_" where "\",\"consumeType\":\"CONSUME_" type             \
    "\",\"groupName\":\"g\",\"messageModel\":\"" model                                             \
    "\",\"subscriptionDataSet\":[" subscriptions "],\"unitMode\":false}"
#define HEARTBEAT(consumers, fingerprint, producers, is_without)                                   \
    "{\"clientID\":\"id\",\"consumerDataSet\":[" consumers                                         \
    "],\"heartbeatFingerprint\":" fingerprint ",\"producerDataSet\":[" producers                   \
    "],\"withoutSub\":" is_without "}"
#define VERSION(counter, state, timestamp)                                                         \
    "{\"counter\":" counter ",\"stateVersion\":" state ",\"timestamp\":" timestamp "}"
#define TOPIC(name, queues, filter, order)                                                         \
    "\"" name "\":{\"attributes\":{},\"order\":" order ",\"perm\":6,\"readQueueNums\":" queues     \
    ",\"topicFilterType\":\"" filter "\",\"topicName\":\"" name                                    \
    "\",\"topicSysFlag\":0,\"writeQueueNums\":" queues "}"
#define REGISTRATION(version, topics)                                                              \
    "{\"filterServerList\":[],\"topicConfigSerializeWrapper\":{\"dataVersion\":" version           \
    ",\"mappingDataVersion\":" VERSION(                                                            \
        "0", "0", "0") ",\"topicConfigTable\":{" topics                                            \
                       "},\"topicQueueMappingDetailMap\":{},\"topicQueueMappingInfoMap\":{}}}"
#define MQ(id) "{\"brokerName\":\"b\",\"queueId\":" id ",\"topic\":\"T\"}"
#define NASTY "a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u007F/\xe6\xa0\x87"

static const struct {
    const char *kind, *body, *written; /* NULL: as it was read */
} forms[] = {
    {"route", ROUTE("", "", ""), NULL},
    {"route", ROUTE(BROKER("\"0\":\"h:1\",\"1\":\"h:2\""), "\"orderTopicConf\":\"b:4\",", QUEUE),
     NULL},
    {"route", ROUTE(BROKER("0:\"h:1\",-1:\"" NASTY "\""), "", QUEUE "," QUEUE),
     ROUTE(BROKER("\"0\":\"h:1\",\"-1\":\"" NASTY "\""), "", QUEUE "," QUEUE)},
    {"raw route", ROUTE(BROKER("\"0\":\"h:1\",\"9223372036854775807\":\"h:2\""), "", ""),
     ROUTE(BROKER("0:\"h:1\",9223372036854775807:\"h:2\""), "", "")},
    {"route", "{}", ROUTE("", "", "")},
    {"route",
     " { \"queueDatas\" : null , \"brokerDatas\":null,\"orderTopicConf\":null,\"x\":[{}] } ",
     ROUTE("", "", "")},
    {"route", "{\"queueDatas\":[{\"topicSynFlag\":5,\"perm\":\"4\"}]}",
     ROUTE("", "",
           "{\"brokerName\":\"\",\"perm\":4,\"readQueueNums\":0,\"topicSysFlag\":0,"
           "\"writeQueueNums\":0}")},
    {"heartbeat", HEARTBEAT("", "0", "", "false"), NULL},
    {"heartbeat",
     HEARTBEAT(
         CONSUMER(
             "LAST_OFFSET", "PASSIVELY", "CLUSTERING",
             SUBSCRIPTION(
                 "2598919,-1902610879", "TAG", "TagA || TopicTest", "1700000000000",
                 "\"TagA\",\"TopicTest\"") "," SUBSCRIPTION("", "SQL92",
                                                            "a > 1 AND b = '" NASTY "'", "-1",
                                                            "")) "," CONSUMER("FIRST_OFFSET",
                                                                              "ACTIVELY",
                                                                              "BROADCASTING",
                                                                              "") "," CONSUMER("TIM"
                                                                                               "EST"
                                                                                               "AM"
                                                                                               "P",
                                                                                               "PO"
                                                                                               "P",
                                                                                               "CLU"
                                                                                               "STE"
                                                                                               "RIN"
                                                                                               "G",
                                                                                               ""),
         "-7", "{\"groupName\":\"p\"},{\"groupName\":\"CLIENT_INNER_PRODUCER\"}", "true"),
     NULL},
    /* The C++ client: no expression type, versions as text, no empty sets, no unit mode. */
    {"heartbeat",
     "{\"clientID\":\"id\",\"consumerDataSet\":[{\"consumeFromWhere\":\"CONSUME_FROM_MIN_OFFSET\","
     "\"consumeType\":\"CONSUME_PASSIVELY\",\"groupName\":\"g\",\"messageModel\":\"CLUSTERING\","
     "\"subscriptionDataSet\":[{\"codeSet\":[\"42\",4294967295],\"subString\":\"*\","
     "\"subVersion\":\"17\",\"topic\":\"T\"}]}]}",
     HEARTBEAT(CONSUMER("LAST_OFFSET", "PASSIVELY", "CLUSTERING",
                        SUBSCRIPTION("42,-1", "TAG", "*", "17", "")),
               "0", "", "false")},
    {"consumer list", "{\"consumerIdList\":[]}", NULL},
    {"consumer list", "{\"consumerIdList\":[\"10.0.0.1@1#2\",\"" NASTY "\",\"\"]}", NULL},
    {"consumer list", "{\"consumerIdList\":null}", "{\"consumerIdList\":[]}"},
    {"topic list", "{\"brokerAddr\":\"h:1\",\"topicList\":[\"%RETRY%g\",\"T\"]}",
     "{\"topicList\":[\"%RETRY%g\",\"T\"]}"},
    {"lock",
     "{\"clientId\":\"id\",\"consumerGroup\":\"g\",\"mqSet\":[" MQ("0") "," MQ(
         "2147483647") "],\"onlyThisBroker\":false}",
     NULL},
    {"lock", "{\"clientId\":\"id\",\"consumerGroup\":\"g\",\"mqSet\":[]}",
     "{\"clientId\":\"id\",\"consumerGroup\":\"g\",\"mqSet\":[],\"onlyThisBroker\":false}"},
    {"lock answer", "{\"lockOKMQSet\":[" MQ("-1") "]}", NULL},
    {"data version", VERSION("9223372036854775807", "-1", "1700000000000"), NULL},
    {"data version", "{\"counter\":1,\"timestamp\":2}", VERSION("1", "0", "2")},
    {"registration", REGISTRATION(VERSION("1", "2", "3"), ""), NULL},
    {"registration",
     REGISTRATION(VERSION("1", "2", "3"), TOPIC("T", "4", "SINGLE_TAG", "false") "," TOPIC(
                                              NASTY, "0", "MULTI_TAG", "true")),
     NULL},
    /* 4.9: no state version, no attributes; members that are missing take TopicConfig's defaults.
     */
    {"registration",
     "{\"topicConfigSerializeWrapper\":{\"dataVersion\":{\"counter\":1,\"timestamp\":3},"
     "\"topicConfigTable\":{\"T\":{\"perm\":6,\"topicName\":\"T\"},\"U\":{}}}}",
     REGISTRATION(VERSION("1", "0", "3"), TOPIC("T", "16", "SINGLE_TAG", "false") "," TOPIC(
                                              "U", "16", "SINGLE_TAG", "false"))},
    /* Before V3_0_11: the wrapper alone. */
    {"registration", "{\"topicConfigTable\":{\"T\":{\"readQueueNums\":1,\"writeQueueNums\":1}}}",
     REGISTRATION(VERSION("0", "0", "0"), TOPIC("T", "1", "SINGLE_TAG", "false"))},
};

static void test_forms(void **state)
{
    /* Every form a peer sends is read, and written in the one that Java writes. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(forms); i++) {
        struct rkmq_bytes out;
        struct rkmq_err err = {0};
        rkmq__bytes_init(&out, &tm.mem);
        int status =
            kind_of(forms[i].kind)->again(rkmq__slice_of(forms[i].body), &tm.mem, &out, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(status, RKMQ_OK);
        rkmq__bytes_add(&out, "", 1);
        assert_string_equal((const char *)out.p,
                            forms[i].written ? forms[i].written : forms[i].body);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_cjson_agrees(void **state)
{
    /* What is written of a strict body, cJSON understands as it understands the body itself. */
    struct test_mem tm;
    size_t n = 0;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(forms); i++) {
        cJSON *theirs = cJSON_Parse(forms[i].body);
        if (forms[i].written || !theirs) {
            cJSON_Delete(theirs);
            continue;
        }
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(
            kind_of(forms[i].kind)->again(rkmq__slice_of(forms[i].body), &tm.mem, &out, NULL),
            RKMQ_OK);
        cJSON *ours = cJSON_ParseWithLength((const char *)out.p, out.n);
        assert_true(cJSON_Compare(ours, theirs, true));
        cJSON_Delete(ours);
        cJSON_Delete(theirs);
        rkmq__bytes_close(&out);
        n++;
    }
    assert_true(n >= 10);
    test_mem_assert_empty(&tm);
}

static void test_every_cut(void **state)
{
    /* A body cut anywhere is refused with a reason. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(forms); i++) {
        size_t n_whole = strlen(forms[i].body);
        for (size_t n = 0; n < n_whole - (forms[i].body[n_whole - 1] == ' '); n++) {
            struct rkmq_bytes out;
            struct rkmq_err err = {0};
            rkmq__bytes_init(&out, &tm.mem);
            assert_int_equal(
                kind_of(forms[i].kind)->again(rkmq__slice(forms[i].body, n), &tm.mem, &out, &err),
                RKMQ_E_PROTOCOL);
            assert_int_not_equal(err.text[0], '\0');
            rkmq__bytes_close(&out);
        }
    }
    test_mem_assert_empty(&tm);
}

static int form_step(const struct rkmq_mem *mem, void *arg)
{
    size_t i = *(const size_t *)arg;
    struct rkmq_bytes out;
    rkmq__bytes_init(&out, mem);
    int status = kind_of(forms[i].kind)->again(rkmq__slice_of(forms[i].body), mem, &out, NULL);
    rkmq__bytes_close(&out);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    /* Whichever allocation of reading or writing fails, the answer is RKMQ_E_NOMEM and nothing is
     * left behind. */
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(forms); i++) {
        assert_true(test_mem_fail_each(form_step, &i) >= 2);
    }
}

/* ---- bad bodies ---- */

static const struct {
    const char *kind, *body, *reason;
} refused[] = {
    {"route", "[]", "TopicRouteData: the body is no JSON object"},
    {"route", "null", "TopicRouteData: the body is no JSON object"},
    {"route", "", "TopicRouteData: the body is no JSON object"},
    {"route", "{} x", "JSON: the end expected at byte 3, not 0x78"},
    {"route", "{\"queueDatas\":{}}", "queueDatas is no array"},
    {"route", "{\"queueDatas\":[1]}", "queueDatas: a member has the wrong type"},
    {"route", "{\"queueDatas\":[null]}", "queueDatas: a member has the wrong type"},
    {"route", "{\"queueDatas\":[{\"perm\":2147483648}]}",
     "queueDatas: a member has the wrong type"},
    {"route", "{\"queueDatas\":[{\"perm\":1.5}]}", "queueDatas: a member has the wrong type"},
    {"route", "{\"queueDatas\":[{\"brokerName\":{}}]}", "queueDatas: a member has the wrong type"},
    {"route", "{\"brokerDatas\":[{\"brokerAddrs\":[]}]}", "brokerAddrs is no object"},
    {"route", "{\"brokerDatas\":[{\"brokerAddrs\":{\"x\":\"h:1\"}}]}",
     "brokerAddrs: a member has the wrong type"},
    {"route", "{\"brokerDatas\":[{\"brokerAddrs\":{0:null}}]}",
     "brokerAddrs: a member has the wrong type"},
    {"route", "{\"brokerDatas\":[{\"brokerAddrs\":{{}:\"h:1\"}}]}",
     "brokerAddrs: a member has the wrong type"},
    {"route", "{\"brokerDatas\":[{\"enableActingMaster\":\"x\"}]}",
     "brokerDatas: a member has the wrong type"},
    {"route", "{\"orderTopicConf\":[]}", "orderTopicConf: a member has the wrong type"},
    {"route", "{\"brokerDatas\":[{\"$ref\":\"$.brokerDatas[0]\"}]}",
     "JSON: no \"$ref\" expected at byte 17, not 0x22"},
    {"heartbeat", "{\"clientID\":[]}", "HeartbeatData: a member has the wrong type"},
    {"heartbeat", "{\"heartbeatFingerprint\":2147483648}",
     "HeartbeatData: a member has the wrong type"},
    {"heartbeat", "{\"consumerDataSet\":{}}", "consumerDataSet is no array"},
    {"heartbeat", "{\"consumerDataSet\":[[]]}", "consumerDataSet: a member has the wrong type"},
    {"heartbeat", "{\"consumerDataSet\":[{\"unitMode\":2}]}",
     "consumerDataSet: a member has the wrong type"},
    {"heartbeat", "{\"consumerDataSet\":[{\"subscriptionDataSet\":[{\"subVersion\":\"x\"}]}]}",
     "subscriptionDataSet: a member has the wrong type"},
    {"heartbeat", "{\"consumerDataSet\":[{\"subscriptionDataSet\":[{\"codeSet\":[[]]}]}]}",
     "codeSet: a member has the wrong type"},
    {"heartbeat", "{\"consumerDataSet\":[{\"subscriptionDataSet\":[{\"tagsSet\":[null]}]}]}",
     "tagsSet: a member has the wrong type"},
    {"heartbeat", "{\"producerDataSet\":[\"p\"]}", "producerDataSet: a member has the wrong type"},
    {"heartbeat", "{\"producerDataSet\":[{\"groupName\":{}}]}",
     "producerDataSet: a member has the wrong type"},
    {"consumer list", "{\"consumerIdList\":\"id\"}", "consumerIdList is no array"},
    {"consumer list", "{\"consumerIdList\":[{}]}", "consumerIdList: a member has the wrong type"},
    {"lock", "{\"mqSet\":[{\"queueId\":\"a\"}]}", "mqSet: a member has the wrong type"},
    {"lock", "{\"clientId\":{}}", "lock request: a member has the wrong type"},
    {"lock answer", "{\"lockOKMQSet\":5}", "lockOKMQSet is no array"},
    {"data version", "7", "DataVersion: the body is no JSON object"},
    {"data version", "{\"counter\":9223372036854775808}",
     "DataVersion: a member has the wrong type"},
    {"registration", "{\"topicConfigSerializeWrapper\":5}",
     "topicConfigSerializeWrapper: a member has the wrong type"},
    {"registration", "{\"topicConfigTable\":[]}", "topicConfigTable is no object"},
    {"registration", "{\"topicConfigTable\":{\"T\":null}}",
     "topicConfigTable: a member has the wrong type"},
    {"registration", "{\"dataVersion\":\"1\"}", "dataVersion: a member has the wrong type"},
};

static void test_refused(void **state)
{
    /* A member of the wrong type, a number out of range, a body that is no object: each is refused,
     * and the reason names the place. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(refused); i++) {
        struct rkmq_bytes out;
        struct rkmq_err err = {0};
        rkmq__bytes_init(&out, &tm.mem);
        int status =
            kind_of(refused[i].kind)->again(rkmq__slice_of(refused[i].body), &tm.mem, &out, &err);
        assert_string_equal(err.text, refused[i].reason);
        assert_int_equal(status, RKMQ_E_PROTOCOL);
        assert_int_equal(out.n, 0);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

/* `head`, then `n` times `item` with commas between, then `tail`. */
static void body_of(struct rkmq_bytes *out, const char *head, const char *item, size_t n,
                    const char *tail)
{
    rkmq__bytes_add_text(out, head);
    for (size_t i = 0; i < n; i++) {
        rkmq__bytes_add_text(out, i > 0 ? "," : "");
        rkmq__bytes_add_text(out, item);
    }
    rkmq__bytes_add_text(out, tail);
}

static void test_item_limit(void **state)
{
    /* RKMQ_BODY_ITEMS_MAX elements or members of anything are read; one more is refused. */
    static const struct {
        const char *kind, *head, *item, *tail, *reason;
    } rows[] = {
        {"route", "{\"queueDatas\":[", "{}", "]}", "queueDatas: more than 65536 items"},
        {"route", "{\"brokerDatas\":[{\"brokerAddrs\":{", "0:\"\"", "}}]}",
         "brokerAddrs: more than 65536 items"},
        {"consumer list", "{\"consumerIdList\":[", "\"\"", "]}",
         "consumerIdList: more than 65536 items"},
        {"registration", "{\"topicConfigTable\":{", "\"\":{}", "}}",
         "topicConfigTable: more than 65536 items"},
        {"lock", "{\"mqSet\":[", "{}", "]}", "mqSet: more than 65536 items"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < 2 * RKMQ_COUNT_OF(rows); i++) {
        size_t n_over = i % 2;
        struct rkmq_bytes in, out;
        struct rkmq_err err = {0};
        rkmq__bytes_init(&in, &tm.mem);
        rkmq__bytes_init(&out, &tm.mem);
        body_of(&in, rows[i / 2].head, rows[i / 2].item, RKMQ_BODY_ITEMS_MAX + n_over,
                rows[i / 2].tail);
        int status = kind_of(rows[i / 2].kind)->again(rkmq__bytes_slice(&in), &tm.mem, &out, &err);
        assert_int_equal(status, n_over ? RKMQ_E_LIMIT : RKMQ_OK);
        assert_string_equal(err.text, n_over ? rows[i / 2].reason : "");
        rkmq__bytes_close(&in);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_depth_limit(void **state)
{
    /* Nesting beyond RKMQ_JSON_DEPTH_MAX is refused, also where the member is of no interest. */
    struct test_mem tm;
    struct rkmq_bytes in, out;
    struct rkmq_err err = {0};
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&in, &tm.mem);
    rkmq__bytes_init(&out, &tm.mem);
    rkmq__bytes_add_text(&in, "{\"x\":");
    for (size_t i = 0; i < 100000; i++) {
        rkmq__bytes_add_text(&in, "[");
    }
    assert_int_equal(kind_of("route")->again(rkmq__bytes_slice(&in), &tm.mem, &out, &err),
                     RKMQ_E_PROTOCOL);
    assert_string_equal(err.text, "JSON: no deeper nesting expected at byte 37, not 0x5b");
    rkmq__bytes_close(&in);
    rkmq__bytes_close(&out);
    test_mem_assert_empty(&tm);
}

/* ---- bodies that are only written ---- */

static void test_written_only(void **state)
{
    /* Cluster info keeps its integer keys raw and names each cluster once; a table of texts is as
     * it was put in. */
    struct rkmq_broker_addr addrs[] = {{0, RKMQ_SLICE("h:1")}, {1, RKMQ_SLICE("h:2")}};
    struct rkmq_broker_data brokers[] = {
        {.cluster = RKMQ_SLICE("c"), .broker_name = RKMQ_SLICE("a"), .addrs = addrs, .n_addrs = 2},
        {.cluster = RKMQ_SLICE("d"), .broker_name = RKMQ_SLICE("b")},
        {.cluster = RKMQ_SLICE("c"), .broker_name = RKMQ_SLICE("e")},
    };
    struct rkmq_field kvs[] = {{RKMQ_SLICE("k\n"), RKMQ_SLICE("\"v\"")},
                               {RKMQ_SLICE(""), RKMQ_SLICE("")}};
    struct test_mem tm;
    struct rkmq_bytes out;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&out, &tm.mem);
    rkmq__cluster_info_write(brokers, 3, &out);
    rkmq__bytes_add(&out, "", 1);
#define NAMED(addrs, name, cluster)                                                                \
    "\"" name "\":{\"brokerAddrs\":{" addrs "},\"brokerName\":\"" name "\",\"cluster\":\"" cluster \
    "\",\"enableActingMaster\":false}"
    assert_string_equal((const char *)out.p,
                        "{\"brokerAddrTable\":{" NAMED("0:\"h:1\",1:\"h:2\"", "a", "c") "," NAMED(
                            "", "b", "d") "," NAMED("", "e", "c") "},\"clusterAddrTable\":{\"c\":"
                                                                  "[\"a\",\"e\"],\"d\":[\"b\"]}}");
#undef NAMED
    rkmq__bytes_clear(&out);
    rkmq__kv_table_write(kvs, 2, &out);
    rkmq__bytes_add(&out, "", 1);
    assert_string_equal((const char *)out.p, "{\"table\":{\"k\\n\":\"\\\"v\\\"\",\"\":\"\"}}");
    rkmq__bytes_close(&out);
    test_mem_assert_empty(&tm);
}

/* ---- is a route another one? ---- */

static void test_route_equal(void **state)
{
    /* Order does not count; any field of a queue or broker, an address, or the order text does. */
#define BROKER_2                                                                                   \
    "{\"brokerAddrs\":{\"0\":\"h:9\"},\"brokerName\":\"b2\",\"cluster\":\"c\","                    \
    "\"enableActingMaster\":false}"
#define QUEUE_2                                                                                    \
    "{\"brokerName\":\"b2\",\"perm\":6,\"readQueueNums\":4,\"topicSysFlag\":2,\"writeQueueNums\":" \
    "3}"
#define ADDRS "\"0\":\"h:1\",\"1\":\"h:2\""
    static const char *const base = ROUTE(BROKER(ADDRS) "," BROKER_2, "", QUEUE "," QUEUE_2);
    static const struct {
        const char *other;
        bool is_equal;
    } rows[] = {
        {ROUTE(BROKER(ADDRS) "," BROKER_2, "", QUEUE "," QUEUE_2), true},
        {ROUTE(BROKER_2 "," BROKER(ADDRS), "", QUEUE_2 "," QUEUE), true},
        {ROUTE(BROKER("\"1\":\"h:2\",\"0\":\"h:1\"") "," BROKER_2, "", QUEUE "," QUEUE_2), true},
        {ROUTE(BROKER(ADDRS), "", QUEUE "," QUEUE_2), false},
        {ROUTE(BROKER(ADDRS) "," BROKER(ADDRS), "", QUEUE "," QUEUE_2), false},
        {ROUTE(BROKER(ADDRS) "," BROKER_2, "", QUEUE), false},
        {ROUTE(BROKER(ADDRS) "," BROKER_2, "", QUEUE "," QUEUE), false},
        {ROUTE(BROKER("\"0\":\"h:1\"") "," BROKER_2, "", QUEUE "," QUEUE_2), false},
        {ROUTE(BROKER("\"0\":\"h:1\",\"1\":\"h:3\"") "," BROKER_2, "", QUEUE "," QUEUE_2), false},
        {ROUTE(BROKER("\"0\":\"h:1\",\"2\":\"h:2\"") "," BROKER_2, "", QUEUE "," QUEUE_2), false},
        {ROUTE(BROKER(ADDRS) "," BROKER_2, "\"orderTopicConf\":\"b:4\",", QUEUE "," QUEUE_2),
         false},
        {ROUTE("", "", ""), false},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_arena arena;
        struct rkmq_route_data a, b;
        rkmq__arena_init(&arena, &tm.mem);
        assert_int_equal(rkmq__route_data_read(rkmq__slice_of(base), &arena, &a, NULL), RKMQ_OK);
        assert_int_equal(rkmq__route_data_read(rkmq__slice_of(rows[i].other), &arena, &b, NULL),
                         RKMQ_OK);
        assert_int_equal(rkmq__route_data_equal(&a, &b), rows[i].is_equal);
        assert_int_equal(rkmq__route_data_equal(&b, &a), rows[i].is_equal);
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),       cmocka_unit_test(test_cjson_agrees),
        cmocka_unit_test(test_every_cut),   cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_item_limit),
        cmocka_unit_test(test_depth_limit), cmocka_unit_test(test_written_only),
        cmocka_unit_test(test_route_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
