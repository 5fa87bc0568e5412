/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_TREE_H
#define RKMQ_RUNNER_TREE_H

/*
 * A JSON text with comments as a tree whose nodes know where they stand. Strict JSON (RFC 8259)
 * plus // and block comments; names are unique within an object. Every node and every name keeps
 * its byte offset, from which line and column are counted when something is wrong.
 *
 * The reader keeps its own stack, so hostile nesting meets RKMQ_TREE_DEPTH_MAX and not the end of
 * the C stack.
 */

#include "runner/mistakes.h"

#define RKMQ_TREE_DEPTH_MAX 32
#define RKMQ_TREE_NODES_MAX 100000
#define RKMQ_TREE_MEMBERS_MAX 1024 /* of one object */

enum rkmq_tree_type {
    RKMQ_TREE_NULL,
    RKMQ_TREE_BOOL,
    RKMQ_TREE_NUMBER,
    RKMQ_TREE_TEXT,
    RKMQ_TREE_LIST,
    RKMQ_TREE_OBJECT
};

struct rkmq_tree {
    enum rkmq_tree_type type;
    size_t offset;                  /* of the value's first byte */
    struct rkmq_slice text;         /* TEXT without its escapes; NUMBER and BOOL as they stand */
    struct rkmq_tree *first, *last; /* children of LIST and OBJECT, in order */
    size_t n;                       /* how many */
    struct rkmq_tree *next;         /* sibling */
    struct rkmq_slice key;          /* of a member */
    size_t key_offset;
};

/*
 * Reads all of `text`. `*out`, its nodes and texts live in the arena; `*out` is NULL when the text
 * is no JSON. Mistakes are added: the first breach of the grammar, and every name that stands
 * twice. Errors: RKMQ_E_INVALID, RKMQ_E_NOMEM.
 */
int rkmq__tree_read(struct rkmq_slice text, struct rkmq_arena *arena,
                    struct rkmq_mistakes *mistakes, struct rkmq_tree **out);
/* The member of that name; NULL: none, or `object` is no object. */
struct rkmq_tree *rkmq__tree_member(const struct rkmq_tree *object, struct rkmq_slice name);
/* What a JSON Pointer (RFC 6901) leads to; NULL: nothing. */
struct rkmq_tree *rkmq__tree_at(struct rkmq_tree *root, struct rkmq_slice pointer);
/* Same type, same texts, same children in the same order; numbers are compared as written. */
bool rkmq__tree_equal(const struct rkmq_tree *a, const struct rkmq_tree *b);
/* Compact JSON. */
void rkmq__tree_write(const struct rkmq_tree *tree, struct rkmq_bytes *out);
/* The same with blanks, as people write it: `{ "a": [1, 2] }`; and of a member `"name": `. */
void rkmq__tree_write_line(const struct rkmq_tree *tree, struct rkmq_bytes *out);
void rkmq__tree_write_name(const struct rkmq_tree *member, struct rkmq_bytes *out);
/* tree_layout.c: over several lines, none longer than 100 columns where that can be. */
void rkmq__tree_lay_out(const struct rkmq_tree *tree, struct rkmq_bytes *out);
/* "a number", "a text", ... for messages. */
const char *rkmq__tree_type_name(enum rkmq_tree_type type);

#endif
