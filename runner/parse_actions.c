/* SPDX-License-Identifier: Apache-2.0 */
/* What a step does: one row a name, {"crash": {"who": "c1", "how": "rst"}}. */
#include "runner/parse.h"

#define AT(member) offsetof(struct rkmq_action, member)
#define REF(key, member, ref, any, is_required_)                                                   \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_REF, .is_required = (is_required_), .offset = AT(member),  \
        .min = (ref), .max = (any)                                                                 \
    }
#define CHOICE(key, member, names, unset, is_required_)                                            \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_CHOICE, .is_required = (is_required_),                     \
        .offset = AT(member), .fallback = (unset), .more = (names)                                 \
    }
#define INT(key, member, low, high, unset)                                                         \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_INT, .offset = AT(member), .min = (low), .max = (high),    \
        .fallback = (unset)                                                                        \
    }
#define TIME(key, member, low, unset)                                                              \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_TIME, .offset = AT(member), .min = (low),                  \
        .max = RKMQ_SCENARIO_TIME_MAX, .fallback = (unset)                                         \
    }
#define CUSTOM(key, member, custom)                                                                \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_CUSTOM, .offset = AT(member), .more = &(custom)            \
    }
#define KNOWN(key)                                                                                 \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_ELSEWHERE                                                  \
    }

/* ---- produce ---- */

/* "400/s", "5/m": number and unit. */
static void read_rate(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_produce *produce = target;
    struct rkmq_slice text = node->text;
    char unit[8];
    uint64_t count = 0;
    size_t n = 0;
    while (n < text.n && text.p[n] != '/') {
        n++;
    }
    bool is_good = node->type == RKMQ_TREE_TEXT && n + 1 < text.n && text.n - n < sizeof unit &&
                   rkmq__parse_unsigned(rkmq__slice(text.p, n), &count);
    if (is_good) {
        (void)snprintf(unit, sizeof unit, "1%.*s", (int)(text.n - n - 1),
                       (const char *)text.p + n + 1); /* fits */
        is_good = rkmq__time_read(rkmq__slice_of(unit), &produce->rate_per) == RKMQ_OK &&
                  unit[1] >= 'a'; /* no further digits */
    }
    if (!is_good || count == 0 || count > RKMQ_SCENARIO_MESSAGES_MAX) {
        rkmq__parse_refuse(ps, node, "a rate such as \"400/s\" or \"5/m\"");
        return;
    }
    produce->rate_n = (int64_t)count;
}

static void write_rate(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_produce *produce = target;
    char text[64], unit[RKMQ_TIME_TEXT_BYTES];
    if (produce->rate_n > 0) {
        (void)snprintf(text, sizeof text, "%lld/%s", (long long)produce->rate_n,
                       rkmq__time_write(produce->rate_per, unit) + 1); /* behind the 1 */
        rkmq__json_add_text(&w->json, name, rkmq__slice_of(text));
    }
}

static void read_one_queue(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_queue_sets *queue = target;
    static const char wanted[] = "\"round-robin\" or one queue such as \"T@broker-a/3\"";
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted) ||
        rkmq__slice_is(node->text, "round-robin")) {
        return;
    }
    if (!memchr(node->text.p, '@', node->text.n)) {
        rkmq__parse_refuse(ps, node, wanted);
        return;
    }
    size_t n_before = ps->mistakes->n_all;
    rkmq__parse_queues(ps, node, queue);
    if (queue->n == 1 && ps->mistakes->n_all == n_before &&
        (queue->at->first != queue->at->last || queue->at->broker == RKMQ_ANY)) {
        rkmq__parse_refuse(ps, node, wanted);
    }
}

static void write_one_queue(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__write_queues(w, name, target);
}

/* One %d at most, so that the text can be made without surprises. */
static void read_keys(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "a text such as \"order-%d\"")) {
        return;
    }
    size_t n_percent = 0;
    bool is_good = node->text.n > 0 && node->text.n <= RKMQ_SCENARIO_NAME_BYTES_MAX;
    for (size_t i = 0; i < node->text.n; i++) {
        if (node->text.p[i] == '%') {
            n_percent++;
            is_good = is_good && i + 1 < node->text.n && node->text.p[i + 1] == 'd';
        }
    }
    if (!is_good || n_percent > 1) {
        rkmq__parse_refuse(ps, node, "a text with one \"%d\" at most, such as \"order-%d\"");
        return;
    }
    *(struct rkmq_slice *)target = node->text;
}

static void write_keys(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_slice *keys = target;
    if (keys->n > 0) {
        rkmq__json_add_text(&w->json, name, *keys);
    }
}

