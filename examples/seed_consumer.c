/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DefaultMQPushConsumer program that this project began with, in C: 30 messages a pull, one
 * thread, one message a listener call, and a line "msgId,queueId,body" for each.
 *
 *     seed_consumer NAMESRV GROUP TOPIC COUNT      ends after COUNT messages, or with exit status 1
 * after 30 s
 */
#include <inttypes.h>
#include <rkmq/consumer.h>
#include <rkmq/live.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 30000

struct received {
    atomic_long n;
    long wanted;
};

static enum rkmq_consume_status print_messages(void *user, struct rkmq_msg *const *msgs, size_t n,
                                               struct rkmq_consume_context *context)
{
    struct received *received = user;
    (void)context;
    for (size_t i = 0; i < n; i++) {
        struct rkmq_msg_view m;
        rkmq_msg_get(msgs[i], &m);
        printf("%.*s,%" PRId32 ",%.*s\n", (int)m.msg_id.n, (const char *)m.msg_id.p, m.queue_id,
               (int)m.body.n, (const char *)m.body.p);
    }
    atomic_fetch_add(&received->n, (long)n);
    return RKMQ_CONSUME_SUCCESS;
}

static bool has_all(void *arg)
{
    struct received *received = arg;
    return atomic_load(&received->n) >= received->wanted;
}

static int consume(struct rkmq_runtime *rt, const struct rkmq_push_options *options,
                   const char *topic, struct received *received, struct rkmq_err *err)
{
    struct rkmq_push_consumer *consumer = NULL;
    int status = rkmq_push_consumer_create(&consumer, rt, options, err);
    if (status == RKMQ_OK) {
        status = rkmq_push_consumer_subscribe(consumer, topic, "*", err);
    }
    if (status == RKMQ_OK) {
        status = rkmq_push_consumer_start(consumer, err);
    }
    if (status == RKMQ_OK) {
        status = rt->ops->await(rt, has_all, received, TIMEOUT_MS);
        if (status != RKMQ_OK) {
            (void)snprintf(err->text, sizeof err->text, "%ld of %ld messages after %d ms",
                           atomic_load(&received->n), received->wanted, TIMEOUT_MS);
        }
    }
    rkmq_push_consumer_destroy(consumer);
    return status;
}

int main(int argc, char **argv)
{
    struct rkmq_push_options options = RKMQ_PUSH_OPTIONS_INIT;
    struct received received = {0};
    struct rkmq_runtime *rt = NULL;
    struct rkmq_err err = {0};
    if (argc != 5) {
        fprintf(stderr, "usage: seed_consumer NAMESRV GROUP TOPIC COUNT\n");
        return 2;
    }
    received.wanted = strtol(argv[4], NULL, 10);
    options.consumer_group = argv[2];
    options.namesrv_addr = argv[1];
    options.consume_from_where = RKMQ_CONSUME_FROM_FIRST_OFFSET;
    options.consume_thread_max = 1;
    options.consume_thread_min = 1;
    options.pull_batch_size = 30;
    options.consume_message_batch_max_size = 1;
    options.message_listener = print_messages;
    options.message_listener_user = &received;

    int status = rkmq_live_create(&rt, NULL, &err);
    if (status == RKMQ_OK) {
        status = consume(rt, &options, argv[3], &received, &err);
        rkmq_live_destroy(rt);
    }
    if (status != RKMQ_OK) {
        fprintf(stderr, "seed_consumer: %s\n", err.text[0] ? err.text : rkmq_status_text(status));
    }
    return status == RKMQ_OK ? 0 : 1;
}
