/* SPDX-License-Identifier: Apache-2.0 */
/* "cluster" and "groups": name servers, brokers, topics, the network they share. */
#include "runner/parse.h"

/* ---- hosts: one name space for all that has an address ---- */

void rkmq__parse_host(struct rkmq_parse *ps, size_t offset, rkmq_word name,
                      enum rkmq_host_kind kind, size_t index)
{
    static const char *const nouns[] = {"a name server", "a broker", "an actor"};
    struct rkmq_scenario *sc = ps->sc;
    for (size_t i = 0; i < sc->n_hosts; i++) {
        if (sc->hosts[i].name == name) {
            rkmq__parse_say(ps, offset, "\"%.*s\" is already the name of %s",
                            RKMQ_SLICE_ARG(sc->words[name]), nouns[sc->hosts[i].kind]);
        }
    }
    sc->hosts[sc->n_hosts++] = (struct rkmq_scenario_host){name, kind, (uint32_t)index};
}

/* A map from new names to objects: checks its size, then each name. */
static bool is_map(struct rkmq_parse *ps, const struct rkmq_tree *node, size_t min, size_t max)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "an object")) {
        return false;
    }
    if (node->n < min || node->n > max) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must have from %zu to %zu members, not %zu",
                        RKMQ_SLICE_ARG(node->key), min, max, node->n);
        return false;
    }
    return true;
}

static void check_new_name(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *noun,
                           bool is_good, const char *made_of)
{
    if (!is_good) {
        rkmq__parse_say(ps, node->key_offset, "the name of a %s is made of %s, not \"%.*s\"", noun,
                        made_of, RKMQ_SLICE_ARG(node->key));
    }
}

/* ---- servers ---- */

static void read_namesrvs(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    struct rkmq_parse_list list;
    if (!node) { /* one, called as in the examples */
        sc->namesrvs[0] = rkmq__parse_word(ps, RKMQ_SLICE("n1"));
        sc->n_namesrvs = 1;
        rkmq__parse_host(ps, 0, sc->namesrvs[0], RKMQ_HOST_NAMESRV, 0);
        return;
    }
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_NAMESRVS_MAX, &list)) {
        return;
    }
    const struct rkmq_tree *element;
    while ((element = rkmq__parse_next(&list))) {
        rkmq_word word;
        if (rkmq__parse_new_id(ps, element, "a name server", &word)) {
            rkmq__parse_host(ps, element->offset, word, RKMQ_HOST_NAMESRV, sc->n_namesrvs);
            sc->namesrvs[sc->n_namesrvs++] = word;
        }
    }
}

static const struct rkmq_key broker_fields[] = {
    {.name = "offset_flush",
     .type = RKMQ_KEY_MS,
     .offset = offsetof(struct rkmq_scenario_broker, offset_flush),
     .min = 1000,
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
};
static const struct rkmq_shape broker_shape = RKMQ_SHAPE("a broker", broker_fields);

static void read_brokers(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    if (!is_map(ps, node, 1, RKMQ_SCENARIO_BROKERS_MAX)) {
        return;
    }
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        struct rkmq_scenario_broker *brk = &sc->brokers[sc->n_brokers];
        char expected[] = "broker-a";
        expected[7] = (char)('a' + sc->n_brokers);
        if (!rkmq__slice_is(member->key, expected)) { /* the mock names its brokers so */
            rkmq__parse_say(ps, member->key_offset, "broker %zu is called \"%s\", not \"%.*s\"",
                            sc->n_brokers + 1, expected, RKMQ_SLICE_ARG(member->key));
        }
        brk->name = rkmq__parse_word(ps, member->key);
        (void)rkmq__parse_object(ps, member, &broker_shape, brk); /* says what is wrong */
        rkmq__parse_host(ps, member->key_offset, brk->name, RKMQ_HOST_BROKER, sc->n_brokers);
        sc->n_brokers++;
    }
}

/* ---- topics ---- */

const char *const rkmq__topic_perm_names[] = {"rw", "r", "w", "none", NULL};

