/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_SERVER_H
#define RKMQ_RPC_SERVER_H

/* Listens, keeps the accepted channels, closes idle ones. Source: NettyRemotingServer (5.3.3). */

#include "remoting/rpc/channel.h"

#define RKMQ_SERVER_CHANNEL_IDLE_MS 120000 /* serverChannelMaxIdleTimeSeconds */
#define RKMQ_SERVER_CHANNELS_MAX 65536

struct rkmq_remoting_server;

/* `addr` "host:port", port 0 = any. Copies config; its `opaque` is ignored. Errors: RKMQ_E_INVALID,
 * RKMQ_E_IO, RKMQ_E_NOMEM. */
int rkmq__remoting_server_create(struct rkmq_remoting_server **out,
                                 const struct rkmq_channel_config *config, const char *addr,
                                 struct rkmq_err *err);
/* Closes listener and channels; handler.closed is called for each before this returns. */
void rkmq__remoting_server_destroy(struct rkmq_remoting_server *server);
const char *
rkmq__remoting_server_address(const struct rkmq_remoting_server *server); /* "ip:port" as bound */
/* NULL when that channel is gone. */
struct rkmq_channel *rkmq__remoting_server_channel(const struct rkmq_remoting_server *server,
                                                   uint64_t id);
size_t rkmq__remoting_server_channel_count(const struct rkmq_remoting_server *server);
/* Channels in the order they were accepted: start with *cursor 0; NULL at the end. */
struct rkmq_channel *rkmq__remoting_server_next(const struct rkmq_remoting_server *server,
                                                size_t *cursor);

#endif
