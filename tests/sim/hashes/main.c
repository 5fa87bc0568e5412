/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one hash a seed of fixed simulations: `sim_hashes [FIRST [LAST]]`. Whatever the compiler
 * and its optimisation, the lines must be the same; compare_hashes holds the builds against each
 * other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/hashes/hashes.h"

#define SEEDS_DEFAULT 8

static void print_one(const char *name, uint64_t seed, const struct hash_result *r)
{
    printf("%s seed %llu: %016llx, %llu good, %llu bad\n", name, (unsigned long long)seed,
           (unsigned long long)r->hash, (unsigned long long)r->n_good,
           (unsigned long long)r->n_bad);
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t last = argc > 2 ? strtoull(argv[2], NULL, 10) : first + SEEDS_DEFAULT - 1;
    for (uint64_t seed = first; seed <= last; seed++) {
        struct hash_result traffic = hash_traffic(seed);
        print_one("traffic", seed, &traffic);
        struct hash_result group = hash_group(seed);
        print_one("group", seed, &group);
        if (traffic.n_good == 0 || group.n_good == 0) {
            return 1; /* nothing happened: the hash says nothing */
        }
    }
    return 0;
}
