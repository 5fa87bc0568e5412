/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/topic_config.h"

#include "mockbroker/core/broker.h"

#define PERM_ALL (RKMQ_PERM_READ | RKMQ_PERM_WRITE)
#define PERM_TEMPLATE (RKMQ_PERM_READ | RKMQ_PERM_WRITE | RKMQ_PERM_INHERIT)

/* ---- life cycle ---- */

void rkmq__topic_configs_init(struct rkmq_topic_config_manager *tcm, const struct rkmq_env *env)
{
    *tcm = (struct rkmq_topic_config_manager){.env = env};
    tcm->version.timestamp = rkmq__wall(env);
    rkmq__map_init(&tcm->topics, env->mem);
}

static void topic_destroy(const struct rkmq_mem *mem, struct rkmq_topic *topic)
{
    if (!topic) {
        return;
    }
    for (size_t i = 0; i < topic->n_queues; i++) {
        rkmq__queue_destroy(topic->queues[i]);
    }
    rkmq__free(mem, topic->queues);
    rkmq__free(mem, topic);
}

void rkmq__topic_configs_close(struct rkmq_topic_config_manager *tcm)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!tcm->env) {
        return;
    }
    while ((entry = rkmq__map_next(&tcm->topics, &cursor))) {
        topic_destroy(tcm->env->mem, entry->value);
    }
    rkmq__map_close(&tcm->topics);
    tcm->env = NULL;
}

static int add_system_topic(struct rkmq_topic_config_manager *tcm, const char *prefix,
                            const char *suffix, int32_t queues, int32_t perm)
{
    char name[RKMQ_RETRY_TOPIC_BYTES_MAX];
    struct rkmq_topic *topic;
    bool is_changed;
    int n = snprintf(name, sizeof name, "%s%s", prefix, suffix);
    if (n < 0 || (size_t)n >= sizeof name) {
        return RKMQ_E_LIMIT;
    }
    return rkmq__topic_put(tcm,
                           &(struct rkmq_topic_config){.name = rkmq__slice_of(name),
                                                       .read_queue_nums = queues,
                                                       .write_queue_nums = queues,
                                                       .perm = perm},
                           &topic, &is_changed);
}

int rkmq__topic_configs_add_system(struct rkmq_topic_config_manager *tcm, const char *cluster,
                                   const char *broker_name, bool is_auto_create,
                                   unsigned template_queues)
{
    /* As a 5.3.3 broker registers them at its start. */
    const struct {
        const char *prefix, *suffix;
        int32_t queues, perm;
    } system_topics[] = {
        {"SELF_TEST_TOPIC", "", 1, PERM_ALL},
        {"BenchmarkTest", "", 1024, PERM_ALL},
        {cluster, "", 16, PERM_TEMPLATE},
        {broker_name, "", 1, PERM_TEMPLATE},
        {"OFFSET_MOVED_EVENT", "", 1, PERM_ALL},
        {"SCHEDULE_TOPIC_XXXX", "", 18, PERM_ALL},
        {cluster, "_REPLY_TOPIC", 1, PERM_ALL},
        {"rmq_sys_REVIVE_LOG_", cluster, 8, PERM_ALL},
        {"rmq_sys_SYNC_BROKER_MEMBER_", broker_name, 1, RKMQ_PERM_INHERIT},
        {"RMQ_SYS_TRANS_HALF_TOPIC", "", 1, PERM_ALL},
        {"RMQ_SYS_TRANS_OP_HALF_TOPIC", "", 1, PERM_ALL},
        {"rmq_sys_wheel_timer", "", 1, PERM_ALL},
    };
    int status = RKMQ_OK;
    for (size_t i = 0; status == RKMQ_OK && i < RKMQ_COUNT_OF(system_topics); i++) {
        status = add_system_topic(tcm, system_topics[i].prefix, system_topics[i].suffix,
                                  system_topics[i].queues, system_topics[i].perm);
    }
    if (status == RKMQ_OK && is_auto_create) {
        status =
            add_system_topic(tcm, RKMQ_TOPIC_TEMPLATE, "", (int32_t)template_queues, PERM_TEMPLATE);
    }
    tcm->version.counter = 0; /* as at a first start */
    return status;
}

/* ---- topics ---- */

struct rkmq_topic *rkmq__topic_find(const struct rkmq_topic_config_manager *tcm,
                                    struct rkmq_slice name)
{
    return rkmq__map_get(&tcm->topics, name);
}

int32_t rkmq__topic_queue_nums(const struct rkmq_topic *topic)
{
    return topic->config.read_queue_nums > topic->config.write_queue_nums
               ? topic->config.read_queue_nums
               : topic->config.write_queue_nums;
}

static struct rkmq_topic *topic_create(struct rkmq_topic_config_manager *tcm,
                                       struct rkmq_slice name)
{
    struct rkmq_topic *topic = rkmq__zalloc(tcm->env->mem, sizeof *topic + name.n + 1);
    if (!topic) {
        return NULL;
    }
    char *text = (char *)(topic + 1);
    memcpy(text, name.p, name.n);
    topic->config.name = rkmq__slice(text, name.n);
    if (rkmq__map_put(&tcm->topics, name, topic) != RKMQ_OK) {
        rkmq__free(tcm->env->mem, topic);
        return NULL;
    }
    return topic;
}

static bool config_equal(const struct rkmq_topic_config *a, const struct rkmq_topic_config *b)
{
    return a->read_queue_nums == b->read_queue_nums && a->write_queue_nums == b->write_queue_nums &&
           a->perm == b->perm && a->topic_sys_flag == b->topic_sys_flag &&
           a->is_multi_tag == b->is_multi_tag && a->is_ordered == b->is_ordered;
}

