/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_NAMESRV_H
#define RKMQ_NAMESRV_H

/*
 * The mock name server: listens, answers brokers, clients and admin tools from its route tables and
 * key-value configuration. Everything it does not know is answered REQUEST_CODE_NOT_SUPPORTED and
 * logged. Source: DefaultRequestProcessor, ClientRequestProcessor, NamesrvController (namesrv,
 * 5.3.3).
 *
 * Invariants
 *   - A broker lives until it unregisters, its connection closes, or it is silent for its expiry.
 *   - Requests are answered in the order they came; nothing is held.
 *
 * Thread: the env's.
 */

#include "remoting/rpc/channel.h"

#define RKMQ_NAMESRV_SCAN_FIRST_MS 5000
#define RKMQ_NAMESRV_SCAN_MS 5000 /* scanNotActiveBrokerInterval */

struct rkmq_namesrv;

/* The route of a topic changed: that broker name carries so many queues now, 0: none. */
struct rkmq_route_event {
    struct rkmq_slice topic, broker_name;
    int32_t read_queue_nums, perm;
};

struct rkmq_namesrv_config {
    const struct rkmq_env *env;
    const char *addr; /* "host:port" to listen on, port 0 = any */
    size_t frame_bytes_max;
    /* Sees connections and frames; `request` is not used, any other may be NULL. */
    struct rkmq_channel_handler watch;
    /* Sees route changes; `owner` is the watch's. May be NULL. */
    void (*watch_route)(void *owner, const struct rkmq_route_event *event);
};

/* Errors: RKMQ_E_INVALID, RKMQ_E_IO, RKMQ_E_NOMEM. */
int rkmq__namesrv_create(struct rkmq_namesrv **out, const struct rkmq_namesrv_config *config,
                         struct rkmq_err *err);
void rkmq__namesrv_destroy(struct rkmq_namesrv *ns);
/* "ip:port" as bound. */
const char *rkmq__namesrv_address(const struct rkmq_namesrv *ns);
/* True when that broker address is registered. */
bool rkmq__namesrv_knows(const struct rkmq_namesrv *ns, struct rkmq_slice cluster,
                         struct rkmq_slice broker_addr);

#endif
