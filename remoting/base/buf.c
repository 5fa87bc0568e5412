/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "remoting/base/core.h"

struct rkmq_slab {
    struct rkmq_mem mem; /* by value: a message may outlive the object that received it */
    atomic_size_t n_refs;
    struct rkmq_buf first; /* the view on all of it, which is mostly the only one */
    max_align_t data[];
};

static void slab_unref(struct rkmq_slab *slab)
{
    size_t before = atomic_fetch_sub_explicit(&slab->n_refs, 1, memory_order_acq_rel);
    RKMQ_ASSERT(before > 0);
    if (before == 1) {
        struct rkmq_mem mem = slab->mem;
        rkmq__free(&mem, slab);
    }
}

struct rkmq_buf *rkmq_buf_create(const struct rkmq_mem *mem, size_t n)
{
    if (n > SIZE_MAX - sizeof(struct rkmq_slab)) {
        return NULL;
    }
    struct rkmq_slab *slab = rkmq__alloc(mem, sizeof *slab + n);
    if (!slab) {
        return NULL;
    }
    slab->mem = *mem;
    atomic_init(&slab->n_refs, 1);
    slab->first = (struct rkmq_buf){.slab = slab, .p = (uint8_t *)slab->data, .n = n};
    return &slab->first;
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
    struct rkmq_buf *view = rkmq__alloc(&b->slab->mem, sizeof *view);
    if (view) {
        *view = (struct rkmq_buf){.slab = b->slab, .p = b->p + offset, .n = n};
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
        if (chain != &slab->first) {
            rkmq__free(&slab->mem, chain);
        }
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
