/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/state.h"

#include "remoting/protocol/codes.h"

/* ---- life ---- */

int rkmq__words_intern(const struct rkmq_scenario *sc, struct rkmq_event_log *log,
                       struct rkmq_arena *arena, const rkmq_name **out)
{
    rkmq_name *names = rkmq__arena_zalloc(arena, sc->n_words * sizeof *names);
    if (!names) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 1; i < sc->n_words; i++) {
        names[i] = rkmq__event_log_name(log, sc->words[i]);
        if (names[i] == 0) {
            return RKMQ_E_NOMEM;
        }
    }
    *out = names;
    return RKMQ_OK;
}

static size_t queues_lay_out(struct rkmq_run_state *st)
{
    const struct rkmq_scenario *sc = st->sc;
    size_t n = 0;
    for (size_t t = 0; t < sc->n_topics; t++) {
        for (size_t b = 0; b < sc->n_brokers; b++) {
            st->first_queue[t * sc->n_brokers + b] = n;
            n += sc->topics[t].is_retry ? 0 : sc->topics[t].queues_max[b];
        }
    }
    st->first_queue[sc->n_topics * sc->n_brokers] = n;
    return n;
}

static int queues_fill(struct rkmq_run_state *st)
{
    const struct rkmq_scenario *sc = st->sc;
    for (size_t at = 0; at < sc->n_topics * sc->n_brokers; at++) {
        for (size_t i = st->first_queue[at]; i < st->first_queue[at + 1]; i++) {
            struct rkmq_run_queue *q = &st->queues[i];
            q->topic = (int32_t)(at / sc->n_brokers);
            q->broker = (int32_t)(at % sc->n_brokers);
            q->queue_id = (int32_t)(i - st->first_queue[at]);
            q->groups = rkmq__arena_zalloc(&st->arena, (sc->n_groups + 1) * sizeof *q->groups);
            if (!q->groups) {
                return RKMQ_E_NOMEM;
            }
            for (size_t g = 0; g < sc->n_groups; g++) {
                q->groups[g].committed = -1;
            }
        }
    }
    return RKMQ_OK;
}

static int members_fill(struct rkmq_run_state *st)
{
    const struct rkmq_scenario *sc = st->sc;
    for (size_t a = 0; a < sc->n_actors; a++) {
        st->members[a].heartbeat_at =
            rkmq__arena_zalloc(&st->arena, (sc->n_brokers + 1) * sizeof(rkmq_us));
        if (!st->members[a].heartbeat_at) {
            return RKMQ_E_NOMEM;
        }
        for (size_t b = 0; b < sc->n_brokers; b++) {
            st->members[a].heartbeat_at[b] = -1;
        }
    }
    return RKMQ_OK;
}

