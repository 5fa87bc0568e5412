/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/world.h"

#include <rkmq/live.h>
#include <stdarg.h>

#define RUNNER_HOST "runner"
#define OFFSET_FLUSH_MS 5000 /* flushConsumerOffsetInterval */
#define RUNAWAY_FACTOR 4     /* real time a run on TCP may take, in lengths of its script */

rkmq_us rkmq__world_now(const struct rkmq_world *w)
{
    rkmq_us now = w->sim ? rkmq_sim_now(w->sim) : rkmq__now(w->env) * 1000;
    return now - w->started_us;
}

rkmq_ms rkmq__ms_to_wait(rkmq_us us)
{
    return (us + 999) / 1000;
}

static rkmq_us recorder_now(void *clock)
{
    return rkmq__world_now(clock);
}

void rkmq__world_fail(struct rkmq_world *w, bool is_harness, const char *fmt, ...)
{
    if (w->failure[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(w->failure, sizeof w->failure, fmt, args); /* a longer one is cut */
        va_end(args);
        w->is_harness_failure = is_harness;
    }
}

/* ---- opening ---- */

static int runtime_open(struct rkmq_world *w, struct rkmq_err *err)
{
    if (w->o.ground == RKMQ_GROUND_TCP) {
        struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
        live.log_level = w->o.log_level;
        live.log = w->o.log;
        live.log_user = w->o.log_user;
        live.has_hosts = true; /* a name server knows an actor by its address alone */
        return rkmq_live_create(&w->rt, &live, err);
    }
    struct rkmq_sim_options sim = RKMQ_SIM_OPTIONS_INIT;
    sim.mem = w->mem;
    sim.seed = w->o.seed;
    sim.log_level = w->o.log_level;
    sim.log = w->o.log;
    sim.log_user = w->o.log_user;
    int status = rkmq_sim_create(&w->sim, &sim);
    if (status == RKMQ_OK) {
        w->rt = rkmq_sim_runtime(w->sim);
    }
    return status;
}

static int mock_open(struct rkmq_world *w, struct rkmq_err *err)
{
    struct rkmq_mock_options o = RKMQ_MOCK_OPTIONS_INIT;
    o.namesrvs = (unsigned)(w->sc->n_namesrvs > 0 ? w->sc->n_namesrvs : 1);
    o.brokers = (unsigned)w->sc->n_brokers;
    rkmq_ms flush_ms[RKMQ_SCENARIO_BROKERS_MAX];
    for (size_t i = 0; i < w->sc->n_brokers; i++) {
        rkmq_us flush = w->sc->brokers[i].offset_flush;
        flush_ms[i] = flush == RKMQ_UNSET ? OFFSET_FLUSH_MS : flush / 1000;
    }
    o.broker_offset_flush_ms = flush_ms;
    o.on_event = rkmq__recorder_mock;
    o.on_event_user = &w->recorder;
    o.peer_name = rkmq__recorder_peer_name;
    o.peer_name_user = &w->recorder;
    return rkmq_mock_create(&w->mock, w->rt, &o, err);
}

static int actors_open(struct rkmq_world *w)
{
    const struct rkmq_scenario *sc = w->sc;
    w->actors = rkmq__arena_zalloc(&w->arena, (sc->n_actors + 1) * sizeof *w->actors);
    if (!w->actors) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < sc->n_actors; i++) {
        struct rkmq_run_actor *actor = &w->actors[i];
        struct rkmq_slice host;
        actor->world = w;
        actor->spec = &sc->actors[i];
        actor->ops = actor->spec->kind == RKMQ_ACTOR_PRODUCER ? &rkmq__actor_producer_ops
                     : w->o.client                            ? &rkmq__actor_testee_ops
                                                              : &rkmq__actor_push_ops;
        actor->who = w->of_word[actor->spec->name];
        actor->group =
            actor->spec->kind == RKMQ_ACTOR_PUSH ? w->of_word[sc->groups[actor->spec->group]] : 0;
        atomic_init(&actor->listener, &actor->spec->listener);
        if (rkmq__arena_copy(&w->arena, rkmq__scenario_word(sc, actor->spec->name), &host) !=
            RKMQ_OK) {
            return RKMQ_E_NOMEM;
        }
        actor->host = (char *)(uintptr_t)host.p;
    }
    return RKMQ_OK;
}

/* ---- the start of the run ---- */

static void tell_server(struct rkmq_world *w, rkmq_word name)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_SERVER_UP);
    row.who = w->of_word[name];
    rkmq__recorder_add(&w->recorder, &row);
}

static void tell_topic(struct rkmq_world *w, size_t topic, size_t broker)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_TOPIC);
    row.topic = w->of_word[w->sc->topics[topic].name];
    row.broker = w->of_word[w->sc->brokers[broker].name];
    row.count = (int32_t)w->sc->topics[topic].queues[broker];
    row.status = rkmq__broker_topic_perm(w->mock->brokers[broker].brk,
                                         rkmq__scenario_word(w->sc, w->sc->topics[topic].name));
    rkmq__recorder_add(&w->recorder, &row);
}

