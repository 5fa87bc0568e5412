/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a starting consumer asks, beside what the Java client 5.3.3 asked: profile java-5.3 against
 * captures/a-push-concurrent.jsonl, from start() to the first pull of its last queue.
 */
#include <cJSON.h>
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>
#include <stdlib.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/codes.h"
#include "support/captures.h"
#include "support/cmocka_all.h"

#define REQUESTS_MAX 32
#define TEXT_MAX 1024
#define N_REQUESTS 18 /* of the capture, up to the first pull of the fourth queue */

struct request {
    int code;
    rkmq_us at;
    char text[TEXT_MAX]; /* server, code, fields in order of name; numbers that differ are "*" */
    cJSON *body;         /* of a heartbeat */
};
struct sequence {
    struct request at[REQUESTS_MAX];
    size_t n;
};

/* ---- one form for both ---- */

static int field_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* subVersion is the wall clock of each run. */
static void request_add(struct sequence *seq, bool is_namesrv, int code, const cJSON *fields,
                        struct rkmq_slice body)
{
    char texts[16][256];
    const char *sorted[16];
    size_t n = 0;
    assert_true(seq->n < REQUESTS_MAX);
    struct request *r = &seq->at[seq->n++];
    r->code = code;
    for (const cJSON *f = fields ? fields->child : NULL; f; f = f->next, n++) {
        assert_true(n < 16);
        const char *value = strcmp(f->string, "subVersion") == 0 ? "*" : f->valuestring;
        (void)snprintf(texts[n], sizeof texts[n], " %s=%s", f->string, value);
        sorted[n] = texts[n];
    }
    qsort(sorted, n, sizeof sorted[0], field_compare);
    size_t at =
        (size_t)snprintf(r->text, sizeof r->text, "%s %d", is_namesrv ? "ns" : "broker", code);
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(r->text + at, sizeof r->text - at, "%s", sorted[i]);
        assert_true(at < sizeof r->text);
    }
    r->body = body.n > 0 ? cJSON_ParseWithLength((const char *)body.p, body.n) : NULL;
    assert_int_equal(r->body != NULL, code == RKMQ_REQ_HEART_BEAT);
}

static void sequence_free(struct sequence *seq)
{
    for (size_t i = 0; i < seq->n; i++) {
        cJSON_Delete(seq->at[i].body);
    }
}

/* Names and numbers of the run go; the subscriptions of a Java set have no order: by topic. */
static void heartbeat_normalize(cJSON *body)
{
    cJSON *consumer = cJSON_GetArrayItem(cJSON_GetObjectItem(body, "consumerDataSet"), 0);
    cJSON *subs = cJSON_GetObjectItem(consumer, "subscriptionDataSet");
    cJSON *sub;
    assert_true(cJSON_GetArraySize(subs) == 2);
    cJSON_DeleteItemFromObject(body, "clientID");
    cJSON_ArrayForEach(sub, subs)
    {
        cJSON_DeleteItemFromObject(sub, "subVersion");
    }
    const char *first =
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(subs, 0), "topic"));
    if (strncmp(first, "%RETRY%", 7) != 0) {
        cJSON_AddItemToArray(subs, cJSON_DetachItemFromArray(subs, 0));
    }
}

/* ---- the capture's ---- */

static void captured(struct sequence *seq)
{
    struct captures *all = captures_read("a-push-concurrent.jsonl");
    seq->n = 0;
    for (size_t i = 0; i < all->n && seq->n < N_REQUESTS; i++) {
        const struct capture_frame *frame = &all->frames[i];
        if (frame->is_from_client && !capture_is_answer(frame)) {
            request_add(seq, frame->is_namesrv, capture_number(frame, "code"),
                        cJSON_GetObjectItem(frame->header, "extFields"), capture_body(frame));
        }
    }
    captures_free(all);
    assert_int_equal(seq->n, N_REQUESTS);
}

/* ---- ours ---- */

struct world {
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_push_consumer *consumer;
    bool is_recording;
    struct sequence seq;
    unsigned n_notified;
};

static void on_event(void *user, const struct rkmq_mock_event *event)
{
    struct world *w = user;
    if (!w->is_recording) {
        return;
    }
    w->n_notified += event->kind == RKMQ_MOCK_PUSH &&
                     event->request_code == RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED;
    if (event->kind != RKMQ_MOCK_REQUEST || event->request_code == RKMQ_REQ_REGISTER_BROKER ||
        w->seq.n == N_REQUESTS) {
        return;
    }
    cJSON *fields = cJSON_CreateObject();
    for (size_t i = 0; i < event->cmd->n_fields; i++) {
        char key[64], value[256];
        (void)snprintf(key, sizeof key, "%.*s", RKMQ_SLICE_ARG(event->cmd->fields[i].key));
        (void)snprintf(value, sizeof value, "%.*s", RKMQ_SLICE_ARG(event->cmd->fields[i].value));
        assert_non_null(cJSON_AddStringToObject(fields, key, value));
    }
    request_add(&w->seq, strncmp(event->server, "ns", 2) == 0, event->request_code, fields,
                event->cmd->body);
    w->seq.at[w->seq.n - 1].at = rkmq_sim_now(w->sim);
    cJSON_Delete(fields);
}

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    (void)user;
    (void)msgs;
    (void)n;
    (void)context;
    return RKMQ_CONSUME_SUCCESS;
}

