/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page that stands alone. What people must be able to read without scripts is HTML: totals, the
 * grid of runs, findings. The rest is JSON and pictures, each in a <script> of its own, which
 * page.js reads when a run is opened.
 */
#include "runner/reports/html.h"

#include <inttypes.h>

struct look {
    const char *class, *mark, *text;
};
static const struct look looks[RKMQ_OUTCOME_COUNT] = {
    [RKMQ_OUTCOME_PASS] = {"pass", "\xE2\x9C\x93", "passed"},
    [RKMQ_OUTCOME_NON_STRICT] = {"non-strict", "~", "non-strict"},
    [RKMQ_OUTCOME_FAIL] = {"fail", "\xE2\x9C\x97", "failed"},
    [RKMQ_OUTCOME_UNKNOWN] = {"unknown", "?", "unknown"},
    [RKMQ_OUTCOME_HARNESS] = {"harness", "!", "harness"},
    [RKMQ_OUTCOME_BAD] = {"bad", "\xE2\x8A\x98", "refused"},
    [RKMQ_OUTCOME_SKIPPED] = {"skipped", "\xE2\x80\x93", "skipped"},
};

enum { OF_BAD, OF_GOOD, OF_COUNT }; /* runs that are not ok, and the others */
enum { TOLD_AT_ONCE, TOLD_MORE, TOLD_GOOD, TOLD_COUNT };

struct room {
    size_t n, bytes, n_left_out;
};

struct html {
    unsigned n_of[RKMQ_OUTCOME_COUNT];
    int64_t took_us;
    bool has_row;
    struct rkmq_bytes scenario, title; /* of the row under way */
    unsigned n_cells, n_cells_most;
    bool is_row_told;
    uint32_t variant;
    struct rkmq_bytes grid;
    struct rkmq_bytes told[TOLD_COUNT]; /* findings */
    unsigned n_told[TOLD_COUNT];
    struct rkmq_bytes kept; /* <script> elements */
    struct room of_told[OF_COUNT], of_kept[OF_COUNT];
    struct rkmq_bytes runs; /* JSON of all */
    struct rkmq_json_writer json;
};

static struct rkmq_slice slot(const struct rkmq_part *part, enum rkmq_part_slot index)
{
    return rkmq__bytes_slice(&part->slots[index]);
}

#define BYTES_COUNT (5 + TOLD_COUNT)
static void bytes_of(struct html *h, struct rkmq_bytes *all[BYTES_COUNT])
{
    struct rkmq_bytes *const singles[] = {&h->scenario, &h->title, &h->grid, &h->kept, &h->runs};
    for (size_t i = 0; i < BYTES_COUNT; i++) {
        all[i] = i < TOLD_COUNT ? &h->told[i] : singles[i - TOLD_COUNT];
    }
}

static void html_begin(struct rkmq_report *r)
{
    struct html *h = r->state;
    struct rkmq_bytes *all[BYTES_COUNT];
    bytes_of(h, all);
    for (size_t i = 0; i < BYTES_COUNT; i++) {
        rkmq__bytes_init(all[i], r->mem);
    }
    rkmq__json_begin(&h->json, &h->runs);
    rkmq__json_array(&h->json);
}

/* ---- the grid, and its runs as JSON ---- */

static void row_end(struct html *h)
{
    if (h->has_row) {
        rkmq__bytes_add_text(&h->grid, "</td><td class=\"title\">");
        rkmq__xml_text(&h->grid, rkmq__bytes_slice(&h->title));
        rkmq__bytes_add_text(&h->grid, "</td></tr>\n");
        rkmq__json_array_end(&h->json);
        rkmq__json_object_end(&h->json);
    }
}

