/* SPDX-License-Identifier: Apache-2.0 */
/* Fault rules: which exchanges, how often, what happens to them, and on which side. */
#include "runner/parse.h"

#define RULE_AT(member) offsetof(struct rkmq_fault_rule, member)
#define MILLION 1000000
#define RULE_BYTES_MAX 65536

/* ---- "match" ---- */

static void read_code(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    int64_t code;
    if (rkmq__parse_request_code(ps, node, &code)) {
        *(int32_t *)target = (int32_t)code;
    }
}

static void write_code(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    int32_t code = *(const int32_t *)target;
    if (code != RKMQ_ANY) {
        rkmq__json_key(&w->json, name);
        rkmq__write_request_code(w, code);
    }
}

/* One queue, or all of a topic; the broker in it is where the request goes. */
static void read_queue(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_fault_rule *rule = target;
    struct rkmq_queue_sets sets = {NULL, 0};
    size_t n_before = ps->mistakes->n_all;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "one queue such as \"T@broker-a/3\"")) {
        return;
    }
    rkmq__parse_queues(ps, node, &sets);
    if (sets.n == 0 || ps->mistakes->n_all > n_before) {
        return;
    }
    const struct rkmq_queue_set *set = sets.at;
    if (set->first != set->last && set->last != INT32_MAX) {
        rkmq__parse_refuse(ps, node, "one queue such as \"T@broker-a/3\"");
        return;
    }
    rule->topic = set->topic;
    rule->queue_id = set->last == INT32_MAX ? RKMQ_ANY : set->first;
    if (set->broker != RKMQ_ANY) {
        rule->to = (int32_t)ps->sc->n_namesrvs + set->broker; /* its host */
    }
}

static void write_nothing(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    (void)w;
    (void)name;
    (void)target; /* write_match says it */
}

static const struct rkmq_custom code_custom = {read_code, write_code};
static const struct rkmq_custom queue_custom = {read_queue, write_nothing};
#define MATCH_REF(key, ref)                                                                        \
    {                                                                                              \
        .name = #key, .type = RKMQ_KEY_REF, .offset = RULE_AT(key), .min = (ref), .max = 1         \
    }
static const struct rkmq_key match_fields[] = {
    {.name = "code", .type = RKMQ_KEY_CUSTOM, .offset = RULE_AT(code), .more = &code_custom},
    MATCH_REF(from, RKMQ_REF_HOST),
    MATCH_REF(to, RKMQ_REF_HOST),
    MATCH_REF(group, RKMQ_REF_GROUP),
    MATCH_REF(topic, RKMQ_REF_TOPIC),
    {.name = "queue", .type = RKMQ_KEY_CUSTOM, .more = &queue_custom},
};
static const struct rkmq_shape match_shape = RKMQ_SHAPE("\"match\"", match_fields);

static void read_match(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_fault_rule *rule = target;
    rule->queue_id = RKMQ_ANY;
    if (!rkmq__parse_object(ps, node, &match_shape, rule)) {
        return;
    }
    const struct rkmq_tree *queue = rkmq__parse_member(node, "queue");
    if (queue && (rkmq__parse_member(node, "topic") || rkmq__parse_member(node, "to"))) {
        bool is_topic = rkmq__parse_member(node, "topic") != NULL;
        rkmq__parse_say(ps, queue->key_offset, "\"queue\" already says what \"%s\" says",
                        is_topic ? "topic" : "to");
    }
}

static void write_match(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    struct rkmq_fault_rule rule = *(const struct rkmq_fault_rule *)target;
    struct rkmq_queue_set set = {rule.topic, RKMQ_ANY, rule.queue_id, rule.queue_id};
    bool has_queue = rule.queue_id != RKMQ_ANY;
    if (has_queue) { /* it stands for topic and broker too */
        set.broker = rule.to == RKMQ_ANY ? RKMQ_ANY : rule.to - (int32_t)w->sc->n_namesrvs;
        rule.topic = RKMQ_ANY;
        rule.to = RKMQ_ANY;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &match_shape, &rule);
    if (has_queue) {
        rkmq__write_queues(w, "queue", &(struct rkmq_queue_sets){&set, 1});
    }
    rkmq__json_object_end(&w->json);
}

