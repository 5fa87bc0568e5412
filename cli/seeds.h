/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_SEEDS_H
#define RKMQ_CLI_SEEDS_H

#include "remoting/base/containers.h"

/* Exit codes beside CLI_EXIT_OK of commands that play runs. */
enum cli_exit_of_runs {
    CLI_EXIT_FOUND = 1,   /* a run fails */
    CLI_EXIT_UNKNOWN = 2, /* a run cannot be judged */
    CLI_EXIT_BAD = 3,     /* a scenario or the command line is refused, or there is none */
    CLI_EXIT_HARNESS = 4  /* a run says nothing about the client */
};

/* "7" or "1..50". Errors, said on stderr for `command`: RKMQ_E_INVALID. */
struct cli_seeds {
    uint64_t first, n;
};
int cli_seeds_read(const char *command, const char *text, struct cli_seeds *out);

/* Appends a word so that a shell reads it as one. */
void cli_shell_word(struct rkmq_bytes *out, const char *word);

#endif
