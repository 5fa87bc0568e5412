/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/record.h"

#include <rkmq/message.h>
#include <rkmq/remoting.h>

#include "remoting/protocol/codes.h"

/* ---- life ---- */

int rkmq__recorder_init(struct rkmq_recorder *r, const struct rkmq_scenario *sc,
                        const struct rkmq_mem *mem)
{
    *r = (struct rkmq_recorder){.sc = sc, .mem = mem};
    if (rkmq__event_log_create(&r->log, mem) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    (void)pthread_mutex_init(&r->lock, NULL); /* a plain mutex cannot fail */
    rkmq__map_init(&r->peers, mem);
    rkmq__map_init(&r->owned, mem);
    rkmq__map_init(&r->requests, mem);
    rkmq__map_init(&r->delivered, mem);
    rkmq__map_init(&r->committed, mem);
    rkmq__map_init(&r->owners, mem);
    return RKMQ_OK;
}

void rkmq__recorder_close(struct rkmq_recorder *r)
{
    if (r->log) {
        rkmq__map_close(&r->peers);
        rkmq__map_close(&r->owned);
        rkmq__map_close(&r->requests);
        rkmq__map_close(&r->delivered);
        rkmq__map_close(&r->committed);
        rkmq__map_close(&r->owners);
        (void)pthread_mutex_destroy(&r->lock);
        rkmq__event_log_destroy(r->log);
        r->log = NULL;
    }
}

/* ---- names ---- */

static void *name_pointer(rkmq_name name)
{
    return (void *)(uintptr_t)name;
}

static rkmq_name name_of(const void *pointer)
{
    return (rkmq_name)(uintptr_t)pointer;
}

int rkmq__recorder_peer(struct rkmq_recorder *r, const char *known_as, rkmq_name name)
{
    (void)pthread_mutex_lock(&r->lock);
    int status = rkmq__map_put(&r->peers, rkmq__slice_of(known_as), name_pointer(name));
    (void)pthread_mutex_unlock(&r->lock);
    return status;
}

static struct rkmq_slice address_of(const char *peer)
{
    const char *colon = strrchr(peer, ':');
    return rkmq__slice(peer, colon ? (size_t)(colon - peer) : strlen(peer));
}

struct owned_key {
    char text[128];
};

static struct rkmq_slice owned_key(struct owned_key *key, const char *server, const char *peer)
{
    (void)snprintf(key->text, sizeof key->text, "%s %s", server, peer); /* fits */
    return rkmq__slice_of(key->text);
}

/* From the first frame on that says so, the client id is the owner's. */
static const void *owner_known(struct rkmq_recorder *r, const char *server, const char *peer,
                               const char *client_id)
{
    struct owned_key key;
    void *known = rkmq__map_get(&r->owned, owned_key(&key, server, peer));
    if (known && client_id[0] && !rkmq__map_get(&r->peers, rkmq__slice_of(client_id))) {
        /* Out of memory: tried again with the next frame. */
        (void)rkmq__map_put(&r->peers, rkmq__slice_of(client_id), known);
    }
    return known;
}

static rkmq_name peer_name(struct rkmq_recorder *r, const char *server, const char *peer,
                           const char *client_id)
{
    const void *known = r->owner_of ? owner_known(r, server, peer, client_id) : NULL;
    known = known ? known : rkmq__map_get(&r->peers, rkmq__slice_of(client_id));
    known = known ? known : rkmq__map_get(&r->peers, address_of(peer));
    if (known) {
        return name_of(known);
    }
    return rkmq__event_log_name(r->log, rkmq__slice_of(client_id[0] ? client_id : peer));
}

const char *rkmq__recorder_peer_name(void *user, const char *server, const char *peer,
                                     const char *client_id)
{
    struct rkmq_recorder *r = user;
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_slice text = rkmq__event_log_text(r->log, peer_name(r, server, peer, client_id));
    (void)pthread_mutex_unlock(&r->lock);
    return text.n > 0 ? (const char *)text.p : "?";
}

rkmq_name rkmq__recorder_name(struct rkmq_recorder *r, const char *text)
{
    (void)pthread_mutex_lock(&r->lock);
    rkmq_name name = rkmq__event_log_name(r->log, rkmq__slice_of(text));
    (void)pthread_mutex_unlock(&r->lock);
    return name;
}

/* The mock's brokers are broker-a, broker-b, ...; the script may call them otherwise. */
rkmq_name rkmq__record_broker(struct rkmq_recorder *r, struct rkmq_slice wire_name)
{
    static const struct rkmq_slice prefix = {(const uint8_t *)"broker-", 7};
    const struct rkmq_scenario *sc = r->sc;
    if (wire_name.n == prefix.n + 1 && rkmq__slice_starts(wire_name, prefix)) {
        size_t i = (size_t)(wire_name.p[prefix.n] - 'a');
        if (i < sc->n_brokers) {
            wire_name = rkmq__scenario_word(sc, sc->brokers[i].name);
        }
    }
    return rkmq__event_log_name(r->log, wire_name);
}

/* ---- rows ---- */

struct rkmq_event rkmq__row(enum rkmq_event_kind kind)
{
    return (struct rkmq_event){
        .kind = kind, .queue_id = -1, .offset = INT64_MIN, .offset2 = INT64_MIN};
}

void rkmq__recorder_switch(struct rkmq_recorder *r, bool is_on)
{
    (void)pthread_mutex_lock(&r->lock);
    r->is_over = !is_on;
    (void)pthread_mutex_unlock(&r->lock);
}

/* Within the lock. */
static void row_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct rkmq_event at_now = *row;
    if (r->is_over) {
        return;
    }
    at_now.at = r->now(r->clock);
    rkmq__event_log_add(r->log, &at_now);
    if (r->on_row && !rkmq__event_log_is_failed(r->log)) {
        r->on_row(r->user, rkmq__event_log_at(r->log, rkmq__event_log_count(r->log) - 1));
    }
}