/* ---- how often ---- */

/* "2..5", or "2..": no end, 0. */
static bool read_nth_range(struct rkmq_slice text, uint64_t *first, uint64_t *last)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != '.') {
        n++;
    }
    struct rkmq_slice rest = rkmq__slice(text.p + n, text.n - n);
    if (rest.n < 2 || rest.p[1] != '.' || !rkmq__parse_unsigned(rkmq__slice(text.p, n), first)) {
        return false;
    }
    *last = 0;
    if (rest.n > 2) {
        rest = rkmq__slice(rest.p + 2, rest.n - 2);
        if (!rkmq__parse_unsigned(rest, last) || *last < *first || *last > INT32_MAX) {
            return false;
        }
    }
    return *first > 0 && *first <= INT32_MAX;
}

/* 3, or a range. */
static void read_nth(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_fault_rule *rule = target;
    uint64_t first, last;
    if (node->type == RKMQ_TREE_NUMBER) {
        if (rkmq__parse_int(ps, node, 1, INT32_MAX, &rule->nth_from)) {
            rule->nth_to = rule->nth_from;
        }
        return;
    }
    if (node->type != RKMQ_TREE_TEXT || !read_nth_range(node->text, &first, &last)) {
        rkmq__parse_refuse(ps, node, "a number from 1 on, \"2..5\" or \"2..\"");
        return;
    }
    rule->nth_from = (int64_t)first;
    rule->nth_to = (int64_t)last;
}

static void write_nth(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_fault_rule *rule = target;
    char text[48];
    if (rule->nth_from == 0) {
        return;
    }
    if (rule->nth_from == rule->nth_to) {
        rkmq__json_add_i64(&w->json, name, rule->nth_from);
        return;
    }
    int n = snprintf(text, sizeof text, "%lld..", (long long)rule->nth_from);
    if (rule->nth_to > 0) {
        (void)snprintf(text + n, sizeof text - (size_t)n, "%lld",
                       (long long)rule->nth_to); /* fits */
    }
    rkmq__json_add_text(&w->json, name, rkmq__slice_of(text));
}

/* 0.25: up to six digits behind the point. */
static bool read_millionths(struct rkmq_slice text, int64_t *out)
{
    int64_t v = 0, unit = MILLION;
    bool is_behind = false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '.') {
            is_behind = true;
        } else if (c < '0' || c > '9' || v > MILLION || (is_behind && unit == 1)) {
            return false;
        } else if (is_behind) {
            unit /= 10;
            v += (c - '0') * unit;
        } else {
            v = 10 * v + (int64_t)(c - '0') * MILLION;
        }
    }
    *out = v;
    return v > 0 && v <= MILLION;
}

static void read_chance(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    if (node->type != RKMQ_TREE_NUMBER || !read_millionths(node->text, target)) {
        rkmq__parse_say(ps, node->offset,
                        "\"p\" must be a chance from 0.000001 to 1, such as 0.05");
    }
}

static void write_chance(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    int64_t per_million = *(const int64_t *)target;
    if (per_million > 0) {
        rkmq__json_key(&w->json, name);
        rkmq__json_put_i64(&w->json, per_million / MILLION);
        if (per_million < MILLION) {
            rkmq__bytes_printf(w->json.out, ".%06lld", (long long)per_million);
        }
    }
}

/* ---- "effect" ---- */

static void read_reply_code(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    int64_t code;
    if (rkmq__parse_response_code(ps, node, &code)) {
        *(int32_t *)target = (int32_t)code;
    }
}

static void write_reply_code(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__json_key(&w->json, name);
    rkmq__write_response_code(w, *(const int32_t *)target);
}

