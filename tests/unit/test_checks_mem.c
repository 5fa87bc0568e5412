/* SPDX-License-Identifier: Apache-2.0 */
/* MEM-1..3: what brokers hear of members. Each rule has logs that break it alone, and some that
 * nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0) POLL
#define POLL "1020 poll who=c1 queue=0 offset=0 until=31000\n"
#define IDLE(until) "1000 idle who=c1 told='c1' route='broker-a:1' until=" #until "\n"
#define ROUTE(ms)                                                                                  \
#ms " req who=c1 peer=n1 code=GET_ROUTEINFO_BY_TOPIC topic=T\n" #ms                            \
        " resp who=n1 peer=c1 code=GET_ROUTEINFO_BY_TOPIC topic=T text='broker-a:1'\n"
#define MEMBERS(ms)                                                                                \
#ms " req who=c1 peer=broker-a code=GET_CONSUMER_LIST_BY_GROUP group=g opaque=700\n" #ms       \
        " resp who=broker-a peer=c1 code=GET_CONSUMER_LIST_BY_GROUP group=g opaque=700 "           \
        "text='c1'\n"
#define BEAT(ms, server, text)                                                                     \
#ms " req who=c1 peer=" server " code=HEART_BEAT opaque=701 text='" text "'\n" #ms             \
        " resp who=" server " peer=c1 code=HEART_BEAT opaque=701\n"
#define NOTIFY(ms)                                                                                 \
#ms " req who=broker-a peer=c1 code=NOTIFY_CONSUMER_IDS_CHANGED group=g flags=3\n"
#define CUT(ms) #ms " link who=c1 peer=broker-a status=2\n"
#define CRASH(ms) #ms " actor-crash who=c1 group=g\n"
/* Asks for all it should, but sends no heartbeat after its start. */
#define QUIET MEMBERS(21000) ROUTE(30000)
#define B "0 server-up who=broker-b\n0 topic topic=T broker=broker-b count=1 status=6\n"
#define TWO_BROKERS                                                                                \
    LOG_CLUSTER B                                                                                  \
        "1000 up who=c1 told='c1' route='broker-a:1 broker-b:1'\n" LOG_ADD(1010, "c1", 0, 0) POLL
#define IDLE_2 "1000 idle who=c1 told='c1' route='broker-a:1 broker-b:1' until=20000\n"
#define PULL_B                                                                                     \
    "5000 req who=c1 peer=broker-b code=PULL_MESSAGE flags=8 opaque=702 group=g topic=T "          \
    "broker=broker-b queue=0 offset=0\n"
#define UNREGISTER(ms)                                                                             \
#ms " req who=c1 peer=broker-a code=UNREGISTER_CLIENT opaque=703 group=g\n" #ms                \
        " resp who=broker-a peer=c1 code=UNREGISTER_CLIENT opaque=703\n"
#define STOP "20000 actor-stop who=c1 group=g\n"
#define STOPPED                                                                                    \
    "20003 conn-close who=c1 peer=broker-a\n20004 actor-stopped who=c1 group=g\n40000 end\n"

