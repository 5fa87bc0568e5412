/* SPDX-License-Identifier: Apache-2.0 */
/* The small bodies: TopicList, KVTable, GetConsumerListByGroupResponseBody, LockBatch* (5.3.3). */
#include "remoting/protocol/body_read.h"

static void texts_add(struct rkmq_json_writer *w, const char *name, const struct rkmq_slice *texts,
                      size_t n)
{
    rkmq__json_key(w, name);
    rkmq__json_array(w);
    for (size_t i = 0; i < n; i++) {
        rkmq__json_put_text(w, texts[i]);
    }
    rkmq__json_array_end(w);
}

void rkmq__topic_list_write(const struct rkmq_slice *topics, size_t n_topics,
                            struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    texts_add(&w, "topicList", topics, n_topics);
    rkmq__json_object_end(&w);
}

void rkmq__kv_table_write(const struct rkmq_field *kvs, size_t n_kvs, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "table");
    rkmq__json_object(&w);
    for (size_t i = 0; i < n_kvs; i++) {
        rkmq__json_key_slice(&w, kvs[i].key);
        rkmq__json_put_text(&w, kvs[i].value);
    }
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
}

int rkmq__consumer_list_read(struct rkmq_slice body, struct rkmq_arena *arena,
                             struct rkmq_slice **ids, size_t *n_ids, struct rkmq_err *err)
{
    struct rkmq_json root;
    int status = rkmq__body_object(body, "consumer list", arena, &root, err);
    return status ? status : rkmq__body_texts(&root, "consumerIdList", arena, ids, n_ids, err);
}

void rkmq__consumer_list_write(const struct rkmq_slice *ids, size_t n_ids, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    texts_add(&w, "consumerIdList", ids, n_ids);
    rkmq__json_object_end(&w);
}

/* ---- queue locks ---- */

static int mqs_read(const struct rkmq_json *root, const char *name, struct rkmq_arena *arena,
                    struct rkmq_mq **mqs, size_t *n_mqs, struct rkmq_err *err)
{
    struct rkmq_json_iter walk;
    struct rkmq_json value;
    void *items = NULL;
    int status = rkmq__body_objects(root, name, sizeof **mqs, arena, &items, n_mqs, &walk, err);
    *mqs = items;
    for (size_t i = 0; status == RKMQ_OK && rkmq__json_next_element(&walk, &value); i++) {
        struct rkmq_mq *mq = &(*mqs)[i];
        status = rkmq__json_text(&value, "brokerName", arena, &mq->broker_name);
        status = status ? status : rkmq__json_i32(&value, "queueId", &mq->queue_id);
        status = status ? status : rkmq__json_text(&value, "topic", arena, &mq->topic);
        status = rkmq__body_fault(status, name, err);
    }
    return status;
}

static void mqs_add(struct rkmq_json_writer *w, const char *name, const struct rkmq_mq *mqs,
                    size_t n_mqs)
{
    rkmq__json_key(w, name);
    rkmq__json_array(w);
    for (size_t i = 0; i < n_mqs; i++) {
        rkmq__json_object(w);
        rkmq__json_add_text(w, "brokerName", mqs[i].broker_name);
        rkmq__json_add_i64(w, "queueId", mqs[i].queue_id);
        rkmq__json_add_text(w, "topic", mqs[i].topic);
        rkmq__json_object_end(w);
    }
    rkmq__json_array_end(w);
}

int rkmq__lock_batch_read(struct rkmq_slice body, struct rkmq_arena *arena,
                          struct rkmq_lock_batch_body *out, struct rkmq_err *err)
{
    struct rkmq_json root;
    *out = (struct rkmq_lock_batch_body){0};
    int status = rkmq__body_object(body, "lock request", arena, &root, err);
    if (status == RKMQ_OK) {
        status = rkmq__json_text(&root, "clientId", arena, &out->client_id);
        status = status ? status : rkmq__json_text(&root, "consumerGroup", arena, &out->group);
        status = rkmq__body_fault(status, "lock request", err);
    }
    return status ? status : mqs_read(&root, "mqSet", arena, &out->mqs, &out->n_mqs, err);
}

void rkmq__lock_batch_write(const struct rkmq_lock_batch_body *body, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "clientId", body->client_id);
    rkmq__json_add_text(&w, "consumerGroup", body->group);
    mqs_add(&w, "mqSet", body->mqs, body->n_mqs);
    rkmq__json_add_bool(&w, "onlyThisBroker", false);
    rkmq__json_object_end(&w);
}

void rkmq__lock_batch_answer_write(const struct rkmq_mq *mqs, size_t n_mqs, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    mqs_add(&w, "lockOKMQSet", mqs, n_mqs);
    rkmq__json_object_end(&w);
}

int rkmq__lock_batch_answer_read(struct rkmq_slice body, struct rkmq_arena *arena,
                                 struct rkmq_mq **mqs, size_t *n_mqs, struct rkmq_err *err)
{
    struct rkmq_json root;
    int status = rkmq__body_object(body, "lock answer", arena, &root, err);
    return status ? status : mqs_read(&root, "lockOKMQSet", arena, mqs, n_mqs, err);
}
