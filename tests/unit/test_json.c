/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "remoting/codec/json.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

static struct rkmq_json parse(const char *text)
{
    struct rkmq_json v;
    struct rkmq_err err;
    if (rkmq__json_parse(rkmq__slice_of(text), &v, &err) != RKMQ_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return v;
}

/* ---- reading ---- */

static void test_parse_good(void **state)
{
    /* Strict JSON and fastjson's two kinds of bare names are taken whole; a table of texts and the
     * type found. */
    static const struct {
        const char *text;
        enum rkmq_json_type type;
    } rows[] = {
        {"null", RKMQ_JSON_NULL},
        {" true\n", RKMQ_JSON_BOOL},
        {"-12.5e+3", RKMQ_JSON_NUMBER},
        {"0", RKMQ_JSON_NUMBER},
        {"\"\"", RKMQ_JSON_STRING},
        {"\"a\\u00e4\\\\\\\"\"", RKMQ_JSON_STRING},
        {"{}", RKMQ_JSON_OBJECT},
        {"[ ]", RKMQ_JSON_ARRAY},
        {"{\"a\":[1,{\"b\":null}],\"c\":\"d\"}", RKMQ_JSON_OBJECT},
        {"{0:\"10.0.0.1:10911\",1:\"10.0.0.2:10911\"}", RKMQ_JSON_OBJECT},
        {"{-1:2}", RKMQ_JSON_OBJECT},
        {"{{\"brokerName\":\"b\",\"queueId\":0}:5}", RKMQ_JSON_OBJECT},
        {"{{}:{{}:1}}", RKMQ_JSON_OBJECT},
        {"[\"raw \x01 control\"]", RKMQ_JSON_ARRAY},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        assert_int_equal(parse(rows[i].text).type, rows[i].type);
    }
}

static void test_parse_bad(void **state)
{
    /* What is no JSON is refused with the place and what was missing there. */
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "JSON: a value expected at byte 0, where it ends"},
        {"nul", "JSON: a value expected at byte 0, not 0x6e"},
        {"1 2", "JSON: the end expected at byte 2, not 0x32"},
        {"-", "JSON: a digit expected at byte 1, where it ends"},
        {"1.", "JSON: a digit expected at byte 2, where it ends"},
        {"1e+", "JSON: a digit expected at byte 3, where it ends"},
        {"\"a", "JSON: '\"' expected at byte 2, where it ends"},
        {"\"\\x\"", "JSON: an escape expected at byte 2, not 0x78"},
        {"\"\\u12g4\"", "JSON: a hexadecimal digit expected at byte 5, not 0x67"},
        {"{", "JSON: a member name or '}' expected at byte 1, where it ends"},
        {"{a:1}", "JSON: a member name expected at byte 1, not 0x61"},
        {"{\"a\"1}", "JSON: ':' expected at byte 4, not 0x31"},
        {"{\"a\":}", "JSON: a value expected at byte 5, not 0x7d"},
        {"{\"a\":1,}", "JSON: a member name expected at byte 7, not 0x7d"},
        {"{\"a\":1]", "JSON: ',' or '}' expected at byte 6, not 0x5d"},
        {"[1}", "JSON: ',' or ']' expected at byte 2, not 0x7d"},
        {"[1,]", "JSON: a value expected at byte 3, not 0x5d"},
        {"[,1]", "JSON: a value expected at byte 1, not 0x2c"},
        {"{{}}", "JSON: ':' expected at byte 3, not 0x7d"},
        {"{[]:1}", "JSON: a member name expected at byte 1, not 0x5b"},
        {"[{\"$ref\":\"$.a\"}]", "JSON: no \"$ref\" expected at byte 2, not 0x22"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_json v;
        struct rkmq_err err;
        assert_int_equal(rkmq__json_parse(rkmq__slice_of(rows[i].text), &v, &err), RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].error);
        assert_int_equal(rkmq__json_parse(rkmq__slice_of(rows[i].text), &v, NULL), RKMQ_E_PROTOCOL);
    }
}

