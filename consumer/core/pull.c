/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/pull.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/offset_store.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

#define MIB (1u << 20)
#define FLOW_CONTROL_LOG_EVERY 1000
/* Only mutants have two pulls of a queue under way. */
#define MAY_OVERLAP (RKMQ_MUTANT(SECOND_PULL_LOOP) || RKMQ_MUTANT(TIMEOUT_REARMS_TWICE))

/* ---- later ---- */

static void pull_timer_fired(struct rkmq_timer *t)
{
    rkmq__pull_message(RKMQ_CONTAINER_OF(t, struct rkmq_process_queue, pull_timer));
}

void rkmq__pull_later(struct rkmq_process_queue *pq, rkmq_ms delay_ms)
{
    RKMQ_ASSERT(!pq->is_pull_under_way || MAY_OVERLAP);
    if (!atomic_load(&pq->is_dropped)) {
        pq->pull_timer.fire = pull_timer_fired;
        rkmq__timer_in(pq->env, &pq->pull_timer, delay_ms);
    }
}

static void later_after_exception(struct rkmq_process_queue *pq)
{
    if (RKMQ_MUTANT(PULL_GIVES_UP)) {
        return;
    }
    if (RKMQ_MUTANT(PULL_STORM)) {
        rkmq__pull_later(pq, 100);
        return;
    }
    rkmq__pull_later(pq, pq->impl->options.pull_time_delay_ms_when_exception);
}

/* Retry topics do not log: until a first message fails they often do not exist. */
static void exception(struct rkmq_process_queue *pq, const char *why)
{
    if (!pq->sub->is_retry) {
        rkmq_log_warn(pq->env, "pull", "execute the pull request exception, %.*s@%.*s:%ld: %s",
                      RKMQ_SLICE_ARG(pq->mq.topic), RKMQ_SLICE_ARG(pq->mq.broker_name),
                      (long)pq->mq.queue_id, why);
    }
    later_after_exception(pq);
}

void rkmq__pull_stop(struct rkmq_process_queue *pq)
{
    RKMQ_ASSERT(atomic_load(&pq->is_dropped));
    rkmq__timer_stop(pq->env, &pq->pull_timer);
    if (pq->is_route_awaited) {
        pq->is_route_awaited = false;
        rkmq__route_forget(&pq->impl->ci->route, pq);
    }
}

/* ---- flow control by what is cached ---- */

/*
 * How far a crash or a new owner would fall back. ProcessQueue.getMaxSpan (client, 5.3.3) looks at
 * what is cached: behind one message that is stuck everything else comes and goes, and the span
 * never grows (apache/rocketmq issue 1404).
 */
static int64_t span_of(const struct rkmq_process_queue *pq)
{
    int64_t cached = rkmq__process_queue_max_span(pq);
    int64_t to_newest = pq->n_msgs > 0 ? pq->offset_max - pq->first : 0;
    bool is_to_newest = pq->impl->ci->rules->is_span_to_newest && !RKMQ_MUTANT(SPAN_OF_CACHE);
    return is_to_newest && to_newest > cached ? to_newest : cached;
}

/* NULL: there is room. A queue that is exactly full still pulls. */
static const char *flow_control_reason(const struct rkmq_process_queue *pq)
{
    const struct rkmq_push_impl *impl = pq->impl;
    if (RKMQ_MUTANT(FLOW_CONTROL_OFF)) {
        return NULL;
    }
    if (pq->n_msgs > (size_t)impl->pull_threshold_for_queue) {
        return "the cached message count exceeds the threshold";
    }
    if (pq->n_bytes / MIB > (size_t)impl->pull_threshold_size_for_queue) {
        return "the cached message size exceeds the threshold";
    }
    if (span_of(pq) > impl->options.consume_concurrently_max_span) {
        return "the queue's messages, span too long";
    }
    return NULL;
}

