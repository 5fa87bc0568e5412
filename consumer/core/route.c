/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/route.h"

#include "consumer/core/mutant.h"

#include "remoting/protocol/codes.h"

/*
 * One update:
 *
 *     WAITING (in rt->updates) --first in line--> ASKING --answer--> done
 *                                                  |  ^
 *                                                  +--+ the next name server, when one cannot be
 *                                                       reached and each is tried
 */
struct rkmq_route_op {
    struct rkmq_list link;
    struct rkmq_route_table *rt;
    struct rkmq_route_update u; /* topic points behind this struct */
    rkmq_ms give_up;
    size_t n_tries;
    struct rkmq_timer fail_timer; /* a request that could not even begin ends from the top level */
    struct rkmq_err err;
};

#define ROUTE_OP_OF(it) RKMQ_CONTAINER_OF(it, struct rkmq_route_op, link)

static void route_ask(struct rkmq_route_op *op);
static void route_next(struct rkmq_route_table *rt);

/* ---- tables ---- */

static void topic_route_destroy(const struct rkmq_mem *mem, struct rkmq_topic_route *tr)
{
    if (tr) {
        rkmq__arena_close(&tr->arena);
        rkmq__free(mem, tr);
    }
}

static void broker_entry_destroy(const struct rkmq_mem *mem, struct rkmq_broker_entry *brk)
{
    for (size_t i = 0; brk && i < brk->n_replicas; i++) {
        rkmq__free(mem, brk->replicas[i].addr);
    }
    if (brk) {
        rkmq__free(mem, brk->replicas);
        rkmq__free(mem, brk);
    }
}

static struct rkmq_broker_entry *broker_entry_create(const struct rkmq_mem *mem,
                                                     const struct rkmq_broker_data *data)
{
    struct rkmq_broker_entry *brk = rkmq__zalloc(mem, sizeof *brk);
    size_t n = data->n_addrs < RKMQ_BROKER_ADDRS_MAX ? data->n_addrs : RKMQ_BROKER_ADDRS_MAX;
    if (!brk) {
        return NULL;
    }
    brk->replicas = rkmq__zalloc(mem, (n > 0 ? n : 1) * sizeof *brk->replicas);
    if (!brk->replicas) {
        goto fail;
    }
    for (; brk->n_replicas < n; brk->n_replicas++) {
        struct rkmq_broker_replica *replica = &brk->replicas[brk->n_replicas];
        replica->id = data->addrs[brk->n_replicas].id;
        replica->addr = rkmq__text_copy(mem, data->addrs[brk->n_replicas].addr);
        if (!replica->addr) {
            goto fail;
        }
    }
    return brk;
fail:
    broker_entry_destroy(mem, brk);
    return NULL;
}

static int brokers_put(struct rkmq_route_table *rt, const struct rkmq_broker_data *data)
{
    const struct rkmq_mem *mem = rt->config.env->mem;
    struct rkmq_broker_entry *old = rkmq__map_get(&rt->brokers, data->broker_name);
    struct rkmq_broker_entry *brk = broker_entry_create(mem, data);
    if (!brk) {
        return RKMQ_E_NOMEM;
    }
    int status = rkmq__map_put(&rt->brokers, data->broker_name, brk);
    broker_entry_destroy(mem, status == RKMQ_OK ? old : brk);
    return status;
}

/* Addresses first: once the route stands in the table, an equal one counts as known. */
static int topics_put(struct rkmq_route_table *rt, struct rkmq_slice topic,
                      struct rkmq_topic_route *tr)
{
    struct rkmq_topic_route *old = rkmq__map_get(&rt->topics, topic);
    for (size_t i = 0; i < tr->data.n_brokers; i++) {
        int status = brokers_put(rt, &tr->data.brokers[i]);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    int status = rkmq__map_put(&rt->topics, topic, tr);
    if (status == RKMQ_OK) {
        topic_route_destroy(rt->config.env->mem, old);
    }
    return status;
}

/* ---- name servers ---- */

static int namesrvs_read(struct rkmq_route_table *rt, const char *list, struct rkmq_err *err)
{
    struct rkmq_slice rest = rkmq__slice_of(list);
    while (rest.n > 0) {
        const uint8_t *semicolon = memchr(rest.p, ';', rest.n);
        size_t n = semicolon ? (size_t)(semicolon - rest.p) : rest.n;
        if (n > 0) {
            if (rt->n_namesrvs == RKMQ_NAMESRVS_MAX) {
                return rkmq__err_set(err, RKMQ_E_INVALID, "more than %d name servers in [%s]",
                                     RKMQ_NAMESRVS_MAX, list);
            }
            char *addr = rkmq__text_copy(rt->config.env->mem, rkmq__slice(rest.p, n));
            if (!addr) {
                return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
            }
            rt->namesrvs[rt->n_namesrvs++] = addr;
        }
        size_t used = semicolon ? n + 1 : n;
        rest = rkmq__slice(rest.p + used, rest.n - used);
    }
    if (rt->n_namesrvs == 0) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "no name server address");
    }
    rt->namesrv_index = (size_t)(rkmq__rand64(rt->config.env) % rt->n_namesrvs);
    return RKMQ_OK;
}

