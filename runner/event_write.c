/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON lines, and as people read them. */
#include <inttypes.h>
#include <rkmq/remoting.h>

#include "remoting/codec/json.h"
#include "runner/event.h"

static const char *const kind_names[RKMQ_EV_COUNT] = {
#define X(name, text, evidence) [RKMQ_EV_##name] = (text),
    RKMQ_EVENT_TABLE(X)
#undef X
};

bool rkmq__event_kind_needs_hooks(enum rkmq_event_kind kind)
{
    enum evidence { W, L, H };
    static const enum evidence evidences[RKMQ_EV_COUNT] = {
#define X(name, text, evidence) [RKMQ_EV_##name] = (evidence),
        RKMQ_EVENT_TABLE(X)
#undef X
    };
    return evidences[kind] == H;
}

const char *rkmq__event_kind_name(enum rkmq_event_kind kind)
{
    return kind_names[kind];
}

const char *rkmq__event_code_name(const struct rkmq_event *e)
{
    if (e->kind != RKMQ_EV_REQ && e->kind != RKMQ_EV_RESP && e->kind != RKMQ_EV_FAULT) {
        return NULL;
    }
    const char *name = rkmq_request_code_name(e->code);
    return name ? name : "?";
}

/* ---- JSON ---- */

struct event_writer {
    const struct rkmq_event_log *log;
    struct rkmq_json_writer json;
};

static void add_name(struct event_writer *w, const char *key, rkmq_name name)
{
    if (name != 0) {
        rkmq__json_add_text(&w->json, key, rkmq__event_log_text(w->log, name));
    }
}

static void add_number(struct event_writer *w, const char *key, int64_t value, int64_t none)
{
    if (value != none) {
        rkmq__json_add_i64(&w->json, key, value);
    }
}

static void add_flags(struct event_writer *w, uint32_t flags)
{
    static const char *const names[] = {"oneway",  "pushed",  "held",
                                        "suspend", "commits", "malformed"};
    for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
        if (flags & (1u << i)) {
            rkmq__json_add_bool(&w->json, names[i], true);
        }
    }
}

void rkmq__event_write_json(const struct rkmq_event_log *log, const struct rkmq_event *e,
                            struct rkmq_bytes *out)
{
    struct event_writer w = {.log = log};
    const char *code_name = rkmq__event_code_name(e);
    rkmq__json_begin(&w.json, out);
    rkmq__json_object(&w.json);
    rkmq__json_add_i64(&w.json, "seq", (int64_t)e->sequence);
    rkmq__json_add_i64(&w.json, "us", e->at);
    rkmq__json_add_text(&w.json, "ev", rkmq__slice_of(kind_names[e->kind]));
    add_name(&w, "who", e->who);
    add_name(&w, "peer", e->peer);
    if (code_name) {
        rkmq__json_add_i64(&w.json, "code", e->code);
        rkmq__json_add_text(&w.json, "name", rkmq__slice_of(code_name));
        add_number(&w, "opaque", e->opaque, 0);
    }
    add_name(&w, "group", e->group);
    add_name(&w, "topic", e->topic);
    add_name(&w, "broker", e->broker);
    add_number(&w, "queue", e->queue_id, -1);
    add_number(&w, "offset", e->offset, INT64_MIN);
    add_number(&w, "offset2", e->offset2, INT64_MIN);
    add_number(&w, "count", e->count, 0);
    add_number(&w, "status", e->status, 0);
    add_number(&w, "version", e->version, 0);
    add_number(&w, "bodyBytes", e->body_bytes, 0);
    add_name(&w, "key", e->key);
    add_name(&w, "text", e->text);
    add_flags(&w, e->flags);
    rkmq__json_object_end(&w.json);
}

/* ---- a line for people ---- */

static void put_name(const struct rkmq_event_log *log, struct rkmq_bytes *out, const char *before,
                     rkmq_name name)
{
    if (name != 0) {
        rkmq__bytes_add_text(out, before);
        rkmq__bytes_add_slice(out, rkmq__event_log_text(log, name));
    }
}

void rkmq__event_write_queue(const struct rkmq_event_log *log, const struct rkmq_event *e,
                             struct rkmq_bytes *out)
{
    put_name(log, out, "", e->topic);
    put_name(log, out, "@", e->broker);
    if (e->queue_id >= 0) {
        rkmq__bytes_printf(out, "/%ld", (long)e->queue_id);
    }
}

static void put_offsets(struct rkmq_bytes *out, const struct rkmq_event *e)
{
    if (e->offset != INT64_MIN) {
        rkmq__bytes_printf(out, " offset=%" PRId64, e->offset);
    }
    if (e->offset2 != INT64_MIN) {
        rkmq__bytes_printf(out, " offset2=%" PRId64, e->offset2);
    }
}

void rkmq__event_write_details(const struct rkmq_event_log *log, const struct rkmq_event *e,
                               struct rkmq_bytes *out)
{
    put_name(log, out, " group=", e->group);
    put_offsets(out, e);
    if (e->count != 0) {
        rkmq__bytes_printf(out, " count=%ld", (long)e->count);
    }
    if (e->status != 0) {
        rkmq__bytes_printf(out, " status=%ld", (long)e->status);
    }
    put_name(log, out, " key=", e->key);
    put_name(log, out, " ", e->text);
}

void rkmq__event_write_line(const struct rkmq_event_log *log, const struct rkmq_event *e,
                            struct rkmq_bytes *out)
{
    const char *code_name = rkmq__event_code_name(e);
    rkmq__bytes_printf(out, "%4" PRId64 ".%06" PRId64 "  %-14s", e->at / 1000000, e->at % 1000000,
                       kind_names[e->kind]);
    put_name(log, out, " ", e->who);
    put_name(log, out, " -> ", e->peer);
    if (code_name) {
        rkmq__bytes_printf(out, " %s", code_name);
    }
    if (e->topic || e->broker) {
        rkmq__bytes_add_text(out, " ");
    }
    rkmq__event_write_queue(log, e, out);
    rkmq__event_write_details(log, e, out);
}
