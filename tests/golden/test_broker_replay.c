/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real clients asked a real 5.3.3 broker, asked of ours at the same times: code, remark,
 * fields and body of every answer must be the same, and so must be when a held pull is answered,
 * within the 5 s that a broker's sweep takes. Messages that producers sent past the recorder are
 * put by hand, when the first answer that holds them says they were there.
 */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"
#include "support/captures.h"
#include "support/fields.h"

#define CONNS_MAX 16
#define ANSWERS_MAX 512
#define HOLD_MS 15000 /* what push consumers ask for */
#define SWEEP_STEP_MS 100
#define IMMEDIATE_US 1000000 /* an answer after more than that was held */

struct given_answer {
    size_t request; /* index of the captured frame */
    struct rig_frame frame;
};
struct replay {
    struct broker_rig b;
    struct captures *all;
    rkmq_conn conns[CONNS_MAX]; /* by the recorder's number */
    rkmq_ms *asked_at;          /* by index of the request */
    struct given_answer *answers;
    size_t n_answers, n_compared, n_held;
};

/* ---- messages that came another way ---- */

/* Puts the records of a FOUND answer that are not in our queue yet. */
static void feed(struct replay *r, const struct capture_frame *answer)
{
    struct rkmq_slice cursor = capture_body(answer);
    struct rkmq_record record;
    while (rkmq_record_next(&cursor, &record, NULL) == RKMQ_OK) {
        int64_t max = rkmq__broker_max_offset(r->b.brk, record.topic, record.queue_id);
        if (record.queue_offset < max) {
            continue;
        }
        assert_int_equal(record.queue_offset, max);
        const struct rkmq_broker_message message = {.topic = record.topic,
                                                    .body = record.body,
                                                    .properties = record.properties,
                                                    .queue_id = record.queue_id,
                                                    .sys_flag = record.sys_flag,
                                                    .flag = record.flag};
        r->b.rig.re.wall_offset = record.store_ms - r->b.rig.re.now; /* for offsets by time */
        assert_int_equal(rkmq__broker_message_put(r->b.brk, &message, NULL), RKMQ_OK);
    }
}

static bool is_found(const struct replay *r, const struct capture_frame *frame)
{
    int code = capture_request_code(r->all, frame);
    return capture_is_answer(frame) && (code == RKMQ_REQ_PULL_MESSAGE) &&
           capture_number(frame, "code") == RKMQ_RES_SUCCESS;
}

/* What the first pulls found at once was there from the start. */
static void feed_first(struct replay *r)
{
    for (size_t i = 0; i < r->all->n; i++) {
        const struct capture_frame *frame = &r->all->frames[i];
        if (is_found(r, frame)) {
            if (frame->t_us - r->all->frames[frame->request].t_us > IMMEDIATE_US) {
                break;
            }
            feed(r, frame);
        }
    }
}

/* ---- playing ---- */

static void take_all(struct replay *r)
{
    for (size_t c = 0; c < CONNS_MAX; c++) {
        if (!r->conns[c]) {
            continue;
        }
        const struct rig_frames *frames = server_rig_take(&r->b.rig, r->conns[c]);
        for (size_t i = 0; i < frames->n; i++) {
            if (!(frames->at[i].flags & RKMQ_FLAG_RESPONSE)) {
                continue;
            }
            for (size_t k = 0; k < r->all->n; k++) {
                const struct capture_frame *f = &r->all->frames[k];
                if (!f->is_namesrv && (size_t)f->conn == c && f->is_from_client &&
                    !capture_is_answer(f) && capture_number(f, "opaque") == frames->at[i].opaque) {
                    assert_true(r->n_answers < ANSWERS_MAX);
                    r->answers[r->n_answers++] = (struct given_answer){k, frames->at[i]};
                }
            }
        }
    }
}

static const struct rig_frame *answer_of(const struct replay *r, size_t request)
{
    for (size_t i = 0; i < r->n_answers; i++) {
        if (r->answers[i].request == request) {
            return &r->answers[i].frame;
        }
    }
    return NULL;
}

static void play_to(struct replay *r, const struct capture_frame *frame)
{
    rkmq_ms t = frame->t_us / 1000;
    if (t > r->b.rig.re.now) {
        record_env_advance(&r->b.rig.re, t - r->b.rig.re.now);
        take_all(r);
    }
}

