/* SPDX-License-Identifier: Apache-2.0 */
/* Which items a campaign has, and which piece is of which. */
#include "cli/campaign.h"

#include <fnmatch.h>

static struct cli_item *item_room(struct cli_campaign *c)
{
    if (c->n_items == c->n_items_max) {
        size_t n = c->n_items_max ? 2 * c->n_items_max : 64;
        struct cli_item *grown = rkmq__realloc(rkmq_mem_heap(), c->items, n * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        c->items = grown;
        c->n_items_max = n;
    }
    return &c->items[c->n_items];
}

/* Errors: RKMQ_E_NOMEM. */
static int item_keep(struct cli_campaign *c, const struct rkmq_scenario_source *source,
                     const struct cli_seeds *seeds)
{
    struct cli_item *item = item_room(c);
    struct rkmq_slice path;
    if (!item) {
        return RKMQ_E_NOMEM;
    }
    *item = (struct cli_item){.variant = source->variant,
                              .seed = seeds->first,
                              .first_piece =
                                  c->n_items > 0 ? item[-1].first_piece + item[-1].n_pieces : 0,
                              .n_pieces = seeds->n};
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
static int item_keep_aside(struct cli_campaign *c, const struct rkmq_scenario_source *source,
                           struct rkmq_slice why, bool is_refused)
{
    const struct cli_seeds none = {.first = 0, .n = 1};
    struct rkmq_slice copy;
    int status = rkmq__arena_copy(&c->arena, why, &copy);
    status = status == RKMQ_OK ? item_keep(c, source, &none) : status;
    if (status == RKMQ_OK) {
        struct cli_item *item = &c->items[c->n_items - 1];
        item->why_not = (const char *)copy.p; /* NUL-terminated */
        item->is_refused = is_refused;
    }
    return status;
}

static struct cli_seeds seeds_of(const struct cli_campaign *c, const struct rkmq_scenario *sc)
{
    if (c->has_seeds) {
        return c->seeds;
    }
    if (c->options.is_sweep) {
        return (struct cli_seeds){.first = sc->seed_first, .n = sc->seed_last - sc->seed_first + 1};
    }
    return (struct cli_seeds){.first = sc->seed, .n = 1};
}

static int take_scenario(struct cli_campaign *c, const struct rkmq_scenario_source *source,
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
    if (!rkmq__run_is_possible(sc, c->ground, c->options.client != NULL, why)) {
        return item_keep_aside(c, source, rkmq__slice_of(why), false);
    }
    const struct cli_seeds seeds = seeds_of(c, sc);
    int status = item_keep(c, source, &seeds);
    if (status == RKMQ_OK) {
        const struct cli_item *item = &c->items[c->n_items - 1];
        c->n_playable++;
        c->n_played_to = item->first_piece + item->n_pieces;
    }
    return status;
}

static int refuse(struct cli_campaign *c, const struct rkmq_scenario_source *source,
                  const struct rkmq_bytes *mistakes)
{
    (void)fprintf(stderr, "%.*s", (int)mistakes->n, (const char *)mistakes->p);
    if (c->options.is_list) {
        c->n_bad++;
        return RKMQ_OK;
    }
    return item_keep_aside(c, source, rkmq__bytes_slice(mistakes), true);
}

void cli_campaign_take(void *campaign, const char *path, struct rkmq_slice text)
{
    struct cli_campaign *c = campaign;
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

const struct cli_item *cli_campaign_item(const struct cli_campaign *c, uint64_t number,
                                         uint64_t *seed)
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
    const struct cli_item *item = &c->items[low];
    *seed = item->seed + (number - item->first_piece);
    return item;
}

void cli_campaign_put_client(const struct cli_campaign *c, struct rkmq_bytes *out)
{
    if (c->options.client) {
        rkmq__bytes_add_text(out, "--client ");
        cli_shell_word(out, c->options.client);
        rkmq__bytes_add_text(out, " ");
    }
}

void cli_campaign_close(struct cli_campaign *c)
{
    rkmq__scenario_destroy(c->parsed);
    rkmq__free(rkmq_mem_heap(), c->items);
    rkmq__arena_close(&c->arena);
}
