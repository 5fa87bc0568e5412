/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CONSUMER_H
#define RKMQ_CONSUMER_H

/*
 * DefaultMQPushConsumer in C: give it a group, subscriptions and a listener, start it, and messages
 * arrive.
 *
 *     create -> subscribe* -> start -> (pause/resume)* -> shutdown -> destroy
 *
 * Consumers with the same client id (host@instance) on one runtime share one client instance: its
 * connections, its heartbeats, its timers. Within one instance a group name can be registered once.
 * The listener runs on worker threads (live) or inline on virtual time (sim). Messages handed to it
 * are borrowed for the call; rkmq_msg_ref keeps one longer. Source: DefaultMQPushConsumer,
 * DefaultMQPushConsumerImpl (client, 5.3.3); names and defaults are theirs.
 */

#include <rkmq/message.h>
#include <rkmq/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rkmq_message_model { RKMQ_BROADCASTING, RKMQ_CLUSTERING };
enum rkmq_consume_from_where {
    RKMQ_CONSUME_FROM_LAST_OFFSET,
    RKMQ_CONSUME_FROM_FIRST_OFFSET,
    RKMQ_CONSUME_FROM_TIMESTAMP
};
enum rkmq_consume_status {
    RKMQ_CONSUME_SUCCESS,
    RKMQ_RECONSUME_LATER,
    /* Ours: as if this call had not been made. The messages are neither consumed nor sent back, and
     * the offset stays before them: for a listener that wants no more and is about to be stopped.
     * If it is not, they come again in 5 s. */
    RKMQ_CONSUME_UNTOUCHED
};

/*
 * One code, several generations of behaviour.
 *   RKMQ      prompt: immediate rebalance at start, no 1 s spacing before the first one, no 0.5 s
 * before first pulls JAVA_5_3  every wait as measured in the Java client 5.3.3
 */
enum rkmq_profile { RKMQ_PROFILE_RKMQ, RKMQ_PROFILE_JAVA_5_3 };

struct rkmq_msg;

/* What a listener sees of a message; all texts are borrowed from the message. */
struct rkmq_msg_view {
    struct rkmq_slice topic; /* the original topic of a retried message */
    struct rkmq_slice body;  /* decompressed */
    struct rkmq_slice properties;
    struct rkmq_slice msg_id; /* UNIQ_KEY, or the offset message id where there is none */
    struct rkmq_slice tags, keys;
    struct rkmq_slice broker_name;
    int32_t queue_id;
    int64_t queue_offset, commit_log_offset;
    int32_t sys_flag, flag, reconsume_times;
    int64_t born_ms, store_ms;
    struct rkmq_host born_host, store_host;
};
/* Fills `out`. Thread: any. */
RKMQ_API void rkmq_msg_get(const struct rkmq_msg *m, struct rkmq_msg_view *out);
RKMQ_API struct rkmq_slice rkmq_msg_body(const struct rkmq_msg *m);
RKMQ_API struct rkmq_slice rkmq_msg_property(const struct rkmq_msg *m, const char *name);
/* "AC11...": 32 upper-case hex characters of the store host and commit-log offset. */
RKMQ_API void rkmq_msg_offset_id(const struct rkmq_msg *m, char out[RKMQ_OFFSET_ID_CHARS_MAX + 1]);
RKMQ_API struct rkmq_msg *rkmq_msg_ref(struct rkmq_msg *m);
RKMQ_API void rkmq_msg_unref(struct rkmq_msg *m);

/* ConsumeConcurrentlyContext */
struct rkmq_consume_context {
    struct rkmq_slice topic; /* of the queue: the %RETRY% topic for a retried message */
    struct rkmq_slice broker_name;
    int32_t queue_id;
    int32_t delay_level_when_next_consume; /* 0: broker decides; -1: straight to the DLQ; > 0: that
                                              level */
    int32_t ack_index; /* with CONSUME_SUCCESS: the last message that succeeded */
};
typedef enum rkmq_consume_status
rkmq_message_listener_concurrently(void *user, struct rkmq_msg *const *msgs, size_t n,
                                   struct rkmq_consume_context *context);

