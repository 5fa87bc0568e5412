/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "support/body_kinds.h"
#include "support/captures.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/* All JSON bodies of the captures; count_captures.py counts them without our code. */
#define N_JSON_BODIES 372
#define N_CLUSTER_INFOS 18

/* How many bodies each kind has, in the order of body_kinds; as count_captures.py prints them. The
 * recorded name server never gave a raw route: all its callers were new enough. */
static const size_t n_of_kind[] = {126, 0, 106, 54, 3, 11, 11, 3, 3, 6};

/* A mock has no static topics, so it writes no version of their mapping. */
static void drop_mapping_version(cJSON *body)
{
    cJSON_DeleteItemFromObjectCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(body, "topicConfigSerializeWrapper"),
        "mappingDataVersion");
}

static void assert_same_registration(struct rkmq_slice a, struct rkmq_slice b)
{
    cJSON *theirs = cJSON_ParseWithLength((const char *)a.p, a.n);
    cJSON *ours = cJSON_ParseWithLength((const char *)b.p, b.n);
    drop_mapping_version(theirs);
    drop_mapping_version(ours);
    assert_true(cJSON_Compare(theirs, ours, true));
    cJSON_Delete(theirs);
    cJSON_Delete(ours);
}

static void check_one(const struct capture_frame *frame, const struct rkmq_mem *mem,
                      const struct body_kind *kind)
{
    struct rkmq_bytes out;
    struct rkmq_err err;
    rkmq__bytes_init(&out, mem);
    if (kind->again(capture_body(frame), mem, &out, &err) != RKMQ_OK) {
        fail_msg("%s:%zu: %s", frame->file, frame->line, err.text);
    }
    if (kind->code == RKMQ_REQ_REGISTER_BROKER) {
        assert_same_registration(capture_body(frame), rkmq__bytes_slice(&out));
    } else if (!rkmq__slice_equal(rkmq__bytes_slice(&out), capture_body(frame))) {
        fail_msg("%s:%zu: written as %.*s", frame->file, frame->line,
                 RKMQ_SLICE_ARG(rkmq__bytes_slice(&out)));
    }
    rkmq__bytes_close(&out);
}

static void test_known_bodies(void **state)
{
    /* Every body of a kind we know is read, and written again byte for byte (a registration: the
     * same but for the version of the mappings). */
    struct captures *all = captures_read(NULL);
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    assert_int_equal(n_body_kinds, RKMQ_COUNT_OF(n_of_kind));
    for (size_t k = 0; k < n_body_kinds; k++) {
        const struct body_kind *kind = &body_kinds[k];
        size_t n = 0;
        for (size_t i = 0; i < all->n && n_of_kind[k] > 0; i++) {
            const struct capture_frame *frame = &all->frames[i];
            if (frame->n_body > 0 && capture_is_answer(frame) == kind->is_answer &&
                capture_request_code(all, frame) == kind->code) {
                check_one(frame, &tm.mem, kind);
                n++;
            }
        }
        print_message("%zu %s\n", n, kind->name);
        assert_int_equal(n, n_of_kind[k]);
    }
    test_mem_assert_empty(&tm);
    captures_free(all);
}

/* ClusterInfo is only written, so it is taken apart here: a broker of it is a broker of a route. */
static size_t brokers_of(struct rkmq_slice body, struct rkmq_arena *arena,
                         struct rkmq_broker_data *brokers, size_t n_max)
{
    struct rkmq_json root, table, key, value;
    size_t n = 0;
    assert_int_equal(rkmq__json_parse(body, &root, NULL), RKMQ_OK);
    assert_true(rkmq__json_member(&root, "brokerAddrTable", &table));
    for (struct rkmq_json_iter it = rkmq__json_each(&table);
         rkmq__json_next_member(&it, &key, &value);) {
        struct rkmq_route_data rt;
        struct rkmq_bytes route;
        rkmq__bytes_init(&route, arena->mem);
        rkmq__bytes_add_text(&route, "{\"brokerDatas\":[");
        rkmq__bytes_add_slice(&route, value.text);
        rkmq__bytes_add_text(&route, "]}");
        assert_int_equal(rkmq__route_data_read(rkmq__bytes_slice(&route), arena, &rt, NULL),
                         RKMQ_OK);
        rkmq__bytes_close(&route);
        assert_int_equal(rt.n_brokers, 1);
        assert_true(n < n_max);
        brokers[n++] = rt.brokers[0];
    }
    return n;
}

static void test_cluster_info(void **state)
{
    /* The brokers of every cluster answer are written to the same bytes, raw integer keys and all.
     */
    struct captures *all = captures_read(NULL);
    struct test_mem tm;
    size_t n = 0;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < all->n; i++) {
        struct rkmq_slice body = capture_body(&all->frames[i]);
        if (!capture_is_answer(&all->frames[i]) || body.n == 0 ||
            capture_request_code(all, &all->frames[i]) != RKMQ_REQ_GET_BROKER_CLUSTER_INFO) {
            continue;
        }
        struct rkmq_broker_data brokers[4];
        struct rkmq_arena arena;
        struct rkmq_bytes out;
        rkmq__arena_init(&arena, &tm.mem);
        rkmq__bytes_init(&out, &tm.mem);
        size_t n_brokers = brokers_of(body, &arena, brokers, RKMQ_COUNT_OF(brokers));
        rkmq__cluster_info_write(brokers, n_brokers, &out);
        assert_true(rkmq__slice_equal(rkmq__bytes_slice(&out), body));
        rkmq__bytes_close(&out);
        rkmq__arena_close(&arena);
        n++;
    }
    assert_int_equal(n, N_CLUSTER_INFOS);
    test_mem_assert_empty(&tm);
    captures_free(all);
}

static void test_all_json(void **state)
{
    /* Every JSON body of any kind, maps keyed by objects and bare integers included, is one value
     * to our reader. */
    struct captures *all = captures_read(NULL);
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < all->n; i++) {
        struct rkmq_slice body = capture_body(&all->frames[i]);
        if (body.n > 0 && body.p[0] == '{') {
            struct rkmq_json value;
            struct rkmq_err err;
            if (rkmq__json_parse(body, &value, &err) != RKMQ_OK) {
                fail_msg("%s:%zu: %s", all->frames[i].file, all->frames[i].line, err.text);
            }
            n++;
        }
    }
    assert_int_equal(n, N_JSON_BODIES);
    captures_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bodies),
        cmocka_unit_test(test_cluster_info),
        cmocka_unit_test(test_all_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
