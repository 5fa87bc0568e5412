/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/testee.h"

#include <errno.h>
#include <rkmq/live.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_MS 20        /* how often a process is asked whether it lives */
#define LAST_WORDS_MS 1000 /* from the first sign of its end to the last byte, at most */

/* ---- all groups, for a signal handler ---- */

static _Atomic pid_t groups[RKMQ_TESTEE_GROUPS_MAX]; /* 0: free */

static bool group_add(pid_t pid)
{
    for (size_t i = 0; i < RKMQ_TESTEE_GROUPS_MAX; i++) {
        pid_t none = 0;
        if (atomic_compare_exchange_strong(&groups[i], &none, pid)) {
            return true;
        }
    }
    return false;
}

static void group_remove(pid_t pid)
{
    for (size_t i = 0; i < RKMQ_TESTEE_GROUPS_MAX; i++) {
        pid_t found = pid;
        if (atomic_compare_exchange_strong(&groups[i], &found, 0)) {
            return;
        }
    }
}

void rkmq__testees_kill(void)
{
    for (size_t i = 0; i < RKMQ_TESTEE_GROUPS_MAX; i++) {
        pid_t pid = atomic_load(&groups[i]);
        if (pid > 0) {
            (void)kill(-pid, SIGKILL);
        }
    }
}

/* ---- its end ---- */

static void testee_over(struct rkmq_testee *t, const char *why)
{
    if (!t->is_over) {
        t->is_over = true;
        (void)kill(-t->pid, SIGKILL); /* whatever else is in its group */
        rkmq__timer_stop(t->env, &t->watch);
        t->events->ended(t->owner, why);
    }
}

void rkmq__testee_break(struct rkmq_testee *t, const char *fmt, ...)
{
    char why[RKMQ_TESTEE_WHY_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args); /* a longer one is cut */
    va_end(args);
    testee_over(t, why);
}

/* Its status is left to be reaped, so that its number stays its own. */
static bool has_exited(const struct rkmq_testee *t, siginfo_t *info)
{
    info->si_pid = 0;
    return waitid(P_PID, (id_t)t->pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info->si_pid == t->pid;
}

static void tell_exit(struct rkmq_testee *t, const siginfo_t *info)
{
    const char *colon = t->said_last[0] ? ": " : "";
    if (info->si_code == CLD_EXITED) {
        rkmq__testee_break(t, "it ended with code %d%s%s", info->si_status, colon, t->said_last);
    } else {
        rkmq__testee_break(t, "it died of signal %d%s%s", info->si_status, colon, t->said_last);
    }
}

/* It is given a while from the first sign of its end on: for its last words, or to exit. */
static void watch_fired(struct rkmq_timer *timer)
{
    struct rkmq_testee *t = RKMQ_CONTAINER_OF(timer, struct rkmq_testee, watch);
    siginfo_t info;
    bool is_dead = has_exited(t, &info), is_silent = t->io == 0 && t->err == 0;
    if ((is_dead || t->io == 0) && t->give_up_at == RKMQ_NEVER) {
        t->give_up_at = rkmq__now(t->env) + LAST_WORDS_MS;
    }
    bool is_late = t->give_up_at != RKMQ_NEVER && rkmq__now(t->env) >= t->give_up_at;
    if (is_dead && (is_silent || is_late)) {
        tell_exit(t, &info);
    } else if (is_late) {
        rkmq__testee_break(t, "it closed its output");
    } else {
        rkmq__timer_in(t->env, timer, WATCH_MS);
    }
}

/* ---- what it says ---- */

/* Hands out whole lines; false: the line is too long, or memory is out. */
static bool lines_take(struct rkmq_testee *t, struct rkmq_bytes *line, struct rkmq_slice text,
                       void (*take)(struct rkmq_testee *t, struct rkmq_slice line))
{
    while (text.n > 0 && !t->is_over) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (line->n + n > RKMQ_TESTEE_LINE_BYTES_MAX) {
            return false;
        }
        rkmq__bytes_add(line, text.p, n);
        if (line->is_failed) {
            return false;
        }
        if (end) {
            take(t, rkmq__bytes_slice(line));
            rkmq__bytes_clear(line);
        }
        text = rkmq__slice(text.p + n + (end ? 1 : 0), text.n - n - (end ? 1 : 0));
    }
    return true;
}

static void take_line(struct rkmq_testee *t, struct rkmq_slice line)
{
    t->events->line(t->owner, line);
}

static void take_said(struct rkmq_testee *t, struct rkmq_slice line)
{
    rkmq_log_info(t->env, t->name, "%.*s", RKMQ_SLICE_ARG(line));
    if (line.n > 0 && line.p[0] != ' ' && line.p[0] != '\t') { /* where from: of a stack trace */
        (void)snprintf(t->said_last, sizeof t->said_last, "%.*s", RKMQ_SLICE_ARG(line)); /* cut */
    }
}

static void on_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct rkmq_testee *t = owner;
    bool is_io = c == t->io, is_good = true;
    for (const struct rkmq_buf *b = take_data; b && is_good; b = b->next) {
        is_good = lines_take(t, is_io ? &t->line : &t->said, rkmq__slice(b->p, b->n),
                             is_io ? take_line : take_said);
    }
    rkmq_buf_free(take_data);
    if (!is_good && is_io) {
        rkmq__testee_break(t, "it said a line of more than %u bytes", RKMQ_TESTEE_LINE_BYTES_MAX);
    } else if (!is_good) {
        rkmq__bytes_clear(&t->said); /* the rest of it is as good as another line */
    }
}

