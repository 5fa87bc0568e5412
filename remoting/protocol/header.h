/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PROTOCOL_HEADER_H
#define RKMQ_PROTOCOL_HEADER_H

/*
 * Typed extFields. remoting/protocol/headers.def lists every header class used here (fields, types,
 * wire names, required or not); this file turns each into struct rkmq_<name> the fields, C names in
 * snake_case extern const struct rkmq_header_class rkmq__<name>_class and one engine reads and
 * writes them all.
 *
 * C types: TEXT struct rkmq_slice (absent: p NULL), I32 int32_t, I64 int64_t, BOOL bool. Every
 * optional field X of a type other than TEXT is followed by `bool has_X`. Source of each class:
 * org.apache.rocketmq.remoting.protocol.header.* (5.3.3); protocol.md section 2.
 */

#include <rkmq/remoting.h>

#include "remoting/base/core.h"

enum rkmq_header_type { RKMQ_HEADER_TEXT, RKMQ_HEADER_I32, RKMQ_HEADER_I64, RKMQ_HEADER_BOOL };

struct rkmq_header_field {
    const char *name; /* on the wire */
    size_t name_bytes;
    const char *name_short; /* the V2 spelling (SEND_MESSAGE_V2, SEND_BATCH_MESSAGE), or NULL */
    enum rkmq_header_type type;
    bool is_required;
    size_t offset;     /* of the value in the struct */
    size_t has_offset; /* of has_X, 0 when there is none */
};

struct rkmq_header_class {
    const char *name; /* Java's class name, for error texts */
    const struct rkmq_header_field *(*fields)(size_t *n_fields);
    size_t struct_bytes;
};

/* Fields on their way out: borrowed texts, numbers kept here as text (so it must not be copied).
 * To add to it, begin with `n` 0; the rest need not be initialised. */
#define RKMQ_FIELDS_OUT_MAX 32
struct rkmq_fields {
    size_t n;
    struct rkmq_field at[RKMQ_FIELDS_OUT_MAX];
    char digits[RKMQ_FIELDS_OUT_MAX][RKMQ_I64_TEXT_BYTES];
};
void rkmq__fields_add_text(struct rkmq_fields *f, const char *key, struct rkmq_slice value);
void rkmq__fields_add_i64(struct rkmq_fields *f, const char *key, int64_t value);
void rkmq__fields_add_bool(struct rkmq_fields *f, const char *key, bool value);

/*
 * Reads `cmd`'s fields into `out` (zeroed first). Slices are borrowed from `cmd`.
 * Errors: RKMQ_E_PROTOCOL with Java's wording "the custom field <x> is null" for a missing required
 * field, or the field and text that is no number. Both spellings are accepted for every class that
 * has two.
 */
int rkmq__header_read(const struct rkmq_header_class *cls, const struct rkmq_command *cmd,
                      void *out, struct rkmq_err *err);
/* Fills `f` with the fields that are set, in the class's order. `is_short` picks the V2 spelling.
 */
void rkmq__header_write(const struct rkmq_header_class *cls, const void *in, bool is_short,
                        struct rkmq_fields *f);
/* The same behind what is in `f` already. */
void rkmq__header_add(const struct rkmq_header_class *cls, const void *in, bool is_short,
                      struct rkmq_fields *f);

/* Expanded from headers.def. */
#include "remoting/protocol/headers_gen.h"

#endif
