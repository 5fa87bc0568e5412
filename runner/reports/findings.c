/* SPDX-License-Identifier: Apache-2.0 */
/* What speaks against a run. */
#include "remoting/base/text.h"
#include "runner/reports/kinds.h"

const char *rkmq__verdict_name(enum rkmq_verdict verdict)
{
    static const char *const names[] = {[RKMQ_PASS] = "pass",
                                        [RKMQ_FAIL] = "FAIL",
                                        [RKMQ_NON_STRICT] = "non-strict",
                                        [RKMQ_UNKNOWN] = "unknown"};
    return names[verdict];
}

struct rkmq_slice rkmq__report_check_name(enum rkmq_check_id id, char out[RKMQ_CHECK_NAME_BYTES])
{
    (void)snprintf(out, RKMQ_CHECK_NAME_BYTES, "%s", rkmq__check_name(id));
    char *underscore = strchr(out, '_');
    if (underscore) {
        *underscore = '-';
    }
    return rkmq__slice_of(out);
}

/* ---- findings ---- */

static void find_expects(const struct rkmq_report_run *run, rkmq_finding_fn *fn, void *user)
{
    for (size_t i = 0; i < run->sc->n_expects; i++) {
        const struct rkmq_expect_result *e = &run->result->expects[i];
        if (e->verdict != RKMQ_PASS) {
            fn(user,
               &(struct rkmq_finding){.verdict = e->verdict,
                                      .name = rkmq__scenario_word(run->sc, run->sc->expects[i].id),
                                      .text = e->text,
                                      .events = e->events,
                                      .n_events = RKMQ_COUNT_OF(e->events)});
        }
    }
}

/* One of each broken rule comes first, then more of them, then what is only unkind. */
enum violation_rank { RANK_FIRST, RANK_MORE, RANK_UNKIND, RANK_COUNT };

static enum violation_rank rank_of(const struct rkmq_check_result *checks, size_t index)
{
    const struct rkmq_violation *v = &checks->violations[index];
    if (!v->is_strict) {
        return RANK_UNKIND;
    }
    for (size_t i = 0; i < index; i++) {
        if (checks->violations[i].check == v->check && checks->violations[i].is_strict) {
            return RANK_MORE;
        }
    }
    return RANK_FIRST;
}

static size_t find_violations(const struct rkmq_check_result *checks, rkmq_finding_fn *fn,
                              void *user)
{
    size_t n_shown = 0;
    for (size_t i = 0; i < RANK_COUNT * checks->n_kept && n_shown < RKMQ_FINDINGS_SHOWN; i++) {
        size_t index = i % checks->n_kept;
        const struct rkmq_violation *v = &checks->violations[index];
        if (rank_of(checks, index) == i / checks->n_kept) {
            char name[RKMQ_CHECK_NAME_BYTES];
            fn(user, &(struct rkmq_finding){.verdict = v->is_strict ? RKMQ_FAIL : RKMQ_NON_STRICT,
                                            .name = rkmq__report_check_name(v->check, name),
                                            .text = v->text,
                                            .events = v->events,
                                            .n_events = RKMQ_COUNT_OF(v->events)});
            n_shown++;
        }
    }
    return checks->n_violations - n_shown;
}

size_t rkmq__report_findings(const struct rkmq_report_run *run, rkmq_finding_fn *fn, void *user)
{
    if (!run->result) {
        fn(user, &(struct rkmq_finding){.verdict = RKMQ_FAIL, .text = run->why});
        return 0;
    }
    if (run->result->failure[0]) {
        fn(user, &(struct rkmq_finding){.verdict = RKMQ_FAIL, .text = run->result->failure});
    }
    find_expects(run, fn, user);
    return find_violations(&run->result->checks, fn, user);
}

/* ---- findings as lines ---- */

struct finding_lines {
    const struct rkmq_report_run *run;
    const char *prefix; /* of every line */
    struct rkmq_bytes *out;
};

static void put_text(const struct finding_lines *lines, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        rkmq__bytes_add_text(lines->out, lines->prefix);
        rkmq__text_show(lines->out, rkmq__slice(text, n), 0);
        rkmq__bytes_add_text(lines->out, "\n");
        text += n + (text[n] == '\n');
    }
}

static void put_row(const struct finding_lines *lines, size_t index)
{
    const struct rkmq_event_log *log = lines->run->w->recorder.log;
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, lines->out->mem);
    rkmq__event_write_line(log, rkmq__event_log_at(log, index), &line);
    rkmq__bytes_printf(lines->out, "%s    ", lines->prefix);
    rkmq__text_show(lines->out, rkmq__bytes_slice(&line), 0);
    rkmq__bytes_add_text(lines->out, "\n");
    lines->out->is_failed = lines->out->is_failed || line.is_failed;
    rkmq__bytes_close(&line);
}

static void on_finding(void *user, const struct rkmq_finding *f)
{
    const struct finding_lines *lines = user;
    if (f->name.n == 0) {
        put_text(lines, f->text);
        return;
    }
    rkmq__bytes_printf(lines->out, "%s%s ", lines->prefix, rkmq__verdict_name(f->verdict));
    rkmq__bytes_add_slice(lines->out, f->name);
    rkmq__bytes_add_text(lines->out, ": ");
    rkmq__text_show(lines->out, rkmq__slice_of(f->text), 0);
    rkmq__bytes_add_text(lines->out, "\n");
    for (size_t i = 0; i < f->n_events; i++) {
        if (f->events[i] != SIZE_MAX) {
            put_row(lines, f->events[i]);
        }
    }
}

void rkmq__report_explain(const struct rkmq_report_run *run, const char *prefix,
                          struct rkmq_bytes *out)
{
    struct finding_lines lines = {.run = run, .prefix = prefix, .out = out};
    size_t n_more = rkmq__report_findings(run, on_finding, &lines);
    if (n_more > 0) {
        rkmq__bytes_printf(out, "%s... and %zu violations more\n", prefix, n_more);
    }
}