static bool is_flow_controlled(struct rkmq_process_queue *pq)
{
    const char *reason = flow_control_reason(pq);
    if (!reason) {
        return false;
    }
    if (pq->n_flow_controlled++ % FLOW_CONTROL_LOG_EVERY == 0) {
        rkmq_log_warn(pq->env, "pull",
                      "%s, so do flow control, %.*s@%.*s:%ld, %zu messages, %zu bytes, span %lld",
                      reason, RKMQ_SLICE_ARG(pq->mq.topic), RKMQ_SLICE_ARG(pq->mq.broker_name),
                      (long)pq->mq.queue_id, pq->n_msgs, pq->n_bytes, (long long)span_of(pq));
    }
    pq->impl->stats.flow_controlled++;
    if (RKMQ_MUTANT(FLOW_CONTROL_STICKS)) {
        return true;
    }
    pq->is_flow_controlled = !RKMQ_MUTANT(FLOW_CONTROL_DOZES);
    rkmq__pull_later(pq, RKMQ_MUTANT(FLOW_CONTROL_DOZES) ? 5000 : RKMQ_PULL_FLOW_CONTROL_MS);
    return true;
}

void rkmq__pull_resume(struct rkmq_process_queue *pq)
{
    if (pq->is_flow_controlled && !atomic_load(&pq->is_dropped) && pq->impl->ci &&
        pq->impl->ci->rules->is_pull_resumed && !flow_control_reason(pq)) {
        rkmq__pull_message(pq);
    }
}

/* ---- the answer ---- */

/* DefaultMQPushConsumerImpl.correctTagsOffset: what was filtered away counts as consumed, once
 * nothing is cached before it. */
static void correct_tags_offset(struct rkmq_process_queue *pq)
{
    if (pq->n_msgs == 0) {
        rkmq__offset_update(pq, pq->next_offset, true);
    }
}

/* Puts the messages in order; what has no place, and all behind it, leaves the batch and is pulled
 * again. False: not all were put. */
static bool batch_put(struct rkmq_process_queue *pq, struct rkmq_msg_batch *batch,
                      int64_t offset_delta)
{
    for (size_t i = 0; i < batch->n_msgs; i++) {
        struct rkmq_msg *replaced; /* its result will not find it any more */
        if (rkmq__process_queue_put(pq, &batch->msgs[i], &replaced) != RKMQ_OK) {
            RKMQ_MARK(pq->env, "pull-no-place");
            pq->next_offset = batch->msgs[i].queue_offset - offset_delta;
            batch->n_msgs = batch->n_unfinished = i;
            return false;
        }
    }
    return true;
}

static void batch_consume(struct rkmq_process_queue *pq, struct rkmq_msg_batch *batch,
                          int64_t offset_delta)
{
    struct rkmq_push_impl *impl = pq->impl;
    bool is_all_put = batch_put(pq, batch, offset_delta);
    if (batch->n_msgs == 0) {
        rkmq__msg_batch_unref(batch);
    } else {
        impl->stats.pulled_messages += batch->n_msgs;
        rkmq__push_impl_tell(
            impl, pq,
            (struct rkmq_push_event){.kind = RKMQ_PUSH_CACHE_PUT,
                                     .offset = batch->msgs[0].queue_offset,
                                     .offset2 = batch->msgs[batch->n_msgs - 1].queue_offset,
                                     .count = batch->n_msgs});
        batch->pq = pq;
        rkmq__process_queue_ref(pq);
        rkmq__consume_submit(&impl->consume, batch);
    }
    if (!is_all_put) {
        rkmq__pull_later(pq, RKMQ_PULL_FLOW_CONTROL_MS);
    } else if (impl->options.pull_interval_ms > 0) {
        rkmq__pull_later(pq, impl->options.pull_interval_ms);
    } else {
        rkmq__pull_message(pq);
    }
}