int rkmq__route_init(struct rkmq_route_table *rt, const struct rkmq_route_config *config,
                     struct rkmq_err *err)
{
    *rt = (struct rkmq_route_table){.config = *config};
    rkmq__map_init(&rt->topics, config->env->mem);
    rkmq__map_init(&rt->brokers, config->env->mem);
    rkmq__list_init(&rt->updates);
    int status = namesrvs_read(rt, config->namesrv_addr, err);
    if (status != RKMQ_OK) {
        rkmq__route_close(rt);
    }
    return status;
}

static void op_destroy(struct rkmq_route_op *op)
{
    const struct rkmq_env *env = op->rt->config.env;
    rkmq__list_remove(&op->link);
    rkmq__timer_stop(env, &op->fail_timer);
    rkmq__remoting_client_forget(op->rt->config.client, op);
    rkmq__free(env->mem, op);
}

void rkmq__route_close(struct rkmq_route_table *rt)
{
    const struct rkmq_mem *mem = rt->config.env->mem;
    struct rkmq_map_entry *entry;
    RKMQ_LIST_EACH (it, &rt->updates) {
        op_destroy(ROUTE_OP_OF(it));
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&rt->topics, &cursor));) {
        topic_route_destroy(mem, entry->value);
    }
    rkmq__map_close(&rt->topics);
    for (size_t cursor = 0; (entry = rkmq__map_next(&rt->brokers, &cursor));) {
        broker_entry_destroy(mem, entry->value);
    }
    rkmq__map_close(&rt->brokers);
    for (size_t i = 0; i < rt->n_namesrvs; i++) {
        rkmq__free(mem, rt->namesrvs[i]);
    }
    rt->n_namesrvs = 0;
}

/* ---- updates ---- */

static void op_done(struct rkmq_route_op *op, int status, bool is_changed,
                    const struct rkmq_err *err)
{
    struct rkmq_route_table *rt = op->rt;
    struct rkmq_route_update u = op->u;
    struct rkmq_err copy = err ? *err : (struct rkmq_err){.status = status};
    RKMQ_ASSERT(rt->is_busy);
    RKMQ_TRACE(rt->config.env, "route %.*s %s%s", RKMQ_SLICE_ARG(u.topic), rkmq_status_name(status),
               is_changed ? " changed" : "");
    if (is_changed && rt->config.changed) {
        rt->config.changed(rt->config.owner, u.topic);
    }
    rt->is_busy = false;
    rkmq__list_remove(&op->link);
    /* The lock passes to the next in line before the caller can ask for more (Java: a thread that
     * unlocks and locks again queues behind those that wait). */
    route_next(rt);
    if (u.fn) {
        u.fn(u.user, status, is_changed, &copy);
    }
    op_destroy(op);
}

static void limit_default_queues(struct rkmq_route_data *data, int32_t queue_nums)
{
    for (size_t i = 0; i < data->n_queues; i++) {
        struct rkmq_queue_data *qd = &data->queues[i];
        int32_t n = qd->read_queue_nums < queue_nums ? qd->read_queue_nums : queue_nums;
        qd->read_queue_nums = n;
        qd->write_queue_nums = n;
    }
}

static int learn(struct rkmq_route_op *op, struct rkmq_slice body, bool *is_changed,
                 struct rkmq_err *err)
{
    struct rkmq_route_table *rt = op->rt;
    const struct rkmq_mem *mem = rt->config.env->mem;
    const struct rkmq_topic_route *old = rkmq__map_get(&rt->topics, op->u.topic);
    struct rkmq_topic_route *tr = rkmq__zalloc(mem, sizeof *tr);
    if (!tr) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    rkmq__arena_init(&tr->arena, mem);
    int status = rkmq__route_data_read(body, &tr->arena, &tr->data, err);
    if (status != RKMQ_OK) {
        goto fail;
    }
    if (op->u.default_topic_queue_nums > 0) {
        limit_default_queues(&tr->data, op->u.default_topic_queue_nums);
    }
    if (old && (RKMQ_MUTANT(CHANGE_SWALLOWED) || rkmq__route_data_equal(&old->data, &tr->data))) {
        topic_route_destroy(mem, tr);
        return RKMQ_OK;
    }
    status = topics_put(rt, op->u.topic, tr);
    if (status == RKMQ_OK) {
        *is_changed = true;
        return RKMQ_OK;
    }
    (void)rkmq__err_set(err, status, "route of topic %.*s: %s", RKMQ_SLICE_ARG(op->u.topic),
                        rkmq_status_text(status));
fail:
    topic_route_destroy(mem, tr);
    return status;
}