static const struct rkmq_custom reply_code_custom = {read_reply_code, write_reply_code};
static const struct rkmq_key reply_fields[] = {
    {.name = "code",
     .type = RKMQ_KEY_CUSTOM,
     .is_required = true,
     .offset = RULE_AT(reply_code),
     .more = &reply_code_custom},
    {.name = "remark",
     .type = RKMQ_KEY_TEXT,
     .offset = RULE_AT(reply_remark),
     .max = RKMQ_SCENARIO_TEXT_BYTES_MAX},
};
static const struct rkmq_shape reply_shape = RKMQ_SHAPE("\"reply\"", reply_fields);

static void read_reply(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       struct rkmq_fault_rule *rule)
{
    if (node->type == RKMQ_TREE_OBJECT) {
        (void)rkmq__parse_object(ps, node, &reply_shape, rule); /* says what is wrong */
    } else {
        read_reply_code(ps, node, &rule->reply_code);
    }
}

static void read_delay(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       struct rkmq_fault_rule *rule)
{
    static const struct rkmq_key delay = {.name = "delay",
                                          .type = RKMQ_KEY_MS,
                                          .offset = RULE_AT(delay),
                                          .min = 1000,
                                          .max = RKMQ_SCENARIO_TIME_MAX};
    rkmq__parse_key(ps, node, &delay, rule);
}

static void read_bytes(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       struct rkmq_fault_rule *rule)
{
    (void)rkmq__parse_int(ps, node, 0, RULE_BYTES_MAX, &rule->bytes); /* says what is wrong */
}

static const char *const close_names[] = {"fin", "rst", NULL};

static void read_close(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       struct rkmq_fault_rule *rule)
{
    if (rkmq__parse_choice(ps, node, close_names) == 1) {
        rule->effect = RKMQ_FAULT_RESET;
    }
}

enum side { SIDE_FREE, SIDE_REQUEST, SIDE_ANSWER };
static const struct effect {
    const char *name;
    enum rkmq_fault_effect effect;
    enum side side; /* where it can be applied, if not to both */
    void (*read)(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_fault_rule *rule);
} effects[] = {
    {"observe", RKMQ_FAULT_OBSERVE, SIDE_FREE, NULL},
    {"hold", RKMQ_FAULT_HOLD, SIDE_FREE, NULL},
    {"drop", RKMQ_FAULT_DROP, SIDE_FREE, NULL},
    {"drop-request", RKMQ_FAULT_DROP, SIDE_REQUEST, NULL},
    {"drop-reply", RKMQ_FAULT_DROP, SIDE_ANSWER, NULL},
    {"dup", RKMQ_FAULT_DUP, SIDE_FREE, NULL},
    {"reply", RKMQ_FAULT_REPLY, SIDE_FREE, read_reply},
    {"delay", RKMQ_FAULT_DELAY, SIDE_FREE, read_delay},
    {"close", RKMQ_FAULT_CLOSE, SIDE_FREE, read_close},
    {"truncate", RKMQ_FAULT_TRUNCATE, SIDE_ANSWER, read_bytes},
    {"garble", RKMQ_FAULT_GARBLE, SIDE_ANSWER, read_bytes},
};

static const struct effect *find_effect(struct rkmq_parse *ps, size_t offset,
                                        struct rkmq_slice name, bool has_value)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    rkmq__nearest_init(&nearest, name);
    for (size_t i = 0; i < RKMQ_COUNT_OF(effects); i++) {
        if (!rkmq__slice_is(name, effects[i].name)) {
            rkmq__nearest_offer(&nearest, rkmq__slice_of(effects[i].name));
        } else if (has_value == (effects[i].read != NULL)) {
            return &effects[i];
        } else {
            rkmq__parse_say(ps, offset,
                            has_value ? "effect \"%s\" takes no value: \"effect\": \"%s\""
                                      : "effect \"%s\" needs a value: \"effect\": {\"%s\": ...}",
                            effects[i].name, effects[i].name);
            return NULL;
        }
    }
    rkmq__parse_say(ps, offset, "unknown effect \"%.*s\"%s", RKMQ_SLICE_ARG(name),
                    rkmq__nearest_hint(&nearest, hint));
    return NULL;
}

