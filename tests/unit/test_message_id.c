/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

static void test_offset_id(void **state)
{
    /* Ids have the form of the reference, 32 characters for IPv4 and 56 for IPv6, and are read
     * back, in lower case too. */
    static const struct {
        const char *host;
        int64_t offset;
        const char *id, *lower;
    } rows[] = {
        {"192.168.0.1:10911", 1234, "C0A8000100002A9F00000000000004D2",
         "c0a8000100002a9f00000000000004d2"},
        {"0.0.0.0:0", INT64_MAX, "00000000000000007FFFFFFFFFFFFFFF",
         "00000000000000007fffffffffffffff"},
        {"255.255.255.255:65535", -1, "FFFFFFFF0000FFFFFFFFFFFFFFFFFFFF",
         "ffffffff0000ffffffffffffffffffff"},
        {"[2001:db8::1]:10911", 1, "20010DB800000000000000000000000100002A9F0000000000000001",
         "20010db800000000000000000000000100002a9f0000000000000001"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_host host, out;
        char id[RKMQ_OFFSET_ID_CHARS_MAX + 1];
        int64_t offset = 0;
        assert_int_equal(rkmq_host_read(rows[i].host, &host), RKMQ_OK);
        rkmq_offset_id_write(&host, rows[i].offset, id);
        assert_string_equal(id, rows[i].id);
        const char *const forms[] = {rows[i].id, rows[i].lower};
        for (size_t k = 0; k < RKMQ_COUNT_OF(forms); k++) {
            char text[64], expected[64];
            assert_int_equal(rkmq_offset_id_read(rkmq__slice_of(forms[k]), &out, &offset), RKMQ_OK);
            assert_true(offset == rows[i].offset);
            rkmq_host_write(&out, text);
            rkmq_host_write(&host, expected);
            assert_string_equal(text, expected);
        }
    }
}

static void test_offset_id_refuses(void **state)
{
    /* Any other length and any other character is refused, and the outputs are left alone. */
    static const char good[] = "C0A8000100002A9F00000000000004D2";
    struct rkmq_host host = {.port = 7};
    int64_t offset = 7;
    (void)state;
    for (size_t n = 0; n < sizeof good - 1; n++) {
        assert_int_equal(rkmq_offset_id_read(rkmq__slice(good, n), &host, &offset), RKMQ_E_INVALID);
    }
    for (size_t at = 0; at < sizeof good - 1; at++) {
        for (int c = 0; c < 256; c++) {
            char bad[sizeof good];
            memcpy(bad, good, sizeof good);
            bad[at] = (char)c;
            bool is_digit = c && strchr("0123456789abcdefABCDEF", c);
            struct rkmq_host ignored;
            int64_t also_ignored;
            assert_int_equal(
                rkmq_offset_id_read(rkmq__slice(bad, sizeof good - 1), &ignored, &also_ignored),
                is_digit ? RKMQ_OK : RKMQ_E_INVALID);
        }
    }
    assert_int_equal(host.port, 7);
    assert_true(offset == 7);
}

static void test_host_texts(void **state)
{
    /* Addresses are read in their usual forms and written in one. */
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"127.0.0.1:10911", "127.0.0.1:10911"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"[::]:1", "[0:0:0:0:0:0:0:0]:1"},
        {"[::1]:65535", "[0:0:0:0:0:0:0:1]:65535"},
        {"[1::]:1", "[1:0:0:0:0:0:0:0]:1"},
        {"[fe80::A:0b]:1", "[fe80:0:0:0:0:0:a:b]:1"},
        {"[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1"},
        {"[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_host host;
        char text[64];
        assert_int_equal(rkmq_host_read(rows[i].in, &host), RKMQ_OK);
        rkmq_host_write(&host, text);
        assert_string_equal(text, rows[i].out);
        assert_int_equal(host.is_v6, rows[i].in[0] == '[');
    }
}

static void test_host_refuses(void **state)
{
    /* Names, missing or extra parts, and numbers out of range are refused. */
    static const char *const rows[] = {
        "",
        "localhost:1",
        "1.2.3:4",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:x",
        "1.2.3.4:65536",
        "256.2.3.4:5",
        "1.2.3.4.5:6",
        "-1.2.3.4:5",
        "1..3.4:5",
        "1.2.3.4:5 ",
        "[",
        "[]",
        "[]:1",
        "[::",
        "[::]",
        "[::]1",
        "[::]:",
        "[::]:1x",
        "[:::]:1",
        "[1::2::3]:1",
        "[12345::]:1",
        "[g::]:1",
        "[1-2::]:1",
        "[1:2]:1",
        "[1:]:1",
        "[1:2:3:4:5:6:7:8:9]:1",
        "[1:2:3:4:5:6:7:8::]:1",
        "1.2.3.4:99999999999999999999",
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_host host = {.port = 7};
        if (rkmq_host_read(rows[i], &host) != RKMQ_E_INVALID) {
            fail_msg("\"%s\" was read", rows[i]);
        }
        assert_int_equal(host.port, 7);
    }
}

static void test_uniq_key(void **state)
{
    /* The key of the reference; the time part is milliseconds since the first of the month, the
     * counter goes round. */
    static const struct {
        rkmq_ms wall;
        const char *time_part;
    } rows[] = {
        {0, "00000000"},
        {-5, "00000000"},            /* a clock before 1970 */
        {1698920256789, "075BCD15"}, /* 2023, November 1st */
        {1709251199999, "95586BFF"}, /* last ms of 29 February 2024 */
        {1709251200000, "00000000"}, /* 1 March 2024 */
        {1677628799999, "90320FFF"}, /* last ms of 28 February 2023 */
        {1704067199999, "9FA523FF"}, /* last ms of 2023 */
        {1704067200000, "00000000"}, /* 1 January 2024 */
        {4107542399999, "90320FFF"}, /* last ms of 28 February 2100, no leap year */
    };
    struct rkmq_uniq_key_source source = {
        .address = {192, 168, 0, 1}, .pid = 4660, .salt = 0x18B4AAC2, .counter = 1};
    char key[RKMQ_UNIQ_KEY_CHARS + 1];
    (void)state;
    rkmq_uniq_key_write(&source, 1698796800000 + 123456789, key);
    assert_string_equal(key, "C0A80001123418B4AAC2075BCD150001");
    assert_int_equal(source.counter, 2);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        char time_part[9] = {0};
        rkmq_uniq_key_write(&source, rows[i].wall, key);
        memcpy(time_part, key + 20, 8);
        assert_string_equal(time_part, rows[i].time_part);
    }
    source.counter = UINT16_MAX;
    rkmq_uniq_key_write(&source, 0, key);
    assert_string_equal(key + 28, "FFFF");
    rkmq_uniq_key_write(&source, 0, key);
    assert_string_equal(key + 28, "0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset_id),  cmocka_unit_test(test_offset_id_refuses),
        cmocka_unit_test(test_host_texts), cmocka_unit_test(test_host_refuses),
        cmocka_unit_test(test_uniq_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
