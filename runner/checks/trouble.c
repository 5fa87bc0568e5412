/* SPDX-License-Identifier: Apache-2.0 */
/* What the script has broken, between whom, and since when it is whole again. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"
#include <rkmq/mock.h>

#define AFTER_LINK_US 10000000 /* resets are seen, dials repeated */
#define AFTER_CALL_US 7000000  /* the longest timeout of a request but for a pull */
#define AFTER_DOWN_US 60000000 /* routes forget it, members look elsewhere */
#define AFTER_JOIN_US 1000000

enum trouble_kind { TROUBLE_LINK, TROUBLE_RULE, TROUBLE_FAULT, TROUBLE_SERVER, TROUBLE_MEMBER };
struct rkmq_trouble {
    enum trouble_kind kind;
    rkmq_name from, to;    /* LINK: as the row had them; RULE: from is the rule */
    rkmq_name who, server; /* between whom; 0: everybody */
    bool is_open;
    rkmq_us calm_at; /* SERVER: for those who need another one */
};

static bool is_server(const struct rkmq_view *v, rkmq_name name)
{
    return name != 0 && rkmq__map_get(&v->servers, rkmq__slice(&name, sizeof name)) != NULL;
}

/* Client and server of two ends. Between servers: whatever comes of it, everybody. */
static void ends_sort(const struct rkmq_view *v, struct rkmq_trouble *t, rkmq_name a, rkmq_name b)
{
    bool is_a = is_server(v, a), is_b = is_server(v, b);
    t->who = is_a && is_b ? 0 : is_a ? b : a;
    t->server = is_a && is_b ? 0 : is_a ? a : is_b ? b : 0;
    if (!is_a && !is_b && a == 0) {
        t->who = b;
    }
}

static struct rkmq_trouble *trouble_at(struct rkmq_view *v, enum trouble_kind kind, rkmq_name from,
                                       rkmq_name to)
{
    for (size_t i = 0; i < v->n_troubles; i++) {
        struct rkmq_trouble *t = &v->troubles[i];
        if (t->kind == kind && t->from == from && t->to == to) {
            return t;
        }
    }
    if (v->n_troubles == v->n_troubles_max) {
        size_t n_max = v->n_troubles_max ? 2 * v->n_troubles_max : 16;
        struct rkmq_trouble *grown = rkmq__realloc(v->mem, v->troubles, n_max * sizeof *grown);
        if (!grown) {
            v->is_failed = true;
            return NULL;
        }
        v->troubles = grown;
        v->n_troubles_max = n_max;
    }
    struct rkmq_trouble *fresh = &v->troubles[v->n_troubles++];
    *fresh = (struct rkmq_trouble){.kind = kind, .from = from, .to = to, .calm_at = RKMQ_NOT_YET};
    ends_sort(v, fresh, from, to);
    return fresh;
}

static void close_one(const struct rkmq_view *v, struct rkmq_trouble *t, rkmq_us after)
{
    if (t->is_open) {
        t->is_open = false;
        t->calm_at = v->now + after;
    }
}

/* ---- rows ---- */

static void apply_link(struct rkmq_view *v, const struct rkmq_event *row)
{
    v->change_epoch++;
    for (size_t i = 0; i < v->n_troubles; i++) {
        struct rkmq_trouble *t = &v->troubles[i];
        if (t->kind == TROUBLE_LINK && (row->who == 0 || row->who == t->from) &&
            (row->peer == 0 || row->peer == t->to)) {
            close_one(v, t, AFTER_LINK_US);
        }
    }
    if (row->status != RKMQ_LINK_AS_GIVEN) {
        struct rkmq_trouble *t = trouble_at(v, TROUBLE_LINK, row->who, row->peer);
        if (t) {
            t->is_open = true;
        }
    } else if (row->who == 0 && row->peer == 0 && row->offset >= 0) {
        v->round_trip_us = 2 * (row->offset + row->offset2);
    }
}

static const struct rkmq_event *rule_of(const struct rkmq_view *v, const struct rkmq_event *row)
{
    return rkmq__map_get(&v->rules, rkmq__slice(&row->text, sizeof row->text));
}

int32_t rkmq__trouble_effect(const struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_event *rule = rule_of(v, row);
    return rule ? rule->status : RKMQ_FAULT_DROP;
}

static void apply_fault(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_event *rule = rule_of(v, row);
    int32_t effect = rkmq__trouble_effect(v, row);
    rkmq_us lasts =
        row->code == RKMQ_REQ_PULL_MESSAGE ? RKMQ_PULL_GIVEN_UP_US + RKMQ_TICK_US : AFTER_CALL_US;
    if (effect == RKMQ_FAULT_OBSERVE) {
        return;
    }
    v->change_epoch++;
    if (effect == RKMQ_FAULT_DELAY && rule && rule->offset > 0) {
        lasts += rule->offset;
    }
    struct rkmq_trouble *t = trouble_at(v, TROUBLE_FAULT, row->who, row->peer);
    if (t && v->now + lasts > t->calm_at) {
        t->calm_at = v->now + lasts;
    }
    if (effect == RKMQ_FAULT_HOLD) {
        t = trouble_at(v, TROUBLE_RULE, row->text, 0);
        if (t) {
            ends_sort(v, t, row->who, row->peer);
            t->is_open = true;
        }
    }
}

