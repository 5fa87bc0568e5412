/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_SCENARIO_ROWS_H
#define RKMQ_TEST_SCENARIO_ROWS_H

/*
 * Tables of scenario files: a good file of ten lines, one a section, in which one line, or the part
 * of one, is replaced. In texts and in reports ' stands for ", so that they can be read.
 */

#include "runner/scenario.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

/* Where a text goes: instead of a section's line, or from ACTOR on of a part of one. */
enum scenario_place {
    HEAD,
    CLUSTER,
    GROUPS,
    ACTORS,
    FAULTS,
    STEPS,
    EXPECTS,
    CHECKS,
    SWEEP,
    ACTOR,
    PUSH,
    RULE,
    ACTION,
    PRED,
    EXPECT
};

struct scenario_row {
    enum scenario_place place;
    const char *text;
    const char *expected; /* the report, or what is written back */
};

/* A file with `text` in `place`; NULL: the good one. */
void scenario_rows_file(struct rkmq_bytes *out, enum scenario_place place, const char *text);
/* As rkmq__scenario_parse; the file is called "f" in the report. */
int scenario_rows_parse(const struct rkmq_mem *mem, const struct rkmq_bytes *file, uint32_t variant,
                        struct rkmq_scenario **out, struct rkmq_bytes *report);
/* Compares `bytes`, in which " becomes ', with `expected`. */
void scenario_rows_assert(struct rkmq_bytes *bytes, const char *expected);
/* Each row's file is refused, and its report is the expected one. */
void scenario_rows_refuse(const struct scenario_row *rows, size_t n);

#endif
