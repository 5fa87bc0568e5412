/* SPDX-License-Identifier: Apache-2.0 */
/* Things with a name go together with whatever names them. */
#include "runner/shrink/state.h"

#define NAMES_MAX 512

struct names {
    struct rkmq_slice at[NAMES_MAX];
    size_t n;
    size_t n_groups; /* the first ones */
};

static void names_add(struct names *names, struct rkmq_slice name)
{
    if (names->n < NAMES_MAX) {
        names->at[names->n++] = name;
    }
}

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* It stands in the text as a whole word, as T in "T@broker-a/0". */
static bool has_word(struct rkmq_slice text, struct rkmq_slice name)
{
    for (size_t at = 0; at < text.n;) {
        size_t end = at;
        while (end < text.n && is_name_char(text.p[end])) {
            end++;
        }
        if (rkmq__slice_equal(rkmq__slice(text.p + at, end - at), name)) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* ---- looking ---- */

/* Where a node stands: open[0] is the root, open[depth - 1] the innermost container. */
struct place {
    struct rkmq_tree *open[RKMQ_TREE_DEPTH_MAX], *node;
    size_t depth;
    bool is_key; /* the name is the node's key, not its text */
};

static bool is_naming(struct place *place, struct rkmq_slice name)
{
    const struct rkmq_tree *node = place->node;
    place->is_key = rkmq__slice_equal(node->key, name) &&
                    place->open[place->depth - 1]->type == RKMQ_TREE_OBJECT;
    return place->is_key || (node->type == RKMQ_TREE_TEXT && has_word(node->text, name));
}

/* Title and reasons are free text. */
static bool is_prose(const struct place *place)
{
    static const char *const names[] = {"cluster", "groups", "actors", "faults",
                                        "steps",   "expect", "checks"};
    for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
        if (place->depth > 1 || rkmq__slice_is(place->node->key, names[i])) {
            return false;
        }
    }
    return true;
}

/* The next place, in the order of the file, that names it; false: none. */
static bool find(struct rkmq_tree *root, struct rkmq_slice name, struct place *place)
{
    *place = (struct place){.open = {root}, .node = root->first, .depth = 1};
    while (place->depth > 0) {
        struct rkmq_tree *node = place->node;
        if (!node) {
            place->node = place->open[--place->depth]->next;
        } else if (is_prose(place)) {
            place->node = node->next;
        } else if (is_naming(place, name)) {
            return true;
        } else if (node->type >= RKMQ_TREE_LIST) {
            place->open[place->depth++] = node;
            place->node = node->first;
        } else {
            place->node = node->next;
        }
    }
    return false;
}

/* ---- taking out ---- */

/* A list element goes, or a member of "actors"; a key goes by itself. What is empty then goes, too.
 * False: there is nothing that could. */
static bool take_out(const struct rkmq_shrink *s, struct place *place, struct names *names)
{
    struct rkmq_tree *child = place->node;
    bool is_whole = place->is_key;
    for (size_t depth = place->depth; depth > 1; depth--) {
        struct rkmq_tree *parent = place->open[depth - 1];
        bool is_actor = rkmq__slice_is(parent->key, "actors") && depth == 2;
        is_whole = is_whole || parent->type == RKMQ_TREE_LIST || is_actor;
        if (is_whole) {
            if (names->n_groups == 0 && rkmq__shrink_is_kept_step(s, parent, child)) {
                return false; /* only a group takes the member that stays with it */
            }
            if (is_actor) {
                names_add(names, child->key);
            }
            rkmq__tree_unlink(parent, child);
            if (parent->n > 0 || depth == 2) {
                return true;
            }
            is_whole = false; /* an empty list or object: out with what holds it */
        }
        child = parent;
    }
    return false;
}

/* In a copy, which then is the tree if it still fails. */
static bool try_without(struct rkmq_shrink *s, struct rkmq_slice name, bool is_group)
{
    struct rkmq_tree *before = s->root;
    struct rkmq_slice text;
    struct names names = {.at = {name}, .n = 1, .n_groups = is_group};
    struct place place;
    rkmq__bytes_clear(&s->text);
    rkmq__tree_write(before, &s->text);
    if (rkmq__arena_copy(&s->arena, rkmq__bytes_slice(&s->text), &text) != RKMQ_OK ||
        rkmq__tree_read(text, &s->arena, &s->mistakes, &s->root) != RKMQ_OK) {
        s->is_out_of_memory = true;
        s->root = before;
        return false;
    }
    bool is_possible = true;
    for (size_t i = 0; i < names.n; i++) {
        while (is_possible && find(s->root, names.at[i], &place)) {
            is_possible = take_out(s, &place, &names);
        }
    }
    if (is_possible && rkmq__shrink_holds(s)) {
        return true;
    }
    s->root = before;
    return false;
}

/* ---- which ---- */

static void collect(const struct rkmq_tree *things, struct names *names)
{
    for (const struct rkmq_tree *each = things ? things->first : NULL; each; each = each->next) {
        names_add(names, things->type == RKMQ_TREE_OBJECT ? each->key : each->text);
    }
}

/* Big things first. */
bool rkmq__shrink_names(struct rkmq_shrink *s)
{
    static const char *const places[] = {"/groups", "/cluster/topics", "/cluster/brokers",
                                         "/cluster/nameservers", "/actors"};
    struct names names = {.n = 0};
    bool has_gone = false;
    for (size_t i = 0; i < RKMQ_COUNT_OF(places); i++) {
        collect(rkmq__tree_at(s->root, rkmq__slice_of(places[i])), &names);
        names.n_groups = i == 0 ? names.n : names.n_groups;
    }
    for (size_t i = 0; i < names.n && !rkmq__shrink_is_over(s); i++) {
        has_gone = try_without(s, names.at[i], i < names.n_groups) || has_gone;
    }
    return has_gone;
}
