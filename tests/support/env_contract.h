/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_ENV_CONTRACT_H
#define RKMQ_TEST_ENV_CONTRACT_H

#include <rkmq/runtime.h>

/*
 * What rkmq/env.h promises, once, for every runtime. A test program makes a runtime, runs each
 * case on it, and destroys it. The cases play both a server (host "a") and a client (host "b").
 */
struct env_contract_case {
    const char *name;
    void (*run)(struct rkmq_runtime *rt);
};
extern const struct env_contract_case ENV_CONTRACT_CASES[]; /* ends with a NULL name */

#endif
