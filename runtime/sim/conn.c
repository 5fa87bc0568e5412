/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim/world.h"

static const char RESET[] = "Connection reset by peer";
static const char CLOSED[] = "closed by the peer";

struct sim_end *rkmq__sim_peer(struct sim_end *end)
{
    return end == &end->conn->ends[0] ? &end->conn->ends[1] : &end->conn->ends[0];
}

static struct sim_socket *socket_of(const struct sim_host *host, rkmq_conn c)
{
    struct sim_socket *sock = rkmq__conn_table_get(&host->sim->table, c);
    return sock && sock->host == host ? sock : NULL;
}

static struct sim_end *end_of(const struct sim_host *host, rkmq_conn c)
{
    struct sim_socket *sock = socket_of(host, c);
    return sock && !sock->is_listener ? (struct sim_end *)sock : NULL;
}

static bool is_alive(const struct sim_end *end)
{
    return end->state == SIM_END_DIALLING || end->state == SIM_END_OPEN;
}

/* ---- the end of an end ---- */

void rkmq__sim_conn_settle(struct sim_conn *conn)
{
    bool is_over = conn->ends[0].state == SIM_END_CLOSED && conn->ends[1].state != SIM_END_OPEN &&
                   !conn->ends[0].out.head && !conn->ends[1].out.head;
    if (is_over && !conn->is_finished) {
        conn->is_finished = true;
        rkmq__list_remove(&conn->link);
        rkmq__list_push_back(&conn->sim->finished, &conn->link);
    }
}

static void conn_free(struct sim_conn *conn)
{
    for (int i = 0; i < 2; i++) {
        struct sim_end *end = &conn->ends[i];
        if (end->conn) {
            rkmq__sim_flow_clear(end);
        }
        if (end->sock.id != 0) {
            rkmq__conn_table_remove(&conn->sim->table, end->sock.id);
        }
    }
    rkmq__free(conn->sim->mem, conn->unknown_name);
    rkmq__free(conn->sim->mem, conn);
}

static void conns_free(struct rkmq_list *conns)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(conns))) {
        conn_free(RKMQ_CONTAINER_OF(link, struct sim_conn, link));
    }
}

void rkmq__sim_conns_reap(struct rkmq_sim *s)
{
    conns_free(&s->finished);
}

void rkmq__sim_conns_free(struct rkmq_sim *s)
{
    conns_free(&s->finished);
    conns_free(&s->conns);
}

/* Its core hears of it no more; its id stands for nothing. */
static void end_close(struct sim_end *end)
{
    RKMQ_ASSERT(is_alive(end));
    end->state = SIM_END_CLOSED;
    rkmq__sim_event_remove(end->conn->sim, &end->out.low);
    rkmq__conn_table_remove(&end->conn->sim->table, end->sock.id);
    end->sock.id = 0;
}

/* The last packet of an end, FIN behind what it sent or RST instead of it. */
static void end_say(struct sim_end *end, enum sim_packet_kind kind)
{
    if (kind == SIM_RST) {
        rkmq__sim_flow_clear(end);
    }
    end->out.close.kind = kind;
    rkmq__sim_flow_put(end, &end->out.close);
}

/* Tells the core that the network ended it. */
static void end_closed(struct sim_end *end, const char *why)
{
    struct sim_socket sock = end->sock;
    end_close(end);
    rkmq__sim_flow_clear(end); /* nobody is there to get it */
    rkmq__sim_note(end->conn->sim, sock.host, SIM_NOTE_CLOSED, sock.id, 0, why);
    sock.ev->closed(sock.owner, sock.id, why);
}

void rkmq__sim_break(struct sim_end *end, const char *why)
{
    rkmq__sim_flow_clear(rkmq__sim_peer(end));
    if (is_alive(end)) {
        end_closed(end, why);
    }
    if (is_alive(rkmq__sim_peer(end))) {
        end_say(end, SIM_RST);
    }
}

/* ---- arriving ---- */

static struct sim_listener *listener_at(const struct sim_host *host, unsigned port)
{
    RKMQ_LIST_EACH (it, &host->listeners) {
        struct sim_listener *listener = RKMQ_CONTAINER_OF(it, struct sim_listener, link);
        if (listener->port == port) {
            return listener;
        }
    }
    return NULL;
}