static void row_begin(struct html *h, const struct rkmq_part *part)
{
    row_end(h);
    h->has_row = true;
    rkmq__bytes_clear(&h->scenario);
    rkmq__bytes_add_slice(&h->scenario, slot(part, RKMQ_PART_SCENARIO));
    h->n_cells = 0;
    h->is_row_told = false;
    h->variant = part->facts.variant;
    rkmq__bytes_add_text(&h->grid, "<tr><th scope=\"row\"><span class=\"name\">");
    rkmq__xml_text(&h->grid, slot(part, RKMQ_PART_SCENARIO));
    rkmq__bytes_add_text(&h->grid, "</span></th><td>");
    rkmq__bytes_clear(&h->title);
    rkmq__bytes_add_slice(&h->title, slot(part, RKMQ_PART_TITLE));
    rkmq__json_object(&h->json);
    rkmq__json_key(&h->json, "name");
    rkmq__html_json_text(&h->json, slot(part, RKMQ_PART_SCENARIO));
    rkmq__json_key(&h->json, "title");
    rkmq__html_json_text(&h->json, slot(part, RKMQ_PART_TITLE));
    rkmq__json_key(&h->json, "runs");
    rkmq__json_array(&h->json);
}

static void put_cell(struct html *h, const struct rkmq_part *part, unsigned number)
{
    const struct look *look = &looks[part->facts.outcome];
    bool is_new_variant = part->facts.variant != h->variant;
    h->variant = part->facts.variant;
    h->n_cells++;
    h->n_cells_most = h->n_cells > h->n_cells_most ? h->n_cells : h->n_cells_most;
    rkmq__bytes_printf(&h->grid, "<a class=\"%s%s\" href=\"#run-%u\" aria-label=\"", look->class,
                       is_new_variant ? " variant" : "", number);
    rkmq__xml_text(&h->grid, slot(part, RKMQ_PART_LABEL));
    rkmq__bytes_printf(&h->grid, "%s%s\">%s</a>", part->slots[RKMQ_PART_LABEL].n > 0 ? ", " : "",
                       look->text, look->mark);
}

/* [number, outcome, label, events, end of its clock, real time, hash, rerun, why it was skipped] */
static void put_facts(struct html *h, const struct rkmq_part *part, unsigned number)
{
    const struct rkmq_part_facts *facts = &part->facts;
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, facts->log_hash);
    rkmq__json_array(&h->json);
    rkmq__json_put_i64(&h->json, number);
    rkmq__json_put_text(&h->json, rkmq__slice_of(looks[facts->outcome].class));
    rkmq__html_json_text(&h->json, slot(part, RKMQ_PART_LABEL));
    rkmq__json_put_i64(&h->json, (int64_t)facts->n_events);
    rkmq__json_put_i64(&h->json, facts->ended_us);
    rkmq__json_put_i64(&h->json, facts->took_us);
    rkmq__json_put_text(&h->json, rkmq__slice_of(facts->n_events > 0 ? hash : ""));
    rkmq__html_json_text(&h->json, slot(part, RKMQ_PART_RERUN));
    if (facts->outcome == RKMQ_OUTCOME_SKIPPED) {
        rkmq__html_json_text(&h->json, slot(part, RKMQ_PART_TAP));
    }
    rkmq__json_array_end(&h->json);
}

/* ---- findings, and what is kept of runs ---- */

/* Whether there is room for one more of so many bytes; then it is taken. */
static bool room_take(struct room *room, size_t bytes, size_t n_max, size_t bytes_max)
{
    bool is_there = room->n < n_max && room->bytes + bytes <= bytes_max;
    room->n += is_there;
    room->bytes += is_there ? bytes : 0;
    room->n_left_out += !is_there;
    return is_there;
}

/* At once: the first of its scenario, of a few scenarios. */
static int told_of(struct html *h, bool is_ok)
{
    bool is_at_once = !h->is_row_told && h->n_told[TOLD_AT_ONCE] < RKMQ_HTML_TOLD_AT_ONCE;
    h->is_row_told = h->is_row_told || !is_ok;
    return is_ok ? TOLD_GOOD : is_at_once ? TOLD_AT_ONCE : TOLD_MORE;
}