int rkmq__run_state_init(struct rkmq_run_state *st, const struct rkmq_scenario *sc,
                         const rkmq_name *of_word, const struct rkmq_mem *mem)
{
    *st = (struct rkmq_run_state){.sc = sc, .of_word = of_word};
    rkmq__arena_init(&st->arena, mem);
    st->first_queue = rkmq__arena_zalloc(&st->arena, (sc->n_topics * sc->n_brokers + 1) *
                                                         sizeof *st->first_queue);
    st->members = rkmq__arena_zalloc(&st->arena, (sc->n_actors + 1) * sizeof *st->members);
    st->is_broker_up = rkmq__arena_zalloc(&st->arena, (sc->n_brokers + 1) * sizeof(bool));
    if (!st->first_queue || !st->members || !st->is_broker_up) {
        return RKMQ_E_NOMEM;
    }
    st->n_queues = queues_lay_out(st);
    st->queues = rkmq__arena_zalloc(&st->arena, (st->n_queues + 1) * sizeof *st->queues);
    if (!st->queues || queues_fill(st) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    return members_fill(st);
}

void rkmq__run_state_close(struct rkmq_run_state *st)
{
    if (st->arena.mem) {
        rkmq__arena_close(&st->arena);
    }
}

/* ---- whose name is it? RKMQ_ANY: nobody's ---- */

static int32_t topic_of(const struct rkmq_run_state *st, rkmq_name name)
{
    for (size_t i = 0; name && i < st->sc->n_topics; i++) {
        if (st->of_word[st->sc->topics[i].name] == name) {
            return (int32_t)i;
        }
    }
    return RKMQ_ANY;
}

static int32_t broker_of(const struct rkmq_run_state *st, rkmq_name name)
{
    for (size_t i = 0; name && i < st->sc->n_brokers; i++) {
        if (st->of_word[st->sc->brokers[i].name] == name) {
            return (int32_t)i;
        }
    }
    return RKMQ_ANY;
}

static int32_t group_of(const struct rkmq_run_state *st, rkmq_name name)
{
    for (size_t i = 0; name && i < st->sc->n_groups; i++) {
        if (st->of_word[st->sc->groups[i]] == name) {
            return (int32_t)i;
        }
    }
    return RKMQ_ANY;
}

static int32_t actor_of(const struct rkmq_run_state *st, rkmq_name name)
{
    for (size_t i = 0; name && i < st->sc->n_actors; i++) {
        if (st->of_word[st->sc->actors[i].name] == name) {
            return (int32_t)i;
        }
    }
    return RKMQ_ANY;
}

static struct rkmq_run_queue *queue_of(const struct rkmq_run_state *st,
                                       const struct rkmq_event *row)
{
    int32_t topic = topic_of(st, row->topic), broker = broker_of(st, row->broker);
    if (topic == RKMQ_ANY || broker == RKMQ_ANY || row->queue_id < 0) {
        return NULL;
    }
    size_t at = (size_t)topic * st->sc->n_brokers + (size_t)broker;
    size_t i = st->first_queue[at] + (size_t)row->queue_id;
    return i < st->first_queue[at + 1] ? &st->queues[i] : NULL;
}

/* ---- owners ---- */

static void owner_set(struct rkmq_owners *owners, int32_t actor, bool is_owner)
{
    uint64_t bit = (uint64_t)1 << (actor % 64);
    if (is_owner) {
        owners->bits[actor / 64] |= bit;
    } else {
        owners->bits[actor / 64] &= ~bit;
    }
}

static bool is_owner(const struct rkmq_owners *owners, int32_t actor)
{
    return (owners->bits[actor / 64] >> (actor % 64) & 1) != 0;
}

static unsigned owner_count(const struct rkmq_owners *owners)
{
    unsigned n = 0;
    for (size_t i = 0; i < RKMQ_ACTOR_WORDS; i++) {
        n += (unsigned)__builtin_popcountll(owners->bits[i]);
    }
    return n;
}

/* ---- owners, from what they pull ---- */

#define LONG_AGO (INT64_MIN / 2) /* never, or before it had to ask where to begin */
#define OLD_PULL_US 1000000      /* older than that, a pull may be held for one that has let go */

static struct rkmq_asker *asker_of(struct rkmq_run_state *st, struct rkmq_group_queue *queue,
                                   int32_t actor)
{
    struct rkmq_asker *asker = queue->askers;
    while (asker && asker->actor != actor) {
        asker = asker->next;
    }
    if (!asker && (asker = rkmq__arena_zalloc(&st->arena, sizeof *asker))) {
        asker->actor = actor;
        asker->asked_at = LONG_AGO;
        asker->next = queue->askers;
        queue->askers = asker;
    }
    return asker; /* out of memory: NULL */
}

/*
 * A queue that changes hands is asked for by the new owner while the last pull of the old one may
 * still be held. The old one has let go when that pull is old already, or when the new one asks a
 * second time and it did not. Two that take turns both have it.
 */
static void apply_asked(struct rkmq_run_state *st, struct rkmq_group_queue *queue, int32_t actor)
{
    struct rkmq_asker *self = asker_of(st, queue, actor);
    if (!self) {
        return;
    }
    rkmq_us silent_since = self->asked_at == LONG_AGO ? st->now - OLD_PULL_US : self->asked_at;
    for (const struct rkmq_asker *other = queue->askers; other; other = other->next) {
        if (other != self && other->asked_at < silent_since) {
            owner_set(&queue->owners, other->actor, false);
        }
    }
    self->asked_at = st->now;
    owner_set(&queue->owners, actor, true);
}

/* Who asks where to begin has not got the queue yet. */
static void apply_query(struct rkmq_group_queue *queue, int32_t actor)
{
    for (struct rkmq_asker *asker = queue->askers; asker; asker = asker->next) {
        if (asker->actor == actor) {
            asker->asked_at = LONG_AGO;
            owner_set(&queue->owners, actor, false);
        }
    }
}

/* Whoever is gone; its next life begins anew. */
static void owner_forget(struct rkmq_run_state *st, int32_t actor)
{
    for (size_t i = 0; i < st->n_queues; i++) {
        for (size_t g = 0; g < st->sc->n_groups; g++) {
            owner_set(&st->queues[i].groups[g].owners, actor, false);
            apply_query(&st->queues[i].groups[g], actor);
        }
    }
}

static void apply_request(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    struct rkmq_run_queue *queue = queue_of(st, row);
    int32_t group = group_of(st, row->group), actor = actor_of(st, row->who);
    if (!queue || group == RKMQ_ANY || actor == RKMQ_ANY || st->members[actor].has_hooks) {
        return;
    }
    if (row->code == RKMQ_REQ_PULL_MESSAGE) {
        apply_asked(st, &queue->groups[group], actor);
    } else if (row->code == RKMQ_REQ_QUERY_CONSUMER_OFFSET) {
        apply_query(&queue->groups[group], actor);
    }
}

/* ---- rows ---- */

static void apply_topic(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    int32_t topic = topic_of(st, row->topic), broker = broker_of(st, row->broker);
    if (topic == RKMQ_ANY || broker == RKMQ_ANY) {
        return;
    }
    size_t at = (size_t)topic * st->sc->n_brokers + (size_t)broker;
    for (size_t i = st->first_queue[at]; i < st->first_queue[at + 1]; i++) {
        st->queues[i].is_there = st->queues[i].queue_id < row->count;
    }
}

static void apply_queue(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    struct rkmq_run_queue *queue = queue_of(st, row);
    int32_t group = group_of(st, row->group), actor = actor_of(st, row->who);
    if (!queue) {
        return;
    }
    if (row->kind == RKMQ_EV_APPEND) {
        queue->max_offset = row->offset + 1;
    } else if (row->kind == RKMQ_EV_COMMIT && group != RKMQ_ANY) {
        queue->groups[group].committed = row->offset;
    } else if (row->kind != RKMQ_EV_COMMIT && group != RKMQ_ANY && actor != RKMQ_ANY) {
        st->members[actor].has_hooks = true;
        owner_set(&queue->groups[group].owners, actor, row->kind == RKMQ_EV_PQ_ADD);
    }
}

static void apply_actor(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    int32_t actor = actor_of(st, row->who);
    if (actor == RKMQ_ANY) {
        return;
    }
    struct rkmq_run_member *member = &st->members[actor];
    member->is_running = row->kind == RKMQ_EV_ACTOR_STARTED && row->status == RKMQ_OK;
    member->started_at = row->at;
    if (!member->is_running) {
        owner_forget(st, actor);
        for (size_t b = 0; b < st->sc->n_brokers; b++) {
            member->heartbeat_at[b] = -1;
        }
    }
}

static void apply_heartbeat(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    int32_t actor = actor_of(st, row->who), broker = broker_of(st, row->peer);
    if (row->code == RKMQ_REQ_HEART_BEAT && actor != RKMQ_ANY && broker != RKMQ_ANY) {
        st->members[actor].heartbeat_at[broker] = row->at;
    }
}

void rkmq__run_state_apply(struct rkmq_run_state *st, const struct rkmq_event *row)
{
    int32_t broker;
    st->now = row->at;
    switch (row->kind) {
    case RKMQ_EV_TOPIC:
        apply_topic(st, row);
        break;
    case RKMQ_EV_APPEND:
    case RKMQ_EV_COMMIT:
    case RKMQ_EV_PQ_ADD:
    case RKMQ_EV_PQ_DROP:
        apply_queue(st, row);
        break;
    case RKMQ_EV_ACTOR_STARTED:
    case RKMQ_EV_ACTOR_STOPPED:
    case RKMQ_EV_ACTOR_CRASH:
        apply_actor(st, row);
        break;
    case RKMQ_EV_REQ:
        apply_request(st, row);
        apply_heartbeat(st, row);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_SERVER_DOWN:
        broker = broker_of(st, row->who);
        if (broker != RKMQ_ANY) {
            st->is_broker_up[broker] = row->kind == RKMQ_EV_SERVER_UP;
        }
        break;
    default:
        break;
    }
}

/* ---- events ---- */

bool rkmq__int_passes(const struct rkmq_int_test *test, int64_t value)
{
    if (!test->is_set) {
        return true;
    }
    if (value < test->min || value > test->max || (test->has_not && value == test->not_value)) {
        return false;
    }
    for (size_t i = 0; i < test->n_in; i++) {
        if (test->in[i] == value) {
            return true;
        }
    }
    return test->n_in == 0;
}

static bool word_passes(const struct rkmq_run_state *st, const struct rkmq_word_test *test,
                        rkmq_name name)
{
    bool is_one = false;
    for (size_t i = 0; i < test->n; i++) {
        is_one = is_one || st->of_word[test->at[i]] == name;
    }
    return test->n == 0 || is_one != test->is_not;
}

static bool set_has(const struct rkmq_queue_set *set, int32_t topic, int32_t broker,
                    int32_t queue_id)
{
    return set->topic == topic && (set->broker == RKMQ_ANY || set->broker == broker) &&
           queue_id >= set->first && queue_id <= set->last;
}

static bool sets_have(const struct rkmq_queue_sets *sets, const struct rkmq_run_queue *queue)
{
    for (size_t i = 0; i < sets->n; i++) {
        if (set_has(&sets->at[i], queue->topic, queue->broker, queue->queue_id)) {
            return true;
        }
    }
    return false;
}

static bool queues_pass(const struct rkmq_run_state *st, const struct rkmq_queue_sets *sets,
                        const struct rkmq_event *row)
{
    int32_t topic = topic_of(st, row->topic), broker = broker_of(st, row->broker);
    for (size_t i = 0; i < sets->n; i++) {
        if (set_has(&sets->at[i], topic, broker, row->queue_id)) {
            return true;
        }
    }
    return sets->n == 0;
}

static bool names_pass(const struct rkmq_run_state *st, const struct rkmq_event_pred *pred,
                       const struct rkmq_event *row)
{
    return word_passes(st, &pred->who, row->who) && word_passes(st, &pred->peer, row->peer) &&
           word_passes(st, &pred->group, row->group) && word_passes(st, &pred->topic, row->topic) &&
           word_passes(st, &pred->broker, row->broker) && word_passes(st, &pred->key, row->key) &&
           word_passes(st, &pred->text, row->text);
}

static bool numbers_pass(const struct rkmq_event_pred *pred, const struct rkmq_event *row)
{
    return rkmq__int_passes(&pred->code, row->code) &&
           rkmq__int_passes(&pred->status, row->status) &&
           rkmq__int_passes(&pred->offset, row->offset) &&
           rkmq__int_passes(&pred->offset2, row->offset2) &&
           rkmq__int_passes(&pred->count, row->count);
}

bool rkmq__event_matches(const struct rkmq_run_state *st, const struct rkmq_event_pred *pred,
                         const struct rkmq_event *row)
{
    return pred->kind == row->kind && (row->flags & pred->flags_set) == pred->flags_set &&
           (row->flags & pred->flags_clear) == 0 && numbers_pass(pred, row) &&
           names_pass(st, pred, row) && queues_pass(st, &pred->queues, row);
}

/* ---- states ---- */

#define CADENCE_SLACK_US 5000000
#define HEARTBEAT_US 30000000

/* The queue counts for a predicate about `queues`, or about all that are there. */
static bool is_meant(const struct rkmq_state_pred *pred, const struct rkmq_run_queue *queue)
{
    return pred->queues.n > 0 ? sets_have(&pred->queues, queue)
                              : queue->topic == pred->topic && queue->is_there;
}

static bool assignment_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    for (size_t i = 0; i < st->n_queues; i++) {
        const struct rkmq_run_queue *queue = &st->queues[i];
        struct rkmq_owners expected = {{0}};
        if (queue->topic != pred->topic) {
            continue;
        }
        for (size_t k = 0; k < pred->n_owners; k++) {
            if (sets_have(&pred->owners[k].queues, queue) && queue->is_there) {
                owner_set(&expected, pred->owners[k].actor, true);
            }
        }
        if (memcmp(&expected, &queue->groups[pred->group].owners, sizeof expected) != 0) {
            return false;
        }
    }
    return true;
}

