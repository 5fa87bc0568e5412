/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CORE_MUTANT_H
#define RKMQ_CORE_MUTANT_H

/*
 * Faults that a consumer can have, most of them copied from bugs that real clients had: the test of
 * the tests. mutants.def says what each does wrong and who must notice. In the library there is
 * none of them: RKMQ_MUTANT is false, and the compiler sees it. The test build defines
 * RKMQ_MUTANTS; there the test program says, before its first run, which one all of its consumers
 * have.
 */

#include <stdbool.h>

enum rkmq_mutant {
    RKMQ_MUTANT_NONE,
#define X(id, name, source, what, scenarios, noticed) RKMQ_MUTANT_##id,
#include "consumer/core/mutants.def"
#undef X
    RKMQ_MUTANTS_END
};

#ifdef RKMQ_MUTANTS
/* Whether consumers have this fault. Defined by the test program. Thread: any. */
bool rkmq__mutant_is(enum rkmq_mutant mutant);
#define RKMQ_MUTANT(id) rkmq__mutant_is(RKMQ_MUTANT_##id)
#else
#define RKMQ_MUTANT(id) ((void)RKMQ_MUTANT_##id, false)
#endif

#endif
