/* SPDX-License-Identifier: Apache-2.0 */
/* RegisterBrokerBody, TopicConfigSerializeWrapper, DataVersion (5.3.3; 4.9 lacks some members). */
#include "remoting/protocol/body_read.h"

#define QUEUE_NUMS_DEFAULT 16 /* TopicConfig.defaultReadQueueNums, defaultWriteQueueNums */

static int data_version_of(const struct rkmq_json *object, struct rkmq_data_version *out)
{
    *out = (struct rkmq_data_version){0};
    if (object->type != RKMQ_JSON_OBJECT) {
        return RKMQ_E_PROTOCOL;
    }
    int status = rkmq__json_i64(object, "stateVersion", &out->state_version);
    status = status ? status : rkmq__json_i64(object, "timestamp", &out->timestamp);
    return status ? status : rkmq__json_i64(object, "counter", &out->counter);
}

static void data_version_put(struct rkmq_json_writer *w, const struct rkmq_data_version *v)
{
    rkmq__json_object(w);
    rkmq__json_add_i64(w, "counter", v->counter);
    rkmq__json_add_i64(w, "stateVersion", v->state_version);
    rkmq__json_add_i64(w, "timestamp", v->timestamp);
    rkmq__json_object_end(w);
}

void rkmq__data_version_write(const struct rkmq_data_version *v, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    data_version_put(&w, v);
}

int rkmq__data_version_read(struct rkmq_slice body, struct rkmq_data_version *out,
                            struct rkmq_err *err)
{
    struct rkmq_json root;
    int status = rkmq__body_object(body, "DataVersion", NULL, &root, err);
    return status ? status : rkmq__body_fault(data_version_of(&root, out), "DataVersion", err);
}

static int topic_config_read(const struct rkmq_json *value, struct rkmq_arena *arena,
                             struct rkmq_topic_config *out)
{
    struct rkmq_slice filter_type = RKMQ_SLICE("SINGLE_TAG");
    if (value->type != RKMQ_JSON_OBJECT) {
        return RKMQ_E_PROTOCOL;
    }
    out->read_queue_nums = QUEUE_NUMS_DEFAULT;
    out->write_queue_nums = QUEUE_NUMS_DEFAULT;
    out->perm = RKMQ_PERM_READ | RKMQ_PERM_WRITE;
    int status = rkmq__json_text(value, "topicName", arena, &out->name);
    status = status ? status : rkmq__json_i32(value, "readQueueNums", &out->read_queue_nums);
    status = status ? status : rkmq__json_i32(value, "writeQueueNums", &out->write_queue_nums);
    status = status ? status : rkmq__json_i32(value, "perm", &out->perm);
    status = status ? status : rkmq__json_i32(value, "topicSysFlag", &out->topic_sys_flag);
    status = status ? status : rkmq__json_bool(value, "order", &out->is_ordered);
    status = status ? status : rkmq__json_text(value, "topicFilterType", arena, &filter_type);
    out->is_multi_tag = rkmq__slice_is(filter_type, "MULTI_TAG");
    return status;
}

int rkmq__register_broker_body_read(struct rkmq_slice body, struct rkmq_arena *arena,
                                    struct rkmq_register_broker_body *out, struct rkmq_err *err)
{
    struct rkmq_json root, wrapper, version, key, value;
    struct rkmq_json_iter walk;
    void *items = NULL;
    *out = (struct rkmq_register_broker_body){0};
    int status = rkmq__body_object(body, "RegisterBrokerBody", arena, &root, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (!rkmq__json_member(&root, "topicConfigSerializeWrapper", &wrapper)) {
        wrapper = root; /* older than V3_0_11: the wrapper alone */
    }
    if (wrapper.type != RKMQ_JSON_OBJECT) {
        return rkmq__body_fault(RKMQ_E_PROTOCOL, "topicConfigSerializeWrapper", err);
    }
    if (rkmq__json_member(&wrapper, "dataVersion", &version)) {
        status =
            rkmq__body_fault(data_version_of(&version, &out->data_version), "dataVersion", err);
    }
    status = status ? status
                    : rkmq__body_members(&wrapper, "topicConfigTable", sizeof *out->topics, arena,
                                         &items, &out->n_topics, &walk, err);
    out->topics = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_member(&walk, &key, &value); i++) {
        status = topic_config_read(&value, arena, &out->topics[i]);
        if (status == RKMQ_OK && !out->topics[i].name.p) {
            status = rkmq__json_as_text(&key, arena, &out->topics[i].name);
        }
        status = rkmq__body_fault(status, "topicConfigTable", err);
    }
    return status;
}

static void topic_config_write(struct rkmq_json_writer *w, const struct rkmq_topic_config *topic)
{
    rkmq__json_object(w);
    rkmq__json_key(w, "attributes");
    rkmq__json_object(w);
    rkmq__json_object_end(w);
    rkmq__json_add_bool(w, "order", topic->is_ordered);
    rkmq__json_add_i64(w, "perm", topic->perm);
    rkmq__json_add_i64(w, "readQueueNums", topic->read_queue_nums);
    rkmq__json_add_text(w, "topicFilterType",
                        topic->is_multi_tag ? RKMQ_SLICE("MULTI_TAG") : RKMQ_SLICE("SINGLE_TAG"));
    rkmq__json_add_text(w, "topicName", topic->name);
    rkmq__json_add_i64(w, "topicSysFlag", topic->topic_sys_flag);
    rkmq__json_add_i64(w, "writeQueueNums", topic->write_queue_nums);
    rkmq__json_object_end(w);
}

static void empty_object_add(struct rkmq_json_writer *w, const char *name)
{
    rkmq__json_key(w, name);
    rkmq__json_object(w);
    rkmq__json_object_end(w);
}

void rkmq__register_broker_body_write(const struct rkmq_register_broker_body *body,
                                      struct rkmq_bytes *out)
{
    const struct rkmq_data_version none = {0};
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "filterServerList");
    rkmq__json_array(&w);
    rkmq__json_array_end(&w);
    rkmq__json_key(&w, "topicConfigSerializeWrapper");
    rkmq__json_object(&w);
    rkmq__json_key(&w, "dataVersion");
    data_version_put(&w, &body->data_version);
    rkmq__json_key(&w, "mappingDataVersion");
    data_version_put(&w, &none);
    rkmq__json_key(&w, "topicConfigTable");
    rkmq__json_object(&w);
    for (size_t i = 0; i < body->n_topics; i++) {
        rkmq__json_key_slice(&w, body->topics[i].name);
        topic_config_write(&w, &body->topics[i]);
    }
    rkmq__json_object_end(&w);
    empty_object_add(&w, "topicQueueMappingDetailMap");
    empty_object_add(&w, "topicQueueMappingInfoMap");
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
}
