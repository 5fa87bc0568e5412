/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures as JSON lines: one frame a line, header and body in hex, and lines with "event" for what
 * happened around them.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/decode.h"
#include "remoting/codec/json.h"

struct jsonl_reader {
    struct decode_output *out;
    struct decode_place place;
    struct rkmq_map flows; /* "conn" -> struct decode_flow */
    struct rkmq_arena line_arena;
    struct rkmq_bytes frame;
};

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int add_hex(struct rkmq_bytes *out, struct rkmq_slice hex)
{
    uint8_t *p = hex.n % 2 == 0 && hex.n > 0 ? rkmq__bytes_reserve(out, hex.n / 2) : NULL;
    if (!p) {
        return hex.n == 0 ? RKMQ_OK : hex.n % 2 ? RKMQ_E_INVALID : RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < hex.n / 2; i++) {
        int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return RKMQ_E_INVALID;
        }
        p[i] = (uint8_t)(high << 4 | low);
    }
    return RKMQ_OK;
}

static struct rkmq_slice text_of(struct jsonl_reader *r, const struct rkmq_json *line,
                                 const char *name)
{
    struct rkmq_slice text = {0};
    (void)rkmq__json_text(line, name, &r->line_arena, &text); /* absent or no text: empty */
    return text;
}

static struct decode_flow *flow_of(struct jsonl_reader *r, int64_t conn, struct rkmq_slice link)
{
    struct rkmq_slice key = rkmq__slice(&conn, sizeof conn);
    struct decode_flow *flow = rkmq__map_get(&r->flows, key);
    if (flow || decode_flow_create(&flow, r->out->mem, (uint64_t)conn, link) != RKMQ_OK) {
        return flow;
    }
    if (rkmq__map_put(&r->flows, key, flow) != RKMQ_OK) {
        decode_flow_destroy(flow);
        return NULL;
    }
    return flow;
}

/* Puts the frame together as it was on the wire. */
static int frame_build(struct jsonl_reader *r, const struct rkmq_json *line)
{
    uint8_t prefix[RKMQ_FRAME_PREFIX_BYTES] = {0};
    bool is_binary = rkmq__slice_is(text_of(r, line, "serialize"), "ROCKETMQ");
    rkmq__bytes_clear(&r->frame);
    rkmq__bytes_add(&r->frame, prefix, sizeof prefix);
    int status = add_hex(&r->frame, text_of(r, line, "header_raw_hex"));
    size_t header_bytes = r->frame.n - sizeof prefix;
    if (status == RKMQ_OK) {
        status = add_hex(&r->frame, text_of(r, line, "body_hex"));
    }
    if (status != RKMQ_OK || r->frame.is_failed) {
        return status == RKMQ_OK ? RKMQ_E_NOMEM : status;
    }
    if (header_bytes == 0 || header_bytes > 0xFFFFFF || r->frame.n > RKMQ_FRAME_BYTES_MAX) {
        return RKMQ_E_LIMIT;
    }
    rkmq_put_be32(r->frame.p, (uint32_t)(r->frame.n - 4));
    rkmq_put_be32(r->frame.p + 4, (uint32_t)header_bytes | (is_binary ? 1u << 24 : 0));
    return RKMQ_OK;
}

static void read_event(struct jsonl_reader *r, const struct rkmq_json *line, int64_t conn,
                       int64_t t_us)
{
    struct rkmq_slice event = text_of(r, line, "event");
    struct rkmq_bytes note;
    rkmq__bytes_init(&note, r->out->mem);
    if (rkmq__slice_is(event, "mark")) {
        rkmq__bytes_add_slice(&note, text_of(r, line, "text"));
    } else {
        struct rkmq_slice by = text_of(r, line, "by"), link = text_of(r, line, "link");
        rkmq__bytes_add_slice(&note, event);
        if (link.n > 0) {
            rkmq__bytes_printf(&note, " %.*s", RKMQ_SLICE_ARG(link));
        }
        if (by.n > 0) {
            rkmq__bytes_printf(&note, " by %.*s", RKMQ_SLICE_ARG(by));
        }
    }
    decode_print_note(r->out, t_us, (uint64_t)conn, rkmq__bytes_slice(&note));
    rkmq__bytes_close(&note);
}

static void read_frame(struct jsonl_reader *r, const struct rkmq_json *line, int64_t conn,
                       int64_t t_us)
{
    struct rkmq_slice dir = text_of(r, line, "dir");
    int status = frame_build(r, line);
    if (status == RKMQ_E_LIMIT) {
        decode_error(r->out, &r->place, "header_raw_hex is missing, or the frame is too long");
    } else if (status == RKMQ_E_INVALID) {
        decode_error(r->out, &r->place, "header_raw_hex or body_hex is no hex");
    } else if (!rkmq__slice_is(dir, "c2s") && !rkmq__slice_is(dir, "s2c")) {
        decode_error(r->out, &r->place, "dir is neither c2s nor s2c");
    } else {
        struct decode_flow *flow = flow_of(r, conn, text_of(r, line, "link"));
        if (!flow || status != RKMQ_OK) {
            decode_error(r->out, &r->place, "%s", rkmq_status_text(RKMQ_E_NOMEM));
            return;
        }
        decode_flow_feed(flow, rkmq__slice_is(dir, "c2s"), t_us, rkmq__bytes_slice(&r->frame),
                         &r->place, r->out);
    }
}

static void read_line(struct jsonl_reader *r, struct rkmq_slice text)
{
    struct rkmq_json line, event;
    struct rkmq_err err;
    int64_t conn = 0, t_us = 0;
    if (rkmq__json_parse(text, &line, &err) != RKMQ_OK) {
        decode_error(r->out, &r->place, "%s", err.text);
        return;
    }
    if (line.type != RKMQ_JSON_OBJECT || rkmq__json_i64(&line, "conn", &conn) != RKMQ_OK ||
        rkmq__json_i64(&line, "t_us", &t_us) != RKMQ_OK) {
        decode_error(r->out, &r->place, "no capture line: an object with conn and t_us is wanted");
        return;
    }
    if (rkmq__json_member(&line, "event", &event)) {
        read_event(r, &line, conn, t_us);
    } else {
        read_frame(r, &line, conn, t_us);
    }
    rkmq__arena_close(&r->line_arena);
    rkmq__arena_init(&r->line_arena, r->out->mem);
}

void decode_jsonl_read(FILE *file, const char *name, struct decode_output *out)
{
    struct jsonl_reader r = {.out = out, .place = {.file = name, .separator = ":"}};
    char *text = NULL;
    size_t text_bytes = 0;
    ssize_t n;
    rkmq__map_init(&r.flows, out->mem);
    rkmq__arena_init(&r.line_arena, out->mem);
    rkmq__bytes_init(&r.frame, out->mem);
    while ((n = getline(&text, &text_bytes, file)) >= 0) {
        r.place.n++;
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
            n--;
        }
        if (n > 0) {
            read_line(&r, rkmq__slice(text, (size_t)n));
        }
    }
    if (ferror(file)) {
        decode_error(out, &r.place, "%s", strerror(errno));
    }
    free(text);
    size_t cursor = 0;
    for (struct rkmq_map_entry *e; (e = rkmq__map_next(&r.flows, &cursor)) != NULL;) {
        decode_flow_destroy(e->value);
    }
    rkmq__map_close(&r.flows);
    rkmq__arena_close(&r.line_arena);
    rkmq__bytes_close(&r.frame);
}
