/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim/world.h"

void rkmq__sim_event_put(struct rkmq_sim *s, struct sim_event *e, rkmq_us at)
{
    rkmq__heap_put(&s->heap, &(struct rkmq__heap_entry){
                                 .at = at, .order = ++s->order, .index = &e->heap_index});
}

void rkmq__sim_event_remove(struct rkmq_sim *s, struct sim_event *e)
{
    rkmq__heap_remove(&s->heap, &e->heap_index);
}

/* ---- inside and outside ---- */

static void inside_begin(struct rkmq_sim *s)
{
    RKMQ_ASSERT(!s->is_inside);
    s->is_inside = true;
}

static void inside_end(struct rkmq_sim *s)
{
    s->is_inside = false;
    rkmq__sim_conns_reap(s);
}

bool rkmq_sim_step(struct rkmq_sim *s)
{
    const struct rkmq__heap_entry *top = rkmq__heap_top(&s->heap);
    if (!top || top->at == INT64_MAX) {
        return false;
    }
    inside_begin(s);
    if (top->at > s->now_us) {
        s->now_us = top->at;
    }
    size_t *index = top->index;
    const struct sim_host *host = top->owner;
    rkmq__heap_remove(&s->heap, index);
    if (host) { /* only timers have an owner */
        struct rkmq_timer *t = RKMQ_CONTAINER_OF(index, struct rkmq_timer, heap_index);
        rkmq__sim_note(s, host, SIM_NOTE_TIMER, 0, 0, NULL);
        t->fire(t);
    } else {
        struct sim_event *e = RKMQ_CONTAINER_OF(index, struct sim_event, heap_index);
        e->fire(e);
    }
    inside_end(s);
    return true;
}

/* False when nothing is due until `limit_us`. */
static bool step_until(struct rkmq_sim *s, rkmq_us limit_us)
{
    const struct rkmq__heap_entry *top = rkmq__heap_top(&s->heap);
    return top && top->at <= limit_us && rkmq_sim_step(s);
}

static rkmq_us limit_after(const struct rkmq_sim *s, rkmq_ms ms)
{
    RKMQ_ASSERT(ms >= 0);
    return ms > (INT64_MAX - s->now_us) / 1000 ? INT64_MAX : s->now_us + ms * 1000;
}

static bool is_true(struct rkmq_sim *s, bool (*stop)(void *arg), void *arg)
{
    inside_begin(s);
    bool answer = stop(arg);
    inside_end(s);
    return answer;
}

rkmq_us rkmq_sim_now(const struct rkmq_sim *s)
{
    return s->now_us;
}

void rkmq_sim_run_for(struct rkmq_sim *s, rkmq_ms ms)
{
    rkmq_us limit_us = limit_after(s, ms);
    while (step_until(s, limit_us)) {
    }
    if (limit_us != INT64_MAX) {
        s->now_us = limit_us;
    }
}

bool rkmq_sim_run_until(struct rkmq_sim *s, bool (*stop)(void *arg), void *arg, rkmq_ms limit_ms)
{
    rkmq_us limit_us = limit_after(s, limit_ms);
    while (!is_true(s, stop, arg)) {
        if (!step_until(s, limit_us)) {
            if (limit_us != INT64_MAX) {
                s->now_us = limit_us;
            }
            return false;
        }
    }
    return true;
}

/* ---- the runtime ---- */

static void sim_call(struct rkmq_runtime *rt, void (*fn)(void *arg), void *arg)
{
    struct rkmq_sim *s = (struct rkmq_sim *)rt;
    if (s->is_inside) {
        fn(arg);
        return;
    }
    inside_begin(s);
    fn(arg);
    inside_end(s);
}

static int sim_await(struct rkmq_runtime *rt, bool (*is_done)(void *arg), void *arg,
                     rkmq_ms timeout_ms)
{
    struct rkmq_sim *s = (struct rkmq_sim *)rt;
    if (s->is_inside) {
        return RKMQ_E_STATE;
    }
    rkmq_us limit_us = limit_after(s, timeout_ms);
    while (!is_true(s, is_done, arg)) {
        if (step_until(s, limit_us)) {
            continue;
        }
        const struct rkmq__heap_entry *top = rkmq__heap_top(&s->heap);
        if (!top || top->at == INT64_MAX) {
            return RKMQ_E_STATE;
        }
        s->now_us = limit_us;
        return RKMQ_E_TIMEOUT;
    }
    return RKMQ_OK;
}

static const struct rkmq_runtime_ops SIM_OPS = {
    .host = rkmq__sim_host,
    .call = sim_call,
    .await = sim_await,
};

/* ---- life cycle ---- */

int rkmq_sim_create(struct rkmq_sim **out, const struct rkmq_sim_options *o)
{
    *out = NULL;
    struct rkmq_sim_options options = RKMQ_SIM_OPTIONS_INIT;
    if (o) {
        RKMQ_ASSERT(o->size <= sizeof options); /* an older caller's struct is a prefix of ours */
        memcpy(&options, o, o->size);
    }
    options.size = sizeof options;
    options.mem = options.mem ? options.mem : rkmq_mem_heap();
    struct rkmq_sim *s = rkmq__zalloc(options.mem, sizeof *s);
    if (!s) {
        return RKMQ_E_NOMEM;
    }
    if (rkmq__heap_init(&s->heap, options.mem) != RKMQ_OK) {
        rkmq__free(options.mem, s);
        return RKMQ_E_NOMEM;
    }
    s->rt.ops = &SIM_OPS;
    s->mem = options.mem;
    s->options = options;
    s->rand_state = options.seed;
    s->hash.state = options.seed;
    s->rules_version = 1;
    rkmq__list_init(&s->hosts);
    rkmq__list_init(&s->conns);
    rkmq__list_init(&s->finished);
    rkmq__conn_table_init(&s->table, s->mem);
    rkmq__bytes_init(&s->trace, s->mem);
    *out = s;
    return RKMQ_OK;
}

static void assert_no_timers(const struct rkmq_sim *s)
{
    for (size_t i = 0; i < s->heap.n; i++) {
        RKMQ_ASSERT(!s->heap.entries[i].owner); /* a core was not destroyed, or left a timer */
    }
}

void rkmq_sim_destroy(struct rkmq_sim *s)
{
    if (!s) {
        return;
    }
    RKMQ_ASSERT(!s->is_inside);
    assert_no_timers(s);
    rkmq__sim_conns_free(s);
    rkmq__sim_hosts_free(s);
    rkmq__sim_rules_free(s);
    while (s->packets_free) {
        struct sim_packet *packet = s->packets_free;
        s->packets_free = packet->next;
        rkmq__free(s->mem, packet);
    }
    rkmq__conn_table_close(&s->table);
    rkmq__heap_close(&s->heap);
    rkmq__bytes_close(&s->trace);
    rkmq__free(s->mem, s);
}

struct rkmq_runtime *rkmq_sim_runtime(struct rkmq_sim *s)
{
    return &s->rt;
}
