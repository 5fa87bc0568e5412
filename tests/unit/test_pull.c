/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/pull.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/message.h"
#include "remoting/protocol/codes.h"
#include "support/consumer_rig.h"

static const struct rkmq_push_options plain = RIG_OPTIONS_INIT;

static void expect_pull(struct consumer_rig *rig, int64_t queue_offset)
{
    rig_expect(rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    assert_int_equal(rig_i64(rig, "queueOffset"), queue_offset);
}

/* Nothing goes out for `ms` - 1, then the pull does. */
static void expect_pull_after(struct consumer_rig *rig, rkmq_ms ms, int64_t queue_offset)
{
    assert_false(rig_next(rig));
    record_env_advance(&rig->re, ms - 1);
    assert_false(rig_next(rig));
    record_env_advance(&rig->re, 1);
    expect_pull(rig, queue_offset);
}

/* ---- the request ---- */

/* The fields of a request are those of Java's, and the offset in memory is committed with it when
 * it is above 0, the consumer clusters and the broker is the master: a table shows each case. */
static void test_request(void **state)
{
    (void)state;
    static const struct {
        int64_t offset; /* in memory */
        enum rkmq_message_model model;
        bool is_posted, is_slave;
        int sys_flag;
        int64_t commit_offset;
        const char *subscription;
    } rows[] = {
        {-1, RKMQ_CLUSTERING, false, false, 2, -1, "-"},
        {0, RKMQ_CLUSTERING, false, false, 2, 0, "-"},
        {5, RKMQ_CLUSTERING, false, false, 3, 5, "-"},
        {5, RKMQ_CLUSTERING, false, true, 2, 5, "-"},
        {5, RKMQ_CLUSTERING, true, false, 7, 5, "a || b"},
        {5, RKMQ_BROADCASTING, false, false, 2, 0, "-"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.message_model = rows[i].model;
        o.post_subscription_when_pull = rows[i].is_posted;
        rig_init(&rig, &o, NULL, "a || b");
        rig.pq->offset.value = rows[i].offset;
        rig.pq->next_offset = 42;
        rig.pq->suggest_broker_id = rows[i].is_slave;
        rkmq__pull_message(rig.pq);
        rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, rows[i].is_slave ? RIG_SLAVE : RIG_MASTER);
        assert_string_equal(rig_text(&rig, "consumerGroup"), "G");
        assert_string_equal(rig_text(&rig, "topic"), "T");
        assert_int_equal(rig_i64(&rig, "queueId"), RIG_QUEUE_ID);
        assert_int_equal(rig_i64(&rig, "queueOffset"), 42);
        assert_int_equal(rig_i64(&rig, "maxMsgNums"), 32);
        assert_int_equal(rig_i64(&rig, "maxMsgBytes"), 262144);
        assert_int_equal(rig_i64(&rig, "suspendTimeoutMillis"), 15000);
        assert_int_equal(rig_i64(&rig, "subVersion"), rig.sub->data.sub_version);
        assert_string_equal(rig_text(&rig, "expressionType"), "TAG");
        assert_string_equal(rig_text(&rig, "bname"), "broker-a");
        assert_int_equal(rig_i64(&rig, "sysFlag"), rows[i].sys_flag);
        assert_int_equal(rig_i64(&rig, "commitOffset"), rows[i].commit_offset);
        assert_string_equal(rig_text(&rig, "subscription"), rows[i].subscription);
        assert_int_equal(rig.impl.stats.pulls, 1);
        rig_close(&rig);
    }
}

/* ---- what an answer does ---- */

/* FOUND: the messages go to the listener, and the next pull starts at nextBeginOffset, at once or
 * after the pull interval. */
static void test_found(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    rig_init(&rig, &o, NULL, "*");
    rig_records_add(&rig, 0, 2);
    rig_pull(&rig, 2);
    assert_int_equal(rig.pq->n_msgs, 2);
    expect_pull(&rig, 2);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;1:m1;");
    assert_int_equal(rig.impl.stats.pulled_messages, 2);
    rig.impl.options.pull_interval_ms = 300;
    rig_records_add(&rig, 2, 1);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 7);
    expect_pull_after(&rig, 300, 7);
    rig_close(&rig);
}

/* NO_NEW_MSG and NO_MATCHED_MSG: the next pull goes out at once from nextBeginOffset, which counts
 * as consumed when nothing is cached, and only then; it never goes back. */
