/* SPDX-License-Identifier: Apache-2.0 */
/* SEND_MESSAGE in its three spellings, CONSUMER_SEND_MSG_BACK, delayed messages. */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

#define SEND_TO(topic, queue, more)                                                                \
    "a=PG;b=" topic ";c=TBW102;d=4;e=" queue ";f=0;g=1700000000000;h=7;k=false" more
#define SEND(more) SEND_TO("T", "1", more)
#define PROPERTIES ";i=KEYS\x01k1\x02UNIQ_KEY\x01" UNIQ_KEY "\x02WAIT\x01true\x02TAGS\x01TagA\x02"
#define UNIQ_KEY "C00002024ACE4E0E2F2A767F71AF0000"
#define ADDED "MSG_REGION=DefaultRegion;TRACE_ON=true"
#define FIRST_ID "0A00000100002A9F0000000000000000"
#define ILLEGAL                                                                                    \
    "the message is illegal, maybe msg body or properties length not matched. msg body length "    \
    "limit 4194304B, msg properties length limit 32KB."
#define PULL_OF(topic, queue, offset)                                                              \
    "consumerGroup=PULLER;topic=" topic ";queueId=" queue ";queueOffset=" offset                   \
    ";maxMsgNums=32;sysFlag=4;commitOffset=0;suspendTimeoutMillis=0;subscription=*;subVersion=0"

static int64_t max_offset(struct broker_rig *b, const char *topic, int32_t queue_id)
{
    return rkmq__broker_max_offset(b->brk, rkmq__slice_of(topic), queue_id);
}

static void assert_property(const struct rkmq_record *record, const char *name, const char *value)
{
    struct rkmq_slice got = rkmq_property_get(record->properties, name);
    if (!rkmq__slice_is(got, value)) {
        fail_msg("%s is %.*s, not %s", name, RKMQ_SLICE_ARG(got), value);
    }
}

/* ---- one message ---- */

/* All spellings store the same, and the answer says where: id, queue, offset, the client's key. */
static void test_spellings(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    BROKER_STEPS(b,
                 {310, SEND(PROPERTIES), "first", 0,
                  ADDED ";msgId=" FIRST_ID ";queueId=1;queueOffset=0;transactionId=" UNIQ_KEY, "",
                  ""},
                 {10,
                  "producerGroup=PG;topic=T;defaultTopic=TBW102;defaultTopicQueueNums=4;queueId=1;"
                  "sysFlag=0;bornTimestamp=1700000000000;flag=7;properties=KEYS\x01k1\x02",
                  "second", 0, NULL, "", ""});
    assert_int_equal(max_offset(b, "T", 1), 2);
    const struct rig_frame *answer = broker_ask(b, 11, PULL_OF("T", "1", "0"), NULL);
    struct rkmq_record first = frame_record(answer, 0), second = frame_record(answer, 1);
    char peer[64], host[64];
    rkmq_host_write(&first.born_host, peer);
    rkmq_host_write(&first.store_host, host);
    assert_string_equal(peer, "10.0.0.9:50000");
    assert_string_equal(host, "10.0.0.1:10911");
    assert_true(rkmq__slice_is(first.body, "first"));
    assert_int_equal(first.flag, 7);
    assert_int_equal(first.born_ms, 1700000000000);
    assert_int_equal(first.magic, RKMQ_RECORD_MAGIC_V1);
    assert_int_equal(second.queue_offset, 1);
    assert_int_equal(second.commit_log_offset, rkmq_record_bytes(&first));
    assert_property(&first, "TAGS", "TagA");
    assert_property(&first, "KEYS", "k1");
    assert_property(&first, "CLUSTER", "DefaultCluster");
    assert_property(&first, "MSG_REGION", "DefaultRegion");
    assert_property(&first, "TRACE_ON", "true");
    assert_property(&first, "UNIQ_KEY", UNIQ_KEY);
    assert_int_equal(rkmq_property_get(second.properties, "UNIQ_KEY").n, RKMQ_UNIQ_KEY_CHARS);
}

/* A one-way send is stored and not answered. */
static void test_oneway(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    server_rig_send(&b->rig, b->con, 310, SEND(""), RKMQ_SLICE("x"), RKMQ_FLAG_ONEWAY);
    server_rig_send(&b->rig, b->con, 310, SEND_TO("SELF_TEST_TOPIC", "0", ""), RKMQ_SLICE("x"),
                    RKMQ_FLAG_ONEWAY);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 0);
    assert_int_equal(max_offset(b, "T", 1), 1);
}

