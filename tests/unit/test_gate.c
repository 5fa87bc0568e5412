/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/protocol/codes.h"
#include "remoting/rpc/server.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define ADDR "127.0.0.1:10911"
#define LISTENER 1 /* the first connection of a recording env */

enum rule { PASS, DROP, KEEP, CLOSE };

/* A server whose gate follows one rule for requests and one for answers. */
struct rig {
    struct test_mem tm;
    struct record_env re;
    struct rkmq_channel_config config;
    struct rkmq_remoting_server *server;
    enum rule rules[2]; /* [is_outgoing] */
    struct rkmq_buf *kept;
    struct rkmq_channel *channel;
    unsigned n_requests, n_noted[2], n_closed;
};

static bool rig_gate(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                     const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct rig *rig = owner;
    assert_int_equal((cmd->flags & RKMQ_FLAG_RESPONSE) != 0, is_outgoing);
    rig->channel = ch;
    switch (rig->rules[is_outgoing]) {
    case PASS:
        return true;
    case DROP:
        return false;
    case KEEP:
        rig->kept = rkmq__buf_chain_view(frame);
        assert_non_null(rig->kept);
        return false;
    case CLOSE:
        rkmq__channel_reset(ch, "by rule");
        return false;
    }
    return true;
}

static void rig_request(void *owner, const struct rkmq_request_in *req)
{
    struct rig *rig = owner;
    struct rkmq_message_out out = {.code = RKMQ_RES_SUCCESS,
                                   .take_body = rkmq_buf_copy(&rig->tm.mem, rkmq__slice("ab", 2))};
    rig->n_requests++;
    (void)rkmq__channel_answer(req->channel, req->cmd->opaque, req->cmd->format, &out);
}

static void rig_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                      const struct rkmq_command *cmd, size_t body_bytes)
{
    struct rig *rig = owner;
    (void)ch;
    (void)cmd;
    assert_int_equal(body_bytes, is_outgoing ? 2 : 0);
    rig->n_noted[is_outgoing]++;
}

static void rig_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rig *rig = owner;
    (void)ch;
    assert_string_equal(why, rig->server ? "by rule" : "server stopped");
    rig->n_closed++;
}

static int rig_setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    test_mem_init(&rig->tm);
    record_env_init(&rig->re, &rig->tm.mem);
    rig->config = (struct rkmq_channel_config){.env = &rig->re.env,
                                               .handler = {.owner = rig,
                                                           .request = rig_request,
                                                           .closed = rig_closed,
                                                           .frame = rig_frame,
                                                           .gate = rig_gate},
                                               .version = RKMQ_VERSION_V5_3_3};
    assert_int_equal(rkmq__remoting_server_create(&rig->server, &rig->config, ADDR, NULL), RKMQ_OK);
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    struct rkmq_remoting_server *server = rig->server;
    rig->server = NULL;
    rkmq__remoting_server_destroy(server);
    rkmq_buf_free(rig->kept);
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
    test_free(rig);
    return 0;
}

/* A client connects and asks. */
static rkmq_conn ask(struct rig *rig)
{
    struct rkmq_command cmd = {.code = RKMQ_REQ_PULL_MESSAGE, .opaque = 7, .version = 399};
    struct rkmq_buf *buf;
    rkmq_conn c = record_env_accept(&rig->re, LISTENER, "127.0.0.1:40000");
    assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &buf), RKMQ_OK);
    record_env_hand_in(&rig->re, c, rkmq__slice(buf->p, buf->n));
    rkmq_buf_free(buf);
    return c;
}

static size_t n_sent(struct rig *rig, rkmq_conn c)
{
    struct rkmq_buf *sent = record_env_take_sent(&rig->re, c);
    size_t n = rkmq_buf_chain_bytes(sent);
    rkmq_buf_free(sent);
    return n;
}

/* A gate that lets everything pass changes nothing: asked, noted, answered. */
static void test_pass(void **state)
{
    struct rig *rig = *state;
    rkmq_conn c = ask(rig);
    assert_int_equal(rig->n_requests, 1);
    assert_int_equal(rig->n_noted[0], 1);
    assert_int_equal(rig->n_noted[1], 1);
    assert_true(n_sent(rig, c) > 0);
}

