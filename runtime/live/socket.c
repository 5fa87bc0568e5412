/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "runtime/live/conn.h"

int rkmq__live_socket_add(struct rkmq_live *lv, struct live_socket *sock)
{
    sock->lv = lv;
    int status = rkmq__conn_table_add(&lv->table, sock, &sock->id);
    if (status == RKMQ_OK) {
        rkmq__list_push_back(&lv->sockets, &sock->link);
    }
    return status;
}

void rkmq__live_socket_forget(struct live_socket *sock)
{
    if (sock->id != 0) {
        rkmq__conn_table_remove(&sock->lv->table, sock->id);
        sock->id = 0;
    }
}

void rkmq__live_socket_finish(struct live_socket *sock)
{
    rkmq__live_socket_forget(sock);
    if (sock->fd >= 0) {
        (void)close(sock->fd); /* nothing can be done about an error here */
        sock->fd = -1;
    }
    rkmq__list_remove(&sock->link);
    rkmq__list_push_back(&sock->lv->finished, &sock->link);
}

void rkmq__live_sockets_reap(struct rkmq_live *lv)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&lv->finished))) {
        rkmq__free(lv->mem, RKMQ_CONTAINER_OF(link, struct live_socket, link));
    }
}

void rkmq__live_sockets_close(struct rkmq_live *lv)
{
    RKMQ_LIST_EACH (it, &lv->sockets) {
        struct live_socket *sock = RKMQ_CONTAINER_OF(it, struct live_socket, link);
        if (sock->id != 0) {
            rkmq__live_close(lv, sock->id);
        }
    }
}

void rkmq__live_sockets_free(struct rkmq_live *lv)
{
    RKMQ_LIST_EACH (it, &lv->sockets) {
        struct live_socket *sock = RKMQ_CONTAINER_OF(it, struct live_socket, link);
        if (sock->is_listener) {
            rkmq__live_listener_finish((struct live_listener *)sock);
        } else {
            rkmq__live_conn_finish((struct live_conn *)sock);
        }
    }
    rkmq__live_sockets_reap(lv);
}

void rkmq__live_name_of(int fd, bool is_peer, char out[RKMQ_LIVE_PEER_BYTES])
{
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    char host[RKMQ_LIVE_PEER_BYTES - 16], port[8];
    int error = is_peer ? getpeername(fd, (struct sockaddr *)&address, &n)
                        : getsockname(fd, (struct sockaddr *)&address, &n);
    if (error || getnameinfo((struct sockaddr *)&address, n, host, sizeof host, port, sizeof port,
                             NI_NUMERICHOST | NI_NUMERICSERV)) {
        (void)snprintf(out, RKMQ_LIVE_PEER_BYTES, "?");
        return;
    }
    (void)snprintf(out, RKMQ_LIVE_PEER_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