/* PullAPIWrapper.processPullResult and the FOUND branch of the pull callback. */
static void on_found(struct rkmq_process_queue *pq, const struct rkmq_command *answer,
                     const struct rkmq_pull_message_response *header)
{
    struct rkmq_push_impl *impl = pq->impl;
    const struct rkmq_batch_source from = {
        .mem = pq->env->mem,
        .frame = answer->frame,
        .body = answer->body,
        .sub = &pq->sub->data,
        .broker_name = pq->mq.broker_name,
        .retry_topic = pq->sub->is_retry ? pq->mq.topic : rkmq__slice(NULL, 0),
        .queue_id = pq->mq.queue_id,
        .offset_delta = header->has_offset_delta ? header->offset_delta : 0,
    };
    struct rkmq_msg_batch *batch;
    struct rkmq_err err;
    size_t n_records;
    int64_t offset = pq->next_offset;
    if (answer->body.n == 0) {
        exception(pq, "FOUND without a body");
        return;
    }
    if (rkmq__msg_batch_create(&batch, &from, &n_records, &err) != RKMQ_OK) {
        exception(pq, "out of memory");
        return;
    }
    if (err.status != RKMQ_OK) {
        rkmq_log_warn(pq->env, "pull", "%.*s: the answer ends at record %zu: %s",
                      RKMQ_SLICE_ARG(pq->mq.topic), n_records, err.text);
    }
    impl->stats.pulled_bytes += answer->body.n;
    pq->next_offset = header->next_begin_offset + (RKMQ_MUTANT(SKIPS_ONE) ? 1 : 0);
    if (!batch) {
        rkmq__pull_message(pq); /* all filtered: the consume offset does not move, as in Java */
        return;
    }
    if (pq->next_offset < offset || batch->msgs[0].queue_offset < offset) {
        rkmq_log_warn(pq->env, "pull",
                      "[BUG] pull message result maybe data wrong, nextBeginOffset: %lld "
                      "firstMsgOffset: %lld prevRequestOffset: %lld",
                      (long long)pq->next_offset, (long long)batch->msgs[0].queue_offset,
                      (long long)offset);
    }
    batch_consume(pq, batch, from.offset_delta);
}

/* The queue begins again, at the offset the broker says: what is cached is not consumed any more,
 * and nothing but the new offset may be committed. */
static void on_offset_illegal(struct rkmq_process_queue *pq,
                              const struct rkmq_pull_message_response *header)
{
    struct rkmq_push_impl *impl = pq->impl;
    RKMQ_MARK(pq->env, "pull-offset-illegal");
    rkmq_log_warn(pq->env, "pull", "the pull request offset illegal, %.*s@%.*s:%ld: %lld -> %lld",
                  RKMQ_SLICE_ARG(pq->mq.topic), RKMQ_SLICE_ARG(pq->mq.broker_name),
                  (long)pq->mq.queue_id, (long long)pq->next_offset,
                  (long long)header->next_begin_offset);
    pq->next_offset = header->next_begin_offset;
    atomic_store(&pq->is_dropped, true);
    rkmq__offset_update_and_freeze(pq, pq->next_offset);
    rkmq__push_impl_remove_queue(impl, pq, true);
    rkmq__rebalance_immediately(&impl->ci->rebalance);
}

static bool is_pull_status(int code)
{
    return code == RKMQ_RES_SUCCESS || code == RKMQ_RES_PULL_NOT_FOUND ||
           code == RKMQ_RES_PULL_RETRY_IMMEDIATELY || code == RKMQ_RES_PULL_OFFSET_MOVED;
}

static void on_broker_exception(struct rkmq_process_queue *pq, const struct rkmq_command *answer)
{
    char why[300];
    if (answer->code == RKMQ_RES_FLOW_CONTROL) {
        RKMQ_MARK(pq->env, "pull-broker-flow-control");
        rkmq__pull_later(pq, RKMQ_PULL_BROKER_FLOW_CONTROL_MS);
        return;
    }
    (void)snprintf(why, sizeof why, "CODE: %d  DESC: %.*s", answer->code,
                   RKMQ_SLICE_ARG(answer->remark)); /* cut if need be */
    exception(pq, why);
}

