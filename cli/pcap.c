/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pcap.h"

#include <errno.h>
#include <rkmq/message.h>
#include <time.h>

#include "cli/cli.h"

#define LINKTYPE_RAW 101
#define SNAP_BYTES 262144
#define SEGMENT_BYTES_MAX 32768
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define TCP_BYTES 20
#define BLOCK_HEAD_BYTES 28 /* of an enhanced packet block, before the packet */
#define PROTOCOL_TCP 6
#define BYTE_ORDER_MAGIC 0x1A2B3C4D
enum { BLOCK_SECTION = 0x0A0D0D0A, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { TCP_SYN = 0x02, TCP_PUSH = 0x08, TCP_ACK = 0x10 };

struct pcap_connection {
    rkmq_conn owner; /* whose view is written: two ends in this process show one stream twice */
    char owner_local[64];
    uint32_t next_sequence[2]; /* of the owner's side, of the peer's */
};

static void write_bytes(struct cli_pcap *pcap, const void *p, size_t n)
{
    if (n > 0 && fwrite(p, 1, n, pcap->file) != n) {
        pcap->is_broken = true;
    }
}

/* A section header and the description of one interface of microseconds. */
static void write_file_head(struct cli_pcap *pcap)
{
    uint8_t section[28], interface[20] = {0};
    rkmq_put_be32(section, BLOCK_SECTION);
    rkmq_put_be32(section + 4, sizeof section);
    rkmq_put_be32(section + 8, BYTE_ORDER_MAGIC);
    rkmq_put_be16(section + 12, 1); /* version 1.0 */
    rkmq_put_be16(section + 14, 0);
    memset(section + 16, 0xFF, 8); /* the section's length is not said */
    rkmq_put_be32(section + 24, sizeof section);
    write_bytes(pcap, section, sizeof section);
    rkmq_put_be32(interface, BLOCK_INTERFACE);
    rkmq_put_be32(interface + 4, sizeof interface);
    rkmq_put_be16(interface + 8, LINKTYPE_RAW);
    rkmq_put_be32(interface + 12, SNAP_BYTES);
    rkmq_put_be32(interface + 16, sizeof interface);
    write_bytes(pcap, interface, sizeof interface);
}

int cli_pcap_open(struct cli_pcap *pcap, const char *path)
{
    *pcap = (struct cli_pcap){.file = fopen(path, "wbe")};
    if (!pcap->file) {
        (void)cli_error(path, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    rkmq__map_init(&pcap->connections, rkmq_mem_heap());
    write_file_head(pcap);
    return RKMQ_OK;
}

int cli_pcap_close(struct cli_pcap *pcap)
{
    if (!pcap->file) {
        return RKMQ_OK;
    }
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&pcap->connections, &cursor))) {
        rkmq__free(rkmq_mem_heap(), entry->value);
    }
    rkmq__map_close(&pcap->connections);
    bool is_broken = fclose(pcap->file) != 0 || pcap->is_broken;
    *pcap = (struct cli_pcap){0};
    if (is_broken) {
        (void)cli_error("pcap", "some packets could not be written");
    }
    return is_broken ? RKMQ_E_IO : RKMQ_OK;
}

/* ---- one packet ---- */

static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        sum += rkmq_get_be16(p + i);
    }
    if (n % 2 != 0) {
        sum += (uint32_t)p[n - 1] << 8;
    }
    return sum;
}

