/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_EVENT_H
#define RKMQ_RUNNER_EVENT_H

/*
 * The one stream every verdict comes from: what the servers saw, what our consumer and its listener
 * did, what the script did. Totally ordered by (time, sequence). Names are interned: an id is an
 * index into the log's name table, 0 is "no name". Kept in memory as an array of fixed-size events;
 * written as JSON lines on request.
 *
 * Evidence: W events come from the mock and exist for every client; L events need a listener
 * adapter; H events come from hooks in our own consumer.
 */

#include "remoting/base/containers.h"
#include <rkmq/sim.h>

#define RKMQ_EVENTS_MAX (64u << 20)      /* of one run */
#define RKMQ_EVENT_NAMES_MAX (16u << 20) /* distinct texts of one run */

typedef uint32_t rkmq_name; /* interned text; 0: none */

/* X(enumerator, name in files, evidence) */
#define RKMQ_EVENT_TABLE(X)                                                                        \
    X(CONN_OPEN, "conn-open", W)   /* who -> server */                                             \
    X(CONN_CLOSE, "conn-close", W) /* text says why, as the server sees it */                      \
    X(REQ, "req", W)       /* who asks peer: code, opaque, oneway, key fields; see below */        \
    X(RESP, "resp", W)     /* who answers peer: code of the request, status = response code */     \
    X(APPEND, "append", W) /* a message entered a queue: offset, key, tag */                       \
    X(COMMIT, "commit",                                                                            \
      W) /* committed offset of (group, queue) became offset; before = offset2 */                  \
    X(COMMIT_REGRESS, "commit-regress", W) /* derived: offset < offset2 */                         \
    X(MEMBER_JOIN, "member-join", W)                                                               \
    X(MEMBER_LEAVE, "member-leave", W) /* unregistered or connection closed */                     \
    X(MEMBER_EXPIRE, "member-expire", W)                                                           \
    X(ROUTE_PUBLISH, "route-publish",                                                              \
      W) /* who, a name server: broker has count queues of topic; status = perm; 0: it is gone */  \
    X(TOPIC, "topic", W) /* broker has count queues of topic from now on; status = perm */         \
    X(SERVER_UP, "server-up", W)                                                                   \
    X(SERVER_DOWN, "server-down", W)                                                               \
    X(OWNER_OVERLAP, "owner-overlap", H) /* derived: two members have one queue; who, peer */      \
    X(DELIVER, "deliver",                                                                          \
      L) /* a message is handed to a listener; key, offset, reconsume = count */                   \
    X(REDELIVERY, "redelivery", L) /* derived: that message was delivered to the group before */   \
    X(LISTENER_BEGIN, "listener-begin", L) /* offset..offset2 of queue, count messages */          \
    X(LISTENER_END, "listener-end", L)     /* status 0 success, 1 later */                         \
    X(ACTOR_START, "actor-start", L)                                                               \
    X(ACTOR_STARTED, "actor-started", L) /* status */                                              \
    X(ACTOR_STOP, "actor-stop", L)                                                                 \
    X(ACTOR_STOPPED, "actor-stopped", L)                                                           \
    X(ACTOR_CRASH, "actor-crash", L)                                                               \
    X(ACTOR_PAUSE, "actor-pause", L)                                                               \
    X(ACTOR_RESUME, "actor-resume", L)                                                             \
    X(ACTOR_GONE, "actor-gone", H) /* left of it: count sockets, offset timers and pools */        \
    X(ASSIGN, "assign", H)         /* member who now owns count queues of topic */                 \
    X(PQ_ADD, "pq-add", H)         /* offset = where pulling starts */                             \
    X(PQ_DROP, "pq-drop", H)                                                                       \
    X(CACHE_PUT, "cache-put", H) /* count messages offset..offset2 entered the process queue */    \
    X(CACHE_EVICT, "cache-evict", H) /* count left it; offset = lowest unfinished */               \
    X(STEP, "step", W)               /* the script's step `text` began */                          \
    X(MARK, "mark", W)                                                                             \
    X(NOTE, "note", W)                                                                             \
    X(FAULT, "fault", W) /* rule `text` took effect on a request of code */                        \
    X(FAULT_ON, "fault-on",                                                                        \
      W) /* rule `text` is in force: who, peer, code; status = effect, offset = delay */           \
    X(FAULT_OFF, "fault-off", W) /* ... no more */                                                 \
    X(LINK, "link", W)     /* who -> peer is now: status = enum rkmq_link_state, offset = delay */ \
    X(HEALED, "healed", W) /* no fault is active any more */                                       \
    X(END, "end", W)

