/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/address.h"
#include "support/cmocka_all.h"

static void addresses_come_apart(void **state)
{
    /* A table of texts and what they mean; NULL: nothing. */
    (void)state;
    static const struct {
        const char *text, *host;
        unsigned port;
    } ROWS[] = {
        {"127.0.0.1:9876", "127.0.0.1", 9876},
        {"localhost:0", "localhost", 0},
        {"h:65535", "h", 65535},
        {"[::1]:80", "::1", 80},
        {"::1:80", "::1", 80},
        {"h:00080", "h", 80},
        {"h:65536", NULL, 0},
        {"h:000080", NULL, 0},
        {"h:", NULL, 0},
        {":80", NULL, 0},
        {"[]:80", NULL, 0},
        {"h", NULL, 0},
        {"h:80 ", NULL, 0},
        {"h:+80", NULL, 0},
        {"", NULL, 0},
        {NULL, NULL, 0},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(ROWS); i++) {
        struct rkmq__address address;
        int status = rkmq__address_parse(ROWS[i].text, &address);
        assert_int_equal(status, ROWS[i].host ? RKMQ_OK : RKMQ_E_INVALID);
        assert_string_equal(address.host, ROWS[i].host ? ROWS[i].host : "");
        assert_int_equal(address.port, ROWS[i].port);
    }
}

static void a_host_has_a_limit(void **state)
{
    /* A host name fills its room but for the end mark; one byte more is refused. */
    (void)state;
    char text[RKMQ_ADDRESS_HOST_BYTES_MAX + 8];
    for (size_t n = RKMQ_ADDRESS_HOST_BYTES_MAX - 2; n <= RKMQ_ADDRESS_HOST_BYTES_MAX + 1; n++) {
        memset(text, 'h', n);
        memcpy(text + n, ":1", 3);
        struct rkmq__address address;
        assert_int_equal(rkmq__address_parse(text, &address),
                         n < RKMQ_ADDRESS_HOST_BYTES_MAX ? RKMQ_OK : RKMQ_E_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_come_apart),
        cmocka_unit_test(a_host_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
