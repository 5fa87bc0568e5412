/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/rpc/client.h"

#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define ADDR "10.0.0.2:10911"

/* A client on a recording env, and a journal of all that was called back. */
struct rig {
    struct test_mem tm;
    struct record_env re;
    struct rkmq_remoting_client *client;
    struct rkmq_bytes journal;
    void (*in_answer)(struct rig *rig); /* what a test does from within an answer, once */
};

static void rig_note(struct rig *rig, const char *fmt, ...) RKMQ_PRINTF(2, 3);
static void rig_note(struct rig *rig, const char *fmt, ...)
{
    char line[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof line, fmt, ap); /* a cut line fails its test */
    va_end(ap);
    rkmq__bytes_printf(&rig->journal, "%s\n", line);
}

static void rig_opened(void *owner, struct rkmq_channel *ch)
{
    rig_note(owner, "opened %s", rkmq__channel_peer(ch));
}

static void rig_closed(void *owner, struct rkmq_channel *ch, const char *why)
{
    rig_note(owner, "closed %s: %s", rkmq__channel_peer(ch), why);
}

static void rig_frame(void *owner, struct rkmq_channel *ch, bool is_outgoing,
                      const struct rkmq_command *cmd, size_t body_bytes)
{
    (void)ch;
    rig_note(owner, "%c %d #%d %u body %zu", is_outgoing ? '>' : '<', cmd->code, cmd->opaque,
             cmd->flags, body_bytes);
}

static void rig_answer(void *user, int status, const struct rkmq_command *answer,
                       const struct rkmq_err *err)
{
    struct rig *rig = user;
    if (answer) {
        assert_null(err);
        rig_note(rig, "answer %d %.*s", answer->code, RKMQ_SLICE_ARG(answer->body));
    } else {
        assert_int_equal(err->status, status);
        rig_note(rig, "%s %s", rkmq_status_name(status), err->text);
    }
    void (*act)(struct rig *) = rig->in_answer;
    rig->in_answer = NULL;
    if (act) {
        act(rig);
    }
}

static int rig_setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    test_mem_init(&rig->tm);
    record_env_init(&rig->re, &rig->tm.mem);
    rkmq__bytes_init(&rig->journal, &rig->tm.mem);
    struct rkmq_channel_config config = {
        .env = &rig->re.env,
        .handler = {.owner = rig, .opened = rig_opened, .closed = rig_closed, .frame = rig_frame},
        .version = RKMQ_VERSION_V5_3_3,
        .frame_bytes_max = RKMQ_FRAME_BYTES_MAX};
    assert_int_equal(rkmq__remoting_client_create(&rig->client, &config), RKMQ_OK);
    *state = rig;
    return 0;
}

static void rig_destroy_client(struct rig *rig)
{
    struct rkmq_remoting_client *client = rig->client;
    rig->client = NULL;
    rkmq__remoting_client_destroy(client);
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rig_destroy_client(rig);
    rkmq__bytes_close(&rig->journal);
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
    test_free(rig);
    return 0;
}

/* What was called back since the last look. */
static void expect(struct rig *rig, const char *lines)
{
    rkmq__bytes_add(&rig->journal, "", 1);
    assert_string_equal((const char *)rig->journal.p, lines);
    rkmq__bytes_clear(&rig->journal);
}

static int call_for(struct rig *rig, rkmq_ms timeout_ms, void *user)
{
    struct rkmq_message_out out = {.code = RKMQ_REQ_PULL_MESSAGE,
                                   .take_body = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("body"))};
    return rkmq__remoting_client_call(rig->client, ADDR, &out, timeout_ms, rig_answer, user);
}

static void call(struct rig *rig, rkmq_ms timeout_ms)
{
    assert_int_equal(call_for(rig, timeout_ms, rig), RKMQ_OK);
}

static void answer(struct rig *rig, rkmq_conn id, int32_t opaque, const char *body)
{
    struct rkmq_command cmd = {.code = RKMQ_RES_SUCCESS,
                               .opaque = opaque,
                               .flags = RKMQ_FLAG_RESPONSE,
                               .body = rkmq__slice_of(body)};
    struct rkmq_buf *buf;
    assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &buf), RKMQ_OK);
    const struct record_conn *rc = record_env_conn(&rig->re, id);
    rc->ev->data(rc->owner, id, buf);
}

