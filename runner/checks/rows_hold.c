/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a queue, and how far it is with it. */
#include "remoting/protocol/codes.h"
#include "runner/checks/rows.h"

bool rkmq__hold_is_full(const struct rkmq_view_hold *hold)
{
    const struct rkmq_check_client *client = hold->member->client;
    int64_t span = hold->put_most - hold->may_commit_to; /* at most */
    return hold->n_cached > 0 && (client->has_small_bytes ||
                                  hold->n_cached > client->threshold_count || span > client->span);
}

/* ---- ownership ---- */

/* Where it begins is known; nothing else of what was before counts. */
void rkmq__hold_begin(struct rkmq_view *v, struct rkmq_view_hold *hold, int64_t offset,
                      size_t index)
{
    struct rkmq_view_share *share = hold->share;
    struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, share->queue->topic);
    if (!hold->is_owned) {
        hold->member->n_owned++;
        share->n_owners++;
        if (seat) {
            seat->n_owned++;
            seat->is_dirty = true;
        }
    }
    hold->is_owned = true;
    hold->owned_at = v->now;
    hold->owned_row = index;
    hold->may_pull_to = hold->may_commit_to = hold->put_most = hold->done_to = offset;
    hold->passed_to = RKMQ_NOT_YET;
    hold->n_cached = 0;
    hold->pulled_at = hold->committed_most = hold->sent_offset = RKMQ_NOT_YET;
    hold->asked_offset = hold->answer_next = hold->answered_at = RKMQ_NOT_YET;
    hold->last_pull_at = RKMQ_NOT_YET;
    hold->unsent_since = hold->handed_offset = hold->drained_at = RKMQ_NOT_YET;
    hold->idle_since = v->now;
    hold->is_answer_doubtful = false;
    hold->n_empty_soon = 0;
    hold->sampled_at[0] = hold->sampled_at[1] = RKMQ_NOT_YET;
    hold->repeats_from = share->persisted_to;
    rkmq__offsets_clear(&hold->delivered);
    rkmq__offsets_clear(&hold->failed);
    rkmq__offsets_clear(&hold->finished);
    share->owner = hold->who;
    if (share->first_offset == RKMQ_NOT_YET || offset < share->first_offset) {
        share->first_offset = offset;
    }
}

void rkmq__hold_end(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, hold->share->queue->topic);
    if (hold->is_owned) {
        hold->member->n_owned--;
        hold->share->n_owners--;
        if (seat) {
            seat->n_owned--;
            seat->is_dirty = true;
        }
    }
    hold->is_owned = false;
    hold->n_cached = 0;
    hold->overlap_since = hold->drained_at = hold->unsent_since = RKMQ_NOT_YET;
    hold->idle_since = RKMQ_NOT_YET;
    if (hold->share->owner == hold->who) {
        hold->share->owner = 0;
    }
}

static void apply_add(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (hold) {
        hold->member->has_hooks = true;
        rkmq__hold_begin(v, hold, row->offset, index);
    }
}

/* What is done and not told must come now, unless the broker named another offset to begin at. */
void rkmq__hold_drop(struct rkmq_view *v, struct rkmq_view_hold *hold, size_t index)
{
    bool is_moved =
        hold->answered_at != RKMQ_NOT_YET && hold->answer_status == RKMQ_RES_PULL_OFFSET_MOVED;
    bool is_more = hold->unsent_since != RKMQ_NOT_YET && !is_moved;
    hold->handed_offset = is_more ? hold->done_to : RKMQ_NOT_YET;
    hold->dropped_at = v->now;
    hold->dropped_row = index;
    hold->member->n_reasons++; /* what it asked for the queue may still come */
    rkmq__hold_end(v, hold);
}

static void apply_drop(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (hold && hold->is_owned) {
        rkmq__hold_drop(v, hold, index);
    }
}

/* ---- offsets ---- */

/* The broker was told, or a rule kept it from being told: the client has done its part. */
void rkmq__hold_sent(struct rkmq_view *v, const struct rkmq_event *row, int64_t offset)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!hold) {
        return;
    }
    hold->sent_offset = offset;
    if (hold->handed_offset != RKMQ_NOT_YET && offset >= hold->handed_offset) {
        hold->handed_offset = RKMQ_NOT_YET;
    }
    if (hold->unsent_since != RKMQ_NOT_YET && offset >= hold->unsent_offset) {
        bool is_more = hold->done_to > offset;
        hold->unsent_since = is_more ? v->now : RKMQ_NOT_YET;
        hold->unsent_offset = hold->done_to;
    }
}

static void apply_commit(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_share *share = rkmq__view_share(v, row);
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!share) {
        return;
    }
    if (row->offset < share->committed) { /* who begins now may begin there */
        share->persisted_to = RKMQ_NOT_YET;
        share->fell_at = v->now;
    }
    share->committed = row->offset;
    if (row->offset > share->committed_most) {
        share->committed_most = row->offset;
    }
    if (hold && row->offset > hold->committed_most) {
        hold->committed_most = row->offset;
    }
}

