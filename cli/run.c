/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq run: plays scenarios and judges them. */
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/pool.h"
#include "cli/progress.h"
#include "cli/scenario_files.h"
#include "cli/seeds.h"
#include "runner/reports/report.h"
#include "runner/testee.h"

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
    const char *on, *client, *seed, *seeds, *filter, *events, *junit, *svg, *html;
    int64_t client_timeout_ms;
    int64_t jobs, variant; /* variant -1: not given */
    bool is_list, is_all_variants, is_twice;
};

#define OPTION(x) offsetof(struct run_options, x)
static const struct cli_option option_table[] = {
    {"on", 0, CLI_TEXT, "GROUND", OPTION(on), 0, 0, false,
     "sim (virtual time, the default) or tcp (real time, loopback)"},
    {"client", 0, CLI_TEXT, "CMD", OPTION(client), 0, 0, false,
     "with --on tcp: the command of a testee that plays push actors (default: ours)"},
    {"client-timeout", 0, CLI_DURATION, "D", OPTION(client_timeout_ms), 1, INT64_MAX, false,
     "how long it may take to get ready, start or stop (default 60s)"},
    {"seed", 0, CLI_TEXT, "N", OPTION(seed), 0, 0, false,
     "seed of the run (default: the scenario's, else 1)"},
    {"seeds", 0, CLI_TEXT, "A..B", OPTION(seeds), 0, 0, false, "one run for each of these seeds"},
    {"jobs", 'j', CLI_INT, "N", OPTION(jobs), 1, CLI_POOL_JOBS_MAX, false,
     "processes that share the runs (default: one a core; on TCP one)"},
    {"filter", 0, CLI_TEXT, "GLOB", OPTION(filter), 0, 0, false,
     "only scenarios whose name matches, as route/*"},
    {"variants", 0, CLI_FLAG, NULL, OPTION(is_all_variants), 0, 0, false,
     "also run what the scenarios' sweeps make of them"},
    {"variant", 0, CLI_INT, "N", OPTION(variant), 0, RKMQ_SCENARIO_VARIANTS_MAX, false,
     "run only this one of them, 0: the scenario as it stands"},
    {"twice", 0, CLI_FLAG, NULL, OPTION(is_twice), 0, 0, false,
     "play each run a second time and compare the logs (DET-1; sim only)"},
    {"list", 0, CLI_FLAG, NULL, OPTION(is_list), 0, 0, false,
     "print the names and titles, run none"},
    {"junit", 0, CLI_TEXT, "FILE", OPTION(junit), 0, 0, false,
     "write the verdicts as JUnit XML, as CI systems read it"},
    {"svg", 0, CLI_TEXT, "FILE", OPTION(svg), 0, 0, false,
     "draw who owned which queue when, of the first run that is not ok, else of the last"},
    {"html", 0, CLI_TEXT, "FILE", OPTION(html), 0, 0, false,
     "write one page to look at: all runs, what failed and why, owners, offsets, events"},
    {"events", 0, CLI_TEXT, "FILE", OPTION(events), 0, 0, false,
     "write the event log of the last run as JSON lines"},
};

struct item { /* a scenario file, or what its sweep makes of it */
    const char *path;
    struct rkmq_slice text;
    uint32_t variant;
    uint64_t seed;       /* its own */
    const char *why_not; /* it is not played, and why: it is refused, or not for this ground */
    bool is_refused;
    uint64_t first_piece, n_pieces;
};
struct campaign {
    struct run_options options;
    enum rkmq_log_level log_level;
    enum rkmq_ground ground;
    uint64_t seed_first, n_seeds;
    bool has_seeds;
    FILE *events;
    struct rkmq_reports *reports;
    struct rkmq_bytes command; /* what plays it all again, for reports */
    struct rkmq_arena arena;
    struct item *items;
    size_t n_items, n_items_max;
    uint64_t n_played_to;         /* pieces up to the last that is played */
    struct rkmq_scenario *parsed; /* of parsed_item */
    const struct item *parsed_item;
    struct cli_pool pool;
    struct cli_progress progress;
    unsigned n_failed, n_unknown, n_harness, n_bad, n_listed, n_playable;
};

