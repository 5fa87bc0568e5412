/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: members, conditions of the cluster, queues; and how much room they take. */
#include "runner/reports/svg.h"

#define LABEL_WIDTH_MAX 230
#define COLORS 8

/* ---- members and conditions ---- */

static unsigned color_of(const struct rkmq_svg *p, int32_t actor)
{
    int member = rkmq__timeline_member(p->tl, actor);
    return member < 0 ? 0 : (unsigned)member % COLORS;
}

static void bar(struct rkmq_svg *p, unsigned color, struct rkmq_slice name, rkmq_us from,
                rkmq_us until, double y, double height)
{
    char classes[8];
    double x = rkmq__svg_x(p, from), width = rkmq__svg_x(p, until) - x;
    (void)snprintf(classes, sizeof classes, "c%u", color);
    rkmq__svg_rect(p, classes, x, y, width, height);
    rkmq__svg_put(p, "<title>");
    rkmq__xml_text(p->out, name);
    rkmq__svg_span(p, from, until);
    rkmq__svg_put(p, "</title></rect>");
    if (height > 13 && width > rkmq__svg_width(name) + 10) {
        rkmq__bytes_printf(p->out, "<text class=\"on\" x=\"%.1f\" y=\"%.1f\">", x + 5,
                           y + height / 2 + 4);
        rkmq__xml_text(p->out, name);
        rkmq__svg_put(p, "</text>");
    }
    rkmq__svg_put(p, "\n");
}

void rkmq__svg_members(struct rkmq_svg *p)
{
    const struct rkmq_timeline *tl = p->tl;
    rkmq__svg_heading(p, "Members", (struct rkmq_slice){0}, "", (struct rkmq_slice){0});
    for (size_t i = 0; i < tl->n_members; i++) {
        rkmq__svg_lane(p, "", tl->members[i].name);
        for (size_t k = 0; k < RKMQ_TIMELINE_COUNT(tl->runs, struct rkmq_timeline_span); k++) {
            const struct rkmq_timeline_span *span =
                RKMQ_TIMELINE_AT(tl->runs, struct rkmq_timeline_span, k);
            if (span->of == i) {
                bar(p, (unsigned)i % COLORS, tl->members[i].name, span->from, span->until, p->y,
                    RKMQ_SVG_LANE_HEIGHT);
            }
            if (span->of == i && span->is_crash) {
                rkmq__svg_line(p, "crash", rkmq__svg_x(p, span->until), p->y - 2,
                               p->y + RKMQ_SVG_LANE_HEIGHT + 2);
                rkmq__svg_put(p, "<title>crash</title></line>\n");
            }
        }
        p->y += RKMQ_SVG_LANE_STEP;
    }
}

static void put_band(struct rkmq_svg *p, size_t index, const struct rkmq_timeline_band *band)
{
    static const char *const prefixes[] = {
        [RKMQ_BAND_FAULT] = "fault ", [RKMQ_BAND_LINK] = "net ", [RKMQ_BAND_SERVER] = "down "};
    const struct rkmq_bytes *spans = &p->tl->conditions;
    rkmq__svg_lane(p, prefixes[band->kind], band->name);
    for (size_t k = 0; k < RKMQ_TIMELINE_COUNT(*spans, struct rkmq_timeline_span); k++) {
        const struct rkmq_timeline_span *span =
            RKMQ_TIMELINE_AT(*spans, struct rkmq_timeline_span, k);
        if (span->of == index) {
            double x = rkmq__svg_x(p, span->from);
            rkmq__svg_rect(p, "band", x, p->y + 2, rkmq__svg_x(p, span->until) - x,
                           RKMQ_SVG_LANE_HEIGHT - 4);
            rkmq__svg_put(p, "<title>");
            rkmq__xml_text(p->out, band->name);
            rkmq__svg_span(p, span->from, span->until);
            rkmq__svg_put(p, "</title></rect>\n");
        }
    }
    for (size_t k = 0; k < band->n_ticks; k++) {
        rkmq__svg_line(p, "tick", rkmq__svg_x(p, band->ticks[k]), p->y + 4,
                       p->y + RKMQ_SVG_LANE_HEIGHT - 4);
        rkmq__svg_put(p, "</line>");
    }
    rkmq__svg_put(p, "\n");
    p->y += RKMQ_SVG_LANE_STEP;
}

