/* SPDX-License-Identifier: Apache-2.0 */
/* Names become indices here, and indices names. */
#include "runner/parse.h"

/* ---- spelling ---- */

static bool is_made_of(struct rkmq_slice text, const char *others, bool is_upper_ok)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                        (is_upper_ok && c >= 'A' && c <= 'Z');
        if (!is_plain && (c == 0 || !strchr(others, c))) {
            return false;
        }
    }
    return text.n > 0 && text.n <= RKMQ_SCENARIO_NAME_BYTES_MAX;
}

bool rkmq__is_id(struct rkmq_slice text)
{
    return is_made_of(text, "-", false);
}

bool rkmq__is_name(struct rkmq_slice text)
{
    return is_made_of(text, "_-", true);
}

bool rkmq__parse_new_id(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *noun,
                        rkmq_word *out)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "a text")) {
        return false;
    }
    if (node->text.n > RKMQ_SCENARIO_NAME_BYTES_MAX) {
        rkmq__parse_say(ps, node->offset, "the id of %s has more than %d bytes", noun,
                        RKMQ_SCENARIO_NAME_BYTES_MAX);
        return false;
    }
    if (!rkmq__is_id(node->text)) {
        rkmq__parse_say(ps, node->offset, "the id of %s is made of a-z, 0-9 and -, not \"%.*s\"",
                        noun, RKMQ_SLICE_ARG(node->text));
        return false;
    }
    *out = rkmq__parse_word(ps, node->text);
    return *out != 0;
}

/* ---- what can be named ---- */

/* One row a kind of thing. `word` is its name; `is_fit` NULL: all of them. */
static rkmq_word namesrv_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->namesrvs[i];
}
static rkmq_word broker_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->brokers[i].name;
}
static rkmq_word topic_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->topics[i].name;
}
static rkmq_word group_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->groups[i];
}
static rkmq_word actor_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->actors[i].name;
}
static rkmq_word host_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->hosts[i].name;
}
static rkmq_word step_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->steps[i].id;
}
static rkmq_word mark_word(const struct rkmq_scenario *sc, size_t i)
{
    return sc->marks[i];
}
static bool is_push(const struct rkmq_scenario *sc, size_t i)
{
    return sc->actors[i].kind == RKMQ_ACTOR_PUSH;
}
static bool is_producer(const struct rkmq_scenario *sc, size_t i)
{
    return sc->actors[i].kind == RKMQ_ACTOR_PRODUCER;
}

#define COUNT_AT(member) offsetof(struct rkmq_scenario, member)
static const struct ref_kind {
    const char *noun;
    size_t count_at;
    rkmq_word (*word)(const struct rkmq_scenario *sc, size_t i);
    bool (*is_fit)(const struct rkmq_scenario *sc, size_t i);
} ref_kinds[] = {
    [RKMQ_REF_NAMESRV] = {"name server", COUNT_AT(n_namesrvs), namesrv_word, NULL},
    [RKMQ_REF_BROKER] = {"broker", COUNT_AT(n_brokers), broker_word, NULL},
    [RKMQ_REF_TOPIC] = {"topic", COUNT_AT(n_topics), topic_word, NULL},
    [RKMQ_REF_GROUP] = {"group", COUNT_AT(n_groups), group_word, NULL},
    [RKMQ_REF_ACTOR] = {"actor", COUNT_AT(n_actors), actor_word, NULL},
    [RKMQ_REF_PUSH] = {"push consumer", COUNT_AT(n_actors), actor_word, is_push},
    [RKMQ_REF_PRODUCER] = {"producer", COUNT_AT(n_actors), actor_word, is_producer},
    [RKMQ_REF_HOST] = {"actor, broker or name server", COUNT_AT(n_hosts), host_word, NULL},
    [RKMQ_REF_STEP] = {"step", COUNT_AT(n_steps), step_word, NULL},
    [RKMQ_REF_MARK] = {"mark", COUNT_AT(n_marks), mark_word, NULL},
};

static size_t count_of(const struct rkmq_scenario *sc, enum rkmq_ref ref)
{
    return *(const size_t *)(const void *)((const char *)sc + ref_kinds[ref].count_at);
}

