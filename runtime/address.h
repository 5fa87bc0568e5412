/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNTIME_ADDRESS_H
#define RKMQ_RUNTIME_ADDRESS_H

#include "remoting/base/core.h"

#define RKMQ_ADDRESS_HOST_BYTES_MAX 256

/* "host:port" taken apart; "[::1]:80" gives the host without brackets. */
struct rkmq__address {
    char host[RKMQ_ADDRESS_HOST_BYTES_MAX];
    uint16_t port;
};

/* Errors: RKMQ_E_INVALID (no host, no port, port above 65535, host too long). */
int rkmq__address_parse(const char *text, struct rkmq__address *out);

#endif
