/* SPDX-License-Identifier: Apache-2.0 */
/* Validators.checkMessage, MessageBatch.generateFromList, MessageDecoder.messageProperties2String
 * (client, common 5.3.3): from messages to the body and properties of a request. */
#include "consumer/core/producer.h"

#define NAME_END "\x01"
#define VALUE_END "\x02"

/* ---- checks ---- */

static int check_topic(const char *topic, struct rkmq_err *err)
{
    static const char legal[] =
        "%|-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (!topic || topic[strspn(topic, " \t\r\n")] == '\0') {
        return rkmq__err_set(err, RKMQ_E_INVALID, "The specified topic is blank");
    }
    if (strlen(topic) > RKMQ_TOPIC_CHARS_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "The specified topic is longer than topic max length %d.",
                             RKMQ_TOPIC_CHARS_MAX);
    }
    if (topic[strspn(topic, legal)] != '\0') {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "The specified topic[%s] contains illegal characters, allowing only "
                             "^[%%|a-zA-Z0-9_-]+$",
                             topic);
    }
    return RKMQ_OK;
}

static bool is_clean(const char *text)
{
    return text[strcspn(text, NAME_END VALUE_END)] == '\0';
}

static int check_properties(const struct rkmq_message *msg, struct rkmq_err *err)
{
    bool is_fine = (!msg->tags || is_clean(msg->tags)) && (!msg->keys || is_clean(msg->keys));
    for (size_t i = 0; is_fine && i < msg->n_properties; i++) {
        const struct rkmq_property *p = &msg->properties[i];
        is_fine = p->name && p->value && p->name[0] && p->value[0] && is_clean(p->name) &&
                  is_clean(p->value);
    }
    return is_fine ? RKMQ_OK
                   : rkmq__err_set(err, RKMQ_E_INVALID,
                                   "a property is empty or contains a control character 1 or 2");
}

static int check_message(const struct rkmq_message *msg, struct rkmq_err *err)
{
    int status = check_topic(msg->topic, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (msg->body.n == 0) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the message body length is zero");
    }
    if (msg->body.n > RKMQ_MESSAGE_BODY_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the message body size over max value, MAX: %u",
                             RKMQ_MESSAGE_BODY_BYTES_MAX);
    }
    if (msg->delay_level < 0) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the delay level is negative");
    }
    return check_properties(msg, err);
}

static int check_batch(const struct rkmq_message *msgs, size_t n, struct rkmq_err *err)
{
    size_t n_bytes = 0;
    if (n > RKMQ_BATCH_MESSAGES_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "a batch of %zu messages, at most %d", n,
                             RKMQ_BATCH_MESSAGES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(msgs[i].topic, msgs[0].topic) != 0) {
            return rkmq__err_set(err, RKMQ_E_INVALID,
                                 "The topic of the messages in one batch should be the same");
        }
        if (msgs[i].delay_level > 0) {
            return rkmq__err_set(err, RKMQ_E_INVALID,
                                 "TimeDelayLevel is not supported for batching");
        }
        n_bytes += msgs[i].body.n;
    }
    if (n_bytes > RKMQ_MESSAGE_BODY_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the message body size over max value, MAX: %u",
                             RKMQ_MESSAGE_BODY_BYTES_MAX);
    }
    return RKMQ_OK;
}

static int check_all(const struct rkmq_message *msgs, size_t n, struct rkmq_err *err)
{
    int status = n > 0 ? RKMQ_OK : rkmq__err_set(err, RKMQ_E_INVALID, "no message to send");
    for (size_t i = 0; status == RKMQ_OK && i < n; i++) {
        status = check_message(&msgs[i], err);
    }
    return status == RKMQ_OK && n > 1 ? check_batch(msgs, n, err) : status;
}

/* ---- properties ---- */

static void property_add(struct rkmq_bytes *out, const char *name, const char *value)
{
    rkmq__bytes_add_text(out, name);
    rkmq__bytes_add_text(out, NAME_END);
    rkmq__bytes_add_text(out, value);
    rkmq__bytes_add_text(out, VALUE_END);
}

/* Java's order of these names in its map: KEYS, UNIQ_KEY, WAIT, DELAY, TAGS. */
static void properties_write(const struct rkmq_message *msg, const char *uniq_key,
                             struct rkmq_bytes *out)
{
    for (size_t i = 0; i < msg->n_properties; i++) {
        property_add(out, msg->properties[i].name, msg->properties[i].value);
    }
    if (msg->keys) {
        property_add(out, "KEYS", msg->keys);
    }
    property_add(out, "UNIQ_KEY", uniq_key);
    property_add(out, "WAIT", "true");
    if (msg->delay_level > 0) {
        rkmq__bytes_printf(out, "DELAY" NAME_END "%d" VALUE_END, msg->delay_level);
    }
    if (msg->tags) {
        property_add(out, "TAGS", msg->tags);
    }
}

static void uniq_key_next(struct rkmq_send *send, char out[RKMQ_UNIQ_KEY_CHARS + 1])
{
    rkmq_uniq_key_write(&send->impl->uniq_key, send->born_ms, out);
}

