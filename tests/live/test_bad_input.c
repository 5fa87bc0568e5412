/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/live.h>
#include <rkmq/remoting.h>
#include <rkmq/sim.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "mocknamesrv/core/namesrv.h"
#include "remoting/protocol/codes.h"
#include "support/cmocka_all.h"

#define DEADLINE_MS 60000
#define ALLOCATION_BYTES_MAX (1u << 20) /* what the live runtime reads into is less */

/* The C library's heap; it remembers the largest block asked for. Any thread may call. */
struct watched_mem {
    struct rkmq_mem mem;
    atomic_size_t bytes_largest;
};

static void *watched_realloc(void *ctx, void *p, size_t n)
{
    struct watched_mem *wm = ctx;
    size_t largest = atomic_load(&wm->bytes_largest);
    while (n > largest && !atomic_compare_exchange_weak(&wm->bytes_largest, &largest, n)) {
        /* another thread was faster: `largest` is its size now */
    }
    return rkmq_mem_heap()->realloc(rkmq_mem_heap()->ctx, p, n);
}

/* A name server, a well-behaved connection to it and one that is not. */
struct world {
    struct rkmq_runtime *rt;
    struct rkmq_sim *sim; /* NULL: live */
    struct watched_mem wm;
    const struct rkmq_env *ns_env, *env;
    struct rkmq_namesrv *ns;
    rkmq_conn good, bad;
    struct rkmq_decoder *answers;
    struct rkmq_slice bytes; /* what `bad` sends */
    int status, n_answers, n_answers_wanted;
    bool is_good_open, is_bad_open, is_bad_closed;
    char log[512]; /* all lines since the last look */
};

static void world_log(void *user, enum rkmq_log_level level, const char *subject, const char *text)
{
    struct world *w = user;
    size_t n = strlen(w->log);
    if (level <= RKMQ_LOG_WARN) {
        (void)snprintf(w->log + n, sizeof w->log - n, "%s: %s\n", subject, text); /* cut is seen */
    }
}

static void world_opened(void *owner, rkmq_conn c, const char *peer)
{
    struct world *w = owner;
    (void)peer;
    if (c == w->good) {
        w->is_good_open = true;
        return;
    }
    w->is_bad_open = true;
    if (w->bytes.n > 0) {
        struct rkmq_buf *buf = rkmq_buf_copy(w->env->mem, w->bytes);
        RKMQ_ASSERT(buf);
        RKMQ_ASSERT(w->env->ops->send(w->env->ctx, c, buf) == RKMQ_OK);
    }
}

static void world_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct world *w = owner;
    struct rkmq_command answer;
    RKMQ_ASSERT(c == w->good);
    rkmq_decoder_feed(w->answers, take_data);
    while (rkmq_decoder_next(w->answers, &answer, NULL) == RKMQ_OK) {
        RKMQ_ASSERT(answer.code == RKMQ_RES_TOPIC_NOT_EXIST);
        w->n_answers++;
    }
}

static void world_closed(void *owner, rkmq_conn c, const char *why)
{
    struct world *w = owner;
    (void)why;
    RKMQ_ASSERT(c == w->bad);
    w->is_bad_closed = true;
}

static const struct rkmq_conn_events WORLD_EVENTS = {
    .opened = world_opened, .data = world_data, .closed = world_closed};

static void do_start(void *arg)
{
    struct world *w = arg;
    struct rkmq_namesrv_config config = {.env = w->ns_env,
                                         .addr = w->sim ? "ns:9876" : "127.0.0.1:0",
                                         .frame_bytes_max = RKMQ_FRAME_BYTES_MAX};
    w->status = rkmq__namesrv_create(&w->ns, &config, NULL);
    if (w->status == RKMQ_OK) {
        w->status = w->env->ops->dial(w->env->ctx, rkmq__namesrv_address(w->ns), &WORLD_EVENTS, w,
                                      &w->good);
    }
}

static void do_dial_bad(void *arg)
{
    struct world *w = arg;
    w->is_bad_open = false;
    w->is_bad_closed = false;
    w->status =
        w->env->ops->dial(w->env->ctx, rkmq__namesrv_address(w->ns), &WORLD_EVENTS, w, &w->bad);
}

/* The good connection asks for a route that does not exist. */
static void do_ask(void *arg)
{
    struct world *w = arg;
    struct rkmq_field topic = {RKMQ_SLICE("topic"), RKMQ_SLICE("T")};
    struct rkmq_command cmd = {.code = RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC,
                               .version = RKMQ_VERSION_V5_3_3,
                               .opaque = w->n_answers,
                               .fields = &topic,
                               .n_fields = 1};
    struct rkmq_buf *frame;
    w->status = rkmq_command_encode(&cmd, w->env->mem, &frame);
    if (w->status == RKMQ_OK) {
        w->n_answers_wanted = w->n_answers + 1;
        w->status = w->env->ops->send(w->env->ctx, w->good, frame);
    }
}

static void do_close_bad(void *arg)
{
    struct world *w = arg;
    w->env->ops->close(w->env->ctx, w->bad);
}

static void do_stop(void *arg)
{
    struct world *w = arg;
    w->env->ops->close(w->env->ctx, w->good);
    rkmq__namesrv_destroy(w->ns);
}

static bool is_good_open(void *arg)
{
    return ((struct world *)arg)->is_good_open;
}

