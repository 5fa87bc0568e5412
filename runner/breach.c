/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/breach.h"

#include "runner/reports/kinds.h"

typedef void breach_fn(void *user, struct rkmq_slice name, const char *text, rkmq_us at);

/* When the log shows the last of the rows that make it. */
static rkmq_us shown_at(const struct rkmq_world *w, const size_t *events, size_t n,
                        rkmq_us otherwise)
{
    rkmq_us at = -1;
    for (size_t i = 0; i < n; i++) {
        if (events[i] != SIZE_MAX) {
            rkmq_us row_at = rkmq__event_log_at(w->recorder.log, events[i])->at;
            at = row_at > at ? row_at : at;
        }
    }
    return at >= 0 ? at : otherwise;
}

static void each(const struct rkmq_world *w, const struct rkmq_run_result *result, breach_fn *fn,
                 void *user)
{
    char name[RKMQ_CHECK_NAME_BYTES];
    for (size_t i = 0; i < result->checks.n_kept; i++) {
        const struct rkmq_violation *v = &result->checks.violations[i];
        if (v->is_strict) {
            fn(user, rkmq__report_check_name(v->check, name), v->text,
               shown_at(w, v->events, RKMQ_COUNT_OF(v->events), result->ended_at));
        }
    }
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        const struct rkmq_expect_result *e = &result->expects[i];
        if (e->verdict == RKMQ_FAIL) {
            fn(user, rkmq__scenario_word(w->sc, w->sc->expects[i].id), e->text,
               shown_at(w, e->events, RKMQ_COUNT_OF(e->events), e->until));
        }
    }
    if (result->failure[0]) {
        fn(user, rkmq__slice_of(RKMQ_BREACH_SCRIPT), result->failure, result->ended_at);
    }
}

static void keep_first(void *user, struct rkmq_slice name, const char *text, rkmq_us at)
{
    struct rkmq_breach *first = user;
    if (first->name[0] == '\0' || at < first->at) {
        (void)snprintf(first->name, sizeof first->name, "%.*s", RKMQ_SLICE_ARG(name));
        (void)snprintf(first->text, sizeof first->text, "%s", text); /* cut, both */
        first->at = at;
    }
}

bool rkmq__breach_first(const struct rkmq_world *w, const struct rkmq_run_result *result,
                        struct rkmq_breach *out)
{
    *out = (struct rkmq_breach){.at = -1};
    each(w, result, keep_first, out);
    return out->name[0] != '\0';
}

struct search {
    const char *name;
    bool is_found;
};

static void look_for(void *user, struct rkmq_slice name, const char *text, rkmq_us at)
{
    struct search *search = user;
    (void)text;
    (void)at;
    search->is_found = search->is_found || rkmq__slice_is(name, search->name);
}

bool rkmq__breach_is(const struct rkmq_world *w, const struct rkmq_run_result *result,
                     const char *name)
{
    struct search search = {.name = name};
    each(w, result, look_for, &search);
    return search.is_found;
}
