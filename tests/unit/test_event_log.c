/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/event.h"

#include "support/cmocka_all.h"
#include "support/mem.h"

static struct rkmq_event plain(void)
{
    return (struct rkmq_event){
        .kind = RKMQ_EV_REQ, .queue_id = -1, .offset = INT64_MIN, .offset2 = INT64_MIN};
}

static uint64_t hash_of(const struct rkmq_event *event)
{
    struct test_mem tm;
    struct rkmq_event_log *log;
    test_mem_init(&tm);
    assert_int_equal(rkmq__event_log_create(&log, &tm.mem), RKMQ_OK);
    assert_int_equal(rkmq__event_log_name(log, RKMQ_SLICE("c1")), 1);
    rkmq__event_log_add(log, event);
    uint64_t hash = rkmq__event_log_hash(log);
    rkmq__event_log_destroy(log);
    test_mem_assert_empty(&tm);
    return hash;
}

/* The hash covers every field: two logs that differ in one of them differ in their hash. */
static void test_every_field_counts(void **state)
{
    (void)state;
    struct rkmq_event changed[18];
    uint64_t hashes[RKMQ_COUNT_OF(changed)];
    for (size_t i = 0; i < RKMQ_COUNT_OF(changed); i++) {
        changed[i] = plain();
    }
    changed[0].at = 1;
    changed[1].kind = RKMQ_EV_RESP;
    changed[2].flags = RKMQ_EVF_MALFORMED;
    changed[3].who = 1;
    changed[4].peer = 1;
    changed[5].group = 1;
    changed[6].topic = 1;
    changed[7].broker = 1;
    changed[8].key = 1;
    changed[9].text = 1;
    changed[10].queue_id = 0;
    changed[11].code = 1;
    changed[12].status = 1;
    changed[13].opaque = 1;
    changed[14].count = 1;
    changed[15].body_bytes = 1;
    changed[16].offset = 1;
    changed[17].offset2 = 1;
    const struct rkmq_event same = plain();
    const uint64_t reference = hash_of(&same);
    assert_true(hash_of(&same) == reference);
    for (size_t i = 0; i < RKMQ_COUNT_OF(changed); i++) {
        hashes[i] = hash_of(&changed[i]);
        assert_true(hashes[i] != reference);
        for (size_t k = 0; k < i; k++) {
            assert_true(hashes[i] != hashes[k]);
        }
    }
    struct rkmq_event versioned = plain();
    versioned.version = 1;
    assert_true(hash_of(&versioned) != reference);
}

/* Names are texts, not numbers: the same rows with other names have another hash; and rows keep
 * the order in which they came, with numbers of their own. */
static void test_names_and_order(void **state)
{
    (void)state;
    struct test_mem tm;
    struct rkmq_event_log *a, *b;
    test_mem_init(&tm);
    assert_int_equal(rkmq__event_log_create(&a, &tm.mem), RKMQ_OK);
    assert_int_equal(rkmq__event_log_create(&b, &tm.mem), RKMQ_OK);
    struct rkmq_event row = plain();
    row.who = rkmq__event_log_name(a, RKMQ_SLICE("c1"));
    assert_int_equal(rkmq__event_log_name(b, RKMQ_SLICE("c2")), row.who);
    assert_int_equal(rkmq__event_log_name(a, RKMQ_SLICE("c1")), row.who);
    assert_int_equal(rkmq__event_log_name(a, RKMQ_SLICE("")), 0);
    rkmq__event_log_add(a, &row);
    rkmq__event_log_add(b, &row);
    assert_true(rkmq__event_log_hash(a) != rkmq__event_log_hash(b));
    row.at = 5;
    rkmq__event_log_add(a, &row);
    assert_int_equal(rkmq__event_log_count(a), 2);
    assert_int_equal(rkmq__event_log_at(a, 0)->at, 0);
    assert_int_equal(rkmq__event_log_at(a, 1)->at, 5);
    assert_int_equal(rkmq__event_log_at(a, 1)->sequence, 1);
    rkmq__event_log_destroy(a);
    rkmq__event_log_destroy(b);
    test_mem_assert_empty(&tm);
}

/* A row as a JSON line has what is set and nothing else. */
static void test_json(void **state)
{
    (void)state;
    struct test_mem tm;
    struct rkmq_event_log *log;
    struct rkmq_bytes out;
    test_mem_init(&tm);
    rkmq__bytes_init(&out, &tm.mem);
    assert_int_equal(rkmq__event_log_create(&log, &tm.mem), RKMQ_OK);
    struct rkmq_event row = plain();
    row.at = 1500;
    row.flags = RKMQ_EVF_ONEWAY | RKMQ_EVF_MALFORMED;
    row.who = rkmq__event_log_name(log, RKMQ_SLICE("c\"1"));
    row.code = 15;
    row.queue_id = 0;
    row.offset = 0;
    rkmq__event_log_add(log, &row);
    rkmq__event_write_json(log, rkmq__event_log_at(log, 0), &out);
    rkmq__bytes_add(&out, "", 1);
    assert_string_equal((const char *)out.p,
                        "{\"seq\":0,\"us\":1500,\"ev\":\"req\",\"who\":\"c\\\"1\",\"code\":15,"
                        "\"name\":\"UPDATE_CONSUMER_OFFSET\",\"queue\":0,\"offset\":0,"
                        "\"oneway\":true,\"malformed\":true}");
    rkmq__bytes_close(&out);
    rkmq__event_log_destroy(log);
    test_mem_assert_empty(&tm);
}

static int fill(const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_event_log *log;
    (void)arg;
    if (rkmq__event_log_create(&log, mem) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    struct rkmq_event row = plain();
    row.who = rkmq__event_log_name(log, RKMQ_SLICE("c1"));
    rkmq__event_log_add(log, &row);
    int status = rkmq__event_log_is_failed(log) ? RKMQ_E_NOMEM : RKMQ_OK;
    if (status == RKMQ_OK) {
        assert_int_equal(rkmq__event_log_count(log), 1);
    } else {
        assert_int_equal(rkmq__event_log_count(log), 0);
    }
    rkmq__event_log_destroy(log);
    return status;
}

/* A log that is out of memory says so, drops what follows, and leaves nothing behind. */
static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(test_mem_fail_each(fill, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_counts),
        cmocka_unit_test(test_names_and_order),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
