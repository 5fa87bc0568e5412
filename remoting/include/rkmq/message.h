/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_MESSAGE_H
#define RKMQ_MESSAGE_H

/*
 * Stored message records (the bytes of pull answers), their properties, batches, ids, compression,
 * tag hashes.
 *
 * A record is the unit of the broker's log and of a pull answer's body: fixed fields, body, topic,
 * properties. V1 has one byte of topic length, V2 two. Hosts are IPv4 or IPv6 by sysFlag. Source:
 * MessageDecoder, MessageVersion, MessageSysFlag, MessageExtEncoder, MessageClientIDSetter (5.3.3).
 */

#include <rkmq/env.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_RECORD_MAGIC_V1 0xDAA320A7u
#define RKMQ_RECORD_MAGIC_V2 0xDAA320ABu
#define RKMQ_RECORD_BYTES_MIN 91u
#define RKMQ_MESSAGE_BODY_BYTES_MAX (4u << 20) /* maxMessageSize */
#define RKMQ_PROPERTIES_BYTES_MAX 32767u
#define RKMQ_DECOMPRESSED_BYTES_MAX (64u << 20) /* refuse bombs */

enum rkmq_sys_flag {
    RKMQ_SYS_COMPRESSED = 0x001,
    RKMQ_SYS_MULTI_TAGS = 0x002,
    RKMQ_SYS_TRANSACTION_MASK = 0x00C,
    RKMQ_SYS_TRANSACTION_PREPARED = 0x004,
    RKMQ_SYS_TRANSACTION_COMMIT = 0x008,
    RKMQ_SYS_TRANSACTION_ROLLBACK = 0x00C,
    RKMQ_SYS_BORN_HOST_V6 = 0x010,
    RKMQ_SYS_STORE_HOST_V6 = 0x020,
    RKMQ_SYS_NEED_UNWRAP = 0x040,
    RKMQ_SYS_INNER_BATCH = 0x080,
    RKMQ_SYS_COMPRESSION_MASK = 0x700,
    RKMQ_SYS_COMPRESSION_LZ4 = 0x100,
    RKMQ_SYS_COMPRESSION_ZSTD = 0x200,
    RKMQ_SYS_COMPRESSION_ZLIB = 0x300 /* 0x000 is zlib too: senders older than 4.9.4 */
};

struct rkmq_host {
    uint8_t address[16]; /* network order; the first 4 bytes when !is_v6 */
    bool is_v6;
    uint32_t port;
};

struct rkmq_record {
    uint32_t magic;    /* RKMQ_RECORD_MAGIC_V1 or _V2 */
    uint32_t body_crc; /* CRC-32 of the body as stored, & 0x7FFFFFFF */
    int32_t queue_id, flag;
    int64_t queue_offset, commit_log_offset;
    int32_t sys_flag;
    int64_t born_ms, store_ms;
    struct rkmq_host born_host, store_host;
    int32_t reconsume_times;
    int64_t prepared_transaction_offset;
    struct rkmq_slice body, topic, properties; /* as stored */
};

/* What a pull answer's index scan touches; enough to bound a process queue. */
struct rkmq_record_index {
    int64_t queue_offset;
    int32_t sys_flag;
    uint32_t bytes, body_bytes;
};

/*
 * Walk records that stand back to back; `cursor` moves behind the record read.
 * Errors: RKMQ_E_MORE at the end of the cursor, RKMQ_E_PROTOCOL (err says which field does not
 * fit).
 */
RKMQ_API int rkmq_record_index_next(struct rkmq_slice *cursor, struct rkmq_record_index *out,
                                    struct rkmq_err *err);
RKMQ_API int rkmq_record_next(struct rkmq_slice *cursor, struct rkmq_record *view,
                              struct rkmq_err *err);
/* Size first, then the bytes. Errors of write: RKMQ_E_LIMIT a length that does not fit its field or
 * `n`. */
RKMQ_API size_t rkmq_record_bytes(const struct rkmq_record *r);
RKMQ_API int rkmq_record_write(const struct rkmq_record *r, uint8_t *dst, size_t n);

