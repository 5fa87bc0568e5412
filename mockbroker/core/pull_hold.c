/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/pull_hold.h"

#include "mockbroker/core/broker.h"

struct held_pull {
    struct rkmq_list in_all, in_queue, in_connection;
    struct rkmq_queue *queue;
    struct rkmq_group_subscription *sub; /* NULL: every message matches */
    rkmq_ms due;
    struct rkmq_pull pull;
    struct rkmq_pull_message_request header; /* its texts stand behind this struct */
};

static void sweep(struct rkmq_timer *t);

void rkmq__pull_hold_init(struct rkmq_pull_hold *hold, const struct rkmq_env *env,
                          rkmq_pull_again_fn *again, void *user)
{
    *hold =
        (struct rkmq_pull_hold){.env = env, .timer = {.fire = sweep}, .again = again, .user = user};
    rkmq__list_init(&hold->pulls);
    rkmq__timer_in(env, &hold->timer, RKMQ_PULL_HOLD_SWEEP_MS);
}

void rkmq__pull_hold_stop(struct rkmq_pull_hold *hold)
{
    if (hold->env) {
        rkmq__timer_stop(hold->env, &hold->timer);
    }
}

/* ---- in and out ---- */

static struct rkmq_slice place(uint8_t **at, struct rkmq_slice text)
{
    struct rkmq_slice placed = {NULL, 0};
    if (text.p) {
        placed = rkmq__slice(*at, text.n);
        memcpy(*at, text.p, text.n);
        *at += text.n;
    }
    return placed;
}

static struct held_pull *held_create(const struct rkmq_mem *mem, const struct rkmq_pull *pull,
                                     const struct rkmq_subscription_data *sub)
{
    const struct rkmq_pull_message_request *header = pull->header;
    size_t text_bytes = header->consumer_group.n + header->topic.n + header->subscription.n +
                        header->expression_type.n;
    struct held_pull *held = rkmq__zalloc(mem, sizeof *held + text_bytes);
    if (!held) {
        return NULL;
    }
    if (sub) {
        held->sub = rkmq__group_subscription_copy(mem, sub);
        if (!held->sub) {
            rkmq__free(mem, held);
            return NULL;
        }
    }
    uint8_t *at = (uint8_t *)(held + 1);
    held->header = *header;
    held->header.consumer_group = place(&at, header->consumer_group);
    held->header.topic = place(&at, header->topic);
    held->header.subscription = place(&at, header->subscription);
    held->header.expression_type = place(&at, header->expression_type);
    held->header.broker_name = (struct rkmq_slice){NULL, 0}; /* nobody looks at it */
    held->pull = *pull;
    held->pull.header = &held->header;
    held->pull.is_again = true;
    return held;
}

static void held_destroy(struct rkmq_pull_hold *hold, struct held_pull *held)
{
    rkmq__free(hold->env->mem, held->sub);
    rkmq__free(hold->env->mem, held);
}

static void held_remove(struct rkmq_pull_hold *hold, struct held_pull *held)
{
    rkmq__list_remove(&held->in_all);
    rkmq__list_remove(&held->in_queue);
    rkmq__list_remove(&held->in_connection);
    hold->n--;
}

/* A wait is at most as long as the clock goes. */
static rkmq_ms due_after(rkmq_ms now, rkmq_ms timeout_ms)
{
    return timeout_ms > RKMQ_NEVER - now ? RKMQ_NEVER : now + timeout_ms;
}

int rkmq__pull_hold_add(struct rkmq_pull_hold *hold, const struct rkmq_pull *pull,
                        const struct rkmq_subscription_data *sub, struct rkmq_queue *queue,
                        struct rkmq_list *of_connection)
{
    RKMQ_ASSERT(!pull->is_again);
    if (hold->n >= RKMQ_BROKER_HELD_PULLS_MAX) {
        return RKMQ_E_LIMIT;
    }
    struct held_pull *held = held_create(hold->env->mem, pull, sub);
    if (!held) {
        return RKMQ_E_NOMEM;
    }
    held->queue = queue;
    held->due = due_after(rkmq__now(hold->env), pull->header->suspend_timeout_ms);
    rkmq__list_push_back(&hold->pulls, &held->in_all);
    rkmq__list_push_back(&queue->held, &held->in_queue);
    rkmq__list_push_back(of_connection, &held->in_connection);
    hold->n++;
    return RKMQ_OK;
}

void rkmq__pull_hold_drop(struct rkmq_pull_hold *hold, struct rkmq_list *of_connection)
{
    RKMQ_LIST_EACH (link, of_connection) {
        struct held_pull *held = RKMQ_CONTAINER_OF(link, struct held_pull, in_connection);
        held_remove(hold, held);
        held_destroy(hold, held);
    }
}

/* ---- waking ---- */

static void wake(struct rkmq_pull_hold *hold, struct held_pull *held)
{
    held_remove(hold, held);
    hold->again(hold->user, &held->pull);
    held_destroy(hold, held);
}

static bool has_match(const struct held_pull *held, int64_t from)
{
    int64_t at = from > held->header.queue_offset ? from : held->header.queue_offset;
    for (; at < held->queue->max_offset; at++) {
        int32_t tag_code = rkmq__queue_entry(held->queue, at)->tag_code;
        if (!held->sub || rkmq__subscription_matches_code(&held->sub->data, tag_code)) {
            return true;
        }
    }
    return false;
}

void rkmq__pull_hold_arrived(struct rkmq_pull_hold *hold, struct rkmq_queue *queue, int64_t from)
{
    rkmq_ms now = rkmq__now(hold->env);
    RKMQ_LIST_EACH (link, &queue->held) {
        struct held_pull *held = RKMQ_CONTAINER_OF(link, struct held_pull, in_queue);
        if (has_match(held, from) || now >= held->due) {
            wake(hold, held);
        }
    }
}

static void sweep(struct rkmq_timer *t)
{
    struct rkmq_pull_hold *hold = RKMQ_CONTAINER_OF(t, struct rkmq_pull_hold, timer);
    rkmq_ms now = rkmq__now(hold->env);
    RKMQ_LIST_EACH (link, &hold->pulls) {
        struct held_pull *held = RKMQ_CONTAINER_OF(link, struct held_pull, in_all);
        if (held->queue->max_offset > held->header.queue_offset || now >= held->due) {
            wake(hold, held);
        }
    }
    rkmq__timer_in(hold->env, &hold->timer, RKMQ_PULL_HOLD_SWEEP_MS);
}
