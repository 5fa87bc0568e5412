/* SPDX-License-Identifier: Apache-2.0 */
/* Stored message records. Source: MessageDecoder.decode, MessageExtEncoder (5.3.3); layout in
 * message.h. */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define MAGIC_AT 4
#define QUEUE_OFFSET_AT 20
#define SYS_FLAG_AT 36
#define BORN_HOST_AT 48 /* everything up to here stands at fixed places */
#define HOST_V4_BYTES 8
#define HOST_V6_BYTES 20

static size_t host_bytes(bool is_v6)
{
    return is_v6 ? HOST_V6_BYTES : HOST_V4_BYTES;
}

/* Bytes from the start to the body length: fixed fields and two hosts. */
static size_t body_length_at(int32_t sys_flag)
{
    return BORN_HOST_AT + host_bytes(sys_flag & RKMQ_SYS_BORN_HOST_V6) + 8 +
           host_bytes(sys_flag & RKMQ_SYS_STORE_HOST_V6) + 12;
}

static size_t topic_length_bytes(uint32_t magic)
{
    return magic == RKMQ_RECORD_MAGIC_V2 ? 2 : 1;
}

/* Size and magic of the record at the cursor; on success the whole record is there. */
static int record_head(struct rkmq_slice in, size_t *bytes, uint32_t *magic, struct rkmq_err *err)
{
    if (in.n == 0) {
        return RKMQ_E_MORE;
    }
    if (in.n < RKMQ_RECORD_BYTES_MIN) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: %zu bytes left, at least %u needed",
                             in.n, RKMQ_RECORD_BYTES_MIN);
    }
    *bytes = rkmq_get_be32(in.p);
    *magic = rkmq_get_be32(in.p + MAGIC_AT);
    if (*magic != RKMQ_RECORD_MAGIC_V1 && *magic != RKMQ_RECORD_MAGIC_V2) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: magic 0x%08x", *magic);
    }
    if (*bytes < RKMQ_RECORD_BYTES_MIN || *bytes > in.n) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: size %zu of %zu bytes left", *bytes,
                             in.n);
    }
    return RKMQ_OK;
}

/* The body, with its length checked against what must still follow it. */
static int record_body(struct rkmq_slice record, uint32_t magic, int32_t sys_flag,
                       struct rkmq_slice *body, struct rkmq_err *err)
{
    size_t at = body_length_at(sys_flag);
    size_t tail = topic_length_bytes(magic) + 2; /* topic and properties lengths */
    if (record.n < at + 4 + tail) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: size %zu is below %zu", record.n,
                             at + 4 + tail);
    }
    uint32_t n = rkmq_get_be32(record.p + at);
    if (n > record.n - at - 4 - tail) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: body length %d in %zu bytes",
                             (int32_t)n, record.n);
    }
    *body = rkmq__slice(record.p + at + 4, n);
    return RKMQ_OK;
}

int rkmq_record_index_next(struct rkmq_slice *cursor, struct rkmq_record_index *out,
                           struct rkmq_err *err)
{
    size_t bytes = 0;
    uint32_t magic = 0;
    struct rkmq_slice body = {0}; /* GCC does not see that success fills it */
    int status = record_head(*cursor, &bytes, &magic, err);
    if (status != RKMQ_OK) {
        return status;
    }
    int32_t sys_flag = (int32_t)rkmq_get_be32(cursor->p + SYS_FLAG_AT);
    status = record_body(rkmq__slice(cursor->p, bytes), magic, sys_flag, &body, err);
    if (status != RKMQ_OK) {
        return status;
    }
    *out = (struct rkmq_record_index){
        .queue_offset = (int64_t)rkmq_get_be64(cursor->p + QUEUE_OFFSET_AT),
        .sys_flag = sys_flag,
        .bytes = (uint32_t)bytes,
        .body_bytes = (uint32_t)body.n,
    };
    *cursor = rkmq__slice(cursor->p + bytes, cursor->n - bytes);
    return RKMQ_OK;
}

static const uint8_t *host_read(const uint8_t *p, bool is_v6, struct rkmq_host *host)
{
    size_t n = is_v6 ? 16 : 4;
    *host = (struct rkmq_host){.is_v6 = is_v6, .port = rkmq_get_be32(p + n)};
    memcpy(host->address, p, n);
    return p + n + 4;
}

static uint8_t *host_put(uint8_t *p, const struct rkmq_host *host)
{
    size_t n = host->is_v6 ? 16 : 4;
    memcpy(p, host->address, n);
    rkmq_put_be32(p + n, host->port);
    return p + n + 4;
}

/* Everything before the body length; it was checked that the bytes are there. */
static void record_fixed(const uint8_t *p, struct rkmq_record *r)
{
    r->body_crc = rkmq_get_be32(p + 8);
    r->queue_id = (int32_t)rkmq_get_be32(p + 12);
    r->flag = (int32_t)rkmq_get_be32(p + 16);
    r->queue_offset = (int64_t)rkmq_get_be64(p + QUEUE_OFFSET_AT);
    r->commit_log_offset = (int64_t)rkmq_get_be64(p + 28);
    r->sys_flag = (int32_t)rkmq_get_be32(p + SYS_FLAG_AT);
    r->born_ms = (int64_t)rkmq_get_be64(p + 40);
    p = host_read(p + BORN_HOST_AT, r->sys_flag & RKMQ_SYS_BORN_HOST_V6, &r->born_host);
    r->store_ms = (int64_t)rkmq_get_be64(p);
    p = host_read(p + 8, r->sys_flag & RKMQ_SYS_STORE_HOST_V6, &r->store_host);
    r->reconsume_times = (int32_t)rkmq_get_be32(p);
    r->prepared_transaction_offset = (int64_t)rkmq_get_be64(p + 4);
}

