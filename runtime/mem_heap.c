/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/runtime.h>
#include <stdlib.h>

static void *heap_realloc(void *ctx, void *p, size_t n)
{
    (void)ctx;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

const struct rkmq_mem *rkmq_mem_heap(void)
{
    static const struct rkmq_mem heap = {.realloc = heap_realloc};
    return &heap;
}
