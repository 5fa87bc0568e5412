/* SPDX-License-Identifier: Apache-2.0 */
/* RebalanceImpl.rebalanceByTopic, updateProcessQueueTableInRebalance and
 * RebalancePushImpl.messageQueueChanged (client, 5.3.3): one topic of one consumer. */
#include <stdlib.h>

#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/pull.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

#define FOR_TOPIC "%.*s, topic %.*s"
#define FOR_TOPIC_ARG(pass)                                                                        \
    RKMQ_SLICE_ARG((pass)->impl->group), RKMQ_SLICE_ARG((pass)->sub->topic_slice)

void rkmq__pass_topic_close(struct rkmq_rebalance_pass *pass)
{
    const struct rkmq_mem *mem = pass->arena.mem;
    rkmq__process_queue_unref(pass->pq);
    pass->pq = NULL;
    while (pass->pq_list) {
        struct rkmq_process_queue *pq = pass->pq_list;
        pass->pq_list = pq->next_new;
        pq->next_new = NULL;
        rkmq__process_queue_unref(pq);
    }
    rkmq__arena_close(&pass->arena);
    rkmq__arena_init(&pass->arena, mem);
    pass->sub = NULL;
    pass->queues = NULL;
    pass->ids = NULL;
    pass->n_queues = pass->n_ids = pass->queue_index = 0;
    pass->is_changed = pass->is_refreshed = false;
}

/* ---- which topic ---- */

/* truncateMessageQueueNotMyTopic: queues of topics that were unsubscribed; nothing is persisted. */
static void truncate_queues(struct rkmq_push_impl *impl)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&impl->process_queues, &cursor));) {
        struct rkmq_process_queue *pq = entry->value;
        if (pq->sub->is_removed) {
            rkmq_log_info(impl->env, "rebalance", "%.*s drops %.*s@%.*s:%ld: not subscribed",
                          RKMQ_SLICE_ARG(impl->group), RKMQ_SLICE_ARG(pq->mq.topic),
                          RKMQ_SLICE_ARG(pq->mq.broker_name), (long)pq->mq.queue_id);
            rkmq__push_impl_remove_queue(impl, pq, false);
        }
    }
}

static int queue_compare(const void *a, const void *b)
{
    const struct rkmq_queue_id *left = a, *right = b;
    int by_name = rkmq__slice_compare(left->broker_name, right->broker_name);
    return by_name ? by_name
                   : (left->queue_id > right->queue_id) - (left->queue_id < right->queue_id);
}

static size_t readable_queues(const struct rkmq_queue_data *q)
{
    return (q->perm & RKMQ_PERM_READ) && q->read_queue_nums > 0 ? (size_t)q->read_queue_nums : 0;
}

static size_t readable_queues_of(const struct rkmq_route_data *route)
{
    size_t n = 0;
    for (size_t i = 0; i < route->n_queues; i++) {
        n += readable_queues(&route->queues[i]);
    }
    return n < RKMQ_SUBSCRIBE_QUEUES_MAX ? n : RKMQ_SUBSCRIBE_QUEUES_MAX;
}

/* A queue that the route names twice counts once. */
static void queues_sort(struct rkmq_rebalance_pass *pass, size_t n)
{
    qsort(pass->queues, n, sizeof *pass->queues, queue_compare);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || queue_compare(&pass->queues[i], &pass->queues[pass->n_queues - 1]) != 0) {
            pass->queues[pass->n_queues++] = pass->queues[i];
        }
    }
}

/* topicSubscribeInfoTable: every readable queue of the route once, sorted. */
static int queues_collect(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    const struct rkmq_route_data *route = rkmq__route_get(&rs->ci->route, pass->sub->topic_slice);
    size_t n = 0;
    if (!route) {
        return RKMQ_OK;
    }
    size_t n_max = readable_queues_of(route);
    pass->queues = rkmq__arena_zalloc(&pass->arena, (n_max + 1) * sizeof *pass->queues);
    if (!pass->queues) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < route->n_queues; i++) {
        const struct rkmq_queue_data *q = &route->queues[i];
        size_t n_readable = readable_queues(q);
        struct rkmq_slice name;
        if (rkmq__arena_copy(&pass->arena, q->broker_name, &name) != RKMQ_OK) {
            return RKMQ_E_NOMEM;
        }
        for (size_t id = 0; id < n_readable && n < n_max; id++) {
            pass->queues[n++] =
                (struct rkmq_queue_id){.broker_name = name, .queue_id = (int32_t)id};
        }
    }
    queues_sort(pass, n);
    return RKMQ_OK;
}

