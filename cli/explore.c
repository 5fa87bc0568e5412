/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq explore: draws scenarios from seeds, plays them, and makes those that fail small. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/explore_seed.h"
#include "cli/pool.h"
#include "cli/progress.h"
#include "cli/seeds.h"

#define SEEDS_DEFAULT "1..1000"
#define SEEDS_OF_TIME UINT64_C(1000000000) /* with --time and without --seeds: no end */
#define OUT_DEFAULT "explore-findings"
#define FINDINGS_DEFAULT 10

struct explore_options {
    const char *seeds, *shard, *out;
    int64_t jobs, findings, print; /* print -1: not given */
    rkmq_ms time;
};
#define OPTION(x) offsetof(struct explore_options, x)
static const struct cli_option option_table[] = {
    {"seeds", 0, CLI_TEXT, "A..B", OPTION(seeds), 0, 0, false,
     "a run for each of these (default: " SEEDS_DEFAULT "; with --time: from 1 on)"},
    {"shard", 0, CLI_TEXT, "I/N", OPTION(shard), 0, 0, false,
     "only the I-th of N equal parts of the seeds, I from 1"},
    {"time", 't', CLI_DURATION, "D", OPTION(time), 1, RKMQ_NEVER, false,
     "stop after so much real time, and say how far it got"},
    {"findings", 0, CLI_INT, "N", OPTION(findings), 1, 1000000, false,
     "stop after so many seeds that fail (default: 10)"},
    {"jobs", 'j', CLI_INT, "N", OPTION(jobs), 1, CLI_POOL_JOBS_MAX, false,
     "processes that share the seeds (default: one a core)"},
    {"out", 'o', CLI_TEXT, "DIR", OPTION(out), 0, 0, false,
     "folder for the small scenarios (default: " OUT_DEFAULT ", made when there is one)"},
    {"print", 0, CLI_INT, "SEED", OPTION(print), 0, INT64_MAX, false,
     "print the scenario of this seed, play none"},
};

struct campaign {
    struct explore_options options;
    struct cli_seeds seeds;
    uint64_t shard, n_shards; /* shard from 0 */
    enum rkmq_log_level log_level;
    struct cli_pool pool;
    struct cli_progress progress;
    int64_t begun_us;
    uint64_t n_played;
    unsigned n_found, n_unknown, n_harness;
};

static uint64_t seed_of(const struct campaign *c, uint64_t number)
{
    return c->seeds.first + number * c->n_shards + c->shard;
}

static double seconds_since(int64_t since_us)
{
    return (double)(cli_clock_us() - since_us) / CLI_SECOND_US;
}

/* ---- in a worker ---- */

static void work(void *user, uint64_t number, struct rkmq_bytes *out)
{
    struct campaign *c = user;
    struct cli_explored explored;
    cli_explore_seed(&explored, seed_of(c, number), c->log_level);
    cli_explored_write(&explored, out);
    cli_explored_close(&explored);
}

/* ---- what became of it ---- */

