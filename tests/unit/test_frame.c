/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in a stream, whole and cut. */
#include <stdlib.h>

#include "remoting/base/core.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/frame_rig.h"
#include "support/hex.h"

/* ---- limits ---- */

static void test_hostile_words(void **state)
{
    /* A frame whose first two words cannot be right is refused as soon as they are there, with one
     * text, and without allocating anything for it. */
    static const struct {
        const char *hex;
        int status;
        const char *error;
    } rows[] = {
        {"00000000", RKMQ_E_PROTOCOL, "frame length 0 has no room for a header word"},
        {"00000001", RKMQ_E_PROTOCOL, "frame length 1 has no room for a header word"},
        {"00000003", RKMQ_E_PROTOCOL, "frame length 3 has no room for a header word"},
        {"7fffffff", RKMQ_E_LIMIT, "frame of 2147483651 bytes is over the limit of 16777216"},
        {"80000000", RKMQ_E_PROTOCOL, "frame length -2147483648 is negative"},
        {"fffffffc", RKMQ_E_PROTOCOL, "frame length -4 is negative"},
        {"00fffffd", RKMQ_E_LIMIT, "frame of 16777217 bytes is over the limit of 16777216"},
        {"00fffffc", RKMQ_E_MORE, ""},
        {"00000004 00000001", RKMQ_E_PROTOCOL,
         "header of 1 bytes is longer than the 0 bytes of its frame"},
        {"00000010 0000000d", RKMQ_E_PROTOCOL,
         "header of 13 bytes is longer than the 12 bytes of its frame"},
        {"00000010 00ffffff", RKMQ_E_PROTOCOL,
         "header of 16777215 bytes is longer than the 12 bytes of its frame"},
        {"00000010 02000001", RKMQ_E_PROTOCOL, "unknown serialize type 2"},
        {"00000010 ff000001", RKMQ_E_PROTOCOL, "unknown serialize type 255"},
        {"00000010 0000000c", RKMQ_E_MORE, ""},
        {"000000", RKMQ_E_MORE, ""},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint8_t bytes[16];
        struct rkmq_command view;
        struct rkmq_err err = {0};
        size_t n = test_hex(rows[i].hex, bytes, sizeof bytes);
        struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
        frame_feed(d, bytes, n);
        frame_mem.fail_at = 0; /* any allocation would be seen as RKMQ_E_NOMEM */
        assert_int_equal(rkmq_decoder_next(d, &view, &err), rows[i].status);
        assert_string_equal(err.text, rows[i].error);
        frame_mem.fail_at = -1;
        rkmq_decoder_destroy(d);
    }
}

static void test_frame_limit_is_the_decoders(void **state)
{
    /* A decoder's own limit counts the whole frame: one byte less and the frame is refused. */
    (void)state;
    for (size_t max = 138; max <= 139; max++) {
        struct rkmq_buf *buf;
        struct rkmq_command view;
        struct rkmq_decoder *d = frame_decoder(max);
        assert_int_equal(rkmq_command_encode(&frame_route_command, &frame_mem.mem, &buf), RKMQ_OK);
        rkmq_decoder_feed(d, buf);
        assert_int_equal(rkmq_decoder_next(d, &view, NULL), max == 139 ? RKMQ_OK : RKMQ_E_LIMIT);
        rkmq_decoder_destroy(d);
    }
    struct rkmq_decoder *none;
    assert_int_equal(rkmq_decoder_create(&none, &frame_mem.mem, 7), RKMQ_E_INVALID);
    assert_null(none);
    rkmq_decoder_destroy(NULL);
}

/* ---- the stream ---- */

static const struct rkmq_field pull_fields[] = {
    {{(const uint8_t *)"suggestWhichBrokerId", 20}, {(const uint8_t *)"0", 1}},
    {{(const uint8_t *)"nextBeginOffset", 15}, {(const uint8_t *)"1024", 4}},
    {{(const uint8_t *)"properties", 10},
     {(const uint8_t *)"TAGS\x01"
                       "A\x02",
      7}},
};

