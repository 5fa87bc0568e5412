/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim/world.h"

/* ---- env operations that need no other file ---- */

static rkmq_ms host_now(void *ctx)
{
    return ((struct sim_host *)ctx)->sim->now_us / 1000;
}

static rkmq_ms host_wall(void *ctx)
{
    const struct rkmq_sim *s = ((struct sim_host *)ctx)->sim;
    return s->options.wall_epoch_ms + s->now_us / 1000;
}

static uint64_t host_rand64(void *ctx)
{
    return rkmq__random_next(&((struct sim_host *)ctx)->rand_state);
}

/*
 * A timer's place in the heap is its due time, also when that is over: overdue timers then fire in
 * order of due, ahead of what is due now.
 */
static void host_timer_arm(void *ctx, struct rkmq_timer *t, rkmq_ms due)
{
    struct sim_host *host = ctx;
    struct rkmq_sim *s = host->sim;
    RKMQ_ASSERT(t->fire);
    if (host->is_crashed) {
        return;
    }
    rkmq__heap_remove(&s->heap, &t->heap_index);
    t->due = due;
    t->order = ++s->order;
    RKMQ_ASSERT(due > INT64_MIN / 1000);
    rkmq_us at = due > INT64_MAX / 1000 ? INT64_MAX : due * 1000;
    rkmq__heap_put(&s->heap,
                   &(struct rkmq__heap_entry){
                       .at = at, .order = t->order, .index = &t->heap_index, .owner = host});
}

static void host_timer_stop(void *ctx, struct rkmq_timer *t)
{
    rkmq__heap_remove(&((struct sim_host *)ctx)->sim->heap, &t->heap_index);
}

static void host_log(void *ctx, enum rkmq_log_level level, const char *subject, const char *text)
{
    const struct rkmq_sim_options *o = &((struct sim_host *)ctx)->sim->options;
    if (o->log && level <= o->log_level) {
        o->log(o->log_user, level, subject, text);
    }
}

static void host_trace(void *ctx, const char *line)
{
    struct sim_host *host = ctx;
    rkmq__sim_trace_line(host->sim, host, line);
}

static const struct rkmq_env_ops HOST_OPS = {
    .now = host_now,
    .wall = host_wall,
    .rand64 = host_rand64,
    .timer_arm = host_timer_arm,
    .timer_stop = host_timer_stop,
    .listen = rkmq__sim_listen,
    .dial = rkmq__sim_dial,
    .send = rkmq__sim_send,
    .close = rkmq__sim_close,
    .reset = rkmq__sim_reset,
    .unsent = rkmq__sim_unsent,
    .pool_create = rkmq__sim_pool_create,
    .pool_destroy = rkmq__sim_pool_destroy,
    .submit = rkmq__sim_submit,
    .log = host_log,
    .trace = host_trace,
};

/* ---- finding hosts ---- */

static struct sim_host *host_named(const struct rkmq_sim *s, const char *name)
{
    struct sim_host *found = NULL;
    RKMQ_LIST_EACH (it, &s->hosts) {
        struct sim_host *host = RKMQ_CONTAINER_OF(it, struct sim_host, link);
        if (strcmp(host->name, name) == 0) {
            found = host; /* the one started last counts */
        }
    }
    return found;
}

struct sim_host *rkmq__sim_host_numbered(struct rkmq_sim *s, unsigned number)
{
    struct sim_host *found = NULL;
    RKMQ_LIST_EACH (it, &s->hosts) {
        struct sim_host *host = RKMQ_CONTAINER_OF(it, struct sim_host, link);
        if (host->number == number) {
            found = host;
        }
    }
    return found;
}

struct sim_host *rkmq__sim_host_dialled(struct sim_host *from, const char *text)
{
    if (strcmp(text, "localhost") == 0 || strcmp(text, "127.0.0.1") == 0) {
        return from;
    }
    struct rkmq_sim *s = from->sim;
    RKMQ_LIST_EACH (it, &s->hosts) {
        struct sim_host *host = RKMQ_CONTAINER_OF(it, struct sim_host, link);
        if (strcmp(host->address, text) == 0) {
            return host;
        }
    }
    return host_named(s, text);
}

/* ---- life cycle ---- */

static uint64_t host_seed(const struct rkmq_sim *s, const char *name, unsigned n_start)
{
    uint64_t seed = rkmq__random_mix(s->options.seed + n_start);
    for (; *name; name++) {
        seed = rkmq__random_mix(seed ^ (uint8_t)*name);
    }
    return seed;
}

