/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_BROKER_RIG_H
#define RKMQ_TEST_BROKER_RIG_H

/* A broker on the server rig, with one connection. In a header, so that only the tests of the
 * broker need its library. */

#include <rkmq/message.h>

#include "mockbroker/core/broker.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/server_rig.h"

#define FAQ "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."

struct broker_rig {
    struct server_rig rig;
    struct rkmq_broker *brk;
    rkmq_conn con;
};

static inline struct rkmq_broker_config broker_rig_config(const struct rkmq_env *env)
{
    struct rkmq_broker_config config = RKMQ_BROKER_CONFIG_INIT;
    config.env = env;
    config.addr = "10.0.0.1:10911";
    config.store_bytes_max = (size_t)64 << 20;
    return config;
}

static inline void broker_rig_open(struct broker_rig *b)
{
    server_rig_open(&b->rig);
    const struct rkmq_broker_config config = broker_rig_config(&b->rig.re.env);
    assert_int_equal(rkmq__broker_create(&b->brk, &config, NULL), RKMQ_OK);
    b->con = server_rig_connect(&b->rig, "10.0.0.9:50000");
}

static inline void broker_rig_close(struct broker_rig *b)
{
    rkmq__broker_destroy(b->brk);
    server_rig_close(&b->rig);
}

static inline int broker_rig_setup(void **state)
{
    static struct broker_rig b;
    broker_rig_open(&b);
    *state = &b;
    return 0;
}

static inline int broker_rig_teardown(void **state)
{
    broker_rig_close(*state);
    return 0;
}

#define BROKER_STEPS(b, ...) RIG_STEPS(&(b)->rig, (b)->con, __VA_ARGS__)

static inline const struct rig_frame *broker_ask(struct broker_rig *b, int code, const char *fields,
                                                 const char *body)
{
    return server_rig_ask(&b->rig, b->con, code, fields, rkmq__slice_of(body));
}

static inline void broker_topic(struct broker_rig *b, const char *topic, unsigned queues)
{
    assert_int_equal(rkmq__broker_topic_put(b->brk, rkmq__slice_of(topic), queues), RKMQ_OK);
}

/* Puts `n` messages with that tag (NULL: none) into queue 0. */
static inline void broker_put(struct broker_rig *b, const char *topic, const char *tag, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct rkmq_broker_message message = {
            .topic = rkmq__slice_of(topic), .body = RKMQ_SLICE("body"), .tag = rkmq__slice_of(tag)};
        assert_int_equal(rkmq__broker_message_put(b->brk, &message, NULL), RKMQ_OK);
    }
}

/* The `i`-th record of a pull answer. */
static inline struct rkmq_record frame_record(const struct rig_frame *frame, size_t i)
{
    struct rkmq_slice cursor = rkmq__slice(frame->body, frame->body_bytes);
    struct rkmq_record record = {0};
    assert_true(frame->body_bytes <= sizeof frame->body);
    for (size_t k = 0; k <= i; k++) {
        assert_int_equal(rkmq_record_next(&cursor, &record, NULL), RKMQ_OK);
    }
    return record;
}

static inline size_t frame_records(const struct rig_frame *frame)
{
    struct rkmq_slice cursor = rkmq__slice(frame->body, frame->body_bytes);
    struct rkmq_record record;
    size_t n = 0;
    assert_true(frame->body_bytes <= sizeof frame->body);
    while (rkmq_record_next(&cursor, &record, NULL) == RKMQ_OK) {
        n++;
    }
    assert_int_equal(cursor.n, 0);
    return n;
}

#endif
