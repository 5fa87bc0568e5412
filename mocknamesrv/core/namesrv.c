/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of the name server, the table from code to handler, and the expiry scan. */
#include "mocknamesrv/core/namesrv.h"

#include "mocknamesrv/core/handlers.h"

static const struct {
    int code;
    rkmq_namesrv_handler_fn *handle;
} handlers[] = {
    {RKMQ_REQ_PUT_KV_CONFIG, rkmq__namesrv_put_kv},
    {RKMQ_REQ_GET_KV_CONFIG, rkmq__namesrv_get_kv},
    {RKMQ_REQ_DELETE_KV_CONFIG, rkmq__namesrv_delete_kv},
    {RKMQ_REQ_REGISTER_BROKER, rkmq__namesrv_register_broker},
    {RKMQ_REQ_UNREGISTER_BROKER, rkmq__namesrv_unregister_broker},
    {RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, rkmq__namesrv_route_info},
    {RKMQ_REQ_GET_BROKER_CLUSTER_INFO, rkmq__namesrv_cluster_info},
    {RKMQ_REQ_WIPE_WRITE_PERM_OF_BROKER, rkmq__namesrv_wipe_write_perm},
    {RKMQ_REQ_GET_ALL_TOPIC_LIST_FROM_NAMESERVER, rkmq__namesrv_all_topics},
    {RKMQ_REQ_DELETE_TOPIC_IN_NAMESRV, rkmq__namesrv_delete_topic},
    {RKMQ_REQ_REGISTER_TOPIC_IN_NAMESRV, rkmq__namesrv_register_topic},
    {RKMQ_REQ_GET_KVLIST_BY_NAMESPACE, rkmq__namesrv_list_kv},
    {RKMQ_REQ_GET_TOPICS_BY_CLUSTER, rkmq__namesrv_cluster_topics},
    {RKMQ_REQ_GET_SYSTEM_TOPIC_LIST_FROM_NS, rkmq__namesrv_system_topics},
    {RKMQ_REQ_QUERY_DATA_VERSION, rkmq__namesrv_query_data_version},
    {RKMQ_REQ_ADD_WRITE_PERM_OF_BROKER, rkmq__namesrv_add_write_perm},
    {RKMQ_REQ_GET_BROKER_MEMBER_GROUP, rkmq__namesrv_broker_member_group},
    {RKMQ_REQ_BROKER_HEARTBEAT, rkmq__namesrv_broker_heartbeat},
};

/* ---- connections ---- */

static void on_request(void *owner, const struct rkmq_request_in *req)
{
    struct rkmq_namesrv *ns = owner;
    for (size_t i = 0; i < RKMQ_COUNT_OF(handlers); i++) {
        if (handlers[i].code == req->cmd->code) {
            handlers[i].handle(ns, req);
            return;
        }
    }
    rkmq__channel_answer_unsupported(req);
}

static void on_opened(void *owner, struct rkmq_channel *ch)
{
    struct rkmq_namesrv *ns = owner;
    if (ns->watch.opened) {
        ns->watch.opened(ns->watch.owner, ch);
    }
}

static void on_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rkmq_namesrv *ns = owner;
    rkmq__route_info_channel_closed(&ns->routes, rkmq__channel_id(ch));
    if (ns->watch.closed) {
        ns->watch.closed(ns->watch.owner, ch, why);
    }
}

static void on_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                     const struct rkmq_command *cmd, size_t body_bytes)
{
    struct rkmq_namesrv *ns = owner;
    ns->watch.frame(ns->watch.owner, ch, is_outgoing, cmd, body_bytes);
}

static bool on_gate(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                    const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct rkmq_namesrv *ns = owner;
    return ns->watch.gate(ns->watch.owner, ch, is_outgoing, cmd, frame);
}

static void on_scan(struct rkmq_timer *t)
{
    struct rkmq_namesrv *ns = RKMQ_CONTAINER_OF(t, struct rkmq_namesrv, scan_timer);
    uint64_t channel_id;
    while ((channel_id = rkmq__route_info_expire_next(&ns->routes)) != 0) {
        struct rkmq_channel *ch = rkmq__remoting_server_channel(ns->server, channel_id);
        if (ch) {
            rkmq__channel_close(ch, "the broker has not been heard of");
        }
    }
    rkmq__timer_in(ns->env, &ns->scan_timer, RKMQ_NAMESRV_SCAN_MS);
}

static void on_route(void *user, struct rkmq_slice topic, struct rkmq_slice broker_name,
                     const struct rkmq_queue_entry *queue)
{
    struct rkmq_namesrv *ns = user;
    const struct rkmq_route_event event = {.topic = topic,
                                           .broker_name = broker_name,
                                           .read_queue_nums = queue ? queue->read_queue_nums : 0,
                                           .perm = queue ? queue->perm : 0};
    ns->watch_route(ns->watch.owner, &event);
}

/* ---- life cycle ---- */

int rkmq__namesrv_create(struct rkmq_namesrv **out, const struct rkmq_namesrv_config *config,
                         struct rkmq_err *err)
{
    const struct rkmq_env *env = config->env;
    *out = NULL;
    struct rkmq_namesrv *ns = rkmq__zalloc(env->mem, sizeof *ns);
    if (!ns) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    ns->env = env;
    ns->watch = config->watch;
    ns->watch_route = config->watch_route;
    ns->scan_timer.fire = on_scan;
    rkmq__route_info_init(&ns->routes, env);
    ns->routes.changed = config->watch_route ? on_route : NULL;
    ns->routes.user = ns;
    rkmq__kv_config_init(&ns->kv, env->mem);
    struct rkmq_channel_config channels = {
        .env = env,
        .handler = {.owner = ns,
                    .request = on_request,
                    .opened = on_opened,
                    .closed = on_closed,
                    .frame = config->watch.frame ? on_frame : NULL,
                    .gate = config->watch.gate ? on_gate : NULL},
        .format = RKMQ_HEADER_JSON,
        .language = RKMQ_LANGUAGE_JAVA,
        .version = RKMQ_VERSION_V5_3_3,
        .frame_bytes_max = config->frame_bytes_max,
        .opaque = &ns->opaque,
    };
    int status = rkmq__remoting_server_create(&ns->server, &channels, config->addr, err);
    if (status != RKMQ_OK) {
        rkmq__namesrv_destroy(ns);
        return status;
    }
    rkmq__timer_in(env, &ns->scan_timer, RKMQ_NAMESRV_SCAN_FIRST_MS);
    *out = ns;
    return RKMQ_OK;
}

void rkmq__namesrv_destroy(struct rkmq_namesrv *ns)
{
    if (!ns) {
        return;
    }
    ns->routes.changed = NULL; /* routes that go with their server are no news */
    rkmq__timer_stop(ns->env, &ns->scan_timer);
    rkmq__remoting_server_destroy(ns->server);
    rkmq__route_info_close(&ns->routes);
    rkmq__kv_config_close(&ns->kv);
    rkmq__free(ns->env->mem, ns);
}

const char *rkmq__namesrv_address(const struct rkmq_namesrv *ns)
{
    return rkmq__remoting_server_address(ns->server);
}

bool rkmq__namesrv_knows(const struct rkmq_namesrv *ns, struct rkmq_slice cluster,
                         struct rkmq_slice broker_addr)
{
    return rkmq__route_info_live(&ns->routes, cluster, broker_addr) != NULL;
}
