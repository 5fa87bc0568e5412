/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/record.h"

/* ---- life ---- */

int rkmq__recorder_init(struct rkmq_recorder *r, const struct rkmq_scenario *sc,
                        const struct rkmq_mem *mem)
{
    *r = (struct rkmq_recorder){.sc = sc, .mem = mem};
    if (rkmq__event_log_create(&r->log, mem) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    (void)pthread_mutex_init(&r->lock, NULL); /* a plain mutex cannot fail */
    rkmq__map_init(&r->peers, mem);
    rkmq__map_init(&r->owned, mem);
    rkmq__map_init(&r->requests, mem);
    rkmq__map_init(&r->delivered, mem);
    rkmq__map_init(&r->committed, mem);
    rkmq__map_init(&r->owners, mem);
    return RKMQ_OK;
}

void rkmq__recorder_close(struct rkmq_recorder *r)
{
    if (r->log) {
        rkmq__map_close(&r->peers);
        rkmq__map_close(&r->owned);
        rkmq__map_close(&r->requests);
        rkmq__map_close(&r->delivered);
        rkmq__map_close(&r->committed);
        rkmq__map_close(&r->owners);
        (void)pthread_mutex_destroy(&r->lock);
        rkmq__event_log_destroy(r->log);
        r->log = NULL;
    }
}

void rkmq__recorder_switch(struct rkmq_recorder *r, bool is_on)
{
    (void)pthread_mutex_lock(&r->lock);
    r->is_over = !is_on;
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- rows ---- */

struct rkmq_event rkmq__row(enum rkmq_event_kind kind)
{
    return (struct rkmq_event){
        .kind = kind, .queue_id = -1, .offset = INT64_MIN, .offset2 = INT64_MIN};
}

rkmq_name rkmq__recorder_name(struct rkmq_recorder *r, const char *text)
{
    (void)pthread_mutex_lock(&r->lock);
    rkmq_name name = rkmq__event_log_name(r->log, rkmq__slice_of(text));
    (void)pthread_mutex_unlock(&r->lock);
    return name;
}

void rkmq__record_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct rkmq_event at_now = *row;
    if (r->is_over) {
        return;
    }
    at_now.at = r->now(r->clock);
    rkmq__event_log_add(r->log, &at_now);
    if (r->on_row && !rkmq__event_log_is_failed(r->log)) {
        r->on_row(r->user, rkmq__event_log_at(r->log, rkmq__event_log_count(r->log) - 1));
    }
}

void rkmq__recorder_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    (void)pthread_mutex_lock(&r->lock);
    rkmq__record_add(r, row);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- rows that follow from others ---- */

struct queue_key {
    uint8_t bytes[4 * 4];
};

static struct rkmq_slice queue_key(struct queue_key *key, const struct rkmq_event *row)
{
    rkmq_put_be32(key->bytes, row->group);
    rkmq_put_be32(key->bytes + 4, row->topic);
    rkmq_put_be32(key->bytes + 8, row->broker);
    rkmq_put_be32(key->bytes + 12, (uint32_t)row->queue_id);
    return rkmq__slice(key->bytes, sizeof key->bytes);
}

void rkmq__record_commit(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct queue_key key;
    struct rkmq_event commit = *row;
    struct rkmq_slice queue = queue_key(&key, row);
    const void *known = rkmq__map_get(&r->committed, queue);
    int64_t before = known ? (int64_t)(uintptr_t)known - 2 : -1;
    if (row->offset < -1 || row->offset == before) {
        return;
    }
    commit.kind = RKMQ_EV_COMMIT;
    commit.offset2 = before;
    commit.flags = row->flags & RKMQ_EVF_HELD;
    commit.count = 0;
    rkmq__record_add(r, &commit);
    if (commit.offset < before) {
        commit.kind = RKMQ_EV_COMMIT_REGRESS;
        rkmq__record_add(r, &commit);
    }
    /* Out of memory: told again at the next commit. */
    (void)rkmq__map_put(&r->committed, queue, (void *)(uintptr_t)(row->offset + 2));
}

void rkmq__recorder_commit(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    (void)pthread_mutex_lock(&r->lock);
    rkmq__record_commit(r, row);
    (void)pthread_mutex_unlock(&r->lock);
}

void rkmq__record_owner(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct queue_key key;
    struct rkmq_slice queue = queue_key(&key, row);
    rkmq_name other = rkmq__name_of(rkmq__map_get(&r->owners, queue));
    if (row->kind == RKMQ_EV_PQ_DROP) {
        if (other == row->who) {
            (void)rkmq__map_remove(&r->owners, queue);
        }
        return;
    }
    if (row->kind == RKMQ_EV_PQ_ADD) {
        struct rkmq_event overlap = *row;
        overlap.kind = RKMQ_EV_OWNER_OVERLAP;
        overlap.peer = other;
        if (other != 0 && other != row->who) {
            rkmq__record_add(r, &overlap);
        }
        (void)rkmq__map_put(&r->owners, queue, rkmq__name_pointer(row->who)); /* else: not told */
    }
}
