/* SPDX-License-Identifier: Apache-2.0 */
/* Actors of kind push: our consumer, its listener as the script wants it. */
#include <time.h>

#include "runner/world.h"

/* ---- the listener: on a worker ---- */

static void spend(const struct rkmq_world *w, rkmq_us cost)
{
    if (w->sim) {
        rkmq_sim_spend(w->sim, cost);
    } else if (cost > 0) {
        struct timespec ts = {.tv_sec = cost / 1000000, .tv_nsec = cost % 1000000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL); /* cut short: a shorter call */
    }
}

static void message_get(const void *msgs, size_t i, struct rkmq_msg_view *out)
{
    struct rkmq_msg *const *at = msgs;
    rkmq_msg_get(at[i], out);
}

static enum rkmq_consume_status on_messages(void *user, struct rkmq_msg *const *msgs, size_t n,
                                            struct rkmq_consume_context *context)
{
    struct rkmq_run_actor *actor = user;
    const struct rkmq_listener_call call = {.who = actor->who,
                                            .group = actor->group,
                                            .topic = context->topic,
                                            .broker_name = context->broker_name,
                                            .queue_id = context->queue_id,
                                            .msgs = msgs,
                                            .n = n,
                                            .get = message_get};
    rkmq_us cost;
    int then = rkmq__listener_then(actor->world, atomic_load(&actor->listener), &call, &cost);
    rkmq__recorder_listener_begin(&actor->world->recorder, &call);
    spend(actor->world, cost);
    return then == RKMQ_LISTENER_LATER ? RKMQ_RECONSUME_LATER : RKMQ_CONSUME_SUCCESS;
}

/* ---- what the consumer tells ---- */

static void on_event(void *user, const struct rkmq_push_event *event)
{
    struct rkmq_run_actor *actor = user;
    rkmq__recorder_push(&actor->world->recorder, actor->who, actor->group, event);
}

static void on_queues(void *user, const char *topic, const struct rkmq_queue *assigned, size_t n)
{
    struct rkmq_run_actor *actor = user;
    struct rkmq_event row = rkmq__row(RKMQ_EV_ASSIGN);
    (void)assigned;
    row.who = actor->who;
    row.group = actor->group;
    row.topic = rkmq__recorder_name(&actor->world->recorder, topic);
    row.count = (int32_t)n;
    rkmq__recorder_add(&actor->world->recorder, &row);
}

/* ---- start ---- */

static void settings_apply(const struct rkmq_actor_settings *s, struct rkmq_push_options *o)
{
    const struct {
        int64_t value;
        int *target;
    } numbers[] = {
        {s->threads, &o->consume_thread_min},
        {s->threads, &o->consume_thread_max},
        {s->consume_batch, &o->consume_message_batch_max_size},
        {s->pull_batch, &o->pull_batch_size},
        {s->threshold_count, &o->pull_threshold_for_queue},
        {s->threshold_mib, &o->pull_threshold_size_for_queue},
        {s->span, &o->consume_concurrently_max_span},
    };
    const struct {
        rkmq_us value;
        rkmq_ms *target;
    } times[] = {
        {s->pull_interval, &o->pull_interval_ms},
        {s->persist, &o->persist_consumer_offset_interval_ms},
        {s->heartbeat, &o->heartbeat_broker_interval_ms},
        {s->route_poll, &o->poll_name_server_interval_ms},
        {s->api_timeout, &o->mq_client_api_timeout_ms},
        {s->await_termination, &o->await_termination_ms_when_shutdown},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(numbers); i++) {
        if (numbers[i].value != RKMQ_UNSET) {
            *numbers[i].target = (int)numbers[i].value;
        }
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(times); i++) {
        if (times[i].value != RKMQ_UNSET) {
            *times[i].target = times[i].value / 1000;
        }
    }
    if (s->profile == RKMQ_ACTOR_JAVA_5_3) {
        o->profile = RKMQ_PROFILE_JAVA_5_3;
    }
    if (s->allocate == RKMQ_ACTOR_BY_CIRCLE) {
        o->allocate_message_queue_strategy = rkmq_allocate_averagely_by_circle;
    }
}

