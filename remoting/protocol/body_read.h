/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PROTOCOL_BODY_READ_H
#define RKMQ_PROTOCOL_BODY_READ_H

/* What the body readers share: the body as an object, arrays counted before they are allocated. */

#include "remoting/protocol/bodies.h"

/*
 * The body, which must be one JSON object. `what` names it in err. What is parsed is a copy in the
 * arena, so that texts borrowed from it outlive the body; without an arena it is the body itself.
 */
int rkmq__body_object(struct rkmq_slice body, const char *what, struct rkmq_arena *arena,
                      struct rkmq_json *out, struct rkmq_err *err);
/*
 * Room for every element of the array member `name` of `object` (absent: none), zeroed; `*values`
 * is the walk over them. Errors: RKMQ_E_PROTOCOL no array, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
int rkmq__body_array(const struct rkmq_json *object, const char *name, size_t item_bytes,
                     struct rkmq_arena *arena, void **items, size_t *n, struct rkmq_json_iter *walk,
                     struct rkmq_err *err);
/* The same for an array of objects. Errors: also RKMQ_E_PROTOCOL another element. */
int rkmq__body_objects(const struct rkmq_json *object, const char *name, size_t item_bytes,
                       struct rkmq_arena *arena, void **items, size_t *n,
                       struct rkmq_json_iter *walk, struct rkmq_err *err);
/* The same for the members of an object. */
int rkmq__body_members(const struct rkmq_json *object, const char *name, size_t item_bytes,
                       struct rkmq_arena *arena, void **items, size_t *n,
                       struct rkmq_json_iter *walk, struct rkmq_err *err);
/* An array of texts. */
int rkmq__body_texts(const struct rkmq_json *object, const char *name, struct rkmq_arena *arena,
                     struct rkmq_slice **out, size_t *n, struct rkmq_err *err);
/* Fills `err` for a member that a scalar reader refused, and passes `status` on. */
int rkmq__body_fault(int status, const char *what, struct rkmq_err *err);

#endif
