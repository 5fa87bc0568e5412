/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/push_consumer.h"
#include "support/cmocka_all.h"

static enum rkmq_consume_status listener(void *user, struct rkmq_msg *const *msgs, size_t n,
                                         struct rkmq_consume_context *context)
{
    (void)user;
    (void)msgs;
    (void)n;
    (void)context;
    return RKMQ_CONSUME_SUCCESS;
}

static struct rkmq_push_options legal(void)
{
    struct rkmq_push_options o = RKMQ_PUSH_OPTIONS_INIT;
    o.consumer_group = "G";
    o.message_listener = listener;
    return o;
}

static void expect(const struct rkmq_push_options *o, const char *text)
{
    struct rkmq_err err = {0};
    int status = rkmq__check_config(o, &err);
    if (text) {
        assert_int_equal(status, RKMQ_E_INVALID);
        assert_non_null(strstr(err.text, text));
    } else {
        assert_int_equal(status, RKMQ_OK);
    }
}

/* Group names are refused in Java's order and words. */
static void test_group(void **state)
{
    char name[RKMQ_GROUP_CHARS_MAX + 2];
    struct rkmq_push_options o = legal();
    (void)state;
    expect(&o, NULL);
    o.consumer_group = NULL;
    expect(&o, "the specified group is blank");
    o.consumer_group = "  \t";
    expect(&o, "the specified group is blank");
    memset(name, 'g', sizeof name);
    name[RKMQ_GROUP_CHARS_MAX] = '\0';
    o.consumer_group = name;
    expect(&o, NULL);
    name[RKMQ_GROUP_CHARS_MAX] = 'g';
    name[RKMQ_GROUP_CHARS_MAX + 1] = '\0';
    expect(&o, "is longer than group max length: 120.");
    o.consumer_group = "a b";
    expect(&o, "the specified group[a b] contains illegal characters, allowing only "
               "^[%|a-zA-Z0-9_-]+$");
    o.consumer_group = "%a|B-9_";
    expect(&o, NULL);
    o.consumer_group = "DEFAULT_CONSUMER";
    expect(&o, "consumerGroup can not equal DEFAULT_CONSUMER, please specify another one.\nSee ");
}

/* What is missing or not done here is refused, before the numbers are looked at. */
static void test_choices(void **state)
{
    struct rkmq_push_options o = legal();
    (void)state;
    o.consume_thread_min = 0; /* comes last */
    o.message_model = RKMQ_BROADCASTING;
    expect(&o, "messageModel BROADCASTING is not supported, only CLUSTERING");
    o.message_model = (enum rkmq_message_model)7;
    expect(&o, "messageModel is null");
    o = legal();
    o.consume_from_where = (enum rkmq_consume_from_where)3;
    expect(&o, "consumeFromWhere is null");
    o = legal();
    o.allocate_message_queue_strategy = NULL;
    expect(&o, "allocateMessageQueueStrategy is null");
    o = legal();
    o.message_listener = NULL;
    expect(&o, "messageListener is null");
}

/* Every number: both ends of its range are allowed, one beyond is refused with name and range. */
static void test_ranges(void **state)
{
    static const struct {
        size_t offset;
        int low, high;
        const char *text;
    } cases[] = {
        {offsetof(struct rkmq_push_options, consume_thread_max), 20, 1000,
         "consumeThreadMax Out of range [1, 1000]"},
        {offsetof(struct rkmq_push_options, consume_concurrently_max_span), 1, 65535,
         "consumeConcurrentlyMaxSpan Out of range [1, 65535]"},
        {offsetof(struct rkmq_push_options, pull_threshold_for_queue), 1, 65535,
         "pullThresholdForQueue Out of range [1, 65535]"},
        {offsetof(struct rkmq_push_options, pull_threshold_for_topic), 1, 6553500,
         "pullThresholdForTopic Out of range [1, 6553500]"},
        {offsetof(struct rkmq_push_options, pull_threshold_size_for_queue), 1, 1024,
         "pullThresholdSizeForQueue Out of range [1, 1024]"},
        {offsetof(struct rkmq_push_options, pull_threshold_size_for_topic), 1, 102400,
         "pullThresholdSizeForTopic Out of range [1, 102400]"},
        {offsetof(struct rkmq_push_options, consume_message_batch_max_size), 1, 1024,
         "consumeMessageBatchMaxSize Out of range [1, 1024]"},
        {offsetof(struct rkmq_push_options, pull_batch_size), 1, 1024,
         "pullBatchSize Out of range [1, 1024]"},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(cases); i++) {
        struct rkmq_push_options o = legal();
        int *value = (int *)((char *)&o + cases[i].offset);
        *value = cases[i].low;
        expect(&o, NULL);
        *value = cases[i].high;
        expect(&o, NULL);
        *value = cases[i].high + 1;
        expect(&o, cases[i].text);
        *value = 0;
        expect(&o, cases[i].text);
    }
    struct rkmq_push_options o = legal();
    o.pull_interval_ms = 65535;
    expect(&o, NULL);
    o.pull_interval_ms = 65536;
    expect(&o, "pullInterval Out of range [0, 65535]");
    o = legal();
    o.consume_thread_min = 21;
    expect(&o, "consumeThreadMin (21) is larger than consumeThreadMax (20)");
    o.consume_thread_min = 0;
    expect(&o, "consumeThreadMin Out of range [1, 1000]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
