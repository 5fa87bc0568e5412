/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/message.h"

#include "remoting/base/core.h"

/* ---- create: on the loop ---- */

static size_t round_up(size_t n)
{
    return (n + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
}

/* One block: batch, messages, list for listeners, two texts. */
static struct rkmq_msg_batch *batch_alloc(const struct rkmq_batch_source *from, size_t n)
{
    size_t head = round_up(sizeof(struct rkmq_msg_batch));
    size_t msgs = n * sizeof(struct rkmq_msg);
    size_t list = n * sizeof(struct rkmq_msg *);
    size_t bytes = head + msgs + list + from->broker_name.n + from->retry_topic.n;
    uint8_t *p = rkmq__zalloc(from->mem, bytes);
    if (!p) {
        return NULL;
    }
    struct rkmq_msg_batch *batch = (void *)p;
    batch->mem = from->mem;
    batch->msgs = (void *)(p + head);
    batch->list = (void *)(p + head + msgs);
    uint8_t *texts = p + head + msgs + list;
    if (from->broker_name.n > 0) {
        memcpy(texts, from->broker_name.p, from->broker_name.n);
    }
    batch->broker_name = rkmq__slice(texts, from->broker_name.n);
    texts += from->broker_name.n;
    if (from->retry_topic.n > 0) {
        memcpy(texts, from->retry_topic.p, from->retry_topic.n);
    }
    batch->retry_topic = rkmq__slice(texts, from->retry_topic.n);
    batch->queue_id = from->queue_id;
    return batch;
}

/* The second filter: hashes that collide pass the broker (PullAPIWrapper.processPullResult). */
static bool is_tag_wanted(const struct rkmq_subscription_data *sub, struct rkmq_slice raw)
{
    struct rkmq_record record;
    if (sub->n_tags == 0) {
        return true;
    }
    if (rkmq_record_next(&raw, &record, NULL) != RKMQ_OK) {
        return false;
    }
    return rkmq__subscription_matches_tag(sub, rkmq_property_get(record.properties, "TAGS"));
}

static void batch_fill(struct rkmq_msg_batch *batch, const struct rkmq_batch_source *from,
                       size_t n_records)
{
    struct rkmq_slice rest = from->body;
    for (size_t i = 0; i < n_records; i++) {
        struct rkmq_record_index index;
        const uint8_t *raw = rest.p;
        int status = rkmq_record_index_next(&rest, &index, NULL);
        RKMQ_ASSERT(status == RKMQ_OK); /* the count went over the same bytes */
        int64_t offset;
        if (__builtin_add_overflow(index.queue_offset, from->offset_delta, &offset) || offset < 0 ||
            !is_tag_wanted(from->sub, rkmq__slice(raw, index.bytes))) {
            continue;
        }
        struct rkmq_msg *msg = &batch->msgs[batch->n_msgs];
        msg->batch = batch;
        msg->raw = raw;
        msg->raw_bytes = index.bytes;
        msg->body_bytes = index.body_bytes;
        msg->queue_offset = offset;
        msg->sys_flag = index.sys_flag;
        msg->index = (uint32_t)batch->n_msgs;
        batch->list[batch->n_msgs++] = msg;
    }
}

static size_t records_count(struct rkmq_slice body, struct rkmq_err *err)
{
    size_t n = 0;
    struct rkmq_record_index index;
    int status;
    while ((status = rkmq_record_index_next(&body, &index, err)) == RKMQ_OK) {
        n++;
    }
    if (status == RKMQ_E_MORE) {
        *err = (struct rkmq_err){.status = RKMQ_OK};
    }
    return n;
}

int rkmq__msg_batch_create(struct rkmq_msg_batch **out, const struct rkmq_batch_source *from,
                           size_t *n_records, struct rkmq_err *err)
{
    *out = NULL;
    *err = (struct rkmq_err){.status = RKMQ_OK};
    *n_records = records_count(from->body, err);
    if (*n_records == 0) {
        return RKMQ_OK;
    }
    struct rkmq_msg_batch *batch = batch_alloc(from, *n_records);
    if (!batch) {
        return RKMQ_E_NOMEM;
    }
    batch_fill(batch, from, *n_records);
    if (batch->n_msgs == 0) {
        rkmq__free(from->mem, batch);
        return RKMQ_OK;
    }
    RKMQ_ASSERT(from->body.p >= from->frame->p);
    batch->slab = rkmq_buf_view(from->frame, (size_t)(from->body.p - from->frame->p), from->body.n);
    if (!batch->slab) {
        rkmq__free(from->mem, batch);
        return RKMQ_E_NOMEM;
    }
    batch->n_unfinished = batch->n_msgs;
    atomic_init(&batch->n_refs, 1);
    *out = batch;
    return RKMQ_OK;
}

void rkmq__msg_batch_unref(struct rkmq_msg_batch *batch)
{
    if (atomic_fetch_sub_explicit(&batch->n_refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < batch->n_msgs; i++) {
        if (batch->msgs[i].inflated) {
            rkmq_buf_free(batch->msgs[i].inflated);
        }
    }
    rkmq_buf_free(batch->slab);
    rkmq__free(batch->mem, batch);
}

/* ---- decode: on the worker ---- */

/* ConsumeMessageConcurrentlyService.resetRetryAndNamespace: a retried message shows its own topic.
 */
static struct rkmq_slice original_topic(const struct rkmq_msg *msg)
{
    if (rkmq__slice_equal(msg->record.topic, msg->batch->retry_topic)) {
        struct rkmq_slice topic = rkmq_property_get(msg->record.properties, "RETRY_TOPIC");
        if (topic.n > 0) {
            return topic;
        }
    }
    return msg->record.topic;
}

void rkmq__msg_decode(struct rkmq_msg *msg)
{
    struct rkmq_slice raw = rkmq__slice(msg->raw, msg->raw_bytes);
    if (msg->state != RKMQ_MSG_RAW) {
        return;
    }
    if (rkmq_record_next(&raw, &msg->record, NULL) != RKMQ_OK) {
        msg->state = RKMQ_MSG_BROKEN;
        return;
    }
    msg->body = msg->record.body;
    msg->topic = original_topic(msg);
    rkmq_offset_id_write(&msg->record.store_host, msg->record.commit_log_offset, msg->offset_id);
    if (msg->sys_flag & RKMQ_SYS_COMPRESSED) {
        int status =
            rkmq_body_decompress(msg->body, msg->sys_flag, msg->batch->mem, &msg->inflated, NULL);
        if (status != RKMQ_OK) {
            msg->state = status == RKMQ_E_NOMEM ? RKMQ_MSG_RAW : RKMQ_MSG_BROKEN;
            return;
        }
        msg->body = rkmq__slice(msg->inflated->p, msg->inflated->n);
    }
    msg->state = RKMQ_MSG_DECODED;
}

/* ---- what a listener sees ---- */

void rkmq_msg_get(const struct rkmq_msg *m, struct rkmq_msg_view *out)
{
    const struct rkmq_record *r = &m->record;
    struct rkmq_slice uniq_key = rkmq_property_get(r->properties, "UNIQ_KEY");
    *out = (struct rkmq_msg_view){
        .topic = m->topic,
        .body = m->body,
        .properties = r->properties,
        .msg_id = uniq_key.n > 0 ? uniq_key : rkmq__slice_of(m->offset_id),
        .tags = rkmq_property_get(r->properties, "TAGS"),
        .keys = rkmq_property_get(r->properties, "KEYS"),
        .broker_name = m->batch->broker_name,
        .queue_id = m->batch->queue_id,
        .queue_offset = m->queue_offset,
        .commit_log_offset = r->commit_log_offset,
        .sys_flag = m->sys_flag,
        .flag = r->flag,
        .reconsume_times =
            r->reconsume_times + atomic_load_explicit(&m->n_local_retries, memory_order_relaxed),
        .born_ms = r->born_ms,
        .store_ms = r->store_ms,
        .born_host = r->born_host,
        .store_host = r->store_host,
    };
}

struct rkmq_slice rkmq_msg_body(const struct rkmq_msg *m)
{
    return m->body;
}

struct rkmq_slice rkmq_msg_property(const struct rkmq_msg *m, const char *name)
{
    return rkmq_property_get(m->record.properties, name);
}

void rkmq_msg_offset_id(const struct rkmq_msg *m, char out[RKMQ_OFFSET_ID_CHARS_MAX + 1])
{
    rkmq_offset_id_write(&m->record.store_host, m->record.commit_log_offset, out);
}

struct rkmq_msg *rkmq_msg_ref(struct rkmq_msg *m)
{
    (void)atomic_fetch_add_explicit(&m->batch->n_refs, 1, memory_order_relaxed);
    return m;
}

void rkmq_msg_unref(struct rkmq_msg *m)
{
    if (m) {
        rkmq__msg_batch_unref(m->batch);
    }
}