static void test_parse_every_cut(void **state)
{
    /* A document cut at any byte is refused, and the reader never looks behind the cut: each piece
     * is a block of its own, which the sanitizer guards. */
    static const char text[] = "{\"a\":[1,2.5,\"x\\u0041\",true],{\"k\":0}:null,7:{\"b\":{}}}";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        uint8_t *piece = malloc(n ? n : 1);
        struct rkmq_json v;
        memcpy(piece, text, n);
        assert_int_equal(rkmq__json_parse(rkmq__slice(piece, n), &v, NULL), RKMQ_E_PROTOCOL);
        free(piece);
    }
}

static void test_parse_depth(void **state)
{
    /* RKMQ_JSON_DEPTH_MAX levels are read, one more is refused, a million cost no stack. */
    enum { MANY = 1000000 };
    struct rkmq_json v;
    struct rkmq_err err;
    char *text = malloc(2 * MANY);
    (void)state;
    for (size_t depth = RKMQ_JSON_DEPTH_MAX; depth <= RKMQ_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        int status = rkmq__json_parse(rkmq__slice(text, 2 * depth), &v, &err);
        assert_int_equal(status, depth == RKMQ_JSON_DEPTH_MAX ? RKMQ_OK : RKMQ_E_PROTOCOL);
    }
    assert_string_equal(err.text, "JSON: no deeper nesting expected at byte 32, not 0x5b");
    memset(text, '{', MANY);
    assert_int_equal(rkmq__json_parse(rkmq__slice(text, MANY), &v, &err), RKMQ_E_PROTOCOL);
    free(text);
}

static void test_walk(void **state)
{
    /* Members and elements come in order, with names of all three kinds; a walk of the wrong kind
     * is empty. */
    struct rkmq_json doc = parse("{ \"a\" : [ 1 , \"two\" ,[]] , 0:\"x\",{\"q\":1}:5 }");
    struct rkmq_json_iter it = rkmq__json_each(&doc);
    struct rkmq_json key, value, element;
    (void)state;
    assert_true(rkmq__json_next_member(&it, &key, &value));
    assert_true(rkmq__slice_is(key.text, "a"));
    struct rkmq_json_iter elements = rkmq__json_each(&value);
    assert_false(rkmq__json_next_member(&elements, &key, &element));
    assert_true(rkmq__json_next_element(&elements, &element));
    assert_int_equal(element.type, RKMQ_JSON_NUMBER);
    assert_true(rkmq__json_next_element(&elements, &element));
    assert_true(rkmq__slice_is(element.text, "two"));
    assert_true(rkmq__json_next_element(&elements, &element));
    assert_int_equal(element.type, RKMQ_JSON_ARRAY);
    assert_false(rkmq__json_next_element(&elements, &element));
    assert_true(rkmq__json_next_member(&it, &key, &value));
    assert_int_equal(key.type, RKMQ_JSON_NUMBER);
    assert_true(rkmq__json_next_member(&it, &key, &value));
    assert_int_equal(key.type, RKMQ_JSON_OBJECT);
    int64_t q = 0;
    assert_int_equal(rkmq__json_i64(&key, "q", &q), RKMQ_OK);
    assert_int_equal(q, 1);
    assert_true(rkmq__slice_is(value.text, "5"));
    assert_false(rkmq__json_next_member(&it, &key, &value));
    assert_false(rkmq__json_next_member(&it, &key, &value));
    it = rkmq__json_each(&value);
    assert_false(rkmq__json_next_element(&it, &element));
}

