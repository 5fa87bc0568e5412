/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/run.h"

/* FAIL outweighs UNKNOWN, which outweighs NON_STRICT, which outweighs PASS. */
static enum rkmq_verdict worse(enum rkmq_verdict a, enum rkmq_verdict b)
{
    static const int weights[] = {
        [RKMQ_PASS] = 0, [RKMQ_NON_STRICT] = 1, [RKMQ_UNKNOWN] = 2, [RKMQ_FAIL] = 3};
    return weights[a] >= weights[b] ? a : b;
}

/* What was not seen is no verdict of one run: a sweep asks whether any run saw it. What would only
 * be unkind, and cannot be judged of this client, says nothing against it. */
static enum rkmq_verdict expects_verdict(const struct rkmq_scenario *sc,
                                         const struct rkmq_run_result *result,
                                         enum rkmq_ground ground)
{
    enum rkmq_verdict verdict = RKMQ_PASS;
    for (size_t i = 0; i < sc->n_expects; i++) {
        const struct rkmq_expect *e = &sc->expects[i];
        bool counts = e->kind != RKMQ_EXPECT_SOMETIMES && (e->grounds & ground) != 0 &&
                      !(result->expects[i].is_untold && e->level != RKMQ_LEVEL_MUST);
        if (counts) {
            verdict = worse(verdict, result->expects[i].verdict);
        }
    }
    return verdict;
}

/* A rule that had nothing to judge says nothing against the client. */
static enum rkmq_verdict checks_verdict(const struct rkmq_run_result *result)
{
    enum rkmq_verdict verdict = RKMQ_PASS;
    for (size_t i = 0; i < RKMQ_CHECK_COUNT; i++) {
        if (result->checks.verdict[i] != RKMQ_UNKNOWN) {
            verdict = worse(verdict, result->checks.verdict[i]);
        }
    }
    return verdict;
}

/* ---- what the script knows for the checks ---- */

#define OVERLAP_MAX_MS 22000 /* a rebalance every 20 s, and the pass itself */
#define SLACK_MS 1000

static void setting(int64_t value, int64_t unit, rkmq_ms *out)
{
    *out = value == RKMQ_UNSET ? *out : value / unit;
}

/* "%RETRY%group" */
static bool is_retry_of(const struct rkmq_scenario *sc, const struct rkmq_scenario_topic *topic,
                        int32_t group)
{
    static const struct rkmq_slice prefix = {(const uint8_t *)"%RETRY%", 7};
    struct rkmq_slice name = rkmq__scenario_word(sc, topic->name);
    return topic->is_retry && rkmq__slice_equal(rkmq__slice(name.p + prefix.n, name.n - prefix.n),
                                                rkmq__scenario_word(sc, sc->groups[group]));
}

/* What it subscribes to, and the retry topic of its group. */
static int topics_fill(struct rkmq_check_client *client, struct rkmq_world *w,
                       const struct rkmq_actor *spec)
{
    const struct rkmq_scenario *sc = w->sc;
    rkmq_name *topics = rkmq__arena_zalloc(&w->arena, (spec->n_subscriptions + 1) * sizeof *topics);
    if (!topics) {
        return RKMQ_E_NOMEM;
    }
    for (size_t i = 0; i < spec->n_subscriptions; i++) {
        topics[client->n_topics++] = w->of_word[sc->topics[spec->subscriptions[i].topic].name];
    }
    for (size_t i = 0; i < sc->n_topics; i++) {
        if (is_retry_of(sc, &sc->topics[i], spec->group)) {
            topics[client->n_topics++] = w->of_word[sc->topics[i].name];
            break;
        }
    }
    client->topics = topics;
    return RKMQ_OK;
}

