/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq run: plays scenarios and judges them. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/pool.h"
#include "cli/progress.h"
#include "cli/run_print.h"
#include "cli/scenario_files.h"

/* Exit codes of design.md section 4. */
enum {
    RUN_EXIT_PASS = 0,
    RUN_EXIT_FAIL = 1,
    RUN_EXIT_UNKNOWN = 2,
    RUN_EXIT_BAD = 3,
    RUN_EXIT_HARNESS = 4
};

#define RUN_LIMIT_S 120 /* of real time a simulated run may take in a worker */

struct run_options {
    const char *on, *seed, *seeds, *filter, *events;
    int64_t jobs;
    bool is_list, is_all_variants;
};

#define OPTION(x) offsetof(struct run_options, x)
static const struct cli_option option_table[] = {
    {"on", 0, CLI_TEXT, "GROUND", OPTION(on), 0, 0, false,
     "sim (virtual time, the default) or tcp (real time, loopback)"},
    {"seed", 0, CLI_TEXT, "N", OPTION(seed), 0, 0, false,
     "seed of the run (default: the scenario's, else 1)"},
    {"seeds", 0, CLI_TEXT, "A..B", OPTION(seeds), 0, 0, false, "one run for each of these seeds"},
    {"jobs", 'j', CLI_INT, "N", OPTION(jobs), 1, CLI_POOL_JOBS_MAX, false,
     "processes that share the runs (default: one a core; on TCP one)"},
    {"filter", 0, CLI_TEXT, "GLOB", OPTION(filter), 0, 0, false,
     "only scenarios whose name matches, as route/*"},
    {"variants", 0, CLI_FLAG, NULL, OPTION(is_all_variants), 0, 0, false,
     "also run what the scenarios' sweeps make of them"},
    {"list", 0, CLI_FLAG, NULL, OPTION(is_list), 0, 0, false,
     "print the names and titles, run none"},
    {"events", 0, CLI_TEXT, "FILE", OPTION(events), 0, 0, false,
     "write the event log of the last run as JSON lines"},
};

struct item { /* a scenario file, or what its sweep makes of it */
    const char *path;
    struct rkmq_slice text;
    uint32_t variant;
    uint64_t seed; /* its own */
};
struct campaign {
    struct run_options options;
    enum rkmq_log_level log_level;
    enum rkmq_ground ground;
    uint64_t seed_first, n_seeds;
    bool has_seeds;
    FILE *events;
    struct rkmq_arena arena;
    struct item *items;
    size_t n_items, n_items_max;
    struct rkmq_scenario *parsed; /* of parsed_item */
    const struct item *parsed_item;
    struct cli_pool pool;
    struct cli_progress progress;
    unsigned n_failed, n_unknown, n_harness, n_bad, n_listed;
};

#define RERUN_BYTES 5000 /* a path and some words */

static void rerun_write(char out[RERUN_BYTES], const struct campaign *c, struct rkmq_slice path,
                        uint64_t seed)
{
    (void)snprintf(out, RERUN_BYTES, "rkmq run --on %s --seed %llu %.*s", c->options.on,
                   (unsigned long long)seed, RKMQ_SLICE_ARG(path)); /* fits */
}

/* ---- one run: in a worker ---- */

/* A worker's answer: this, then the text below the result line's number. */
struct outcome {
    bool is_ok, is_failed, is_unknown, is_harness, is_events_failed;
};

/* The file belongs to the process that began; flushed, since a worker never closes it. */
static bool write_events(FILE *file, const struct rkmq_event_log *log)
{
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, rkmq_mem_heap());
    for (size_t i = 0; i < rkmq__event_log_count(log); i++) {
        rkmq__bytes_clear(&line);
        rkmq__event_write_json(log, rkmq__event_log_at(log, i), &line);
        rkmq__bytes_add_text(&line, "\n");
        (void)fwrite(line.p, 1, line.n, file); /* ferror tells */
    }
    rkmq__bytes_close(&line);
    return fflush(file) == 0 && !ferror(file);
}

