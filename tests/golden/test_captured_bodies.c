/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/body_read.h"
#include "remoting/protocol/codes.h"
#include "support/captures.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/* All JSON bodies of the captures; count_captures.py counts them without our code. */
#define N_JSON_BODIES 372

struct body_case {
    const struct capture_frame *frame;
    struct rkmq_slice body;
    struct rkmq_arena *arena;
    struct rkmq_bytes *out; /* what is written again */
    struct rkmq_err err;
};

/* ---- read a body, write it again ---- */

static int route_again(struct body_case *c)
{
    struct rkmq_route_data rt;
    int status = rkmq__route_data_read(c->body, c->arena, &rt, &c->err);
    if (status == RKMQ_OK) {
        assert_true(rkmq__route_data_equal(&rt, &rt));
        rkmq__route_data_write(&rt, true, c->out);
    }
    return status;
}

/* Each broker is read as a route's broker, which it is. */
static int cluster_again(struct body_case *c)
{
    struct rkmq_json root, table, key, value;
    struct rkmq_broker_data brokers[4];
    size_t n = 0;
    int status = rkmq__body_object(c->body, "ClusterInfo", c->arena, &root, &c->err);
    assert_true(status != RKMQ_OK || rkmq__json_member(&root, "brokerAddrTable", &table));
    struct rkmq_json_iter it = rkmq__json_each(&table);
    while (status == RKMQ_OK && rkmq__json_next_member(&it, &key, &value)) {
        struct rkmq_route_data rt;
        struct rkmq_bytes route;
        rkmq__bytes_init(&route, c->arena->mem);
        rkmq__bytes_printf(&route, "{\"brokerDatas\":[%.*s]}", (int)value.text.n,
                           (const char *)value.text.p);
        struct rkmq_slice copy = RKMQ_SLICE("");
        assert_int_equal(rkmq__arena_copy(c->arena, rkmq__bytes_slice(&route), &copy), RKMQ_OK);
        rkmq__bytes_close(&route);
        status = rkmq__route_data_read(copy, c->arena, &rt, &c->err);
        assert_in_range(n, 0, RKMQ_COUNT_OF(brokers) - 1);
        assert_int_equal(rt.n_brokers, 1);
        brokers[n++] = rt.brokers[0];
    }
    rkmq__cluster_info_write(brokers, n, c->out);
    return status;
}

static int heartbeat_again(struct body_case *c)
{
    struct rkmq_heartbeat_data heartbeat;
    int status = rkmq__heartbeat_data_read(c->body, c->arena, &heartbeat, &c->err);
    if (status == RKMQ_OK) {
        rkmq__heartbeat_data_write(&heartbeat, c->out);
    }
    return status;
}

static int consumer_list_again(struct body_case *c)
{
    struct rkmq_slice *ids;
    size_t n;
    int status = rkmq__consumer_list_read(c->body, c->arena, &ids, &n, &c->err);
    if (status == RKMQ_OK) {
        rkmq__consumer_list_write(ids, n, c->out);
    }
    return status;
}

static int topic_list_again(struct body_case *c)
{
    struct rkmq_json root;
    struct rkmq_slice *topics;
    size_t n;
    int status = rkmq__body_object(c->body, "TopicList", c->arena, &root, &c->err);
    status = status ? status : rkmq__body_texts(&root, "topicList", c->arena, &topics, &n, &c->err);
    if (status == RKMQ_OK) {
        rkmq__topic_list_write(topics, n, c->out);
    }
    return status;
}

static int lock_again(struct body_case *c)
{
    struct rkmq_lock_batch_body lock;
    int status = rkmq__lock_batch_read(c->body, c->arena, &lock, &c->err);
    if (status == RKMQ_OK) {
        rkmq__lock_batch_write(&lock, c->out);
    }
    return status;
}

static int lock_answer_again(struct body_case *c)
{
    struct rkmq_mq *mqs;
    size_t n;
    int status = rkmq__lock_batch_answer_read(c->body, c->arena, &mqs, &n, &c->err);
    if (status == RKMQ_OK) {
        rkmq__lock_batch_answer_write(mqs, n, c->out);
    }
    return status;
}

