/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explore_seed.h"

#include "cli/cli.h"
#include "cli/clock.h"
#include "runner/shrink/shrink.h"

#define SHRINK_ASKS_MAX 600
#define SHRINK_S_MAX 60

/* ---- one run ---- */

struct run {
    const char *wanted; /* rule; NULL: whichever is first */
    bool is_wanted, is_breached;
    struct rkmq_breach first;
};

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct run *run = user;
    run->is_breached = rkmq__breach_first(w, result, &run->first);
    run->is_wanted = run->wanted && rkmq__breach_is(w, result, run->wanted);
}

/* Errors: the harness's; `err` says what. */
static int play(struct run *run, struct rkmq_run_result *result, struct rkmq_slice text,
                enum rkmq_log_level log_level, struct rkmq_err *err)
{
    struct rkmq_scenario_source source = {.file = "explore", .text = text};
    struct rkmq_scenario *sc;
    struct rkmq_bytes report;
    *result = (struct rkmq_run_result){0};
    rkmq__bytes_init(&report, rkmq_mem_heap());
    int status = rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &report);
    rkmq__bytes_close(&report);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "%s", rkmq_status_text(status));
    }
    bool is_silent = log_level <= RKMQ_LOG_WARN;
    struct rkmq_run_options o = {.ground = RKMQ_GROUND_SIM,
                                 .seed = sc->seed,
                                 .log_level = log_level,
                                 .log = is_silent ? NULL : cli_log};
    status = rkmq__run(result, sc, &o, rkmq_mem_heap(), on_log, run, err);
    rkmq__scenario_destroy(sc);
    return status;
}

/* ---- smaller ---- */

struct shrinking {
    const char *rule;
    int64_t begun_us;
};

static bool fails(void *user, struct rkmq_slice text)
{
    const struct shrinking *shrinking = user;
    struct run run = {.wanted = shrinking->rule};
    struct rkmq_run_result result;
    struct rkmq_err err;
    bool is_played = play(&run, &result, text, RKMQ_LOG_ERROR, &err) == RKMQ_OK;
    bool is_same = is_played && !result.is_harness_failure && run.is_wanted;
    rkmq__run_result_close(&result);
    return is_same;
}

static bool is_late(void *user)
{
    const struct shrinking *shrinking = user;
    return cli_clock_us() - shrinking->begun_us >= (int64_t)SHRINK_S_MAX * CLI_SECOND_US;
}

static void comment_write(const struct cli_explored *explored, struct rkmq_bytes *out)
{
    rkmq__bytes_printf(out, "// Seed %llu of rkmq explore, made smaller: it fails by %s.\n// ",
                       (unsigned long long)explored->facts.seed, explored->facts.rule);
    for (size_t i = 0; i < explored->text.n; i++) {
        bool is_break = explored->text.p[i] == '\n';
        rkmq__bytes_add(out, is_break ? " " : (const char *)&explored->text.p[i], 1);
    }
    rkmq__bytes_add_text(out, "\n");
}

static void make_smaller(struct cli_explored *explored, struct rkmq_slice text)
{
    static const char *const kept[] = {RKMQ_EXPLORE_STAY, RKMQ_EXPLORE_CALM, NULL};
    struct shrinking shrinking = {.rule = explored->facts.rule};
    const struct rkmq_shrink_options o = {.asks_max = SHRINK_ASKS_MAX,
                                          .kept_steps = kept,
                                          .quiet_until = RKMQ_EXPLORE_QUIET_MS * 1000,
                                          .fails = fails,
                                          .is_enough = is_late,
                                          .user = &shrinking};
    struct rkmq_shrink_result result;
    struct rkmq_err err = {0};
    shrinking.begun_us = cli_clock_us();
    comment_write(explored, &explored->scenario);
    if (rkmq__shrink(text, &o, rkmq_mem_heap(), &explored->scenario, &result, &err) != RKMQ_OK) {
        rkmq__bytes_clear(&explored->scenario);
        rkmq__bytes_add_slice(&explored->scenario, text); /* better the whole than none */
    }
    explored->facts.is_shrunk_whole = result.is_done;
    explored->facts.n_asked = result.n_asked;
    explored->facts.n_steps_before = (unsigned)result.n_steps_before;
    explored->facts.n_steps_after = (unsigned)result.n_steps_after;
}