static int file_write(const char *folder, const char *path, struct rkmq_slice text)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        (void)cli_error(folder, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    FILE *file = fopen(path, "we");
    bool is_written = file && fwrite(text.p, 1, text.n, file) == text.n;
    is_written = file && fclose(file) == 0 && is_written;
    if (!is_written) {
        (void)cli_error(path, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    return RKMQ_OK;
}

/* "explore-findings/seed-17-own-1.jsonc" */
static void path_write(struct rkmq_bytes *out, const struct campaign *c,
                       const struct cli_explored *explored)
{
    rkmq__bytes_printf(out, "%s/seed-%llu-", c->options.out,
                       (unsigned long long)explored->facts.seed);
    for (const char *p = explored->facts.rule; *p; p++) {
        char lower = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
        rkmq__bytes_add(out, &lower, 1);
    }
    rkmq__bytes_add_text(out, ".jsonc");
    rkmq__bytes_add(out, "", 1);
}

static void keep_scenario(struct campaign *c, const struct cli_explored *explored)
{
    struct rkmq_bytes path, word;
    rkmq__bytes_init(&path, rkmq_mem_heap());
    rkmq__bytes_init(&word, rkmq_mem_heap());
    path_write(&path, c, explored);
    if (path.is_failed || file_write(c->options.out, (const char *)path.p,
                                     rkmq__bytes_slice(&explored->scenario)) != RKMQ_OK) {
        c->n_harness++;
    } else {
        cli_shell_word(&word, (const char *)path.p);
        printf("  smaller: %u of %u steps, after %u runs%s\n", explored->facts.n_steps_after,
               explored->facts.n_steps_before, explored->facts.n_asked,
               explored->facts.is_shrunk_whole ? "" : " (a limit was reached)");
        printf("  rerun: rkmq run %.*s\n", (int)word.n, (const char *)word.p);
    }
    rkmq__bytes_close(&path);
    rkmq__bytes_close(&word);
}

static void tell(struct campaign *c, const struct cli_explored *explored)
{
    static const char *const words[] = {[CLI_EXPLORED_FAILED] = "FAIL",
                                        [CLI_EXPLORED_UNKNOWN] = "unknown",
                                        [CLI_EXPLORED_HARNESS] = "harness"};
    printf("seed %llu: %s %s%s%.*s\n", (unsigned long long)explored->facts.seed,
           words[explored->facts.outcome], explored->facts.rule,
           explored->facts.rule[0] ? ": " : "", (int)explored->text.n,
           (const char *)explored->text.p);
    printf("  rerun: rkmq explore --seeds %llu\n", (unsigned long long)explored->facts.seed);
    if (explored->scenario.n > 0) {
        keep_scenario(c, explored);
    }
    (void)fflush(stdout);
}

static void count(struct campaign *c, const struct cli_explored *explored)
{
    c->n_played++;
    c->n_found += explored->facts.outcome == CLI_EXPLORED_FAILED;
    c->n_unknown += explored->facts.outcome == CLI_EXPLORED_UNKNOWN;
    c->n_harness += explored->facts.outcome == CLI_EXPLORED_HARNESS;
}

static void show_progress(struct campaign *c)
{
    char text[64], note[64];
    double left = (double)(c->pool.n_pieces - c->n_played) / (double)c->pool.n_pieces;
    if (c->options.time > 0) {
        double left_of_time = 1 - seconds_since(c->begun_us) * 1000 / (double)c->options.time;
        left = left_of_time < left ? left_of_time : left;
    }
    if (c->seeds.n == SEEDS_OF_TIME) {
        (void)snprintf(text, sizeof text, "%llu seeds", (unsigned long long)c->n_played);
    } else {
        (void)snprintf(text, sizeof text, "%llu/%llu seeds", (unsigned long long)c->n_played,
                       (unsigned long long)c->pool.n_pieces);
    }
    (void)snprintf(note, sizeof note, "%u failed", c->n_found + c->n_unknown + c->n_harness);
    cli_progress_show(&c->progress, text, left, note);
}

static bool is_enough(const struct campaign *c)
{
    bool is_late =
        c->options.time > 0 && seconds_since(c->begun_us) * 1000 >= (double)c->options.time;
    return is_late || c->n_found + c->n_unknown + c->n_harness >= (uint64_t)c->options.findings;
}

static bool done(void *user, const struct cli_pool_result *result)
{
    struct campaign *c = user;
    struct cli_explored explored;
    char death[CLI_POOL_DEATH_BYTES];
    if (cli_explored_read(&explored, result->out) != RKMQ_OK) {
        cli_pool_death(&c->pool, result, death);
        cli_explored_dead(&explored, seed_of(c, result->number), death);
    }
    count(c, &explored);
    if (explored.facts.outcome != CLI_EXPLORED_PASSED) {
        cli_progress_clear(&c->progress);
        tell(c, &explored);
    }
    cli_explored_close(&explored);
    show_progress(c);
    return !is_enough(c);
}

/* ---- the command ---- */

static int shard_read(struct campaign *c)
{
    int64_t shard, n;
    const char *slash = c->options.shard ? strchr(c->options.shard, '/') : NULL;
    c->n_shards = 1;
    if (!c->options.shard) {
        return RKMQ_OK;
    }
    if (!slash ||
        rkmq__slice_to_i64(rkmq__slice(c->options.shard, (size_t)(slash - c->options.shard)),
                           &shard) != RKMQ_OK ||
        rkmq__slice_to_i64(rkmq__slice_of(slash + 1), &n) != RKMQ_OK || shard < 1 || n < shard) {
        (void)cli_usage_error("explore", "--shard: '%s' is no I/N", c->options.shard);
        return RKMQ_E_INVALID;
    }
    c->shard = (uint64_t)shard - 1;
    c->n_shards = (uint64_t)n;
    return RKMQ_OK;
}

static int options_check(struct campaign *c)
{
    if (!c->options.seeds && c->options.time > 0) {
        c->seeds = (struct cli_seeds){.first = 1, .n = SEEDS_OF_TIME};
    } else if (cli_seeds_read("explore", c->options.seeds ? c->options.seeds : SEEDS_DEFAULT,
                              &c->seeds) != RKMQ_OK) {
        return CLI_EXIT_BAD;
    }
    return shard_read(c) == RKMQ_OK ? CLI_GO : CLI_EXIT_BAD;
}

static int print_scenario(uint64_t seed)
{
    struct rkmq_bytes text;
    struct rkmq_err err = {0};
    rkmq__bytes_init(&text, rkmq_mem_heap());
    int status = rkmq__explore_write(seed, rkmq_mem_heap(), &text, &err);
    if (status == RKMQ_OK) {
        (void)fwrite(text.p, 1, text.n, stdout); /* the flush tells */
    } else {
        (void)cli_error("explore", "%s", err.text);
    }
    rkmq__bytes_close(&text);
    return status == RKMQ_OK && fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_HARNESS;
}

static void summary(const struct campaign *c)
{
    printf("%llu seeds played, %u failed", (unsigned long long)c->n_played, c->n_found);
    if (c->n_unknown + c->n_harness > 0) {
        printf(", %u could not be judged", c->n_unknown + c->n_harness);
    }
    printf(", %.1f s", seconds_since(c->begun_us));
    if (c->n_played < c->pool.n_pieces) {
        printf("; stopped before seed %llu", (unsigned long long)seed_of(c, c->n_played));
    }
    printf("\n");
}

static int campaign_run(struct campaign *c)
{
    uint64_t n = c->seeds.n > c->shard ? (c->seeds.n - c->shard - 1) / c->n_shards + 1 : 0;
    c->pool = (struct cli_pool){
        .n_jobs = c->options.jobs > 0 ? (unsigned)c->options.jobs : cli_pool_cores(),
        .n_pieces = n,
        .limit_s = CLI_EXPLORE_LIMIT_S,
        .work = work,
        .done = done,
        .user = c,
    };
    c->begun_us = cli_clock_us();
    cli_progress_init(&c->progress, false);
    int status = cli_pool_run(&c->pool);
    cli_progress_clear(&c->progress);
    if (status != RKMQ_OK) {
        (void)cli_error("explore", "the workers failed: %s", rkmq_status_text(status));
        c->n_harness++;
    }
    summary(c);
    bool is_told = fflush(stdout) == 0;
    return c->n_harness > 0 || !is_told ? CLI_EXIT_HARNESS
           : c->n_found > 0             ? CLI_EXIT_FOUND
           : c->n_unknown > 0           ? CLI_EXIT_UNKNOWN
                                        : CLI_EXIT_OK;
}

static int explore_run(int argc, char **argv)
{
    struct campaign c = {
        .options = {.out = OUT_DEFAULT, .findings = FINDINGS_DEFAULT, .print = -1}};
    struct cli_args args;
    int code = cli_parse(&cli_explore_command, argc, argv, &c.options, &args);
    if (code == CLI_EXIT_USAGE) {
        return CLI_EXIT_BAD;
    }
    code = code == CLI_GO ? options_check(&c) : code;
    if (code != CLI_GO) {
        return code;
    }
    if (c.options.print >= 0) {
        return print_scenario((uint64_t)c.options.print);
    }
    c.log_level = args.log_level;
    return campaign_run(&c);
}

const struct cli_command cli_explore_command = {
    .name = "explore",
    .summary = "Search seeds for schedules that break a consumer",
    .arguments = "",
    .example = "  rkmq explore --seeds 1..20000\n"
               "  rkmq explore --time 10m --shard 3/8\n"
               "  rkmq explore --print 17 > seed-17.jsonc\n",
    .options = option_table,
    .n_options = RKMQ_COUNT_OF(option_table),
    .run = explore_run,
};
