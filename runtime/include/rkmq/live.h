/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_LIVE_H
#define RKMQ_LIVE_H

/*
 * The real world: one libev loop thread, TCP, worker threads. Protocol state lives on the loop
 * thread; listeners run on workers. Only loopback and addresses the caller names are ever bound or
 * dialled.
 */

#include <rkmq/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_LIVE_SEND_QUEUE_BYTES_MAX (64u << 20) /* above it `send` answers RKMQ_E_LIMIT */
#define RKMQ_LIVE_SEND_QUEUE_BYTES_LOW (1u << 20)  /* below it `drained` is raised */

/* Sees all bytes of all connections, for captures. Thread: loop. */
typedef void rkmq_live_tap_fn(void *user, rkmq_conn c, bool is_outgoing, const char *local,
                              const char *peer, struct rkmq_slice bytes);

struct rkmq_live_options {
    size_t size;
    const struct rkmq_mem *mem; /* NULL: rkmq_mem_heap() */
    const char *host;           /* how this host names itself in client ids; NULL: "127.0.0.1" */
    uint64_t seed;              /* 0: from the system */
    enum rkmq_log_level log_level;
    rkmq_log_fn *log; /* NULL: silent. Thread: loop and workers */
    void *log_user;
    rkmq_live_tap_fn *tap; /* may be NULL */
    void *tap_user;
    /* Each name given to the runtime's `host` is a host of its own, as in simulation: it shares no
     * client instance with others and dials loopback from an address of its own, 127.1.0.1,
     * 127.1.0.2 ... in order of creation. Else all names are one host. */
    bool has_hosts;
};
#define RKMQ_LIVE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        .size = sizeof(struct rkmq_live_options), .log_level = RKMQ_LOG_WARN                       \
    }

/*
 * Starts the loop thread. `o` may be NULL.
 * Owns: the caller, until rkmq_live_destroy. Errors: RKMQ_E_NOMEM, RKMQ_E_IO (no thread, no event
 * loop).
 */
RKMQ_API int rkmq_live_create(struct rkmq_runtime **out, const struct rkmq_live_options *o,
                              struct rkmq_err *err);
/* Every consumer and mock on it must have been destroyed. Flushes and closes what is left, joins
 * the thread. */
RKMQ_API void rkmq_live_destroy(struct rkmq_runtime *rt);

/*
 * Makes a connection of a connected stream socket, such as one end of a socketpair, to be used with
 * the operations of the runtime's env. It is open when this returns, `opened` is not called.
 * Owns: `take_fd` is the runtime's, also on failure. Errors: RKMQ_E_INVALID no descriptor,
 * RKMQ_E_NOMEM. Thread: loop.
 */
RKMQ_API int rkmq_live_adopt(struct rkmq_runtime *rt, int take_fd,
                             const struct rkmq_conn_events *ev, void *owner, rkmq_conn *out);

#ifdef __cplusplus
}
#endif
#endif
