/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/tree.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define FILE_NAME "f"

/* Reads `text`; writes the tree, or the mistakes, into `out`. Returns the status of the reader. */
static int read_and_write(const struct rkmq_mem *mem, struct rkmq_slice text,
                          struct rkmq_bytes *out)
{
    struct rkmq_arena arena;
    struct rkmq_mistakes mistakes;
    struct rkmq_tree *tree;
    rkmq__arena_init(&arena, mem);
    rkmq__mistakes_init(&mistakes, &arena);
    int status = rkmq__tree_read(text, &arena, &mistakes, &tree);
    if (status == RKMQ_OK) {
        rkmq__tree_write(tree, out);
    } else {
        rkmq__mistakes_write(&mistakes, FILE_NAME, text, out);
    }
    status = mistakes.is_out_of_memory || out->is_failed ? RKMQ_E_NOMEM : status;
    rkmq__arena_close(&arena);
    return status;
}

struct row {
    const char *text, *expected;
};

static void run_rows(const struct row *rows, size_t n, int status)
{
    struct test_mem tm;
    test_mem_init(&tm);
    for (size_t i = 0; i < n; i++) {
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(read_and_write(&tm.mem, rkmq__slice_of(rows[i].text), &out), status);
        rkmq__bytes_add(&out, "", 1);
        assert_string_equal((const char *)out.p, rows[i].expected);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_accepts(void **state)
{
    /* Strict JSON with comments is read whole: the tree, written again, is the text without its
     * comments and spaces. */
    static const struct row rows[] = {
        {"1", "1"},
        {" \t\r\n-0.5e+7 ", "-0.5e+7"},
        {"\"\"", "\"\""},
        {"true", "true"},
        {"null", "null"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[[],[[]],{}]", "[[],[[]],{}]"},
        {"{ \"a\" : [ 1 , { \"b\" : false } ] , \"c\" : \"d\" }",
         "{\"a\":[1,{\"b\":false}],\"c\":\"d\"}"},
        {"// one\n/* two\n *** */[1,//three\n2/**/]// four", "[1,2]"},
        {"\"http://x /* y */\"", "\"http://x /* y */\""},
        {"\"\\\"\\\\\\/\\n\\u0041\\u00e9\\ud83d\\ude00\"",
         "\"\\\"\\\\/\\nA\xC3\xA9\xF0\x9F\x98\x80\""},
        {"\"\xC3\xA9\xE2\x82\xAC\xF4\x8F\xBF\xBF\"", "\"\xC3\xA9\xE2\x82\xAC\xF4\x8F\xBF\xBF\""},
    };
    (void)state;
    run_rows(rows, RKMQ_COUNT_OF(rows), RKMQ_OK);
}

static void test_refuses(void **state)
{
    /* Every breach of the grammar is refused with its line, its column in characters, and what was
     * expected. */
    static const struct row rows[] = {
        {"", "f:1:1: a value expected, not the end of the file\n"},
        {"\n  ", "f:2:3: a value expected, not the end of the file\n"},
        {"{", "f:1:2: a name in double quotes expected, not the end of the file\n"},
        {"[1", "f:1:3: ',' or ']' expected, not the end of the file\n"},
        {"[1 2]", "f:1:4: ',' or ']' expected, not '2'\n"},
        {"[1,]", "f:1:3: no comma may stand before the closing bracket\n"},
        {"{\"a\":1,\n}", "f:1:7: no comma may stand before the closing bracket\n"},
        {"[,1]", "f:1:2: a value expected, not ','\n"},
        {"[}", "f:1:2: a value expected, not '}'\n"},
        {"{a:1}", "f:1:2: a name in double quotes expected, not 'a'\n"},
        {"{'a':1}", "f:1:2: a name in double quotes expected, not '''\n"},
        {"{\"a\" 1}", "f:1:6: ':' expected behind \"a\", not '1'\n"},
        {"{\"a\":}", "f:1:6: a value expected, not '}'\n"},
        {"[1]x", "f:1:4: the end of the file expected, not 'x'\n"},
        {"[\x01]", "f:1:2: a value expected, not 0x01\n"},
        {"[50ms]", "f:1:2: malformed number 50ms; a duration stands in quotes\n"},
        {"[01]", "f:1:2: malformed number 01; a duration stands in quotes\n"},
        {"[1.]", "f:1:2: malformed number 1.; a duration stands in quotes\n"},
        {"[-]", "f:1:2: malformed number -; a duration stands in quotes\n"},
        {"[1e]", "f:1:2: malformed number 1e; a duration stands in quotes\n"},
        {"[yes]", "f:1:2: yes needs quotes around it\n"},
        {"[+1]", "f:1:2: +1 needs quotes around it\n"},
        {"\"a\nb\"", "f:1:1: this text has no closing quote on its line\n"},
        {"\"a", "f:1:1: this text has no closing quote on its line\n"},
        {"\"\\x\"", "f:1:2: unknown escape in a text\n"},
        {"\"\\u12g4\"", "f:1:2: \\u takes four hexadecimal digits\n"},
        {"\"a\tb\"", "f:1:3: a text is UTF-8 without control characters, not byte 0x09\n"},
        {"\"\x80\"", "f:1:2: a text is UTF-8 without control characters, not byte 0x80\n"},
        {"\"\xC0\x80\"", "f:1:2: a text is UTF-8 without control characters, not byte 0xc0\n"},
        {"\"\xE0\x80\x80\"", "f:1:2: a text is UTF-8 without control characters, not byte 0xe0\n"},
        {"\"\xED\xA0\x80\"", "f:1:2: a text is UTF-8 without control characters, not byte 0xed\n"},
        {"\"\xF5\x80\x80\x80\"",
         "f:1:2: a text is UTF-8 without control characters, not byte 0xf5\n"},
        {"[\"\xC3\xA9\xC3\xA9\", x]", "f:1:8: x needs quotes around it\n"},
        {"[1, / 2]", "f:1:5: a comment starts with \"//\" or \"/*\"\n"},
        {"[1, /* 2]", "f:1:5: this comment has no end\n"},
        {"{\"a\":1,\n \"b\":2,\n \"a\":3}", "f:3:2: \"a\" stands twice, first in line 1\n"},
        {"{\"a\":1,\"a\":2,\"x\":{\"b\":1,\"b\":1}}",
         "f:1:8: \"a\" stands twice, first in line 1\n"
         "f:1:25: \"b\" stands twice, first in line 1\n"},
    };
    (void)state;
    run_rows(rows, RKMQ_COUNT_OF(rows), RKMQ_E_INVALID);
}

static void repeat(struct rkmq_bytes *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rkmq__bytes_add_text(out, text);
    }
}

static void test_limits(void **state)
{
    /* Depth, names of an object and values of a file are accepted up to their limits and refused
     * one above. */
    static const struct {
        size_t n;
        int kind; /* 0 depth, 1 names, 2 values */
        const char *expected;
    } rows[] = {
        {RKMQ_TREE_DEPTH_MAX, 0, NULL},
        {RKMQ_TREE_DEPTH_MAX + 1, 0, "f:1:33: nested deeper than 32\n"},
        {RKMQ_TREE_MEMBERS_MAX, 1, NULL},
        {RKMQ_TREE_MEMBERS_MAX + 1, 1, "f:1025:1: more than 1024 names in one object\n"},
        {RKMQ_TREE_NODES_MAX - 1, 2, NULL},
        {RKMQ_TREE_NODES_MAX, 2, "f:100000:1: more than 100000 values\n"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_bytes text, out;
        rkmq__bytes_init(&text, &tm.mem);
        rkmq__bytes_init(&out, &tm.mem);
        if (rows[i].kind == 0) {
            repeat(&text, "[", rows[i].n);
            repeat(&text, "]", rows[i].n);
        } else {
            rkmq__bytes_add_text(&text, rows[i].kind == 1 ? "{" : "[");
            for (size_t k = 0; k < rows[i].n; k++) {
                rkmq__bytes_add_text(&text, k > 0 ? ",\n" : "");
                rkmq__bytes_printf(&text, rows[i].kind == 1 ? "\"%zu\":1" : "%zu", k);
            }
            rkmq__bytes_add_text(&text, rows[i].kind == 1 ? "}" : "]");
        }
        int status = read_and_write(&tm.mem, rkmq__bytes_slice(&text), &out);
        assert_int_equal(status, rows[i].expected ? RKMQ_E_INVALID : RKMQ_OK);
        if (rows[i].expected) {
            rkmq__bytes_add(&out, "", 1);
            assert_string_equal((const char *)out.p, rows[i].expected);
        }
        rkmq__bytes_close(&text);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_pointers(void **state)
{
    /* A JSON Pointer leads to the value it names, and to nothing when a step has no match. */
    static const struct row rows[] = {
        {"", "{\"a\":[1,{\"b/c\":2,\"d~\":3}],\"\":4}"},
        {"/a", "[1,{\"b/c\":2,\"d~\":3}]"},
        {"/a/0", "1"},
        {"/a/1/b~1c", "2"},
        {"/a/1/d~0", "3"},
        {"/", "4"},
        {"/b", NULL},
        {"/a/2", NULL},
        {"/a/-", NULL},
        {"/a/00", NULL},
        {"/a/99999999999999999999", NULL},
        {"/a/0/x", NULL},
        {"/a/1/b", NULL},
        {"a", NULL},
    };
    struct test_mem tm;
    struct rkmq_arena arena;
    struct rkmq_mistakes mistakes;
    struct rkmq_tree *tree;
    (void)state;
    test_mem_init(&tm);
    rkmq__arena_init(&arena, &tm.mem);
    rkmq__mistakes_init(&mistakes, &arena);
    assert_int_equal(rkmq__tree_read(rkmq__slice_of(rows[0].expected), &arena, &mistakes, &tree),
                     RKMQ_OK);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        const struct rkmq_tree *found = rkmq__tree_at(tree, rkmq__slice_of(rows[i].text));
        assert_int_equal(found != NULL, rows[i].expected != NULL);
        if (found) {
            struct rkmq_bytes out;
            rkmq__bytes_init(&out, &tm.mem);
            rkmq__tree_write(found, &out);
            assert_true(rkmq__slice_is(rkmq__bytes_slice(&out), rows[i].expected));
            rkmq__bytes_close(&out);
        }
    }
    rkmq__arena_close(&arena);
    test_mem_assert_empty(&tm);
}

static void test_equal(void **state)
{
    /* Two trees are equal when types, texts, names and order are. */
    static const struct {
        const char *a, *b;
        bool is_equal;
    } rows[] = {
        {"1", "1", true},
        {"1", "1.0", false},
        {"1", "\"1\"", false},
        {"[1,[2]]", "[1,[2]]", true},
        {"[1,[2]]", "[1,[2],3]", false},
        {"[[1],2]", "[[1,2]]", false},
        {"{\"a\":1}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"[]", "{}", false},
        {"\"\\u0041\"", "\"A\"", true},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_arena arena;
        struct rkmq_mistakes mistakes;
        struct rkmq_tree *a, *b;
        rkmq__arena_init(&arena, &tm.mem);
        rkmq__mistakes_init(&mistakes, &arena);
        assert_int_equal(rkmq__tree_read(rkmq__slice_of(rows[i].a), &arena, &mistakes, &a), 0);
        assert_int_equal(rkmq__tree_read(rkmq__slice_of(rows[i].b), &arena, &mistakes, &b), 0);
        assert_int_equal(rkmq__tree_equal(a, b), rows[i].is_equal);
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

static void test_nearest(void **state)
{
    /* The hint is the name with the fewest typing errors, the first of equals, and none when the
     * names have little in common. */
    static const struct {
        const char *wanted;
        const char *names[4];
        const char *hint;
    } rows[] = {
        {"lisener", {"cost", "listener", "group"}, "; did you mean \"listener\"?"},
        {"gruop", {"group", "groups"}, "; did you mean \"group\"?"},
        {"GROUP", {"groups", "group"}, "; did you mean \"group\"?"},
        {"c3", {"c1", "c2"}, "; did you mean \"c1\"?"},
        {"x", {"y"}, ""},
        {"bananas", {"group", "listener"}, ""},
        {"", {"a"}, ""},
        {"x23456789012345678901234567890123456789012345678901234567890123456789",
         {"x2345678901234567890123456789012345678901234567890123456789012345"},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_nearest nearest;
        char hint[RKMQ_NEAREST_HINT_BYTES];
        rkmq__nearest_init(&nearest, rkmq__slice_of(rows[i].wanted));
        for (size_t k = 0; k < 4 && rows[i].names[k]; k++) {
            rkmq__nearest_offer(&nearest, rkmq__slice_of(rows[i].names[k]));
        }
        assert_string_equal(rkmq__nearest_hint(&nearest, hint), rows[i].hint);
    }
}

static void test_mistakes(void **state)
{
    /* Mistakes come in the order of their places, once each; above the limit the first places are
     * kept and the rest is counted. */
    struct test_mem tm;
    struct rkmq_arena arena;
    struct rkmq_mistakes m;
    struct rkmq_bytes out, text;
    (void)state;
    test_mem_init(&tm);
    rkmq__arena_init(&arena, &tm.mem);
    rkmq__mistakes_init(&m, &arena);
    rkmq__bytes_init(&out, &tm.mem);
    rkmq__bytes_init(&text, &tm.mem);
    repeat(&text, "\n", 100);
    rkmq__mistakes_add(&m, 2, "b");
    rkmq__mistakes_add(&m, 0, "a");
    rkmq__mistakes_add(&m, 2, "c");
    rkmq__mistakes_add(&m, 2, "b");
    rkmq__mistakes_write(&m, FILE_NAME, rkmq__bytes_slice(&text), &out);
    assert_true(rkmq__slice_is(rkmq__bytes_slice(&out), "f:1:1: a\nf:3:1: b\nf:3:1: c\n"));
    for (size_t i = 100; i > 3; i--) {
        rkmq__mistakes_add(&m, i - 1, "n%zu", i);
    }
    assert_int_equal(m.n_all, 100);
    assert_int_equal(m.n, RKMQ_MISTAKES_MAX);
    assert_int_equal(m.at[RKMQ_MISTAKES_MAX - 1].offset, RKMQ_MISTAKES_MAX - 1);
    rkmq__bytes_clear(&out);
    rkmq__mistakes_write(&m, FILE_NAME, rkmq__bytes_slice(&text), &out);
    rkmq__bytes_add(&out, "", 1);
    assert_non_null(strstr((const char *)out.p, "f:50:1: n50\nf: and 50 more\n"));
    rkmq__bytes_close(&out);
    rkmq__bytes_close(&text);
    rkmq__arena_close(&arena);
    test_mem_assert_empty(&tm);
}

static void test_lays_out(void **state)
{
    /* What fits into 100 columns stands on one line, the rest a child a line; read again it is the
     * same tree. */
    static const struct row rows[] = {
        {"7", "7"},
        {"{}", "{}"},
        {"{\"a\":{},\"b\":[]}", "{\n  \"a\": {},\n  \"b\": []\n}"},
        {"[1,{\"a\":[true,null]}]", "[\n  1,\n  { \"a\": [true, null] }\n]"},
        {"{\"list\":[\"11111111111111111111111111111111111111\","
         "\"22222222222222222222222222222222222222222222\"],\"n\":1}",
         "{\n  \"list\": [\n    \"11111111111111111111111111111111111111\",\n"
         "    \"22222222222222222222222222222222222222222222\"\n  ],\n  \"n\": 1\n}"},
        {"{\"list\":[\"1111111111111111111111111111111111111\","
         "\"22222222222222222222222222222222222222222222\"],\"n\":1}",
         "{\n  \"list\": [\"1111111111111111111111111111111111111\", "
         "\"22222222222222222222222222222222222222222222\"],\n  \"n\": 1\n}"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_arena arena;
        struct rkmq_mistakes mistakes;
        struct rkmq_tree *tree, *again;
        struct rkmq_bytes out;
        rkmq__arena_init(&arena, &tm.mem);
        rkmq__mistakes_init(&mistakes, &arena);
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(rkmq__tree_read(rkmq__slice_of(rows[i].text), &arena, &mistakes, &tree),
                         RKMQ_OK);
        rkmq__tree_lay_out(tree, &out);
        assert_int_equal(rkmq__tree_read(rkmq__bytes_slice(&out), &arena, &mistakes, &again),
                         RKMQ_OK);
        assert_true(rkmq__tree_equal(tree, again));
        rkmq__bytes_add(&out, "", 1);
        assert_string_equal((const char *)out.p, rows[i].expected);
        rkmq__bytes_close(&out);
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

static int step_out_of_memory(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_bytes out;
    rkmq__bytes_init(&out, mem);
    int status = read_and_write(mem, rkmq__slice_of(arg), &out);
    rkmq__bytes_close(&out);
    return status == RKMQ_E_INVALID ? RKMQ_OK : status;
}

static void test_out_of_memory(void **state)
{
    /* Whichever allocation fails, for a good text and a bad one: the reader says so and leaves
     * nothing behind. */
    char good[] = "{\"a\":[1,{\"b\":\"c\"}],\"d\":\"e\"}", bad[] = "{\"a\":1,\"a\":\"x";
    (void)state;
    assert_true(test_mem_fail_each(step_out_of_memory, good) > 0);
    assert_true(test_mem_fail_each(step_out_of_memory, bad) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),       cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_equal),         cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_mistakes),      cmocka_unit_test(test_lays_out),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
