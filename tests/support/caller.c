/* SPDX-License-Identifier: Apache-2.0 */
#include "support/caller.h"

#include "support/cmocka_all.h"
#include "support/fields.h"

#define CALL_TIMEOUT_MS 60000

struct question {
    struct caller *c;
    const char *addr, *fields;
    int code;
    struct rkmq_slice body;
};

static void on_request(void *owner, const struct rkmq_request_in *req)
{
    struct caller *c = owner;
    c->n_pushed++;
    c->pushed_code = req->cmd->code;
}

static void open_now(void *arg)
{
    struct caller *c = arg;
    const struct rkmq_channel_config config = {.env = c->env,
                                               .handler = {.owner = c, .request = on_request},
                                               .format = RKMQ_HEADER_JSON,
                                               .version = RKMQ_VERSION_V5_3_3};
    assert_int_equal(rkmq__remoting_client_create(&c->client, &config), RKMQ_OK);
}

void caller_open(struct caller *c, struct rkmq_runtime *rt, const char *host)
{
    *c = (struct caller){.rt = rt, .env = rt->ops->host(rt, host)};
    assert_non_null(c->env);
    rt->ops->call(rt, open_now, c);
}

static void close_now(void *arg)
{
    struct caller *c = arg;
    rkmq__remoting_client_destroy(c->client);
    c->client = NULL;
}

void caller_close(struct caller *c)
{
    c->rt->ops->call(c->rt, close_now, c);
}

/* ---- asking ---- */

static void on_answer(void *user, int status, const struct rkmq_command *answer,
                      const struct rkmq_err *err)
{
    struct caller *c = user;
    struct caller_answer *out = c->out;
    (void)err;
    *out = (struct caller_answer){.status = status};
    if (status == RKMQ_OK) {
        out->code = answer->code;
        test_fields_write(answer, out->fields, sizeof out->fields);
        (void)snprintf(out->remark, sizeof out->remark, "%.*s", (int)answer->remark.n,
                       answer->remark.n ? (const char *)answer->remark.p : "");
        out->body_bytes = answer->body.n < sizeof out->body ? answer->body.n : sizeof out->body;
        if (out->body_bytes > 0) {
            memcpy(out->body, answer->body.p, out->body_bytes);
        }
    }
    c->is_answered = true;
}

static void ask_now(void *arg)
{
    struct question *q = arg;
    struct rkmq_fields fields = {0};
    fields.n = test_fields_read(q->fields, fields.at);
    struct rkmq_message_out out = {.code = q->code, .fields = q->fields ? &fields : NULL};
    if (q->body.n > 0) {
        out.take_body = rkmq_buf_copy(q->c->env->mem, q->body);
        assert_non_null(out.take_body);
    }
    assert_int_equal(
        rkmq__remoting_client_call(q->c->client, q->addr, &out, CALL_TIMEOUT_MS, on_answer, q->c),
        RKMQ_OK);
}

void caller_begin(struct caller *c, const char *addr, int code, const char *fields,
                  struct rkmq_slice body, struct caller_answer *out)
{
    struct question q = {.c = c, .addr = addr, .fields = fields, .code = code, .body = body};
    c->out = out;
    c->is_answered = false;
    c->rt->ops->call(c->rt, ask_now, &q);
}

static bool is_answered(void *arg)
{
    const struct caller *c = arg;
    return c->is_answered;
}

struct look {
    const struct caller *c;
    bool is_answered;
};

static void look_now(void *arg)
{
    struct look *look = arg;
    look->is_answered = look->c->is_answered;
}

bool caller_is_answered(struct caller *c)
{
    struct look look = {.c = c};
    c->rt->ops->call(c->rt, look_now, &look);
    return look.is_answered;
}

void caller_end(struct caller *c)
{
    assert_int_equal(c->rt->ops->await(c->rt, is_answered, c, CALL_TIMEOUT_MS + 1000), RKMQ_OK);
}

void caller_ask(struct caller *c, const char *addr, int code, const char *fields,
                struct rkmq_slice body, struct caller_answer *out)
{
    caller_begin(c, addr, code, fields, body, out);
    caller_end(c);
}
