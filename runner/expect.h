/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_EXPECT_H
#define RKMQ_RUNNER_EXPECT_H

/*
 * Judges the expectations of a scenario by the rows of a finished log, in one walk. What rests on a
 * moment that never came is UNKNOWN, never passed.
 */

#include "runner/state.h"

struct rkmq_expect_result {
    enum rkmq_verdict verdict;
    rkmq_us from, until; /* the window it was judged in; -1: a moment never came */
    char text[400];      /* why it is not PASS; what was counted */
    size_t events[2];    /* rows that decided it; SIZE_MAX: unused */
    bool is_untold;      /* UNKNOWN because the client tells nothing of what it rests on */
};

/* Where the log comes from. */
struct rkmq_expect_source {
    enum rkmq_ground ground;
    bool has_hooks; /* of our own consumer */
};

/* `results`: one per expectation. Errors: RKMQ_E_NOMEM. */
int rkmq__expects_judge(const struct rkmq_scenario *sc, const struct rkmq_event_log *log,
                        const rkmq_name *of_word, const struct rkmq_expect_source *source,
                        const struct rkmq_mem *mem, struct rkmq_expect_result *results);

/* When each step first began, each mark was first set; -1: never. */
struct rkmq_moment_table {
    rkmq_us *steps, *marks;
};
int rkmq__moments_init(struct rkmq_moment_table *table, const struct rkmq_scenario *sc,
                       struct rkmq_arena *arena);
/* Looks at STEP and MARK rows: `count` is the index. */
void rkmq__moments_apply(struct rkmq_moment_table *table, const struct rkmq_event *row);
/* -1: it has not come. An unset moment is `unset`. */
rkmq_us rkmq__moment_time(const struct rkmq_moment_table *table, const struct rkmq_moment *moment,
                          rkmq_us unset);

#endif
