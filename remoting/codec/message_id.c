/* SPDX-License-Identifier: Apache-2.0 */
/* Offset message ids and UNIQ_KEYs. Source: MessageDecoder.createMessageId, MessageClientIDSetter
 * (5.3.3). */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define MS_PER_DAY 86400000

static char *hex_put(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
    return out;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20; /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_read(struct rkmq_slice text, uint8_t *out)
{
    for (size_t i = 0; i + 1 < text.n; i += 2) {
        int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);
        if (high < 0 || low < 0) {
            return RKMQ_E_INVALID;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return RKMQ_OK;
}

void rkmq_offset_id_write(const struct rkmq_host *host, int64_t commit_log_offset,
                          char out[RKMQ_OFFSET_ID_CHARS_MAX + 1])
{
    uint8_t tail[12];
    rkmq_put_be32(tail, host->port);
    rkmq_put_be64(tail + 4, (uint64_t)commit_log_offset);
    out = hex_put(out, host->address, host->is_v6 ? 16 : 4);
    (void)hex_put(out, tail, sizeof tail); /* the end is not needed */
}

int rkmq_offset_id_read(struct rkmq_slice id, struct rkmq_host *host, int64_t *commit_log_offset)
{
    uint8_t bytes[28];
    if (id.n != 32 && id.n != RKMQ_OFFSET_ID_CHARS_MAX) {
        return RKMQ_E_INVALID;
    }
    if (hex_read(id, bytes) != RKMQ_OK) {
        return RKMQ_E_INVALID;
    }
    size_t n = id.n == 32 ? 4 : 16;
    *host = (struct rkmq_host){.is_v6 = n == 16, .port = rkmq_get_be32(bytes + n)};
    memcpy(host->address, bytes, n);
    *commit_log_offset = (int64_t)rkmq_get_be64(bytes + n + 4);
    return RKMQ_OK;
}

/* Milliseconds since the first of the month of `wall`, UTC: civil-from-days on the proleptic
 * Gregorian calendar. */
static uint32_t ms_in_month(rkmq_ms wall)
{
    int64_t days = wall / MS_PER_DAY;
    int64_t z = days + 719468; /* days since 0000-03-01 */
    int64_t day_of_era = z % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* March is 0 */
    int64_t day = day_of_year - (153 * month + 2) / 5;
    return (uint32_t)(day * MS_PER_DAY + wall % MS_PER_DAY);
}

void rkmq_uniq_key_write(struct rkmq_uniq_key_source *s, rkmq_ms wall,
                         char out[RKMQ_UNIQ_KEY_CHARS + 1])
{
    uint8_t key[16];
    memcpy(key, s->address, 4);
    rkmq_put_be16(key + 4, s->pid);
    rkmq_put_be32(key + 6, s->salt);
    rkmq_put_be32(key + 10, ms_in_month(wall < 0 ? 0 : wall));
    rkmq_put_be16(key + 14, s->counter++);
    (void)hex_put(out, key, sizeof key); /* the end is not needed */
}
