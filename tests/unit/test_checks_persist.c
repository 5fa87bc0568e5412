/* SPDX-License-Identifier: Apache-2.0 */
/* OFF-4 and OFF-5: what is done is told. Each rule has a log that breaks it alone, and some that
 * nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define C1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0)
#define W1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n"
#define IDLE(until) "1000 idle who=c1 told='c1' route='broker-a:1' until=" #until "\n"
/* The first message comes at 20 s; then the queue is empty. */
#define FIRST                                                                                      \
    "1020 poll who=c1 queue=0 offset=0 until=16000\n"                                              \
    "19998 req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=900" Q0 " offset=0\n"         \
    "19999 append topic=T broker=broker-a queue=0 offset=0\n"                                      \
    "20000 resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=900" Q0 " offset=1\n"
#define CACHED                                                                                     \
    "20000 cache-put who=c1" Q0 " offset=0 offset2=0 count=1\n20002 cache-evict who=c1" Q0         \
    " offset=1 count=1\n"
#define PULLS FIRST "20001 poll who=c1 queue=0 offset=1 until=34000\n"
#define DONE PULLS CACHED
#define HEARD                                                                                      \
    PULLS "20000 listener-begin who=c1" Q0 " offset=0 offset2=0 count=1\n20002 listener-end "      \
          "who=c1" Q0 " offset=0 offset2=0 count=1\n"
#define COMMIT(ms)                                                                                 \
#ms " req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0 " offset=1\n"
#define CUT(ms) #ms " link who=c1 peer=broker-a status=2\n"
#define CRASH(ms) #ms " actor-crash who=c1 group=g\n"
#define UNREGISTER                                                                                 \
    "22001 req who=c1 peer=broker-a code=UNREGISTER_CLIENT opaque=901 group=g\n"                   \
    "22002 resp who=broker-a peer=c1 code=UNREGISTER_CLIENT opaque=901\n"                          \
    "22003 conn-close who=c1 peer=broker-a\n22004 actor-stopped who=c1 group=g\n25000 end\n"
#define STOPS(told) IDLE(22000) "22000 actor-stop who=c1 group=g\n" told UNREGISTER

static const struct log_case cases[] = {
    {"done, and not told", RKMQ_CHECK_OFF_5, RKMQ_FAIL, C1 DONE IDLE(30000) CRASH(30000)},
    {"done, and told a period later", RKMQ_CHECK_OFF_5, RKMQ_PASS,
     C1 DONE COMMIT(25002) IDLE(30000) CRASH(30000)},
    {"the first persist is later", RKMQ_CHECK_OFF_5, RKMQ_PASS,
     C1 "1100 poll who=c1 queue=0 offset=0 until=9000\n1200 cache-evict who=c1" Q0
        " offset=1 count=0\n" COMMIT(11500) IDLE(12000) CRASH(12000)},
    {"nothing is done", RKMQ_CHECK_OFF_5, RKMQ_UNKNOWN,
     C1 "1020 poll who=c1 queue=0 offset=0 until=30000\n" IDLE(30000) CRASH(30000)},
    {"what is told is cut off", RKMQ_CHECK_OFF_5, RKMQ_PASS,
     C1 DONE CUT(24000) IDLE(30000) CRASH(30000)},
    {"a rule swallows what is told", RKMQ_CHECK_OFF_5, RKMQ_PASS,
     C1 DONE "10000 fault-on text=r code=UPDATE_CONSUMER_OFFSET status=4\n24900 fault who=c1 "
             "peer=broker-a code=UPDATE_CONSUMER_OFFSET text=r" Q0 " offset=1\n" IDLE(30000)
                 CRASH(30000)},
    {"without hooks: a listener did it", RKMQ_CHECK_OFF_5, RKMQ_FAIL,
     W1 HEARD IDLE(30000) CRASH(30000)},
    {"without hooks: a listener names offsets without end", RKMQ_CHECK_OFF_5, RKMQ_FAIL,
     W1 HEARD "20003 listener-end who=c1" Q0
              " offset=0 offset2=9223372036854775807 count=2\n20004 listener-end who=c1" Q0
              " offset=9223372036854775807 offset2=9223372036854775807 count=1\n" IDLE(30000)
                  CRASH(30000)},
    {"without hooks: and it is told", RKMQ_CHECK_OFF_5, RKMQ_PASS,
     W1 HEARD COMMIT(25002) IDLE(30000) CRASH(30000)},

    {"given up, and not told", RKMQ_CHECK_OFF_4, RKMQ_FAIL,
     C1 DONE LOG_DROP(22000, "c1", 0) IDLE(25000) CRASH(25000)},
    {"told with the drop", RKMQ_CHECK_OFF_4, RKMQ_PASS,
     C1 DONE LOG_DROP(22000, "c1", 0) COMMIT(22001) IDLE(25000) CRASH(25000)},
    {"given up with nothing new", RKMQ_CHECK_OFF_4, RKMQ_UNKNOWN,
     C1 "1020 poll who=c1 queue=0 offset=0 until=16100\n" LOG_DROP(22000, "c1", 0) IDLE(25000)
         CRASH(25000)},
    {"given up while it is cut off", RKMQ_CHECK_OFF_4, RKMQ_PASS,
     C1 DONE CUT(21000) LOG_DROP(22000, "c1", 0) IDLE(25000) CRASH(25000)},
    {"given up where the broker names another offset", RKMQ_CHECK_OFF_4, RKMQ_PASS,
     C1 FIRST CACHED
     "20001 req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=901" Q0 " offset=1\n"
     "21000 resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=901" Q0
     " offset=0 status=21\n" LOG_DROP(
         21001, "c1", 0) "21002 req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0
                         " offset=0\n" IDLE(25000) CRASH(25000)},
    {"without hooks: it stops, and does not tell", RKMQ_CHECK_OFF_4, RKMQ_FAIL, W1 HEARD STOPS("")},
    {"without hooks: it stops, and tells", RKMQ_CHECK_OFF_4, RKMQ_PASS,
     W1 HEARD STOPS(COMMIT(22000))},
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
