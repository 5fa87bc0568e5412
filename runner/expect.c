/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/expect.h"

#include <inttypes.h>

#include "runner/wanted.h"

/* ---- moments ---- */

static rkmq_us *times_new(struct rkmq_arena *arena, size_t n)
{
    rkmq_us *times = rkmq__arena_zalloc(arena, (n + 1) * sizeof *times);
    for (size_t i = 0; times && i <= n; i++) {
        times[i] = -1;
    }
    return times;
}

int rkmq__moments_init(struct rkmq_moment_table *table, const struct rkmq_scenario *sc,
                       struct rkmq_arena *arena)
{
    table->steps = times_new(arena, sc->n_steps);
    table->marks = times_new(arena, sc->n_marks);
    return table->steps && table->marks ? RKMQ_OK : RKMQ_E_NOMEM;
}

void rkmq__moments_apply(struct rkmq_moment_table *table, const struct rkmq_event *row)
{
    rkmq_us *at = row->kind == RKMQ_EV_STEP   ? &table->steps[row->count]
                  : row->kind == RKMQ_EV_MARK ? &table->marks[row->count]
                                              : NULL;
    if (at && *at < 0) {
        *at = row->at;
    }
}

rkmq_us rkmq__moment_time(const struct rkmq_moment_table *table, const struct rkmq_moment *moment,
                          rkmq_us unset)
{
    rkmq_us base = 0;
    switch (moment->base) {
    case RKMQ_MOMENT_UNSET:
        return unset;
    case RKMQ_MOMENT_START:
        break;
    case RKMQ_MOMENT_STEP:
        base = table->steps[moment->index];
        break;
    case RKMQ_MOMENT_MARK:
        base = table->marks[moment->index];
        break;
    }
    return base < 0 ? -1 : base + moment->plus;
}

/* ---- one walk ---- */

struct judge { /* of one expectation */
    const struct rkmq_expect *expect;
    struct rkmq_expect_result *result;
    bool is_open, is_decided, is_over;
    int64_t count;
    size_t n_done; /* SEQUENCE, GAPS */
    rkmq_us last_at;
};
struct walk {
    const struct rkmq_scenario *sc;
    const struct rkmq_event_log *log;
    struct rkmq_run_state state;
    struct rkmq_arena arena;
    struct judge *judges;
};

static void decide(struct judge *j, bool is_passed, size_t row)
{
    j->is_decided = true;
    j->result->verdict = is_passed ? RKMQ_PASS : RKMQ_FAIL;
    j->result->events[0] = row;
}

#define WAS_BYTES_MAX 230
#define WANTED_BYTES_MAX 130 /* both, and the time, fit into the text of a result */

static void cut(struct rkmq_bytes *text, size_t n_max)
{
    text->n = text->n < n_max ? text->n : n_max;
}

/* What was, and what was wanted of it. */
static void describe(struct walk *w, struct judge *j)
{
    struct rkmq_bytes was, wanted;
    const struct rkmq_pred *pred = &j->expect->preds[0];
    rkmq__bytes_init(&was, w->arena.mem);
    rkmq__bytes_init(&wanted, w->arena.mem);
    if (pred->is_state) {
        rkmq__run_state_describe(&w->state, &pred->state, &was);
        rkmq__bytes_add_text(&wanted, was.n > 0 ? "; wanted " : " wanted ");
        rkmq__bytes_add_text(&wanted, j->expect->kind == RKMQ_EXPECT_NEVER ? "never " : "");
        rkmq__wanted_state(w->sc, &pred->state, &wanted);
    } else {
        rkmq__bytes_printf(&wanted, " no %s that fits came",
                           rkmq__event_kind_name(pred->event.kind));
    }
    cut(&was, WAS_BYTES_MAX);
    cut(&wanted, WANTED_BYTES_MAX);
    (void)snprintf(j->result->text, sizeof j->result->text, "at %.3f s:%.*s%.*s",
                   (double)w->state.now / 1e6, (int)was.n, was.n > 0 ? (const char *)was.p : "",
                   (int)wanted.n, wanted.n > 0 ? (const char *)wanted.p : "");
    rkmq__bytes_close(&was);
    rkmq__bytes_close(&wanted);
}

/* The state as it is now, in the window. */
static void look_at_state(struct walk *w, struct judge *j, size_t row)
{
    const struct rkmq_pred *pred = &j->expect->preds[0];
    if (j->is_decided || !pred->is_state) {
        return;
    }
    bool holds = rkmq__state_holds(&w->state, &pred->state);
    switch (j->expect->kind) {
    case RKMQ_EXPECT_EVENTUALLY:
    case RKMQ_EXPECT_SOMETIMES:
        if (holds) {
            decide(j, true, row);
        }
        break;
    case RKMQ_EXPECT_ALWAYS:
    case RKMQ_EXPECT_NEVER:
        if (holds != (j->expect->kind == RKMQ_EXPECT_ALWAYS)) {
            describe(w, j);
            decide(j, false, row);
        }
        break;
    default:
        break;
    }
}