/* ---- properties: name 0x01 value 0x02 ...
 * ---------------------------------------------------------------------- */

/* The next pair; segments without a name or a value are passed over. RKMQ_E_MORE at the end. */
RKMQ_API int rkmq_property_next(struct rkmq_slice *cursor, struct rkmq_slice *name,
                                struct rkmq_slice *value);
/* The value of the last pair with that name (as a Java map), or an empty slice with p == NULL. */
RKMQ_API struct rkmq_slice rkmq_property_get(struct rkmq_slice properties, const char *name);

/* ---- batches: the body of SEND_BATCH_MESSAGE
 * -------------------------------------------------------------------- */

struct rkmq_batch_item {
    int32_t flag;
    struct rkmq_slice body, properties;
};
RKMQ_API int rkmq_batch_item_next(struct rkmq_slice *cursor, struct rkmq_batch_item *view,
                                  struct rkmq_err *err);
RKMQ_API size_t rkmq_batch_item_bytes(const struct rkmq_batch_item *item);
RKMQ_API int rkmq_batch_item_write(const struct rkmq_batch_item *item, uint8_t *dst, size_t n);

/* ---- ids ---- */

#define RKMQ_OFFSET_ID_CHARS_MAX 56
/* Upper-case hex of address, port and commit-log offset, NUL-terminated: 32 characters for IPv4, 56
 * for IPv6. */
RKMQ_API void rkmq_offset_id_write(const struct rkmq_host *host, int64_t commit_log_offset,
                                   char out[RKMQ_OFFSET_ID_CHARS_MAX + 1]);
/* Errors: RKMQ_E_INVALID length or digit. */
RKMQ_API int rkmq_offset_id_read(struct rkmq_slice id, struct rkmq_host *host,
                                 int64_t *commit_log_offset);
/* "ip:port", "[v6]:port"; no names. Errors: RKMQ_E_INVALID. */
RKMQ_API int rkmq_host_read(const char *text, struct rkmq_host *out);
RKMQ_API void rkmq_host_write(const struct rkmq_host *host, char out[64]);

#define RKMQ_UNIQ_KEY_CHARS 32
/* The parts of a UNIQ_KEY that stay the same; `counter` goes up by one per key. */
struct rkmq_uniq_key_source {
    uint8_t address[4];
    uint16_t pid;
    uint32_t salt; /* Java: hash code of the class loader */
    uint16_t counter;
};
/* `wall` in ms; the time part is milliseconds since the first of its month, UTC. NUL-terminated. */
RKMQ_API void rkmq_uniq_key_write(struct rkmq_uniq_key_source *s, rkmq_ms wall,
                                  char out[RKMQ_UNIQ_KEY_CHARS + 1]);

/* ---- bodies and hashes
 * ------------------------------------------------------------------------------------------- */

/* Java's String.hashCode over the UTF-16 form of UTF-8 text; malformed bytes count as U+FFFD. */
RKMQ_API int32_t rkmq_java_string_hash(struct rkmq_slice utf8);
RKMQ_API uint32_t rkmq_body_crc(struct rkmq_slice body); /* CRC-32 & 0x7FFFFFFF */

/*
 * Body as the application sees it. `sys_flag` decides the format (bits 0 and 8-10).
 * Errors: RKMQ_E_PROTOCOL broken stream or unknown type, RKMQ_E_LIMIT above
 * RKMQ_DECOMPRESSED_BYTES_MAX, RKMQ_E_NOMEM.
 */
RKMQ_API int rkmq_body_decompress(struct rkmq_slice body, int32_t sys_flag,
                                  const struct rkmq_mem *mem, struct rkmq_buf **out,
                                  struct rkmq_err *err);
/* `type` is one of the RKMQ_SYS_COMPRESSION_ values. Errors: RKMQ_E_NOMEM, RKMQ_E_INVALID. */
RKMQ_API int rkmq_body_compress(struct rkmq_slice body, int32_t type, const struct rkmq_mem *mem,
                                struct rkmq_buf **out, struct rkmq_err *err);

#ifdef __cplusplus
}
#endif
#endif
