/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mem.h"

#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

struct block {
    size_t n;
    max_align_t data[];
};

static void *counting_realloc(void *ctx, void *p, size_t n)
{
    struct test_mem *tm = ctx;
    struct block *old = p ? (struct block *)(void *)((char *)p - sizeof(struct block)) : NULL;
    if (n == 0) {
        if (old) {
            tm->n_live--;
            tm->bytes_live -= old->n;
            free(old);
        }
        return NULL;
    }
    if (tm->fail_at >= 0 && tm->n_calls++ >= tm->fail_at) {
        return NULL;
    }
    struct block *fresh = malloc(sizeof *fresh + n);
    assert_non_null(fresh);
    fresh->n = n;
    if (old) { /* always move, so that stale pointers show */
        memcpy(fresh->data, old->data, old->n < n ? old->n : n);
        tm->bytes_live -= old->n;
        tm->n_live--;
        free(old);
    }
    tm->n_live++;
    tm->bytes_live += n;
    if (tm->bytes_live > tm->bytes_peak) {
        tm->bytes_peak = tm->bytes_live;
    }
    return fresh->data;
}

void test_mem_init(struct test_mem *tm)
{
    *tm = (struct test_mem){.mem = {.realloc = counting_realloc, .ctx = tm}, .fail_at = -1};
}

void test_mem_assert_empty(const struct test_mem *tm)
{
    assert_int_equal(tm->n_live, 0);
}

long test_mem_fail_each(int (*step)(const struct rkmq_mem *mem, void *arg), void *arg)
{
    for (long n = 0;; n++) {
        struct test_mem tm;
        test_mem_init(&tm);
        tm.fail_at = n;
        int status = step(&tm.mem, arg);
        test_mem_assert_empty(&tm);
        if (tm.n_calls <= n) { /* nothing was failed */
            assert_int_equal(status, RKMQ_OK);
            return n;
        }
        assert_int_equal(status, RKMQ_E_NOMEM);
    }
}
