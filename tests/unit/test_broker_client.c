/* SPDX-License-Identifier: Apache-2.0 */
/* Heartbeats, membership, notifications, locks. */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

#define SUB(topic, version)                                                                        \
    "{\"topic\":\"" topic                                                                          \
    "\",\"subString\":\"*\",\"tagsSet\":[],\"codeSet\":[],\"subVersion\":" version                 \
    ",\"expressionType\":\"TAG\"}"
#define CONSUMER(group, model, subs)                                                               \
    "{\"groupName\":\"" group "\",\"consumeType\":\"CONSUME_PASSIVELY\",\"messageModel\":\"" model \
    "\",\"consumeFromWhere\":\"CONSUME_FROM_LAST_OFFSET\",\"subscriptionDataSet\":[" subs "]}"
#define BEAT_WITH(client, consumers, producers, more)                                              \
    "{\"clientID\":\"" client "\",\"consumerDataSet\":[" consumers                                 \
    "],\"producerDataSet\":[" producers "]" more "}"
#define BEAT(client, subs) BEAT_WITH(client, CONSUMER("G", "CLUSTERING", subs), "", "")
#define T1 SUB("T", "1")
#define BEAT_ANSWER(is_changed) "IS_SUPPORT_HEART_BEAT_V2=true;IS_SUB_CHANGE=" is_changed
#define LIST(ids) "{\"consumerIdList\":[" ids "]}"
#define NOBODY(group) "no consumer for this group, " group

/* A beat, and how often the group's members were told by it on that connection. */
static size_t notified(struct broker_rig *b, rkmq_conn con)
{
    const struct rig_frames *frames = server_rig_take(&b->rig, con);
    size_t n = 0;
    for (size_t i = 0; i < frames->n; i++) {
        if (frames->at[i].code == RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED) {
            assert_int_equal(frames->at[i].flags, RKMQ_FLAG_ONEWAY);
            assert_string_equal(frames->at[i].fields, "consumerGroup=G");
            n++;
        }
    }
    return n;
}

static void beat(struct broker_rig *b, rkmq_conn con, const char *body)
{
    server_rig_send(&b->rig, con, 34, "", rkmq__slice_of(body), 0);
}

/* A heartbeat makes the retry topic and the member, and is answered with what 5.1.3 and later say;
 * a group of no good name is passed over. */
static void test_heart_beat(void **state)
{
    struct broker_rig *b = *state;
    assert_string_equal(rkmq__broker_client_id(b->brk, b->con), "");
    BROKER_STEPS(
        b, {38, "consumerGroup=G", NULL, 1, "", "", NOBODY("G")},
        {34, "", BEAT("c1", T1), 0, BEAT_ANSWER("true"), "", ""},
        {38, "consumerGroup=G", NULL, 0, "", LIST("\"c1\""), ""},
        {34, "",
         BEAT_WITH("c1", CONSUMER("no good", "CLUSTERING", ""), "{\"groupName\":\"PG\"}", ""), 0,
         BEAT_ANSWER("true"), "", ""},
        {38, "consumerGroup=no good", NULL, 1, "", "", NOBODY("no good")});
    assert_int_equal(rkmq__broker_topic_queues(b->brk, RKMQ_SLICE("%RETRY%G")), 1);
    assert_int_equal(rkmq__producer_count(&b->brk->producers, RKMQ_SLICE("PG")), 1);
    assert_string_equal(rkmq__broker_client_id(b->brk, b->con), "c1");
    BROKER_STEPS(b, {34, "", BEAT("c2", T1), 0, NULL, NULL, NULL});
    assert_string_equal(rkmq__broker_client_id(b->brk, b->con), "c2");
    assert_string_equal(rkmq__broker_client_id(b->brk, 99), "");
}

/* A group whose name leaves no room for its retry topic is passed over, as one of no good name. */
static void test_long_group(void **state)
{
    struct broker_rig *b = *state;
    const size_t n_max = RKMQ_RETRY_TOPIC_BYTES_MAX - strlen(RKMQ_RETRY_PREFIX);
    char body[1024], name[RKMQ_GROUP_CHARS_MAX + 1];
    for (size_t extra = 0; extra < 2; extra++) {
        memset(name, 'g', sizeof name);
        name[n_max + extra] = '\0';
        (void)snprintf(body, sizeof body, BEAT_WITH("c1", CONSUMER("%s", "CLUSTERING", T1), "", ""),
                       name);
        BROKER_STEPS(b, {34, "", body, 0, NULL, NULL, NULL});
        assert_int_equal(
            rkmq__consumer_group_find(&b->brk->consumers, rkmq__slice_of(name)) == NULL, extra);
    }
}

