/* SPDX-License-Identifier: Apache-2.0 */
/* Heartbeats and membership. Source: ClientManageProcessor, ConsumerManageProcessor,
 * DefaultConsumerIdsChangeListener (broker, 5.3.3). */
#include "mockbroker/core/handlers.h"

/* ---- HEART_BEAT ---- */

static int connection_name(struct rkmq_broker *brk, struct rkmq_channel *ch,
                           struct rkmq_slice client_id)
{
    struct rkmq_broker_connection *con = rkmq__channel_user(ch);
    if (con->client_id && rkmq__slice_is(client_id, con->client_id)) {
        return RKMQ_OK;
    }
    char *text = rkmq__text_copy(brk->env->mem, client_id);
    if (!text) {
        return RKMQ_E_NOMEM;
    }
    rkmq__free(brk->env->mem, con->client_id);
    con->client_id = text;
    return RKMQ_OK;
}

/* One fingerprint a group, whoever sent it; a plain heartbeat leaves a 0. */
static bool is_fingerprint_changed(struct rkmq_subscription_group *group, int32_t fingerprint)
{
    bool is_changed = group->has_fingerprint && group->fingerprint != fingerprint;
    group->fingerprint = fingerprint;
    group->has_fingerprint = true;
    return is_changed;
}

/* A group that may not be, or whose retry topic cannot be made, is passed over: 5.3.3 does so. */
static int register_consumer(struct rkmq_broker *brk, const struct rkmq_consumer_data *data,
                             const struct rkmq_heartbeat_data *heartbeat, struct rkmq_channel *ch,
                             bool *is_sub_changed)
{
    struct rkmq_subscription_group *group;
    struct rkmq_topic *retry;
    int status = rkmq__subscription_group_make(&brk->groups, data->group, &group);
    if (status == RKMQ_OK && group->retry_queue_nums > 0) {
        status = rkmq__broker_group_topic(brk, RKMQ_RETRY_PREFIX, data->group,
                                          group->retry_queue_nums, &retry);
    }
    if (status == RKMQ_E_NOMEM) {
        return status;
    }
    if (status != RKMQ_OK) {
        rkmq_log_warn(brk->env, "client", "%s: group %.*s of %.*s is passed over: %s", brk->name,
                      RKMQ_SLICE_ARG(data->group), RKMQ_SLICE_ARG(heartbeat->client_id),
                      rkmq_status_text(status));
        return RKMQ_OK;
    }
    *is_sub_changed |= is_fingerprint_changed(group, heartbeat->fingerprint);
    return rkmq__consumer_register(&brk->consumers, data,
                                   heartbeat->fingerprint != 0 && heartbeat->is_without_sub, ch,
                                   heartbeat->client_id);
}

static int heart_beat(struct rkmq_broker *brk, const struct rkmq_heartbeat_data *heartbeat,
                      struct rkmq_channel *ch, bool *is_sub_changed)
{
    int status = connection_name(brk, ch, heartbeat->client_id);
    for (size_t i = 0; status == RKMQ_OK && i < heartbeat->n_consumers; i++) {
        status = register_consumer(brk, &heartbeat->consumers[i], heartbeat, ch, is_sub_changed);
    }
    for (size_t i = 0; status == RKMQ_OK && i < heartbeat->n_producer_groups; i++) {
        status = rkmq__producer_register(&brk->producers, heartbeat->producer_groups[i], ch,
                                         heartbeat->client_id);
    }
    return status;
}

void rkmq__broker_heart_beat(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_heartbeat_data heartbeat;
    struct rkmq_fields fields;
    fields.n = 0;
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    bool is_sub_changed = false;
    rkmq__arena_init(&arena, brk->env->mem);
    int status = rkmq__heartbeat_data_read(req->cmd->body, &arena, &heartbeat, &err);
    if (status == RKMQ_OK) {
        status = heart_beat(brk, &heartbeat, req->channel, &is_sub_changed);
        is_sub_changed |= heartbeat.fingerprint == 0; /* a plain one is always told so */
    }
    if (status == RKMQ_OK) {
        rkmq__fields_add_text(&fields, "IS_SUPPORT_HEART_BEAT_V2", RKMQ_SLICE("true"));
        rkmq__fields_add_bool(&fields, "IS_SUB_CHANGE", is_sub_changed);
        rkmq__answer_ok(req, &fields);
    } else {
        rkmq__answer_failed(req, status, &err);
    }
    rkmq__arena_close(&arena);
}

/* ---- membership ---- */

