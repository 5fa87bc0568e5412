/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/sim.h>

#include "support/cmocka_all.h"
#include "support/env_contract.h"
#include "support/mem.h"

static void run_on(const struct env_contract_case *c, const struct rkmq_link *link)
{
    struct test_mem tm;
    test_mem_init(&tm);
    struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
    o.mem = &tm.mem;
    struct rkmq_sim *s;
    assert_int_equal(rkmq_sim_create(&s, &o), RKMQ_OK);
    if (link) {
        assert_int_equal(rkmq_sim_link(s, NULL, NULL, link), RKMQ_OK);
    }
    c->run(rkmq_sim_runtime(s));
    rkmq_sim_destroy(s);
    test_mem_assert_empty(&tm);
}

static void keeps_the_contract(void **state)
{
    /* Virtual time and links keep one promise of rkmq/env.h; the case says which. They keep it on
     * a plain link, on one that delays nothing, and on one that jitters and cuts sends apart. */
    run_on(*state, NULL);
    run_on(*state, &(struct rkmq_link){0});
    run_on(*state,
           &(struct rkmq_link){.delay_us = 700, .jitter_us = 3000, .chunk_bytes_max = 40000});
}

int main(void)
{
    struct CMUnitTest tests[64] = {0};
    size_t n = 0;
    for (const struct env_contract_case *c = ENV_CONTRACT_CASES; c->name; c++) {
        tests[n++] = (struct CMUnitTest){.name = c->name,
                                         .test_func = keeps_the_contract,
                                         .initial_state = (void *)(uintptr_t)c};
    }
    return _cmocka_run_group_tests("sim_env", tests, n, NULL, NULL);
}
