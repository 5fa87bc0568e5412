/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a producer: DefaultMQProducerImpl.start, .shutdown (client, 5.3.3). */
#include "consumer/core/producer.h"

#include "consumer/core/push_consumer.h"

#define DEFAULT_PRODUCER_GROUP "DEFAULT_PRODUCER"

int rkmq__producer_check(const struct rkmq_producer_options *o, struct rkmq_err *err)
{
    int status = rkmq__check_group(o->producer_group, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (strcmp(o->producer_group, DEFAULT_PRODUCER_GROUP) == 0) {
        return rkmq__err_set(err, RKMQ_E_INVALID,
                             "producerGroup can not equal " DEFAULT_PRODUCER_GROUP
                             ", please specify another one." RKMQ_FAQ_SUFFIX);
    }
    if (o->default_topic_queue_nums < 1 || o->retry_times_when_send_failed < 0 ||
        o->compress_msg_body_over_how_much < 1 || o->send_msg_timeout_ms < 1) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "a number of the producer is out of range");
    }
    if (o->compress_type != RKMQ_SYS_COMPRESSION_ZLIB &&
        o->compress_type != RKMQ_SYS_COMPRESSION_LZ4 &&
        o->compress_type != RKMQ_SYS_COMPRESSION_ZSTD) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "compress type 0x%x is unknown",
                             (unsigned)o->compress_type);
    }
    return RKMQ_OK;
}

/* ---- memory ---- */

static int texts_copy(struct rkmq_producer_impl *impl)
{
    struct rkmq_producer_options *o = &impl->options;
    const char **texts[] = {&o->producer_group, &o->namesrv_addr, &o->instance_name};
    for (size_t i = 0; i < RKMQ_COUNT_OF(texts); i++) {
        impl->texts[i] = rkmq__text_copy(impl->env->mem, rkmq__slice_of(*texts[i]));
        *texts[i] = impl->texts[i];
        if (!impl->texts[i]) {
            return RKMQ_E_NOMEM;
        }
    }
    o->host = NULL; /* the env is the host */
    return RKMQ_OK;
}

/* MessageClientIDSetter: our address, process and a number that tells processes apart. */
static void uniq_key_seed(struct rkmq_producer_impl *impl)
{
    const struct rkmq_env *env = impl->env;
    char text[80];
    struct rkmq_host host;
    (void)snprintf(text, sizeof text, "%s:0", env->host); /* a longer one is no address */
    if (rkmq_host_read(text, &host) == RKMQ_OK && !host.is_v6) {
        memcpy(impl->uniq_key.address, host.address, sizeof impl->uniq_key.address);
    }
    impl->uniq_key.pid = (uint16_t)env->pid;
    impl->uniq_key.salt = (uint32_t)rkmq__rand64(env);
}

int rkmq__producer_impl_create(struct rkmq_producer_impl **out, const struct rkmq_env *env,
                               const struct rkmq_producer_options *o)
{
    struct rkmq_producer_impl *impl = rkmq__zalloc(env->mem, sizeof *impl);
    *out = NULL;
    if (!impl) {
        return RKMQ_E_NOMEM;
    }
    impl->env = env;
    impl->options = *o;
    rkmq__list_init(&impl->sends);
    rkmq__map_init(&impl->publish_topics, env->mem);
    if (texts_copy(impl) != RKMQ_OK) {
        rkmq__producer_impl_destroy(impl);
        return RKMQ_E_NOMEM;
    }
    uniq_key_seed(impl);
    impl->inner.group = rkmq__slice_of(impl->options.producer_group);
    impl->inner.publish_topics = &impl->publish_topics;
    *out = impl;
    return RKMQ_OK;
}

void rkmq__producer_impl_destroy(struct rkmq_producer_impl *impl)
{
    const struct rkmq_mem *mem = impl->env->mem;
    const struct rkmq_map_entry *entry;
    RKMQ_ASSERT(!impl->ci);
    RKMQ_ASSERT(impl->n_sends == 0);
    for (size_t cursor = 0; (entry = rkmq__map_next(&impl->publish_topics, &cursor));) {
        rkmq__free(mem, entry->value);
    }
    rkmq__map_close(&impl->publish_topics);
    for (size_t i = 0; i < RKMQ_COUNT_OF(impl->texts); i++) {
        rkmq__free(mem, impl->texts[i]);
    }
    rkmq__free(mem, impl);
}

/* ---- start ---- */

