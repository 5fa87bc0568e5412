/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked, answered and pushed. */
#include "remoting/protocol/codes.h"
#include "runner/checks/rows.h"

/* ---- requests ---- */

static void apply_heartbeat(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_link *link = rkmq__view_link(v, row->who, row->peer);
    if (link) {
        link->heartbeat_at = v->now;
        link->heartbeat_row = index;
        link->is_broker = true;
        if (link->member->subscriptions != row->text) {
            int n = rkmq__told_topics(v, row->text, link->member->group);
            link->member->subscriptions = row->text;
            link->member->n_topics = n > 0 ? n : 0;
        }
    }
}

static void apply_route_question(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_seat *seat = rkmq__view_seat(v, row->who, row->topic);
    if (!seat) {
        return;
    }
    bool is_new =
        seat->polls_soon_at == RKMQ_NOT_YET || v->now - seat->polls_soon_at >= RKMQ_TICK_US;
    if (is_new) {
        seat->polls_soon_at = v->now;
        seat->n_polls_soon = 0;
        seat->n_reasons_then = seat->member->n_reasons;
    }
    seat->n_polls_soon += row->kind == RKMQ_EV_REQ; /* one that a rule took may follow as well */
    seat->polled_at = v->now;
    seat->polled_row = index;
    seat->member->has_routes = true;
}

static void apply_unregister(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_link *link = rkmq__view_link(v, row->who, row->peer);
    if (link && row->group == link->member->group) { /* not the inner producer */
        link->unregistered_at = v->now;
        link->unregistered_row = index;
    }
}

static void apply_pull_question(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->peer);
    link = link ? link : rkmq__view_link(v, row->who, row->peer);
    if (link && link->pulled_since == RKMQ_NOT_YET) {
        link->pulled_since = v->now;
        link->pulled_row = index;
    }
}

/* A client without hooks that asks where to begin has not got the queue, whatever of its old pulls
 * the broker still holds. */
static void apply_query(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (hold && !hold->member->has_hooks) {
        rkmq__hold_end(v, hold);
        hold->pulled_at = RKMQ_NOT_YET;
    }
}

static void apply_request(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_event at_broker = *row;
    at_broker.broker = row->peer;
    struct rkmq_view_member *member;
    switch (row->code) {
    case RKMQ_REQ_PULL_MESSAGE:
        if (row->flags & RKMQ_EVF_COMMITS) {
            rkmq__hold_sent(v, &at_broker, row->offset2);
        }
        apply_pull_question(v, row, index);
        break;
    case RKMQ_REQ_UPDATE_CONSUMER_OFFSET:
        rkmq__hold_sent(v, &at_broker, row->offset);
        break;
    case RKMQ_REQ_QUERY_CONSUMER_OFFSET:
        apply_query(v, row);
        break;
    case RKMQ_REQ_HEART_BEAT:
        apply_heartbeat(v, row, index);
        break;
    case RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC:
        member = row->kind == RKMQ_EV_FAULT ? rkmq__view_member(v, row->who) : NULL;
        if (member) {
            member->route_fault_at = v->now;
        }
        apply_route_question(v, row, index);
        break;
    case RKMQ_REQ_UNREGISTER_CLIENT:
        apply_unregister(v, row, index);
        break;
    case RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP:
        member = rkmq__view_member(v, row->who);
        if (member) {
            member->asked_members_at = v->now;
            member->asked_members_row = index;
            member->notified_at = RKMQ_NOT_YET;
        }
        break;
    default:
        break;
    }
}

/* ---- pushes ---- */

/* A connection of a life that crashed may still be told. */
static void apply_push(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_link *link = row->code == RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED
                                            ? rkmq__view_link_known(v, row->peer, row->who)
                                            : NULL;
    if (!link || link->heartbeat_at == RKMQ_NOT_YET) {
        return;
    }
    struct rkmq_view_member *member = link->member;
    member->n_reasons++;
    if (member->notified_at == RKMQ_NOT_YET) {
        member->notified_at = v->now;
        member->notified_row = index;
    }
}

/* ---- all ---- */

static void apply_frame(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->flags & RKMQ_EVF_PUSHED) {
        if (row->kind == RKMQ_EV_REQ) {
            apply_push(v, row, index);
        }
        return;
    }
    if (row->kind != RKMQ_EV_RESP) { /* a fault: it was asked, if not heard */
        apply_request(v, row, index);
    } else {
        rkmq__told_apply(v, row, index);
    }
    if (row->code == RKMQ_REQ_PULL_MESSAGE) {
        rkmq__rows_pull(v, row, index);
    }
}

void rkmq__rows_frame(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_REQ || row->kind == RKMQ_EV_RESP || row->kind == RKMQ_EV_FAULT) {
        apply_frame(v, row, index);
    }
}
