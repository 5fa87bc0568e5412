/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of the broker, the table from code to handler, connections and inspection. */
#include "mockbroker/core/handlers.h"

#define HOST_CHARS_MAX 253 /* of a DNS name */
#define ADDRESS_BYTES (HOST_CHARS_MAX + 16)

static const struct {
    int code;
    rkmq_broker_handler_fn *handle;
} handlers[] = {
    {RKMQ_REQ_PULL_MESSAGE, rkmq__broker_pull_message},
    {RKMQ_REQ_LITE_PULL_MESSAGE, rkmq__broker_pull_message},
    {RKMQ_REQ_SEND_MESSAGE, rkmq__broker_send_message},
    {RKMQ_REQ_SEND_MESSAGE_V2, rkmq__broker_send_message},
    {RKMQ_REQ_SEND_BATCH_MESSAGE, rkmq__broker_send_message},
    {RKMQ_REQ_CONSUMER_SEND_MSG_BACK, rkmq__broker_send_back},
    {RKMQ_REQ_UPDATE_CONSUMER_OFFSET, rkmq__broker_update_consumer_offset},
    {RKMQ_REQ_QUERY_CONSUMER_OFFSET, rkmq__broker_query_consumer_offset},
    {RKMQ_REQ_SEARCH_OFFSET_BY_TIMESTAMP, rkmq__broker_search_offset},
    {RKMQ_REQ_GET_MAX_OFFSET, rkmq__broker_get_max_offset},
    {RKMQ_REQ_GET_MIN_OFFSET, rkmq__broker_get_min_offset},
    {RKMQ_REQ_GET_EARLIEST_MSG_STORETIME, rkmq__broker_earliest_store_time},
    {RKMQ_REQ_HEART_BEAT, rkmq__broker_heart_beat},
    {RKMQ_REQ_UNREGISTER_CLIENT, rkmq__broker_unregister_client},
    {RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, rkmq__broker_consumer_list},
    {RKMQ_REQ_CHECK_CLIENT_CONFIG, rkmq__broker_check_client_config},
    {RKMQ_REQ_LOCK_BATCH_MQ, rkmq__broker_lock_batch},
    {RKMQ_REQ_UNLOCK_BATCH_MQ, rkmq__broker_unlock_batch},
    {RKMQ_REQ_UPDATE_AND_CREATE_TOPIC, rkmq__broker_create_topic},
    {RKMQ_REQ_INVOKE_BROKER_TO_RESET_OFFSET, rkmq__broker_reset_offset},
    {RKMQ_REQ_VIEW_MESSAGE_BY_ID, rkmq__broker_view_message},
};

/* ---- connections ---- */

static void on_request(void *owner, const struct rkmq_request_in *req)
{
    struct rkmq_broker *brk = owner;
    if (!rkmq__channel_user(req->channel)) {
        return; /* on_opened had no memory for it, and it is being closed */
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(handlers); i++) {
        if (handlers[i].code == req->cmd->code) {
            handlers[i].handle(brk, req);
            return;
        }
    }
    rkmq__channel_answer_unsupported(req);
}

static void on_opened(void *owner, struct rkmq_channel *ch)
{
    struct rkmq_broker *brk = owner;
    struct rkmq_broker_connection *con = rkmq__zalloc(brk->env->mem, sizeof *con);
    if (con) {
        rkmq__list_init(&con->held);
        rkmq__channel_set_user(ch, con);
    } else {
        rkmq__channel_close(ch, "out of memory");
    }
    if (brk->watch.opened) {
        brk->watch.opened(brk->watch.owner, ch);
    }
}

static void on_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rkmq_broker *brk = owner;
    struct rkmq_broker_connection *con = rkmq__channel_user(ch);
    rkmq__consumers_channel_closed(&brk->consumers, ch);
    rkmq__producers_channel_closed(&brk->producers, ch);
    if (brk->watch.closed) {
        brk->closing = ch;
        brk->watch.closed(brk->watch.owner, ch, why);
        brk->closing = NULL;
    }
    if (con) {
        rkmq__pull_hold_drop(&brk->hold, &con->held);
        rkmq__free(brk->env->mem, con->client_id);
        rkmq__free(brk->env->mem, con);
        rkmq__channel_set_user(ch, NULL);
    }
}

