/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON header, in one pass over its bytes. Every value may come as string, number or boolean:
 * the C++ client sends its 32-bit fields as numbers. Unknown members are skipped whatever is in
 * them. Source: RemotingSerializable, RemotingCommand (5.3.3).
 */
#include "remoting/codec/header_codec.h"
#include "remoting/codec/json.h"

/* ---- reading ---- */

struct header_reader {
    struct rkmq_json_cursor cur;
    struct rkmq_slice header;
    struct rkmq_header_room *room;
    struct rkmq_command *cmd;
    struct rkmq_err *err;
    size_t next; /* of the members: the one behind the last that was found */
};

/* All unescaped texts of a header together are shorter than the header: one reservation lasts. */
static int reader_unescape(struct header_reader *r, struct rkmq_slice escaped,
                           struct rkmq_slice *out)
{
    struct rkmq_header_room *room = r->room;
    if (room->n_text_max < r->header.n) {
        RKMQ_ASSERT(room->n_text == 0);
        uint8_t *text = rkmq__realloc(room->mem, room->text, r->header.n);
        if (!text) {
            return rkmq__err_set(r->err, RKMQ_E_NOMEM, "out of memory for a header");
        }
        room->text = text;
        room->n_text_max = r->header.n;
    }
    uint8_t *p = room->text + room->n_text;
    size_t n = rkmq__json_unescape(escaped, p);
    room->n_text += n;
    *out = rkmq__slice(p, n);
    return RKMQ_OK;
}

static int reader_text(struct header_reader *r, const struct rkmq_json *value,
                       struct rkmq_slice *out)
{
    *out = value->text;
    return value->has_escapes ? reader_unescape(r, value->text, out) : RKMQ_OK;
}

static int reader_i32(struct header_reader *r, const struct rkmq_json *value, const char *name,
                      int32_t *out)
{
    if (rkmq__json_as_i32(value, out) != RKMQ_OK) {
        return rkmq__err_set(r->err, RKMQ_E_PROTOCOL, "JSON header: %s is %.*s, no 32-bit integer",
                             name, RKMQ_SLICE_ARG(value->text));
    }
    return RKMQ_OK;
}

static int read_code(struct header_reader *r, const struct rkmq_json *value)
{
    return reader_i32(r, value, "code", &r->cmd->code);
}

static int read_version(struct header_reader *r, const struct rkmq_json *value)
{
    return reader_i32(r, value, "version", &r->cmd->version);
}

static int read_opaque(struct header_reader *r, const struct rkmq_json *value)
{
    return reader_i32(r, value, "opaque", &r->cmd->opaque);
}

static int read_flag(struct header_reader *r, const struct rkmq_json *value)
{
    int32_t flags = 0;
    int status = reader_i32(r, value, "flag", &flags);
    r->cmd->flags = (uint32_t)flags;
    return status;
}

static int read_language(struct header_reader *r, const struct rkmq_json *value)
{
    static const struct rkmq_slice names[] = {
#define X(name, number) [number] = RKMQ_SLICE_INIT(#name),
        RKMQ_LANGUAGE_TABLE(X)
#undef X
    };
    r->cmd->language = RKMQ_LANGUAGE_UNKNOWN;
    for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
        if (rkmq__json_is(value, names[i])) {
            r->cmd->language = (int)i;
            break;
        }
    }
    return RKMQ_OK;
}

static int read_remark(struct header_reader *r, const struct rkmq_json *value)
{
    return reader_text(r, value, &r->cmd->remark);
}

/* Behind the comma or the opening brace. A nested value stands as its text, as in fastjson. */
static int read_field(struct header_reader *r)
{
    struct rkmq_json key, value;
    struct rkmq_field *field, plain;
    if (rkmq__json_scan_pair(&r->cur, &plain.key, &plain.value)) {
        int status = rkmq__header_room_add(r->room, &field, r->err);
        if (status == RKMQ_OK) {
            *field = plain;
        }
        return status;
    }
    if (!rkmq__json_scan(&r->cur, &key) || !rkmq__json_take(&r->cur, ':', "':'") ||
        !rkmq__json_scan(&r->cur, &value)) {
        return rkmq__json_fault(&r->cur, r->header.p, "JSON header", r->err);
    }
    if (value.type == RKMQ_JSON_NULL) {
        return RKMQ_OK;
    }
    int status = rkmq__header_room_add(r->room, &field, r->err);
    if (status == RKMQ_OK) {
        status = reader_text(r, &key, &field->key);
    }
    return status == RKMQ_OK ? reader_text(r, &value, &field->value) : status;
}

