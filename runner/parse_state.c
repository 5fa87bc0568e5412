/* SPDX-License-Identifier: Apache-2.0 */
/* Predicates over the state of the world: {"state": "balanced", "group": "g", "topic": "T"}. */
#include "runner/parse.h"

/* ---- the fields ---- */

static void read_owners(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_state_pred *pred = target;
    static const char wanted[] = "an object such as {\"c1\": [\"T@broker-a/0-3\"]}";
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, wanted)) {
        return;
    }
    if (node->n == 0) {
        rkmq__parse_say(ps, node->offset, "\"is\" names nobody");
    }
    struct rkmq_state_owner *owners = rkmq__parse_array(ps, node->n, sizeof *owners);
    size_t n = 0;
    for (const struct rkmq_tree *member = node->first; owners && member; member = member->next) {
        struct rkmq_state_owner *owner = &owners[n++];
        if (rkmq__parse_lookup(ps, member->key_offset, RKMQ_REF_PUSH, member->key, &owner->actor)) {
            rkmq__parse_queues(ps, member, &owner->queues);
        }
    }
    pred->owners = owners;
    pred->n_owners = n;
}

static void write_owners(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_state_pred *pred = target;
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < pred->n_owners; i++) {
        struct rkmq_slice actor = rkmq__ref_name(w->sc, RKMQ_REF_PUSH, pred->owners[i].actor);
        rkmq__write_queues(w, (const char *)actor.p, &pred->owners[i].queues);
    }
    rkmq__json_object_end(&w->json);
}

static const struct rkmq_custom owners_custom = {read_owners, write_owners};

#define AT(member) offsetof(struct rkmq_state_pred, member)
#define KNOWN(key)                                                                                 \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_ELSEWHERE                                                  \
    }
#define STATE_REF(key, ref, any)                                                                   \
    {                                                                                              \
        .name = #key, .type = RKMQ_KEY_REF, .offset = AT(key), .min = (ref), .max = (any)          \
    }
#define STATE_QUEUES(is_required_)                                                                 \
    {                                                                                              \
        .name = "queues", .type = RKMQ_KEY_QUEUES, .is_required = (is_required_),                  \
        .offset = AT(queues)                                                                       \
    }
#define BOUNDS                                                                                     \
    KNOWN("eq"), KNOWN("ne"), KNOWN("lt"), KNOWN("le"), KNOWN("gt"), KNOWN("ge"), KNOWN("in")

static const struct rkmq_key assignment_fields[] = {
    KNOWN("state"),
    STATE_REF(group, RKMQ_REF_GROUP, 0),
    STATE_REF(topic, RKMQ_REF_TOPIC, 0),
    {.name = "is", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &owners_custom},
};
static const struct rkmq_key balanced_fields[] = {
    KNOWN("state"),
    STATE_REF(group, RKMQ_REF_GROUP, 0),
    STATE_REF(topic, RKMQ_REF_TOPIC, 0),
    {.name = "max_diff",
     .type = RKMQ_KEY_INT,
     .offset = AT(max_diff),
     .max = RKMQ_SCENARIO_QUEUES_MAX,
     .fallback = 1},
};
static const struct rkmq_key owner_fields[] = {
    KNOWN("state"),
    STATE_REF(group, RKMQ_REF_GROUP, 0),
    STATE_QUEUES(true),
    {.name = "is",
     .type = RKMQ_KEY_REF,
     .is_required = true,
     .offset = AT(owner),
     .min = RKMQ_REF_PUSH},
};
static const struct rkmq_key owned_once_fields[] = {
    KNOWN("state"),
    STATE_REF(group, RKMQ_REF_GROUP, 0),
    STATE_QUEUES(true),
};
static const struct rkmq_key offset_fields[] = {
    KNOWN("state"),
    STATE_REF(group, RKMQ_REF_GROUP, 0),
    STATE_REF(topic, RKMQ_REF_TOPIC, 0),
    STATE_QUEUES(false),
    BOUNDS,
};
static const struct rkmq_key cadence_fields[] = {
    KNOWN("state"),
    STATE_REF(who, RKMQ_REF_HOST, 1),
    STATE_REF(to, RKMQ_REF_HOST, 1),
};

/* ---- the states ---- */

static const struct rkmq_shape shapes[] = {
    [RKMQ_STATE_ASSIGNMENT] = RKMQ_SHAPE("state \"assignment\"", assignment_fields),
    [RKMQ_STATE_BALANCED] = RKMQ_SHAPE("state \"balanced\"", balanced_fields),
    [RKMQ_STATE_OWNER] = RKMQ_SHAPE("state \"owner\"", owner_fields),
    [RKMQ_STATE_OWNED_ONCE] = RKMQ_SHAPE("state \"owned-once\"", owned_once_fields),
    [RKMQ_STATE_LAG] = RKMQ_SHAPE("state \"lag\"", offset_fields),
    [RKMQ_STATE_COMMITTED] = RKMQ_SHAPE("state \"committed\"", offset_fields),
    [RKMQ_STATE_CADENCE] = RKMQ_SHAPE("state \"cadence\"", cadence_fields),
};
static const char *const names[] = {"assignment", "balanced",  "owner",   "owned-once",
                                    "lag",        "committed", "cadence", NULL};