static rkmq_conn dialled(struct rig *rig)
{
    const struct record_conn *rc = record_env_dialled(&rig->re, ADDR);
    assert_non_null(rc);
    return rc->id;
}

static void open_it(struct rig *rig)
{
    record_env_open(&rig->re, dialled(rig));
    rkmq__bytes_clear(&rig->journal);
}

/* ---- calls ---- */

static void test_call_and_answer(void **state)
{
    /* The first call dials, the second shares the connection; head and body go out as one frame,
     * and answers find their calls in any order. */
    struct rig *rig = *state;
    call(rig, 3000);
    call(rig, 3000);
    assert_int_equal(rig->re.n_conns, 1);
    assert_false(rkmq__remoting_client_is_connected(rig->client, ADDR));
    record_env_open(&rig->re, dialled(rig));
    assert_true(rkmq__remoting_client_is_connected(rig->client, ADDR));
    struct rkmq_buf *sent = record_env_take_sent(&rig->re, 1);
    struct rkmq_decoder *d;
    struct rkmq_command cmd;
    assert_int_equal(rkmq_decoder_create(&d, &rig->tm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    rkmq_decoder_feed(d, sent);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(rkmq_decoder_next(d, &cmd, NULL), RKMQ_OK);
        assert_int_equal(cmd.opaque, i);
        assert_int_equal(cmd.version, RKMQ_VERSION_V5_3_3);
        assert_false(cmd.has_fields);
        assert_true(rkmq__slice_is(cmd.body, "body"));
    }
    rkmq_decoder_destroy(d);
    answer(rig, 1, 1, "one");
    answer(rig, 1, 0, "zero");
    answer(rig, 1, 0, "again");
    expect(rig, "> 11 #0 0 body 4\n> 11 #1 0 body 4\nopened " ADDR "\n"
                "< 0 #1 1 body 3\nanswer 0 one\n< 0 #0 1 body 4\nanswer 0 zero\n"
                "< 0 #0 1 body 5\n");
    assert_non_null(strstr(rig->re.log, "nobody waits for answer 0 (code 0)"));
    assert_non_null(strstr(rig->re.trace, "> " ADDR " PULL_MESSAGE 11 #0\n"));
    assert_non_null(strstr(rig->re.trace, "< " ADDR " answer SUCCESS 0 #1\n"));
}

static void test_body_is_not_copied(void **state)
{
    /* The body's buffers follow the head in the chain given to the runtime, as they are. */
    struct rig *rig = *state;
    struct rkmq_buf *body = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("one"));
    struct rkmq_buf *more = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("two"));
    rkmq_buf_append(&body, more);
    struct rkmq_message_out out = {.code = RKMQ_REQ_SEND_MESSAGE, .take_body = body};
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, ADDR, &out), RKMQ_OK);
    const struct rkmq_buf *sent = record_env_conn(&rig->re, 1)->sent;
    assert_ptr_equal(sent->next, body);
    assert_ptr_equal(sent->next->next, more);
    expect(rig, "> 10 #0 2 body 6\n");
}

static void test_timeout_to_the_ms(void **state)
{
    /* Each call ends at its own time, neither a ms early nor late, in order of time; an answer
     * after that is dropped. The time runs while connecting. */
    struct rig *rig = *state;
    call(rig, 3000);
    call(rig, 1000);
    call(rig, 1000);
    call(rig, 0);
    record_env_advance(&rig->re, 10);
    open_it(rig);
    record_env_advance(&rig->re, 989);
    expect(rig, "");
    record_env_advance(&rig->re, 1);
    expect(rig, "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n"
                "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n");
    answer(rig, 1, 1, "late");
    record_env_advance(&rig->re, 1999);
    expect(rig, "< 0 #1 1 body 4\n");
    record_env_advance(&rig->re, 1);
    expect(rig, "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 3000 ms\n");
    assert_true(rkmq__remoting_client_is_connected(rig->client, ADDR));
}

