/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_WORD_H
#define RKMQ_WORD_H

/* Eight bytes of a text at once, the first one lowest whatever the machine. */

#include <stddef.h>
#include <stdint.h>

#define RKMQ_BYTES_OF(c) (UINT64_C(0x0101010101010101) * (c)) /* `c` eight times */

static inline uint64_t rkmq__bytes_get4(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}
static inline uint64_t rkmq__bytes_get(const uint8_t *p)
{
    return rkmq__bytes_get4(p) | rkmq__bytes_get4(p + 4) << 32;
}
/* The `n` bytes there are, at most seven, and zeros behind them. */
static inline uint64_t rkmq__bytes_get_some(const uint8_t *p, size_t n)
{
    if (n >= 4) { /* twice four, which may overlap */
        return rkmq__bytes_get4(p) | rkmq__bytes_get4(p + n - 4) << 8 * (n - 4);
    }
    if (n == 0) {
        return 0;
    }
    return (uint64_t)p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
}
/* The first byte highest instead. */
static inline uint64_t rkmq__bytes_turned(uint64_t eight)
{
    return __builtin_bswap64(eight);
}

/* The highest bit of each byte tells whether that one is `c` (at most 0x80) or more. */
static inline uint64_t rkmq__bytes_from(uint64_t eight, uint8_t c)
{
    return ((eight & RKMQ_BYTES_OF(0x7F)) + RKMQ_BYTES_OF(0x80 - c)) | eight;
}
/* The same for whether it is another than `c`. */
static inline uint64_t rkmq__bytes_other(uint64_t eight, uint8_t c)
{
    return rkmq__bytes_from(eight ^ RKMQ_BYTES_OF(c), 1);
}
/* The place of the first byte whose highest bit is clear; 8: there is none. */
static inline size_t rkmq__bytes_first_clear(uint64_t eight)
{
    uint64_t clear = ~(eight | RKMQ_BYTES_OF(0x7F));
    return clear == 0 ? 8 : (size_t)__builtin_ctzll(clear) / 8;
}

#endif