/* An unknown topic is made from the template, with the smaller of the two queue counts; a queue
 * number below zero lets the broker choose. */
static void test_auto_create(void **state)
{
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {310, SEND_TO("New", "3", ""), "x", 0, NULL, NULL, NULL},
                 {310, "a=PG;b=Big;c=TBW102;d=99;e=7;f=0;g=1;h=0", "x", 0, NULL, NULL, NULL},
                 {310, SEND_TO("New", "-1", ""), "x", 0, NULL, NULL, NULL},
                 {310, SEND_TO("%RETRY%Late", "0", ""), "x", 0, NULL, NULL, NULL},
                 {310, "a=PG;b=Own;c=BenchmarkTest;d=1;e=0;f=0;g=1;h=0", "x", 17, ADDED, "",
                  "topic[Own] not exist, apply first please!" FAQ},
                 {310, "a=PG;b=None;c=TBW102;d=0;e=-1;f=0;g=1;h=0", "x", 29, ADDED, NULL, NULL});
    assert_int_equal(rkmq__broker_topic_queues(b->brk, RKMQ_SLICE("New")), 4);
    assert_int_equal(rkmq__broker_topic_queues(b->brk, RKMQ_SLICE("Big")), 8);
    assert_int_equal(rkmq__broker_topic_queues(b->brk, RKMQ_SLICE("Own")), -1);
    assert_int_equal(max_offset(b, "New", -1), 2);
}

/* What a broker refuses, and in whose words. */
static void test_refusals(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    BROKER_STEPS(
        b,
        {310, SEND_TO("no good", "0", ""), "x", 29, ADDED, "",
         "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"},
        {310, SEND_TO("SELF_TEST_TOPIC", "0", ""), "x", 16, ADDED, "",
         "Sending message to topic[SELF_TEST_TOPIC] is forbidden."},
        {310, SEND_TO("T", "4", ""), "x", 29, ADDED, "",
         "request queueId[4] is illegal, TopicConfig [topicName=T, readQueueNums=4, "
         "writeQueueNums=4, perm=RW-, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false, "
         "attributes={}] Producer: /10.0.0.9:50000"},
        {310, SEND(";i=TRAN_MSG\x01true\x02"), "x", 16, ADDED, "",
         "the broker[10.0.0.1:10911] sending transaction message is forbidden"},
        {310,
         SEND(";i=TIMER_DELAY_MS\x01"
              "10\x02"),
         "x", 13, ADDED, "", "accurate timer message is not enabled, timerWheelEnable is false"},
        {310, SEND_TO("%RETRY%no good", "0", ""), "x", 29, ADDED, "", NULL},
        {310, SEND_TO("%RETRY%", "0", ""), "x", 26, ADDED, "",
         "subscription group not exist,  " FAQ},
        {310, "a=PG;c=TBW102;d=4;e=0;f=0;g=1;h=0", "x", 1, NULL, "",
         "the custom field <topic> is null"});
    assert_int_equal(max_offset(b, "T", -1), 0);
}

/* Bodies and properties up to their limits are stored, one byte more is not. */
static void test_sizes(void **state)
{
    static char body[RKMQ_MESSAGE_BODY_BYTES_MAX + 1], properties[RKMQ_PROPERTIES_BYTES_MAX + 100];
    /* What the broker adds stands behind the client's. */
    const size_t n_added = sizeof "MSG_REGION.DefaultRegion.TRACE_ON.true.CLUSTER.DefaultCluster.";
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    memset(body, 'x', sizeof body);
    for (size_t extra = 0; extra < 2; extra++) {
        const struct rig_frame *answer = server_rig_ask(
            &b->rig, b->con, 310, SEND(""), rkmq__slice(body, RKMQ_MESSAGE_BODY_BYTES_MAX + extra));
        assert_int_equal(answer->code, extra ? 13 : 0);
        assert_string_equal(answer->remark, extra ? ILLEGAL : "");
        int n =
            snprintf(properties, sizeof properties, SEND(";i=UNIQ_KEY\x01" UNIQ_KEY "\x02k\x01"));
        size_t n_value =
            RKMQ_PROPERTIES_BYTES_MAX - (n_added - 1) - strlen("UNIQ_KEY." UNIQ_KEY ".k..") + extra;
        memset(properties + n, 'v', n_value);
        memcpy(properties + (size_t)n + n_value, "\x02", 2);
        answer = server_rig_ask(&b->rig, b->con, 310, properties, RKMQ_SLICE("x"));
        assert_int_equal(answer->code, extra ? 13 : 0);
        assert_string_equal(answer->remark, extra ? ILLEGAL : "");
    }
    assert_int_equal(max_offset(b, "T", 1), 2);
}

