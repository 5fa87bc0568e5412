/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng files, as rkmq serve --pcap, dumpcap and tcpdump write them: section header, interface
 * description and enhanced packet blocks; every other block is passed over.
 * Source: draft-ietf-opsawg-pcapng, section 4.
 */
#include <errno.h>

#include "cli/decode_tcp.h"

#define BLOCK_BYTES_MAX (16u << 20)
#define INTERFACES_MAX 64

enum { BLOCK_SECTION = 0x0A0D0D0A, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_TSRESOL = 9 };

struct pcapng_interface {
    unsigned link_type;
    uint8_t tsresol; /* 6: microseconds */
};

struct pcapng_reader {
    struct decode_output *out;
    struct decode_place place;
    struct decode_tcp tcp;
    FILE *file;
    bool is_little;
    struct pcapng_interface interfaces[INTERFACES_MAX];
    size_t n_interfaces;
    struct rkmq_bytes block;
    int64_t first_us;
    bool has_first;
};

static uint32_t get32(const struct pcapng_reader *r, const uint8_t *p)
{
    uint32_t v = rkmq_get_be32(p);
    return r->is_little ? __builtin_bswap32(v) : v;
}

static unsigned get16(const struct pcapng_reader *r, const uint8_t *p)
{
    uint16_t v = rkmq_get_be16(p);
    return r->is_little ? __builtin_bswap16(v) : v;
}

/* Bytes in front of the IP packet, by link type; SIZE_MAX: the type is not known. */
static size_t link_head_bytes(unsigned link_type, struct rkmq_slice packet)
{
    static const struct {
        unsigned link_type;
        size_t n;
    } heads[] = {{0, 4}, {1, 14}, {101, 0}, {113, 16}, {228, 0}, {229, 0}, {276, 20}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(heads); i++) {
        if (heads[i].link_type == link_type) {
            bool is_tagged = link_type == 1 && packet.n >= 18 && packet.p[12] == 0x81 &&
                             packet.p[13] == 0x00; /* 802.1Q */
            return heads[i].n + (is_tagged ? 4 : 0);
        }
    }
    return SIZE_MAX;
}

static void read_interface(struct pcapng_reader *r)
{
    if (r->block.n < 8 || r->n_interfaces == INTERFACES_MAX) {
        decode_error(r->out, &r->place, "interface description is cut, or the %dth",
                     INTERFACES_MAX + 1);
        return;
    }
    struct pcapng_interface *i = &r->interfaces[r->n_interfaces++];
    *i = (struct pcapng_interface){.link_type = get16(r, r->block.p), .tsresol = 6};
    for (size_t at = 8; at + 4 <= r->block.n;) {
        unsigned code = get16(r, r->block.p + at), n = get16(r, r->block.p + at + 2);
        if (code == OPTION_TSRESOL && n == 1 && at + 5 <= r->block.n) {
            i->tsresol = r->block.p[at + 4];
        }
        at = code == OPTION_END ? r->block.n : at + 4 + ((n + 3u) & ~3u);
    }
}

/* Ticks of the interface as microseconds. */
static int64_t ticks_to_us(uint8_t tsresol, uint64_t ticks)
{
    if (tsresol & 0x80) { /* a power of two a second */
        unsigned shift = tsresol & 0x7F;
        return shift > 43 ? (int64_t)((ticks >> (shift - 20)) * 1000000 >> 20)
                          : (int64_t)((ticks >> shift) * 1000000 +
                                      ((ticks & ((1ull << shift) - 1)) * 1000000 >> shift));
    }
    for (; tsresol > 6; tsresol--) {
        ticks /= 10;
    }
    for (; tsresol < 6; tsresol++) {
        ticks *= 10;
    }
    return (int64_t)ticks;
}

static void read_packet(struct pcapng_reader *r)
{
    const uint8_t *p = r->block.p;
    if (r->block.n < 20 || get32(r, p) >= r->n_interfaces || get32(r, p + 12) > r->block.n - 20) {
        decode_error(r->out, &r->place, "packet is cut, or of an interface not described");
        return;
    }
    const struct pcapng_interface *i = &r->interfaces[get32(r, p)];
    struct rkmq_slice packet = rkmq__slice(p + 20, get32(r, p + 12));
    size_t head = link_head_bytes(i->link_type, packet);
    if (head > packet.n) {
        decode_error(r->out, &r->place,
                     head == SIZE_MAX ? "link type %u is not known"
                                      : "packet of link type %u is cut",
                     i->link_type);
        return;
    }
    int64_t t_us = ticks_to_us(i->tsresol, (uint64_t)get32(r, p + 4) << 32 | get32(r, p + 8));
    if (!r->has_first) {
        r->has_first = true;
        r->first_us = t_us;
    }
    decode_tcp_packet(&r->tcp, rkmq__slice(packet.p + head, packet.n - head), t_us - r->first_us,
                      &r->place);
}

/* The block's type and its body in `block`. Errors: RKMQ_E_MORE at the end, RKMQ_E_PROTOCOL. */
static int read_block(struct pcapng_reader *r, uint32_t *type)
{
    uint8_t head[12];
    size_t n = fread(head, 1, sizeof head, r->file);
    if (n == 0 && !ferror(r->file)) {
        return RKMQ_E_MORE;
    }
    r->place.n++;
    if (n < sizeof head) {
        decode_error(r->out, &r->place, "%s",
                     ferror(r->file) ? strerror(errno) : "the file ends within a block");
        return RKMQ_E_PROTOCOL;
    }
    if (rkmq_get_be32(head) == BLOCK_SECTION) { /* reads the same both ways */
        r->is_little = rkmq_get_be32(head + 8) == 0x4D3C2B1A;
        r->n_interfaces = 0;
    }
    *type = get32(r, head);
    uint32_t total = get32(r, head + 4);
    if (total < 12 || total % 4 != 0 || total > BLOCK_BYTES_MAX) {
        decode_error(r->out, &r->place, "block of %u bytes", total);
        return RKMQ_E_PROTOCOL;
    }
    rkmq__bytes_clear(&r->block);
    uint8_t *body = rkmq__bytes_reserve(&r->block, total - 8);
    if (!body) {
        decode_error(r->out, &r->place, "%s", rkmq_status_text(RKMQ_E_NOMEM));
        return RKMQ_E_NOMEM;
    }
    memcpy(body, head + 8, 4);
    if (fread(body + 4, 1, total - 12, r->file) != total - 12) {
        decode_error(r->out, &r->place, "the file ends within a block");
        return RKMQ_E_PROTOCOL;
    }
    r->block.n -= 4; /* the length once more */
    return RKMQ_OK;
}

void decode_pcapng_read(FILE *file, const char *name, struct decode_output *out)
{
    struct pcapng_reader r = {
        .out = out, .place = {.file = name, .separator = ": block "}, .file = file};
    uint32_t type;
    rkmq__bytes_init(&r.block, out->mem);
    decode_tcp_init(&r.tcp, out);
    while (read_block(&r, &type) == RKMQ_OK) {
        if (type == BLOCK_INTERFACE) {
            read_interface(&r);
        } else if (type == BLOCK_PACKET) {
            read_packet(&r);
        }
    }
    decode_tcp_close(&r.tcp, &r.place);
    rkmq__bytes_close(&r.block);
}
