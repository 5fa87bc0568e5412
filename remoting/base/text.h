/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BASE_TEXT_H
#define RKMQ_BASE_TEXT_H

/*
 * Text that somebody else wrote, on its way to people: a terminal, a report. What cannot be shown
 * (control characters, bytes that are no UTF-8, U+FFFE and U+FFFF) becomes \n, \t, \r or \xNN, so
 * that it can neither break a line, nor drive a terminal, nor make an XML file invalid. A backslash
 * stays one.
 */

#include "remoting/base/containers.h"

/* Bytes of the UTF-8 sequence at `p`; 0: none (overlong forms, surrogates, beyond U+10FFFF). */
size_t rkmq__utf8_sequence(const uint8_t *p, size_t n);
bool rkmq__text_is_utf8(struct rkmq_slice text);
/* Appends `text`, at most `bytes_max` bytes of it (0: all) with "..." for what was left out. */
void rkmq__text_show(struct rkmq_bytes *out, struct rkmq_slice text, size_t bytes_max);

#endif
