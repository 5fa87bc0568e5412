/* SPDX-License-Identifier: Apache-2.0 */
/* LIFE-1: a clean exit is one after the other: listeners end, offsets are persisted, the member
 * unregisters, connections close. LIFE-2: then nothing is left. LIFE-3: and it does not take
 * longer than what it waits for may take. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define CLOCK_US 2000  /* clients count whole milliseconds */
#define GOODBYES_MAX 2 /* of a broker: for the group, for the inner producer */

/* ---- LIFE-1 ---- */

/* Within the time that it gives its listeners. A client without hooks may give them another. */
static void judge_drain(struct rkmq_view *v, const struct rkmq_view_member *member, size_t index)
{
    rkmq_us await = member->client->await_termination_ms * 1000 - CLOCK_US;
    rkmq__judged(v, RKMQ_CHECK_LIFE_1, RKMQ_EVIDENCE_L);
    if (member->n_calls > 0 && v->now - member->stop_at < await) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_1, member->has_hooks, member->stop_row, index,
                       "%s unregisters while %d listener calls run, %.3f s after its stop began",
                       rkmq__view_text(v, member->who), member->n_calls,
                       (double)(v->now - member->stop_at) / 1e6);
    }
}

static void judge_after(struct rkmq_view *v, const struct rkmq_view_link *link,
                        const struct rkmq_event *row, size_t index)
{
    if (link->unregistered_row != SIZE_MAX &&
        rkmq__calm_since(v, row->who, row->peer) <= link->unregistered_at) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_1, true, link->unregistered_row, index,
                       "%s %s after it has unregistered there", rkmq__view_text(v, row->who),
                       row->code == RKMQ_REQ_PULL_MESSAGE ? "pulls" : "persists");
    }
}

static void stopping_request(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->peer);
    if (!link || link->member->group == 0 || !link->member->is_stopping) {
        return;
    }
    switch (row->code) {
    case RKMQ_REQ_UNREGISTER_CLIENT:
        if (row->group == link->member->group) {
            judge_drain(v, link->member, index);
        }
        break;
    case RKMQ_REQ_PULL_MESSAGE:
    case RKMQ_REQ_UPDATE_CONSUMER_OFFSET:
        judge_after(v, link, row, index);
        break;
    default:
        break;
    }
}

/* The last connection to a broker of its routes that has heard of the member; it may see the end
 * later than the member does. */
static void note_close(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->peer);
    if (link && (link->member->is_stopping || link->member->is_stopped) && link->n_open == 1 &&
        (link->needed_since != RKMQ_NOT_YET || !link->member->has_routes) &&
        link->heartbeat_at != RKMQ_NOT_YET && link->unregistered_row == SIZE_MAX) {
        link->closed_at = v->now;
        link->closed_row = index;
    }
}

/* Later: a server that goes down closes its connections first. */
static void judge_close(struct rkmq_view *v, struct rkmq_view_link *link)
{
    if (v->now - link->closed_at <= rkmq__slack_us(v)) {
        return;
    }
    if (rkmq__calm_since(v, link->member->who, link->server) <= link->member->stop_at) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_1, true, link->member->stop_row, link->closed_row,
                       "%s closes its connection to %s before it unregisters there",
                       rkmq__view_text(v, link->member->who), rkmq__view_text(v, link->server));
    }
    link->closed_at = RKMQ_NOT_YET;
}

/* ---- LIFE-2 ---- */

static void judge_gone(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    rkmq__judged(v, RKMQ_CHECK_LIFE_2, RKMQ_EVIDENCE_H);
    if (row->count > 0 || row->offset > 0) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_2, true, index, SIZE_MAX,
                       "%s is gone, and leaves %d sockets and %d timers and threads",
                       rkmq__view_text(v, row->who), (int)row->count, (int)row->offset);
    }
}

static void judge_left(struct rkmq_view *v, const struct rkmq_view_link *link)
{
    const struct rkmq_view_member *member = link->member;
    rkmq_us stopped_at = rkmq__event_log_at(v->log, member->stopped_row)->at;
    if (!rkmq__is_due_now(v, stopped_at, rkmq__slack_us(v))) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_LIFE_2, RKMQ_EVIDENCE_W);
    if (link->n_open > link->n_stale &&
        rkmq__calm_since(v, member->who, link->server) <= member->stop_at) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_2, true, member->stopped_row, SIZE_MAX,
                       "%s has stopped, and still has %d connections to %s",
                       rkmq__view_text(v, member->who), link->n_open - link->n_stale,
                       rkmq__view_text(v, link->server));
    }
}

/* ---- LIFE-3 ---- */

/* Listeners, then one broker after the other, of which none may answer. */
static rkmq_us stop_allowed(const struct rkmq_view *v, const struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    int n_brokers = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        const struct rkmq_view_link *link = entry->value;
        n_brokers += link->member == member && link->is_broker;
    }
    return (member->client->await_termination_ms +
            GOODBYES_MAX * n_brokers * member->client->api_timeout_ms) *
               1000 +
           rkmq__slack_us(v);
}

static void judge_stop(struct rkmq_view *v, const struct rkmq_view_member *member, size_t index)
{
    rkmq_us took = v->now - member->stop_at, allowed = stop_allowed(v, member);
    rkmq__judged(v, RKMQ_CHECK_LIFE_3, RKMQ_EVIDENCE_L);
    if (took > allowed) {
        rkmq__violated(v, RKMQ_CHECK_LIFE_3, true, member->stop_row, index,
                       "the stop of %s takes %.3f s%s, at most %.3f s are allowed",
                       rkmq__view_text(v, member->who), (double)took / 1e6,
                       index == SIZE_MAX ? " and has not ended" : "", (double)allowed / 1e6);
    }
}

/* ---- all ---- */

static void life_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_member *member;
    switch (row->kind) {
    case RKMQ_EV_REQ:
        if (!(row->flags & RKMQ_EVF_PUSHED)) {
            stopping_request(v, row, index);
        }
        break;
    case RKMQ_EV_CONN_CLOSE:
        note_close(v, row, index);
        break;
    case RKMQ_EV_ACTOR_GONE:
        judge_gone(v, row, index);
        break;
    case RKMQ_EV_ACTOR_STOPPED:
        member = rkmq__view_member_known(v, row->who);
        if (member && member->group != 0 && member->is_stopping) {
            judge_stop(v, member, index);
        }
        break;
    default:
        break;
    }
}

static void life_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        if (link->member->group != 0 && link->member->is_stopped) {
            judge_left(v, link);
        }
        if (link->closed_at != RKMQ_NOT_YET) {
            judge_close(v, link);
        }
    }
}

static void life_end(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        const struct rkmq_view_member *member = entry->value;
        if (member->group != 0 && member->is_stopping) {
            judge_stop(v, member, SIZE_MAX);
        }
    }
}

const struct rkmq_check_family rkmq__checks_life = {
    .row = life_row, .tick = life_tick, .end = life_end};