/* A word, or an object with one name and its value. */
static const struct effect *read_effect(struct rkmq_parse *ps, const struct rkmq_tree *node,
                                        struct rkmq_fault_rule *rule)
{
    const struct effect *effect;
    if (node->type == RKMQ_TREE_TEXT) {
        effect = find_effect(ps, node->offset, node->text, false);
    } else if (node->type == RKMQ_TREE_OBJECT && node->n == 1) {
        effect = find_effect(ps, node->first->key_offset, node->first->key, true);
    } else if (node->type == RKMQ_TREE_OBJECT && node->n > 1) {
        rkmq__parse_say(ps, node->offset, "a rule has one effect, not %zu: write a rule for each",
                        node->n);
        return NULL;
    } else {
        rkmq__parse_refuse(ps, node, "one effect such as \"hold\" or {\"delay\": \"2s\"}");
        return NULL;
    }
    if (effect) {
        rule->effect = effect->effect;
        rule->bytes = 1;
        if (effect->read) {
            effect->read(ps, node->first, rule);
        }
    }
    return effect;
}

static void write_effect(struct rkmq_scenario_writer *w, const struct rkmq_fault_rule *rule)
{
    char time[RKMQ_TIME_TEXT_BYTES];
    enum rkmq_fault_effect effect = rule->effect;
    const char *name = NULL;
    for (size_t i = RKMQ_COUNT_OF(effects); i > 0; i--) { /* "drop" before its two shorthands */
        name = effects[i - 1].effect == effect ? effects[i - 1].name : name;
    }
    rkmq__json_key(&w->json, "effect");
    switch (effect) {
    case RKMQ_FAULT_REPLY:
        rkmq__json_object(&w->json);
        rkmq__write_object(w, name, &reply_shape, rule);
        break;
    case RKMQ_FAULT_DELAY:
        rkmq__json_object(&w->json);
        rkmq__json_add_text(&w->json, name, rkmq__slice_of(rkmq__time_write(rule->delay, time)));
        break;
    case RKMQ_FAULT_CLOSE:
    case RKMQ_FAULT_RESET:
        rkmq__json_object(&w->json);
        rkmq__json_add_text(&w->json, "close",
                            rkmq__slice_of(close_names[effect == RKMQ_FAULT_RESET]));
        break;
    case RKMQ_FAULT_TRUNCATE:
    case RKMQ_FAULT_GARBLE:
        rkmq__json_object(&w->json);
        rkmq__json_add_i64(&w->json, name, rule->bytes);
        break;
    default:
        rkmq__json_put_text(&w->json, rkmq__slice_of(name));
        return;
    }
    rkmq__json_object_end(&w->json);
}

/* ---- a rule ---- */

static const char *const applied_names[] = {"no", "yes", "either", NULL};

static void read_id(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    rkmq_word *id = target;
    if (!rkmq__parse_new_id(ps, node, "a rule", id)) {
        return;
    }
    for (size_t i = 0; i < ps->n_fault_ids; i++) { /* every rule is in there, this one too */
        if (ps->fault_ids[i].id == *id && ps->fault_ids[i].offset < node->offset) {
            rkmq__parse_say(ps, node->offset, "a rule \"%.*s\" was defined in line %u",
                            RKMQ_SLICE_ARG(node->text),
                            rkmq__parse_line(ps, ps->fault_ids[i].offset));
            return;
        }
    }
}

static void write_id(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__json_add_text(&w->json, name, w->sc->words[*(const rkmq_word *)target]);
}

static const struct rkmq_custom id_custom = {read_id, write_id};
static const struct rkmq_custom match_custom = {read_match, write_match};
static const struct rkmq_custom nth_custom = {read_nth, write_nth};
static const struct rkmq_custom chance_custom = {read_chance, write_chance};
#define RULE_FIELDS                                                                                \
    {.name = "id",                                                                                 \
     .type = RKMQ_KEY_CUSTOM,                                                                      \
     .is_required = true,                                                                          \
     .offset = RULE_AT(id),                                                                        \
     .more = &id_custom},                                                                          \
        {.name = "match", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &match_custom},    \
        {.name = "nth", .type = RKMQ_KEY_CUSTOM, .more = &nth_custom},                             \
        {.name = "p",                                                                              \
         .type = RKMQ_KEY_CUSTOM,                                                                  \
         .offset = RULE_AT(per_million),                                                           \
         .more = &chance_custom},                                                                  \
        {.name = "times",                                                                          \
         .type = RKMQ_KEY_INT,                                                                     \
         .offset = RULE_AT(times),                                                                 \
         .min = 1,                                                                                 \
         .max = INT32_MAX},                                                                        \
    {                                                                                              \
        .name = "applied", .type = RKMQ_KEY_ELSEWHERE                                              \
    }