static void put_article(struct rkmq_bytes *out, const struct rkmq_part *part, unsigned number)
{
    const struct look *look = &looks[part->facts.outcome];
    rkmq__bytes_printf(out,
                       "<article id=\"run-%u\"><h3><span class=\"mark %s\">%s</span> "
                       "<span class=\"name\">",
                       number, look->class, look->mark);
    rkmq__xml_text(out, slot(part, RKMQ_PART_SCENARIO));
    rkmq__bytes_add_text(out, "</span> <span class=\"label\">");
    rkmq__xml_text(out, slot(part, RKMQ_PART_LABEL));
    rkmq__bytes_printf(out, "%s%s</span></h3>\n<ul class=\"findings\">\n",
                       part->slots[RKMQ_PART_LABEL].n > 0 ? ", " : "", look->text);
    rkmq__bytes_add_slice(out, slot(part, RKMQ_PART_HTML_FINDINGS));
    rkmq__bytes_add_text(out, "</ul>\n");
    if (part->slots[RKMQ_PART_RERUN].n > 0) {
        rkmq__bytes_add_text(out, "<p class=\"rerun\">rerun: <code>");
        rkmq__xml_text(out, slot(part, RKMQ_PART_RERUN));
        rkmq__bytes_add_text(out, "</code></p>\n");
    }
    rkmq__bytes_add_text(out, "</article>\n");
}

static void put_told(struct html *h, const struct rkmq_part *part, unsigned number)
{
    bool is_ok = rkmq__outcome_is_ok(part->facts.outcome);
    if (room_take(&h->of_told[is_ok ? OF_GOOD : OF_BAD], slot(part, RKMQ_PART_HTML_FINDINGS).n,
                  RKMQ_HTML_TOLD_MAX, RKMQ_HTML_TOLD_BYTES_MAX)) {
        int where = told_of(h, is_ok);
        h->n_told[where]++;
        put_article(&h->told[where], part, number);
    }
}

static void put_kept(struct html *h, const struct rkmq_part *part, unsigned number)
{
    struct room *room = &h->of_kept[rkmq__outcome_is_ok(part->facts.outcome) ? OF_GOOD : OF_BAD];
    struct rkmq_slice details = slot(part, RKMQ_PART_HTML_DETAILS);
    struct rkmq_slice picture = slot(part, RKMQ_PART_SVG);
    if (details.n > 0 &&
        room_take(room, details.n + picture.n, RKMQ_HTML_KEPT_MAX, RKMQ_HTML_KEPT_BYTES_MAX)) {
        rkmq__bytes_printf(&h->kept, "<script type=\"application/json\" id=\"details-%u\">",
                           number);
        rkmq__bytes_add_slice(&h->kept, details);
        rkmq__bytes_printf(&h->kept, "</script>\n<script type=\"image/svg+xml\" id=\"picture-%u\">",
                           number);
        rkmq__bytes_add_slice(&h->kept, picture);
        rkmq__bytes_add_text(&h->kept, "</script>\n");
    }
}

static void html_add(struct rkmq_report *r, const struct rkmq_part *part)
{
    struct html *h = r->state;
    if (!h->has_row ||
        !rkmq__slice_equal(slot(part, RKMQ_PART_SCENARIO), rkmq__bytes_slice(&h->scenario))) {
        row_begin(h, part);
    }
    h->n_of[part->facts.outcome]++;
    h->took_us += part->facts.took_us;
    put_cell(h, part, r->n_parts);
    put_facts(h, part, r->n_parts);
    if (part->slots[RKMQ_PART_HTML_FINDINGS].n > 0) {
        put_told(h, part, r->n_parts);
    }
    put_kept(h, part, r->n_parts);
}

/* ---- the page ---- */

static unsigned n_not_ok(const struct html *h)
{
    unsigned n = 0;
    for (int i = 0; i < RKMQ_OUTCOME_COUNT; i++) {
        n += rkmq__outcome_is_ok((enum rkmq_outcome)i) ? 0 : h->n_of[i];
    }
    return n;
}

static void put_headline(struct rkmq_report *r)
{
    const struct html *h = r->state;
    unsigned n_bad = n_not_ok(h), n_played = r->n_parts - h->n_of[RKMQ_OUTCOME_SKIPPED];
    if (n_played == 0) {
        rkmq__report_puts(r, "Nothing was played");
    } else if (n_bad > 0) {
        rkmq__report_printf(r, "%u of %u %s did not pass", n_bad, n_played,
                            n_played == 1 ? "run" : "runs");
    } else {
        rkmq__report_printf(r, n_played == 1 ? "The run passed" : "All %u runs passed", n_played);
    }
}

