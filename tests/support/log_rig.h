/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_LOG_RIG_H
#define RKMQ_TEST_LOG_RIG_H

/*
 * Event logs written by hand, as text, and judged. A line is "milliseconds event key=value ...";
 * values with blanks stand in single quotes; codes are called by name. The keys are the fields of
 * struct rkmq_event (queue is queue_id), and `flags` (numbers). Lines need no order.
 *
 * Three lines stand for many: what a member does anyway, so that a log breaks one rule and no
 * other. "from idle who=c1 until=90000 told='c1'"  heartbeats, route polls and questions for
 * members "from poll who=c1 queue=0 offset=5 until=90000"  long polls of an empty queue
 * T@broker-a/queue "from up who=c1 told='c1' route='broker-a:2'"  start: connection, route,
 * heartbeat, members
 */

#include "runner/checks/check.h"
#include "support/mem.h"

#define LOG_RIG_ROWS_MAX 4096

struct log_rig_line {
    long ms;
    size_t order;
    struct rkmq_event row;
};
struct log_rig {
    struct test_mem tm;
    struct rkmq_event_log *log;
    struct rkmq_check_params params;
    struct rkmq_check_client client; /* of c1, which subscribes to T */
    rkmq_name topic;
    struct rkmq_check_result result;
    struct log_rig_line lines[LOG_RIG_ROWS_MAX];
    size_t n_lines;
    int32_t opaque;
};

void log_rig_open(struct log_rig *rig);
/* Any number of times before it is judged. A line that cannot be read fails the test. */
void log_rig_write(struct log_rig *rig, const char *text);
/* Adds the rows in order of time, and runs all checks. */
void log_rig_judge(struct log_rig *rig);
void log_rig_close(struct log_rig *rig);

/* A log and what must come of it. */
struct log_case {
    const char *name;
    enum rkmq_check_id check;
    enum rkmq_verdict verdict; /* of `check`; of every other rule nothing may be broken */
    const char *text;
    bool is_patient; /* c1 */
};
void log_rig_case(const struct log_case *c);
void log_rig_cases(const struct log_case *cases, size_t n);

/* ---- what most logs begin with ---- */
#define LOG_CLUSTER                                                                                \
    "0 server-up who=n1\n0 server-up who=broker-a\n0 link offset=200 offset2=0\n"                  \
    "0 topic topic=T broker=broker-a count=2 status=6\n"
#define LOG_QUEUE(q) " group=g topic=T broker=broker-a queue=" #q
#define LOG_ADD(ms, c, q, at) #ms " pq-add who=" c LOG_QUEUE(q) " offset=" #at "\n"
#define LOG_DROP(ms, c, q) #ms " pq-drop who=" c LOG_QUEUE(q) "\n"

#endif
