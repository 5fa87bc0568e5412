/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim/world.h"

/* ---- rules ---- */

static bool name_is(const char *pattern, const char *name)
{
    return !pattern || strcmp(pattern, name) == 0;
}

/* A host's way to itself is no link: only a rule that names it at both ends touches it. */
static bool rule_fits(const struct sim_rule *rule, const char *from, const char *to)
{
    if (strcmp(from, to) == 0 && (!rule->from || !rule->to)) {
        return false;
    }
    return name_is(rule->from, from) && name_is(rule->to, to);
}

static bool is_same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void rule_free(struct rkmq_sim *s, struct sim_rule *rule)
{
    rkmq__free(s->mem, rule->from);
    rkmq__free(s->mem, rule->to);
}

static int rule_copy(struct rkmq_sim *s, struct sim_rule *out, const char *from, const char *to)
{
    out->from = from ? rkmq__text_copy(s->mem, rkmq__slice_of(from)) : NULL;
    out->to = to ? rkmq__text_copy(s->mem, rkmq__slice_of(to)) : NULL;
    if ((from && !out->from) || (to && !out->to)) {
        rule_free(s, out);
        return RKMQ_E_NOMEM;
    }
    return RKMQ_OK;
}

/* An older rule with the same names can never win again. */
static void rules_forget(struct rkmq_sim *s, const char *from, const char *to)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        if (is_same_name(s->rules[i].from, from) && is_same_name(s->rules[i].to, to)) {
            rule_free(s, &s->rules[i]);
            s->n_rules--;
            memmove(&s->rules[i], &s->rules[i + 1], (s->n_rules - i) * sizeof s->rules[0]);
            return;
        }
    }
}

void rkmq__sim_rules_free(struct rkmq_sim *s)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        rule_free(s, &s->rules[i]);
    }
    rkmq__free(s->mem, s->rules);
}

static const struct rkmq_link *flow_rule(struct sim_end *from)
{
    const struct rkmq_sim *s = from->conn->sim;
    struct sim_flow *flow = &from->out;
    if (flow->rules_version != s->rules_version) {
        flow->rules_version = s->rules_version;
        flow->rule = (struct rkmq_link){.delay_us = s->options.delay_us};
        const char *to = rkmq__sim_peer(from)->host_name;
        for (size_t i = 0; i < s->n_rules; i++) {
            if (rule_fits(&s->rules[i], from->host_name, to)) {
                flow->rule = s->rules[i].link;
            }
        }
    }
    return &flow->rule;
}

/* ---- packets ---- */

struct sim_packet *rkmq__sim_packet_create(struct rkmq_sim *s)
{
    struct sim_packet *packet = s->packets_free;
    if (packet) {
        s->packets_free = packet->next;
        *packet = (struct sim_packet){0};
        return packet;
    }
    return rkmq__zalloc(s->mem, sizeof *packet);
}

void rkmq__sim_packet_free(struct rkmq_sim *s, struct sim_packet *packet)
{
    rkmq_buf_free(packet->chain);
    packet->chain = NULL;
    if (packet->kind == SIM_DATA) { /* the others are part of their flow */
        packet->next = s->packets_free;
        s->packets_free = packet;
    }
}

static rkmq_us way_us(struct sim_end *from)
{
    const struct rkmq_link *rule = flow_rule(from);
    rkmq_us way = rule->delay_us;
    if (rule->jitter_us > 0) {
        way += (rkmq_us)rkmq__random_below(&from->conn->sim->rand_state,
                                           (uint64_t)rule->jitter_us + 1);
    }
    return way;
}

static void flow_schedule(struct sim_end *from)
{
    struct sim_flow *flow = &from->out;
    if (flow->head && !flow->is_waiting && flow->due.heap_index == 0) {
        struct rkmq_sim *s = from->conn->sim;
        rkmq__sim_event_put(s, &flow->due, flow->head->at > s->now_us ? flow->head->at : s->now_us);
    }
}

void rkmq__sim_flow_put(struct sim_end *from, struct sim_packet *packet)
{
    struct sim_flow *flow = &from->out;
    rkmq_us at = from->conn->sim->now_us + way_us(from);
    packet->next = NULL;
    packet->at = at > flow->last_at ? at : flow->last_at; /* jitter never reorders */
    flow->last_at = packet->at;
    flow->n_bytes += rkmq_buf_chain_bytes(packet->chain);
    if (flow->n_bytes > RKMQ_SIM_SEND_QUEUE_BYTES_LOW) {
        flow->is_high = true;
    }
    if (flow->head) {
        flow->tail->next = packet;
    } else {
        flow->head = packet;
    }
    flow->tail = packet;
    flow_schedule(from);
}

void rkmq__sim_flow_clear(struct sim_end *from)
{
    struct rkmq_sim *s = from->conn->sim;
    struct sim_flow *flow = &from->out;
    while (flow->head) {
        struct sim_packet *packet = flow->head;
        flow->head = packet->next;
        rkmq__sim_packet_free(s, packet);
    }
    flow->tail = NULL;
    flow->n_bytes = 0;
    flow->is_waiting = false;
    rkmq__sim_event_remove(s, &flow->due);
    rkmq__sim_event_remove(s, &flow->low);
}

static void flow_pop(struct sim_flow *flow)
{
    flow->head = flow->head->next;
    if (!flow->head) {
        flow->tail = NULL;
    }
}

/*
 * Takes up to `n` bytes off the front of a chain that has more. Without memory for the view that
 * parts a buffer in two, the whole buffer goes.
 */
