/* SPDX-License-Identifier: Apache-2.0 */
/* What servers saw: frames, faults, connections, members, routes. */
#include <rkmq/message.h>
#include <rkmq/remoting.h>

#include "remoting/protocol/codes.h"
#include "runner/record.h"

#define SYS_COMMIT_OFFSET 1
#define SYS_SUSPEND 2

/* ---- requests and faults ---- */

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

static void fault_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    struct rkmq_event row = rkmq__row(RKMQ_EV_FAULT);
    request_fill(r, &row, event->cmd);
    row.who = rkmq__record_peer_name(r, event->server, event->peer, event->client_id);
    row.peer = rkmq__record_server_name(r, event->server);
    row.code = event->request_code;
    row.opaque = event->cmd->opaque;
    row.text = rkmq__event_log_name(r->log, rkmq__slice_of(event->fault));
    rkmq__record_add(r, &row);
}

/* ---- frames ---- */

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
        rkmq__record_add(r, &next);
    } else if (row->kind == RKMQ_EV_REQ && row->code == RKMQ_REQ_UPDATE_CONSUMER_OFFSET) {
        next.broker = row->peer;
        rkmq__record_commit(r, &next);
    } else if (row->kind == RKMQ_EV_REQ && (row->flags & RKMQ_EVF_COMMITS)) {
        next.broker = row->peer;
        next.offset = row->offset2;
        rkmq__record_commit(r, &next);
    }
}

static void frame_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    const struct rkmq_command *cmd = event->cmd;
    bool is_answer = event->kind == RKMQ_MOCK_ANSWER || event->kind == RKMQ_MOCK_PUSH_ANSWER;
    bool is_pushed = event->kind == RKMQ_MOCK_PUSH || event->kind == RKMQ_MOCK_PUSH_ANSWER;
    bool is_from_server = event->kind == RKMQ_MOCK_ANSWER || event->kind == RKMQ_MOCK_PUSH;
    rkmq_name server = rkmq__record_server_name(r, event->server);
    rkmq_name peer = rkmq__record_peer_name(r, event->server, event->peer, event->client_id);
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
    rkmq__record_add(r, &row);
    follow_up(r, &row);
    if (!is_answer && !(cmd->flags & RKMQ_FLAG_ONEWAY)) {
        /* When memory is out, its answer has no queue. */
        (void)rkmq__map_put(&r->requests, asked, (void *)(uintptr_t)(row_index + 1));
    }
}

/* ---- connections, members, routes ---- */

static void connection_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    bool is_open = event->kind == RKMQ_MOCK_OPENED;
    struct rkmq_event row = rkmq__row(is_open ? RKMQ_EV_CONN_OPEN : RKMQ_EV_CONN_CLOSE);
    if (is_open) {
        rkmq__record_owned(r, event->server, event->peer);
    }
    row.who = rkmq__record_peer_name(r, event->server, event->peer, event->client_id);
    row.peer = rkmq__record_server_name(r, event->server);
    row.text = is_open ? 0 : rkmq__event_log_name(r->log, rkmq__slice_of(event->why));
    rkmq__record_add(r, &row);
    if (!is_open) {
        rkmq__record_disowned(r, event->server, event->peer);
    }
}

static void member_add(struct rkmq_recorder *r, const struct rkmq_mock_event *event)
{
    enum rkmq_event_kind kind = event->kind == RKMQ_MOCK_MEMBER_JOIN    ? RKMQ_EV_MEMBER_JOIN
                                : event->kind == RKMQ_MOCK_MEMBER_LEAVE ? RKMQ_EV_MEMBER_LEAVE
                                                                        : RKMQ_EV_MEMBER_EXPIRE;
    struct rkmq_event row = rkmq__row(kind);
    row.who = rkmq__record_peer_name(r, event->server, event->peer, event->client_id);
    row.group = rkmq__event_log_name(r->log, event->group);
    row.broker = rkmq__record_server_name(r, event->server);
    rkmq__record_add(r, &row);
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
    row.who = rkmq__record_server_name(r, event->server);
    row.topic = rkmq__event_log_name(r->log, event->topic);
    row.broker = rkmq__record_broker(r, event->broker);
    row.count = event->queues;
    row.status = event->perm;
    rkmq__record_add(r, &row);
}

/* ---- all ---- */

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
