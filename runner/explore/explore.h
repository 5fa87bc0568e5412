/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_EXPLORE_H
#define RKMQ_RUNNER_EXPLORE_H

/*
 * A scenario out of a number: cluster, members, load, trouble and its moments are all drawn from
 * one seed, and so is which kinds of trouble there are at all (swarm testing: a run with three
 * kinds of trouble reaches what a run with all of them drowns).
 *
 * Invariants
 *   - The text is a scenario file like any other: it goes through the parser before it is handed
 *     out, so what is drawn can be said, read, and changed by hand.
 *   - Same seed, same text, on every machine.
 *   - Whatever is drawn is legal: a correct consumer survives it. While trouble lasts the checks
 *     judge what must never happen; then step "calm" ends it, and by the expectations every queue
 *     must come to one owner, evenly, with nothing left in it.
 */

#include "runner/scenario.h"

/* Kinds of trouble: X(id, what it is). */
#define RKMQ_TROUBLE_TABLE(X)                                                                      \
    X(LATE, "members join late")                                                                   \
    X(LEAVE, "members stop, and mostly come back")                                                 \
    X(CRASH, "members crash and are noticed at once")                                              \
    X(SILENT, "members vanish without a packet")                                                   \
    X(AMBUSH, "members crash or pause at an event, not at a time")                                 \
    X(PAUSE, "members are suspended for a while")                                                  \
    X(LISTENER, "listeners become slow or fail")                                                   \
    X(TOPIC, "topics grow, lose permissions, come later")                                          \
    X(BROKER, "brokers are shut down or killed")                                                   \
    X(FORGET, "killed brokers come back with older offsets")                                       \
    X(NAMESERVER, "name servers go and come back empty")                                           \
    X(SLOW_NET, "links become slow and uneven")                                                    \
    X(CUT_NET, "links are cut, both ways or one")                                                  \
    X(REFUSE, "requests are answered with errors")                                                 \
    X(LOSE, "requests or answers are lost, doubled, cut short, connections reset")                 \
    X(DELAY, "answers come late")                                                                  \
    X(HOLD, "answers are held and released together")                                              \
    X(NOTIFY, "members are notified for nothing, or not at all")                                   \
    X(MEMBERS, "brokers lie about members")                                                        \
    X(ROUTE, "name servers lie about routes")

enum rkmq_trouble_kind {
#define X(id, text) RKMQ_TROUBLE_##id,
    RKMQ_TROUBLE_TABLE(X)
#undef X
        RKMQ_TROUBLE_KINDS
};

/* Steps by which a generated scenario comes to rest. Who makes it smaller must leave them as they
 * are, but for names that are gone: without them a correct consumer would fail as well. */
#define RKMQ_EXPLORE_STAY "stay" /* starts the member of each group that nothing stops */
#define RKMQ_EXPLORE_CALM "calm"
#define RKMQ_EXPLORE_QUIET_MS 3000 /* nothing goes wrong before; who stays from the start is up */

/*
 * Appends the scenario of the seed, laid out for people, with what it is in a comment before it.
 * Errors: RKMQ_E_NOMEM; RKMQ_E_INVALID a bug of ours, `err` has the parser's first mistake.
 */
int rkmq__explore_write(uint64_t seed, const struct rkmq_mem *mem, struct rkmq_bytes *out,
                        struct rkmq_err *err);

#endif