static void on_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                     const struct rkmq_command *cmd, size_t body_bytes)
{
    struct rkmq_broker *brk = owner;
    brk->watch.frame(brk->watch.owner, ch, is_outgoing, cmd, body_bytes);
}

static bool on_gate(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                    const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct rkmq_broker *brk = owner;
    return brk->watch.gate(brk->watch.owner, ch, is_outgoing, cmd, frame);
}

static void on_scan(struct rkmq_timer *t)
{
    struct rkmq_broker *brk = RKMQ_CONTAINER_OF(t, struct rkmq_broker, scan_timer);
    rkmq__consumers_scan(&brk->consumers);
    rkmq__producers_scan(&brk->producers);
    rkmq__timer_in(brk->env, &brk->scan_timer, RKMQ_CLIENT_SCAN_MS);
}

/* ---- life cycle ---- */

static int config_check(const struct rkmq_broker_config *config, struct rkmq_err *err)
{
    if (config->default_topic_queue_nums < 1 ||
        config->default_topic_queue_nums > RKMQ_BROKER_QUEUES_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "broker %s: %u default queues, 1 to %d",
                             config->name, config->default_topic_queue_nums,
                             RKMQ_BROKER_QUEUES_MAX);
    }
    if (config->register_period_ms < 1) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "broker %s: registration every %lld ms",
                             config->name, (long long)config->register_period_ms);
    }
    if (rkmq__topic_validate(rkmq__slice_of(config->name)) != NULL ||
        rkmq__topic_validate(rkmq__slice_of(config->cluster)) != NULL) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "broker %s of cluster %s: no good names",
                             config->name, config->cluster);
    }
    if (config->advertise_host &&
        (!*config->advertise_host || strlen(config->advertise_host) > HOST_CHARS_MAX)) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "broker %s: advertised host of %zu characters",
                             config->name, strlen(config->advertise_host));
    }
    return RKMQ_OK;
}