void rkmq__recorder_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    (void)pthread_mutex_lock(&r->lock);
    row_add(r, row);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- rows that follow from others ---- */

struct queue_key {
    uint8_t bytes[4 * 4];
};

static struct rkmq_slice queue_key(struct queue_key *key, const struct rkmq_event *row)
{
    rkmq_put_be32(key->bytes, row->group);
    rkmq_put_be32(key->bytes + 4, row->topic);
    rkmq_put_be32(key->bytes + 8, row->broker);
    rkmq_put_be32(key->bytes + 12, (uint32_t)row->queue_id);
    return rkmq__slice(key->bytes, sizeof key->bytes);
}

/* `row` names group, queue, who, and the new offset. */
static void commit_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct queue_key key;
    struct rkmq_event commit = *row;
    struct rkmq_slice queue = queue_key(&key, row);
    const void *known = rkmq__map_get(&r->committed, queue);
    int64_t before = known ? (int64_t)(uintptr_t)known - 2 : -1;
    if (row->offset < -1 || row->offset == before) {
        return;
    }
    commit.kind = RKMQ_EV_COMMIT;
    commit.offset2 = before;
    commit.flags = row->flags & RKMQ_EVF_HELD;
    commit.count = 0;
    row_add(r, &commit);
    if (commit.offset < before) {
        commit.kind = RKMQ_EV_COMMIT_REGRESS;
        row_add(r, &commit);
    }
    /* Out of memory: told again at the next commit. */
    (void)rkmq__map_put(&r->committed, queue, (void *)(uintptr_t)(row->offset + 2));
}

void rkmq__recorder_commit(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    (void)pthread_mutex_lock(&r->lock);
    commit_add(r, row);
    (void)pthread_mutex_unlock(&r->lock);
}

static void owner_add(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    struct queue_key key;
    struct rkmq_slice queue = queue_key(&key, row);
    rkmq_name other = name_of(rkmq__map_get(&r->owners, queue));
    if (row->kind == RKMQ_EV_PQ_DROP) {
        if (other == row->who) {
            (void)rkmq__map_remove(&r->owners, queue);
        }
        return;
    }
    if (row->kind == RKMQ_EV_PQ_ADD) {
        struct rkmq_event overlap = *row;
        overlap.kind = RKMQ_EV_OWNER_OVERLAP;
        overlap.peer = other;
        if (other != 0 && other != row->who) {
            row_add(r, &overlap);
        }
        (void)rkmq__map_put(&r->owners, queue, name_pointer(row->who)); /* else: not told */
    }
}

/* ---- what consumers do ---- */

