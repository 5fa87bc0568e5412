/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/codes.h"

#include <rkmq/remoting.h>

#include "remoting/base/core.h"

struct code_row {
    int value;
    const char *name;
};

/* Sorted by value. Where releases gave one number two meanings the first row is 5.3.3's. */
static const struct code_row request_rows[] = {
#define X(name, value) {value, #name},
#include "remoting/protocol/request_codes.def"
#undef X
};
static const struct code_row response_rows[] = {
#define X(name, value) {value, #name},
#include "remoting/protocol/response_codes.def"
#undef X
};

static const char *name_of(const struct code_row *rows, size_t n, int value)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].value < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && rows[low].value == value ? rows[low].name : NULL;
}

static int value_of(const struct code_row *rows, size_t n, const char *name, int *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *out = rows[i].value;
            return RKMQ_OK;
        }
    }
    return RKMQ_E_NOT_FOUND;
}

const char *rkmq_request_code_name(int code)
{
    return name_of(request_rows, RKMQ_COUNT_OF(request_rows), code);
}

const char *rkmq_response_code_name(int code)
{
    return name_of(response_rows, RKMQ_COUNT_OF(response_rows), code);
}

int rkmq_request_code_by_name(const char *name, int *out)
{
    return value_of(request_rows, RKMQ_COUNT_OF(request_rows), name, out);
}

int rkmq_response_code_by_name(const char *name, int *out)
{
    return value_of(response_rows, RKMQ_COUNT_OF(response_rows), name, out);
}

const char *rkmq_language_name(int language)
{
    static const char *const names[] = {
#define X(name, value) [value] = #name,
        RKMQ_LANGUAGE_TABLE(X)
#undef X
    };
    return language >= 0 && (size_t)language < RKMQ_COUNT_OF(names) ? names[language] : NULL;
}

/* MQVersion.Version (5.3.3): from the first final release on, a snapshot and a release for each
 * number that was ever thought of. */
#define V(number) "V" #number "_SNAPSHOT", "V" #number
#define V_1_TO_9(minor)                                                                            \
    V(minor##_1), V(minor##_2), V(minor##_3), V(minor##_4), V(minor##_5), V(minor##_6),            \
        V(minor##_7), V(minor##_8), V(minor##_9)
#define V_0_TO_9(minor) V(minor##_0), V_1_TO_9(minor)
#define V_MAJOR(major)                                                                             \
    V_0_TO_9(major##_0), V_0_TO_9(major##_1), V_0_TO_9(major##_2), V_0_TO_9(major##_3),            \
        V_0_TO_9(major##_4), V_0_TO_9(major##_5), V_0_TO_9(major##_6), V_0_TO_9(major##_7),        \
        V_0_TO_9(major##_8), V_0_TO_9(major##_9)

const char *rkmq_version_name(int version)
{
    static const char *const names[] = {
        "V3_0_0_SNAPSHOT", "V3_0_0_ALPHA1", "V3_0_0_BETA1", "V3_0_0_BETA2", "V3_0_0_BETA3",
        "V3_0_0_BETA4",    "V3_0_0_BETA5",  V(3_0_0_BETA6), V(3_0_0_BETA7), V(3_0_0_BETA8),
        V(3_0_0_BETA9),    "V3_0_0_FINAL",  V_1_TO_9(3_0),  V(3_0_10),      V(3_0_11),
        V(3_0_12),         V(3_0_13),       V(3_0_14),      V(3_0_15),      V_0_TO_9(3_1),
        V_0_TO_9(3_2),     V_1_TO_9(3_3),   V_1_TO_9(3_4),  V_1_TO_9(3_5),  V_1_TO_9(3_6),
        V_1_TO_9(3_7),     V_1_TO_9(3_8),   V_1_TO_9(3_9),  V_MAJOR(4),     V_MAJOR(5),
        "HIGHER_VERSION",
    };
    size_t last = RKMQ_COUNT_OF(names) - 1;
    return names[version < 0 || (size_t)version > last ? last : (size_t)version];
}
