/* SPDX-License-Identifier: Apache-2.0 */
/* SEND_MESSAGE, SEND_MESSAGE_V2, SEND_BATCH_MESSAGE. Source: SendMessageProcessor,
 * AbstractSendMessageProcessor.msgCheck (broker, 5.3.3); the order of the checks is theirs. */
#include <stdarg.h>

#include "mockbroker/core/handlers.h"

#define PERM_ALL (RKMQ_PERM_READ | RKMQ_PERM_WRITE)

struct send {
    struct rkmq_broker *brk;
    const struct rkmq_request_in *req;
    struct rkmq_send_message_request header;
    struct rkmq_topic *topic;
    struct rkmq_record record; /* what the store is given */
    struct rkmq_bytes properties, ids;
    struct rkmq_put_result result;
};

/* ---- answers ---- */

/* Also on failures. */
static void fields_begin(struct rkmq_fields *fields)
{
    fields->n = 0;
    rkmq__fields_add_text(fields, "MSG_REGION", RKMQ_SLICE("DefaultRegion"));
    rkmq__fields_add_text(fields, "TRACE_ON", RKMQ_SLICE("true"));
}

RKMQ_PRINTF(3, 4)
static bool refuse(const struct send *send, int code, const char *fmt, ...)
{
    char remark[RKMQ_REMARK_BYTES_MAX];
    struct rkmq_fields fields;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(remark, sizeof remark, fmt, args); /* a long value is cut */
    va_end(args);
    fields_begin(&fields);
    rkmq__answer_error(send->req, code, &fields, "%s", remark);
    return false;
}

static bool refuse_put(const struct send *send, int status)
{
    return refuse(send, rkmq__put_code(status), "%s", rkmq__put_remark(status));
}

static void answer(const struct send *send, struct rkmq_slice ids)
{
    const struct rkmq_send_message_response header = {
        .msg_id = ids,
        .queue_id = send->record.queue_id,
        .queue_offset = send->result.first_offset,
        .transaction_id = rkmq_property_get(send->record.properties, "UNIQ_KEY"),
    };
    struct rkmq_fields fields;
    fields_begin(&fields);
    rkmq__header_add(&rkmq__send_message_response_class, &header, false, &fields);
    rkmq__answer_ok(send->req, &fields);
}

/* ---- checks ---- */

/* TopicConfigManager.createTopicInSendMessageMethod; a retry topic is made in any case. */
static int topic_make(struct send *send)
{
    const struct rkmq_send_message_request *header = &send->header;
    struct rkmq_topic_config config = {
        .name = header->topic, .read_queue_nums = 1, .write_queue_nums = 1, .perm = PERM_ALL};
    if (!rkmq__topic_from_template(&send->brk->topics, header->topic, header->default_topic,
                                   header->default_topic_queue_nums, &config) &&
        !rkmq__topic_is_retry(header->topic)) {
        return RKMQ_E_NOT_FOUND;
    }
    return rkmq__broker_topic_set(send->brk, &config, &send->topic);
}

static bool check_topic(struct send *send)
{
    struct rkmq_slice name = send->header.topic;
    const char *why = rkmq__topic_validate(name);
    if (why) {
        return refuse(send, RKMQ_RES_INVALID_PARAMETER, "%s", why);
    }
    if (rkmq__topic_is_forbidden_to_send(name)) {
        return refuse(send, RKMQ_RES_NO_PERMISSION, "Sending message to topic[%.*s] is forbidden.",
                      RKMQ_SLICE_ARG(name));
    }
    send->topic = rkmq__topic_find(&send->brk->topics, name);
    int status = send->topic ? RKMQ_OK : topic_make(send);
    if (status == RKMQ_E_NOT_FOUND || status == RKMQ_E_LIMIT) {
        return refuse(send, RKMQ_RES_TOPIC_NOT_EXIST,
                      "topic[%.*s] not exist, apply first please!" RKMQ_BROKER_FAQ,
                      RKMQ_SLICE_ARG(name));
    }
    return status == RKMQ_OK || refuse_put(send, status);
}

static bool check_queue(struct send *send)
{
    const struct rkmq_topic_config *config = &send->topic->config;
    char described[512];
    if (send->header.queue_id >= rkmq__topic_queue_nums(send->topic) ||
        (send->header.queue_id < 0 && config->write_queue_nums <= 0)) {
        rkmq__topic_describe(config, described, sizeof described);
        return refuse(send, RKMQ_RES_INVALID_PARAMETER,
                      "request queueId[%d] is illegal, %s Producer: /%s", send->header.queue_id,
                      described, rkmq__channel_peer(send->req->channel));
    }
    send->record.queue_id =
        send->header.queue_id >= 0
            ? send->header.queue_id
            : (int32_t)(rkmq__rand64(send->brk->env) % (uint64_t)config->write_queue_nums);
    return true;
}

