/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_SIM_HASHES_H
#define RKMQ_SIM_HASHES_H

#include <rkmq/sim.h>

/* What one simulation came to. The counts say that something happened in it. */
struct hash_result {
    uint64_t hash;
    uint64_t n_good, n_bad;
};
struct hash_result hash_traffic(uint64_t seed); /* answers, failures */
struct hash_result hash_group(uint64_t seed);   /* messages consumed, to be consumed later */

#endif