static void apply_server(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_slice key = rkmq__slice(&row->who, sizeof row->who);
    bool is_known = rkmq__map_get(&v->servers, key) != NULL;
    if (!is_known) {
        (void)rkmq__view_server_put(v, row->who); /* else memory is out, which the view knows */
    }
    if (!is_known && row->kind == RKMQ_EV_SERVER_UP) {
        return; /* as the run begins */
    }
    struct rkmq_trouble *t = trouble_at(v, TROUBLE_SERVER, 0, row->who);
    if (t && row->kind == RKMQ_EV_SERVER_DOWN) {
        t->is_open = true;
        t->calm_at = v->now + AFTER_DOWN_US;
    } else if (t) {
        close_one(v, t, AFTER_LINK_US);
    }
}

/* A broker forgot a member that runs: until it has told itself again it is refused. */
static void apply_registration(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_view_member *member = rkmq__view_member_known(v, row->who);
    struct rkmq_trouble *t =
        member && member->is_running ? trouble_at(v, TROUBLE_MEMBER, row->who, row->broker) : NULL;
    if (t && row->kind == RKMQ_EV_MEMBER_EXPIRE) {
        t->is_open = true;
    } else if (t) {
        close_one(v, t, AFTER_JOIN_US);
    }
}

static void close_all(struct rkmq_view *v, enum trouble_kind kind, rkmq_name from, rkmq_us after)
{
    for (size_t i = 0; i < v->n_troubles; i++) {
        if (v->troubles[i].kind == kind && (from == 0 || v->troubles[i].from == from)) {
            close_one(v, &v->troubles[i], after);
        }
    }
}

static void apply_rule(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_slice key = rkmq__slice(&row->text, sizeof row->text);
    if (row->kind == RKMQ_EV_FAULT_OFF) {
        close_all(v, TROUBLE_RULE, row->text, AFTER_LINK_US);
    } else if (rkmq__map_put(&v->rules, key, (void *)(uintptr_t)row) != RKMQ_OK) {
        v->is_failed = true;
    }
}

void rkmq__trouble_apply(struct rkmq_view *v, const struct rkmq_event *row)
{
    switch (row->kind) {
    case RKMQ_EV_LINK:
        apply_link(v, row);
        break;
    case RKMQ_EV_FAULT:
        apply_fault(v, row);
        break;
    case RKMQ_EV_FAULT_ON:
    case RKMQ_EV_FAULT_OFF:
        apply_rule(v, row);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_SERVER_DOWN:
        apply_server(v, row);
        break;
    case RKMQ_EV_MEMBER_EXPIRE:
    case RKMQ_EV_MEMBER_JOIN:
        apply_registration(v, row);
        break;
    case RKMQ_EV_ACTOR_START:
    case RKMQ_EV_ACTOR_STOPPED:
    case RKMQ_EV_ACTOR_CRASH:
        close_all(v, TROUBLE_MEMBER, row->who, 0);
        break;
    case RKMQ_EV_HEALED:
        close_all(v, TROUBLE_LINK, 0, AFTER_LINK_US);
        close_all(v, TROUBLE_RULE, 0, AFTER_LINK_US);
        break;
    default:
        break;
    }
}

void rkmq__trouble_close(struct rkmq_view *v)
{
    rkmq__free(v->mem, v->troubles);
    v->troubles = NULL;
}

/* ---- questions ---- */

static bool touches(const struct rkmq_trouble *t, rkmq_name who, rkmq_name server)
{
    return (t->who == 0 || who == 0 || t->who == who) &&
           (t->server == 0 || server == 0 || t->server == server);
}

rkmq_us rkmq__calm_since(const struct rkmq_view *v, rkmq_name who, rkmq_name server)
{
    rkmq_us since = 0;
    for (size_t i = 0; i < v->n_troubles; i++) {
        const struct rkmq_trouble *t = &v->troubles[i];
        bool is_open = t->is_open && (t->kind != TROUBLE_SERVER || server == t->server);
        if (touches(t, who, server)) {
            since = is_open || t->calm_at >= v->now ? v->now
                    : t->calm_at > since            ? t->calm_at
                                                    : since;
        }
    }
    return since;
}

bool rkmq__is_troubled(const struct rkmq_view *v, rkmq_name who, rkmq_name server)
{
    return rkmq__calm_since(v, who, server) >= v->now;
}

bool rkmq__is_overdue(const struct rkmq_view *v, rkmq_name who, rkmq_name server, rkmq_us since,
                      rkmq_us allowed)
{
    if (since == RKMQ_NOT_YET || v->now - since <= allowed) {
        return false;
    }
    return v->now - rkmq__calm_since(v, who, server) > allowed;
}
