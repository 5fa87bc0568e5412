/* SPDX-License-Identifier: Apache-2.0 */
/* TAP, version 13: one line a run, and comments that say why it is not ok. */
#include "remoting/base/text.h"
#include "runner/reports/kinds.h"

void rkmq__tap_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                      struct rkmq_bytes *out)
{
    if (outcome == RKMQ_OUTCOME_SKIPPED) {
        rkmq__text_show(out, rkmq__slice_of(run->why), 0); /* stands behind SKIP */
        return;
    }
    rkmq__report_explain(run, "#   ", out);
    if (!rkmq__outcome_is_ok(outcome) && run->rerun[0]) {
        rkmq__bytes_add_text(out, "#   rerun: ");
        rkmq__text_show(out, rkmq__slice_of(run->rerun), 0);
        rkmq__bytes_add_text(out, "\n");
    }
}

/* ---- in the parent ---- */

static void tap_begin(struct rkmq_report *r)
{
    rkmq__report_puts(r, "TAP version 13\n");
}

/* A '#' in a name would begin a directive. */
static void put_name(struct rkmq_report *r, const struct rkmq_bytes *name)
{
    size_t plain = 0;
    for (size_t i = 0; i < name->n; i++) {
        if (name->p[i] == '#') {
            rkmq__report_put(r, rkmq__slice(name->p + plain, i - plain));
            rkmq__report_puts(r, "\\");
            plain = i;
        }
    }
    if (name->n > 0) {
        rkmq__report_put(r, rkmq__slice(name->p + plain, name->n - plain));
    }
}

static void put_run(struct rkmq_report *r, const struct rkmq_part *part)
{
    const struct rkmq_part_facts *facts = &part->facts;
    const struct rkmq_bytes *label = &part->slots[RKMQ_PART_LABEL];
    rkmq__report_printf(r, "%s %u - ", rkmq__outcome_is_ok(facts->outcome) ? "ok" : "not ok",
                        r->n_parts);
    put_name(r, &part->slots[RKMQ_PART_SCENARIO]);
    rkmq__report_puts(r, label->n > 0 ? " " : "");
    put_name(r, label);
    if (facts->outcome == RKMQ_OUTCOME_SKIPPED) {
        rkmq__report_puts(r, " # SKIP ");
        rkmq__report_put(r, rkmq__bytes_slice(&part->slots[RKMQ_PART_TAP]));
        rkmq__report_puts(r, "\n");
        return;
    }
    rkmq__report_printf(r, " (%s", rkmq__outcome_name(facts->outcome));
    if (facts->n_events > 0) {
        rkmq__report_printf(r, ", %llu events, hash %016llx", (unsigned long long)facts->n_events,
                            (unsigned long long)facts->log_hash);
    }
    rkmq__report_puts(r, ")\n");
    rkmq__report_put(r, rkmq__bytes_slice(&part->slots[RKMQ_PART_TAP]));
}

/* Whoever reads along sees each run as it ends, and has it should the campaign be broken off. */
static void tap_add(struct rkmq_report *r, const struct rkmq_part *part)
{
    put_run(r, part);
    r->is_failed = fflush(r->file) != 0 || r->is_failed;
}

static void tap_end(struct rkmq_report *r)
{
    rkmq__report_printf(r, "1..%u\n", r->n_parts);
}

const struct rkmq_report_kind rkmq__report_tap = {
    .slots = RKMQ_PART_BIT(RKMQ_PART_TAP), .begin = tap_begin, .add = tap_add, .end = tap_end};