static void on_answer(struct rkmq_process_queue *pq, const struct rkmq_command *answer)
{
    struct rkmq_pull_message_response header;
    struct rkmq_err err;
    if (!is_pull_status(answer->code)) {
        on_broker_exception(pq, answer);
        return;
    }
    if (rkmq__header_read(&rkmq__pull_message_response_class, answer, &header, &err) != RKMQ_OK) {
        exception(pq, err.text);
        return;
    }
    pq->suggest_broker_id = header.suggest_which_broker_id;
    switch (answer->code) {
    case RKMQ_RES_SUCCESS:
        on_found(pq, answer, &header);
        break;
    case RKMQ_RES_PULL_OFFSET_MOVED:
        if (RKMQ_MUTANT(OFFSET_MOVED_IGNORED)) {
            later_after_exception(pq);
        } else {
            on_offset_illegal(pq, &header);
        }
        break;
    default: /* NO_NEW_MSG, NO_MATCHED_MSG */
        pq->next_offset = header.next_begin_offset;
        correct_tags_offset(pq);
        rkmq__pull_message(pq);
        break;
    }
}

static void pull_kernel(struct rkmq_process_queue *pq);

/* An answer that comes to a stopped consumer changes nothing: what it brought was not consumed. */
static void pull_answered(void *user, int status, const struct rkmq_command *answer,
                          const struct rkmq_err *err)
{
    struct rkmq_process_queue *pq = user;
    RKMQ_ASSERT(pq->is_pull_under_way || MAY_OVERLAP);
    pq->is_pull_under_way = false;
    if (RKMQ_MUTANT(GHOST_PULLS) && atomic_load(&pq->is_dropped) && status == RKMQ_OK) {
        struct rkmq_pull_message_response header = {.next_begin_offset = pq->next_offset};
        (void)rkmq__header_read(&rkmq__pull_message_response_class, answer, &header, NULL);
        pq->next_offset = header.next_begin_offset;
        pull_kernel(pq);
    }
    if (!atomic_load(&pq->is_dropped) && pq->impl && status != RKMQ_E_CANCELED) {
        if (atomic_load(&pq->impl->consume.is_stopped)) {
            later_after_exception(pq);
        } else if (status == RKMQ_OK) {
            on_answer(pq, answer);
        } else {
            if (RKMQ_MUTANT(TIMEOUT_REARMS_TWICE) && status == RKMQ_E_TIMEOUT) {
                rkmq__pull_message(pq);
            }
            exception(pq, err && err->text[0] ? err->text : rkmq_status_text(status));
        }
    }
    rkmq__process_queue_unref(pq);
}

/* ---- the request: PullAPIWrapper.pullKernelImpl ---- */

static int32_t sys_flag_of(const struct rkmq_process_queue *pq, bool has_commit_offset)
{
    int32_t flag = RKMQ_PULL_SUSPEND;
    if (has_commit_offset) {
        flag |= RKMQ_PULL_COMMIT_OFFSET;
    }
    if (pq->sub->data.is_class_filter) {
        flag |= RKMQ_PULL_CLASS_FILTER;
    } else if (pq->impl->options.post_subscription_when_pull) {
        flag |= RKMQ_PULL_SUBSCRIPTION;
    }
    return flag;
}

