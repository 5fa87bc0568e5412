/* SPDX-License-Identifier: Apache-2.0 */
/* NS-1: a member asks for each of its routes in time, and not in storms. NS-2: what name servers
 * have learned is what it works with, one poll and one rebalance later. */
#include <inttypes.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define POLLS_SOON_MAX                                                                             \
    5 /* within a second: start, a rebalance without a route, the poll, and again */

/* Since when there is a name server that nothing keeps from the member, and how many there are. */
static rkmq_us namesrv_calm_since(const struct rkmq_view *v, rkmq_name who, int *n)
{
    const struct rkmq_map_entry *entry;
    rkmq_us best = v->now;
    *n = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->servers, &cursor));) {
        const struct rkmq_view_server *server = entry->value;
        if (!server->is_broker) {
            rkmq_us since = rkmq__calm_since(v, who, server->name);
            best = since < best ? since : best;
            ++*n;
        }
    }
    return best;
}

/* ---- NS-1 ---- */

/* Name servers that do not answer cost a timeout each, or a whole period. */
static rkmq_us poll_allowed(const struct rkmq_view *v, const struct rkmq_check_client *client,
                            int n_namesrvs)
{
    rkmq_ms lost_ms = client->is_patient ? client->route_poll_ms : client->api_timeout_ms;
    int n_others = n_namesrvs > 1 ? n_namesrvs - 1 : 0;
    return (client->route_poll_ms + n_others * lost_ms) * 1000 + rkmq__slack_us(v);
}

static void judge_poll(struct rkmq_view *v, struct rkmq_view_seat *seat)
{
    const struct rkmq_view_member *member = seat->member;
    int n_namesrvs;
    rkmq_us calm_since = namesrv_calm_since(v, member->who, &n_namesrvs);
    rkmq_us since = rkmq__later(rkmq__later(seat->polled_at, member->started_at), calm_since);
    since = rkmq__later(since, member->route_fault_at); /* it ends the poll of all topics */
    rkmq__judged(v, RKMQ_CHECK_NS_1, RKMQ_EVIDENCE_W);
    if (v->now - since > poll_allowed(v, member->client, n_namesrvs)) {
        rkmq__violated(v, RKMQ_CHECK_NS_1, true, seat->polled_row, SIZE_MAX,
                       "%s does not ask for the route of %s for %.3f s, %.3f s is the period",
                       rkmq__view_text(v, member->who), rkmq__view_text(v, seat->topic),
                       (double)(v->now - since) / 1e6, (double)member->client->route_poll_ms / 1e3);
        seat->polled_at = v->now;
    }
}

/* Each pass over a topic without a route may ask; and whoever has a queue without a broker does. */
static void judge_storm(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_seat *seat = rkmq__view_seat(v, row->who, row->topic);
    int n_namesrvs;
    if (!seat || seat->member->group == 0 || seat->polls_soon_at == RKMQ_NOT_YET ||
        v->now - seat->polls_soon_at >= RKMQ_TICK_US) {
        return;
    }
    const struct rkmq_view_member *member = seat->member;
    int n_allowed =
        POLLS_SOON_MAX + member->n_owned + 2 * (member->n_reasons - seat->n_reasons_then);
    rkmq__judged(v, RKMQ_CHECK_NS_1, RKMQ_EVIDENCE_W);
    if (seat->n_polls_soon >= n_allowed && !rkmq__told_less(v, member) &&
        namesrv_calm_since(v, row->who, &n_namesrvs) <= seat->polls_soon_at) {
        rkmq__violated(v, RKMQ_CHECK_NS_1, true, seat->polled_row, index,
                       "%s asks for the route of %s %d times within %.3f s",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       seat->n_polls_soon + 1, (double)(v->now - seat->polls_soon_at) / 1e6);
        seat->polls_soon_at = RKMQ_NOT_YET;
    }
}

static void ns_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC) {
        judge_storm(v, row, index);
    }
}

/* ---- NS-2 ---- */

static int64_t told_count(const struct rkmq_view *v, const struct rkmq_view_seat *seat,
                          rkmq_name broker_name)
{
    struct rkmq_slice own = rkmq__event_log_text(v->log, broker_name), broker;
    int64_t count;
    for (size_t at = 0; rkmq__told_next(v, seat->route, &at, &broker, &count);) {
        if (rkmq__slice_equal(broker, own)) {
            return count;
        }
    }
    return 0;
}

