/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/live.h>
#include <sys/socket.h>
#include <unistd.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

#define DEADLINE_MS 60000

struct end { /* the runtime's end of a socketpair: says back what it hears */
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    int fd, status, n_opened, n_closed;
    rkmq_conn conn;
};

static void on_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)c, (void)peer;
    ((struct end *)owner)->n_opened++;
}

static void on_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct end *end = owner;
    (void)end->env->ops->send(end->env->ctx, c, take_data);
}

static void on_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)c, (void)why;
    ((struct end *)owner)->n_closed++;
}

static const struct rkmq_conn_events EVENTS = {
    .opened = on_opened, .data = on_data, .closed = on_closed};

static void do_adopt(void *arg)
{
    struct end *end = arg;
    end->status = rkmq_live_adopt(end->rt, end->fd, &EVENTS, end, &end->conn);
}

static bool is_closed(void *arg)
{
    return ((struct end *)arg)->n_closed > 0;
}

static void end_make(struct end *end, int fd)
{
    *end = (struct end){.fd = fd};
    assert_int_equal(rkmq_live_create(&end->rt, NULL, NULL), RKMQ_OK);
    end->env = end->rt->ops->host(end->rt, "");
    end->rt->ops->call(end->rt, do_adopt, end);
}

static void both_ways(void **state)
{
    /* An adopted socket carries bytes both ways without an `opened`, and its end is told once. */
    (void)state;
    int fds[2];
    char heard[6] = "";
    struct end end;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    end_make(&end, fds[0]);
    assert_int_equal(end.status, RKMQ_OK);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    assert_int_equal(recv(fds[1], heard, 5, MSG_WAITALL), 5);
    assert_string_equal(heard, "hello");
    (void)close(fds[1]);
    assert_int_equal(end.rt->ops->await(end.rt, is_closed, &end, DEADLINE_MS), RKMQ_OK);
    assert_int_equal(end.n_opened, 0);
    assert_int_equal(end.n_closed, 1);
    rkmq_live_destroy(end.rt);
}

static void no_descriptor(void **state)
{
    /* What is no open descriptor is refused, and nothing is left of it. */
    (void)state;
    struct end end;
    end_make(&end, -1);
    assert_int_equal(end.status, RKMQ_E_INVALID);
    assert_int_equal(end.conn, 0);
    rkmq_live_destroy(end.rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(no_descriptor),
    };
    return cmocka_run_group_tests_name("live_adopt", tests, NULL, NULL);
}