/* ---- batches ---- */

static struct rkmq_slice batch_of(uint8_t *out, size_t n_max, size_t n)
{
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "inner %zu", i);
        const struct rkmq_batch_item item = {.flag = (int32_t)i,
                                             .body = rkmq__slice_of(text),
                                             .properties = RKMQ_SLICE("TAGS\x01TagA")};
        size_t bytes = rkmq_batch_item_bytes(&item);
        assert_int_equal(rkmq_batch_item_write(&item, p, n_max - (size_t)(p - out)), RKMQ_OK);
        p += bytes;
    }
    return rkmq__slice(out, (size_t)(p - out));
}

/* Each message of a batch is stored under its own offset and id, with its own properties and then
 * the batch's. Broken or empty batches, and batches for retry topics, are refused whole. */
static void test_batch(void **state)
{
    struct broker_rig *b = *state;
    uint8_t bytes[1024];
    struct rkmq_slice batch = batch_of(bytes, sizeof bytes, 3);
    broker_topic(b, "T", 4);
    const struct rig_frame *answer =
        server_rig_ask(&b->rig, b->con, 320, SEND(";m=true" PROPERTIES), batch);
    assert_int_equal(answer->code, 0);
    const char *ids = strstr(answer->fields, "msgId=");
    assert_int_equal(strcspn(ids, ";"), strlen("msgId=") + 3 * 33 - 1);
    assert_non_null(strstr(answer->fields, ";queueId=1;queueOffset=0;transactionId=" UNIQ_KEY));
    answer = broker_ask(b, 11, PULL_OF("T", "1", "0"), NULL);
    assert_int_equal(frame_records(answer), 3);
    for (size_t i = 0; i < 3; i++) {
        char text[32];
        struct rkmq_record record = frame_record(answer, i);
        (void)snprintf(text, sizeof text, "inner %zu", i);
        assert_true(rkmq__slice_is(record.body, text));
        assert_int_equal(record.flag, i);
        assert_int_equal(record.queue_offset, i);
        assert_property(&record, "TAGS", "TagA");
        assert_property(&record, "CLUSTER", "DefaultCluster");
    }
    const struct {
        const char *fields;
        size_t n;
    } broken[] = {{SEND(";m=true"), batch.n - 1},
                  {SEND(";m=true"), 3},
                  {SEND(";m=true"), 0},
                  {SEND_TO("%RETRY%G", "0", ";m=true"), batch.n},
                  {SEND_TO("%DLQ%G", "0", ";m=true"), batch.n}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(broken); i++) {
        answer = server_rig_ask(&b->rig, b->con, 320, broken[i].fields,
                                rkmq__slice(batch.p, broken[i].n));
        assert_int_equal(answer->code, 13);
    }
    assert_int_equal(max_offset(b, "T", 1), 3);
}

/* A batch of more messages than the limit is refused whole. */
static void test_batch_limit(void **state)
{
    struct broker_rig *b = *state;
    const struct rkmq_batch_item item = {.body = RKMQ_SLICE("x")};
    const size_t n_item = rkmq_batch_item_bytes(&item);
    uint8_t *bytes = test_malloc((RKMQ_BATCH_ITEMS_MAX + 1) * n_item);
    for (size_t i = 0; i <= RKMQ_BATCH_ITEMS_MAX; i++) {
        assert_int_equal(rkmq_batch_item_write(&item, bytes + i * n_item, n_item), RKMQ_OK);
    }
    broker_topic(b, "T", 4);
    for (size_t extra = 0; extra < 2; extra++) {
        server_rig_send(&b->rig, b->con, 320, SEND(";m=true"),
                        rkmq__slice(bytes, (RKMQ_BATCH_ITEMS_MAX + extra) * n_item),
                        RKMQ_FLAG_ONEWAY); /* the ids of the answer would fill the rig */
        assert_int_equal(max_offset(b, "T", 1), RKMQ_BATCH_ITEMS_MAX);
    }
    test_free(bytes);
}

