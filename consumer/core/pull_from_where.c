/* SPDX-License-Identifier: Apache-2.0 */
/* RebalancePushImpl.computePullFromWhereWithException and the queries it makes,
 * RemoteBrokerOffsetStore.readOffset(READ_FROM_STORE) (client, 5.3.3): where the pulls of a new
 * queue begin. */
#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/offset_store.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

#define HALF_AN_HOUR_MS 1800000

static struct rkmq_push_impl *impl_of(const struct rkmq_rebalance_service *rs)
{
    return rs->pass.impl;
}

void rkmq__pass_skip_queue(struct rkmq_rebalance_service *rs, const char *why)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    const struct rkmq_mq *mq = &pass->pq->mq;
    rkmq_log_warn(rs->ci->env, "rebalance", "%.*s, add new mq failed, %.*s@%.*s:%ld: %s",
                  RKMQ_SLICE_ARG(impl_of(rs)->group), RKMQ_SLICE_ARG(mq->topic),
                  RKMQ_SLICE_ARG(mq->broker_name), (long)mq->queue_id, why);
    rkmq__process_queue_unref(pass->pq);
    pass->pq = NULL;
    pass->is_balanced = false;
    pass->state = RKMQ_PASS_NEXT_QUEUE;
}

/* ---- one question about the queue to its broker ---- */

static void offset_route_answered(void *user, int status, bool is_changed,
                                  const struct rkmq_err *err)
{
    (void)status; /* whether the broker is known now is looked up */
    (void)is_changed;
    (void)err;
    rkmq__pass_go_on(user, RKMQ_PASS_FIND_OFFSET);
}

/* False: the route is being asked for, or the queue was skipped; `*is_waiting` says which. */
static bool broker_find(struct rkmq_rebalance_service *rs, struct rkmq_broker_found *brk,
                        bool *is_waiting)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    struct rkmq_slice name = pass->pq->mq.broker_name;
    *is_waiting = false;
    /* The master; any replica only when the route was refreshed and still shows none. */
    if (rkmq__route_find(&rs->ci->route, name, 0, !pass->is_refreshed, brk)) {
        return true;
    }
    if (!pass->is_refreshed) {
        struct rkmq_route_update u = {
            .topic = pass->pq->mq.topic, .fn = offset_route_answered, .user = rs};
        pass->is_refreshed = true;
        pass->state = RKMQ_PASS_OFFSET_ROUTE;
        *is_waiting = rkmq__route_update(&rs->ci->route, &u) == RKMQ_OK;
        if (*is_waiting) {
            return false;
        }
    }
    rkmq__pass_skip_queue(rs, "The broker does not exist");
    return false;
}

/* The offset in an answer, or a reason for there being none. */
static int offset_read(const struct rkmq_command *answer, int64_t *offset, struct rkmq_err *err)
{
    struct rkmq_offset_response header;
    if (answer->code != RKMQ_RES_SUCCESS) {
        return rkmq__err_set(err, RKMQ_E_REMOTE, "CODE: %d  DESC: %.*s", answer->code,
                             RKMQ_SLICE_ARG(answer->remark));
    }
    int status = rkmq__header_read(&rkmq__offset_response_class, answer, &header, err);
    if (status == RKMQ_OK && header.offset < 0) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "offset %lld", (long long)header.offset);
    }
    *offset = header.offset;
    return status;
}

/* ---- no record at the broker: max offset, or search by time ---- */

static void start_answered(void *user, int status, const struct rkmq_command *answer,
                           const struct rkmq_err *err)
{
    struct rkmq_rebalance_service *rs = user;
    struct rkmq_err answer_err = {0};
    int64_t offset = 0;
    if (status == RKMQ_OK) {
        status = offset_read(answer, &offset, &answer_err);
        err = &answer_err;
    }
    if (status != RKMQ_OK) {
        rkmq__pass_skip_queue(rs, err && err->text[0] ? err->text : rkmq_status_text(status));
        rkmq__pass_go_on(rs, RKMQ_PASS_NEXT_QUEUE);
        return;
    }
    rs->pass.pq->next_offset = offset;
    rkmq__pass_go_on(rs, RKMQ_PASS_ADD_QUEUE);
}

