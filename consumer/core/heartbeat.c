/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/heartbeat.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

static void round_next(struct rkmq_heartbeat_service *hb);

void rkmq__heartbeat_init(struct rkmq_heartbeat_service *hb, struct rkmq_client_instance *ci)
{
    *hb = (struct rkmq_heartbeat_service){.ci = ci};
    rkmq__list_init(&hb->waits);
    rkmq__list_init(&hb->waits_again);
    rkmq__arena_init(&hb->arena, ci->env->mem);
    rkmq__bytes_init(&hb->body, ci->env->mem);
}

void rkmq__heartbeat_close(struct rkmq_heartbeat_service *hb)
{
    while (rkmq__list_pop_front(&hb->waits)) {
    }
    while (rkmq__list_pop_front(&hb->waits_again)) {
    }
    rkmq__remoting_client_forget(hb->ci->client, hb);
    rkmq__arena_close(&hb->arena);
    rkmq__bytes_close(&hb->body);
}

void rkmq__heartbeat_forget(struct rkmq_heartbeat_wait *wait)
{
    rkmq__list_remove(&wait->link);
}

/* ---- content: MQClientInstance.prepareHeartbeatData ---- */

static size_t list_length(const struct rkmq_list *head)
{
    size_t n = 0;
    RKMQ_LIST_EACH (it, head) {
        n++;
    }
    return n;
}

static int consumer_fill(struct rkmq_heartbeat_service *hb, const struct rkmq_push_impl *impl,
                         struct rkmq_consumer_data *out)
{
    const struct rkmq_subscriptions *subs = &impl->subscriptions;
    out->group = impl->group;
    out->type = RKMQ_CONSUME_PASSIVELY;
    out->model = impl->options.message_model == RKMQ_BROADCASTING ? RKMQ_MODEL_BROADCASTING
                                                                  : RKMQ_MODEL_CLUSTERING;
    out->from_where = (enum rkmq_from_where_wire)impl->options.consume_from_where;
    out->unit_mode = impl->options.unit_mode;
    out->subscriptions = rkmq__arena_zalloc(&hb->arena, (subs->n + 1) * sizeof *out->subscriptions);
    if (!out->subscriptions) {
        return RKMQ_E_NOMEM;
    }
    RKMQ_LIST_EACH (it, &subs->list) {
        const struct rkmq_subscription *sub = RKMQ_SUBSCRIPTION_OF(it);
        if (!sub->is_removed && !(RKMQ_MUTANT(HEARTBEAT_SAYS_LESS) && out->n_subscriptions > 0)) {
            out->subscriptions[out->n_subscriptions++] = sub->data;
        }
    }
    return RKMQ_OK;
}

static int body_write(struct rkmq_heartbeat_service *hb)
{
    const struct rkmq_client_instance *ci = hb->ci;
    struct rkmq_heartbeat_data data = {.client_id = rkmq__slice_of(ci->client_id)};
    size_t n_consumers = list_length(&ci->consumers);
    size_t n_producers = list_length(&ci->producers) + 1;
    data.consumers = rkmq__arena_zalloc(&hb->arena, (n_consumers + 1) * sizeof *data.consumers);
    data.producer_groups =
        rkmq__arena_zalloc(&hb->arena, n_producers * sizeof *data.producer_groups);
    if (!data.consumers || !data.producer_groups) {
        return RKMQ_E_NOMEM;
    }
    RKMQ_LIST_EACH (it, &ci->consumers) {
        if (consumer_fill(hb, RKMQ_PUSH_IMPL_OF(it), &data.consumers[data.n_consumers++]) !=
            RKMQ_OK) {
            return RKMQ_E_NOMEM;
        }
    }
    /* The inner producer is there as long as the instance is. */
    data.producer_groups[data.n_producer_groups++] = RKMQ_SLICE(RKMQ_INNER_PRODUCER_GROUP);
    RKMQ_LIST_EACH (it, &ci->producers) {
        data.producer_groups[data.n_producer_groups++] =
            RKMQ_CONTAINER_OF(it, struct rkmq_producer_inner, link)->group;
    }
    rkmq__bytes_clear(&hb->body);
    rkmq__heartbeat_data_write(&data, &hb->body);
    return hb->body.is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

/* ---- a round ---- */

/* Every replica when there is a consumer, else masters only. */
static int addrs_collect(struct rkmq_heartbeat_service *hb)
{
    const struct rkmq_client_instance *ci = hb->ci;
    bool has_consumer = !rkmq__list_is_empty(&ci->consumers);
    const struct rkmq_map_entry *entry;
    size_t n_max = 0;
    hb->n_addrs = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&ci->route.brokers, &cursor));) {
        n_max += ((const struct rkmq_broker_entry *)entry->value)->n_replicas;
    }
    hb->addrs = rkmq__arena_zalloc(&hb->arena, (n_max + 1) * sizeof *hb->addrs);
    if (!hb->addrs) {
        return RKMQ_E_NOMEM;
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&ci->route.brokers, &cursor));) {
        const struct rkmq_broker_entry *brk = entry->value;
        for (size_t i = 0; i < brk->n_replicas; i++) {
            struct rkmq_slice addr;
            if (!has_consumer && brk->replicas[i].id != 0) {
                continue;
            }
            if (rkmq__arena_copy(&hb->arena, rkmq__slice_of(brk->replicas[i].addr), &addr) !=
                RKMQ_OK) {
                return RKMQ_E_NOMEM;
            }
            hb->addrs[hb->n_addrs++] = (const char *)addr.p;
        }
    }
    if (RKMQ_MUTANT(HEARTBEAT_ONE_BROKER) && hb->n_addrs > 1) {
        hb->n_addrs = 1;
    }
    return hb->n_addrs > 0 ? RKMQ_OK : RKMQ_E_NOT_FOUND;
}