static enum rkmq_event_kind push_kind(enum rkmq_push_event_kind kind)
{
    switch (kind) {
    case RKMQ_PUSH_QUEUE_ADDED:
        return RKMQ_EV_PQ_ADD;
    case RKMQ_PUSH_QUEUE_DROPPED:
        return RKMQ_EV_PQ_DROP;
    case RKMQ_PUSH_CACHE_PUT:
        return RKMQ_EV_CACHE_PUT;
    case RKMQ_PUSH_CACHE_EVICT:
        return RKMQ_EV_CACHE_EVICT;
    case RKMQ_PUSH_LISTENER_DONE:
        return RKMQ_EV_LISTENER_END;
    }
    return RKMQ_EV_NOTE;
}

void rkmq__recorder_push(struct rkmq_recorder *r, rkmq_name who, rkmq_name group,
                         const struct rkmq_push_event *event)
{
    struct rkmq_event row = rkmq__row(push_kind(event->kind));
    (void)pthread_mutex_lock(&r->lock);
    row.who = who;
    row.group = group;
    row.topic = rkmq__event_log_name(r->log, event->topic);
    row.broker = rkmq__record_broker(r, event->broker_name);
    row.queue_id = event->queue_id;
    row.count = (int32_t)event->count;
    if (event->kind != RKMQ_PUSH_QUEUE_DROPPED) {
        row.offset = event->offset;
    }
    if (event->kind == RKMQ_PUSH_CACHE_PUT || event->kind == RKMQ_PUSH_LISTENER_DONE) {
        row.offset2 = event->offset2;
        row.status = event->n_failed > 0;
    }
    row_add(r, &row);
    owner_add(r, &row);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- listeners ---- */

static struct rkmq_event message_row(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                     const struct rkmq_msg_view *m)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_DELIVER);
    row.who = call->who;
    row.group = call->group;
    row.topic = rkmq__event_log_name(r->log, call->topic);
    row.broker = rkmq__record_broker(r, call->broker_name);
    row.queue_id = call->queue_id;
    row.offset = m->queue_offset;
    row.count = m->reconsume_times;
    row.key = rkmq__event_log_name(r->log, m->keys.n > 0 ? m->keys : m->msg_id);
    return row;
}

/* True: that message was delivered to the group before. */
static bool note_delivery(struct rkmq_recorder *r, rkmq_name group, struct rkmq_slice msg_id)
{
    uint8_t key[4 + 128];
    size_t n = msg_id.n < 128 ? msg_id.n : 128;
    rkmq_put_be32(key, group);
    if (n > 0) {
        memcpy(key + 4, msg_id.p, n);
    }
    if (rkmq__map_get(&r->delivered, rkmq__slice(key, 4 + n))) {
        return true;
    }
    (void)rkmq__map_put(&r->delivered, rkmq__slice(key, 4 + n), r); /* forgotten: not told again */
    return false;
}

static struct rkmq_event call_row(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                  enum rkmq_event_kind kind)
{
    struct rkmq_msg_view first, last;
    call->get(call->msgs, 0, &first);
    call->get(call->msgs, call->n - 1, &last);
    struct rkmq_event row = message_row(r, call, &first);
    row.kind = kind;
    row.key = 0;
    row.offset2 = last.queue_offset;
    row.count = (int32_t)call->n;
    return row;
}

void rkmq__recorder_listener_begin(struct rkmq_recorder *r, const struct rkmq_listener_call *call)
{
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_event begin = call_row(r, call, RKMQ_EV_LISTENER_BEGIN);
    row_add(r, &begin);
    for (size_t i = 0; i < call->n; i++) {
        struct rkmq_msg_view m;
        call->get(call->msgs, i, &m);
        struct rkmq_event row = message_row(r, call, &m);
        row_add(r, &row);
        if (note_delivery(r, call->group, m.msg_id)) {
            row.kind = RKMQ_EV_REDELIVERY;
            row_add(r, &row);
        }
    }
    (void)pthread_mutex_unlock(&r->lock);
}

