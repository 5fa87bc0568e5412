/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A RocketMQ cluster inside a C test: no other process, no fixed port, gone when the test ends.
 * The lines between the two marks are all it takes; what follows is the test.
 */
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <rkmq/mock.h>
#include <stdio.h>

static enum rkmq_consume_status listen(void *user, struct rkmq_msg *const *msgs, size_t n,
                                       struct rkmq_consume_context *context)
{
    (void)user;
    (void)context;
    for (size_t i = 0; i < n; i++) {
        struct rkmq_slice body = rkmq_msg_body(msgs[i]);
        printf("%.*s\n", (int)body.n, (const char *)body.p);
    }
    return RKMQ_CONSUME_SUCCESS;
}

int main(void)
{
    /* -- the cluster: begin -- */
    struct rkmq_runtime *rt = NULL;
    struct rkmq_mock *mock = NULL;
    struct rkmq_err err = {0};
    if (rkmq_live_create(&rt, NULL, &err) || rkmq_mock_create(&mock, rt, NULL, &err) ||
        rkmq_mock_topic(mock, "TopicTest", 4) ||
        rkmq_mock_publish(mock, "TopicTest", "TagA", "hello %d", 10)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    /* -- the cluster: end -- */

    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    struct rkmq_push_consumer *consumer = NULL;
    o.consumer_group = "CONSUMER_1";
    o.namesrv_addr = rkmq_mock_namesrv_addr(mock);
    o.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    o.message_listener = listen;
    int status = rkmq_push_consumer_create(&consumer, rt, &o, &err);
    status = status ? status : rkmq_push_consumer_subscribe(consumer, "TopicTest", "*", &err);
    status = status ? status : rkmq_push_consumer_start(consumer, &err);
    status =
        status ? status : rkmq_mock_await_committed(mock, "CONSUMER_1", "TopicTest", 10, 20000);
    if (status) {
        fprintf(stderr, "%s: %s\n", rkmq_status_text(status), err.text);
    }
    rkmq_push_consumer_destroy(consumer);
    rkmq_mock_destroy(mock);
    rkmq_live_destroy(rt);
    return status ? 1 : 0;
}
