/* SPDX-License-Identifier: Apache-2.0 */
/* PULL_MESSAGE and LITE_PULL_MESSAGE. Source: PullMessageProcessor, DefaultPullMessageResultHandler
 * (broker, 5.3.3); the order of the checks is theirs. */
#include <stdarg.h>

#include "mockbroker/core/handlers.h"

#define PULL_COMMIT_OFFSET 1
#define PULL_SUSPEND 2
#define PULL_SUBSCRIPTION 4
#define MASTER_ID 0

enum forbidden_type {
    FORBIDDEN_NONE = 0,
    FORBIDDEN_GROUP = 2,
    FORBIDDEN_TOPIC = 3,
    FORBIDDEN_BROADCASTING = 4
};

/* ---- answers ---- */

static void answer(const struct rkmq_pull *pull, const struct rkmq_message_out *out)
{
    if (pull->is_oneway) {
        rkmq_buf_free(out->take_body);
        return;
    }
    (void)rkmq__channel_answer(pull->channel, pull->opaque, pull->format, out); /* gone */
}

static bool refuse_as(const struct rkmq_pull *pull, int code, enum forbidden_type forbidden,
                      const char *fmt, va_list args)
{
    char remark[RKMQ_REMARK_BYTES_MAX];
    struct rkmq_fields fields;
    fields.n = 0;
    (void)vsnprintf(remark, sizeof remark, fmt, args); /* a long value is cut */
    if (forbidden != FORBIDDEN_NONE) {
        rkmq__fields_add_i64(&fields, "forbiddenType", (int64_t)forbidden);
    }
    answer(pull, &(struct rkmq_message_out){
                     .code = code, .fields = &fields, .remark = rkmq__slice_of(remark)});
    return false;
}

/* Both answer and say false, so that a check can end with them. */
RKMQ_PRINTF(3, 4)
static bool refuse(const struct rkmq_pull *pull, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)refuse_as(pull, code, FORBIDDEN_NONE, fmt, args); /* always false */
    va_end(args);
    return false;
}

RKMQ_PRINTF(3, 4)
static bool forbid(const struct rkmq_pull *pull, enum forbidden_type forbidden, const char *fmt,
                   ...)
{
    va_list args;
    va_start(args, fmt);
    (void)refuse_as(pull, RKMQ_RES_NO_PERMISSION, forbidden, fmt, args); /* always false */
    va_end(args);
    return false;
}

/* ---- checks ---- */

static bool check_group(struct rkmq_broker *brk, const struct rkmq_pull *pull,
                        const struct rkmq_subscription_group **out)
{
    struct rkmq_slice name = pull->header->consumer_group;
    struct rkmq_subscription_group *group;
    int status = rkmq__subscription_group_make(&brk->groups, name, &group);
    if (status == RKMQ_E_NOMEM) {
        return refuse(pull, RKMQ_RES_SYSTEM_ERROR, "out of memory");
    }
    if (status != RKMQ_OK) {
        return refuse(pull, RKMQ_RES_SUBSCRIPTION_GROUP_NOT_EXIST,
                      "subscription group [%.*s] does not exist, " RKMQ_BROKER_FAQ,
                      RKMQ_SLICE_ARG(name));
    }
    if (!group->is_consume_enabled) {
        return forbid(pull, FORBIDDEN_GROUP, "subscription group no permission, %.*s",
                      RKMQ_SLICE_ARG(name));
    }
    *out = group;
    return true;
}

static bool check_topic(struct rkmq_broker *brk, const struct rkmq_pull *pull,
                        struct rkmq_topic **out)
{
    const struct rkmq_pull_message_request *header = pull->header;
    struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, header->topic);
    if (!topic) {
        return refuse(pull, RKMQ_RES_TOPIC_NOT_EXIST,
                      "topic[%.*s] not exist, apply first please! " RKMQ_BROKER_FAQ,
                      RKMQ_SLICE_ARG(header->topic));
    }
    if (!(topic->config.perm & RKMQ_PERM_READ)) {
        return forbid(pull, FORBIDDEN_TOPIC, "the topic[%.*s] pulling message is forbidden",
                      RKMQ_SLICE_ARG(header->topic));
    }
    if (header->queue_id < 0 || header->queue_id >= topic->config.read_queue_nums) {
        return refuse(pull, RKMQ_RES_INVALID_PARAMETER,
                      "queueId[%d] is illegal, topic:[%.*s] topicConfig.readQueueNums:[%d] "
                      "consumer:[/%s]",
                      header->queue_id, RKMQ_SLICE_ARG(header->topic),
                      topic->config.read_queue_nums, rkmq__channel_peer(pull->channel));
    }
    *out = topic;
    return true;
}

