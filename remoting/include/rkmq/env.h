/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_ENV_H
#define RKMQ_ENV_H

/*
 * What a protocol core sees of the world: time, randomness, timers, connections, workers, log.
 * Two runtimes implement it: rkmq/live.h (libev, TCP, threads) and rkmq/sim.h (virtual time).
 *
 * Rules, kept by both runtimes and asserted by the cores
 *   1. No operation calls back before it returns. Completions come later, from the runtime's top
 * level.
 *   2. `now` and `wall` are constant during one event.
 *   3. `send` takes its buffers, also on failure; `data` hands buffers over to the core.
 *   4. `dial` completes later: exactly one of `opened` or `closed`. A dialled or accepted
 * connection that opened gets exactly one `closed`, unless the core closed it.
 *   5. After `close` no further event comes for that connection (queued bytes are still flushed).
 *   6. A submitted job's `run` runs once on some worker and sees only its job; `done` then runs
 * once on the core's thread. A host that crashes drops its jobs without `done`.
 *   7. Timers fire at or after `due`, in order of due, then of arming.
 *   8. One core, one thread: everything but `run` happens on the runtime's loop thread.
 */

#include <rkmq/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bytes ---- */

/* Reference-counted storage. The count is atomic: a worker thread may drop the last reference. */
struct rkmq_slab;

/*
 * A view of a slab that holds one reference to it. Buffers form chains through `next`; a chain is
 * owned by whoever holds its head. Two views of one slab may be adjacent in memory (the live
 * runtime reads that way), which lets a reader join them without copying.
 */
struct rkmq_buf {
    struct rkmq_buf *next;
    struct rkmq_slab *slab;
    uint8_t *p;
    size_t n;
};

/* A fresh slab of `n` writable bytes with one view on all of it. NULL when memory is out. */
RKMQ_API struct rkmq_buf *rkmq_buf_create(const struct rkmq_mem *mem, size_t n);
/* The same, filled with a copy of `bytes`. */
RKMQ_API struct rkmq_buf *rkmq_buf_copy(const struct rkmq_mem *mem, struct rkmq_slice bytes);
/* Another view of the same slab; [offset, offset + n) must lie within `b`. NULL when memory is out.
 */
RKMQ_API struct rkmq_buf *rkmq_buf_view(const struct rkmq_buf *b, size_t offset, size_t n);
/* Frees the whole chain; NULL does nothing. Thread: any. */
RKMQ_API void rkmq_buf_free(struct rkmq_buf *chain);
RKMQ_API size_t rkmq_buf_chain_bytes(const struct rkmq_buf *chain);
RKMQ_API void rkmq_buf_append(struct rkmq_buf **chain, struct rkmq_buf *take_tail);

/* ---- connections, timers, jobs
 * ------------------------------------------------------------------------------ */

typedef uint64_t rkmq_conn; /* never reused within a runtime; 0 is no connection */

struct rkmq_conn_events {
    /* `peer` is "ip:port". For an accepted connection `owner` is the listener's. */
    void (*opened)(void *owner, rkmq_conn c, const char *peer);
    void (*data)(void *owner, rkmq_conn c, struct rkmq_buf *take_data);
    void (*drained)(void *owner,
                    rkmq_conn c); /* the send queue fell below its low mark; may be NULL */
    void (*closed)(void *owner, rkmq_conn c, const char *why);
};

/* Embedded in its owner; zero-initialised memory is an idle timer. The fields after `fire` belong
 * to the runtime. */
struct rkmq_timer {
    void (*fire)(struct rkmq_timer *t);
    rkmq_ms due;
    uint64_t order;
    size_t heap_index; /* 0 = idle, else position in the runtime's heap + 1 */
};

/* Embedded in its owner, which must live until `done`. */
struct rkmq_job {
    void (*run)(struct rkmq_job *job);
    void (*done)(struct rkmq_job *job);
    struct rkmq_job *next; /* the runtime's while submitted */
    void *pool;            /* the runtime's */
};

struct rkmq_pool; /* workers of one consumer group */

struct rkmq_env_ops {
    rkmq_ms (*now)(void *ctx);  /* monotonic */
    rkmq_ms (*wall)(void *ctx); /* since 1970, for message time stamps and versions only */
    uint64_t (*rand64)(void *ctx);

    void (*timer_arm)(void *ctx, struct rkmq_timer *t, rkmq_ms due); /* re-arms an armed timer */
    void (*timer_stop)(void *ctx, struct rkmq_timer *t);             /* of an idle timer: nothing */

    /*
     * `addr` is "host:port", port 0 = any free one. The bound address is written to `bound` as
     * "ip:port". Events of accepted connections go to `ev` with `owner`. The listener is closed
     * with `close`. Errors: RKMQ_E_INVALID bad address, RKMQ_E_IO cannot bind (err has the system's
     * reason).
     */
    int (*listen)(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                  rkmq_conn *out, char bound[64], struct rkmq_err *err);
    /* Errors: RKMQ_E_INVALID bad address, RKMQ_E_NOMEM. Anything the network says comes later as
     * `closed`. */
    int (*dial)(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                rkmq_conn *out);
    /*
     * Errors: RKMQ_E_CLOSED, RKMQ_E_LIMIT (send queue over its high mark), RKMQ_E_NOMEM. Buffers
     * are taken in any case. Before `opened` they wait for it.
     */
    int (*send)(void *ctx, rkmq_conn c, struct rkmq_buf *take_chain);
    void (*close)(void *ctx, rkmq_conn c);
    /* As `close`, but nothing is flushed and the peer sees a reset. */
    void (*reset)(void *ctx, rkmq_conn c);
    size_t (*unsent)(void *ctx, rkmq_conn c); /* bytes queued but not yet given to the network */

    int (*pool_create)(void *ctx, const char *name, unsigned threads_min, unsigned threads_max,
                       struct rkmq_pool **out);
    void (*pool_destroy)(void *ctx, struct rkmq_pool *pool); /* no job may be under way */
    void (*submit)(void *ctx, struct rkmq_pool *pool, struct rkmq_job *job);

    void (*log)(void *ctx, enum rkmq_log_level level, const char *subject, const char *text);
    /* One stable line for tests and golden files; a no-op unless a trace is kept. */
    void (*trace)(void *ctx, const char *line);
};

struct rkmq_env {
    const struct rkmq_env_ops *ops;
    void *ctx;
    const struct rkmq_mem *mem;
    enum rkmq_log_level log_level; /* lines above it are dropped before they are formatted */
    bool is_traced;
    const char
        *host; /* how this host names itself: "127.0.0.1" live, a virtual address in simulation */
    int pid;   /* goes into client ids and UNIQ_KEYs */
    /*
     * One pointer of this host, NULL at first, for what the cores on it share: the client manager
     * keeps the client instances by client id behind it. NULL: this host shares nothing.
     */
    void **shared;
    bool is_gone; /* a simulated host that crashed: nothing that is waited for ever comes */
};

#ifdef __cplusplus
}
#endif
#endif
