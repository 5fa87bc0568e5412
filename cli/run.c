/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq run: plays scenarios and judges them. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/scenario_files.h"
#include "runner/run.h"

/* Exit codes of design.md section 4. */
enum {
    RUN_EXIT_PASS = 0,
    RUN_EXIT_FAIL = 1,
    RUN_EXIT_UNKNOWN = 2,
    RUN_EXIT_BAD = 3,
    RUN_EXIT_HARNESS = 4
};

struct run_options {
    const char *on, *seed, *seeds, *filter, *events;
    bool is_list, is_all_variants;
};

#define OPTION(x) offsetof(struct run_options, x)
static const struct cli_option option_table[] = {
    {"on", 0, CLI_TEXT, "GROUND", OPTION(on), 0, 0, false,
     "sim (virtual time, the default) or tcp (real time, loopback)"},
    {"seed", 0, CLI_TEXT, "N", OPTION(seed), 0, 0, false,
     "seed of the run (default: the scenario's, else 1)"},
    {"seeds", 0, CLI_TEXT, "A..B", OPTION(seeds), 0, 0, false, "one run for each of these seeds"},
    {"filter", 0, CLI_TEXT, "GLOB", OPTION(filter), 0, 0, false,
     "only scenarios whose name matches, as route/*"},
    {"variants", 0, CLI_FLAG, NULL, OPTION(is_all_variants), 0, 0, false,
     "also run what the scenarios' sweeps make of them"},
    {"list", 0, CLI_FLAG, NULL, OPTION(is_list), 0, 0, false,
     "print the names and titles, run none"},
    {"events", 0, CLI_TEXT, "FILE", OPTION(events), 0, 0, false,
     "write the event log of the last run as JSON lines"},
};

struct campaign {
    struct run_options options;
    enum rkmq_log_level log_level;
    enum rkmq_ground ground;
    uint64_t seed_first, seed_last;
    bool has_seeds;
    FILE *events;
    unsigned n_runs, n_failed, n_unknown, n_harness, n_bad, n_listed;
};

/* ---- one run ---- */

static const char *verdict_name(enum rkmq_verdict verdict)
{
    static const char *const names[] = {[RKMQ_PASS] = "pass",
                                        [RKMQ_FAIL] = "FAIL",
                                        [RKMQ_NON_STRICT] = "non-strict",
                                        [RKMQ_UNKNOWN] = "unknown"};
    return names[verdict];
}

static void print_row(const struct rkmq_world *w, size_t index)
{
    struct rkmq_bytes line;
    if (index == SIZE_MAX) {
        return;
    }
    rkmq__bytes_init(&line, rkmq_mem_heap());
    rkmq__event_write_line(w->recorder.log, rkmq__event_log_at(w->recorder.log, index), &line);
    printf("#       %.*s\n", (int)line.n, (const char *)line.p);
    rkmq__bytes_close(&line);
}

static void print_expects(const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        const struct rkmq_expect_result *e = &result->expects[i];
        struct rkmq_slice id = rkmq__scenario_word(w->sc, w->sc->expects[i].id);
        if (e->verdict != RKMQ_PASS) {
            printf("#   %s %.*s: %s\n", verdict_name(e->verdict), RKMQ_SLICE_ARG(id), e->text);
            print_row(w, e->events[0]);
        }
    }
}

#define VIOLATIONS_SHOWN 5

static void print_checks(const struct rkmq_world *w, const struct rkmq_check_result *checks)
{
    size_t n_shown = 0;
    for (size_t i = 0; i < 2 * checks->n_kept && n_shown < VIOLATIONS_SHOWN; i++) {
        const struct rkmq_violation *v = &checks->violations[i % checks->n_kept];
        char name[16];
        if (v->is_strict != (i < checks->n_kept)) { /* strict ones first */
            continue;
        }
        n_shown++;
        (void)snprintf(name, sizeof name, "%s", rkmq__check_name(v->check));
        *strchr(name, '_') = '-'; /* every name has one */
        printf("#   %s %s: %s\n", verdict_name(v->is_strict ? RKMQ_FAIL : RKMQ_NON_STRICT), name,
               v->text);
        print_row(w, v->events[0]);
        print_row(w, v->events[1]);
    }
    if (checks->n_violations > n_shown) {
        printf("#   ... and %zu violations more\n", checks->n_violations - n_shown);
    }
}

