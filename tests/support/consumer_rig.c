/* SPDX-License-Identifier: Apache-2.0 */
#include "support/consumer_rig.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/pull.h"
#include "remoting/protocol/codes.h"

/* ---- the listener ---- */

static enum rkmq_consume_status rig_listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                             struct rkmq_consume_context *context)
{
    struct consumer_rig *rig = user;
    for (size_t i = 0; i < n; i++) {
        rkmq_msg_get(msgs[i], &rig->view);
        rkmq__bytes_printf(&rig->calls, "%s%lld:%.*s", i > 0 ? " " : "",
                           (long long)rig->view.queue_offset, RKMQ_SLICE_ARG(rig->view.body));
    }
    rkmq__bytes_add_text(&rig->calls, ";");
    if (rig->is_keeping) {
        rig->kept = rkmq_msg_ref(msgs[n - 1]);
        rig->is_keeping = false;
    }
    rig->context = *context;
    context->ack_index = rig->ack_index;
    context->delay_level_when_next_consume = rig->delay_level;
    if (rig->in_listener) {
        rig->in_listener(rig);
    }
    return rig->status;
}

void rig_expect_calls(struct consumer_rig *rig, const char *calls)
{
    rkmq__bytes_add(&rig->calls, "", 1);
    assert_string_equal((const char *)rig->calls.p, calls);
    rkmq__bytes_clear(&rig->calls);
}

bool rig_has_mark(const struct consumer_rig *rig, const char *name)
{
    char line[64];
    (void)snprintf(line, sizeof line, "mark %s\n", name); /* names are short */
    return strstr(rig->re.trace, line) != NULL;
}

/* ---- requests and answers ---- */

