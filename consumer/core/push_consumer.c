/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a group member.
 *
 *     start: checkConfig, copySubscription, client instance, consume service, registration
 *         -> ROUTES one after another -> HEARTBEAT to all -> rebalance -> done
 *     shutdown: no more listeners -> DRAIN -> persist -> UNREGISTER -> queues dropped -> done
 *
 * Source: DefaultMQPushConsumerImpl.start, .shutdown (client, 5.3.3).
 */
#include "consumer/core/push_consumer.h"

#include "consumer/core/mutant.h"
#include "consumer/core/offset_store.h"
#include "consumer/core/pull.h"

/* ---- memory ---- */

static int text_copy(struct rkmq_push_impl *impl, size_t slot, const char **text)
{
    if (!*text) {
        return RKMQ_OK;
    }
    impl->texts[slot] = rkmq__text_copy(impl->env->mem, rkmq__slice_of(*text));
    *text = impl->texts[slot];
    return *text ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int texts_copy(struct rkmq_push_impl *impl)
{
    struct rkmq_push_options *o = &impl->options;
    const char **texts[] = {&o->consumer_group, &o->namesrv_addr, &o->instance_name, &o->unit_name,
                            &o->client_ip};
    int status = RKMQ_OK;
    for (size_t i = 0; status == RKMQ_OK && i < RKMQ_COUNT_OF(texts); i++) {
        status = text_copy(impl, i, texts[i]);
    }
    o->host = NULL; /* the env is the host */
    return status;
}

int rkmq__push_impl_create(struct rkmq_push_impl **out, const struct rkmq_env *env,
                           const struct rkmq_push_options *o)
{
    struct rkmq_push_impl *impl = rkmq__zalloc(env->mem, sizeof *impl);
    *out = NULL;
    if (!impl) {
        return RKMQ_E_NOMEM;
    }
    impl->env = env;
    impl->options = *o;
    rkmq__subscriptions_init(&impl->subscriptions, env);
    rkmq__map_init(&impl->process_queues, env->mem);
    if (texts_copy(impl) != RKMQ_OK) {
        rkmq__push_impl_destroy(impl);
        return RKMQ_E_NOMEM;
    }
    impl->group = rkmq__slice_of(impl->options.consumer_group);
    impl->pull_threshold_for_queue = o->pull_threshold_for_queue;
    impl->pull_threshold_size_for_queue = o->pull_threshold_size_for_queue;
    *out = impl;
    return RKMQ_OK;
}

void rkmq__push_impl_destroy(struct rkmq_push_impl *impl)
{
    const struct rkmq_mem *mem = impl->env->mem;
    RKMQ_ASSERT(!impl->ci);
    RKMQ_ASSERT(rkmq__map_count(&impl->process_queues) == 0);
    rkmq__consume_close(&impl->consume);
    rkmq__map_close(&impl->process_queues);
    rkmq__subscriptions_close(&impl->subscriptions);
    for (size_t i = 0; i < RKMQ_COUNT_OF(impl->texts); i++) {
        rkmq__free(mem, impl->texts[i]);
    }
    rkmq__free(mem, impl);
}

bool rkmq__push_impl_is_idle(const struct rkmq_push_impl *impl)
{
    return impl->consume.n_jobs == 0;
}

/* ---- queues ---- */

void rkmq__push_impl_tell(const struct rkmq_push_impl *impl, const struct rkmq_process_queue *pq,
                          struct rkmq_push_event event)
{
    if (impl->options.on_event) {
        event.topic = pq->mq.topic;
        event.broker_name = pq->mq.broker_name;
        event.queue_id = pq->mq.queue_id;
        impl->options.on_event(impl->options.on_event_user, &event);
    }
}

void rkmq__push_impl_remove_queue(struct rkmq_push_impl *impl, struct rkmq_process_queue *pq,
                                  bool is_persisted)
{
    if (RKMQ_MUTANT(HAND_OVER_PULLED)) {
        rkmq__offset_update(pq, pq->next_offset, true);
    }
    if (is_persisted && !RKMQ_MUTANT(NO_PERSIST_AT_DROP)) {
        rkmq__offset_persist(impl->ci, impl->options.consumer_group, pq);
    }
    atomic_store(&pq->is_dropped, true);
    rkmq__pull_stop(pq);
    (void)rkmq__map_remove(&impl->process_queues, pq->key); /* is pq */
    rkmq__push_impl_tell(impl, pq, (struct rkmq_push_event){.kind = RKMQ_PUSH_QUEUE_DROPPED});
    pq->impl = RKMQ_MUTANT(GHOST_PULLS) ? impl : NULL;
    rkmq__process_queue_unref(pq);
}

static void queues_drop(struct rkmq_push_impl *impl)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&impl->process_queues, &cursor));) {
        rkmq__push_impl_remove_queue(impl, entry->value, false);
    }
}

