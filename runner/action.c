/* SPDX-License-Identifier: Apache-2.0 */
/* One function an action; each is called on the loop thread, between events. */
#include "remoting/protocol/codes.h"
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
        actor->line = action->line;
        int status = rkmq__actor_start(actor, &err);
        if (status != RKMQ_OK) {
            refuse(w, action, actor->host, err.text[0] ? err.text : rkmq_status_text(status));
        }
    }
}

static void do_stop(struct rkmq_world *w, const struct rkmq_action *action)
{
    for (size_t i = 0; i < action->actors.n; i++) {
        struct rkmq_run_actor *actor = &w->actors[action->actors.at[i]];
        actor->line = action->line;
        rkmq__actor_stop(actor);
    }
}

static void do_crash(struct rkmq_world *w, const struct rkmq_action *action)
{
    struct rkmq_run_actor *actor = &w->actors[action->crash.who];
    struct rkmq_err err = {0};
    actor->line = action->line;
    if (rkmq__actor_crash(actor, (enum rkmq_crash_how)action->crash.how, &err) != RKMQ_OK) {
        refuse(w, action, actor->host, err.text);
    }
}

static void do_pause(struct rkmq_world *w, const struct rkmq_action *action)
{
    bool is_pause = action->kind == RKMQ_ACTION_PAUSE;
    for (size_t i = 0; i < action->actors.n; i++) {
        struct rkmq_run_actor *actor = &w->actors[action->actors.at[i]];
        struct rkmq_event row = rkmq__row(is_pause ? RKMQ_EV_ACTOR_PAUSE : RKMQ_EV_ACTOR_RESUME);
        row.who = actor->who;
        row.group = actor->group;
        rkmq__recorder_add(&w->recorder, &row);
        actor->line = action->line;
        rkmq__actor_pause(actor, is_pause);
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

static rkmq_name host_row_name(const struct rkmq_world *w, int32_t host)
{
    if (host == RKMQ_ANY) {
        return 0;
    }
    const struct rkmq_scenario_host *h = &w->sc->hosts[host];
    switch (h->kind) {
    case RKMQ_HOST_NAMESRV:
        return w->of_word[w->sc->namesrvs[h->index]];
    case RKMQ_HOST_BROKER:
        return w->of_word[w->sc->brokers[h->index].name];
    case RKMQ_HOST_ACTOR:
        break;
    }
    return w->actors[h->index].who;
}

static void tell_link(struct rkmq_world *w, rkmq_name from, rkmq_name to,
                      const struct rkmq_link *link)
{
    const struct rkmq_link base = base_link(w);
    bool is_base = link->delay_us == base.delay_us && link->jitter_us == base.jitter_us;
    struct rkmq_event row = rkmq__row(RKMQ_EV_LINK);
    row.who = from;
    row.peer = to;
    row.status = link->is_cut ? RKMQ_LINK_CUT : is_base ? RKMQ_LINK_AS_GIVEN : RKMQ_LINK_CHANGED;
    row.offset = link->delay_us;
    row.offset2 = link->jitter_us;
    rkmq__recorder_add(&w->recorder, &row);
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
        return;
    }
    tell_link(w, host_row_name(w, net->a), host_row_name(w, net->b), &link);
    if (!net->is_one_way && (a || b)) {
        tell_link(w, host_row_name(w, net->b), host_row_name(w, net->a), &link);
    }
}

/* ---- servers ---- */

static void tell_server(struct rkmq_world *w, rkmq_word name, bool is_up)
{
    struct rkmq_event row = rkmq__row(is_up ? RKMQ_EV_SERVER_UP : RKMQ_EV_SERVER_DOWN);
    row.who = w->of_word[name];
    rkmq__recorder_add(&w->recorder, &row);
}

/* What a restarted broker has of the groups' offsets may be older than what it was told. */
static void tell_offsets(struct rkmq_world *w, size_t broker)
{
    const struct rkmq_scenario *sc = w->sc;
    for (size_t i = 0; i < w->state.n_queues; i++) {
        const struct rkmq_run_queue *queue = &w->state.queues[i];
        for (size_t g = 0; queue->broker == (int32_t)broker && g < sc->n_groups; g++) {
            struct rkmq_event row = rkmq__row(RKMQ_EV_COMMIT);
            row.who = w->of_word[sc->brokers[broker].name];
            row.group = w->of_word[sc->groups[g]];
            row.topic = w->of_word[sc->topics[queue->topic].name];
            row.broker = row.who;
            row.queue_id = queue->queue_id;
            row.offset = rkmq__broker_committed(
                w->mock->brokers[broker].brk, rkmq__scenario_word(sc, sc->groups[g]),
                rkmq__scenario_word(sc, sc->topics[queue->topic].name), queue->queue_id);
            rkmq__recorder_commit(&w->recorder, &row);
        }
    }
}

static void do_broker(struct rkmq_world *w, const struct rkmq_action *action)
{
    static const enum rkmq_broker_keep keeps[] = {[RKMQ_KEEP_ALL] = RKMQ_BROKER_KEEP_ALL,
                                                  [RKMQ_KEEP_FLUSHED] = RKMQ_BROKER_KEEP_FLUSHED,
                                                  [RKMQ_KEEP_NONE] = RKMQ_BROKER_KEEP_NONE};
    size_t i = (size_t)action->server.server;
    struct rkmq_err err = {0};
    switch ((enum rkmq_server_do)action->server.what) {
    case RKMQ_SERVER_SHUTDOWN:
        w->keeps[i] = RKMQ_BROKER_KEEP_ALL;
        rkmq__cluster_broker_shutdown(w->mock, (unsigned)i);
        break;
    case RKMQ_SERVER_KILL:
        w->keeps[i] = keeps[action->server.keep];
        rkmq__cluster_broker_kill(w->mock, (unsigned)i);
        break;
    case RKMQ_SERVER_START:
        if (rkmq__cluster_broker_start(w->mock, (unsigned)i, w->keeps[i], &err) != RKMQ_OK) {
            refuse(w, action, "broker", err.text);
            return;
        }
        tell_offsets(w, i);
        break;
    }
    tell_server(w, w->sc->brokers[i].name, action->server.what == RKMQ_SERVER_START);
}

static void do_nameserver(struct rkmq_world *w, const struct rkmq_action *action)
{
    unsigned i = (unsigned)action->server.server;
    struct rkmq_err err = {0};
    if (action->server.what != RKMQ_SERVER_START) {
        rkmq__cluster_namesrv_stop(w->mock, i);
    } else if (rkmq__cluster_namesrv_start(w->mock, i, &err) != RKMQ_OK) {
        refuse(w, action, "nameserver", err.text);
        return;
    }
    tell_server(w, w->sc->namesrvs[i], action->server.what == RKMQ_SERVER_START);
}

static int32_t perm_bits(int perm)
{
    static const int32_t bits[] = {[RKMQ_TOPIC_RW] = RKMQ_PERM_READ | RKMQ_PERM_WRITE,
                                   [RKMQ_TOPIC_R] = RKMQ_PERM_READ,
                                   [RKMQ_TOPIC_W] = RKMQ_PERM_WRITE,
                                   [RKMQ_TOPIC_NONE] = 0};
    return perm == RKMQ_UNSET ? -1 : bits[perm];
}

static void topic_change(struct rkmq_world *w, const struct rkmq_action *action, size_t broker)
{
    struct rkmq_slice name = rkmq__scenario_word(w->sc, w->sc->topics[action->topic.topic].name);
    struct rkmq_broker *brk = w->mock->brokers[broker].brk;
    struct rkmq_event row = rkmq__row(RKMQ_EV_TOPIC);
    int status = rkmq__broker_topic_change(brk, name, (int32_t)action->topic.queues,
                                           perm_bits(action->topic.perm));
    if (status != RKMQ_OK) {
        refuse(w, action, "topic", rkmq_status_text(status));
        return;
    }
    row.topic = w->of_word[w->sc->topics[action->topic.topic].name];
    row.broker = w->of_word[w->sc->brokers[broker].name];
    row.count = rkmq__broker_topic_queues(brk, name);
    row.status = rkmq__broker_topic_perm(brk, name);
    rkmq__recorder_add(&w->recorder, &row);
}

static void do_topic(struct rkmq_world *w, const struct rkmq_action *action)
{
    struct rkmq_slice name = rkmq__scenario_word(w->sc, w->sc->topics[action->topic.topic].name);
    for (size_t i = 0; i < w->sc->n_brokers; i++) {
        bool is_meant = action->topic.broker == RKMQ_ANY
                            ? rkmq__broker_topic_queues(w->mock->brokers[i].brk, name) > 0
                            : action->topic.broker == (int32_t)i;
        if (is_meant) {
            topic_change(w, action, i);
        }
    }
}

/* ---- faults ---- */

/* A rule is in force from now on, or is not any more. */
static void tell_rule(struct rkmq_world *w, const struct rkmq_mock_fault *fault, bool is_on)
{
    struct rkmq_event row = rkmq__row(is_on ? RKMQ_EV_FAULT_ON : RKMQ_EV_FAULT_OFF);
    row.who = fault->from ? rkmq__recorder_name(&w->recorder, fault->from) : 0;
    row.peer = fault->to ? rkmq__recorder_name(&w->recorder, fault->to) : 0;
    row.code = fault->request_code;
    row.status = (int32_t)fault->effect;
    if (fault->effect == RKMQ_FAULT_DELAY) {
        row.offset = fault->delay_ms * 1000;
    }
    row.text = rkmq__recorder_name(&w->recorder, fault->id);
    rkmq__recorder_add(&w->recorder, &row);
}

static int rule_add(struct rkmq_world *w, const struct rkmq_mock_fault *fault, struct rkmq_err *err)
{
    int status = rkmq__faults_add(&w->mock->faults, fault, err);
    if (status == RKMQ_OK) {
        tell_rule(w, fault, true);
    }
    return status;
}

/* One that is over already: nothing. */
static void rule_remove(struct rkmq_world *w, const char *id)
{
    const struct rkmq_mock_fault *fault = rkmq__faults_get(&w->mock->faults, id);
    if (fault) {
        tell_rule(w, fault, false);
        (void)rkmq__faults_remove(&w->mock->faults, id); /* it is there */
    }
}

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
    if (rule_add(w, &fault, &err) != RKMQ_OK) {
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
    if (action->release.is_kept) {
        (void)rkmq__faults_release(&w->mock->faults, id);
    } else {
        rule_remove(w, id);
    }
}

/* ---- lies: where a lie is a fault of one kind of request, it is done by a rule ---- */

/* Names of the script cannot hold a blank, so these never meet one of its rules. */
static const char *lie_id(struct rkmq_world *w, const char *what, int32_t a, int32_t b)
{
    char text[64];
    (void)snprintf(text, sizeof text, "lie %s %d %d", what, (int)a, (int)b); /* fits */
    return (const char *)rkmq__event_log_text(w->recorder.log,
                                              rkmq__recorder_name(&w->recorder, text))
        .p;
}

/* An older lie about the same ends; TRUTH has no rule of its own. */
static void lie_tell(struct rkmq_world *w, const struct rkmq_action *action,
                     const struct rkmq_mock_fault *rule, bool is_truth)
{
    struct rkmq_err err = {0};
    rule_remove(w, rule->id);
    if (!is_truth && rule_add(w, rule, &err) != RKMQ_OK) {
        refuse(w, action, "lie", err.text);
    }
}

static void do_notify(struct rkmq_world *w, const struct rkmq_action *action)
{
    const struct rkmq_notify *n = &action->notify;
    struct rkmq_slice group = rkmq__scenario_word(w->sc, w->sc->groups[n->group]);
    if (n->drop != RKMQ_UNSET) {
        struct rkmq_mock_fault rule = RKMQ_MOCK_FAULT_INIT;
        rule.id = lie_id(w, "notify", n->broker, n->group);
        rule.request_code = RKMQ_REQ_NOTIFY_CONSUMER_IDS_CHANGED;
        rule.from = n->broker == RKMQ_ANY ? NULL : w->mock->brokers[n->broker].name;
        rule.group = word_text(w, w->sc->groups[n->group]);
        rule.effect = RKMQ_FAULT_DROP;
        lie_tell(w, action, &rule, n->drop == 0);
        return;
    }
    if (n->every > 0) {
        refuse(w, action, "notify", "\"every\" is not supported yet: use a step with \"every\"");
        return;
    }
    for (size_t i = 0; i < w->sc->n_brokers; i++) {
        for (int64_t k = 0; (n->broker == RKMQ_ANY || n->broker == (int32_t)i) && k < n->count;
             k++) {
            rkmq__broker_notify_group(w->mock->brokers[i].brk, group);
        }
    }
}

static void members_tell(struct rkmq_world *w, const struct rkmq_action *action, size_t broker)
{
    const struct rkmq_members_lie *lie = &action->members;
    struct rkmq_mock_fault rule = RKMQ_MOCK_FAULT_INIT;
    struct rkmq_err err = {0};
    struct rkmq_bytes body;
    rule.id = lie_id(w, "members", (int32_t)broker, lie->group);
    rule.request_code = RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP;
    rule.to = w->mock->brokers[broker].name;
    rule.group = word_text(w, w->sc->groups[lie->group]);
    rule.effect = RKMQ_FAULT_REPLY;
    rule.reply_code = lie->lie == RKMQ_LIE_ERROR ? RKMQ_RES_SYSTEM_ERROR : (int)RKMQ_RES_SUCCESS;
    rule.times = (uint64_t)lie->times;
    rkmq__bytes_init(&body, w->mem);
    if (lie->lie != RKMQ_LIE_ERROR && lie->lie != RKMQ_LIE_TRUTH &&
        rkmq__lie_members(w, lie, broker, &body, &err) != RKMQ_OK) {
        refuse(w, action, "members", err.text);
    } else {
        rule.reply_body = body.p;
        rule.reply_body_bytes = body.n;
        lie_tell(w, action, &rule, lie->lie == RKMQ_LIE_TRUTH);
    }
    rkmq__bytes_close(&body);
}

static void do_members(struct rkmq_world *w, const struct rkmq_action *action)
{
    for (size_t i = 0; i < w->sc->n_brokers; i++) {
        if (action->members.broker == RKMQ_ANY || action->members.broker == (int32_t)i) {
            members_tell(w, action, i);
        }
    }
}

static void do_route(struct rkmq_world *w, const struct rkmq_action *action)
{
    static const char nowhere[] = "{\"brokerDatas\":[],\"filterServerTable\":{},\"queueDatas\":[]}";
    const struct rkmq_route_lie *lie = &action->route;
    struct rkmq_mock_fault rule = RKMQ_MOCK_FAULT_INIT;
    rule.id = lie_id(w, "route", lie->nameserver, lie->topic);
    rule.to = lie->nameserver == RKMQ_ANY ? NULL : w->mock->namesrvs[lie->nameserver].name;
    rule.request_code = RKMQ_REQ_REGISTER_BROKER;
    switch (lie->lie) {
    case RKMQ_LIE_TRUTH:
        break;
    case RKMQ_LIE_NOT_FOUND:
        rule.request_code = RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC;
        rule.topic = lie->topic == RKMQ_ANY ? NULL : word_text(w, w->sc->topics[lie->topic].name);
        rule.effect = RKMQ_FAULT_REPLY;
        rule.reply_code = RKMQ_RES_TOPIC_NOT_EXIST;
        break;
    case RKMQ_LIE_EMPTY: /* the topic is there, and nowhere */
        rule.request_code = RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC;
        rule.topic = lie->topic == RKMQ_ANY ? NULL : word_text(w, w->sc->topics[lie->topic].name);
        rule.effect = RKMQ_FAULT_REPLY;
        rule.reply_body = nowhere;
        rule.reply_body_bytes = sizeof nowhere - 1;
        break;
    case RKMQ_LIE_LAG: /* the name server learns everything so much later */
        rule.effect = RKMQ_FAULT_DELAY;
        rule.delay_ms = lie->lag / 1000;
        break;
    case RKMQ_LIE_FREEZE:
        rule.effect = RKMQ_FAULT_HOLD;
        break;
    default:
        refuse(w, action, "route", "this lie is not supported yet");
        return;
    }
    lie_tell(w, action, &rule, lie->lie == RKMQ_LIE_TRUTH);
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
        rule_remove(w, rule->fault.id);
    }
    for (size_t i = 0; i < w->sc->n_namesrvs; i++) {
        struct rkmq_err err;
        if (rkmq__cluster_namesrv_start(w->mock, (unsigned)i, &err) != RKMQ_OK) {
            rkmq__world_fail(w, true, "%s", err.text);
        }
    }
    if (w->sim && rkmq_sim_link(w->sim, NULL, NULL, &link) != RKMQ_OK) {
        rkmq__world_fail(w, true, "out of memory");
    } else if (w->sim) {
        tell_link(w, 0, 0, &link);
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
        [RKMQ_ACTION_PRODUCE] = do_produce,
        [RKMQ_ACTION_START] = do_start,
        [RKMQ_ACTION_STOP] = do_stop,
        [RKMQ_ACTION_CRASH] = do_crash,
        [RKMQ_ACTION_PAUSE] = do_pause,
        [RKMQ_ACTION_RESUME] = do_pause,
        [RKMQ_ACTION_LISTENER] = do_listener,
        [RKMQ_ACTION_NET] = do_net,
        [RKMQ_ACTION_FAULT] = do_fault,
        [RKMQ_ACTION_RELEASE] = do_release,
        [RKMQ_ACTION_TOPIC] = do_topic,
        [RKMQ_ACTION_BROKER] = do_broker,
        [RKMQ_ACTION_NAMESERVER] = do_nameserver,
        [RKMQ_ACTION_NOTIFY] = do_notify,
        [RKMQ_ACTION_MEMBERS] = do_members,
        [RKMQ_ACTION_ROUTE] = do_route,
        [RKMQ_ACTION_MARK] = do_mark,
        [RKMQ_ACTION_SETTLE] = do_settle,
    };
    if (actions[action->kind]) {
        actions[action->kind](w, action);
    } else {
        refuse(w, action, "action", "not supported on this ground");
    }
}
