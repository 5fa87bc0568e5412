/* SPDX-License-Identifier: Apache-2.0 */
/* Predicates over the event log: {"ev": "req", "code": "PULL_MESSAGE", "from": "c1"}. */
#include "runner/parse.h"

/* What can be asked of an event, and of which. */
enum question {
    Q_WHO = 1 << 0,
    Q_FROM_TO = 1 << 1, /* who and peer, as sender and receiver */
    Q_PEER = 1 << 2,    /* peer, beside who */
    Q_GROUP = 1 << 3,
    Q_TOPIC = 1 << 4,
    Q_BROKER = 1 << 5,
    Q_QUEUE = 1 << 6,
    Q_KEY = 1 << 7,
    Q_TEXT = 1 << 8,
    Q_CODE = 1 << 9,
    Q_RESPONSE = 1 << 10, /* status, a response code */
    Q_STATUS = 1 << 11,   /* status, a number */
    Q_OFFSET = 1 << 12,
    Q_BEFORE = 1 << 13,
    Q_COUNT = 1 << 14,
    Q_FLAGS = 1 << 15
};
#define Q_QUEUES (Q_GROUP | Q_TOPIC | Q_BROKER | Q_QUEUE)
#define Q_MESSAGE (Q_WHO | Q_QUEUES | Q_OFFSET | Q_COUNT)

static const unsigned questions[RKMQ_EV_COUNT] = {
    [RKMQ_EV_CONN_OPEN] = Q_FROM_TO,
    [RKMQ_EV_CONN_CLOSE] = Q_FROM_TO,
    [RKMQ_EV_REQ] = Q_FROM_TO | Q_CODE | Q_QUEUES | Q_OFFSET | Q_COUNT | Q_KEY | Q_FLAGS,
    [RKMQ_EV_RESP] = Q_FROM_TO | Q_CODE | Q_RESPONSE | Q_QUEUES | Q_OFFSET | Q_KEY | Q_FLAGS,
    [RKMQ_EV_APPEND] = Q_TOPIC | Q_BROKER | Q_QUEUE | Q_OFFSET | Q_KEY,
    [RKMQ_EV_COMMIT] = Q_WHO | Q_QUEUES | Q_OFFSET | Q_BEFORE,
    [RKMQ_EV_COMMIT_REGRESS] = Q_WHO | Q_QUEUES | Q_OFFSET | Q_BEFORE,
    [RKMQ_EV_MEMBER_JOIN] = Q_WHO | Q_GROUP | Q_BROKER,
    [RKMQ_EV_MEMBER_LEAVE] = Q_WHO | Q_GROUP | Q_BROKER,
    [RKMQ_EV_MEMBER_EXPIRE] = Q_WHO | Q_GROUP | Q_BROKER,
    [RKMQ_EV_ROUTE_PUBLISH] = Q_WHO | Q_TOPIC | Q_BROKER | Q_COUNT,
    [RKMQ_EV_TOPIC] = Q_TOPIC | Q_BROKER | Q_COUNT,
    [RKMQ_EV_SERVER_UP] = Q_WHO,
    [RKMQ_EV_SERVER_DOWN] = Q_WHO,
    [RKMQ_EV_OWNER_OVERLAP] = Q_WHO | Q_PEER | Q_QUEUES,
    [RKMQ_EV_DELIVER] = Q_MESSAGE | Q_KEY,
    [RKMQ_EV_REDELIVERY] = Q_MESSAGE | Q_KEY,
    [RKMQ_EV_LISTENER_BEGIN] = Q_MESSAGE,
    [RKMQ_EV_LISTENER_END] = Q_MESSAGE | Q_STATUS,
    [RKMQ_EV_ACTOR_START] = Q_WHO,
    [RKMQ_EV_ACTOR_STARTED] = Q_WHO | Q_STATUS,
    [RKMQ_EV_ACTOR_STOP] = Q_WHO,
    [RKMQ_EV_ACTOR_STOPPED] = Q_WHO | Q_STATUS,
    [RKMQ_EV_ACTOR_CRASH] = Q_WHO,
    [RKMQ_EV_ACTOR_PAUSE] = Q_WHO,
    [RKMQ_EV_ACTOR_RESUME] = Q_WHO,
    [RKMQ_EV_ACTOR_GONE] = Q_WHO | Q_COUNT,
    [RKMQ_EV_ASSIGN] = Q_WHO | Q_GROUP | Q_TOPIC | Q_COUNT,
    [RKMQ_EV_PQ_ADD] = Q_WHO | Q_QUEUES | Q_OFFSET,
    [RKMQ_EV_PQ_DROP] = Q_WHO | Q_QUEUES,
    [RKMQ_EV_CACHE_PUT] = Q_MESSAGE,
    [RKMQ_EV_CACHE_EVICT] = Q_MESSAGE,
    [RKMQ_EV_STEP] = Q_TEXT,
    [RKMQ_EV_MARK] = Q_TEXT,
    [RKMQ_EV_NOTE] = Q_TEXT,
    [RKMQ_EV_FAULT] = Q_FROM_TO | Q_CODE | Q_QUEUES | Q_TEXT,
    [RKMQ_EV_FAULT_ON] = Q_FROM_TO | Q_CODE | Q_TEXT,
    [RKMQ_EV_FAULT_OFF] = Q_FROM_TO | Q_CODE | Q_TEXT,
    [RKMQ_EV_LINK] = Q_FROM_TO | Q_STATUS,
    [RKMQ_EV_HEALED] = 0,
    [RKMQ_EV_END] = 0,
};

