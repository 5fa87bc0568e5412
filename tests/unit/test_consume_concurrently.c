/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/consume_concurrently.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/pull.h"
#include "remoting/protocol/codes.h"
#include "support/consumer_rig.h"

static const struct rkmq_push_options plain = RIG_OPTIONS_INIT;

/* ---- what a listener is given ---- */

/* A call has consumeMessageBatchMaxSize messages at most, of one pull, in order. */
static void test_batches(void **state)
{
    (void)state;
    static const struct {
        int batch_max, n;
        const char *calls;
    } rows[] = {
        {1, 3, "0:m0;1:m1;2:m2;"},
        {2, 3, "0:m0 1:m1;2:m2;"},
        {3, 3, "0:m0 1:m1 2:m2;"},
        {32, 3, "0:m0 1:m1 2:m2;"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.consume_message_batch_max_size = rows[i].batch_max;
        rig_init_pulled(&rig, &o, rows[i].n);
        record_env_run_jobs(&rig.re);
        rig_expect_calls(&rig, rows[i].calls);
        assert_int_equal(rig.impl.stats.consumed_ok, rows[i].n);
        assert_int_equal(rig.pq->offset.value, rows[i].n);
        rig_close(&rig);
    }
}

static void look_at_view(struct consumer_rig *rig)
{
    assert_true(rkmq__slice_is(rig->view.topic, "Orders"));
    assert_true(rkmq__slice_is(rig->view.msg_id, "ABCD"));
    assert_true(rkmq__slice_is(rig->view.tags, "t"));
    assert_true(rkmq__slice_is(rig->view.keys, "k"));
    assert_int_equal(rig->view.queue_offset, 6);
    assert_int_equal(rig->view.commit_log_offset, 100006);
    assert_int_equal(rig->view.queue_id, RIG_QUEUE_ID);
    assert_true(rkmq__slice_is(rig->context.topic, "%RETRY%G"));
    assert_true(rkmq__slice_is(rig->context.broker_name, "broker-a"));
    assert_int_equal(rig->context.queue_id, RIG_QUEUE_ID);
    assert_int_equal(rig->context.delay_level_when_next_consume, 0);
    assert_int_equal(rig->context.ack_index, INT32_MAX);
    rig->in_listener = NULL;
}

/* A retried message shows the topic it was sent to, its ids and places; the context shows the
 * queue's topic. */
static void test_view(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, "%RETRY%G", "*");
    struct rig_record r = {.offset = 6,
                           .tag = "t",
                           .body = RKMQ_SLICE("x"),
                           .properties = "RETRY_TOPIC\x01Orders\x02UNIQ_KEY\x01"
                                         "ABCD\x02KEYS\x01k\x02"};
    rig_record_add(&rig, &r);
    rig.in_listener = look_at_view;
    rig_pull(&rig, 7);
    record_env_run_jobs(&rig.re);
    assert_null(rig.in_listener);
    rig_close(&rig);
}

/* A body that cannot be decompressed is not given to the listener and holds nothing up. */
static void test_broken_message(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    o.consume_message_batch_max_size = 4;
    rig_init(&rig, &o, NULL, "*");
    rig_records_add(&rig, 0, 1);
    struct rig_record r = {
        .offset = 1, .body = RKMQ_SLICE("no zlib"), .sys_flag = RKMQ_SYS_COMPRESSED};
    rig_record_add(&rig, &r);
    rig_records_add(&rig, 2, 1);
    rig_pull(&rig, 3);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0 2:m2;");
    assert_int_equal(rig.pq->offset.value, 3);
    assert_int_equal(rig.impl.stats.consumed_ok, 2);
    assert_true(rig_has_mark(&rig, "consume-broken"));
    rig_record_add(&rig, &r);
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 4);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, ""); /* nothing readable, no call */
    assert_int_equal(rig.pq->n_msgs, 0);
    rig_close(&rig);
}

/* A message that the listener keeps stays readable when the queue and all else is gone. */
static void test_kept_message(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 2);
    rig.is_keeping = true;
    record_env_run_jobs(&rig.re);
    rig_drop(&rig);
    struct rkmq_msg_view view;
    rkmq_msg_get(rig.kept, &view);
    assert_true(rkmq__slice_is(rkmq_msg_body(rig.kept), "m0"));
    assert_true(rkmq__slice_is(view.broker_name, "broker-a"));
    rig_close(&rig);
}

