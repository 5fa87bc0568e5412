/* SPDX-License-Identifier: Apache-2.0 */
/* NS-1 and NS-2: routes are asked for and used. Each rule has a log that breaks it alone, and some
 * that nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define BEAT(ms)                                                                                   \
#ms " req who=c1 peer=broker-a code=HEART_BEAT opaque=700 text='g=T'\n" #ms                    \
        " resp who=broker-a peer=c1 code=HEART_BEAT opaque=700\n"
#define MEMBERS(ms)                                                                                \
#ms " req who=c1 peer=broker-a code=GET_CONSUMER_LIST_BY_GROUP group=g opaque=701\n" #ms       \
        " resp who=broker-a peer=c1 code=GET_CONSUMER_LIST_BY_GROUP group=g opaque=701 "           \
        "text='c1'\n"
#define ROUTE(ms)                                                                                  \
#ms " req who=c1 peer=n1 code=GET_ROUTEINFO_BY_TOPIC topic=T\n" #ms                            \
        " resp who=n1 peer=c1 code=GET_ROUTEINFO_BY_TOPIC topic=T text='broker-a:1'\n"
#define POLL "1020 poll who=c1 queue=0 offset=0 until=40000\n"
#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0) POLL
/* Does all it should, but does not poll routes after its start. */
#define QUIET BEAT(2000) MEMBERS(21000) BEAT(32000)
#define CUT(ms, server) #ms " link who=c1 peer=" server " status=2\n"
#define CRASH(ms) #ms " actor-crash who=c1 group=g\n"
#define N2 "0 server-up who=n2\n"
/* At 40 s there are two queues, which c1 is told of at 60 s; what happens to c9 keeps other rules
 * quiet. */
#define ONE_MORE                                                                                   \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n"                                    \
                "1000 idle who=c1 told='c1' route='broker-a:1' until=55000\n"                      \
                "31000 idle who=c1 told='c1' route='broker-a:2' until=110000\n"                    \
                "1020 poll who=c1 queue=0 offset=0 until=105000\n"                                 \
                "40000 route-publish who=n1 topic=T broker=broker-a count=2 status=6\n"            \
                "70000 member-join who=c9 group=h broker=broker-a\n"                               \
                "90000 member-join who=c9 group=h broker=broker-a\n"

static const struct log_case cases[] = {
    {"no poll for more than a period", RKMQ_CHECK_NS_1, RKMQ_FAIL, C1 QUIET CRASH(38000)},
    {"polls in their rhythm", RKMQ_CHECK_NS_1, RKMQ_PASS, C1 QUIET ROUTE(31000) CRASH(38000)},
    {"no poll while its name server is cut off", RKMQ_CHECK_NS_1, RKMQ_PASS,
     C1 QUIET CUT(25000, "n1") CRASH(38000)},
    {"no poll though another name server is there", RKMQ_CHECK_NS_1, RKMQ_FAIL,
     N2 C1 QUIET CUT(25000, "n1") CRASH(38000)},
    {"the other name server is asked after a timeout", RKMQ_CHECK_NS_1, RKMQ_PASS,
     N2 C1 QUIET CUT(25000, "n1") ROUTE(34000) CRASH(38000)},
    {"a client that tries one a period may take longer", RKMQ_CHECK_NS_1, RKMQ_PASS,
     N2 C1 QUIET CUT(25000, "n1") CRASH(38000), true},
    {"its questions are not seen", RKMQ_CHECK_NS_1, RKMQ_UNKNOWN,
     LOG_CLUSTER "1000 actor-start who=c1 group=g\n1001 conn-open who=c1 peer=broker-a\n" BEAT(
         1002) "1003 actor-started who=c1 group=g\n" MEMBERS(1004) LOG_ADD(1010, "c1", 0, 0)
         POLL QUIET CRASH(38000)},
    {"a rule takes the questions", RKMQ_CHECK_NS_1, RKMQ_PASS,
     N2 C1 QUIET "20000 fault-on text=r code=GET_ROUTEINFO_BY_TOPIC status=4\n31000 fault who=c1 "
                 "peer=n1 code=GET_ROUTEINFO_BY_TOPIC text=r\n" CRASH(38000)},
    {"nobody is there", RKMQ_CHECK_NS_1, RKMQ_UNKNOWN, LOG_CLUSTER "5000 end\n"},
    {"asked for again and again", RKMQ_CHECK_NS_1, RKMQ_FAIL,
     C1 QUIET ROUTE(5000) ROUTE(5100) ROUTE(5200) ROUTE(5300) ROUTE(5400) ROUTE(5500) ROUTE(5600)
         CRASH(8000)},
    {"asked for a few times", RKMQ_CHECK_NS_1, RKMQ_PASS,
     C1 QUIET ROUTE(5000) ROUTE(5100) ROUTE(5200) ROUTE(5300) ROUTE(5400) CRASH(8000)},

    {"a queue that is not pulled", RKMQ_CHECK_NS_2, RKMQ_FAIL, ONE_MORE CRASH(104000)},
    {"a queue that is pulled", RKMQ_CHECK_NS_2, RKMQ_PASS,
     ONE_MORE "61000 poll who=c1 queue=1 offset=0 until=105000\n" CRASH(104000)},
    {"a queue that is not pulled yet", RKMQ_CHECK_NS_2, RKMQ_UNKNOWN, ONE_MORE CRASH(80000)},
    {"a queue that is not pulled by who is cut off", RKMQ_CHECK_NS_2, RKMQ_UNKNOWN,
     ONE_MORE CUT(62000, "broker-a") CRASH(104000)},
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
