/* SPDX-License-Identifier: Apache-2.0 */
/* Committed offsets, bounds of queues, and what admin tools ask. */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

#define BEAT                                                                                       \
    "{\"clientID\":\"c1\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"              \
    "\"CONSUME_PASSIVELY\",\"messageModel\":\"CLUSTERING\",\"subscriptionDataSet\":[]}]}"
#define GTQ(queue) "consumerGroup=G;topic=T;queueId=" queue
#define NOT_FOUND "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first"
#define TQ(queue) "topic=T;queueId=" queue

/* A new group starts at 0 where the first message is still there, and finds nothing in a queue that
 * never had one; a commit overwrites, backwards too. */
static void test_committed(void **state)
{
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    broker_put(b, "T", NULL, 3);
    BROKER_STEPS(
        b, {34, "", BEAT, 0, NULL, NULL, NULL}, {14, GTQ("0"), NULL, 0, "offset=0", "", ""},
        {14, GTQ("0") ";setZeroIfNotFound=false", NULL, 22, "", "", NOT_FOUND},
        {14, GTQ("1"), NULL, 22, "", "", NOT_FOUND}, {14, GTQ("-1"), NULL, 22, "", "", NOT_FOUND},
        {14, GTQ("2147483647"), NULL, 22, "", "", NOT_FOUND},
        {15, GTQ("0") ";commitOffset=3", NULL, 0, "", "", ""},
        {14, GTQ("0"), NULL, 0, "offset=3", "", ""},
        {15, GTQ("0") ";commitOffset=1", NULL, 0, "", "", ""},
        {14, GTQ("0") ";setZeroIfNotFound=false", NULL, 0, "offset=1", "", ""},
        {15, GTQ("1") ";commitOffset=9223372036854775807", NULL, 0, "", "", ""},
        {14, GTQ("1"), NULL, 0, "offset=9223372036854775807", "", ""});
}

/* Commits of groups and topics that nobody knows are refused, as by 5.3. */
static void test_commit_refusals(void **state)
{
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {15, GTQ("0") ";commitOffset=3", NULL, 26, "", "", "Group G not exist!"},
                 {34, "", BEAT, 0, NULL, NULL, NULL},
                 {15, GTQ("0") ";commitOffset=3", NULL, 17, "", "", "Topic T not exist!"});
    broker_topic(b, "T", 2);
    BROKER_STEPS(
        b,
        {15, GTQ("-1") ";commitOffset=3", NULL, 29, "", "", "queueId[-1] is illegal, topic is T"},
        {15, GTQ("1024") ";commitOffset=3", NULL, 29, "", "",
         "queueId[1024] is illegal, topic is T"},
        {15, GTQ("0"), NULL, 1, "", "", "the custom field <commitOffset> is null"});
}

/* The bounds of a queue, and where a time lies in it. */
static void test_bounds(void **state)
{
    struct broker_rig *b = *state;
    char fields[128], expected[32];
    broker_topic(b, "T", 2);
    int64_t first = b->rig.re.wall_offset + b->rig.re.now;
    for (int i = 0; i < 3; i++) {
        broker_put(b, "T", NULL, 1);
        record_env_advance(&b->rig.re, 10);
    }
    static const struct {
        int64_t after;
        const char *boundary;
        int64_t offset;
    } searches[] = {
        {-1, "", 0},
        {0, "", 0},
        {1, "", 1},
        {10, ";boundaryType=LOWER", 1},
        {20, ";boundaryType=other", 2},
        {21, "", 3},
        {-1, ";boundaryType=UPPER", 0},
        {10, ";boundaryType=upper", 1},
        {15, ";boundaryType=UPPER", 1},
        {1000, ";boundaryType=UPPER", 2},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(searches); i++) {
        (void)snprintf(fields, sizeof fields, TQ("0") ";timestamp=%lld%s",
                       (long long)(first + searches[i].after), searches[i].boundary);
        (void)snprintf(expected, sizeof expected, "offset=%lld", (long long)searches[i].offset);
        BROKER_STEPS(b, {29, fields, NULL, 0, expected, "", ""});
    }
    (void)snprintf(expected, sizeof expected, "timestamp=%lld", (long long)first);
    BROKER_STEPS(
        b, {30, TQ("0"), NULL, 0, "offset=3", "", ""}, {31, TQ("0"), NULL, 0, "offset=0", "", ""},
        {32, TQ("0"), NULL, 0, expected, "", ""}, {32, TQ("1"), NULL, 0, "timestamp=-1", "", ""});
    assert_int_equal(rkmq__broker_max_offset(b->brk, RKMQ_SLICE("T"), 0), 3);
    assert_int_equal(rkmq__broker_max_offset(b->brk, RKMQ_SLICE("T"), 1), 0);
    assert_int_equal(rkmq__broker_max_offset(b->brk, RKMQ_SLICE("T"), 2), -1);
}

