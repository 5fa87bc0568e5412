/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h> /* before what it declares is banned */
#include <unistd.h>

#include "runner/reports/html.h"

#include "support/cmocka_all.h"
#include "support/mem.h"

#define HOSTILE "a\"'<b>&amp;</script><!--<script>alert(1)</script>]]>\xFF\n"

/* ---- pages ---- */

struct page {
    struct test_mem tm;
    char path[32];
    struct rkmq_reports *reports;
    char *text; /* after the close */
};

static void page_open(struct page *page)
{
    (void)snprintf(page->path, sizeof page->path, "/tmp/rkmq-html-XXXXXX");
    int file = mkstemp(page->path);
    assert_true(file >= 0);
    assert_int_equal(close(file), 0);
    test_mem_init(&page->tm);
    const struct rkmq_reports_options o = {
        .html = page->path, .ground = "sim", .command = "rkmq run " HOSTILE};
    struct rkmq_err err = {0};
    assert_int_equal(rkmq__reports_open(&page->reports, &o, &page->tm.mem, &err), RKMQ_OK);
}

static void page_close(struct page *page)
{
    struct rkmq_err err = {0};
    assert_int_equal(rkmq__reports_close(page->reports, &err), RKMQ_OK);
    test_mem_assert_empty(&page->tm);
    FILE *file = fopen(page->path, "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t n = (size_t)ftell(file);
    rewind(file);
    page->text = calloc(1, n + 1);
    assert_non_null(page->text);
    assert_int_equal(fread(page->text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(page->path), 0);
}

static size_t n_of(const struct page *page, const char *what)
{
    size_t n = 0;
    for (const char *at = page->text; (at = strstr(at, what)); at += strlen(what)) {
        n++;
    }
    return n;
}

/* One run; `scenario` NULL: none of the slots is filled. */
static void page_add(struct page *page, enum rkmq_outcome outcome, const char *scenario,
                     struct rkmq_slice findings, const char *details)
{
    struct rkmq_part part = {.facts = {.outcome = outcome, .seed = 7, .n_events = 3}};
    for (size_t i = 0; i < RKMQ_PART_SLOTS; i++) {
        rkmq__bytes_init(&part.slots[i], &page->tm.mem);
    }
    if (scenario) {
        rkmq__bytes_add_text(&part.slots[RKMQ_PART_SCENARIO], scenario);
        rkmq__bytes_add_text(&part.slots[RKMQ_PART_TITLE], HOSTILE);
        rkmq__bytes_add_text(&part.slots[RKMQ_PART_LABEL], HOSTILE);
        rkmq__bytes_add_text(&part.slots[RKMQ_PART_RERUN], HOSTILE);
        rkmq__bytes_add_text(&part.slots[RKMQ_PART_TAP], HOSTILE);
    }
    rkmq__bytes_add_slice(&part.slots[RKMQ_PART_HTML_FINDINGS], findings);
    rkmq__bytes_add_text(&part.slots[RKMQ_PART_HTML_DETAILS], details);
    rkmq__reports_add(page->reports, &part);
    rkmq__part_close(&part);
}

/* Whatever a text is, it opens and closes no element: the page has the scripts it has without. */
static void test_hostile_texts(void **state)
{
    struct page plain = {0}, hostile = {0};
    (void)state;
    page_open(&plain);
    page_close(&plain);
    page_open(&hostile);
    for (int i = 0; i < RKMQ_OUTCOME_COUNT; i++) {
        page_add(&hostile, (enum rkmq_outcome)i, HOSTILE, RKMQ_SLICE("<li>x</li>"), "");
    }
    page_close(&hostile);
    assert_int_equal(n_of(&hostile, "<script"), n_of(&plain, "<script"));
    assert_int_equal(n_of(&hostile, "</script"), n_of(&plain, "</script"));
    assert_int_equal(n_of(&hostile, "<!--"), n_of(&plain, "<!--"));
    assert_int_equal(n_of(&hostile, "<b>&amp;"), 0);
    assert_true(n_of(&hostile, "&lt;/script&gt;&lt;!--&lt;script&gt;") > 10);
    assert_true(n_of(&hostile, "\\u003c/script>\\u003c!--\\u003cscript>") > 10);
    assert_true(n_of(&hostile, "\\xFF\\n") > 10);
    free(plain.text);
    free(hostile.text);
}

/* A page of many failing runs tells and keeps as many as there is room for, and says that there are
 * more; runs that passed have their own room. */
static void test_limits(void **state)
{
    const unsigned n = RKMQ_HTML_TOLD_MAX + 50;
    struct page page = {0};
    (void)state;
    page_open(&page);
    for (unsigned i = 0; i < n; i++) {
        page_add(&page, RKMQ_OUTCOME_FAIL, "test/fails", RKMQ_SLICE("<li>why</li>"), "{}");
    }
    page_add(&page, RKMQ_OUTCOME_PASS, "test/passes", (struct rkmq_slice){0}, "{}");
    page_close(&page);
    assert_int_equal(n_of(&page, "<article"), RKMQ_HTML_TOLD_MAX);
    assert_int_equal(n_of(&page, "id=\"details-"), RKMQ_HTML_KEPT_MAX + 1);
    assert_int_equal(n_of(&page, "<a class=\""), n + 2 /* the skip link */);
    assert_int_equal(n_of(&page, "450 of 451 runs did not pass"), 2);
    assert_int_equal(n_of(&page, "50 more runs did not pass, not told here"), 1);
    free(page.text);
}

/* So does one of few runs that have much to tell. */
static void test_limit_of_bytes(void **state)
{
    static char long_text[RKMQ_HTML_TOLD_BYTES_MAX / 2 - 10];
    struct page page = {0};
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    page_open(&page);
    for (unsigned i = 0; i < 4; i++) {
        page_add(&page, RKMQ_OUTCOME_FAIL, "test/fails", rkmq__slice(long_text, sizeof long_text),
                 "");
    }
    page_close(&page);
    assert_int_equal(n_of(&page, "<article"), 2);
    assert_int_equal(n_of(&page, "2 more runs did not pass, not told here"), 1);
    free(page.text);
}

/* Parts without names, as of a file that could not be read, are rows all the same. */
static void test_nameless(void **state)
{
    struct page page = {0};
    (void)state;
    page_open(&page);
    page_add(&page, RKMQ_OUTCOME_BAD, NULL, RKMQ_SLICE("<li>why</li>"), "");
    page_add(&page, RKMQ_OUTCOME_PASS, "test/passes", (struct rkmq_slice){0}, "");
    page_close(&page);
    assert_int_equal(n_of(&page, "<tr>"), 2);
    free(page.text);
}

/* ---- rows ---- */

#define ROWS 10000

static void log_add(struct rkmq_event_log *log, enum rkmq_event_kind kind, int32_t code)
{
    rkmq__event_log_add(log, &(struct rkmq_event){.kind = kind,
                                                  .code = code,
                                                  .at = (rkmq_us)rkmq__event_log_count(log),
                                                  .queue_id = -1,
                                                  .offset = INT64_MIN,
                                                  .offset2 = INT64_MIN});
}

/* A step each thousand rows; else requests and answers of two codes. */
static struct rkmq_event_log *log_make(const struct rkmq_mem *mem, size_t n)
{
    struct rkmq_event_log *log;
    assert_int_equal(rkmq__event_log_create(&log, mem), RKMQ_OK);
    for (size_t i = 0; i < n; i++) {
        if (i % 1000 == 500) {
            log_add(log, RKMQ_EV_STEP, 0);
        } else {
            log_add(log, i % 2 ? RKMQ_EV_REQ : RKMQ_EV_RESP, i % 3 ? 11 : 34);
        }
    }
    return log;
}

static size_t n_kept_of(const struct rkmq_html_rows *rows, const struct rkmq_event_log *log,
                        enum rkmq_event_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < rkmq__event_log_count(log); i++) {
        n += rows->is_kept[i] && rkmq__event_log_at(log, i)->kind == kind;
    }
    return n;
}

/* A log that fits is kept whole. */
static void test_rows_all(void **state)
{
    struct test_mem tm;
    struct rkmq_html_rows rows;
    (void)state;
    test_mem_init(&tm);
    struct rkmq_event_log *log = log_make(&tm.mem, 300);
    assert_int_equal(rkmq__html_rows_pick(&rows, log, NULL, 0, 300, &tm.mem), RKMQ_OK);
    assert_int_equal(rows.n_kept, 300);
    assert_int_equal(rows.n_classes, 4);
    rkmq__html_rows_close(&rows);
    rkmq__event_log_destroy(log);
    test_mem_assert_empty(&tm);
}

/* Of one that does not, what is shown and its neighbours are kept, what is rare, and of the rest
 * the first and the last; never more than the limit. */
static void test_rows_picked(void **state)
{
    static const size_t limits[] = {1, 2, 30, 100, 500, ROWS - 1};
    static const size_t shown[] = {0, 4321, ROWS - 1};
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    struct rkmq_event_log *log = log_make(&tm.mem, ROWS);
    for (size_t i = 0; i < RKMQ_COUNT_OF(limits); i++) {
        struct rkmq_html_rows rows;
        assert_int_equal(
            rkmq__html_rows_pick(&rows, log, shown, RKMQ_COUNT_OF(shown), limits[i], &tm.mem),
            RKMQ_OK);
        assert_true(rows.n_kept <= limits[i]);
        assert_true(rows.is_kept[0]);
        if (limits[i] >= 100) {
            size_t n_near = RKMQ_COUNT_OF(shown) * (2 * RKMQ_HTML_ROWS_AROUND + 1);
            assert_true(rows.n_kept + 2 * rows.n_classes + n_near >= limits[i]);
            assert_true(rows.is_kept[4321 - RKMQ_HTML_ROWS_AROUND]);
            assert_true(rows.is_kept[4321 + RKMQ_HTML_ROWS_AROUND]);
            assert_true(rows.is_kept[ROWS - 1]);
        }
        if (limits[i] >= 500) {
            assert_int_equal(n_kept_of(&rows, log, RKMQ_EV_STEP), ROWS / 1000);
            assert_true(n_kept_of(&rows, log, RKMQ_EV_REQ) > 100);
            assert_true(rows.is_kept[20] && rows.is_kept[ROWS - 20]);
        }
        rkmq__html_rows_close(&rows);
    }
    rkmq__event_log_destroy(log);
    test_mem_assert_empty(&tm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_texts),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limit_of_bytes), cmocka_unit_test(test_nameless),
        cmocka_unit_test(test_rows_all),       cmocka_unit_test(test_rows_picked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