static int properties_take(struct rkmq_send *send, struct rkmq_bytes *bytes, struct rkmq_err *err)
{
    if (bytes->is_failed) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    if (bytes->n > RKMQ_PROPERTIES_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the properties take %zu bytes, at most %u",
                             bytes->n, RKMQ_PROPERTIES_BYTES_MAX);
    }
    return rkmq__arena_copy(&send->arena, rkmq__bytes_slice(bytes), &send->properties) == RKMQ_OK
               ? RKMQ_OK
               : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
}

/* ---- one message ---- */

static int body_fill(struct rkmq_send *send, struct rkmq_slice body, struct rkmq_err *err)
{
    const struct rkmq_producer_options *o = &send->impl->options;
    const struct rkmq_mem *mem = send->impl->env->mem;
    if (body.n >= (size_t)o->compress_msg_body_over_how_much) {
        send->sys_flag = RKMQ_SYS_COMPRESSED | o->compress_type;
        return rkmq_body_compress(body, o->compress_type, mem, &send->body, err);
    }
    send->body = rkmq_buf_copy(mem, body);
    return send->body ? RKMQ_OK : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
}

static int single_fill(struct rkmq_send *send, const struct rkmq_message *msg, struct rkmq_err *err)
{
    struct rkmq_bytes properties;
    rkmq__bytes_init(&properties, send->impl->env->mem);
    send->flag = msg->flag;
    uniq_key_next(send, send->msg_id);
    properties_write(msg, send->msg_id, &properties);
    int status = properties_take(send, &properties, err);
    rkmq__bytes_close(&properties);
    return status == RKMQ_OK ? body_fill(send, msg->body, err) : status;
}

/* ---- a batch: each message has its own UNIQ_KEY, the batch has one more ---- */

static int item_append(struct rkmq_bytes *body, const struct rkmq_message *msg,
                       struct rkmq_bytes *properties, struct rkmq_err *err)
{
    struct rkmq_batch_item item = {
        .flag = msg->flag, .body = msg->body, .properties = rkmq__bytes_slice(properties)};
    if (properties->is_failed) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    if (properties->n > RKMQ_PROPERTIES_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "the properties take %zu bytes, at most %u",
                             properties->n, RKMQ_PROPERTIES_BYTES_MAX);
    }
    size_t n = rkmq_batch_item_bytes(&item);
    uint8_t *at = rkmq__bytes_reserve(body, n);
    return at ? rkmq_batch_item_write(&item, at, n)
              : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
}

static int items_append(struct rkmq_send *send, const struct rkmq_message *msgs, size_t n,
                        struct rkmq_bytes *body, struct rkmq_err *err)
{
    struct rkmq_bytes properties;
    int status = RKMQ_OK;
    rkmq__bytes_init(&properties, send->impl->env->mem);
    for (size_t i = 0; status == RKMQ_OK && i < n; i++) {
        char uniq_key[RKMQ_UNIQ_KEY_CHARS + 1];
        uniq_key_next(send, uniq_key);
        if (i == 0) {
            memcpy(send->msg_id, uniq_key, sizeof uniq_key);
        }
        rkmq__bytes_clear(&properties);
        properties_write(&msgs[i], uniq_key, &properties);
        status = item_append(body, &msgs[i], &properties, err);
    }
    rkmq__bytes_close(&properties);
    return status;
}

static int batch_fill(struct rkmq_send *send, const struct rkmq_message *msgs, size_t n,
                      struct rkmq_err *err)
{
    const struct rkmq_mem *mem = send->impl->env->mem;
    struct rkmq_bytes body, properties;
    char uniq_key[RKMQ_UNIQ_KEY_CHARS + 1];
    rkmq__bytes_init(&body, mem);
    rkmq__bytes_init(&properties, mem);
    send->is_batch = true;
    int status = items_append(send, msgs, n, &body, err);
    if (status == RKMQ_OK) {
        uniq_key_next(send, uniq_key);
        property_add(&properties, "UNIQ_KEY", uniq_key);
        property_add(&properties, "WAIT", "true");
        status = properties_take(send, &properties, err);
    }
    if (status == RKMQ_OK) {
        send->body = rkmq_buf_copy(mem, rkmq__bytes_slice(&body));
        status = send->body ? RKMQ_OK : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    rkmq__bytes_close(&body);
    rkmq__bytes_close(&properties);
    return status;
}

int rkmq__send_fill(struct rkmq_send *send, const struct rkmq_message *msgs, size_t n,
                    struct rkmq_err *err)
{
    int status = check_all(msgs, n, err);
    if (status == RKMQ_OK &&
        rkmq__arena_copy(&send->arena, rkmq__slice_of(msgs[0].topic), &send->topic) != RKMQ_OK) {
        status = rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    if (status == RKMQ_OK) {
        status = n == 1 ? single_fill(send, msgs, err) : batch_fill(send, msgs, n, err);
    }
    return status;
}
