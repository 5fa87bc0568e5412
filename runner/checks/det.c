/* SPDX-License-Identifier: Apache-2.0 */
/* DET-1: a scenario that is played again with its seed gives the same log, row by row. */
#include "runner/checks/view.h"

#define LINE_CHARS 90 /* of each of two rows that differ */

typedef void write_fn(const struct rkmq_event_log *log, const struct rkmq_event *event,
                      struct rkmq_bytes *out);

static void row_write(const struct rkmq_event_log *log, size_t i, write_fn *write,
                      struct rkmq_bytes *out)
{
    rkmq__bytes_clear(out);
    if (i < rkmq__event_log_count(log)) {
        write(log, rkmq__event_log_at(log, i), out);
    } else {
        rkmq__bytes_add_text(out, "its end");
    }
}

/* The first row that is not the same; it may be behind the end of one of them. */
static size_t first_difference(const struct rkmq_event_log *log, const struct rkmq_event_log *again,
                               struct rkmq_bytes *line, struct rkmq_bytes *other)
{
    size_t i = 0;
    do {
        row_write(log, i, rkmq__event_write_json, line);
        row_write(again, i, rkmq__event_write_json, other);
    } while (rkmq__slice_equal(rkmq__bytes_slice(line), rkmq__bytes_slice(other)) &&
             i++ < rkmq__event_log_count(log));
    return i;
}

/* Without the blanks that line up its time; a long one is cut. */
static struct rkmq_slice words_of(const struct rkmq_bytes *line)
{
    struct rkmq_slice words = rkmq__bytes_slice(line);
    while (words.n > 0 && words.p[0] == ' ') {
        words = rkmq__slice(words.p + 1, words.n - 1);
    }
    return rkmq__slice(words.p, words.n < LINE_CHARS ? words.n : LINE_CHARS);
}

static void tell(struct rkmq_view *v, const struct rkmq_event_log *again, struct rkmq_bytes *line,
                 struct rkmq_bytes *other)
{
    size_t i = first_difference(v->log, again, line, other);
    size_t n = rkmq__event_log_count(v->log);
    row_write(v->log, i, rkmq__event_write_line, line);
    row_write(again, i, rkmq__event_write_line, other);
    rkmq__violated(v, RKMQ_CHECK_DET_1, true, i < n ? i : SIZE_MAX, SIZE_MAX,
                   "event %zu was \"%.*s\", and played again it is \"%.*s\"", i,
                   RKMQ_SLICE_ARG(words_of(line)), RKMQ_SLICE_ARG(words_of(other)));
}

int rkmq__checks_same(const struct rkmq_event_log *log, const struct rkmq_event_log *again,
                      const struct rkmq_check_params *params, const struct rkmq_mem *mem,
                      struct rkmq_check_result *result)
{
    struct rkmq_view v = {.log = log, .params = params, .result = result};
    struct rkmq_bytes line, other;
    rkmq__bytes_init(&line, mem);
    rkmq__bytes_init(&other, mem);
    rkmq__judged(&v, RKMQ_CHECK_DET_1, RKMQ_EVIDENCE_H);
    if (rkmq__event_log_hash(log) != rkmq__event_log_hash(again)) {
        tell(&v, again, &line, &other);
    }
    bool is_failed = line.is_failed || other.is_failed;
    rkmq__bytes_close(&line);
    rkmq__bytes_close(&other);
    return is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}