/* ---- results and offsets ---- */

/* Whatever order jobs end in, the offset is that of the lowest message not finished, and never goes
 * back: all orders of four jobs are tried. */
static void test_out_of_order(void **state)
{
    (void)state;
    for (int order = 0; order < 24; order++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 4);
        bool is_done[4] = {false};
        int64_t offset_of[4] = {0, 1, 2, 3};
        int rest = order;
        for (int left = 4; left > 0; left--) {
            int pick = rest % left;
            rest /= left;
            is_done[offset_of[pick]] = true;
            for (int i = pick; i < left - 1; i++) {
                offset_of[i] = offset_of[i + 1];
            }
            rig_run_job(&rig, (size_t)pick);
            int64_t expected = 0;
            while (expected < 4 && is_done[expected]) {
                expected++;
            }
            assert_int_equal(rig.pq->offset.value, expected);
        }
        assert_int_equal(rig.pq->n_msgs, 0);
        rig_close(&rig);
    }
}

/* ackIndex: what stands behind it is sent back, with the level the listener wished, all else
 * counts as consumed. RECONSUME_LATER means all, whatever the index. */
static void test_ack_index(void **state)
{
    (void)state;
    static const struct {
        enum rkmq_consume_status status;
        int32_t ack_index;
        int first_back; /* 3: none */
        int64_t offset; /* before the answers */
    } rows[] = {
        {RKMQ_CONSUME_SUCCESS, INT32_MAX, 3, 3}, {RKMQ_CONSUME_SUCCESS, 3, 3, 3},
        {RKMQ_CONSUME_SUCCESS, 2, 3, 3},         {RKMQ_CONSUME_SUCCESS, 1, 2, 2},
        {RKMQ_CONSUME_SUCCESS, 0, 1, 1},         {RKMQ_CONSUME_SUCCESS, -1, 0, 0},
        {RKMQ_CONSUME_SUCCESS, INT32_MIN, 0, 0}, {RKMQ_RECONSUME_LATER, INT32_MAX, 0, 0},
        {RKMQ_RECONSUME_LATER, 1, 0, 0},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.consume_message_batch_max_size = 3;
        rig_init_pulled(&rig, &o, 3);
        rig.status = rows[i].status;
        rig.ack_index = rows[i].ack_index;
        rig.delay_level = 5;
        record_env_run_jobs(&rig.re);
        assert_int_equal(rig.pq->offset.value, rows[i].offset);
        assert_int_equal(rig.impl.stats.consumed_ok, rows[i].first_back);
        assert_int_equal(rig.impl.stats.consumed_later, 3 - rows[i].first_back);
        for (int64_t at = rows[i].first_back; at < 3; at++) {
            rig_expect_send_back(&rig, at, 5);
            rig_answer_code(&rig, RKMQ_RES_SUCCESS);
        }
        assert_false(rig_next(&rig));
        assert_int_equal(rig.pq->offset.value, 3);
        assert_int_equal(rig.impl.consume.n_send_backs, 0);
        rig_close(&rig);
    }
}

/* In broadcasting what fails is dropped: nobody would deliver it again. */
static void test_broadcasting(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    o.message_model = RKMQ_BROADCASTING;
    rig_init_pulled(&rig, &o, 1);
    rig.status = RKMQ_RECONSUME_LATER;
    record_env_run_jobs(&rig.re);
    assert_false(rig_next(&rig));
    assert_int_equal(rig.pq->offset.value, 1);
    assert_non_null(strstr(rig.re.log, "BROADCASTING, the message consume failed, drop it"));
    rig_close(&rig);
}

/* A message that came twice is consumed twice, and only the later one counts for the queue. */
static void test_twice(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 1);
    rig_records_add(&rig, 0, 1);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 1);
    rig.status = RKMQ_RECONSUME_LATER; /* the old one is not found any more: not sent back */
    rig_run_job(&rig, 0);
    assert_int_equal(rig.pq->n_msgs, 1);
    assert_true(rig_has_mark(&rig, "consume-result-of-removed"));
    rig.status = RKMQ_CONSUME_SUCCESS;
    rig_run_job(&rig, 0);
    rig_expect_calls(&rig, "0:m0;0:m0;");
    assert_int_equal(rig.pq->offset.value, 1);
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    assert_false(rig_next(&rig));
    rig_close(&rig);
}

