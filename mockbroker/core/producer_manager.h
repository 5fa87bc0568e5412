/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_PRODUCER_MANAGER_H
#define RKMQ_BROKER_PRODUCER_MANAGER_H

/* Producer groups that have members now. Source: ProducerManager (broker, 5.3.3). */

#include "mockbroker/core/members.h"

struct rkmq_producer_manager {
    const struct rkmq_env *env;
    struct rkmq_map groups; /* name -> struct rkmq_producer_group */
    size_t n_members;
};
void rkmq__producers_init(struct rkmq_producer_manager *pm, const struct rkmq_env *env);
void rkmq__producers_close(struct rkmq_producer_manager *pm);
size_t rkmq__producer_count(const struct rkmq_producer_manager *pm, struct rkmq_slice group);
/* Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__producer_register(struct rkmq_producer_manager *pm, struct rkmq_slice group,
                            struct rkmq_channel *channel, struct rkmq_slice client_id);
void rkmq__producer_unregister(struct rkmq_producer_manager *pm, struct rkmq_slice group,
                               const struct rkmq_channel *channel);
void rkmq__producers_channel_closed(struct rkmq_producer_manager *pm,
                                    const struct rkmq_channel *channel);
void rkmq__producers_scan(struct rkmq_producer_manager *pm);

#endif
