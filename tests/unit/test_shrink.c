/* SPDX-License-Identifier: Apache-2.0 */
/* The shrinker, with an oracle that looks at the text: a scenario fails when it has certain words
 * in it. So it is known what the smallest one is. */
#include "runner/shrink/shrink.h"
#include "support/cmocka_all.h"
#include "support/mem.h"

#define NEEDS_MAX 6
#define ASKS_MAX 2000

struct oracle {
    const char *needs[NEEDS_MAX]; /* ' for " */
    unsigned n_asked, enough_at;  /* 0: never enough */
};

static bool has(struct rkmq_slice text, const char *wanted)
{
    char word[160];
    size_t n = strlen(wanted);
    assert_true(n < sizeof word);
    for (size_t i = 0; i < n; i++) {
        word[i] = wanted[i] == '\'' ? '"' : wanted[i];
    }
    return memmem(text.p, text.n, word, n) != NULL;
}

static bool fails(void *user, struct rkmq_slice text)
{
    struct oracle *oracle = user;
    oracle->n_asked++;
    for (size_t i = 0; i < NEEDS_MAX && oracle->needs[i]; i++) {
        if (!has(text, oracle->needs[i])) {
            return false;
        }
    }
    return true;
}

static bool is_enough(void *user)
{
    const struct oracle *oracle = user;
    return oracle->enough_at > 0 && oracle->n_asked >= oracle->enough_at;
}

static const char scenario[] =
    "{'format':1,'scenario':'a/b','run':{'end':'90500ms'},"
    "'cluster':{'nameservers':['n1','n2'],'brokers':{'broker-a':{},'broker-b':{}},"
    "'topics':{'T':{'queues':{'broker-a':8,'broker-b':3}},'U':{'queues':{'broker-b':2}}},"
    "'net':{'latency':'200us'}},'groups':{'g':{},'h':{}},"
    "'actors':{'p1':{'kind':'producer'},"
    "'c1':{'kind':'push','group':'g','subscribe':{'T':'*'},'listener':{'cost':'5ms'},"
    "'set':{'allocate':'by-circle','threads':7}},"
    "'c2':{'kind':'push','group':'g','subscribe':{'T':'*'},'set':{'allocate':'by-circle'}},"
    "'d1':{'kind':'push','group':'h','subscribe':{'T':'*','U':'*'}}},"
    "'faults':[{'id':'f1','match':{'code':'PULL_MESSAGE','from':'c1'},'times':9,'effect':'dup'}],"
    "'steps':["
    "{'id':'load','at':'100ms','do':[{'produce':{'by':'p1','topic':'T','count':90}},"
    "{'produce':{'by':'p1','topic':'U','count':70,'keys':'k'}}]},"
    "{'id':'stay-g','at':'500ms','do':{'start':'c1'}},"
    "{'id':'stay-h','at':'600ms','do':{'start':'d1'}},"
    "{'at':'10234ms','do':{'start':'c2'}},"
    "{'at':'15s','do':{'net':{'cut':['c2','broker-b']}}},"
    "{'at':'20s','do':{'broker':{'name':'broker-b','do':'kill'}}},"
    "{'at':'25s','do':{'notify':{'group':'g','count':3}}},"
    "{'at':'30567ms','do':{'crash':{'who':'c2','how':'rst'}}},"
    "{'id':'calm','at':'60s','do':[{'settle':'9s'},{'broker':{'name':'broker-b','do':'start'}}]}],"
    "'expect':[{'id':'one','never':{'ev':'redelivery','who':'c2'}},"
    "{'id':'two','count':{'ev':'deliver','group':'h'},'eq':1}],"
    "'checks':{'params':{'overlap_max':'3s'}}}";

static void text_make(struct rkmq_bytes *out, const char *text)
{
    rkmq__bytes_add_text(out, text);
    for (size_t i = 0; i < out->n; i++) {
        out->p[i] = out->p[i] == '\'' ? '"' : out->p[i];
    }
}

static int shrink(const struct rkmq_mem *mem, struct oracle *oracle, unsigned asks_max,
                  struct rkmq_bytes *out, struct rkmq_shrink_result *result)
{
    static const char *const kept[] = {"stay", "calm", NULL};
    const struct rkmq_shrink_options o = {.asks_max = asks_max,
                                          .kept_steps = kept,
                                          .quiet_until = 3000000,
                                          .fails = fails,
                                          .is_enough = is_enough,
                                          .user = oracle};
    struct rkmq_bytes text;
    struct rkmq_err err = {0};
    rkmq__bytes_init(&text, mem);
    text_make(&text, scenario);
    int status = rkmq__shrink(rkmq__bytes_slice(&text), &o, mem, out, result, &err);
    assert_true(status == RKMQ_OK || err.text[0] != '\0');
    rkmq__bytes_close(&text);
    return status;
}

/* ---- what is left ---- */

