/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <rkmq/message.h>
#include <stdlib.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "remoting/protocol/header.h"
#include "support/captures.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/*
 * Totals of all files, counted by count_captures.py, which shares nothing with the code under test.
 */
enum {
    N_FILES = 17,
    N_FRAMES = 1765,
    N_FRAMES_JSON = 1593,
    N_FRAMES_BINARY = 172,
    N_ANSWERS = 748,
    N_FIELDS = 6359,
    N_RECORDS = 163,
    N_BATCH_ITEMS = 3,
    N_FRAMES_WITH_SPACES = 7, /* JSON headers of a probe of the recorder */
    N_TYPED_REQUESTS = 825,
    N_TYPED_ANSWERS = 181,
    N_COMPRESSED_SENDS = 1,
};

static struct captures *all;
static struct test_mem tm;

static int group_setup(void **state)
{
    (void)state;
    all = captures_read(NULL);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    captures_free(all);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    test_mem_init(&tm);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_mem_assert_empty(&tm);
    return 0;
}

/* A failing assertion within `check` is then one line below the name of its frame. */
static void each_frame(void (*check)(const struct capture_frame *frame, void *arg), void *arg)
{
    for (size_t i = 0; i < all->n; i++) {
        check(&all->frames[i], arg);
    }
}

#define frame_assert(frame, condition)                                                             \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s:%zu: not so: %s", (frame)->file, (frame)->line, #condition);              \
        }                                                                                          \
    } while (0)

/* ---- frames ---- */

