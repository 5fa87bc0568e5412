/* SPDX-License-Identifier: Apache-2.0 */
/* How brokers come and go. Source: RouteInfoManager.registerBroker, unRegisterBroker,
 * scanNotActiveBroker, onChannelDestroy (namesrv, 5.3.3). */
#include "mocknamesrv/core/route_info.h"
#include "remoting/protocol/codes.h"

#define MASTER_ID 0

/* ---- live table ---- */

static int live_key(struct rkmq_bytes *key, struct rkmq_slice cluster, struct rkmq_slice addr)
{
    rkmq__bytes_add_slice(key, cluster);
    rkmq__bytes_add(key, "", 1);
    rkmq__bytes_add_slice(key, addr);
    return key->is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

/* Walks instead of building a key: a look-up must not fail for want of memory, and there are few
 * brokers. */
struct rkmq_live_entry *rkmq__route_info_live(const struct rkmq_route_info *ri,
                                              struct rkmq_slice cluster,
                                              struct rkmq_slice broker_addr)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&ri->lives, &cursor))) {
        struct rkmq_live_entry *live = entry->value;
        if (rkmq__slice_is(cluster, live->cluster) &&
            rkmq__slice_is(broker_addr, live->broker_addr)) {
            return live;
        }
    }
    return NULL;
}

static void live_free(const struct rkmq_mem *mem, struct rkmq_live_entry *live)
{
    rkmq__free(mem, live->cluster);
    rkmq__free(mem, live->broker_name);
    rkmq__free(mem, live->broker_addr);
    rkmq__free(mem, live->ha_server_addr);
    rkmq__free(mem, live);
}

static void live_remove(struct rkmq_route_info *ri, struct rkmq_slice cluster,
                        struct rkmq_slice addr)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&ri->lives, &cursor))) {
        struct rkmq_live_entry *live = entry->value;
        if (rkmq__slice_is(cluster, live->cluster) && rkmq__slice_is(addr, live->broker_addr)) {
            (void)rkmq__map_remove(&ri->lives, entry->key); /* it is `live` */
            live_free(ri->env->mem, live);
            return;
        }
    }
}

static struct rkmq_live_entry *live_new(struct rkmq_route_info *ri,
                                        const struct rkmq_register_broker_request *header)
{
    const struct rkmq_mem *mem = ri->env->mem;
    struct rkmq_live_entry *live = rkmq__zalloc(mem, sizeof *live);
    if (!live) {
        return NULL;
    }
    live->cluster = rkmq__text_copy(mem, header->cluster_name);
    live->broker_name = rkmq__text_copy(mem, header->broker_name);
    live->broker_addr = rkmq__text_copy(mem, header->broker_addr);
    live->ha_server_addr = rkmq__text_copy(mem, header->ha_server_addr);
    if (!live->cluster || !live->broker_name || !live->broker_addr || !live->ha_server_addr) {
        live_free(mem, live);
        return NULL;
    }
    return live;
}

static int live_put(struct rkmq_route_info *ri, const struct rkmq_register_broker_request *header,
                    const struct rkmq_data_version *version, uint64_t channel_id)
{
    struct rkmq_bytes key;
    struct rkmq_live_entry *live = live_new(ri, header);
    if (!live) {
        return RKMQ_E_NOMEM;
    }
    live->last_update = rkmq__now(ri->env);
    live->timeout_ms = header->has_heartbeat_timeout_ms ? header->heartbeat_timeout_ms
                                                        : RKMQ_BROKER_CHANNEL_EXPIRED_MS;
    live->data_version = *version;
    live->channel_id = channel_id;
    struct rkmq_live_entry *old =
        rkmq__route_info_live(ri, header->cluster_name, header->broker_addr);
    rkmq__bytes_init(&key, ri->env->mem);
    int status = live_key(&key, header->cluster_name, header->broker_addr);
    if (status == RKMQ_OK) {
        status = rkmq__map_put(&ri->lives, rkmq__bytes_slice(&key), live);
    }
    rkmq__bytes_close(&key);
    if (status != RKMQ_OK) {
        live_free(ri->env->mem, live);
        return status;
    }
    if (old) {
        live_free(ri->env->mem, old);
    } else {
        rkmq_log_info(ri->env, "route", "broker %s (%s) registers", live->broker_name,
                      live->broker_addr);
    }
    return RKMQ_OK;
}

/* ---- addresses of a broker name ---- */

static int broker_create(struct rkmq_route_info *ri, struct rkmq_slice name,
                         struct rkmq_slice cluster, struct rkmq_broker_entry **out)
{
    const struct rkmq_mem *mem = ri->env->mem;
    if (rkmq__map_count(&ri->brokers) >= RKMQ_NAMESRV_BROKERS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct rkmq_broker_entry *brk = rkmq__zalloc(mem, sizeof *brk);
    if (!brk) {
        return RKMQ_E_NOMEM;
    }
    brk->cluster = rkmq__text_copy(mem, cluster);
    int status = brk->cluster ? rkmq__map_put(&ri->brokers, name, brk) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq__free(mem, brk->cluster);
        rkmq__free(mem, brk);
        return status;
    }
    *out = brk;
    return RKMQ_OK;
}

