/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_CLIENT_H
#define RKMQ_RPC_CLIENT_H

/*
 * Calls by address: one channel per address, dialled on demand, shared by all that call it.
 * Source: NettyRemotingClient (5.3.3): connect timeout 3 s, idle close after 120 s. A timeout
 * leaves the channel open: a caller that stands for one of Java's synchronous calls, whose timeout
 * closes the channel, says so with rkmq__remoting_client_close_address.
 */

#include "remoting/rpc/channel.h"

#define RKMQ_CONNECT_TIMEOUT_MS 3000
#define RKMQ_CHANNEL_IDLE_MS 120000

struct rkmq_remoting_client;

/* `config.opaque` is ignored: the client has a counter of its own. Copies config. */
int rkmq__remoting_client_create(struct rkmq_remoting_client **out,
                                 const struct rkmq_channel_config *config);
/* Closes all channels (flushing what is queued); every pending call ends with RKMQ_E_CANCELED
 * before this returns. */
void rkmq__remoting_client_destroy(struct rkmq_remoting_client *client);
/* Resets all connections, as the kernel does for a program that crashes with input unread. */
void rkmq__remoting_client_reset(struct rkmq_remoting_client *client, const char *why);

/* `fn` is always called exactly once later, with RKMQ_E_CLOSED when the connection fails or cannot
 * be made. Errors: RKMQ_E_INVALID bad address, RKMQ_E_NOMEM, RKMQ_E_LIMIT as of rkmq__channel_call,
 * RKMQ_E_CLOSED while the client is being destroyed; then fn is never called. */
int rkmq__remoting_client_call(struct rkmq_remoting_client *client, const char *addr,
                               const struct rkmq_message_out *out, rkmq_ms timeout_ms,
                               rkmq_answer_fn *fn, void *user);
int rkmq__remoting_client_oneway(struct rkmq_remoting_client *client, const char *addr,
                                 const struct rkmq_message_out *out);
/* The calls of `user` on every channel are forgotten. */
void rkmq__remoting_client_forget(struct rkmq_remoting_client *client, void *user);
bool rkmq__remoting_client_is_connected(const struct rkmq_remoting_client *client,
                                        const char *addr);
void rkmq__remoting_client_close_address(struct rkmq_remoting_client *client, const char *addr,
                                         const char *why);
/* True when nothing waits to be written on any channel. */
bool rkmq__remoting_client_is_flushed(const struct rkmq_remoting_client *client);

#endif