struct one_run {
    struct campaign *c;
    bool is_last;
    struct outcome outcome;
    struct rkmq_bytes text;
};

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct one_run *one = user;
    const struct rkmq_scenario *sc = w->sc;
    struct outcome *o = &one->outcome;
    char rerun[RERUN_BYTES];
    o->is_ok = result->verdict == RKMQ_PASS || result->verdict == RKMQ_NON_STRICT;
    o->is_harness = result->is_harness_failure;
    o->is_failed = result->verdict == RKMQ_FAIL && !o->is_harness;
    o->is_unknown = result->verdict == RKMQ_UNKNOWN;
    rkmq__bytes_printf(&one->text, "%.*s%s%.*s seed %llu (%s, %zu events, hash %016llx)\n",
                       RKMQ_SLICE_ARG(sc->name), sc->variant ? " " : "",
                       RKMQ_SLICE_ARG(sc->variant_text), (unsigned long long)w->o.seed,
                       cli_verdict_name(result->verdict), result->n_events,
                       (unsigned long long)result->log_hash);
    rerun_write(rerun, one->c, sc->file, w->o.seed);
    cli_run_print(&one->text, w, result, o->is_ok ? NULL : rerun);
    if (one->c->events && one->is_last) {
        o->is_events_failed = !write_events(one->c->events, w->recorder.log);
    }
}

/* The scenario of a piece; the last one is kept, since its neighbours are mostly the same. */
static const struct rkmq_scenario *scenario_of(struct campaign *c, const struct item *item)
{
    if (c->parsed_item != item) {
        struct rkmq_scenario_source source = {
            .file = item->path, .text = item->text, .variant = item->variant};
        struct rkmq_bytes report;
        rkmq__bytes_init(&report, rkmq_mem_heap());
        rkmq__scenario_destroy(c->parsed);
        c->parsed = NULL;
        /* It was parsed before: only memory can be out, then it stays NULL. */
        (void)rkmq__scenario_parse(&c->parsed, rkmq_mem_heap(), &source, &report);
        rkmq__bytes_close(&report);
        c->parsed_item = item;
    }
    return c->parsed;
}

static const struct item *item_of(const struct campaign *c, uint64_t number, uint64_t *seed)
{
    size_t i = (size_t)(number / c->n_seeds);
    *seed = c->has_seeds ? c->seed_first + number % c->n_seeds : c->items[i].seed;
    return &c->items[i];
}

static void work(void *user, uint64_t number, struct rkmq_bytes *out)
{
    struct campaign *c = user;
    struct one_run one = {.c = c, .is_last = number + 1 == c->n_items * c->n_seeds};
    struct rkmq_run_options o = {.ground = c->ground, .log_level = c->log_level, .log = cli_log};
    struct rkmq_run_result result = {0};
    struct rkmq_err err = {.text = "out of memory"};
    const struct item *item = item_of(c, number, &o.seed);
    const struct rkmq_scenario *sc = scenario_of(c, item);
    rkmq__bytes_init(&one.text, rkmq_mem_heap());
    int status =
        sc ? rkmq__run(&result, sc, &o, rkmq_mem_heap(), on_log, &one, &err) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq__bytes_clear(&one.text);
        one.outcome = (struct outcome){.is_harness = true};
        rkmq__bytes_printf(&one.text, "%s seed %llu (the harness failed: %s)\n", item->path,
                           (unsigned long long)o.seed, err.text);
    }
    rkmq__run_result_close(&result);
    rkmq__bytes_add(out, &one.outcome, sizeof one.outcome);
    rkmq__bytes_add_slice(out, rkmq__bytes_slice(&one.text));
    out->is_failed = out->is_failed || one.text.is_failed;
    rkmq__bytes_close(&one.text);
}

/* ---- what became of it: in this process, in order ---- */

static void tell_dead(struct campaign *c, const struct cli_pool_result *result)
{
    char death[CLI_POOL_DEATH_BYTES], rerun[RERUN_BYTES];
    uint64_t seed;
    const struct item *item = item_of(c, result->number, &seed);
    cli_pool_death(&c->pool, result, death);
    rerun_write(rerun, c, rkmq__slice_of(item->path), seed);
    printf("not ok %llu - %s seed %llu (the harness failed: the worker %s)\n#   rerun: %s\n",
           (unsigned long long)result->number + 1, item->path, (unsigned long long)seed, death,
           rerun);
}

