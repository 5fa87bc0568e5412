/* SPDX-License-Identifier: Apache-2.0 */
/* "listener": what a call costs, and what it answers. */
#include "runner/parse.h"

#define RULE_AT(member) offsetof(struct rkmq_listener_rule, member)

static const char *const result_names[] = {"ok", "later", NULL};

static void read_key(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    rkmq__parse_word_test(ps, node, RKMQ_REF_TEXT, target);
}

static void write_key(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__write_word_test(w, name, target);
}

static void read_number(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    rkmq__parse_int_test(ps, node, rkmq__parse_plain_int, target);
}

static void write_number(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__write_int_test(w, name, rkmq__write_plain_int, target);
}

static const struct rkmq_custom key_custom = {read_key, write_key};
static const struct rkmq_custom number_custom = {read_number, write_number};
static const struct rkmq_key if_fields[] = {
    {.name = "key", .type = RKMQ_KEY_CUSTOM, .offset = RULE_AT(key), .more = &key_custom},
    {.name = "tag", .type = RKMQ_KEY_CUSTOM, .offset = RULE_AT(tag), .more = &key_custom},
    {.name = "queue", .type = RKMQ_KEY_QUEUES, .offset = RULE_AT(queues)},
    {.name = "reconsume",
     .type = RKMQ_KEY_CUSTOM,
     .offset = RULE_AT(reconsume),
     .more = &number_custom},
};
static const struct rkmq_shape if_shape = RKMQ_SHAPE("\"if\" of a verdict", if_fields);

static void read_if(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    (void)rkmq__parse_object(ps, node, &if_shape, target); /* says what is wrong */
}

static void write_if(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_listener_rule *rule = target;
    if (rule->key.n + rule->tag.n + rule->queues.n > 0 || rule->reconsume.is_set) {
        rkmq__write_object(w, name, &if_shape, rule);
    }
}

static const struct rkmq_custom if_custom = {read_if, write_if};
static const struct rkmq_key rule_fields[] = {
    {.name = "if", .type = RKMQ_KEY_CUSTOM, .more = &if_custom},
    {.name = "then",
     .type = RKMQ_KEY_CHOICE,
     .is_required = true,
     .offset = RULE_AT(then),
     .more = result_names},
    {.name = "cost",
     .type = RKMQ_KEY_TIME,
     .offset = RULE_AT(cost),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
};
static const struct rkmq_shape rule_shape = RKMQ_SHAPE("a verdict", rule_fields);

static void read_rules(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_listener *listener = target;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    struct rkmq_listener_rule *rules = rkmq__parse_array(ps, list.n, sizeof *rules);
    for (size_t i = 0; rules && i < list.n; i++) {
        (void)rkmq__parse_object(ps, rkmq__parse_next(&list), &rule_shape, &rules[i]);
    }
    listener->rules = rules;
    listener->n_rules = rules ? list.n : 0;
}

static void write_rules(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_listener *listener = target;
    if (listener->n_rules == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < listener->n_rules; i++) {
        rkmq__json_object(&w->json);
        rkmq__write_fields(w, &rule_shape, &listener->rules[i]);
        rkmq__json_object_end(&w->json);
    }
    rkmq__json_array_end(&w->json);
}

static const struct rkmq_custom rules_custom = {read_rules, write_rules};
/* The fields of a listener that starts at `base`. */
#define LISTENER_FIELDS(base)                                                                      \
    {.name = "cost",                                                                               \
     .type = RKMQ_KEY_TIME,                                                                        \
     .offset = (base) + offsetof(struct rkmq_listener, cost),                                      \
     .max = RKMQ_SCENARIO_TIME_MAX},                                                               \
    {                                                                                              \
        .name = "verdict", .type = RKMQ_KEY_CUSTOM, .offset = (base), .more = &rules_custom        \
    }
static const struct rkmq_key listener_fields[] = {LISTENER_FIELDS(0)};
static const struct rkmq_shape listener_shape = RKMQ_SHAPE("a listener", listener_fields);

static const struct rkmq_key new_listener_fields[] = {
    {.name = "who",
     .type = RKMQ_KEY_REF,
     .is_required = true,
     .offset = offsetof(struct rkmq_new_listener, who),
     .min = RKMQ_REF_PUSH},
    LISTENER_FIELDS(offsetof(struct rkmq_new_listener, listener)),
};
static const struct rkmq_shape new_listener_shape =
    RKMQ_SHAPE("action \"listener\"", new_listener_fields);

void rkmq__parse_listener(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          struct rkmq_listener *out)
{
    (void)rkmq__parse_object(ps, node, &listener_shape, out); /* says what is wrong */
}

void rkmq__write_listener(struct rkmq_scenario_writer *w, const char *name,
                          const struct rkmq_listener *listener)
{
    if (listener->cost > 0 || listener->n_rules > 0) {
        rkmq__write_object(w, name, &listener_shape, listener);
    }
}

void rkmq__parse_new_listener(struct rkmq_parse *ps, const struct rkmq_tree *node,
                              struct rkmq_new_listener *out)
{
    (void)rkmq__parse_object(ps, node, &new_listener_shape, out); /* says what is wrong */
}

void rkmq__write_new_listener(struct rkmq_scenario_writer *w, const char *name,
                              const struct rkmq_new_listener *listener)
{
    rkmq__write_object(w, name, &new_listener_shape, listener);
}
