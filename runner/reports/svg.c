/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline as an SVG picture that stands alone: styles, dark and light, are in it. From top to
 * bottom: title, legend, labels of what the script did, members, conditions of the cluster, queues,
 * the axis. Positions are in user units, which are CSS pixels at the natural size.
 */
#include <inttypes.h>

#include "remoting/base/text.h"
#include "runner/reports/kinds.h"
#include "runner/reports/timeline.h"

#define PICTURE_WIDTH 1200
#define MARGIN 16
#define LABEL_WIDTH_MAX 230
#define LANE_HEIGHT 20
#define LANE_STEP 25
#define HEADING_STEP 30
#define TAG_STEP 18 /* rows of labels of moments */
#define TAG_ROWS_MAX 7
#define CHAR_WIDTH 6.9 /* of 12 px text: more than most fonts need */
#define MIN_WIDTH 1.5  /* so that what is short can be seen */
#define TICKS_WANTED 10
#define COLORS 8
#define NAME_CHARS_MAX 32

struct picture {
    const struct rkmq_timeline *tl;
    const struct rkmq_report_run *run;
    struct rkmq_bytes *out;
    double left, right; /* of the plot */
    double y;           /* where the next thing goes */
    double plot_top;
    unsigned n_tags_left_out;
};

static const char style[] =
    "<style>\n"
    ".rkmq-tl{--bg:#ffffff;--ink:#1b2230;--soft:#5a6475;--grid:#e3e7ee;--lane:#f3f5f9;"
    "--bad:#d11f2f;--badsoft:#fde3e5;--fault:#b4530a;--faultsoft:#fbe3cd;--step:#7a8596;"
    "--mark:#5b3df0;--c0:#2563eb;--c1:#c2410c;--c2:#0f766e;--c3:#a21caf;--c4:#4d7c0f;"
    "--c5:#6d28d9;--c6:#57534e;--c7:#9d174d;--onc:#ffffff;"
    "font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "@media (prefers-color-scheme:dark){.rkmq-tl{--bg:#10141c;--ink:#e7ebf3;--soft:#a3adbf;"
    "--grid:#2a3241;--lane:#181e29;--bad:#ff6b74;--badsoft:#4a1f27;--fault:#fdae61;"
    "--faultsoft:#4a3216;--step:#8793a8;--mark:#a996ff;--c0:#7dabff;--c1:#fb9a5b;--c2:#4fd1bf;"
    "--c3:#e58bf0;--c4:#a9d354;--c5:#b79cff;--c6:#c3bdb6;--c7:#ff9cc2;--onc:#10141c}}\n"
    ".rkmq-tl text{fill:var(--ink)}.rkmq-tl .soft{fill:var(--soft)}"
    ".rkmq-tl .title{font-size:16px;font-weight:600}.rkmq-tl .head{font-weight:600}"
    ".rkmq-tl .bg{fill:var(--bg)}.rkmq-tl .lane{fill:var(--lane)}"
    ".rkmq-tl .grid{stroke:var(--grid)}.rkmq-tl .step{stroke:var(--step)}"
    ".rkmq-tl .mark{stroke:var(--mark);stroke-dasharray:5 3}"
    ".rkmq-tl .fault{stroke:var(--fault);stroke-dasharray:2 2}"
    ".rkmq-tl .healed{stroke:var(--c2);stroke-dasharray:8 3}"
    ".rkmq-tl text.mark{fill:var(--mark);stroke:none}"
    ".rkmq-tl text.fault{fill:var(--fault);stroke:none}"
    ".rkmq-tl text.healed{fill:var(--c2);stroke:none}.rkmq-tl text.step{stroke:none}"
    ".rkmq-tl .tag{fill:var(--bg);opacity:.9}"
    ".rkmq-tl .on{fill:var(--onc);font-size:11px;font-weight:600}"
    ".rkmq-tl .band{fill:var(--faultsoft);stroke:var(--fault);stroke-width:.75}"
    ".rkmq-tl .tick{stroke:var(--fault);stroke-width:1.5}"
    ".rkmq-tl .orphan{fill:var(--badsoft);stroke:var(--bad);stroke-dasharray:3 2}"
    ".rkmq-tl .overlap{fill:none;stroke:var(--bad);stroke-width:2}"
    ".rkmq-tl .crash{stroke:var(--bad);stroke-width:2.5}"
    ".rkmq-tl .c0{fill:var(--c0)}.rkmq-tl .c1{fill:var(--c1)}.rkmq-tl .c2{fill:var(--c2)}"
    ".rkmq-tl .c3{fill:var(--c3)}.rkmq-tl .c4{fill:var(--c4)}.rkmq-tl .c5{fill:var(--c5)}"
    ".rkmq-tl .c6{fill:var(--c6)}.rkmq-tl .c7{fill:var(--c7)}\n"
    "</style>\n";

/* ---- small things ---- */

static double x_of(const struct picture *p, rkmq_us at)
{
    return p->left + (p->right - p->left) * ((double)at / (double)p->tl->end_at);
}

/* How wide a text is at most, from its characters. */
static double width_of(struct rkmq_slice text)
{
    double n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t bytes = rkmq__utf8_sequence(text.p + i, text.n - i);
        n += bytes > 2 ? 2 : 1; /* wide scripts */
        i += bytes > 0 ? bytes : 1;
    }
    return n * CHAR_WIDTH;
}

/* At most NAME_CHARS_MAX bytes of a name, cut between characters. */
static struct rkmq_slice shortened(struct rkmq_slice name)
{
    size_t n = 0;
    while (n < name.n) {
        size_t bytes = rkmq__utf8_sequence(name.p + n, name.n - n);
        bytes = bytes > 0 ? bytes : 1;
        if (n + bytes > NAME_CHARS_MAX) {
            break;
        }
        n += bytes;
    }
    return rkmq__slice(name.p, n);
}

static void put(struct picture *p, const char *text)
{
    rkmq__bytes_add_text(p->out, text);
}

static void put_name(struct picture *p, struct rkmq_slice name)
{
    struct rkmq_slice shown = shortened(name);
    rkmq__xml_text(p->out, shown);
    put(p, shown.n < name.n ? "\xE2\x80\xA6" : "");
}

/* "12.3 s", "250 ms" */
static void put_time(struct picture *p, rkmq_us at)
{
    if (at < 1000000 && at % 1000000 != 0) {
        rkmq__bytes_printf(p->out, "%.3g ms", (double)at / 1e3);
    } else {
        rkmq__bytes_printf(p->out, "%.10g s", (double)(at / 1000) / 1e3);
    }
}

static void put_rect(struct picture *p, const char *classes, double x, double y, double width,
                     double height)
{
    rkmq__bytes_printf(p->out,
                       "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\""
                       " rx=\"2\">",
                       classes, x, y, width < MIN_WIDTH ? MIN_WIDTH : width, height);
}

static void put_span_title(struct picture *p, rkmq_us from, rkmq_us until)
{
    put(p, " ");
    put_time(p, from);
    put(p, " to ");
    put_time(p, until);
}

static void put_line(struct picture *p, const char *classes, double x, double top, double bottom)
{
    rkmq__bytes_printf(p->out,
                       "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\">",
                       classes, x, x, top, bottom);
}

static void lane_label(struct picture *p, const char *prefix, struct rkmq_slice name)
{
    rkmq__bytes_printf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s", p->left - 8,
                       p->y + LANE_HEIGHT - 6, prefix);
    put_name(p, name);
    put(p, "</text>\n");
    put_rect(p, "lane", p->left, p->y, p->right - p->left, LANE_HEIGHT);
    put(p, "</rect>\n");
}

