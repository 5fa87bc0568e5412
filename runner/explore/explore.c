/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/explore/explore.h"

#include "runner/explore/plan.h"

#define TROUBLE_MS_MIN 5000
#define TROUBLE_MS_MAX 90000
#define SETTLE_MS 90000         /* two heartbeats, a rebalance, the second retry of a message */
#define SETTLE_SILENT_MS 140000 /* more: a broker's patience with a silent member */
#define REST_MS 20000           /* of which nothing may happen any more */
#define KIND_PERCENT 28         /* of seeds have one kind of trouble */

/* ---- trouble ---- */

static const struct trouble {
    const char *text;
    rkmq_plan_fn *fn; /* NULL: another kind's does it */
} troubles[RKMQ_TROUBLE_KINDS] = {
#define X(id, what) [RKMQ_TROUBLE_##id].text = (what),
    RKMQ_TROUBLE_TABLE(X)
#undef X
        [RKMQ_TROUBLE_AMBUSH]
            .fn = rkmq__plan_ambush,
    [RKMQ_TROUBLE_PAUSE].fn = rkmq__plan_pause,
    [RKMQ_TROUBLE_LISTENER].fn = rkmq__plan_listener,
    [RKMQ_TROUBLE_TOPIC].fn = rkmq__plan_topics,
    [RKMQ_TROUBLE_BROKER].fn = rkmq__plan_broker,
    [RKMQ_TROUBLE_FORGET].fn = rkmq__plan_broker,
    [RKMQ_TROUBLE_NAMESERVER].fn = rkmq__plan_nameserver,
    [RKMQ_TROUBLE_SLOW_NET].fn = rkmq__plan_slow_net,
    [RKMQ_TROUBLE_CUT_NET].fn = rkmq__plan_cut_net,
    [RKMQ_TROUBLE_REFUSE].fn = rkmq__plan_refuse,
    [RKMQ_TROUBLE_LOSE].fn = rkmq__plan_lose,
    [RKMQ_TROUBLE_DELAY].fn = rkmq__plan_delay,
    [RKMQ_TROUBLE_HOLD].fn = rkmq__plan_hold,
    [RKMQ_TROUBLE_NOTIFY].fn = rkmq__plan_notify,
    [RKMQ_TROUBLE_MEMBERS].fn = rkmq__plan_lie_members,
    [RKMQ_TROUBLE_ROUTE].fn = rkmq__plan_lie_route,
};

static void times_draw(struct rkmq_plan *plan)
{
    plan->trouble_from = RKMQ_EXPLORE_QUIET_MS;
    plan->calm_at =
        RKMQ_EXPLORE_QUIET_MS + rkmq__plan_between(plan, TROUBLE_MS_MIN, TROUBLE_MS_MAX);
    plan->settled_at =
        plan->calm_at + SETTLE_MS + (plan->has[RKMQ_TROUBLE_SILENT] ? SETTLE_SILENT_MS : 0);
    plan->end_at = plan->settled_at + REST_MS;
    unsigned n_hot = (unsigned)rkmq__plan_between(plan, 0, RKMQ_PLAN_HOT_MAX);
    for (unsigned i = 0; i < n_hot; i++) {
        plan->hot[i] = rkmq__plan_between(plan, plan->trouble_from, plan->calm_at);
    }
    plan->n_hot = n_hot;
}

static void plan_draw(struct rkmq_plan *plan)
{
    for (int kind = 0; kind < RKMQ_TROUBLE_KINDS; kind++) {
        plan->has[kind] = rkmq__plan_chance(plan, KIND_PERCENT);
    }
    times_draw(plan);
    rkmq__plan_cluster(plan);
    rkmq__plan_members(plan);
    rkmq__plan_load(plan);
    for (int kind = 0; kind < RKMQ_TROUBLE_KINDS; kind++) {
        if (plan->has[kind] && troubles[kind].fn) {
            troubles[kind].fn(plan);
        }
    }
    if (plan->has[RKMQ_TROUBLE_LEAVE] || plan->has[RKMQ_TROUBLE_CRASH] ||
        plan->has[RKMQ_TROUBLE_SILENT]) {
        rkmq__plan_leave(plan); /* after the ambushes: it leaves their victims alone */
    }
}

