/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of frames: steps | failing allocation | bytes. However the bytes are cut into buffers
 * the decoder gives the same commands and the same end; it never holds more than the stream and
 * what one header needs; and a command that it gave is encoded to a frame that says the same.
 */
#include <rkmq/remoting.h>

#include "fuzz/fuzz.h"

#define FRAME_BYTES_MAX 4096
#define ROOM_BYTES (RKMQ_FIELDS_MAX * sizeof(struct rkmq_field))

static void check_same(const struct rkmq_command *a, const struct rkmq_command *b)
{
    FUZZ_CHECK(a->code == b->code);
    FUZZ_CHECK(a->language == b->language);
    FUZZ_CHECK(a->version == b->version);
    FUZZ_CHECK(a->opaque == b->opaque);
    FUZZ_CHECK(a->flags == b->flags);
    FUZZ_CHECK(a->format == b->format);
    FUZZ_CHECK(rkmq__slice_equal(a->remark, b->remark));
    FUZZ_CHECK(a->has_fields == b->has_fields);
    FUZZ_CHECK(a->n_fields == b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++) {
        FUZZ_CHECK(rkmq__slice_equal(a->fields[i].key, b->fields[i].key));
        FUZZ_CHECK(rkmq__slice_equal(a->fields[i].value, b->fields[i].value));
    }
    FUZZ_CHECK(rkmq__slice_equal(a->body, b->body));
}

static void check_encodes_again(const struct rkmq_command *cmd)
{
    struct fuzz_mem fm;
    struct rkmq_buf *frame;
    struct rkmq_decoder *d;
    struct rkmq_command again;
    fuzz_mem_init(&fm, SIZE_MAX);
    FUZZ_CHECK(rkmq_command_encode(cmd, &fm.mem, &frame) == RKMQ_OK);
    FUZZ_CHECK(rkmq_decoder_create(&d, &fm.mem, RKMQ_FRAME_BYTES_MAX) == RKMQ_OK);
    rkmq_decoder_feed(d, frame);
    FUZZ_CHECK(rkmq_decoder_next(d, &again, NULL) == RKMQ_OK);
    struct rkmq_command expected = *cmd;
    if (cmd->format == RKMQ_HEADER_JSON && cmd->language == RKMQ_LANGUAGE_UNKNOWN) {
        expected.language = RKMQ_LANGUAGE_JAVA; /* no name to write, and this is the default */
    }
    check_same(&again, &expected);
    rkmq_decoder_destroy(d);
    fuzz_mem_close(&fm);
}

/* Enough of a command to tell a stream from another one. */
static uint64_t mix(uint64_t sum, const struct rkmq_command *cmd)
{
    sum = (sum ^ (uint32_t)cmd->code) * 0x100000001B3u;
    sum = (sum ^ (uint32_t)cmd->opaque) * 0x100000001B3u;
    sum = (sum ^ cmd->n_fields) * 0x100000001B3u;
    return (sum ^ cmd->body.n) * 0x100000001B3u;
}

/* Feeds `in` in steps of `n_step` bytes. Returns how it ended; `*sum` says what came out. */
static int decode_all(struct rkmq_slice in, size_t n_step, struct fuzz_mem *fm, uint64_t *sum)
{
    struct rkmq_decoder *d;
    struct rkmq_command cmd;
    struct rkmq_err err = {0};
    int status = rkmq_decoder_create(&d, &fm->mem, FRAME_BYTES_MAX);
    *sum = 0;
    if (status != RKMQ_OK) {
        return status;
    }
    status = RKMQ_E_MORE;
    for (size_t at = 0; at < in.n && status == RKMQ_E_MORE; at += n_step) {
        size_t n = in.n - at < n_step ? in.n - at : n_step;
        struct rkmq_buf *buf = rkmq_buf_copy(&fm->mem, rkmq__slice(in.p + at, n));
        if (!buf) {
            status = RKMQ_E_NOMEM;
            break;
        }
        rkmq_decoder_feed(d, buf);
        while ((status = rkmq_decoder_next(d, &cmd, &err)) == RKMQ_OK) {
            *sum = mix(*sum, &cmd);
            check_encodes_again(&cmd);
        }
    }
    if (status == RKMQ_E_PROTOCOL || status == RKMQ_E_LIMIT) {
        FUZZ_CHECK(err.text[0] != '\0');
        FUZZ_CHECK(rkmq_decoder_next(d, &cmd, NULL) == RKMQ_E_PROTOCOL); /* it stays broken */
    }
    rkmq_decoder_destroy(d);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_slice in = rkmq__slice(p, n);
    size_t n_step = 1 + fuzz_byte(&in);
    long fail_at = fuzz_byte(&in);
    /* Each step has a slab and a view of it; the frame taken may be one copy of them. */
    size_t bytes_max = in.n * 256 + 4 * FRAME_BYTES_MAX + 2 * ROOM_BYTES + 4096;
    struct fuzz_mem fm;
    uint64_t sum_whole, sum_steps;
    fuzz_mem_init(&fm, bytes_max);
    int whole = decode_all(in, in.n + 1, &fm, &sum_whole);
    fuzz_mem_close(&fm);
    FUZZ_CHECK(whole == RKMQ_E_MORE || whole == RKMQ_E_PROTOCOL || whole == RKMQ_E_LIMIT);
    fuzz_mem_init(&fm, bytes_max);
    int steps = decode_all(in, n_step, &fm, &sum_steps);
    fuzz_mem_close(&fm);
    FUZZ_CHECK(steps == whole);
    FUZZ_CHECK(sum_steps == sum_whole);
    fuzz_mem_init(&fm, bytes_max);
    fm.fail_at = fail_at;
    int failed = decode_all(in, n_step, &fm, &sum_steps);
    fuzz_mem_close(&fm);
    FUZZ_CHECK(failed == whole || failed == RKMQ_E_NOMEM);
    return 0;
}