/* ---- delay and retry ---- */

/* A delayed message is answered from the schedule topic and comes to its own topic at its level's
 * time, not earlier; the properties that sent it there stay on it. */
static void test_delay(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    BROKER_STEPS(b,
                 {310,
                  SEND(";i=DELAY\x01"
                       "2\x02TAGS\x01TagA\x02"),
                  "late", 0, NULL, "", ""},
                 {310,
                  SEND(";i=DELAY\x01"
                       "99\x02"),
                  "very late", 0, NULL, "", ""},
                 {310,
                  SEND(";i=DELAY\x01"
                       "1\x02"),
                  "soon", 0, NULL, "", ""},
                 {310, SEND(";i=DELAY\x01x\x02"), "now", 0, NULL, "", ""});
    assert_int_equal(max_offset(b, "T", 1), 1);
    assert_int_equal(max_offset(b, "SCHEDULE_TOPIC_XXXX", -1), 3);
    record_env_advance(&b->rig.re, 999);
    assert_int_equal(max_offset(b, "T", 1), 1);
    record_env_advance(&b->rig.re, 1);
    assert_int_equal(max_offset(b, "T", 1), 2);
    assert_null(broker_ask(b, 11,
                           "consumerGroup=PULLER;topic=T;queueId=1;queueOffset=2;maxMsgNums=32;"
                           "sysFlag=6;commitOffset=0;suspendTimeoutMillis=15000;"
                           "subscription=TagA;subVersion=0",
                           NULL));
    record_env_advance(&b->rig.re, 4000);
    const struct rig_frames *frames = server_rig_take(&b->rig, b->con);
    assert_int_equal(frames->n, 1);
    struct rkmq_record record = frame_record(&frames->at[0], 0);
    assert_true(rkmq__slice_is(record.body, "late"));
    assert_property(&record, "DELAY", "2");
    assert_property(&record, "REAL_TOPIC", "T");
    assert_property(&record, "REAL_QID", "1");
    record_env_advance(&b->rig.re, 7200000);
    assert_int_equal(max_offset(b, "T", 1), 4);
}

/* A message that the wall clock, set back, would hold longer than its level says comes at the next
 * look. */
static void test_delay_and_clock(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    BROKER_STEPS(b, {310,
                     SEND(";i=DELAY\x01"
                          "2\x02"),
                     "x", 0, NULL, "", ""});
    b->rig.re.wall_offset -= 3600000;
    BROKER_STEPS(b, {310,
                     SEND(";i=DELAY\x01"
                          "1\x02"),
                     "x", 0, NULL, "", ""});
    record_env_advance(&b->rig.re, 0);
    assert_int_equal(max_offset(b, "T", 1), 1);
    record_env_advance(&b->rig.re, 1000);
    assert_int_equal(max_offset(b, "T", 1), 2);
}

#define BACK(offset, more) "offset=" offset ";group=G" more

/* The record of %RETRY%G or %DLQ%G at that offset. */
static struct rkmq_record group_record(struct broker_rig *b, const char *prefix, int64_t offset)
{
    char fields[256];
    (void)snprintf(fields, sizeof fields,
                   "consumerGroup=PULLER;topic=%sG;queueId=0;queueOffset=%lld;maxMsgNums=1;"
                   "sysFlag=4;commitOffset=0;suspendTimeoutMillis=0;subscription=*;subVersion=0",
                   prefix, (long long)offset);
    const struct rig_frame *answer = broker_ask(b, 11, fields, NULL);
    assert_int_equal(answer->code, 0);
    return frame_record(answer, 0);
}

/*
 * A message that is sent back comes again from the retry topic, each time a level later, and knows
 * its origin; after the last time, or when the client says so, it is a dead letter.
 */
