/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page keeps of a run: what was asked and judged, offsets over time, rows of the log. JSON;
 * names are told once, rows are seven values each and times are steps from the row before.
 */
#include "runner/reports/html.h"
#include "runner/reports/timeline.h"

struct details {
    const struct rkmq_report_run *run;
    const struct rkmq_event_log *log;
    struct rkmq_json_writer json;
    struct rkmq_bytes text;  /* a part of a row */
    struct rkmq_map indices; /* name -> its index + 1, as a pointer */
    struct rkmq_bytes shown; /* size_t: the rows that findings show */
    bool is_failed;
};

/* ---- judgements ---- */

/* The caller ends the array. */
static void judgement_begin(struct details *d, enum rkmq_verdict verdict, struct rkmq_slice name,
                            struct rkmq_slice text)
{
    rkmq__json_array(&d->json);
    rkmq__json_put_text(&d->json, rkmq__slice_of(rkmq__verdict_name(verdict)));
    rkmq__html_json_text(&d->json, name);
    rkmq__html_json_text(&d->json, text);
}

static void put_judgements(struct details *d)
{
    const struct rkmq_run_result *result = d->run->result;
    rkmq__json_key(&d->json, "expects");
    rkmq__json_array(&d->json);
    for (size_t i = 0; i < d->run->sc->n_expects; i++) {
        judgement_begin(d, result->expects[i].verdict,
                        rkmq__scenario_word(d->run->sc, d->run->sc->expects[i].id),
                        rkmq__slice_of(result->expects[i].text));
        rkmq__json_array_end(&d->json);
    }
    rkmq__json_array_end(&d->json);
    rkmq__json_key(&d->json, "checks");
    rkmq__json_array(&d->json);
    for (int i = 0; i < RKMQ_CHECK_COUNT; i++) {
        enum rkmq_check_id id = (enum rkmq_check_id)i;
        char name[RKMQ_CHECK_NAME_BYTES];
        if (result->checks.judged[id] > 0) {
            judgement_begin(d, result->checks.verdict[id], rkmq__report_check_name(id, name),
                            rkmq__slice_of(rkmq__check_text(id)));
            rkmq__json_put_i64(&d->json, (int64_t)result->checks.judged[id]);
            rkmq__json_array_end(&d->json);
        }
    }
    rkmq__json_array_end(&d->json);
}

/* ---- offsets ---- */

static void put_steps(struct details *d, const char *key, const int64_t *values)
{
    int64_t before = 0;
    rkmq__json_key(&d->json, key);
    rkmq__json_array(&d->json);
    for (size_t i = 0; i < RKMQ_TIMELINE_POINTS; i++) {
        rkmq__json_put_i64(&d->json, values[i] - before);
        before = values[i];
    }
    rkmq__json_array_end(&d->json);
}

static void put_lane(struct details *d, const struct rkmq_timeline_lane *lane)
{
    const struct rkmq_scenario *sc = d->run->sc;
    rkmq__json_object(&d->json);
    rkmq__json_key(&d->json, "group");
    rkmq__html_json_text(&d->json, rkmq__scenario_word(sc, sc->groups[lane->group]));
    rkmq__json_key(&d->json, "topic");
    rkmq__html_json_text(&d->json, rkmq__scenario_word(sc, sc->topics[lane->topic].name));
    rkmq__json_key(&d->json, "broker");
    rkmq__html_json_text(&d->json, rkmq__scenario_word(sc, sc->brokers[lane->broker].name));
    rkmq__json_add_i64(&d->json, "queue", lane->queue_id);
    put_steps(d, "max", lane->ends);
    put_steps(d, "committed", lane->committed);
    rkmq__json_object_end(&d->json);
}

static void put_offsets(struct details *d)
{
    struct rkmq_timeline tl;
    int status = rkmq__timeline_read(&tl, d->run->w, d->text.mem);
    d->is_failed = d->is_failed || status != RKMQ_OK;
    rkmq__json_add_i64(&d->json, "end", tl.end_at);
    rkmq__json_add_i64(&d->json, "lanesLeftOut", (int64_t)tl.n_lanes_left_out);
    rkmq__json_key(&d->json, "lanes");
    rkmq__json_array(&d->json);
    for (size_t i = 0; status == RKMQ_OK && i < tl.n_lanes; i++) {
        put_lane(d, &tl.lanes[i]);
    }
    rkmq__json_array_end(&d->json);
    rkmq__timeline_close(&tl);
}

/* ---- rows ---- */

/* Its place in "names", where it is put when it is new. */
static void put_name(struct details *d, struct rkmq_slice name)
{
    uintptr_t index = (uintptr_t)rkmq__map_get(&d->indices, name);
    if (index == 0) {
        index = rkmq__map_count(&d->indices) + 1;
        if (rkmq__map_put(&d->indices, name, (void *)index) != RKMQ_OK) {
            d->is_failed = true;
        }
    }
    rkmq__json_put_i64(&d->json, (int64_t)index - 1);
}

