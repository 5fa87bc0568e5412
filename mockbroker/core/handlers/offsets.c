/* SPDX-License-Identifier: Apache-2.0 */
/* Committed offsets, and the bounds of queues. Source: ConsumerManageProcessor,
 * AdminBrokerProcessor (broker, 5.3.3). */
#include "mockbroker/core/handlers.h"

static void answer_offset(const struct rkmq_request_in *req, int64_t offset)
{
    const struct rkmq_offset_response header = {.offset = offset};
    struct rkmq_fields fields;
    rkmq__header_write(&rkmq__offset_response_class, &header, false, &fields);
    rkmq__answer_ok(req, &fields);
}

/* NULL: there is no such topic, or nothing was ever asked of that queue. */
static const struct rkmq_queue *queue_find(struct rkmq_broker *brk, struct rkmq_slice name,
                                           int32_t queue_id)
{
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, name);
    if (!topic || queue_id < 0 || queue_id >= RKMQ_BROKER_QUEUES_MAX) {
        return NULL;
    }
    return rkmq__message_store_queue(&brk->store, topic, queue_id, false);
}

/* ---- committed offsets ---- */

/* ConsumerManageProcessor.queryConsumerOffset: a group that never committed starts at 0 when the
 * queue's first message is still there; what is in memory counts as that. */
void rkmq__broker_query_consumer_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_query_consumer_offset_request header;
    static const struct rkmq_fields none = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__query_consumer_offset_request_class, &header)) {
        return;
    }
    int64_t offset = rkmq__consumer_offset_query(&brk->offsets, header.consumer_group, header.topic,
                                                 header.queue_id);
    const struct rkmq_queue *queue = queue_find(brk, header.topic, header.queue_id);
    bool is_zero_wanted = !header.has_set_zero_if_not_found || header.set_zero_if_not_found;
    if (offset >= 0) {
        answer_offset(req, offset);
    } else if (is_zero_wanted && queue && queue->min_offset == 0 && queue->max_offset > 0) {
        answer_offset(req, 0);
    } else {
        rkmq__answer_error(req, RKMQ_RES_QUERY_NOT_FOUND, &none,
                           "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first");
    }
}

void rkmq__broker_update_consumer_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_update_consumer_offset_request header;
    static const struct rkmq_fields none = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__update_consumer_offset_request_class, &header)) {
        return;
    }
    if (!rkmq__subscription_group_find(&brk->groups, header.consumer_group)) {
        rkmq__answer_error(req, RKMQ_RES_SUBSCRIPTION_GROUP_NOT_EXIST, &none,
                           "Group %.*s not exist!", RKMQ_SLICE_ARG(header.consumer_group));
        return;
    }
    if (!rkmq__topic_find(&brk->topics, header.topic)) {
        rkmq__answer_error(req, RKMQ_RES_TOPIC_NOT_EXIST, &none, "Topic %.*s not exist!",
                           RKMQ_SLICE_ARG(header.topic));
        return;
    }
    /* A real broker keeps an offset for any number; no queue has one beyond this. */
    if (header.queue_id < 0 || header.queue_id >= RKMQ_BROKER_QUEUES_MAX) {
        rkmq__answer_error(req, RKMQ_RES_INVALID_PARAMETER, &none,
                           "queueId[%d] is illegal, topic is %.*s", header.queue_id,
                           RKMQ_SLICE_ARG(header.topic));
        return;
    }
    if (rkmq__consumer_offset_is_reset(&brk->offsets, header.consumer_group, header.topic,
                                       header.queue_id)) {
        rkmq__answer_error(req, RKMQ_RES_SUCCESS, &none, "Offset has been previously reset");
        return;
    }
    int status = rkmq__consumer_offset_commit(&brk->offsets, header.consumer_group, header.topic,
                                              header.queue_id, header.commit_offset);
    if (status != RKMQ_OK) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, &none, "%s", rkmq_status_text(status));
        return;
    }
    rkmq__answer_ok(req, &none);
}

/* ---- INVOKE_BROKER_TO_RESET_OFFSET ---- */

/* AdminBrokerProcessor.resetOffsetInner: where a queue's reset leads; -1: it was refused. */
static int64_t reset_target(struct rkmq_broker *brk, const struct rkmq_request_in *req,
                            const struct rkmq_reset_offset_request *header, int32_t queue_id)
{
    const struct rkmq_queue *queue = queue_find(brk, header->topic, queue_id);
    int64_t min = queue ? queue->min_offset : 0, max = queue ? queue->max_offset : 0;
    bool is_one = header->has_queue_id && header->queue_id >= 0;
    if (!is_one || !header->has_offset || header->offset == -1) {
        return header->timestamp < 0 ? max
               : queue               ? rkmq__queue_offset_by_time(queue, header->timestamp, false)
                                     : 0;
    }
    if (header->offset < min || header->offset > max + 1) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL,
                           "Target offset %lld not in consume queue range [%lld-%lld]",
                           (long long)header->offset, (long long)min, (long long)max);
        return -1;
    }
    return header->offset;
}

