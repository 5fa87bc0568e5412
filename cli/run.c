/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq run: plays scenarios and judges them. This file has the options and the exit code;
 * campaign.h what is played. */
#include <errno.h>

#include "cli/campaign.h"
#include "cli/scenario_files.h"

#define OPTION(x) offsetof(struct cli_run_options, x)
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
    {"sweep", 0, CLI_FLAG, NULL, OPTION(is_sweep), 0, 0, false,
     "run all of the scenarios' sweeps: each variant with each of their seeds"},
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

static int seeds_read(struct cli_campaign *c)
{
    const char *text = c->options.seeds ? c->options.seeds : c->options.seed;
    c->has_seeds = text != NULL;
    if (text && cli_seeds_read("run", text, &c->seeds) != RKMQ_OK) {
        return CLI_EXIT_USAGE;
    }
    return CLI_GO;
}

static int options_check(struct cli_campaign *c)
{
    if (strcmp(c->options.on, "sim") == 0) {
        c->ground = RKMQ_GROUND_SIM;
    } else if (strcmp(c->options.on, "tcp") == 0) {
        c->ground = RKMQ_GROUND_TCP;
    } else {
        return cli_usage_error("run", "--on: '%s' is neither sim nor tcp", c->options.on);
    }
    c->options.is_all_variants = c->options.is_all_variants || c->options.is_sweep;
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

static int exit_code(const struct cli_campaign *c)
{
    if (c->n_bad > 0) {
        return CLI_EXIT_BAD;
    }
    if (c->n_harness > 0) {
        return CLI_EXIT_HARNESS;
    }
    return c->n_failed > 0 ? CLI_EXIT_FOUND : c->n_unknown > 0 ? CLI_EXIT_UNKNOWN : CLI_EXIT_OK;
}

static int campaign_run(struct cli_campaign *c, const struct cli_args *args)
{
    for (unsigned i = 0; i < args->n; i++) {
        if (cli_scenario_files(args->at[i], cli_campaign_take, c) != RKMQ_OK) {
            c->n_bad++;
        }
    }
    if (!c->options.is_list) {
        cli_campaign_play(c);
    }
    if (c->n_playable + c->n_listed + c->n_bad + c->n_harness == 0) {
        (void)cli_error("run", "no scenario for this ground and filter");
        return CLI_EXIT_BAD;
    }
    return exit_code(c);
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

/* What the reports say plays it all again; it outlives them. Errors are said on stderr. */
static int outputs_open(struct cli_campaign *c, const struct rkmq_bytes *command)
{
    struct rkmq_reports_options o = {.tap = c->options.is_list ? NULL : stdout,
                                     .junit = c->options.junit,
                                     .svg = c->options.svg,
                                     .html = c->options.html,
                                     .ground = c->options.on,
                                     .command = command->is_failed ? "" : (const char *)command->p};
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

static int outputs_close(struct cli_campaign *c)
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
    struct cli_campaign c = {.options = {.on = "sim", .client_timeout_ms = 60000, .variant = -1},
                             .seeds = {.n = 1}};
    struct rkmq_bytes command;
    struct cli_args args;
    int code = cli_parse(&cli_run_command, argc, argv, &c.options, &args);
    if (code == CLI_GO) {
        code = options_check(&c);
    }
    if (code != CLI_GO) {
        return code == CLI_EXIT_USAGE ? CLI_EXIT_BAD : code; /* 2 is a verdict here */
    }
    /* Scenarios provoke warnings on purpose: they are shown to who asks for more. */
    c.log_level = args.log_level > RKMQ_LOG_WARN ? args.log_level : RKMQ_LOG_ERROR;
    rkmq__arena_init(&c.arena, rkmq_mem_heap());
    rkmq__bytes_init(&command, rkmq_mem_heap());
    command_write(&command, argc, argv);
    code = outputs_open(&c, &command) == RKMQ_OK ? campaign_run(&c, &args) : CLI_EXIT_HARNESS;
    cli_campaign_close(&c);
    code = outputs_close(&c) == RKMQ_OK ? code : CLI_EXIT_HARNESS;
    rkmq__bytes_close(&command);
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