/* Producers are no members of consumer groups. */
static bool is_member(const struct rkmq_run_state *st, size_t actor, int32_t group)
{
    return st->members[actor].is_running && st->sc->actors[actor].kind == RKMQ_ACTOR_PUSH &&
           st->sc->actors[actor].group == group;
}

static bool balanced_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i < st->n_queues; i++) {
        const struct rkmq_run_queue *queue = &st->queues[i];
        if (queue->topic == pred->topic && queue->is_there &&
            owner_count(&queue->groups[pred->group].owners) != 1) {
            return false;
        }
    }
    for (size_t a = 0; a < st->sc->n_actors; a++) {
        int64_t n = 0;
        if (!is_member(st, a, pred->group)) {
            continue;
        }
        for (size_t i = 0; i < st->n_queues; i++) {
            const struct rkmq_run_queue *queue = &st->queues[i];
            n += queue->topic == pred->topic && queue->is_there &&
                 is_owner(&queue->groups[pred->group].owners, (int32_t)a);
        }
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    return least != INT64_MAX && most - least <= pred->max_diff;
}

static bool owners_hold(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    for (size_t i = 0; i < st->n_queues; i++) {
        const struct rkmq_run_queue *queue = &st->queues[i];
        const struct rkmq_owners *owners = &queue->groups[pred->group].owners;
        if (is_meant(pred, queue) &&
            (owner_count(owners) != 1 ||
             (pred->kind == RKMQ_STATE_OWNER && !is_owner(owners, pred->owner)))) {
            return false;
        }
    }
    return true;
}