static void test_nothing_found(void **state)
{
    (void)state;
    static const struct {
        int code;
        bool is_cached;
        int64_t offset, expected; /* in memory, before and after */
    } rows[] = {
        {RKMQ_RES_PULL_NOT_FOUND, false, -1, 9},
        {RKMQ_RES_PULL_NOT_FOUND, false, 4, 9},
        {RKMQ_RES_PULL_NOT_FOUND, false, 20, 20},
        {RKMQ_RES_PULL_NOT_FOUND, true, 4, 4},
        {RKMQ_RES_PULL_RETRY_IMMEDIATELY, false, 4, 9},
        {RKMQ_RES_PULL_RETRY_IMMEDIATELY, true, 4, 4},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        rig.pq->offset.value = rows[i].offset;
        if (rows[i].is_cached) {
            rig_records_add(&rig, 4, 1);
            rig_pull(&rig, 5);
        } else {
            rkmq__pull_message(rig.pq);
        }
        rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
        rig_answer_pull(&rig, rows[i].code, 9);
        expect_pull(&rig, 9);
        assert_int_equal(rig.pq->offset.value, rows[i].expected);
        rig_close(&rig);
    }
}

/* OFFSET_ILLEGAL: the queue is dropped, the broker's offset is committed whatever was known before,
 * and a rebalance is asked for, which adds the queue anew. */
static void test_offset_illegal(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig_records_add(&rig, 50, 1);
    rig_pull(&rig, 51);
    rig.pq->offset.value = 50;
    expect_pull(&rig, 51);
    rig.impl.ci->rebalance.is_woken = false; /* by the route */
    rig_answer_pull(&rig, RKMQ_RES_PULL_OFFSET_MOVED, 7);
    rig_expect(&rig, RKMQ_REQ_UPDATE_CONSUMER_OFFSET, RIG_MASTER);
    assert_int_equal(rig_i64(&rig, "commitOffset"), 7);
    assert_int_equal(rig_i64(&rig, "queueId"), RIG_QUEUE_ID);
    assert_true(atomic_load(&rig.pq->is_dropped));
    assert_int_equal(rkmq__map_count(&rig.impl.process_queues), 0);
    assert_true(rig.impl.ci->rebalance.is_woken);
    record_env_run_jobs(&rig.re); /* what was cached is not consumed, nor committed */
    rig_expect_calls(&rig, "");
    assert_int_equal(rig.pq->offset.value, 7);
    assert_false(rig_next(&rig));
    assert_true(rig_has_mark(&rig, "pull-offset-illegal"));
    rig_close(&rig);
}

/* An answer that is no pull result, or none at all, puts the next pull off by the time of its kind,
 * at the same offset: a table of answers and delays. */
static void test_exceptions(void **state)
{
    (void)state;
    enum what { CODE, NO_HEADER, NO_BODY, HANG_UP };
    static const struct {
        enum what what;
        int code;
        rkmq_ms delay_ms;
        const char *log;
    } rows[] = {
        {CODE, RKMQ_RES_FLOW_CONTROL, 20, ""},
        {CODE, RKMQ_RES_SYSTEM_ERROR, 1000, "CODE: 1  DESC: as the test says"},
        {CODE, RKMQ_RES_SUBSCRIPTION_NOT_EXIST, 1000, "CODE: 24"},
        {CODE, RKMQ_RES_SUBSCRIPTION_NOT_LATEST, 1000, "CODE: 25"},
        {CODE, RKMQ_RES_NO_PERMISSION, 1000, "CODE: 16"},
        {CODE, 31999, 1000, "CODE: 31999"},
        {NO_HEADER, RKMQ_RES_SUCCESS, 1000, "the custom field <suggestWhichBrokerId> is null"},
        {NO_HEADER, RKMQ_RES_PULL_NOT_FOUND, 1000, "is null"},
        {NO_BODY, RKMQ_RES_SUCCESS, 1000, "FOUND without a body"},
        {HANG_UP, 0, 1000, "the peer left"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        rig.pq->next_offset = 3;
        rkmq__pull_message(rig.pq);
        expect_pull(&rig, 3);
        switch (rows[i].what) {
        case CODE:
        case NO_HEADER:
            rig_answer_code(&rig, rows[i].code);
            break;
        case NO_BODY:
            rig_answer_pull(&rig, rows[i].code, 9);
            break;
        case HANG_UP:
            record_env_hang_up(&rig.re, rig.con, "the peer left");
            break;
        }
        assert_non_null(strstr(rig.re.log, rows[i].log));
        expect_pull_after(&rig, rows[i].delay_ms, 3);
        rig_close(&rig);
    }
}

/* No answer within 30 s puts the pull off by 1 s; the late answer changes nothing. */
static void test_timeout(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rkmq__pull_message(rig.pq);
    expect_pull(&rig, 0);
    record_env_advance(&rig.re, RKMQ_PULL_TIMEOUT_MS);
    rig_records_add(&rig, 0, 1);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 1);
    assert_int_equal(rig.re.n_jobs, 0);
    expect_pull_after(&rig, 1000, 0);
    rig_close(&rig);
}

