/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mutants/verdicts.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/scenario_files.h"
#include "runner/breach.h"
#include "runner/reports/kinds.h"

static void put_name(struct rkmq_bytes *out, struct rkmq_slice name)
{
    rkmq__bytes_printf(out, "%s\"%.*s\"", out->n > 0 ? "," : "", RKMQ_SLICE_ARG(name));
}

static void put_expects(const struct rkmq_world *w, const struct rkmq_run_result *result,
                        struct rkmq_bytes *by, struct rkmq_bytes *soft)
{
    const struct rkmq_scenario *sc = w->sc;
    for (size_t i = 0; i < sc->n_expects; i++) {
        const struct rkmq_expect_result *e = &result->expects[i];
        struct rkmq_slice name = rkmq__scenario_word(sc, sc->expects[i].id);
        if (e->verdict == RKMQ_FAIL) {
            put_name(by, name);
        } else if (e->verdict == RKMQ_NON_STRICT) {
            put_name(soft, name);
        }
    }
}

static void put_checks(const struct rkmq_run_result *result, struct rkmq_bytes *by,
                       struct rkmq_bytes *soft)
{
    const struct rkmq_check_result *checks = &result->checks;
    char name[RKMQ_CHECK_NAME_BYTES];
    for (int id = 0; id < RKMQ_CHECK_COUNT; id++) {
        enum rkmq_verdict verdict = checks->verdict[id];
        if (verdict == RKMQ_FAIL || verdict == RKMQ_NON_STRICT) {
            put_name(verdict == RKMQ_FAIL ? by : soft,
                     rkmq__report_check_name((enum rkmq_check_id)id, name));
        }
    }
}

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct rkmq_bytes by, soft;
    struct rkmq_breach first;
    bool *is_failed = user;
    rkmq__bytes_init(&by, rkmq_mem_heap());
    rkmq__bytes_init(&soft, rkmq_mem_heap());
    if (result->failure[0]) {
        put_name(&by, rkmq__slice_of(RKMQ_BREACH_SCRIPT));
    }
    put_expects(w, result, &by, &soft);
    put_checks(result, &by, &soft);
    bool is_breached = rkmq__breach_first(w, result, &first);
    const char *outcome = result->is_harness_failure ? "harness"
                          : by.n > 0                 ? "FAIL"
                                                     : rkmq__verdict_name(result->verdict);
    printf("{\"scenario\":\"%.*s\",\"outcome\":\"%s\",\"by\":[%.*s],\"first\":\"%s\",\"at\":%.6f,"
           "\"soft\":[%.*s],\"events\":%zu,\"hash\":\"%016llx\"}\n",
           RKMQ_SLICE_ARG(w->sc->name), outcome, (int)by.n, (const char *)by.p, first.name,
           is_breached ? (double)first.at / 1e6 : 0, (int)soft.n, (const char *)soft.p,
           result->n_events, (unsigned long long)result->log_hash);
    *is_failed = *is_failed || by.is_failed || soft.is_failed || result->is_harness_failure;
    rkmq__bytes_close(&by);
    rkmq__bytes_close(&soft);
}

struct play {
    bool is_twice, is_failed;
};

static void on_file(void *user, const char *path, struct rkmq_slice text)
{
    struct play *play = user;
    struct rkmq_scenario_source source = {.file = path, .text = text};
    struct rkmq_scenario *sc = NULL;
    struct rkmq_bytes mistakes;
    rkmq__bytes_init(&mistakes, rkmq_mem_heap());
    int status = rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &mistakes);
    if (status != RKMQ_OK) {
        (void)cli_error(path, "%s\n%.*s", rkmq_status_text(status), (int)mistakes.n,
                        (const char *)mistakes.p);
        play->is_failed = true;
    } else if (sc->grounds & RKMQ_GROUND_SIM) {
        struct rkmq_run_options o = {.ground = RKMQ_GROUND_SIM,
                                     .seed = sc->seed,
                                     .is_twice = play->is_twice,
                                     .log_level = RKMQ_LOG_ERROR};
        struct rkmq_run_result result = {0};
        struct rkmq_err err = {0};
        if (rkmq__run(&result, sc, &o, rkmq_mem_heap(), on_log, &play->is_failed, &err) !=
            RKMQ_OK) {
            (void)cli_error(path, "%s", err.text);
            play->is_failed = true;
        }
        rkmq__run_result_close(&result);
    }
    rkmq__bytes_close(&mistakes);
    rkmq__scenario_destroy(sc);
}

int verdicts(int n_paths, char **paths, bool is_twice)
{
    struct play play = {.is_twice = is_twice};
    for (int i = 0; i < n_paths; i++) {
        if (cli_scenario_files(paths[i], on_file, &play) != RKMQ_OK) {
            play.is_failed = true;
        }
    }
    return fflush(stdout) == 0 && !play.is_failed ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
