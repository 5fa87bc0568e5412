/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_MOCK_FAULTS_H
#define RKMQ_MOCK_FAULTS_H

/*
 * The fault rules of a mock cluster, asked by the gates of all its servers.
 *
 *     request --rule, applied NO--> dropped, kept, answered, ... : the server never sees it
 *     request --rule, applied YES-> passes; (channel, opaque) is remembered
 *     answer  --remembered--------> dropped, kept, spoiled, ...
 *
 * Frames that are kept belong to their rule and die with their channel. Thread: the loop's.
 */

#include "mockbroker/watch.h"

struct rkmq_mock_rule {
    struct rkmq_list link;
    struct rkmq_mock_fault fault; /* texts point behind this struct */
    uint64_t n_matched, n_hits;
};
struct rkmq_faults {
    const struct rkmq_mem *mem;
    struct rkmq_list rules;   /* oldest first */
    struct rkmq_list kept;    /* frames, oldest first */
    struct rkmq_list pending; /* requests whose answers will suffer */
    size_t n_rules, n_frames; /* frames: kept and pending */
    rkmq_mock_peer_name_fn *peer_name;
    void *peer_name_user;
};

void rkmq__faults_init(struct rkmq_faults *faults, const struct rkmq_mem *mem);
/* Before the servers' envs go; frames that are kept are dropped. */
void rkmq__faults_close(struct rkmq_faults *faults);
/* The three as in rkmq/mock.h. */
int rkmq__faults_add(struct rkmq_faults *faults, const struct rkmq_mock_fault *fault,
                     struct rkmq_err *err);
int rkmq__faults_release(struct rkmq_faults *faults, const char *id);
int rkmq__faults_remove(struct rkmq_faults *faults, const char *id);
/* The rule of that id; NULL: there is none. Valid until it is removed. */
const struct rkmq_mock_fault *rkmq__faults_get(const struct rkmq_faults *faults, const char *id);
uint64_t rkmq__faults_hits(const struct rkmq_faults *faults, const char *id);

/* As the gate of a channel handler; `w` is the server's watch. */
bool rkmq__faults_gate(struct rkmq_faults *faults, struct rkmq_watch *w, struct rkmq_channel *ch,
                       bool is_outgoing, const struct rkmq_command *cmd, struct rkmq_buf *frame);
/* The channel is gone, and with it all that is kept for it. */
void rkmq__faults_closed(struct rkmq_faults *faults, const struct rkmq_channel *ch);

/* fault_match.c: does the request mean what the rule names? Says nothing of nth, times and chance.
 */
bool rkmq__fault_matches(const struct rkmq_faults *faults, const struct rkmq_mock_fault *fault,
                         const struct rkmq_watch *w, const struct rkmq_channel *ch, bool is_pushed,
                         const struct rkmq_command *cmd);

#endif
