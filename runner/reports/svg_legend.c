/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in words: title, legend, notes. */
#include <inttypes.h>

#include "runner/reports/svg.h"

void rkmq__svg_title(struct rkmq_svg *p)
{
    const struct rkmq_scenario *sc = p->tl->sc;
    const struct rkmq_run_result *result = p->run->result;
    rkmq__bytes_printf(p->out, "<text class=\"title\" x=\"%d\" y=\"30\">", RKMQ_SVG_MARGIN);
    rkmq__xml_text(p->out, sc->name);
    rkmq__bytes_printf(p->out, "</text>\n<text class=\"soft\" x=\"%d\" y=\"50\">seed %" PRIu64,
                       RKMQ_SVG_MARGIN, p->run->seed);
    if (sc->variant > 0) {
        rkmq__svg_put(p, ", ");
        rkmq__svg_name(p, sc->variant_text);
    }
    rkmq__bytes_printf(p->out, ", %s, %zu events in ",
                       result->is_harness_failure ? "harness" : rkmq__verdict_name(result->verdict),
                       result->n_events);
    rkmq__svg_time(p, p->tl->end_at);
    rkmq__svg_put(p, "</text>\n");
    p->y = 66;
}

struct legend_item {
    const char *classes, *text;
    bool is_line;
};

void rkmq__svg_legend(struct rkmq_svg *p)
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
    double x = RKMQ_SVG_MARGIN;
    for (size_t i = 0; i < RKMQ_COUNT_OF(items); i++) {
        double icon = items[i].is_line ? 12 : 34;
        double width = icon + rkmq__svg_width(rkmq__slice_of(items[i].text)) + 14;
        if (x + width > RKMQ_SVG_WIDTH - RKMQ_SVG_MARGIN) {
            x = RKMQ_SVG_MARGIN;
            p->y += 20;
        }
        if (items[i].is_line) {
            rkmq__svg_line(p, items[i].classes, x + 5, p->y, p->y + 14);
            rkmq__svg_put(p, "</line>");
        } else {
            rkmq__svg_rect(p, items[i].classes, x, p->y + 1, 26, 12);
            rkmq__svg_put(p, "</rect>");
        }
        rkmq__bytes_printf(p->out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                           x + icon, p->y + 11, items[i].text);
        x += width;
    }
    p->y += 28;
}

void rkmq__svg_notes(struct rkmq_svg *p)
{
    const struct rkmq_timeline *tl = p->tl;
    rkmq__bytes_printf(p->out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\">", RKMQ_SVG_MARGIN,
                       p->y + 12);
    rkmq__svg_put(p, tl->is_by_pulls ? "Owners are read from pulls: the log has no other evidence. "
                                     : "");
    if (p->n_tags_left_out > 0) {
        rkmq__bytes_printf(p->out, "%u labels found no room. ", p->n_tags_left_out);
    }
    if (tl->n_lanes_left_out > 0) {
        rkmq__bytes_printf(p->out, "%zu more queues are not shown. ", tl->n_lanes_left_out);
    }
    rkmq__svg_put(p, tl->is_cut ? "There was more than fits; see runner/reports/timeline.h." : "");
    rkmq__svg_put(p, "</text>\n");
    p->y += 18;
}
