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
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_LIST("consumerIdList", &rkmq__body_texts, ids, n_ids),
    };
    return rkmq__body_read(body, "consumer list", arena, members, RKMQ_COUNT_OF(members), err);
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

static int mq_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_mq *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("brokerName", &out->broker_name),
        RKMQ_BODY_I32("queueId", &out->queue_id),
        RKMQ_BODY_TEXT("topic", &out->topic),
    };
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}
static const struct rkmq_body_list mq_list = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_mq), mq_read};

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
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("clientId", &out->client_id),
        RKMQ_BODY_TEXT("consumerGroup", &out->group),
        RKMQ_BODY_LIST("mqSet", &mq_list, &out->mqs, &out->n_mqs),
    };
    *out = (struct rkmq_lock_batch_body){0};
    return rkmq__body_read(body, "lock request", arena, members, RKMQ_COUNT_OF(members), err);
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
    const struct rkmq_body_member members[] = {RKMQ_BODY_LIST("lockOKMQSet", &mq_list, mqs, n_mqs)};
    return rkmq__body_read(body, "lock answer", arena, members, RKMQ_COUNT_OF(members), err);
}
