/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq serve: a mock cluster on TCP until SIGTERM. */
#include <rkmq/live.h>
#include <rkmq/mock.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/events.h"
#include "cli/pcap.h"
#include "remoting/codec/json.h"

struct serve_options {
    const char *bind, *advertise, *events, *pcap;
    int64_t namesrv_port, broker_port, brokers;
    struct cli_list topics;
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
    {"events", 0, CLI_TEXT, "FILE", OPTION(events), 0, 0, false,
     "write every frame and connection as a JSON line"},
    {"pcap", 0, CLI_TEXT, "FILE", OPTION(pcap), 0, 0, false,
     "write the traffic as a packet capture for Wireshark"},
};

/* ---- topics ---- */

#define TOPIC_BYTES_MAX 127
#define TOPIC_QUEUES_DEFAULT 8
#define TOPIC_QUEUES_MAX 65535

/* NAME[:QUEUES] into its parts. */
static int topic_read(const char *text, char name[TOPIC_BYTES_MAX + 1], unsigned *queues)
{
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    *queues = TOPIC_QUEUES_DEFAULT;
    if (n == 0 || n > TOPIC_BYTES_MAX) {
        return RKMQ_E_INVALID;
    }
    memcpy(name, text, n);
    name[n] = '\0';
    if (colon) {
        int64_t v = 0;
        if (rkmq__slice_to_i64(rkmq__slice_of(colon + 1), &v) != RKMQ_OK || v < 1 ||
            v > TOPIC_QUEUES_MAX) {
            return RKMQ_E_INVALID;
        }
        *queues = (unsigned)v;
    }
    return RKMQ_OK;
}

static int topics_check(const struct cli_list *topics)
{
    for (size_t i = 0; i < topics->n; i++) {
        char name[TOPIC_BYTES_MAX + 1];
        unsigned queues;
        if (topic_read(topics->at[i], name, &queues) != RKMQ_OK) {
            return cli_usage_error("serve", "--topic: '%s' is no NAME[:QUEUES]", topics->at[i]);
        }
    }
    return CLI_GO;
}

static int topics_create(struct rkmq_mock *mock, const struct cli_list *topics)
{
    for (size_t i = 0; i < topics->n; i++) {
        char name[TOPIC_BYTES_MAX + 1];
        unsigned queues;
        int status = topic_read(topics->at[i], name, &queues);
        if (status == RKMQ_OK) {
            status = rkmq_mock_topic(mock, name, queues);
        }
        if (status != RKMQ_OK) {
            return cli_error("serve", "topic '%s': %s", topics->at[i], rkmq_status_text(status));
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
        rkmq__json_add_text(&w, rkmq_mock_broker_name(mock, i),
                            rkmq__slice_of(rkmq_mock_broker_addr(mock, i)));
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
        code = topics_check(&o.topics);
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