static bool is_network_failure(int status)
{
    return status == RKMQ_E_CLOSED || status == RKMQ_E_TIMEOUT || status == RKMQ_E_LIMIT ||
           status == RKMQ_E_INVALID;
}

static void op_failed(struct rkmq_route_op *op, int status, const struct rkmq_err *err)
{
    struct rkmq_route_table *rt = op->rt;
    rkmq_log_warn(rt->config.env, "route", "topic %.*s: name server %s: %s",
                  RKMQ_SLICE_ARG(op->u.topic), rt->namesrvs[rt->namesrv_index],
                  err && err->text[0] ? err->text : rkmq_status_text(status));
    if (is_network_failure(status) && !RKMQ_MUTANT(NAMESRV_STICKS)) {
        rt->namesrv_index = (rt->namesrv_index + 1) % rt->n_namesrvs;
        if (rt->config.is_each_namesrv_tried && op->n_tries < rt->n_namesrvs) {
            route_ask(op);
            return;
        }
    }
    op_done(op, status, false, err);
}

static void route_answered(void *user, int status, const struct rkmq_command *answer,
                           const struct rkmq_err *err)
{
    struct rkmq_route_op *op = user;
    struct rkmq_err why = {0};
    bool is_changed = false;
    if (status != RKMQ_OK) {
        op_failed(op, status, err);
        return;
    }
    switch (answer->code) {
    case RKMQ_RES_SUCCESS:
        status = learn(op, answer->body, &is_changed, &why);
        break;
    case RKMQ_RES_TOPIC_NOT_EXIST:
        status = rkmq__err_set(&why, RKMQ_E_NOT_FOUND, "%.*s", RKMQ_SLICE_ARG(answer->remark));
        why.remote_code = answer->code;
        if (RKMQ_MUTANT(MISSING_TOPIC_DROPS)) {
            struct rkmq_topic_route *gone = rkmq__map_remove(&op->rt->topics, op->u.topic);
            is_changed = gone != NULL;
            topic_route_destroy(op->rt->config.env->mem, gone);
        }
        break;
    default:
        status = rkmq__err_remote(&why, answer->code, "%.*s", RKMQ_SLICE_ARG(answer->remark));
        break;
    }
    if (status != RKMQ_OK && status != RKMQ_E_NOT_FOUND) {
        rkmq_log_warn(op->rt->config.env, "route", "topic %.*s: %s", RKMQ_SLICE_ARG(op->u.topic),
                      why.text);
    }
    op_done(op, status, is_changed, &why);
}

static void fail_fired(struct rkmq_timer *t)
{
    struct rkmq_route_op *op = RKMQ_CONTAINER_OF(t, struct rkmq_route_op, fail_timer);
    op_failed(op, op->err.status, &op->err);
}

static void route_ask(struct rkmq_route_op *op)
{
    struct rkmq_route_table *rt = op->rt;
    bool is_default = op->u.default_topic_queue_nums > 0;
    struct rkmq_get_route_request header = {.topic = is_default ? RKMQ_SLICE(RKMQ_DEFAULT_TOPIC)
                                                                : op->u.topic};
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, .fields = &fields};
    int status;
    op->n_tries++;
    if (op->n_tries == 1 && op->give_up < rkmq__now(rt->config.env)) {
        status = rkmq__err_set(&op->err, RKMQ_E_TIMEOUT, "waited too long for other route updates");
        op->n_tries = rt->n_namesrvs; /* asking elsewhere would not help */
    } else {
        rkmq__header_write(&rkmq__get_route_request_class, &header, false, &fields);
        status = rkmq__remoting_client_call(rt->config.client, rt->namesrvs[rt->namesrv_index],
                                            &out, rt->config.api_timeout_ms, route_answered, op);
        if (status != RKMQ_OK) {
            (void)rkmq__err_set(&op->err, status, "%s", rkmq_status_text(status));
        }
    }
    if (status != RKMQ_OK) {
        op->fail_timer.fire = fail_fired;
        rkmq__timer_in(rt->config.env, &op->fail_timer, 0);
    }
}

static void route_next(struct rkmq_route_table *rt)
{
    if (!rt->is_busy && !rkmq__list_is_empty(&rt->updates)) {
        rt->is_busy = true;
        route_ask(ROUTE_OP_OF(rt->updates.next));
    }
}

