/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/message.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/hex.h"

/* The inner message of protocol.md 11.3. */
#define VECTOR "0000001e 00000000 00000000 00000000 00000001 41 0007 54414753017802"
#define VECTOR_BYTES 30
#define BODY_LENGTH_AT 16
#define PROPERTIES_LENGTH_AT 21

static void test_vector(void **state)
{
    /* The inner message of the reference is read into its parts and written to its bytes. */
    uint8_t bytes[VECTOR_BYTES], again[VECTOR_BYTES];
    struct rkmq_batch_item item;
    (void)state;
    assert_int_equal(test_hex(VECTOR, bytes, sizeof bytes), VECTOR_BYTES);
    struct rkmq_slice cursor = rkmq__slice(bytes, sizeof bytes);
    assert_int_equal(rkmq_batch_item_next(&cursor, &item, NULL), RKMQ_OK);
    assert_int_equal(item.flag, 0);
    assert_true(rkmq__slice_is(item.body, "A"));
    assert_true(rkmq__slice_is(item.properties, "TAGS\001x\002"));
    assert_int_equal(rkmq_batch_item_next(&cursor, &item, NULL), RKMQ_E_MORE);
    item = (struct rkmq_batch_item){.body = RKMQ_SLICE("A"),
                                    .properties = RKMQ_SLICE("TAGS\001x\002")};
    assert_int_equal(rkmq_batch_item_bytes(&item), VECTOR_BYTES);
    assert_int_equal(rkmq_batch_item_write(&item, again, sizeof again), RKMQ_OK);
    assert_memory_equal(again, bytes, sizeof bytes);
}

static void test_row_of_items(void **state)
{
    /* Items back to back, the empty one among them, come out as they went in. */
    static const struct rkmq_batch_item items[] = {
        {INT32_MIN, {(const uint8_t *)"body", 4}, {(const uint8_t *)"A\001b\002", 4}},
        {0, {NULL, 0}, {NULL, 0}},
        {INT32_MAX, {(const uint8_t *)"\0\0", 2}, {NULL, 0}},
    };
    uint8_t bytes[256];
    struct rkmq_batch_item item;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(items); i++) {
        assert_int_equal(rkmq_batch_item_write(&items[i], bytes + n, sizeof bytes - n), RKMQ_OK);
        n += rkmq_batch_item_bytes(&items[i]);
    }
    struct rkmq_slice cursor = rkmq__slice(bytes, n);
    for (size_t i = 0; i < RKMQ_COUNT_OF(items); i++) {
        assert_int_equal(rkmq_batch_item_next(&cursor, &item, NULL), RKMQ_OK);
        assert_int_equal(item.flag, items[i].flag);
        assert_true(rkmq__slice_equal(item.body, items[i].body));
        assert_true(rkmq__slice_equal(item.properties, items[i].properties));
    }
    assert_int_equal(cursor.n, 0);
}

static void test_every_cut(void **state)
{
    /* An item cut anywhere is refused, and the cursor stays where it was. */
    uint8_t bytes[VECTOR_BYTES];
    (void)state;
    (void)test_hex(VECTOR, bytes, sizeof bytes); /* counted above */
    for (size_t n = 1; n < sizeof bytes; n++) {
        uint8_t *cut = test_malloc(n);
        memcpy(cut, bytes, n);
        struct rkmq_slice cursor = rkmq__slice(cut, n);
        struct rkmq_batch_item item;
        struct rkmq_err err = {0};
        assert_int_equal(rkmq_batch_item_next(&cursor, &item, &err), RKMQ_E_PROTOCOL);
        assert_int_equal(strncmp(err.text, "batch: ", 7), 0);
        assert_int_equal(cursor.n, n);
        test_free(cut);
    }
}

static void test_hostile_fields(void **state)
{
    /* One length changed: the item is refused, and the reason names the value. */
    static const struct {
        size_t at, n;
        uint32_t value;
        const char *reason;
    } rows[] = {
        {0, 4, 0, "batch: item size 0 of 30 bytes left"},
        {0, 4, 21, "batch: item size 21 of 30 bytes left"},
        {0, 4, 22, "batch: body length 1 in an item of 22 bytes"},
        {0, 4, 29, "batch: properties length 7 with 6 bytes left"},
        {0, 4, 31, "batch: item size 31 of 30 bytes left"},
        {0, 4, 0x80000000, "batch: item size -2147483648 of 30 bytes left"},
        {BODY_LENGTH_AT, 4, 9, "batch: body length 9 in an item of 30 bytes"},
        {BODY_LENGTH_AT, 4, 0xFFFFFFFF, "batch: body length -1 in an item of 30 bytes"},
        {PROPERTIES_LENGTH_AT, 2, 6, "batch: properties length 6 with 7 bytes left"},
        {PROPERTIES_LENGTH_AT, 2, 8, "batch: properties length 8 with 7 bytes left"},
        {PROPERTIES_LENGTH_AT, 2, 0xFFFF, "batch: properties length -1 with 7 bytes left"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        uint8_t bytes[VECTOR_BYTES], value[4];
        struct rkmq_batch_item item;
        struct rkmq_err err = {0};
        (void)test_hex(VECTOR, bytes, sizeof bytes); /* counted above */
        rkmq_put_be32(value, rows[i].value);
        memcpy(bytes + rows[i].at, value + 4 - rows[i].n, rows[i].n);
        struct rkmq_slice cursor = rkmq__slice(bytes, sizeof bytes);
        assert_int_equal(rkmq_batch_item_next(&cursor, &item, &err), RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].reason);
    }
}

static void test_write_limits(void **state)
{
    /* No room, or properties that their length field cannot carry: nothing is written. */
    static uint8_t text[RKMQ_PROPERTIES_BYTES_MAX + 1], out[sizeof text + 64];
    struct rkmq_batch_item item = {.body = RKMQ_SLICE("A")};
    (void)state;
    assert_int_equal(rkmq_batch_item_write(&item, out, 22), RKMQ_E_LIMIT);
    assert_int_equal(rkmq_batch_item_write(&item, out, 23), RKMQ_OK);
    item.properties = rkmq__slice(text, sizeof text);
    assert_int_equal(rkmq_batch_item_write(&item, out, sizeof out), RKMQ_E_LIMIT);
    item.properties.n--;
    assert_int_equal(rkmq_batch_item_write(&item, out, sizeof out), RKMQ_OK);
    item.body = rkmq__slice(text, INT32_MAX); /* not touched */
    assert_int_equal(rkmq_batch_item_write(&item, out, SIZE_MAX), RKMQ_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),       cmocka_unit_test(test_row_of_items),
        cmocka_unit_test(test_every_cut),    cmocka_unit_test(test_hostile_fields),
        cmocka_unit_test(test_write_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