/* "host@instance" of the script: our clientIP and instanceName. */
static int client_id_apply(struct rkmq_run_actor *actor, struct rkmq_push_options *o)
{
    struct rkmq_arena *arena = &actor->world->arena;
    struct rkmq_slice ip, instance;
    if (!rkmq__client_id_split(actor->spec->client_id, &ip, &instance)) {
        return RKMQ_OK;
    }
    if (rkmq__arena_copy(arena, ip, &ip) != RKMQ_OK ||
        rkmq__arena_copy(arena, instance, &instance) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    o->client_ip = (const char *)ip.p;
    o->instance_name = (const char *)instance.p;
    return RKMQ_OK;
}

static void on_started(void *user, int status, const struct rkmq_err *err)
{
    struct rkmq_run_actor *actor = user;
    actor->is_over = status != RKMQ_OK;
    rkmq__actor_started(actor, status, status == RKMQ_OK ? "" : err->text);
}

static int subscribe_all(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    const struct rkmq_scenario *sc = actor->world->sc;
    int status = RKMQ_OK;
    for (size_t i = 0; status == RKMQ_OK && i < actor->spec->n_subscriptions; i++) {
        const struct rkmq_actor_subscription *sub = &actor->spec->subscriptions[i];
        status = rkmq__push_impl_subscribe(actor->push,
                                           rkmq__scenario_word(sc, sc->topics[sub->topic].name),
                                           sub->expression, err);
    }
    return status;
}

static int push_start(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    struct rkmq_world *w = actor->world;
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    o.consumer_group = (const char *)rkmq__event_log_text(w->recorder.log, actor->group).p;
    o.namesrv_addr = rkmq_mock_namesrv_addr(w->mock);
    o.consume_from_where =
        actor->spec->is_from_first ? RKMQ_CONSUME_FROM_FIRST_OFFSET : RKMQ_CONSUME_FROM_LAST_OFFSET;
    o.message_listener = on_messages;
    o.message_queue_listener = on_queues;
    o.on_event = on_event;
    o.message_listener_user = o.message_queue_listener_user = o.on_event_user = actor;
    settings_apply(&actor->spec->settings, &o);
    int status = client_id_apply(actor, &o);
    if (status == RKMQ_OK) {
        status = rkmq__check_config(&o, err);
    }
    if (status == RKMQ_OK) {
        status = rkmq__push_impl_create(&actor->push, actor->env, &o);
    }
    if (status == RKMQ_OK) {
        status = subscribe_all(actor, err);
    }
    if (status != RKMQ_OK) {
        return status;
    }
    actor->is_over = actor->is_stop_wanted = false;
    actor->is_starting = true;
    rkmq__push_impl_start(actor->push, on_started, actor);
    /* From its first connection on it is known by its client id. */
    return actor->push->ci
               ? rkmq__recorder_peer(&w->recorder, actor->push->ci->client_id, actor->who)
               : RKMQ_OK;
}

/* ---- the end ---- */

static void on_stopped(void *user, int status, const struct rkmq_err *err)
{
    struct rkmq_run_actor *actor = user;
    (void)err;
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STOPPED, status);
    actor->is_over = true;
}

static void push_stop(struct rkmq_run_actor *actor)
{
    if (!actor->push->done && !actor->is_over) {
        rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STOP, 0);
        rkmq__push_impl_shutdown(actor->push, on_stopped, actor);
    }
}

static bool push_is_there(const struct rkmq_run_actor *actor)
{
    return actor->push != NULL;
}

static void impl_lose(struct rkmq_push_impl **impl)
{
    if (*impl) {
        rkmq__push_impl_crashed(*impl);
        rkmq__push_impl_destroy(*impl);
        *impl = NULL;
    }
}

/* In simulation: its host crashes, and with it every listener that runs there. */
static void push_lose(struct rkmq_run_actor *actor, bool is_reset)
{
    rkmq_sim_crash(actor->world->sim, actor->host, is_reset);
    impl_lose(&actor->push);
    for (size_t i = 0; i < RKMQ_COUNT_OF(actor->leftovers); i++) {
        impl_lose(&actor->leftovers[i]);
    }
}

