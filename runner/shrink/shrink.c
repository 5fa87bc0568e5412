/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/shrink/shrink.h"

#include "runner/shrink/state.h"

#define ROUNDS_MAX 8

/* ---- asking ---- */

bool rkmq__shrink_is_over(const struct rkmq_shrink *s)
{
    return s->is_out_of_memory || s->n_asked >= s->o->asks_max ||
           (s->o->is_enough && s->o->is_enough(s->o->user));
}

static bool is_valid(struct rkmq_shrink *s)
{
    struct rkmq_scenario_source source = {.file = "", .text = rkmq__bytes_slice(&s->text)};
    struct rkmq_scenario *sc;
    struct rkmq_bytes report;
    rkmq__bytes_init(&report, s->mem);
    int status = rkmq__scenario_parse(&sc, s->mem, &source, &report);
    s->is_out_of_memory = s->is_out_of_memory || status == RKMQ_E_NOMEM;
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&report);
    return status == RKMQ_OK;
}

/* 64 bits of FNV-1a: of a few hundred texts no two are alike. */
static uint64_t hash_of(struct rkmq_slice text)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < text.n; i++) {
        hash = (hash ^ text.p[i]) * UINT64_C(0x100000001B3);
    }
    return hash;
}

/* Remembers the text; false: it was there. */
static bool is_new(struct rkmq_shrink *s)
{
    uint64_t hash = hash_of(rkmq__bytes_slice(&s->text));
    struct rkmq_slice key = rkmq__slice(&hash, sizeof hash);
    if (rkmq__map_get(&s->answered, key)) {
        return false;
    }
    s->is_out_of_memory = s->is_out_of_memory || rkmq__map_put(&s->answered, key, s) != RKMQ_OK;
    return true;
}

bool rkmq__shrink_holds(struct rkmq_shrink *s)
{
    if (rkmq__shrink_is_over(s)) {
        return false;
    }
    rkmq__bytes_clear(&s->text);
    rkmq__tree_write(s->root, &s->text);
    s->is_out_of_memory = s->is_out_of_memory || s->text.is_failed;
    if (s->is_out_of_memory || !is_new(s) || !is_valid(s)) {
        return false;
    }
    s->n_asked++;
    return s->o->fails(s->o->user, rkmq__bytes_slice(&s->text));
}

/* ---- parts ---- */

/* The children of a container, some of which are out for now. */
struct children {
    struct rkmq_tree *parent, **at;
    bool *is_out, *is_tried;
    size_t n;
};

static bool children_open(struct rkmq_shrink *s, struct rkmq_tree *parent, struct children *c)
{
    *c = (struct children){.parent = parent, .n = 0};
    c->at = rkmq__zalloc(s->mem, (parent->n + 1) * sizeof *c->at);
    c->is_out = rkmq__zalloc(s->mem, parent->n + 1);
    c->is_tried = rkmq__zalloc(s->mem, parent->n + 1);
    s->is_out_of_memory = s->is_out_of_memory || !c->at || !c->is_out || !c->is_tried;
    for (struct rkmq_tree *child = parent->first; child && !s->is_out_of_memory;
         child = child->next) {
        c->at[c->n++] = child;
    }
    return !s->is_out_of_memory;
}

static void children_close(struct rkmq_shrink *s, struct children *c)
{
    rkmq__free(s->mem, c->at);
    rkmq__free(s->mem, c->is_out);
    rkmq__free(s->mem, c->is_tried);
}

static void children_link(struct children *c)
{
    c->parent->first = c->parent->last = NULL;
    c->parent->n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->is_out[i]) {
            continue;
        }
        if (c->parent->last) {
            c->parent->last->next = c->at[i];
        } else {
            c->parent->first = c->at[i];
        }
        c->parent->last = c->at[i];
        c->at[i]->next = NULL;
        c->parent->n++;
    }
}