static void put_totals(struct rkmq_report *r)
{
    static const bool is_always[RKMQ_OUTCOME_COUNT] = {[RKMQ_OUTCOME_PASS] = true,
                                                       [RKMQ_OUTCOME_FAIL] = true,
                                                       [RKMQ_OUTCOME_UNKNOWN] = true,
                                                       [RKMQ_OUTCOME_SKIPPED] = true};
    const struct html *h = r->state;
    for (int i = 0; i < RKMQ_OUTCOME_COUNT; i++) {
        if (h->n_of[i] > 0 || is_always[i]) {
            rkmq__report_printf(r,
                                "<li class=\"%s\" data-outcome=\"%s\"><span class=\"mark %s\" "
                                "aria-hidden=\"true\">%s</span> <b>%u</b> %s</li>\n",
                                h->n_of[i] > 0 ? "some" : "none", looks[i].class, looks[i].class,
                                looks[i].mark, h->n_of[i], looks[i].text);
        }
    }
}

static void put_text(struct rkmq_report *r, const char *text)
{
    struct rkmq_bytes out;
    rkmq__bytes_init(&out, r->mem);
    rkmq__xml_text(&out, rkmq__slice_of(text ? text : ""));
    r->is_failed = r->is_failed || out.is_failed;
    rkmq__report_put(r, rkmq__bytes_slice(&out));
    rkmq__bytes_close(&out);
}

static void put_campaign(struct rkmq_report *r)
{
    const struct html *h = r->state;
    const char *ground = r->options->ground ? r->options->ground : "";
    rkmq__report_printf(r, "<p>%u %s on ", r->n_parts, r->n_parts == 1 ? "run" : "runs");
    put_text(r, ground);
    rkmq__report_puts(r, strcmp(ground, "sim") == 0   ? " (virtual time)"
                         : strcmp(ground, "tcp") == 0 ? " (real time, loopback)"
                                                      : "");
    rkmq__report_printf(r, ", %.1f s of work.</p>\n<p class=\"rerun\">rerun: <code>",
                        (double)h->took_us / 1e6);
    put_text(r, r->options->command);
    rkmq__report_puts(r, "</code></p>\n");
}

static void put_left_out(struct rkmq_report *r, const struct room *room, const char *of)
{
    if (room->n_left_out > 0) {
        rkmq__report_printf(r,
                            "<p class=\"note\">%zu more %s, not told here: a page has room for "
                            "%zu. TAP and JUnit tell all.</p>\n",
                            room->n_left_out, of, room->n);
    }
}

/* Behind a click: `n` runs that are told in `bytes`. */
static void put_more(struct rkmq_report *r, const char *what, unsigned n,
                     const struct rkmq_bytes *bytes)
{
    if (n > 0) {
        rkmq__report_printf(r, "<details class=\"more\"><summary>%u %s%s</summary>\n", n, what,
                            n == 1 ? "run" : "runs");
        rkmq__report_put(r, rkmq__bytes_slice(bytes));
        rkmq__report_puts(r, "</details>\n");
    }
}

static void put_told_of_bad(struct rkmq_report *r)
{
    const struct html *h = r->state;
    if (h->of_told[OF_BAD].n > 0) {
        rkmq__report_puts(r, "<section id=\"failures\"><h2>What did not pass</h2>\n");
        rkmq__report_put(r, rkmq__bytes_slice(&h->told[TOLD_AT_ONCE]));
        put_more(r, "more ", h->n_told[TOLD_MORE], &h->told[TOLD_MORE]);
        put_left_out(r, &h->of_told[OF_BAD], "runs did not pass");
        rkmq__report_puts(r, "</section>\n");
    }
}

static void put_told_of_good(struct rkmq_report *r)
{
    const struct html *h = r->state;
    if (h->of_told[OF_GOOD].n > 0) {
        rkmq__report_puts(r, "<section><h2>What passed, but not strictly</h2>\n"
                             "<p class=\"note\">A SHOULD does not hold there.</p>\n");
        put_more(r, "", h->n_told[TOLD_GOOD], &h->told[TOLD_GOOD]);
        put_left_out(r, &h->of_told[OF_GOOD], "runs passed like that");
        rkmq__report_puts(r, "</section>\n");
    }
}

/* Where rows are long, titles stand below names. */
static void put_grid(struct rkmq_report *r)
{
    const struct html *h = r->state;
    rkmq__report_printf(r, "<tbody class=\"%s\">\n",
                        h->n_cells_most > RKMQ_HTML_ROW_SHORT ? "long" : "short");
    rkmq__report_put(r, rkmq__bytes_slice(&h->grid));
    rkmq__report_puts(r, "</tbody>\n");
}

