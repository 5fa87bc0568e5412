/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/text.h"
#include "runner/reports/kinds.h"

static const char *entity_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void rkmq__xml_text(struct rkmq_bytes *out, struct rkmq_slice text)
{
    struct rkmq_bytes shown;
    size_t plain = 0;
    rkmq__bytes_init(&shown, out->mem);
    rkmq__text_show(&shown, text, 0);
    for (size_t i = 0; i < shown.n; i++) {
        const char *entity = entity_of(shown.p[i]);
        if (entity) {
            rkmq__bytes_add(out, shown.p + plain, i - plain);
            rkmq__bytes_add_text(out, entity);
            plain = i + 1;
        }
    }
    if (shown.n > plain) {
        rkmq__bytes_add(out, shown.p + plain, shown.n - plain);
    }
    out->is_failed = out->is_failed || shown.is_failed;
    rkmq__bytes_close(&shown);
}

void rkmq__xml_lines(struct rkmq_bytes *out, struct rkmq_slice lines)
{
    while (lines.n > 0) {
        const uint8_t *end = memchr(lines.p, '\n', lines.n);
        size_t n = end ? (size_t)(end - lines.p) : lines.n;
        rkmq__xml_text(out, rkmq__slice(lines.p, n));
        rkmq__bytes_add_text(out, "\n");
        n += end ? 1 : 0;
        lines = rkmq__slice(lines.p + n, lines.n - n);
    }
}
