/* SPDX-License-Identifier: Apache-2.0 */
/* send_back.c: what a listener failed goes to the broker, or is consumed here again. */
#include "consumer/core/client_instance.h"
#include "consumer/core/consume_concurrently.h"
#include "remoting/protocol/codes.h"
#include "support/consumer_rig.h"

static const struct rkmq_push_options plain = RIG_OPTIONS_INIT;

/* The request has the fields of Java's, by the original topic and id; -1 retries mean 16. */
static void test_send_back_fields(void **state)
{
    (void)state;
    static const struct {
        int max_reconsume_times, expected;
        const char *properties, *id;
    } rows[] = {
        {-1, 16,
         "UNIQ_KEY\x01"
         "ABCD\x02RETRY_TOPIC\x01Orders\x02",
         "ABCD"},
        {0, 0, "RETRY_TOPIC\x01Orders\x02", "0A00000200002A9F00000000000186A0"},
        {2, 2, "RETRY_TOPIC\x01Orders\x02", "0A00000200002A9F00000000000186A0"},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct consumer_rig rig;
        struct rkmq_push_options o = plain;
        o.max_reconsume_times = rows[i].max_reconsume_times;
        rig_init(&rig, &o, "%RETRY%G", "*");
        struct rig_record r = {
            .offset = 0, .body = RKMQ_SLICE("x"), .properties = rows[i].properties};
        rig_record_add(&rig, &r);
        rig_pull(&rig, 1);
        rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
        rig.status = RKMQ_RECONSUME_LATER;
        record_env_run_jobs(&rig.re);
        rig_expect_send_back(&rig, 0, 0);
        assert_string_equal(rig_text(&rig, "group"), "G");
        assert_string_equal(rig_text(&rig, "originTopic"), "Orders");
        assert_string_equal(rig_text(&rig, "originMsgId"), rows[i].id);
        assert_string_equal(rig_text(&rig, "unitMode"), "false");
        assert_string_equal(rig_text(&rig, "bname"), "broker-a");
        assert_int_equal(rig_i64(&rig, "maxReconsumeTimes"), rows[i].expected);
        assert_int_equal(rig.pq->n_msgs, 1); /* until the broker has it */
        rig_answer_code(&rig, RKMQ_RES_SUCCESS);
        assert_int_equal(rig.pq->n_msgs, 0);
        rig_close(&rig);
    }
}

/* ---- local retry ---- */

static void back_refused(struct consumer_rig *rig)
{
    rig_expect_send_back(rig, 0, 0);
    rig_answer_code(rig, RKMQ_RES_SYSTEM_ERROR);
}

static void back_unanswered(struct consumer_rig *rig)
{
    rig_expect_send_back(rig, 0, 0);
    record_env_advance(&rig->re, RKMQ_SEND_BACK_TIMEOUT_MS);
}

static void back_cut_off(struct consumer_rig *rig)
{
    rig_expect_send_back(rig, 0, 0);
    record_env_hang_up(&rig->re, rig->con, "the peer left");
}

static void back_unsent(struct consumer_rig *rig)
{
    assert_int_equal(rig->impl.consume.n_send_backs, 0);
}

/* A send-back that fails, in whatever way, leaves the message where it was and consumes it here
 * again after 5 s, with one reconsume time more; that success moves the offset. */
static void test_local_retry(void **state)
{
    (void)state;
    static void (*const fails[])(struct consumer_rig *) = {back_refused, back_unanswered,
                                                           back_cut_off, back_unsent};
    for (size_t i = 0; i < RKMQ_COUNT_OF(fails); i++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 2);
        rig.status = RKMQ_RECONSUME_LATER;
        if (fails[i] == back_unsent) {
            rig.re.fail_send = RKMQ_E_LIMIT;
        }
        rig_run_job(&rig, 0);
        rig.re.fail_send = RKMQ_OK;
        rig.status = RKMQ_CONSUME_SUCCESS;
        rig_run_job(&rig, 0);
        fails[i](&rig);
        assert_int_equal(rig.pq->offset.value, 0);
        record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS - 1);
        assert_int_equal(rig.re.n_jobs, 0);
        record_env_advance(&rig.re, 1);
        record_env_run_jobs(&rig.re);
        rig_expect_calls(&rig, "0:m0;1:m1;0:m0;");
        assert_int_equal(rig.view.reconsume_times, 1);
        assert_int_equal(rig.pq->offset.value, 2);
        assert_true(rig_has_mark(&rig, "send-back-failed"));
        rig_close(&rig);
    }
}

/* A broker without a master cannot take a message back: local retry. */
static void test_no_master(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 1);
    struct rkmq_broker_entry *brk =
        rkmq__map_get(&rig.impl.ci->route.brokers, RKMQ_SLICE("broker-a"));
    brk->replicas[0].id = 2;
    rig.status = RKMQ_RECONSUME_LATER;
    record_env_run_jobs(&rig.re);
    assert_non_null(strstr(rig.re.log, "Broker[broker-a] master node does not exist"));
    brk->replicas[0].id = 0;
    rig.status = RKMQ_CONSUME_SUCCESS;
    record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS);
    record_env_run_jobs(&rig.re);
    assert_int_equal(rig.pq->offset.value, 1);
    rig_close(&rig);
}

/* A message that came again while it was being sent back is the newer one's business: no local
 * retry. */
