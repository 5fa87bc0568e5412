/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_CLIENT_INSTANCE_H
#define RKMQ_CORE_CLIENT_INSTANCE_H

/*
 * MQClientInstance: what all consumers and producers with one client id on one host share: the
 * connections, the routes, the heartbeat, the timers, the rebalance service. Source:
 * MQClientInstance, MQClientManager (client, 5.3.3).
 *
 *     get (CREATE_JUST) -> register -> start (RUNNING) -> ... -> leave -> (last one out) SHUTDOWN
 *
 * Every member holds one reference from `get` on and gives it back with `leave` (says goodbye to
 * the brokers) or `drop` (does not). The first member's configuration wins, as in Java.
 * Thread: loop.
 */

#include <rkmq/consumer.h>

#include "consumer/core/heartbeat.h"
#include "consumer/core/rebalance.h"
#include "consumer/core/route.h"

#define RKMQ_INNER_PRODUCER_GROUP "CLIENT_INNER_PRODUCER"

/* All in which the profiles differ: waits, but for the last. */
struct rkmq_profile_rules {
    rkmq_ms rebalance_spacing_ms; /* least time between the starts of two passes */
    rkmq_ms first_pull_delay_ms;  /* from the assignment of a queue to its first pull */
    bool is_heartbeat_repeated;   /* a heartbeat that finds another under way follows it; Java
                                     forgets it */
    bool is_pull_after_heartbeat; /* first pulls wait for the heartbeat that tells the subVersion */
    bool is_retry_route_prompt;   /* a rebalance uses the retry route it has just refreshed */
    bool is_route_change_prompt;  /* a changed route or subscription wakes the rebalance */
    bool is_each_namesrv_tried;   /* see rkmq_route_config */
    bool is_pull_resumed;         /* a queue held back for its cache pulls once there is room; Java
                                     looks again after 50 ms */
    bool is_span_to_newest;       /* the span goes from the lowest unfinished message to the newest
                                     one ever put; Java's ends at the newest that is still cached */
};
const struct rkmq_profile_rules *rkmq__profile_rules(enum rkmq_profile profile);

struct rkmq_client_config {
    const char *namesrv_addr;
    const char *client_id;
    enum rkmq_profile profile;
    rkmq_ms poll_name_server_interval_ms, heartbeat_broker_interval_ms,
        persist_consumer_offset_interval_ms, mq_client_api_timeout_ms;
    enum rkmq_header_format format;
    size_t frame_bytes_max;
};
#define RKMQ_CLIENT_CONFIG_INIT                                                                    \
    {                                                                                              \
        .profile = RKMQ_PROFILE_RKMQ, .poll_name_server_interval_ms = 30000,                       \
        .heartbeat_broker_interval_ms = 30000, .persist_consumer_offset_interval_ms = 5000,        \
        .mq_client_api_timeout_ms = 3000, .format = RKMQ_HEADER_JSON,                              \
        .frame_bytes_max = RKMQ_FRAME_BYTES_MAX,                                                   \
    }

struct rkmq_push_impl;

/* A producer as its instance sees it; embedded in the producer. */
struct rkmq_producer_inner {
    struct rkmq_list link;
    struct rkmq_slice group;
    struct rkmq_map *publish_topics; /* its keys are polled every 30 s; values are the producer's */
};

enum rkmq_instance_state {
    RKMQ_INSTANCE_CREATE_JUST,
    RKMQ_INSTANCE_RUNNING,
    RKMQ_INSTANCE_SHUTDOWN
};

struct rkmq_client_instance {
    const struct rkmq_env *env;
    char *client_id;
    struct rkmq_client_config config; /* texts point to copies */
    const struct rkmq_profile_rules *rules;
    enum rkmq_instance_state state;
    unsigned n_members;
    struct rkmq_client_manager *manager; /* NULL: the host shares nothing */
    struct rkmq_list link;               /* in the manager */

    struct rkmq_remoting_client *client;
    struct rkmq_route_table route;
    struct rkmq_list consumers; /* struct rkmq_push_impl */
    struct rkmq_list producers; /* struct rkmq_producer_inner */
    struct rkmq_heartbeat_service heartbeat;
    struct rkmq_rebalance_service rebalance;

    struct rkmq_timer route_timer, heartbeat_timer, persist_timer;
    struct rkmq_arena poll_arena; /* the topics of the poll under way */
    struct rkmq_slice *poll_topics;
    size_t n_poll_topics, poll_index;
    struct rkmq_list goodbyes; /* unregistrations under way */
};

/*
 * getOrCreateMQClientInstance: the instance of `config->client_id` on this host, made if there is
 * none. Errors: RKMQ_E_INVALID name server list, RKMQ_E_NOMEM.
 */
int rkmq__client_instance_get(struct rkmq_client_instance **out, const struct rkmq_env *env,
                              const struct rkmq_client_config *config, struct rkmq_err *err);
/* Errors: RKMQ_E_STATE a member of this kind has that group already. */
int rkmq__client_instance_register_consumer(struct rkmq_client_instance *ci,
                                            struct rkmq_push_impl *impl);
int rkmq__client_instance_register_producer(struct rkmq_client_instance *ci,
                                            struct rkmq_producer_inner *producer);
/* Starts the scheduled tasks and services; of a running instance: nothing. */
void rkmq__client_instance_start(struct rkmq_client_instance *ci);

/*
 * Takes the member out, then UNREGISTER_CLIENT to every broker, one after another; the last member
 * also takes the inner producer with it and the instance goes. `done` is called once, from the
 * top level; the instance must not be used after it. Of a member that never registered: only the
 * reference goes. Errors: RKMQ_E_NOMEM: nothing was sent, the reference is gone, `done` is never
 * called.
 */
typedef void rkmq_leave_fn(void *user);
struct rkmq_leave {
    struct rkmq_push_impl *consumer; /* one of the two, or none */
    struct rkmq_producer_inner *producer;
    rkmq_leave_fn *done;
    void *user;
};
int rkmq__client_instance_leave(struct rkmq_client_instance *ci, const struct rkmq_leave *leave);
/* The same without a word to the brokers. Never call it from within a callback of this instance. */
void rkmq__client_instance_drop(struct rkmq_client_instance *ci, const struct rkmq_leave *leave);

/* Route, heartbeat, rebalance: ci->route, rkmq__heartbeat_*, rkmq__rebalance_*. */
struct rkmq_push_impl *rkmq__client_instance_consumer(const struct rkmq_client_instance *ci,
                                                      struct rkmq_slice group);

/* "host@instance" or "host@instance@unit". Errors: RKMQ_E_NOMEM. */
int rkmq__client_id_build(const struct rkmq_mem *mem, const char *host, const char *instance_name,
                          const char *unit_name, char **out);
#define RKMQ_INSTANCE_NAME_BYTES 128
/* Errors: RKMQ_E_INVALID longer than that. */
int rkmq__instance_name_check(const char *instance_name, struct rkmq_err *err);
/* changeInstanceNameToPID: "pid#nanoTime" for "DEFAULT", else the name itself. */
void rkmq__instance_name_to_pid(const struct rkmq_env *env, const char *instance_name, char *out,
                                size_t out_bytes);

#endif
