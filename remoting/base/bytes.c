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

static bool bytes_grow(struct rkmq_bytes *b, size_t n)
{
    if (b->is_failed || n > SIZE_MAX / 2 - b->n) {
        b->is_failed = true;
        return false;
    }
    size_t n_max = b->n_max ? b->n_max : BYTES_FIRST;
    while (n_max < b->n + n) {
        n_max *= 2;
    }
    uint8_t *p = rkmq__realloc(b->mem, b->p, n_max);
    if (!p) {
        b->is_failed = true;
        return false;
    }
    b->p = p;
    b->n_max = n_max;
    return true;
}

uint8_t *rkmq__bytes_reserve(struct rkmq_bytes *b, size_t n)
{
    if ((b->is_failed || b->n_max - b->n < n || !b->p) && !bytes_grow(b, n)) {
        return NULL;
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}

void rkmq__bytes_add_slice(struct rkmq_bytes *b, struct rkmq_slice s)
{
    rkmq__bytes_add(b, s.p, s.n);
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
