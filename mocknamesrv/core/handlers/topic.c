/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to topics by hand: delete, register, write permission. */
#include "mocknamesrv/core/handlers.h"

void rkmq__namesrv_delete_topic(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_topic_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__topic_request_class, &header)) {
        return;
    }
    rkmq__route_info_delete_topic(&ns->routes, header.topic, header.cluster_name);
    rkmq__answer_ok(req, NULL);
}

/* RouteInfoManager.registerTopic (5.3.3): an unknown broker name ends it, silently. */
static int register_queues(struct rkmq_namesrv *ns, struct rkmq_slice topic,
                           const struct rkmq_route_data *route)
{
    for (size_t i = 0; i < route->n_queues; i++) {
        if (!rkmq__map_get(&ns->routes.brokers, route->queues[i].broker_name)) {
            rkmq_log_warn(ns->env, "route", "topic %.*s names the unknown broker %.*s",
                          RKMQ_SLICE_ARG(topic), RKMQ_SLICE_ARG(route->queues[i].broker_name));
            return RKMQ_OK;
        }
    }
    for (size_t i = 0; i < route->n_queues; i++) {
        const struct rkmq_queue_data *queue = &route->queues[i];
        int status = rkmq__route_info_put_queue(
            &ns->routes, topic, queue->broker_name,
            &(struct rkmq_queue_entry){queue->read_queue_nums, queue->write_queue_nums, queue->perm,
                                       queue->topic_sys_flag});
        if (status != RKMQ_OK) {
            return status;
        }
    }
    return RKMQ_OK;
}

void rkmq__namesrv_register_topic(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_topic_request header;
    struct rkmq_route_data route = {0};
    struct rkmq_arena arena;
    struct rkmq_err err = {0};
    if (!rkmq__answer_unless_header(req, &rkmq__topic_request_class, &header)) {
        return;
    }
    rkmq__arena_init(&arena, ns->env->mem);
    int status = rkmq__route_data_read(req->cmd->body, &arena, &route, &err);
    if (status == RKMQ_OK) {
        status = register_queues(ns, header.topic, &route);
    }
    if (status == RKMQ_OK) {
        rkmq__answer_ok(req, NULL);
    } else {
        rkmq__answer_failed(req, status, &err);
    }
    rkmq__arena_close(&arena);
}

/* Lasts until the broker registers with a changed data version. */
void rkmq__namesrv_wipe_write_perm(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_wipe_write_perm_request header;
    struct rkmq_fields fields;
    if (!rkmq__answer_unless_header(req, &rkmq__wipe_write_perm_request_class, &header)) {
        return;
    }
    struct rkmq_wipe_write_perm_response answer = {
        rkmq__route_info_change_perm(&ns->routes, header.broker_name, ~RKMQ_PERM_WRITE, 0)};
    rkmq__header_write(&rkmq__wipe_write_perm_response_class, &answer, false, &fields);
    rkmq__answer(req, &(struct rkmq_message_out){.code = RKMQ_RES_SUCCESS, .fields = &fields});
}

void rkmq__namesrv_add_write_perm(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_wipe_write_perm_request header; /* the two requests carry the same field */
    struct rkmq_fields fields;
    if (!rkmq__answer_unless_header(req, &rkmq__wipe_write_perm_request_class, &header)) {
        return;
    }
    struct rkmq_add_write_perm_response answer = {rkmq__route_info_change_perm(
        &ns->routes, header.broker_name, 0, RKMQ_PERM_READ | RKMQ_PERM_WRITE)};
    rkmq__header_write(&rkmq__add_write_perm_response_class, &answer, false, &fields);
    rkmq__answer(req, &(struct rkmq_message_out){.code = RKMQ_RES_SUCCESS, .fields = &fields});
}
