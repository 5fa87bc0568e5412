/* SPDX-License-Identifier: Apache-2.0 */
/* RATE-1: what is asked by the clock has a budget. A log that breaks it, and some that nearly do.
 */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(                           \
        1010, "c1", 0, 0) "1020 poll who=c1 queue=0 offset=0 until=60000\n"
/* A member does by the clock what one does; two dozen of these are too many. */
#define IDLE(from) #from " idle who=c1 told='c1' route='broker-a:1' until=60000\n"
#define SIX(a, b, c, d, e, f) IDLE(a) IDLE(b) IDLE(c) IDLE(d) IDLE(e) IDLE(f)
#define STORM                                                                                      \
    SIX(1000, 2000, 3000, 4000, 5000, 6000)                                                        \
    SIX(7000, 8000, 9000, 10000, 11000, 12000)                                                     \
    SIX(13000, 14000, 15000, 16000, 17000, 18000)                                                  \
    SIX(19000, 20000, 21000, 22000, 23000, 24000)
#define CRASH "60000 actor-crash who=c1 group=g\n"

static const struct log_case cases[] = {
    {"far too much", RKMQ_CHECK_RATE_1, RKMQ_FAIL, C1 STORM CRASH},
    {"what one does", RKMQ_CHECK_RATE_1, RKMQ_PASS, C1 IDLE(1000) CRASH},
    {"what two do", RKMQ_CHECK_RATE_1, RKMQ_PASS, C1 IDLE(1000) IDLE(2000) CRASH},
    {"far too much, but the script has cut something off", RKMQ_CHECK_RATE_1, RKMQ_UNKNOWN,
     C1 "1001 link who=c1 peer=n1 status=2\n" STORM CRASH},
    {"far too much, but it is paused", RKMQ_CHECK_RATE_1, RKMQ_PASS,
     C1 "1030 actor-pause who=c1 group=g\n" STORM CRASH},
};

static void test_cases(void **state)
{
    (void)state;
    log_rig_cases(cases, RKMQ_COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
