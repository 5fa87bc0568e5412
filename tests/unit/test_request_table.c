/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/request_table.h"

#include "support/cmocka_all.h"
#include "support/mem.h"

static void no_answer(void *user, int status, const struct rkmq_command *answer,
                      const struct rkmq_err *err)
{
    (void)user, (void)status, (void)answer, (void)err;
}

static struct rkmq_call call_of(int32_t opaque, rkmq_ms due, void *user)
{
    return (struct rkmq_call){.opaque = opaque, .due = due, .fn = no_answer, .user = user};
}

static void test_order(void **state)
{
    /* Calls come by due time, equal ones as they were added, whatever their numbers. */
    static const struct {
        int32_t opaque;
        rkmq_ms due;
    } in[] = {{7, 300}, {INT32_MIN, 100}, {-1, 300}, {8, 200}, {INT32_MAX, 100}, {9, 400}};
    static const int32_t out[] = {INT32_MIN, INT32_MAX, 8, 7, -1, 9};
    struct test_mem tm;
    struct rkmq_request_table t;
    (void)state;
    test_mem_init(&tm);
    rkmq__request_table_init(&t, &tm.mem);
    assert_null(rkmq__request_table_first(&t));
    for (size_t i = 0; i < RKMQ_COUNT_OF(in); i++) {
        struct rkmq_call call = call_of(in[i].opaque, in[i].due, NULL);
        assert_int_equal(rkmq__request_table_add(&t, &call), RKMQ_OK);
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(out); i++) {
        struct rkmq_call call;
        assert_int_equal(rkmq__request_table_first(&t)->opaque, out[i]);
        assert_true(rkmq__request_table_take(&t, out[i], &call));
        assert_int_equal(call.opaque, out[i]);
        assert_false(rkmq__request_table_take(&t, out[i], &call));
    }
    assert_null(rkmq__request_table_first(&t));
    rkmq__request_table_close(&t);
    test_mem_assert_empty(&tm);
}

static void test_many_and_forget(void **state)
{
    /* The table takes RKMQ_CALLS_MAX calls and no more; forgetting one user leaves the other's. */
    struct test_mem tm;
    struct rkmq_request_table t;
    int a, b;
    (void)state;
    test_mem_init(&tm);
    rkmq__request_table_init(&t, &tm.mem);
    for (int32_t i = 0; i < RKMQ_CALLS_MAX; i++) {
        struct rkmq_call call = call_of(i, 1000, i % 3 ? &a : &b);
        assert_int_equal(rkmq__request_table_add(&t, &call), RKMQ_OK);
    }
    struct rkmq_call more = call_of(-5, 1, &a);
    assert_int_equal(rkmq__request_table_add(&t, &more), RKMQ_E_LIMIT);
    rkmq__request_table_forget(&t, &a);
    assert_int_equal(t.n, RKMQ_CALLS_MAX / 3);
    for (int32_t i = 0; i < RKMQ_CALLS_MAX; i++) {
        assert_int_equal(rkmq__request_table_has(&t, i), i % 3 == 0);
    }
    rkmq__request_table_forget(&t, &b);
    assert_int_equal(t.n, 0);
    assert_int_equal(rkmq__request_table_add(&t, &more), RKMQ_OK);
    rkmq__request_table_close(&t);
    test_mem_assert_empty(&tm);
}

static int add_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_request_table t;
    int status = RKMQ_OK;
    rkmq__request_table_init(&t, mem);
    for (int32_t i = 0; i < 40 && status == RKMQ_OK; i++) {
        struct rkmq_call call = call_of(i, i, arg);
        status = rkmq__request_table_add(&t, &call);
        assert_int_equal(rkmq__request_table_has(&t, i), status == RKMQ_OK);
        assert_int_equal(t.n, i + (status == RKMQ_OK));
    }
    rkmq__request_table_close(&t);
    return status;
}

static void test_no_memory(void **state)
{
    /* An add that fails leaves the table as it was. */
    (void)state;
    assert_int_equal(test_mem_fail_each(add_step, NULL), 40 + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many_and_forget),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
