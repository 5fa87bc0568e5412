/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/run.h"

/* FAIL outweighs UNKNOWN, which outweighs NON_STRICT, which outweighs PASS. */
static enum rkmq_verdict worse(enum rkmq_verdict a, enum rkmq_verdict b)
{
    static const int weights[] = {
        [RKMQ_PASS] = 0, [RKMQ_NON_STRICT] = 1, [RKMQ_UNKNOWN] = 2, [RKMQ_FAIL] = 3};
    return weights[a] >= weights[b] ? a : b;
}

/* What was not seen is no verdict of one run: a sweep asks whether any run saw it. */
static enum rkmq_verdict expects_verdict(const struct rkmq_scenario *sc,
                                         const struct rkmq_run_result *result,
                                         enum rkmq_ground ground)
{
    enum rkmq_verdict verdict = RKMQ_PASS;
    for (size_t i = 0; i < sc->n_expects; i++) {
        bool counts =
            sc->expects[i].kind != RKMQ_EXPECT_SOMETIMES && (sc->expects[i].grounds & ground) != 0;
        if (counts) {
            verdict = worse(verdict, result->expects[i].verdict);
        }
    }
    return verdict;
}

static int judge(struct rkmq_run_result *result, struct rkmq_world *w)
{
    const struct rkmq_scenario *sc = w->sc;
    result->n_events = rkmq__event_log_count(w->recorder.log);
    result->log_hash = rkmq__event_log_hash(w->recorder.log);
    result->ended_at = rkmq__world_now(w);
    result->is_harness_failure = w->is_harness_failure;
    memcpy(result->failure, w->failure, sizeof result->failure);
    result->expects = rkmq__zalloc(w->mem, (sc->n_expects + 1) * sizeof *result->expects);
    if (!result->expects) {
        return RKMQ_E_NOMEM;
    }
    int status =
        rkmq__expects_judge(sc, w->recorder.log, w->of_word, w->o.ground, w->mem, result->expects);
    if (status == RKMQ_OK) {
        result->verdict = expects_verdict(sc, result, w->o.ground);
        result->verdict = worse(result->verdict, result->failure[0] ? RKMQ_FAIL : RKMQ_PASS);
    }
    return status;
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
    status = judge(result, &w);
    if (status != RKMQ_OK) {
        (void)rkmq__err_set(err, status, "%s", rkmq_status_text(status));
    } else if (on_log) {
        on_log(user, &w, result);
    }
    rkmq__world_close(&w);
    return status;
}

void rkmq__run_result_close(struct rkmq_run_result *result)
{
    if (result->mem) {
        rkmq__free(result->mem, result->expects);
        result->expects = NULL;
    }
}
