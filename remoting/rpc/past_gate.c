/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that a gate kept and lets go on. This is a path for fault rules: it may take its time. */
#include "remoting/rpc/channel_home.h"

typedef int past_gate_fn(struct rkmq_channel *ch, const struct rkmq_command *cmd,
                         struct rkmq_buf *take_frame);

static int past_gate(struct rkmq_channel *ch, struct rkmq_buf *take_frame, past_gate_fn *fn)
{
    const struct rkmq_mem *mem = ch->env->mem;
    struct rkmq_buf *view = rkmq__buf_chain_view(take_frame);
    struct rkmq_decoder *decoder = NULL;
    struct rkmq_command cmd;
    struct rkmq_err err;
    int status =
        view ? rkmq_decoder_create(&decoder, mem, rkmq_buf_chain_bytes(view)) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq_buf_free(view);
        rkmq_buf_free(take_frame);
        return status;
    }
    rkmq_decoder_feed(decoder, view);
    status = rkmq_decoder_next(decoder, &cmd, &err);
    if (status == RKMQ_OK) {
        rkmq__channel_enter(ch);
        status = fn(ch, &cmd, take_frame);
        rkmq__channel_leave(ch);
    } else {
        rkmq_buf_free(take_frame);
    }
    rkmq_decoder_destroy(decoder);
    return status;
}

static int deliver(struct rkmq_channel *ch, const struct rkmq_command *cmd,
                   struct rkmq_buf *take_frame)
{
    rkmq_buf_free(take_frame); /* `cmd` holds a view of it */
    rkmq__channel_pass(ch, cmd);
    return RKMQ_OK;
}

int rkmq__channel_deliver(struct rkmq_channel *ch, struct rkmq_buf *take_frame)
{
    if (ch->state != RKMQ_CHANNEL_OPEN) {
        rkmq_buf_free(take_frame);
        return RKMQ_E_CLOSED;
    }
    return past_gate(ch, take_frame, deliver);
}

static int send_noted(struct rkmq_channel *ch, const struct rkmq_command *cmd,
                      struct rkmq_buf *take_frame)
{
    int status = rkmq__channel_send_bytes(ch, take_frame);
    if (status == RKMQ_OK) {
        rkmq__channel_note(ch, true, cmd, cmd->body.n);
    }
    return status;
}

int rkmq__channel_send(struct rkmq_channel *ch, struct rkmq_buf *take_frame)
{
    if (ch->state != RKMQ_CHANNEL_OPEN) {
        rkmq_buf_free(take_frame);
        return RKMQ_E_CLOSED;
    }
    return past_gate(ch, take_frame, send_noted);
}

int rkmq__channel_send_bytes(struct rkmq_channel *ch, struct rkmq_buf *take_bytes)
{
    const struct rkmq_env *env = ch->env;
    if (ch->state != RKMQ_CHANNEL_OPEN) {
        rkmq_buf_free(take_bytes);
        return RKMQ_E_CLOSED;
    }
    ch->active_at = rkmq__now(env);
    return env->ops->send(env->ctx, ch->con, take_bytes);
}