/* "host:port" as routes carry it, and the host for message ids: the advertised one if numeric. */
static int address_set(struct rkmq_broker *brk, const char *advertise_host)
{
    const char *bound = rkmq__remoting_server_address(brk->server);
    char text[ADDRESS_BYTES];
    const char *colon = strrchr(bound, ':');
    RKMQ_ASSERT(colon);
    int status = rkmq_host_read(bound, &brk->store_host);
    RKMQ_ASSERT(status == RKMQ_OK);
    if (advertise_host) {
        bool is_v6 = strchr(advertise_host, ':') != NULL && advertise_host[0] != '[';
        struct rkmq_host numeric;
        (void)snprintf(text, sizeof text, is_v6 ? "[%s]%s" : "%s%s", advertise_host,
                       colon); /* config_check has looked at its length */
        if (rkmq_host_read(text, &numeric) == RKMQ_OK) {
            brk->store_host = numeric;
        }
    }
    brk->address = rkmq__text_copy(brk->env->mem, rkmq__slice_of(advertise_host ? text : bound));
    return brk->address ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int texts_copy(struct rkmq_broker *brk, const struct rkmq_broker_config *config)
{
    brk->cluster = rkmq__text_copy(brk->env->mem, rkmq__slice_of(config->cluster));
    brk->name = rkmq__text_copy(brk->env->mem, rkmq__slice_of(config->name));
    return brk->cluster && brk->name ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int listen(struct rkmq_broker *brk, const struct rkmq_broker_config *config,
                  struct rkmq_err *err)
{
    const struct rkmq_channel_config channels = {
        .env = brk->env,
        .handler = {.owner = brk,
                    .request = on_request,
                    .opened = on_opened,
                    .closed = on_closed,
                    .frame = config->watch.frame ? on_frame : NULL,
                    .gate = config->watch.gate ? on_gate : NULL},
        .format = RKMQ_HEADER_JSON,
        .language = RKMQ_LANGUAGE_JAVA,
        .version = RKMQ_VERSION_V5_3_3,
        .frame_bytes_max = config->frame_bytes_max,
    };
    return rkmq__remoting_server_create(&brk->server, &channels, config->addr, err);
}

static void tables_init(struct rkmq_broker *brk, const struct rkmq_broker_config *config)
{
    const struct rkmq_env *env = brk->env;
    rkmq__topic_configs_init(&brk->topics, env);
    rkmq__message_store_init(&brk->store, env, config->store_bytes_max);
    rkmq__consumer_offsets_init(&brk->offsets, env->mem);
    rkmq__consumer_offsets_init(&brk->flushed, env->mem);
    rkmq__consumers_init(&brk->consumers, env, rkmq__broker_consumer_ids_changed,
                         rkmq__broker_consumer_member, brk);
    rkmq__producers_init(&brk->producers, env);
    rkmq__subscription_groups_init(&brk->groups, env->mem);
    rkmq__rebalance_locks_init(&brk->locks, env);
    rkmq__pull_hold_init(&brk->hold, env, rkmq__broker_pull_again, brk);
    rkmq__schedule_init(&brk->schedule, brk);
    brk->offset_flush_ms = config->offset_flush_ms;
    rkmq__broker_timers_start(brk);
}

static void on_flush(struct rkmq_timer *t)
{
    struct rkmq_broker *brk = RKMQ_CONTAINER_OF(t, struct rkmq_broker, flush_timer);
    if (rkmq__consumer_offsets_copy(&brk->flushed, &brk->offsets) != RKMQ_OK) {
        rkmq_log_warn(brk->env, "offset", "%s: out of memory: offsets are not flushed", brk->name);
    }
    rkmq__timer_in(brk->env, &brk->flush_timer, brk->offset_flush_ms);
}

void rkmq__broker_timers_start(struct rkmq_broker *brk)
{
    brk->scan_timer.fire = on_scan;
    rkmq__timer_in(brk->env, &brk->scan_timer, RKMQ_CLIENT_SCAN_MS);
    if (brk->offset_flush_ms > 0) {
        brk->flush_timer.fire = on_flush;
        rkmq__timer_in(brk->env, &brk->flush_timer, brk->offset_flush_ms);
    }
}

void rkmq__broker_timers_stop(struct rkmq_broker *brk)
{
    rkmq__timer_stop(brk->env, &brk->scan_timer);
    rkmq__timer_stop(brk->env, &brk->flush_timer);
    rkmq__schedule_stop(&brk->schedule);
    rkmq__pull_hold_stop(&brk->hold);
}

int rkmq__broker_open(struct rkmq_broker *brk, const struct rkmq_broker_config *config,
                      struct rkmq_err *err)
{
    int status = listen(brk, config, err);
    if (status == RKMQ_OK) {
        status = address_set(brk, config->advertise_host);
    }
    if (status == RKMQ_OK) {
        brk->uniq_key = (struct rkmq_uniq_key_source){.pid = (uint16_t)brk->env->pid,
                                                      .salt = (uint32_t)rkmq__rand64(brk->env)};
        memcpy(brk->uniq_key.address, brk->store_host.address, sizeof brk->uniq_key.address);
        status = rkmq__registration_open(&brk->registration, config, &brk->topics, brk->cluster,
                                         brk->name, brk->address);
    }
    return status == RKMQ_OK ? rkmq__registration_start(&brk->registration) : status;
}

int rkmq__broker_create(struct rkmq_broker **out, const struct rkmq_broker_config *config,
                        struct rkmq_err *err)
{
    struct rkmq_err why = {0};
    *out = NULL;
    int status = config_check(config, err);
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_broker *brk = rkmq__zalloc(config->env->mem, sizeof *brk);
    if (!brk) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "broker %s: out of memory", config->name);
    }
    brk->env = config->env;
    brk->watch = config->watch;
    brk->watch_member = config->watch_member;
    tables_init(brk, config);
    status = texts_copy(brk, config);
    if (status == RKMQ_OK) {
        status = rkmq__topic_configs_add_system(&brk->topics, config->cluster, config->name,
                                                config->auto_create_topic_enable,
                                                config->default_topic_queue_nums);
    }
    if (status == RKMQ_OK) {
        status = rkmq__broker_open(brk, config, &why);
    }
    if (status != RKMQ_OK) {
        rkmq__broker_destroy(brk);
        return rkmq__err_set(err, status, "broker %s: %s", config->name,
                             why.text[0] ? why.text : rkmq_status_text(status));
    }
    *out = brk;
    return RKMQ_OK;
}

