/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Push actors that are played by somebody else's client, in a process of its own.
 *
 *     BOOTING --ready--> IDLE --start--> STARTING --started--> RUNNING --stop--> STOPPING
 *                          ^ <---failed, refused---'                                |
 *                          '------------------------------stopped------------------'
 *
 * A start may be asked for while it still boots; it comes when it is ready. A crash ends the
 * process, whatever it is at, and the next one boots at once, so that a start finds it ready. A
 * process that ends by itself, breaks the protocol or does not answer in time fails the harness:
 * it says nothing about the client.
 */
#include <stdlib.h>

#include "runner/testee.h"
#include "runner/testee_text.h"
#include "runner/world.h"

#define CALLS_MAX 4096 /* listener calls under way */

enum testee_state {
    TESTEE_BOOTING,
    TESTEE_IDLE,
    TESTEE_STARTING,
    TESTEE_RUNNING,
    TESTEE_STOPPING,
    TESTEE_OVER
};

struct testee_call { /* a listener call that waits for its end */
    struct rkmq_list link;
    struct rkmq_run_testee *testee;
    struct rkmq_arena arena; /* owns the texts */
    struct rkmq_listener_call call;
    int64_t number;
    int then;
    struct rkmq_timer timer;
};

struct rkmq_run_testee {
    struct rkmq_run_actor *actor;
    struct rkmq_testee *process;
    struct rkmq_testee *silent; /* the one before it, which crashed without a word; NULL: none */
    enum testee_state state;
    bool is_ready, was_started; /* the process */
    struct rkmq_list calls;     /* in the order in which they came */
    size_t n_calls;
    const char *awaited; /* the answer that is due; NULL: none */
    struct rkmq_timer deadline;
};

/* ---- words ---- */

static const struct rkmq_env *env_of(const struct rkmq_run_testee *t)
{
    return t->actor->world->env;
}

static void testee_fail(struct rkmq_run_testee *t, const char *why)
{
    struct rkmq_world *w = t->actor->world;
    t->state = TESTEE_OVER;
    rkmq__timer_stop(env_of(t), &t->deadline);
    if (t->actor->line > 0) {
        rkmq__world_fail(w, true, "client of %s, last told by line %u: %s", t->actor->host,
                         t->actor->line, why);
    } else {
        rkmq__world_fail(w, true, "client of %s: %s", t->actor->host, why);
    }
    w->is_woken = true;
}

static void testee_await(struct rkmq_run_testee *t, const char *what)
{
    t->awaited = what;
    rkmq__timer_in(env_of(t), &t->deadline, t->actor->world->o.client_timeout_ms);
}

static void testee_answered(struct rkmq_run_testee *t, enum testee_state next)
{
    t->state = next;
    t->awaited = NULL;
    rkmq__timer_stop(env_of(t), &t->deadline);
}

static void deadline_passed(struct rkmq_timer *timer)
{
    struct rkmq_run_testee *t = RKMQ_CONTAINER_OF(timer, struct rkmq_run_testee, deadline);
    rkmq__testee_break(t->process, "it did not say \"%s\" within %.1f s", t->awaited,
                       (double)t->actor->world->o.client_timeout_ms / 1e3);
}

static void tell(struct rkmq_run_testee *t, void (*write)(struct rkmq_bytes *out, const void *arg),
                 const void *arg)
{
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, t->actor->world->mem);
    write(&line, arg);
    if (!line.is_failed) { /* else: its answer is missed */
        rkmq__testee_send(t->process, rkmq__bytes_slice(&line));
    }
    rkmq__bytes_close(&line);
}

static void write_do(struct rkmq_bytes *out, const void *arg)
{
    rkmq__testee_write_do(out, arg);
}

static void write_start(struct rkmq_bytes *out, const void *arg)
{
    const struct rkmq_run_testee *t = arg;
    const struct rkmq_world *w = t->actor->world;
    rkmq__testee_write_start(out, w->sc, t->actor->spec, rkmq_mock_namesrv_addr(w->mock));
}

static void write_return(struct rkmq_bytes *out, const void *arg)
{
    const struct testee_call *c = arg;
    rkmq__testee_write_return(out, c->number, c->then);
}

/* ---- listener calls ---- */