/* Without hooks a queue is given up when it is not pulled any more. */
static bool works_with(struct rkmq_view *v, const struct rkmq_view_seat *seat,
                       const struct rkmq_view_queue *queue)
{
    const struct rkmq_event row = {.who = seat->member->who,
                                   .group = seat->member->group,
                                   .topic = queue->topic,
                                   .broker = queue->broker,
                                   .queue_id = queue->queue_id};
    const struct rkmq_view_hold *hold = rkmq__view_hold_known(v, &row);
    bool is_pulled = hold && hold->is_owned &&
                     v->now - hold->last_pull_at <= RKMQ_PULL_GIVEN_UP_US + RKMQ_TICK_US;
    return seat->member->has_hooks ? hold && hold->is_owned : is_pulled;
}

static bool is_in_use(struct rkmq_view *v, const struct rkmq_view_seat *seat,
                      const struct rkmq_view_place *place, int32_t *queue_id)
{
    struct rkmq_view_queue queue = {.topic = place->topic, .broker = place->broker};
    for (; queue.queue_id < place->count; queue.queue_id++) {
        bool is_mine = false;
        if (!rkmq__told_is_mine(v, seat, &queue, &is_mine)) {
            return true; /* nobody knows whose it is */
        }
        if (is_mine && !works_with(v, seat, &queue)) {
            *queue_id = queue.queue_id;
            return false;
        }
    }
    return true;
}

/* When all who are concerned could have done all that is asked of them. */
static rkmq_us could_begin(const struct rkmq_view *v, const struct rkmq_view_seat *seat,
                           const struct rkmq_view_place *place)
{
    const struct rkmq_view_member *member = seat->member;
    rkmq_us at = rkmq__later(place->at, rkmq__later(member->started_at, member->paused_at));
    at = rkmq__later(at, member->told_changed_at);
    return rkmq__later(at, rkmq__calm_since(v, member->who, 0));
}

static void judge_use(struct rkmq_view *v, const struct rkmq_view_seat *seat,
                      const struct rkmq_view_place *place)
{
    const struct rkmq_view_member *member = seat->member;
    int n_namesrvs, queue_id;
    (void)namesrv_calm_since(v, member->who, &n_namesrvs);
    rkmq_us allowed =
        poll_allowed(v, member->client, n_namesrvs) + RKMQ_REBALANCE_US + RKMQ_PASS_US;
    if (v->now - place->at <= allowed ||
        !rkmq__is_due_now(v, could_begin(v, seat, place), allowed)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_NS_2, member->has_hooks ? RKMQ_EVIDENCE_H : RKMQ_EVIDENCE_W);
    if (seat->polled_at < place->at) {
        rkmq__violated(v, RKMQ_CHECK_NS_2, true, place->row, SIZE_MAX,
                       "%s has not asked for the route of %s since it changed, for %.3f s",
                       rkmq__view_text(v, member->who), rkmq__view_text(v, place->topic),
                       (double)(v->now - place->at) / 1e6);
    } else if (told_count(v, seat, place->broker) == place->count &&
               !is_in_use(v, seat, place, &queue_id)) {
        rkmq__violated(v, RKMQ_CHECK_NS_2, true, place->row, seat->route_row,
                       "%s was told that %s has %" PRId64
                       " queues of %s, and does not work with its queue %d %.3f s after that was "
                       "published",
                       rkmq__view_text(v, member->who), rkmq__view_text(v, place->broker),
                       place->count, rkmq__view_text(v, place->topic), queue_id,
                       (double)(v->now - place->at) / 1e6);
    }
}

/* ---- both ---- */

static bool is_concerned(const struct rkmq_view *v, const struct rkmq_view_seat *seat)
{
    const struct rkmq_view_member *member = seat->member;
    return member->group != 0 && member->is_running && !member->is_stopping &&
           rkmq__seat_is_seen(seat) &&
           rkmq__told_subscribed(v, member->subscriptions, member->group, seat->topic);
}

static void ns_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry, *other;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        struct rkmq_view_seat *seat = entry->value;
        if (!is_concerned(v, seat)) {
            continue;
        }
        judge_poll(v, seat);
        for (size_t at = 0;
             !seat->member->is_paused && (other = rkmq__map_next(&v->places, &at));) {
            const struct rkmq_view_place *place = other->value;
            if (place->topic == seat->topic) {
                judge_use(v, seat, place);
            }
        }
    }
}

const struct rkmq_check_family rkmq__checks_ns = {.row = ns_row, .tick = ns_tick};
