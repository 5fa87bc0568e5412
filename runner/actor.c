/* SPDX-License-Identifier: Apache-2.0 */
/* What actors of every kind have in common. */
#include "runner/world.h"

void rkmq__actor_tell(struct rkmq_run_actor *actor, enum rkmq_event_kind kind, int status)
{
    struct rkmq_event row = rkmq__row(kind);
    row.who = actor->who;
    row.group = actor->group;
    row.status = status;
    rkmq__recorder_add(&actor->world->recorder, &row);
}

void rkmq__actor_started(struct rkmq_run_actor *actor, int status, const char *why)
{
    actor->is_starting = false;
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_STARTED, status);
    if (status != RKMQ_OK) {
        struct rkmq_event row = rkmq__row(RKMQ_EV_NOTE);
        row.who = actor->who;
        row.text = rkmq__recorder_name(&actor->world->recorder, why);
        rkmq__recorder_add(&actor->world->recorder, &row);
    } else if (actor->is_stop_wanted) {
        rkmq__actor_stop(actor);
    }
}

int rkmq__actor_start(struct rkmq_run_actor *actor, struct rkmq_err *err)
{
    struct rkmq_world *w = actor->world;
    rkmq__actor_reap(actor);
    if (actor->ops->is_there(actor)) {
        return rkmq__err_set(err, RKMQ_E_STATE, "'%s' runs already", actor->host);
    }
    actor->env = w->rt->ops->host(w->rt, actor->host);
    if (!actor->env) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    if (rkmq__recorder_peer(&w->recorder, actor->env->host, actor->who) != RKMQ_OK) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_START, 0);
    return actor->ops->start(actor, err);
}

/* A start under way is waited for; who does not run has nothing to stop. */
void rkmq__actor_stop(struct rkmq_run_actor *actor)
{
    if (actor->is_starting) {
        actor->is_stop_wanted = true;
    } else if (actor->ops->is_there(actor)) {
        actor->ops->stop(actor);
    }
}

int rkmq__actor_crash(struct rkmq_run_actor *actor, enum rkmq_crash_how how, struct rkmq_err *err)
{
    rkmq__actor_tell(actor, RKMQ_EV_ACTOR_CRASH, 0);
    int status = actor->ops->crash(actor, how, err);
    actor->is_starting = actor->is_over = false;
    rkmq__actor_reap(actor);
    return status;
}

void rkmq__actor_pause(struct rkmq_run_actor *actor, bool is_paused)
{
    if (actor->ops->pause && actor->ops->is_there(actor)) {
        actor->ops->pause(actor, is_paused);
    }
}

void rkmq__actor_reap(struct rkmq_run_actor *actor)
{
    if (actor->ops->reap) {
        actor->ops->reap(actor);
    }
}

void rkmq__actor_close(struct rkmq_run_actor *actor)
{
    actor->ops->close(actor);
    rkmq__actor_reap(actor);
}
