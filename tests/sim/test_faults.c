/* SPDX-License-Identifier: Apache-2.0 */
/* Fault rules between a client and a name server on virtual time. */
#include <rkmq/sim.h>

#include "mockbroker/faults.h"
#include "mocknamesrv/core/namesrv.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/client.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define TIMEOUT_MS 3000
#define EVENTS_MAX 64

struct rig {
    struct test_mem tm;
    struct rkmq_sim *sim;
    struct rkmq_faults faults;
    struct rkmq_watch watch;
    struct rkmq_namesrv *ns;
    struct rkmq_remoting_client *client;
    int32_t opaque;
    /* the one call under way */
    bool is_answered;
    int status, code;
    char remark[64];
    char body[32]; /* of the answer */
    rkmq_us answered_at;
    unsigned n_fault_events, n_late;
};

static const char *rig_peer_name(void *user, const char *server, const char *peer,
                                 const char *client_id)
{
    (void)user;
    assert_string_equal(server, "ns0");
    assert_string_equal(client_id, "");
    assert_memory_equal(peer, "10.0.0.", 7);
    return "c1";
}

static void rig_event(void *user, const struct rkmq_mock_event *event)
{
    struct rig *rig = user;
    if (event->kind == RKMQ_MOCK_FAULT) {
        assert_string_equal(event->fault, "rule");
        assert_int_equal(event->request_code, RKMQ_REQ_PUT_KV_CONFIG);
        rig->n_fault_events++;
    }
    rig->n_late += event->is_late;
}

static int rig_setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    test_mem_init(&rig->tm);
    o.mem = &rig->tm.mem;
    o.log_level = RKMQ_LOG_ERROR;
    assert_int_equal(rkmq_sim_create(&rig->sim, &o), RKMQ_OK);
    struct rkmq_runtime *rt = rkmq_sim_runtime(rig->sim);
    const struct rkmq_env *ns_env = rt->ops->host(rt, "ns0"), *env = rt->ops->host(rt, "c1");
    rkmq__faults_init(&rig->faults, &rig->tm.mem);
    rig->faults.peer_name = rig_peer_name;
    rkmq__watch_init(&rig->watch, ns_env, "ns0", rig_event, rig, &rig->faults);
    struct rkmq_namesrv_config config = {.env = ns_env,
                                         .addr = "0.0.0.0:9876",
                                         .frame_bytes_max = RKMQ_FRAME_BYTES_MAX,
                                         .watch = rkmq__watch_handler(&rig->watch)};
    assert_int_equal(rkmq__namesrv_create(&rig->ns, &config, NULL), RKMQ_OK);
    struct rkmq_channel_config channels = {.env = env, .version = RKMQ_VERSION_V5_3_3};
    assert_int_equal(rkmq__remoting_client_create(&rig->client, &channels), RKMQ_OK);
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rkmq__remoting_client_destroy(rig->client);
    rkmq__namesrv_destroy(rig->ns);
    rkmq__faults_close(&rig->faults);
    rkmq__watch_close(&rig->watch);
    rkmq_sim_destroy(rig->sim);
    test_mem_assert_empty(&rig->tm);
    test_free(rig);
    return 0;
}

static void on_answer(void *user, int status, const struct rkmq_command *answer,
                      const struct rkmq_err *err)
{
    struct rig *rig = user;
    (void)err;
    rig->is_answered = true;
    rig->status = status;
    rig->code = answer ? answer->code : -1;
    rig->answered_at = rkmq_sim_now(rig->sim);
    if (answer) {
        (void)snprintf(rig->remark, sizeof rig->remark, "%.*s", (int)answer->remark.n,
                       (const char *)answer->remark.p);
        (void)snprintf(rig->body, sizeof rig->body, "%.*s", (int)answer->body.n,
                       (const char *)answer->body.p);
    }
}

static bool is_answered(void *arg)
{
    const struct rig *rig = arg;
    return rig->is_answered;
}

static void ask(struct rig *rig, int code)
{
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = code, .fields = &fields};
    fields.n = 0;
    rkmq__fields_add_text(&fields, "namespace", rkmq__slice_of("N"));
    rkmq__fields_add_text(&fields, "key", rkmq__slice_of("k"));
    rkmq__fields_add_text(&fields, "value", rkmq__slice_of("v"));
    rig->is_answered = false;
    assert_int_equal(rkmq__remoting_client_call(rig->client, rkmq__namesrv_address(rig->ns), &out,
                                                TIMEOUT_MS, on_answer, rig),
                     RKMQ_OK);
}

