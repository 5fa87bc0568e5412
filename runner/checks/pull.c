/* SPDX-License-Identifier: Apache-2.0 */
/* PULL-1: one pull at a time for a queue. PULL-2: none, nor anything else, for a queue that was
 * dropped. PULL-3: the next pull asks for what the last answer named. */
#include <inttypes.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define SAME_OWNER_US 10000000 /* a client without hooks that pulls on within this has it still */

/* ---- PULL-1 ---- */

/* It may have waited on a bad way for longer than it seems, and been given up before its time. */
static bool is_sent_when_it_came(const struct rkmq_view *v, const struct rkmq_view_hold *hold,
                                 const struct rkmq_event *row)
{
    return hold->pulled_at > rkmq__calm_since(v, row->who, row->broker);
}

static void judge_one(struct rkmq_view *v, const struct rkmq_view_hold *hold,
                      const struct rkmq_event *row, size_t index)
{
    rkmq__judged(v, RKMQ_CHECK_PULL_1, RKMQ_EVIDENCE_W);
    /* A rule that answers in the server's place is told before the request it answers. */
    if (hold->pulled_at != RKMQ_NOT_YET && hold->pull_opaque != row->opaque &&
        row->at - hold->pulled_at < RKMQ_PULL_GIVEN_UP_US - v->params->slack_ms * 1000 &&
        is_sent_when_it_came(v, hold, row)) {
        rkmq__violated(v, RKMQ_CHECK_PULL_1, true, hold->pull_row, index,
                       "%s pulls %s@%s/%d again while a pull is under way",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id);
    }
}

/* ---- PULL-2 ---- */

/* What was on its way at the drop may still arrive. */
static void judge_dropped(struct rkmq_view *v, const struct rkmq_view_hold *hold,
                          const struct rkmq_event *row, size_t index, const char *what)
{
    rkmq__judged(v, RKMQ_CHECK_PULL_2, RKMQ_EVIDENCE_H);
    if (hold->is_owned || hold->dropped_at == RKMQ_NOT_YET || !hold->member->is_running) {
        return;
    }
    if (rkmq__is_overdue(v, row->who, row->broker, hold->dropped_at, rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_PULL_2, true, hold->dropped_row, index,
                       "%s %s %s@%s/%d %.3f s after it dropped it", rkmq__view_text(v, row->who),
                       what, rkmq__view_text(v, row->topic), rkmq__view_text(v, row->broker),
                       (int)row->queue_id, (double)(v->now - hold->dropped_at) / 1e6);
    }
}

/* ---- PULL-3 ---- */

static bool is_pull_status(int32_t code)
{
    return code == RKMQ_RES_SUCCESS || code == RKMQ_RES_PULL_NOT_FOUND ||
           code == RKMQ_RES_PULL_RETRY_IMMEDIATELY;
}

/* What the last exchange asks for; false: that is not sure. */
static bool is_next_known(const struct rkmq_view *v, const struct rkmq_view_hold *hold)
{
    bool is_moved =
        hold->answered_at != RKMQ_NOT_YET && hold->answer_status == RKMQ_RES_PULL_OFFSET_MOVED;
    bool is_same_owner = hold->member->has_hooks ||
                         (hold->share->pulled_by == hold->who &&
                          v->now - hold->last_pull_at < SAME_OWNER_US + RKMQ_PULL_HOLD_US);
    return hold->is_owned && hold->asked_offset != RKMQ_NOT_YET && !hold->is_answer_doubtful &&
           !is_moved && is_same_owner;
}

static void judge_next(struct rkmq_view *v, const struct rkmq_view_hold *hold,
                       const struct rkmq_event *row, size_t index)
{
    bool is_answered = hold->answered_at != RKMQ_NOT_YET && is_pull_status(hold->answer_status) &&
                       hold->answer_next != RKMQ_NOT_YET;
    int64_t next = is_answered ? hold->answer_next : hold->asked_offset;
    if (!is_next_known(v, hold) || hold->pull_opaque == row->opaque) {
        return;
    }
    /* An answer may have been lost on its way, but only when the way was bad, or when nobody waited
     * for it any more. */
    bool may_be_lost = rkmq__calm_since(v, row->who, row->broker) >= hold->last_pull_at ||
                       (is_answered && hold->answered_at - hold->last_pull_at >=
                                           RKMQ_PULL_GIVEN_UP_US - rkmq__slack_us(v));
    rkmq__judged(v, RKMQ_CHECK_PULL_3, RKMQ_EVIDENCE_W);
    if (row->offset != next && !(may_be_lost && row->offset == hold->asked_offset)) {
        rkmq__violated(v, RKMQ_CHECK_PULL_3, true, is_answered ? hold->answer_row : hold->pull_row,
                       index, "%s pulls %s@%s/%d from %" PRId64 ", but %" PRId64 " is next",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id, row->offset, next);
    }
}

static void request_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold) {
        return;
    }
    if (row->code == RKMQ_REQ_PULL_MESSAGE) {
        judge_one(v, hold, row, index);
        judge_next(v, hold, row, index);
    }
    if (hold->member->has_hooks) {
        judge_dropped(v, hold, row, index,
                      row->code == RKMQ_REQ_PULL_MESSAGE ? "pulls" : "commits");
    }
}

static void pull_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold;
    switch (row->kind) {
    case RKMQ_EV_REQ:
        if (row->code == RKMQ_REQ_PULL_MESSAGE || row->code == RKMQ_REQ_UPDATE_CONSUMER_OFFSET) {
            request_row(v, row, index);
        }
        break;
    case RKMQ_EV_LISTENER_BEGIN:
        hold = rkmq__view_hold(v, row);
        if (hold && hold->member->has_hooks) {
            judge_dropped(v, hold, row, index, "hands out");
        }
        break;
    default:
        break;
    }
}

const struct rkmq_check_family rkmq__checks_pull = {.row = pull_row};
