/* SPDX-License-Identifier: Apache-2.0 */
/* Smaller numbers, shorter times, round moments. */
#include "runner/parse.h"
#include "runner/shrink/state.h"

#define SECOND_US 1000000
#define MILLISECOND_US 1000

/* ---- numbers ---- */

static bool try_text(struct rkmq_shrink *s, struct rkmq_tree *leaf, struct rkmq_slice text)
{
    struct rkmq_slice before = leaf->text;
    rkmq__shrink_set(s, leaf, text);
    if (rkmq__shrink_holds(s)) {
        return true;
    }
    leaf->text = before;
    return false;
}

static bool try_value(struct rkmq_shrink *s, struct rkmq_tree *leaf, int64_t value, bool is_time)
{
    char text[RKMQ_TIME_TEXT_BYTES];
    if (is_time) {
        return try_text(s, leaf, rkmq__slice_of(rkmq__time_write(value, text)));
    }
    return try_text(s, leaf, rkmq__i64_text(value, text));
}

/* The smallest between `low` and what it is, by halves. */
static bool shrink_value(struct rkmq_shrink *s, struct rkmq_tree *leaf, int64_t value, int64_t low,
                         bool is_time)
{
    bool has_gone = false;
    while (value > low) {
        int64_t half = low + (value - low) / 2;
        half = is_time ? half / MILLISECOND_US * MILLISECOND_US : half;
        if (!try_value(s, leaf, half, is_time)) {
            break;
        }
        value = half;
        has_gone = true;
    }
    return has_gone;
}

bool rkmq__shrink_numbers(struct rkmq_shrink *s)
{
    struct rkmq_shrink_node *nodes;
    size_t n = rkmq__shrink_nodes(s, &nodes);
    bool has_gone = false;
    for (size_t i = 0; i < n && !rkmq__shrink_is_over(s); i++) {
        struct rkmq_tree *leaf = nodes[i].node;
        int64_t value;
        if (rkmq__shrink_is_number(&nodes[i]) &&
            rkmq__slice_to_i64(leaf->text, &value) == RKMQ_OK) {
            has_gone = shrink_value(s, leaf, value, 1, false) || has_gone;
        } else if (rkmq__shrink_is_time(&nodes[i]) &&
                   rkmq__time_read(leaf->text, &value) == RKMQ_OK && value >= SECOND_US) {
            has_gone = shrink_value(s, leaf, value, MILLISECOND_US, true) || has_gone;
        }
    }
    rkmq__free(s->mem, nodes);
    return has_gone;
}

/* ---- moments ---- */

struct moment { /* "at" or "from" of a step, or the end */
    struct rkmq_tree *leaf;
    rkmq_us at;
    struct rkmq_slice before;
};
struct timeline {
    struct moment moments[RKMQ_SCENARIO_STEPS_MAX + 1];
    size_t n;
};

static void timeline_add(struct timeline *line, struct rkmq_tree *leaf)
{
    rkmq_us at;
    if (leaf && leaf->type == RKMQ_TREE_TEXT && line->n < RKMQ_COUNT_OF(line->moments) &&
        rkmq__time_read(leaf->text, &at) == RKMQ_OK) {
        line->moments[line->n++] = (struct moment){leaf, at, leaf->text};
    }
}

static void timeline_read(struct rkmq_shrink *s, struct timeline *line)
{
    const struct rkmq_tree *steps = rkmq__tree_member(s->root, RKMQ_SLICE("steps"));
    line->n = 0;
    for (const struct rkmq_tree *step = steps ? steps->first : NULL; step; step = step->next) {
        struct rkmq_tree *at = rkmq__tree_member(step, RKMQ_SLICE("at"));
        timeline_add(line, at ? at : rkmq__tree_member(step, RKMQ_SLICE("from")));
    }
    timeline_add(line, rkmq__tree_at(s->root, RKMQ_SLICE("/run/end")));
}

/* Everything from `since` on comes so much earlier. */
static bool try_earlier(struct rkmq_shrink *s, struct timeline *line, rkmq_us since, rkmq_us by)
{
    char text[RKMQ_TIME_TEXT_BYTES];
    for (size_t i = 0; i < line->n; i++) {
        struct moment *m = &line->moments[i];
        m->before = m->leaf->text;
        if (m->at >= since) {
            rkmq__shrink_set(s, m->leaf, rkmq__slice_of(rkmq__time_write(m->at - by, text)));
        }
    }
    if (rkmq__shrink_holds(s)) {
        return true;
    }
    for (size_t i = 0; i < line->n; i++) {
        line->moments[i].leaf->text = line->moments[i].before;
    }
    return false;
}

/* The latest moment before this one, but not before all is up. */
static rkmq_us gap_begin(const struct rkmq_shrink *s, const struct timeline *line, rkmq_us at)
{
    rkmq_us begin = s->o->quiet_until;
    for (size_t i = 0; i < line->n; i++) {
        begin =
            line->moments[i].at < at && line->moments[i].at > begin ? line->moments[i].at : begin;
    }
    return begin;
}

static bool shrink_gap(struct rkmq_shrink *s, struct timeline *line, size_t i)
{
    bool has_gone = false;
    rkmq_us at = line->moments[i].at, gap = at - gap_begin(s, line, at);
    for (rkmq_us by = gap; by >= SECOND_US && !rkmq__shrink_is_over(s);
         by = by / 2 / MILLISECOND_US * MILLISECOND_US) {
        while (gap >= by && try_earlier(s, line, at, by)) {
            timeline_read(s, line);
            at -= by;
            gap -= by;
            has_gone = true;
        }
    }
    return has_gone;
}

/* A whole second, else a tenth, if no other moment lies between. */
static bool shrink_digits(struct rkmq_shrink *s, struct timeline *line, size_t i)
{
    static const rkmq_us units[] = {SECOND_US, SECOND_US / 10};
    struct moment *m = &line->moments[i];
    rkmq_us begin = gap_begin(s, line, m->at);
    for (size_t k = 0; k < RKMQ_COUNT_OF(units); k++) {
        rkmq_us round = m->at / units[k] * units[k];
        if (round != m->at && round >= begin && try_value(s, m->leaf, round, true)) {
            m->at = round;
            return true;
        }
    }
    return false;
}

bool rkmq__shrink_times(struct rkmq_shrink *s)
{
    struct timeline *line = rkmq__zalloc(s->mem, sizeof *line);
    bool has_gone = false;
    if (!line) {
        s->is_out_of_memory = true;
        return false;
    }
    timeline_read(s, line);
    for (size_t i = 0; i + 1 < line->n && !rkmq__shrink_is_over(s); i++) {
        has_gone = shrink_gap(s, line, i) || has_gone;
    }
    for (size_t i = 0; i < line->n && !rkmq__shrink_is_over(s); i++) {
        has_gone = shrink_digits(s, line, i) || has_gone;
    }
    rkmq__free(s->mem, line);
    return has_gone;
}
