/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_MOCK_H
#define RKMQ_MOCK_H

/*
 * A RocketMQ cluster in one process: name servers and brokers that any client can talk to, in
 * memory, on virtual time or on TCP. Everything a real 5.3.3 server would answer and this one does
 * not know is answered REQUEST_CODE_NOT_SUPPORTED and logged.
 *
 * A simulated runtime has a host per server: "ns0", "ns1", ..., "broker-a", "broker-b", ...
 */

#include <rkmq/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_MOCK_SERVERS_MAX 26

struct rkmq_mock;

/* One frame a server received or sent, or a connection that came or went: the raw material of every
 * verdict. */
enum rkmq_mock_event_kind {
    RKMQ_MOCK_OPENED,
    RKMQ_MOCK_CLOSED,
    RKMQ_MOCK_REQUEST, /* a peer asks this server */
    RKMQ_MOCK_ANSWER,  /* this server answers; request_code says what */
    RKMQ_MOCK_PUSH,    /* this server asks a client (40, ...) */
    RKMQ_MOCK_PUSH_ANSWER,
    RKMQ_MOCK_FAULT,         /* a fault rule took effect on the frame `cmd` */
    RKMQ_MOCK_MEMBER_JOIN,   /* a consumer is in `group` from now on */
    RKMQ_MOCK_MEMBER_LEAVE,  /* unregistered, or its connection closed */
    RKMQ_MOCK_MEMBER_EXPIRE, /* silent for 120 s */
    RKMQ_MOCK_ROUTE /* a name server: `broker` carries `queues` queues of `topic` from now on */
};
#define RKMQ_MOCK_CLIENT_ID_BYTES 256 /* a longer one is cut in MEMBER events */
struct rkmq_command;
struct rkmq_mock_event {
    rkmq_ms now, wall;
    enum rkmq_mock_event_kind kind;
    const char *server;    /* "ns0", "broker-a" */
    uint64_t connection;   /* of that server */
    const char *peer;      /* "ip:port" */
    const char *client_id; /* from the connection's heartbeat, or "" */
    int request_code;      /* of the request, or of the request that is answered */
    /* The frame; NULL where there is none. Borrowed. Of answers only those with members or a
     * route show their body. */
    const struct rkmq_command *cmd;
    size_t body_bytes;
    bool is_late;      /* a fault rule kept the frame until now, or this is its second copy */
    const char *why;   /* CLOSED */
    const char *fault; /* FAULT: the rule's id */
    struct rkmq_slice group, topic, broker; /* MEMBER, ROUTE. Borrowed */
    int32_t queues, perm;                   /* ROUTE: for reading; 0 and 0: it is gone */
};
/* Thread: loop. Must not call back into the mock. */
typedef void rkmq_mock_event_fn(void *user, const struct rkmq_mock_event *event);

/* What fault rules call the other end of a connection. Thread: loop. */
typedef const char *rkmq_mock_peer_name_fn(void *user, const char *server, const char *peer,
                                           const char *client_id);

struct rkmq_mock_options {
    size_t size;
    unsigned namesrvs, brokers;
    const char *bind_host;      /* numeric; "127.0.0.1" */
    const char *advertise_host; /* the host in routes and offset message ids; NULL: the one bound */
    uint16_t namesrv_port;      /* 0: any; the n-th name server gets port + n */
    uint16_t broker_port;       /* 0: any; the n-th broker gets port + 10 n */
    const char *cluster;
    bool auto_create_topic_enable;
    unsigned default_topic_queue_nums; /* TBW102 */
    rkmq_ms register_period_ms;        /* broker to name server */
    size_t frame_bytes_max;
    size_t store_bytes_max; /* of all queues of a broker; above it sends are answered SYSTEM_BUSY */
    rkmq_ms offset_flush_ms; /* how often consumer offsets reach the disk; 0: at once */
    const rkmq_ms *broker_offset_flush_ms; /* of each broker by itself; NULL: offset_flush_ms */
    rkmq_mock_event_fn *on_event;
    void *on_event_user;
    rkmq_mock_peer_name_fn *peer_name; /* NULL: the client id where it is known, else "ip:port" */
    void *peer_name_user;
};
#define RKMQ_MOCK_OPTIONS_INIT                                                                     \
    {                                                                                              \
        .size = sizeof(struct rkmq_mock_options), .namesrvs = 1, .brokers = 1,                     \
        .bind_host = "127.0.0.1", .cluster = "DefaultCluster", .auto_create_topic_enable = true,   \
        .default_topic_queue_nums = 8, .register_period_ms = 30000, .frame_bytes_max = 16u << 20,  \
        .store_bytes_max = (size_t)4 << 30,                                                        \
    }

