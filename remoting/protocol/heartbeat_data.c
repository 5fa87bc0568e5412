/* SPDX-License-Identifier: Apache-2.0 */
/* HeartbeatData, ConsumerData, ProducerData (5.3.3); members that other clients omit keep Java's
 * default. */
#include "remoting/protocol/body_read.h"

/* Names by value; deprecated starting points count as LAST_OFFSET, as in computePullFromWhere. */
static const char *const type_names[] = {"CONSUME_ACTIVELY", "CONSUME_PASSIVELY", "CONSUME_POP"};
static const char *const model_names[] = {"BROADCASTING", "CLUSTERING"};
static const char *const where_names[] = {
    "CONSUME_FROM_LAST_OFFSET",
    "CONSUME_FROM_FIRST_OFFSET",
    "CONSUME_FROM_TIMESTAMP",
};

static int name_find(const char *const *names, size_t n, struct rkmq_slice text, int fallback)
{
    for (size_t i = 0; i < n; i++) {
        if (rkmq__slice_is(text, names[i])) {
            return (int)i;
        }
    }
    return fallback;
}

static int codes_read(const struct rkmq_json *value, struct rkmq_arena *arena,
                      struct rkmq_subscription_data *out, struct rkmq_err *err)
{
    struct rkmq_json_iter walk;
    struct rkmq_json element;
    void *items = NULL;
    int status = rkmq__body_array(value, "codeSet", sizeof *out->codes, arena, &items,
                                  &out->n_codes, &walk, err);
    out->codes = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &element); i++) {
        int64_t code = 0;
        status = rkmq__body_fault(rkmq__json_as_i64(&element, &code), "codeSet", err);
        out->codes[i] = (int32_t)code; /* the Go client once sent 64 bits; the low ones count */
    }
    return status;
}

static int subscription_read(const struct rkmq_json *value, struct rkmq_arena *arena,
                             struct rkmq_subscription_data *out, struct rkmq_err *err)
{
    out->expression_type = RKMQ_SLICE("TAG");
    int status = rkmq__json_text(value, "topic", arena, &out->topic);
    status = status ? status : rkmq__json_text(value, "subString", arena, &out->sub_string);
    status =
        status ? status : rkmq__json_text(value, "expressionType", arena, &out->expression_type);
    status = status ? status : rkmq__json_i64(value, "subVersion", &out->sub_version);
    status = status ? status : rkmq__json_bool(value, "classFilterMode", &out->is_class_filter);
    status = rkmq__body_fault(status, "subscriptionDataSet", err);
    status =
        status ? status : rkmq__body_texts(value, "tagsSet", arena, &out->tags, &out->n_tags, err);
    return status ? status : codes_read(value, arena, out, err);
}

static int consumer_read(const struct rkmq_json *value, struct rkmq_arena *arena,
                         struct rkmq_consumer_data *out, struct rkmq_err *err)
{
    struct rkmq_slice type = {NULL, 0}, model = {NULL, 0}, where = {NULL, 0};
    struct rkmq_json_iter walk;
    struct rkmq_json element;
    void *items = NULL;
    int status = rkmq__json_text(value, "groupName", arena, &out->group);
    status = status ? status : rkmq__json_text(value, "consumeType", arena, &type);
    status = status ? status : rkmq__json_text(value, "messageModel", arena, &model);
    status = status ? status : rkmq__json_text(value, "consumeFromWhere", arena, &where);
    status = status ? status : rkmq__json_bool(value, "unitMode", &out->unit_mode);
    status = rkmq__body_fault(status, "consumerDataSet", err);
    out->type = (enum rkmq_consume_type)name_find(type_names, RKMQ_COUNT_OF(type_names), type,
                                                  RKMQ_CONSUME_PASSIVELY);
    out->model = (enum rkmq_message_model_wire)name_find(model_names, RKMQ_COUNT_OF(model_names),
                                                         model, RKMQ_MODEL_CLUSTERING);
    out->from_where = (enum rkmq_from_where_wire)name_find(where_names, RKMQ_COUNT_OF(where_names),
                                                           where, RKMQ_WHERE_LAST_OFFSET);
    status = status ? status
                    : rkmq__body_objects(value, "subscriptionDataSet", sizeof *out->subscriptions,
                                         arena, &items, &out->n_subscriptions, &walk, err);
    out->subscriptions = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &element); i++) {
        status = subscription_read(&element, arena, &out->subscriptions[i], err);
    }
    return status;
}

