/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/header.h"

#include "support/cmocka_all.h"

#define FIELD(key, value)                                                                          \
    {                                                                                              \
        {(const uint8_t *)(key), sizeof(key) - 1},                                                 \
        {                                                                                          \
            (const uint8_t *)(value), sizeof(value) - 1                                            \
        }                                                                                          \
    }

static struct rkmq_command command_of(const struct rkmq_field *fields, size_t n)
{
    return (struct rkmq_command){.fields = fields, .n_fields = n};
}

static void assert_field(const struct rkmq_fields *f, size_t i, const char *key, const char *value)
{
    assert_in_range(i, 0, f->n - 1);
    assert_true(rkmq__slice_is(f->at[i].key, key));
    assert_true(rkmq__slice_is(f->at[i].value, value));
}

static void test_read_pull_request(void **state)
{
    /* All types are read into their places; an optional field says whether it was there; unknown
     * fields are passed over. */
    static const struct rkmq_field fields[] = {
        FIELD("consumerGroup", "g"),    FIELD("topic", "t"),
        FIELD("queueId", "3"),          FIELD("queueOffset", "9007199254740993"),
        FIELD("maxMsgNums", "32"),      FIELD("sysFlag", "2"),
        FIELD("commitOffset", "-1"),    FIELD("suspendTimeoutMillis", "15000"),
        FIELD("subscription", ""),      FIELD("subVersion", "1700000000000"),
        FIELD("AccessKey", "rocketmq"), FIELD("maxMsgBytes", "2147483647"),
    };
    struct rkmq_command cmd = command_of(fields, RKMQ_COUNT_OF(fields));
    struct rkmq_pull_message_request h;
    (void)state;
    memset(&h, 0xff, sizeof h);
    assert_int_equal(rkmq__header_read(&rkmq__pull_message_request_class, &cmd, &h, NULL), RKMQ_OK);
    assert_true(rkmq__slice_is(h.consumer_group, "g"));
    assert_int_equal(h.queue_id, 3);
    assert_true(h.queue_offset == 9007199254740993);
    assert_int_equal(h.commit_offset, -1);
    assert_non_null(h.subscription.p);
    assert_int_equal(h.subscription.n, 0);
    assert_null(h.expression_type.p);
    assert_true(h.has_max_msg_bytes);
    assert_int_equal(h.max_msg_bytes, INT32_MAX);
    assert_false(h.has_request_source);
    assert_int_equal(h.request_source, 0);
}

