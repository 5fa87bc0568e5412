/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/codec/json.h"

int rkmq__json_parse(struct rkmq_slice text, struct rkmq_json *out, struct rkmq_err *err)
{
    if (text.n == 0) {
        text = RKMQ_SLICE("");
    }
    struct rkmq_json_cursor cur = {.p = text.p, .end = text.p + text.n};
    if (!rkmq__json_scan(&cur, out)) {
        return rkmq__json_fault(&cur, text.p, "JSON", err);
    }
    rkmq__json_skip_space(&cur);
    if (cur.p != cur.end) {
        cur.expected = "the end";
        return rkmq__json_fault(&cur, text.p, "JSON", err);
    }
    return RKMQ_OK;
}

struct rkmq_json_iter rkmq__json_each(const struct rkmq_json *container)
{
    struct rkmq_json_iter it = {RKMQ_SLICE(""), container->type == RKMQ_JSON_OBJECT};
    if (it.is_object || container->type == RKMQ_JSON_ARRAY) {
        it.rest = rkmq__slice(container->text.p + 1, container->text.n - 2);
    }
    return it;
}

/* At the next member or element; false at the end. */
static bool iter_begin(struct rkmq_json_iter *it, struct rkmq_json_cursor *cur)
{
    *cur = (struct rkmq_json_cursor){.p = it->rest.p, .end = it->rest.p + it->rest.n};
    (void)rkmq__json_take(cur, ',', NULL); /* there is none before the first */
    return cur->p < cur->end;
}

static bool iter_end(struct rkmq_json_iter *it, const struct rkmq_json_cursor *cur)
{
    it->rest = rkmq__slice(cur->p, (size_t)(cur->end - cur->p));
    return true;
}

bool rkmq__json_next_member(struct rkmq_json_iter *it, struct rkmq_json *key,
                            struct rkmq_json *value)
{
    struct rkmq_json_cursor cur;
    return it->is_object && iter_begin(it, &cur) && rkmq__json_pass(&cur, key) &&
           rkmq__json_take(&cur, ':', "':'") && rkmq__json_pass(&cur, value) && iter_end(it, &cur);
}

bool rkmq__json_next_element(struct rkmq_json_iter *it, struct rkmq_json *value)
{
    struct rkmq_json_cursor cur;
    return !it->is_object && iter_begin(it, &cur) && rkmq__json_pass(&cur, value) &&
           iter_end(it, &cur);
}

bool rkmq__json_member(const struct rkmq_json *object, const char *name, struct rkmq_json *out)
{
    struct rkmq_json_iter it = rkmq__json_each(object);
    struct rkmq_slice wanted = rkmq__slice_of(name);
    struct rkmq_json key, value;
    bool is_found = false;
    while (rkmq__json_next_member(&it, &key, &value)) {
        if (rkmq__json_is(&key, wanted)) {
            *out = value;
            is_found = value.type != RKMQ_JSON_NULL;
        }
    }
    return is_found;
}

/* ---- lenient scalars: what fastjson's TypeUtils.castTo... accepts ---- */

int rkmq__json_as_i64(const struct rkmq_json *value, int64_t *out)
{
    switch (value->type) {
    case RKMQ_JSON_STRING:
    case RKMQ_JSON_NUMBER:
        return rkmq__slice_to_i64(value->text, out) == RKMQ_OK ? RKMQ_OK : RKMQ_E_PROTOCOL;
    case RKMQ_JSON_BOOL:
        *out = value->text.p[0] == 't';
        return RKMQ_OK;
    default:
        return RKMQ_E_PROTOCOL;
    }
}

int rkmq__json_as_text(const struct rkmq_json *value, struct rkmq_arena *arena,
                       struct rkmq_slice *out)
{
    if (value->type == RKMQ_JSON_NULL || value->type == RKMQ_JSON_OBJECT ||
        value->type == RKMQ_JSON_ARRAY) {
        return RKMQ_E_PROTOCOL;
    }
    if (!value->has_escapes) {
        *out = value->text;
        return RKMQ_OK;
    }
    uint8_t *p = rkmq__arena_zalloc(arena, value->text.n);
    if (!p) {
        return RKMQ_E_NOMEM;
    }
    *out = rkmq__slice(p, rkmq__json_unescape(value->text, p));
    return RKMQ_OK;
}

int rkmq__json_as_i32(const struct rkmq_json *value, int32_t *out)
{
    int64_t v;
    if (rkmq__json_as_i64(value, &v) != RKMQ_OK || v < INT32_MIN || v > INT32_MAX) {
        return RKMQ_E_PROTOCOL;
    }
    *out = (int32_t)v;
    return RKMQ_OK;
}

int rkmq__json_as_bool(const struct rkmq_json *value, bool *out)
{
    bool is_true =
        rkmq__json_is(value, RKMQ_SLICE("true")) || rkmq__json_is(value, RKMQ_SLICE("1"));
    bool is_false =
        rkmq__json_is(value, RKMQ_SLICE("false")) || rkmq__json_is(value, RKMQ_SLICE("0"));
    if (!is_true && !is_false) {
        return RKMQ_E_PROTOCOL;
    }
    *out = is_true;
    return RKMQ_OK;
}

int rkmq__json_i64(const struct rkmq_json *object, const char *name, int64_t *out)
{
    struct rkmq_json value;
    return rkmq__json_member(object, name, &value) ? rkmq__json_as_i64(&value, out) : RKMQ_OK;
}

int rkmq__json_text(const struct rkmq_json *object, const char *name, struct rkmq_arena *arena,
                    struct rkmq_slice *out)
{
    struct rkmq_json value;
    return rkmq__json_member(object, name, &value) ? rkmq__json_as_text(&value, arena, out)
                                                   : RKMQ_OK;
}
