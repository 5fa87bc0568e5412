/* SPDX-License-Identifier: Apache-2.0 */
/* OFF-1..3: what is committed. */
#include <inttypes.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define REGRESS_WINDOW_US 10000000 /* a scripted loss shows when the broker comes back */

/* OFF-1: not beyond what the member has finished. */
static void judge_unfinished(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold || hold->may_commit_to == RKMQ_NOT_YET) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_OFF_1, RKMQ_EVIDENCE_H);
    if (row->offset > hold->may_commit_to && row->offset > hold->passed_to) {
        rkmq__violated(v, RKMQ_CHECK_OFF_1, true, index, SIZE_MAX,
                       "%s commits %" PRId64 ", but has finished only what is below %" PRId64,
                       rkmq__view_text(v, row->who), row->offset, hold->may_commit_to);
    }
}

/* OFF-2: nothing negative, nothing beyond the end. */
static void judge_range(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_queue *queue = rkmq__view_queue(v, row);
    if (!queue || queue->max_offset == 0) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_OFF_2, RKMQ_EVIDENCE_W);
    if (row->offset < 0 || row->offset > queue->max_offset) {
        rkmq__violated(v, RKMQ_CHECK_OFF_2, true, index, SIZE_MAX,
                       "%s commits %" PRId64 " of a queue that ends at %" PRId64,
                       rkmq__view_text(v, row->who), row->offset, queue->max_offset);
    }
}

/* ... and none is asked for, whatever the broker makes of it. */
static void judge_negative(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->code != RKMQ_REQ_UPDATE_CONSUMER_OFFSET || row->offset == INT64_MIN) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_OFF_2, RKMQ_EVIDENCE_W);
    if (row->offset < 0) {
        rkmq__violated(v, RKMQ_CHECK_OFF_2, true, index, SIZE_MAX, "%s commits %" PRId64,
                       rkmq__view_text(v, row->who), row->offset);
    }
}

static bool is_allowed(const struct rkmq_view *v, rkmq_us at)
{
    for (size_t i = 0; i < v->params->n_regress_allowed_at; i++) {
        rkmq_us allowed = v->params->regress_allowed_at[i];
        if (at >= allowed && at <= allowed + REGRESS_WINDOW_US) {
            return true;
        }
    }
    return false;
}

/* OFF-3: not back, unless the script made the broker forget, or kept the request until newer ones
 * had passed it. Nobody may take back what he committed himself; that an owner begins below what
 * the one before him committed last is only unkind. */
static void judge_regress(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (hold && !(row->flags & RKMQ_EVF_HELD) && !is_allowed(v, row->at)) {
        bool is_own = hold->is_owned && row->offset < hold->committed_most;
        rkmq__violated(v, RKMQ_CHECK_OFF_3, is_own, index, SIZE_MAX,
                       "%s commits %" PRId64 " after %" PRId64, rkmq__view_text(v, row->who),
                       row->offset, row->offset2);
    }
}

static void off_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_COMMIT && row->who != row->broker) {
        judge_unfinished(v, row, index);
        judge_range(v, row, index);
        rkmq__judged(v, RKMQ_CHECK_OFF_3, RKMQ_EVIDENCE_W);
    } else if (row->kind == RKMQ_EV_COMMIT_REGRESS) {
        judge_regress(v, row, index);
    } else if (row->kind == RKMQ_EV_REQ) {
        judge_negative(v, row, index);
    }
}

const struct rkmq_check_family rkmq__checks_off = {.row = off_row};
