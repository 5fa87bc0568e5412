/* SPDX-License-Identifier: Apache-2.0 */
#include "support/scenario_rows.h"

#define SECTIONS 9
static const char *const good_lines[SECTIONS] = {
    "'format':1,'scenario':'a/b','run':{'end':'60s'},",
    "'cluster':{'nameservers':['n1','n2'],'brokers':{'broker-a':{},'broker-b':{}},'topics':{'T':{'"
    "queues':8},'U':{'queues':{'broker-a':4}}}},",
    "'groups':{'g':{},'h':{}},",
    "'actors':{'p1':{'kind':'producer'},'c1':{'kind':'push','group':'g','subscribe':{'T':'*'}},'c2'"
    ":{'kind':'push','group':'g','subscribe':{'T':'*'}}},",
    "'faults':[{'id':'f1','match':{},'effect':'observe'}],",
    "'steps':[{'id':'s1','at':'1s','do':{'mark':'m1'}}],",
    "'expect':[],",
    "'checks':{},",
    "'sweep':{'seeds':'1..5'}",
};

/* What goes where: instead of line `section`, between `before` and `behind`. */
static const struct {
    int section;
    const char *before, *behind;
} places[] = {
    [HEAD] = {0, "", ""},
    [CLUSTER] = {1, "", ""},
    [GROUPS] = {2, "", ""},
    [ACTORS] = {3, "", ""},
    [FAULTS] = {4, "", ""},
    [STEPS] = {5, "", ""},
    [EXPECTS] = {6, "", ""},
    [CHECKS] = {7, "", ""},
    [SWEEP] = {8, "", ""},
    [ACTOR] = {3,
               "'actors':{'p1':{'kind':'producer'},'c1':{'kind':'push','group':'g','subscribe':{'T'"
               ":'*'}},'c2':",
               "},"},
    [PUSH] = {3,
              "'actors':{'p1':{'kind':'producer'},'c1':{'kind':'push','group':'g','subscribe':{'T':"
              "'*'}},'c2':{'kind':'push','group':'g','subscribe':{'T':'*'},",
              "}},"},
    [RULE] = {4, "'faults':[{'id':'f1',", "}],"},
    [ACTION] = {5, "'steps':[{'id':'s1','at':'1s','do':", "}],"},
    [PRED] = {5, "'steps':[{'id':'s1','when':{'event':", "},'do':{'mark':'m1'}}],"},
    [EXPECT] = {6, "'expect':[{'id':'e',", "}],"},
};

void scenario_rows_file(struct rkmq_bytes *out, enum scenario_place place, const char *text)
{
    rkmq__bytes_add_text(out, "{");
    for (int i = 0; i < SECTIONS; i++) {
        bool is_replaced = text && places[place].section == i;
        rkmq__bytes_add_text(out, "\n");
        rkmq__bytes_add_text(out, is_replaced ? places[place].before : good_lines[i]);
        if (is_replaced) {
            rkmq__bytes_add_text(out, text);
            rkmq__bytes_add_text(out, places[place].behind);
        }
    }
    rkmq__bytes_add_text(out, "}");
    for (size_t i = 0; i < out->n; i++) {
        out->p[i] = out->p[i] == '\'' ? '"' : out->p[i];
    }
}

int scenario_rows_parse(const struct rkmq_mem *mem, const struct rkmq_bytes *file, uint32_t variant,
                        struct rkmq_scenario **out, struct rkmq_bytes *report)
{
    const struct rkmq_scenario_source source = {"f", rkmq__bytes_slice(file), variant};
    return rkmq__scenario_parse(out, mem, &source, report);
}

void scenario_rows_assert(struct rkmq_bytes *bytes, const char *expected)
{
    for (size_t i = 0; i < bytes->n; i++) {
        bytes->p[i] = bytes->p[i] == '"' ? '\'' : bytes->p[i];
    }
    rkmq__bytes_add(bytes, "", 1);
    assert_false(bytes->is_failed);
    assert_string_equal((const char *)bytes->p, expected);
}

void scenario_rows_refuse(const struct scenario_row *rows, size_t n)
{
    struct test_mem tm;
    test_mem_init(&tm);
    for (size_t i = 0; i < n; i++) {
        struct rkmq_bytes file, report;
        struct rkmq_scenario *sc;
        rkmq__bytes_init(&file, &tm.mem);
        rkmq__bytes_init(&report, &tm.mem);
        scenario_rows_file(&file, rows[i].place, rows[i].text);
        assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
        assert_null(sc);
        scenario_rows_assert(&report, rows[i].expected);
        rkmq__bytes_close(&file);
        rkmq__bytes_close(&report);
    }
    test_mem_assert_empty(&tm);
}
