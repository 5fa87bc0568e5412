/* SPDX-License-Identifier: Apache-2.0 */
/* The rkmq program: picks the subcommand. */
#include "cli/cli.h"

static const struct cli_command *const commands[] = {
#define X(name) &cli_##name##_command,
#include "cli/commands.def"
#undef X
};

int main(int argc, char **argv)
{
    return cli_dispatch("rkmq", "a laboratory for RocketMQ consumers", commands,
                        sizeof commands / sizeof commands[0], argc, argv);
}
