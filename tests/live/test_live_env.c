/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/live.h>

#include "support/cmocka_all.h"
#include "support/env_contract.h"

static void keeps_the_contract(void **state)
{
    /* Real sockets and threads keep one promise of rkmq/env.h; the case says which. */
    const struct env_contract_case *c = *state;
    struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
    struct rkmq_runtime *rt;
    struct rkmq_err err = {0};
    o.has_hosts = true;
    assert_int_equal(rkmq_live_create(&rt, &o, &err), RKMQ_OK);
    c->run(rt);
    rkmq_live_destroy(rt);
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
    return _cmocka_run_group_tests("live_env", tests, n, NULL, NULL);
}
