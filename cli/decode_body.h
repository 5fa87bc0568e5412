/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_DECODE_BODY_H
#define RKMQ_CLI_DECODE_BODY_H

/* Bodies as people read them: message records, batches, messages, JSON; anything else in hex. */

#include "cli/decode.h"
#include "remoting/codec/json.h"

/* Lines that begin with `indent`; `chars_max` of each body are shown (0: all). */
void decode_add_body(struct decode_output *out, const struct decode_frame *frame,
                     const char *indent, size_t chars_max);
/* Members bodyBytes and records, batch or body of the object under way. */
void decode_add_body_json(struct decode_output *out, const struct decode_frame *frame,
                          struct rkmq_json_writer *w);
/* `{TAGS=TagA KEYS=k1}` */
void decode_add_properties(struct rkmq_bytes *line, struct rkmq_slice properties);

#endif
