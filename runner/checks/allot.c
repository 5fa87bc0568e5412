/* SPDX-License-Identifier: Apache-2.0 */
/* OWN-3: a member has what the allocator gives it of the members and the route it was told. OWN-4:
 * queues move only after it was told something new. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

/* ---- OWN-3 ---- */

static bool has(struct rkmq_view *v, const struct rkmq_view_seat *seat, rkmq_name broker,
                int32_t queue_id)
{
    const struct rkmq_event row = {.who = seat->member->who,
                                   .group = seat->member->group,
                                   .topic = seat->topic,
                                   .broker = broker,
                                   .queue_id = queue_id};
    const struct rkmq_view_hold *hold = rkmq__view_hold_known(v, &row);
    return hold && hold->is_owned;
}

/* It has each queue that is its own, and no other; queues outside of the route are found by their
 * number. */
static bool seat_matches(struct rkmq_view *v, const struct rkmq_view_seat *seat)
{
    struct rkmq_slice broker;
    int64_t count;
    int n_mine = 0;
    for (size_t at = 0; rkmq__told_next(v, seat->route, &at, &broker, &count);) {
        struct rkmq_view_queue queue = {.topic = seat->topic,
                                        .broker = rkmq__view_server(v, broker)};
        for (; queue.queue_id < count; queue.queue_id++) {
            bool is_mine = false;
            (void)rkmq__told_is_mine(v, seat, &queue, &is_mine); /* it is known */
            n_mine += is_mine;
            if (is_mine != has(v, seat, queue.broker, queue.queue_id)) {
                return false;
            }
        }
    }
    return n_mine == seat->n_owned;
}

static bool is_known(const struct rkmq_view_seat *seat)
{
    const struct rkmq_view_member *member = seat->member;
    return member->has_hooks && member->told_members != 0 && !member->is_told_doubtful &&
           seat->route != 0 && !seat->is_route_doubtful &&
           member->client->allot != RKMQ_ALLOT_UNKNOWN;
}

static void look_again(struct rkmq_view *v, struct rkmq_view_seat *seat)
{
    seat->is_dirty = false;
    rkmq__judged(v, RKMQ_CHECK_OWN_3, RKMQ_EVIDENCE_H);
    if (seat_matches(v, seat)) {
        seat->mismatch_since = RKMQ_NOT_YET;
    } else if (seat->mismatch_since == RKMQ_NOT_YET) {
        seat->mismatch_since = v->now;
    }
}

static void judge_seat(struct rkmq_view *v, struct rkmq_view_seat *seat)
{
    const struct rkmq_view_member *member = seat->member;
    if (seat->is_dirty) {
        look_again(v, seat);
    }
    if (seat->mismatch_since == RKMQ_NOT_YET) {
        return;
    }
    rkmq_us since = rkmq__later(seat->mismatch_since, member->paused_at);
    if (rkmq__is_overdue(v, member->who, 0, since,
                         RKMQ_REBALANCE_US + RKMQ_PASS_US + rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_OWN_3, true, member->told_row, seat->route_row,
                       "%s has %d queues of %s, which is not what follows from members [%s] and "
                       "route [%s], for %.3f s",
                       rkmq__view_text(v, member->who), seat->n_owned,
                       rkmq__view_text(v, seat->topic), rkmq__view_text(v, member->told_members),
                       rkmq__view_text(v, seat->route),
                       (double)(v->now - seat->mismatch_since) / 1e6);
        seat->mismatch_since = v->now;
    }
}

static void allot_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        struct rkmq_view_seat *seat = entry->value;
        bool is_told =
            seat->member->group != 0 && rkmq__member_works(seat->member) && is_known(seat) &&
            rkmq__told_subscribed(v, seat->member->subscriptions, seat->member->group, seat->topic);
        if (is_told) {
            judge_seat(v, seat);
        }
    }
}

/* Without hooks: it pulls what is not its own, long after it was told so. */
static void judge_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
    if (!member || member->has_hooks || !rkmq__member_works(member)) {
        return;
    }
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, row->who, row->topic);
    const struct rkmq_view_queue *queue = rkmq__view_queue(v, row);
    bool is_mine;
    if (!seat || !queue || !rkmq__told_is_mine(v, seat, queue, &is_mine)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_OWN_3, RKMQ_EVIDENCE_W);
    rkmq_us told_at = rkmq__later(rkmq__later(member->told_changed_at, seat->route_changed_at),
                                  member->paused_at);
    if (!is_mine && rkmq__is_overdue(v, row->who, 0, told_at,
                                     RKMQ_REBALANCE_US + RKMQ_PASS_US + rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_OWN_3, true, member->told_row, index,
                       "%s pulls %s@%s/%d, which is another's with members [%s] and route [%s]",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id,
                       rkmq__view_text(v, member->told_members), rkmq__view_text(v, seat->route));
    }
}

/* ---- OWN-4 ---- */

static void judge_move(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, row->who, row->topic);
    if (!member || !seat || !rkmq__member_works(member) || !rkmq__seat_is_seen(seat)) {
        return;
    }
    rkmq_us reason = rkmq__later(
        rkmq__later(member->told_changed_at, seat->route_changed_at),
        rkmq__later(rkmq__later(member->started_at, member->paused_at), member->moved_on_at));
    rkmq__judged(v, RKMQ_CHECK_OWN_4, RKMQ_EVIDENCE_H);
    if (rkmq__is_overdue(v, row->who, 0, rkmq__later(reason, 0),
                         RKMQ_REBALANCE_US + RKMQ_PASS_US + rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_OWN_4, true, index, SIZE_MAX,
                       "%s %s %s@%s/%d, though it was told nothing new for %.3f s",
                       rkmq__view_text(v, row->who),
                       row->kind == RKMQ_EV_PQ_ADD ? "takes" : "drops",
                       rkmq__view_text(v, row->topic), rkmq__view_text(v, row->broker),
                       (int)row->queue_id, (double)(v->now - rkmq__later(reason, 0)) / 1e6);
    }
}

static void allot_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_PQ_ADD || row->kind == RKMQ_EV_PQ_DROP) {
        judge_move(v, row, index);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
        judge_pull(v, row, index);
    }
}

const struct rkmq_check_family rkmq__checks_allot = {.row = allot_row, .tick = allot_tick};
