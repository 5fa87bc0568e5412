/* SPDX-License-Identifier: Apache-2.0 */
/* Options and listeners of the members, and what producers send. */
#include "runner/explore/plan.h"

/* ---- options ---- */

struct option {
    const char *name, *unit; /* unit "": a number, else a duration */
    unsigned percent;        /* how many members have it */
    int64_t low, high;
};
/* Within what an operator would set. All of a group divide alike, so the strategy is the group's.
 */
static const struct option options[] = {
    {"threads", "", 30, 1, 4},      {"consume_batch", "", 25, 1, 8},
    {"pull_batch", "", 25, 1, 16},  {"threshold_count", "", 20, 10, 100},
    {"span", "", 10, 20, 200},      {"pull_interval", "ms", 10, 1, 500},
    {"persist", "s", 25, 1, 8},     {"heartbeat", "s", 20, 5, 30},
    {"route_poll", "s", 20, 5, 30},
};

static void write_settings(struct rkmq_plan *plan, const struct rkmq_plan_member *member,
                           struct rkmq_bytes *out)
{
    const char *comma = "";
    rkmq__plan_put(out, ",'set':{");
    if (rkmq__plan_chance(plan, 20)) {
        rkmq__plan_put(out, "'profile':'java-5.3'");
        comma = ",";
    }
    if (plan->groups[member->group].is_by_circle) {
        rkmq__plan_put(out, "%s'allocate':'by-circle'", comma);
        comma = ",";
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(options); i++) {
        const struct option *o = &options[i];
        long long value = rkmq__plan_between(plan, o->low, o->high);
        const char *quote = o->unit[0] ? "'" : "";
        if (rkmq__plan_chance(plan, o->percent)) {
            rkmq__plan_put(out, "%s'%s':%s%lld%s%s", comma, o->name, quote, value, o->unit, quote);
            comma = ",";
        }
    }
    rkmq__plan_put(out, "}");
}

/* ---- actors ---- */

static void write_listener(struct rkmq_plan *plan, const struct rkmq_plan_group *group,
                           struct rkmq_bytes *out)
{
    static const char *const costs[] = {"1ms", "1ms", "5ms", "20ms", "50ms"};
    rkmq__plan_put(out, ",'listener':{'cost':'%s'", RKMQ_PLAN_PICK(plan, costs));
    if (group->rejects > 0) { /* it comes again 10 s later, then 30 s later */
        rkmq__plan_put(out,
                       ",'verdict':[{'if':{'key':'bad','reconsume':{'lt':%lld}},'then':'later'}]",
                       (long long)group->rejects);
    }
    rkmq__plan_put(out, "}");
}

static void write_member(struct rkmq_plan *plan, unsigned m, struct rkmq_bytes *out)
{
    const struct rkmq_plan_member *member = &plan->members[m];
    const struct rkmq_plan_group *group = &plan->groups[member->group];
    const char *comma = "";
    rkmq__plan_put(out, "'c%u':{'kind':'push','group':'%s'", m + 1,
                   rkmq__plan_group(member->group));
    /* Not in the order of the names, so that the order of ids is not that of the starts. */
    rkmq__plan_put(out, ",'client_id':'10.0.0.%lld@%u','subscribe':{",
                   (long long)rkmq__plan_between(plan, 1, 9), m + 1);
    for (unsigned t = 0; t < plan->n_topics; t++) {
        if (group->has_topic[t]) {
            rkmq__plan_put(out, "%s'%s':'%s'", comma, rkmq__plan_topic(t),
                           group->is_by_tag ? "A || B" : "*");
            comma = ",";
        }
    }
    rkmq__plan_put(out, "},'from':'%s'", group->is_from_first ? "first" : "last");
    write_listener(plan, group, out);
    write_settings(plan, member, out);
    rkmq__plan_put(out, "}");
}

void rkmq__plan_write_actors(struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    rkmq__plan_put(out, "'actors':{");
    for (unsigned p = 0; p < plan->n_producers; p++) {
        rkmq__plan_put(out, "'p%u':{'kind':'producer'},", p + 1);
    }
    for (unsigned m = 0; m < plan->n_members; m++) {
        rkmq__plan_put(out, "%s", m > 0 ? "," : "");
        write_member(plan, m, out);
    }
    rkmq__plan_put(out, "}");
}

/* ---- load ---- */

#define MESSAGES_MAX 200 /* of one action */
#define BAD_MAX 20
#define BATCHES_MAX 3 /* of a topic, after the first */

static void produce(struct rkmq_plan *plan, unsigned topic, rkmq_ms at)
{
    long long n = rkmq__plan_mostly_small(plan, 1, MESSAGES_MAX);
    long long by = rkmq__plan_between(plan, 1, plan->n_producers);
    bool is_bad = n <= BAD_MAX && rkmq__plan_chance(plan, 30);
    char more[48];
    (void)snprintf(more, sizeof more, ",'tag':'%s'%s", rkmq__plan_chance(plan, 50) ? "A" : "B",
                   is_bad ? ",'keys':'bad'" : ""); /* fits */
    if (rkmq__plan_chance(plan, 30)) {
        rkmq__plan_do(plan, at, "{'produce':{'by':'p%lld','topic':'%s','count':%lld%s}}", by,
                      rkmq__plan_topic(topic), n, more);
        return;
    }
    rkmq_ms lasts = plan->calm_at - at - 1;
    long long rate = rkmq__plan_mostly_small(plan, 1, 40);
    rkmq__plan_do(plan, at,
                  "{'produce':{'by':'p%lld','topic':'%s','rate':'%lld/s','count':%lld,"
                  "'for':'%lldms'%s}}",
                  by, rkmq__plan_topic(topic), rate, n, (long long)lasts, more);
}

/* Early, so that there is something to lose, and then at any moment. Not before a topic is there: a
 * broker would make it of its own, with queues of its own number. */
void rkmq__plan_load(struct rkmq_plan *plan)
{
    plan->n_producers = rkmq__plan_chance(plan, 20) ? 2 : 1;
    for (unsigned t = 0; t < plan->n_topics; t++) {
        rkmq_ms first = plan->topics[t].is_late ? plan->topics[t].comes_at + 1 : 0;
        produce(plan, t, first + rkmq__plan_between(plan, 0, 100));
        for (int64_t n = rkmq__plan_between(plan, 1, BATCHES_MAX); n > 0; n--) {
            rkmq_ms at = rkmq__plan_moment(plan);
            produce(plan, t, at > first ? at : first);
        }
    }
}
