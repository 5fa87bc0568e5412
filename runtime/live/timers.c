/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "runtime/live/loop.h"

void rkmq__live_clock_read(struct rkmq_live *lv)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    lv->now_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
    lv->now = lv->now_ns / 1000000;
    clock_gettime(CLOCK_REALTIME, &ts);
    lv->wall = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void rkmq__live_timer_arm(struct rkmq_live *lv, struct rkmq_timer *t, rkmq_ms due)
{
    RKMQ_ASSERT(t->fire);
    rkmq__heap_remove(&lv->timers, &t->heap_index);
    t->due = due;
    t->order = ++lv->timer_order;
    rkmq__heap_put(&lv->timers, &(struct rkmq__heap_entry){
                                    .at = due, .order = t->order, .index = &t->heap_index});
}

void rkmq__live_timer_stop(struct rkmq_live *lv, struct rkmq_timer *t)
{
    rkmq__heap_remove(&lv->timers, &t->heap_index);
}

/*
 * libev keeps one timer for all of ours. Its delay counts from the loop's own last look at the
 * clock, which is the moment of ours but for well under a microsecond, hence the one added: waking
 * a moment too early would cost a round.
 */
void rkmq__live_alarm_set(struct rkmq_live *lv, bool is_urgent)
{
    const struct rkmq__heap_entry *top = rkmq__heap_top(&lv->timers);
    bool is_wanted = is_urgent || (top && top->at != RKMQ_NEVER);
    int64_t at = is_urgent || !is_wanted || top->at <= lv->now ? 0 : top->at;
    if (is_wanted == lv->has_alarm && at == lv->alarm_at) {
        return;
    }
    ev_timer_stop(lv->ev, &lv->alarm);
    lv->has_alarm = is_wanted;
    lv->alarm_at = at;
    if (is_wanted) {
        double after = at == 0 ? 0. : (double)(at * 1000000 - lv->now_ns) * 1e-9 + 1e-6;
        ev_timer_set(&lv->alarm, after, 0.);
        ev_timer_start(lv->ev, &lv->alarm);
    }
}

void rkmq__live_alarm_fire(struct ev_loop *ev, ev_timer *w, int revents)
{
    (void)w, (void)revents;
    struct rkmq_live *lv = ev_userdata(ev);
    lv->has_alarm = false;
    /* Timers armed by these for "now" belong to the next round, so that I/O gets its turn. */
    uint64_t order_last = lv->timer_order;
    for (;;) {
        const struct rkmq__heap_entry *top = rkmq__heap_top(&lv->timers);
        if (!top || top->at > lv->now || top->order > order_last) {
            break;
        }
        struct rkmq_timer *t = RKMQ_CONTAINER_OF(top->index, struct rkmq_timer, heap_index);
        rkmq__heap_remove(&lv->timers, &t->heap_index);
        t->fire(t);
    }
}
