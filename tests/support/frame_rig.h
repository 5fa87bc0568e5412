/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_FRAME_RIG_H
#define RKMQ_TEST_FRAME_RIG_H

/* Frames, and decoders that read them. All memory is `frame_mem`'s: a FRAME_TEST leaves none. */

#include <rkmq/remoting.h>

#include "support/mem.h"

extern struct test_mem frame_mem;
int frame_set_up(void **state);
int frame_tear_down(void **state);
#define FRAME_TEST(name) cmocka_unit_test_setup_teardown(name, frame_set_up, frame_tear_down)

/* The route request of protocol.md 11.1: 139 bytes with a JSON header. */
extern const struct rkmq_command frame_route_command;

struct rkmq_decoder *frame_decoder(size_t frame_bytes_max);
/* Feeds a copy. */
void frame_feed(struct rkmq_decoder *d, const void *p, size_t n);
/* A frame around any header bytes; `out` has room for 8 bytes more than both. */
struct rkmq_slice frame_of(uint8_t *out, uint8_t type, struct rkmq_slice header,
                           struct rkmq_slice body);
void frame_assert_same(const struct rkmq_command *a, const struct rkmq_command *b);

#endif
