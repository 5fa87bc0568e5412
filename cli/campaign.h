/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_CAMPAIGN_H
#define RKMQ_CLI_CAMPAIGN_H

/*
 * What one rkmq run plays: items (a scenario, or what its sweep makes of it), each with as many
 * pieces as there are seeds. Pieces are numbered through all items and handed to a pool.
 *
 *     options -> [cli_campaign_take]* -> cli_campaign_play -> the counts -> cli_campaign_close
 *
 * Workers are forks: what is here when the pool begins, they have too.
 */

#include <stdio.h>

#include "cli/pool.h"
#include "cli/progress.h"
#include "cli/seeds.h"
#include "runner/reports/report.h"

struct cli_run_options {
    const char *on, *client, *seed, *seeds, *filter, *events, *junit, *svg, *html;
    rkmq_ms client_timeout_ms;
    int64_t jobs, variant; /* variant -1: not given */
    bool is_list, is_all_variants, is_sweep, is_twice;
};

struct cli_item {
    const char *path;
    struct rkmq_slice text;
    uint32_t variant;
    uint64_t seed;       /* its own; the first, when it has several */
    const char *why_not; /* it is not played, and why: it is refused, or not for this ground */
    bool is_refused;
    uint64_t first_piece, n_pieces;
};

struct cli_campaign {
    struct cli_run_options options;
    enum rkmq_log_level log_level;
    enum rkmq_ground ground;
    struct cli_seeds seeds; /* n 1 when none are given */
    bool has_seeds;         /* else every item has its own */
    FILE *events;           /* NULL: not asked for */
    struct rkmq_reports *reports;
    struct rkmq_arena arena; /* paths and texts of items */
    struct cli_item *items;
    size_t n_items, n_items_max;
    uint64_t n_played_to;         /* pieces up to the last that is played */
    struct rkmq_scenario *parsed; /* of parsed_item; campaign_piece.c keeps the last one */
    const struct cli_item *parsed_item;
    struct cli_pool pool;
    struct cli_progress progress;
    uint8_t seen[RKMQ_SEEN_BYTES]; /* by any run so far of the file that is played */
    uint64_t n_swept;              /* its runs so far */
    unsigned n_failed, n_unknown, n_harness, n_bad, n_listed, n_playable;
};

/* A cli_scenario_fn: adds the items of a file, or lists it. What goes wrong is said and counted. */
void cli_campaign_take(void *campaign, const char *path, struct rkmq_slice text);
/* The item that a piece belongs to; `*seed` is what it is played with. */
const struct cli_item *cli_campaign_item(const struct cli_campaign *c, uint64_t number,
                                         uint64_t *seed);
/* campaign_sweep.c: takes a run into account; false: its file has more to come. */
bool cli_campaign_swept(struct cli_campaign *c, uint64_t number, const struct rkmq_part *part);
/* What came of the sweep that has just ended: a part for each expectation that no run met. What
 * goes wrong is said and counted. */
void cli_campaign_sweep_judge(struct cli_campaign *c, uint64_t number);
/* campaign_play.c: counts and reports one. */
void cli_campaign_tell(struct cli_campaign *c, const struct rkmq_part *part);
/* Appends "--client CMD ", if there is one, for a command that plays a part again. */
void cli_campaign_put_client(const struct cli_campaign *c, struct rkmq_bytes *out);
/* Plays all items. What goes wrong is said and counted. */
void cli_campaign_play(struct cli_campaign *c);
/* Frees the items. */
void cli_campaign_close(struct cli_campaign *c);

#endif
