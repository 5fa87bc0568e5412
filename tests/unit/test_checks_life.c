/* SPDX-License-Identifier: Apache-2.0 */
/* LIFE-1..3: how a stop ends. Each rule has logs that break it alone, and some that nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(                           \
        1010, "c1", 0, 0) "1020 poll who=c1 queue=0 offset=0 until=16100\n"                        \
                          "1000 idle who=c1 told='c1' route='broker-a:1' until=20000\n"
#define CALL "19000 listener-begin who=c1" Q0 " offset=0 offset2=0 count=1\n"
#define RETURNS(ms) #ms " listener-end who=c1" Q0 " offset=0 offset2=0 count=1\n"
#define STOP "20000 actor-stop who=c1 group=g\n"
#define UNREGISTER(ms)                                                                             \
#ms " req who=c1 peer=broker-a code=UNREGISTER_CLIENT opaque=703 group=g\n" #ms                \
        " resp who=broker-a peer=c1 code=UNREGISTER_CLIENT opaque=703\n"
#define COMMIT(ms)                                                                                 \
#ms " req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0 " offset=0\n"
#define CLOSE(ms) #ms " conn-close who=c1 peer=broker-a\n"
#define STOPPED(ms) #ms " actor-stopped who=c1 group=g\n"
#define CUT(ms) #ms " link who=c1 peer=broker-a status=2\n"
#define END "50000 end\n"

static const struct log_case cases[] = {
    {"it leaves while a listener works", RKMQ_CHECK_LIFE_1, RKMQ_FAIL,
     C1 CALL STOP UNREGISTER(20001) CLOSE(20002) STOPPED(20003) END},
    {"it leaves when the listener has ended", RKMQ_CHECK_LIFE_1, RKMQ_PASS,
     C1 CALL RETURNS(22000) STOP UNREGISTER(22001) CLOSE(22002) STOPPED(22003) END},
    {"it leaves when it has waited for long", RKMQ_CHECK_LIFE_1, RKMQ_PASS,
     C1 CALL STOP UNREGISTER(25001) CLOSE(25002) STOPPED(25003) END},
    {"it persists after it has left", RKMQ_CHECK_LIFE_1, RKMQ_FAIL,
     C1 STOP UNREGISTER(20001) COMMIT(20002) CLOSE(20003) STOPPED(20004) END},
    {"it closes before it leaves", RKMQ_CHECK_LIFE_1, RKMQ_FAIL,
     C1 STOP CLOSE(20001) "20002 conn-open who=c1 peer=broker-a\n" UNREGISTER(20003) CLOSE(20004)
         STOPPED(20005) END},
    {"one after the other", RKMQ_CHECK_LIFE_1, RKMQ_PASS,
     C1 STOP COMMIT(20000) UNREGISTER(20001) CLOSE(20002) STOPPED(20003) END},
    {"its broker goes down as it stops", RKMQ_CHECK_LIFE_1, RKMQ_UNKNOWN,
     C1 STOP CLOSE(20000) "20000 server-down who=broker-a\n" STOPPED(20005) END},
    {"the connection breaks before it can leave", RKMQ_CHECK_LIFE_1, RKMQ_UNKNOWN,
     C1 STOP CUT(20000) CLOSE(20001) STOPPED(20005) END},

    {"a socket is left", RKMQ_CHECK_LIFE_2, RKMQ_FAIL,
     C1 STOP UNREGISTER(20001) CLOSE(20002) STOPPED(20003) "20004 actor-gone who=c1 count=1 "
                                                           "offset=0\n" END},
    {"a timer is left", RKMQ_CHECK_LIFE_2, RKMQ_FAIL,
     C1 STOP UNREGISTER(20001) CLOSE(20002) STOPPED(20003) "20004 actor-gone who=c1 count=0 "
                                                           "offset=1\n" END},
    {"nothing is left", RKMQ_CHECK_LIFE_2, RKMQ_PASS,
     C1 STOP UNREGISTER(20001) CLOSE(20002) STOPPED(20003) "20004 actor-gone who=c1 count=0 "
                                                           "offset=0\n" END},
    {"its broker sees it still", RKMQ_CHECK_LIFE_2, RKMQ_FAIL,
     C1 STOP UNREGISTER(20001) STOPPED(20003) END},
    {"its broker cannot see that it is gone", RKMQ_CHECK_LIFE_2, RKMQ_PASS,
     C1 CUT(19000) STOP STOPPED(30003) END},
    {"a connection of a life that crashed is left", RKMQ_CHECK_LIFE_2, RKMQ_PASS,
     LOG_CLUSTER "10 conn-open who=c1 peer=broker-a\n20 actor-crash who=c1 group=g\n"
                 "1000 up who=c1 told='c1' route='broker-a:1'\n" STOP UNREGISTER(20001) CLOSE(20002)
                     STOPPED(20003) END},
    {"it crashes", RKMQ_CHECK_LIFE_2, RKMQ_UNKNOWN, C1 "20000 actor-crash who=c1 group=g\n" END},

    {"a stop that takes too long", RKMQ_CHECK_LIFE_3, RKMQ_FAIL,
     C1 STOP UNREGISTER(34000) CLOSE(34001) STOPPED(34002) END},
    {"a stop in time", RKMQ_CHECK_LIFE_3, RKMQ_PASS,
     C1 STOP UNREGISTER(31000) CLOSE(31001) STOPPED(31002) END},
    {"a stop that does not end", RKMQ_CHECK_LIFE_3, RKMQ_FAIL, C1 STOP END},
    {"a broker that does not answer is no excuse", RKMQ_CHECK_LIFE_3, RKMQ_FAIL,
     C1 CUT(19000) STOP STOPPED(34000) END},
    {"nobody stops", RKMQ_CHECK_LIFE_3, RKMQ_UNKNOWN, C1 "20000 actor-crash who=c1 group=g\n" END},
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