static void addr_remove_at(struct rkmq_route_info *ri, struct rkmq_broker_entry *brk, size_t i)
{
    rkmq__free(ri->env->mem, brk->addrs[i].addr);
    brk->n_addrs--;
    memmove(&brk->addrs[i], &brk->addrs[i + 1], (brk->n_addrs - i) * sizeof brk->addrs[0]);
}

/* Takes the address out under every id but `spared_id`. */
static void addr_remove(struct rkmq_route_info *ri, struct rkmq_broker_entry *brk,
                        struct rkmq_slice addr, bool has_spared, int64_t spared_id)
{
    for (size_t i = brk->n_addrs; i > 0; i--) {
        const struct rkmq_addr_entry *at = &brk->addrs[i - 1];
        if (rkmq__slice_is(addr, at->addr) && !(has_spared && at->id == spared_id)) {
            addr_remove_at(ri, brk, i - 1);
        }
    }
}

static struct rkmq_addr_entry *addr_get(struct rkmq_broker_entry *brk, int64_t id)
{
    for (size_t i = 0; i < brk->n_addrs; i++) {
        if (brk->addrs[i].id == id) {
            return &brk->addrs[i];
        }
    }
    return NULL;
}

static int addr_put(struct rkmq_route_info *ri, struct rkmq_broker_entry *brk, int64_t id,
                    struct rkmq_slice addr)
{
    struct rkmq_addr_entry *known = addr_get(brk, id);
    if (!known && brk->n_addrs == RKMQ_NAMESRV_BROKER_ADDRS_MAX) {
        return RKMQ_E_LIMIT;
    }
    char *copy = rkmq__text_copy(ri->env->mem, addr);
    if (!copy) {
        return RKMQ_E_NOMEM;
    }
    if (known) {
        rkmq__free(ri->env->mem, known->addr);
        known->addr = copy;
        return RKMQ_OK;
    }
    size_t at = 0;
    while (at < brk->n_addrs && brk->addrs[at].id < id) {
        at++;
    }
    memmove(&brk->addrs[at + 1], &brk->addrs[at], (brk->n_addrs - at) * sizeof brk->addrs[0]);
    brk->addrs[at] = (struct rkmq_addr_entry){id, copy};
    brk->n_addrs++;
    return RKMQ_OK;
}

/* ---- registration ---- */

bool rkmq__data_version_equal(const struct rkmq_data_version *a, const struct rkmq_data_version *b)
{
    return a->state_version == b->state_version && a->timestamp == b->timestamp &&
           a->counter == b->counter;
}

/* Another address holds this id and knows a newer state: the newcomer is an old master come back.
 */
static bool is_outdated(const struct rkmq_route_info *ri, struct rkmq_broker_entry *brk,
                        const struct rkmq_register_broker_request *header,
                        const struct rkmq_register_broker_body *body)
{
    const struct rkmq_addr_entry *old = addr_get(brk, header->broker_id);
    if (!old || rkmq__slice_is(header->broker_addr, old->addr)) {
        return false;
    }
    const struct rkmq_live_entry *live =
        rkmq__route_info_live(ri, header->cluster_name, rkmq__slice_of(old->addr));
    return live && live->data_version.state_version > body->data_version.state_version;
}

