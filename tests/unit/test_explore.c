/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/explore/explore.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include <rkmq/live.h>

#define SEEDS 400
#define SEEDS_TWICE 40

static struct rkmq_bytes texts[SEEDS]; /* of each seed; drawn once, since it takes its time */

static void draw(const struct rkmq_mem *mem, uint64_t seed, struct rkmq_bytes *out)
{
    struct rkmq_err err = {0};
    if (rkmq__explore_write(seed, mem, out, &err) != RKMQ_OK) {
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    }
}

static struct rkmq_scenario *parse(const struct rkmq_mem *mem, const struct rkmq_bytes *text)
{
    struct rkmq_scenario_source source = {.file = "f", .text = rkmq__bytes_slice(text)};
    struct rkmq_scenario *sc;
    struct rkmq_bytes report;
    rkmq__bytes_init(&report, mem);
    assert_int_equal(rkmq__scenario_parse(&sc, mem, &source, &report), RKMQ_OK);
    rkmq__bytes_close(&report);
    return sc;
}

static int setup(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        rkmq__bytes_init(&texts[seed], rkmq_mem_heap());
        draw(rkmq_mem_heap(), seed, &texts[seed]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEEDS; i++) {
        rkmq__bytes_close(&texts[i]);
    }
    return 0;
}

static void test_same_seed_same_text(void **state)
{
    /* A seed says the same whenever it is asked, and no two say the same. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (uint64_t seed = 0; seed < SEEDS_TWICE; seed++) {
        struct rkmq_bytes again;
        rkmq__bytes_init(&again, &tm.mem);
        draw(&tm.mem, seed, &again);
        assert_true(rkmq__slice_equal(rkmq__bytes_slice(&again), rkmq__bytes_slice(&texts[seed])));
        rkmq__bytes_close(&again);
    }
    for (size_t i = 1; i < SEEDS; i++) {
        assert_false(
            rkmq__slice_equal(rkmq__bytes_slice(&texts[i - 1]), rkmq__bytes_slice(&texts[i])));
    }
    test_mem_assert_empty(&tm);
}

/* ---- what is drawn ---- */

struct seen {
    unsigned actions[RKMQ_ACTION_COUNT], triggers[RKMQ_TRIGGER_EVERY + 1];
    unsigned effects[RKMQ_FAULT_GARBLE + 1], crashes[RKMQ_CRASH_EXIT + 1], lies[RKMQ_LIE_LAG + 1];
    unsigned n_brokers[4], n_namesrvs[4], n_groups[3];
};

static void see_action(struct seen *seen, const struct rkmq_action *action)
{
    seen->actions[action->kind]++;
    if (action->kind == RKMQ_ACTION_FAULT) {
        seen->effects[action->fault.effect]++;
    } else if (action->kind == RKMQ_ACTION_CRASH) {
        seen->crashes[action->crash.how]++;
    } else if (action->kind == RKMQ_ACTION_MEMBERS) {
        seen->lies[action->members.lie]++;
    } else if (action->kind == RKMQ_ACTION_ROUTE) {
        seen->lies[action->route.lie]++;
    }
}

static void see(struct seen *seen, const struct rkmq_scenario *sc)
{
    seen->n_brokers[sc->n_brokers]++;
    seen->n_namesrvs[sc->n_namesrvs]++;
    seen->n_groups[sc->n_groups]++;
    for (size_t i = 0; i < sc->n_steps; i++) {
        seen->triggers[sc->steps[i].trigger]++;
        for (size_t k = 0; k < sc->steps[i].n_actions; k++) {
            see_action(seen, &sc->steps[i].actions[k]);
        }
    }
}

static void all_seen(const char *what, const unsigned *counts, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (counts[i] == 0) {
            fail_msg("no %s %zu in %d seeds", what, i, SEEDS);
        }
    }
}

