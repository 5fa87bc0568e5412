/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_HELP_H
#define RKMQ_CLI_HELP_H

#include "cli/cli.h"

/* What --help prints of one command, from its table. */
void cli_help_print(const struct cli_command *command);

#endif
