/* SPDX-License-Identifier: Apache-2.0 */
/* LOSS-1..3: nothing that was sent is passed over. */
#include <inttypes.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

/* LOSS-3: who takes a queue over begins at or below what was ever committed. (Not: what is
 * committed now. Between its question and its beginning the one before it may have said something
 * older.) */
static void judge_add(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_share *share = rkmq__view_share(v, row);
    if (!share || share->committed_most == RKMQ_NOT_YET || share->committed_most < 0) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_LOSS_3, RKMQ_EVIDENCE_H);
    if (row->offset > share->committed_most) {
        rkmq__violated(v, RKMQ_CHECK_LOSS_3, true, index, SIZE_MAX,
                       "%s begins at %" PRId64 " of a queue committed up to %" PRId64,
                       rkmq__view_text(v, row->who), row->offset, share->committed_most);
    }
}

/* LOSS-2: a pull asks for no more than the last answer named, or the queue's beginning. */
static void judge_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold || !hold->is_owned || hold->may_pull_to == RKMQ_NOT_YET) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_LOSS_2, RKMQ_EVIDENCE_H);
    if (row->offset > hold->may_pull_to) {
        rkmq__violated(v, RKMQ_CHECK_LOSS_2, true, hold->pull_row, index,
                       "%s pulls from %" PRId64 ", but %" PRId64 " would be next",
                       rkmq__view_text(v, row->who), row->offset, hold->may_pull_to);
    }
}

static void loss_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_PQ_ADD) {
        judge_add(v, row, index);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
        judge_pull(v, row, index);
    }
}

/* LOSS-1: with members there, everything from where the group began was delivered by now. */
static void judge_share(struct rkmq_view *v, const struct rkmq_view_share *share)
{
    int64_t n_lost = 0, first_lost = -1;
    if (share->first_offset == RKMQ_NOT_YET || rkmq__view_running(v, share->group) == 0) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_LOSS_1, RKMQ_EVIDENCE_L);
    /* A client may ask for what no queue has. */
    int64_t first = share->first_offset > 0 ? share->first_offset : 0;
    for (int64_t at = first; at < share->queue->max_offset; at++) {
        if (!rkmq__offsets_has(&share->delivered, at)) {
            first_lost = n_lost++ == 0 ? at : first_lost;
        }
    }
    if (n_lost > 0) {
        rkmq__violated(v, RKMQ_CHECK_LOSS_1, true, SIZE_MAX, SIZE_MAX,
                       "%" PRId64 " messages of %s@%s/%d never came to a listener of %s, the first "
                       "at offset %" PRId64,
                       n_lost, rkmq__view_text(v, share->queue->topic),
                       rkmq__view_text(v, share->queue->broker), (int)share->queue->queue_id,
                       rkmq__view_text(v, share->group), first_lost);
    }
}

static void loss_end(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->shares, &cursor));) {
        judge_share(v, entry->value);
    }
}

const struct rkmq_check_family rkmq__checks_loss = {.row = loss_row, .end = loss_end};
