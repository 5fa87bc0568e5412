/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/body_read.h"

#include "support/cmocka_all.h"
#include "support/mem.h"

/* A class with a member of each type, and a list of each type. */
struct leaf {
    struct rkmq_slice key;
    int32_t n;
};
struct thing {
    struct rkmq_slice text;
    int32_t i32;
    int64_t i64;
    bool flag;
    struct leaf one;
    struct leaf *objects, *map;
    struct rkmq_slice *texts;
    size_t n_objects, n_map, n_texts;
};

static int leaf_read(const struct rkmq_body *in, void *item)
{
    struct leaf *out = item;
    const struct rkmq_body_member members[] = {RKMQ_BODY_I32("n", &out->n)};
    if (in->key.type != RKMQ_JSON_NULL) {
        assert_int_equal(rkmq__json_as_text(&in->key, in->arena, &out->key), RKMQ_OK);
    }
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

static int thing_read(struct rkmq_slice body, struct rkmq_arena *arena, struct thing *out,
                      struct rkmq_err *err)
{
    static const struct rkmq_body_list objects = {RKMQ_BODY_ARRAY, sizeof(struct leaf), leaf_read};
    static const struct rkmq_body_list map = {RKMQ_BODY_MAP, sizeof(struct leaf), leaf_read};
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("text", &out->text),
        RKMQ_BODY_I32("i32", &out->i32),
        RKMQ_BODY_I64("i64", &out->i64),
        RKMQ_BODY_BOOL("flag", &out->flag),
        RKMQ_BODY_ONE("one", leaf_read, &out->one),
        RKMQ_BODY_LIST("objects", &objects, &out->objects, &out->n_objects),
        RKMQ_BODY_LIST("map", &map, &out->map, &out->n_map),
        RKMQ_BODY_LIST("texts", &rkmq__body_texts, &out->texts, &out->n_texts),
    };
    static struct leaf stale;
    *out = (struct thing){.text = RKMQ_SLICE("default"),
                          .i32 = 1,
                          .i64 = 2,
                          .flag = true,
                          .one = {.n = 3},
                          .objects = &stale,
                          .n_objects = 9,
                          .map = &stale,
                          .n_map = 9,
                          .n_texts = 9};
    return rkmq__body_read(body, "Thing", arena, members, RKMQ_COUNT_OF(members), err);
}

/* The thing as text, to be compared. */
static const char *thing_text(const struct thing *thing)
{
    static char text[400];
    struct rkmq_bytes out = {.p = (uint8_t *)text, .n_max = sizeof text};
    rkmq__bytes_printf(&out, "%.*s %d %lld %d %d", RKMQ_SLICE_ARG(thing->text), thing->i32,
                       (long long)thing->i64, thing->flag, thing->one.n);
    rkmq__bytes_add_text(&out, " [");
    for (size_t i = 0; i < thing->n_objects; i++) {
        rkmq__bytes_printf(&out, "%d,", thing->objects[i].n);
    }
    rkmq__bytes_add_text(&out, "] {");
    for (size_t i = 0; i < thing->n_map; i++) {
        rkmq__bytes_printf(&out, "%.*s=%d,", RKMQ_SLICE_ARG(thing->map[i].key), thing->map[i].n);
    }
    rkmq__bytes_add_text(&out, "} [");
    for (size_t i = 0; i < thing->n_texts; i++) {
        rkmq__bytes_printf(&out, "%.*s,", RKMQ_SLICE_ARG(thing->texts[i]));
    }
    rkmq__bytes_add(&out, "]", 2);
    return text;
}

struct row {
    const char *body;
    const char *expected; /* the thing as text, or why there is none */
};

/* Each row's body is read with this status, and nothing of it is left. */
static void read_rows(const struct row *rows, size_t n, int expected_status)
{
    struct test_mem tm;
    test_mem_init(&tm);
    for (size_t i = 0; i < n; i++) {
        struct rkmq_slice body = rkmq__slice_of(rows[i].body);
        struct rkmq_arena arena;
        struct rkmq_err err = {0};
        struct thing thing;
        rkmq__arena_init(&arena, &tm.mem);
        int status = thing_read(body, &arena, &thing, &err);
        assert_string_equal(status == RKMQ_OK ? thing_text(&thing) : err.text, rows[i].expected);
        assert_int_equal(status, expected_status);
        if (status == RKMQ_OK) {
            assert_string_equal(err.text, "");
            assert_true(thing.n_objects > 0 || !thing.objects);
            assert_true(thing.n_map > 0 || !thing.map);
        }
        assert_int_equal(thing_read(body, &arena, &thing, NULL), status);
        rkmq__arena_close(&arena);
    }
    test_mem_assert_empty(&tm);
}

