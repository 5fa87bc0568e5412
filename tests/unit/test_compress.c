/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>
#include <stdlib.h>

#include "remoting/base/containers.h"
#include "support/cmocka_all.h"
#include "support/hex.h"
#include "support/mem.h"

static const int32_t types[] = {RKMQ_SYS_COMPRESSION_ZLIB, RKMQ_SYS_COMPRESSION_LZ4,
                                RKMQ_SYS_COMPRESSION_ZSTD};

/* Text that compresses a little in one format and not at all in another. */
static uint8_t *text_of(size_t n)
{
    uint8_t *p = malloc(n + 1);
    uint32_t seed = 1;
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)('a' + (seed >> 28));
    }
    return p;
}

static void test_there_and_back(void **state)
{
    /* Bodies of all sizes, the empty one too, come back whole from every format. */
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000, 3000000};
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(sizes) * RKMQ_COUNT_OF(types); i++) {
        size_t n = sizes[i / RKMQ_COUNT_OF(types)];
        int32_t type = types[i % RKMQ_COUNT_OF(types)];
        uint8_t *text = text_of(n);
        struct rkmq_buf *packed, *plain;
        assert_int_equal(
            rkmq_body_compress(rkmq__slice(n ? text : NULL, n), type, &tm.mem, &packed, NULL),
            RKMQ_OK);
        assert_int_equal(rkmq_body_decompress(rkmq__slice(packed->p, packed->n),
                                              RKMQ_SYS_COMPRESSED | type, &tm.mem, &plain, NULL),
                         RKMQ_OK);
        assert_true(rkmq__slice_equal(rkmq__slice(plain->p, plain->n), rkmq__slice(text, n)));
        rkmq_buf_free(packed);
        rkmq_buf_free(plain);
        free(text);
    }
    test_mem_assert_empty(&tm);
}

static void test_vector(void **state)
{
    /* zlib at level 5 gives the bytes of the reference, which is what a Java producer sends; a flag
     * without a type means zlib too, and a body that is not compressed is left as it is. */
    uint8_t expected[22];
    struct rkmq_slice plain = RKMQ_SLICE("Hello RocketMQ");
    struct test_mem tm;
    struct rkmq_buf *buf;
    (void)state;
    test_mem_init(&tm);
    assert_int_equal(
        test_hex("785ef348cdc9c95708ca4fce4e2df10d04002626051b", expected, sizeof expected), 22);
    assert_int_equal(rkmq_body_compress(plain, RKMQ_SYS_COMPRESSION_ZLIB, &tm.mem, &buf, NULL),
                     RKMQ_OK);
    assert_int_equal(buf->n, sizeof expected);
    assert_memory_equal(buf->p, expected, sizeof expected);
    rkmq_buf_free(buf);
    struct rkmq_slice packed = rkmq__slice(expected, sizeof expected);
    assert_int_equal(rkmq_body_decompress(packed, RKMQ_SYS_COMPRESSED, &tm.mem, &buf, NULL),
                     RKMQ_OK);
    assert_true(rkmq__slice_equal(rkmq__slice(buf->p, buf->n), plain));
    rkmq_buf_free(buf);
    assert_int_equal(rkmq_body_decompress(packed, RKMQ_SYS_COMPRESSION_ZLIB, &tm.mem, &buf, NULL),
                     RKMQ_OK);
    assert_int_equal(buf->n, sizeof expected);
    rkmq_buf_free(buf);
    test_mem_assert_empty(&tm);
}

static struct rkmq_buf *packed_of(size_t n, int32_t type, const struct rkmq_mem *mem)
{
    struct rkmq_buf *packed;
    uint8_t *zeros = calloc(1, n);
    assert_non_null(zeros);
    assert_int_equal(rkmq_body_compress(rkmq__slice(zeros, n), type, mem, &packed, NULL), RKMQ_OK);
    free(zeros);
    return packed;
}