static void test_draws_all(void **state)
{
    /* In a few hundred seeds there is every action, trigger, lie and size; of effects all but
     * GARBLE, which no consumer can be asked to see through. */
    struct test_mem tm;
    struct seen seen = {.actions = {0}};
    (void)state;
    test_mem_init(&tm);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct rkmq_scenario *sc = parse(&tm.mem, &texts[seed]);
        assert_int_equal(sc->seed, seed);
        see(&seen, sc);
        rkmq__scenario_destroy(sc);
    }
    all_seen("action", seen.actions, 0, RKMQ_ACTION_COUNT);
    all_seen("trigger", seen.triggers, RKMQ_TRIGGER_AT, RKMQ_TRIGGER_EVERY + 1);
    all_seen("effect", seen.effects, RKMQ_FAULT_REPLY, RKMQ_FAULT_TRUNCATE + 1);
    all_seen("crash", seen.crashes, 0, RKMQ_CRASH_EXIT + 1);
    all_seen("lie", seen.lies, RKMQ_LIE_TRUTH, RKMQ_LIE_LAG + 1);
    all_seen("number of brokers", seen.n_brokers, 1, 4);
    all_seen("number of name servers", seen.n_namesrvs, 1, 4);
    all_seen("number of groups", seen.n_groups, 1, 3);
    test_mem_assert_empty(&tm);
}

static void test_kinds(void **state)
{
    /* Swarm: each kind of trouble is there in some seeds and not in others, and no two kinds always
     * go together. */
    static const char *const kinds[] = {
#define X(id, text) text,
        RKMQ_TROUBLE_TABLE(X)
#undef X
    };
    static bool has[SEEDS][RKMQ_TROUBLE_KINDS];
    (void)state;
    for (size_t i = 0; i < SEEDS; i++) {
        for (size_t kind = 0; kind < RKMQ_TROUBLE_KINDS; kind++) {
            has[i][kind] = memmem(texts[i].p, texts[i].n, kinds[kind], strlen(kinds[kind])) != NULL;
        }
    }
    for (size_t a = 0; a < RKMQ_TROUBLE_KINDS; a++) {
        for (size_t b = 0; b < RKMQ_TROUBLE_KINDS; b++) {
            bool is_together = false, is_apart = false;
            for (size_t i = 0; i < SEEDS; i++) {
                is_together = is_together || (has[i][a] && has[i][b]);
                is_apart = is_apart || (has[i][a] && !has[i][b]);
            }
            assert_true(is_together);
            assert_true(is_apart || a == b);
        }
    }
}

static void test_comes_to_rest(void **state)
{
    /* Each group has a member that is started by a step of its own and is never stopped or crashed;
     * step "calm" ends the trouble, and nothing but starts comes after it. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t seed = 0; seed < SEEDS; seed++) {
        size_t calm = SIZE_MAX, n_stay = 0;
        struct rkmq_scenario *sc = parse(&tm.mem, &texts[seed]);
        for (size_t i = 0; i < sc->n_steps; i++) {
            struct rkmq_slice id = rkmq__scenario_word(sc, sc->steps[i].id);
            n_stay += rkmq__slice_starts(id, RKMQ_SLICE(RKMQ_EXPLORE_STAY));
            calm = rkmq__slice_is(id, RKMQ_EXPLORE_CALM) ? i : calm;
            if (calm != SIZE_MAX && i > calm) {
                assert_int_equal(sc->steps[i].actions[0].kind, RKMQ_ACTION_START);
            }
        }
        assert_int_not_equal(calm, SIZE_MAX);
        assert_int_equal(n_stay, sc->n_groups);
        assert_true(sc->n_expects >= 2 * sc->n_groups);
        rkmq__scenario_destroy(sc);
    }
    test_mem_assert_empty(&tm);
}

static void test_out_of_memory(void **state)
{
    /* Whichever allocation fails: it is told, and nothing is left behind. Every 61st, since there
     * are thousands. */
    struct test_mem tm;
    int status = RKMQ_E_NOMEM;
    (void)state;
    for (long at = 0; status != RKMQ_OK; at += 61) {
        struct rkmq_bytes text;
        struct rkmq_err err = {0};
        test_mem_init(&tm);
        tm.fail_at = at;
        rkmq__bytes_init(&text, &tm.mem);
        status = rkmq__explore_write(5, &tm.mem, &text, &err);
        assert_true(status == RKMQ_OK || (status == RKMQ_E_NOMEM && err.text[0] != '\0'));
        rkmq__bytes_close(&text);
        test_mem_assert_empty(&tm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_text),
        cmocka_unit_test(test_draws_all),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_comes_to_rest),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
