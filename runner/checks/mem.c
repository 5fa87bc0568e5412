/* SPDX-License-Identifier: Apache-2.0 */
/* MEM-1: every broker of the routes hears of a member in time, and hears all. MEM-2: who is told of
 * a change of members looks. MEM-3: who stops leaves every broker, and is silent. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define ACT_US 1000000 /* from the notification to the question; twice, if it spaces its passes */

/* ---- MEM-1 ---- */

/* Rounds go from broker to broker: each other one may keep this one waiting. */
static rkmq_us heartbeat_allowed(const struct rkmq_view *v, const struct rkmq_view_member *member)
{
    int n_others = member->n_brokers > 0 ? member->n_brokers - 1 : 0;
    return (member->client->heartbeat_ms + n_others * member->client->api_timeout_ms) * 1000 +
           rkmq__slack_us(v);
}

/* The broker stands in a route of the member; while no route is seen, it is connected to it. */
static bool is_needed(const struct rkmq_view_link *link)
{
    return link->needed_since != RKMQ_NOT_YET ||
           (!link->member->has_routes && link->n_open > 0 && link->heartbeat_at != RKMQ_NOT_YET);
}

static void judge_heartbeats(struct rkmq_view *v, struct rkmq_view_link *link)
{
    const struct rkmq_view_member *member = link->member;
    bool is_first = link->heartbeat_at == RKMQ_NOT_YET;
    rkmq_us since =
        rkmq__later(rkmq__later(link->heartbeat_at, link->needed_since), member->started_at);
    rkmq__judged(v, RKMQ_CHECK_MEM_1, RKMQ_EVIDENCE_W);
    if (rkmq__is_overdue(v, member->who, link->server, since, heartbeat_allowed(v, member))) {
        rkmq__violated(v, RKMQ_CHECK_MEM_1, true, is_first ? SIZE_MAX : link->heartbeat_row,
                       SIZE_MAX,
                       "%s, which %s needs, hears nothing of it for %.3f s, %.3f s is the period",
                       rkmq__view_text(v, link->server), rkmq__view_text(v, member->who),
                       (double)(v->now - since) / 1e6, (double)member->client->heartbeat_ms / 1e3);
        link->heartbeat_at = v->now;
    }
}

/* A pull that reaches a broker first may be a little ahead of the heartbeat, no more. */
static void judge_first_pull(struct rkmq_view *v, struct rkmq_view_link *link)
{
    const struct rkmq_view_member *member = link->member;
    if (link->heartbeat_at == RKMQ_NOT_YET &&
        rkmq__is_due_now(v, link->pulled_since, rkmq__slack_us(v)) &&
        rkmq__calm_since(v, member->who, link->server) <= link->pulled_since) {
        rkmq__violated(v, RKMQ_CHECK_MEM_1, true, link->pulled_row, SIZE_MAX,
                       "%s pulls from %s, which has not heard of it for %.3f s",
                       rkmq__view_text(v, member->who), rkmq__view_text(v, link->server),
                       (double)(v->now - link->pulled_since) / 1e6);
    }
}

/* What a heartbeat says of the group is what the member subscribes to. One that comes on a bad way
 * may have waited there since the end of the life before. */
static void judge_content(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
    if (!member || member->group == 0 || member->is_stopping || member->is_stopped ||
        member->client->n_topics == 0 || row->text == member->subscriptions ||
        rkmq__is_troubled(v, row->who, row->peer)) {
        return;
    }
    int n = rkmq__told_topics(v, row->text, member->group);
    const char *text = row->text ? rkmq__view_text(v, row->text) : "";
    rkmq__judged(v, RKMQ_CHECK_MEM_1, RKMQ_EVIDENCE_W);
    for (size_t i = 0; i < member->client->n_topics; i++) {
        rkmq_name topic = member->client->topics[i];
        if (!rkmq__told_subscribed(v, row->text, member->group, topic)) {
            rkmq__violated(v, RKMQ_CHECK_MEM_1, true, index, SIZE_MAX,
                           "a heartbeat of %s says [%s], which is not that it consumes %s",
                           rkmq__view_text(v, row->who), text, rkmq__view_text(v, topic));
            return;
        }
    }
    if (n > (int)member->client->n_topics) {
        rkmq__violated(v, RKMQ_CHECK_MEM_1, true, index, SIZE_MAX,
                       "a heartbeat of %s says [%s], which is more than it consumes",
                       rkmq__view_text(v, row->who), text);
    }
}

/* ---- MEM-2 ---- */

