/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms of a frame's header. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/frame_rig.h"
#include "support/hex.h"

/* ---- vectors of protocol.md 11.1 ---- */

static void test_vector_json(void **state)
{
    /* The route request of the reference encodes to its 139 bytes and decodes to what it was. */
    static const char header[] =
        "{\"code\":105,\"extFields\":{\"topic\":\"TopicTest\"},\"flag\":0,\"language\":\"JAVA\","
        "\"opaque\":1,\"serializeTypeCurrentRPC\":\"JSON\",\"version\":479}";
    struct rkmq_buf *buf;
    struct rkmq_command view;
    (void)state;
    assert_int_equal(rkmq_command_encode(&frame_route_command, &frame_mem.mem, &buf), RKMQ_OK);
    assert_int_equal(buf->n, 139);
    assert_int_equal(rkmq_command_head_bytes(&frame_route_command), 139);
    assert_memory_equal(buf->p, "\x00\x00\x00\x87\x00\x00\x00\x83", 8);
    assert_memory_equal(buf->p + 8, header, 131);
    struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
    rkmq_decoder_feed(d, buf);
    assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_OK);
    frame_assert_same(&view, &frame_route_command);
    assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_E_MORE);
    rkmq_decoder_destroy(d);
}

static void test_vector_binary(void **state)
{
    /* The same request in ROCKETMQ form is the 49 bytes of the reference, both ways. */
    uint8_t expected[64];
    size_t n = test_hex("0000002d 01000029 0069 00 01df 00000001 00000000 00000000 00000014 "
                        "0005 746f706963 00000009 546f70696354657374",
                        expected, sizeof expected);
    struct rkmq_command cmd = frame_route_command, view;
    struct rkmq_buf *buf;
    (void)state;
    cmd.format = RKMQ_HEADER_BINARY;
    assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &buf), RKMQ_OK);
    assert_int_equal(n, 49);
    assert_int_equal(buf->n, n);
    assert_memory_equal(buf->p, expected, n);
    struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
    rkmq_decoder_feed(d, buf);
    assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_OK);
    frame_assert_same(&view, &cmd);
    rkmq_decoder_destroy(d);
}

/* ---- the JSON header ---- */

static int read_json(const char *header, struct rkmq_decoder **d, struct rkmq_command *view,
                     struct rkmq_err *err)
{
    uint8_t *bytes = malloc(strlen(header) + 8);
    struct rkmq_slice frame = frame_of(bytes, 0, rkmq__slice_of(header), RKMQ_SLICE(""));
    *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
    frame_feed(*d, frame.p, frame.n);
    free(bytes);
    return rkmq_decoder_next(*d, view, err);
}

static void test_json_lenient(void **state)
{
    /* Each way of a real client to write a header gives the same command: numbers and booleans in
     * extFields, no serializeTypeCurrentRPC, a newline at the end, unknown members, nulls. */
    static const char *const headers[] = {
        "{\"code\":11,\"language\":\"CPP\",\"version\":333,\"opaque\":7,\"flag\":0,"
        "\"extFields\":{\"queueId\":0,\"queueOffset\":\"12\",\"ok\":true}}\n",
        "{\"extFields\":{\"queueId\":\"0\",\"queueOffset\":12,\"ok\":\"true\",\"no\":null},"
        "\"code\":\"11\",\"flag\":0,\"language\":\"CPP\",\"opaque\":7,\"remark\":null,"
        "\"serializeTypeCurrentRPC\":\"JSON\",\"version\":333}",
        " { \"code\" : 11 , \"x\":{\"y\":[1,{\"z\":\"}\"}]},\"language\":\"\\u0043PP\" ,"
        "\"version\":333,\"opaque\":7,\"extFields\" : { \"queueId\" : \"\\u0030\" , "
        "\"queueOffset\":\"12\",\"o\\u006b\":\"true\" } , \"unknown\":-1.5e3 } ",
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(headers); i++) {
        struct rkmq_decoder *d;
        struct rkmq_command view;
        struct rkmq_err err = {0};
        int64_t v = -1;
        bool b = false;
        struct rkmq_slice text;
        if (read_json(headers[i], &d, &view, &err) != RKMQ_OK) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(view.code, 11);
        assert_int_equal(view.language, RKMQ_LANGUAGE_CPP);
        assert_int_equal(view.version, 333);
        assert_int_equal(view.opaque, 7);
        assert_int_equal(view.flags, 0);
        assert_null(view.remark.p);
        assert_int_equal(view.n_fields, 3);
        assert_int_equal(rkmq_command_i64(&view, "queueId", &v), RKMQ_OK);
        assert_int_equal(v, 0);
        assert_int_equal(rkmq_command_i64(&view, "queueOffset", &v), RKMQ_OK);
        assert_int_equal(v, 12);
        assert_int_equal(rkmq_command_bool(&view, "ok", &b), RKMQ_OK);
        assert_true(b);
        assert_int_equal(rkmq_command_text(&view, "no", &text), RKMQ_E_NOT_FOUND);
        assert_int_equal(rkmq_command_i64(&view, "ok", &v), RKMQ_E_INVALID);
        rkmq_decoder_destroy(d);
    }
}

