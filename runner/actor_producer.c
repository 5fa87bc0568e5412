/* SPDX-License-Identifier: Apache-2.0 */
/* Actors of kind producer, and the produce actions they carry out. */
#include "runner/world.h"

#define KEY_BYTES 160
#define SENDS_PER_TICK_MAX 4096

static int producer_start(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    struct rkmq_producer_options o = RKMQ_PRODUCER_OPTIONS_INIT;
    char group[RKMQ_GROUP_CHARS_MAX];
    (void)snprintf(group, sizeof group, "P_%.60s", actor->host); /* cut: still a name */
    o.producer_group = group;
    o.namesrv_addr = rkmq_mock_namesrv_addr(actor->world->mock);
    o.compress_msg_body_over_how_much = INT32_MAX;
    int status = rkmq__producer_impl_create(&actor->producer, actor->env, &o);
    if (status == RKMQ_OK) {
        status = rkmq__producer_impl_start(actor->producer, err);
    }
    if (status == RKMQ_OK) {
        status = rkmq__recorder_peer(&actor->world->recorder, actor->producer->ci->client_id,
                                     actor->who);
    }
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STARTED, status);
    return status;
}

static bool producer_is_there(const struct rkmq_run_actor *actor)
{
    return actor->producer != NULL;
}

static void producer_close(struct rkmq_run_actor *actor)
{
    if (actor->producer) {
        rkmq__producer_impl_abandon(actor->producer);
        rkmq__producer_impl_destroy(actor->producer);
        actor->producer = NULL;
    }
}

static void producer_stop(struct rkmq_run_actor *actor)
{
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STOP, 0);
    producer_close(actor);
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STOPPED, 0);
}

static int producer_crash(struct rkmq_run_actor *actor, enum rkmq_crash_how how,
                          struct rkmq_err *err)
{
    struct rkmq_world *w = actor->world;
    (void)err;
    RKMQ_ASSERT(w->sim || how != RKMQ_CRASH_SILENT); /* see rkmq__run_is_possible */
    if (w->sim && how != RKMQ_CRASH_EXIT) {
        rkmq_sim_crash(w->sim, actor->host, how == RKMQ_CRASH_RST);
    } else if (how == RKMQ_CRASH_RST && actor->producer) {
        rkmq__producer_impl_reset(actor->producer);
    }
    producer_close(actor);
    return RKMQ_OK;
}

const struct rkmq_actor_ops rkmq__actor_producer_ops = {.is_there = producer_is_there,
                                                        .start = producer_start,
                                                        .stop = producer_stop,
                                                        .crash = producer_crash,
                                                        .close = producer_close};

/* ---- one message ---- */

static void on_sent(void *user, int status, const struct rkmq_send_result *result,
                    const struct rkmq_err *err)
{
    struct rkmq_run_actor *actor = user;
    (void)result;
    if (status != RKMQ_OK) {
        struct rkmq_event row = rkmq__row(RKMQ_EV_NOTE);
        row.who = actor->who;
        row.status = status;
        row.text = rkmq__recorder_name(&actor->world->recorder, err->text);
        rkmq__recorder_add(&actor->world->recorder, &row);
    }
}

static void key_write(char out[KEY_BYTES], struct rkmq_slice pattern, int64_t number)
{
    const uint8_t *mark = pattern.n > 1 ? memmem(pattern.p, pattern.n, "%d", 2) : NULL;
    int n_before = mark ? (int)(mark - pattern.p) : (int)pattern.n;
    if (!mark) {
        (void)snprintf(out, KEY_BYTES, "%.*s", n_before, (const char *)pattern.p);
        return;
    }
    (void)snprintf(out, KEY_BYTES, "%.*s%lld%.*s", n_before, (const char *)pattern.p,
                   (long long)number, (int)(pattern.n - (size_t)n_before - 2),
                   (const char *)mark + 2); /* a longer one is cut */
}

