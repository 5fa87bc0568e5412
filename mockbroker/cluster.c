/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/cluster.h"

#define ADDRESS_BYTES RKMQ_MOCK_ADDR_BYTES
#define BROKER_PORT_STEP 10 /* leaves room for a broker's VIP and HA ports */
#define NUMBER_MARK "%d"

/* "host:port" to listen on. A port that leaves 16 bits is refused by the runtime. */
static void address_write(char out[ADDRESS_BYTES], const char *host, unsigned port)
{
    bool is_v6 = strchr(host, ':') != NULL && host[0] != '[';
    (void)snprintf(out, ADDRESS_BYTES, is_v6 ? "[%s]:%u" : "%s:%u", host, port); /* cut: refused */
}

int rkmq__cluster_namesrv_open(struct rkmq_mock *m, unsigned i, const char *addr,
                               struct rkmq_err *err)
{
    struct rkmq_mock_namesrv *server = &m->namesrvs[i];
    struct rkmq_namesrv_config config = {
        .env = server->env,
        .addr = addr,
        .frame_bytes_max = m->options.frame_bytes_max,
        .watch = rkmq__watch_handler(&server->watch),
        .watch_route = rkmq__watch_route,
    };
    return rkmq__namesrv_create(&server->ns, &config, err);
}

static int namesrv_open(struct rkmq_mock *m, unsigned i, struct rkmq_err *err)
{
    struct rkmq_mock_namesrv *server = &m->namesrvs[i];
    char addr[ADDRESS_BYTES];
    unsigned port = m->options.namesrv_port ? m->options.namesrv_port + i : 0;
    address_write(addr, m->options.bind_host, port);
    rkmq__watch_init(&server->watch, server->env, server->name, m->options.on_event,
                     m->options.on_event_user, &m->faults);
    int status = rkmq__cluster_namesrv_open(m, i, addr, err);
    if (status == RKMQ_OK) {
        (void)snprintf(server->addr, sizeof server->addr, "%s",
                       rkmq__namesrv_address(server->ns)); /* "ip:port" fits */
        if (i > 0) {
            rkmq__bytes_add_text(&m->namesrv_addr, ";");
        }
        rkmq__bytes_add_text(&m->namesrv_addr, server->addr);
        status = m->namesrv_addr.is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
    }
    return status;
}

static const char *broker_client_id(void *owner, uint64_t channel_id)
{
    const struct rkmq_mock_broker *server = owner;
    return server->brk ? rkmq__broker_client_id(server->brk, channel_id) : "";
}

void rkmq__cluster_broker_config(struct rkmq_mock *m, unsigned i, const char *addr,
                                 const char *namesrv_addrs[RKMQ_MOCK_SERVERS_MAX],
                                 struct rkmq_broker_config *config)
{
    struct rkmq_mock_broker *server = &m->brokers[i];
    const struct rkmq_broker_config init = RKMQ_BROKER_CONFIG_INIT;
    for (unsigned k = 0; k < m->n_namesrvs; k++) {
        namesrv_addrs[k] = m->namesrvs[k].addr;
    }
    *config = init;
    config->env = server->env;
    config->cluster = m->options.cluster;
    config->name = server->name;
    config->addr = addr;
    config->advertise_host = m->options.advertise_host;
    config->namesrv_addrs = namesrv_addrs;
    config->n_namesrv_addrs = m->n_namesrvs;
    config->auto_create_topic_enable = m->options.auto_create_topic_enable;
    config->default_topic_queue_nums = m->options.default_topic_queue_nums;
    config->register_period_ms = m->options.register_period_ms;
    config->frame_bytes_max = m->options.frame_bytes_max;
    config->store_bytes_max = m->options.store_bytes_max;
    config->offset_flush_ms = server->offset_flush_ms;
    config->watch = rkmq__watch_handler(&server->watch);
    config->watch_member = rkmq__watch_member;
}

static int broker_open(struct rkmq_mock *m, unsigned i, struct rkmq_err *err)
{
    struct rkmq_mock_broker *server = &m->brokers[i];
    const char *namesrv_addrs[RKMQ_MOCK_SERVERS_MAX];
    struct rkmq_broker_config config;
    char addr[ADDRESS_BYTES];
    unsigned port = m->options.broker_port ? m->options.broker_port + BROKER_PORT_STEP * i : 0;
    address_write(addr, m->options.bind_host, port);
    rkmq__watch_init(&server->watch, server->env, server->name, m->options.on_event,
                     m->options.on_event_user, &m->faults);
    server->watch.client_id = broker_client_id;
    server->watch.client_id_owner = server;
    rkmq__cluster_broker_config(m, i, addr, namesrv_addrs, &config);
    int status = rkmq__broker_create(&server->brk, &config, err);
    if (status == RKMQ_OK) {
        (void)snprintf(server->addr, sizeof server->addr, "%s",
                       rkmq__broker_bound_address(server->brk)); /* "ip:port" fits */
    }
    return status;
}