static void max_offset_write(const struct rkmq_mq *mq, struct rkmq_fields *fields)
{
    struct rkmq_queue_offset_request header = {.topic = mq->topic,
                                               .queue_id = mq->queue_id,
                                               .is_committed = true,
                                               .has_is_committed = true,
                                               .broker_name = mq->broker_name};
    rkmq__header_write(&rkmq__queue_offset_request_class, &header, false, fields);
}

static void search_offset_write(const struct rkmq_mq *mq, rkmq_ms timestamp,
                                struct rkmq_fields *fields)
{
    struct rkmq_search_offset_request header = {.topic = mq->topic,
                                                .queue_id = mq->queue_id,
                                                .timestamp = timestamp,
                                                .boundary_type = RKMQ_SLICE("LOWER"),
                                                .broker_name = mq->broker_name};
    rkmq__header_write(&rkmq__search_offset_request_class, &header, false, fields);
}

/* MQAdminImpl.maxOffset, searchOffset: asked of the master only. True: the answer is awaited. */
static bool start_ask(struct rkmq_rebalance_service *rs, bool is_by_time)
{
    const struct rkmq_push_options *o = &impl_of(rs)->options;
    const struct rkmq_mq *mq = &rs->pass.pq->mq;
    const char *addr = rkmq__route_master(&rs->ci->route, mq->broker_name);
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.fields = &fields};
    if (!addr) {
        rkmq__pass_skip_queue(rs, "The broker has no master");
        return false;
    }
    if (is_by_time) {
        rkmq_ms at = o->consume_timestamp_ms ? o->consume_timestamp_ms
                                             : rkmq__wall(rs->ci->env) - HALF_AN_HOUR_MS;
        out.code = RKMQ_REQ_SEARCH_OFFSET_BY_TIMESTAMP;
        search_offset_write(mq, at, &fields);
    } else {
        out.code = RKMQ_REQ_GET_MAX_OFFSET;
        max_offset_write(mq, &fields);
    }
    rs->pass.state = RKMQ_PASS_START_ANSWER;
    int status = rkmq__remoting_client_call(rs->ci->client, addr, &out, RKMQ_ADMIN_TIMEOUT_MS,
                                            start_answered, rs);
    if (status != RKMQ_OK) {
        rkmq__pass_skip_queue(rs, rkmq_status_text(status));
    }
    return status == RKMQ_OK;
}

/* The table of computePullFromWhere, for a queue that the broker has no record of. */
static bool start_without_record(struct rkmq_rebalance_service *rs)
{
    bool is_retry = rs->pass.sub->is_retry;
    enum rkmq_consume_from_where from = impl_of(rs)->options.consume_from_where;
    if (from == RKMQ_CONSUME_FROM_FIRST_OFFSET ||
        (from == RKMQ_CONSUME_FROM_LAST_OFFSET && is_retry)) {
        rs->pass.pq->next_offset = 0;
        rs->pass.state = RKMQ_PASS_ADD_QUEUE;
        return false;
    }
    return start_ask(rs, from == RKMQ_CONSUME_FROM_TIMESTAMP && !is_retry);
}

/* ---- fetchConsumeOffsetFromBroker ---- */