static void gap_seen(struct judge *j, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_expect *e = j->expect;
    if (j->n_done > 0 && j->n_done <= e->n_gaps) {
        rkmq_us gap = row->at - j->last_at, wanted = e->gaps[j->n_done - 1];
        rkmq_us slack = e->slack == RKMQ_UNSET ? 0 : e->slack;
        if (gap < wanted - slack || gap > wanted + slack) {
            (void)snprintf(j->result->text, sizeof j->result->text, "gap %zu is %.3f s, not %.3f s",
                           j->n_done, (double)gap / 1e6, (double)wanted / 1e6);
            decide(j, false, index);
        }
    }
    j->n_done++;
    j->last_at = row->at;
}

static void event_seen(struct judge *j, const struct rkmq_event *row, size_t index)
{
    switch (j->expect->kind) {
    case RKMQ_EXPECT_EVENTUALLY:
    case RKMQ_EXPECT_SOMETIMES:
        decide(j, true, index);
        break;
    case RKMQ_EXPECT_NEVER:
        (void)snprintf(j->result->text, sizeof j->result->text, "it happened at %.3f s",
                       (double)row->at / 1e6);
        decide(j, false, index);
        break;
    case RKMQ_EXPECT_COUNT:
        j->count++;
        j->result->events[1] = index;
        break;
    case RKMQ_EXPECT_SEQUENCE:
        if (++j->n_done == j->expect->n_preds) {
            decide(j, true, index);
        }
        break;
    case RKMQ_EXPECT_GAPS:
        gap_seen(j, row, index);
        break;
    default:
        break;
    }
}

static void look_at_row(struct walk *w, struct judge *j, const struct rkmq_event *row, size_t index)
{
    const struct rkmq_expect *e = j->expect;
    const struct rkmq_pred *pred =
        &e->preds[e->kind == RKMQ_EXPECT_SEQUENCE && j->n_done < e->n_preds ? j->n_done : 0];
    if (j->is_decided || row->at < j->result->from || row->at > j->result->until) {
        return;
    }
    if (pred->is_state) {
        look_at_state(w, j, index);
    } else if (rkmq__event_matches(&w->state, &pred->event, row)) {
        event_seen(j, row, index);
    }
}

/* ---- the end ---- */

static void finish_count(struct walk *w, struct judge *j)
{
    const struct rkmq_int_test *test = &j->expect->count;
    struct rkmq_bytes wanted;
    bool is_passed = rkmq__int_passes(test, j->count);
    rkmq__bytes_init(&wanted, w->arena.mem);
    if (!is_passed) {
        rkmq__bytes_add_text(&wanted, ", wanted ");
        rkmq__wanted_number(test, &wanted);
    }
    cut(&wanted, WANTED_BYTES_MAX);
    (void)snprintf(j->result->text, sizeof j->result->text, "%" PRId64 " of them%.*s", j->count,
                   (int)wanted.n, wanted.n > 0 ? (const char *)wanted.p : "");
    j->result->verdict = is_passed ? RKMQ_PASS : RKMQ_FAIL;
    rkmq__bytes_close(&wanted);
}

static void finish(struct walk *w, struct judge *j)
{
    const struct rkmq_expect *e = j->expect;
    struct rkmq_expect_result *r = j->result;
    j->is_over = true;
    if (j->is_decided) {
        return;
    }
    j->is_decided = true;
    switch (e->kind) {
    case RKMQ_EXPECT_EVENTUALLY:
        describe(w, j);
        decide(j, false, SIZE_MAX);
        break;
    case RKMQ_EXPECT_SOMETIMES:
        (void)snprintf(r->text, sizeof r->text, "not in this run");
        r->verdict = RKMQ_UNKNOWN;
        break;
    case RKMQ_EXPECT_ALWAYS:
    case RKMQ_EXPECT_NEVER:
        decide(j, true, SIZE_MAX);
        break;
    case RKMQ_EXPECT_COUNT:
        finish_count(w, j);
        break;
    case RKMQ_EXPECT_SEQUENCE:
        (void)snprintf(r->text, sizeof r->text, "only the first %zu of %zu came", j->n_done,
                       e->n_preds);
        decide(j, false, SIZE_MAX);
        break;
    case RKMQ_EXPECT_GAPS:
        (void)snprintf(r->text, sizeof r->text, "%zu events, %zu gaps wanted", j->n_done,
                       e->n_gaps);
        decide(j, j->n_done == e->n_gaps + 1, SIZE_MAX);
        break;
    case RKMQ_EXPECT_KINDS:
        break;
    }
}

static void soften(const struct rkmq_expect *e, struct rkmq_expect_result *r)
{
    if (r->verdict == RKMQ_FAIL && e->level != RKMQ_LEVEL_MUST) {
        r->verdict = RKMQ_NON_STRICT;
    }
}

/* ---- windows ---- */

