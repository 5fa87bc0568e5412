/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_BREACH_H
#define RKMQ_RUNNER_BREACH_H

/* By which rule a run fails: what makes two runs fail alike. */

#include "runner/run.h"

#define RKMQ_BREACH_NAME_BYTES 128
#define RKMQ_BREACH_SCRIPT "script" /* the script did not come to its end */
struct rkmq_breach {
    char name[RKMQ_BREACH_NAME_BYTES]; /* of a check ("OWN-1"), of an expectation, or the above */
    char text[300];                    /* what it says; a longer one is cut */
    rkmq_us at;                        /* when the log shows it */
};
/* The one that the log shows first; of equals the check. False: nothing fails. */
bool rkmq__breach_first(const struct rkmq_world *w, const struct rkmq_run_result *result,
                        struct rkmq_breach *out);
/* Whether the run fails by the rule of that name, maybe among others. */
bool rkmq__breach_is(const struct rkmq_world *w, const struct rkmq_run_result *result,
                     const char *name);

#endif
