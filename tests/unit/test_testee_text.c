/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of docs/testees.md: what a testee says, and what it is told. */
#include "runner/testee_text.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define CALL                                                                                       \
    "{\"ev\":\"listener-begin\",\"call\":7,\"topic\":\"%RETRY%g\",\"broker\":\"broker-a\","        \
    "\"queue\":3,\"messages\":[{\"offset\":41,\"reconsume\":2,\"id\":\"7F01\",\"keys\":"           \
    "\"k\\u0031\","                                                                                \
    "\"tags\":null},{\"offset\":42,\"reconsume\":0}]}"

static int read_one(const char *line, struct rkmq_arena *arena, struct rkmq_testee_said *out,
                    struct rkmq_err *err)
{
    *err = (struct rkmq_err){0};
    return rkmq__testee_read(rkmq__slice_of(line), arena, out, err);
}

static void test_call(void **state)
{
    /* A listener call is read with its queue and every message, escapes resolved. */
    struct test_mem tm;
    struct rkmq_arena arena;
    struct rkmq_testee_said said;
    struct rkmq_err err;
    (void)state;
    test_mem_init(&tm);
    rkmq__arena_init(&arena, &tm.mem);
    assert_int_equal(read_one(CALL, &arena, &said, &err), RKMQ_OK);
    assert_int_equal(said.kind, RKMQ_TESTEE_LISTENER_BEGIN);
    assert_int_equal(said.call, 7);
    assert_true(rkmq__slice_is(said.topic, "%RETRY%g"));
    assert_true(rkmq__slice_is(said.broker_name, "broker-a"));
    assert_int_equal(said.queue_id, 3);
    assert_int_equal(said.n_msgs, 2);
    assert_int_equal(said.msgs[0].queue_offset, 41);
    assert_int_equal(said.msgs[0].reconsume_times, 2);
    assert_true(rkmq__slice_is(said.msgs[0].msg_id, "7F01"));
    assert_true(rkmq__slice_is(said.msgs[0].keys, "k1"));
    assert_int_equal(said.msgs[0].tags.n, 0);
    assert_int_equal(said.msgs[1].queue_offset, 42);
    rkmq__arena_close(&arena);
    test_mem_assert_empty(&tm);
}

static void test_other_words(void **state)
{
    /* Every other word is known, with what it carries. */
    struct test_mem tm;
    struct rkmq_arena arena;
    struct rkmq_testee_said said;
    struct rkmq_err err;
    (void)state;
    test_mem_init(&tm);
    rkmq__arena_init(&arena, &tm.mem);
    assert_int_equal(
        read_one("{\"ev\":\"ready\",\"protocol\":1,\"client\":\"x\",\"version\":\"2\"}", &arena,
                 &said, &err),
        RKMQ_OK);
    assert_true(rkmq__slice_is(said.client, "x"));
    assert_true(rkmq__slice_is(said.version, "2"));
    assert_int_equal(read_one("{\"ev\":\"started\",\"clientId\":\"a@b\"}", &arena, &said, &err),
                     RKMQ_OK);
    assert_true(rkmq__slice_is(said.client_id, "a@b"));
    assert_int_equal(read_one("{\"ev\":\"failed\",\"why\":\"no\"}", &arena, &said, &err), RKMQ_OK);
    assert_true(rkmq__slice_is(said.why, "no"));
    assert_int_equal(
        read_one("{\"ev\":\"refused\",\"do\":\"start\",\"why\":\"span\"}", &arena, &said, &err),
        RKMQ_OK);
    assert_true(rkmq__slice_is(said.what, "start"));
    assert_int_equal(read_one("{\"ev\":\"stopped\"}", &arena, &said, &err), RKMQ_OK);
    assert_int_equal(said.kind, RKMQ_TESTEE_STOPPED);
    rkmq__arena_close(&arena);
    test_mem_assert_empty(&tm);
}

