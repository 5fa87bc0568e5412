/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_CLOCK_H
#define RKMQ_CLI_CLOCK_H

#include <rkmq/base.h>

#define CLI_SECOND_US 1000000

/* Real time that only goes forward, from some moment on. Thread: any. */
int64_t cli_clock_us(void);

#endif
