/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_BODY_KINDS_H
#define RKMQ_TEST_BODY_KINDS_H

/*
 * Every kind of JSON body that the library reads: `again` reads it and writes what it understood.
 * Usable without CMocka, for fuzz targets.
 */

#include "remoting/protocol/bodies.h"

struct body_kind {
    const char *name;
    int code; /* of the request that has it, or whose answer has it */
    bool is_answer;
    /* `body` is gone before the writing starts. Errors: those of the reader. */
    int (*again)(struct rkmq_slice body, const struct rkmq_mem *mem, struct rkmq_bytes *out,
                 struct rkmq_err *err);
};
extern const struct body_kind body_kinds[];
extern const size_t n_body_kinds;

#endif
