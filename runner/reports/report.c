/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/reports/report.h"

#include <errno.h>
#include <stdarg.h>

#include "runner/reports/kinds.h"

const char *rkmq__outcome_name(enum rkmq_outcome outcome)
{
    static const char *const names[] = {
#define X(name, text, is_ok) [RKMQ_OUTCOME_##name] = (text),
        RKMQ_OUTCOME_TABLE(X)
#undef X
    };
    return names[outcome];
}

bool rkmq__outcome_is_ok(enum rkmq_outcome outcome)
{
    static const bool are_ok[] = {
#define X(name, text, is_ok) [RKMQ_OUTCOME_##name] = (is_ok),
        RKMQ_OUTCOME_TABLE(X)
#undef X
    };
    return are_ok[outcome];
}

/* ---- the reports of one campaign ---- */

enum { REPORT_TAP, REPORT_JUNIT, REPORT_SVG, REPORT_HTML, REPORT_COUNT };

struct rkmq_reports {
    const struct rkmq_mem *mem;
    struct rkmq_reports_options options;
    struct rkmq_report at[REPORT_COUNT];
    size_t n;
};

static int report_open(struct rkmq_reports *reports, const struct rkmq_report_kind *kind,
                       const char *path, FILE *file, struct rkmq_err *err)
{
    struct rkmq_report *r = &reports->at[reports->n];
    *r = (struct rkmq_report){.kind = kind,
                              .mem = reports->mem,
                              .options = &reports->options,
                              .path = path,
                              .file = file};
    if (path && !(r->file = fopen(path, "we"))) {
        return rkmq__err_set(err, RKMQ_E_IO, "%s: %s", path, strerror(errno));
    }
    reports->n++;
    if (kind->state_bytes > 0 && !(r->state = rkmq__zalloc(reports->mem, kind->state_bytes))) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    return RKMQ_OK;
}

int rkmq__reports_open(struct rkmq_reports **out, const struct rkmq_reports_options *o,
                       const struct rkmq_mem *mem, struct rkmq_err *err)
{
    const struct {
        const struct rkmq_report_kind *kind;
        const char *path;
        FILE *file;
    } wanted[REPORT_COUNT] = {
        [REPORT_TAP] = {&rkmq__report_tap, NULL, o->tap},
        [REPORT_JUNIT] = {&rkmq__report_junit, o->junit, NULL},
        [REPORT_SVG] = {&rkmq__report_svg, o->svg, NULL},
        [REPORT_HTML] = {&rkmq__report_html, o->html, NULL},
    };
    struct rkmq_reports *reports = rkmq__zalloc(mem, sizeof *reports);
    int status = RKMQ_OK;
    *out = NULL;
    if (!reports) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    reports->mem = mem;
    reports->options = *o;
    for (size_t i = 0; status == RKMQ_OK && i < REPORT_COUNT; i++) {
        if (wanted[i].path || wanted[i].file) {
            status = report_open(reports, wanted[i].kind, wanted[i].path, wanted[i].file, err);
        }
    }
    if (status != RKMQ_OK) {
        (void)rkmq__reports_close(reports, NULL); /* the first failure is the one to tell */
        return status;
    }
    for (size_t i = 0; i < reports->n; i++) {
        reports->at[i].has_begun = true;
        if (reports->at[i].kind->begin) {
            reports->at[i].kind->begin(&reports->at[i]);
        }
    }
    *out = reports;
    return RKMQ_OK;
}

unsigned rkmq__reports_slots(const struct rkmq_reports *reports)
{
    unsigned slots = RKMQ_PART_BIT(RKMQ_PART_SCENARIO) | RKMQ_PART_BIT(RKMQ_PART_LABEL);
    for (size_t i = 0; i < reports->n; i++) {
        slots |= reports->at[i].kind->slots;
    }
    return slots;
}

void rkmq__reports_add(struct rkmq_reports *reports, const struct rkmq_part *part)
{
    for (size_t i = 0; i < reports->n; i++) {
        reports->at[i].n_parts++;
        reports->at[i].kind->add(&reports->at[i], part);
    }
}

static int report_close(struct rkmq_report *r, struct rkmq_err *err)
{
    if (r->has_begun) {
        r->kind->end(r);
    }
    rkmq__free(r->mem, r->state);
    errno = 0;
    bool is_flushed = r->path ? fclose(r->file) == 0 : fflush(r->file) == 0;
    if (r->is_failed || !is_flushed) {
        return rkmq__err_set(err, RKMQ_E_IO, "%s: %s", r->path ? r->path : "the output",
                             errno ? strerror(errno) : "it could not be written whole");
    }
    return RKMQ_OK;
}

int rkmq__reports_close(struct rkmq_reports *reports, struct rkmq_err *err)
{
    int status = RKMQ_OK;
    for (size_t i = 0; reports && i < reports->n; i++) {
        int own = report_close(&reports->at[i], status == RKMQ_OK ? err : NULL);
        status = status == RKMQ_OK ? own : status;
    }
    if (reports) {
        rkmq__free(reports->mem, reports);
    }
    return status;
}

/* ---- for the kinds ---- */

void rkmq__report_put(struct rkmq_report *r, struct rkmq_slice bytes)
{
    if (bytes.n > 0 && fwrite(bytes.p, 1, bytes.n, r->file) != bytes.n) {
        r->is_failed = true;
    }
}

void rkmq__report_puts(struct rkmq_report *r, const char *text)
{
    rkmq__report_put(r, rkmq__slice_of(text));
}

void rkmq__report_printf(struct rkmq_report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vfprintf(r->file, fmt, args);
    va_end(args);
    r->is_failed = r->is_failed || n < 0;
}
