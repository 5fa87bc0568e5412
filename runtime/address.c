/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/address.h"

int rkmq__address_parse(const char *text, struct rkmq__address *out)
{
    *out = (struct rkmq__address){0};
    const char *colon = text ? strrchr(text, ':') : NULL;
    if (!colon) {
        return RKMQ_E_INVALID;
    }
    struct rkmq_slice host = rkmq__slice(text, (size_t)(colon - text));
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = rkmq__slice(host.p + 1, host.n - 2);
    }
    if (host.n == 0 || host.n >= sizeof out->host) {
        return RKMQ_E_INVALID;
    }
    size_t n_digits = strspn(colon + 1, "0123456789");
    int64_t port = 0;
    if (n_digits == 0 || n_digits > 5 || colon[1 + n_digits] != '\0' ||
        rkmq__slice_to_i64(rkmq__slice(colon + 1, n_digits), &port) != RKMQ_OK || port > 65535) {
        return RKMQ_E_INVALID;
    }
    memcpy(out->host, host.p, host.n);
    out->port = (uint16_t)port;
    return RKMQ_OK;
}
