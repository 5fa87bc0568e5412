/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_SERVER_RIG_H
#define RKMQ_TEST_SERVER_RIG_H

/*
 * A server core on a recording env, spoken to in frames. The rig's own allocations neither fail nor
 * count, so that a test can fail the server's.
 */

#include <rkmq/remoting.h>

#include "support/mem.h"
#include "support/record_env.h"

#define RIG_FRAMES_MAX 48
#define RIG_BODY_BYTES 16384

struct rig_frame {
    int code;
    uint32_t flags;
    int32_t opaque;
    bool has_fields;
    char fields[2048], remark[1024]; /* fields as "k=v;k=v" */
    uint8_t body[RIG_BODY_BYTES];    /* cut */
    size_t body_bytes;               /* whole */
};
struct rig_frames {
    struct rig_frame at[RIG_FRAMES_MAX];
    size_t n;
};
struct server_rig {
    struct test_mem tm;
    struct record_env re;
    int32_t opaque; /* of the latest request */
    struct rig_frames frames;
};

/* One question, and what must come back; NULL: not looked at. */
struct rig_step {
    int code;
    const char *fields, *body;
    int result;
    const char *answer_fields; /* exactly these, in this order */
    const char *answer_body, *remark;
};

void server_rig_open(struct server_rig *rig);
void server_rig_close(struct server_rig *rig); /* fails the test when memory is left */
/* A connection to the first listener. */
rkmq_conn server_rig_connect(struct server_rig *rig, const char *peer);
/* Hands in one request. */
void server_rig_send(struct server_rig *rig, rkmq_conn con, int code, const char *fields,
                     struct rkmq_slice body, uint32_t flags);
/* Hands in an answer to what the core asked on `con`. */
void server_rig_answer(struct server_rig *rig, rkmq_conn con, int32_t opaque, int code,
                       const char *remark);
/* Everything that was sent on `con` since, in `rig->frames`. */
const struct rig_frames *server_rig_take(struct server_rig *rig, rkmq_conn con);
/* Sends and takes; the answer, among what else may have come. */
const struct rig_frame *server_rig_ask(struct server_rig *rig, rkmq_conn con, int code,
                                       const char *fields, struct rkmq_slice body);
void server_rig_steps(struct server_rig *rig, rkmq_conn con, const struct rig_step *steps,
                      size_t n);
#define RIG_STEPS(rig, con, ...)                                                                   \
    do {                                                                                           \
        const struct rig_step steps_[] = {__VA_ARGS__};                                            \
        server_rig_steps((rig), (con), steps_, sizeof steps_ / sizeof steps_[0]);                  \
    } while (0)

#endif
