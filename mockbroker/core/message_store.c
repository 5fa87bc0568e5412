/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/message_store.h"

#include "mockbroker/core/broker.h"

void rkmq__message_store_init(struct rkmq_message_store *store, const struct rkmq_env *env,
                              size_t bytes_max)
{
    *store = (struct rkmq_message_store){.env = env, .bytes_max = bytes_max};
    rkmq__list_init(&store->queues);
}

/* ---- writing ---- */

static bool queue_slots_grow(const struct rkmq_mem *mem, struct rkmq_topic *topic, size_t n)
{
    if (n <= topic->n_queues) {
        return true;
    }
    struct rkmq_queue **grown = rkmq__realloc(mem, topic->queues, n * sizeof(struct rkmq_queue *));
    if (!grown) {
        return false;
    }
    topic->queues = grown;
    while (topic->n_queues < n) {
        topic->queues[topic->n_queues++] = NULL;
    }
    return true;
}

struct rkmq_queue *rkmq__message_store_queue(struct rkmq_message_store *store,
                                             struct rkmq_topic *topic, int32_t queue_id,
                                             bool is_made)
{
    RKMQ_ASSERT(queue_id >= 0 && queue_id < RKMQ_BROKER_QUEUES_MAX);
    size_t at = (size_t)queue_id;
    if (at < topic->n_queues && topic->queues[at]) {
        return topic->queues[at];
    }
    if (!is_made || !queue_slots_grow(store->env->mem, topic, at + 1)) {
        return NULL;
    }
    topic->queues[at] = rkmq__queue_create(store->env->mem, topic->config.name, queue_id);
    return topic->queues[at];
}

static size_t stored_bytes(size_t bytes, size_t n)
{
    return bytes + n * sizeof(struct rkmq_queue_entry);
}

int rkmq__message_store_reserve(struct rkmq_message_store *store, struct rkmq_queue *queue,
                                size_t bytes, size_t n)
{
    if (stored_bytes(bytes, n) > store->bytes_max - store->bytes) {
        return RKMQ_E_LIMIT;
    }
    return rkmq__queue_reserve(queue, bytes, n);
}

uint32_t rkmq__record_magic_for(struct rkmq_slice topic)
{
    return topic.n > INT8_MAX ? RKMQ_RECORD_MAGIC_V2 : RKMQ_RECORD_MAGIC_V1;
}

void rkmq__message_store_append(struct rkmq_message_store *store, struct rkmq_queue *queue,
                                struct rkmq_record *record, int32_t tag_code)
{
    record->magic = rkmq__record_magic_for(record->topic);
    record->body_crc = rkmq_body_crc(record->body);
    record->queue_id = queue->id;
    record->queue_offset = queue->max_offset;
    record->commit_log_offset = store->commit_log_offset;
    record->store_ms = rkmq__wall(store->env);
    struct rkmq_queue_entry entry = {.commit_log_offset = record->commit_log_offset,
                                     .store_ms = record->store_ms,
                                     .bytes = (uint32_t)rkmq_record_bytes(record),
                                     .tag_code = tag_code};
    uint8_t *p = rkmq__queue_append(queue, &entry);
    int status = rkmq_record_write(record, p, entry.bytes);
    RKMQ_ASSERT(status == RKMQ_OK);
    if (record->queue_offset == 0) {
        rkmq__list_push_back(&store->queues, &queue->link);
    }
    store->commit_log_offset += entry.bytes;
    store->bytes += stored_bytes(entry.bytes, 1);
}

/* ---- reading ---- */

bool rkmq__message_store_look_up(const struct rkmq_message_store *store, int64_t commit_log_offset,
                                 struct rkmq_queue **queue, int64_t *queue_offset)
{
    RKMQ_LIST_EACH (link, &store->queues) {
        *queue = RKMQ_CONTAINER_OF(link, struct rkmq_queue, link);
        *queue_offset = rkmq__queue_find(*queue, commit_log_offset);
        if (*queue_offset >= 0) {
            return true;
        }
    }
    *queue = NULL;
    return false;
}

