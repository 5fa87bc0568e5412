/* SPDX-License-Identifier: Apache-2.0 */
#include "support/frame_rig.h"

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

struct test_mem frame_mem;

int frame_set_up(void **state)
{
    (void)state;
    test_mem_init(&frame_mem);
    return 0;
}

int frame_tear_down(void **state)
{
    (void)state;
    test_mem_assert_empty(&frame_mem);
    return 0;
}

static const struct rkmq_field topic_field = {{(const uint8_t *)"topic", 5},
                                              {(const uint8_t *)"TopicTest", 9}};
const struct rkmq_command frame_route_command = {.code = 105,
                                                 .version = 479,
                                                 .opaque = 1,
                                                 .has_fields = true,
                                                 .fields = &topic_field,
                                                 .n_fields = 1};

struct rkmq_decoder *frame_decoder(size_t frame_bytes_max)
{
    struct rkmq_decoder *d;
    assert_int_equal(rkmq_decoder_create(&d, &frame_mem.mem, frame_bytes_max), RKMQ_OK);
    return d;
}

void frame_feed(struct rkmq_decoder *d, const void *p, size_t n)
{
    rkmq_decoder_feed(d, rkmq_buf_copy(&frame_mem.mem, rkmq__slice(p, n)));
}

struct rkmq_slice frame_of(uint8_t *out, uint8_t type, struct rkmq_slice header,
                           struct rkmq_slice body)
{
    rkmq_put_be32(out, (uint32_t)(4 + header.n + body.n));
    rkmq_put_be32(out + 4, (uint32_t)type << 24 | (uint32_t)header.n);
    if (header.n > 0) {
        memcpy(out + 8, header.p, header.n);
    }
    if (body.n > 0) {
        memcpy(out + 8 + header.n, body.p, body.n);
    }
    return rkmq__slice(out, 8 + header.n + body.n);
}

void frame_assert_same(const struct rkmq_command *a, const struct rkmq_command *b)
{
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->language, b->language);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->opaque, b->opaque);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->has_fields, b->has_fields);
    assert_int_equal(a->remark.p != NULL, b->remark.p != NULL);
    assert_true(rkmq__slice_equal(a->remark, b->remark));
    assert_int_equal(a->n_fields, b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++) {
        assert_true(rkmq__slice_equal(a->fields[i].key, b->fields[i].key));
        assert_true(rkmq__slice_equal(a->fields[i].value, b->fields[i].value));
    }
    assert_true(rkmq__slice_equal(a->body, b->body));
}