static const char *const flag_names[] = {"oneway", "pushed", "held", "suspend", "commits"};
static const uint32_t flag_bits[] = {RKMQ_EVF_ONEWAY, RKMQ_EVF_PUSHED, RKMQ_EVF_HELD,
                                     RKMQ_EVF_SUSPEND, RKMQ_EVF_COMMITS};

static void read_flag(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      struct rkmq_event_pred *pred)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_BOOL, "true or false")) {
        return;
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(flag_names); i++) {
        if (rkmq__slice_is(node->key, flag_names[i])) {
            *(rkmq__slice_is(node->text, "true") ? &pred->flags_set : &pred->flags_clear) |=
                flag_bits[i];
        }
    }
}

/* How the answer to a question is tested. */
enum test { TEST_WORDS, TEST_INTS, TEST_QUEUES, TEST_FLAG };
#define AT(member) offsetof(struct rkmq_event_pred, member)
static const struct key {
    const char *name;
    unsigned question;
    enum test test;
    size_t offset;
    enum rkmq_ref ref;
    rkmq_read_int_fn *read;
    rkmq_write_int_fn *write;
} keys[] = {
    {"who", Q_WHO, TEST_WORDS, AT(who), RKMQ_REF_HOST, NULL, NULL},
    {"from", Q_FROM_TO, TEST_WORDS, AT(who), RKMQ_REF_HOST, NULL, NULL},
    {"to", Q_FROM_TO, TEST_WORDS, AT(peer), RKMQ_REF_HOST, NULL, NULL},
    {"peer", Q_PEER, TEST_WORDS, AT(peer), RKMQ_REF_HOST, NULL, NULL},
    {"code", Q_CODE, TEST_INTS, AT(code), 0, rkmq__parse_request_code, rkmq__write_request_code},
    {"status", Q_RESPONSE, TEST_INTS, AT(status), 0, rkmq__parse_response_code,
     rkmq__write_response_code},
    {"status", Q_STATUS, TEST_INTS, AT(status), 0, rkmq__parse_plain_int, rkmq__write_plain_int},
    {"group", Q_GROUP, TEST_WORDS, AT(group), RKMQ_REF_GROUP, NULL, NULL},
    {"topic", Q_TOPIC, TEST_WORDS, AT(topic), RKMQ_REF_TOPIC, NULL, NULL},
    {"broker", Q_BROKER, TEST_WORDS, AT(broker), RKMQ_REF_BROKER, NULL, NULL},
    {"queue", Q_QUEUE, TEST_QUEUES, AT(queues), 0, NULL, NULL},
    {"offset", Q_OFFSET, TEST_INTS, AT(offset), 0, rkmq__parse_plain_int, rkmq__write_plain_int},
    {"before", Q_BEFORE, TEST_INTS, AT(offset2), 0, rkmq__parse_plain_int, rkmq__write_plain_int},
    {"count", Q_COUNT, TEST_INTS, AT(count), 0, rkmq__parse_plain_int, rkmq__write_plain_int},
    {"key", Q_KEY, TEST_WORDS, AT(key), RKMQ_REF_TEXT, NULL, NULL},
    {"text", Q_TEXT, TEST_WORDS, AT(text), RKMQ_REF_TEXT, NULL, NULL},
    {"oneway", Q_FLAGS, TEST_FLAG, 0, 0, NULL, NULL},
    {"pushed", Q_FLAGS, TEST_FLAG, 0, 0, NULL, NULL},
    {"held", Q_FLAGS, TEST_FLAG, 0, 0, NULL, NULL},
    {"suspend", Q_FLAGS, TEST_FLAG, 0, 0, NULL, NULL},
    {"commits", Q_FLAGS, TEST_FLAG, 0, 0, NULL, NULL},
};

