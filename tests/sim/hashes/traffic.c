/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three peers ask a cluster of one name server and two brokers at random, over links that delay,
 * cut into pieces and reset.
 */
#include <rkmq/message.h>
#include <rkmq/mock.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "remoting/rpc/client.h"
#include "sim/hashes/hashes.h"

#define N_PEERS 3
#define N_QUEUES 4
#define TRAFFIC_MS 20000
#define CALL_TIMEOUT_MS 2000

struct peer {
    const struct rkmq_env *env;
    struct rkmq_mock *mock;
    struct rkmq_remoting_client *client;
    struct rkmq_timer tick;
    char name[8];
    int64_t offset;
    uint64_t n_answers, n_failures;
};

static uint64_t pick(const struct peer *peer, uint64_t n)
{
    return rkmq__rand64(peer->env) % n;
}

static void peer_answered(void *user, int status, const struct rkmq_command *answer,
                          const struct rkmq_err *err)
{
    struct peer *peer = user;
    int64_t next = 0;
    (void)err;
    peer->n_answers += status == RKMQ_OK;
    peer->n_failures += status != RKMQ_OK;
    if (answer && rkmq_command_i64(answer, "nextBeginOffset", &next) == RKMQ_OK) {
        peer->offset = next;
    }
}

static void peer_call(struct peer *peer, const char *addr, int code,
                      const struct rkmq_header_class *cls, const void *header,
                      struct rkmq_slice body)
{
    struct rkmq_fields fields = {.n = 0};
    if (cls) {
        rkmq__header_write(cls, header, code == RKMQ_REQ_SEND_MESSAGE_V2, &fields);
    }
    struct rkmq_message_out out = {.code = code, .fields = cls ? &fields : NULL};
    if (body.n > 0) {
        out.take_body = rkmq_buf_copy(peer->env->mem, body);
        RKMQ_ASSERT(out.take_body);
    }
    RKMQ_ASSERT(rkmq__remoting_client_call(peer->client, addr, &out, CALL_TIMEOUT_MS, peer_answered,
                                           peer) == RKMQ_OK);
}

static void peer_asks_route(struct peer *peer, const char *broker)
{
    struct rkmq_get_route_request h = {.topic = pick(peer, 2) ? RKMQ_SLICE("T") : RKMQ_SLICE("U")};
    (void)broker;
    peer_call(peer, rkmq_mock_namesrv_addr(peer->mock), RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC,
              &rkmq__get_route_request_class, &h, RKMQ_SLICE(""));
}

static void peer_beats(struct peer *peer, const char *broker)
{
    struct rkmq_subscription_data sub = {.topic = RKMQ_SLICE("T"),
                                         .sub_string = RKMQ_SLICE("*"),
                                         .expression_type = RKMQ_SLICE("TAG"),
                                         .sub_version = 1};
    struct rkmq_consumer_data consumer = {.group = RKMQ_SLICE("g"),
                                          .type = RKMQ_CONSUME_PASSIVELY,
                                          .model = RKMQ_MODEL_CLUSTERING,
                                          .subscriptions = &sub,
                                          .n_subscriptions = 1};
    struct rkmq_heartbeat_data heartbeat = {
        .client_id = rkmq__slice_of(peer->name), .consumers = &consumer, .n_consumers = 1};
    struct rkmq_bytes body;
    rkmq__bytes_init(&body, peer->env->mem);
    rkmq__heartbeat_data_write(&heartbeat, &body);
    peer_call(peer, broker, RKMQ_REQ_HEART_BEAT, NULL, NULL, rkmq__bytes_slice(&body));
    rkmq__bytes_close(&body);
}

static void peer_lists(struct peer *peer, const char *broker)
{
    struct rkmq_consumer_list_request h = {.consumer_group = RKMQ_SLICE("g")};
    peer_call(peer, broker, RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, &rkmq__consumer_list_request_class,
              &h, RKMQ_SLICE(""));
}

static void peer_pulls(struct peer *peer, const char *broker)
{
    struct rkmq_pull_message_request h = {.consumer_group = RKMQ_SLICE("g"),
                                          .topic = RKMQ_SLICE("T"),
                                          .queue_id = (int32_t)pick(peer, N_QUEUES),
                                          .queue_offset =
                                              (int64_t)pick(peer, (uint64_t)peer->offset + 2),
                                          .max_msg_nums = 1 + (int32_t)pick(peer, 32),
                                          .sys_flag = 2, /* may be held */
                                          .suspend_timeout_ms = (int64_t)pick(peer, 1000),
                                          .subscription = RKMQ_SLICE("*"),
                                          .sub_version = 1,
                                          .expression_type = RKMQ_SLICE("TAG")};
    peer_call(peer, broker, RKMQ_REQ_PULL_MESSAGE, &rkmq__pull_message_request_class, &h,
              RKMQ_SLICE(""));
}

