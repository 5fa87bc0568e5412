/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_OFFSET_STORE_H
#define RKMQ_CORE_OFFSET_STORE_H

/*
 * RemoteBrokerOffsetStore: consume offsets in memory (one per owned queue, in its process queue)
 * and at the broker. Reading from the broker is a step of the rebalance (RKMQ_PASS_OFFSET_ANSWER).
 * Source: RemoteBrokerOffsetStore, ControllableOffset (client, 5.3.3).
 */

#include "consumer/core/process_queue.h"

struct rkmq_client_instance;

/* updateOffset: sets, or with `is_increase_only` never lowers. A frozen offset stays. */
void rkmq__offset_update(struct rkmq_process_queue *pq, int64_t offset, bool is_increase_only);
/* updateAndFreezeOffset */
void rkmq__offset_update_and_freeze(struct rkmq_process_queue *pq, int64_t offset);
/* readOffset(READ_FROM_MEMORY): -1 when nothing is known. */
static inline int64_t rkmq__offset_read_memory(const struct rkmq_process_queue *pq)
{
    return pq->offset.value;
}
/*
 * persist: one UPDATE_CONSUMER_OFFSET without an answer, if an offset is known. A broker without an
 * address gets none; its route is asked for, so that the next time works.
 */
void rkmq__offset_persist(struct rkmq_client_instance *ci, const char *group,
                          struct rkmq_process_queue *pq);

#endif
