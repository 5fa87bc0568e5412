/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq serve: a mock cluster on TCP until SIGTERM. */
#include <rkmq/live.h>
#include <rkmq/message.h>
#include <rkmq/mock.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/events.h"
#include "cli/pcap.h"
#include "remoting/codec/json.h"

struct serve_options {
    const char *bind, *advertise, *events, *pcap;
    int64_t namesrv_port, broker_port, brokers;
    struct cli_list topics, preloads;
};

#define OPTION(x) offsetof(struct serve_options, x)
static const struct cli_option options[] = {
    {"bind", 0, CLI_TEXT, "ADDR", OPTION(bind), 0, 0, false,
     "numeric address to listen on (default 127.0.0.1)"},
    {"advertise", 0, CLI_TEXT, "HOST", OPTION(advertise), 0, 0, false,
     "host that routes name (default: the one bound)"},
    {"namesrv-port", 0, CLI_INT, "PORT", OPTION(namesrv_port), 0, 65535, false,
     "of the name server; 0 any free one (default 9876)"},
    {"broker-port", 0, CLI_INT, "PORT", OPTION(broker_port), 0, 65535, false,
     "of the first broker, the next ones 10 apart; 0 any (default 10911)"},
    {"brokers", 0, CLI_INT, "N", OPTION(brokers), 1, RKMQ_MOCK_SERVERS_MAX, false,
     "number of brokers: broker-a, broker-b, ... (default 1)"},
    {"topic", 't', CLI_LIST, "NAME[:QUEUES]", OPTION(topics), 0, 0, false,
     "create this topic on every broker (default 8 queues); repeatable"},
    {"preload", 0, CLI_LIST, "NAME:COUNT:BYTES", OPTION(preloads), 0, 0, false,
     "put COUNT messages with bodies of BYTES into this topic first; repeatable"},
    {"events", 0, CLI_TEXT, "FILE", OPTION(events), 0, 0, false,
     "write every frame and connection as a JSON line"},
    {"pcap", 0, CLI_TEXT, "FILE", OPTION(pcap), 0, 0, false,
     "write the traffic as a packet capture for Wireshark"},
};

/* ---- topics ---- */

#define TOPIC_BYTES_MAX 127
#define TOPIC_QUEUES_DEFAULT 8
#define TOPIC_QUEUES_MAX 65535
#define PRELOAD_COUNT_MAX 100000000

/* NAME[:A[:B]] into its parts; `numbers` keeps what is not there. */
static int topic_read(const char *text, char name[TOPIC_BYTES_MAX + 1], int64_t numbers[2],
                      size_t *n_numbers)
{
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    *n_numbers = 0;
    if (n == 0 || n > TOPIC_BYTES_MAX) {
        return RKMQ_E_INVALID;
    }
    memcpy(name, text, n);
    name[n] = '\0';
    while (colon) {
        const char *number = colon + 1;
        colon = strchr(number, ':');
        n = colon ? (size_t)(colon - number) : strlen(number);
        if (*n_numbers == 2 ||
            rkmq__slice_to_i64(rkmq__slice(number, n), &numbers[*n_numbers]) != RKMQ_OK ||
            numbers[*n_numbers] < 1) {
            return RKMQ_E_INVALID;
        }
        ++*n_numbers;
    }
    return RKMQ_OK;
}

/* --topic NAME[:QUEUES] */
static int queues_read(const char *text, char name[TOPIC_BYTES_MAX + 1], unsigned *queues)
{
    int64_t numbers[2] = {TOPIC_QUEUES_DEFAULT};
    size_t n;
    if (topic_read(text, name, numbers, &n) != RKMQ_OK || n > 1 || numbers[0] > TOPIC_QUEUES_MAX) {
        return RKMQ_E_INVALID;
    }
    *queues = (unsigned)numbers[0];
    return RKMQ_OK;
}