static void test_forget(void **state)
{
    /* The calls of a forgotten user end without a word, whether answered or not. */
    struct rig *rig = *state;
    int other;
    call(rig, 1000);
    assert_int_equal(call_for(rig, 1000, &other), RKMQ_OK);
    open_it(rig);
    rkmq__remoting_client_forget(rig->client, &other);
    answer(rig, 1, 1, "x");
    expect(rig, "< 0 #1 1 body 1\n");
    rkmq__remoting_client_forget(rig->client, rig);
    record_env_advance(&rig->re, 5000);
    expect(rig, "");
}

static void test_opaque_wraps(void **state)
{
    /* Numbers are shared by all channels of a client and go on one by one. */
    struct rig *rig = *state;
    struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT};
    call(rig, 1000);
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, "10.0.0.3:1", &out), RKMQ_OK);
    call(rig, 1000);
    expect(rig, "> 11 #0 0 body 4\n> 34 #1 2 body 0\n> 11 #2 0 body 4\n");
}

/* ---- the connection ---- */

static void test_refused(void **state)
{
    /* A connection that fails ends the calls that wait for it; the next call dials anew. */
    struct rig *rig = *state;
    call(rig, 3000);
    call(rig, 3000);
    record_env_hang_up(&rig->re, 1, "Connection refused");
    expect(rig, "> 11 #0 0 body 4\n> 11 #1 0 body 4\n"
                "RKMQ_E_CLOSED " ADDR ": Connection refused\n"
                "RKMQ_E_CLOSED " ADDR ": Connection refused\n"
                "closed " ADDR ": Connection refused\n");
    call(rig, 3000);
    assert_int_equal(rig->re.n_conns, 2);
}

static void test_connect_timeout(void **state)
{
    /* Without an answer to the dial the attempt ends after 3 s, and the calls with it. */
    struct rig *rig = *state;
    call(rig, 20000);
    rkmq__bytes_clear(&rig->journal);
    record_env_advance(&rig->re, RKMQ_CONNECT_TIMEOUT_MS - 1);
    expect(rig, "");
    record_env_advance(&rig->re, 1);
    expect(rig, "RKMQ_E_CLOSED " ADDR ": no connection within 3000 ms\n"
                "closed " ADDR ": no connection within 3000 ms\n");
    assert_true(record_env_conn(&rig->re, 1)->is_closed_by_core);
}

static void test_cannot_dial(void **state)
{
    /* What the runtime refuses at once is given back at once, and nothing stays behind. */
    struct rig *rig = *state;
    rig->re.fail_dial = RKMQ_E_INVALID;
    assert_int_equal(call_for(rig, 1000, rig), RKMQ_E_INVALID);
    rig->re.fail_dial = RKMQ_E_NOMEM;
    struct rkmq_message_out out = {.take_body = rkmq_buf_copy(&rig->tm.mem, RKMQ_SLICE("x"))};
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, ADDR, &out), RKMQ_E_NOMEM);
    rig->re.fail_dial = RKMQ_OK;
    expect(rig, "");
    call(rig, 1000);
}

static void test_send_refused(void **state)
{
    /* Over the runtime's limit the call is not made; on a connection about to be reported closed
     * it ends with that report. */
    struct rig *rig = *state;
    call(rig, 1000);
    open_it(rig);
    rig->re.fail_send = RKMQ_E_LIMIT;
    assert_int_equal(call_for(rig, 1000, rig), RKMQ_E_LIMIT);
    rig->re.fail_send = RKMQ_E_CLOSED;
    call(rig, 1000);
    expect(rig, "");
    record_env_hang_up(&rig->re, 1, "Connection reset by peer");
    expect(rig, "RKMQ_E_CLOSED " ADDR ": Connection reset by peer\n"
                "RKMQ_E_CLOSED " ADDR ": Connection reset by peer\n"
                "closed " ADDR ": Connection reset by peer\n");
    rig->re.fail_send = RKMQ_OK;
}

