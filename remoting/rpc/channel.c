/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a channel. A channel is shut (no more traffic, out of its holder's tables), then it
 * ends (calls answered, handler told), then it is freed. `rkmq__channel_close` shuts at once and
 * leaves the end to a timer, so that nothing is called back from within it.
 */
#include "remoting/rpc/channel_home.h"

/* ---- memory ---- */

static void channel_free(struct rkmq_channel *ch)
{
    const struct rkmq_mem *mem = ch->env->mem;
    rkmq__request_table_close(&ch->calls);
    rkmq_decoder_destroy(ch->decoder);
    rkmq__free(mem, ch->address);
    rkmq__free(mem, ch);
}

void rkmq__channel_enter(struct rkmq_channel *ch)
{
    ch->n_busy++;
}

void rkmq__channel_leave(struct rkmq_channel *ch)
{
    RKMQ_ASSERT(ch->n_busy > 0);
    if (--ch->n_busy == 0 && ch->is_over) {
        channel_free(ch);
    }
}

/* ---- the end ---- */

static void channel_shut(struct rkmq_channel *ch, const char *why, bool is_reset)
{
    const struct rkmq_env *env = ch->env;
    RKMQ_ASSERT(ch->state != RKMQ_CHANNEL_CLOSED);
    ch->state = RKMQ_CHANNEL_CLOSED;
    (void)snprintf(ch->why, sizeof ch->why, "%s", why); /* a long reason is cut */
    rkmq__timer_stop(env, &ch->calls_timer);
    rkmq__timer_stop(env, &ch->life_timer);
    if (ch->con != 0 && is_reset) {
        env->ops->reset(env->ctx, ch->con);
    } else if (ch->con != 0) {
        env->ops->close(env->ctx, ch->con);
    }
    ch->con = 0;
    ch->home->shut(ch->home->holder, ch);
}

static void channel_finish(struct rkmq_channel *ch, int status)
{
    const struct rkmq_call *first;
    struct rkmq_call call;
    rkmq__channel_enter(ch);
    rkmq__timer_stop(ch->env, &ch->life_timer);
    while ((first = rkmq__request_table_first(&ch->calls))) {
        struct rkmq_err err;
        (void)rkmq__request_table_take(&ch->calls, first->opaque, &call); /* it is there */
        (void)rkmq__err_set(&err, status, "%s: %s", rkmq__channel_peer(ch), ch->why);
        call.fn(call.user, status, NULL, &err);
    }
    if (!ch->is_over) {
        const struct rkmq_channel_handler *handler = &ch->home->config->handler;
        ch->is_over = true;
        rkmq__list_remove(&ch->link);
        if (handler->closed) {
            handler->closed(handler->owner, ch, ch->why);
        }
    }
    rkmq__channel_leave(ch);
}

void rkmq__channel_end(struct rkmq_channel *ch, int status, const char *why)
{
    if (ch->state != RKMQ_CHANNEL_CLOSED) {
        channel_shut(ch, why, false);
    }
    channel_finish(ch, status);
}

static void channel_close_later(struct rkmq_channel *ch, const char *why, bool is_reset)
{
    if (ch->state != RKMQ_CHANNEL_CLOSED) {
        channel_shut(ch, why, is_reset);
        rkmq__timer_in(ch->env, &ch->life_timer, 0);
    }
}

void rkmq__channel_close(struct rkmq_channel *ch, const char *why)
{
    channel_close_later(ch, why, false);
}

void rkmq__channel_reset(struct rkmq_channel *ch, const char *why)
{
    channel_close_later(ch, why, true);
}

/* ---- timers ---- */

static void on_life(struct rkmq_timer *t)
{
    struct rkmq_channel *ch = RKMQ_CONTAINER_OF(t, struct rkmq_channel, life_timer);
    rkmq_ms idle_at = ch->active_at + ch->home->idle_ms;
    char why[64];
    switch (ch->state) {
    case RKMQ_CHANNEL_CONNECTING:
        (void)snprintf(why, sizeof why, "no connection within %d ms",
                       (int)ch->home->connect_timeout_ms); /* fits */
        rkmq__channel_end(ch, RKMQ_E_CLOSED, why);
        break;
    case RKMQ_CHANNEL_OPEN:
        if (rkmq__now(ch->env) < idle_at) {
            rkmq__timer_arm(ch->env, t, idle_at);
            break;
        }
        (void)snprintf(why, sizeof why, "idle for %d ms", (int)ch->home->idle_ms); /* fits */
        rkmq__channel_end(ch, RKMQ_E_CLOSED, why);
        break;
    case RKMQ_CHANNEL_CLOSED:
        channel_finish(ch, RKMQ_E_CLOSED);
        break;
    }
}

static const char *request_name(int code)
{
    const char *name = rkmq_request_code_name(code);
    return name ? name : "request";
}

static void on_calls(struct rkmq_timer *t)
{
    struct rkmq_channel *ch = RKMQ_CONTAINER_OF(t, struct rkmq_channel, calls_timer);
    const struct rkmq_call *first;
    rkmq_ms now = rkmq__now(ch->env);
    rkmq__channel_enter(ch);
    while ((first = rkmq__request_table_first(&ch->calls)) && first->due <= now) {
        struct rkmq_call call;
        struct rkmq_err err;
        (void)rkmq__request_table_take(&ch->calls, first->opaque, &call); /* it is there */
        (void)rkmq__err_set(&err, RKMQ_E_TIMEOUT, "%s: no answer to %s (%d) within %lld ms",
                            rkmq__channel_peer(ch), request_name(call.code), call.code,
                            (long long)call.timeout_ms);
        call.fn(call.user, RKMQ_E_TIMEOUT, NULL, &err);
        if (ch->state == RKMQ_CHANNEL_CLOSED) {
            break;
        }
    }
    if (ch->state != RKMQ_CHANNEL_CLOSED && first) {
        rkmq__timer_arm(ch->env, t, first->due);
    }
    rkmq__channel_leave(ch);
}

/* ---- life ---- */

int rkmq__channel_create(struct rkmq_channel **out, struct rkmq_channel_home *home,
                         const char *address)
{
    const struct rkmq_env *env = home->config->env;
    *out = NULL;
    struct rkmq_channel *ch = rkmq__zalloc(env->mem, sizeof *ch);
    if (!ch) {
        return RKMQ_E_NOMEM;
    }
    ch->env = env;
    ch->home = home;
    ch->state = RKMQ_CHANNEL_CONNECTING;
    ch->calls_timer.fire = on_calls;
    ch->life_timer.fire = on_life;
    rkmq__request_table_init(&ch->calls, env->mem);
    size_t frame_bytes_max = home->config->frame_bytes_max;
    ch->address = rkmq__text_copy(env->mem, rkmq__slice_of(address));
    if (!ch->address ||
        rkmq_decoder_create(&ch->decoder, env->mem,
                            frame_bytes_max ? frame_bytes_max : RKMQ_FRAME_BYTES_MAX) != RKMQ_OK) {
        channel_free(ch);
        return RKMQ_E_NOMEM;
    }
    rkmq__list_push_back(&home->channels, &ch->link);
    *out = ch;
    return RKMQ_OK;
}

void rkmq__channel_discard(struct rkmq_channel *ch)
{
    RKMQ_ASSERT(ch->con == 0);
    RKMQ_ASSERT(ch->n_busy == 0);
    rkmq__list_remove(&ch->link);
    channel_free(ch);
}

static void on_dial_opened(void *owner, rkmq_conn c, const char *peer)
{
    rkmq__channel_opened(owner, c, peer);
}

static void on_dial_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)c;
    rkmq__channel_data(owner, take_data);
}