struct rkmq_queue {
    const char *topic, *broker_name;
    int32_t queue_id;
};
/* MessageQueueListener: the queues of `topic` that this member owns from now on. Thread: loop; must
 * not block. */
typedef void rkmq_message_queue_listener(void *user, const char *topic,
                                         const struct rkmq_queue *assigned, size_t n);

/* What a consumer does with its queues, for event logs and metrics. */
enum rkmq_push_event_kind {
    RKMQ_PUSH_QUEUE_ADDED,   /* pulls begin at `offset` */
    RKMQ_PUSH_QUEUE_DROPPED, /* nothing of it is pulled or committed any more */
    RKMQ_PUSH_CACHE_PUT,     /* `count` messages, offset..offset2, were pulled */
    RKMQ_PUSH_LISTENER_DONE, /* a call with offset..offset2 ended; n_failed of count are to come
                                again */
    RKMQ_PUSH_CACHE_EVICT    /* `count` messages are finished; what is below `offset` all are */
};
struct rkmq_push_event {
    enum rkmq_push_event_kind kind;
    struct rkmq_slice topic, broker_name; /* borrowed for the call */
    int32_t queue_id;
    int64_t offset, offset2;
    size_t count, n_failed;
};
/* Thread: loop; must not call back. */
typedef void rkmq_push_event_fn(void *user, const struct rkmq_push_event *event);

/*
 * AllocateMessageQueueStrategy: which of the sorted queues 0..n_queues-1 go to member `self` of
 * `n_members` (sorted by client id; `self` is the first occurrence of the own id). Sets mine[i].
 * Thread: loop.
 */
typedef void rkmq_allocate_fn(void *user, size_t n_queues, size_t n_members, size_t self,
                              bool *mine);
RKMQ_API rkmq_allocate_fn rkmq_allocate_averagely;           /* AVG, the default */
RKMQ_API rkmq_allocate_fn rkmq_allocate_averagely_by_circle; /* AVG_BY_CIRCLE */

struct rkmq_push_options {
    size_t size;
    const char *consumer_group;
    const char *namesrv_addr;  /* "host:port", several separated by ';' */
    const char *instance_name; /* "DEFAULT": replaced by pid#nanoTime for CLUSTERING */
    const char *unit_name;     /* NULL: none */
    const char *client_ip;     /* in the client id; NULL: the host's address */
    const char
        *host; /* name of the runtime's host; NULL: "client". In simulation each process is one */
    enum rkmq_profile profile;
    enum rkmq_message_model message_model;
    enum rkmq_consume_from_where consume_from_where;
    rkmq_ms consume_timestamp_ms; /* with FROM_TIMESTAMP; 0: half an hour ago */
    rkmq_allocate_fn *allocate_message_queue_strategy;
    void *allocate_user;
    int consume_thread_min, consume_thread_max;
    int consume_concurrently_max_span;
    int pull_threshold_for_queue, pull_threshold_for_topic;
    int pull_threshold_size_for_queue, pull_threshold_size_for_topic; /* MiB */
    rkmq_ms pull_interval_ms;
    int consume_message_batch_max_size;
    int pull_batch_size;
    int pull_batch_size_in_bytes;
    bool post_subscription_when_pull;
    bool unit_mode;
    int max_reconsume_times; /* -1: 16 */
    int consume_timeout_minutes;
    rkmq_ms
        await_termination_ms_when_shutdown; /* how long shutdown waits for listeners under way */
    /* ClientConfig */
    rkmq_ms poll_name_server_interval_ms, heartbeat_broker_interval_ms,
        persist_consumer_offset_interval_ms;
    rkmq_ms mq_client_api_timeout_ms, pull_time_delay_ms_when_exception;
    enum { RKMQ_SERIALIZE_JSON, RKMQ_SERIALIZE_ROCKETMQ } serialize_type;
    size_t frame_bytes_max;

