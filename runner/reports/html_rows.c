/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a log a page keeps. */
#include "runner/reports/html.h"

/* Requests, answers and faults are told apart by the name of their code, which may be none. */
enum {
    CODED_KINDS = 3,
    CODE_NAMES = 1
#define X(name, value) +1
#include "remoting/protocol/request_codes.def"
#undef X
};
_Static_assert(RKMQ_EV_COUNT - CODED_KINDS + CODED_KINDS * CODE_NAMES <= RKMQ_HTML_CLASSES_MAX,
               "a log may have more classes of rows");

/* Names of codes are one text each, so their addresses tell them apart. */
size_t rkmq__html_class_of(const struct rkmq_html_rows *rows, const struct rkmq_event *row)
{
    const char *code = rkmq__event_code_name(row);
    size_t i = 0;
    while (i < rows->n_classes &&
           (rows->classes[i].kind != row->kind || rows->classes[i].code != code)) {
        i++;
    }
    return i;
}

static void classes_count(struct rkmq_html_rows *rows, const struct rkmq_event_log *log)
{
    for (size_t i = 0; i < rkmq__event_log_count(log); i++) {
        const struct rkmq_event *row = rkmq__event_log_at(log, i);
        size_t at = rkmq__html_class_of(rows, row);
        if (at == rows->n_classes) {
            RKMQ_ASSERT(rows->n_classes < RKMQ_HTML_CLASSES_MAX);
            rows->classes[rows->n_classes++] =
                (struct rkmq_html_class){.kind = row->kind, .code = rkmq__event_code_name(row)};
        }
        rows->classes[at].n++;
    }
}

static void keep(struct rkmq_html_rows *rows, size_t index)
{
    rows->n_kept += !rows->is_kept[index];
    rows->is_kept[index] = true;
}

/* What is shown comes first, so that it is there whatever the limit. */
static void keep_around(struct rkmq_html_rows *rows, size_t n, const size_t *shown, size_t n_shown,
                        size_t n_max)
{
    for (size_t i = 0; i < n_shown && rows->n_kept < n_max; i++) {
        keep(rows, shown[i]);
    }
    for (size_t i = 0; i < n_shown; i++) {
        size_t from = shown[i] > RKMQ_HTML_ROWS_AROUND ? shown[i] - RKMQ_HTML_ROWS_AROUND : 0;
        for (size_t k = from; k < n && k <= shown[i] + RKMQ_HTML_ROWS_AROUND; k++) {
            if (rows->n_kept < n_max) {
                keep(rows, k);
            }
        }
    }
}

static size_t n_within(const struct rkmq_html_rows *rows, size_t share)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n_classes; i++) {
        n += rows->classes[i].n < share ? rows->classes[i].n : share;
    }
    return n;
}

/* The most rows of one class, so that all together find room. */
static size_t share_of(const struct rkmq_html_rows *rows, size_t room)
{
    size_t low = 0, high = room + 1; /* low fits, high does not have to */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (n_within(rows, middle) <= room) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

int rkmq__html_rows_pick(struct rkmq_html_rows *rows, const struct rkmq_event_log *log,
                         const size_t *shown, size_t n_shown, size_t n_max,
                         const struct rkmq_mem *mem)
{
    size_t n = rkmq__event_log_count(log);
    *rows = (struct rkmq_html_rows){.mem = mem, .is_kept = rkmq__zalloc(mem, n + 1)};
    if (!rows->is_kept) {
        return RKMQ_E_NOMEM;
    }
    classes_count(rows, log);
    keep_around(rows, n, shown, n_shown, n_max);
    size_t share = share_of(rows, n_max - rows->n_kept);
    for (size_t i = 0; i < n; i++) {
        size_t at = rkmq__html_class_of(rows, rkmq__event_log_at(log, i));
        struct rkmq_html_class *class = &rows->classes[at];
        bool is_first = class->n_passed < share - share / 2;
        bool is_last = class->n_passed + share / 2 >= class->n;
        class->n_passed++;
        if (is_first || is_last) {
            keep(rows, i);
        }
    }
    RKMQ_ASSERT(rows->n_kept <= n_max);
    return RKMQ_OK;
}

void rkmq__html_rows_close(struct rkmq_html_rows *rows)
{
    if (rows->mem) {
        rkmq__free(rows->mem, rows->is_kept);
    }
    *rows = (struct rkmq_html_rows){0};
}
