/* SPDX-License-Identifier: Apache-2.0 */
/* FLOW-2: once there is room in the cache, the queue is pulled. A log that breaks it alone, and
 * some that nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define PULL(ms, n, at)                                                                            \
#ms " req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=" #n Q0 " offset=" #at "\n"
#define C1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0)
/* One answer fills the cache; at 3 s one message of it is done. */
#define FULL                                                                                       \
    PULL(1100, 900, 0)                                                                             \
    "1101 resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=900" Q0 " offset=1001\n"              \
    "1102 cache-put who=c1" Q0 " offset=0 offset2=1000 count=1001\n"
#define DRAINED "3000 cache-evict who=c1" Q0 " offset=1 count=1\n"
#define END                                                                                        \
    "1000 idle who=c1 told='c1' route='broker-a:1' until=7000\n7000 actor-crash who=c1 group=g\n"

static const struct log_case cases[] = {
    {"not pulled again", RKMQ_CHECK_FLOW_2, RKMQ_FAIL, C1 FULL DRAINED END},
    {"pulled again too late", RKMQ_CHECK_FLOW_2, RKMQ_FAIL,
     C1 FULL DRAINED PULL(4900, 901, 1001) END},
    {"pulled again at the next look", RKMQ_CHECK_FLOW_2, RKMQ_PASS,
     C1 FULL DRAINED PULL(3050, 901, 1001) END},
    {"still full", RKMQ_CHECK_FLOW_2, RKMQ_UNKNOWN, C1 FULL END},
    {"drained while it is paused", RKMQ_CHECK_FLOW_2, RKMQ_PASS,
     C1 FULL DRAINED "2900 actor-pause who=c1 group=g\n5000 actor-resume who=c1 group=g\n" PULL(
         5990, 901, 1001) END},
    {"drained while it is cut off", RKMQ_CHECK_FLOW_2, RKMQ_PASS,
     C1 FULL DRAINED "2900 link who=c1 peer=broker-a status=2\n" END},
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
