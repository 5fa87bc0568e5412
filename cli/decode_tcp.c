/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decode_tcp.h"

#include <rkmq/message.h>

#define IP_PROTOCOL_TCP 6
#define ENDPOINT_BYTES 18 /* address (IPv4 in the first four) and port */

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

struct held_segment {
    struct rkmq_list link;
    uint32_t seq;
    size_t n;
    uint8_t bytes[];
};

struct tcp_side {
    uint32_t seq_next;
    bool is_known, is_broken;
    struct rkmq_list held; /* in the order of arrival */
    size_t n_held;
};

struct tcp_conn {
    struct decode_flow *flow;
    uint64_t id;
    uint8_t client[ENDPOINT_BYTES];
    struct tcp_side sides[2]; /* 0: from the client */
};

/* What of a packet matters here. */
struct segment {
    uint8_t from[ENDPOINT_BYTES], to[ENDPOINT_BYTES];
    bool is_v6;
    uint32_t seq;
    unsigned flags;
    struct rkmq_slice payload;
};

static uint16_t port_of(const uint8_t endpoint[ENDPOINT_BYTES])
{
    return rkmq_get_be16(endpoint + 16);
}

/* The TCP segment of an IP packet; false: something else, or cut. */
static bool segment_read(struct rkmq_slice packet, struct segment *s)
{
    const uint8_t *p = packet.p;
    size_t head = 40, end = packet.n, address_bytes = 16, address_at = 8;
    if (packet.n < 20) {
        return false;
    }
    *s = (struct segment){.is_v6 = p[0] >> 4 == 6};
    if (s->is_v6) {
        if (packet.n < head || p[6] != IP_PROTOCOL_TCP) {
            return false;
        }
        end = head + rkmq_get_be16(p + 4);
    } else {
        head = (size_t)(p[0] & 15) * 4;
        end = rkmq_get_be16(p + 2);
        address_bytes = 4;
        address_at = 12;
        bool is_fragment = (rkmq_get_be16(p + 6) & 0x3FFF) != 0;
        if (p[0] >> 4 != 4 || p[9] != IP_PROTOCOL_TCP || head < 20 || is_fragment) {
            return false;
        }
    }
    end = end == 0 || end > packet.n ? packet.n : end; /* 0: left to the network card */
    if (end < head + 20) {
        return false;
    }
    const uint8_t *tcp = p + head;
    size_t tcp_head = (size_t)(tcp[12] >> 4) * 4;
    if (tcp_head < 20 || head + tcp_head > end) {
        return false;
    }
    memcpy(s->from, p + address_at, address_bytes);
    memcpy(s->to, p + address_at + address_bytes, address_bytes);
    memcpy(s->from + 16, tcp, 2);
    memcpy(s->to + 16, tcp + 2, 2);
    s->seq = rkmq_get_be32(tcp + 4);
    s->flags = tcp[13];
    s->payload = rkmq__slice(tcp + tcp_head, end - head - tcp_head);
    return true;
}

static void endpoint_write(const struct segment *s, const uint8_t endpoint[ENDPOINT_BYTES],
                           char out[64])
{
    struct rkmq_host host = {.is_v6 = s->is_v6, .port = port_of(endpoint)};
    memcpy(host.address, endpoint, sizeof host.address);
    rkmq_host_write(&host, out);
}

static bool is_from_client(const struct tcp_conn *conn, const struct segment *s)
{
    return memcmp(conn->client, s->from, ENDPOINT_BYTES) == 0;
}

static void side_drop_held(struct decode_tcp *tcp, struct tcp_side *side)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&side->held)) != NULL) {
        rkmq__free(tcp->out->mem, RKMQ_CONTAINER_OF(link, struct held_segment, link));
    }
    side->n_held = 0;
}

static void conn_destroy(struct decode_tcp *tcp, struct tcp_conn *conn,
                         const struct decode_place *place)
{
    for (size_t i = 0; i < 2; i++) {
        if (conn->sides[i].n_held > 0) {
            decode_error(tcp->out, place, "connection %llu, from the %s: bytes are missing",
                         (unsigned long long)conn->id, i == 0 ? "client" : "server");
        }
        side_drop_held(tcp, &conn->sides[i]);
    }
    decode_flow_destroy(conn->flow);
    rkmq__free(tcp->out->mem, conn);
}

/* Who connected: the sender of the SYN; where that was not captured, the one with the higher port.
 */
static bool is_sender_client(const struct segment *s)
{
    if (s->flags & TCP_SYN) {
        return (s->flags & TCP_ACK) == 0;
    }
    return port_of(s->from) > port_of(s->to);
}

static struct tcp_conn *conn_create(struct decode_tcp *tcp, const struct segment *s, int64_t t_us)
{
    char text[160], from[64], to[64];
    struct tcp_conn *conn = rkmq__zalloc(tcp->out->mem, sizeof *conn);
    if (!conn) {
        return NULL;
    }
    conn->id = ++tcp->n_conns;
    rkmq__list_init(&conn->sides[0].held);
    rkmq__list_init(&conn->sides[1].held);
    bool is_client = is_sender_client(s);
    memcpy(conn->client, is_client ? s->from : s->to, ENDPOINT_BYTES);
    if (decode_flow_create(&conn->flow, tcp->out->mem, conn->id, rkmq__slice("", 0)) != RKMQ_OK) {
        rkmq__free(tcp->out->mem, conn);
        return NULL;
    }
    endpoint_write(s, is_client ? s->from : s->to, from);
    endpoint_write(s, is_client ? s->to : s->from, to);
    (void)snprintf(text, sizeof text, "open %s -> %s", from, to);
    decode_print_note(tcp->out, t_us, conn->id, rkmq__slice_of(text));
    return conn;
}