/* The expression in the request itself. */
static bool check_own_subscription(const struct rkmq_pull *pull, struct rkmq_arena *arena,
                                   struct rkmq_subscription_data *own)
{
    const struct rkmq_pull_message_request *header = pull->header;
    if (header->expression_type.n > 0 && !rkmq__slice_is(header->expression_type, "TAG")) {
        return refuse(pull, RKMQ_RES_SYSTEM_ERROR,
                      "The broker does not support consumer to filter message by %.*s",
                      RKMQ_SLICE_ARG(header->expression_type));
    }
    int status = rkmq__subscription_build(header->topic, header->subscription, header->sub_version,
                                          arena, own);
    if (status == RKMQ_E_NOMEM) {
        return refuse(pull, RKMQ_RES_SYSTEM_ERROR, "out of memory");
    }
    if (status != RKMQ_OK) {
        return refuse(pull, RKMQ_RES_SUBSCRIPTION_PARSE_FAILED,
                      "parse the consumer's subscription failed");
    }
    return true;
}

/* The expression of the group's heartbeats. */
static bool check_group_subscription(const struct rkmq_broker *brk, const struct rkmq_pull *pull,
                                     const struct rkmq_subscription_group *group,
                                     const struct rkmq_subscription_data **out)
{
    const struct rkmq_pull_message_request *header = pull->header;
    const struct rkmq_consumer_group *members =
        rkmq__consumer_group_find(&brk->consumers, header->consumer_group);
    if (!members) {
        return refuse(pull, RKMQ_RES_SUBSCRIPTION_NOT_EXIST,
                      "the consumer's group info not exist" RKMQ_BROKER_FAQ);
    }
    if (!group->is_broadcast_enabled && members->model == RKMQ_MODEL_BROADCASTING) {
        return forbid(pull, FORBIDDEN_BROADCASTING,
                      "the consumer group[%.*s] can not consume by broadcast way",
                      RKMQ_SLICE_ARG(header->consumer_group));
    }
    *out = rkmq__consumer_group_subscription(members, header->topic);
    if (!*out) {
        return refuse(pull, RKMQ_RES_SUBSCRIPTION_NOT_EXIST,
                      "the consumer's subscription not exist" RKMQ_BROKER_FAQ);
    }
    if ((*out)->sub_version < header->sub_version) {
        return refuse(pull, RKMQ_RES_SUBSCRIPTION_NOT_LATEST,
                      "the consumer's subscription not latest");
    }
    if (!rkmq__slice_is((*out)->expression_type, "TAG")) {
        return refuse(pull, RKMQ_RES_SYSTEM_ERROR,
                      "The broker does not support consumer to filter message by %.*s",
                      RKMQ_SLICE_ARG((*out)->expression_type));
    }
    return true;
}

/* ---- the read ---- */

static int code_of(enum rkmq_get_message_status status, int64_t asked)
{
    switch (status) {
    case RKMQ_GET_FOUND:
        return RKMQ_RES_SUCCESS;
    case RKMQ_GET_NO_MATCHED_MESSAGE:
        return RKMQ_RES_PULL_RETRY_IMMEDIATELY;
    case RKMQ_GET_NO_MESSAGE_IN_QUEUE:
        return asked != 0 ? RKMQ_RES_PULL_OFFSET_MOVED : RKMQ_RES_PULL_NOT_FOUND;
    case RKMQ_GET_OFFSET_OVERFLOW_ONE:
        return RKMQ_RES_PULL_NOT_FOUND;
    case RKMQ_GET_OFFSET_OVERFLOW_BADLY:
    case RKMQ_GET_OFFSET_TOO_SMALL:
    case RKMQ_GET_OFFSET_RESET:
        break;
    }
    return RKMQ_RES_PULL_OFFSET_MOVED;
}

static void answer_read(const struct rkmq_pull *pull, int code, const struct rkmq_topic *topic,
                        const struct rkmq_get_message *got)
{
    const struct rkmq_pull_message_response header = {
        .suggest_which_broker_id = MASTER_ID,
        .next_begin_offset = got->next_begin_offset,
        .min_offset = got->min_offset,
        .max_offset = got->max_offset,
        .topic_sys_flag = topic->config.topic_sys_flag,
        .has_topic_sys_flag = true,
        .has_group_sys_flag = true,
    };
    struct rkmq_fields fields;
    rkmq__header_write(&rkmq__pull_message_response_class, &header, false, &fields);
    answer(pull, &(struct rkmq_message_out){
                     .code = code,
                     .fields = &fields,
                     .remark = rkmq__slice_of(rkmq__get_message_status_name(got->status)),
                     .take_body = got->messages});
}