/* The decoder, fed with the whole frame; the view lives until the decoder is destroyed. */
static struct rkmq_decoder *decode(const struct capture_frame *frame, struct rkmq_command *cmd)
{
    struct rkmq_decoder *d;
    struct rkmq_err err;
    assert_int_equal(rkmq_decoder_create(&d, &tm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    rkmq_decoder_feed(d, rkmq_buf_copy(&tm.mem, rkmq__slice(frame->bytes, frame->n)));
    if (rkmq_decoder_next(d, cmd, &err) != RKMQ_OK) {
        fail_msg("%s:%zu: %s", frame->file, frame->line, err.text);
    }
    return d;
}

static bool is_text(struct rkmq_slice text, const cJSON *expected)
{
    return cJSON_IsString(expected) && rkmq__slice_is(text, expected->valuestring);
}

static void assert_as_recorded(const struct capture_frame *frame, const struct rkmq_command *cmd)
{
    const cJSON *h = frame->header;
    const cJSON *remark = cJSON_GetObjectItemCaseSensitive(h, "remark");
    const cJSON *ext = cJSON_GetObjectItemCaseSensitive(h, "extFields");
    frame_assert(frame, cmd->code == capture_number(frame, "code"));
    frame_assert(frame, cmd->version == capture_number(frame, "version"));
    frame_assert(frame, cmd->opaque == capture_number(frame, "opaque"));
    frame_assert(frame, (int)cmd->flags == capture_number(frame, "flag"));
    frame_assert(frame, is_text(rkmq__slice_of(rkmq_language_name(cmd->language)),
                                cJSON_GetObjectItemCaseSensitive(h, "language")));
    frame_assert(frame, remark ? is_text(cmd->remark, remark) : cmd->remark.p == NULL);
    frame_assert(frame, (int)cmd->n_fields == cJSON_GetArraySize(ext));
    const cJSON *expected = ext ? ext->child : NULL;
    for (size_t i = 0; i < cmd->n_fields; i++, expected = expected->next) {
        frame_assert(frame, rkmq__slice_is(cmd->fields[i].key, expected->string));
        frame_assert(frame, is_text(cmd->fields[i].value, expected));
    }
    frame_assert(frame, rkmq__slice_equal(cmd->body, capture_body(frame)));
}

struct frame_counts {
    size_t n, n_json, n_binary, n_answers, n_fields, n_with_spaces;
};

/* The bytes of `cmd`, or, for a header that was not compact JSON, a frame that says the same. */
static void assert_encodes_again(const struct capture_frame *frame, const struct rkmq_command *cmd,
                                 struct frame_counts *counts)
{
    struct rkmq_buf *again;
    frame_assert(frame, rkmq_command_encode(cmd, &tm.mem, &again) == RKMQ_OK);
    if (again->n != frame->n) {
        struct capture_frame compact = *frame;
        struct rkmq_command same;
        compact.bytes = again->p;
        compact.n = again->n;
        struct rkmq_decoder *d = decode(&compact, &same);
        assert_as_recorded(frame, &same);
        rkmq_decoder_destroy(d);
        counts->n_with_spaces++;
    } else {
        frame_assert(frame, memcmp(again->p, frame->bytes, frame->n) == 0);
    }
    rkmq_buf_free(again);
}

static void frame_check(const struct capture_frame *frame, void *arg)
{
    struct frame_counts *counts = arg;
    struct rkmq_command cmd;
    struct rkmq_decoder *d = decode(frame, &cmd);
    assert_as_recorded(frame, &cmd);
    assert_encodes_again(frame, &cmd, counts);
    counts->n++;
    counts->n_json += cmd.format == RKMQ_HEADER_JSON;
    counts->n_binary += cmd.format == RKMQ_HEADER_BINARY;
    counts->n_answers += (cmd.flags & RKMQ_FLAG_RESPONSE) != 0;
    counts->n_fields += cmd.n_fields;
    rkmq_decoder_destroy(d);
}

static void test_every_frame(void **state)
{
    /* Every frame decodes to what the recorder read, and encodes to its very bytes again: the
     * binary headers and the compact JSON of the Java processes. */
    struct frame_counts counts = {0};
    (void)state;
    each_frame(frame_check, &counts);
    print_message("%zu files, %zu frames: %zu JSON, %zu ROCKETMQ, %zu answers, %zu fields\n",
                  all->n_files, counts.n, counts.n_json, counts.n_binary, counts.n_answers,
                  counts.n_fields);
    assert_int_equal(all->n_files, N_FILES);
    assert_int_equal(counts.n, N_FRAMES);
    assert_int_equal(counts.n_json, N_FRAMES_JSON);
    assert_int_equal(counts.n_binary, N_FRAMES_BINARY);
    assert_int_equal(counts.n_answers, N_ANSWERS);
    assert_int_equal(counts.n_fields, N_FIELDS);
    assert_int_equal(counts.n_with_spaces, N_FRAMES_WITH_SPACES);
}

/* Feeds the whole of `stream` in steps of `n_step` bytes; returns the frames that came out. */
static size_t decode_stream(const struct rkmq_bytes *stream, size_t n_step)
{
    struct rkmq_decoder *d;
    struct rkmq_command cmd;
    struct rkmq_err err = {0};
    size_t n_frames = 0;
    int status = RKMQ_E_MORE;
    assert_int_equal(rkmq_decoder_create(&d, &tm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    for (size_t at = 0; at < stream->n && status == RKMQ_E_MORE; at += n_step) {
        size_t n = stream->n - at < n_step ? stream->n - at : n_step;
        rkmq_decoder_feed(d, rkmq_buf_copy(&tm.mem, rkmq__slice(stream->p + at, n)));
        while ((status = rkmq_decoder_next(d, &cmd, &err)) == RKMQ_OK) {
            const struct capture_frame *frame = &all->frames[n_frames++];
            frame_assert(frame, cmd.opaque == capture_number(frame, "opaque"));
            frame_assert(frame, rkmq__slice_equal(cmd.body, capture_body(frame)));
        }
    }
    assert_string_equal(err.text, "");
    rkmq_decoder_destroy(d);
    return n_frames;
}

static void test_streams(void **state)
{
    /* All frames as one stream come out the same however the stream is cut. */
    static const size_t steps[] = {7, 1000, 65536, SIZE_MAX / 2};
    struct rkmq_bytes stream;
    (void)state;
    rkmq__bytes_init(&stream, &tm.mem);
    for (size_t i = 0; i < all->n; i++) {
        rkmq__bytes_add(&stream, all->frames[i].bytes, all->frames[i].n);
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(steps); i++) {
        assert_int_equal(decode_stream(&stream, steps[i]), N_FRAMES);
    }
    rkmq__bytes_close(&stream);
}

/* ---- typed headers ---- */

#define CLASS(code, name)                                                                          \
    {                                                                                              \
        RKMQ_REQ_##code, &rkmq__##name##_class                                                     \
    }
struct code_class {
    int code;
    const struct rkmq_header_class *cls;
};
static const struct code_class request_classes[] = {
    CLASS(PULL_MESSAGE, pull_message_request),
    CLASS(LITE_PULL_MESSAGE, pull_message_request),
    CLASS(QUERY_CONSUMER_OFFSET, query_consumer_offset_request),
    CLASS(UPDATE_CONSUMER_OFFSET, update_consumer_offset_request),
    CLASS(GET_MAX_OFFSET, queue_offset_request),
    CLASS(GET_MIN_OFFSET, queue_offset_request),
    CLASS(SEARCH_OFFSET_BY_TIMESTAMP, search_offset_request),
    CLASS(VIEW_MESSAGE_BY_ID, view_message_request),
    CLASS(UNREGISTER_CLIENT, unregister_client_request),
    CLASS(CONSUMER_SEND_MSG_BACK, send_back_request),
    CLASS(GET_CONSUMER_LIST_BY_GROUP, consumer_list_request),
    CLASS(NOTIFY_CONSUMER_IDS_CHANGED, notify_consumer_ids_changed_request),
    CLASS(REGISTER_BROKER, register_broker_request),
    CLASS(UNREGISTER_BROKER, unregister_broker_request),
    CLASS(GET_ROUTEINFO_BY_TOPIC, get_route_request),
    CLASS(SEND_MESSAGE_V2, send_message_request),
    CLASS(SEND_BATCH_MESSAGE, send_message_request),
    CLASS(QUERY_DATA_VERSION, query_data_version_request),
    CLASS(UPDATE_AND_CREATE_TOPIC, create_topic_request),
};
static const struct code_class answer_classes[] = {
    CLASS(PULL_MESSAGE, pull_message_response),
    CLASS(LITE_PULL_MESSAGE, pull_message_response),
    CLASS(QUERY_CONSUMER_OFFSET, offset_response),
    CLASS(GET_MAX_OFFSET, offset_response),
    CLASS(GET_MIN_OFFSET, offset_response),
    CLASS(SEARCH_OFFSET_BY_TIMESTAMP, offset_response),
    CLASS(SEND_MESSAGE_V2, send_message_response),
    CLASS(SEND_BATCH_MESSAGE, send_message_response),
    CLASS(REGISTER_BROKER, register_broker_response),
    CLASS(QUERY_DATA_VERSION, query_data_version_response),
};
#undef CLASS

static const struct rkmq_header_class *class_find(const struct code_class *rows, size_t n, int code)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].code == code) {
            return rows[i].cls;
        }
    }
    return NULL;
}

