/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_RECORD_ENV_H
#define RKMQ_TEST_RECORD_ENV_H

#include <rkmq/env.h>

/*
 * An env that records: a core's effects become a list that a test reads, and the test plays the
 * world: it moves time, opens connections, hands in bytes. Jobs run when the test says so. Owns
 * what is sent until taken.
 */
#define RECORD_CONNS_MAX 64

struct record_conn {
    rkmq_conn id;
    const struct rkmq_conn_events *ev;
    void *owner;
    bool is_listener, is_closed_by_core, is_reset_by_core;
    char addr[64];
    struct rkmq_buf *sent; /* everything sent and not yet taken */
};

struct record_env {
    struct rkmq_env env;
    struct rkmq_env_ops ops;
    rkmq_ms now, wall_offset;
    uint64_t rand_state, order;
    struct rkmq_timer *timers[256];
    size_t n_timers;
    struct record_conn conns[RECORD_CONNS_MAX];
    size_t n_conns;
    struct rkmq_job *jobs; /* submitted, oldest first */
    size_t n_jobs;
    int fail_listen, fail_dial, fail_send; /* what these answer instead, unless RKMQ_OK */
    size_t unsent;                         /* what every connection says */
    char log[8192];                        /* "level subject: text\n" lines, cut when full */
    size_t log_n;
    char trace[32768];
    size_t trace_n;
};
void record_env_init(struct record_env *re, const struct rkmq_mem *mem);
void record_env_close(
    struct record_env *re); /* frees what was sent; fails the test if a timer is armed */

void record_env_advance(struct record_env *re,
                        rkmq_ms ms); /* fires what is due on the way, in order */
struct record_conn *record_env_conn(struct record_env *re, rkmq_conn id);
struct record_conn *record_env_dialled(struct record_env *re,
                                       const char *addr); /* the latest to addr, or NULL */
void record_env_open(struct record_env *re, rkmq_conn id);
void record_env_hand_in(struct record_env *re, rkmq_conn id, struct rkmq_slice bytes);
void record_env_hang_up(struct record_env *re, rkmq_conn id, const char *why);
rkmq_conn record_env_accept(struct record_env *re, rkmq_conn listener,
                            const char *peer); /* a new, opened connection */
struct rkmq_buf *record_env_take_sent(struct record_env *re,
                                      rkmq_conn id); /* one joined buffer, or NULL */
void record_env_run_jobs(
    struct record_env *re); /* runs and finishes all, also those submitted meanwhile */

#endif