static void test_json_defaults(void **state)
{
    /* What is missing has Java's default; extFields null is absent, {} is present; an empty remark
     * is not a missing one; of a key that stands twice the last counts. */
    struct rkmq_decoder *d;
    struct rkmq_command view;
    struct rkmq_slice text;
    (void)state;
    assert_int_equal(read_json("{}", &d, &view, NULL), RKMQ_OK);
    assert_int_equal(view.code, 0);
    assert_int_equal(view.language, RKMQ_LANGUAGE_JAVA);
    assert_false(view.has_fields);
    rkmq_decoder_destroy(d);
    assert_int_equal(
        read_json("{\"extFields\":null,\"language\":\"COBOL\",\"remark\":\"\"}", &d, &view, NULL),
        RKMQ_OK);
    assert_false(view.has_fields);
    assert_int_equal(view.language, RKMQ_LANGUAGE_UNKNOWN);
    assert_non_null(view.remark.p);
    assert_int_equal(view.remark.n, 0);
    rkmq_decoder_destroy(d);
    assert_int_equal(
        read_json("{\"extFields\":{\"a\":\"1\",\"a\":\"2\",\"n\":{\"b\":[1]}},\"flag\":3}", &d,
                  &view, NULL),
        RKMQ_OK);
    assert_true(view.has_fields);
    assert_int_equal(view.flags, RKMQ_FLAG_RESPONSE | RKMQ_FLAG_ONEWAY);
    assert_int_equal(rkmq_command_text(&view, "a", &text), RKMQ_OK);
    assert_true(rkmq__slice_is(text, "2"));
    assert_int_equal(rkmq_command_text(&view, "n", &text), RKMQ_OK);
    assert_true(rkmq__slice_is(text, "{\"b\":[1]}"));
    rkmq_decoder_destroy(d);
}

static void test_json_bad(void **state)
{
    /* Every malformed header has one text that says what is wrong and where. */
    static const struct {
        const char *header, *error;
    } rows[] = {
        {"", "JSON header: '{' expected at byte 0, where it ends"},
        {"[]", "JSON header: '{' expected at byte 0, not 0x5b"},
        {"{\"code\":11", "JSON header: ',' or '}' expected at byte 10, where it ends"},
        {"{\"code\" 11}", "JSON header: ':' expected at byte 8, not 0x31"},
        {"{code:11}", "JSON header: a value expected at byte 1, not 0x63"},
        {"{\"extFields\":{\"a\":\"b\"",
         "JSON header: ',' or '}' expected at byte 21, where it ends"},
        {"{\"extFields\":{\"a\"}}", "JSON header: ':' expected at byte 17, not 0x7d"},
        {"{} x", "JSON header: the end expected at byte 3, not 0x78"},
        {"{\"extFields\":[]}", "JSON header: extFields is no object"},
        {"{\"code\":\"eleven\"}", "JSON header: code is eleven, no 32-bit integer"},
        {"{\"opaque\":2147483648}", "JSON header: opaque is 2147483648, no 32-bit integer"},
        {"{\"version\":{}}", "JSON header: version is {}, no 32-bit integer"},
        {"{\"flag\":1.5}", "JSON header: flag is 1.5, no 32-bit integer"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_decoder *d;
        struct rkmq_command view;
        struct rkmq_err err = {0};
        assert_int_equal(read_json(rows[i].header, &d, &view, &err), RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].error);
        assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_E_PROTOCOL);
        rkmq_decoder_destroy(d);
    }
}

