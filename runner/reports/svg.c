/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline as an SVG picture that stands alone: styles, dark and light, are in it. From top to
 * bottom: title, legend, labels of what the script did, members, conditions of the cluster, queues,
 * the axis.
 */
#include "runner/reports/svg.h"

#define TICKS_WANTED 10

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

static void put_grid(struct rkmq_svg *p, double bottom)
{
    rkmq_us step = tick_step(p->tl->end_at);
    for (rkmq_us at = 0; at <= p->tl->end_at; at += step) {
        rkmq__svg_line(p, "grid", rkmq__svg_x(p, at), p->plot_top, bottom);
        rkmq__bytes_printf(p->out,
                           "</line><text class=\"soft\" x=\"%.1f\" y=\"%.1f\""
                           " text-anchor=\"middle\">",
                           rkmq__svg_x(p, at), bottom + 16);
        rkmq__svg_time(p, at);
        rkmq__svg_put(p, "</text>\n");
    }
}

/* ---- the whole ---- */

static void draw(struct rkmq_svg *p, struct rkmq_svg_tag *tags)
{
    size_t n = RKMQ_TIMELINE_COUNT(p->tl->moments, struct rkmq_timeline_moment);
    rkmq__svg_title(p);
    rkmq__svg_legend(p);
    double tags_top = p->y;
    p->plot_top = tags_top + rkmq__svg_tags_place(p, tags, n) * RKMQ_SVG_TAG_STEP;
    double bottom = p->plot_top + rkmq__svg_plot_height(p->tl) + 4;
    put_grid(p, bottom);
    p->y = p->plot_top;
    rkmq__svg_members(p);
    rkmq__svg_bands(p);
    rkmq__svg_queues(p);
    rkmq__svg_tags_draw(p, tags, n, tags_top, bottom);
    p->y = bottom + 24;
    rkmq__svg_notes(p);
}

/* The height is known last: the body is drawn first, then put behind its head. */
static void draw_whole(struct rkmq_svg *p, struct rkmq_bytes *out)
{
    struct rkmq_bytes body;
    struct rkmq_svg_tag tags[RKMQ_TIMELINE_MOMENTS_MAX];
    rkmq__bytes_init(&body, out->mem);
    p->out = &body;
    draw(p, tags);
    p->out = out;
    rkmq__bytes_printf(out,
                       "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rkmq-tl\" role=\"img\""
                       " viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\""
                       " data-left=\"%.1f\" data-right=\"%.1f\">\n<title>",
                       RKMQ_SVG_WIDTH, p->y + 8, RKMQ_SVG_WIDTH, p->y + 8, p->left, p->right);
    rkmq__svg_put(p, "Owners of queues over time: ");
    rkmq__xml_text(out, p->tl->sc->name);
    rkmq__svg_put(p, "</title>\n");
    rkmq__svg_put(p, style);
    rkmq__svg_rect(p, "bg", 0, 0, RKMQ_SVG_WIDTH, p->y + 8);
    rkmq__svg_put(p, "</rect>\n");
    rkmq__bytes_add_slice(out, rkmq__bytes_slice(&body));
    rkmq__svg_put(p, "</svg>\n");
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
        struct rkmq_svg p = {.tl = &tl, .run = run, .right = RKMQ_SVG_WIDTH - RKMQ_SVG_MARGIN - 14};
        p.left = RKMQ_SVG_MARGIN + rkmq__svg_label_width(&tl) + 10;
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