/* Errors of retry topics are not logged: they often do not exist yet. */
static void test_retry_topic_is_quiet(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, "%RETRY%G", "*");
    rkmq__pull_message(rig.pq);
    expect_pull(&rig, 0);
    rig_answer_code(&rig, RKMQ_RES_TOPIC_NOT_EXIST);
    assert_null(strstr(rig.re.log, "exception"));
    expect_pull_after(&rig, 1000, 0);
    rig_close(&rig);
}

/* What the broker suggests is where the next pull goes, and an unknown replica means any. */
static void test_suggested_broker(void **state)
{
    (void)state;
    static const struct {
        int64_t suggested;
        const char *addr;
    } rows[] = {{1, RIG_SLAVE}, {0, RIG_MASTER}, {7, RIG_MASTER}};
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rkmq__pull_message(rig.pq);
    expect_pull(&rig, 0);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_pull_message_response header = {.suggest_which_broker_id = rows[i].suggested};
        struct rkmq_fields fields = {.n = 0};
        rkmq__header_write(&rkmq__pull_message_response_class, &header, false, &fields);
        rig_answer(&rig, RKMQ_RES_PULL_NOT_FOUND, &fields, rkmq__slice(NULL, 0));
        rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, rows[i].addr);
    }
    rig_close(&rig);
}

/* ---- what is kept of an answer ---- */

/* Tags whose hash alone matches are dropped here ("BB" collides with "Aa"), as are messages without
 * a tag; a pull of nothing else goes on at once and leaves the consume offset where it was. */
static void test_tags(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "Aa || x");
    static const char *const tags[] = {"BB", "Aa", NULL, "x", "X"};
    for (int i = 0; i < 5; i++) {
        struct rig_record r = {.offset = i, .tag = tags[i], .body = RKMQ_SLICE("b")};
        rig_record_add(&rig, &r);
    }
    rig_pull(&rig, 5);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "1:b;3:b;");
    assert_int_equal(rig.pq->offset.value, 4);
    expect_pull(&rig, 5);
    struct rig_record r = {.offset = 5, .tag = "BB", .body = RKMQ_SLICE("b")};
    rig_record_add(&rig, &r);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 6);
    expect_pull(&rig, 6);
    assert_int_equal(rig.pq->offset.value, 4);
    rig_close(&rig);
}

/* A record that does not fit ends the answer: what came before it is consumed, the rest is lost, as
 * in Java, and the log says so. */
static void test_cut_answer(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig_records_add(&rig, 0, 3);
    rig.records.n -= 5;
    rig_pull(&rig, 3);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;1:m1;");
    expect_pull(&rig, 3);
    assert_non_null(strstr(rig.re.log, "the answer ends at record 2"));
    rig_close(&rig);
}

/* offsetDelta of a static topic is added to every queue offset; what becomes negative by it, or was
 * so, is left out. */
static void test_offset_delta(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig.pq->next_offset = -2;
    rkmq__pull_message(rig.pq);
    expect_pull(&rig, -2);
    rig_records_add(&rig, -2, 4);
    struct rkmq_pull_message_response header = {
        .next_begin_offset = 2, .offset_delta = 1, .has_offset_delta = true};
    struct rkmq_fields fields = {.n = 0};
    rkmq__header_write(&rkmq__pull_message_response_class, &header, false, &fields);
    rig_answer(&rig, RKMQ_RES_SUCCESS, &fields, rkmq__bytes_slice(&rig.records));
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m-1;1:m0;2:m1;");
    assert_int_equal(rig.pq->offset.value, 3);
    rig_close(&rig);
}

/* An offset behind the one asked for is consumed all the same; the log names the broker's fault. */
static void test_wrong_data(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig.pq->next_offset = 10;
    rig_records_add(&rig, 4, 1);
    rig_pull(&rig, 5);
    assert_non_null(strstr(rig.re.log, "[BUG] pull message result maybe data wrong"));
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "4:m4;");
    expect_pull(&rig, 5);
    rig_close(&rig);
}

