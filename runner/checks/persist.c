/* SPDX-License-Identifier: Apache-2.0 */
/* OFF-4: who gives a queue up tells its broker what is done. OFF-5: and whoever keeps it, in the
 * rhythm of the persist timer. */
#include <inttypes.h>

#include "runner/checks/view.h"

static enum rkmq_evidence evidence_of(const struct rkmq_view_hold *hold)
{
    return hold->member->has_hooks ? RKMQ_EVIDENCE_H : RKMQ_EVIDENCE_L;
}

/* The member knows where the queue's broker is, as far as can be seen. */
static bool is_reachable(struct rkmq_view *v, const struct rkmq_view_hold *hold)
{
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, hold->share->queue->topic);
    size_t place, n;
    return seat && (!rkmq__seat_is_seen(seat) ||
                    rkmq__told_queue(v, seat->route, hold->share->queue, &place, &n));
}

/* ---- OFF-4 ---- */

/* What is sent with the drop comes after the row that tells of it: it is looked at later. */
static void judge_hand_over(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    const struct rkmq_view_queue *queue = hold->share->queue;
    if (v->now - hold->dropped_at <= rkmq__slack_us(v)) {
        return;
    }
    if (is_reachable(v, hold) &&
        rkmq__calm_since(v, hold->who, queue->broker) <= hold->dropped_at) {
        rkmq__violated(v, RKMQ_CHECK_OFF_4, true, hold->unsent_row, hold->dropped_row,
                       "%s gives up %s@%s/%d, has done all below %" PRId64
                       ", and does not tell; it told %" PRId64 " at last",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, queue->topic),
                       rkmq__view_text(v, queue->broker), (int)queue->queue_id, hold->handed_offset,
                       hold->sent_offset == RKMQ_NOT_YET ? -1 : hold->sent_offset);
    }
    hold->handed_offset = RKMQ_NOT_YET;
}

static void queue_given_up(struct rkmq_view *v, const struct rkmq_view_hold *hold)
{
    if (hold->is_owned &&
        (hold->unsent_since != RKMQ_NOT_YET || hold->sent_offset != RKMQ_NOT_YET)) {
        rkmq__judged(v, RKMQ_CHECK_OFF_4, evidence_of(hold));
    }
}

static void persist_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_map_entry *entry;
    (void)index;
    if (row->kind == RKMQ_EV_PQ_DROP) {
        const struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
        if (hold) {
            queue_given_up(v, hold);
        }
    } else if (row->kind == RKMQ_EV_ACTOR_STOPPED) {
        for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
            const struct rkmq_view_hold *hold = entry->value;
            if (hold->who == row->who) {
                queue_given_up(v, hold);
            }
        }
    }
}

/* ---- OFF-5 ---- */

static void judge_rhythm(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    const struct rkmq_view_member *member = hold->member;
    const struct rkmq_view_queue *queue = hold->share->queue;
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, queue->topic);
    rkmq_us period = member->client->persist_ms * 1000;
    if (!member->is_running || member->is_stopping || !seat || !is_reachable(v, hold)) {
        return;
    }
    rkmq_us since = rkmq__later(hold->unsent_since, seat->route_changed_at);
    since = rkmq__later(since, member->started_at + RKMQ_PERSIST_FIRST_US - period);
    rkmq__judged(v, RKMQ_CHECK_OFF_5, evidence_of(hold));
    if (rkmq__is_overdue(v, hold->who, queue->broker, since, period + rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_OFF_5, true, hold->unsent_row, SIZE_MAX,
                       "%s has done %s@%s/%d up to %" PRId64
                       ", and does not tell for %.3f s; %.3f s "
                       "is its period",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, queue->topic),
                       rkmq__view_text(v, queue->broker), (int)queue->queue_id, hold->unsent_offset,
                       (double)(v->now - hold->unsent_since) / 1e6, (double)period / 1e6);
        hold->unsent_since = v->now;
    }
}

static void persist_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->handed_offset != RKMQ_NOT_YET) {
            judge_hand_over(v, hold);
        }
        if (hold->is_owned && hold->unsent_since != RKMQ_NOT_YET) {
            judge_rhythm(v, hold);
        }
    }
}

const struct rkmq_check_family rkmq__checks_persist = {.row = persist_row, .tick = persist_tick};
