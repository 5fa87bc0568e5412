/* SPDX-License-Identifier: Apache-2.0 */
/* The end of all trouble, and what must be true then. */
#include "runner/explore/plan.h"

/* Everything the script took away comes back at one instant; rules, links and name servers are
 * healed by "settle" itself. */
void rkmq__plan_write_calm(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    rkmq__plan_put(out, "{'id':'" RKMQ_EXPLORE_CALM "','at':'%lldms','do':[{'settle':'%lldms'}",
                   (long long)plan->calm_at, (long long)(plan->settled_at - plan->calm_at));
    for (unsigned b = 0; b < plan->n_brokers; b++) {
        if (plan->is_broker_touched[b]) {
            rkmq__plan_put(out, ",{'broker':{'name':'broker-%c','do':'start'}}",
                           (char)('a' + (int)b));
        }
    }
    for (unsigned t = 0; t < plan->n_topics; t++) {
        if (plan->topics[t].is_perm_changed) {
            rkmq__plan_put(out, ",{'topic':{'name':'%s','broker':'*','perm':'rw'}}",
                           rkmq__plan_topic(t));
        }
    }
    for (unsigned m = 0; m < plan->n_members; m++) {
        if (plan->members[m].has_new_listener) {
            rkmq__plan_put(out, ",{'listener':{'who':'c%u','cost':'1ms'}}", m + 1);
        }
        if (plan->members[m].is_suspended) {
            rkmq__plan_put(out, ",{'resume':'c%u'}", m + 1);
        }
    }
    rkmq__plan_put(out, "]}");
}

static void expect_topic(const struct rkmq_plan *plan, unsigned g, unsigned t,
                         struct rkmq_bytes *out)
{
    const char *group = rkmq__plan_group(g), *topic = rkmq__plan_topic(t);
    const long long settled = plan->settled_at - plan->calm_at;
    rkmq__plan_put(out,
                   "{'id':'even-%s-%u','from':'step:" RKMQ_EXPLORE_CALM "+%lldms',"
                   "'always':{'state':'balanced','group':'%s','topic':'%s','max_diff':1}},",
                   group, t + 1, settled, group, topic);
    rkmq__plan_put(out,
                   "{'id':'drained-%s-%u','from':'step:" RKMQ_EXPLORE_CALM "+%lldms',"
                   "'always':{'state':'lag','group':'%s','queues':'%s@*/*','eq':0}}",
                   group, t + 1, settled, group, topic);
}

void rkmq__plan_write_expects(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    const char *comma = "";
    rkmq__plan_put(out, "'expect':[");
    for (unsigned g = 0; g < plan->n_groups; g++) {
        for (unsigned t = 0; t < plan->n_topics; t++) {
            if (plan->groups[g].has_topic[t]) {
                rkmq__plan_put(out, "%s", comma);
                expect_topic(plan, g, t, out);
                comma = ",";
            }
        }
    }
    rkmq__plan_put(out, "]");
}

/* Members that are told different things own queues together for as long as that lasts. A group
 * that begins at the end passes over what is sent while a queue changes hands before its first
 * commit. */
void rkmq__plan_write_checks(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    bool is_from_last = false;
    for (unsigned g = 0; g < plan->n_groups; g++) {
        is_from_last = is_from_last || !plan->groups[g].is_from_first;
    }
    rkmq__plan_put(out, "'checks':{'params':{'overlap_max':'%lldms'}%s}",
                   (long long)(plan->settled_at - plan->trouble_from),
                   is_from_last ? ",'except':{'LOSS-1':'a group begins at the end: what is sent "
                                  "before its first commit may be passed over'}"
                                : "");
}
