/* SPDX-License-Identifier: Apache-2.0 */
/* DefaultMQPushConsumerImpl.checkConfig and Validators.checkGroup (client, 5.3.3): the same order,
 * the same words. */
#include "consumer/core/push_consumer.h"

#define DEFAULT_CONSUMER_GROUP "DEFAULT_CONSUMER"

static int refuse(struct rkmq_err *err, const char *text)
{
    return rkmq__err_set(err, RKMQ_E_INVALID, "%s" RKMQ_FAQ_SUFFIX, text);
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t\r\n\v\f")] == '\0';
}

int rkmq__check_group(const char *group, struct rkmq_err *err)
{
    static const char legal[] =
        "%|-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (is_blank(group)) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the specified group is blank");
    }
    if (strlen(group) > RKMQ_GROUP_CHARS_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "the specified group[%.*s] is longer than group max length: %d.",
                             RKMQ_SLICE_ARG(rkmq__slice_of(group)), RKMQ_GROUP_CHARS_MAX);
    }
    if (group[strspn(group, legal)] != '\0') {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "the specified group[%s] contains illegal characters, allowing only "
                             "^[%%|a-zA-Z0-9_-]+$",
                             group);
    }
    return RKMQ_OK;
}

struct range {
    const char *name;
    int64_t value, low, high;
    bool is_unlimited; /* -1 is allowed too */
};

static int check_ranges(const struct range *ranges, size_t n, struct rkmq_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct range *r = &ranges[i];
        if ((r->is_unlimited && r->value == -1) || (r->value >= r->low && r->value <= r->high)) {
            continue;
        }
        return rkmq__err_set(err, RKMQ_E_INVALID, "%s Out of range [%lld, %lld]" RKMQ_FAQ_SUFFIX,
                             r->name, (long long)r->low, (long long)r->high);
    }
    return RKMQ_OK;
}

static int check_threads(const struct rkmq_push_options *o, struct rkmq_err *err)
{
    const struct range ranges[] = {
        {"consumeThreadMin", o->consume_thread_min, 1, 1000, false},
        {"consumeThreadMax", o->consume_thread_max, 1, 1000, false},
    };
    int status = check_ranges(ranges, RKMQ_COUNT_OF(ranges), err);
    if (status == RKMQ_OK && o->consume_thread_min > o->consume_thread_max) {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "consumeThreadMin (%d) is larger than consumeThreadMax (%d)",
                             o->consume_thread_min, o->consume_thread_max);
    }
    return status;
}

static int check_limits(const struct rkmq_push_options *o, struct rkmq_err *err)
{
    const struct range ranges[] = {
        {"consumeConcurrentlyMaxSpan", o->consume_concurrently_max_span, 1, 65535, false},
        {"pullThresholdForQueue", o->pull_threshold_for_queue, 1, 65535, false},
        {"pullThresholdForTopic", o->pull_threshold_for_topic, 1, 6553500, true},
        {"pullThresholdSizeForQueue", o->pull_threshold_size_for_queue, 1, 1024, false},
        {"pullThresholdSizeForTopic", o->pull_threshold_size_for_topic, 1, 102400, true},
        {"pullInterval", o->pull_interval_ms, 0, 65535, false},
        {"consumeMessageBatchMaxSize", o->consume_message_batch_max_size, 1, 1024, false},
        {"pullBatchSize", o->pull_batch_size, 1, 1024, false},
        /* Java does not look at these; a C caller may have left them zero. */
        {"pullBatchSizeInBytes", o->pull_batch_size_in_bytes, 1, INT32_MAX, false},
        {"consumeTimeout", o->consume_timeout_minutes, 1, INT32_MAX, false},
        {"pollNameServerInterval", o->poll_name_server_interval_ms, 1, INT32_MAX, false},
        {"heartbeatBrokerInterval", o->heartbeat_broker_interval_ms, 1, INT32_MAX, false},
        {"persistConsumerOffsetInterval", o->persist_consumer_offset_interval_ms, 1, INT32_MAX,
         false},
        {"mqClientApiTimeout", o->mq_client_api_timeout_ms, 1, INT32_MAX, false},
        {"pullTimeDelayMillsWhenException", o->pull_time_delay_ms_when_exception, 1, INT32_MAX,
         false},
        {"awaitTerminationMillisWhenShutdown", o->await_termination_ms_when_shutdown, 0, INT32_MAX,
         false},
        {"frameBytesMax", (int64_t)o->frame_bytes_max, 1024, INT32_MAX, false},
    };
    return check_ranges(ranges, RKMQ_COUNT_OF(ranges), err);
}

int rkmq__check_config(const struct rkmq_push_options *o, struct rkmq_err *err)
{
    int status = rkmq__check_group(o->consumer_group, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (strcmp(o->consumer_group, DEFAULT_CONSUMER_GROUP) == 0) {
        return refuse(err, "consumerGroup can not equal " DEFAULT_CONSUMER_GROUP
                           ", please specify another one.");
    }
    if (o->message_model == RKMQ_BROADCASTING) {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "messageModel BROADCASTING is not supported, only CLUSTERING");
    }
    if (o->message_model != RKMQ_CLUSTERING) {
        return refuse(err, "messageModel is null");
    }
    if ((unsigned)o->consume_from_where > RKMQ_CONSUME_FROM_TIMESTAMP) {
        return refuse(err, "consumeFromWhere is null");
    }
    if (!o->allocate_message_queue_strategy) {
        return refuse(err, "allocateMessageQueueStrategy is null");
    }
    if (!o->message_listener) {
        return refuse(err, "messageListener is null");
    }
    status = check_threads(o, err);
    return status == RKMQ_OK ? check_limits(o, err) : status;
}
