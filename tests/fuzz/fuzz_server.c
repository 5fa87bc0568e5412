/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Well-formed frames with hostile contents against a name server and a broker, in simulation: a row
 * of requests | fields | body | time. Whatever they were, the servers live on, answer their
 * neighbour, hold no more than a bound, and give all of it back.
 */
#include <rkmq/message.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>

#include "fuzz/fuzz.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/client.h"

#define REQUESTS_MAX 24
#define FIELDS_MAX 20
#define CALL_TIMEOUT_MS 1000
#define BYTES_MAX (256u << 20)

static const int codes[] = {
#define X(name, value) value,
#include "remoting/protocol/request_codes.def"
#undef X
};

/* Every name that a field has in any class, both spellings. */
static const char *const keys[] = {
#define HEADER_BEGIN(name, java)
#define REQ_TEXT(c_name, wire, wire_short) wire, wire_short,
#define REQ_I32(c_name, wire, wire_short) wire, wire_short,
#define REQ_I64(c_name, wire, wire_short) wire, wire_short,
#define REQ_BOOL(c_name, wire, wire_short) wire, wire_short,
#define OPT_TEXT(c_name, wire, wire_short) wire, wire_short,
#define OPT_I32(c_name, wire, wire_short) wire, wire_short,
#define OPT_I64(c_name, wire, wire_short) wire, wire_short,
#define OPT_BOOL(c_name, wire, wire_short) wire, wire_short,
#define HEADER_END(name)
#include "remoting/protocol/headers.def"
};

static const char *const values[] = {"0",
                                     "1",
                                     "2",
                                     "3",
                                     "-1",
                                     "7",
                                     "100",
                                     "2147483647",
                                     "-2147483648",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "",
                                     "x",
                                     "T",
                                     "U",
                                     "g",
                                     "pg",
                                     "id",
                                     "broker-a",
                                     "DefaultCluster",
                                     "10.0.0.9:10911",
                                     "*",
                                     "TagA",
                                     "||",
                                     "TAG",
                                     "SQL92",
                                     "true",
                                     "false",
                                     "%RETRY%g",
                                     "%DLQ%g",
                                     "TBW102",
                                     "SCHEDULE_TOPIC_XXXX",
                                     "TAGS\001TagA\002",
                                     "DELAY\00118\002",
                                     "DELAY\001x\002",
                                     "KEYS\001k\002UNIQ_KEY\001u\002RETRY_TOPIC\001T\002",
                                     "RECONSUME_TIME\00199\002",
                                     "INNER_NUM\001-1\002",
                                     "7F00000100002A9F0000000000000000"};

static const char *const bodies[] = {
    "",
    "body",
    "{}",
    "[]",
    "{\"clientID\":\"id\",\"consumerDataSet\":[{\"consumeFromWhere\":\"CONSUME_FROM_FIRST_OFFSET\","
    "\"consumeType\":\"CONSUME_PASSIVELY\",\"groupName\":\"g\",\"messageModel\":\"CLUSTERING\","
    "\"subscriptionDataSet\":[{\"codeSet\":[2598919],\"expressionType\":\"TAG\",\"subString\":"
    "\"TagA\",\"subVersion\":1,\"tagsSet\":[\"TagA\"],\"topic\":\"T\"},{\"subString\":\"*\","
    "\"subVersion\":2,\"topic\":\"%RETRY%g\"}],\"unitMode\":false}],\"producerDataSet\":[{"
    "\"groupName\":\"pg\"}]}",
    "{\"clientID\":\"\",\"consumerDataSet\":[{},{\"groupName\":\"g\",\"subscriptionDataSet\":[{}]}]"
    ",\"producerDataSet\":[{}],\"heartbeatFingerprint\":5,\"withoutSub\":true}",
    "{\"topicConfigSerializeWrapper\":{\"dataVersion\":{\"counter\":1,\"stateVersion\":0,"
    "\"timestamp\":2},\"topicConfigTable\":{\"T\":{\"perm\":6,\"readQueueNums\":2,\"topicName\":"
    "\"T\",\"writeQueueNums\":-2},\"U\":{}}}}",
    "{\"counter\":1,\"stateVersion\":0,\"timestamp\":2}",
    "{\"clientId\":\"id\",\"consumerGroup\":\"g\",\"mqSet\":[{\"brokerName\":\"broker-a\","
    "\"queueId\":0,\"topic\":\"T\"},{\"queueId\":-1},{}],\"onlyThisBroker\":false}",
    "{\"brokerDatas\":[],\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":"
    "1,\"writeQueueNums\":1}]}",
    "{\"clientId\":\"id\",\"group\":\"g\",\"subscriptionData\":{\"topic\":\"T\",\"subString\":"
    "\"a > 1\",\"expressionType\":\"SQL92\"}}",
};

struct world {
    struct fuzz_mem fm;
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct rkmq_remoting_client *hostile, *neighbour;
    unsigned n_pending, n_answered;
};

static void world_answer(void *user, int status, const struct rkmq_command *answer,
                         const struct rkmq_err *err)
{
    struct world *w = user;
    (void)answer, (void)err;
    w->n_pending--;
    w->n_answered += status == RKMQ_OK;
}

