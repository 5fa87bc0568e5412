/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_TESTEE_H
#define RKMQ_RUNNER_TESTEE_H

/*
 * A process that plays an actor with somebody else's client. It is told what to do, and tells what
 * happens, in lines of JSON on its standard input and output (docs/testees.md); what it says on
 * stderr goes to the log. It leads a process group of its own, which is killed as a whole.
 *
 *     create -> (line | send)* -> ended -> destroy
 *
 * Nothing it does or fails to do blocks the loop: lines are bounded, what it does not read is
 * bounded, and its end is noticed whether it closes its output or not. On TCP only. Thread: loop.
 */

#include "remoting/base/containers.h"
#include <rkmq/runtime.h>
#include <sys/types.h>

#define RKMQ_TESTEE_LINE_BYTES_MAX (1u << 20)
#define RKMQ_TESTEE_UNREAD_BYTES_MAX (4u << 20) /* sent, and not read by it */
#define RKMQ_TESTEE_GROUPS_MAX 1024             /* processes at a time */
#define RKMQ_TESTEE_WHY_BYTES 256

struct rkmq_testee_events {
    void (*line)(void *owner, struct rkmq_slice line); /* without its end; borrowed */
    /* It is of no more use, for this reason; called once. Nothing follows. */
    void (*ended)(void *owner, const char *why);
};

struct rkmq_testee {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    const struct rkmq_mem *mem;
    const char *name; /* of the actor; borrowed */
    const struct rkmq_testee_events *events;
    void *owner;
    pid_t pid;                    /* also its group's id */
    rkmq_conn io, err;            /* 0: closed */
    struct rkmq_bytes line, said; /* what has come of a line; of stderr */
    char said_last[160];          /* the last line of stderr that is no continuation */
    struct rkmq_timer watch;
    rkmq_ms give_up_at; /* RKMQ_NEVER: nothing is known of its end */
    bool is_over;       /* `ended` was called */
};

/*
 * Starts `command`, a program and its arguments as a shell reads them. Owns: the caller. Errors:
 * RKMQ_E_NOMEM, RKMQ_E_LIMIT too many processes, RKMQ_E_IO the system's reason.
 */
int rkmq__testee_create(struct rkmq_testee **out, struct rkmq_runtime *rt, const char *name,
                        const char *command, const struct rkmq_testee_events *events, void *owner,
                        struct rkmq_err *err);
/* Kills what is left of it; NULL does nothing. Not from within one of its events. */
void rkmq__testee_destroy(struct rkmq_testee *t);
void rkmq__testee_send(struct rkmq_testee *t, struct rkmq_slice line);
/* Stops it where it is: it sends not one more packet, and nothing more is heard of it. */
void rkmq__testee_silence(struct rkmq_testee *t);
/* It broke the protocol: as if it had ended for that reason. */
void rkmq__testee_break(struct rkmq_testee *t, const char *fmt, ...) RKMQ_PRINTF(2, 3);

/* Kills the groups of all testees of this process. For a signal handler: async-signal-safe. */
void rkmq__testees_kill(void);

/*
 * testee_sockets.c: which of the groups has the TCP socket with that own and peer port? 0: none.
 * Asks the system: a client says who it is only to brokers, and only with its first heartbeat.
 */
pid_t rkmq__testee_of_socket(const pid_t *groups, size_t n, unsigned own_port, unsigned peer_port);

#endif
