/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/testee_text.h"

#include <inttypes.h>

#include "remoting/codec/json.h"

/* ---- what it says ---- */

static int refuse(struct rkmq_err *err, const char *what)
{
    return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s", what);
}

static int text_read(const struct rkmq_json *object, const char *name, struct rkmq_arena *arena,
                     struct rkmq_slice *out, struct rkmq_err *err)
{
    int status = rkmq__json_text(object, name, arena, out);
    return status == RKMQ_OK ? status : rkmq__err_set(err, status, "\"%s\" must be a text", name);
}

/* A number that has to be there, from 0 on. */
static int count_read(const struct rkmq_json *object, const char *name, int64_t most, int64_t *out,
                      struct rkmq_err *err)
{
    *out = -1;
    if (rkmq__json_i64(object, name, out) != RKMQ_OK || *out < 0 || *out > most) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "\"%s\" must be a number from 0 to %" PRId64,
                             name, most);
    }
    return RKMQ_OK;
}

static int ready_read(const struct rkmq_json *object, struct rkmq_arena *arena,
                      struct rkmq_testee_said *out, struct rkmq_err *err)
{
    int64_t protocol;
    int status = count_read(object, "protocol", INT32_MAX, &protocol, err);
    if (status == RKMQ_OK && protocol != RKMQ_TESTEE_PROTOCOL) {
        status = rkmq__err_set(err, RKMQ_E_PROTOCOL, "it speaks protocol %" PRId64 ", not %d",
                               protocol, RKMQ_TESTEE_PROTOCOL);
    }
    status = status == RKMQ_OK ? text_read(object, "client", arena, &out->client, err) : status;
    return status == RKMQ_OK ? text_read(object, "version", arena, &out->version, err) : status;
}

static int message_read(const struct rkmq_json *object, struct rkmq_arena *arena,
                        struct rkmq_msg_view *out, struct rkmq_err *err)
{
    int64_t reconsume;
    int status = count_read(object, "offset", INT64_MAX, &out->queue_offset, err);
    status =
        status == RKMQ_OK ? count_read(object, "reconsume", INT32_MAX, &reconsume, err) : status;
    status = status == RKMQ_OK ? text_read(object, "id", arena, &out->msg_id, err) : status;
    status = status == RKMQ_OK ? text_read(object, "keys", arena, &out->keys, err) : status;
    status = status == RKMQ_OK ? text_read(object, "tags", arena, &out->tags, err) : status;
    if (status == RKMQ_OK) {
        out->reconsume_times = (int32_t)reconsume;
    }
    return status;
}

static size_t elements_count(const struct rkmq_json *array)
{
    struct rkmq_json_iter it = rkmq__json_each(array);
    struct rkmq_json element;
    size_t n = 0;
    while (n <= RKMQ_TESTEE_MESSAGES_MAX && rkmq__json_next_element(&it, &element)) {
        n++;
    }
    return n;
}

static int messages_read(const struct rkmq_json *object, struct rkmq_arena *arena,
                         struct rkmq_testee_said *out, struct rkmq_err *err)
{
    struct rkmq_json array, element;
    bool is_there = rkmq__json_member(object, "messages", &array) && array.type == RKMQ_JSON_ARRAY;
    size_t n = is_there ? elements_count(&array) : 0, i = 0;
    if (n == 0 || n > RKMQ_TESTEE_MESSAGES_MAX) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "\"messages\" must be a list of 1 to %d",
                             RKMQ_TESTEE_MESSAGES_MAX);
    }
    struct rkmq_msg_view *msgs = rkmq__arena_zalloc(arena, n * sizeof *msgs);
    int status = msgs ? RKMQ_OK : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    struct rkmq_json_iter it = rkmq__json_each(&array);
    while (status == RKMQ_OK && rkmq__json_next_element(&it, &element)) {
        status = message_read(&element, arena, &msgs[i++], err);
    }
    out->msgs = msgs;
    out->n_msgs = n;
    return status;
}

static int call_read(const struct rkmq_json *object, struct rkmq_arena *arena,
                     struct rkmq_testee_said *out, struct rkmq_err *err)
{
    int64_t queue_id;
    int status = count_read(object, "call", INT64_MAX, &out->call, err);
    status = status == RKMQ_OK ? count_read(object, "queue", INT32_MAX, &queue_id, err) : status;
    status = status == RKMQ_OK ? text_read(object, "topic", arena, &out->topic, err) : status;
    status =
        status == RKMQ_OK ? text_read(object, "broker", arena, &out->broker_name, err) : status;
    if (status != RKMQ_OK) {
        return status;
    }
    out->queue_id = (int32_t)queue_id;
    if (out->topic.n == 0 || out->broker_name.n == 0) {
        return refuse(err, "a call names \"topic\" and \"broker\"");
    }
    return messages_read(object, arena, out, err);
}

static int rest_read(const struct rkmq_json *object, struct rkmq_arena *arena,
                     struct rkmq_testee_said *out, struct rkmq_err *err)
{
    int status;
    switch (out->kind) {
    case RKMQ_TESTEE_READY:
        return ready_read(object, arena, out, err);
    case RKMQ_TESTEE_STARTED:
        return text_read(object, "clientId", arena, &out->client_id, err);
    case RKMQ_TESTEE_FAILED:
        return text_read(object, "why", arena, &out->why, err);
    case RKMQ_TESTEE_REFUSED:
        status = text_read(object, "do", arena, &out->what, err);
        return status == RKMQ_OK ? text_read(object, "why", arena, &out->why, err) : status;
    case RKMQ_TESTEE_STOPPED:
        break;
    case RKMQ_TESTEE_LISTENER_BEGIN:
        return call_read(object, arena, out, err);
    }
    return RKMQ_OK;
}

