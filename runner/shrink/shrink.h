/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_SHRINK_H
#define RKMQ_RUNNER_SHRINK_H

/*
 * Makes a scenario that fails smaller for as long as it fails in the same way: delta debugging on
 * the tree of the file. It knows what of the format may be left out (rules.c) and nothing of runs:
 * whether a smaller one still fails is asked of the caller.
 *
 *     names    an actor, broker, name server, topic, group, and whatever names it
 *     parts    steps, actions, expectations, options: halves first, then one by one
 *     numbers  messages, queues, times of rules, costs: to the smallest, else by halves
 *     times    the gaps between steps; then round moments
 *
 * again and again until nothing more goes. What is no scenario any more is not asked about, and
 * nothing is asked twice. What must hold of a legal script stays: checks, what an expectation says,
 * what a fault rule matches and does, the steps whose ids the caller names.
 */

#include "runner/scenario.h"

struct rkmq_shrink_options {
    unsigned asks_max;             /* then what is reached by then is handed out */
    const char *const *kept_steps; /* prefixes of their ids, NULL at the end; may be NULL */
    rkmq_us quiet_until;           /* steps before it keep their times: the group comes up */
    /* `text` is a valid scenario: does it fail in that way? */
    bool (*fails)(void *user, struct rkmq_slice text);
    /* True: the caller's time is up, as if asks_max were reached. May be NULL. */
    bool (*is_enough)(void *user);
    void *user;
};
struct rkmq_shrink_result {
    unsigned n_asked;
    bool is_done; /* nothing more can go; else a limit was reached */
    size_t n_steps_before, n_steps_after;
};

/*
 * Appends the smaller scenario in its canonical form, laid out for people. Same text and answers,
 * same result. Errors: RKMQ_E_NOMEM, RKMQ_E_INVALID `text` is refused or does not fail.
 */
int rkmq__shrink(struct rkmq_slice text, const struct rkmq_shrink_options *o,
                 const struct rkmq_mem *mem, struct rkmq_bytes *out,
                 struct rkmq_shrink_result *result, struct rkmq_err *err);

#endif
