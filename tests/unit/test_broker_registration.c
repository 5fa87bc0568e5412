/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker tells its name servers, and when. */
#include <rkmq/runtime.h>

#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

#define NS0 "10.0.1.1:9876"
#define NS1 "10.0.1.2:9876"
#define BROKER "brokerName=broker-a;brokerAddr=10.0.0.1:10911;clusterName=DefaultCluster;"

struct fixture {
    struct broker_rig b;
    struct rig_frame ask; /* the latest request that a name server was sent */
};

static void open_broker(struct fixture *f, size_t n_namesrvs, const char *advertise_host)
{
    static const char *const addrs[] = {NS0, NS1};
    memset(f, 0, sizeof *f);
    server_rig_open(&f->b.rig);
    struct rkmq_broker_config config = broker_rig_config(&f->b.rig.re.env);
    config.namesrv_addrs = addrs;
    config.n_namesrv_addrs = n_namesrvs;
    config.advertise_host = advertise_host;
    assert_int_equal(rkmq__broker_create(&f->b.brk, &config, NULL), RKMQ_OK);
}

static rkmq_conn connect_to(struct fixture *f, const char *addr)
{
    struct record_conn *rc = record_env_dialled(&f->b.rig.re, addr);
    assert_non_null(rc);
    record_env_open(&f->b.rig.re, rc->id);
    return rc->id;
}

/* Exactly one request was sent; it is in `f->ask`. */
static void take(struct fixture *f, rkmq_conn con, int code)
{
    const struct rig_frames *frames = server_rig_take(&f->b.rig, con);
    assert_int_equal(frames->n, 1);
    f->ask = frames->at[0];
    assert_int_equal(f->ask.code, code);
}

static void answer(struct fixture *f, rkmq_conn con, int code)
{
    server_rig_answer(&f->b.rig, con, f->ask.opaque, code, "because");
}

static struct rkmq_register_broker_body body_of(const struct fixture *f, struct rkmq_arena *arena)
{
    struct rkmq_register_broker_body body;
    struct rkmq_slice text = rkmq__slice(f->ask.body, f->ask.body_bytes);
    char crc[64];
    (void)snprintf(crc, sizeof crc, "bodyCrc32=%u", rkmq_body_crc(text));
    assert_non_null(strstr(f->ask.fields, crc));
    assert_int_equal(rkmq__register_broker_body_read(text, arena, &body, NULL), RKMQ_OK);
    return body;
}

/* A whole registration names every topic; one for a change names that topic alone, with the new
 * version. */
static void assert_body(const struct fixture *f, size_t n_topics, int64_t counter)
{
    struct rkmq_arena arena;
    rkmq__arena_init(&arena, rkmq_mem_heap());
    struct rkmq_register_broker_body body = body_of(f, &arena);
    assert_int_equal(body.n_topics, n_topics);
    assert_int_equal(body.data_version.counter, counter);
    rkmq__arena_close(&arena);
}

#define TOPICS_AT_START 13

/* At the start, 10 s later, then every period: the whole table, with the header of a 5.3.3 master.
 */
static void test_rhythm(void **state)
{
    struct fixture f;
    (void)state;
    open_broker(&f, 1, NULL);
    assert_false(rkmq__broker_is_registered(f.b.brk));
    rkmq_conn con = connect_to(&f, NS0);
    take(&f, con, 103);
    assert_true(strncmp(f.ask.fields, BROKER, strlen(BROKER)) == 0);
    assert_non_null(strstr(f.ask.fields, ";haServerAddr=10.0.0.1:10912;brokerId=0;"
                                         "enableActingMaster=false;compressed=false;"));
    assert_body(&f, TOPICS_AT_START, 0);
    answer(&f, con, 0);
    assert_true(rkmq__broker_is_registered(f.b.brk));
    static const rkmq_ms gaps[] = {RKMQ_BROKER_REGISTER_FIRST_MS, 30000, 30000};
    for (size_t i = 0; i < RKMQ_COUNT_OF(gaps); i++) {
        record_env_advance(&f.b.rig.re, gaps[i] - 1);
        assert_int_equal(server_rig_take(&f.b.rig, con)->n, 0);
        record_env_advance(&f.b.rig.re, 1);
        take(&f, con, 103);
        assert_body(&f, TOPICS_AT_START, 0);
        answer(&f, con, 0);
    }
    broker_rig_close(&f.b);
}

/* A new or changed topic is registered at once and alone; the broker counts as registered when
 * every name server has taken every change. */
static void test_topic_changes(void **state)
{
    struct fixture f;
    rkmq_conn con[2];
    (void)state;
    open_broker(&f, 2, NULL);
    for (size_t i = 0; i < 2; i++) {
        con[i] = connect_to(&f, i ? NS1 : NS0);
        take(&f, con[i], 103);
        assert_false(rkmq__broker_is_registered(f.b.brk));
        answer(&f, con[i], 0);
    }
    assert_true(rkmq__broker_is_registered(f.b.brk));
    broker_topic(&f.b, "T", 2);
    for (size_t i = 0; i < 2; i++) {
        assert_false(rkmq__broker_is_registered(f.b.brk));
        take(&f, con[i], 103);
        assert_body(&f, 1, 1);
        answer(&f, con[i], 0);
    }
    assert_true(rkmq__broker_is_registered(f.b.brk));
    broker_topic(&f.b, "T", 2); /* nothing new */
    assert_int_equal(server_rig_take(&f.b.rig, con[0])->n, 0);
    assert_true(rkmq__broker_is_registered(f.b.brk));
    broker_rig_close(&f.b);
}

