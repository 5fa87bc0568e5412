/* SPDX-License-Identifier: Apache-2.0 */
/* "actors": who takes part, with what options and what kind of listener. */
#include "runner/parse.h"

/* ---- "set": options of the client ---- */

static const char *const profile_names[] = {"rkmq", "java-5.3", NULL};
static const char *const allocate_names[] = {"averagely", "by-circle", NULL};

#define SET_AT(member) offsetof(struct rkmq_actor_settings, member)
#define SET_CHOICE(member, names)                                                                  \
    {                                                                                              \
        .name = #member, .type = RKMQ_KEY_CHOICE, .offset = SET_AT(member),                        \
        .fallback = RKMQ_UNSET, .more = (names)                                                    \
    }
#define SET_INT(member, low, high)                                                                 \
    {                                                                                              \
        .name = #member, .type = RKMQ_KEY_INT, .offset = SET_AT(member), .min = (low),             \
        .max = (high), .fallback = RKMQ_UNSET                                                      \
    }
#define SET_MS(member, low)                                                                        \
    {                                                                                              \
        .name = #member, .type = RKMQ_KEY_MS, .offset = SET_AT(member), .min = (low),              \
        .max = RKMQ_SCENARIO_TIME_MAX, .fallback = RKMQ_UNSET                                      \
    }
static const struct rkmq_key set_fields[] = {
    SET_CHOICE(profile, profile_names),
    SET_CHOICE(allocate, allocate_names),
    SET_INT(threads, 1, 1000),
    SET_INT(consume_batch, 1, 1024),
    SET_INT(pull_batch, 1, 1024),
    SET_INT(threshold_count, 1, 65535),
    SET_INT(threshold_mib, 1, 1024),
    SET_INT(span, 1, 65535),
    SET_MS(pull_interval, 0),
    SET_MS(persist, 1000),
    SET_MS(heartbeat, 1000),
    SET_MS(route_poll, 1000),
    SET_MS(api_timeout, 1000),
    SET_MS(await_termination, 0),
};
static const struct rkmq_shape set_shape = RKMQ_SHAPE("\"set\"", set_fields);

static void read_settings(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    (void)rkmq__parse_object(ps, node, &set_shape, target); /* says what is wrong */
}

static void write_settings(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    struct rkmq_actor_settings nothing;
    memset(&nothing, 0, sizeof nothing);
    rkmq__parse_defaults(&set_shape, &nothing);
    if (memcmp(&nothing, target, sizeof nothing) != 0) {
        rkmq__write_object(w, name, &set_shape, target);
    }
}

/* ---- the fields ---- */

bool rkmq__client_id_split(struct rkmq_slice id, struct rkmq_slice *host,
                           struct rkmq_slice *instance)
{
    const uint8_t *at = id.n > 0 ? memchr(id.p, '@', id.n) : NULL;
    size_t n = at ? (size_t)(at - id.p) : 0;
    if (at) {
        *host = rkmq__slice(id.p, n);
        *instance = rkmq__slice(at + 1, id.n - n - 1);
    }
    return at != NULL;
}

static void read_client_id(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    static const char wanted[] = "a client id such as \"10.0.0.1@1\"";
    struct rkmq_slice text = node->text, host, instance;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted)) {
        return;
    }
    if (!rkmq__client_id_split(text, &host, &instance) || host.n == 0 || instance.n == 0 ||
        text.n > RKMQ_SCENARIO_NAME_BYTES_MAX) {
        rkmq__parse_refuse(ps, node, wanted);
        return;
    }
    *(struct rkmq_slice *)target = text;
}

static void write_client_id(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_slice *id = target;
    if (id->n > 0) {
        rkmq__json_add_text(&w->json, name, *id);
    }
}

/* Topic -> tags, as RocketMQ's subscription expressions: "*", "TagA || TagB". */
static void read_subscriptions(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_actor *actor = target;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "an object such as {\"T\": \"*\"}")) {
        return;
    }
    struct rkmq_actor_subscription *at = rkmq__parse_array(ps, node->n, sizeof *at);
    size_t n = 0;
    for (const struct rkmq_tree *member = node->first; at && member; member = member->next) {
        if (!rkmq__parse_lookup(ps, member->key_offset, RKMQ_REF_TOPIC, member->key,
                                &at[n].topic) ||
            !rkmq__parse_is(ps, member, RKMQ_TREE_TEXT, "tags such as \"*\" or \"TagA || TagB\"")) {
            continue;
        }
        if (member->text.n == 0 || member->text.n > RKMQ_SCENARIO_NAME_BYTES_MAX) {
            rkmq__parse_refuse(ps, member, "tags such as \"*\" or \"TagA || TagB\"");
        }
        at[n++].expression = member->text;
    }
    if (node->n == 0) {
        rkmq__parse_say(ps, node->offset, "\"subscribe\" names no topic");
    }
    actor->subscriptions = at;
    actor->n_subscriptions = n;
}

