/* SPDX-License-Identifier: Apache-2.0 */
/* From a message to a record in a queue. Source: DefaultMessageStore.putMessage, HookUtils
 * .handleScheduleMessage (5.3.3). */
#include <rkmq/message.h>

#include "mockbroker/core/handlers.h"

#define NAME_END "\x01"
#define VALUE_END "\x02"

/* ---- properties ---- */

static bool is_set(const struct rkmq_property *set, size_t n, struct rkmq_slice name)
{
    for (size_t i = 0; i < n; i++) {
        if (rkmq__slice_is(name, set[i].name)) {
            return true;
        }
    }
    return false;
}

static void property_add(struct rkmq_bytes *out, struct rkmq_slice name, struct rkmq_slice value)
{
    rkmq__bytes_add_slice(out, name);
    rkmq__bytes_add_text(out, NAME_END);
    rkmq__bytes_add_slice(out, value);
    rkmq__bytes_add_text(out, VALUE_END);
}

void rkmq__properties_set(struct rkmq_slice old, const struct rkmq_property *set, size_t n,
                          struct rkmq_bytes *out)
{
    struct rkmq_slice name, value;
    while (rkmq_property_next(&old, &name, &value) == RKMQ_OK) {
        if (!is_set(set, n, name)) {
            property_add(out, name, value);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (set[i].value.n > 0) {
            property_add(out, rkmq__slice_of(set[i].name), set[i].value);
        }
    }
}

void rkmq__broker_properties(struct rkmq_broker *brk, struct rkmq_slice from_client, bool is_batch,
                             struct rkmq_bytes *out)
{
    char uniq_key[RKMQ_UNIQ_KEY_CHARS + 1];
    struct rkmq_property set[] = {
        {"MSG_REGION", RKMQ_SLICE("DefaultRegion")},
        {"TRACE_ON", RKMQ_SLICE("true")},
        {"CLUSTER", rkmq__slice_of(brk->cluster)},
        {"POP_CK", {NULL, 0}},
        {"UNIQ_KEY", rkmq_property_get(from_client, "UNIQ_KEY")},
    };
    size_t n = RKMQ_COUNT_OF(set);
    if (is_batch || set[n - 1].value.n > 0) {
        n--; /* it stays where it is */
    } else {
        rkmq_uniq_key_write(&brk->uniq_key, rkmq__wall(brk->env), uniq_key);
        set[n - 1].value = rkmq__slice(uniq_key, RKMQ_UNIQ_KEY_CHARS);
    }
    rkmq__properties_set(from_client, set, n, out);
}

/* ---- records ---- */

void rkmq__broker_record_hosts(const struct rkmq_broker *brk, const struct rkmq_host *born,
                               struct rkmq_record *record)
{
    record->born_host = *born;
    record->store_host = brk->store_host;
    record->sys_flag &= ~(RKMQ_SYS_BORN_HOST_V6 | RKMQ_SYS_STORE_HOST_V6);
    record->sys_flag |= born->is_v6 ? RKMQ_SYS_BORN_HOST_V6 : 0;
    record->sys_flag |= brk->store_host.is_v6 ? RKMQ_SYS_STORE_HOST_V6 : 0;
}

bool rkmq__record_is_legal(const struct rkmq_record *record)
{
    size_t topic_max = rkmq__topic_is_retry(record->topic) || rkmq__topic_is_dlq(record->topic)
                           ? RKMQ_RETRY_TOPIC_BYTES_MAX
                           : RKMQ_TOPIC_CHARS_MAX;
    return record->body.n <= RKMQ_MESSAGE_BODY_BYTES_MAX && record->topic.n <= topic_max &&
           record->properties.n <= RKMQ_PROPERTIES_BYTES_MAX;
}

int rkmq__put_code(int status)
{
    return status == RKMQ_E_INVALID ? RKMQ_RES_MESSAGE_ILLEGAL
           : status == RKMQ_E_LIMIT ? RKMQ_RES_SYSTEM_BUSY
                                    : RKMQ_RES_SYSTEM_ERROR;
}

const char *rkmq__put_remark(int status)
{
    return status == RKMQ_E_INVALID
               ? "the message is illegal, maybe msg body or properties length not matched. msg "
                 "body length limit 4194304B, msg properties length limit 32KB."
           : status == RKMQ_E_LIMIT ? "the store of this broker is full"
                                    : rkmq_status_text(status);
}

int rkmq__broker_put_now(struct rkmq_broker *brk, struct rkmq_topic *topic,
                         struct rkmq_record *record, struct rkmq_put_result *out)
{
    struct rkmq_slice tags = rkmq_property_get(record->properties, "TAGS");
    if (!rkmq__record_is_legal(record)) {
        return RKMQ_E_INVALID;
    }
    out->queue = rkmq__message_store_queue(&brk->store, topic, record->queue_id, true);
    if (!out->queue) {
        return RKMQ_E_NOMEM;
    }
    record->magic = rkmq__record_magic_for(record->topic);
    int status = rkmq__message_store_reserve(&brk->store, out->queue, rkmq_record_bytes(record), 1);
    if (status == RKMQ_OK) {
        out->first_offset = out->queue->max_offset;
        rkmq__message_store_append(&brk->store, out->queue, record,
                                   tags.n > 0 ? rkmq_java_string_hash(tags) : 0);
    }
    return status;
}

/* 0: to be delivered at once. */
static int delay_level(const struct rkmq_record *record)
{
    int64_t level;
    struct rkmq_slice text = rkmq_property_get(record->properties, "DELAY");
    if (text.n == 0 || rkmq__slice_to_i64(text, &level) != RKMQ_OK || level <= 0 ||
        (record->sys_flag & RKMQ_SYS_TRANSACTION_MASK)) {
        return 0;
    }
    return level > RKMQ_DELAY_LEVEL_MAX ? RKMQ_DELAY_LEVEL_MAX : (int)level;
}

static int put_delayed(struct rkmq_broker *brk, struct rkmq_record *record, int level,
                       struct rkmq_put_result *out)
{
    char digits[RKMQ_I64_TEXT_BYTES];
    const struct rkmq_property real[] = {
        {"REAL_TOPIC", record->topic},
        {"REAL_QID", rkmq__i64_text(record->queue_id, digits)},
    };
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, RKMQ_SLICE(RKMQ_SCHEDULE_TOPIC));
    struct rkmq_record delayed = *record;
    struct rkmq_bytes properties;
    RKMQ_ASSERT(topic);
    rkmq__bytes_init(&properties, brk->env->mem);
    rkmq__properties_set(record->properties, real, RKMQ_COUNT_OF(real), &properties);
    delayed.topic = topic->config.name;
    delayed.queue_id = level - 1;
    delayed.properties = rkmq__bytes_slice(&properties);
    int status =
        properties.is_failed ? RKMQ_E_NOMEM : rkmq__broker_put_now(brk, topic, &delayed, out);
    rkmq__bytes_close(&properties);
    record->queue_offset = delayed.queue_offset;
    record->commit_log_offset = delayed.commit_log_offset;
    return status;
}

