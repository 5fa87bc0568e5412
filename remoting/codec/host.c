/* SPDX-License-Identifier: Apache-2.0 */
/* "ip:port" texts of the hosts in records and ids. */
#include <rkmq/message.h>

#include "remoting/base/core.h"

static int number_read(const char **p, int64_t max, uint32_t *out)
{
    const char *start = *p;
    while (**p >= '0' && **p <= '9') {
        (*p)++;
    }
    int64_t v = 0;
    int status = rkmq__slice_to_i64(rkmq__slice(start, (size_t)(*p - start)), &v);
    if (status != RKMQ_OK || v > max) {
        return RKMQ_E_INVALID;
    }
    *out = (uint32_t)v;
    return RKMQ_OK;
}

static int v4_read(const char **p, uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        uint32_t byte = 0;
        if (number_read(p, 255, &byte) != RKMQ_OK || **p != (i < 3 ? '.' : ':')) {
            return RKMQ_E_INVALID;
        }
        address[i] = (uint8_t)byte;
        (*p)++;
    }
    return RKMQ_OK;
}

static int hex_group(const char **p, uint16_t *out)
{
    unsigned v = 0, n = 0;
    for (;; (*p)++, n++) {
        char c = **p;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16) {
            break;
        }
        v = v << 4 | digit;
    }
    *out = (uint16_t)v;
    return n >= 1 && n <= 4 ? RKMQ_OK : RKMQ_E_INVALID;
}

/* Behind a group: the closing bracket, or a colon and, once, the second one of the gap. */
static int v6_separator(const char **p, int n, int *gap)
{
    if (**p == ']') {
        return RKMQ_OK;
    }
    if (**p != ':') {
        return RKMQ_E_INVALID;
    }
    (*p)++;
    if (**p == ':' && *gap < 0) {
        *gap = n;
        (*p)++;
        return RKMQ_OK;
    }
    return **p == ']' ? RKMQ_E_INVALID : RKMQ_OK;
}

/* Up to eight groups, one "::" for a run of zeros, ends at ']'. */
static int v6_read(const char **p, uint8_t address[16])
{
    uint16_t groups[8] = {0};
    int n = 0, gap = -1;
    if ((*p)[0] == ':' && (*p)[1] == ':') {
        gap = 0;
        *p += 2;
    }
    while (**p != ']') {
        if (n == 8 || hex_group(p, &groups[n++]) != RKMQ_OK ||
            v6_separator(p, n, &gap) != RKMQ_OK) {
            return RKMQ_E_INVALID;
        }
    }
    if (gap < 0 ? n != 8 : n == 8) {
        return RKMQ_E_INVALID;
    }
    memset(address, 0, 16);
    for (int i = 0; i < n; i++) {
        int at = gap >= 0 && i >= gap ? 8 - n + i : i;
        rkmq_put_be16(address + 2 * at, groups[i]);
    }
    return RKMQ_OK;
}

int rkmq_host_read(const char *text, struct rkmq_host *out)
{
    struct rkmq_host host = {.is_v6 = text[0] == '['};
    const char *p = text;
    int status;
    if (host.is_v6) {
        p++;
        status = v6_read(&p, host.address);
        if (status == RKMQ_OK && p[1] != ':') { /* p[0] is the bracket it stopped at */
            status = RKMQ_E_INVALID;
        }
        p += status == RKMQ_OK ? 2 : 0;
    } else {
        status = v4_read(&p, host.address);
    }
    if (status != RKMQ_OK || number_read(&p, 65535, &host.port) != RKMQ_OK || *p != '\0') {
        return RKMQ_E_INVALID;
    }
    *out = host;
    return RKMQ_OK;
}

void rkmq_host_write(const struct rkmq_host *host, char out[64])
{
    const uint8_t *a = host->address;
    if (!host->is_v6) {
        (void)snprintf(out, 64, "%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3], host->port);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < 16; i += 2) {
        n += (size_t)snprintf(out + n, 64 - n, "%s%x", i ? ":" : "[", rkmq_get_be16(a + i));
    }
    (void)snprintf(out + n, 64 - n, "]:%u", host->port); /* 8 groups of 4 and a port fit */
}