static void put_names(struct details *d)
{
    const struct rkmq_map_entry *entry;
    size_t cursor = 0;
    rkmq__json_key(&d->json, "names");
    rkmq__json_array(&d->json);
    while ((entry = rkmq__map_next(&d->indices, &cursor))) {
        rkmq__html_json_text(&d->json, entry->key);
    }
    rkmq__json_array_end(&d->json);
}

static void put_classes(struct details *d, const struct rkmq_html_rows *rows)
{
    rkmq__json_key(&d->json, "classes");
    rkmq__json_array(&d->json);
    for (size_t i = 0; i < rows->n_classes; i++) {
        const struct rkmq_html_class *class = &rows->classes[i];
        rkmq__json_array(&d->json);
        rkmq__json_put_text(&d->json, rkmq__slice_of(rkmq__event_kind_name(class->kind)));
        rkmq__json_put_text(&d->json, rkmq__slice_of(class->code ? class->code : ""));
        rkmq__json_put_i64(&d->json, (int64_t) class->n);
        rkmq__json_array_end(&d->json);
    }
    rkmq__json_array_end(&d->json);
}

static void put_row(struct details *d, const struct rkmq_html_rows *rows,
                    const struct rkmq_event *row)
{
    rkmq__json_put_i64(&d->json, (int64_t)rkmq__html_class_of(rows, row));
    put_name(d, rkmq__event_log_text(d->log, row->who));
    put_name(d, rkmq__event_log_text(d->log, row->peer));
    rkmq__bytes_clear(&d->text);
    rkmq__event_write_queue(d->log, row, &d->text);
    put_name(d, rkmq__bytes_slice(&d->text));
    rkmq__bytes_clear(&d->text);
    rkmq__event_write_details(d->log, row, &d->text);
    rkmq__html_json_text(&d->json, d->text.n > 0 ? rkmq__slice(d->text.p + 1, d->text.n - 1)
                                                 : RKMQ_SLICE(""));
}

static void put_rows(struct details *d, const struct rkmq_html_rows *rows)
{
    size_t n = rkmq__event_log_count(d->log);
    uint64_t sequence = 0;
    rkmq_us at = 0;
    rkmq__json_add_i64(&d->json, "n", (int64_t)n);
    rkmq__json_key(&d->json, "rows");
    rkmq__json_array(&d->json);
    for (size_t i = 0; i < n; i++) {
        const struct rkmq_event *row = rkmq__event_log_at(d->log, i);
        if (rows->is_kept[i]) {
            rkmq__json_put_i64(&d->json, (int64_t)(row->sequence - sequence));
            rkmq__json_put_i64(&d->json, row->at - at);
            put_row(d, rows, row);
            sequence = row->sequence;
            at = row->at;
        }
    }
    rkmq__json_array_end(&d->json);
}

static void on_finding(void *user, const struct rkmq_finding *f)
{
    struct details *d = user;
    for (size_t i = 0; i < f->n_events; i++) {
        if (f->events[i] != SIZE_MAX) {
            rkmq__bytes_add(&d->shown, &f->events[i], sizeof f->events[i]);
        }
    }
}

static void put_log(struct details *d, enum rkmq_outcome outcome)
{
    size_t n_max = outcome == RKMQ_OUTCOME_PASS ? RKMQ_HTML_ROWS_PASS_MAX : RKMQ_HTML_ROWS_MAX;
    struct rkmq_html_rows *rows = rkmq__zalloc(d->text.mem, sizeof *rows);
    (void)rkmq__report_findings(d->run, on_finding, d);
    if (rows && rkmq__html_rows_pick(rows, d->log, (const size_t *)(const void *)d->shown.p,
                                     d->shown.n / sizeof(size_t), n_max, d->text.mem) == RKMQ_OK) {
        put_classes(d, rows);
        put_rows(d, rows);
        put_names(d);
    } else {
        d->is_failed = true;
    }
    if (rows) {
        rkmq__html_rows_close(rows);
        rkmq__free(d->text.mem, rows);
    }
}

/* ---- the whole ---- */

void rkmq__html_details_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                               struct rkmq_bytes *out)
{
    struct details d = {.run = run};
    struct rkmq_bytes json;
    if (!run->result) { /* it was not played */
        return;
    }
    d.log = run->w->recorder.log;
    rkmq__bytes_init(&json, out->mem);
    rkmq__bytes_init(&d.text, out->mem);
    rkmq__bytes_init(&d.shown, out->mem);
    rkmq__map_init(&d.indices, out->mem);
    rkmq__json_begin(&d.json, &json);
    rkmq__json_object(&d.json);
    put_judgements(&d);
    put_offsets(&d);
    put_log(&d, outcome);
    rkmq__json_object_end(&d.json);
    rkmq__html_json_add(out, rkmq__bytes_slice(&json));
    out->is_failed =
        out->is_failed || d.is_failed || json.is_failed || d.text.is_failed || d.shown.is_failed;
    rkmq__map_close(&d.indices);
    rkmq__bytes_close(&d.shown);
    rkmq__bytes_close(&d.text);
    rkmq__bytes_close(&json);
}
