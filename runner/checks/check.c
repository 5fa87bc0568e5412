/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/checks/check.h"

#include <stdarg.h>

#include "runner/checks/view.h"

#define SLACK_ROUND_TRIPS 10 /* what waits for one thing after another on slow links */

static const char *const names[RKMQ_CHECK_COUNT] = {
#define X(id, family, text) [RKMQ_CHECK_##id] = #id,
    RKMQ_CHECK_TABLE(X)
#undef X
};
static const char *const texts[RKMQ_CHECK_COUNT] = {
#define X(id, family, text) [RKMQ_CHECK_##id] = (text),
    RKMQ_CHECK_TABLE(X)
#undef X
};
static const struct rkmq_check_family *const families[] = {
    &rkmq__checks_loss,    &rkmq__checks_dup,  &rkmq__checks_own,  &rkmq__checks_allot,
    &rkmq__checks_pull,    &rkmq__checks_poll, &rkmq__checks_flow, &rkmq__checks_off,
    &rkmq__checks_persist, &rkmq__checks_mem,  &rkmq__checks_ns,   &rkmq__checks_rate,
    &rkmq__checks_wire,    &rkmq__checks_life, &rkmq__checks_live,
};

const char *rkmq__check_name(enum rkmq_check_id id)
{
    return names[id];
}

const char *rkmq__check_text(enum rkmq_check_id id)
{
    return texts[id];
}

/* ---- what families say ---- */

const char *rkmq__view_text(const struct rkmq_view *v, rkmq_name name)
{
    struct rkmq_slice text = rkmq__event_log_text(v->log, name);
    return text.n > 0 ? (const char *)text.p : "?";
}

rkmq_us rkmq__slack_us(const struct rkmq_view *v)
{
    return v->params->slack_ms * 1000 + SLACK_ROUND_TRIPS * v->round_trip_us;
}

void rkmq__judged(struct rkmq_view *v, enum rkmq_check_id id, enum rkmq_evidence evidence)
{
    v->result->judged[id]++;
    v->result->evidence[id] =
        evidence > v->result->evidence[id] ? evidence : v->result->evidence[id];
    if (v->result->verdict[id] == RKMQ_UNKNOWN) {
        v->result->verdict[id] = RKMQ_PASS;
    }
}

/* Strict ones push out what is only unkind. NULL: no room. */
static struct rkmq_violation *place_for(struct rkmq_check_result *r, enum rkmq_check_id id,
                                        bool is_strict)
{
    struct rkmq_violation *unkind = NULL;
    size_t n_of_it = 0;
    for (size_t i = 0; i < r->n_kept; i++) {
        struct rkmq_violation *v = &r->violations[i];
        n_of_it += v->check == id;
        unkind = !unkind && v->check == id && !v->is_strict ? v : unkind;
    }
    if (n_of_it < RKMQ_VIOLATIONS_OF_ONE_MAX) {
        return &r->violations[r->n_kept++];
    }
    return is_strict ? unkind : NULL;
}

void rkmq__violated(struct rkmq_view *v, enum rkmq_check_id id, bool is_strict, size_t row_a,
                    size_t row_b, const char *fmt, ...)
{
    struct rkmq_check_result *r = v->result;
    if (v->params->excepted[id]) {
        return;
    }
    if (r->verdict[id] != RKMQ_FAIL) {
        r->verdict[id] = is_strict ? RKMQ_FAIL : RKMQ_NON_STRICT;
    }
    r->n_violations++;
    struct rkmq_violation *kept = place_for(r, id, is_strict);
    if (kept) {
        va_list args;
        *kept = (struct rkmq_violation){
            .check = id, .is_strict = is_strict, .events = {row_a, row_b, SIZE_MAX, SIZE_MAX}};
        va_start(args, fmt);
        (void)vsnprintf(kept->text, sizeof kept->text, fmt, args); /* a longer one is cut */
        va_end(args);
    }
}

/* ---- one walk ---- */

static void result_init(struct rkmq_check_result *result)
{
    *result = (struct rkmq_check_result){0};
    for (size_t i = 0; i < RKMQ_CHECK_COUNT; i++) {
        result->verdict[i] = RKMQ_UNKNOWN;
    }
}

/* Seconds that are over before the row comes; nothing of a long silence is left out. */
static void ticks(struct rkmq_view *v, rkmq_us until, rkmq_us *next)
{
    for (; *next <= until && !v->is_failed; *next += RKMQ_TICK_US) {
        v->now = *next;
        for (size_t f = 0; f < RKMQ_COUNT_OF(families); f++) {
            if (families[f]->tick) {
                families[f]->tick(v);
            }
        }
    }
}

static void walk(struct rkmq_view *v)
{
    rkmq_us next = RKMQ_TICK_US;
    for (size_t i = 0; !v->is_failed && i < rkmq__event_log_count(v->log); i++) {
        const struct rkmq_event *row = rkmq__event_log_at(v->log, i);
        ticks(v, row->at, &next);
        v->now = row->at;
        for (size_t f = 0; f < RKMQ_COUNT_OF(families); f++) {
            if (families[f]->row) {
                families[f]->row(v, row, i);
            }
        }
        rkmq__view_apply(v, row, i);
    }
    for (size_t f = 0; !v->is_failed && f < RKMQ_COUNT_OF(families); f++) {
        if (families[f]->end) {
            families[f]->end(v);
        }
    }
}

int rkmq__checks_run(const struct rkmq_event_log *log, const struct rkmq_check_params *params,
                     const struct rkmq_mem *mem, struct rkmq_check_result *out)
{
    struct rkmq_view v = {.log = log, .params = params, .result = out, .mem = mem};
    result_init(out);
    out->violations = rkmq__zalloc(mem, RKMQ_VIOLATIONS_MAX * sizeof *out->violations);
    if (!out->violations) {
        return RKMQ_E_NOMEM;
    }
    rkmq__view_init(&v);
    walk(&v);
    bool is_failed = v.is_failed;
    rkmq__view_close(&v);
    return is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

void rkmq__check_result_close(struct rkmq_check_result *result, const struct rkmq_mem *mem)
{
    rkmq__free(mem, result->violations);
    result->violations = NULL;
}
