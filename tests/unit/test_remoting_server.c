/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/server.h"

#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define ADDR "127.0.0.1:10911"

/* A server on a recording env, and a journal of all that was called back. */
struct rig {
    struct test_mem tm;
    struct record_env re;
    struct rkmq_channel_config config;
    struct rkmq_remoting_server *server;
    struct rkmq_bytes journal;
    void (*in_request)(struct rig *rig, const struct rkmq_request_in *req);
};

static void rig_opened(void *owner, struct rkmq_channel *ch)
{
    struct rig *rig = owner;
    rkmq__bytes_printf(&rig->journal, "opened %s\n", rkmq__channel_peer(ch));
}

static void rig_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    struct rig *rig = owner;
    rkmq__bytes_printf(&rig->journal, "closed %s: %s\n", rkmq__channel_peer(ch), why);
}

static void rig_request(void *owner, const struct rkmq_request_in *req)
{
    struct rig *rig = owner;
    rkmq__bytes_printf(&rig->journal, "request %d #%d from %s\n", req->cmd->code, req->cmd->opaque,
                       rkmq__channel_peer(req->channel));
    if (rig->in_request) {
        rig->in_request(rig, req);
    }
}

static void rig_answer(void *user, int status, const struct rkmq_command *answer,
                       const struct rkmq_err *err)
{
    struct rig *rig = user;
    rkmq__bytes_printf(&rig->journal, "%s %s\n", rkmq_status_name(status), answer ? "" : err->text);
}

static int rig_setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    test_mem_init(&rig->tm);
    record_env_init(&rig->re, &rig->tm.mem);
    rkmq__bytes_init(&rig->journal, &rig->tm.mem);
    rig->config = (struct rkmq_channel_config){.env = &rig->re.env,
                                               .handler = {.owner = rig,
                                                           .opened = rig_opened,
                                                           .closed = rig_closed,
                                                           .request = rig_request},
                                               .version = RKMQ_VERSION_V5_3_3};
    assert_int_equal(rkmq__remoting_server_create(&rig->server, &rig->config, ADDR, NULL), RKMQ_OK);
    *state = rig;
    return 0;
}

static void rig_stop(struct rig *rig)
{
    struct rkmq_remoting_server *server = rig->server;
    rig->server = NULL;
    rkmq__remoting_server_destroy(server);
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rig_stop(rig);
    rkmq__bytes_close(&rig->journal);
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
    test_free(rig);
    return 0;
}

static void expect(struct rig *rig, const char *lines)
{
    rkmq__bytes_add(&rig->journal, "", 1);
    assert_string_equal((const char *)rig->journal.p, lines);
    rkmq__bytes_clear(&rig->journal);
}

/* The listener is connection 1. */
static rkmq_conn accept_one(struct rig *rig, const char *peer)
{
    rkmq_conn c = record_env_accept(&rig->re, 1, peer);
    rkmq__bytes_clear(&rig->journal);
    return c;
}

static void hand_in_request(struct rig *rig, rkmq_conn c, int32_t opaque,
                            enum rkmq_header_format format)
{
    struct rkmq_command cmd = {
        .code = RKMQ_REQ_PULL_MESSAGE, .opaque = opaque, .format = format, .version = 399};
    struct rkmq_buf *buf;
    assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &buf), RKMQ_OK);
    record_env_hand_in(&rig->re, c, rkmq__slice(buf->p, buf->n));
    rkmq_buf_free(buf);
}