/* ---- the binary header ---- */

static void test_binary_bad(void **state)
{
    /* A length that lies is named with its place; so are bytes left over. */
    static const struct {
        const char *hex, *error;
    } rows[] = {
        {"0069 00 01df 00000001 000000", "binary header of 12 bytes: its fixed part has 13"},
        {"0069 00 01df 00000001 00000000",
         "binary header of 13 bytes: ends in the length of the remark at byte 13"},
        {"0069 00 01df 00000001 00000000 ffffffff 00000000",
         "binary header of 21 bytes: the remark at byte 13 has length -1, 4 left"},
        {"0069 00 01df 00000001 00000000 00000005 00000000",
         "binary header of 21 bytes: the remark at byte 13 has length 5, 4 left"},
        {"0069 00 01df 00000001 00000000 00000000 00000001",
         "binary header of 21 bytes: extFields at byte 17 has length 1, 0 left"},
        {"0069 00 01df 00000001 00000000 00000000 00000000 00",
         "binary header of 22 bytes: 1 bytes behind extFields"},
        {"0069 00 01df 00000001 00000000 00000000 00000002 ffff",
         "binary header of 23 bytes: a key at byte 21 has length -1, 0 left"},
        {"0069 00 01df 00000001 00000000 00000000 00000007 0001 61 7fffffff",
         "binary header of 28 bytes: a value at byte 24 has length 2147483647, 0 left"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint8_t header[64], bytes[80];
        struct rkmq_command view;
        struct rkmq_err err = {0};
        size_t n = test_hex(rows[i].hex, header, sizeof header);
        struct rkmq_slice frame = frame_of(bytes, 1, rkmq__slice(header, n), RKMQ_SLICE(""));
        struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
        frame_feed(d, frame.p, frame.n);
        assert_int_equal(rkmq_decoder_next(d, &view, &err), RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].error);
        rkmq_decoder_destroy(d);
    }
}

/* ---- limits ---- */

static void test_fields_max(void **state)
{
    /* RKMQ_FIELDS_MAX extFields are read in either form, one more is refused by name. */
    (void)state;
    for (size_t n = RKMQ_FIELDS_MAX; n <= RKMQ_FIELDS_MAX + 1; n++) {
        struct rkmq_field fields[RKMQ_FIELDS_MAX + 1];
        for (size_t i = 0; i < n; i++) {
            fields[i] = frame_route_command.fields[0];
        }
        for (int format = RKMQ_HEADER_JSON; format <= RKMQ_HEADER_BINARY; format++) {
            struct rkmq_command cmd = {
                .fields = fields, .n_fields = n, .format = (enum rkmq_header_format)format};
            struct rkmq_command view;
            struct rkmq_buf *buf;
            struct rkmq_err err;
            struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
            assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &buf), RKMQ_OK);
            rkmq_decoder_feed(d, buf);
            int status = rkmq_decoder_next(d, &view, &err);
            assert_int_equal(status, n == RKMQ_FIELDS_MAX ? RKMQ_OK : RKMQ_E_PROTOCOL);
            if (status == RKMQ_OK) {
                assert_int_equal(view.n_fields, n);
            } else {
                assert_string_equal(err.text, "header with more than 256 extFields");
            }
            rkmq_decoder_destroy(d);
        }
    }
}

