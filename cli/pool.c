/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pool.h"

#include <errno.h>
#include <poll.h>
#include <rkmq/runtime.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 65536 /* at once */

struct worker {
    pid_t pid;          /* 0: none */
    int ask_fd, get_fd; /* numbers to it, answers from it */
    bool is_busy;
    uint64_t number; /* it is at this piece */
    struct rkmq_bytes got;
};
struct kept { /* a result that waits for those before it */
    bool is_there;
    int signal, exit_code;
    struct rkmq_bytes out;
};
struct run {
    const struct cli_pool *pool;
    struct worker *workers;
    struct kept *ring; /* of n_ring; piece i stands at i % n_ring */
    size_t n_ring;
    uint64_t next_ask, next_done;
    bool is_over;
};

unsigned cli_pool_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > CLI_POOL_JOBS_MAX ? CLI_POOL_JOBS_MAX : (unsigned)n;
}

void cli_pool_death(const struct cli_pool *pool, const struct cli_pool_result *result,
                    char out[CLI_POOL_DEATH_BYTES])
{
    if (result->signal == SIGALRM) {
        (void)snprintf(out, CLI_POOL_DEATH_BYTES, "took longer than %u s", pool->limit_s);
    } else if (result->signal != 0) {
        (void)snprintf(out, CLI_POOL_DEATH_BYTES, "died of signal %d (%s)", result->signal,
                       strsignal(result->signal));
    } else {
        (void)snprintf(out, CLI_POOL_DEATH_BYTES, "ended with code %d", result->exit_code);
    }
}

/* ---- in a worker ---- */

static bool read_all(int fd, void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, (char *)p + at, n - at);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return false;
        }
        at += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_all(int fd, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t put = write(fd, (const char *)p + at, n - at);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        at += put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* Answers are the length and the bytes. */
static _Noreturn void worker_main(const struct cli_pool *pool, int ask_fd, int get_fd)
{
    struct rkmq_bytes out;
    uint64_t number;
    rkmq__bytes_init(&out, rkmq_mem_heap());
    while (read_all(ask_fd, &number, sizeof number)) {
        rkmq__bytes_clear(&out);
        (void)alarm(pool->limit_s);
        pool->work(pool->user, number, &out);
        (void)alarm(0);
        uint64_t n = out.n;
        if (out.is_failed || !write_all(get_fd, &n, sizeof n) || !write_all(get_fd, out.p, out.n)) {
            _exit(CLI_EXIT_FAILED);
        }
    }
    _exit(CLI_EXIT_OK);
}

/* ---- workers, seen from here ---- */

static void worker_close(struct worker *worker)
{
    (void)close(worker->ask_fd);
    (void)close(worker->get_fd);
    rkmq__bytes_clear(&worker->got);
    worker->pid = 0;
    worker->is_busy = false;
}

static void child_begin(struct run *run, const int ask[2], const int get[2])
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* without it an orphan ends at its next read */
    (void)signal(SIGALRM, SIG_DFL);
    (void)close(ask[1]);
    (void)close(get[0]);
    for (unsigned i = 0; i < run->pool->n_jobs; i++) {
        if (run->workers[i].pid > 0) { /* else their ends would stay open here */
            worker_close(&run->workers[i]);
        }
    }
    worker_main(run->pool, ask[0], get[1]);
}

static int worker_begin(struct run *run, struct worker *worker)
{
    int ask[2], get[2];
    if (pipe(ask) != 0) {
        return RKMQ_E_IO;
    }
    if (pipe(get) != 0) {
        (void)close(ask[0]);
        (void)close(ask[1]);
        return RKMQ_E_IO;
    }
    (void)fflush(NULL); /* else a worker would hold a copy of what waits here */
    pid_t pid = fork();
    if (pid == 0) {
        child_begin(run, ask, get);
    }
    (void)close(ask[0]);
    (void)close(get[1]);
    worker->ask_fd = ask[1];
    worker->get_fd = get[0];
    worker->pid = pid > 0 ? pid : 0;
    worker->is_busy = false;
    if (pid < 0) {
        worker_close(worker);
        return RKMQ_E_IO;
    }
    return RKMQ_OK;
}

static struct kept *kept_at(struct run *run, uint64_t number)
{
    return &run->ring[number % run->n_ring];
}

/* It ended while it was at a piece. */
static void worker_died(struct run *run, struct worker *worker)
{
    struct kept *kept = kept_at(run, worker->number);
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
    }
    kept->is_there = true;
    kept->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    kept->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    rkmq__bytes_clear(&kept->out);
    worker_close(worker);
}

/* Bytes of its answer; the answer may be whole. */
static void worker_told(struct run *run, struct worker *worker)
{
    uint64_t n = 0;
    size_t before = worker->got.n;
    uint8_t *room = rkmq__bytes_reserve(&worker->got, READ_BYTES);
    ssize_t got = room ? read(worker->get_fd, room, READ_BYTES) : -1;
    worker->got.n = before + (got > 0 ? (size_t)got : 0);
    if (got < 0 && errno == EINTR) {
        return;
    }
    if (got <= 0) {
        worker_died(run, worker);
        return;
    }
    if (worker->got.n >= sizeof n) {
        memcpy(&n, worker->got.p, sizeof n);
        if (worker->got.n == sizeof n + n) {
            struct kept *kept = kept_at(run, worker->number);
            kept->is_there = true;
            kept->signal = kept->exit_code = 0;
            rkmq__bytes_clear(&kept->out);
            rkmq__bytes_add(&kept->out, worker->got.p + sizeof n, (size_t)n);
            rkmq__bytes_clear(&worker->got);
            worker->is_busy = false;
        }
    }
}