static void set_queues(struct rkmq_scenario_topic *topic, size_t broker, int64_t n)
{
    topic->queues[broker] = (uint32_t)n;
    topic->queues_max[broker] = (uint32_t)n;
}

/* A number for every broker, or {"broker-a": 8, ...}. */
static void read_topic_queues(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_scenario_topic *topic = target;
    int64_t n = 0;
    if (node->type == RKMQ_TREE_NUMBER) {
        (void)rkmq__parse_int(ps, node, 1, RKMQ_SCENARIO_QUEUES_MAX, &n); /* says what is wrong */
        for (size_t i = 0; i < ps->sc->n_brokers; i++) {
            set_queues(topic, i, n);
        }
        return;
    }
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "a number or {\"broker-a\": 8}")) {
        return;
    }
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        int32_t broker;
        if (rkmq__parse_lookup(ps, member->key_offset, RKMQ_REF_BROKER, member->key, &broker) &&
            rkmq__parse_int(ps, member, 1, RKMQ_SCENARIO_QUEUES_MAX, &n)) {
            set_queues(topic, (size_t)broker, n);
        }
    }
}

static void write_topic_queues(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_scenario_topic *topic = target;
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < w->sc->n_brokers; i++) {
        if (topic->queues[i] > 0) {
            rkmq__json_key_slice(&w->json, w->sc->words[w->sc->brokers[i].name]);
            rkmq__json_put_i64(&w->json, topic->queues[i]);
        }
    }
    rkmq__json_object_end(&w->json);
}

static const struct rkmq_custom topic_queues = {read_topic_queues, write_topic_queues};
static const struct rkmq_key topic_fields[] = {
    {.name = "queues", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &topic_queues},
    {.name = "perm",
     .type = RKMQ_KEY_CHOICE,
     .offset = offsetof(struct rkmq_scenario_topic, perm),
     .more = rkmq__topic_perm_names},
};
static const struct rkmq_shape topic_shape = RKMQ_SHAPE("a topic", topic_fields);

static void read_topics(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    if (!is_map(ps, node, 1, RKMQ_SCENARIO_TOPICS_MAX)) {
        return;
    }
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        struct rkmq_scenario_topic *topic = &sc->topics[sc->n_topics++];
        check_new_name(ps, member, "topic", rkmq__is_name(member->key), "A-Z, a-z, 0-9, _ and -");
        topic->name = rkmq__parse_word(ps, member->key);
        (void)rkmq__parse_object(ps, member, &topic_shape, topic); /* says what is wrong */
    }
}

/* ---- the section ---- */

