/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/codec/header_codec.h"

static size_t header_bytes(const struct rkmq_command *cmd, bool *is_plain)
{
    return cmd->format == RKMQ_HEADER_BINARY ? rkmq__header_binary_bytes(cmd)
                                             : rkmq__header_json_bytes(cmd, is_plain);
}

size_t rkmq_command_head_bytes(const struct rkmq_command *cmd)
{
    bool is_plain;
    return RKMQ_FRAME_PREFIX_BYTES + header_bytes(cmd, &is_plain);
}

/* A buffer of head and `n_room` bytes behind it, which count as `n_body` bytes of body. */
static int encode_head(const struct rkmq_command *cmd, size_t n_body, size_t n_room,
                       const struct rkmq_mem *mem, struct rkmq_buf **out)
{
    bool is_plain = true; /* a binary header has no escapes */
    size_t n_header = header_bytes(cmd, &is_plain);
    *out = NULL;
    if (n_header > 0xFFFFFF || n_body > RKMQ_FRAME_BYTES_MAX ||
        RKMQ_FRAME_PREFIX_BYTES + n_header + n_body > RKMQ_FRAME_BYTES_MAX ||
        (cmd->format == RKMQ_HEADER_BINARY && !rkmq__header_binary_fits(cmd))) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_buf *buf = rkmq_buf_create(mem, RKMQ_FRAME_PREFIX_BYTES + n_header + n_room);
    if (!buf) {
        return RKMQ_E_NOMEM;
    }
    rkmq_put_be32(buf->p, (uint32_t)(4 + n_header + n_body));
    rkmq_put_be32(buf->p + 4, (uint32_t)cmd->format << 24 | (uint32_t)n_header);
    uint8_t *header = buf->p + RKMQ_FRAME_PREFIX_BYTES;
    uint8_t *end = cmd->format == RKMQ_HEADER_BINARY
                       ? rkmq__header_binary_write(cmd, header)
                       : rkmq__header_json_write(cmd, is_plain, header);
    RKMQ_ASSERT(end == header + n_header);
    *out = buf;
    return RKMQ_OK;
}

int rkmq_command_encode_head(const struct rkmq_command *cmd, size_t body_bytes,
                             const struct rkmq_mem *mem, struct rkmq_buf **out)
{
    return encode_head(cmd, body_bytes, 0, mem, out);
}

int rkmq_command_encode(const struct rkmq_command *cmd, const struct rkmq_mem *mem,
                        struct rkmq_buf **out)
{
    int status = encode_head(cmd, cmd->body.n, cmd->body.n, mem, out);
    if (status == RKMQ_OK && cmd->body.n > 0) {
        memcpy((*out)->p + (*out)->n - cmd->body.n, cmd->body.p, cmd->body.n);
    }
    return status;
}
