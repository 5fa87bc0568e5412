/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RPC_CHANNEL_HOME_H
#define RKMQ_RPC_CHANNEL_HOME_H

/* What a channel is to the client or server that holds it, and what is in it. */

#include "remoting/rpc/request_table.h"

struct rkmq_channel_home {
    const struct rkmq_channel_config *config;
    struct rkmq_list channels; /* all that are not yet over, oldest first */
    rkmq_ms connect_timeout_ms, idle_ms;
    void *holder;
    void (*shut)(void *holder, struct rkmq_channel *ch); /* takes it out of the holder's tables */
};

enum rkmq_channel_state { RKMQ_CHANNEL_CONNECTING, RKMQ_CHANNEL_OPEN, RKMQ_CHANNEL_CLOSED };

struct rkmq_channel {
    const struct rkmq_env *env;
    struct rkmq_channel_home *home; /* not to be touched once is_over */
    struct rkmq_list link;          /* in home->channels until is_over */
    enum rkmq_channel_state state;
    rkmq_conn con; /* 0: the runtime knows it no more */
    uint64_t id, order;
    char *address;
    char peer[64], why[160];
    void *user;
    struct rkmq_decoder *decoder;
    struct rkmq_request_table calls;
    struct rkmq_timer calls_timer; /* due no later than the first call */
    struct rkmq_timer
        life_timer; /* CONNECTING: to give up; OPEN: to see if it idles; CLOSED: end */
    rkmq_ms active_at;
    unsigned n_busy; /* callbacks under way: the memory is needed */
    bool is_over;    /* handler.closed was told */
};

/* In state CONNECTING, without a connection. Errors: RKMQ_E_NOMEM. */
int rkmq__channel_create(struct rkmq_channel **out, struct rkmq_channel_home *home,
                         const char *address);
/* For one that nobody has heard of yet. */
void rkmq__channel_discard(struct rkmq_channel *ch);
/* Errors: as of env dial. */
int rkmq__channel_dial(struct rkmq_channel *ch);
void rkmq__channel_opened(struct rkmq_channel *ch, rkmq_conn con, const char *peer);
void rkmq__channel_data(struct rkmq_channel *ch, struct rkmq_buf *take_data);
void rkmq__channel_lost(struct rkmq_channel *ch, const char *why);
/* Ends every call with `status`, tells the handler, frees: now. */
void rkmq__channel_end(struct rkmq_channel *ch, int status, const char *why);
/* One request or answer that came in: asks the gate, then as rkmq__channel_pass. */
void rkmq__channel_receive(struct rkmq_channel *ch, const struct rkmq_command *cmd);
/* The same past the gate. The caller keeps the channel's memory (n_busy). */
void rkmq__channel_pass(struct rkmq_channel *ch, const struct rkmq_command *cmd);
/* Tells who watches about a frame. */
void rkmq__channel_note(struct rkmq_channel *ch, bool is_outgoing, const struct rkmq_command *cmd,
                        size_t n_body);
void rkmq__channel_enter(struct rkmq_channel *ch);
void rkmq__channel_leave(struct rkmq_channel *ch);

#endif
