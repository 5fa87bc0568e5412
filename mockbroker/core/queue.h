/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_QUEUE_H
#define RKMQ_BROKER_QUEUE_H

/*
 * One queue: records in wire form, back to back in reference-counted segments, and an index entry
 * per record. A pull answer is a view of the segments, so reading copies nothing. Stands for
 * RocketMQ's ConsumeQueue and this queue's share of the CommitLog.
 *
 *     pages     [64 entries] [64 entries] ...            offset -> segment, position, size, tag
 *     segments  [record record ...    ] [record ...]     twice as large each time, up to 1 MiB
 *
 * Invariants
 *   - Offsets are dense; entry `o` is in page o / 64.
 *   - A record lies in one segment and never changes once appended.
 *   - Entries are ordered by commit-log offset, and by store time unless the wall clock stepped
 * back.
 */

#include "remoting/base/containers.h"

#define RKMQ_QUEUE_PAGE_ENTRIES 64
#define RKMQ_QUEUE_SEGMENT_BYTES_MIN ((size_t)4 << 10)
#define RKMQ_QUEUE_SEGMENT_BYTES_MAX                                                               \
    ((size_t)1 << 20) /* a larger reservation gets its own size                                    \
                       */

struct rkmq_queue_entry {
    int64_t commit_log_offset, store_ms;
    uint32_t segment, at, bytes;
    int32_t tag_code; /* hash of the tag; 0 without one */
};
struct rkmq_queue_segment {
    struct rkmq_buf *buf;
    size_t used;
};
struct rkmq_queue {
    const struct rkmq_mem *mem;
    struct rkmq_slice topic; /* borrowed from the topic */
    int32_t id;
    int64_t min_offset, max_offset; /* first that can be read; next to be written */
    struct rkmq_queue_entry **pages;
    size_t n_pages, n_pages_max;
    struct rkmq_queue_segment *segments;
    size_t n_segments, n_segments_max;
    struct rkmq_list link; /* of the store's queues */
    struct rkmq_list held; /* pulls that wait for this queue's next record */
};

/* `topic` must outlive the queue. NULL when memory is out. */
struct rkmq_queue *rkmq__queue_create(const struct rkmq_mem *mem, struct rkmq_slice topic,
                                      int32_t id);
void rkmq__queue_destroy(struct rkmq_queue *queue); /* NULL: nothing */

/* Room for `n` records of `bytes` in all, so that appending them cannot fail. Errors:
 * RKMQ_E_NOMEM; the queue is as before. */
int rkmq__queue_reserve(struct rkmq_queue *queue, size_t bytes, size_t n);
/* Where the record `entry->bytes` long is to be written; fills entry's segment and position. The
 * room was reserved. */
uint8_t *rkmq__queue_append(struct rkmq_queue *queue, struct rkmq_queue_entry *entry);

/* `offset` is in [0, max_offset). */
const struct rkmq_queue_entry *rkmq__queue_entry(const struct rkmq_queue *queue, int64_t offset);
struct rkmq_slice rkmq__queue_record(const struct rkmq_queue *queue, int64_t offset);
/* Appends views of the records [from, to) to `chain`. Errors: RKMQ_E_NOMEM; the chain keeps what
 * was appended. */
int rkmq__queue_view(const struct rkmq_queue *queue, int64_t from, int64_t to,
                     struct rkmq_buf **chain);

/* The offset of the record at that commit-log offset, -1: none here. */
int64_t rkmq__queue_find(const struct rkmq_queue *queue, int64_t commit_log_offset);
/* ConsumeQueue.getOffsetInQueueByTime: lower = first at or after, upper = last at or before. */
int64_t rkmq__queue_offset_by_time(const struct rkmq_queue *queue, rkmq_ms store_ms, bool is_upper);

#endif
