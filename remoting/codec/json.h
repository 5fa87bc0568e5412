/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CODEC_JSON_H
#define RKMQ_CODEC_JSON_H

/*
 * JSON as it stands on the remoting protocol: fastjson 1.2.83's dialect. Reads strict JSON plus
 * bare integer member names ({0:"a"}) and objects as member names ({{"queueId":0}:5}), numbers
 * where text is expected and the other way round. Writes compact JSON, no white space.
 *
 * The reader is a cursor over borrowed bytes: no tree, no recursion, no allocation but for
 * unescaping a string. Depth is bounded by RKMQ_JSON_DEPTH_MAX.
 */

#include "remoting/base/containers.h"

#define RKMQ_JSON_DEPTH_MAX 32

enum rkmq_json_type {
    RKMQ_JSON_NULL,
    RKMQ_JSON_BOOL,
    RKMQ_JSON_NUMBER,
    RKMQ_JSON_STRING,
    RKMQ_JSON_OBJECT,
    RKMQ_JSON_ARRAY
};

/* A value that was found whole and well-formed; `text` are its bytes, for a string without the
 * quotes. */
struct rkmq_json {
    enum rkmq_json_type type;
    struct rkmq_slice text;
    bool has_escapes; /* a string that needs rkmq__json_as_text to be read */
};

/* ---- scanning: one value after the other, for readers that walk by themselves ---- */

struct rkmq_json_cursor {
    const uint8_t *p, *end;
    const char *expected; /* after a failure: what should have stood at `p` */
};
void rkmq__json_pass_space(struct rkmq_json_cursor *cur);
static inline void rkmq__json_skip_space(struct rkmq_json_cursor *cur)
{
    if (cur->p < cur->end && *cur->p <= ' ') { /* peers write none */
        rkmq__json_pass_space(cur);
    }
}
bool rkmq__json_take_behind_space(struct rkmq_json_cursor *cur, uint8_t c, const char *expected);
/* Skips space, then takes `c`. False: something else stands there. */
static inline bool rkmq__json_take(struct rkmq_json_cursor *cur, uint8_t c, const char *expected)
{
    if (cur->p < cur->end && *cur->p == c) {
        cur->p++;
        return true;
    }
    if (cur->p < cur->end && *cur->p <= ' ') {
        return rkmq__json_take_behind_space(cur, c, expected);
    }
    cur->expected = expected;
    return false;
}
/* At a quote, and at any other place. */
bool rkmq__json_scan_string(struct rkmq_json_cursor *cur, struct rkmq_json *out);
bool rkmq__json_scan_other(struct rkmq_json_cursor *cur, struct rkmq_json *out);
/* Skips space, then takes one whole value; nested ones are checked too. Mostly it is a string. */
static inline bool rkmq__json_scan(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    return cur->p < cur->end && *cur->p == '"' ? rkmq__json_scan_string(cur, out)
                                               : rkmq__json_scan_other(cur, out);
}
/*
 * Takes "name":"text" where both are strings without escapes or space around them, as peers write
 * most of a header. False: the cursor did not move.
 */
bool rkmq__json_scan_pair(struct rkmq_json_cursor *cur, struct rkmq_slice *name,
                          struct rkmq_slice *text);
/* A member's name and the colon behind it. One named "$ref" is refused, as in rkmq__json_parse. */
bool rkmq__json_scan_name(struct rkmq_json_cursor *cur, struct rkmq_json *out);
/* The same as rkmq__json_scan for text that was scanned before: containers are passed over, not
 * checked again. */
bool rkmq__json_pass(struct rkmq_json_cursor *cur, struct rkmq_json *out);
/* Fills `err` with the cursor's failure, as RKMQ_E_PROTOCOL. */
int rkmq__json_fault(const struct rkmq_json_cursor *cur, const uint8_t *start, const char *what,
                     struct rkmq_err *err);
/*
 * A scanned string with its escapes resolved; `out` has room for `text.n` bytes. Returns the bytes
 * written. A surrogate without its partner becomes U+FFFD.
 */
size_t rkmq__json_unescape(struct rkmq_slice text, uint8_t *out);
/* Compares a scanned string with escapes with `text`. */
bool rkmq__json_unescapes_to(struct rkmq_slice escaped, struct rkmq_slice text);
/* Compares a scanned string, number or boolean with `text`. */
static inline bool rkmq__json_is(const struct rkmq_json *value, struct rkmq_slice text)
{
    return value->has_escapes ? rkmq__json_unescapes_to(value->text, text)
                              : rkmq__slice_equal(value->text, text);
}