/* ---- messages that are left untouched ---- */

/* Untouched messages come again in 5 s as if nothing had been, in front of an offset that waits for
 * them; sweeps and a second delivery of the same offsets pass them by meanwhile. */
static void test_untouched(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    o.consume_message_batch_max_size = 2;
    rig_init_pulled(&rig, &o, 3);
    rig.status = RKMQ_CONSUME_UNTOUCHED;
    rig_run_job(&rig, 0);
    rig.status = RKMQ_CONSUME_SUCCESS;
    rig_run_job(&rig, 0);
    rig_expect_calls(&rig, "0:m0 1:m1;2:m2;");
    assert_int_equal(rig.pq->offset.value, 0);
    assert_int_equal(rig.pq->n_msgs, 2);
    rig_records_add(&rig, 0, 1); /* the broker says offset 0 once more */
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 3);
    record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS - 1);
    assert_int_equal(rig.re.n_jobs, 1);
    record_env_advance(&rig.re, 1);
    assert_int_equal(rig.re.n_jobs, 3);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;0:m0;1:m1;");
    assert_int_equal(rig.view.reconsume_times, 0);
    assert_int_equal(rig.pq->offset.value, 3);
    assert_int_equal(rig.impl.stats.consumed_later, 0);
    rig_close(&rig);
}

static void stop_all(struct consumer_rig *rig)
{
    rkmq__consume_stop(&rig->impl.consume);
}

/* Untouched messages go with their queue or their consumer, before or after the call ended. */
static void test_untouched_ends(void **state)
{
    (void)state;
    static void (*const ends[])(struct consumer_rig *) = {rig_drop, stop_all};
    for (size_t i = 0; i < 2 * RKMQ_COUNT_OF(ends); i++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 1);
        rig.status = RKMQ_CONSUME_UNTOUCHED;
        struct rkmq_job *job = rig_take_job(&rig, 0);
        job->run(job);
        if (i % 2 == 0) {
            ends[i / 2](&rig);
        }
        job->done(job);
        if (i % 2 == 1) {
            ends[i / 2](&rig);
        }
        record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS);
        record_env_run_jobs(&rig.re);
        rig_expect_calls(&rig, "0:m0;");
        assert_true(rkmq__list_is_empty(&rig.impl.consume.waiting));
        assert_true(rig.pq->offset.value <= 0);
        rig_close(&rig);
    }
}

/* ---- queues that are dropped ---- */

/* A dropped queue's messages are not given to the listener any more, and results that come after
 * it was dropped are discarded: nothing is sent back, no offset moves. */
static void test_dropped(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    rig_init_pulled(&rig, &o, 3);
    rig_run_job(&rig, 0);
    rig.status = RKMQ_RECONSUME_LATER;
    rig.in_listener = rig_drop;
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;1:m1;");
    assert_int_equal(rig.pq->offset.value, 1);
    assert_false(rig_next(&rig));
    assert_int_equal(rig.impl.consume.n_jobs, 0);
    rig_close(&rig);
}

/* ---- stopping ---- */

/* A stop lets the call under way end and count; what waits for a worker or a local retry ends
 * without a call, before the offset. */
static void test_stop(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    rig_init(&rig, &o, NULL, "*");
    rig.impl.consume.calls_per_job = 2;
    rig_records_add(&rig, 0, 4);
    rig_pull(&rig, 4);
    rig.in_listener = stop_all;
    assert_int_equal(rig.re.n_jobs, 2);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;");
    assert_int_equal(rig.pq->offset.value, 1);
    assert_int_equal(rig.impl.stats.consumed_ok, 1);
    assert_int_equal(rig.impl.stats.consumed_later, 0);
    rig_close(&rig);
}

/* ---- messages that take too long ---- */

#define TIMEOUT_MS (15 * 60000)

