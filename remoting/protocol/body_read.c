/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/body_read.h"

#define LIST_ITEMS_FIRST 8

const struct rkmq_body_list rkmq__body_texts = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_slice),
                                                rkmq__body_text};

/* ---- the whole ---- */

static int syntax_fault(const struct rkmq_body *in)
{
    return rkmq__json_fault(in->cur, in->start, "JSON", in->err);
}

int rkmq__body_open(struct rkmq_body *out, struct rkmq_json_cursor *cur, struct rkmq_slice body,
                    const char *what, struct rkmq_arena *arena, struct rkmq_err *err)
{
    int status = arena ? rkmq__arena_copy(arena, body, &body) : RKMQ_OK;
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "%s: out of memory", what);
    }
    if (body.n == 0) {
        body = RKMQ_SLICE("");
    }
    *cur = (struct rkmq_json_cursor){.p = body.p, .end = body.p + body.n};
    *out =
        (struct rkmq_body){.what = what, .cur = cur, .start = body.p, .arena = arena, .err = err};
    rkmq__json_skip_space(cur);
    if (cur->p == cur->end || *cur->p != '{') {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: the body is no JSON object", what);
    }
    return RKMQ_OK;
}

int rkmq__body_end(const struct rkmq_body *in)
{
    rkmq__json_skip_space(in->cur);
    in->cur->expected = "the end";
    return in->cur->p == in->cur->end ? RKMQ_OK : syntax_fault(in);
}

int rkmq__body_read(struct rkmq_slice body, const char *what, struct rkmq_arena *arena,
                    const struct rkmq_body_member *members, size_t n, struct rkmq_err *err)
{
    struct rkmq_body root;
    struct rkmq_json_cursor cur;
    int status = rkmq__body_open(&root, &cur, body, what, arena, err);
    status = status ? status : rkmq__body_members(&root, members, n);
    return status ? status : rkmq__body_end(&root);
}

/* ---- one value ---- */

int rkmq__body_value(const struct rkmq_body *in, struct rkmq_json *out)
{
    return rkmq__json_scan(in->cur, out) ? RKMQ_OK : syntax_fault(in);
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
    struct rkmq_json value;
    int status = rkmq__body_value(in, &value);
    return status ? status : rkmq__body_fault(in, rkmq__json_as_text(&value, in->arena, item));
}

/* Takes what opens a container. False: another value stands there, or none, which `*status` tells.
 */
static bool container_begins(const struct rkmq_body *in, uint8_t bracket, int *status)
{
    struct rkmq_json other;
    if (rkmq__json_take(in->cur, bracket, NULL)) {
        return true;
    }
    *status = rkmq__body_value(in, &other);
    return false;
}

/* Takes what closes it, behind the last of what is in it. */
static int container_ends(const struct rkmq_body *in, uint8_t bracket)
{
    const char *expected = bracket == '}' ? "',' or '}'" : "',' or ']'";
    return rkmq__json_take(in->cur, bracket, expected) ? RKMQ_OK : syntax_fault(in);
}

/* ---- lists ---- */

struct list {
    void *items;
    size_t n, n_max;
};

/* Room for one more item, twice as much as before when there is none. */
static int list_grow(struct list *list, const struct rkmq_body *in, size_t item_bytes)
{
    if (list->n >= RKMQ_BODY_ITEMS_MAX) {
        return rkmq__err_set(in->err, RKMQ_E_LIMIT, "%s: more than %d items", in->what,
                             RKMQ_BODY_ITEMS_MAX);
    }
    if (list->n < list->n_max) {
        return RKMQ_OK;
    }
    size_t n_max = list->n_max > 0 ? 2 * list->n_max : LIST_ITEMS_FIRST;
    void *items = rkmq__arena_zalloc(in->arena, n_max * item_bytes);
    if (!items) {
        return RKMQ_E_NOMEM;
    }
    if (list->n > 0) {
        memcpy(items, list->items, list->n * item_bytes);
    }
    list->items = items;
    list->n_max = n_max;
    return RKMQ_OK;
}

static int item_read(const struct rkmq_body_list *kind, struct rkmq_body *in, struct list *list)
{
    if (kind->type == RKMQ_BODY_MAP && !rkmq__json_scan_name(in->cur, &in->key)) {
        return syntax_fault(in);
    }
    int status = list_grow(list, in, kind->item_bytes);
    if (status == RKMQ_OK) {
        status = kind->read(in, (char *)list->items + list->n * kind->item_bytes);
        list->n++;
    }
    return status;
}

