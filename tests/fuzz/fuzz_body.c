/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON bodies: kind | failing allocation | body. What a body was understood to say is written,
 * and read and written again to the same bytes; whichever allocation fails, nothing is lost.
 */
#include "fuzz/fuzz.h"
#include "support/body_kinds.h"

/* Of what the largest input may take: an element of two bytes becomes a structure. */
#define BYTES_MAX (64u << 20)

static void check_twice(const struct body_kind *kind, const struct rkmq_bytes *first)
{
    struct fuzz_mem fm;
    struct rkmq_bytes second;
    fuzz_mem_init(&fm, BYTES_MAX);
    rkmq__bytes_init(&second, &fm.mem);
    FUZZ_CHECK(kind->again(rkmq__bytes_slice(first), &fm.mem, &second, NULL) == RKMQ_OK);
    FUZZ_CHECK(rkmq__slice_equal(rkmq__bytes_slice(first), rkmq__bytes_slice(&second)));
    rkmq__bytes_close(&second);
    fuzz_mem_close(&fm);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_slice in = rkmq__slice(p, n);
    const struct body_kind *kind = &body_kinds[fuzz_byte(&in) % n_body_kinds];
    long fail_at = fuzz_byte(&in);
    struct fuzz_mem fm;
    struct rkmq_bytes out;
    struct rkmq_err err = {0};
    fuzz_mem_init(&fm, BYTES_MAX);
    rkmq__bytes_init(&out, &fm.mem);
    int status = kind->again(in, &fm.mem, &out, &err);
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_PROTOCOL || status == RKMQ_E_LIMIT);
    FUZZ_CHECK((status == RKMQ_OK) == (err.text[0] == '\0'));
    if (status == RKMQ_OK) {
        check_twice(kind, &out);
    }
    rkmq__bytes_close(&out);
    fuzz_mem_close(&fm);
    fuzz_mem_init(&fm, BYTES_MAX);
    fm.fail_at = fail_at;
    rkmq__bytes_init(&out, &fm.mem);
    int failed = kind->again(in, &fm.mem, &out, NULL);
    FUZZ_CHECK(failed == status || failed == RKMQ_E_NOMEM);
    rkmq__bytes_close(&out);
    fuzz_mem_close(&fm);
    return 0;
}
