/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as people lay it out: what fits on a line stands on one, the rest a child a line. */
#include "runner/tree.h"

#define COLUMNS 100
#define INDENT 2

static void new_line(struct rkmq_bytes *out, size_t depth)
{
    rkmq__bytes_add_text(out, "\n");
    for (size_t i = 0; i < depth * INDENT; i++) {
        rkmq__bytes_add(out, " ", 1);
    }
}

/* `"name": ` and, when the value fits behind it, the value. */
static bool put_child(const struct rkmq_tree *node, bool has_name, size_t depth,
                      struct rkmq_bytes *out)
{
    size_t begin = out->n;
    if (has_name) {
        rkmq__tree_write_name(node, out);
    }
    size_t name_end = out->n;
    rkmq__tree_write_line(node, out);
    bool fits = node->first == NULL || depth * INDENT + (out->n - begin) + 1 <= COLUMNS;
    if (!fits) {
        out->n = name_end;
    }
    return fits;
}

void rkmq__tree_lay_out(const struct rkmq_tree *tree, struct rkmq_bytes *out)
{
    const struct rkmq_tree *open[RKMQ_TREE_DEPTH_MAX];
    const struct rkmq_tree *node = tree->first;
    size_t depth = 1;
    if (!node) {
        rkmq__tree_write_line(tree, out);
        return;
    }
    open[0] = tree;
    rkmq__bytes_add_text(out, tree->type == RKMQ_TREE_OBJECT ? "{" : "[");
    while (depth > 0 && !out->is_failed) {
        const struct rkmq_tree *inner = open[depth - 1];
        if (!node) {
            new_line(out, --depth);
            rkmq__bytes_add_text(out, inner->type == RKMQ_TREE_OBJECT ? "}" : "]");
            rkmq__bytes_add_text(out, depth > 0 && inner->next ? "," : "");
            node = inner->next;
            continue;
        }
        new_line(out, depth);
        if (put_child(node, inner->type == RKMQ_TREE_OBJECT, depth, out)) {
            rkmq__bytes_add_text(out, node->next ? "," : "");
            node = node->next;
        } else {
            rkmq__bytes_add_text(out, node->type == RKMQ_TREE_OBJECT ? "{" : "[");
            open[depth++] = node;
            node = node->first;
        }
    }
}
