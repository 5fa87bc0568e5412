/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_HEX_H
#define RKMQ_TEST_HEX_H

#include <rkmq/base.h>

/* The bytes of lower-case hex text with blanks between; fails the running test on anything else, or
 * when more than `n_max` come out. Returns their number. */
size_t test_hex(const char *hex, uint8_t *out, size_t n_max);

#endif