/* The connection of a segment, made if it is new; a SYN begins a new one. NULL: no memory. */
static struct tcp_conn *conn_of(struct decode_tcp *tcp, const struct segment *s, int64_t t_us,
                                const struct decode_place *place)
{
    uint8_t key[2 * ENDPOINT_BYTES];
    bool is_first = memcmp(s->from, s->to, ENDPOINT_BYTES) < 0;
    memcpy(key, is_first ? s->from : s->to, ENDPOINT_BYTES);
    memcpy(key + ENDPOINT_BYTES, is_first ? s->to : s->from, ENDPOINT_BYTES);
    struct tcp_conn *conn = rkmq__map_get(&tcp->conns, rkmq__slice(key, sizeof key));
    bool is_again = (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && conn &&
                    conn->sides[0].is_known && conn->sides[0].seq_next != s->seq + 1;
    if (conn && !is_again) {
        return conn;
    }
    if (conn) {
        (void)rkmq__map_remove(&tcp->conns, rkmq__slice(key, sizeof key));
        conn_destroy(tcp, conn, place);
    }
    conn = conn_create(tcp, s, t_us);
    if (conn && rkmq__map_put(&tcp->conns, rkmq__slice(key, sizeof key), conn) != RKMQ_OK) {
        conn_destroy(tcp, conn, place);
        conn = NULL;
    }
    return conn;
}

static void hold(struct decode_tcp *tcp, struct tcp_conn *conn, struct tcp_side *side,
                 const struct segment *s, const struct decode_place *place)
{
    struct held_segment *held = side->n_held < DECODE_HELD_MAX
                                    ? rkmq__alloc(tcp->out->mem, sizeof *held + s->payload.n)
                                    : NULL;
    if (!held) {
        decode_error(tcp->out, place, "connection %llu, from the %s: bytes are missing",
                     (unsigned long long)conn->id, side == &conn->sides[0] ? "client" : "server");
        side_drop_held(tcp, side);
        side->is_broken = true;
        return;
    }
    *held = (struct held_segment){.seq = s->seq, .n = s->payload.n};
    memcpy(held->bytes, s->payload.p, s->payload.n);
    rkmq__list_push_back(&side->held, &held->link);
    side->n_held++;
}

/* Hands on what follows the bytes seen so far. False: the segment is early. */
static bool take(struct decode_tcp *tcp, struct tcp_conn *conn, struct tcp_side *side, uint32_t seq,
                 struct rkmq_slice bytes, int64_t t_us, const struct decode_place *place)
{
    int32_t ahead = (int32_t)(seq - side->seq_next);
    if (ahead > 0) {
        return false;
    }
    uint32_t seen = (uint32_t) - (int64_t)ahead;
    if (seen < bytes.n) {
        decode_flow_feed(conn->flow, side == &conn->sides[0], t_us,
                         rkmq__slice(bytes.p + seen, bytes.n - seen), place, tcp->out);
        side->seq_next += (uint32_t)(bytes.n - seen);
    }
    return true;
}

static void take_held(struct decode_tcp *tcp, struct tcp_conn *conn, struct tcp_side *side,
                      int64_t t_us, const struct decode_place *place)
{
    for (bool is_moved = true; is_moved;) {
        is_moved = false;
        RKMQ_LIST_EACH (link, &side->held) {
            struct held_segment *held = RKMQ_CONTAINER_OF(link, struct held_segment, link);
            if (take(tcp, conn, side, held->seq, rkmq__slice(held->bytes, held->n), t_us, place)) {
                rkmq__list_remove(link);
                rkmq__free(tcp->out->mem, held);
                side->n_held--;
                is_moved = true;
            }
        }
    }
}

void decode_tcp_init(struct decode_tcp *tcp, struct decode_output *out)
{
    *tcp = (struct decode_tcp){.out = out};
    rkmq__map_init(&tcp->conns, out->mem);
}

void decode_tcp_close(struct decode_tcp *tcp, const struct decode_place *place)
{
    size_t cursor = 0;
    for (struct rkmq_map_entry *e; (e = rkmq__map_next(&tcp->conns, &cursor)) != NULL;) {
        conn_destroy(tcp, e->value, place);
    }
    rkmq__map_close(&tcp->conns);
}

void decode_tcp_packet(struct decode_tcp *tcp, struct rkmq_slice packet, int64_t t_us,
                       const struct decode_place *place)
{
    struct segment s;
    if (!segment_read(packet, &s)) {
        return;
    }
    struct tcp_conn *conn = conn_of(tcp, &s, t_us, place);
    if (!conn) {
        decode_error(tcp->out, place, "%s", rkmq_status_text(RKMQ_E_NOMEM));
        return;
    }
    struct tcp_side *side = &conn->sides[is_from_client(conn, &s) ? 0 : 1];
    if (!side->is_known) {
        side->is_known = true;
        side->seq_next = s.seq + (s.flags & TCP_SYN ? 1 : 0);
    }
    if (s.payload.n > 0 && !side->is_broken) {
        uint32_t seq = s.seq + (s.flags & TCP_SYN ? 1 : 0);
        if (take(tcp, conn, side, seq, s.payload, t_us, place)) {
            take_held(tcp, conn, side, t_us, place);
        } else {
            hold(tcp, conn, side, &s, place);
        }
    }
    if (s.flags & (TCP_FIN | TCP_RST)) {
        const char *text = s.flags & TCP_RST         ? "reset"
                           : side == &conn->sides[0] ? "close by client"
                                                     : "close by server";
        decode_print_note(tcp->out, t_us, conn->id, rkmq__slice_of(text));
    }
}
