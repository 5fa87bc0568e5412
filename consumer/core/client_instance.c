/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/client_instance.h"

#include "consumer/core/mutant.h"
#include "consumer/core/push_consumer.h"
#include "remoting/protocol/codes.h"

#define ROUTE_POLL_FIRST_MS 10
#define HEARTBEAT_FIRST_MS 1000
#define PERSIST_FIRST_MS 10000

/* MQClientManager: the instances of one host, by client id. Lives while there is one. */
struct rkmq_client_manager {
    struct rkmq_list instances;
};

static const struct rkmq_profile_rules profile_rkmq = {
    .rebalance_spacing_ms = 0,
    .first_pull_delay_ms = 0,
    .is_heartbeat_repeated = true,
    .is_pull_after_heartbeat = true,
    .is_retry_route_prompt = true,
    .is_route_change_prompt = true,
    .is_each_namesrv_tried = true,
    .is_pull_resumed = true,
    .is_span_to_newest = true,
};
/* start-sequence: what was measured and read in 5.3.3. */
static const struct rkmq_profile_rules profile_java_5_3 = {
    .rebalance_spacing_ms = 1000,
    .first_pull_delay_ms = 500,
};

const struct rkmq_profile_rules *rkmq__profile_rules(enum rkmq_profile profile)
{
    return profile == RKMQ_PROFILE_JAVA_5_3 ? &profile_java_5_3 : &profile_rkmq;
}

/* ---- names ---- */

int rkmq__client_id_build(const struct rkmq_mem *mem, const char *host, const char *instance_name,
                          const char *unit_name, char **out)
{
    struct rkmq_bytes id;
    rkmq__bytes_init(&id, mem);
    rkmq__bytes_add_text(&id, host);
    rkmq__bytes_add_text(&id, "@");
    rkmq__bytes_add_text(&id, instance_name);
    if (unit_name && unit_name[0]) {
        rkmq__bytes_add_text(&id, "@");
        rkmq__bytes_add_text(&id, unit_name);
    }
    *out = id.is_failed ? NULL : rkmq__text_copy(mem, rkmq__bytes_slice(&id));
    rkmq__bytes_close(&id);
    return *out ? RKMQ_OK : RKMQ_E_NOMEM;
}

int rkmq__instance_name_check(const char *instance_name, struct rkmq_err *err)
{
    return strlen(instance_name) < RKMQ_INSTANCE_NAME_BYTES
               ? RKMQ_OK
               : rkmq__err_set(err, RKMQ_E_INVALID, "instanceName is longer than %d characters",
                               RKMQ_INSTANCE_NAME_BYTES - 1);
}

/* ClientConfig.changeInstanceNameToPID. Our clock has milliseconds: the digits below come from the
 * seed, so that two consumers started at once do not share an instance by accident. */
void rkmq__instance_name_to_pid(const struct rkmq_env *env, const char *instance_name, char *out,
                                size_t out_bytes)
{
    if (strcmp(instance_name, "DEFAULT") != 0) {
        (void)snprintf(out, out_bytes, "%s", instance_name); /* the caller's buffer is checked */
        return;
    }
    unsigned long long nano = (unsigned long long)(rkmq__now(env) % 100000000) * 1000000u +
                              (unsigned long long)(rkmq__rand64(env) % 1000000u);
    (void)snprintf(out, out_bytes, "%d#%llu", env->pid, nano); /* 32 characters at most */
}

/* ---- requests from brokers: ClientRemotingProcessor ---- */

static void instance_request(void *owner, const struct rkmq_request_in *req)
{
    struct rkmq_client_instance *ci = owner;
    switch (req->cmd->code) {
    case RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED:
        /* For the whole instance, whatever group it names. */
        rkmq_log_info(ci->env, "rebalance", "broker %s: the members of a group changed",
                      rkmq__channel_peer(req->channel));
        if (!RKMQ_MUTANT(NOTIFY_IGNORED)) {
            rkmq__rebalance_immediately(&ci->rebalance);
        }
        break;
    default:
        rkmq__channel_answer_unsupported(req);
        break;
    }
}