static void test_idle(void **state)
{
    /* 120 s after the last byte in or out the connection is closed; either kind of traffic puts it
     * off. */
    struct rig *rig = *state;
    struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT};
    call(rig, 1000);
    open_it(rig);
    answer(rig, 1, 0, "");
    record_env_advance(&rig->re, 100000);
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, ADDR, &out), RKMQ_OK);
    record_env_advance(&rig->re, 100000);
    answer(rig, 1, 77, "");
    rkmq__bytes_clear(&rig->journal);
    record_env_advance(&rig->re, RKMQ_CHANNEL_IDLE_MS - 1);
    expect(rig, "");
    record_env_advance(&rig->re, 1);
    expect(rig, "closed " ADDR ": idle for 120000 ms\n");
    assert_true(record_env_conn(&rig->re, 1)->is_closed_by_core);
}

static void test_close_address(void **state)
{
    /* Closing calls nobody back before it returns; calls then end with the reason, and a new call
     * in between has a connection of its own. */
    struct rig *rig = *state;
    call(rig, 1000);
    open_it(rig);
    rkmq__remoting_client_close_address(rig->client, ADDR, "no answer in time");
    rkmq__remoting_client_close_address(rig->client, ADDR, "no answer in time");
    rkmq__remoting_client_close_address(rig->client, "10.9.9.9:1", "unknown");
    expect(rig, "");
    assert_true(record_env_conn(&rig->re, 1)->is_closed_by_core);
    call(rig, 1000);
    assert_int_equal(rig->re.n_conns, 2);
    record_env_advance(&rig->re, 0);
    expect(rig, "> 11 #1 0 body 4\n"
                "RKMQ_E_CLOSED " ADDR ": no answer in time\nclosed " ADDR ": no answer in time\n");
}

static void test_flushed(void **state)
{
    /* The client is flushed when the runtime holds nothing of any channel. */
    struct rig *rig = *state;
    assert_true(rkmq__remoting_client_is_flushed(rig->client));
    call(rig, 1000);
    rig->re.unsent = 1;
    assert_false(rkmq__remoting_client_is_flushed(rig->client));
    rig->re.unsent = 0;
    assert_true(rkmq__remoting_client_is_flushed(rig->client));
}

static void test_destroy(void **state)
{
    /* Destroying cancels what waits, before it returns, and takes no new calls meanwhile. */
    struct rig *rig = *state;
    struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT};
    call(rig, 1000);
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, "10.0.0.3:1", &out), RKMQ_OK);
    rkmq__bytes_clear(&rig->journal);
    rig_destroy_client(rig);
    expect(rig, "RKMQ_E_CANCELED " ADDR ": client stopped\nclosed " ADDR ": client stopped\n"
                "closed 10.0.0.3:1: client stopped\n");
    assert_true(record_env_conn(&rig->re, 1)->is_closed_by_core);
    assert_true(record_env_conn(&rig->re, 2)->is_closed_by_core);
}

/* ---- from within callbacks ---- */

static void call_again(struct rig *rig)
{
    call(rig, 1000);
}

static void close_it(struct rig *rig)
{
    rkmq__remoting_client_close_address(rig->client, ADDR, "enough");
}

/* Two answers in one piece, with something done in the first. */
static void answer_acts(void **state, void (*act)(struct rig *), const char *lines)
{
    struct rig *rig = *state;
    struct rkmq_buf *both = NULL;
    call(rig, 1000);
    call(rig, 1000);
    open_it(rig);
    for (int32_t i = 0; i < 2; i++) {
        struct rkmq_command cmd = {.opaque = i, .flags = RKMQ_FLAG_RESPONSE};
        struct rkmq_buf *one;
        assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &one), RKMQ_OK);
        rkmq_buf_append(&both, one);
    }
    rig->in_answer = act;
    const struct record_conn *rc = record_env_conn(&rig->re, 1);
    rc->ev->data(rc->owner, 1, both);
    record_env_advance(&rig->re, 0);
    expect(rig, lines);
}

static void test_call_within_answer(void **state)
{
    /* A call made from within an answer goes out on the same connection. */
    answer_acts(state, call_again,
                "< 0 #0 1 body 0\nanswer 0 \n> 11 #2 0 body 4\n< 0 #1 1 body 0\nanswer 0 \n");
}

