/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/server.h"

#include "remoting/rpc/channel_home.h"

struct rkmq_remoting_server {
    struct rkmq_channel_config config;
    struct rkmq_channel_home home;
    rkmq_conn listener;
    char address[64];
    struct rkmq_map by_id;          /* channels that are not shut, by the bytes of their id */
    struct rkmq_channel **channels; /* the same, in the order they were accepted */
    size_t n_channels, n_channels_max;
    uint64_t n_accepted;
    int32_t opaque;
};

/* ---- the tables ---- */

/* The first channel that was accepted after `order` others. */
static size_t server_after(const struct rkmq_remoting_server *server, uint64_t order)
{
    size_t low = 0, high = server->n_channels;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (server->channels[middle]->order <= order) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct rkmq_slice id_key(const uint64_t *id)
{
    return rkmq__slice(id, sizeof *id);
}

static int server_add(struct rkmq_remoting_server *server, struct rkmq_channel *ch, rkmq_conn c)
{
    if (server->n_channels == server->n_channels_max) {
        size_t n_max = server->n_channels_max ? 2 * server->n_channels_max : 16;
        struct rkmq_channel **channels =
            rkmq__realloc(server->config.env->mem, server->channels, n_max * sizeof(*channels));
        if (!channels) {
            return RKMQ_E_NOMEM;
        }
        server->channels = channels;
        server->n_channels_max = n_max;
    }
    int status = rkmq__map_put(&server->by_id, id_key(&c), ch);
    if (status == RKMQ_OK) {
        ch->order = ++server->n_accepted;
        server->channels[server->n_channels++] = ch;
    }
    return status;
}

static void server_shut(void *holder, struct rkmq_channel *ch)
{
    struct rkmq_remoting_server *server = holder;
    size_t at = server_after(server, ch->order - 1);
    RKMQ_ASSERT(at < server->n_channels);
    RKMQ_ASSERT(server->channels[at] == ch);
    server->n_channels--;
    memmove(&server->channels[at], &server->channels[at + 1],
            (server->n_channels - at) * sizeof(*server->channels));
    void *was = rkmq__map_remove(&server->by_id, id_key(&ch->id));
    RKMQ_ASSERT(was == ch);
}

struct rkmq_channel *rkmq__remoting_server_channel(const struct rkmq_remoting_server *server,
                                                   uint64_t id)
{
    return rkmq__map_get(&server->by_id, id_key(&id));
}

size_t rkmq__remoting_server_channel_count(const struct rkmq_remoting_server *server)
{
    return server->n_channels;
}

struct rkmq_channel *rkmq__remoting_server_next(const struct rkmq_remoting_server *server,
                                                size_t *cursor)
{
    size_t at = server_after(server, *cursor);
    if (at == server->n_channels) {
        return NULL;
    }
    *cursor = (size_t)server->channels[at]->order;
    return server->channels[at];
}

/* ---- events of accepted connections ---- */

static int server_accept(struct rkmq_remoting_server *server, rkmq_conn c, const char *peer,
                         struct rkmq_channel **out)
{
    if (server->n_channels == RKMQ_SERVER_CHANNELS_MAX) {
        return RKMQ_E_LIMIT;
    }
    int status = rkmq__channel_create(out, &server->home, peer);
    if (status != RKMQ_OK) {
        return status;
    }
    status = server_add(server, *out, c);
    if (status != RKMQ_OK) {
        rkmq__channel_discard(*out);
    }
    return status;
}

static void on_opened(void *owner, rkmq_conn c, const char *peer)
{
    struct rkmq_remoting_server *server = owner;
    const struct rkmq_env *env = server->config.env;
    struct rkmq_channel *ch;
    int status = server_accept(server, c, peer, &ch);
    if (status != RKMQ_OK) {
        rkmq_log_warn(env, "conn", "%s: not accepted: %s", peer, rkmq_status_text(status));
        env->ops->close(env->ctx, c);
        return;
    }
    rkmq__channel_opened(ch, c, peer);
}

static void on_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct rkmq_channel *ch = rkmq__remoting_server_channel(owner, c);
    RKMQ_ASSERT(ch);
    rkmq__channel_data(ch, take_data);
}

static void on_closed(void *owner, rkmq_conn c, const char *why)
{
    struct rkmq_channel *ch = rkmq__remoting_server_channel(owner, c);
    RKMQ_ASSERT(ch);
    rkmq__channel_lost(ch, why);
}

/* ---- life ---- */

int rkmq__remoting_server_create(struct rkmq_remoting_server **out,
                                 const struct rkmq_channel_config *config, const char *addr,
                                 struct rkmq_err *err)
{
    static const struct rkmq_conn_events events = {
        .opened = on_opened, .data = on_data, .closed = on_closed};
    const struct rkmq_env *env = config->env;
    *out = NULL;
    struct rkmq_remoting_server *server = rkmq__zalloc(env->mem, sizeof *server);
    if (!server) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "%s: out of memory", addr);
    }
    server->config = *config;
    server->config.opaque = &server->opaque;
    server->home = (struct rkmq_channel_home){.config = &server->config,
                                              .idle_ms = RKMQ_SERVER_CHANNEL_IDLE_MS,
                                              .holder = server,
                                              .shut = server_shut};
    rkmq__list_init(&server->home.channels);
    rkmq__map_init(&server->by_id, env->mem);
    int status =
        env->ops->listen(env->ctx, addr, &events, server, &server->listener, server->address, err);
    if (status != RKMQ_OK) {
        rkmq__free(env->mem, server);
        return status;
    }
    *out = server;
    return RKMQ_OK;
}

void rkmq__remoting_server_destroy(struct rkmq_remoting_server *server)
{
    if (!server) {
        return;
    }
    const struct rkmq_env *env = server->config.env;
    env->ops->close(env->ctx, server->listener);
    while (!rkmq__list_is_empty(&server->home.channels)) {
        rkmq__channel_end(RKMQ_CONTAINER_OF(server->home.channels.next, struct rkmq_channel, link),
                          RKMQ_E_CANCELED, "server stopped");
    }
    rkmq__map_close(&server->by_id);
    rkmq__free(env->mem, server->channels);
    rkmq__free(env->mem, server);
}

const char *rkmq__remoting_server_address(const struct rkmq_remoting_server *server)
{
    return server->address;
}