void rkmq__push_impl_persist_all(struct rkmq_push_impl *impl)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&impl->process_queues, &cursor));) {
        rkmq__offset_persist(impl->ci, impl->options.consumer_group, entry->value);
    }
}

/* ---- subscriptions ---- */

static void subscription_route_answered(void *user, int status, bool is_changed,
                                        const struct rkmq_err *err)
{
    const struct rkmq_push_impl *impl = user;
    (void)status; /* the poll asks again */
    (void)is_changed;
    (void)err;
    rkmq__rebalance_immediately(&impl->ci->rebalance);
}

/* A running member tells the brokers; the rkmq profile also acts on it at once. */
static void subscription_changed(struct rkmq_push_impl *impl, struct rkmq_slice topic)
{
    struct rkmq_client_instance *ci = impl->ci;
    if (!ci || impl->state != RKMQ_RUNNING) {
        return;
    }
    (void)rkmq__heartbeat_send_to_all(&ci->heartbeat, NULL); /* the next one comes anyway */
    if (ci->rules->is_route_change_prompt) {
        struct rkmq_route_update u = {
            .topic = topic, .fn = subscription_route_answered, .user = impl};
        (void)rkmq__route_update(&ci->route, &u); /* the poll asks too */
    }
}

int rkmq__push_impl_subscribe(struct rkmq_push_impl *impl, struct rkmq_slice topic,
                              struct rkmq_slice expression, struct rkmq_err *err)
{
    int status = rkmq__subscriptions_put(&impl->subscriptions, topic, expression, err);
    if (status == RKMQ_OK) {
        subscription_changed(impl, topic);
    }
    return status;
}

void rkmq__push_impl_unsubscribe(struct rkmq_push_impl *impl, struct rkmq_slice topic)
{
    rkmq__subscriptions_remove(&impl->subscriptions, topic);
    if (impl->ci && impl->ci->rules->is_route_change_prompt) {
        rkmq__rebalance_immediately(&impl->ci->rebalance);
    }
}

void rkmq__push_impl_suspend(struct rkmq_push_impl *impl)
{
    impl->is_paused = true;
}

void rkmq__push_impl_resume(struct rkmq_push_impl *impl)
{
    impl->is_paused = false;
    if (impl->ci) {
        rkmq__rebalance_immediately(&impl->ci->rebalance);
    }
}

/* ---- the end of a start or shutdown ---- */

static void step_later(struct rkmq_push_impl *impl, void (*fire)(struct rkmq_timer *t))
{
    impl->step_timer.fire = fire;
    rkmq__timer_in(impl->env, &impl->step_timer, 0);
}

static struct rkmq_push_impl *impl_of_step(struct rkmq_timer *t)
{
    return RKMQ_CONTAINER_OF(t, struct rkmq_push_impl, step_timer);
}

static void done_fired(struct rkmq_timer *t)
{
    struct rkmq_push_impl *impl = impl_of_step(t);
    rkmq_push_done_fn *done = impl->done;
    impl->done = NULL;
    done(impl->done_user, impl->done_status, &impl->done_err);
}

