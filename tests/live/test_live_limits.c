/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <rkmq/live.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

#define DEADLINE_MS 60000

struct server {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    rkmq_conn listener, conn;
    char bound[64], log[256], why[256];
    int n_opened, n_closed;
    size_t n_to_send;
};

static void server_opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    struct server *server = owner;
    server->n_opened++;
    server->conn = c;
    if (server->n_to_send == 0) {
        return;
    }
    struct rkmq_buf *buf = rkmq_buf_create(server->env->mem, server->n_to_send);
    RKMQ_ASSERT(buf);
    memset(buf->p, 'x', buf->n);
    RKMQ_ASSERT(server->env->ops->send(server->env->ctx, c, buf) == RKMQ_OK);
}

static void server_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    (void)owner, (void)c;
    rkmq_buf_free(take_data);
}

static void server_closed(void *owner, rkmq_conn c, const char *why)
{
    (void)c;
    struct server *server = owner;
    server->n_closed++;
    (void)snprintf(server->why, sizeof server->why, "%s", why);
}

static const struct rkmq_conn_events SERVER_EVENTS = {
    .opened = server_opened, .data = server_data, .closed = server_closed};

static void server_log(void *user, enum rkmq_log_level level, const char *subject, const char *text)
{
    struct server *server = user;
    (void)snprintf(server->log, sizeof server->log, "%d %s %s", (int)level, subject, text);
}

static void do_listen(void *arg)
{
    struct server *server = arg;
    RKMQ_ASSERT(server->env->ops->listen(server->env->ctx, "127.0.0.1:0", &SERVER_EVENTS, server,
                                         &server->listener, server->bound, NULL) == RKMQ_OK);
}

static void do_close(void *arg)
{
    struct server *server = arg;
    server->env->ops->close(server->env->ctx, server->conn);
}

static bool is_opened(void *arg)
{
    return ((struct server *)arg)->n_opened > 0;
}

static bool is_closed(void *arg)
{
    return ((struct server *)arg)->n_closed > 0;
}

static bool has_log(void *arg)
{
    return ((struct server *)arg)->log[0] != '\0';
}

static void server_start(struct server *server)
{
    struct rkmq_live_options o = RKMQ_LIVE_OPTIONS_INIT;
    o.log = server_log;
    o.log_user = server;
    assert_int_equal(rkmq_live_create(&server->rt, &o, NULL), RKMQ_OK);
    server->env = server->rt->ops->host(server->rt, "");
    server->rt->ops->call(server->rt, do_listen, server);
}

/* A plain socket, connected by the kernel alone. */
static int client_connect(const struct server *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_port = htons((uint16_t)strtoul(strrchr(server->bound, ':') + 1, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void await(struct server *server, bool (*is_done)(void *arg))
{
    assert_int_equal(server->rt->ops->await(server->rt, is_done, server, DEADLINE_MS), RKMQ_OK);
}

static void too_many_open_files(void **state)
{
    /* Without a free descriptor the listener says so in one log line, pauses instead of spinning,
     * and accepts the waiting connection when there is one again. */
    (void)state;
    struct server server = {0};
    server_start(&server);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int lowest = dup(0);
    assert_true(lowest >= 0);
    close(lowest);
    struct rlimit one_more = {.rlim_cur = (rlim_t)lowest + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &one_more), 0);
    int fd = client_connect(&server);
    await(&server, has_log);
    assert_int_equal(server.n_opened, 0);
    assert_string_equal(server.log, "0 conn cannot accept: Too many open files");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    await(&server, is_opened);
    close(fd);
    await(&server, is_closed);
    assert_string_equal(server.why, "closed by the peer");
    rkmq_live_destroy(server.rt);
}

static void a_peer_that_never_reads(void **state)
{
    /* A connection closed with 32 MiB to write to a peer that reads nothing does not keep the
     * runtime from being destroyed; nor do one that is open and one that was closed with nothing to
     * write. */
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct server server = {.n_to_send = i < 2 ? 32u << 20 : 0};
        server_start(&server);
        int fd = client_connect(&server);
        await(&server, is_opened);
        if (i != 1) {
            server.rt->ops->call(server.rt, do_close, &server);
        }
        rkmq_live_destroy(server.rt);
        assert_int_equal(server.n_closed, 0);
        close(fd);
    }
}

static void a_peer_that_leaves_while_we_write(void **state)
{
    /* A peer that vanishes with bytes on their way to it is `closed`, and no signal ends the
     * program. */
    (void)state;
    struct server server = {.n_to_send = 32u << 20};
    server_start(&server);
    int fd = client_connect(&server);
    await(&server, is_opened);
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
    await(&server, is_closed);
    rkmq_live_destroy(server.rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_open_files),
        cmocka_unit_test(a_peer_that_never_reads),
        cmocka_unit_test(a_peer_that_leaves_while_we_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
