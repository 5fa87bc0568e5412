/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PRODUCER_H
#define RKMQ_PRODUCER_H

/*
 * A small producer: what `rkmq produce` and a consumer's inner producer (send-back as a normal
 * message) need. Shares the client instance of its client id, as DefaultMQProducer does
 * (client, 5.3.3).
 */

#include <rkmq/message.h>
#include <rkmq/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rkmq_producer_options {
    size_t size;
    const char *producer_group;
    const char *namesrv_addr;
    const char *instance_name;
    const char *host;
    int default_topic_queue_nums;     /* of a topic that is created by the first send */
    int retry_times_when_send_failed; /* further attempts, on other brokers where there are some */
    int compress_msg_body_over_how_much; /* bodies of at least so many bytes are compressed */
    int32_t compress_type;               /* RKMQ_SYS_COMPRESSION_ZLIB, _LZ4 or _ZSTD */
    rkmq_ms send_msg_timeout_ms;
};
#define RKMQ_PRODUCER_OPTIONS_INIT                                                                 \
    {                                                                                              \
        .size = sizeof(struct rkmq_producer_options), .instance_name = "DEFAULT",                  \
        .default_topic_queue_nums = 4, .retry_times_when_send_failed = 2,                          \
        .compress_msg_body_over_how_much = 4096, .compress_type = RKMQ_SYS_COMPRESSION_ZLIB,       \
        .send_msg_timeout_ms = 3000,                                                               \
    }

struct rkmq_property {
    const char *name, *value;
};
struct rkmq_message {
    const char *topic;
    const char *tags, *keys; /* NULL: none */
    struct rkmq_slice body;
    const struct rkmq_property *properties;
    size_t n_properties;
    int delay_level; /* 0: none */
    int32_t flag;
};
struct rkmq_send_result {
    char msg_id[RKMQ_UNIQ_KEY_CHARS + 1];             /* UNIQ_KEY */
    char offset_msg_id[RKMQ_OFFSET_ID_CHARS_MAX + 1]; /* of the first message of a batch */
    char broker_name[128];
    int32_t queue_id;
    int64_t queue_offset;
    int send_status; /* response code: 0 SEND_OK, 10, 11, 12 stored with a warning */
};

struct rkmq_producer;
/* Errors: RKMQ_E_INVALID, RKMQ_E_NOMEM. */
RKMQ_API int rkmq_producer_create(struct rkmq_producer **out, struct rkmq_runtime *rt,
                                  const struct rkmq_producer_options *o, struct rkmq_err *err);
RKMQ_API int rkmq_producer_start(struct rkmq_producer *p, struct rkmq_err *err);
/*
 * Sends and waits. More than one message: one SEND_BATCH_MESSAGE, all of one topic, no delay level.
 * Errors: RKMQ_E_INVALID, RKMQ_E_TIMEOUT, RKMQ_E_CLOSED, RKMQ_E_REMOTE (err has code and remark),
 * RKMQ_E_NOT_FOUND no route for the topic.
 */
RKMQ_API int rkmq_producer_send(struct rkmq_producer *p, const struct rkmq_message *msgs, size_t n,
                                struct rkmq_send_result *out, struct rkmq_err *err);
RKMQ_API void rkmq_producer_destroy(struct rkmq_producer *p);

#ifdef __cplusplus
}
#endif
#endif