static bool is_command_successful(const struct rkmq_command *cmd)
{
    return cmd->code == RKMQ_RES_SUCCESS;
}

/* What the remoting layer adds beside the header class: credentials, a mark of the caller, and what
 * a broker says about itself with every send. */
static bool is_beside_class(struct rkmq_slice key)
{
    static const char *const keys[] = {"AccessKey", "Signature", "ReqT", "MSG_REGION", "TRACE_ON"};
    for (size_t i = 0; i < RKMQ_COUNT_OF(keys); i++) {
        if (rkmq__slice_is(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static void assert_fields_kept(const struct capture_frame *frame, const struct rkmq_command *cmd,
                               const struct rkmq_fields *typed)
{
    size_t n_found = 0;
    for (size_t i = 0; i < cmd->n_fields; i++) {
        bool is_found = false;
        for (size_t k = 0; k < typed->n && !is_found; k++) {
            is_found = rkmq__slice_equal(cmd->fields[i].key, typed->at[k].key) &&
                       rkmq__slice_equal(cmd->fields[i].value, typed->at[k].value);
        }
        n_found += is_found;
        if (!is_found && !is_beside_class(cmd->fields[i].key)) {
            fail_msg("%s:%zu: %.*s is lost", frame->file, frame->line,
                     RKMQ_SLICE_ARG(cmd->fields[i].key));
        }
    }
    frame_assert(frame, n_found == typed->n);
}

struct typed_counts {
    size_t n_requests, n_answers;
};

static void typed_check(const struct capture_frame *frame, void *arg)
{
    struct typed_counts *counts = arg;
    struct rkmq_command cmd;
    struct rkmq_decoder *d = decode(frame, &cmd);
    bool is_answer = capture_is_answer(frame);
    int code = capture_request_code(all, frame);
    const struct rkmq_header_class *cls =
        is_answer ? class_find(answer_classes, RKMQ_COUNT_OF(answer_classes), code)
                  : class_find(request_classes, RKMQ_COUNT_OF(request_classes), code);
    if (cls && (!is_answer || is_command_successful(&cmd))) {
        void *header = calloc(1, cls->struct_bytes);
        struct rkmq_fields typed = {.n = 0};
        struct rkmq_err err = {0};
        assert_non_null(header);
        if (rkmq__header_read(cls, &cmd, header, &err) != RKMQ_OK) {
            fail_msg("%s:%zu: %s: %s", frame->file, frame->line, cls->name, err.text);
        }
        bool is_short = code == RKMQ_REQ_SEND_MESSAGE_V2 || code == RKMQ_REQ_SEND_BATCH_MESSAGE;
        rkmq__header_write(cls, header, is_short, &typed);
        assert_fields_kept(frame, &cmd, &typed);
        counts->n_requests += !is_answer;
        counts->n_answers += is_answer;
        free(header);
    }
    rkmq_decoder_destroy(d);
}

static void test_typed_headers(void **state)
{
    /* The fields of each request and successful answer that has a class are read and written
     * without a loss. */
    struct typed_counts counts = {0};
    (void)state;
    each_frame(typed_check, &counts);
    print_message("typed headers: %zu requests, %zu answers\n", counts.n_requests,
                  counts.n_answers);
    assert_int_equal(counts.n_requests, N_TYPED_REQUESTS);
    assert_int_equal(counts.n_answers, N_TYPED_ANSWERS);
}

/* ---- records ---- */

static bool has_records(const struct capture_frame *frame)
{
    switch (capture_request_code(all, frame)) {
    case RKMQ_REQ_PULL_MESSAGE:
    case RKMQ_REQ_LITE_PULL_MESSAGE:
    case RKMQ_REQ_QUERY_MESSAGE:
    case RKMQ_REQ_VIEW_MESSAGE_BY_ID:
    case RKMQ_REQ_POP_MESSAGE:
        return capture_is_answer(frame);
    case RKMQ_REQ_CHECK_TRANSACTION_STATE:
    case RKMQ_REQ_CONSUME_MESSAGE_DIRECTLY:
        return !capture_is_answer(frame);
    default:
        return false;
    }
}

static void assert_record_again(const struct capture_frame *frame, const struct rkmq_record *r,
                                struct rkmq_slice bytes)
{
    uint8_t again[4096];
    frame_assert(frame, rkmq_record_bytes(r) == bytes.n);
    frame_assert(frame, bytes.n <= sizeof again);
    frame_assert(frame, rkmq_record_write(r, again, bytes.n) == RKMQ_OK);
    frame_assert(frame, rkmq__slice_equal(rkmq__slice(again, bytes.n), bytes));
}

static void record_check(const struct capture_frame *frame, void *arg)
{
    struct rkmq_slice cursor = capture_body(frame), index_cursor = cursor;
    struct rkmq_record r;
    struct rkmq_record_index index;
    if (!has_records(frame) || cursor.n == 0) {
        return;
    }
    for (;;) {
        const uint8_t *start = cursor.p;
        int status = rkmq_record_next(&cursor, &r, NULL);
        frame_assert(frame, status == rkmq_record_index_next(&index_cursor, &index, NULL));
        if (status != RKMQ_OK) {
            frame_assert(frame, status == RKMQ_E_MORE);
            return;
        }
        assert_record_again(frame, &r, rkmq__slice(start, (size_t)(cursor.p - start)));
        frame_assert(frame, index_cursor.p == cursor.p);
        frame_assert(frame, index.queue_offset == r.queue_offset);
        frame_assert(frame, index.body_bytes == r.body.n);
        frame_assert(frame, rkmq_body_crc(r.body) == r.body_crc);
        frame_assert(frame, rkmq_property_get(r.properties, "UNIQ_KEY").n == RKMQ_UNIQ_KEY_CHARS);
        ++*(size_t *)arg;
    }
}

static void test_every_record(void **state)
{
    /* Every stored message, of every kind of answer or request that carries some, decodes, has the
     * checksum of its body, and is written to the same bytes again. */
    size_t n_records = 0;
    (void)state;
    each_frame(record_check, &n_records);
    print_message("%zu records\n", n_records);
    assert_int_equal(n_records, N_RECORDS);
}

static void batch_check(const struct capture_frame *frame, void *arg)
{
    struct rkmq_slice cursor = capture_body(frame);
    struct rkmq_batch_item item;
    uint8_t again[256];
    int status;
    if (capture_number(frame, "code") != RKMQ_REQ_SEND_BATCH_MESSAGE || capture_is_answer(frame)) {
        return;
    }
    const uint8_t *start = cursor.p;
    while ((status = rkmq_batch_item_next(&cursor, &item, NULL)) == RKMQ_OK) {
        size_t n = rkmq_batch_item_bytes(&item);
        frame_assert(frame, n <= sizeof again && start + n == cursor.p);
        frame_assert(frame, rkmq_batch_item_write(&item, again, n) == RKMQ_OK);
        frame_assert(frame, memcmp(again, start, n) == 0);
        start = cursor.p;
        ++*(size_t *)arg;
    }
    frame_assert(frame, status == RKMQ_E_MORE);
}

static void test_every_batch(void **state)
{
    /* The messages of every batch sent are read, and written to the same bytes again. */
    size_t n_items = 0;
    (void)state;
    each_frame(batch_check, &n_items);
    assert_int_equal(n_items, N_BATCH_ITEMS);
}

static void compressed_check(const struct capture_frame *frame, void *arg)
{
    struct rkmq_command cmd;
    struct rkmq_send_message_request send;
    struct rkmq_buf *body;
    if (capture_number(frame, "code") != RKMQ_REQ_SEND_MESSAGE_V2 || capture_is_answer(frame)) {
        return;
    }
    struct rkmq_decoder *d = decode(frame, &cmd);
    frame_assert(frame, rkmq__header_read(&rkmq__send_message_request_class, &cmd, &send, NULL) ==
                            RKMQ_OK);
    if (send.sys_flag & RKMQ_SYS_COMPRESSED) {
        frame_assert(frame, rkmq_body_decompress(cmd.body, send.sys_flag, &tm.mem, &body, NULL) ==
                                RKMQ_OK);
        frame_assert(frame, body->n > cmd.body.n);
        rkmq_buf_free(body);
        ++*(size_t *)arg;
    }
    rkmq_decoder_destroy(d);
}

static void test_every_compressed_body(void **state)
{
    /* What the Java producer compressed is decompressed by the flag of its request. */
    size_t n = 0;
    (void)state;
    each_frame(compressed_check, &n);
    assert_int_equal(n, N_COMPRESSED_SENDS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_every_frame),  T(test_streams),     T(test_typed_headers),
        T(test_every_record), T(test_every_batch), T(test_every_compressed_body),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
