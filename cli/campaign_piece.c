/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of a campaign: played in a worker, and its answer read. */
#include "cli/campaign_piece.h"

#include "cli/clock.h"

/* The command that plays a piece again, NUL-terminated; NULL: memory is out. */
static const char *rerun_write(struct rkmq_bytes *out, const struct cli_campaign *c,
                               const struct cli_item *item, uint64_t seed)
{
    rkmq__bytes_printf(out, "rkmq run --on %s --seed %llu ", c->options.on,
                       (unsigned long long)seed);
    if (c->options.is_twice) {
        rkmq__bytes_add_text(out, "--twice ");
    }
    cli_campaign_put_client(c, out);
    if (item->variant > 0) {
        rkmq__bytes_printf(out, "--variant %lu ", (unsigned long)item->variant);
    }
    cli_shell_word(out, item->path);
    rkmq__bytes_add(out, "", 1);
    return out->is_failed ? NULL : (const char *)out->p;
}

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
    struct cli_campaign *c;
    bool is_last, is_events_failed, is_rendered;
    rkmq_us begun_us;
    struct rkmq_report_run run;
    struct rkmq_part part;
};

static void render(struct one_run *one)
{
    one->run.took_us = cli_clock_us() - one->begun_us;
    one->is_rendered = rkmq__part_make(&one->part, rkmq__reports_slots(one->c->reports), &one->run,
                                       rkmq_mem_heap()) == RKMQ_OK;
}

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct one_run *one = user;
    one->run.w = w;
    one->run.result = result;
    render(one);
    if (one->c->events && one->is_last) {
        one->is_events_failed = !write_events(one->c->events, w->recorder.log);
    }
}

/* The scenario of a piece; the last one is kept, since its neighbours are mostly the same. */
static const struct rkmq_scenario *scenario_of(struct cli_campaign *c, const struct cli_item *item)
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

/* What is told of a piece that was not played. */
static void not_played(struct one_run *one, enum rkmq_outcome outcome, const char *why)
{
    one->run.w = NULL;
    one->run.result = NULL;
    one->run.outcome = outcome;
    one->run.why = why;
    render(one);
}

static void play(struct one_run *one, uint64_t seed)
{
    struct cli_campaign *c = one->c;
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
        not_played(one, RKMQ_OUTCOME_HARNESS, err.text);
    }
    rkmq__run_result_close(&result);
}

/* The first run of a scenario, and the last of all. */
static bool is_example(const struct cli_campaign *c, const struct cli_item *item, uint64_t number)
{
    bool is_plain = item->variant == 0 || c->options.variant >= 0;
    return (is_plain && number == item->first_piece) || number + 1 == c->n_played_to;
}

/* The answer: is_events_failed, then the part. */
void cli_piece_play(void *campaign, uint64_t number, struct rkmq_bytes *out)
{
    struct cli_campaign *c = campaign;
    struct one_run one = {.c = c, .is_last = number + 1 == c->n_played_to};
    uint64_t seed;
    const struct cli_item *item = cli_campaign_item(c, number, &seed);
    struct rkmq_bytes rerun;
    one.begun_us = cli_clock_us();
    rkmq__bytes_init(&rerun, rkmq_mem_heap());
    one.run = (struct rkmq_report_run){.file = item->path,
                                       .sc = item->is_refused ? NULL : scenario_of(c, item),
                                       .seed = seed,
                                       .rerun = rerun_write(&rerun, c, item, seed),
                                       .is_example = is_example(c, item, number)};
    if (!one.run.rerun || (!one.run.sc && !item->is_refused)) {
        /* memory is out: the empty answer says so */
    } else if (item->why_not) {
        one.run.rerun = "";
        not_played(&one, item->is_refused ? RKMQ_OUTCOME_BAD : RKMQ_OUTCOME_SKIPPED, item->why_not);
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

/* ---- its answer ---- */

/* The part of a piece that has no answer. */
static int part_of_dead(struct cli_campaign *c, const struct cli_pool_result *result,
                        struct rkmq_part *part)
{
    char death[CLI_POOL_DEATH_BYTES], why[CLI_POOL_DEATH_BYTES + 32] = "out of memory";
    struct one_run one = {.c = c, .begun_us = cli_clock_us()};
    struct rkmq_bytes rerun;
    uint64_t seed;
    const struct cli_item *item = cli_campaign_item(c, result->number, &seed);
    if (result->signal != 0 || result->exit_code != 0) {
        cli_pool_death(&c->pool, result, death);
        (void)snprintf(why, sizeof why, "the harness failed: the worker %s", death); /* fits */
    }
    rkmq__bytes_init(&rerun, rkmq_mem_heap());
    one.run =
        (struct rkmq_report_run){.file = item->path, .sc = scenario_of(c, item), .seed = seed};
    one.run.rerun = rerun_write(&rerun, c, item, seed);
    one.run.rerun = one.run.rerun ? one.run.rerun : "";
    not_played(&one, RKMQ_OUTCOME_HARNESS, why);
    *part = one.part;
    rkmq__bytes_close(&rerun);
    return one.is_rendered ? RKMQ_OK : RKMQ_E_NOMEM;
}

int cli_piece_read(struct cli_campaign *c, const struct cli_pool_result *result,
                   struct rkmq_part *part, bool *is_events_failed)
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
