/* SPDX-License-Identifier: Apache-2.0 */
/* WIRE-1: requests and answers as such. Logs that break it alone, and some that nearly do. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n"                                    \
                "1000 idle who=c1 told='c1' route='broker-a:1' until=8000\n"
#define ASK(ms, n)                                                                                 \
#ms " req who=c1 peer=broker-a code=GET_CONSUMER_LIST_BY_GROUP group=g opaque=" #n "\n"
#define ANSWER(ms, n)                                                                              \
#ms " resp who=broker-a peer=c1 code=GET_CONSUMER_LIST_BY_GROUP group=g text='c1' "            \
        "opaque=" #n "\n"
#define PUSH(ms, flags)                                                                            \
#ms " req who=broker-a peer=c1 code=GET_CONSUMER_RUNNING_INFO group=g opaque=5 flags=" #flags  \
        "\n"
#define REPLY(ms) #ms " resp who=c1 peer=broker-a code=GET_CONSUMER_RUNNING_INFO opaque=5 flags=2\n"
#define CRASH "8000 actor-crash who=c1 group=g\n"

static const struct log_case cases[] = {
    {"a request that lacks something", RKMQ_CHECK_WIRE_1, RKMQ_FAIL,
     C1 "5000 req who=c1 peer=broker-a code=QUERY_CONSUMER_OFFSET opaque=700 flags=32 "
        "text='topic is missing'\n" CRASH},
    {"a request that a rule changed", RKMQ_CHECK_WIRE_1, RKMQ_PASS,
     C1 "10 fault-on text=r code=QUERY_CONSUMER_OFFSET status=9\n5000 fault who=c1 peer=broker-a "
        "code=QUERY_CONSUMER_OFFSET opaque=700 text=r\n5000 req who=c1 peer=broker-a "
        "code=QUERY_CONSUMER_OFFSET opaque=700 flags=32 text='topic is missing'\n" CRASH},
    {"an opaque that is waiting", RKMQ_CHECK_WIRE_1, RKMQ_FAIL,
     C1 ASK(5000, 700) ASK(5001, 700) ANSWER(5002, 700) CRASH},
    {"an opaque that was answered", RKMQ_CHECK_WIRE_1, RKMQ_PASS,
     C1 ASK(5000, 700) ANSWER(5001, 700) ASK(5002, 700) ANSWER(5003, 700) CRASH},
    {"an opaque of a connection that closed", RKMQ_CHECK_WIRE_1, RKMQ_PASS,
     C1 ASK(5000, 700) "5001 conn-close who=c1 peer=broker-a\n5002 conn-open who=c1 "
                       "peer=broker-a\n" ASK(5003, 700) ANSWER(5004, 700) CRASH},
    {"one opaque on two connections", RKMQ_CHECK_WIRE_1, RKMQ_PASS,
     C1 ASK(5000, 700) "5001 conn-open who=c1 peer=broker-a\n" ASK(5002, 700) ANSWER(5003, 700)
         CRASH},
    {"a one-way request is answered", RKMQ_CHECK_WIRE_1, RKMQ_FAIL,
     C1 PUSH(5000, 3) REPLY(5001) CRASH},
    {"a request is answered", RKMQ_CHECK_WIRE_1, RKMQ_PASS, C1 PUSH(5000, 2) REPLY(5001) CRASH},
    {"a request is answered twice", RKMQ_CHECK_WIRE_1, RKMQ_FAIL,
     C1 PUSH(5000, 2) REPLY(5001) REPLY(5002) CRASH},
    {"nobody asks", RKMQ_CHECK_WIRE_1, RKMQ_UNKNOWN, LOG_CLUSTER "5000 end\n"},
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