/*
 * A reset on the broker's side: the next query gives it, clients' commits are not heard, the next
 * pull of each queue is answered 21 with it, once; a held pull learns of it when its time is up.
 */
static void test_reset(void **state)
{
#define RESET(more) "topic=T;group=G;isForce=true" more
#define TABLE(offsets) "{\"offsetTable\":{" offsets "}}"
#define RESET_OF(queue, offset)                                                                    \
    "{\"brokerName\":\"broker-a\",\"queueId\":" queue ",\"topic\":\"T\"}:" offset
#define PULL(queue, offset, flags)                                                                 \
    "consumerGroup=G;topic=T;queueId=" queue ";queueOffset=" offset                                \
    ";maxMsgNums=32;sysFlag=" flags                                                                \
    ";commitOffset=2;suspendTimeoutMillis=15000;subscription=*;subVersion=0"
#define RESET_TO(next, max)                                                                        \
    "suggestWhichBrokerId=0;nextBeginOffset=" next ";minOffset=0;maxOffset=" max                   \
    ";topicSysFlag=0;groupSysFlag=0"
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {222, RESET(";timestamp=0"), NULL, 17, "", "", "Topic T does not exist"});
    broker_topic(b, "T", 2);
    broker_put(b, "T", NULL, 3);
    BROKER_STEPS(
        b, {222, RESET(";timestamp=0"), NULL, 26, "", "", "Group G does not exist"},
        {34, "", BEAT, 0, NULL, NULL, NULL}, {15, GTQ("0") ";commitOffset=2", NULL, 0, "", "", ""},
        {222, RESET(";timestamp=0;queueId=0;offset=5"), NULL, 1, "", "",
         "Target offset 5 not in consume queue range [0-3]"},
        {222, RESET(";timestamp=0;queueId=1024;offset=0"), NULL, 1, "", "", NULL},
        {222, RESET(";timestamp=0;queueId=0;offset=1"), NULL, 0, "", TABLE(RESET_OF("0", "1")), ""},
        {14, GTQ("0"), NULL, 0, "offset=1", "", ""},
        {15, GTQ("0") ";commitOffset=3", NULL, 0, "", "", "Offset has been previously reset"},
        {14, GTQ("0"), NULL, 0, "offset=1", "", ""},
        {11, PULL("0", "3", "6"), NULL, 21, RESET_TO("1", "3"), "", "OFFSET_RESET"},
        {15, GTQ("0") ";commitOffset=3", NULL, 0, "", "", ""},
        {11, PULL("0", "1", "4"), NULL, 0, RESET_TO("3", "3"), NULL, "FOUND"});
    assert_null(broker_ask(b, 11, PULL("1", "0", "6"), NULL));
    BROKER_STEPS(b,
                 {222, RESET(";timestamp=-1;queueId=-1;offset=-1"), NULL, 0, "",
                  TABLE(RESET_OF("0", "3") "," RESET_OF("1", "0")), ""},
                 {222, RESET(";timestamp=1"), NULL, 0, "",
                  TABLE(RESET_OF("0", "0") "," RESET_OF("1", "0")), ""});
    record_env_advance(&b->rig.re, 20000);
    const struct rig_frames *frames = server_rig_take(&b->rig, b->con);
    assert_int_equal(frames->n, 1);
    assert_int_equal(frames->at[0].code, 21);
    assert_string_equal(frames->at[0].remark, "OFFSET_RESET");
    /* The old offset of the pull that learns of the reset is written after it. */
    BROKER_STEPS(b, {11, PULL("0", "3", "5"), NULL, 21, RESET_TO("0", "3"), "", "OFFSET_RESET"},
                 {14, GTQ("0"), NULL, 0, "offset=2", "", ""});
}

/* Queues that are not there have the bounds of an empty one. */
static void test_bounds_of_nothing(void **state)
{
    static const char *const fields[] = {
        "topic=T;queueId=0;timestamp=5", "topic=T;queueId=-1;timestamp=5",
        "topic=T;queueId=2147483647;timestamp=5", "topic=none;queueId=0;timestamp=5"};
    struct broker_rig *b = *state;
    broker_topic(b, "T", 2);
    for (size_t i = 0; i < RKMQ_COUNT_OF(fields); i++) {
        BROKER_STEPS(b, {29, fields[i], NULL, 0, "offset=0", "", ""},
                     {30, fields[i], NULL, 0, "offset=0", "", ""},
                     {31, fields[i], NULL, 0, "offset=0", "", ""},
                     {32, fields[i], NULL, 0, "timestamp=-1", "", ""});
    }
}

