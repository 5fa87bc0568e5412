/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq produce: sends messages one after another, or in batches, and prints what became of them. */
#include <rkmq/live.h>
#include <rkmq/producer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "remoting/codec/json.h"

#define PRODUCE_BATCH_MAX 1024
#define PRODUCE_PROPERTIES_MAX 64
#define NUMBER_MARK "%d"
#define PROGRESS_EVERY_MS 1000

struct produce_options {
    const char *namesrv, *topic, *group, *tag, *key, *compress;
    int64_t count, size, batch, delay, compress_over;
    rkmq_ms timeout_ms;
    struct cli_list properties;
    bool is_json, is_quiet;
};

#define OPTION(x) offsetof(struct produce_options, x)
static const struct cli_option option_table[] = {
    {"namesrv", 'n', CLI_TEXT, "ADDR", OPTION(namesrv), 0, 0, true,
     "name servers, host:port, several separated by ';'"},
    {"topic", 't', CLI_TEXT, "TOPIC", OPTION(topic), 0, 0, true, "topic to send to"},
    {"group", 'g', CLI_TEXT, "GROUP", OPTION(group), 0, 0, false,
     "producer group (default RKMQ_PRODUCE)"},
    {"tag", 0, CLI_TEXT, "TAG", OPTION(tag), 0, 0, false, "tag of every message"},
    {"key", 0, CLI_TEXT, "KEY", OPTION(key), 0, 0, false,
     "key of every message; %d in it becomes the number"},
    {"property", 0, CLI_LIST, "NAME=VALUE", OPTION(properties), 0, 0, false,
     "one more property of every message; repeatable"},
    {"delay", 0, CLI_INT, "LEVEL", OPTION(delay), 0, 18, false,
     "delay level: 1 is 1 s, 2 is 5 s ... (default 0, none)"},
    {"count", 0, CLI_INT, "N", OPTION(count), 1, INT64_MAX, false, "send BODY N times (default 1)"},
    {"size", 0, CLI_SIZE, "BYTES", OPTION(size), 1, RKMQ_MESSAGE_BODY_BYTES_MAX, false,
     "fill up bodies with dots to this size"},
    {"batch", 0, CLI_INT, "N", OPTION(batch), 1, PRODUCE_BATCH_MAX, false,
     "send N messages in one request (default 1)"},
    {"compress", 0, CLI_TEXT, "TYPE", OPTION(compress), 0, 0, false,
     "zlib, lz4 or zstd (default zlib)"},
    {"compress-over", 0, CLI_SIZE, "BYTES", OPTION(compress_over), 1, INT32_MAX, false,
     "compress bodies of at least so many bytes (default 4096)"},
    {"timeout", 0, CLI_DURATION, "TIME", OPTION(timeout_ms), 1, 3600000, false,
     "of one send (default 3s)"},
    {"json", 0, CLI_FLAG, NULL, OPTION(is_json), 0, 0, false,
     "one JSON object a message instead of msgId,queueId,queueOffset"},
    {"quiet", 'q', CLI_FLAG, NULL, OPTION(is_quiet), 0, 0, false, "print nothing on success"},
};

/* ---- what is sent ---- */

/* Bodies come from BODY, `count` times, or from the lines of stdin. */
struct source {
    const struct produce_options *options;
    const char *body; /* NULL: stdin */
    char *line;
    size_t line_bytes;
    int64_t n; /* messages handed out */
};

/* A message and the texts it points to. */
struct draft {
    struct rkmq_message message;
    struct rkmq_bytes body, key;
};

static void numbered_add(struct rkmq_bytes *out, const char *text, int64_t number)
{
    const char *mark = strstr(text, NUMBER_MARK);
    if (!mark) {
        rkmq__bytes_add_text(out, text);
        return;
    }
    rkmq__bytes_add(out, text, (size_t)(mark - text));
    rkmq__bytes_printf(out, "%lld", (long long)number);
    rkmq__bytes_add_text(out, mark + strlen(NUMBER_MARK));
}

static void body_fill_up(struct rkmq_bytes *body, int64_t size)
{
    if (body->n < (size_t)size) {
        size_t n = (size_t)size - body->n;
        uint8_t *dots = rkmq__bytes_reserve(body, n);
        if (dots) {
            memset(dots, '.', n);
        }
    }
}

/* False: there is no more, or reading failed, which ferror(stdin) tells. */
static bool line_read(struct source *s, struct rkmq_slice *out)
{
    ssize_t n = getline(&s->line, &s->line_bytes, stdin);
    if (n < 0) {
        return false;
    }
    if (n > 0 && s->line[n - 1] == '\n') {
        n--;
    }
    *out = rkmq__slice(s->line, (size_t)n);
    return true;
}

