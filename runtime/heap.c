/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/heap.h"

#define RKMQ_HEAP_ENTRIES_MIN 64

int rkmq__heap_init(struct rkmq__heap *heap, const struct rkmq_mem *mem)
{
    *heap = (struct rkmq__heap){.mem = mem};
    heap->entries = rkmq__alloc(mem, RKMQ_HEAP_ENTRIES_MIN * sizeof *heap->entries);
    if (!heap->entries) {
        return RKMQ_E_NOMEM;
    }
    heap->n_max = RKMQ_HEAP_ENTRIES_MIN;
    return RKMQ_OK;
}

void rkmq__heap_close(struct rkmq__heap *heap)
{
    if (heap->entries) {
        rkmq__free(heap->mem, heap->entries);
    }
    *heap = (struct rkmq__heap){0};
}

static bool entry_is_before(const struct rkmq__heap_entry *a, const struct rkmq__heap_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_place(struct rkmq__heap *heap, size_t i, const struct rkmq__heap_entry *entry)
{
    heap->entries[i] = *entry;
    *entry->index = i + 1;
}

static void heap_sift_up(struct rkmq__heap *heap, size_t i, struct rkmq__heap_entry entry)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!entry_is_before(&entry, &heap->entries[parent])) {
            break;
        }
        heap_place(heap, i, &heap->entries[parent]);
        i = parent;
    }
    heap_place(heap, i, &entry);
}

static void heap_sift_down(struct rkmq__heap *heap, size_t i, struct rkmq__heap_entry entry)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->n) {
            break;
        }
        if (child + 1 < heap->n &&
            entry_is_before(&heap->entries[child + 1], &heap->entries[child])) {
            child++;
        }
        if (!entry_is_before(&heap->entries[child], &entry)) {
            break;
        }
        heap_place(heap, i, &heap->entries[child]);
        i = child;
    }
    heap_place(heap, i, &entry);
}

static void heap_grow(struct rkmq__heap *heap)
{
    struct rkmq__heap_entry *more =
        rkmq__realloc(heap->mem, heap->entries, 2 * heap->n_max * sizeof *more);
    if (more) {
        heap->entries = more;
        heap->n_max *= 2;
    }
}

void rkmq__heap_put(struct rkmq__heap *heap, const struct rkmq__heap_entry *entry)
{
    RKMQ_ASSERT(*entry->index == 0);
    struct rkmq__heap_entry fresh = *entry;
    if (heap->n >= heap->n_max / 2) {
        heap_grow(heap);
    }
    RKMQ_ASSERT(heap->n < heap->n_max);
    heap_sift_up(heap, heap->n++, fresh);
}

void rkmq__heap_remove(struct rkmq__heap *heap, size_t *index)
{
    if (*index == 0) {
        return;
    }
    size_t i = *index - 1;
    RKMQ_ASSERT(i < heap->n);
    RKMQ_ASSERT(heap->entries[i].index == index);
    *index = 0;
    struct rkmq__heap_entry last = heap->entries[--heap->n];
    if (i == heap->n) {
        return;
    }
    if (i > 0 && entry_is_before(&last, &heap->entries[(i - 1) / 2])) {
        heap_sift_up(heap, i, last);
    } else {
        heap_sift_down(heap, i, last);
    }
}

void rkmq__heap_remove_owner(struct rkmq__heap *heap, const void *owner)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < heap->n; i++) {
        if (heap->entries[i].owner == owner) {
            *heap->entries[i].index = 0;
        } else {
            heap_place(heap, n_kept++, &heap->entries[i]);
        }
    }
    heap->n = n_kept;
    for (size_t i = n_kept / 2; i-- > 0;) {
        heap_sift_down(heap, i, heap->entries[i]);
    }
}

size_t rkmq__heap_owned(const struct rkmq__heap *heap, const void *owner)
{
    size_t n = 0;
    for (size_t i = 0; i < heap->n; i++) {
        n += heap->entries[i].owner == owner;
    }
    return n;
}