/* At a value that begins with '{'. */
static int read_fields(struct header_reader *r)
{
    r->cmd->has_fields = true;
    r->room->n_fields = 0; /* of two extFields members the last one counts */
    r->cur.p++;
    if (rkmq__json_take(&r->cur, '}', NULL)) {
        return RKMQ_OK;
    }
    do {
        int status = read_field(r);
        if (status != RKMQ_OK) {
            return status;
        }
    } while (rkmq__json_take(&r->cur, ',', NULL));
    return rkmq__json_take(&r->cur, '}', "',' or '}'")
               ? RKMQ_OK
               : rkmq__json_fault(&r->cur, r->header.p, "JSON header", r->err);
}

static int read_member_value(struct header_reader *r, const struct rkmq_json *key)
{
    static const struct {
        struct rkmq_slice name;
        int (*read)(struct header_reader *r, const struct rkmq_json *value);
    } members[] = {
        {RKMQ_SLICE_INIT("code"), read_code},         {RKMQ_SLICE_INIT("flag"), read_flag},
        {RKMQ_SLICE_INIT("language"), read_language}, {RKMQ_SLICE_INIT("opaque"), read_opaque},
        {RKMQ_SLICE_INIT("remark"), read_remark},     {RKMQ_SLICE_INIT("version"), read_version},
    };
    const struct rkmq_slice ext_fields = RKMQ_SLICE("extFields");
    struct rkmq_json value;
    rkmq__json_skip_space(&r->cur);
    if (r->cur.p < r->cur.end && *r->cur.p == '{' && rkmq__json_is(key, ext_fields)) {
        return read_fields(r);
    }
    if (!rkmq__json_scan(&r->cur, &value)) {
        return rkmq__json_fault(&r->cur, r->header.p, "JSON header", r->err);
    }
    if (value.type == RKMQ_JSON_NULL) {
        return RKMQ_OK;
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(members); i++) { /* Java's order is the table's */
        size_t at = r->next + i;
        at = at < RKMQ_COUNT_OF(members) ? at : at - RKMQ_COUNT_OF(members);
        if (rkmq__json_is(key, members[at].name)) {
            r->next = at + 1;
            return members[at].read(r, &value);
        }
    }
    if (rkmq__json_is(key, ext_fields)) {
        return rkmq__err_set(r->err, RKMQ_E_PROTOCOL, "JSON header: extFields is no object");
    }
    return RKMQ_OK;
}

/* Up to the object's end. False: the cursor knows why, unless `*status` has another reason. */
static bool read_members(struct header_reader *r, int *status)
{
    struct rkmq_json key;
    if (rkmq__json_take(&r->cur, '}', NULL)) {
        return true;
    }
    do {
        if (!rkmq__json_scan(&r->cur, &key) || !rkmq__json_take(&r->cur, ':', "':'")) {
            return false;
        }
        *status = read_member_value(r, &key);
        if (*status != RKMQ_OK) {
            return false;
        }
    } while (rkmq__json_take(&r->cur, ',', NULL));
    return rkmq__json_take(&r->cur, '}', "',' or '}'");
}

static int read_object(struct header_reader *r)
{
    int status = RKMQ_OK;
    bool is_read = rkmq__json_take(&r->cur, '{', "'{'") && read_members(r, &status);
    if (is_read) { /* the C++ client ends its header with a newline */
        rkmq__json_skip_space(&r->cur);
        r->cur.expected = "the end";
        is_read = r->cur.p == r->cur.end;
    }
    return is_read || status != RKMQ_OK
               ? status
               : rkmq__json_fault(&r->cur, r->header.p, "JSON header", r->err);
}

int rkmq__header_json_read(struct rkmq_slice header, struct rkmq_header_room *room,
                           struct rkmq_command *cmd, struct rkmq_err *err)
{
    struct header_reader r = {.cur = {.p = header.p, .end = header.p + header.n},
                              .header = header,
                              .room = room,
                              .cmd = cmd,
                              .err = err};
    *cmd = (struct rkmq_command){.language = RKMQ_LANGUAGE_JAVA, .format = RKMQ_HEADER_JSON};
    room->n_fields = 0;
    room->n_text = 0;
    int status = read_object(&r);
    cmd->fields = room->fields;
    cmd->n_fields = room->n_fields;
    return status;
}

/* ---- writing: Java's members in Java's order ---- */