static const struct rkmq_key hold_fields[] = {RULE_FIELDS};
static const struct rkmq_key rule_fields[] = {
    RULE_FIELDS,
    {.name = "effect", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
};
static const struct rkmq_shape hold_shape = RKMQ_SHAPE("a rule that holds", hold_fields);
static const struct rkmq_shape rule_shape = RKMQ_SHAPE("a fault rule", rule_fields);

static void read_applied(struct rkmq_parse *ps, const struct rkmq_tree *node, enum side side,
                         struct rkmq_fault_rule *rule)
{
    rule->applied = side == SIDE_ANSWER ? RKMQ_APPLIED_YES : RKMQ_APPLIED_NO;
    if (!node) {
        return;
    }
    int choice = rkmq__parse_choice(ps, node, applied_names);
    if (choice >= 0 && side != SIDE_FREE && choice != (int)rule->applied) {
        rkmq__parse_say(ps, node->offset, "this effect is always \"applied\": \"%s\"",
                        applied_names[rule->applied]);
    } else if (choice >= 0) {
        rule->applied = (enum rkmq_fault_applied)choice;
    }
}

void rkmq__parse_fault_rule(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_hold,
                            struct rkmq_fault_rule *out)
{
    enum side side = SIDE_FREE;
    rkmq__parse_defaults(&match_shape, out);
    out->code = RKMQ_ANY;
    out->queue_id = RKMQ_ANY;
    if (!rkmq__parse_object(ps, node, is_hold ? &hold_shape : &rule_shape, out)) {
        return;
    }
    out->effect = RKMQ_FAULT_HOLD;
    out->bytes = 1;
    const struct rkmq_tree *effect = rkmq__parse_member(node, "effect");
    if (effect && !is_hold) {
        const struct effect *found = read_effect(ps, effect, out);
        side = found ? found->side : SIDE_FREE;
    }
    read_applied(ps, rkmq__parse_member(node, "applied"), side, out);
}

static void write_rule(struct rkmq_scenario_writer *w, const struct rkmq_fault_rule *rule)
{
    bool is_fixed = rule->effect == RKMQ_FAULT_TRUNCATE || rule->effect == RKMQ_FAULT_GARBLE;
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &rule_shape, rule);
    write_effect(w, rule);
    if (!is_fixed && rule->applied != RKMQ_APPLIED_NO) {
        rkmq__json_add_text(&w->json, "applied", rkmq__slice_of(applied_names[rule->applied]));
    }
    rkmq__json_object_end(&w->json);
}

void rkmq__write_fault_rule(struct rkmq_scenario_writer *w, const char *name,
                            const struct rkmq_fault_rule *rule)
{
    rkmq__json_key(&w->json, name);
    write_rule(w, rule);
}

/* ---- the section ---- */

void rkmq__parse_faults(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_FAULTS_MAX, &list)) {
        return;
    }
    sc->faults = rkmq__parse_array(ps, list.n, sizeof *sc->faults);
    for (size_t i = 0; sc->faults && i < list.n; i++) {
        rkmq__parse_fault_rule(ps, rkmq__parse_next(&list), false, &sc->faults[i]);
    }
    sc->n_faults = sc->faults ? list.n : 0;
}

void rkmq__write_faults(struct rkmq_scenario_writer *w)
{
    if (w->sc->n_faults == 0) {
        return;
    }
    rkmq__json_key(&w->json, "faults");
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < w->sc->n_faults; i++) {
        write_rule(w, &w->sc->faults[i]);
    }
    rkmq__json_array_end(&w->json);
}
