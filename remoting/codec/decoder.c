/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames out of a stream of buffers. Adjacent views of one slab are joined as they come in, so a
 * frame usually lies in one piece and is handed on as a view; only one that spans slabs is copied.
 * The two words at a frame's start are checked before anything is allocated for it.
 */
#include "remoting/codec/header_codec.h"

#define FIELDS_FIRST 32
#define TEXT_KEPT_BYTES_MAX 65536 /* room for unescaped texts that is kept from frame to frame */

struct rkmq_decoder {
    const struct rkmq_mem *mem;
    size_t frame_bytes_max;
    struct rkmq_buf *head, *tail; /* bytes not yet taken */
    size_t n;                     /* of them */
    struct rkmq_buf *frame;       /* the last one taken */
    bool is_frame_unread;         /* its header ran out of memory and is to be read again */
    bool is_broken;
    struct rkmq_header_room room;
};

/* ---- room for a header ---- */

void rkmq__header_room_close(struct rkmq_header_room *room)
{
    rkmq__free(room->mem, room->fields);
    rkmq__free(room->mem, room->text);
    *room = (struct rkmq_header_room){.mem = room->mem};
}

int rkmq__header_room_grow(struct rkmq_header_room *room, struct rkmq_err *err)
{
    _Static_assert((RKMQ_FIELDS_MAX & (RKMQ_FIELDS_MAX - 1)) == 0 &&
                       (FIELDS_FIRST & (FIELDS_FIRST - 1)) == 0,
                   "powers of two: doubling meets the limit");
    if (room->n_fields_max == RKMQ_FIELDS_MAX) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "header with more than %d extFields",
                             RKMQ_FIELDS_MAX);
    }
    size_t n_max = room->n_fields_max ? 2 * room->n_fields_max : FIELDS_FIRST;
    RKMQ_ASSERT(n_max <= RKMQ_FIELDS_MAX);
    struct rkmq_field *fields =
        rkmq__realloc(room->mem, room->fields, n_max * sizeof *room->fields);
    if (!fields) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory for a header");
    }
    room->fields = fields;
    room->n_fields_max = n_max;
    return RKMQ_OK;
}

/* ---- life ---- */

int rkmq_decoder_create(struct rkmq_decoder **out, const struct rkmq_mem *mem,
                        size_t frame_bytes_max)
{
    *out = NULL;
    if (frame_bytes_max < RKMQ_FRAME_PREFIX_BYTES) {
        return RKMQ_E_INVALID;
    }
    struct rkmq_decoder *d = rkmq__zalloc(mem, sizeof *d);
    if (!d) {
        return RKMQ_E_NOMEM;
    }
    d->mem = mem;
    d->room.mem = mem;
    d->frame_bytes_max = frame_bytes_max;
    *out = d;
    return RKMQ_OK;
}

void rkmq_decoder_destroy(struct rkmq_decoder *d)
{
    if (d) {
        rkmq_buf_free(d->head);
        rkmq_buf_free(d->frame);
        rkmq__header_room_close(&d->room);
        rkmq__free(d->mem, d);
    }
}

/* ---- bytes ---- */

static void decoder_add(struct rkmq_decoder *d, struct rkmq_buf *take_one)
{
    d->n += take_one->n;
    if (d->tail && d->tail->slab == take_one->slab && d->tail->p + d->tail->n == take_one->p) {
        d->tail->n += take_one->n;
        rkmq_buf_free(take_one);
        return;
    }
    if (d->tail) {
        d->tail->next = take_one;
    } else {
        d->head = take_one;
    }
    d->tail = take_one;
}

void rkmq_decoder_feed(struct rkmq_decoder *d, struct rkmq_buf *take_data)
{
    while (take_data) {
        struct rkmq_buf *one = take_data;
        take_data = one->next;
        one->next = NULL;
        if (d->is_broken || one->n == 0) {
            rkmq_buf_free(one);
        } else {
            decoder_add(d, one);
        }
    }
}

static struct rkmq_buf *decoder_pop(struct rkmq_decoder *d)
{
    struct rkmq_buf *first = d->head;
    d->head = first->next;
    if (!d->head) {
        d->tail = NULL;
    }
    first->next = NULL;
    d->n -= first->n;
    return first;
}

/* Copies the first bytes, which are there. */
static void decoder_peek(const struct rkmq_decoder *d, uint8_t *out, size_t n)
{
    for (const struct rkmq_buf *b = d->head; n > 0; b = b->next) {
        size_t n_here = b->n < n ? b->n : n;
        memcpy(out, b->p, n_here);
        out += n_here;
        n -= n_here;
    }
}

