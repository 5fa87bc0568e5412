/* SPDX-License-Identifier: Apache-2.0 */
/* One captured connection: cuts the frames of both directions and matches answers to requests. */
#include "cli/decode.h"

#define TLS_HANDSHAKE 0x16 /* first byte of a TLS connection */

struct decode_side {
    struct rkmq_decoder *decoder;
    struct rkmq_map requests; /* this side's opaque -> code + 1, until answered */
    bool is_broken, is_begun;
};

struct decode_flow {
    const struct rkmq_mem *mem;
    uint64_t conn;
    char *link;
    struct decode_side sides[2]; /* 0: the side that connected */
};

static int side_init(struct decode_side *side, const struct rkmq_mem *mem)
{
    rkmq__map_init(&side->requests, mem);
    return rkmq_decoder_create(&side->decoder, mem, RKMQ_FRAME_BYTES_MAX);
}

static void side_close(struct decode_side *side)
{
    rkmq_decoder_destroy(side->decoder);
    rkmq__map_close(&side->requests);
}

int decode_flow_create(struct decode_flow **out, const struct rkmq_mem *mem, uint64_t conn,
                       struct rkmq_slice link)
{
    *out = NULL;
    struct decode_flow *flow = rkmq__zalloc(mem, sizeof *flow);
    if (!flow) {
        return RKMQ_E_NOMEM;
    }
    flow->mem = mem;
    flow->conn = conn;
    flow->link = rkmq__text_copy(mem, link);
    if (side_init(&flow->sides[0], mem) != RKMQ_OK || side_init(&flow->sides[1], mem) != RKMQ_OK ||
        !flow->link) {
        decode_flow_destroy(flow);
        return RKMQ_E_NOMEM;
    }
    *out = flow;
    return RKMQ_OK;
}

void decode_flow_destroy(struct decode_flow *flow)
{
    if (!flow) {
        return;
    }
    side_close(&flow->sides[0]);
    side_close(&flow->sides[1]);
    rkmq__free(flow->mem, flow->link);
    rkmq__free(flow->mem, flow);
}

/* Notes a request, or finds and forgets the request an answer belongs to. The code, or -1. */
static int request_code_of(struct decode_flow *flow, bool is_from_client,
                           const struct rkmq_command *cmd)
{
    struct rkmq_slice key = rkmq__slice(&cmd->opaque, sizeof cmd->opaque);
    if (cmd->flags & RKMQ_FLAG_RESPONSE) {
        struct decode_side *asker = &flow->sides[is_from_client ? 1 : 0];
        return (int)(intptr_t)rkmq__map_remove(&asker->requests, key) - 1;
    }
    if (!(cmd->flags & RKMQ_FLAG_ONEWAY)) {
        struct decode_side *asker = &flow->sides[is_from_client ? 0 : 1];
        /* Without memory the answer will be shown without its request, which is no harm. */
        (void)rkmq__map_put(&asker->requests, key, (void *)((intptr_t)cmd->code + 1));
    }
    return cmd->code;
}

static void side_break(struct decode_flow *flow, struct decode_side *side, const char *why,
                       const struct decode_place *place, struct decode_output *out)
{
    side->is_broken = true;
    decode_error(out, place, "connection %llu, from the %s: %s", (unsigned long long)flow->conn,
                 side == &flow->sides[0] ? "client" : "server", why);
}

void decode_flow_feed(struct decode_flow *flow, bool is_from_client, int64_t t_us,
                      struct rkmq_slice bytes, const struct decode_place *place,
                      struct decode_output *out)
{
    struct decode_side *side = &flow->sides[is_from_client ? 0 : 1];
    if (side->is_broken || bytes.n == 0) {
        return;
    }
    if (!side->is_begun && bytes.p[0] == TLS_HANDSHAKE) {
        side_break(flow, side, "TLS, cannot be read", place, out);
        return;
    }
    side->is_begun = true;
    struct rkmq_buf *buf = rkmq_buf_copy(flow->mem, bytes);
    if (!buf) {
        side_break(flow, side, rkmq_status_text(RKMQ_E_NOMEM), place, out);
        return;
    }
    rkmq_decoder_feed(side->decoder, buf);
    struct rkmq_command cmd;
    struct rkmq_err err = {0};
    int status;
    while ((status = rkmq_decoder_next(side->decoder, &cmd, &err)) == RKMQ_OK) {
        struct decode_frame frame = {.t_us = t_us,
                                     .conn = flow->conn,
                                     .link = flow->link,
                                     .is_from_client = is_from_client,
                                     .request_code = request_code_of(flow, is_from_client, &cmd),
                                     .cmd = &cmd};
        decode_print_frame(out, &frame);
    }
    if (status != RKMQ_E_MORE) {
        side_break(flow, side, err.text[0] ? err.text : rkmq_status_text(status), place, out);
    }
}
