/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/text.h"
#include "runner/reports/report.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include <rkmq/live.h>

#define SLOTS_ALL (RKMQ_PART_BIT(RKMQ_PART_SLOTS) - 1)

/* Two members share a queue-rich topic, one crashes; one expectation fails. */
static const char scenario_text[] =
    "{\"format\":1,\"scenario\":\"test/reports\",\"title\":\"a </script><!-- \\u2028 b\","
    "\"run\":{\"end\":\"9s\",\"settle\":\"1s\"},"
    "\"cluster\":{\"brokers\":{\"broker-a\":{}},\"topics\":{\"T\":{\"queues\":4}}},"
    "\"groups\":{\"g\":{}},\"actors\":{\"p1\":{\"kind\":\"producer\"},"
    "\"c1\":{\"kind\":\"push\",\"group\":\"g\",\"subscribe\":{\"T\":\"*\"},\"from\":\"first\"},"
    "\"c2\":{\"kind\":\"push\",\"group\":\"g\",\"subscribe\":{\"T\":\"*\"},\"from\":\"first\"}},"
    "\"steps\":[{\"id\":\"load\",\"at\":\"0s\",\"do\":{\"produce\":{\"by\":\"p1\",\"topic\":\"T\","
    "\"rate\":\"5/s\",\"for\":\"4s\"}}},"
    "{\"id\":\"up\",\"at\":\"1s\",\"do\":{\"start\":\"c1\"}},"
    "{\"id\":\"join\",\"at\":\"5s\",\"do\":{\"start\":\"c2\"}},"
    "{\"id\":\"crash\",\"at\":\"8s\",\"do\":{\"crash\":{\"who\":\"c2\",\"how\":\"silent\"}}}],"
    "\"expect\":[{\"id\":\"none\",\"never\":{\"ev\":\"pq-drop\",\"who\":\"c1\"}}]}";

struct step {
    const char *file;
    int (*fn)(const struct rkmq_report_run *run, const struct rkmq_mem *mem, void *arg);
    void *arg;
    const struct rkmq_mem *mem;
    int status;
};

static void on_log(void *user, const struct rkmq_world *w, const struct rkmq_run_result *result)
{
    struct step *s = user;
    s->status = s->fn(&(struct rkmq_report_run){.file = s->file,
                                                .sc = w->sc,
                                                .seed = 7,
                                                .w = w,
                                                .result = result,
                                                .rerun = "rkmq run it",
                                                .took_us = 1234567},
                      s->mem, s->arg);
}

/* Plays the scenario and calls `s->fn` while its log is there. */
static void play(struct step *s)
{
    struct rkmq_scenario_source source = {.file = "t.jsonc", .text = rkmq__slice_of(scenario_text)};
    struct rkmq_run_options o = {.ground = RKMQ_GROUND_SIM, .seed = 7};
    struct rkmq_run_result result;
    struct rkmq_scenario *sc;
    struct rkmq_bytes mistakes;
    struct rkmq_err err = {0};
    rkmq__bytes_init(&mistakes, rkmq_mem_heap());
    assert_int_equal(rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &mistakes), RKMQ_OK);
    s->file = "t.jsonc";
    assert_int_equal(rkmq__run(&result, sc, &o, rkmq_mem_heap(), on_log, s, &err), RKMQ_OK);
    assert_int_equal(s->status, RKMQ_OK);
    assert_int_equal(result.verdict, RKMQ_FAIL);
    rkmq__run_result_close(&result);
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&mistakes);
}

