/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_PRODUCER_H
#define RKMQ_CORE_PRODUCER_H

/*
 * DefaultMQProducerImpl: sends one message or one batch and learns what became of it. Source:
 * DefaultMQProducerImpl.sendDefaultImpl, sendKernelImpl, MQClientAPIImpl.processSendResponse
 * (client, 5.3.3).
 *
 *     ROUTE (the topic's, else TBW102's) -> CALL --answer--> done
 *                                            ^  '--retry code, connection lost--'
 *
 * A send that timed out is not tried again: its time is over. Thread: loop.
 */

#include <rkmq/producer.h>

#include "consumer/core/client_instance.h"

#define RKMQ_TOPIC_CHARS_MAX 127
#define RKMQ_SENDS_MAX 65535         /* under way at one time */
#define RKMQ_BATCH_MESSAGES_MAX 4096 /* of one batch */

/* Once, later. `result` is NULL unless RKMQ_OK. */
typedef void rkmq_send_done_fn(void *user, int status, const struct rkmq_send_result *result,
                               const struct rkmq_err *err);
typedef void rkmq_producer_done_fn(void *user);

struct rkmq_producer_impl {
    const struct rkmq_env *env;
    struct rkmq_producer_options options; /* texts point to copies */
    char *texts[3];                       /* group, namesrv, instance name */
    struct rkmq_client_instance *ci;      /* from start on */
    struct rkmq_producer_inner inner;
    struct rkmq_map publish_topics; /* topic -> struct rkmq_publish_topic */
    struct rkmq_uniq_key_source uniq_key;
    struct rkmq_list sends;
    size_t n_sends;
    rkmq_producer_done_fn *left; /* shutdown under way */
    void *left_user;
    struct rkmq_timer left_timer;
};

struct rkmq_publish_topic {
    uint64_t next_queue; /* sendWhichQueue */
};

/* producer_send.c's: one send under way. */
struct rkmq_send {
    struct rkmq_list link; /* in impl->sends */
    struct rkmq_producer_impl *impl;
    struct rkmq_arena arena;
    struct rkmq_slice topic, properties;
    struct rkmq_buf *body;
    bool is_batch;
    int32_t sys_flag, flag;
    rkmq_ms born_ms, due;
    char msg_id[RKMQ_UNIQ_KEY_CHARS + 1];
    int n_attempts;
    bool is_pinned;                /* the queue was chosen by the sender */
    struct rkmq_slice broker_name; /* of the attempt under way, or the last one */
    int32_t queue_id;
    bool is_default_topic_asked;
    struct rkmq_timer timer; /* ends it, from the top level */
    int status;
    struct rkmq_err err;
    rkmq_send_done_fn *done;
    void *user;
};

/* Group names are checked as Validators.checkGroup does. Errors: RKMQ_E_INVALID. Thread: any. */
int rkmq__producer_check(const struct rkmq_producer_options *o, struct rkmq_err *err);
/* Copies the options, which `check` has passed. Errors: RKMQ_E_NOMEM. */
int rkmq__producer_impl_create(struct rkmq_producer_impl **out, const struct rkmq_env *env,
                               const struct rkmq_producer_options *o);
/* Never started, shut down, or abandoned. */
void rkmq__producer_impl_destroy(struct rkmq_producer_impl *impl);
/* Errors: RKMQ_E_STATE started already, or the group exists in this instance; RKMQ_E_NOMEM,
 * RKMQ_E_INVALID. */
int rkmq__producer_impl_start(struct rkmq_producer_impl *impl, struct rkmq_err *err);
/* Sends under way end with RKMQ_E_CANCELED; then the brokers are told. `done` is called later. */
void rkmq__producer_impl_shutdown(struct rkmq_producer_impl *impl, rkmq_producer_done_fn *done,
                                  void *user);
/* Lets go of everything: no send under way is ever done. Never from a callback. */
void rkmq__producer_impl_abandon(struct rkmq_producer_impl *impl);
/* The same, and the connections of its client instance are reset, whoever else uses them. */
void rkmq__producer_impl_reset(struct rkmq_producer_impl *impl);

/*
 * Copies the messages. Errors, after which `done` is not called: RKMQ_E_INVALID (err has Java's
 * words), RKMQ_E_STATE not started, RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
int rkmq__producer_impl_send(struct rkmq_producer_impl *impl, const struct rkmq_message *msgs,
                             size_t n, rkmq_send_done_fn *done, void *user, struct rkmq_err *err);
/* The same to one queue, which is tried again as it is (MessageQueueSelector). */
int rkmq__producer_impl_send_to(struct rkmq_producer_impl *impl, const struct rkmq_message *msgs,
                                size_t n, const struct rkmq_mq *to, rkmq_send_done_fn *done,
                                void *user, struct rkmq_err *err);

/* producer_message.c: fills topic, properties, body, sys_flag of a send from messages that it has
 * checked. Errors: RKMQ_E_INVALID, RKMQ_E_NOMEM. */
int rkmq__send_fill(struct rkmq_send *send, const struct rkmq_message *msgs, size_t n,
                    struct rkmq_err *err);
/* producer_send.c: forgets what is under way and frees; `done` is not called. */
void rkmq__send_destroy(struct rkmq_send *send);

#define RKMQ_SEND_OF(it) RKMQ_CONTAINER_OF(it, struct rkmq_send, link)

#endif
