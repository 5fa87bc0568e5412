/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/uio.h>

#include "runtime/live/conn.h"

void rkmq__live_queue_put(struct live_conn *con, struct rkmq_buf *take_chain)
{
    struct live_send_queue *queue = &con->queue;
    if (!take_chain) {
        return;
    }
    if (queue->tail) {
        queue->tail->next = take_chain;
    } else {
        queue->head = take_chain;
    }
    for (struct rkmq_buf *b = take_chain; b; b = b->next) {
        queue->n_bytes += b->n;
        queue->tail = b;
    }
    if (queue->n_bytes > RKMQ_LIVE_SEND_QUEUE_BYTES_LOW) {
        queue->is_high = true;
    }
}

void rkmq__live_queue_clear(struct live_conn *con)
{
    rkmq_buf_free(con->queue.head);
    con->queue = (struct live_send_queue){0};
}

static void tap_written(const struct live_conn *con, struct rkmq_slice bytes)
{
    const struct rkmq_live_options *o = &con->sock.lv->options;
    if (o->tap) {
        o->tap(o->tap_user, con->sock.id, true, con->local, con->peer, bytes);
    }
}

/* Cuts `n` written bytes off the front, and empty views on the way. */
static void queue_cut(struct live_conn *con, size_t n)
{
    struct live_send_queue *queue = &con->queue;
    RKMQ_ASSERT(n <= queue->n_bytes);
    queue->n_bytes -= n;
    while (queue->head && queue->head->n <= n) {
        struct rkmq_buf *first = queue->head;
        tap_written(con, rkmq__slice(first->p, first->n));
        n -= first->n;
        queue->head = first->next;
        first->next = NULL;
        rkmq_buf_free(first);
    }
    if (!queue->head) {
        queue->tail = NULL;
    } else if (n > 0) {
        tap_written(con, rkmq__slice(queue->head->p, n));
        queue->head->p += n;
        queue->head->n -= n;
    }
}

static size_t queue_gather(const struct live_send_queue *queue,
                           struct iovec iov[RKMQ_LIVE_IOVECS_MAX])
{
    size_t n = 0;
    for (struct rkmq_buf *b = queue->head; b && n < RKMQ_LIVE_IOVECS_MAX; b = b->next) {
        if (b->n > 0) {
            iov[n++] = (struct iovec){.iov_base = b->p, .iov_len = b->n};
        }
    }
    return n;
}

/* Errors: RKMQ_E_MORE the socket is full, RKMQ_E_IO (`con->error`). */
static int queue_write(struct live_conn *con)
{
    while (con->queue.n_bytes > 0) {
        struct iovec iov[RKMQ_LIVE_IOVECS_MAX];
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = queue_gather(&con->queue, iov)};
        ssize_t n = sendmsg(con->sock.fd, &message, MSG_NOSIGNAL);
        if (n >= 0) {
            queue_cut(con, (size_t)n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return RKMQ_E_MORE;
        } else if (errno != EINTR) {
            con->error = errno;
            return RKMQ_E_IO;
        }
    }
    queue_cut(con, 0);
    return RKMQ_OK;
}

static void drained_raise(struct live_conn *con)
{
    if (con->state == LIVE_OPEN && con->queue.is_high &&
        con->queue.n_bytes < RKMQ_LIVE_SEND_QUEUE_BYTES_LOW) {
        con->queue.is_high = false;
        if (con->sock.ev->drained) {
            con->sock.ev->drained(con->sock.owner, con->sock.id);
        }
    }
}

void rkmq__live_conn_flush(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    int status = queue_write(con);
    if (status == RKMQ_E_IO) {
        rkmq__live_conn_end(con, strerror(con->error));
        return;
    }
    if (status == RKMQ_E_MORE) {
        ev_io_start(lv->ev, &con->writable);
    } else {
        ev_io_stop(lv->ev, &con->writable);
        if (con->state == LIVE_FLUSHING) {
            con->state = LIVE_FIN_WAIT;
            (void)shutdown(con->sock.fd, SHUT_WR); /* fails only when the peer is gone already */
            rkmq__live_timer_arm(lv, &con->linger, lv->now + RKMQ_LIVE_FIN_WAIT_MS);
        }
    }
    drained_raise(con);
}

void rkmq__live_conns_flush(struct rkmq_live *lv)
{
    /* What the callbacks send meanwhile is for the next pass. */
    struct rkmq_list now;
    rkmq__list_init(&now);
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&lv->unsent))) {
        rkmq__list_push_back(&now, link);
    }
    while ((link = rkmq__list_pop_front(&now))) {
        struct live_conn *con = RKMQ_CONTAINER_OF(link, struct live_conn, unsent_link);
        if (!ev_is_active(&con->writable)) {
            rkmq__live_conn_flush(con);
        }
    }
}

void rkmq__live_on_writable(struct ev_loop *ev, ev_io *w, int revents)
{
    (void)ev, (void)revents;
    struct live_conn *con = RKMQ_CONTAINER_OF(w, struct live_conn, writable);
    if (con->state == LIVE_CONNECTING) {
        rkmq__live_connect_next(con);
    } else {
        rkmq__live_conn_flush(con);
    }
}
