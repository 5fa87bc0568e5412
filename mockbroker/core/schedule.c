/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/schedule.h"

#include "mockbroker/core/handlers.h"

#define SECOND ((rkmq_ms)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

rkmq_ms rkmq__delay_of_level(int level)
{
    static const rkmq_ms delays[RKMQ_DELAY_LEVEL_MAX] = {
        1 * SECOND, 5 * SECOND,  10 * SECOND, 30 * SECOND, 1 * MINUTE, 2 * MINUTE,
        3 * MINUTE, 4 * MINUTE,  5 * MINUTE,  6 * MINUTE,  7 * MINUTE, 8 * MINUTE,
        9 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 1 * HOUR,   2 * HOUR,
    };
    RKMQ_ASSERT(level >= 1);
    RKMQ_ASSERT(level <= RKMQ_DELAY_LEVEL_MAX);
    return delays[level - 1];
}

/* ---- time ---- */

/* How long the level's next message has to wait; RKMQ_NEVER: there is none. What would have to wait
 * longer than its level says, since the wall clock was set back, is due now
 * (DeliverDelayedMessageTimerTask.correctDeliverTimestamp). */
static rkmq_ms wait_of(struct rkmq_schedule *schedule, int level, const struct rkmq_queue **queue)
{
    struct rkmq_broker *brk = schedule->brk;
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, RKMQ_SLICE(RKMQ_SCHEDULE_TOPIC));
    int64_t offset = schedule->offsets[level - 1];
    *queue = rkmq__message_store_queue(&brk->store, topic, level - 1, false);
    if (!*queue || offset >= (*queue)->max_offset) {
        return RKMQ_NEVER;
    }
    rkmq_ms delay = rkmq__delay_of_level(level);
    rkmq_ms wait = rkmq__queue_entry(*queue, offset)->store_ms + delay - rkmq__wall(brk->env);
    return wait > delay ? 0 : wait;
}

static void timer_set(struct rkmq_schedule *schedule)
{
    const struct rkmq_queue *queue;
    rkmq_ms first = RKMQ_NEVER;
    for (int level = 1; level <= RKMQ_DELAY_LEVEL_MAX; level++) {
        rkmq_ms wait = wait_of(schedule, level, &queue);
        first = wait < first ? wait : first;
    }
    if (first != RKMQ_NEVER) {
        rkmq__timer_in(schedule->brk->env, &schedule->timer, first < 0 ? 0 : first);
    }
}

/* ---- delivery ---- */

/* The properties stay as they are: DELAY, REAL_TOPIC and REAL_QID remain on the message. */
static int deliver(struct rkmq_broker *brk, const struct rkmq_queue *queue, int64_t offset)
{
    struct rkmq_slice cursor = rkmq__queue_record(queue, offset);
    struct rkmq_put_result result;
    struct rkmq_record record;
    int64_t queue_id;
    int status = rkmq_record_next(&cursor, &record, NULL);
    RKMQ_ASSERT(status == RKMQ_OK); /* we wrote it */
    record.topic = rkmq_property_get(record.properties, "REAL_TOPIC");
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, record.topic);
    if (!topic ||
        rkmq__slice_to_i64(rkmq_property_get(record.properties, "REAL_QID"), &queue_id) !=
            RKMQ_OK ||
        queue_id < 0 || queue_id >= RKMQ_BROKER_QUEUES_MAX) {
        rkmq_log_warn(brk->env, "schedule", "a delayed message to %.*s has no place any more",
                      RKMQ_SLICE_ARG(record.topic));
        return RKMQ_OK;
    }
    record.queue_id = (int32_t)queue_id;
    status = rkmq__broker_put_now(brk, topic, &record, &result);
    if (status == RKMQ_OK) {
        rkmq__broker_arrived(brk, &result);
    }
    return status;
}

static int deliver_due(struct rkmq_schedule *schedule, int level)
{
    const struct rkmq_queue *queue;
    while (wait_of(schedule, level, &queue) <= 0) {
        int status = deliver(schedule->brk, queue, schedule->offsets[level - 1]);
        if (status != RKMQ_OK) {
            return status;
        }
        schedule->offsets[level - 1]++;
    }
    return RKMQ_OK;
}

static void on_timer(struct rkmq_timer *t)
{
    struct rkmq_schedule *schedule = RKMQ_CONTAINER_OF(t, struct rkmq_schedule, timer);
    const struct rkmq_env *env = schedule->brk->env;
    int failed = RKMQ_OK;
    for (int level = 1; level <= RKMQ_DELAY_LEVEL_MAX; level++) {
        int status = deliver_due(schedule, level);
        failed = failed == RKMQ_OK ? status : failed;
    }
    if (failed == RKMQ_OK) {
        timer_set(schedule);
        return;
    }
    rkmq_log_warn(env, "schedule", "a delayed message has to wait on: %s",
                  rkmq_status_text(failed));
    rkmq__timer_in(env, &schedule->timer, RKMQ_SCHEDULE_RETRY_MS);
}

void rkmq__schedule_init(struct rkmq_schedule *schedule, struct rkmq_broker *brk)
{
    *schedule = (struct rkmq_schedule){.brk = brk, .timer = {.fire = on_timer}};
}

void rkmq__schedule_stop(struct rkmq_schedule *schedule)
{
    if (schedule->brk) {
        rkmq__timer_stop(schedule->brk->env, &schedule->timer);
    }
}

void rkmq__schedule_arrived(struct rkmq_schedule *schedule)
{
    timer_set(schedule);
}
