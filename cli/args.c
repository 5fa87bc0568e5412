/* SPDX-License-Identifier: Apache-2.0 */
/* Options of all subcommands: getopt_long behind the commands' tables. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"

#define OPTIONS_MAX 48 /* of one command, the common ones included */
#define OPTION_CODE                                                                                \
    256 /* long options answer this plus their index, so that no letter collides                   \
         */

enum { COMMON_HELP, COMMON_VERBOSE, COMMON_LOG_LEVEL, N_COMMON };

static const struct option common_options[N_COMMON] = {
    [COMMON_HELP] = {"help", no_argument, NULL, 'h'},
    [COMMON_VERBOSE] = {"verbose", no_argument, NULL, 'v'},
    [COMMON_LOG_LEVEL] = {"log-level", required_argument, NULL, OPTION_CODE - 1},
};

static const struct {
    const char *unit;
    int64_t factor;
} duration_units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}},
  size_units[] = {{"", 1}, {"k", 1024}, {"m", 1024 * 1024}, {"g", 1024 * 1024 * 1024}};

/* A decimal integer; `*end` points behind it. */
static int number_read(const char *text, int64_t *out, const char **end)
{
    char *stop = NULL;
    errno = 0;
    long long v = strtoll(text, &stop, 10);
    if (stop == text || errno != 0 || text[0] == ' ') {
        return RKMQ_E_INVALID;
    }
    *out = v;
    *end = stop;
    return RKMQ_OK;
}

static int scale(int64_t v, int64_t factor, int64_t *out)
{
    return __builtin_mul_overflow(v, factor, out) ? RKMQ_E_INVALID : RKMQ_OK;
}

int cli_duration_read(const char *text, rkmq_ms *out)
{
    int64_t v = 0;
    const char *unit = NULL;
    if (number_read(text, &v, &unit) != RKMQ_OK || v < 0) {
        return RKMQ_E_INVALID;
    }
    for (size_t i = 0; i < sizeof duration_units / sizeof duration_units[0]; i++) {
        if (strcmp(unit, duration_units[i].unit) == 0) {
            return scale(v, duration_units[i].factor, out);
        }
    }
    return RKMQ_E_INVALID;
}

int cli_size_read(const char *text, int64_t *out)
{
    int64_t v = 0;
    const char *unit = NULL;
    if (number_read(text, &v, &unit) != RKMQ_OK || v < 0) {
        return RKMQ_E_INVALID;
    }
    for (size_t i = 0; i < sizeof size_units / sizeof size_units[0]; i++) {
        if (strcmp(unit, size_units[i].unit) == 0) {
            return scale(v, size_units[i].factor, out);
        }
    }
    return RKMQ_E_INVALID;
}

static int integer_read(const char *text, int64_t *out)
{
    const char *end = NULL;
    int status = number_read(text, out, &end);
    return status == RKMQ_OK && *end != '\0' ? RKMQ_E_INVALID : status;
}

static int set_number(const struct cli_command *command, const struct cli_option *option,
                      const char *text, int64_t *target)
{
    int64_t v = 0;
    int status = option->type == CLI_DURATION ? cli_duration_read(text, &v)
                 : option->type == CLI_SIZE   ? cli_size_read(text, &v)
                                              : integer_read(text, &v);
    if (status != RKMQ_OK) {
        return cli_usage_error(command->name, "--%s: '%s' is no %s", option->name, text,
                               option->type == CLI_DURATION ? "duration (500ms, 10s, 2m, 1h)"
                               : option->type == CLI_SIZE   ? "size (128, 64k, 4m, 1g)"
                                                            : "number");
    }
    if (v < option->min || v > option->max) {
        return cli_usage_error(command->name, "--%s: %s is not within %lld and %lld", option->name,
                               text, (long long)option->min, (long long)option->max);
    }
    *target = v;
    return CLI_GO;
}

static int set_option(const struct cli_command *command, const struct cli_option *option,
                      const char *text, void *options)
{
    void *target = (char *)options + option->offset;
    if (option->type == CLI_FLAG) {
        *(bool *)target = true;
        return CLI_GO;
    }
    if (text[0] == '\0') {
        return cli_usage_error(command->name, "--%s: the value is empty", option->name);
    }
    if (option->type == CLI_TEXT) {
        *(const char **)target = text;
        return CLI_GO;
    }
    if (option->type == CLI_LIST) {
        struct cli_list *list = target;
        if (list->n == CLI_LIST_MAX) {
            return cli_usage_error(command->name, "--%s: given more than %d times", option->name,
                                   CLI_LIST_MAX);
        }
        list->at[list->n++] = text;
        return CLI_GO;
    }
    return set_number(command, option, text, target);
}