static bool done(void *user, const struct cli_pool_result *result)
{
    struct campaign *c = user;
    struct outcome o = {.is_harness = true};
    uint64_t n_all = c->n_items * c->n_seeds;
    char text[64], note[64];
    cli_progress_clear(&c->progress);
    if (result->out.n < sizeof o) {
        tell_dead(c, result);
    } else {
        memcpy(&o, result->out.p, sizeof o);
        printf("%s %llu - %.*s", o.is_ok ? "ok" : "not ok", (unsigned long long)result->number + 1,
               (int)(result->out.n - sizeof o), (const char *)result->out.p + sizeof o);
    }
    if (o.is_events_failed) {
        (void)cli_error(c->options.events, "cannot be written");
    }
    c->n_harness += o.is_harness || o.is_events_failed;
    c->n_failed += o.is_failed;
    c->n_unknown += o.is_unknown;
    (void)snprintf(text, sizeof text, "%llu/%llu runs", (unsigned long long)result->number + 1,
                   (unsigned long long)n_all);
    (void)snprintf(note, sizeof note, "%u failed", c->n_failed + c->n_harness);
    cli_progress_show(&c->progress, text, (double)(n_all - result->number - 1) / (double)n_all,
                      note);
    return true;
}

/* ---- the files ---- */

static struct item *item_add(struct campaign *c)
{
    if (c->n_items == c->n_items_max) {
        size_t n = c->n_items_max ? 2 * c->n_items_max : 64;
        struct item *grown = rkmq__realloc(rkmq_mem_heap(), c->items, n * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        c->items = grown;
        c->n_items_max = n;
    }
    return &c->items[c->n_items];
}

/* Errors: RKMQ_E_NOMEM. */
static int item_keep(struct campaign *c, const struct rkmq_scenario_source *source, uint64_t seed)
{
    struct item *item = item_add(c);
    struct rkmq_slice path;
    if (!item) {
        return RKMQ_E_NOMEM;
    }
    *item = (struct item){.variant = source->variant, .seed = seed};
    if (source->variant > 0 && c->n_items > 0) { /* variants follow what they vary */
        item->path = item[-1].path;
        item->text = item[-1].text;
    } else if (rkmq__arena_copy(&c->arena, rkmq__slice_of(source->file), &path) != RKMQ_OK ||
               rkmq__arena_copy(&c->arena, source->text, &item->text) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    } else {
        item->path = (const char *)path.p; /* NUL-terminated */
    }
    c->n_items++;
    return RKMQ_OK;
}

static void take_scenario(struct campaign *c, const struct rkmq_scenario_source *source,
                          const struct rkmq_scenario *sc)
{
    bool is_wanted =
        !c->options.filter || fnmatch(c->options.filter, (const char *)sc->name.p, 0) == 0;
    if (is_wanted && c->options.is_list) {
        printf("%.*s\t%.*s\n", RKMQ_SLICE_ARG(sc->name), RKMQ_SLICE_ARG(sc->title));
        c->n_listed++;
    } else if (is_wanted && (sc->grounds & c->ground) &&
               item_keep(c, source, sc->seed) != RKMQ_OK) {
        (void)cli_error("run", "out of memory");
        c->n_harness++;
    }
}

static void on_file(void *user, const char *path, struct rkmq_slice text)
{
    struct campaign *c = user;
    uint32_t n_variants = 0;
    for (uint32_t variant = 0; variant <= n_variants; variant++) {
        struct rkmq_scenario_source source = {.file = path, .text = text, .variant = variant};
        struct rkmq_scenario *sc;
        struct rkmq_bytes report;
        rkmq__bytes_init(&report, rkmq_mem_heap());
        int status = rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &report);
        if (status != RKMQ_OK) {
            (void)fprintf(stderr, "%.*s", (int)report.n, (const char *)report.p);
            c->n_bad++;
        } else {
            take_scenario(c, &source, sc);
            n_variants = c->options.is_all_variants ? sc->n_variants : 0;
        }
        rkmq__bytes_close(&report);
        rkmq__scenario_destroy(status == RKMQ_OK ? sc : NULL);
    }
}

/* ---- the command ---- */

static int seeds_read(struct campaign *c)
{
    const char *text = c->options.seeds ? c->options.seeds : c->options.seed;
    int64_t first, last;
    if (!text) {
        return CLI_GO;
    }
    const char *dots = strstr(text, "..");
    size_t n = dots ? (size_t)(dots - text) : strlen(text);
    if (rkmq__slice_to_i64(rkmq__slice(text, n), &first) != RKMQ_OK || first < 0) {
        return cli_usage_error("run", "'%s' is no seed", text);
    }
    last = first;
    if (dots && (rkmq__slice_to_i64(rkmq__slice_of(dots + 2), &last) != RKMQ_OK || last < first)) {
        return cli_usage_error("run", "--seeds: '%s' is no A..B", text);
    }
    c->seed_first = (uint64_t)first;
    c->n_seeds = (uint64_t)(last - first) + 1;
    c->has_seeds = true;
    return CLI_GO;
}

