/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_DECODE_H
#define RKMQ_CLI_DECODE_H

/*
 * rkmq decode, in three parts: a reader per file format (decode_jsonl.c, decode_pcapng.c) hands the
 * bytes of both directions of a connection to a flow (decode_flow.c), which cuts frames and matches
 * answers to requests; decode_print.c shows each frame.
 */

#include <rkmq/remoting.h>
#include <stdio.h>

#include "remoting/base/containers.h"

/* Where in the input a frame or an error stands: "a.jsonl:12", "a.pcapng: block 12". */
struct decode_place {
    const char *file;
    const char *separator; /* ":" or ": block " */
    uint64_t n;
};

struct decode_output {
    const struct rkmq_mem *mem;
    bool is_json, is_full;
    struct rkmq_bytes line; /* of the frame under way */
    uint64_t n_frames, n_errors;
};
void decode_output_init(struct decode_output *out, const struct rkmq_mem *mem);
void decode_output_close(struct decode_output *out);

/* One frame and what is known around it. */
struct decode_frame {
    int64_t t_us;
    uint64_t conn;
    const char *link; /* "ns", "broker", or "" */
    bool is_from_client;
    int request_code; /* of an answer: what it answers, -1 when that was not seen */
    const struct rkmq_command *cmd;
};
void decode_print_frame(struct decode_output *out, const struct decode_frame *frame);
/* A remark that belongs to a connection (0: to none): opened, closed, a mark of a test. */
void decode_print_note(struct decode_output *out, int64_t t_us, uint64_t conn,
                       struct rkmq_slice text);
/* `rkmq: decode: FILE:12: why` on stderr, counted. */
void decode_error(struct decode_output *out, const struct decode_place *place, const char *fmt, ...)
    RKMQ_PRINTF(3, 4);

/* ---- flows ---- */

struct decode_flow;
/* Errors: RKMQ_E_NOMEM. `link` is copied. */
int decode_flow_create(struct decode_flow **out, const struct rkmq_mem *mem, uint64_t conn,
                       struct rkmq_slice link);
void decode_flow_destroy(struct decode_flow *flow);
/* A direction whose bytes do not make frames is reported once and then passed over. */
void decode_flow_feed(struct decode_flow *flow, bool is_from_client, int64_t t_us,
                      struct rkmq_slice bytes, const struct decode_place *place,
                      struct decode_output *out);

/* ---- readers: errors go to `out` and do not end the reading where it can go on ---- */

void decode_jsonl_read(FILE *file, const char *name, struct decode_output *out);
void decode_pcapng_read(FILE *file, const char *name, struct decode_output *out);

#endif
