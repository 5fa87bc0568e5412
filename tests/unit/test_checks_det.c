/* SPDX-License-Identifier: Apache-2.0 */
/* DET-1: two logs of one run are the same, or the first event that is not is named. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define LOG                                                                                        \
    LOG_CLUSTER "1000 up who=c1 told='c1'\n1000 idle who=c1 told='c1' until=20000\n"               \
                "20000 actor-crash who=c1 group=g\n"

struct det_case {
    const char *name, *again;
    enum rkmq_verdict verdict;
    const char *text; /* part of what is told; NULL: nothing */
    bool is_excepted;
};

static const struct det_case cases[] = {
    {"the same", LOG, RKMQ_PASS, NULL, false},
    {"another value in one row",
     "0 server-up who=n1\n0 server-up who=broker-a\n0 link offset=200 offset2=0\n"
     "0 topic topic=T broker=broker-a count=3 status=6\n",
     RKMQ_FAIL, "event 3 was", false},
    {"another name in one row", "0 server-up who=n2\n", RKMQ_FAIL, "event 0 was", false},
    {"one row more", LOG "20001 end\n", RKMQ_FAIL, "was \"its end\", and played again", false},
    {"no row at all", "", RKMQ_FAIL, "played again it is \"its end\"", false},
    {"excepted", "", RKMQ_PASS, NULL, true},
};

static void judge(const struct det_case *c)
{
    static struct log_rig rig, again;
    log_rig_open(&rig);
    log_rig_open(&again);
    rig.params.excepted[RKMQ_CHECK_DET_1] = c->is_excepted;
    log_rig_write(&rig, LOG);
    log_rig_write(&again, c->again);
    log_rig_judge(&rig);
    log_rig_judge(&again);
    assert_int_equal(rig.result.verdict[RKMQ_CHECK_DET_1], RKMQ_UNKNOWN);
    assert_int_equal(rkmq__checks_same(rig.log, again.log, &rig.params, &rig.tm.mem, &rig.result),
                     RKMQ_OK);
    const struct rkmq_violation *last =
        rig.result.n_kept > 0 ? &rig.result.violations[rig.result.n_kept - 1] : NULL;
    bool is_told = c->text ? last && last->check == RKMQ_CHECK_DET_1 && strstr(last->text, c->text)
                           : rig.result.n_violations == 0;
    if (rig.result.verdict[RKMQ_CHECK_DET_1] != c->verdict || !is_told) {
        fail_msg("%s: %d: %s", c->name, (int)rig.result.verdict[RKMQ_CHECK_DET_1],
                 last ? last->text : "nothing");
    }
    log_rig_close(&rig);
    log_rig_close(&again);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        judge(&cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