_Static_assert(RKMQ_COUNT_OF(names) == RKMQ_STATE_COUNT + 1, "a name for each state");

const char *rkmq__state_name(enum rkmq_state_kind kind)
{
    return names[kind];
}

/* What is left out is the only one there is. */
static void resolve(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *key, size_t n,
                    int32_t *index)
{
    if (*index != RKMQ_ANY || rkmq__parse_member(node, key)) {
        return;
    }
    if (n == 1) {
        *index = 0;
    } else {
        rkmq__parse_say(ps, node->offset,
                        "\"%s\" may only be left out when there is one %s, not %zu", key, key, n);
    }
}

static size_t declared_topics(const struct rkmq_scenario *sc)
{
    return sc->n_topics - sc->n_groups; /* each group brings its retry topic */
}

static void check_topic(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        const struct rkmq_state_pred *pred, const struct rkmq_queue_sets *queues)
{
    for (size_t i = 0; i < queues->n; i++) {
        if (pred->topic != RKMQ_ANY && queues->at[i].topic != pred->topic) {
            rkmq__parse_say(ps, node->offset, "these queues are not of topic \"%.*s\"",
                            RKMQ_SLICE_ARG(rkmq__ref_name(ps->sc, RKMQ_REF_TOPIC, pred->topic)));
            return;
        }
    }
}

static void finish(struct rkmq_parse *ps, const struct rkmq_tree *node, size_t n_before,
                   struct rkmq_state_pred *pred)
{
    if (pred->kind != RKMQ_STATE_CADENCE) {
        resolve(ps, node, "group", ps->sc->n_groups, &pred->group);
    }
    if (pred->kind == RKMQ_STATE_ASSIGNMENT || pred->kind == RKMQ_STATE_BALANCED) {
        resolve(ps, node, "topic", declared_topics(ps->sc), &pred->topic);
    }
    if (ps->mistakes->n_all > n_before) {
        return; /* names that are not there make everything else look wrong */
    }
    for (size_t i = 0; i < pred->n_owners; i++) {
        check_topic(ps, rkmq__parse_member(node, "is"), pred, &pred->owners[i].queues);
    }
    check_topic(ps, node, pred, &pred->queues);
    if ((pred->kind == RKMQ_STATE_LAG || pred->kind == RKMQ_STATE_COMMITTED) &&
        !pred->value.is_set) {
        rkmq__parse_say(ps, node->offset, "state \"%s\" needs a bound such as \"eq\": 0",
                        names[pred->kind]);
    }
}

void rkmq__parse_state_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            struct rkmq_state_pred *out)
{
    const struct rkmq_tree *state = rkmq__parse_member(node, "state");
    size_t n_before = ps->mistakes->n_all;
    int kind = rkmq__parse_choice(ps, state, names);
    if (kind < 0) {
        return;
    }
    out->group = RKMQ_ANY;
    out->topic = RKMQ_ANY;
    out->owner = RKMQ_ANY;
    out->who = RKMQ_ANY;
    out->to = RKMQ_ANY;
    out->kind = (enum rkmq_state_kind)kind;
    if (!rkmq__parse_object(ps, node, &shapes[kind], out)) {
        return;
    }
    if (kind == RKMQ_STATE_LAG || kind == RKMQ_STATE_COMMITTED) {
        rkmq__parse_bounds(ps, node, rkmq__parse_plain_int, &out->value);
    }
    finish(ps, node, n_before, out);
}

void rkmq__write_state_pred(struct rkmq_scenario_writer *w, const struct rkmq_state_pred *pred)
{
    rkmq__json_object(&w->json);
    rkmq__json_add_text(&w->json, "state", rkmq__slice_of(names[pred->kind]));
    rkmq__write_fields(w, &shapes[pred->kind], pred);
    if (pred->value.is_set) {
        rkmq__write_bounds(w, rkmq__write_plain_int, &pred->value);
    }
    rkmq__json_object_end(&w->json);
}

/* ---- either ---- */

void rkmq__parse_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      enum rkmq_pred_kind allowed, struct rkmq_pred *out)
{
    static const char *const wanted[] = {
        [RKMQ_PRED_EVENT] = "an event such as {\"ev\": \"req\"}",
        [RKMQ_PRED_STATE] = "a state such as {\"state\": \"balanced\"}",
        [RKMQ_PRED_EITHER] = "an event {\"ev\": ...} or a state {\"state\": ...}",
    };
    bool has_event = rkmq__parse_member(node, "ev") != NULL;
    bool has_state = rkmq__parse_member(node, "state") != NULL;
    bool is_good = (has_event && !has_state && allowed & RKMQ_PRED_EVENT) ||
                   (has_state && !has_event && allowed & RKMQ_PRED_STATE);
    if (!is_good) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be %s", RKMQ_SLICE_ARG(node->key),
                        wanted[allowed]);
        return;
    }
    out->is_state = has_state;
    if (has_state) {
        rkmq__parse_state_pred(ps, node, &out->state);
    } else {
        rkmq__parse_event_pred(ps, node, &out->event);
    }
}

void rkmq__write_pred(struct rkmq_scenario_writer *w, const struct rkmq_pred *pred)
{
    if (pred->is_state) {
        rkmq__write_state_pred(w, &pred->state);
    } else {
        rkmq__write_event_pred(w, &pred->event);
    }
}
