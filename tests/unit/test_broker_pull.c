/* SPDX-License-Identifier: Apache-2.0 */
/* PULL_MESSAGE and the hold. */
#include "support/broker_rig.h"

#include "mockbroker/core/handlers.h"

#define PULL_OF(group, topic, queue, offset, flags, sub, more)                                     \
    "consumerGroup=" group ";topic=" topic ";queueId=" queue ";queueOffset=" offset                \
    ";maxMsgNums=32;sysFlag=" flags ";commitOffset=5;suspendTimeoutMillis=15000;subscription=" sub \
    ";subVersion=0" more
/* Carries its own subscription, is not to be held. */
#define PULL(offset) PULL_OF("G", "T", "0", offset, "4", "*", "")
/* The same, to be held; and one that goes by the group's heartbeat. */
#define PULL_HELD(offset, sub) PULL_OF("G", "T", "0", offset, "6", sub, "")
#define PULL_GROUP(version)                                                                        \
    "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=32;sysFlag=2;commitOffset=0;"      \
    "suspendTimeoutMillis=15000;subVersion=" version
#define BOUNDS(next, min, max)                                                                     \
    "suggestWhichBrokerId=0;nextBeginOffset=" next ";minOffset=" min ";maxOffset=" max             \
    ";topicSysFlag=0;groupSysFlag=0"
#define SUB(topic, text, tags, codes, version)                                                     \
    "{\"topic\":\"" topic "\",\"subString\":\"" text "\",\"tagsSet\":[" tags                       \
    "],\"codeSet\":[" codes "],\"subVersion\":" version ",\"expressionType\":\"TAG\"}"
#define BEAT(model, subs)                                                                          \
    "{\"clientID\":\"c1\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"              \
    "\"CONSUME_PASSIVELY\",\"messageModel\":\"" model "\",\"subscriptionDataSet\":[" subs "]}]}"

/* Each relation of the asked offset to the queue has its code, its remark and its next offset. */
static void test_outcomes(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    BROKER_STEPS(b, {11, PULL("0"), NULL, 19, BOUNDS("0", "0", "0"), "", "NO_MESSAGE_IN_QUEUE"},
                 {11, PULL("1"), NULL, 21, BOUNDS("0", "0", "0"), "", "NO_MESSAGE_IN_QUEUE"});
    broker_put(b, "T", "TagA", 3);
    BROKER_STEPS(
        b, {11, PULL("0"), NULL, 0, BOUNDS("3", "0", "3"), NULL, "FOUND"},
        {361, PULL("2"), NULL, 0, BOUNDS("3", "0", "3"), NULL, "FOUND"},
        {11, PULL("3"), NULL, 19, BOUNDS("3", "0", "3"), "", "OFFSET_OVERFLOW_ONE"},
        {11, PULL("4"), NULL, 21, BOUNDS("3", "0", "3"), "", "OFFSET_OVERFLOW_BADLY"},
        {11, PULL("9223372036854775807"), NULL, 21, BOUNDS("3", "0", "3"), "",
         "OFFSET_OVERFLOW_BADLY"},
        {11, PULL("-1"), NULL, 21, BOUNDS("0", "0", "3"), "", "OFFSET_TOO_SMALL"},
        {11, PULL("-9223372036854775808"), NULL, 21, BOUNDS("0", "0", "3"), "", "OFFSET_TOO_SMALL"},
        {11, PULL_OF("G", "T", "0", "0", "4", "TagB", ""), NULL, 20, BOUNDS("3", "0", "3"), "",
         "NO_MATCHED_MESSAGE"},
        {11, PULL_OF("G", "T", "0", "0", "4", "TagB || TagA", ""), NULL, 0, BOUNDS("3", "0", "3"),
         NULL, "FOUND"});
}

