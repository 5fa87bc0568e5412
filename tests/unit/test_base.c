/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/remoting.h>

#include "remoting/base/containers.h"
#include "remoting/base/word.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

/* ---- status, slices ---- */

static void test_status_texts(void **state)
{
    /* Every status has a name and a text; an unknown number has the two stand-ins. */
    static const struct {
        int status;
        const char *name, *text;
    } rows[] = {
        {RKMQ_OK, "RKMQ_OK", "ok"},
        {RKMQ_E_TIMEOUT, "RKMQ_E_TIMEOUT", "timed out"},
        {RKMQ_E_IO, "RKMQ_E_IO", "input or output failed"},
        {1, "RKMQ_E_UNKNOWN", "unknown status"},
        {-99, "RKMQ_E_UNKNOWN", "unknown status"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        assert_string_equal(rkmq_status_name(rows[i].status), rows[i].name);
        assert_string_equal(rkmq_status_text(rows[i].status), rows[i].text);
    }
}

static void test_slice_compare(void **state)
{
    /* Order is by byte, a prefix comes first; a table of pairs, each also the other way round. */
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {{"", "", 0},     {"", "a", -1},   {"a", "a", 0},       {"a", "b", -1},
                {"ab", "b", -1}, {"a", "ab", -1}, {"\x7f", "\xc3", -1}};
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_slice a = rkmq__slice_of(rows[i].a), b = rkmq__slice_of(rows[i].b);
        assert_int_equal(rkmq__slice_compare(a, b), rows[i].order);
        assert_int_equal(rkmq__slice_compare(b, a), -rows[i].order);
        assert_int_equal(rkmq__slice_equal(a, b), rows[i].order == 0);
    }
    assert_true(rkmq__slice_starts(RKMQ_SLICE("%RETRY%g"), RKMQ_SLICE("%RETRY%")));
    assert_false(rkmq__slice_starts(RKMQ_SLICE("%RET"), RKMQ_SLICE("%RETRY%")));
}

static void test_slice_to_i64(void **state)
{
    /* Plain decimal integers in range are read, anything else is refused; a table with both ends.
     */
    static const struct {
        const char *text;
        int status;
        int64_t value;
    } rows[] = {
        {"0", RKMQ_OK, 0},
        {"-0", RKMQ_OK, 0},
        {"+7", RKMQ_OK, 7},
        {"007", RKMQ_OK, 7},
        {"9223372036854775807", RKMQ_OK, INT64_MAX},
        {"-9223372036854775808", RKMQ_OK, INT64_MIN},
        {"9223372036854775808", RKMQ_E_INVALID, 0},
        {"-9223372036854775809", RKMQ_E_INVALID, 0},
        {"99999999999999999999", RKMQ_E_INVALID, 0},
        {"", RKMQ_E_INVALID, 0},
        {"-", RKMQ_E_INVALID, 0},
        {" 1", RKMQ_E_INVALID, 0},
        {"1 ", RKMQ_E_INVALID, 0},
        {"1.0", RKMQ_E_INVALID, 0},
        {"0x10", RKMQ_E_INVALID, 0},
        {"--1", RKMQ_E_INVALID, 0},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        int64_t v = 0;
        assert_int_equal(rkmq__slice_to_i64(rkmq__slice_of(rows[i].text), &v), rows[i].status);
        assert_int_equal(v, rows[i].value);
    }
}

static void test_big_endian(void **state)
{
    /* What put writes stands in network order and get reads it back. */
    uint8_t p[8];
    static const uint8_t expected[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    (void)state;
    rkmq_put_be64(p, 0x0123456789abcdefu);
    assert_memory_equal(p, expected, 8);
    assert_int_equal(rkmq_get_be16(p + 6), 0xcdef);
    assert_int_equal(rkmq_get_be32(p + 4), 0x89abcdefu);
    assert_true(rkmq_get_be64(p) == 0x0123456789abcdefu);
}

/* ---- errors, log ---- */

static void test_err(void **state)
{
    /* An error holds status, code and a cut text; without a place to write only the status is
     * given. */
    struct rkmq_err err;
    char longer[400];
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(rkmq__err_set(&err, RKMQ_E_IO, "port %d: %s", 9876, longer), RKMQ_E_IO);
    assert_int_equal(err.status, RKMQ_E_IO);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "port 9876: xxx", 14);
    assert_int_equal(rkmq__err_remote(&err, 17, "no route"), RKMQ_E_REMOTE);
    assert_int_equal(err.remote_code, 17);
    assert_int_equal(rkmq__err_set(NULL, RKMQ_E_LIMIT, "-"), RKMQ_E_LIMIT);
}

