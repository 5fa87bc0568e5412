/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_ROWS_H
#define RKMQ_RUNNER_ROWS_H

/*
 * What each row changes in the view. rkmq__view_apply shows every row to each of these files, which
 * passes over what is not its own; of a frame, PULL_MESSAGE goes on to rows_pull.c.
 *
 *     rows.c         servers, topics, routes, stored messages, the broker's list of members
 *     rows_member.c  lives of members and their connections
 *     rows_hold.c    who has a queue, its cache, commits, deliveries, listener calls
 *     rows_frame.c   requests, answers, pushes; a fault stands for the request that it took
 *     rows_pull.c    pulls and their answers
 */

#include "runner/checks/view.h"

void rkmq__rows_member(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
void rkmq__rows_hold(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
void rkmq__rows_frame(struct rkmq_view *v, const struct rkmq_event *row, size_t index);
void rkmq__rows_pull(struct rkmq_view *v, const struct rkmq_event *row, size_t index);

/* ---- rows.c ---- */

/* Members, topics or servers are not what they were: queues may move. */
void rkmq__view_changed(struct rkmq_view *v);

/* ---- rows_hold.c ---- */

/* The member has the queue now, and begins at `offset`. `index` is the row that says so. */
void rkmq__hold_begin(struct rkmq_view *v, struct rkmq_view_hold *hold, int64_t offset,
                      size_t index);
/* It has it no more, and nothing of it waits but an answer to its last pull. */
void rkmq__hold_end(struct rkmq_view *v, struct rkmq_view_hold *hold);
/* It let go of the queue, and owes the broker what it has done with it. */
void rkmq__hold_drop(struct rkmq_view *v, struct rkmq_view_hold *hold, size_t index);
/* Whenever its last answer or its cache is another: what the filters left out is passed. */
void rkmq__hold_nothing_below(struct rkmq_view_hold *hold);
/* The client that `row` names has told the broker its offset of the queue. */
void rkmq__hold_sent(struct rkmq_view *v, const struct rkmq_event *row, int64_t offset);

#endif
