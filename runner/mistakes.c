/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "runner/mistakes.h"

void rkmq__mistakes_init(struct rkmq_mistakes *m, struct rkmq_arena *arena)
{
    *m = (struct rkmq_mistakes){.arena = arena};
}

static bool is_known(const struct rkmq_mistakes *m, size_t offset, struct rkmq_slice what)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->at[i].offset == offset && rkmq__slice_equal(m->at[i].what, what)) {
            return true;
        }
    }
    return false;
}

void rkmq__mistakes_add(struct rkmq_mistakes *m, size_t offset, const char *fmt, ...)
{
    char buffer[RKMQ_MISTAKE_BYTES];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buffer, sizeof buffer, fmt, args);
    va_end(args);
    RKMQ_ASSERT(n >= 0);
    struct rkmq_slice what =
        rkmq__slice(buffer, (size_t)n < sizeof buffer ? (size_t)n : sizeof buffer - 1);
    if (is_known(m, offset, what)) {
        return;
    }
    m->n_all++;
    size_t i = m->n;
    while (i > 0 && m->at[i - 1].offset > offset) {
        i--;
    }
    if (i == RKMQ_MISTAKES_MAX) {
        return;
    }
    if (rkmq__arena_copy(m->arena, what, &what) != RKMQ_OK) {
        m->is_out_of_memory = true;
        return;
    }
    size_t n_moved = m->n - i;
    if (m->n == RKMQ_MISTAKES_MAX) {
        n_moved--; /* the last one gives way */
    } else {
        m->n++;
    }
    memmove(&m->at[i + 1], &m->at[i], n_moved * sizeof m->at[0]);
    m->at[i] = (struct rkmq_mistake){offset, what};
}

void rkmq__mistakes_position(struct rkmq_slice text, size_t offset, uint32_t *line,
                             uint32_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            ++*line;
            *column = 1;
        } else if ((text.p[i] & 0xC0) != 0x80) { /* the first byte of a character */
            ++*column;
        }
    }
}

void rkmq__mistakes_write(const struct rkmq_mistakes *m, const char *file, struct rkmq_slice text,
                          struct rkmq_bytes *out)
{
    for (size_t i = 0; i < m->n; i++) {
        uint32_t line, column;
        rkmq__mistakes_position(text, m->at[i].offset, &line, &column);
        rkmq__bytes_printf(out, "%s:%u:%u: ", file, line, column);
        rkmq__bytes_add_slice(out, m->at[i].what);
        rkmq__bytes_add_text(out, "\n");
    }
    if (m->n_all > m->n) {
        rkmq__bytes_printf(out, "%s: and %zu more\n", file, m->n_all - m->n);
    }
}
