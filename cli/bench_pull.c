/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq bench pull: a push consumer here, a mock in another process, loopback TCP between them. */
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cli/bench.h"

#define ROUNDS_MAX 99
#define ROUND_TIMEOUT_MS 120000
#define TOPIC "BenchPull"

struct pull_options {
    int64_t count, rounds, body;
    bool is_json;
};

#define OPTION(x) offsetof(struct pull_options, x)
static const struct cli_option options[] = {
    {"count", 'c', CLI_INT, "N", OPTION(count), 1000, 20000000, false,
     "messages of a round (default 400000)"},
    {"rounds", 'r', CLI_INT, "N", OPTION(rounds), 1, ROUNDS_MAX, false,
     "rounds of each case, whose middle counts (default 5)"},
    {"body", 'b', CLI_SIZE, "BYTES", OPTION(body), 1, 1 << 20, false,
     "only bodies of this size (default 128 and 1024)"},
    {"json", 0, CLI_FLAG, NULL, OPTION(is_json), 0, 0, false, "one JSON line a case"},
};

/* pullBatchSize / consumeMessageBatchMaxSize */
static const struct pull_case {
    int pull, listener;
} cases[] = {{32, 1}, {32, 32}, {1024, 32}};

static const int64_t body_sizes[] = {128, 1024};

struct figures {
    double messages_per_s, consumer_cpu_s, mock_cpu_s; /* CPU: of a million messages */
    double consumer_rss_mib, mock_rss_mib;
};

/* ---- one round: a new group consumes the whole topic ---- */

struct round {
    const struct bench_serve *serve;
    struct rkmq_runtime *rt;
    struct cli_stop *stop;
    uint64_t count, bytes; /* of all messages and their bodies */
    atomic_uint_fast64_t n_seen, n_bytes;
    double first_s, last_s;
    double consumer_cpu_s, mock_cpu_s, consumer_rss_mib; /* when the last message was seen */
};

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    struct round *round = user;
    size_t bytes = 0;
    (void)context;
    for (size_t i = 0; i < n; i++) {
        bytes += rkmq_msg_body(msgs[i]).n;
    }
    atomic_fetch_add_explicit(&round->n_bytes, bytes, memory_order_relaxed);
    uint64_t before = atomic_fetch_add(&round->n_seen, n);
    if (before == 0) {
        round->first_s = bench_now_s();
    }
    if (before < round->count && before + n >= round->count) {
        round->last_s = bench_now_s();
        round->consumer_cpu_s = bench_cpu_s(0);
        round->mock_cpu_s = bench_cpu_s(round->serve->pid);
        round->consumer_rss_mib = bench_rss_mib(0);
        cli_stop_request(round->stop);
    }
    return RKMQ_CONSUME_SUCCESS;
}

static int round_consume(struct round *round, const struct rkmq_push_options *o)
{
    struct rkmq_err err = {0};
    struct rkmq_push_consumer *c = NULL;
    int code = CLI_EXIT_FAILED;
    if (rkmq_push_consumer_create(&c, round->rt, o, &err) != RKMQ_OK ||
        rkmq_push_consumer_subscribe(c, TOPIC, "*", &err) != RKMQ_OK ||
        rkmq_push_consumer_start(c, &err) != RKMQ_OK) {
        (void)cli_error("bench pull", "%s", err.text);
        goto end;
    }
    switch (cli_stop_wait(round->stop, ROUND_TIMEOUT_MS)) {
    case CLI_STOP_REQUEST:
        code = CLI_GO;
        break;
    case CLI_STOP_SIGNAL:
        break;
    case CLI_STOP_TIMEOUT:
        (void)cli_error("bench pull", "%llu of %llu messages after %d s",
                        (unsigned long long)atomic_load(&round->n_seen),
                        (unsigned long long)round->count, ROUND_TIMEOUT_MS / 1000);
        break;
    }
end:
    rkmq_push_consumer_destroy(c); /* listeners are through */
    if (code == CLI_GO && (atomic_load(&round->n_seen) != round->count ||
                           atomic_load(&round->n_bytes) != round->bytes)) {
        return cli_error("bench pull", "%llu messages of %llu bytes, not %llu of %llu",
                         (unsigned long long)atomic_load(&round->n_seen),
                         (unsigned long long)atomic_load(&round->n_bytes),
                         (unsigned long long)round->count, (unsigned long long)round->bytes);
    }
    return code;
}

/* The stop request is of this round only, so each has its own. */
static int round_run(const struct bench_serve *serve, struct rkmq_runtime *rt,
                     const struct pull_case *c, const struct pull_options *settings,
                     struct figures *out)
{
    static unsigned n_groups;
    struct cli_stop stop;
    char group[32];
    if (cli_stop_init(&stop) != RKMQ_OK) {
        return cli_error("bench pull", "cannot take signals");
    }
    struct round round = {.serve = serve,
                          .rt = rt,
                          .stop = &stop,
                          .count = (uint64_t)settings->count,
                          .bytes = (uint64_t)settings->count * (uint64_t)settings->body};
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    (void)snprintf(group, sizeof group, "bench_pull_%u", n_groups++); /* fits */
    o.consumer_group = group;
    o.namesrv_addr = serve->namesrv;
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.pull_batch_size = c->pull;
    o.consume_message_batch_max_size = c->listener;
    o.message_listener = listener;
    o.message_listener_user = &round;
    double consumer_cpu_s = bench_cpu_s(0), mock_cpu_s = bench_cpu_s(serve->pid);
    int code = round_consume(&round, &o);
    double millions = (double)round.count / 1e6;
    *out = (struct figures){
        .messages_per_s = (double)round.count / (round.last_s - round.first_s),
        .consumer_cpu_s = (round.consumer_cpu_s - consumer_cpu_s) / millions,
        .mock_cpu_s = (round.mock_cpu_s - mock_cpu_s) / millions,
        .consumer_rss_mib = round.consumer_rss_mib,
        .mock_rss_mib = bench_rss_mib(serve->pid),
    };
    cli_stop_close(&stop);
    return code;
}

