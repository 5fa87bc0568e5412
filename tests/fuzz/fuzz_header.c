/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One header and its typed fields: format | class | header. What a class reads it writes, and reads
 * again to the same fields, in both spellings.
 */
#include "fuzz/fuzz.h"
#include "remoting/codec/header_codec.h"
#include "remoting/protocol/header.h"

static const struct rkmq_header_class *const classes[] = {
#define HEADER_BEGIN(name, java) &rkmq__##name##_class,
#define REQ_TEXT(c_name, wire, wire_short)
#define REQ_I32(c_name, wire, wire_short)
#define REQ_I64(c_name, wire, wire_short)
#define REQ_BOOL(c_name, wire, wire_short)
#define OPT_TEXT(c_name, wire, wire_short)
#define OPT_I32(c_name, wire, wire_short)
#define OPT_I64(c_name, wire, wire_short)
#define OPT_BOOL(c_name, wire, wire_short)
#define HEADER_END(name)
#include "remoting/protocol/headers.def"
};

static void check_fields(const struct rkmq_fields *a, const struct rkmq_fields *b)
{
    FUZZ_CHECK(a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        FUZZ_CHECK(rkmq__slice_equal(a->at[i].key, b->at[i].key));
        FUZZ_CHECK(rkmq__slice_equal(a->at[i].value, b->at[i].value));
    }
}

static void check_class(const struct rkmq_header_class *cls, const struct rkmq_command *cmd)
{
    struct rkmq_err err = {0};
    struct rkmq_fields first, second;
    void *header = malloc(cls->struct_bytes);
    FUZZ_CHECK(header);
    int status = rkmq__header_read(cls, cmd, header, &err);
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_PROTOCOL);
    FUZZ_CHECK((status == RKMQ_OK) == (err.text[0] == '\0'));
    for (int is_short = 0; status == RKMQ_OK && is_short < 2; is_short++) {
        first.n = 0;
        second.n = 0;
        rkmq__header_write(cls, header, is_short, &first);
        struct rkmq_command again = {.fields = first.at, .n_fields = first.n};
        FUZZ_CHECK(rkmq__header_read(cls, &again, header, NULL) == RKMQ_OK);
        rkmq__header_write(cls, header, is_short, &second);
        check_fields(&first, &second);
    }
    free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_slice in = rkmq__slice(p, n);
    bool is_binary = fuzz_byte(&in) & 1;
    const struct rkmq_header_class *cls = classes[fuzz_byte(&in) % RKMQ_COUNT_OF(classes)];
    uint8_t *header = fuzz_copy(in);
    struct fuzz_mem fm;
    struct rkmq_command cmd;
    struct rkmq_err err = {0};
    fuzz_mem_init(&fm, in.n + 2 * RKMQ_FIELDS_MAX * sizeof(struct rkmq_field));
    struct rkmq_header_room room = {.mem = &fm.mem};
    int status = is_binary ? rkmq__header_binary_read(rkmq__slice(header, in.n), &room, &cmd, &err)
                           : rkmq__header_json_read(rkmq__slice(header, in.n), &room, &cmd, &err);
    FUZZ_CHECK(status == RKMQ_OK || status == RKMQ_E_PROTOCOL);
    FUZZ_CHECK((status == RKMQ_OK) == (err.text[0] == '\0'));
    if (status == RKMQ_OK) {
        check_class(cls, &cmd);
    }
    rkmq__header_room_close(&room);
    fuzz_mem_close(&fm);
    free(header);
    return 0;
}
