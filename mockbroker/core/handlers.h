/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_HANDLERS_H
#define RKMQ_BROKER_HANDLERS_H

/* Inside the broker: its state, its handlers by request group, and what they share. */

#include "mockbroker/core/broker.h"
#include "mockbroker/core/consumer_manager.h"
#include "mockbroker/core/consumer_offset.h"
#include "mockbroker/core/message_store.h"
#include "mockbroker/core/producer_manager.h"
#include "mockbroker/core/pull_hold.h"
#include "mockbroker/core/rebalance_lock.h"
#include "mockbroker/core/registration.h"
#include "mockbroker/core/schedule.h"
#include "mockbroker/core/subscription_group.h"
#include "mockbroker/core/topic_config.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/answer.h"
#include "remoting/rpc/server.h"

#define RKMQ_BROKER_FAQ                                                                            \
    "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."

/* What the broker keeps about a connection; rkmq__channel_user of it. */
struct rkmq_broker_connection {
    char *client_id;       /* of its last heartbeat, or NULL */
    struct rkmq_list held; /* its pulls that wait */
};

struct rkmq_broker {
    const struct rkmq_env *env;
    struct rkmq_remoting_server *server;
    struct rkmq_channel_handler watch;
    void (*watch_member)(void *owner, const struct rkmq_member_event *event);
    char *cluster, *name, *address;
    struct rkmq_host store_host;
    bool is_closing;
    const struct rkmq_channel *closing; /* whose end is being told; its client id can be asked */
    struct rkmq_topic_config_manager topics;
    struct rkmq_message_store store;
    struct rkmq_consumer_offset_manager offsets, flushed;
    rkmq_ms offset_flush_ms;
    struct rkmq_timer flush_timer;
    struct rkmq_consumer_manager consumers;
    struct rkmq_producer_manager producers;
    struct rkmq_subscription_group_manager groups;
    struct rkmq_rebalance_lock_manager locks;
    struct rkmq_pull_hold hold;
    struct rkmq_schedule schedule;
    struct rkmq_registration registration;
    struct rkmq_uniq_key_source uniq_key;
    struct rkmq_timer scan_timer;
};

typedef void rkmq_broker_handler_fn(struct rkmq_broker *brk, const struct rkmq_request_in *req);

/* handlers/send.c */
rkmq_broker_handler_fn rkmq__broker_send_message;
/* handlers/send_back.c */
rkmq_broker_handler_fn rkmq__broker_send_back;
/* handlers/pull.c */
rkmq_broker_handler_fn rkmq__broker_pull_message;
rkmq_pull_again_fn rkmq__broker_pull_again;
/* handlers/offsets.c */
rkmq_broker_handler_fn rkmq__broker_query_consumer_offset, rkmq__broker_update_consumer_offset,
    rkmq__broker_search_offset, rkmq__broker_get_max_offset, rkmq__broker_get_min_offset,
    rkmq__broker_earliest_store_time, rkmq__broker_reset_offset;
/* handlers/client.c */
rkmq_broker_handler_fn rkmq__broker_heart_beat, rkmq__broker_unregister_client,
    rkmq__broker_consumer_list, rkmq__broker_check_client_config;
rkmq_consumer_ids_changed_fn rkmq__broker_consumer_ids_changed;
rkmq_consumer_member_fn rkmq__broker_consumer_member;
/* handlers/lock.c */
rkmq_broker_handler_fn rkmq__broker_lock_batch, rkmq__broker_unlock_batch;
/* handlers/admin.c */
rkmq_broker_handler_fn rkmq__broker_create_topic, rkmq__broker_view_message;

/* ---- broker.c and broker_life.c ---- */

/* Listens at config->addr and registers; on failure some of it is there. */
int rkmq__broker_open(struct rkmq_broker *brk, const struct rkmq_broker_config *config,
                      struct rkmq_err *err);
/* Starts what runs on timers. */
void rkmq__broker_timers_start(struct rkmq_broker *brk);
void rkmq__broker_timers_stop(struct rkmq_broker *brk);

/* ---- topics.c ---- */

/* Makes or changes a topic and tells the name servers. Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__broker_topic_set(struct rkmq_broker *brk, const struct rkmq_topic_config *config,
                           struct rkmq_topic **out);
/*
 * The group's %RETRY% or %DLQ% topic, made when it is not there. Errors: RKMQ_E_INVALID name too
 * long, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
int rkmq__broker_group_topic(struct rkmq_broker *brk, const char *prefix, struct rkmq_slice group,
                             int32_t queues, struct rkmq_topic **out);

/* ---- put_message.c ---- */

struct rkmq_property {
    const char *name;
    struct rkmq_slice value; /* empty: taken out */
};
/* `old` with those properties replaced, added or taken out. */
void rkmq__properties_set(struct rkmq_slice old, const struct rkmq_property *set, size_t n,
                          struct rkmq_bytes *out);
/* What a broker adds to a message of a client: region, trace switch, cluster, and UNIQ_KEY when
 * there is none (to a batch it gives none: sendBatchMessage, 5.3.3); POP_CK goes. */
void rkmq__broker_properties(struct rkmq_broker *brk, struct rkmq_slice from_client, bool is_batch,
                             struct rkmq_bytes *out);
/* Born and store host of a record, and the bits of its sysFlag that say how wide they are. */
void rkmq__broker_record_hosts(const struct rkmq_broker *brk, const struct rkmq_host *born,
                               struct rkmq_record *record);

/* Where records went. */
struct rkmq_put_result {
    struct rkmq_queue *queue;
    int64_t first_offset;
};
/*
 * Stores a record in its topic's queue; with a DELAY property in the schedule topic instead, from
 * where it comes at its time. Fills the record's offsets. Nobody is woken: that is for
 * rkmq__broker_arrived, after the answer. Errors: RKMQ_E_INVALID a part is too large, RKMQ_E_LIMIT
 * the store is full, RKMQ_E_NOMEM.
 */
int rkmq__broker_put(struct rkmq_broker *brk, struct rkmq_topic *topic, struct rkmq_record *record,
                     struct rkmq_put_result *out);
/* The same, whatever its properties say of delay. */
int rkmq__broker_put_now(struct rkmq_broker *brk, struct rkmq_topic *topic,
                         struct rkmq_record *record, struct rkmq_put_result *out);
/* False: MESSAGE_ILLEGAL. */
bool rkmq__record_is_legal(const struct rkmq_record *record);
void rkmq__broker_arrived(struct rkmq_broker *brk, const struct rkmq_put_result *result);
/* The answer code for a failed put. */
int rkmq__put_code(int status);
const char *rkmq__put_remark(int status);

#endif