static bool is_bad_open(void *arg)
{
    return ((struct world *)arg)->is_bad_open;
}

static bool is_bad_closed(void *arg)
{
    return ((struct world *)arg)->is_bad_closed;
}

static bool is_answered(void *arg)
{
    struct world *w = arg;
    return w->n_answers == w->n_answers_wanted;
}

static void run(struct world *w, void (*what)(void *arg), bool (*until)(void *arg))
{
    w->rt->ops->call(w->rt, what, w);
    assert_int_equal(w->status, RKMQ_OK);
    assert_int_equal(w->rt->ops->await(w->rt, until, w, DEADLINE_MS), RKMQ_OK);
}

static void world_start(struct world *w, bool is_live)
{
    *w = (struct world){.wm = {.mem = {.realloc = watched_realloc, .ctx = &w->wm}}};
    assert_int_equal(rkmq_decoder_create(&w->answers, &w->wm.mem, RKMQ_FRAME_BYTES_MAX), RKMQ_OK);
    if (is_live) {
        struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
        o.mem = &w->wm.mem;
        o.log = world_log;
        o.log_user = w;
        assert_int_equal(rkmq_live_create(&w->rt, &o, NULL), RKMQ_OK);
    } else {
        struct rkmq_sim_options o = RKMQ_SIM_OPTIONS_INIT;
        o.mem = &w->wm.mem;
        o.log = world_log;
        o.log_user = w;
        assert_int_equal(rkmq_sim_create(&w->sim, &o), RKMQ_OK);
        w->rt = rkmq_sim_runtime(w->sim);
    }
    w->ns_env = w->rt->ops->host(w->rt, "ns");
    w->env = w->rt->ops->host(w->rt, "client");
    run(w, do_start, is_good_open);
}

static void world_stop(struct world *w)
{
    w->rt->ops->call(w->rt, do_stop, w);
    if (w->sim) {
        rkmq_sim_destroy(w->sim);
    } else {
        rkmq_live_destroy(w->rt);
    }
    rkmq_decoder_destroy(w->answers);
}

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static void bad_input(bool is_live)
{
    static const struct {
        struct rkmq_slice bytes;
        const char *reason;
    } rows[] = {
        {BYTES("\0\0\0\0"), "frame length 0 has no room for a header word"},
        {BYTES("\0\0\0\1"), "frame length 1 has no room for a header word"},
        {BYTES("\0\0\0\3"), "frame length 3 has no room for a header word"},
        {BYTES("\x7f\xff\xff\xff"), "frame of 2147483651 bytes is over the limit of 16777216"},
        {BYTES("\x80\0\0\0"), "frame length -2147483648 is negative"},
        {BYTES("\xff\xff\xff\xfc"), "frame length -4 is negative"},
        {BYTES("\0\xff\xff\xfd"), "frame of 16777217 bytes is over the limit of 16777216"},
        {BYTES("\0\0\0\x08\0\0\0\x09"),
         "header of 9 bytes is longer than the 4 bytes of its frame"},
        {BYTES("\0\0\0\x04\0\xff\xff\xff"),
         "header of 16777215 bytes is longer than the 0 bytes of its frame"},
        {BYTES("\0\0\0\x08\x02\0\0\x04"), "unknown serialize type 2"},
        {BYTES("\0\0\0\x04\xff\0\0\0"), "unknown serialize type 255"},
        {BYTES("\0\0\0\x0d\0\0\0\x09{\"code\":1"), "JSON header: ',' or '}' expected at byte 9"},
        {BYTES("\0\0\0\x04\0\0\0\0"), "JSON header: '{' expected at byte 0"},
        {BYTES("\0\0\0\x08\x01\0\0\x04\0\0\0\0"), "binary header of 4 bytes"},
        {BYTES("GET / HTTP/1.1\r\n\r\n"),
         "frame of 1195725860 bytes is over the limit of 16777216"},
    };
    struct world w;
    world_start(&w, is_live);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        w.bytes = rows[i].bytes;
        run(&w, do_dial_bad, is_bad_closed);
        run(&w, do_ask, is_answered);
        const char *line_end = strchr(w.log, '\n');
        assert_int_equal(strncmp(w.log, "conn: ", 6), 0);
        assert_non_null(strstr(w.log, rows[i].reason));
        assert_true(line_end && line_end[1] == '\0'); /* one line */
        w.log[0] = '\0';
    }
    /* The largest frame allowed, announced and never sent: it waits, and takes no room. */
    w.bytes = (struct rkmq_slice)BYTES("\0\xff\xff\xfc\0\0\0\x10{");
    run(&w, do_dial_bad, is_bad_open);
    run(&w, do_ask, is_answered);
    run(&w, do_ask, is_answered);
    assert_false(w.is_bad_closed);
    assert_string_equal(w.log, "");
    w.rt->ops->call(w.rt, do_close_bad, &w);
    assert_in_range(atomic_load(&w.wm.bytes_largest), 1, ALLOCATION_BYTES_MAX);
    world_stop(&w);
}

static void test_over_tcp(void **state)
{
    /* Each kind of malformed input closes its connection with one log line that gives the reason,
     * nothing near the announced sizes is allocated, and the neighbour is answered after each. */
    (void)state;
    bad_input(true);
}

static void test_in_simulation(void **state)
{
    /* The same in the simulated world. */
    (void)state;
    bad_input(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_tcp),
        cmocka_unit_test(test_in_simulation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
