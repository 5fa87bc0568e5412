/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/request_table.h"

#define BUCKETS_FIRST 16

static struct rkmq_call *call_of(struct rkmq_list *link)
{
    return RKMQ_CONTAINER_OF(link, struct rkmq_call, link);
}

void rkmq__request_table_init(struct rkmq_request_table *t, const struct rkmq_mem *mem)
{
    *t = (struct rkmq_request_table){.mem = mem};
    rkmq__list_init(&t->by_due);
}

void rkmq__request_table_close(struct rkmq_request_table *t)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&t->by_due))) {
        rkmq__free(t->mem, call_of(link));
    }
    rkmq__free(t->mem, t->buckets);
    rkmq__request_table_init(t, t->mem);
}

/* Opaques count up, so their low bits spread by themselves. */
static struct rkmq_call **bucket_of(const struct rkmq_request_table *t, int32_t opaque)
{
    return &t->buckets[(uint32_t)opaque & (t->n_buckets - 1)];
}

/* Where the call hangs in its bucket, or the bucket's end. */
static struct rkmq_call **table_find(const struct rkmq_request_table *t, int32_t opaque)
{
    struct rkmq_call **at = bucket_of(t, opaque);
    while (*at && (*at)->opaque != opaque) {
        at = &(*at)->next;
    }
    return at;
}

static int table_grow(struct rkmq_request_table *t)
{
    size_t n_buckets = t->n_buckets ? 2 * t->n_buckets : BUCKETS_FIRST;
    struct rkmq_call **buckets = rkmq__zalloc(t->mem, n_buckets * sizeof(*buckets));
    if (!buckets) {
        return RKMQ_E_NOMEM;
    }
    rkmq__free(t->mem, t->buckets);
    t->buckets = buckets;
    t->n_buckets = n_buckets;
    RKMQ_LIST_EACH (it, &t->by_due) {
        struct rkmq_call *call = call_of(it);
        struct rkmq_call **bucket = bucket_of(t, call->opaque);
        call->next = *bucket;
        *bucket = call;
    }
    return RKMQ_OK;
}

/* From the back: most calls have the same few timeouts, so the place is near the end. */
static void insert_by_due(struct rkmq_request_table *t, struct rkmq_call *call)
{
    struct rkmq_list *before = t->by_due.prev;
    while (before != &t->by_due && call_of(before)->due > call->due) {
        before = before->prev;
    }
    rkmq__list_push_back(before->next, &call->link);
}

int rkmq__request_table_add(struct rkmq_request_table *t, const struct rkmq_call *call)
{
    if (t->n == RKMQ_CALLS_MAX) {
        return RKMQ_E_LIMIT;
    }
    if (t->n == t->n_buckets && table_grow(t) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    struct rkmq_call **at = table_find(t, call->opaque);
    RKMQ_ASSERT(!*at);
    struct rkmq_call *kept = rkmq__alloc(t->mem, sizeof *kept);
    if (!kept) {
        return RKMQ_E_NOMEM;
    }
    *kept = *call;
    kept->link = (struct rkmq_list){0};
    kept->next = NULL;
    *at = kept;
    insert_by_due(t, kept);
    t->n++;
    return RKMQ_OK;
}

bool rkmq__request_table_has(const struct rkmq_request_table *t, int32_t opaque)
{
    return t->n > 0 && *table_find(t, opaque) != NULL;
}

bool rkmq__request_table_take(struct rkmq_request_table *t, int32_t opaque, struct rkmq_call *out)
{
    if (!rkmq__request_table_has(t, opaque)) {
        return false;
    }
    struct rkmq_call **at = table_find(t, opaque);
    struct rkmq_call *call = *at;
    *at = call->next;
    rkmq__list_remove(&call->link);
    t->n--;
    *out = *call;
    rkmq__free(t->mem, call);
    return true;
}

const struct rkmq_call *rkmq__request_table_first(const struct rkmq_request_table *t)
{
    return t->n > 0 ? call_of(t->by_due.next) : NULL;
}

void rkmq__request_table_forget(struct rkmq_request_table *t, void *user)
{
    RKMQ_LIST_EACH (it, &t->by_due) {
        struct rkmq_call gone;
        if (call_of(it)->user == user) {
            (void)rkmq__request_table_take(t, call_of(it)->opaque, &gone); /* it is there */
        }
    }
}