static void send_one(struct rkmq_production *p)
{
    const struct rkmq_scenario *sc = p->actor->world->sc;
    const struct rkmq_produce *spec = p->spec;
    char key[KEY_BYTES], tag[KEY_BYTES], topic[RKMQ_TOPIC_CHARS_MAX + 1];
    struct rkmq_err err = {0};
    struct rkmq_mq to = {0};
    struct rkmq_bytes body;
    key_write(key, spec->keys, p->n_sent);
    key_write(tag, spec->tag, p->n_sent);
    (void)snprintf(topic, sizeof topic, "%.*s",
                   RKMQ_SLICE_ARG(rkmq__scenario_word(sc, sc->topics[spec->topic].name)));
    rkmq__bytes_init(&body, p->actor->world->mem);
    rkmq__bytes_printf(&body, "%lld", (long long)p->n_sent);
    while (body.n < (size_t)spec->body_bytes && !body.is_failed) {
        rkmq__bytes_add(&body, ".", 1);
    }
    if (spec->queue.n > 0) {
        to.broker_name =
            rkmq__slice_of(p->actor->world->mock->brokers[spec->queue.at[0].broker].name);
        to.queue_id = spec->queue.at[0].first;
    }
    struct rkmq_message message = {.topic = topic,
                                   .keys = key[0] ? key : NULL,
                                   .tags = tag[0] ? tag : NULL,
                                   .body = rkmq__bytes_slice(&body)};
    int status = rkmq__producer_impl_send_to(
        p->actor->producer, &message, 1, spec->queue.n > 0 ? &to : NULL, on_sent, p->actor, &err);
    if (status != RKMQ_OK) {
        on_sent(p->actor, status, NULL, &err);
    }
    rkmq__bytes_close(&body);
    p->n_sent++;
}

/* ---- a production ---- */

static rkmq_us due_of(const struct rkmq_production *p, int64_t number)
{
    const struct rkmq_produce *spec = p->spec;
    return spec->rate_n > 0 ? p->begun_at + number * spec->rate_per / spec->rate_n : p->begun_at;
}

static void production_end(struct rkmq_production *p)
{
    struct rkmq_world *w = p->actor->world;
    rkmq__timer_stop(w->env, &p->timer);
    rkmq__list_remove(&p->link);
    rkmq__free(w->mem, p);
}

static void production_tick(struct rkmq_timer *t)
{
    struct rkmq_production *p = RKMQ_CONTAINER_OF(t, struct rkmq_production, timer);
    struct rkmq_world *w = p->actor->world;
    rkmq_us now = rkmq__world_now(w);
    for (int n = 0; n < SENDS_PER_TICK_MAX && p->actor->producer && p->n_sent < p->n_total &&
                    due_of(p, p->n_sent) <= now;
         n++) {
        send_one(p);
    }
    if (!p->actor->producer || p->n_sent >= p->n_total) {
        production_end(p);
        return;
    }
    rkmq_us wait_us = due_of(p, p->n_sent) - now;
    rkmq__timer_in(w->env, &p->timer, wait_us > 0 ? rkmq__ms_to_wait(wait_us) : 0);
}

/* How many messages it will be: by count, or by rate and time. */
static int64_t total_of(const struct rkmq_produce *spec)
{
    int64_t total = spec->count != RKMQ_UNSET ? spec->count : INT64_MAX;
    if (spec->rate_n > 0 && spec->lasts != RKMQ_UNSET) {
        int64_t by_time = spec->lasts * spec->rate_n / spec->rate_per;
        total = by_time < total ? by_time : total;
    }
    return total;
}

int rkmq__production_begin(struct rkmq_world *w, const struct rkmq_produce *spec,
                           struct rkmq_err *err)
{
    struct rkmq_run_actor *actor = &w->actors[spec->by];
    int status = actor->producer ? RKMQ_OK : rkmq__actor_start(actor, err);
    struct rkmq_production *p = status == RKMQ_OK ? rkmq__zalloc(w->mem, sizeof *p) : NULL;
    if (!p) {
        return status == RKMQ_OK ? rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory") : status;
    }
    p->actor = actor;
    p->spec = spec;
    p->begun_at = rkmq__world_now(w);
    p->n_total = total_of(spec);
    p->timer.fire = production_tick;
    rkmq__list_push_back(&w->productions, &p->link);
    rkmq__timer_in(w->env, &p->timer, 0);
    return RKMQ_OK;
}

void rkmq__productions_close(struct rkmq_world *w)
{
    RKMQ_LIST_EACH (it, &w->productions) {
        production_end(RKMQ_CONTAINER_OF(it, struct rkmq_production, link));
    }
}
