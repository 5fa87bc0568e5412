/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_ANSWER_H
#define RKMQ_RPC_ANSWER_H

/* How a server's handlers answer. A one-way request is never answered; what was meant for it is
 * freed. A connection that just closed has nobody to tell. */

#include "remoting/rpc/channel.h"

#define RKMQ_REMARK_BYTES_MAX 1024 /* a longer one is cut */

void rkmq__answer(const struct rkmq_request_in *req, const struct rkmq_message_out *out);
/* SUCCESS; `fields` may be NULL: no extFields key. */
void rkmq__answer_ok(const struct rkmq_request_in *req, const struct rkmq_fields *fields);
/* SUCCESS with what was written to `body`, which is closed; SYSTEM_ERROR when memory was out. */
void rkmq__answer_body(const struct rkmq_request_in *req, const struct rkmq_mem *mem,
                       const struct rkmq_fields *fields, struct rkmq_bytes *body);
void rkmq__answer_error(const struct rkmq_request_in *req, int code,
                        const struct rkmq_fields *fields, const char *fmt, ...) RKMQ_PRINTF(4, 5);
/* SYSTEM_ERROR with the text of `err`, or the status's when it has none; `err` may be NULL. */
void rkmq__answer_failed(const struct rkmq_request_in *req, int status, const struct rkmq_err *err);
/* Reads the request's header into `out`; false: it was answered SYSTEM_ERROR with what is wrong. */
bool rkmq__answer_unless_header(const struct rkmq_request_in *req,
                                const struct rkmq_header_class *cls, void *out);

#endif
