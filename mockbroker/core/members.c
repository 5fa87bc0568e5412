/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/members.h"

void rkmq__members_init(struct rkmq_members *members, const struct rkmq_mem *mem)
{
    *members = (struct rkmq_members){.mem = mem};
    rkmq__list_init(&members->list);
}

static void member_destroy(struct rkmq_members *members, struct rkmq_member *member)
{
    rkmq__list_remove(&member->link);
    rkmq__free(members->mem, member->client_id);
    rkmq__free(members->mem, member);
    members->n--;
}

void rkmq__members_close(struct rkmq_members *members)
{
    RKMQ_LIST_EACH (link, &members->list) {
        member_destroy(members, RKMQ_CONTAINER_OF(link, struct rkmq_member, link));
    }
}

static struct rkmq_member *member_find(const struct rkmq_members *members,
                                       const struct rkmq_channel *channel)
{
    RKMQ_LIST_EACH (link, &members->list) {
        struct rkmq_member *member = RKMQ_CONTAINER_OF(link, struct rkmq_member, link);
        if (member->channel == channel) {
            return member;
        }
    }
    return NULL;
}

int rkmq__members_update(struct rkmq_members *members, struct rkmq_channel *channel,
                         struct rkmq_slice client_id, rkmq_ms now, bool *is_new)
{
    struct rkmq_member *member = member_find(members, channel);
    *is_new = false;
    if (member && rkmq__slice_is(client_id, member->client_id)) {
        member->last_update = now;
        return RKMQ_OK;
    }
    char *text = rkmq__text_copy(members->mem, client_id);
    if (!text) {
        return RKMQ_E_NOMEM;
    }
    if (!member) {
        member = rkmq__zalloc(members->mem, sizeof *member);
        if (!member) {
            rkmq__free(members->mem, text);
            return RKMQ_E_NOMEM;
        }
        member->channel = channel;
        rkmq__list_push_back(&members->list, &member->link);
        members->n++;
        *is_new = true;
    }
    rkmq__free(members->mem, member->client_id);
    member->client_id = text;
    member->last_update = now;
    return RKMQ_OK;
}

bool rkmq__members_remove(struct rkmq_members *members, const struct rkmq_channel *channel)
{
    struct rkmq_member *member = member_find(members, channel);
    if (member) {
        member_destroy(members, member);
    }
    return member != NULL;
}

const struct rkmq_member *rkmq__members_find(const struct rkmq_members *members,
                                             const struct rkmq_channel *channel)
{
    return member_find(members, channel);
}

const struct rkmq_member *rkmq__members_expired(const struct rkmq_members *members, rkmq_ms now)
{
    RKMQ_LIST_EACH (link, &members->list) {
        const struct rkmq_member *member = RKMQ_CONTAINER_OF(link, struct rkmq_member, link);
        if (now - member->last_update > RKMQ_CLIENT_CHANNEL_EXPIRED_MS) {
            return member;
        }
    }
    return NULL;
}

void rkmq__members_expire(struct rkmq_members *members, const struct rkmq_member *member)
{
    struct rkmq_channel *channel = member->channel;
    bool was_there = rkmq__members_remove(members, channel);
    RKMQ_ASSERT(was_there);
    rkmq__channel_close(channel, "no heartbeat for 120 s");
}
