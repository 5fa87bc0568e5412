/* SPDX-License-Identifier: Apache-2.0 */
/* MEM-3: who stopped cleanly is silent. */
#include "runner/checks/view.h"

static void mem_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_ACTOR_STOPPED) {
        rkmq__judged(v, RKMQ_CHECK_MEM_3, RKMQ_EVIDENCE_W);
        return;
    }
    if (row->kind != RKMQ_EV_REQ || (row->flags & RKMQ_EVF_PUSHED)) {
        return;
    }
    const struct rkmq_view_member *member = rkmq__view_member(v, row->who);
    /* What was on its way when it stopped may still arrive. */
    if (member && member->is_stopped &&
        row->at - rkmq__event_log_at(v->log, member->stopped_row)->at >
            v->params->slack_ms * 1000) {
        rkmq__violated(v, RKMQ_CHECK_MEM_3, true, member->stopped_row, index,
                       "%s asks %s after it has stopped", rkmq__view_text(v, row->who),
                       rkmq__view_text(v, row->peer));
    }
}

const struct rkmq_check_family rkmq__checks_mem = {.row = mem_row};
