/* SPDX-License-Identifier: Apache-2.0 */
/* "steps": when, and what; and the look ahead that lets them be named before they are read. */
#include "runner/parse.h"

/* ---- looking ahead ---- */

/* The actions of one "do", whatever its form; nothing of what is malformed. */
static const struct rkmq_tree *first_action(const struct rkmq_tree *step)
{
    const struct rkmq_tree *what = rkmq__parse_member(step, "do");
    if (!what) {
        return NULL;
    }
    return what->type == RKMQ_TREE_LIST ? what->first : what;
}

static const struct rkmq_tree *next_action(const struct rkmq_tree *step,
                                           const struct rkmq_tree *action)
{
    const struct rkmq_tree *what = rkmq__parse_member(step, "do");
    return what->type == RKMQ_TREE_LIST ? action->next : NULL;
}

static void note_fault(struct rkmq_parse *ps, const struct rkmq_tree *rule)
{
    const struct rkmq_tree *id = rkmq__parse_member(rule, "id");
    if (id && id->type == RKMQ_TREE_TEXT && rkmq__is_id(id->text)) {
        ps->fault_ids[ps->n_fault_ids].id = rkmq__parse_word(ps, id->text);
        ps->fault_ids[ps->n_fault_ids++].offset = id->offset;
    }
}

static void note_mark(struct rkmq_parse *ps, const struct rkmq_tree *mark)
{
    struct rkmq_scenario *sc = ps->sc;
    if (mark->type != RKMQ_TREE_TEXT || !rkmq__is_id(mark->text)) {
        return;
    }
    rkmq_word word = rkmq__parse_word(ps, mark->text);
    for (size_t i = 0; i < sc->n_marks; i++) {
        if (sc->marks[i] == word) {
            return;
        }
    }
    sc->marks[sc->n_marks++] = word;
}

/* The topic may grow: remember how far. */
static void note_queues(struct rkmq_parse *ps, const struct rkmq_tree *change)
{
    struct rkmq_scenario *sc = ps->sc;
    const struct rkmq_tree *name = rkmq__parse_member(change, "name");
    const struct rkmq_tree *broker = rkmq__parse_member(change, "broker");
    const struct rkmq_tree *queues = rkmq__parse_member(change, "queues");
    int64_t n;
    if (!name || !queues || queues->type != RKMQ_TREE_NUMBER ||
        rkmq__slice_to_i64(queues->text, &n) != RKMQ_OK || n < 1 || n > RKMQ_SCENARIO_QUEUES_MAX) {
        return;
    }
    for (size_t t = 0; t < sc->n_topics; t++) {
        for (size_t b = 0; b < sc->n_brokers; b++) {
            uint32_t *most = &sc->topics[t].queues_max[b];
            bool is_meant = rkmq__slice_equal(sc->words[sc->topics[t].name], name->text) &&
                            (!broker || rkmq__slice_is(broker->text, "*") ||
                             rkmq__slice_equal(sc->words[sc->brokers[b].name], broker->text));
            if (is_meant && (uint32_t)n > *most) {
                *most = (uint32_t)n;
            }
        }
    }
}

static void note_action(struct rkmq_parse *ps, const struct rkmq_tree *action)
{
    const struct rkmq_tree *what = action->type == RKMQ_TREE_OBJECT ? action->first : NULL;
    if (!what) {
        return;
    }
    if (rkmq__slice_is(what->key, "mark")) {
        note_mark(ps, what);
    } else if (rkmq__slice_is(what->key, "fault") || rkmq__slice_is(what->key, "hold")) {
        note_fault(ps, what);
    } else if (rkmq__slice_is(what->key, "topic")) {
        note_queues(ps, what);
    }
}

static size_t count_actions(const struct rkmq_tree *steps)
{
    size_t n = 0;
    for (const struct rkmq_tree *step = steps->first; step; step = step->next) {
        for (const struct rkmq_tree *it = first_action(step); it; it = next_action(step, it)) {
            n++;
        }
    }
    return n;
}

