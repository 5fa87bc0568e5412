/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: what arrives, how they end, where they lead. */
#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/env_contract.h"

/*
 * One end of a connection, or a listener and all it accepts. Callbacks run on the loop thread,
 * where a failed CMocka assertion could not jump out: they count, and the test asserts.
 */
struct end {
    const struct rkmq_env *env;
    rkmq_conn conn;     /* dialled, or accepted last */
    rkmq_conn listener; /* of a server */
    char bound[64], peer[64], why[256];
    int n_opened, n_closed, n_drained;
    size_t n_received, n_to_send, n_sent;
    uint64_t sum; /* of the bytes received and their places */
    int n_limits;
    bool is_echo, closes_when_sent, resets_on_data, closes_on_open, closes_on_data;
    bool is_in_op, was_called_in_op, heard_after_close, was_now_moving;
    rkmq_ms now_at_op;
};

static uint8_t pattern_at(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static uint64_t sum_of(uint64_t sum, size_t place, uint8_t byte)
{
    return sum + (place + 1) * ((uint64_t)byte + 1);
}

static void op_begin(struct end *e)
{
    e->is_in_op = true;
    e->now_at_op = rkmq__now(e->env);
}

static void op_end(struct end *e)
{
    e->is_in_op = false;
    e->was_now_moving |= rkmq__now(e->env) != e->now_at_op;
}

static void called(struct end *e)
{
    e->was_called_in_op |= e->is_in_op;
}

static int end_send(struct end *e, struct rkmq_buf *take_chain)
{
    op_begin(e);
    int status = e->env->ops->send(e->env->ctx, e->conn, take_chain);
    op_end(e);
    return status;
}

static void end_hang_up(struct end *e, bool is_reset)
{
    rkmq_conn c = e->conn;
    op_begin(e);
    (is_reset ? e->env->ops->reset : e->env->ops->close)(e->env->ctx, c);
    e->env->ops->close(e->env->ctx, c); /* a second time: nothing */
    op_end(e);
    struct rkmq_buf *late = rkmq_buf_create(e->env->mem, 1);
    RKMQ_ASSERT(late);
    RKMQ_ASSERT(end_send(e, late) == RKMQ_E_CLOSED);
    RKMQ_ASSERT(e->env->ops->unsent(e->env->ctx, c) == 0);
    e->conn = 0;
}

/* Sends until the queue is comfortably full, in buffers of an odd size; `drained` goes on. */
static void end_pump(struct end *e)
{
    while (e->conn != 0 && e->n_sent < e->n_to_send &&
           e->env->ops->unsent(e->env->ctx, e->conn) < (4u << 20)) {
        size_t n = e->n_to_send - e->n_sent < 65521 ? e->n_to_send - e->n_sent : 65521;
        struct rkmq_buf *buf = rkmq_buf_create(e->env->mem, n);
        RKMQ_ASSERT(buf);
        for (size_t i = 0; i < n; i++) {
            buf->p[i] = pattern_at(e->n_sent + i);
        }
        RKMQ_ASSERT(end_send(e, buf) == RKMQ_OK);
        e->n_sent += n;
    }
    if (e->conn != 0 && e->closes_when_sent && e->n_sent == e->n_to_send) {
        end_hang_up(e, false);
    }
}

static void on_opened(void *owner, rkmq_conn c, const char *peer)
{
    struct end *e = owner;
    called(e);
    e->n_opened++;
    e->conn = c;
    (void)snprintf(e->peer, sizeof e->peer, "%s", peer);
    if (e->closes_on_open) {
        end_hang_up(e, false);
    } else {
        end_pump(e);
    }
}

static void on_data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct end *e = owner;
    called(e);
    e->heard_after_close |= c != e->conn;
    for (const struct rkmq_buf *b = take_data; b; b = b->next) {
        for (size_t i = 0; i < b->n; i++) {
            e->sum = sum_of(e->sum, e->n_received++, b->p[i]);
        }
    }
    if (e->is_echo) {
        RKMQ_ASSERT(end_send(e, take_data) == RKMQ_OK);
        return;
    }
    rkmq_buf_free(take_data);
    if (e->resets_on_data || e->closes_on_data) {
        end_hang_up(e, e->resets_on_data);
    }
}

static void on_drained(void *owner, rkmq_conn c)
{
    struct end *e = owner;
    called(e);
    e->heard_after_close |= c != e->conn;
    e->n_drained++;
    end_pump(e);
}

static void on_closed(void *owner, rkmq_conn c, const char *why)
{
    struct end *e = owner;
    called(e);
    e->heard_after_close |= e->n_closed > 0 && e->listener == 0;
    e->n_closed++;
    (void)snprintf(e->why, sizeof e->why, "%s", why);
    if (e->conn == c) {
        e->conn = 0;
    }
}