static void put_data(struct rkmq_report *r)
{
    struct html *h = r->state;
    struct rkmq_bytes out;
    rkmq__bytes_init(&out, r->mem);
    rkmq__html_json_add(&out, rkmq__bytes_slice(&h->runs));
    r->is_failed = r->is_failed || out.is_failed;
    rkmq__report_puts(r, "<script type=\"application/json\" id=\"campaign\">");
    rkmq__report_put(r, rkmq__bytes_slice(&out));
    rkmq__report_puts(r, "</script>\n");
    rkmq__report_put(r, rkmq__bytes_slice(&h->kept));
    rkmq__bytes_close(&out);
}

static void put_style(struct rkmq_report *r)
{
    rkmq__report_put(r, rkmq__slice(rkmq__html_page_css, rkmq__html_page_css_bytes));
}

static void put_script(struct rkmq_report *r)
{
    rkmq__report_put(r, rkmq__slice(rkmq__html_page_js, rkmq__html_page_js_bytes));
    rkmq__report_put(r, rkmq__slice(rkmq__html_run_js, rkmq__html_run_js_bytes));
    rkmq__report_put(r, rkmq__slice(rkmq__html_time_js, rkmq__html_time_js_bytes));
    rkmq__report_put(r, rkmq__slice(rkmq__html_events_js, rkmq__html_events_js_bytes));
}

/* What stands where page.html says @@name@@. */
static const struct {
    const char *name;
    void (*put)(struct rkmq_report *r);
} fillings[] = {
    {"headline", put_headline}, {"totals", put_totals},     {"campaign", put_campaign},
    {"bad", put_told_of_bad},   {"good", put_told_of_good}, {"grid", put_grid},
    {"data", put_data},         {"style", put_style},       {"script", put_script},
};

static void put_filling(struct rkmq_report *r, struct rkmq_slice name)
{
    size_t i = 0;
    while (i < RKMQ_COUNT_OF(fillings) &&
           !rkmq__slice_equal(name, rkmq__slice_of(fillings[i].name))) {
        i++;
    }
    RKMQ_ASSERT(i < RKMQ_COUNT_OF(fillings));
    fillings[i].put(r);
}

/* Texts and names of fillings take turns between the marks. */
static void put_page(struct rkmq_report *r)
{
    struct rkmq_slice rest = rkmq__slice(rkmq__html_page_html, rkmq__html_page_html_bytes);
    bool is_name = false;
    while (rest.n > 0) {
        const uint8_t *mark = memmem(rest.p, rest.n, "@@", 2);
        size_t n = mark ? (size_t)(mark - rest.p) : rest.n;
        if (is_name) {
            put_filling(r, rkmq__slice(rest.p, n));
        } else {
            rkmq__report_put(r, rkmq__slice(rest.p, n));
        }
        n += mark ? 2 : 0;
        rest = rkmq__slice(rest.p + n, rest.n - n);
        is_name = !is_name;
    }
}

static void html_end(struct rkmq_report *r)
{
    struct html *h = r->state;
    struct rkmq_bytes *all[BYTES_COUNT];
    bytes_of(h, all);
    row_end(h);
    rkmq__json_array_end(&h->json);
    put_page(r);
    for (size_t i = 0; i < BYTES_COUNT; i++) {
        r->is_failed = r->is_failed || all[i]->is_failed;
        rkmq__bytes_close(all[i]);
    }
}

const struct rkmq_report_kind rkmq__report_html = {
    .slots = RKMQ_PART_BIT(RKMQ_PART_TITLE) | RKMQ_PART_BIT(RKMQ_PART_RERUN) |
             RKMQ_PART_BIT(RKMQ_PART_TAP) | RKMQ_PART_BIT(RKMQ_PART_SVG) |
             RKMQ_PART_BIT(RKMQ_PART_HTML_FINDINGS) | RKMQ_PART_BIT(RKMQ_PART_HTML_DETAILS),
    .state_bytes = sizeof(struct html),
    .begin = html_begin,
    .add = html_add,
    .end = html_end};