static int64_t queue_lag(const struct rkmq_run_queue *queue, int32_t group)
{
    int64_t committed = queue->groups[group].committed;
    return queue->max_offset - (committed > 0 ? committed : 0);
}

static int64_t lag_of(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    int64_t lag = 0;
    for (size_t i = 0; i < st->n_queues; i++) {
        bool is_any = pred->queues.n == 0 && pred->topic == RKMQ_ANY && st->queues[i].is_there;
        if (is_any || is_meant(pred, &st->queues[i])) {
            lag += queue_lag(&st->queues[i], pred->group);
        }
    }
    return lag;
}

static bool committed_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    for (size_t i = 0; i < st->n_queues; i++) {
        if (is_meant(pred, &st->queues[i]) &&
            !rkmq__int_passes(&pred->value, st->queues[i].groups[pred->group].committed)) {
            return false;
        }
    }
    return true;
}

static bool host_is(const struct rkmq_run_state *st, int32_t host, enum rkmq_host_kind kind,
                    size_t index)
{
    return host == RKMQ_ANY ||
           (st->sc->hosts[host].kind == kind && st->sc->hosts[host].index == index);
}

static bool cadence_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    for (size_t a = 0; a < st->sc->n_actors; a++) {
        const struct rkmq_run_member *member = &st->members[a];
        if (!member->is_running || st->sc->actors[a].kind != RKMQ_ACTOR_PUSH ||
            !host_is(st, pred->who, RKMQ_HOST_ACTOR, a)) {
            continue;
        }
        for (size_t b = 0; b < st->sc->n_brokers; b++) {
            rkmq_us since =
                member->heartbeat_at[b] >= 0 ? member->heartbeat_at[b] : member->started_at;
            if (st->is_broker_up[b] && host_is(st, pred->to, RKMQ_HOST_BROKER, b) &&
                st->now - since > HEARTBEAT_US + CADENCE_SLACK_US) {
                return false;
            }
        }
    }
    return true;
}

