/* SPDX-License-Identifier: Apache-2.0 */
/* RATE-1: what a member asks by the clock stays within a budget: what it needs in a minute, half as
 * much again, and what changes around it give reason for. Pulls and sends follow messages; PULL-4
 * looks after the former. */
#include <rkmq/remoting.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define BURST 10
#define MINUTE_MS 60000
#define PASSES_PER_MINUTE 6 /* some clients rebalance every 10 s */
#define UNBALANCED_PER_MINUTE 60
#define UNIT 1000000 /* of a request, as buckets count */

enum rate_kind { RATE_ROUTE, RATE_HEARTBEAT, RATE_MEMBERS, RATE_PERSIST, RATE_QUERY, RATE_KINDS };
struct rkmq_rate_bucket { /* RATE_KINDS of a member */
    int64_t left;         /* in units */
    rkmq_us filled_at;
};

static enum rate_kind kind_of(int32_t code)
{
    switch (code) {
    case RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC:
        return RATE_ROUTE;
    case RKMQ_REQ_HEART_BEAT:
        return RATE_HEARTBEAT;
    case RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP:
        return RATE_MEMBERS;
    case RKMQ_REQ_UPDATE_CONSUMER_OFFSET:
        return RATE_PERSIST;
    case RKMQ_REQ_QUERY_CONSUMER_OFFSET:
        return RATE_QUERY;
    default:
        return RATE_KINDS;
    }
}

static int64_t times_per_minute(rkmq_ms period_ms)
{
    return MINUTE_MS / (period_ms > 0 ? period_ms : 1) + 1;
}

/* Some topic of it has no queues, as it was told: it passes over them again and again. */
static bool is_unbalanced(const struct rkmq_view *v, const struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        const struct rkmq_view_seat *seat = entry->value;
        if (seat->member == member && rkmq__seat_is_seen(seat) && seat->n_queues == 0) {
            return true;
        }
    }
    return false;
}

/* Requests a minute, and half as many again. */
static int64_t budget_of(const struct rkmq_view *v, const struct rkmq_view_member *member,
                         enum rate_kind kind)
{
    const struct rkmq_check_client *client = member->client;
    int passes = kind == RATE_MEMBERS && is_unbalanced(v, member) ? UNBALANCED_PER_MINUTE
                                                                  : PASSES_PER_MINUTE;
    const int64_t needs[RATE_KINDS] = {
        [RATE_ROUTE] = member->n_topics * times_per_minute(client->route_poll_ms),
        [RATE_HEARTBEAT] = member->n_brokers * times_per_minute(client->heartbeat_ms),
        [RATE_MEMBERS] = (int64_t)member->n_topics * passes,
        [RATE_PERSIST] = member->n_owned * times_per_minute(client->persist_ms),
    };
    return needs[kind] + needs[kind] / 2;
}

/* Whether it is known how much a member needs: not while its subscriptions or routes are not seen.
 */
static bool is_known(const struct rkmq_view *v, const struct rkmq_view_member *member,
                     enum rate_kind kind)
{
    switch (kind) {
    case RATE_ROUTE:
        return member->n_topics > 0 && !is_unbalanced(v, member) && !rkmq__told_less(v, member);
    case RATE_PERSIST:
        return true;
    case RATE_MEMBERS:
        return member->n_topics > 0;
    default:
        return member->n_topics > 0 && member->has_routes;
    }
}

static void fill_all(struct rkmq_view *v, const struct rkmq_view_member *member,
                     struct rkmq_rate_bucket *buckets)
{
    for (int kind = 0; kind < RATE_KINDS; kind++) {
        buckets[kind] = (struct rkmq_rate_bucket){
            .left = (budget_of(v, member, (enum rate_kind)kind) + BURST) * UNIT,
            .filled_at = v->now};
    }
}

static struct rkmq_rate_bucket *buckets_of(struct rkmq_view *v, struct rkmq_view_member *member)
{
    if (!member->buckets) {
        member->buckets = rkmq__arena_zalloc(&v->arena, RATE_KINDS * sizeof *member->buckets);
        v->is_failed = v->is_failed || !member->buckets;
        if (member->buckets) {
            fill_all(v, member, member->buckets);
        }
    }
    return member->buckets;
}

/* Up to a minute's budget can be saved; what came on top of it stays. */
static void fill(struct rkmq_view *v, const struct rkmq_view_member *member, enum rate_kind kind,
                 struct rkmq_rate_bucket *bucket)
{
    int64_t budget = budget_of(v, member, kind), most = (budget + BURST) * UNIT;
    int64_t grown = bucket->left + (v->now - bucket->filled_at) * budget / (MINUTE_MS / 1000);
    bucket->left = bucket->left > most ? bucket->left : grown < most ? grown : most;
    bucket->filled_at = v->now;
}

