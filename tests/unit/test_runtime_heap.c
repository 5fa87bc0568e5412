/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/heap.h"
#include "runtime/random.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

struct thing {
    size_t heap_index;
    int64_t at;
    uint64_t order;
};

#define N_THINGS 5000

static void put(struct rkmq__heap *heap, struct thing *thing, void *owner)
{
    rkmq__heap_put(heap, &(struct rkmq__heap_entry){.at = thing->at,
                                                    .order = thing->order,
                                                    .index = &thing->heap_index,
                                                    .owner = owner});
}

/* Takes all out and checks their order; returns how many there were. */
static size_t assert_sorted(struct rkmq__heap *heap)
{
    size_t n = 0;
    int64_t at = INT64_MIN;
    uint64_t order = 0;
    const struct rkmq__heap_entry *top;
    while ((top = rkmq__heap_top(heap))) {
        assert_true(top->at > at || (top->at == at && top->order > order));
        at = top->at;
        order = top->order;
        size_t *index = top->index;
        rkmq__heap_remove(heap, index);
        assert_int_equal(*index, 0);
        n++;
    }
    return n;
}

static void random_changes_keep_the_order(void **state)
{
    /* Things put, removed from anywhere and put again come out by time, then by order of entry. */
    (void)state;
    struct test_mem tm;
    test_mem_init(&tm);
    struct rkmq__heap heap;
    assert_int_equal(rkmq__heap_init(&heap, &tm.mem), RKMQ_OK);
    static struct thing things[N_THINGS];
    memset(things, 0, sizeof things);
    uint64_t rand = 1, order = 0;
    for (int i = 0; i < 50000; i++) {
        struct thing *thing = &things[rkmq__random_below(&rand, N_THINGS)];
        rkmq__heap_remove(&heap, &thing->heap_index); /* of one not in it: nothing */
        if (rkmq__random_below(&rand, 3) > 0) {
            thing->at = (int64_t)rkmq__random_below(&rand, 100) - 50;
            thing->order = ++order;
            put(&heap, thing, NULL);
        }
    }
    size_t n = 0;
    for (size_t i = 0; i < N_THINGS; i++) {
        n += things[i].heap_index != 0;
    }
    assert_true(n > N_THINGS / 2);
    assert_int_equal(assert_sorted(&heap), n);
    rkmq__heap_close(&heap);
    test_mem_assert_empty(&tm);
}

static void an_owner_leaves(void **state)
{
    /* Removing all of one owner leaves the others', in order. */
    (void)state;
    struct rkmq__heap heap;
    struct test_mem tm;
    test_mem_init(&tm);
    assert_int_equal(rkmq__heap_init(&heap, &tm.mem), RKMQ_OK);
    struct thing things[1000] = {0};
    int owners[3];
    for (size_t i = 0; i < 1000; i++) {
        things[i].at = (int64_t)(i * 7919 % 1000);
        things[i].order = i + 1;
        put(&heap, &things[i], &owners[i % 3]);
    }
    rkmq__heap_remove_owner(&heap, &owners[1]);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(things[i].heap_index == 0, i % 3 == 1);
    }
    assert_int_equal(assert_sorted(&heap), 667);
    rkmq__heap_close(&heap);
    test_mem_assert_empty(&tm);
}

static void growing_may_fail_for_a_while(void **state)
{
    /* The heap asks for room early: with memory out, a heap that is half full takes as many again,
     * and grows when there is memory. */
    (void)state;
    struct rkmq__heap heap;
    struct test_mem tm;
    test_mem_init(&tm);
    tm.fail_at = 0;
    assert_int_equal(rkmq__heap_init(&heap, &tm.mem), RKMQ_E_NOMEM);
    rkmq__heap_close(&heap);
    tm.fail_at = -1;
    assert_int_equal(rkmq__heap_init(&heap, &tm.mem), RKMQ_OK);
    struct thing things[1000] = {0};
    size_t n_max = heap.n_max, n = 0;
    tm.n_calls = 0;
    tm.fail_at = 0;
    for (; n < n_max; n++) {
        things[n].order = n + 1;
        put(&heap, &things[n], NULL);
    }
    assert_true(tm.n_calls > 1);
    rkmq__heap_remove(&heap, &things[--n].heap_index);
    tm.fail_at = -1;
    for (; n < 1000; n++) {
        things[n].order = n + 1;
        put(&heap, &things[n], NULL);
    }
    assert_int_equal(assert_sorted(&heap), 1000);
    rkmq__heap_close(&heap);
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_keep_the_order),
        cmocka_unit_test(an_owner_leaves),
        cmocka_unit_test(growing_may_fail_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
