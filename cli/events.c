/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <rkmq/remoting.h>

#include "cli/cli.h"
#include "remoting/codec/json.h"

static const char *const kind_names[] = {
    [RKMQ_MOCK_OPENED] = "open",
    [RKMQ_MOCK_CLOSED] = "close",
    [RKMQ_MOCK_REQUEST] = "req",
    [RKMQ_MOCK_ANSWER] = "resp",
    [RKMQ_MOCK_PUSH] = "push",
    [RKMQ_MOCK_PUSH_ANSWER] = "push-resp",
    [RKMQ_MOCK_FAULT] = "fault",
    [RKMQ_MOCK_MEMBER_JOIN] = "member-join",
    [RKMQ_MOCK_MEMBER_LEAVE] = "member-leave",
    [RKMQ_MOCK_MEMBER_EXPIRE] = "member-expire",
    [RKMQ_MOCK_ROUTE] = "route-publish",
};

int cli_events_open(struct cli_events *events, const char *path)
{
    *events = (struct cli_events){.file = fopen(path, "we")};
    if (!events->file) {
        (void)cli_error(path, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    rkmq__bytes_init(&events->line, rkmq_mem_heap());
    return RKMQ_OK;
}

int cli_events_close(struct cli_events *events)
{
    if (!events->file) {
        return RKMQ_OK;
    }
    bool is_broken = fclose(events->file) != 0 || events->is_broken;
    rkmq__bytes_close(&events->line);
    *events = (struct cli_events){0};
    if (is_broken) {
        (void)cli_error("events", "some lines could not be written");
    }
    return is_broken ? RKMQ_E_IO : RKMQ_OK;
}

static void add_text(struct rkmq_json_writer *w, const char *name, const char *text)
{
    if (text && *text) {
        rkmq__json_add_text(w, name, rkmq__slice_of(text));
    }
}

static void add_slice(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text)
{
    if (text.n > 0) {
        rkmq__json_add_text(w, name, text);
    }
}

static void add_command(struct rkmq_json_writer *w, const struct rkmq_mock_event *event)
{
    const struct rkmq_command *cmd = event->cmd;
    rkmq__json_add_i64(w, "code", event->request_code);
    add_text(w, "name", rkmq_request_code_name(event->request_code));
    if (cmd->flags & RKMQ_FLAG_RESPONSE) {
        rkmq__json_add_i64(w, "result", cmd->code);
        add_text(w, "resultName", rkmq_response_code_name(cmd->code));
    } else if (cmd->flags & RKMQ_FLAG_ONEWAY) {
        rkmq__json_add_bool(w, "oneway", true);
    }
    rkmq__json_add_i64(w, "opaque", cmd->opaque);
    add_text(w, "language", rkmq_language_name(cmd->language));
    rkmq__json_add_i64(w, "version", cmd->version);
    if (cmd->remark.n > 0) {
        rkmq__json_add_text(w, "remark", cmd->remark);
    }
    if (cmd->has_fields || cmd->n_fields > 0) {
        rkmq__json_key(w, "fields");
        rkmq__json_object(w);
        for (size_t i = 0; i < cmd->n_fields; i++) {
            rkmq__json_key_slice(w, cmd->fields[i].key);
            rkmq__json_put_text(w, cmd->fields[i].value);
        }
        rkmq__json_object_end(w);
    }
    rkmq__json_add_i64(w, "bodyBytes", (int64_t)event->body_bytes);
}

void cli_events_write(void *user, const struct rkmq_mock_event *event)
{
    struct cli_events *events = user;
    struct rkmq_json_writer w;
    rkmq__bytes_clear(&events->line);
    rkmq__json_begin(&w, &events->line);
    rkmq__json_object(&w);
    rkmq__json_add_text(&w, "ev", rkmq__slice_of(kind_names[event->kind]));
    rkmq__json_add_i64(&w, "t", event->now);
    rkmq__json_add_i64(&w, "wall", event->wall);
    add_text(&w, "server", event->server);
    rkmq__json_add_i64(&w, "conn", (int64_t)event->connection);
    add_text(&w, "peer", event->peer);
    add_text(&w, "client", event->client_id);
    if (event->cmd) {
        add_command(&w, event);
    }
    add_slice(&w, "group", event->group);
    if (event->kind == RKMQ_MOCK_ROUTE) {
        add_slice(&w, "topic", event->topic);
        add_slice(&w, "broker", event->broker);
        rkmq__json_add_i64(&w, "queues", event->queues);
        rkmq__json_add_i64(&w, "perm", event->perm);
    }
    add_text(&w, "why", event->why);
    add_text(&w, "fault", event->fault);
    rkmq__json_object_end(&w);
    rkmq__bytes_add_text(&events->line, "\n");
    struct rkmq_slice line = rkmq__bytes_slice(&events->line);
    if (events->line.is_failed || fwrite(line.p, 1, line.n, events->file) != line.n ||
        fflush(events->file) != 0) {
        events->is_broken = true;
        rkmq__bytes_close(&events->line);
        rkmq__bytes_init(&events->line, rkmq_mem_heap());
    }
}
