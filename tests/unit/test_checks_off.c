/* SPDX-License-Identifier: Apache-2.0 */
/* OFF-2 and OFF-3: what may be committed. Logs that break one of them alone, and ones that nearly
 * do.
 */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define UPDATE(ms, at)                                                                             \
#ms " req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" LOG_QUEUE(                 \
        0) " offset=" #at "\n"
/* The first message is consumed and committed. */
#define WENT                                                                                       \
    "2000 append topic=T broker=broker-a queue=0 offset=0\n"                                       \
    "2000 cache-put who=c1" LOG_QUEUE(                                                             \
        0) " offset=0 offset2=0 count=1\n"                                                         \
           "2000 deliver who=c1" LOG_QUEUE(                                                        \
               0) " offset=0\n"                                                                    \
                  "2000 cache-evict who=c1" LOG_QUEUE(0) " offset=1 count=1\n" UPDATE(             \
                      2000,                                                                        \
                      1) "2000 commit who=c1 peer=broker-a" LOG_QUEUE(0) " offset=1 offset2=0\n"
#define BACK(ms, flags_)                                                                           \
#ms " commit-regress who=c1 peer=broker-a flags=" #flags_ LOG_QUEUE(0) " offset=0 offset2=1\n"
#define C1                                                                                         \
    LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(                           \
        1010, "c1", 0, 0) "1000 idle who=c1 told='c1' route='broker-a:1' until=8000\n"             \
                          "8000 actor-crash who=c1 group=g\n"

static const struct log_case cases[] = {
    {"an offset that is not known is committed", RKMQ_CHECK_OFF_2, RKMQ_FAIL, C1 UPDATE(5000, -1)},
    {"the first offset is committed", RKMQ_CHECK_OFF_2, RKMQ_PASS, C1 UPDATE(5000, 0)},
    {"a commit whose offset cannot be read", RKMQ_CHECK_OFF_2, RKMQ_UNKNOWN,
     C1 "5000 req who=c1 peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" LOG_QUEUE(0) "\n"},
    {"a commit goes back", RKMQ_CHECK_OFF_3, RKMQ_FAIL, C1 WENT BACK(5000, 0)},
    {"... because a fault rule kept it until a newer one had passed", RKMQ_CHECK_OFF_3, RKMQ_PASS,
     C1 WENT BACK(5000, 4)},
};

static void each_case(void **state)
{
    (void)state;
    log_rig_cases(cases, RKMQ_COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