static int cross(const struct rkmq_report_run *run, const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_part part, again;
    struct rkmq_bytes bytes;
    (void)arg;
    rkmq__bytes_init(&bytes, mem);
    assert_int_equal(rkmq__part_make(&part, SLOTS_ALL, run, mem), RKMQ_OK);
    rkmq__part_write(&part, &bytes);
    assert_int_equal(rkmq__part_read(&again, rkmq__bytes_slice(&bytes), mem), RKMQ_OK);
    assert_memory_equal(&part.facts, &again.facts, sizeof part.facts);
    assert_int_equal(again.facts.outcome, RKMQ_OUTCOME_FAIL);
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        assert_true(part.slots[i].n > 0);
        assert_true(rkmq__slice_equal(rkmq__bytes_slice(&part.slots[i]),
                                      rkmq__bytes_slice(&again.slots[i])));
    }
    rkmq__part_close(&again);
    size_t near_all = bytes.n > 2000 ? 1000 : bytes.n; /* the middle is all the same */
    for (size_t n = 0; n < bytes.n; n += n == near_all ? bytes.n - 2 * near_all : 1) {
        assert_int_equal(rkmq__part_read(&again, rkmq__slice(bytes.p, n), mem), RKMQ_E_PROTOCOL);
        rkmq__part_close(&again);
    }
    rkmq__bytes_add(&bytes, "x", 1);
    assert_int_equal(rkmq__part_read(&again, rkmq__bytes_slice(&bytes), mem), RKMQ_E_PROTOCOL);
    rkmq__part_close(&again);
    rkmq__part_close(&part);
    rkmq__bytes_close(&bytes);
    return RKMQ_OK;
}

/* A part that went through a pipe is the part that was made; one that was cut short is refused. */
static void test_part_crosses(void **state)
{
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    play(&(struct step){.fn = cross, .mem = &tm.mem});
    test_mem_assert_empty(&tm);
}

static int report_once(const struct rkmq_mem *mem, void *arg)
{
    const struct rkmq_report_run *run = arg;
    const struct rkmq_reports_options o = {.junit = "/dev/null", .html = "/dev/null"};
    struct rkmq_reports *reports;
    struct rkmq_err err = {0};
    struct rkmq_part part;
    int status = rkmq__reports_open(&reports, &o, mem, &err);
    if (status != RKMQ_OK) {
        return status;
    }
    status = rkmq__part_make(&part, SLOTS_ALL, run, mem);
    rkmq__reports_add(reports, &part);
    rkmq__reports_add(reports, &part);
    rkmq__part_close(&part);
    int closed = rkmq__reports_close(reports, &err);
    return status == RKMQ_OK && closed == RKMQ_OK ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int fail_each(const struct rkmq_report_run *run, const struct rkmq_mem *mem, void *arg)
{
    struct rkmq_report_run copy = *run;
    (void)mem;
    *(long *)arg = test_mem_fail_each(report_once, &copy);
    return RKMQ_OK;
}

/* Whichever allocation fails, it is told, and nothing is left behind. */
static void test_out_of_memory(void **state)
{
    long n_failures = 0;
    (void)state;
    play(&(struct step){.fn = fail_each, .arg = &n_failures});
    assert_true(n_failures > 10);
}

/* What cannot be shown is named; what can be shown stays. */
static void test_text_show(void **state)
{
    static const struct {
        const char *text;
        size_t bytes_max;
        const char *expected;
    } rows[] = {
        {"plain \\ \xC3\xA9 \xF0\x9F\x98\x80", 0, "plain \\ \xC3\xA9 \xF0\x9F\x98\x80"},
        {"a\nb\tc\rd\x01", 0, "a\\nb\\tc\\rd\\x01"},
        {"\x7F\xC2\x80\xC2\x9F", 0, "\\x7F\\xC2\\x80\\xC2\\x9F"},
        {"\xEF\xBF\xBE \xEF\xBF\xBF \xEF\xBF\xBD", 0,
         "\\xEF\\xBF\\xBE \\xEF\\xBF\\xBF \xEF\xBF\xBD"},
        {"\xC0\xAF \xED\xA0\x80 \xE2\x82", 0, "\\xC0\\xAF \\xED\\xA0\\x80 \\xE2\\x82"},
        {"abcdef", 3, "abc..."},
        {"", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, rkmq_mem_heap());
        rkmq__text_show(&out, rkmq__slice_of(rows[i].text), rows[i].bytes_max);
        rkmq__bytes_add(&out, "", 1);
        assert_string_equal((const char *)out.p, rows[i].expected);
        rkmq__bytes_close(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part_crosses),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_text_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