/* What the member still has of others goes; with jobs under way it must stay itself. */
static void let_go(struct rkmq_push_impl *impl)
{
    struct rkmq_client_instance *ci = impl->ci;
    rkmq__timer_stop(impl->env, &impl->drain_timer);
    rkmq__timer_stop(impl->env, &impl->step_timer);
    rkmq__consume_stop(&impl->consume);
    if (ci) {
        rkmq__send_back_forget(&impl->consume);
        rkmq__heartbeat_forget(&impl->heartbeat_wait);
        rkmq__route_forget(&ci->route, impl);
        queues_drop(impl);
    }
}

/* ---- start ---- */

static void start_end(struct rkmq_push_impl *impl, int status)
{
    impl->is_starting = false;
    impl->done_status = status;
    step_later(impl, done_fired);
}

/* No name server: as 5.x, which shuts down what it has started. */
static void start_failed_fired(struct rkmq_timer *t)
{
    struct rkmq_push_impl *impl = impl_of_step(t);
    struct rkmq_leave leave = {.consumer = impl, .user = impl};
    struct rkmq_client_instance *ci = impl->ci;
    let_go(impl);
    impl->ci = NULL;
    impl->state = RKMQ_SHUTDOWN_ALREADY;
    rkmq__client_instance_drop(ci, &leave);
    start_end(impl, impl->done_status);
}

static void start_heartbeat_done(void *user)
{
    struct rkmq_push_impl *impl = user;
    start_end(impl, RKMQ_OK);
    rkmq__rebalance_immediately(&impl->ci->rebalance);
}

/* No broker is known: the rebalance comes with its own rhythm. */
static void start_heartbeat(struct rkmq_push_impl *impl)
{
    impl->heartbeat_wait = (struct rkmq_heartbeat_wait){.done = start_heartbeat_done, .user = impl};
    int status = rkmq__heartbeat_send_to_all(&impl->ci->heartbeat, &impl->heartbeat_wait);
    if (status != RKMQ_OK) {
        rkmq_log_warn(impl->env, "heartbeat", "%.*s starts without a heartbeat: %s",
                      RKMQ_SLICE_ARG(impl->group), rkmq_status_text(status));
        start_end(impl, RKMQ_OK);
    }
}

static void start_next_route(struct rkmq_push_impl *impl);

static void start_route_answered(void *user, int status, bool is_changed,
                                 const struct rkmq_err *err)
{
    struct rkmq_push_impl *impl = user;
    (void)is_changed;
    if (status == RKMQ_E_CLOSED || status == RKMQ_E_TIMEOUT) {
        impl->done_status =
            rkmq__err_set(&impl->done_err, status, "no name server answers: %s",
                          err && err->text[0] ? err->text : rkmq_status_text(status));
        step_later(impl, start_failed_fired);
        return;
    }
    impl->start_topic = impl->start_topic->next;
    start_next_route(impl);
}

/* updateTopicSubscribeInfoWhenSubscriptionChanged */
static void start_next_route(struct rkmq_push_impl *impl)
{
    for (; impl->start_topic != &impl->subscriptions.list;
         impl->start_topic = impl->start_topic->next) {
        const struct rkmq_subscription *sub = RKMQ_SUBSCRIPTION_OF(impl->start_topic);
        struct rkmq_route_update u = {
            .topic = sub->topic_slice, .fn = start_route_answered, .user = impl};
        if (!sub->is_removed && rkmq__route_update(&impl->ci->route, &u) == RKMQ_OK) {
            return;
        }
    }
    start_heartbeat(impl);
}

