/* SPDX-License-Identifier: Apache-2.0 */
#include "support/env_contract.h"

#include <stddef.h>

const struct env_contract_case ENV_CONTRACT_CASES[] = {
#define X(name) {#name, env_contract_##name},
    ENV_CONTRACT(X)
#undef X
        {NULL, NULL},
};