void rkmq__parse_ahead(struct rkmq_parse *ps)
{
    struct rkmq_scenario *sc = ps->sc;
    const struct rkmq_tree *steps = rkmq__parse_member(ps->root, "steps");
    const struct rkmq_tree *faults = rkmq__parse_member(ps->root, "faults");
    bool has_steps = steps && steps->type == RKMQ_TREE_LIST;
    bool has_faults = faults && faults->type == RKMQ_TREE_LIST;
    size_t n_actions = has_steps ? count_actions(steps) : 0;
    size_t n_rules = n_actions + (has_faults ? faults->n : 0);
    sc->marks = rkmq__parse_array(ps, n_actions, sizeof *sc->marks);
    ps->fault_ids = rkmq__parse_array(ps, n_rules, sizeof *ps->fault_ids);
    sc->steps = rkmq__parse_array(ps, has_steps ? steps->n : 0, sizeof *sc->steps);
    if (ps->is_out_of_memory) {
        return;
    }
    for (const struct rkmq_tree *it = has_faults ? faults->first : NULL; it; it = it->next) {
        note_fault(ps, it);
    }
    for (const struct rkmq_tree *step = has_steps ? steps->first : NULL; step; step = step->next) {
        const struct rkmq_tree *id = rkmq__parse_member(step, "id");
        struct rkmq_step *out = &sc->steps[sc->n_steps++];
        if (id && id->type == RKMQ_TREE_TEXT && rkmq__is_id(id->text)) {
            out->id = rkmq__parse_word(ps, id->text);
        }
        for (const struct rkmq_tree *it = first_action(step); it; it = next_action(step, it)) {
            note_action(ps, it);
        }
    }
}

/* ---- one step ---- */

static const struct rkmq_key when_fields[] = {
    {.name = "event", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
    {.name = "nth",
     .type = RKMQ_KEY_INT,
     .offset = offsetof(struct rkmq_step, nth),
     .min = 1,
     .max = INT32_MAX,
     .fallback = 1},
    {.name = "within",
     .type = RKMQ_KEY_TIME,
     .offset = offsetof(struct rkmq_step, within),
     .min = 1,
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
};
static const struct rkmq_shape when_shape = RKMQ_SHAPE("\"when\"", when_fields);

static void read_when(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_step *step = target;
    if (!rkmq__parse_object(ps, node, &when_shape, step)) {
        return;
    }
    const struct rkmq_tree *event = rkmq__parse_member(node, "event");
    if (event) {
        rkmq__parse_pred(ps, event, RKMQ_PRED_EITHER, &step->when);
    }
}

static void write_when(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_step *step = target;
    if (step->trigger != RKMQ_TRIGGER_WHEN) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__json_key(&w->json, "event");
    rkmq__write_pred(w, &step->when);
    rkmq__write_fields(w, &when_shape, step);
    rkmq__json_object_end(&w->json);
}

static void read_do(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_step *step = target;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, true, 1, RKMQ_SCENARIO_ACTIONS_MAX, &list)) {
        return;
    }
    struct rkmq_action *actions = rkmq__parse_array(ps, list.n, sizeof *actions);
    for (size_t i = 0; actions && i < list.n; i++) {
        rkmq__parse_action(ps, rkmq__parse_next(&list), &actions[i]);
    }
    step->actions = actions;
    step->n_actions = actions ? list.n : 0;
}

static void write_do(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_step *step = target;
    rkmq__json_key(&w->json, name);
    if (step->n_actions > 1) {
        rkmq__json_array(&w->json);
    }
    for (size_t i = 0; i < step->n_actions; i++) {
        rkmq__write_action(w, &step->actions[i]);
    }
    if (step->n_actions > 1) {
        rkmq__json_array_end(&w->json);
    }
}

static void read_step_id(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_step *step = target;
    rkmq_word id;
    if (!rkmq__parse_new_id(ps, node, "a step", &id)) {
        return;
    }
    for (const struct rkmq_step *it = ps->sc->steps; it < step; it++) {
        if (it->id == id) {
            rkmq__parse_say(ps, node->offset, "a step \"%.*s\" stands in line %u",
                            RKMQ_SLICE_ARG(node->text), it->line);
            return;
        }
    }
}

static void write_step_id(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_step *step = target;
    if (step->id != 0) {
        rkmq__json_add_text(&w->json, name, w->sc->words[step->id]);
    }
}

static const struct rkmq_custom id_custom = {read_step_id, write_step_id};
static const struct rkmq_custom when_custom = {read_when, write_when};
static const struct rkmq_custom do_custom = {read_do, write_do};

#define STEP_AT(member) offsetof(struct rkmq_step, member)
/* "at" and "from" are the same moment, "after" and "every" the same duration: see write_trigger. */
static const struct rkmq_key step_fields[] = {
    {.name = "id", .type = RKMQ_KEY_CUSTOM, .more = &id_custom},
    {.name = "at", .type = RKMQ_KEY_MOMENT, .offset = STEP_AT(moment)},
    {.name = "after",
     .type = RKMQ_KEY_TIME,
     .offset = STEP_AT(delay),
     .max = RKMQ_SCENARIO_TIME_MAX},
    {.name = "when", .type = RKMQ_KEY_CUSTOM, .more = &when_custom},
    {.name = "every",
     .type = RKMQ_KEY_TIME,
     .offset = STEP_AT(delay),
     .min = 1,
     .max = RKMQ_SCENARIO_TIME_MAX},
    {.name = "from", .type = RKMQ_KEY_MOMENT, .offset = STEP_AT(moment)},
    {.name = "times", .type = RKMQ_KEY_INT, .offset = STEP_AT(times), .min = 1, .max = INT32_MAX},
    {.name = "until", .type = RKMQ_KEY_MOMENT, .offset = STEP_AT(until)},
    {.name = "do", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &do_custom},
};
static const struct rkmq_shape step_shape = RKMQ_SHAPE("a step", step_fields);
static const char *const trigger_names[] = {"at", "after", "when", "every"};

