/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/codes.h"

#include <rkmq/remoting.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

struct row {
    int value;
    const char *name;
};
static const struct row requests[] = {
#define X(name, value) {value, #name},
#include "remoting/protocol/request_codes.def"
#undef X
};
static const struct row responses[] = {
#define X(name, value) {value, #name},
#include "remoting/protocol/response_codes.def"
#undef X
};

static void check(const struct row *rows, size_t n, const char *(*name_of)(int),
                  int (*by_name)(const char *, int *))
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_older_meaning = i > 0 && rows[i - 1].value == rows[i].value;
        assert_true(i == 0 || rows[i - 1].value <= rows[i].value);
        assert_string_equal(name_of(rows[i].value), rows[i - is_older_meaning].name);
        assert_int_equal(by_name(rows[i].name, &v), RKMQ_OK);
        assert_int_equal(v, rows[i].value);
    }
    assert_null(name_of(-5));
    assert_null(name_of(INT32_MAX));
    assert_null(name_of(INT32_MIN));
    assert_int_equal(by_name("NO_SUCH_CODE", &v), RKMQ_E_NOT_FOUND);
}

static void test_code_tables(void **state)
{
    /* Every code of both tables is found by number and by name, and no other is; the tables are in
     * order, on which the search relies; of two meanings of a number the first is given. */
    (void)state;
    check(requests, RKMQ_COUNT_OF(requests), rkmq_request_code_name, rkmq_request_code_by_name);
    check(responses, RKMQ_COUNT_OF(responses), rkmq_response_code_name, rkmq_response_code_by_name);
    assert_string_equal(rkmq_request_code_name(11), "PULL_MESSAGE");
    assert_string_equal(rkmq_response_code_name(17), "TOPIC_NOT_EXIST");
    assert_int_equal(RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, 105);
}

static void test_version_names(void **state)
{
    /* Names stand at their ordinals: the pairs of protocol.md 1.8 and both ends of the list. */
    static const struct row rows[] = {
        {0, "V3_0_0_SNAPSHOT"},  {1, "V3_0_0_ALPHA1"},    {15, "V3_0_0_FINAL"},
        {37, "V3_0_11"},         {121, "V3_4_9"},         {213, "V4_0_0"},
        {317, "V4_5_2"},         {333, "V4_6_0"},         {393, "V4_9_0"},
        {401, "V4_9_4"},         {409, "V4_9_8"},         {413, "V5_0_0"},
        {441, "V5_1_4"},         {453, "V5_2_0"},         {478, "V5_3_3_SNAPSHOT"},
        {479, "V5_3_3"},         {493, "V5_4_0"},         {611, "V5_9_9"},
        {612, "HIGHER_VERSION"}, {613, "HIGHER_VERSION"}, {32767, "HIGHER_VERSION"},
        {-1, "HIGHER_VERSION"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        assert_string_equal(rkmq_version_name(rows[i].value), rows[i].name);
    }
}

static void test_language_names(void **state)
{
    /* Language numbers have their names; others have none. */
    (void)state;
    assert_string_equal(rkmq_language_name(RKMQ_LANGUAGE_JAVA), "JAVA");
    assert_string_equal(rkmq_language_name(13), "NODE_JS");
    assert_null(rkmq_language_name(14));
    assert_null(rkmq_language_name(RKMQ_LANGUAGE_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_tables),
        cmocka_unit_test(test_version_names),
        cmocka_unit_test(test_language_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
