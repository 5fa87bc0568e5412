/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_H
#define RKMQ_CLI_H

/*
 * The frame of the rkmq program. A subcommand has a file that holds a table of options, a struct
 * the options are written to, and `run`. A subcommand is made known by one line in commands.def and
 * a `const struct cli_command cli_<name>_command` in its file.
 *
 * Everything for people goes to stderr as `rkmq: what: why`; stdout carries what a program reads.
 * Every command has --help with an example, -v (once info, twice debug) and --log-level.
 */

#include <rkmq/base.h>

#define CLI_LIST_MAX 256 /* values of one repeatable option */

enum cli_exit {
    CLI_GO = -1, /* from cli_parse: go on */
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2
};

/* What an option writes into the command's struct. */
enum cli_type {
    CLI_FLAG,     /* bool */
    CLI_TEXT,     /* const char *, not empty */
    CLI_INT,      /* int64_t within [min, max] */
    CLI_DURATION, /* rkmq_ms within [min, max]; 500ms 10s 2m 1h, a bare number is seconds */
    CLI_SIZE,     /* int64_t within [min, max]; 128 64k 4m 1g, powers of 1024 */
    CLI_LIST      /* struct cli_list; may be given CLI_LIST_MAX times */
};

struct cli_list {
    const char *at[CLI_LIST_MAX];
    size_t n;
};

struct cli_option {
    const char *name; /* "namesrv" for --namesrv */
    char letter;      /* 'n' for -n; 0: none */
    enum cli_type type;
    const char *value; /* how --help calls the value; NULL for a flag */
    size_t offset;     /* of the target: offsetof(struct serve_options, bind) */
    int64_t min, max;
    bool is_required;
    const char *help;
};

struct cli_command {
    const char *name;      /* "serve"; of a nested command "bench pull" */
    const char *summary;   /* one line */
    const char *arguments; /* what stands after the options, for --help; "" when nothing may */
    const char *example;   /* one or more lines, each ending in \n */
    const struct cli_option *options;
    size_t n_options;
    unsigned n_arguments_min, n_arguments_max;
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name; returns an exit code */
};

/* What cli_parse found beside the command's own options. */
struct cli_args {
    enum rkmq_log_level log_level; /* RKMQ_LOG_WARN unless asked otherwise */
    unsigned n;                    /* arguments after the options */
    char **at;
};

/*
 * Fills `options` (the command's struct, holding its defaults) and `args`. Returns CLI_GO, or the
 * exit code when --help was printed or something was wrong (and was said on stderr).
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, void *options,
              struct cli_args *args);
/* Picks the command named argv[1] and runs it; `program` is how help calls the whole: "rkmq". */
int cli_dispatch(const char *program, const char *summary,
                 const struct cli_command *const *commands, size_t n_commands, int argc,
                 char **argv);

/* Prints `rkmq: what: why`. Return CLI_EXIT_FAILED and CLI_EXIT_USAGE (which names --help). */
int cli_error(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_usage_error(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The two parsers that are of use outside tables. Errors: RKMQ_E_INVALID. */
int cli_duration_read(const char *text, rkmq_ms *out);
int cli_size_read(const char *text, int64_t *out);

/* Log sink: `rkmq: level subject: text` on stderr. Thread: any. */
void cli_log(void *user, enum rkmq_log_level level, const char *subject, const char *text);

/* ---- waiting for the end: SIGINT, SIGTERM, or the command itself ---- */

enum cli_stop_reason { CLI_STOP_TIMEOUT, CLI_STOP_SIGNAL, CLI_STOP_REQUEST };
struct cli_stop {
    int signal_fd, request_fd;
};
/* Blocks the two signals for this thread and all threads it starts: call before any runtime.
 * Errors: RKMQ_E_IO. */
int cli_stop_init(struct cli_stop *stop);
void cli_stop_close(struct cli_stop *stop);
/* Thread: any, also a listener. */
void cli_stop_request(struct cli_stop *stop);
/* RKMQ_NEVER waits without end. Thread: main. */
enum cli_stop_reason cli_stop_wait(struct cli_stop *stop, rkmq_ms timeout_ms);

#define X(name) extern const struct cli_command cli_##name##_command;
#include "cli/commands.def"
#undef X

#endif