/* What it asked while something was broken may have come to nobody. */
static void judge_notified(struct rkmq_view *v, struct rkmq_view_member *member, size_t index)
{
    rkmq_us since =
        rkmq__later(member->notified_at, rkmq__later(member->started_at, member->paused_at));
    rkmq_us allowed = ACT_US * (member->client->is_patient ? 2 : 1) + rkmq__slack_us(v);
    if (!rkmq__member_works(member) || (member->has_routes && member->n_brokers == 0)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_MEM_2, RKMQ_EVIDENCE_W);
    if (rkmq__calm_since(v, member->who, 0) > since) {
        member->notified_at = RKMQ_NOT_YET;
    } else if (v->now - since > allowed) {
        rkmq__violated(v, RKMQ_CHECK_MEM_2, true, member->notified_row, index,
                       "%s is told that the members of %s changed, and does not ask for them for "
                       "%.3f s",
                       rkmq__view_text(v, member->who), rkmq__view_text(v, member->group),
                       (double)(v->now - since) / 1e6);
        member->notified_at = RKMQ_NOT_YET;
    }
}

/* ---- MEM-3 ---- */

/* Brokers that have heard of it within the last period and are still in its routes. */
static void judge_leave(struct rkmq_view *v, const struct rkmq_view_link *link)
{
    const struct rkmq_view_member *member = link->member;
    rkmq_us stopped_at = rkmq__event_log_at(v->log, member->stopped_row)->at;
    bool is_known = link->heartbeat_at != RKMQ_NOT_YET &&
                    (link->needed_since != RKMQ_NOT_YET || !member->has_routes) &&
                    link->heartbeat_at >= member->stop_at - heartbeat_allowed(v, member);
    if (!is_known || !rkmq__is_due_now(v, stopped_at, rkmq__slack_us(v))) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_MEM_3, RKMQ_EVIDENCE_W);
    if (link->unregistered_row == SIZE_MAX &&
        rkmq__calm_since(v, member->who, link->server) <= member->stop_at) {
        rkmq__violated(v, RKMQ_CHECK_MEM_3, true, member->stop_row, member->stopped_row,
                       "%s stops and does not unregister at %s", rkmq__view_text(v, member->who),
                       rkmq__view_text(v, link->server));
    }
}

/* What was on its way when it stopped may still arrive. */
static void judge_silence(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
    if (!member || !member->is_stopped) {
        return;
    }
    rkmq_us stopped_at = rkmq__event_log_at(v->log, member->stopped_row)->at;
    if (row->at - stopped_at > rkmq__slack_us(v) &&
        rkmq__calm_since(v, row->who, row->peer) <= stopped_at) {
        rkmq__violated(v, RKMQ_CHECK_MEM_3, true, member->stopped_row, index,
                       "%s asks %s after it has stopped", rkmq__view_text(v, row->who),
                       rkmq__view_text(v, row->peer));
    }
}

/* A heartbeat that comes after the goodbye makes it a member again. */
static void judge_return(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->peer);
    if (link && link->unregistered_row != SIZE_MAX &&
        (link->member->is_stopping || link->member->is_stopped) &&
        rkmq__told_topics(v, row->text, link->member->group) >= 0 &&
        rkmq__calm_since(v, row->who, row->peer) <= link->unregistered_at) {
        rkmq__violated(v, RKMQ_CHECK_MEM_3, true, link->unregistered_row, index,
                       "%s unregisters at %s, and then sends it a heartbeat",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->peer));
    }
}

/* ---- all ---- */

static void mem_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind != RKMQ_EV_REQ || (row->flags & RKMQ_EVF_PUSHED)) {
        return;
    }
    judge_silence(v, row, index);
    if (row->code == RKMQ_REQ_HEART_BEAT) {
        judge_content(v, row, index);
        judge_return(v, row, index);
    } else if (row->code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP) {
        struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
        if (member && member->notified_at != RKMQ_NOT_YET) {
            judge_notified(v, member, index);
        }
    }
}

static void link_tick(struct rkmq_view *v, struct rkmq_view_link *link)
{
    const struct rkmq_view_member *member = link->member;
    if (member->is_stopped) {
        judge_leave(v, link);
    } else if (member->is_running && !member->is_stopping) {
        if (is_needed(link)) {
            judge_heartbeats(v, link);
        }
        if (link->pulled_since != RKMQ_NOT_YET) {
            judge_first_pull(v, link);
        }
    }
}

static void mem_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        if (link->member->group != 0) {
            link_tick(v, link);
        }
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        struct rkmq_view_member *member = entry->value;
        if (member->notified_at != RKMQ_NOT_YET) {
            judge_notified(v, member, SIZE_MAX);
        }
    }
}

const struct rkmq_check_family rkmq__checks_mem = {.row = mem_row, .tick = mem_tick};