/* What this broker has no machinery for is refused as by one that has it switched off. */
static bool check_kind(const struct send *send)
{
    static const char *const timers[] = {"TIMER_DELIVER_MS", "TIMER_DELAY_SEC", "TIMER_DELAY_MS"};
    struct rkmq_slice properties = send->header.properties;
    if (rkmq__slice_is_true(rkmq_property_get(properties, "TRAN_MSG"))) {
        return refuse(send, RKMQ_RES_NO_PERMISSION,
                      "the broker[%s] sending transaction message is forbidden",
                      send->brk->address);
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(timers); i++) {
        if (rkmq_property_get(properties, timers[i]).n > 0 &&
            rkmq_property_get(properties, "DELAY").n == 0) {
            return refuse(send, RKMQ_RES_MESSAGE_ILLEGAL,
                          "accurate timer message is not enabled, timerWheelEnable is false");
        }
    }
    return true;
}

/*
 * SendMessageProcessor.handleRetryAndDLQ: too many times, or any live queue lock of the group
 * (5.1.1 and later), and the message is a dead letter.
 */
static bool check_retry(struct send *send, struct rkmq_slice *properties)
{
    struct rkmq_broker *brk = send->brk;
    const struct rkmq_send_message_request *header = &send->header;
    struct rkmq_subscription_group *settings;
    size_t n_prefix = strlen(RKMQ_RETRY_PREFIX);
    struct rkmq_slice group = rkmq__slice(header->topic.p + n_prefix, header->topic.n - n_prefix);
    int status = rkmq__subscription_group_make(&brk->groups, group, &settings);
    if (status == RKMQ_E_INVALID || status == RKMQ_E_LIMIT) {
        return refuse(send, RKMQ_RES_SUBSCRIPTION_GROUP_NOT_EXIST,
                      "subscription group not exist, %.*s " RKMQ_BROKER_FAQ, RKMQ_SLICE_ARG(group));
    }
    if (status != RKMQ_OK) {
        return refuse_put(send, status);
    }
    int32_t times_max =
        header->has_max_reconsume_times ? header->max_reconsume_times : settings->retry_max_times;
    if (send->record.reconsume_times <= times_max &&
        rkmq__rebalance_locks_are_expired(&brk->locks, group)) {
        return true;
    }
    const struct rkmq_property dead = {"DELAY", RKMQ_SLICE("-1")};
    struct rkmq_bytes *text = &send->ids; /* not in use yet */
    rkmq__properties_set(*properties, &dead, 1, text);
    *properties = rkmq__bytes_slice(text);
    status = text->is_failed
                 ? RKMQ_E_NOMEM
                 : rkmq__broker_group_topic(brk, RKMQ_DLQ_PREFIX, group, 1, &send->topic);
    send->record.queue_id = 0;
    return status == RKMQ_OK || refuse_put(send, status);
}

/* ---- storing ---- */

static bool record_begin(struct send *send, struct rkmq_slice properties, bool is_batch)
{
    const struct rkmq_send_message_request *header = &send->header;
    struct rkmq_host born;
    rkmq__broker_properties(send->brk, properties, is_batch, &send->properties);
    if (send->properties.is_failed) {
        return refuse_put(send, RKMQ_E_NOMEM);
    }
    int status = rkmq_host_read(rkmq__channel_peer(send->req->channel), &born);
    RKMQ_ASSERT(status == RKMQ_OK); /* the runtime gives numbers */
    send->record.flag = header->flag;
    send->record.sys_flag = header->sys_flag & ~RKMQ_SYS_TRANSACTION_MASK;
    send->record.sys_flag |= send->topic->config.is_multi_tag ? RKMQ_SYS_MULTI_TAGS : 0;
    send->record.born_ms = header->born_timestamp;
    send->record.body = send->req->cmd->body;
    send->record.topic = send->topic->config.name;
    send->record.properties = rkmq__bytes_slice(&send->properties);
    rkmq__broker_record_hosts(send->brk, &born, &send->record);
    return true;
}

static void send_single(struct send *send)
{
    char id[RKMQ_OFFSET_ID_CHARS_MAX + 1];
    struct rkmq_slice properties = send->header.properties;
    send->record.reconsume_times = send->header.reconsume_times;
    if (rkmq__topic_is_retry(send->header.topic) && !check_retry(send, &properties)) {
        return;
    }
    if (!record_begin(send, properties, false)) {
        return;
    }
    int status = rkmq__broker_put(send->brk, send->topic, &send->record, &send->result);
    if (status != RKMQ_OK) {
        (void)refuse_put(send, status); /* always false */
        return;
    }
    rkmq_offset_id_write(&send->record.store_host, send->record.commit_log_offset, id);
    answer(send, rkmq__slice_of(id));
    rkmq__broker_arrived(send->brk, &send->result);
}

/* A message of the batch as a record: its own properties, then the batch's, as a 5.3.3 broker
 * writes them (MessageExtEncoder); where a name stands twice, readers take the last. */
