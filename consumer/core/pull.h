/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_PULL_H
#define RKMQ_CORE_PULL_H

/*
 * The pull loop of one queue: PullMessageService, DefaultMQPushConsumerImpl.pullMessage,
 * PullAPIWrapper (client, 5.3.3).
 *
 *     READY --rkmq__pull_message--> flow control? --> LATER (timer) --> READY
 *                                   broker unknown -> ROUTE --------> READY
 *                                   PULL_MESSAGE ---> UNDER WAY --answer--> READY or LATER
 *     any --queue dropped--> ends for good
 */

#include "consumer/core/process_queue.h"

#define RKMQ_PULL_SUSPEND_MS                                                                       \
    15000 /* BROKER_SUSPEND_MAX_TIME_MILLIS: how long the broker may hold */
#define RKMQ_PULL_TIMEOUT_MS 30000 /* CONSUMER_TIMEOUT_MILLIS_WHEN_SUSPEND */
#define RKMQ_PULL_FLOW_CONTROL_MS 50
#define RKMQ_PULL_BROKER_FLOW_CONTROL_MS 20
#define RKMQ_PULL_SUSPENDED_MS 1000 /* PULL_TIME_DELAY_MILLS_WHEN_SUSPEND */

enum rkmq_pull_sys_flag {
    RKMQ_PULL_COMMIT_OFFSET = 1,
    RKMQ_PULL_SUSPEND = 2,
    RKMQ_PULL_SUBSCRIPTION = 4,
    RKMQ_PULL_CLASS_FILTER = 8
};

void rkmq__pull_message(struct rkmq_process_queue *pq);
void rkmq__pull_later(struct rkmq_process_queue *pq, rkmq_ms delay_ms);
/* Messages were finished: a queue that was held back for its cache pulls again when there is room
 * (rules->is_pull_resumed). */
void rkmq__pull_resume(struct rkmq_process_queue *pq);
/* The queue was dropped, its consumer still stands: no timer and no route is waited for any more. A
 * pull under way ends by itself; it holds a reference. */
void rkmq__pull_stop(struct rkmq_process_queue *pq);

#endif
