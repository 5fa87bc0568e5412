/* SPDX-License-Identifier: Apache-2.0 */
/* What servers tell of themselves; and every row into the view. */
#include "runner/checks/rows.h"
#include "remoting/protocol/bodies.h"

void rkmq__view_changed(struct rkmq_view *v)
{
    v->changed_at = v->now;
    v->change_epoch++;
}

/* ---- servers ---- */

static void apply_topic(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_server *server =
        row->broker != 0 ? rkmq__view_server_put(v, row->broker) : NULL;
    if (server) {
        server->is_broker = true;
    }
    rkmq__view_changed(v);
}

/* Name servers that learn the same later say nothing new. */
static void apply_publish(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_place *place = rkmq__view_place(v, row->topic, row->broker);
    int64_t count = row->status & RKMQ_PERM_READ ? row->count : 0;
    if (place && (place->row == 0 || place->count != count)) {
        place->count = count;
        place->at = v->now;
        place->row = index;
    }
}

/* Who is a member has sent a heartbeat, so that its link is known. A broker that goes down forgets
 * all: whoever is in its list again joins again. */
static void apply_listed(struct rkmq_view *v, const struct rkmq_event *row)
{
    struct rkmq_view_link *link = rkmq__view_link_known(v, row->who, row->broker);
    if (link) {
        link->is_listed = row->kind == RKMQ_EV_MEMBER_JOIN;
    }
}

static void apply_down(struct rkmq_view *v, const struct rkmq_event *row)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; (entry = rkmq__map_next(&v->links, &cursor));) {
        struct rkmq_view_link *link = entry->value;
        link->is_listed = link->is_listed && link->server != row->who;
    }
}

static void apply_server(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    struct rkmq_view_queue *queue;
    switch (row->kind) {
    case RKMQ_EV_APPEND:
        queue = rkmq__view_queue(v, row);
        if (queue) {
            queue->max_offset = row->offset + 1;
        }
        break;
    case RKMQ_EV_MEMBER_JOIN:
    case RKMQ_EV_MEMBER_LEAVE:
    case RKMQ_EV_MEMBER_EXPIRE:
        apply_listed(v, row);
        rkmq__view_changed(v);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_HEALED:
        rkmq__view_changed(v);
        break;
    case RKMQ_EV_SERVER_DOWN:
        apply_down(v, row);
        rkmq__view_changed(v);
        break;
    case RKMQ_EV_TOPIC:
        apply_topic(v, row);
        break;
    case RKMQ_EV_ROUTE_PUBLISH:
        apply_publish(v, row, index);
        break;
    default:
        break;
    }
}

/* ---- all ---- */

void rkmq__view_apply(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    rkmq__trouble_apply(v, row);
    apply_server(v, row, index);
    rkmq__rows_member(v, row, index);
    rkmq__rows_hold(v, row, index);
    rkmq__rows_frame(v, row, index);
}
