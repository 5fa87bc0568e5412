/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_HEARTBEAT_H
#define RKMQ_CORE_HEARTBEAT_H

/*
 * HEART_BEAT to every broker replica, one after another, each with the whole of what this instance
 * consumes and produces. One round at a time. Source: MQClientInstance
 * .sendHeartbeatToAllBrokerWithLock, .prepareHeartbeatData (client, 5.3.3).
 *
 *     IDLE --send--> ROUND: broker 1, broker 2, ... --last answer or timeout--> IDLE
 *
 * A `send` during a round is forgotten in Java, which leaves the brokers with an old subVersion;
 * the rkmq profile runs one more round instead (rules->is_heartbeat_repeated).
 */

#include "remoting/base/containers.h"
#include "remoting/rpc/client.h"

struct rkmq_client_instance;

/* Somebody waits for the end of a round; embedded in who waits. */
struct rkmq_heartbeat_wait {
    struct rkmq_list link;
    void (*done)(void *user); /* from the top level; the answers' contents do not count */
    void *user;
};

struct rkmq_heartbeat_service {
    struct rkmq_client_instance *ci;
    bool is_locked, is_wanted_again;
    struct rkmq_list waits, waits_again; /* for the end of this round, of the next */
    struct rkmq_arena arena;             /* of this round */
    struct rkmq_bytes body;
    const char **addrs;
    size_t n_addrs, index;
};

void rkmq__heartbeat_init(struct rkmq_heartbeat_service *hb, struct rkmq_client_instance *ci);
/* Who waits is not told. */
void rkmq__heartbeat_close(struct rkmq_heartbeat_service *hb);
/*
 * One round to all brokers. `wait` may be NULL. RKMQ_OK: `wait->done` will be called. Errors, after
 * which it is not: RKMQ_E_STATE another round is under way and is not repeated; RKMQ_E_NOT_FOUND no
 * broker is known; RKMQ_E_NOMEM.
 */
int rkmq__heartbeat_send_to_all(struct rkmq_heartbeat_service *hb,
                                struct rkmq_heartbeat_wait *wait);
/* The same to one broker whose connection has just come up, unless a round is under way. */
int rkmq__heartbeat_send_to(struct rkmq_heartbeat_service *hb, const char *addr,
                            struct rkmq_heartbeat_wait *wait);
/* It is not waited for any more; of a wait that is in no round: nothing. */
void rkmq__heartbeat_forget(struct rkmq_heartbeat_wait *wait);

#endif
