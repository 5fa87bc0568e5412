/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decode_body.h"

#include <rkmq/message.h>

#include "cli/text.h"
#include "remoting/protocol/codes.h"
#include "remoting/protocol/header.h"

#define HEX_BYTES 32 /* shown of a body that is no text */

enum body_kind { BODY_NONE, BODY_RECORDS, BODY_BATCH, BODY_MESSAGE, BODY_OTHER };

/* Pull answers, and whatever else carries stored messages: known by the first record's magic. */
static bool is_records(struct rkmq_slice body)
{
    if (body.n < RKMQ_RECORD_BYTES_MIN || rkmq_get_be32(body.p) > body.n) {
        return false;
    }
    uint32_t magic = rkmq_get_be32(body.p + 4);
    return magic == RKMQ_RECORD_MAGIC_V1 || magic == RKMQ_RECORD_MAGIC_V2;
}

/* `sys_flag` of a message that is sent. */
static enum body_kind kind_of(const struct rkmq_command *cmd, int32_t *sys_flag)
{
    struct rkmq_send_message_request header;
    *sys_flag = 0;
    if (cmd->body.n == 0) {
        return BODY_NONE;
    }
    if (is_records(cmd->body)) {
        return BODY_RECORDS;
    }
    if ((cmd->flags & RKMQ_FLAG_RESPONSE) == 0 &&
        (cmd->code == RKMQ_REQ_SEND_MESSAGE || cmd->code == RKMQ_REQ_SEND_MESSAGE_V2 ||
         cmd->code == RKMQ_REQ_SEND_BATCH_MESSAGE) &&
        rkmq__header_read(&rkmq__send_message_request_class, cmd, &header, NULL) == RKMQ_OK) {
        *sys_flag = header.sys_flag;
        return header.has_is_batch && header.is_batch ? BODY_BATCH : BODY_MESSAGE;
    }
    return BODY_OTHER;
}

/* What the application sees: decompressed, or as it stands when that fails. `*holder` keeps it. */
static struct rkmq_slice plain_body(const struct rkmq_mem *mem, struct rkmq_slice body,
                                    int32_t sys_flag, struct rkmq_buf **holder)
{
    *holder = NULL;
    if ((sys_flag & RKMQ_SYS_COMPRESSED) == 0 ||
        rkmq_body_decompress(body, sys_flag, mem, holder, NULL) != RKMQ_OK) {
        return body;
    }
    return rkmq__slice((*holder)->p, (*holder)->n);
}

static void add_message_body(struct decode_output *out, struct rkmq_slice body, int32_t sys_flag,
                             size_t chars_max)
{
    struct rkmq_buf *holder;
    struct rkmq_slice plain = plain_body(out->mem, body, sys_flag, &holder);
    rkmq__bytes_printf(&out->line, "%zu bytes", body.n);
    if (holder) {
        rkmq__bytes_printf(&out->line, " (%zu decompressed)", plain.n);
    } else if (sys_flag & RKMQ_SYS_COMPRESSED) {
        rkmq__bytes_add_text(&out->line, " (cannot be decompressed)");
    }
    if (rkmq__text_is_utf8(plain)) {
        rkmq__bytes_add_text(&out->line, " \"");
        rkmq__text_show(&out->line, plain, chars_max);
        rkmq__bytes_add_text(&out->line, "\"");
    } else {
        rkmq__bytes_add_text(&out->line, " hex ");
        cli_text_add_hex(&out->line, plain, chars_max ? HEX_BYTES : 0);
    }
    rkmq__bytes_add_text(&out->line, "\n");
    rkmq_buf_free(holder);
}

void decode_add_properties(struct rkmq_bytes *line, struct rkmq_slice properties)
{
    struct rkmq_slice name, value;
    const char *before = "{";
    while (rkmq_property_next(&properties, &name, &value) == RKMQ_OK) {
        rkmq__bytes_add_text(line, before);
        rkmq__text_show(line, name, 0);
        rkmq__bytes_add_text(line, "=");
        rkmq__text_show(line, value, 0);
        before = " ";
    }
    rkmq__bytes_add_text(line, *before == '{' ? "{}" : "}");
}

static void add_records(struct decode_output *out, struct rkmq_slice body, const char *indent,
                        size_t chars_max)
{
    struct rkmq_record r;
    struct rkmq_err err = {0};
    int status;
    while ((status = rkmq_record_next(&body, &r, &err)) == RKMQ_OK) {
        rkmq__bytes_printf(&out->line, "%squeue %d offset %lld at %lld  ", indent, r.queue_id,
                           (long long)r.queue_offset, (long long)r.commit_log_offset);
        rkmq__text_show(&out->line, r.topic, 0);
        rkmq__bytes_add_text(&out->line, " ");
        decode_add_properties(&out->line, r.properties);
        if (r.reconsume_times > 0) {
            rkmq__bytes_printf(&out->line, "  reconsumed %d times", r.reconsume_times);
        }
        rkmq__bytes_add_text(&out->line, "  ");
        add_message_body(out, r.body, r.sys_flag, chars_max);
    }
    if (status != RKMQ_E_MORE) {
        rkmq__bytes_printf(&out->line, "%sbroken record: %s\n", indent, err.text);
        out->n_errors++;
    }
}