/* A message too far ahead of the window, and all behind it, are pulled again 50 ms later, until
 * there is room. */
static void test_no_place(void **state)
{
    (void)state;
    const int64_t far = 5 + RKMQ_PROCESS_QUEUE_SLOTS_MAX;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig_records_add(&rig, 5, 1);
    rig_records_add(&rig, far, 2);
    rig_pull(&rig, far + 2);
    assert_int_equal(rig.pq->n_msgs, 1);
    expect_pull_after(&rig, 50, far);
    rig_records_add(&rig, far, 2);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, far + 2);
    assert_int_equal(rig.pq->n_msgs, 1);
    record_env_run_jobs(&rig.re);
    expect_pull_after(&rig, 50, far);
    rig_records_add(&rig, far, 2);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, far + 2);
    expect_pull(&rig, far + 2);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "5:m5;262149:m262149;262150:m262150;");
    assert_true(rig_has_mark(&rig, "pull-no-place"));
    rig_close(&rig);
}

/* ---- flow control ---- */

struct flow_row {
    int n;                    /* messages cached */
    int64_t step, body_bytes; /* between their offsets; of each */
    bool is_held;
    const char *log;
};

static void flow_fill(struct consumer_rig *rig, const struct flow_row *row)
{
    uint8_t *body = test_calloc(1, (size_t)row->body_bytes);
    for (int i = 0; i < row->n; i++) {
        struct rig_record r = {.offset = i * row->step,
                               .body = rkmq__slice(body, (size_t)row->body_bytes)};
        rig_record_add(rig, &r);
    }
    test_free(body);
    rig_pull(rig, 100);
}

/* A queue is held back by what it caches, strictly above each limit: count 8, size 1 MiB in whole
 * MiB, span 20. A table shows both sides of each. */
static void test_flow_control(void **state)
{
    (void)state;
    static const struct flow_row rows[] = {
        {8, 1, 1, false, ""},
        {9, 1, 1, true, "message count exceeds"},
        {1, 1, 2 * 1048576 - 1, false, ""},
        {2, 1, 1048576, true, "message size exceeds"},
        {2, 20, 1, false, ""},
        {2, 21, 1, true, "span too long"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        flow_fill(&rig, &rows[i]);
        if (rows[i].is_held) {
            assert_false(rig_next(&rig));
            assert_non_null(strstr(rig.re.log, rows[i].log));
            assert_int_equal(rig.impl.stats.flow_controlled, 1);
        } else {
            expect_pull(&rig, 100);
            assert_int_equal(rig.impl.stats.flow_controlled, 0);
        }
        rig_close(&rig);
    }
}

/* A queue that is held back looks again every 50 ms, counts as pulling all the while, and says so
 * the first and every thousandth time. With the rkmq profile it pulls as soon as there is room,
 * with Java's when it looks again. */
static void test_flow_control_ends(void **state)
{
    (void)state;
    static const enum rkmq_profile profiles[] = {RKMQ_PROFILE_RKMQ, RKMQ_PROFILE_JAVA_5_3};
    static const struct flow_row full = {9, 1, 1, true, ""};
    for (size_t i = 0; i < RKMQ_COUNT_OF(profiles); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.profile = profiles[i];
        rig_init(&rig, &o, NULL, "*");
        flow_fill(&rig, &full);
        record_env_advance(&rig.re, 99 * RKMQ_PULL_FLOW_CONTROL_MS);
        assert_false(rig_next(&rig));
        assert_int_equal(rig.impl.stats.flow_controlled, 100);
        assert_int_equal(rig.pq->last_pull_ms, rig.re.now);
        const char *first = strstr(rig.re.log, "so do flow control");
        assert_non_null(first);
        assert_null(strstr(first + 1, "so do flow control"));
        rig_run_job(&rig, 0);
        if (profiles[i] == RKMQ_PROFILE_JAVA_5_3) {
            expect_pull_after(&rig, 50, 100);
        } else {
            expect_pull(&rig, 100);
        }
        record_env_run_jobs(&rig.re);
        assert_false(rig_next(&rig)); /* one pull at a time */
        rig_close(&rig);
    }
}

/* One message is stuck, what comes behind it is done at once: the span still counts from the stuck
 * one, so what a new owner would repeat stays within it. Java's span ends at what is cached. */
static void test_span_of_a_stuck_message(void **state)
{
    (void)state;
    static const enum rkmq_profile profiles[] = {RKMQ_PROFILE_RKMQ, RKMQ_PROFILE_JAVA_5_3};
    for (size_t i = 0; i < RKMQ_COUNT_OF(profiles); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.profile = profiles[i];
        rig_init(&rig, &o, NULL, "*");
        rig_records_add(&rig, 0, 1);
        rig_pull(&rig, 1);
        expect_pull(&rig, 1);
        rig_records_add(&rig, 21, 1);
        rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 22);
        assert_false(rig_next(&rig));
        rig_run_job(&rig, 1);
        assert_int_equal(rig.pq->n_msgs, 1);
        if (profiles[i] == RKMQ_PROFILE_JAVA_5_3) {
            expect_pull_after(&rig, 50, 22);
        } else {
            record_env_advance(&rig.re, 10 * RKMQ_PULL_FLOW_CONTROL_MS);
            assert_false(rig_next(&rig));
            rig_run_job(&rig, 0);
            expect_pull(&rig, 22);
        }
        record_env_run_jobs(&rig.re);
        rig_close(&rig);
    }
}