bool rkmq__pass_next_topic(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    RKMQ_LIST_EACH (it, &pass->impl->subscriptions.list) {
        struct rkmq_subscription *sub = RKMQ_SUBSCRIPTION_OF(it);
        if (sub->is_removed || sub->round == rs->round) {
            continue;
        }
        sub->round = rs->round;
        pass->sub = sub;
        if (queues_collect(rs) != RKMQ_OK) {
            rkmq_log_warn(rs->ci->env, "rebalance", FOR_TOPIC ": out of memory",
                          FOR_TOPIC_ARG(pass));
            pass->is_balanced = false;
            pass->state = RKMQ_PASS_TOPIC_DONE;
            return true;
        }
        pass->state = RKMQ_PASS_FIND_IDS;
        return true;
    }
    truncate_queues(pass->impl);
    pass->state = RKMQ_PASS_NEXT_CONSUMER;
    return true;
}

bool rkmq__pass_topic_done(struct rkmq_rebalance_service *rs)
{
    rkmq__pass_topic_close(&rs->pass);
    rs->pass.state = RKMQ_PASS_NEXT_TOPIC;
    return true;
}

/* ---- findConsumerIdList ---- */

static int id_compare(const void *a, const void *b)
{
    return rkmq__slice_compare(*(const struct rkmq_slice *)a, *(const struct rkmq_slice *)b);
}

static void ids_answered(void *user, int status, const struct rkmq_command *answer,
                         const struct rkmq_err *err)
{
    struct rkmq_rebalance_service *rs = user;
    struct rkmq_rebalance_pass *pass = &rs->pass;
    struct rkmq_err body_err = {0};
    if (status == RKMQ_OK && answer->code == RKMQ_RES_SUCCESS && answer->body.n > 0) {
        status = rkmq__consumer_list_read(answer->body, &pass->arena, &pass->ids, &pass->n_ids,
                                          &body_err);
        err = &body_err;
        if (status != RKMQ_OK) {
            pass->ids = NULL;
        } else if (pass->n_ids > 1) {
            qsort(pass->ids, pass->n_ids, sizeof *pass->ids, id_compare);
        }
    } else if (status == RKMQ_OK) {
        (void)rkmq__err_set(&body_err, RKMQ_E_REMOTE, "%d %.*s", answer->code,
                            RKMQ_SLICE_ARG(answer->remark));
        err = &body_err;
        status = RKMQ_E_REMOTE;
    }
    if (status != RKMQ_OK) {
        rkmq_log_warn(rs->ci->env, "rebalance", FOR_TOPIC ": the members cannot be learnt: %s",
                      FOR_TOPIC_ARG(pass), err ? err->text : rkmq_status_text(status));
    }
    rkmq__pass_go_on(rs, RKMQ_PASS_ALLOCATE);
}

static void ids_route_answered(void *user, int status, bool is_changed, const struct rkmq_err *err)
{
    struct rkmq_rebalance_service *rs = user;
    (void)status; /* whether a broker is known now is looked up */
    (void)is_changed;
    (void)err;
    if (!rs->pass.queues && rs->ci->rules->is_retry_route_prompt && queues_collect(rs) != RKMQ_OK) {
        rs->pass.queues = NULL;
    }
    rkmq__pass_go_on(rs, RKMQ_PASS_FIND_IDS);
}