static void test_close_within_answer(void **state)
{
    /* After a close from within an answer the bytes behind it are not looked at. */
    answer_acts(state, close_it,
                "< 0 #0 1 body 0\nanswer 0 \nRKMQ_E_CLOSED " ADDR ": enough\nclosed " ADDR
                ": enough\n");
}

static void test_destroy_within_answer(void **state)
{
    /* The client may go from within an answer; what waits is cancelled before that returns. */
    answer_acts(state, rig_destroy_client,
                "< 0 #0 1 body 0\nanswer 0 \nRKMQ_E_CANCELED " ADDR ": client stopped\nclosed " ADDR
                ": client stopped\n");
}

static void timeout_acts(void **state, void (*act)(struct rig *), const char *lines)
{
    struct rig *rig = *state;
    call(rig, 1000);
    call(rig, 1000);
    open_it(rig);
    rig->in_answer = act;
    record_env_advance(&rig->re, 1000);
    expect(rig, lines);
}

static void test_call_within_timeout(void **state)
{
    /* A call made when another timed out has its own time. */
    timeout_acts(state, call_again,
                 "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n"
                 "> 11 #2 0 body 4\n"
                 "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n");
}

static void test_close_within_timeout(void **state)
{
    /* Closing when one call timed out ends the other by the close. */
    timeout_acts(state, close_it,
                 "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n"
                 "RKMQ_E_CLOSED " ADDR ": enough\nclosed " ADDR ": enough\n");
}

static void test_destroy_within_timeout(void **state)
{
    /* So does destroying the client. */
    timeout_acts(state, rig_destroy_client,
                 "RKMQ_E_TIMEOUT " ADDR ": no answer to PULL_MESSAGE (11) within 1000 ms\n"
                 "RKMQ_E_CANCELED " ADDR ": client stopped\nclosed " ADDR ": client stopped\n");
}

static void test_destroy_within_closing(void **state)
{
    /* Destroying the client while the calls of a lost connection end: the rest is cancelled, and
     * the close is told once. */
    struct rig *rig = *state;
    call(rig, 1000);
    call(rig, 1000);
    open_it(rig);
    rig->in_answer = rig_destroy_client;
    record_env_hang_up(&rig->re, 1, "gone");
    expect(rig, "RKMQ_E_CLOSED " ADDR ": gone\nRKMQ_E_CANCELED " ADDR ": gone\n"
                "closed " ADDR ": gone\n");
}

static void test_dial_within_closing(void **state)
{
    /* A call made while a connection ends dials anew. */
    struct rig *rig = *state;
    call(rig, 1000);
    open_it(rig);
    rig->in_answer = call_again;
    record_env_hang_up(&rig->re, 1, "gone");
    expect(rig, "RKMQ_E_CLOSED " ADDR ": gone\n> 11 #1 0 body 4\nclosed " ADDR ": gone\n");
    assert_int_equal(rig->re.n_conns, 2);
}

/* ---- the peer ---- */

static void test_malformed(void **state)
{
    /* Bytes that are no frame close the connection with one log line; other connections live. */
    struct rig *rig = *state;
    struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT};
    call(rig, 1000);
    assert_int_equal(rkmq__remoting_client_oneway(rig->client, "10.0.0.3:1", &out), RKMQ_OK);
    record_env_open(&rig->re, 2);
    open_it(rig);
    record_env_hand_in(&rig->re, 1, RKMQ_SLICE("GET / HTTP/1.1\r\n"));
    expect(rig, "RKMQ_E_CLOSED " ADDR ": frame of 1195725860 bytes is over the limit of 16777216\n"
                "closed " ADDR ": frame of 1195725860 bytes is over the limit of 16777216\n");
    assert_string_equal(rig->re.log, "conn: " ADDR ": frame of 1195725860 bytes is over the limit "
                                     "of 16777216; connection closed\n");
    assert_true(record_env_conn(&rig->re, 1)->is_closed_by_core);
    assert_true(rkmq__remoting_client_is_connected(rig->client, "10.0.0.3:1"));
}

