/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep must show in some run: expectations of kind sometimes. */
#include "cli/campaign.h"

static bool is_last_of_file(const struct cli_campaign *c, const struct cli_item *item,
                            uint64_t number)
{
    const struct cli_item *end = c->items + c->n_items;
    bool is_last_item = item + 1 == end || strcmp(item[1].path, item->path) != 0;
    return is_last_item && number + 1 == item->first_piece + item->n_pieces;
}

bool cli_campaign_swept(struct cli_campaign *c, uint64_t number, const struct rkmq_part *part)
{
    uint64_t seed;
    const struct cli_item *item = cli_campaign_item(c, number, &seed);
    if (item->why_not) {
        return false;
    }
    c->n_swept++;
    for (size_t i = 0; i < RKMQ_SEEN_BYTES; i++) {
        c->seen[i] |= part->facts.seen[i];
    }
    return is_last_of_file(c, item, number);
}

/* Nobody could have told of it. */
static bool is_untold(const struct cli_campaign *c, const struct rkmq_expect *e)
{
    return c->options.client && !e->preds[0].is_state &&
           rkmq__event_kind_needs_hooks(e->preds[0].event.kind);
}

static void tell_unseen(struct cli_campaign *c, const struct cli_item *item,
                        const struct rkmq_scenario *sc, const struct rkmq_expect *e)
{
    char why[160];
    struct rkmq_part part;
    struct rkmq_bytes rerun;
    (void)snprintf(why, sizeof why, "sometimes %.*s: in none of %llu runs",
                   RKMQ_SLICE_ARG(rkmq__scenario_word(sc, e->id)),
                   (unsigned long long)c->n_swept); /* a longer id is cut */
    rkmq__bytes_init(&rerun, rkmq_mem_heap());
    rkmq__bytes_printf(&rerun, "rkmq run --on %s --sweep ", c->options.on);
    cli_campaign_put_client(c, &rerun);
    cli_shell_word(&rerun, item->path);
    rkmq__bytes_add(&rerun, "", 1);
    const struct rkmq_report_run run = {
        .file = item->path,
        .sc = sc,
        .n_swept = c->n_swept,
        .outcome = e->level == RKMQ_LEVEL_MUST ? RKMQ_OUTCOME_FAIL : RKMQ_OUTCOME_NON_STRICT,
        .why = why,
        .rerun = rerun.is_failed ? "" : (const char *)rerun.p};
    if (rkmq__part_make(&part, rkmq__reports_slots(c->reports), &run, rkmq_mem_heap()) == RKMQ_OK) {
        cli_campaign_tell(c, &part);
    } else {
        (void)cli_error("run", "out of memory");
        c->n_harness++;
    }
    rkmq__part_close(&part);
    rkmq__bytes_close(&rerun);
}

void cli_campaign_sweep_judge(struct cli_campaign *c, uint64_t number)
{
    uint64_t seed;
    const struct cli_item *item = cli_campaign_item(c, number, &seed);
    const struct rkmq_scenario_source source = {.file = item->path, .text = item->text};
    struct rkmq_scenario *sc = NULL;
    struct rkmq_bytes mistakes;
    rkmq__bytes_init(&mistakes, rkmq_mem_heap());
    if (rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &mistakes) != RKMQ_OK) {
        (void)cli_error("run", "out of memory"); /* it was parsed before */
        c->n_harness++;
    }
    for (size_t i = 0; sc && i < sc->n_expects; i++) {
        const struct rkmq_expect *e = &sc->expects[i];
        bool is_seen = (c->seen[i / 8] >> i % 8 & 1) != 0;
        if (e->kind == RKMQ_EXPECT_SOMETIMES && (e->grounds & c->ground) != 0 && !is_seen &&
            e->level != RKMQ_LEVEL_INFO && !is_untold(c, e)) {
            tell_unseen(c, item, sc, e);
        }
    }
    memset(c->seen, 0, sizeof c->seen);
    c->n_swept = 0;
    rkmq__bytes_close(&mistakes);
    rkmq__scenario_destroy(sc);
}
