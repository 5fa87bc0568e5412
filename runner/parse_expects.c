/* SPDX-License-Identifier: Apache-2.0 */
/* "expect": what must hold, when, and how much it matters. */
#include "runner/parse.h"

#define AT(member) offsetof(struct rkmq_expect, member)

/* ---- kinds ---- */

/* What may stand beside a kind. */
enum beside { BESIDE_FROM_UNTIL = 1, BESIDE_AFTER_WITHIN = 2, BESIDE_BOUNDS = 4, BESIDE_GAPS = 8 };
static const struct kind {
    const char *name;
    enum rkmq_pred_kind preds;
    unsigned beside;
} kinds[] = {
    [RKMQ_EXPECT_EVENTUALLY] = {"eventually", RKMQ_PRED_EITHER, BESIDE_AFTER_WITHIN},
    [RKMQ_EXPECT_ALWAYS] = {"always", RKMQ_PRED_STATE, BESIDE_FROM_UNTIL},
    [RKMQ_EXPECT_NEVER] = {"never", RKMQ_PRED_EITHER, BESIDE_FROM_UNTIL},
    [RKMQ_EXPECT_COUNT] = {"count", RKMQ_PRED_EVENT,
                           BESIDE_FROM_UNTIL | BESIDE_AFTER_WITHIN | BESIDE_BOUNDS},
    [RKMQ_EXPECT_SEQUENCE] = {"sequence", RKMQ_PRED_EVENT, BESIDE_AFTER_WITHIN},
    [RKMQ_EXPECT_GAPS] = {"gaps", RKMQ_PRED_EVENT, BESIDE_FROM_UNTIL | BESIDE_GAPS},
    [RKMQ_EXPECT_SOMETIMES] = {"sometimes", RKMQ_PRED_EITHER, BESIDE_FROM_UNTIL},
};
static const struct {
    const char *name;
    unsigned beside;
} modifiers[] = {
    {"from", BESIDE_FROM_UNTIL},     {"until", BESIDE_FROM_UNTIL}, {"after", BESIDE_AFTER_WITHIN},
    {"within", BESIDE_AFTER_WITHIN}, {"eq", BESIDE_BOUNDS},        {"ne", BESIDE_BOUNDS},
    {"lt", BESIDE_BOUNDS},           {"le", BESIDE_BOUNDS},        {"gt", BESIDE_BOUNDS},
    {"ge", BESIDE_BOUNDS},           {"in", BESIDE_BOUNDS},        {"are", BESIDE_GAPS},
    {"slack", BESIDE_GAPS},
};

const char *rkmq__expect_name(enum rkmq_expect_kind kind)
{
    return kinds[kind].name;
}

/* ---- fields ---- */

static void read_id(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_expect *expect = target;
    if (!rkmq__parse_new_id(ps, node, "an expectation", &expect->id)) {
        return;
    }
    /* Those before it, also those that do not apply here, stand before it in the list. */
    const struct rkmq_tree *list = rkmq__parse_member(ps->root, "expect");
    for (const struct rkmq_tree *it = list->first; it && it->offset < node->offset; it = it->next) {
        const struct rkmq_tree *other = rkmq__parse_member(it, "id");
        if (other && other->offset < node->offset && rkmq__slice_equal(other->text, node->text)) {
            rkmq__parse_say(ps, node->offset, "an expectation \"%.*s\" stands in line %u",
                            RKMQ_SLICE_ARG(node->text), rkmq__parse_line(ps, other->offset));
            return;
        }
    }
}

static void write_id(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__json_add_text(&w->json, name, w->sc->words[((const struct rkmq_expect *)target)->id]);
}

static void read_gaps(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_expect *expect = target;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    rkmq_us *gaps = rkmq__parse_array(ps, list.n, sizeof *gaps);
    for (size_t i = 0; gaps && i < list.n; i++) {
        (void)rkmq__parse_time(ps, rkmq__parse_next(&list), 0, RKMQ_SCENARIO_TIME_MAX, &gaps[i]);
    }
    expect->gaps = gaps;
    expect->n_gaps = gaps ? list.n : 0;
}

static void write_gaps(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_expect *expect = target;
    char text[RKMQ_TIME_TEXT_BYTES];
    if (expect->n_gaps == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < expect->n_gaps; i++) {
        rkmq__json_put_text(&w->json, rkmq__slice_of(rkmq__time_write(expect->gaps[i], text)));
    }
    rkmq__json_array_end(&w->json);
}

static const struct rkmq_custom id_custom = {read_id, write_id};
static const struct rkmq_custom gaps_custom = {read_gaps, write_gaps};
static const struct rkmq_custom grounds_custom = {rkmq__parse_grounds, rkmq__write_grounds};

#define KNOWN(key)                                                                                 \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_ELSEWHERE                                                  \
    }
#define DURATION(key, member, low, unset)                                                          \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_TIME, .offset = AT(member), .min = (low),                  \
        .max = RKMQ_SCENARIO_TIME_MAX, .fallback = (unset)                                         \
    }
