/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML as CI systems read it: a testsuite for each scenario, a testcase for each run. What
 * could not be judged (unknown, harness, a refused file) is an error, never skipped: the campaign
 * does not pass with it.
 */
#include <inttypes.h>

#include "runner/reports/kinds.h"

/* ---- in the worker: what stands within a testcase ---- */

static const char *element_of(enum rkmq_outcome outcome)
{
    static const char *const elements[RKMQ_OUTCOME_COUNT] = {[RKMQ_OUTCOME_FAIL] = "failure",
                                                             [RKMQ_OUTCOME_UNKNOWN] = "error",
                                                             [RKMQ_OUTCOME_HARNESS] = "error",
                                                             [RKMQ_OUTCOME_BAD] = "error",
                                                             [RKMQ_OUTCOME_SKIPPED] = "skipped"};
    return elements[outcome];
}

static struct rkmq_slice first_line(struct rkmq_slice lines)
{
    const uint8_t *end = lines.n > 0 ? memchr(lines.p, '\n', lines.n) : NULL;
    return end ? rkmq__slice(lines.p, (size_t)(end - lines.p)) : lines;
}

void rkmq__junit_render(const struct rkmq_report_run *run, enum rkmq_outcome outcome,
                        struct rkmq_bytes *out)
{
    const char *element = element_of(outcome);
    struct rkmq_bytes why;
    rkmq__bytes_init(&why, out->mem);
    rkmq__report_explain(run, "", &why);
    if (element) {
        rkmq__bytes_printf(out, "      <%s type=\"%s\" message=\"", element,
                           rkmq__outcome_name(outcome));
        rkmq__xml_text(out, first_line(rkmq__bytes_slice(&why)));
        rkmq__bytes_add_text(out, "\">");
        rkmq__xml_lines(out, rkmq__bytes_slice(&why));
        rkmq__bytes_printf(out, "</%s>\n", element);
    }
    if (outcome != RKMQ_OUTCOME_SKIPPED) {
        rkmq__bytes_add_text(out, "      <system-out>");
        rkmq__xml_lines(out, element ? (struct rkmq_slice){0} : rkmq__bytes_slice(&why));
        if (run->rerun[0]) {
            rkmq__bytes_add_text(out, "rerun: ");
            rkmq__xml_text(out, rkmq__slice_of(run->rerun));
            rkmq__bytes_add_text(out, "\n");
        }
        rkmq__bytes_add_text(out, "</system-out>\n");
    }
    out->is_failed = out->is_failed || why.is_failed;
    rkmq__bytes_close(&why);
}

/* ---- in the parent ---- */

struct counts {
    unsigned n_tests, n_failures, n_errors, n_skipped;
    int64_t took_us;
};

struct junit {
    struct counts all, suite;
    struct rkmq_bytes name;  /* of the suite under way */
    struct rkmq_bytes cases; /* ... and its testcases */
    struct rkmq_bytes suites;
};

static void junit_begin(struct rkmq_report *r)
{
    struct junit *j = r->state;
    rkmq__bytes_init(&j->name, r->mem);
    rkmq__bytes_init(&j->cases, r->mem);
    rkmq__bytes_init(&j->suites, r->mem);
}

static void put_counts(struct rkmq_bytes *out, const struct counts *c)
{
    rkmq__bytes_printf(out,
                       " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\""
                       " time=\"%" PRId64 ".%06" PRId64 "\"",
                       c->n_tests, c->n_failures, c->n_errors, c->n_skipped, c->took_us / 1000000,
                       c->took_us % 1000000);
}

static void counts_add(struct counts *c, const struct rkmq_part_facts *facts)
{
    const char *element = element_of(facts->outcome);
    c->n_tests++;
    c->n_failures += element && strcmp(element, "failure") == 0;
    c->n_errors += element && strcmp(element, "error") == 0;
    c->n_skipped += element && strcmp(element, "skipped") == 0;
    c->took_us += facts->took_us;
}

static void suite_end(struct rkmq_report *r)
{
    struct junit *j = r->state;
    if (j->suite.n_tests > 0) {
        rkmq__bytes_add_text(&j->suites, "  <testsuite name=\"");
        rkmq__xml_text(&j->suites, rkmq__bytes_slice(&j->name));
        rkmq__bytes_add_text(&j->suites, "\"");
        put_counts(&j->suites, &j->suite);
        rkmq__bytes_add_text(&j->suites, ">\n");
        rkmq__bytes_add_slice(&j->suites, rkmq__bytes_slice(&j->cases));
        rkmq__bytes_add_text(&j->suites, "  </testsuite>\n");
    }
    r->is_failed = r->is_failed || j->name.is_failed || j->cases.is_failed;
    j->suite = (struct counts){0};
    rkmq__bytes_clear(&j->name);
    rkmq__bytes_clear(&j->cases);
}

static void junit_add(struct rkmq_report *r, const struct rkmq_part *part)
{
    struct junit *j = r->state;
    struct rkmq_slice scenario = rkmq__bytes_slice(&part->slots[RKMQ_PART_SCENARIO]);
    struct rkmq_slice label = rkmq__bytes_slice(&part->slots[RKMQ_PART_LABEL]);
    const struct rkmq_part_facts *facts = &part->facts;
    if (!rkmq__slice_equal(scenario, rkmq__bytes_slice(&j->name))) {
        suite_end(r);
        rkmq__bytes_add_slice(&j->name, scenario);
    }
    counts_add(&j->suite, facts);
    counts_add(&j->all, facts);
    rkmq__bytes_add_text(&j->cases, "    <testcase classname=\"");
    rkmq__xml_text(&j->cases, scenario);
    rkmq__bytes_add_text(&j->cases, "\" name=\"");
    rkmq__xml_text(&j->cases, label.n > 0 ? label : RKMQ_SLICE("parse"));
    rkmq__bytes_printf(&j->cases, "\" time=\"%" PRId64 ".%06" PRId64 "\">\n",
                       facts->took_us / 1000000, facts->took_us % 1000000);
    rkmq__bytes_add_slice(&j->cases, rkmq__bytes_slice(&part->slots[RKMQ_PART_JUNIT]));
    rkmq__bytes_add_text(&j->cases, "    </testcase>\n");
}

static void junit_end(struct rkmq_report *r)
{
    struct junit *j = r->state;
    struct rkmq_bytes head;
    suite_end(r);
    rkmq__bytes_init(&head, r->mem);
    rkmq__bytes_add_text(&head, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<testsuites name=\"rkmq run\"");
    put_counts(&head, &j->all);
    rkmq__bytes_add_text(&head, ">\n");
    r->is_failed = r->is_failed || head.is_failed || j->suites.is_failed;
    rkmq__report_put(r, rkmq__bytes_slice(&head));
    rkmq__report_put(r, rkmq__bytes_slice(&j->suites));
    rkmq__report_puts(r, "</testsuites>\n");
    rkmq__bytes_close(&head);
    rkmq__bytes_close(&j->name);
    rkmq__bytes_close(&j->cases);
    rkmq__bytes_close(&j->suites);
}

const struct rkmq_report_kind rkmq__report_junit = {.slots = RKMQ_PART_BIT(RKMQ_PART_JUNIT),
                                                    .state_bytes = sizeof(struct junit),
                                                    .begin = junit_begin,
                                                    .add = junit_add,
                                                    .end = junit_end};