static void write_events(struct campaign *c, const struct rkmq_event_log *log)
{
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, rkmq_mem_heap());
    for (size_t i = 0; i < rkmq__event_log_count(log); i++) {
        rkmq__bytes_clear(&line);
        rkmq__event_write_json(log, rkmq__event_log_at(log, i), &line);
        rkmq__bytes_add_text(&line, "\n");
        (void)fwrite(line.p, 1, line.n, c->events); /* looked at when it is closed */
    }
    rkmq__bytes_close(&line);
}

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct campaign *c = user;
    const struct rkmq_scenario *sc = w->sc;
    bool is_ok = result->verdict == RKMQ_PASS || result->verdict == RKMQ_NON_STRICT;
    c->n_runs++;
    printf("%s %u - %.*s%s%.*s seed %llu (%s, %zu events, hash %016llx)\n", is_ok ? "ok" : "not ok",
           c->n_runs, RKMQ_SLICE_ARG(sc->name), sc->variant ? " " : "",
           RKMQ_SLICE_ARG(sc->variant_text), (unsigned long long)w->o.seed,
           verdict_name(result->verdict), result->n_events, (unsigned long long)result->log_hash);
    if (result->failure[0]) {
        printf("#   %s\n", result->failure);
    }
    print_expects(w, result);
    print_checks(w, &result->checks);
    if (!is_ok) {
        printf("#   rerun: rkmq run --on %s --seed %llu %.*s\n", c->options.on,
               (unsigned long long)w->o.seed, RKMQ_SLICE_ARG(sc->file));
    }
    c->n_harness += result->is_harness_failure;
    c->n_failed += result->verdict == RKMQ_FAIL && !result->is_harness_failure;
    c->n_unknown += result->verdict == RKMQ_UNKNOWN;
    if (c->events) {
        write_events(c, w->recorder.log);
    }
}

static void run_one(struct campaign *c, const struct rkmq_scenario *sc, uint64_t seed)
{
    struct rkmq_run_options o = {
        .ground = c->ground, .seed = seed, .log_level = c->log_level, .log = cli_log};
    struct rkmq_run_result result;
    struct rkmq_err err = {0};
    if (rkmq__run(&result, sc, &o, rkmq_mem_heap(), on_log, c, &err) != RKMQ_OK) {
        (void)cli_error("run", "%.*s: %s", RKMQ_SLICE_ARG(sc->name), err.text);
        c->n_harness++;
    }
    rkmq__run_result_close(&result);
}

static void run_seeds(struct campaign *c, const struct rkmq_scenario *sc)
{
    if (!(sc->grounds & c->ground)) {
        return;
    }
    if (!c->has_seeds) {
        run_one(c, sc, sc->seed);
        return;
    }
    for (uint64_t seed = c->seed_first; seed <= c->seed_last; seed++) {
        run_one(c, sc, seed);
    }
}

/* ---- one file ---- */

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
        } else if (!c->options.filter ||
                   fnmatch(c->options.filter, (const char *)sc->name.p, 0) == 0) {
            if (c->options.is_list) {
                printf("%.*s\t%.*s\n", RKMQ_SLICE_ARG(sc->name), RKMQ_SLICE_ARG(sc->title));
                c->n_listed++;
            } else {
                run_seeds(c, sc);
            }
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
    c->seed_last = (uint64_t)last;
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

static int campaign_run(struct campaign *c, const struct cli_args *args)
{
    if (!c->options.is_list) {
        printf("TAP version 13\n");
    }
    for (unsigned i = 0; i < args->n; i++) {
        if (cli_scenario_files(args->at[i], on_file, c) != RKMQ_OK) {
            c->n_bad++;
        }
    }
    if (!c->options.is_list) {
        printf("1..%u\n", c->n_runs);
    }
    if (c->n_runs + c->n_listed + c->n_bad + c->n_harness == 0) {
        (void)cli_error("run", "no scenario for this ground and filter");
        return RUN_EXIT_BAD;
    }
    return exit_code(c);
}

static int run_run(int argc, char **argv)
{
    struct campaign c = {.options = {.on = "sim"}};
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
    code = campaign_run(&c, &args);
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
