/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_REPORT_H
#define RKMQ_RUNNER_REPORT_H

/*
 * The reports of a campaign: TAP, JUnit, SVG, HTML.
 *
 * A run is rendered where it was played, while its log is there, into a `part`: plain numbers and
 * bytes, which may cross a process boundary. The reports only put parts together, in the order they
 * are given; so runs may be played in any order, by any number of processes.
 *
 *     worker:  run -> rkmq__part_make -> (rkmq__part_write ... rkmq__part_read) -> parent
 *     parent:  rkmq__reports_open -> [rkmq__reports_add]* -> rkmq__reports_close
 *
 * A report is one file: a row in the table of report.c, with three functions for the parent and one
 * for the worker. Thread: none of this is shared.
 */

#include <stdio.h>

#include "runner/run.h"

/* ---- what a run came to ---- */

/* X(enumerator, as reports say it, does the campaign pass with it) */
#define RKMQ_OUTCOME_TABLE(X)                                                                      \
    X(PASS, "pass", true)                                                                          \
    X(NON_STRICT, "non-strict", true)                                                              \
    X(FAIL, "FAIL", false)                                                                         \
    X(UNKNOWN, "unknown", false) /* not enough evidence for a verdict */                           \
    X(HARNESS, "harness", false) /* it says nothing about the client */                            \
    X(BAD, "bad", false)         /* the scenario file is refused */                                \
    X(SKIPPED, "skipped", true)  /* not for this ground */

enum rkmq_outcome {
#define X(name, text, is_ok) RKMQ_OUTCOME_##name,
    RKMQ_OUTCOME_TABLE(X)
#undef X
        RKMQ_OUTCOME_COUNT
};
const char *rkmq__outcome_name(enum rkmq_outcome outcome);
bool rkmq__outcome_is_ok(enum rkmq_outcome outcome);

/* ---- a run, and what is made of it ---- */

struct rkmq_report_run {
    const char *file;               /* of the scenario, as it was named */
    const struct rkmq_scenario *sc; /* NULL: BAD */
    uint64_t seed;
    const struct rkmq_world *w; /* NULL with `result`: it was not played */
    const struct rkmq_run_result *result;
    uint64_t n_swept;          /* not a run but what came of so many together; 0: a run */
    enum rkmq_outcome outcome; /* of a run that was not played */
    const char *why;           /* ... and why, one or more lines */
    const char *rerun;         /* the command that plays it again; "": there is none */
    rkmq_us took_us;           /* real time */
    bool is_example;           /* worth a picture also when it is a pass */
};

/* The expectations of kind `sometimes` that a run met, by their number. */
#define RKMQ_SEEN_BYTES (RKMQ_SCENARIO_EXPECTS_MAX / 8)

/* What every report knows of every run. */
struct rkmq_part_facts {
    enum rkmq_outcome outcome;
    uint32_t variant;
    uint64_t seed, log_hash, n_events;
    int64_t ended_us; /* on the run's clock */
    int64_t took_us;
    uint8_t seen[RKMQ_SEEN_BYTES];
};

enum rkmq_part_slot {
    RKMQ_PART_SCENARIO, /* its name; of a file that is refused: the file */
    RKMQ_PART_LABEL,    /* "/steps/3/at=12s seed 7" */
    RKMQ_PART_TAP,      /* diagnostic lines */
    RKMQ_PART_JUNIT,    /* what stands in the testcase */
    RKMQ_PART_SVG,      /* the picture of the run; n 0: not played, or a pass and no example */
    RKMQ_PART_TITLE,    /* of the scenario */
    RKMQ_PART_RERUN,
    RKMQ_PART_HTML_FINDINGS, /* what speaks against it, as elements of a list */
    RKMQ_PART_HTML_DETAILS,  /* checks, offsets and rows, as JSON; n 0: as with SVG */
    RKMQ_PART_SLOTS
};
#define RKMQ_PART_BIT(slot) (1u << (slot))

struct rkmq_part {
    struct rkmq_part_facts facts;
    struct rkmq_bytes slots[RKMQ_PART_SLOTS];
};

/* Renders the slots whose bits are set. Owns: the caller closes, also on failure. Errors:
 * RKMQ_E_NOMEM. */
int rkmq__part_make(struct rkmq_part *part, unsigned slots, const struct rkmq_report_run *run,
                    const struct rkmq_mem *mem);
void rkmq__part_close(struct rkmq_part *part);
/* A part as bytes for the same program, and back. Errors of the second: RKMQ_E_PROTOCOL,
 * RKMQ_E_NOMEM; the caller closes in any case. */
void rkmq__part_write(const struct rkmq_part *part, struct rkmq_bytes *out);
int rkmq__part_read(struct rkmq_part *part, struct rkmq_slice bytes, const struct rkmq_mem *mem);

/* ---- the reports ---- */

struct rkmq_reports_options {
    FILE *tap;                      /* NULL: none */
    const char *junit, *svg, *html; /* paths; NULL: none */
    const char *ground, *command;   /* of the campaign; what plays it again */
};
struct rkmq_reports;
/* Opens every file, so that a path that cannot be written is told before anything is played. What
 * the options point to outlives the reports.
 * Errors: RKMQ_E_IO (err names the file), RKMQ_E_NOMEM. */
int rkmq__reports_open(struct rkmq_reports **out, const struct rkmq_reports_options *o,
                       const struct rkmq_mem *mem, struct rkmq_err *err);
/* The slots that these reports are made of. */
unsigned rkmq__reports_slots(const struct rkmq_reports *reports);
/* What goes wrong is told by the close. */
void rkmq__reports_add(struct rkmq_reports *reports, const struct rkmq_part *part);
/* Writes what waits for the end, and frees. NULL: nothing. Errors: RKMQ_E_IO, RKMQ_E_NOMEM (err
 * names the file). */
int rkmq__reports_close(struct rkmq_reports *reports, struct rkmq_err *err);

#endif