static void world_open(struct world *w, rkmq_us delay_us)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    so.delay_us = delay_us;
    so.log_level = RKMQ_LOG_ERROR;
    mo.on_event = on_event;
    mo.on_event_user = w;
    assert_int_equal(rkmq_sim_create(&w->sim, &so), RKMQ_OK);
    assert_int_equal(rkmq_mock_create(&w->mock, rkmq_sim_runtime(w->sim), &mo, NULL), RKMQ_OK);
    assert_int_equal(rkmq_mock_topic(w->mock, "CapPush_push", 4), RKMQ_OK);
    assert_int_equal(rkmq_mock_publish(w->mock, "CapPush_push", NULL, "hello %d", 5), RKMQ_OK);
}

static bool has_all(void *arg)
{
    return ((const struct world *)arg)->seq.n == N_REQUESTS;
}

static void run(struct world *w, enum rkmq_profile profile)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    o.consumer_group = "CG_push";
    o.namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    o.profile = profile;
    o.message_listener = listener;
    w->is_recording = true;
    assert_int_equal(rkmq_push_consumer_create(&w->consumer, rkmq_sim_runtime(w->sim), &o, NULL),
                     RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_subscribe(w->consumer, "CapPush_push", "*", NULL), RKMQ_OK);
    assert_int_equal(rkmq_push_consumer_start(w->consumer, NULL), RKMQ_OK);
    assert_true(rkmq_sim_run_until(w->sim, has_all, w, 5000));
}

static void world_close(struct world *w)
{
    w->is_recording = false;
    rkmq_push_consumer_destroy(w->consumer);
    rkmq_mock_destroy(w->mock);
    rkmq_sim_destroy(w->sim);
    sequence_free(&w->seq);
}

/*
 * Request for request the same as the Java client's, in order and fields. The links take 6 ms each
 * way, so that the route poll of 10 ms falls into start() as it does in the capture. Differences:
 *   - After 1 s two threads of the Java client race: the rebalance (which asks for the route of the
 *     retry topic) and the heartbeat. In the capture the rebalance was first by 15 ms; here both
 *     are due in the same millisecond, and the timer that was armed first fires first: the
 *     heartbeat's.
 *   - Java walks its queues in the order of a hash set (2, 3, 0, 1); ours come sorted.
 */
static void test_same_requests(void **state)
{
    static const size_t ours_as_captured[N_REQUESTS] = {0,  1,  2, 3,  4,  6,  5,  7,  8,
                                                        11, 12, 9, 10, 13, 16, 17, 14, 15};
    struct sequence java;
    struct world w;
    (void)state;
    captured(&java);
    world_open(&w, 6000);
    run(&w, RKMQ_PROFILE_JAVA_5_3);
    for (size_t i = 0; i < N_REQUESTS; i++) {
        const struct request *theirs = &java.at[ours_as_captured[i]];
        assert_string_equal(w.seq.at[i].text, theirs->text);
        if (theirs->body) {
            heartbeat_normalize(theirs->body);
            heartbeat_normalize(w.seq.at[i].body);
            assert_true(cJSON_Compare(w.seq.at[i].body, theirs->body, true));
        }
    }
    assert_int_equal(w.n_notified, 1);
    sequence_free(&java);
    world_close(&w);
}

/* The waits of profile java-5.3 are the Java client's: first rebalance 1 s after start, first pulls
 * 0.5 s after that. Profile rkmq has neither. */
static void test_waits(void **state)
{
    static const struct {
        enum rkmq_profile profile;
        rkmq_us first_list_min, first_list_max, pull_gap_min, pull_gap_max;
    } cases[] = {
        {RKMQ_PROFILE_JAVA_5_3, 999000, 1001000, 499000, 501000},
        {RKMQ_PROFILE_RKMQ, 0, 5000, 0, 2000},
    };
    (void)state;
    for (size_t c = 0; c < RKMQ_COUNT_OF(cases); c++) {
        struct world w;
        rkmq_us list_at = -1, offset_at = -1, pull_at = -1;
        world_open(&w, 200);
        rkmq_us start_at = rkmq_sim_now(w.sim);
        run(&w, cases[c].profile);
        for (size_t i = 0; i < w.seq.n; i++) {
            const struct request *r = &w.seq.at[i];
            if (r->code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP && list_at < 0) {
                list_at = r->at;
            } else if (r->code == RKMQ_REQ_QUERY_CONSUMER_OFFSET && offset_at < 0) {
                offset_at = r->at;
            } else if (r->code == RKMQ_REQ_PULL_MESSAGE && pull_at < 0) {
                pull_at = r->at;
            }
        }
        assert_in_range(list_at - start_at, cases[c].first_list_min, cases[c].first_list_max);
        assert_in_range(pull_at - offset_at, cases[c].pull_gap_min, cases[c].pull_gap_max);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_requests),
        cmocka_unit_test(test_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