bool rkmq__pass_find_ids(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    struct rkmq_client_instance *ci = rs->ci;
    const char *addr = rkmq__route_broker_of_topic(&ci->route, pass->sub->topic_slice);
    if (addr) {
        struct rkmq_consumer_list_request header = {.consumer_group = pass->impl->group};
        struct rkmq_fields fields;
        struct rkmq_message_out out = {.code = RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP,
                                       .fields = &fields};
        rkmq__header_write(&rkmq__consumer_list_request_class, &header, false, &fields);
        pass->state = RKMQ_PASS_IDS_ANSWER;
        if (rkmq__remoting_client_call(ci->client, addr, &out, ci->config.mq_client_api_timeout_ms,
                                       ids_answered, rs) == RKMQ_OK) {
            return false;
        }
    } else if (!pass->is_refreshed) {
        struct rkmq_route_update u = {
            .topic = pass->sub->topic_slice, .fn = ids_route_answered, .user = rs};
        pass->is_refreshed = true;
        pass->state = RKMQ_PASS_IDS_ROUTE;
        if (rkmq__route_update(&ci->route, &u) == RKMQ_OK) {
            return false;
        }
    }
    pass->state = RKMQ_PASS_ALLOCATE;
    return true;
}

/* ---- allocation ---- */

/* AbstractAllocateMessageQueueStrategy.check: who is not in the list owns nothing. */
static int allocate(struct rkmq_rebalance_pass *pass, const char *client_id)
{
    const struct rkmq_push_options *o = &pass->impl->options;
    bool *mine = rkmq__arena_zalloc(&pass->arena, pass->n_queues * sizeof *mine);
    size_t self = 0;
    if (!mine) {
        return RKMQ_E_NOMEM;
    }
    while (self < pass->n_ids && !rkmq__slice_is(pass->ids[self], client_id)) {
        self++;
    }
    if (RKMQ_MUTANT(ALL_ARE_FIRST) && self < pass->n_ids) {
        self = 0;
    } else if (RKMQ_MUTANT(SHARE_WANDERS) && self < pass->n_ids) {
        self = (self + (size_t)pass->impl->round) % pass->n_ids;
    }
    if (self < pass->n_ids) {
        o->allocate_message_queue_strategy(o->allocate_user, pass->n_queues, pass->n_ids, self,
                                           mine);
    } else {
        RKMQ_MARK(pass->impl->env, "rebalance-not-in-list");
        rkmq_log_info(pass->impl->env, "rebalance",
                      "[BUG] " FOR_TOPIC ": %s is not in the list of %zu members",
                      FOR_TOPIC_ARG(pass), client_id, pass->n_ids);
    }
    for (size_t i = 0; i < pass->n_queues; i++) {
        bool is_reversed = RKMQ_MUTANT(ORDER_OF_ONES_OWN) && self % 2 == 1;
        pass->queues[i].is_mine = mine[is_reversed ? pass->n_queues - 1 - i : i];
    }
    return RKMQ_OK;
}

static struct rkmq_queue_id *queue_find(const struct rkmq_rebalance_pass *pass,
                                        const struct rkmq_mq *mq)
{
    struct rkmq_queue_id wanted = {.broker_name = mq->broker_name, .queue_id = mq->queue_id};
    return pass->n_queues > 0
               ? bsearch(&wanted, pass->queues, pass->n_queues, sizeof wanted, queue_compare)
               : NULL;
}

/* updateProcessQueueTableInRebalance, phase 1: what is not ours any more, or has not pulled for too
 * long, goes. */
static void queues_remove(struct rkmq_rebalance_pass *pass)
{
    struct rkmq_push_impl *impl = pass->impl;
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&impl->process_queues, &cursor));) {
        struct rkmq_process_queue *pq = entry->value;
        if (pq->sub != pass->sub) {
            continue;
        }
        const struct rkmq_queue_id *queue = queue_find(pass, &pq->mq);
        bool is_expired = rkmq__process_queue_is_pull_expired(pq, rkmq__now(impl->env));
        if (queue && queue->is_mine && !is_expired) {
            continue;
        }
        if (queue && queue->is_mine) {
            RKMQ_MARK(impl->env, "rebalance-pull-expired");
            rkmq_log_error(impl->env, "rebalance",
                           "[BUG]doRebalance, " FOR_TOPIC ", remove unnecessary mq, %.*s:%ld, "
                           "because pull is pause, so try to fixed it",
                           FOR_TOPIC_ARG(pass), RKMQ_SLICE_ARG(pq->mq.broker_name),
                           (long)pq->mq.queue_id);
        }
        pass->is_changed = true;
        rkmq__push_impl_remove_queue(impl, pq, true);
    }
}

