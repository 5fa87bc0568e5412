/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_CONSUME_CONCURRENTLY_H
#define RKMQ_CORE_CONSUME_CONCURRENTLY_H

/*
 * ConsumeMessageConcurrentlyService: messages to listeners on the workers, results back to the
 * process queue. Source: ConsumeMessageConcurrentlyService (client, 5.3.3).
 *
 * A listener call is given consumeMessageBatchMaxSize messages at most. A job makes one call, or,
 * when calls have lately been short, as many as one worker does in about RKMQ_JOB_TARGET_MS: then
 * handing over costs little, and nobody waits noticeably behind a neighbour.
 */

#include "consumer/core/message.h"

#define RKMQ_LOCAL_RETRY_MS 5000 /* until what was not sent back is consumed here again */
#define RKMQ_SEND_BACK_TIMEOUT_MS 5000
#define RKMQ_EXPIRED_SEND_BACK_LEVEL 3 /* cleanExpiredMsg: 10 s */
#define RKMQ_EXPIRED_PER_SWEEP_MAX 16
#define RKMQ_EXPIRED_SWEEP_MS 60000
#define RKMQ_JOB_TARGET_MS 4
#define RKMQ_JOB_CALLS_MAX 32
#define RKMQ_JOB_RATE_WINDOW_MS 8

struct rkmq_push_impl;

struct rkmq_consume_service {
    struct rkmq_push_impl *impl;
    struct rkmq_pool *pool;
    atomic_bool is_stopped;   /* jobs that have not begun give no more messages to listeners */
    size_t n_jobs;            /* submitted, not done */
    size_t n_send_backs;      /* asked, not answered */
    struct rkmq_list waiting; /* messages sent back, or waiting for their local retry */
    struct rkmq_list jobs;    /* the first message of each job that is submitted, not done */
    struct rkmq_timer sweep;
    rkmq_ms window_start; /* of the rate measurement */
    uint64_t window_calls;
    size_t calls_per_job;
};

/* Errors: as pool_create. */
int rkmq__consume_start(struct rkmq_consume_service *cs, struct rkmq_push_impl *impl);
/* No job may be under way. A service that never started: nothing. */
void rkmq__consume_close(struct rkmq_consume_service *cs);
/* submitConsumeRequest: all messages of `batch`, which the service owns from now on. */
void rkmq__consume_submit(struct rkmq_consume_service *cs, struct rkmq_msg_batch *take_batch);
/* From now on queued jobs and local retries end without calling the listener. */
void rkmq__consume_stop(struct rkmq_consume_service *cs);
/* The host crashed: the jobs that were submitted never come back. */
void rkmq__consume_lose_jobs(struct rkmq_consume_service *cs);
/* A message needs no more work here; the last of its batch lets go of it. */
void rkmq__consume_finish(struct rkmq_msg *msg);
/* So many messages have left a queue that is not dropped. */
void rkmq__consume_tell_evicted(const struct rkmq_process_queue *pq, size_t count);

/* send_back.c: CONSUMER_SEND_MSG_BACK; ends with rkmq__consume_finish, or a local retry in 5 s. */
void rkmq__send_back(struct rkmq_msg *msg, int32_t delay_level);
/* Consumed here again in 5 s; of a queue or service that has ended by then or now: finished. */
void rkmq__local_retry(struct rkmq_msg *msg);
/* Of a stopped service: answers that are still awaited are not waited for. Before the connections
 * go. */
void rkmq__send_back_forget(struct rkmq_consume_service *cs);
/* The message once more, alone. */
void rkmq__consume_resubmit(struct rkmq_msg *msg);

#endif