static void test_log_lines(void **state)
{
    /* A peer's control characters cannot forge a second log line; lines above the level are not
     * made. */
    struct test_mem tm;
    struct record_env *re = test_calloc(1, sizeof *re);
    (void)state;
    test_mem_init(&tm);
    record_env_init(re, &tm.mem);
    rkmq_log_warn(&re->env, "conn", "peer said %s", "a\nerror b: c\x7f");
    re->env.log_level = RKMQ_LOG_WARN;
    rkmq_log_info(&re->env, "conn", "not seen");
    RKMQ_TRACE(&re->env, "state %s", "OPEN\r\n");
    re->env.is_traced = false;
    RKMQ_MARK(&re->env, "unseen");
    assert_string_equal(re->log, "conn: peer said a?error b: c?\n");
    assert_string_equal(re->trace, "state OPEN??\n");
    record_env_close(re);
    test_free(re);
}

/* ---- buffers ---- */

static void test_buf_views(void **state)
{
    /* Bytes live as long as any view of them: the first view goes, the second still reads. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    struct rkmq_buf *whole = rkmq_buf_copy(&tm.mem, RKMQ_SLICE("headbody"));
    struct rkmq_buf *body = rkmq_buf_view(whole, 4, 4);
    struct rkmq_buf *empty = rkmq_buf_view(body, 4, 0);
    rkmq_buf_free(whole);
    assert_memory_equal(body->p, "body", 4);
    struct rkmq_buf *chain = NULL;
    rkmq_buf_append(&chain, body);
    rkmq_buf_append(&chain, empty);
    rkmq_buf_append(&chain, rkmq_buf_create(&tm.mem, 10));
    assert_int_equal(rkmq_buf_chain_bytes(chain), 14);
    rkmq_buf_free(chain);
    rkmq_buf_free(NULL);
    test_mem_assert_empty(&tm);
}

static void test_buf_outlives_its_mem_struct(void **state)
{
    /* A slab keeps its allocator by value: a view may outlive the struct it was created with. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    struct rkmq_mem short_lived = tm.mem;
    struct rkmq_buf *b = rkmq_buf_copy(&short_lived, RKMQ_SLICE("x"));
    memset(&short_lived, 0, sizeof short_lived);
    rkmq_buf_free(b);
    test_mem_assert_empty(&tm);
}

static int buf_step(const struct rkmq_mem *mem, void *arg)
{
    (void)arg;
    struct rkmq_buf *a = rkmq_buf_copy(mem, RKMQ_SLICE("abc"));
    struct rkmq_buf *b = a ? rkmq_buf_view(a, 1, 1) : NULL;
    int status = b ? RKMQ_OK : RKMQ_E_NOMEM;
    rkmq_buf_free(a);
    rkmq_buf_free(b);
    return status;
}

static void test_buf_no_memory(void **state)
{
    /* Every allocation of create and view may fail without a leak. */
    (void)state;
    assert_int_equal(test_mem_fail_each(buf_step, NULL), 2);
    struct test_mem tm;
    test_mem_init(&tm);
    assert_null(rkmq_buf_create(&tm.mem, SIZE_MAX));
    test_mem_assert_empty(&tm);
}

/* ---- words ---- */

static void test_words(void **state)
{
    /* Seven bytes at most stand in a word as if zeros followed them. */
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 0};
    (void)state;
    assert_int_equal(rkmq__bytes_get(bytes), UINT64_C(0x0007060504030201));
    assert_int_equal(rkmq__bytes_turned(rkmq__bytes_get(bytes)), rkmq_get_be64(bytes));
    for (size_t n = 8; n-- > 0;) {
        assert_int_equal(rkmq__bytes_get_some(bytes, n), rkmq__bytes_get(bytes));
        if (n > 0) {
            bytes[n - 1] = 0;
        }
    }
}

/* ---- list ---- */

struct item {
    int n;
    struct rkmq_list link;
};

