/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/text.h"

size_t rkmq__utf8_sequence(const uint8_t *p, size_t n)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max;
        size_t n;
    } forms[] = {
        {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(forms); i++) {
        if (p[0] < forms[i].first_min || p[0] > forms[i].first_max) {
            continue;
        }
        if (forms[i].n > n ||
            (forms[i].n > 1 && (p[1] < forms[i].second_min || p[1] > forms[i].second_max))) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].n; k++) {
            if (p[k] < 0x80 || p[k] > 0xBF) {
                return 0;
            }
        }
        return forms[i].n;
    }
    return 0;
}

/* U+0080 to U+009F: control characters that some terminals obey. U+FFFE, U+FFFF: no characters. */
static bool is_hidden(const uint8_t *p, size_t n)
{
    return (n == 1 && (p[0] < 0x20 || p[0] == 0x7F)) || (n == 2 && p[0] == 0xC2 && p[1] < 0xA0) ||
           (n == 3 && p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE);
}

static void add_escaped(struct rkmq_bytes *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (p[i]) {
        case '\n':
            rkmq__bytes_add_text(out, "\\n");
            break;
        case '\r':
            rkmq__bytes_add_text(out, "\\r");
            break;
        case '\t':
            rkmq__bytes_add_text(out, "\\t");
            break;
        default:
            rkmq__bytes_printf(out, "\\x%02X", p[i]);
        }
    }
}

void rkmq__text_show(struct rkmq_bytes *out, struct rkmq_slice text, size_t bytes_max)
{
    size_t plain = 0; /* start of what can be copied as it stands */
    size_t at = 0;
    size_t end = bytes_max == 0 || text.n <= bytes_max ? text.n : bytes_max;
    while (at < end) {
        size_t n = rkmq__utf8_sequence(text.p + at, text.n - at);
        if (n > 0 && !is_hidden(text.p + at, n)) {
            at += n;
            continue;
        }
        rkmq__bytes_add(out, text.p + plain, at - plain);
        n = n == 0 ? 1 : n;
        add_escaped(out, text.p + at, n);
        at += n;
        plain = at;
    }
    if (at > plain) {
        rkmq__bytes_add(out, text.p + plain, at - plain);
    }
    if (at < text.n) {
        rkmq__bytes_add_text(out, "...");
    }
}

bool rkmq__text_is_utf8(struct rkmq_slice text)
{
    for (size_t at = 0; at < text.n;) {
        size_t n = rkmq__utf8_sequence(text.p + at, text.n - at);
        if (n == 0) {
            return false;
        }
        at += n;
    }
    return true;
}
