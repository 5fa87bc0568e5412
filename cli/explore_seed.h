/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_EXPLORE_SEED_H
#define RKMQ_CLI_EXPLORE_SEED_H

/* One seed of rkmq explore: drawn, played, and when it fails made small. */

#include "runner/breach.h"
#include "runner/explore/explore.h"

#define CLI_EXPLORE_LIMIT_S 300 /* of real time for one seed, the shrinking included */

enum cli_explored_outcome {
    CLI_EXPLORED_PASSED,
    CLI_EXPLORED_FAILED,
    CLI_EXPLORED_UNKNOWN, /* something could not be judged */
    CLI_EXPLORED_HARNESS  /* it says nothing about the consumer */
};
struct cli_explored_facts {
    uint64_t seed, log_hash;
    enum cli_explored_outcome outcome;
    char rule[RKMQ_BREACH_NAME_BYTES]; /* that fails first; "" when none does */
    bool is_shrunk_whole;              /* nothing more could go */
    unsigned n_asked, n_steps_before, n_steps_after;
};
struct cli_explored {
    struct cli_explored_facts facts;
    struct rkmq_bytes text;     /* what the rule says */
    struct rkmq_bytes scenario; /* that fails by that rule; n 0: none */
};

/* Owns: the caller closes. */
void cli_explore_seed(struct cli_explored *out, uint64_t seed, enum rkmq_log_level log_level);
/* The worker that was at it is no more. */
void cli_explored_dead(struct cli_explored *out, uint64_t seed, const char *death);
void cli_explored_close(struct cli_explored *explored);
/* As bytes for the same program, and back. Errors of the second: RKMQ_E_PROTOCOL, RKMQ_E_NOMEM;
 * then there is nothing to close. */
void cli_explored_write(const struct cli_explored *explored, struct rkmq_bytes *out);
int cli_explored_read(struct cli_explored *out, struct rkmq_slice bytes);

#endif