/* RKMQ_E_MORE: there is none any more. */
static int draft_next(struct source *s, struct draft *d)
{
    const struct produce_options *o = s->options;
    struct rkmq_slice line;
    rkmq__bytes_clear(&d->body);
    rkmq__bytes_clear(&d->key);
    if (s->body) {
        if (s->n == o->count) {
            return RKMQ_E_MORE;
        }
        numbered_add(&d->body, s->body, s->n);
    } else {
        do { /* a message without a body does not exist */
            if (!line_read(s, &line)) {
                return RKMQ_E_MORE;
            }
        } while (line.n == 0);
        rkmq__bytes_add_slice(&d->body, line);
    }
    body_fill_up(&d->body, o->size);
    if (o->key) {
        numbered_add(&d->key, o->key, s->n);
        rkmq__bytes_add(&d->key, "", 1);
        d->message.keys = (const char *)d->key.p;
    }
    s->n++;
    d->message.body = rkmq__bytes_slice(&d->body);
    return d->body.is_failed || d->key.is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

/* ---- the command ---- */

struct produce {
    struct produce_options options;
    struct rkmq_property properties[PRODUCE_PROPERTIES_MAX];
    char *names[PRODUCE_PROPERTIES_MAX]; /* own the names */
    struct source source;
    struct draft drafts[PRODUCE_BATCH_MAX];
    struct rkmq_message messages[PRODUCE_BATCH_MAX];
    struct rkmq_runtime *rt;
    struct rkmq_producer *producer;
    int64_t n_sent;
    rkmq_ms progress_at;
};

static int properties_read(struct produce *p)
{
    const struct cli_list *list = &p->options.properties;
    if (list->n > PRODUCE_PROPERTIES_MAX) {
        return cli_usage_error("produce", "--property: more than %d", PRODUCE_PROPERTIES_MAX);
    }
    for (size_t i = 0; i < list->n; i++) {
        const char *equals = strchr(list->at[i], '=');
        if (!equals || equals == list->at[i] || equals[1] == '\0') {
            return cli_usage_error("produce", "--property: '%s' is no NAME=VALUE", list->at[i]);
        }
        p->names[i] = rkmq__text_copy(rkmq_mem_heap(),
                                      rkmq__slice(list->at[i], (size_t)(equals - list->at[i])));
        if (!p->names[i]) {
            return cli_error("produce", "out of memory");
        }
        p->properties[i] = (struct rkmq_property){p->names[i], equals + 1};
    }
    return CLI_GO;
}

static int compress_read(const char *text, int32_t *out)
{
    static const struct {
        const char *name;
        int32_t type;
    } types[] = {{"zlib", RKMQ_SYS_COMPRESSION_ZLIB},
                 {"lz4", RKMQ_SYS_COMPRESSION_LZ4},
                 {"zstd", RKMQ_SYS_COMPRESSION_ZSTD}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(types); i++) {
        if (strcmp(types[i].name, text) == 0) {
            *out = types[i].type;
            return CLI_GO;
        }
    }
    return cli_usage_error("produce", "--compress: '%s' is none of zlib, lz4, zstd", text);
}

static void result_print(const struct produce *p, const struct rkmq_send_result *r, size_t n)
{
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, rkmq_mem_heap());
    if (p->options.is_json) {
        struct rkmq_json_writer w;
        rkmq__json_begin(&w, &line);
        rkmq__json_object(&w);
        rkmq__json_add_text(&w, "msgId", rkmq__slice_of(r->msg_id));
        rkmq__json_add_text(&w, "offsetMsgId", rkmq__slice_of(r->offset_msg_id));
        rkmq__json_add_text(&w, "brokerName", rkmq__slice_of(r->broker_name));
        rkmq__json_add_i64(&w, "queueId", r->queue_id);
        rkmq__json_add_i64(&w, "queueOffset", r->queue_offset);
        rkmq__json_add_i64(&w, "sendStatus", r->send_status);
        rkmq__json_add_i64(&w, "messages", (int64_t)n);
        rkmq__json_object_end(&w);
    } else {
        rkmq__bytes_printf(&line, "%s,%ld,%lld", r->msg_id, (long)r->queue_id,
                           (long long)r->queue_offset);
    }
    rkmq__bytes_add_text(&line, "\n");
    (void)fwrite(line.p, 1, line.n, stdout); /* a broken stdout is seen at the end */
    rkmq__bytes_close(&line);
}

static void progress_show(struct produce *p, const struct rkmq_env *env)
{
    rkmq_ms now = rkmq__now(env);
    if (isatty(STDERR_FILENO) && now >= p->progress_at) {
        (void)fprintf(stderr, "\r%lld sent", (long long)p->n_sent);
        p->progress_at = now + PROGRESS_EVERY_MS;
    }
}

static int send_batch(struct produce *p, size_t n)
{
    struct rkmq_send_result result;
    struct rkmq_err err = {0};
    for (size_t i = 0; i < n; i++) {
        p->messages[i] = p->drafts[i].message;
    }
    if (rkmq_producer_send(p->producer, p->messages, n, &result, &err) != RKMQ_OK) {
        return cli_error("produce", "message %lld: %s", (long long)p->n_sent, err.text);
    }
    p->n_sent += (int64_t)n;
    if (!p->options.is_quiet) {
        result_print(p, &result, n);
    }
    return CLI_GO;
}

