/* SPDX-License-Identifier: Apache-2.0 */
/* LIVE-1: in the end, with all faults over and members there, every queue that was ever consumed
 * has an owner and nothing is left in it. */
#include <inttypes.h>

#include "runner/checks/view.h"

/* One that crashed and is a member nevertheless: its queues are nobody else's. 0: nobody is. */
static rkmq_name listed_ghost(const struct rkmq_view *v, rkmq_name group)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        const struct rkmq_view_link *link = entry->value;
        const struct rkmq_view_member *member = link->member;
        if (link->is_listed && member->group == group && !member->is_running &&
            !member->is_stopped) {
            return member->who;
        }
    }
    return 0;
}

static void say_left(struct rkmq_view *v, const struct rkmq_view_share *share)
{
    const struct rkmq_view_queue *queue = share->queue;
    rkmq_name ghost = listed_ghost(v, share->group);
    rkmq__violated(
        v, RKMQ_CHECK_LIVE_1, true, SIZE_MAX, SIZE_MAX,
        "%s@%s/%d of %s is committed up to %" PRId64 " of %" PRId64 ", its owner is %s%s%s%s",
        rkmq__view_text(v, queue->topic), rkmq__view_text(v, queue->broker), (int)queue->queue_id,
        rkmq__view_text(v, share->group), share->committed == RKMQ_NOT_YET ? -1 : share->committed,
        queue->max_offset, share->owner ? rkmq__view_text(v, share->owner) : "nobody",
        ghost ? "; " : "", ghost ? rkmq__view_text(v, ghost) : "",
        ghost ? ", which crashed, is still a member at the end" : "");
}

static void judge_share(struct rkmq_view *v, const struct rkmq_view_share *share)
{
    const struct rkmq_view_queue *queue = share->queue;
    if (share->first_offset == RKMQ_NOT_YET || queue->max_offset == 0 ||
        rkmq__view_running(v, share->group) == 0) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_LIVE_1, RKMQ_EVIDENCE_H);
    if (share->committed < queue->max_offset) {
        say_left(v, share);
    }
}

static void live_end(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->shares, &cursor));) {
        judge_share(v, entry->value);
    }
}

const struct rkmq_check_family rkmq__checks_live = {.end = live_end};