static void end_opened(struct sim_end *end)
{
    const struct sim_end *peer = rkmq__sim_peer(end);
    end->state = SIM_END_OPEN;
    rkmq__sim_note(end->conn->sim, end->sock.host, SIM_NOTE_OPENED, end->sock.id, 0,
                   peer->sock.name);
    end->sock.ev->opened(end->sock.owner, end->sock.id, peer->sock.name);
}

/* A host that crashed in silence answers nothing; where no host or no listener is, the answer is
 * a refusal. */
static void syn_arrive(struct sim_end *end)
{
    struct sim_conn *conn = end->conn;
    struct sim_host *host = rkmq__sim_host_numbered(conn->sim, conn->number);
    if (host && host->is_crashed && !host->is_crash_reset) {
        return;
    }
    struct sim_listener *listener =
        host && !host->is_crashed ? listener_at(host, conn->port) : NULL;
    end->out.open.kind = listener ? SIM_ACK : SIM_REFUSED;
    if (listener) {
        end->sock.host = host;
        end->sock.ev = listener->sock.ev;
        end->sock.owner = listener->sock.owner;
    }
    rkmq__sim_flow_put(end, &end->out.open);
    if (listener) {
        end_opened(end);
    }
}

/*
 * Nobody is there any more. A host that was started anew knows nothing of the connection and says
 * so; a dead one says nothing.
 */
static void nobody_arrive(struct sim_end *end, enum sim_packet_kind kind)
{
    const struct sim_host *was = end->sock.host;
    if (kind != SIM_DATA || !was || !was->is_crashed || end->out.head) {
        return;
    }
    const struct sim_host *host = rkmq__sim_host_numbered(was->sim, was->number);
    if (!host->is_crashed && is_alive(rkmq__sim_peer(end))) {
        end_say(end, SIM_RST);
    }
}

static void data_arrive(struct sim_end *end, struct rkmq_buf *take_data)
{
    rkmq__sim_note(end->conn->sim, end->sock.host, SIM_NOTE_DATA, end->sock.id,
                   rkmq_buf_chain_bytes(take_data), NULL);
    rkmq__sim_note_bytes(end->conn->sim, take_data);
    end->sock.ev->data(end->sock.owner, end->sock.id, take_data);
}

static void refusal_arrive(struct sim_end *end)
{
    char why[RKMQ_ADDRESS_HOST_BYTES_MAX + 64] = "Connection refused";
    if (end->conn->unknown_name) {
        (void)snprintf(why, sizeof why, "cannot resolve %s: no such host", end->conn->unknown_name);
    }
    end_closed(end, why);
}

void rkmq__sim_arrive(struct sim_end *end, enum sim_packet_kind kind, struct rkmq_buf *take_chain)
{
    if (kind == SIM_SYN) {
        syn_arrive(end);
    } else if (!is_alive(end)) {
        rkmq_buf_free(take_chain);
        nobody_arrive(end, kind);
    } else if (kind == SIM_ACK) {
        end_opened(end);
    } else if (kind == SIM_DATA) {
        data_arrive(end, take_chain);
    } else if (kind == SIM_REFUSED) {
        refusal_arrive(end);
    } else {
        end_closed(end, kind == SIM_RST ? RESET : CLOSED);
    }
}

void rkmq__sim_drained(struct sim_end *end)
{
    if (end->state == SIM_END_OPEN && end->sock.ev->drained) {
        rkmq__sim_note(end->conn->sim, end->sock.host, SIM_NOTE_DRAINED, end->sock.id, 0, NULL);
        end->sock.ev->drained(end->sock.owner, end->sock.id);
    }
}

/* ---- env operations ---- */

static bool is_own_address(const struct sim_host *host, const char *text)
{
    return strcmp(text, "0.0.0.0") == 0 || strcmp(text, "127.0.0.1") == 0 ||
           strcmp(text, "localhost") == 0 || strcmp(text, host->address) == 0 ||
           strcmp(text, host->name) == 0;
}