static const struct rkmq_custom rate_custom = {read_rate, write_rate};
static const struct rkmq_custom queue_custom = {read_one_queue, write_one_queue};
static const struct rkmq_custom keys_custom = {read_keys, write_keys};
static const struct rkmq_key produce_fields[] = {
    REF("by", produce.by, RKMQ_REF_PRODUCER, 0, true),
    REF("topic", produce.topic, RKMQ_REF_TOPIC, 0, true),
    INT("count", produce.count, 1, RKMQ_SCENARIO_MESSAGES_MAX, RKMQ_UNSET),
    CUSTOM("rate", produce, rate_custom),
    TIME("for", produce.lasts, 1, RKMQ_UNSET),
    CUSTOM("queue", produce.queue, queue_custom),
    CUSTOM("keys", produce.keys, keys_custom),
    {.name = "tag",
     .type = RKMQ_KEY_TEXT,
     .offset = AT(produce.tag),
     .min = 1,
     .max = RKMQ_SCENARIO_NAME_BYTES_MAX},
    INT("body_bytes", produce.body_bytes, 1, 4 << 20, 16),
};

static void check_produce(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          struct rkmq_action *action)
{
    const struct rkmq_produce *produce = &action->produce;
    bool has_count = rkmq__parse_member(node, "count"), has_rate = rkmq__parse_member(node, "rate"),
         lasts = rkmq__parse_member(node, "for");
    if (!has_count && !has_rate) {
        rkmq__parse_say(ps, node->offset,
                        "\"produce\" needs a \"count\", or a \"rate\" and \"for\"");
    } else if (lasts && !has_rate) {
        rkmq__parse_say(ps, node->offset, "\"for\" needs a \"rate\"");
    } else if (has_rate && !lasts && !has_count) {
        rkmq__parse_say(ps, node->offset, "a \"rate\" needs \"for\" or \"count\", to end");
    }
    if (produce->queue.n == 1 && produce->queue.at->topic != produce->topic) {
        rkmq__parse_say(ps, rkmq__parse_member(node, "queue")->offset,
                        "this queue is not of the topic that is sent to");
    }
    if (produce->rate_n > 0 && lasts &&
        produce->lasts / produce->rate_per > RKMQ_SCENARIO_MESSAGES_MAX / produce->rate_n) {
        rkmq__parse_say(ps, node->offset, "more than %d messages", RKMQ_SCENARIO_MESSAGES_MAX);
    }
}

/* ---- actors ---- */

static const char *const crash_names[] = {"rst", "silent", "exit", NULL};
static const struct rkmq_key crash_fields[] = {
    REF("who", crash.who, RKMQ_REF_ACTOR, 0, true),
    CHOICE("how", crash.how, crash_names, 0, true),
};

/* ---- cluster ---- */

static const struct rkmq_key topic_fields[] = {
    REF("name", topic.topic, RKMQ_REF_TOPIC, 0, true),
    REF("broker", topic.broker, RKMQ_REF_BROKER, 1, false),
    INT("queues", topic.queues, 1, RKMQ_SCENARIO_QUEUES_MAX, RKMQ_UNSET),
    CHOICE("perm", topic.perm, rkmq__topic_perm_names, RKMQ_UNSET, false),
};

static void check_topic(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_action *action)
{
    (void)action;
    if (!rkmq__parse_member(node, "queues") && !rkmq__parse_member(node, "perm")) {
        rkmq__parse_say(ps, node->offset,
                        "\"topic\" needs \"queues\" or \"perm\", else it changes nothing");
    }
}

static const char *const server_do_names[] = {"shutdown", "kill", "start", NULL};
static const char *const keep_names[] = {"all", "flushed", "none", NULL};
static const struct rkmq_key broker_fields[] = {
    REF("name", server.server, RKMQ_REF_BROKER, 0, true),
    CHOICE("do", server.what, server_do_names, 0, true),
    CHOICE("keep", server.keep, keep_names, RKMQ_KEEP_ALL, false),
};
static const struct rkmq_key nameserver_fields[] = {
    REF("name", server.server, RKMQ_REF_NAMESRV, 0, true),
    CHOICE("do", server.what, server_do_names, 0, true),
};

static void check_broker(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         struct rkmq_action *action)
{
    const struct rkmq_tree *keep = rkmq__parse_member(node, "keep");
    if (keep && action->server.what != RKMQ_SERVER_KILL) {
        rkmq__parse_say(ps, keep->key_offset, "\"keep\" goes with \"do\": \"kill\" only");
    }
}

static const struct rkmq_key notify_fields[] = {
    REF("broker", notify.broker, RKMQ_REF_BROKER, 1, false),
    REF("group", notify.group, RKMQ_REF_GROUP, 0, true),
    INT("count", notify.count, 1, 10000, RKMQ_UNSET),
    TIME("every", notify.every, 0, 0),
    KNOWN("drop"),
};

