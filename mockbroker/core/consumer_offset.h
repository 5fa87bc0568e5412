/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_CONSUMER_OFFSET_H
#define RKMQ_BROKER_CONSUMER_OFFSET_H

/*
 * Committed offsets by topic@group and queue. A commit overwrites, also a larger one. A reset
 * commits an offset and stays pending until the group's next pull of the queue takes it; meanwhile
 * clients' commits are not to be heard. Source: ConsumerOffsetManager (5.3.3).
 */

#include "remoting/base/containers.h"

#define RKMQ_OFFSET_KEY_BYTES_MAX 1024
#define RKMQ_OFFSET_TABLES_MAX 262144 /* topic@group pairs */

struct rkmq_consumer_offset_manager {
    const struct rkmq_mem *mem;
    struct rkmq_map tables; /* topic@group -> struct offset_table */
    struct rkmq_map resets; /* the same of pending resets */
};
void rkmq__consumer_offsets_init(struct rkmq_consumer_offset_manager *com,
                                 const struct rkmq_mem *mem);
void rkmq__consumer_offsets_close(struct rkmq_consumer_offset_manager *com);
/* `to` becomes what `from` is, but for pending resets. Errors: RKMQ_E_NOMEM; then `to` is empty. */
int rkmq__consumer_offsets_copy(struct rkmq_consumer_offset_manager *to,
                                const struct rkmq_consumer_offset_manager *from);
/* `queue_id` is in [0, RKMQ_BROKER_QUEUES_MAX). Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__consumer_offset_commit(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                                 struct rkmq_slice topic, int32_t queue_id, int64_t offset);
/* Commits and leaves a reset pending. Errors: the same. */
int rkmq__consumer_offset_reset(struct rkmq_consumer_offset_manager *com, struct rkmq_slice group,
                                struct rkmq_slice topic, int32_t queue_id, int64_t offset);
bool rkmq__consumer_offset_is_reset(const struct rkmq_consumer_offset_manager *com,
                                    struct rkmq_slice group, struct rkmq_slice topic,
                                    int32_t queue_id);
/* The pending reset, which is none any more; -1: there was none. */
int64_t rkmq__consumer_offset_take_reset(struct rkmq_consumer_offset_manager *com,
                                         struct rkmq_slice group, struct rkmq_slice topic,
                                         int32_t queue_id);
/* -1: never committed. */
int64_t rkmq__consumer_offset_query(const struct rkmq_consumer_offset_manager *com,
                                    struct rkmq_slice group, struct rkmq_slice topic,
                                    int32_t queue_id);
/* Sum over all queues with a committed offset; -1: none has one. */
int64_t rkmq__consumer_offset_sum(const struct rkmq_consumer_offset_manager *com,
                                  struct rkmq_slice group, struct rkmq_slice topic);

#endif
