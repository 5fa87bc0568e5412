/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/checks/view.h"

#include "remoting/protocol/codes.h"

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
                                          .committed_most = RKMQ_NOT_YET};
    }
    return share;
}

struct rkmq_view_hold *rkmq__view_hold(struct rkmq_view *v, const struct rkmq_event *row)
{
    const uint32_t parts[] = {row->topic, row->broker, (uint32_t)row->queue_id, row->group,
                              row->who};
    struct rkmq_view_share *share = row->who ? rkmq__view_share(v, row) : NULL;
    bool is_new;
    if (!share) {
        return NULL;
    }
    struct rkmq_view_hold *hold = entry_of(v, &v->holds, parts, 5, sizeof *hold, &is_new);
    if (hold && is_new) {
        *hold = (struct rkmq_view_hold){.share = share,
                                        .who = row->who,
                                        .may_pull_to = RKMQ_NOT_YET,
                                        .may_commit_to = RKMQ_NOT_YET,
                                        .pulled_at = RKMQ_NOT_YET,
                                        .committed_most = RKMQ_NOT_YET,
                                        .overlap_since = RKMQ_NOT_YET};
    }
    return hold;
}

struct rkmq_view_member *rkmq__view_member(struct rkmq_view *v, rkmq_name who)
{
    bool is_new;
    struct rkmq_view_member *member =
        who ? entry_of(v, &v->members, &who, 1, sizeof *member, &is_new) : NULL;
    if (member && is_new) {
        member->who = who;
    }
    return member;
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

/* ---- deliveries ---- */

static void deliver(struct rkmq_view *v, struct rkmq_view_share *share, int64_t offset)
{
    if (offset < 0 || offset >= OFFSETS_MAX) {
        return;
    }
    size_t byte = (size_t)offset / 8;
    if (byte >= share->n_delivered_bytes) {
        size_t n = 2 * byte + 64;
        uint8_t *grown = rkmq__arena_zalloc(&v->arena, n);
        if (!grown) {
            v->is_failed = true;
            return;
        }
        if (share->delivered) {
            memcpy(grown, share->delivered, share->n_delivered_bytes);
        }
        share->delivered = grown;
        share->n_delivered_bytes = n;
    }
    share->delivered[byte] |= (uint8_t)(1u << (offset % 8));
}

bool rkmq__view_is_delivered(const struct rkmq_view_share *share, int64_t offset)
{
    size_t byte = (size_t)offset / 8;
    return byte < share->n_delivered_bytes && (share->delivered[byte] >> (offset % 8) & 1) != 0;
}

/* ---- rows ---- */

/* A member that is gone holds nothing and waits for nothing. */
static void member_gone(struct rkmq_view *v, rkmq_name who)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->who == who) {
            hold->is_owned = false;
            hold->pulled_at = hold->overlap_since = RKMQ_NOT_YET;
            hold->n_cached = 0;
            hold->share->owner = hold->share->owner == who ? 0 : hold->share->owner;
        }
    }
}

static void apply_member(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_member *member = rkmq__view_member(v, row->who);
    if (!member) {
        return;
    }
    member->group = row->group;
    member->is_running = row->kind == RKMQ_EV_ACTOR_STARTED && row->status == RKMQ_OK;
    member->is_stopped = row->kind == RKMQ_EV_ACTOR_STOPPED;
    member->stopped_row = index;
    if (!member->is_running) {
        member_gone(v, row->who);
    }
}

static void apply_add(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold) {
        return;
    }
    struct rkmq_view_share *share = hold->share;
    hold->is_owned = true;
    hold->may_pull_to = hold->may_commit_to = row->offset;
    hold->n_cached = 0;
    hold->pulled_at = hold->committed_most = RKMQ_NOT_YET;
    share->owner = row->who;
    if (share->first_offset == RKMQ_NOT_YET || row->offset < share->first_offset) {
        share->first_offset = row->offset;
    }
}

static void apply_drop(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (hold) {
        hold->is_owned = false;
        hold->n_cached = 0;
        hold->overlap_since = RKMQ_NOT_YET;
        hold->share->owner = hold->share->owner == row->who ? 0 : hold->share->owner;
    }
}

static void apply_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    bool is_answer = row->kind == RKMQ_EV_RESP;
    struct rkmq_event asked = *row;
    asked.who = is_answer ? row->peer : row->who;
    struct rkmq_view_hold *hold = rkmq__view_hold(v, &asked);
    if (!hold) {
        return;
    }
    hold->pulled_at = is_answer ? RKMQ_NOT_YET : row->at;
    hold->pull_row = index;
    hold->pull_opaque = row->opaque;
    if (is_answer && row->offset != INT64_MIN && row->offset > hold->may_pull_to) {
        hold->may_pull_to = row->offset;
    }
}

static void apply_commit(struct rkmq_view *v, struct rkmq_view_share *share,
                         const struct rkmq_event *row)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    share->committed = row->offset;
    if (row->offset > share->committed_most) {
        share->committed_most = row->offset;
    }
    if (hold && row->offset > hold->committed_most) {
        hold->committed_most = row->offset;
    }
}

static void apply_cache(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (hold && hold->is_owned) {
        hold->n_cached += row->kind == RKMQ_EV_CACHE_PUT ? row->count : -row->count;
        if (row->kind == RKMQ_EV_CACHE_EVICT && row->offset > hold->may_commit_to) {
            hold->may_commit_to = row->offset;
        }
    }
}

/* Pulls on a connection that closed are over. */
static void apply_close(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->who == row->who && hold->share->queue->broker == row->peer) {
            hold->pulled_at = RKMQ_NOT_YET;
        }
    }
}

void rkmq__view_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_queue *queue;
    struct rkmq_view_share *share;
    switch (row->kind) {
    case RKMQ_EV_APPEND:
        queue = rkmq__view_queue(v, row);
        if (queue) {
            queue->max_offset = row->offset + 1;
        }
        break;
    case RKMQ_EV_COMMIT:
    case RKMQ_EV_DELIVER:
        share = rkmq__view_share(v, row);
        if (share && row->kind == RKMQ_EV_COMMIT) {
            apply_commit(v, share, row);
        } else if (share) {
            deliver(v, share, row->offset);
        }
        break;
    case RKMQ_EV_PQ_ADD:
        apply_add(v, row);
        break;
    case RKMQ_EV_PQ_DROP:
        apply_drop(v, row);
        break;
    case RKMQ_EV_CACHE_PUT:
    case RKMQ_EV_CACHE_EVICT:
        apply_cache(v, row);
        break;
    case RKMQ_EV_ACTOR_START:
    case RKMQ_EV_ACTOR_STARTED:
    case RKMQ_EV_ACTOR_STOPPED:
    case RKMQ_EV_ACTOR_CRASH:
        apply_member(v, row, index);
        break;
    case RKMQ_EV_CONN_CLOSE:
        apply_close(v, row);
        break;
    case RKMQ_EV_REQ:
    case RKMQ_EV_RESP:
    case RKMQ_EV_FAULT: /* what became of it, nobody knows */
        if (row->code == RKMQ_REQ_PULL_MESSAGE) {
            apply_pull(v, row, index);
        }
        break;
    default:
        break;
    }
    v->end_at = row->at;
}