static const struct rkmq_conn_events END_EVENTS = {
    .opened = on_opened, .data = on_data, .drained = on_drained, .closed = on_closed};

/* ---- what the test asks of the loop thread ---- */

struct pair {
    struct rkmq_runtime *rt;
    struct end server, client;
    char addr[64]; /* to dial; "" for where the server listens */
    int status;
};

static void pair_init(struct pair *p, struct rkmq_runtime *rt)
{
    *p = (struct pair){.rt = rt};
    p->server.env = rt->ops->host(rt, "a");
    p->client.env = rt->ops->host(rt, "b");
    assert_non_null(p->server.env);
    assert_non_null(p->client.env);
}

static void do_listen(void *arg)
{
    struct pair *p = arg;
    struct end *e = &p->server;
    op_begin(e);
    p->status = e->env->ops->listen(e->env->ctx, "127.0.0.1:0", &END_EVENTS, e, &e->listener,
                                    e->bound, NULL);
    op_end(e);
}

static void do_dial(void *arg)
{
    struct pair *p = arg;
    struct end *e = &p->client;
    op_begin(e);
    p->status = e->env->ops->dial(e->env->ctx, p->addr[0] ? p->addr : p->server.bound, &END_EVENTS,
                                  e, &e->conn);
    op_end(e);
}

static void do_send_hello(void *arg)
{
    struct pair *p = arg;
    struct rkmq_buf *hello = rkmq_buf_copy(p->client.env->mem, RKMQ_SLICE("hel"));
    rkmq_buf_append(&hello, rkmq_buf_copy(p->client.env->mem, RKMQ_SLICE("lo")));
    RKMQ_ASSERT(hello);
    p->status = end_send(&p->client, hello);
}

static void do_close_client(void *arg)
{
    end_hang_up(&((struct pair *)arg)->client, false);
}

static void do_close_listener(void *arg)
{
    struct end *e = &((struct pair *)arg)->server;
    e->env->ops->close(e->env->ctx, e->listener);
}

static void do_close_all(void *arg)
{
    struct pair *p = arg;
    p->server.env->ops->close(p->server.env->ctx, p->server.listener);
    p->server.env->ops->close(p->server.env->ctx, p->server.conn);
    p->client.env->ops->close(p->client.env->ctx, p->client.conn);
}

static void pair_call(struct pair *p, void (*fn)(void *arg))
{
    p->rt->ops->call(p->rt, fn, p);
}

static void pair_await(struct pair *p, bool (*is_done)(void *arg))
{
    assert_int_equal(p->rt->ops->await(p->rt, is_done, p, ENV_CONTRACT_DEADLINE_MS), RKMQ_OK);
}

static bool is_client_open(void *arg)
{
    return ((struct pair *)arg)->client.n_opened > 0;
}

static bool is_client_closed(void *arg)
{
    return ((struct pair *)arg)->client.n_closed > 0;
}

static bool is_server_open(void *arg)
{
    return ((struct pair *)arg)->server.n_opened > 0;
}

static bool is_server_closed(void *arg)
{
    return ((struct pair *)arg)->server.n_closed > 0;
}

static void pair_connect(struct pair *p)
{
    pair_call(p, do_listen);
    assert_int_equal(p->status, RKMQ_OK);
    pair_call(p, do_dial);
    assert_int_equal(p->status, RKMQ_OK);
    pair_await(p, is_client_open);
    pair_await(p, is_server_open);
}

/* Closes what is open, and checks the rules that hold in every case. */
static void pair_end(struct pair *p)
{
    pair_call(p, do_close_all);
    const struct end *ends[] = {&p->server, &p->client};
    for (size_t i = 0; i < RKMQ_COUNT_OF(ends); i++) {
        assert_false(ends[i]->was_called_in_op);
        assert_false(ends[i]->heard_after_close);
        assert_false(ends[i]->was_now_moving);
        assert_true(ends[i]->n_opened <= 1);
        assert_true(ends[i]->n_closed <= 1);
    }
}

/* ---- cases ---- */

static bool is_hello_back(void *arg)
{
    return ((struct pair *)arg)->client.n_received >= 5;
}

void env_contract_echoes(struct rkmq_runtime *rt)
{
    /* Bytes of a chain arrive in order and come back; a close at one end is one `closed` at the
     * other and none at its own. */
    struct pair p;
    pair_init(&p, rt);
    p.server.is_echo = true;
    pair_connect(&p);
    assert_string_equal(p.client.peer, p.server.bound);
    pair_call(&p, do_send_hello);
    assert_int_equal(p.status, RKMQ_OK);
    pair_await(&p, is_hello_back);
    uint64_t sum = 0;
    for (size_t i = 0; i < 5; i++) {
        sum = sum_of(sum, i, (uint8_t) "hello"[i]);
    }
    assert_int_equal(p.client.sum, sum);
    pair_call(&p, do_close_client);
    pair_await(&p, is_server_closed);
    assert_int_equal(p.client.n_closed, 0);
    pair_end(&p);
}

