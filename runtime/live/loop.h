/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_LIVE_LOOP_H
#define RKMQ_LIVE_LOOP_H

/*
 * Inside of the live runtime. One loop thread; a round of it is: wait, read the clocks, handle what
 * came (I/O, timers, mail), then finish the round: write what was sent, hand jobs to workers, ask
 * the waiting callers' conditions, set the alarm for the next timer.
 *
 * Only the mail fields and the pools' shared halves are touched by other threads.
 */

#include <ev.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <rkmq/live.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "remoting/base/containers.h"
#include "runtime/conn_table.h"
#include "runtime/heap.h"

#define RKMQ_LIVE_READ_SLAB_BYTES_MIN 4096u
#define RKMQ_LIVE_READ_SLAB_BYTES_MAX (1u << 20)
#define RKMQ_LIVE_READS_PER_EVENT_MAX 4
#define RKMQ_LIVE_SPARE_SLABS_MAX 8 /* full ones of the largest size, kept for another use */
#define RKMQ_LIVE_IDLE_SLAB_BYTES_MAX 16384u /* a larger one is given up by an idle connection */
#define RKMQ_LIVE_IDLE_SWEEP_MS 5000
#define RKMQ_LIVE_IOVECS_MAX 128
#define RKMQ_LIVE_ACCEPTS_PER_EVENT_MAX 64
#define RKMQ_LIVE_ACCEPT_PAUSE_MS 100 /* after "too many open files" */
#define RKMQ_LIVE_FLUSH_MS 5000       /* a closed connection may write for so long */
#define RKMQ_LIVE_FIN_WAIT_MS 1000    /* then waits so long for the peer to close too */
#define RKMQ_LIVE_STOP_MS 500         /* destroying a runtime takes so long at most */
#define RKMQ_LIVE_FINISH_PASSES_MAX 16
#define RKMQ_LIVE_RESOLVER_THREADS 2
#define RKMQ_LIVE_PEER_BYTES 64

struct live_socket;
struct live_conn;

/* A function that another thread wants run on the loop thread, on that thread's stack. */
struct live_call {
    struct rkmq_list link;
    void (*fn)(void *arg);
    void *arg;
    pthread_cond_t is_finished_changed;
    bool is_finished;
};

/* A condition that another thread waits for, on that thread's stack. */
struct live_wait {
    struct rkmq_list link;
    bool (*is_done)(void *arg);
    void *arg;
    pthread_cond_t is_finished_changed;
    bool is_finished;
};

/* Whose env a core is given. Nearly all of it is the runtime's. */
struct live_host {
    struct rkmq_env env;
    struct rkmq_live *lv;
    struct rkmq_list link;
    char *name, *address;
    struct in_addr source; /* what it dials loopback from; 0: the system chooses */
    void *shared;
};

struct rkmq_live {
    struct rkmq_runtime rt; /* first */
    const struct rkmq_mem *mem;
    struct rkmq_live_options options;
    struct live_host main; /* every name's, unless options.has_hosts */

    struct ev_loop *ev;
    pthread_t thread;
    ev_async wake;
    ev_check round_begin;
    ev_prepare round_end;
    ev_timer alarm;
    bool has_alarm;
    int64_t alarm_at; /* in ms, or 0 for at once */
    int64_t now_ns;
    rkmq_ms now, wall;
    uint64_t rand_state;

    struct rkmq__heap timers;
    uint64_t timer_order;

    struct rkmq__conn_table table;
    struct rkmq_list sockets;  /* all of them */
    struct rkmq_list unsent;   /* connections to write to at the end of the round */
    struct rkmq_list failed;   /* connections that could not even be started */
    struct rkmq_list finished; /* freed at the end of the round */
    struct rkmq_timer sweep;   /* looks for idle connections with a large slab */
    struct rkmq_list pools;
    struct rkmq_pool *resolver;
    bool is_stopping;
    struct rkmq_timer stop_deadline;

    /* mail */
    _Atomic(struct rkmq_job *) jobs_done; /* latest first */
    pthread_mutex_t lock;                 /* of all below */
    struct rkmq_list hosts;               /* in order of creation */
    unsigned n_hosts;
    struct rkmq_list calls, waits;
    pthread_t loop_thread;
    pthread_cond_t is_running_changed;
    bool is_running;
};

/* ---- loop.c ---- */
int rkmq__live_start(struct rkmq_live *lv, struct rkmq_err *err); /* thread and watchers */
void rkmq__live_stop(struct rkmq_live *lv);                       /* joins the thread */

/* ---- host.c ---- */
int rkmq__live_hosts_init(struct rkmq_live *lv);
void rkmq__live_hosts_close(struct rkmq_live *lv);
const struct rkmq_env *rkmq__live_host(struct rkmq_runtime *rt, const char *name);

/* ---- timers.c ---- */
void rkmq__live_timer_arm(struct rkmq_live *lv, struct rkmq_timer *t, rkmq_ms due);
void rkmq__live_timer_stop(struct rkmq_live *lv, struct rkmq_timer *t);
void rkmq__live_clock_read(struct rkmq_live *lv);
/* Sets the alarm for the first timer; `is_urgent`: the next round must not wait at all. */
void rkmq__live_alarm_set(struct rkmq_live *lv, bool is_urgent);
void rkmq__live_alarm_fire(struct ev_loop *ev, ev_timer *w, int revents);

/* ---- mailbox.c ---- */
int rkmq__live_mailbox_init(struct rkmq_live *lv);
void rkmq__live_mailbox_close(struct rkmq_live *lv);
void rkmq__live_mail_done(struct rkmq_live *lv, struct rkmq_job *job); /* Thread: any */
void rkmq__live_mail_read(struct rkmq_live *lv);                       /* jobs done, then calls */
void rkmq__live_waits_ask(struct rkmq_live *lv);
void rkmq__live_call(struct rkmq_runtime *rt, void (*fn)(void *arg), void *arg);
int rkmq__live_await(struct rkmq_runtime *rt, bool (*is_done)(void *arg), void *arg,
                     rkmq_ms timeout_ms);

/* ---- workers.c ---- */
int rkmq__live_pool_create(struct rkmq_live *lv, const char *name, unsigned threads_min,
                           unsigned threads_max, struct rkmq_pool **out);
void rkmq__live_pool_destroy(struct rkmq_live *lv, struct rkmq_pool *pool);
/* Waits for the workers; jobs that did not run are finished all the same. After the loop ended. */
void rkmq__live_pool_drain(struct rkmq_pool *pool);
void rkmq__live_submit(struct rkmq_pool *pool, struct rkmq_job *job);
void rkmq__live_pools_publish(struct rkmq_live *lv);
void rkmq__live_job_finish(struct rkmq_job *job);

#endif
