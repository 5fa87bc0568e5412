/* SPDX-License-Identifier: Apache-2.0 */
/* What clients and tools ask: the route of a topic, the cluster, lists of topics. */
#include "mocknamesrv/core/handlers.h"

#define FAQ_URL "https://rocketmq.apache.org/docs/bestPractice/06FAQ"

/* ClientRequestProcessor.getRouteInfoByTopic (5.3.3): who announces 4.9.4 or later, or asks for it,
 * gets JSON that any parser reads. */
static bool wants_standard_json(const struct rkmq_command *cmd,
                                const struct rkmq_get_route_request *header)
{
    return cmd->version >= RKMQ_VERSION_V4_9_4 ||
           (header->has_accept_standard_json_only && header->accept_standard_json_only);
}

void rkmq__namesrv_route_info(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_get_route_request header;
    struct rkmq_route_data route;
    struct rkmq_arena arena;
    struct rkmq_bytes body;
    if (!rkmq__answer_unless_header(req, &rkmq__get_route_request_class, &header)) {
        return;
    }
    rkmq__arena_init(&arena, ns->env->mem);
    int status = rkmq__route_info_pick(&ns->routes, header.topic, &arena, &route);
    if (status == RKMQ_E_NOT_FOUND) {
        rkmq__answer_error(req, RKMQ_RES_TOPIC_NOT_EXIST, NULL,
                           "No topic route info in name server for the topic: %.*s\n"
                           "See " FAQ_URL " for further details.",
                           RKMQ_SLICE_ARG(header.topic));
    } else {
        rkmq__bytes_init(&body, ns->env->mem);
        if (status == RKMQ_OK) {
            rkmq__route_data_write(&route, wants_standard_json(req->cmd, &header), &body);
        }
        body.is_failed = body.is_failed || status != RKMQ_OK;
        rkmq__answer_body(req, ns->env->mem, NULL, &body);
    }
    rkmq__arena_close(&arena);
}

typedef void brokers_write_fn(const struct rkmq_broker_data *brokers, size_t n,
                              struct rkmq_bytes *out);

static void answer_brokers(struct rkmq_namesrv *ns, const struct rkmq_request_in *req,
                           brokers_write_fn *write)
{
    struct rkmq_broker_data *brokers = NULL;
    size_t n_brokers = 0;
    struct rkmq_arena arena;
    struct rkmq_bytes body;
    rkmq__arena_init(&arena, ns->env->mem);
    rkmq__bytes_init(&body, ns->env->mem);
    if (rkmq__route_info_brokers(&ns->routes, &arena, &brokers, &n_brokers) == RKMQ_OK) {
        write(brokers, n_brokers, &body);
    } else {
        body.is_failed = true;
    }
    rkmq__answer_body(req, ns->env->mem, NULL, &body);
    rkmq__arena_close(&arena);
}

void rkmq__namesrv_cluster_info(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    answer_brokers(ns, req, rkmq__cluster_info_write);
}

static void answer_topics(struct rkmq_namesrv *ns, const struct rkmq_request_in *req,
                          struct rkmq_slice cluster)
{
    struct rkmq_slice *topics = NULL;
    size_t n_topics = 0;
    struct rkmq_arena arena;
    struct rkmq_bytes body;
    rkmq__arena_init(&arena, ns->env->mem);
    rkmq__bytes_init(&body, ns->env->mem);
    if (rkmq__route_info_topics(&ns->routes, cluster, &arena, &topics, &n_topics) == RKMQ_OK) {
        rkmq__topic_list_write(topics, n_topics, &body);
    } else {
        body.is_failed = true;
    }
    rkmq__answer_body(req, ns->env->mem, NULL, &body);
    rkmq__arena_close(&arena);
}

void rkmq__namesrv_all_topics(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    answer_topics(ns, req, (struct rkmq_slice){0});
}

void rkmq__namesrv_cluster_topics(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_slice cluster;
    if (rkmq_command_text(req->cmd, "cluster", &cluster) != RKMQ_OK || cluster.n == 0) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "the custom field cluster is null");
        return;
    }
    answer_topics(ns, req, cluster);
}

/* RouteInfoManager.getSystemTopicList (5.3.3): each cluster's name, then its broker names, and one
 * broker's address. */
static void system_topics_write(const struct rkmq_broker_data *brokers, size_t n,
                                struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    for (size_t i = 0; i < n; i++) {
        if (brokers[i].n_addrs > 0) {
            rkmq__json_add_text(&w, "brokerAddr", brokers[i].addrs[0].addr);
            break;
        }
    }
    rkmq__json_key(&w, "topicList");
    rkmq__json_array(&w);
    for (size_t i = 0; i < n; i++) {
        bool is_listed = false;
        for (size_t j = 0; j < i; j++) {
            is_listed = is_listed || rkmq__slice_equal(brokers[j].cluster, brokers[i].cluster);
        }
        if (is_listed) {
            continue;
        }
        rkmq__json_put_text(&w, brokers[i].cluster);
        for (size_t j = i; j < n; j++) {
            if (rkmq__slice_equal(brokers[j].cluster, brokers[i].cluster)) {
                rkmq__json_put_text(&w, brokers[j].broker_name);
            }
        }
    }
    rkmq__json_array_end(&w);
    rkmq__json_object_end(&w);
}

void rkmq__namesrv_system_topics(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    answer_brokers(ns, req, system_topics_write);
}
