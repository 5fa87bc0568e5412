/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_H
#define RKMQ_BROKER_H

/*
 * The mock broker (a master, brokerId 0): listens, registers with every name server, keeps topics,
 * messages, consumer offsets, members and locks in memory, and answers clients and admin tools.
 * Everything it does not know is answered REQUEST_CODE_NOT_SUPPORTED and logged. Source:
 * BrokerController, BrokerOuterAPI and the processors named in handlers/ (broker, 5.3.3).
 *
 * Invariants
 *   - Queue offsets are dense from 0; commit-log offsets grow by each record's size.
 *   - Stored records are never changed or moved: pull answers are views of them.
 *   - Nothing is answered from within create, stop or destroy.
 *
 * Thread: the env's. No function here may be called from an event of `watch`.
 */

#include "remoting/rpc/channel.h"

#define RKMQ_BROKER_TOPICS_MAX 65536
#define RKMQ_BROKER_GROUPS_MAX 65536
#define RKMQ_BROKER_QUEUES_MAX 1024       /* per topic; BenchmarkTest has as many */
#define RKMQ_BROKER_QUEUES_ALL_MAX 262144 /* of all topics */
#define RKMQ_BROKER_HELD_PULLS_MAX 100000

#define RKMQ_BROKER_REGISTER_FIRST_MS 10000   /* the second registration; then every period */
#define RKMQ_BROKER_REGISTER_TIMEOUT_MS 24000 /* registerBrokerTimeoutMills */
#define RKMQ_BROKER_UNREGISTER_TIMEOUT_MS 3000

struct rkmq_broker;

/* What became of a member of a consumer group. */
enum rkmq_member_change {
    RKMQ_MEMBER_JOINS,
    RKMQ_MEMBER_LEAVES, /* unregistered, or its connection closed */
    RKMQ_MEMBER_EXPIRES /* silent for 120 s */
};
struct rkmq_member_event {
    enum rkmq_member_change change;
    struct rkmq_channel *channel;
    struct rkmq_slice group, client_id;
};

struct rkmq_broker_config {
    const struct rkmq_env *env;
    const char *cluster, *name;
    const char *addr;           /* "host:port" to listen on, port 0 = any */
    const char *advertise_host; /* in routes; in message ids too if numeric. NULL: the one bound */
    const char *const *namesrv_addrs; /* "ip:port" each */
    size_t n_namesrv_addrs;
    bool auto_create_topic_enable;
    unsigned default_topic_queue_nums;
    rkmq_ms register_period_ms;
    size_t frame_bytes_max;
    size_t store_bytes_max;  /* of all records; above it sends are answered SYSTEM_BUSY */
    rkmq_ms offset_flush_ms; /* flushConsumerOffsetInterval: what a kill may lose; 0: nothing */
    /* Sees connections and frames; `request` is not used, any other may be NULL. */
    struct rkmq_channel_handler watch;
    /* Sees members of consumer groups; `owner` is the watch's. May be NULL. */
    void (*watch_member)(void *owner, const struct rkmq_member_event *event);
};
#define RKMQ_BROKER_CONFIG_INIT                                                                    \
    {                                                                                              \
        .cluster = "DefaultCluster", .name = "broker-a", .addr = "127.0.0.1:0",                    \
        .auto_create_topic_enable = true, .default_topic_queue_nums = 8,                           \
        .register_period_ms = 30000, .frame_bytes_max = RKMQ_FRAME_BYTES_MAX,                      \
        .store_bytes_max = (size_t)4 << 30,                                                        \
    }

/* ---- life cycle ---- */

/*
 * Binds and starts to register. Texts of `config` are copied. Errors: RKMQ_E_INVALID (err says
 * which), RKMQ_E_IO, RKMQ_E_NOMEM.
 */
int rkmq__broker_create(struct rkmq_broker **out, const struct rkmq_broker_config *config,
                        struct rkmq_err *err);
/* Starts a clean stop: UNREGISTER_BROKER (104) to every name server that is connected. Idempotent.
 */
void rkmq__broker_stop(struct rkmq_broker *brk);
/* After `stop`: every name server answered or had RKMQ_BROKER_UNREGISTER_TIMEOUT_MS. */
bool rkmq__broker_is_stopped(const struct rkmq_broker *brk);
/* Closes listener and connections at once; without `stop` it looks like a crash. NULL: nothing. */
void rkmq__broker_destroy(struct rkmq_broker *brk);

