/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_REPORT_KINDS_H
#define RKMQ_RUNNER_REPORT_KINDS_H

/* What a kind of report does; see report.h. */

#include "runner/reports/report.h"

struct rkmq_report {
    const struct rkmq_report_kind *kind;
    const struct rkmq_mem *mem;
    const struct rkmq_reports_options *options;
    const char *path; /* NULL: `file` is the caller's */
    FILE *file;
    unsigned n_parts; /* added so far, the one being added included */
    void *state;      /* of the kind: zeroed, state_bytes */
    bool has_begun;
    bool is_failed; /* memory is out, or a write failed */
};

struct rkmq_report_kind {
    unsigned slots; /* what it needs of a part, RKMQ_PART_SCENARIO and _LABEL aside */
    size_t state_bytes;
    void (*begin)(struct rkmq_report *r); /* may be NULL */
    void (*add)(struct rkmq_report *r, const struct rkmq_part *part);
    void (*end)(struct rkmq_report *r); /* also frees what hangs on the state */
};
extern const struct rkmq_report_kind rkmq__report_tap, rkmq__report_junit, rkmq__report_svg,
    rkmq__report_html;

/* Writes; a failure is remembered. */
void rkmq__report_put(struct rkmq_report *r, struct rkmq_slice bytes);
void rkmq__report_puts(struct rkmq_report *r, const char *text);
void rkmq__report_printf(struct rkmq_report *r, const char *fmt, ...) RKMQ_PRINTF(2, 3);

/* Appends `text` for XML, as content or between double quotes; see remoting/base/text.h. */
void rkmq__xml_text(struct rkmq_bytes *out, struct rkmq_slice text);
/* The same line by line: a line feed is no character to be hidden. */
void rkmq__xml_lines(struct rkmq_bytes *out, struct rkmq_slice lines);

/* Renderers of slots. */
void rkmq__tap_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                      struct rkmq_bytes *out);
void rkmq__junit_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                        struct rkmq_bytes *out);
void rkmq__svg_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                      struct rkmq_bytes *out);
void rkmq__html_findings_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                                struct rkmq_bytes *out);
void rkmq__html_details_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                               struct rkmq_bytes *out);

/* ---- of use to several ---- */

const char *rkmq__verdict_name(enum rkmq_verdict verdict);
/* "LOSS-1", in `out`. */
#define RKMQ_CHECK_NAME_BYTES 16
struct rkmq_slice rkmq__report_check_name(enum rkmq_check_id id, char out[RKMQ_CHECK_NAME_BYTES]);

/* What speaks against a run, in the order people want it: the script, expectations, rules; what
 * fails before what does not. */
struct rkmq_finding {
    enum rkmq_verdict verdict;
    struct rkmq_slice name; /* of the expectation or the check; n 0: the script */
    const char *text;
    const size_t *events; /* indices into the log; SIZE_MAX: unused */
    size_t n_events;
};
typedef void rkmq_finding_fn(void *user, const struct rkmq_finding *finding);
/* At most RKMQ_FINDINGS_SHOWN violations of rules; returns how many more there are. */
#define RKMQ_FINDINGS_SHOWN 5
size_t rkmq__report_findings(const struct rkmq_report_run *run, rkmq_finding_fn *fn, void *user);
/* The same as lines, each behind `prefix`, with the rows of the log that show it. */
void rkmq__report_explain(const struct rkmq_report_run *run, const char *prefix,
                          struct rkmq_bytes *out);

#endif