/* What a request is refused for, in the order of the checks, with 5.3.3's words. */
static void test_refusals(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    BROKER_STEPS(
        b,
        {17,
         "topic=W;defaultTopic=TBW102;readQueueNums=1;writeQueueNums=1;perm=2;topicFilterType="
         "SINGLE_TAG;topicSysFlag=0;order=false",
         NULL, 0, "", "", ""},
        {11, PULL_OF("no good", "T", "0", "0", "4", "*", ""), NULL, 26, "", "",
         "subscription group [no good] does not exist, " FAQ},
        {11, PULL_OF("G", "None", "0", "0", "4", "*", ""), NULL, 17, "", "",
         "topic[None] not exist, apply first please! " FAQ},
        {11, PULL_OF("G", "W", "0", "0", "4", "*", ""), NULL, 16, "forbiddenType=3", "",
         "the topic[W] pulling message is forbidden"},
        {11, PULL_OF("G", "T", "2", "0", "4", "*", ""), NULL, 29, "", "",
         "queueId[2] is illegal, topic:[T] topicConfig.readQueueNums:[2] "
         "consumer:[/10.0.0.9:50000]"},
        {11, PULL_OF("G", "T", "-1", "0", "4", "*", ""), NULL, 29, "", "", NULL},
        {11, PULL_OF("G", "T", "0", "0", "4", "||", ""), NULL, 23, "", "",
         "parse the consumer's subscription failed"},
        {11, PULL_OF("G", "T", "0", "0", "4", "a > 1", ";expressionType=SQL92"), NULL, 1, "", "",
         "The broker does not support consumer to filter message by SQL92"},
        {11, PULL_GROUP("0"), NULL, 24, "", "", "the consumer's group info not exist" FAQ},
        {34, "", BEAT("CLUSTERING", SUB("U", "*", "", "", "5")), 0, NULL, NULL, NULL},
        {11, PULL_GROUP("0"), NULL, 24, "", "", "the consumer's subscription not exist" FAQ},
        {34, "", BEAT("CLUSTERING", SUB("T", "*", "", "", "5")), 0, NULL, NULL, NULL},
        {11, PULL_GROUP("6"), NULL, 25, "", "", "the consumer's subscription not latest"},
        {34, "",
         BEAT("CLUSTERING", "{\"topic\":\"T\",\"subString\":\"a > "
                            "1\",\"subVersion\":6,\"expressionType\":\"SQL92\"}"),
         0, NULL, NULL, NULL},
        {11, PULL_GROUP("6"), NULL, 1, "", "",
         "The broker does not support consumer to filter message by SQL92"});
}

/* Settings of the group forbid pulls altogether, or those of a broadcasting group. */
static void test_group_settings(void **state)
{
    struct broker_rig *b = *state;
    struct rkmq_subscription_group *group;
    broker_topic(b, "T", 2);
    BROKER_STEPS(b,
                 {34, "", BEAT("BROADCASTING", SUB("T", "*", "", "", "5")), 0, NULL, NULL, NULL});
    group = rkmq__subscription_group_find(&b->brk->groups, RKMQ_SLICE("G"));
    assert_non_null(group);
    group->is_broadcast_enabled = false;
    BROKER_STEPS(b, {11, PULL_GROUP("0"), NULL, 16, "forbiddenType=4", "",
                     "the consumer group[G] can not consume by broadcast way"});
    group->is_consume_enabled = false;
    BROKER_STEPS(b, {11, PULL_GROUP("0"), NULL, 16, "forbiddenType=2", "",
                     "subscription group no permission, G"});
}

/* The messages that come are those asked for: at most 32, at most what 256 KiB hold, and the first
 * whatever its size; views of what was put, in order. */
static void test_batch_limits(void **state)
{
    struct broker_rig *b = *state;
    static char big[200 << 10];
    memset(big, 'x', sizeof big);
    broker_topic(b, "T", 2);
    broker_put(b, "T", NULL, 40);
    const struct rig_frame *answer = broker_ask(b, 11, PULL("4"), NULL);
    assert_int_equal(frame_records(answer), RKMQ_TRANSFER_COUNT_MAX);
    for (size_t i = 0; i < RKMQ_TRANSFER_COUNT_MAX; i++) {
        struct rkmq_record record = frame_record(answer, i);
        assert_int_equal(record.queue_offset, i + 4);
        assert_true(rkmq__slice_is(record.topic, "T"));
        assert_true(rkmq__slice_is(record.body, "body"));
        assert_int_equal(record.body_crc, rkmq_body_crc(RKMQ_SLICE("body")));
    }
    BROKER_STEPS(b,
                 {11,
                  "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=2;sysFlag=4;"
                  "commitOffset=0;suspendTimeoutMillis=0;subVersion=0",
                  NULL, 0, BOUNDS("2", "0", "40"), NULL, "FOUND"},
                 {11,
                  "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=-2147483648;"
                  "sysFlag=4;commitOffset=0;suspendTimeoutMillis=0;subVersion=0",
                  NULL, 0, BOUNDS("1", "0", "40"), NULL, "FOUND"});
    for (int i = 0; i < 2; i++) {
        const struct rkmq_broker_message message = {
            .topic = RKMQ_SLICE("T"), .body = rkmq__slice(big, sizeof big), .queue_id = 1};
        assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_OK);
    }
    BROKER_STEPS(b, {11, PULL_OF("G", "T", "1", "0", "4", "*", ""), NULL, 0, BOUNDS("1", "0", "2"),
                     NULL, "FOUND"});
}

