/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "runtime/live/conn.h"

static void on_linger_end(struct rkmq_timer *t)
{
    rkmq__live_conn_finish(RKMQ_CONTAINER_OF(t, struct live_conn, linger));
}

struct live_conn *rkmq__live_conn_create(struct rkmq_live *lv, const struct rkmq_conn_events *ev,
                                         void *owner)
{
    struct live_conn *con = rkmq__zalloc(lv->mem, sizeof *con);
    if (!con) {
        return NULL;
    }
    con->sock.fd = -1;
    con->sock.ev = ev;
    con->sock.owner = owner;
    con->linger.fire = on_linger_end;
    ev_init(&con->readable, rkmq__live_on_readable);
    ev_init(&con->writable, rkmq__live_on_writable);
    if (rkmq__live_socket_add(lv, &con->sock) != RKMQ_OK) {
        rkmq__free(lv->mem, con);
        return NULL;
    }
    return con;
}

static void conn_begin(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    RKMQ_ASSERT(con->sock.fd >= 0);
    con->state = LIVE_OPEN;
    ev_io_set(&con->readable, con->sock.fd, EV_READ);
    ev_io_start(lv->ev, &con->readable);
    ev_io_stop(lv->ev, &con->writable);
    ev_io_set(&con->writable, con->sock.fd, EV_WRITE);
    if (con->queue.n_bytes > 0 && !con->unsent_link.next) {
        rkmq__list_push_back(&lv->unsent, &con->unsent_link);
    }
}

void rkmq__live_conn_open(struct live_conn *con)
{
    rkmq__live_name_of(con->sock.fd, true, con->peer);
    if (con->sock.lv->options.tap) {
        rkmq__live_name_of(con->sock.fd, false, con->local);
    }
    conn_begin(con);
    con->sock.ev->opened(con->sock.owner, con->sock.id, con->peer);
}

int rkmq_live_adopt(struct rkmq_runtime *rt, int take_fd, const struct rkmq_conn_events *ev,
                    void *owner, rkmq_conn *out)
{
    struct rkmq_live *lv = (struct rkmq_live *)rt;
    int flags = fcntl(take_fd, F_GETFL);
    struct live_conn *con = NULL;
    *out = 0;
    if (flags >= 0 && fcntl(take_fd, F_SETFL, flags | O_NONBLOCK) == 0) {
        con = rkmq__live_conn_create(lv, ev, owner);
    }
    if (!con) {
        (void)close(take_fd);
        return flags < 0 ? RKMQ_E_INVALID : RKMQ_E_NOMEM;
    }
    con->sock.fd = take_fd;
    rkmq__live_name_of(take_fd, true, con->peer);
    conn_begin(con);
    *out = con->sock.id;
    return RKMQ_OK;
}

void rkmq__live_conn_finish(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    RKMQ_ASSERT(con->state != LIVE_FINISHED);
    con->state = LIVE_FINISHED;
    ev_io_stop(lv->ev, &con->readable);
    ev_io_stop(lv->ev, &con->writable);
    rkmq__live_timer_stop(lv, &con->linger);
    rkmq__list_remove(&con->unsent_link);
    rkmq__list_remove(&con->failed_link);
    rkmq__live_queue_clear(con);
    rkmq__live_reader_clear(&con->reader);
    if (con->addresses) {
        freeaddrinfo(con->addresses);
        con->addresses = NULL;
    }
    rkmq__live_socket_finish(&con->sock);
}

void rkmq__live_conn_end(struct live_conn *con, const char *why)
{
    bool is_known = con->sock.id != 0;
    rkmq_conn id = con->sock.id;
    const struct rkmq_conn_events *ev = con->sock.ev;
    void *owner = con->sock.owner;
    rkmq__live_conn_finish(con);
    if (is_known) {
        ev->closed(owner, id, why);
    }
}

/*
 * What was sent before is still written. Then the socket waits for the peer's end: closing it with
 * unread bytes in it would make the system send a reset, which can destroy what the peer has not
 * read yet.
 */
void rkmq__live_conn_close(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    if (con->state != LIVE_OPEN) {
        rkmq__live_conn_finish(con);
        return;
    }
    rkmq__live_socket_forget(&con->sock);
    con->state = LIVE_FLUSHING;
    rkmq__live_timer_arm(lv, &con->linger, lv->now + RKMQ_LIVE_FLUSH_MS);
    if (!con->unsent_link.next) {
        rkmq__list_push_back(&lv->unsent, &con->unsent_link);
    }
}

void rkmq__live_conns_fail(struct rkmq_live *lv)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&lv->failed))) {
        struct live_conn *con = RKMQ_CONTAINER_OF(link, struct live_conn, failed_link);
        rkmq__live_conn_end(con, strerror(con->error));
    }
}

static struct live_socket *socket_of(struct rkmq_live *lv, rkmq_conn c)
{
    return rkmq__conn_table_get(&lv->table, c);
}

static struct live_conn *conn_of(struct rkmq_live *lv, rkmq_conn c)
{
    struct live_socket *sock = socket_of(lv, c);
    return sock && !sock->is_listener ? (struct live_conn *)sock : NULL;
}

int rkmq__live_send(struct rkmq_live *lv, rkmq_conn c, struct rkmq_buf *take_chain)
{
    struct live_conn *con = conn_of(lv, c);
    if (!con) {
        rkmq_buf_free(take_chain);
        return RKMQ_E_CLOSED;
    }
    if (con->queue.n_bytes >= RKMQ_LIVE_SEND_QUEUE_BYTES_MAX) {
        rkmq_buf_free(take_chain);
        return RKMQ_E_LIMIT;
    }
    rkmq__live_queue_put(con, take_chain);
    if (con->state == LIVE_OPEN && !con->unsent_link.next) {
        rkmq__list_push_back(&lv->unsent, &con->unsent_link);
    }
    return RKMQ_OK;
}

void rkmq__live_close(struct rkmq_live *lv, rkmq_conn c)
{
    struct live_socket *sock = socket_of(lv, c);
    if (!sock) {
        return;
    }
    if (sock->is_listener) {
        rkmq__live_listener_finish((struct live_listener *)sock);
    } else {
        rkmq__live_conn_close((struct live_conn *)sock);
    }
}

void rkmq__live_reset(struct rkmq_live *lv, rkmq_conn c)
{
    struct live_conn *con = conn_of(lv, c);
    if (!con) {
        rkmq__live_close(lv, c);
        return;
    }
    if (con->sock.fd >= 0) {
        /* Closing with a linger time of nothing is how a socket is told to send a reset. */
        const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(con->sock.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    rkmq__live_conn_finish(con);
}

size_t rkmq__live_unsent(struct rkmq_live *lv, rkmq_conn c)
{
    const struct live_conn *con = conn_of(lv, c);
    return con ? con->queue.n_bytes : 0;
}