static int list_read(const struct rkmq_body_list *kind, const struct rkmq_body *in,
                     struct list *list)
{
    bool is_map = kind->type == RKMQ_BODY_MAP;
    struct rkmq_body item = *in;
    int status = RKMQ_OK;
    if (!container_begins(in, is_map ? '{' : '[', &status)) {
        return status ? status
                      : rkmq__err_set(in->err, RKMQ_E_PROTOCOL, "%s is no %s", in->what,
                                      is_map ? "object" : "array");
    }
    uint8_t end = is_map ? '}' : ']';
    if (rkmq__json_take(in->cur, end, NULL)) {
        return RKMQ_OK;
    }
    do {
        status = item_read(kind, &item, list);
    } while (status == RKMQ_OK && rkmq__json_take(in->cur, ',', NULL));
    return status ? status : container_ends(in, end);
}

/* ---- members ---- */

static void list_put(const struct rkmq_body_member *member, const struct list *list)
{
    memcpy(member->out.list.items, &list->items, sizeof list->items);
    *member->out.list.n = list->n;
}

static int scalar_read(const struct rkmq_body *in, const struct rkmq_body_member *member)
{
    struct rkmq_json value;
    int status = rkmq__body_value(in, &value);
    if (status != RKMQ_OK) {
        return status;
    }
    switch (member->type) {
    case RKMQ_BODY_IS_TEXT:
        status = rkmq__json_as_text(&value, in->arena, member->out.text);
        break;
    case RKMQ_BODY_IS_I32:
        status = rkmq__json_as_i32(&value, member->out.i32);
        break;
    case RKMQ_BODY_IS_I64:
        status = rkmq__json_as_i64(&value, member->out.i64);
        break;
    default:
        status = rkmq__json_as_bool(&value, member->out.flag);
    }
    return rkmq__body_fault(in, status);
}

/* Goes as deep as the Java classes contain each other, whatever the body is. */
static int member_read(const struct rkmq_body *in, const struct rkmq_body_member *member)
{
    if (member->type != RKMQ_BODY_IS_ONE && member->type != RKMQ_BODY_IS_LIST) {
        return scalar_read(in, member);
    }
    struct rkmq_body value = {.what = (const char *)member->name.p,
                              .cur = in->cur,
                              .start = in->start,
                              .arena = in->arena,
                              .err = in->err};
    if (member->type == RKMQ_BODY_IS_ONE) {
        return member->out.one.read(&value, member->out.one.item);
    }
    struct list list = {0};
    int status = list_read(member->out.list.list, &value, &list);
    list_put(member, &list);
    return status;
}

/* The value behind a name: of a member that is wanted, unless it is null, or of any other. */
static int value_read(const struct rkmq_body *in, const struct rkmq_body_member *member)
{
    struct rkmq_json ignored;
    rkmq__json_skip_space(in->cur);
    bool is_null = in->cur->p < in->cur->end && *in->cur->p == 'n';
    if (member && !is_null) {
        return member_read(in, member);
    }
    if (member && member->type == RKMQ_BODY_IS_LIST) {
        list_put(member, &(struct list){0});
    }
    return rkmq__body_value(in, &ignored);
}

/* `*next` is the one behind that of the last time: peers write them in the table's order. */
static const struct rkmq_body_member *member_find(const struct rkmq_body_member *members, size_t n,
                                                  const struct rkmq_json *name, size_t *next)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = *next + i < n ? *next + i : *next + i - n;
        if (rkmq__json_is(name, members[at].name)) {
            *next = at + 1;
            return &members[at];
        }
    }
    return NULL;
}

int rkmq__body_members(const struct rkmq_body *in, const struct rkmq_body_member *members, size_t n)
{
    struct rkmq_json name;
    size_t next = 0;
    int status = RKMQ_OK;
    for (size_t i = 0; i < n; i++) {
        if (members[i].type == RKMQ_BODY_IS_LIST) {
            list_put(&members[i], &(struct list){0});
        }
    }
    if (!container_begins(in, '{', &status)) {
        return status ? status : rkmq__body_fault(in, RKMQ_E_PROTOCOL);
    }
    if (rkmq__json_take(in->cur, '}', NULL)) {
        return RKMQ_OK;
    }
    do {
        status = rkmq__json_scan_name(in->cur, &name)
                     ? value_read(in, member_find(members, n, &name, &next))
                     : syntax_fault(in);
    } while (status == RKMQ_OK && rkmq__json_take(in->cur, ',', NULL));
    return status ? status : container_ends(in, '}');
}