/* The strategy throws in Java: nothing changes, and the next pass comes soon. It is told there as
 * an error by every pass; a topic that has no readable queues just now is told here once. */
static void not_allocated(struct rkmq_rebalance_pass *pass)
{
    if (!pass->sub->is_not_allocated) {
        rkmq_log_warn(pass->impl->env, "rebalance",
                      FOR_TOPIC ": %zu queues for %zu members: not allocated", FOR_TOPIC_ARG(pass),
                      pass->n_queues, pass->n_ids);
    }
    pass->sub->is_not_allocated = true;
    pass->is_balanced = false;
}

bool rkmq__pass_allocate(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    const struct rkmq_env *env = rs->ci->env;
    pass->is_refreshed = false;
    pass->state = RKMQ_PASS_QUEUES_DONE;
    if (!pass->queues) {
        if (!pass->sub->is_retry) {
            rkmq_log_warn(env, "rebalance", "doRebalance, " FOR_TOPIC ": the topic does not exist",
                          FOR_TOPIC_ARG(pass));
            pass->is_changed = true;
            if (RKMQ_MUTANT(MISSING_TOPIC_DROPS)) {
                queues_remove(pass);
            }
        }
    } else if (!pass->ids) {
        rkmq_log_warn(env, "rebalance", "doRebalance, " FOR_TOPIC ": get consumer id list failed",
                      FOR_TOPIC_ARG(pass));
        if (RKMQ_MUTANT(EMPTY_LIST_DROPS)) {
            queues_remove(pass);
        }
    } else if (pass->n_queues == 0 || pass->n_ids == 0 ||
               allocate(pass, rs->ci->client_id) != RKMQ_OK) {
        not_allocated(pass);
    } else {
        pass->sub->is_not_allocated = false;
        queues_remove(pass);
        pass->state = RKMQ_PASS_NEXT_QUEUE;
    }
    return true;
}

/* ---- phase 2: what is ours and not there comes ---- */

static struct rkmq_process_queue *table_find(const struct rkmq_push_impl *impl,
                                             const struct rkmq_mq *mq, int *status)
{
    struct rkmq_bytes key;
    rkmq__bytes_init(&key, impl->env->mem);
    rkmq__mq_key(mq, &key);
    *status = key.is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
    struct rkmq_process_queue *pq =
        key.is_failed ? NULL : rkmq__map_get(&impl->process_queues, rkmq__bytes_slice(&key));
    rkmq__bytes_close(&key);
    return pq;
}

bool rkmq__pass_next_queue(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    while (pass->queue_index < pass->n_queues) {
        const struct rkmq_queue_id *queue = &pass->queues[pass->queue_index++];
        const struct rkmq_mq mq = {.topic = pass->sub->topic_slice,
                                   .broker_name = queue->broker_name,
                                   .queue_id = queue->queue_id};
        int status;
        if (!queue->is_mine) {
            continue;
        }
        struct rkmq_process_queue *known = table_find(pass->impl, &mq, &status);
        if (known) {
            if (RKMQ_MUTANT(SECOND_PULL_LOOP) && !known->is_route_awaited) {
                rkmq__pull_message(known);
            }
            continue;
        }
        if (status == RKMQ_OK) {
            status = rkmq__process_queue_create(&pass->pq, rs->ci->env, &mq);
        }
        if (status == RKMQ_OK) {
            pass->is_refreshed = false;
            pass->state = RKMQ_PASS_FIND_OFFSET;
            return true;
        }
        pass->is_balanced = false;
    }
    pass->state = RKMQ_PASS_QUEUES_DONE;
    return true;
}

/* ---- messageQueueChanged, dispatchPullRequest ---- */