/* A pull that matches nothing looks at a limited number of messages and says how far it came. */
static void test_scan_limit(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    broker_put(b, "T", "TagA", RKMQ_FILTER_SCAN_ENTRIES_MIN + 1);
    BROKER_STEPS(b,
                 {11, PULL_OF("G", "T", "0", "0", "4", "TagB", ""), NULL, 20,
                  BOUNDS("800", "0", "801"), "", "NO_MATCHED_MESSAGE"},
                 {11, PULL_OF("G", "T", "0", "800", "4", "TagB", ""), NULL, 20,
                  BOUNDS("801", "0", "801"), "", "NO_MATCHED_MESSAGE"});
}

/* With its flag a pull commits its offset, whatever it finds, once: not again after the hold. */
static void test_commit(void **state)
{
    struct broker_rig *b = *state;
    struct rkmq_slice group = RKMQ_SLICE("G"), topic = RKMQ_SLICE("T");
    broker_topic(b, "T", 2);
    BROKER_STEPS(b, {11, PULL("0"), NULL, 19, NULL, NULL, NULL});
    assert_int_equal(rkmq__broker_committed(b->brk, group, topic, 0), -1);
    BROKER_STEPS(b, {11, PULL_OF("G", "T", "0", "9", "5", "*", ""), NULL, 21, NULL, NULL, NULL});
    assert_int_equal(rkmq__broker_committed(b->brk, group, topic, 0), 5);
    assert_null(broker_ask(b, 11, PULL_OF("G", "T", "1", "0", "7", "*", ""), NULL));
    assert_int_equal(rkmq__broker_committed(b->brk, group, topic, 1), 5);
    assert_int_equal(rkmq__broker_committed(b->brk, group, topic, -1), 10);
    BROKER_STEPS(b, {34, "", BEAT("CLUSTERING", ""), 0, NULL, NULL, NULL},
                 {15, "consumerGroup=G;topic=T;queueId=1;commitOffset=6", NULL, 0, "", "", ""});
    record_env_advance(&b->rig.re, 25000);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 1);
    assert_int_equal(rkmq__broker_committed(b->brk, group, topic, 1), 6);
}

/* ---- hold ---- */

static void assert_held(struct broker_rig *b, const char *fields)
{
    assert_null(broker_ask(b, 11, fields, NULL));
    assert_int_equal(rkmq__broker_held_pulls(b->brk), 1);
}

/* The held pull, the request that was sent last, has just been answered so. */
static void assert_woken(struct broker_rig *b, int code, const char *remark, const char *fields)
{
    const struct rig_frames *frames = server_rig_take(&b->rig, b->con);
    assert_int_equal(rkmq__broker_held_pulls(b->brk), 0);
    assert_int_equal(frames->n, 1);
    assert_int_equal(frames->at[0].opaque, b->rig.opaque);
    assert_int_equal(frames->at[0].code, code);
    assert_string_equal(frames->at[0].remark, remark);
    assert_string_equal(frames->at[0].fields, fields);
}

/* A message that matches wakes a held pull at once; one that does not leaves it to the sweep, which
 * tells how far the queue has come. */
static void test_arrival(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    assert_held(b, PULL_HELD("0", "TagA"));
    broker_put(b, "T", "TagA", 1);
    assert_woken(b, 0, "FOUND", BOUNDS("1", "0", "1"));
    assert_held(b, PULL_HELD("1", "TagA"));
    broker_put(b, "T", "TagB", 1);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 0);
    record_env_advance(&b->rig.re, RKMQ_PULL_HOLD_SWEEP_MS);
    assert_woken(b, 20, "NO_MATCHED_MESSAGE", BOUNDS("2", "0", "2"));
    assert_held(b, PULL_HELD("2", "*"));
    broker_put(b, "T", NULL, 1);
    assert_woken(b, 0, "FOUND", BOUNDS("3", "0", "3"));
}

