/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PROTOCOL_BODIES_H
#define RKMQ_PROTOCOL_BODIES_H

/*
 * JSON bodies. Every `read` decodes into a caller's struct whose arrays and texts live in the
 * caller's arena (never in the input); unknown members are ignored, missing ones keep Java's
 * default. Every `write` appends compact JSON with members in Java's alphabetical order. Errors of
 * read: RKMQ_E_PROTOCOL (err says where), RKMQ_E_LIMIT (more than RKMQ_BODY_ITEMS_MAX of
 * something), RKMQ_E_NOMEM. A write fails only by the rkmq_bytes it appends to.
 */

#include <rkmq/remoting.h>

#include "remoting/codec/json.h"

#define RKMQ_BODY_ITEMS_MAX 65536

/* ---- queues and topics ---- */

enum rkmq_perm { RKMQ_PERM_INHERIT = 1, RKMQ_PERM_WRITE = 2, RKMQ_PERM_READ = 4 };

/* (brokerName, queueId, topic) as in MessageQueue. */
struct rkmq_mq {
    struct rkmq_slice topic, broker_name;
    int32_t queue_id;
};

struct rkmq_data_version {
    int64_t state_version, timestamp, counter;
};

struct rkmq_topic_config {
    struct rkmq_slice name;
    int32_t read_queue_nums, write_queue_nums, perm, topic_sys_flag;
    bool is_multi_tag, is_ordered;
};

/* ---- TopicRouteData (105) ---- */

struct rkmq_queue_data {
    struct rkmq_slice broker_name;
    int32_t read_queue_nums, write_queue_nums, perm, topic_sys_flag;
};
struct rkmq_broker_addr {
    int64_t id; /* 0 = master */
    struct rkmq_slice addr;
};
struct rkmq_broker_data {
    struct rkmq_slice cluster, broker_name;
    struct rkmq_broker_addr *addrs;
    size_t n_addrs;
    bool is_acting_master_enabled;
};
struct rkmq_route_data {
    struct rkmq_queue_data *queues;
    size_t n_queues;
    struct rkmq_broker_data *brokers;
    size_t n_brokers;
    struct rkmq_slice order_topic_conf; /* p NULL: absent */
};
int rkmq__route_data_read(struct rkmq_slice body, struct rkmq_arena *arena,
                          struct rkmq_route_data *out, struct rkmq_err *err);
/* `is_standard`: integer keys quoted (requests of version >= 401 or acceptStandardJsonOnly); else
 * raw as fastjson. */
void rkmq__route_data_write(const struct rkmq_route_data *route, bool is_standard,
                            struct rkmq_bytes *out);
/* As TopicRouteData.topicRouteDataChanged: order does not count, any field does. */
bool rkmq__route_data_equal(const struct rkmq_route_data *a, const struct rkmq_route_data *b);

/* ---- RegisterBrokerBody (103), plain and 4.9 form ---- */

struct rkmq_register_broker_body {
    struct rkmq_data_version data_version;
    struct rkmq_topic_config *topics;
    size_t n_topics;
};
int rkmq__register_broker_body_read(struct rkmq_slice body, struct rkmq_arena *arena,
                                    struct rkmq_register_broker_body *out, struct rkmq_err *err);
void rkmq__register_broker_body_write(const struct rkmq_register_broker_body *body,
                                      struct rkmq_bytes *out);
void rkmq__data_version_write(const struct rkmq_data_version *v, struct rkmq_bytes *out);
int rkmq__data_version_read(struct rkmq_slice body, struct rkmq_data_version *out,
                            struct rkmq_err *err);

/* ---- ClusterInfo (106): integer keys always raw; TopicList (206, 224, 304); KVTable (219) ---- */

void rkmq__cluster_info_write(const struct rkmq_broker_data *brokers, size_t n_brokers,
                              struct rkmq_bytes *out);
void rkmq__topic_list_write(const struct rkmq_slice *topics, size_t n_topics,
                            struct rkmq_bytes *out);
void rkmq__kv_table_write(const struct rkmq_field *kvs, size_t n_kvs, struct rkmq_bytes *out);

