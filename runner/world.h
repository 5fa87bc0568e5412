/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_WORLD_H
#define RKMQ_RUNNER_WORLD_H

/*
 * One run of one scenario: a cluster, the actors, the script, the log.
 *
 * The script acts between events, on the loop thread: `turn` does what is due and arms a timer for
 * what comes next; the recorder wakes it when a row makes a `when` true. So the same script runs on
 * virtual time and on TCP, and an action may crash a host or take a server down.
 *
 *     open -> [turn, wait]* until the end -> heal -> settle -> close
 */

#include "consumer/core/producer.h"
#include "consumer/core/push_consumer.h"
#include "mockbroker/cluster.h"
#include "runner/expect.h"
#include "runner/record.h"
#include <rkmq/sim.h>

struct rkmq_world;

/* ---- actors: actor.c, and one file a kind ---- */

struct rkmq_run_actor;
struct rkmq_run_testee;

struct rkmq_actor_ops {                                   /* reap, pause and is_left may be NULL */
    bool (*is_there)(const struct rkmq_run_actor *actor); /* from its start to its end */
    int (*start)(struct rkmq_run_actor *actor, struct rkmq_err *err);
    void (*stop)(struct rkmq_run_actor *actor);
    int (*crash)(struct rkmq_run_actor *actor, enum rkmq_crash_how how, struct rkmq_err *err);
    void (*pause)(struct rkmq_run_actor *actor, bool is_paused);
    void (*reap)(struct rkmq_run_actor *actor);
    void (*close)(struct rkmq_run_actor *actor);
    bool (*is_left)(const struct rkmq_run_actor *actor); /* something of it, after close */
};
extern const struct rkmq_actor_ops rkmq__actor_push_ops, rkmq__actor_producer_ops,
    rkmq__actor_testee_ops;

struct rkmq_run_actor {
    struct rkmq_world *world;
    const struct rkmq_actor *spec;
    const struct rkmq_actor_ops *ops;
    char *host; /* its name, NUL-terminated */
    rkmq_name who, group;
    const struct rkmq_env *env;
    const struct rkmq_listener *_Atomic listener; /* workers read it */
    struct rkmq_push_impl *push;                  /* from start to the end of stop */
    struct rkmq_push_impl *leftovers[8];          /* crashed on TCP: listeners may still run */
    struct rkmq_producer_impl *producer;
    struct rkmq_run_testee *testee; /* of a foreign client; lives as long as the world */
    struct rkmq_slice client_id;    /* ... as far as it is known */
    uint32_t line;                  /* of the action that was done to it last; 0: none */
    bool is_over;                   /* push: stopped or failed; freed at the next turn */
    bool is_stop_wanted, is_starting;
};

/* Errors: RKMQ_E_NOMEM, or why the options are refused. What fails later is told by a row. */
int rkmq__actor_start(struct rkmq_run_actor *actor, struct rkmq_err *err);
void rkmq__actor_stop(struct rkmq_run_actor *actor);
/* Errors: RKMQ_E_NOMEM, RKMQ_E_INVALID this ground cannot do it, RKMQ_E_LIMIT it did so often. */
int rkmq__actor_crash(struct rkmq_run_actor *actor, enum rkmq_crash_how how, struct rkmq_err *err);
void rkmq__actor_pause(struct rkmq_run_actor *actor, bool is_paused);
/* Frees what is over. */
void rkmq__actor_reap(struct rkmq_run_actor *actor);
/* Lets go of everything, without a word on the wire. */
void rkmq__actor_close(struct rkmq_run_actor *actor);

/* For the kinds: a row about the actor; its start has come to this. */
void rkmq__actor_tell(struct rkmq_run_actor *actor, enum rkmq_event_kind kind, int status);
void rkmq__actor_started(struct rkmq_run_actor *actor, int status, const char *why);

/* actor_testee.c: the process of an actor, before the run begins. Errors: as rkmq__testee_create.
 */
int rkmq__actor_testee_open(struct rkmq_run_actor *actor, struct rkmq_err *err);
bool rkmq__actor_testee_is_ready(const struct rkmq_run_actor *actor);
/* rkmq_recorder.owner_of: whose testee has the other end of a server's connection; 0: nobody's. */
rkmq_name rkmq__actor_of_socket(void *user, const char *server, const char *peer);

/* listener.c: how a call ends (enum rkmq_listener_result), and how long it takes. Thread: any. */
int rkmq__listener_then(const struct rkmq_world *w, const struct rkmq_listener *listener,
                        const struct rkmq_listener_call *call, rkmq_us *cost);

