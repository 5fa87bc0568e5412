/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/offset_store.h"

#include "consumer/core/client_instance.h"
#include "consumer/core/mutant.h"
#include "remoting/protocol/codes.h"

void rkmq__offset_update(struct rkmq_process_queue *pq, int64_t offset, bool is_increase_only)
{
    if (pq->offset.is_frozen || (is_increase_only && offset <= pq->offset.value)) {
        return;
    }
    pq->offset.value = offset;
}

void rkmq__offset_update_and_freeze(struct rkmq_process_queue *pq, int64_t offset)
{
    pq->offset = (struct rkmq_consume_offset){.value = offset, .is_frozen = true};
}

/* RemoteBrokerOffsetStore.updateConsumeOffsetToBroker: to the master, else to any replica. */
void rkmq__offset_persist(struct rkmq_client_instance *ci, const char *group,
                          struct rkmq_process_queue *pq)
{
    struct rkmq_broker_found brk;
    if (pq->offset.value < 0 && !RKMQ_MUTANT(COMMIT_NEGATIVE)) {
        return;
    }
    if (!rkmq__route_find(&ci->route, pq->mq.broker_name, 0, false, &brk)) {
        struct rkmq_route_update u = {.topic = pq->mq.topic};
        rkmq_log_warn(ci->env, "offset", "The broker[%.*s] not exist",
                      RKMQ_SLICE_ARG(pq->mq.broker_name));
        (void)rkmq__route_update(&ci->route, &u); /* the poll asks too */
        return;
    }
    struct rkmq_update_consumer_offset_request header = {
        .consumer_group =
            RKMQ_MUTANT(COMMIT_UNNAMED) ? rkmq__slice(NULL, 0) : rkmq__slice_of(group),
        .topic = pq->mq.topic,
        .queue_id = pq->mq.queue_id,
        .commit_offset = pq->offset.value,
        .broker_name = pq->mq.broker_name,
    };
    struct rkmq_fields fields;
    struct rkmq_message_out out = {.code = RKMQ_REQ_UPDATE_CONSUMER_OFFSET, .fields = &fields};
    rkmq__header_write(&rkmq__update_consumer_offset_request_class, &header, false, &fields);
    int status = rkmq__remoting_client_oneway(ci->client, brk.addr, &out);
    if (status != RKMQ_OK) {
        rkmq_log_warn(ci->env, "offset", "update at %s: %s", brk.addr, rkmq_status_text(status));
    }
}
