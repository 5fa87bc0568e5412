/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/watch.h"

#include "mockbroker/faults.h"
#include "remoting/protocol/codes.h"

struct pending {
    int32_t opaque;
    int code;
    bool is_push; /* the two directions have opaque spaces of their own */
};
struct watch_connection {
    struct rkmq_channel *ch;
    struct pending *pending;
    size_t n, n_max;
};

void rkmq__watch_init(struct rkmq_watch *w, const struct rkmq_env *env, const char *server,
                      rkmq_mock_event_fn *on_event, void *user, struct rkmq_faults *faults)
{
    *w = (struct rkmq_watch){
        .env = env, .faults = faults, .server = server, .on_event = on_event, .user = user};
    rkmq__map_init(&w->connections, env->mem);
    rkmq__bytes_init(&w->body, env->mem);
}

static struct rkmq_slice connection_key(const uint64_t *id)
{
    return rkmq__slice(id, sizeof *id);
}

static void connection_free(struct rkmq_watch *w, struct watch_connection *con)
{
    if (con) {
        rkmq__free(w->env->mem, con->pending);
        rkmq__free(w->env->mem, con);
    }
}

void rkmq__watch_close(struct rkmq_watch *w)
{
    struct rkmq_map_entry *entry;
    size_t cursor = 0;
    if (!w->env) {
        return;
    }
    while ((entry = rkmq__map_next(&w->connections, &cursor))) {
        connection_free(w, entry->value);
    }
    rkmq__map_close(&w->connections);
    rkmq__bytes_close(&w->body);
    w->env = NULL;
}

/* ---- pending requests ---- */

static void pending_add(struct rkmq_watch *w, struct watch_connection *con, struct pending p)
{
    if (con->n == con->n_max) {
        size_t n_max = con->n_max ? 2 * con->n_max : 8;
        struct pending *grown = n_max > RKMQ_WATCH_PENDING_MAX
                                    ? NULL
                                    : rkmq__realloc(w->env->mem, con->pending, n_max * sizeof p);
        if (!grown) {
            return; /* its answer will carry RKMQ_WATCH_UNKNOWN_CODE */
        }
        con->pending = grown;
        con->n_max = n_max;
    }
    con->pending[con->n++] = p;
}

/* Its place; con->n when it is not there. */
static size_t pending_find(const struct watch_connection *con, int32_t opaque, bool is_push)
{
    size_t i = 0;
    while (i < con->n && (con->pending[i].opaque != opaque || con->pending[i].is_push != is_push)) {
        i++;
    }
    return i;
}

static int pending_code(const struct watch_connection *con, int32_t opaque, bool is_push)
{
    size_t i = con ? pending_find(con, opaque, is_push) : 0;
    return con && i < con->n ? con->pending[i].code : RKMQ_WATCH_UNKNOWN_CODE;
}

static int pending_take(struct watch_connection *con, int32_t opaque, bool is_push)
{
    int code = pending_code(con, opaque, is_push);
    size_t i = con ? pending_find(con, opaque, is_push) : 0;
    if (con && i < con->n) {
        con->pending[i] = con->pending[--con->n];
    }
    return code;
}

/* ---- events ---- */

static void emit(struct rkmq_watch *w, struct rkmq_channel *ch, struct rkmq_mock_event *event)
{
    uint64_t id = rkmq__channel_id(ch);
    const char *client_id = w->client_id ? w->client_id(w->client_id_owner, id) : NULL;
    event->now = rkmq__now(w->env);
    event->wall = rkmq__wall(w->env);
    event->server = w->server;
    event->connection = id;
    event->peer = rkmq__channel_peer(ch);
    event->client_id = client_id ? client_id : "";
    w->on_event(w->user, event);
}

static void on_opened(void *owner, struct rkmq_channel *ch)
{
    struct rkmq_watch *w = owner;
    uint64_t id = rkmq__channel_id(ch);
    if (!w->on_event) {
        return;
    }
    struct watch_connection *con = rkmq__zalloc(w->env->mem, sizeof *con);
    if (con) {
        con->ch = ch;
    }
    if (con && rkmq__map_put(&w->connections, connection_key(&id), con) != RKMQ_OK) {
        connection_free(w, con);
    }
    emit(w, ch, &(struct rkmq_mock_event){.kind = RKMQ_MOCK_OPENED});
}