/* With as many members as there may be, of either kind, a heartbeat is refused with a code. */
static void test_member_limit(void **state)
{
    struct broker_rig *b = *state;
    size_t *const counts[] = {&b->brk->consumers.n_members, &b->brk->producers.n_members};
    for (size_t i = 0; i < RKMQ_COUNT_OF(counts); i++) {
        size_t n = *counts[i];
        *counts[i] = RKMQ_BROKER_MEMBERS_MAX;
        BROKER_STEPS(
            b,
            {34, "", BEAT_WITH("c1", CONSUMER("G", "CLUSTERING", T1), "{\"groupName\":\"PG\"}", ""),
             1, "", "", "over a limit"});
        *counts[i] = n;
    }
}

/* Broken bodies are answered, and change nothing. */
static void test_broken_bodies(void **state)
{
    static const struct {
        int code;
        const char *body;
    } cases[] = {
        {34, ""},         {34, "x"},
        {34, "[]"},       {34, "{\"clientID\":"},
        {34, "\xff\xfe"}, {34, "{\"clientID\":[]}"},
        {41, ""},         {34, "{\"consumerDataSet\":{}}"},
        {41, "[]"},       {41, "{\"clientId\":\"c\",\"consumerGroup\":\"G\",\"mqSet\":{}}"},
        {42, ""},         {42, "{\"clientId\":\"c\",\"consumerGroup\":\"G\",\"mqSet\":[1]}"},
    };
    struct broker_rig *b = *state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        BROKER_STEPS(b, {cases[i].code, "", cases[i].body, 1, "", "", NULL});
    }
    assert_int_equal(rkmq__map_count(&b->brk->consumers.groups), 0);
    assert_int_equal(rkmq__map_count(&b->brk->locks.locks), 0);
}

/*
 * Who is told of what: everybody, the newcomer included, of a new connection or topic; nobody of a
 * heartbeat that repeats or only changes an expression; those who stay of one that leaves, whether
 * it says so or just closes.
 */
static void test_notifications(void **state)
{
    struct broker_rig *b = *state;
    rkmq_conn one = b->con, two = server_rig_connect(&b->rig, "10.0.0.8:50000");
    const struct {
        rkmq_conn con;
        const char *body;
        size_t n_one, n_two;
    } beats[] = {
        {one, BEAT("c1", T1), 1, 0},
        {one, BEAT("c1", T1), 0, 0},
        {one, BEAT("c1", SUB("T", "2")), 0, 0},
        {two, BEAT("c2", SUB("T", "2")), 1, 1},
        {two, BEAT("c2", SUB("T", "2") "," SUB("U", "1")), 1, 1},
        /* The group has one table: who does not name U takes it away from the others. */
        {one, BEAT("c1", SUB("T", "2")), 1, 1},
        {two, BEAT("other id", SUB("T", "2")), 0, 0},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(beats); i++) {
        beat(b, beats[i].con, beats[i].body);
        assert_int_equal(notified(b, one), beats[i].n_one);
        assert_int_equal(notified(b, two), beats[i].n_two);
    }
    BROKER_STEPS(b, {38, "consumerGroup=G", NULL, 0, "", LIST("\"c1\",\"other id\""), ""});
    server_rig_send(&b->rig, two, 35, "clientID=c2;consumerGroup=G;producerGroup=none",
                    RKMQ_SLICE(""), 0);
    assert_int_equal(notified(b, one), 1);
    assert_int_equal(notified(b, two), 0);
    beat(b, two, BEAT("c2", SUB("T", "2")));
    assert_int_equal(notified(b, one), 1);
    record_env_hang_up(&b->rig.re, two, "reset by peer");
    assert_int_equal(notified(b, one), 1);
    BROKER_STEPS(b, {38, "consumerGroup=G", NULL, 0, "", LIST("\"c1\""), ""},
                 {35, "clientID=c1;consumerGroup=G", NULL, 0, "", "", ""},
                 {38, "consumerGroup=G", NULL, 1, "", "", NOBODY("G")},
                 {35, "clientID=c1;consumerGroup=G", NULL, 0, "", "", ""});
}

