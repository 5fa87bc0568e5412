/* SPDX-License-Identifier: Apache-2.0 */
/* DUP-1: what is delivered again has a cause: it failed, or its queue came to its member anew; and
 * then it is nothing that had long been persisted. DUP-2: nothing is delivered again in steady
 * state. */
#include <inttypes.h>

#include "runner/checks/view.h"

/* ---- DUP-1 ---- */

static void judge_again(struct rkmq_view *v, const struct rkmq_view_hold *hold,
                        const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_share *share = hold->share;
    bool was_delivered = rkmq__offsets_has(&share->delivered, row->offset);
    rkmq__judged(v, RKMQ_CHECK_DUP_1, RKMQ_EVIDENCE_L);
    if (!was_delivered || !hold->is_owned || row->count > 0 ||
        rkmq__offsets_has(&hold->failed, row->offset)) {
        return;
    }
    if (rkmq__offsets_has(&hold->delivered, row->offset)) {
        rkmq__violated(v, RKMQ_CHECK_DUP_1, true, hold->owned_row, index,
                       "%s gets offset %" PRId64
                       " of %s@%s/%d twice, and had the queue all the time",
                       rkmq__view_text(v, row->who), row->offset, rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id);
    } else if (hold->repeats_from != RKMQ_NOT_YET && row->offset < hold->repeats_from) {
        rkmq__violated(v, RKMQ_CHECK_DUP_1, true, hold->owned_row, index,
                       "%s gets offset %" PRId64 " of %s@%s/%d again, though what is below %" PRId64
                       " was done before the last persist",
                       rkmq__view_text(v, row->who), row->offset, rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id, hold->repeats_from);
    }
}

/* What a member had finished a persist period ago, the broker knows by now, unless another one took
 * it back since. */
static void sample(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    const struct rkmq_view_member *member = hold->member;
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, hold->share->queue->topic);
    rkmq_us period = member->client->persist_ms * 1000 + rkmq__slack_us(v);
    size_t place, n;
    if (hold->sampled_at[1] != RKMQ_NOT_YET && v->now - hold->sampled_at[1] < period) {
        return;
    }
    hold->sampled_at[0] = hold->sampled_at[1];
    hold->sampled_to[0] = hold->sampled_to[1];
    hold->sampled_at[1] = v->now;
    hold->sampled_to[1] = hold->may_commit_to;
    bool is_sure =
        hold->sampled_at[0] != RKMQ_NOT_YET &&
        hold->sampled_at[0] >= member->started_at + RKMQ_PERSIST_FIRST_US &&
        hold->sampled_at[0] > hold->share->fell_at && seat &&
        rkmq__told_queue(v, seat->route, hold->share->queue, &place, &n) &&
        rkmq__calm_since(v, hold->who, hold->share->queue->broker) <= hold->sampled_at[0];
    if (is_sure && hold->sampled_to[0] > hold->share->persisted_to) {
        hold->share->persisted_to = hold->sampled_to[0];
    }
}

static void dup_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->is_owned && hold->member->has_hooks && hold->member->is_running) {
            sample(v, hold);
        }
    }
}

/* ---- DUP-2 ---- */

static void judge_steady(struct rkmq_view *v, struct rkmq_view_share *share,
                         const struct rkmq_event *row, size_t index)
{
    rkmq_us settled = v->params->overlap_max_ms * 1000 + rkmq__slack_us(v);
    if (row->count > 0 || !rkmq__is_overdue(v, 0, 0, v->changed_at, settled)) {
        return;
    }
    if (share->steady_epoch != v->change_epoch) {
        rkmq__offsets_clear(&share->delivered_steadily);
        share->steady_epoch = v->change_epoch;
    }
    rkmq__judged(v, RKMQ_CHECK_DUP_2, RKMQ_EVIDENCE_L);
    if (rkmq__offsets_has(&share->delivered_steadily, row->offset)) {
        rkmq__violated(v, RKMQ_CHECK_DUP_2, true, index, SIZE_MAX,
                       "%s gets offset %" PRId64
                       " of %s@%s/%d again; nothing had changed for %.3f s",
                       rkmq__view_text(v, row->who), row->offset, rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id,
                       (double)(v->now - v->changed_at) / 1e6);
    }
    rkmq__offsets_set(v, &share->delivered_steadily, row->offset);
}

static bool has_failed(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    return hold && rkmq__offsets_has(&hold->failed, row->offset);
}

static void dup_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_share *share = row->kind == RKMQ_EV_DELIVER ? rkmq__view_share(v, row) : NULL;
    const struct rkmq_view_hold *hold = share ? rkmq__view_hold(v, row) : NULL;
    if (!hold) {
        return;
    }
    judge_again(v, hold, row, index);
    if (!has_failed(v, row)) {
        judge_steady(v, share, row, index);
    }
}

const struct rkmq_check_family rkmq__checks_dup = {.row = dup_row, .tick = dup_tick};