static int instance_get(struct rkmq_push_impl *impl, struct rkmq_err *err)
{
    const struct rkmq_push_options *o = &impl->options;
    char instance_name[RKMQ_INSTANCE_NAME_BYTES];
    char *client_id;
    int status = rkmq__instance_name_check(o->instance_name, err);
    if (status != RKMQ_OK) {
        return status;
    }
    rkmq__instance_name_to_pid(impl->env, o->instance_name, instance_name, sizeof instance_name);
    status = rkmq__client_id_build(impl->env->mem, o->client_ip ? o->client_ip : impl->env->host,
                                   instance_name, o->unit_name, &client_id);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "out of memory");
    }
    struct rkmq_client_config config = {
        .namesrv_addr = o->namesrv_addr,
        .client_id = client_id,
        .profile = o->profile,
        .poll_name_server_interval_ms = o->poll_name_server_interval_ms,
        .heartbeat_broker_interval_ms = o->heartbeat_broker_interval_ms,
        .persist_consumer_offset_interval_ms = o->persist_consumer_offset_interval_ms,
        .mq_client_api_timeout_ms = o->mq_client_api_timeout_ms,
        .format =
            o->serialize_type == RKMQ_SERIALIZE_ROCKETMQ ? RKMQ_HEADER_BINARY : RKMQ_HEADER_JSON,
        .frame_bytes_max = o->frame_bytes_max,
    };
    status = rkmq__client_instance_get(&impl->ci, impl->env, &config, err);
    rkmq__free(impl->env->mem, client_id);
    return status;
}

/* Everything of start() that needs no answer. */
static int start_prepare(struct rkmq_push_impl *impl, struct rkmq_err *err)
{
    const char *group = impl->options.consumer_group;
    impl->state = RKMQ_START_FAILED;
    int status = rkmq__check_config(&impl->options, err);
    if (status == RKMQ_OK && !RKMQ_MUTANT(RETRY_TOPIC_FORGOTTEN)) {
        status = rkmq__subscriptions_add_retry(&impl->subscriptions, group, err);
    }
    if (status == RKMQ_OK) {
        status = instance_get(impl, err);
    }
    if (status != RKMQ_OK) {
        return status;
    }
    status = rkmq__consume_start(&impl->consume, impl);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "the consume service cannot be started: %s",
                             rkmq_status_text(status));
    }
    status = rkmq__client_instance_register_consumer(impl->ci, impl);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status,
                             "The consumer group[%s] has been created before, specify another name "
                             "please." RKMQ_FAQ_SUFFIX,
                             group);
    }
    rkmq__client_instance_start(impl->ci);
    impl->is_starting = true;
    impl->state = RKMQ_RUNNING;
    return RKMQ_OK;
}

static const char *state_name(enum rkmq_service_state state)
{
    static const char *const names[] = {
        [RKMQ_CREATE_JUST] = "CREATE_JUST",
        [RKMQ_START_FAILED] = "START_FAILED",
        [RKMQ_RUNNING] = "RUNNING",
        [RKMQ_SHUTTING_DOWN] = "RUNNING",
        [RKMQ_SHUTDOWN_ALREADY] = "SHUTDOWN_ALREADY",
    };
    return names[state];
}

void rkmq__push_impl_start(struct rkmq_push_impl *impl, rkmq_push_done_fn *done, void *user)
{
    RKMQ_ASSERT(!impl->done);
    impl->done = done;
    impl->done_user = user;
    impl->done_err = (struct rkmq_err){0};
    if (impl->state != RKMQ_CREATE_JUST) {
        start_end(impl, rkmq__err_set(&impl->done_err, RKMQ_E_STATE,
                                      "The PushConsumer service state not OK, maybe started once, "
                                      "%s" RKMQ_FAQ_SUFFIX,
                                      state_name(impl->state)));
        return;
    }
    int status = start_prepare(impl, &impl->done_err);
    if (status != RKMQ_OK) {
        struct rkmq_leave leave = {.consumer = impl, .user = impl};
        struct rkmq_client_instance *ci = impl->ci;
        let_go(impl);
        impl->ci = NULL;
        if (ci) {
            rkmq__client_instance_drop(ci, &leave);
        }
        start_end(impl, status);
        return;
    }
    impl->start_topic = impl->subscriptions.list.next;
    start_next_route(impl);
}

/* ---- shutdown ---- */

