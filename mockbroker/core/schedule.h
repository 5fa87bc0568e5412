/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_SCHEDULE_H
#define RKMQ_BROKER_SCHEDULE_H

/*
 * Delayed messages: they wait in SCHEDULE_TOPIC_XXXX, one queue a level, and are stored again under
 * their REAL_TOPIC and REAL_QID when their time has come. Within a level they stay in order. Unlike
 * a real broker, which looks every 100 ms, this one is on time. Source: ScheduleMessageService
 * (broker, 5.3.3).
 */

#include <rkmq/env.h>

#include "remoting/base/core.h"

#define RKMQ_SCHEDULE_TOPIC "SCHEDULE_TOPIC_XXXX"
#define RKMQ_DELAY_LEVEL_MAX 18
#define RKMQ_SCHEDULE_RETRY_MS 10000 /* DELAY_FOR_A_PERIOD, after a put that failed */

struct rkmq_broker;

struct rkmq_schedule {
    struct rkmq_broker *brk;
    struct rkmq_timer timer;
    int64_t offsets[RKMQ_DELAY_LEVEL_MAX]; /* by level - 1: the next to be delivered */
};
void rkmq__schedule_init(struct rkmq_schedule *schedule, struct rkmq_broker *brk);
void rkmq__schedule_stop(struct rkmq_schedule *schedule);
/* A message was put into the schedule topic. */
void rkmq__schedule_arrived(struct rkmq_schedule *schedule);
/* messageDelayLevel; `level` is in [1, RKMQ_DELAY_LEVEL_MAX]. */
rkmq_ms rkmq__delay_of_level(int level);

#endif
