/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_RUN_H
#define RKMQ_RUNNER_RUN_H

/* One scenario, played and judged. */

#include "runner/checks/check.h"
#include "runner/expect.h"
#include "runner/world.h"

struct rkmq_run_result {
    enum rkmq_verdict verdict;          /* the worst of what follows */
    bool is_harness_failure;            /* the run says nothing about the client */
    char failure[300];                  /* why the script did not come to its end; "": it did */
    struct rkmq_expect_result *expects; /* sc->n_expects */
    struct rkmq_check_result checks;
    uint64_t log_hash;
    size_t n_events;
    rkmq_us ended_at;
    const struct rkmq_mem *mem;
};

/* Sees the log before it goes; may be NULL. */
typedef void rkmq_run_log_fn(void *user, const struct rkmq_world *w,
                             const struct rkmq_run_result *result);

/*
 * Plays `sc`, which must be possible there, and judges it. Owns: the caller closes the result,
 * whatever is returned. Errors, which are the harness's: RKMQ_E_NOMEM, RKMQ_E_IO, RKMQ_E_INVALID
 * (err says what).
 */
int rkmq__run(struct rkmq_run_result *result, const struct rkmq_scenario *sc,
              const struct rkmq_run_options *o, const struct rkmq_mem *mem, rkmq_run_log_fn *on_log,
              void *user, struct rkmq_err *err);
/*
 * The script can be played there; if not, `why` says the line: it waits for what a foreign client
 * does not tell, or silences who shares a process with the servers. `is_foreign`: a testee plays
 * the push actors.
 */
#define RKMQ_RUN_WHY_BYTES 128
bool rkmq__run_is_possible(const struct rkmq_scenario *sc, enum rkmq_ground ground, bool is_foreign,
                           char why[RKMQ_RUN_WHY_BYTES]);
void rkmq__run_result_close(struct rkmq_run_result *result);

#endif
