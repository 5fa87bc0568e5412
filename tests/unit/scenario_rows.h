/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_SCENARIO_ROWS_H
#define RKMQ_TEST_SCENARIO_ROWS_H

/*
 * Tables of scenario files: a good file of ten lines, one a section, in which one line, or the part
 * of one, is replaced. In texts and in reports ' stands for ", so that they can be read.
 */

#include "runner/scenario.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

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

/* Where a text goes: instead of line `section`, between `before` and `behind`. */
enum place {
    HEAD,
    CLUSTER,
    GROUPS,
    ACTORS,
    FAULTS,
    STEPS,
    EXPECTS,
    CHECKS,
    SWEEP,
    ACTOR,
    PUSH,
    RULE,
    ACTION,
    PRED,
    EXPECT
};
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

struct row {
    enum place place;
    const char *text;
    const char *expected; /* the report, or what is written back */
};

/* A file with `text` in `place`; NULL: the good one. */
static void make_file(struct rkmq_bytes *out, enum place place, const char *text)
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

static int parse_bytes(const struct rkmq_mem *mem, const struct rkmq_bytes *file, uint32_t variant,
                       struct rkmq_scenario **out, struct rkmq_bytes *report)
{
    const struct rkmq_scenario_source source = {"f", rkmq__bytes_slice(file), variant};
    return rkmq__scenario_parse(out, mem, &source, report);
}

/* Compares `bytes` with `expected`, in which ' stands for ". */
static void assert_text(struct rkmq_bytes *bytes, const char *expected)
{
    for (size_t i = 0; i < bytes->n; i++) {
        bytes->p[i] = bytes->p[i] == '"' ? '\'' : bytes->p[i];
    }
    rkmq__bytes_add(bytes, "", 1);
    assert_false(bytes->is_failed);
    assert_string_equal((const char *)bytes->p, expected);
}

#endif
