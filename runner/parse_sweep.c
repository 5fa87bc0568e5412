/* SPDX-License-Identifier: Apache-2.0 */
/* "sweep": the seeds, and the places of the file that take other values. */
#include "runner/parse.h"

/* ---- seeds ---- */

static bool read_range_of_seeds(struct rkmq_slice text, uint64_t *first, uint64_t *last)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != '.') {
        n++;
    }
    struct rkmq_slice rest = rkmq__slice(text.p + n, text.n - n);
    return rest.n >= 3 && rest.p[1] == '.' && rkmq__parse_unsigned(rkmq__slice(text.p, n), first) &&
           rkmq__parse_unsigned(rkmq__slice(rest.p + 2, rest.n - 2), last) && *first <= *last;
}

static void read_seeds(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    if (node->type != RKMQ_TREE_TEXT ||
        !read_range_of_seeds(node->text, &sc->seed_first, &sc->seed_last)) {
        rkmq__parse_refuse(ps, node, "a range such as \"1..200\"");
    }
}

/* ---- vary ---- */

static bool is_scalar(const struct rkmq_tree *node)
{
    return node->type == RKMQ_TREE_TEXT || node->type == RKMQ_TREE_NUMBER ||
           node->type == RKMQ_TREE_BOOL;
}

static void read_values(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_vary *vary)
{
    if (node->n == 0 || node->n > RKMQ_SCENARIO_VALUES_MAX) {
        rkmq__parse_say(ps, node->offset, "from 1 to %d values can be varied, not %zu",
                        RKMQ_SCENARIO_VALUES_MAX, node->n);
        return;
    }
    for (const struct rkmq_tree *it = node->first; it; it = it->next) {
        if (!is_scalar(it)) {
            rkmq__parse_say(ps, it->offset,
                            "a value that varies is a text, a number, true or false");
            return;
        }
    }
    vary->first = node->first;
    vary->n = node->n;
}

