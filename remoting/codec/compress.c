/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message bodies: zlib streams, LZ4 frames, ZSTD frames. The decompressed size is not on the wire,
 * so the output grows, up to RKMQ_DECOMPRESSED_BYTES_MAX. Source: CompressionType, ZlibCompressor,
 * Lz4Compressor, ZstdCompressor (5.3.3).
 */
#include <lz4frame.h>
#include <rkmq/message.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "remoting/base/containers.h"

#define ZLIB_LEVEL 5 /* what Java producers use */
#define ZSTD_LEVEL 3
#define ZSTD_WINDOW_LOG_MAX 26 /* as large as a body may become */
#define OUT_STEP_MIN 4096

_Static_assert(1u << ZSTD_WINDOW_LOG_MAX == RKMQ_DECOMPRESSED_BYTES_MAX, "one limit");

uint32_t rkmq_body_crc(struct rkmq_slice body)
{
    return (uint32_t)crc32_z(0, body.p, body.n) & 0x7FFFFFFF;
}

/* One decoder step: takes some of `in`, writes to `out`; says how much of both, and whether the
 * stream ended. Errors: RKMQ_E_PROTOCOL, RKMQ_E_NOMEM. */
struct inflater {
    void *state;
    int (*step)(void *state, struct rkmq_slice in, size_t *n_in, uint8_t *out, size_t *n_out,
                bool *is_end);
};

/* Doubles what is there, up to one byte over the limit: enough to see that it is crossed. */
static size_t next_room(const struct rkmq_bytes *out)
{
    size_t left = RKMQ_DECOMPRESSED_BYTES_MAX + 1 - out->n;
    size_t wanted = out->n < OUT_STEP_MIN ? OUT_STEP_MIN : out->n;
    return wanted < left ? wanted : left;
}

static int inflate_step(const struct inflater *inflater, struct rkmq_slice *in,
                        struct rkmq_bytes *out, bool *is_end, struct rkmq_err *err)
{
    size_t n_in = in->n, room = next_room(out), n_out = room;
    uint8_t *p = rkmq__bytes_reserve(out, room);
    if (!p) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "body: out of memory");
    }
    int status = inflater->step(inflater->state, *in, &n_in, p, &n_out, is_end);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "body: %s",
                             status == RKMQ_E_NOMEM ? "out of memory" : "broken compressed stream");
    }
    out->n -= room - n_out;
    if (out->n > RKMQ_DECOMPRESSED_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "body: more than %u bytes decompressed",
                             RKMQ_DECOMPRESSED_BYTES_MAX);
    }
    if (!*is_end && n_in == 0 && n_out == 0) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "body: compressed stream is cut");
    }
    *in = rkmq__slice(in->p + n_in, in->n - n_in);
    return RKMQ_OK;
}

static int inflate_all(const struct inflater *inflater, struct rkmq_slice in,
                       struct rkmq_bytes *out, struct rkmq_err *err)
{
    bool is_end = false;
    while (!is_end) {
        int status = inflate_step(inflater, &in, out, &is_end, err);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    if (in.n > 0) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "body: %zu bytes after the compressed stream",
                             in.n);
    }
    return RKMQ_OK;
}

/* ---- zlib ---- */

static void *zlib_alloc(void *mem, unsigned n, unsigned size)
{
    return rkmq__alloc(mem, (size_t)n * size);
}

static void zlib_free(void *mem, void *p)
{
    rkmq__free(mem, p);
}

static z_stream zlib_stream(const struct rkmq_mem *mem)
{
    return (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)(uintptr_t)mem};
}

static int zlib_step(void *state, struct rkmq_slice in, size_t *n_in, uint8_t *out, size_t *n_out,
                     bool *is_end)
{
    z_stream *z = state;
    uInt in_n = in.n > UINT32_MAX ? UINT32_MAX : (uInt)in.n;
    uInt out_n = *n_out > UINT32_MAX ? UINT32_MAX : (uInt)*n_out;
    z->next_in = (Bytef *)(uintptr_t)in.p;
    z->avail_in = in_n;
    z->next_out = out;
    z->avail_out = out_n;
    int rc = inflate(z, Z_NO_FLUSH);
    *n_in = in_n - z->avail_in;
    *n_out = out_n - z->avail_out;
    *is_end = rc == Z_STREAM_END;
    if (rc == Z_MEM_ERROR) { /* the window is allocated on the way */
        return RKMQ_E_NOMEM;
    }
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? RKMQ_OK : RKMQ_E_PROTOCOL;
}

