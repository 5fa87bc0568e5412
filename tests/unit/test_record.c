/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/hex.h"

/* The stored message of protocol.md 11.3. */
#define VECTOR                                                                                     \
    "00000084 daa320a7 69c865ed 00000003 00000000 0000000000000007 00000000000004d2 00000000"      \
    "0000018bcfe56800 7f000001 0000c350 0000018bcfe56801 7f000001 00002a9f 00000000"               \
    "0000000000000000 0000000e 48656c6c6f20526f636b65744d51 09 546f70696354657374"                 \
    "0012 4b455953016b3102 544147530154616741 02"
#define VECTOR_BYTES 132
/* Where its fields stand. */
#define SIZE_AT 0
#define MAGIC_AT 4
#define SYS_FLAG_AT 36
#define BODY_LENGTH_AT 84
#define TOPIC_LENGTH_AT 102
#define PROPERTIES_LENGTH_AT 112

static struct rkmq_record vector_record(void)
{
    struct rkmq_record r = {
        .magic = RKMQ_RECORD_MAGIC_V1,
        .body_crc = 0x69C865ED,
        .queue_id = 3,
        .queue_offset = 7,
        .commit_log_offset = 1234,
        .born_ms = 1700000000000,
        .store_ms = 1700000000001,
        .body = RKMQ_SLICE("Hello RocketMQ"),
        .topic = RKMQ_SLICE("TopicTest"),
        .properties = RKMQ_SLICE("KEYS\001k1\002TAGS\001TagA\002"),
    };
    assert_int_equal(rkmq_host_read("127.0.0.1:50000", &r.born_host), RKMQ_OK);
    assert_int_equal(rkmq_host_read("127.0.0.1:10911", &r.store_host), RKMQ_OK);
    return r;
}

static void assert_same_host(const struct rkmq_host *a, const struct rkmq_host *b)
{
    assert_int_equal(a->is_v6, b->is_v6);
    assert_int_equal(a->port, b->port);
    assert_memory_equal(a->address, b->address, sizeof a->address);
}

static void assert_same_record(const struct rkmq_record *a, const struct rkmq_record *b)
{
    assert_int_equal(a->magic, b->magic);
    assert_int_equal(a->body_crc, b->body_crc);
    assert_int_equal(a->queue_id, b->queue_id);
    assert_int_equal(a->flag, b->flag);
    assert_true(a->queue_offset == b->queue_offset);
    assert_true(a->commit_log_offset == b->commit_log_offset);
    assert_int_equal(a->sys_flag, b->sys_flag);
    assert_true(a->born_ms == b->born_ms);
    assert_true(a->store_ms == b->store_ms);
    assert_same_host(&a->born_host, &b->born_host);
    assert_same_host(&a->store_host, &b->store_host);
    assert_int_equal(a->reconsume_times, b->reconsume_times);
    assert_true(a->prepared_transaction_offset == b->prepared_transaction_offset);
    assert_true(rkmq__slice_equal(a->body, b->body));
    assert_true(rkmq__slice_equal(a->topic, b->topic));
    assert_true(rkmq__slice_equal(a->properties, b->properties));
}

static void test_vector(void **state)
{
    /* The record of the reference is read into its fields and written to its bytes. */
    uint8_t bytes[VECTOR_BYTES], again[VECTOR_BYTES];
    struct rkmq_record expected = vector_record(), r;
    (void)state;
    assert_int_equal(test_hex(VECTOR, bytes, sizeof bytes), VECTOR_BYTES);
    struct rkmq_slice cursor = rkmq__slice(bytes, sizeof bytes);
    assert_int_equal(rkmq_record_next(&cursor, &r, NULL), RKMQ_OK);
    assert_same_record(&r, &expected);
    assert_int_equal(rkmq_record_next(&cursor, &r, NULL), RKMQ_E_MORE);
    assert_int_equal(rkmq_record_bytes(&expected), VECTOR_BYTES);
    assert_int_equal(rkmq_record_write(&expected, again, sizeof again), RKMQ_OK);
    assert_memory_equal(again, bytes, sizeof bytes);
    assert_int_equal(rkmq_body_crc(r.body), 1774740973); /* the sign bit is cut off */
}