/* Nothing comes: answered by the first sweep after its time, at most 5 s late, not before. */
static void test_time_is_up(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    record_env_advance(&b->rig.re, 1000); /* out of step with the sweep */
    assert_held(b, PULL_HELD("0", "*"));
    record_env_advance(&b->rig.re, 15000);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 0);
    record_env_advance(&b->rig.re, RKMQ_PULL_HOLD_SWEEP_MS);
    assert_woken(b, 19, "NO_MESSAGE_IN_QUEUE", BOUNDS("0", "0", "0"));
    broker_put(b, "T", NULL, 1);
    assert_held(b, PULL_HELD("1", "*"));
    record_env_advance(&b->rig.re, 20000);
    assert_woken(b, 19, "OFFSET_OVERFLOW_ONE", BOUNDS("1", "0", "1"));
}

/* When a held pull's turn comes, the checks are those of the topic as it is now. */
static void test_topic_changed_meanwhile(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    assert_held(b, PULL_OF("G", "T", "1", "0", "6", "*", ""));
    broker_topic(b, "T", 1);
    record_env_advance(&b->rig.re, 20000);
    assert_woken(b, 29,
                 "queueId[1] is illegal, topic:[T] topicConfig.readQueueNums:[1] "
                 "consumer:[/10.0.0.9:50000]",
                 "");
}

/* A connection takes its held pulls along; others stay. */
static void test_closed_connection(void **state)
{
    struct broker_rig *b = *state;
    rkmq_conn other = server_rig_connect(&b->rig, "10.0.0.8:50000");
    broker_topic(b, "T", 2);
    assert_held(b, PULL_HELD("0", "*"));
    assert_null(broker_ask(b, 11, PULL_OF("G", "T", "1", "0", "6", "*", ""), NULL));
    assert_null(server_rig_ask(&b->rig, other, 11, PULL_HELD("0", "*"), RKMQ_SLICE("")));
    assert_int_equal(rkmq__broker_held_pulls(b->brk), 3);
    record_env_hang_up(&b->rig.re, b->con, "reset by peer");
    assert_int_equal(rkmq__broker_held_pulls(b->brk), 1);
    broker_put(b, "T", NULL, 1);
    assert_int_equal(server_rig_take(&b->rig, other)->n, 1);
}

/* Not held: without the flag, one-way, and when the hold is full or memory is out; a one-way pull
 * is never answered. */
static void test_not_held(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    BROKER_STEPS(b, {11, PULL("0"), NULL, 19, NULL, NULL, NULL});
    server_rig_send(&b->rig, b->con, 11, PULL_HELD("0", "*"), RKMQ_SLICE(""), RKMQ_FLAG_ONEWAY);
    assert_int_equal(server_rig_take(&b->rig, b->con)->n, 0);
    assert_int_equal(rkmq__broker_held_pulls(b->brk), 0);
    b->brk->hold.n = RKMQ_BROKER_HELD_PULLS_MAX;
    BROKER_STEPS(
        b, {11, PULL_HELD("0", "*"), NULL, 19, BOUNDS("0", "0", "0"), "", "NO_MESSAGE_IN_QUEUE"});
    b->brk->hold.n = 0;
}

/* However long a client wants to wait, and however far back: the numbers do not run over. */
static void test_hostile_times(void **state)
{
    static const char *const times[] = {"9223372036854775807", "-9223372036854775808", "-1"};
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    for (size_t i = 0; i < RKMQ_COUNT_OF(times); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields,
                       "consumerGroup=G;topic=T;queueId=0;queueOffset=%zu;maxMsgNums=2147483647;"
                       "sysFlag=6;commitOffset=-1;suspendTimeoutMillis=%s;subVersion=-1",
                       i, times[i]);
        assert_held(b, fields);
        record_env_advance(&b->rig.re, RKMQ_PULL_HOLD_SWEEP_MS);
        if (i == 0) {
            assert_int_equal(rkmq__broker_held_pulls(b->brk), 1);
        }
        broker_put(b, "T", NULL, 1);
        assert_int_equal(rkmq__broker_held_pulls(b->brk), 0);
        (void)server_rig_take(&b->rig, b->con);
    }
}

int main(void)
{
#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, broker_rig_setup, broker_rig_teardown)
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_outcomes),
        BROKER_TEST(test_refusals),
        BROKER_TEST(test_group_settings),
        BROKER_TEST(test_batch_limits),
        BROKER_TEST(test_scan_limit),
        BROKER_TEST(test_commit),
        BROKER_TEST(test_arrival),
        BROKER_TEST(test_time_is_up),
        BROKER_TEST(test_topic_changed_meanwhile),
        BROKER_TEST(test_closed_connection),
        BROKER_TEST(test_not_held),
        BROKER_TEST(test_hostile_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