static void test_encode_limits(void **state)
{
    /* What has no room on the wire is refused and nothing is made. */
    struct rkmq_command cmd = frame_route_command;
    struct rkmq_buf *buf;
    (void)state;
    assert_int_equal(
        rkmq_command_encode_head(&cmd, RKMQ_FRAME_BYTES_MAX - 139, &frame_mem.mem, &buf), RKMQ_OK);
    assert_int_equal(buf->n, 139);
    assert_int_equal(rkmq_get_be32(buf->p), RKMQ_FRAME_BYTES_MAX - 4);
    rkmq_buf_free(buf);
    assert_int_equal(
        rkmq_command_encode_head(&cmd, RKMQ_FRAME_BYTES_MAX - 138, &frame_mem.mem, &buf),
        RKMQ_E_LIMIT);
    assert_null(buf);
    assert_int_equal(rkmq_command_encode_head(&cmd, SIZE_MAX, &frame_mem.mem, &buf), RKMQ_E_LIMIT);
    cmd.format = RKMQ_HEADER_BINARY;
    cmd.code = RKMQ_REQ_POP_MESSAGE;
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_E_LIMIT);
    cmd.code = -1006;
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_OK);
    rkmq_buf_free(buf);
    cmd.language = 200;
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_E_LIMIT);
    cmd.language = 0;
    cmd.version = 40000;
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_E_LIMIT);
    static const uint8_t key[INT16_MAX + 1] = {0};
    struct rkmq_field field = {rkmq__slice(key, INT16_MAX), RKMQ_SLICE("v")};
    cmd = (struct rkmq_command){.format = RKMQ_HEADER_BINARY, .fields = &field, .n_fields = 1};
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_OK);
    rkmq_buf_free(buf);
    field.key.n++;
    assert_int_equal(rkmq_command_encode_head(&cmd, 0, &frame_mem.mem, &buf), RKMQ_E_LIMIT);
}

/* ---- cJSON as the oracle ---- */

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct rkmq_slice random_text(void)
{
    static const char *const texts[] = {"",
                                        "TopicTest",
                                        "a\x01\x02\n\t\"\\/b",
                                        "\xe6\xa0\x87\xe7\xad\xbe",
                                        "\xf0\x9f\x98\x80",
                                        "\x7f\x1f",
                                        "%RETRY%group",
                                        "9223372036854775807",
                                        "{\"nested\":[1,2]}"};
    return rkmq__slice_of(texts[random_below(RKMQ_COUNT_OF(texts))]);
}

static void random_command(struct rkmq_command *cmd, struct rkmq_field fields[40], char keys[40][8])
{
    *cmd = (struct rkmq_command){.code = (int)random_below(32768),
                                 .language = (int)random_below(14),
                                 .version = (int)random_below(613),
                                 .opaque = (int32_t)(random_below(65536) << 16),
                                 .flags = random_below(4),
                                 .fields = fields,
                                 .n_fields = random_below(41)};
    cmd->has_fields = cmd->n_fields > 0 || random_below(2) == 0;
    cmd->remark = random_below(2) ? random_text() : (struct rkmq_slice){0};
    for (size_t i = 0; i < cmd->n_fields; i++) {
        int n = snprintf(keys[i], sizeof keys[i], "k\"%zu", i);
        fields[i] = (struct rkmq_field){rkmq__slice(keys[i], (size_t)n), random_text()};
    }
}

static void check_with_cjson(const struct rkmq_command *cmd, const struct rkmq_buf *frame)
{
    cJSON *root = cJSON_ParseWithLength((const char *)frame->p + 8, frame->n - 8);
    assert_non_null(root);
    assert_int_equal(cJSON_GetObjectItem(root, "code")->valueint, cmd->code);
    assert_int_equal(cJSON_GetObjectItem(root, "flag")->valueint, cmd->flags);
    assert_int_equal(cJSON_GetObjectItem(root, "opaque")->valueint, cmd->opaque);
    assert_int_equal(cJSON_GetObjectItem(root, "version")->valueint, cmd->version);
    assert_string_equal(cJSON_GetObjectItem(root, "language")->valuestring,
                        rkmq_language_name(cmd->language));
    const cJSON *remark = cJSON_GetObjectItem(root, "remark");
    assert_int_equal(remark != NULL, cmd->remark.p != NULL);
    if (remark) {
        assert_true(rkmq__slice_is(cmd->remark, remark->valuestring));
    }
    const cJSON *fields = cJSON_GetObjectItem(root, "extFields");
    assert_int_equal(fields != NULL, cmd->has_fields);
    assert_int_equal(fields ? cJSON_GetArraySize(fields) : 0, cmd->n_fields);
    const cJSON *field = fields ? fields->child : NULL;
    for (size_t i = 0; i < cmd->n_fields; i++, field = field->next) {
        assert_true(rkmq__slice_is(cmd->fields[i].key, field->string));
        assert_true(rkmq__slice_is(cmd->fields[i].value, field->valuestring));
    }
    cJSON_Delete(root);
}