/* Takes those of [from, from + n) out that may go. */
static bool try_without(struct rkmq_shrink *s, struct children *c, size_t from, size_t n)
{
    bool is_any = false;
    size_t end = from + n < c->n ? from + n : c->n;
    for (size_t i = from; i < end; i++) {
        bool may_go = !c->is_out[i] && rkmq__shrink_may_go(c->at[i], c->parent) &&
                      !rkmq__shrink_is_kept_step(s, c->parent, c->at[i]);
        c->is_out[i] = c->is_out[i] || may_go;
        c->is_tried[i] = may_go;
        is_any = is_any || may_go;
    }
    if (!is_any) {
        return false;
    }
    children_link(c);
    if (rkmq__shrink_holds(s)) {
        return true;
    }
    for (size_t i = from; i < end; i++) {
        c->is_out[i] = c->is_out[i] && !c->is_tried[i];
    }
    children_link(c);
    return false;
}

static bool shrink_children(struct rkmq_shrink *s, struct rkmq_tree *parent)
{
    struct children c;
    bool has_gone = false;
    if (children_open(s, parent, &c)) {
        for (size_t chunk = c.n; chunk > 0 && !rkmq__shrink_is_over(s); chunk /= 2) {
            for (size_t from = 0; from < c.n; from += chunk) {
                has_gone = try_without(s, &c, from, chunk) || has_gone;
            }
        }
    }
    children_close(s, &c);
    return has_gone;
}

bool rkmq__shrink_parts(struct rkmq_shrink *s)
{
    struct rkmq_shrink_node *nodes;
    bool has_gone = shrink_children(s, s->root);
    size_t n = rkmq__shrink_nodes(s, &nodes);
    for (size_t i = 0; i < n && !rkmq__shrink_is_over(s); i++) {
        if (nodes[i].node->n > 0 && !rkmq__shrink_is_kept(nodes[i].node, nodes[i].parent)) {
            has_gone = shrink_children(s, nodes[i].node) || has_gone;
        }
    }
    rkmq__free(s->mem, nodes);
    return has_gone;
}

/* ---- the whole ---- */

static size_t count_steps(const struct rkmq_shrink *s)
{
    const struct rkmq_tree *steps = rkmq__tree_member(s->root, RKMQ_SLICE("steps"));
    return steps ? steps->n : 0;
}

static void shrink_all(struct rkmq_shrink *s, struct rkmq_shrink_result *result)
{
    bool has_gone = true;
    result->n_steps_before = count_steps(s);
    for (int round = 0; round < ROUNDS_MAX && has_gone; round++) {
        has_gone = rkmq__shrink_names(s);
        has_gone = rkmq__shrink_parts(s) || has_gone;
        has_gone = rkmq__shrink_numbers(s) || has_gone;
        has_gone = rkmq__shrink_times(s) || has_gone;
    }
    result->is_done = !has_gone && !rkmq__shrink_is_over(s);
    result->n_asked = s->n_asked;
    result->n_steps_after = count_steps(s);
}

static int shrink(struct rkmq_shrink *s, struct rkmq_slice text, struct rkmq_bytes *out,
                  struct rkmq_shrink_result *result, struct rkmq_err *err)
{
    int status = rkmq__tree_read(text, &s->arena, &s->mistakes, &s->root);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "%s", rkmq_status_text(status));
    }
    if (!rkmq__shrink_holds(s)) {
        status = s->is_out_of_memory ? RKMQ_E_NOMEM : RKMQ_E_INVALID;
        return rkmq__err_set(err, status, "as it is given, it does not fail");
    }
    shrink_all(s, result);
    rkmq__bytes_clear(&s->text);
    rkmq__tree_write(s->root, &s->text);
    if (s->is_out_of_memory || s->text.is_failed) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    return rkmq__scenario_lay_out(rkmq__bytes_slice(&s->text), s->mem, out, err);
}

int rkmq__shrink(struct rkmq_slice text, const struct rkmq_shrink_options *o,
                 const struct rkmq_mem *mem, struct rkmq_bytes *out,
                 struct rkmq_shrink_result *result, struct rkmq_err *err)
{
    struct rkmq_shrink s = {.o = o, .mem = mem};
    *result = (struct rkmq_shrink_result){.is_done = false};
    rkmq__arena_init(&s.arena, mem);
    rkmq__mistakes_init(&s.mistakes, &s.arena);
    rkmq__bytes_init(&s.text, mem);
    rkmq__map_init(&s.answered, mem);
    int status = shrink(&s, text, out, result, err);
    rkmq__map_close(&s.answered);
    rkmq__bytes_close(&s.text);
    rkmq__arena_close(&s.arena);
    return status;
}