    rkmq_message_listener_concurrently *message_listener;
    void *message_listener_user;
    rkmq_message_queue_listener *message_queue_listener; /* may be NULL */
    void *message_queue_listener_user;
    rkmq_push_event_fn *on_event; /* may be NULL */
    void *on_event_user;
};
#define RKMQ_PUSH_OPTIONS_INIT                                                                     \
    {                                                                                              \
        .size = sizeof(struct rkmq_push_options), .instance_name = "DEFAULT",                      \
        .profile = RKMQ_PROFILE_RKMQ, .message_model = RKMQ_CLUSTERING,                            \
        .consume_from_where = RKMQ_CONSUME_FROM_LAST_OFFSET,                                       \
        .allocate_message_queue_strategy = rkmq_allocate_averagely, .consume_thread_min = 20,      \
        .consume_thread_max = 20, .consume_concurrently_max_span = 2000,                           \
        .pull_threshold_for_queue = 1000, .pull_threshold_for_topic = -1,                          \
        .pull_threshold_size_for_queue = 100, .pull_threshold_size_for_topic = -1,                 \
        .consume_message_batch_max_size = 1, .pull_batch_size = 32,                                \
        .pull_batch_size_in_bytes = 262144, .max_reconsume_times = -1,                             \
        .consume_timeout_minutes = 15, .await_termination_ms_when_shutdown = 5000,                 \
        .poll_name_server_interval_ms = 30000, .heartbeat_broker_interval_ms = 30000,              \
        .persist_consumer_offset_interval_ms = 5000, .mq_client_api_timeout_ms = 3000,             \
        .pull_time_delay_ms_when_exception = 1000, .frame_bytes_max = 16u << 20,                   \
    }

struct rkmq_push_consumer;

/*
 * Copies the options and checks them (checkConfig's order and wording in err).
 * Errors: RKMQ_E_INVALID, RKMQ_E_NOMEM. Thread: as all functions here, any one at a time; not from
 * a listener.
 */
RKMQ_API int rkmq_push_consumer_create(struct rkmq_push_consumer **out, struct rkmq_runtime *rt,
                                       const struct rkmq_push_options *o, struct rkmq_err *err);
/* `expression`: "*", or tags joined by ||. Before start or while running. Errors: RKMQ_E_INVALID,
 * RKMQ_E_NOMEM. */
RKMQ_API int rkmq_push_consumer_subscribe(struct rkmq_push_consumer *c, const char *topic,
                                          const char *expression, struct rkmq_err *err);
RKMQ_API int rkmq_push_consumer_unsubscribe(struct rkmq_push_consumer *c, const char *topic);
/*
 * The start sequence: routes, heartbeat, immediate rebalance. Returns when the heartbeats are
 * answered. Errors: RKMQ_E_STATE started once already, or the group exists in this instance;
 * RKMQ_E_CLOSED no name server can be reached; RKMQ_E_TIMEOUT. After an error the consumer can only
 * be destroyed.
 */
RKMQ_API int rkmq_push_consumer_start(struct rkmq_push_consumer *c, struct rkmq_err *err);
RKMQ_API void rkmq_push_consumer_suspend(struct rkmq_push_consumer *c);
RKMQ_API void rkmq_push_consumer_resume(struct rkmq_push_consumer *c);
/*
 * Drains listeners (await_termination_ms_when_shutdown), persists offsets, unregisters, closes. A
 * consumer that is not running: nothing. Errors: RKMQ_E_TIMEOUT listeners were still running; all
 * else was done, destroy waits for them.
 */
RKMQ_API int rkmq_push_consumer_shutdown(struct rkmq_push_consumer *c);
/* Shuts down if needed. NULL does nothing. Waits for listeners under way. */
RKMQ_API void rkmq_push_consumer_destroy(struct rkmq_push_consumer *c);

/* ---- inspection ---- */
RKMQ_API const char *
rkmq_push_consumer_client_id(const struct rkmq_push_consumer *c); /* "" before start */
/* Owned queues, at most `n_max` of them into `out` (may be NULL); the count. Texts live until the
 * next call. */
RKMQ_API size_t rkmq_push_consumer_assigned(struct rkmq_push_consumer *c, struct rkmq_queue *out,
                                            size_t n_max);
struct rkmq_push_stats {
    uint64_t pulls, pulled_messages, pulled_bytes, consumed_ok, consumed_later, flow_controlled,
        rebalances;
    uint64_t cached_messages; /* now */
};
RKMQ_API void rkmq_push_consumer_stats(struct rkmq_push_consumer *c, struct rkmq_push_stats *out);

#ifdef __cplusplus
}
#endif
#endif
