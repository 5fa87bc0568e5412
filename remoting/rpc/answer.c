/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/answer.h"

#include <stdarg.h>

#include "remoting/protocol/codes.h"

void rkmq__answer(const struct rkmq_request_in *req, const struct rkmq_message_out *out)
{
    if (req->cmd->flags & RKMQ_FLAG_ONEWAY) {
        rkmq_buf_free(out->take_body);
        return;
    }
    (void)rkmq__channel_answer(req->channel, req->cmd->opaque, req->cmd->format, out); /* gone */
}

void rkmq__answer_ok(const struct rkmq_request_in *req, const struct rkmq_fields *fields)
{
    rkmq__answer(req, &(struct rkmq_message_out){.code = RKMQ_RES_SUCCESS, .fields = fields});
}

void rkmq__answer_body(const struct rkmq_request_in *req, const struct rkmq_mem *mem,
                       const struct rkmq_fields *fields, struct rkmq_bytes *body)
{
    struct rkmq_message_out out = {.code = RKMQ_RES_SUCCESS, .fields = fields};
    bool is_failed = body->is_failed;
    if (!is_failed && body->n > 0) {
        out.take_body = rkmq_buf_copy(mem, rkmq__bytes_slice(body));
        is_failed = out.take_body == NULL;
    }
    rkmq__bytes_close(body);
    if (is_failed) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "out of memory");
        return;
    }
    rkmq__answer(req, &out);
}

void rkmq__answer_error(const struct rkmq_request_in *req, int code,
                        const struct rkmq_fields *fields, const char *fmt, ...)
{
    char remark[RKMQ_REMARK_BYTES_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(remark, sizeof remark, fmt, args); /* a long value is cut */
    va_end(args);
    rkmq__answer(req, &(struct rkmq_message_out){
                          .code = code, .fields = fields, .remark = rkmq__slice_of(remark)});
}

void rkmq__answer_failed(const struct rkmq_request_in *req, int status, const struct rkmq_err *err)
{
    rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "%s",
                       err && err->text[0] ? err->text : rkmq_status_text(status));
}

bool rkmq__answer_unless_header(const struct rkmq_request_in *req,
                                const struct rkmq_header_class *cls, void *out)
{
    struct rkmq_err err;
    int status = rkmq__header_read(cls, req->cmd, out, &err);
    if (status != RKMQ_OK) {
        rkmq__answer_failed(req, status, &err);
    }
    return status == RKMQ_OK;
}
