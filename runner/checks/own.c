/* SPDX-License-Identifier: Apache-2.0 */
/* OWN-1: a queue has one owner, but for a while after a change of members. OWN-2: with members
 * there is no orphan for long. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

/* The older owner keeps it for how long? */
static void overlap_begins(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_event other = *row;
    other.who = row->peer;
    struct rkmq_view_hold *hold = rkmq__view_hold(v, &other);
    rkmq__judged(v, RKMQ_CHECK_OWN_1, RKMQ_EVIDENCE_H);
    if (hold && hold->is_owned && hold->overlap_since == RKMQ_NOT_YET) {
        hold->overlap_since = row->at;
        hold->overlap_row = index;
    }
}

static void overlap_ends(struct rkmq_view *v, struct rkmq_view_hold *hold, rkmq_us at, size_t index)
{
    if (hold->overlap_since == RKMQ_NOT_YET) {
        return;
    }
    rkmq_us lasted = at - hold->overlap_since, allowed = v->params->overlap_max_ms * 1000;
    if (lasted > allowed) {
        rkmq__violated(v, RKMQ_CHECK_OWN_1, true, hold->overlap_row, index,
                       "%s still has %s@%s/%d %.3f s after another member took it, allowed are "
                       "%.3f s",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, hold->share->queue->topic),
                       rkmq__view_text(v, hold->share->queue->broker),
                       (int)hold->share->queue->queue_id, (double)lasted / 1e6,
                       (double)allowed / 1e6);
    }
    hold->overlap_since = RKMQ_NOT_YET;
}

/* Whichever of the two lets go of it. */
static void queue_dropped(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_share *share = rkmq__view_share(v, row);
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->share == share) {
            overlap_ends(v, hold, row->at, index);
        }
    }
}

/*
 * Clients without hooks: two that both ask for a queue both have it, from the later one's beginning
 * to the last question of whoever stopped first. A pull that is held for one that has let go is no
 * question any more.
 */
static void queue_asked(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_hold *self = rkmq__view_hold_known(v, row);
    const struct rkmq_map_entry *entry;
    if (!self || self->member->has_hooks || !self->is_owned) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_OWN_1, RKMQ_EVIDENCE_W);
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        const struct rkmq_view_hold *other = entry->value;
        if (other == self || other->share != self->share || !other->is_owned ||
            other->member->has_hooks) {
            continue;
        }
        rkmq_us since = self->owned_at > other->owned_at ? self->owned_at : other->owned_at;
        rkmq_us allowed = v->params->overlap_max_ms * 1000, lasted = other->last_pull_at - since;
        if (lasted > allowed) {
            rkmq__violated(v, RKMQ_CHECK_OWN_1, true, other->pull_row, index,
                           "%s and %s both pull %s@%s/%d for %.3f s, allowed are %.3f s",
                           rkmq__view_text(v, self->who), rkmq__view_text(v, other->who),
                           rkmq__view_text(v, row->topic), rkmq__view_text(v, row->broker),
                           (int)row->queue_id, (double)lasted / 1e6, (double)allowed / 1e6);
        }
    }
}

static void own_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_PQ_ADD) {
        rkmq__judged(v, RKMQ_CHECK_OWN_1, RKMQ_EVIDENCE_H);
    } else if (row->kind == RKMQ_EV_OWNER_OVERLAP) {
        overlap_begins(v, row, index);
    } else if (row->kind == RKMQ_EV_PQ_DROP) {
        queue_dropped(v, row, index);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
        queue_asked(v, row, index);
    }
}

static void own_end(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        overlap_ends(v, entry->value, v->now, SIZE_MAX);
    }
}

/* ---- OWN-2 ---- */

#define ORPHAN_US 25000000 /* a rebalance every 20 s, and what it asks */

/* Nothing speaks against every queue of the topic having an owner: all members of the group work,
 * divide alike, subscribe to the topic, were told the same route, and of each other. */
static bool is_topic_settled(struct rkmq_view *v, const struct rkmq_view_seat *seat)
{
    const struct rkmq_map_entry *entry;
    rkmq_name group = seat->member->group;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        const struct rkmq_view_member *member = entry->value;
        if (!member->is_running || member->group != group) {
            continue;
        }
        const struct rkmq_view_seat *other = rkmq__view_seat(v, member->who, seat->topic);
        if (!rkmq__member_works(member) || member->client->allot != seat->member->client->allot ||
            !rkmq__told_subscribed(v, member->subscriptions, group, seat->topic) || !other ||
            other->route != seat->route) {
            return false;
        }
    }
    return rkmq__told_truth(v, group);
}

static void judge_orphan(struct rkmq_view *v, const struct rkmq_view_seat *seat,
                         struct rkmq_view_share *share, bool is_settled)
{
    rkmq__judged(v, RKMQ_CHECK_OWN_2, seat->member->has_hooks ? RKMQ_EVIDENCE_H : RKMQ_EVIDENCE_W);
    if (!is_settled || share->n_owners > 0) {
        share->orphan_since = RKMQ_NOT_YET;
        return;
    }
    share->orphan_since = share->orphan_since == RKMQ_NOT_YET ? v->now : share->orphan_since;
    rkmq_us since = share->orphan_since > v->changed_at ? share->orphan_since : v->changed_at;
    if (rkmq__is_overdue(v, 0, 0, since, ORPHAN_US + rkmq__slack_us(v))) {
        rkmq__violated(v, RKMQ_CHECK_OWN_2, true, seat->route_row, SIZE_MAX,
                       "nobody of %s has %s@%s/%d since %.3f s, and nothing changed for %.3f s",
                       rkmq__view_text(v, seat->member->group), rkmq__view_text(v, seat->topic),
                       rkmq__view_text(v, share->queue->broker), (int)share->queue->queue_id,
                       (double)share->orphan_since / 1e6, (double)(v->now - since) / 1e6);
        share->orphan_since = v->now;
    }
}

static void judge_topic(struct rkmq_view *v, const struct rkmq_view_seat *seat)
{
    bool is_settled = is_topic_settled(v, seat);
    struct rkmq_slice broker;
    int64_t count;
    for (size_t at = 0; rkmq__told_next(v, seat->route, &at, &broker, &count);) {
        struct rkmq_event row = {.topic = seat->topic,
                                 .group = seat->member->group,
                                 .broker = rkmq__view_server(v, broker)};
        for (; row.queue_id < count; row.queue_id++) {
            struct rkmq_view_share *share = rkmq__view_share(v, &row);
            if (share) {
                judge_orphan(v, seat, share, is_settled);
            }
        }
    }
}

/* A topic is looked at from the first seat of its group. */
static bool is_first(struct rkmq_view *v, const struct rkmq_view_seat *seat)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        const struct rkmq_view_seat *other = entry->value;
        if (other->member->is_running && other->topic == seat->topic &&
            other->member->group == seat->member->group) {
            return other == seat;
        }
    }
    return false;
}

static void own_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        const struct rkmq_view_seat *seat = entry->value;
        if (seat->member->is_running && seat->member->group != 0 && seat->route != 0 &&
            is_first(v, seat)) {
            judge_topic(v, seat);
        }
    }
}

const struct rkmq_check_family rkmq__checks_own = {
    .row = own_row, .tick = own_tick, .end = own_end};
