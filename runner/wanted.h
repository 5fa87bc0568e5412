/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_WANTED_H
#define RKMQ_RUNNER_WANTED_H

/* What a test or a state asks for, in few words, for the text of a verdict: "at most 5",
 * "c1: T@broker-a/0-1, c2: T@broker-a/2-3", "lag 0". */

#include "runner/scenario.h"

void rkmq__wanted_number(const struct rkmq_int_test *test, struct rkmq_bytes *out);
void rkmq__wanted_state(const struct rkmq_scenario *sc, const struct rkmq_state_pred *pred,
                        struct rkmq_bytes *out);

#endif
