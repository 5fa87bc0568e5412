/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_MEM_H
#define RKMQ_TEST_MEM_H

#include <rkmq/base.h>

/* A counting allocator: fails on demand, and knows what is still allocated. Not thread-safe. */
struct test_mem {
    struct rkmq_mem mem;
    long fail_at; /* the n-th allocation from now on fails, counting from 0; negative: none */
    long n_calls; /* allocations asked for (growing included) */
    long n_live;  /* blocks not freed */
    size_t bytes_live, bytes_peak;
};
void test_mem_init(struct test_mem *tm);
/* Fails the running test when blocks are left. */
void test_mem_assert_empty(const struct test_mem *tm);

/*
 * "Fail allocation 0, then 1, then 2 ..." until `step` succeeds: it returns RKMQ_OK, or
 * RKMQ_E_NOMEM after an injected failure (anything else fails the test), and must leave no block
 * behind. Returns the number of failures injected.
 */
long test_mem_fail_each(int (*step)(const struct rkmq_mem *mem, void *arg), void *arg);

#endif
