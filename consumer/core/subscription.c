/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/subscription.h"

void rkmq__subscriptions_init(struct rkmq_subscriptions *subs, const struct rkmq_env *env)
{
    *subs = (struct rkmq_subscriptions){.env = env};
    rkmq__list_init(&subs->list);
}

static void subscription_destroy(const struct rkmq_mem *mem, struct rkmq_subscription *sub)
{
    rkmq__list_remove(&sub->link);
    rkmq__arena_close(&sub->arena);
    rkmq__free(mem, sub->topic);
    rkmq__free(mem, sub);
}

void rkmq__subscriptions_close(struct rkmq_subscriptions *subs)
{
    RKMQ_LIST_EACH (it, &subs->list) {
        subscription_destroy(subs->env->mem, RKMQ_SUBSCRIPTION_OF(it));
    }
    subs->n = 0;
}

static struct rkmq_subscription *subscription_find(const struct rkmq_subscriptions *subs,
                                                   struct rkmq_slice topic)
{
    RKMQ_LIST_EACH (it, &subs->list) {
        if (rkmq__slice_equal(RKMQ_SUBSCRIPTION_OF(it)->topic_slice, topic)) {
            return RKMQ_SUBSCRIPTION_OF(it);
        }
    }
    return NULL;
}

struct rkmq_subscription *rkmq__subscriptions_get(const struct rkmq_subscriptions *subs,
                                                  struct rkmq_slice topic)
{
    struct rkmq_subscription *sub = subscription_find(subs, topic);
    return sub && !sub->is_removed ? sub : NULL;
}

static struct rkmq_subscription *subscription_create(const struct rkmq_mem *mem,
                                                     struct rkmq_slice topic)
{
    struct rkmq_subscription *sub = rkmq__zalloc(mem, sizeof *sub);
    if (!sub) {
        return NULL;
    }
    rkmq__arena_init(&sub->arena, mem);
    sub->topic = rkmq__text_copy(mem, topic);
    if (!sub->topic) {
        rkmq__free(mem, sub);
        return NULL;
    }
    sub->topic_slice = rkmq__slice(sub->topic, topic.n);
    return sub;
}

/* The new data is complete before it replaces the old. */
int rkmq__subscriptions_put(struct rkmq_subscriptions *subs, struct rkmq_slice topic,
                            struct rkmq_slice expression, struct rkmq_err *err)
{
    const struct rkmq_mem *mem = subs->env->mem;
    struct rkmq_subscription *sub = subscription_find(subs, topic);
    struct rkmq_subscription_data data;
    struct rkmq_arena arena;
    if (!sub && subs->n == RKMQ_SUBSCRIPTIONS_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "more than %d topics", RKMQ_SUBSCRIPTIONS_MAX);
    }
    rkmq__arena_init(&arena, mem);
    int status = rkmq__subscription_build(topic, expression, rkmq__wall(subs->env), &arena, &data);
    if (status == RKMQ_OK && !sub) {
        sub = subscription_create(mem, topic);
        status = sub ? RKMQ_OK : RKMQ_E_NOMEM;
        if (sub) {
            rkmq__list_push_back(&subs->list, &sub->link);
            subs->n++;
        }
    }
    if (status != RKMQ_OK) {
        rkmq__arena_close(&arena);
        return status == RKMQ_E_INVALID
                   ? rkmq__err_set(err, status,
                                   "subscription exception: subString split error [%.*s]",
                                   RKMQ_SLICE_ARG(expression))
                   : rkmq__err_set(err, status, "subscription exception: %s",
                                   rkmq_status_text(status));
    }
    rkmq__arena_close(&sub->arena);
    sub->arena = arena;
    sub->data = data;
    sub->is_removed = false;
    return RKMQ_OK;
}

void rkmq__subscriptions_remove(struct rkmq_subscriptions *subs, struct rkmq_slice topic)
{
    struct rkmq_subscription *sub = subscription_find(subs, topic);
    if (sub) {
        sub->is_removed = true;
    }
}

int rkmq__subscriptions_add_retry(struct rkmq_subscriptions *subs, const char *group,
                                  struct rkmq_err *err)
{
    struct rkmq_bytes topic;
    rkmq__bytes_init(&topic, subs->env->mem);
    rkmq__bytes_add_text(&topic, RKMQ_RETRY_TOPIC_PREFIX);
    rkmq__bytes_add_text(&topic, group);
    int status =
        topic.is_failed
            ? rkmq__err_set(err, RKMQ_E_NOMEM, "subscription exception: out of memory")
            : rkmq__subscriptions_put(subs, rkmq__bytes_slice(&topic), RKMQ_SLICE("*"), err);
    if (status == RKMQ_OK) {
        struct rkmq_subscription *sub = subscription_find(subs, rkmq__bytes_slice(&topic));
        struct rkmq_list *first = subs->list.next;
        sub->is_retry = true;
        if (first != &sub->link) {
            /* To the front: pushing back in front of the first is what a circular list offers. */
            rkmq__list_remove(&sub->link);
            rkmq__list_push_back(first, &sub->link);
        }
    }
    rkmq__bytes_close(&topic);
    return status;
}
