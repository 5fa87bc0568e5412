/* SPDX-License-Identifier: Apache-2.0 */
/* What each row changes in the view. */
#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"
#include <rkmq/mock.h>

#define TAKEN_OVER_US                                                                              \
    5000000 /* a client without hooks that lets go of a queue is silent as long                    \
             */

static void changed(struct rkmq_view *v)
{
    v->changed_at = v->now;
    v->change_epoch++;
}

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

bool rkmq__hold_is_full(const struct rkmq_view_hold *hold)
{
    const struct rkmq_check_client *client = hold->member->client;
    int64_t span = hold->put_most - hold->may_commit_to; /* at most */
    return hold->n_cached > 0 && (client->has_small_bytes ||
                                  hold->n_cached > client->threshold_count || span > client->span);
}

/* ---- ownership ---- */

/* Where it begins is known; nothing else of what was before counts. */
static void hold_begin(struct rkmq_view *v, struct rkmq_view_hold *hold, int64_t offset,
                       size_t index)
{
    struct rkmq_view_share *share = hold->share;
    struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, share->queue->topic);
    if (!hold->is_owned) {
        hold->member->n_owned++;
        share->n_owners++;
        if (seat) {
            seat->n_owned++;
            seat->is_dirty = true;
        }
    }
    hold->is_owned = true;
    hold->owned_at = v->now;
    hold->owned_row = index;
    hold->may_pull_to = hold->may_commit_to = hold->put_most = hold->done_to = offset;
    hold->passed_to = RKMQ_NOT_YET;
    hold->n_cached = 0;
    hold->pulled_at = hold->committed_most = hold->sent_offset = RKMQ_NOT_YET;
    hold->asked_offset = hold->answer_next = hold->answered_at = RKMQ_NOT_YET;
    hold->last_pull_at = RKMQ_NOT_YET;
    hold->unsent_since = hold->handed_offset = hold->drained_at = RKMQ_NOT_YET;
    hold->idle_since = v->now;
    hold->is_answer_doubtful = false;
    hold->n_empty_soon = 0;
    hold->sampled_at[0] = hold->sampled_at[1] = RKMQ_NOT_YET;
    hold->repeats_from = share->persisted_to;
    rkmq__offsets_clear(&hold->delivered);
    rkmq__offsets_clear(&hold->failed);
    rkmq__offsets_clear(&hold->finished);
    share->owner = hold->who;
    if (share->first_offset == RKMQ_NOT_YET || offset < share->first_offset) {
        share->first_offset = offset;
    }
}

static void hold_end(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, hold->share->queue->topic);
    if (hold->is_owned) {
        hold->member->n_owned--;
        hold->share->n_owners--;
        if (seat) {
            seat->n_owned--;
            seat->is_dirty = true;
        }
    }
    hold->is_owned = false;
    hold->n_cached = 0;
    hold->overlap_since = hold->drained_at = hold->unsent_since = RKMQ_NOT_YET;
    hold->idle_since = RKMQ_NOT_YET;
    if (hold->share->owner == hold->who) {
        hold->share->owner = 0;
    }
}

static void apply_add(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (hold) {
        hold->member->has_hooks = true;
        hold_begin(v, hold, row->offset, index);
    }
}

/* What is done and not told must come now, unless the broker named another offset to begin at. */
static void hold_drop(struct rkmq_view *v, struct rkmq_view_hold *hold, size_t index)
{
    bool is_moved =
        hold->answered_at != RKMQ_NOT_YET && hold->answer_status == RKMQ_RES_PULL_OFFSET_MOVED;
    bool is_more = hold->unsent_since != RKMQ_NOT_YET && !is_moved;
    hold->handed_offset = is_more ? hold->done_to : RKMQ_NOT_YET;
    hold->dropped_at = v->now;
    hold->dropped_row = index;
    hold->member->n_reasons++; /* what it asked for the queue may still come */
    hold_end(v, hold);
}

static void apply_drop(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (hold && hold->is_owned) {
        hold_drop(v, hold, index);
    }
}

/* ---- members ---- */

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
            hold_drop(v, hold, index);
        }
        hold_end(v, hold);
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
    changed(v);
}

/* ---- pulls ---- */

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