void rkmq__broker_stop(struct rkmq_broker *brk)
{
    if (!rkmq__broker_is_down(brk)) {
        rkmq__registration_stop(&brk->registration);
    }
}

bool rkmq__broker_is_stopped(const struct rkmq_broker *brk)
{
    return rkmq__broker_is_down(brk) || rkmq__registration_is_stopped(&brk->registration);
}

void rkmq__broker_destroy(struct rkmq_broker *brk)
{
    if (!brk) {
        return;
    }
    const struct rkmq_mem *mem = brk->env->mem;
    brk->is_closing = true;
    rkmq__broker_timers_stop(brk);
    rkmq__registration_close(&brk->registration);
    rkmq__remoting_server_destroy(brk->server);
    RKMQ_ASSERT(brk->hold.n == 0);
    rkmq__rebalance_locks_close(&brk->locks);
    rkmq__subscription_groups_close(&brk->groups);
    rkmq__producers_close(&brk->producers);
    rkmq__consumers_close(&brk->consumers);
    rkmq__consumer_offsets_close(&brk->offsets);
    rkmq__consumer_offsets_close(&brk->flushed);
    rkmq__topic_configs_close(&brk->topics);
    rkmq__free(mem, brk->address);
    rkmq__free(mem, brk->name);
    rkmq__free(mem, brk->cluster);
    rkmq__free(mem, brk);
}

/* ---- inspection ---- */

const char *rkmq__broker_address(const struct rkmq_broker *brk)
{
    return brk->address;
}

const char *rkmq__broker_bound_address(const struct rkmq_broker *brk)
{
    return brk->server ? rkmq__remoting_server_address(brk->server) : "";
}

const char *rkmq__broker_name(const struct rkmq_broker *brk)
{
    return brk->name;
}

bool rkmq__broker_is_registered(const struct rkmq_broker *brk)
{
    return rkmq__broker_is_down(brk) || rkmq__registration_is_complete(&brk->registration);
}

const char *rkmq__broker_client_id(const struct rkmq_broker *brk, uint64_t channel_id)
{
    const struct rkmq_channel *ch =
        brk->closing && rkmq__channel_id(brk->closing) == channel_id ? brk->closing
        : brk->server ? rkmq__remoting_server_channel(brk->server, channel_id)
                      : NULL;
    const struct rkmq_broker_connection *con = ch ? rkmq__channel_user(ch) : NULL;
    return con && con->client_id ? con->client_id : "";
}

size_t rkmq__broker_held_pulls(const struct rkmq_broker *brk)
{
    return brk->hold.n;
}

int64_t rkmq__broker_max_offset(const struct rkmq_broker *brk, struct rkmq_slice name,
                                int32_t queue_id)
{
    const struct rkmq_topic *topic = rkmq__topic_find(&brk->topics, name);
    int64_t sum = 0;
    if (!topic || queue_id >= rkmq__topic_queue_nums(topic)) {
        return -1;
    }
    for (size_t i = 0; i < topic->n_queues; i++) {
        if (topic->queues[i] && (queue_id < 0 || (size_t)queue_id == i)) {
            sum += topic->queues[i]->max_offset;
        }
    }
    return sum;
}

int64_t rkmq__broker_committed(const struct rkmq_broker *brk, struct rkmq_slice group,
                               struct rkmq_slice topic, int32_t queue_id)
{
    return queue_id < 0 ? rkmq__consumer_offset_sum(&brk->offsets, group, topic)
                        : rkmq__consumer_offset_query(&brk->offsets, group, topic, queue_id);
}
