/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames as people read them:
 *
 *     2.686366 c1 ns -> GET_ROUTEINFO_BY_TOPIC 105  #22  JAVA V5_3_3
 *              topic=TopicTest
 *     2.689520 c1 ns <- SUCCESS 0 to GET_ROUTEINFO_BY_TOPIC  #22
 *              {"brokerDatas":[...
 */
#include <stdarg.h>

#include "cli/decode.h"
#include "cli/decode_body.h"
#include "cli/text.h"
#include "remoting/protocol/codes.h"
#include "remoting/protocol/header.h"

#define INDENT "             "
#define VALUE_CHARS 300 /* shown of one value without --full */

void decode_output_init(struct decode_output *out, const struct rkmq_mem *mem)
{
    *out = (struct decode_output){.mem = mem};
    rkmq__bytes_init(&out->line, mem);
}

void decode_output_close(struct decode_output *out)
{
    rkmq__bytes_close(&out->line);
}

static void flush(struct decode_output *out)
{
    if (out->line.is_failed) {
        fprintf(stderr, "rkmq: decode: %s\n", rkmq_status_text(RKMQ_E_NOMEM));
        out->n_errors++;
        out->line.is_failed = false;
    }
    (void)fwrite(out->line.p, 1, out->line.n, stdout); /* checked once, at the end */
    rkmq__bytes_clear(&out->line);
}

void decode_error(struct decode_output *out, const struct decode_place *place, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    struct rkmq_bytes safe;
    rkmq__bytes_init(&safe, out->mem);
    rkmq__text_show(&safe, rkmq__slice_of(why), 0);
    (void)fflush(stdout); /* so that the two streams stand in order on a terminal */
    fprintf(stderr, "rkmq: decode: %s%s%llu: %.*s\n", place->file, place->separator,
            (unsigned long long)place->n, (int)safe.n, safe.p ? (const char *)safe.p : "");
    rkmq__bytes_close(&safe);
    out->n_errors++;
}

void decode_print_note(struct decode_output *out, int64_t t_us, uint64_t conn,
                       struct rkmq_slice text)
{
    if (out->is_json) {
        struct rkmq_json_writer w;
        rkmq__json_begin(&w, &out->line);
        rkmq__json_object(&w);
        rkmq__json_add_i64(&w, "t_us", t_us);
        if (conn != 0) {
            rkmq__json_add_i64(&w, "conn", (int64_t)conn);
        }
        cli_text_add_json(&w, "note", text);
        rkmq__json_object_end(&w);
    } else {
        rkmq__bytes_printf(&out->line, "%5lld.%06lld ", (long long)(t_us / 1000000),
                           (long long)(t_us % 1000000));
        if (conn != 0) {
            rkmq__bytes_printf(&out->line, "c%llu ", (unsigned long long)conn);
        }
        rkmq__bytes_add_text(&out->line, "-- ");
        rkmq__text_show(&out->line, text, out->is_full ? 0 : VALUE_CHARS);
    }
    rkmq__bytes_add_text(&out->line, "\n");
    flush(out);
}

static bool is_answer(const struct decode_frame *frame)
{
    return (frame->cmd->flags & RKMQ_FLAG_RESPONSE) != 0;
}

static const char *code_name(const struct decode_frame *frame)
{
    const char *name = is_answer(frame) ? rkmq_response_code_name(frame->cmd->code)
                                        : rkmq_request_code_name(frame->cmd->code);
    return name ? name : "UNKNOWN_CODE";
}

static const char *asked_name(const struct decode_frame *frame)
{
    const char *name =
        frame->request_code >= 0 ? rkmq_request_code_name(frame->request_code) : NULL;
    return name ? name : "a request not seen";
}

/* The long spelling of SEND_MESSAGE_V2's one-letter fields. */
static struct rkmq_slice long_name(const struct decode_frame *frame, struct rkmq_slice key)
{
    int code = frame->cmd->code;
    if (!is_answer(frame) &&
        (code == RKMQ_REQ_SEND_MESSAGE_V2 || code == RKMQ_REQ_SEND_BATCH_MESSAGE)) {
        size_t n = 0;
        const struct rkmq_header_field *f = rkmq__send_message_request_class.fields(&n);
        for (; n > 0; n--, f++) {
            if (f->name_short && rkmq__slice_is(key, f->name_short)) {
                return rkmq__slice_of(f->name);
            }
        }
    }
    return key;
}

static void add_fields(struct decode_output *out, const struct decode_frame *frame)
{
    const struct rkmq_command *cmd = frame->cmd;
    if (cmd->n_fields == 0) {
        return;
    }
    rkmq__bytes_add_text(&out->line, INDENT);
    for (size_t i = 0; i < cmd->n_fields; i++) {
        struct rkmq_slice name = long_name(frame, cmd->fields[i].key);
        rkmq__bytes_add_text(&out->line, i > 0 ? "  " : "");
        rkmq__text_show(&out->line, name, 0);
        rkmq__bytes_add_text(&out->line, "=");
        if (rkmq__slice_is(name, "properties")) {
            decode_add_properties(&out->line, cmd->fields[i].value);
        } else {
            rkmq__text_show(&out->line, cmd->fields[i].value, out->is_full ? 0 : VALUE_CHARS);
        }
    }
    rkmq__bytes_add_text(&out->line, "\n");
}

static void print_text(struct decode_output *out, const struct decode_frame *frame)
{
    const struct rkmq_command *cmd = frame->cmd;
    struct rkmq_bytes *line = &out->line;
    rkmq__bytes_printf(line, "%5lld.%06lld c%llu%s%s %s ", (long long)(frame->t_us / 1000000),
                       (long long)(frame->t_us % 1000000), (unsigned long long)frame->conn,
                       frame->link[0] ? " " : "", frame->link, frame->is_from_client ? "->" : "<-");
    rkmq__bytes_printf(line, "%s %d", code_name(frame), cmd->code);
    if (is_answer(frame)) {
        rkmq__bytes_printf(line, " to %s", asked_name(frame));
    }
    rkmq__bytes_printf(line, "  #%d%s", cmd->opaque,
                       cmd->flags & RKMQ_FLAG_ONEWAY ? "  oneway" : "");
    if (!is_answer(frame)) {
        const char *language = rkmq_language_name(cmd->language);
        rkmq__bytes_printf(line, "  %s %s", language ? language : "?",
                           rkmq_version_name(cmd->version));
    }
    rkmq__bytes_add_text(line, cmd->format == RKMQ_HEADER_BINARY ? "  binary" : "");
    if (cmd->remark.n > 0) {
        rkmq__bytes_add_text(line, "  \"");
        rkmq__text_show(line, cmd->remark, out->is_full ? 0 : VALUE_CHARS);
        rkmq__bytes_add_text(line, "\"");
    }
    rkmq__bytes_add_text(line, "\n");
    add_fields(out, frame);
    decode_add_body(out, frame, INDENT, out->is_full ? 0 : VALUE_CHARS);
}

static void print_json(struct decode_output *out, const struct decode_frame *frame)
{
    const struct rkmq_command *cmd = frame->cmd;
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, &out->line);
    rkmq__json_object(&w);
    rkmq__json_add_i64(&w, "t_us", frame->t_us);
    rkmq__json_add_i64(&w, "conn", (int64_t)frame->conn);
    if (frame->link[0]) {
        rkmq__json_add_text(&w, "link", rkmq__slice_of(frame->link));
    }
    rkmq__json_add_text(&w, "dir", rkmq__slice_of(frame->is_from_client ? "c2s" : "s2c"));
    rkmq__json_add_text(&w, "kind",
                        rkmq__slice_of(is_answer(frame)                ? "answer"
                                       : cmd->flags & RKMQ_FLAG_ONEWAY ? "oneway"
                                                                       : "request"));
    rkmq__json_add_i64(&w, "code", cmd->code);
    rkmq__json_add_text(&w, "name", rkmq__slice_of(code_name(frame)));
    if (is_answer(frame) && frame->request_code >= 0) {
        rkmq__json_add_i64(&w, "to", frame->request_code);
        rkmq__json_add_text(&w, "toName", rkmq__slice_of(asked_name(frame)));
    }
    rkmq__json_add_i64(&w, "opaque", cmd->opaque);
    rkmq__json_add_text(&w, "serialize",
                        rkmq__slice_of(cmd->format == RKMQ_HEADER_BINARY ? "ROCKETMQ" : "JSON"));
    rkmq__json_add_text(&w, "language", rkmq__slice_of(rkmq_language_name(cmd->language)));
    rkmq__json_add_i64(&w, "version", cmd->version);
    if (cmd->remark.n > 0) {
        cli_text_add_json(&w, "remark", cmd->remark);
    }
    rkmq__json_key(&w, "fields");
    rkmq__json_object(&w);
    for (size_t i = 0; i < cmd->n_fields; i++) {
        rkmq__json_key_slice(&w, long_name(frame, cmd->fields[i].key));
        rkmq__json_put_text(&w, cmd->fields[i].value);
    }
    rkmq__json_object_end(&w);
    decode_add_body_json(out, frame, &w);
    rkmq__json_object_end(&w);
    rkmq__bytes_add_text(&out->line, "\n");
}

void decode_print_frame(struct decode_output *out, const struct decode_frame *frame)
{
    if (out->is_json) {
        print_json(out, frame);
    } else {
        print_text(out, frame);
    }
    out->n_frames++;
    flush(out);
}