/* DefaultMQPushConsumerImpl.correctTagsOffset: what the filters left out is consumed. */
static void nothing_below(struct rkmq_view_hold *hold)
{
    bool is_empty = hold->answer_status == RKMQ_RES_PULL_NOT_FOUND ||
                    hold->answer_status == RKMQ_RES_PULL_RETRY_IMMEDIATELY;
    if (is_empty && hold->n_cached == 0 && hold->answer_next > hold->passed_to) {
        hold->passed_to = hold->answer_next;
    }
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
    nothing_below(hold);
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

static void apply_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
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
            hold_begin(v, hold, row->offset, index);
            hold->may_commit_to = RKMQ_NOT_YET;
        }
        if (row->opaque != hold->pull_opaque) {
            hold->is_answer_doubtful = false;
        }
        pull_asked(v, hold, row, index);
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

/* A client without hooks has let go of what another one pulls by now. */
static void holds_let_go(struct rkmq_view *v, const struct rkmq_view_share *share, rkmq_name by)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->share == share && hold->who != by && hold->is_owned && !hold->member->has_hooks &&
            hold->pulled_at == RKMQ_NOT_YET && v->now - hold->last_pull_at > TAKEN_OVER_US) {
            hold_end(v, hold);
        }
    }
}

/* ---- offsets ---- */

/* The broker was told, or a rule kept it from being told: the client has done its part. */
static void offset_sent(struct rkmq_view *v, const struct rkmq_event *row, int64_t offset)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!hold) {
        return;
    }
    hold->sent_offset = offset;
    if (hold->handed_offset != RKMQ_NOT_YET && offset >= hold->handed_offset) {
        hold->handed_offset = RKMQ_NOT_YET;
    }
    if (hold->unsent_since != RKMQ_NOT_YET && offset >= hold->unsent_offset) {
        bool is_more = hold->done_to > offset;
        hold->unsent_since = is_more ? v->now : RKMQ_NOT_YET;
        hold->unsent_offset = hold->done_to;
    }
}

static void apply_commit(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_share *share = rkmq__view_share(v, row);
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!share) {
        return;
    }
    if (row->offset < share->committed) { /* who begins now may begin there */
        share->persisted_to = RKMQ_NOT_YET;
        share->fell_at = v->now;
    }
    share->committed = row->offset;
    if (row->offset > share->committed_most) {
        share->committed_most = row->offset;
    }
    if (hold && row->offset > hold->committed_most) {
        hold->committed_most = row->offset;
    }
}

/* From now on the broker is to learn that all below `offset` is finished. */
static void hold_done(struct rkmq_view *v, struct rkmq_view_hold *hold, int64_t offset,
                      size_t index)
{
    hold->done_to = offset;
    if (hold->unsent_since == RKMQ_NOT_YET && offset > hold->sent_offset) {
        hold->unsent_since = v->now;
        hold->unsent_offset = offset;
        hold->unsent_row = index;
    }
}

static void apply_evict(struct rkmq_view *v, struct rkmq_view_hold *hold,
                        const struct rkmq_event *row, size_t index)
{
    bool was_full = rkmq__hold_is_full(hold);
    hold->n_cached -= row->count;
    nothing_below(hold);
    if (row->offset > hold->may_commit_to) {
        hold->may_commit_to = row->offset;
        hold_done(v, hold, row->offset, index);
    }
    if (was_full && !rkmq__hold_is_full(hold)) {
        hold->idle_since = v->now;
        if (hold->pulled_at == RKMQ_NOT_YET && hold->answer_status == RKMQ_RES_SUCCESS &&
            hold->answered_at != RKMQ_NOT_YET && !hold->is_answer_doubtful) {
            hold->drained_at = v->now;
            hold->drained_row = index;
        }
    }
}

static void apply_cache(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (!hold || !hold->is_owned) {
        return;
    }
    if (row->kind == RKMQ_EV_CACHE_EVICT) {
        apply_evict(v, hold, row, index);
    } else {
        hold->n_cached += row->count;
        hold->put_most = row->offset2 > hold->put_most ? row->offset2 : hold->put_most;
    }
}

static void apply_delivery(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_share *share = rkmq__view_share(v, row);
    struct rkmq_view_hold *hold = rkmq__view_hold_known(v, row);
    if (share) {
        rkmq__offsets_set(v, &share->delivered, row->offset);
    }
    if (hold && hold->is_owned) {
        rkmq__offsets_set(v, &hold->delivered, row->offset);
    }
}