static int send_all(struct produce *p)
{
    const struct rkmq_env *env = p->rt->ops->host(p->rt, "client");
    size_t batch = (size_t)p->options.batch;
    int code = CLI_GO, status = RKMQ_OK;
    while (code == CLI_GO && status == RKMQ_OK) {
        size_t n = 0;
        while (n < batch && (status = draft_next(&p->source, &p->drafts[n])) == RKMQ_OK) {
            n++;
        }
        if (n > 0) {
            code = send_batch(p, n);
        }
        progress_show(p, env);
    }
    if (isatty(STDERR_FILENO) && p->progress_at > 0) {
        (void)fprintf(stderr, "\r%lld sent\n", (long long)p->n_sent);
    }
    if (code != CLI_GO) {
        return code;
    }
    if (status != RKMQ_E_MORE || (!p->source.body && ferror(stdin))) {
        return cli_error("produce", "the next message cannot be read");
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? CLI_EXIT_OK
                                                  : cli_error("produce", "cannot write to stdout");
}

static int produce(struct produce *p, enum rkmq_log_level log_level)
{
    struct rkmq_producer_options options = RKMQ_PRODUCER_OPTIONS_INIT;
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_err err = {0};
    int code = compress_read(p->options.compress, &options.compress_type);
    if (code != CLI_GO) {
        return code;
    }
    options.producer_group = p->options.group;
    options.namesrv_addr = p->options.namesrv;
    options.send_msg_timeout_ms = p->options.timeout_ms;
    options.compress_msg_body_over_how_much = (int)p->options.compress_over;
    live.log_level = log_level;
    live.log = cli_log;
    if (rkmq_live_create(&p->rt, &live, &err) != RKMQ_OK) {
        return cli_error("produce", "%s", err.text);
    }
    if (rkmq_producer_create(&p->producer, p->rt, &options, &err) != RKMQ_OK ||
        rkmq_producer_start(p->producer, &err) != RKMQ_OK) {
        return cli_error("produce", "%s", err.text);
    }
    return send_all(p);
}

static void drafts_open(struct produce *p)
{
    const struct produce_options *o = &p->options;
    for (size_t i = 0; i < PRODUCE_BATCH_MAX; i++) {
        struct draft *d = &p->drafts[i];
        rkmq__bytes_init(&d->body, rkmq_mem_heap());
        rkmq__bytes_init(&d->key, rkmq_mem_heap());
        d->message = (struct rkmq_message){.topic = o->topic,
                                           .tags = o->tag,
                                           .properties = p->properties,
                                           .n_properties = o->properties.n,
                                           .delay_level = (int)o->delay};
    }
}

static void produce_close(struct produce *p)
{
    rkmq_producer_destroy(p->producer);
    if (p->rt) {
        rkmq_live_destroy(p->rt);
    }
    for (size_t i = 0; i < PRODUCE_BATCH_MAX; i++) {
        rkmq__bytes_close(&p->drafts[i].body);
        rkmq__bytes_close(&p->drafts[i].key);
    }
    for (size_t i = 0; i < PRODUCE_PROPERTIES_MAX; i++) {
        rkmq__free(rkmq_mem_heap(), p->names[i]);
    }
    free(p->source.line); /* getline's */
}

static int produce_run(int argc, char **argv)
{
    struct cli_args args;
    struct produce *p = rkmq__zalloc(rkmq_mem_heap(), sizeof *p);
    if (!p) {
        return cli_error("produce", "out of memory");
    }
    p->options = (struct produce_options){.group = "RKMQ_PRODUCE",
                                          .compress = "zlib",
                                          .count = 1,
                                          .batch = 1,
                                          .compress_over = 4096,
                                          .timeout_ms = 3000};
    int code = cli_parse(&cli_produce_command, argc, argv, &p->options, &args);
    if (code == CLI_GO) {
        drafts_open(p);
        p->source.options = &p->options;
        p->source.body = strcmp(args.at[0], "-") == 0 ? NULL : args.at[0];
        code = properties_read(p);
        code = code == CLI_GO ? produce(p, args.log_level) : code;
        produce_close(p);
    }
    rkmq__free(rkmq_mem_heap(), p);
    return code;
}

const struct cli_command cli_produce_command = {
    .name = "produce",
    .summary = "Send messages and print their ids",
    .arguments = "BODY | -   (%d in BODY becomes the message's number; - sends the lines of stdin)",
    .example = "  rkmq produce -n 127.0.0.1:9876 -t orders --tag TagA --count 3 \"order %d\"\n"
               "  7F000001A1B2C3D4E5F6000000000000,0,0\n",
    .options = option_table,
    .n_options = RKMQ_COUNT_OF(option_table),
    .n_arguments_min = 1,
    .n_arguments_max = 1,
    .run = produce_run,
};
