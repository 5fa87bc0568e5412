/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_FIELDS_H
#define RKMQ_TEST_FIELDS_H

/* Header fields as "key=value;key=value", so that a table of cases can hold them. */

#include <rkmq/remoting.h>

#define TEST_FIELDS_MAX 32

/* Borrows from `text`, which may be NULL. */
size_t test_fields_read(const char *text, struct rkmq_field out[TEST_FIELDS_MAX]);
/* Fails the running test when `out` is too small. */
void test_fields_write(const struct rkmq_command *cmd, char *out, size_t n_max);
/* Every field of `expected` is there with that value; others may be there too. */
void test_fields_assert(const char *got, const char *expected);

#endif
