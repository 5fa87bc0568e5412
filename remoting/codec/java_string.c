/* SPDX-License-Identifier: Apache-2.0 */
/* Java's String.hashCode: h = 31 h + c over UTF-16 code units, in wrapping 32-bit arithmetic. */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define REPLACEMENT 0xFFFDu

/* The next code point; a malformed byte is one U+FFFD. */
static uint32_t utf8_next(struct rkmq_slice *s)
{
    static const uint32_t minimum[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s->p[0];
    size_t n = first < 0x80       ? 1
               : first >> 5 == 6  ? 2
               : first >> 4 == 14 ? 3
               : first >> 3 == 30 ? 4
                                  : 0;
    uint32_t c = n == 1 ? first : n ? first & (0x7Fu >> n) : REPLACEMENT;
    if (n == 0 || n > s->n) {
        n = 1;
        c = first < 0x80 ? first : REPLACEMENT;
    }
    for (size_t i = 1; i < n; i++) {
        if (s->p[i] >> 6 != 2) {
            *s = rkmq__slice(s->p + 1, s->n - 1);
            return REPLACEMENT;
        }
        c = c << 6 | (s->p[i] & 0x3F);
    }
    if (n > 1 && (c < minimum[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))) {
        n = 1;
        c = REPLACEMENT;
    }
    *s = rkmq__slice(s->p + n, s->n - n);
    return c;
}

int32_t rkmq_java_string_hash(struct rkmq_slice utf8)
{
    uint32_t h = 0;
    while (utf8.n > 0) {
        uint32_t c = utf8_next(&utf8);
        if (c >= 0x10000) {
            h = 31 * h + (0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        h = 31 * h + c;
    }
    return (int32_t)h;
}
