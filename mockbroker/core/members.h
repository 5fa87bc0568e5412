/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_MEMBERS_H
#define RKMQ_BROKER_MEMBERS_H

/*
 * The members of a producer or consumer group: one per connection, in the order they came. Stands
 * for the channelInfoTable of ConsumerGroupInfo and ProducerManager.
 */

#include "remoting/rpc/channel.h"

#define RKMQ_CLIENT_CHANNEL_EXPIRED_MS 120000 /* CHANNEL_EXPIRED_TIMEOUT */
#define RKMQ_CLIENT_SCAN_MS 10000             /* ClientHousekeepingService, also the first time */
#define RKMQ_BROKER_MEMBERS_MAX 1048576       /* of all groups of a kind */

struct rkmq_member {
    struct rkmq_list link;
    struct rkmq_channel *channel; /* open: a closed one is removed at once */
    char *client_id;
    rkmq_ms last_update;
};
struct rkmq_members {
    const struct rkmq_mem *mem;
    struct rkmq_list list;
    size_t n;
};
void rkmq__members_init(struct rkmq_members *members, const struct rkmq_mem *mem);
void rkmq__members_close(struct rkmq_members *members);
/* Adds or refreshes. `*is_new` when the connection was not there; another client id on it replaces
 * the old one and does not count. Errors: RKMQ_E_NOMEM. */
int rkmq__members_update(struct rkmq_members *members, struct rkmq_channel *channel,
                         struct rkmq_slice client_id, rkmq_ms now, bool *is_new);
/* False: it was no member. */
bool rkmq__members_remove(struct rkmq_members *members, const struct rkmq_channel *channel);
/* NULL: it is no member. */
const struct rkmq_member *rkmq__members_find(const struct rkmq_members *members,
                                             const struct rkmq_channel *channel);
/* The first member that has been silent for too long; NULL: none has. */
const struct rkmq_member *rkmq__members_expired(const struct rkmq_members *members, rkmq_ms now);
/* Removes it and closes its connection. */
void rkmq__members_expire(struct rkmq_members *members, const struct rkmq_member *member);

#endif
