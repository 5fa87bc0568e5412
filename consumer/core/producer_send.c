/* SPDX-License-Identifier: Apache-2.0 */
/* One send from its route to its result; see producer.h for the states. */
#include <stdlib.h>

#include "consumer/core/producer.h"
#include "remoting/protocol/codes.h"

void rkmq__send_destroy(struct rkmq_send *send)
{
    struct rkmq_producer_impl *impl = send->impl;
    rkmq__timer_stop(impl->env, &send->timer);
    if (impl->ci) {
        rkmq__remoting_client_forget(impl->ci->client, send);
        rkmq__route_forget(&impl->ci->route, send);
    }
    if (send->link.next) {
        rkmq__list_remove(&send->link);
        impl->n_sends--;
    }
    rkmq_buf_free(send->body);
    rkmq__arena_close(&send->arena);
    rkmq__free(impl->env->mem, send);
}

/* ---- the end ---- */

static void send_end(struct rkmq_send *send, int status, const struct rkmq_send_result *result,
                     const struct rkmq_err *err)
{
    rkmq_send_done_fn *done = send->done;
    void *user = send->user;
    struct rkmq_err copy = *err;
    rkmq__send_destroy(send);
    done(user, status, result, &copy);
}

static void end_fired(struct rkmq_timer *t)
{
    struct rkmq_send *send = RKMQ_CONTAINER_OF(t, struct rkmq_send, timer);
    send_end(send, send->status, NULL, &send->err);
}

static void send_fail(struct rkmq_send *send, int status)
{
    send->status = status;
    send->timer.fire = end_fired;
    rkmq__timer_in(send->impl->env, &send->timer, 0);
}

/* ---- MQClientAPIImpl.processSendResponse ---- */

static bool is_stored(int code)
{
    return code == RKMQ_RES_SUCCESS || code == RKMQ_RES_FLUSH_DISK_TIMEOUT ||
           code == RKMQ_RES_SLAVE_NOT_AVAILABLE || code == RKMQ_RES_FLUSH_SLAVE_TIMEOUT;
}

