/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/registration.h"

#include <rkmq/message.h>

#include "remoting/protocol/codes.h"

#define MASTER_ID 0
#define HA_ADDRESS_BYTES 300

/* One registration under way. */
struct registration_call {
    struct rkmq_registration *reg;
    size_t namesrv; /* index */
    int64_t counter;
    bool is_whole;
};

/* ---- life cycle ---- */

static int namesrvs_copy(struct rkmq_registration *reg, const struct rkmq_broker_config *config)
{
    const struct rkmq_mem *mem = reg->env->mem;
    if (config->n_namesrv_addrs == 0) {
        return RKMQ_OK;
    }
    reg->namesrvs = rkmq__zalloc(mem, config->n_namesrv_addrs * sizeof *reg->namesrvs);
    if (!reg->namesrvs) {
        return RKMQ_E_NOMEM;
    }
    for (; reg->n_namesrvs < config->n_namesrv_addrs; reg->n_namesrvs++) {
        const char *addr = config->namesrv_addrs[reg->n_namesrvs];
        struct rkmq_registration_namesrv *ns = &reg->namesrvs[reg->n_namesrvs];
        ns->accepted = -1;
        ns->addr = rkmq__text_copy(mem, rkmq__slice_of(addr));
        if (!ns->addr) {
            return RKMQ_E_NOMEM;
        }
    }
    return RKMQ_OK;
}

/* The port of the replication service is one above the broker's, as BrokerStartup sets it. */
static char *ha_address_of(const struct rkmq_mem *mem, const char *address)
{
    char text[HA_ADDRESS_BYTES];
    const char *colon = strrchr(address, ':');
    int64_t port = 0;
    RKMQ_ASSERT(colon);
    (void)rkmq__slice_to_i64(rkmq__slice_of(colon + 1), &port); /* our own text */
    (void)snprintf(text, sizeof text, "%.*s:%lld", (int)(colon - address), address,
                   (long long)port + 1); /* a host name has 253 characters at most */
    return rkmq__text_copy(mem, rkmq__slice_of(text));
}

static void on_timer(struct rkmq_timer *t);

int rkmq__registration_open(struct rkmq_registration *reg, const struct rkmq_broker_config *config,
                            const struct rkmq_topic_config_manager *topics, const char *cluster,
                            const char *name, const char *address)
{
    const struct rkmq_env *env = config->env;
    const struct rkmq_channel_config channels = {
        .env = env,
        .format = RKMQ_HEADER_JSON,
        .language = RKMQ_LANGUAGE_JAVA,
        .version = RKMQ_VERSION_V5_3_3,
        .frame_bytes_max = config->frame_bytes_max,
    };
    *reg = (struct rkmq_registration){.env = env,
                                      .topics = topics,
                                      .cluster = cluster,
                                      .name = name,
                                      .address = address,
                                      .period_ms = config->register_period_ms,
                                      .timer = {.fire = on_timer}};
    int status = namesrvs_copy(reg, config);
    if (status != RKMQ_OK) {
        return status;
    }
    reg->ha_address = ha_address_of(env->mem, address);
    if (!reg->ha_address) {
        return RKMQ_E_NOMEM;
    }
    return rkmq__remoting_client_create(&reg->client, &channels);
}

void rkmq__registration_close(struct rkmq_registration *reg)
{
    if (!reg->env) {
        return;
    }
    const struct rkmq_mem *mem = reg->env->mem;
    reg->is_stopping = true;
    rkmq__timer_stop(reg->env, &reg->timer);
    rkmq__remoting_client_destroy(reg->client);
    for (size_t i = 0; i < reg->n_namesrvs; i++) {
        rkmq__free(mem, reg->namesrvs[i].addr);
    }
    rkmq__free(mem, reg->namesrvs);
    rkmq__free(mem, reg->ha_address);
    reg->env = NULL;
}

/* ---- registering ---- */

static void on_registered(void *user, int status, const struct rkmq_command *answer,
                          const struct rkmq_err *err)
{
    struct registration_call *call = user;
    struct rkmq_registration *reg = call->reg;
    struct rkmq_registration_namesrv *ns = &reg->namesrvs[call->namesrv];
    if (status == RKMQ_OK && answer->code == RKMQ_RES_SUCCESS) {
        bool is_next = call->counter == ns->accepted + 1;
        if ((call->is_whole && call->counter > ns->accepted) || is_next) {
            ns->accepted = call->counter;
        }
    } else if (status == RKMQ_OK) {
        rkmq_log_warn(reg->env, "route", "%s refuses broker %s: %d %.*s", ns->addr, reg->name,
                      answer->code, RKMQ_SLICE_ARG(answer->remark));
    } else if (status != RKMQ_E_CANCELED) {
        rkmq_log_warn(reg->env, "route", "%s does not register broker %s: %s", ns->addr, reg->name,
                      err->text);
    }
    rkmq__free(reg->env->mem, call);
}