/* --preload NAME:COUNT:BYTES */
static int preload_read(const char *text, char name[TOPIC_BYTES_MAX + 1], unsigned *count,
                        size_t *bytes)
{
    int64_t numbers[2] = {0};
    size_t n;
    if (topic_read(text, name, numbers, &n) != RKMQ_OK || n != 2 ||
        numbers[0] > PRELOAD_COUNT_MAX || numbers[1] > RKMQ_MESSAGE_BODY_BYTES_MAX) {
        return RKMQ_E_INVALID;
    }
    *count = (unsigned)numbers[0];
    *bytes = (size_t)numbers[1];
    return RKMQ_OK;
}

static int topics_check(const struct serve_options *o)
{
    char name[TOPIC_BYTES_MAX + 1];
    unsigned n;
    size_t bytes;
    for (size_t i = 0; i < o->topics.n; i++) {
        if (queues_read(o->topics.at[i], name, &n) != RKMQ_OK) {
            return cli_usage_error("serve", "--topic: '%s' is no NAME[:QUEUES]", o->topics.at[i]);
        }
    }
    for (size_t i = 0; i < o->preloads.n; i++) {
        if (preload_read(o->preloads.at[i], name, &n, &bytes) != RKMQ_OK) {
            return cli_usage_error("serve", "--preload: '%s' is no NAME:COUNT:BYTES",
                                   o->preloads.at[i]);
        }
    }
    return CLI_GO;
}

static int topics_create(struct rkmq_mock *mock, const struct cli_list *topics)
{
    for (size_t i = 0; i < topics->n; i++) {
        char name[TOPIC_BYTES_MAX + 1];
        unsigned queues;
        int status = queues_read(topics->at[i], name, &queues);
        if (status == RKMQ_OK) {
            status = rkmq_mock_topic(mock, name, queues);
        }
        if (status != RKMQ_OK) {
            return cli_error("serve", "topic '%s': %s", topics->at[i], rkmq_status_text(status));
        }
    }
    return CLI_GO;
}

/* A topic that --topic does not name is made with the queues it would give. */
static int preload(struct rkmq_mock *mock, const char *text)
{
    char name[TOPIC_BYTES_MAX + 1];
    unsigned count;
    size_t bytes;
    int status = preload_read(text, name, &count, &bytes);
    if (status == RKMQ_OK && rkmq_mock_max_offset(mock, name) < 0) {
        status = rkmq_mock_topic(mock, name, TOPIC_QUEUES_DEFAULT);
    }
    char *body = status == RKMQ_OK ? rkmq__alloc(rkmq_mem_heap(), bytes + 1) : NULL;
    if (status == RKMQ_OK && !body) {
        status = RKMQ_E_NOMEM;
    }
    if (body) {
        memset(body, 'x', bytes);
        body[bytes] = '\0';
        status = rkmq_mock_publish(mock, name, NULL, body, count);
    }
    rkmq__free(rkmq_mem_heap(), body);
    return status;
}

static int topics_preload(struct rkmq_mock *mock, const struct cli_list *preloads)
{
    for (size_t i = 0; i < preloads->n; i++) {
        int status = preload(mock, preloads->at[i]);
        if (status != RKMQ_OK) {
            return cli_error("serve", "preload '%s': %s", preloads->at[i],
                             rkmq_status_text(status));
        }
    }
    return CLI_GO;
}

/* ---- the running cluster ---- */

struct serve {
    struct cli_stop stop;
    struct cli_events events;
    struct cli_pcap pcap;
    struct rkmq_runtime *rt;
    struct rkmq_mock *mock;
};

