/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/protocol/bodies.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define VERSION_MS 1700000000000

static void test_build(void **state)
{
    /* Tags are what stands between double bars, trimmed, each once; all is "*", empty or absent;
     * only bars are an error. The text stays as the user wrote it. */
    static const struct {
        const char *expression;
        int status;
        const char *sub_string;
        const char *tags; /* with commas between */
    } rows[] = {
        {"*", RKMQ_OK, "*", ""},
        {"", RKMQ_OK, "*", ""},
        {NULL, RKMQ_OK, "*", ""},
        {"TagA", RKMQ_OK, "TagA", "TagA"},
        {"TagA||TagB", RKMQ_OK, "TagA||TagB", "TagA,TagB"},
        {" TagA || TagB ", RKMQ_OK, " TagA || TagB ", "TagA,TagB"},
        {"TagA||TagA|| TagA", RKMQ_OK, "TagA||TagA|| TagA", "TagA"},
        {"TagA|TagB", RKMQ_OK, "TagA|TagB", "TagA|TagB"},
        {"||TagA||", RKMQ_OK, "||TagA||", "TagA"},
        {"TagA|| ||TagB", RKMQ_OK, "TagA|| ||TagB", "TagA,TagB"},
        {" ", RKMQ_OK, " ", ""},
        {"* || TagA", RKMQ_OK, "* || TagA", "*,TagA"},
        {"|||", RKMQ_OK, "|||", "|"},
        {"||", RKMQ_E_INVALID, NULL, NULL},
        {"||||", RKMQ_E_INVALID, NULL, NULL},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_arena arena;
        struct rkmq_subscription_data sub;
        char tags[64] = "";
        rkmq__arena_init(&arena, &tm.mem);
        int status = rkmq__subscription_build(RKMQ_SLICE("T"), rkmq__slice_of(rows[i].expression),
                                              VERSION_MS, &arena, &sub);
        assert_int_equal(status, rows[i].status);
        for (size_t k = 0; status == RKMQ_OK && k < sub.n_tags; k++) {
            size_t n = strlen(tags);
            (void)snprintf(tags + n, sizeof tags - n, "%s%.*s", k > 0 ? "," : "",
                           RKMQ_SLICE_ARG(sub.tags[k])); /* fits */
            assert_int_equal(sub.codes[k], rkmq_java_string_hash(sub.tags[k]));
        }
        if (status == RKMQ_OK) {
            assert_string_equal(tags, rows[i].tags);
            assert_int_equal(sub.n_codes, sub.n_tags);
            assert_true(rkmq__slice_is(sub.sub_string, rows[i].sub_string));
            assert_true(rkmq__slice_is(sub.topic, "T"));
            assert_true(rkmq__slice_is(sub.expression_type, "TAG"));
            assert_true(sub.sub_version == VERSION_MS);
            assert_false(sub.is_class_filter);
        }
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

static void test_matches(void **state)
{
    /* The broker goes by the code, so that a tag with the same code passes it; the client goes by
     * the text. */
    static const struct {
        const char *expression, *tag;
        bool is_code, is_tag;
    } rows[] = {
        {"*", "TagA", true, true},       {"*", "", true, true},
        {"TagA", "TagA", true, true},    {"TagA", "TagB", false, false},
        {"TagA", "", false, false},      {"AaAa", "BBBB", true, false},
        {"x||TagA", "TagA", true, true}, {"* || TagA", "TagB", false, false},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_arena arena;
        struct rkmq_subscription_data sub;
        struct rkmq_slice tag = rkmq__slice_of(rows[i].tag);
        rkmq__arena_init(&arena, &tm.mem);
        assert_int_equal(rkmq__subscription_build(RKMQ_SLICE("T"),
                                                  rkmq__slice_of(rows[i].expression), VERSION_MS,
                                                  &arena, &sub),
                         RKMQ_OK);
        assert_int_equal(rkmq__subscription_matches_code(&sub, rkmq_java_string_hash(tag)),
                         rows[i].is_code);
        assert_int_equal(rkmq__subscription_matches_tag(&sub, tag), rows[i].is_tag);
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

static int build_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_arena arena;
    struct rkmq_subscription_data sub;
    rkmq__arena_init(&arena, mem);
    int status = rkmq__subscription_build(RKMQ_SLICE("T"), *(const struct rkmq_slice *)arg,
                                          VERSION_MS, &arena, &sub);
    rkmq__arena_close(&arena);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    /* Whichever allocation fails, the answer is RKMQ_E_NOMEM and nothing is left behind; the
     * expression is so long that it needs several. */
    static char text[40000];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 10 < 2 ? '|' : (char)('a' + i / 10 % 26);
    }
    struct rkmq_slice expression = rkmq__slice(text, sizeof text);
    assert_true(test_mem_fail_each(build_step, &expression) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