/* A dropped request is neither noted nor handled; a kept one is both once it is delivered. */
static void test_request(void **state)
{
    struct rig *rig = *state;
    rig->rules[0] = DROP;
    assert_int_equal(n_sent(rig, ask(rig)), 0);
    rig->rules[0] = KEEP;
    rkmq_conn c = ask(rig);
    assert_int_equal(rig->n_requests, 0);
    assert_int_equal(rig->n_noted[0], 0);

    struct rkmq_buf *frame = rig->kept;
    rig->kept = NULL;
    assert_int_equal(rkmq__channel_deliver(rig->channel, frame), RKMQ_OK);
    assert_int_equal(rig->n_requests, 1);
    assert_int_equal(rig->n_noted[0], 1);
    assert_true(n_sent(rig, c) > 0);
}

/* An answer that is dropped or kept looks sent to the handler; a kept one goes out when it is let
 * go, the same bytes. */
static void test_answer(void **state)
{
    struct rig *rig = *state;
    size_t n_bytes = n_sent(rig, ask(rig));
    rig->rules[1] = DROP;
    assert_int_equal(n_sent(rig, ask(rig)), 0);
    rig->rules[1] = KEEP;
    rkmq_conn c = ask(rig);
    assert_int_equal(n_sent(rig, c), 0);
    assert_int_equal(rig->n_requests, 3);
    assert_int_equal(rig->n_noted[1], 1);

    struct rkmq_buf *frame = rig->kept;
    rig->kept = NULL;
    assert_int_equal(rkmq__channel_send(rig->channel, frame), RKMQ_OK);
    assert_int_equal(n_sent(rig, c), n_bytes);
    assert_int_equal(rig->n_noted[1], 2);
    assert_int_equal(
        rkmq__channel_send_bytes(rig->channel, rkmq_buf_copy(&rig->tm.mem, rkmq__slice("x", 1))),
        RKMQ_OK);
    assert_int_equal(n_sent(rig, c), 1);
    assert_int_equal(rig->n_noted[1], 2);
}

/* A gate may reset the connection while it looks at a request or at an answer; what it kept then
 * goes nowhere. */
static void test_close(void **state)
{
    struct rig *rig = *state;
    for (int is_outgoing = 0; is_outgoing < 2; is_outgoing++) {
        rig->rules[0] = rig->rules[1] = PASS;
        rig->rules[is_outgoing] = CLOSE;
        assert_int_equal(n_sent(rig, ask(rig)), 0);
        assert_int_equal(rkmq__channel_deliver(rig->channel, rkmq_buf_create(&rig->tm.mem, 8)),
                         RKMQ_E_CLOSED);
        assert_int_equal(rkmq__channel_send(rig->channel, rkmq_buf_create(&rig->tm.mem, 8)),
                         RKMQ_E_CLOSED);
        assert_int_equal(rkmq__channel_send_bytes(rig->channel, rkmq_buf_create(&rig->tm.mem, 8)),
                         RKMQ_E_CLOSED);
        record_env_advance(&rig->re, 1);
        assert_int_equal(rig->n_closed, is_outgoing + 1);
    }
    assert_int_equal(rig->n_requests, 1);
}

static bool keep_and_deliver(struct rig *rig)
{
    struct rkmq_buf *frame = rig->kept;
    rig->kept = NULL;
    return rkmq__channel_deliver(rig->channel, frame) == RKMQ_OK;
}

/* When memory is out, a kept frame is lost, said so, and nothing leaks. */
static void test_out_of_memory(void **state)
{
    struct rig *rig = *state;
    bool is_delivered = false;
    for (long n = 0; !is_delivered; n++) {
        rig->rules[0] = KEEP;
        rkmq_conn c = ask(rig);
        rig->tm.n_calls = 0;
        rig->tm.fail_at = n;
        is_delivered = keep_and_deliver(rig);
        rig->tm.fail_at = -1;
        (void)n_sent(rig, c);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pass, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_request, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_answer, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_close, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
