/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "runtime/live/conn.h"

/*
 * A connection reads into the free end of one slab after another, so that a frame read in pieces
 * lies in one place. A slab holds about sixteen reads of the size seen lately: a busy connection
 * soon has slabs of a megabyte, a quiet one keeps 4 KiB, and one that fell quiet gives its large
 * slabs up at the next sweep.
 *
 * A slab whose views are all gone is read into again: memory fresh from the system costs a page
 * fault for every 4 KiB, about as much as the copying out of the socket. The largest ones are kept
 * for that while the core still holds views of them.
 */
#define READS_PER_SLAB 16

void rkmq__live_reader_clear(struct live_reader *reader)
{
    rkmq_buf_free(reader->slab);
    for (size_t i = 0; i < reader->n_spare; i++) {
        rkmq_buf_free(reader->spare[i]);
    }
    *reader = (struct live_reader){0};
}

static size_t slab_bytes_for(const struct live_reader *reader)
{
    size_t n = RKMQ_LIVE_READ_SLAB_BYTES_MIN;
    while (n < READS_PER_SLAB * reader->read_bytes && n < RKMQ_LIVE_READ_SLAB_BYTES_MAX) {
        n *= 2;
    }
    return n;
}

static void on_sweep(struct rkmq_timer *t)
{
    struct rkmq_live *lv = RKMQ_CONTAINER_OF(t, struct rkmq_live, sweep);
    bool is_needed = false;
    RKMQ_LIST_EACH (it, &lv->sockets) {
        struct live_socket *sock = RKMQ_CONTAINER_OF(it, struct live_socket, link);
        struct live_reader *reader = sock->is_listener ? NULL : &((struct live_conn *)sock)->reader;
        if (!reader || !reader->slab || reader->slab->n <= RKMQ_LIVE_IDLE_SLAB_BYTES_MAX) {
            continue;
        }
        if (reader->was_used) {
            reader->was_used = false;
            is_needed = true;
        } else {
            rkmq__live_reader_clear(reader);
        }
    }
    if (is_needed) {
        rkmq__live_timer_arm(lv, t, lv->now + RKMQ_LIVE_IDLE_SWEEP_MS);
    }
}

static struct rkmq_buf *spare_pop(struct live_reader *reader)
{
    struct rkmq_buf *oldest = reader->spare[0];
    reader->n_spare--;
    memmove(&reader->spare[0], &reader->spare[1], reader->n_spare * sizeof reader->spare[0]);
    return oldest;
}

/* The core's views of the current slab may live on; the slab is kept or given up. */
static void slab_leave(struct live_reader *reader)
{
    struct rkmq_buf *slab = reader->slab;
    reader->slab = NULL;
    if (slab && slab->n == RKMQ_LIVE_READ_SLAB_BYTES_MAX) {
        if (reader->n_spare == RKMQ_LIVE_SPARE_SLABS_MAX) {
            rkmq_buf_free(spare_pop(reader));
        }
        reader->spare[reader->n_spare++] = slab;
    } else {
        rkmq_buf_free(slab);
    }
}

static struct rkmq_buf *slab_next(const struct rkmq_mem *mem, struct live_reader *reader)
{
    if (reader->n_spare > 0 && rkmq__buf_is_sole(reader->spare[0])) {
        return spare_pop(reader);
    }
    return rkmq_buf_create(mem, slab_bytes_for(reader));
}

static int reader_ready(struct rkmq_live *lv, struct live_reader *reader)
{
    reader->was_used = true;
    if (reader->slab && reader->n_used < reader->slab->n) {
        return RKMQ_OK;
    }
    reader->n_used = 0;
    if (reader->slab && reader->slab->n >= slab_bytes_for(reader) &&
        rkmq__buf_is_sole(reader->slab)) {
        return RKMQ_OK;
    }
    slab_leave(reader);
    reader->slab = slab_next(lv->mem, reader);
    if (!reader->slab) {
        return RKMQ_E_NOMEM;
    }
    if (reader->slab->n > RKMQ_LIVE_IDLE_SLAB_BYTES_MAX && lv->sweep.heap_index == 0) {
        lv->sweep.fire = on_sweep;
        rkmq__live_timer_arm(lv, &lv->sweep, lv->now + RKMQ_LIVE_IDLE_SWEEP_MS);
    }
    return RKMQ_OK;
}

static void reader_count(struct live_reader *reader, size_t n)
{
    reader->n_used += n;
    reader->read_bytes -= reader->read_bytes / 8;
    if (reader->read_bytes < n) {
        reader->read_bytes = n;
    }
}

/* True: the socket may have more. */
static bool conn_read(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    struct live_reader *reader = &con->reader;
    if (reader_ready(lv, reader) != RKMQ_OK) {
        rkmq__live_conn_end(con, rkmq_status_text(RKMQ_E_NOMEM));
        return false;
    }
    size_t room = reader->slab->n - reader->n_used;
    ssize_t got = recv(con->sock.fd, reader->slab->p + reader->n_used, room, 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            rkmq__live_conn_end(con, strerror(errno));
        }
        return false;
    }
    if (got == 0) {
        rkmq__live_conn_end(con, "closed by the peer");
        return false;
    }
    size_t n = (size_t)got;
    struct rkmq_buf *data = rkmq_buf_view(reader->slab, reader->n_used, n);
    if (!data) {
        rkmq__live_conn_end(con, rkmq_status_text(RKMQ_E_NOMEM));
        return false;
    }
    reader_count(reader, n);
    if (lv->options.tap) {
        lv->options.tap(lv->options.tap_user, con->sock.id, false, con->local, con->peer,
                        rkmq__slice(data->p, data->n));
    }
    con->sock.ev->data(con->sock.owner, con->sock.id, data);
    return n == room && con->state == LIVE_OPEN;
}

/* After `close` nobody wants the bytes; they are read so that the peer can come to its end. */
static void conn_discard(struct live_conn *con)
{
    uint8_t scratch[16384];
    ssize_t n = recv(con->sock.fd, scratch, sizeof scratch, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        rkmq__live_conn_finish(con);
    }
}

void rkmq__live_on_readable(struct ev_loop *ev, ev_io *w, int revents)
{
    (void)ev, (void)revents;
    struct live_conn *con = RKMQ_CONTAINER_OF(w, struct live_conn, readable);
    if (con->state != LIVE_OPEN) {
        conn_discard(con);
        return;
    }
    for (int i = 0; i < RKMQ_LIVE_READS_PER_EVENT_MAX; i++) {
        if (!conn_read(con)) {
            break;
        }
    }
}
