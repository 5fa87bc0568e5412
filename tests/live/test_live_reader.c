/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/conn.h"
#include "support/cmocka_all.h"

/* The reader of a live connection from inside: what it does with its slabs. */

#define DEADLINE_MS 60000
#define STREAM_BYTES (96u << 20)
#define N_HELD_MAX 64

struct held {
    struct rkmq_buf *view;
    size_t place;
};

struct stream {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    rkmq_conn listener, from, to;
    char bound[64];
    size_t n_to_send, n_sent, n_received, n_wrong;
    struct held held[N_HELD_MAX]; /* the latest views, in a ring */
    size_t n_hold, n_views;
    bool has_slab;
};

static uint8_t pattern_at(size_t i)
{
    return (uint8_t)(i * 131 + (i >> 8) * 31 + (i >> 16) * 7);
}

static void held_release(struct stream *st, struct held *held)
{
    for (size_t i = 0; held->view && i < held->view->n; i += 61) {
        st->n_wrong += held->view->p[i] != pattern_at(held->place + i);
    }
    rkmq_buf_free(held->view);
    *held = (struct held){0};
}

static void stream_pump(struct stream *st)
{
    const struct rkmq_env *env = st->env;
    while (st->n_sent < st->n_to_send && env->ops->unsent(env->ctx, st->from) < (8u << 20)) {
        size_t n = st->n_to_send - st->n_sent < 100003 ? st->n_to_send - st->n_sent : 100003;
        struct rkmq_buf *buf = rkmq_buf_create(env->mem, n);
        RKMQ_ASSERT(buf);
        for (size_t i = 0; i < n; i++) {
            buf->p[i] = pattern_at(st->n_sent + i);
        }
        RKMQ_ASSERT(env->ops->send(env->ctx, st->from, buf) == RKMQ_OK);
        st->n_sent += n;
    }
}

static void on_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    struct stream *st = owner;
    if (c != st->from) {
        st->to = c;
    }
}

static void on_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)c;
    struct stream *st = owner;
    struct held *held = &st->held[st->n_views++ % st->n_hold];
    held_release(st, held);
    *held = (struct held){.view = take_data, .place = st->n_received};
    st->n_received += take_data->n;
}

static void on_drained(void *owner, rkmq_conn c)
{
    (void)c;
    stream_pump(owner);
}

static void on_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)owner, (void)c, (void)why;
}

static const struct rkmq_conn_events STREAM_EVENTS = {
    .opened = on_opened, .data = on_data, .drained = on_drained, .closed = on_closed};

static void do_start(void *arg)
{
    struct stream *st = arg;
    const struct rkmq_env *env = st->env;
    RKMQ_ASSERT(env->ops->listen(env->ctx, "127.0.0.1:0", &STREAM_EVENTS, st, &st->listener,
                                 st->bound, NULL) == RKMQ_OK);
    RKMQ_ASSERT(env->ops->dial(env->ctx, st->bound, &STREAM_EVENTS, st, &st->from) == RKMQ_OK);
    stream_pump(st);
}

static void do_release(void *arg)
{
    struct stream *st = arg;
    for (size_t i = 0; i < N_HELD_MAX; i++) {
        held_release(st, &st->held[i]);
    }
}

static struct live_reader *reader_of(struct stream *st)
{
    struct rkmq_live *lv = (struct rkmq_live *)st->rt;
    return &((struct live_conn *)rkmq__conn_table_get(&lv->table, st->to))->reader;
}

/* Fires the sweep now; twice within one call, nothing can be read in between. */
static void do_sweep_twice(void *arg)
{
    struct stream *st = arg;
    struct rkmq_live *lv = (struct rkmq_live *)st->rt;
    RKMQ_ASSERT(rkmq__timer_is_armed(&lv->sweep));
    for (int i = 0; i < 2; i++) {
        rkmq__live_timer_stop(lv, &lv->sweep);
        lv->sweep.fire(&lv->sweep);
        st->has_slab = reader_of(st)->slab || reader_of(st)->n_spare > 0;
        RKMQ_ASSERT(st->has_slab == (i == 0));
    }
    RKMQ_ASSERT(!rkmq__timer_is_armed(&lv->sweep));
}

static bool is_received(void *arg)
{
    const struct stream *st = arg;
    return st->n_received == st->n_to_send;
}

static void stream_run(struct stream *st, size_t n_hold, size_t n_bytes)
{
    *st = (struct stream){.n_hold = n_hold, .n_to_send = n_bytes};
    assert_int_equal(rkmq_live_create(&st->rt, NULL, NULL), RKMQ_OK);
    st->env = st->rt->ops->host(st->rt, "");
    st->rt->ops->call(st->rt, do_start, st);
    assert_int_equal(st->rt->ops->await(st->rt, is_received, st, DEADLINE_MS), RKMQ_OK);
}

static void held_views_stay_as_they_are(void **state)
{
    /* However many views a core keeps, a slab is read into again only when none is left: what was
     * held still has its bytes when it is let go. */
    (void)state;
    static const size_t HOLDS[] = {1, 2, 9, N_HELD_MAX};
    for (size_t i = 0; i < RKMQ_COUNT_OF(HOLDS); i++) {
        struct stream st;
        stream_run(&st, HOLDS[i], STREAM_BYTES);
        st.rt->ops->call(st.rt, do_release, &st);
        assert_int_equal(st.n_wrong, 0);
        rkmq_live_destroy(st.rt);
    }
}

static void an_idle_connection_gives_its_slabs_up(void **state)
{
    /* After a burst the slabs are large; the first sweep sees that they were used, the second that
     * they were not, and frees them. Then there is nothing to sweep, and reading goes on. */
    (void)state;
    struct stream st;
    stream_run(&st, 1, 16u << 20);
    st.rt->ops->call(st.rt, do_sweep_twice, &st);
    assert_false(st.has_slab);
    st.rt->ops->call(st.rt, do_release, &st);
    rkmq_live_destroy(st.rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_views_stay_as_they_are),
        cmocka_unit_test(an_idle_connection_gives_its_slabs_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