static void check_trigger(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          struct rkmq_step *step)
{
    static const char *const only_every[] = {"from", "times", "until"};
    unsigned n = 0;
    for (size_t i = 0; i < RKMQ_COUNT_OF(trigger_names); i++) {
        if (rkmq__parse_member(node, trigger_names[i])) {
            step->trigger = (enum rkmq_trigger)i;
            n++;
        }
    }
    if (n != 1) {
        rkmq__parse_say(ps, node->offset,
                        "a step takes exactly one of \"at\", \"after\", \"when\", \"every\"");
        return;
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(only_every); i++) {
        const struct rkmq_tree *member = rkmq__parse_member(node, only_every[i]);
        if (member && step->trigger != RKMQ_TRIGGER_EVERY) {
            rkmq__parse_say(ps, member->key_offset, "\"%s\" goes with \"every\" only",
                            only_every[i]);
        }
    }
    if (step->trigger == RKMQ_TRIGGER_EVERY && step->moment.base == RKMQ_MOMENT_UNSET) {
        step->moment.base = RKMQ_MOMENT_START;
    }
}

/* The step that must have begun before this one can; -1: none. */
static int64_t waits_for(const struct rkmq_scenario *sc, int64_t i)
{
    const struct rkmq_step *step = &sc->steps[i];
    if (step->trigger == RKMQ_TRIGGER_AFTER || step->trigger == RKMQ_TRIGGER_WHEN) {
        return i - 1;
    }
    return step->moment.base == RKMQ_MOMENT_STEP ? (int64_t)step->moment.index : -1;
}

static void check_circles(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    const struct rkmq_scenario *sc = ps->sc;
    int64_t i = 0;
    for (const struct rkmq_tree *it = node->first; it; it = it->next, i++) {
        size_t n = 0;
        for (int64_t k = waits_for(sc, i); k >= 0 && n <= sc->n_steps; n++) {
            k = waits_for(sc, k);
        }
        if (n > sc->n_steps) {
            rkmq__parse_say(ps, it->offset, "this step waits for itself, in a circle");
        }
    }
}

void rkmq__parse_steps(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    struct rkmq_parse_list list;
    size_t n_before = ps->mistakes->n_all;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_STEPS_MAX, &list) ||
        sc->n_steps != list.n) {
        return; /* they differ when memory is out */
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct rkmq_tree *element = rkmq__parse_next(&list);
        struct rkmq_step *step = &sc->steps[i];
        step->line = rkmq__parse_line(ps, element->offset);
        step->nth = 1;
        step->within = RKMQ_UNSET;
        if (rkmq__parse_object(ps, element, &step_shape, step)) {
            check_trigger(ps, element, step);
        }
    }
    if (ps->mistakes->n_all == n_before) {
        check_circles(ps, node);
    }
}

/* ---- writing ---- */

static void write_moment(struct rkmq_scenario_writer *w, const char *name,
                         const struct rkmq_moment *moment)
{
    rkmq__json_key(&w->json, name);
    rkmq__write_moment(w, moment);
}

static void write_trigger(struct rkmq_scenario_writer *w, const struct rkmq_step *step)
{
    switch (step->trigger) {
    case RKMQ_TRIGGER_AT:
        write_moment(w, "at", &step->moment);
        break;
    case RKMQ_TRIGGER_AFTER:
        rkmq__write_time(w, "after", step->delay);
        break;
    case RKMQ_TRIGGER_WHEN:
        write_when(w, "when", step);
        break;
    case RKMQ_TRIGGER_EVERY:
        rkmq__write_time(w, "every", step->delay);
        write_moment(w, "from", &step->moment);
        if (step->times > 0) {
            rkmq__json_add_i64(&w->json, "times", step->times);
        }
        if (step->until.base != RKMQ_MOMENT_UNSET) {
            write_moment(w, "until", &step->until);
        }
        break;
    }
}

void rkmq__write_steps(struct rkmq_scenario_writer *w)
{
    rkmq__json_key(&w->json, "steps");
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < w->sc->n_steps; i++) {
        const struct rkmq_step *step = &w->sc->steps[i];
        rkmq__json_object(&w->json);
        write_step_id(w, "id", step);
        write_trigger(w, step);
        write_do(w, "do", step);
        rkmq__json_object_end(&w->json);
    }
    rkmq__json_array_end(&w->json);
}