static void test_every_cut(void **state)
{
    /* A stream cut anywhere, or with a byte behind it, is refused with a reason. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(types); i++) {
        struct rkmq_buf *packed = packed_of(9000, types[i], &tm.mem), *out;
        struct rkmq_err err;
        for (size_t n = 0; n < packed->n; n++) {
            assert_int_equal(rkmq_body_decompress(rkmq__slice(packed->p, n),
                                                  RKMQ_SYS_COMPRESSED | types[i], &tm.mem, &out,
                                                  &err),
                             RKMQ_E_PROTOCOL);
            assert_null(out);
            assert_string_equal(err.text, "body: compressed stream is cut");
        }
        uint8_t *longer = malloc(packed->n + 1);
        assert_non_null(longer);
        memcpy(longer, packed->p, packed->n);
        longer[packed->n] = 0;
        assert_int_equal(rkmq_body_decompress(rkmq__slice(longer, packed->n + 1),
                                              RKMQ_SYS_COMPRESSED | types[i], &tm.mem, &out, &err),
                         RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, "body: 1 bytes after the compressed stream");
        free(longer);
        rkmq_buf_free(packed);
    }
    test_mem_assert_empty(&tm);
}

static void test_refuses(void **state)
{
    /* Bytes that are no stream, and types that do not exist, are refused with a reason. */
    static const struct {
        int32_t type;
        const char *reason;
    } rows[] = {
        {RKMQ_SYS_COMPRESSION_ZLIB, "body: broken compressed stream"},
        {RKMQ_SYS_COMPRESSION_LZ4, "body: broken compressed stream"},
        {RKMQ_SYS_COMPRESSION_ZSTD, "body: broken compressed stream"},
        {0x400, "body: compression type 0x400"},
        {0x700, "body: compression type 0x700"},
    };
    struct test_mem tm;
    struct rkmq_buf *out;
    struct rkmq_err err;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        assert_int_equal(rkmq_body_decompress(RKMQ_SLICE("no stream, surely not"),
                                              RKMQ_SYS_COMPRESSED | rows[i].type, &tm.mem, &out,
                                              &err),
                         RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].reason);
        assert_null(out);
    }
    assert_int_equal(rkmq_body_compress(RKMQ_SLICE("x"), 0, &tm.mem, &out, &err), RKMQ_E_INVALID);
    assert_string_equal(err.text, "body: compression type 0x0");
    struct rkmq_slice huge = rkmq__slice("", RKMQ_DECOMPRESSED_BYTES_MAX + 1); /* not touched */
    assert_int_equal(rkmq_body_compress(huge, RKMQ_SYS_COMPRESSION_ZLIB, &tm.mem, &out, &err),
                     RKMQ_E_INVALID);
    assert_string_equal(err.text, "body: 67108865 bytes are over 67108864");
    test_mem_assert_empty(&tm);
}

static void test_window_limit(void **state)
{
    /* A few bytes cannot make the ZSTD decompressor reserve a window larger than a body may be:
     * here a frame header that asks for 128 MiB, and one that asks for 64 MiB. */
    static const struct {
        struct rkmq_slice frame;
        int status;
    } rows[] = {
        {{(const uint8_t *)"\x28\xb5\x2f\xfd\x00\x88\x0b\x00\x00z", 10}, RKMQ_E_PROTOCOL},
        {{(const uint8_t *)"\x28\xb5\x2f\xfd\x00\x80\x0b\x00\x00z", 10}, RKMQ_OK},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_buf *out;
        assert_int_equal(rkmq_body_decompress(rows[i].frame,
                                              RKMQ_SYS_COMPRESSED | RKMQ_SYS_COMPRESSION_ZSTD,
                                              &tm.mem, &out, NULL),
                         rows[i].status);
        assert_true(!out || rkmq__slice_is(rkmq__slice(out->p, out->n), "z"));
        rkmq_buf_free(out);
    }
    test_mem_assert_empty(&tm);
}

struct step {
    int32_t type;
    bool is_packing;
    struct rkmq_slice in;
};

static int compress_step(const struct rkmq_mem *mem, void *arg)
{
    const struct step *step = arg;
    struct rkmq_buf *out;
    int status = step->is_packing ? rkmq_body_compress(step->in, step->type, mem, &out, NULL)
                                  : rkmq_body_decompress(step->in, step->type, mem, &out, NULL);
    rkmq_buf_free(out);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    /* Whichever allocation fails, the answer is RKMQ_E_NOMEM and nothing is left behind. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(types); i++) {
        struct rkmq_buf *packed = packed_of(50000, types[i], &tm.mem);
        struct step steps[] = {
            {types[i], true, RKMQ_SLICE("a body of a few bytes")},
            {RKMQ_SYS_COMPRESSED | types[i], false, rkmq__slice(packed->p, packed->n)},
            {0, false, RKMQ_SLICE("not compressed")},
        };
        for (size_t k = 0; k < RKMQ_COUNT_OF(steps); k++) {
            assert_true(test_mem_fail_each(compress_step, &steps[k]) >= 1);
        }
        rkmq_buf_free(packed);
    }
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_vector),
        cmocka_unit_test(test_every_cut),      cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_window_limit),   cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
