/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_REGISTRATION_H
#define RKMQ_BROKER_REGISTRATION_H

/*
 * Tells every name server what this broker has. The rhythm is a 5.3.3 broker's: the whole topic
 * table at the start, after 10 s and then every period; a topic that is made or changed at once and
 * alone. What fails is made good by the next whole one. Source: BrokerController.registerBrokerAll,
 * registerIncrementBrokerData, BrokerOuterAPI (broker, 5.3.3).
 *
 * Invariant: a name server has accepted version v only when it has accepted every change up to v.
 */

#include "mockbroker/core/broker.h"
#include "mockbroker/core/topic_config.h"
#include "remoting/rpc/client.h"

struct rkmq_registration_namesrv {
    char *addr;
    int64_t accepted; /* the data version's counter; -1: nothing yet */
};
struct rkmq_registration {
    const struct rkmq_env *env;
    const struct rkmq_topic_config_manager *topics;
    const char *cluster, *name, *address; /* borrowed */
    char *ha_address;
    struct rkmq_remoting_client *client;
    struct rkmq_registration_namesrv *namesrvs;
    size_t n_namesrvs;
    rkmq_ms period_ms;
    struct rkmq_timer timer;
    bool is_stopping;
    size_t n_unregistering;
};

/*
 * `config`'s texts are copied but for those of `reg` that say borrowed: `address` is "host:port" as
 * routes carry it. Errors: RKMQ_E_NOMEM.
 */
int rkmq__registration_open(struct rkmq_registration *reg, const struct rkmq_broker_config *config,
                            const struct rkmq_topic_config_manager *topics, const char *cluster,
                            const char *name, const char *address);
void rkmq__registration_close(struct rkmq_registration *reg);
/* The first whole registration, and the timer. Errors: RKMQ_E_INVALID an address, RKMQ_E_NOMEM. */
int rkmq__registration_start(struct rkmq_registration *reg);
/* After every change of `topic`. */
void rkmq__registration_topic_changed(struct rkmq_registration *reg,
                                      const struct rkmq_topic *topic);
/* Unregisters from those that are connected; idempotent. */
void rkmq__registration_stop(struct rkmq_registration *reg);
bool rkmq__registration_is_stopped(const struct rkmq_registration *reg);
/* Every name server has accepted the topics as they are now. */
bool rkmq__registration_is_complete(const struct rkmq_registration *reg);

#endif