const char *rkmq__get_message_status_name(enum rkmq_get_message_status status)
{
    static const char *const names[] = {
        [RKMQ_GET_FOUND] = "FOUND",
        [RKMQ_GET_NO_MATCHED_MESSAGE] = "NO_MATCHED_MESSAGE",
        [RKMQ_GET_OFFSET_OVERFLOW_BADLY] = "OFFSET_OVERFLOW_BADLY",
        [RKMQ_GET_OFFSET_OVERFLOW_ONE] = "OFFSET_OVERFLOW_ONE",
        [RKMQ_GET_OFFSET_TOO_SMALL] = "OFFSET_TOO_SMALL",
        [RKMQ_GET_NO_MESSAGE_IN_QUEUE] = "NO_MESSAGE_IN_QUEUE",
        [RKMQ_GET_OFFSET_RESET] = "OFFSET_RESET",
    };
    RKMQ_ASSERT((size_t)status < RKMQ_COUNT_OF(names));
    return names[status];
}

/* Offsets that cannot be read, first match wins. False: there is something at `offset`. */
static bool is_out_of_range(const struct rkmq_queue *queue, int64_t offset,
                            struct rkmq_get_message *out)
{
    if (!queue || queue->max_offset == 0) {
        out->status = RKMQ_GET_NO_MESSAGE_IN_QUEUE;
        out->next_begin_offset = 0;
    } else if (offset < queue->min_offset) {
        out->status = RKMQ_GET_OFFSET_TOO_SMALL;
        out->next_begin_offset = queue->min_offset;
    } else if (offset == queue->max_offset) {
        out->status = RKMQ_GET_OFFSET_OVERFLOW_ONE;
        out->next_begin_offset = offset;
    } else if (offset > queue->max_offset) {
        out->status = RKMQ_GET_OFFSET_OVERFLOW_BADLY;
        out->next_begin_offset = queue->max_offset;
    } else {
        return false;
    }
    return true;
}

static size_t size_within(size_t n, size_t low, size_t high)
{
    return n < low ? low : n > high ? high : n;
}

/*
 * Takes entries until the batch is full (the first message always goes, whatever its size) or the
 * scan limit is reached, as DefaultMessageStore.isTheBatchFull. Runs of neighbours become one view.
 */
static int scan(const struct rkmq_queue *queue, int64_t offset, int32_t max_msg_nums,
                const struct rkmq_subscription_data *sub, struct rkmq_get_message *out)
{
    size_t n_max = max_msg_nums < 0 ? 0 : (size_t)max_msg_nums;
    size_t n_scan_max =
        size_within(n_max, RKMQ_FILTER_SCAN_ENTRIES_MIN, RKMQ_FILTER_SCAN_ENTRIES_MAX);
    size_t bytes = 0;
    int64_t at = offset, run_start = offset;
    int status = RKMQ_OK;
    n_max = size_within(n_max, 0, RKMQ_TRANSFER_COUNT_MAX);
    for (; at < queue->max_offset && (size_t)(at - offset) < n_scan_max && status == RKMQ_OK;
         at++) {
        const struct rkmq_queue_entry *entry = rkmq__queue_entry(queue, at);
        if (out->n_messages > 0 &&
            (out->n_messages >= n_max || bytes + entry->bytes > RKMQ_TRANSFER_BYTES_MAX)) {
            break;
        }
        if (sub && !rkmq__subscription_matches_code(sub, entry->tag_code)) {
            status = rkmq__queue_view(queue, run_start, at, &out->messages);
            run_start = at + 1;
            continue;
        }
        bytes += entry->bytes;
        out->n_messages++;
    }
    if (status == RKMQ_OK) {
        status = rkmq__queue_view(queue, run_start, at, &out->messages);
    }
    out->next_begin_offset = at;
    out->status = out->n_messages > 0 ? RKMQ_GET_FOUND : RKMQ_GET_NO_MATCHED_MESSAGE;
    return status;
}

int rkmq__message_store_get(const struct rkmq_queue *queue, int64_t offset, int32_t max_msg_nums,
                            const struct rkmq_subscription_data *sub, struct rkmq_get_message *out)
{
    *out = (struct rkmq_get_message){.min_offset = queue ? queue->min_offset : 0,
                                     .max_offset = queue ? queue->max_offset : 0};
    if (is_out_of_range(queue, offset, out)) {
        return RKMQ_OK;
    }
    int status = scan(queue, offset, max_msg_nums, sub, out);
    if (status != RKMQ_OK) {
        rkmq_buf_free(out->messages);
        out->messages = NULL;
    }
    return status;
}
