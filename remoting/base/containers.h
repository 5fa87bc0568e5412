/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BASE_CONTAINERS_H
#define RKMQ_BASE_CONTAINERS_H

/*
 * Intrusive list, text-keyed map, growable bytes, arena. All take their memory from a rkmq_mem and
 * iterate in insertion order, so that no decision depends on addresses or hashes.
 */

#include "remoting/base/core.h"

/* ---- list: circular, intrusive; a zeroed link is in no list ---- */
struct rkmq_list {
    struct rkmq_list *next, *prev;
};
void rkmq__list_init(struct rkmq_list *head);
bool rkmq__list_is_empty(const struct rkmq_list *head);
void rkmq__list_push_back(struct rkmq_list *head, struct rkmq_list *link);
void rkmq__list_remove(struct rkmq_list *link);                 /* a link in no list: nothing */
struct rkmq_list *rkmq__list_pop_front(struct rkmq_list *head); /* NULL when empty */
/* Safe against removing the current link. */
#define RKMQ_LIST_EACH(it, head)                                                                   \
    for (struct rkmq_list *it = (head)->next, *it##_next = it->next; it != (head);                 \
         it = it##_next, it##_next = it->next)

/* ---- map: text -> pointer. Keys are copied; values are the caller's. Iteration is in insertion
 * order. ---- */
struct rkmq_map_entry {
    struct rkmq_slice key;
    void *value; /* NULL: removed */
};
struct rkmq_map {
    const struct rkmq_mem *mem;
    struct rkmq_map_entry *entries; /* in insertion order, with holes (value NULL) */
    size_t n_entries, n_used, n_max;
    uint32_t *slots;
    size_t n_slots;
};
void rkmq__map_init(struct rkmq_map *map, const struct rkmq_mem *mem);
void rkmq__map_close(struct rkmq_map *map); /* frees keys and table, not the values */
void *rkmq__map_get(const struct rkmq_map *map, struct rkmq_slice key); /* NULL when absent */
/* Replaces the value of a present key (its place stays). `value` is not NULL. Errors: RKMQ_E_NOMEM.
 */
int rkmq__map_put(struct rkmq_map *map, struct rkmq_slice key, void *value);
void *rkmq__map_remove(struct rkmq_map *map, struct rkmq_slice key); /* the value it had, or NULL */
size_t rkmq__map_count(const struct rkmq_map *map);
/* The next live entry from `*cursor` (start with 0) on; NULL at the end. Removing while iterating
 * is allowed. */
struct rkmq_map_entry *rkmq__map_next(const struct rkmq_map *map, size_t *cursor);

/* ---- bytes: growable; a failed growth is remembered, so that writers need not check each step
 * ---- */
struct rkmq_bytes {
    const struct rkmq_mem *mem;
    uint8_t *p;
    size_t n, n_max;
    bool is_failed;
};
void rkmq__bytes_init(struct rkmq_bytes *b, const struct rkmq_mem *mem);
void rkmq__bytes_close(struct rkmq_bytes *b);
void rkmq__bytes_clear(struct rkmq_bytes *b); /* keeps the room */
/* For rkmq__bytes_reserve, where there is no room yet. */
uint8_t *rkmq__bytes_grow(struct rkmq_bytes *b, size_t n);
/* `n` writable bytes at the end, counted; NULL on failure. */
static inline uint8_t *rkmq__bytes_reserve(struct rkmq_bytes *b, size_t n)
{
    if (b->is_failed || b->n_max - b->n < n || !b->p) {
        return rkmq__bytes_grow(b, n);
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}
/* Inline for what is written most: literals of one byte. */
static inline void rkmq__bytes_add(struct rkmq_bytes *b, const void *p, size_t n)
{
    uint8_t *at = n > 0 ? rkmq__bytes_reserve(b, n) : NULL;
    if (at) {
        memcpy(at, p, n);
    }
}
static inline void rkmq__bytes_add_text(struct rkmq_bytes *b, const char *text)
{
    rkmq__bytes_add(b, text, strlen(text));
}
static inline void rkmq__bytes_add_slice(struct rkmq_bytes *b, struct rkmq_slice s)
{
    rkmq__bytes_add(b, s.p, s.n);
}
void rkmq__bytes_printf(struct rkmq_bytes *b, const char *fmt, ...) RKMQ_PRINTF(2, 3);
static inline struct rkmq_slice rkmq__bytes_slice(const struct rkmq_bytes *b)
{
    return rkmq__slice(b->p, b->n);
}

/* ---- arena: many small things with one end ---- */
struct rkmq_arena_block;
struct rkmq_arena {
    const struct rkmq_mem *mem;
    struct rkmq_arena_block *blocks;
};
void rkmq__arena_init(struct rkmq_arena *a, const struct rkmq_mem *mem);
void rkmq__arena_close(struct rkmq_arena *a);
void *rkmq__arena_zalloc(struct rkmq_arena *a,
                         size_t n); /* aligned for anything; NULL when memory is out */
/* A copy that is also NUL-terminated; `*out` on success. Errors: RKMQ_E_NOMEM. */
int rkmq__arena_copy(struct rkmq_arena *a, struct rkmq_slice s, struct rkmq_slice *out);

#endif
