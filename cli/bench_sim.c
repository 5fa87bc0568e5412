/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq bench sim: how many hours of a consumer's life a second of CPU simulates. */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/producer.h>
#include <rkmq/sim.h>
#include <stdio.h>

#include "cli/bench.h"
#include "cli/progress.h"

#define N_MEMBERS 2
#define N_QUEUES 4
#define TOPIC "BenchSim"
#define WARM_UP_MS 60000 /* both are started and share the queues */
#define SLICE_MS 60000   /* between two looks at the progress */
#define BODY "0123456789abcdef0123456789abcdef"

struct sim_options {
    int64_t rounds;
    bool is_json;
};

#define OPTION(x) offsetof(struct sim_options, x)
static const struct cli_option options[] = {
    {"rounds", 'r', CLI_INT, "N", OPTION(rounds), 1, 99, false,
     "rounds of each case, whose middle counts (default 5)"},
    {"json", 0, CLI_FLAG, NULL, OPTION(is_json), 0, 0, false, "one JSON line a case"},
};

static const struct sim_case {
    const char *name, *what;
    rkmq_ms send_every_ms; /* 0: no messages */
    rkmq_ms length_ms;     /* of virtual time */
} cases[] = {
    {"idle", "idle group", 0, 20 * 3600 * 1000},
    {"steady", "10 messages a second", 100, 3600 * 1000},
};

struct bench {
    enum rkmq_log_level log_level;
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_push_consumer *members[N_MEMBERS];
    struct rkmq_producer *producer; /* NULL: of an idle group */
    uint64_t n_sent, n_consumed;
    struct rkmq_err err;
};

struct figures {
    double hours_per_cpu_s; /* of consumers: two live through an hour in an hour */
    uint64_t n_requests, n_messages;
};

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    struct bench *b = user;
    (void)msgs, (void)context;
    b->n_consumed += n;
    return RKMQ_CONSUME_SUCCESS;
}

/* ---- one world ---- */

static int world_create(struct bench *b)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    so.log_level = b->log_level;
    so.log = cli_log;
    int status = rkmq_sim_create(&b->sim, &so);
    if (status == RKMQ_OK) {
        status = rkmq_mock_create(&b->mock, rkmq_sim_runtime(b->sim), NULL, &b->err);
    }
    return status == RKMQ_OK ? rkmq_mock_topic(b->mock, TOPIC, N_QUEUES) : status;
}

static int member_start(struct bench *b, size_t i)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    char host[16];
    (void)snprintf(host, sizeof host, "c%zu", i); /* fits */
    o.consumer_group = "bench_sim";
    o.namesrv_addr = rkmq_mock_namesrv_addr(b->mock);
    o.host = host;
    o.message_listener = listener;
    o.message_listener_user = b;
    struct rkmq_runtime *rt = rkmq_sim_runtime(b->sim);
    int status = rkmq_push_consumer_create(&b->members[i], rt, &o, &b->err);
    if (status == RKMQ_OK) {
        status = rkmq_push_consumer_subscribe(b->members[i], TOPIC, "*", &b->err);
    }
    return status == RKMQ_OK ? rkmq_push_consumer_start(b->members[i], &b->err) : status;
}

static int producer_start(struct bench *b)
{
    struct rkmq_producer_options o = RKMQ_PRODUCER_OPTIONS_INIT;
    o.producer_group = "bench_sim_producer";
    o.namesrv_addr = rkmq_mock_namesrv_addr(b->mock);
    int status = rkmq_producer_create(&b->producer, rkmq_sim_runtime(b->sim), &o, &b->err);
    return status == RKMQ_OK ? rkmq_producer_start(b->producer, &b->err) : status;
}

static void world_destroy(struct bench *b)
{
    rkmq_producer_destroy(b->producer);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        rkmq_push_consumer_destroy(b->members[i]);
    }
    rkmq_mock_destroy(b->mock);
    if (b->sim) {
        rkmq_sim_destroy(b->sim);
    }
    *b = (struct bench){.log_level = b->log_level};
}

/* ---- time passes ---- */

/* `ms` of virtual time; a send takes its own part of them. */
static int live_for(struct bench *b, rkmq_ms ms, rkmq_ms send_every_ms)
{
    const struct rkmq_message message = {.topic = TOPIC,
                                         .body = {(const uint8_t *)BODY, sizeof BODY - 1}};
    rkmq_us end = rkmq_sim_now(b->sim) + ms * 1000;
    rkmq_us next = rkmq_sim_now(b->sim);
    while (send_every_ms > 0 && next < end) {
        struct rkmq_send_result sent;
        int status = rkmq_producer_send(b->producer, &message, 1, &sent, &b->err);
        if (status != RKMQ_OK) {
            return status;
        }
        b->n_sent++;
        next += send_every_ms * 1000;
        rkmq_sim_run_for(b->sim, (next - rkmq_sim_now(b->sim)) / 1000);
    }
    rkmq_sim_run_for(b->sim, (end - rkmq_sim_now(b->sim)) / 1000);
    return RKMQ_OK;
}