/* The instance may be gone: nothing here speaks to it. */
static void shutdown_left(void *user)
{
    struct rkmq_push_impl *impl = user;
    impl->ci = NULL;
    impl->state = RKMQ_SHUTDOWN_ALREADY;
    step_later(impl, done_fired);
}

static void drained_fired(struct rkmq_timer *t)
{
    struct rkmq_push_impl *impl = impl_of_step(t);
    struct rkmq_client_instance *ci = impl->ci;
    struct rkmq_leave leave = {.consumer = impl, .done = shutdown_left, .user = impl};
    if (!RKMQ_MUTANT(NO_PERSIST_AT_STOP)) {
        rkmq__push_impl_persist_all(impl);
    }
    let_go(impl);
    /* `ci` stays known until it is left: abandon needs it. */
    if (RKMQ_MUTANT(CLOSES_FIRST)) {
        rkmq__client_instance_drop(ci, &leave);
        shutdown_left(impl);
    } else if (rkmq__client_instance_leave(ci, &leave) != RKMQ_OK) {
        shutdown_left(impl);
    }
}

static bool is_draining(const struct rkmq_push_impl *impl)
{
    return impl->state == RKMQ_SHUTTING_DOWN && rkmq__timer_is_armed(&impl->drain_timer);
}

void rkmq__push_impl_job_done(struct rkmq_push_impl *impl)
{
    if (is_draining(impl) && impl->consume.n_jobs == 0 && impl->consume.n_send_backs == 0) {
        rkmq__timer_stop(impl->env, &impl->drain_timer);
        step_later(impl, drained_fired);
    }
}

static void drain_timer_fired(struct rkmq_timer *t)
{
    struct rkmq_push_impl *impl = RKMQ_CONTAINER_OF(t, struct rkmq_push_impl, drain_timer);
    impl->done_status = rkmq__err_set(&impl->done_err, RKMQ_E_TIMEOUT,
                                      "%zu listener calls are still running", impl->consume.n_jobs);
    step_later(impl, drained_fired);
}

static rkmq_ms drain_limit_ms(const struct rkmq_push_impl *impl)
{
    if (RKMQ_MUTANT(NO_DRAIN) || RKMQ_MUTANT(DRAINS_FOREVER)) {
        return RKMQ_MUTANT(NO_DRAIN) ? 0 : 86400000; /* a day */
    }
    return impl->options.await_termination_ms_when_shutdown;
}

void rkmq__push_impl_shutdown(struct rkmq_push_impl *impl, rkmq_push_done_fn *done, void *user)
{
    RKMQ_ASSERT(!impl->done);
    impl->done = done;
    impl->done_user = user;
    impl->done_status = RKMQ_OK;
    impl->done_err = (struct rkmq_err){0};
    if (impl->state != RKMQ_RUNNING) {
        step_later(impl, done_fired);
        return;
    }
    impl->state = RKMQ_SHUTTING_DOWN;
    rkmq__consume_stop(&impl->consume);
    impl->drain_timer.fire = drain_timer_fired;
    rkmq__timer_in(impl->env, &impl->drain_timer, drain_limit_ms(impl));
    rkmq__push_impl_job_done(impl); /* there may be none */
}

void rkmq__push_impl_abandon(struct rkmq_push_impl *impl)
{
    struct rkmq_leave leave = {.consumer = impl, .user = impl};
    struct rkmq_client_instance *ci = impl->ci;
    let_go(impl);
    impl->ci = NULL;
    impl->done = NULL;
    impl->state = RKMQ_SHUTDOWN_ALREADY;
    if (ci) {
        rkmq__client_instance_drop(ci, &leave);
    }
}

void rkmq__push_impl_reset(struct rkmq_push_impl *impl)
{
    if (impl->ci) {
        rkmq__remoting_client_reset(impl->ci->client, "crashed");
    }
    rkmq__push_impl_abandon(impl);
}

void rkmq__push_impl_crashed(struct rkmq_push_impl *impl)
{
    rkmq__consume_stop(&impl->consume);
    rkmq__consume_lose_jobs(&impl->consume);
    rkmq__push_impl_abandon(impl);
}
