/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/checks/check.h"

#include <stdarg.h>

#include "runner/checks/view.h"

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
    &rkmq__checks_loss, &rkmq__checks_own, &rkmq__checks_pull, &rkmq__checks_flow,
    &rkmq__checks_off,  &rkmq__checks_mem, &rkmq__checks_live,
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
static struct rkmq_violation *place_for(struct rkmq_check_result *r, bool is_strict)
{
    if (r->n_kept < RKMQ_VIOLATIONS_MAX) {
        return &r->violations[r->n_kept++];
    }
    for (size_t i = 0; is_strict && i < r->n_kept; i++) {
        if (!r->violations[i].is_strict) {
            return &r->violations[i];
        }
    }
    return NULL;
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
    struct rkmq_violation *kept = place_for(r, is_strict);
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

static void view_init(struct rkmq_view *v)
{
    rkmq__arena_init(&v->arena, v->mem);
    rkmq__map_init(&v->queues, v->mem);
    rkmq__map_init(&v->shares, v->mem);
    rkmq__map_init(&v->holds, v->mem);
    rkmq__map_init(&v->members, v->mem);
}

static void view_close(struct rkmq_view *v)
{
    rkmq__map_close(&v->queues);
    rkmq__map_close(&v->shares);
    rkmq__map_close(&v->holds);
    rkmq__map_close(&v->members);
    rkmq__arena_close(&v->arena);
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
    view_init(&v);
    for (size_t i = 0; !v.is_failed && i < rkmq__event_log_count(log); i++) {
        const struct rkmq_event *row = rkmq__event_log_at(log, i);
        for (size_t f = 0; f < RKMQ_COUNT_OF(families); f++) {
            if (families[f]->row) {
                families[f]->row(&v, row, i);
            }
        }
        rkmq__view_apply(&v, row, i);
    }
    for (size_t f = 0; !v.is_failed && f < RKMQ_COUNT_OF(families); f++) {
        if (families[f]->end) {
            families[f]->end(&v);
        }
    }
    bool is_failed = v.is_failed;
    view_close(&v);
    return is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

void rkmq__check_result_close(struct rkmq_check_result *result, const struct rkmq_mem *mem)
{
    rkmq__free(mem, result->violations);
    result->violations = NULL;
}