enum rkmq_event_kind {
#define X(name, text, evidence) RKMQ_EV_##name,
    RKMQ_EVENT_TABLE(X)
#undef X
        RKMQ_EV_COUNT
};

/*
 * What a body says stands in `text`, where a verdict needs it:
 *   RESP GET_CONSUMER_LIST_BY_GROUP  "c1 c2 10.0.0.9@1": the members as served, by client id
 *   RESP GET_ROUTEINFO_BY_TOPIC      "broker-a:8 broker-b:4": readable queues, by broker
 *   REQ HEART_BEAT                   "g=T,%RETRY%g h=U": what each group subscribes to
 *   REQ with RKMQ_EVF_MALFORMED      what is wrong with it
 */
enum rkmq_link_state { RKMQ_LINK_AS_GIVEN, RKMQ_LINK_CHANGED, RKMQ_LINK_CUT };

enum rkmq_event_flag {
    RKMQ_EVF_ONEWAY = 1,
    RKMQ_EVF_PUSHED = 2,    /* the server asks the client */
    RKMQ_EVF_HELD = 4,      /* a fault rule kept it until now; a commit: the request that made it */
    RKMQ_EVF_SUSPEND = 8,   /* a pull that may be held */
    RKMQ_EVF_COMMITS = 16,  /* a pull that carries a commit in offset2 */
    RKMQ_EVF_MALFORMED = 32 /* a request that lacks what its code needs */
};

struct rkmq_event {
    uint64_t sequence;
    rkmq_us at; /* since the start of the run */
    enum rkmq_event_kind kind;
    uint32_t flags;
    rkmq_name who, peer; /* actor or server names; a client that is no actor: its client id */
    rkmq_name group, topic, broker;
    rkmq_name key, text;
    int32_t queue_id; /* -1: none */
    int32_t code, status, opaque, count;
    uint32_t body_bytes;
    int64_t offset, offset2; /* INT64_MIN: none. PULL answers: nextBeginOffset and maxOffset */
    int64_t version;         /* subVersion, wall time of a heartbeat's subscription, ... */
};

struct rkmq_event_log;
int rkmq__event_log_create(struct rkmq_event_log **out, const struct rkmq_mem *mem);
void rkmq__event_log_destroy(struct rkmq_event_log *log);
rkmq_name rkmq__event_log_name(struct rkmq_event_log *log,
                               struct rkmq_slice text); /* interns; 0 when memory is out */
struct rkmq_slice rkmq__event_log_text(const struct rkmq_event_log *log, rkmq_name name);
/* Gives the event its sequence. A log that is out of memory remembers it (is_failed) and drops what
 * follows. */
void rkmq__event_log_add(struct rkmq_event_log *log, const struct rkmq_event *event);
bool rkmq__event_log_is_failed(const struct rkmq_event_log *log);
size_t rkmq__event_log_count(const struct rkmq_event_log *log);
const struct rkmq_event *rkmq__event_log_at(const struct rkmq_event_log *log, size_t index);
uint64_t
rkmq__event_log_hash(const struct rkmq_event_log *log); /* over every field and name, in order */
void rkmq__event_write_json(const struct rkmq_event_log *log, const struct rkmq_event *event,
                            struct rkmq_bytes *out);
/* "12.345678 c1 -> broker-a PULL_MESSAGE T@broker-a/3 offset=17 ..." as people read it. */
void rkmq__event_write_line(const struct rkmq_event_log *log, const struct rkmq_event *event,
                            struct rkmq_bytes *out);
/* ... and parts of it: "T@broker-a/3"; " group=g offset=17 ...". */
void rkmq__event_write_queue(const struct rkmq_event_log *log, const struct rkmq_event *event,
                             struct rkmq_bytes *out);
void rkmq__event_write_details(const struct rkmq_event_log *log, const struct rkmq_event *event,
                               struct rkmq_bytes *out);
/* Of the request that an event is about; NULL: it is about none. */
const char *rkmq__event_code_name(const struct rkmq_event *event);
const char *rkmq__event_kind_name(enum rkmq_event_kind kind);
/* Rests on hooks in our own consumer: no other client's log has any. */
bool rkmq__event_kind_needs_hooks(enum rkmq_event_kind kind);

#endif