static int pull_send(struct rkmq_process_queue *pq, const struct rkmq_broker_found *brk)
{
    const struct rkmq_push_impl *impl = pq->impl;
    const struct rkmq_push_options *o = &impl->options;
    const struct rkmq_subscription_data *sub = &pq->sub->data;
    /* An offset of 0 is never committed this way, and none through a slave. */
    int64_t offset = o->message_model == RKMQ_CLUSTERING ? rkmq__offset_read_memory(pq) : 0;
    bool has_offset = offset > 0;
    if (RKMQ_MUTANT(COMMIT_GOES_BACK) && has_offset) {
        offset--;
    }
    int32_t sys_flag = sys_flag_of(pq, has_offset && !brk->is_slave);
    struct rkmq_pull_message_request header = {
        .consumer_group = impl->group,
        .topic = pq->mq.topic,
        .queue_id = pq->mq.queue_id,
        .queue_offset = pq->next_offset,
        .max_msg_nums = o->pull_batch_size,
        .sys_flag = sys_flag,
        .commit_offset = offset, /* -1 when nothing is known, as Java says it */
        .suspend_timeout_ms = RKMQ_MUTANT(SHORT_POLL) ? 1000 : RKMQ_PULL_SUSPEND_MS,
        .sub_version = sub->sub_version,
        .expression_type = sub->expression_type,
        .max_msg_bytes = o->pull_batch_size_in_bytes,
        .has_max_msg_bytes = true,
        .broker_name = pq->mq.broker_name,
    };
    if (sys_flag & RKMQ_PULL_SUBSCRIPTION) {
        header.subscription = sub->sub_string;
    }
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = RKMQ_REQ_PULL_MESSAGE, .fields = &fields};
    rkmq__header_write(&rkmq__pull_message_request_class, &header, false, &fields);
    rkmq_ms timeout_ms = RKMQ_MUTANT(NO_PULL_DEADLINE) ? RKMQ_NEVER : RKMQ_PULL_TIMEOUT_MS;
    return rkmq__remoting_client_call(impl->ci->client, brk->addr, &out, timeout_ms, pull_answered,
                                      pq);
}

static void route_answered(void *user, int status, bool is_changed, const struct rkmq_err *err)
{
    struct rkmq_process_queue *pq = user;
    (void)status; /* whether the broker is known now is looked up */
    (void)is_changed;
    (void)err;
    pq->is_route_awaited = false;
    rkmq__pull_message(pq);
}

/* Once per pull: the route may tell where the broker is. */
static void broker_unknown(struct rkmq_process_queue *pq)
{
    struct rkmq_route_update u = {.topic = pq->mq.topic, .fn = route_answered, .user = pq};
    if (pq->is_route_refreshed || rkmq__route_update(&pq->impl->ci->route, &u) != RKMQ_OK) {
        pq->is_route_refreshed = false;
        exception(pq, "The broker does not exist");
        return;
    }
    pq->is_route_refreshed = pq->is_route_awaited = true;
}

static void pull_kernel(struct rkmq_process_queue *pq)
{
    struct rkmq_broker_found brk;
    if (!rkmq__route_find(&pq->impl->ci->route, pq->mq.broker_name, pq->suggest_broker_id, false,
                          &brk)) {
        broker_unknown(pq);
        return;
    }
    pq->is_route_refreshed = false;
    int status = pull_send(pq, &brk);
    if (status != RKMQ_OK) {
        exception(pq, rkmq_status_text(status));
        return;
    }
    pq->impl->stats.pulls++;
    pq->is_pull_under_way = true;
    rkmq__process_queue_ref(pq);
}

/* DefaultMQPushConsumerImpl.pullMessage */
void rkmq__pull_message(struct rkmq_process_queue *pq)
{
    const struct rkmq_push_impl *impl = pq->impl;
    RKMQ_ASSERT(!pq->is_pull_under_way || MAY_OVERLAP);
    if (atomic_load(&pq->is_dropped)) {
        rkmq_log_info(pq->env, "pull", "the pull request is dropped, %.*s@%.*s:%ld",
                      RKMQ_SLICE_ARG(pq->mq.topic), RKMQ_SLICE_ARG(pq->mq.broker_name),
                      (long)pq->mq.queue_id);
        return;
    }
    RKMQ_ASSERT(impl);
    RKMQ_ASSERT(!pq->is_route_awaited);
    rkmq__timer_stop(pq->env, &pq->pull_timer);
    pq->is_flow_controlled = false;
    pq->last_pull_ms = rkmq__now(pq->env);
    if (impl->state != RKMQ_RUNNING) {
        later_after_exception(pq);
    } else if (impl->is_paused) {
        rkmq__pull_later(pq, RKMQ_PULL_SUSPENDED_MS);
    } else if (is_flow_controlled(pq)) {
        return;
    } else if (pq->sub->is_removed) {
        exception(pq, "find the consumer's subscription failed");
    } else {
        pull_kernel(pq);
    }
}
