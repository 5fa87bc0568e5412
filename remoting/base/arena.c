/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/containers.h"

#define ARENA_BLOCK_BYTES 4096

struct rkmq_arena_block {
    struct rkmq_arena_block *next;
    size_t n, n_max;
    max_align_t data[];
};

void rkmq__arena_init(struct rkmq_arena *a, const struct rkmq_mem *mem)
{
    *a = (struct rkmq_arena){.mem = mem};
}

void rkmq__arena_close(struct rkmq_arena *a)
{
    while (a->blocks) {
        struct rkmq_arena_block *block = a->blocks;
        a->blocks = block->next;
        rkmq__free(a->mem, block);
    }
}

static void *arena_alloc(struct rkmq_arena *a, size_t n)
{
    const size_t align = sizeof(max_align_t);
    if (n > SIZE_MAX / 2) {
        return NULL;
    }
    n = (n + align - 1) / align * align;
    struct rkmq_arena_block *block = a->blocks;
    if (!block || block->n_max - block->n < n) {
        size_t n_max = n > ARENA_BLOCK_BYTES ? n : ARENA_BLOCK_BYTES;
        block = rkmq__alloc(a->mem, sizeof *block + n_max);
        if (!block) {
            return NULL;
        }
        *block = (struct rkmq_arena_block){.next = a->blocks, .n_max = n_max};
        a->blocks = block;
    }
    void *p = (char *)block->data + block->n;
    block->n += n;
    return p;
}

void *rkmq__arena_zalloc(struct rkmq_arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    if (p) {
        memset(p, 0, n);
    }
    return p;
}

int rkmq__arena_copy(struct rkmq_arena *a, struct rkmq_slice s, struct rkmq_slice *out)
{
    uint8_t *p = arena_alloc(a, s.n + 1);
    if (!p) {
        return RKMQ_E_NOMEM;
    }
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = 0;
    *out = rkmq__slice(p, s.n);
    return RKMQ_OK;
}