static void dispatch_pulls(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    while (pass->pq_list) {
        struct rkmq_process_queue *pq = pass->pq_list;
        rkmq_ms by_address_ms = RKMQ_MUTANT(ADDRESS_DECIDES) ? (rkmq_ms)((uintptr_t)pq % 2003) : 0;
        pass->pq_list = pq->next_new;
        pq->next_new = NULL;
        rkmq__pull_later(pq, rs->ci->rules->first_pull_delay_ms + by_address_ms);
        rkmq__process_queue_unref(pq);
    }
}

static int share_of(int of_topic, size_t n_queues)
{
    int share = (int)((size_t)of_topic / n_queues);
    return share > 1 ? share : 1;
}

/* A limit per topic is divided by all queues of the group, of whatever topic, as in Java. */
static void thresholds_divide(struct rkmq_push_impl *impl)
{
    const struct rkmq_push_options *o = &impl->options;
    size_t n_queues = rkmq__map_count(&impl->process_queues);
    if (n_queues > 0 && o->pull_threshold_for_topic != -1) {
        impl->pull_threshold_for_queue = share_of(o->pull_threshold_for_topic, n_queues);
    }
    if (n_queues > 0 && o->pull_threshold_size_for_topic != -1) {
        impl->pull_threshold_size_for_queue = share_of(o->pull_threshold_size_for_topic, n_queues);
    }
}

/* What is ours now, in the allocator's order; the listener borrows it for the call. */
static void listener_tell(struct rkmq_rebalance_pass *pass)
{
    const struct rkmq_push_options *o = &pass->impl->options;
    struct rkmq_queue *mine =
        o->message_queue_listener
            ? rkmq__arena_zalloc(&pass->arena, (pass->n_queues + 1) * sizeof *mine)
            : NULL;
    size_t n = 0;
    if (!mine) {
        return;
    }
    for (size_t i = 0; i < pass->n_queues; i++) {
        if (pass->queues[i].is_mine) { /* names in the arena end with NUL */
            mine[n++] =
                (struct rkmq_queue){.topic = pass->sub->topic,
                                    .broker_name = (const char *)pass->queues[i].broker_name.p,
                                    .queue_id = pass->queues[i].queue_id};
        }
    }
    o->message_queue_listener(o->message_queue_listener_user, pass->sub->topic, mine, n);
}

static bool changed_end(struct rkmq_rebalance_service *rs)
{
    dispatch_pulls(rs);
    listener_tell(&rs->pass);
    rs->pass.state = RKMQ_PASS_TOPIC_DONE;
    return true;
}

static void heartbeat_done(void *user)
{
    struct rkmq_rebalance_service *rs = user;
    (void)changed_end(rs);
    rkmq__pass_go_on(rs, RKMQ_PASS_TOPIC_DONE);
}

static bool is_topic_balanced(const struct rkmq_rebalance_pass *pass)
{
    size_t n_mine = 0, n_working = 0;
    const struct rkmq_map_entry *entry;
    for (size_t i = 0; i < pass->n_queues; i++) {
        n_mine += pass->queues[i].is_mine;
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&pass->impl->process_queues, &cursor));) {
        n_working += ((const struct rkmq_process_queue *)entry->value)->sub == pass->sub;
    }
    return n_mine == n_working;
}

bool rkmq__pass_queues_done(struct rkmq_rebalance_service *rs)
{
    struct rkmq_rebalance_pass *pass = &rs->pass;
    const struct rkmq_client_instance *ci = rs->ci;
    if (pass->queues && pass->ids && !is_topic_balanced(pass)) {
        pass->is_balanced = false;
    }
    if (!ci->rules->is_pull_after_heartbeat) {
        dispatch_pulls(rs);
    }
    if (!pass->is_changed) {
        pass->state = RKMQ_PASS_TOPIC_DONE;
        return true;
    }
    pass->sub->data.sub_version = rkmq__wall(ci->env);
    thresholds_divide(pass->impl);
    rs->heartbeat_wait = (struct rkmq_heartbeat_wait){.done = heartbeat_done, .user = rs};
    pass->state = RKMQ_PASS_HEARTBEAT;
    if (rkmq__heartbeat_send_to_all(&rs->ci->heartbeat, &rs->heartbeat_wait) == RKMQ_OK) {
        return false;
    }
    return changed_end(rs);
}
