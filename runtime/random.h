/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNTIME_RANDOM_H
#define RKMQ_RUNTIME_RANDOM_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): one word of state, passes BigCrush, any seed is good. */
static inline uint64_t rkmq__random_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}
static inline uint64_t rkmq__random_next(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    return rkmq__random_mix(*state);
}
/* 0 <= result < n; n > 0. The bias of a 64-bit remainder does not matter here. */
static inline uint64_t rkmq__random_below(uint64_t *state, uint64_t n)
{
    return rkmq__random_next(state) % n;
}

#endif
