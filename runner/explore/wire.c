/* SPDX-License-Identifier: Apache-2.0 */
/* Links, and what becomes of single exchanges. */
#include "runner/explore/plan.h"

#define CUT_MS_MAX 50000
#define SLOW_MS_MAX 40000
#define RULE_MS_MAX 40000
#define HELD_MS_MAX 20000
#define LATENCY_MS_MAX 800
#define DELAY_MS_MAX 35000 /* longer than any timeout of a client */

/* ---- links ---- */

/* A client and a server; now and then a broker and a name server. */
static void ends_draw(struct rkmq_plan *plan, char a[RKMQ_PLAN_NAME_BYTES],
                      char b[RKMQ_PLAN_NAME_BYTES])
{
    char name[RKMQ_PLAN_NAME_BYTES];
    if (rkmq__plan_chance(plan, 15)) {
        (void)snprintf(a, RKMQ_PLAN_NAME_BYTES, "broker-a");
        (void)snprintf(b, RKMQ_PLAN_NAME_BYTES, "n1"); /* both fit */
        return;
    }
    (void)snprintf(a, RKMQ_PLAN_NAME_BYTES, "%s", rkmq__plan_client(plan, name));
    (void)snprintf(b, RKMQ_PLAN_NAME_BYTES, "%s", rkmq__plan_server(plan, name)); /* both fit */
}

static void heal(struct rkmq_plan *plan, rkmq_ms at, const char *a, const char *b)
{
    rkmq__plan_do(plan, at, "{'net':{'heal':['%s','%s']}}", a, b);
}

void rkmq__plan_slow_net(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 2); n > 0; n--) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, SLOW_MS_MAX);
        char a[RKMQ_PLAN_NAME_BYTES], b[RKMQ_PLAN_NAME_BYTES];
        long long latency = rkmq__plan_mostly_small(plan, 1, LATENCY_MS_MAX);
        ends_draw(plan, a, b);
        rkmq__plan_do(plan, w.from,
                      "{'net':{'latency':'%lldms','jitter':'%lldms','between':['%s','%s']}}",
                      latency, (long long)rkmq__plan_between(plan, 0, latency), a, b);
        heal(plan, w.until, a, b);
    }
}

void rkmq__plan_cut_net(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, CUT_MS_MAX);
        char a[RKMQ_PLAN_NAME_BYTES], b[RKMQ_PLAN_NAME_BYTES];
        ends_draw(plan, a, b);
        if (!rkmq__plan_chance(plan, 30)) {
            rkmq__plan_do(plan, w.from, "{'net':{'cut':['%s','%s']}}", a, b);
        } else if (rkmq__plan_chance(plan, 50)) {
            rkmq__plan_do(plan, w.from, "{'net':{'cut':['%s','%s'],'one_way':true}}", a, b);
        } else {
            rkmq__plan_do(plan, w.from, "{'net':{'cut':['%s','%s'],'one_way':true}}", b, a);
        }
        heal(plan, w.until, a, b);
    }
}

/* ---- fault rules ---- */

/* Which of them suffer: a few, or some by chance. */
static void rule_which(struct rkmq_plan *plan, char out[64])
{
    long long n = rkmq__plan_mostly_small(plan, 1, 12);
    if (rkmq__plan_chance(plan, 40)) {
        (void)snprintf(out, 64, "'times':%lld", n); /* fits, as the others */
    } else if (rkmq__plan_chance(plan, 60)) {
        (void)snprintf(out, 64, "'p':0.%lld", n % 9 + 1);
    } else {
        (void)snprintf(out, 64, "'nth':'%lld..%lld'", n, n + rkmq__plan_between(plan, 0, 3));
    }
}

/* `effect` is its value and what goes with it. */
static void rule_add(struct rkmq_plan *plan, const char *code, const char *effect)
{
    struct rkmq_plan_window w = rkmq__plan_window(plan, RULE_MS_MAX);
    char client[RKMQ_PLAN_NAME_BYTES], which[64];
    unsigned id = ++plan->n_rules;
    rule_which(plan, which);
    rkmq__plan_do(plan, w.from,
                  "{'fault':{'id':'f%u','match':{'code':'%s','from':'%s'},%s,'effect':%s}}", id,
                  code, rkmq__plan_client(plan, client), which, effect);
    rkmq__plan_do(plan, w.until, "{'release':'f%u'}", id);
}