static const struct log_case cases[] = {
    {"no heartbeat for more than a period", RKMQ_CHECK_MEM_1, RKMQ_FAIL, C1 QUIET CRASH(34000)},
    {"heartbeats in their rhythm", RKMQ_CHECK_MEM_1, RKMQ_PASS, C1 IDLE(34000) CRASH(34000)},
    {"no heartbeat while it is cut off", RKMQ_CHECK_MEM_1, RKMQ_PASS,
     C1 QUIET CUT(25000) CRASH(34000)},
    {"nobody is there", RKMQ_CHECK_MEM_1, RKMQ_UNKNOWN, LOG_CLUSTER "5000 end\n"},
    {"pulls from a broker that has not heard of it", RKMQ_CHECK_MEM_1, RKMQ_FAIL,
     TWO_BROKERS IDLE_2 PULL_B CRASH(8000)},
    {"pulls, and the heartbeat comes with it", RKMQ_CHECK_MEM_1, RKMQ_PASS,
     TWO_BROKERS IDLE_2 PULL_B BEAT(5001, "broker-b", "g=T") CRASH(8000)},
    {"a heartbeat that leaves a topic out", RKMQ_CHECK_MEM_1, RKMQ_FAIL,
     C1 IDLE(6000) BEAT(5000, "broker-a", "g=%RETRY%g") CRASH(6000)},
    {"a heartbeat that says too much", RKMQ_CHECK_MEM_1, RKMQ_FAIL,
     C1 IDLE(6000) BEAT(5000, "broker-a", "g=T,U") CRASH(6000)},
    {"a heartbeat that leaves its group out", RKMQ_CHECK_MEM_1, RKMQ_FAIL,
     C1 IDLE(6000) BEAT(5000, "broker-a", "h=T") CRASH(6000)},
    {"... which waited behind a cut", RKMQ_CHECK_MEM_1, RKMQ_PASS,
     C1 IDLE(6000) CUT(3000) "4999 link offset=200 offset2=0\n" BEAT(5000, "broker-a", "h=T")
         CRASH(6000)},

    {"told of a change, and nothing happens", RKMQ_CHECK_MEM_2, RKMQ_FAIL,
     C1 IDLE(9000) NOTIFY(5000) CRASH(9000)},
    {"told of a change, and asks too late", RKMQ_CHECK_MEM_2, RKMQ_FAIL,
     C1 IDLE(9000) NOTIFY(5000) MEMBERS(7900) CRASH(9000)},
    {"told of a change, and asks", RKMQ_CHECK_MEM_2, RKMQ_PASS,
     C1 IDLE(9000) NOTIFY(5000) MEMBERS(5900) CRASH(9000)},
    {"a client that spaces its passes may ask later", RKMQ_CHECK_MEM_2, RKMQ_PASS,
     C1 IDLE(9000) NOTIFY(5000) MEMBERS(7900) CRASH(9000), true},
    {"told of a change while it is paused", RKMQ_CHECK_MEM_2, RKMQ_UNKNOWN,
     C1 IDLE(9000) "4000 actor-pause who=c1 group=g\n" NOTIFY(5000) CRASH(9000)},
    {"told of a change on a connection of a life that crashed", RKMQ_CHECK_MEM_2, RKMQ_UNKNOWN,
     LOG_CLUSTER "1000 conn-open who=c1 peer=broker-a\n2000 actor-crash who=c1 group=g\n"
                 "3000 actor-start who=c1 group=g\n3001 actor-started who=c1 group=g\n" NOTIFY(5000)
                     CRASH(9000)},
    {"told of a change while a broker is down", RKMQ_CHECK_MEM_2, RKMQ_PASS,
     TWO_BROKERS IDLE_2
     "4999 server-down who=broker-b\n" NOTIFY(5000) "5500 server-up who=broker-b\n" CRASH(18000)},
    {"told of a change, and cut off", RKMQ_CHECK_MEM_2, RKMQ_PASS,
     C1 IDLE(9000) NOTIFY(5000) CUT(5001) CRASH(9000)},

    {"it leaves one of two brokers", RKMQ_CHECK_MEM_3, RKMQ_FAIL,
     TWO_BROKERS IDLE_2 BEAT(1030, "broker-b", "g=T") STOP UNREGISTER(20001) STOPPED},
    {"it leaves, and is a member again", RKMQ_CHECK_MEM_3, RKMQ_FAIL,
     C1 IDLE(20000) STOP UNREGISTER(20001) BEAT(20002, "broker-a", "g=T") STOPPED},
    {"it leaves, and a heartbeat of another group follows", RKMQ_CHECK_MEM_3, RKMQ_PASS,
     C1 IDLE(20000) STOP UNREGISTER(20001) BEAT(20002, "broker-a", "h=U") STOPPED},
    {"it has stopped, and asks", RKMQ_CHECK_MEM_3, RKMQ_FAIL,
     C1 IDLE(20000) STOP UNREGISTER(20001) STOPPED ROUTE(23000)},
    {"it leaves and is silent", RKMQ_CHECK_MEM_3, RKMQ_PASS,
     C1 IDLE(20000) STOP UNREGISTER(20001) STOPPED},
    {"it leaves while it is cut off", RKMQ_CHECK_MEM_3, RKMQ_PASS,
     C1 IDLE(20000) CUT(19000) STOP STOPPED},
    {"what was sent before the stop comes when the cut heals", RKMQ_CHECK_MEM_3, RKMQ_PASS,
     C1 IDLE(20000) CUT(19000) STOP STOPPED "30000 link offset=200 offset2=0\n" MEMBERS(30001)},
    {"it crashes", RKMQ_CHECK_MEM_3, RKMQ_UNKNOWN, C1 IDLE(20000) CRASH(20000)},
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