/* Not told: members of a broadcasting group; and with the group's setting off nobody, except when
 * a connection closes. */
static void test_not_notified(void **state)
{
    struct broker_rig *b = *state;
    rkmq_conn two = server_rig_connect(&b->rig, "10.0.0.8:50000");
    beat(b, b->con, BEAT_WITH("c1", CONSUMER("B", "BROADCASTING", T1), "", ""));
    assert_int_equal(notified(b, b->con), 0);
    beat(b, b->con, BEAT("c1", T1));
    assert_int_equal(notified(b, b->con), 1);
    rkmq__subscription_group_find(&b->brk->groups, RKMQ_SLICE("G"))->is_notify_enabled = false;
    beat(b, two, BEAT("c2", T1));
    assert_int_equal(notified(b, b->con), 0);
    record_env_hang_up(&b->rig.re, two, "reset by peer");
    assert_int_equal(notified(b, b->con), 1);
}

/* A member that has been silent for 120 s is taken out and its connection closed; nobody is told,
 * and one that goes on beating stays. */
static void test_expiry(void **state)
{
    struct broker_rig *b = *state;
    rkmq_conn two = server_rig_connect(&b->rig, "10.0.0.8:50000");
    beat(b, b->con, BEAT_WITH("c1", CONSUMER("G", "CLUSTERING", T1), "{\"groupName\":\"PG\"}", ""));
    beat(b, two, BEAT_WITH("c2", CONSUMER("G", "CLUSTERING", T1), "{\"groupName\":\"PG\"}", ""));
    (void)notified(b, two);
    for (int i = 0; i < 13; i++) {
        record_env_advance(&b->rig.re, RKMQ_CLIENT_SCAN_MS);
        beat(b, two,
             BEAT_WITH("c2", CONSUMER("G", "CLUSTERING", T1), "{\"groupName\":\"PG\"}", ""));
        assert_int_equal(notified(b, two), 0);
        /* Something else keeps the first connection from being idle. */
        server_rig_send(&b->rig, b->con, 30, "topic=T;queueId=0", RKMQ_SLICE(""), 0);
        assert_int_equal(record_env_conn(&b->rig.re, b->con)->is_closed_by_core, i == 12);
    }
    assert_int_equal(rkmq__producer_count(&b->brk->producers, RKMQ_SLICE("PG")), 1);
    const struct rig_frame *answer =
        server_rig_ask(&b->rig, two, 38, "consumerGroup=G", RKMQ_SLICE(""));
    assert_true(rkmq__slice_is(rkmq__slice(answer->body, answer->body_bytes), LIST("\"c2\"")));
}

/* A heartbeat of the second kind is answered "changed" when the group's last fingerprint was
 * another one, and may leave the subscriptions out. */
static void test_fingerprint(void **state)
{
#define V2(subs, print, without)                                                                   \
    BEAT_WITH("c1", CONSUMER("G", "CLUSTERING", subs), "",                                         \
              ",\"heartbeatFingerprint\":" print ",\"withoutSub\":" without)
    static const char pull[] =
        "consumerGroup=G;topic=T;queueId=0;queueOffset=0;maxMsgNums=32;sysFlag=0;commitOffset=0;"
        "suspendTimeoutMillis=0;subVersion=1";
    struct broker_rig *b = *state;
    broker_topic(b, "T", 1);
    BROKER_STEPS(b, {34, "", V2("", "7", "true"), 0, BEAT_ANSWER("false"), "", ""},
                 {11, pull, NULL, 24, NULL, NULL, NULL},
                 {34, "", V2(T1, "7", "false"), 0, BEAT_ANSWER("false"), "", ""},
                 {11, pull, NULL, 19, NULL, NULL, NULL},
                 {34, "", V2("", "7", "true"), 0, BEAT_ANSWER("false"), "", ""},
                 {11, pull, NULL, 19, NULL, NULL, NULL},
                 {34, "", V2(T1, "-8", "false"), 0, BEAT_ANSWER("true"), "", ""},
                 {34, "", BEAT("c1", T1), 0, BEAT_ANSWER("true"), "", ""},
                 {34, "", V2(T1, "-8", "false"), 0, BEAT_ANSWER("true"), "", ""});
}