static void peer_sends(struct peer *peer, const char *broker)
{
    static const uint8_t text[600] = {'r', 'k', 'm', 'q'};
    struct rkmq_send_message_request h = {.producer_group = RKMQ_SLICE("pg"),
                                          .topic = RKMQ_SLICE("T"),
                                          .default_topic = RKMQ_SLICE("TBW102"),
                                          .default_topic_queue_nums = N_QUEUES,
                                          .queue_id = (int32_t)pick(peer, N_QUEUES),
                                          .born_timestamp = rkmq__wall(peer->env),
                                          .properties = RKMQ_SLICE("TAGS\001TagA\002")};
    peer_call(peer, broker, RKMQ_REQ_SEND_MESSAGE_V2, &rkmq__send_message_request_class, &h,
              rkmq__slice(text, 1 + pick(peer, sizeof text - 1)));
}

static void peer_commits(struct peer *peer, const char *broker)
{
    struct rkmq_update_consumer_offset_request h = {.consumer_group = RKMQ_SLICE("g"),
                                                    .topic = RKMQ_SLICE("T"),
                                                    .queue_id = (int32_t)pick(peer, N_QUEUES),
                                                    .commit_offset = peer->offset};
    peer_call(peer, broker, RKMQ_REQ_UPDATE_CONSUMER_OFFSET,
              &rkmq__update_consumer_offset_request_class, &h, RKMQ_SLICE(""));
}

static void peer_tick(struct rkmq_timer *t)
{
    static void (*const acts[])(struct peer * peer, const char *broker) = {
        peer_asks_route, peer_beats, peer_lists, peer_pulls, peer_pulls, peer_sends, peer_commits};
    struct peer *peer = RKMQ_CONTAINER_OF(t, struct peer, tick);
    unsigned broker = (unsigned)pick(peer, rkmq_mock_broker_count(peer->mock));
    acts[pick(peer, RKMQ_COUNT_OF(acts))](peer, rkmq_mock_broker_addr(peer->mock, broker));
    rkmq__timer_in(peer->env, t, 1 + (rkmq_ms)pick(peer, 20));
}

static void peers_start(struct peer *peers, struct rkmq_runtime *rt, struct rkmq_mock *mock)
{
    for (size_t i = 0; i < N_PEERS; i++) {
        struct peer *peer = &peers[i];
        *peer = (struct peer){.mock = mock, .tick.fire = peer_tick};
        (void)snprintf(peer->name, sizeof peer->name, "p%zu", i); /* fits */
        peer->env = rt->ops->host(rt, peer->name);
        struct rkmq_channel_config config = {.env = peer->env, .version = RKMQ_VERSION_V5_3_3};
        RKMQ_ASSERT(rkmq__remoting_client_create(&peer->client, &config) == RKMQ_OK);
        rkmq__timer_in(peer->env, &peer->tick, 1);
    }
}

struct hash_result hash_traffic(uint64_t seed)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_link link = {
        .delay_us = 300, .jitter_us = 1500, .resets_per_million = 500, .chunk_bytes_max = 900};
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct peer peers[N_PEERS];
    so.seed = seed;
    mo.brokers = 2;
    RKMQ_ASSERT(rkmq_sim_create(&sim, &so) == RKMQ_OK);
    struct rkmq_runtime *rt = rkmq_sim_runtime(sim);
    RKMQ_ASSERT(rkmq_mock_create(&mock, rt, &mo, NULL) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_mock_topic(mock, "T", N_QUEUES) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_mock_publish(mock, "T", "TagA", "message %d", 100) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_sim_link(sim, NULL, NULL, &link) == RKMQ_OK);
    peers_start(peers, rt, mock);
    rkmq_sim_run_for(sim, TRAFFIC_MS);
    struct hash_result result = {.hash = rkmq_sim_hash(sim)};
    for (size_t i = 0; i < N_PEERS; i++) {
        rkmq__timer_stop(peers[i].env, &peers[i].tick);
        result.n_good += peers[i].n_answers;
        result.n_bad += peers[i].n_failures;
        rkmq__remoting_client_destroy(peers[i].client);
    }
    rkmq_mock_destroy(mock);
    rkmq_sim_destroy(sim);
    return result;
}