static void test_send_back(void **state)
{
    struct broker_rig *b = *state;
    char fields[128];
    broker_topic(b, "T", 4);
    BROKER_STEPS(b, {310, SEND(PROPERTIES), "x", 0, NULL, "", ""},
                 {36, BACK("0", ";delayLevel=0;maxReconsumeTimes=2"), NULL, 0, "", "", ""});
    assert_int_equal(max_offset(b, "%RETRY%G", 0), 0);
    record_env_advance(&b->rig.re, 10000);
    struct rkmq_record record = group_record(b, "%RETRY%", 0);
    assert_int_equal(record.reconsume_times, 1);
    assert_int_equal(record.flag, 7);
    assert_property(&record, "RETRY_TOPIC", "T");
    assert_property(&record, "ORIGIN_MESSAGE_ID", FIRST_ID);
    assert_property(&record, "DELAY", "3");
    assert_property(&record, "WAIT", "false");
    assert_property(&record, "UNIQ_KEY", UNIQ_KEY);
    assert_property(&record, "REAL_TOPIC", "%RETRY%G");
    (void)snprintf(fields, sizeof fields, BACK("%lld", ";delayLevel=1;maxReconsumeTimes=2"),
                   (long long)record.commit_log_offset);
    BROKER_STEPS(b, {36, fields, NULL, 0, "", "", ""});
    record_env_advance(&b->rig.re, 1000);
    record = group_record(b, "%RETRY%", 1);
    assert_int_equal(record.reconsume_times, 2);
    assert_property(&record, "RETRY_TOPIC", "T");
    assert_property(&record, "ORIGIN_MESSAGE_ID", FIRST_ID);
    (void)snprintf(fields, sizeof fields, BACK("%lld", ";delayLevel=0;maxReconsumeTimes=2"),
                   (long long)record.commit_log_offset);
    BROKER_STEPS(b, {36, fields, NULL, 0, "", "", ""},
                 {36, BACK("0", ";delayLevel=-1"), NULL, 0, "", "", ""});
    record = group_record(b, "%DLQ%", 0);
    assert_int_equal(record.reconsume_times, 3);
    assert_property(&record, "DELAY", "0");
    assert_int_equal(group_record(b, "%DLQ%", 1).reconsume_times, 1);
}

/* Without a limit in the request the group's counts; a group without retry queues drops. */
static void test_send_back_settings(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 4);
    BROKER_STEPS(
        b, {310, SEND(";j=16"), "x", 0, NULL, "", ""},
        {36, BACK("0", ";delayLevel=0"), NULL, 0, "", "", ""},
        {36, BACK("1", ";delayLevel=0"), NULL, 1, "", "", "look message by offset failed, 1"},
        {36, "offset=0;group=no good;delayLevel=0", NULL, 26, "", "",
         "subscription group not exist, no good " FAQ});
    assert_int_equal(max_offset(b, "%DLQ%G", 0), 1);
    rkmq__subscription_group_find(&b->brk->groups, RKMQ_SLICE("G"))->retry_queue_nums = 0;
    BROKER_STEPS(b, {36, BACK("0", ";delayLevel=0"), NULL, 0, "", "", ""});
    assert_int_equal(max_offset(b, "%DLQ%G", 0), 1);
}

/* A client's own send to the retry topic: over the limit, or while the group holds a queue lock,
 * it is a dead letter; else it waits its level. */
static void test_send_to_retry(void **state)
{
#define RETRY(times)                                                                               \
    SEND_TO("%RETRY%G", "0",                                                                       \
            ";j=" times ";l=3;i=DELAY\x01"                                                         \
            "1\x02")
    static const char lock[] = "{\"clientId\":\"c\",\"consumerGroup\":\"G\",\"mqSet\":[{"
                               "\"brokerName\":\"broker-a\",\"queueId\":0,\"topic\":\"T\"}]}";
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {310, RETRY("3"), "x", 0, NULL, "", ""},
                 {310, RETRY("4"), "x", 0, NULL, "", ""});
    assert_int_equal(max_offset(b, "%DLQ%G", 0), 1);
    assert_int_equal(group_record(b, "%DLQ%", 0).reconsume_times, 4);
    record_env_advance(&b->rig.re, 1000);
    assert_int_equal(max_offset(b, "%RETRY%G", 0), 1);
    BROKER_STEPS(b, {41, NULL, lock, 0, NULL, NULL, NULL}, {310, RETRY("0"), "x", 0, NULL, "", ""});
    assert_int_equal(max_offset(b, "%DLQ%G", 0), 2);
    record_env_advance(&b->rig.re, RKMQ_REBALANCE_LOCK_MAX_LIVE_MS + 1);
    BROKER_STEPS(b, {310, RETRY("0"), "x", 0, NULL, "", ""});
    assert_int_equal(max_offset(b, "%DLQ%G", 0), 2);
}