/* From now on the broker is to learn that all below `offset` is finished. */
static void hold_done(struct rkmq_view *v, struct rkmq_view_hold *hold, int64_t offset,
                      size_t index)
{
    hold->done_to = offset;
    if (hold->unsent_since == RKMQ_NOT_YET && offset > hold->sent_offset) {
        hold->unsent_since = v->now;
        hold->unsent_offset = offset;
        hold->unsent_row = index;
    }
}

/* ---- the cache ---- */

/* DefaultMQPushConsumerImpl.correctTagsOffset: what the filters left out is consumed. */
void rkmq__hold_nothing_below(struct rkmq_view_hold *hold)
{
    bool is_empty = hold->answer_status == RKMQ_RES_PULL_NOT_FOUND ||
                    hold->answer_status == RKMQ_RES_PULL_RETRY_IMMEDIATELY;
    if (is_empty && hold->n_cached == 0 && hold->answer_next > hold->passed_to) {
        hold->passed_to = hold->answer_next;
    }
}

static void apply_evict(struct rkmq_view *v, struct rkmq_view_hold *hold,
                        const struct rkmq_event *row, size_t index)
{
    bool was_full = rkmq__hold_is_full(hold);
    hold->n_cached -= row->count;
    rkmq__hold_nothing_below(hold);
    if (row->offset > hold->may_commit_to) {
        hold->may_commit_to = row->offset;
        hold_done(v, hold, row->offset, index);
    }
    if (was_full && !rkmq__hold_is_full(hold)) {
        hold->idle_since = v->now;
        if (hold->pulled_at == RKMQ_NOT_YET && hold->answer_status == RKMQ_RES_SUCCESS &&
            hold->answered_at != RKMQ_NOT_YET && !hold->is_answer_doubtful) {
            hold->drained_at = v->now;
            hold->drained_row = index;
        }
    }
}

static void apply_cache(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!hold || !hold->is_owned) {
        return;
    }
    if (row->kind == RKMQ_EV_CACHE_EVICT) {
        apply_evict(v, hold, row, index);
    } else {
        hold->n_cached += row->count;
        hold->put_most = row->offset2 > hold->put_most ? row->offset2 : hold->put_most;
    }
}

/* ---- deliveries and listener calls ---- */

static void apply_delivery(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_share *share = rkmq__view_share(v, row);
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (share) {
        rkmq__offsets_set(v, &share->delivered, row->offset);
    }
    if (hold && hold->is_owned) {
        rkmq__offsets_set(v, &hold->delivered, row->offset);
    }
}

/* Without hooks: what a listener did before the stop counts, message by message without a gap. */
static void listener_did(struct rkmq_view *v, struct rkmq_view_hold *hold,
                         const struct rkmq_event *row, size_t index)
{
    int64_t done_to = hold->done_to;
    if (hold->member->has_hooks || !hold->is_owned || hold->member->is_stopping ||
        row->offset2 - row->offset != row->count - 1) {
        return;
    }
    rkmq__offsets_set_all(v, &hold->finished, row->offset, row->offset2);
    while (rkmq__offsets_has(&hold->finished, done_to)) {
        done_to++;
    }
    if (done_to > hold->done_to) {
        hold_done(v, hold, done_to, index);
    }
}

static void apply_call(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member = rkmq__view_member(v, row->who);
    if (member) {
        member->n_calls += row->kind == RKMQ_EV_LISTENER_BEGIN ? 1 : member->n_calls > 0 ? -1 : 0;
    }
    struct rkmq_view_hold *hold =
        row->kind == RKMQ_EV_LISTENER_END ? rkmq__view_hold_known(v, row) : NULL;
    if (hold && row->status == 0) {
        listener_did(v, hold, row, index);
    } else if (hold) {
        rkmq__offsets_set_all(v, &hold->failed, row->offset, row->offset2);
    }
}

/* ---- all ---- */

void rkmq__rows_hold(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    switch (row->kind) {
    case RKMQ_EV_PQ_ADD:
        apply_add(v, row, index);
        break;
    case RKMQ_EV_PQ_DROP:
        apply_drop(v, row, index);
        break;
    case RKMQ_EV_CACHE_PUT:
    case RKMQ_EV_CACHE_EVICT:
        apply_cache(v, row, index);
        break;
    case RKMQ_EV_COMMIT:
        apply_commit(v, row);
        break;
    case RKMQ_EV_DELIVER:
        apply_delivery(v, row);
        break;
    case RKMQ_EV_LISTENER_BEGIN:
    case RKMQ_EV_LISTENER_END:
        apply_call(v, row, index);
        break;
    default:
        break;
    }
}
