/* SPDX-License-Identifier: Apache-2.0 */
/* PULL-1: one pull at a time for a queue. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define PULL_TIMEOUT_US 30000000 /* CONSUMER_TIMEOUT_MILLIS_WHEN_SUSPEND: then it is given up */

static void pull_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind != RKMQ_EV_REQ || row->code != RKMQ_REQ_PULL_MESSAGE) {
        return;
    }
    const struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_PULL_1, RKMQ_EVIDENCE_W);
    /* A rule that answers in the server's place is told before the request it answers. */
    if (hold->pulled_at != RKMQ_NOT_YET && hold->pull_opaque != row->opaque &&
        row->at - hold->pulled_at < PULL_TIMEOUT_US - v->params->slack_ms * 1000) {
        rkmq__violated(v, RKMQ_CHECK_PULL_1, true, hold->pull_row, index,
                       "%s pulls %s@%s/%d again while a pull is under way",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id);
    }
}

const struct rkmq_check_family rkmq__checks_pull = {.row = pull_row};