/*
 * Binds, registers the brokers with every name server, and returns when all routes can be asked
 * for. `o` may be NULL. Errors: RKMQ_E_INVALID, RKMQ_E_IO (err names the port), RKMQ_E_NOMEM.
 * Thread: as all functions here, any one at a time; not from an event or a listener.
 */
RKMQ_API int rkmq_mock_create(struct rkmq_mock **out, struct rkmq_runtime *rt,
                              const struct rkmq_mock_options *o, struct rkmq_err *err);
RKMQ_API void rkmq_mock_destroy(struct rkmq_mock *m);
/* All name servers, "ip:port;ip:port", as a client takes them. */
RKMQ_API const char *rkmq_mock_namesrv_addr(const struct rkmq_mock *m);
RKMQ_API unsigned rkmq_mock_broker_count(const struct rkmq_mock *m);
RKMQ_API const char *rkmq_mock_broker_name(const struct rkmq_mock *m, unsigned broker);
RKMQ_API const char *rkmq_mock_broker_addr(const struct rkmq_mock *m, unsigned broker);

/* Creates the topic on every broker, or changes its queue count (read and write). Errors:
 * RKMQ_E_INVALID, _NOMEM. */
RKMQ_API int rkmq_mock_topic(struct rkmq_mock *m, const char *topic, unsigned queues_per_broker);
/*
 * Puts `n` messages with body `text` ("%d" in it becomes the number) round robin over all queues.
 * `tag` may be NULL. Errors: RKMQ_E_NOT_FOUND no such topic, RKMQ_E_LIMIT store full, RKMQ_E_NOMEM.
 */
RKMQ_API int rkmq_mock_publish(struct rkmq_mock *m, const char *topic, const char *tag,
                               const char *text, unsigned n);
/* Sum over all brokers and queues. -1 when nothing was ever committed. */
RKMQ_API int64_t rkmq_mock_committed(struct rkmq_mock *m, const char *group, const char *topic);
/* Sum of max offsets over all brokers and queues; -1: no such topic. */
RKMQ_API int64_t rkmq_mock_max_offset(struct rkmq_mock *m, const char *topic);
/* Queue ids of one broker: committed offset of the group, -1 when there is none. */
RKMQ_API int64_t rkmq_mock_committed_of(struct rkmq_mock *m, unsigned broker, const char *group,
                                        const char *topic, int32_t queue_id);
/* Waits until the committed offsets of the group add up to `total` or more. Errors: RKMQ_E_TIMEOUT,
 * RKMQ_E_STATE. */
RKMQ_API int rkmq_mock_await_committed(struct rkmq_mock *m, const char *group, const char *topic,
                                       int64_t total, rkmq_ms timeout_ms);
/* How often a server answered requests of that code (request_code < 0: all). */
RKMQ_API uint64_t rkmq_mock_seen(struct rkmq_mock *m, int request_code);

/* ---- servers that go down and come up again, at the address they had ---- */

/* What a broker finds on its disk when it comes up. */
enum rkmq_mock_keep {
    RKMQ_MOCK_KEEP_ALL,
    RKMQ_MOCK_KEEP_FLUSHED, /* consumer offsets as they were flushed last (offset_flush_ms) */
    RKMQ_MOCK_KEEP_NONE
};
/* A clean end: unregisters from the name servers, then closes. Returns when it is down. */
RKMQ_API void rkmq_mock_broker_shutdown(struct rkmq_mock *m, unsigned broker);
/* Gone at once: connections are reset, name servers see theirs closed. */
RKMQ_API void rkmq_mock_broker_kill(struct rkmq_mock *m, unsigned broker);
/* Returns when it is registered everywhere; one that is up: nothing. Errors: RKMQ_E_IO, _NOMEM,
 * RKMQ_E_TIMEOUT. */
RKMQ_API int rkmq_mock_broker_start(struct rkmq_mock *m, unsigned broker, enum rkmq_mock_keep keep,
                                    struct rkmq_err *err);
