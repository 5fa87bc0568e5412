/* SPDX-License-Identifier: Apache-2.0 */
/* RegisterBrokerBody, TopicConfigSerializeWrapper, DataVersion (5.3.3; 4.9 lacks some members). */
#include "remoting/protocol/body_read.h"

#define QUEUE_NUMS_DEFAULT 16 /* TopicConfig.defaultReadQueueNums, defaultWriteQueueNums */

static int data_version_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_data_version *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_I64("counter", &out->counter),
        RKMQ_BODY_I64("stateVersion", &out->state_version),
        RKMQ_BODY_I64("timestamp", &out->timestamp),
    };
    *out = (struct rkmq_data_version){0};
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
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
    struct rkmq_body root;
    struct rkmq_json_cursor cur;
    int status = rkmq__body_open(&root, &cur, body, "DataVersion", NULL, err);
    status = status ? status : data_version_read(&root, out);
    return status ? status : rkmq__body_end(&root);
}

static int topic_config_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_topic_config *out = item;
    struct rkmq_slice filter_type = RKMQ_SLICE("SINGLE_TAG");
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_BOOL("order", &out->is_ordered),
        RKMQ_BODY_I32("perm", &out->perm),
        RKMQ_BODY_I32("readQueueNums", &out->read_queue_nums),
        RKMQ_BODY_TEXT("topicFilterType", &filter_type),
        RKMQ_BODY_TEXT("topicName", &out->name),
        RKMQ_BODY_I32("topicSysFlag", &out->topic_sys_flag),
        RKMQ_BODY_I32("writeQueueNums", &out->write_queue_nums),
    };
    out->read_queue_nums = QUEUE_NUMS_DEFAULT;
    out->write_queue_nums = QUEUE_NUMS_DEFAULT;
    out->perm = RKMQ_PERM_READ | RKMQ_PERM_WRITE;
    int status = rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
    if (status == RKMQ_OK && !out->name.p) {
        status = rkmq__body_fault(in, rkmq__json_as_text(&in->key, in->arena, &out->name));
    }
    out->is_multi_tag = rkmq__slice_is(filter_type, "MULTI_TAG");
    return status;
}

static const struct rkmq_body_list topic_configs = {RKMQ_BODY_MAP, sizeof(struct rkmq_topic_config),
                                                    topic_config_read};

static int wrapper_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_register_broker_body *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_ONE("dataVersion", data_version_read, &out->data_version),
        RKMQ_BODY_LIST("topicConfigTable", &topic_configs, &out->topics, &out->n_topics),
    };
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

int rkmq__register_broker_body_read(struct rkmq_slice body, struct rkmq_arena *arena,
                                    struct rkmq_register_broker_body *out, struct rkmq_err *err)
{
    /* The last two are those of a broker older than V3_0_11: its body is the wrapper alone. */
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_ONE("topicConfigSerializeWrapper", wrapper_read, out),
        RKMQ_BODY_ONE("dataVersion", data_version_read, &out->data_version),
        RKMQ_BODY_LIST("topicConfigTable", &topic_configs, &out->topics, &out->n_topics),
    };
    *out = (struct rkmq_register_broker_body){0};
    return rkmq__body_read(body, "RegisterBrokerBody", arena, members, RKMQ_COUNT_OF(members), err);
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
