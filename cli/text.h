/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_TEXT_H
#define RKMQ_CLI_TEXT_H

/*
 * Bytes from the network on their way to a terminal: control characters and bytes that are no UTF-8
 * are shown as \n, \t, \r or \xNN, so that a message can neither break a line nor drive the
 * terminal. A backslash stays one: text that needs to be read back exactly is what --json is for.
 */

#include <stdio.h>

#include "remoting/base/containers.h"
#include "remoting/codec/json.h"

/* Appends `text`, at most `chars_max` bytes of it (0: all) with "..." for what was left out. */
void cli_text_add(struct rkmq_bytes *out, struct rkmq_slice text, size_t chars_max);
bool cli_text_is_utf8(struct rkmq_slice text);
/* `name: text`, or `nameHex: hex` for bytes that are no UTF-8. */
void cli_text_add_json(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text);
/* The first of `bytes` in hex, "..." for the rest. */
void cli_text_add_hex(struct rkmq_bytes *out, struct rkmq_slice bytes, size_t bytes_max);

#endif
