/* SPDX-License-Identifier: Apache-2.0 */
/* --help, the choice of a subcommand, and how errors and logs look. */
#include "cli/help.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 30

static void print_option(char letter, const char *name, const char *value, const char *help)
{
    char left[96];
    (void)snprintf(left, sizeof left, "  %c%c%c --%s%s%s", letter ? '-' : ' ',
                   letter ? letter : ' ', letter ? ',' : ' ', name, value ? " " : "",
                   value ? value : "");
    /* A long left side gets a line of its own. */
    if (strlen(left) >= HELP_COLUMN) {
        printf("%s\n%*s%s\n", left, HELP_COLUMN, "", help);
    } else {
        printf("%-*s%s\n", HELP_COLUMN, left, help);
    }
}

void cli_help_print(const struct cli_command *command)
{
    printf("Usage: rkmq %s [OPTION]...%s%s\n%s.\n\n", command->name, *command->arguments ? " " : "",
           command->arguments, command->summary);
    for (size_t i = 0; i < command->n_options; i++) {
        const struct cli_option *option = &command->options[i];
        print_option(option->letter, option->name, option->value, option->help);
    }
    print_option('v', "verbose", NULL, "log more: once info, twice debug");
    print_option(0, "log-level", "LEVEL", "error, warn (default), info, debug");
    print_option('h', "help", NULL, "this text");
    printf("\nExample:\n%s", command->example);
}

static void print_commands(const char *program, const char *summary,
                           const struct cli_command *const *commands, size_t n_commands)
{
    printf("Usage: %s COMMAND [OPTION]...\n%s: %s.\n\n", program, program, summary);
    for (size_t i = 0; i < n_commands; i++) {
        const char *name = strrchr(commands[i]->name, ' ');
        printf("  %-10s %s\n", name ? name + 1 : commands[i]->name, commands[i]->summary);
    }
    printf("\nExample:\n  %s %s --help\n", program, "COMMAND");
}

int cli_dispatch(const char *program, const char *summary,
                 const struct cli_command *const *commands, size_t n_commands, int argc,
                 char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "%s: no command: try '%s --help'\n", program, program);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_commands(program, summary, commands, n_commands);
        return CLI_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("rkmq %s\n", RKMQ_VERSION);
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < n_commands; i++) {
        const char *name = strrchr(commands[i]->name, ' ');
        if (strcmp(argv[1], name ? name + 1 : commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "%s: unknown command '%s': try '%s --help'\n", program, argv[1], program);
    return CLI_EXIT_USAGE;
}

int cli_error(const char *what, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    fprintf(stderr, "rkmq: %s: %s\n", what, why);
    return CLI_EXIT_FAILED;
}

int cli_usage_error(const char *what, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    fprintf(stderr, "rkmq: %s: %s (try 'rkmq %s --help')\n", what, why, what);
    return CLI_EXIT_USAGE;
}

void cli_log(void *user, enum rkmq_log_level level, const char *subject, const char *text)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    (void)user;
    fprintf(stderr, "rkmq: %s %s: %s\n", names[level], subject, text);
}
