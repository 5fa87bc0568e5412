/* SPDX-License-Identifier: Apache-2.0 */
/* FLOW-1: a queue's cache stays within its limit and one batch. FLOW-2: once there is room again,
 * the queue is pulled. */
#include <inttypes.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define RESUME_US 100000     /* PULL_TIME_DELAY_MILLS_WHEN_CACHE_FLOW_CONTROL, twice */
#define SUSPENDED_US 1000000 /* PULL_TIME_DELAY_MILLS_WHEN_SUSPEND */

/* ---- FLOW-1 ---- */

static void judge_put(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold || !hold->is_owned) {
        return;
    }
    int64_t limit = (int64_t)hold->member->client->threshold_count + v->params->pull_batch;
    rkmq__judged(v, RKMQ_CHECK_FLOW_1, RKMQ_EVIDENCE_H);
    if (hold->n_cached + row->count > limit) {
        rkmq__violated(v, RKMQ_CHECK_FLOW_1, true, index, SIZE_MAX,
                       "%s caches %" PRId64 " messages of a queue, at most %" PRId64,
                       rkmq__view_text(v, row->who), hold->n_cached + row->count, limit);
    }
}

/* ---- FLOW-2 ---- */

static void judge_drained(struct rkmq_view *v, struct rkmq_view_hold *hold, size_t index)
{
    const struct rkmq_view_member *member = hold->member;
    const struct rkmq_view_queue *queue = hold->share->queue;
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, queue->topic);
    rkmq_us since = rkmq__later(hold->drained_at, member->paused_at + SUSPENDED_US);
    rkmq_us allowed = RESUME_US + member->client->pull_interval_ms * 1000 + rkmq__slack_us(v);
    size_t place, n;
    if (!rkmq__member_works(member) || !seat ||
        !rkmq__told_queue(v, seat->route, queue, &place, &n)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_FLOW_2, RKMQ_EVIDENCE_H);
    if (rkmq__is_overdue(v, hold->who, queue->broker, since, allowed)) {
        rkmq__violated(v, RKMQ_CHECK_FLOW_2, true, hold->drained_row, index,
                       "%s has room for %s@%s/%d again, and does not pull it for %.3f s",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, queue->topic),
                       rkmq__view_text(v, queue->broker), (int)queue->queue_id,
                       (double)(v->now - since) / 1e6);
        hold->drained_at = RKMQ_NOT_YET;
    }
}

static void flow_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_CACHE_PUT) {
        judge_put(v, row, index);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
        struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
        if (hold && hold->is_owned && hold->drained_at != RKMQ_NOT_YET) {
            judge_drained(v, hold, index);
        }
    }
}

static void flow_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->is_owned && hold->drained_at != RKMQ_NOT_YET) {
            judge_drained(v, hold, SIZE_MAX);
        }
    }
}

const struct rkmq_check_family rkmq__checks_flow = {.row = flow_row, .tick = flow_tick};