static int zlib_decompress(struct rkmq_slice in, struct rkmq_bytes *out, struct rkmq_err *err)
{
    z_stream z = zlib_stream(out->mem);
    if (inflateInit(&z) != Z_OK) {
        return RKMQ_E_NOMEM;
    }
    struct inflater inflater = {&z, zlib_step};
    int status = inflate_all(&inflater, in, out, err);
    (void)inflateEnd(&z); /* only releases memory */
    return status;
}

static int zlib_compress(struct rkmq_slice in, struct rkmq_bytes *out)
{
    z_stream z = zlib_stream(out->mem);
    if (deflateInit(&z, ZLIB_LEVEL) != Z_OK) {
        return RKMQ_E_NOMEM;
    }
    size_t bound = deflateBound(&z, in.n);
    uint8_t *p = rkmq__bytes_reserve(out, bound);
    int status = RKMQ_E_NOMEM;
    if (p) {
        z.next_in = (Bytef *)(uintptr_t)in.p;
        z.avail_in = (uInt)in.n;
        z.next_out = p;
        z.avail_out = (uInt)bound;
        int rc = deflate(&z, Z_FINISH);
        RKMQ_ASSERT(rc == Z_STREAM_END); /* the bound is enough */
        out->n -= z.avail_out;
        status = RKMQ_OK;
    }
    (void)deflateEnd(&z); /* only releases memory */
    return status;
}

/* ---- LZ4 ---- */

static int lz4_step(void *state, struct rkmq_slice in, size_t *n_in, uint8_t *out, size_t *n_out,
                    bool *is_end)
{
    size_t rc = LZ4F_decompress(state, out, n_out, in.p, n_in, NULL);
    *is_end = rc == 0;
    return LZ4F_isError(rc) ? RKMQ_E_PROTOCOL : RKMQ_OK;
}

static int lz4_decompress(struct rkmq_slice in, struct rkmq_bytes *out, struct rkmq_err *err)
{
    LZ4F_dctx *ctx = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION))) {
        return RKMQ_E_NOMEM;
    }
    struct inflater inflater = {ctx, lz4_step};
    int status = inflate_all(&inflater, in, out, err);
    (void)LZ4F_freeDecompressionContext(ctx); /* only releases memory */
    return status;
}

static int lz4_compress(struct rkmq_slice in, struct rkmq_bytes *out)
{
    size_t bound = LZ4F_compressFrameBound(in.n, NULL);
    uint8_t *p = rkmq__bytes_reserve(out, bound);
    if (!p) {
        return RKMQ_E_NOMEM;
    }
    size_t n = LZ4F_compressFrame(p, bound, in.p, in.n, NULL);
    if (LZ4F_isError(n)) {
        return RKMQ_E_NOMEM;
    }
    out->n -= bound - n;
    return RKMQ_OK;
}

/* ---- ZSTD ---- */

static int zstd_step(void *state, struct rkmq_slice in, size_t *n_in, uint8_t *out, size_t *n_out,
                     bool *is_end)
{
    ZSTD_inBuffer ib = {in.p, in.n, 0};
    ZSTD_outBuffer ob = {out, *n_out, 0};
    size_t rc = ZSTD_decompressStream(state, &ob, &ib);
    *n_in = ib.pos;
    *n_out = ob.pos;
    *is_end = rc == 0;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation) {
        return RKMQ_E_NOMEM;
    }
    return ZSTD_isError(rc) ? RKMQ_E_PROTOCOL : RKMQ_OK;
}

