/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/checks/view.h"

#define OFFSETS_MAX (64 << 20) /* of one queue, whose deliveries are kept apart */

/* ---- tables ---- */

/* The value of the key, made when it is not there; `*is_new` then. */
static void *entry_of(struct rkmq_view *v, struct rkmq_map *map, const uint32_t *parts, size_t n,
                      size_t bytes, bool *is_new)
{
    struct rkmq_slice key = rkmq__slice(parts, n * sizeof *parts);
    void *entry = rkmq__map_get(map, key);
    *is_new = !entry;
    if (!entry) {
        entry = rkmq__arena_zalloc(&v->arena, bytes);
        if (!entry || rkmq__map_put(map, key, entry) != RKMQ_OK) {
            v->is_failed = true;
            return NULL;
        }
    }
    return entry;
}

struct rkmq_view_queue *rkmq__view_queue(struct rkmq_view *v, const struct rkmq_event *row)
{
    const uint32_t parts[] = {row->topic, row->broker, (uint32_t)row->queue_id};
    bool is_new;
    if (row->topic == 0 || row->broker == 0 || row->queue_id < 0) {
        return NULL;
    }
    struct rkmq_view_queue *queue = entry_of(v, &v->queues, parts, 3, sizeof *queue, &is_new);
    if (queue && is_new) {
        *queue = (struct rkmq_view_queue){
            .topic = row->topic, .broker = row->broker, .queue_id = row->queue_id};
    }
    return queue;
}

struct rkmq_view_share *rkmq__view_share(struct rkmq_view *v, const struct rkmq_event *row)
{
    const uint32_t parts[] = {row->topic, row->broker, (uint32_t)row->queue_id, row->group};
    struct rkmq_view_queue *queue = row->group ? rkmq__view_queue(v, row) : NULL;
    bool is_new;
    if (!queue) {
        return NULL;
    }
    struct rkmq_view_share *share = entry_of(v, &v->shares, parts, 4, sizeof *share, &is_new);
    if (share && is_new) {
        *share = (struct rkmq_view_share){.queue = queue,
                                          .group = row->group,
                                          .first_offset = RKMQ_NOT_YET,
                                          .committed = RKMQ_NOT_YET,
                                          .committed_most = RKMQ_NOT_YET,
                                          .orphan_since = RKMQ_NOT_YET,
                                          .persisted_to = RKMQ_NOT_YET,
                                          .fell_at = RKMQ_NOT_YET};
    }
    return share;
}

static void hold_init(struct rkmq_view_hold *hold)
{
    hold->owned_at = hold->dropped_at = RKMQ_NOT_YET;
    hold->may_pull_to = hold->may_commit_to = hold->passed_to = RKMQ_NOT_YET;
    hold->pulled_at = hold->last_pull_at = hold->answered_at = RKMQ_NOT_YET;
    hold->asked_offset = hold->answer_next = RKMQ_NOT_YET;
    hold->idle_since = hold->drained_at = RKMQ_NOT_YET;
    hold->committed_most = hold->sent_offset = hold->done_to = RKMQ_NOT_YET;
    hold->unsent_since = hold->handed_offset = RKMQ_NOT_YET;
    hold->overlap_since = RKMQ_NOT_YET;
    hold->repeats_from = RKMQ_NOT_YET;
    hold->sampled_at[0] = hold->sampled_at[1] = RKMQ_NOT_YET;
}

struct rkmq_view_hold *rkmq__view_hold(struct rkmq_view *v, const struct rkmq_event *row)
{
    const uint32_t parts[] = {row->topic, row->broker, (uint32_t)row->queue_id, row->group,
                              row->who};
    struct rkmq_view_hold *known = rkmq__view_hold_known(v, row);
    struct rkmq_view_share *share = row->who && !known ? rkmq__view_share(v, row) : NULL;
    struct rkmq_view_member *member = share ? rkmq__view_member(v, row->who) : NULL;
    bool is_new;
    if (!member) {
        return known;
    }
    struct rkmq_view_hold *hold = entry_of(v, &v->holds, parts, 5, sizeof *hold, &is_new);
    if (hold && is_new) {
        *hold = (struct rkmq_view_hold){.share = share, .member = member, .who = row->who};
        hold_init(hold);
    }
    return hold;
}