/* ---- a seed ---- */

static void judge(struct cli_explored *out, const struct run *run,
                  const struct rkmq_run_result *result)
{
    out->facts.log_hash = result->log_hash;
    (void)snprintf(out->facts.rule, sizeof out->facts.rule, "%s", run->first.name); /* same size */
    rkmq__bytes_add_text(&out->text, run->first.text);
    out->facts.outcome = result->is_harness_failure        ? CLI_EXPLORED_HARNESS
                         : run->is_breached                ? CLI_EXPLORED_FAILED
                         : result->verdict == RKMQ_UNKNOWN ? CLI_EXPLORED_UNKNOWN
                                                           : CLI_EXPLORED_PASSED;
}

static void explored_init(struct cli_explored *out, uint64_t seed)
{
    *out = (struct cli_explored){.facts = {.seed = seed, .outcome = CLI_EXPLORED_HARNESS}};
    rkmq__bytes_init(&out->text, rkmq_mem_heap());
    rkmq__bytes_init(&out->scenario, rkmq_mem_heap());
}

void cli_explore_seed(struct cli_explored *out, uint64_t seed, enum rkmq_log_level log_level)
{
    struct rkmq_bytes text;
    struct rkmq_run_result result = {0};
    struct run run = {.wanted = NULL};
    struct rkmq_err err = {0};
    explored_init(out, seed);
    rkmq__bytes_init(&text, rkmq_mem_heap());
    int status = rkmq__explore_write(seed, rkmq_mem_heap(), &text, &err);
    if (status == RKMQ_OK) {
        status = play(&run, &result, rkmq__bytes_slice(&text), log_level, &err);
    }
    if (status == RKMQ_OK) {
        judge(out, &run, &result);
    } else {
        rkmq__bytes_add_text(&out->text, err.text);
    }
    rkmq__run_result_close(&result);
    if (out->facts.outcome == CLI_EXPLORED_FAILED) {
        make_smaller(out, rkmq__bytes_slice(&text));
    }
    rkmq__bytes_close(&text);
}

void cli_explored_dead(struct cli_explored *out, uint64_t seed, const char *death)
{
    explored_init(out, seed);
    rkmq__bytes_printf(&out->text, "the worker %s", death);
}

void cli_explored_close(struct cli_explored *explored)
{
    rkmq__bytes_close(&explored->text);
    rkmq__bytes_close(&explored->scenario);
}

/* ---- over a pipe: the facts, the length of the text, the text, the scenario ---- */

void cli_explored_write(const struct cli_explored *explored, struct rkmq_bytes *out)
{
    size_t n = explored->text.n;
    rkmq__bytes_add(out, &explored->facts, sizeof explored->facts);
    rkmq__bytes_add(out, &n, sizeof n);
    rkmq__bytes_add_slice(out, rkmq__bytes_slice(&explored->text));
    rkmq__bytes_add_slice(out, rkmq__bytes_slice(&explored->scenario));
}

int cli_explored_read(struct cli_explored *out, struct rkmq_slice bytes)
{
    const size_t n_head = sizeof out->facts + sizeof(size_t);
    size_t n;
    if (bytes.n < n_head) {
        return RKMQ_E_PROTOCOL;
    }
    explored_init(out, 0);
    memcpy(&out->facts, bytes.p, sizeof out->facts);
    memcpy(&n, bytes.p + sizeof out->facts, sizeof n);
    RKMQ_ASSERT(n <= bytes.n - n_head);
    rkmq__bytes_add(&out->text, bytes.p + n_head, n);
    rkmq__bytes_add(&out->scenario, bytes.p + n_head + n, bytes.n - n_head - n);
    if (out->text.is_failed || out->scenario.is_failed) {
        cli_explored_close(out);
        return RKMQ_E_NOMEM;
    }
    return RKMQ_OK;
}
