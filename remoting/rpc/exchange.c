/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers over a channel, both ways. */
#include "remoting/protocol/codes.h"
#include "remoting/rpc/channel_home.h"

/* ---- what watchers see ---- */

static void trace_command(const struct rkmq_channel *ch, bool is_outgoing,
                          const struct rkmq_command *cmd)
{
    bool is_answer = (cmd->flags & RKMQ_FLAG_RESPONSE) != 0;
    const char *name =
        is_answer ? rkmq_response_code_name(cmd->code) : rkmq_request_code_name(cmd->code);
    const char *kind = is_answer ? "answer " : (cmd->flags & RKMQ_FLAG_ONEWAY) ? "oneway " : "";
    RKMQ_TRACE(ch->env, "%c %s %s%s %d #%d", is_outgoing ? '>' : '<', rkmq__channel_peer(ch), kind,
               name ? name : "?", cmd->code, cmd->opaque);
}

void rkmq__channel_note(struct rkmq_channel *ch, bool is_outgoing, const struct rkmq_command *cmd,
                        size_t n_body)
{
    const struct rkmq_channel_handler *handler = &ch->home->config->handler;
    if (ch->env->is_traced) {
        trace_command(ch, is_outgoing, cmd);
    }
    if (handler->frame) {
        handler->frame(handler->owner, ch, is_outgoing, cmd, n_body);
    }
}

static bool gate_passes(struct rkmq_channel *ch, bool is_outgoing, const struct rkmq_command *cmd,
                        struct rkmq_buf *frame)
{
    const struct rkmq_channel_handler *handler = &ch->home->config->handler;
    return !handler->gate || handler->gate(handler->owner, ch, is_outgoing, cmd, frame);
}

/* ---- out ---- */

static struct rkmq_command command_of(const struct rkmq_channel *ch,
                                      const struct rkmq_message_out *out)
{
    const struct rkmq_channel_config *config = ch->home->config;
    return (struct rkmq_command){.code = out->code,
                                 .language = config->language,
                                 .version = config->version,
                                 .format = config->format,
                                 .has_fields = out->fields != NULL,
                                 .remark = out->remark,
                                 .fields = out->fields ? out->fields->at : NULL,
                                 .n_fields = out->fields ? out->fields->n : 0};
}

/* Head and body go out as one chain; the body's bytes are not touched. */
static int send_command(struct rkmq_channel *ch, const struct rkmq_command *cmd,
                        struct rkmq_buf *take_body)
{
    const struct rkmq_env *env = ch->env;
    struct rkmq_buf *head;
    size_t n_body = rkmq_buf_chain_bytes(take_body);
    int status = rkmq_command_encode_head(cmd, n_body, env->mem, &head);
    if (status != RKMQ_OK) {
        rkmq_buf_free(take_body);
        return status;
    }
    head->next = take_body;
    if (!gate_passes(ch, true, cmd, head)) {
        rkmq_buf_free(head);
        return RKMQ_OK;
    }
    status = env->ops->send(env->ctx, ch->con, head);
    if (status == RKMQ_OK) {
        ch->active_at = rkmq__now(env);
        rkmq__channel_note(ch, true, cmd, n_body);
    }
    return status;
}

/* Counts up and around; passes over numbers that still wait for an answer. */
static int32_t next_opaque(const struct rkmq_channel *ch)
{
    int32_t *counter = ch->home->config->opaque;
    int32_t opaque;
    do {
        opaque = *counter;
        *counter = (int32_t)((uint32_t)opaque + 1);
    } while (rkmq__request_table_has(&ch->calls, opaque));
    return opaque;
}

static rkmq_ms due_after(const struct rkmq_channel *ch, rkmq_ms timeout_ms)
{
    rkmq_ms now = rkmq__now(ch->env);
    rkmq_ms wait_ms = timeout_ms < 1 ? 1 : timeout_ms;
    return wait_ms > RKMQ_NEVER - now ? RKMQ_NEVER : now + wait_ms;
}