static void test_read_refuses(void **state)
{
    /* A missing field is reported in Java's words, text that is no number with field and text; each
     * row replaces one field of a good answer. */
    static const struct {
        struct rkmq_field fourth;
        const char *error;
    } rows[] = {
        {FIELD("maxOffset", "9223372036854775807"), ""},
        {FIELD("x", "0"), "the custom field <maxOffset> is null"},
        {FIELD("maxOffset", ""), "field maxOffset: \"\" is no long"},
        {FIELD("maxOffset", "1.5"), "field maxOffset: \"1.5\" is no long"},
        {FIELD("maxOffset", "9223372036854775808"),
         "field maxOffset: \"9223372036854775808\" is no long"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_field fields[] = {FIELD("suggestWhichBrokerId", "0"),
                                      FIELD("nextBeginOffset", "7"), FIELD("minOffset", "0"),
                                      rows[i].fourth};
        struct rkmq_command cmd = command_of(fields, RKMQ_COUNT_OF(fields));
        struct rkmq_pull_message_response h;
        struct rkmq_err err = {0};
        int status = rkmq__header_read(&rkmq__pull_message_response_class, &cmd, &h, &err);
        assert_int_equal(status, i == 0 ? RKMQ_OK : RKMQ_E_PROTOCOL);
        assert_string_equal(err.text, rows[i].error);
    }
    struct rkmq_field fields[] = {FIELD("topic", "t"), FIELD("queueId", "2147483648")};
    struct rkmq_command cmd = command_of(fields, 2);
    struct rkmq_queue_offset_request h;
    struct rkmq_err err;
    assert_int_equal(rkmq__header_read(&rkmq__queue_offset_request_class, &cmd, &h, &err),
                     RKMQ_E_PROTOCOL);
    assert_string_equal(err.text, "field queueId: \"2147483648\" is no int");
}

static void fill_send(struct rkmq_send_message_request *h)
{
    *h = (struct rkmq_send_message_request){.producer_group = RKMQ_SLICE("pg"),
                                            .topic = RKMQ_SLICE("t"),
                                            .default_topic = RKMQ_SLICE("TBW102"),
                                            .default_topic_queue_nums = 4,
                                            .queue_id = 1,
                                            .sys_flag = 0,
                                            .born_timestamp = 1700000000000,
                                            .flag = INT32_MIN,
                                            .properties = RKMQ_SLICE("TAGS\001A\002"),
                                            .unit_mode = true,
                                            .has_unit_mode = true,
                                            .is_batch = false,
                                            .has_is_batch = true};
}

static void test_both_spellings(void **state)
{
    /* A class with short names is written in the spelling asked for and read in either. */
    struct rkmq_send_message_request in, out;
    (void)state;
    fill_send(&in);
    for (int is_short = 0; is_short < 2; is_short++) {
        struct rkmq_fields f = {.n = 0};
        rkmq__header_write(&rkmq__send_message_request_class, &in, is_short, &f);
        assert_int_equal(f.n, 11);
        assert_field(&f, 0, is_short ? "a" : "producerGroup", "pg");
        assert_field(&f, 6, is_short ? "g" : "bornTimestamp", "1700000000000");
        assert_field(&f, 7, is_short ? "h" : "flag", "-2147483648");
        assert_field(&f, 9, is_short ? "k" : "unitMode", "true");
        assert_field(&f, 10, is_short ? "m" : "batch", "false");
        struct rkmq_command cmd = command_of(f.at, f.n);
        assert_int_equal(rkmq__header_read(&rkmq__send_message_request_class, &cmd, &out, NULL),
                         RKMQ_OK);
        assert_true(rkmq__slice_equal(out.properties, in.properties));
        assert_int_equal(out.flag, in.flag);
        assert_true(out.unit_mode);
        assert_true(out.has_is_batch);
        assert_false(out.is_batch);
        assert_false(out.has_reconsume_times);
        assert_null(out.broker_name.p);
    }
}

static void test_which_field_counts(void **state)
{
    /* Whatever the order: of fields with one name the last counts, of both spellings the long one.
     * Each row is a command's fields, and what "b" and "topic", "e" and "queueId" amount to. */
    static const struct {
        struct rkmq_field fields[7];
        const char *topic;
        int32_t queue_id;
    } rows[] = {
        {{FIELD("topic", "1"), FIELD("queueId", "2")}, "1", 2},
        {{FIELD("queueId", "2"), FIELD("topic", "1")}, "1", 2},
        {{FIELD("e", "2"), FIELD("b", "1")}, "1", 2},
        {{FIELD("topic", "0"), FIELD("topic", "1"), FIELD("queueId", "2")}, "1", 2},
        {{FIELD("topic", "0"), FIELD("queueId", "x"), FIELD("topic", "1"), FIELD("queueId", "2")},
         "1",
         2},
        {{FIELD("b", "0"), FIELD("b", "1"), FIELD("e", "0"), FIELD("e", "2")}, "1", 2},
        {{FIELD("topic", "1"), FIELD("b", "0"), FIELD("e", "x"), FIELD("queueId", "2")}, "1", 2},
        {{FIELD("b", "0"), FIELD("topic", "0"), FIELD("b", "9"), FIELD("topic", "1"),
          FIELD("b", "8"), FIELD("queueId", "2")},
         "1",
         2},
        {{FIELD("", "0"), FIELD("topi", "0"), FIELD("topic", "1"), FIELD("topicX", "0"),
          FIELD("queueId", "2"), FIELD("queueid", "0"), FIELD("E", "0")},
         "1",
         2},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_field fields[7 + RKMQ_FIELDS_OUT_MAX];
        struct rkmq_fields rest = {.n = 0};
        struct rkmq_send_message_request in, out;
        fill_send(&in);
        rkmq__header_write(&rkmq__send_message_request_class, &in, true, &rest);
        size_t n = 0;
        for (size_t k = 0; k < rest.n; k++) { /* all the others, which must be there */
            if (!rkmq__slice_is(rest.at[k].key, "b") && !rkmq__slice_is(rest.at[k].key, "e")) {
                fields[n++] = rest.at[k];
            }
        }
        for (size_t k = 0; k < RKMQ_COUNT_OF(rows[i].fields) && rows[i].fields[k].key.p; k++) {
            fields[n++] = rows[i].fields[k];
        }
        struct rkmq_command cmd = command_of(fields, n);
        assert_int_equal(rkmq__header_read(&rkmq__send_message_request_class, &cmd, &out, NULL),
                         RKMQ_OK);
        assert_true(rkmq__slice_is(out.topic, rows[i].topic));
        assert_int_equal(out.queue_id, rows[i].queue_id);
        assert_true(rkmq__slice_is(out.producer_group, "pg"));
        assert_true(out.unit_mode);
    }
}

static void test_booleans(void **state)
{
    /* "true" in any letter case is true, anything else false. */
    static const struct {
        const char *text;
        bool value;
    } rows[] = {{"true", true}, {"TRUE", true},   {"tRuE", true}, {"false", false},
                {"", false},    {"truee", false}, {"tru", false}, {"1", false}};
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_field field = {RKMQ_SLICE("changed"), rkmq__slice_of(rows[i].text)};
        struct rkmq_command cmd = command_of(&field, 1);
        struct rkmq_query_data_version_response h;
        bool b = !rows[i].value;
        assert_int_equal(
            rkmq__header_read(&rkmq__query_data_version_response_class, &cmd, &h, NULL), RKMQ_OK);
        assert_int_equal(h.is_changed, rows[i].value);
        assert_int_equal(rkmq_command_bool(&cmd, "changed", &b), RKMQ_OK);
        assert_int_equal(b, rows[i].value);
        assert_int_equal(rkmq_command_bool(&cmd, "missing", &b), RKMQ_E_NOT_FOUND);
    }
}