/* DefaultMQProducer.retryResponseCodes */
static bool is_retry_code(int code)
{
    static const int codes[] = {RKMQ_RES_SYSTEM_ERROR,          RKMQ_RES_SYSTEM_BUSY,
                                RKMQ_RES_SERVICE_NOT_AVAILABLE, RKMQ_RES_NO_PERMISSION,
                                RKMQ_RES_TOPIC_NOT_EXIST,       RKMQ_RES_NO_BUYER_ID,
                                RKMQ_RES_NOT_IN_CURRENT_UNIT};
    for (size_t i = 0; i < RKMQ_COUNT_OF(codes); i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

static void text_cut(char *out, size_t out_bytes, struct rkmq_slice text)
{
    (void)snprintf(out, out_bytes, "%.*s", RKMQ_SLICE_ARG(text)); /* cut if need be */
}

static int result_read(const struct rkmq_send *send, const struct rkmq_command *answer,
                       struct rkmq_send_result *result, struct rkmq_err *err)
{
    struct rkmq_send_message_response header;
    int status = rkmq__header_read(&rkmq__send_message_response_class, answer, &header, err);
    if (status != RKMQ_OK) {
        return status;
    }
    *result = (struct rkmq_send_result){.queue_id = header.queue_id,
                                        .queue_offset = header.queue_offset,
                                        .send_status = answer->code};
    const uint8_t *comma =
        header.msg_id.n > 0 ? memchr(header.msg_id.p, ',', header.msg_id.n) : NULL;
    if (comma) {
        header.msg_id.n = (size_t)(comma - header.msg_id.p);
    }
    memcpy(result->msg_id, send->msg_id, sizeof result->msg_id);
    text_cut(result->offset_msg_id, sizeof result->offset_msg_id, header.msg_id);
    text_cut(result->broker_name, sizeof result->broker_name, send->broker_name);
    return RKMQ_OK;
}

static void attempt(struct rkmq_send *send);

static void attempt_failed(struct rkmq_send *send, int status)
{
    const struct rkmq_env *env = send->impl->env;
    if (send->n_attempts > send->impl->options.retry_times_when_send_failed ||
        rkmq__now(env) >= send->due) {
        send_fail(send, status);
        return;
    }
    rkmq_log_info(env, "producer", "send to %.*s failed, again: %s",
                  RKMQ_SLICE_ARG(send->broker_name), send->err.text);
    attempt(send);
}

static void send_answered(void *user, int status, const struct rkmq_command *answer,
                          const struct rkmq_err *err)
{
    struct rkmq_send *send = user;
    struct rkmq_send_result result;
    if (status == RKMQ_OK && is_stored(answer->code)) {
        status = result_read(send, answer, &result, &send->err);
        send_end(send, status, status == RKMQ_OK ? &result : NULL, &send->err);
        return;
    }
    if (status != RKMQ_OK) {
        send->err = err ? *err : (struct rkmq_err){0};
        if (status == RKMQ_E_TIMEOUT || status == RKMQ_E_CANCELED) {
            send_end(send, status, NULL, &send->err);
        } else {
            attempt_failed(send, status);
        }
        return;
    }
    (void)rkmq__err_set(&send->err, RKMQ_E_REMOTE, "CODE: %d  DESC: %.*s", answer->code,
                        RKMQ_SLICE_ARG(answer->remark));
    if (is_retry_code(answer->code)) {
        attempt_failed(send, RKMQ_E_REMOTE);
    } else {
        send_end(send, RKMQ_E_REMOTE, NULL, &send->err);
    }
}

/* ---- selectOneMessageQueue ---- */

struct publish_broker {
    struct rkmq_slice name;
    uint32_t n_queues;
};

static int publish_compare(const void *a, const void *b)
{
    return rkmq__slice_compare(((const struct publish_broker *)a)->name,
                               ((const struct publish_broker *)b)->name);
}

/* topicRouteData2TopicPublishInfo: writable, and with a master. Errors: RKMQ_E_NOT_FOUND none. */
static int publish_collect(struct rkmq_send *send, struct publish_broker **out, size_t *n_out)
{
    const struct rkmq_route_table *rt = &send->impl->ci->route;
    const struct rkmq_route_data *route = rkmq__route_get(rt, send->topic);
    size_t n = 0;
    if (!route) {
        return RKMQ_E_NOT_FOUND;
    }
    struct publish_broker *brokers =
        rkmq__arena_zalloc(&send->arena, (route->n_queues + 1) * sizeof *brokers);
    if (!brokers) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < route->n_queues; i++) {
        const struct rkmq_queue_data *q = &route->queues[i];
        if ((q->perm & RKMQ_PERM_WRITE) && q->write_queue_nums > 0 &&
            rkmq__route_master(rt, q->broker_name)) {
            brokers[n++] = (struct publish_broker){.name = q->broker_name,
                                                   .n_queues = (uint32_t)q->write_queue_nums};
        }
    }
    qsort(brokers, n, sizeof *brokers, publish_compare);
    *out = brokers;
    *n_out = n;
    return n > 0 ? RKMQ_OK : RKMQ_E_NOT_FOUND;
}

/* Round robin over all queues; the broker that has just failed is passed over if there is another.
 */
static int queue_pick(struct rkmq_send *send)
{
    struct publish_broker *brokers;
    struct rkmq_publish_topic *topic = rkmq__map_get(&send->impl->publish_topics, send->topic);
    size_t n, at = 0;
    uint64_t n_queues = 0;
    int status = publish_collect(send, &brokers, &n);
    if (status != RKMQ_OK) {
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        if (n > 1 && rkmq__slice_equal(brokers[i].name, send->broker_name)) {
            brokers[i].n_queues = 0;
        }
        n_queues += brokers[i].n_queues;
    }
    uint64_t index = topic->next_queue++ % n_queues;
    while (index >= brokers[at].n_queues) {
        index -= brokers[at++].n_queues;
    }
    send->queue_id = (int32_t)index;
    return rkmq__arena_copy(&send->arena, brokers[at].name, &send->broker_name);
}

/* ---- sendKernelImpl ---- */

static int send_ask(struct rkmq_send *send)
{
    const struct rkmq_producer_impl *impl = send->impl;
    const char *addr = rkmq__route_master(&impl->ci->route, send->broker_name);
    struct rkmq_send_message_request header = {
        .producer_group = rkmq__slice_of(impl->options.producer_group),
        .topic = send->topic,
        .default_topic = RKMQ_SLICE(RKMQ_DEFAULT_TOPIC),
        .default_topic_queue_nums = impl->options.default_topic_queue_nums,
        .queue_id = send->queue_id,
        .sys_flag = send->sys_flag,
        .born_timestamp = send->born_ms,
        .flag = send->flag,
        .properties = send->properties,
        .has_reconsume_times = true,
        .has_unit_mode = true,
        .is_batch = send->is_batch,
        .has_is_batch = true,
        .broker_name = send->broker_name,
    };
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = send->is_batch ? RKMQ_REQ_SEND_BATCH_MESSAGE
                                                          : RKMQ_REQ_SEND_MESSAGE_V2,
                                   .fields = &fields,
                                   .take_body = rkmq_buf_view(send->body, 0, send->body->n)};
    if (!addr || !out.take_body) {
        rkmq_buf_free(out.take_body);
        return addr ? RKMQ_E_NOMEM : RKMQ_E_NOT_FOUND;
    }
    rkmq__header_write(&rkmq__send_message_request_class, &header, true, &fields);
    return rkmq__remoting_client_call(impl->ci->client, addr, &out,
                                      send->due - rkmq__now(impl->env), send_answered, send);
}

