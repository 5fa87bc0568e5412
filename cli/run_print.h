/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_RUN_PRINT_H
#define RKMQ_CLI_RUN_PRINT_H

#include "runner/run.h"

/* What people read below a result line: why the script did not end, what did not hold, which rule
 * was broken by which events, and how to run it again (`rerun`; NULL: nothing failed). */
void cli_run_print(struct rkmq_bytes *out, const struct rkmq_world *w,
                   const struct rkmq_run_result *result, const char *rerun);
const char *cli_verdict_name(enum rkmq_verdict verdict);
/* "LOSS-1": a check's name as people write it. */
#define CLI_CHECK_NAME_BYTES 16
const char *cli_check_name(enum rkmq_check_id id, char out[CLI_CHECK_NAME_BYTES]);

#endif
