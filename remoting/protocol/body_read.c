/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/body_read.h"

int rkmq__body_fault(int status, const char *what, struct rkmq_err *err)
{
    if (status == RKMQ_E_PROTOCOL) {
        return rkmq__err_set(err, status, "%s: a member has the wrong type", what);
    }
    return status;
}

int rkmq__body_object(struct rkmq_slice body, const char *what, struct rkmq_arena *arena,
                      struct rkmq_json *out, struct rkmq_err *err)
{
    int status = arena ? rkmq__arena_copy(arena, body, &body) : RKMQ_OK;
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "%s: out of memory", what);
    }
    status = rkmq__json_parse(body, out, err);
    if (status == RKMQ_OK && out->type != RKMQ_JSON_OBJECT) {
        status = rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: the body is no JSON object", what);
    }
    return status;
}

static int items_alloc(size_t n, size_t item_bytes, const char *name, struct rkmq_arena *arena,
                       void **items, struct rkmq_err *err)
{
    *items = NULL;
    if (n > RKMQ_BODY_ITEMS_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "%s: %zu items, at most %d", name, n,
                             RKMQ_BODY_ITEMS_MAX);
    }
    if (n == 0) {
        return RKMQ_OK;
    }
    *items = rkmq__arena_zalloc(arena, n * item_bytes);
    return *items ? RKMQ_OK : RKMQ_E_NOMEM;
}

int rkmq__body_array(const struct rkmq_json *object, const char *name, size_t item_bytes,
                     struct rkmq_arena *arena, void **items, size_t *n, struct rkmq_json_iter *walk,
                     struct rkmq_err *err)
{
    struct rkmq_json array = {.type = RKMQ_JSON_NULL}, value;
    *n = 0;
    if (rkmq__json_member(object, name, &array) && array.type != RKMQ_JSON_ARRAY) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s is no array", name);
    }
    *walk = rkmq__json_each(&array);
    for (struct rkmq_json_iter it = *walk; rkmq__json_next_element(&it, &value);) {
        ++*n;
    }
    return items_alloc(*n, item_bytes, name, arena, items, err);
}

int rkmq__body_objects(const struct rkmq_json *object, const char *name, size_t item_bytes,
                       struct rkmq_arena *arena, void **items, size_t *n,
                       struct rkmq_json_iter *walk, struct rkmq_err *err)
{
    struct rkmq_json value;
    int status = rkmq__body_array(object, name, item_bytes, arena, items, n, walk, err);
    if (status != RKMQ_OK) {
        return status;
    }
    for (struct rkmq_json_iter it = *walk; rkmq__json_next_element(&it, &value);) {
        if (value.type != RKMQ_JSON_OBJECT) {
            return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: an element is no object", name);
        }
    }
    return RKMQ_OK;
}

int rkmq__body_members(const struct rkmq_json *object, const char *name, size_t item_bytes,
                       struct rkmq_arena *arena, void **items, size_t *n,
                       struct rkmq_json_iter *walk, struct rkmq_err *err)
{
    struct rkmq_json map = {.type = RKMQ_JSON_NULL}, key, value;
    *n = 0;
    if (rkmq__json_member(object, name, &map) && map.type != RKMQ_JSON_OBJECT) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s is no object", name);
    }
    *walk = rkmq__json_each(&map);
    for (struct rkmq_json_iter it = *walk; rkmq__json_next_member(&it, &key, &value);) {
        ++*n;
    }
    return items_alloc(*n, item_bytes, name, arena, items, err);
}

int rkmq__body_texts(const struct rkmq_json *object, const char *name, struct rkmq_arena *arena,
                     struct rkmq_slice **out, size_t *n, struct rkmq_err *err)
{
    struct rkmq_json_iter walk;
    struct rkmq_json value;
    void *items = NULL;
    int status =
        rkmq__body_array(object, name, sizeof(struct rkmq_slice), arena, &items, n, &walk, err);
    *out = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &value); i++) {
        status = rkmq__body_fault(rkmq__json_as_text(&value, arena, &(*out)[i]), name, err);
    }
    return status;
}