static void add_batch(struct decode_output *out, struct rkmq_slice body, const char *indent,
                      size_t chars_max)
{
    struct rkmq_batch_item item;
    struct rkmq_err err = {0};
    int status;
    while ((status = rkmq_batch_item_next(&body, &item, &err)) == RKMQ_OK) {
        rkmq__bytes_add_text(&out->line, indent);
        decode_add_properties(&out->line, item.properties);
        rkmq__bytes_add_text(&out->line, "  ");
        add_message_body(out, item.body, 0, chars_max);
    }
    if (status != RKMQ_E_MORE) {
        rkmq__bytes_printf(&out->line, "%sbroken batch: %s\n", indent, err.text);
        out->n_errors++;
    }
}

void decode_add_body(struct decode_output *out, const struct decode_frame *frame,
                     const char *indent, size_t chars_max)
{
    struct rkmq_slice body = frame->cmd->body;
    int32_t sys_flag;
    switch (kind_of(frame->cmd, &sys_flag)) {
    case BODY_NONE:
        break;
    case BODY_RECORDS:
        add_records(out, body, indent, chars_max);
        break;
    case BODY_BATCH:
        add_batch(out, body, indent, chars_max);
        break;
    case BODY_MESSAGE:
        rkmq__bytes_add_text(&out->line, indent);
        add_message_body(out, body, sys_flag, chars_max);
        break;
    case BODY_OTHER:
        rkmq__bytes_add_text(&out->line, indent);
        if (rkmq__text_is_utf8(body)) {
            rkmq__text_show(&out->line, body, chars_max);
        } else {
            cli_text_add_hex(&out->line, body, chars_max ? HEX_BYTES : 0);
        }
        rkmq__bytes_add_text(&out->line, "\n");
    }
}

/* ---- JSON ---- */

static void json_message(struct decode_output *out, struct rkmq_json_writer *w,
                         struct rkmq_slice body, int32_t sys_flag)
{
    struct rkmq_buf *holder;
    cli_text_add_json(w, "body", plain_body(out->mem, body, sys_flag, &holder));
    rkmq_buf_free(holder);
}

static void json_properties(struct rkmq_json_writer *w, struct rkmq_slice properties)
{
    struct rkmq_slice name, value;
    rkmq__json_key(w, "properties");
    rkmq__json_object(w);
    while (rkmq_property_next(&properties, &name, &value) == RKMQ_OK) {
        rkmq__json_key_slice(w, name);
        rkmq__json_put_text(w, value);
    }
    rkmq__json_object_end(w);
}

static void json_host(struct rkmq_json_writer *w, const char *name, const struct rkmq_host *host)
{
    char text[64];
    rkmq_host_write(host, text);
    rkmq__json_add_text(w, name, rkmq__slice_of(text));
}

static void json_records(struct decode_output *out, struct rkmq_json_writer *w,
                         struct rkmq_slice body)
{
    struct rkmq_record r;
    int status;
    rkmq__json_key(w, "records");
    rkmq__json_array(w);
    while ((status = rkmq_record_next(&body, &r, NULL)) == RKMQ_OK) {
        rkmq__json_object(w);
        cli_text_add_json(w, "topic", r.topic);
        rkmq__json_add_i64(w, "queueId", r.queue_id);
        rkmq__json_add_i64(w, "queueOffset", r.queue_offset);
        rkmq__json_add_i64(w, "commitLogOffset", r.commit_log_offset);
        rkmq__json_add_i64(w, "sysFlag", r.sys_flag);
        rkmq__json_add_i64(w, "flag", r.flag);
        rkmq__json_add_i64(w, "bornTimestamp", r.born_ms);
        rkmq__json_add_i64(w, "storeTimestamp", r.store_ms);
        json_host(w, "bornHost", &r.born_host);
        json_host(w, "storeHost", &r.store_host);
        rkmq__json_add_i64(w, "reconsumeTimes", r.reconsume_times);
        json_properties(w, r.properties);
        json_message(out, w, r.body, r.sys_flag);
        rkmq__json_object_end(w);
    }
    rkmq__json_array_end(w);
    if (status != RKMQ_E_MORE) {
        rkmq__json_add_bool(w, "isBroken", true);
        out->n_errors++;
    }
}

static void json_batch(struct decode_output *out, struct rkmq_json_writer *w,
                       struct rkmq_slice body)
{
    struct rkmq_batch_item item;
    int status;
    rkmq__json_key(w, "batch");
    rkmq__json_array(w);
    while ((status = rkmq_batch_item_next(&body, &item, NULL)) == RKMQ_OK) {
        rkmq__json_object(w);
        rkmq__json_add_i64(w, "flag", item.flag);
        json_properties(w, item.properties);
        json_message(out, w, item.body, 0);
        rkmq__json_object_end(w);
    }
    rkmq__json_array_end(w);
    if (status != RKMQ_E_MORE) {
        rkmq__json_add_bool(w, "isBroken", true);
        out->n_errors++;
    }
}

void decode_add_body_json(struct decode_output *out, const struct decode_frame *frame,
                          struct rkmq_json_writer *w)
{
    struct rkmq_slice body = frame->cmd->body;
    int32_t sys_flag;
    enum body_kind kind = kind_of(frame->cmd, &sys_flag);
    rkmq__json_add_i64(w, "bodyBytes", (int64_t)body.n);
    if (kind == BODY_RECORDS) {
        json_records(out, w, body);
    } else if (kind == BODY_BATCH) {
        json_batch(out, w, body);
    } else if (kind != BODY_NONE) {
        json_message(out, w, body, sys_flag);
    }
}
