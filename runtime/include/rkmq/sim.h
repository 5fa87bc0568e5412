/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_SIM_H
#define RKMQ_SIM_H

/*
 * A world on virtual time: hosts with addresses of their own, links between them, virtual workers,
 * one event heap, one seed. Same seed and same calls give the same trace, byte for byte.
 *
 * Links carry bytes in order. Times inside the world are microseconds, so that a link of 200 us
 * differs from one of none; cores see milliseconds. The network takes bytes without limit of speed,
 * so what counts as unsent is what has not arrived yet: it grows while a link is cut.
 *
 * A host may be dialled by its name or its address (10.0.0.1, 10.0.0.2 ... in order of creation);
 * "0.0.0.0", "127.0.0.1" and "localhost" stand for the host itself. A listener runs inline at the
 * moment its job starts; its result arrives after the time it stated with rkmq_sim_spend.
 */

#include <rkmq/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_SIM_SEND_QUEUE_BYTES_MAX (64u << 20) /* above it `send` answers RKMQ_E_LIMIT */
#define RKMQ_SIM_SEND_QUEUE_BYTES_LOW (1u << 20)  /* below it `drained` is raised */

typedef int64_t rkmq_us;

struct rkmq_sim;

struct rkmq_sim_options {
    size_t size;
    const struct rkmq_mem *mem; /* NULL: rkmq_mem_heap() */
    uint64_t seed;
    rkmq_ms wall_epoch_ms; /* wall clock at virtual time 0 */
    rkmq_us delay_us;      /* of every link that has no rule of its own */
    bool is_traced;        /* keep trace lines; the hash is kept in any case */
    enum rkmq_log_level log_level;
    rkmq_log_fn *log;
    void *log_user;
};
#define RKMQ_SIM_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .size = sizeof(struct rkmq_sim_options), .seed = 1, .wall_epoch_ms = 1700000000000,        \
        .delay_us = 200, .log_level = RKMQ_LOG_WARN                                                \
    }

struct rkmq_link {
    rkmq_us delay_us, jitter_us;
    bool is_cut; /* bytes and connection attempts wait; healed links deliver them */
    uint32_t
        resets_per_million; /* chance, per delivered chunk, that the connection is reset instead */
    size_t
        chunk_bytes_max; /* 0: whole sends; else each delivery is cut at a random size up to it */
};

/* Owns: the caller. Errors: RKMQ_E_NOMEM. Thread: a simulation and all on it belong to one thread.
 */
RKMQ_API int rkmq_sim_create(struct rkmq_sim **out, const struct rkmq_sim_options *o);
/* Every consumer and mock on it must have been destroyed, except those of crashed hosts. */
RKMQ_API void rkmq_sim_destroy(struct rkmq_sim *s);
RKMQ_API struct rkmq_runtime *rkmq_sim_runtime(struct rkmq_sim *s);

RKMQ_API rkmq_us rkmq_sim_now(const struct rkmq_sim *s);
/* One event. False when nothing is due, ever. Errors inside listeners: never call these from an
 * event. */
RKMQ_API bool rkmq_sim_step(struct rkmq_sim *s);
RKMQ_API void rkmq_sim_run_for(struct rkmq_sim *s, rkmq_ms ms);
/* Runs until `stop` says true (then true) or `limit_ms` of virtual time are over (then false). */
RKMQ_API bool rkmq_sim_run_until(struct rkmq_sim *s, bool (*stop)(void *arg), void *arg,
                                 rkmq_ms limit_ms);

/*
 * Rules for one direction. A NULL name stands for every host, but not for a host's way to itself:
 * only a rule that names it twice touches that. The last matching rule wins. Errors: RKMQ_E_NOMEM.
 */
RKMQ_API int rkmq_sim_link(struct rkmq_sim *s, const char *from, const char *to,
                           const struct rkmq_link *l);
/*
 * The host stops at once: timers, jobs and events of its cores never fire again, its objects stay
 * in memory until their owner destroys them. `is_reset`: peers see a reset after the link's delay,
 * and new dials are refused; else they see silence. Asking the runtime for the host again starts it
 * anew: same address, new env and pid; it answers bytes of old connections with a reset.
 */
RKMQ_API void rkmq_sim_crash(struct rkmq_sim *s, const char *host, bool is_reset);
/* What a host holds of the runtime now: nothing, once all its cores were shut down. */
struct rkmq_sim_left {
    size_t connections; /* not closed by it, dialled or accepted */
    size_t listeners, timers, pools;
};
/* A host that was never asked for, or has crashed, holds nothing. */
RKMQ_API void rkmq_sim_host_left(const struct rkmq_sim *s, const char *host,
                                 struct rkmq_sim_left *out);
/* Within a listener's run: this call takes `us` of virtual time. Outside one: nothing. */
RKMQ_API void rkmq_sim_spend(struct rkmq_sim *s, rkmq_us us);

/* All trace lines so far, "" unless is_traced. Borrowed until the next step. */
RKMQ_API const char *rkmq_sim_trace(const struct rkmq_sim *s);
/* A hash over every event: time, host, kind, bytes. */
RKMQ_API uint64_t rkmq_sim_hash(const struct rkmq_sim *s);

#ifdef __cplusplus
}
#endif
#endif