static struct rkmq_remoting_client *client_new(struct world *w, const char *host)
{
    struct rkmq_runtime *rt = rkmq_sim_runtime(w->sim);
    struct rkmq_channel_config config = {.env = rt->ops->host(rt, host),
                                         .version = RKMQ_VERSION_V5_3_3};
    struct rkmq_remoting_client *client;
    FUZZ_CHECK(config.env);
    FUZZ_CHECK(rkmq__remoting_client_create(&client, &config) == RKMQ_OK);
    return client;
}

static void world_open(struct world *w)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    *w = (struct world){0};
    fuzz_mem_init(&w->fm, BYTES_MAX);
    so.mem = &w->fm.mem;
    mo.store_bytes_max = 1u << 20;
    FUZZ_CHECK(rkmq_sim_create(&w->sim, &so) == RKMQ_OK);
    FUZZ_CHECK(rkmq_mock_create(&w->mock, rkmq_sim_runtime(w->sim), &mo, NULL) == RKMQ_OK);
    FUZZ_CHECK(rkmq_mock_topic(w->mock, "T", 2) == RKMQ_OK);
    FUZZ_CHECK(rkmq_mock_publish(w->mock, "T", "TagA", "message %d", 5) == RKMQ_OK);
    w->hostile = client_new(w, "hostile");
    w->neighbour = client_new(w, "neighbour");
}

static void world_close(struct world *w)
{
    rkmq__remoting_client_destroy(w->hostile);
    rkmq__remoting_client_destroy(w->neighbour);
    FUZZ_CHECK(w->n_pending == 0);
    rkmq_mock_destroy(w->mock);
    rkmq_sim_destroy(w->sim);
    fuzz_mem_close(&w->fm);
}

static const char *server_of(const struct world *w, bool is_namesrv)
{
    return is_namesrv ? rkmq_mock_namesrv_addr(w->mock) : rkmq_mock_broker_addr(w->mock, 0);
}

static struct rkmq_buf *body_read(const struct world *w, struct rkmq_slice *in)
{
    size_t choice = fuzz_byte(in);
    struct rkmq_slice body;
    if (choice < RKMQ_COUNT_OF(bodies)) {
        body = rkmq__slice_of(bodies[choice]);
    } else {
        size_t n = fuzz_byte(in);
        body = rkmq__slice(in->p, n < in->n ? n : in->n);
        *in = rkmq__slice(in->p + body.n, in->n - body.n);
    }
    return body.n > 0 ? rkmq_buf_copy(&w->fm.mem, body) : NULL;
}

static void request(struct world *w, struct rkmq_slice *in)
{
    uint8_t how = fuzz_byte(in);
    struct rkmq_fields fields = {.n = 0};
    struct rkmq_message_out out = {.code = codes[fuzz_byte(in) % RKMQ_COUNT_OF(codes)],
                                   .fields = &fields};
    const char *addr = server_of(w, how & 1);
    for (size_t n = fuzz_byte(in) % FIELDS_MAX; n > 0; n--) {
        const char *key = keys[fuzz_byte(in) % RKMQ_COUNT_OF(keys)];
        struct rkmq_slice value = rkmq__slice_of(values[fuzz_byte(in) % RKMQ_COUNT_OF(values)]);
        if (key) {
            rkmq__fields_add_text(&fields, key, value);
        }
    }
    out.take_body = body_read(w, in);
    if (how & 2) {
        FUZZ_CHECK(rkmq__remoting_client_oneway(w->hostile, addr, &out) == RKMQ_OK);
    } else {
        w->n_pending++;
        FUZZ_CHECK(rkmq__remoting_client_call(w->hostile, addr, &out, CALL_TIMEOUT_MS, world_answer,
                                              w) == RKMQ_OK);
    }
    if (how & 4) {
        rkmq_sim_run_for(w->sim, (rkmq_ms)1 << fuzz_byte(in) % 16);
    }
    if (how & 8) {
        rkmq__remoting_client_close_address(w->hostile, addr, "fuzz");
    }
}

static void check_neighbour(struct world *w)
{
    rkmq_sim_run_for(w->sim, 2 * CALL_TIMEOUT_MS);
    FUZZ_CHECK(w->n_pending == 0);
    w->n_answered = 0;
    for (int is_namesrv = 0; is_namesrv < 2; is_namesrv++) {
        struct rkmq_message_out out = {.code = RKMQ_REQ_QUERY_DATA_VERSION};
        w->n_pending++;
        FUZZ_CHECK(rkmq__remoting_client_call(w->neighbour, server_of(w, is_namesrv), &out,
                                              CALL_TIMEOUT_MS, world_answer, w) == RKMQ_OK);
    }
    rkmq_sim_run_for(w->sim, CALL_TIMEOUT_MS);
    FUZZ_CHECK(w->n_answered == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_slice in = rkmq__slice(p, n);
    struct world w;
    world_open(&w);
    for (int i = 0; i < REQUESTS_MAX && in.n > 0; i++) {
        request(&w, &in);
    }
    check_neighbour(&w);
    world_close(&w);
    return 0;
}
