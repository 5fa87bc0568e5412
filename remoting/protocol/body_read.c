/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/body_read.h"

const struct rkmq_body_list rkmq__body_texts = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_slice),
                                                rkmq__body_text};

int rkmq__body_open(struct rkmq_body *out, struct rkmq_slice body, const char *what,
                    struct rkmq_arena *arena, struct rkmq_err *err)
{
    *out = (struct rkmq_body){.what = what, .arena = arena, .err = err};
    int status = arena ? rkmq__arena_copy(arena, body, &body) : RKMQ_OK;
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "%s: out of memory", what);
    }
    status = rkmq__json_parse(body, &out->value, err);
    if (status == RKMQ_OK && out->value.type != RKMQ_JSON_OBJECT) {
        status = rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: the body is no JSON object", what);
    }
    return status;
}

int rkmq__body_fault(const struct rkmq_body *in, int status)
{
    if (status == RKMQ_E_PROTOCOL) {
        return rkmq__err_set(in->err, status, "%s: a member has the wrong type", in->what);
    }
    return status;
}

int rkmq__body_text(const struct rkmq_body *in, void *item)
{
    return rkmq__body_fault(in, rkmq__json_as_text(&in->value, in->arena, item));
}

/* ---- lists ---- */

static bool list_next(struct rkmq_json_iter *it, struct rkmq_body *item)
{
    return it->is_object ? rkmq__json_next_member(it, &item->key, &item->value)
                         : rkmq__json_next_element(it, &item->value);
}

/* Room for every item, once they are counted. */
static int list_alloc(const struct rkmq_body_list *list, const struct rkmq_body *in, void **items,
                      size_t *n)
{
    struct rkmq_json_iter it = rkmq__json_each(&in->value);
    struct rkmq_body item;
    size_t n_objects = 0;
    while (list_next(&it, &item)) {
        ++*n;
        n_objects += item.value.type == RKMQ_JSON_OBJECT;
    }
    if (*n > RKMQ_BODY_ITEMS_MAX) {
        return rkmq__err_set(in->err, RKMQ_E_LIMIT, "%s: %zu items, at most %d", in->what, *n,
                             RKMQ_BODY_ITEMS_MAX);
    }
    *items = *n > 0 ? rkmq__arena_zalloc(in->arena, *n * list->item_bytes) : NULL;
    if (*n > 0 && !*items) {
        return RKMQ_E_NOMEM;
    }
    if (list->type == RKMQ_BODY_OBJECTS && n_objects < *n) {
        return rkmq__err_set(in->err, RKMQ_E_PROTOCOL, "%s: an element is no object", in->what);
    }
    return RKMQ_OK;
}

static int list_read(const struct rkmq_body_list *list, const struct rkmq_body *in, void **items,
                     size_t *n)
{
    bool is_map = list->type == RKMQ_BODY_MAP;
    if (in->value.type == RKMQ_JSON_NULL) {
        return RKMQ_OK;
    }
    if (in->value.type != (is_map ? RKMQ_JSON_OBJECT : RKMQ_JSON_ARRAY)) {
        return rkmq__err_set(in->err, RKMQ_E_PROTOCOL, "%s is no %s", in->what,
                             is_map ? "object" : "array");
    }
    struct rkmq_json_iter it = rkmq__json_each(&in->value);
    struct rkmq_body item = *in;
    int status = list_alloc(list, in, items, n);
    for (size_t i = 0; status == RKMQ_OK && list_next(&it, &item); i++) {
        status = list->read(&item, (char *)*items + i * list->item_bytes);
    }
    return status;
}

/* ---- members ---- */

static int scalar_read(const struct rkmq_body *in, const struct rkmq_body_member *member)
{
    switch (member->type) {
    case RKMQ_BODY_IS_TEXT:
        return rkmq__json_as_text(&member->value, in->arena, member->out.text);
    case RKMQ_BODY_IS_I32:
        return rkmq__json_as_i32(&member->value, member->out.i32);
    case RKMQ_BODY_IS_I64:
        return rkmq__json_as_i64(&member->value, member->out.i64);
    default:
        return rkmq__json_as_bool(&member->value, member->out.flag);
    }
}

/* Goes as deep as the Java classes contain each other, whatever the body is. */
static int member_read(const struct rkmq_body *in, const struct rkmq_body_member *member)
{
    struct rkmq_body value = {.what = (const char *)member->name.p,
                              .value = member->value,
                              .arena = in->arena,
                              .err = in->err};
    if (member->type == RKMQ_BODY_IS_LIST) {
        void *items = NULL;
        *member->out.list.n = 0;
        int status = list_read(member->out.list.list, &value, &items, member->out.list.n);
        memcpy(member->out.list.items, &items, sizeof items);
        return status;
    }
    if (member->value.type == RKMQ_JSON_NULL) {
        return RKMQ_OK;
    }
    return member->type == RKMQ_BODY_IS_ONE ? member->out.one.read(&value, member->out.one.item)
                                            : rkmq__body_fault(in, scalar_read(in, member));
}

int rkmq__body_members(const struct rkmq_body *in, struct rkmq_body_member *members, size_t n)
{
    struct rkmq_json_iter it = rkmq__json_each(&in->value);
    struct rkmq_json key, value;
    int status =
        in->value.type == RKMQ_JSON_OBJECT ? RKMQ_OK : rkmq__body_fault(in, RKMQ_E_PROTOCOL);
    while (rkmq__json_next_member(&it, &key, &value)) {
        for (size_t i = 0; i < n; i++) {
            if (rkmq__json_is(&key, members[i].name)) {
                members[i].value = value;
                break;
            }
        }
    }
    for (size_t i = 0; status == RKMQ_OK && i < n; i++) {
        status = member_read(in, &members[i]);
    }
    return status;
}

int rkmq__body_read(struct rkmq_slice body, const char *what, struct rkmq_arena *arena,
                    struct rkmq_body_member *members, size_t n, struct rkmq_err *err)
{
    struct rkmq_body root;
    int status = rkmq__body_open(&root, body, what, arena, err);
    return status ? status : rkmq__body_members(&root, members, n);
}
