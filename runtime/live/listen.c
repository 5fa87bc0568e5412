/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "runtime/live/conn.h"

static void accept_one(struct live_listener *listener, int fd)
{
    struct rkmq_live *lv = listener->sock.lv;
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without, not wrong */
    struct live_conn *con = rkmq__live_conn_create(lv, listener->sock.ev, listener->sock.owner);
    if (!con) {
        rkmq_log_error(&lv->main.env, "conn", "connection refused: out of memory");
        (void)close(fd);
        return;
    }
    con->sock.fd = fd;
    rkmq__live_conn_open(con);
}

static bool is_out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_pause_end(struct rkmq_timer *t)
{
    struct live_listener *listener = RKMQ_CONTAINER_OF(t, struct live_listener, pause);
    ev_io_start(listener->sock.lv->ev, &listener->acceptable);
}

static void on_acceptable(struct ev_loop *ev, ev_io *w, int revents)
{
    (void)revents;
    struct live_listener *listener = RKMQ_CONTAINER_OF(w, struct live_listener, acceptable);
    struct rkmq_live *lv = listener->sock.lv;
    /* An `opened` may close the listener; its memory lives to the end of the round. */
    for (int i = 0; i < RKMQ_LIVE_ACCEPTS_PER_EVENT_MAX && listener->sock.fd >= 0; i++) {
        int fd = accept4(listener->sock.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(listener, fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (is_out_of_resources(errno)) {
            rkmq_log_error(&lv->main.env, "conn", "cannot accept: %s", strerror(errno));
            ev_io_stop(ev, &listener->acceptable);
            rkmq__live_timer_arm(lv, &listener->pause, lv->now + RKMQ_LIVE_ACCEPT_PAUSE_MS);
            break;
        } /* else: that one connection failed before it was accepted */
    }
}

static int listen_at(const struct addrinfo *at, int *out)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
        int error = errno;
        (void)close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

/* A name is asked for on the spot: listening happens at start, and on names of this machine. */
static int listen_socket(const char *addr, int *out, struct rkmq_err *err)
{
    struct rkmq__address address;
    struct addrinfo *addresses;
    if (rkmq__address_parse(addr, &address) != RKMQ_OK) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "not a \"host:port\": \"%s\"", addr ? addr : "");
    }
    int gai_error = rkmq__live_resolve_blocking(&address, &addresses);
    if (gai_error) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "cannot resolve %s: %s", address.host,
                             gai_strerror(gai_error));
    }
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *at = addresses; at && error; at = at->ai_next) {
        error = listen_at(at, out);
    }
    freeaddrinfo(addresses);
    if (error) {
        return rkmq__err_set(err, RKMQ_E_IO, "cannot listen at %s: %s", addr, strerror(error));
    }
    return RKMQ_OK;
}

int rkmq__live_listen(struct rkmq_live *lv, const char *addr, const struct rkmq_conn_events *ev,
                      void *owner, rkmq_conn *out, char bound[64], struct rkmq_err *err)
{
    *out = 0;
    struct live_listener *listener = rkmq__zalloc(lv->mem, sizeof *listener);
    if (!listener) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "no memory to listen at %s", addr);
    }
    listener->sock = (struct live_socket){.fd = -1, .is_listener = true, .ev = ev, .owner = owner};
    int status = listen_socket(addr, &listener->sock.fd, err);
    if (status == RKMQ_OK) {
        status = rkmq__live_socket_add(lv, &listener->sock);
        if (status != RKMQ_OK) {
            (void)close(listener->sock.fd);
            (void)rkmq__err_set(err, status, "no memory to listen at %s", addr);
        }
    }
    if (status != RKMQ_OK) {
        rkmq__free(lv->mem, listener);
        return status;
    }
    listener->pause.fire = on_pause_end;
    ev_io_init(&listener->acceptable, on_acceptable, listener->sock.fd, EV_READ);
    ev_io_start(lv->ev, &listener->acceptable);
    rkmq__live_name_of(listener->sock.fd, false, bound);
    *out = listener->sock.id;
    return RKMQ_OK;
}

void rkmq__live_listener_finish(struct live_listener *listener)
{
    struct rkmq_live *lv = listener->sock.lv;
    ev_io_stop(lv->ev, &listener->acceptable);
    rkmq__live_timer_stop(lv, &listener->pause);
    rkmq__live_socket_finish(&listener->sock);
}
