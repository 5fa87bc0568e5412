/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/loop.h"

#include <signal.h>

#include "runtime/live/conn.h"

static void on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
    (void)w, (void)revents;
    rkmq__live_mail_read(ev_userdata(ev));
}

static void on_round_begin(struct ev_loop *ev, ev_check *w, int revents)
{
    (void)w, (void)revents;
    rkmq__live_clock_read(ev_userdata(ev));
}

/*
 * The end of a round runs behind all other events of it. What it raises itself (write errors,
 * `drained`, dials that failed at once) may send again, hence the passes; what is left after the
 * last one waits for the next round, which then comes without waiting.
 */
static void on_round_end(struct ev_loop *ev, ev_prepare *w, int revents)
{
    (void)w, (void)revents;
    struct rkmq_live *lv = ev_userdata(ev);
    bool is_urgent = true;
    for (int i = 0; i < RKMQ_LIVE_FINISH_PASSES_MAX && is_urgent; i++) {
        rkmq__live_conns_flush(lv);
        rkmq__live_conns_fail(lv);
        is_urgent = !rkmq__list_is_empty(&lv->unsent) || !rkmq__list_is_empty(&lv->failed);
    }
    rkmq__live_pools_publish(lv);
    rkmq__live_sockets_reap(lv);
    rkmq__live_waits_ask(lv);
    if (lv->is_stopping &&
        (lv->stop_deadline.heap_index == 0 || rkmq__list_is_empty(&lv->sockets))) {
        ev_break(ev, EVBREAK_ALL);
    }
    rkmq__live_alarm_set(lv, is_urgent);
}

static void *loop_main(void *arg)
{
    struct rkmq_live *lv = arg;
    pthread_setname_np(pthread_self(), "rkmq-loop");
    pthread_mutex_lock(&lv->lock);
    lv->loop_thread = pthread_self();
    lv->is_running = true;
    pthread_cond_signal(&lv->is_running_changed);
    pthread_mutex_unlock(&lv->lock);
    ev_run(lv->ev, 0);
    return NULL;
}

static void watchers_start(struct rkmq_live *lv)
{
    ev_set_userdata(lv->ev, lv);
    ev_async_init(&lv->wake, on_wake);
    ev_async_start(lv->ev, &lv->wake);
    ev_check_init(&lv->round_begin, on_round_begin);
    ev_set_priority(&lv->round_begin, EV_MAXPRI);
    ev_check_start(lv->ev, &lv->round_begin);
    ev_prepare_init(&lv->round_end, on_round_end);
    ev_set_priority(&lv->round_end, EV_MINPRI);
    ev_prepare_start(lv->ev, &lv->round_end);
    ev_timer_init(&lv->alarm, rkmq__live_alarm_fire, 0., 0.);
}

int rkmq__live_start(struct rkmq_live *lv, struct rkmq_err *err)
{
    lv->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV | EVFLAG_NOSIGMASK);
    if (!lv->ev) {
        return rkmq__err_set(err, RKMQ_E_IO, "no event loop");
    }
    watchers_start(lv);
    rkmq__live_clock_read(lv);
    /* The threads of a runtime leave all signals to the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&lv->thread, NULL, loop_main, lv);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        ev_loop_destroy(lv->ev);
        lv->ev = NULL;
        return rkmq__err_set(err, RKMQ_E_IO, "no loop thread: %s", strerror(error));
    }
    pthread_mutex_lock(&lv->lock);
    while (!lv->is_running) {
        pthread_cond_wait(&lv->is_running_changed, &lv->lock);
    }
    pthread_mutex_unlock(&lv->lock);
    return RKMQ_OK;
}

static void on_stop_deadline(struct rkmq_timer *t)
{
    (void)t; /* the end of the round sees that it is idle */
}

static void stop_begin(void *arg)
{
    struct rkmq_live *lv = arg;
    rkmq__live_timer_stop(lv, &lv->sweep);
    rkmq__live_sockets_close(lv);
    lv->stop_deadline.fire = on_stop_deadline;
    rkmq__live_timer_arm(lv, &lv->stop_deadline, lv->now + RKMQ_LIVE_STOP_MS);
    lv->is_stopping = true;
}

void rkmq__live_stop(struct rkmq_live *lv)
{
    rkmq__live_call(&lv->rt, stop_begin, lv);
    pthread_join(lv->thread, NULL);
    /* From here on this thread is the loop's. */
    lv->loop_thread = pthread_self();
    rkmq__live_timer_stop(lv, &lv->stop_deadline);
    if (lv->resolver) {
        rkmq__live_pool_drain(lv->resolver);
        rkmq__live_pool_destroy(lv, lv->resolver);
        lv->resolver = NULL;
    }
    rkmq__live_sockets_free(lv);
    RKMQ_ASSERT(rkmq__list_is_empty(&lv->pools));
    RKMQ_ASSERT(lv->timers.n == 0);
    ev_loop_destroy(lv->ev);
    lv->ev = NULL;
}
