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

static int code_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_json value;
    int64_t code = 0;
    int status = rkmq__body_value(in, &value);
    status = status ? status : rkmq__body_fault(in, rkmq__json_as_i64(&value, &code));
    *(int32_t *)item = (int32_t)code; /* the Go client once sent 64 bits; the low ones count */
    return status;
}

static int subscription_read(const struct rkmq_body *in, void *item)
{
    static const struct rkmq_body_list codes = {RKMQ_BODY_ARRAY, sizeof(int32_t), code_read};
    struct rkmq_subscription_data *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_BOOL("classFilterMode", &out->is_class_filter),
        RKMQ_BODY_LIST("codeSet", &codes, &out->codes, &out->n_codes),
        RKMQ_BODY_TEXT("expressionType", &out->expression_type),
        RKMQ_BODY_TEXT("subString", &out->sub_string),
        RKMQ_BODY_I64("subVersion", &out->sub_version),
        RKMQ_BODY_LIST("tagsSet", &rkmq__body_texts, &out->tags, &out->n_tags),
        RKMQ_BODY_TEXT("topic", &out->topic),
    };
    out->expression_type = RKMQ_SLICE("TAG");
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

static int consumer_read(const struct rkmq_body *in, void *item)
{
    static const struct rkmq_body_list subscriptions = {
        RKMQ_BODY_ARRAY, sizeof(struct rkmq_subscription_data), subscription_read};
    struct rkmq_slice type = {NULL, 0}, model = {NULL, 0}, where = {NULL, 0};
    struct rkmq_consumer_data *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("consumeFromWhere", &where),
        RKMQ_BODY_TEXT("consumeType", &type),
        RKMQ_BODY_TEXT("groupName", &out->group),
        RKMQ_BODY_TEXT("messageModel", &model),
        RKMQ_BODY_LIST("subscriptionDataSet", &subscriptions, &out->subscriptions,
                       &out->n_subscriptions),
        RKMQ_BODY_BOOL("unitMode", &out->unit_mode),
    };
    int status = rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
    out->type = (enum rkmq_consume_type)name_find(type_names, RKMQ_COUNT_OF(type_names), type,
                                                  RKMQ_CONSUME_PASSIVELY);
    out->model = (enum rkmq_message_model_wire)name_find(model_names, RKMQ_COUNT_OF(model_names),
                                                         model, RKMQ_MODEL_CLUSTERING);
    out->from_where = (enum rkmq_from_where_wire)name_find(where_names, RKMQ_COUNT_OF(where_names),
                                                           where, RKMQ_WHERE_LAST_OFFSET);
    return status;
}

static int producer_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_slice *group = item;
    const struct rkmq_body_member members[] = {RKMQ_BODY_TEXT("groupName", group)};
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

int rkmq__heartbeat_data_read(struct rkmq_slice body, struct rkmq_arena *arena,
                              struct rkmq_heartbeat_data *out, struct rkmq_err *err)
{
    static const struct rkmq_body_list consumers = {
        RKMQ_BODY_ARRAY, sizeof(struct rkmq_consumer_data), consumer_read};
    static const struct rkmq_body_list producers = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_slice),
                                                    producer_read};
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("clientID", &out->client_id),
        RKMQ_BODY_LIST("consumerDataSet", &consumers, &out->consumers, &out->n_consumers),
        RKMQ_BODY_I32("heartbeatFingerprint", &out->fingerprint),
        RKMQ_BODY_LIST("producerDataSet", &producers, &out->producer_groups,
                       &out->n_producer_groups),
        RKMQ_BODY_BOOL("withoutSub", &out->is_without_sub),
    };
    *out = (struct rkmq_heartbeat_data){0};
    return rkmq__body_read(body, "HeartbeatData", arena, members, RKMQ_COUNT_OF(members), err);
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
