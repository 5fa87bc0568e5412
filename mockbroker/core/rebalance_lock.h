/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_REBALANCE_LOCK_H
#define RKMQ_BROKER_REBALANCE_LOCK_H

/*
 * Which client of an orderly group holds which queue. A lock lives 60 s after its last refresh,
 * whatever becomes of its holder's connection. Source: RebalanceLockManager (broker, 5.3.3).
 */

#include "remoting/protocol/bodies.h"

#define RKMQ_REBALANCE_LOCK_MAX_LIVE_MS 60000
#define RKMQ_BROKER_LOCKS_MAX 65536

struct rkmq_rebalance_lock_manager {
    const struct rkmq_env *env;
    struct rkmq_map locks; /* group, topic, broker, queue id -> struct rebalance_lock */
    struct rkmq_bytes key;
};
void rkmq__rebalance_locks_init(struct rkmq_rebalance_lock_manager *rlm,
                                const struct rkmq_env *env);
void rkmq__rebalance_locks_close(struct rkmq_rebalance_lock_manager *rlm);
/* `*is_held`: the client has the lock now. Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__rebalance_lock(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                         const struct rkmq_mq *mq, struct rkmq_slice client_id, bool *is_held);
/* Of another holder's lock: nothing. Errors: RKMQ_E_NOMEM. */
int rkmq__rebalance_unlock(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                           const struct rkmq_mq *mq, struct rkmq_slice client_id);
/* False: some queue of the group is held (RebalanceLockManager.isLockAllExpired). */
bool rkmq__rebalance_locks_are_expired(const struct rkmq_rebalance_lock_manager *rlm,
                                       struct rkmq_slice group);

#endif