static void ask_and_wait(struct rig *rig, int code)
{
    ask(rig, code);
    assert_true(rkmq_sim_run_until(rig->sim, is_answered, rig, 2 * TIMEOUT_MS));
}

/* Whether the name server has taken the value, asked by a request that no rule matches. */
static bool is_applied(struct rig *rig)
{
    ask_and_wait(rig, RKMQ_REQ_GET_KV_CONFIG);
    assert_int_equal(rig->status, RKMQ_OK);
    return rig->code == RKMQ_RES_SUCCESS;
}

static struct rkmq_mock_fault rule_of(enum rkmq_fault_effect effect,
                                      enum rkmq_fault_applied applied)
{
    struct rkmq_mock_fault fault = RKMQ_MOCK_FAULT_INIT;
    fault.id = "rule";
    fault.request_code = RKMQ_REQ_PUT_KV_CONFIG;
    fault.effect = effect;
    fault.applied = applied;
    fault.delay_ms = 500;
    fault.reply_code = RKMQ_RES_SYSTEM_BUSY;
    fault.reply_remark = "by rule";
    fault.bytes = 6;
    return fault;
}

/* Every effect, on either side of the exchange: what the client sees, whether the request took
 * effect, how often it was handled. */
static void test_effects(void **state)
{
    static const struct {
        enum rkmq_fault_effect effect;
        enum rkmq_fault_applied applied;
        int status, code;
        unsigned n_handled;
        rkmq_ms at_least_ms;
        unsigned n_late; /* frames that the watch calls late */
    } cases[] = {
        {RKMQ_FAULT_OBSERVE, RKMQ_APPLIED_NO, RKMQ_OK, RKMQ_RES_SUCCESS, 1, 0, 0},
        {RKMQ_FAULT_OBSERVE, RKMQ_APPLIED_YES, RKMQ_OK, RKMQ_RES_SUCCESS, 1, 0, 0},
        {RKMQ_FAULT_REPLY, RKMQ_APPLIED_NO, RKMQ_OK, RKMQ_RES_SYSTEM_BUSY, 0, 0, 0},
        {RKMQ_FAULT_REPLY, RKMQ_APPLIED_YES, RKMQ_OK, RKMQ_RES_SYSTEM_BUSY, 1, 0, 0},
        {RKMQ_FAULT_DELAY, RKMQ_APPLIED_NO, RKMQ_OK, RKMQ_RES_SUCCESS, 1, 500, 1},
        {RKMQ_FAULT_DELAY, RKMQ_APPLIED_YES, RKMQ_OK, RKMQ_RES_SUCCESS, 1, 500, 1},
        {RKMQ_FAULT_DROP, RKMQ_APPLIED_NO, RKMQ_E_TIMEOUT, -1, 0, TIMEOUT_MS, 0},
        {RKMQ_FAULT_DROP, RKMQ_APPLIED_YES, RKMQ_E_TIMEOUT, -1, 1, TIMEOUT_MS, 0},
        {RKMQ_FAULT_HOLD, RKMQ_APPLIED_NO, RKMQ_E_TIMEOUT, -1, 0, TIMEOUT_MS, 0},
        {RKMQ_FAULT_HOLD, RKMQ_APPLIED_YES, RKMQ_E_TIMEOUT, -1, 1, TIMEOUT_MS, 0},
        {RKMQ_FAULT_DUP, RKMQ_APPLIED_NO, RKMQ_OK, RKMQ_RES_SUCCESS, 2, 0, 1},
        {RKMQ_FAULT_DUP, RKMQ_APPLIED_YES, RKMQ_OK, RKMQ_RES_SUCCESS, 1, 0, 1},
        {RKMQ_FAULT_CLOSE, RKMQ_APPLIED_NO, RKMQ_E_CLOSED, -1, 0, 0, 0},
        {RKMQ_FAULT_CLOSE, RKMQ_APPLIED_YES, RKMQ_E_CLOSED, -1, 1, 0, 0},
        {RKMQ_FAULT_RESET, RKMQ_APPLIED_NO, RKMQ_E_CLOSED, -1, 0, 0, 0},
        {RKMQ_FAULT_RESET, RKMQ_APPLIED_YES, RKMQ_E_CLOSED, -1, 1, 0, 0},
        {RKMQ_FAULT_TRUNCATE, RKMQ_APPLIED_YES, RKMQ_E_CLOSED, -1, 1, 0, 0},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        void *each;
        (void)state;
        rig_setup(&each);
        struct rig *rig = each;
        struct rkmq_mock_fault fault = rule_of(cases[i].effect, cases[i].applied);
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
        ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
        assert_int_equal(rig->status, cases[i].status);
        assert_int_equal(rig->code, cases[i].code);
        assert_true(rig->answered_at >= cases[i].at_least_ms * 1000);
        if (cases[i].code == RKMQ_RES_SYSTEM_BUSY) {
            assert_string_equal(rig->remark, "by rule");
        }
        assert_int_equal(rig->n_fault_events, 1);
        assert_int_equal(rig->n_late, cases[i].n_late);
        assert_int_equal(rkmq__faults_hits(&rig->faults, "rule"), 1);
        assert_int_equal(is_applied(rig), cases[i].n_handled > 0);
        unsigned n_seen = cases[i].effect == RKMQ_FAULT_REPLY ? 1 : cases[i].n_handled;
        assert_int_equal(rkmq__watch_seen(&rig->watch, RKMQ_REQ_PUT_KV_CONFIG), n_seen);
        rig_teardown(&each);
    }
}