struct rkmq_view_hold *rkmq__view_hold_known(struct rkmq_view *v, const struct rkmq_event *row)
{
    const uint32_t parts[] = {row->topic, row->broker, (uint32_t)row->queue_id, row->group,
                              row->who};
    return rkmq__map_get(&v->holds, rkmq__slice(parts, sizeof parts));
}

const struct rkmq_check_client rkmq__check_client_default = {.heartbeat_ms = 30000,
                                                             .persist_ms = 5000,
                                                             .route_poll_ms = 30000,
                                                             .api_timeout_ms = 3000,
                                                             .await_termination_ms = 5000,
                                                             .threshold_count = 1000,
                                                             .span = 2000};

static const struct rkmq_check_client *client_of(const struct rkmq_view *v, rkmq_name who)
{
    for (size_t i = 0; i < v->params->n_clients; i++) {
        if (v->params->clients[i].who == who) {
            return &v->params->clients[i];
        }
    }
    return &rkmq__check_client_default;
}

struct rkmq_view_member *rkmq__view_member(struct rkmq_view *v, rkmq_name who)
{
    bool is_new;
    struct rkmq_view_member *member =
        who ? entry_of(v, &v->members, &who, 1, sizeof *member, &is_new) : NULL;
    if (member && is_new) {
        *member = (struct rkmq_view_member){.who = who,
                                            .client = client_of(v, who),
                                            .started_at = RKMQ_NOT_YET,
                                            .stop_at = RKMQ_NOT_YET,
                                            .paused_at = RKMQ_NOT_YET,
                                            .told_at = RKMQ_NOT_YET,
                                            .told_changed_at = RKMQ_NOT_YET,
                                            .asked_members_at = RKMQ_NOT_YET,
                                            .notified_at = RKMQ_NOT_YET,
                                            .route_fault_at = RKMQ_NOT_YET,
                                            .moved_on_at = RKMQ_NOT_YET};
    }
    return member;
}

struct rkmq_view_member *rkmq__view_member_known(struct rkmq_view *v, rkmq_name who)
{
    return rkmq__map_get(&v->members, rkmq__slice(&who, sizeof who));
}

struct rkmq_view_seat *rkmq__view_seat(struct rkmq_view *v, rkmq_name who, rkmq_name topic)
{
    const uint32_t parts[] = {who, topic};
    struct rkmq_view_member *member = topic ? rkmq__view_member(v, who) : NULL;
    bool is_new;
    struct rkmq_view_seat *seat =
        member ? entry_of(v, &v->seats, parts, 2, sizeof *seat, &is_new) : NULL;
    if (seat && is_new) {
        *seat = (struct rkmq_view_seat){.member = member,
                                        .topic = topic,
                                        .route_changed_at = RKMQ_NOT_YET,
                                        .polled_at = RKMQ_NOT_YET,
                                        .polls_soon_at = RKMQ_NOT_YET,
                                        .mismatch_since = RKMQ_NOT_YET};
    }
    return seat;
}

struct rkmq_view_link *rkmq__view_link(struct rkmq_view *v, rkmq_name who, rkmq_name server)
{
    const uint32_t parts[] = {who, server};
    struct rkmq_view_member *member = server ? rkmq__view_member(v, who) : NULL;
    bool is_new;
    struct rkmq_view_link *link =
        member ? entry_of(v, &v->links, parts, 2, sizeof *link, &is_new) : NULL;
    if (link && is_new) {
        *link = (struct rkmq_view_link){.member = member,
                                        .server = server,
                                        .heartbeat_at = RKMQ_NOT_YET,
                                        .needed_since = RKMQ_NOT_YET,
                                        .pulled_since = RKMQ_NOT_YET,
                                        .closed_at = RKMQ_NOT_YET,
                                        .unregistered_row = SIZE_MAX,
                                        .unregistered_at = RKMQ_NOT_YET};
    }
    return link;
}