static void heading(struct picture *p, const char *what, struct rkmq_slice a, const char *between,
                    struct rkmq_slice b)
{
    rkmq__bytes_printf(p->out, "<text class=\"head\" x=\"%d\" y=\"%.1f\">%s", MARGIN,
                       p->y + HEADING_STEP - 10, what);
    put_name(p, a);
    put(p, between);
    put_name(p, b);
    put(p, "</text>\n");
    p->y += HEADING_STEP;
}

/* ---- title and legend ---- */

struct legend_item {
    const char *classes, *text;
    bool is_line;
};

static void put_legend(struct picture *p)
{
    static const struct legend_item items[] = {
        {"c0", "owned, one colour a member", false},
        {"overlap", "more than one owner", false},
        {"orphan", "no owner", false},
        {"step", "step", true},
        {"mark", "mark", true},
        {"fault", "fault takes effect", true},
        {"healed", "all faults end", true},
    };
    double x = MARGIN;
    for (size_t i = 0; i < RKMQ_COUNT_OF(items); i++) {
        double icon = items[i].is_line ? 12 : 34;
        double width = icon + width_of(rkmq__slice_of(items[i].text)) + 14;
        if (x + width > PICTURE_WIDTH - MARGIN) {
            x = MARGIN;
            p->y += 20;
        }
        if (items[i].is_line) {
            put_line(p, items[i].classes, x + 5, p->y, p->y + 14);
            put(p, "</line>");
        } else {
            put_rect(p, items[i].classes, x, p->y + 1, 26, 12);
            put(p, "</rect>");
        }
        rkmq__bytes_printf(p->out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                           x + icon, p->y + 11, items[i].text);
        x += width;
    }
    p->y += 28;
}

