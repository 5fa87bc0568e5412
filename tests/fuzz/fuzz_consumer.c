/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A push consumer in simulation whose name server and broker are hostile: each answer is the honest
 * one, or one that the input has changed in its code, a field, its body or its coming at all; and a
 * request may come unasked. The consumer lives on or says why it does not, and gives back all
 * memory when it is shut down.
 */
#include <rkmq/consumer.h>
#include <rkmq/sim.h>
#include <stdarg.h>
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/server.h"

#define RUN_MS 25000
#define N_QUEUES 2
#define MAX_OFFSET 5 /* of each queue */
#define BYTES_MAX (256u << 20)
#define BODY_BYTES 4096

struct reply {
    int code;
    struct rkmq_fields fields;
    uint8_t body[BODY_BYTES];
    size_t n_body;
    bool is_silent;
};

struct world {
    struct fuzz_mem fm;
    struct rkmq_slice in;
    struct rkmq_sim *sim;
    struct rkmq_remoting_server *ns, *brk;
    struct rkmq_push_consumer *consumer;
    char client_id[64];
};

/* ---- honest answers ---- */

static void body_printf(struct reply *r, const char *fmt, ...) RKMQ_PRINTF(2, 3);
static void body_printf(struct reply *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf((char *)r->body, sizeof r->body, fmt, args);
    va_end(args);
    FUZZ_CHECK(n >= 0 && (size_t)n < sizeof r->body);
    r->n_body = (size_t)n;
}

static void honest_route(struct world *w, struct reply *r)
{
    body_printf(r,
                "{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":\"%s\"},\"brokerName\":\"broker-a\","
                "\"cluster\":\"c\",\"enableActingMaster\":false}],\"filterServerTable\":{},"
                "\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":%d,"
                "\"topicSysFlag\":0,\"writeQueueNums\":%d}]}",
                rkmq__remoting_server_address(w->brk), N_QUEUES, N_QUEUES);
}

static void learn_client_id(struct world *w, const struct rkmq_command *cmd)
{
    struct rkmq_arena arena;
    struct rkmq_heartbeat_data heartbeat;
    rkmq__arena_init(&arena, &w->fm.mem);
    if (rkmq__heartbeat_data_read(cmd->body, &arena, &heartbeat, NULL) == RKMQ_OK) {
        (void)snprintf(w->client_id, sizeof w->client_id, "%.*s",
                       RKMQ_SLICE_ARG(heartbeat.client_id)); /* a cut one is hostile enough */
    }
    rkmq__arena_close(&arena);
}

static void record_add(struct reply *r, const struct rkmq_pull_message_request *h, int64_t offset)
{
    struct rkmq_record record = {.magic = RKMQ_RECORD_MAGIC_V1,
                                 .queue_id = h->queue_id,
                                 .queue_offset = offset,
                                 .commit_log_offset = 1000 * offset,
                                 .body = RKMQ_SLICE("a body"),
                                 .topic = h->topic,
                                 .properties = RKMQ_SLICE("TAGS\001TagA\002UNIQ_KEY\001u\002")};
    record.body_crc = rkmq_body_crc(record.body);
    size_t n = rkmq_record_bytes(&record), room = sizeof r->body - r->n_body;
    if (rkmq_record_write(&record, r->body + r->n_body, room) == RKMQ_OK) {
        r->n_body += n;
    }
}

static void honest_pull(struct reply *r, const struct rkmq_command *cmd)
{
    struct rkmq_pull_message_request h;
    if (rkmq__header_read(&rkmq__pull_message_request_class, cmd, &h, NULL) != RKMQ_OK ||
        h.queue_offset >= MAX_OFFSET || h.queue_offset < 0) {
        r->is_silent = true; /* held for longer than this run */
        return;
    }
    for (int64_t offset = h.queue_offset; offset < MAX_OFFSET; offset++) {
        record_add(r, &h, offset);
    }
    rkmq__fields_add_i64(&r->fields, "suggestWhichBrokerId", 0);
    rkmq__fields_add_i64(&r->fields, "nextBeginOffset", MAX_OFFSET);
    rkmq__fields_add_i64(&r->fields, "minOffset", 0);
    rkmq__fields_add_i64(&r->fields, "maxOffset", MAX_OFFSET);
}

