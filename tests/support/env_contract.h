/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_ENV_CONTRACT_H
#define RKMQ_TEST_ENV_CONTRACT_H

#include <rkmq/runtime.h>

/*
 * What rkmq/env.h promises, once, for every runtime. A test program makes a runtime, runs each
 * case on it, and destroys it. The cases play both a server (host "a") and a client (host "b").
 */
struct env_contract_case {
    const char *name;
    void (*run)(struct rkmq_runtime *rt);
};
extern const struct env_contract_case ENV_CONTRACT_CASES[]; /* ends with a NULL name */

/* ---- the cases: connections (env_contract_conn.c), timers (_clock), jobs (_jobs) ---- */

#define ENV_CONTRACT(X)                                                                            \
    X(echoes)                                                                                      \
    X(sends_before_it_is_open)                                                                     \
    X(carries_16_mib)                                                                              \
    X(refuses_above_the_high_mark)                                                                 \
    X(close_flushes)                                                                               \
    X(reset_is_seen)                                                                               \
    X(close_in_an_event)                                                                           \
    X(nobody_listens)                                                                              \
    X(close_while_dialling)                                                                        \
    X(name_that_does_not_resolve)                                                                  \
    X(name_that_resolves)                                                                          \
    X(addresses_that_cannot_be)                                                                    \
    X(timers_in_order)                                                                             \
    X(timer_that_never_fires)                                                                      \
    X(jobs_run_once)                                                                               \
    X(pools_that_cannot_be)                                                                        \
    X(calls_nest_and_waits_do_not)                                                                 \
    X(await_ends_in_time)

#define X(name) void env_contract_##name(struct rkmq_runtime *rt);
ENV_CONTRACT(X)
#undef X

/* Wide enough for a loaded machine; a case that holds never waits for it. */
#define ENV_CONTRACT_DEADLINE_MS 60000

#endif