static void put_title(struct picture *p)
{
    const struct rkmq_scenario *sc = p->tl->sc;
    const struct rkmq_run_result *result = p->run->result;
    rkmq__bytes_printf(p->out, "<text class=\"title\" x=\"%d\" y=\"30\">", MARGIN);
    rkmq__xml_text(p->out, sc->name);
    rkmq__bytes_printf(p->out, "</text>\n<text class=\"soft\" x=\"%d\" y=\"50\">seed %" PRIu64,
                       MARGIN, p->run->seed);
    if (sc->variant > 0) {
        put(p, ", ");
        put_name(p, sc->variant_text);
    }
    rkmq__bytes_printf(p->out, ", %s, %zu events in ",
                       result->is_harness_failure ? "harness" : rkmq__verdict_name(result->verdict),
                       result->n_events);
    put_time(p, p->tl->end_at);
    put(p, "</text>\n");
    p->y = 66;
}

/* ---- moments: vertical lines with labels that do not overlap ---- */

static const char *class_of(enum rkmq_moment_kind kind)
{
    static const char *const classes[] = {[RKMQ_TIMELINE_STEP] = "step",
                                          [RKMQ_TIMELINE_MARK] = "mark",
                                          [RKMQ_TIMELINE_FAULT] = "fault",
                                          [RKMQ_TIMELINE_HEALED] = "healed"};
    return classes[kind];
}

static void moment_name(const struct rkmq_timeline_moment *moment, char out[NAME_CHARS_MAX + 8],
                        struct rkmq_slice *name)
{
    *name = moment->name;
    if (moment->kind == RKMQ_TIMELINE_HEALED) {
        *name = RKMQ_SLICE("faults end");
    } else if (moment->name.n == 0) {
        (void)snprintf(out, NAME_CHARS_MAX + 8, "step %ld", (long)moment->index + 1);
        *name = rkmq__slice_of(out);
    }
}

struct tag_rows { /* how far each row is taken */
    double until[TAG_ROWS_MAX];
    int n_used;
};

/* The row that has room from `x` on; -1: none. */
static int tag_row(struct tag_rows *rows, double x, double width)
{
    for (int i = 0; i < TAG_ROWS_MAX; i++) {
        if (rows->until[i] <= x) {
            rows->until[i] = x + width;
            rows->n_used = i + 1 > rows->n_used ? i + 1 : rows->n_used;
            return i;
        }
    }
    return -1;
}

struct tag {
    const struct rkmq_timeline_moment *moment;
    double x, text_x, width;
    int row; /* -1: no room for its label */
};

static void tag_place(const struct picture *p, struct tag *tag, struct tag_rows *rows)
{
    char buffer[NAME_CHARS_MAX + 8];
    struct rkmq_slice name;
    moment_name(tag->moment, buffer, &name);
    tag->x = x_of(p, tag->moment->at);
    tag->width = width_of(shortened(name)) + (shortened(name).n < name.n ? CHAR_WIDTH : 0) + 8;
    tag->text_x = tag->x + 3;
    if (tag->text_x + tag->width > PICTURE_WIDTH - 4) { /* to the left of its line */
        tag->text_x = tag->x - 3 - tag->width;
    }
    tag->row = tag_row(rows, tag->text_x < tag->x ? tag->text_x : tag->x, tag->width + 3);
}

