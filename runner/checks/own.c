/* SPDX-License-Identifier: Apache-2.0 */
/* OWN-1: a queue has one owner, but for a while after a change of members. */
#include "runner/checks/view.h"

/* The older owner keeps it for how long? */
static void overlap_begins(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_event other = *row;
    other.who = row->peer;
    struct rkmq_view_hold *hold = rkmq__view_hold(v, &other);
    rkmq__judged(v, RKMQ_CHECK_OWN_1, RKMQ_EVIDENCE_H);
    if (hold && hold->is_owned && hold->overlap_since == RKMQ_NOT_YET) {
        hold->overlap_since = row->at;
        hold->overlap_row = index;
    }
}

static void overlap_ends(struct rkmq_view *v, struct rkmq_view_hold *hold, rkmq_us at, size_t index)
{
    if (hold->overlap_since == RKMQ_NOT_YET) {
        return;
    }
    rkmq_us lasted = at - hold->overlap_since, allowed = v->params->overlap_max_ms * 1000;
    if (lasted > allowed) {
        rkmq__violated(v, RKMQ_CHECK_OWN_1, true, hold->overlap_row, index,
                       "%s still has %s@%s/%d %.3f s after another member took it, allowed are "
                       "%.3f s",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, hold->share->queue->topic),
                       rkmq__view_text(v, hold->share->queue->broker),
                       (int)hold->share->queue->queue_id, (double)lasted / 1e6,
                       (double)allowed / 1e6);
    }
    hold->overlap_since = RKMQ_NOT_YET;
}

/* Whichever of the two lets go of it. */
static void queue_dropped(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_share *share = rkmq__view_share(v, row);
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->share == share) {
            overlap_ends(v, hold, row->at, index);
        }
    }
}

static void own_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_PQ_ADD) {
        rkmq__judged(v, RKMQ_CHECK_OWN_1, RKMQ_EVIDENCE_H);
    } else if (row->kind == RKMQ_EV_OWNER_OVERLAP) {
        overlap_begins(v, row, index);
    } else if (row->kind == RKMQ_EV_PQ_DROP) {
        queue_dropped(v, row, index);
    }
}

static void own_end(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        overlap_ends(v, entry->value, v->end_at, SIZE_MAX);
    }
}

const struct rkmq_check_family rkmq__checks_own = {.row = own_row, .end = own_end};
