/* SPDX-License-Identifier: Apache-2.0 */
/* Lives of members, and their connections. */
#include "runner/checks/rows.h"

size_t rkmq__view_running(struct rkmq_view *v, rkmq_name group)
{
    const struct rkmq_map_entry *entry;
    size_t n = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        const struct rkmq_view_member *member = entry->value;
        n += member->is_running && member->group == group;
    }
    return n;
}

bool rkmq__member_works(const struct rkmq_view_member *member)
{
    return member->is_running && !member->is_stopping && !member->is_paused;
}

/* ---- lives ---- */

/* Whoever is gone holds nothing and waits for nothing; only who stopped cleanly still owes what it
 * has done. */
static void member_gone(struct rkmq_view *v, struct rkmq_view_member *member, bool is_clean,
                        size_t index)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->member != member) {
            continue;
        }
        if (is_clean && hold->is_owned) {
            rkmq__hold_drop(v, hold, index);
        }
        rkmq__hold_end(v, hold);
        hold->pulled_at = RKMQ_NOT_YET;
        hold->handed_offset = is_clean ? hold->handed_offset : RKMQ_NOT_YET;
    }
    member->is_running = member->is_stopping = member->is_paused = false;
    member->n_calls = 0;
    member->notified_at = RKMQ_NOT_YET;
}

/* A new life knows nothing of the one before. */
static void member_begins(struct rkmq_view *v, struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        if (link->member == member) {
            link->heartbeat_at = link->needed_since = link->unregistered_at = RKMQ_NOT_YET;
            link->pulled_since = link->closed_at = RKMQ_NOT_YET;
            link->unregistered_row = SIZE_MAX;
            link->n_stale = link->n_open;
        }
    }
    rkmq__told_forget(v, member);
    member->is_stopped = member->is_stopping = member->is_paused = false;
    member->asked_members_at = member->notified_at = member->moved_on_at = RKMQ_NOT_YET;
    member->started_at = member->stop_at = RKMQ_NOT_YET;
}

static void apply_member(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member = rkmq__view_member(v, row->who);
    if (!member) {
        return;
    }
    member->group = row->group;
    switch (row->kind) {
    case RKMQ_EV_ACTOR_START:
        member_gone(v, member, false, index);
        member_begins(v, member);
        break;
    case RKMQ_EV_ACTOR_STARTED:
        member->is_running = row->status == RKMQ_OK;
        member->started_at = v->now;
        break;
    case RKMQ_EV_ACTOR_STOP:
        member->is_stopping = true;
        member->stop_at = v->now;
        member->stop_row = index;
        break;
    case RKMQ_EV_ACTOR_PAUSE:
    case RKMQ_EV_ACTOR_RESUME:
        member->is_paused = row->kind == RKMQ_EV_ACTOR_PAUSE;
        member->paused_at = v->now;
        break;
    default: /* stopped, crashed */
        member_gone(v, member, row->kind == RKMQ_EV_ACTOR_STOPPED, index);
        member->is_stopped = row->kind == RKMQ_EV_ACTOR_STOPPED;
        member->stopped_row = index;
        break;
    }
    rkmq__view_changed(v);
}

/* ---- connections ---- */

/* Pulls on a connection that closed are over. */
static void apply_close(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->who == row->who && hold->share->queue->broker == row->peer) {
            hold->is_answer_doubtful = true;
            if (hold->pulled_at != RKMQ_NOT_YET) {
                hold->pulled_at = RKMQ_NOT_YET;
                hold->idle_since = v->now;
            }
        }
    }
}

static void apply_connection(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_link *link = rkmq__view_link(v, row->who, row->peer);
    if (!link) {
        return;
    }
    if (row->kind == RKMQ_EV_CONN_OPEN) {
        link->n_open++;
        link->member->n_open++;
        link->member->n_reasons++;
    } else {
        bool was_open = link->n_open > 0;
        link->n_open -= was_open;
        link->member->n_open -= was_open;
        link->n_closed++;
        apply_close(v, row);
    }
}

/* ---- all ---- */

void rkmq__rows_member(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    switch (row->kind) {
    case RKMQ_EV_ACTOR_START:
    case RKMQ_EV_ACTOR_STARTED:
    case RKMQ_EV_ACTOR_STOP:
    case RKMQ_EV_ACTOR_STOPPED:
    case RKMQ_EV_ACTOR_CRASH:
    case RKMQ_EV_ACTOR_PAUSE:
    case RKMQ_EV_ACTOR_RESUME:
        apply_member(v, row, index);
        break;
    case RKMQ_EV_CONN_OPEN:
    case RKMQ_EV_CONN_CLOSE:
        apply_connection(v, row);
        break;
    default:
        break;
    }
}