static void test_member(void **state)
{
    /* The last member of a name counts, a null one is absent, an escaped name is compared as what
     * it means. */
    struct rkmq_json doc = parse("{\"a\":1,\"b\":null,\"a\":2,\"\\u0063\\n\":3,\"c\":4,7:5}");
    struct rkmq_json v;
    (void)state;
    assert_true(rkmq__json_member(&doc, "a", &v));
    assert_true(rkmq__slice_is(v.text, "2"));
    assert_false(rkmq__json_member(&doc, "b", &v));
    assert_false(rkmq__json_member(&doc, "d", &v));
    assert_true(rkmq__json_member(&doc, "c\n", &v));
    assert_true(rkmq__slice_is(v.text, "3"));
    assert_true(rkmq__json_member(&doc, "c", &v));
    assert_true(rkmq__json_member(&doc, "7", &v));
    v = parse("[1]");
    assert_false(rkmq__json_member(&v, "0", &v));
}

static void test_pass_over(void **state)
{
    /* A member is found behind containers whose texts look like the end of one; each is passed over
     * whole. A table of the container. */
    static const char *const containers[] = {
        "{}",      "[]",          "[[],[[]],{}]",           "{\"a\":\"}\"}",
        "[\"]\"]", "[\"\\\"]\"]", "{\"a\\\\\":[\"\\\\\"]}", "{\"twelve bytes \\\" and }\":\"{[\"}",
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(containers); i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{\"x\":%s,\"wanted\":7, \"y\":%s}", containers[i],
                       containers[i]);
        struct rkmq_json object = parse(text), found;
        assert_true(rkmq__json_member(&object, "wanted", &found));
        assert_true(rkmq__json_is(&found, RKMQ_SLICE("7")));
        assert_true(rkmq__json_member(&object, "y", &found));
        assert_true(rkmq__slice_is(found.text, containers[i]));
    }
}

static void test_every_place(void **state)
{
    /* Texts are read and written many bytes at a time: a special byte counts wherever it stands.
     * Each is put at each place of a text, written, and read again. */
    static const uint8_t specials[] = {'"', '\\', 0x01, 0x1F, 0x7F, '\n', 0x20, 0x80, 0xFF};
    enum { N_MAX = 40 };
    (void)state;
    for (size_t n = 1; n <= N_MAX; n++) {
        for (size_t k = 0; k < n * RKMQ_COUNT_OF(specials); k++) {
            uint8_t text[N_MAX], quoted[N_MAX * 6 + 2], back[sizeof quoted];
            memset(text, 'a', sizeof text);
            text[k % n] = specials[k / n];
            quoted[0] = '"';
            uint8_t *end = rkmq__json_escape(rkmq__slice(text, n), quoted + 1);
            assert_int_equal((size_t)(end - quoted) - 1,
                             rkmq__json_escaped_bytes(rkmq__slice(text, n)));
            *end++ = '"';
            struct rkmq_json v;
            assert_int_equal(
                rkmq__json_parse(rkmq__slice(quoted, (size_t)(end - quoted)), &v, NULL), RKMQ_OK);
            assert_int_equal(rkmq__json_unescape(v.text, back), n);
            assert_memory_equal(back, text, n);
        }
    }
}

static void test_every_pair(void **state)
{
    /* Of two special bytes the first is found, and a byte that differs from one in a bit is none,
     * also right behind it. Each pair of such bytes is written and read again at each place. */
    static const uint8_t bytes[] = {'"',  '"' + 1, '\\', '\\' + 1, 0x1F, 0x20,
                                    0x7E, 0x7F,    0x80, 0x00,     0x01, 0xFF};
    enum { N = sizeof bytes };
    (void)state;
    for (size_t k = 0; k < 16 * N * N; k++) {
        uint8_t text[17], quoted[17 * 6 + 2], back[sizeof quoted];
        memset(text, 'a', sizeof text);
        text[k % 16] = bytes[k / 16 % N];
        text[k % 16 + 1] = bytes[k / 16 / N];
        quoted[0] = '"';
        uint8_t *end = rkmq__json_escape(rkmq__slice(text, sizeof text), quoted + 1);
        *end++ = '"';
        struct rkmq_json v;
        assert_int_equal(rkmq__json_parse(rkmq__slice(quoted, (size_t)(end - quoted)), &v, NULL),
                         RKMQ_OK);
        assert_int_equal(rkmq__json_unescape(v.text, back), sizeof text);
        assert_memory_equal(back, text, sizeof text);
    }
}