static void give(struct rkmq_view *v, struct rkmq_view_member *member, enum rate_kind kind, int n)
{
    struct rkmq_rate_bucket *buckets = buckets_of(v, member);
    if (buckets) {
        fill(v, member, kind, &buckets[kind]);
        buckets[kind].left += (int64_t)n * UNIT;
    }
}

static void take(struct rkmq_view *v, const struct rkmq_view_member *member, enum rate_kind kind,
                 struct rkmq_rate_bucket *bucket, const struct rkmq_event *row, size_t index)
{
    fill(v, member, kind, bucket);
    bucket->left -= UNIT;
    rkmq__judged(v, RKMQ_CHECK_RATE_1, RKMQ_EVIDENCE_W);
    if (bucket->left < 0) {
        const char *name = rkmq_request_code_name(row->code);
        rkmq__violated(v, RKMQ_CHECK_RATE_1, true, index, SIZE_MAX,
                       "%s sends more %s than its %lld a minute, with %d topics, %d brokers and %d "
                       "queues",
                       rkmq__view_text(v, member->who), name ? name : "requests",
                       (long long)budget_of(v, member, kind), member->n_topics, member->n_brokers,
                       member->n_owned);
        bucket->left = BURST * UNIT;
    }
}

/* ---- what gives reason for more ---- */

/* A pass over all topics, and the heartbeats and questions of queues that move. */
static void give_for_move(struct rkmq_view *v, struct rkmq_view_member *member)
{
    give(v, member, RATE_MEMBERS, 2 * (member->n_topics + 1));
    give(v, member, RATE_HEARTBEAT, 2 * (member->n_topics + 1) * (member->n_brokers + 1));
    give(v, member, RATE_QUERY, member->n_queues + 1);
    give(v, member, RATE_PERSIST, member->n_owned);
    give(v, member, RATE_ROUTE, member->n_owned + member->n_topics);
}

/* It was told something new. */
static bool is_news(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_view_member *member;
    const struct rkmq_view_seat *seat;
    switch (row->code) {
    case RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP:
        member = rkmq__view_member_known(v, row->peer);
        return member && row->text != member->told_members;
    case RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC:
        seat = rkmq__view_seat(v, row->peer, row->topic);
        return seat && row->text != seat->route;
    default:
        return row->status == RKMQ_RES_PULL_OFFSET_MOVED;
    }
}

static void give_for_answer(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_member *member = !(row->flags & RKMQ_EVF_PUSHED) && is_news(v, row)
                                          ? rkmq__view_member_known(v, row->peer)
                                          : NULL;
    if (member) {
        give_for_move(v, member);
    }
}

/* ---- all ---- */

static void request(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    enum rate_kind kind = kind_of(row->code);
    struct rkmq_view_member *member =
        kind != RATE_KINDS ? rkmq__view_member_known(v, row->who) : NULL;
    if (!member || member->group == 0) {
        return;
    }
    struct rkmq_rate_bucket *buckets = buckets_of(v, member);
    if (buckets && (!rkmq__member_works(member) || !is_known(v, member, kind) ||
                    rkmq__is_troubled(v, row->who, 0))) {
        fill_all(v, member, buckets);
    } else if (buckets) {
        take(v, member, kind, &buckets[kind], row, index);
    }
}

static void rate_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member;
    switch (row->kind) {
    case RKMQ_EV_REQ:
        if (!(row->flags & RKMQ_EVF_PUSHED)) {
            request(v, row, index);
        } else if ((member = rkmq__view_member_known(v, row->peer))) {
            give(v, member, RATE_MEMBERS, 2 * member->n_topics);
        }
        break;
    case RKMQ_EV_RESP:
        give_for_answer(v, row);
        break;
    case RKMQ_EV_CONN_OPEN:
    case RKMQ_EV_PQ_ADD:
    case RKMQ_EV_PQ_DROP:
        if ((member = rkmq__view_member_known(v, row->who))) {
            give(v, member, RATE_HEARTBEAT, member->n_brokers + 1);
            give(v, member, RATE_MEMBERS, 2 * member->n_topics);
            give(v, member, RATE_QUERY, 1);
            give(v, member, RATE_PERSIST, 1);
        }
        break;
    default:
        break;
    }
}

const struct rkmq_check_family rkmq__checks_rate = {.row = rate_row};