int rkmq__cluster_open(struct rkmq_mock *m, struct rkmq_err *err)
{
    int status = RKMQ_OK;
    rkmq__faults_init(&m->faults, m->mem);
    m->faults.peer_name = m->options.peer_name;
    m->faults.peer_name_user = m->options.peer_name_user;
    for (unsigned i = 0; status == RKMQ_OK && i < m->n_namesrvs; i++) {
        status = namesrv_open(m, i, err);
    }
    rkmq__bytes_add(&m->namesrv_addr, "", 1);
    for (unsigned i = 0; status == RKMQ_OK && i < m->n_brokers; i++) {
        status = broker_open(m, i, err);
    }
    return status == RKMQ_OK && m->namesrv_addr.is_failed ? RKMQ_E_NOMEM : status;
}

void rkmq__cluster_close(struct rkmq_mock *m)
{
    rkmq__cluster_life_close(m);
    for (unsigned i = 0; i < m->n_brokers; i++) {
        rkmq__broker_destroy(m->brokers[i].brk);
        m->brokers[i].brk = NULL;
        rkmq__watch_close(&m->brokers[i].watch);
    }
    for (unsigned i = 0; i < m->n_namesrvs; i++) {
        if (m->namesrvs[i].ns) {
            rkmq__namesrv_destroy(m->namesrvs[i].ns);
            m->namesrvs[i].ns = NULL;
        }
        rkmq__watch_close(&m->namesrvs[i].watch);
    }
    rkmq__faults_close(&m->faults);
}

bool rkmq__cluster_is_registered(const struct rkmq_mock *m)
{
    for (unsigned i = 0; i < m->n_brokers; i++) {
        if (!rkmq__broker_is_registered(m->brokers[i].brk)) {
            return false;
        }
    }
    return true;
}

int64_t rkmq__cluster_committed(const struct rkmq_mock *m, struct rkmq_slice group,
                                struct rkmq_slice topic)
{
    int64_t sum = -1;
    for (unsigned i = 0; i < m->n_brokers; i++) {
        int64_t committed = rkmq__broker_committed(m->brokers[i].brk, group, topic, -1);
        if (committed >= 0) {
            sum = (sum < 0 ? 0 : sum) + committed;
        }
    }
    return sum;
}

int64_t rkmq__cluster_max_offset(const struct rkmq_mock *m, struct rkmq_slice topic)
{
    int64_t sum = -1;
    for (unsigned i = 0; i < m->n_brokers; i++) {
        int64_t max_offset = rkmq__broker_max_offset(m->brokers[i].brk, topic, -1);
        if (max_offset >= 0) {
            sum = (sum < 0 ? 0 : sum) + max_offset;
        }
    }
    return sum;
}

/* ---- publishing ---- */

/* `text` with its first "%d" replaced by `number`. */
static void body_write(struct rkmq_slice text, unsigned number, struct rkmq_bytes *out)
{
    const uint8_t *mark = text.n > 0 ? memmem(text.p, text.n, NUMBER_MARK, 2) : NULL;
    rkmq__bytes_clear(out);
    if (!mark) {
        rkmq__bytes_add_slice(out, text);
        return;
    }
    size_t before = (size_t)(mark - text.p);
    rkmq__bytes_add(out, text.p, before);
    rkmq__bytes_printf(out, "%u", number);
    rkmq__bytes_add(out, mark + 2, text.n - before - 2);
}

static unsigned topic_queues(const struct rkmq_mock *m, unsigned broker, struct rkmq_slice topic)
{
    int queues = rkmq__broker_topic_queues(m->brokers[broker].brk, topic);
    return queues > 0 ? (unsigned)queues : 0;
}

/* The `index`-th queue of all brokers' queues in order. */
static int queue_put(struct rkmq_mock *m, struct rkmq_broker_message *message, unsigned index)
{
    for (unsigned i = 0; i < m->n_brokers; i++) {
        unsigned queues = topic_queues(m, i, message->topic);
        if (index < queues) {
            message->queue_id = (int32_t)index;
            return rkmq__broker_message_put(m->brokers[i].brk, message, NULL);
        }
        index -= queues;
    }
    return RKMQ_E_NOT_FOUND;
}

int rkmq__cluster_publish(struct rkmq_mock *m, struct rkmq_slice topic, struct rkmq_slice tag,
                          struct rkmq_slice text, unsigned n)
{
    struct rkmq_broker_message message = {.topic = topic, .tag = tag};
    struct rkmq_bytes body;
    unsigned all = 0;
    int status = RKMQ_OK;
    for (unsigned i = 0; i < m->n_brokers; i++) {
        all += topic_queues(m, i, topic);
    }
    if (all == 0) {
        return RKMQ_E_NOT_FOUND;
    }
    rkmq__bytes_init(&body, m->mem);
    for (unsigned i = 0; status == RKMQ_OK && i < n; i++) {
        body_write(text, i, &body);
        message.body = rkmq__bytes_slice(&body);
        status = body.is_failed ? RKMQ_E_NOMEM : queue_put(m, &message, i % all);
    }
    rkmq__bytes_close(&body);
    return status;
}
