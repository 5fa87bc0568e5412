/* SPDX-License-Identifier: Apache-2.0 */
/* Moments: vertical lines with labels that do not overlap. */
#include "runner/reports/svg.h"

#define TAG_ROWS_MAX 7

static const char *class_of(enum rkmq_moment_kind kind)
{
    static const char *const classes[] = {[RKMQ_TIMELINE_STEP] = "step",
                                          [RKMQ_TIMELINE_MARK] = "mark",
                                          [RKMQ_TIMELINE_FAULT] = "fault",
                                          [RKMQ_TIMELINE_HEALED] = "healed"};
    return classes[kind];
}

static void moment_name(const struct rkmq_timeline_moment *moment,
                        char out[RKMQ_SVG_NAME_BYTES_MAX + 8], struct rkmq_slice *name)
{
    *name = moment->name;
    if (moment->kind == RKMQ_TIMELINE_HEALED) {
        *name = RKMQ_SLICE("faults end");
    } else if (moment->name.n == 0) {
        (void)snprintf(out, RKMQ_SVG_NAME_BYTES_MAX + 8, "step %ld", (long)moment->index + 1);
        *name = rkmq__slice_of(out);
    }
}

/* ---- a place for each label ---- */

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

static void tag_place(const struct rkmq_svg *p, struct rkmq_svg_tag *tag, struct tag_rows *rows)
{
    char buffer[RKMQ_SVG_NAME_BYTES_MAX + 8];
    struct rkmq_slice name;
    moment_name(tag->moment, buffer, &name);
    tag->x = rkmq__svg_x(p, tag->moment->at);
    tag->width = rkmq__svg_width(rkmq__svg_shortened(name)) +
                 (rkmq__svg_shortened(name).n < name.n ? RKMQ_SVG_CHAR_WIDTH : 0) + 8;
    tag->text_x = tag->x + 3;
    if (tag->text_x + tag->width > RKMQ_SVG_WIDTH - 4) { /* to the left of its line */
        tag->text_x = tag->x - 3 - tag->width;
    }
    tag->row = tag_row(rows, tag->text_x < tag->x ? tag->text_x : tag->x, tag->width + 3);
}

int rkmq__svg_tags_place(struct rkmq_svg *p, struct rkmq_svg_tag *tags, size_t n)
{
    struct tag_rows rows = {.n_used = 0};
    for (size_t i = 0; i < n; i++) {
        tags[i].moment = RKMQ_TIMELINE_AT(p->tl->moments, struct rkmq_timeline_moment, i);
        tag_place(p, &tags[i], &rows);
        p->n_tags_left_out += tags[i].row < 0;
    }
    return rows.n_used;
}

/* ---- drawn ---- */

static void tag_draw(struct rkmq_svg *p, const struct rkmq_svg_tag *tag, double top, double bottom,
                     bool is_text)
{
    char buffer[RKMQ_SVG_NAME_BYTES_MAX + 8];
    struct rkmq_slice name;
    double y = top + (tag->row < 0 ? TAG_ROWS_MAX : tag->row) * RKMQ_SVG_TAG_STEP;
    moment_name(tag->moment, buffer, &name);
    if (!is_text) {
        rkmq__svg_line(p, class_of(tag->moment->kind), tag->x, y, bottom);
        rkmq__bytes_printf(p->out, "<title>%s ", class_of(tag->moment->kind));
        rkmq__xml_text(p->out, name);
        rkmq__svg_put(p, " at ");
        rkmq__svg_time(p, tag->moment->at);
        rkmq__svg_put(p, "</title></line>\n");
    } else if (tag->row >= 0) {
        rkmq__svg_rect(p, "tag", tag->text_x, y, tag->width, RKMQ_SVG_TAG_STEP - 3);
        bool is_left = tag->text_x < tag->x;
        rkmq__bytes_printf(p->out,
                           "</rect><text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                           class_of(tag->moment->kind), is_left ? tag->x - 6 : tag->text_x + 3,
                           y + 11.5, is_left ? "end" : "start");
        rkmq__svg_name(p, name);
        rkmq__svg_put(p, "</text>\n");
    }
}

void rkmq__svg_tags_draw(struct rkmq_svg *p, const struct rkmq_svg_tag *tags, size_t n, double top,
                         double bottom)
{
    for (size_t i = 0; i < n; i++) {
        tag_draw(p, &tags[i], top, bottom, false);
    }
    for (size_t i = 0; i < n; i++) {
        tag_draw(p, &tags[i], top, bottom, true);
    }
}
