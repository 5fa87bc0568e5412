/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/handlers.h"
#include "support/broker_rig.h"

#define BEAT                                                                                       \
    "{\"clientID\":\"c1\",\"consumerDataSet\":[{\"groupName\":\"G\",\"consumeType\":"              \
    "\"CONSUME_PASSIVELY\",\"messageModel\":\"CLUSTERING\",\"subscriptionDataSet\":[]}]}"

/* One topic, group or committed group more than their limits is refused; what is there stays. */
static void test_table_limits(void **state)
{
    struct broker_rig *b = *state;
    struct rkmq_subscription_group *group;
    char name[32];
    int status = RKMQ_OK;
    for (size_t i = 0; status == RKMQ_OK && i <= RKMQ_BROKER_TOPICS_MAX; i++) {
        (void)snprintf(name, sizeof name, "T%zu", i);
        status = rkmq__broker_topic_put(b->brk, rkmq__slice_of(name), 1);
    }
    assert_int_equal(status, RKMQ_E_LIMIT);
    assert_int_equal(rkmq__map_count(&b->brk->topics.topics), RKMQ_BROKER_TOPICS_MAX);
    for (size_t i = 0; i <= RKMQ_BROKER_GROUPS_MAX; i++) {
        (void)snprintf(name, sizeof name, "G%zu", i);
        status = rkmq__subscription_group_make(&b->brk->groups, rkmq__slice_of(name), &group);
        assert_int_equal(status, i < RKMQ_BROKER_GROUPS_MAX ? RKMQ_OK : RKMQ_E_LIMIT);
    }
    for (size_t i = 0; i <= RKMQ_OFFSET_TABLES_MAX; i++) {
        (void)snprintf(name, sizeof name, "G%zu", i);
        status = rkmq__consumer_offset_commit(&b->brk->offsets, rkmq__slice_of(name),
                                              RKMQ_SLICE("T0"), 0, 1);
        assert_int_equal(status, i < RKMQ_OFFSET_TABLES_MAX ? RKMQ_OK : RKMQ_E_LIMIT);
    }
    BROKER_STEPS(b, {34, "", BEAT, 0, NULL, NULL, NULL},
                 {38, "consumerGroup=G", NULL, 1, NULL, NULL, "no consumer for this group, G"},
                 {14, "consumerGroup=G5;topic=T0;queueId=0", NULL, 0, "offset=1", "", ""},
                 {11,
                  "consumerGroup=New;topic=T0;queueId=0;queueOffset=0;maxMsgNums=1;sysFlag=4;"
                  "commitOffset=0;suspendTimeoutMillis=0;subVersion=0",
                  NULL, 26, NULL, NULL, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_limits, broker_rig_setup, broker_rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