/* A garbled answer differs from the true one in bytes behind its length; the client notices. */
static void test_garble(void **state)
{
    struct rig *rig = *state;
    struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_GARBLE, RKMQ_APPLIED_NO);
    fault.bytes = 400;
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
    ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
    assert_int_equal(rig->status, RKMQ_E_CLOSED);
    assert_true(is_applied(rig));
}

/* What is held goes on when it is released, and the client that still waits gets its answer. */
static void test_release(void **state)
{
    for (int applied = RKMQ_APPLIED_NO; applied <= RKMQ_APPLIED_YES; applied++) {
        void *each;
        (void)state;
        rig_setup(&each);
        struct rig *rig = each;
        struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_HOLD, (enum rkmq_fault_applied)applied);
        assert_int_equal(rkmq__faults_release(&rig->faults, "rule"), RKMQ_E_NOT_FOUND);
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
        ask(rig, RKMQ_REQ_PUT_KV_CONFIG);
        rkmq_sim_run_for(rig->sim, 1000);
        assert_false(rig->is_answered);
        if (applied) {
            assert_int_equal(rkmq__faults_release(&rig->faults, "rule"), RKMQ_OK);
        } else {
            assert_int_equal(rkmq__faults_remove(&rig->faults, "rule"), RKMQ_OK);
        }
        assert_true(rkmq_sim_run_until(rig->sim, is_answered, rig, 10));
        assert_int_equal(rig->code, RKMQ_RES_SUCCESS);
        rig_teardown(&each);
    }
}

/* A rule counts the requests that mean what it names, and takes effect on the nth of them, so often
 * at most. */
static void test_nth_and_times(void **state)
{
    static const struct {
        uint64_t nth_from, nth_to, times;
        const char *hit; /* of six requests, which are refused */
    } cases[] = {
        {0, 0, 0, "xxxxxx"}, {2, 2, 0, ".x...."}, {3, 0, 0, "..xxxx"},
        {0, 0, 2, "xx...."}, {2, 5, 2, ".xx..."}, {0, 3, 0, "xxx..."},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        void *each;
        (void)state;
        rig_setup(&each);
        struct rig *rig = each;
        struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_REPLY, RKMQ_APPLIED_NO);
        fault.nth_from = cases[i].nth_from;
        fault.nth_to = cases[i].nth_to;
        fault.times = cases[i].times;
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
        for (const char *hit = cases[i].hit; *hit; hit++) {
            ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
            assert_int_equal(rig->code == RKMQ_RES_SYSTEM_BUSY, *hit == 'x');
            assert_true(is_applied(rig) || *hit == 'x');
        }
        rig_teardown(&each);
    }
}

/* A rule's answer has the rule's body, be it instead of the server's or of nobody's; the rule has
 * its own copy. */
static void test_body(void **state)
{
    struct rig *rig = *state;
    static const enum rkmq_fault_applied applied[] = {RKMQ_APPLIED_NO, RKMQ_APPLIED_YES};
    for (size_t i = 0; i < RKMQ_COUNT_OF(applied); i++) {
        char body[] = "{\"consumerIdList\":[]}";
        struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_REPLY, applied[i]);
        fault.reply_body = body;
        fault.reply_body_bytes = strlen(body);
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
        body[0] = '?';
        for (int again = 0; again < 2; again++) {
            ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
            assert_string_equal(rig->body, "{\"consumerIdList\":[]}");
        }
        assert_int_equal(rkmq__faults_remove(&rig->faults, "rule"), RKMQ_OK);
        ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
        assert_string_equal(rig->body, "");
    }
}

