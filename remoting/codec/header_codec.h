/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CODEC_HEADER_CODEC_H
#define RKMQ_CODEC_HEADER_CODEC_H

/* The two forms of a command's header, as bytes. The frame around them is decoder.c and encode.c.
 */

#include <rkmq/remoting.h>

#include "remoting/base/core.h"

/* What a decoder lends to one header at a time: room for its fields and for unescaped texts. */
struct rkmq_header_room {
    const struct rkmq_mem *mem;
    struct rkmq_field *fields;
    size_t n_fields, n_fields_max;
    uint8_t *text;
    size_t n_text, n_text_max;
};
void rkmq__header_room_close(struct rkmq_header_room *room);
int rkmq__header_room_grow(struct rkmq_header_room *room, struct rkmq_err *err);
/* The place of one more field. Errors: RKMQ_E_PROTOCOL over RKMQ_FIELDS_MAX, RKMQ_E_NOMEM. */
static inline int rkmq__header_room_add(struct rkmq_header_room *room, struct rkmq_field **out,
                                        struct rkmq_err *err)
{
    int status = room->n_fields < room->n_fields_max ? RKMQ_OK : rkmq__header_room_grow(room, err);
    if (status == RKMQ_OK) {
        *out = &room->fields[room->n_fields++];
    }
    return status;
}

/*
 * Fill everything of `cmd` but body and frame; texts are borrowed from `header` and `room`.
 * Errors: RKMQ_E_PROTOCOL (err has the reason), RKMQ_E_NOMEM.
 */
int rkmq__header_json_read(struct rkmq_slice header, struct rkmq_header_room *room,
                           struct rkmq_command *cmd, struct rkmq_err *err);
int rkmq__header_binary_read(struct rkmq_slice header, struct rkmq_header_room *room,
                             struct rkmq_command *cmd, struct rkmq_err *err);

/* `write` fills exactly the bytes counted. `is_plain`: nothing in it has to be escaped. */
size_t rkmq__header_json_bytes(const struct rkmq_command *cmd, bool *is_plain);
uint8_t *rkmq__header_json_write(const struct rkmq_command *cmd, bool is_plain, uint8_t *out);
/* False when a number or length has no room in its field. */
bool rkmq__header_binary_fits(const struct rkmq_command *cmd);
size_t rkmq__header_binary_bytes(const struct rkmq_command *cmd);
uint8_t *rkmq__header_binary_write(const struct rkmq_command *cmd, uint8_t *out);

#endif