static uint8_t *put_text(uint8_t *out, const char *text, size_t n)
{
    memcpy(out, text, n);
    return out + n;
}
#define PUT_LITERAL(out, literal) put_text((out), "" literal, sizeof(literal) - 1)

static size_t i32_bytes(int32_t v)
{
    int64_t rest = v < 0 ? -(int64_t)v : v;
    size_t n = v < 0 ? 2 : 1;
    for (int64_t limit = 10; rest >= limit; limit *= 10) {
        n++;
    }
    return n;
}

static uint8_t *put_i32(uint8_t *out, int32_t v)
{
    char digits[RKMQ_I64_TEXT_BYTES];
    struct rkmq_slice text = rkmq__i64_text(v, digits);
    return put_text(out, (const char *)text.p, text.n);
}

/* `is_plain`: there is nothing to escape. */
static uint8_t *put_string(uint8_t *out, struct rkmq_slice text, bool is_plain)
{
    *out++ = '"';
    if (!is_plain) {
        out = rkmq__json_escape(text, out);
    } else if (text.n > 0) {
        out = put_text(out, (const char *)text.p, text.n);
    }
    *out = '"';
    return out + 1;
}

static bool has_ext_fields(const struct rkmq_command *cmd)
{
    return cmd->has_fields || cmd->n_fields > 0;
}

static const char *format_name(const struct rkmq_command *cmd)
{
    return cmd->format == RKMQ_HEADER_BINARY ? "ROCKETMQ" : "JSON";
}

static size_t string_bytes(struct rkmq_slice text, bool *is_plain)
{
    size_t n = rkmq__json_escaped_bytes(text);
    *is_plain = *is_plain && n == text.n;
    return n;
}

size_t rkmq__header_json_bytes(const struct rkmq_command *cmd, bool *is_plain)
{
    const char *language = rkmq_language_name(cmd->language);
    size_t n = sizeof "{\"code\":,\"flag\":,\"opaque\":,\"serializeTypeCurrentRPC\":\"\","
                      "\"version\":}" -
               1;
    *is_plain = true;
    n += i32_bytes(cmd->code) + i32_bytes((int32_t)cmd->flags) + i32_bytes(cmd->opaque) +
         i32_bytes(cmd->version) + strlen(format_name(cmd));
    if (language) {
        n += sizeof ",\"language\":\"\"" - 1 + strlen(language);
    }
    if (cmd->remark.p) {
        n += sizeof ",\"remark\":\"\"" - 1 + string_bytes(cmd->remark, is_plain);
    }
    if (has_ext_fields(cmd)) {
        n += sizeof ",\"extFields\":{}" - 1;
    }
    for (size_t i = 0; i < cmd->n_fields; i++) {
        n += (i > 0 ? 6u : 5u) + string_bytes(cmd->fields[i].key, is_plain) +
             string_bytes(cmd->fields[i].value, is_plain);
    }
    return n;
}

static uint8_t *put_fields(const struct rkmq_command *cmd, bool is_plain, uint8_t *out)
{
    out = PUT_LITERAL(out, ",\"extFields\":{");
    for (size_t i = 0; i < cmd->n_fields; i++) {
        if (i > 0) {
            *out++ = ',';
        }
        out = put_string(out, cmd->fields[i].key, is_plain);
        *out++ = ':';
        out = put_string(out, cmd->fields[i].value, is_plain);
    }
    *out++ = '}';
    return out;
}

uint8_t *rkmq__header_json_write(const struct rkmq_command *cmd, bool is_plain, uint8_t *out)
{
    const char *language = rkmq_language_name(cmd->language);
    out = put_i32(PUT_LITERAL(out, "{\"code\":"), cmd->code);
    if (has_ext_fields(cmd)) {
        out = put_fields(cmd, is_plain, out);
    }
    out = put_i32(PUT_LITERAL(out, ",\"flag\":"), (int32_t)cmd->flags);
    if (language) {
        out = put_string(PUT_LITERAL(out, ",\"language\":"), rkmq__slice_of(language), true);
    }
    out = put_i32(PUT_LITERAL(out, ",\"opaque\":"), cmd->opaque);
    if (cmd->remark.p) {
        out = put_string(PUT_LITERAL(out, ",\"remark\":"), cmd->remark, is_plain);
    }
    out = put_string(PUT_LITERAL(out, ",\"serializeTypeCurrentRPC\":"),
                     rkmq__slice_of(format_name(cmd)), true);
    out = put_i32(PUT_LITERAL(out, ",\"version\":"), cmd->version);
    *out++ = '}';
    return out;
}
