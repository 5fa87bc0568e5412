/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on links, held frames, and on what servers tell: "net", "release", "members", "route". */
#include "runner/parse.h"

#define AT(member) offsetof(struct rkmq_action, member)
#define REF(key, member, ref)                                                                      \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_REF, .offset = AT(member), .min = (ref), .max = 1          \
    }
#define KNOWN(key)                                                                                 \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_ELSEWHERE                                                  \
    }

/* Exactly one of `names` (NULL at their end) is in the object: its index; else -1, and said. */
static int which_one(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *const *names)
{
    char text[RKMQ_MISTAKE_BYTES / 2] = "";
    int found = -1;
    unsigned n_found = 0;
    for (int i = 0; names[i]; i++) {
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s\"%s\"", i > 0 ? ", " : "",
                       names[i]); /* fits */
        if (rkmq__parse_member(node, names[i])) {
            found = i;
            n_found++;
        }
    }
    if (n_found != 1) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" takes exactly one of %s",
                        RKMQ_SLICE_ARG(node->key), text);
        return -1;
    }
    return found;
}

/* ---- net ---- */

static const struct rkmq_key net_fields[] = {
    {.name = "latency",
     .type = RKMQ_KEY_TIME,
     .offset = AT(net.latency),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    {.name = "jitter",
     .type = RKMQ_KEY_TIME,
     .offset = AT(net.jitter),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    KNOWN("between"),
    KNOWN("cut"),
    KNOWN("heal"),
    {.name = "one_way", .type = RKMQ_KEY_FLAG, .offset = AT(net.is_one_way)},
};
static const struct rkmq_shape net_shape = RKMQ_SHAPE("action \"net\"", net_fields);

/* ["c1", "broker-a"]: two hosts, "*" for everybody. */
static void read_ends(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      struct rkmq_net_change *net)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 2, 2, &list)) {
        return;
    }
    (void)rkmq__parse_ref(ps, rkmq__parse_next(&list), RKMQ_REF_HOST, true, &net->a);
    (void)rkmq__parse_ref(ps, rkmq__parse_next(&list), RKMQ_REF_HOST, true, &net->b);
    if (net->a == net->b && net->a != RKMQ_ANY) {
        rkmq__parse_say(ps, node->offset, "the two ends of a link are different");
    }
}

void rkmq__parse_net(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_action *out)
{
    static const char *const cut_or_heal[] = {"cut", "heal", NULL};
    struct rkmq_net_change *net = &out->net;
    net->a = RKMQ_ANY;
    net->b = RKMQ_ANY;
    if (!rkmq__parse_object(ps, node, &net_shape, out)) {
        return;
    }
    const struct rkmq_tree *between = rkmq__parse_member(node, "between");
    bool is_link = rkmq__parse_member(node, "latency") || rkmq__parse_member(node, "jitter");
    bool is_cut = rkmq__parse_member(node, "cut") || rkmq__parse_member(node, "heal");
    if (is_link && !is_cut) {
        net->kind = RKMQ_NET_LINK;
        if (between) {
            read_ends(ps, between, net);
        }
        return;
    }
    if (is_link || between || !is_cut) {
        rkmq__parse_say(ps, node->offset,
                        "\"net\" takes \"latency\" and \"jitter\", or \"cut\", or \"heal\"");
        return;
    }
    int which = which_one(ps, node, cut_or_heal);
    if (which >= 0) {
        net->kind = which == 0 ? RKMQ_NET_CUT : RKMQ_NET_HEAL;
        read_ends(ps, rkmq__parse_member(node, cut_or_heal[which]), net);
    }
}

void rkmq__write_net(struct rkmq_scenario_writer *w, const char *name,
                     const struct rkmq_action *action)
{
    static const char *const keys[] = {"between", "cut", "heal"};
    const struct rkmq_net_change *net = &action->net;
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &net_shape, action);
    rkmq__json_key(&w->json, keys[net->kind]);
    rkmq__json_array(&w->json);
    rkmq__json_put_text(&w->json, rkmq__ref_name(w->sc, RKMQ_REF_HOST, net->a));
    rkmq__json_put_text(&w->json, rkmq__ref_name(w->sc, RKMQ_REF_HOST, net->b));
    rkmq__json_array_end(&w->json);
    rkmq__json_object_end(&w->json);
}