static void test_scalars(void **state)
{
    /* Numbers are read from strings and booleans too, missing and null leave the default, wrong
     * types and ranges are refused. */
    static const char text[] =
        "{\"n\":12,\"s\":\"-34\",\"t\":true,\"f\":\"FALSE\",\"big\":2147483648,\"x\":\"abc\","
        "\"o\":{},\"z\":null,\"d\":1.5,\"one\":1,\"no\":\"false\"}";
    static const struct {
        const char *name;
        int status;
        int64_t value;
    } rows[] = {
        {"n", RKMQ_OK, 12},           {"s", RKMQ_OK, -34},        {"t", RKMQ_OK, 1},
        {"big", RKMQ_OK, 2147483648}, {"missing", RKMQ_OK, 77},   {"z", RKMQ_OK, 77},
        {"x", RKMQ_E_PROTOCOL, 77},   {"o", RKMQ_E_PROTOCOL, 77}, {"d", RKMQ_E_PROTOCOL, 77}};
    struct rkmq_json doc = parse(text);
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        int64_t v = 77;
        assert_int_equal(rkmq__json_i64(&doc, rows[i].name, &v), rows[i].status);
        assert_int_equal(v, rows[i].value);
    }
}

static void test_narrow_scalars(void **state)
{
    /* An int has 32 bits, and a boolean is true, false, 1 or 0, quoted or not. What is refused
     * leaves the place alone. */
    static const struct {
        const char *text;
        int i32_status, bool_status;
        int32_t i32;
        bool flag;
    } rows[] = {
        {"\"-34\"", RKMQ_OK, RKMQ_E_PROTOCOL, -34, true},
        {"2147483647", RKMQ_OK, RKMQ_E_PROTOCOL, INT32_MAX, true},
        {"2147483648", RKMQ_E_PROTOCOL, RKMQ_E_PROTOCOL, 5, true},
        {"-2147483648", RKMQ_OK, RKMQ_E_PROTOCOL, INT32_MIN, true},
        {"-2147483649", RKMQ_E_PROTOCOL, RKMQ_E_PROTOCOL, 5, true},
        {"true", RKMQ_OK, RKMQ_OK, 1, true},
        {"\"false\"", RKMQ_E_PROTOCOL, RKMQ_OK, 5, false},
        {"\"\\u0066alse\"", RKMQ_E_PROTOCOL, RKMQ_OK, 5, false},
        {"1", RKMQ_OK, RKMQ_OK, 1, true},
        {"0", RKMQ_OK, RKMQ_OK, 0, false},
        {"\"FALSE\"", RKMQ_E_PROTOCOL, RKMQ_E_PROTOCOL, 5, true},
        {"[]", RKMQ_E_PROTOCOL, RKMQ_E_PROTOCOL, 5, true},
        {"null", RKMQ_E_PROTOCOL, RKMQ_E_PROTOCOL, 5, true},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_json value = parse(rows[i].text);
        int32_t i32 = 5;
        bool flag = true;
        assert_int_equal(rkmq__json_as_i32(&value, &i32), rows[i].i32_status);
        assert_int_equal(i32, rows[i].i32);
        assert_int_equal(rkmq__json_as_bool(&value, &flag), rows[i].bool_status);
        assert_int_equal(flag, rows[i].flag);
    }
}