/*
 * The process ends: listener and connections go at once, with a reset when it was killed, and the
 * name servers are not told (unless by `stop` before). What it stored stays for bring_up.
 */
void rkmq__broker_take_down(struct rkmq_broker *brk, bool is_killed);
bool rkmq__broker_is_down(const struct rkmq_broker *brk);

enum rkmq_broker_keep {
    RKMQ_BROKER_KEEP_ALL,
    RKMQ_BROKER_KEEP_FLUSHED, /* messages and topics; consumer offsets as they were flushed last */
    RKMQ_BROKER_KEEP_NONE
};
/*
 * The process starts again, at the address it had, with what it kept; `config` as for create. One
 * that is up: nothing. Errors as of create; then it is down still.
 */
int rkmq__broker_bring_up(struct rkmq_broker *brk, const struct rkmq_broker_config *config,
                          enum rkmq_broker_keep keep, struct rkmq_err *err);

/* ---- inspection ---- */

/* "host:port" as routes carry it, and "ip:port" as bound. */
const char *rkmq__broker_address(const struct rkmq_broker *brk);
const char *rkmq__broker_bound_address(const struct rkmq_broker *brk);
const char *rkmq__broker_name(const struct rkmq_broker *brk);
/* Every name server has accepted a registration with the topics as they are now. */
bool rkmq__broker_is_registered(const struct rkmq_broker *brk);
/* The client id of that connection's last heartbeat; "" before the first. */
const char *rkmq__broker_client_id(const struct rkmq_broker *brk, uint64_t channel_id);
size_t rkmq__broker_held_pulls(const struct rkmq_broker *brk);

/* ---- topics, messages and offsets by hand ---- */

/*
 * Creates the topic (perm 6) or changes its read and write queue count, and registers it.
 * Errors: RKMQ_E_INVALID name or count, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
int rkmq__broker_topic_put(struct rkmq_broker *brk, struct rkmq_slice topic, unsigned queues);
/*
 * Changes what is not negative: queue counts and enum rkmq_perm bits of a topic, which is made with
 * `queues` when it is not there. Errors: the same; RKMQ_E_NOT_FOUND no such topic and no count.
 */
int rkmq__broker_topic_change(struct rkmq_broker *brk, struct rkmq_slice topic, int32_t queues,
                              int32_t perm);
/* Sends NOTIFY_CONSUMER_IDS_CHANGED to every member of the group. */
void rkmq__broker_notify_group(struct rkmq_broker *brk, struct rkmq_slice group);
/* Calls `fn` for each member of the group, in the order of GET_CONSUMER_LIST_BY_GROUP. The id is
 * borrowed for the call. */
typedef void rkmq_broker_member_fn(void *user, struct rkmq_slice client_id);
void rkmq__broker_each_member(const struct rkmq_broker *brk, struct rkmq_slice group,
                              rkmq_broker_member_fn *fn, void *user);
/* The larger of read and write queue count; -1: no such topic. */
int rkmq__broker_topic_queues(const struct rkmq_broker *brk, struct rkmq_slice topic);
/* Its permission bits; -1: no such topic. */
int32_t rkmq__broker_topic_perm(const struct rkmq_broker *brk, struct rkmq_slice topic);

struct rkmq_broker_message {
    struct rkmq_slice topic, body;
    struct rkmq_slice tag, keys;  /* empty: none */
    struct rkmq_slice properties; /* more, as stored (name 0x01 value 0x02 ...); empty: none */
    int32_t queue_id;
    int32_t sys_flag, flag;
};
/*
 * Stores one message as if a producer of this host had sent it, and wakes held pulls.
 * `queue_offset` may be NULL. Errors: RKMQ_E_NOT_FOUND no such topic or queue, RKMQ_E_INVALID too
 * large, RKMQ_E_LIMIT store full, RKMQ_E_NOMEM.
 */
int rkmq__broker_message_put(struct rkmq_broker *brk, const struct rkmq_broker_message *message,
                             int64_t *queue_offset);

/* Of one queue, or with queue_id < 0 the sum over all. -1: no such topic or queue. */
int64_t rkmq__broker_max_offset(const struct rkmq_broker *brk, struct rkmq_slice topic,
                                int32_t queue_id);
/* The same for committed offsets; -1: nothing was ever committed. */
int64_t rkmq__broker_committed(const struct rkmq_broker *brk, struct rkmq_slice group,
                               struct rkmq_slice topic, int32_t queue_id);

#endif
