/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/wanted.h"

#include <inttypes.h>

#include "runner/parse.h"

/* ---- numbers ---- */

static void add_range(const struct rkmq_int_test *test, struct rkmq_bytes *out)
{
    if (test->min == test->max) {
        rkmq__bytes_printf(out, "%" PRId64, test->min);
    } else if (test->min == INT64_MIN) {
        rkmq__bytes_printf(out, "at most %" PRId64, test->max);
    } else if (test->max == INT64_MAX) {
        rkmq__bytes_printf(out, "at least %" PRId64, test->min);
    } else {
        rkmq__bytes_printf(out, "from %" PRId64 " to %" PRId64, test->min, test->max);
    }
}

void rkmq__wanted_number(const struct rkmq_int_test *test, struct rkmq_bytes *out)
{
    const char *before = "";
    if (test->min != INT64_MIN || test->max != INT64_MAX) {
        add_range(test, out);
        before = ", ";
    }
    if (test->has_not) {
        rkmq__bytes_printf(out, "%snot %" PRId64, before, test->not_value);
        before = ", ";
    }
    for (size_t i = 0; i < test->n_in; i++) {
        rkmq__bytes_printf(out, "%s%" PRId64, i > 0 ? ", " : before, test->in[i]);
        before = "";
    }
}

/* ---- states ---- */

static void add_name(const struct rkmq_scenario *sc, enum rkmq_ref ref, int32_t index,
                     struct rkmq_bytes *out)
{
    rkmq__bytes_add_slice(out, rkmq__ref_name(sc, ref, index));
}

static void add_queues(const struct rkmq_scenario *sc, const char *before,
                       const struct rkmq_queue_sets *queues, struct rkmq_bytes *out)
{
    char text[RKMQ_QUEUES_TEXT_BYTES];
    for (size_t i = 0; i < queues->n; i++) {
        rkmq__bytes_add_text(out, i > 0 ? " " : before);
        rkmq__bytes_add_text(out, rkmq__queues_text(sc, &queues->at[i], text));
    }
}

static void add_owners(const struct rkmq_scenario *sc, const struct rkmq_state_pred *pred,
                       struct rkmq_bytes *out)
{
    for (size_t i = 0; i < pred->n_owners; i++) {
        rkmq__bytes_add_text(out, i > 0 ? ", " : "");
        add_name(sc, RKMQ_REF_PUSH, pred->owners[i].actor, out);
        add_queues(sc, ": ", &pred->owners[i].queues, out);
    }
}

static void add_offsets(const struct rkmq_scenario *sc, const struct rkmq_state_pred *pred,
                        struct rkmq_bytes *out)
{
    rkmq__bytes_add_text(out, pred->kind == RKMQ_STATE_LAG ? "lag " : "committed ");
    rkmq__wanted_number(&pred->value, out);
    add_queues(sc, " of ", &pred->queues, out);
    if (pred->queues.n == 0 && pred->topic != RKMQ_ANY) {
        rkmq__bytes_add_text(out, " of ");
        add_name(sc, RKMQ_REF_TOPIC, pred->topic, out);
    }
}

void rkmq__wanted_state(const struct rkmq_scenario *sc, const struct rkmq_state_pred *pred,
                        struct rkmq_bytes *out)
{
    switch (pred->kind) {
    case RKMQ_STATE_ASSIGNMENT:
        add_owners(sc, pred, out);
        break;
    case RKMQ_STATE_BALANCED:
        rkmq__bytes_printf(out, "one owner of each queue, shares that differ by %lld at most",
                           (long long)pred->max_diff);
        break;
    case RKMQ_STATE_OWNER:
        add_name(sc, RKMQ_REF_PUSH, pred->owner, out);
        add_queues(sc, " alone: ", &pred->queues, out);
        break;
    case RKMQ_STATE_OWNED_ONCE:
        add_queues(sc, "one owner of each of ", &pred->queues, out);
        break;
    case RKMQ_STATE_LAG:
    case RKMQ_STATE_COMMITTED:
        add_offsets(sc, pred, out);
        break;
    case RKMQ_STATE_CADENCE:
        rkmq__bytes_add_text(out, "heartbeats in their rhythm, from ");
        add_name(sc, RKMQ_REF_HOST, pred->who, out);
        rkmq__bytes_add_text(out, " to ");
        add_name(sc, RKMQ_REF_HOST, pred->to, out);
        break;
    case RKMQ_STATE_COUNT:
        break;
    }
}
