/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_CHANNEL_H
#define RKMQ_RPC_CHANNEL_H

/*
 * One connection that speaks the remoting protocol, either end: frames in and out, requests matched
 * to answers by opaque, timeouts. Both ends may send requests; the two directions have opaque
 * spaces of their own. Used through rkmq_remoting_client (dials, one channel per address) and
 * rkmq_remoting_server (listens). Source: NettyRemotingAbstract (responseTable,
 * processRequestCommand, processResponseCommand), 5.3.3.
 *
 * Any callback may close the channel, call again, or destroy the client or server: the channel's
 * memory stays until the callback has returned.
 *
 *     dial -> CONNECTING --opened--> OPEN --closed/protocol error/close--> CLOSED
 *     accept ------------------------^
 */

#include <rkmq/remoting.h>

#include "remoting/base/containers.h"
#include "remoting/protocol/header.h"

struct rkmq_channel;

/*
 * The end of a call: once, from the channel's top level, never from within rkmq__channel_call.
 * `status`: RKMQ_OK with `answer` (borrowed for the call; its code is data), RKMQ_E_TIMEOUT,
 * RKMQ_E_CLOSED (err says why), RKMQ_E_CANCELED. `answer` is NULL unless RKMQ_OK.
 */
typedef void rkmq_answer_fn(void *user, int status, const struct rkmq_command *answer,
                            const struct rkmq_err *err);

/* What is sent: code, fields, remark and body; the channel fills opaque, flags, language, version,
 * format. */
struct rkmq_message_out {
    int code;
    const struct rkmq_fields *fields; /* NULL: no extFields key; n == 0: "extFields":{} */
    struct rkmq_slice remark;
    struct rkmq_buf *take_body; /* chain or NULL; taken also on failure */
};

/* A request to this end. Answer now, or keep `opaque` and the channel's id and answer later;
 * oneway: never. */
struct rkmq_request_in {
    struct rkmq_channel *channel;
    const struct rkmq_command *cmd; /* borrowed for the call */
};

struct rkmq_channel_handler {
    void *owner;
    void (*request)(void *owner, const struct rkmq_request_in *req); /* NULL: none is supported */
    void (*opened)(void *owner, struct rkmq_channel *ch);            /* may be NULL */
    /* After every pending call was answered; also for a dialled channel that never opened. The
     * channel is freed when this returns. May be NULL. */
    void (*closed)(void *owner, struct rkmq_channel *ch, const char *why);
    /* Every frame in and out, for event logs; may be NULL. Outgoing: `cmd->body` is empty,
     * body_bytes counts. */
    void (*frame)(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                  const struct rkmq_command *cmd, size_t body_bytes);
    /*
     * Asked about every frame before it takes effect, for fault rules; may be NULL. True: it
     * passes. False: it ends here, and who sent it is told that all went well; the gate may keep
     * `frame` (rkmq__buf_chain_view) and let it go on later with rkmq__channel_deliver (one that
     * came in) or rkmq__channel_send (one that goes out). `frame` is the whole frame, borrowed for
     * the call. `body` of an outgoing `cmd` is empty. May close or reset the channel.
     */
    bool (*gate)(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                 const struct rkmq_command *cmd, struct rkmq_buf *frame);
};

/* What every channel of one client or server shares. */
struct rkmq_channel_config {
    const struct rkmq_env *env;
    struct rkmq_channel_handler handler;
    enum rkmq_header_format
        format; /* of requests, and of answers unless the request's format is to be mirrored */
    bool is_format_mirrored; /* 4.9 servers answer in the request's format */
    int language, version;
    size_t frame_bytes_max; /* 0: RKMQ_FRAME_BYTES_MAX */
    int32_t *opaque;        /* set by the client or server: one counter for all its channels */
};

uint64_t rkmq__channel_id(const struct rkmq_channel *ch); /* unique within the env, never reused */
const char *rkmq__channel_peer(const struct rkmq_channel *ch); /* "ip:port" as connected */
/* What was dialled; of an accepted channel its peer. */
const char *rkmq__channel_address(const struct rkmq_channel *ch);
bool rkmq__channel_is_open(const struct rkmq_channel *ch);
void *rkmq__channel_user(const struct rkmq_channel *ch); /* one pointer for the owner */
void rkmq__channel_set_user(struct rkmq_channel *ch, void *user);

/*
 * A request that wants an answer. While CONNECTING it waits for `opened` (the time counts).
 * A time below 1 ms counts as 1. On failure `fn` is not called. Errors: RKMQ_E_CLOSED, RKMQ_E_LIMIT
 * (too many calls wait, too much is unsent, or the frame is too large), RKMQ_E_NOMEM.
 */
int rkmq__channel_call(struct rkmq_channel *ch, const struct rkmq_message_out *out,
                       rkmq_ms timeout_ms, rkmq_answer_fn *fn, void *user);
int rkmq__channel_oneway(struct rkmq_channel *ch, const struct rkmq_message_out *out);
/* Answers the request `opaque`/`format`. Errors as above; an answer to a closed channel is dropped
 * by RKMQ_E_CLOSED. */
int rkmq__channel_answer(struct rkmq_channel *ch, int32_t opaque, enum rkmq_header_format format,
                         const struct rkmq_message_out *out);
/* Answers ` request type N not supported` (3) unless oneway, and logs it. */
void rkmq__channel_answer_unsupported(const struct rkmq_request_in *req);
/* ---- past the gate ---- */

/* A frame that a gate kept goes on, noted by handler.frame now. A channel that is not open any
 * more: the frame is dropped. Errors: RKMQ_E_CLOSED, RKMQ_E_NOMEM, RKMQ_E_LIMIT. */
int rkmq__channel_deliver(struct rkmq_channel *ch, struct rkmq_buf *take_frame);
int rkmq__channel_send(struct rkmq_channel *ch, struct rkmq_buf *take_frame);
/* Bytes that need not be a frame; nobody is told. Errors: the same. */
int rkmq__channel_send_bytes(struct rkmq_channel *ch, struct rkmq_buf *take_bytes);

/* Pending calls of `user` are forgotten: their fn is never called. */
void rkmq__channel_forget(struct rkmq_channel *ch, void *user);
size_t rkmq__channel_unsent(const struct rkmq_channel *ch);
/* Pending calls end with RKMQ_E_CLOSED, then handler.closed, both from the top level. Idempotent.
 */
void rkmq__channel_close(struct rkmq_channel *ch, const char *why);
/* The same, and the peer sees a TCP reset. */
void rkmq__channel_reset(struct rkmq_channel *ch, const char *why);

#endif