/* ---- reading ---- */

/*
 * The one value in `text`, checked to its end. Errors: RKMQ_E_PROTOCOL (err names the byte offset
 * and what was there; a member named "$ref", fastjson's way to repeat an object, is refused too).
 */
int rkmq__json_parse(struct rkmq_slice text, struct rkmq_json *out, struct rkmq_err *err);

/*
 * Members of an object, elements of an array, in order, of a value that was parsed. False at the
 * end. `key` is a string, a number (bare integer) or an object (a map keyed by objects).
 */
struct rkmq_json_iter {
    struct rkmq_slice rest;
    bool is_object;
};
struct rkmq_json_iter
rkmq__json_each(const struct rkmq_json *container); /* of anything else: an empty walk */
bool rkmq__json_next_member(struct rkmq_json_iter *it, struct rkmq_json *key,
                            struct rkmq_json *value);
bool rkmq__json_next_element(struct rkmq_json_iter *it, struct rkmq_json *value);
/* Last member of that name. False when absent, null, or `object` is none. */
bool rkmq__json_member(const struct rkmq_json *object, const char *name, struct rkmq_json *out);

/*
 * Lenient scalars, as fastjson reads them into a Java bean. Errors: RKMQ_E_PROTOCOL wrong type or
 * out of range; for text RKMQ_E_NOMEM (unescaping into the arena). `*out` is left alone then.
 */
int rkmq__json_as_i64(const struct rkmq_json *value, int64_t *out);
int rkmq__json_as_i32(const struct rkmq_json *value, int32_t *out);
int rkmq__json_as_bool(const struct rkmq_json *value, bool *out);
/* A string unescaped, a number or boolean as it stands. */
int rkmq__json_as_text(const struct rkmq_json *value, struct rkmq_arena *arena,
                       struct rkmq_slice *out);
/* One member's; a missing or null one leaves `*out` alone and is OK. */
int rkmq__json_i64(const struct rkmq_json *object, const char *name, int64_t *out);
int rkmq__json_text(const struct rkmq_json *object, const char *name, struct rkmq_arena *arena,
                    struct rkmq_slice *out);

/* ---- writing ---- */

/* The bytes of `text` as JSON writes them, without the quotes; `out` has room for that many. */
size_t rkmq__json_escaped_bytes(struct rkmq_slice text);
uint8_t *rkmq__json_escape(struct rkmq_slice text, uint8_t *out);

/* Commas are put where needed. Misuse (a member without a key, unbalanced end) is an assertion. */
struct rkmq_json_writer {
    struct rkmq_bytes *out;
    bool needs_comma, has_key, is_key_next;
    unsigned depth;
    uint32_t objects, keys; /* bit by depth: an object, a member's name */
};
void rkmq__json_begin(struct rkmq_json_writer *w, struct rkmq_bytes *out);
void rkmq__json_object(struct rkmq_json_writer *w);
void rkmq__json_object_end(struct rkmq_json_writer *w);
void rkmq__json_array(struct rkmq_json_writer *w);
void rkmq__json_array_end(struct rkmq_json_writer *w);
void rkmq__json_key(struct rkmq_json_writer *w, const char *name); /* nothing to escape in it */
void rkmq__json_key_slice(struct rkmq_json_writer *w, struct rkmq_slice name);
void rkmq__json_key_i64(struct rkmq_json_writer *w, int64_t name, bool is_quoted);
/* The next object written is the member's name: call, then object..object_end, then the value. */
void rkmq__json_key_object(struct rkmq_json_writer *w);
void rkmq__json_put_text(struct rkmq_json_writer *w, struct rkmq_slice text);
void rkmq__json_put_i64(struct rkmq_json_writer *w, int64_t v);
void rkmq__json_put_bool(struct rkmq_json_writer *w, bool v);
void rkmq__json_put_double(struct rkmq_json_writer *w, double v); /* as Java prints it: 0.0, 1.5 */
/* key and value in one */
void rkmq__json_add_text(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text);
void rkmq__json_add_i64(struct rkmq_json_writer *w, const char *name, int64_t v);
void rkmq__json_add_bool(struct rkmq_json_writer *w, const char *name, bool v);

#endif
