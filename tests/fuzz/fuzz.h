/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_FUZZ_H
#define RKMQ_FUZZ_H

/*
 * What the fuzz targets share. A target reads its input from the front: the first bytes choose what
 * is done, the rest is the hostile data. A broken invariant aborts.
 */

#include <stdlib.h>

#include "remoting/base/containers.h"

#define FUZZ_CHECK(c) ((c) ? (void)0 : fuzz_failed(#c, __FILE__, __LINE__))
_Noreturn void fuzz_failed(const char *condition, const char *file, int line);

/* The entry of a target, called by libFuzzer or by replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Takes the first byte; 0 at the end. */
uint8_t fuzz_byte(struct rkmq_slice *in);
/* A copy that ends where the heap block ends, so that a sanitizer sees one byte too far. */
uint8_t *fuzz_copy(struct rkmq_slice bytes);

/* An allocator that can fail, and that refuses to give more than `bytes_max` in all. */
struct fuzz_mem {
    struct rkmq_mem mem;
    long fail_at; /* the n-th allocation fails, counting from 0; negative: none */
    long n_calls, n_live;
    size_t bytes_live, bytes_max;
};
void fuzz_mem_init(struct fuzz_mem *fm, size_t bytes_max);
/* Aborts when a block is left. */
void fuzz_mem_close(struct fuzz_mem *fm);

#endif
