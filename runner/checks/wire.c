/* SPDX-License-Identifier: Apache-2.0 */
/* WIRE-1: each request has what its code needs, and an opaque of its own as long as it waits; what
 * a server asks one-way is not answered, nor what it did not ask. */
#include "remoting/protocol/codes.h"
#include "runner/checks/view.h"

/* What a request is found by. A connection that closed takes its requests with it. */
struct asked_key {
    uint32_t parts[4]; /* who asks, whom, connections closed before, opaque */
};

static struct rkmq_slice key_of(struct asked_key *key, const struct rkmq_view_link *link,
                                bool is_pushed, int32_t opaque)
{
    *key = (struct asked_key){{is_pushed ? link->server : link->member->who,
                               is_pushed ? link->member->who : link->server, link->n_closed,
                               (uint32_t)opaque}};
    return rkmq__slice(key, sizeof *key);
}

/* Between the two at either end of the row; NULL: not known. */
static struct rkmq_view_link *link_of(struct rkmq_view *v, const struct rkmq_event *row,
                                      bool is_by_client)
{
    return is_by_client ? rkmq__view_link_known(v, row->who, row->peer)
                        : rkmq__view_link_known(v, row->peer, row->who);
}

/* With two connections opaques may meet; with a rule at work anything may. */
static bool is_sure(const struct rkmq_view *v, const struct rkmq_view_link *link)
{
    return link->n_open == 1 && !rkmq__is_troubled(v, link->member->who, link->server);
}

static void judge_request(struct rkmq_view *v, const struct rkmq_view_link *link,
                          const struct rkmq_event *row, size_t index)
{
    struct asked_key key;
    if (link->member->group == 0 || !is_sure(v, link)) {
        return;
    }
    rkmq__judged(v, RKMQ_CHECK_WIRE_1, RKMQ_EVIDENCE_W);
    if (row->flags & RKMQ_EVF_MALFORMED) {
        rkmq__violated(v, RKMQ_CHECK_WIRE_1, true, index, SIZE_MAX, "%s asks %s, code %d: %s",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->peer), (int)row->code,
                       rkmq__view_text(v, row->text));
    }
    const void *known = rkmq__map_get(&v->asked, key_of(&key, link, false, row->opaque));
    if (known) {
        rkmq__violated(v, RKMQ_CHECK_WIRE_1, true, (size_t)(uintptr_t)known - 1, index,
                       "%s asks %s with opaque %d, which still waits for its answer",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->peer),
                       (int)row->opaque);
    }
}

static void judge_answer(struct rkmq_view *v, const struct rkmq_view_link *link,
                         const struct rkmq_event *row, size_t index)
{
    struct asked_key key;
    if (!is_sure(v, link)) {
        return;
    }
    const void *known = rkmq__map_get(&v->asked, key_of(&key, link, true, row->opaque));
    size_t asked = known ? (size_t)(uintptr_t)known - 1 : SIZE_MAX;
    bool is_oneway = known && (rkmq__event_log_at(v->log, asked)->flags & RKMQ_EVF_ONEWAY);
    rkmq__judged(v, RKMQ_CHECK_WIRE_1, RKMQ_EVIDENCE_W);
    if (!known || is_oneway) {
        rkmq__violated(v, RKMQ_CHECK_WIRE_1, true, asked, index, "%s answers %s, opaque %d: %s",
                       rkmq__view_text(v, row->who), rkmq__view_text(v, row->peer),
                       (int)row->opaque, known ? "a one-way request" : "it was not asked");
    }
}

/* ---- what waits ---- */

static void wait_begin(struct rkmq_view *v, const struct rkmq_view_link *link,
                       const struct rkmq_event *row, size_t index)
{
    bool is_pushed = (row->flags & RKMQ_EVF_PUSHED) != 0;
    struct asked_key key;
    if ((is_pushed || !(row->flags & RKMQ_EVF_ONEWAY)) &&
        rkmq__map_put(&v->asked, key_of(&key, link, is_pushed, row->opaque),
                      (void *)(uintptr_t)(index + 1)) != RKMQ_OK) {
        v->is_failed = true;
    }
}

static void wait_end(struct rkmq_view *v, const struct rkmq_view_link *link,
                     const struct rkmq_event *row)
{
    bool is_pushed = (row->flags & RKMQ_EVF_PUSHED) != 0;
    struct asked_key key;
    (void)rkmq__map_remove(&v->asked, key_of(&key, link, is_pushed, row->opaque));
}

static void wire_row(struct rkmq_view *v, const struct rkmq_event *row, size_t index)
{
    bool is_pushed = (row->flags & RKMQ_EVF_PUSHED) != 0, is_request = row->kind == RKMQ_EV_REQ;
    const struct rkmq_view_link *link =
        is_request || row->kind == RKMQ_EV_RESP ? link_of(v, row, is_request != is_pushed) : NULL;
    if (!link) {
        return;
    }
    if (is_request) {
        if (!is_pushed) {
            judge_request(v, link, row, index);
        }
        wait_begin(v, link, row, index);
    } else {
        if (is_pushed) {
            judge_answer(v, link, row, index);
        }
        wait_end(v, link, row);
    }
}

const struct rkmq_check_family rkmq__checks_wire = {.row = wire_row};