/* Extreme values in every field, for one combination of magic and host forms. */
static struct rkmq_record extreme_record(uint32_t magic, bool is_born_v6, bool is_store_v6,
                                         struct rkmq_slice topic)
{
    struct rkmq_record r = {
        .magic = magic,
        .body_crc = UINT32_MAX,
        .queue_id = -1,
        .flag = INT32_MIN,
        .queue_offset = INT64_MAX,
        .commit_log_offset = INT64_MIN,
        .sys_flag = (is_born_v6 ? RKMQ_SYS_BORN_HOST_V6 : 0) |
                    (is_store_v6 ? RKMQ_SYS_STORE_HOST_V6 : 0) | RKMQ_SYS_TRANSACTION_ROLLBACK,
        .born_ms = -1,
        .store_ms = INT64_MAX,
        .reconsume_times = INT32_MAX,
        .prepared_transaction_offset = INT64_MIN,
        .topic = topic,
    };
    const char *v6 = "[2001:db8::ff00:42:8329]:65535", *v4 = "255.0.1.2:0";
    assert_int_equal(rkmq_host_read(is_born_v6 ? v6 : v4, &r.born_host), RKMQ_OK);
    assert_int_equal(rkmq_host_read(is_store_v6 ? v6 : v4, &r.store_host), RKMQ_OK);
    return r;
}

static void test_all_forms(void **state)
{
    /* V1 and V2, IPv4 and IPv6 on either side: what is written is read back; three in a row are
     * walked by both readers, which agree. */
    static uint8_t topic[INT16_MAX];
    uint8_t *bytes = test_malloc(3 * (sizeof topic + 200));
    (void)state;
    memset(topic, 't', sizeof topic);
    for (int form = 0; form < 8; form++) {
        bool is_v2 = form & 1;
        struct rkmq_record in =
            extreme_record(is_v2 ? RKMQ_RECORD_MAGIC_V2 : RKMQ_RECORD_MAGIC_V1, form & 2, form & 4,
                           rkmq__slice(topic, is_v2 ? INT16_MAX : INT8_MAX));
        size_t n = rkmq_record_bytes(&in);
        size_t n_hosts = (form & 2 ? 12u : 0u) + (form & 4 ? 12u : 0u); /* longer than IPv4 */
        assert_int_equal(n, 91u + is_v2 + n_hosts + in.topic.n);
        for (size_t i = 0; i < 3; i++) {
            in.queue_offset = (int64_t)i;
            assert_int_equal(rkmq_record_write(&in, bytes + i * n, n), RKMQ_OK);
        }
        struct rkmq_slice cursor = rkmq__slice(bytes, 3 * n), index_cursor = cursor;
        struct rkmq_record out;
        struct rkmq_record_index index;
        for (int64_t i = 0; i < 3; i++) {
            in.queue_offset = i;
            assert_int_equal(rkmq_record_next(&cursor, &out, NULL), RKMQ_OK);
            assert_same_record(&out, &in);
            assert_int_equal(rkmq_record_index_next(&index_cursor, &index, NULL), RKMQ_OK);
            assert_true(index.queue_offset == i);
            assert_int_equal(index.sys_flag, in.sys_flag);
            assert_int_equal(index.bytes, n);
            assert_int_equal(index.body_bytes, 0);
        }
        assert_int_equal(cursor.n, 0);
        assert_int_equal(rkmq_record_index_next(&index_cursor, &index, NULL), RKMQ_E_MORE);
    }
    test_free(bytes);
}