static struct rkmq_check_client client_of(const struct rkmq_run_actor *actor)
{
    const struct rkmq_actor_settings *s = &actor->spec->settings;
    struct rkmq_check_client client = rkmq__check_client_default;
    client.who = actor->who;
    client.allot =
        s->allocate == RKMQ_ACTOR_BY_CIRCLE ? RKMQ_ALLOT_BY_CIRCLE : RKMQ_ALLOT_AVERAGELY;
    setting(s->heartbeat, 1000, &client.heartbeat_ms);
    setting(s->persist, 1000, &client.persist_ms);
    setting(s->route_poll, 1000, &client.route_poll_ms);
    setting(s->api_timeout, 1000, &client.api_timeout_ms);
    setting(s->await_termination, 1000, &client.await_termination_ms);
    setting(s->pull_interval, 1000, &client.pull_interval_ms);
    client.threshold_count =
        s->threshold_count == RKMQ_UNSET ? client.threshold_count : (int)s->threshold_count;
    client.span = s->span == RKMQ_UNSET ? client.span : (int)s->span;
    client.has_small_bytes = s->threshold_mib != RKMQ_UNSET;
    client.is_patient = actor->testee != NULL || s->profile == RKMQ_ACTOR_JAVA_5_3;
    return client;
}

static int params_fill(struct rkmq_check_params *params, struct rkmq_world *w)
{
    const struct rkmq_scenario *sc = w->sc;
    const struct rkmq_moments *moments = &sc->checks.regress_allowed_at;
    rkmq_us *allowed = rkmq__arena_zalloc(&w->arena, (moments->n + 1) * sizeof *allowed);
    struct rkmq_check_client *clients =
        rkmq__arena_zalloc(&w->arena, (sc->n_actors + 1) * sizeof *clients);
    if (!allowed || !clients) {
        return RKMQ_E_NOMEM;
    }
    *params = (struct rkmq_check_params){.overlap_max_ms = OVERLAP_MAX_MS,
                                         .slack_ms = SLACK_MS,
                                         .pull_batch = 32, /* what a broker gives at most */
                                         .clients = clients,
                                         .n_clients = sc->n_actors,
                                         .regress_allowed_at = allowed};
    if (sc->checks.overlap_max != RKMQ_UNSET) {
        params->overlap_max_ms = sc->checks.overlap_max / 1000;
    }
    if (sc->checks.slack != RKMQ_UNSET) {
        params->slack_ms = sc->checks.slack / 1000;
    }
    for (size_t i = 0; i < sc->n_actors; i++) {
        clients[i] = client_of(&w->actors[i]);
        if (sc->actors[i].kind == RKMQ_ACTOR_PUSH &&
            topics_fill(&clients[i], w, &sc->actors[i]) != RKMQ_OK) {
            return RKMQ_E_NOMEM;
        }
    }
    for (size_t i = 0; i < moments->n; i++) {
        rkmq_us at = rkmq__moment_time(&w->moments, &moments->at[i], -1);
        if (at >= 0) {
            allowed[params->n_regress_allowed_at++] = at;
        }
    }
    for (size_t i = 0; i < RKMQ_CHECK_COUNT; i++) {
        params->excepted[i] = sc->checks.except[i].n > 0;
    }
    return RKMQ_OK;
}

/* The same once more. The first world stays as it is, so that nothing of it can be found again. */
static int judge_again(struct rkmq_run_result *result, const struct rkmq_world *w,
                       const struct rkmq_check_params *params, struct rkmq_err *err)
{
    struct rkmq_world again;
    int status = rkmq__world_open(&again, w->sc, &w->o, w->mem, err);
    if (status != RKMQ_OK) {
        return status;
    }
    rkmq__world_play(&again);
    status =
        rkmq__checks_same(w->recorder.log, again.recorder.log, params, w->mem, &result->checks);
    rkmq__world_close(&again);
    return status;
}