struct rkmq_slice rkmq__ref_name(const struct rkmq_scenario *sc, enum rkmq_ref ref, int32_t index)
{
    return index == RKMQ_ANY ? RKMQ_SLICE("*") : sc->words[ref_kinds[ref].word(sc, (size_t)index)];
}

/* Retry topics, which the file does not declare, only to whoever writes a "%". */
static bool is_offered(const struct rkmq_scenario *sc, enum rkmq_ref ref, size_t i,
                       struct rkmq_slice name)
{
    return ref != RKMQ_REF_TOPIC || !sc->topics[i].is_retry ||
           rkmq__slice_starts(name, RKMQ_SLICE("%"));
}

/* Said where the group is named: the section that should declare it is not there. */
static void say_no_groups(struct rkmq_parse *ps, size_t offset, struct rkmq_slice name)
{
    rkmq__parse_say(
        ps, offset,
        "unknown group \"%.*s\": \"groups\" is missing; add \"groups\": { \"%.*s\": {} }",
        RKMQ_SLICE_ARG(name), RKMQ_SLICE_ARG(name));
}

bool rkmq__parse_lookup(struct rkmq_parse *ps, size_t offset, enum rkmq_ref ref,
                        struct rkmq_slice name, int32_t *out)
{
    const struct rkmq_scenario *sc = ps->sc;
    const struct ref_kind *kind = &ref_kinds[ref];
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_LIST_BYTES];
    bool is_other = false;
    rkmq__nearest_init(&nearest, name);
    for (size_t i = 0; i < count_of(sc, ref); i++) {
        struct rkmq_slice word = sc->words[kind->word(sc, i)];
        bool is_fit = !kind->is_fit || kind->is_fit(sc, i);
        bool is_same = word.n > 0 && rkmq__slice_equal(word, name);
        if (is_same && is_fit) {
            *out = (int32_t)i;
            return true;
        }
        is_other = is_other || is_same;
        if (is_fit && is_offered(sc, ref, i, name)) {
            rkmq__nearest_offer(&nearest, word);
        }
    }
    if (ref == RKMQ_REF_GROUP && !rkmq__parse_member(ps->root, "groups")) {
        say_no_groups(ps, offset, name);
    } else if (is_other) {
        rkmq__parse_say(ps, offset, "actor \"%.*s\" is no %s", RKMQ_SLICE_ARG(name), kind->noun);
    } else {
        rkmq__parse_say(ps, offset, "unknown %s \"%.*s\"%s", kind->noun, RKMQ_SLICE_ARG(name),
                        rkmq__nearest_or_all(&nearest, hint));
    }
    return false;
}

bool rkmq__parse_ref(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                     bool is_any_ok, int32_t *out)
{
    char wanted[80];
    (void)snprintf(wanted, sizeof wanted, "the name of a%s %s",
                   ref == RKMQ_REF_ACTOR || ref == RKMQ_REF_HOST ? "n" : "",
                   ref_kinds[ref].noun); /* fits */
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted)) {
        return false;
    }
    if (is_any_ok && rkmq__slice_is(node->text, "*")) {
        *out = RKMQ_ANY;
        return true;
    }
    return rkmq__parse_lookup(ps, node->offset, ref, node->text, out);
}

void rkmq__parse_refs(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                      struct rkmq_indices *out)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, true, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    int32_t *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        const struct rkmq_tree *element = rkmq__parse_next(&list);
        at[i] = RKMQ_ANY;
        bool is_found = rkmq__parse_ref(ps, element, ref, false, &at[i]);
        for (size_t k = 0; is_found && k < i; k++) {
            if (at[k] == at[i]) {
                rkmq__parse_say(ps, element->offset, "\"%.*s\" stands twice in this list",
                                RKMQ_SLICE_ARG(element->text));
                break;
            }
        }
    }
    *out = (struct rkmq_indices){at, at ? list.n : 0};
}

/* ---- moments ---- */