static void test_refused(void **state)
{
    /* What is not in the protocol is refused, with a reason that names the trouble. */
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"", ""},
        {"hello", ""},
        {"[]", "an object with \"ev\""},
        {"{}", "an object with \"ev\""},
        {"{\"ev\":\"ended\"}", "no \"ev\" of the name \"ended\""},
        {"{\"ev\":\"ready\"}", "\"protocol\" must be a number"},
        {"{\"ev\":\"ready\",\"protocol\":2}", "speaks protocol 2, not 1"},
        {"{\"ev\":\"ready\",\"protocol\":1,\"client\":[]}", "\"client\" must be a text"},
        {"{\"ev\":\"listener-begin\",\"call\":-1}", "\"call\" must be a number"},
        {"{\"ev\":\"listener-begin\",\"call\":1,\"queue\":4294967296}", "\"queue\" must be"},
        {"{\"ev\":\"listener-begin\",\"call\":1,\"queue\":0}", "names \"topic\" and \"broker\""},
        {"{\"ev\":\"listener-begin\",\"call\":1,\"queue\":0,\"topic\":\"T\",\"broker\":\"b\","
         "\"messages\":[]}",
         "a list of 1 to 1024"},
        {"{\"ev\":\"listener-begin\",\"call\":1,\"queue\":0,\"topic\":\"T\",\"broker\":\"b\","
         "\"messages\":[{\"offset\":-4,\"reconsume\":0}]}",
         "\"offset\" must be a number"},
        {"{\"ev\":\"listener-begin\",\"call\":1,\"queue\":0,\"topic\":\"T\",\"broker\":\"b\","
         "\"messages\":[7]}",
         "\"offset\" must be a number"},
    };
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct rkmq_arena arena;
        struct rkmq_testee_said said;
        struct rkmq_err err;
        rkmq__arena_init(&arena, &tm.mem);
        assert_int_equal(read_one(cases[i].line, &arena, &said, &err), RKMQ_E_PROTOCOL);
        if (!strstr(err.text, cases[i].why)) {
            fail_msg("%s: %s", cases[i].line, err.text);
        }
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

static void test_too_many(void **state)
{
    /* A call has so many messages and not one more. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (int n = RKMQ_TESTEE_MESSAGES_MAX; n <= RKMQ_TESTEE_MESSAGES_MAX + 1; n++) {
        struct rkmq_bytes line;
        struct rkmq_arena arena;
        struct rkmq_testee_said said;
        struct rkmq_err err = {0};
        rkmq__bytes_init(&line, &tm.mem);
        rkmq__arena_init(&arena, &tm.mem);
        rkmq__bytes_printf(&line, "{\"ev\":\"listener-begin\",\"call\":1,\"topic\":\"T\","
                                  "\"broker\":\"b\",\"queue\":0,\"messages\":[");
        for (int i = 0; i < n; i++) {
            rkmq__bytes_printf(&line, "%s{\"offset\":%d,\"reconsume\":0}", i > 0 ? "," : "", i);
        }
        rkmq__bytes_printf(&line, "]}");
        assert_int_equal(rkmq__testee_read(rkmq__bytes_slice(&line), &arena, &said, &err),
                         n <= RKMQ_TESTEE_MESSAGES_MAX ? RKMQ_OK : RKMQ_E_PROTOCOL);
        rkmq__arena_close(&arena);
        rkmq__bytes_close(&line);
    }
    test_mem_assert_empty(&tm);
}

static void test_cut(void **state)
{
    /* A line that ends too early is refused, wherever it ends; nothing beyond its end is read. */
    struct test_mem tm;
    size_t whole = strlen(CALL);
    (void)state;
    test_mem_init(&tm);
    for (size_t n = 0; n < whole; n++) {
        struct rkmq_arena arena;
        struct rkmq_testee_said said;
        struct rkmq_err err = {0};
        char *copy = n > 0 ? rkmq__alloc(&tm.mem, n) : NULL;
        if (copy) {
            memcpy(copy, CALL, n);
        }
        rkmq__arena_init(&arena, &tm.mem);
        assert_int_equal(rkmq__testee_read(rkmq__slice(copy, n), &arena, &said, &err),
                         RKMQ_E_PROTOCOL);
        rkmq__arena_close(&arena);
        rkmq__free(&tm.mem, copy);
    }
    test_mem_assert_empty(&tm);
}

static int read_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_arena arena;
    struct rkmq_testee_said said;
    struct rkmq_err err;
    (void)arg;
    rkmq__arena_init(&arena, mem);
    int status = read_one(CALL, &arena, &said, &err);
    rkmq__arena_close(&arena);
    return status;
}

static void test_no_memory(void **state)
{
    /* Whichever allocation fails, it is told as that. */
    (void)state;
    assert_true(test_mem_fail_each(read_step, NULL) > 0);
}

static void test_written(void **state)
{
    /* The answers to a testee are these bytes. */
    struct test_mem tm;
    struct rkmq_bytes line;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&line, &tm.mem);
    rkmq__testee_write_return(&line, 7, RKMQ_LISTENER_LATER);
    rkmq__bytes_add_text(&line, "\n");
    rkmq__testee_write_return(&line, 8, RKMQ_LISTENER_OK);
    rkmq__bytes_add_text(&line, "\n");
    rkmq__testee_write_do(&line, "stop");
    rkmq__bytes_add(&line, "", 1);
    assert_string_equal((const char *)line.p, "{\"do\":\"return\",\"call\":7,\"then\":\"later\"}\n"
                                              "{\"do\":\"return\",\"call\":8,\"then\":\"ok\"}\n"
                                              "{\"do\":\"stop\"}");
    rkmq__bytes_close(&line);
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),    cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests_name("testee_text", tests, NULL, NULL);
}
