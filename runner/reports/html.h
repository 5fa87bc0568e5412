/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_REPORT_HTML_H
#define RKMQ_RUNNER_REPORT_HTML_H

/*
 * The page of a campaign: what it keeps, and the pieces it is made of. A page of thousands of runs
 * must open at once, so each thing that grows with the runs has a limit here, and the page says
 * when one was reached. Runs that are not ok and the others have each their own room: a flood of
 * one takes none from the other.
 */

#include "remoting/codec/json.h"
#include "runner/reports/kinds.h"

#define RKMQ_HTML_TOLD_MAX 400              /* runs whose findings are told */
#define RKMQ_HTML_TOLD_BYTES_MAX (2u << 20) /* ... and all their text */
#define RKMQ_HTML_TOLD_AT_ONCE 3            /* scenarios that are told without a click */
#define RKMQ_HTML_ROW_SHORT 20              /* runs of one scenario */
#define RKMQ_HTML_KEPT_MAX 120              /* runs whose picture, offsets and rows are kept */
#define RKMQ_HTML_KEPT_BYTES_MAX (6u << 20)
#define RKMQ_HTML_ROWS_MAX 1500 /* rows of the log of a run that is not a pass */
#define RKMQ_HTML_ROWS_PASS_MAX 500
#define RKMQ_HTML_ROWS_AROUND 12 /* before and after each row that a finding shows */
#define RKMQ_HTML_CLASSES_MAX 600

/* ---- which rows of a log are kept ---- */

/* Rows that are alike: of one kind and, where they are about a request, of one code. */
struct rkmq_html_class {
    enum rkmq_event_kind kind;
    const char *code; /* its name; NULL: none */
    size_t n;         /* in the log */
    size_t n_passed;  /* while picking */
};
struct rkmq_html_rows {
    const struct rkmq_mem *mem;
    bool *is_kept; /* per row of the log */
    struct rkmq_html_class classes[RKMQ_HTML_CLASSES_MAX];
    size_t n_classes, n_kept;
};
/*
 * At most `n_max` rows: those around `shown` (indices into the log), then, of each class, as many
 * of its first and its last as there is room for, the same for all classes. So what is rare is
 * there whole. Owns: the caller closes, also on failure. Errors: RKMQ_E_NOMEM.
 */
int rkmq__html_rows_pick(struct rkmq_html_rows *rows, const struct rkmq_event_log *log,
                         const size_t *shown, size_t n_shown, size_t n_max,
                         const struct rkmq_mem *mem);
void rkmq__html_rows_close(struct rkmq_html_rows *rows);
size_t rkmq__html_class_of(const struct rkmq_html_rows *rows, const struct rkmq_event *row);

/* ---- JSON within a page ---- */

/* As rkmq__text_show. */
void rkmq__html_json_text(struct rkmq_json_writer *w, struct rkmq_slice text);
/* Appends JSON for the inside of a <script>: no '<' is left in it. */
void rkmq__html_json_add(struct rkmq_bytes *out, struct rkmq_slice json);

/* ---- the files of runner/reports/html, as they were when this was built ---- */

#define RKMQ_HTML_FILES(X)                                                                         \
    X(page_html)                                                                                   \
    X(page_css)                                                                                    \
    X(page_js)                                                                                     \
    X(run_js)                                                                                      \
    X(time_js)                                                                                     \
    X(events_js)
#define X(name)                                                                                    \
    extern const unsigned char rkmq__html_##name[];                                                \
    extern const size_t rkmq__html_##name##_bytes;
RKMQ_HTML_FILES(X)
#undef X

#endif