/* The one frame that was sent to `c`; destroy the decoder after looking. */
static struct rkmq_decoder *sent_to(struct rig *rig, rkmq_conn c, struct rkmq_command *cmd)
{
    struct rkmq_decoder *d;
    assert_int_equal(rkmq_decoder_create(&d, &rig->tm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    rkmq_decoder_feed(d, record_env_take_sent(&rig->re, c));
    assert_int_equal(rkmq_decoder_next(d, cmd, NULL), RKMQ_OK);
    return d;
}

static void answer_with_body(struct rig *rig, const struct rkmq_request_in *req)
{
    struct rkmq_fields fields = {.n = 0};
    rkmq__fields_add_i64(&fields, "nextBeginOffset", 7);
    struct rkmq_message_out out = {.code = RKMQ_RES_SUCCESS,
                                   .fields = &fields,
                                   .take_body = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("records"))};
    assert_int_equal(rkmq__channel_answer(req->channel, req->cmd->opaque, req->cmd->format, &out),
                     RKMQ_OK);
}

static void test_answer_formats(void **state)
{
    /* An answer has the request's opaque, the server's version, and the server's format, or the
     * request's where the server mirrors it as 4.9 does. */
    static const struct {
        bool is_mirrored;
        enum rkmq_header_format asked, answered;
    } rows[] = {{false, RKMQ_HEADER_JSON, RKMQ_HEADER_JSON},
                {false, RKMQ_HEADER_BINARY, RKMQ_HEADER_JSON},
                {true, RKMQ_HEADER_JSON, RKMQ_HEADER_JSON},
                {true, RKMQ_HEADER_BINARY, RKMQ_HEADER_BINARY}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rig *rig = *state;
        struct rkmq_command cmd;
        rig_stop(rig);
        rig->config.is_format_mirrored = rows[i].is_mirrored;
        assert_int_equal(rkmq__remoting_server_create(&rig->server, &rig->config, ADDR, NULL),
                         RKMQ_OK);
        rig->in_request = answer_with_body;
        rkmq_conn c = record_env_accept(&rig->re, rig->re.n_conns, "127.0.0.1:50000");
        hand_in_request(rig, c, -7, rows[i].asked);
        struct rkmq_decoder *d = sent_to(rig, c, &cmd);
        assert_int_equal(cmd.format, rows[i].answered);
        assert_int_equal(cmd.opaque, -7);
        assert_int_equal(cmd.flags, RKMQ_FLAG_RESPONSE);
        assert_int_equal(cmd.version, RKMQ_VERSION_V5_3_3);
        assert_true(rkmq__slice_is(rkmq_command_field(&cmd, "nextBeginOffset")->value, "7"));
        assert_true(rkmq__slice_is(cmd.body, "records"));
        rkmq_decoder_destroy(d);
    }
}

static void test_answer_later(void **state)
{
    /* A held request is answered by its channel's id; after the close the id finds nothing. */
    struct rig *rig = *state;
    rkmq_conn c = accept_one(rig, "127.0.0.1:50000");
    struct rkmq_message_out out = {.code = RKMQ_RES_PULL_NOT_FOUND};
    struct rkmq_command cmd;
    hand_in_request(rig, c, 3, RKMQ_HEADER_JSON);
    expect(rig, "request 11 #3 from 127.0.0.1:50000\n");
    size_t cursor = 0;
    uint64_t id = rkmq__channel_id(rkmq__remoting_server_next(rig->server, &cursor));
    struct rkmq_channel *ch = rkmq__remoting_server_channel(rig->server, id);
    assert_int_equal(rkmq__channel_answer(ch, 3, RKMQ_HEADER_JSON, &out), RKMQ_OK);
    rkmq_decoder_destroy(sent_to(rig, c, &cmd));
    assert_int_equal(cmd.code, RKMQ_RES_PULL_NOT_FOUND);
    rkmq__channel_reset(ch, "thrown out");
    assert_null(rkmq__remoting_server_channel(rig->server, id));
    out.take_body = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("x"));
    assert_int_equal(rkmq__channel_answer(ch, 3, RKMQ_HEADER_JSON, &out), RKMQ_E_CLOSED);
    assert_true(record_env_conn(&rig->re, c)->is_reset_by_core);
    expect(rig, "");
    record_env_advance(&rig->re, 0);
    expect(rig, "closed 127.0.0.1:50000: thrown out\n");
}

static void test_walk(void **state)
{
    /* Channels are walked in the order they came, also while they are closed on the way. */
    struct rig *rig = *state;
    rkmq_conn first = accept_one(rig, "a:1");
    (void)accept_one(rig, "b:2");
    (void)accept_one(rig, "c:3");
    record_env_hang_up(&rig->re, first, "gone");
    (void)accept_one(rig, "d:4");
    static const char *const order[] = {"b:2", "c:3", "d:4"};
    struct rkmq_channel *ch;
    size_t cursor = 0, n = 0;
    assert_int_equal(rkmq__remoting_server_channel_count(rig->server), 3);
    while ((ch = rkmq__remoting_server_next(rig->server, &cursor))) {
        assert_string_equal(rkmq__channel_peer(ch), order[n++]);
        rkmq__channel_close(ch, "walked");
    }
    assert_int_equal(n, 3);
    assert_int_equal(rkmq__remoting_server_channel_count(rig->server), 0);
    record_env_advance(&rig->re, 0);
    expect(rig, "closed b:2: walked\nclosed c:3: walked\nclosed d:4: walked\n");
}

static void test_server_calls_client(void **state)
{
    /* The server may ask a client, with opaques of its own; the answer finds the call. */
    struct rig *rig = *state;
    rkmq_conn c = accept_one(rig, "a:1");
    size_t cursor = 0;
    struct rkmq_channel *ch = rkmq__remoting_server_next(rig->server, &cursor);
    struct rkmq_message_out out = {.code = RKMQ_REQ_GET_CONSUMER_RUNNING_INFO};
    struct rkmq_command cmd;
    rkmq__channel_set_user(ch, rig);
    assert_ptr_equal(rkmq__channel_user(ch), rig);
    hand_in_request(rig, c, 0, RKMQ_HEADER_JSON);
    assert_int_equal(rkmq__channel_call(ch, &out, 1000, rig_answer, rig), RKMQ_OK);
    rkmq_decoder_destroy(sent_to(rig, c, &cmd));
    assert_int_equal(cmd.opaque, 0);
    cmd = (struct rkmq_command){.opaque = 0, .flags = RKMQ_FLAG_RESPONSE};
    struct rkmq_buf *buf;
    assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &buf), RKMQ_OK);
    record_env_hand_in(&rig->re, c, rkmq__slice(buf->p, buf->n));
    rkmq_buf_free(buf);
    assert_int_equal(rkmq__channel_call(ch, &out, 1000, rig_answer, rig), RKMQ_OK);
    record_env_advance(&rig->re, 1000);
    expect(rig,
           "request 11 #0 from a:1\nRKMQ_OK \n"
           "RKMQ_E_TIMEOUT a:1: no answer to GET_CONSUMER_RUNNING_INFO (307) within 1000 ms\n");
}