int rkmq__testee_read(struct rkmq_slice line, struct rkmq_arena *arena,
                      struct rkmq_testee_said *out, struct rkmq_err *err)
{
    static const char *const names[] = {
        [RKMQ_TESTEE_READY] = "ready",     [RKMQ_TESTEE_STARTED] = "started",
        [RKMQ_TESTEE_FAILED] = "failed",   [RKMQ_TESTEE_REFUSED] = "refused",
        [RKMQ_TESTEE_STOPPED] = "stopped", [RKMQ_TESTEE_LISTENER_BEGIN] = "listener-begin"};
    struct rkmq_json object, ev;
    *out = (struct rkmq_testee_said){.call = -1};
    int status = rkmq__json_parse(line, &object, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (!rkmq__json_member(&object, "ev", &ev)) {
        return refuse(err, "an object with \"ev\" is expected");
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
        if (rkmq__json_is(&ev, rkmq__slice_of(names[i]))) {
            out->kind = (enum rkmq_testee_said_kind)i;
            return rest_read(&object, arena, out, err);
        }
    }
    return rkmq__err_set(err, RKMQ_E_PROTOCOL, "there is no \"ev\" of the name \"%.*s\"",
                         (int)(ev.text.n < 40 ? ev.text.n : 40), (const char *)ev.text.p);
}

/* ---- what it is told ---- */

static void set_write(struct rkmq_json_writer *w, const struct rkmq_actor_settings *s)
{
    const struct {
        const char *name;
        int64_t value, unit;
    } numbers[] = {
        {"threads", s->threads, 1},
        {"consumeBatch", s->consume_batch, 1},
        {"pullBatch", s->pull_batch, 1},
        {"thresholdCount", s->threshold_count, 1},
        {"thresholdMib", s->threshold_mib, 1},
        {"span", s->span, 1},
        {"pullIntervalMs", s->pull_interval, 1000},
        {"persistMs", s->persist, 1000},
        {"heartbeatMs", s->heartbeat, 1000},
        {"routePollMs", s->route_poll, 1000},
        {"apiTimeoutMs", s->api_timeout, 1000},
        {"awaitTerminationMs", s->await_termination, 1000},
    };
    rkmq__json_key(w, "set");
    rkmq__json_object(w);
    if (s->allocate != RKMQ_UNSET) {
        rkmq__json_add_text(w, "allocate",
                            s->allocate == RKMQ_ACTOR_BY_CIRCLE ? RKMQ_SLICE("by-circle")
                                                                : RKMQ_SLICE("averagely"));
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(numbers); i++) {
        if (numbers[i].value != RKMQ_UNSET) {
            rkmq__json_add_i64(w, numbers[i].name, numbers[i].value / numbers[i].unit);
        }
    }
    rkmq__json_object_end(w);
}

static void subscriptions_write(struct rkmq_json_writer *w, const struct rkmq_scenario *sc,
                                const struct rkmq_actor *actor)
{
    rkmq__json_key(w, "subscribe");
    rkmq__json_array(w);
    for (size_t i = 0; i < actor->n_subscriptions; i++) {
        const struct rkmq_actor_subscription *sub = &actor->subscriptions[i];
        rkmq__json_object(w);
        rkmq__json_add_text(w, "topic", rkmq__scenario_word(sc, sc->topics[sub->topic].name));
        rkmq__json_add_text(w, "expression", sub->expression);
        rkmq__json_object_end(w);
    }
    rkmq__json_array_end(w);
}

void rkmq__testee_write_start(struct rkmq_bytes *out, const struct rkmq_scenario *sc,
                              const struct rkmq_actor *actor, const char *namesrv_addr)
{
    struct rkmq_json_writer w;
    struct rkmq_slice ip, instance;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "do", RKMQ_SLICE("start"));
    rkmq__json_add_text(&w, "namesrv", rkmq__slice_of(namesrv_addr));
    rkmq__json_add_text(&w, "group", rkmq__scenario_word(sc, sc->groups[actor->group]));
    if (rkmq__client_id_split(actor->client_id, &ip, &instance)) {
        rkmq__json_add_text(&w, "clientIp", ip);
        rkmq__json_add_text(&w, "instanceName", instance);
    }
    rkmq__json_add_text(&w, "from",
                        actor->is_from_first ? RKMQ_SLICE("first") : RKMQ_SLICE("last"));
    subscriptions_write(&w, sc, actor);
    set_write(&w, &actor->settings);
    rkmq__json_object_end(&w);
}

void rkmq__testee_write_do(struct rkmq_bytes *out, const char *what)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "do", rkmq__slice_of(what));
    rkmq__json_object_end(&w);
}

void rkmq__testee_write_return(struct rkmq_bytes *out, int64_t call, int then)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "do", RKMQ_SLICE("return"));
    rkmq__json_add_i64(&w, "call", call);
    rkmq__json_add_text(&w, "then",
                        then == RKMQ_LISTENER_LATER ? RKMQ_SLICE("later") : RKMQ_SLICE("ok"));
    rkmq__json_object_end(&w);
}