/* The command that plays a piece again, NUL-terminated; NULL: memory is out. */
static const char *rerun_write(struct rkmq_bytes *out, const struct campaign *c,
                               const struct item *item, uint64_t seed)
{
    rkmq__bytes_printf(out, "rkmq run --on %s --seed %llu ", c->options.on,
                       (unsigned long long)seed);
    if (c->options.is_twice) {
        rkmq__bytes_add_text(out, "--twice ");
    }
    if (c->options.client) {
        rkmq__bytes_add_text(out, "--client ");
        cli_shell_word(out, c->options.client);
        rkmq__bytes_add_text(out, " ");
    }
    if (item->variant > 0) {
        rkmq__bytes_printf(out, "--variant %lu ", (unsigned long)item->variant);
    }
    cli_shell_word(out, item->path);
    rkmq__bytes_add(out, "", 1);
    return out->is_failed ? NULL : (const char *)out->p;
}

/* The command line, NUL-terminated. */
static void command_write(struct rkmq_bytes *out, int argc, char **argv)
{
    rkmq__bytes_add_text(out, "rkmq run");
    for (int i = 1; i < argc; i++) {
        rkmq__bytes_add_text(out, " ");
        cli_shell_word(out, argv[i]);
    }
    rkmq__bytes_add(out, "", 1);
}

/* ---- one run: in a worker ---- */

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