static struct rkmq_buf *chain_take(struct rkmq_buf **chain, size_t n)
{
    struct rkmq_buf *taken = *chain;
    struct rkmq_buf **end = &taken;
    while (*end && (*end)->n <= n) {
        n -= (*end)->n;
        end = &(*end)->next;
    }
    struct rkmq_buf *rest = *end;
    if (rest && n > 0) {
        struct rkmq_buf *first = rkmq_buf_view(rest, 0, n);
        if (first) {
            rest->p += n;
            rest->n -= n;
            *end = first;
            *chain = rest;
            return taken;
        }
        end = &rest->next;
        rest = *end;
    }
    *end = NULL;
    *chain = rest;
    return taken;
}

/* The next delivery: a whole send, or a random piece of it. */
static struct rkmq_buf *flow_take(struct sim_end *from, const struct rkmq_link *rule)
{
    struct rkmq_sim *s = from->conn->sim;
    struct sim_flow *flow = &from->out;
    struct sim_packet *packet = flow->head;
    size_t n_all = rkmq_buf_chain_bytes(packet->chain);
    size_t n = n_all;
    if (rule->chunk_bytes_max > 0) {
        size_t n_random = 1 + (size_t)rkmq__random_below(&s->rand_state, rule->chunk_bytes_max);
        n = n_random < n_all ? n_random : n_all;
    }
    struct rkmq_buf *taken;
    if (n == n_all) {
        taken = packet->chain;
        packet->chain = NULL;
    } else {
        taken = chain_take(&packet->chain, n);
        n = rkmq_buf_chain_bytes(taken);
    }
    flow->n_bytes -= n;
    if (!packet->chain) {
        flow_pop(flow);
        rkmq__sim_packet_free(s, packet);
    }
    return taken;
}

static void flow_data(struct sim_end *from, const struct rkmq_link *rule)
{
    struct rkmq_sim *s = from->conn->sim;
    struct sim_flow *flow = &from->out;
    struct rkmq_buf *data = flow_take(from, rule);
    if (flow->is_high && flow->n_bytes < RKMQ_SIM_SEND_QUEUE_BYTES_LOW &&
        from->state == SIM_END_OPEN) {
        flow->is_high = false;
        rkmq__sim_event_put(s, &flow->low, s->now_us);
    }
    if (rule->resets_per_million > 0 &&
        rkmq__random_below(&s->rand_state, 1000000) < rule->resets_per_million) {
        rkmq_buf_free(data);
        rkmq__sim_break(rkmq__sim_peer(from), "Connection reset by peer");
        return;
    }
    rkmq__sim_arrive(rkmq__sim_peer(from), SIM_DATA, data);
}

static void on_due(struct sim_event *e)
{
    struct sim_end *from = RKMQ_CONTAINER_OF(e, struct sim_end, out.due);
    struct sim_flow *flow = &from->out;
    const struct rkmq_link *rule = flow_rule(from);
    if (rule->is_cut) {
        flow->is_waiting = true;
        return;
    }
    RKMQ_ASSERT(flow->head);
    if (flow->head->kind == SIM_DATA) {
        flow_data(from, rule);
    } else {
        enum sim_packet_kind kind = flow->head->kind;
        flow_pop(flow);
        rkmq__sim_arrive(rkmq__sim_peer(from), kind, NULL);
    }
    flow_schedule(from);
    rkmq__sim_conn_settle(from->conn);
}

static void on_low(struct sim_event *e)
{
    rkmq__sim_drained(RKMQ_CONTAINER_OF(e, struct sim_end, out.low));
}

void rkmq__sim_flow_init(struct sim_end *end)
{
    end->out.due.fire = on_due;
    end->out.low.fire = on_low;
}

/* ---- changing a rule ---- */

static void flow_heal(struct sim_end *from)
{
    struct sim_flow *flow = &from->out;
    if (!flow->is_waiting || flow_rule(from)->is_cut) {
        return;
    }
    flow->is_waiting = false;
    flow->head->at = from->conn->sim->now_us + way_us(from);
    if (flow->last_at < flow->head->at) {
        flow->last_at = flow->head->at;
    }
    flow_schedule(from);
}

int rkmq_sim_link(struct rkmq_sim *s, const char *from, const char *to, const struct rkmq_link *l)
{
    RKMQ_ASSERT(l->delay_us >= 0);
    RKMQ_ASSERT(l->jitter_us >= 0);
    if (s->n_rules == s->n_rules_max) {
        RKMQ_ASSERT(s->n_rules < RKMQ_SIM_RULES_MAX);
        size_t n_max = s->n_rules_max ? 2 * s->n_rules_max : 8;
        struct sim_rule *more = rkmq__realloc(s->mem, s->rules, n_max * sizeof *more);
        if (!more) {
            return RKMQ_E_NOMEM;
        }
        s->rules = more;
        s->n_rules_max = n_max;
    }
    struct sim_rule rule = {.link = *l};
    if (rule_copy(s, &rule, from, to) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    rules_forget(s, from, to);
    s->rules[s->n_rules++] = rule;
    s->rules_version++;
    rkmq__sim_note(s, NULL, SIM_NOTE_LINK, 0, 0, l->is_cut ? "cut" : "open");
    RKMQ_LIST_EACH (it, &s->conns) {
        struct sim_conn *conn = RKMQ_CONTAINER_OF(it, struct sim_conn, link);
        flow_heal(&conn->ends[0]);
        flow_heal(&conn->ends[1]);
    }
    return RKMQ_OK;
}