static int options_check(struct campaign *c)
{
    if (strcmp(c->options.on, "sim") == 0) {
        c->ground = RKMQ_GROUND_SIM;
    } else if (strcmp(c->options.on, "tcp") == 0) {
        c->ground = RKMQ_GROUND_TCP;
    } else {
        return cli_usage_error("run", "--on: '%s' is neither sim nor tcp", c->options.on);
    }
    return seeds_read(c);
}

static int exit_code(const struct campaign *c)
{
    if (c->n_bad > 0) {
        return RUN_EXIT_BAD;
    }
    if (c->n_harness > 0) {
        return RUN_EXIT_HARNESS;
    }
    return c->n_failed > 0 ? RUN_EXIT_FAIL : c->n_unknown > 0 ? RUN_EXIT_UNKNOWN : RUN_EXIT_PASS;
}

/* Plays all items; a TAP stream. */
static void campaign_play(struct campaign *c)
{
    bool is_sim = c->ground == RKMQ_GROUND_SIM;
    c->pool = (struct cli_pool){
        .n_jobs = c->options.jobs > 0 ? (unsigned)c->options.jobs
                  : is_sim            ? cli_pool_cores()
                                      : 1,
        .n_pieces = c->n_items * c->n_seeds,
        .limit_s = is_sim ? RUN_LIMIT_S : 0,
        .work = work,
        .done = done,
        .user = c,
    };
    cli_progress_init(&c->progress, false);
    printf("TAP version 13\n");
    int status = cli_pool_run(&c->pool);
    cli_progress_clear(&c->progress);
    if (status != RKMQ_OK) {
        (void)cli_error("run", "the workers failed: %s", rkmq_status_text(status));
        c->n_harness++;
    }
    printf("1..%llu\n", (unsigned long long)c->pool.n_pieces);
}

static int campaign_run(struct campaign *c, const struct cli_args *args)
{
    for (unsigned i = 0; i < args->n; i++) {
        if (cli_scenario_files(args->at[i], on_file, c) != RKMQ_OK) {
            c->n_bad++;
        }
    }
    if (c->n_items + c->n_listed + c->n_bad + c->n_harness == 0) {
        (void)cli_error("run", "no scenario for this ground and filter");
        return RUN_EXIT_BAD;
    }
    if (!c->options.is_list) {
        campaign_play(c);
    }
    return exit_code(c);
}

static int run_run(int argc, char **argv)
{
    struct campaign c = {.options = {.on = "sim"}, .n_seeds = 1};
    struct cli_args args;
    int code = cli_parse(&cli_run_command, argc, argv, &c.options, &args);
    if (code == CLI_GO) {
        code = options_check(&c);
    }
    if (code != CLI_GO) {
        return code;
    }
    c.log_level = args.log_level > RKMQ_LOG_WARN ? args.log_level : RKMQ_LOG_ERROR;
    if (c.options.events && !(c.events = fopen(c.options.events, "we"))) {
        return cli_error(c.options.events, "%s", strerror(errno));
    }
    rkmq__arena_init(&c.arena, rkmq_mem_heap());
    code = campaign_run(&c, &args);
    rkmq__scenario_destroy(c.parsed);
    rkmq__free(rkmq_mem_heap(), c.items);
    rkmq__arena_close(&c.arena);
    if (c.events && fclose(c.events) != 0) {
        return cli_error(c.options.events, "%s", strerror(errno));
    }
    return code;
}

const struct cli_command cli_run_command = {
    .name = "run",
    .summary = "Play scenarios on virtual time or on TCP, and judge them",
    .arguments = "PATH...   (a scenario file, or a folder of them)",
    .example = "  rkmq run scenarios/rebalance\n"
               "  ok 1 - rebalance/two-consumer-join seed 1 (pass, ...)\n",
    .options = option_table,
    .n_options = RKMQ_COUNT_OF(option_table),
    .n_arguments_min = 1,
    .n_arguments_max = 1000,
    .run = run_run,
};
