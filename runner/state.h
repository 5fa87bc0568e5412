/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_STATE_H
#define RKMQ_RUNNER_STATE_H

/*
 * What the rows of a log say so far: who owns which queue, how far queues are written and
 * committed, who runs. Fed row by row, while a run goes on (for `when`) and again afterwards (for
 * `expect`).
 *
 * Ownership is what our consumer says (pq-add, pq-drop). Of a client that says nothing it is what
 * it pulls: who asks for a queue has it, until another one comes to ask for it and goes on, and it
 * does not. A member that stopped or crashed owns nothing.
 */

#include "runner/scenario.h"

#define RKMQ_ACTOR_WORDS (RKMQ_SCENARIO_ACTORS_MAX / 64)

struct rkmq_owners { /* a set of actors */
    uint64_t bits[RKMQ_ACTOR_WORDS];
};
struct rkmq_asker { /* a member without hooks that pulled the queue */
    struct rkmq_asker *next;
    int32_t actor;
    rkmq_us asked_at; /* last */
};
struct rkmq_group_queue {
    int64_t committed; /* -1: nothing yet */
    struct rkmq_owners owners;
    struct rkmq_asker *askers;
};
struct rkmq_run_queue {
    int32_t topic, broker, queue_id;
    bool is_there; /* the broker has it now */
    int64_t max_offset;
    struct rkmq_group_queue *groups; /* n_groups */
};
struct rkmq_run_member {
    bool is_running;
    bool has_hooks; /* it says which queues it has */
    rkmq_us started_at;
    rkmq_us *heartbeat_at; /* per broker; -1: never */
};
struct rkmq_run_state {
    const struct rkmq_scenario *sc;
    struct rkmq_arena arena;
    const rkmq_name *of_word;      /* n_words: how the log calls them */
    struct rkmq_run_queue *queues; /* by topic, broker, number; declared topics only */
    size_t n_queues;
    size_t *first_queue;             /* [topic * n_brokers + broker] -> index into queues */
    struct rkmq_run_member *members; /* per actor */
    bool *is_broker_up;
    rkmq_us now; /* of the row that came last */
};

/* Interns every word of the scenario in `log`. Errors: RKMQ_E_NOMEM. */
int rkmq__words_intern(const struct rkmq_scenario *sc, struct rkmq_event_log *log,
                       struct rkmq_arena *arena, const rkmq_name **out);
/* `of_word` outlives the state. Errors: RKMQ_E_NOMEM. */
int rkmq__run_state_init(struct rkmq_run_state *st, const struct rkmq_scenario *sc,
                         const rkmq_name *of_word, const struct rkmq_mem *mem);
void rkmq__run_state_close(struct rkmq_run_state *st);
void rkmq__run_state_apply(struct rkmq_run_state *st, const struct rkmq_event *row);

/* A test that is not set passes everything. */
bool rkmq__int_passes(const struct rkmq_int_test *test, int64_t value);
bool rkmq__state_holds(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred);
bool rkmq__event_matches(const struct rkmq_run_state *st, const struct rkmq_event_pred *pred,
                         const struct rkmq_event *row);
/* "T: c1 owns broker-a/0 broker-a/1, c2 nothing": for a verdict that failed. */
void rkmq__run_state_describe(const struct rkmq_run_state *st, const struct rkmq_state_pred *pred,
                              struct rkmq_bytes *out);

#endif
