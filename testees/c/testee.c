/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a push actor of a scenario with the consumer of this library, as docs/testees.md has it: a
 * foreign client in all but name, which shows that the protocol carries everything a scenario asks
 * for. The shape is that of every testee: one reader, commands carried out one after the other,
 * listeners that wait for the word of the runner.
 */
#include <cjson/cJSON.h>
#include <pthread.h>
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(slice) (int)(slice).n, ((slice).n > 0 ? (const char *)(slice).p : "")

struct call { /* a listener at work; on its worker's stack */
    struct call *next;
    double number;
    const char *then; /* NULL: not yet */
    pthread_cond_t told;
};
struct testee {
    struct rkmq_runtime *rt;
    struct rkmq_push_consumer *consumer;
    pthread_mutex_t lock; /* of all below, and of stdout */
    struct call *calls;
    double last_number;
    pthread_t commands; /* carries out one command at a time: start and stop may wait */
    pthread_cond_t has_command;
    cJSON *queue[16];
    size_t n_queued;
    bool is_over;
};

/* ---- saying ---- */

static void say_locked(cJSON *take_event)
{
    char *text = cJSON_PrintUnformatted(take_event);
    (void)puts(text ? text : "{}");
    (void)fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(take_event);
}

static void say(struct testee *t, cJSON *take_event)
{
    (void)pthread_mutex_lock(&t->lock);
    say_locked(take_event);
    (void)pthread_mutex_unlock(&t->lock);
}

static cJSON *event(const char *name)
{
    cJSON *e = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(e, "ev", name);
    return e;
}

static void add_slice(cJSON *object, const char *name, struct rkmq_slice text)
{
    char copy[4096];
    (void)snprintf(copy, sizeof copy, "%.*s", TEXT(text)); /* a longer one is cut */
    (void)cJSON_AddStringToObject(object, name, copy);
}

static void say_refused(struct testee *t, const char *what, const char *why)
{
    cJSON *e = event("refused");
    (void)cJSON_AddStringToObject(e, "do", what);
    (void)cJSON_AddStringToObject(e, "why", why);
    say(t, e);
}

/* ---- the listener ---- */

static cJSON *call_event(double number, struct rkmq_msg *const *msgs, size_t n,
                         const struct rkmq_consume_context *context)
{
    cJSON *e = event("listener-begin");
    (void)cJSON_AddNumberToObject(e, "call", number);
    add_slice(e, "topic", context->topic);
    add_slice(e, "broker", context->broker_name);
    (void)cJSON_AddNumberToObject(e, "queue", context->queue_id);
    cJSON *list = cJSON_AddArrayToObject(e, "messages");
    for (size_t i = 0; i < n; i++) {
        struct rkmq_msg_view m;
        cJSON *told = cJSON_CreateObject();
        rkmq_msg_get(msgs[i], &m);
        (void)cJSON_AddNumberToObject(told, "offset", (double)m.queue_offset);
        add_slice(told, "id", m.msg_id);
        add_slice(told, "keys", m.keys);
        add_slice(told, "tags", m.tags);
        (void)cJSON_AddNumberToObject(told, "reconsume", m.reconsume_times);
        (void)cJSON_AddItemToArray(list, told);
    }
    return e;
}

static enum rkmq_consume_status on_messages(void *user, struct rkmq_msg *const *msgs, size_t n,
                                            struct rkmq_consume_context *context)
{
    struct testee *t = user;
    struct call call = {.told = PTHREAD_COND_INITIALIZER};
    (void)pthread_mutex_lock(&t->lock);
    call.number = ++t->last_number;
    call.next = t->calls;
    t->calls = &call;
    say_locked(call_event(call.number, msgs, n, context));
    while (!call.then) {
        (void)pthread_cond_wait(&call.told, &t->lock);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return strcmp(call.then, "ok") == 0 ? RKMQ_CONSUME_SUCCESS : RKMQ_RECONSUME_LATER;
}

static void call_return(struct testee *t, const cJSON *command)
{
    double number = cJSON_GetNumberValue(cJSON_GetObjectItem(command, "call"));
    const char *then = cJSON_GetStringValue(cJSON_GetObjectItem(command, "then"));
    (void)pthread_mutex_lock(&t->lock);
    for (struct call **at = &t->calls; *at; at = &(*at)->next) {
        if ((*at)->number == number) {
            struct call *call = *at;
            *at = call->next;
            call->then = then && strcmp(then, "ok") == 0 ? "ok" : "later";
            (void)pthread_cond_signal(&call->told);
            break;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* ---- commands: on a thread of their own ---- */

static const char *text_of(const cJSON *command, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(command, name));
}

/* False: there is no such option. */
static bool option_set(struct rkmq_push_options *o, const char *name, const cJSON *value)
{
    const struct {
        const char *name;
        int *number;
        rkmq_ms *time;
    } options[] = {
        {"consumeBatch", &o->consume_message_batch_max_size, NULL},
        {"pullBatch", &o->pull_batch_size, NULL},
        {"thresholdCount", &o->pull_threshold_for_queue, NULL},
        {"thresholdMib", &o->pull_threshold_size_for_queue, NULL},
        {"span", &o->consume_concurrently_max_span, NULL},
        {"pullIntervalMs", NULL, &o->pull_interval_ms},
        {"persistMs", NULL, &o->persist_consumer_offset_interval_ms},
        {"heartbeatMs", NULL, &o->heartbeat_broker_interval_ms},
        {"routePollMs", NULL, &o->poll_name_server_interval_ms},
        {"apiTimeoutMs", NULL, &o->mq_client_api_timeout_ms},
        {"awaitTerminationMs", NULL, &o->await_termination_ms_when_shutdown},
    };
    double number = cJSON_GetNumberValue(value);
    if (strcmp(name, "allocate") == 0) {
        bool is_by_circle = strcmp(cJSON_GetStringValue(value), "by-circle") == 0;
        o->allocate_message_queue_strategy =
            is_by_circle ? rkmq_allocate_averagely_by_circle : rkmq_allocate_averagely;
        return true;
    }
    if (strcmp(name, "threads") == 0) {
        o->consume_thread_min = o->consume_thread_max = (int)number;
        return true;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].name, name) == 0 && options[i].number) {
            *options[i].number = (int)number;
            return true;
        }
        if (strcmp(options[i].name, name) == 0) {
            *options[i].time = (rkmq_ms)number;
            return true;
        }
    }
    return false;
}

