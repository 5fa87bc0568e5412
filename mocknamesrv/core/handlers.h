/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_NAMESRV_HANDLERS_H
#define RKMQ_NAMESRV_HANDLERS_H

/* Inside the name server: its state, its handlers by request group, and how they answer. */

#include "mocknamesrv/core/kv_config.h"
#include "mocknamesrv/core/namesrv.h"
#include "mocknamesrv/core/route_info.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/answer.h"
#include "remoting/rpc/server.h"

#define RKMQ_NAMESPACE_ORDER_TOPIC_CONFIG "ORDER_TOPIC_CONFIG"

struct rkmq_namesrv {
    const struct rkmq_env *env;
    struct rkmq_remoting_server *server;
    struct rkmq_channel_handler watch;
    void (*watch_route)(void *owner, const struct rkmq_route_event *event);
    int32_t opaque; /* of requests to clients; none is sent so far */
    struct rkmq_route_info routes;
    struct rkmq_kv_config kv;
    struct rkmq_timer scan_timer;
};

typedef void rkmq_namesrv_handler_fn(struct rkmq_namesrv *ns, const struct rkmq_request_in *req);

/* handlers/broker.c */
rkmq_namesrv_handler_fn rkmq__namesrv_register_broker, rkmq__namesrv_unregister_broker,
    rkmq__namesrv_query_data_version, rkmq__namesrv_broker_heartbeat,
    rkmq__namesrv_broker_member_group;
/* handlers/route.c */
rkmq_namesrv_handler_fn rkmq__namesrv_route_info, rkmq__namesrv_cluster_info,
    rkmq__namesrv_all_topics, rkmq__namesrv_cluster_topics, rkmq__namesrv_system_topics;
/* handlers/topic.c */
rkmq_namesrv_handler_fn rkmq__namesrv_delete_topic, rkmq__namesrv_register_topic,
    rkmq__namesrv_wipe_write_perm, rkmq__namesrv_add_write_perm;
/* handlers/kv.c */
rkmq_namesrv_handler_fn rkmq__namesrv_put_kv, rkmq__namesrv_get_kv, rkmq__namesrv_delete_kv,
    rkmq__namesrv_list_kv;

/* register_body.c: the body of REGISTER_BROKER in any of its forms. Errors: RKMQ_E_PROTOCOL,
 * RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__register_body_read(const struct rkmq_command *cmd, bool is_compressed,
                             const struct rkmq_mem *mem, struct rkmq_arena *arena,
                             struct rkmq_register_broker_body *out, struct rkmq_err *err);

#endif