int rkmq__broker_put(struct rkmq_broker *brk, struct rkmq_topic *topic, struct rkmq_record *record,
                     struct rkmq_put_result *out)
{
    int level = delay_level(record);
    if (level == 0 || !rkmq__record_is_legal(record)) {
        return rkmq__broker_put_now(brk, topic, record, out);
    }
    int status = put_delayed(brk, record, level, out);
    if (status == RKMQ_OK) {
        rkmq__schedule_arrived(&brk->schedule);
    }
    return status;
}

void rkmq__broker_arrived(struct rkmq_broker *brk, const struct rkmq_put_result *result)
{
    rkmq__pull_hold_arrived(&brk->hold, result->queue, result->first_offset);
}

/* ---- by hand ---- */

int rkmq__broker_message_put(struct rkmq_broker *brk, const struct rkmq_broker_message *message,
                             int64_t *queue_offset)
{
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, message->topic);
    const struct rkmq_property set[] = {
        {"KEYS", message->keys}, {"TAGS", message->tag}, {"WAIT", RKMQ_SLICE("true")}};
    struct rkmq_put_result result;
    struct rkmq_bytes given, whole;
    if (!topic || message->queue_id < 0 || message->queue_id >= rkmq__topic_queue_nums(topic)) {
        return RKMQ_E_NOT_FOUND;
    }
    rkmq__bytes_init(&given, brk->env->mem);
    rkmq__bytes_init(&whole, brk->env->mem);
    rkmq__properties_set(message->properties, set, RKMQ_COUNT_OF(set), &given);
    rkmq__broker_properties(brk, rkmq__bytes_slice(&given), false, &whole);
    struct rkmq_record record = {.queue_id = message->queue_id,
                                 .flag = message->flag,
                                 .sys_flag = message->sys_flag,
                                 .born_ms = rkmq__wall(brk->env),
                                 .body = message->body,
                                 .topic = message->topic,
                                 .properties = rkmq__bytes_slice(&whole)};
    rkmq__broker_record_hosts(brk, &brk->store_host, &record);
    int status = given.is_failed || whole.is_failed
                     ? RKMQ_E_NOMEM
                     : rkmq__broker_put(brk, topic, &record, &result);
    rkmq__bytes_close(&given);
    rkmq__bytes_close(&whole);
    if (status == RKMQ_OK) {
        rkmq__broker_arrived(brk, &result);
        if (queue_offset) {
            *queue_offset = record.queue_offset;
        }
    }
    return status;
}