static void tag_draw(struct picture *p, const struct tag *tag, double top, double bottom,
                     bool is_text)
{
    char buffer[NAME_CHARS_MAX + 8];
    struct rkmq_slice name;
    double y = top + (tag->row < 0 ? TAG_ROWS_MAX : tag->row) * TAG_STEP;
    moment_name(tag->moment, buffer, &name);
    if (!is_text) {
        put_line(p, class_of(tag->moment->kind), tag->x, y, bottom);
        rkmq__bytes_printf(p->out, "<title>%s ", class_of(tag->moment->kind));
        rkmq__xml_text(p->out, name);
        put(p, " at ");
        put_time(p, tag->moment->at);
        put(p, "</title></line>\n");
    } else if (tag->row >= 0) {
        put_rect(p, "tag", tag->text_x, y, tag->width, TAG_STEP - 3);
        bool is_left = tag->text_x < tag->x;
        rkmq__bytes_printf(p->out,
                           "</rect><text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                           class_of(tag->moment->kind), is_left ? tag->x - 6 : tag->text_x + 3,
                           y + 11.5, is_left ? "end" : "start");
        put_name(p, name);
        put(p, "</text>\n");
    }
}

/* Places all; `tags` has room for every moment. Returns the rows that are used. */
static int tags_place(struct picture *p, struct tag *tags, size_t n)
{
    struct tag_rows rows = {.n_used = 0};
    for (size_t i = 0; i < n; i++) {
        tags[i].moment = RKMQ_TIMELINE_AT(p->tl->moments, struct rkmq_timeline_moment, i);
        tag_place(p, &tags[i], &rows);
        p->n_tags_left_out += tags[i].row < 0;
    }
    return rows.n_used;
}

/* ---- members and conditions ---- */

static unsigned color_of(const struct picture *p, int32_t actor)
{
    int member = rkmq__timeline_member(p->tl, actor);
    return member < 0 ? 0 : (unsigned)member % COLORS;
}

static void bar(struct picture *p, unsigned color, struct rkmq_slice name, rkmq_us from,
                rkmq_us until, double y, double height)
{
    char classes[8];
    double x = x_of(p, from), width = x_of(p, until) - x;
    (void)snprintf(classes, sizeof classes, "c%u", color);
    put_rect(p, classes, x, y, width, height);
    put(p, "<title>");
    rkmq__xml_text(p->out, name);
    put_span_title(p, from, until);
    put(p, "</title></rect>");
    if (height > 13 && width > width_of(name) + 10) {
        rkmq__bytes_printf(p->out, "<text class=\"on\" x=\"%.1f\" y=\"%.1f\">", x + 5,
                           y + height / 2 + 4);
        rkmq__xml_text(p->out, name);
        put(p, "</text>");
    }
    put(p, "\n");
}

static void put_members(struct picture *p)
{
    const struct rkmq_timeline *tl = p->tl;
    heading(p, "Members", (struct rkmq_slice){0}, "", (struct rkmq_slice){0});
    for (size_t i = 0; i < tl->n_members; i++) {
        lane_label(p, "", tl->members[i].name);
        for (size_t k = 0; k < RKMQ_TIMELINE_COUNT(tl->runs, struct rkmq_timeline_span); k++) {
            const struct rkmq_timeline_span *span =
                RKMQ_TIMELINE_AT(tl->runs, struct rkmq_timeline_span, k);
            if (span->of == i) {
                bar(p, (unsigned)i % COLORS, tl->members[i].name, span->from, span->until, p->y,
                    LANE_HEIGHT);
            }
            if (span->of == i && span->is_crash) {
                put_line(p, "crash", x_of(p, span->until), p->y - 2, p->y + LANE_HEIGHT + 2);
                put(p, "<title>crash</title></line>\n");
            }
        }
        p->y += LANE_STEP;
    }
}

static void put_band(struct picture *p, size_t index, const struct rkmq_timeline_band *band)
{
    static const char *const prefixes[] = {
        [RKMQ_BAND_FAULT] = "fault ", [RKMQ_BAND_LINK] = "net ", [RKMQ_BAND_SERVER] = "down "};
    const struct rkmq_bytes *spans = &p->tl->conditions;
    lane_label(p, prefixes[band->kind], band->name);
    for (size_t k = 0; k < RKMQ_TIMELINE_COUNT(*spans, struct rkmq_timeline_span); k++) {
        const struct rkmq_timeline_span *span =
            RKMQ_TIMELINE_AT(*spans, struct rkmq_timeline_span, k);
        if (span->of == index) {
            double x = x_of(p, span->from);
            put_rect(p, "band", x, p->y + 2, x_of(p, span->until) - x, LANE_HEIGHT - 4);
            put(p, "<title>");
            rkmq__xml_text(p->out, band->name);
            put_span_title(p, span->from, span->until);
            put(p, "</title></rect>\n");
        }
    }
    for (size_t k = 0; k < band->n_ticks; k++) {
        put_line(p, "tick", x_of(p, band->ticks[k]), p->y + 4, p->y + LANE_HEIGHT - 4);
        put(p, "</line>");
    }
    put(p, "\n");
    p->y += LANE_STEP;
}

