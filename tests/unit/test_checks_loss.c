/* SPDX-License-Identifier: Apache-2.0 */
/* LOSS-1: from where a group begins, everything comes to a listener. Each rule has a log that
 * breaks it alone, and some that nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define W1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n"
#define IDLE "1000 idle who=c1 told='c1' route='broker-a:1' until=36000\n"
/* It begins at `from`; two messages come at 20 s, and it goes on behind them. */
#define PULLS(from)                                                                                \
    "1020 poll who=c1 queue=0 offset=" from " until=16000\n"                                       \
    "19998 req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=900" Q0 " offset=" from       \
    "\n19999 append topic=T broker=broker-a queue=0 offset=0\n"                                    \
    "19999 append topic=T broker=broker-a queue=0 offset=1\n"                                      \
    "20000 resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=900" Q0                              \
    " offset=2\n20001 poll who=c1 queue=0 offset=2 until=26000\n"
#define DELIVER(at)                                                                                \
    "20000 deliver who=c1" Q0 " offset=" #at "\n20000 listener-begin who=c1" Q0 " offset=" #at     \
    " offset2=" #at " count=1\n20002 listener-end who=c1" Q0 " offset=" #at " offset2=" #at        \
    " count=1\n"
#define COMMIT(at)                                                                                 \
    "25002 req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0 " offset=" #at         \
    "\n25002 commit who=c1" Q0 " offset=" #at "\n"

static const struct log_case cases[] = {
    {"both come", RKMQ_CHECK_LOSS_1, RKMQ_PASS,
     W1 PULLS("0") DELIVER(0) DELIVER(1) COMMIT(2) IDLE "36000 end\n"},
    {"the second does not come", RKMQ_CHECK_LOSS_1, RKMQ_FAIL,
     W1 PULLS("0") DELIVER(0) COMMIT(2) IDLE "36000 end\n"},
    {"what lies before the beginning need not come", RKMQ_CHECK_LOSS_1, RKMQ_PASS,
     W1 PULLS("1") DELIVER(1) COMMIT(2) IDLE "36000 end\n"},
    {"it asks from far below the queue", RKMQ_CHECK_LOSS_1, RKMQ_PASS,
     W1 PULLS("-9000000000000000000") DELIVER(0) DELIVER(1) COMMIT(2) IDLE "36000 end\n"},
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