void env_contract_sends_before_it_is_open(struct rkmq_runtime *rt)
{
    /* What is sent before `opened` arrives after it: the echo comes back. */
    struct pair p;
    pair_init(&p, rt);
    p.server.is_echo = true;
    pair_call(&p, do_listen);
    pair_call(&p, do_dial);
    pair_call(&p, do_send_hello);
    assert_int_equal(p.status, RKMQ_OK);
    pair_await(&p, is_hello_back);
    assert_int_equal(p.client.n_opened, 1);
    pair_end(&p);
}

#define BIG_BYTES (16u << 20)

static bool is_big_received(void *arg)
{
    return ((struct pair *)arg)->client.n_received >= BIG_BYTES;
}

void env_contract_carries_16_mib(struct rkmq_runtime *rt)
{
    /* A sender that heeds `unsent` and goes on at `drained` gets 16 MiB through, every byte in its
     * place. */
    struct pair p;
    pair_init(&p, rt);
    p.server.n_to_send = BIG_BYTES;
    pair_connect(&p);
    pair_await(&p, is_big_received);
    uint64_t sum = 0;
    for (size_t i = 0; i < BIG_BYTES; i++) {
        sum = sum_of(sum, i, pattern_at(i));
    }
    assert_int_equal(p.client.n_received, BIG_BYTES);
    assert_true(p.client.sum == sum);
    assert_true(p.server.n_drained > 0);
    pair_end(&p);
}

static void do_overfill(void *arg)
{
    struct pair *p = arg;
    int status = RKMQ_OK;
    for (int i = 0; i < 200 && status == RKMQ_OK; i++) {
        struct rkmq_buf *buf = rkmq_buf_create(p->client.env->mem, 1u << 20);
        RKMQ_ASSERT(buf);
        memset(buf->p, 0, buf->n);
        status = end_send(&p->client, buf);
        p->client.n_sent += status == RKMQ_OK;
    }
    p->status = status;
}

static bool is_overfill_received(void *arg)
{
    const struct pair *p = arg;
    return p->server.n_received >= p->client.n_sent << 20 && p->client.n_drained > 0;
}

void env_contract_refuses_above_the_high_mark(struct rkmq_runtime *rt)
{
    /* Sending without end within one event meets RKMQ_E_LIMIT; what was taken arrives, and
     * `drained` says when to go on. */
    struct pair p;
    pair_init(&p, rt);
    pair_connect(&p);
    pair_call(&p, do_overfill);
    assert_int_equal(p.status, RKMQ_E_LIMIT);
    assert_int_equal(p.client.n_sent, 64);
    pair_await(&p, is_overfill_received);
    assert_int_equal(p.server.n_received, p.client.n_sent << 20);
    pair_end(&p);
}

void env_contract_close_flushes(struct rkmq_runtime *rt)
{
    /* A server that sends 3 MiB and closes at once: the client gets all, then `closed`. */
    struct pair p;
    pair_init(&p, rt);
    p.server.n_to_send = 3u << 20;
    p.server.closes_when_sent = true;
    pair_connect(&p);
    pair_await(&p, is_client_closed);
    assert_int_equal(p.client.n_received, 3u << 20);
    assert_string_equal(p.client.why, "closed by the peer");
    assert_int_equal(p.server.n_closed, 0);
    pair_end(&p);
}

void env_contract_reset_is_seen(struct rkmq_runtime *rt)
{
    /* A reset at one end is `closed` with its reason at the other. */
    struct pair p;
    pair_init(&p, rt);
    p.server.resets_on_data = true;
    pair_connect(&p);
    pair_call(&p, do_send_hello);
    pair_await(&p, is_client_closed);
    assert_string_equal(p.client.why, "Connection reset by peer");
    assert_int_equal(p.server.n_closed, 0);
    pair_end(&p);
}

void env_contract_close_in_an_event(struct rkmq_runtime *rt)
{
    /* An end that closes within `opened`, or within `data`, hears no more, and the peer's end
     * comes. */
    for (int i = 0; i < 2; i++) {
        struct pair p;
        pair_init(&p, rt);
        p.server.closes_on_open = i == 0;
        p.server.closes_on_data = i == 1;
        pair_connect(&p);
        if (i == 1) {
            pair_call(&p, do_send_hello);
        }
        pair_await(&p, is_client_closed);
        assert_int_equal(p.server.n_closed, 0);
        pair_end(&p);
    }
}

