/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNTIME_HEAP_H
#define RKMQ_RUNTIME_HEAP_H

/*
 * A binary heap of things due, ordered by time, then by order of entry. The things stay where they
 * are and keep their own place in the heap (`*index`, 0 = not in it), so that removing one needs no
 * search. Both runtimes keep their timers here.
 */

#include "remoting/base/core.h"

struct rkmq__heap_entry {
    int64_t at;
    uint64_t order;
    size_t *index; /* in the thing itself: its position + 1 */
    void *owner;   /* whose thing it is; the heap does not look at it */
};

struct rkmq__heap {
    const struct rkmq_mem *mem;
    struct rkmq__heap_entry *entries;
    size_t n, n_max;
};

/* Errors: RKMQ_E_NOMEM. */
int rkmq__heap_init(struct rkmq__heap *heap, const struct rkmq_mem *mem);
/* What is still in it keeps a stale index. */
void rkmq__heap_close(struct rkmq__heap *heap);
/*
 * Arming a timer cannot fail. So the heap asks for room while half of it is still free, asks again
 * at the next entry when it got none, and asserts only when the last place is taken.
 */
void rkmq__heap_put(struct rkmq__heap *heap, const struct rkmq__heap_entry *entry);
void rkmq__heap_remove(struct rkmq__heap *heap, size_t *index); /* of a thing not in it: nothing */
/* Removes everything of one owner. */
void rkmq__heap_remove_owner(struct rkmq__heap *heap, const void *owner);
size_t rkmq__heap_owned(const struct rkmq__heap *heap, const void *owner); /* how many */
/* The entry that is due first, or NULL. Borrowed until the next change. */
static inline const struct rkmq__heap_entry *rkmq__heap_top(const struct rkmq__heap *heap)
{
    return heap->n ? heap->entries : NULL;
}

#endif
