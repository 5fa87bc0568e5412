/* SPDX-License-Identifier: Apache-2.0 */
/* What a member asks for a queue, and what it is answered. */
#include <rkmq/mock.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/rows.h"

/* A client without hooks that lets go of a queue is silent as long. */
#define TAKEN_OVER_US 5000000

static void pull_asked(struct rkmq_view *v, struct rkmq_view_hold *hold,
                       const struct rkmq_event *row, size_t index)
{
    hold->pulled_at = hold->last_pull_at = v->now;
    hold->pull_row = index;
    hold->pull_opaque = row->opaque;
    hold->asked_offset = row->offset;
    hold->answered_at = hold->idle_since = hold->drained_at = RKMQ_NOT_YET;
    hold->share->pulled_by = hold->who;
}

static void pull_answered(struct rkmq_view *v, struct rkmq_view_hold *hold,
                          const struct rkmq_event *row, size_t index)
{
    if (row->opaque != hold->pull_opaque) {
        return; /* of a pull that was given up */
    }
    hold->pulled_at = RKMQ_NOT_YET;
    hold->answered_at = v->now;
    hold->answer_row = index;
    hold->answer_status = row->status;
    hold->answer_next = row->offset == INT64_MIN ? RKMQ_NOT_YET : row->offset;
    hold->idle_since = v->now;
    bool is_soon = row->status == RKMQ_RES_PULL_NOT_FOUND &&
                   v->now - hold->last_pull_at < RKMQ_PULL_HOLD_US - RKMQ_TICK_US;
    hold->n_empty_soon = is_soon ? hold->n_empty_soon + 1 : 0;
    if (row->offset != INT64_MIN && row->offset > hold->may_pull_to) {
        hold->may_pull_to = row->offset;
    }
    rkmq__hold_nothing_below(hold);
    if (row->status == RKMQ_RES_PULL_OFFSET_MOVED) {
        hold->member->moved_on_at = v->now;
        hold->share->persisted_to = RKMQ_NOT_YET;
        v->change_epoch++;
    }
}

/* Without hooks: it did not have the queue, or pulls what it has pulled already. */
static bool begins_anew(const struct rkmq_view_hold *hold, const struct rkmq_event *row)
{
    return !hold->is_owned ||
           (row->offset < hold->may_pull_to && row->offset != hold->asked_offset);
}

/* A client without hooks has let go of what another one pulls by now. */
static void others_let_go(struct rkmq_view *v, const struct rkmq_view_hold *by)
{
    const struct rkmq_map_entry *entry;
    if (by->share->n_owners <= 1) {
        return;
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->share == by->share && hold != by && hold->is_owned && !hold->member->has_hooks &&
            hold->pulled_at == RKMQ_NOT_YET && v->now - hold->last_pull_at > TAKEN_OVER_US) {
            rkmq__hold_end(v, hold);
        }
    }
}

void rkmq__rows_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_event asked = *row;
    asked.who = row->kind == RKMQ_EV_RESP ? row->peer : row->who;
    struct rkmq_view_hold *hold = rkmq__view_hold(v, &asked);
    if (!hold) {
        return;
    }
    switch (row->kind) {
    case RKMQ_EV_REQ:
        if (!hold->member->has_hooks && begins_anew(hold, row)) {
            rkmq__hold_begin(v, hold, row->offset, index);
            hold->may_commit_to = RKMQ_NOT_YET;
        }
        if (row->opaque != hold->pull_opaque) {
            hold->is_answer_doubtful = false;
        }
        pull_asked(v, hold, row, index);
        others_let_go(v, hold);
        break;
    case RKMQ_EV_RESP:
        pull_answered(v, hold, row, index);
        break;
    default: /* a fault: what became of it, nobody knows */
        if (rkmq__trouble_effect(v, row) <= RKMQ_FAULT_REPLY) {
            break; /* the rows that follow tell all */
        }
        hold->pulled_at = RKMQ_NOT_YET;
        hold->pull_opaque = row->opaque;
        hold->is_answer_doubtful = true;
        hold->idle_since = v->now;
        break;
    }
}
