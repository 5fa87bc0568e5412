/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict needs of a body or of a whole request, as one text. */
#include <stdlib.h>

#include "remoting/protocol/bodies.h"
#include "remoting/protocol/codes.h"
#include "remoting/protocol/header.h"
#include "runner/record.h"

/* ---- members, routes, subscriptions ---- */

static int id_compare(const void *a, const void *b)
{
    return rkmq__slice_compare(*(const struct rkmq_slice *)a, *(const struct rkmq_slice *)b);
}

static struct rkmq_slice known_as(const struct rkmq_recorder *r, struct rkmq_slice client_id)
{
    const void *name = rkmq__map_get(&r->peers, client_id);
    return name ? rkmq__event_log_text(r->log, rkmq__name_of(name)) : client_id;
}

static void members_write(const struct rkmq_recorder *r, struct rkmq_slice body,
                          struct rkmq_arena *arena, struct rkmq_bytes *out)
{
    struct rkmq_slice *ids;
    struct rkmq_err err;
    size_t n;
    if (rkmq__consumer_list_read(body, arena, &ids, &n, &err) != RKMQ_OK) {
        return;
    }
    if (n > 1) {
        qsort(ids, n, sizeof *ids, id_compare);
    }
    for (size_t i = 0; i < n; i++) {
        rkmq__bytes_add_text(out, i > 0 ? " " : "");
        rkmq__bytes_add_slice(out, known_as(r, ids[i]));
    }
}

static int queues_compare(const void *a, const void *b)
{
    return rkmq__slice_compare(((const struct rkmq_queue_data *)a)->broker_name,
                               ((const struct rkmq_queue_data *)b)->broker_name);
}

static void route_write(struct rkmq_recorder *r, struct rkmq_slice body, struct rkmq_arena *arena,
                        struct rkmq_bytes *out)
{
    struct rkmq_route_data route;
    struct rkmq_err err;
    if (rkmq__route_data_read(body, arena, &route, &err) != RKMQ_OK) {
        return;
    }
    if (route.n_queues > 1) {
        qsort(route.queues, route.n_queues, sizeof *route.queues, queues_compare);
    }
    for (size_t i = 0; i < route.n_queues; i++) {
        const struct rkmq_queue_data *q = &route.queues[i];
        rkmq_name broker = rkmq__record_broker(r, q->broker_name);
        if ((q->perm & RKMQ_PERM_READ) && q->read_queue_nums > 0) {
            rkmq__bytes_add_text(out, out->n > 0 ? " " : "");
            rkmq__bytes_add_slice(out, rkmq__event_log_text(r->log, broker));
            rkmq__bytes_printf(out, ":%ld", (long)q->read_queue_nums);
        }
    }
}

static void subscriptions_write(struct rkmq_slice body, struct rkmq_arena *arena,
                                struct rkmq_bytes *out)
{
    struct rkmq_heartbeat_data hb;
    struct rkmq_err err;
    if (rkmq__heartbeat_data_read(body, arena, &hb, &err) != RKMQ_OK) {
        return;
    }
    for (size_t i = 0; i < hb.n_consumers; i++) {
        rkmq__bytes_add_text(out, i > 0 ? " " : "");
        rkmq__bytes_add_slice(out, hb.consumers[i].group);
        for (size_t k = 0; k < hb.consumers[i].n_subscriptions; k++) {
            rkmq__bytes_add_text(out, k > 0 ? "," : "=");
            rkmq__bytes_add_slice(out, hb.consumers[i].subscriptions[k].topic);
        }
    }
}

rkmq_name rkmq__record_body(struct rkmq_recorder *r, int32_t code, bool is_answer,
                            struct rkmq_slice body, const struct rkmq_mem *mem)
{
    struct rkmq_arena arena;
    struct rkmq_bytes text;
    if (body.n == 0) {
        return 0;
    }
    rkmq__arena_init(&arena, mem);
    rkmq__bytes_init(&text, mem);
    if (is_answer && code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP) {
        members_write(r, body, &arena, &text);
    } else if (is_answer && code == RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC) {
        route_write(r, body, &arena, &text);
    } else if (!is_answer && code == RKMQ_REQ_HEART_BEAT) {
        subscriptions_write(body, &arena, &text);
    }
    rkmq_name name = text.is_failed ? 0 : rkmq__event_log_name(r->log, rkmq__bytes_slice(&text));
    rkmq__bytes_close(&text);
    rkmq__arena_close(&arena);
    return name;
}

/* ---- well-formed? ---- */

static const struct {
    int32_t code;
    const struct rkmq_header_class *header;
} headers[] = {
    {RKMQ_REQ_PULL_MESSAGE, &rkmq__pull_message_request_class},
    {RKMQ_REQ_UPDATE_CONSUMER_OFFSET, &rkmq__update_consumer_offset_request_class},
    {RKMQ_REQ_QUERY_CONSUMER_OFFSET, &rkmq__query_consumer_offset_request_class},
    {RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, &rkmq__get_route_request_class},
    {RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, &rkmq__consumer_list_request_class},
    {RKMQ_REQ_UNREGISTER_CLIENT, &rkmq__unregister_client_request_class},
    {RKMQ_REQ_GET_MAX_OFFSET, &rkmq__queue_offset_request_class},
    {RKMQ_REQ_GET_MIN_OFFSET, &rkmq__queue_offset_request_class},
    {RKMQ_REQ_SEARCH_OFFSET_BY_TIMESTAMP, &rkmq__search_offset_request_class},
    {RKMQ_REQ_CONSUMER_SEND_MSG_BACK, &rkmq__send_back_request_class},
    {RKMQ_REQ_SEND_MESSAGE, &rkmq__send_message_request_class},
    {RKMQ_REQ_SEND_MESSAGE_V2, &rkmq__send_message_request_class},
};
#define HEADER_STRUCT_BYTES_MAX 1024

static bool header_is_whole(const struct rkmq_command *cmd, struct rkmq_err *err)
{
    _Alignas(max_align_t) uint8_t header[HEADER_STRUCT_BYTES_MAX];
    for (size_t i = 0; i < RKMQ_COUNT_OF(headers); i++) {
        if (headers[i].code == cmd->code) {
            RKMQ_ASSERT(headers[i].header->struct_bytes <= sizeof header);
            return rkmq__header_read(headers[i].header, cmd, header, err) == RKMQ_OK;
        }
    }
    return true;
}

bool rkmq__record_is_malformed(const struct rkmq_command *cmd, struct rkmq_err *err)
{
    *err = (struct rkmq_err){0};
    if (cmd->version <= 0) {
        (void)rkmq__err_set(err, RKMQ_E_PROTOCOL, "version %d", cmd->version);
    } else if (cmd->language == RKMQ_LANGUAGE_UNKNOWN) {
        (void)rkmq__err_set(err, RKMQ_E_PROTOCOL, "no language that is known");
    } else if (cmd->code == RKMQ_REQ_HEART_BEAT && cmd->body.n == 0) {
        (void)rkmq__err_set(err, RKMQ_E_PROTOCOL, "a heartbeat without a body");
    } else {
        return !header_is_whole(cmd, err);
    }
    return true;
}