static const struct rkmq_key range_fields[] = {
    {.name = "from", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
    {.name = "to", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
    {.name = "step", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
};
static const struct rkmq_shape range_shape = RKMQ_SHAPE("a range", range_fields);

static bool read_end(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_time,
                     int64_t *out)
{
    return is_time ? rkmq__parse_time(ps, node, 0, RKMQ_SCENARIO_TIME_MAX, out)
                   : rkmq__parse_int(ps, node, 0, INT32_MAX, out);
}

static void read_range(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_vary *vary)
{
    char none;
    int64_t to;
    size_t n_before = ps->mistakes->n_all;
    (void)rkmq__parse_object(ps, node, &range_shape, &none); /* it is an object */
    if (ps->mistakes->n_all > n_before) {
        return;
    }
    vary->is_time = rkmq__parse_member(node, "from")->type == RKMQ_TREE_TEXT;
    if (!read_end(ps, rkmq__parse_member(node, "from"), vary->is_time, &vary->from) ||
        !read_end(ps, rkmq__parse_member(node, "to"), vary->is_time, &to) ||
        !read_end(ps, rkmq__parse_member(node, "step"), vary->is_time, &vary->step)) {
        return;
    }
    if (vary->step == 0 || to < vary->from ||
        (to - vary->from) / vary->step >= RKMQ_SCENARIO_VALUES_MAX) {
        rkmq__parse_say(ps, node->offset, "this range does not have from 1 to %d values",
                        RKMQ_SCENARIO_VALUES_MAX);
        return;
    }
    vary->n = (size_t)((to - vary->from) / vary->step) + 1;
}

static void read_place(struct rkmq_parse *ps, struct rkmq_tree *member)
{
    struct rkmq_vary *vary = &ps->varies[ps->n_varies];
    *vary = (struct rkmq_vary){.place = member, .target = rkmq__tree_at(ps->root, member->key)};
    if (!vary->target || !is_scalar(vary->target)) {
        rkmq__parse_say(ps, member->key_offset,
                        vary->target ? "\"%.*s\" leads to no text, number, true or false"
                                     : "\"%.*s\" leads to nothing in this file",
                        RKMQ_SLICE_ARG(member->key));
        return;
    }
    if (rkmq__slice_starts(member->key, RKMQ_SLICE("/sweep/"))) {
        rkmq__parse_say(ps, member->key_offset, "\"sweep\" itself cannot vary");
        return;
    }
    if (member->type == RKMQ_TREE_LIST) {
        read_values(ps, member, vary);
    } else if (member->type == RKMQ_TREE_OBJECT) {
        read_range(ps, member, vary);
    } else {
        rkmq__parse_refuse(ps, member, "a list of values or {\"from\", \"to\", \"step\"}");
    }
    if (vary->n > 0) {
        ps->n_varies++;
    }
}

static void read_vary(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    uint64_t n = 1;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "an object")) {
        return;
    }
    if (node->n == 0 || node->n > RKMQ_SCENARIO_VARY_MAX) {
        rkmq__parse_say(ps, node->offset, "from 1 to %d places can vary, not %zu",
                        RKMQ_SCENARIO_VARY_MAX, node->n);
        return;
    }
    for (struct rkmq_tree *it = node->first; it; it = it->next) {
        size_t i = ps->n_varies;
        read_place(ps, it);
        n *= ps->n_varies > i ? ps->varies[i].n : 1;
        n = n > RKMQ_SCENARIO_VARIANTS_MAX ? RKMQ_SCENARIO_VARIANTS_MAX + 1 : n;
    }
    if (n > RKMQ_SCENARIO_VARIANTS_MAX) {
        rkmq__parse_say(ps, node->offset, "these make more than %d variants",
                        RKMQ_SCENARIO_VARIANTS_MAX);
        return;
    }
    sc->n_variants = (uint32_t)n;
}

static const struct rkmq_key sweep_fields[] = {
    {.name = "seeds", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "vary", .type = RKMQ_KEY_ELSEWHERE},
};
static const struct rkmq_shape sweep_shape = RKMQ_SHAPE("\"sweep\"", sweep_fields);

void rkmq__parse_sweep(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    char none;
    if (!rkmq__parse_object(ps, node, &sweep_shape, &none)) {
        return;
    }
    const struct rkmq_tree *seeds = rkmq__parse_member(node, "seeds");
    const struct rkmq_tree *vary = rkmq__parse_member(node, "vary");
    if (seeds) {
        read_seeds(ps, seeds);
    }
    if (vary) {
        read_vary(ps, vary);
    }
}

/* ---- choosing ---- */

/* Value `i` of a range, as a node that stands where the range does. */
static bool make_value(struct rkmq_parse *ps, const struct rkmq_vary *vary, size_t i,
                       struct rkmq_tree *out)
{
    char text[RKMQ_TIME_TEXT_BYTES];
    int64_t v = vary->from + (int64_t)i * vary->step;
    if (vary->is_time) {
        (void)rkmq__time_write(v, text);
    } else {
        (void)snprintf(text, sizeof text, "%lld", (long long)v); /* fits */
    }
    out->type = vary->is_time ? RKMQ_TREE_TEXT : RKMQ_TREE_NUMBER;
    out->offset = vary->place->offset;
    if (rkmq__arena_copy(ps->arena, rkmq__slice_of(text), &out->text) != RKMQ_OK) {
        ps->is_out_of_memory = true;
    }
    return !ps->is_out_of_memory;
}

static void add_to_with(struct rkmq_parse *ps, struct rkmq_slice pointer, struct rkmq_slice value)
{
    struct rkmq_bytes text;
    rkmq__bytes_init(&text, ps->arena->mem);
    rkmq__bytes_printf(&text, "%.*s=%.*s%s", RKMQ_SLICE_ARG(pointer), RKMQ_SLICE_ARG(value),
                       ps->with.n > 0 ? " " : "");
    rkmq__bytes_add_slice(&text, ps->with); /* chosen from the last place to the first */
    if (text.is_failed ||
        rkmq__arena_copy(ps->arena, rkmq__bytes_slice(&text), &ps->with) != RKMQ_OK) {
        ps->is_out_of_memory = true;
    }
    rkmq__bytes_close(&text);
}

void rkmq__sweep_choose(struct rkmq_parse *ps, struct rkmq_vary *vary, size_t i)
{
    struct rkmq_tree value = {0};
    RKMQ_ASSERT(i < vary->n);
    if (vary->first) {
        const struct rkmq_tree *it = vary->first;
        for (size_t k = 0; k < i; k++) {
            it = it->next;
        }
        value.type = it->type;
        value.offset = it->offset;
        value.text = it->text;
    } else if (!make_value(ps, vary, i, &value)) {
        return;
    }
    vary->target->type = value.type;
    vary->target->offset = value.offset;
    vary->target->text = value.text;
    add_to_with(ps, vary->place->key, value.text);
}

/* ---- writing ---- */

void rkmq__write_sweep(struct rkmq_scenario_writer *w)
{
    const struct rkmq_scenario *sc = w->sc;
    char text[64];
    if (sc->seed_first == sc->seed && sc->seed_last == sc->seed) {
        return;
    }
    (void)snprintf(text, sizeof text, "%llu..%llu", (unsigned long long)sc->seed_first,
                   (unsigned long long)sc->seed_last); /* fits */
    rkmq__json_key(&w->json, "sweep");
    rkmq__json_object(&w->json);
    rkmq__json_add_text(&w->json, "seeds", rkmq__slice_of(text));
    rkmq__json_object_end(&w->json);
}