static void check_notify(struct rkmq_parse *ps, const struct rkmq_tree *node,
                         struct rkmq_action *action)
{
    const struct rkmq_tree *drop = rkmq__parse_member(node, "drop");
    action->notify.drop = RKMQ_UNSET;
    if (drop && rkmq__parse_is(ps, drop, RKMQ_TREE_BOOL, "true or false")) {
        action->notify.drop = rkmq__slice_is(drop->text, "true");
    }
    if (!drop == !rkmq__parse_member(node, "count")) {
        rkmq__parse_say(ps, node->offset, "\"notify\" takes one of \"count\" and \"drop\"");
    }
    if (rkmq__parse_member(node, "every") && !rkmq__parse_member(node, "count")) {
        rkmq__parse_say(ps, node->offset, "\"every\" needs a \"count\"");
    }
}

/* ---- the table ---- */

enum body {
    BODY_FIELDS, /* an object of `fields`, then `check` */
    BODY_ACTORS, /* one actor or a list */
    BODY_OTHER   /* `read` and `write` */
};
struct action_row {
    const char *name;
    enum body body;
    struct rkmq_shape shape;
    rkmq_read_action_fn *check; /* what fields alone do not say */
    enum rkmq_ref ref;          /* ACTORS */
    rkmq_read_action_fn *read;
    rkmq_write_action_fn *write;
};

static void read_listener(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          struct rkmq_action *out)
{
    rkmq__parse_new_listener(ps, node, &out->listener);
}

static void write_listener(struct rkmq_scenario_writer *w, const char *name,
                           const struct rkmq_action *action)
{
    rkmq__write_new_listener(w, name, &action->listener);
}

static void read_fault(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_action *out)
{
    rkmq__parse_fault_rule(ps, node, false, &out->fault);
}

static void read_hold(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_action *out)
{
    rkmq__parse_fault_rule(ps, node, true, &out->fault);
}

static void write_fault(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_action *action)
{
    rkmq__write_fault_rule(w, name, &action->fault);
}

static void read_mark(struct rkmq_parse *ps, const struct rkmq_tree *node, struct rkmq_action *out)
{
    rkmq_word word;
    int32_t index;
    if (rkmq__parse_new_id(ps, node, "a mark", &word) &&
        rkmq__parse_lookup(ps, node->offset, RKMQ_REF_MARK, node->text, &index)) {
        out->mark = (uint32_t)index; /* rkmq__parse_ahead saw it */
    }
}

static void write_mark(struct rkmq_scenario_writer *w, const char *name,
                       const struct rkmq_action *action)
{
    rkmq__json_add_text(&w->json, name,
                        rkmq__ref_name(w->sc, RKMQ_REF_MARK, (int32_t)action->mark));
}

static void read_settle(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_action *out)
{
    (void)rkmq__parse_time(ps, node, 1, RKMQ_SCENARIO_TIME_MAX, &out->settle);
}

static void write_settle(struct rkmq_scenario_writer *w, const char *name,
                         const struct rkmq_action *action)
{
    rkmq__write_time(w, name, action->settle);
}

#define FIELDS(name_, fields_, check_)                                                             \
    {                                                                                              \
        .name = (name_), .body = BODY_FIELDS,                                                      \
        .shape = RKMQ_SHAPE("action \"" name_ "\"", fields_), .check = (check_)                    \
    }
#define ACTORS(name_, ref_)                                                                        \
    {                                                                                              \
        .name = (name_), .body = BODY_ACTORS, .ref = (ref_)                                        \
    }
#define OTHER(name_, read_, write_)                                                                \
    {                                                                                              \
        .name = (name_), .body = BODY_OTHER, .read = (read_), .write = (write_)                    \
    }
static const struct action_row rows[] = {
    [RKMQ_ACTION_PRODUCE] = FIELDS("produce", produce_fields, check_produce),
    [RKMQ_ACTION_START] = ACTORS("start", RKMQ_REF_ACTOR),
    [RKMQ_ACTION_STOP] = ACTORS("stop", RKMQ_REF_ACTOR),
    [RKMQ_ACTION_CRASH] = FIELDS("crash", crash_fields, NULL),
    [RKMQ_ACTION_PAUSE] = ACTORS("pause", RKMQ_REF_PUSH),
    [RKMQ_ACTION_RESUME] = ACTORS("resume", RKMQ_REF_PUSH),
    [RKMQ_ACTION_LISTENER] = OTHER("listener", read_listener, write_listener),
    [RKMQ_ACTION_TOPIC] = FIELDS("topic", topic_fields, check_topic),
    [RKMQ_ACTION_BROKER] = FIELDS("broker", broker_fields, check_broker),
    [RKMQ_ACTION_NAMESERVER] = FIELDS("nameserver", nameserver_fields, NULL),
    [RKMQ_ACTION_NET] = OTHER("net", rkmq__parse_net, rkmq__write_net),
    [RKMQ_ACTION_FAULT] = OTHER("fault", read_fault, write_fault),
    [RKMQ_ACTION_RELEASE] = OTHER("release", rkmq__parse_release, rkmq__write_release),
    [RKMQ_ACTION_NOTIFY] = FIELDS("notify", notify_fields, check_notify),
    [RKMQ_ACTION_MEMBERS] = OTHER("members", rkmq__parse_members, rkmq__write_members),
    [RKMQ_ACTION_ROUTE] = OTHER("route", rkmq__parse_route, rkmq__write_route),
    [RKMQ_ACTION_MARK] = OTHER("mark", read_mark, write_mark),
    [RKMQ_ACTION_SETTLE] = OTHER("settle", read_settle, write_settle),
    /* Beyond the kinds: another way to say RKMQ_ACTION_FAULT. */
    [RKMQ_ACTION_COUNT] = OTHER("hold", read_hold, NULL),
};

