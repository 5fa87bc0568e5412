/* SPDX-License-Identifier: Apache-2.0 */
/* The fault rules of rkmq/mock.h: each asks the loop thread. */
#include "mockbroker/cluster.h"

struct fault_question {
    struct rkmq_mock *m;
    const struct rkmq_mock_fault *fault;
    const char *id;
    struct rkmq_err *err;
    int status;
    uint64_t hits;
};

static void on_add(void *arg)
{
    struct fault_question *q = arg;
    q->status = rkmq__faults_add(&q->m->faults, q->fault, q->err);
}

static void on_release(void *arg)
{
    struct fault_question *q = arg;
    q->status = rkmq__faults_release(&q->m->faults, q->id);
}

static void on_remove(void *arg)
{
    struct fault_question *q = arg;
    q->status = rkmq__faults_remove(&q->m->faults, q->id);
}

static void on_hits(void *arg)
{
    struct fault_question *q = arg;
    q->hits = rkmq__faults_hits(&q->m->faults, q->id);
}

int rkmq_mock_fault_add(struct rkmq_mock *m, const struct rkmq_mock_fault *fault,
                        struct rkmq_err *err)
{
    struct fault_question q = {.m = m, .fault = fault, .err = err};
    m->rt->ops->call(m->rt, on_add, &q);
    return q.status;
}

int rkmq_mock_fault_release(struct rkmq_mock *m, const char *id)
{
    struct fault_question q = {.m = m, .id = id};
    m->rt->ops->call(m->rt, on_release, &q);
    return q.status;
}

int rkmq_mock_fault_remove(struct rkmq_mock *m, const char *id)
{
    struct fault_question q = {.m = m, .id = id};
    m->rt->ops->call(m->rt, on_remove, &q);
    return q.status;
}

uint64_t rkmq_mock_fault_hits(struct rkmq_mock *m, const char *id)
{
    struct fault_question q = {.m = m, .id = id};
    m->rt->ops->call(m->rt, on_hits, &q);
    return q.hits;
}
