/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/event.h"

#include "remoting/base/hash.h"

#define ROOM_FIRST 1024

struct rkmq_event_log {
    const struct rkmq_mem *mem;
    struct rkmq_event *events;
    size_t n, n_max;
    struct rkmq_slice *names; /* [0] is empty; the texts live in `texts` */
    size_t n_names, n_names_max;
    struct rkmq_map by_text; /* text -> its id, as a pointer */
    struct rkmq_arena texts;
    bool is_failed;
};

int rkmq__event_log_create(struct rkmq_event_log **out, const struct rkmq_mem *mem)
{
    struct rkmq_event_log *log = rkmq__zalloc(mem, sizeof *log);
    *out = NULL;
    if (!log) {
        return RKMQ_E_NOMEM;
    }
    log->mem = mem;
    rkmq__map_init(&log->by_text, mem);
    rkmq__arena_init(&log->texts, mem);
    log->n_names = 1;
    log->n_names_max = ROOM_FIRST;
    log->names = rkmq__zalloc(mem, ROOM_FIRST * sizeof *log->names);
    if (!log->names) {
        rkmq__event_log_destroy(log);
        return RKMQ_E_NOMEM;
    }
    *out = log;
    return RKMQ_OK;
}

void rkmq__event_log_destroy(struct rkmq_event_log *log)
{
    if (log) {
        rkmq__map_close(&log->by_text);
        rkmq__arena_close(&log->texts);
        rkmq__free(log->mem, log->names);
        rkmq__free(log->mem, log->events);
        rkmq__free(log->mem, log);
    }
}

/* ---- names ---- */

static rkmq_name name_add(struct rkmq_event_log *log, struct rkmq_slice text)
{
    struct rkmq_slice copy;
    if (log->n_names == RKMQ_EVENT_NAMES_MAX) {
        return 0;
    }
    if (log->n_names == log->n_names_max) {
        size_t n_max = 2 * log->n_names_max;
        struct rkmq_slice *names = rkmq__realloc(log->mem, log->names, n_max * sizeof *names);
        if (!names) {
            return 0;
        }
        log->names = names;
        log->n_names_max = n_max;
    }
    if (rkmq__arena_copy(&log->texts, text, &copy) != RKMQ_OK ||
        rkmq__map_put(&log->by_text, copy, (void *)(uintptr_t)log->n_names) != RKMQ_OK) {
        return 0;
    }
    log->names[log->n_names] = copy;
    return (rkmq_name)log->n_names++;
}

rkmq_name rkmq__event_log_name(struct rkmq_event_log *log, struct rkmq_slice text)
{
    if (text.n == 0) {
        return 0;
    }
    const void *known = rkmq__map_get(&log->by_text, text);
    rkmq_name name = known ? (rkmq_name)(uintptr_t)known : name_add(log, text);
    log->is_failed = log->is_failed || name == 0;
    return name;
}

struct rkmq_slice rkmq__event_log_text(const struct rkmq_event_log *log, rkmq_name name)
{
    RKMQ_ASSERT(name < log->n_names);
    return log->names[name];
}

/* ---- events ---- */

void rkmq__event_log_add(struct rkmq_event_log *log, const struct rkmq_event *event)
{
    if (log->is_failed) {
        return;
    }
    if (log->n == log->n_max) {
        size_t n_max = log->n_max ? 2 * log->n_max : ROOM_FIRST;
        struct rkmq_event *events =
            n_max > RKMQ_EVENTS_MAX ? NULL
                                    : rkmq__realloc(log->mem, log->events, n_max * sizeof *events);
        if (!events) {
            log->is_failed = true;
            return;
        }
        log->events = events;
        log->n_max = n_max;
    }
    log->events[log->n] = *event;
    log->events[log->n].sequence = log->n;
    log->n++;
}

bool rkmq__event_log_is_failed(const struct rkmq_event_log *log)
{
    return log->is_failed;
}

size_t rkmq__event_log_count(const struct rkmq_event_log *log)
{
    return log->n;
}

const struct rkmq_event *rkmq__event_log_at(const struct rkmq_event_log *log, size_t index)
{
    RKMQ_ASSERT(index < log->n);
    return &log->events[index];
}

/* ---- hash: field by field, so that padding never counts ---- */

static uint64_t hash_event(uint64_t hash, const struct rkmq_event *e)
{
    const int64_t values[] = {e->at,         e->kind,   (int64_t)e->flags, e->who,    e->peer,
                              e->group,      e->topic,  e->broker,         e->key,    e->text,
                              e->queue_id,   e->code,   e->status,         e->opaque, e->count,
                              e->body_bytes, e->offset, e->offset2,        e->version};
    for (size_t i = 0; i < RKMQ_COUNT_OF(values); i++) {
        hash = rkmq__hash_word(hash, (uint64_t)values[i]);
    }
    return hash;
}

uint64_t rkmq__event_log_hash(const struct rkmq_event_log *log)
{
    uint64_t hash = RKMQ_HASH_START;
    for (size_t i = 1; i < log->n_names; i++) {
        hash = rkmq__hash_word(hash, log->names[i].n);
        hash = rkmq__hash_bytes(hash, log->names[i].p, log->names[i].n);
    }
    for (size_t i = 0; i < log->n; i++) {
        hash = hash_event(hash, &log->events[i]);
    }
    return rkmq__hash_end(hash);
}