static int judge(struct rkmq_run_result *result, struct rkmq_world *w, struct rkmq_err *err)
{
    const struct rkmq_scenario *sc = w->sc;
    struct rkmq_check_params params;
    result->n_events = rkmq__event_log_count(w->recorder.log);
    result->log_hash = rkmq__event_log_hash(w->recorder.log);
    result->ended_at = w->ended_us;
    result->is_harness_failure = w->is_harness_failure;
    memcpy(result->failure, w->failure, sizeof result->failure);
    result->expects = rkmq__zalloc(w->mem, (sc->n_expects + 1) * sizeof *result->expects);
    if (!result->expects) {
        return RKMQ_E_NOMEM;
    }
    const struct rkmq_expect_source source = {.ground = w->o.ground, .has_hooks = !w->o.client};
    int status =
        rkmq__expects_judge(sc, w->recorder.log, w->of_word, &source, w->mem, result->expects);
    if (status == RKMQ_OK) {
        status = params_fill(&params, w);
    }
    if (status == RKMQ_OK) {
        status = rkmq__checks_run(w->recorder.log, &params, w->mem, &result->checks);
    }
    if (status == RKMQ_OK && w->o.is_twice) {
        status = judge_again(result, w, &params, err);
    }
    if (status == RKMQ_OK) {
        result->verdict = worse(expects_verdict(sc, result, w->o.ground), checks_verdict(result));
        result->verdict = worse(result->verdict, result->failure[0] ? RKMQ_FAIL : RKMQ_PASS);
    }
    return status;
}

static bool needs_hooks(const struct rkmq_step *step, char why[RKMQ_RUN_WHY_BYTES])
{
    if (step->trigger != RKMQ_TRIGGER_WHEN || step->when.is_state ||
        !rkmq__event_kind_needs_hooks(step->when.event.kind)) {
        return false;
    }
    (void)snprintf(why, RKMQ_RUN_WHY_BYTES, "line %u waits for %s, which only our own client tells",
                   step->line, rkmq__event_kind_name(step->when.event.kind));
    return true;
}

/* Who lives in this process cannot fall silent on TCP: the system would go on for it. */
static bool silences_one_of_us(const struct rkmq_scenario *sc, const struct rkmq_step *step,
                               bool is_foreign, char why[RKMQ_RUN_WHY_BYTES])
{
    for (size_t i = 0; i < step->n_actions; i++) {
        const struct rkmq_action *action = &step->actions[i];
        if (action->kind == RKMQ_ACTION_CRASH && action->crash.how == RKMQ_CRASH_SILENT &&
            !(is_foreign && sc->actors[action->crash.who].kind == RKMQ_ACTOR_PUSH)) {
            (void)snprintf(why, RKMQ_RUN_WHY_BYTES,
                           "line %u: on TCP only a testee can fall silent (--client)",
                           action->line);
            return true;
        }
    }
    return false;
}

bool rkmq__run_is_possible(const struct rkmq_scenario *sc, enum rkmq_ground ground, bool is_foreign,
                           char why[RKMQ_RUN_WHY_BYTES])
{
    for (size_t i = 0; i < sc->n_steps; i++) {
        const struct rkmq_step *step = &sc->steps[i];
        if ((is_foreign && needs_hooks(step, why)) ||
            (ground == RKMQ_GROUND_TCP && silences_one_of_us(sc, step, is_foreign, why))) {
            return false;
        }
    }
    return true;
}

int rkmq__run(struct rkmq_run_result *result, const struct rkmq_scenario *sc,
              const struct rkmq_run_options *o, const struct rkmq_mem *mem, rkmq_run_log_fn *on_log,
              void *user, struct rkmq_err *err)
{
    struct rkmq_world w;
    *result = (struct rkmq_run_result){.verdict = RKMQ_UNKNOWN, .mem = mem};
    int status = rkmq__world_open(&w, sc, o, mem, err);
    if (status != RKMQ_OK) {
        return status;
    }
    rkmq__world_play(&w);
    status = judge(result, &w, err);
    if (status == RKMQ_E_NOMEM) {
        (void)rkmq__err_set(err, status, "%s", rkmq_status_text(status));
    } else if (status == RKMQ_OK && on_log) {
        on_log(user, &w, result);
    }
    rkmq__world_close(&w);
    return status;
}

void rkmq__run_result_close(struct rkmq_run_result *result)
{
    if (result->mem) {
        rkmq__check_result_close(&result->checks, result->mem);
        rkmq__free(result->mem, result->expects);
        result->expects = NULL;
    }
}
