/* SPDX-License-Identifier: Apache-2.0 */
/* The script: which step is due, and when to look again. */
#include "runner/wanted.h"
#include "runner/world.h"

int rkmq__driver_init(struct rkmq_world *w)
{
    w->steps = rkmq__arena_zalloc(&w->arena, (w->sc->n_steps + 1) * sizeof *w->steps);
    if (!w->steps) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < w->sc->n_steps; i++) {
        w->steps[i].begun_at = w->steps[i].armed_at = w->steps[i].next_at = -1;
    }
    return rkmq__moments_init(&w->moments, w->sc, &w->arena);
}

/* The step before began, or there is none: then the start. -1: not yet. */
static rkmq_us before_at(const struct rkmq_world *w, size_t i)
{
    return i == 0 ? 0 : w->steps[i - 1].begun_at;
}

/* ---- when ---- */

static bool is_waiting(const struct rkmq_run_step *run, const struct rkmq_step *step)
{
    return step->trigger == RKMQ_TRIGGER_WHEN && run->armed_at >= 0 && run->begun_at < 0 &&
           !run->is_due;
}

static void seen(struct rkmq_world *w, struct rkmq_run_step *run, const struct rkmq_step *step)
{
    if (++run->n_seen >= step->nth) {
        run->is_due = true;
        w->is_woken = true;
    }
}

/* A state counts each time it becomes true. */
static void look_at_state(struct rkmq_world *w, struct rkmq_run_step *run,
                          const struct rkmq_step *step)
{
    bool holds = rkmq__state_holds(&w->state, &step->when.state);
    if (holds && !run->is_held) {
        seen(w, run, step);
    }
    run->is_held = holds;
}

void rkmq__driver_row(void *user, const struct rkmq_event *row)
{
    struct rkmq_world *w = user;
    rkmq__run_state_apply(&w->state, row);
    rkmq__moments_apply(&w->moments, row);
    for (size_t i = 0; i < w->sc->n_steps; i++) {
        struct rkmq_run_step *run = &w->steps[i];
        const struct rkmq_step *step = &w->sc->steps[i];
        if (!is_waiting(run, step)) {
            continue;
        }
        if (step->when.is_state) {
            look_at_state(w, run, step);
        } else if (rkmq__event_matches(&w->state, &step->when.event, row)) {
            seen(w, run, step);
        }
    }
}

/* ---- what is due ---- */

/* When the step should begin, as far as it is known; -1: it is not. */
static rkmq_us due_at(const struct rkmq_world *w, size_t i)
{
    const struct rkmq_step *step = &w->sc->steps[i];
    const struct rkmq_run_step *run = &w->steps[i];
    rkmq_us before = before_at(w, i);
    switch (step->trigger) {
    case RKMQ_TRIGGER_AT:
        return run->begun_at < 0 ? rkmq__moment_time(&w->moments, &step->moment, 0) : -1;
    case RKMQ_TRIGGER_AFTER:
        return run->begun_at < 0 && before >= 0 ? before + step->delay : -1;
    case RKMQ_TRIGGER_WHEN:
        return run->begun_at < 0 && run->is_due ? 0 : -1;
    case RKMQ_TRIGGER_EVERY: {
        rkmq_us until = rkmq__moment_time(&w->moments, &step->until, INT64_MAX);
        rkmq_us at =
            run->n_runs > 0 ? run->next_at : rkmq__moment_time(&w->moments, &step->moment, 0);
        bool is_over =
            (step->times > 0 && run->n_runs >= step->times) || (until >= 0 && at > until);
        return is_over ? -1 : at;
    }
    }
    return -1;
}

static void step_begin(struct rkmq_world *w, size_t i)
{
    const struct rkmq_step *step = &w->sc->steps[i];
    struct rkmq_run_step *run = &w->steps[i];
    struct rkmq_event row = rkmq__row(RKMQ_EV_STEP);
    rkmq_us now = rkmq__world_now(w);
    run->begun_at = run->begun_at < 0 ? now : run->begun_at;
    run->n_runs++;
    run->next_at = now + step->delay;
    row.count = (int32_t)i;
    row.text = w->of_word[step->id];
    rkmq__recorder_add(&w->recorder, &row);
    for (size_t k = 0; k < step->n_actions; k++) {
        rkmq__action_do(w, &step->actions[k]);
    }
}

