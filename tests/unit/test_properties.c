/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/base/containers.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/* "name=value;" of every pair that the walk gives. */
static void walk(struct rkmq_slice properties, struct rkmq_bytes *out)
{
    struct rkmq_slice name, value;
    while (rkmq_property_next(&properties, &name, &value) == RKMQ_OK) {
        rkmq__bytes_printf(out, "%.*s=%.*s;", RKMQ_SLICE_ARG(name), RKMQ_SLICE_ARG(value));
    }
    rkmq__bytes_add(out, "", 1);
}

static void test_walk(void **state)
{
    /* A segment counts when it has a name and a value, as in string2messageProperties; the end
     * mark of the last one may be missing. */
    static const struct {
        const char *properties, *pairs;
    } rows[] = {
        {"", ""},
        {"KEYS\001k1\002TAGS\001TagA\002", "KEYS=k1;TAGS=TagA;"},
        {"KEYS\001k1\002TAGS\001TagA", "KEYS=k1;TAGS=TagA;"},
        {"\002\002KEYS\001k1\002\002", "KEYS=k1;"},
        {"KEYS\002A\001b\002", "A=b;"},
        {"KEYS\001\002A\001b\002", "A=b;"},
        {"\001k1\002A\001b\002", "A=b;"},
        {"\001\002\001", ""},
        {"A\001b\001c\002", "A=b\001c;"},
        {"A\001b\002A\001c\002", "A=b;A=c;"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, &tm.mem);
        walk(rkmq__slice_of(rows[i].properties), &out);
        assert_string_equal((const char *)out.p, rows[i].pairs);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_get(void **state)
{
    /* The last pair of a name wins, as in a Java map; only the whole name counts. */
    struct rkmq_slice properties =
        RKMQ_SLICE("TAGS\001a\002KEYS\001k\002TAG\001x\002TAGS\001b\002TAGSS\001c\002TAGS\001");
    (void)state;
    assert_true(rkmq__slice_is(rkmq_property_get(properties, "TAGS"), "b"));
    assert_true(rkmq__slice_is(rkmq_property_get(properties, "TAG"), "x"));
    assert_null(rkmq_property_get(properties, "TAGSSS").p);
    assert_int_equal(rkmq_property_get(properties, "TA").n, 0);
    assert_null(rkmq_property_get((struct rkmq_slice){NULL, 0}, "TAGS").p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
