/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq consume: the push consumer, one line a message. */
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <stdatomic.h>

#include "cli/cli.h"
#include "cli/text.h"

#define CONSUME_TIMEOUT_MAX_MS 86400000

struct consume_options {
    const char *namesrv, *group, *topic, *expression, *from, *profile, *instance;
    int64_t threads, batch, pull_batch, count, fail_first;
    rkmq_ms timeout_ms;
    bool is_json, is_binary;
};

#define OPTION(x) offsetof(struct consume_options, x)
static const struct cli_option option_table[] = {
    {"namesrv", 'n', CLI_TEXT, "ADDR", OPTION(namesrv), 0, 0, true,
     "name servers, host:port, several separated by ';'"},
    {"group", 'g', CLI_TEXT, "GROUP", OPTION(group), 0, 0, true, "consumer group"},
    {"topic", 't', CLI_TEXT, "TOPIC", OPTION(topic), 0, 0, true, "topic to subscribe to"},
    {"expression", 'e', CLI_TEXT, "EXPR", OPTION(expression), 0, 0, false,
     "tags to receive, joined by || (default *)"},
    {"from", 0, CLI_TEXT, "WHERE", OPTION(from), 0, 0, false,
     "first, last, or a time in ms since 1970: where a group begins that has no offsets yet "
     "(default last)"},
    {"threads", 0, CLI_INT, "N", OPTION(threads), 1, 1000, false,
     "listener threads (default 1, which keeps the order of the lines)"},
    {"batch", 0, CLI_INT, "N", OPTION(batch), 1, 1024, false,
     "consumeMessageBatchMaxSize (default 1)"},
    {"pull-batch", 0, CLI_INT, "N", OPTION(pull_batch), 1, 1024, false,
     "pullBatchSize (default 32)"},
    {"count", 0, CLI_INT, "N", OPTION(count), 1, INT64_MAX, false,
     "end after N messages (default: go on until interrupted)"},
    {"timeout", 0, CLI_DURATION, "TIME", OPTION(timeout_ms), 1, CONSUME_TIMEOUT_MAX_MS, false,
     "end after this time; with --count, too late is a failure"},
    {"fail-first", 0, CLI_INT, "N", OPTION(fail_first), 0, INT32_MAX, false,
     "answer RECONSUME_LATER for the first N messages"},
    {"profile", 0, CLI_TEXT, "NAME", OPTION(profile), 0, 0, false,
     "rkmq (prompt, the default) or java-5.3 (every wait of the Java client)"},
    {"instance", 0, CLI_TEXT, "NAME", OPTION(instance), 0, 0, false,
     "instanceName (default: made from the process id)"},
    {"binary-header", 0, CLI_FLAG, NULL, OPTION(is_binary), 0, 0, false,
     "send ROCKETMQ binary headers instead of JSON"},
    {"json", 0, CLI_FLAG, NULL, OPTION(is_json), 0, 0, false,
     "one JSON object a message instead of msgId,queueId,body"},
};

/* ---- the listener: on worker threads ---- */

struct consume {
    struct cli_stop stop;
    const struct consume_options *options;
    atomic_llong n_received, n_failed;
    atomic_bool is_output_broken;
};

static void line_write(struct rkmq_bytes *line, const struct rkmq_msg_view *m)
{
    rkmq__text_show(line, m->msg_id, 0);
    rkmq__bytes_printf(line, ",%ld,", (long)m->queue_id);
    rkmq__text_show(line, m->body, 0);
}

static void properties_write(struct rkmq_json_writer *w, struct rkmq_slice properties)
{
    struct rkmq_slice name, value;
    rkmq__json_key(w, "properties");
    rkmq__json_object(w);
    while (rkmq_property_next(&properties, &name, &value) == RKMQ_OK) {
        rkmq__json_key_slice(w, name);
        rkmq__json_put_text(w, value);
    }
    rkmq__json_object_end(w);
}