static void ask(struct replay *r, const struct capture_frame *frame)
{
    assert_true(frame->conn >= 0 && frame->conn < CONNS_MAX);
    if (!r->conns[frame->conn]) {
        r->conns[frame->conn] = server_rig_connect(&r->b.rig, "127.0.0.1:45608");
    }
    r->asked_at[frame - r->all->frames] = r->b.rig.re.now;
    record_env_hand_in(&r->b.rig.re, r->conns[frame->conn], rkmq__slice(frame->bytes, frame->n));
    take_all(r);
}

/* ---- comparing ---- */

/* Ids hold the commit-log offset, which depends on everything that was ever stored. */
static void fields_compare(const struct rkmq_command *expected, const struct rig_frame *got)
{
    struct rkmq_field has[TEST_FIELDS_MAX];
    size_t n_has = test_fields_read(got->fields, has);
    assert_int_equal(got->has_fields, expected->has_fields);
    assert_int_equal(n_has, expected->n_fields);
    for (size_t i = 0; i < expected->n_fields; i++) {
        const struct rkmq_field *wanted = &expected->fields[i];
        size_t k = 0;
        while (k < n_has && !rkmq__slice_equal(has[k].key, wanted->key)) {
            k++;
        }
        assert_true(k < n_has);
        if (rkmq__slice_is(wanted->key, "msgId")) {
            assert_int_equal(has[k].value.n, wanted->value.n);
        } else {
            assert_true(rkmq__slice_equal(has[k].value, wanted->value));
        }
    }
}

static void records_compare(struct rkmq_slice expected, struct rkmq_slice got)
{
    struct rkmq_record a, b;
    while (rkmq_record_next(&expected, &a, NULL) == RKMQ_OK) {
        assert_int_equal(rkmq_record_next(&got, &b, NULL), RKMQ_OK);
        assert_int_equal(a.queue_offset, b.queue_offset);
        assert_int_equal(a.queue_id, b.queue_id);
        assert_int_equal(a.sys_flag, b.sys_flag);
        assert_int_equal(a.body_crc, b.body_crc);
        assert_true(rkmq__slice_equal(a.topic, b.topic));
        assert_true(rkmq__slice_equal(a.body, b.body));
    }
    assert_int_equal(got.n, 0);
}

/* Members and locks come in the order of a Java hash map: the same bytes in any order. */
static void lists_compare(struct rkmq_slice a, struct rkmq_slice b)
{
    size_t counts[256] = {0};
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++) {
        counts[a.p[i]]++;
        counts[b.p[i]]--;
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(counts); i++) {
        assert_int_equal(counts[i], 0);
    }
}

static void compare(struct replay *r, const struct capture_frame *frame)
{
    const struct rig_frame *got = answer_of(r, frame->request);
    struct rkmq_decoder *decoder = NULL;
    struct rkmq_command expected;
    int code = capture_request_code(r->all, frame);
    assert_int_equal(rkmq_decoder_create(&decoder, &r->b.rig.tm.mem, RKMQ_FRAME_BYTES_MAX),
                     RKMQ_OK);
    rkmq_decoder_feed(decoder,
                      rkmq_buf_copy(&r->b.rig.tm.mem, rkmq__slice(frame->bytes, frame->n)));
    assert_int_equal(rkmq_decoder_next(decoder, &expected, NULL), RKMQ_OK);
    /* The peer's port stands at the end of some remarks. */
    const char *port = strstr(got->remark, ":45608");
    size_t n_remark = port ? (size_t)(port - got->remark) : strlen(got->remark);
    if (got->code != expected.code) {
        fail_msg("%s line %zu: %d %s, not %d", frame->file, frame->line, got->code, got->remark,
                 expected.code);
    }
    assert_true(rkmq__slice_starts(expected.remark, rkmq__slice(got->remark, n_remark)));
    fields_compare(&expected, got);
    struct rkmq_slice body = rkmq__slice(got->body, got->body_bytes);
    if (code == RKMQ_REQ_PULL_MESSAGE) {
        records_compare(expected.body, body);
    } else {
        lists_compare(expected.body, body);
    }
    rkmq_decoder_destroy(decoder);
    r->n_compared++;
}

/* A held pull without news is answered between its time and 5 s later, by both; ours may come after
 * the captured one, for the sweeps are out of step. */
static void wait_for_sweep(struct replay *r, const struct capture_frame *frame)
{
    rkmq_ms latest = r->asked_at[frame->request] + HOLD_MS + RKMQ_PULL_HOLD_SWEEP_MS;
    while (!answer_of(r, frame->request) && r->b.rig.re.now < latest) {
        rkmq_ms step =
            latest - r->b.rig.re.now < SWEEP_STEP_MS ? latest - r->b.rig.re.now : SWEEP_STEP_MS;
        record_env_advance(&r->b.rig.re, step);
        take_all(r);
    }
    if (!answer_of(r, frame->request)) {
        fail_msg("%s line %zu: no answer", frame->file, frame->line);
    }
    assert_true(r->b.rig.re.now - r->asked_at[frame->request] >= HOLD_MS);
    r->n_held++;
}