static void test_numbers_out(void **state)
{
    /* The ends of the range are written whole. */
    struct rkmq_fields f = {.n = 0};
    (void)state;
    rkmq__fields_add_i64(&f, "min", INT64_MIN);
    rkmq__fields_add_i64(&f, "max", INT64_MAX);
    rkmq__fields_add_i64(&f, "zero", 0);
    rkmq__fields_add_bool(&f, "yes", true);
    rkmq__fields_add_text(&f, "text", RKMQ_SLICE("x"));
    assert_field(&f, 0, "min", "-9223372036854775808");
    assert_field(&f, 1, "max", "9223372036854775807");
    assert_field(&f, 2, "zero", "0");
    assert_field(&f, 3, "yes", "true");
    assert_field(&f, 4, "text", "x");
}

static void check_class(const struct rkmq_header_class *cls)
{
    size_t n;
    const struct rkmq_header_field *fields = cls->fields(&n);
    static const size_t value_bytes[] = {sizeof(struct rkmq_slice), 4, 8, sizeof(bool)};
    size_t end = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            assert_true(k == i || strcmp(fields[k].name, fields[i].name) != 0);
            assert_true(!fields[k].name_short || strcmp(fields[k].name_short, fields[i].name) != 0);
        }
        assert_true(fields[i].offset >= end);
        end = fields[i].offset + value_bytes[fields[i].type];
        if (fields[i].has_offset > 0) {
            assert_false(fields[i].is_required);
            assert_true(fields[i].has_offset >= end);
            end = fields[i].has_offset + sizeof(bool);
        }
        assert_true(end <= cls->struct_bytes);
    }
}

static void test_every_class(void **state)
{
    /* In each class the fields follow one another within the struct, no two overlap, and no name
     * is that of two. */
    (void)state;
#define HEADER_BEGIN(name, java) check_class(&rkmq__##name##_class);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_pull_request), cmocka_unit_test(test_read_refuses),
        cmocka_unit_test(test_both_spellings),    cmocka_unit_test(test_which_field_counts),
        cmocka_unit_test(test_booleans),          cmocka_unit_test(test_numbers_out),
        cmocka_unit_test(test_every_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
