/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_SIM_WORLD_H
#define RKMQ_SIM_WORLD_H

/*
 * Inside of the simulation. The world is a heap of events ordered by (time, order of entry). Hosts,
 * connections and pools embed their events, so that putting one into the heap needs no memory.
 *
 *     world.c  time and the heap, the runtime's operations     host.c     hosts, timers, crash
 *     link.c   rules, packets on their way                     conn.c     dial, listen, send, close
 *     workers.c virtual workers                                trace.c    lines and hash
 */

#include <rkmq/sim.h>

#include "remoting/base/containers.h"
#include "runtime/address.h"
#include "runtime/conn_table.h"
#include "runtime/heap.h"
#include "runtime/random.h"

#define RKMQ_SIM_NAME_BYTES 32    /* "10.0.0.1:40000" */
#define RKMQ_SIM_HOSTS_MAX 65024u /* 256 times 254 addresses */
#define RKMQ_SIM_RULES_MAX 4096u
#define RKMQ_SIM_PORT_FIRST 40000u      /* of listeners at port 0, counting up */
#define RKMQ_SIM_DIAL_PORT_FIRST 50000u /* of dialling ends, in turn */
#define RKMQ_SIM_DIAL_PORTS 15000u
#define RKMQ_SIM_PID_FIRST 1000u
#define RKMQ_SIM_THREADS_MAX 1024u

struct sim_event {
    void (*fire)(struct sim_event *e);
    size_t heap_index;
};

/* ---- hosts ---- */
struct sim_host {
    struct rkmq_list link; /* all hosts, in order of creation */
    struct rkmq_sim *sim;
    struct rkmq_env env;
    void *shared;
    char *name;
    char address[24];
    unsigned number;  /* of its address; a host started anew after a crash keeps it */
    unsigned n_start; /* how often a host of this name was started before */
    bool is_crashed, is_crash_reset;
    uint64_t rand_state;
    unsigned next_port, n_dials;
    struct rkmq_list listeners, pools;
};

/* ---- connections ---- */
enum sim_packet_kind { SIM_SYN, SIM_ACK, SIM_REFUSED, SIM_DATA, SIM_FIN, SIM_RST };

struct sim_packet {
    struct sim_packet *next;
    enum sim_packet_kind kind;
    rkmq_us at;             /* not before */
    struct rkmq_buf *chain; /* of SIM_DATA */
};

/* One direction: what its end sent and the other end did not get yet, oldest first. */
struct sim_flow {
    struct sim_event due; /* for the first packet */
    struct sim_event low; /* raises `drained` */
    struct sim_packet *head, *tail;
    struct sim_packet open, close; /* SYN, ACK or REFUSED; FIN or RST: need no memory when sent */
    size_t n_bytes;
    bool is_high;    /* rose above the low mark since `drained` was last due */
    bool is_waiting; /* the first packet arrived at a cut */
    rkmq_us last_at;
    struct rkmq_link rule;
    uint64_t rules_version; /* `rule` is of that version of the rules; 0: of none */
};

/* What an id stands for. */
struct sim_socket {
    rkmq_conn id;
    bool is_listener;
    struct sim_host *host;
    const struct rkmq_conn_events *ev;
    void *owner;
    char name[RKMQ_SIM_NAME_BYTES];
};

struct sim_listener {
    struct sim_socket sock; /* first */
    struct rkmq_list link;
    unsigned port;
};

enum sim_end_state { SIM_END_DIALLING, SIM_END_DIALLED, SIM_END_OPEN, SIM_END_CLOSED };

struct sim_end {
    struct sim_socket sock; /* first */
    struct sim_conn *conn;
    enum sim_end_state state;
    const char *host_name; /* "" when no host has the dialled address */
    struct sim_flow out;
};

struct sim_conn {
    struct rkmq_list link;
    struct rkmq_sim *sim;
    bool is_finished;
    unsigned number, port;  /* dialled */
    char *unknown_name;     /* dialled, and no host has it; else NULL */
    struct sim_end ends[2]; /* the dialling one, the dialled one */
};

struct sim_rule {
    char *from, *to; /* NULL: every host */
    struct rkmq_link link;
};

struct sim_hash {
    uint64_t state, word;
    unsigned n_word; /* bytes in `word`, fewer than 8 */
};

struct rkmq_sim {
    struct rkmq_runtime rt; /* first */
    const struct rkmq_mem *mem;
    struct rkmq_sim_options options;
    rkmq_us now_us;
    struct rkmq__heap heap;
    uint64_t order;
    uint64_t rand_state; /* of the links */
    bool is_inside;      /* an event, a call or a condition is running */
    bool is_in_job;
    rkmq_us spent_us; /* by the running job */

