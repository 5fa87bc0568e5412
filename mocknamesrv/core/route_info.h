/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_ROUTE_INFO_H
#define RKMQ_ROUTE_INFO_H

/*
 * What a name server knows: which broker names live where, and which topics they carry.
 * Source: RouteInfoManager (namesrv, 5.3.3).
 *
 * Invariants
 *   - The addresses of a broker name are sorted by broker id; one address stands under one id.
 *   - A topic entry has at least one queue entry; the entries of a broker name go with its last
 *     address.
 *   - Every call with a `now` gets the env's; nothing here reads a clock.
 */

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/header.h"

#define RKMQ_NAMESRV_BROKERS_MAX 1024    /* broker names */
#define RKMQ_NAMESRV_BROKER_ADDRS_MAX 64 /* of one broker name: its master and slaves */
#define RKMQ_NAMESRV_TOPICS_MAX 65536
#define RKMQ_BROKER_CHANNEL_EXPIRED_MS 120000 /* DEFAULT_BROKER_CHANNEL_EXPIRED_TIME */

struct rkmq_queue_entry {
    int32_t read_queue_nums, write_queue_nums, perm, topic_sys_flag;
};
struct rkmq_topic_entry {
    struct rkmq_map queues; /* broker name -> struct rkmq_queue_entry */
};
struct rkmq_addr_entry {
    int64_t id;
    char *addr;
};
struct rkmq_broker_entry {
    char *cluster;
    struct rkmq_addr_entry addrs[RKMQ_NAMESRV_BROKER_ADDRS_MAX];
    size_t n_addrs;
    bool is_acting_master_enabled;
};
/* One registered address. */
struct rkmq_live_entry {
    char *cluster, *broker_name, *broker_addr, *ha_server_addr;
    rkmq_ms last_update, timeout_ms;
    struct rkmq_data_version data_version;
    uint64_t channel_id; /* the connection it registered on */
};

/* What a topic's route says of a broker name has changed; `queue` NULL: nothing any more. */
typedef void rkmq_route_changed_fn(void *user, struct rkmq_slice topic,
                                   struct rkmq_slice broker_name,
                                   const struct rkmq_queue_entry *queue);

struct rkmq_route_info {
    const struct rkmq_env *env;
    rkmq_route_changed_fn *changed; /* may be NULL */
    void *user;
    struct rkmq_map topics;  /* name -> struct rkmq_topic_entry */
    struct rkmq_map brokers; /* broker name -> struct rkmq_broker_entry */
    struct rkmq_map lives;   /* cluster, NUL, address -> struct rkmq_live_entry */
};

void rkmq__route_info_init(struct rkmq_route_info *ri, const struct rkmq_env *env);
void rkmq__route_info_close(struct rkmq_route_info *ri);

/* ---- registration (register.c) ---- */

/* What a slave is told of its master; empty for a master. Borrowed until the next change. */
struct rkmq_register_result {
    struct rkmq_slice ha_server_addr, master_addr;
};
/*
 * Errors: RKMQ_E_STATE an unknown broker registers a single topic, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 * After an error the tables are consistent, but may hold a part of what was registered.
 */
int rkmq__route_info_register(struct rkmq_route_info *ri,
                              const struct rkmq_register_broker_request *header,
                              const struct rkmq_register_broker_body *body, uint64_t channel_id,
                              struct rkmq_register_result *out, struct rkmq_err *err);
/* Takes the address out, and what hangs on it. An unknown one: nothing. */
void rkmq__route_info_unregister(struct rkmq_route_info *ri, struct rkmq_slice cluster,
                                 struct rkmq_slice broker_addr, struct rkmq_slice broker_name);
/* Every broker that registered on that connection is gone with it. */
void rkmq__route_info_channel_closed(struct rkmq_route_info *ri, uint64_t channel_id);
/* Unregisters one expired broker and answers the connection it had; 0 when none is left. */
uint64_t rkmq__route_info_expire_next(struct rkmq_route_info *ri);

/* NULL when that address is not registered. */
struct rkmq_live_entry *rkmq__route_info_live(const struct rkmq_route_info *ri,
                                              struct rkmq_slice cluster,
                                              struct rkmq_slice broker_addr);
/* As DataVersion.equals. */
bool rkmq__data_version_equal(const struct rkmq_data_version *a, const struct rkmq_data_version *b);

/* ---- topics (route_info.c) ---- */

/* Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__route_info_put_queue(struct rkmq_route_info *ri, struct rkmq_slice topic,
                               struct rkmq_slice broker_name, const struct rkmq_queue_entry *queue);
struct rkmq_queue_entry *rkmq__route_info_queue(const struct rkmq_route_info *ri,
                                                struct rkmq_slice topic,
                                                struct rkmq_slice broker_name);
/* Every topic loses its entry of that broker name; topics without one go. */
void rkmq__route_info_drop_broker(struct rkmq_route_info *ri, struct rkmq_slice broker_name);
/* `cluster` empty: all of the topic. */
void rkmq__route_info_delete_topic(struct rkmq_route_info *ri, struct rkmq_slice topic,
                                   struct rkmq_slice cluster);
/* perm = perm & keep | add, in every entry of the broker name. Returns how many there are. */
int32_t rkmq__route_info_change_perm(struct rkmq_route_info *ri, struct rkmq_slice broker_name,
                                     int32_t keep, int32_t add);

/* ---- views for answers (pick.c); arrays live in the arena, texts are borrowed from the tables
 * ---- */

/* Errors: RKMQ_E_NOT_FOUND no broker carries the topic, RKMQ_E_NOMEM. */
int rkmq__route_info_pick(const struct rkmq_route_info *ri, struct rkmq_slice topic,
                          struct rkmq_arena *arena, struct rkmq_route_data *out);
/* All broker names. Errors: RKMQ_E_NOMEM. */
int rkmq__route_info_brokers(const struct rkmq_route_info *ri, struct rkmq_arena *arena,
                             struct rkmq_broker_data **out, size_t *n_out);
/* One broker name; RKMQ_E_NOT_FOUND, RKMQ_E_NOMEM. */
int rkmq__route_info_broker(const struct rkmq_route_info *ri, struct rkmq_slice broker_name,
                            struct rkmq_arena *arena, struct rkmq_broker_data *out);
/* Topics in the order of their first registration; `cluster` empty: all. Errors: RKMQ_E_NOMEM. */
int rkmq__route_info_topics(const struct rkmq_route_info *ri, struct rkmq_slice cluster,
                            struct rkmq_arena *arena, struct rkmq_slice **out, size_t *n_out);

#endif