static int instance_get(struct rkmq_producer_impl *impl, struct rkmq_err *err)
{
    struct rkmq_client_config config = RKMQ_CLIENT_CONFIG_INIT;
    char instance_name[RKMQ_INSTANCE_NAME_BYTES];
    char *client_id;
    int status = rkmq__instance_name_check(impl->options.instance_name, err);
    if (status != RKMQ_OK) {
        return status;
    }
    rkmq__instance_name_to_pid(impl->env, impl->options.instance_name, instance_name,
                               sizeof instance_name);
    status =
        rkmq__client_id_build(impl->env->mem, impl->env->host, instance_name, NULL, &client_id);
    if (status != RKMQ_OK) {
        return rkmq__err_set(err, status, "out of memory");
    }
    config.namesrv_addr = impl->options.namesrv_addr;
    config.client_id = client_id;
    status = rkmq__client_instance_get(&impl->ci, impl->env, &config, err);
    rkmq__free(impl->env->mem, client_id);
    return status;
}

int rkmq__producer_impl_start(struct rkmq_producer_impl *impl, struct rkmq_err *err)
{
    if (impl->ci) {
        return rkmq__err_set(err, RKMQ_E_STATE,
                             "The producer service state not OK, maybe started once, "
                             "RUNNING" RKMQ_FAQ_SUFFIX);
    }
    int status = instance_get(impl, err);
    if (status != RKMQ_OK) {
        return status;
    }
    status = rkmq__client_instance_register_producer(impl->ci, &impl->inner);
    if (status != RKMQ_OK) {
        (void)rkmq__err_set(err, status,
                            "The producer group[%s] has been created before, specify another name "
                            "please." RKMQ_FAQ_SUFFIX,
                            impl->options.producer_group);
        rkmq__producer_impl_abandon(impl);
        return status;
    }
    rkmq__client_instance_start(impl->ci);
    return RKMQ_OK;
}

/* ---- the end ---- */

static void left_fired(struct rkmq_timer *t)
{
    struct rkmq_producer_impl *impl = RKMQ_CONTAINER_OF(t, struct rkmq_producer_impl, left_timer);
    rkmq_producer_done_fn *left = impl->left;
    impl->left = NULL;
    left(impl->left_user);
}

static void instance_left(void *user)
{
    struct rkmq_producer_impl *impl = user;
    impl->ci = NULL;
    impl->left_timer.fire = left_fired;
    rkmq__timer_in(impl->env, &impl->left_timer, 0);
}

static void sends_cancel(struct rkmq_producer_impl *impl, bool is_told)
{
    while (!rkmq__list_is_empty(&impl->sends)) {
        struct rkmq_send *send = RKMQ_SEND_OF(impl->sends.next);
        rkmq_send_done_fn *done = send->done;
        void *user = send->user;
        struct rkmq_err err;
        rkmq__send_destroy(send);
        if (is_told) {
            done(user, rkmq__err_set(&err, RKMQ_E_CANCELED, "the producer was shut down"), NULL,
                 &err);
        }
    }
}

/* Sends end from the top level, as everything does. */
static void shutdown_fired(struct rkmq_timer *t)
{
    struct rkmq_producer_impl *impl = RKMQ_CONTAINER_OF(t, struct rkmq_producer_impl, left_timer);
    struct rkmq_leave leave = {.producer = &impl->inner, .done = instance_left, .user = impl};
    sends_cancel(impl, true);
    if (!impl->ci || rkmq__client_instance_leave(impl->ci, &leave) != RKMQ_OK) {
        instance_left(impl);
    }
}

void rkmq__producer_impl_shutdown(struct rkmq_producer_impl *impl, rkmq_producer_done_fn *done,
                                  void *user)
{
    RKMQ_ASSERT(!impl->left);
    impl->left = done;
    impl->left_user = user;
    impl->left_timer.fire = shutdown_fired;
    rkmq__timer_in(impl->env, &impl->left_timer, 0);
}

void rkmq__producer_impl_abandon(struct rkmq_producer_impl *impl)
{
    struct rkmq_leave leave = {.producer = &impl->inner, .user = impl};
    struct rkmq_client_instance *ci = impl->ci;
    sends_cancel(impl, false);
    rkmq__timer_stop(impl->env, &impl->left_timer);
    impl->left = NULL;
    impl->ci = NULL;
    if (ci) {
        rkmq__client_instance_drop(ci, &leave);
    }
}

void rkmq__producer_impl_reset(struct rkmq_producer_impl *impl)
{
    if (impl->ci) {
        rkmq__remoting_client_reset(impl->ci->client, "crashed");
    }
    rkmq__producer_impl_abandon(impl);
}