void rkmq__recorder_listener_end(struct rkmq_recorder *r, const struct rkmq_listener_call *call,
                                 int then)
{
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_event end = call_row(r, call, RKMQ_EV_LISTENER_END);
    end.status = then == RKMQ_LISTENER_LATER;
    row_add(r, &end);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- frames ---- */

static rkmq_name server_name(struct rkmq_recorder *r, const char *server)
{
    const struct rkmq_scenario *sc = r->sc;
    rkmq_word word = 0;
    if (strncmp(server, "ns", 2) == 0) {
        size_t i = (size_t)(server[2] - '0');
        word = i < sc->n_namesrvs ? sc->namesrvs[i] : 0;
    } else {
        size_t i = (size_t)(server[strlen(server) - 1] - 'a');
        word = i < sc->n_brokers ? sc->brokers[i].name : 0;
    }
    return rkmq__event_log_name(r->log,
                                word ? rkmq__scenario_word(sc, word) : rkmq__slice_of(server));
}

/* The value of the first of the keys that is there; empty: none is. */
static struct rkmq_slice field_text(const struct rkmq_command *cmd, const char *const *keys,
                                    size_t n_keys)
{
    const struct rkmq_field *field = NULL;
    for (size_t i = 0; !field && i < n_keys; i++) {
        field = rkmq_command_field(cmd, keys[i]);
    }
    return field ? field->value : rkmq__slice(NULL, 0);
}

static int64_t field_number(const struct rkmq_command *cmd, const char *key, int64_t none)
{
    int64_t v;
    return rkmq_command_i64(cmd, key, &v) == RKMQ_OK ? v : none;
}

#define SYS_COMMIT_OFFSET 1
#define SYS_SUSPEND 2

/* KEYS of a message that is sent, else its UNIQ_KEY. */
static rkmq_name send_key(struct rkmq_recorder *r, const struct rkmq_command *cmd)
{
    const struct rkmq_field *properties = rkmq_command_field(cmd, "i");
    if (!properties) {
        return 0;
    }
    struct rkmq_slice key = rkmq_property_get(properties->value, "KEYS");
    key = key.n > 0 ? key : rkmq_property_get(properties->value, "UNIQ_KEY");
    return rkmq__event_log_name(r->log, key);
}

static void request_fill(struct rkmq_recorder *r, struct rkmq_event *row,
                         const struct rkmq_command *cmd)
{
    static const char *const groups[] = {"consumerGroup", "group", "producerGroup"};
    static const char *const topics[] = {"topic", "originTopic", "b"};
    static const char *const brokers[] = {"bname", "brokerName", "n"};
    row->group = rkmq__event_log_name(r->log, field_text(cmd, groups, RKMQ_COUNT_OF(groups)));
    row->topic = rkmq__event_log_name(r->log, field_text(cmd, topics, RKMQ_COUNT_OF(topics)));
    row->broker = rkmq__record_broker(r, field_text(cmd, brokers, RKMQ_COUNT_OF(brokers)));
    row->queue_id = (int32_t)field_number(cmd, "queueId", field_number(cmd, "e", -1));
    row->offset =
        field_number(cmd, "queueOffset",
                     field_number(cmd, "commitOffset", field_number(cmd, "offset", INT64_MIN)));
    row->version = field_number(cmd, "subVersion", 0);
    if (row->broker == 0 && row->queue_id >= 0 && row->topic != 0) {
        row->broker = row->peer; /* clients before 5.x do not name it */
    }
    row->key = send_key(r, cmd);
    int64_t sys_flag = field_number(cmd, "sysFlag", 0);
    if (rkmq_command_field(cmd, "suspendTimeoutMillis")) {
        row->count = (int32_t)field_number(cmd, "maxMsgNums", 0);
        row->flags |= sys_flag & SYS_SUSPEND ? RKMQ_EVF_SUSPEND : 0;
        if (sys_flag & SYS_COMMIT_OFFSET) {
            row->flags |= RKMQ_EVF_COMMITS;
            row->offset2 = field_number(cmd, "commitOffset", INT64_MIN);
        }
    }
}

struct request_key {
    uint8_t bytes[8 + 8 + 4 + 1];
};

static struct rkmq_slice request_key(struct request_key *key, rkmq_name server, uint64_t connection,
                                     int32_t opaque, bool is_pushed)
{
    rkmq_put_be64(key->bytes, server);
    rkmq_put_be64(key->bytes + 8, connection);
    rkmq_put_be32(key->bytes + 16, (uint32_t)opaque);
    key->bytes[20] = is_pushed;
    return rkmq__slice(key->bytes, sizeof key->bytes);
}

/* What the request said of group and queue holds for its answer. */
static void answer_fill(struct rkmq_recorder *r, struct rkmq_event *row, struct rkmq_slice key,
                        const struct rkmq_command *cmd)
{
    const void *known = rkmq__map_remove(&r->requests, key);
    if (known) {
        const struct rkmq_event *asked = rkmq__event_log_at(r->log, (size_t)(uintptr_t)known - 1);
        row->group = asked->group;
        row->topic = asked->topic;
        row->broker = asked->broker;
        row->queue_id = asked->queue_id;
        row->key = asked->key;
    }
    row->status = cmd->code;
    row->offset =
        field_number(cmd, "nextBeginOffset",
                     field_number(cmd, "offset", field_number(cmd, "queueOffset", INT64_MIN)));
    row->offset2 = field_number(cmd, "maxOffset", INT64_MIN);
}

/* A stored message, an offset that came with a request: what the frame means for the broker. */
static void follow_up(struct rkmq_recorder *r, const struct rkmq_event *row)
{
    bool is_send = row->code == RKMQ_REQ_SEND_MESSAGE || row->code == RKMQ_REQ_SEND_MESSAGE_V2 ||
                   row->code == RKMQ_REQ_SEND_BATCH_MESSAGE;
    struct rkmq_event next = *row;
    if (row->kind == RKMQ_EV_RESP && is_send && row->status == RKMQ_RES_SUCCESS) {
        next.kind = RKMQ_EV_APPEND;
        next.broker = row->who;
        next.group = 0;
        next.who = next.peer = 0;
        row_add(r, &next);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_UPDATE_CONSUMER_OFFSET) {
        next.broker = row->peer;
        commit_add(r, &next);
    } else if (row->kind == RKMQ_EV_REQ && (row->flags & RKMQ_EVF_COMMITS)) {
        next.broker = row->peer;
        next.offset = row->offset2;
        commit_add(r, &next);
    }
}

/* Of what clients ask; servers are taken at their word. */
static void look_for_faults(struct rkmq_recorder *r, struct rkmq_event *row,
                            const struct rkmq_command *cmd)
{
    struct rkmq_err why;
    if (!(row->flags & RKMQ_EVF_PUSHED) && rkmq__record_is_malformed(cmd, &why)) {
        row->flags |= RKMQ_EVF_MALFORMED;
        row->text = rkmq__event_log_name(r->log, rkmq__slice_of(why.text));
    }
}

static void frame_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    const struct rkmq_command *cmd = event->cmd;
    bool is_answer = event->kind == RKMQ_MOCK_ANSWER || event->kind == RKMQ_MOCK_PUSH_ANSWER;
    bool is_pushed = event->kind == RKMQ_MOCK_PUSH || event->kind == RKMQ_MOCK_PUSH_ANSWER;
    bool is_from_server = event->kind == RKMQ_MOCK_ANSWER || event->kind == RKMQ_MOCK_PUSH;
    rkmq_name server = server_name(r, event->server);
    rkmq_name peer = peer_name(r, event->server, event->peer, event->client_id);
    struct rkmq_event row = rkmq__row(is_answer ? RKMQ_EV_RESP : RKMQ_EV_REQ);
    struct request_key key;
    struct rkmq_slice asked = request_key(&key, server, event->connection, cmd->opaque, is_pushed);
    row.who = is_from_server ? server : peer;
    row.peer = is_from_server ? peer : server;
    row.code = event->request_code;
    row.opaque = cmd->opaque;
    row.body_bytes = (uint32_t)event->body_bytes;
    row.flags = (is_pushed ? RKMQ_EVF_PUSHED : 0u) | (event->is_late ? RKMQ_EVF_HELD : 0u) |
                (cmd->flags & RKMQ_FLAG_ONEWAY ? RKMQ_EVF_ONEWAY : 0u);
    if (is_answer) {
        answer_fill(r, &row, asked, cmd);
    } else {
        request_fill(r, &row, cmd);
        look_for_faults(r, &row, cmd);
    }
    if (row.text == 0) {
        row.text = rkmq__record_body(r, row.code, is_answer, cmd->body, r->mem);
    }
    size_t row_index = rkmq__event_log_count(r->log);
    row_add(r, &row);
    follow_up(r, &row);
    if (!is_answer && !(cmd->flags & RKMQ_FLAG_ONEWAY)) {
        /* When memory is out, its answer has no queue. */
        (void)rkmq__map_put(&r->requests, asked, (void *)(uintptr_t)(row_index + 1));
    }
}

