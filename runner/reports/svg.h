/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_REPORT_SVG_H
#define RKMQ_RUNNER_REPORT_SVG_H

/*
 * The picture while it is drawn, and the parts that draw it, from top to bottom. Each part begins
 * at `y` and leaves it where the next one goes. Positions are in user units, which are CSS pixels
 * at the natural size.
 *
 *     svg.c          the whole, styles, the axis, the report
 *     svg_draw.c     texts and shapes       svg_legend.c   title, legend, notes
 *     svg_moments.c  labelled lines         svg_lanes.c    members, conditions, queues
 */

#include "runner/reports/kinds.h"
#include "runner/reports/timeline.h"

#define RKMQ_SVG_WIDTH 1200
#define RKMQ_SVG_MARGIN 16
#define RKMQ_SVG_LANE_HEIGHT 20
#define RKMQ_SVG_LANE_STEP 25
#define RKMQ_SVG_HEADING_STEP 30
#define RKMQ_SVG_TAG_STEP 18    /* rows of labels of moments */
#define RKMQ_SVG_CHAR_WIDTH 6.9 /* of 12 px text: more than most fonts need */
#define RKMQ_SVG_MIN_WIDTH 1.5  /* so that what is short can be seen */
#define RKMQ_SVG_NAME_BYTES_MAX 32

struct rkmq_svg {
    const struct rkmq_timeline *tl;
    const struct rkmq_report_run *run;
    struct rkmq_bytes *out;
    double left, right; /* of the plot */
    double y;           /* where the next thing goes */
    double plot_top;
    unsigned n_tags_left_out;
};

/* ---- svg_draw.c ---- */

double rkmq__svg_x(const struct rkmq_svg *p, rkmq_us at);
/* How wide a text is at most, from its characters. */
double rkmq__svg_width(struct rkmq_slice text);
/* At most RKMQ_SVG_NAME_BYTES_MAX bytes of a name, cut between characters. */
struct rkmq_slice rkmq__svg_shortened(struct rkmq_slice name);

/* As it stands: the caller knows that it is XML. */
void rkmq__svg_put(struct rkmq_svg *p, const char *text);
/* Shortened, with an ellipsis for what was cut. */
void rkmq__svg_name(struct rkmq_svg *p, struct rkmq_slice name);
/* "12.3 s", "250 ms" */
void rkmq__svg_time(struct rkmq_svg *p, rkmq_us at);
/* " 1 s to 2.5 s" */
void rkmq__svg_span(struct rkmq_svg *p, rkmq_us from, rkmq_us until);

/* A rectangle and a vertical line, left open for a <title>: the caller ends them. */
void rkmq__svg_rect(struct rkmq_svg *p, const char *classes, double x, double y, double width,
                    double height);
void rkmq__svg_line(struct rkmq_svg *p, const char *classes, double x, double top, double bottom);
/* An empty lane at `y`, which stays. */
void rkmq__svg_lane(struct rkmq_svg *p, const char *prefix, struct rkmq_slice name);
/* `what` and `between` are XML; the names are not. */
void rkmq__svg_heading(struct rkmq_svg *p, const char *what, struct rkmq_slice a,
                       const char *between, struct rkmq_slice b);

/* ---- svg_legend.c ---- */

void rkmq__svg_title(struct rkmq_svg *p);
void rkmq__svg_legend(struct rkmq_svg *p);
/* What the picture does not show. */
void rkmq__svg_notes(struct rkmq_svg *p);

/* ---- svg_moments.c ---- */

struct rkmq_svg_tag {
    const struct rkmq_timeline_moment *moment;
    double x, text_x, width;
    int row; /* -1: no room for its label */
};
/* Places all; `tags` has room for every moment. Returns the rows that are used. */
int rkmq__svg_tags_place(struct rkmq_svg *p, struct rkmq_svg_tag *tags, size_t n);
/* Lines down to `bottom`, and over them the labels, whose first row is at `top`. */
void rkmq__svg_tags_draw(struct rkmq_svg *p, const struct rkmq_svg_tag *tags, size_t n, double top,
                         double bottom);

/* ---- svg_lanes.c ---- */

void rkmq__svg_members(struct rkmq_svg *p);
void rkmq__svg_bands(struct rkmq_svg *p);
void rkmq__svg_queues(struct rkmq_svg *p);
/* Labels and headings stand left of the plot, so that no line goes through them. */
double rkmq__svg_label_width(const struct rkmq_timeline *tl);
/* How much room members, bands and queues take. */
double rkmq__svg_plot_height(const struct rkmq_timeline *tl);

#endif