static void test_every_cut(void **state)
{
    /* A record cut anywhere is refused by both readers, and the cursor stays where it was. */
    uint8_t bytes[VECTOR_BYTES];
    (void)state;
    (void)test_hex(VECTOR, bytes, sizeof bytes); /* counted above */
    for (size_t n = 1; n < sizeof bytes; n++) {
        uint8_t *cut = test_malloc(n); /* so that a sanitizer sees a byte too far */
        memcpy(cut, bytes, n);
        struct rkmq_slice cursor = rkmq__slice(cut, n);
        struct rkmq_record r;
        struct rkmq_record_index index;
        struct rkmq_err err = {0};
        assert_int_equal(rkmq_record_next(&cursor, &r, &err), RKMQ_E_PROTOCOL);
        assert_int_equal(strncmp(err.text, "record: ", 8), 0);
        assert_int_equal(rkmq_record_index_next(&cursor, &index, NULL), RKMQ_E_PROTOCOL);
        assert_ptr_equal(cursor.p, cut);
        assert_int_equal(cursor.n, n);
        test_free(cut);
    }
}

static void test_hostile_fields(void **state)
{
    /* One field changed: the record is refused, and the reason names the value. */
    static const struct {
        size_t at, n;
        uint32_t value;
        const char *reason;
    } rows[] = {
        {SIZE_AT, 4, 0, "record: size 0 of 132 bytes left"},
        {SIZE_AT, 4, 90, "record: size 90 of 132 bytes left"},
        {SIZE_AT, 4, 91, "record: body length 14 in 91 bytes"},
        {SIZE_AT, 4, 131, "record: properties length 18 with 17 bytes left"},
        {SIZE_AT, 4, 133, "record: size 133 of 132 bytes left"},
        {SIZE_AT, 4, 0xFFFFFFFF, "record: size 4294967295 of 132 bytes left"},
        {MAGIC_AT, 4, 0, "record: magic 0x00000000"},
        {MAGIC_AT, 4, 0xCBD43194, "record: magic 0xcbd43194"}, /* the end of a log file */
        {SYS_FLAG_AT, 4, RKMQ_SYS_BORN_HOST_V6, "record: body length 1667982708 in 132 bytes"},
        {BODY_LENGTH_AT, 4, 0x7FFFFFFF, "record: body length 2147483647 in 132 bytes"},
        {BODY_LENGTH_AT, 4, 0xFFFFFFFF, "record: body length -1 in 132 bytes"},
        {BODY_LENGTH_AT, 4, 42, "record: body length 42 in 132 bytes"},
        {TOPIC_LENGTH_AT, 1, 28, "record: topic length 28 with 30 bytes left"},
        {TOPIC_LENGTH_AT, 1, 0xFF, "record: topic length -1 with 30 bytes left"},
        {PROPERTIES_LENGTH_AT, 2, 17, "record: properties length 17 with 18 bytes left"},
        {PROPERTIES_LENGTH_AT, 2, 19, "record: properties length 19 with 18 bytes left"},
        {PROPERTIES_LENGTH_AT, 2, 0xFFFF, "record: properties length -1 with 18 bytes left"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint8_t bytes[VECTOR_BYTES], value[4];
        struct rkmq_record r;
        struct rkmq_err err = {0};
        (void)test_hex(VECTOR, bytes, sizeof bytes); /* counted above */
        rkmq_put_be32(value, rows[i].value);
        memcpy(bytes + rows[i].at, value + 4 - rows[i].n, rows[i].n);
        struct rkmq_slice cursor = rkmq__slice(bytes, sizeof bytes);
        assert_int_equal(rkmq_record_next(&cursor, &r, &err), RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].reason);
        assert_int_equal(cursor.n, VECTOR_BYTES);
    }
}

