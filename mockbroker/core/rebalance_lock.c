/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/rebalance_lock.h"

struct rebalance_lock {
    char *client_id;
    rkmq_ms last_update;
    size_t group_bytes;
    char group[]; /* not terminated */
};

void rkmq__rebalance_locks_init(struct rkmq_rebalance_lock_manager *rlm, const struct rkmq_env *env)
{
    rlm->env = env;
    rkmq__map_init(&rlm->locks, env->mem);
    rkmq__bytes_init(&rlm->key, env->mem);
}

static void lock_destroy(const struct rkmq_mem *mem, struct rebalance_lock *lock)
{
    rkmq__free(mem, lock->client_id);
    rkmq__free(mem, lock);
}

void rkmq__rebalance_locks_close(struct rkmq_rebalance_lock_manager *rlm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!rlm->env) {
        return;
    }
    while ((entry = rkmq__map_next(&rlm->locks, &cursor))) {
        lock_destroy(rlm->env->mem, entry->value);
    }
    rkmq__map_close(&rlm->locks);
    rkmq__bytes_close(&rlm->key);
    rlm->env = NULL;
}

/* Lengths keep the parts apart, since names may hold any character here. */
static bool key_build(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                      const struct rkmq_mq *mq)
{
    rkmq__bytes_close(&rlm->key);
    rkmq__bytes_init(&rlm->key, rlm->env->mem);
    rkmq__bytes_printf(&rlm->key, "%d %zu %zu %zu ", mq->queue_id, group.n, mq->topic.n,
                       mq->broker_name.n);
    rkmq__bytes_add_slice(&rlm->key, group);
    rkmq__bytes_add_slice(&rlm->key, mq->topic);
    rkmq__bytes_add_slice(&rlm->key, mq->broker_name);
    return !rlm->key.is_failed;
}

static bool is_expired(const struct rkmq_rebalance_lock_manager *rlm,
                       const struct rebalance_lock *lock)
{
    return rkmq__now(rlm->env) - lock->last_update > RKMQ_REBALANCE_LOCK_MAX_LIVE_MS;
}

static int lock_create(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                       struct rkmq_slice client_id)
{
    const struct rkmq_mem *mem = rlm->env->mem;
    if (rkmq__map_count(&rlm->locks) >= RKMQ_BROKER_LOCKS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rebalance_lock *lock = rkmq__zalloc(mem, sizeof *lock + group.n);
    if (!lock) {
        return RKMQ_E_NOMEM;
    }
    lock->last_update = rkmq__now(rlm->env);
    lock->group_bytes = group.n;
    if (group.n > 0) {
        memcpy(lock->group, group.p, group.n);
    }
    lock->client_id = rkmq__text_copy(mem, client_id);
    if (!lock->client_id ||
        rkmq__map_put(&rlm->locks, rkmq__bytes_slice(&rlm->key), lock) != RKMQ_OK) {
        lock_destroy(mem, lock);
        return RKMQ_E_NOMEM;
    }
    return RKMQ_OK;
}

int rkmq__rebalance_lock(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                         const struct rkmq_mq *mq, struct rkmq_slice client_id, bool *is_held)
{
    *is_held = false;
    if (!key_build(rlm, group, mq)) {
        return RKMQ_E_NOMEM;
    }
    struct rebalance_lock *lock = rkmq__map_get(&rlm->locks, rkmq__bytes_slice(&rlm->key));
    if (!lock) {
        int status = lock_create(rlm, group, client_id);
        *is_held = status == RKMQ_OK;
        return status;
    }
    if (!rkmq__slice_is(client_id, lock->client_id)) {
        if (!is_expired(rlm, lock)) {
            return RKMQ_OK;
        }
        char *text = rkmq__text_copy(rlm->env->mem, client_id);
        if (!text) {
            return RKMQ_E_NOMEM;
        }
        rkmq__free(rlm->env->mem, lock->client_id);
        lock->client_id = text;
    }
    lock->last_update = rkmq__now(rlm->env);
    *is_held = true;
    return RKMQ_OK;
}

int rkmq__rebalance_unlock(struct rkmq_rebalance_lock_manager *rlm, struct rkmq_slice group,
                           const struct rkmq_mq *mq, struct rkmq_slice client_id)
{
    if (!key_build(rlm, group, mq)) {
        return RKMQ_E_NOMEM;
    }
    struct rebalance_lock *lock = rkmq__map_get(&rlm->locks, rkmq__bytes_slice(&rlm->key));
    if (lock && rkmq__slice_is(client_id, lock->client_id)) {
        (void)rkmq__map_remove(&rlm->locks, rkmq__bytes_slice(&rlm->key)); /* it is `lock` */
        lock_destroy(rlm->env->mem, lock);
    }
    return RKMQ_OK;
}

bool rkmq__rebalance_locks_are_expired(const struct rkmq_rebalance_lock_manager *rlm,
                                       struct rkmq_slice group)
{
    const struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&rlm->locks, &cursor))) {
        const struct rebalance_lock *lock = entry->value;
        if (rkmq__slice_equal(group, rkmq__slice(lock->group, lock->group_bytes)) &&
            !is_expired(rlm, lock)) {
            return false;
        }
    }
    return true;
}