/* A `when` is armed once the step before it began; a state that holds already counts at once. */
static void arm_when(struct rkmq_world *w, size_t i)
{
    const struct rkmq_step *step = &w->sc->steps[i];
    struct rkmq_run_step *run = &w->steps[i];
    if (step->trigger == RKMQ_TRIGGER_WHEN && run->armed_at < 0 && before_at(w, i) >= 0) {
        run->armed_at = rkmq__world_now(w);
        if (step->when.is_state) {
            look_at_state(w, run, step);
        }
    }
}

static bool is_too_late(const struct rkmq_world *w, size_t i)
{
    const struct rkmq_step *step = &w->sc->steps[i];
    return is_waiting(&w->steps[i], step) && step->within != RKMQ_UNSET &&
           rkmq__world_now(w) > w->steps[i].armed_at + step->within;
}

#define WANTED_BYTES_MAX 80 /* the rest is for what was */

static void give_up(struct rkmq_world *w, size_t i)
{
    const struct rkmq_step *step = &w->sc->steps[i];
    struct rkmq_bytes text;
    rkmq__bytes_init(&text, w->mem);
    if (step->when.is_state) {
        rkmq__bytes_add_text(&text, " wanted ");
        rkmq__wanted_state(w->sc, &step->when.state, &text);
        text.n = text.n < WANTED_BYTES_MAX ? text.n : WANTED_BYTES_MAX;
        rkmq__bytes_add_text(&text, ", was");
        rkmq__run_state_describe(&w->state, &step->when.state, &text);
    } else {
        rkmq__bytes_printf(&text, " %lld of %lld %s", (long long)w->steps[i].n_seen,
                           (long long)step->nth, rkmq__event_kind_name(step->when.event.kind));
    }
    rkmq__world_fail(
        w, false, "line %u: what step '%.*s' waits for did not come within %.3f s:%.*s", step->line,
        RKMQ_SLICE_ARG(rkmq__scenario_word(w->sc, step->id)), (double)step->within / 1e6,
        (int)(text.n < 200 ? text.n : 200), text.n > 0 ? (const char *)text.p : "");
    rkmq__bytes_close(&text);
    w->is_ended = true;
}

/* One step that is due now; false: none is. */
static bool step_next(struct rkmq_world *w)
{
    rkmq_us now = rkmq__world_now(w);
    for (size_t i = 0; i < w->sc->n_steps; i++) {
        arm_when(w, i);
        rkmq_us at = due_at(w, i);
        if (at >= 0 && at <= now) {
            step_begin(w, i);
            return true;
        }
        if (is_too_late(w, i)) {
            give_up(w, i);
            return false;
        }
    }
    return false;
}

static rkmq_us next_look(const struct rkmq_world *w)
{
    rkmq_us next = w->sc->end;
    for (size_t i = 0; i < w->sc->n_steps; i++) {
        const struct rkmq_step *step = &w->sc->steps[i];
        rkmq_us at = due_at(w, i);
        if (is_waiting(&w->steps[i], step) && step->within != RKMQ_UNSET) {
            at = w->steps[i].armed_at + step->within + 1;
        }
        next = at >= 0 && at < next ? at : next;
    }
    return next;
}

static void timer_fired(struct rkmq_timer *t)
{
    struct rkmq_world *w = RKMQ_CONTAINER_OF(t, struct rkmq_world, timer);
    w->is_woken = true;
}

void rkmq__driver_turn(struct rkmq_world *w)
{
    w->is_woken = false;
    for (size_t i = 0; i < w->sc->n_actors; i++) {
        rkmq__actor_reap(&w->actors[i]);
    }
    while (!w->is_ended && !w->is_harness_failure && rkmq__world_now(w) < w->sc->end &&
           step_next(w)) {
    }
    if (rkmq__world_now(w) >= w->sc->end || w->is_harness_failure) {
        w->is_ended = true;
    }
    if (!w->is_ended && !w->is_woken) {
        rkmq_us wait_us = next_look(w) - rkmq__world_now(w);
        w->timer.fire = timer_fired;
        rkmq__timer_in(w->env, &w->timer, rkmq__ms_to_wait(wait_us));
    }
}