/* Three frames of both forms, the last with an empty body, joined. */
static struct rkmq_buf *stream(struct rkmq_command cmds[3])
{
    struct rkmq_buf *chain = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct rkmq_buf *one;
        cmds[i] = (struct rkmq_command){
            .code = i == 1 ? RKMQ_RES_TOPIC_NOT_EXIST : RKMQ_REQ_PULL_MESSAGE,
            .opaque = (int32_t)i - 1,
            .version = RKMQ_VERSION_V5_3_3,
            .flags = i == 1 ? RKMQ_FLAG_RESPONSE : 0,
            .format = i == 1 ? RKMQ_HEADER_BINARY : RKMQ_HEADER_JSON,
            .remark = i == 2 ? RKMQ_SLICE("two\nlines") : (struct rkmq_slice){0},
            .fields = pull_fields,
            .n_fields = 3,
            .has_fields = true,
            .body = i < 2 ? RKMQ_SLICE("some body") : RKMQ_SLICE("")};
        assert_int_equal(rkmq_command_encode(&cmds[i], &frame_mem.mem, &one), RKMQ_OK);
        rkmq_buf_append(&chain, one);
    }
    struct rkmq_buf *whole = rkmq_buf_create(&frame_mem.mem, rkmq_buf_chain_bytes(chain));
    size_t at = 0;
    for (const struct rkmq_buf *b = chain; b; b = b->next) {
        memcpy(whole->p + at, b->p, b->n);
        at += b->n;
    }
    rkmq_buf_free(chain);
    return whole;
}

static void test_any_chunks(void **state)
{
    /* However a stream is cut - at every size of piece, in slabs of their own or as views of one
     * slab - the same three commands come out. */
    struct rkmq_command cmds[3];
    struct rkmq_buf *whole = stream(cmds);
    (void)state;
    for (size_t piece = 1; piece <= whole->n; piece++) {
        for (int is_view = 0; is_view < 2; is_view++) {
            struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
            size_t n_seen = 0;
            for (size_t at = 0; at < whole->n; at += piece) {
                size_t n = whole->n - at < piece ? whole->n - at : piece;
                struct rkmq_command view;
                int status;
                rkmq_decoder_feed(
                    d, is_view ? rkmq_buf_view(whole, at, n)
                               : rkmq_buf_copy(&frame_mem.mem, rkmq__slice(whole->p + at, n)));
                while ((status = rkmq_decoder_next(d, &view, NULL)) == RKMQ_OK) {
                    frame_assert_same(&view, &cmds[n_seen++]);
                    if (is_view) { /* nothing was copied */
                        assert_ptr_equal(view.frame->slab, whole->slab);
                    }
                }
                assert_int_equal(status, RKMQ_E_MORE);
            }
            assert_int_equal(n_seen, 3);
            rkmq_decoder_destroy(d);
        }
    }
    rkmq_buf_free(whole);
}

static void test_every_truncation(void **state)
{
    /* A stream that ends early gives the whole frames before the end and then asks for more; the
     * reader never looks behind the end, which the sanitizer guards. */
    struct rkmq_command cmds[3];
    struct rkmq_buf *whole = stream(cmds);
    (void)state;
    for (size_t n = 0; n < whole->n; n++) {
        struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
        struct rkmq_command view;
        size_t n_seen = 0;
        int status;
        frame_feed(d, whole->p, n);
        while ((status = rkmq_decoder_next(d, &view, NULL)) == RKMQ_OK) {
            n_seen++;
        }
        assert_int_equal(status, RKMQ_E_MORE);
        assert_in_range(n_seen, 0, 2);
        rkmq_decoder_destroy(d);
    }
    rkmq_buf_free(whole);
}

static void test_every_cut_header(void **state)
{
    /* A header cut at any byte, in a frame that fits the cut, is refused in both forms. */
    struct rkmq_command cmds[3];
    struct rkmq_buf *whole = stream(cmds);
    const uint8_t *frame = whole->p;
    (void)state;
    for (int type = 0; type < 2; type++, frame += 4 + rkmq_get_be32(frame)) {
        size_t n_header = rkmq_get_be32(frame + 4) & 0xFFFFFF;
        for (size_t n = 0; n < n_header; n++) {
            uint8_t *bytes = malloc(n + 8);
            struct rkmq_command view;
            struct rkmq_slice cut =
                frame_of(bytes, (uint8_t)type, rkmq__slice(frame + 8, n), RKMQ_SLICE(""));
            struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
            frame_feed(d, cut.p, cut.n);
            assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_E_PROTOCOL);
            frame_feed(d, cut.p, cut.n);
            assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_E_PROTOCOL);
            rkmq_decoder_destroy(d);
            free(bytes);
        }
    }
    rkmq_buf_free(whole);
}