static void offset_answered(void *user, int status, const struct rkmq_command *answer,
                            const struct rkmq_err *err)
{
    struct rkmq_rebalance_service *rs = user;
    struct rkmq_process_queue *pq = rs->pass.pq;
    struct rkmq_err answer_err = {0};
    int64_t offset = 0;
    if (status == RKMQ_OK && answer->code == RKMQ_RES_QUERY_NOT_FOUND) {
        if (!start_without_record(rs)) {
            rkmq__pass_go_on(rs, rs->pass.state);
        }
        return;
    }
    if (status == RKMQ_OK) {
        status = offset_read(answer, &offset, &answer_err);
        err = &answer_err;
    }
    if (RKMQ_MUTANT(QUERY_FAILED_IS_NONE) && status != RKMQ_OK) {
        status = RKMQ_OK;
        offset = -1;
    }
    if (status != RKMQ_OK) {
        rkmq__pass_skip_queue(rs, err && err->text[0] ? err->text : rkmq_status_text(status));
        rkmq__pass_go_on(rs, RKMQ_PASS_NEXT_QUEUE);
        return;
    }
    if (RKMQ_MUTANT(STARTS_AT_ZERO)) {
        offset = 0;
    } else if (RKMQ_MUTANT(STARTS_AT_END) && offset > 0) {
        if (!start_ask(rs, false)) {
            rkmq__pass_go_on(rs, rs->pass.state);
        }
        return;
    }
    rkmq__offset_update(pq, offset, false);
    pq->next_offset = offset;
    rkmq__pass_go_on(rs, RKMQ_PASS_ADD_QUEUE);
}

bool rkmq__pass_find_offset(struct rkmq_rebalance_service *rs)
{
    struct rkmq_broker_found brk;
    bool is_waiting;
    if (!broker_find(rs, &brk, &is_waiting)) {
        return !is_waiting;
    }
    const struct rkmq_mq *mq = &rs->pass.pq->mq;
    struct rkmq_query_consumer_offset_request header = {.consumer_group = impl_of(rs)->group,
                                                        .topic = mq->topic,
                                                        .queue_id = mq->queue_id,
                                                        .broker_name = mq->broker_name};
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = RKMQ_REQ_QUERY_CONSUMER_OFFSET, .fields = &fields};
    rkmq__header_write(&rkmq__query_consumer_offset_request_class, &header, false, &fields);
    rs->pass.state = RKMQ_PASS_OFFSET_ANSWER;
    int status = rkmq__remoting_client_call(rs->ci->client, brk.addr, &out, RKMQ_OFFSET_TIMEOUT_MS,
                                            offset_answered, rs);
    if (status != RKMQ_OK) {
        rkmq__pass_skip_queue(rs, rkmq_status_text(status));
    }
    return status != RKMQ_OK;
}

/* ---- into the table ---- */

bool rkmq__pass_add_queue(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    struct rkmq_push_impl *impl = impl_of(rs);
    struct rkmq_process_queue *pq = pass->pq;
    if (rkmq__map_put(&impl->process_queues, pq->key, pq) != RKMQ_OK) {
        rkmq__pass_skip_queue(rs, "out of memory");
        return true;
    }
    pass->pq = NULL;
    pq->impl = impl;
    pq->sub = pass->sub;
    pq->last_pull_ms = rkmq__now(rs->ci->env);
    rkmq__process_queue_ref(pq);
    struct rkmq_process_queue **tail = &pass->pq_list;
    while (*tail) {
        tail = &(*tail)->next_new;
    }
    *tail = pq;
    pass->is_changed = true;
    rkmq__push_impl_tell(
        impl, pq,
        (struct rkmq_push_event){.kind = RKMQ_PUSH_QUEUE_ADDED, .offset = pq->next_offset});
    rkmq_log_info(rs->ci->env, "rebalance", "%.*s, add a new mq, %.*s@%.*s:%ld from %lld",
                  RKMQ_SLICE_ARG(impl->group), RKMQ_SLICE_ARG(pq->mq.topic),
                  RKMQ_SLICE_ARG(pq->mq.broker_name), (long)pq->mq.queue_id,
                  (long long)pq->next_offset);
    pass->state = RKMQ_PASS_NEXT_QUEUE;
    return true;
}