/* ---- release ---- */

static const struct rkmq_key release_fields[] = {
    KNOWN("id"),
    {.name = "keep", .type = RKMQ_KEY_FLAG, .offset = AT(release.is_kept)},
};
static const struct rkmq_shape release_shape = RKMQ_SHAPE("action \"release\"", release_fields);

static void read_rule_id(struct rkmq_parse *ps, const struct rkmq_tree *node, rkmq_word *out)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "the id of a rule")) {
        return;
    }
    rkmq__nearest_init(&nearest, node->text);
    for (size_t i = 0; i < ps->n_fault_ids; i++) {
        struct rkmq_slice id = ps->sc->words[ps->fault_ids[i].id];
        if (rkmq__slice_equal(id, node->text)) {
            *out = ps->fault_ids[i].id;
            return;
        }
        rkmq__nearest_offer(&nearest, id);
    }
    rkmq__parse_say(ps, node->offset, "unknown rule \"%.*s\"%s", RKMQ_SLICE_ARG(node->text),
                    rkmq__nearest_hint(&nearest, hint));
}

void rkmq__parse_release(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         struct rkmq_action *out)
{
    if (node->type != RKMQ_TREE_OBJECT) {
        read_rule_id(ps, node, &out->release.id);
        return;
    }
    const struct rkmq_tree *id = rkmq__parse_member(node, "id");
    (void)rkmq__parse_object(ps, node, &release_shape, out); /* says what is wrong */
    if (id) {
        read_rule_id(ps, id, &out->release.id);
    } else {
        rkmq__parse_say(ps, node->offset, "\"id\" is missing in %s", release_shape.noun);
    }
}

void rkmq__write_release(struct rkmq_scenario_writer *w, const char *name,
                         const struct rkmq_action *action)
{
    struct rkmq_slice id = w->sc->words[action->release.id];
    rkmq__json_key(&w->json, name);
    if (!action->release.is_kept) {
        rkmq__json_put_text(&w->json, id);
        return;
    }
    rkmq__json_object(&w->json);
    rkmq__json_add_text(&w->json, "id", id);
    rkmq__json_add_bool(&w->json, "keep", true);
    rkmq__json_object_end(&w->json);
}

/* ---- members ---- */

static const struct rkmq_key members_fields[] = {
    REF("broker", members.broker, RKMQ_REF_BROKER),
    {.name = "group",
     .type = RKMQ_KEY_REF,
     .is_required = true,
     .offset = AT(members.group),
     .min = RKMQ_REF_GROUP},
    {.name = "times",
     .type = RKMQ_KEY_INT,
     .offset = AT(members.times),
     .min = 1,
     .max = INT32_MAX},
    KNOWN("answer"),
    KNOWN("are"),
    KNOWN("without"),
};
static const struct rkmq_shape members_shape = RKMQ_SHAPE("action \"members\"", members_fields);
static const char *const members_answers[] = {"truth", "empty", "error", "frozen", NULL};
static const enum rkmq_lie members_lies[] = {RKMQ_LIE_TRUTH, RKMQ_LIE_EMPTY, RKMQ_LIE_ERROR,
                                             RKMQ_LIE_FREEZE};
static const char *const members_ways[] = {"answer", "are", "without", NULL};

/* The name of a push consumer, or with an '@' a client id that is nobody's. */
static void read_members(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         struct rkmq_members_lie *lie)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    struct rkmq_member *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        const struct rkmq_tree *element = rkmq__parse_next(&list);
        at[i].actor = RKMQ_ANY;
        if (!rkmq__parse_is(ps, element, RKMQ_TREE_TEXT, "an actor or a client id")) {
            continue;
        }
        if (memchr(element->text.p, '@', element->text.n)) {
            at[i].client_id = element->text;
        } else {
            (void)rkmq__parse_lookup(ps, element->offset, RKMQ_REF_PUSH, element->text,
                                     &at[i].actor); /* says what is wrong */
        }
    }
    lie->members = at;
    lie->n_members = at ? list.n : 0;
}