/* ---- states in which no pull goes out ---- */

static void set_starting(struct consumer_rig *rig, bool is_set)
{
    rig->impl.state = is_set ? RKMQ_START_FAILED : RKMQ_RUNNING;
}

static void set_paused(struct consumer_rig *rig, bool is_set)
{
    rig->impl.is_paused = is_set;
}

static void set_unsubscribed(struct consumer_rig *rig, bool is_set)
{
    rig->sub->is_removed = is_set;
}

/* A consumer that does not run, is paused, or has lost the subscription asks itself again every
 * second, and pulls when that has changed. */
static void test_not_now(void **state)
{
    (void)state;
    static void (*const sets[])(struct consumer_rig *, bool) = {set_starting, set_paused,
                                                                set_unsubscribed};
    for (size_t i = 0; i < RKMQ_COUNT_OF(sets); i++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        sets[i](&rig, true);
        rkmq__pull_message(rig.pq);
        record_env_advance(&rig.re, 2500);
        assert_false(rig_next(&rig));
        assert_int_equal(rig.pq->last_pull_ms, 2000);
        sets[i](&rig, false);
        expect_pull_after(&rig, 500, 0);
        rig_close(&rig);
    }
}

/* ---- a broker that is not known ---- */

static void answer_route(struct consumer_rig *rig, const char *broker_name)
{
    struct rkmq_broker_addr addr = {.id = 0, .addr = RKMQ_SLICE(RIG_SLAVE)};
    struct rkmq_broker_data brk = {
        .cluster = RKMQ_SLICE("c"), .broker_name = rkmq__slice_of(broker_name), &addr, 1};
    struct rkmq_route_data route = {NULL, 0, &brk, 1};
    struct rkmq_bytes body;
    rkmq__bytes_init(&body, &rig->world.mem);
    rkmq__route_data_write(&route, true, &body);
    rig_expect(rig, RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, RIG_NAMESRV);
    rig_answer(rig, RKMQ_RES_SUCCESS, NULL, rkmq__bytes_slice(&body));
    rkmq__bytes_close(&body);
}

/* Another queue's broker, which the route does not name yet. */
static struct rkmq_process_queue *other_queue(struct consumer_rig *rig)
{
    struct rkmq_mq mq = {.topic = RKMQ_SLICE("T"), .broker_name = RKMQ_SLICE("broker-b")};
    struct rkmq_process_queue *pq;
    assert_int_equal(rkmq__process_queue_create(&pq, &rig->re.env, &mq), RKMQ_OK);
    pq->impl = &rig->impl;
    pq->sub = rig->sub;
    return pq;
}

static void other_queue_drop(struct rkmq_process_queue *pq)
{
    atomic_store(&pq->is_dropped, true);
    rkmq__pull_stop(pq);
    rkmq__process_queue_unref(pq);
}

/* The route is asked for a broker without an address; when it names it the pull goes out at once,
 * else after 1 s, and then the route is asked again. */
static void test_unknown_broker(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    struct rkmq_process_queue *pq = other_queue(&rig);
    rkmq__pull_message(pq);
    answer_route(&rig, "broker-c");
    assert_false(rig_next(&rig));
    assert_non_null(strstr(rig.re.log, "The broker does not exist"));
    record_env_advance(&rig.re, 1000);
    answer_route(&rig, "broker-b");
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_SLAVE);
    assert_string_equal(rig_text(&rig, "bname"), "broker-b");
    other_queue_drop(pq);
    rig_close(&rig);
}

