/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group of two consumers on a cluster of two brokers: one starts, the other joins and leaves,
 * messages come all the while, some fail at first; links delay and cut into pieces.
 */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>

#include "remoting/base/core.h"
#include "sim/hashes/hashes.h"

#define N_QUEUES 4
#define N_MESSAGES 200 /* a publication */
#define PHASE_MS 15000
#define LISTENER_US_MAX 3000

struct member {
    struct rkmq_sim *sim;
    struct rkmq_push_consumer *consumer;
    uint64_t n_consumed, n_later;
};

/* Every seventh offset fails once; how long a message takes depends on it alone. */
static enum rkmq_consume_status consume(void *user, struct rkmq_msg *const *msgs, size_t n,
                                        struct rkmq_consume_context *context)
{
    struct member *member = user;
    struct rkmq_msg_view view;
    (void)context;
    RKMQ_ASSERT(n == 1);
    rkmq_msg_get(msgs[0], &view);
    rkmq_sim_spend(member->sim, view.commit_log_offset % LISTENER_US_MAX);
    if (view.queue_offset % 7 == 0 && view.reconsume_times == 0) {
        member->n_later++;
        return RKMQ_RECONSUME_LATER;
    }
    member->n_consumed++;
    return RKMQ_CONSUME_SUCCESS;
}

static void member_start(struct member *member, struct rkmq_sim *sim, const char *host,
                         const char *namesrv_addr)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    *member = (struct member){.sim = sim};
    o.consumer_group = "g";
    o.namesrv_addr = namesrv_addr;
    o.host = host;
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.message_listener = consume;
    o.message_listener_user = member;
    RKMQ_ASSERT(rkmq_push_consumer_create(&member->consumer, rkmq_sim_runtime(sim), &o, NULL) ==
                RKMQ_OK);
    RKMQ_ASSERT(rkmq_push_consumer_subscribe(member->consumer, "T", "*", NULL) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_push_consumer_start(member->consumer, NULL) == RKMQ_OK);
}

static void phase(struct rkmq_sim *sim, struct rkmq_mock *mock)
{
    RKMQ_ASSERT(rkmq_mock_publish(mock, "T", "TagA", "message %d", N_MESSAGES) == RKMQ_OK);
    rkmq_sim_run_for(sim, PHASE_MS);
}

struct hash_result hash_group(uint64_t seed)
{
    struct rkmq_sim_options so = RKMQ_SIM_OPTIONS_INIT;
    struct rkmq_mock_options mo = RKMQ_MOCK_OPTIONS_INIT;
    struct rkmq_link link = {.delay_us = 300, .jitter_us = 1500, .chunk_bytes_max = 900};
    struct rkmq_sim *sim;
    struct rkmq_mock *mock;
    struct member first, second;
    so.seed = seed;
    mo.brokers = 2;
    RKMQ_ASSERT(rkmq_sim_create(&sim, &so) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_mock_create(&mock, rkmq_sim_runtime(sim), &mo, NULL) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_mock_topic(mock, "T", N_QUEUES) == RKMQ_OK);
    RKMQ_ASSERT(rkmq_sim_link(sim, NULL, NULL, &link) == RKMQ_OK);
    member_start(&first, sim, "c0", rkmq_mock_namesrv_addr(mock));
    phase(sim, mock);
    member_start(&second, sim, "c1", rkmq_mock_namesrv_addr(mock));
    phase(sim, mock);
    RKMQ_ASSERT(rkmq_push_consumer_shutdown(second.consumer) == RKMQ_OK);
    phase(sim, mock);
    RKMQ_ASSERT(rkmq_push_consumer_shutdown(first.consumer) == RKMQ_OK);
    struct hash_result result = {.hash = rkmq_sim_hash(sim),
                                 .n_good = first.n_consumed + second.n_consumed,
                                 .n_bad = first.n_later + second.n_later};
    rkmq_push_consumer_destroy(second.consumer);
    rkmq_push_consumer_destroy(first.consumer);
    rkmq_mock_destroy(mock);
    rkmq_sim_destroy(sim);
    return result;
}