/* MQClientInstance.onChannelActive */
static void instance_opened(void *owner, struct rkmq_channel *ch)
{
    struct rkmq_client_instance *ci = owner;
    const char *addr = rkmq__channel_peer(ch);
    if (rkmq__route_has_broker_addr(&ci->route, addr) && !ci->heartbeat.is_locked &&
        !rkmq__list_is_empty(&ci->consumers) &&
        rkmq__heartbeat_send_to(&ci->heartbeat, addr, NULL) == RKMQ_OK) {
        RKMQ_MARK(ci->env, "heartbeat-channel-active");
        rkmq__rebalance_immediately(&ci->rebalance);
    }
}

static void instance_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rkmq_client_instance *ci = owner;
    rkmq_log_info(ci->env, "conn", "%s closed: %s", rkmq__channel_peer(ch), why);
}

/* ---- life ---- */

static struct rkmq_client_instance *manager_find(const struct rkmq_env *env, const char *client_id)
{
    struct rkmq_client_manager *manager = env->shared ? *env->shared : NULL;
    if (manager) {
        RKMQ_LIST_EACH (it, &manager->instances) {
            struct rkmq_client_instance *ci =
                RKMQ_CONTAINER_OF(it, struct rkmq_client_instance, link);
            if (strcmp(ci->client_id, client_id) == 0) {
                return ci;
            }
        }
    }
    return NULL;
}

static int manager_add(struct rkmq_client_instance *ci)
{
    const struct rkmq_env *env = ci->env;
    if (!env->shared) {
        return RKMQ_OK;
    }
    if (!*env->shared) {
        struct rkmq_client_manager *manager = rkmq__zalloc(env->mem, sizeof *manager);
        if (!manager) {
            return RKMQ_E_NOMEM;
        }
        rkmq__list_init(&manager->instances);
        *env->shared = manager;
    }
    ci->manager = *env->shared;
    rkmq__list_push_back(&ci->manager->instances, &ci->link);
    return RKMQ_OK;
}

static void manager_remove(struct rkmq_client_instance *ci)
{
    struct rkmq_client_manager *manager = ci->manager;
    rkmq__list_remove(&ci->link);
    ci->manager = NULL;
    if (manager && rkmq__list_is_empty(&manager->instances)) {
        *ci->env->shared = NULL;
        rkmq__free(ci->env->mem, manager);
    }
}

static void route_changed(void *owner, struct rkmq_slice topic)
{
    struct rkmq_client_instance *ci = owner;
    rkmq_log_info(ci->env, "route", "topic %.*s changed", RKMQ_SLICE_ARG(topic));
    if (ci->rules->is_route_change_prompt) {
        rkmq__rebalance_immediately(&ci->rebalance);
    }
}

static int instance_open(struct rkmq_client_instance *ci, struct rkmq_err *err)
{
    struct rkmq_channel_config channel = {
        .env = ci->env,
        .handler = {.owner = ci,
                    .request = instance_request,
                    .opened = instance_opened,
                    .closed = instance_closed},
        .format = ci->config.format,
        .language = RKMQ_LANGUAGE_JAVA,
        .version = RKMQ_VERSION_V5_3_3,
        .frame_bytes_max = ci->config.frame_bytes_max,
    };
    int status = rkmq__remoting_client_create(&ci->client, &channel);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "client instance: %s", rkmq_status_text(status));
    }
    struct rkmq_route_config route = {
        .env = ci->env,
        .client = ci->client,
        .namesrv_addr = ci->config.namesrv_addr,
        .api_timeout_ms = ci->config.mq_client_api_timeout_ms,
        .is_each_namesrv_tried = ci->rules->is_each_namesrv_tried,
        .changed = route_changed,
        .owner = ci,
    };
    status = rkmq__route_init(&ci->route, &route, err);
    if (status != RKMQ_OK) {
        rkmq__remoting_client_destroy(ci->client);
        ci->client = NULL;
    }
    return status;
}