static void put_bands(struct picture *p)
{
    size_t n = RKMQ_TIMELINE_COUNT(p->tl->bands, struct rkmq_timeline_band);
    if (n > 0) {
        heading(p, "Faults and outages", (struct rkmq_slice){0}, "", (struct rkmq_slice){0});
    }
    for (size_t i = 0; i < n; i++) {
        put_band(p, i, RKMQ_TIMELINE_AT(p->tl->bands, struct rkmq_timeline_band, i));
    }
}

/* ---- queues ---- */

static bool is_owner(const struct rkmq_owners *owners, int32_t actor)
{
    return (owners->bits[actor / 64] >> (actor % 64) & 1) != 0;
}

static void put_owners(struct picture *p, const struct rkmq_timeline_segment *segment)
{
    const struct rkmq_timeline *tl = p->tl;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < tl->n_members; i++) {
        n += is_owner(&segment->owners, tl->members[i].actor);
    }
    double height = (double)LANE_HEIGHT / (double)(n > 0 ? n : 1);
    for (size_t i = 0; i < tl->n_members; i++) {
        if (is_owner(&segment->owners, tl->members[i].actor)) {
            bar(p, color_of(p, tl->members[i].actor), tl->members[i].name, segment->from,
                segment->until, p->y + (double)at * height, height);
            at++;
        }
    }
}

static void put_trouble(struct picture *p, const struct rkmq_timeline_segment *segment)
{
    bool is_overlap = segment->kind == RKMQ_SEGMENT_OVERLAP;
    double x = x_of(p, segment->from);
    double width = x_of(p, segment->until) - x;
    put_rect(p, is_overlap ? "overlap" : "orphan", x, p->y + (is_overlap ? 0 : 1),
             width < 2 * MIN_WIDTH ? 2 * MIN_WIDTH : width, LANE_HEIGHT - (is_overlap ? 0 : 2));
    put(p, is_overlap ? "<title>more than one owner" : "<title>no owner");
    put_span_title(p, segment->from, segment->until);
    put(p, "</title></rect>\n");
}

static void put_lane(struct picture *p, size_t index)
{
    const struct rkmq_bytes *segments = &p->tl->segments;
    size_t n = RKMQ_TIMELINE_COUNT(*segments, struct rkmq_timeline_segment);
    for (int is_trouble = 0; is_trouble < 2; is_trouble++) { /* trouble above all */
        for (size_t k = 0; k < n; k++) {
            const struct rkmq_timeline_segment *segment =
                RKMQ_TIMELINE_AT(*segments, struct rkmq_timeline_segment, k);
            if (segment->lane == index && is_trouble && segment->kind != RKMQ_SEGMENT_OWNED) {
                put_trouble(p, segment);
            } else if (segment->lane == index && !is_trouble) {
                put_owners(p, segment);
            }
        }
    }
    p->y += LANE_STEP;
}

/* "broker-a/3" */
static void lane_name(const struct rkmq_timeline *tl, const struct rkmq_timeline_lane *lane,
                      char *out, size_t n)
{
    struct rkmq_slice broker = rkmq__scenario_word(tl->sc, tl->sc->brokers[lane->broker].name);
    (void)snprintf(out, n, "%.*s/%ld", RKMQ_SLICE_ARG(broker), (long)lane->queue_id);
}

static void put_queues(struct picture *p)
{
    const struct rkmq_timeline *tl = p->tl;
    const struct rkmq_scenario *sc = tl->sc;
    for (size_t i = 0; i < tl->n_lanes; i++) {
        const struct rkmq_timeline_lane *lane = &tl->lanes[i];
        char name[RKMQ_SCENARIO_NAME_BYTES_MAX + 24];
        if (i == 0 || lane->group != lane[-1].group || lane->topic != lane[-1].topic) {
            heading(p, "Queues of ", rkmq__scenario_word(sc, sc->topics[lane->topic].name),
                    ", group ", rkmq__scenario_word(sc, sc->groups[lane->group]));
        }
        lane_name(tl, lane, name, sizeof name);
        lane_label(p, "", rkmq__slice_of(name));
        put_lane(p, i);
    }
}

