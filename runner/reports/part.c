/* SPDX-License-Identifier: Apache-2.0 */
/* One run, rendered; and the same as bytes. */
#include "remoting/base/text.h"
#include "runner/reports/kinds.h"

static enum rkmq_outcome outcome_of(const struct rkmq_report_run *run)
{
    static const enum rkmq_outcome by_verdict[] = {[RKMQ_PASS] = RKMQ_OUTCOME_PASS,
                                                   [RKMQ_FAIL] = RKMQ_OUTCOME_FAIL,
                                                   [RKMQ_NON_STRICT] = RKMQ_OUTCOME_NON_STRICT,
                                                   [RKMQ_UNKNOWN] = RKMQ_OUTCOME_UNKNOWN};
    if (!run->result) {
        return run->outcome;
    }
    return run->result->is_harness_failure ? RKMQ_OUTCOME_HARNESS
                                           : by_verdict[run->result->verdict];
}

static void label_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                         struct rkmq_bytes *out)
{
    (void)outcome;
    if (run->sc && run->sc->variant > 0) {
        rkmq__text_show(out, run->sc->variant_text, 0);
        rkmq__bytes_add_text(out, " ");
    }
    if (run->n_swept > 0) {
        rkmq__bytes_printf(out, "sweep of %llu runs", (unsigned long long)run->n_swept);
    } else if (run->sc) {
        rkmq__bytes_printf(out, "seed %llu", (unsigned long long)run->seed);
    }
}

static void scenario_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                            struct rkmq_bytes *out)
{
    (void)outcome;
    rkmq__text_show(out, run->sc ? run->sc->name : rkmq__slice_of(run->file), 0);
}

static void title_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                         struct rkmq_bytes *out)
{
    (void)outcome;
    rkmq__text_show(out, run->sc ? run->sc->title : (struct rkmq_slice){0}, 0);
}

static void rerun_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                         struct rkmq_bytes *out)
{
    (void)outcome;
    rkmq__text_show(out, rkmq__slice_of(run->rerun), 0);
}

static void seen_note(const struct rkmq_report_run *run, uint8_t seen[RKMQ_SEEN_BYTES])
{
    for (size_t i = 0; run->result && i < run->sc->n_expects; i++) {
        if (run->sc->expects[i].kind == RKMQ_EXPECT_SOMETIMES &&
            run->result->expects[i].verdict == RKMQ_PASS) {
            seen[i / 8] |= (uint8_t)(1u << i % 8);
        }
    }
}

/* Pictures cost more than the rest of a part, and nobody looks at thousands of passes. */
static bool is_shown(const struct rkmq_report_run *run, enum rkmq_outcome outcome)
{
    return outcome != RKMQ_OUTCOME_PASS || run->is_example;
}

int rkmq__part_make(struct rkmq_part *part, unsigned slots, const struct rkmq_report_run *run,
                    const struct rkmq_mem *mem)
{
    static void (*const renderers[RKMQ_PART_SLOTS])(const struct rkmq_report_run *,
                                                    enum rkmq_outcome, struct rkmq_bytes *) = {
        [RKMQ_PART_SCENARIO] = scenario_render,
        [RKMQ_PART_LABEL] = label_render,
        [RKMQ_PART_TAP] = rkmq__tap_render,
        [RKMQ_PART_JUNIT] = rkmq__junit_render,
        [RKMQ_PART_SVG] = rkmq__svg_render,
        [RKMQ_PART_TITLE] = title_render,
        [RKMQ_PART_RERUN] = rerun_render,
        [RKMQ_PART_HTML_FINDINGS] = rkmq__html_findings_render,
        [RKMQ_PART_HTML_DETAILS] = rkmq__html_details_render,
    };
    const struct rkmq_run_result *result = run->result;
    bool is_failed = false;
    *part = (struct rkmq_part){.facts = {.outcome = outcome_of(run),
                                         .variant = run->sc ? run->sc->variant : 0,
                                         .seed = run->seed,
                                         .log_hash = result ? result->log_hash : 0,
                                         .n_events = result ? result->n_events : 0,
                                         .ended_us = result ? result->ended_at : 0,
                                         .took_us = run->took_us}};
    seen_note(run, part->facts.seen);
    if (!is_shown(run, part->facts.outcome)) {
        slots &= ~(RKMQ_PART_BIT(RKMQ_PART_SVG) | RKMQ_PART_BIT(RKMQ_PART_HTML_DETAILS));
    }
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        rkmq__bytes_init(&part->slots[i], mem);
        if (slots & RKMQ_PART_BIT(i)) {
            renderers[i](run, part->facts.outcome, &part->slots[i]);
            is_failed = is_failed || part->slots[i].is_failed;
        }
    }
    return is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
}

void rkmq__part_close(struct rkmq_part *part)
{
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        if (part->slots[i].mem) {
            rkmq__bytes_close(&part->slots[i]);
        }
    }
}

/* ---- as bytes: the facts as they are, then each slot with its length before it ---- */

void rkmq__part_write(const struct rkmq_part *part, struct rkmq_bytes *out)
{
    rkmq__bytes_add(out, &part->facts, sizeof part->facts);
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        uint64_t n = part->slots[i].n;
        rkmq__bytes_add(out, &n, sizeof n);
        rkmq__bytes_add(out, part->slots[i].p, part->slots[i].n);
    }
}

static bool take(struct rkmq_slice *rest, void *out, size_t n)
{
    if (rest->n < n) {
        return false;
    }
    memcpy(out, rest->p, n);
    *rest = rkmq__slice(rest->p + n, rest->n - n);
    return true;
}

int rkmq__part_read(struct rkmq_part *part, struct rkmq_slice bytes, const struct rkmq_mem *mem)
{
    *part = (struct rkmq_part){0};
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        rkmq__bytes_init(&part->slots[i], mem);
    }
    if (!take(&bytes, &part->facts, sizeof part->facts) ||
        part->facts.outcome >= RKMQ_OUTCOME_COUNT) {
        return RKMQ_E_PROTOCOL;
    }
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        uint64_t n;
        if (!take(&bytes, &n, sizeof n) || n > bytes.n) {
            return RKMQ_E_PROTOCOL;
        }
        rkmq__bytes_add(&part->slots[i], bytes.p, n);
        bytes = rkmq__slice(bytes.p + n, bytes.n - n);
        if (part->slots[i].is_failed) {
            return RKMQ_E_NOMEM;
        }
    }
    return bytes.n == 0 ? RKMQ_OK : RKMQ_E_PROTOCOL;
}
