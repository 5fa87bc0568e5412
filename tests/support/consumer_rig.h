/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_CONSUMER_RIG_H
#define RKMQ_TEST_CONSUMER_RIG_H

/*
 * One owned queue of a running consumer on a recording env: the test plays name server and brokers
 * (broker-a: a master and a slave) and the workers. Topic "T", queue 3, group "G".
 */

#include "consumer/core/process_queue.h"
#include "consumer/core/push_consumer.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define RIG_NAMESRV "10.0.0.9:9876"
#define RIG_MASTER "10.0.0.2:10911"
#define RIG_SLAVE "10.0.0.3:10911"
#define RIG_QUEUE_ID 3
#define RIG_CALLS_MAX 256

struct consumer_rig {
    struct test_mem tm;    /* the consumer's */
    struct test_mem world; /* the test's own */
    struct record_env re;
    struct rkmq_push_impl impl;
    struct rkmq_subscription *sub;
    struct rkmq_process_queue *pq; /* holds a reference of the test's besides the table's */

    /* The request looked at last. */
    struct rkmq_decoder *decoders[RECORD_CONNS_MAX];
    bool is_opened[RECORD_CONNS_MAX];
    rkmq_conn con;
    struct rkmq_command cmd;

    struct rkmq_bytes records; /* body of the next pull answer */

    /* What the listener answers, and what it was given. */
    enum rkmq_consume_status status;
    int32_t ack_index, delay_level;
    void (*in_listener)(struct consumer_rig *rig);
    struct rkmq_bytes calls; /* "offset:body offset:body;" a call */
    struct rkmq_consume_context context;
    struct rkmq_msg_view view; /* of the last message */
    struct rkmq_msg *kept;     /* when `is_keeping`, the last message with a reference */
    bool is_keeping;
};

#define RIG_OPTIONS_INIT                                                                           \
    {                                                                                              \
        .size = sizeof(struct rkmq_push_options), .profile = RKMQ_PROFILE_RKMQ,                    \
        .message_model = RKMQ_CLUSTERING, .consume_thread_min = 1, .consume_thread_max = 1,        \
        .consume_concurrently_max_span = 20, .pull_threshold_for_queue = 8,                        \
        .pull_threshold_size_for_queue = 1, .consume_message_batch_max_size = 1,                   \
        .pull_batch_size = 32, .pull_batch_size_in_bytes = 262144, .max_reconsume_times = -1,      \
        .consume_timeout_minutes = 15, .mq_client_api_timeout_ms = 3000,                           \
        .pull_time_delay_ms_when_exception = 1000, .frame_bytes_max = RKMQ_FRAME_BYTES_MAX         \
    }

/* `topic` NULL: "T" with `expression`; its route is known. */
void rig_init(struct consumer_rig *rig, const struct rkmq_push_options *o, const char *topic,
              const char *expression);
/* The same for "T" and "*", with `n` messages pulled, from offset 0 on, and the next pull under
 * way. */
void rig_init_pulled(struct consumer_rig *rig, const struct rkmq_push_options *o, int n);
void rig_close(struct consumer_rig *rig);
/* Marks the queue as dropped, as a rebalance does, and takes it from the table. */
void rig_drop(struct consumer_rig *rig);

/* The next request to anybody, in rig->cmd until the next call; false: there is none. */
bool rig_next(struct consumer_rig *rig);
/* The same; it must be `code`, to `addr`. */
void rig_expect(struct consumer_rig *rig, int code, const char *addr);
/* A CONSUMER_SEND_MSG_BACK of the message at that offset. */
void rig_expect_send_back(struct consumer_rig *rig, int64_t offset, int delay_level);
int64_t rig_i64(const struct consumer_rig *rig, const char *field);
const char *rig_text(struct consumer_rig *rig, const char *field); /* "-": absent */
/* Answers the request looked at last. */
void rig_answer(struct consumer_rig *rig, int code, const struct rkmq_fields *fields,
                struct rkmq_slice body);
void rig_answer_code(struct consumer_rig *rig, int code); /* without fields and body */
void rig_answer_pull(struct consumer_rig *rig, int code, int64_t next_begin_offset);
/* The first pull goes out, and comes back with the records. */
void rig_pull(struct consumer_rig *rig, int64_t next_begin_offset);

struct rig_record {
    int64_t offset;
    const char *tag;
    struct rkmq_slice body;
    const char *properties; /* besides TAGS; NULL: none */
    int32_t sys_flag;
};
/* Appends one to the next pull answer. */
void rig_record_add(struct consumer_rig *rig, const struct rig_record *r);
/* `n` plain ones from `offset` on, with bodies "m<offset>". */
void rig_records_add(struct consumer_rig *rig, int64_t offset, int n);

/* Runs the `index`-th job that waits, or only takes it out. */
void rig_run_job(struct consumer_rig *rig, size_t index);
struct rkmq_job *rig_take_job(struct consumer_rig *rig, size_t index);
/* What listeners were given since the last look. */
void rig_expect_calls(struct consumer_rig *rig, const char *calls);
bool rig_has_mark(const struct consumer_rig *rig, const char *name);

#endif