static void test_request_of_the_peer(void **state)
{
    /* A handler without `request` supports no code: the peer is told so with Java's remark, unless
     * it asked one-way; both are logged. */
    struct rig *rig = *state;
    struct rkmq_command cmd = {.code = RKMQ_REQ_GET_CONSUMER_RUNNING_INFO, .opaque = 5}, got;
    struct rkmq_decoder *d;
    call(rig, 1000);
    open_it(rig);
    rkmq_buf_free(record_env_take_sent(&rig->re, 1));
    for (uint32_t flags = 0; flags <= RKMQ_FLAG_ONEWAY; flags += RKMQ_FLAG_ONEWAY) {
        struct rkmq_buf *buf;
        cmd.flags = flags;
        assert_int_equal(rkmq_command_encode(&cmd, &rig->tm.mem, &buf), RKMQ_OK);
        record_env_hand_in(&rig->re, 1, rkmq__slice(buf->p, buf->n));
        rkmq_buf_free(buf);
    }
    expect(rig, "< 307 #5 0 body 0\n> 3 #5 1 body 0\n< 307 #5 2 body 0\n");
    assert_int_equal(rkmq_decoder_create(&d, &rig->tm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    rkmq_decoder_feed(d, record_env_take_sent(&rig->re, 1));
    assert_int_equal(rkmq_decoder_next(d, &got, NULL), RKMQ_OK);
    assert_true(rkmq__slice_is(got.remark, " request type 307 not supported"));
    assert_int_equal(rkmq_decoder_next(d, &got, NULL), RKMQ_E_MORE);
    rkmq_decoder_destroy(d);
    assert_string_equal(rig->re.log,
                        "conn: " ADDR ": request type 307 (GET_CONSUMER_RUNNING_INFO) not "
                        "supported\nconn: " ADDR ": request type 307 "
                        "(GET_CONSUMER_RUNNING_INFO) not supported\n");
}

/* ---- memory ---- */

static int memory_step(const struct rkmq_mem *mem, void *arg)
{
    struct rig *rig = arg;
    struct record_env *re = &rig->re;
    struct rkmq_remoting_client *client;
    struct rkmq_message_out out = {.code = RKMQ_REQ_HEART_BEAT};
    record_env_init(re, mem);
    struct rkmq_channel_config config = {.env = &re->env};
    int status = rkmq__remoting_client_create(&client, &config);
    if (status == RKMQ_OK) {
        out.take_body = rkmq_buf_copy(mem, RKMQ_SLICE("body"));
        status = out.take_body ? RKMQ_OK : RKMQ_E_NOMEM;
    }
    if (status == RKMQ_OK) {
        status = rkmq__remoting_client_call(client, ADDR, &out, 1000, rig_answer, rig);
    }
    rkmq__remoting_client_destroy(client);
    record_env_close(re);
    return status;
}

static void test_no_memory(void **state)
{
    /* Every allocation of create, dial and call may fail; a call that failed calls nobody back. */
    struct rig *rig = *state;
    struct rig *other = test_calloc(1, sizeof *other);
    rkmq__bytes_init(&other->journal, &rig->tm.mem);
    assert_in_range(test_mem_fail_each(memory_step, other), 8, 20);
    expect(other, "RKMQ_E_CANCELED " ADDR ": client stopped\n");
    rkmq__bytes_close(&other->journal);
    test_free(other);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_call_and_answer),
        T(test_body_is_not_copied),
        T(test_timeout_to_the_ms),
        T(test_forget),
        T(test_opaque_wraps),
        T(test_refused),
        T(test_connect_timeout),
        T(test_cannot_dial),
        T(test_send_refused),
        T(test_idle),
        T(test_close_address),
        T(test_flushed),
        T(test_destroy),
        T(test_call_within_answer),
        T(test_close_within_answer),
        T(test_destroy_within_answer),
        T(test_call_within_timeout),
        T(test_close_within_timeout),
        T(test_destroy_within_timeout),
        T(test_destroy_within_closing),
        T(test_dial_within_closing),
        T(test_malformed),
        T(test_request_of_the_peer),
        T(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