static uint16_t checksum(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static size_t ip_write(uint8_t *p, const struct rkmq_host *from, const struct rkmq_host *to,
                       size_t payload_bytes)
{
    if (from->is_v6) {
        memset(p, 0, IPV6_BYTES);
        p[0] = 0x60;
        rkmq_put_be16(p + 4, (uint16_t)payload_bytes);
        p[6] = PROTOCOL_TCP;
        p[7] = 64;
        memcpy(p + 8, from->address, 16);
        memcpy(p + 24, to->address, 16);
        return IPV6_BYTES;
    }
    memset(p, 0, IPV4_BYTES);
    p[0] = 0x45;
    rkmq_put_be16(p + 2, (uint16_t)(IPV4_BYTES + payload_bytes));
    rkmq_put_be16(p + 6, 0x4000); /* do not fragment */
    p[8] = 64;
    p[9] = PROTOCOL_TCP;
    memcpy(p + 12, from->address, 4);
    memcpy(p + 16, to->address, 4);
    rkmq_put_be16(p + 10, checksum(sum_words(0, p, IPV4_BYTES)));
    return IPV4_BYTES;
}

struct segment {
    const struct rkmq_host *from, *to;
    uint32_t sequence, acknowledged;
    uint8_t flags;
    struct rkmq_slice bytes;
};

static void tcp_write(uint8_t *p, const struct segment *s)
{
    size_t address_bytes = s->from->is_v6 ? 16 : 4;
    memset(p, 0, TCP_BYTES);
    rkmq_put_be16(p, (uint16_t)s->from->port);
    rkmq_put_be16(p + 2, (uint16_t)s->to->port);
    rkmq_put_be32(p + 4, s->sequence);
    rkmq_put_be32(p + 8, s->acknowledged);
    p[12] = TCP_BYTES / 4 << 4;
    p[13] = s->flags;
    rkmq_put_be16(p + 14, 0xFFFF); /* window */
    uint32_t sum = PROTOCOL_TCP + (uint32_t)(TCP_BYTES + s->bytes.n);
    sum = sum_words(sum, s->from->address, address_bytes);
    sum = sum_words(sum, s->to->address, address_bytes);
    sum = sum_words(sum, p, TCP_BYTES);
    rkmq_put_be16(p + 16, checksum(sum_words(sum, s->bytes.p, s->bytes.n)));
}

static void write_segment(struct cli_pcap *pcap, const struct segment *s)
{
    uint8_t head[BLOCK_HEAD_BYTES + IPV6_BYTES + TCP_BYTES] = {0};
    uint8_t tail[3 + 4] = {0}; /* padding, and the block's length once more */
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    size_t ip_bytes = ip_write(head + BLOCK_HEAD_BYTES, s->from, s->to, TCP_BYTES + s->bytes.n);
    tcp_write(head + BLOCK_HEAD_BYTES + ip_bytes, s);
    uint32_t n_packet = (uint32_t)(ip_bytes + TCP_BYTES + s->bytes.n);
    uint32_t n_padding = (4 - n_packet % 4) % 4;
    uint32_t n_block = BLOCK_HEAD_BYTES + n_packet + n_padding + 4;
    uint64_t us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
    rkmq_put_be32(head, BLOCK_PACKET);
    rkmq_put_be32(head + 4, n_block);
    rkmq_put_be32(head + 12, (uint32_t)(us >> 32));
    rkmq_put_be32(head + 16, (uint32_t)us);
    rkmq_put_be32(head + 20, n_packet);
    rkmq_put_be32(head + 24, n_packet);
    rkmq_put_be32(tail + n_padding, n_block);
    write_bytes(pcap, head, BLOCK_HEAD_BYTES + ip_bytes + TCP_BYTES);
    write_bytes(pcap, s->bytes.p, s->bytes.n);
    write_bytes(pcap, tail, n_padding + 4);
}

/* ---- streams ---- */

static void write_handshake(struct cli_pcap *pcap, struct pcap_connection *con,
                            const struct rkmq_host *from, const struct rkmq_host *to)
{
    const struct segment segments[] = {
        {.from = from, .to = to, .sequence = 0, .flags = TCP_SYN},
        {.from = to, .to = from, .sequence = 0, .acknowledged = 1, .flags = TCP_SYN | TCP_ACK},
        {.from = from, .to = to, .sequence = 1, .acknowledged = 1, .flags = TCP_ACK},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(segments); i++) {
        write_segment(pcap, &segments[i]);
    }
    con->next_sequence[0] = con->next_sequence[1] = 1;
}

static struct pcap_connection *connection_new(struct cli_pcap *pcap, struct rkmq_slice key)
{
    if (rkmq__map_count(&pcap->connections) == CLI_PCAP_CONNECTIONS_MAX) {
        if (!pcap->is_full) {
            (void)cli_error("pcap", "more than %d connections: further ones are left out",
                            CLI_PCAP_CONNECTIONS_MAX);
        }
        pcap->is_full = true;
        return NULL;
    }
    struct pcap_connection *con = rkmq__zalloc(rkmq_mem_heap(), sizeof *con);
    if (con && rkmq__map_put(&pcap->connections, key, con) != RKMQ_OK) {
        rkmq__free(rkmq_mem_heap(), con);
        con = NULL;
    }
    pcap->is_broken = pcap->is_broken || !con;
    return con;
}

/* NULL when the stream is not to be written; `*is_new` asks for a handshake. */
static struct pcap_connection *connection_get(struct cli_pcap *pcap, rkmq_conn c, const char *local,
                                              const char *peer, bool *is_new)
{
    char key[160];
    bool is_ordered = strcmp(local, peer) < 0;
    (void)snprintf(key, sizeof key, "%s|%s", is_ordered ? local : peer, is_ordered ? peer : local);
    struct pcap_connection *con = rkmq__map_get(&pcap->connections, rkmq__slice_of(key));
    if (con && con->owner == c) {
        return con;
    }
    if (con && strcmp(con->owner_local, local) != 0) {
        return NULL; /* the other end of a connection within this process */
    }
    if (!con) {
        con = connection_new(pcap, rkmq__slice_of(key));
    }
    if (con) {
        con->owner =
            c; /* a known pair of addresses with a new connection: the port is used again */
        (void)snprintf(con->owner_local, sizeof con->owner_local, "%s", local);
        *is_new = true;
    }
    return con;
}

void cli_pcap_tap(void *user, rkmq_conn c, bool is_outgoing, const char *local, const char *peer,
                  struct rkmq_slice bytes)
{
    struct cli_pcap *pcap = user;
    struct rkmq_host hosts[2];
    bool is_new = false;
    if (rkmq_host_read(local, &hosts[0]) != RKMQ_OK || rkmq_host_read(peer, &hosts[1]) != RKMQ_OK) {
        pcap->is_broken = true;
        return;
    }
    struct pcap_connection *con = connection_get(pcap, c, local, peer, &is_new);
    if (!con) {
        return;
    }
    size_t from = is_outgoing ? 0 : 1;
    if (is_new) {
        /* Who speaks first is the one that dialled: servers never do on this protocol. */
        write_handshake(pcap, con, &hosts[from], &hosts[1 - from]);
    }
    while (bytes.n > 0) {
        size_t n = bytes.n < SEGMENT_BYTES_MAX ? bytes.n : SEGMENT_BYTES_MAX;
        write_segment(pcap, &(struct segment){.from = &hosts[from],
                                              .to = &hosts[1 - from],
                                              .sequence = con->next_sequence[from],
                                              .acknowledged = con->next_sequence[1 - from],
                                              .flags = TCP_PUSH | TCP_ACK,
                                              .bytes = rkmq__slice(bytes.p, n)});
        con->next_sequence[from] += (uint32_t)n;
        bytes = rkmq__slice(bytes.p + n, bytes.n - n);
    }
    pcap->is_broken = fflush(pcap->file) != 0 || pcap->is_broken;
}