void env_contract_nobody_listens(struct rkmq_runtime *rt)
{
    /* A closed listener refuses: `closed` once, never `opened`; what it accepted lives on. */
    struct pair p;
    pair_init(&p, rt);
    p.server.is_echo = true;
    pair_connect(&p);
    pair_call(&p, do_close_listener);
    struct pair late;
    pair_init(&late, rt);
    (void)snprintf(late.addr, sizeof late.addr, "%s", p.server.bound);
    pair_call(&late, do_dial);
    assert_int_equal(late.status, RKMQ_OK);
    pair_await(&late, is_client_closed);
    assert_int_equal(late.client.n_opened, 0);
    assert_string_equal(late.client.why, "Connection refused");
    pair_call(&p, do_send_hello);
    pair_await(&p, is_hello_back);
    pair_end(&late);
    pair_end(&p);
}

static void do_dial_and_close(void *arg)
{
    do_dial(arg);
    do_close_client(arg);
}

void env_contract_close_while_dialling(struct rkmq_runtime *rt)
{
    /* A dial that its owner gives up in the same event brings neither `opened` nor `closed`; a
     * later one to the same place is served. */
    struct pair p;
    pair_init(&p, rt);
    pair_call(&p, do_listen);
    pair_call(&p, do_dial_and_close);
    struct pair later;
    pair_init(&later, rt);
    (void)snprintf(later.addr, sizeof later.addr, "%s", p.server.bound);
    pair_call(&later, do_dial);
    pair_await(&later, is_client_open);
    assert_int_equal(p.client.n_opened, 0);
    assert_int_equal(p.client.n_closed, 0);
    pair_end(&later);
    pair_call(&p, do_close_all);
}

void env_contract_name_that_does_not_resolve(struct rkmq_runtime *rt)
{
    /* A host nobody knows is no error of `dial` but a `closed` that names it. */
    struct pair p;
    pair_init(&p, rt);
    (void)snprintf(p.addr, sizeof p.addr, "no-such-host.invalid:9876");
    pair_call(&p, do_dial);
    assert_int_equal(p.status, RKMQ_OK);
    pair_await(&p, is_client_closed);
    assert_int_equal(p.client.n_opened, 0);
    assert_non_null(strstr(p.client.why, "no-such-host.invalid"));
    pair_end(&p);
}

void env_contract_name_that_resolves(struct rkmq_runtime *rt)
{
    /* "localhost" is a name like any other; the host itself answers there. */
    struct pair p;
    pair_init(&p, rt);
    p.client.env = p.server.env;
    p.server.is_echo = true;
    pair_call(&p, do_listen);
    (void)snprintf(p.addr, sizeof p.addr, "localhost%s", strrchr(p.server.bound, ':'));
    pair_call(&p, do_dial);
    pair_await(&p, is_client_open);
    pair_call(&p, do_send_hello);
    pair_await(&p, is_hello_back);
    pair_end(&p);
}

static void do_bad_addresses(void *arg)
{
    struct pair *p = arg;
    static const char *const BAD[] = {"",      "host", ":9876",    "host:",   "host:port",
                                      "h:0x1", "h:-1", "h:123456", "h:65536", "h:0"};
    const struct rkmq_env *env = p->client.env;
    char bound[64];
    p->status = 0;
    for (size_t i = 0; i < RKMQ_COUNT_OF(BAD); i++) {
        rkmq_conn c = 1;
        struct rkmq_err err = {0};
        p->status += env->ops->dial(env->ctx, BAD[i], &END_EVENTS, p, &c) == RKMQ_E_INVALID;
        RKMQ_ASSERT(c == 0);
        if (i + 1 < RKMQ_COUNT_OF(BAD)) { /* port 0 is good for listening */
            p->status += env->ops->listen(env->ctx, BAD[i], &END_EVENTS, p, &c, bound, &err) ==
                         RKMQ_E_INVALID;
            RKMQ_ASSERT(c == 0);
            RKMQ_ASSERT(err.text[0]);
        }
    }
}

static void do_listen_twice(void *arg)
{
    struct pair *p = arg;
    const struct rkmq_env *env = p->server.env;
    char bound[64];
    rkmq_conn c;
    struct rkmq_err err = {0};
    p->status =
        env->ops->listen(env->ctx, p->server.bound, &END_EVENTS, &p->server, &c, bound, &err);
    (void)snprintf(p->server.why, sizeof p->server.why, "%s", err.text);
}

void env_contract_addresses_that_cannot_be(struct rkmq_runtime *rt)
{
    /* A table of texts that are no "host:port" is refused on the spot; so is a port in use, with
     * the reason. */
    struct pair p;
    pair_init(&p, rt);
    pair_call(&p, do_bad_addresses);
    assert_int_equal(p.status, 19);
    pair_call(&p, do_listen);
    pair_call(&p, do_listen_twice);
    assert_int_equal(p.status, RKMQ_E_IO);
    assert_non_null(strstr(p.server.why, "Address already in use"));
    pair_end(&p);
}
