/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/mistakes.h"

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* How many of: one byte changed, left out, put in, two neighbours swapped. Letter case is free. */
static size_t typing_errors(struct rkmq_slice a, struct rkmq_slice b)
{
    size_t rows[3][RKMQ_NEAREST_BYTES_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t k = 0; k <= b.n; k++) {
        before[k] = 0;
        last[k] = k;
    }
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            uint8_t x = lower(a.p[i - 1]), y = lower(b.p[k - 1]);
            now[k] = least(last[k] + 1, now[k - 1] + 1, last[k - 1] + (x != y));
            if (i > 1 && k > 1 && x == lower(b.p[k - 2]) && lower(a.p[i - 2]) == y &&
                before[k - 2] + 1 < now[k]) {
                now[k] = before[k - 2] + 1;
            }
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

void rkmq__nearest_init(struct rkmq_nearest *nearest, struct rkmq_slice wanted)
{
    *nearest = (struct rkmq_nearest){.wanted = wanted, .distance = SIZE_MAX};
}

void rkmq__nearest_offer(struct rkmq_nearest *nearest, struct rkmq_slice name)
{
    struct rkmq_slice wanted = nearest->wanted;
    if (name.n > 0 && nearest->n_offered++ < RKMQ_NEAREST_LISTED_MAX) {
        nearest->offered[nearest->n_offered - 1] = name;
    }
    if (wanted.n == 0 || wanted.n > RKMQ_NEAREST_BYTES_MAX || name.n == 0 ||
        name.n > RKMQ_NEAREST_BYTES_MAX) {
        return;
    }
    size_t longer = wanted.n > name.n ? wanted.n : name.n;
    size_t distance = typing_errors(wanted, name);
    /* A third of the letters may be wrong, but at least one is right. */
    if (distance > (longer + 2) / 3 || distance >= longer || distance >= nearest->distance) {
        return;
    }
    nearest->distance = distance;
    nearest->name = name;
}

const char *rkmq__nearest_hint(const struct rkmq_nearest *nearest,
                               char out[RKMQ_NEAREST_HINT_BYTES])
{
    out[0] = '\0';
    if (nearest->name.n > 0) {
        (void)snprintf(out, RKMQ_NEAREST_HINT_BYTES, "; did you mean \"%.*s\"?",
                       RKMQ_SLICE_ARG(nearest->name)); /* fits: the name is short */
    }
    return out;
}

const char *rkmq__nearest_or_all(const struct rkmq_nearest *nearest,
                                 char out[RKMQ_NEAREST_LIST_BYTES])
{
    size_t n = 0, n_offered = nearest->n_offered;
    if (nearest->name.n > 0) {
        return rkmq__nearest_hint(nearest, out);
    }
    for (size_t i = 0; i < n_offered && n_offered <= RKMQ_NEAREST_LISTED_MAX; i++) {
        const char *before = i > 0 ? ", " : n_offered == 1 ? "; there is only " : "; there are ";
        n += (size_t)snprintf(out + n, RKMQ_NEAREST_LIST_BYTES - n, "%s\"%.*s\"", before,
                              RKMQ_SLICE_ARG(nearest->offered[i]));
        if (n >= RKMQ_NEAREST_LIST_BYTES) {
            n = 0;
            break;
        }
    }
    out[n] = '\0';
    return out;
}