static int register_at(struct rkmq_registration *reg, size_t namesrv, struct rkmq_slice body,
                       bool is_whole)
{
    const struct rkmq_mem *mem = reg->env->mem;
    const struct rkmq_register_broker_request header = {
        .broker_name = rkmq__slice_of(reg->name),
        .broker_addr = rkmq__slice_of(reg->address),
        .cluster_name = rkmq__slice_of(reg->cluster),
        .ha_server_addr = rkmq__slice_of(reg->ha_address),
        .broker_id = MASTER_ID,
        .has_enable_acting_master = true,
        .has_is_compressed = true,
        .body_crc32 = (int32_t)rkmq_body_crc(body),
        .has_body_crc32 = true,
    };
    struct rkmq_fields fields;
    struct registration_call *call = rkmq__alloc(mem, sizeof *call);
    struct rkmq_buf *frame_body = rkmq_buf_copy(mem, body);
    if (!call || !frame_body) {
        rkmq__free(mem, call);
        rkmq_buf_free(frame_body);
        return RKMQ_E_NOMEM;
    }
    *call = (struct registration_call){reg, namesrv, reg->topics->version.counter, is_whole};
    rkmq__header_write(&rkmq__register_broker_request_class, &header, false, &fields);
    const struct rkmq_message_out out = {
        .code = RKMQ_REQ_REGISTER_BROKER, .fields = &fields, .take_body = frame_body};
    int status = rkmq__remoting_client_call(reg->client, reg->namesrvs[namesrv].addr, &out,
                                            RKMQ_BROKER_REGISTER_TIMEOUT_MS, on_registered, call);
    if (status != RKMQ_OK) {
        rkmq__free(mem, call);
    }
    return status;
}

/* Every name server is tried; the first failure is told. */
static int register_all(struct rkmq_registration *reg, struct rkmq_topic_config *configs, size_t n,
                        bool is_whole)
{
    const struct rkmq_register_broker_body body = {
        .data_version = reg->topics->version, .topics = configs, .n_topics = n};
    struct rkmq_bytes text;
    rkmq__bytes_init(&text, reg->env->mem);
    rkmq__register_broker_body_write(&body, &text);
    int first = text.is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
    for (size_t i = 0; !text.is_failed && i < reg->n_namesrvs; i++) {
        int status = register_at(reg, i, rkmq__bytes_slice(&text), is_whole);
        first = first == RKMQ_OK ? status : first;
    }
    rkmq__bytes_close(&text);
    return first;
}

static int register_whole(struct rkmq_registration *reg)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0, n = 0, n_max = rkmq__map_count(&reg->topics->topics);
    RKMQ_ASSERT(n_max > 0); /* the system topics are always there */
    struct rkmq_topic_config *configs = rkmq__alloc(reg->env->mem, n_max * sizeof *configs);
    if (!configs) {
        return RKMQ_E_NOMEM;
    }
    while ((entry = rkmq__map_next(&reg->topics->topics, &cursor))) {
        const struct rkmq_topic *topic = entry->value;
        configs[n++] = topic->config;
    }
    int status = register_all(reg, configs, n, true);
    rkmq__free(reg->env->mem, configs);
    return status;
}

static void log_unsent(const struct rkmq_registration *reg, int status)
{
    if (status != RKMQ_OK) {
        rkmq_log_warn(reg->env, "route", "registration of broker %s not sent: %s", reg->name,
                      rkmq_status_text(status));
    }
}

static void on_timer(struct rkmq_timer *t)
{
    struct rkmq_registration *reg = RKMQ_CONTAINER_OF(t, struct rkmq_registration, timer);
    log_unsent(reg, register_whole(reg));
    rkmq__timer_in(reg->env, &reg->timer, reg->period_ms);
}

int rkmq__registration_start(struct rkmq_registration *reg)
{
    int status = register_whole(reg);
    if (status == RKMQ_OK) {
        rkmq__timer_in(reg->env, &reg->timer, RKMQ_BROKER_REGISTER_FIRST_MS);
    }
    return status;
}

void rkmq__registration_topic_changed(struct rkmq_registration *reg, const struct rkmq_topic *topic)
{
    struct rkmq_topic_config config = topic->config;
    if (!reg->is_stopping) {
        log_unsent(reg, register_all(reg, &config, 1, false));
    }
}

bool rkmq__registration_is_complete(const struct rkmq_registration *reg)
{
    for (size_t i = 0; i < reg->n_namesrvs; i++) {
        if (reg->namesrvs[i].accepted != reg->topics->version.counter) {
            return false;
        }
    }
    return true;
}

/* ---- unregistering ---- */

static void on_unregistered(void *user, int status, const struct rkmq_command *answer,
                            const struct rkmq_err *err)
{
    struct rkmq_registration *reg = user;
    (void)status; /* it goes down whatever they say */
    (void)answer;
    (void)err;
    reg->n_unregistering--;
}

void rkmq__registration_stop(struct rkmq_registration *reg)
{
    const struct rkmq_unregister_broker_request header = {
        .broker_name = rkmq__slice_of(reg->name),
        .broker_addr = rkmq__slice_of(reg->address),
        .cluster_name = rkmq__slice_of(reg->cluster),
        .broker_id = MASTER_ID,
    };
    struct rkmq_fields fields;
    if (reg->is_stopping) {
        return;
    }
    reg->is_stopping = true;
    rkmq__timer_stop(reg->env, &reg->timer);
    rkmq__header_write(&rkmq__unregister_broker_request_class, &header, false, &fields);
    const struct rkmq_message_out out = {.code = RKMQ_REQ_UNREGISTER_BROKER, .fields = &fields};
    for (size_t i = 0; i < reg->n_namesrvs; i++) {
        const char *addr = reg->namesrvs[i].addr;
        if (rkmq__remoting_client_is_connected(reg->client, addr) &&
            rkmq__remoting_client_call(reg->client, addr, &out, RKMQ_BROKER_UNREGISTER_TIMEOUT_MS,
                                       on_unregistered, reg) == RKMQ_OK) {
            reg->n_unregistering++;
        }
    }
}

bool rkmq__registration_is_stopped(const struct rkmq_registration *reg)
{
    return reg->is_stopping && reg->n_unregistering == 0;
}
