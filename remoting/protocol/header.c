/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/header.h"

/* ---- the tables: first each class's fields, then the classes ---- */

#define FIELD(type, c_name, wire, wire_short, is_required, has_offset)                             \
    {wire, wire_short, RKMQ_HEADER_##type, is_required, offsetof(self, c_name), has_offset},
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

int rkmq__header_read(const struct rkmq_header_class *cls, const struct rkmq_command *cmd,
                      void *out, struct rkmq_err *err)
{
    size_t n;
    const struct rkmq_header_field *fields = cls->fields(&n);
    memset(out, 0, cls->struct_bytes);
    for (size_t i = 0; i < n; i++) {
        const struct rkmq_header_field *field = &fields[i];
        const struct rkmq_field *found = rkmq_command_field(cmd, field->name);
        if (!found && field->name_short) {
            found = rkmq_command_field(cmd, field->name_short);
        }
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

static struct rkmq_field *fields_add(struct rkmq_fields *f, const char *key)
{
    RKMQ_ASSERT(f->n < RKMQ_FIELDS_OUT_MAX);
    struct rkmq_field *field = &f->at[f->n++];
    field->key = rkmq__slice_of(key);
    return field;
}

void rkmq__fields_add_text(struct rkmq_fields *f, const char *key, struct rkmq_slice value)
{
    fields_add(f, key)->value = value;
}

void rkmq__fields_add_i64(struct rkmq_fields *f, const char *key, int64_t value)
{
    struct rkmq_field *field = fields_add(f, key);
    field->value = rkmq__i64_text(value, f->digits[f->n - 1]);
}

void rkmq__fields_add_bool(struct rkmq_fields *f, const char *key, bool value)
{
    fields_add(f, key)->value = value ? RKMQ_SLICE("true") : RKMQ_SLICE("false");
}

static void write_value(const struct rkmq_header_field *field, const char *key, const void *value,
                        struct rkmq_fields *f)
{
    switch (field->type) {
    case RKMQ_HEADER_TEXT:
        rkmq__fields_add_text(f, key, *(const struct rkmq_slice *)value);
        break;
    case RKMQ_HEADER_I32:
        rkmq__fields_add_i64(f, key, *(const int32_t *)value);
        break;
    case RKMQ_HEADER_I64:
        rkmq__fields_add_i64(f, key, *(const int64_t *)value);
        break;
    case RKMQ_HEADER_BOOL:
        rkmq__fields_add_bool(f, key, *(const bool *)value);
        break;
    }
}

void rkmq__header_write(const struct rkmq_header_class *cls, const void *in, bool is_short,
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
            write_value(field, is_short && field->name_short ? field->name_short : field->name,
                        value, f);
        }
    }
}