/* ---- the whole ---- */

static int ask_idle(struct run *run)
{
    for (unsigned i = 0; i < run->pool->n_jobs; i++) {
        struct worker *worker = &run->workers[i];
        bool is_far_ahead = run->next_ask >= run->next_done + run->n_ring;
        if (worker->is_busy || is_far_ahead || run->next_ask >= run->pool->n_pieces) {
            continue;
        }
        if (worker->pid == 0 && worker_begin(run, worker) != RKMQ_OK) {
            return RKMQ_E_IO;
        }
        worker->number = run->next_ask++;
        worker->is_busy = true;
        if (!write_all(worker->ask_fd, &worker->number, sizeof worker->number)) {
            worker_died(run, worker);
        }
    }
    return RKMQ_OK;
}

static int wait_for_any(struct run *run)
{
    struct pollfd fds[CLI_POOL_JOBS_MAX];
    for (unsigned i = 0; i < run->pool->n_jobs; i++) {
        const struct worker *worker = &run->workers[i];
        fds[i] = (struct pollfd){.fd = worker->is_busy ? worker->get_fd : -1, .events = POLLIN};
    }
    int n = poll(fds, run->pool->n_jobs, -1);
    if (n < 0) {
        return errno == EINTR ? RKMQ_OK : RKMQ_E_IO;
    }
    for (unsigned i = 0; i < run->pool->n_jobs; i++) {
        if (fds[i].revents != 0) {
            worker_told(run, &run->workers[i]);
        }
    }
    return RKMQ_OK;
}

static int hand_out(struct run *run)
{
    while (!run->is_over && run->next_done < run->next_ask) {
        struct kept *kept = kept_at(run, run->next_done);
        if (!kept->is_there) {
            return RKMQ_OK;
        }
        if (kept->out.is_failed) {
            return RKMQ_E_NOMEM;
        }
        struct cli_pool_result result = {.number = run->next_done++,
                                         .out = rkmq__bytes_slice(&kept->out),
                                         .signal = kept->signal,
                                         .exit_code = kept->exit_code};
        kept->is_there = false;
        run->is_over = !run->pool->done(run->pool->user, &result);
    }
    return RKMQ_OK;
}

static int run_workers(struct run *run)
{
    int status = RKMQ_OK;
    while (status == RKMQ_OK && !run->is_over && run->next_done < run->pool->n_pieces) {
        status = ask_idle(run);
        status = status == RKMQ_OK ? wait_for_any(run) : status;
        status = status == RKMQ_OK ? hand_out(run) : status;
    }
    for (unsigned i = 0; i < run->pool->n_jobs; i++) {
        struct worker *worker = &run->workers[i];
        if (worker->pid > 0) {
            (void)kill(worker->pid, SIGKILL); /* idle, or at a piece nobody wants any more */
            while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
            }
            worker_close(worker);
        }
    }
    return status;
}

static int run_here(const struct cli_pool *pool)
{
    struct rkmq_bytes out;
    bool goes_on = true;
    rkmq__bytes_init(&out, rkmq_mem_heap());
    for (uint64_t i = 0; goes_on && i < pool->n_pieces; i++) {
        rkmq__bytes_clear(&out);
        pool->work(pool->user, i, &out);
        struct cli_pool_result result = {.number = i, .out = rkmq__bytes_slice(&out)};
        goes_on = !out.is_failed && pool->done(pool->user, &result);
    }
    bool is_failed = out.is_failed;
    rkmq__bytes_close(&out);
    return is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

int cli_pool_run(const struct cli_pool *pool)
{
    if (pool->n_jobs <= 1) {
        return run_here(pool);
    }
    RKMQ_ASSERT(pool->n_jobs <= CLI_POOL_JOBS_MAX);
    struct run run = {.pool = pool, .n_ring = (size_t)pool->n_jobs * CLI_POOL_AHEAD_MAX};
    const struct rkmq_mem *mem = rkmq_mem_heap();
    run.workers = rkmq__zalloc(mem, pool->n_jobs * sizeof *run.workers);
    run.ring = rkmq__zalloc(mem, run.n_ring * sizeof *run.ring);
    int status = run.workers && run.ring ? RKMQ_OK : RKMQ_E_NOMEM;
    for (size_t i = 0; status == RKMQ_OK && i < run.n_ring; i++) {
        rkmq__bytes_init(&run.ring[i].out, mem);
    }
    for (unsigned i = 0; status == RKMQ_OK && i < pool->n_jobs; i++) {
        rkmq__bytes_init(&run.workers[i].got, mem);
    }
    if (status == RKMQ_OK) {
        struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
        (void)sigaction(SIGPIPE, &ignore, &before); /* a worker that died is told by its pipe */
        status = run_workers(&run);
        (void)sigaction(SIGPIPE, &before, NULL);
    }
    for (size_t i = 0; run.ring && i < run.n_ring; i++) {
        rkmq__bytes_close(&run.ring[i].out);
    }
    for (unsigned i = 0; run.workers && i < pool->n_jobs; i++) {
        rkmq__bytes_close(&run.workers[i].got);
    }
    rkmq__free(mem, run.workers);
    rkmq__free(mem, run.ring);
    return status;
}