static int consumer_create(struct testee *t, const cJSON *command,
                           const struct rkmq_push_options *o, struct rkmq_err *err)
{
    const cJSON *subscription;
    int status = rkmq_push_consumer_create(&t->consumer, t->rt, o, err);
    cJSON_ArrayForEach(subscription, cJSON_GetObjectItem(command, "subscribe"))
    {
        if (status == RKMQ_OK) {
            status = rkmq_push_consumer_subscribe(t->consumer, text_of(subscription, "topic"),
                                                  text_of(subscription, "expression"), err);
        }
    }
    return status == RKMQ_OK ? rkmq_push_consumer_start(t->consumer, err) : status;
}

static void do_start(struct testee *t, const cJSON *command)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    struct rkmq_err err = {0};
    const cJSON *option;
    o.consumer_group = text_of(command, "group");
    o.namesrv_addr = text_of(command, "namesrv");
    o.client_ip = text_of(command, "clientIp");
    o.instance_name = o.client_ip ? text_of(command, "instanceName") : o.instance_name;
    o.consume_from_where = strcmp(text_of(command, "from"), "first") == 0
                               ? RKMQ_CONSUME_FROM_FIRST_OFFSET
                               : RKMQ_CONSUME_FROM_LAST_OFFSET;
    o.message_listener = on_messages;
    o.message_listener_user = t;
    cJSON_ArrayForEach(option, cJSON_GetObjectItem(command, "set"))
    {
        if (!option_set(&o, option->string, option)) {
            say_refused(t, "start", option->string);
            return;
        }
    }
    if (consumer_create(t, command, &o, &err) == RKMQ_OK) {
        say(t, event("started"));
        return;
    }
    cJSON *e = event("failed");
    (void)cJSON_AddStringToObject(e, "why", err.text);
    say(t, e);
    rkmq_push_consumer_destroy(t->consumer);
    t->consumer = NULL;
}

static void do_stop(struct testee *t)
{
    (void)rkmq_push_consumer_shutdown(t->consumer); /* it is over in any case */
    rkmq_push_consumer_destroy(t->consumer);
    t->consumer = NULL;
    say(t, event("stopped"));
}

static void obey(struct testee *t, const cJSON *command)
{
    const char *what = text_of(command, "do");
    if (what && strcmp(what, "start") == 0) {
        do_start(t, command);
    } else if (what && strcmp(what, "stop") == 0) {
        do_stop(t);
    } else if (what && strcmp(what, "pause") == 0) {
        rkmq_push_consumer_suspend(t->consumer);
    } else if (what && strcmp(what, "resume") == 0) {
        rkmq_push_consumer_resume(t->consumer);
    } else {
        say_refused(t, what ? what : "?", "no such command");
    }
}

static void *commands_main(void *arg)
{
    struct testee *t = arg;
    (void)pthread_mutex_lock(&t->lock);
    while (!t->is_over || t->n_queued > 0) {
        if (t->n_queued == 0) {
            (void)pthread_cond_wait(&t->has_command, &t->lock);
            continue;
        }
        cJSON *command = t->queue[0];
        memmove(&t->queue[0], &t->queue[1], --t->n_queued * sizeof t->queue[0]);
        (void)pthread_mutex_unlock(&t->lock);
        obey(t, command);
        cJSON_Delete(command);
        (void)pthread_mutex_lock(&t->lock);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void command_add(struct testee *t, cJSON *take_command)
{
    (void)pthread_mutex_lock(&t->lock);
    if (t->n_queued < sizeof t->queue / sizeof t->queue[0]) {
        t->queue[t->n_queued++] = take_command;
        (void)pthread_cond_signal(&t->has_command);
    } else {
        cJSON_Delete(take_command);
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* ---- the reader ---- */

int main(void)
{
    struct testee t = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_command = PTHREAD_COND_INITIALIZER};
    struct rkmq_err err = {0};
    char *line = NULL;
    size_t n_line = 0;
    if (rkmq_live_create(&t.rt, NULL, &err) != RKMQ_OK ||
        pthread_create(&t.commands, NULL, commands_main, &t) != 0) {
        (void)fprintf(stderr, "testee: cannot start: %s\n", err.text);
        return 1;
    }
    cJSON *ready = event("ready");
    (void)cJSON_AddNumberToObject(ready, "protocol", 1);
    (void)cJSON_AddStringToObject(ready, "client", "rkmq");
    say(&t, ready);
    while (getline(&line, &n_line, stdin) > 0) {
        cJSON *command = cJSON_Parse(line);
        const char *what = text_of(command, "do");
        if (what && strcmp(what, "return") == 0) {
            call_return(&t, command);
            cJSON_Delete(command);
        } else {
            command_add(&t, command);
        }
    }
    free(line);
    _Exit(0); /* whoever told us what to do is gone: as a process that is killed */
}
