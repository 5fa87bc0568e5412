/* SPDX-License-Identifier: Apache-2.0 */
/* What servers tell that is not so, or not any more. */
#include "runner/explore/plan.h"

#define LIE_MS_MAX 50000
#define STORM_MAX 20

static unsigned any_group(struct rkmq_plan *plan)
{
    return (unsigned)rkmq__plan_between(plan, 0, plan->n_groups - 1);
}

/* ---- notifications ---- */

void rkmq__plan_notify(struct rkmq_plan *plan)
{
    const char *group = rkmq__plan_group(any_group(plan));
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        long long count = rkmq__plan_mostly_small(plan, 1, STORM_MAX);
        rkmq_ms at = rkmq__plan_moment(plan);
        if (rkmq__plan_chance(plan, 50)) {
            rkmq__plan_do(plan, at, "{'notify':{'group':'%s','count':%lld}}", group, count);
        } else {
            rkmq__plan_steps(plan, at,
                             "{'every':'%lldms','from':'%lldms','times':%lld,'do':"
                             "{'notify':{'group':'%s','count':1}}}",
                             (long long)rkmq__plan_between(plan, 20, 2000), (long long)at, count,
                             group);
        }
    }
    if (rkmq__plan_chance(plan, 50)) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, LIE_MS_MAX);
        rkmq__plan_do(plan, w.from, "{'notify':{'group':'%s','drop':true}}", group);
        rkmq__plan_do(plan, w.until, "{'notify':{'group':'%s','drop':false}}", group);
    }
}

/* ---- members ---- */

/* A member of the group that stays: it has a client id at any time. */
static unsigned staying(const struct rkmq_plan *plan, unsigned group)
{
    unsigned m = 0;
    while (!plan->members[m].stays || plan->members[m].group != group) {
        m++;
    }
    return m;
}

static void members_lie(struct rkmq_plan *plan, unsigned group, char out[128])
{
    switch (rkmq__plan_between(plan, 0, 4)) {
    case 0:
        (void)snprintf(out, 128, "'answer':'empty'"); /* fits, as the others */
        break;
    case 1:
        (void)snprintf(out, 128, "'answer':'error'");
        break;
    case 2:
        (void)snprintf(out, 128, "'answer':'frozen'");
        break;
    case 3:
        (void)snprintf(out, 128, "'without':['c%u']", staying(plan, group) + 1);
        break;
    default:
        (void)snprintf(out, 128, "'are':['c%u','10.0.0.%lld@x']", staying(plan, group) + 1,
                       (long long)rkmq__plan_between(plan, 1, 9));
        break;
    }
}

/* About one broker or all of them. */
void rkmq__plan_lie_members(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 2); n > 0; n--) {
        unsigned group = any_group(plan);
        struct rkmq_plan_window w = rkmq__plan_window(plan, LIE_MS_MAX);
        char lie[128], broker[RKMQ_PLAN_NAME_BYTES] = "*";
        if (rkmq__plan_chance(plan, 50)) {
            (void)snprintf(broker, sizeof broker, "broker-%c",
                           (char)('a' + (int)rkmq__plan_between(plan, 0, plan->n_brokers - 1)));
        }
        members_lie(plan, group, lie);
        rkmq__plan_do(plan, w.from, "{'members':{'group':'%s','broker':'%s',%s}}",
                      rkmq__plan_group(group), broker, lie);
        rkmq__plan_do(plan, w.until, "{'members':{'group':'%s','broker':'%s','answer':'truth'}}",
                      rkmq__plan_group(group), broker);
    }
}

/* ---- routes ---- */

void rkmq__plan_lie_route(struct rkmq_plan *plan)
{
    static const char *const answers[] = {"not-found", "empty"};
    for (int64_t n = rkmq__plan_between(plan, 1, 2); n > 0; n--) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, LIE_MS_MAX);
        char server[RKMQ_PLAN_NAME_BYTES] = "*", lie[64];
        if (rkmq__plan_chance(plan, 60)) {
            (void)snprintf(server, sizeof server, "n%lld",
                           (long long)rkmq__plan_between(plan, 1, plan->n_namesrvs)); /* fits */
        }
        const char *topic =
            rkmq__plan_topic((unsigned)rkmq__plan_between(plan, 0, plan->n_topics - 1));
        if (rkmq__plan_chance(plan, 40)) {
            (void)snprintf(lie, sizeof lie, "'topic':'%s','answer':'%s'", topic,
                           RKMQ_PLAN_PICK(plan, answers));
            rkmq__plan_do(plan, w.until,
                          "{'route':{'nameserver':'%s','topic':'%s','answer':'truth'}}", server,
                          topic);
        } else if (rkmq__plan_chance(plan, 50)) {
            (void)snprintf(lie, sizeof lie, "'answer':'frozen'");
            rkmq__plan_do(plan, w.until, "{'route':{'nameserver':'%s','answer':'truth'}}", server);
        } else {
            (void)snprintf(lie, sizeof lie, "'lag':'%llds'",
                           (long long)rkmq__plan_between(plan, 1, 40));
            rkmq__plan_do(plan, w.until, "{'route':{'nameserver':'%s','answer':'truth'}}", server);
        }
        rkmq__plan_do(plan, w.from, "{'route':{'nameserver':'%s',%s}}", server, lie);
    }
}