static void json_write(struct rkmq_bytes *line, const struct rkmq_msg *msg,
                       const struct rkmq_msg_view *m)
{
    struct rkmq_json_writer w;
    char offset_id[RKMQ_OFFSET_ID_CHARS_MAX + 1];
    rkmq_msg_offset_id(msg, offset_id);
    rkmq__json_begin(&w, line);
    rkmq__json_object(&w);
    cli_text_add_json(&w, "topic", m->topic);
    cli_text_add_json(&w, "msgId", m->msg_id);
    rkmq__json_add_text(&w, "offsetMsgId", rkmq__slice_of(offset_id));
    cli_text_add_json(&w, "brokerName", m->broker_name);
    rkmq__json_add_i64(&w, "queueId", m->queue_id);
    rkmq__json_add_i64(&w, "queueOffset", m->queue_offset);
    rkmq__json_add_i64(&w, "reconsumeTimes", m->reconsume_times);
    rkmq__json_add_i64(&w, "sysFlag", m->sys_flag);
    rkmq__json_add_i64(&w, "flag", m->flag);
    rkmq__json_add_i64(&w, "bornTimestamp", m->born_ms);
    rkmq__json_add_i64(&w, "storeTimestamp", m->store_ms);
    properties_write(&w, m->properties);
    cli_text_add_json(&w, "body", m->body);
    rkmq__json_object_end(&w);
}

/* One write a message, so that the lines of several threads do not mix. */
static void message_print(struct consume *c, const struct rkmq_msg *msg)
{
    struct rkmq_msg_view view;
    struct rkmq_bytes line;
    rkmq_msg_get(msg, &view);
    rkmq__bytes_init(&line, rkmq_mem_heap());
    if (c->options->is_json) {
        json_write(&line, msg, &view);
    } else {
        line_write(&line, &view);
    }
    rkmq__bytes_add_text(&line, "\n");
    if (line.is_failed || fwrite(line.p, 1, line.n, stdout) != line.n || fflush(stdout) != 0) {
        atomic_store(&c->is_output_broken, true);
        cli_stop_request(&c->stop);
    }
    rkmq__bytes_close(&line);
}

static enum rkmq_consume_status on_messages(void *user, struct rkmq_msg *const *msgs, size_t n,
                                            struct rkmq_consume_context *context)
{
    struct consume *c = user;
    const struct consume_options *o = c->options;
    (void)context;
    if (atomic_fetch_add(&c->n_failed, (long long)n) < o->fail_first) {
        return RKMQ_RECONSUME_LATER;
    }
    long long had = atomic_fetch_add(&c->n_received, (long long)n);
    if (o->count > 0 && had >= o->count) {
        return RKMQ_CONSUME_UNTOUCHED;
    }
    for (size_t i = 0; i < n; i++) {
        message_print(c, msgs[i]);
    }
    if (o->count > 0 && had + 1 == o->count) {
        cli_stop_request(&c->stop);
    }
    return RKMQ_CONSUME_SUCCESS;
}

/* ---- the command ---- */

static int from_read(const char *text, struct rkmq_push_options *push)
{
    int64_t at;
    if (strcmp(text, "first") == 0) {
        push->consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    } else if (strcmp(text, "last") == 0) {
        push->consume_from_where = RKMQ_CONSUME_FROM_LAST_OFFSET;
    } else if (rkmq__slice_to_i64(rkmq__slice_of(text), &at) == RKMQ_OK && at > 0) {
        push->consume_from_where = RKMQ_CONSUME_FROM_TIMESTAMP;
        push->consume_timestamp_ms = at;
    } else {
        return RKMQ_E_INVALID;
    }
    return RKMQ_OK;
}