/* "from" and "after" are one moment; only the first is written. */
static const struct rkmq_key expect_fields[] = {
    {.name = "id", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &id_custom},
    {.name = "req",
     .type = RKMQ_KEY_TEXT,
     .offset = AT(req),
     .min = 1,
     .max = RKMQ_SCENARIO_NAME_BYTES_MAX},
    KNOWN("level"),
    KNOWN("eventually"),
    KNOWN("always"),
    KNOWN("never"),
    KNOWN("count"),
    KNOWN("sequence"),
    KNOWN("gaps"),
    KNOWN("sometimes"),
    KNOWN("from"),
    KNOWN("after"),
    {.name = "until", .type = RKMQ_KEY_MOMENT, .offset = AT(until)},
    DURATION("within", within, 1, RKMQ_UNSET),
    KNOWN("eq"),
    KNOWN("ne"),
    KNOWN("lt"),
    KNOWN("le"),
    KNOWN("gt"),
    KNOWN("ge"),
    KNOWN("in"),
    {.name = "are", .type = RKMQ_KEY_CUSTOM, .more = &gaps_custom},
    DURATION("slack", slack, 0, 0),
    KNOWN("only_if"),
    {.name = "grounds", .type = RKMQ_KEY_CUSTOM, .offset = AT(grounds), .more = &grounds_custom},
};
static const struct rkmq_shape expect_shape = RKMQ_SHAPE("an expectation", expect_fields);

/* ---- only_if ---- */

/* Whether the place ever has this value: an expectation that never applies is a mistake. */
static bool is_possible(const struct rkmq_parse *ps, const struct rkmq_tree *condition,
                        const struct rkmq_tree *now)
{
    for (size_t i = 0; i < ps->n_varies; i++) {
        const struct rkmq_vary *vary = &ps->varies[i];
        if (!rkmq__slice_equal(vary->place->key, condition->key)) {
            continue;
        }
        for (const struct rkmq_tree *it = vary->first; it; it = it->next) {
            if (rkmq__tree_equal(it, condition)) {
                return true;
            }
        }
        return !vary->first;
    }
    return rkmq__tree_equal(now, condition);
}

static bool holds(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    bool result = true;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT,
                        "an object such as {\"/steps/0/at\": \"1s\"}")) {
        return true;
    }
    for (const struct rkmq_tree *it = node->first; it; it = it->next) {
        const struct rkmq_tree *now = rkmq__tree_at(ps->root, it->key);
        if (it->type == RKMQ_TREE_NULL || it->type >= RKMQ_TREE_LIST) {
            rkmq__parse_refuse(ps, it, "a text, a number, true or false");
        } else if (!now) {
            rkmq__parse_say(ps, it->key_offset, "\"%.*s\" leads to nothing in this file",
                            RKMQ_SLICE_ARG(it->key));
        } else if (!is_possible(ps, it, now)) {
            rkmq__parse_say(ps, it->offset, "\"%.*s\" never has this value",
                            RKMQ_SLICE_ARG(it->key));
        } else {
            result = rkmq__tree_equal(now, it) && result;
        }
    }
    return result;
}

/* ---- one expectation ---- */

static bool read_kind(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      struct rkmq_expect *expect)
{
    unsigned n = 0;
    for (size_t i = 0; i < RKMQ_EXPECT_KINDS; i++) {
        if (rkmq__parse_member(node, kinds[i].name)) {
            expect->kind = (enum rkmq_expect_kind)i;
            n++;
        }
    }
    if (n != 1) {
        rkmq__parse_say(ps, node->offset,
                        "an expectation takes exactly one of \"eventually\", \"always\", "
                        "\"never\", \"count\", \"sequence\", \"gaps\", \"sometimes\"");
    }
    return n == 1;
}