/* A message is found by its commit-log offset, and nothing by any other. */
static void test_view_message(void **state)
{
    struct broker_rig *b = *state;
    char fields[64];
    broker_topic(b, "T", 2);
    broker_topic(b, "U", 2);
    broker_put(b, "U", NULL, 2);
    broker_put(b, "T", "TagA", 1);
    const struct rig_frame *answer = broker_ask(
        b, 11,
        "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=1;sysFlag=4;commitOffset=0;"
        "suspendTimeoutMillis=0;subVersion=0",
        NULL);
    struct rkmq_record record = frame_record(answer, 0);
    (void)snprintf(fields, sizeof fields, "topic=T;offset=%lld",
                   (long long)record.commit_log_offset);
    answer = broker_ask(b, 33, fields, NULL);
    assert_int_equal(answer->code, 0);
    assert_int_equal(frame_records(answer), 1);
    record = frame_record(answer, 0);
    assert_true(rkmq__slice_is(record.topic, "T"));
    BROKER_STEPS(b, {33, "offset=1", NULL, 1, "", "", "can not find message by the offset, 1"},
                 {33, "offset=-1", NULL, 1, "", "", "can not find message by the offset, -1"});
}

/* Topics by hand and by request: made, changed, refused. */
static void test_topics(void **state)
{
#define CREATE(topic, read, write, more)                                                           \
    "topic=" topic ";defaultTopic=TBW102;readQueueNums=" read ";writeQueueNums=" write             \
    ";perm=6;topicFilterType=SINGLE_TAG;topicSysFlag=0;order=false" more
    struct broker_rig *b = *state;
    char name[RKMQ_TOPIC_CHARS_MAX + 2];
    memset(name, 'a', sizeof name);
    BROKER_STEPS(
        b, {17, CREATE("T", "2", "3", ""), NULL, 0, "", "", ""},
        {17, CREATE("T", "1", "1", ""), NULL, 0, "", "", ""},
        {17, CREATE("TBW102", "1", "1", ""), NULL, 29, "", "",
         "The topic[TBW102] is conflict with system topic."},
        {17, CREATE("a b", "1", "1", ""), NULL, 29, "", "", NULL},
        {17, CREATE("U", "1025", "1", ""), NULL, 29, "", "", "queue numbers 1025 and 1, 0 to 1024"},
        {17, CREATE("U", "1", "-1", ""), NULL, 29, "", "", NULL});
    assert_int_equal(rkmq__broker_topic_queues(b->brk, RKMQ_SLICE("T")), 1);
    static const struct {
        const char *topic;
        unsigned queues;
        int status;
    } puts[] = {
        {"T", 0, RKMQ_E_INVALID},
        {"T", RKMQ_BROKER_QUEUES_MAX + 1, RKMQ_E_INVALID},
        {"T", RKMQ_BROKER_QUEUES_MAX, RKMQ_OK},
        {"", 1, RKMQ_E_INVALID},
        {"a b", 1, RKMQ_E_INVALID},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(puts); i++) {
        assert_int_equal(
            rkmq__broker_topic_put(b->brk, rkmq__slice_of(puts[i].topic), puts[i].queues),
            puts[i].status);
    }
    assert_int_equal(rkmq__broker_topic_put(b->brk, rkmq__slice(name, sizeof name - 1), 1),
                     RKMQ_E_INVALID);
    assert_int_equal(rkmq__broker_topic_put(b->brk, rkmq__slice(name, sizeof name - 2), 1),
                     RKMQ_OK);
}

/* The queues of all topics together have a limit, and so have the topics. */
static void test_topic_limits(void **state)
{
    struct broker_rig *b = *state;
    char name[32];
    size_t n = 0;
    int status;
    do {
        (void)snprintf(name, sizeof name, "Wide%zu", n++);
        status = rkmq__broker_topic_put(b->brk, rkmq__slice_of(name), RKMQ_BROKER_QUEUES_MAX);
    } while (status == RKMQ_OK);
    assert_int_equal(status, RKMQ_E_LIMIT);
    assert_true(b->brk->topics.n_queues_all <= RKMQ_BROKER_QUEUES_ALL_MAX);
    BROKER_STEPS(b, {17, CREATE("U", "1024", "1024", ""), NULL, 1, "", "", "over a limit"},
                 {310, "a=PG;b=New;c=TBW102;d=8;e=0;f=0;g=1;h=0", "x", 0, NULL, NULL, NULL});
}

int main(void)
{
#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, broker_rig_setup, broker_rig_teardown)
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_committed), BROKER_TEST(test_commit_refusals),
        BROKER_TEST(test_bounds),    BROKER_TEST(test_bounds_of_nothing),
        BROKER_TEST(test_reset),     BROKER_TEST(test_view_message),
        BROKER_TEST(test_topics),    BROKER_TEST(test_topic_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