struct left_case {
    const char *name;
    const char *needs[NEEDS_MAX]; /* of the oracle */
    const char *left[NEEDS_MAX];  /* what must be in the result ... */
    const char *gone[NEEDS_MAX];  /* ... and what must not */
    size_t n_steps;
};
static const struct left_case left_cases[] = {
    {"nothing is needed: what is kept",
     {NULL},
     {"'calm'", "'overlap_max': '3s'", "'end': '", NULL},
     {"c2", "p1", "broker-b", "'expect'", "faults", NULL},
     2},
    {"a crash of a member, who needs a group and a topic",
     {"'crash'", NULL},
     {"'stay-g'", "'c1'", "'c2'", "'allocate': 'by-circle'", "'T': { 'queues': { 'broker-a': 1 } }",
      NULL},
     {"'U'", "'h'", "'d1'", "threads", "'p1'", NULL},
     3},
    {"two steps far apart",
     {"'notify'", "'cut'", NULL},
     {"'at': '3s'", "'broker-b'", NULL},
     {"kill", "produce", "crash", "'start': 'c2'", NULL},
     4},
    {"one of two actions of a step, its number",
     {"'topic':'U'", NULL},
     {"'count': 1", NULL},
     {"'topic': 'T', 'count'", "'keys'", "'c2'", NULL},
     3},
    {"an expectation is kept whole or goes",
     {"'two'", NULL},
     {"'count': { 'ev': 'deliver', 'group': 'h' }", NULL},
     {"'one'", "'c2'", "'g'", NULL},
     2},
    {"a rule of the start",
     {"'f1'", NULL},
     {"'match': { 'code': 'PULL_MESSAGE', 'from': 'c1' }", "'effect': 'dup'", NULL},
     {"'times'", "'c2'", NULL},
     2},
};

static void assert_words(const struct left_case *c, const char *const *words,
                         const struct rkmq_bytes *text, bool is_there)
{
    for (size_t i = 0; i < NEEDS_MAX && words[i]; i++) {
        if (has(rkmq__bytes_slice(text), words[i]) != is_there) {
            fail_msg("%s: %s is %s:\n%.*s", c->name, words[i], is_there ? "not there" : "there",
                     (int)text->n, (const char *)text->p);
        }
    }
}

static void test_left(void **state)
{
    /* Whatever is not needed goes, numbers become small, gaps close; the rest is untouched. */
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(left_cases); i++) {
        const struct left_case *c = &left_cases[i];
        struct oracle oracle = {.n_asked = 0};
        struct rkmq_shrink_result result;
        struct rkmq_bytes out;
        memcpy(oracle.needs, c->needs, sizeof oracle.needs);
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(shrink(&tm.mem, &oracle, ASKS_MAX, &out, &result), RKMQ_OK);
        assert_words(c, c->left, &out, true);
        assert_words(c, c->gone, &out, false);
        assert_true(result.is_done);
        assert_int_equal(result.n_asked, oracle.n_asked);
        assert_int_equal(result.n_steps_before, 9);
        assert_int_equal(result.n_steps_after, c->n_steps);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_again(void **state)
{
    /* The same text and answers give the same result; of a result nothing more goes. */
    struct test_mem tm;
    struct rkmq_bytes a, b;
    struct rkmq_shrink_result result;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&a, &tm.mem);
    rkmq__bytes_init(&b, &tm.mem);
    struct oracle oracle = {.needs = {"'crash'", "'notify'"}};
    assert_int_equal(shrink(&tm.mem, &oracle, ASKS_MAX, &a, &result), RKMQ_OK);
    assert_int_equal(shrink(&tm.mem, &oracle, ASKS_MAX, &b, &result), RKMQ_OK);
    assert_true(rkmq__slice_equal(rkmq__bytes_slice(&a), rkmq__bytes_slice(&b)));
    rkmq__bytes_close(&a);
    rkmq__bytes_close(&b);
    test_mem_assert_empty(&tm);
}

static void test_limits(void **state)
{
    /* At a limit what is reached by then is handed out, and it still fails. */
    static const struct {
        unsigned asks_max, enough_at;
    } rows[] = {{1, 0}, {7, 0}, {ASKS_MAX, 1}, {ASKS_MAX, 12}};
    struct test_mem tm;
    (void)state;
    test_mem_init(&tm);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct oracle oracle = {.needs = {"'crash'"}, .enough_at = rows[i].enough_at};
        unsigned limit = rows[i].enough_at ? rows[i].enough_at : rows[i].asks_max;
        struct rkmq_shrink_result result;
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(shrink(&tm.mem, &oracle, rows[i].asks_max, &out, &result), RKMQ_OK);
        assert_int_equal(oracle.n_asked, limit);
        assert_false(result.is_done);
        assert_true(has(rkmq__bytes_slice(&out), "'crash'"));
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static void test_refuses(void **state)
{
    /* What does not fail is not made smaller. */
    struct test_mem tm;
    struct oracle oracle = {.needs = {"'nobody-says-this'"}};
    struct rkmq_shrink_result result;
    struct rkmq_bytes out;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&out, &tm.mem);
    assert_int_equal(shrink(&tm.mem, &oracle, ASKS_MAX, &out, &result), RKMQ_E_INVALID);
    assert_int_equal(oracle.n_asked, 1);
    assert_int_equal(out.n, 0);
    rkmq__bytes_close(&out);
    test_mem_assert_empty(&tm);
}

static void test_out_of_memory(void **state)
{
    /* Whichever allocation fails: it is told, nothing is left behind. Every 97th, since there are
     * tens of thousands. */
    int status = RKMQ_E_NOMEM;
    (void)state;
    for (long at = 0; status != RKMQ_OK; at += 97) {
        struct test_mem tm;
        struct oracle oracle = {.needs = {"'crash'"}};
        struct rkmq_shrink_result result;
        struct rkmq_bytes out;
        test_mem_init(&tm);
        rkmq__bytes_init(&out, &tm.mem);
        tm.fail_at = at;
        status = shrink(&tm.mem, &oracle, 20, &out, &result);
        assert_true(status == RKMQ_OK || status == RKMQ_E_NOMEM);
        rkmq__bytes_close(&out);
        test_mem_assert_empty(&tm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left),          cmocka_unit_test(test_again),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
