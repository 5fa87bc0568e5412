/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_print.h"

#include <stdio.h>

#define VIOLATIONS_SHOWN 5

const char *cli_verdict_name(enum rkmq_verdict verdict)
{
    static const char *const names[] = {[RKMQ_PASS] = "pass",
                                        [RKMQ_FAIL] = "FAIL",
                                        [RKMQ_NON_STRICT] = "non-strict",
                                        [RKMQ_UNKNOWN] = "unknown"};
    return names[verdict];
}

const char *cli_check_name(enum rkmq_check_id id, char out[CLI_CHECK_NAME_BYTES])
{
    (void)snprintf(out, CLI_CHECK_NAME_BYTES, "%s", rkmq__check_name(id)); /* fits */
    *strchr(out, '_') = '-';                                               /* every name has one */
    return out;
}

static void print_row(struct rkmq_bytes *out, const struct rkmq_world *w, size_t index)
{
    if (index != SIZE_MAX) {
        rkmq__bytes_add_text(out, "#       ");
        rkmq__event_write_line(w->recorder.log, rkmq__event_log_at(w->recorder.log, index), out);
        rkmq__bytes_add_text(out, "\n");
    }
}

static void print_expects(struct rkmq_bytes *out, const struct rkmq_world *w,
                          const struct rkmq_run_result *result)
{
    for (size_t i = 0; i < w->sc->n_expects; i++) {
        const struct rkmq_expect_result *e = &result->expects[i];
        struct rkmq_slice id = rkmq__scenario_word(w->sc, w->sc->expects[i].id);
        if (e->verdict != RKMQ_PASS) {
            rkmq__bytes_printf(out, "#   %s %.*s: %s\n", cli_verdict_name(e->verdict),
                               RKMQ_SLICE_ARG(id), e->text);
            print_row(out, w, e->events[0]);
        }
    }
}

static void print_checks(struct rkmq_bytes *out, const struct rkmq_world *w,
                         const struct rkmq_check_result *checks)
{
    size_t n_shown = 0;
    for (size_t i = 0; i < 2 * checks->n_kept && n_shown < VIOLATIONS_SHOWN; i++) {
        const struct rkmq_violation *v = &checks->violations[i % checks->n_kept];
        char name[CLI_CHECK_NAME_BYTES];
        if (v->is_strict != (i < checks->n_kept)) { /* strict ones first */
            continue;
        }
        n_shown++;
        rkmq__bytes_printf(out, "#   %s %s: %s\n",
                           cli_verdict_name(v->is_strict ? RKMQ_FAIL : RKMQ_NON_STRICT),
                           cli_check_name(v->check, name), v->text);
        print_row(out, w, v->events[0]);
        print_row(out, w, v->events[1]);
    }
    if (checks->n_violations > n_shown) {
        rkmq__bytes_printf(out, "#   ... and %zu violations more\n",
                           checks->n_violations - n_shown);
    }
}

void cli_run_print(struct rkmq_bytes *out, const struct rkmq_world *w,
                   const struct rkmq_run_result *result, const char *rerun)
{
    if (result->failure[0]) {
        rkmq__bytes_printf(out, "#   %s\n", result->failure);
    }
    print_expects(out, w, result);
    print_checks(out, w, &result->checks);
    if (rerun) {
        rkmq__bytes_printf(out, "#   rerun: %s\n", rerun);
    }
}
