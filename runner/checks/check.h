/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_CHECK_H
#define RKMQ_RUNNER_CHECK_H

/*
 * Checks that always run. A family is one file: it reads the finished log once, event by event, and
 * reports violations of its rules. The same code reads a log of a simulation, of TCP, or of a
 * foreign client: it uses the strongest evidence the log has and says which.
 */

#include "runner/event.h"

enum rkmq_evidence { RKMQ_EVIDENCE_W, RKMQ_EVIDENCE_L, RKMQ_EVIDENCE_H };
enum rkmq_verdict { RKMQ_PASS, RKMQ_FAIL, RKMQ_NON_STRICT, RKMQ_UNKNOWN };

/* X(id, family, what it says in one sentence) */
#define RKMQ_CHECK_TABLE(X)                                                                        \
    X(LOSS_1, loss, "every message is delivered, or waits in the retry topic or the DLQ")          \
    X(LOSS_2, loss, "the pulls of a queue leave no gap")                                           \
    X(LOSS_3, loss, "a new owner starts at or below the committed offset")                         \
    X(DUP_1, dup, "every duplicate has a cause and stays within its bound")                        \
    X(DUP_2, dup, "no duplicate without a cause in steady state")                                  \
    X(OWN_1, own,                                                                                  \
      "a queue has one live owner, but for a permitted overlap after a membership change")         \
    X(OWN_2, own, "with members there is no orphaned queue for long")                              \
    X(OWN_3, allot, "queues are divided as the allocator says")                                    \
    X(OWN_4, allot, "no queue moves when nothing changed")                                         \
    X(PULL_1, pull, "one pull in flight per client, group and queue")                              \
    X(PULL_2, pull, "no new pull and no late commit for a dropped queue")                          \
    X(PULL_3, pull, "the next pull asks for what the last answer named")                           \
    X(PULL_4, poll, "an empty queue is not polled more often than the long poll allows")           \
    X(PULL_5, poll, "an owned queue with backlog is pulled again in time")                         \
    X(FLOW_1, flow, "the cache of a queue stays within its limits and one batch")                  \
    X(FLOW_2, flow, "pulling goes on soon after the cache was drained")                            \
    X(OFF_1, off, "no commit beyond the lowest unfinished message")                                \
    X(OFF_2, off, "no negative commit, none beyond the end of the queue")                          \
    X(OFF_3, off, "commits of a queue do not go back")                                             \
    X(OFF_4, persist, "a dropped queue's offset is handed over")                                   \
    X(OFF_5, persist, "offsets are persisted in their rhythm")                                     \
    X(MEM_1, mem, "heartbeats reach every broker of the route in their rhythm")                    \
    X(MEM_2, mem, "a membership change is acted on at once")                                       \
    X(MEM_3, mem, "a clean stop unregisters everywhere, and nothing follows")                      \
    X(NS_1, ns, "routes are polled in their rhythm, without storms")                               \
    X(NS_2, ns, "a published route change is used in time")                                        \
    X(RATE_1, rate, "no client sends more requests of a kind than its budget")                     \
    X(WIRE_1, wire, "requests are well-formed: fields, opaque, answers")                           \
    X(LIFE_1, life, "a clean exit: drain, persist, unregister, close")                             \
    X(LIFE_2, life, "after a stop nothing is left")                                                \
    X(LIFE_3, life, "a stop returns within its limit")                                             \
    X(DET_1, det, "the same scenario and seed give the same log")                                  \
    X(LIVE_1, live, "after the last fault all queues are owned, drained and in rhythm")

enum rkmq_check_id {
#define X(id, family, text) RKMQ_CHECK_##id,
    RKMQ_CHECK_TABLE(X)
#undef X
        RKMQ_CHECK_COUNT
};

/* A client as its options make it. */
enum rkmq_check_allot { RKMQ_ALLOT_AVERAGELY, RKMQ_ALLOT_BY_CIRCLE, RKMQ_ALLOT_UNKNOWN };
struct rkmq_check_client {
    rkmq_name who; /* in the log's names */
    enum rkmq_check_allot allot;
    rkmq_ms heartbeat_ms, persist_ms, route_poll_ms, api_timeout_ms, await_termination_ms,
        pull_interval_ms;
    int threshold_count, span;
    bool has_small_bytes; /* its cache is limited by bytes, which the log does not tell */
    bool is_patient;      /* as the Java client: one name server a poll, a second between passes */
    const rkmq_name *topics; /* it subscribes to, its retry topic too */
    size_t n_topics;         /* 0: not known */
};

/* What the script knows and the log does not say by itself. */
struct rkmq_check_params {
    rkmq_ms overlap_max_ms, slack_ms;
    int pull_batch;
    const struct rkmq_check_client *clients; /* of the actors; any other has the defaults */
    size_t n_clients;
    bool excepted[RKMQ_CHECK_COUNT];
    const rkmq_us
        *regress_allowed_at; /* moments around which commits may fall back (broker lost state) */
    size_t n_regress_allowed_at;
};

struct rkmq_violation {
    enum rkmq_check_id check;
    bool is_strict;   /* else only a SHOULD */
    char text[240];   /* the rule's breach, with values */
    size_t events[4]; /* indices into the log; SIZE_MAX: unused */
};

struct rkmq_check_result {
    enum rkmq_verdict verdict[RKMQ_CHECK_COUNT]; /* UNKNOWN: nothing in the log it could judge */
    enum rkmq_evidence evidence[RKMQ_CHECK_COUNT];
    uint64_t judged[RKMQ_CHECK_COUNT]; /* how often the rule was applied */
    struct rkmq_violation
        *violations; /* RKMQ_VIOLATIONS_OF_ONE_MAX of each are kept, all counted */
    size_t n_violations, n_kept;
};
#define RKMQ_VIOLATIONS_OF_ONE_MAX 8 /* of one check: a flood of one hides no other */
#define RKMQ_VIOLATIONS_MAX (RKMQ_VIOLATIONS_OF_ONE_MAX * RKMQ_CHECK_COUNT)
/* The defaults of a push consumer. */
extern const struct rkmq_check_client rkmq__check_client_default;

/* Runs every family over the log. Owns: the caller closes the result. Errors: RKMQ_E_NOMEM. */
int rkmq__checks_run(const struct rkmq_event_log *log, const struct rkmq_check_params *params,
                     const struct rkmq_mem *mem, struct rkmq_check_result *out);
/*
 * DET-1: `again` is the log of the same scenario and seed. Adds to a result of rkmq__checks_run.
 * Errors: RKMQ_E_NOMEM.
 */
int rkmq__checks_same(const struct rkmq_event_log *log, const struct rkmq_event_log *again,
                      const struct rkmq_check_params *params, const struct rkmq_mem *mem,
                      struct rkmq_check_result *result);
void rkmq__check_result_close(struct rkmq_check_result *result, const struct rkmq_mem *mem);
const char *rkmq__check_name(enum rkmq_check_id id); /* "LOSS-1" */
const char *rkmq__check_text(enum rkmq_check_id id);

#endif