/* No refusal may be a lie: QUERY_NOT_FOUND or PULL_OFFSET_MOVED would lead any consumer astray. */
void rkmq__plan_refuse(struct rkmq_plan *plan)
{
    static const char *const codes[] = {"PULL_MESSAGE",           "PULL_MESSAGE",
                                        "QUERY_CONSUMER_OFFSET",  "HEART_BEAT",
                                        "CONSUMER_SEND_MSG_BACK", "GET_CONSUMER_LIST_BY_GROUP",
                                        "GET_ROUTEINFO_BY_TOPIC", "UNREGISTER_CLIENT"};
    static const char *const answers[] = {"SYSTEM_BUSY", "SYSTEM_ERROR", "FLOW_CONTROL"};
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        char effect[48];
        const char *code = RKMQ_PLAN_PICK(plan, codes);
        (void)snprintf(effect, sizeof effect, "{'reply':'%s'}",
                       RKMQ_PLAN_PICK(plan, answers)); /* fits */
        rule_add(plan, code, effect);
    }
}

void rkmq__plan_lose(struct rkmq_plan *plan)
{
    static const char *const codes[] = {"PULL_MESSAGE",
                                        "PULL_MESSAGE",
                                        "QUERY_CONSUMER_OFFSET",
                                        "UPDATE_CONSUMER_OFFSET",
                                        "HEART_BEAT",
                                        "CONSUMER_SEND_MSG_BACK",
                                        "GET_CONSUMER_LIST_BY_GROUP",
                                        "GET_ROUTEINFO_BY_TOPIC",
                                        "UNREGISTER_CLIENT"};
    static const char *const effects[] = {
        "'drop-request'", "'drop-reply'",    "'drop','applied':'either'",
        "'dup'",          "{'close':'rst'}", "{'close':'fin'},'applied':'yes'",
        "{'truncate':12}"};
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        const char *code = RKMQ_PLAN_PICK(plan, codes);
        rule_add(plan, code, RKMQ_PLAN_PICK(plan, effects));
    }
}

/* Only answers: a commit that is overtaken by a later one on its way goes back, whoever sent it. */
static const char *const slow_codes[] = {"PULL_MESSAGE",           "PULL_MESSAGE",
                                         "QUERY_CONSUMER_OFFSET",  "HEART_BEAT",
                                         "CONSUMER_SEND_MSG_BACK", "GET_CONSUMER_LIST_BY_GROUP",
                                         "GET_ROUTEINFO_BY_TOPIC"};

void rkmq__plan_delay(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 3); n > 0; n--) {
        char effect[64];
        const char *code = RKMQ_PLAN_PICK(plan, slow_codes);
        (void)snprintf(effect, sizeof effect, "{'delay':'%lldms'},'applied':'yes'",
                       (long long)rkmq__plan_mostly_small(plan, 1, DELAY_MS_MAX)); /* fits */
        rule_add(plan, code, effect);
    }
}

void rkmq__plan_hold(struct rkmq_plan *plan)
{
    for (int64_t n = rkmq__plan_between(plan, 1, 2); n > 0; n--) {
        struct rkmq_plan_window w = rkmq__plan_window(plan, HELD_MS_MAX);
        char client[RKMQ_PLAN_NAME_BYTES];
        unsigned id = ++plan->n_rules;
        rkmq__plan_do(
            plan, w.from,
            "{'hold':{'id':'f%u','match':{'code':'%s','from':'%s'},'times':%lld,'applied':'yes'}}",
            id, RKMQ_PLAN_PICK(plan, slow_codes), rkmq__plan_client(plan, client),
            (long long)rkmq__plan_between(plan, 1, 8));
        rkmq__plan_do(plan, w.until, "{'release':'f%u'}", id);
    }
}