static int instance_create(struct rkmq_client_instance **out, const struct rkmq_env *env,
                           const struct rkmq_client_config *config, struct rkmq_err *err)
{
    struct rkmq_client_instance *ci = rkmq__zalloc(env->mem, sizeof *ci);
    int status = RKMQ_E_NOMEM;
    if (!ci) {
        goto fail;
    }
    ci->env = env;
    ci->config = *config;
    ci->rules = rkmq__profile_rules(config->profile);
    rkmq__list_init(&ci->consumers);
    rkmq__list_init(&ci->producers);
    rkmq__list_init(&ci->goodbyes);
    rkmq__arena_init(&ci->poll_arena, env->mem);
    ci->client_id = rkmq__text_copy(env->mem, rkmq__slice_of(config->client_id));
    if (!ci->client_id) {
        goto fail;
    }
    ci->config.client_id = ci->client_id;
    status = manager_add(ci);
    if (status != RKMQ_OK) {
        goto fail;
    }
    status = instance_open(ci, err);
    if (status != RKMQ_OK) {
        goto fail;
    }
    ci->config.namesrv_addr = NULL; /* read by the route table */
    rkmq__heartbeat_init(&ci->heartbeat, ci);
    rkmq__rebalance_init(&ci->rebalance, ci);
    *out = ci;
    return RKMQ_OK;
fail:
    if (ci) {
        manager_remove(ci);
        rkmq__free(env->mem, ci->client_id);
        rkmq__free(env->mem, ci);
    }
    return status == RKMQ_E_NOMEM ? rkmq__err_set(err, status, "out of memory") : status;
}

int rkmq__client_instance_get(struct rkmq_client_instance **out, const struct rkmq_env *env,
                              const struct rkmq_client_config *config, struct rkmq_err *err)
{
    int status = RKMQ_OK;
    *out = manager_find(env, config->client_id);
    if (!*out) {
        status = instance_create(out, env, config, err);
    }
    if (status == RKMQ_OK) {
        (*out)->n_members++;
    }
    return status;
}

/* MQClientInstance.shutdown: timers, services, connections, in this order. */
static void instance_destroy(struct rkmq_client_instance *ci)
{
    const struct rkmq_env *env = ci->env;
    RKMQ_ASSERT(ci->n_members == 0);
    RKMQ_ASSERT(rkmq__list_is_empty(&ci->goodbyes));
    ci->state = RKMQ_INSTANCE_SHUTDOWN;
    manager_remove(ci);
    rkmq__timer_stop(env, &ci->route_timer);
    rkmq__timer_stop(env, &ci->heartbeat_timer);
    rkmq__timer_stop(env, &ci->persist_timer);
    rkmq__rebalance_close(&ci->rebalance);
    rkmq__heartbeat_close(&ci->heartbeat);
    rkmq__route_close(&ci->route);
    rkmq__remoting_client_destroy(ci->client); /* flushes */
    rkmq__arena_close(&ci->poll_arena);
    rkmq__free(env->mem, ci->client_id);
    rkmq__free(env->mem, ci);
}

/* ---- members ---- */

struct rkmq_push_impl *rkmq__client_instance_consumer(const struct rkmq_client_instance *ci,
                                                      struct rkmq_slice group)
{
    RKMQ_LIST_EACH (it, &ci->consumers) {
        if (rkmq__slice_equal(RKMQ_PUSH_IMPL_OF(it)->group, group)) {
            return RKMQ_PUSH_IMPL_OF(it);
        }
    }
    return NULL;
}

int rkmq__client_instance_register_consumer(struct rkmq_client_instance *ci,
                                            struct rkmq_push_impl *impl)
{
    if (rkmq__client_instance_consumer(ci, impl->group)) {
        return RKMQ_E_STATE;
    }
    rkmq__list_push_back(&ci->consumers, &impl->link);
    return RKMQ_OK;
}

int rkmq__client_instance_register_producer(struct rkmq_client_instance *ci,
                                            struct rkmq_producer_inner *producer)
{
    RKMQ_LIST_EACH (it, &ci->producers) {
        if (rkmq__slice_equal(RKMQ_CONTAINER_OF(it, struct rkmq_producer_inner, link)->group,
                              producer->group)) {
            return RKMQ_E_STATE;
        }
    }
    if (rkmq__slice_is(producer->group, RKMQ_INNER_PRODUCER_GROUP)) {
        return RKMQ_E_STATE;
    }
    rkmq__list_push_back(&ci->producers, &producer->link);
    return RKMQ_OK;
}

/* ---- scheduled tasks: MQClientInstance.startScheduledTask ---- */

static int poll_add(struct rkmq_client_instance *ci, struct rkmq_slice topic)
{
    for (size_t i = 0; i < ci->n_poll_topics; i++) {
        if (rkmq__slice_equal(ci->poll_topics[i], topic)) {
            return RKMQ_OK;
        }
    }
    int status = rkmq__arena_copy(&ci->poll_arena, topic, &ci->poll_topics[ci->n_poll_topics]);
    ci->n_poll_topics += status == RKMQ_OK;
    return status;
}