#define WHOLE                                                                                      \
    "{\"texts\":[\"a\",1,true,\"\\u0062\"],\"map\":{\"k\":{\"n\":4},7:{},\"\\n\":{\"n\":\"5\"}},"  \
    "\"objects\":[{\"n\":6,\"x\":[]},{}],\"one\":{\"n\":8},\"flag\":false,\"i64\":-9,\"i32\":10,"  \
    "\"text\":\"t\"}"
#define NOTHING "default 1 2 1 3 [] {} []"

static void test_members(void **state)
{
    /* Members come in any order and of any leniency; the last of a name counts; a missing or null
     * one leaves what is there, and a list is empty then. */
    static const struct row rows[] = {
        {WHOLE, "t 10 -9 0 8 [6,0,] {k=4,7=0,\n=5,} [a,1,true,b,]"},
        {"{}", NOTHING},
        {"{\"text\":null,\"i32\":null,\"i64\":null,\"flag\":null,\"one\":null,\"objects\":null,"
         "\"map\":null,\"texts\":null}",
         NOTHING},
        {"{\"objects\":[],\"map\":{},\"texts\":[],\"one\":{}}", NOTHING},
        {"{\"Text\":1,\"tex\":2,\"texts \":3,0:4,{\"text\":5}:6}", NOTHING},
        {"{\"i32\":5,\"i32\":4,\"objects\":[{},{}],\"objects\":[{\"n\":5,\"n\":6}]}",
         "default 4 2 1 3 [6,] {} []"},
        {"{\"i32\":4,\"texts\":[\"a\"],\"i32\":null,\"texts\":null}", "default 4 2 1 3 [] {} []"},
        {"{\"objects\":[{},{},{},{},{},{},{},{},{\"n\":9}]}",
         "default 1 2 1 3 [0,0,0,0,0,0,0,0,9,] {} []"},
        {"{\"t\\u0065xt\":\"a\",\"i\\u00332\":4}", "a 4 2 1 3 [] {} []"},
        {" { \"one\" : { \"n\" : 4 } , \"map\" : { \"k\" : { } } } ",
         "default 1 2 1 4 [] {k=0,} []"},
    };
    (void)state;
    read_rows(rows, RKMQ_COUNT_OF(rows), RKMQ_OK);
}