    struct rkmq_list hosts;
    unsigned n_addresses;
    struct sim_rule *rules;
    size_t n_rules, n_rules_max;
    uint64_t rules_version;
    struct rkmq__conn_table table;
    struct rkmq_list conns, finished;
    struct sim_packet *packets_free;
    struct sim_hash hash;
    struct rkmq_bytes trace;
};

/* ---- world.c ---- */
/* A time that is over means now, ahead of what is due now. */
void rkmq__sim_event_put(struct rkmq_sim *s, struct sim_event *e, rkmq_us at);
void rkmq__sim_event_remove(struct rkmq_sim *s, struct sim_event *e);

/* ---- host.c ---- */
const struct rkmq_env *rkmq__sim_host(struct rkmq_runtime *rt, const char *name);
/* The one started last, crashed or not; NULL when there was none. */
struct sim_host *rkmq__sim_host_numbered(struct rkmq_sim *s, unsigned number);
/* As dialled from `from`: a name, an address, "localhost". */
struct sim_host *rkmq__sim_host_dialled(struct sim_host *from, const char *text);
void rkmq__sim_hosts_free(struct rkmq_sim *s);

/* ---- link.c ---- */
void rkmq__sim_flow_init(struct sim_end *end);
void rkmq__sim_flow_put(struct sim_end *from, struct sim_packet *packet);
void rkmq__sim_flow_clear(struct sim_end *from); /* drops all that has not arrived */
struct sim_packet *rkmq__sim_packet_create(struct rkmq_sim *s);
void rkmq__sim_packet_free(struct rkmq_sim *s, struct sim_packet *packet);
void rkmq__sim_rules_free(struct rkmq_sim *s);
struct sim_end *rkmq__sim_peer(struct sim_end *end);

/* ---- conn.c ---- */
int rkmq__sim_listen(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                     rkmq_conn *out, char bound[64], struct rkmq_err *err);
int rkmq__sim_dial(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                   rkmq_conn *out);
int rkmq__sim_send(void *ctx, rkmq_conn c, struct rkmq_buf *take_chain);
void rkmq__sim_close(void *ctx, rkmq_conn c);
void rkmq__sim_reset(void *ctx, rkmq_conn c);
size_t rkmq__sim_unsent(void *ctx, rkmq_conn c);
/* A packet of the peer has come to `end`; its chain is taken. */
void rkmq__sim_arrive(struct sim_end *end, enum sim_packet_kind kind, struct rkmq_buf *take_chain);
void rkmq__sim_drained(struct sim_end *end);
/* The network breaks it: `end` learns it now, its peer by a reset. */
void rkmq__sim_break(struct sim_end *end, const char *why);
void rkmq__sim_conns_crash(struct sim_host *host, bool is_reset);
void rkmq__sim_conn_settle(struct sim_conn *conn); /* finished when nothing can happen to it */
void rkmq__sim_conns_reap(struct rkmq_sim *s);
void rkmq__sim_conns_free(struct rkmq_sim *s);
void rkmq__sim_listeners_free(struct sim_host *host);

/* ---- workers.c ---- */
int rkmq__sim_pool_create(void *ctx, const char *name, unsigned threads_min, unsigned threads_max,
                          struct rkmq_pool **out);
void rkmq__sim_pool_destroy(void *ctx, struct rkmq_pool *pool);
void rkmq__sim_submit(void *ctx, struct rkmq_pool *pool, struct rkmq_job *job);
void rkmq__sim_pools_crash(struct sim_host *host);
void rkmq__sim_pools_free(struct sim_host *host);

/* ---- trace.c ---- */
enum sim_note {
    SIM_NOTE_HOST,
    SIM_NOTE_CRASH,
    SIM_NOTE_LINK,
    SIM_NOTE_TIMER,
    SIM_NOTE_LISTEN,
    SIM_NOTE_DIAL,
    SIM_NOTE_SEND,
    SIM_NOTE_CLOSE,
    SIM_NOTE_RESET,
    SIM_NOTE_OPENED,
    SIM_NOTE_DATA,
    SIM_NOTE_DRAINED,
    SIM_NOTE_CLOSED,
    SIM_NOTE_SUBMIT,
    SIM_NOTE_RUN,
    SIM_NOTE_DONE
};
/* One thing happened: always into the hash, and a line into the trace when one is kept. */
void rkmq__sim_note(struct rkmq_sim *s, const struct sim_host *host, enum sim_note note,
                    rkmq_conn c, size_t n, const char *text);
void rkmq__sim_note_bytes(struct rkmq_sim *s, const struct rkmq_buf *chain); /* hash only */
void rkmq__sim_trace_line(struct rkmq_sim *s, const struct sim_host *host, const char *line);

#endif
