/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/breach.h"
#include "runner/explore/explore.h"
#include "support/cmocka_all.h"
#include <rkmq/live.h>

#ifdef RKMQ_SANITIZED
#define SEEDS 20
#else
#define SEEDS 240
#endif
#define TWICE 4 /* of so many one is played again */

struct look {
    struct rkmq_breach breach;
    bool is_breached;
};

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct look *look = user;
    look->is_breached = rkmq__breach_first(w, result, &look->breach);
    if (look->is_breached) {
        assert_true(rkmq__breach_is(w, result, look->breach.name));
    }
}

static uint64_t play(uint64_t seed)
{
    struct rkmq_run_options o = {.ground = RKMQ_GROUND_SIM, .seed = seed};
    struct rkmq_run_result result;
    struct rkmq_scenario *sc;
    struct rkmq_bytes text, report;
    struct look look = {.is_breached = false};
    struct rkmq_err err = {0};
    rkmq__bytes_init(&text, rkmq_mem_heap());
    rkmq__bytes_init(&report, rkmq_mem_heap());
    assert_int_equal(rkmq__explore_write(seed, rkmq_mem_heap(), &text, &err), RKMQ_OK);
    struct rkmq_scenario_source source = {.file = "f", .text = rkmq__bytes_slice(&text)};
    assert_int_equal(rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &report), RKMQ_OK);
    assert_int_equal(rkmq__run(&result, sc, &o, rkmq_mem_heap(), on_log, &look, &err), RKMQ_OK);
    if (look.is_breached || result.verdict == RKMQ_UNKNOWN) {
        fail_msg("seed %llu: %s: %s", (unsigned long long)seed, look.breach.name, look.breach.text);
    }
    uint64_t hash = result.log_hash;
    rkmq__run_result_close(&result);
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&report);
    rkmq__bytes_close(&text);
    return hash;
}

static void test_survives(void **state)
{
    /* The consumer survives what seeds draw, and a seed gives the same log twice. */
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t hash = play(seed);
        assert_true(seed % TWICE != 0 || play(seed) == hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_survives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
