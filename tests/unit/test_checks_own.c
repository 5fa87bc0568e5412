/* SPDX-License-Identifier: Apache-2.0 */
/* OWN-1..4: who has which queue. Each rule has a log that breaks it alone, and one that nearly
 * does. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define ONE                                                                                        \
    LOG_CLUSTER "1000 up who=c1 told='c1'\n" LOG_ADD(1010, "c1", 0, 0)                             \
        LOG_ADD(1010, "c1", 1, 0) "1000 idle who=c1 told='c1' until=120000\n"
#define POLL_0 "1020 poll who=c1 queue=0 offset=0 until=120000\n"
#define POLL_1 "1020 poll who=c1 queue=1 offset=0 until=120000\n"
/* c2 comes at 30 s; both know at once. */
#define TWO                                                                                        \
    LOG_CLUSTER "1000 up who=c1 told='c1'\n" LOG_ADD(1010, "c1", 0, 0)                             \
        LOG_ADD(1010, "c1", 1,                                                                     \
                0) "1020 poll who=c1 queue=0 offset=0 until=120000\n"                              \
                   "1000 idle who=c1 told='c1' until=30001\n"                                      \
                   "30000 up who=c2 told='c1 c2'\n30000 idle who=c2 told='c1 c2' until=120000\n"   \
                   "30000 idle who=c1 told='c1 c2' until=120000\n"                                 \
                   "30020 req who=c1 peer=broker-a code=GET_CONSUMER_LIST_BY_GROUP group=g\n"      \
                   "30021 resp who=broker-a peer=c1 code=GET_CONSUMER_LIST_BY_GROUP group=g "      \
                   "text='c1 c2'\n"
#define C2_TAKES                                                                                   \
    "30030 owner-overlap who=c2 peer=c1" LOG_QUEUE(1) "\n" LOG_ADD(                                \
        30030, "c2", 1, 0) "30040 poll who=c2 queue=1 offset=0 until=120000\n"
#define C1_HAD_1(until) "1020 poll who=c1 queue=1 offset=0 until=" #until "\n"

static const struct log_case cases[] = {
    {"two owners for 25 s", RKMQ_CHECK_OWN_1, RKMQ_FAIL,
     TWO C2_TAKES C1_HAD_1(45000) LOG_DROP(55100, "c1", 1) "120000 end\n"},
    {"two owners for a second", RKMQ_CHECK_OWN_1, RKMQ_PASS,
     TWO C2_TAKES C1_HAD_1(30000) LOG_DROP(31030, "c1", 1) "120000 end\n"},
    {"both pull for 30 s", RKMQ_CHECK_OWN_1, RKMQ_FAIL,
     LOG_CLUSTER "1000 up who=c1 told='c1'\n1010 up who=c2 told='c2'\n"
                 "1020 poll who=c1 queue=0 offset=0 until=31030\n"
                 "1020 poll who=c1 queue=1 offset=0 until=31030\n"
                 "2000 poll who=c2 queue=1 offset=0 until=33000\n"
                 "1000 idle who=c1 told='c1' until=34000\n1000 idle who=c2 told='c2' until=34000\n"
                 "34000 end\n"},
    {"both pull, for one asked anew where to begin", RKMQ_CHECK_OWN_1, RKMQ_PASS,
     LOG_CLUSTER
     "1000 up who=c1 told='c1'\n1010 up who=c2 told='c2'\n"
     "1020 poll who=c1 queue=0 offset=0 until=31030\n"
     "1020 poll who=c1 queue=1 offset=0 until=17000\n"
     "2000 poll who=c2 queue=1 offset=0 until=31000\n"
     "31010 req who=c1 peer=broker-a code=QUERY_CONSUMER_OFFSET" LOG_QUEUE(
         1) "\n"
            "31020 poll who=c1 queue=1 offset=0 until=34000\n"
            "1000 idle who=c1 told='c1' until=34000\n1000 idle who=c2 told='c2' until=34000\n"
            "34000 end\n"},
    {"a queue that nobody pulls", RKMQ_CHECK_OWN_2, RKMQ_FAIL,
     LOG_CLUSTER "1000 up who=c1 told='c1'\n" POLL_0
                 "1000 idle who=c1 told='c1' until=120000\n120000 end\n"},
    {"queues that are pulled", RKMQ_CHECK_OWN_2, RKMQ_PASS,
     LOG_CLUSTER "1000 up who=c1 told='c1'\n" POLL_0 POLL_1
                 "1000 idle who=c1 told='c1' until=120000\n120000 end\n"},
    {"c1 keeps what is c2's", RKMQ_CHECK_OWN_3, RKMQ_FAIL,
     TWO LOG_ADD(30030, "c2", 1, 0) "30040 poll who=c2 queue=1 offset=0 until=120000\n" C1_HAD_1(
         120000) "120000 end\n"},
    {"c1 may not have heard of c2 on a bad way", RKMQ_CHECK_OWN_3, RKMQ_PASS,
     LOG_CLUSTER "1000 up who=c1 told='c1'\n" LOG_ADD(1010, "c1", 0, 0) LOG_ADD(1010, "c1", 1, 0)
         POLL_0 C1_HAD_1(72000) "1000 idle who=c1 told='c1' until=30001\n"
                                "30500 link who=broker-a peer=c1 status=2\n"
                                "31000 resp who=broker-a peer=c1 code=GET_CONSUMER_LIST_BY_GROUP "
                                "group=g text='c1 c2'\n32000 link\n"
                                "31000 idle who=c1 told='c1 c2' until=120000\n" LOG_DROP(
                                    72000, "c1", 1) "120000 end\n"},
    {"has all it should", RKMQ_CHECK_OWN_3, RKMQ_PASS, ONE POLL_0 POLL_1 "120000 end\n"},
    {"orphans of a member that is cut off", RKMQ_CHECK_OWN_2, RKMQ_PASS,
     LOG_CLUSTER "1000 up who=c1 told='c1'\n2000 link who=c1 peer=broker-a status=2\n"
                 "1000 idle who=c1 told='c1' until=120000\n120000 end\n"},
    {"a queue comes and goes for nothing", RKMQ_CHECK_OWN_4, RKMQ_FAIL,
     ONE POLL_0 "1020 poll who=c1 queue=1 offset=0 until=75000\n" LOG_DROP(80000, "c1", 1) LOG_ADD(
         81000, "c1", 1, 0) "81010 poll who=c1 queue=1 offset=0 until=105000\n120000 end\n"},
    {"a queue goes as another member comes", RKMQ_CHECK_OWN_4, RKMQ_PASS,
     TWO C2_TAKES C1_HAD_1(30000) LOG_DROP(30100, "c1", 1) "120000 end\n"},
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
