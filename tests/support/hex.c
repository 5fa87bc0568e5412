/* SPDX-License-Identifier: Apache-2.0 */
#include "support/hex.h"

#include <string.h>

#include "support/cmocka_all.h"

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    assert_non_null(at);
    return (int)(at - digits);
}

size_t test_hex(const char *hex, uint8_t *out, size_t n_max)
{
    size_t n = 0;
    for (; *hex; hex++) {
        if (*hex == ' ') {
            continue;
        }
        assert_in_range(n, 0, n_max - 1);
        int high = digit(*hex++);
        out[n++] = (uint8_t)(high << 4 | digit(*hex));
    }
    return n;
}
