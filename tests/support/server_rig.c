/* SPDX-License-Identifier: Apache-2.0 */
#include "support/server_rig.h"

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/fields.h"

#define FIRST_LISTENER 1

void server_rig_open(struct server_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    test_mem_init(&rig->tm);
    record_env_init(&rig->re, &rig->tm.mem);
}

void server_rig_close(struct server_rig *rig)
{
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
}

rkmq_conn server_rig_connect(struct server_rig *rig, const char *peer)
{
    return record_env_accept(&rig->re, FIRST_LISTENER, peer);
}

/* ---- in ---- */

static void hand_in(struct server_rig *rig, rkmq_conn con, const struct rkmq_command *cmd)
{
    struct rkmq_buf *frame = NULL;
    struct record_conn *rc = record_env_conn(&rig->re, con);
    long fail_at = rig->tm.fail_at, n_calls = rig->tm.n_calls;
    rig->tm.fail_at = -1;
    assert_int_equal(rkmq_command_encode(cmd, &rig->tm.mem, &frame), RKMQ_OK);
    rig->tm.fail_at = fail_at;
    rig->tm.n_calls = n_calls;
    if (rc->is_closed_by_core) {
        rkmq_buf_free(frame);
    } else {
        rc->ev->data(rc->owner, con, frame);
    }
}

void server_rig_send(struct server_rig *rig, rkmq_conn con, int code, const char *fields,
                     struct rkmq_slice body, uint32_t flags)
{
    struct rkmq_field list[TEST_FIELDS_MAX];
    const struct rkmq_command cmd = {.code = code,
                                     .version = RKMQ_VERSION_V5_3_3,
                                     .opaque = ++rig->opaque,
                                     .flags = flags,
                                     .has_fields = fields != NULL,
                                     .fields = list,
                                     .n_fields = test_fields_read(fields, list),
                                     .body = body};
    hand_in(rig, con, &cmd);
}

void server_rig_answer(struct server_rig *rig, rkmq_conn con, int32_t opaque, int code,
                       const char *remark)
{
    const struct rkmq_command cmd = {.code = code,
                                     .version = RKMQ_VERSION_V5_3_3,
                                     .opaque = opaque,
                                     .flags = RKMQ_FLAG_RESPONSE,
                                     .remark = rkmq__slice_of(remark)};
    hand_in(rig, con, &cmd);
}

/* ---- out ---- */

static void frame_read(struct rig_frame *out, const struct rkmq_command *cmd)
{
    size_t n_body = cmd->body.n < sizeof out->body ? cmd->body.n : sizeof out->body;
    out->code = cmd->code;
    out->flags = cmd->flags;
    out->opaque = cmd->opaque;
    out->has_fields = cmd->has_fields;
    out->body_bytes = cmd->body.n;
    test_fields_write(cmd, out->fields, sizeof out->fields);
    assert_true(cmd->remark.n < sizeof out->remark);
    (void)snprintf(out->remark, sizeof out->remark, "%.*s", (int)cmd->remark.n,
                   cmd->remark.n ? (const char *)cmd->remark.p : "");
    if (n_body > 0) {
        memcpy(out->body, cmd->body.p, n_body);
    }
}

const struct rig_frames *server_rig_take(struct server_rig *rig, rkmq_conn con)
{
    struct rkmq_decoder *decoder = NULL;
    struct rkmq_command cmd;
    long fail_at = rig->tm.fail_at, n_calls = rig->tm.n_calls;
    rig->tm.fail_at = -1;
    rig->frames.n = 0;
    struct rkmq_buf *sent = record_env_take_sent(&rig->re, con);
    if (sent) {
        assert_int_equal(rkmq_decoder_create(&decoder, &rig->tm.mem, RKMQ_FRAME_BYTES_MAX),
                         RKMQ_OK);
        rkmq_decoder_feed(decoder, sent);
        while (rkmq_decoder_next(decoder, &cmd, NULL) == RKMQ_OK) {
            assert_true(rig->frames.n < RIG_FRAMES_MAX);
            frame_read(&rig->frames.at[rig->frames.n++], &cmd);
        }
        rkmq_decoder_destroy(decoder);
    }
    rig->tm.fail_at = fail_at;
    rig->tm.n_calls = n_calls;
    return &rig->frames;
}

const struct rig_frame *server_rig_ask(struct server_rig *rig, rkmq_conn con, int code,
                                       const char *fields, struct rkmq_slice body)
{
    const struct rig_frame *answer = NULL;
    server_rig_send(rig, con, code, fields, body, 0);
    const struct rig_frames *frames = server_rig_take(rig, con);
    for (size_t i = 0; i < frames->n; i++) {
        if (frames->at[i].opaque == rig->opaque && frames->at[i].flags == RKMQ_FLAG_RESPONSE) {
            assert_null(answer);
            answer = &frames->at[i];
        }
    }
    return answer;
}

static bool is_as_expected(const struct rig_step *step, const struct rig_frame *answer)
{
    struct rkmq_slice body = rkmq__slice(answer->body, answer->body_bytes);
    return answer->code == step->result &&
           (!step->answer_fields || strcmp(answer->fields, step->answer_fields) == 0) &&
           (!step->remark || strcmp(answer->remark, step->remark) == 0) &&
           (!step->answer_body || rkmq__slice_is(body, step->answer_body));
}

static void step_check(const struct rig_step *step, const struct rig_frame *answer)
{
    static const char any[] = "*";
    if (!answer) {
        fail_msg("%d %s: no answer", step->code, step->fields);
    }
    if (is_as_expected(step, answer)) {
        return;
    }
    print_error("%d %s: got %d %s \"%s\" %.*s\n", step->code, step->fields, answer->code,
                answer->fields, answer->remark, (int)answer->body_bytes,
                (const char *)answer->body);
    print_error("expected %d %s \"%s\" %s\n", step->result,
                step->answer_fields ? step->answer_fields : any, step->remark ? step->remark : any,
                step->answer_body ? step->answer_body : any);
    fail();
}

void server_rig_steps(struct server_rig *rig, rkmq_conn con, const struct rig_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        step_check(&steps[i], server_rig_ask(rig, con, steps[i].code, steps[i].fields,
                                             rkmq__slice_of(steps[i].body)));
    }
}
