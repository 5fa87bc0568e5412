/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_REPORT_TIMELINE_H
#define RKMQ_RUNNER_REPORT_TIMELINE_H

/*
 * What a picture of a run shows, read from its log: who ran when, who owned which queue when, how
 * far queues were written and committed, what was wrong with the cluster when, what the script did.
 *
 * Ownership is what consumers say (pq-add, pq-drop). A log without any such row, as of a foreign
 * client, is read by pulls: a member owns a queue from its first pull to its last, unless it was
 * silent for RKMQ_TIMELINE_SILENT_US.
 *
 * Names are borrowed from the log and the scenario.
 */

#include "runner/reports/report.h"

#define RKMQ_TIMELINE_LANES_MAX 128      /* queues of groups that are shown */
#define RKMQ_TIMELINE_SEGMENTS_MAX 20000 /* of all lanes together */
#define RKMQ_TIMELINE_SPANS_MAX 2000     /* of members and bands, each */
#define RKMQ_TIMELINE_MOMENTS_MAX 200
#define RKMQ_TIMELINE_BANDS_MAX 12
#define RKMQ_TIMELINE_TICKS_MAX 500 /* of one band: no two in the same part of the time */
#define RKMQ_TIMELINE_POINTS 240    /* of offsets, evenly over the time */
#define RKMQ_TIMELINE_SILENT_US (25 * (rkmq_us)1000000) /* a long poll, and patience */

struct rkmq_timeline_span { /* of a member: it ran; of a band: it was so */
    uint32_t of;            /* index into members or bands */
    rkmq_us from, until;
    bool is_crash; /* how a member's ended */
};
struct rkmq_timeline_member {
    int32_t actor, group;
    struct rkmq_slice name;
};
enum rkmq_segment_kind { RKMQ_SEGMENT_OWNED, RKMQ_SEGMENT_OVERLAP, RKMQ_SEGMENT_ORPHAN };
struct rkmq_timeline_segment {
    uint32_t lane;
    rkmq_us from, until;
    enum rkmq_segment_kind kind;
    struct rkmq_owners owners;
};
struct rkmq_timeline_lane { /* a queue, as a group sees it */
    int32_t group, topic, broker, queue_id;
    size_t queue; /* of the run state */
    rkmq_us since;
    struct rkmq_owners owners; /* since then */
    bool is_orphan;
    int64_t *ends, *committed; /* RKMQ_TIMELINE_POINTS; committed -1: nothing yet */
};
enum rkmq_moment_kind {
    RKMQ_TIMELINE_STEP,
    RKMQ_TIMELINE_MARK,
    RKMQ_TIMELINE_FAULT,
    RKMQ_TIMELINE_HEALED
};
struct rkmq_timeline_moment {
    rkmq_us at;
    enum rkmq_moment_kind kind;
    struct rkmq_slice name; /* of a step without one: n 0 */
    int32_t index;          /* of the step */
};
enum rkmq_band_kind { RKMQ_BAND_FAULT, RKMQ_BAND_LINK, RKMQ_BAND_SERVER };
struct rkmq_timeline_band { /* a condition of the cluster */
    enum rkmq_band_kind kind;
    rkmq_name a, b;         /* rule; ends of the link; server */
    struct rkmq_slice name; /* "lost-query", "c1 - broker-a" */
    rkmq_us since;          /* -1: it is not so now */
    uint32_t n_ticks;       /* FAULT: the rule took effect */
    rkmq_us *ticks;         /* RKMQ_TIMELINE_TICKS_MAX */
};

struct rkmq_timeline {
    const struct rkmq_scenario *sc;
    const struct rkmq_event_log *log;
    struct rkmq_arena arena;
    rkmq_us end_at; /* of the last row, at least 1 */
    struct rkmq_timeline_member *members;
    struct rkmq_timeline_lane *lanes;
    size_t n_members, n_lanes, n_lanes_left_out;
    /* arrays of the structs above */
    struct rkmq_bytes runs;                                 /* spans of members */
    struct rkmq_bytes segments, moments, bands, conditions; /* conditions: spans of bands */
    bool is_by_pulls, is_cut;                               /* cut: a limit was reached */
};

/* Errors: RKMQ_E_NOMEM. Owns: the caller closes, also on failure. */
int rkmq__timeline_read(struct rkmq_timeline *tl, const struct rkmq_world *w,
                        const struct rkmq_mem *mem);
void rkmq__timeline_close(struct rkmq_timeline *tl);

/* The elements of such an array. */
#define RKMQ_TIMELINE_COUNT(bytes, type) ((bytes).n / sizeof(type))
#define RKMQ_TIMELINE_AT(bytes, type, i) (&((type *)(void *)(bytes).p)[i])
/* Index of the actor among the members; -1: it is none. */
int rkmq__timeline_member(const struct rkmq_timeline *tl, int32_t actor);

#endif