static void read_preds(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       struct rkmq_expect *expect)
{
    const struct kind *kind = &kinds[expect->kind];
    const struct rkmq_tree *what = rkmq__parse_member(node, kind->name);
    bool is_list = expect->kind == RKMQ_EXPECT_SEQUENCE;
    struct rkmq_parse_list list;
    if (is_list && !rkmq__parse_list(ps, what, false, 2, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    if (!is_list && !rkmq__parse_is(ps, what, RKMQ_TREE_OBJECT, "an object")) {
        return;
    }
    size_t n = is_list ? list.n : 1;
    struct rkmq_pred *preds = rkmq__parse_array(ps, n, sizeof *preds);
    for (size_t i = 0; preds && i < n; i++) {
        rkmq__parse_pred(ps, is_list ? rkmq__parse_next(&list) : what, kind->preds, &preds[i]);
    }
    expect->preds = preds;
    expect->n_preds = preds ? n : 0;
}

static void read_from(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      struct rkmq_expect *expect)
{
    const struct rkmq_tree *from = rkmq__parse_member(node, "from");
    const struct rkmq_tree *after = rkmq__parse_member(node, "after");
    if (from && after) {
        rkmq__parse_say(ps, after->key_offset, "\"after\" and \"from\" are the same");
    } else if (from || after) {
        rkmq__parse_moment(ps, from ? from : after, &expect->from);
    }
}

/* Two moments of one base, the second before the first: nothing would ever be looked at. */
static void check_window(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         const struct rkmq_expect *expect)
{
    const struct rkmq_moment *from = &expect->from, *until = &expect->until;
    bool is_same_base = from->base == until->base && from->index == until->index;
    if (from->base != RKMQ_MOMENT_UNSET && is_same_base && until->plus < from->plus) {
        rkmq__parse_say(ps, rkmq__parse_member(node, "until")->offset,
                        "its window is empty: \"until\" is before \"from\"");
    }
}

static void check_modifiers(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            const struct rkmq_expect *expect)
{
    const struct kind *kind = &kinds[expect->kind];
    for (size_t i = 0; i < RKMQ_COUNT_OF(modifiers); i++) {
        const struct rkmq_tree *member = rkmq__parse_member(node, modifiers[i].name);
        if (member && !(modifiers[i].beside & kind->beside)) {
            rkmq__parse_say(ps, member->key_offset, "\"%s\" does not go with \"%s\"",
                            modifiers[i].name, kind->name);
        }
    }
    if (expect->kind == RKMQ_EXPECT_COUNT && !expect->count.is_set) {
        rkmq__parse_say(ps, node->offset, "\"count\" needs a bound such as \"eq\": 0 or \"ge\": 1");
    }
    if (expect->kind == RKMQ_EXPECT_GAPS && !rkmq__parse_member(node, "are")) {
        rkmq__parse_say(ps, node->offset, "\"gaps\" needs \"are\", the gaps it expects");
    }
    if (expect->within != RKMQ_UNSET && expect->until.base != RKMQ_MOMENT_UNSET) {
        rkmq__parse_say(ps, node->offset, "\"within\" and \"until\" say the same");
    }
}

/* False: it does not apply to this variant. */
static bool read_expect(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_expect *expect)
{
    expect->line = rkmq__parse_line(ps, node->offset);
    expect->grounds = RKMQ_GROUNDS_ALL;
    expect->level = ps->sc->level;
    if (!rkmq__parse_object(ps, node, &expect_shape, expect)) {
        return true;
    }
    const struct rkmq_tree *level = rkmq__parse_member(node, "level");
    if (level) {
        int choice = rkmq__parse_choice(ps, level, rkmq__level_names);
        expect->level = choice < 0 ? 0 : choice;
    }
    if (read_kind(ps, node, expect)) {
        read_preds(ps, node, expect);
        read_from(ps, node, expect);
        if (expect->kind == RKMQ_EXPECT_COUNT) {
            rkmq__parse_bounds(ps, node, rkmq__parse_plain_int, &expect->count);
        }
        check_modifiers(ps, node, expect);
        check_window(ps, node, expect);
    }
    const struct rkmq_tree *only_if = rkmq__parse_member(node, "only_if");
    return !only_if || holds(ps, only_if);
}

void rkmq__parse_expects(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 0, RKMQ_SCENARIO_EXPECTS_MAX, &list)) {
        return;
    }
    sc->expects = rkmq__parse_array(ps, list.n, sizeof *sc->expects);
    for (size_t i = 0; sc->expects && i < list.n; i++) {
        struct rkmq_expect *expect = &sc->expects[sc->n_expects];
        if (read_expect(ps, rkmq__parse_next(&list), expect)) {
            sc->n_expects++;
        } else {
            memset(expect, 0, sizeof *expect);
        }
    }
}

/* ---- writing ---- */

static void write_preds(struct rkmq_scenario_writer *w, const struct rkmq_expect *expect)
{
    bool is_list = expect->kind == RKMQ_EXPECT_SEQUENCE;
    rkmq__json_key(&w->json, kinds[expect->kind].name);
    if (is_list) {
        rkmq__json_array(&w->json);
    }
    for (size_t i = 0; i < expect->n_preds; i++) {
        rkmq__write_pred(w, &expect->preds[i]);
    }
    if (is_list) {
        rkmq__json_array_end(&w->json);
    }
}

void rkmq__write_expects(struct rkmq_scenario_writer *w)
{
    if (w->sc->n_expects == 0) {
        return;
    }
    rkmq__json_key(&w->json, "expect");
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        const struct rkmq_expect *expect = &w->sc->expects[i];
        bool is_after = !(kinds[expect->kind].beside & BESIDE_FROM_UNTIL);
        rkmq__json_object(&w->json);
        rkmq__write_fields(w, &expect_shape, expect);
        if (expect->level != w->sc->level) {
            rkmq__json_add_text(&w->json, "level",
                                rkmq__slice_of(rkmq__level_names[expect->level]));
        }
        if (expect->from.base != RKMQ_MOMENT_UNSET) {
            rkmq__json_key(&w->json, is_after ? "after" : "from");
            rkmq__write_moment(w, &expect->from);
        }
        if (expect->count.is_set) {
            rkmq__write_bounds(w, rkmq__write_plain_int, &expect->count);
        }
        write_preds(w, expect);
        rkmq__json_object_end(&w->json);
    }
    rkmq__json_array_end(&w->json);
}
