/* SPDX-License-Identifier: Apache-2.0 */
/* One function an action; each is called on the loop thread, between events. */
#include "runner/world.h"

typedef void action_fn(struct rkmq_world *w, const struct rkmq_action *action);

static void refuse(struct rkmq_world *w, const struct rkmq_action *action, const char *what,
                   const char *why)
{
    rkmq__world_fail(w, true, "line %u: %s: %s: %s", action->line, rkmq__action_name(action->kind),
                     what, why);
}

/* ---- actors ---- */

static void do_produce(struct rkmq_world *w, const struct rkmq_action *action)
{
    struct rkmq_err err = {0};
    int status = rkmq__production_begin(w, &action->produce, &err);
    if (status != RKMQ_OK) {
        refuse(w, action, w->actors[action->produce.by].host,
               err.text[0] ? err.text : rkmq_status_text(status));
    }
}

static void do_start(struct rkmq_world *w, const struct rkmq_action *action)
{
    for (size_t i = 0; i < action->actors.n; i++) {
        struct rkmq_run_actor *actor = &w->actors[action->actors.at[i]];
        struct rkmq_err err = {0};
        int status = rkmq__actor_start(actor, &err);
        if (status != RKMQ_OK) {
            refuse(w, action, actor->host, err.text[0] ? err.text : rkmq_status_text(status));
        }
    }
}

static void do_stop(struct rkmq_world *w, const struct rkmq_action *action)
{
    for (size_t i = 0; i < action->actors.n; i++) {
        rkmq__actor_stop(&w->actors[action->actors.at[i]]);
    }
}

static void do_crash(struct rkmq_world *w, const struct rkmq_action *action)
{
    rkmq__actor_crash(&w->actors[action->crash.who], (enum rkmq_crash_how)action->crash.how);
}

static void do_pause(struct rkmq_world *w, const struct rkmq_action *action)
{
    for (size_t i = 0; i < action->actors.n; i++) {
        rkmq__actor_pause(&w->actors[action->actors.at[i]], action->kind == RKMQ_ACTION_PAUSE);
    }
}

static void do_listener(struct rkmq_world *w, const struct rkmq_action *action)
{
    atomic_store(&w->actors[action->listener.who].listener, &action->listener.listener);
}

/* ---- network ---- */

/* How the runtime calls a host of the script; NULL: all. */
static const char *host_name(const struct rkmq_world *w, int32_t host)
{
    if (host == RKMQ_ANY) {
        return NULL;
    }
    const struct rkmq_scenario_host *h = &w->sc->hosts[host];
    switch (h->kind) {
    case RKMQ_HOST_NAMESRV:
        return w->mock->namesrvs[h->index].name;
    case RKMQ_HOST_BROKER:
        return w->mock->brokers[h->index].name;
    case RKMQ_HOST_ACTOR:
        break;
    }
    return w->actors[h->index].host;
}

static struct rkmq_link base_link(const struct rkmq_world *w)
{
    const struct rkmq_sim_options defaults = RKMQ_SIM_OPTIONS_INIT;
    return (struct rkmq_link){.delay_us =
                                  w->sc->latency == RKMQ_UNSET ? defaults.delay_us : w->sc->latency,
                              .jitter_us = w->sc->jitter == RKMQ_UNSET ? 0 : w->sc->jitter};
}

static void do_net(struct rkmq_world *w, const struct rkmq_action *action)
{
    const struct rkmq_net_change *net = &action->net;
    struct rkmq_link link = base_link(w);
    const char *a = host_name(w, net->a), *b = host_name(w, net->b);
    link.is_cut = net->kind == RKMQ_NET_CUT;
    if (net->kind == RKMQ_NET_LINK) {
        link.delay_us = net->latency == RKMQ_UNSET ? link.delay_us : net->latency;
        link.jitter_us = net->jitter == RKMQ_UNSET ? link.jitter_us : net->jitter;
    }
    if (!w->sim) {
        refuse(w, action, "net", "only a simulated network can be changed");
        return;
    }
    if (rkmq_sim_link(w->sim, a, b, &link) != RKMQ_OK ||
        (!net->is_one_way && rkmq_sim_link(w->sim, b, a, &link) != RKMQ_OK)) {
        refuse(w, action, "net", "out of memory");
    }
}

/* ---- faults ---- */

/* How peers are called in fault rules: by the log's names. */
static const char *peer_name(const struct rkmq_world *w, int32_t host)
{
    if (host == RKMQ_ANY) {
        return NULL;
    }
    const struct rkmq_scenario_host *h = &w->sc->hosts[host];
    return h->kind == RKMQ_HOST_ACTOR ? w->actors[h->index].host : host_name(w, host);
}

