/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/codec/json.h"
#include "runner/tree.h"

const char *rkmq__tree_type_name(enum rkmq_tree_type type)
{
    static const char *const names[] = {"null",   "true or false", "a number",
                                        "a text", "a list",        "an object"};
    return names[type];
}

struct rkmq_tree *rkmq__tree_member(const struct rkmq_tree *object, struct rkmq_slice name)
{
    if (object->type != RKMQ_TREE_OBJECT) {
        return NULL;
    }
    for (struct rkmq_tree *member = object->first; member; member = member->next) {
        if (rkmq__slice_equal(member->key, name)) {
            return member;
        }
    }
    return NULL;
}

/* ---- pointers ---- */

/* Takes the next step of a pointer off it and compares it with `key`, ~0 and ~1 resolved. */
static struct rkmq_slice take_step(struct rkmq_slice *pointer)
{
    size_t n = 1;
    while (n < pointer->n && pointer->p[n] != '/') {
        n++;
    }
    struct rkmq_slice step = rkmq__slice(pointer->p + 1, n - 1);
    *pointer = rkmq__slice(pointer->p + n, pointer->n - n);
    return step;
}

static bool step_is(struct rkmq_slice step, struct rkmq_slice key)
{
    size_t k = 0;
    for (size_t i = 0; i < step.n; i++, k++) {
        uint8_t c = step.p[i];
        if (c == '~' && i + 1 < step.n && (step.p[i + 1] == '0' || step.p[i + 1] == '1')) {
            c = step.p[++i] == '0' ? '~' : '/';
        }
        if (k == key.n || key.p[k] != c) {
            return false;
        }
    }
    return k == key.n;
}

static struct rkmq_tree *element_at(const struct rkmq_tree *list, struct rkmq_slice step)
{
    int64_t index;
    bool is_plain =
        step.n > 0 && step.p[0] >= '0' && step.p[0] <= '9' && !(step.n > 1 && step.p[0] == '0');
    if (!is_plain || rkmq__slice_to_i64(step, &index) != RKMQ_OK || index >= (int64_t)list->n) {
        return NULL;
    }
    struct rkmq_tree *element = list->first;
    while (index-- > 0) {
        element = element->next;
    }
    return element;
}

struct rkmq_tree *rkmq__tree_at(struct rkmq_tree *root, struct rkmq_slice pointer)
{
    struct rkmq_tree *node = root;
    while (node && pointer.n > 0) {
        if (pointer.p[0] != '/') {
            return NULL;
        }
        struct rkmq_slice step = take_step(&pointer);
        if (node->type == RKMQ_TREE_LIST) {
            node = element_at(node, step);
        } else if (node->type == RKMQ_TREE_OBJECT) {
            node = node->first;
            while (node && !step_is(step, node->key)) {
                node = node->next;
            }
        } else {
            node = NULL;
        }
    }
    return node;
}

/* ---- walking a whole tree: down to the first child, else to the sibling, else up ---- */

struct walk {
    const struct rkmq_tree *open[RKMQ_TREE_DEPTH_MAX];
    size_t depth;
    const struct rkmq_tree *node; /* NULL: at the end of open[depth - 1] */
};

/* From `node` to what follows it in a walk that enters every container and sees its end. */
static void walk_on(struct walk *w)
{
    if (w->node && w->node->type >= RKMQ_TREE_LIST) {
        w->open[w->depth++] = w->node;
        w->node = w->node->first;
    } else if (w->node) {
        w->node = w->depth > 0 ? w->node->next : NULL;
    } else {
        const struct rkmq_tree *closed = w->open[--w->depth];
        w->node = w->depth > 0 ? closed->next : NULL;
    }
}

static bool walk_is_over(const struct walk *w)
{
    return !w->node && w->depth == 0;
}

bool rkmq__tree_equal(const struct rkmq_tree *a, const struct rkmq_tree *b)
{
    struct walk x = {.node = a}, y = {.node = b};
    while (!walk_is_over(&x) && !walk_is_over(&y)) {
        if (!x.node != !y.node) {
            return false;
        }
        if (x.node) {
            bool is_inside = x.depth > 0; /* the name of the root is not part of it */
            if (x.node->type != y.node->type || !rkmq__slice_equal(x.node->text, y.node->text) ||
                (is_inside && !rkmq__slice_equal(x.node->key, y.node->key))) {
                return false;
            }
        }
        walk_on(&x);
        walk_on(&y);
    }
    return walk_is_over(&x) && walk_is_over(&y);
}

static void write_text(struct rkmq_slice text, struct rkmq_bytes *out)
{
    rkmq__bytes_add_text(out, "\"");
    uint8_t *p = rkmq__bytes_reserve(out, rkmq__json_escaped_bytes(text));
    if (p) {
        (void)rkmq__json_escape(text, p); /* its end is known */
    }
    rkmq__bytes_add_text(out, "\"");
}

/* What stands between the parts of a text. */
struct punctuation {
    const char *open_object, *close_object, *comma, *colon;
};
static const struct punctuation compact = {"{", "}", ",", ":"};
static const struct punctuation spaced = {"{ ", " }", ", ", ": "};

static void write_begin(const struct rkmq_tree *node, const struct punctuation *p,
                        struct rkmq_bytes *out)
{
    if (node->type == RKMQ_TREE_TEXT) {
        write_text(node->text, out);
    } else if (node->type < RKMQ_TREE_LIST) {
        rkmq__bytes_add_slice(out, node->text);
    } else if (node->type == RKMQ_TREE_LIST) {
        rkmq__bytes_add_text(out, "[");
    } else {
        rkmq__bytes_add_text(out, node->first ? p->open_object : "{");
    }
}

static void write_end(const struct rkmq_tree *node, const struct punctuation *p,
                      struct rkmq_bytes *out)
{
    if (node->type == RKMQ_TREE_LIST) {
        rkmq__bytes_add_text(out, "]");
    } else {
        rkmq__bytes_add_text(out, node->first ? p->close_object : "}");
    }
}

static void write_all(const struct rkmq_tree *tree, const struct punctuation *p,
                      struct rkmq_bytes *out)
{
    struct walk w = {.node = tree};
    while (!walk_is_over(&w)) {
        const struct rkmq_tree *inner = w.depth > 0 ? w.open[w.depth - 1] : NULL;
        if (!w.node) {
            write_end(inner, p, out);
        } else {
            if (inner && inner->first != w.node) {
                rkmq__bytes_add_text(out, p->comma);
            }
            if (inner && inner->type == RKMQ_TREE_OBJECT) {
                write_text(w.node->key, out);
                rkmq__bytes_add_text(out, p->colon);
            }
            write_begin(w.node, p, out);
        }
        walk_on(&w);
    }
}

void rkmq__tree_write(const struct rkmq_tree *tree, struct rkmq_bytes *out)
{
    write_all(tree, &compact, out);
}

void rkmq__tree_write_line(const struct rkmq_tree *tree, struct rkmq_bytes *out)
{
    write_all(tree, &spaced, out);
}

void rkmq__tree_write_name(const struct rkmq_tree *member, struct rkmq_bytes *out)
{
    write_text(member->key, out);
    rkmq__bytes_add_text(out, spaced.colon);
}