/* False: it cannot wait and is to be answered. */
static bool hold(struct rkmq_broker *brk, const struct rkmq_pull *pull, struct rkmq_topic *topic,
                 const struct rkmq_subscription_data *sub)
{
    struct rkmq_broker_connection *con = rkmq__channel_user(pull->channel);
    if (pull->is_again || pull->is_oneway || !(pull->header->sys_flag & PULL_SUSPEND)) {
        return false;
    }
    struct rkmq_queue *queue =
        rkmq__message_store_queue(&brk->store, topic, pull->header->queue_id, true);
    int status =
        queue ? rkmq__pull_hold_add(&brk->hold, pull, sub, queue, &con->held) : RKMQ_E_NOMEM;
    if (status != RKMQ_OK) {
        rkmq_log_warn(brk->env, "pull", "%s: a pull is not held: %s", brk->name,
                      rkmq_status_text(status));
    }
    return status == RKMQ_OK;
}

static void commit(struct rkmq_broker *brk, const struct rkmq_pull_message_request *header)
{
    int status = rkmq__consumer_offset_commit(&brk->offsets, header->consumer_group, header->topic,
                                              header->queue_id, header->commit_offset);
    if (status != RKMQ_OK) {
        rkmq_log_warn(brk->env, "offset", "%s: offset of a pull not kept: %s", brk->name,
                      rkmq_status_text(status));
    }
}

/* A pending reset is told instead of what the queue has. The commit of the very pull that learns of
 * it comes after, so the old offset is back for a moment: that is how 5.3.3 behaves. */
static int get(struct rkmq_broker *brk, const struct rkmq_pull_message_request *header,
               const struct rkmq_queue *queue, const struct rkmq_subscription_data *sub,
               struct rkmq_get_message *got)
{
    int64_t reset = rkmq__consumer_offset_take_reset(&brk->offsets, header->consumer_group,
                                                     header->topic, header->queue_id);
    if (reset < 0) {
        return rkmq__message_store_get(queue, header->queue_offset, header->max_msg_nums, sub, got);
    }
    *got = (struct rkmq_get_message){.status = RKMQ_GET_OFFSET_RESET,
                                     .next_begin_offset = reset,
                                     .min_offset = queue ? queue->min_offset : 0,
                                     .max_offset = queue ? queue->max_offset : 0};
    return RKMQ_OK;
}

static void read(struct rkmq_broker *brk, const struct rkmq_pull *pull, struct rkmq_topic *topic,
                 const struct rkmq_subscription_data *sub)
{
    const struct rkmq_pull_message_request *header = pull->header;
    const struct rkmq_queue *queue =
        rkmq__message_store_queue(&brk->store, topic, header->queue_id, false);
    struct rkmq_get_message got;
    int status = get(brk, header, queue, sub, &got);
    if (status != RKMQ_OK) {
        (void)refuse(pull, RKMQ_RES_SYSTEM_ERROR, "out of memory"); /* always false */
        return;
    }
    if (!pull->is_again && (header->sys_flag & PULL_COMMIT_OFFSET)) {
        commit(brk, header);
    }
    int code = code_of(got.status, header->queue_offset);
    if (code == RKMQ_RES_PULL_NOT_FOUND && hold(brk, pull, topic, sub)) {
        return;
    }
    answer_read(pull, code, topic, &got);
}

static void run(struct rkmq_broker *brk, const struct rkmq_pull *pull)
{
    const struct rkmq_subscription_group *group = NULL;
    const struct rkmq_subscription_data *sub = NULL;
    struct rkmq_subscription_data own;
    struct rkmq_topic *topic = NULL;
    struct rkmq_arena arena;
    if (!check_group(brk, pull, &group) || !check_topic(brk, pull, &topic)) {
        return;
    }
    rkmq__arena_init(&arena, brk->env->mem);
    if (pull->header->sys_flag & PULL_SUBSCRIPTION) {
        sub = check_own_subscription(pull, &arena, &own) ? &own : NULL;
    } else if (!check_group_subscription(brk, pull, group, &sub)) {
        sub = NULL;
    }
    if (sub) {
        read(brk, pull, topic, sub);
    }
    rkmq__arena_close(&arena);
}

void rkmq__broker_pull_message(struct rkmq_broker *brk, const struct rkmq_request_in *req)
{
    struct rkmq_pull_message_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__pull_message_request_class, &header)) {
        return;
    }
    const struct rkmq_pull pull = {.channel = req->channel,
                                   .opaque = req->cmd->opaque,
                                   .format = req->cmd->format,
                                   .is_oneway = (req->cmd->flags & RKMQ_FLAG_ONEWAY) != 0,
                                   .header = &header};
    run(brk, &pull);
}

void rkmq__broker_pull_again(void *user, const struct rkmq_pull *pull)
{
    run(user, pull);
}