static void fault_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_FAULT);
    request_fill(r, &row, event->cmd);
    row.who = peer_name(r, event->server, event->peer, event->client_id);
    row.peer = server_name(r, event->server);
    row.code = event->request_code;
    row.opaque = event->cmd->opaque;
    row.text = rkmq__event_log_name(r->log, rkmq__slice_of(event->fault));
    row_add(r, &row);
}

static void owner_ask(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    struct owned_key key;
    rkmq_name owner = r->owner_of(r->owner_user, event->server, event->peer);
    if (owner != 0) { /* out of memory: known by its client id alone */
        (void)rkmq__map_put(&r->owned, owned_key(&key, event->server, event->peer),
                            name_pointer(owner));
    }
}

static void connection_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    bool is_open = event->kind == RKMQ_MOCK_OPENED;
    struct rkmq_event row = rkmq__row(is_open ? RKMQ_EV_CONN_OPEN : RKMQ_EV_CONN_CLOSE);
    struct owned_key key;
    if (is_open && r->owner_of) {
        owner_ask(r, event);
    }
    row.who = peer_name(r, event->server, event->peer, event->client_id);
    row.peer = server_name(r, event->server);
    row.text = is_open ? 0 : rkmq__event_log_name(r->log, rkmq__slice_of(event->why));
    row_add(r, &row);
    if (!is_open) {
        (void)rkmq__map_remove(&r->owned, owned_key(&key, event->server, event->peer));
    }
}

