/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_LIVE_WORKERS_H
#define RKMQ_LIVE_WORKERS_H

/*
 * Worker threads of one consumer group, as the Java client's ThreadPoolExecutor with an unbounded
 * queue behaves: `threads_min` is how many there will ever be, `threads_max` changes nothing
 * (ConsumeMessageConcurrentlyService, 5.3.3). The first thread starts with the pool, each further
 * one when a job waits and none is free.
 *
 * Jobs submitted in one round of the loop enter the ring together. A full ring (all workers slow)
 * leaves the rest with the loop, which puts more whenever results come back.
 */

#include <semaphore.h>

#include "runtime/live/loop.h"

#define POOL_RING_JOBS 4096u
#define POOL_THREADS_MAX 1024u
#define POOL_CACHE_LINE_BYTES 64

struct worker {
    struct rkmq_pool *pool;
    pthread_t thread;
    sem_t wake;
    struct worker *next_asleep;
};

struct rkmq_pool {
    /* loop thread */
    struct rkmq_live *lv;
    struct rkmq_list link;
    struct rkmq_job *submitted, *submitted_last; /* not in the ring yet */
    size_t n_under_way;                          /* submitted and `done` not called */
    unsigned threads_min;
    char name[16]; /* what Linux allows a thread's name */

    /* shared; padding keeps the two ends of the ring off each other's cache lines */
    char pad_0[POOL_CACHE_LINE_BYTES];
    _Atomic uint64_t put; /* jobs put into the ring so far; the loop's */
    char pad_1[POOL_CACHE_LINE_BYTES];
    _Atomic uint64_t taken;
    char pad_2[POOL_CACHE_LINE_BYTES];
    _Atomic unsigned n_ready; /* threads asleep or not yet started */
    _Atomic bool is_waking;   /* one is on its way and has not looked yet */
    char pad_3[POOL_CACHE_LINE_BYTES];
    _Atomic(struct rkmq_job *) ring[POOL_RING_JOBS];

    pthread_mutex_t lock; /* of all below */
    bool is_stopping;
    struct worker *asleep; /* latest first: its stack and caches are the warmest */
    unsigned n_threads;
    struct worker workers[]; /* threads_min */
};

#endif
