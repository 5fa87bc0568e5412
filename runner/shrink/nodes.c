/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/shrink/state.h"

void rkmq__tree_unlink(struct rkmq_tree *parent, struct rkmq_tree *child)
{
    struct rkmq_tree **link = &parent->first, *before = NULL;
    while (*link != child) {
        before = *link;
        link = &before->next;
    }
    *link = child->next;
    parent->last = parent->last == child ? before : parent->last;
    parent->n--;
}

void rkmq__shrink_set(struct rkmq_shrink *s, struct rkmq_tree *leaf, struct rkmq_slice text)
{
    struct rkmq_slice copy;
    if (rkmq__arena_copy(&s->arena, text, &copy) == RKMQ_OK) {
        leaf->text = copy;
    } else {
        s->is_out_of_memory = true;
    }
}

static void add_children(struct rkmq_shrink *s, const struct rkmq_shrink_node *parent,
                         struct rkmq_shrink_node *nodes, size_t *n)
{
    for (struct rkmq_tree *child = parent->node->first; child; child = child->next) {
        if (!rkmq__shrink_is_kept_step(s, parent->node, child)) {
            nodes[(*n)++] = (struct rkmq_shrink_node){
                .node = child,
                .parent = parent->node,
                .is_in_cluster = parent->is_in_cluster || rkmq__slice_is(child->key, "cluster")};
        }
    }
}

size_t rkmq__shrink_nodes(struct rkmq_shrink *s, struct rkmq_shrink_node **nodes)
{
    const struct rkmq_shrink_node root = {.node = s->root};
    size_t n = 0;
    *nodes = rkmq__zalloc(s->mem, RKMQ_TREE_NODES_MAX * sizeof **nodes);
    if (!*nodes) {
        s->is_out_of_memory = true;
        return 0;
    }
    add_children(s, &root, *nodes, &n);
    for (size_t i = 0; i < n; i++) {
        const struct rkmq_shrink_node at = (*nodes)[i];
        if (!rkmq__shrink_is_kept(at.node, at.parent)) {
            add_children(s, &at, *nodes, &n);
        }
    }
    return n;
}
