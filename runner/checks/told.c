/* SPDX-License-Identifier: Apache-2.0 */
/* Members and routes as servers told them to one client: what it does must follow from these, also
 * when they were lies. */
#include <rkmq/consumer.h>

#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

/* The next word of `text`, which ends at a blank or at `stop`; false: there is none. */
static bool word_next(struct rkmq_slice text, size_t *at, char stop, struct rkmq_slice *word)
{
    size_t begin = *at;
    if (begin >= text.n) {
        return false;
    }
    size_t end = begin;
    while (end < text.n && text.p[end] != ' ' && text.p[end] != (uint8_t)stop) {
        end++;
    }
    *word = rkmq__slice(text.p + begin, end - begin);
    *at = end + 1;
    return true;
}

bool rkmq__told_word(const struct rkmq_view *v, rkmq_name list, struct rkmq_slice word, char stop)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, list), each;
    for (size_t at = 0; word_next(text, &at, stop, &each);) {
        if (rkmq__slice_equal(each, word)) {
            return true;
        }
    }
    return false;
}

bool rkmq__told_place(const struct rkmq_view *v, const struct rkmq_view_member *member,
                      size_t *n_members, size_t *self)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, member->told_members), each;
    struct rkmq_slice own = rkmq__event_log_text(v->log, member->who);
    bool is_in = false;
    *n_members = 0;
    *self = 0;
    for (size_t at = 0; word_next(text, &at, ' ', &each); ++*n_members) {
        if (!is_in && rkmq__slice_equal(each, own)) {
            is_in = true;
            *self = *n_members;
        }
    }
    *self = is_in ? *self : *n_members;
    return is_in;
}

/* Exactly the members of the group that run, whatever their order. */
static bool is_truth(struct rkmq_view *v, const struct rkmq_view_member *member)
{
    size_t n_told, self;
    const struct rkmq_map_entry *entry;
    if (!rkmq__told_place(v, member, &n_told, &self) ||
        n_told != rkmq__view_running(v, member->group)) {
        return false;
    }
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        const struct rkmq_view_member *other = entry->value;
        if (other->is_running && other->group == member->group &&
            !rkmq__told_word(v, member->told_members, rkmq__event_log_text(v->log, other->who),
                             ' ')) {
            return false;
        }
    }
    return true;
}

bool rkmq__told_truth(struct rkmq_view *v, rkmq_name group)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->members, &cursor));) {
        const struct rkmq_view_member *member = entry->value;
        if (member->is_running && member->group == group && !is_truth(v, member)) {
            return false;
        }
    }
    return true;
}

bool rkmq__told_next(const struct rkmq_view *v, rkmq_name route, size_t *at,
                     struct rkmq_slice *broker, int64_t *count)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, route), number;
    return word_next(text, at, ':', broker) && word_next(text, at, ' ', &number) &&
           rkmq__slice_to_i64(number, count) == RKMQ_OK;
}

bool rkmq__told_queue(const struct rkmq_view *v, rkmq_name route,
                      const struct rkmq_view_queue *queue, size_t *place, size_t *n_queues)
{
    struct rkmq_slice own = rkmq__event_log_text(v->log, queue->broker), broker;
    int64_t count;
    bool is_in = false;
    *n_queues = 0;
    for (size_t at = 0; rkmq__told_next(v, route, &at, &broker, &count);) {
        if (rkmq__slice_equal(broker, own) && queue->queue_id < count) {
            is_in = true;
            *place = *n_queues + (size_t)queue->queue_id;
        }
        *n_queues += (size_t)count;
    }
    return is_in;
}

bool rkmq__told_less(const struct rkmq_view *v, const struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        const struct rkmq_view_hold *hold = entry->value;
        const uint32_t parts[] = {member->who, hold->share->queue->topic};
        const struct rkmq_view_seat *seat =
            hold->member == member && hold->is_owned
                ? rkmq__map_get(&v->seats, rkmq__slice(parts, sizeof parts))
                : NULL;
        size_t place, n;
        if (seat && !rkmq__told_queue(v, seat->route, hold->share->queue, &place, &n)) {
            return true;
        }
    }
    return false;
}

/* As rkmq_allocate_averagely and _by_circle, for one queue. */
static bool is_dealt(enum rkmq_check_allot allot, size_t n_queues, size_t n_members, size_t self,
                     size_t place)
{
    size_t rest = n_queues % n_members;
    size_t size = n_queues / n_members + (self < rest ? 1 : 0);
    size_t start = self < rest ? self * size : self * size + rest;
    return allot == RKMQ_ALLOT_BY_CIRCLE ? place % n_members == self
                                         : place >= start && place - start < size;
}

bool rkmq__told_is_mine(const struct rkmq_view *v, const struct rkmq_view_seat *seat,
                        const struct rkmq_view_queue *queue, bool *is_mine)
{
    const struct rkmq_view_member *member = seat->member;
    size_t n_members, self, place, n_queues;
    if (seat->route == 0 || member->told_members == 0 ||
        member->client->allot == RKMQ_ALLOT_UNKNOWN) {
        return false;
    }
    bool is_member = rkmq__told_place(v, member, &n_members, &self);
    *is_mine = rkmq__told_queue(v, seat->route, queue, &place, &n_queues) && is_member &&
               is_dealt(member->client->allot, n_queues, n_members, self, place);
    return true;
}