static void round_end(struct rkmq_heartbeat_service *hb)
{
    bool is_again = hb->is_wanted_again;
    struct rkmq_list *link;
    RKMQ_ASSERT(hb->is_locked);
    hb->is_locked = false;
    hb->is_wanted_again = false;
    /* Told one by one: who is told may start a round of its own, whose waits come behind these. */
    struct rkmq_list told;
    rkmq__list_init(&told);
    while ((link = rkmq__list_pop_front(&hb->waits))) {
        rkmq__list_push_back(&told, link);
    }
    if (is_again) {
        struct rkmq_list again;
        rkmq__list_init(&again);
        while ((link = rkmq__list_pop_front(&hb->waits_again))) {
            rkmq__list_push_back(&again, link);
        }
        bool is_begun = rkmq__heartbeat_send_to_all(hb, NULL) == RKMQ_OK;
        while ((link = rkmq__list_pop_front(&again))) {
            rkmq__list_push_back(is_begun ? &hb->waits : &told, link);
        }
    }
    while ((link = rkmq__list_pop_front(&told))) {
        struct rkmq_heartbeat_wait *wait =
            RKMQ_CONTAINER_OF(link, struct rkmq_heartbeat_wait, link);
        wait->done(wait->user);
    }
}

static void heartbeat_answered(void *user, int status, const struct rkmq_command *answer,
                               const struct rkmq_err *err)
{
    struct rkmq_heartbeat_service *hb = user;
    const char *addr = hb->addrs[hb->index];
    if (status != RKMQ_OK) {
        rkmq_log_warn(hb->ci->env, "heartbeat", "broker %s: %s", addr,
                      err && err->text[0] ? err->text : rkmq_status_text(status));
    } else if (answer->code != RKMQ_RES_SUCCESS) {
        rkmq_log_warn(hb->ci->env, "heartbeat", "broker %s answers %d %.*s", addr, answer->code,
                      RKMQ_SLICE_ARG(answer->remark));
    }
    hb->index++;
    round_next(hb);
}

/* To the next broker that a request can be made for; after the last one the round ends. */
static void round_next(struct rkmq_heartbeat_service *hb)
{
    const struct rkmq_client_instance *ci = hb->ci;
    for (; hb->index < hb->n_addrs; hb->index++) {
        static const struct rkmq_fields none = {0};
        struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT, .fields = &none};
        out.take_body = rkmq_buf_copy(ci->env->mem, rkmq__bytes_slice(&hb->body));
        if (!out.take_body) {
            continue;
        }
        if (rkmq__remoting_client_call(ci->client, hb->addrs[hb->index], &out,
                                       ci->config.mq_client_api_timeout_ms, heartbeat_answered,
                                       hb) == RKMQ_OK) {
            return;
        }
    }
    round_end(hb);
}

/* A round whose every request failed at once must not tell its end before it was begun. */
static int round_begin(struct rkmq_heartbeat_service *hb, struct rkmq_heartbeat_wait *wait)
{
    int status = body_write(hb);
    if (status != RKMQ_OK) {
        return status;
    }
    hb->is_locked = true;
    hb->index = 0;
    round_next(hb);
    if (!hb->is_locked) {
        return RKMQ_E_NOT_FOUND;
    }
    if (wait) {
        rkmq__list_push_back(&hb->waits, &wait->link);
    }
    return RKMQ_OK;
}

static void arena_reset(struct rkmq_heartbeat_service *hb)
{
    rkmq__arena_close(&hb->arena);
    rkmq__arena_init(&hb->arena, hb->ci->env->mem);
}

int rkmq__heartbeat_send_to_all(struct rkmq_heartbeat_service *hb, struct rkmq_heartbeat_wait *wait)
{
    if (hb->is_locked) {
        if (!hb->ci->rules->is_heartbeat_repeated) {
            RKMQ_MARK(hb->ci->env, "heartbeat-skipped");
            rkmq_log_warn(hb->ci->env, "heartbeat", "lock heartBeat, but failed. [%s]",
                          hb->ci->client_id);
            return RKMQ_E_STATE;
        }
        hb->is_wanted_again = true;
        if (wait) {
            rkmq__list_push_back(&hb->waits_again, &wait->link);
        }
        return RKMQ_OK;
    }
    arena_reset(hb);
    int status = addrs_collect(hb);
    return status == RKMQ_OK ? round_begin(hb, wait) : status;
}

int rkmq__heartbeat_send_to(struct rkmq_heartbeat_service *hb, const char *addr,
                            struct rkmq_heartbeat_wait *wait)
{
    struct rkmq_slice copy;
    if (hb->is_locked) {
        return RKMQ_E_STATE;
    }
    arena_reset(hb);
    hb->addrs = rkmq__arena_zalloc(&hb->arena, sizeof *hb->addrs);
    if (!hb->addrs || rkmq__arena_copy(&hb->arena, rkmq__slice_of(addr), &copy) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    hb->addrs[0] = (const char *)copy.p;
    hb->n_addrs = 1;
    return round_begin(hb, wait);
}
