/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "remoting/base/core.h"

struct rkmq_slab {
    struct rkmq_mem mem; /* by value: a message may outlive the object that received it */
    atomic_size_t n_refs;
    size_t n;
    max_align_t data[];
};

static struct rkmq_slab *slab_create(const struct rkmq_mem *mem, size_t n)
{
    if (n > SIZE_MAX - sizeof(struct rkmq_slab)) {
        return NULL;
    }
    struct rkmq_slab *slab = rkmq__alloc(mem, sizeof *slab + n);
    if (slab) {
        slab->mem = *mem;
        slab->n = n;
        atomic_init(&slab->n_refs, 1);
    }
    return slab;
}

static void slab_unref(struct rkmq_slab *slab)
{
    size_t before = atomic_fetch_sub_explicit(&slab->n_refs, 1, memory_order_acq_rel);
    RKMQ_ASSERT(before > 0);
    if (before == 1) {
        struct rkmq_mem mem = slab->mem;
        rkmq__free(&mem, slab);
    }
}

static struct rkmq_buf *buf_on(struct rkmq_slab *slab, uint8_t *p, size_t n)
{
    struct rkmq_buf *b = rkmq__alloc(&slab->mem, sizeof *b);
    if (b) {
        *b = (struct rkmq_buf){.slab = slab, .p = p, .n = n};
    }
    return b;
}

struct rkmq_buf *rkmq_buf_create(const struct rkmq_mem *mem, size_t n)
{
    struct rkmq_slab *slab = slab_create(mem, n);
    if (!slab) {
        return NULL;
    }
    struct rkmq_buf *b = buf_on(slab, (uint8_t *)slab->data, n);
    if (!b) {
        slab_unref(slab);
    }
    return b;
}

struct rkmq_buf *rkmq_buf_copy(const struct rkmq_mem *mem, struct rkmq_slice bytes)
{
    struct rkmq_buf *b = rkmq_buf_create(mem, bytes.n);
    if (b && bytes.n > 0) {
        memcpy(b->p, bytes.p, bytes.n);
    }
    return b;
}

struct rkmq_buf *rkmq_buf_view(const struct rkmq_buf *b, size_t offset, size_t n)
{
    RKMQ_ASSERT(offset <= b->n);
    RKMQ_ASSERT(n <= b->n - offset);
    struct rkmq_buf *view = buf_on(b->slab, b->p + offset, n);
    if (view) {
        (void)atomic_fetch_add_explicit(&b->slab->n_refs, 1, memory_order_relaxed);
    }
    return view;
}

struct rkmq_buf *rkmq__buf_chain_view(const struct rkmq_buf *chain)
{
    struct rkmq_buf *first = NULL, **tail = &first;
    for (; chain; chain = chain->next) {
        *tail = rkmq_buf_view(chain, 0, chain->n);
        if (!*tail) {
            rkmq_buf_free(first);
            return NULL;
        }
        tail = &(*tail)->next;
    }
    return first;
}

bool rkmq__buf_is_sole(const struct rkmq_buf *b)
{
    /* Acquire: what the last other holder read of it happened before. */
    return atomic_load_explicit(&b->slab->n_refs, memory_order_acquire) == 1;
}

void rkmq_buf_free(struct rkmq_buf *chain)
{
    while (chain) {
        struct rkmq_buf *next = chain->next;
        struct rkmq_slab *slab = chain->slab;
        rkmq__free(&slab->mem, chain);
        slab_unref(slab);
        chain = next;
    }
}

size_t rkmq_buf_chain_bytes(const struct rkmq_buf *chain)
{
    size_t n = 0;
    for (; chain; chain = chain->next) {
        n += chain->n;
    }
    return n;
}

void rkmq_buf_append(struct rkmq_buf **chain, struct rkmq_buf *take_tail)
{
    while (*chain) {
        chain = &(*chain)->next;
    }
    *chain = take_tail;
}
