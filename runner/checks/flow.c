/* SPDX-License-Identifier: Apache-2.0 */
/* FLOW-1: a queue's cache stays within its limit and one batch. */
#include <inttypes.h>

#include "runner/checks/view.h"

static void flow_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *hold =
        row->kind == RKMQ_EV_CACHE_PUT ? rkmq__view_hold(v, row) : NULL;
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

const struct rkmq_check_family rkmq__checks_flow = {.row = flow_row};