struct rkmq_view_link *rkmq__view_link_known(const struct rkmq_view *v, rkmq_name who,
                                             rkmq_name server)
{
    const uint32_t parts[] = {who, server};
    return rkmq__map_get(&v->links, rkmq__slice(parts, sizeof parts));
}

struct rkmq_view_place *rkmq__view_place(struct rkmq_view *v, rkmq_name topic, rkmq_name broker)
{
    const uint32_t parts[] = {topic, broker};
    bool is_new;
    struct rkmq_view_place *place =
        topic && broker ? entry_of(v, &v->places, parts, 2, sizeof *place, &is_new) : NULL;
    if (place && is_new) {
        *place = (struct rkmq_view_place){.topic = topic, .broker = broker};
    }
    return place;
}

struct rkmq_view_server *rkmq__view_server_put(struct rkmq_view *v, rkmq_name name)
{
    bool is_new;
    struct rkmq_view_server *server = entry_of(v, &v->servers, &name, 1, sizeof *server, &is_new);
    if (server) {
        server->name = name;
    }
    return server;
}

rkmq_name rkmq__view_server(const struct rkmq_view *v, struct rkmq_slice name)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->servers, &cursor));) {
        const struct rkmq_view_server *server = entry->value;
        if (rkmq__slice_equal(rkmq__event_log_text(v->log, server->name), name)) {
            return server->name;
        }
    }
    return 0;
}

/* ---- sets of offsets ---- */

void rkmq__offsets_set(struct rkmq_view *v, struct rkmq_offsets *set, int64_t offset)
{
    if (offset < 0 || offset >= OFFSETS_MAX) {
        return;
    }
    size_t byte = (size_t)offset / 8;
    if (byte >= set->n_bytes) {
        size_t n = 2 * byte + 64;
        uint8_t *grown = rkmq__arena_zalloc(&v->arena, n);
        if (!grown) {
            v->is_failed = true;
            return;
        }
        if (set->bits) {
            memcpy(grown, set->bits, set->n_bytes);
        }
        set->bits = grown;
        set->n_bytes = n;
    }
    set->bits[byte] |= (uint8_t)(1u << (offset % 8));
}

void rkmq__offsets_set_all(struct rkmq_view *v, struct rkmq_offsets *set, int64_t first,
                           int64_t last)
{
    int64_t from = first > 0 ? first : 0, end = last < OFFSETS_MAX ? last : OFFSETS_MAX;
    for (int64_t at = from; at <= end; at++) {
        rkmq__offsets_set(v, set, at);
    }
}

bool rkmq__offsets_has(const struct rkmq_offsets *set, int64_t offset)
{
    size_t byte = (size_t)offset / 8;
    return offset >= 0 && byte < set->n_bytes && (set->bits[byte] >> (offset % 8) & 1) != 0;
}

void rkmq__offsets_clear(struct rkmq_offsets *set)
{
    if (set->bits) {
        memset(set->bits, 0, set->n_bytes);
    }
}

/* ---- life ---- */

void rkmq__view_init(struct rkmq_view *v)
{
    struct rkmq_map *maps[] = {&v->queues, &v->shares, &v->holds,   &v->members, &v->seats,
                               &v->links,  &v->places, &v->servers, &v->rules,   &v->asked};
    rkmq__arena_init(&v->arena, v->mem);
    for (size_t i = 0; i < RKMQ_COUNT_OF(maps); i++) {
        rkmq__map_init(maps[i], v->mem);
    }
}

void rkmq__view_close(struct rkmq_view *v)
{
    struct rkmq_map *maps[] = {&v->queues, &v->shares, &v->holds,   &v->members, &v->seats,
                               &v->links,  &v->places, &v->servers, &v->rules,   &v->asked};
    for (size_t i = 0; i < RKMQ_COUNT_OF(maps); i++) {
        rkmq__map_close(maps[i]);
    }
    rkmq__trouble_close(v);
    rkmq__arena_close(&v->arena);
}