static void on_dial_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)c;
    rkmq__channel_lost(owner, why);
}

int rkmq__channel_dial(struct rkmq_channel *ch)
{
    static const struct rkmq_conn_events events = {
        .opened = on_dial_opened, .data = on_dial_data, .closed = on_dial_closed};
    const struct rkmq_env *env = ch->env;
    int status = env->ops->dial(env->ctx, ch->address, &events, ch, &ch->con);
    if (status != RKMQ_OK) {
        ch->con = 0;
        return status;
    }
    ch->id = ch->con;
    rkmq__timer_in(env, &ch->life_timer, ch->home->connect_timeout_ms);
    return RKMQ_OK;
}

void rkmq__channel_opened(struct rkmq_channel *ch, rkmq_conn con, const char *peer)
{
    const struct rkmq_channel_handler *handler = &ch->home->config->handler;
    RKMQ_ASSERT(ch->state == RKMQ_CHANNEL_CONNECTING);
    ch->state = RKMQ_CHANNEL_OPEN;
    ch->con = con;
    ch->id = con;
    (void)snprintf(ch->peer, sizeof ch->peer, "%s", peer); /* "ip:port" fits */
    ch->active_at = rkmq__now(ch->env);
    rkmq__timer_in(ch->env, &ch->life_timer, ch->home->idle_ms);
    rkmq__channel_enter(ch);
    if (handler->opened) {
        handler->opened(handler->owner, ch);
    }
    rkmq__channel_leave(ch);
}

void rkmq__channel_lost(struct rkmq_channel *ch, const char *why)
{
    ch->con = 0;
    rkmq__channel_end(ch, RKMQ_E_CLOSED, why);
}

void rkmq__channel_data(struct rkmq_channel *ch, struct rkmq_buf *take_data)
{
    struct rkmq_command cmd;
    struct rkmq_err err;
    int status = RKMQ_OK;
    RKMQ_ASSERT(ch->state == RKMQ_CHANNEL_OPEN);
    ch->active_at = rkmq__now(ch->env);
    rkmq__channel_enter(ch);
    rkmq_decoder_feed(ch->decoder, take_data);
    while (ch->state == RKMQ_CHANNEL_OPEN &&
           (status = rkmq_decoder_next(ch->decoder, &cmd, &err)) == RKMQ_OK) {
        rkmq__channel_receive(ch, &cmd);
    }
    if (ch->state == RKMQ_CHANNEL_OPEN && status != RKMQ_E_MORE) {
        rkmq_log_warn(ch->env, "conn", "%s: %s; connection closed", rkmq__channel_peer(ch),
                      err.text);
        rkmq__channel_end(ch, RKMQ_E_CLOSED, err.text);
    }
    rkmq__channel_leave(ch);
}

/* ---- looking ---- */

uint64_t rkmq__channel_id(const struct rkmq_channel *ch)
{
    return ch->id;
}

const char *rkmq__channel_peer(const struct rkmq_channel *ch)
{
    return ch->peer[0] ? ch->peer : ch->address;
}

const char *rkmq__channel_address(const struct rkmq_channel *ch)
{
    return ch->address;
}

bool rkmq__channel_is_open(const struct rkmq_channel *ch)
{
    return ch->state == RKMQ_CHANNEL_OPEN;
}

void *rkmq__channel_user(const struct rkmq_channel *ch)
{
    return ch->user;
}

void rkmq__channel_set_user(struct rkmq_channel *ch, void *user)
{
    ch->user = user;
}

size_t rkmq__channel_unsent(const struct rkmq_channel *ch)
{
    return ch->con != 0 ? ch->env->ops->unsent(ch->env->ctx, ch->con) : 0;
}

void rkmq__channel_forget(struct rkmq_channel *ch, void *user)
{
    rkmq__request_table_forget(&ch->calls, user);
}