static void on_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rkmq_watch *w = owner;
    uint64_t id = rkmq__channel_id(ch);
    if (w->faults) {
        rkmq__faults_closed(w->faults, ch);
    }
    if (!w->on_event) {
        return;
    }
    connection_free(w, rkmq__map_remove(&w->connections, connection_key(&id)));
    emit(w, ch, &(struct rkmq_mock_event){.kind = RKMQ_MOCK_CLOSED, .why = why});
}

static void count(struct rkmq_watch *w, int code)
{
    size_t i = 0;
    w->n_requests++;
    while (i < w->n_counts && w->counts[i].code != code) {
        i++;
    }
    if (i == w->n_counts) {
        if (i == RKMQ_WATCH_CODES_MAX) {
            return; /* counted in the sum alone */
        }
        w->counts[w->n_counts++] = (struct rkmq_watch_count){.code = code};
    }
    w->counts[i].n++;
}

/* ---- bodies of answers: they are there only before the frame is sent ---- */

static bool is_body_shown(int request_code)
{
    return request_code == RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP ||
           request_code == RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC;
}

static const struct watch_connection *connection_of(const struct rkmq_watch *w,
                                                    const struct rkmq_channel *ch)
{
    uint64_t id = rkmq__channel_id(ch);
    return rkmq__map_get(&w->connections, connection_key(&id));
}

static void body_keep(struct rkmq_watch *w, const struct rkmq_channel *ch,
                      const struct rkmq_command *cmd, const struct rkmq_buf *frame)
{
    rkmq__bytes_clear(&w->body);
    if (w->on_event && (cmd->flags & RKMQ_FLAG_RESPONSE) && frame &&
        is_body_shown(pending_code(connection_of(w, ch), cmd->opaque, false))) {
        for (const struct rkmq_buf *at = frame->next; at; at = at->next) {
            rkmq__bytes_add(&w->body, at->p, at->n);
        }
    }
}

/* The answer with the body that was kept for it. */
static struct rkmq_command with_body(struct rkmq_watch *w, const struct rkmq_command *cmd)
{
    struct rkmq_command whole = *cmd;
    if (whole.body.n == 0 && !w->body.is_failed) {
        whole.body = rkmq__bytes_slice(&w->body);
    }
    return whole;
}

static void on_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                     const struct rkmq_command *cmd, size_t body_bytes)
{
    static const enum rkmq_mock_event_kind kinds[2][2] = {
        /* [is_outgoing][is_answer] */
        {RKMQ_MOCK_REQUEST, RKMQ_MOCK_PUSH_ANSWER},
        {RKMQ_MOCK_PUSH, RKMQ_MOCK_ANSWER},
    };
    struct rkmq_watch *w = owner;
    bool is_answer = (cmd->flags & RKMQ_FLAG_RESPONSE) != 0;
    bool is_late = w->late == ch;
    w->late = NULL;
    if (!is_answer && !is_outgoing) {
        count(w, cmd->code);
    }
    if (!w->on_event) {
        return;
    }
    uint64_t id = rkmq__channel_id(ch);
    struct watch_connection *con = rkmq__map_get(&w->connections, connection_key(&id));
    struct rkmq_mock_event event = {
        .kind = kinds[is_outgoing][is_answer],
        .request_code = cmd->code,
        .cmd = cmd,
        .body_bytes = body_bytes,
        .is_late = is_late,
    };
    struct rkmq_command answer;
    if (is_answer) {
        event.request_code = pending_take(con, cmd->opaque, !is_outgoing);
        answer = with_body(w, cmd);
        event.cmd = &answer;
    } else if (con && !(cmd->flags & RKMQ_FLAG_ONEWAY)) {
        pending_add(w, con, (struct pending){cmd->opaque, cmd->code, is_outgoing});
    }
    emit(w, ch, &event);
}