static void call_free(struct testee_call *c)
{
    struct rkmq_run_testee *t = c->testee;
    rkmq__timer_stop(env_of(t), &c->timer);
    rkmq__list_remove(&c->link);
    t->n_calls--;
    rkmq__arena_close(&c->arena);
    rkmq__free(t->actor->world->mem, c);
}

/* Whoever crashed does not come to their end. */
static void calls_drop(struct rkmq_run_testee *t)
{
    RKMQ_LIST_EACH (it, &t->calls) {
        call_free(RKMQ_CONTAINER_OF(it, struct testee_call, link));
    }
}

/* The row comes first: what the client does upon its return comes later, in the log too. */
static void call_end(struct rkmq_timer *timer)
{
    struct testee_call *c = RKMQ_CONTAINER_OF(timer, struct testee_call, timer);
    rkmq__recorder_listener_end(&c->testee->actor->world->recorder, &c->call, c->then);
    tell(c->testee, write_return, c);
    call_free(c);
}

static void said_get(const void *msgs, size_t i, struct rkmq_msg_view *out)
{
    *out = ((const struct rkmq_msg_view *)msgs)[i];
}

static bool is_under_way(const struct rkmq_run_testee *t, int64_t number)
{
    RKMQ_LIST_EACH (it, &t->calls) {
        if (RKMQ_CONTAINER_OF(it, struct testee_call, link)->number == number) {
            return true;
        }
    }
    return false;
}

/* Takes the arena. */
static void call_begin(struct rkmq_run_testee *t, const struct rkmq_testee_said *said,
                       struct rkmq_arena *take_arena)
{
    struct rkmq_world *w = t->actor->world;
    struct testee_call *c = rkmq__zalloc(w->mem, sizeof *c);
    rkmq_us cost;
    if (!c) {
        rkmq__arena_close(take_arena);
        rkmq__testee_break(t->process, "out of memory");
        return;
    }
    *c = (struct testee_call){.testee = t, .arena = *take_arena, .number = said->call};
    c->call = (struct rkmq_listener_call){.who = t->actor->who,
                                          .group = t->actor->group,
                                          .topic = said->topic,
                                          .broker_name = said->broker_name,
                                          .queue_id = said->queue_id,
                                          .msgs = said->msgs,
                                          .n = said->n_msgs,
                                          .get = said_get};
    c->then = rkmq__listener_then(w, atomic_load(&t->actor->listener), &c->call, &cost);
    c->timer.fire = call_end;
    rkmq__list_push_back(&t->calls, &c->link);
    t->n_calls++;
    rkmq__recorder_listener_begin(&w->recorder, &c->call);
    if (cost > 0) {
        rkmq__timer_in(env_of(t), &c->timer, rkmq__ms_to_wait(cost));
    } else {
        call_end(&c->timer);
    }
}

/* ---- what it says ---- */

static void said_refused(struct rkmq_run_testee *t, const struct rkmq_testee_said *said)
{
    char why[RKMQ_TESTEE_WHY_BYTES];
    (void)snprintf(why, sizeof why, "it cannot %.*s as the script wants: %.*s",
                   RKMQ_SLICE_ARG(said->what), RKMQ_SLICE_ARG(said->why)); /* a longer one is cut */
    testee_fail(t, why);
}

static void said_failed(struct rkmq_run_testee *t, const struct rkmq_testee_said *said)
{
    char why[RKMQ_TESTEE_WHY_BYTES];
    (void)snprintf(why, sizeof why, "%.*s", RKMQ_SLICE_ARG(said->why)); /* a longer one is cut */
    testee_answered(t, TESTEE_IDLE);
    rkmq__actor_started(t->actor, RKMQ_E_STATE, why);
}

static void said_started(struct rkmq_run_testee *t, const struct rkmq_testee_said *said)
{
    struct rkmq_run_actor *actor = t->actor;
    struct rkmq_slice id;
    if (said->client_id.n > 0 &&
        rkmq__arena_copy(&actor->world->arena, said->client_id, &id) == RKMQ_OK) {
        actor->client_id = id;
        /* Out of memory: as above, it is known by its connections. */
        (void)rkmq__recorder_peer(&actor->world->recorder, (const char *)id.p, actor->who);
    }
    testee_answered(t, TESTEE_RUNNING);
    rkmq__actor_started(actor, RKMQ_OK, "");
}

