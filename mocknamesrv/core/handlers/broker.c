/* SPDX-License-Identifier: Apache-2.0 */
/* What brokers ask: register, unregister, heartbeat, data version, their own group. */
#include <rkmq/message.h>

#include "mocknamesrv/core/handlers.h"

/* The key-value table of ordered topics goes back with every registration
 * (returnOrderTopicConfigToBroker, on by default). */
static void answer_registered(struct rkmq_namesrv *ns, const struct rkmq_request_in *req,
                              const struct rkmq_register_result *result, struct rkmq_arena *arena)
{
    struct rkmq_register_broker_response header = {
        .ha_server_addr = result->ha_server_addr,
        .master_addr = result->master_addr,
    };
    struct rkmq_fields fields;
    struct rkmq_bytes body;
    struct rkmq_field *kvs = NULL;
    size_t n_kvs = 0;
    rkmq__header_write(&rkmq__register_broker_response_class, &header, false, &fields);
    rkmq__bytes_init(&body, ns->env->mem);
    int status = rkmq__kv_config_list(&ns->kv, RKMQ_SLICE(RKMQ_NAMESPACE_ORDER_TOPIC_CONFIG), arena,
                                      &kvs, &n_kvs);
    if (status == RKMQ_OK && n_kvs > 0) {
        rkmq__kv_table_write(kvs, n_kvs, &body);
    }
    body.is_failed = body.is_failed || status == RKMQ_E_NOMEM;
    rkmq__answer_body(req, ns->env->mem, &fields, &body);
}

void rkmq__namesrv_register_broker(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_register_broker_request header;
    struct rkmq_register_broker_body body;
    struct rkmq_register_result result;
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__register_broker_request_class, &header)) {
        return;
    }
    if (header.has_body_crc32 && header.body_crc32 != 0 &&
        (uint32_t)header.body_crc32 != rkmq_body_crc(req->cmd->body)) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "crc32 not match");
        return;
    }
    rkmq__arena_init(&arena, ns->env->mem);
    int status =
        rkmq__register_body_read(req->cmd, header.has_is_compressed && header.is_compressed,
                                 ns->env->mem, &arena, &body, &err);
    if (status == RKMQ_OK) {
        status = rkmq__route_info_register(&ns->routes, &header, &body,
                                           rkmq__channel_id(req->channel), &result, &err);
    }
    if (status == RKMQ_OK) {
        answer_registered(ns, req, &result, &arena);
    } else {
        rkmq_log_warn(ns->env, "route", "registration of %.*s refused: %s",
                      RKMQ_SLICE_ARG(header.broker_name), err.text);
        rkmq__answer_failed(req, status, &err);
    }
    rkmq__arena_close(&arena);
}

/* Done before the answer, as 4.9 does; 5.x answers first and is done soon after. */
void rkmq__namesrv_unregister_broker(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_unregister_broker_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__unregister_broker_request_class, &header)) {
        return;
    }
    rkmq__route_info_unregister(&ns->routes, header.cluster_name, header.broker_addr,
                                header.broker_name);
    rkmq__answer_ok(req, NULL);
}

/* A heartbeat of brokers, too: one-way, about once a second, with slave-acting-master on. */
void rkmq__namesrv_query_data_version(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_query_data_version_request header;
    struct rkmq_data_version asked = {0};
    struct rkmq_err err = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__query_data_version_request_class, &header)) {
        return;
    }
    if (rkmq__data_version_read(req->cmd->body, &asked, &err) != RKMQ_OK) {
        rkmq__answer_failed(req, err.status, &err);
        return;
    }
    struct rkmq_live_entry *live =
        rkmq__route_info_live(&ns->routes, header.cluster_name, header.broker_addr);
    struct rkmq_query_data_version_response answer = {
        .is_changed = !live || !rkmq__data_version_equal(&live->data_version, &asked)};
    struct rkmq_fields fields;
    struct rkmq_bytes body;
    rkmq__bytes_init(&body, ns->env->mem);
    if (live) {
        live->last_update = rkmq__now(ns->env);
        rkmq__data_version_write(&live->data_version, &body);
    }
    rkmq__header_write(&rkmq__query_data_version_response_class, &answer, false, &fields);
    rkmq__answer_body(req, ns->env->mem, &fields, &body);
}

void rkmq__namesrv_broker_heartbeat(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_broker_heartbeat_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__broker_heartbeat_request_class, &header)) {
        return;
    }
    struct rkmq_live_entry *live =
        rkmq__route_info_live(&ns->routes, header.cluster_name, header.broker_addr);
    if (live) {
        live->last_update = rkmq__now(ns->env);
    }
    rkmq__answer_ok(req, NULL);
}

static void member_group_write(const struct rkmq_broker_data *brk, struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "brokerMemberGroup");
    rkmq__json_object(&w);
    rkmq__json_key(&w, "brokerAddrs");
    rkmq__json_object(&w);
    for (size_t i = 0; i < brk->n_addrs; i++) {
        rkmq__json_key_i64(&w, brk->addrs[i].id, false);
        rkmq__json_put_text(&w, brk->addrs[i].addr);
    }
    rkmq__json_object_end(&w);
    rkmq__json_add_text(&w, "brokerName", brk->broker_name);
    rkmq__json_add_text(&w, "cluster", brk->cluster);
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
}

/* BrokerMemberGroup: an unknown broker name has an empty one. */
void rkmq__namesrv_broker_member_group(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_broker_data group;
    struct rkmq_slice cluster, name;
    struct rkmq_arena arena;
    struct rkmq_bytes body;
    if (rkmq_command_text(req->cmd, "clusterName", &cluster) != RKMQ_OK ||
        rkmq_command_text(req->cmd, "brokerName", &name) != RKMQ_OK) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL,
                           "the custom field clusterName or brokerName is null");
        return;
    }
    rkmq__arena_init(&arena, ns->env->mem);
    rkmq__bytes_init(&body, ns->env->mem);
    int status = rkmq__route_info_broker(&ns->routes, name, &arena, &group);
    if (status == RKMQ_E_NOT_FOUND) {
        group = (struct rkmq_broker_data){.cluster = cluster, .broker_name = name};
    }
    if (status == RKMQ_E_NOMEM) {
        body.is_failed = true;
    } else {
        member_group_write(&group, &body);
    }
    rkmq__answer_body(req, ns->env->mem, NULL, &body);
    rkmq__arena_close(&arena);
}
