/* SPDX-License-Identifier: Apache-2.0 */
/* Hands the pieces of a campaign to a pool, and takes their answers in order. */
#include <signal.h>

#include "cli/campaign_piece.h"
#include "runner/testee.h"

#define RUN_LIMIT_S 120 /* of real time a simulated run may take in a worker */

static void count(struct cli_campaign *c, enum rkmq_outcome outcome)
{
    c->n_failed += outcome == RKMQ_OUTCOME_FAIL;
    c->n_unknown += outcome == RKMQ_OUTCOME_UNKNOWN;
    c->n_harness += outcome == RKMQ_OUTCOME_HARNESS;
    c->n_bad += outcome == RKMQ_OUTCOME_BAD;
}

static void show_progress(struct cli_campaign *c, uint64_t n_done)
{
    uint64_t n_all = c->pool.n_pieces;
    char text[64], note[64];
    (void)snprintf(text, sizeof text, "%llu/%llu runs", (unsigned long long)n_done,
                   (unsigned long long)n_all);
    (void)snprintf(note, sizeof note, "%u failed", c->n_failed + c->n_harness);
    cli_progress_show(&c->progress, text, (double)(n_all - n_done) / (double)n_all, note);
}

void cli_campaign_tell(struct cli_campaign *c, const struct rkmq_part *part)
{
    count(c, part->facts.outcome);
    rkmq__reports_add(c->reports, part);
}

static bool done(void *user, const struct cli_pool_result *result)
{
    struct cli_campaign *c = user;
    struct rkmq_part part;
    bool is_events_failed;
    cli_progress_clear(&c->progress);
    if (cli_piece_read(c, result, &part, &is_events_failed) != RKMQ_OK) {
        (void)cli_error("run", "out of memory");
        c->n_harness++;
    }
    if (is_events_failed) {
        (void)cli_error(c->options.events, "cannot be written");
        c->n_harness++;
    }
    cli_campaign_tell(c, &part);
    if (c->options.is_sweep && cli_campaign_swept(c, result->number, &part)) {
        cli_campaign_sweep_judge(c, result->number);
    }
    rkmq__part_close(&part);
    show_progress(c, result->number + 1);
    return true;
}

/* The processes that play actors go with this one, whatever ends it. */
static void on_signal(int number)
{
    rkmq__testees_kill();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void signals_catch(const struct cli_campaign *c)
{
    if (c->options.client) {
        const struct sigaction action = {.sa_handler = on_signal};
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        (void)sigaction(SIGHUP, &action, NULL);
    }
}

void cli_campaign_play(struct cli_campaign *c)
{
    bool is_sim = c->ground == RKMQ_GROUND_SIM;
    const struct cli_item *last = c->n_items > 0 ? &c->items[c->n_items - 1] : NULL;
    c->pool = (struct cli_pool){
        .n_jobs = c->options.jobs > 0 ? (unsigned)c->options.jobs
                  : is_sim            ? cli_pool_cores()
                                      : 1,
        .n_pieces = last ? last->first_piece + last->n_pieces : 0,
        .limit_s = is_sim ? RUN_LIMIT_S : 0,
        .work = cli_piece_play,
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
