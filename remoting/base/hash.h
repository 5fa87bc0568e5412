/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_HASH_H
#define RKMQ_HASH_H

/*
 * One hash for tables and for logs: a word at a time, the same on every machine. Not for strangers:
 * whoever chooses the input can make values collide.
 *
 *     rkmq__hash_end(rkmq__hash_bytes(rkmq__hash_word(RKMQ_HASH_START, number), text.p, text.n))
 */

#include "remoting/base/core.h"
#include "remoting/base/word.h"

#define RKMQ_HASH_START 0xCBF29CE484222325u

static inline uint64_t rkmq__hash_word(uint64_t hash, uint64_t word)
{
    uint64_t x = hash ^ (word * 0x9E3779B97F4A7C15u);
    return (x << 29 | x >> 35) * 0xD6E8FEB86659FD93u;
}

/* The last word is filled up with zeros: hash the length as well where texts follow each other. */
static inline uint64_t rkmq__hash_bytes(uint64_t hash, const uint8_t *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        hash = rkmq__hash_word(hash, rkmq_get_be64(p));
    }
    if (n > 0) {
        hash = rkmq__hash_word(hash, rkmq__bytes_turned(rkmq__bytes_get_some(p, n)));
    }
    return hash;
}

/* Spreads what the last words left in the high bits over all of them. */
static inline uint64_t rkmq__hash_end(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93u;
    return hash ^ hash >> 32;
}

#endif