static void test_list(void **state)
{
    /* Insertion order is kept; removing the current link while walking is safe; removing a link
     * that is in no list does nothing. */
    struct item items[5] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}, {.n = 4}};
    struct rkmq_list head;
    int seen = 0;
    (void)state;
    rkmq__list_init(&head);
    assert_null(rkmq__list_pop_front(&head));
    for (int i = 0; i < 5; i++) {
        rkmq__list_push_back(&head, &items[i].link);
    }
    RKMQ_LIST_EACH (it, &head) {
        struct item *item = RKMQ_CONTAINER_OF(it, struct item, link);
        assert_int_equal(item->n, seen++);
        if (item->n % 2 == 1) {
            rkmq__list_remove(it);
        }
    }
    assert_int_equal(seen, 5);
    rkmq__list_remove(&items[1].link);
    assert_ptr_equal(rkmq__list_pop_front(&head), &items[0].link);
    assert_ptr_equal(rkmq__list_pop_front(&head), &items[2].link);
    rkmq__list_push_back(&head, &items[0].link);
    assert_ptr_equal(rkmq__list_pop_front(&head), &items[4].link);
    assert_ptr_equal(rkmq__list_pop_front(&head), &items[0].link);
    assert_true(rkmq__list_is_empty(&head));
}

/* ---- map ---- */

static struct rkmq_slice key_of(char text[16], int n)
{
    return rkmq__slice(text, (size_t)snprintf(text, 16, "key-%d", n));
}

static void test_map_against_model(void **state)
{
    /* After each of many random puts and removes the map equals an array kept beside it, and walks
     * in order of insertion. */
    enum { N = 200 };
    struct test_mem tm;
    struct rkmq_map map;
    int values[N] = {0};
    unsigned born[N] = {0}, order = 0, random = 12345;
    char text[16];
    (void)state;
    test_mem_init(&tm);
    rkmq__map_init(&map, &tm.mem);
    for (int step = 0; step < 5000; step++) {
        random = random * 1664525u + 1013904223u;
        int n = (int)(random >> 16) % N;
        if (random >> 31 == 0) {
            assert_int_equal(rkmq__map_put(&map, key_of(text, n), &values[n]), RKMQ_OK);
            born[n] = born[n] ? born[n] : ++order;
        } else {
            void *was = rkmq__map_remove(&map, key_of(text, n));
            assert_ptr_equal(was, born[n] ? &values[n] : NULL);
            born[n] = 0;
        }
    }
    size_t cursor = 0, n_live = 0;
    unsigned last = 0;
    struct rkmq_map_entry *entry;
    while ((entry = rkmq__map_next(&map, &cursor))) {
        size_t n = (size_t)((int *)entry->value - values);
        assert_true(born[n] > last);
        assert_ptr_equal(rkmq__map_get(&map, entry->key), &values[n]);
        last = born[n];
        n_live++;
    }
    assert_int_equal(n_live, rkmq__map_count(&map));
    for (int n = 0; n < N; n++) {
        assert_int_equal(rkmq__map_get(&map, key_of(text, n)) != NULL, born[n] != 0);
    }
    rkmq__map_close(&map);
    rkmq__map_close(&map);
    test_mem_assert_empty(&tm);
}

static void test_map_edges(void **state)
{
    /* An empty map answers NULL, an empty key is a key, a second put replaces in place, and an
     * entry may be removed while walking. */
    struct test_mem tm;
    struct rkmq_map map;
    int a, b, c;
    size_t cursor = 0;
    struct rkmq_map_entry *entry;
    (void)state;
    test_mem_init(&tm);
    rkmq__map_init(&map, &tm.mem);
    assert_null(rkmq__map_get(&map, RKMQ_SLICE("a")));
    assert_null(rkmq__map_remove(&map, RKMQ_SLICE("a")));
    assert_null(rkmq__map_next(&map, &cursor));
    assert_int_equal(rkmq__map_put(&map, RKMQ_SLICE(""), &a), RKMQ_OK);
    assert_int_equal(rkmq__map_put(&map, RKMQ_SLICE("b"), &b), RKMQ_OK);
    assert_int_equal(rkmq__map_put(&map, RKMQ_SLICE(""), &c), RKMQ_OK);
    assert_int_equal(rkmq__map_count(&map), 2);
    entry = rkmq__map_next(&map, &cursor);
    assert_ptr_equal(entry->value, &c);
    assert_ptr_equal(rkmq__map_remove(&map, entry->key), &c);
    assert_ptr_equal(rkmq__map_next(&map, &cursor)->value, &b);
    assert_null(rkmq__map_next(&map, &cursor));
    rkmq__map_close(&map);
    test_mem_assert_empty(&tm);
}