static int update_topics(struct rkmq_route_info *ri, const struct rkmq_broker_entry *brk,
                         const struct rkmq_register_broker_request *header,
                         const struct rkmq_register_broker_body *body, bool is_first)
{
    const struct rkmq_live_entry *live =
        rkmq__route_info_live(ri, header->cluster_name, header->broker_addr);
    bool is_all =
        is_first || !live || !rkmq__data_version_equal(&live->data_version, &body->data_version);
    bool is_write_wiped = header->broker_id != MASTER_ID && brk->is_acting_master_enabled;
    for (size_t i = 0; i < body->n_topics; i++) {
        const struct rkmq_topic_config *config = &body->topics[i];
        struct rkmq_queue_entry queue = {
            .read_queue_nums = config->read_queue_nums,
            .write_queue_nums = config->write_queue_nums,
            .perm = is_write_wiped ? config->perm & ~RKMQ_PERM_WRITE : config->perm,
            .topic_sys_flag = config->topic_sys_flag,
        };
        if (!is_all && rkmq__route_info_queue(ri, config->name, header->broker_name)) {
            continue;
        }
        int status = rkmq__route_info_put_queue(ri, config->name, header->broker_name, &queue);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    return RKMQ_OK;
}

static void tell_master(const struct rkmq_route_info *ri, struct rkmq_broker_entry *brk,
                        const struct rkmq_register_broker_request *header,
                        struct rkmq_register_result *out)
{
    const struct rkmq_addr_entry *master = addr_get(brk, MASTER_ID);
    if (header->broker_id == MASTER_ID || !master) {
        return;
    }
    const struct rkmq_live_entry *live =
        rkmq__route_info_live(ri, header->cluster_name, rkmq__slice_of(master->addr));
    if (live) {
        out->ha_server_addr = rkmq__slice_of(live->ha_server_addr);
        out->master_addr = rkmq__slice_of(master->addr);
    }
}

static int failed(int status, struct rkmq_err *err)
{
    return rkmq__err_set(err, status, "register broker failed: %s", rkmq_status_text(status));
}

/* The order of the steps is RouteInfoManager.registerBroker's (5.3.3). */
int rkmq__route_info_register(struct rkmq_route_info *ri,
                              const struct rkmq_register_broker_request *header,
                              const struct rkmq_register_broker_body *body, uint64_t channel_id,
                              struct rkmq_register_result *out, struct rkmq_err *err)
{
    *out = (struct rkmq_register_result){0};
    struct rkmq_broker_entry *brk = rkmq__map_get(&ri->brokers, header->broker_name);
    int status = brk ? RKMQ_OK : broker_create(ri, header->broker_name, header->cluster_name, &brk);
    if (status != RKMQ_OK) {
        return failed(status, err);
    }
    brk->is_acting_master_enabled =
        header->has_enable_acting_master && header->enable_acting_master;
    addr_remove(ri, brk, header->broker_addr, true, header->broker_id);
    if (is_outdated(ri, brk, header, body)) {
        RKMQ_MARK(ri->env, "register-outdated");
        rkmq_log_warn(ri->env, "route", "broker %.*s (%.*s) has an older state than the known one",
                      RKMQ_SLICE_ARG(header->broker_name), RKMQ_SLICE_ARG(header->broker_addr));
        live_remove(ri, header->cluster_name, header->broker_addr);
        return RKMQ_OK;
    }
    bool is_first = addr_get(brk, header->broker_id) == NULL;
    if (is_first && body->n_topics == 1) {
        RKMQ_MARK(ri->env, "register-single-topic");
        return rkmq__err_set(err, RKMQ_E_STATE, "register broker failed");
    }
    status = addr_put(ri, brk, header->broker_id, header->broker_addr);
    if (status != RKMQ_OK) {
        return failed(status, err);
    }
    bool is_prime_slave = header->has_enable_acting_master && header->broker_id != MASTER_ID &&
                          brk->addrs[0].id == header->broker_id;
    if (header->broker_id == MASTER_ID || is_prime_slave) {
        status = update_topics(ri, brk, header, body, is_first);
    }
    if (status == RKMQ_OK) {
        status = live_put(ri, header, &body->data_version, channel_id);
    }
    if (status != RKMQ_OK) {
        return failed(status, err);
    }
    tell_master(ri, brk, header, out);
    return RKMQ_OK;
}

/* ---- removal ---- */

void rkmq__route_info_unregister(struct rkmq_route_info *ri, struct rkmq_slice cluster,
                                 struct rkmq_slice broker_addr, struct rkmq_slice broker_name)
{
    struct rkmq_broker_entry *brk = rkmq__map_get(&ri->brokers, broker_name);
    if (brk) {
        rkmq_log_info(ri->env, "route", "broker %.*s (%.*s) is gone", RKMQ_SLICE_ARG(broker_name),
                      RKMQ_SLICE_ARG(broker_addr));
        addr_remove(ri, brk, broker_addr, false, 0);
        if (brk->n_addrs == 0) {
            rkmq__route_info_drop_broker(ri, broker_name);
            (void)rkmq__map_remove(&ri->brokers, broker_name); /* it is `brk` */
            rkmq__free(ri->env->mem, brk->cluster);
            rkmq__free(ri->env->mem, brk);
        } else if (brk->is_acting_master_enabled && !addr_get(brk, MASTER_ID)) {
            /* Slaves alone: readable only. */
            (void)rkmq__route_info_change_perm(ri, broker_name, ~RKMQ_PERM_WRITE, 0);
        }
    }
    live_remove(ri, cluster, broker_addr); /* last: the slices may be its texts */
}

static void unregister_live(struct rkmq_route_info *ri, const struct rkmq_live_entry *live)
{
    rkmq__route_info_unregister(ri, rkmq__slice_of(live->cluster),
                                rkmq__slice_of(live->broker_addr),
                                rkmq__slice_of(live->broker_name));
}

void rkmq__route_info_channel_closed(struct rkmq_route_info *ri, uint64_t channel_id)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&ri->lives, &cursor))) {
        const struct rkmq_live_entry *live = entry->value;
        if (live->channel_id == channel_id) {
            unregister_live(ri, live);
        }
    }
}

uint64_t rkmq__route_info_expire_next(struct rkmq_route_info *ri)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    while ((entry = rkmq__map_next(&ri->lives, &cursor))) {
        const struct rkmq_live_entry *live = entry->value;
        if (rkmq__now(ri->env) - live->last_update > live->timeout_ms) {
            uint64_t channel_id = live->channel_id;
            rkmq_log_warn(ri->env, "route", "broker %s (%s) has not been heard of for %lld ms",
                          live->broker_name, live->broker_addr, (long long)live->timeout_ms);
            unregister_live(ri, live);
            return channel_id;
        }
    }
    return 0;
}