/* Without hooks: what a listener did before the stop counts, message by message without a gap. */
static void listener_did(struct rkmq_view *v, struct rkmq_view_hold *hold,
                         const struct rkmq_event *row, size_t index)
{
    int64_t done_to = hold->done_to;
    if (hold->member->has_hooks || !hold->is_owned || hold->member->is_stopping ||
        row->offset2 - row->offset != row->count - 1) {
        return;
    }
    rkmq__offsets_set_all(v, &hold->finished, row->offset, row->offset2);
    while (rkmq__offsets_has(&hold->finished, done_to)) {
        done_to++;
    }
    if (done_to > hold->done_to) {
        hold_done(v, hold, done_to, index);
    }
}

static void apply_call(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member = rkmq__view_member(v, row->who);
    if (member) {
        member->n_calls += row->kind == RKMQ_EV_LISTENER_BEGIN ? 1 : member->n_calls > 0 ? -1 : 0;
    }
    struct rkmq_view_hold *hold =
        row->kind == RKMQ_EV_LISTENER_END ? rkmq__view_hold_known(v, row) : NULL;
    if (hold && row->status == 0) {
        listener_did(v, hold, row, index);
    } else if (hold) {
        rkmq__offsets_set_all(v, &hold->failed, row->offset, row->offset2);
    }
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

/* ---- requests and answers ---- */

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
        hold_end(v, hold);
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
            offset_sent(v, &at_broker, row->offset2);
        }
        apply_pull_question(v, row, index);
        break;
    case RKMQ_REQ_UPDATE_CONSUMER_OFFSET:
        offset_sent(v, &at_broker, row->offset);
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
        apply_pull(v, row, index);
    }
}

/* ---- all ---- */

static void apply_topic(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_server *server =
        row->broker != 0 ? rkmq__view_server_put(v, row->broker) : NULL;
    if (server) {
        server->is_broker = true;
    }
    changed(v);
}

/* Name servers that learn the same later say nothing new. */
static void apply_publish(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_place *place = rkmq__view_place(v, row->topic, row->broker);
    int64_t count = row->status & RKMQ_PERM_READ ? row->count : 0;
    if (place && (place->row == 0 || place->count != count)) {
        place->count = count;
        place->at = v->now;
        place->row = index;
    }
}

/* Who is a member has sent a heartbeat, so that its link is known. A broker that goes down forgets
 * all: whoever is in its list again joins again. */
static void apply_listed(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->broker);
    if (link) {
        link->is_listed = row->kind == RKMQ_EV_MEMBER_JOIN;
    }
}

static void apply_down(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        link->is_listed = link->is_listed && link->server != row->who;
    }
}

static void apply_rest(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_queue *queue;
    switch (row->kind) {
    case RKMQ_EV_APPEND:
        queue = rkmq__view_queue(v, row);
        if (queue) {
            queue->max_offset = row->offset + 1;
        }
        break;
    case RKMQ_EV_MEMBER_JOIN:
    case RKMQ_EV_MEMBER_LEAVE:
    case RKMQ_EV_MEMBER_EXPIRE:
        apply_listed(v, row);
        changed(v);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_HEALED:
        changed(v);
        break;
    case RKMQ_EV_SERVER_DOWN:
        apply_down(v, row);
        changed(v);
        break;
    case RKMQ_EV_TOPIC:
        apply_topic(v, row);
        break;
    case RKMQ_EV_ROUTE_PUBLISH:
        apply_publish(v, row, index);
        break;
    case RKMQ_EV_COMMIT:
        apply_commit(v, row);
        break;
    case RKMQ_EV_DELIVER:
        apply_delivery(v, row);
        break;
    case RKMQ_EV_LISTENER_BEGIN:
    case RKMQ_EV_LISTENER_END:
        apply_call(v, row, index);
        break;
    default:
        break;
    }
}

static void apply_pull_of_others(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_view_share *share = rkmq__view_share(v, row);
    if (share && share->n_owners > 1) {
        holds_let_go(v, share, row->who);
    }
}

void rkmq__view_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    rkmq__trouble_apply(v, row);
    switch (row->kind) {
    case RKMQ_EV_PQ_ADD:
        apply_add(v, row, index);
        break;
    case RKMQ_EV_PQ_DROP:
        apply_drop(v, row, index);
        break;
    case RKMQ_EV_CACHE_PUT:
    case RKMQ_EV_CACHE_EVICT:
        apply_cache(v, row, index);
        break;
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
    case RKMQ_EV_REQ:
    case RKMQ_EV_RESP:
    case RKMQ_EV_FAULT:
        apply_frame(v, row, index);
        if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
            apply_pull_of_others(v, row);
        }
        break;
    default:
        apply_rest(v, row, index);
        break;
    }
}