/* ---- the file ---- */

/* Of those left the earliest; of equals the first drawn. */
static size_t next_step(const struct rkmq_plan *plan, const bool *is_written)
{
    size_t next = SIZE_MAX;
    for (size_t i = 0; i < plan->n_steps; i++) {
        if (!is_written[i] && (next == SIZE_MAX || plan->steps[i].at < plan->steps[next].at)) {
            next = i;
        }
    }
    return next;
}

static void write_steps(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    bool is_written[RKMQ_PLAN_STEPS_MAX] = {false};
    bool is_calm_written = false;
    rkmq__plan_put(out, "'steps':[");
    for (size_t n = 0; n < plan->n_steps; n++) {
        size_t next = next_step(plan, is_written);
        if (!is_calm_written && plan->steps[next].at >= plan->calm_at) {
            rkmq__plan_write_calm(plan, out);
            rkmq__plan_put(out, ",");
            is_calm_written = true;
        }
        is_written[next] = true;
        rkmq__bytes_add_slice(out, plan->steps[next].text);
        rkmq__plan_put(out, "%s", n + 1 < plan->n_steps ? "," : "");
    }
    if (!is_calm_written) {
        rkmq__plan_put(out, ",");
        rkmq__plan_write_calm(plan, out);
    }
    rkmq__plan_put(out, "]");
}

static void plan_write(struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    rkmq__plan_put(out,
                   "{'format':1,'scenario':'explore/seed-%llu','title':'Drawn from seed %llu',"
                   "'run':{'seed':'%llu','end':'%lldms','settle':'1s','grounds':['sim']},",
                   (unsigned long long)plan->seed, (unsigned long long)plan->seed,
                   (unsigned long long)plan->seed, (long long)plan->end_at);
    rkmq__plan_write_cluster(plan, out);
    rkmq__plan_put(out, ",");
    rkmq__plan_write_actors(plan, out);
    rkmq__plan_put(out, ",");
    write_steps(plan, out);
    rkmq__plan_put(out, ",");
    rkmq__plan_write_expects(plan, out);
    rkmq__plan_put(out, ",");
    rkmq__plan_write_checks(plan, out);
    rkmq__plan_put(out, "}");
}

static void write_comment(const struct rkmq_plan *plan, struct rkmq_bytes *out)
{
    rkmq__bytes_printf(out, "// Drawn from seed %llu by rkmq explore. What goes wrong here:\n",
                       (unsigned long long)plan->seed);
    for (int kind = 0; kind < RKMQ_TROUBLE_KINDS; kind++) {
        if (plan->has[kind]) {
            rkmq__bytes_printf(out, "// - %s\n", troubles[kind].text);
        }
    }
}

int rkmq__explore_write(uint64_t seed, const struct rkmq_mem *mem, struct rkmq_bytes *out,
                        struct rkmq_err *err)
{
    struct rkmq_plan *plan = rkmq__zalloc(mem, sizeof *plan);
    struct rkmq_bytes text;
    if (!plan) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    rkmq__bytes_init(&text, mem);
    rkmq__arena_init(&plan->arena, mem);
    plan->seed = plan->rand_state = seed;
    plan_draw(plan);
    plan_write(plan, &text);
    int status = text.is_failed || plan->is_out_of_memory
                     ? rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory")
                     : RKMQ_OK;
    if (status == RKMQ_OK) {
        write_comment(plan, out);
        status = rkmq__scenario_lay_out(rkmq__bytes_slice(&text), mem, out, err);
    }
    rkmq__bytes_close(&text);
    rkmq__arena_close(&plan->arena);
    rkmq__free(mem, plan);
    return status == RKMQ_OK && out->is_failed ? RKMQ_E_NOMEM : status;
}