/* A produce action under way. */
struct rkmq_production {
    struct rkmq_list link; /* in world->productions */
    struct rkmq_run_actor *actor;
    const struct rkmq_produce *spec;
    rkmq_us begun_at;
    int64_t n_sent, n_total;
    struct rkmq_timer timer;
};
/* Errors: RKMQ_E_NOMEM, or why the producer cannot start. */
int rkmq__production_begin(struct rkmq_world *w, const struct rkmq_produce *spec,
                           struct rkmq_err *err);
void rkmq__productions_close(struct rkmq_world *w);

/* ---- the script: driver.c ---- */

struct rkmq_run_step {
    rkmq_us begun_at; /* first; -1: not yet */
    rkmq_us armed_at; /* WHEN: since the step before began; -1: not yet */
    rkmq_us next_at;  /* EVERY */
    int64_t n_runs, n_seen;
    bool is_held; /* WHEN a state: it held at the last look */
    bool is_due;  /* WHEN: it has come */
};

/* ---- the whole ---- */

struct rkmq_run_options {
    enum rkmq_ground ground;
    uint64_t seed;
    bool is_twice;      /* SIM: once more with the same seed, for DET-1 */
    const char *client; /* command of the testee that plays push actors; NULL: our consumer */
    rkmq_ms client_timeout_ms; /* how long it may take for an answer */
    enum rkmq_log_level log_level;
    rkmq_log_fn *log;
    void *log_user;
};

struct rkmq_world {
    const struct rkmq_scenario *sc;
    struct rkmq_run_options o;
    const struct rkmq_mem *mem;
    struct rkmq_arena arena;
    struct rkmq_sim *sim; /* NULL on TCP */
    struct rkmq_runtime *rt;
    struct rkmq_mock *mock;
    const struct rkmq_env *env; /* of host "runner" */
    rkmq_us started_us;         /* on the runtime's clock */
    rkmq_us ended_us;           /* since then, with its settling */
    bool is_up;                 /* the run has begun */

    struct rkmq_recorder recorder;
    const rkmq_name *of_word;
    struct rkmq_run_state state; /* up to the last row */
    struct rkmq_moment_table moments;
    struct rkmq_run_actor *actors;
    struct rkmq_list productions;
    enum rkmq_broker_keep keeps[RKMQ_SCENARIO_BROKERS_MAX]; /* what a broker that is down kept */

    struct rkmq_run_step *steps;
    struct rkmq_timer timer;
    bool is_woken, is_ended; /* ended: the script is over */
    char failure[300];       /* of the script or the harness; "": none */
    bool is_harness_failure;
};

int rkmq__world_open(struct rkmq_world *w, const struct rkmq_scenario *sc,
                     const struct rkmq_run_options *o, const struct rkmq_mem *mem,
                     struct rkmq_err *err);
/* Plays script, healing and settling. */
void rkmq__world_play(struct rkmq_world *w);
void rkmq__world_close(struct rkmq_world *w);
/* Time since the start of the run. */
rkmq_us rkmq__world_now(const struct rkmq_world *w);
/* For a timer, which is never early: rounded up. */
rkmq_ms rkmq__ms_to_wait(rkmq_us us);
/* The verdict is failed; only the first reason is kept. A harness that failed ends the run. */
void rkmq__world_fail(struct rkmq_world *w, bool is_harness, const char *fmt, ...)
    RKMQ_PRINTF(3, 4);

/* driver.c */
int rkmq__driver_init(struct rkmq_world *w);
void rkmq__driver_turn(struct rkmq_world *w);
/* A row came: rkmq_recorder.on_row. */
void rkmq__driver_row(void *user, const struct rkmq_event *row);
/* lie_members.c: appends the body a broker answers GET_CONSUMER_LIST_BY_GROUP with; WITHOUT and
 * FREEZE begin with who is a member now, EMPTY names none. Errors: RKMQ_E_NOMEM, RKMQ_E_STATE an
 * actor has no client id yet. */
int rkmq__lie_members(struct rkmq_world *w, const struct rkmq_members_lie *lie, size_t broker,
                      struct rkmq_bytes *body, struct rkmq_err *err);
/* action.c: does one action now. */
void rkmq__action_do(struct rkmq_world *w, const struct rkmq_action *action);
void rkmq__fault_begin(struct rkmq_world *w, const struct rkmq_fault_rule *rule, uint32_t line);
/* Ends every fault, cut and lie of the script. */
void rkmq__world_heal(struct rkmq_world *w);

#endif
