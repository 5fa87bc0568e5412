/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's program: a simulated cluster, a topic, ten messages, one consumer that takes them
 * all. */
#include <rkmq/consumer.h>
#include <rkmq/mock.h>
#include <rkmq/sim.h>
#include <stdio.h>

static enum rkmq_consume_status count(void *user, struct rkmq_msg *const *msgs, size_t n,
                                      struct rkmq_consume_context *context)
{
    (void)msgs;
    (void)context;
    *(size_t *)user += n;
    return RKMQ_CONSUME_SUCCESS;
}

int main(void)
{
    struct rkmq_push_options options = RKMQ_PUSH_OPTIONS_INIT;
    struct rkmq_sim *sim = NULL;
    struct rkmq_mock *mock = NULL;
    struct rkmq_push_consumer *consumer = NULL;
    struct rkmq_err err = {0};
    size_t n = 0;
    int ok = rkmq_sim_create(&sim, NULL) == RKMQ_OK;
    struct rkmq_runtime *rt = ok ? rkmq_sim_runtime(sim) : NULL;
    ok = ok && rkmq_mock_create(&mock, rt, NULL, &err) == RKMQ_OK;
    ok = ok && rkmq_mock_topic(mock, "T", 4) == RKMQ_OK;
    ok = ok && rkmq_mock_publish(mock, "T", NULL, "hello %d", 10) == RKMQ_OK;
    options.consumer_group = "g";
    options.namesrv_addr = ok ? rkmq_mock_namesrv_addr(mock) : "";
    options.message_listener = count;
    options.message_listener_user = &n;
    ok = ok && rkmq_push_consumer_create(&consumer, rt, &options, &err) == RKMQ_OK;
    ok = ok && rkmq_push_consumer_subscribe(consumer, "T", "*", &err) == RKMQ_OK;
    ok = ok && rkmq_push_consumer_start(consumer, &err) == RKMQ_OK;
    ok = ok && rkmq_mock_await_committed(mock, "g", "T", 10, 60000) == RKMQ_OK;
    rkmq_push_consumer_destroy(consumer);
    rkmq_mock_destroy(mock);
    rkmq_sim_destroy(sim);
    printf("%zu messages%s%s\n", n, ok ? "" : ", failed: ", err.text);
    return ok && n == 10 ? 0 : 1;
}