static void test_malformed_peers(void **state)
{
    /* Each kind of malformed frame closes its connection with one log line, and the neighbour is
     * served as before. */
    static const struct {
        struct rkmq_slice bytes;
        const char *log;
    } rows[] = {
#define ROW(bytes, reason)                                                                         \
    {{(const uint8_t *)(bytes), sizeof(bytes) - 1}, "conn: bad:1: " reason "; connection closed\n"}
        ROW("\x80\0\0\0", "frame length -2147483648 is negative"),
        ROW("\x7f\xff\xff\xff", "frame of 2147483651 bytes is over the limit of 16777216"),
        ROW("\0\0\0\3", "frame length 3 has no room for a header word"),
        ROW("\0\0\0\x08\0\0\0\x09", "header of 9 bytes is longer than the 4 bytes of its frame"),
        ROW("\0\0\0\x08\x02\0\0\x04", "unknown serialize type 2"),
        ROW("\0\0\0\x08\0\0\0\x04{\"a\"", "JSON header: ':' expected at byte 4, where it ends"),
        ROW("\0\0\0\x08\x01\0\0\x04\0\0\0\0", "binary header of 4 bytes: its fixed part has 13"),
#undef ROW
    };
    struct rig *rig = *state;
    rkmq_conn good = accept_one(rig, "good:1");
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        rkmq_conn bad = accept_one(rig, "bad:1");
        rig->re.log_n = 0;
        record_env_hand_in(&rig->re, bad, rows[i].bytes);
        assert_string_equal(rig->re.log, rows[i].log);
        assert_true(record_env_conn(&rig->re, bad)->is_closed_by_core);
        assert_int_equal(rkmq__remoting_server_channel_count(rig->server), 1);
        rkmq__bytes_clear(&rig->journal);
        hand_in_request(rig, good, 1, RKMQ_HEADER_JSON);
        expect(rig, "request 11 #1 from good:1\n");
    }
}

static void test_idle(void **state)
{
    /* A connection without a byte for 120 s is closed. */
    struct rig *rig = *state;
    (void)accept_one(rig, "a:1");
    record_env_advance(&rig->re, RKMQ_SERVER_CHANNEL_IDLE_MS - 1);
    expect(rig, "");
    record_env_advance(&rig->re, 1);
    expect(rig, "closed a:1: idle for 120000 ms\n");
}

static void stop_within(struct rig *rig, const struct rkmq_request_in *req)
{
    (void)req;
    rig_stop(rig);
}

static void test_destroy_within_request(void **state)
{
    /* The server may go from within a request: every channel is told closed before that returns. */
    struct rig *rig = *state;
    (void)accept_one(rig, "a:1");
    rkmq_conn c = accept_one(rig, "b:2");
    rig->in_request = stop_within;
    hand_in_request(rig, c, 1, RKMQ_HEADER_JSON);
    expect(rig, "request 11 #1 from b:2\nclosed a:1: server stopped\nclosed b:2: server stopped\n");
    for (rkmq_conn i = 1; i <= 3; i++) {
        assert_true(record_env_conn(&rig->re, i)->is_closed_by_core);
    }
}

static void test_create(void **state)
{
    /* The server says the address it is bound to; a listen that fails leaves nothing behind. */
    struct rig *rig = *state;
    struct rkmq_remoting_server *server;
    struct rkmq_err err;
    assert_string_equal(rkmq__remoting_server_address(rig->server), ADDR);
    rig->re.fail_listen = RKMQ_E_IO;
    assert_int_equal(rkmq__remoting_server_create(&server, &rig->config, ADDR, &err), RKMQ_E_IO);
    assert_string_equal(err.text, "listen failed");
    assert_null(server);
}

static void test_accept_without_memory(void **state)
{
    /* A connection for which there is no memory is closed with a log line; the next one is served,
     * whichever allocation failed. */
    struct rig *rig = *state;
    for (long n = 0;; n++) {
        size_t n_before = rkmq__remoting_server_channel_count(rig->server);
        rig->tm.n_calls = 0;
        rig->tm.fail_at = n;
        rig->re.log_n = 0;
        rig->re.log[0] = '\0';
        rkmq_conn c = record_env_accept(&rig->re, 1, "a:1");
        rig->tm.fail_at = -1;
        if (rkmq__remoting_server_channel_count(rig->server) > n_before) {
            assert_true(n >= 5);
            break;
        }
        assert_string_equal(rig->re.log, "conn: a:1: not accepted: out of memory\n");
        assert_true(record_env_conn(&rig->re, c)->is_closed_by_core);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_answer_formats),         T(test_answer_later),    T(test_walk),
        T(test_server_calls_client),    T(test_malformed_peers), T(test_idle),
        T(test_destroy_within_request), T(test_create),          T(test_accept_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