static int text_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_arena arena;
    struct rkmq_json doc = parse("{\"e\":\"a\\nb\",\"p\":\"plain\",\"n\":1.50,\"o\":[]}");
    struct rkmq_slice out = RKMQ_SLICE("default");
    (void)arg;
    rkmq__arena_init(&arena, mem);
    int status = rkmq__json_text(&doc, "e", &arena, &out);
    if (status == RKMQ_OK) {
        assert_true(rkmq__slice_is(out, "a\nb"));
        assert_int_equal(rkmq__json_text(&doc, "p", &arena, &out), RKMQ_OK);
        assert_true(rkmq__slice_is(out, "plain"));
        assert_int_equal(rkmq__json_text(&doc, "n", &arena, &out), RKMQ_OK);
        assert_true(rkmq__slice_is(out, "1.50"));
        assert_int_equal(rkmq__json_text(&doc, "missing", &arena, &out), RKMQ_OK);
        assert_true(rkmq__slice_is(out, "1.50"));
        assert_int_equal(rkmq__json_text(&doc, "o", &arena, &out), RKMQ_E_PROTOCOL);
    }
    rkmq__arena_close(&arena);
    return status;
}

static void test_text(void **state)
{
    /* A text is borrowed as it stands and copied only to resolve escapes, which is the one
     * allocation that can fail. */
    (void)state;
    assert_int_equal(test_mem_fail_each(text_step, NULL), 1);
}

static void test_unescape(void **state)
{
    /* Every escape gives its character in UTF-8; a pair of surrogates is one character, half a pair
     * the replacement character. */
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u00e4\\u20AC", "A\xc3\xa4\xe2\x82\xac"},
        {"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
        {"\\ud83dx", "\xef\xbf\xbdx"},
        {"\\ude00", "\xef\xbf\xbd"},
        {"\\ud83d\\u0041", "\xef\xbf\xbd"
                           "A"},
        {"TAGS\\u0001TagA\\u0002", "TAGS\x01TagA\x02"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint8_t out[64];
        size_t n = rkmq__json_unescape(rkmq__slice_of(rows[i].in), out);
        assert_true(rkmq__slice_is(rkmq__slice(out, n), rows[i].out));
    }
}

/* ---- writing ---- */

static void test_scan_pair(void **state)
{
    /* Two plain strings with a colon between are taken at once. Anything else is left to the other
     * scanners: the cursor stays. */
    static const struct {
        const char *text, *name, *value; /* NULL: not taken */
        size_t n;
    } rows[] = {
        {"\"a\":\"b\",", "a", "b", 7},
        {"\"\":\"\"", "", "", 5},
        {"\"a\":\"bb\":\"c\"", "a", "bb", 8},
        {"\"serializeTypeCurrentRPC\":\"ROCKETMQ ROCKETMQ ROCKETMQ\"}", "serializeTypeCurrentRPC",
         "ROCKETMQ ROCKETMQ ROCKETMQ", 54},
        {"", NULL, NULL, 0},
        {"1", NULL, NULL, 0},
        {"\"", NULL, NULL, 0},
        {"\"a", NULL, NULL, 0},
        {"\"a\"", NULL, NULL, 0},
        {"\"a\":", NULL, NULL, 0},
        {"\"a\":\"", NULL, NULL, 0},
        {"\"a\":\"b", NULL, NULL, 0},
        {"\"a\":1", NULL, NULL, 0},
        {"\"a\" :\"b\"", NULL, NULL, 0},
        {"\"a\": \"b\"", NULL, NULL, 0},
        {" \"a\":\"b\"", NULL, NULL, 0},
        {"\"a\\n\":\"b\"", NULL, NULL, 0},
        {"\"a\":\"b\\n\"", NULL, NULL, 0},
        {"{\"a\":\"b\"", NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_slice text = rkmq__slice_of(rows[i].text), name, value;
        struct rkmq_json_cursor cur = {.p = text.p, .end = text.p + text.n};
        assert_int_equal(rkmq__json_scan_pair(&cur, &name, &value), rows[i].name != NULL);
        assert_ptr_equal(cur.p, text.p + rows[i].n);
        if (rows[i].name) {
            assert_true(rkmq__slice_is(name, rows[i].name));
            assert_true(rkmq__slice_is(value, rows[i].value));
        }
    }
}

static void test_write(void **state)
{
    /* Commas, names of all kinds and nesting come out as fastjson writes them; the reader takes it
     * back. */
    struct test_mem tm;
    struct rkmq_bytes b;
    struct rkmq_json_writer w;
    struct rkmq_json v;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&b, &tm.mem);
    rkmq__json_begin(&w, &b);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "a", RKMQ_SLICE("x\"\\\n\x01\x1f\x7f/\xc3\xa4"));
    rkmq__json_add_i64(&w, "n", INT64_MIN);
    rkmq__json_add_bool(&w, "t", true);
    rkmq__json_key(&w, "l");
    rkmq__json_array(&w);
    rkmq__json_put_bool(&w, false);
    rkmq__json_object(&w);
    rkmq__json_object_end(&w);
    rkmq__json_array(&w);
    rkmq__json_array_end(&w);
    rkmq__json_array_end(&w);
    rkmq__json_key_i64(&w, 0, false);
    rkmq__json_put_text(&w, RKMQ_SLICE(""));
    rkmq__json_key_i64(&w, 1, true);
    rkmq__json_put_i64(&w, 2);
    rkmq__json_key_object(&w);
    rkmq__json_object(&w);
    rkmq__json_add_i64(&w, "queueId", 0);
    rkmq__json_object_end(&w);
    rkmq__json_object(&w);
    rkmq__json_add_i64(&w, "offset", 5);
    rkmq__json_object_end(&w);
    rkmq__json_key_object(&w);
    rkmq__json_object(&w);
    rkmq__json_object_end(&w);
    rkmq__json_put_i64(&w, 6);
    rkmq__json_object_end(&w);
    rkmq__bytes_add(&b, "", 1);
    assert_string_equal(
        (const char *)b.p,
        "{\"a\":\"x\\\"\\\\\\n\\u0001\\u001F\\u007F/\xc3\xa4\",\"n\":-9223372036854775808,"
        "\"t\":true,\"l\":[false,{},[]],0:\"\",\"1\":2,{\"queueId\":0}:{\"offset\":5},{}:6}");
    assert_int_equal(rkmq__json_parse(rkmq__slice(b.p, b.n - 1), &v, NULL), RKMQ_OK);
    rkmq__bytes_close(&b);
    test_mem_assert_empty(&tm);
}