/* A listener that takes longer than the timeout has its message sent back with level 3; its result
 * then counts no more, whichever it is and whenever the broker answers. */
static void test_expired(void **state)
{
    (void)state;
    static const struct {
        enum rkmq_consume_status status;
        bool is_answered_first;
    } rows[] = {
        {RKMQ_CONSUME_SUCCESS, true},
        {RKMQ_CONSUME_SUCCESS, false},
        {RKMQ_RECONSUME_LATER, true},
        {RKMQ_RECONSUME_LATER, false},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 2);
        rig.status = rows[i].status;
        struct rkmq_job *job = rig_take_job(&rig, 0);
        job->run(job); /* the other one waits for a worker, which is no reason */
        record_env_advance(&rig.re, RKMQ_EXPIRED_SWEEP_MS + TIMEOUT_MS);
        assert_false(rig_has_mark(&rig, "consume-expired"));
        record_env_advance(&rig.re, RKMQ_EXPIRED_SWEEP_MS);
        while (rig_next(&rig) && rig.cmd.code == RKMQ_REQ_PULL_MESSAGE) {
        }
        assert_int_equal(rig.cmd.code, RKMQ_REQ_CONSUMER_SEND_MSG_BACK);
        assert_int_equal(rig_i64(&rig, "delayLevel"), RKMQ_EXPIRED_SEND_BACK_LEVEL);
        assert_int_equal(rig_i64(&rig, "offset"), 100000);
        if (rows[i].is_answered_first) {
            rig_answer_code(&rig, RKMQ_RES_SUCCESS);
            assert_int_equal(rig.pq->offset.value, -1); /* it follows with the next result */
        }
        job->done(job);
        if (!rows[i].is_answered_first) {
            rig_answer_code(&rig, RKMQ_RES_SUCCESS);
        }
        assert_int_equal(rig.pq->offset.value, 1);
        assert_int_equal(rig.pq->n_msgs, 1);
        rig.status = RKMQ_CONSUME_SUCCESS;
        record_env_run_jobs(&rig.re);
        assert_int_equal(rig.pq->offset.value, 2);
        rig_close(&rig);
    }
}

/* The sweep asks again when the broker refused, and stops at the first message that is in time:
 * sixteen a sweep at most. */
static void test_expired_many(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    o.consume_message_batch_max_size = 32;
    o.pull_threshold_for_queue = 100;
    rig_init_pulled(&rig, &o, RKMQ_EXPIRED_PER_SWEEP_MAX + 2);
    struct rkmq_job *job = rig_take_job(&rig, 0);
    job->run(job);
    record_env_advance(&rig.re, TIMEOUT_MS + 2 * RKMQ_EXPIRED_SWEEP_MS);
    int n_refused = 0;
    while (rig_next(&rig)) {
        if (rig.cmd.code == RKMQ_REQ_CONSUMER_SEND_MSG_BACK) {
            assert_int_equal(rig_i64(&rig, "offset"), 100000 + n_refused);
            rig_answer_code(&rig, RKMQ_RES_SYSTEM_ERROR);
            n_refused++;
        }
    }
    assert_int_equal(n_refused, RKMQ_EXPIRED_PER_SWEEP_MAX);
    assert_int_equal(rig.pq->n_msgs, RKMQ_EXPIRED_PER_SWEEP_MAX + 2);
    record_env_advance(&rig.re, RKMQ_EXPIRED_SWEEP_MS);
    while (rig_next(&rig)) {
        if (rig.cmd.code == RKMQ_REQ_CONSUMER_SEND_MSG_BACK) {
            rig_answer_code(&rig, RKMQ_RES_SUCCESS);
        }
    }
    assert_int_equal(rig.pq->n_msgs, 2);
    job->done(job);
    assert_int_equal(rig.pq->n_msgs, 0);
    rig_close(&rig);
}