static int topics_make(struct rkmq_world *w, struct rkmq_err *err)
{
    const struct rkmq_scenario *sc = w->sc;
    for (size_t t = 0; t < sc->n_topics; t++) {
        for (size_t b = 0; b < sc->n_brokers && !sc->topics[t].is_retry; b++) {
            struct rkmq_slice name = rkmq__scenario_word(sc, sc->topics[t].name);
            int status = sc->topics[t].queues[b] == 0
                             ? RKMQ_OK
                             : rkmq__broker_topic_put(w->mock->brokers[b].brk, name,
                                                      sc->topics[t].queues[b]);
            if (status != RKMQ_OK) {
                return rkmq__err_set(err, status, "topic %.*s: %s", RKMQ_SLICE_ARG(name),
                                     rkmq_status_text(status));
            }
        }
    }
    return RKMQ_OK;
}

struct opening {
    struct rkmq_world *w;
    struct rkmq_err *err;
    int status;
};

static void on_topics(void *arg)
{
    struct opening *o = arg;
    o->status = topics_make(o->w, o->err);
}

static bool is_registered(void *arg)
{
    return rkmq__cluster_is_registered(arg);
}

#define READY_TIMEOUT_MS 10000

/* Time 0 is now; rows count from here. */
static void run_begin(struct rkmq_world *w)
{
    const struct rkmq_scenario *sc = w->sc;
    w->started_us = w->sim ? rkmq_sim_now(w->sim) : rkmq__now(w->env) * 1000;
    rkmq__recorder_switch(&w->recorder, true);
    for (size_t i = 0; i < sc->n_namesrvs; i++) {
        tell_server(w, sc->namesrvs[i]);
    }
    for (size_t i = 0; i < sc->n_brokers; i++) {
        tell_server(w, sc->brokers[i].name);
    }
    for (size_t t = 0; t < sc->n_topics; t++) {
        for (size_t b = 0; b < sc->n_brokers; b++) {
            tell_topic(w, t, b);
        }
    }
    rkmq__world_heal(w); /* the links as the scenario has them */
    for (size_t i = 0; i < sc->n_faults; i++) {
        rkmq__fault_begin(w, &sc->faults[i], 0);
    }
}

static int cluster_ready(struct rkmq_world *w, struct rkmq_err *err)
{
    struct opening o = {.w = w, .err = err};
    w->rt->ops->call(w->rt, on_topics, &o);
    if (o.status != RKMQ_OK) {
        return o.status;
    }
    int status = w->rt->ops->await(w->rt, is_registered, w->mock, READY_TIMEOUT_MS);
    return status == RKMQ_OK ? status : rkmq__err_set(err, status, "the cluster did not get ready");
}

static void on_testees(void *arg)
{
    struct opening *o = arg;
    for (size_t i = 0; i < o->w->sc->n_actors && o->status == RKMQ_OK; i++) {
        if (o->w->actors[i].ops == &rkmq__actor_testee_ops) {
            o->status = rkmq__actor_testee_open(&o->w->actors[i], o->err);
        }
    }
}

static bool are_testees_ready(void *arg)
{
    struct opening *o = arg;
    const struct rkmq_world *w = o->w;
    bool is_ready = true;
    if (w->failure[0]) {
        o->status = rkmq__err_set(o->err, RKMQ_E_STATE, "%s", w->failure);
        return true;
    }
    for (size_t i = 0; i < w->sc->n_actors; i++) {
        is_ready = is_ready && (w->actors[i].ops != &rkmq__actor_testee_ops ||
                                rkmq__actor_testee_is_ready(&w->actors[i]));
    }
    return is_ready;
}

/* Processes that play actors begin before the run does: what a virtual machine needs to come up is
 * no time of the script's. They end by themselves when they are not ready in time. */
static int testees_ready(struct rkmq_world *w, struct rkmq_err *err)
{
    struct opening o = {.w = w, .err = err};
    w->rt->ops->call(w->rt, on_testees, &o);
    int status = o.status == RKMQ_OK ? w->rt->ops->await(w->rt, are_testees_ready, &o, RKMQ_NEVER)
                                     : o.status;
    return status == RKMQ_OK ? o.status : status;
}

int rkmq__world_open(struct rkmq_world *w, const struct rkmq_scenario *sc,
                     const struct rkmq_run_options *o, const struct rkmq_mem *mem,
                     struct rkmq_err *err)
{
    *w = (struct rkmq_world){.sc = sc, .o = *o, .mem = mem};
    rkmq__arena_init(&w->arena, mem);
    rkmq__list_init(&w->productions);
    int status = rkmq__recorder_init(&w->recorder, sc, mem);
    w->recorder.is_over = true; /* nobody else has it yet */
    if (status == RKMQ_OK) {
        status = rkmq__words_intern(sc, w->recorder.log, &w->arena, &w->of_word);
    }
    if (status == RKMQ_OK) {
        status = rkmq__run_state_init(&w->state, sc, w->of_word, mem);
    }
    status = status == RKMQ_OK ? rkmq__driver_init(w) : status;
    status = status == RKMQ_OK ? runtime_open(w, err) : status;
    if (status == RKMQ_OK) {
        w->env = w->rt->ops->host(w->rt, RUNNER_HOST);
        status = w->env ? mock_open(w, err) : RKMQ_E_NOMEM;
    }
    status = status == RKMQ_OK ? actors_open(w) : status;
    status = status == RKMQ_OK ? cluster_ready(w, err) : status;
    if (status == RKMQ_OK && o->client) {
        w->recorder.owner_of = rkmq__actor_of_socket;
        w->recorder.owner_user = w;
        status = testees_ready(w, err);
    }
    if (status != RKMQ_OK) {
        if (status == RKMQ_E_NOMEM) {
            (void)rkmq__err_set(err, status, "out of memory");
        }
        rkmq__world_close(w);
        return status;
    }
    w->recorder.now = recorder_now;
    w->recorder.clock = w;
    w->recorder.on_row = rkmq__driver_row;
    w->recorder.user = w;
    return RKMQ_OK;
}

