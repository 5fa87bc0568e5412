/* SPDX-License-Identifier: Apache-2.0 */
/* What actors do: their queues, and the calls of their listeners. */
#include <rkmq/message.h>

#include "runner/record.h"

/* ---- queues ---- */

static enum rkmq_event_kind push_kind(enum rkmq_push_event_kind kind)
{
    switch (kind) {
    case RKMQ_PUSH_QUEUE_ADDED:
        return RKMQ_EV_PQ_ADD;
    case RKMQ_PUSH_QUEUE_DROPPED:
        return RKMQ_EV_PQ_DROP;
    case RKMQ_PUSH_CACHE_PUT:
        return RKMQ_EV_CACHE_PUT;
    case RKMQ_PUSH_CACHE_EVICT:
        return RKMQ_EV_CACHE_EVICT;
    case RKMQ_PUSH_LISTENER_DONE:
        return RKMQ_EV_LISTENER_END;
    }
    return RKMQ_EV_NOTE;
}

void rkmq__recorder_push(struct rkmq_recorder *r, rkmq_name who, rkmq_name group,
                         const struct rkmq_push_event *event)
{
    struct rkmq_event row = rkmq__row(push_kind(event->kind));
    (void)pthread_mutex_lock(&r->lock);
    row.who = who;
    row.group = group;
    row.topic = rkmq__event_log_name(r->log, event->topic);
    row.broker = rkmq__record_broker(r, event->broker_name);
    row.queue_id = event->queue_id;
    row.count = (int32_t)event->count;
    if (event->kind != RKMQ_PUSH_QUEUE_DROPPED) {
        row.offset = event->offset;
    }
    if (event->kind == RKMQ_PUSH_CACHE_PUT || event->kind == RKMQ_PUSH_LISTENER_DONE) {
        row.offset2 = event->offset2;
        row.status = event->n_failed > 0;
    }
    rkmq__record_add(r, &row);
    rkmq__record_owner(r, &row);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- listeners ---- */

static struct rkmq_event message_row(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                     const struct rkmq_msg_view *m)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_DELIVER);
    row.who = call->who;
    row.group = call->group;
    row.topic = rkmq__event_log_name(r->log, call->topic);
    row.broker = rkmq__record_broker(r, call->broker_name);
    row.queue_id = call->queue_id;
    row.offset = m->queue_offset;
    row.count = m->reconsume_times;
    row.key = rkmq__event_log_name(r->log, m->keys.n > 0 ? m->keys : m->msg_id);
    return row;
}

/* True: that message was delivered to the group before. */
static bool note_delivery(struct rkmq_recorder *r, rkmq_name group, struct rkmq_slice msg_id)
{
    uint8_t key[4 + 128];
    size_t n = msg_id.n < 128 ? msg_id.n : 128;
    rkmq_put_be32(key, group);
    if (n > 0) {
        memcpy(key + 4, msg_id.p, n);
    }
    if (rkmq__map_get(&r->delivered, rkmq__slice(key, 4 + n))) {
        return true;
    }
    (void)rkmq__map_put(&r->delivered, rkmq__slice(key, 4 + n), r); /* forgotten: not told again */
    return false;
}

static struct rkmq_event call_row(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                  enum rkmq_event_kind kind)
{
    struct rkmq_msg_view first, last;
    call->get(call->msgs, 0, &first);
    call->get(call->msgs, call->n - 1, &last);
    struct rkmq_event row = message_row(r, call, &first);
    row.kind = kind;
    row.key = 0;
    row.offset2 = last.queue_offset;
    row.count = (int32_t)call->n;
    return row;
}

void rkmq__recorder_listener_begin(struct rkmq_recorder *r, const struct rkmq_listener_call *call)
{
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_event begin = call_row(r, call, RKMQ_EV_LISTENER_BEGIN);
    rkmq__record_add(r, &begin);
    for (size_t i = 0; i < call->n; i++) {
        struct rkmq_msg_view m;
        call->get(call->msgs, i, &m);
        struct rkmq_event row = message_row(r, call, &m);
        rkmq__record_add(r, &row);
        if (note_delivery(r, call->group, m.msg_id)) {
            row.kind = RKMQ_EV_REDELIVERY;
            rkmq__record_add(r, &row);
        }
    }
    (void)pthread_mutex_unlock(&r->lock);
}

void rkmq__recorder_listener_end(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                 int then)
{
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_event end = call_row(r, call, RKMQ_EV_LISTENER_END);
    end.status = then == RKMQ_LISTENER_LATER;
    rkmq__record_add(r, &end);
    (void)pthread_mutex_unlock(&r->lock);
}