static void honest(struct world *w, const struct rkmq_command *cmd, struct reply *r)
{
    switch (cmd->code) {
    case RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC:
        honest_route(w, r);
        break;
    case RKMQ_REQ_HEART_BEAT:
        learn_client_id(w, cmd);
        break;
    case RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP:
        body_printf(r, "{\"consumerIdList\":[\"%s\"]}", w->client_id);
        break;
    case RKMQ_REQ_QUERY_CONSUMER_OFFSET:
    case RKMQ_REQ_GET_MIN_OFFSET:
        rkmq__fields_add_i64(&r->fields, "offset", 0);
        break;
    case RKMQ_REQ_GET_MAX_OFFSET:
        rkmq__fields_add_i64(&r->fields, "offset", MAX_OFFSET);
        break;
    case RKMQ_REQ_PULL_MESSAGE:
        honest_pull(r, cmd);
        break;
    default:
        break;
    }
}

/* ---- and what the input makes of them ---- */

static struct rkmq_slice hostile_value(struct world *w)
{
    static const char *const values[] = {"",
                                         "x",
                                         "-1",
                                         "0",
                                         "1",
                                         "4",
                                         "5",
                                         "6",
                                         "true",
                                         "2147483647",
                                         "-9223372036854775808",
                                         "9223372036854775807",
                                         "T",
                                         "%RETRY%g"};
    return rkmq__slice_of(values[fuzz_byte(&w->in) % RKMQ_COUNT_OF(values)]);
}

static void change_field(struct world *w, struct reply *r)
{
    if (r->fields.n > 0) {
        size_t i = fuzz_byte(&w->in) % r->fields.n;
        if (fuzz_byte(&w->in) & 1) {
            r->fields.at[i] = r->fields.at[--r->fields.n];
        } else {
            r->fields.at[i].value = hostile_value(w);
        }
    }
}

static void change_bytes(struct world *w, struct reply *r)
{
    for (int n = fuzz_byte(&w->in) % 4; n >= 0 && r->n_body > 0; n--) {
        size_t at = (size_t)fuzz_byte(&w->in) << 8;
        at = (at | fuzz_byte(&w->in)) % r->n_body;
        r->body[at] ^= fuzz_byte(&w->in);
    }
}

static void change_body(struct world *w, struct reply *r)
{
    size_t n = fuzz_byte(&w->in);
    if (n % 2 == 0) { /* cut */
        r->n_body = r->n_body * n / 256;
        return;
    }
    n = n < w->in.n ? n : w->in.n;
    memcpy(r->body, w->in.p, n);
    r->n_body = n;
    w->in = rkmq__slice(w->in.p + n, w->in.n - n);
}

static void answer_ignored(void *user, int status, const struct rkmq_command *answer,
                           const struct rkmq_err *err)
{
    (void)user, (void)status, (void)answer, (void)err;
}

/* A request of the broker's own. */
static void push(struct world *w, struct rkmq_channel *ch)
{
    static const int codes[] = {
        RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED, RKMQ_REQ_RESET_CONSUMER_CLIENT_OFFSET,
        RKMQ_REQ_GET_CONSUMER_RUNNING_INFO,   RKMQ_REQ_CONSUME_MESSAGE_DIRECTLY,
        RKMQ_REQ_CHECK_TRANSACTION_STATE,     RKMQ_REQ_PULL_MESSAGE};
    static const char *const keys[] = {"consumerGroup", "group", "topic", "clientId", "isForce"};
    struct rkmq_fields fields = {.n = 0};
    struct reply r = {0};
    struct rkmq_message_out out = {.code = codes[fuzz_byte(&w->in) % RKMQ_COUNT_OF(codes)],
                                   .fields = &fields};
    uint8_t which = fuzz_byte(&w->in);
    for (size_t i = 0; i < RKMQ_COUNT_OF(keys); i++) {
        if (which >> i & 1) {
            rkmq__fields_add_text(&fields, keys[i], i < 2 ? RKMQ_SLICE("g") : hostile_value(w));
        }
    }
    change_body(w, &r);
    if (r.n_body > 0) {
        out.take_body = rkmq_buf_copy(&w->fm.mem, rkmq__slice(r.body, r.n_body));
    }
    if (which & 0x80) {
        (void)rkmq__channel_oneway(ch, &out); /* a closed channel is part of the game */
    } else {
        (void)rkmq__channel_call(ch, &out, 1000, answer_ignored, w); /* the same */
    }
}

