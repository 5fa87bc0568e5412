/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_MESSAGE_STORE_H
#define RKMQ_BROKER_MESSAGE_STORE_H

/*
 * All records of a broker: one commit-log position for all queues, one limit of bytes, and what a
 * pull reads. Source: DefaultMessageStore.getMessage, CommitLog (store, 5.3.3).
 */

#include <rkmq/message.h>

#include "mockbroker/core/topic_config.h"

#define RKMQ_TRANSFER_COUNT_MAX 32           /* maxTransferCountOnMessageInMemory */
#define RKMQ_TRANSFER_BYTES_MAX (256u << 10) /* maxTransferBytesOnMessageInMemory */
#define RKMQ_FILTER_SCAN_ENTRIES_MIN 800     /* maxFilterMessageSize 16000 / 20 bytes an entry */
#define RKMQ_FILTER_SCAN_ENTRIES_MAX 65536   /* ours: a request may ask for any number */
#define RKMQ_BATCH_ITEMS_MAX 32768           /* ours: their ids stand in one answer */
#define RKMQ_RECORD_BYTES_MAX (RKMQ_MESSAGE_BODY_BYTES_MAX + (64u << 10))

struct rkmq_message_store {
    const struct rkmq_env *env;
    struct rkmq_list queues;   /* that hold a record */
    int64_t commit_log_offset; /* of the next record */
    size_t bytes, bytes_max;   /* of records and their index entries */
};

void rkmq__message_store_init(struct rkmq_message_store *store, const struct rkmq_env *env,
                              size_t bytes_max);

/* The topic's queue of that id, made when `is_made`; `queue_id` is below RKMQ_BROKER_QUEUES_MAX.
 * NULL: not there, or memory is out. */
struct rkmq_queue *rkmq__message_store_queue(struct rkmq_message_store *store,
                                             struct rkmq_topic *topic, int32_t queue_id,
                                             bool is_made);
/* Room for `n` records of `bytes` in all. Errors: RKMQ_E_LIMIT over bytes_max, RKMQ_E_NOMEM. */
int rkmq__message_store_reserve(struct rkmq_message_store *store, struct rkmq_queue *queue,
                                size_t bytes, size_t n);
/*
 * Appends `record` for which room was reserved; fills its magic, crc, queue id, both offsets and
 * store time first. The tag's hash goes to the index.
 */
void rkmq__message_store_append(struct rkmq_message_store *store, struct rkmq_queue *queue,
                                struct rkmq_record *record, int32_t tag_code);
/* V2 with its wider length only where V1 cannot name the topic. */
uint32_t rkmq__record_magic_for(struct rkmq_slice topic);
/* The queue and offset of the record at that commit-log offset. False: none, or no longer. */
bool rkmq__message_store_look_up(const struct rkmq_message_store *store, int64_t commit_log_offset,
                                 struct rkmq_queue **queue, int64_t *queue_offset);

enum rkmq_get_message_status {
    RKMQ_GET_FOUND,
    RKMQ_GET_NO_MATCHED_MESSAGE,
    RKMQ_GET_OFFSET_OVERFLOW_BADLY,
    RKMQ_GET_OFFSET_OVERFLOW_ONE,
    RKMQ_GET_OFFSET_TOO_SMALL,
    RKMQ_GET_NO_MESSAGE_IN_QUEUE,
    RKMQ_GET_OFFSET_RESET /* not of the store: the group's offset was reset */
};
struct rkmq_get_message {
    enum rkmq_get_message_status status;
    int64_t next_begin_offset, min_offset, max_offset;
    struct rkmq_buf *messages; /* with FOUND: the caller's */
    size_t n_messages;
};
/* Java's name, which is the remark of a pull answer. */
const char *rkmq__get_message_status_name(enum rkmq_get_message_status status);
/*
 * What a pull from `offset` finds. `queue` may be NULL: nothing was ever written there. `sub` NULL:
 * every message matches. Errors: RKMQ_E_NOMEM.
 */
int rkmq__message_store_get(const struct rkmq_queue *queue, int64_t offset, int32_t max_msg_nums,
                            const struct rkmq_subscription_data *sub, struct rkmq_get_message *out);

#endif
