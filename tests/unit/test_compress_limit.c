/* SPDX-License-Identifier: Apache-2.0 */
#include <lz4frame.h>
#include <rkmq/message.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

static const int32_t types[] = {RKMQ_SYS_COMPRESSION_ZLIB, RKMQ_SYS_COMPRESSION_LZ4,
                                RKMQ_SYS_COMPRESSION_ZSTD};

/* The libraries themselves, since our writer refuses what is over the limit. */
static size_t pack_zeros(int32_t type, size_t n, uint8_t *out, size_t n_max)
{
    uint8_t *zeros = calloc(1, n);
    size_t n_out = n_max;
    assert_non_null(zeros);
    if (type == RKMQ_SYS_COMPRESSION_LZ4) {
        n_out = LZ4F_compressFrame(out, n_max, zeros, n, NULL);
        assert_false(LZ4F_isError(n_out));
    } else if (type == RKMQ_SYS_COMPRESSION_ZSTD) {
        n_out = ZSTD_compress(out, n_max, zeros, n, 1);
        assert_false(ZSTD_isError(n_out));
    } else {
        uLongf n_zlib = n_max;
        assert_int_equal(compress2(out, &n_zlib, zeros, n, 1), Z_OK);
        n_out = n_zlib;
    }
    free(zeros);
    return n_out;
}

static void test_limit(void **state)
{
    /* A body of just the limit is decompressed, one byte more is refused, and neither takes more
     * memory than two buffers of the limit and what the decompressor needs. */
    size_t n_max = RKMQ_DECOMPRESSED_BYTES_MAX + (1 << 20);
    uint8_t *packed = malloc(n_max);
    (void)state;
    assert_non_null(packed);
    for (size_t i = 0; i < 2 * RKMQ_COUNT_OF(types); i++) {
        int32_t type = types[i / 2];
        size_t n_over = i % 2;
        size_t n = pack_zeros(type, RKMQ_DECOMPRESSED_BYTES_MAX + n_over, packed, n_max);
        struct test_mem tm;
        struct rkmq_buf *out;
        struct rkmq_err err;
        test_mem_init(&tm);
        int status = rkmq_body_decompress(rkmq__slice(packed, n), RKMQ_SYS_COMPRESSED | type,
                                          &tm.mem, &out, &err);
        assert_int_equal(status, n_over ? RKMQ_E_LIMIT : RKMQ_OK);
        if (n_over) {
            assert_string_equal(err.text, "body: more than 67108864 bytes decompressed");
        } else {
            assert_int_equal(out->n, RKMQ_DECOMPRESSED_BYTES_MAX);
            rkmq_buf_free(out);
        }
        assert_in_range(tm.bytes_peak, 0, 2 * RKMQ_DECOMPRESSED_BYTES_MAX + (1 << 20));
        test_mem_assert_empty(&tm);
    }
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
