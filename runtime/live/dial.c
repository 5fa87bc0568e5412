/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "runtime/live/conn.h"

int rkmq__live_dial(const struct live_host *host, const char *addr,
                    const struct rkmq_conn_events *ev, void *owner, rkmq_conn *out)
{
    struct rkmq_live *lv = host->lv;
    *out = 0;
    struct rkmq__address address;
    int status = rkmq__address_parse(addr, &address);
    if (status != RKMQ_OK || address.port == 0) {
        return RKMQ_E_INVALID;
    }
    struct live_conn *con = rkmq__live_conn_create(lv, ev, owner);
    if (!con) {
        return RKMQ_E_NOMEM;
    }
    *out = con->sock.id;
    con->source = host->source;
    if (rkmq__live_resolve_numeric(&address, &con->addresses)) {
        con->state = LIVE_CONNECTING;
        con->address_next = con->addresses;
        rkmq__live_connect_next(con);
        return RKMQ_OK;
    }
    con->state = LIVE_RESOLVING;
    status = rkmq__live_resolve(con, &address);
    if (status != RKMQ_OK) {
        *out = 0;
        rkmq__live_conn_finish(con);
    }
    return status;
}

/* A host of its own dials loopback from its own address. Returns 0 or an errno. */
static int source_bind(int fd, struct in_addr source, const struct addrinfo *to)
{
    struct sockaddr_in peer, from = {.sin_family = AF_INET, .sin_addr = source};
    if (source.s_addr == 0 || to->ai_family != AF_INET) {
        return 0;
    }
    memcpy(&peer, to->ai_addr, sizeof peer);
    if (ntohl(peer.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
        return 0;
    }
    const int on = 1; /* the port is chosen by connect, which knows more that are free */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)&from, sizeof from) < 0 ? errno : 0;
}

/* Returns 0 or an errno; EINPROGRESS is the good one. */
static int connect_start(struct live_conn *con, const struct addrinfo *to)
{
    struct rkmq_live *lv = con->sock.lv;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without, not wrong */
    int error = source_bind(fd, con->source, to);
    if (error == 0 && connect(fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS) {
        error = errno;
    }
    if (error) {
        (void)close(fd);
        return error;
    }
    con->sock.fd = fd;
    /* Also when it is connected already: `opened` comes from the top level. */
    ev_io_set(&con->writable, fd, EV_WRITE);
    ev_io_start(lv->ev, &con->writable);
    return 0;
}

static int connect_error(const struct live_conn *con)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(con->sock.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0) {
        return errno;
    }
    return error;
}

void rkmq__live_connect_next(struct live_conn *con)
{
    struct rkmq_live *lv = con->sock.lv;
    RKMQ_ASSERT(con->state == LIVE_CONNECTING);
    if (con->sock.fd >= 0) {
        con->error = connect_error(con);
        if (con->error == 0) {
            rkmq__live_conn_open(con);
            return;
        }
        ev_io_stop(lv->ev, &con->writable);
        (void)close(con->sock.fd);
        con->sock.fd = -1;
    }
    while (con->address_next) {
        const struct addrinfo *to = con->address_next;
        con->address_next = to->ai_next;
        con->error = connect_start(con, to);
        if (con->error == 0) {
            return;
        }
    }
    rkmq__list_push_back(&lv->failed, &con->failed_link);
}
