/* SPDX-License-Identifier: Apache-2.0 */
/* Brokers and name servers that go and come back, topics that change. */
#include "runner/explore/plan.h"

#define ROUNDS_MAX 2
#define DOWN_MS_MAX 45000
#define PERM_MS_MAX 40000
#define GROWTH_MAX 3

/* ---- servers ---- */

static void broker_down(struct rkmq_plan *plan, rkmq_ms at, unsigned b)
{
    const char *how = "'shutdown'";
    if (plan->has[RKMQ_TROUBLE_FORGET]) {
        how = "'kill','keep':'flushed'";
    } else if (rkmq__plan_chance(plan, 60)) {
        how = "'kill'";
    }
    rkmq__plan_do(plan, at, "{'broker':{'name':'broker-%c','do':%s}}", (char)('a' + (int)b), how);
}

/* The calm starts whoever is down then. */
static void broker_live(struct rkmq_plan *plan, unsigned b)
{
    rkmq_ms since = plan->trouble_from;
    for (int64_t n = rkmq__plan_between(plan, 1, ROUNDS_MAX); n > 0; n--) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, DOWN_MS_MAX);
        if (w.from < since) {
            return;
        }
        broker_down(plan, w.from, b);
        rkmq__plan_do(plan, w.until, "{'broker':{'name':'broker-%c','do':'start'}}",
                      (char)('a' + (int)b));
        since = w.until + 1;
    }
}

void rkmq__plan_broker(struct rkmq_plan *plan)
{
    for (unsigned b = 0; b < plan->n_brokers; b++) {
        if (!plan->is_broker_touched[b] && (b == 0 || rkmq__plan_chance(plan, 40))) {
            plan->is_broker_touched[b] = true;
            broker_live(plan, b);
        }
    }
}

void rkmq__plan_nameserver(struct rkmq_plan *plan)
{
    for (unsigned n = 0; n < plan->n_namesrvs; n++) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, DOWN_MS_MAX);
        if (n > 0 && rkmq__plan_chance(plan, 50)) {
            continue;
        }
        rkmq__plan_do(plan, w.from, "{'nameserver':{'name':'n%u','do':'%s'}}", n + 1,
                      rkmq__plan_chance(plan, 50) ? "kill" : "shutdown");
        rkmq__plan_do(plan, w.until, "{'nameserver':{'name':'n%u','do':'start'}}", n + 1);
    }
}

/* ---- topics ---- */

/* Only ever more queues: what is in a queue that goes would be lost to anybody. */
static void topic_grow(struct rkmq_plan *plan, unsigned t, unsigned b)
{
    unsigned more = (unsigned)rkmq__plan_between(plan, 1, GROWTH_MAX);
    rkmq__plan_do(plan, rkmq__plan_moment(plan),
                  "{'topic':{'name':'%s','broker':'broker-%c','queues':%u}}", rkmq__plan_topic(t),
                  (char)('a' + (int)b), plan->topics[t].queues[b] + more);
}

static void topic_shut(struct rkmq_plan *plan, unsigned t)
{
    static const char *const perms[] = {"r", "w", "none"};
    struct rkmq_plan_window w = rkmq__plan_window(plan, PERM_MS_MAX);
    char broker[RKMQ_PLAN_NAME_BYTES] = "*";
    if (rkmq__plan_chance(plan, 60)) {
        (void)snprintf(broker, sizeof broker, "broker-a"); /* it always has the topic; fits */
    }
    plan->topics[t].is_perm_changed = true;
    rkmq__plan_do(plan, w.from, "{'topic':{'name':'%s','broker':'%s','perm':'%s'}}",
                  rkmq__plan_topic(t), broker, RKMQ_PLAN_PICK(plan, perms));
    rkmq__plan_do(plan, w.until, "{'topic':{'name':'%s','broker':'%s','perm':'rw'}}",
                  rkmq__plan_topic(t), broker);
}

static void topic_come(struct rkmq_plan *plan, unsigned t)
{
    for (unsigned b = 0; b < plan->n_brokers; b++) {
        rkmq__plan_do(plan, plan->topics[t].comes_at,
                      "{'topic':{'name':'%s','broker':'broker-%c','queues':%u}}",
                      rkmq__plan_topic(t), (char)('a' + (int)b), plan->topics[t].queues[b]);
    }
}

void rkmq__plan_topics(struct rkmq_plan *plan)
{
    for (unsigned t = 0; t < plan->n_topics; t++) {
        if (plan->topics[t].is_late) {
            topic_come(plan, t);
            continue;
        }
        if (rkmq__plan_chance(plan, 60)) {
            topic_grow(plan, t, (unsigned)rkmq__plan_between(plan, 0, plan->n_brokers - 1));
        }
        if (rkmq__plan_chance(plan, 50)) {
            topic_shut(plan, t);
        }
    }
}
