/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_PUSH_CONSUMER_H
#define RKMQ_CORE_PUSH_CONSUMER_H

/*
 * DefaultMQPushConsumerImpl: one consumer group member. Everything but the facade's waiting.
 * Source: DefaultMQPushConsumerImpl (client, 5.3.3). Thread: loop, except check_config.
 */

#include <rkmq/consumer.h>

#include "consumer/core/client_instance.h"
#include "consumer/core/consume_concurrently.h"
#include "consumer/core/subscription.h"

#define RKMQ_GROUP_CHARS_MAX 120
#define RKMQ_FAQ_SUFFIX                                                                            \
    "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."

enum rkmq_service_state {
    RKMQ_CREATE_JUST,
    RKMQ_START_FAILED, /* also while starting, as in Java */
    RKMQ_RUNNING,
    RKMQ_SHUTTING_DOWN,
    RKMQ_SHUTDOWN_ALREADY
};

typedef void rkmq_push_done_fn(void *user, int status, const struct rkmq_err *err);

struct rkmq_push_impl {
    const struct rkmq_env *env;
    struct rkmq_push_options options; /* texts point to copies */
    char *texts[5];                   /* group, namesrv, instance name, unit name, client ip */
    struct rkmq_slice group;
    enum rkmq_service_state state;
    bool is_paused;

    struct rkmq_subscriptions subscriptions;
    struct rkmq_client_instance *ci; /* from start on */
    struct rkmq_list link;           /* in ci->consumers; zeroed: not registered */
    uint64_t round;                  /* of the rebalance pass that was here last */
    struct rkmq_map process_queues;  /* processQueueTable: key -> struct rkmq_process_queue */
    int pull_threshold_for_queue,
        pull_threshold_size_for_queue; /* live: per-topic limits change it */
    struct rkmq_consume_service consume;
    struct rkmq_push_stats stats;

    /* start or shutdown under way */
    rkmq_push_done_fn *done; /* NULL: neither */
    void *done_user;
    int done_status;
    struct rkmq_err done_err;
    bool is_starting;              /* the brokers have not heard of it yet: no rebalance */
    struct rkmq_list *start_topic; /* whose route is being asked for */
    struct rkmq_heartbeat_wait heartbeat_wait;
    struct rkmq_timer drain_timer; /* shutdown waits no longer for listeners */
    struct rkmq_timer step_timer;  /* the next step of a start or shutdown, from the top level */
};

/* Validators.checkGroup. Errors: RKMQ_E_INVALID. Thread: any. */
int rkmq__check_group(const char *group, struct rkmq_err *err);
/* checkConfig, in its order and with its words. Errors: RKMQ_E_INVALID. Thread: any. */
int rkmq__check_config(const struct rkmq_push_options *o, struct rkmq_err *err);

/* Copies the options, which check_config has passed. Errors: RKMQ_E_NOMEM. */
int rkmq__push_impl_create(struct rkmq_push_impl **out, const struct rkmq_env *env,
                           const struct rkmq_push_options *o);
/* Nothing may be under way: never started, or shut down and no job left. */
void rkmq__push_impl_destroy(struct rkmq_push_impl *impl);

int rkmq__push_impl_subscribe(struct rkmq_push_impl *impl, struct rkmq_slice topic,
                              struct rkmq_slice expression, struct rkmq_err *err);
void rkmq__push_impl_unsubscribe(struct rkmq_push_impl *impl, struct rkmq_slice topic);
/* `done` is called once, later. */
void rkmq__push_impl_start(struct rkmq_push_impl *impl, rkmq_push_done_fn *done, void *user);
void rkmq__push_impl_suspend(struct rkmq_push_impl *impl);
void rkmq__push_impl_resume(struct rkmq_push_impl *impl);
/* `done` is called once, later; RKMQ_E_TIMEOUT: listeners are still running, all else was done. Not
 * while a start is under way. */
void rkmq__push_impl_shutdown(struct rkmq_push_impl *impl, rkmq_push_done_fn *done, void *user);
/* Lets go of everything without a word to anybody: a start or shutdown under way is never done.
 * Never from a callback. */
void rkmq__push_impl_abandon(struct rkmq_push_impl *impl);
/* The same, and the connections of its client instance are reset, whoever else uses them. */
void rkmq__push_impl_reset(struct rkmq_push_impl *impl);
/* Abandons after a simulated host has crashed under it: listeners under way never return. */
void rkmq__push_impl_crashed(struct rkmq_push_impl *impl);
/* False while listeners run; destroy waits for them. */
bool rkmq__push_impl_is_idle(const struct rkmq_push_impl *impl);

/* Tells options.on_event; texts and queue id are the queue's. */
void rkmq__push_impl_tell(const struct rkmq_push_impl *impl, const struct rkmq_process_queue *pq,
                          struct rkmq_push_event event);
/* The jobs of the consume service changed in number; a shutdown may be waiting for the last. */
void rkmq__push_impl_job_done(struct rkmq_push_impl *impl);
/* RebalancePushImpl.removeUnnecessaryMessageQueue and the table: persists, drops, forgets. */
void rkmq__push_impl_remove_queue(struct rkmq_push_impl *impl, struct rkmq_process_queue *pq,
                                  bool is_persisted);
/* persistConsumerOffset: of every queue in the table. */
void rkmq__push_impl_persist_all(struct rkmq_push_impl *impl);

#define RKMQ_PUSH_IMPL_OF(it) RKMQ_CONTAINER_OF(it, struct rkmq_push_impl, link)

#endif