bool rkmq__state_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred)
{
    switch (pred->kind) {
    case RKMQ_STATE_ASSIGNMENT:
        return assignment_holds(st, pred);
    case RKMQ_STATE_BALANCED:
        return balanced_holds(st, pred);
    case RKMQ_STATE_OWNER:
    case RKMQ_STATE_OWNED_ONCE:
        return owners_hold(st, pred);
    case RKMQ_STATE_LAG:
        return rkmq__int_passes(&pred->value, lag_of(st, pred));
    case RKMQ_STATE_COMMITTED:
        return committed_holds(st, pred);
    case RKMQ_STATE_CADENCE:
        return cadence_holds(st, pred);
    case RKMQ_STATE_COUNT:
        break;
    }
    return false;
}

/* ---- description ---- */

static void describe_owner(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred,
                           size_t actor, struct rkmq_bytes *out)
{
    bool has_any = false;
    rkmq__bytes_add_text(out, " ");
    rkmq__bytes_add_slice(out, rkmq__scenario_word(st->sc, st->sc->actors[actor].name));
    rkmq__bytes_add_text(out, " owns");
    for (size_t i = 0; i < st->n_queues; i++) {
        const struct rkmq_run_queue *queue = &st->queues[i];
        if ((pred->topic == RKMQ_ANY || queue->topic == pred->topic) &&
            is_owner(&queue->groups[pred->group].owners, (int32_t)actor)) {
            rkmq__bytes_add_text(out, " ");
            rkmq__bytes_add_slice(out,
                                  rkmq__scenario_word(st->sc, st->sc->brokers[queue->broker].name));
            rkmq__bytes_printf(out, "/%ld", (long)queue->queue_id);
            has_any = true;
        }
    }
    rkmq__bytes_add_text(out, has_any ? ";" : " nothing;");
}

static void describe_committed(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred,
                               struct rkmq_bytes *out)
{
    rkmq__bytes_add_text(out, " committed");
    for (size_t i = 0; i < st->n_queues; i++) {
        const struct rkmq_run_queue *queue = &st->queues[i];
        if (is_meant(pred, queue)) {
            rkmq__bytes_add_text(out, " ");
            rkmq__bytes_add_slice(out,
                                  rkmq__scenario_word(st->sc, st->sc->brokers[queue->broker].name));
            rkmq__bytes_printf(out, "/%ld at %lld", (long)queue->queue_id,
                               (long long)queue->groups[pred->group].committed);
        }
    }
    rkmq__bytes_add_text(out, ";");
}

void rkmq__run_state_describe(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred,
                              struct rkmq_bytes *out)
{
    if (pred->group == RKMQ_ANY) {
        return;
    }
    for (size_t a = 0; a < st->sc->n_actors; a++) {
        if (is_member(st, a, pred->group)) {
            describe_owner(st, pred, a, out);
        }
    }
    if (pred->kind == RKMQ_STATE_COMMITTED) {
        describe_committed(st, pred, out);
    }
    rkmq__bytes_printf(out, " lag %lld", (long long)lag_of(st, pred));
}