/* ---- the axis ---- */

static rkmq_us tick_step(rkmq_us end_at)
{
    rkmq_us step = 1;
    while (step * TICKS_WANTED < end_at) { /* 1, 2, 5, 10, 20 ... */
        rkmq_us lead = step;
        while (lead >= 10) {
            lead /= 10;
        }
        step = lead == 2 ? step / 2 * 5 : step * 2;
    }
    return step;
}

static void put_grid(struct picture *p, double bottom)
{
    rkmq_us step = tick_step(p->tl->end_at);
    for (rkmq_us at = 0; at <= p->tl->end_at; at += step) {
        put_line(p, "grid", x_of(p, at), p->plot_top, bottom);
        rkmq__bytes_printf(p->out,
                           "</line><text class=\"soft\" x=\"%.1f\" y=\"%.1f\""
                           " text-anchor=\"middle\">",
                           x_of(p, at), bottom + 16);
        put_time(p, at);
        put(p, "</text>\n");
    }
}

static void put_notes(struct picture *p)
{
    const struct rkmq_timeline *tl = p->tl;
    rkmq__bytes_printf(p->out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\">", MARGIN, p->y + 12);
    put(p, tl->is_by_pulls ? "Owners are read from pulls: the log has no other evidence. " : "");
    if (p->n_tags_left_out > 0) {
        rkmq__bytes_printf(p->out, "%u labels found no room. ", p->n_tags_left_out);
    }
    if (tl->n_lanes_left_out > 0) {
        rkmq__bytes_printf(p->out, "%zu more queues are not shown. ", tl->n_lanes_left_out);
    }
    put(p, tl->is_cut ? "There was more than fits; see runner/reports/timeline.h." : "");
    put(p, "</text>\n");
    p->y += 18;
}

/* ---- the whole ---- */

static double wider(double a, double b)
{
    return a > b ? a : b;
}

/* Labels and headings stand left of the plot, so that no line goes through them. */
static double label_width(const struct rkmq_timeline *tl)
{
    const struct rkmq_scenario *sc = tl->sc;
    double most = width_of(RKMQ_SLICE("Faults and outages"));
    for (size_t i = 0; i < tl->n_members; i++) {
        most = wider(most, width_of(shortened(tl->members[i].name)));
    }
    for (size_t i = 0; i < RKMQ_TIMELINE_COUNT(tl->bands, struct rkmq_timeline_band); i++) {
        const struct rkmq_timeline_band *band =
            RKMQ_TIMELINE_AT(tl->bands, struct rkmq_timeline_band, i);
        most = wider(most, width_of(shortened(band->name)) + 7 * CHAR_WIDTH);
    }
    for (size_t i = 0; i < tl->n_lanes; i++) {
        char name[RKMQ_SCENARIO_NAME_BYTES_MAX + 24];
        struct rkmq_slice topic = rkmq__scenario_word(sc, sc->topics[tl->lanes[i].topic].name);
        struct rkmq_slice group = rkmq__scenario_word(sc, sc->groups[tl->lanes[i].group]);
        lane_name(tl, &tl->lanes[i], name, sizeof name);
        most = wider(most, width_of(shortened(rkmq__slice_of(name))));
        most =
            wider(most, width_of(shortened(topic)) + width_of(shortened(group)) + 20 * CHAR_WIDTH);
    }
    return most > LABEL_WIDTH_MAX ? LABEL_WIDTH_MAX : most;
}

/* How much room members, bands and queues take. */
static double plot_height(const struct rkmq_timeline *tl)
{
    size_t n_bands = RKMQ_TIMELINE_COUNT(tl->bands, struct rkmq_timeline_band);
    size_t n_headings = 1 + (n_bands > 0);
    for (size_t i = 0; i < tl->n_lanes; i++) {
        const struct rkmq_timeline_lane *lane = &tl->lanes[i];
        n_headings += i == 0 || lane->group != lane[-1].group || lane->topic != lane[-1].topic;
    }
    return (double)(n_headings * HEADING_STEP +
                    (n_bands + tl->n_members + tl->n_lanes) * LANE_STEP);
}