static size_t poll_topics_max(const struct rkmq_client_instance *ci)
{
    size_t n = 0;
    RKMQ_LIST_EACH (it, &ci->consumers) {
        n += RKMQ_PUSH_IMPL_OF(it)->subscriptions.n;
    }
    RKMQ_LIST_EACH (it, &ci->producers) {
        n += rkmq__map_count(
            RKMQ_CONTAINER_OF(it, struct rkmq_producer_inner, link)->publish_topics);
    }
    return n;
}

/* All topics of consumers and producers, each once. */
static int poll_collect(struct rkmq_client_instance *ci)
{
    int status = RKMQ_OK;
    rkmq__arena_close(&ci->poll_arena);
    rkmq__arena_init(&ci->poll_arena, ci->env->mem);
    ci->n_poll_topics = ci->poll_index = 0;
    ci->poll_topics =
        rkmq__arena_zalloc(&ci->poll_arena, (poll_topics_max(ci) + 1) * sizeof *ci->poll_topics);
    if (!ci->poll_topics) {
        return RKMQ_E_NOMEM;
    }
    RKMQ_LIST_EACH (it, &ci->consumers) {
        RKMQ_LIST_EACH (s, &RKMQ_PUSH_IMPL_OF(it)->subscriptions.list) {
            if (status == RKMQ_OK && !RKMQ_SUBSCRIPTION_OF(s)->is_removed) {
                status = poll_add(ci, RKMQ_SUBSCRIPTION_OF(s)->topic_slice);
            }
        }
    }
    RKMQ_LIST_EACH (it, &ci->producers) {
        const struct rkmq_map *topics =
            RKMQ_CONTAINER_OF(it, struct rkmq_producer_inner, link)->publish_topics;
        const struct rkmq_map_entry *entry;
        for (size_t cursor = 0; status == RKMQ_OK && (entry = rkmq__map_next(topics, &cursor));) {
            status = poll_add(ci, entry->key);
        }
    }
    return status;
}

static void poll_next(struct rkmq_client_instance *ci);

/* No answer from the name server ends the poll: the other topics wait for the next one. */
static void poll_answered(void *user, int status, bool is_changed, const struct rkmq_err *err)
{
    struct rkmq_client_instance *ci = user;
    (void)is_changed;
    (void)err;
    if (status == RKMQ_E_CLOSED || status == RKMQ_E_TIMEOUT) {
        ci->n_poll_topics = ci->poll_index = 0;
        if (RKMQ_MUTANT(POLL_FAILS_ONCE)) {
            rkmq__timer_stop(ci->env, &ci->route_timer);
        }
        return;
    }
    ci->poll_index++;
    poll_next(ci);
}

static void poll_next(struct rkmq_client_instance *ci)
{
    if (ci->poll_index < ci->n_poll_topics) {
        struct rkmq_route_update u = {
            .topic = ci->poll_topics[ci->poll_index], .fn = poll_answered, .user = ci};
        if (rkmq__route_update(&ci->route, &u) != RKMQ_OK) {
            ci->n_poll_topics = ci->poll_index = 0;
        }
    }
}

static void route_timer_fired(struct rkmq_timer *t)
{
    struct rkmq_client_instance *ci =
        RKMQ_CONTAINER_OF(t, struct rkmq_client_instance, route_timer);
    rkmq_ms period_ms = RKMQ_MUTANT(ROUTE_STORM) ? 50 : ci->config.poll_name_server_interval_ms;
    rkmq__timer_arm(ci->env, t, t->due + period_ms);
    if (ci->poll_index == ci->n_poll_topics && poll_collect(ci) == RKMQ_OK) {
        poll_next(ci);
    }
}

static void heartbeat_timer_fired(struct rkmq_timer *t)
{
    struct rkmq_client_instance *ci =
        RKMQ_CONTAINER_OF(t, struct rkmq_client_instance, heartbeat_timer);
    rkmq_ms period_ms =
        RKMQ_MUTANT(HEARTBEAT_HURRIES) ? 1000 : ci->config.heartbeat_broker_interval_ms;
    if (!RKMQ_MUTANT(HEARTBEAT_ONCE)) {
        rkmq__timer_arm(ci->env, t, t->due + period_ms);
    }
    rkmq__route_clean_offline_brokers(&ci->route);
    (void)rkmq__heartbeat_send_to_all(&ci->heartbeat, NULL); /* the next one comes anyway */
}