static int life(struct bench *b, const struct sim_case *c, struct cli_progress *progress,
                struct figures *out)
{
    uint64_t requests = rkmq_mock_seen(b->mock, -1);
    double cpu_s = bench_cpu_s(0);
    for (rkmq_ms at = 0; at < c->length_ms; at += SLICE_MS) {
        int status = live_for(b, SLICE_MS, c->send_every_ms);
        if (status != RKMQ_OK) {
            return status;
        }
        cli_progress_show(progress, c->what, 1 - (double)at / (double)c->length_ms, "");
    }
    cpu_s = bench_cpu_s(0) - cpu_s;
    out->hours_per_cpu_s = N_MEMBERS * (double)c->length_ms / 3600e3 / cpu_s;
    out->n_requests = rkmq_mock_seen(b->mock, -1) - requests;
    out->n_messages = b->n_consumed;
    return RKMQ_OK;
}

/* A group that did nothing would be fast: what must have happened did. */
static int figures_check(const struct bench *b, const struct sim_case *c,
                         const struct figures *figures)
{
    uint64_t least = (uint64_t)(c->length_ms / 30000) * N_MEMBERS; /* heartbeats alone */
    if (figures->n_requests < least) {
        return cli_error("bench sim", "%s: only %llu requests", c->name,
                         (unsigned long long)figures->n_requests);
    }
    if (b->n_consumed < b->n_sent || (c->send_every_ms > 0 && b->n_sent == 0)) {
        return cli_error("bench sim", "%s: %llu messages of %llu were consumed", c->name,
                         (unsigned long long)b->n_consumed, (unsigned long long)b->n_sent);
    }
    return CLI_GO;
}

static int round_run(struct bench *b, const struct sim_case *c, struct cli_progress *progress,
                     struct figures *out)
{
    int status = world_create(b);
    for (size_t i = 0; status == RKMQ_OK && i < N_MEMBERS; i++) {
        status = member_start(b, i);
    }
    if (status == RKMQ_OK && c->send_every_ms > 0) {
        status = producer_start(b);
    }
    if (status == RKMQ_OK) {
        rkmq_sim_run_for(b->sim, WARM_UP_MS);
        status = life(b, c, progress, out);
    }
    int code = status == RKMQ_OK
                   ? figures_check(b, c, out)
                   : cli_error("bench sim", "%s: %s", c->name,
                               b->err.text[0] ? b->err.text : rkmq_status_text(status));
    world_destroy(b);
    return code;
}

/* ---- the command ---- */

static void print_case(const struct sim_case *c, const struct figures *f, double lowest,
                       double highest, bool is_json)
{
    if (is_json) {
        printf("{\"bench\":\"sim\",\"case\":\"%s\",\"members\":%d,\"queues\":%d,"
               "\"virtualHours\":%.1f,\"requests\":%llu,\"messages\":%llu,"
               "\"consumerHoursPerCpuSecond\":%.2f,\"lowest\":%.2f,\"highest\":%.2f}\n",
               c->name, N_MEMBERS, N_QUEUES, (double)c->length_ms / 3600e3,
               (unsigned long long)f->n_requests, (unsigned long long)f->n_messages,
               f->hours_per_cpu_s, lowest, highest);
    } else {
        printf("%-22s %10.1f %10llu %10llu %12.1f %9.1f %9.1f\n", c->what,
               (double)c->length_ms / 3600e3, (unsigned long long)f->n_requests,
               (unsigned long long)f->n_messages, f->hours_per_cpu_s, lowest, highest);
    }
    (void)fflush(stdout);
}

static int case_run(struct bench *b, const struct sim_case *c, const struct sim_options *o)
{
    double hours[99];
    struct figures figures = {0};
    struct cli_progress progress;
    size_t n = (size_t)o->rounds;
    for (size_t i = 0; i < n; i++) {
        cli_progress_init(&progress, false);
        int code = round_run(b, c, &progress, &figures);
        cli_progress_clear(&progress);
        if (code != CLI_GO) {
            return code;
        }
        hours[i] = figures.hours_per_cpu_s;
    }
    figures.hours_per_cpu_s = bench_median(hours, n);
    print_case(c, &figures, hours[0], hours[n - 1], o->is_json);
    return CLI_GO;
}

static int sim_run(int argc, char **argv)
{
    struct sim_options o = {.rounds = 5};
    struct cli_args args;
    struct bench b = {0};
    int code = cli_parse(&cli_bench_sim_command, argc, argv, &o, &args);
    if (code != CLI_GO) {
        return code;
    }
    b.log_level = bench_log_level(&args);
    if (!o.is_json) {
        printf("%-22s %10s %10s %10s %12s %9s %9s\n%-22s %10s %10s %10s %12s\n", "", "virtual",
               "requests", "messages", "consumer-", "lowest", "highest", "2 members, 4 queues",
               "hours", "", "", "hours/CPU s");
    }
    for (size_t i = 0; code == CLI_GO && i < sizeof cases / sizeof cases[0]; i++) {
        code = case_run(&b, &cases[i], &o);
    }
    return code == CLI_GO ? CLI_EXIT_OK : code;
}

const struct cli_command cli_bench_sim_command = {
    .name = "bench sim",
    .summary = "Measure how many hours of consumers a second of CPU simulates",
    .arguments = "",
    .example = "  rkmq bench sim --json\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = sim_run,
};