static void said_ready(struct rkmq_run_testee *t, const struct rkmq_testee_said *said)
{
    rkmq_log_info(env_of(t), t->actor->host, "client %.*s %.*s is ready",
                  RKMQ_SLICE_ARG(said->client), RKMQ_SLICE_ARG(said->version));
    t->is_ready = true;
    if (t->state == TESTEE_BOOTING) {
        testee_answered(t, TESTEE_IDLE);
    }
}

/* What may be said, and when. */
static bool is_expected(const struct rkmq_run_testee *t, const struct rkmq_testee_said *said)
{
    switch (said->kind) {
    case RKMQ_TESTEE_READY:
        return !t->is_ready;
    case RKMQ_TESTEE_STARTED:
    case RKMQ_TESTEE_FAILED:
        return t->is_ready && t->state == TESTEE_STARTING;
    case RKMQ_TESTEE_STOPPED:
        return t->state == TESTEE_STOPPING;
    case RKMQ_TESTEE_REFUSED:
        return t->was_started;
    case RKMQ_TESTEE_LISTENER_BEGIN:
        return t->is_ready && t->was_started && t->n_calls < CALLS_MAX &&
               !is_under_way(t, said->call);
    }
    return false;
}

static void line_obey(struct rkmq_run_testee *t, const struct rkmq_testee_said *said,
                      struct rkmq_arena *arena)
{
    switch (said->kind) {
    case RKMQ_TESTEE_READY:
        said_ready(t, said);
        break;
    case RKMQ_TESTEE_STARTED:
        said_started(t, said);
        break;
    case RKMQ_TESTEE_FAILED:
        said_failed(t, said);
        break;
    case RKMQ_TESTEE_REFUSED:
        said_refused(t, said);
        break;
    case RKMQ_TESTEE_STOPPED:
        testee_answered(t, TESTEE_IDLE);
        rkmq__actor_tell(t->actor, RKMQ_EV_ACTOR_STOPPED, RKMQ_OK);
        break;
    case RKMQ_TESTEE_LISTENER_BEGIN:
        call_begin(t, said, arena);
        rkmq__arena_init(arena, t->actor->world->mem); /* the call has it */
        break;
    }
}

static void on_line(void *owner, struct rkmq_slice line)
{
    struct rkmq_run_testee *t = owner;
    struct rkmq_testee_said said;
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    int shown = (int)(line.n < 60 ? line.n : 60);
    rkmq__arena_init(&arena, t->actor->world->mem);
    if (rkmq__arena_copy(&arena, line, &line) != RKMQ_OK) {
        rkmq__testee_break(t->process, "out of memory");
    } else if (rkmq__testee_read(line, &arena, &said, &err) != RKMQ_OK) {
        rkmq__testee_break(t->process, "it says what is not in the protocol: %s: %.*s", err.text,
                           shown, (const char *)line.p);
    } else if (!is_expected(t, &said)) {
        rkmq__testee_break(t->process, "it says what nobody waits for: %.*s", shown,
                           (const char *)line.p);
    } else {
        line_obey(t, &said, &arena);
    }
    rkmq__arena_close(&arena);
}

static void on_ended(void *owner, const char *why)
{
    testee_fail(owner, why);
}

static const struct rkmq_testee_events EVENTS = {.line = on_line, .ended = on_ended};

/* ---- its process ---- */

static int process_begin(struct rkmq_run_testee *t, struct rkmq_err *err)
{
    struct rkmq_world *w = t->actor->world;
    t->state = TESTEE_BOOTING;
    t->is_ready = t->was_started = false;
    int status =
        rkmq__testee_create(&t->process, w->rt, t->actor->host, w->o.client, &EVENTS, t, err);
    if (status == RKMQ_OK) {
        testee_await(t, "ready");
    }
    return status;
}

static void process_end(struct rkmq_run_testee *t)
{
    rkmq__timer_stop(env_of(t), &t->deadline);
    calls_drop(t);
    rkmq__testee_destroy(t->process);
    t->process = NULL;
}

int rkmq__actor_testee_open(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    struct rkmq_run_testee *t = rkmq__arena_zalloc(&actor->world->arena, sizeof *t);
    if (!t) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    t->actor = actor;
    t->deadline.fire = deadline_passed;
    rkmq__list_init(&t->calls);
    actor->testee = t;
    actor->client_id = actor->spec->client_id;
    return process_begin(t, err);
}

bool rkmq__actor_testee_is_ready(const struct rkmq_run_actor *actor)
{
    return actor->testee && actor->testee->is_ready;
}

