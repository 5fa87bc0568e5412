/* SPDX-License-Identifier: Apache-2.0 */
/* What admin tools ask. Source: AdminBrokerProcessor, QueryMessageProcessor (broker, 5.3.3). */
#include "mockbroker/core/handlers.h"

static bool check_new_topic(const struct rkmq_request_in *req,
                            const struct rkmq_create_topic_request *header)
{
    const char *why = rkmq__topic_validate(header->topic);
    if (why) {
        rkmq__answer_error(req, RKMQ_RES_INVALID_PARAMETER, NULL, "%s", why);
        return false;
    }
    if (rkmq__topic_is_system(header->topic)) {
        rkmq__answer_error(req, RKMQ_RES_INVALID_PARAMETER, NULL,
                           "The topic[%.*s] is conflict with system topic.",
                           RKMQ_SLICE_ARG(header->topic));
        return false;
    }
    if (header->read_queue_nums < 0 || header->read_queue_nums > RKMQ_BROKER_QUEUES_MAX ||
        header->write_queue_nums < 0 || header->write_queue_nums > RKMQ_BROKER_QUEUES_MAX) {
        rkmq__answer_error(req, RKMQ_RES_INVALID_PARAMETER, NULL,
                           "queue numbers %d and %d, 0 to %d", header->read_queue_nums,
                           header->write_queue_nums, RKMQ_BROKER_QUEUES_MAX);
        return false;
    }
    return true;
}

void rkmq__broker_create_topic(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_create_topic_request header;
    struct rkmq_topic *topic;
    if (!rkmq__answer_unless_header(req, &rkmq__create_topic_request_class, &header) ||
        !check_new_topic(req, &header)) {
        return;
    }
    const struct rkmq_topic_config config = {
        .name = header.topic,
        .read_queue_nums = header.read_queue_nums,
        .write_queue_nums = header.write_queue_nums,
        .perm = header.perm,
        .topic_sys_flag = header.topic_sys_flag,
        .is_multi_tag = rkmq__slice_is(header.topic_filter_type, "MULTI_TAG"),
        .is_ordered = header.order,
    };
    int status = rkmq__broker_topic_set(brk, &config, &topic);
    if (status == RKMQ_OK) {
        rkmq__answer_ok(req, NULL);
    } else {
        rkmq__answer_failed(req, status, NULL);
    }
}

void rkmq__broker_view_message(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_view_message_request header;
    struct rkmq_queue *queue;
    struct rkmq_buf *record = NULL;
    int64_t offset;
    if (!rkmq__answer_unless_header(req, &rkmq__view_message_request_class, &header)) {
        return;
    }
    if (!rkmq__message_store_look_up(&brk->store, header.offset, &queue, &offset)) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL,
                           "can not find message by the offset, %lld", (long long)header.offset);
    } else if (rkmq__queue_view(queue, offset, offset + 1, &record) != RKMQ_OK) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "out of memory");
    } else {
        rkmq__answer(req,
                     &(struct rkmq_message_out){.code = RKMQ_RES_SUCCESS, .take_body = record});
    }
}
