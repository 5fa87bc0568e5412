/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ROCKETMQ header:
 *
 *   i16 code | i8 language | i16 version | i32 opaque | i32 flag | i32 n, remark
 *   | i32 n, entries of: i16 n, key | i32 n, value
 *
 * Source: RocketMQSerializable (5.3.3).
 */
#include "remoting/codec/header_codec.h"

#define BINARY_FIXED_BYTES 13 /* up to flag */

/* ---- reading ---- */

struct binary_reader {
    struct rkmq_slice rest;
    size_t n_header;
    struct rkmq_err *err;
};

static struct rkmq_slice reader_cut(struct binary_reader *r, size_t n)
{
    struct rkmq_slice cut = rkmq__slice(r->rest.p, n);
    r->rest = rkmq__slice(r->rest.p + n, r->rest.n - n);
    return cut;
}

/* A length word of 2 or 4 bytes, then as many bytes. `what` is for people. */
static int reader_text(struct binary_reader *r, size_t n_word, const char *what,
                       struct rkmq_slice *out)
{
    size_t at = r->n_header - r->rest.n;
    if (r->rest.n < n_word) {
        return rkmq__err_set(r->err, RKMQ_E_PROTOCOL,
                             "binary header of %zu bytes: ends in the length of %s at byte %zu",
                             r->n_header, what, at);
    }
    const uint8_t *word = reader_cut(r, n_word).p;
    int32_t n = n_word == 2 ? (int16_t)rkmq_get_be16(word) : (int32_t)rkmq_get_be32(word);
    if (n < 0 || (size_t)n > r->rest.n) {
        return rkmq__err_set(r->err, RKMQ_E_PROTOCOL,
                             "binary header of %zu bytes: %s at byte %zu has length %d, %zu left",
                             r->n_header, what, at, n, r->rest.n);
    }
    *out = reader_cut(r, (size_t)n);
    return RKMQ_OK;
}

static int read_entry(struct binary_reader *r, struct rkmq_header_room *room)
{
    struct rkmq_field *field;
    int status = rkmq__header_room_add(room, &field, r->err);
    if (status == RKMQ_OK) {
        status = reader_text(r, 2, "a key", &field->key);
    }
    return status == RKMQ_OK ? reader_text(r, 4, "a value", &field->value) : status;
}

static int read_tail(struct binary_reader *r, struct rkmq_header_room *room,
                     struct rkmq_command *cmd)
{
    struct rkmq_slice entries;
    int status = reader_text(r, 4, "the remark", &cmd->remark);
    if (status == RKMQ_OK) {
        status = reader_text(r, 4, "extFields", &entries);
    }
    if (status != RKMQ_OK) {
        return status;
    }
    if (cmd->remark.n == 0) {
        cmd->remark = (struct rkmq_slice){0};
    }
    if (r->rest.n > 0) {
        return rkmq__err_set(r->err, RKMQ_E_PROTOCOL,
                             "binary header of %zu bytes: %zu bytes behind extFields", r->n_header,
                             r->rest.n);
    }
    cmd->has_fields = entries.n > 0;
    r->rest = entries;
    while (r->rest.n > 0 && status == RKMQ_OK) {
        status = read_entry(r, room);
    }
    return status;
}

int rkmq__header_binary_read(struct rkmq_slice header, struct rkmq_header_room *room,
                             struct rkmq_command *cmd, struct rkmq_err *err)
{
    struct binary_reader r = {.rest = header, .n_header = header.n, .err = err};
    *cmd = (struct rkmq_command){.format = RKMQ_HEADER_BINARY};
    room->n_fields = 0;
    if (header.n < BINARY_FIXED_BYTES) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL,
                             "binary header of %zu bytes: its fixed part has %d", header.n,
                             BINARY_FIXED_BYTES);
    }
    const uint8_t *p = reader_cut(&r, BINARY_FIXED_BYTES).p;
    cmd->code = (int16_t)rkmq_get_be16(p);
    cmd->language = (int8_t)p[2];
    cmd->version = (int16_t)rkmq_get_be16(p + 3);
    cmd->opaque = (int32_t)rkmq_get_be32(p + 5);
    cmd->flags = rkmq_get_be32(p + 9);
    int status = read_tail(&r, room, cmd);
    cmd->fields = room->fields;
    cmd->n_fields = room->n_fields;
    return status;
}

/* ---- writing ---- */

bool rkmq__header_binary_fits(const struct rkmq_command *cmd)
{
    if (cmd->code != (int16_t)cmd->code || cmd->language != (int8_t)cmd->language ||
        cmd->version != (int16_t)cmd->version) {
        return false;
    }
    for (size_t i = 0; i < cmd->n_fields; i++) {
        if (cmd->fields[i].key.n > INT16_MAX) {
            return false;
        }
    }
    return true;
}

static size_t entries_bytes(const struct rkmq_command *cmd)
{
    size_t n = 0;
    for (size_t i = 0; i < cmd->n_fields; i++) {
        n += 6 + cmd->fields[i].key.n + cmd->fields[i].value.n;
    }
    return n;
}

size_t rkmq__header_binary_bytes(const struct rkmq_command *cmd)
{
    return BINARY_FIXED_BYTES + 8 + cmd->remark.n + entries_bytes(cmd);
}

static uint8_t *put_bytes(uint8_t *out, struct rkmq_slice bytes)
{
    if (bytes.n > 0) {
        memcpy(out, bytes.p, bytes.n);
    }
    return out + bytes.n;
}

uint8_t *rkmq__header_binary_write(const struct rkmq_command *cmd, uint8_t *out)
{
    rkmq_put_be16(out, (uint16_t)cmd->code);
    out[2] = (uint8_t)cmd->language;
    rkmq_put_be16(out + 3, (uint16_t)cmd->version);
    rkmq_put_be32(out + 5, (uint32_t)cmd->opaque);
    rkmq_put_be32(out + 9, cmd->flags);
    rkmq_put_be32(out + BINARY_FIXED_BYTES, (uint32_t)cmd->remark.n);
    out = put_bytes(out + BINARY_FIXED_BYTES + 4, cmd->remark);
    rkmq_put_be32(out, (uint32_t)entries_bytes(cmd));
    out += 4;
    for (size_t i = 0; i < cmd->n_fields; i++) {
        const struct rkmq_field *field = &cmd->fields[i];
        rkmq_put_be16(out, (uint16_t)field->key.n);
        out = put_bytes(out + 2, field->key);
        rkmq_put_be32(out, (uint32_t)field->value.n);
        out = put_bytes(out + 4, field->value);
    }
    return out;
}
