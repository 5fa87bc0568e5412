/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_SCENARIO_FILES_H
#define RKMQ_CLI_SCENARIO_FILES_H

#include <rkmq/base.h>

/*
 * Hands `fn` the text of every scenario file (*.jsonc) at `path`: one file, or a folder and what is
 * below it, in order of name. Errors, said on stderr: RKMQ_E_IO, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
typedef void cli_scenario_fn(void *user, const char *path, struct rkmq_slice text);
int cli_scenario_files(const char *path, cli_scenario_fn *fn, void *user);

#endif