/* ---- a case: its rounds, the middle of each figure ---- */

static int case_run(const struct bench_serve *serve, struct rkmq_runtime *rt,
                    const struct pull_case *c, const struct pull_options *o, struct figures *out)
{
    double v[5][ROUNDS_MAX];
    size_t n = (size_t)o->rounds;
    for (size_t i = 0; i < n; i++) {
        struct figures f = {0};
        bench_progress("%lld bytes, %d/%d: round %zu of %zu", (long long)o->body, c->pull,
                       c->listener, i + 1, n);
        int code = round_run(serve, rt, c, o, &f);
        if (code != CLI_GO) {
            return code;
        }
        v[0][i] = f.messages_per_s;
        v[1][i] = f.consumer_cpu_s;
        v[2][i] = f.mock_cpu_s;
        v[3][i] = f.consumer_rss_mib;
        v[4][i] = f.mock_rss_mib;
    }
    *out = (struct figures){
        .messages_per_s = bench_median(v[0], n),
        .consumer_cpu_s = bench_median(v[1], n),
        .mock_cpu_s = bench_median(v[2], n),
        .consumer_rss_mib = bench_median(v[3], n),
        .mock_rss_mib = bench_median(v[4], n),
    };
    return CLI_GO;
}

static void case_print(const struct pull_case *c, const struct pull_options *o,
                       const struct figures *f)
{
    if (o->is_json) {
        printf("{\"bench\":\"pull\",\"bodyBytes\":%lld,\"pullBatch\":%d,\"listenerBatch\":%d,"
               "\"messages\":%lld,\"rounds\":%lld,\"messagesPerSecond\":%.0f,"
               "\"consumerCpuSecondsPerMillion\":%.3f,\"mockCpuSecondsPerMillion\":%.3f,"
               "\"consumerRssMiB\":%.1f,\"mockRssMiB\":%.1f}\n",
               (long long)o->body, c->pull, c->listener, (long long)o->count, (long long)o->rounds,
               f->messages_per_s, f->consumer_cpu_s, f->mock_cpu_s, f->consumer_rss_mib,
               f->mock_rss_mib);
    } else {
        printf("%6lld %6d/%-3d %12.0f %14.3f %14.3f %12.1f %10.1f\n", (long long)o->body, c->pull,
               c->listener, f->messages_per_s, f->consumer_cpu_s, f->mock_cpu_s,
               f->consumer_rss_mib, f->mock_rss_mib);
    }
    (void)fflush(stdout);
}

/* One size of body: a mock that has the messages, and all cases. */
static int body_run(struct rkmq_runtime *rt, const struct pull_options *o)
{
    char argument[64];
    struct bench_serve serve;
    bench_progress("%lld bytes: putting %lld messages into the mock", (long long)o->body,
                   (long long)o->count);
    (void)snprintf(argument, sizeof argument, TOPIC ":%lld:%lld", /* fits */
                   (long long)o->count, (long long)o->body);
    int code = bench_serve_start(&serve, argument);
    for (size_t i = 0; code == CLI_GO && i < sizeof cases / sizeof cases[0]; i++) {
        struct figures f;
        code = case_run(&serve, rt, &cases[i], o, &f);
        bench_progress("%s", "");
        if (code == CLI_GO) {
            case_print(&cases[i], o, &f);
        }
    }
    bench_serve_stop(&serve);
    return code;
}

static int pull_run(int argc, char **argv)
{
    struct pull_options o = {.count = 400000, .rounds = 5};
    struct cli_args args;
    struct cli_stop stop;
    struct rkmq_err err = {0};
    struct rkmq_live_options live = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_runtime *rt;
    int code = cli_parse(&cli_bench_pull_command, argc, argv, &o, &args);
    if (code != CLI_GO) {
        return code;
    }
    /* The runtime's threads must not take the signals either. */
    if (cli_stop_init(&stop) != RKMQ_OK) {
        return cli_error("bench pull", "cannot take signals");
    }
    live.log_level = bench_log_level(&args);
    live.log = cli_log;
    if (rkmq_live_create(&rt, &live, &err) != RKMQ_OK) {
        cli_stop_close(&stop);
        return cli_error("bench pull", "%s", err.text);
    }
    if (!o.is_json) {
        printf("  body  pull/list       msgs/s  consumer CPU       mock CPU consumer RSS   mock "
               "RSS\n bytes                            s per million  s per million          MiB   "
               "     MiB\n");
    }
    if (o.body > 0) {
        code = body_run(rt, &o);
    } else {
        for (size_t i = 0; code == CLI_GO && i < sizeof body_sizes / sizeof body_sizes[0]; i++) {
            o.body = body_sizes[i];
            code = body_run(rt, &o);
        }
    }
    rkmq_live_destroy(rt);
    cli_stop_close(&stop);
    return code == CLI_GO ? CLI_EXIT_OK : code;
}

const struct cli_command cli_bench_pull_command = {
    .name = "bench pull",
    .summary = "Measure how fast a push consumer takes messages from a mock in another process",
    .arguments = "",
    .example = "  rkmq bench pull --body 1024 --count 1000000 --rounds 3\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = pull_run,
};