void rkmq__watch_fault(struct rkmq_watch *w, struct rkmq_channel *ch, bool is_outgoing,
                       const struct rkmq_command *cmd, const char *rule_id)
{
    bool is_answer = (cmd->flags & RKMQ_FLAG_RESPONSE) != 0;
    struct rkmq_mock_event event = {.kind = RKMQ_MOCK_FAULT,
                                    .request_code = is_answer ? RKMQ_WATCH_UNKNOWN_CODE : cmd->code,
                                    .cmd = cmd,
                                    .body_bytes = cmd->body.n,
                                    .fault = rule_id};
    if (!w->on_event) {
        return;
    }
    if (is_answer) {
        event.request_code = pending_code(connection_of(w, ch), cmd->opaque, !is_outgoing);
    }
    emit(w, ch, &event);
}

void rkmq__watch_member(void *owner, const struct rkmq_member_event *event)
{
    static const enum rkmq_mock_event_kind kinds[] = {
        [RKMQ_MEMBER_JOINS] = RKMQ_MOCK_MEMBER_JOIN,
        [RKMQ_MEMBER_LEAVES] = RKMQ_MOCK_MEMBER_LEAVE,
        [RKMQ_MEMBER_EXPIRES] = RKMQ_MOCK_MEMBER_EXPIRE,
    };
    struct rkmq_watch *w = owner;
    char client_id[RKMQ_MOCK_CLIENT_ID_BYTES];
    if (w->on_event) {
        (void)snprintf(client_id, sizeof client_id, "%.*s",
                       RKMQ_SLICE_ARG(event->client_id)); /* a longer one is cut */
        w->on_event(w->user,
                    &(struct rkmq_mock_event){.now = rkmq__now(w->env),
                                              .wall = rkmq__wall(w->env),
                                              .kind = kinds[event->change],
                                              .server = w->server,
                                              .connection = rkmq__channel_id(event->channel),
                                              .peer = rkmq__channel_peer(event->channel),
                                              .client_id = client_id,
                                              .group = event->group});
    }
}

void rkmq__watch_route(void *owner, const struct rkmq_route_event *event)
{
    struct rkmq_watch *w = owner;
    if (w->on_event) {
        w->on_event(w->user, &(struct rkmq_mock_event){.now = rkmq__now(w->env),
                                                       .wall = rkmq__wall(w->env),
                                                       .kind = RKMQ_MOCK_ROUTE,
                                                       .server = w->server,
                                                       .peer = "",
                                                       .client_id = "",
                                                       .topic = event->topic,
                                                       .broker = event->broker_name,
                                                       .queues = event->read_queue_nums,
                                                       .perm = event->perm});
    }
}

static bool on_gate(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                    const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct rkmq_watch *w = owner;
    if (is_outgoing) {
        body_keep(w, ch, cmd, frame);
    }
    return !w->faults || rkmq__faults_gate(w->faults, w, ch, is_outgoing, cmd, frame);
}

struct rkmq_channel_handler rkmq__watch_handler(struct rkmq_watch *w)
{
    return (struct rkmq_channel_handler){
        .owner = w, .opened = on_opened, .closed = on_closed, .frame = on_frame, .gate = on_gate};
}

void rkmq__watch_reset(struct rkmq_watch *w, rkmq_watch_meant_fn *is_meant, void *user)
{
    const struct rkmq_map_entry *entry;
    for (size_t cursor = 0; w->env && (entry = rkmq__map_next(&w->connections, &cursor));) {
        struct rkmq_channel *ch = ((struct watch_connection *)entry->value)->ch;
        if (is_meant(user, w->server, rkmq__channel_peer(ch))) {
            rkmq__channel_reset(ch, "reset by the script");
        }
    }
}

uint64_t rkmq__watch_seen(const struct rkmq_watch *w, int code)
{
    if (code < 0) {
        return w->n_requests;
    }
    for (size_t i = 0; i < w->n_counts; i++) {
        if (w->counts[i].code == code) {
            return w->counts[i].n;
        }
    }
    return 0;
}