static void test_replaced_while_waiting(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 1);
    rig.status = RKMQ_RECONSUME_LATER;
    struct rkmq_command pull = rig.cmd;
    rig_run_job(&rig, 0);
    rig_records_add(&rig, 0, 1);
    rig.cmd = pull;
    rig_answer_pull(&rig, RKMQ_RES_SUCCESS, 1);
    while (rig_next(&rig) && rig.cmd.code == RKMQ_REQ_PULL_MESSAGE) {
    }
    assert_int_equal(rig.cmd.code, RKMQ_REQ_CONSUMER_SEND_MSG_BACK);
    rig_answer_code(&rig, RKMQ_RES_SYSTEM_ERROR);
    assert_true(rkmq__list_is_empty(&rig.impl.consume.waiting));
    rig.status = RKMQ_CONSUME_SUCCESS;
    record_env_run_jobs(&rig.re);
    rig_expect_calls(&rig, "0:m0;0:m0;");
    assert_int_equal(rig.pq->offset.value, 1);
    rig_close(&rig);
}

/* A queue that is held back for its cache pulls when the broker has taken enough back. */
static void test_send_back_makes_room(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init(&rig, &plain, NULL, "*");
    rig_records_add(&rig, 0, plain.pull_threshold_for_queue + 1);
    rig_pull(&rig, plain.pull_threshold_for_queue + 1);
    rig.status = RKMQ_RECONSUME_LATER;
    rig_run_job(&rig, 0);
    rig_expect_send_back(&rig, 0, 0);
    rig_answer_code(&rig, RKMQ_RES_SUCCESS);
    rig_expect(&rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    rig_close(&rig);
}

/* ---- ends ---- */

/* What a dropped queue had sent back, or was to consume here again, ends with it. */
static void test_dropped_while_waiting(void **state)
{
    (void)state;
    static const int codes[] = {RKMQ_RES_SUCCESS, RKMQ_RES_SYSTEM_ERROR};
    for (size_t i = 0; i < RKMQ_COUNT_OF(codes); i++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 2);
        rig.status = RKMQ_RECONSUME_LATER;
        record_env_run_jobs(&rig.re);
        rig_expect_calls(&rig, "0:m0;1:m1;");
        back_refused(&rig);
        rig_expect_send_back(&rig, 1, 0);
        rig_drop(&rig);
        rig_answer_code(&rig, codes[i]);
        record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS);
        record_env_run_jobs(&rig.re);
        rig_expect_calls(&rig, "");
        assert_int_equal(rig.pq->offset.value, 0);
        assert_true(rkmq__list_is_empty(&rig.impl.consume.waiting));
        assert_int_equal(rig.pq->n_refs, 1 + 1); /* the test's, and the pull's under way */
        rig_close(&rig);
    }
}

/* A local retry ends at the stop; an answer that comes after it is taken, one that is not waited
 * for is forgotten. */
static void test_stop_while_waiting(void **state)
{
    (void)state;
    struct consumer_rig rig;
    rig_init_pulled(&rig, &plain, 3);
    rig.status = RKMQ_RECONSUME_LATER;
    rig_run_job(&rig, 0);
    back_refused(&rig);
    record_env_run_jobs(&rig.re);
    assert_int_equal(rig.impl.consume.n_send_backs, 2);
    rkmq__consume_stop(&rig.impl.consume);
    rig_expect_send_back(&rig, 1, 0);
    rig_answer_code(&rig, RKMQ_RES_SYSTEM_ERROR); /* too late for a local retry */
    assert_int_equal(rig.impl.consume.n_send_backs, 1);
    rkmq__send_back_forget(&rig.impl.consume);
    assert_int_equal(rig.impl.consume.n_send_backs, 0);
    rig_expect_send_back(&rig, 2, 0);
    rig_answer_code(&rig, RKMQ_RES_SUCCESS);
    assert_int_equal(rig.pq->offset.value, 0);
    rig_close(&rig);
}

/* ---- memory ---- */

/* Every allocation of a send-back fails once: each time the message is consumed here again, and the
 * offset moves only then. */
static void test_no_memory(void **state)
{
    (void)state;
    bool is_failed = true;
    for (long n = 0; is_failed; n++) {
        struct consumer_rig rig;
        rig_init_pulled(&rig, &plain, 1);
        rig.status = RKMQ_RECONSUME_LATER;
        long before = rig.tm.n_calls;
        rig.tm.fail_at = n;
        record_env_run_jobs(&rig.re);
        is_failed = rig.tm.n_calls - before > n;
        rig.tm.fail_at = -1;
        assert_int_equal(rig.pq->offset.value, 0);
        if (is_failed) {
            assert_true(rig_has_mark(&rig, "send-back-failed"));
            rig.status = RKMQ_CONSUME_SUCCESS;
            record_env_advance(&rig.re, RKMQ_LOCAL_RETRY_MS);
            record_env_run_jobs(&rig.re);
        } else {
            rig_expect_send_back(&rig, 0, 0);
            rig_answer_code(&rig, RKMQ_RES_SUCCESS);
        }
        assert_int_equal(rig.pq->offset.value, 1);
        rig_close(&rig);
        assert_in_range(n, 0, 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send_back_fields),
        cmocka_unit_test(test_local_retry),
        cmocka_unit_test(test_no_master),
        cmocka_unit_test(test_replaced_while_waiting),
        cmocka_unit_test(test_send_back_makes_room),
        cmocka_unit_test(test_dropped_while_waiting),
        cmocka_unit_test(test_stop_while_waiting),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