/* A change that a name server refused is not made good by a later one, but by the next whole
 * registration. */
static void test_refused(void **state)
{
    struct fixture f;
    (void)state;
    open_broker(&f, 1, NULL);
    rkmq_conn con = connect_to(&f, NS0);
    take(&f, con, 103);
    answer(&f, con, 0);
    broker_topic(&f.b, "T", 2);
    take(&f, con, 103);
    answer(&f, con, 1);
    assert_non_null(strstr(f.b.rig.re.log, NS0 " refuses broker broker-a: 1 because"));
    broker_topic(&f.b, "U", 2);
    take(&f, con, 103);
    answer(&f, con, 0);
    assert_false(rkmq__broker_is_registered(f.b.brk));
    record_env_advance(&f.b.rig.re, RKMQ_BROKER_REGISTER_FIRST_MS);
    take(&f, con, 103);
    assert_body(&f, TOPICS_AT_START + 2, 2);
    answer(&f, con, 0);
    assert_true(rkmq__broker_is_registered(f.b.brk));
    broker_rig_close(&f.b);
}

/* A name server that cannot be reached, or does not answer, is tried again with the period. */
static void test_unreachable(void **state)
{
    struct fixture f;
    (void)state;
    open_broker(&f, 1, NULL);
    record_env_hang_up(&f.b.rig.re, record_env_dialled(&f.b.rig.re, NS0)->id, "refused");
    assert_non_null(strstr(f.b.rig.re.log, NS0 " does not register broker broker-a"));
    record_env_advance(&f.b.rig.re, RKMQ_BROKER_REGISTER_FIRST_MS);
    rkmq_conn con = connect_to(&f, NS0);
    take(&f, con, 103);
    record_env_advance(&f.b.rig.re, RKMQ_BROKER_REGISTER_TIMEOUT_MS);
    assert_false(rkmq__broker_is_registered(f.b.brk));
    record_env_advance(&f.b.rig.re, 30000 - RKMQ_BROKER_REGISTER_TIMEOUT_MS);
    take(&f, con, 103);
    answer(&f, con, 0);
    assert_true(rkmq__broker_is_registered(f.b.brk));
    broker_rig_close(&f.b);
}

/* A clean stop takes the broker out at those that are connected, waits for them, but not for ever;
 * after it nothing is registered any more. */
static void test_stop(void **state)
{
    struct fixture f;
    (void)state;
    for (int is_answered = 0; is_answered < 2; is_answered++) {
        open_broker(&f, 2, NULL);
        rkmq_conn con = connect_to(&f, NS0); /* the other one never comes up */
        take(&f, con, 103);
        answer(&f, con, 0);
        assert_false(rkmq__broker_is_stopped(f.b.brk));
        rkmq__broker_stop(f.b.brk);
        rkmq__broker_stop(f.b.brk);
        take(&f, con, 104);
        assert_string_equal(f.ask.fields, BROKER "brokerId=0");
        assert_false(rkmq__broker_is_stopped(f.b.brk));
        if (is_answered) {
            answer(&f, con, 0);
        } else {
            record_env_advance(&f.b.rig.re, RKMQ_BROKER_UNREGISTER_TIMEOUT_MS);
        }
        assert_true(rkmq__broker_is_stopped(f.b.brk));
        broker_topic(&f.b, "T", 2);
        record_env_advance(&f.b.rig.re, 60000);
        assert_int_equal(server_rig_take(&f.b.rig, con)->n, 0);
        broker_rig_close(&f.b);
    }
}

/* The advertised host stands in routes, and in message ids when it is a number. */
static void test_advertised_host(void **state)
{
    static const struct {
        const char *host, *address, *id;
    } cases[] = {
        {NULL, "10.0.0.1:10911", "0A00000100002A9F0000000000000000"},
        {"192.0.2.7", "192.0.2.7:10911", "C000020700002A9F0000000000000000"},
        {"broker.example", "broker.example:10911", "0A00000100002A9F0000000000000000"},
        {"2001:db8::7", "[2001:db8::7]:10911",
         "20010DB800000000000000000000000700002A9F0000000000000000"},
    };
    struct fixture f;
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        open_broker(&f, 0, cases[i].host);
        assert_true(rkmq__broker_is_registered(f.b.brk));
        assert_string_equal(rkmq__broker_address(f.b.brk), cases[i].address);
        assert_string_equal(rkmq__broker_bound_address(f.b.brk), "10.0.0.1:10911");
        f.b.con = server_rig_connect(&f.b.rig, "10.0.0.9:50000");
        const struct rig_frame *sent =
            broker_ask(&f.b, 310, "a=PG;b=T;c=TBW102;d=8;e=0;f=0;g=1;h=0", "x");
        char id[80];
        (void)snprintf(id, sizeof id, "msgId=%s;", cases[i].id);
        assert_non_null(strstr(sent->fields, id));
        broker_rig_close(&f.b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rhythm),  cmocka_unit_test(test_topic_changes),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_stop),    cmocka_unit_test(test_advertised_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
