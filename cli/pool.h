/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_POOL_H
#define RKMQ_CLI_POOL_H

/*
 * Numbered pieces of work, spread over processes. A worker is a fork of this process: it has
 * everything that was here when the pool began, and answers with bytes. Results are handed out in
 * order of number, so that what is printed does not depend on how many workers there are.
 *
 * A worker that dies takes the piece it was at with it, and no other: a new one goes on with the
 * next. With one job the pieces are done in this process, so that a debugger sees them.
 */

#include "cli/cli.h"
#include "remoting/base/containers.h"

#define CLI_POOL_JOBS_MAX 256
#define CLI_POOL_AHEAD_MAX 64 /* pieces per worker that may be done before an earlier one is */

struct cli_pool_result {
    uint64_t number;
    struct rkmq_slice out; /* borrowed for the call; empty when the worker died */
    int signal;            /* what it died of; 0: it did not */
    int exit_code;         /* of a worker that ended instead of answering; 0: it did not */
};

struct cli_pool {
    unsigned n_jobs;
    uint64_t n_pieces;
    unsigned limit_s; /* a piece that takes longer is ended by SIGALRM, with two jobs or more; 0 */
    /* In a worker. Nothing may be printed: stdout belongs to the process that began. */
    void (*work)(void *user, uint64_t number, struct rkmq_bytes *out);
    /* In this process, in order of number. False: enough, the rest is not done. */
    bool (*done)(void *user, const struct cli_pool_result *result);
    void *user;
};

/* Errors: RKMQ_E_IO (no pipe, no process), RKMQ_E_NOMEM. */
int cli_pool_run(const struct cli_pool *pool);
/* How many processors this process may use. */
unsigned cli_pool_cores(void);
/* "died of signal 6 (Aborted)", "took longer than 60 s", "ended with code 3". */
#define CLI_POOL_DEATH_BYTES 80
void cli_pool_death(const struct cli_pool *pool, const struct cli_pool_result *result,
                    char out[CLI_POOL_DEATH_BYTES]);

#endif