/* ---- HeartbeatData (34) ---- */

enum rkmq_consume_type { RKMQ_CONSUME_ACTIVELY, RKMQ_CONSUME_PASSIVELY, RKMQ_CONSUME_POP };
/* Model and from-where use the numbers of the public enums in rkmq/consumer.h, whose order is
 * Java's. */
enum rkmq_message_model_wire { RKMQ_MODEL_BROADCASTING, RKMQ_MODEL_CLUSTERING };
enum rkmq_from_where_wire { RKMQ_WHERE_LAST_OFFSET, RKMQ_WHERE_FIRST_OFFSET, RKMQ_WHERE_TIMESTAMP };

struct rkmq_subscription_data {
    struct rkmq_slice topic, sub_string, expression_type; /* expression type "TAG" by default */
    struct rkmq_slice *tags;
    size_t n_tags;
    int32_t *codes;
    size_t n_codes;
    int64_t sub_version;
    bool is_class_filter;
};
struct rkmq_consumer_data {
    struct rkmq_slice group;
    enum rkmq_consume_type type;
    enum rkmq_message_model_wire model;
    enum rkmq_from_where_wire from_where;
    bool unit_mode;
    struct rkmq_subscription_data *subscriptions;
    size_t n_subscriptions;
};
struct rkmq_heartbeat_data {
    struct rkmq_slice client_id;
    struct rkmq_consumer_data *consumers;
    size_t n_consumers;
    struct rkmq_slice *producer_groups;
    size_t n_producer_groups;
    int32_t fingerprint;
    bool is_without_sub;
};
int rkmq__heartbeat_data_read(struct rkmq_slice body, struct rkmq_arena *arena,
                              struct rkmq_heartbeat_data *out, struct rkmq_err *err);
void rkmq__heartbeat_data_write(const struct rkmq_heartbeat_data *heartbeat,
                                struct rkmq_bytes *out);

/*
 * FilterAPI.buildSubscriptionData: `*`, empty or absent text means all; else tags split at ||,
 * trimmed, empty ones dropped; no part at all is RKMQ_E_INVALID. Texts are copied into the arena.
 */
int rkmq__subscription_build(struct rkmq_slice topic, struct rkmq_slice expression, rkmq_ms version,
                             struct rkmq_arena *arena, struct rkmq_subscription_data *out);
/* CheckClientRequestBody's and heartbeats' SubscriptionData object alone. */
void rkmq__subscription_data_write(const struct rkmq_subscription_data *sub,
                                   struct rkmq_json_writer *w);
/* The broker's view: all when `*`, else the hash of the record's tag is among the codes. */
bool rkmq__subscription_matches_code(const struct rkmq_subscription_data *sub, int32_t tag_code);
/* The client's view: all when there are no tags, else the very text. */
bool rkmq__subscription_matches_tag(const struct rkmq_subscription_data *sub,
                                    struct rkmq_slice tag);

/* ---- GetConsumerListByGroupResponseBody (38) ---- */

int rkmq__consumer_list_read(struct rkmq_slice body, struct rkmq_arena *arena,
                             struct rkmq_slice **ids, size_t *n_ids, struct rkmq_err *err);
void rkmq__consumer_list_write(const struct rkmq_slice *ids, size_t n_ids, struct rkmq_bytes *out);

/* ---- LockBatch bodies (41, 42) ---- */

struct rkmq_lock_batch_body {
    struct rkmq_slice client_id, group;
    struct rkmq_mq *mqs;
    size_t n_mqs;
};
int rkmq__lock_batch_read(struct rkmq_slice body, struct rkmq_arena *arena,
                          struct rkmq_lock_batch_body *out, struct rkmq_err *err);
void rkmq__lock_batch_write(const struct rkmq_lock_batch_body *body, struct rkmq_bytes *out);
void rkmq__lock_batch_answer_write(const struct rkmq_mq *mqs, size_t n_mqs, struct rkmq_bytes *out);
int rkmq__lock_batch_answer_read(struct rkmq_slice body, struct rkmq_arena *arena,
                                 struct rkmq_mq **mqs, size_t *n_mqs, struct rkmq_err *err);

#endif