/* Not compared: what this broker has no machinery for (transactions, timer messages, some of the
 * admin tool's questions), and a message asked for by its commit-log offset, which is another. */
static bool is_comparable(const struct replay *r, const struct capture_frame *frame)
{
    static const int passed_over[] = {
        RKMQ_REQ_GET_CONSUMER_CONNECTION_LIST,
        RKMQ_REQ_GET_CONSUMER_RUNNING_INFO,
        RKMQ_REQ_GET_CONSUME_STATS,
        RKMQ_REQ_GET_TOPIC_CONFIG,
        RKMQ_REQ_QUERY_MESSAGE,
        RKMQ_REQ_VIEW_MESSAGE_BY_ID,
        RKMQ_REQ_CONSUME_MESSAGE_DIRECTLY,
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(passed_over); i++) {
        if (capture_request_code(r->all, frame) == passed_over[i]) {
            return false;
        }
    }
    struct rkmq_slice header = capture_header(frame);
    if (frame->is_namesrv || !capture_is_answer(frame) || frame->is_from_client ||
        frame->request == CAPTURE_NO_REQUEST) {
        return false;
    }
    struct rkmq_slice asked = capture_header(&r->all->frames[frame->request]);
    return !memmem(header.p, header.n, "recallHandle", 12) &&
           !memmem(asked.p, asked.n, "TRAN_MSG", 8);
}

static void play(struct replay *r)
{
    for (size_t i = 0; i < r->all->n; i++) {
        const struct capture_frame *frame = &r->all->frames[i];
        if (frame->is_namesrv) {
            continue;
        }
        if (frame->is_from_client && !capture_is_answer(frame)) {
            play_to(r, frame);
            ask(r, frame);
        } else if (is_comparable(r, frame)) {
            play_to(r, frame);
            if (is_found(r, frame)) {
                feed(r, frame);
                take_all(r);
            }
            if (!answer_of(r, frame->request)) {
                wait_for_sweep(r, frame);
            }
            compare(r, frame);
        }
    }
}

struct replay_case {
    const char *file;
    struct {
        const char *name;
        unsigned queues;
    } topics[3];
    size_t n_compared; /* answers */
    size_t n_held;     /* of them after the real one's time, when our sweep came */
};

static void run(const struct replay_case *c)
{
    static struct replay r;
    memset(&r, 0, sizeof r);
    r.all = captures_read(c->file);
    r.answers = test_calloc(ANSWERS_MAX, sizeof *r.answers);
    r.asked_at = test_calloc(r.all->n, sizeof *r.asked_at);
    server_rig_open(&r.b.rig);
    struct rkmq_broker_config config = broker_rig_config(&r.b.rig.re.env);
    config.addr = "127.0.0.1:10911";
    assert_int_equal(rkmq__broker_create(&r.b.brk, &config, NULL), RKMQ_OK);
    for (size_t i = 0; i < RKMQ_COUNT_OF(c->topics) && c->topics[i].name; i++) {
        broker_topic(&r.b, c->topics[i].name, c->topics[i].queues);
    }
    feed_first(&r);
    play(&r);
    assert_int_equal(r.n_compared, c->n_compared);
    assert_int_equal(r.n_held, c->n_held);
    broker_rig_close(&r.b);
    test_free(r.asked_at);
    test_free(r.answers);
    captures_free(r.all);
}

static void test_answers_are_the_real_ones(void **state)
{
    static const struct replay_case cases[] = {
        {"n-edges.jsonl", {{"CapEdges", 1}}, 20, 0},
        {"g-producer.jsonl", {{"CapProducer", 4}, {"CapDelay", 4}}, 16, 0},
        {"a-push-concurrent.jsonl", {{"CapPush_push", 4}}, 34, 2},
        {"l-push-binary-client.jsonl", {{"CapPush_binary", 4}}, 34, 2},
        {"b-orderly.jsonl", {{"CapOrderly", 2}}, 62, 1},
        {"h-admin.jsonl", {{"CapAdmin", 2}}, 37, 0},
        {"d-rebalance.jsonl", {{"CapRebalance", 4}}, 68, 2},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        run(&cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_are_the_real_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