static struct sim_host *host_start(struct rkmq_sim *s, const char *name, unsigned number,
                                   unsigned n_start)
{
    struct sim_host *host = rkmq__zalloc(s->mem, sizeof *host);
    if (!host) {
        return NULL;
    }
    host->name = rkmq__text_copy(s->mem, rkmq__slice_of(name));
    if (!host->name) {
        rkmq__free(s->mem, host);
        return NULL;
    }
    host->sim = s;
    host->number = number;
    host->n_start = n_start;
    host->rand_state = host_seed(s, name, n_start);
    host->next_port = RKMQ_SIM_PORT_FIRST;
    (void)snprintf(host->address, sizeof host->address, "10.0.%u.%u", (number - 1) / 254,
                   (number - 1) % 254 + 1);
    rkmq__list_init(&host->listeners);
    rkmq__list_init(&host->pools);
    host->env = (struct rkmq_env){.ops = &HOST_OPS,
                                  .ctx = host,
                                  .mem = s->mem,
                                  .log_level = s->options.log_level,
                                  .is_traced = s->options.is_traced,
                                  .host = host->address,
                                  .pid = (int)(RKMQ_SIM_PID_FIRST * (n_start + 1) + number),
                                  .shared = &host->shared};
    rkmq__list_push_back(&s->hosts, &host->link);
    return host;
}

const struct rkmq_env *rkmq__sim_host(struct rkmq_runtime *rt, const char *name)
{
    struct rkmq_sim *s = (struct rkmq_sim *)rt;
    struct sim_host *host = host_named(s, name);
    if (host && !host->is_crashed) {
        return &host->env;
    }
    RKMQ_ASSERT(s->n_addresses < RKMQ_SIM_HOSTS_MAX);
    unsigned number = host ? host->number : s->n_addresses + 1;
    host = host_start(s, name, number, host ? host->n_start + 1 : 0);
    if (!host) {
        return NULL;
    }
    if (number > s->n_addresses) {
        s->n_addresses = number;
    }
    rkmq__sim_note(s, host, SIM_NOTE_HOST, 0, 0, host->address);
    return &host->env;
}

void rkmq_sim_crash(struct rkmq_sim *s, const char *name, bool is_reset)
{
    struct sim_host *host = host_named(s, name);
    if (!host || host->is_crashed) {
        return;
    }
    rkmq__sim_note(s, host, SIM_NOTE_CRASH, 0, 0, is_reset ? "reset" : "silent");
    host->is_crashed = true;
    host->env.is_gone = true;
    host->is_crash_reset = is_reset;
    rkmq__heap_remove_owner(&s->heap, host);
    rkmq__sim_pools_crash(host);
    rkmq__sim_listeners_free(host);
    rkmq__sim_conns_crash(host, is_reset);
}

/* ---- inspection ---- */

static size_t list_length(const struct rkmq_list *head)
{
    size_t n = 0;
    RKMQ_LIST_EACH (it, head) {
        n++;
    }
    return n;
}

static size_t open_ends(const struct rkmq_sim *s, const struct sim_host *host)
{
    size_t n = 0;
    RKMQ_LIST_EACH (it, &s->conns) {
        const struct sim_conn *conn = RKMQ_CONTAINER_OF(it, struct sim_conn, link);
        for (size_t i = 0; i < RKMQ_COUNT_OF(conn->ends); i++) {
            n += conn->ends[i].sock.host == host && conn->ends[i].state != SIM_END_CLOSED;
        }
    }
    return n;
}

void rkmq_sim_host_left(const struct rkmq_sim *s, const char *name, struct rkmq_sim_left *out)
{
    const struct sim_host *host = host_named(s, name);
    *out = (struct rkmq_sim_left){0};
    if (host && !host->is_crashed) {
        out->connections = open_ends(s, host);
        out->listeners = list_length(&host->listeners);
        out->timers = rkmq__heap_owned(&s->heap, host);
        out->pools = list_length(&host->pools);
    }
}

void rkmq__sim_hosts_free(struct rkmq_sim *s)
{
    struct rkmq_list *link;
    while ((link = rkmq__list_pop_front(&s->hosts))) {
        struct sim_host *host = RKMQ_CONTAINER_OF(link, struct sim_host, link);
        rkmq__sim_pools_free(host);
        rkmq__sim_listeners_free(host);
        rkmq__free(s->mem, host->name);
        rkmq__free(s->mem, host);
    }
}