/* Tags are accepted without further looking, other expressions refused. */
static void test_check_client_config(void **state)
{
#define CHECK(type) "{\"clientId\":\"c\",\"group\":\"G\",\"subscriptionData\":{" type "}}"
    struct broker_rig *b = *state;
    BROKER_STEPS(b, {46, NULL, CHECK("\"expressionType\":\"TAG\""), 0, "", "", ""},
                 {46, NULL, CHECK(""), 0, "", "", ""},
                 {46, NULL, CHECK("\"expressionType\":\"SQL92\",\"subString\":\"a>1\""), 1, "", "",
                  "The broker does not support consumer to filter message by SQL92"},
                 {46, NULL, "{", 1, "", "", NULL});
}

/* ---- locks ---- */

#define MQ(queue) "{\"brokerName\":\"broker-a\",\"queueId\":" queue ",\"topic\":\"T\"}"
#define LOCK(client, mqs)                                                                          \
    "{\"clientId\":\"" client "\",\"consumerGroup\":\"G\",\"mqSet\":[" mqs "]}"
#define HELD(mqs) "{\"lockOKMQSet\":[" mqs "]}"

/* A queue is held by one client until it gives it back or has been silent for 60 s; asking again
 * renews; nothing is refused with a code. */
static void test_locks(void **state)
{
    struct broker_rig *b = *state;
    BROKER_STEPS(b,
                 {41, NULL, LOCK("c1", MQ("0") "," MQ("1")), 0, "", HELD(MQ("0") "," MQ("1")), ""},
                 {41, NULL, LOCK("c2", MQ("0") "," MQ("2")), 0, "", HELD(MQ("2")), ""},
                 {42, NULL, LOCK("c2", MQ("0")), 0, "", "", ""},
                 {41, NULL, LOCK("c2", MQ("0")), 0, "", HELD(""), ""},
                 {42, NULL, LOCK("c1", MQ("0")), 0, "", "", ""},
                 {41, NULL, LOCK("c2", MQ("0")), 0, "", HELD(MQ("0")), ""});
    record_env_advance(&b->rig.re, 40000);
    BROKER_STEPS(b, {41, NULL, LOCK("c1", MQ("1")), 0, "", HELD(MQ("1")), ""});
    record_env_advance(&b->rig.re, 20001);
    BROKER_STEPS(b, {41, NULL, LOCK("c3", MQ("0") "," MQ("1")), 0, "", HELD(MQ("0")), ""});
}

/* One lock more than the limit is refused, and nothing else suffers. */
static void test_lock_limit(void **state)
{
    struct broker_rig *b = *state;
    struct rkmq_mq mq = {.topic = RKMQ_SLICE("T"), .broker_name = RKMQ_SLICE("broker-a")};
    bool is_held;
    for (int32_t i = 0; i < RKMQ_BROKER_LOCKS_MAX; i++) {
        mq.queue_id = i;
        assert_int_equal(
            rkmq__rebalance_lock(&b->brk->locks, RKMQ_SLICE("G"), &mq, RKMQ_SLICE("c1"), &is_held),
            RKMQ_OK);
    }
    BROKER_STEPS(b, {41, NULL, LOCK("c1", MQ("70000")), 1, "", "", "over a limit"},
                 {41, NULL, LOCK("c1", MQ("5")), 0, "", HELD(MQ("5")), ""});
}

int main(void)
{
#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, broker_rig_setup, broker_rig_teardown)
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_heart_beat),
        BROKER_TEST(test_long_group),
        BROKER_TEST(test_member_limit),
        BROKER_TEST(test_broken_bodies),
        BROKER_TEST(test_notifications),
        BROKER_TEST(test_not_notified),
        BROKER_TEST(test_expiry),
        BROKER_TEST(test_fingerprint),
        BROKER_TEST(test_check_client_config),
        BROKER_TEST(test_locks),
        BROKER_TEST(test_lock_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
