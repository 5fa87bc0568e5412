/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TESTS_VERDICTS_H
#define RKMQ_TESTS_VERDICTS_H

#include <stdbool.h>

/*
 * Plays the scenarios of `paths` (files, or folders of them) on virtual time, each with the seed it
 * names, and prints one JSON object a line and run:
 *
 *     {"scenario":"start/from-first","outcome":"FAIL","by":["LOSS-1","drained"],"first":"LOSS-1",
 *      "at":12.5,"soft":["OFF-3"],"events":3955,"hash":"..."}
 *
 * `by`: everything that failed, checks and expectations by their names, "script" for a script that
 * did not come to its end; `soft`: what was only not strict. `first`: what the log shows earliest,
 * and when. `is_twice`: each run is played once more, so that DET-1 is judged too. Returns an exit
 * code: 0 when all could be played, whatever the verdicts are.
 */
int verdicts(int n_paths, char **paths, bool is_twice);

#endif