/* A queue that is dropped while the route is asked for hears nothing of the answer. */
static void test_dropped_while_route(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    struct rkmq_process_queue *pq = other_queue(&rig);
    rkmq__pull_message(pq);
    assert_true(pq->is_route_awaited);
    other_queue_drop(pq);
    if (rig_next(&rig)) { /* asked or not, nobody waits */
        rig_answer_code(&rig, RKMQ_RES_TOPIC_NOT_EXIST);
    }
    assert_false(rig_next(&rig));
    rig_close(&rig);
}

/* ---- queues and consumers that end ---- */

/* What is pulled for a queue that was dropped meanwhile is not consumed, and it pulls no more; a
 * timer of its ends too. */
static void test_dropped(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rkmq__pull_message(rig.pq);
    expect_pull(&rig, 0);
    rig_drop(&rig);
    rig_records_add(&rig, 0, 1);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 1);
    assert_int_equal(rig.re.n_jobs, 0);
    rkmq__pull_message(rig.pq);
    rkmq__pull_later(rig.pq, 10);
    record_env_advance(&rig.re, 5000);
    assert_false(rig_next(&rig));
    rig_close(&rig);
}

/* An answer to a consumer whose consume service has stopped changes no offset: a restart finds the
 * messages again. */
static void test_stopped(void **state)
{
    (void)state;
    static const int codes[] = {RKMQ_RES_SUCCESS, RKMQ_RES_PULL_NOT_FOUND,
                                RKMQ_RES_PULL_OFFSET_MOVED};
    for (size_t i = 0; i < RKMQ_COUNT_OF(codes); i++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        rig.pq->offset.value = 4;
        rkmq__pull_message(rig.pq);
        expect_pull(&rig, 0);
        rig.impl.state = RKMQ_SHUTTING_DOWN;
        rkmq__consume_stop(&rig.impl.consume);
        rig_records_add(&rig, 4, 1);
        rig_answer_pull(&rig, codes[i], 9);
        assert_int_equal(rig.re.n_jobs, 0);
        assert_int_equal(rig.pq->offset.value, 4);
        assert_false(atomic_load(&rig.pq->is_dropped));
        rig_close(&rig);
    }
}

/* A pull under way when all ends lets go of its queue: the tests' allocator sees that nothing is
 * left. */
static void test_canceled(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rkmq__pull_message(rig.pq);
    assert_int_equal(rig.pq->n_refs, 3);
    rig_close(&rig);
}

/* ---- memory ---- */

/* Every allocation of a pull, its answer and its consumption fails once: each time the consumer
 * comes back by itself, and all messages are consumed in the end. */
static void test_no_memory(void **state)
{
    (void)state;
    bool is_failed = true;
    for (long n = 0; is_failed; n++) {
        struct consumer_rig rig;
        rig_init(&rig, &plain, NULL, "*");
        rkmq__pull_message(rig.pq);
        expect_pull(&rig, 0);
        rig_records_add(&rig, 0, 3);
        long before = rig.tm.n_calls;
        rig.tm.fail_at = n;
        rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 3);
        record_env_run_jobs(&rig.re);
        is_failed = rig.tm.n_calls - before > n;
        rig.tm.fail_at = -1;
        for (int i = 0; i < 4 && rig.pq->offset.value < 3; i++) {
            record_env_advance(&rig.re, 1000);
            if (rig_next(&rig)) {
                int64_t from = rig_i64(&rig, "queueOffset");
                rig_records_add(&rig, from, (int)(3 - from));
                rig_answer_pull(&rig, from < 3 ? RKMQ_RES_SUCCESS : RKMQ_RES_PULL_NOT_FOUND, 3);
                record_env_run_jobs(&rig.re);
            }
        }
        rig_expect_calls(&rig, "0:m0;1:m1;2:m2;");
        assert_int_equal(rig.pq->offset.value, 3);
        rig_close(&rig);
        assert_in_range(n, 0, 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_nothing_found),
        cmocka_unit_test(test_offset_illegal),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_retry_topic_is_quiet),
        cmocka_unit_test(test_suggested_broker),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_cut_answer),
        cmocka_unit_test(test_offset_delta),
        cmocka_unit_test(test_wrong_data),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_flow_control_ends),
        cmocka_unit_test(test_span_of_a_stuck_message),
        cmocka_unit_test(test_not_now),
        cmocka_unit_test(test_unknown_broker),
        cmocka_unit_test(test_dropped_while_route),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_canceled),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