static void persist_timer_fired(struct rkmq_timer *t)
{
    struct rkmq_client_instance *ci =
        RKMQ_CONTAINER_OF(t, struct rkmq_client_instance, persist_timer);
    rkmq_ms period_ms =
        RKMQ_MUTANT(PERSIST_SELDOM) ? 30000 : ci->config.persist_consumer_offset_interval_ms;
    if (!RKMQ_MUTANT(PERSIST_ONCE)) {
        rkmq__timer_arm(ci->env, t, t->due + period_ms);
    }
    RKMQ_LIST_EACH (it, &ci->consumers) {
        rkmq__push_impl_persist_all(RKMQ_PUSH_IMPL_OF(it));
    }
}

void rkmq__client_instance_start(struct rkmq_client_instance *ci)
{
    if (ci->state != RKMQ_INSTANCE_CREATE_JUST) {
        return;
    }
    ci->state = RKMQ_INSTANCE_RUNNING;
    ci->route_timer.fire = route_timer_fired;
    ci->heartbeat_timer.fire = heartbeat_timer_fired;
    ci->persist_timer.fire = persist_timer_fired;
    rkmq__timer_in(ci->env, &ci->route_timer, ROUTE_POLL_FIRST_MS);
    rkmq__timer_in(ci->env, &ci->heartbeat_timer, HEARTBEAT_FIRST_MS);
    rkmq__timer_in(ci->env, &ci->persist_timer, PERSIST_FIRST_MS);
    rkmq__rebalance_start(&ci->rebalance);
}

/* ---- leaving: unregisterConsumer, unregisterProducer, shutdown ---- */

/*
 *     GROUP: broker 1, broker 2, ... --(last member)--> INNER PRODUCER: broker 1, ... --> DONE
 *
 * DONE runs from a timer, never from within a channel's callback, because it may destroy them all.
 */
struct goodbye {
    struct rkmq_list link;
    struct rkmq_client_instance *ci;
    struct rkmq_leave leave;
    struct rkmq_arena arena;
    struct rkmq_unregister_client_request header;
    const char **addrs;
    size_t n_addrs, index;
    bool is_inner;
    struct rkmq_timer done_timer;
};

static void goodbye_next(struct goodbye *g);

static void goodbye_done(struct rkmq_timer *t)
{
    struct goodbye *g = RKMQ_CONTAINER_OF(t, struct goodbye, done_timer);
    struct rkmq_client_instance *ci = g->ci;
    struct rkmq_leave leave = g->leave;
    rkmq__list_remove(&g->link);
    rkmq__arena_close(&g->arena);
    rkmq__free(ci->env->mem, g);
    if (ci->n_members == 0 && rkmq__list_is_empty(&ci->goodbyes)) {
        instance_destroy(ci);
    }
    leave.done(leave.user);
}

static void goodbye_answered(void *user, int status, const struct rkmq_command *answer,
                             const struct rkmq_err *err)
{
    struct goodbye *g = user;
    (void)answer;
    if (status != RKMQ_OK) {
        rkmq_log_info(g->ci->env, "heartbeat", "unregister at %s: %s", g->addrs[g->index],
                      err && err->text[0] ? err->text : rkmq_status_text(status));
    }
    g->index++;
    goodbye_next(g);
}

static void goodbye_next(struct goodbye *g)
{
    struct rkmq_client_instance *ci = g->ci;
    for (;;) {
        for (; g->index < g->n_addrs; g->index++) {
            struct rkmq_fields fields;
            struct rkmq_message_out out = {.code = RKMQ_REQ_UNREGISTER_CLIENT, .fields = &fields};
            rkmq__header_write(&rkmq__unregister_client_request_class, &g->header, false, &fields);
            if (rkmq__remoting_client_call(ci->client, g->addrs[g->index], &out,
                                           ci->config.mq_client_api_timeout_ms, goodbye_answered,
                                           g) == RKMQ_OK) {
                return;
            }
        }
        if (g->is_inner || ci->n_members > 0) {
            break;
        }
        g->is_inner = true;
        g->index = 0;
        g->header.consumer_group = (struct rkmq_slice){0};
        g->header.producer_group = RKMQ_SLICE(RKMQ_INNER_PRODUCER_GROUP);
    }
    g->done_timer.fire = goodbye_done;
    rkmq__timer_in(ci->env, &g->done_timer, 0);
}

