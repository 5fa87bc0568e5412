/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_MISTAKES_H
#define RKMQ_RUNNER_MISTAKES_H

/*
 * What is wrong with a file: every mistake with its place, reported in the order of the places as
 * `file:line:column: what`. At most RKMQ_MISTAKES_MAX are kept, all are counted.
 */

#include "remoting/base/containers.h"

#define RKMQ_MISTAKES_MAX 50
#define RKMQ_MISTAKE_BYTES 400 /* of one text; longer ones are cut */

struct rkmq_mistake {
    size_t offset; /* byte in the file */
    struct rkmq_slice what;
};
struct rkmq_mistakes {
    struct rkmq_arena *arena;
    struct rkmq_mistake at[RKMQ_MISTAKES_MAX]; /* by offset, then in the order they were found */
    size_t n, n_all;
    bool is_out_of_memory;
};

void rkmq__mistakes_init(struct rkmq_mistakes *m, struct rkmq_arena *arena);
/* The same text at the same place counts once. */
void rkmq__mistakes_add(struct rkmq_mistakes *m, size_t offset, const char *fmt, ...)
    RKMQ_PRINTF(3, 4);
/* One line each, and one that counts those that were not kept. `text` is the file's content. */
void rkmq__mistakes_write(const struct rkmq_mistakes *m, const char *file, struct rkmq_slice text,
                          struct rkmq_bytes *out);
/* Line and column (characters, not bytes) of a byte, both from 1. */
void rkmq__mistakes_position(struct rkmq_slice text, size_t offset, uint32_t *line,
                             uint32_t *column);

/*
 * "Did you mean": offered every name that could have been meant, it keeps the one with the fewest
 * typing errors (a letter changed, left out, put in, or two swapped); of equals the first.
 */
#define RKMQ_NEAREST_BYTES_MAX 64 /* longer names are not compared */
#define RKMQ_NEAREST_LISTED_MAX 6 /* names, that can all be told when none is near */
struct rkmq_nearest {
    struct rkmq_slice wanted;
    struct rkmq_slice name; /* n 0: none is near */
    size_t distance;
    struct rkmq_slice offered[RKMQ_NEAREST_LISTED_MAX]; /* the first */
    size_t n_offered;
};
void rkmq__nearest_init(struct rkmq_nearest *nearest, struct rkmq_slice wanted);
void rkmq__nearest_offer(struct rkmq_nearest *nearest, struct rkmq_slice name);
/* `; did you mean "x"?`, or "". Borrowed: `out`. */
#define RKMQ_NEAREST_HINT_BYTES (RKMQ_NEAREST_BYTES_MAX + 32)
const char *rkmq__nearest_hint(const struct rkmq_nearest *nearest,
                               char out[RKMQ_NEAREST_HINT_BYTES]);
/* The same; with none near `; there are "x", "y"`, if they are few and short. Borrowed: `out`. */
#define RKMQ_NEAREST_LIST_BYTES 160
const char *rkmq__nearest_or_all(const struct rkmq_nearest *nearest,
                                 char out[RKMQ_NEAREST_LIST_BYTES]);

#endif
