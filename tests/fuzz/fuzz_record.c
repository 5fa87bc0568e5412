/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a message is made of: choice | data. Records and batches that were read are written to the
 * same bytes, the two readers of records agree, ids and hosts come back as they were, and no
 * compressed body becomes larger than the limit.
 */
#include <rkmq/message.h>

#include "fuzz/fuzz.h"
#include "remoting/protocol/bodies.h"

static void walk_properties(struct rkmq_slice properties)
{
    struct rkmq_slice name, value, tag = rkmq_property_get(properties, "TAGS");
    bool has_tag = false;
    while (rkmq_property_next(&properties, &name, &value) == RKMQ_OK) {
        FUZZ_CHECK(name.n > 0 && value.n > 0);
        if (rkmq__slice_is(name, "TAGS")) {
            has_tag = true;
        }
    }
    FUZZ_CHECK(has_tag == (tag.p != NULL));
    (void)rkmq_java_string_hash(tag); /* only that it ends */
}

static void check_record(const struct rkmq_record *r, struct rkmq_slice bytes)
{
    uint8_t *again = malloc(bytes.n);
    FUZZ_CHECK(again);
    FUZZ_CHECK(rkmq_record_bytes(r) == bytes.n);
    FUZZ_CHECK(rkmq_record_write(r, again, bytes.n) == RKMQ_OK);
    FUZZ_CHECK(memcmp(again, bytes.p, bytes.n) == 0);
    free(again);
    walk_properties(r->properties);
}

static void records(struct rkmq_slice in)
{
    struct rkmq_slice cursor = in, index_cursor = in;
    struct rkmq_record r;
    struct rkmq_record_index index;
    struct rkmq_err err;
    for (;;) {
        const uint8_t *start = cursor.p;
        int status = rkmq_record_next(&cursor, &r, &err);
        int index_status = rkmq_record_index_next(&index_cursor, &index, NULL);
        if (status != RKMQ_OK) { /* the index does not look at topic and properties */
            FUZZ_CHECK(cursor.p == start);
            FUZZ_CHECK(status == index_status || status == RKMQ_E_PROTOCOL);
            return;
        }
        FUZZ_CHECK(index_status == RKMQ_OK && index_cursor.p == cursor.p);
        FUZZ_CHECK(index.queue_offset == r.queue_offset && index.body_bytes == r.body.n);
        FUZZ_CHECK(index.sys_flag == r.sys_flag);
        check_record(&r, rkmq__slice(start, (size_t)(cursor.p - start)));
    }
}

static void batches(struct rkmq_slice in)
{
    struct rkmq_batch_item item, again;
    struct rkmq_err err;
    while (rkmq_batch_item_next(&in, &item, &err) == RKMQ_OK) {
        size_t n = rkmq_batch_item_bytes(&item);
        uint8_t *bytes = malloc(n);
        FUZZ_CHECK(bytes && rkmq_batch_item_write(&item, bytes, n) == RKMQ_OK);
        struct rkmq_slice cursor = rkmq__slice(bytes, n);
        FUZZ_CHECK(rkmq_batch_item_next(&cursor, &again, NULL) == RKMQ_OK && cursor.n == 0);
        FUZZ_CHECK(again.flag == item.flag && rkmq__slice_equal(again.body, item.body));
        FUZZ_CHECK(rkmq__slice_equal(again.properties, item.properties));
        free(bytes);
        walk_properties(item.properties);
    }
}

static void ids(struct rkmq_slice in)
{
    char id[RKMQ_OFFSET_ID_CHARS_MAX + 1], text[64];
    struct rkmq_host host, same;
    int64_t offset = 0, same_offset = 1;
    if (rkmq_offset_id_read(in, &host, &offset) == RKMQ_OK) {
        rkmq_offset_id_write(&host, offset, id);
        FUZZ_CHECK(strlen(id) == in.n);
        FUZZ_CHECK(rkmq_offset_id_read(rkmq__slice_of(id), &same, &same_offset) == RKMQ_OK);
        FUZZ_CHECK(offset == same_offset && host.port == same.port);
    }
    char *name = (char *)fuzz_copy(rkmq__slice(in.p, in.n)); /* and a NUL behind it */
    name = realloc(name, in.n + 1);
    FUZZ_CHECK(name);
    name[in.n] = '\0';
    if (rkmq_host_read(name, &host) == RKMQ_OK) {
        rkmq_host_write(&host, text);
        FUZZ_CHECK(rkmq_host_read(text, &same) == RKMQ_OK);
        FUZZ_CHECK(memcmp(same.address, host.address, sizeof host.address) == 0);
        FUZZ_CHECK(same.port == host.port && same.is_v6 == host.is_v6);
    }
    free(name);
}

static void subscriptions(struct rkmq_slice in)
{
    struct fuzz_mem fm;
    struct rkmq_arena arena;
    struct rkmq_subscription_data sub;
    fuzz_mem_init(&fm, 64 * in.n + 65536);
    rkmq__arena_init(&arena, &fm.mem);
    int status = rkmq__subscription_build(RKMQ_SLICE("T"), in, 0, &arena, &sub);
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_INVALID);
    for (size_t i = 0; status == RKMQ_OK && i < sub.n_tags; i++) {
        FUZZ_CHECK(sub.tags[i].n > 0);
        FUZZ_CHECK(rkmq__subscription_matches_tag(&sub, sub.tags[i]));
        FUZZ_CHECK(rkmq__subscription_matches_code(&sub, sub.codes[i]));
    }
    rkmq__arena_close(&arena);
    fuzz_mem_close(&fm);
}

static void compressed(struct rkmq_slice in)
{
    int32_t sys_flag = RKMQ_SYS_COMPRESSED | fuzz_byte(&in) % 8 << 8;
    struct fuzz_mem fm;
    struct rkmq_buf *out;
    struct rkmq_err err;
    fuzz_mem_init(&fm, 4 * (size_t)RKMQ_DECOMPRESSED_BYTES_MAX); /* growing has two of them */
    int status = rkmq_body_decompress(in, sys_flag, &fm.mem, &out, &err);
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_PROTOCOL || status == RKMQ_E_LIMIT);
    FUZZ_CHECK((status == RKMQ_OK) == (out != NULL));
    FUZZ_CHECK(!out || out->n <= RKMQ_DECOMPRESSED_BYTES_MAX);
    rkmq_buf_free(out);
    fuzz_mem_close(&fm);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static void (*const parts[])(struct rkmq_slice in) = {
        records, batches, ids, subscriptions, compressed, walk_properties};
    struct rkmq_slice in = rkmq__slice(p, n);
    size_t part = fuzz_byte(&in) % RKMQ_COUNT_OF(parts);
    uint8_t *data = fuzz_copy(in);
    parts[part](rkmq__slice(data, in.n));
    free(data);
    return 0;
}