/* ---- limits ---- */

/* A store that is full refuses with SYSTEM_BUSY, whole batches too, and a delayed message whose
 * time comes then tries again. */
static void test_store_full(void **state)
{
    struct broker_rig *b = *state;
    uint8_t bytes[1024];
    struct rkmq_slice batch = batch_of(bytes, sizeof bytes, 3);
    broker_topic(b, "T", 4);
    BROKER_STEPS(b,
                 {310,
                  SEND(";i=DELAY\x01"
                       "1\x02"),
                  "x", 0, NULL, "", ""},
                 {310, SEND(""), "x", 0, NULL, "", ""});
    size_t bytes_max = b->brk->store.bytes_max;
    b->brk->store.bytes_max = b->brk->store.bytes + 300;
    assert_int_equal(server_rig_ask(&b->rig, b->con, 320, SEND(";m=true"), batch)->code, 2);
    b->brk->store.bytes_max = b->brk->store.bytes;
    BROKER_STEPS(
        b, {310, SEND(""), "x", 2, ADDED, "", "the store of this broker is full"},
        {36, BACK("0", ";delayLevel=-1"), NULL, 2, "", "", "the store of this broker is full"});
    const struct rkmq_broker_message message = {.topic = RKMQ_SLICE("T")};
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_E_LIMIT);
    record_env_advance(&b->rig.re, 1000);
    assert_int_equal(max_offset(b, "T", 1), 1);
    b->brk->store.bytes_max = bytes_max;
    record_env_advance(&b->rig.re, RKMQ_SCHEDULE_RETRY_MS);
    assert_int_equal(max_offset(b, "T", 1), 2);
}

/* Messages put by hand carry what a producer's would; wrong places are told apart from full ones.
 */
static void test_put_by_hand(void **state)
{
    struct broker_rig *b = *state;
    int64_t offset = -1;
    struct rkmq_broker_message message = {.topic = RKMQ_SLICE("T"),
                                          .body = RKMQ_SLICE("x"),
                                          .tag = RKMQ_SLICE("TagA"),
                                          .keys = RKMQ_SLICE("k"),
                                          .properties = RKMQ_SLICE("a\x01"
                                                                   "1"),
                                          .queue_id = 3,
                                          .flag = 9};
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_E_NOT_FOUND);
    broker_topic(b, "T", 4);
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, &offset), RKMQ_OK);
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, &offset), RKMQ_OK);
    assert_int_equal(offset, 1);
    struct rkmq_record record = frame_record(broker_ask(b, 11, PULL_OF("T", "3", "0"), NULL), 0);
    assert_int_equal(record.flag, 9);
    assert_property(&record, "a", "1");
    assert_property(&record, "TAGS", "TagA");
    assert_property(&record, "KEYS", "k");
    assert_int_equal(rkmq_property_get(record.properties, "UNIQ_KEY").n, RKMQ_UNIQ_KEY_CHARS);
    message.queue_id = 4;
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_E_NOT_FOUND);
    message.queue_id = -1;
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_E_NOT_FOUND);
    static char big[RKMQ_MESSAGE_BODY_BYTES_MAX + 1];
    message.queue_id = 0;
    message.body = rkmq__slice(big, sizeof big);
    assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_E_INVALID);
}

int main(void)
{
#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, broker_rig_setup, broker_rig_teardown)
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_spellings),
        BROKER_TEST(test_oneway),
        BROKER_TEST(test_auto_create),
        BROKER_TEST(test_refusals),
        BROKER_TEST(test_sizes),
        BROKER_TEST(test_batch),
        BROKER_TEST(test_batch_limit),
        BROKER_TEST(test_delay),
        BROKER_TEST(test_delay_and_clock),
        BROKER_TEST(test_send_back),
        BROKER_TEST(test_send_back_settings),
        BROKER_TEST(test_send_to_retry),
        BROKER_TEST(test_store_full),
        BROKER_TEST(test_put_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
