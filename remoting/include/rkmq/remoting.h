/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_REMOTING_H
#define RKMQ_REMOTING_H

/*
 * The remoting protocol's frames and headers, usable without a runtime (tools, fuzzers, other
 * people's tests).
 *
 *   i32 length | i8 serialize type, i24 header length | header (JSON or ROCKETMQ binary) | body
 *
 * Source: RemotingCommand, NettyDecoder, RocketMQSerializable (remoting module, 5.3.3).
 */

#include <rkmq/env.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_FRAME_BYTES_MAX                                                                       \
    (16u << 20)             /* whole frame with its length word; NettyDecoder FRAME_MAX_LENGTH */
#define RKMQ_FIELDS_MAX 256 /* extFields of one header */
#define RKMQ_FRAME_PREFIX_BYTES 8

enum rkmq_header_format {
    RKMQ_HEADER_JSON = 0,
    RKMQ_HEADER_BINARY = 1
}; /* the frame's serialize type */

enum rkmq_command_flag { RKMQ_FLAG_RESPONSE = 1, RKMQ_FLAG_ONEWAY = 2 };

/* LanguageCode; the JSON header carries the name, the binary header the number. */
#define RKMQ_LANGUAGE_TABLE(X)                                                                     \
    X(JAVA, 0)                                                                                     \
    X(CPP, 1)                                                                                      \
    X(DOTNET, 2)                                                                                   \
    X(PYTHON, 3)                                                                                   \
    X(DELPHI, 4)                                                                                   \
    X(ERLANG, 5)                                                                                   \
    X(RUBY, 6)                                                                                     \
    X(OTHER, 7)                                                                                    \
    X(HTTP, 8)                                                                                     \
    X(GO, 9)                                                                                       \
    X(PHP, 10)                                                                                     \
    X(OMS, 11)                                                                                     \
    X(RUST, 12)                                                                                    \
    X(NODE_JS, 13)
enum rkmq_language {
#define X(name, value) RKMQ_LANGUAGE_##name = (value),
    RKMQ_LANGUAGE_TABLE(X)
#undef X
        RKMQ_LANGUAGE_UNKNOWN = -1
};

#define RKMQ_VERSION_V4_9_4 401 /* from here on a name server answers 105 in standard JSON */
#define RKMQ_VERSION_V5_3_3 479 /* what this library announces */

struct rkmq_field {
    struct rkmq_slice key, value;
};

struct rkmq_command {
    int code;
    int language; /* enum rkmq_language */
    int version;
    int32_t opaque;
    uint32_t flags; /* enum rkmq_command_flag */
    enum rkmq_header_format format;
    bool has_fields; /* JSON: extFields stands in the header, maybe empty */
    struct rkmq_slice remark;
    const struct rkmq_field *fields;
    size_t n_fields;
    struct rkmq_slice body;
    struct rkmq_buf
        *frame; /* decoded: the whole frame (borrowed); view it to keep the body alive */
};

/* ---- reading ---- */

/*
 * Incremental frame decoder of one connection.
 * `next` answers RKMQ_OK with a view valid until the next call on the decoder, RKMQ_E_MORE when no
 * whole frame is there, RKMQ_E_PROTOCOL (err says what, with the offending values) or RKMQ_E_LIMIT
 * (frame over the limit) after which the connection must be closed, or RKMQ_E_NOMEM. Nothing above
 * the limit is ever allocated.
 */
struct rkmq_decoder;
RKMQ_API int rkmq_decoder_create(struct rkmq_decoder **out, const struct rkmq_mem *mem,
                                 size_t frame_bytes_max);
RKMQ_API void rkmq_decoder_destroy(struct rkmq_decoder *d);
RKMQ_API void rkmq_decoder_feed(struct rkmq_decoder *d, struct rkmq_buf *take_data);
RKMQ_API int rkmq_decoder_next(struct rkmq_decoder *d, struct rkmq_command *view,
                               struct rkmq_err *err);

/* Fields of a decoded command. Last one wins where a key stands twice (as a Java map). */
RKMQ_API const struct rkmq_field *rkmq_command_field(const struct rkmq_command *cmd,
                                                     const char *key);
/* Errors: RKMQ_E_NOT_FOUND; for i64 RKMQ_E_INVALID when the text is no decimal integer in range. */
RKMQ_API int rkmq_command_text(const struct rkmq_command *cmd, const char *key,
                               struct rkmq_slice *out);
RKMQ_API int rkmq_command_i64(const struct rkmq_command *cmd, const char *key, int64_t *out);
/* "true" in any letter case is true, all else false. Errors: RKMQ_E_NOT_FOUND. */
RKMQ_API int rkmq_command_bool(const struct rkmq_command *cmd, const char *key, bool *out);

/* ---- writing ---- */

/* Bytes of the frame's prefix and header; the body is not counted. */
RKMQ_API size_t rkmq_command_head_bytes(const struct rkmq_command *cmd);
/*
 * A buffer with prefix and header of `cmd`, announcing `body_bytes` of body, which the caller sends
 * right behind it. `cmd->body` is not looked at. JSON keys stand in Java's order. Errors:
 * RKMQ_E_NOMEM, RKMQ_E_LIMIT (header over 24 bits, frame over RKMQ_FRAME_BYTES_MAX, or a binary
 * header with a code, language or version that does not fit).
 */
RKMQ_API int rkmq_command_encode_head(const struct rkmq_command *cmd, size_t body_bytes,
                                      const struct rkmq_mem *mem, struct rkmq_buf **out);
/* The same with `cmd->body` copied behind it: one whole frame. */
RKMQ_API int rkmq_command_encode(const struct rkmq_command *cmd, const struct rkmq_mem *mem,
                                 struct rkmq_buf **out);

/* ---- code tables (reference: RequestCode, ResponseCode of 5.3.3)
 * ---------------------------------------------- */

/* "PULL_MESSAGE", "TOPIC_NOT_EXIST"; NULL when the code is unknown. */
RKMQ_API const char *rkmq_request_code_name(int code);
RKMQ_API const char *rkmq_response_code_name(int code);
/* The other way round; RKMQ_E_NOT_FOUND. */
RKMQ_API int rkmq_request_code_by_name(const char *name, int *out);
RKMQ_API int rkmq_response_code_by_name(const char *name, int *out);
RKMQ_API const char *rkmq_language_name(int language);
/* "V5_3_3" for 479; values beyond the list are the last one, as in MQVersion.getVersionDesc. */
RKMQ_API const char *rkmq_version_name(int version);

#ifdef __cplusplus
}
#endif
#endif
