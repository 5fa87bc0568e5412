/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/header.h"

/* ---- the tables: first each class's fields, then the classes ---- */

#define FIELD(type, c_name, wire, wire_short, is_required, has_offset)                             \
    {wire,        sizeof(wire) - 1,       wire_short, RKMQ_HEADER_##type,                          \
     is_required, offsetof(self, c_name), has_offset},
#define HEADER_BEGIN(name, java)                                                                   \
    static const struct rkmq_header_field *name##_fields(size_t *n_fields)                         \
    {                                                                                              \
        typedef struct rkmq_##name self;                                                           \
        static const struct rkmq_header_field fields[] = {
#define REQ_TEXT(c_name, wire, wire_short) FIELD(TEXT, c_name, wire, wire_short, true, 0)
#define REQ_I32(c_name, wire, wire_short) FIELD(I32, c_name, wire, wire_short, true, 0)
#define REQ_I64(c_name, wire, wire_short) FIELD(I64, c_name, wire, wire_short, true, 0)
#define REQ_BOOL(c_name, wire, wire_short) FIELD(BOOL, c_name, wire, wire_short, true, 0)
#define OPT_TEXT(c_name, wire, wire_short) FIELD(TEXT, c_name, wire, wire_short, false, 0)
#define OPT_I32(c_name, wire, wire_short)                                                          \
    FIELD(I32, c_name, wire, wire_short, false, offsetof(self, has_##c_name))
#define OPT_I64(c_name, wire, wire_short)                                                          \
    FIELD(I64, c_name, wire, wire_short, false, offsetof(self, has_##c_name))
#define OPT_BOOL(c_name, wire, wire_short)                                                         \
    FIELD(BOOL, c_name, wire, wire_short, false, offsetof(self, has_##c_name))
#define HEADER_END(name)                                                                           \
    }                                                                                              \
    ;                                                                                              \
    _Static_assert(RKMQ_COUNT_OF(fields) <= RKMQ_FIELDS_OUT_MAX, "fits struct rkmq_fields");       \
    *n_fields = RKMQ_COUNT_OF(fields);                                                             \
    return fields;                                                                                 \
    }
/* clang-format off */
#include "remoting/protocol/headers.def"
#undef HEADER_BEGIN
#undef REQ_TEXT
#undef REQ_I32
#undef REQ_I64
#undef REQ_BOOL
#undef OPT_TEXT
#undef OPT_I32
#undef OPT_I64
#undef OPT_BOOL
#undef HEADER_END

#define HEADER_BEGIN(name, java)                                                                   \
    const struct rkmq_header_class rkmq__##name##_class = {java, name##_fields,                    \
                                                           sizeof(struct rkmq_##name)};
#define REQ_TEXT(c_name, wire, wire_short)
#define REQ_I32(c_name, wire, wire_short)
#define REQ_I64(c_name, wire, wire_short)
#define REQ_BOOL(c_name, wire, wire_short)
#define OPT_TEXT(c_name, wire, wire_short)
#define OPT_I32(c_name, wire, wire_short)
#define OPT_I64(c_name, wire, wire_short)
#define OPT_BOOL(c_name, wire, wire_short)
#define HEADER_END(name)
#include "remoting/protocol/headers.def"
/* clang-format on */

/* ---- reading ---- */

static int read_number(const struct rkmq_header_field *field, struct rkmq_slice text, int64_t min,
                       int64_t max, int64_t *v, struct rkmq_err *err)
{
    if (rkmq__slice_to_i64(text, v) != RKMQ_OK || *v < min || *v > max) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "field %s: \"%.*s\" is no %s", field->name,
                             RKMQ_SLICE_ARG(text), field->type == RKMQ_HEADER_I32 ? "int" : "long");
    }
    return RKMQ_OK;
}

static int read_value(const struct rkmq_header_field *field, struct rkmq_slice text, void *value,
                      struct rkmq_err *err)
{
    int64_t v = 0;
    int status = RKMQ_OK;
    switch (field->type) {
    case RKMQ_HEADER_TEXT:
        *(struct rkmq_slice *)value = text;
        break;
    case RKMQ_HEADER_I32:
        status = read_number(field, text, INT32_MIN, INT32_MAX, &v, err);
        *(int32_t *)value = (int32_t)v;
        break;
    case RKMQ_HEADER_I64:
        status = read_number(field, text, INT64_MIN, INT64_MAX, &v, err);
        *(int64_t *)value = v;
        break;
    case RKMQ_HEADER_BOOL:
        *(bool *)value = rkmq__slice_is_true(text);
        break;
    }
    return status;
}

static struct rkmq_slice long_name(const struct rkmq_header_field *field)
{
    return rkmq__slice(field->name, field->name_bytes);
}

/*
 * Whether `found` is the field under one of its spellings. `*best` is it then, but for one in the
 * long spelling that came before one in the short.
 */
static bool field_is(const struct rkmq_header_field *field, const struct rkmq_field *found,
                     const struct rkmq_field **best)
{
    if (rkmq__slice_equal(found->key, long_name(field))) {
        *best = found;
        return true;
    }
    if (!field->name_short || !rkmq__slice_is(found->key, field->name_short)) {
        return false;
    }
    if (!*best || !rkmq__slice_equal((*best)->key, long_name(field))) {
        *best = found;
    }
    return true;
}

/* Mostly a command has the class's fields in the class's order: the next one is looked at first. */
static void fields_find(const struct rkmq_header_field *fields, size_t n,
                        const struct rkmq_command *cmd, const struct rkmq_field **found)
{
    size_t next = 0;
    for (size_t k = 0; k < cmd->n_fields; k++) {
        for (size_t i = 0; i < n; i++) {
            size_t at = next + i < n ? next + i : next + i - n;
            if (field_is(&fields[at], &cmd->fields[k], &found[at])) {
                next = at + 1;
                break;
            }
        }
    }
}

int rkmq__header_read(const struct rkmq_header_class *cls, const struct rkmq_command *cmd,
                      void *out, struct rkmq_err *err)
{
    size_t n;
    const struct rkmq_header_field *fields = cls->fields(&n);
    const struct rkmq_field *all_found[RKMQ_FIELDS_OUT_MAX];
    memset(out, 0, cls->struct_bytes);
    memset(all_found, 0, n * sizeof *all_found);
    fields_find(fields, n, cmd, all_found);
    for (size_t i = 0; i < n; i++) {
        const struct rkmq_header_field *field = &fields[i];
        const struct rkmq_field *found = all_found[i];
        if (!found && field->is_required) { /* the wording of every fast codec's checkNotNull */
            return rkmq__err_set(err, RKMQ_E_PROTOCOL, "the custom field <%s> is null",
                                 field->name);
        }
        if (!found) {
            continue;
        }
        int status = read_value(field, found->value, (char *)out + field->offset, err);
        if (status != RKMQ_OK) {
            return status;
        }
        if (field->has_offset > 0) {
            *(bool *)((char *)out + field->has_offset) = true;
        }
    }
    return RKMQ_OK;
}

/* ---- writing ---- */

static void add_text(struct rkmq_fields *f, struct rkmq_slice key, struct rkmq_slice value)
{
    RKMQ_ASSERT(f->n < RKMQ_FIELDS_OUT_MAX);
    f->at[f->n++] = (struct rkmq_field){key, value};
}

static void add_i64(struct rkmq_fields *f, struct rkmq_slice key, int64_t value)
{
    RKMQ_ASSERT(f->n < RKMQ_FIELDS_OUT_MAX);
    add_text(f, key, rkmq__i64_text(value, f->digits[f->n]));
}

static void add_bool(struct rkmq_fields *f, struct rkmq_slice key, bool value)
{
    add_text(f, key, value ? RKMQ_SLICE("true") : RKMQ_SLICE("false"));
}

void rkmq__fields_add_text(struct rkmq_fields *f, const char *key, struct rkmq_slice value)
{
    add_text(f, rkmq__slice_of(key), value);
}

void rkmq__fields_add_i64(struct rkmq_fields *f, const char *key, int64_t value)
{
    add_i64(f, rkmq__slice_of(key), value);
}

void rkmq__fields_add_bool(struct rkmq_fields *f, const char *key, bool value)
{
    add_bool(f, rkmq__slice_of(key), value);
}

static void write_value(const struct rkmq_header_field *field, struct rkmq_slice key,
                        const void *value, struct rkmq_fields *f)
{
    switch (field->type) {
    case RKMQ_HEADER_TEXT:
        add_text(f, key, *(const struct rkmq_slice *)value);
        break;
    case RKMQ_HEADER_I32:
        add_i64(f, key, *(const int32_t *)value);
        break;
    case RKMQ_HEADER_I64:
        add_i64(f, key, *(const int64_t *)value);
        break;
    case RKMQ_HEADER_BOOL:
        add_bool(f, key, *(const bool *)value);
        break;
    }
}

void rkmq__header_write(const struct rkmq_header_class *cls, const void *in, bool is_short,
                        struct rkmq_fields *f)
{
    f->n = 0;
    rkmq__header_add(cls, in, is_short, f);
}

void rkmq__header_add(const struct rkmq_header_class *cls, const void *in, bool is_short,
                      struct rkmq_fields *f)
{
    size_t n;
    const struct rkmq_header_field *fields = cls->fields(&n);
    for (size_t i = 0; i < n; i++) {
        const struct rkmq_header_field *field = &fields[i];
        const void *value = (const char *)in + field->offset;
        bool is_set =
            field->type == RKMQ_HEADER_TEXT
                ? ((const struct rkmq_slice *)value)->p != NULL
                : field->has_offset == 0 || *(const bool *)((const char *)in + field->has_offset);
        if (is_set) {
            write_value(field,
                        is_short && field->name_short ? rkmq__slice_of(field->name_short)
                                                      : long_name(field),
                        value, f);
        }
    }
}