static void draw(struct picture *p, struct tag *tags)
{
    size_t n = RKMQ_TIMELINE_COUNT(p->tl->moments, struct rkmq_timeline_moment);
    put_title(p);
    put_legend(p);
    double tags_top = p->y;
    p->plot_top = tags_top + tags_place(p, tags, n) * TAG_STEP;
    double bottom = p->plot_top + plot_height(p->tl) + 4;
    put_grid(p, bottom);
    p->y = p->plot_top;
    put_members(p);
    put_bands(p);
    put_queues(p);
    for (size_t i = 0; i < n; i++) {
        tag_draw(p, &tags[i], tags_top, bottom, false);
    }
    for (size_t i = 0; i < n; i++) {
        tag_draw(p, &tags[i], tags_top, bottom, true);
    }
    p->y = bottom + 24;
    put_notes(p);
}

/* The height is known last: the body is drawn first, then put behind its head. */
static void draw_whole(struct picture *p, struct rkmq_bytes *out)
{
    struct rkmq_bytes body;
    struct tag tags[RKMQ_TIMELINE_MOMENTS_MAX];
    rkmq__bytes_init(&body, out->mem);
    p->out = &body;
    draw(p, tags);
    p->out = out;
    rkmq__bytes_printf(out,
                       "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rkmq-tl\" role=\"img\""
                       " viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\""
                       " data-left=\"%.1f\" data-right=\"%.1f\">\n<title>",
                       PICTURE_WIDTH, p->y + 8, PICTURE_WIDTH, p->y + 8, p->left, p->right);
    put(p, "Owners of queues over time: ");
    rkmq__xml_text(out, p->tl->sc->name);
    put(p, "</title>\n");
    put(p, style);
    put_rect(p, "bg", 0, 0, PICTURE_WIDTH, p->y + 8);
    put(p, "</rect>\n");
    rkmq__bytes_add_slice(out, rkmq__bytes_slice(&body));
    put(p, "</svg>\n");
    out->is_failed = out->is_failed || body.is_failed;
    rkmq__bytes_close(&body);
}

void rkmq__svg_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                      struct rkmq_bytes *out)
{
    struct rkmq_timeline tl;
    (void)outcome;
    if (!run->result) { /* there is nothing to see */
        return;
    }
    if (rkmq__timeline_read(&tl, run->w, out->mem) == RKMQ_OK) {
        struct picture p = {.tl = &tl, .run = run, .right = PICTURE_WIDTH - MARGIN - 14};
        p.left = MARGIN + label_width(&tl) + 10;
        draw_whole(&p, out);
    } else {
        out->is_failed = true;
    }
    rkmq__timeline_close(&tl);
}

/* ---- in the parent: the first run that is not ok, else the last that was played ---- */

struct svg {
    struct rkmq_bytes picture;
    bool is_final;
};

static void svg_begin(struct rkmq_report *r)
{
    struct svg *svg = r->state;
    rkmq__bytes_init(&svg->picture, r->mem);
}

static void svg_add(struct rkmq_report *r, const struct rkmq_part *part)
{
    struct svg *svg = r->state;
    if (!svg->is_final && part->slots[RKMQ_PART_SVG].n > 0) {
        svg->is_final = !rkmq__outcome_is_ok(part->facts.outcome);
        rkmq__bytes_clear(&svg->picture);
        rkmq__bytes_add_slice(&svg->picture, rkmq__bytes_slice(&part->slots[RKMQ_PART_SVG]));
        r->is_failed = r->is_failed || svg->picture.is_failed;
    }
}

static void svg_end(struct rkmq_report *r)
{
    struct svg *svg = r->state;
    if (svg->picture.n == 0) {
        rkmq__report_puts(r, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"300\""
                             " height=\"40\"><text x=\"10\" y=\"25\">nothing was played</text>"
                             "</svg>\n");
    }
    rkmq__report_put(r, rkmq__bytes_slice(&svg->picture));
    rkmq__bytes_close(&svg->picture);
}

const struct rkmq_report_kind rkmq__report_svg = {.slots = RKMQ_PART_BIT(RKMQ_PART_SVG),
                                                  .state_bytes = sizeof(struct svg),
                                                  .begin = svg_begin,
                                                  .add = svg_add,
                                                  .end = svg_end};