static void attempt(struct rkmq_send *send)
{
    send->n_attempts++;
    int status = send->is_pinned ? RKMQ_OK : queue_pick(send);
    if (status == RKMQ_OK) {
        status = send_ask(send);
    }
    if (status != RKMQ_OK) {
        (void)rkmq__err_set(&send->err, status, "topic %.*s: %s", RKMQ_SLICE_ARG(send->topic),
                            rkmq_status_text(status));
        send_fail(send, status);
    }
}

/* ---- tryToFindTopicPublishInfo ---- */

static int route_ask(struct rkmq_send *send, int32_t default_topic_queue_nums);

static void route_answered(void *user, int status, bool is_changed, const struct rkmq_err *err)
{
    struct rkmq_send *send = user;
    struct publish_broker *brokers;
    size_t n;
    (void)is_changed;
    if (publish_collect(send, &brokers, &n) == RKMQ_OK) {
        attempt(send);
        return;
    }
    if (status == RKMQ_E_CLOSED || status == RKMQ_E_TIMEOUT) {
        (void)rkmq__err_set(&send->err, status, "no name server answers: %s",
                            err && err->text[0] ? err->text : rkmq_status_text(status));
        send_fail(send, status);
        return;
    }
    if (!send->is_default_topic_asked) {
        send->is_default_topic_asked = true;
        status = route_ask(send, send->impl->options.default_topic_queue_nums);
        if (status == RKMQ_OK) {
            return;
        }
    } else {
        status = RKMQ_E_NOT_FOUND;
    }
    (void)rkmq__err_set(&send->err, status, "No route info of this topic: %.*s",
                        RKMQ_SLICE_ARG(send->topic));
    send_fail(send, status);
}

static int route_ask(struct rkmq_send *send, int32_t default_topic_queue_nums)
{
    struct rkmq_route_update u = {.topic = send->topic,
                                  .default_topic_queue_nums = default_topic_queue_nums,
                                  .fn = route_answered,
                                  .user = send};
    return rkmq__route_update(&send->impl->ci->route, &u);
}

/* The topic's place in the table, whose keys the route poll asks for. */
static int publish_topic_add(struct rkmq_producer_impl *impl, struct rkmq_slice topic)
{
    if (rkmq__map_get(&impl->publish_topics, topic)) {
        return RKMQ_OK;
    }
    struct rkmq_publish_topic *entry = rkmq__zalloc(impl->env->mem, sizeof *entry);
    int status = entry ? rkmq__map_put(&impl->publish_topics, topic, entry) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq__free(impl->env->mem, entry);
    } else {
        entry->next_queue = rkmq__rand64(impl->env) % 65536; /* ThreadLocalIndex begins anywhere */
    }
    return status;
}

static int send_begin(struct rkmq_send *send)
{
    struct publish_broker *brokers;
    size_t n;
    int status = publish_topic_add(send->impl, send->topic);
    if (status != RKMQ_OK) {
        return status;
    }
    if (publish_collect(send, &brokers, &n) == RKMQ_OK) {
        attempt(send);
        return RKMQ_OK;
    }
    return route_ask(send, 0);
}

int rkmq__producer_impl_send(struct rkmq_producer_impl *impl, const struct rkmq_message *msgs,
                             size_t n, rkmq_send_done_fn *done, void *user, struct rkmq_err *err)
{
    return rkmq__producer_impl_send_to(impl, msgs, n, NULL, done, user, err);
}

static int pin(struct rkmq_send *send, const struct rkmq_mq *to)
{
    send->is_pinned = true;
    send->queue_id = to->queue_id;
    return rkmq__arena_copy(&send->arena, to->broker_name, &send->broker_name);
}

int rkmq__producer_impl_send_to(struct rkmq_producer_impl *impl, const struct rkmq_message *msgs,
                                size_t n, const struct rkmq_mq *to, rkmq_send_done_fn *done,
                                void *user, struct rkmq_err *err)
{
    const struct rkmq_env *env = impl->env;
    if (!impl->ci || impl->left) {
        return rkmq__err_set(err, RKMQ_E_STATE, "The producer service state not OK");
    }
    if (impl->n_sends == RKMQ_SENDS_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "more than %d sends under way", RKMQ_SENDS_MAX);
    }
    struct rkmq_send *send = rkmq__zalloc(env->mem, sizeof *send);
    if (!send) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    send->impl = impl;
    send->born_ms = rkmq__wall(env);
    send->due = rkmq__now(env) + impl->options.send_msg_timeout_ms;
    send->done = done;
    send->user = user;
    rkmq__arena_init(&send->arena, env->mem);
    rkmq__list_push_back(&impl->sends, &send->link);
    impl->n_sends++;
    int status = to ? pin(send, to) : RKMQ_OK;
    if (status == RKMQ_OK) {
        status = rkmq__send_fill(send, msgs, n, err);
    }
    if (status == RKMQ_OK) {
        status = send_begin(send);
        if (status != RKMQ_OK) {
            (void)rkmq__err_set(err, status, "%s", rkmq_status_text(status));
        }
    }
    if (status != RKMQ_OK) {
        rkmq__send_destroy(send);
    }
    return status;
}