static bool take_prefix(struct rkmq_slice *text, const char *prefix)
{
    struct rkmq_slice start = rkmq__slice_of(prefix);
    if (!rkmq__slice_starts(*text, start)) {
        return false;
    }
    *text = rkmq__slice(text->p + start.n, text->n - start.n);
    return true;
}

void rkmq__parse_moment(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_moment *out)
{
    static const char wanted[] = "a moment such as \"12s\", \"step:join\" or \"mark:x+2s\"";
    struct rkmq_slice text = node->text;
    char time[RKMQ_TIME_TEXT_BYTES];
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted)) {
        return;
    }
    enum rkmq_ref ref = RKMQ_REF_STEP;
    out->base = RKMQ_MOMENT_START;
    if (take_prefix(&text, "step:")) {
        out->base = RKMQ_MOMENT_STEP;
    } else if (take_prefix(&text, "mark:")) {
        out->base = RKMQ_MOMENT_MARK;
        ref = RKMQ_REF_MARK;
    } else if (rkmq__time_read(text, &out->plus) == RKMQ_E_INVALID) {
        rkmq__parse_refuse_time(ps, node, wanted);
        return;
    } else {
        bool is_good = rkmq__parse_time(ps, node, 0, RKMQ_SCENARIO_TIME_MAX, &out->plus);
        if (is_good && ps->sc->end > 0 && out->plus > ps->sc->end) {
            rkmq__parse_say(ps, node->offset, "\"%.*s\" is behind the end of the run, %s",
                            RKMQ_SLICE_ARG(node->key), rkmq__time_write(ps->sc->end, time));
        }
        return;
    }
    size_t n = 0;
    while (n < text.n && text.p[n] != '+') {
        n++;
    }
    int32_t index;
    if (rkmq__parse_lookup(ps, node->offset, ref, rkmq__slice(text.p, n), &index)) {
        out->index = (uint32_t)index;
    }
    if (n < text.n &&
        rkmq__time_read(rkmq__slice(text.p + n + 1, text.n - n - 1), &out->plus) != RKMQ_OK) {
        rkmq__parse_refuse(ps, node, wanted);
    }
}

void rkmq__write_moment(struct rkmq_scenario_writer *w, const struct rkmq_moment *moment)
{
    char text[2 * RKMQ_SCENARIO_NAME_BYTES_MAX], time[RKMQ_TIME_TEXT_BYTES];
    int n = 0;
    if (moment->base != RKMQ_MOMENT_START) {
        bool is_step = moment->base == RKMQ_MOMENT_STEP;
        struct rkmq_slice name =
            rkmq__ref_name(w->sc, is_step ? RKMQ_REF_STEP : RKMQ_REF_MARK, (int32_t)moment->index);
        n = snprintf(text, sizeof text, "%s:%.*s%s", is_step ? "step" : "mark",
                     RKMQ_SLICE_ARG(name), moment->plus > 0 ? "+" : "");
    }
    if (moment->base == RKMQ_MOMENT_START || moment->plus > 0) {
        (void)snprintf(text + n, sizeof text - (size_t)n, "%s",
                       rkmq__time_write(moment->plus, time)); /* names are bounded */
    }
    rkmq__json_put_text(&w->json, rkmq__slice_of(text));
}

/* ---- queues ---- */

static bool is_star(struct rkmq_slice text)
{
    return rkmq__slice_is(text, "*");
}

static struct rkmq_slice take_until(struct rkmq_slice *text, char stop, bool *is_found)
{
    size_t n = 0;
    while (n < text->n && text->p[n] != stop) {
        n++;
    }
    struct rkmq_slice start = rkmq__slice(text->p, n);
    *is_found = n < text->n;
    n += *is_found;
    *text = rkmq__slice(text->p + n, text->n - n);
    return start;
}

/* "4", "0-3" or "*" */
static bool read_queue_ids(struct rkmq_slice text, struct rkmq_queue_set *out)
{
    bool is_range;
    uint64_t first, last;
    if (is_star(text)) {
        out->first = 0;
        out->last = INT32_MAX;
        return true;
    }
    struct rkmq_slice low = take_until(&text, '-', &is_range);
    if (!rkmq__parse_unsigned(low, &first) || !rkmq__parse_unsigned(is_range ? text : low, &last) ||
        first > last || last >= RKMQ_SCENARIO_QUEUES_MAX) {
        return false;
    }
    out->first = (int32_t)first;
    out->last = (int32_t)last;
    return true;
}