/* The first event the expectation rests on that only our own consumer tells; NULL: none is. */
static const struct rkmq_event_pred *hook_of(const struct rkmq_expect *e)
{
    for (size_t i = 0; i < e->n_preds; i++) {
        if (!e->preds[i].is_state && rkmq__event_kind_needs_hooks(e->preds[i].event.kind)) {
            return &e->preds[i].event;
        }
    }
    return NULL;
}

static void say_never_came(const struct walk *w, const struct rkmq_moment *moment,
                           struct rkmq_expect_result *r)
{
    bool is_step = moment->base == RKMQ_MOMENT_STEP;
    rkmq_word id = is_step ? w->sc->steps[moment->index].id : w->sc->marks[moment->index];
    (void)snprintf(r->text, sizeof r->text, "%s:%.*s never came", is_step ? "step" : "mark",
                   RKMQ_SLICE_ARG(rkmq__scenario_word(w->sc, id)));
}

/* Moments come from the whole log, before the walk: a window may end with a later step. */
static int windows_set(struct walk *w, const struct rkmq_expect_source *source)
{
    struct rkmq_moment_table moments;
    if (rkmq__moments_init(&moments, w->sc, &w->arena) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < rkmq__event_log_count(w->log); i++) {
        rkmq__moments_apply(&moments, rkmq__event_log_at(w->log, i));
    }
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        struct judge *j = &w->judges[i];
        const struct rkmq_expect *e = j->expect;
        struct rkmq_expect_result *r = j->result;
        r->from = rkmq__moment_time(&moments, &e->from, 0);
        rkmq_us end = e->within != RKMQ_UNSET && r->from >= 0 ? r->from + e->within : w->sc->end;
        r->until = rkmq__moment_time(&moments, &e->until, end);
        if (r->from < 0 || r->until < 0) {
            say_never_came(w, r->from < 0 ? &e->from : &e->until, r);
            j->is_decided = true;
        } else if (r->until < r->from) {
            (void)snprintf(r->text, sizeof r->text, "its window is empty: %.3f s to %.3f s",
                           (double)r->from / 1e6, (double)r->until / 1e6);
            j->is_decided = true;
        } else if (!(e->grounds & source->ground)) {
            (void)snprintf(r->text, sizeof r->text, "not judged on this ground");
            j->is_decided = true;
        } else if (!source->has_hooks && hook_of(e)) {
            (void)snprintf(r->text, sizeof r->text, "rests on %s, which this client does not tell",
                           rkmq__event_kind_name(hook_of(e)->kind));
            j->is_decided = r->is_untold = true;
        }
    }
    return RKMQ_OK;
}

static int walk_init(struct walk *w, const rkmq_name *of_word, const struct rkmq_mem *mem,
                     struct rkmq_expect_result *results)
{
    rkmq__arena_init(&w->arena, mem);
    w->judges = rkmq__arena_zalloc(&w->arena, (w->sc->n_expects + 1) * sizeof *w->judges);
    if (!w->judges) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        results[i] =
            (struct rkmq_expect_result){.verdict = RKMQ_UNKNOWN, .events = {SIZE_MAX, SIZE_MAX}};
        w->judges[i] = (struct judge){.expect = &w->sc->expects[i], .result = &results[i]};
    }
    return rkmq__run_state_init(&w->state, w->sc, of_word, mem);
}

/* Time goes on to `at`: states are looked at when their window opens, and windows that are over are
 * judged, both before the row at that time counts. */
static void windows_pass(struct walk *w, rkmq_us at)
{
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        struct judge *j = &w->judges[i];
        if (!j->is_decided && !j->is_open && at > j->result->from) {
            j->is_open = true;
            look_at_state(w, j, SIZE_MAX);
        }
        if (!j->is_over && at > j->result->until) {
            finish(w, j);
        }
    }
}

int rkmq__expects_judge(const struct rkmq_scenario *sc, const struct rkmq_event_log *log,
                        const rkmq_name *of_word, const struct rkmq_expect_source *source,
                        const struct rkmq_mem *mem, struct rkmq_expect_result *results)
{
    struct walk w = {.sc = sc, .log = log};
    int status = walk_init(&w, of_word, mem, results);
    if (status == RKMQ_OK) {
        status = windows_set(&w, source);
    }
    for (size_t i = 0; status == RKMQ_OK && i < rkmq__event_log_count(log); i++) {
        const struct rkmq_event *row = rkmq__event_log_at(log, i);
        windows_pass(&w, row->at);
        rkmq__run_state_apply(&w.state, row);
        for (size_t k = 0; k < sc->n_expects; k++) {
            look_at_row(&w, &w.judges[k], row, i);
        }
    }
    if (status == RKMQ_OK) {
        windows_pass(&w, INT64_MAX);
    }
    for (size_t i = 0; status == RKMQ_OK && i < sc->n_expects; i++) {
        soften(&sc->expects[i], &results[i]);
    }
    rkmq__run_state_close(&w.state);
    rkmq__arena_close(&w.arena);
    return status;
}
