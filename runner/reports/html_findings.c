/* SPDX-License-Identifier: Apache-2.0 */
/* What speaks against a run, as HTML that is read without scripts; and JSON within a page. */
#include "remoting/base/text.h"
#include "runner/reports/html.h"

struct findings {
    const struct rkmq_report_run *run;
    struct rkmq_bytes *out;
    unsigned n;
};

static void put_event(const struct findings *fs, size_t index)
{
    const struct rkmq_event_log *log = fs->run->w->recorder.log;
    const struct rkmq_event *row = rkmq__event_log_at(log, index);
    struct rkmq_bytes line;
    rkmq__bytes_init(&line, fs->out->mem);
    rkmq__event_write_line(log, row, &line);
    rkmq__bytes_printf(fs->out, "<li data-event=\"%llu\"><code>",
                       (unsigned long long)row->sequence);
    rkmq__xml_text(fs->out, rkmq__bytes_slice(&line));
    rkmq__bytes_add_text(fs->out, "</code></li>\n");
    fs->out->is_failed = fs->out->is_failed || line.is_failed;
    rkmq__bytes_close(&line);
}

static void put_events(const struct findings *fs, const struct rkmq_finding *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_events; i++) {
        n += f->events[i] != SIZE_MAX;
    }
    if (n == 0) {
        return;
    }
    rkmq__bytes_printf(fs->out, "<details><summary>%zu %s</summary><ol class=\"events\">\n", n,
                       n == 1 ? "event" : "events");
    for (size_t i = 0; i < f->n_events; i++) {
        if (f->events[i] != SIZE_MAX) {
            put_event(fs, f->events[i]);
        }
    }
    rkmq__bytes_add_text(fs->out, "</ol></details>");
}

static void put_lines(struct rkmq_bytes *out, const char *text)
{
    bool is_one = !strchr(text, '\n');
    rkmq__bytes_add_text(out, is_one ? "<span>" : "<pre>");
    (is_one ? rkmq__xml_text : rkmq__xml_lines)(out, rkmq__slice_of(text));
    rkmq__bytes_add_text(out, is_one ? "</span>" : "</pre>");
}

static void on_finding(void *user, const struct rkmq_finding *f)
{
    struct findings *fs = user;
    fs->n++;
    rkmq__bytes_add_text(fs->out, "<li>");
    if (f->name.n > 0) {
        rkmq__bytes_printf(fs->out, "<b class=\"verdict v-%s\">%s</b> <b class=\"rule\">",
                           rkmq__verdict_name(f->verdict), rkmq__verdict_name(f->verdict));
        rkmq__xml_text(fs->out, f->name);
        rkmq__bytes_add_text(fs->out, "</b> ");
    }
    put_lines(fs->out, f->text);
    put_events(fs, f);
    rkmq__bytes_add_text(fs->out, "</li>\n");
}

void rkmq__html_findings_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                                struct rkmq_bytes *out)
{
    struct findings fs = {.run = run, .out = out};
    if (outcome == RKMQ_OUTCOME_PASS || outcome == RKMQ_OUTCOME_SKIPPED) {
        return;
    }
    size_t n_more = rkmq__report_findings(run, on_finding, &fs);
    if (n_more > 0) {
        rkmq__bytes_printf(out, "<li>... and %zu violations more</li>\n", n_more);
    }
}

/* ---- JSON ---- */

void rkmq__html_json_text(struct rkmq_json_writer *w, struct rkmq_slice text)
{
    struct rkmq_bytes shown;
    rkmq__bytes_init(&shown, w->out->mem);
    rkmq__text_show(&shown, text, 0);
    rkmq__json_put_text(w, rkmq__bytes_slice(&shown));
    w->out->is_failed = w->out->is_failed || shown.is_failed;
    rkmq__bytes_close(&shown);
}

/* Within JSON a '<' stands in texts only. */
void rkmq__html_json_add(struct rkmq_bytes *out, struct rkmq_slice json)
{
    size_t plain = 0;
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '<') {
            rkmq__bytes_add(out, json.p + plain, i - plain);
            rkmq__bytes_add_text(out, "\\u003c");
            plain = i + 1;
        }
    }
    if (json.n > plain) {
        rkmq__bytes_add(out, json.p + plain, json.n - plain);
    }
}