static void test_write_double(void **state)
{
    /* Doubles come out as Double.toString gives them. */
    static const struct {
        double v;
        const char *text;
    } rows[] = {{0, "0.0"},
                {1.5, "1.5"},
                {-2, "-2.0"},
                {0.001, "0.001"},
                {0.0625, "0.0625"},
                {1e-5, "1.0E-5"},
                {123456.75, "123456.75"},
                {9999999, "9999999.0"},
                {1e7, "1.0E7"},
                {1.25e21, "1.25E21"},
                {0.1, "0.1"},
                {1.0 / 3, "0.3333333333333333"},
                {100, "100.0"},
                {1e300 * 1e300, "null"}};
    struct test_mem tm;
    struct rkmq_bytes b;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&b, &tm.mem);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_json_writer w;
        rkmq__bytes_clear(&b);
        rkmq__json_begin(&w, &b);
        rkmq__json_put_double(&w, rows[i].v);
        rkmq__bytes_add(&b, "", 1);
        assert_string_equal((const char *)b.p, rows[i].text);
    }
    rkmq__bytes_close(&b);
    test_mem_assert_empty(&tm);
}

/* ---- against cJSON ---- */

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static cJSON *random_value(uint32_t *seed, int depth)
{
    static const char *const texts[] = {"",
                                        "a b",
                                        "\x01\x02\n\"\\/",
                                        "\xc3\xa4\xe6\xa0\x87",
                                        "\xf0\x9f\x98\x80",
                                        "9223372036854775807"};
    switch (random_next(seed) % (depth > 0 ? 6 : 4)) {
    case 0:
        return cJSON_CreateNumber((double)(int32_t)random_next(seed) - 8000000);
    case 1:
        return cJSON_CreateBool(random_next(seed) % 2 == 0);
    case 2:
        return cJSON_CreateNull();
    case 3:
        return cJSON_CreateString(texts[random_next(seed) % RKMQ_COUNT_OF(texts)]);
    default:
        break;
    }
    bool is_object = random_next(seed) % 2 == 0;
    cJSON *container = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
    for (uint32_t n = random_next(seed) % 5; n > 0; n--) {
        char name[16];
        (void)snprintf(name, sizeof name, "k\t%u", n); /* fits */
        cJSON *child = random_value(seed, depth - 1);
        (void)(is_object ? cJSON_AddItemToObject(container, name, child)
                         : cJSON_AddItemToArray(container, child)); /* dies with the container */
    }
    return container;
}