/* Topic and properties, which must end exactly with the record. */
static int record_tail(struct rkmq_slice record, struct rkmq_record *r, struct rkmq_err *err)
{
    const uint8_t *p = r->body.p + r->body.n;
    size_t left = (size_t)(record.p + record.n - p);
    size_t length_bytes = topic_length_bytes(r->magic);
    int topic_n = length_bytes == 2 ? (int16_t)rkmq_get_be16(p) : (int8_t)p[0];
    if (topic_n < 0 || (size_t)topic_n > left - length_bytes - 2) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "record: topic length %d with %zu bytes left",
                             topic_n, left);
    }
    r->topic = rkmq__slice(p + length_bytes, (size_t)topic_n);
    p += length_bytes + (size_t)topic_n;
    left -= length_bytes + (size_t)topic_n;
    int properties_n = (int16_t)rkmq_get_be16(p);
    if (properties_n < 0 || (size_t)properties_n != left - 2) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL,
                             "record: properties length %d with %zu bytes left", properties_n,
                             left - 2);
    }
    r->properties = rkmq__slice(p + 2, (size_t)properties_n);
    return RKMQ_OK;
}

int rkmq_record_next(struct rkmq_slice *cursor, struct rkmq_record *view, struct rkmq_err *err)
{
    size_t bytes = 0;
    struct rkmq_record r = {0};
    int status = record_head(*cursor, &bytes, &r.magic, err);
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_slice record = rkmq__slice(cursor->p, bytes);
    int32_t sys_flag = (int32_t)rkmq_get_be32(record.p + SYS_FLAG_AT);
    status = record_body(record, r.magic, sys_flag, &r.body, err);
    if (status != RKMQ_OK) {
        return status;
    }
    record_fixed(record.p, &r);
    status = record_tail(record, &r, err);
    if (status != RKMQ_OK) {
        return status;
    }
    *view = r;
    *cursor = rkmq__slice(cursor->p + bytes, cursor->n - bytes);
    return RKMQ_OK;
}

size_t rkmq_record_bytes(const struct rkmq_record *r)
{
    return body_length_at(r->sys_flag) + 4 + r->body.n + topic_length_bytes(r->magic) + r->topic.n +
           2 + r->properties.n;
}

static bool record_fits(const struct rkmq_record *r, size_t n)
{
    size_t topic_max = r->magic == RKMQ_RECORD_MAGIC_V2 ? INT16_MAX : INT8_MAX;
    return r->topic.n <= topic_max && r->properties.n <= RKMQ_PROPERTIES_BYTES_MAX &&
           r->body.n <= INT32_MAX && rkmq_record_bytes(r) <= n &&
           rkmq_record_bytes(r) <= INT32_MAX &&
           r->born_host.is_v6 == ((r->sys_flag & RKMQ_SYS_BORN_HOST_V6) != 0) &&
           r->store_host.is_v6 == ((r->sys_flag & RKMQ_SYS_STORE_HOST_V6) != 0);
}

static uint8_t *bytes_put(uint8_t *p, struct rkmq_slice s)
{
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return p + s.n;
}

int rkmq_record_write(const struct rkmq_record *r, uint8_t *dst, size_t n)
{
    if (!record_fits(r, n)) {
        return RKMQ_E_LIMIT;
    }
    uint8_t *p = dst;
    rkmq_put_be32(p, (uint32_t)rkmq_record_bytes(r));
    rkmq_put_be32(p + MAGIC_AT, r->magic);
    rkmq_put_be32(p + 8, r->body_crc);
    rkmq_put_be32(p + 12, (uint32_t)r->queue_id);
    rkmq_put_be32(p + 16, (uint32_t)r->flag);
    rkmq_put_be64(p + QUEUE_OFFSET_AT, (uint64_t)r->queue_offset);
    rkmq_put_be64(p + 28, (uint64_t)r->commit_log_offset);
    rkmq_put_be32(p + SYS_FLAG_AT, (uint32_t)r->sys_flag);
    rkmq_put_be64(p + 40, (uint64_t)r->born_ms);
    p = host_put(p + BORN_HOST_AT, &r->born_host);
    rkmq_put_be64(p, (uint64_t)r->store_ms);
    p = host_put(p + 8, &r->store_host);
    rkmq_put_be32(p, (uint32_t)r->reconsume_times);
    rkmq_put_be64(p + 4, (uint64_t)r->prepared_transaction_offset);
    rkmq_put_be32(p + 12, (uint32_t)r->body.n);
    p = bytes_put(p + 16, r->body);
    if (r->magic == RKMQ_RECORD_MAGIC_V2) {
        rkmq_put_be16(p, (uint16_t)r->topic.n);
        p += 2;
    } else {
        *p++ = (uint8_t)r->topic.n;
    }
    p = bytes_put(p, r->topic);
    rkmq_put_be16(p, (uint16_t)r->properties.n);
    (void)bytes_put(p + 2, r->properties); /* the end is known */
    return RKMQ_OK;
}