static int set_log_level(const struct cli_command *command, const char *text, struct cli_args *args)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            args->log_level = (enum rkmq_log_level)i;
            return CLI_GO;
        }
    }
    return cli_usage_error(command->name, "--log-level: '%s' is none of error, warn, info, debug",
                           text);
}

/* getopt's two tables, made of a command's one. */
struct getopt_tables {
    struct option longs[OPTIONS_MAX + 1];
    char letters[3 * OPTIONS_MAX + 4];
};

static void tables_fill(struct getopt_tables *t, const struct cli_command *command)
{
    size_t n = 0, at = 0;
    t->letters[at++] = ':'; /* a missing value is told from an unknown option */
    t->letters[at++] = 'h';
    t->letters[at++] = 'v';
    for (size_t i = 0; i < command->n_options && n < OPTIONS_MAX - N_COMMON; i++) {
        const struct cli_option *option = &command->options[i];
        bool has_value = option->type != CLI_FLAG;
        t->longs[n++] = (struct option){option->name, has_value ? required_argument : no_argument,
                                        NULL, OPTION_CODE + (int)i};
        if (option->letter != 0) {
            t->letters[at++] = option->letter;
            if (has_value) {
                t->letters[at++] = ':';
            }
        }
    }
    for (size_t i = 0; i < N_COMMON; i++) {
        t->longs[n++] = common_options[i];
    }
    t->longs[n] = (struct option){NULL, 0, NULL, 0};
    t->letters[at] = '\0';
}

/* The index of the option that getopt answered, or n_options. */
static size_t option_index(const struct cli_command *command, int answer)
{
    if (answer >= OPTION_CODE) {
        return (size_t)(answer - OPTION_CODE);
    }
    for (size_t i = 0; i < command->n_options; i++) {
        if (command->options[i].letter == answer) {
            return i;
        }
    }
    return command->n_options;
}

static int unknown_option(const struct cli_command *command, char **argv)
{
    if (optopt > 0 && optopt < OPTION_CODE - 1) { /* argv may hold a cluster of letters */
        return cli_usage_error(command->name, "unknown option '-%c'", optopt);
    }
    return cli_usage_error(command->name, "unknown option '%s'", argv[optind - 1]);
}

static int take(const struct cli_command *command, int answer, char **argv, void *options,
                struct cli_args *args, uint64_t *seen)
{
    switch (answer) {
    case 'h':
        cli_help_print(command);
        return CLI_EXIT_OK;
    case 'v':
        args->log_level = args->log_level < RKMQ_LOG_INFO ? RKMQ_LOG_INFO : RKMQ_LOG_DEBUG;
        return CLI_GO;
    case OPTION_CODE - 1:
        return set_log_level(command, optarg, args);
    case '?':
        return unknown_option(command, argv);
    case ':':
        return cli_usage_error(command->name, "%s needs a value", argv[optind - 1]);
    default:
        break;
    }
    size_t i = option_index(command, answer);
    *seen |= (uint64_t)1 << i;
    return set_option(command, &command->options[i], optarg, options);
}

static int check_required(const struct cli_command *command, uint64_t seen)
{
    for (size_t i = 0; i < command->n_options; i++) {
        const struct cli_option *option = &command->options[i];
        if (option->is_required && (seen >> i & 1) == 0) {
            return cli_usage_error(command->name, "--%s %s is missing", option->name,
                                   option->value);
        }
    }
    return CLI_GO;
}

int cli_parse(const struct cli_command *command, int argc, char **argv, void *options,
              struct cli_args *args)
{
    struct getopt_tables tables;
    uint64_t seen = 0;
    int answer;
    tables_fill(&tables, command);
    *args = (struct cli_args){.log_level = RKMQ_LOG_WARN};
    opterr = 0;
    optind = 0; /* glibc: start anew, commands may be nested */
    while ((answer = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        int code = take(command, answer, argv, options, args, &seen);
        if (code != CLI_GO) {
            return code;
        }
    }
    args->n = (unsigned)(argc - optind);
    args->at = argv + optind;
    if (args->n > command->n_arguments_max) {
        return cli_usage_error(command->name, "unexpected argument '%s'",
                               args->at[command->n_arguments_max]);
    }
    if (args->n < command->n_arguments_min) {
        return cli_usage_error(command->name, "%s is missing", command->arguments);
    }
    return check_required(command, seen);
}