static const char *word_text(const struct rkmq_world *w, rkmq_word word)
{
    return (const char *)rkmq__event_log_text(w->recorder.log, w->of_word[word]).p;
}

void rkmq__fault_begin(struct rkmq_world *w, const struct rkmq_fault_rule *rule, uint32_t line)
{
    struct rkmq_mock_fault fault = RKMQ_MOCK_FAULT_INIT;
    struct rkmq_err err = {0};
    char remark[256];
    (void)snprintf(remark, sizeof remark, "%.*s", RKMQ_SLICE_ARG(rule->reply_remark));
    fault.id = word_text(w, rule->id);
    fault.request_code = rule->code;
    fault.from = peer_name(w, rule->from);
    fault.to = peer_name(w, rule->to);
    fault.group = rule->group == RKMQ_ANY ? NULL : word_text(w, w->sc->groups[rule->group]);
    fault.topic = rule->topic == RKMQ_ANY ? NULL : word_text(w, w->sc->topics[rule->topic].name);
    fault.queue_id = rule->queue_id;
    fault.nth_from = (uint64_t)rule->nth_from;
    fault.nth_to = (uint64_t)rule->nth_to;
    fault.times = (uint64_t)rule->times;
    fault.per_million = (uint32_t)rule->per_million;
    fault.applied = rule->applied;
    fault.effect = rule->effect;
    fault.delay_ms = rule->delay > 0 ? rule->delay / 1000 : 0;
    fault.reply_code = rule->reply_code;
    fault.reply_remark = remark;
    fault.bytes = rule->bytes > 0 ? (size_t)rule->bytes : 1;
    int status = rkmq__faults_add(&w->mock->faults, &fault, &err);
    if (status != RKMQ_OK) {
        rkmq__world_fail(w, true, "line %u: %s", line, err.text);
    }
}

static void do_fault(struct rkmq_world *w, const struct rkmq_action *action)
{
    rkmq__fault_begin(w, &action->fault, action->line);
}

/* A rule that is over already has nothing to release. */
static void do_release(struct rkmq_world *w, const struct rkmq_action *action)
{
    const char *id = word_text(w, action->release.id);
    (void)(action->release.is_kept ? rkmq__faults_release(&w->mock->faults, id)
                                   : rkmq__faults_remove(&w->mock->faults, id));
}

/* ---- the script itself ---- */

static void do_mark(struct rkmq_world *w, const struct rkmq_action *action)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_MARK);
    row.count = (int32_t)action->mark;
    row.text = w->of_word[w->sc->marks[action->mark]];
    rkmq__recorder_add(&w->recorder, &row);
}

/* ---- the end of all trouble ---- */

void rkmq__world_heal(struct rkmq_world *w)
{
    const struct rkmq_link link = base_link(w);
    while (!rkmq__list_is_empty(&w->mock->faults.rules)) {
        const struct rkmq_mock_rule *rule =
            RKMQ_CONTAINER_OF(w->mock->faults.rules.next, struct rkmq_mock_rule, link);
        (void)rkmq__faults_remove(&w->mock->faults, rule->fault.id); /* it is there */
    }
    if (w->sim && rkmq_sim_link(w->sim, NULL, NULL, &link) != RKMQ_OK) {
        rkmq__world_fail(w, true, "out of memory");
    }
}

static void do_settle(struct rkmq_world *w, const struct rkmq_action *action)
{
    (void)action; /* the time it takes is the next step's business */
    rkmq__world_heal(w);
}

void rkmq__action_do(struct rkmq_world *w, const struct rkmq_action *action)
{
    static action_fn *const actions[RKMQ_ACTION_COUNT] = {
        [RKMQ_ACTION_PRODUCE] = do_produce,   [RKMQ_ACTION_START] = do_start,
        [RKMQ_ACTION_STOP] = do_stop,         [RKMQ_ACTION_CRASH] = do_crash,
        [RKMQ_ACTION_PAUSE] = do_pause,       [RKMQ_ACTION_RESUME] = do_pause,
        [RKMQ_ACTION_LISTENER] = do_listener, [RKMQ_ACTION_NET] = do_net,
        [RKMQ_ACTION_FAULT] = do_fault,       [RKMQ_ACTION_RELEASE] = do_release,
        [RKMQ_ACTION_MARK] = do_mark,         [RKMQ_ACTION_SETTLE] = do_settle,
    };
    if (actions[action->kind]) {
        actions[action->kind](w, action);
    } else {
        refuse(w, action, "action", "not supported on this ground");
    }
}