const char *rkmq__action_name(enum rkmq_action_kind kind)
{
    RKMQ_ASSERT(kind < RKMQ_ACTION_COUNT);
    return rows[kind].name;
}

static const struct action_row *find_row(struct rkmq_parse *ps, const struct rkmq_tree *member)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    rkmq__nearest_init(&nearest, member->key);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        if (rkmq__slice_is(member->key, rows[i].name)) {
            return &rows[i];
        }
        rkmq__nearest_offer(&nearest, rkmq__slice_of(rows[i].name));
    }
    rkmq__parse_say(ps, member->key_offset, "unknown action \"%.*s\"%s",
                    RKMQ_SLICE_ARG(member->key), rkmq__nearest_hint(&nearest, hint));
    return NULL;
}

void rkmq__parse_action(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_action *out)
{
    if (node->type == RKMQ_TREE_OBJECT && node->n > 1) {
        rkmq__parse_say(ps, node->offset,
                        "these are %zu actions in one object: a list has an object for each, "
                        "\"do\": [{...}, {...}]",
                        node->n);
        return;
    }
    if (node->type != RKMQ_TREE_OBJECT || node->n != 1) {
        rkmq__parse_say(ps, node->offset,
                        "an action is an object with one name, such as "
                        "{\"start\": \"c1\"}");
        return;
    }
    const struct rkmq_tree *member = node->first;
    const struct action_row *row = find_row(ps, member);
    if (!row) {
        return;
    }
    size_t index = (size_t)(row - rows);
    out->kind = index == RKMQ_ACTION_COUNT ? RKMQ_ACTION_FAULT : (enum rkmq_action_kind)index;
    out->line = rkmq__parse_line(ps, member->key_offset);
    switch (row->body) {
    case BODY_FIELDS:
        if (rkmq__parse_object(ps, member, &row->shape, out) && row->check) {
            row->check(ps, member, out);
        }
        break;
    case BODY_ACTORS:
        rkmq__parse_refs(ps, member, row->ref, &out->actors);
        break;
    case BODY_OTHER:
        row->read(ps, member, out);
        break;
    }
}

/* ---- writing ---- */

static void write_actors(struct rkmq_scenario_writer *w, const struct action_row *row,
                         const struct rkmq_action *action)
{
    const struct rkmq_indices *actors = &action->actors;
    rkmq__json_key(&w->json, row->name);
    if (actors->n > 1) {
        rkmq__json_array(&w->json);
    }
    for (size_t i = 0; i < actors->n; i++) {
        rkmq__json_put_text(&w->json, rkmq__ref_name(w->sc, RKMQ_REF_ACTOR, actors->at[i]));
    }
    if (actors->n > 1) {
        rkmq__json_array_end(&w->json);
    }
}

static void write_fields(struct rkmq_scenario_writer *w, const struct action_row *row,
                         const struct rkmq_action *action)
{
    rkmq__json_key(&w->json, row->name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, &row->shape, action);
    if (action->kind == RKMQ_ACTION_NOTIFY && action->notify.drop != RKMQ_UNSET) {
        rkmq__json_add_bool(&w->json, "drop", action->notify.drop != 0);
    }
    rkmq__json_object_end(&w->json);
}

void rkmq__write_action(struct rkmq_scenario_writer *w, const struct rkmq_action *action)
{
    const struct action_row *row = &rows[action->kind];
    rkmq__json_object(&w->json);
    switch (row->body) {
    case BODY_FIELDS:
        write_fields(w, row, action);
        break;
    case BODY_ACTORS:
        write_actors(w, row, action);
        break;
    case BODY_OTHER:
        row->write(w, row->name, action);
        break;
    }
    rkmq__json_object_end(&w->json);
}
