/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_PROGRESS_H
#define RKMQ_CLI_PROGRESS_H

/*
 * How far a long piece of work is: one line on stderr that the next one overwrites. Only on a
 * terminal, a few times a second; in a pipe there is nothing.
 */

#include "cli/cli.h"

struct cli_progress {
    bool is_on, is_shown; /* on: stderr is a terminal; shown: a line stands there */
    double begun_s, shown_s;
};
/* `is_quiet`: never show anything. */
void cli_progress_init(struct cli_progress *p, bool is_quiet);
/* "120/400 runs, 2 failed, 3:20 left". `fraction_left` (0 to 1) is what the time left is counted
 * from; `note` may be "". */
void cli_progress_show(struct cli_progress *p, const char *done, double fraction_left,
                       const char *note);
/* Takes the line away: before anything else is printed, and at the end. */
void cli_progress_clear(struct cli_progress *p);

#endif
