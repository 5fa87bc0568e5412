/* SPDX-License-Identifier: Apache-2.0 */
/* Name servers, brokers, topics, groups, members: who there is. */
#include "runner/explore/plan.h"

#define START_MS_MAX 1500 /* members that do not join late */

/* Every broker has every topic: one that has not makes it of its own when a producer that knows no
 * route asks it to, and then the script does not know its queues. */
void rkmq__plan_cluster(struct rkmq_plan *plan)
{
    static const unsigned brokers[] = {1, 1, 1, 2, 2, 3}, namesrvs[] = {1, 1, 2, 2, 3};
    plan->n_namesrvs = RKMQ_PLAN_PICK(plan, namesrvs);
    plan->n_brokers = RKMQ_PLAN_PICK(plan, brokers);
    plan->n_topics = rkmq__plan_chance(plan, 30) ? 2 : 1;
    for (unsigned t = 0; t < plan->n_topics; t++) {
        struct rkmq_plan_topic *topic = &plan->topics[t];
        topic->is_late = t > 0 && plan->has[RKMQ_TROUBLE_TOPIC] && rkmq__plan_chance(plan, 50);
        topic->comes_at = topic->is_late ? rkmq__plan_moment(plan) : 0;
        for (unsigned b = 0; b < plan->n_brokers; b++) {
            topic->queues[b] = (unsigned)rkmq__plan_between(plan, 1, RKMQ_PLAN_QUEUES_MAX);
        }
    }
}

/* ---- groups and members ---- */

static void member_add(struct rkmq_plan *plan, unsigned group, bool stays)
{
    if (plan->n_members == RKMQ_PLAN_MEMBERS_MAX) {
        return;
    }
    struct rkmq_plan_member *member = &plan->members[plan->n_members++];
    member->group = group;
    member->stays = stays;
    member->starts_at = rkmq__plan_between(plan, 0, START_MS_MAX);
    if (!stays && plan->has[RKMQ_TROUBLE_LATE] && rkmq__plan_chance(plan, 60)) {
        member->starts_at = rkmq__plan_moment(plan);
    }
}

/* One member of each group stays, so that in the end there is somebody. It is there from the start,
 * or it comes when all is calm: then it finds what the others have left. */
void rkmq__plan_members(struct rkmq_plan *plan)
{
    static const unsigned others[] = {1, 1, 1, 2, 2, 3};
    plan->n_groups = rkmq__plan_chance(plan, 20) ? 2 : 1;
    for (unsigned g = 0; g < plan->n_groups; g++) {
        struct rkmq_plan_group *group = &plan->groups[g];
        group->is_by_circle = rkmq__plan_chance(plan, 25);
        group->is_from_first = rkmq__plan_chance(plan, 75);
        group->is_by_tag = rkmq__plan_chance(plan, 25);
        group->rejects = rkmq__plan_chance(plan, 30) ? rkmq__plan_between(plan, 1, 2) : 0;
        for (unsigned t = 0; t < plan->n_topics; t++) {
            group->has_topic[t] = t == 0 || rkmq__plan_chance(plan, 70);
        }
        bool is_first_to_come = rkmq__plan_chance(plan, 50);
        member_add(plan, g, true);
        if (!is_first_to_come) {
            plan->members[plan->n_members - 1].starts_at =
                plan->calm_at + rkmq__plan_between(plan, 500, 5000);
        }
        for (unsigned n = RKMQ_PLAN_PICK(plan, others); n > 0; n--) {
            member_add(plan, g, false);
        }
    }
    for (unsigned m = 0; m < plan->n_members; m++) {
        const struct rkmq_plan_member *member = &plan->members[m];
        if (member->stays) {
            rkmq__plan_steps(plan, member->starts_at,
                             "{'id':'" RKMQ_EXPLORE_STAY "-%s','at':'%lldms','do':{'start':'c%u'}}",
                             rkmq__plan_group(member->group), (long long)member->starts_at, m + 1);
        } else {
            rkmq__plan_do(plan, member->starts_at, "{'start':'c%u'}", m + 1);
        }
    }
}

/* ---- written ---- */

static void write_topic(const struct rkmq_plan *plan, unsigned t, struct rkmq_bytes *out)
{
    const struct rkmq_plan_topic *topic = &plan->topics[t];
    const char *comma = "";
    rkmq__plan_put(out, "%s'%s':{'queues':{", t > 0 ? "," : "", rkmq__plan_topic(t));
    for (unsigned b = 0; b < plan->n_brokers && !topic->is_late; b++) {
        rkmq__plan_put(out, "%s'broker-%c':%u", comma, (char)('a' + (int)b), topic->queues[b]);
        comma = ",";
    }
    rkmq__plan_put(out, "}}");
}

void rkmq__plan_write_cluster(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    rkmq__plan_put(out, "'cluster':{'nameservers':[");
    for (unsigned n = 0; n < plan->n_namesrvs; n++) {
        rkmq__plan_put(out, "%s'n%u'", n > 0 ? "," : "", n + 1);
    }
    rkmq__plan_put(out, "],'brokers':{");
    for (unsigned b = 0; b < plan->n_brokers; b++) {
        rkmq__plan_put(out, "%s'broker-%c':{}", b > 0 ? "," : "", (char)('a' + (int)b));
    }
    rkmq__plan_put(out, "},'topics':{");
    for (unsigned t = 0; t < plan->n_topics; t++) {
        write_topic(plan, t, out);
    }
    rkmq__plan_put(out, "},'net':{'latency':'200us','jitter':'100us'}},'groups':{");
    for (unsigned g = 0; g < plan->n_groups; g++) {
        rkmq__plan_put(out, "%s'%s':{}", g > 0 ? "," : "", rkmq__plan_group(g));
    }
    rkmq__plan_put(out, "}");
}