static const char *const names[] = {
#define X(name, text, evidence) text,
    RKMQ_EVENT_TABLE(X)
#undef X
};

/* ---- reading ---- */

static bool read_kind(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      enum rkmq_event_kind *out)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "the name of an event")) {
        return false;
    }
    rkmq__nearest_init(&nearest, node->text);
    for (size_t i = 0; i < RKMQ_EV_COUNT; i++) {
        if (rkmq__slice_is(node->text, names[i])) {
            *out = (enum rkmq_event_kind)i;
            return true;
        }
        rkmq__nearest_offer(&nearest, rkmq__slice_of(names[i]));
    }
    rkmq__parse_say(ps, node->offset, "unknown event \"%.*s\"%s", RKMQ_SLICE_ARG(node->text),
                    rkmq__nearest_hint(&nearest, hint));
    return false;
}

static const struct key *find_key(struct rkmq_slice name, unsigned asked, bool *is_known)
{
    const struct key *found = NULL;
    *is_known = false;
    for (size_t i = 0; i < RKMQ_COUNT_OF(keys) && !found; i++) {
        if (rkmq__slice_is(name, keys[i].name)) {
            *is_known = true;
            found = keys[i].question & asked ? &keys[i] : NULL;
        }
    }
    return found;
}

static void say_no_question(struct rkmq_parse *ps, const struct rkmq_tree *member,
                            struct rkmq_slice event, unsigned asked, bool is_known)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    rkmq__nearest_init(&nearest, member->key);
    for (size_t i = 0; i < RKMQ_COUNT_OF(keys) && !is_known; i++) {
        if (keys[i].question & asked) {
            rkmq__nearest_offer(&nearest, rkmq__slice_of(keys[i].name));
        }
    }
    rkmq__parse_say(
        ps, member->key_offset,
        is_known ? "event \"%.*s\" has no \"%.*s\"%s" : "unknown key of event \"%.*s\": \"%.*s\"%s",
        RKMQ_SLICE_ARG(event), RKMQ_SLICE_ARG(member->key), rkmq__nearest_hint(&nearest, hint));
}

static void read_answer(struct rkmq_parse *ps, const struct rkmq_tree *member,
                        const struct key *key, struct rkmq_event_pred *pred)
{
    void *at = (char *)pred + key->offset;
    switch (key->test) {
    case TEST_WORDS:
        rkmq__parse_word_test(ps, member, key->ref, at);
        break;
    case TEST_INTS:
        rkmq__parse_int_test(ps, member, key->read, at);
        break;
    case TEST_QUEUES:
        rkmq__parse_queues(ps, member, at);
        break;
    case TEST_FLAG:
        read_flag(ps, member, pred);
        break;
    }
}

void rkmq__parse_event_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            struct rkmq_event_pred *out)
{
    const struct rkmq_tree *ev = rkmq__parse_member(node, "ev");
    if (!read_kind(ps, ev, &out->kind)) {
        return;
    }
    unsigned asked = questions[out->kind];
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        bool is_known;
        const struct key *key = find_key(member->key, asked, &is_known);
        if (member == ev) {
            continue;
        }
        if (key) {
            read_answer(ps, member, key, out);
        } else {
            say_no_question(ps, member, ev->text, asked, is_known);
        }
    }
}

/* ---- writing ---- */

static void write_flags(struct rkmq_scenario_writer *w, const struct rkmq_event_pred *pred)
{
    for (size_t i = 0; i < RKMQ_COUNT_OF(flag_names); i++) {
        if ((pred->flags_set | pred->flags_clear) & flag_bits[i]) {
            rkmq__json_add_bool(&w->json, flag_names[i], (pred->flags_set & flag_bits[i]) != 0);
        }
    }
}

void rkmq__write_event_pred(struct rkmq_scenario_writer *w, const struct rkmq_event_pred *pred)
{
    rkmq__json_object(&w->json);
    rkmq__json_add_text(&w->json, "ev", rkmq__slice_of(names[pred->kind]));
    for (size_t i = 0; i < RKMQ_COUNT_OF(keys); i++) {
        const struct key *key = &keys[i];
        const void *at = (const char *)pred + key->offset;
        if (!(key->question & questions[pred->kind])) {
            continue;
        }
        if (key->test == TEST_WORDS) {
            rkmq__write_word_test(w, key->name, at);
        } else if (key->test == TEST_INTS) {
            rkmq__write_int_test(w, key->name, key->write, at);
        } else if (key->test == TEST_QUEUES) {
            rkmq__write_queues(w, key->name, at);
        }
    }
    write_flags(w, pred);
    rkmq__json_object_end(&w->json);
}