static bool rig_next_of(struct consumer_rig *rig, size_t i)
{
    struct record_conn *rc = &rig->re.conns[i];
    if (!rig->is_opened[i] && !rc->is_closed_by_core) {
        rig->is_opened[i] = true;
        record_env_open(&rig->re, rc->id);
    }
    if (!rig->decoders[i]) {
        assert_int_equal(
            rkmq_decoder_create(&rig->decoders[i], &rig->world.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    }
    struct rkmq_buf *sent = rc->sent ? record_env_take_sent(&rig->re, rc->id) : NULL;
    if (sent) {
        struct rkmq_buf *copy = rkmq_buf_copy(&rig->world.mem, rkmq__slice(sent->p, sent->n));
        rkmq_buf_free(sent);
        rkmq_decoder_feed(rig->decoders[i], copy);
    }
    rig->con = rc->id;
    return rkmq_decoder_next(rig->decoders[i], &rig->cmd, NULL) == RKMQ_OK;
}

bool rig_next(struct consumer_rig *rig)
{
    for (size_t i = 0; i < rig->re.n_conns; i++) {
        if (rig_next_of(rig, i)) {
            return true;
        }
    }
    return false;
}

void rig_expect(struct consumer_rig *rig, int code, const char *addr)
{
    assert_true(rig_next(rig));
    assert_int_equal(rig->cmd.code, code);
    assert_string_equal(record_env_conn(&rig->re, rig->con)->addr, addr);
}

void rig_expect_send_back(struct consumer_rig *rig, int64_t offset, int delay_level)
{
    rig_expect(rig, RKMQ_REQ_CONSUMER_SEND_MSG_BACK, RIG_MASTER);
    assert_int_equal(rig_i64(rig, "offset"), 100000 + offset);
    assert_int_equal(rig_i64(rig, "delayLevel"), delay_level);
}

int64_t rig_i64(const struct consumer_rig *rig, const char *field)
{
    int64_t v;
    assert_int_equal(rkmq_command_i64(&rig->cmd, field, &v), RKMQ_OK);
    return v;
}

const char *rig_text(struct consumer_rig *rig, const char *field)
{
    static char text[128];
    struct rkmq_slice v;
    int status = rkmq_command_text(&rig->cmd, field, &v);
    (void)snprintf(text, sizeof text, "%.*s", /* test values are short */
                   RKMQ_SLICE_ARG(status == RKMQ_OK ? v : RKMQ_SLICE("-")));
    return text;
}

void rig_answer(struct consumer_rig *rig, int code, const struct rkmq_fields *fields,
                struct rkmq_slice body)
{
    struct record_conn *rc = record_env_conn(&rig->re, rig->con);
    struct rkmq_command answer = {.code = code,
                                  .opaque = rig->cmd.opaque,
                                  .flags = RKMQ_FLAG_RESPONSE,
                                  .has_fields = fields != NULL,
                                  .fields = fields ? fields->at : NULL,
                                  .n_fields = fields ? fields->n : 0,
                                  .remark = RKMQ_SLICE("as the test says"),
                                  .body = body};
    struct rkmq_buf *buf;
    assert_int_equal(rkmq_command_encode(&answer, &rig->world.mem, &buf), RKMQ_OK);
    rc->ev->data(rc->owner, rc->id, buf);
}

void rig_answer_code(struct consumer_rig *rig, int code)
{
    rig_answer(rig, code, NULL, rkmq__slice(NULL, 0));
}

void rig_answer_pull(struct consumer_rig *rig, int code, int64_t next_begin_offset)
{
    struct rkmq_pull_message_response header = {.next_begin_offset = next_begin_offset,
                                                .max_offset = 1000};
    struct rkmq_fields fields = {.n = 0};
    rkmq__header_write(&rkmq__pull_message_response_class, &header, false, &fields);
    rig_answer(rig, code, &fields,
               code == RKMQ_RES_SUCCESS ? rkmq__bytes_slice(&rig->records) : rkmq__slice(NULL, 0));
    rkmq__bytes_clear(&rig->records);
}

void rig_pull(struct consumer_rig *rig, int64_t next_begin_offset)
{
    rkmq__pull_message(rig->pq);
    rig_expect(rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
    rig_answer_pull(rig, RKMQ_RES_SUCCESS, next_begin_offset);
}

void rig_record_add(struct consumer_rig *rig, const struct rig_record *r)
{
    char properties[200];
    int n =
        snprintf(properties, sizeof properties, "%s%s%s%s", r->tag ? "TAGS\x01" : "",
                 r->tag ? r->tag : "", r->tag ? "\x02" : "", r->properties ? r->properties : "");
    struct rkmq_record record = {
        .magic = RKMQ_RECORD_MAGIC_V1,
        .queue_id = RIG_QUEUE_ID,
        .queue_offset = r->offset,
        .commit_log_offset = 100000 + r->offset,
        .sys_flag = r->sys_flag,
        .store_host = {.address = {10, 0, 0, 2}, .port = 10911},
        .body = r->body,
        .topic = rig->pq->mq.topic,
        .properties = rkmq__slice(properties, (size_t)n),
    };
    size_t bytes = rkmq_record_bytes(&record);
    uint8_t *dst = rkmq__bytes_reserve(&rig->records, bytes);
    assert_non_null(dst);
    assert_int_equal(rkmq_record_write(&record, dst, bytes), RKMQ_OK);
}

void rig_records_add(struct consumer_rig *rig, int64_t offset, int n)
{
    for (int i = 0; i < n; i++) {
        char body[24];
        int len = snprintf(body, sizeof body, "m%lld", (long long)offset + i);
        struct rig_record r = {.offset = offset + i, .body = rkmq__slice(body, (size_t)len)};
        rig_record_add(rig, &r);
    }
}

/* ---- jobs ---- */

struct rkmq_job *rig_take_job(struct consumer_rig *rig, size_t index)
{
    struct rkmq_job **at = &rig->re.jobs;
    for (; index > 0; index--) {
        assert_non_null(*at);
        at = &(*at)->next;
    }
    struct rkmq_job *job = *at;
    assert_non_null(job);
    *at = job->next;
    rig->re.n_jobs--;
    return job;
}

void rig_run_job(struct consumer_rig *rig, size_t index)
{
    struct rkmq_job *job = rig_take_job(rig, index);
    job->run(job);
    job->done(job);
}

/* ---- life ---- */

static void rig_learn_route(struct consumer_rig *rig, struct rkmq_slice topic)
{
    struct rkmq_queue_data queues[] = {{.broker_name = RKMQ_SLICE("broker-a"),
                                        .read_queue_nums = 4,
                                        .write_queue_nums = 4,
                                        .perm = RKMQ_PERM_READ | RKMQ_PERM_WRITE}};
    struct rkmq_broker_addr addrs[] = {{.id = 0, .addr = RKMQ_SLICE(RIG_MASTER)},
                                       {.id = 1, .addr = RKMQ_SLICE(RIG_SLAVE)}};
    struct rkmq_broker_data brokers[] = {
        {.cluster = RKMQ_SLICE("c"), .broker_name = RKMQ_SLICE("broker-a"), addrs, 2}};
    struct rkmq_route_data route = {queues, 1, brokers, 1};
    struct rkmq_route_update u = {.topic = topic};
    struct rkmq_bytes body;
    rkmq__bytes_init(&body, &rig->world.mem);
    rkmq__route_data_write(&route, true, &body);
    assert_int_equal(rkmq__route_update(&rig->impl.ci->route, &u), RKMQ_OK);
    rig_expect(rig, RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, RIG_NAMESRV);
    rig_answer(rig, RKMQ_RES_SUCCESS, NULL, rkmq__bytes_slice(&body));
    rkmq__bytes_close(&body);
}

static void rig_impl_init(struct consumer_rig *rig, const struct rkmq_push_options *o)
{
    struct rkmq_push_impl *impl = &rig->impl;
    struct rkmq_client_config config = RKMQ_CLIENT_CONFIG_INIT;
    config.namesrv_addr = RIG_NAMESRV;
    config.client_id = "10.0.0.1@rig";
    config.profile = o->profile;
    impl->env = &rig->re.env;
    impl->options = *o;
    impl->options.message_listener = rig_listener;
    impl->options.message_listener_user = rig;
    impl->group = RKMQ_SLICE("G");
    impl->state = RKMQ_RUNNING;
    impl->pull_threshold_for_queue = o->pull_threshold_for_queue;
    impl->pull_threshold_size_for_queue = o->pull_threshold_size_for_queue;
    rkmq__subscriptions_init(&impl->subscriptions, impl->env);
    rkmq__map_init(&impl->process_queues, impl->env->mem);
    assert_int_equal(rkmq__client_instance_get(&impl->ci, impl->env, &config, NULL), RKMQ_OK);
    assert_int_equal(rkmq__consume_start(&impl->consume, impl), RKMQ_OK);
}

void rig_init(struct consumer_rig *rig, const struct rkmq_push_options *o, const char *topic,
              const char *expression)
{
    *rig = (struct consumer_rig){.ack_index = INT32_MAX, .status = RKMQ_CONSUME_SUCCESS};
    struct rkmq_push_impl *impl = &rig->impl;
    struct rkmq_mq mq = {.topic = rkmq__slice_of(topic ? topic : "T"),
                         .broker_name = RKMQ_SLICE("broker-a"),
                         .queue_id = RIG_QUEUE_ID};
    test_mem_init(&rig->tm);
    test_mem_init(&rig->world);
    record_env_init(&rig->re, &rig->tm.mem);
    rkmq__bytes_init(&rig->records, &rig->world.mem);
    rkmq__bytes_init(&rig->calls, &rig->world.mem);
    rig_impl_init(rig, o);
    assert_int_equal(
        rkmq__subscriptions_put(&impl->subscriptions, mq.topic, rkmq__slice_of(expression), NULL),
        RKMQ_OK);
    rig->sub = rkmq__subscriptions_get(&impl->subscriptions, mq.topic);
    rig->sub->is_retry = rkmq__slice_starts(mq.topic, RKMQ_SLICE(RKMQ_RETRY_TOPIC_PREFIX));
    rig_learn_route(rig, mq.topic);
    assert_int_equal(rkmq__process_queue_create(&rig->pq, impl->env, &mq), RKMQ_OK);
    rig->pq->impl = impl;
    rig->pq->sub = rig->sub;
    assert_int_equal(rkmq__map_put(&impl->process_queues, rig->pq->key, rig->pq), RKMQ_OK);
    rkmq__process_queue_ref(rig->pq);
}

void rig_init_pulled(struct consumer_rig *rig, const struct rkmq_push_options *o, int n)
{
    rig_init(rig, o, NULL, "*");
    rig_records_add(rig, 0, n);
    rig_pull(rig, n);
    rig_expect(rig, RKMQ_REQ_PULL_MESSAGE, RIG_MASTER);
}

void rig_drop(struct consumer_rig *rig)
{
    atomic_store(&rig->pq->is_dropped, true);
    if (rkmq__map_remove(&rig->impl.process_queues, rig->pq->key)) {
        rkmq__pull_stop(rig->pq);
        rkmq__process_queue_unref(rig->pq);
    }
}

void rig_close(struct consumer_rig *rig)
{
    struct rkmq_push_impl *impl = &rig->impl;
    struct rkmq_leave leave = {.user = rig};
    rig_drop(rig);
    rkmq__process_queue_unref(rig->pq);
    rkmq__consume_stop(&impl->consume);
    record_env_run_jobs(&rig->re);
    rkmq__send_back_forget(&impl->consume);
    rkmq__consume_close(&impl->consume);
    rkmq__client_instance_drop(impl->ci, &leave);
    rkmq_msg_unref(rig->kept);
    rkmq__subscriptions_close(&impl->subscriptions);
    rkmq__map_close(&impl->process_queues);
    for (size_t i = 0; i < RECORD_CONNS_MAX; i++) {
        rkmq_decoder_destroy(rig->decoders[i]);
    }
    rkmq__bytes_close(&rig->records);
    rkmq__bytes_close(&rig->calls);
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
    test_mem_assert_empty(&rig->world);
}
