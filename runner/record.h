/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_RECORD_H
#define RKMQ_RUNNER_RECORD_H

/*
 * Turns what servers, consumers, listeners and the script do into rows of the event log, and adds
 * the rows that follow from others (append, commit, commit-regress, redelivery, owner-overlap).
 * Names in rows are the scenario's: an actor is known by its address or client id, a server by its
 * place.
 *
 *     record.c           the log, and rows that follow     record_names.c     who is who
 *     record_mock.c      what servers saw                  record_consumer.c  what actors do
 *     record_body.c      what a verdict needs of a body
 *
 * Thread: any; rows get their order from one lock. `on_row` is called within it.
 */

#include <pthread.h>
#include <rkmq/consumer.h>
#include <rkmq/mock.h>

#include "runner/scenario.h"

struct rkmq_recorder {
    const struct rkmq_scenario *sc;
    struct rkmq_event_log *log;
    const struct rkmq_mem *mem;
    rkmq_us (*now)(void *clock); /* since the start of the run */
    void *clock;
    void (*on_row)(void *user, const struct rkmq_event *row); /* may be NULL */
    void *user;
    /* Whose the other end of a server's connection is; 0: not known. NULL: nobody can tell. */
    rkmq_name (*owner_of)(void *user, const char *server, const char *peer);
    void *owner_user;
    bool is_over; /* what comes now is not recorded; within the lock */

    pthread_mutex_t lock;
    struct rkmq_map peers;     /* address without port, or client id -> name */
    struct rkmq_map owned;     /* "server address:port", if owner_of knows it -> name */
    struct rkmq_map requests;  /* (server, connection, opaque, direction) -> row of the request */
    struct rkmq_map delivered; /* (group, UNIQ_KEY): was delivered */
    struct rkmq_map committed; /* (group, queue) -> committed offset + 1 */
    struct rkmq_map owners;    /* (group, queue) -> who said last that it has it */
};

/* Errors: RKMQ_E_NOMEM. */
int rkmq__recorder_init(struct rkmq_recorder *r, const struct rkmq_scenario *sc,
                        const struct rkmq_mem *mem);
void rkmq__recorder_close(struct rkmq_recorder *r);
/* Thread: any. What comes while it is off is not recorded. */
void rkmq__recorder_switch(struct rkmq_recorder *r, bool is_on);
/* From now on that address ("10.0.0.7") or client id is called `name`. */
int rkmq__recorder_peer(struct rkmq_recorder *r, const char *known_as, rkmq_name name);
/* As rkmq_mock_peer_name_fn; `user` is the recorder. */
const char *rkmq__recorder_peer_name(void *user, const char *server, const char *peer,
                                     const char *client_id);

/* A row with nothing but kind and time; the caller fills in the rest. */
struct rkmq_event rkmq__row(enum rkmq_event_kind kind);
rkmq_name rkmq__recorder_name(struct rkmq_recorder *r, const char *text);
void rkmq__recorder_add(struct rkmq_recorder *r, const struct rkmq_event *row);

/* rkmq_mock_event_fn; `user` is the recorder. */
void rkmq__recorder_mock(void *user, const struct rkmq_mock_event *event);
/* What an actor's consumer does with its queues. */
void rkmq__recorder_push(struct rkmq_recorder *r, rkmq_name who, rkmq_name group,
                         const struct rkmq_push_event *event);
/* One listener call of an actor, whoever's consumer it is. Borrowed for the function called. */
struct rkmq_listener_call {
    rkmq_name who, group;
    struct rkmq_slice topic,
        broker_name; /* of the queue: the %RETRY% topic for a retried message */
    int32_t queue_id;
    const void *msgs; /* what `get` reads from */
    size_t n;         /* at least 1 */
    void (*get)(const void *msgs, size_t i, struct rkmq_msg_view *out);
};
/* Before the call. */
void rkmq__recorder_listener_begin(struct rkmq_recorder *r, const struct rkmq_listener_call *call);
/* After it. Our consumer tells it by itself, as RKMQ_PUSH_LISTENER_DONE. */
void rkmq__recorder_listener_end(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                 int then);
/* The broker's committed offset of a queue is `offset` now, whoever made it so. */
void rkmq__recorder_commit(struct rkmq_recorder *r, const struct rkmq_event *row);

/* ---- between the files of the recorder; within its lock ---- */

/* record.c: adds the row, at this moment. */
void rkmq__record_add(struct rkmq_recorder *r, const struct rkmq_event *row);
/* ... and what it means: `row` names group, queue, who, and the new offset. */
void rkmq__record_commit(struct rkmq_recorder *r, const struct rkmq_event *row);
/* ... `row` says who has the queue from now on, or has it no more; others say nothing. */
void rkmq__record_owner(struct rkmq_recorder *r, const struct rkmq_event *row);

/* record_names.c: who is at the other end, by the connection, the client id or the address. */
rkmq_name rkmq__record_peer_name(struct rkmq_recorder *r, const char *server, const char *peer,
                                 const char *client_id);
/* A connection opens or closes: whose it is. */
void rkmq__record_owned(struct rkmq_recorder *r, const char *server, const char *peer);
void rkmq__record_disowned(struct rkmq_recorder *r, const char *server, const char *peer);
/* What the script calls that server of the mock. */
rkmq_name rkmq__record_server_name(struct rkmq_recorder *r, const char *server);
/* ... and the broker that is `wire_name` in a frame. */
rkmq_name rkmq__record_broker(struct rkmq_recorder *r, struct rkmq_slice wire_name);

/* record_body.c: what the body says, as event.h has it; 0: nothing. */
rkmq_name rkmq__record_body(struct rkmq_recorder *r, int32_t code, bool is_answer,
                            struct rkmq_slice body, const struct rkmq_mem *mem);
/* The request lacks what its code needs; `err` says what. */
bool rkmq__record_is_malformed(const struct rkmq_command *cmd, struct rkmq_err *err);

/* A name as the value of a map; NULL and 0: none. */
static inline void *rkmq__name_pointer(rkmq_name name)
{
    return (void *)(uintptr_t)name;
}
static inline rkmq_name rkmq__name_of(const void *pointer)
{
    return (rkmq_name)(uintptr_t)pointer;
}

#endif