static int push_fill(struct rkmq_push_options *push, const struct consume_options *o)
{
    push->consumer_group = o->group;
    push->namesrv_addr = o->namesrv;
    push->consume_thread_min = push->consume_thread_max = (int)o->threads;
    push->consume_message_batch_max_size = (int)o->batch;
    push->pull_batch_size = (int)o->pull_batch;
    push->instance_name = o->instance;
    push->serialize_type = o->is_binary ? RKMQ_SERIALIZE_ROCKETMQ : RKMQ_SERIALIZE_JSON;
    if (o->count > 0 && o->batch > 1) {
        return cli_usage_error("consume", "--count takes messages one by one: not with --batch");
    }
    if (from_read(o->from, push) != RKMQ_OK) {
        return cli_usage_error("consume", "--from: '%s' is neither first, last nor a time",
                               o->from);
    }
    if (strcmp(o->profile, "java-5.3") == 0) {
        push->profile = RKMQ_PROFILE_JAVA_5_3;
    } else if (strcmp(o->profile, "rkmq") != 0) {
        return cli_usage_error("consume", "--profile: '%s' is neither rkmq nor java-5.3",
                               o->profile);
    }
    return CLI_GO;
}

static int wait_for_end(struct consume *c)
{
    const struct consume_options *o = c->options;
    enum cli_stop_reason reason =
        cli_stop_wait(&c->stop, o->timeout_ms > 0 ? o->timeout_ms : RKMQ_NEVER);
    if (atomic_load(&c->is_output_broken)) {
        return cli_error("consume", "cannot write to stdout");
    }
    if (reason == CLI_STOP_TIMEOUT && o->count > 0) {
        return cli_error("consume", "%lld of %lld messages within the time",
                         atomic_load(&c->n_received), (long long)o->count);
    }
    return CLI_EXIT_OK;
}

static int consume(struct consume *c, struct rkmq_runtime *rt, struct rkmq_push_options *push)
{
    struct rkmq_push_consumer *consumer;
    struct rkmq_err err = {0};
    int code;
    push->message_listener = on_messages;
    push->message_listener_user = c;
    if (rkmq_push_consumer_create(&consumer, rt, push, &err) != RKMQ_OK) {
        return cli_error("consume", "%s", err.text);
    }
    if (rkmq_push_consumer_subscribe(consumer, c->options->topic, c->options->expression, &err) !=
            RKMQ_OK ||
        rkmq_push_consumer_start(consumer, &err) != RKMQ_OK) {
        code = cli_error("consume", "%s", err.text);
    } else {
        code = wait_for_end(c);
    }
    rkmq_push_consumer_destroy(consumer);
    return code;
}

static int consume_run(int argc, char **argv)
{
    struct consume_options o = {.expression = "*",
                                .from = "last",
                                .profile = "rkmq",
                                .instance = "DEFAULT",
                                .threads = 1,
                                .batch = 1,
                                .pull_batch = 32};
    struct rkmq_push_options push = RKMQ_PUSH_OPTIONS_INIT;
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_err err = {0};
    struct rkmq_runtime *rt;
    struct cli_args args;
    struct consume c = {.stop = {.signal_fd = -1, .request_fd = -1}, .options = &o};
    int code = cli_parse(&cli_consume_command, argc, argv, &o, &args);
    if (code == CLI_GO) {
        code = push_fill(&push, &o);
    }
    if (code != CLI_GO) {
        return code;
    }
    if (cli_stop_init(&c.stop) != RKMQ_OK) {
        return cli_error("consume", "cannot take signals");
    }
    live.log_level = args.log_level;
    live.log = cli_log;
    if (rkmq_live_create(&rt, &live, &err) != RKMQ_OK) {
        code = cli_error("consume", "%s", err.text);
    } else {
        code = consume(&c, rt, &push);
        rkmq_live_destroy(rt);
    }
    cli_stop_close(&c.stop);
    return code;
}

const struct cli_command cli_consume_command = {
    .name = "consume",
    .summary = "Receive messages as a push consumer and print them",
    .arguments = "",
    .example = "  rkmq consume -n 127.0.0.1:9876 -g billing -t orders --from first --count 3\n"
               "  7F000001A1B2C3D4E5F6000000000000,0,order 0\n",
    .options = option_table,
    .n_options = RKMQ_COUNT_OF(option_table),
    .run = consume_run,
};