/* The script never makes so many queues: a typing error. */
static void check_queue_ids(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            const struct rkmq_queue_set *set)
{
    const struct rkmq_scenario_topic *topic = &ps->sc->topics[set->topic];
    uint32_t most = 0;
    if (topic->is_retry || set->last == INT32_MAX) {
        return;
    }
    for (size_t i = 0; i < ps->sc->n_brokers; i++) {
        if (set->broker == RKMQ_ANY || set->broker == (int32_t)i) {
            most = topic->queues_max[i] > most ? topic->queues_max[i] : most;
        }
    }
    if ((uint32_t)set->last >= most) {
        rkmq__parse_say(ps, node->offset,
                        "there is no queue %d in \"%.*s\": it never has more than %u", set->last,
                        RKMQ_SLICE_ARG(node->text), most);
    }
}

static void read_queue_set(struct rkmq_parse *ps, const struct rkmq_tree *node,
                           struct rkmq_queue_set *out)
{
    static const char wanted[] = "queues such as \"T@broker-a/0-3\" or \"T@*/*\"";
    struct rkmq_slice rest = node->text;
    bool has_broker, has_ids;
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted)) {
        return;
    }
    struct rkmq_slice topic = take_until(&rest, '@', &has_broker);
    struct rkmq_slice broker = take_until(&rest, '/', &has_ids);
    if (!has_broker || !has_ids || !read_queue_ids(rest, out)) {
        rkmq__parse_refuse(ps, node, wanted);
        return;
    }
    out->broker = RKMQ_ANY;
    bool is_good = rkmq__parse_lookup(ps, node->offset, RKMQ_REF_TOPIC, topic, &out->topic);
    if (!is_star(broker)) {
        is_good =
            rkmq__parse_lookup(ps, node->offset, RKMQ_REF_BROKER, broker, &out->broker) && is_good;
    }
    if (is_good) {
        check_queue_ids(ps, node, out);
    }
}

void rkmq__parse_queues(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_queue_sets *out)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, true, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    struct rkmq_queue_set *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        read_queue_set(ps, rkmq__parse_next(&list), &at[i]);
    }
    *out = (struct rkmq_queue_sets){at, at ? list.n : 0};
}

const char *rkmq__queues_text(const struct rkmq_scenario *sc, const struct rkmq_queue_set *set,
                              char out[RKMQ_QUEUES_TEXT_BYTES])
{
    struct rkmq_slice topic = rkmq__ref_name(sc, RKMQ_REF_TOPIC, set->topic);
    struct rkmq_slice broker = rkmq__ref_name(sc, RKMQ_REF_BROKER, set->broker);
    char ids[32] = "*";
    if (set->last != INT32_MAX) {
        (void)snprintf(ids, sizeof ids, set->first == set->last ? "%d" : "%d-%d", set->first,
                       set->last); /* fits */
    }
    (void)snprintf(out, RKMQ_QUEUES_TEXT_BYTES, "%.*s@%.*s/%s", RKMQ_SLICE_ARG(topic),
                   RKMQ_SLICE_ARG(broker), ids); /* names are bounded */
    return out;
}

static void put_queue_set(struct rkmq_scenario_writer *w, const struct rkmq_queue_set *set)
{
    char text[RKMQ_QUEUES_TEXT_BYTES];
    rkmq__json_put_text(&w->json, rkmq__slice_of(rkmq__queues_text(w->sc, set, text)));
}

void rkmq__write_queues(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_queue_sets *queues)
{
    if (queues->n == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    if (queues->n == 1) {
        put_queue_set(w, queues->at);
        return;
    }
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < queues->n; i++) {
        put_queue_set(w, &queues->at[i]);
    }
    rkmq__json_array_end(&w->json);
}