/* The header as cJSON prints it, tight or with space, in a frame. */
static struct rkmq_buf *print_with_cjson(const struct rkmq_buf *frame, bool is_spaced)
{
    cJSON *root = cJSON_ParseWithLength((const char *)frame->p + 8, frame->n - 8);
    char *text = is_spaced ? cJSON_Print(root) : cJSON_PrintUnformatted(root);
    struct rkmq_buf *out = rkmq_buf_create(&frame_mem.mem, strlen(text) + 8);
    (void)frame_of(out->p, 0, rkmq__slice_of(text), RKMQ_SLICE(""));
    cJSON_free(text);
    cJSON_Delete(root);
    return out;
}

static void check_decodes(const struct rkmq_command *cmd, struct rkmq_buf *take_frame)
{
    struct rkmq_command view;
    struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
    rkmq_decoder_feed(d, take_frame);
    assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_OK);
    frame_assert_same(&view, cmd);
    rkmq_decoder_destroy(d);
}

static void test_every_length_of_number(void **state)
{
    /* The room for a header's numbers is counted before they are written: each power of ten and
     * its neighbours, of either sign, comes back as it went. */
    (void)state;
    for (int64_t power = 1; power <= INT32_MAX; power *= 10) {
        for (int64_t k = 0; k < 6; k++) {
            int32_t v = (int32_t)((power + k % 3 - 1) * (k < 3 ? 1 : -1));
            struct rkmq_command cmd = {.code = v, .opaque = -v, .version = v, .flags = (uint32_t)v};
            struct rkmq_buf *frame;
            assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &frame), RKMQ_OK);
            check_decodes(&cmd, frame);
        }
    }
    struct rkmq_command cmd = {.code = INT32_MIN, .opaque = INT32_MAX, .version = INT32_MIN};
    struct rkmq_buf *frame;
    assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &frame), RKMQ_OK);
    check_decodes(&cmd, frame);
}

static void test_against_cjson(void **state)
{
    /* Random headers: what we write cJSON reads, what cJSON writes we read, and both our forms
     * come back as they went. */
    struct rkmq_field fields[40];
    char keys[40][8];
    (void)state;
    seed = 3;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 300; i++) {
        struct rkmq_command cmd;
        struct rkmq_buf *frame;
        random_command(&cmd, fields, keys);
        assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &frame), RKMQ_OK);
        check_with_cjson(&cmd, frame);
        check_decodes(&cmd, print_with_cjson(frame, i % 2));
        check_decodes(&cmd, frame);
        cmd.format = RKMQ_HEADER_BINARY;
        cmd.has_fields = cmd.n_fields > 0;
        if (cmd.remark.n == 0) {
            cmd.remark.p = NULL;
        }
        assert_int_equal(rkmq_command_encode(&cmd, &frame_mem.mem, &frame), RKMQ_OK);
        check_decodes(&cmd, frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRAME_TEST(test_vector_json),
        FRAME_TEST(test_vector_binary),
        FRAME_TEST(test_json_lenient),
        FRAME_TEST(test_json_defaults),
        FRAME_TEST(test_json_bad),
        FRAME_TEST(test_binary_bad),
        FRAME_TEST(test_fields_max),
        FRAME_TEST(test_encode_limits),
        FRAME_TEST(test_every_length_of_number),
        FRAME_TEST(test_against_cjson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