#define AT(member) offsetof(struct rkmq_scenario, member)
static const struct rkmq_key net_fields[] = {
    {.name = "latency",
     .type = RKMQ_KEY_TIME,
     .offset = AT(latency),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    {.name = "jitter",
     .type = RKMQ_KEY_TIME,
     .offset = AT(jitter),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
};
static const struct rkmq_shape net_shape = RKMQ_SHAPE("\"net\" of the cluster", net_fields);

static const struct rkmq_key cluster_fields[] = {
    {.name = "nameservers", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "brokers", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
    {.name = "topics", .type = RKMQ_KEY_ELSEWHERE, .is_required = true},
    {.name = "net", .type = RKMQ_KEY_ELSEWHERE},
};
static const struct rkmq_shape cluster_shape = RKMQ_SHAPE("\"cluster\"", cluster_fields);

void rkmq__parse_cluster(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    const struct rkmq_tree *member;
    if (!rkmq__parse_object(ps, node, &cluster_shape, sc)) {
        return;
    }
    sc->hosts = rkmq__parse_array(
        ps, RKMQ_SCENARIO_NAMESRVS_MAX + RKMQ_SCENARIO_BROKERS_MAX + RKMQ_SCENARIO_ACTORS_MAX,
        sizeof *sc->hosts);
    sc->namesrvs = rkmq__parse_array(ps, RKMQ_SCENARIO_NAMESRVS_MAX, sizeof *sc->namesrvs);
    sc->brokers = rkmq__parse_array(ps, RKMQ_SCENARIO_BROKERS_MAX, sizeof *sc->brokers);
    sc->topics = rkmq__parse_array(ps, RKMQ_SCENARIO_TOPICS_MAX + RKMQ_SCENARIO_GROUPS_MAX,
                                   sizeof *sc->topics);
    if (ps->is_out_of_memory) {
        return;
    }
    read_namesrvs(ps, rkmq__parse_member(node, "nameservers"));
    if ((member = rkmq__parse_member(node, "brokers"))) {
        read_brokers(ps, member);
    }
    if ((member = rkmq__parse_member(node, "topics"))) {
        read_topics(ps, member);
    }
    if ((member = rkmq__parse_member(node, "net"))) {
        (void)rkmq__parse_object(ps, member, &net_shape, sc); /* says what is wrong */
    }
}

static const struct rkmq_shape group_shape = {.noun = "a group"};

/* The retry topic of a group can be named too; it is nobody's to declare. */
static void add_retry_topic(struct rkmq_parse *ps, struct rkmq_slice group)
{
    char name[sizeof "%RETRY%" + RKMQ_SCENARIO_NAME_BYTES_MAX];
    struct rkmq_slice text;
    int n = snprintf(name, sizeof name, "%%RETRY%%%.*s", RKMQ_SLICE_ARG(group));
    if (n >= (int)sizeof name) {
        return; /* the name was refused */
    }
    if (rkmq__arena_copy(ps->arena, rkmq__slice(name, (size_t)n), &text) != RKMQ_OK) {
        ps->is_out_of_memory = true;
        return;
    }
    ps->sc->topics[ps->sc->n_topics++] =
        (struct rkmq_scenario_topic){.name = rkmq__parse_word(ps, text), .is_retry = true};
}

void rkmq__parse_groups(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario *sc = ps->sc;
    if (!is_map(ps, node, 1, RKMQ_SCENARIO_GROUPS_MAX)) {
        return;
    }
    sc->groups = rkmq__parse_array(ps, node->n, sizeof *sc->groups);
    if (!sc->groups || !sc->topics) {
        return;
    }
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        check_new_name(ps, member, "group", rkmq__is_name(member->key), "A-Z, a-z, 0-9, _ and -");
        sc->groups[sc->n_groups++] = rkmq__parse_word(ps, member->key);
        (void)rkmq__parse_object(ps, member, &group_shape, sc); /* it has no keys yet */
        add_retry_topic(ps, member->key);
    }
}

/* ---- the way back ---- */

void rkmq__write_cluster(struct rkmq_scenario_writer *w)
{
    const struct rkmq_scenario *sc = w->sc;
    rkmq__json_key(&w->json, "cluster");
    rkmq__json_object(&w->json);
    rkmq__json_key(&w->json, "nameservers");
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < sc->n_namesrvs; i++) {
        rkmq__json_put_text(&w->json, sc->words[sc->namesrvs[i]]);
    }
    rkmq__json_array_end(&w->json);
    rkmq__json_key(&w->json, "brokers");
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < sc->n_brokers; i++) {
        rkmq__write_object(w, (const char *)sc->words[sc->brokers[i].name].p, &broker_shape,
                           &sc->brokers[i]);
    }
    rkmq__json_object_end(&w->json);
    rkmq__json_key(&w->json, "topics");
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < sc->n_topics; i++) {
        if (!sc->topics[i].is_retry) {
            rkmq__write_object(w, (const char *)sc->words[sc->topics[i].name].p, &topic_shape,
                               &sc->topics[i]);
        }
    }
    rkmq__json_object_end(&w->json);
    if (sc->latency != RKMQ_UNSET || sc->jitter != RKMQ_UNSET) {
        rkmq__write_object(w, "net", &net_shape, sc);
    }
    rkmq__json_object_end(&w->json);
}

void rkmq__write_groups(struct rkmq_scenario_writer *w)
{
    if (w->sc->n_groups == 0) {
        return;
    }
    rkmq__json_key(&w->json, "groups");
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < w->sc->n_groups; i++) {
        rkmq__write_object(w, (const char *)w->sc->words[w->sc->groups[i]].p, &group_shape, w->sc);
    }
    rkmq__json_object_end(&w->json);
}
