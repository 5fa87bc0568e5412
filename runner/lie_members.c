/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker says of a group's members, as the script wants it. */
#include "remoting/protocol/bodies.h"
#include "runner/world.h"

struct told {
    const struct rkmq_world *w;
    const struct rkmq_members_lie *lie;
    struct rkmq_slice *ids;
    size_t n, n_max;
};

/* Empty: it has none before it started. */
static struct rkmq_slice client_id_of(const struct rkmq_world *w, const struct rkmq_member *member)
{
    if (member->actor == RKMQ_ANY) {
        return member->client_id;
    }
    const struct rkmq_run_actor *actor = &w->actors[member->actor];
    if (actor->testee) {
        return actor->client_id;
    }
    return actor->push && actor->push->ci ? rkmq__slice_of(actor->push->ci->client_id)
                                          : actor->spec->client_id;
}

static bool is_left_out(const struct told *told, struct rkmq_slice id)
{
    for (size_t i = 0; told->lie->lie == RKMQ_LIE_WITHOUT && i < told->lie->n_members; i++) {
        if (rkmq__slice_equal(client_id_of(told->w, &told->lie->members[i]), id)) {
            return true;
        }
    }
    return false;
}

static void add_true(void *user, struct rkmq_slice id)
{
    struct told *told = user;
    if (told->n < told->n_max && !is_left_out(told, id)) {
        told->ids[told->n++] = id;
    }
}

int rkmq__lie_members(struct rkmq_world *w, const struct rkmq_members_lie *lie, size_t broker,
                      struct rkmq_bytes *body, struct rkmq_err *err)
{
    struct told told = {.w = w, .lie = lie, .n_max = lie->n_members + w->sc->n_actors};
    int status = RKMQ_OK;
    told.ids = rkmq__alloc(w->mem, told.n_max * sizeof *told.ids);
    if (!told.ids) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < lie->n_members && status == RKMQ_OK; i++) {
        struct rkmq_slice id = client_id_of(w, &lie->members[i]);
        if (id.n == 0) {
            status = rkmq__err_set(err, RKMQ_E_STATE,
                                   "an actor without \"client_id\" has none before it started");
        } else if (lie->lie == RKMQ_LIE_ARE) {
            told.ids[told.n++] = id;
        }
    }
    if (lie->lie == RKMQ_LIE_WITHOUT || lie->lie == RKMQ_LIE_FREEZE) {
        rkmq__broker_each_member(w->mock->brokers[broker].brk,
                                 rkmq__scenario_word(w->sc, w->sc->groups[lie->group]), add_true,
                                 &told);
    }
    rkmq__consumer_list_write(told.ids, told.n, body);
    rkmq__free(w->mem, told.ids);
    return status != RKMQ_OK || !body->is_failed
               ? status
               : rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
}