static void test_body_outlives_decoder(void **state)
{
    /* A view of the frame keeps the body's bytes after the decoder is gone. */
    struct rkmq_command cmds[3], view;
    struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
    (void)state;
    rkmq_decoder_feed(d, stream(cmds));
    assert_int_equal(rkmq_decoder_next(d, &view, NULL), RKMQ_OK);
    struct rkmq_buf *body =
        rkmq_buf_view(view.frame, (size_t)(view.body.p - view.frame->p), view.body.n);
    rkmq_decoder_destroy(d);
    assert_memory_equal(body->p, "some body", 9);
    rkmq_buf_free(body);
}

static int decode_step(const struct rkmq_mem *mem, void *arg)
{
    const struct rkmq_buf *whole = arg;
    struct rkmq_decoder *d;
    int status = rkmq_decoder_create(&d, mem, RKMQ_FRAME_BYTES_MAX);
    for (size_t at = 0; at < whole->n && status == RKMQ_OK; at += 100) {
        size_t n = whole->n - at < 100 ? whole->n - at : 100;
        struct rkmq_buf *buf = rkmq_buf_copy(mem, rkmq__slice(whole->p + at, n));
        struct rkmq_command view;
        status = buf ? RKMQ_OK : RKMQ_E_NOMEM;
        rkmq_decoder_feed(d, buf);
        while (status == RKMQ_OK) {
            status = rkmq_decoder_next(d, &view, NULL);
        }
        status = status == RKMQ_E_MORE ? RKMQ_OK : status;
    }
    rkmq_decoder_destroy(d);
    return status;
}

static int encode_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_buf *buf;
    int status = rkmq_command_encode(arg, mem, &buf);
    rkmq_buf_free(buf);
    return status;
}

static void test_no_memory(void **state)
{
    /* Every allocation of decoding and encoding may fail: RKMQ_E_NOMEM and no leak. */
    struct rkmq_command cmds[3];
    struct rkmq_buf *whole = stream(cmds);
    (void)state;
    assert_true(test_mem_fail_each(decode_step, whole) > 8);
    assert_int_equal(test_mem_fail_each(encode_step, &cmds[0]), 1);
    rkmq_buf_free(whole);
}

static void test_no_memory_then_more(void **state)
{
    /* A frame that met an allocation failure is still there when memory is back: each n-th
     * allocation fails once, and the same three commands come out. */
    struct rkmq_command cmds[3];
    struct rkmq_buf *whole = stream(cmds);
    (void)state;
    for (long n = 0; n < 12; n++) {
        struct rkmq_decoder *d = frame_decoder(RKMQ_FRAME_BYTES_MAX);
        struct rkmq_command view;
        size_t n_seen = 0;
        int status;
        frame_feed(d, whole->p, whole->n);
        frame_mem.n_calls = 0;
        frame_mem.fail_at = n;
        while ((status = rkmq_decoder_next(d, &view, NULL)) != RKMQ_E_MORE) {
            if (status == RKMQ_E_NOMEM) {
                frame_mem.fail_at = -1;
                continue;
            }
            assert_int_equal(status, RKMQ_OK);
            frame_assert_same(&view, &cmds[n_seen++]);
        }
        frame_mem.fail_at = -1;
        assert_int_equal(n_seen, 3);
        rkmq_decoder_destroy(d);
    }
    rkmq_buf_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRAME_TEST(test_hostile_words),    FRAME_TEST(test_frame_limit_is_the_decoders),
        FRAME_TEST(test_any_chunks),       FRAME_TEST(test_every_truncation),
        FRAME_TEST(test_every_cut_header), FRAME_TEST(test_body_outlives_decoder),
        FRAME_TEST(test_no_memory),        FRAME_TEST(test_no_memory_then_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