static int print_ready(const struct rkmq_mock *mock)
{
    struct rkmq_bytes line;
    struct rkmq_json_writer w;
    rkmq__bytes_init(&line, rkmq_mem_heap());
    rkmq__json_begin(&w, &line);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "event", RKMQ_SLICE("ready"));
    rkmq__json_add_text(&w, "namesrv", rkmq__slice_of(rkmq_mock_namesrv_addr(mock)));
    rkmq__json_key(&w, "brokers");
    rkmq__json_object(&w);
    for (unsigned i = 0; i < rkmq_mock_broker_count(mock); i++) {
        rkmq__json_key_slice(&w, rkmq__slice_of(rkmq_mock_broker_name(mock, i)));
        rkmq__json_put_text(&w, rkmq__slice_of(rkmq_mock_broker_addr(mock, i)));
    }
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
    rkmq__bytes_add_text(&line, "\n");
    bool is_said =
        !line.is_failed && fwrite(line.p, 1, line.n, stdout) == line.n && fflush(stdout) == 0;
    rkmq__bytes_close(&line);
    return is_said ? CLI_GO : cli_error("serve", "cannot write the ready line");
}

static int start(struct serve *s, const struct serve_options *o, enum rkmq_log_level log_level)
{
    struct rkmq_err err = {0};
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_mock_options mock = RKMQ_MOCK_OPTIONS_INIT;
    if (cli_stop_init(&s->stop) != RKMQ_OK) {
        return cli_error("serve", "cannot take signals");
    }
    if ((o->events && cli_events_open(&s->events, o->events) != RKMQ_OK) ||
        (o->pcap && cli_pcap_open(&s->pcap, o->pcap) != RKMQ_OK)) {
        return CLI_EXIT_FAILED;
    }
    live.log_level = log_level;
    live.log = cli_log;
    live.tap = o->pcap ? cli_pcap_tap : NULL;
    live.tap_user = &s->pcap;
    if (rkmq_live_create(&s->rt, &live, &err) != RKMQ_OK) {
        return cli_error("serve", "%s", err.text);
    }
    mock.brokers = (unsigned)o->brokers;
    mock.bind_host = o->bind;
    mock.advertise_host = o->advertise;
    mock.namesrv_port = (uint16_t)o->namesrv_port;
    mock.broker_port = (uint16_t)o->broker_port;
    mock.on_event = o->events ? cli_events_write : NULL;
    mock.on_event_user = &s->events;
    if (rkmq_mock_create(&s->mock, s->rt, &mock, &err) != RKMQ_OK) {
        return cli_error("serve", "%s", err.text);
    }
    int code = topics_create(s->mock, &o->topics);
    if (code == CLI_GO) {
        code = topics_preload(s->mock, &o->preloads);
    }
    return code == CLI_GO ? print_ready(s->mock) : code;
}

/* Undoes whatever `start` did. A capture that could not be written whole is a failure. */
static int stop(struct serve *s)
{
    rkmq_mock_destroy(s->mock);
    if (s->rt) {
        rkmq_live_destroy(s->rt);
    }
    int events = cli_events_close(&s->events);
    int pcap = cli_pcap_close(&s->pcap);
    cli_stop_close(&s->stop);
    return events == RKMQ_OK && pcap == RKMQ_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int serve_run(int argc, char **argv)
{
    struct serve_options o = {
        .bind = "127.0.0.1", .namesrv_port = 9876, .broker_port = 10911, .brokers = 1};
    struct cli_args args;
    struct serve s = {.stop = {.signal_fd = -1, .request_fd = -1}};
    int code = cli_parse(&cli_serve_command, argc, argv, &o, &args);
    if (code == CLI_GO) {
        code = topics_check(&o);
    }
    if (code != CLI_GO) {
        return code;
    }
    code = start(&s, &o, args.log_level);
    if (code == CLI_GO) {
        (void)cli_stop_wait(&s.stop, RKMQ_NEVER); /* only a signal ends it */
    }
    int stopped = stop(&s);
    return code == CLI_GO ? stopped : code;
}

const struct cli_command cli_serve_command = {
    .name = "serve",
    .summary = "Run a mock cluster: a name server and brokers in memory, until SIGTERM",
    .arguments = "",
    .example = "  rkmq serve --topic TopicTest:4 --brokers 2\n"
               "  {\"event\":\"ready\",\"namesrv\":\"127.0.0.1:9876\",\"brokers\":{...}}\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = serve_run,
};