static void test_too_short_for_its_hosts(void **state)
{
    /* A record as long as the shortest one, whose flag promises longer hosts, is refused before
     * anything behind its end is read. */
    uint8_t *bytes = test_calloc(1, RKMQ_RECORD_BYTES_MIN);
    struct rkmq_slice cursor = rkmq__slice(bytes, RKMQ_RECORD_BYTES_MIN);
    struct rkmq_record r;
    struct rkmq_record_index index;
    struct rkmq_err err;
    (void)state;
    rkmq_put_be32(bytes + SIZE_AT, RKMQ_RECORD_BYTES_MIN);
    rkmq_put_be32(bytes + MAGIC_AT, RKMQ_RECORD_MAGIC_V1);
    rkmq_put_be32(bytes + SYS_FLAG_AT, RKMQ_SYS_BORN_HOST_V6 | RKMQ_SYS_STORE_HOST_V6);
    assert_int_equal(rkmq_record_next(&cursor, &r, &err), RKMQ_E_PROTOCOL);
    assert_string_equal(err.text, "record: size 91 is below 115");
    assert_int_equal(rkmq_record_index_next(&cursor, &index, &err), RKMQ_E_PROTOCOL);
    assert_string_equal(err.text, "record: size 91 is below 115");
    test_free(bytes);
}

static void test_v2_negative_lengths(void **state)
{
    /* Java reads the two-byte lengths as signed: from 0x8000 on they are refused though the bytes
     * are there. */
    static uint8_t text[0x8000];
    size_t n_max = 2 * sizeof text + 200;
    uint8_t *bytes = test_malloc(n_max);
    (void)state;
    memset(text, 'p', sizeof text);
    for (int is_topic = 0; is_topic < 2; is_topic++) {
        struct rkmq_slice most = rkmq__slice(text, INT16_MAX);
        struct rkmq_record r =
            extreme_record(RKMQ_RECORD_MAGIC_V2, false, false, is_topic ? most : RKMQ_SLICE(""));
        r.properties = is_topic ? RKMQ_SLICE("") : most;
        size_t n = rkmq_record_bytes(&r), length_at = is_topic ? 88 : 90;
        assert_int_equal(rkmq_record_write(&r, bytes, n), RKMQ_OK);
        memmove(bytes + length_at + 3, bytes + length_at + 2, n - length_at - 2);
        rkmq_put_be16(bytes + length_at, 0x8000);
        rkmq_put_be32(bytes, (uint32_t)n + 1);
        struct rkmq_slice cursor = rkmq__slice(bytes, n + 1);
        struct rkmq_err err = {0};
        assert_int_equal(rkmq_record_next(&cursor, &r, &err), RKMQ_E_PROTOCOL);
        assert_non_null(strstr(err.text, is_topic ? "topic length -32768 with"
                                                  : "properties length -32768 with"));
    }
    test_free(bytes);
}

static void test_write_limits(void **state)
{
    /* A record that its own length fields cannot carry, whose hosts are not what its flags say, or
     * for which there is no room, is not written. */
    static uint8_t text[0x8000];
    static uint8_t out[0x8000 + 200];
    struct rkmq_record good = vector_record(), bad[6];
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(bad); i++) {
        bad[i] = good;
    }
    bad[0].topic = rkmq__slice(text, INT8_MAX + 1);
    bad[1].magic = RKMQ_RECORD_MAGIC_V2;
    bad[1].topic = rkmq__slice(text, INT16_MAX + 1);
    bad[2].properties = rkmq__slice(text, RKMQ_PROPERTIES_BYTES_MAX + 1);
    bad[3].sys_flag = RKMQ_SYS_BORN_HOST_V6;
    bad[4].store_host.is_v6 = true;
    bad[5].body = rkmq__slice(text, (size_t)INT32_MAX + 1); /* not touched */
    for (size_t i = 0; i < RKMQ_COUNT_OF(bad); i++) {
        assert_int_equal(rkmq_record_write(&bad[i], out, sizeof out), RKMQ_E_LIMIT);
    }
    assert_int_equal(rkmq_record_write(&good, out, VECTOR_BYTES - 1), RKMQ_E_LIMIT);
    good.properties = rkmq__slice(text, RKMQ_PROPERTIES_BYTES_MAX);
    assert_int_equal(rkmq_record_write(&good, out, sizeof out), RKMQ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_all_forms),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_hostile_fields),
        cmocka_unit_test(test_too_short_for_its_hosts),
        cmocka_unit_test(test_v2_negative_lengths),
        cmocka_unit_test(test_write_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
