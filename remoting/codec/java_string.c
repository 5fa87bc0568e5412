/* SPDX-License-Identifier: Apache-2.0 */
/* Java's String.hashCode: h = 31 h + c over UTF-16 code units, in wrapping 32-bit arithmetic. */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define REPLACEMENT 0xFFFDu

/* Bytes of the sequence that begins with `first`; 0: none does. */
static size_t sequence_bytes(uint8_t first)
{
    return first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
}

/* The code point of a sequence of `n` bytes. False: it is malformed. */
static bool sequence_read(const uint8_t *p, size_t n, uint32_t *out)
{
    static const uint32_t minimum[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) {
            return false;
        }
        c = c << 6 | (p[i] & 0x3F);
    }
    *out = c;
    return c >= minimum[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

/* The next code point; a malformed byte is one U+FFFD. */
static uint32_t utf8_next(struct rkmq_slice *s)
{
    size_t n = sequence_bytes(s->p[0]);
    uint32_t c;
    if (n == 0 || n > s->n || !sequence_read(s->p, n, &c)) {
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
