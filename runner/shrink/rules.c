/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a scenario may go. The question is not only whether the file stays valid, but whether it
 * stays fair: a rule that matches more than it did, or a member with another strategy than its
 * group, would make a correct consumer fail, too. So what may go is listed, and nothing else does.
 */
#include "runner/shrink/state.h"

static bool is_one_of(struct rkmq_slice name, const char *const *names)
{
    for (; *names; names++) {
        if (rkmq__slice_is(name, *names)) {
            return true;
        }
    }
    return false;
}

bool rkmq__shrink_is_kept_step(const struct rkmq_shrink *s, const struct rkmq_tree *list,
                               const struct rkmq_tree *element)
{
    const struct rkmq_tree *id = rkmq__tree_member(element, RKMQ_SLICE("id"));
    if (!rkmq__slice_is(list->key, "steps") || !id || !s->o->kept_steps) {
        return false;
    }
    for (const char *const *kept = s->o->kept_steps; *kept; kept++) {
        if (rkmq__slice_starts(id->text, rkmq__slice_of(*kept))) {
            return true;
        }
    }
    return false;
}

bool rkmq__shrink_is_kept(const struct rkmq_tree *node, const struct rkmq_tree *parent)
{
    static const char *const names[] = {"checks",    "match", "effect", "verdict",
                                        "subscribe", "sweep", "event",  NULL};
    return is_one_of(node->key, names) || rkmq__slice_is(parent->key, "expect");
}

bool rkmq__shrink_may_go(const struct rkmq_tree *node, const struct rkmq_tree *parent)
{
    static const char *const lists[] = {"steps", "do",    "faults", "expect", "start",
                                        "stop",  "pause", "resume", NULL};
    static const char *const members[] = {"faults",
                                          "expect",
                                          "listener",
                                          "set",
                                          "client_id",
                                          "net",
                                          "offset_flush",
                                          "jitter",
                                          "latency",
                                          "verdict",
                                          "cost",
                                          "nth",
                                          "p",
                                          "times",
                                          "keys",
                                          "tag",
                                          "body_bytes",
                                          "one_way",
                                          "threads",
                                          "consume_batch",
                                          "pull_batch",
                                          "threshold_count",
                                          "span",
                                          "threshold_mib",
                                          "pull_interval",
                                          "persist",
                                          "heartbeat",
                                          "profile",
                                          "route_poll",
                                          "api_timeout",
                                          "rate",
                                          "await_termination",
                                          NULL};
    if (parent->type == RKMQ_TREE_LIST) {
        return is_one_of(parent->key, lists);
    }
    /* All of a group divide alike. */
    bool is_shared =
        rkmq__slice_is(node->key, "set") && rkmq__tree_member(node, RKMQ_SLICE("allocate")) != NULL;
    return is_one_of(node->key, members) && !is_shared;
}

bool rkmq__shrink_is_number(const struct rkmq_shrink_node *at)
{
    static const char *const names[] = {"count", "times", "body_bytes", "threads", NULL};
    if (at->node->type != RKMQ_TREE_NUMBER) {
        return false;
    }
    /* Queues only as they are at the start: the script may only ever add some. */
    bool is_queues = at->is_in_cluster && (rkmq__slice_is(at->parent->key, "queues") ||
                                           rkmq__slice_is(at->node->key, "queues"));
    return is_queues || is_one_of(at->node->key, names);
}

bool rkmq__shrink_is_time(const struct rkmq_shrink_node *at)
{
    return at->node->type == RKMQ_TREE_TEXT &&
           (rkmq__slice_is(at->node->key, "cost") || rkmq__slice_is(at->node->key, "for"));
}
