/* SPDX-License-Identifier: Apache-2.0 */
/* DUP-1 and DUP-2: what is delivered again. Each rule has a log that breaks it alone, and one that
 * nearly does. */
#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define Q0 LOG_QUEUE(0)
#define APPEND(ms, at) #ms " append topic=T broker=broker-a queue=0 offset=" #at "\n"
#define DELIVER(ms, c, at) #ms " deliver who=" c Q0 " offset=" #at "\n"
#define AGAIN(ms, c, at, times) #ms " deliver who=" c Q0 " offset=" #at " count=" #times "\n"
#define PUT(ms, c, at) #ms " cache-put who=" c Q0 " offset=" #at " offset2=" #at " count=1\n"
#define EVICT(ms, c, at) #ms " cache-evict who=" c Q0 " offset=" #at " count=1\n"
#define COMMIT(ms, c, at)                                                                          \
#ms " req who=" c " peer=broker-a code=UPDATE_CONSUMER_OFFSET flags=1" Q0 " offset=" #at       \
        "\n" #ms " commit who=" c Q0 " offset=" #at "\n"
/* The offset is consumed by `c`. */
#define DONE(ms, c, at, next)                                                                      \
    APPEND(ms, at) PUT(ms, c, at) DELIVER(ms, c, at) EVICT(ms, c, next) COMMIT(ms, c, next)
#define C1 LOG_CLUSTER "1000 up who=c1 told='c1' route='broker-a:1'\n" LOG_ADD(1010, "c1", 0, 0)
/* At 20 s the first message is pulled and consumed; then the queue is empty. */
#define C1_DOES_ONE                                                                                \
    "19999 req who=c1 peer=broker-a code=PULL_MESSAGE flags=8 opaque=900" Q0 " offset=0\n"         \
    "20000 resp who=broker-a peer=c1 code=PULL_MESSAGE opaque=900" Q0 " offset=1\n" DONE(          \
        20000, "c1", 0, 1) "21000 poll who=c1 queue=0 offset=1 until=35000\n"                      \
                           "1000 idle who=c1 told='c1' route='broker-a:1' until=38000\n"
#define C1_IDLE "1000 idle who=c1 told='c1' route='broker-a:1' until=90000\n"
#define C1_GOES "40000 actor-crash who=c1 group=g\n"
#define C2_COMES(at) "41000 up who=c2 told='c2' route='broker-a:1'\n" LOG_ADD(41010, "c2", 0, at)

static const struct log_case cases[] = {
    {"twice in one hand", RKMQ_CHECK_DUP_1, RKMQ_FAIL,
     C1 DONE(2000, "c1", 0, 1) DELIVER(2500, "c1", 0) "4000 end\n"},
    {"again after it failed", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 APPEND(2000, 0) PUT(2000, "c1", 0)
         DELIVER(2000, "c1", 0) "2100 listener-end who=c1" Q0
                                " offset=0 offset2=0 count=1 status=1\n" DELIVER(2500, "c1", 0)
                                    EVICT(2501, "c1", 1) COMMIT(2501, "c1", 1) "4000 end\n"},
    {"a call fails that names offsets without end", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 DONE(2000, "c1", 0, 1) "2100 listener-end who=c1" Q0
                               " offset=0 offset2=9223372036854775807 count=2 status=1\n"
                               "4000 end\n"},
    {"a retry says how often it came", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 DONE(2000, "c1", 0, 1) AGAIN(2500, "c1", 0, 1) "4000 end\n"},
    {"a crash gives again what was not persisted", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 C1_DOES_ONE APPEND(36500, 1) PUT(36500, "c1", 1) DELIVER(36500, "c1", 1)
         EVICT(36500, "c1", 2) C1_GOES C2_COMES(1) DELIVER(41100, "c2", 1) EVICT(41100, "c2", 2)
             COMMIT(41100, "c2", 2) "42000 end\n"},
    {"a crash gives again what had long been done", RKMQ_CHECK_DUP_1, RKMQ_FAIL,
     C1 C1_DOES_ONE C1_GOES C2_COMES(0) DELIVER(41100, "c2", 0)
         EVICT(41100, "c2", 1) "42000 end\n"},
    {"a broker that forgot gives it again", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 C1_DOES_ONE C1_GOES "40500 commit who=broker-a" Q0 " offset=0 offset2=1\n" C2_COMES(0)
         DELIVER(41100, "c2", 0) EVICT(41100, "c2", 1) COMMIT(41101, "c2", 1) "42000 end\n"},
    {"another member took the offset back in the meantime", RKMQ_CHECK_DUP_1, RKMQ_PASS,
     C1 C1_DOES_ONE "33500 commit who=c9" Q0 " offset=0 offset2=1\n" C1_GOES C2_COMES(0)
         DELIVER(41100, "c2", 0) EVICT(41100, "c2", 1) COMMIT(41101, "c2", 1) "42000 end\n"},
    {"two hands in steady state", RKMQ_CHECK_DUP_2, RKMQ_FAIL,
     C1 C1_IDLE "1020 poll who=c1 queue=0 offset=0 until=75000\n" APPEND(70000, 0)
         DELIVER(70000, "c1", 0) DELIVER(70100, "c2", 0) "72000 actor-crash who=c1 group=g\n"},
    {"two hands while members change", RKMQ_CHECK_DUP_2, RKMQ_PASS,
     C1 C1_IDLE "1020 poll who=c1 queue=0 offset=0 until=75000\n" APPEND(60000, 0) DELIVER(
         60000, "c1", 0) "61000 member-join who=c3 group=g broker=broker-a\n" APPEND(70000, 1)
         DELIVER(70000, "c1", 1) DELIVER(70100, "c2", 1) "72000 actor-crash who=c1 group=g\n"},
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