static int map_step(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_map map;
    char text[16];
    int status = RKMQ_OK;
    rkmq__map_init(&map, mem);
    for (int i = 0; i < 20 && status == RKMQ_OK; i++) {
        status = rkmq__map_put(&map, key_of(text, i), arg);
        assert_int_equal(rkmq__map_count(&map), i + (status == RKMQ_OK));
    }
    rkmq__map_close(&map);
    return status;
}

static void test_map_no_memory(void **state)
{
    /* A put that fails leaves the map as it was: its count says so after each. */
    int value;
    (void)state;
    assert_true(test_mem_fail_each(map_step, &value) > 20);
}

/* ---- bytes, arena ---- */

static void test_bytes(void **state)
{
    /* Additions of all kinds join up across growth; a failed growth is remembered until cleared,
     * and what was there stays. */
    struct test_mem tm;
    struct rkmq_bytes b;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&b, &tm.mem);
    assert_int_equal(rkmq__bytes_slice(&b).n, 0);
    rkmq__bytes_add(&b, NULL, 0);
    rkmq__bytes_add_text(&b, "ab");
    rkmq__bytes_add_slice(&b, RKMQ_SLICE("cd"));
    rkmq__bytes_printf(&b, "%d-%s", 42, "x");
    assert_true(rkmq__slice_is(rkmq__bytes_slice(&b), "abcd42-x"));
    for (int i = 0; i < 1000; i++) {
        rkmq__bytes_printf(&b, "%04d", i);
    }
    assert_int_equal(b.n, 8 + 4000);
    assert_memory_equal(b.p + 8 + 4 * 999, "0999", 4);
    tm.fail_at = 0;
    assert_null(rkmq__bytes_reserve(&b, 1 << 20));
    rkmq__bytes_add_text(&b, "lost");
    assert_true(b.is_failed);
    assert_int_equal(b.n, 8 + 4000);
    rkmq__bytes_clear(&b);
    rkmq__bytes_add_text(&b, "again");
    assert_false(b.is_failed);
    assert_true(rkmq__slice_is(rkmq__bytes_slice(&b), "again"));
    assert_null(rkmq__bytes_reserve(&b, SIZE_MAX));
    rkmq__bytes_close(&b);
    rkmq__bytes_close(&b);
    test_mem_assert_empty(&tm);
}

static void test_arena(void **state)
{
    /* Everything from an arena is aligned, zeroed and apart from the rest, small or large; one
     * close frees it all. */
    static const size_t sizes[] = {1, 7, 16, 4096, 1, 5000, 0, 3, 100000, 8};
    struct test_mem tm;
    struct rkmq_arena a;
    uint8_t *got[RKMQ_COUNT_OF(sizes)];
    (void)state;
    test_mem_init(&tm);
    rkmq__arena_init(&a, &tm.mem);
    for (size_t i = 0; i < RKMQ_COUNT_OF(sizes); i++) {
        got[i] = rkmq__arena_zalloc(&a, sizes[i]);
        assert_non_null(got[i]);
        assert_int_equal((uintptr_t)got[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(got[i][k], 0);
        }
        memset(got[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(sizes); i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(got[i][k], i + 1);
        }
    }
    struct rkmq_slice copy;
    assert_int_equal(rkmq__arena_copy(&a, RKMQ_SLICE("topic"), &copy), RKMQ_OK);
    assert_string_equal((const char *)copy.p, "topic");
    assert_null(rkmq__arena_zalloc(&a, SIZE_MAX));
    tm.fail_at = 0;
    assert_int_equal(rkmq__arena_copy(&a, rkmq__slice(got[8], 100000), &copy), RKMQ_E_NOMEM);
    rkmq__arena_close(&a);
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_texts),  cmocka_unit_test(test_slice_compare),
        cmocka_unit_test(test_slice_to_i64),  cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_err),           cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_buf_views),     cmocka_unit_test(test_buf_outlives_its_mem_struct),
        cmocka_unit_test(test_buf_no_memory), cmocka_unit_test(test_words),
        cmocka_unit_test(test_list),          cmocka_unit_test(test_map_against_model),
        cmocka_unit_test(test_map_edges),     cmocka_unit_test(test_map_no_memory),
        cmocka_unit_test(test_bytes),         cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
