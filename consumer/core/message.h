/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_MESSAGE_H
#define RKMQ_CORE_MESSAGE_H

/*
 * The messages of one pull answer. One allocation holds them all with their jobs; they are views
 * into the received slab, indexed on the loop and decoded on the worker that consumes them. The
 * batch lives until its last message is finished and unreferenced.
 * Source: MessageDecoder, PullAPIWrapper.processPullResult (client, 5.3.3).
 */

#include <rkmq/consumer.h>
#include <stdatomic.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/bodies.h"

struct rkmq_process_queue;
struct rkmq_consume_service;
struct rkmq_msg_batch;

enum rkmq_msg_state {
    RKMQ_MSG_RAW,     /* indexed */
    RKMQ_MSG_DECODED, /* record, topic and body are filled */
    RKMQ_MSG_BROKEN   /* cannot be decoded or decompressed: dropped, as MessageDecoder does */
};

struct rkmq_msg {
    struct rkmq_job job;     /* runs n_in_job messages from this one on */
    struct rkmq_timer retry; /* a failed send-back: consume here again */
    struct rkmq_msg_batch *batch;
    const uint8_t *raw;
    uint32_t raw_bytes, body_bytes; /* as stored */
    uint32_t index, n_in_job;
    int64_t queue_offset;
    int32_t sys_flag;

    /* Written by the worker, read by the loop after `done`. */
    enum rkmq_msg_state state;
    bool is_acked;
    int32_t delay_level;
    atomic_bool is_started; /* a listener has been given this message */

    /* The loop's. */
    bool is_finished, is_sent_back; /* sent back: the answer is awaited */
    bool is_running;                /* its job is submitted and not done */
    atomic_int n_local_retries;     /* added to reconsumeTimes; who keeps the message reads it */
    rkmq_ms started_ms;             /* when the loop saw is_started; 0: not yet */
    struct rkmq_list link;          /* in service->waiting */
    struct rkmq_list job_link;      /* of the first of a job: in service->jobs */

    /* Filled by decoding. */
    struct rkmq_record record;
    struct rkmq_slice topic, body;
    struct rkmq_buf *inflated; /* owns `body` of a compressed message */
    char offset_id[RKMQ_OFFSET_ID_CHARS_MAX + 1];
};

struct rkmq_msg_batch {
    const struct rkmq_mem *mem;
    atomic_uint n_refs; /* one for the core while n_unfinished > 0, one per rkmq_msg_ref */
    struct rkmq_buf *slab;
    struct rkmq_process_queue *pq;              /* while n_unfinished > 0 */
    struct rkmq_consume_service *service;       /* while n_unfinished > 0 */
    struct rkmq_slice broker_name, retry_topic; /* behind the messages: outlive the queue */
    int32_t queue_id;
    size_t n_msgs, n_unfinished;
    struct rkmq_msg **list; /* what listeners are given */
    struct rkmq_msg *msgs;
};

struct rkmq_batch_source {
    const struct rkmq_mem *mem;
    const struct rkmq_buf *frame; /* holds `body` */
    struct rkmq_slice body;
    const struct rkmq_subscription_data *sub; /* tags to keep, as the client sees them */
    struct rkmq_slice broker_name, retry_topic;
    int32_t queue_id;
    int64_t offset_delta; /* of a static topic: added to every queue offset */
};
/*
 * Indexes the records of a pull answer and keeps those whose tag is subscribed and whose offset is
 * not negative. `*n_records` counts all. A record that does not fit ends the list; `err` says why
 * (its status is RKMQ_OK otherwise).
 * `*out` is NULL when no message is kept. Errors: RKMQ_E_NOMEM.
 */
int rkmq__msg_batch_create(struct rkmq_msg_batch **out, const struct rkmq_batch_source *from,
                           size_t *n_records, struct rkmq_err *err);
void rkmq__msg_batch_unref(struct rkmq_msg_batch *batch); /* Thread: any */
/* A message that finds no memory for its body stays RAW; all but the body is filled then. Thread:
 * the worker that has the message. */
void rkmq__msg_decode(struct rkmq_msg *msg);

#endif
