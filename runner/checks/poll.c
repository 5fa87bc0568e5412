/* SPDX-License-Identifier: Apache-2.0 */
/* PULL-4: after an answer without messages there is a wait, at the broker or at the client. PULL-5:
 * what can be pulled is pulled. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

#define AFTER_ERROR_US 1000000 /* pullTimeDelayMillsWhenException */
#define AFTER_BUSY_US 20000    /* PULL_TIME_DELAY_MILLS_WHEN_BROKER_FLOW_CONTROL */
#define CLOCK_US 2000          /* clients count whole milliseconds */
#define EMPTY_SOON_MAX 3       /* empty answers in a row that were not held */
#define IDLE_US (2 * RKMQ_PULL_HOLD_US)

/* ---- PULL-4 ---- */

static rkmq_us wait_after(int32_t status)
{
    switch (status) {
    case RKMQ_RES_SUCCESS:
    case RKMQ_RES_PULL_NOT_FOUND:
    case RKMQ_RES_PULL_RETRY_IMMEDIATELY:
    case RKMQ_RES_PULL_OFFSET_MOVED:
        return 0;
    case RKMQ_RES_FLOW_CONTROL:
        return AFTER_BUSY_US;
    default:
        return AFTER_ERROR_US;
    }
}

static void judge_wait(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_hold *hold = rkmq__view_hold(v, row);
    if (!hold || !hold->is_owned || hold->answered_at == RKMQ_NOT_YET || hold->is_answer_doubtful) {
        return;
    }
    rkmq_us wait = wait_after(hold->answer_status), waited = v->now - hold->answered_at;
    rkmq__judged(v, RKMQ_CHECK_PULL_4, RKMQ_EVIDENCE_W);
    if (waited < wait - CLOCK_US) {
        rkmq__violated(v, RKMQ_CHECK_PULL_4, true, hold->answer_row, index,
                       "%s pulls %s@%s/%d again %.3f s after it was answered %d, %.3f s are due",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id, (double)waited / 1e6,
                       (int)hold->answer_status, (double)wait / 1e6);
    }
    if (hold->n_empty_soon > EMPTY_SOON_MAX) {
        rkmq__violated(v, RKMQ_CHECK_PULL_4, true, hold->answer_row, index,
                       "%s pulls %s@%s/%d, which is empty, again and again; it does not let the "
                       "broker hold its pulls",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->topic),
                       rkmq__view_text(v, row->broker), (int)row->queue_id);
        hold->n_empty_soon = 0;
    }
}

static void poll_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_PULL_MESSAGE) {
        judge_wait(v, row, index);
    }
}

/* ---- PULL-5 ---- */

/* Something of the client's own keeps it from pulling; or the log does not tell. */
static bool is_hindered(const struct rkmq_view *v, const struct rkmq_view_hold *hold)
{
    const struct rkmq_view_share *share = hold->share;
    if (!rkmq__member_works(hold->member)) {
        return true;
    }
    (void)v;
    return hold->member->has_hooks ? rkmq__hold_is_full(hold)
                                   : share->committed < hold->may_pull_to;
}

static void judge_hold(struct rkmq_view *v, struct rkmq_view_hold *hold)
{
    const struct rkmq_view_queue *queue = hold->share->queue;
    const struct rkmq_view_seat *seat = rkmq__view_seat(v, hold->who, queue->topic);
    bool is_under_way = hold->pulled_at != RKMQ_NOT_YET;
    rkmq_us since = is_under_way ? hold->pulled_at : hold->idle_since;
    rkmq_us allowed = IDLE_US + AFTER_ERROR_US + hold->member->client->pull_interval_ms * 1000 +
                      rkmq__slack_us(v);
    size_t place, n;
    if (is_hindered(v, hold) || !seat || !rkmq__told_queue(v, seat->route, queue, &place, &n)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_PULL_5, hold->member->has_hooks ? RKMQ_EVIDENCE_H : RKMQ_EVIDENCE_W);
    since =
        since != RKMQ_NOT_YET && hold->member->paused_at > since ? hold->member->paused_at : since;
    if (rkmq__is_overdue(v, hold->who, queue->broker, since, allowed)) {
        rkmq__violated(v, RKMQ_CHECK_PULL_5, true, is_under_way ? hold->pull_row : hold->owned_row,
                       SIZE_MAX, "%s has %s@%s/%d, but %s for %.3f s",
                       rkmq__view_text(v, hold->who), rkmq__view_text(v, queue->topic),
                       rkmq__view_text(v, queue->broker), (int)queue->queue_id,
                       is_under_way ? "waits for the answer to a pull" : "does not pull it",
                       (double)(v->now - since) / 1e6);
        hold->pulled_at = RKMQ_NOT_YET;
        hold->idle_since = v->now;
    }
}

static void poll_tick(struct rkmq_view *v)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->holds, &cursor));) {
        struct rkmq_view_hold *hold = entry->value;
        if (hold->is_owned) {
            judge_hold(v, hold);
        }
    }
}

const struct rkmq_check_family rkmq__checks_poll = {.row = poll_row, .tick = poll_tick};