bool rkmq__told_subscribed(const struct rkmq_view *v, rkmq_name subscriptions, rkmq_name group,
                           rkmq_name topic)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, subscriptions), part;
    struct rkmq_slice group_text = rkmq__event_log_text(v->log, group);
    struct rkmq_slice topic_text = rkmq__event_log_text(v->log, topic), word;
    for (size_t at = 0; word_next(text, &at, ' ', &part);) {
        size_t in = group_text.n + 1;
        if (!rkmq__slice_starts(part, group_text) || part.n <= in || part.p[group_text.n] != '=') {
            continue;
        }
        while (word_next(part, &in, ',', &word)) {
            if (rkmq__slice_equal(word, topic_text)) {
                return true;
            }
        }
    }
    return false;
}

int rkmq__told_topics(const struct rkmq_view *v, rkmq_name subscriptions, rkmq_name group)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, subscriptions), part, word;
    struct rkmq_slice group_text = rkmq__event_log_text(v->log, group);
    for (size_t at = 0; word_next(text, &at, ' ', &part);) {
        if (rkmq__slice_starts(part, group_text) &&
            (part.n == group_text.n || part.p[group_text.n] == '=')) {
            size_t in = group_text.n + 1;
            int n = 0;
            while (word_next(part, &in, ',', &word)) {
                n++;
            }
            return n;
        }
    }
    return -1;
}

/* ---- answers ---- */

static void changed(struct rkmq_view *v, struct rkmq_view_member *member)
{
    v->changed_at = v->now;
    v->change_epoch++;
    member->n_reasons++;
}

/* Some route of the member names the server. */
static bool is_needed(struct rkmq_view *v, const struct rkmq_view_link *link)
{
    struct rkmq_slice own = rkmq__event_log_text(v->log, link->server), broker;
    const struct rkmq_map_entry *entry;
    int64_t count;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        const struct rkmq_view_seat *seat = entry->value;
        for (size_t at = 0; seat->member == link->member &&
                            rkmq__told_next(v, seat->route, &at, &broker, &count);) {
            if (rkmq__slice_equal(broker, own)) {
                return true;
            }
        }
    }
    return false;
}

/* Brokers of the new route must hear of the member from now on, those of none need not. */
static void route_needs(struct rkmq_view *v, struct rkmq_view_seat *seat)
{
    struct rkmq_view_member *member = seat->member;
    const struct rkmq_map_entry *entry;
    struct rkmq_slice broker;
    int64_t count;
    member->n_queues -= seat->n_queues;
    seat->n_queues = 0;
    for (size_t at = 0; rkmq__told_next(v, seat->route, &at, &broker, &count);) {
        (void)rkmq__view_link(v, member->who, rkmq__view_server(v, broker)); /* is there from now */
        seat->n_queues += (int)count;
    }
    member->n_queues += seat->n_queues;
    member->n_brokers = 0;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        if (link->member != member) {
            continue;
        }
        if (!is_needed(v, link)) {
            link->needed_since = RKMQ_NOT_YET;
            continue;
        }
        member->n_brokers++;
        link->needed_since = link->needed_since == RKMQ_NOT_YET ? v->now : link->needed_since;
    }
}

/* An answer on a bad way may come when its client has given up waiting: then it knows nothing of it
 * until it is told the same again. */
static bool is_doubtful(const struct rkmq_view *v, const struct rkmq_event *answer)
{
    return rkmq__is_troubled(v, answer->peer, answer->who);
}

static void told_route(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_seat *seat =
        row->status == RKMQ_RES_SUCCESS ? rkmq__view_seat(v, row->peer, row->topic) : NULL;
    bool is_known = seat && seat->route == row->text;
    if (!seat || (is_known && (!seat->is_route_doubtful || is_doubtful(v, row)))) {
        return;
    }
    seat->is_route_doubtful = is_doubtful(v, row);
    if (seat->member->is_running || seat->route != 0) {
        changed(v, seat->member);
    }
    seat->route = row->text;
    seat->route_changed_at = v->now;
    seat->route_row = index;
    seat->is_dirty = true;
    seat->mismatch_since = RKMQ_NOT_YET;
    route_needs(v, seat);
}

/* Whatever it has now is to be what follows from these. */
static void seats_of_member_begin(struct rkmq_view *v, const struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        struct rkmq_view_seat *seat = entry->value;
        if (seat->member == member) {
            seat->is_dirty = true;
            seat->mismatch_since = RKMQ_NOT_YET;
        }
    }
}

static void told_members(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member = rkmq__view_member(v, row->peer);
    if (!member || row->status != RKMQ_RES_SUCCESS || row->text == 0) {
        return;
    }
    member->told_at = v->now;
    if (member->told_members != row->text || (member->is_told_doubtful && !is_doubtful(v, row))) {
        member->is_told_doubtful = is_doubtful(v, row);
        member->told_members = row->text;
        member->told_changed_at = v->now;
        member->told_row = index;
        seats_of_member_begin(v, member);
        changed(v, member);
    }
}

void rkmq__told_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->code == RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC) {
        told_route(v, row, index);
    } else if (row->code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP) {
        told_members(v, row, index);
    }
}

void rkmq__told_forget(struct rkmq_view *v, struct rkmq_view_member *member)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->seats, &cursor));) {
        struct rkmq_view_seat *seat = entry->value;
        if (seat->member == member) {
            seat->route = 0;
            seat->n_queues = seat->n_polls_soon = 0;
            seat->route_changed_at = seat->polled_at = seat->mismatch_since = RKMQ_NOT_YET;
        }
    }
    member->has_routes = false;
    member->route_fault_at = RKMQ_NOT_YET;
    member->subscriptions = member->told_members = 0;
    member->n_topics = member->n_brokers = member->n_queues = 0;
    member->told_at = member->told_changed_at = RKMQ_NOT_YET;
}
