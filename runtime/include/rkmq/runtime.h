/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNTIME_H
#define RKMQ_RUNTIME_H

/*
 * A runtime drives protocol cores. Facades (push consumer, mock cluster) are given one and do not
 * know which: rkmq/live.h makes one of a libev loop thread, rkmq/sim.h one of virtual time.
 */

#include <rkmq/env.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rkmq_runtime;

struct rkmq_runtime_ops {
    /*
     * The env of a named host, which is made at first use with an address of its own. A live
     * runtime has one host, whatever the name, unless it was asked for more. NULL when memory is
     * out. Thread: any that is not the loop's.
     */
    const struct rkmq_env *(*host)(struct rkmq_runtime *rt, const char *name);
    /* Runs `fn(arg)` on the loop thread and returns when it is done. Called on the loop thread:
     * runs at once. */
    void (*call)(struct rkmq_runtime *rt, void (*fn)(void *arg), void *arg);
    /*
     * Waits until `is_done(arg)`, asked on the loop thread after each round of events, says true.
     * Simulated: steps the world. Errors: RKMQ_E_TIMEOUT; RKMQ_E_STATE inside an event or a
     * simulated listener, or when the simulation has nothing left to do.
     */
    int (*await)(struct rkmq_runtime *rt, bool (*is_done)(void *arg), void *arg,
                 rkmq_ms timeout_ms);
};

struct rkmq_runtime {
    const struct rkmq_runtime_ops *ops;
};

/* The C library's heap. The one place of the project that calls malloc. Thread: any. */
RKMQ_API const struct rkmq_mem *rkmq_mem_heap(void);

#ifdef __cplusplus
}
#endif
#endif
