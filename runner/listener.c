/* SPDX-License-Identifier: Apache-2.0 */
/* What the script's rules say of a listener call. */
#include "runner/world.h"

static bool queue_is_in(const struct rkmq_world *w, const struct rkmq_queue_sets *sets,
                        const struct rkmq_listener_call *call)
{
    const struct rkmq_scenario *sc = w->sc;
    for (size_t i = 0; i < sets->n; i++) {
        const struct rkmq_queue_set *set = &sets->at[i];
        struct rkmq_slice topic = rkmq__scenario_word(sc, sc->topics[set->topic].name);
        const char *broker = set->broker == RKMQ_ANY ? NULL : w->mock->brokers[set->broker].name;
        if (rkmq__slice_equal(topic, call->topic) &&
            (!broker || rkmq__slice_is(call->broker_name, broker)) &&
            call->queue_id >= set->first && call->queue_id <= set->last) {
            return true;
        }
    }
    return sets->n == 0;
}

static bool text_passes(const struct rkmq_scenario *sc, const struct rkmq_word_test *test,
                        struct rkmq_slice text)
{
    bool is_one = false;
    for (size_t i = 0; i < test->n; i++) {
        is_one = is_one || rkmq__slice_equal(rkmq__scenario_word(sc, test->at[i]), text);
    }
    return test->n == 0 || is_one != test->is_not;
}

static bool rule_matches(const struct rkmq_world *w, const struct rkmq_listener_rule *rule,
                         const struct rkmq_listener_call *call)
{
    const struct rkmq_scenario *sc = w->sc;
    for (size_t i = 0; i < call->n; i++) {
        struct rkmq_msg_view m;
        call->get(call->msgs, i, &m);
        if (text_passes(sc, &rule->key, m.keys) && text_passes(sc, &rule->tag, m.tags) &&
            rkmq__int_passes(&rule->reconsume, m.reconsume_times) &&
            queue_is_in(w, &rule->queues, call)) {
            return true;
        }
    }
    return false;
}

int rkmq__listener_then(const struct rkmq_world *w, const struct rkmq_listener *listener,
                        const struct rkmq_listener_call *call, rkmq_us *cost)
{
    *cost = listener->cost;
    for (size_t i = 0; i < listener->n_rules; i++) {
        if (rule_matches(w, &listener->rules[i], call)) {
            *cost = listener->rules[i].cost == RKMQ_UNSET ? *cost : listener->rules[i].cost;
            return listener->rules[i].then;
        }
    }
    return RKMQ_LISTENER_OK;
}
