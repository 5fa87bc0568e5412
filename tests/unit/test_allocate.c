/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/consumer.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

#define QUEUES_MAX 64

static void expect(rkmq_allocate_fn *allocate, size_t n_queues, size_t n_members, size_t self,
                   const char *mine)
{
    bool is_mine[QUEUES_MAX];
    char text[QUEUES_MAX + 1] = "";
    memset(is_mine, 1, sizeof is_mine); /* every one must be written */
    allocate(NULL, n_queues, n_members, self, is_mine);
    for (size_t i = 0; i < n_queues; i++) {
        text[i] = is_mine[i] ? 'x' : '.';
        text[i + 1] = '\0';
    }
    assert_string_equal(text, mine);
}

/* AllocateMessageQueueAveragely: the worked cases of the Java class, runs side by side, the first
 * members have one more. */
static void test_averagely(void **state)
{
    (void)state;
    expect(rkmq_allocate_averagely, 5, 2, 0, "xxx..");
    expect(rkmq_allocate_averagely, 5, 2, 1, "...xx");
    expect(rkmq_allocate_averagely, 4, 3, 0, "xx..");
    expect(rkmq_allocate_averagely, 4, 3, 1, "..x.");
    expect(rkmq_allocate_averagely, 4, 3, 2, "...x");
    expect(rkmq_allocate_averagely, 2, 3, 1, ".x");
    expect(rkmq_allocate_averagely, 2, 3, 2, "..");
    expect(rkmq_allocate_averagely, 1, 1, 0, "x");
    expect(rkmq_allocate_averagely, 8, 2, 1, "....xxxx");
}

static void test_by_circle(void **state)
{
    (void)state;
    expect(rkmq_allocate_averagely_by_circle, 5, 2, 0, "x.x.x");
    expect(rkmq_allocate_averagely_by_circle, 5, 2, 1, ".x.x.");
    expect(rkmq_allocate_averagely_by_circle, 2, 3, 2, "..");
}

/* Whatever the numbers, every queue has exactly one owner and sizes differ by one at most. */
static void test_partition(void **state)
{
    static rkmq_allocate_fn *const strategies[] = {rkmq_allocate_averagely,
                                                   rkmq_allocate_averagely_by_circle};
    (void)state;
    for (size_t s = 0; s < RKMQ_COUNT_OF(strategies); s++) {
        for (size_t n_queues = 1; n_queues <= QUEUES_MAX; n_queues++) {
            for (size_t n_members = 1; n_members <= 20; n_members++) {
                unsigned n_owners[QUEUES_MAX] = {0};
                size_t least = n_queues, most = 0;
                for (size_t self = 0; self < n_members; self++) {
                    bool mine[QUEUES_MAX];
                    size_t n = 0;
                    strategies[s](NULL, n_queues, n_members, self, mine);
                    for (size_t i = 0; i < n_queues; i++) {
                        n += mine[i];
                        n_owners[i] += mine[i];
                    }
                    least = n < least ? n : least;
                    most = n > most ? n : most;
                }
                assert_true(most - least <= 1);
                for (size_t i = 0; i < n_queues; i++) {
                    assert_int_equal(n_owners[i], 1);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_averagely),
        cmocka_unit_test(test_by_circle),
        cmocka_unit_test(test_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
