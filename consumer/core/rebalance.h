/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_REBALANCE_H
#define RKMQ_CORE_REBALANCE_H

/*
 * RebalanceService and RebalanceImpl: who of the group owns which queue. One pass at a time walks
 * over all consumers of the instance and their topics; every request waits for the one before it,
 * as in Java. Source: RebalanceService, RebalanceImpl, RebalancePushImpl (client, 5.3.3).
 */

#include <rkmq/consumer.h>

#include "consumer/core/heartbeat.h"
#include "remoting/protocol/bodies.h"

#define RKMQ_REBALANCE_WAIT_MS 20000      /* rocketmq.client.rebalance.waitInterval */
#define RKMQ_REBALANCE_UNBALANCED_MS 1000 /* the next pass after one that was not balanced */
#define RKMQ_SUBSCRIBE_QUEUES_MAX 65536   /* of one topic; more are not consumed */
#define RKMQ_ADMIN_TIMEOUT_MS 6000        /* max and search offset (MQAdminImpl) */
#define RKMQ_OFFSET_TIMEOUT_MS 5000       /* query and update offset */

struct rkmq_client_instance;
struct rkmq_push_impl;
struct rkmq_subscription;
struct rkmq_process_queue;

enum rkmq_pass_state {
    RKMQ_PASS_IDLE,
    RKMQ_PASS_NEXT_CONSUMER,
    RKMQ_PASS_NEXT_TOPIC,
    RKMQ_PASS_FIND_IDS,   /* findConsumerIdList: needs a broker of the topic */
    RKMQ_PASS_IDS_ROUTE,  /* waits for the topic's route */
    RKMQ_PASS_IDS_ANSWER, /* waits for GET_CONSUMER_LIST_BY_GROUP */
    RKMQ_PASS_ALLOCATE,
    RKMQ_PASS_NEXT_QUEUE,
    RKMQ_PASS_FIND_OFFSET,   /* computePullFromWhere: needs the queue's broker */
    RKMQ_PASS_OFFSET_ROUTE,  /* waits for the topic's route */
    RKMQ_PASS_OFFSET_ANSWER, /* waits for QUERY_CONSUMER_OFFSET */
    RKMQ_PASS_START_ANSWER,  /* no record: waits for GET_MAX_OFFSET or SEARCH_OFFSET_BY_TIMESTAMP */
    RKMQ_PASS_ADD_QUEUE,     /* its first offset is known */
    RKMQ_PASS_QUEUES_DONE,
    RKMQ_PASS_HEARTBEAT, /* waits for the round that tells the new subVersion */
    RKMQ_PASS_TOPIC_DONE,
    RKMQ_PASS_STATES
};

struct rkmq_queue_id { /* one queue of the topic under way; the name lives in the pass's arena */
    struct rkmq_slice broker_name;
    int32_t queue_id;
    bool is_mine;
};

struct rkmq_rebalance_pass {
    enum rkmq_pass_state state;
    struct rkmq_push_impl *impl; /* NULL: gone meanwhile */
    struct rkmq_subscription *sub;
    struct rkmq_arena arena;      /* of the topic under way */
    bool is_balanced;             /* all topics so far */
    bool is_refreshed;            /* this step has asked for the route already */
    bool is_changed;              /* queues of this topic came or went */
    struct rkmq_queue_id *queues; /* mqAll, sorted; NULL: the topic has no route */
    size_t n_queues, queue_index;
    struct rkmq_slice *ids; /* cidAll, sorted; NULL: nobody told */
    size_t n_ids;
    struct rkmq_process_queue *pq;      /* being added; the pass holds the reference */
    struct rkmq_process_queue *pq_list; /* added in this topic, waiting for dispatchPullRequest;
                                           the pass holds references */
};

/*
 *     SPACING --(spacing over)--> WAITING --(woken, or wait over)--> PASSING --> SPACING
 *
 * A wake-up while SPACING or PASSING is kept for WAITING, where it counts at once.
 */
struct rkmq_rebalance_service {
    struct rkmq_client_instance *ci;
    struct rkmq_timer timer;
    bool is_started, is_spacing, is_woken;
    rkmq_ms last_pass, wait_ms;
    uint64_t round;
    struct rkmq_rebalance_pass pass;
    struct rkmq_heartbeat_wait heartbeat_wait;
};

/* The first spacing counts from here, the creation of the instance. */
void rkmq__rebalance_init(struct rkmq_rebalance_service *rs, struct rkmq_client_instance *ci);
void rkmq__rebalance_start(struct rkmq_rebalance_service *rs);
void rkmq__rebalance_close(struct rkmq_rebalance_service *rs);
/* rebalanceImmediately: wakes the service. */
void rkmq__rebalance_immediately(struct rkmq_rebalance_service *rs);
/* `impl` leaves; a pass that is at it goes on with the next consumer. */
void rkmq__rebalance_forget(struct rkmq_rebalance_service *rs, const struct rkmq_push_impl *impl);

/* ---- between the files of the rebalance ---- */

/* A step does what its state says and sets the next. False: it waits, and rkmq__pass_go_on is
 * called when the answer is there. */
typedef bool rkmq_pass_step(struct rkmq_rebalance_service *rs);
rkmq_pass_step rkmq__pass_next_topic, rkmq__pass_find_ids, rkmq__pass_allocate,
    rkmq__pass_next_queue, rkmq__pass_queues_done, rkmq__pass_topic_done; /* rebalance.c */
rkmq_pass_step rkmq__pass_find_offset, rkmq__pass_add_queue;              /* pull_from_where.c */
void rkmq__pass_go_on(struct rkmq_rebalance_service *rs, enum rkmq_pass_state state);
/* The queue being added is given up; the next pass tries it again. */
void rkmq__pass_skip_queue(struct rkmq_rebalance_service *rs, const char *why);
/* The topic under way is let go of: queues that were not dispatched, its arena. */
void rkmq__pass_topic_close(struct rkmq_rebalance_pass *pass);

#endif