static void decoder_drop(struct rkmq_decoder *d, size_t n)
{
    RKMQ_ASSERT(n <= d->n);
    while (n > 0 && d->head->n <= n) {
        struct rkmq_buf *first = decoder_pop(d);
        n -= first->n;
        rkmq_buf_free(first);
    }
    if (n > 0) {
        d->head->p += n;
        d->head->n -= n;
        d->n -= n;
    }
}

/* ---- frames ---- */

/* The length word counts what follows it (NettyDecoder, a LengthFieldBasedFrameDecoder, counts the
 * word too when it compares with its limit). */
static int check_length(const struct rkmq_decoder *d, int32_t length, struct rkmq_err *err)
{
    if (length < 0) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "frame length %d is negative", length);
    }
    if (length < 4) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "frame length %d has no room for a header word",
                             length);
    }
    if ((size_t)length + 4 > d->frame_bytes_max) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "frame of %zu bytes is over the limit of %zu",
                             (size_t)length + 4, d->frame_bytes_max);
    }
    return RKMQ_OK;
}

static int check_header_word(int32_t length, uint32_t word, struct rkmq_err *err)
{
    if (word >> 24 > RKMQ_HEADER_BINARY) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "unknown serialize type %u", word >> 24);
    }
    if ((word & 0xFFFFFF) > (uint32_t)length - 4) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL,
                             "header of %u bytes is longer than the %d bytes of its frame",
                             word & 0xFFFFFF, length - 4);
    }
    return RKMQ_OK;
}

/* RKMQ_OK with the size of the frame at the front, all of it there. */
static int front_frame(const struct rkmq_decoder *d, size_t *n_frame, struct rkmq_err *err)
{
    uint8_t prefix[RKMQ_FRAME_PREFIX_BYTES];
    if (d->n < 4) {
        return RKMQ_E_MORE;
    }
    size_t n_prefix = d->n < sizeof prefix ? 4 : sizeof prefix;
    decoder_peek(d, prefix, n_prefix);
    int32_t length = (int32_t)rkmq_get_be32(prefix);
    int status = check_length(d, length, err);
    if (status == RKMQ_OK && n_prefix == sizeof prefix) {
        status = check_header_word(length, rkmq_get_be32(prefix + 4), err);
    }
    *n_frame = (size_t)(uint32_t)length + 4;
    if (status == RKMQ_OK && d->n < *n_frame) {
        status = RKMQ_E_MORE;
    }
    return status;
}

static int take_frame(struct rkmq_decoder *d, struct rkmq_err *err)
{
    size_t n;
    int status = front_frame(d, &n, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (d->head->n == n) {
        d->frame = decoder_pop(d);
        return RKMQ_OK;
    }
    bool is_whole = d->head->n > n;
    d->frame = is_whole ? rkmq_buf_view(d->head, 0, n) : rkmq_buf_create(d->mem, n);
    if (!d->frame) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory for a frame of %zu bytes", n);
    }
    if (!is_whole) {
        decoder_peek(d, d->frame->p, n);
    }
    decoder_drop(d, n);
    return RKMQ_OK;
}

static int read_frame(struct rkmq_decoder *d, struct rkmq_command *view, struct rkmq_err *err)
{
    uint32_t word = rkmq_get_be32(d->frame->p + 4);
    size_t n_header = word & 0xFFFFFF;
    const uint8_t *header = d->frame->p + RKMQ_FRAME_PREFIX_BYTES;
    int status = word >> 24 == RKMQ_HEADER_BINARY
                     ? rkmq__header_binary_read(rkmq__slice(header, n_header), &d->room, view, err)
                     : rkmq__header_json_read(rkmq__slice(header, n_header), &d->room, view, err);
    view->body = rkmq__slice(header + n_header, d->frame->n - RKMQ_FRAME_PREFIX_BYTES - n_header);
    view->frame = d->frame;
    return status;
}

static void decoder_break(struct rkmq_decoder *d)
{
    d->is_broken = true;
    rkmq_buf_free(d->head);
    d->head = NULL;
    d->tail = NULL;
    d->n = 0;
}

int rkmq_decoder_next(struct rkmq_decoder *d, struct rkmq_command *view, struct rkmq_err *err)
{
    int status = RKMQ_OK;
    if (d->is_broken) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "bytes behind a malformed frame");
    }
    if (!d->is_frame_unread) {
        rkmq_buf_free(d->frame);
        d->frame = NULL;
        if (d->room.n_text_max > TEXT_KEPT_BYTES_MAX) {
            rkmq__header_room_close(&d->room);
        }
        status = take_frame(d, err);
    }
    if (status == RKMQ_OK) {
        status = read_frame(d, view, err);
        d->is_frame_unread = status == RKMQ_E_NOMEM;
    }
    if (status == RKMQ_E_PROTOCOL || status == RKMQ_E_LIMIT) {
        decoder_break(d);
    }
    return status;
}
