/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_LIVE_CONN_H
#define RKMQ_LIVE_CONN_H

/*
 * TCP connections and listeners of the live runtime.
 *
 *     dial -> RESOLVING -> CONNECTING --opened--> OPEN --closed--------------------> FINISHED
 *                  \___________\_____________________\--close--> FLUSHING            ^
 *     accept --opened--> OPEN                                        | all written   |
 *                                                                 FIN_WAIT --EOF/time/
 */

#include "runtime/address.h"
#include "runtime/live/loop.h"

struct live_socket {
    struct rkmq_list link; /* in rkmq_live.sockets, then .finished */
    struct rkmq_live *lv;
    rkmq_conn id;
    int fd; /* -1: none yet */
    bool is_listener;
    const struct rkmq_conn_events *ev;
    void *owner;
};

struct live_listener {
    struct live_socket sock; /* first */
    ev_io acceptable;
    struct rkmq_timer pause;
};

enum live_conn_state {
    LIVE_RESOLVING,
    LIVE_CONNECTING,
    LIVE_OPEN,
    LIVE_FLUSHING, /* closed by the core, bytes still to be written */
    LIVE_FIN_WAIT, /* all written, the peer has not closed yet */
    LIVE_FINISHED
};

/* What is to be written, oldest first. Written bytes are cut off the first view. */
struct live_send_queue {
    struct rkmq_buf *head, *tail;
    size_t n_bytes;
    bool is_high; /* rose above the low mark since `drained` was last due */
};

/* Where reads go: the free end of a slab whose filled part the core may hold views of. */
struct live_reader {
    struct rkmq_buf *slab;
    size_t n_used;
    struct rkmq_buf *spare[RKMQ_LIVE_SPARE_SLABS_MAX]; /* oldest first, the core may hold views */
    size_t n_spare;
    size_t read_bytes; /* a recent read's size, falling slowly */
    bool was_used;     /* since the last sweep */
};

struct live_conn {
    struct live_socket sock; /* first */
    enum live_conn_state state;
    ev_io readable, writable;
    struct live_send_queue queue;
    struct live_reader reader;
    struct rkmq_list unsent_link, failed_link;
    struct rkmq_timer linger; /* bounds FLUSHING and FIN_WAIT */
    struct addrinfo *addresses, *address_next;
    struct in_addr source; /* of a dial, see struct live_host */
    int error;             /* of the last address tried, or what broke the connection */
    char peer[RKMQ_LIVE_PEER_BYTES], local[RKMQ_LIVE_PEER_BYTES];
};

/* ---- env operations ---- */
int rkmq__live_listen(struct rkmq_live *lv, const char *addr, const struct rkmq_conn_events *ev,
                      void *owner, rkmq_conn *out, char bound[64], struct rkmq_err *err);
int rkmq__live_dial(const struct live_host *host, const char *addr,
                    const struct rkmq_conn_events *ev, void *owner, rkmq_conn *out);
int rkmq__live_send(struct rkmq_live *lv, rkmq_conn c, struct rkmq_buf *take_chain);
void rkmq__live_close(struct rkmq_live *lv, rkmq_conn c);
void rkmq__live_reset(struct rkmq_live *lv, rkmq_conn c);
size_t rkmq__live_unsent(struct rkmq_live *lv, rkmq_conn c);

/* ---- socket.c ---- */
/* Gives the socket an id and a place among the runtime's. Errors: RKMQ_E_NOMEM. */
int rkmq__live_socket_add(struct rkmq_live *lv, struct live_socket *sock);
/* The core knows it no longer: its id stands for nothing from here on. */
void rkmq__live_socket_forget(struct live_socket *sock);
void rkmq__live_socket_finish(struct live_socket *sock); /* closes; freed at the end of the round */
void rkmq__live_sockets_reap(struct rkmq_live *lv);
void rkmq__live_sockets_close(struct rkmq_live *lv); /* all, as the core would */
void rkmq__live_sockets_free(struct rkmq_live *lv);  /* all, at once */
/* "ip:port" of either end; "?" when the system does not say. */
void rkmq__live_name_of(int fd, bool is_peer, char out[RKMQ_LIVE_PEER_BYTES]);

/* ---- conn.c ---- */
struct live_conn *rkmq__live_conn_create(struct rkmq_live *lv, const struct rkmq_conn_events *ev,
                                         void *owner);
void rkmq__live_conn_open(struct live_conn *con); /* `fd` is connected: raises `opened` */
void rkmq__live_conn_finish(struct live_conn *con);
/* The network ended it: raises `closed` unless the core closed before. */
void rkmq__live_conn_end(struct live_conn *con, const char *why);
void rkmq__live_conn_close(struct live_conn *con);
void rkmq__live_conns_fail(struct rkmq_live *lv); /* those on the failed list */

/* ---- send_queue.c ---- */
void rkmq__live_queue_put(struct live_conn *con, struct rkmq_buf *take_chain);
void rkmq__live_queue_clear(struct live_conn *con);
void rkmq__live_conn_flush(struct live_conn *con);
void rkmq__live_conns_flush(struct rkmq_live *lv);
void rkmq__live_on_writable(struct ev_loop *ev, ev_io *w, int revents);

/* ---- reader.c ---- */
void rkmq__live_on_readable(struct ev_loop *ev, ev_io *w, int revents);
void rkmq__live_reader_clear(struct live_reader *reader);

/* ---- dial.c, resolve.c ---- */
void rkmq__live_connect_next(struct live_conn *con); /* tries `address_next` and on */
/* Fills `addresses` later, then connects. Errors: RKMQ_E_NOMEM. */
int rkmq__live_resolve(struct live_conn *con, const struct rkmq__address *address);
/* Numeric hosts only: at once. False when `host` is a name. */
bool rkmq__live_resolve_numeric(const struct rkmq__address *address, struct addrinfo **out);
int rkmq__live_resolve_blocking(const struct rkmq__address *address, struct addrinfo **out);

/* ---- listen.c ---- */
void rkmq__live_listener_finish(struct live_listener *listener);

#endif