int rkmq__topic_put(struct rkmq_topic_config_manager *tcm, const struct rkmq_topic_config *config,
                    struct rkmq_topic **out, bool *is_changed)
{
    struct rkmq_topic *topic = rkmq__topic_find(tcm, config->name);
    const struct rkmq_topic wanted = {.config = *config};
    size_t queues_old = topic ? (size_t)rkmq__topic_queue_nums(topic) : 0;
    size_t queues_new = (size_t)rkmq__topic_queue_nums(&wanted);
    *out = topic;
    *is_changed = !topic || !config_equal(&topic->config, config);
    if (!*is_changed) {
        return RKMQ_OK;
    }
    if (queues_new > RKMQ_BROKER_QUEUES_MAX ||
        tcm->n_queues_all - queues_old + queues_new > RKMQ_BROKER_QUEUES_ALL_MAX) {
        return RKMQ_E_LIMIT;
    }
    if (!topic) {
        if (rkmq__map_count(&tcm->topics) >= RKMQ_BROKER_TOPICS_MAX) {
            return RKMQ_E_LIMIT;
        }
        topic = topic_create(tcm, config->name);
        if (!topic) {
            return RKMQ_E_NOMEM;
        }
    }
    struct rkmq_slice name = topic->config.name;
    topic->config = *config;
    topic->config.name = name;
    tcm->n_queues_all = tcm->n_queues_all - queues_old + queues_new;
    tcm->version.counter++;
    tcm->version.timestamp = rkmq__wall(tcm->env);
    *out = topic;
    return RKMQ_OK;
}

bool rkmq__topic_from_template(const struct rkmq_topic_config_manager *tcm, struct rkmq_slice name,
                               struct rkmq_slice template_name, int32_t queue_nums,
                               struct rkmq_topic_config *out)
{
    const struct rkmq_topic *model = rkmq__topic_find(tcm, template_name);
    if (!model || !(model->config.perm & RKMQ_PERM_INHERIT)) {
        return false;
    }
    int32_t queues =
        queue_nums < model->config.write_queue_nums ? queue_nums : model->config.write_queue_nums;
    queues = queues < 0 ? 0 : queues;
    *out = (struct rkmq_topic_config){.name = name,
                                      .read_queue_nums = queues,
                                      .write_queue_nums = queues,
                                      .perm = model->config.perm & ~RKMQ_PERM_INHERIT,
                                      .is_multi_tag = model->config.is_multi_tag};
    return true;
}

void rkmq__topic_describe(const struct rkmq_topic_config *config, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes,
                   "TopicConfig [topicName=%.*s, readQueueNums=%d, writeQueueNums=%d, "
                   "perm=%c%c%c, topicFilterType=%s, topicSysFlag=%d, order=%s, attributes={}]",
                   RKMQ_SLICE_ARG(config->name), config->read_queue_nums, config->write_queue_nums,
                   config->perm & RKMQ_PERM_READ ? 'R' : '-',
                   config->perm & RKMQ_PERM_WRITE ? 'W' : '-',
                   config->perm & RKMQ_PERM_INHERIT ? 'X' : '-',
                   config->is_multi_tag ? "MULTI_TAG" : "SINGLE_TAG", config->topic_sys_flag,
                   config->is_ordered ? "true" : "false"); /* cut when long */
}

/* ---- names ---- */

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '%' || c == '|';
}

static bool has_only_name_chars(struct rkmq_slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_name_char(name.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_blank(struct rkmq_slice name)
{
    size_t i = 0;
    while (i < name.n && (name.p[i] == ' ' || (name.p[i] >= '\t' && name.p[i] <= '\r'))) {
        i++;
    }
    return i == name.n;
}

const char *rkmq__topic_validate(struct rkmq_slice name)
{
    if (is_blank(name)) {
        return "The specified topic is blank.";
    }
    if (!has_only_name_chars(name)) {
        return "The specified topic contains illegal characters, allowing only "
               "^[%|a-zA-Z0-9_-]+$";
    }
    return name.n > RKMQ_TOPIC_CHARS_MAX ? "The specified topic is longer than topic max length."
                                         : NULL;
}

bool rkmq__group_is_valid(struct rkmq_slice name)
{
    return !is_blank(name) && has_only_name_chars(name) && name.n <= RKMQ_GROUP_CHARS_MAX;
}

bool rkmq__topic_is_forbidden_to_send(struct rkmq_slice name)
{
    static const char *const forbidden[] = {
        "SCHEDULE_TOPIC_XXXX",        "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
        "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC",          "OFFSET_MOVED_EVENT",
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(forbidden); i++) {
        if (rkmq__slice_is(name, forbidden[i])) {
            return true;
        }
    }
    return false;
}

bool rkmq__topic_is_system(struct rkmq_slice name)
{
    static const char *const more[] = {"TBW102", "BenchmarkTest", "RMQ_SYS_TRACE_TOPIC",
                                       "CHECKPOINT_TOPIC"};
    for (size_t i = 0; i < RKMQ_COUNT_OF(more); i++) {
        if (rkmq__slice_is(name, more[i])) {
            return true;
        }
    }
    return rkmq__topic_is_forbidden_to_send(name) ||
           rkmq__slice_starts(name, RKMQ_SLICE("rmq_sys_"));
}

bool rkmq__topic_is_retry(struct rkmq_slice name)
{
    return rkmq__slice_starts(name, RKMQ_SLICE(RKMQ_RETRY_PREFIX));
}

bool rkmq__topic_is_dlq(struct rkmq_slice name)
{
    return rkmq__slice_starts(name, RKMQ_SLICE(RKMQ_DLQ_PREFIX));
}
