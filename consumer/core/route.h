/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_ROUTE_H
#define RKMQ_CORE_ROUTE_H

/*
 * What a client instance knows of the cluster: topicRouteTable, brokerAddrTable, and the list of
 * name servers it learns them from. Source: MQClientInstance.updateTopicRouteInfoFromNameServer,
 * NettyRemotingClient.getAndCreateNameserverChannel (client, remoting 5.3.3).
 *
 * Invariants
 *   - Updates run one at a time, in the order they were asked for (Java: lockNamesrv).
 *   - A route that was learnt stays until a newer one replaces it, also when the topic is deleted.
 *   - Broker addresses are replaced as a whole per broker name; an address that stands in no route
 *     goes with rkmq__route_clean_offline_brokers.
 */

#include <rkmq/remoting.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/bodies.h"
#include "remoting/rpc/client.h"

#define RKMQ_DEFAULT_TOPIC "TBW102" /* AUTO_CREATE_TOPIC_KEY_TOPIC */
#define RKMQ_LOCK_NAMESRV_MS 3000   /* an update that waited longer for its turn is given up */
#define RKMQ_NAMESRVS_MAX 16
#define RKMQ_BROKER_ADDRS_MAX 64 /* replicas of one broker name that are kept */

/*
 * The end of an update. RKMQ_OK: the route is known now (`is_changed`: it differs from what was
 * known). RKMQ_E_NOT_FOUND: the name server does not know the topic. RKMQ_E_CLOSED, RKMQ_E_TIMEOUT:
 * no answer. RKMQ_E_REMOTE, RKMQ_E_PROTOCOL, RKMQ_E_LIMIT, RKMQ_E_NOMEM: no usable answer.
 */
typedef void rkmq_route_fn(void *user, int status, bool is_changed, const struct rkmq_err *err);

struct rkmq_route_update {
    struct rkmq_slice topic; /* copied */
    /* > 0: fetch TBW102's route and keep it as the topic's, with at most so many queues a broker */
    int32_t default_topic_queue_nums;
    rkmq_route_fn *fn; /* NULL: nobody waits */
    void *user;
};

/* One broker name: id -> address. Replica 0 is the master. */
struct rkmq_broker_entry {
    struct rkmq_broker_replica {
        int64_t id;
        char *addr;
    } * replicas;
    size_t n_replicas;
};

struct rkmq_topic_route {
    struct rkmq_arena arena; /* of data */
    struct rkmq_route_data data;
};

struct rkmq_route_config {
    const struct rkmq_env *env;
    struct rkmq_remoting_client *client;
    const char *namesrv_addr; /* "host:port;host:port" */
    rkmq_ms api_timeout_ms;
    bool is_each_namesrv_tried; /* one update asks every name server before it fails (4.9, rkmq);
                                   5.3 fails, and the next update asks the next one */
    /* A route changed; may be NULL. */
    void (*changed)(void *owner, struct rkmq_slice topic);
    void *owner;
};

struct rkmq_route_table {
    struct rkmq_route_config config;
    char *namesrvs[RKMQ_NAMESRVS_MAX];
    size_t n_namesrvs, namesrv_index;
    struct rkmq_map topics;   /* topic -> struct rkmq_topic_route */
    struct rkmq_map brokers;  /* broker name -> struct rkmq_broker_entry */
    struct rkmq_list updates; /* waiting; the first is under way when is_busy */
    bool is_busy;
};

/* Errors: RKMQ_E_INVALID no name server, or too many; RKMQ_E_NOMEM. */
int rkmq__route_init(struct rkmq_route_table *rt, const struct rkmq_route_config *config,
                     struct rkmq_err *err);
/* Updates under way are dropped without a word. */
void rkmq__route_close(struct rkmq_route_table *rt);

/* `fn` is called exactly once, later. Errors: RKMQ_E_NOMEM; then it never is. */
int rkmq__route_update(struct rkmq_route_table *rt, const struct rkmq_route_update *u);
/* The updates of `user` end without calling it. */
void rkmq__route_forget(struct rkmq_route_table *rt, const void *user);

/* NULL when unknown. Borrowed until the next event. */
const struct rkmq_route_data *rkmq__route_get(const struct rkmq_route_table *rt,
                                              struct rkmq_slice topic);

/* findBrokerAddressInPublish: the master, or NULL. Borrowed until the next event. */
const char *rkmq__route_master(const struct rkmq_route_table *rt, struct rkmq_slice broker_name);
struct rkmq_broker_found {
    const char *addr;
    bool is_slave;
};
/* findBrokerAddressInSubscribe; false: none. */
bool rkmq__route_find(const struct rkmq_route_table *rt, struct rkmq_slice broker_name, int64_t id,
                      bool is_only_this, struct rkmq_broker_found *out);
/* findBrokerAddrByTopic: the master (else any replica) of a random broker of the topic, or NULL. */
const char *rkmq__route_broker_of_topic(const struct rkmq_route_table *rt, struct rkmq_slice topic);
bool rkmq__route_has_broker_addr(const struct rkmq_route_table *rt, const char *addr);
/* cleanOfflineBroker: drops every address that stands in no known route. */
void rkmq__route_clean_offline_brokers(struct rkmq_route_table *rt);

#endif