/* What waits for a local retry does not expire, and its time begins anew with the retry. */
static void test_expired_not_while_waiting(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 1);
    rig.status = RKMQ_RECONSUME_LATER;
    struct rkmq_job *job = rig_take_job(&rig, 0);
    job->run(job);
    record_env_advance(&rig.re, TIMEOUT_MS + 2 * RKMQ_EXPIRED_SWEEP_MS - 3000);
    job->done(job);
    while (rig_next(&rig) && rig.cmd.code != RKMQ_REQ_CONSUMER_SEND_MSG_BACK) {
    }
    rig_answer_code(&rig, RKMQ_RES_SYSTEM_ERROR);
    record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS); /* a sweep falls into it */
    job = rig_take_job(&rig, 0);
    job->run(job);
    record_env_advance(&rig.re, TIMEOUT_MS);
    assert_false(rig_has_mark(&rig, "consume-expired"));
    rig.status = RKMQ_CONSUME_SUCCESS;
    job->run(job); /* what it answers now counts */
    job->done(job);
    assert_int_equal(rig.pq->offset.value, 1);
    rig_close(&rig);
}

/* ---- several calls a job ---- */

/* A job has one call until calls prove to be short; then as many as one thread does in 4 ms at the
 * rate of the last window, 32 at most; and one again when calls become slow. */
static void test_calls_per_job(void **state)
{
    (void)state;
    static const struct {
        uint64_t n_calls; /* in the window */
        rkmq_ms ms;       /* that it took */
        size_t expected;
    } rows[] = {{1, 8, 1}, {5, 8, 2}, {400, 8, 32}, {8, 100, 1}, {40, 8, 20}, {1000, 7, 20}};
    struct consumer_rig rig;
    struct rkmq_push_options o = plain;
    o.pull_threshold_for_queue = 1000;
    o.consume_concurrently_max_span = 1000;
    rig_init(&rig, &o, NULL, "*");
    struct rkmq_consume_service *cs = &rig.impl.consume;
    rkmq__pull_message(rig.pq);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
        rig_records_add(&rig, (int64_t)i, 1);
        rig_answer_pull(&rig, RKMQ_RES_SUCCESS, (int64_t)i + 1);
        cs->window_calls = rows[i].n_calls - 1;
        cs->window_start = rig.re.now - rows[i].ms;
        record_env_run_jobs(&rig.re);
        assert_int_equal(cs->calls_per_job, rows[i].expected);
    }
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    rig_records_add(&rig, RKMQ_COUNT_OF(rows), 50);
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, RKMQ_COUNT_OF(rows) + 50);
    assert_int_equal(rig.re.n_jobs, 3);
    record_env_run_jobs(&rig.re);
    assert_int_equal(rig.pq->offset.value, RKMQ_COUNT_OF(rows) + 50);
    rig_close(&rig);
}

/* ---- memory ---- */

/* A body that finds no memory to be decompressed into is not lost: the message goes back to the
 * broker without a call. */
static void test_no_memory_for_body(void **state)
{
    (void)state;
    struct consumer_rig rig;
    struct rkmq_buf *zlib;
    rig_init(&rig, &plain, NULL, "*");
    assert_int_equal(rkmq_body_compress(RKMQ_SLICE("a body"), RKMQ_SYS_COMPRESSION_ZLIB,
                                        &rig.world.mem, &zlib, NULL),
                     RKMQ_OK);
    struct rig_record r = {.offset = 0,
                           .body = rkmq__slice(zlib->p, zlib->n),
                           .sys_flag = RKMQ_SYS_COMPRESSED | RKMQ_SYS_COMPRESSION_ZLIB};
    rig_record_add(&rig, &r);
    rkmq_buf_free(zlib);
    rig_pull(&rig, 1);
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    struct rkmq_job *job = rig_take_job(&rig, 0);
    rig.tm.fail_at = 0;
    job->run(job);
    rig.tm.fail_at = -1;
    job->done(job);
    rig_expect_calls(&rig, "");
    rig_expect_send_back(&rig, 0, 0);
    rig_answer_code(&rig, RKMQ_RES_SYSTEM_ERROR);
    record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS);
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:a body;");
    assert_int_equal(rig.pq->offset.value, 1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_broken_message),
        cmocka_unit_test(test_kept_message),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_ack_index),
        cmocka_unit_test(test_broadcasting),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_untouched_ends),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_expired_many),
        cmocka_unit_test(test_expired_not_while_waiting),
        cmocka_unit_test(test_calls_per_job),
        cmocka_unit_test(test_no_memory_for_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