int rkmq__sim_listen(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                     rkmq_conn *out, char bound[64], struct rkmq_err *err)
{
    struct sim_host *host = ctx;
    struct rkmq_sim *s = host->sim;
    *out = 0;
    struct rkmq__address address;
    if (rkmq__address_parse(addr, &address) != RKMQ_OK) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "not a \"host:port\": \"%s\"", addr ? addr : "");
    }
    if (host->is_crashed || !is_own_address(host, address.host)) {
        return rkmq__err_set(err, RKMQ_E_IO, "cannot listen at %s: not an address of %s", addr,
                             host->name);
    }
    unsigned port = address.port;
    if (port == 0) {
        do {
            port = host->next_port++;
        } while (listener_at(host, port));
    }
    if (listener_at(host, port)) {
        return rkmq__err_set(err, RKMQ_E_IO, "cannot listen at %s: Address already in use", addr);
    }
    struct sim_listener *listener = rkmq__zalloc(s->mem, sizeof *listener);
    if (!listener || rkmq__conn_table_add(&s->table, listener, &listener->sock.id) != RKMQ_OK) {
        rkmq__free(s->mem, listener);
        return rkmq__err_set(err, RKMQ_E_NOMEM, "no memory to listen at %s", addr);
    }
    listener->sock.is_listener = true;
    listener->sock.host = host;
    listener->sock.ev = ev;
    listener->sock.owner = owner;
    listener->port = port;
    rkmq__list_push_back(&host->listeners, &listener->link);
    (void)snprintf(bound, 64, "%s:%u", host->address, port);
    *out = listener->sock.id;
    rkmq__sim_note(s, host, SIM_NOTE_LISTEN, *out, 0, bound);
    return RKMQ_OK;
}

static void listener_free(struct sim_listener *listener)
{
    struct rkmq_sim *s = listener->sock.host->sim;
    rkmq__list_remove(&listener->link);
    rkmq__conn_table_remove(&s->table, listener->sock.id);
    rkmq__free(s->mem, listener);
}

void rkmq__sim_listeners_free(struct sim_host *host)
{
    RKMQ_LIST_EACH (it, &host->listeners) {
        listener_free(RKMQ_CONTAINER_OF(it, struct sim_listener, link));
    }
}

static struct sim_conn *conn_create(struct sim_host *host, const char *unknown_name)
{
    struct rkmq_sim *s = host->sim;
    struct sim_conn *conn = rkmq__zalloc(s->mem, sizeof *conn);
    if (!conn) {
        return NULL;
    }
    conn->sim = s;
    if (unknown_name) {
        conn->unknown_name = rkmq__text_copy(s->mem, rkmq__slice_of(unknown_name));
        if (!conn->unknown_name) {
            conn_free(conn);
            return NULL;
        }
    }
    for (int i = 0; i < 2; i++) {
        conn->ends[i].conn = conn;
        rkmq__sim_flow_init(&conn->ends[i]);
        if (rkmq__conn_table_add(&s->table, &conn->ends[i], &conn->ends[i].sock.id) != RKMQ_OK) {
            conn_free(conn);
            return NULL;
        }
    }
    rkmq__list_push_back(&s->conns, &conn->link);
    return conn;
}

/* Both ends get their memory and id here, so that accepting cannot fail. */
int rkmq__sim_dial(void *ctx, const char *addr, const struct rkmq_conn_events *ev, void *owner,
                   rkmq_conn *out)
{
    struct sim_host *host = ctx;
    *out = 0;
    struct rkmq__address address;
    if (rkmq__address_parse(addr, &address) != RKMQ_OK || address.port == 0) {
        return RKMQ_E_INVALID;
    }
    const struct sim_host *to = rkmq__sim_host_dialled(host, address.host);
    bool is_name = address.host[strspn(address.host, "0123456789.")] != '\0';
    struct sim_conn *conn = conn_create(host, !to && is_name ? address.host : NULL);
    if (!conn) {
        return RKMQ_E_NOMEM;
    }
    conn->number = to ? to->number : 0;
    conn->port = address.port;
    struct sim_end *near = &conn->ends[0];
    struct sim_end *far = &conn->ends[1];
    near->host_name = host->name;
    near->sock.host = host;
    near->sock.ev = ev;
    near->sock.owner = owner;
    near->state = SIM_END_DIALLING;
    (void)snprintf(near->sock.name, sizeof near->sock.name, "%s:%u", host->address,
                   RKMQ_SIM_DIAL_PORT_FIRST + host->n_dials++ % RKMQ_SIM_DIAL_PORTS);
    far->host_name = to ? to->name : "";
    far->state = SIM_END_DIALLED;
    (void)snprintf(far->sock.name, sizeof far->sock.name, "%s:%u", to ? to->address : "?",
                   conn->port);
    *out = near->sock.id;
    rkmq__sim_note(host->sim, host, SIM_NOTE_DIAL, *out, 0, addr);
    near->out.open.kind = SIM_SYN;
    rkmq__sim_flow_put(near, &near->out.open);
    return RKMQ_OK;
}

