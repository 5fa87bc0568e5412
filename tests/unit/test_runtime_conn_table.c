/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/conn_table.h"
#include "runtime/random.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define N_LIVE 3000

static void ids_find_their_values(void **state)
{
    /* Through many random additions and removals every live id finds its value, removed and
     * unknown ids find nothing, and no id comes twice. */
    (void)state;
    struct test_mem tm;
    test_mem_init(&tm);
    struct rkmq__conn_table table;
    rkmq__conn_table_init(&table, &tm.mem);
    static rkmq_conn ids[N_LIVE];
    memset(ids, 0, sizeof ids);
    uint64_t rand = 1;
    rkmq_conn last = 0;
    assert_null(rkmq__conn_table_get(&table, 1));
    for (int i = 0; i < 100000; i++) {
        size_t k = (size_t)rkmq__random_below(&rand, N_LIVE);
        if (ids[k] == 0) {
            assert_int_equal(rkmq__conn_table_add(&table, &ids[k], &ids[k]), RKMQ_OK);
            assert_int_equal(ids[k], last + 1);
            last = ids[k];
        } else {
            assert_ptr_equal(rkmq__conn_table_get(&table, ids[k]), &ids[k]);
            rkmq__conn_table_remove(&table, ids[k]);
            assert_null(rkmq__conn_table_get(&table, ids[k]));
            ids[k] = 0;
        }
    }
    size_t n = 0;
    for (size_t k = 0; k < N_LIVE; k++) {
        if (ids[k] != 0) {
            assert_ptr_equal(rkmq__conn_table_get(&table, ids[k]), &ids[k]);
            n++;
        }
    }
    assert_int_equal(table.n, n);
    assert_null(rkmq__conn_table_get(&table, 0));
    assert_null(rkmq__conn_table_get(&table, last + 1));
    rkmq__conn_table_close(&table);
    rkmq__conn_table_close(&table);
    test_mem_assert_empty(&tm);
}

static int add_100(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq__conn_table table;
    rkmq__conn_table_init(&table, mem);
    int status = RKMQ_OK;
    rkmq_conn id = 0;
    for (rkmq_conn i = 1; i <= 100 && status == RKMQ_OK; i++) {
        status = rkmq__conn_table_add(&table, arg, &id);
        assert_int_equal(id, status == RKMQ_OK ? i : 0);
        assert_ptr_equal(rkmq__conn_table_get(&table, 1), i > 1 || status == RKMQ_OK ? arg : NULL);
    }
    rkmq__conn_table_close(&table);
    return status;
}

static void growing_may_fail(void **state)
{
    /* An addition without memory says so and leaves the table as it was. */
    int value;
    (void)state;
    assert_int_equal(test_mem_fail_each(add_100, &value), 4); /* 32, 64, 128, 256 slots */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_find_their_values),
        cmocka_unit_test(growing_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
