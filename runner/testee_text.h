/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_TESTEE_TEXT_H
#define RKMQ_RUNNER_TESTEE_TEXT_H

/*
 * The lines of docs/testees.md: what a testee says, read and checked, and what it is told, written.
 * What a testee says is a stranger's: everything is bounded, nothing is believed before it is
 * checked.
 */

#include <rkmq/consumer.h>

#include "runner/scenario.h"

#define RKMQ_TESTEE_PROTOCOL 1
#define RKMQ_TESTEE_MESSAGES_MAX 1024 /* of one call: consumeMessageBatchMaxSize's limit */

enum rkmq_testee_said_kind {
    RKMQ_TESTEE_READY,
    RKMQ_TESTEE_STARTED,
    RKMQ_TESTEE_FAILED,
    RKMQ_TESTEE_REFUSED,
    RKMQ_TESTEE_STOPPED,
    RKMQ_TESTEE_LISTENER_BEGIN
};
struct rkmq_testee_said {
    enum rkmq_testee_said_kind kind;
    struct rkmq_slice client, version;    /* READY; may be empty */
    struct rkmq_slice client_id;          /* STARTED; may be empty */
    struct rkmq_slice why;                /* FAILED, REFUSED */
    struct rkmq_slice what;               /* REFUSED: the command */
    int64_t call;                         /* LISTENER_BEGIN: its number */
    struct rkmq_slice topic, broker_name; /* ... of the queue */
    int32_t queue_id;
    const struct rkmq_msg_view *msgs; /* only queue_offset, reconsume_times, msg_id, keys, tags */
    size_t n_msgs;
};
/* Texts are borrowed from `line` or live in `arena`. Errors: RKMQ_E_PROTOCOL (err says what),
 * RKMQ_E_NOMEM.
 */
int rkmq__testee_read(struct rkmq_slice line, struct rkmq_arena *arena,
                      struct rkmq_testee_said *out, struct rkmq_err *err);

/* {"do":"start", ...}: the options the script gives; what it leaves out is the client's own
 * default. */
void rkmq__testee_write_start(struct rkmq_bytes *out, const struct rkmq_scenario *sc,
                              const struct rkmq_actor *actor, const char *namesrv_addr);
void rkmq__testee_write_do(struct rkmq_bytes *out, const char *what);
void rkmq__testee_write_return(struct rkmq_bytes *out, int64_t call, int then);

#endif