int rkmq__sim_send(void *ctx, rkmq_conn c, struct rkmq_buf *take_chain)
{
    struct sim_host *host = ctx;
    struct sim_end *end = end_of(host, c);
    if (!end) {
        rkmq_buf_free(take_chain);
        return RKMQ_E_CLOSED;
    }
    if (end->out.n_bytes >= RKMQ_SIM_SEND_QUEUE_BYTES_MAX) {
        rkmq_buf_free(take_chain);
        return RKMQ_E_LIMIT;
    }
    size_t n = rkmq_buf_chain_bytes(take_chain);
    if (n == 0) {
        rkmq_buf_free(take_chain);
        return RKMQ_OK;
    }
    struct sim_packet *packet = rkmq__sim_packet_create(host->sim);
    if (!packet) {
        rkmq_buf_free(take_chain);
        return RKMQ_E_NOMEM;
    }
    packet->kind = SIM_DATA;
    packet->chain = take_chain;
    rkmq__sim_note(host->sim, host, SIM_NOTE_SEND, c, n, NULL);
    rkmq__sim_flow_put(end, packet);
    return RKMQ_OK;
}

/* An attempt whose SYN has not arrived is as if it had never been. */
static void end_leave(struct sim_end *end, enum sim_packet_kind kind)
{
    end_close(end);
    if (is_alive(rkmq__sim_peer(end))) {
        end_say(end, kind);
    } else {
        rkmq__sim_flow_clear(end);
    }
    rkmq__sim_conn_settle(end->conn);
}

void rkmq__sim_close(void *ctx, rkmq_conn c)
{
    struct sim_host *host = ctx;
    struct sim_socket *sock = socket_of(host, c);
    if (!sock) {
        return;
    }
    rkmq__sim_note(host->sim, host, SIM_NOTE_CLOSE, c, 0, NULL);
    if (sock->is_listener) {
        listener_free((struct sim_listener *)sock);
    } else {
        end_leave((struct sim_end *)sock, SIM_FIN);
    }
}

void rkmq__sim_reset(void *ctx, rkmq_conn c)
{
    struct sim_host *host = ctx;
    struct sim_end *end = end_of(host, c);
    if (!end) {
        rkmq__sim_close(ctx, c);
        return;
    }
    rkmq__sim_note(host->sim, host, SIM_NOTE_RESET, c, 0, NULL);
    end_leave(end, SIM_RST);
}

size_t rkmq__sim_unsent(void *ctx, rkmq_conn c)
{
    const struct sim_end *end = end_of(ctx, c);
    return end ? end->out.n_bytes : 0;
}

/* ---- crash ---- */

/* What left the host before still arrives, unless it stands at a cut: then the host would have had
 * to send it again. */
static void end_crash(struct sim_end *end, bool is_reset)
{
    end_close(end);
    struct sim_end *peer = rkmq__sim_peer(end);
    if (is_reset && is_alive(peer)) {
        end_say(end, SIM_RST);
    } else if (end->out.is_waiting || !is_alive(peer)) {
        rkmq__sim_flow_clear(end);
    }
    rkmq__sim_conn_settle(end->conn);
}

void rkmq__sim_conns_crash(struct sim_host *host, bool is_reset)
{
    RKMQ_LIST_EACH (it, &host->sim->conns) {
        struct sim_conn *conn = RKMQ_CONTAINER_OF(it, struct sim_conn, link);
        for (int i = 0; i < 2; i++) {
            if (conn->ends[i].sock.host == host && is_alive(&conn->ends[i])) {
                end_crash(&conn->ends[i], is_reset);
            }
        }
    }
}