static bool batch_record(const struct send *send, const struct rkmq_batch_item *item,
                         struct rkmq_bytes *properties, struct rkmq_record *out)
{
    *out = send->record;
    out->flag = item->flag;
    out->body = item->body;
    rkmq__bytes_clear(properties);
    rkmq__bytes_add_slice(properties, item->properties);
    if (item->properties.n > 0 && item->properties.p[item->properties.n - 1] != 0x02) {
        rkmq__bytes_add_text(properties, "\x02");
    }
    rkmq__bytes_add_slice(properties, send->record.properties);
    out->properties = rkmq__bytes_slice(properties);
    out->magic = rkmq__record_magic_for(out->topic);
    return !properties->is_failed;
}

/* Room for all of them, so that a batch is stored whole or not at all. */
static int batch_reserve(struct send *send, struct rkmq_bytes *properties, size_t *n)
{
    struct rkmq_slice cursor = send->req->cmd->body;
    struct rkmq_batch_item item;
    struct rkmq_record record;
    size_t bytes = 0;
    int status;
    *n = 0;
    while ((status = rkmq_batch_item_next(&cursor, &item, NULL)) == RKMQ_OK) {
        if (!batch_record(send, &item, properties, &record)) {
            return RKMQ_E_NOMEM;
        }
        if (++*n > RKMQ_BATCH_ITEMS_MAX || !rkmq__record_is_legal(&record)) {
            return RKMQ_E_INVALID;
        }
        bytes += rkmq_record_bytes(&record);
    }
    if (status != RKMQ_E_MORE || *n == 0) {
        return RKMQ_E_INVALID;
    }
    send->result.queue =
        rkmq__message_store_queue(&send->brk->store, send->topic, send->record.queue_id, true);
    if (!send->result.queue) {
        return RKMQ_E_NOMEM;
    }
    send->result.first_offset = send->result.queue->max_offset;
    return rkmq__message_store_reserve(&send->brk->store, send->result.queue, bytes, *n);
}

static void batch_append(struct send *send, struct rkmq_bytes *properties, char *ids, size_t n)
{
    struct rkmq_slice cursor = send->req->cmd->body;
    struct rkmq_batch_item item;
    struct rkmq_record record;
    for (size_t i = 0; i < n; i++) {
        int status = rkmq_batch_item_next(&cursor, &item, NULL);
        RKMQ_ASSERT(status == RKMQ_OK);
        bool is_built = batch_record(send, &item, properties, &record); /* had its room before */
        RKMQ_ASSERT(is_built);
        struct rkmq_slice tags = rkmq_property_get(record.properties, "TAGS");
        rkmq__message_store_append(&send->brk->store, send->result.queue, &record,
                                   tags.n > 0 ? rkmq_java_string_hash(tags) : 0);
        rkmq_offset_id_write(&record.store_host, record.commit_log_offset, ids);
        ids += strlen(ids);
        *ids++ = ',';
    }
}

static void send_batch(struct send *send)
{
    struct rkmq_bytes properties;
    size_t n;
    if (rkmq__topic_is_retry(send->header.topic) || rkmq__topic_is_dlq(send->header.topic)) {
        (void)refuse(send, RKMQ_RES_MESSAGE_ILLEGAL,
                     "batch request does not support retry group "); /* always false */
        return;
    }
    if (!record_begin(send, send->header.properties, true)) {
        return;
    }
    rkmq__bytes_init(&properties, send->brk->env->mem);
    int status = send->record.body.n > RKMQ_MESSAGE_BODY_BYTES_MAX
                     ? RKMQ_E_INVALID
                     : batch_reserve(send, &properties, &n);
    if (status == RKMQ_OK && !rkmq__bytes_reserve(&send->ids, n * (RKMQ_OFFSET_ID_CHARS_MAX + 1))) {
        status = RKMQ_E_NOMEM;
    }
    if (status == RKMQ_OK) {
        char *ids = (char *)send->ids.p;
        size_t id_chars = send->record.store_host.is_v6 ? 56 : 32;
        batch_append(send, &properties, ids, n);
        answer(send, rkmq__slice(ids, n * (id_chars + 1) - 1));
        rkmq__broker_arrived(send->brk, &send->result);
    } else {
        (void)refuse_put(send, status); /* always false */
    }
    rkmq__bytes_close(&properties);
}

void rkmq__broker_send_message(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct send send = {.brk = brk, .req = req};
    if (!rkmq__answer_unless_header(req, &rkmq__send_message_request_class, &send.header)) {
        return;
    }
    rkmq__bytes_init(&send.properties, brk->env->mem);
    rkmq__bytes_init(&send.ids, brk->env->mem);
    if (check_topic(&send) && check_queue(&send) && check_kind(&send)) {
        if (send.header.has_is_batch && send.header.is_batch) {
            send_batch(&send);
        } else {
            send_single(&send);
        }
    }
    rkmq__bytes_close(&send.ids);
    rkmq__bytes_close(&send.properties);
}
