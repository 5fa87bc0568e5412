/* SPDX-License-Identifier: Apache-2.0 */
/* CONSUMER_SEND_MSG_BACK. Source: AbstractSendMessageProcessor.consumerSendMsgBack (broker,
 * 5.3.3); the order of the steps is its. */
#include "mockbroker/core/handlers.h"

#define DELAY_LEVEL_FIRST 3 /* of a message that fails for the first time */

struct send_back {
    const struct rkmq_send_back_request *header;
    const struct rkmq_subscription_group *group;
    struct rkmq_record record; /* the message as stored */
    int64_t delay_level;
    struct rkmq_topic *topic; /* where it goes */
};

static bool message_find(struct rkmq_broker *brk, const struct rkmq_request_in *req,
                         struct send_back *back)
{
    struct rkmq_queue *queue;
    int64_t offset;
    if (!rkmq__message_store_look_up(&brk->store, back->header->offset, &queue, &offset)) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "look message by offset failed, %lld",
                           (long long)back->header->offset);
        return false;
    }
    struct rkmq_slice cursor = rkmq__queue_record(queue, offset);
    int status = rkmq_record_next(&cursor, &back->record, NULL);
    RKMQ_ASSERT(status == RKMQ_OK); /* we wrote it */
    return true;
}

/* The next level of the retry topic, or the dead letter topic. The retry topic is made either way.
 */
static int target_choose(struct rkmq_broker *brk, struct send_back *back)
{
    const struct rkmq_send_back_request *header = back->header;
    int32_t times_max = header->has_max_reconsume_times ? header->max_reconsume_times
                                                        : back->group->retry_max_times;
    int32_t queues = back->group->retry_queue_nums;
    int status =
        rkmq__broker_group_topic(brk, RKMQ_RETRY_PREFIX, header->group, queues, &back->topic);
    if (status != RKMQ_OK) {
        return status;
    }
    if (back->record.reconsume_times >= times_max || header->delay_level < 0) {
        back->delay_level = 0;
        return rkmq__broker_group_topic(brk, RKMQ_DLQ_PREFIX, header->group, 1, &back->topic);
    }
    back->delay_level = header->delay_level;
    if (header->delay_level == 0) {
        back->delay_level = (int64_t)DELAY_LEVEL_FIRST + back->record.reconsume_times;
    }
    return RKMQ_OK;
}

/* The properties of the message that is stored: it remembers where it came from. */
static void properties_write(const struct send_back *back, struct rkmq_bytes *out)
{
    char digits[RKMQ_I64_TEXT_BYTES], id[RKMQ_OFFSET_ID_CHARS_MAX + 1];
    const struct rkmq_record *record = &back->record;
    struct rkmq_slice retry_topic = rkmq_property_get(record->properties, "RETRY_TOPIC");
    struct rkmq_slice origin_id = rkmq_property_get(record->properties, "ORIGIN_MESSAGE_ID");
    rkmq_offset_id_write(&record->store_host, record->commit_log_offset, id);
    const struct rkmq_property set[] = {
        {"RETRY_TOPIC", retry_topic.n > 0 ? retry_topic : record->topic},
        {"ORIGIN_MESSAGE_ID", origin_id.n > 0 ? origin_id : rkmq__slice_of(id)},
        {"WAIT", RKMQ_SLICE("false")},
        {"DELAY", rkmq__i64_text(back->delay_level, digits)},
    };
    rkmq__properties_set(record->properties, set, RKMQ_COUNT_OF(set), out);
}

static int store(struct rkmq_broker *brk, const struct send_back *back,
                 struct rkmq_put_result *result)
{
    struct rkmq_bytes properties;
    struct rkmq_record record = back->record;
    uint64_t queues = (uint64_t)back->topic->config.write_queue_nums;
    rkmq__bytes_init(&properties, brk->env->mem);
    properties_write(back, &properties);
    record.topic = back->topic->config.name;
    record.queue_id = queues > 0 ? (int32_t)(rkmq__rand64(brk->env) % queues) : 0;
    record.properties = rkmq__bytes_slice(&properties);
    record.reconsume_times =
        record.reconsume_times < INT32_MAX ? record.reconsume_times + 1 : INT32_MAX;
    rkmq__broker_record_hosts(brk, &back->record.born_host, &record);
    int status =
        properties.is_failed ? RKMQ_E_NOMEM : rkmq__broker_put(brk, back->topic, &record, result);
    rkmq__bytes_close(&properties);
    return status;
}

void rkmq__broker_send_back(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_send_back_request header;
    struct rkmq_subscription_group *group;
    struct rkmq_put_result result;
    if (!rkmq__answer_unless_header(req, &rkmq__send_back_request_class, &header)) {
        return;
    }
    int status = rkmq__subscription_group_make(&brk->groups, header.group, &group);
    if (status == RKMQ_E_INVALID || status == RKMQ_E_LIMIT) {
        rkmq__answer_error(req, RKMQ_RES_SUBSCRIPTION_GROUP_NOT_EXIST, NULL,
                           "subscription group not exist, %.*s " RKMQ_BROKER_FAQ,
                           RKMQ_SLICE_ARG(header.group));
        return;
    }
    if (status == RKMQ_OK && group->retry_queue_nums <= 0) {
        rkmq__answer_ok(req, NULL); /* the message is dropped */
        return;
    }
    struct send_back back = {.header = &header, .group = group};
    if (status == RKMQ_OK && !message_find(brk, req, &back)) {
        return;
    }
    if (status == RKMQ_OK) {
        status = target_choose(brk, &back);
    }
    if (status == RKMQ_OK) {
        status = store(brk, &back, &result);
    }
    if (status != RKMQ_OK) {
        rkmq__answer_error(req, rkmq__put_code(status), NULL, "%s", rkmq__put_remark(status));
        return;
    }
    rkmq__answer_ok(req, NULL);
    rkmq__broker_arrived(brk, &result);
}