/* Every replica of every broker that is known now. */
static int goodbye_addrs(struct goodbye *g)
{
    const struct rkmq_client_instance *ci = g->ci;
    const struct rkmq_map_entry *entry;
    size_t n_max = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&ci->route.brokers, &cursor));) {
        n_max += ((const struct rkmq_broker_entry *)entry->value)->n_replicas;
    }
    g->addrs = rkmq__arena_zalloc(&g->arena, (n_max + 1) * sizeof *g->addrs);
    if (!g->addrs) {
        return RKMQ_E_NOMEM;
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&ci->route.brokers, &cursor));) {
        const struct rkmq_broker_entry *brk = entry->value;
        for (size_t i = 0; i < brk->n_replicas; i++) {
            struct rkmq_slice addr;
            if (rkmq__arena_copy(&g->arena, rkmq__slice_of(brk->replicas[i].addr), &addr) !=
                RKMQ_OK) {
                return RKMQ_E_NOMEM;
            }
            g->addrs[g->n_addrs++] = (const char *)addr.p;
        }
    }
    return RKMQ_OK;
}

/* Out of the tables; true when it had been in one. */
static bool member_remove(struct rkmq_client_instance *ci, const struct rkmq_leave *leave)
{
    bool was_registered = false;
    RKMQ_ASSERT(ci->n_members > 0);
    ci->n_members--;
    if (leave->consumer && leave->consumer->link.next) {
        rkmq__list_remove(&leave->consumer->link);
        rkmq__rebalance_forget(&ci->rebalance, leave->consumer);
        was_registered = true;
    }
    if (leave->producer && leave->producer->link.next) {
        rkmq__list_remove(&leave->producer->link);
        was_registered = true;
    }
    return was_registered;
}

int rkmq__client_instance_leave(struct rkmq_client_instance *ci, const struct rkmq_leave *leave)
{
    bool was_registered = member_remove(ci, leave);
    struct goodbye *g = rkmq__zalloc(ci->env->mem, sizeof *g);
    if (!g) {
        goto fail;
    }
    g->ci = ci;
    g->leave = *leave;
    rkmq__arena_init(&g->arena, ci->env->mem);
    g->header.client_id = rkmq__slice_of(ci->client_id);
    if ((leave->consumer && rkmq__arena_copy(&g->arena, leave->consumer->group,
                                             &g->header.consumer_group) != RKMQ_OK) ||
        (leave->producer && rkmq__arena_copy(&g->arena, leave->producer->group,
                                             &g->header.producer_group) != RKMQ_OK) ||
        goodbye_addrs(g) != RKMQ_OK) {
        goto fail;
    }
    was_registered = was_registered && !RKMQ_MUTANT(UNREGISTER_FORGOTTEN);
    g->index = was_registered ? 0 : g->n_addrs; /* the brokers never heard of it */
    rkmq__list_push_back(&ci->goodbyes, &g->link);
    goodbye_next(g);
    return RKMQ_OK;
fail:
    if (g) {
        rkmq__arena_close(&g->arena);
        rkmq__free(ci->env->mem, g);
    }
    ci->n_members++;
    rkmq__client_instance_drop(ci, leave);
    return RKMQ_E_NOMEM;
}

/* A goodbye of the same user that is under way ends too; its reference is gone already. */
static bool goodbye_cancel(struct rkmq_client_instance *ci, const void *user)
{
    RKMQ_LIST_EACH (it, &ci->goodbyes) {
        struct goodbye *g = RKMQ_CONTAINER_OF(it, struct goodbye, link);
        if (g->leave.user == user) {
            rkmq__remoting_client_forget(ci->client, g);
            rkmq__timer_stop(ci->env, &g->done_timer);
            rkmq__list_remove(&g->link);
            rkmq__arena_close(&g->arena);
            rkmq__free(ci->env->mem, g);
            return true;
        }
    }
    return false;
}

void rkmq__client_instance_drop(struct rkmq_client_instance *ci, const struct rkmq_leave *leave)
{
    if (!goodbye_cancel(ci, leave->user)) {
        (void)member_remove(ci, leave);
    }
    if (ci->n_members == 0 && rkmq__list_is_empty(&ci->goodbyes)) {
        instance_destroy(ci);
    }
}
