/* SPDX-License-Identifier: Apache-2.0 */
/* Members that leave and come back, are suspended, get another listener. */
#include "runner/explore/plan.h"

#define LIVES_MAX 3
#define STOP_MS_MAX 15000 /* it waits for listeners and for servers that do not answer */
#define STAY_MS_MAX 15000 /* of who is back, when the moment drawn for it to leave is past */
#define BACK_MS_MAX 25000
#define PAUSE_MS_MAX 40000
#define SLOW_MS_MAX 30000
#define RESUME_MS_MAX 3000

/* ---- stops and crashes ---- */

static void crash(struct rkmq_plan *plan, rkmq_ms at, unsigned m, const char *how)
{
    rkmq__plan_do(plan, at, "{'crash':{'who':'c%u','how':'%s'}}", m + 1, how);
}

/* One of the ways that this seed has; the soonest moment of a return. */
static rkmq_ms leave(struct rkmq_plan *plan, rkmq_ms at, unsigned m)
{
    bool has[] = {plan->has[RKMQ_TROUBLE_LEAVE], plan->has[RKMQ_TROUBLE_CRASH],
                  plan->has[RKMQ_TROUBLE_SILENT]};
    int64_t way = rkmq__plan_between(plan, 0, RKMQ_COUNT_OF(has) - 1);
    while (!has[way]) {
        way = (way + 1) % (int64_t)RKMQ_COUNT_OF(has);
    }
    if (way == 0) {
        rkmq__plan_do(plan, at, "{'stop':'c%u'}", m + 1);
        return at + STOP_MS_MAX;
    }
    crash(plan, at, m, way == 2 ? "silent" : rkmq__plan_chance(plan, 50) ? "rst" : "exit");
    return at + 1;
}

static void live(struct rkmq_plan *plan, unsigned m)
{
    rkmq_ms since = plan->members[m].starts_at;
    for (int i = 0; i < LIVES_MAX; i++) {
        rkmq_ms at = rkmq__plan_moment(plan);
        at = at > since ? at : since + rkmq__plan_mostly_small(plan, 1, STAY_MS_MAX);
        if (at >= plan->calm_at) {
            return;
        }
        rkmq_ms back = leave(plan, at, m) + rkmq__plan_mostly_small(plan, 0, BACK_MS_MAX);
        if (back >= plan->calm_at || rkmq__plan_chance(plan, 25)) {
            return;
        }
        rkmq__plan_do(plan, back, "{'start':'c%u'}", m + 1);
        since = back;
    }
}

void rkmq__plan_leave(struct rkmq_plan *plan)
{
    for (unsigned m = 0; m < plan->n_members; m++) {
        if (!plan->members[m].stays && !plan->members[m].is_ambushed) {
            live(plan, m);
        }
    }
}

/* ---- at an event: the moments that no clock finds ---- */

struct ambush {
    const char *event; /* the predicate up to the member */
    int nth_max;       /* few of those that also come when all is calm */
};
static const struct ambush ambushes[] = {
    {"'ev':'listener-begin','who'", 40},
    {"'ev':'listener-end','who'", 40},
    {"'ev':'deliver','who'", 60},
    {"'ev':'cache-put','who'", 20},
    {"'ev':'pq-add','who'", 4},
    {"'ev':'pq-drop','who'", 4},
    {"'ev':'assign','who'", 2},
    {"'ev':'req','code':'PULL_MESSAGE','from'", 2},
    {"'ev':'req','code':'QUERY_CONSUMER_OFFSET','from'", 2},
    {"'ev':'req','code':'GET_CONSUMER_LIST_BY_GROUP','from'", 2},
    {"'ev':'req','code':'NOTIFY_CONSUMER_IDS_CHANGED','to'", 2},
};

/* What happens to the member, and what undoes it. */
static void ambush_actions(struct rkmq_plan *plan, unsigned m, char done[64], char undone[32])
{
    bool is_pause = rkmq__plan_chance(plan, 30), is_reset = rkmq__plan_chance(plan, 50);
    if (is_pause) {
        plan->members[m].is_suspended = true;
        (void)snprintf(done, 64, "{'pause':'c%u'}", m + 1); /* fits, as the others */
        (void)snprintf(undone, 32, "{'resume':'c%u'}", m + 1);
    } else {
        (void)snprintf(done, 64, "{'crash':{'who':'c%u','how':'%s'}}", m + 1,
                       is_reset ? "rst" : "exit");
        (void)snprintf(undone, 32, "{'start':'c%u'}", m + 1);
    }
}

/* The step before the `when` begins at a time, so that it is armed whatever came before it. */
static void ambush(struct rkmq_plan *plan, unsigned m)
{
    const struct ambush *a = &RKMQ_PLAN_PICK(plan, ambushes);
    long long at = rkmq__plan_moment(plan), nth = rkmq__plan_between(plan, 1, a->nth_max);
    long long later = rkmq__plan_mostly_small(plan, 1, RESUME_MS_MAX);
    char done[64], undone[32];
    ambush_actions(plan, m, done, undone);
    rkmq__plan_steps(plan, at,
                     "{'at':'%lldms','do':{'mark':'m%u'}},"
                     "{'when':{'event':{%s:'c%u'},'nth':%lld},'do':%s},"
                     "{'after':'%lldms','do':%s}",
                     at, ++plan->n_marks, a->event, m + 1, nth, done, later, undone);
}

void rkmq__plan_ambush(struct rkmq_plan *plan)
{
    for (unsigned m = 0; m < plan->n_members; m++) {
        if (!plan->members[m].stays && rkmq__plan_chance(plan, 60)) {
            plan->members[m].is_ambushed = true;
            ambush(plan, m);
        }
    }
}

/* ---- suspend, resume ---- */

void rkmq__plan_pause(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        unsigned m = (unsigned)rkmq__plan_between(plan, 0, plan->n_members - 1);
        struct rkmq_plan_window w = rkmq__plan_window(plan, PAUSE_MS_MAX);
        plan->members[m].is_suspended = true;
        rkmq__plan_do(plan, w.from, "{'pause':'c%u'}", m + 1);
        rkmq__plan_do(plan, w.until, "{'resume':'c%u'}", m + 1);
    }
}

/* ---- listeners ---- */

void rkmq__plan_listener(struct rkmq_plan *plan)
{
    static const char *const costs[] = {"50ms", "300ms", "1s", "3s"};
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        unsigned m = (unsigned)rkmq__plan_between(plan, 0, plan->n_members - 1);
        struct rkmq_plan_window w = rkmq__plan_window(plan, SLOW_MS_MAX);
        plan->members[m].has_new_listener = true;
        if (rkmq__plan_chance(plan, 70)) {
            rkmq__plan_do(plan, w.from, "{'listener':{'who':'c%u','cost':'%s'}}", m + 1,
                          RKMQ_PLAN_PICK(plan, costs));
        } else {
            rkmq__plan_do(plan, w.from,
                          "{'listener':{'who':'c%u','cost':'1ms',"
                          "'verdict':[{'if':{'reconsume':0},'then':'later'}]}}",
                          m + 1);
        }
        rkmq__plan_do(plan, w.until, "{'listener':{'who':'c%u','cost':'1ms'}}", m + 1);
    }
}
