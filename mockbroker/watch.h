/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_MOCK_WATCH_H
#define RKMQ_MOCK_WATCH_H

/*
 * What one server of a mock cluster saw: counts requests, and turns frames and connections into
 * struct rkmq_mock_event. An answer on the wire does not say what it answers, so the watch
 * remembers the requests of a connection until they are answered.
 *
 * The bodies of answers that say who is a member or what a route is are shown, too; others are not,
 * for they may be large and come in pieces.
 *
 * When memory is out, or more than RKMQ_WATCH_PENDING_MAX requests of a connection wait, an
 * answer's request_code is RKMQ_WATCH_UNKNOWN_CODE; nothing else suffers.
 */

#include <rkmq/mock.h>

#include "mockbroker/core/broker.h"
#include "mocknamesrv/core/namesrv.h"

#define RKMQ_WATCH_PENDING_MAX 4096
#define RKMQ_WATCH_CODES_MAX 128 /* distinct request codes that are counted apart */
#define RKMQ_WATCH_UNKNOWN_CODE (-1)

struct rkmq_watch_count {
    int code;
    uint64_t n;
};
struct rkmq_faults;
struct rkmq_watch {
    const struct rkmq_env *env;
    struct rkmq_faults *faults;   /* of the cluster; NULL: none */
    const char *server;           /* borrowed */
    rkmq_mock_event_fn *on_event; /* NULL: only counts */
    void *user;
    const char *(*client_id)(void *owner, uint64_t channel_id); /* NULL: no clients here */
    void *client_id_owner;
    struct rkmq_map connections;     /* channel id -> struct watch_connection */
    const struct rkmq_channel *late; /* its next frame was kept by a fault rule until now */
    struct rkmq_bytes body;          /* of the answer that is about to be sent, when it is shown */
    struct rkmq_watch_count counts[RKMQ_WATCH_CODES_MAX];
    size_t n_counts;
    uint64_t n_requests;
};

void rkmq__watch_init(struct rkmq_watch *w, const struct rkmq_env *env, const char *server,
                      rkmq_mock_event_fn *on_event, void *user, struct rkmq_faults *faults);
void rkmq__watch_close(struct rkmq_watch *w);
/* What a server's core calls; `w` must outlive the server. */
struct rkmq_channel_handler rkmq__watch_handler(struct rkmq_watch *w);
/* A fault rule took effect on a frame. */
void rkmq__watch_fault(struct rkmq_watch *w, struct rkmq_channel *ch, bool is_outgoing,
                       const struct rkmq_command *cmd, const char *rule_id);
/* As watch_member of a broker's, watch_route of a name server's config; `owner` is the watch. */
void rkmq__watch_member(void *owner, const struct rkmq_member_event *event);
void rkmq__watch_route(void *owner, const struct rkmq_route_event *event);
/* Resets every connection that is meant; only with an `on_event`, without it none is known. */
typedef bool rkmq_watch_meant_fn(void *user, const char *server, const char *peer);
void rkmq__watch_reset(struct rkmq_watch *w, rkmq_watch_meant_fn *is_meant, void *user);
/* Requests received with that code; negative: all. */
uint64_t rkmq__watch_seen(const struct rkmq_watch *w, int code);

#endif
