/* SPDX-License-Identifier: Apache-2.0 */
/* PULL-1..5: how a queue is pulled. Each rule has a log that breaks it alone, and one that nearly
 * does. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define PULL(ms, n, at)                                                                            \
#ms " req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=" #n Q0 " offset=" #at "\n"
#define ANSWER(ms, n, is, next)                                                                    \
#ms " resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=" #n Q0 " offset=" #next              \
        " status=" #is "\n"
#define APPEND(ms, at) #ms " append topic=T broker=broker-a queue=0 offset=" #at "\n"
#define COMMIT(ms, at)                                                                             \
#ms " req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0 " offset=" #at "\n"
#define C1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0)
#define W1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n"
#define END(ms)                                                                                    \
    "1000 idle who=c1 told='c1' route='broker-a:1' until=" #ms "\n" #ms                            \
    " actor-crash who=c1 group=g\n"

static const struct log_case cases[] = {
    {"two pulls at a time", RKMQ_CHECK_PULL_1, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) PULL(1200, 901, 0) END(3000)},
    {"one after the other", RKMQ_CHECK_PULL_1, RKMQ_PASS,
     C1 PULL(1100, 900, 0) ANSWER(16100, 900, 19, 0) PULL(16101, 901, 0) END(18000)},
    {"a pull that waited on a cut way was given up by then", RKMQ_CHECK_PULL_1, RKMQ_PASS,
     C1 "1020 link who=c1 peer=broker-a status=2\n20000 link\n" PULL(20001, 900, 0)
         PULL(31100, 901, 0) END(33000)},
    {"a pull came when the way was good", RKMQ_CHECK_PULL_1, RKMQ_FAIL,
     C1 "1020 link who=c1 peer=broker-a status=2\n1030 link\n" PULL(20001, 900, 0)
         PULL(31100, 901, 0) END(33000)},
    {"two pulls that waited, one was answered", RKMQ_CHECK_PULL_3, RKMQ_PASS,
     C1 APPEND(1050, 0) "1060 link who=c1 peer=broker-a status=2\n20000 link\n" PULL(20000, 900, 0)
         ANSWER(20000, 900, 0, 1) PULL(20000, 901, 0) END(22000)},
    {"a pull of a dropped queue", RKMQ_CHECK_PULL_2, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) LOG_DROP(2000, "c1", 0) ANSWER(16100, 900, 19, 0) PULL(16101, 901, 0)
         END(18000)},
    {"a commit of a dropped queue", RKMQ_CHECK_PULL_2, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) LOG_DROP(2000, "c1", 0) COMMIT(5000, 0) END(6000)},
    {"a listener gets what was dropped", RKMQ_CHECK_PULL_2, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) LOG_DROP(
         2000, "c1", 0) "4000 listener-begin who=c1" Q0 " offset=0 offset2=0 count=1\n"
                        "4001 listener-end who=c1" Q0 " offset=0 offset2=0 count=1\n" END(6000)},
    {"the last commit comes with the drop", RKMQ_CHECK_PULL_2, RKMQ_PASS,
     C1 PULL(1100, 900, 0) LOG_DROP(2000, "c1", 0) COMMIT(2001, 0) END(6000)},
    {"it pulls again what it was given", RKMQ_CHECK_PULL_3, RKMQ_FAIL,
     C1 APPEND(1050, 0) PULL(1100, 900, 0) ANSWER(1101, 900, 0, 1) PULL(1102, 901, 0) END(3000)},
    {"it pulls on", RKMQ_CHECK_PULL_3, RKMQ_PASS,
     C1 APPEND(1050, 0) PULL(1100, 900, 0) ANSWER(1101, 900, 0, 1) PULL(1102, 901, 1) END(3000)},
    {"it asks again after an error", RKMQ_CHECK_PULL_3, RKMQ_PASS,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 2, 0) PULL(2102, 901, 0) END(3000)},
    {"an answer that was cut off", RKMQ_CHECK_PULL_3, RKMQ_PASS,
     C1 APPEND(1050, 0) PULL(1100, 900, 0) "1101 link who=broker-a peer=c1 status=2\n" ANSWER(
         1102, 900, 0, 1) "20000 link offset=200 offset2=0\n" PULL(31100, 901, 0) END(33000)},
    {"a client without hooks leaves something out", RKMQ_CHECK_LOSS_2, RKMQ_UNKNOWN,
     W1 PULL(1100, 900, 0) END(3000)},
    {"an error is asked again at once", RKMQ_CHECK_PULL_4, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 2, 0) PULL(1110, 901, 0) END(3000)},
    {"an error is asked again after a second", RKMQ_CHECK_PULL_4, RKMQ_PASS,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 2, 0) PULL(2101, 901, 0) END(3000)},
    {"a busy broker is asked again too soon", RKMQ_CHECK_PULL_4, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 215, 0) PULL(1111, 901, 0) END(3000)},
    {"a busy broker is asked again in time", RKMQ_CHECK_PULL_4, RKMQ_PASS,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 215, 0) PULL(1121, 901, 0) END(3000)},
    {"an empty queue, again and again", RKMQ_CHECK_PULL_4, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 19, 0) PULL(1102, 901, 0) ANSWER(1103, 901, 19, 0)
         PULL(1104, 902, 0) ANSWER(1105, 902, 19, 0) PULL(1106, 903, 0) ANSWER(1107, 903, 19, 0)
             PULL(1108, 904, 0) END(3000)},
    {"nobody pulls, though it has the queue", RKMQ_CHECK_PULL_5, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) ANSWER(16100, 900, 19, 0) END(50000)},
    {"a lost answer is waited for too long", RKMQ_CHECK_PULL_5, RKMQ_FAIL,
     C1 PULL(1100, 900, 0) END(40000)},
    {"nobody pulls while it is paused", RKMQ_CHECK_PULL_5, RKMQ_PASS,
     C1 PULL(1100, 900, 0)
         ANSWER(16100, 900, 19, 0) "16150 actor-pause who=c1 group=g\n" END(50000)},
    {"nobody pulls while the cache is full", RKMQ_CHECK_PULL_5, RKMQ_UNKNOWN,
     C1 PULL(1100, 900, 0) ANSWER(1101, 900, 0, 1000)
         PULL(1102, 901, 1000) "1101 cache-put who=c1" Q0 " offset=0 offset2=999 count=1000\n"
                               "1103 cache-put who=c1" Q0
                               " offset=1000 offset2=1031 count=32\n" ANSWER(1103, 901, 0, 1032)
                                   END(50000)},
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
