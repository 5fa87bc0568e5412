/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <stdio.h>

struct block {
    size_t n;
    max_align_t data[];
};

_Noreturn void fuzz_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition); /* aborting anyway */
    abort();
}

uint8_t fuzz_byte(struct rkmq_slice *in)
{
    if (in->n == 0) {
        return 0;
    }
    uint8_t first = in->p[0];
    *in = rkmq__slice(in->p + 1, in->n - 1);
    return first;
}

uint8_t *fuzz_copy(struct rkmq_slice bytes)
{
    uint8_t *p = malloc(bytes.n > 0 ? bytes.n : 1);
    FUZZ_CHECK(p);
    if (bytes.n > 0) {
        memcpy(p, bytes.p, bytes.n);
    }
    return p;
}

static void *fuzz_realloc(void *ctx, void *p, size_t n)
{
    struct fuzz_mem *fm = ctx;
    struct block *old = p ? (struct block *)(void *)((char *)p - sizeof(struct block)) : NULL;
    struct block *fresh = NULL;
    if (n > 0) {
        if (fm->fail_at >= 0 && fm->n_calls++ >= fm->fail_at) {
            return NULL;
        }
        FUZZ_CHECK(n <= fm->bytes_max && fm->bytes_live <= fm->bytes_max - n);
        fresh = malloc(sizeof *fresh + n);
        FUZZ_CHECK(fresh);
        fresh->n = n;
        fm->n_live++;
        fm->bytes_live += n;
    }
    if (old) {
        if (fresh) {
            memcpy(fresh->data, old->data, old->n < n ? old->n : n);
        }
        fm->n_live--;
        fm->bytes_live -= old->n;
        free(old);
    }
    return fresh ? fresh->data : NULL;
}

void fuzz_mem_init(struct fuzz_mem *fm, size_t bytes_max)
{
    *fm = (struct fuzz_mem){.fail_at = -1, .bytes_max = bytes_max};
    fm->mem = (struct rkmq_mem){.realloc = fuzz_realloc, .ctx = fm};
}

void fuzz_mem_close(struct fuzz_mem *fm)
{
    FUZZ_CHECK(fm->n_live == 0);
    FUZZ_CHECK(fm->bytes_live == 0);
}