static void on_closed(void *owner, rkmq_conn c, const char *why)
{
    struct rkmq_testee *t = owner;
    (void)why;
    if (c == t->io) {
        t->io = 0;
    } else {
        t->err = 0;
    }
}

static const struct rkmq_conn_events EVENTS = {.data = on_data, .closed = on_closed};

/* ---- its start ---- */

/* In the child, between fork and exec: what is allowed in a signal handler, and nothing else. */
static _Noreturn void child_begin(int io, int err, const char *script)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* the loop thread blocks all */
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the runner dies without a word */
    if (dup2(io, STDIN_FILENO) >= 0 && dup2(io, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0) {
        (void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
        (void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    }
    _exit(127);
}

/* The shell makes way for the command, so that its process is the testee's. */
static int child_start(struct rkmq_testee *t, const char *command, int io, int err_fd,
                       struct rkmq_err *err)
{
    struct rkmq_bytes script;
    rkmq__bytes_init(&script, t->mem);
    rkmq__bytes_printf(&script, "exec %s", command);
    rkmq__bytes_add(&script, "", 1);
    if (script.is_failed) {
        rkmq__bytes_close(&script);
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    pid_t pid = fork();
    if (pid == 0) {
        child_begin(io, err_fd, (const char *)script.p);
    }
    int why = errno;
    rkmq__bytes_close(&script);
    if (pid < 0) {
        return rkmq__err_set(err, RKMQ_E_IO, "no process: %s", strerror(why));
    }
    (void)setpgid(pid, pid); /* whoever is first of the two */
    t->pid = pid;
    if (!group_add(pid)) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "more than %d processes", RKMQ_TESTEE_GROUPS_MAX);
    }
    return RKMQ_OK;
}

/* The runtime's ends are ours, the others the child's, which has its copies by then. */
static int sockets_adopt(struct rkmq_testee *t, const int io[2], const int err_fds[2],
                         struct rkmq_err *err)
{
    int status = rkmq_live_adopt(t->rt, io[0], &EVENTS, t, &t->io);
    int err_status = rkmq_live_adopt(t->rt, err_fds[0], &EVENTS, t, &t->err);
    status = status == RKMQ_OK ? err_status : status;
    (void)close(io[1]);
    (void)close(err_fds[1]);
    return status == RKMQ_OK ? status : rkmq__err_set(err, status, "%s", rkmq_status_text(status));
}

static int testee_start(struct rkmq_testee *t, const char *command, struct rkmq_err *err)
{
    int io[2], err_fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) != 0) {
        return rkmq__err_set(err, RKMQ_E_IO, "no socket: %s", strerror(errno));
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, err_fds) != 0) {
        (void)close(io[0]);
        (void)close(io[1]);
        return rkmq__err_set(err, RKMQ_E_IO, "no socket: %s", strerror(errno));
    }
    int status = child_start(t, command, io[1], err_fds[1], err);
    int adopt_status = sockets_adopt(t, io, err_fds, status == RKMQ_OK ? err : NULL);
    return status == RKMQ_OK ? adopt_status : status;
}

int rkmq__testee_create(struct rkmq_testee **out, struct rkmq_runtime *rt, const char *name,
                        const char *command, const struct rkmq_testee_events *events, void *owner,
                        struct rkmq_err *err)
{
    const struct rkmq_env *env = rt->ops->host(rt, name);
    struct rkmq_testee *t = rkmq__zalloc(env->mem, sizeof *t);
    *out = NULL;
    if (!t) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    *t = (struct rkmq_testee){.rt = rt,
                              .env = env,
                              .mem = env->mem,
                              .name = name,
                              .events = events,
                              .owner = owner,
                              .give_up_at = RKMQ_NEVER};
    rkmq__bytes_init(&t->line, t->mem);
    rkmq__bytes_init(&t->said, t->mem);
    t->watch.fire = watch_fired;
    int status = testee_start(t, command, err);
    if (status != RKMQ_OK) {
        rkmq__testee_destroy(t);
        return status;
    }
    rkmq__timer_in(env, &t->watch, WATCH_MS);
    *out = t;
    return RKMQ_OK;
}

/* ---- the rest of its life ---- */

void rkmq__testee_destroy(struct rkmq_testee *t)
{
    if (!t) {
        return;
    }
    rkmq__timer_stop(t->env, &t->watch);
    t->env->ops->reset(t->env->ctx, t->io);
    t->env->ops->reset(t->env->ctx, t->err);
    if (t->pid > 0) {
        (void)kill(-t->pid, SIGKILL);
        group_remove(t->pid);
        while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR) { /* soon: it was killed */
        }
    }
    rkmq__bytes_close(&t->line);
    rkmq__bytes_close(&t->said);
    rkmq__free(t->mem, t);
}

void rkmq__testee_send(struct rkmq_testee *t, struct rkmq_slice line)
{
    struct rkmq_buf *buf = t->is_over ? NULL : rkmq_buf_create(t->mem, line.n + 1);
    if (!buf) {
        return; /* memory is out: its answer will be missed */
    }
    memcpy(buf->p, line.p, line.n);
    buf->p[line.n] = '\n';
    (void)t->env->ops->send(t->env->ctx, t->io, buf); /* it may be gone: the watch sees that */
    if (t->env->ops->unsent(t->env->ctx, t->io) > RKMQ_TESTEE_UNREAD_BYTES_MAX) {
        rkmq__testee_break(t, "it does not read its input");
    }
}

void rkmq__testee_silence(struct rkmq_testee *t)
{
    (void)kill(-t->pid, SIGSTOP);
    rkmq__timer_stop(t->env, &t->watch);
    t->is_over = true;
}