static int data_version_again(struct body_case *c)
{
    struct rkmq_data_version v;
    int status = rkmq__data_version_read(c->body, &v, &c->err);
    if (status == RKMQ_OK) {
        rkmq__data_version_write(&v, c->out);
    }
    return status;
}

static int register_again(struct body_case *c)
{
    struct rkmq_register_broker_body body;
    int status = rkmq__register_broker_body_read(c->body, c->arena, &body, &c->err);
    if (status == RKMQ_OK) {
        rkmq__register_broker_body_write(&body, c->out);
    }
    return status;
}

static const struct {
    int code;
    bool is_answer;
    size_t n; /* as count_captures.py prints it */
    int (*again)(struct body_case *c);
} kinds[] = {
    {RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, true, 126, route_again},
    {RKMQ_REQ_GET_BROKER_CLUSTER_INFO, true, 18, cluster_again},
    {RKMQ_REQ_HEART_BEAT, false, 106, heartbeat_again},
    {RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, true, 54, consumer_list_again},
    {RKMQ_REQ_GET_ALL_TOPIC_LIST_FROM_NAMESERVER, true, 3, topic_list_again},
    {RKMQ_REQ_LOCK_BATCH_MQ, false, 11, lock_again},
    {RKMQ_REQ_LOCK_BATCH_MQ, true, 11, lock_answer_again},
    {RKMQ_REQ_UNLOCK_BATCH_MQ, false, 3, lock_again},
    {RKMQ_REQ_QUERY_DATA_VERSION, false, 3, data_version_again},
    {RKMQ_REQ_REGISTER_BROKER, false, 6, register_again},
};

/* A mock has no static topics, so it writes no version of their mapping. */
static void drop_mapping_version(cJSON *body)
{
    cJSON_DeleteItemFromObjectCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(body, "topicConfigSerializeWrapper"),
        "mappingDataVersion");
}

static void assert_same_registration(const struct body_case *c)
{
    cJSON *theirs = cJSON_ParseWithLength((const char *)c->body.p, c->body.n);
    cJSON *ours = cJSON_ParseWithLength((const char *)c->out->p, c->out->n);
    drop_mapping_version(theirs);
    drop_mapping_version(ours);
    assert_true(cJSON_Compare(theirs, ours, true));
    cJSON_Delete(theirs);
    cJSON_Delete(ours);
}

static void check_one(const struct capture_frame *frame, const struct rkmq_mem *mem, size_t kind)
{
    struct rkmq_arena arena;
    struct rkmq_bytes out;
    struct body_case c = {frame, capture_body(frame), &arena, &out, {0}};
    rkmq__arena_init(&arena, mem);
    rkmq__bytes_init(&out, mem);
    if (kinds[kind].again(&c) != RKMQ_OK) {
        fail_msg("%s:%zu: %s", frame->file, frame->line, c.err.text);
    }
    if (kinds[kind].code == RKMQ_REQ_REGISTER_BROKER) {
        assert_same_registration(&c);
    } else if (!rkmq__slice_equal(rkmq__bytes_slice(&out), c.body)) {
        fail_msg("%s:%zu: written as %.*s", frame->file, frame->line,
                 RKMQ_SLICE_ARG(rkmq__bytes_slice(&out)));
    }
    rkmq__bytes_close(&out);
    rkmq__arena_close(&arena);
}

static void test_known_bodies(void **state)
{
    /* Every body of a kind we know is read, and written again byte for byte (a registration: the
     * same but for the version of the mappings). */
    struct captures *all = captures_read(NULL);
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t kind = 0; kind < RKMQ_COUNT_OF(kinds); kind++) {
        size_t n = 0;
        for (size_t i = 0; i < all->n; i++) {
            const struct capture_frame *frame = &all->frames[i];
            if (frame->n_body > 0 && capture_is_answer(frame) == kinds[kind].is_answer &&
                capture_request_code(all, frame) == kinds[kind].code) {
                check_one(frame, &tm.mem, kind);
                n++;
            }
        }
        print_message("%zu bodies of %s %s\n", n, rkmq_request_code_name(kinds[kind].code),
                      kinds[kind].is_answer ? "answers" : "requests");
        assert_int_equal(n, kinds[kind].n);
    }
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
        cmocka_unit_test(test_all_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
