/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/client.h"

#include "remoting/rpc/channel_home.h"

struct rkmq_remoting_client {
    struct rkmq_channel_config config;
    struct rkmq_channel_home home;
    struct rkmq_map by_address; /* channels that are not shut */
    int32_t opaque;
    bool is_stopping;
};

static void client_shut(void *holder, struct rkmq_channel *ch)
{
    struct rkmq_remoting_client *client = holder;
    struct rkmq_slice address = rkmq__slice_of(rkmq__channel_address(ch));
    void *was = rkmq__map_remove(&client->by_address, address);
    RKMQ_ASSERT(was == ch);
}

int rkmq__remoting_client_create(struct rkmq_remoting_client **out,
                                 const struct rkmq_channel_config *config)
{
    *out = NULL;
    struct rkmq_remoting_client *client = rkmq__zalloc(config->env->mem, sizeof *client);
    if (!client) {
        return RKMQ_E_NOMEM;
    }
    client->config = *config;
    client->config.opaque = &client->opaque;
    client->home = (struct rkmq_channel_home){.config = &client->config,
                                              .connect_timeout_ms = RKMQ_CONNECT_TIMEOUT_MS,
                                              .idle_ms = RKMQ_CHANNEL_IDLE_MS,
                                              .holder = client,
                                              .shut = client_shut};
    rkmq__list_init(&client->home.channels);
    rkmq__map_init(&client->by_address, config->env->mem);
    *out = client;
    return RKMQ_OK;
}

static struct rkmq_channel *first_channel(const struct rkmq_channel_home *home)
{
    return RKMQ_CONTAINER_OF(home->channels.next, struct rkmq_channel, link);
}

void rkmq__remoting_client_destroy(struct rkmq_remoting_client *client)
{
    if (!client) {
        return;
    }
    RKMQ_ASSERT(!client->is_stopping);
    client->is_stopping = true;
    while (!rkmq__list_is_empty(&client->home.channels)) {
        rkmq__channel_end(first_channel(&client->home), RKMQ_E_CANCELED, "client stopped");
    }
    rkmq__map_close(&client->by_address);
    rkmq__free(client->config.env->mem, client);
}

void rkmq__remoting_client_reset(struct rkmq_remoting_client *client, const char *why)
{
    RKMQ_LIST_EACH (it, &client->home.channels) {
        rkmq__channel_reset(RKMQ_CONTAINER_OF(it, struct rkmq_channel, link), why);
    }
}

static struct rkmq_channel *client_find(const struct rkmq_remoting_client *client, const char *addr)
{
    return rkmq__map_get(&client->by_address, rkmq__slice_of(addr));
}

static int client_dial(struct rkmq_remoting_client *client, const char *addr,
                       struct rkmq_channel **out)
{
    struct rkmq_channel *ch;
    int status = rkmq__channel_create(&ch, &client->home, addr);
    if (status != RKMQ_OK) {
        return status;
    }
    status = rkmq__map_put(&client->by_address, rkmq__slice_of(addr), ch);
    if (status != RKMQ_OK) {
        rkmq__channel_discard(ch);
        return status;
    }
    status = rkmq__channel_dial(ch);
    if (status != RKMQ_OK) {
        (void)rkmq__map_remove(&client->by_address, rkmq__slice_of(addr)); /* is `ch` */
        rkmq__channel_discard(ch);
        return status;
    }
    *out = ch;
    return RKMQ_OK;
}

/* The channel to `addr`, dialled when there is none. */
static int client_channel(struct rkmq_remoting_client *client, const char *addr,
                          struct rkmq_channel **out)
{
    if (client->is_stopping) {
        return RKMQ_E_CLOSED;
    }
    *out = client_find(client, addr);
    return *out ? RKMQ_OK : client_dial(client, addr, out);
}

int rkmq__remoting_client_call(struct rkmq_remoting_client *client, const char *addr,
                               const struct rkmq_message_out *out, rkmq_ms timeout_ms,
                               rkmq_answer_fn *fn, void *user)
{
    struct rkmq_channel *ch;
    int status = client_channel(client, addr, &ch);
    if (status != RKMQ_OK) {
        rkmq_buf_free(out->take_body);
        return status;
    }
    return rkmq__channel_call(ch, out, timeout_ms, fn, user);
}

int rkmq__remoting_client_oneway(struct rkmq_remoting_client *client, const char *addr,
                                 const struct rkmq_message_out *out)
{
    struct rkmq_channel *ch;
    int status = client_channel(client, addr, &ch);
    if (status != RKMQ_OK) {
        rkmq_buf_free(out->take_body);
        return status;
    }
    return rkmq__channel_oneway(ch, out);
}

void rkmq__remoting_client_forget(struct rkmq_remoting_client *client, void *user)
{
    RKMQ_LIST_EACH (it, &client->home.channels) {
        rkmq__channel_forget(RKMQ_CONTAINER_OF(it, struct rkmq_channel, link), user);
    }
}

bool rkmq__remoting_client_is_connected(const struct rkmq_remoting_client *client, const char *addr)
{
    const struct rkmq_channel *ch = client_find(client, addr);
    return ch && rkmq__channel_is_open(ch);
}

void rkmq__remoting_client_close_address(struct rkmq_remoting_client *client, const char *addr,
                                         const char *why)
{
    struct rkmq_channel *ch = client_find(client, addr);
    if (ch) {
        rkmq__channel_close(ch, why);
    }
}

bool rkmq__remoting_client_is_flushed(const struct rkmq_remoting_client *client)
{
    RKMQ_LIST_EACH (it, &client->home.channels) {
        if (rkmq__channel_unsent(RKMQ_CONTAINER_OF(it, struct rkmq_channel, link)) > 0) {
            return false;
        }
    }
    return true;
}
