/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_BENCH_H
#define RKMQ_CLI_BENCH_H

/* What the benchmarks share: `rkmq serve` in a process of its own, clocks, and figures. */

#include <sys/types.h>

#include "cli/cli.h"

/* ---- rkmq serve: this very program, executed anew ---- */

struct bench_serve {
    pid_t pid; /* 0: none */
    int out_fd;
    char namesrv[64];
    double ready_s; /* from before the fork to the ready line */
};
/* Starts it on free ports of 127.0.0.1, with `argument` (a --preload) unless that is NULL, and
 * waits for its ready line. Says on stderr what went wrong. Returns CLI_GO or an exit code. */
int bench_serve_start(struct bench_serve *s, const char *argument);
/* SIGTERM, and waits for the end. One that was not started: nothing. */
void bench_serve_stop(struct bench_serve *s);

/* ---- figures ---- */

double bench_now_s(void);
/* CPU time of a process, all threads; 0 is this one. */
double bench_cpu_s(pid_t pid);
/* Resident memory in MiB; 0 is this process. */
double bench_rss_mib(pid_t pid);

/* Sorts `v` and answers its middle. */
double bench_median(double *v, size_t n);

/* Errors only, unless more than warnings is asked for: flow control, which warns, is what a full
 * speed consumer does all the time. */
enum rkmq_log_level bench_log_level(const struct cli_args *args);
/* On a terminal only: a line that the next one overwrites; an empty text clears it. */
void bench_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

extern const struct cli_command cli_bench_pull_command;
extern const struct cli_command cli_bench_start_command;
extern const struct cli_command cli_bench_sim_command;

#endif
