/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_SHRINK_STATE_H
#define RKMQ_RUNNER_SHRINK_STATE_H

/*
 * One shrinking under way. `root` always is the smallest tree that fails; a pass changes it, asks,
 * and changes it back when the answer is no.
 */

#include "runner/shrink/shrink.h"
#include "runner/tree.h"

struct rkmq_shrink {
    const struct rkmq_shrink_options *o;
    const struct rkmq_mem *mem;
    struct rkmq_arena arena; /* trees and texts */
    struct rkmq_mistakes mistakes;
    struct rkmq_tree *root;
    struct rkmq_bytes text;   /* of the tree that is asked about */
    struct rkmq_map answered; /* hashes of texts */
    unsigned n_asked;
    bool is_out_of_memory;
};

/* shrink.c: whether the tree as it is now fails. False also once a limit is reached, and for a tree
 * that was asked about before. */
bool rkmq__shrink_holds(struct rkmq_shrink *s);
bool rkmq__shrink_is_over(const struct rkmq_shrink *s);

/* ---- passes: true when something has gone ---- */
bool rkmq__shrink_names(struct rkmq_shrink *s);
bool rkmq__shrink_parts(struct rkmq_shrink *s);
bool rkmq__shrink_numbers(struct rkmq_shrink *s);
bool rkmq__shrink_times(struct rkmq_shrink *s);

/* ---- nodes.c ---- */
struct rkmq_shrink_node {
    struct rkmq_tree *node, *parent;
    bool is_in_cluster;
};
/* All nodes below the root, outer ones first, without what is kept (rules.c). Owns: the caller
 * frees `*nodes` with s->mem. Returns how many; 0 when memory is out. */
size_t rkmq__shrink_nodes(struct rkmq_shrink *s, struct rkmq_shrink_node **nodes);
/* Takes it out of its parent. */
void rkmq__tree_unlink(struct rkmq_tree *parent, struct rkmq_tree *child);
/* Another text for a leaf, copied. */
void rkmq__shrink_set(struct rkmq_shrink *s, struct rkmq_tree *leaf, struct rkmq_slice text);

/* ---- rules.c: what of the format may go ---- */
bool rkmq__shrink_is_kept_step(const struct rkmq_shrink *s, const struct rkmq_tree *list,
                               const struct rkmq_tree *element);
/* Nothing inside of it changes, but for names that are gone. */
bool rkmq__shrink_is_kept(const struct rkmq_tree *node, const struct rkmq_tree *parent);
bool rkmq__shrink_may_go(const struct rkmq_tree *node, const struct rkmq_tree *parent);
bool rkmq__shrink_is_number(const struct rkmq_shrink_node *at);
bool rkmq__shrink_is_time(const struct rkmq_shrink_node *at);

#endif