static bool testee_is_there(const struct rkmq_run_actor *actor)
{
    return actor->testee->state >= TESTEE_STARTING && actor->testee->state <= TESTEE_STOPPING;
}

static int testee_start(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    struct rkmq_run_testee *t = actor->testee;
    struct rkmq_slice id = actor->spec->client_id;
    if (t->state == TESTEE_OVER) {
        return rkmq__err_set(err, RKMQ_E_STATE, "its client has failed");
    }
    /* Until it has said its first word on a connection, others may be told of it. */
    if (id.n > 0 &&
        rkmq__recorder_peer(&actor->world->recorder, (const char *)id.p, actor->who) != RKMQ_OK) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    rkmq__testee_destroy(t->silent); /* its machine is back: its connections are no more */
    t->silent = NULL;
    actor->is_stop_wanted = false;
    actor->is_starting = true;
    t->state = TESTEE_STARTING;
    t->was_started = true;
    tell(t, write_start, t);
    testee_await(t, "started");
    return RKMQ_OK;
}

static void testee_stop(struct rkmq_run_actor *actor)
{
    struct rkmq_run_testee *t = actor->testee;
    if (t->state == TESTEE_RUNNING) {
        rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STOP, 0);
        t->state = TESTEE_STOPPING;
        tell(t, write_do, "stop");
        testee_await(t, "stopped");
    }
}

static void testee_pause(struct rkmq_run_actor *actor, bool is_paused)
{
    tell(actor->testee, write_do, is_paused ? "pause" : "resume");
}

static bool is_actors(void *user, const char *server, const char *peer)
{
    const struct rkmq_run_actor *actor = user;
    return strcmp(rkmq__recorder_peer_name(&actor->world->recorder, server, peer, ""),
                  actor->host) == 0;
}

static int testee_crash(struct rkmq_run_actor *actor, enum rkmq_crash_how how, struct rkmq_err *err)
{
    struct rkmq_run_testee *t = actor->testee;
    if (!testee_is_there(actor)) {
        return RKMQ_OK; /* nothing of it is on the wire */
    }
    if (how == RKMQ_CRASH_SILENT) {
        rkmq__testee_silence(t->process);
        t->silent = t->process;
        t->process = NULL;
    } else if (how == RKMQ_CRASH_RST) {
        rkmq__testee_silence(t->process); /* it shall not answer the resets */
        rkmq__cluster_reset(actor->world->mock, is_actors, actor);
    }
    process_end(t);
    return process_begin(t, err);
}

static void testee_close(struct rkmq_run_actor *actor)
{
    struct rkmq_run_testee *t = actor->testee;
    if (!t) {
        return; /* the world did not come to it */
    }
    process_end(t);
    rkmq__testee_destroy(t->silent);
}

const struct rkmq_actor_ops rkmq__actor_testee_ops = {.is_there = testee_is_there,
                                                      .start = testee_start,
                                                      .stop = testee_stop,
                                                      .crash = testee_crash,
                                                      .pause = testee_pause,
                                                      .close = testee_close};

/* ---- whose connection is it? ---- */

static unsigned port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static const char *address_of(const struct rkmq_mock *m, const char *server)
{
    for (unsigned i = 0; i < m->n_namesrvs; i++) {
        if (strcmp(m->namesrvs[i].name, server) == 0) {
            return m->namesrvs[i].addr;
        }
    }
    for (unsigned i = 0; i < m->n_brokers; i++) {
        if (strcmp(m->brokers[i].name, server) == 0) {
            return m->brokers[i].addr;
        }
    }
    return "";
}

rkmq_name rkmq__actor_of_socket(void *user, const char *server, const char *peer)
{
    const struct rkmq_world *w = user;
    pid_t groups[RKMQ_SCENARIO_ACTORS_MAX];
    const struct rkmq_run_actor *actors[RKMQ_SCENARIO_ACTORS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < w->sc->n_actors; i++) {
        const struct rkmq_run_testee *t = w->actors[i].testee;
        if (t && t->process) {
            groups[n] = t->process->pid;
            actors[n++] = &w->actors[i];
        }
    }
    pid_t group =
        rkmq__testee_of_socket(groups, n, port_of(peer), port_of(address_of(w->mock, server)));
    for (size_t i = 0; i < n; i++) {
        if (group != 0 && groups[i] == group) {
            return actors[i]->who;
        }
    }
    return 0;
}
