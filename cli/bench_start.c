/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq bench start: how long until a mock, a consumer, and the program are ready. */
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <rkmq/mock.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cli/bench.h"

#define ROUNDS_MAX 999
#define MESSAGE_TIMEOUT_MS 30000
#define TOPIC "BenchStart"

struct start_options {
    int64_t rounds;
    bool is_json;
};

#define OPTION(x) offsetof(struct start_options, x)
static const struct cli_option options[] = {
    {"rounds", 'r', CLI_INT, "N", OPTION(rounds), 1, ROUNDS_MAX, false,
     "rounds of each case (default 21)"},
    {"json", 0, CLI_FLAG, NULL, OPTION(is_json), 0, 0, false, "one JSON line a case"},
};

struct bench {
    enum rkmq_log_level log_level;
    struct bench_serve serve; /* with one message, for the consumer's case */
    unsigned n_groups;
};

static int runtime_create(const struct bench *b, struct rkmq_runtime **rt)
{
    struct rkmq_err err = {0};
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    live.log_level = b->log_level;
    live.log = cli_log;
    return rkmq_live_create(rt, &live, &err) == RKMQ_OK ? CLI_GO
                                                        : cli_error("bench start", "%s", err.text);
}

/* ---- the cases; each writes the seconds one round took ---- */

/* A runtime and a mock in this process: until routes can be asked for. */
static int mock_round(struct bench *b, double *seconds)
{
    struct rkmq_err err = {0};
    struct rkmq_runtime *rt;
    struct rkmq_mock *mock;
    double begin_s = bench_now_s();
    int code = runtime_create(b, &rt);
    if (code != CLI_GO) {
        return code;
    }
    if (rkmq_mock_create(&mock, rt, NULL, &err) != RKMQ_OK) {
        code = cli_error("bench start", "%s", err.text);
    }
    *seconds = bench_now_s() - begin_s;
    rkmq_mock_destroy(mock);
    rkmq_live_destroy(rt);
    return code;
}

struct first {
    struct cli_stop stop;
    atomic_bool is_seen;
    double at_s;
};

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    struct first *first = user;
    (void)msgs;
    (void)n;
    (void)context;
    if (!atomic_exchange(&first->is_seen, true)) {
        first->at_s = bench_now_s();
        cli_stop_request(&first->stop);
    }
    return RKMQ_CONSUME_SUCCESS;
}

static int first_message(struct rkmq_push_consumer *c, struct first *first, double *seconds)
{
    struct rkmq_err err = {0};
    if (rkmq_push_consumer_subscribe(c, TOPIC, "*", &err) != RKMQ_OK) {
        return cli_error("bench start", "%s", err.text);
    }
    double begin_s = bench_now_s();
    if (rkmq_push_consumer_start(c, &err) != RKMQ_OK) {
        return cli_error("bench start", "%s", err.text);
    }
    switch (cli_stop_wait(&first->stop, MESSAGE_TIMEOUT_MS)) {
    case CLI_STOP_REQUEST:
        *seconds = first->at_s - begin_s;
        return CLI_GO;
    case CLI_STOP_SIGNAL:
        return CLI_EXIT_FAILED;
    default:
        return cli_error("bench start", "no message after %d s", MESSAGE_TIMEOUT_MS / 1000);
    }
}

/* A consumer of a new group, against a mock in another process: from start to its first message. */
static int consumer_round(struct bench *b, double *seconds)
{
    struct rkmq_err err = {0};
    struct rkmq_runtime *rt;
    struct rkmq_push_consumer *c = NULL;
    struct first first = {.at_s = 0};
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    char group[32];
    (void)snprintf(group, sizeof group, "bench_start_%u", b->n_groups++); /* fits */
    o.consumer_group = group;
    o.namesrv_addr = b->serve.namesrv;
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.message_listener = listener;
    o.message_listener_user = &first;
    if (cli_stop_init(&first.stop) != RKMQ_OK) {
        return cli_error("bench start", "cannot take signals");
    }
    int code = runtime_create(b, &rt);
    if (code == CLI_GO) {
        code = rkmq_push_consumer_create(&c, rt, &o, &err) == RKMQ_OK
                   ? first_message(c, &first, seconds)
                   : cli_error("bench start", "%s", err.text);
        rkmq_push_consumer_destroy(c);
        rkmq_live_destroy(rt);
    }
    cli_stop_close(&first.stop);
    return code;
}

/* The program, from before its execution to its ready line. */
static int serve_round(struct bench *b, double *seconds)
{
    struct bench_serve serve;
    (void)b;
    int code = bench_serve_start(&serve, NULL);
    *seconds = serve.ready_s;
    bench_serve_stop(&serve);
    return code;
}

static const struct start_case {
    const char *name, *what;
    int (*round)(struct bench *b, double *seconds);
} cases[] = {
    {"mock", "mock create to ready", mock_round},
    {"consumer", "consumer start to first message", consumer_round},
    {"serve", "rkmq serve, exec to ready line", serve_round},
};

/* ---- running them ---- */

static int case_run(struct bench *b, const struct start_case *c, const struct start_options *o)
{
    double ms[ROUNDS_MAX];
    size_t n = (size_t)o->rounds;
    for (size_t i = 0; i < n; i++) {
        double seconds = 0;
        bench_progress("%s: round %zu of %zu", c->name, i + 1, n);
        int code = c->round(b, &seconds);
        if (code != CLI_GO) {
            return code;
        }
        ms[i] = seconds * 1e3;
    }
    bench_progress("%s", "");
    double median = bench_median(ms, n);
    if (o->is_json) {
        printf("{\"bench\":\"start\",\"case\":\"%s\",\"rounds\":%zu,\"medianMs\":%.3f,"
               "\"minMs\":%.3f,\"maxMs\":%.3f}\n",
               c->name, n, median, ms[0], ms[n - 1]);
    } else {
        printf("%-34s %9.3f %9.3f %9.3f\n", c->what, median, ms[0], ms[n - 1]);
    }
    (void)fflush(stdout);
    return CLI_GO;
}

static int start_run(int argc, char **argv)
{
    struct start_options o = {.rounds = 21};
    struct cli_args args;
    struct bench b = {0};
    int code = cli_parse(&cli_bench_start_command, argc, argv, &o, &args);
    if (code != CLI_GO) {
        return code;
    }
    b.log_level = bench_log_level(&args);
    code = bench_serve_start(&b.serve, TOPIC ":1:16");
    if (code == CLI_GO && !o.is_json) {
        printf("%-34s %9s %9s %9s\n", "milliseconds", "median", "min", "max");
    }
    for (size_t i = 0; code == CLI_GO && i < sizeof cases / sizeof cases[0]; i++) {
        code = case_run(&b, &cases[i], &o);
    }
    bench_serve_stop(&b.serve);
    return code == CLI_GO ? CLI_EXIT_OK : code;
}

const struct cli_command cli_bench_start_command = {
    .name = "bench start",
    .summary = "Measure how long a mock, a consumer and the program take until they are ready",
    .arguments = "",
    .example = "  rkmq bench start --json\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = start_run,
};
