/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "remoting/base/containers.h"

#define BYTES_FIRST 128

void rkmq__bytes_init(struct rkmq_bytes *b, const struct rkmq_mem *mem)
{
    *b = (struct rkmq_bytes){.mem = mem};
}

void rkmq__bytes_close(struct rkmq_bytes *b)
{
    if (b->mem) {
        rkmq__free(b->mem, b->p);
    }
    *b = (struct rkmq_bytes){.mem = b->mem};
}

void rkmq__bytes_clear(struct rkmq_bytes *b)
{
    b->n = 0;
    b->is_failed = false;
}

uint8_t *rkmq__bytes_grow(struct rkmq_bytes *b, size_t n)
{
    if (b->is_failed || n > SIZE_MAX / 2 - b->n) {
        b->is_failed = true;
        return NULL;
    }
    size_t n_max = b->n_max ? b->n_max : BYTES_FIRST;
    while (n_max < b->n + n) {
        n_max *= 2;
    }
    uint8_t *p = rkmq__realloc(b->mem, b->p, n_max);
    if (!p) {
        b->is_failed = true;
        return NULL;
    }
    b->p = p;
    b->n_max = n_max;
    b->n += n;
    return p + b->n - n;
}

void rkmq__bytes_printf(struct rkmq_bytes *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    /* One more byte for the terminator, which does not count. */
    uint8_t *at = n >= 0 ? rkmq__bytes_reserve(b, (size_t)n + 1) : NULL;
    if (at) {
        (void)vsnprintf((char *)at, (size_t)n + 1, fmt, again);
        b->n--;
    }
    va_end(again);
}