static void compare(const struct rkmq_json *ours, const cJSON *theirs, struct rkmq_arena *arena)
{
    struct rkmq_json key, value;
    struct rkmq_slice text;
    int64_t n = 0;
    if (cJSON_IsString(theirs)) {
        assert_int_equal(rkmq__json_as_text(ours, arena, &text), RKMQ_OK);
        assert_true(rkmq__slice_is(text, theirs->valuestring));
    } else if (cJSON_IsNumber(theirs)) {
        assert_int_equal(rkmq__json_as_i64(ours, &n), RKMQ_OK);
        assert_true((double)n == theirs->valuedouble);
    } else if (cJSON_IsBool(theirs)) {
        assert_true(
            rkmq__json_is(ours, cJSON_IsTrue(theirs) ? RKMQ_SLICE("true") : RKMQ_SLICE("false")));
    } else if (cJSON_IsNull(theirs)) {
        assert_int_equal(ours->type, RKMQ_JSON_NULL);
    } else {
        struct rkmq_json_iter it = rkmq__json_each(ours);
        const cJSON *child = theirs->child;
        while (cJSON_IsObject(theirs) ? rkmq__json_next_member(&it, &key, &value)
                                      : rkmq__json_next_element(&it, &value)) {
            assert_non_null(child);
            if (cJSON_IsObject(theirs)) {
                assert_true(rkmq__json_is(&key, rkmq__slice_of(child->string)));
            }
            compare(&value, child, arena);
            child = child->next;
        }
        assert_null(child);
    }
}

static void test_against_cjson(void **state)
{
    /* What cJSON prints, tight or with space, our reader sees as the same tree. */
    struct test_mem tm;
    uint32_t seed = 20261124;
    (void)state;
    print_message("seed %u\n", seed);
    test_mem_init(&tm);
    for (int i = 0; i < 500; i++) {
        struct rkmq_arena arena;
        cJSON *theirs = random_value(&seed, 4);
        char *text = i % 2 ? cJSON_Print(theirs) : cJSON_PrintUnformatted(theirs);
        struct rkmq_json ours = parse(text);
        rkmq__arena_init(&arena, &tm.mem);
        compare(&ours, theirs, &arena);
        rkmq__arena_close(&arena);
        cJSON_free(text);
        cJSON_Delete(theirs);
    }
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_good),
        cmocka_unit_test(test_parse_bad),
        cmocka_unit_test(test_parse_every_cut),
        cmocka_unit_test(test_parse_depth),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_member),
        cmocka_unit_test(test_pass_over),
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_every_pair),
        cmocka_unit_test(test_scan_pair),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_narrow_scalars),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_double),
        cmocka_unit_test(test_against_cjson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