static void change(struct world *w, struct rkmq_channel *ch, struct reply *r)
{
    switch (fuzz_byte(&w->in) % 10) {
    case 3:
        r->code = (int8_t)fuzz_byte(&w->in);
        break;
    case 4:
        change_field(w, r);
        break;
    case 5:
        change_bytes(w, r);
        break;
    case 6:
        change_body(w, r);
        break;
    case 7:
        r->is_silent = true;
        break;
    case 8:
        r->is_silent = true;
        rkmq__channel_close(ch, "fuzz");
        break;
    case 9:
        push(w, ch);
        break;
    default:
        break;
    }
}

static void world_request(void *owner, const struct rkmq_request_in *req)
{
    struct world *w = owner;
    struct reply r = {.code = RKMQ_RES_SUCCESS};
    honest(w, req->cmd, &r);
    if (w->in.n > 0) {
        change(w, req->channel, &r);
    }
    if (r.is_silent || (req->cmd->flags & RKMQ_FLAG_ONEWAY)) {
        return;
    }
    struct rkmq_message_out out = {.code = r.code, .fields = &r.fields};
    if (r.n_body > 0) {
        out.take_body = rkmq_buf_copy(&w->fm.mem, rkmq__slice(r.body, r.n_body));
    }
    FUZZ_CHECK(rkmq__channel_answer(req->channel, req->cmd->opaque, req->cmd->format, &out) ==
               RKMQ_OK);
}

/* ---- the world ---- */

static enum rkmq_consume_status consume(void *user, struct rkmq_msg *const *msgs, size_t n,
                                        struct rkmq_consume_context *context)
{
    struct rkmq_msg_view view;
    (void)user, (void)context;
    for (size_t i = 0; i < n; i++) {
        rkmq_msg_get(msgs[i], &view);
        (void)rkmq_java_string_hash(view.body); /* reads all of it */
        (void)rkmq_java_string_hash(view.tags);
    }
    return n > 0 && view.queue_offset % 2 ? RKMQ_RECONSUME_LATER : RKMQ_CONSUME_SUCCESS;
}

static struct rkmq_remoting_server *server_new(struct world *w, const char *host, const char *addr)
{
    struct rkmq_runtime *rt = rkmq_sim_runtime(w->sim);
    struct rkmq_channel_config config = {.env = rt->ops->host(rt, host),
                                         .handler = {.owner = w, .request = world_request},
                                         .version = RKMQ_VERSION_V5_3_3};
    struct rkmq_remoting_server *server;
    FUZZ_CHECK(config.env);
    FUZZ_CHECK(rkmq__remoting_server_create(&server, &config, addr, NULL) == RKMQ_OK);
    return server;
}

static void consumer_run(struct world *w)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    struct rkmq_err err = {0};
    o.consumer_group = "g";
    o.namesrv_addr = rkmq__remoting_server_address(w->ns);
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.message_listener = consume;
    FUZZ_CHECK(rkmq_push_consumer_create(&w->consumer, rkmq_sim_runtime(w->sim), &o, NULL) ==
               RKMQ_OK);
    FUZZ_CHECK(rkmq_push_consumer_subscribe(w->consumer, "T", "TagA", NULL) == RKMQ_OK);
    int status = rkmq_push_consumer_start(w->consumer, &err);
    FUZZ_CHECK((status == RKMQ_OK) == (err.text[0] == '\0'));
    if (status == RKMQ_OK) {
        rkmq_sim_run_for(w->sim, RUN_MS);
        (void)rkmq_push_consumer_shutdown(w->consumer); /* its requests may be refused, too */
    }
    rkmq_push_consumer_destroy(w->consumer);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct world w = {.in = rkmq__slice(p, n)};
    fuzz_mem_init(&w.fm, BYTES_MAX);
    so.mem = &w.fm.mem;
    so.log_level = RKMQ_LOG_ERROR;
    FUZZ_CHECK(rkmq_sim_create(&w.sim, &so) == RKMQ_OK);
    w.ns = server_new(&w, "ns", "ns:9876");
    w.brk = server_new(&w, "broker-a", "broker-a:10911");
    consumer_run(&w);
    rkmq__remoting_server_destroy(w.ns);
    rkmq__remoting_server_destroy(w.brk);
    rkmq_sim_destroy(w.sim);
    fuzz_mem_close(&w.fm);
    return 0;
}