int rkmq__route_update(struct rkmq_route_table *rt, const struct rkmq_route_update *u)
{
    const struct rkmq_env *env = rt->config.env;
    struct rkmq_route_op *op = rkmq__zalloc(env->mem, sizeof *op + u->topic.n + 1);
    if (!op) {
        return RKMQ_E_NOMEM;
    }
    op->rt = rt;
    op->u = *u;
    memcpy(op + 1, u->topic.p, u->topic.n);
    op->u.topic = rkmq__slice(op + 1, u->topic.n);
    op->give_up = rkmq__now(env) + RKMQ_LOCK_NAMESRV_MS;
    rkmq__list_push_back(&rt->updates, &op->link);
    route_next(rt);
    return RKMQ_OK;
}

void rkmq__route_forget(struct rkmq_route_table *rt, const void *user)
{
    RKMQ_LIST_EACH (it, &rt->updates) {
        struct rkmq_route_op *op = ROUTE_OP_OF(it);
        if (op->u.user == user) {
            op->u.fn = NULL; /* what it learns is still worth having */
        }
    }
}

/* ---- look-ups ---- */

const struct rkmq_route_data *rkmq__route_get(const struct rkmq_route_table *rt,
                                              struct rkmq_slice topic)
{
    const struct rkmq_topic_route *tr = rkmq__map_get(&rt->topics, topic);
    return tr ? &tr->data : NULL;
}

static const struct rkmq_broker_replica *replica_of(const struct rkmq_broker_entry *brk, int64_t id)
{
    for (size_t i = 0; brk && i < brk->n_replicas; i++) {
        if (brk->replicas[i].id == id) {
            return &brk->replicas[i];
        }
    }
    return NULL;
}

const char *rkmq__route_master(const struct rkmq_route_table *rt, struct rkmq_slice broker_name)
{
    const struct rkmq_broker_replica *r = replica_of(rkmq__map_get(&rt->brokers, broker_name), 0);
    return r ? r->addr : NULL;
}

bool rkmq__route_find(const struct rkmq_route_table *rt, struct rkmq_slice broker_name, int64_t id,
                      bool is_only_this, struct rkmq_broker_found *out)
{
    const struct rkmq_broker_entry *brk = rkmq__map_get(&rt->brokers, broker_name);
    const struct rkmq_broker_replica *r = replica_of(brk, id);
    if (!r && id != 0 && id < INT64_MAX) {
        r = replica_of(brk, id + 1);
    }
    if (!r && !is_only_this && brk && brk->n_replicas > 0) {
        r = &brk->replicas[0];
    }
    if (!r) {
        return false;
    }
    *out = (struct rkmq_broker_found){.addr = r->addr, .is_slave = r->id != 0};
    return true;
}

const char *rkmq__route_broker_of_topic(const struct rkmq_route_table *rt, struct rkmq_slice topic)
{
    const struct rkmq_route_data *data = rkmq__route_get(rt, topic);
    if (!data || data->n_brokers == 0) {
        return NULL;
    }
    const struct rkmq_env *env = rt->config.env;
    /* One broker needs no dice. */
    size_t i = data->n_brokers > 1 ? (size_t)(rkmq__rand64(env) % data->n_brokers) : 0;
    struct rkmq_broker_found found;
    return rkmq__route_find(rt, data->brokers[i].broker_name, 0, false, &found) ? found.addr : NULL;
}

bool rkmq__route_has_broker_addr(const struct rkmq_route_table *rt, const char *addr)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&rt->brokers, &cursor));) {
        const struct rkmq_broker_entry *brk = entry->value;
        for (size_t i = 0; i < brk->n_replicas; i++) {
            if (strcmp(brk->replicas[i].addr, addr) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_addr_in_routes(const struct rkmq_route_table *rt, const char *addr)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&rt->topics, &cursor));) {
        const struct rkmq_route_data *data = &((const struct rkmq_topic_route *)entry->value)->data;
        for (size_t i = 0; i < data->n_brokers; i++) {
            for (size_t j = 0; j < data->brokers[i].n_addrs; j++) {
                if (rkmq__slice_is(data->brokers[i].addrs[j].addr, addr)) {
                    return true;
                }
            }
        }
    }
    return false;
}

void rkmq__route_clean_offline_brokers(struct rkmq_route_table *rt)
{
    const struct rkmq_env *env = rt->config.env;
    struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&rt->brokers, &cursor));) {
        struct rkmq_broker_entry *brk = entry->value;
        size_t n_kept = 0;
        for (size_t i = 0; i < brk->n_replicas; i++) {
            if (is_addr_in_routes(rt, brk->replicas[i].addr)) {
                brk->replicas[n_kept++] = brk->replicas[i];
                continue;
            }
            rkmq_log_info(env, "route", "broker address %s stands in no route, removed",
                          brk->replicas[i].addr);
            rkmq__free(env->mem, brk->replicas[i].addr);
        }
        brk->n_replicas = n_kept;
        if (n_kept == 0) {
            (void)rkmq__map_remove(&rt->brokers, entry->key); /* is brk */
            broker_entry_destroy(env->mem, brk);
        }
    }
}