/* A name server keeps nothing: brokers register with their next period. */
RKMQ_API void rkmq_mock_namesrv_stop(struct rkmq_mock *m, unsigned namesrv);
RKMQ_API int rkmq_mock_namesrv_start(struct rkmq_mock *m, unsigned namesrv, struct rkmq_err *err);
/*
 * Changes the topic on one broker: queue count (read and write) and permission bits (4 read,
 * 2 write); negative: as it is. Errors: RKMQ_E_NOT_FOUND, RKMQ_E_INVALID, RKMQ_E_NOMEM.
 */
RKMQ_API int rkmq_mock_topic_change(struct rkmq_mock *m, unsigned broker, const char *topic,
                                    int32_t queues, int32_t perm);

/* ---- fault rules: addressed by what a request means, not by packets ---- */

#define RKMQ_FAULT_RULES_MAX 256
#define RKMQ_FAULT_FRAMES_MAX 65536 /* held, delayed or awaiting an answer; then rules rest */

/* Refused, done but not answered, and unknown are three worlds: which end of the exchange suffers.
 */
enum rkmq_fault_applied {
    RKMQ_APPLIED_NO,    /* the request, before it is handled */
    RKMQ_APPLIED_YES,   /* the answer; requests without one do not match */
    RKMQ_APPLIED_EITHER /* one of the two, by the seed */
};
enum rkmq_fault_effect {
    RKMQ_FAULT_OBSERVE, /* counted and reported, no more */
    RKMQ_FAULT_REPLY,   /* answered with reply_code and reply_remark */
    RKMQ_FAULT_DELAY,   /* by delay_ms */
    RKMQ_FAULT_HOLD,    /* until released */
    RKMQ_FAULT_DROP,
    RKMQ_FAULT_DUP,   /* once more, right after */
    RKMQ_FAULT_CLOSE, /* the connection, instead */
    RKMQ_FAULT_RESET,
    RKMQ_FAULT_TRUNCATE, /* the answer's first `bytes`, then the connection is closed */
    RKMQ_FAULT_GARBLE    /* `bytes` bytes of the answer behind its length are changed */
};
/*
 * What is not set matches everything. A request is the client's, or one that a broker pushes
 * (40, ...): then `from` is the broker. A broker asking a name server is called by its name.
 */
struct rkmq_mock_fault {
    size_t size;
    const char *id;   /* for events; not empty */
    int request_code; /* -1: any */
    const char *from, *to;
    const char *group, *topic;
    int32_t queue_id;                /* -1: any */
    uint64_t nth_from, nth_to;       /* of the requests that match, counted from 1; 0: no bound */
    uint64_t times;                  /* it takes effect so often at most; 0: no bound */
    uint32_t per_million;            /* chance; 0: always */
    enum rkmq_fault_applied applied; /* TRUNCATE and GARBLE: always YES */
    enum rkmq_fault_effect effect;
    rkmq_ms delay_ms;
    int reply_code;
    const char *reply_remark;
    const void *reply_body; /* REPLY: NULL for none */
    size_t reply_body_bytes;
    size_t bytes;
};
#define RKMQ_MOCK_FAULT_INIT                                                                       \
    {                                                                                              \
        .size = sizeof(struct rkmq_mock_fault), .request_code = -1, .queue_id = -1, .bytes = 1,    \
    }

/* The first rule that takes effect is the only one. Copies `fault`. Errors: RKMQ_E_INVALID (err
 * says what), RKMQ_E_STATE the id is taken, RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
RKMQ_API int rkmq_mock_fault_add(struct rkmq_mock *m, const struct rkmq_mock_fault *fault,
                                 struct rkmq_err *err);
/* What it holds goes on now, in its order; the rule stays. Errors: RKMQ_E_NOT_FOUND. */
RKMQ_API int rkmq_mock_fault_release(struct rkmq_mock *m, const char *id);
/* Released, and the rule is gone. Errors: RKMQ_E_NOT_FOUND. */
RKMQ_API int rkmq_mock_fault_remove(struct rkmq_mock *m, const char *id);
/* How often it took effect; 0 also for a rule that is not there. */
RKMQ_API uint64_t rkmq_mock_fault_hits(struct rkmq_mock *m, const char *id);

#ifdef __cplusplus
}
#endif
#endif
