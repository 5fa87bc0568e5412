/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BROKER_TOPIC_CONFIG_H
#define RKMQ_BROKER_TOPIC_CONFIG_H

/*
 * The broker's topics: names and their rules, queue counts, permissions, the template TBW102, the
 * data version that name servers compare. Source: TopicConfigManager, TopicValidator (5.3.3).
 *
 * Invariants
 *   - A topic, once made, stays at its address until close.
 *   - The version's counter goes up with every topic made or changed.
 */

#include "mockbroker/core/queue.h"
#include "remoting/protocol/bodies.h"

#define RKMQ_TOPIC_CHARS_MAX 127
#define RKMQ_GROUP_CHARS_MAX 255
#define RKMQ_RETRY_TOPIC_BYTES_MAX 255 /* what a record of a retry or DLQ topic may carry */
#define RKMQ_TOPIC_TEMPLATE "TBW102"
#define RKMQ_RETRY_PREFIX "%RETRY%"
#define RKMQ_DLQ_PREFIX "%DLQ%"

struct rkmq_topic {
    struct rkmq_topic_config config;
    struct rkmq_queue **queues; /* by queue id, made on first use */
    size_t n_queues;
};

struct rkmq_topic_config_manager {
    const struct rkmq_env *env;
    struct rkmq_map topics; /* name -> struct rkmq_topic */
    struct rkmq_data_version version;
    size_t n_queues_all;
};

void rkmq__topic_configs_init(struct rkmq_topic_config_manager *tcm, const struct rkmq_env *env);
void rkmq__topic_configs_close(struct rkmq_topic_config_manager *tcm);
/* The topics a real broker has from its start. Errors: RKMQ_E_NOMEM, RKMQ_E_LIMIT. */
int rkmq__topic_configs_add_system(struct rkmq_topic_config_manager *tcm, const char *cluster,
                                   const char *broker_name, bool is_auto_create,
                                   unsigned template_queues);

struct rkmq_topic *rkmq__topic_find(const struct rkmq_topic_config_manager *tcm,
                                    struct rkmq_slice name);
/*
 * Makes the topic of that name or overwrites its settings; `config->name` is copied. `*is_changed`
 * when something is new. Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM.
 */
int rkmq__topic_put(struct rkmq_topic_config_manager *tcm, const struct rkmq_topic_config *config,
                    struct rkmq_topic **out, bool *is_changed);
/*
 * What TopicConfigManager.createTopicInSendMessageMethod makes of a template. False: the template
 * is missing or has no inherit bit.
 */
bool rkmq__topic_from_template(const struct rkmq_topic_config_manager *tcm, struct rkmq_slice name,
                               struct rkmq_slice template_name, int32_t queue_nums,
                               struct rkmq_topic_config *out);
/* "TopicConfig [topicName=..., ...]", as Java prints it. */
void rkmq__topic_describe(const struct rkmq_topic_config *config, char *out, size_t out_bytes);
/* The larger of its two queue counts. */
int32_t rkmq__topic_queue_nums(const struct rkmq_topic *topic);

/* ---- names ---- */

/* NULL: good; else the validator's text. */
const char *rkmq__topic_validate(struct rkmq_slice name);
bool rkmq__group_is_valid(struct rkmq_slice name);
/* TopicValidator.NOT_ALLOWED_SEND_TOPIC_SET */
bool rkmq__topic_is_forbidden_to_send(struct rkmq_slice name);
bool rkmq__topic_is_system(struct rkmq_slice name);
bool rkmq__topic_is_retry(struct rkmq_slice name);
bool rkmq__topic_is_dlq(struct rkmq_slice name);

#endif
