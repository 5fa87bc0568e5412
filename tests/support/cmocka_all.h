/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CMOCKA_ALL_H
#define RKMQ_CMOCKA_ALL_H

/* CMocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
