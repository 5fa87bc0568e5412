/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq bench: picks the benchmark, and what all of them need. */
#include "cli/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_LINE_BYTES_MAX 4096

static const struct cli_command *const commands[] = {
    &cli_bench_pull_command, &cli_bench_start_command, &cli_bench_sim_command};

static int bench_run(int argc, char **argv)
{
    return cli_dispatch("rkmq bench", "measurements of the consumer and the mock", commands,
                        sizeof commands / sizeof commands[0], argc, argv);
}

const struct cli_command cli_bench_command = {
    .name = "bench",
    .summary = "Measure pull throughput, start times and the simulation on this machine",
    .run = bench_run,
};

/* ---- rkmq serve ---- */

/* In the child. The parent's end takes it along, whatever ends it. */
static _Noreturn void serve_exec(int out_fd, const char *argument)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && dup2(out_fd, STDOUT_FILENO) >= 0) {
        (void)execl("/proc/self/exe", "rkmq", "serve", "--namesrv-port", "0", "--broker-port", "0",
                    argument ? "--preload" : NULL, argument, NULL);
    }
    _exit(CLI_EXIT_FAILED);
}

/* Up to the end of the first line; false: there is none. */
static bool line_read(int fd, char line[READY_LINE_BYTES_MAX])
{
    size_t n = 0;
    while (n < READY_LINE_BYTES_MAX - 1) {
        ssize_t got = read(fd, line + n, READY_LINE_BYTES_MAX - 1 - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        line[n] = '\0';
        if (line[n - 1] == '\n') {
            return true;
        }
    }
    return false;
}

static bool namesrv_read(const char *line, char *out, size_t out_bytes)
{
    static const char key[] = "\"namesrv\":\"";
    const char *at = strstr(line, key);
    if (!at) {
        return false;
    }
    at += sizeof key - 1;
    size_t n = strcspn(at, "\"");
    if (n >= out_bytes) {
        return false;
    }
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

int bench_serve_start(struct bench_serve *s, const char *argument)
{
    char line[READY_LINE_BYTES_MAX];
    int fds[2];
    *s = (struct bench_serve){.out_fd = -1};
    if (pipe(fds) != 0) {
        return cli_error("bench", "pipe: %s", strerror(errno));
    }
    double begin_s = bench_now_s();
    s->pid = fork();
    if (s->pid == 0) {
        (void)close(fds[0]);
        serve_exec(fds[1], argument);
    }
    (void)close(fds[1]);
    s->out_fd = fds[0];
    if (s->pid < 0) {
        s->pid = 0;
        bench_serve_stop(s);
        return cli_error("bench", "fork: %s", strerror(errno));
    }
    if (!line_read(s->out_fd, line) || !namesrv_read(line, s->namesrv, sizeof s->namesrv)) {
        bench_serve_stop(s);
        return cli_error("bench", "rkmq serve did not become ready");
    }
    s->ready_s = bench_now_s() - begin_s;
    return CLI_GO;
}

void bench_serve_stop(struct bench_serve *s)
{
    if (s->pid > 0) {
        (void)kill(s->pid, SIGTERM);
        while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (s->out_fd >= 0) {
        (void)close(s->out_fd);
    }
    *s = (struct bench_serve){.out_fd = -1};
}

/* ---- figures ---- */

static double seconds_of(clockid_t clock)
{
    struct timespec ts = {0};
    (void)clock_gettime(clock, &ts); /* of a process that is gone: 0 */
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double bench_now_s(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double bench_cpu_s(pid_t pid)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    return pid != 0 && clock_getcpuclockid(pid, &clock) != 0 ? 0 : seconds_of(clock);
}

double bench_rss_mib(pid_t pid)
{
    char path[64];
    unsigned long size, pages = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", pid == 0 ? (int)getpid() : (int)pid);
    FILE *f = fopen(path, "re");
    if (!f || fscanf(f, "%lu %lu", &size, &pages) != 2) {
        pages = 0;
    }
    if (f) {
        (void)fclose(f); /* only read */
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, double_compare);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

enum rkmq_log_level bench_log_level(const struct cli_args *args)
{
    return args->log_level > RKMQ_LOG_WARN ? args->log_level : RKMQ_LOG_ERROR;
}

void bench_progress(const char *fmt, ...)
{
    va_list args;
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    va_start(args, fmt);
    (void)fputs("\r\033[K", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fflush(stderr);
    va_end(args);
}