void rkmq__parse_members(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         struct rkmq_action *out)
{
    if (!rkmq__parse_object(ps, node, &members_shape, out)) {
        return;
    }
    int way = which_one(ps, node, members_ways);
    const struct rkmq_tree *value = way >= 0 ? rkmq__parse_member(node, members_ways[way]) : NULL;
    if (way == 0) {
        int answer = rkmq__parse_choice(ps, value, members_answers);
        out->members.lie = members_lies[answer < 0 ? 0 : answer];
    } else if (way > 0) {
        out->members.lie = way == 1 ? RKMQ_LIE_ARE : RKMQ_LIE_WITHOUT;
        read_members(ps, value, &out->members);
    }
}

static const char *answer_name(const char *const *names, const enum rkmq_lie *lies,
                               enum rkmq_lie lie)
{
    size_t i = 0;
    while (lies[i] != lie) {
        i++;
        RKMQ_ASSERT(names[i]);
    }
    return names[i];
}

void rkmq__write_members(struct rkmq_scenario_writer *w, const char *name,
                         const struct rkmq_action *action)
{
    const struct rkmq_members_lie *lie = &action->members;
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &members_shape, action);
    if (lie->lie != RKMQ_LIE_ARE && lie->lie != RKMQ_LIE_WITHOUT) {
        rkmq__json_add_text(&w->json, "answer",
                            rkmq__slice_of(answer_name(members_answers, members_lies, lie->lie)));
    } else {
        rkmq__json_key(&w->json, lie->lie == RKMQ_LIE_ARE ? "are" : "without");
        rkmq__json_array(&w->json);
        for (size_t i = 0; i < lie->n_members; i++) {
            const struct rkmq_member *member = &lie->members[i];
            rkmq__json_put_text(&w->json,
                                member->actor == RKMQ_ANY
                                    ? member->client_id
                                    : rkmq__ref_name(w->sc, RKMQ_REF_PUSH, member->actor));
        }
        rkmq__json_array_end(&w->json);
    }
    rkmq__json_object_end(&w->json);
}

/* ---- route ---- */

static const struct rkmq_key route_fields[] = {
    REF("nameserver", route.nameserver, RKMQ_REF_NAMESRV),
    REF("topic", route.topic, RKMQ_REF_TOPIC),
    KNOWN("answer"),
    {.name = "lag",
     .type = RKMQ_KEY_TIME,
     .offset = AT(route.lag),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    {.name = "without", .type = RKMQ_KEY_REFS, .offset = AT(route.without), .min = RKMQ_REF_BROKER},
};
static const struct rkmq_shape route_shape = RKMQ_SHAPE("action \"route\"", route_fields);
static const char *const route_answers[] = {"truth", "not-found", "empty", "frozen", NULL};
static const enum rkmq_lie route_lies[] = {RKMQ_LIE_TRUTH, RKMQ_LIE_NOT_FOUND, RKMQ_LIE_EMPTY,
                                           RKMQ_LIE_FREEZE};
static const char *const route_ways[] = {"answer", "lag", "without", NULL};

void rkmq__parse_route(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_action *out)
{
    if (!rkmq__parse_object(ps, node, &route_shape, out)) {
        return;
    }
    int way = which_one(ps, node, route_ways);
    if (way == 0) {
        int answer = rkmq__parse_choice(ps, rkmq__parse_member(node, "answer"), route_answers);
        out->route.lie = route_lies[answer < 0 ? 0 : answer];
    } else if (way > 0) {
        out->route.lie = way == 1 ? RKMQ_LIE_LAG : RKMQ_LIE_WITHOUT;
    }
}

void rkmq__write_route(struct rkmq_scenario_writer *w, const char *name,
                       const struct rkmq_action *action)
{
    enum rkmq_lie lie = action->route.lie;
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &route_shape, action);
    if (lie != RKMQ_LIE_LAG && lie != RKMQ_LIE_WITHOUT) {
        rkmq__json_add_text(&w->json, "answer",
                            rkmq__slice_of(answer_name(route_answers, route_lies, lie)));
    }
    rkmq__json_object_end(&w->json);
}