static int zstd_decompress(struct rkmq_slice in, struct rkmq_bytes *out, struct rkmq_err *err)
{
    ZSTD_DStream *ctx = ZSTD_createDStream();
    if (!ctx) {
        return RKMQ_E_NOMEM;
    }
    size_t rc = ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    RKMQ_ASSERT(!ZSTD_isError(rc));
    struct inflater inflater = {ctx, zstd_step};
    int status = inflate_all(&inflater, in, out, err);
    (void)ZSTD_freeDStream(ctx); /* only releases memory */
    return status;
}

static int zstd_compress(struct rkmq_slice in, struct rkmq_bytes *out)
{
    size_t bound = ZSTD_compressBound(in.n);
    uint8_t *p = rkmq__bytes_reserve(out, bound);
    if (!p) {
        return RKMQ_E_NOMEM;
    }
    size_t n = ZSTD_compress(p, bound, in.p, in.n, ZSTD_LEVEL);
    if (ZSTD_isError(n)) {
        return RKMQ_E_NOMEM;
    }
    out->n -= bound - n;
    return RKMQ_OK;
}

/* ---- the choice ---- */

static int bytes_to_buf(struct rkmq_bytes *bytes, struct rkmq_buf **out)
{
    *out = rkmq_buf_copy(bytes->mem, rkmq__bytes_slice(bytes));
    return *out ? RKMQ_OK : RKMQ_E_NOMEM;
}

int rkmq_body_decompress(struct rkmq_slice body, int32_t sys_flag, const struct rkmq_mem *mem,
                         struct rkmq_buf **out, struct rkmq_err *err)
{
    struct rkmq_bytes bytes;
    int status;
    *out = NULL;
    if (!(sys_flag & RKMQ_SYS_COMPRESSED)) {
        *out = rkmq_buf_copy(mem, body);
        return *out ? RKMQ_OK : RKMQ_E_NOMEM;
    }
    if (body.n == 0) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "body: compressed stream is cut");
    }
    rkmq__bytes_init(&bytes, mem);
    switch (sys_flag & RKMQ_SYS_COMPRESSION_MASK) {
    case 0: /* senders older than 4.9.4 */
    case RKMQ_SYS_COMPRESSION_ZLIB:
        status = zlib_decompress(body, &bytes, err);
        break;
    case RKMQ_SYS_COMPRESSION_LZ4:
        status = lz4_decompress(body, &bytes, err);
        break;
    case RKMQ_SYS_COMPRESSION_ZSTD:
        status = zstd_decompress(body, &bytes, err);
        break;
    default:
        status = rkmq__err_set(err, RKMQ_E_PROTOCOL, "body: compression type 0x%x",
                               (unsigned)(sys_flag & RKMQ_SYS_COMPRESSION_MASK));
    }
    if (status == RKMQ_OK) {
        status = bytes_to_buf(&bytes, out);
    }
    rkmq__bytes_close(&bytes);
    return status;
}

int rkmq_body_compress(struct rkmq_slice body, int32_t type, const struct rkmq_mem *mem,
                       struct rkmq_buf **out, struct rkmq_err *err)
{
    struct rkmq_bytes bytes;
    int status;
    *out = NULL;
    if (body.n > RKMQ_DECOMPRESSED_BYTES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "body: %zu bytes are over %u", body.n,
                             RKMQ_DECOMPRESSED_BYTES_MAX);
    }
    rkmq__bytes_init(&bytes, mem);
    switch (type) {
    case RKMQ_SYS_COMPRESSION_ZLIB:
        status = zlib_compress(body, &bytes);
        break;
    case RKMQ_SYS_COMPRESSION_LZ4:
        status = lz4_compress(body, &bytes);
        break;
    case RKMQ_SYS_COMPRESSION_ZSTD:
        status = zstd_compress(body, &bytes);
        break;
    default:
        status = rkmq__err_set(err, RKMQ_E_INVALID, "body: compression type 0x%x", (unsigned)type);
    }
    if (status == RKMQ_OK) {
        status = bytes_to_buf(&bytes, out);
    }
    rkmq__bytes_close(&bytes);
    return status;
}
