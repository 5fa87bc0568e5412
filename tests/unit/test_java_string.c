/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

static void test_vectors(void **state)
{
    /* What String.hashCode gives, by the reference. */
    static const struct {
        const char *text;
        int32_t hash;
    } rows[] = {
        {"TagA", 2598919},
        {"TagB", 2598920},
        {"TagC", 2598921},
        {"*", 42},
        {"a", 97},
        {"", 0},
        {"TopicTest", -1902610879},
        {"_RECALL_TAG_", -847619372},
        {"\xe6\xa0\x87\xe7\xad\xbe", 857175},
        {"zzzzzzzzzzzz", 1097476992},
        {"AaAa", 2031744},
        {"BBBB", 2031744},
        /* U+1F600 is two UTF-16 units: 31 * 0xD83D + 0xDE00 */
        {"\xf0\x9f\x98\x80", 31 * 0xD83D + 0xDE00},
        {"\xf4\x8f\xbf\xbf", 31 * 0xDBFF + 0xDFFF}, /* the last code point */
        {"\xc2\x80", 0x80},
        {"\xef\xbf\xbf", 0xFFFF},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        assert_int_equal(rkmq_java_string_hash(rkmq__slice_of(rows[i].text)), rows[i].hash);
    }
    assert_int_equal(rkmq_java_string_hash((struct rkmq_slice){NULL, 0}), 0);
    assert_int_equal(rkmq_java_string_hash(RKMQ_SLICE("\0\0")), 0);
    assert_int_equal(rkmq_java_string_hash(RKMQ_SLICE("\1\0")), 31);
}

static void test_malformed(void **state)
{
    /* Each byte that belongs to no character counts as one U+FFFD, and the text goes on behind it.
     */
    static const struct {
        const char *text;
        const char *as; /* R: the replacement character */
    } rows[] = {
        {"\x80", "R"},
        {"\xff", "R"},
        {"a\xc3", "aR"},
        {"\xc3z", "Rz"},
        {"\xe6\xa0", "RR"},
        {"\xe6\xa0z", "RRz"},
        {"\xf0\x9f\x98", "RRR"},
        {"\xc0\x80", "RR"},           /* overlong NUL */
        {"\xe0\x80\x80", "RRR"},      /* overlong */
        {"\xf0\x80\x80\x80", "RRRR"}, /* overlong */
        {"\xed\xa0\x80", "RRR"},      /* a surrogate */
        {"\xf4\x90\x80\x80", "RRRR"}, /* above U+10FFFF */
        {"\xf8\x88\x80\x80", "RRRR"}, /* no leading byte */
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint32_t expected = 0;
        for (const char *p = rows[i].as; *p; p++) {
            expected = 31 * expected + (*p == 'R' ? 0xFFFDu : (uint8_t)*p);
        }
        assert_int_equal((uint32_t)rkmq_java_string_hash(rkmq__slice_of(rows[i].text)), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