static int consumers_read(const struct rkmq_json *root, struct rkmq_arena *arena,
                          struct rkmq_heartbeat_data *out, struct rkmq_err *err)
{
    struct rkmq_json_iter walk;
    struct rkmq_json element;
    void *items = NULL;
    int status = rkmq__body_objects(root, "consumerDataSet", sizeof *out->consumers, arena, &items,
                                    &out->n_consumers, &walk, err);
    out->consumers = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &element); i++) {
        status = consumer_read(&element, arena, &out->consumers[i], err);
    }
    return status;
}

static int producers_read(const struct rkmq_json *root, struct rkmq_arena *arena,
                          struct rkmq_heartbeat_data *out, struct rkmq_err *err)
{
    struct rkmq_json_iter walk;
    struct rkmq_json element;
    void *items = NULL;
    int status = rkmq__body_objects(root, "producerDataSet", sizeof *out->producer_groups, arena,
                                    &items, &out->n_producer_groups, &walk, err);
    out->producer_groups = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &element); i++) {
        status = rkmq__json_text(&element, "groupName", arena, &out->producer_groups[i]);
        status = rkmq__body_fault(status, "producerDataSet", err);
    }
    return status;
}

int rkmq__heartbeat_data_read(struct rkmq_slice body, struct rkmq_arena *arena,
                              struct rkmq_heartbeat_data *out, struct rkmq_err *err)
{
    struct rkmq_json root;
    *out = (struct rkmq_heartbeat_data){0};
    int status = rkmq__body_object(body, "HeartbeatData", arena, &root, err);
    if (status == RKMQ_OK) {
        status = rkmq__json_text(&root, "clientID", arena, &out->client_id);
        status = status ? status : rkmq__json_i32(&root, "heartbeatFingerprint", &out->fingerprint);
        status = status ? status : rkmq__json_bool(&root, "withoutSub", &out->is_without_sub);
        status = rkmq__body_fault(status, "HeartbeatData", err);
    }
    status = status ? status : consumers_read(&root, arena, out, err);
    return status ? status : producers_read(&root, arena, out, err);
}

static void consumer_write(struct rkmq_json_writer *w, const struct rkmq_consumer_data *consumer)
{
    rkmq__json_object(w);
    rkmq__json_add_text(w, "consumeFromWhere", rkmq__slice_of(where_names[consumer->from_where]));
    rkmq__json_add_text(w, "consumeType", rkmq__slice_of(type_names[consumer->type]));
    rkmq__json_add_text(w, "groupName", consumer->group);
    rkmq__json_add_text(w, "messageModel", rkmq__slice_of(model_names[consumer->model]));
    rkmq__json_key(w, "subscriptionDataSet");
    rkmq__json_array(w);
    for (size_t i = 0; i < consumer->n_subscriptions; i++) {
        rkmq__subscription_data_write(&consumer->subscriptions[i], w);
    }
    rkmq__json_array_end(w);
    rkmq__json_add_bool(w, "unitMode", consumer->unit_mode);
    rkmq__json_object_end(w);
}

void rkmq__heartbeat_data_write(const struct rkmq_heartbeat_data *heartbeat, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "clientID", heartbeat->client_id);
    rkmq__json_key(&w, "consumerDataSet");
    rkmq__json_array(&w);
    for (size_t i = 0; i < heartbeat->n_consumers; i++) {
        consumer_write(&w, &heartbeat->consumers[i]);
    }
    rkmq__json_array_end(&w);
    rkmq__json_add_i64(&w, "heartbeatFingerprint", heartbeat->fingerprint);
    rkmq__json_key(&w, "producerDataSet");
    rkmq__json_array(&w);
    for (size_t i = 0; i < heartbeat->n_producer_groups; i++) {
        rkmq__json_object(&w);
        rkmq__json_add_text(&w, "groupName", heartbeat->producer_groups[i]);
        rkmq__json_object_end(&w);
    }
    rkmq__json_array_end(&w);
    rkmq__json_add_bool(&w, "withoutSub", heartbeat->is_without_sub);
    rkmq__json_object_end(&w);
}
