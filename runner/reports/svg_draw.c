/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the picture is drawn with. */
#include "remoting/base/text.h"
#include "runner/reports/svg.h"

/* ---- measures ---- */

double rkmq__svg_x(const struct rkmq_svg *p, rkmq_us at)
{
    return p->left + (p->right - p->left) * ((double)at / (double)p->tl->end_at);
}

double rkmq__svg_width(struct rkmq_slice text)
{
    double n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t bytes = rkmq__utf8_sequence(text.p + i, text.n - i);
        n += bytes > 2 ? 2 : 1; /* wide scripts */
        i += bytes > 0 ? bytes : 1;
    }
    return n * RKMQ_SVG_CHAR_WIDTH;
}

struct rkmq_slice rkmq__svg_shortened(struct rkmq_slice name)
{
    size_t n = 0;
    while (n < name.n) {
        size_t bytes = rkmq__utf8_sequence(name.p + n, name.n - n);
        bytes = bytes > 0 ? bytes : 1;
        if (n + bytes > RKMQ_SVG_NAME_BYTES_MAX) {
            break;
        }
        n += bytes;
    }
    return rkmq__slice(name.p, n);
}

/* ---- texts ---- */

void rkmq__svg_put(struct rkmq_svg *p, const char *text)
{
    rkmq__bytes_add_text(p->out, text);
}

void rkmq__svg_name(struct rkmq_svg *p, struct rkmq_slice name)
{
    struct rkmq_slice shown = rkmq__svg_shortened(name);
    rkmq__xml_text(p->out, shown);
    rkmq__svg_put(p, shown.n < name.n ? "\xE2\x80\xA6" : "");
}

void rkmq__svg_time(struct rkmq_svg *p, rkmq_us at)
{
    if (at < 1000000 && at % 1000000 != 0) {
        rkmq__bytes_printf(p->out, "%.3g ms", (double)at / 1e3);
    } else {
        rkmq__bytes_printf(p->out, "%.10g s", (double)(at / 1000) / 1e3);
    }
}

void rkmq__svg_span(struct rkmq_svg *p, rkmq_us from, rkmq_us until)
{
    rkmq__svg_put(p, " ");
    rkmq__svg_time(p, from);
    rkmq__svg_put(p, " to ");
    rkmq__svg_time(p, until);
}

/* ---- shapes ---- */

void rkmq__svg_rect(struct rkmq_svg *p, const char *classes, double x, double y, double width,
                    double height)
{
    rkmq__bytes_printf(p->out,
                       "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\""
                       " rx=\"2\">",
                       classes, x, y, width < RKMQ_SVG_MIN_WIDTH ? RKMQ_SVG_MIN_WIDTH : width,
                       height);
}

void rkmq__svg_line(struct rkmq_svg *p, const char *classes, double x, double top, double bottom)
{
    rkmq__bytes_printf(p->out,
                       "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\">",
                       classes, x, x, top, bottom);
}

void rkmq__svg_lane(struct rkmq_svg *p, const char *prefix, struct rkmq_slice name)
{
    rkmq__bytes_printf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s", p->left - 8,
                       p->y + RKMQ_SVG_LANE_HEIGHT - 6, prefix);
    rkmq__svg_name(p, name);
    rkmq__svg_put(p, "</text>\n");
    rkmq__svg_rect(p, "lane", p->left, p->y, p->right - p->left, RKMQ_SVG_LANE_HEIGHT);
    rkmq__svg_put(p, "</rect>\n");
}

void rkmq__svg_heading(struct rkmq_svg *p, const char *what, struct rkmq_slice a,
                       const char *between, struct rkmq_slice b)
{
    rkmq__bytes_printf(p->out, "<text class=\"head\" x=\"%d\" y=\"%.1f\">%s", RKMQ_SVG_MARGIN,
                       p->y + RKMQ_SVG_HEADING_STEP - 10, what);
    rkmq__svg_name(p, a);
    rkmq__svg_put(p, between);
    rkmq__svg_name(p, b);
    rkmq__svg_put(p, "</text>\n");
    p->y += RKMQ_SVG_HEADING_STEP;
}