static rkmq_us clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (rkmq_us)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct one_run {
    struct campaign *c;
    bool is_last, is_events_failed, is_rendered;
    rkmq_us begun_us;
    struct rkmq_report_run run;
    struct rkmq_part part;
};

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct one_run *one = user;
    one->run.w = w;
    one->run.result = result;
    one->run.took_us = clock_us() - one->begun_us;
    one->is_rendered = rkmq__part_make(&one->part, rkmq__reports_slots(one->c->reports), &one->run,
                                       rkmq_mem_heap()) == RKMQ_OK;
    if (one->c->events && one->is_last) {
        one->is_events_failed = !write_events(one->c->events, w->recorder.log);
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

/* The item that a piece belongs to; `*seed` is what it is played with. */
static const struct item *item_of(const struct campaign *c, uint64_t number, uint64_t *seed)
{
    size_t low = 0, high = c->n_items; /* items[low].first_piece <= number < items[high]... */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (c->items[middle].first_piece <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const struct item *item = &c->items[low];
    *seed = c->has_seeds ? c->seed_first + (number - item->first_piece) : item->seed;
    return item;
}

/* What is told of a piece that was not played. */
static bool not_played(struct one_run *one, enum rkmq_outcome outcome, const char *why)
{
    one->run.w = NULL;
    one->run.result = NULL;
    one->run.outcome = outcome;
    one->run.why = why;
    one->run.took_us = clock_us() - one->begun_us;
    return rkmq__part_make(&one->part, rkmq__reports_slots(one->c->reports), &one->run,
                           rkmq_mem_heap()) == RKMQ_OK;
}

static void play(struct one_run *one, uint64_t seed)
{
    struct campaign *c = one->c;
    struct rkmq_run_options o = {.ground = c->ground,
                                 .seed = seed,
                                 .is_twice = c->options.is_twice,
                                 .client = c->options.client,
                                 .client_timeout_ms = c->options.client_timeout_ms,
                                 .log_level = c->log_level,
                                 .log = cli_log};
    struct rkmq_run_result result = {0};
    struct rkmq_err err = {0};
    if (rkmq__run(&result, one->run.sc, &o, rkmq_mem_heap(), on_log, one, &err) != RKMQ_OK) {
        one->is_rendered = not_played(one, RKMQ_OUTCOME_HARNESS, err.text);
    }
    rkmq__run_result_close(&result);
}

/* The first run of a scenario, and the last of all. */
static bool is_example(const struct campaign *c, const struct item *item, uint64_t number)
{
    bool is_plain = item->variant == 0 || c->options.variant >= 0;
    return (is_plain && number == item->first_piece) || number + 1 == c->n_played_to;
}

/* The answer: is_events_failed, then the part. Empty: memory is out. */
static void work(void *user, uint64_t number, struct rkmq_bytes *out)
{
    struct campaign *c = user;
    struct one_run one = {.c = c, .is_last = number + 1 == c->n_played_to};
    uint64_t seed;
    const struct item *item = item_of(c, number, &seed);
    struct rkmq_bytes rerun;
    one.begun_us = clock_us();
    rkmq__bytes_init(&rerun, rkmq_mem_heap());
    one.run = (struct rkmq_report_run){.file = item->path,
                                       .sc = item->is_refused ? NULL : scenario_of(c, item),
                                       .seed = seed,
                                       .rerun = rerun_write(&rerun, c, item, seed),
                                       .is_example = is_example(c, item, number)};
    if (!one.run.rerun || (!one.run.sc && !item->is_refused)) {
        one.is_rendered = false;
    } else if (item->why_not) {
        one.run.rerun = "";
        one.is_rendered = not_played(
            &one, item->is_refused ? RKMQ_OUTCOME_BAD : RKMQ_OUTCOME_SKIPPED, item->why_not);
    } else {
        play(&one, seed);
    }
    if (one.is_rendered) {
        rkmq__bytes_add(out, &one.is_events_failed, sizeof one.is_events_failed);
        rkmq__part_write(&one.part, out);
    }
    rkmq__part_close(&one.part);
    rkmq__bytes_close(&rerun);
}

/* ---- what became of it: in this process, in order ---- */

/* The part of a piece that has no answer. */
static int part_of_dead(struct campaign *c, const struct cli_pool_result *result,
                        struct rkmq_part *part)
{
    char death[CLI_POOL_DEATH_BYTES], why[CLI_POOL_DEATH_BYTES + 32] = "out of memory";
    struct one_run one = {.c = c, .begun_us = clock_us()};
    struct rkmq_bytes rerun;
    uint64_t seed;
    const struct item *item = item_of(c, result->number, &seed);
    if (result->signal != 0 || result->exit_code != 0) {
        cli_pool_death(&c->pool, result, death);
        (void)snprintf(why, sizeof why, "the harness failed: the worker %s", death); /* fits */
    }
    rkmq__bytes_init(&rerun, rkmq_mem_heap());
    one.run =
        (struct rkmq_report_run){.file = item->path, .sc = scenario_of(c, item), .seed = seed};
    one.run.rerun = rerun_write(&rerun, c, item, seed);
    one.run.rerun = one.run.rerun ? one.run.rerun : "";
    bool is_made = not_played(&one, RKMQ_OUTCOME_HARNESS, why);
    *part = one.part;
    rkmq__bytes_close(&rerun);
    return is_made ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int part_of(struct campaign *c, const struct cli_pool_result *result, struct rkmq_part *part,
                   bool *is_events_failed)
{
    struct rkmq_slice out = result->out;
    *is_events_failed = false;
    if (out.n <= sizeof *is_events_failed) {
        return part_of_dead(c, result, part);
    }
    memcpy(is_events_failed, out.p, sizeof *is_events_failed);
    out = rkmq__slice(out.p + sizeof *is_events_failed, out.n - sizeof *is_events_failed);
    return rkmq__part_read(part, out, rkmq_mem_heap());
}

static void count(struct campaign *c, enum rkmq_outcome outcome)
{
    c->n_failed += outcome == RKMQ_OUTCOME_FAIL;
    c->n_unknown += outcome == RKMQ_OUTCOME_UNKNOWN;
    c->n_harness += outcome == RKMQ_OUTCOME_HARNESS;
    c->n_bad += outcome == RKMQ_OUTCOME_BAD;
}

static void show_progress(struct campaign *c, uint64_t n_done)
{
    uint64_t n_all = c->pool.n_pieces;
    char text[64], note[64];
    (void)snprintf(text, sizeof text, "%llu/%llu runs", (unsigned long long)n_done,
                   (unsigned long long)n_all);
    (void)snprintf(note, sizeof note, "%u failed", c->n_failed + c->n_harness);
    cli_progress_show(&c->progress, text, (double)(n_all - n_done) / (double)n_all, note);
}

static bool done(void *user, const struct cli_pool_result *result)
{
    struct campaign *c = user;
    struct rkmq_part part;
    bool is_events_failed;
    cli_progress_clear(&c->progress);
    if (part_of(c, result, &part, &is_events_failed) != RKMQ_OK) {
        (void)cli_error("run", "out of memory");
        c->n_harness++;
    }
    if (is_events_failed) {
        (void)cli_error(c->options.events, "cannot be written");
        c->n_harness++;
    }
    count(c, part.facts.outcome);
    rkmq__reports_add(c->reports, &part);
    rkmq__part_close(&part);
    show_progress(c, result->number + 1);
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
    *item =
        (struct item){.variant = source->variant,
                      .seed = seed,
                      .first_piece = c->n_items > 0 ? item[-1].first_piece + item[-1].n_pieces : 0,
                      .n_pieces = c->n_seeds};
    if (c->n_items > 0 && strcmp(item[-1].path, source->file) == 0) { /* another variant */
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

/* As item_keep, of what is not played. */
static int item_keep_aside(struct campaign *c, const struct rkmq_scenario_source *source,
                           struct rkmq_slice why, bool is_refused)
{
    struct rkmq_slice copy;
    int status = rkmq__arena_copy(&c->arena, why, &copy);
    status = status == RKMQ_OK ? item_keep(c, source, 0) : status;
    if (status == RKMQ_OK) {
        struct item *item = &c->items[c->n_items - 1];
        item->why_not = (const char *)copy.p; /* NUL-terminated */
        item->is_refused = is_refused;
        item->n_pieces = 1;
    }
    return status;
}

static int take_scenario(struct campaign *c, const struct rkmq_scenario_source *source,
                         const struct rkmq_scenario *sc)
{
    char why[RKMQ_RUN_WHY_BYTES];
    if (c->options.filter && fnmatch(c->options.filter, (const char *)sc->name.p, 0) != 0) {
        return RKMQ_OK;
    }
    if (c->options.is_list) {
        printf("%.*s\t%.*s\n", RKMQ_SLICE_ARG(sc->name), RKMQ_SLICE_ARG(sc->title));
        c->n_listed++;
        return RKMQ_OK;
    }
    if ((sc->grounds & c->ground) == 0) {
        (void)snprintf(why, sizeof why, "not for --on %s", c->options.on);
        return item_keep_aside(c, source, rkmq__slice_of(why), false);
    }
    if (c->options.client && rkmq__run_needs_hooks(sc, why)) {
        return item_keep_aside(c, source, rkmq__slice_of(why), false);
    }
    int status = item_keep(c, source, sc->seed);
    if (status == RKMQ_OK) {
        const struct item *item = &c->items[c->n_items - 1];
        c->n_playable++;
        c->n_played_to = item->first_piece + item->n_pieces;
    }
    return status;
}

static int refuse(struct campaign *c, const struct rkmq_scenario_source *source,
                  const struct rkmq_bytes *mistakes)
{
    (void)fprintf(stderr, "%.*s", (int)mistakes->n, (const char *)mistakes->p);
    if (c->options.is_list) {
        c->n_bad++;
        return RKMQ_OK;
    }
    return item_keep_aside(c, source, rkmq__bytes_slice(mistakes), true);
}

static void on_file(void *user, const char *path, struct rkmq_slice text)
{
    struct campaign *c = user;
    bool is_one = c->options.variant >= 0;
    uint32_t last = is_one ? (uint32_t)c->options.variant : 0;
    for (uint32_t variant = last; variant <= last; variant++) {
        struct rkmq_scenario_source source = {.file = path, .text = text, .variant = variant};
        struct rkmq_scenario *sc = NULL;
        struct rkmq_bytes mistakes;
        rkmq__bytes_init(&mistakes, rkmq_mem_heap());
        int status = rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &mistakes);
        if (status == RKMQ_OK) {
            status = take_scenario(c, &source, sc);
            last = c->options.is_all_variants && !is_one ? sc->n_variants : last;
        } else if (status == RKMQ_E_INVALID) {
            status = refuse(c, &source, &mistakes);
        }
        if (status != RKMQ_OK) {
            (void)cli_error("run", "%s", rkmq_status_text(status));
            c->n_harness++;
        }
        rkmq__bytes_close(&mistakes);
        rkmq__scenario_destroy(sc);
    }
}

/* ---- the command ---- */

static int seeds_read(struct campaign *c)
{
    const char *text = c->options.seeds ? c->options.seeds : c->options.seed;
    struct cli_seeds seeds;
    if (!text) {
        return CLI_GO;
    }
    if (cli_seeds_read("run", text, &seeds) != RKMQ_OK) {
        return CLI_EXIT_USAGE;
    }
    c->seed_first = seeds.first;
    c->n_seeds = seeds.n;
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
    if (c->options.is_twice && c->ground != RKMQ_GROUND_SIM) {
        return cli_usage_error("run", "--twice: only runs in sim are the same each time");
    }
    if (c->options.client && strcmp(c->options.client, "ours") == 0) {
        c->options.client = NULL;
    }
    if (c->options.client && c->ground == RKMQ_GROUND_SIM) {
        return cli_usage_error("run", "--client: a testee needs real sockets and real time; add "
                                      "--on tcp");
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

/* The processes that play actors go with this one, whatever ends it. */
static void on_signal(int number)
{
    rkmq__testees_kill();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void signals_catch(const struct campaign *c)
{
    if (c->options.client) {
        const struct sigaction action = {.sa_handler = on_signal};
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        (void)sigaction(SIGHUP, &action, NULL);
    }
}

/* Plays all items. */
static void campaign_play(struct campaign *c)
{
    bool is_sim = c->ground == RKMQ_GROUND_SIM;
    const struct item *last = c->n_items > 0 ? &c->items[c->n_items - 1] : NULL;
    c->pool = (struct cli_pool){
        .n_jobs = c->options.jobs > 0 ? (unsigned)c->options.jobs
                  : is_sim            ? cli_pool_cores()
                                      : 1,
        .n_pieces = last ? last->first_piece + last->n_pieces : 0,
        .limit_s = is_sim ? RUN_LIMIT_S : 0,
        .work = work,
        .done = done,
        .user = c,
    };
    signals_catch(c);
    cli_progress_init(&c->progress, false);
    int status = cli_pool_run(&c->pool);
    cli_progress_clear(&c->progress);
    if (status != RKMQ_OK) {
        (void)cli_error("run", "the workers failed: %s", rkmq_status_text(status));
        c->n_harness++;
    }
}

static int campaign_run(struct campaign *c, const struct cli_args *args)
{
    for (unsigned i = 0; i < args->n; i++) {
        if (cli_scenario_files(args->at[i], on_file, c) != RKMQ_OK) {
            c->n_bad++;
        }
    }
    if (!c->options.is_list) {
        campaign_play(c);
    }
    if (c->n_playable + c->n_listed + c->n_bad + c->n_harness == 0) {
        (void)cli_error("run", "no scenario for this ground and filter");
        return RUN_EXIT_BAD;
    }
    return exit_code(c);
}

/* Errors are said on stderr. */
static int outputs_open(struct campaign *c)
{
    struct rkmq_reports_options o = {.tap = c->options.is_list ? NULL : stdout,
                                     .junit = c->options.junit,
                                     .svg = c->options.svg,
                                     .html = c->options.html,
                                     .ground = c->options.on,
                                     .command =
                                         c->command.is_failed ? "" : (const char *)c->command.p};
    struct rkmq_err err = {0};
    int status = rkmq__reports_open(&c->reports, &o, rkmq_mem_heap(), &err);
    if (status != RKMQ_OK) {
        (void)cli_error("run", "%s", err.text);
        return status;
    }
    if (c->options.events && !(c->events = fopen(c->options.events, "we"))) {
        (void)cli_error(c->options.events, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    return RKMQ_OK;
}

static int outputs_close(struct campaign *c)
{
    struct rkmq_err err = {0};
    int status = rkmq__reports_close(c->reports, &err);
    if (status != RKMQ_OK) {
        (void)cli_error("run", "%s", err.text);
    }
    if (c->events && fclose(c->events) != 0) {
        (void)cli_error(c->options.events, "%s", strerror(errno));
        status = RKMQ_E_IO;
    }
    return status;
}

static int run_run(int argc, char **argv)
{
    struct campaign c = {.options = {.on = "sim", .client_timeout_ms = 60000, .variant = -1},
                         .n_seeds = 1};
    struct cli_args args;
    int code = cli_parse(&cli_run_command, argc, argv, &c.options, &args);
    if (code == CLI_GO) {
        code = options_check(&c);
    }
    if (code != CLI_GO) {
        return code;
    }
    c.log_level = args.log_level > RKMQ_LOG_WARN ? args.log_level : RKMQ_LOG_ERROR;
    rkmq__arena_init(&c.arena, rkmq_mem_heap());
    rkmq__bytes_init(&c.command, rkmq_mem_heap());
    command_write(&c.command, argc, argv);
    code = outputs_open(&c) == RKMQ_OK ? campaign_run(&c, &args) : RUN_EXIT_HARNESS;
    rkmq__scenario_destroy(c.parsed);
    rkmq__free(rkmq_mem_heap(), c.items);
    rkmq__arena_close(&c.arena);
    code = outputs_close(&c) == RKMQ_OK ? code : RUN_EXIT_HARNESS;
    rkmq__bytes_close(&c.command);
    return code;
}

const struct cli_command cli_run_command = {
    .name = "run",
    .summary = "Play scenarios on virtual time or on TCP, and judge them",
    .arguments = "PATH...   (a scenario file, or a folder of them)",
    .example = "  rkmq run scenarios/rebalance\n"
               "  ok 1 - rebalance/two-consumer-join seed 1 (pass, ...)\n"
               "  rkmq run --on tcp --client 'python3 my_testee.py' scenarios/rebalance\n"
               "  (your client in the place of ours; docs/testees.md has the protocol)\n",
    .options = option_table,
    .n_options = RKMQ_COUNT_OF(option_table),
    .n_arguments_min = 1,
    .n_arguments_max = 1000,
    .run = run_run,
};
