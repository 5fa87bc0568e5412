/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DefaultMQPushConsumerImpl.sendMessageBack, MQClientAPIImpl.consumerSendMessageBack (client,
 * 5.3.3): the broker keeps a failed message and delivers it again through %RETRY%group. Java blocks
 * a consume thread for the answer; here the loop waits for it. Java's second way, sending the
 * message as a new one, is not taken: it would show up twice when only the answer was lost.
 *
 *     --ask--> SENT BACK --success--> finished
 *         |        '-----failure--.
 *         '--no broker, no memory-+--> LOCAL RETRY --5 s--> consumed here once more
 */
#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/offset_store.h"
#include "consumer/core/process_queue.h"
#include "consumer/core/pull.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

#define MAX_RECONSUME_TIMES_DEFAULT 16

static void retry_fired(struct rkmq_timer *t)
{
    struct rkmq_msg *msg = RKMQ_CONTAINER_OF(t, struct rkmq_msg, retry);
    rkmq__list_remove(&msg->link);
    rkmq__consume_resubmit(msg);
}

void rkmq__local_retry(struct rkmq_msg *msg)
{
    struct rkmq_consume_service *cs = msg->batch->service;
    const struct rkmq_process_queue *pq = msg->batch->pq;
    if (atomic_load(&cs->is_stopped) || atomic_load(&pq->is_dropped) ||
        !rkmq__process_queue_contains(pq, msg)) {
        rkmq__consume_finish(msg);
        return;
    }
    msg->retry.fire = retry_fired;
    rkmq__list_push_back(&cs->waiting, &msg->link);
    rkmq__timer_in(pq->env, &msg->retry, RKMQ_LOCAL_RETRY_MS);
}

/* A message whose listener still runs was asked for by the expiry sweep, which asks again. */
static void send_back_failed(struct rkmq_msg *msg)
{
    if (msg->is_running) {
        return;
    }
    RKMQ_MARK(msg->batch->pq->env, "send-back-failed");
    (void)atomic_fetch_add_explicit(&msg->n_local_retries, 1, memory_order_relaxed);
    rkmq__local_retry(msg);
}

static void send_back_succeeded(struct rkmq_msg *msg)
{
    struct rkmq_process_queue *pq = msg->batch->pq;
    bool is_dropped = atomic_load(&pq->is_dropped);
    bool was_there = !is_dropped && rkmq__process_queue_remove(pq, msg);
    rkmq__consume_tell_evicted(pq, was_there ? 1 : 0);
    if (msg->is_running) {
        return; /* cleanExpiredMsg: the offset follows with the next result */
    }
    if (was_there) {
        rkmq__offset_update(pq, rkmq__process_queue_commit(pq), true);
    }
    rkmq__consume_finish(msg);
}

static void send_back_answered(void *user, int status, const struct rkmq_command *answer,
                               const struct rkmq_err *err)
{
    struct rkmq_msg *msg = user;
    struct rkmq_consume_service *cs = msg->batch->service;
    struct rkmq_process_queue *pq = msg->batch->pq;
    rkmq__process_queue_ref(pq);
    rkmq__list_remove(&msg->link);
    msg->is_sent_back = false;
    cs->n_send_backs--;
    if (RKMQ_MUTANT(SEND_BACK_FAILURE_LOSES) ||
        (status == RKMQ_OK && answer->code == RKMQ_RES_SUCCESS)) {
        send_back_succeeded(msg);
    } else {
        if (status == RKMQ_OK) {
            rkmq_log_warn(pq->env, "consume", "sendMessageBack of %s: %d %.*s", msg->offset_id,
                          answer->code, RKMQ_SLICE_ARG(answer->remark));
        } else {
            rkmq_log_warn(pq->env, "consume", "sendMessageBack of %s: %s", msg->offset_id,
                          err && err->text[0] ? err->text : rkmq_status_text(status));
        }
        send_back_failed(msg);
    }
    rkmq__pull_resume(pq);
    rkmq__process_queue_unref(pq);
    rkmq__push_impl_job_done(cs->impl);
}

static int send_back_ask(struct rkmq_msg *msg, const char *addr, int32_t delay_level)
{
    const struct rkmq_push_impl *impl = msg->batch->service->impl;
    const struct rkmq_push_options *o = &impl->options;
    struct rkmq_slice uniq_key = rkmq_property_get(msg->record.properties, "UNIQ_KEY");
    struct rkmq_send_back_request header = {
        .offset = msg->record.commit_log_offset,
        .group = impl->group,
        .delay_level = delay_level,
        .origin_msg_id = uniq_key.n > 0 ? uniq_key : rkmq__slice_of(msg->offset_id),
        .origin_topic = msg->topic,
        .has_unit_mode = true, /* and false, whatever the consumer's is: Java never sets it */
        .max_reconsume_times =
            o->max_reconsume_times == -1 ? MAX_RECONSUME_TIMES_DEFAULT : o->max_reconsume_times,
        .has_max_reconsume_times = true,
        .broker_name = msg->batch->broker_name,
    };
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = RKMQ_REQ_CONSUMER_SEND_MSG_BACK, .fields = &fields};
    rkmq__header_write(&rkmq__send_back_request_class, &header, false, &fields);
    return rkmq__remoting_client_call(impl->ci->client, addr, &out, RKMQ_SEND_BACK_TIMEOUT_MS,
                                      send_back_answered, msg);
}

void rkmq__send_back(struct rkmq_msg *msg, int32_t delay_level)
{
    struct rkmq_consume_service *cs = msg->batch->service;
    const struct rkmq_env *env = cs->impl->env;
    const char *addr = rkmq__route_master(&cs->impl->ci->route, msg->batch->broker_name);
    RKMQ_ASSERT(!msg->is_finished);
    RKMQ_ASSERT(!msg->is_sent_back);
    if (!addr) {
        rkmq_log_warn(env, "consume", "Broker[%.*s] master node does not exist",
                      RKMQ_SLICE_ARG(msg->batch->broker_name));
        send_back_failed(msg);
        return;
    }
    int status = send_back_ask(msg, addr, delay_level);
    if (status != RKMQ_OK) {
        rkmq_log_warn(env, "consume", "sendMessageBack of %s: %s", msg->offset_id,
                      rkmq_status_text(status));
        send_back_failed(msg);
        return;
    }
    msg->is_sent_back = true;
    cs->n_send_backs++;
    rkmq__list_push_back(&cs->waiting, &msg->link);
}

void rkmq__send_back_forget(struct rkmq_consume_service *cs)
{
    if (!cs->pool) {
        return;
    }
    RKMQ_ASSERT(atomic_load(&cs->is_stopped));
    RKMQ_LIST_EACH (it, &cs->waiting) {
        struct rkmq_msg *msg = RKMQ_CONTAINER_OF(it, struct rkmq_msg, link);
        RKMQ_ASSERT(msg->is_sent_back);
        rkmq__remoting_client_forget(cs->impl->ci->client, msg);
        rkmq__list_remove(&msg->link);
        msg->is_sent_back = false;
        cs->n_send_backs--;
        if (!msg->is_running) {
            rkmq__consume_finish(msg);
        }
    }
}