void rkmq__svg_bands(struct rkmq_svg *p)
{
    size_t n = RKMQ_TIMELINE_COUNT(p->tl->bands, struct rkmq_timeline_band);
    if (n > 0) {
        rkmq__svg_heading(p, "Faults and outages", (struct rkmq_slice){0}, "",
                          (struct rkmq_slice){0});
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

static void put_owners(struct rkmq_svg *p, const struct rkmq_timeline_segment *segment)
{
    const struct rkmq_timeline *tl = p->tl;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < tl->n_members; i++) {
        n += is_owner(&segment->owners, tl->members[i].actor);
    }
    double height = (double)RKMQ_SVG_LANE_HEIGHT / (double)(n > 0 ? n : 1);
    for (size_t i = 0; i < tl->n_members; i++) {
        if (is_owner(&segment->owners, tl->members[i].actor)) {
            bar(p, color_of(p, tl->members[i].actor), tl->members[i].name, segment->from,
                segment->until, p->y + (double)at * height, height);
            at++;
        }
    }
}

static void put_trouble(struct rkmq_svg *p, const struct rkmq_timeline_segment *segment)
{
    bool is_overlap = segment->kind == RKMQ_SEGMENT_OVERLAP;
    double x = rkmq__svg_x(p, segment->from);
    double width = rkmq__svg_x(p, segment->until) - x;
    rkmq__svg_rect(p, is_overlap ? "overlap" : "orphan", x, p->y + (is_overlap ? 0 : 1),
                   width < 2 * RKMQ_SVG_MIN_WIDTH ? 2 * RKMQ_SVG_MIN_WIDTH : width,
                   RKMQ_SVG_LANE_HEIGHT - (is_overlap ? 0 : 2));
    rkmq__svg_put(p, is_overlap ? "<title>more than one owner" : "<title>no owner");
    rkmq__svg_span(p, segment->from, segment->until);
    rkmq__svg_put(p, "</title></rect>\n");
}

static void put_lane(struct rkmq_svg *p, size_t index)
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
    p->y += RKMQ_SVG_LANE_STEP;
}

/* "broker-a/3" */
static void lane_name(const struct rkmq_timeline *tl, const struct rkmq_timeline_lane *lane,
                      char *out, size_t n)
{
    struct rkmq_slice broker = rkmq__scenario_word(tl->sc, tl->sc->brokers[lane->broker].name);
    (void)snprintf(out, n, "%.*s/%ld", RKMQ_SLICE_ARG(broker), (long)lane->queue_id);
}

void rkmq__svg_queues(struct rkmq_svg *p)
{
    const struct rkmq_timeline *tl = p->tl;
    const struct rkmq_scenario *sc = tl->sc;
    for (size_t i = 0; i < tl->n_lanes; i++) {
        const struct rkmq_timeline_lane *lane = &tl->lanes[i];
        char name[RKMQ_SCENARIO_NAME_BYTES_MAX + 24];
        if (i == 0 || lane->group != lane[-1].group || lane->topic != lane[-1].topic) {
            rkmq__svg_heading(p, "Queues of ",
                              rkmq__scenario_word(sc, sc->topics[lane->topic].name), ", group ",
                              rkmq__scenario_word(sc, sc->groups[lane->group]));
        }
        lane_name(tl, lane, name, sizeof name);
        rkmq__svg_lane(p, "", rkmq__slice_of(name));
        put_lane(p, i);
    }
}

/* ---- room ---- */

static double wider(double a, double b)
{
    return a > b ? a : b;
}

double rkmq__svg_label_width(const struct rkmq_timeline *tl)
{
    const struct rkmq_scenario *sc = tl->sc;
    double most = rkmq__svg_width(RKMQ_SLICE("Faults and outages"));
    for (size_t i = 0; i < tl->n_members; i++) {
        most = wider(most, rkmq__svg_width(rkmq__svg_shortened(tl->members[i].name)));
    }
    for (size_t i = 0; i < RKMQ_TIMELINE_COUNT(tl->bands, struct rkmq_timeline_band); i++) {
        const struct rkmq_timeline_band *band =
            RKMQ_TIMELINE_AT(tl->bands, struct rkmq_timeline_band, i);
        most =
            wider(most, rkmq__svg_width(rkmq__svg_shortened(band->name)) + 7 * RKMQ_SVG_CHAR_WIDTH);
    }
    for (size_t i = 0; i < tl->n_lanes; i++) {
        char name[RKMQ_SCENARIO_NAME_BYTES_MAX + 24];
        struct rkmq_slice topic = rkmq__scenario_word(sc, sc->topics[tl->lanes[i].topic].name);
        struct rkmq_slice group = rkmq__scenario_word(sc, sc->groups[tl->lanes[i].group]);
        lane_name(tl, &tl->lanes[i], name, sizeof name);
        most = wider(most, rkmq__svg_width(rkmq__svg_shortened(rkmq__slice_of(name))));
        most =
            wider(most, rkmq__svg_width(rkmq__svg_shortened(topic)) +
                            rkmq__svg_width(rkmq__svg_shortened(group)) + 20 * RKMQ_SVG_CHAR_WIDTH);
    }
    return most > LABEL_WIDTH_MAX ? LABEL_WIDTH_MAX : most;
}

double rkmq__svg_plot_height(const struct rkmq_timeline *tl)
{
    size_t n_bands = RKMQ_TIMELINE_COUNT(tl->bands, struct rkmq_timeline_band);
    size_t n_headings = 1 + (n_bands > 0);
    for (size_t i = 0; i < tl->n_lanes; i++) {
        const struct rkmq_timeline_lane *lane = &tl->lanes[i];
        n_headings += i == 0 || lane->group != lane[-1].group || lane->topic != lane[-1].topic;
    }
    return (double)(n_headings * RKMQ_SVG_HEADING_STEP +
                    (n_bands + tl->n_members + tl->n_lanes) * RKMQ_SVG_LANE_STEP);
}