static void reset_write(struct rkmq_broker *brk, struct rkmq_json_writer *w,
                        struct rkmq_slice topic, int32_t queue_id, int64_t offset)
{
    rkmq__json_key_object(w);
    rkmq__json_object(w);
    rkmq__json_add_text(w, "brokerName", rkmq__slice_of(brk->name));
    rkmq__json_add_i64(w, "queueId", queue_id);
    rkmq__json_add_text(w, "topic", topic);
    rkmq__json_object_end(w);
    rkmq__json_put_i64(w, offset);
}

/* False: it was answered. */
static bool reset_queues(struct rkmq_broker *brk, const struct rkmq_request_in *req,
                         const struct rkmq_reset_offset_request *header, int32_t n_queues,
                         struct rkmq_json_writer *w)
{
    bool is_one = header->has_queue_id && header->queue_id >= 0;
    int32_t first = is_one ? header->queue_id : 0, end = is_one ? first + 1 : n_queues;
    for (int32_t i = first; i < end; i++) {
        int64_t target = reset_target(brk, req, header, i);
        if (target < 0) {
            return false;
        }
        int status =
            rkmq__consumer_offset_reset(&brk->offsets, header->group, header->topic, i, target);
        if (status != RKMQ_OK) {
            rkmq__answer_failed(req, status, NULL);
            return false;
        }
        reset_write(brk, w, header->topic, i, target);
    }
    return true;
}

/* On the broker's side (useServerSideResetOffset, the default since 5.2.0): nobody is told, each
 * queue's next pull finds out. */
void rkmq__broker_reset_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_reset_offset_request header;
    struct rkmq_json_writer w;
    struct rkmq_bytes body;
    if (!rkmq__answer_unless_header(req, &rkmq__reset_offset_request_class, &header)) {
        return;
    }
    const struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, header.topic);
    if (!topic) {
        rkmq__answer_error(req, RKMQ_RES_TOPIC_NOT_EXIST, NULL, "Topic %.*s does not exist",
                           RKMQ_SLICE_ARG(header.topic));
        return;
    }
    if (!rkmq__subscription_group_find(&brk->groups, header.group)) {
        rkmq__answer_error(req, RKMQ_RES_SUBSCRIPTION_GROUP_NOT_EXIST, NULL,
                           "Group %.*s does not exist", RKMQ_SLICE_ARG(header.group));
        return;
    }
    if (header.has_queue_id && header.queue_id >= RKMQ_BROKER_QUEUES_MAX) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "queueId[%d] is illegal",
                           header.queue_id);
        return;
    }
    rkmq__bytes_init(&body, brk->env->mem);
    rkmq__json_begin(&w, &body);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "offsetTable");
    rkmq__json_object(&w);
    if (!reset_queues(brk, req, &header, topic->config.read_queue_nums, &w)) {
        rkmq__bytes_close(&body);
        return;
    }
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
    rkmq__answer_body(req, brk->env->mem, NULL, &body);
}

/* ---- bounds ---- */

void rkmq__broker_get_max_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_queue_offset_request header;
    if (rkmq__answer_unless_header(req, &rkmq__queue_offset_request_class, &header)) {
        const struct rkmq_queue *queue = queue_find(brk, header.topic, header.queue_id);
        answer_offset(req, queue ? queue->max_offset : 0);
    }
}

void rkmq__broker_get_min_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_queue_offset_request header;
    if (rkmq__answer_unless_header(req, &rkmq__queue_offset_request_class, &header)) {
        const struct rkmq_queue *queue = queue_find(brk, header.topic, header.queue_id);
        answer_offset(req, queue ? queue->min_offset : 0);
    }
}

void rkmq__broker_search_offset(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_search_offset_request header;
    if (rkmq__answer_unless_header(req, &rkmq__search_offset_request_class, &header)) {
        const struct rkmq_queue *queue = queue_find(brk, header.topic, header.queue_id);
        bool is_upper = rkmq__slice_is(header.boundary_type, "UPPER") ||
                        rkmq__slice_is(header.boundary_type, "upper");
        answer_offset(req,
                      queue ? rkmq__queue_offset_by_time(queue, header.timestamp, is_upper) : 0);
    }
}

void rkmq__broker_earliest_store_time(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_queue_offset_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__queue_offset_request_class, &header)) {
        return;
    }
    const struct rkmq_queue *queue = queue_find(brk, header.topic, header.queue_id);
    bool is_empty = !queue || queue->min_offset == queue->max_offset;
    const struct rkmq_earliest_store_time_response answer = {
        .timestamp = is_empty ? -1 : rkmq__queue_entry(queue, queue->min_offset)->store_ms};
    struct rkmq_fields fields;
    rkmq__header_write(&rkmq__earliest_store_time_response_class, &answer, false, &fields);
    rkmq__answer_ok(req, &fields);
}