/* A rule whose sender, receiver, group, topic or queue is another leaves the request alone. */
static void test_match(void **state)
{
    static const struct {
        const char *from, *to, *group, *topic;
        int32_t queue_id;
        bool is_hit;
    } cases[] = {
        {"c1", "ns0", NULL, NULL, -1, true},  {"c2", NULL, NULL, NULL, -1, false},
        {NULL, "ns1", NULL, NULL, -1, false}, {NULL, NULL, "g", NULL, -1, false},
        {NULL, NULL, NULL, "T", -1, false},   {NULL, NULL, NULL, NULL, 0, false},
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_REPLY, RKMQ_APPLIED_NO);
        fault.from = cases[i].from;
        fault.to = cases[i].to;
        fault.group = cases[i].group;
        fault.topic = cases[i].topic;
        fault.queue_id = cases[i].queue_id;
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
        ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
        assert_int_equal(rig->code == RKMQ_RES_SYSTEM_BUSY, cases[i].is_hit);
        assert_int_equal(rkmq__faults_remove(&rig->faults, "rule"), RKMQ_OK);
    }
}

/* A rule that makes no sense, a second one of an id, and one too many are refused. */
static void test_refused(void **state)
{
    struct rig *rig = *state;
    struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_DROP, RKMQ_APPLIED_NO), bad;
    struct rkmq_err err;
    char id[16];
    bad = fault;
    bad.size--;
    assert_int_equal(rkmq__faults_add(&rig->faults, &bad, &err), RKMQ_E_INVALID);
    bad = fault;
    bad.id = "";
    assert_int_equal(rkmq__faults_add(&rig->faults, &bad, &err), RKMQ_E_INVALID);
    assert_string_equal(err.text, "fault: an id of 1 to 120 characters is needed");
    bad = fault;
    bad.nth_from = 3;
    bad.nth_to = 2;
    assert_int_equal(rkmq__faults_add(&rig->faults, &bad, &err), RKMQ_E_INVALID);
    bad = fault;
    bad.per_million = 1000001;
    assert_int_equal(rkmq__faults_add(&rig->faults, &bad, &err), RKMQ_E_INVALID);
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, &err), RKMQ_OK);
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, &err), RKMQ_E_STATE);
    fault.id = id;
    for (int i = 1; i < RKMQ_FAULT_RULES_MAX; i++) {
        (void)snprintf(id, sizeof id, "r%d", i);
        assert_int_equal(rkmq__faults_add(&rig->faults, &fault, &err), RKMQ_OK);
    }
    fault.id = "last";
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, &err), RKMQ_E_LIMIT);
    assert_int_equal(rkmq__faults_remove(&rig->faults, "r7"), RKMQ_OK);
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, &err), RKMQ_OK);
}

/* A connection that closes takes what is held for it along. */
static void test_closed(void **state)
{
    struct rig *rig = *state;
    struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_HOLD, RKMQ_APPLIED_NO);
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
    ask(rig, RKMQ_REQ_PUT_KV_CONFIG);
    rkmq_sim_run_for(rig->sim, 100);
    assert_int_equal(rig->faults.n_frames, 1);
    rkmq__remoting_client_close_address(rig->client, rkmq__namesrv_address(rig->ns), "test");
    rkmq_sim_run_for(rig->sim, 100);
    assert_int_equal(rig->faults.n_frames, 0);
    assert_true(rig->is_answered);
}

/* With EITHER, one seed refuses before and another after the request took effect. */
static void test_either(void **state)
{
    unsigned n_applied = 0;
    struct rig *rig = *state;
    struct rkmq_mock_fault fault = rule_of(RKMQ_FAULT_REPLY, RKMQ_APPLIED_EITHER);
    assert_int_equal(rkmq__faults_add(&rig->faults, &fault, NULL), RKMQ_OK);
    for (int i = 0; i < 32; i++) {
        uint64_t before = rkmq__watch_seen(&rig->watch, RKMQ_REQ_DELETE_KV_CONFIG);
        ask_and_wait(rig, RKMQ_REQ_PUT_KV_CONFIG);
        n_applied += is_applied(rig);
        ask_and_wait(rig, RKMQ_REQ_DELETE_KV_CONFIG);
        assert_int_equal(rkmq__watch_seen(&rig->watch, RKMQ_REQ_DELETE_KV_CONFIG), before + 1);
    }
    assert_in_range(n_applied, 4, 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effects),
        cmocka_unit_test_setup_teardown(test_garble, rig_setup, rig_teardown),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_nth_and_times),
        cmocka_unit_test_setup_teardown(test_match, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_body, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_closed, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_either, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