/* ---- playing ---- */

static void on_begin(void *arg)
{
    run_begin(arg);
}

static bool is_log_full(struct rkmq_world *w)
{
    if (rkmq__event_log_is_failed(w->recorder.log) ||
        (int64_t)rkmq__event_log_count(w->recorder.log) > w->sc->events_max) {
        rkmq__world_fail(w, true, "the log is full after %zu events at %.3f s",
                         rkmq__event_log_count(w->recorder.log), (double)rkmq__world_now(w) / 1e6);
        return true;
    }
    return false;
}

static void on_turn(void *arg)
{
    struct rkmq_world *w = arg;
    if (is_log_full(w)) {
        w->is_ended = true;
    } else {
        rkmq__driver_turn(w);
    }
}

static void on_heal(void *arg)
{
    struct rkmq_world *w = arg;
    struct rkmq_event row = rkmq__row(RKMQ_EV_HEALED);
    rkmq__timer_stop(w->env, &w->timer);
    rkmq__world_heal(w);
    rkmq__recorder_add(&w->recorder, &row);
}

static void on_end(void *arg)
{
    struct rkmq_world *w = arg;
    struct rkmq_event row = rkmq__row(RKMQ_EV_END);
    for (size_t i = 0; i < w->sc->n_actors; i++) {
        rkmq__actor_reap(&w->actors[i]);
    }
    rkmq__recorder_add(&w->recorder, &row);
    rkmq__recorder_switch(&w->recorder, false);
    w->ended_us = rkmq__world_now(w);
}

static bool is_woken(void *arg)
{
    const struct rkmq_world *w = arg;
    return w->is_woken || w->is_ended;
}

/* Nothing else ends the time to settle early. */
static bool is_failed(void *arg)
{
    return ((const struct rkmq_world *)arg)->is_harness_failure;
}

void rkmq__world_play(struct rkmq_world *w)
{
    const struct rkmq_runtime_ops *ops = w->rt->ops;
    rkmq_ms limit_ms = RUNAWAY_FACTOR * (w->sc->end / 1000) + 60000;
    ops->call(w->rt, on_begin, w);
    ops->call(w->rt, on_turn, w);
    while (!w->is_ended) {
        int status = ops->await(w->rt, is_woken, w, limit_ms);
        if (status != RKMQ_OK) {
            rkmq__world_fail(w, true, "the run stands still at %.3f s",
                             (double)rkmq__world_now(w) / 1e6);
            break;
        }
        ops->call(w->rt, on_turn, w);
    }
    ops->call(w->rt, on_heal, w);
    (void)ops->await(w->rt, is_failed, w, w->sc->settle / 1000); /* ends by its timeout */
    ops->call(w->rt, on_end, w);
}

/* ---- closing ---- */

static void on_close(void *arg)
{
    struct rkmq_world *w = arg;
    rkmq__recorder_switch(&w->recorder, false);
    rkmq__timer_stop(w->env, &w->timer);
    rkmq__productions_close(w);
    for (size_t i = 0; w->actors && i < w->sc->n_actors; i++) {
        rkmq__actor_close(&w->actors[i]);
    }
}

static bool are_listeners_done(void *arg)
{
    struct rkmq_world *w = arg;
    bool is_done = true;
    for (size_t i = 0; w->actors && i < w->sc->n_actors; i++) {
        const struct rkmq_run_actor *actor = &w->actors[i];
        rkmq__actor_reap(&w->actors[i]);
        is_done = is_done && !(actor->ops->is_left && actor->ops->is_left(actor));
    }
    return is_done;
}

void rkmq__world_close(struct rkmq_world *w)
{
    if (w->rt && w->env) {
        w->rt->ops->call(w->rt, on_close, w);
        if (!w->sim) {
            (void)w->rt->ops->await(w->rt, are_listeners_done, w, RKMQ_NEVER);
        }
    }
    rkmq_mock_destroy(w->mock);
    if (w->sim) {
        rkmq_sim_destroy(w->sim);
    } else if (w->rt) {
        rkmq_live_destroy(w->rt);
    }
    rkmq__run_state_close(&w->state);
    rkmq__recorder_close(&w->recorder);
    rkmq__arena_close(&w->arena);
}