int rkmq__channel_call(struct rkmq_channel *ch, const struct rkmq_message_out *out,
                       rkmq_ms timeout_ms, rkmq_answer_fn *fn, void *user)
{
    struct rkmq_command cmd = command_of(ch, out);
    if (ch->state == RKMQ_CHANNEL_CLOSED) {
        rkmq_buf_free(out->take_body);
        return RKMQ_E_CLOSED;
    }
    cmd.opaque = next_opaque(ch);
    struct rkmq_call call = {.opaque = cmd.opaque,
                             .code = out->code,
                             .due = due_after(ch, timeout_ms),
                             .timeout_ms = timeout_ms,
                             .fn = fn,
                             .user = user};
    int status = rkmq__request_table_add(&ch->calls, &call);
    if (status != RKMQ_OK) {
        rkmq_buf_free(out->take_body);
        return status;
    }
    status = send_command(ch, &cmd, out->take_body);
    /* The runtime has lost the connection and is about to say so: that ends the call. */
    if (status != RKMQ_OK && status != RKMQ_E_CLOSED) {
        (void)rkmq__request_table_take(&ch->calls, call.opaque, &call); /* it is there */
        return status;
    }
    if (ch->state == RKMQ_CHANNEL_CLOSED) { /* a gate closed it; that ends the call */
        return RKMQ_OK;
    }
    if (!rkmq__timer_is_armed(&ch->calls_timer) || call.due < ch->calls_timer.due) {
        rkmq__timer_arm(ch->env, &ch->calls_timer, call.due);
    }
    return RKMQ_OK;
}

int rkmq__channel_oneway(struct rkmq_channel *ch, const struct rkmq_message_out *out)
{
    struct rkmq_command cmd = command_of(ch, out);
    if (ch->state == RKMQ_CHANNEL_CLOSED) {
        rkmq_buf_free(out->take_body);
        return RKMQ_E_CLOSED;
    }
    cmd.opaque = next_opaque(ch);
    cmd.flags = RKMQ_FLAG_ONEWAY;
    return send_command(ch, &cmd, out->take_body);
}

int rkmq__channel_answer(struct rkmq_channel *ch, int32_t opaque, enum rkmq_header_format format,
                         const struct rkmq_message_out *out)
{
    struct rkmq_command cmd = command_of(ch, out);
    if (ch->state != RKMQ_CHANNEL_OPEN) {
        rkmq_buf_free(out->take_body);
        return RKMQ_E_CLOSED;
    }
    cmd.opaque = opaque;
    cmd.flags = RKMQ_FLAG_RESPONSE;
    if (ch->home->config->is_format_mirrored) {
        cmd.format = format;
    }
    return send_command(ch, &cmd, out->take_body);
}

void rkmq__channel_answer_unsupported(const struct rkmq_request_in *req)
{
    const struct rkmq_command *cmd = req->cmd;
    const char *name = rkmq_request_code_name(cmd->code);
    char remark[64];
    rkmq_log_warn(req->channel->env, "conn", "%s: request type %d (%s) not supported",
                  rkmq__channel_peer(req->channel), cmd->code, name ? name : "unknown");
    if (cmd->flags & RKMQ_FLAG_ONEWAY) {
        return;
    }
    /* NettyRemotingAbstract.processRequestCommand, with its leading blank */
    (void)snprintf(remark, sizeof remark, " request type %d not supported", cmd->code); /* fits */
    struct rkmq_message_out out = {.code = RKMQ_RES_REQUEST_CODE_NOT_SUPPORTED,
                                   .remark = rkmq__slice_of(remark)};
    int status = rkmq__channel_answer(req->channel, cmd->opaque, cmd->format, &out);
    if (status != RKMQ_OK) {
        rkmq_log_warn(req->channel->env, "conn", "%s: answer lost: %s",
                      rkmq__channel_peer(req->channel), rkmq_status_text(status));
    }
}

/* ---- in ---- */

static void receive_answer(struct rkmq_channel *ch, const struct rkmq_command *cmd)
{
    struct rkmq_call call;
    if (rkmq__request_table_take(&ch->calls, cmd->opaque, &call)) {
        call.fn(call.user, RKMQ_OK, cmd, NULL);
    } else {
        rkmq_log_debug(ch->env, "conn", "%s: nobody waits for answer %d (code %d)",
                       rkmq__channel_peer(ch), cmd->opaque, cmd->code);
    }
}

void rkmq__channel_receive(struct rkmq_channel *ch, const struct rkmq_command *cmd)
{
    if (gate_passes(ch, false, cmd, cmd->frame) && ch->state == RKMQ_CHANNEL_OPEN) {
        rkmq__channel_pass(ch, cmd);
    }
}

void rkmq__channel_pass(struct rkmq_channel *ch, const struct rkmq_command *cmd)
{
    const struct rkmq_channel_handler *handler = &ch->home->config->handler;
    struct rkmq_request_in req = {.channel = ch, .cmd = cmd};
    rkmq__channel_note(ch, false, cmd, cmd->body.n);
    if (cmd->flags & RKMQ_FLAG_RESPONSE) {
        receive_answer(ch, cmd);
    } else if (handler->request) {
        handler->request(handler->owner, &req);
    } else {
        rkmq__channel_answer_unsupported(&req);
    }
}