void rkmq__broker_consumer_ids_changed(void *user, struct rkmq_consumer_group *group,
                                       bool is_flagged)
{
    struct rkmq_broker *brk = user;
    const struct rkmq_subscription_group *settings =
        rkmq__subscription_group_find(&brk->groups, group->name);
    const struct rkmq_notify_consumer_ids_changed_request header = {.consumer_group = group->name};
    struct rkmq_fields fields;
    if (brk->is_closing || (is_flagged && settings && !settings->is_notify_enabled)) {
        return;
    }
    rkmq__header_write(&rkmq__notify_consumer_ids_changed_request_class, &header, false, &fields);
    const struct rkmq_message_out out = {.code = RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED,
                                         .fields = &fields};
    RKMQ_LIST_EACH (link, &group->members.list) {
        const struct rkmq_member *member = RKMQ_CONTAINER_OF(link, struct rkmq_member, link);
        int status = rkmq__channel_oneway(member->channel, &out);
        if (status != RKMQ_OK) {
            rkmq_log_debug(brk->env, "client", "%s not told of %.*s: %s", member->client_id,
                           RKMQ_SLICE_ARG(group->name), rkmq_status_text(status));
        }
    }
}

/* That a broker goes down is told by its connections; no member left it. */
void rkmq__broker_consumer_member(void *user, enum rkmq_member_change change,
                                  const struct rkmq_consumer_group *group,
                                  const struct rkmq_member *member)
{
    const struct rkmq_broker *brk = user;
    const struct rkmq_member_event event = {.change = change,
                                            .channel = member->channel,
                                            .group = group->name,
                                            .client_id = rkmq__slice_of(member->client_id)};
    if (brk->watch_member && !brk->is_closing) {
        brk->watch_member(brk->watch.owner, &event);
    }
}

void rkmq__broker_unregister_client(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_unregister_client_request header;
    static const struct rkmq_fields none = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__unregister_client_request_class, &header)) {
        return;
    }
    if (header.producer_group.p) {
        rkmq__producer_unregister(&brk->producers, header.producer_group, req->channel);
    }
    if (header.consumer_group.p) {
        rkmq__consumer_unregister(&brk->consumers, header.consumer_group, req->channel);
    }
    rkmq__answer_ok(req, &none);
}

void rkmq__broker_consumer_list(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_consumer_list_request header;
    static const struct rkmq_fields none = {0};
    struct rkmq_bytes body;
    size_t n = 0;
    if (!rkmq__answer_unless_header(req, &rkmq__consumer_list_request_class, &header)) {
        return;
    }
    const struct rkmq_consumer_group *group =
        rkmq__consumer_group_find(&brk->consumers, header.consumer_group);
    if (!group) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, &none, "no consumer for this group, %.*s",
                           RKMQ_SLICE_ARG(header.consumer_group));
        return;
    }
    RKMQ_ASSERT(group->members.n > 0);
    struct rkmq_slice *ids = rkmq__alloc(brk->env->mem, group->members.n * sizeof *ids);
    rkmq__bytes_init(&body, brk->env->mem);
    if (ids) {
        RKMQ_LIST_EACH (link, &group->members.list) {
            const struct rkmq_member *member = RKMQ_CONTAINER_OF(link, struct rkmq_member, link);
            ids[n++] = rkmq__slice_of(member->client_id);
        }
        rkmq__consumer_list_write(ids, n, &body);
        rkmq__free(brk->env->mem, ids);
    }
    body.is_failed |= ids == NULL;
    rkmq__answer_body(req, brk->env->mem, &none, &body);
}

/* ---- CHECK_CLIENT_CONFIG ---- */

/* Tags alone, as a broker without enablePropertyFilter, which is the default. */
void rkmq__broker_check_client_config(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_json body, sub;
    struct rkmq_slice type = RKMQ_SLICE("TAG");
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    rkmq__arena_init(&arena, brk->env->mem);
    int status = rkmq__json_parse(req->cmd->body, &body, &err);
    if (status == RKMQ_OK && rkmq__json_member(&body, "subscriptionData", &sub)) {
        status = rkmq__json_text(&sub, "expressionType", &arena, &type);
    }
    if (status != RKMQ_OK) {
        rkmq__answer_failed(req, status, &err);
    } else if (type.n > 0 && !rkmq__slice_is(type, "TAG")) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL,
                           "The broker does not support consumer to filter message by %.*s",
                           RKMQ_SLICE_ARG(type));
    } else {
        rkmq__answer_ok(req, NULL);
    }
    rkmq__arena_close(&arena);
}

void rkmq__broker_each_member(const struct rkmq_broker *brk, struct rkmq_slice name,
                              rkmq_broker_member_fn *fn, void *user)
{
    const struct rkmq_consumer_group *group = rkmq__consumer_group_find(&brk->consumers, name);
    if (!group) {
        return;
    }
    RKMQ_LIST_EACH (link, &group->members.list) {
        const struct rkmq_member *member = RKMQ_CONTAINER_OF(link, struct rkmq_member, link);
        fn(user, rkmq__slice_of(member->client_id));
    }
}

void rkmq__broker_notify_group(struct rkmq_broker *brk, struct rkmq_slice name)
{
    struct rkmq_consumer_group *group = rkmq__consumer_group_find(&brk->consumers, name);
    if (group) {
        rkmq__broker_consumer_ids_changed(brk, group, false);
    }
}
