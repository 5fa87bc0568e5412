/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/explore/plan.h"

#include <stdarg.h>

#include "runtime/random.h"

#define TEXT_BYTES 2048 /* of one step */
#define NEAR_BEFORE_MS 300
#define NEAR_AFTER_MS 1500
#define WINDOW_MS_MIN 200

/* ---- drawing ---- */

int64_t rkmq__plan_between(struct rkmq_plan *plan, int64_t low, int64_t high)
{
    RKMQ_ASSERT(low <= high);
    return low + (int64_t)rkmq__random_below(&plan->rand_state, (uint64_t)(high - low) + 1);
}

bool rkmq__plan_chance(struct rkmq_plan *plan, unsigned percent)
{
    return rkmq__plan_between(plan, 0, 99) < (int64_t)percent;
}

int64_t rkmq__plan_mostly_small(struct rkmq_plan *plan, int64_t low, int64_t high)
{
    int64_t span = high - low, root = 1;
    while (root * root < span) {
        root++;
    }
    return rkmq__plan_between(plan, low,
                              rkmq__plan_chance(plan, 50) && root < span ? low + root : high);
}

rkmq_ms rkmq__plan_moment(struct rkmq_plan *plan)
{
    rkmq_ms last = plan->calm_at - WINDOW_MS_MIN;
    if (plan->n_hot == 0 || rkmq__plan_chance(plan, 35)) {
        return rkmq__plan_between(plan, plan->trouble_from, last);
    }
    rkmq_ms at = plan->hot[rkmq__plan_between(plan, 0, plan->n_hot - 1)] +
                 rkmq__plan_between(plan, -NEAR_BEFORE_MS, NEAR_AFTER_MS);
    return at < plan->trouble_from ? plan->trouble_from : at > last ? last : at;
}

struct rkmq_plan_window rkmq__plan_window(struct rkmq_plan *plan, rkmq_ms longest)
{
    rkmq_ms from = rkmq__plan_moment(plan);
    rkmq_ms until = from + rkmq__plan_mostly_small(plan, WINDOW_MS_MIN, longest);
    return (struct rkmq_plan_window){from, until < plan->calm_at ? until : plan->calm_at - 1};
}

/* ---- writing ---- */

static void put_args(struct rkmq_bytes *out, const char *fmt, va_list args)
{
    char text[TEXT_BYTES];
    int n = vsnprintf(text, sizeof text, fmt, args);
    RKMQ_ASSERT(n >= 0 && (size_t)n < sizeof text);
    for (int i = 0; i < n; i++) {
        text[i] = text[i] == '\'' ? '"' : text[i];
    }
    rkmq__bytes_add(out, text, (size_t)n);
}

void rkmq__plan_put(struct rkmq_bytes *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_args(out, fmt, args);
    va_end(args);
}

static void step_add(struct rkmq_plan *plan, rkmq_ms at, struct rkmq_bytes *text)
{
    RKMQ_ASSERT(plan->n_steps < RKMQ_COUNT_OF(plan->steps));
    struct rkmq_plan_step *step = &plan->steps[plan->n_steps];
    step->at = at;
    if (text->is_failed ||
        rkmq__arena_copy(&plan->arena, rkmq__bytes_slice(text), &step->text) != RKMQ_OK) {
        plan->is_out_of_memory = true;
    } else {
        plan->n_steps++;
    }
    rkmq__bytes_close(text);
}

void rkmq__plan_do(struct rkmq_plan *plan, rkmq_ms at, const char *fmt, ...)
{
    struct rkmq_bytes text;
    va_list args;
    rkmq__bytes_init(&text, plan->arena.mem);
    rkmq__plan_put(&text, "{'at':'%lldms','do':[", (long long)at);
    va_start(args, fmt);
    put_args(&text, fmt, args);
    va_end(args);
    rkmq__plan_put(&text, "]}");
    step_add(plan, at, &text);
}

void rkmq__plan_steps(struct rkmq_plan *plan, rkmq_ms at, const char *fmt, ...)
{
    struct rkmq_bytes text;
    va_list args;
    rkmq__bytes_init(&text, plan->arena.mem);
    va_start(args, fmt);
    put_args(&text, fmt, args);
    va_end(args);
    step_add(plan, at, &text);
}

/* ---- names ---- */

const char *rkmq__plan_topic(unsigned i)
{
    static const char *const names[RKMQ_PLAN_TOPICS_MAX] = {"T", "U"};
    return names[i];
}

const char *rkmq__plan_group(unsigned i)
{
    static const char *const names[RKMQ_PLAN_GROUPS_MAX] = {"g", "h"};
    return names[i];
}

const char *rkmq__plan_client(struct rkmq_plan *plan, char out[RKMQ_PLAN_NAME_BYTES])
{
    (void)snprintf(out, RKMQ_PLAN_NAME_BYTES, "c%lld",
                   (long long)rkmq__plan_between(plan, 1, plan->n_members)); /* fits */
    return rkmq__plan_chance(plan, 20) ? "*" : out;
}

const char *rkmq__plan_server(struct rkmq_plan *plan, char out[RKMQ_PLAN_NAME_BYTES])
{
    int64_t i = rkmq__plan_between(plan, 0, plan->n_brokers + plan->n_namesrvs - 1);
    if (i < plan->n_brokers) {
        (void)snprintf(out, RKMQ_PLAN_NAME_BYTES, "broker-%c", (char)('a' + i)); /* fits */
    } else {
        (void)snprintf(out, RKMQ_PLAN_NAME_BYTES, "n%lld",
                       (long long)(i - plan->n_brokers + 1)); /* fits */
    }
    return out;
}