static void test_first_wrong_member(void **state)
{
    /* What is wrong is named by the class or the member it stands in; of two, the one that comes
     * first in the text. */
    static const struct row rows[] = {
        {"", "Thing: the body is no JSON object"},
        {"[]", "Thing: the body is no JSON object"},
        {"{\"text\":{}}", "Thing: a member has the wrong type"},
        {"{\"i32\":2147483648}", "Thing: a member has the wrong type"},
        {"{\"i64\":1.5}", "Thing: a member has the wrong type"},
        {"{\"flag\":2}", "Thing: a member has the wrong type"},
        {"{\"one\":5}", "one: a member has the wrong type"},
        {"{\"one\":{\"n\":\"x\"}}", "one: a member has the wrong type"},
        {"{\"objects\":{}}", "objects is no array"},
        {"{\"objects\":[{},5]}", "objects: a member has the wrong type"},
        {"{\"objects\":[{\"n\":\"x\"}]}", "objects: a member has the wrong type"},
        {"{\"map\":[]}", "map is no object"},
        {"{\"map\":{\"k\":5}}", "map: a member has the wrong type"},
        {"{\"texts\":\"a\"}", "texts is no array"},
        {"{\"texts\":[\"a\",null]}", "texts: a member has the wrong type"},
        {"{\"texts\":5,\"map\":[],\"objects\":{}}", "texts is no array"},
        {"{\"i32\":\"x\",\"i32\":4}", "Thing: a member has the wrong type"},
        {"{\"i32\":4", "JSON: ',' or '}' expected at byte 8, where it ends"},
        {"{\"i32\" 4}", "JSON: ':' expected at byte 7, not 0x34"},
        {"{\"i32\":}", "JSON: a value expected at byte 7, not 0x7d"},
        {"{\"i32\":nul}", "JSON: a value expected at byte 7, not 0x6e"},
        {"{\"i32\":4,}", "JSON: a member name expected at byte 9, not 0x7d"},
        {"{true:4}", "JSON: a member name expected at byte 1, not 0x74"},
        {"{\"$ref\":\"..\"}", "JSON: no \"$ref\" expected at byte 1, not 0x22"},
        {"{} {}", "JSON: the end expected at byte 3, not 0x7b"},
        {"{\"one\":}", "JSON: a value expected at byte 7, not 0x7d"},
        {"{\"one\":{\"n\":1", "JSON: ',' or '}' expected at byte 13, where it ends"},
        {"{\"objects\":", "JSON: a value expected at byte 11, where it ends"},
        {"{\"objects\":[", "JSON: a value expected at byte 12, where it ends"},
        {"{\"objects\":[{}", "JSON: ',' or ']' expected at byte 14, where it ends"},
        {"{\"objects\":[{},]}", "JSON: a value expected at byte 15, not 0x5d"},
        {"{\"map\":{\"k\":{}", "JSON: ',' or '}' expected at byte 14, where it ends"},
        {"{\"map\":{\"k\"}}", "JSON: ':' expected at byte 11, not 0x7d"},
        {"{\"map\":{[]:{}}}", "JSON: a member name expected at byte 8, not 0x5b"},
        {"{\"texts\":[\"a]}", "JSON: '\"' expected at byte 14, where it ends"},
        {"{\"x\":{\"y\":[1,}}", "JSON: a value expected at byte 13, not 0x7d"},
    };
    (void)state;
    read_rows(rows, RKMQ_COUNT_OF(rows), RKMQ_E_PROTOCOL);
}

static int whole_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_bytes body;
    struct rkmq_arena arena;
    struct thing thing;
    (void)arg;
    rkmq__arena_init(&arena, mem);
    rkmq__bytes_init(&body, mem);
    rkmq__bytes_add_text(&body, "{\"texts\":[\"");
    for (size_t i = 0; i < 1000; i++) { /* each text and list is more than a block of the arena */
        rkmq__bytes_add_text(&body, "\\n234567890");
    }
    rkmq__bytes_add_text(&body, "\"],\"objects\":[{}");
    for (size_t i = 0; i < 1000; i++) {
        rkmq__bytes_add_text(&body, ",{\"n\":1}");
    }
    rkmq__bytes_add_text(&body, "]}");
    int status =
        body.is_failed ? RKMQ_E_NOMEM : thing_read(rkmq__bytes_slice(&body), &arena, &thing, NULL);
    if (status == RKMQ_OK) {
        assert_int_equal(thing.n_texts, 1);
        assert_int_equal(thing.texts[0].n, 10000);
        assert_int_equal(thing.n_objects, 1001);
        assert_int_equal(thing.objects[1000].n, 1);
    }
    rkmq__bytes_close(&body);
    rkmq__arena_close(&arena);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    /* The copy of the body, a list's room, a text without its escapes: whichever fails, the answer
     * is RKMQ_E_NOMEM. */
    (void)state;
    assert_true(test_mem_fail_each(whole_step, NULL) >= 4);
}

static void test_in_place(void **state)
{
    /* Without an arena the body is read where it lies, for a class of nothing but numbers. */
    struct rkmq_body root;
    struct rkmq_json_cursor cur;
    struct leaf leaf = {{NULL, 0}, 0};
    struct rkmq_slice body = RKMQ_SLICE("{\"n\":7}");
    (void)state;
    assert_int_equal(rkmq__body_open(&root, &cur, body, "Leaf", NULL, NULL), RKMQ_OK);
    assert_ptr_equal(cur.p, body.p);
    assert_int_equal(leaf_read(&root, &leaf), RKMQ_OK);
    assert_int_equal(rkmq__body_end(&root), RKMQ_OK);
    assert_int_equal(leaf.n, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_first_wrong_member),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
