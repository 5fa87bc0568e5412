/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_TEXT_H
#define RKMQ_CLI_TEXT_H

/* Bytes from the network as the program prints them. */

#include <stdio.h>

#include "remoting/base/text.h"
#include "remoting/codec/json.h"

/* `name: text`, or `nameHex: hex` for bytes that are no UTF-8. */
void cli_text_add_json(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text);
/* The first of `bytes` in hex, "..." for the rest. */
void cli_text_add_hex(struct rkmq_bytes *out, struct rkmq_slice bytes, size_t bytes_max);

#endif