static void member_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    enum rkmq_event_kind kind = event->kind == RKMQ_MOCK_MEMBER_JOIN    ? RKMQ_EV_MEMBER_JOIN
                                : event->kind == RKMQ_MOCK_MEMBER_LEAVE ? RKMQ_EV_MEMBER_LEAVE
                                                                        : RKMQ_EV_MEMBER_EXPIRE;
    struct rkmq_event row = rkmq__row(kind);
    row.who = peer_name(r, event->server, event->peer, event->client_id);
    row.group = rkmq__event_log_name(r->log, event->group);
    row.broker = server_name(r, event->server);
    row_add(r, &row);
}

/* The system's own topics come and go with their broker, which is told already. */
static bool is_of_script(const struct rkmq_scenario *sc, struct rkmq_slice topic)
{
    bool is_one = rkmq__slice_starts(topic, RKMQ_SLICE("%RETRY%"));
    for (size_t i = 0; i < sc->n_topics && !is_one; i++) {
        is_one = rkmq__slice_equal(topic, rkmq__scenario_word(sc, sc->topics[i].name));
    }
    return is_one;
}

static void route_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_ROUTE_PUBLISH);
    if (!is_of_script(r->sc, event->topic)) {
        return;
    }
    row.who = server_name(r, event->server);
    row.topic = rkmq__event_log_name(r->log, event->topic);
    row.broker = rkmq__record_broker(r, event->broker);
    row.count = event->queues;
    row.status = event->perm;
    row_add(r, &row);
}

void rkmq__recorder_mock(void *user, const struct rkmq_mock_event *event)
{
    struct rkmq_recorder *r = user;
    (void)pthread_mutex_lock(&r->lock);
    if (r->is_over) {
        (void)pthread_mutex_unlock(&r->lock);
        return;
    }
    switch (event->kind) {
    case RKMQ_MOCK_OPENED:
    case RKMQ_MOCK_CLOSED:
        connection_add(r, event);
        break;
    case RKMQ_MOCK_FAULT:
        fault_add(r, event);
        break;
    case RKMQ_MOCK_MEMBER_JOIN:
    case RKMQ_MOCK_MEMBER_LEAVE:
    case RKMQ_MOCK_MEMBER_EXPIRE:
        member_add(r, event);
        break;
    case RKMQ_MOCK_ROUTE:
        route_add(r, event);
        break;
    default:
        frame_add(r, event);
        break;
    }
    (void)pthread_mutex_unlock(&r->lock);
}