/* The last place is kept for the end of the run. */
static bool may_leave_behind(const struct rkmq_run_actor *actor)
{
    size_t n = 0;
    for (size_t i = 0; i < RKMQ_COUNT_OF(actor->leftovers); i++) {
        n += actor->leftovers[i] != NULL;
    }
    return n + 1 < RKMQ_COUNT_OF(actor->leftovers);
}

/* Its sockets are gone; listeners may still run. */
static void leave_behind(struct rkmq_run_actor *actor)
{
    size_t i = 0;
    while (i < RKMQ_COUNT_OF(actor->leftovers) - 1 && actor->leftovers[i]) {
        i++;
    }
    RKMQ_ASSERT(!actor->leftovers[i]);
    actor->leftovers[i] = actor->push;
    actor->push = NULL;
}

static int push_crash(struct rkmq_run_actor *actor, enum rkmq_crash_how how, struct rkmq_err *err)
{
    struct rkmq_world *w = actor->world;
    if (w->sim && how != RKMQ_CRASH_EXIT) {
        push_lose(actor, how == RKMQ_CRASH_RST);
        return RKMQ_OK;
    }
    RKMQ_ASSERT(how != RKMQ_CRASH_SILENT); /* see rkmq__run_is_possible */
    if (!actor->push) {
        return RKMQ_OK;
    }
    if (!may_leave_behind(actor)) {
        return rkmq__err_set(err, RKMQ_E_LIMIT,
                             "'%s' crashed %zu times, and its listeners still run", actor->host,
                             RKMQ_COUNT_OF(actor->leftovers) - 1);
    }
    if (how == RKMQ_CRASH_RST) {
        rkmq__push_impl_reset(actor->push);
    } else { /* as the sockets of a process that exits */
        rkmq__push_impl_abandon(actor->push);
    }
    leave_behind(actor);
    return RKMQ_OK;
}

static void push_pause(struct rkmq_run_actor *actor, bool is_paused)
{
    if (is_paused) {
        rkmq__push_impl_suspend(actor->push);
    } else {
        rkmq__push_impl_resume(actor->push);
    }
}

/* Its host had nothing but the consumers that were destroyed before. */
static void tell_gone(struct rkmq_run_actor *actor)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_ACTOR_GONE);
    struct rkmq_sim_left left;
    if (actor->world->sim) {
        rkmq_sim_host_left(actor->world->sim, actor->host, &left);
        row.who = actor->who;
        row.group = actor->group;
        row.count = (int32_t)(left.connections + left.listeners);
        row.offset = (int64_t)(left.timers + left.pools);
        rkmq__recorder_add(&actor->world->recorder, &row);
    }
}

static bool push_is_left(const struct rkmq_run_actor *actor)
{
    for (size_t i = 0; i < RKMQ_COUNT_OF(actor->leftovers); i++) {
        if (actor->leftovers[i]) {
            return true;
        }
    }
    return false;
}

static void push_reap(struct rkmq_run_actor *actor)
{
    for (size_t i = 0; i < RKMQ_COUNT_OF(actor->leftovers); i++) {
        if (actor->leftovers[i] && rkmq__push_impl_is_idle(actor->leftovers[i])) {
            rkmq__push_impl_destroy(actor->leftovers[i]);
            actor->leftovers[i] = NULL;
        }
    }
    if (actor->push && actor->is_over && !actor->push->done &&
        rkmq__push_impl_is_idle(actor->push)) {
        rkmq__push_impl_destroy(actor->push);
        actor->push = NULL;
        actor->is_over = false;
        if (!push_is_left(actor)) {
            tell_gone(actor);
        }
    }
}

static void push_close(struct rkmq_run_actor *actor)
{
    if (actor->world->sim) {
        push_lose(actor, false);
    } else if (actor->push) {
        rkmq__push_impl_abandon(actor->push);
        leave_behind(actor);
    }
}

const struct rkmq_actor_ops rkmq__actor_push_ops = {.is_there = push_is_there,
                                                    .start = push_start,
                                                    .stop = push_stop,
                                                    .crash = push_crash,
                                                    .pause = push_pause,
                                                    .reap = push_reap,
                                                    .close = push_close,
                                                    .is_left = push_is_left};
