/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenario files: variant | failing allocation | text. What is accepted is written in its canonical
 * form, and read and written again to the same bytes; what is refused has a report; whichever
 * allocation fails, nothing is lost.
 */
#include "fuzz/fuzz.h"
#include "runner/scenario.h"

#define BYTES_MAX (256u << 20)

static int parse_and_write(const struct rkmq_mem *mem, struct rkmq_slice text, uint32_t variant,
                           struct rkmq_bytes *out)
{
    const struct rkmq_scenario_source source = {"fuzz", text, variant};
    struct rkmq_scenario *sc;
    int status = rkmq__scenario_parse(&sc, mem, &source, out);
    FUZZ_CHECK((status == RKMQ_OK) == (sc != NULL));
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_INVALID || status == RKMQ_E_NOMEM);
    if (sc) {
        FUZZ_CHECK(out->n == 0);
        rkmq__scenario_write(sc, out);
        status = out->is_failed ? RKMQ_E_NOMEM : status;
    }
    rkmq__scenario_destroy(sc);
    return status;
}

static void check_twice(const struct rkmq_bytes *first)
{
    struct fuzz_mem fm;
    struct rkmq_bytes second;
    fuzz_mem_init(&fm, BYTES_MAX);
    rkmq__bytes_init(&second, &fm.mem);
    FUZZ_CHECK(parse_and_write(&fm.mem, rkmq__bytes_slice(first), 0, &second) == RKMQ_OK);
    FUZZ_CHECK(rkmq__slice_equal(rkmq__bytes_slice(first), rkmq__bytes_slice(&second)));
    rkmq__bytes_close(&second);
    fuzz_mem_close(&fm);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_slice in = rkmq__slice(p, n);
    uint32_t variant = fuzz_byte(&in) % 4;
    long fail_at = fuzz_byte(&in);
    uint8_t *text = fuzz_copy(in);
    struct fuzz_mem fm;
    struct rkmq_bytes out;
    in.p = text;
    fuzz_mem_init(&fm, BYTES_MAX);
    rkmq__bytes_init(&out, &fm.mem);
    int status = parse_and_write(&fm.mem, in, variant, &out);
    FUZZ_CHECK(status != RKMQ_E_NOMEM && out.n > 0);
    if (status == RKMQ_OK) {
        check_twice(&out);
    }
    rkmq__bytes_close(&out);
    fuzz_mem_close(&fm);
    fuzz_mem_init(&fm, BYTES_MAX);
    fm.fail_at = fail_at;
    rkmq__bytes_init(&out, &fm.mem);
    int failed = parse_and_write(&fm.mem, in, variant, &out);
    FUZZ_CHECK(failed == status || failed == RKMQ_E_NOMEM);
    rkmq__bytes_close(&out);
    fuzz_mem_close(&fm);
    free(text);
    return 0;
}