static void write_subscriptions(struct rkmq_scenario_writer *w, const char *name,
                                const void *target)
{
    const struct rkmq_actor *actor = target;
    if (actor->n_subscriptions == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < actor->n_subscriptions; i++) {
        rkmq__json_key_slice(&w->json,
                             rkmq__ref_name(w->sc, RKMQ_REF_TOPIC, actor->subscriptions[i].topic));
        rkmq__json_put_text(&w->json, actor->subscriptions[i].expression);
    }
    rkmq__json_object_end(&w->json);
}

static const char *const from_names[] = {"last", "first", NULL};

static void read_from(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    *(bool *)target = rkmq__parse_choice(ps, node, from_names) == 1;
}

static void write_from(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    if (*(const bool *)target) {
        rkmq__json_add_text(&w->json, name, rkmq__slice_of(from_names[1]));
    }
}

static void read_listener(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    rkmq__parse_listener(ps, node, target);
}

static void write_listener(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__write_listener(w, name, target);
}

static const char *const kind_names[] = {"push", "producer", NULL};
static const struct rkmq_custom client_id_custom = {read_client_id, write_client_id};
static const struct rkmq_custom subscriptions_custom = {read_subscriptions, write_subscriptions};
static const struct rkmq_custom from_custom = {read_from, write_from};
static const struct rkmq_custom listener_custom = {read_listener, write_listener};
static const struct rkmq_custom settings_custom = {read_settings, write_settings};

#define ACTOR_AT(member) offsetof(struct rkmq_actor, member)
#define ACTOR_CUSTOM(key, at, custom, is_required_)                                                \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_CUSTOM, .is_required = (is_required_), .offset = (at),     \
        .more = &(custom)                                                                          \
    }
#define ACTOR_KIND                                                                                 \
    {                                                                                              \
        .name = "kind", .type = RKMQ_KEY_CHOICE, .is_required = true, .offset = ACTOR_AT(kind),    \
        .more = kind_names                                                                         \
    }
static const struct rkmq_key push_fields[] = {
    ACTOR_KIND,
    {.name = "group",
     .type = RKMQ_KEY_REF,
     .is_required = true,
     .offset = ACTOR_AT(group),
     .min = RKMQ_REF_GROUP},
    ACTOR_CUSTOM("client_id", ACTOR_AT(client_id), client_id_custom, false),
    ACTOR_CUSTOM("subscribe", 0, subscriptions_custom, true),
    ACTOR_CUSTOM("from", ACTOR_AT(is_from_first), from_custom, false),
    ACTOR_CUSTOM("listener", ACTOR_AT(listener), listener_custom, false),
    ACTOR_CUSTOM("set", ACTOR_AT(settings), settings_custom, false),
};
static const struct rkmq_key producer_fields[] = {ACTOR_KIND};
static const struct rkmq_shape shapes[] = {
    [RKMQ_ACTOR_PUSH] = RKMQ_SHAPE("a push consumer", push_fields),
    [RKMQ_ACTOR_PRODUCER] = RKMQ_SHAPE("a producer", producer_fields),
};

/* ---- the section ---- */

static void add_actor(struct rkmq_parse *ps, const struct rkmq_tree *member)
{
    struct rkmq_scenario *sc = ps->sc;
    struct rkmq_actor *actor = &sc->actors[sc->n_actors];
    if (!rkmq__is_id(member->key)) {
        rkmq__parse_say(ps, member->key_offset,
                        "the name of an actor is made of a-z, 0-9 and -, not \"%.*s\"",
                        RKMQ_SLICE_ARG(member->key));
    }
    actor->name = rkmq__parse_word(ps, member->key);
    actor->host = (uint32_t)sc->n_hosts;
    rkmq__parse_host(ps, member->key_offset, actor->name, RKMQ_HOST_ACTOR, sc->n_actors);
    sc->n_actors++;
    actor->group = RKMQ_ANY; /* a producer has none */
    rkmq__parse_defaults(&set_shape, &actor->settings);
    const struct rkmq_tree *kind = rkmq__parse_member(member, "kind");
    int index = RKMQ_ACTOR_PUSH;
    if (kind && kind->type == RKMQ_TREE_TEXT && rkmq__slice_is(kind->text, "producer")) {
        index = RKMQ_ACTOR_PRODUCER;
    }
    (void)rkmq__parse_object(ps, member, &shapes[index], actor); /* says what is wrong */
}

void rkmq__parse_actors(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "an object") || !sc->hosts) {
        return;
    }
    if (node->n > RKMQ_SCENARIO_ACTORS_MAX) {
        rkmq__parse_say(ps, node->offset, "there are more than %d actors",
                        RKMQ_SCENARIO_ACTORS_MAX);
        return;
    }
    sc->actors = rkmq__parse_array(ps, node->n, sizeof *sc->actors);
    for (const struct rkmq_tree *member = node->first; sc->actors && member;
         member = member->next) {
        add_actor(ps, member);
    }
}

void rkmq__write_actors(struct rkmq_scenario_writer *w)
{
    const struct rkmq_scenario *sc = w->sc;
    if (sc->n_actors == 0) {
        return;
    }
    rkmq__json_key(&w->json, "actors");
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < sc->n_actors; i++) {
        rkmq__write_object(w, (const char *)sc->words[sc->actors[i].name].p,
                           &shapes[sc->actors[i].kind], &sc->actors[i]);
    }
    rkmq__json_object_end(&w->json);
}
