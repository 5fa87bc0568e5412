/* SPDX-License-Identifier: Apache-2.0 */
#include "support/body_kinds.h"

#include "remoting/protocol/body_read.h"
#include "remoting/protocol/codes.h"

/* What a kind reads into, so that one frame around all readers is enough. */
union body {
    struct rkmq_route_data route;
    struct rkmq_heartbeat_data heartbeat;
    struct rkmq_register_broker_body registration;
    struct rkmq_data_version version;
    struct rkmq_lock_batch_body lock;
    struct {
        struct rkmq_slice *at;
        size_t n;
    } texts;
    struct {
        struct rkmq_mq *at;
        size_t n;
    } mqs;
};
typedef int read_fn(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                    struct rkmq_err *err);
typedef void write_fn(const union body *b, struct rkmq_bytes *out);

static int again(read_fn *read, write_fn *write, struct rkmq_slice body, const struct rkmq_mem *mem,
                 struct rkmq_bytes *out, struct rkmq_err *err)
{
    struct rkmq_arena arena;
    union body b;
    struct rkmq_buf *input = rkmq_buf_copy(mem, body);
    if (!input) {
        return RKMQ_E_NOMEM;
    }
    rkmq__arena_init(&arena, mem);
    int status = read(rkmq__slice(input->p, input->n), &arena, &b, err);
    memset(input->p, '#', input->n); /* a text that still points there comes out wrong */
    rkmq_buf_free(input);
    if (status == RKMQ_OK) {
        write(&b, out);
        status = out->is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
    }
    rkmq__arena_close(&arena);
    return status;
}

/* Defines name_again from name_read and name_write. */
#define AGAIN(name)                                                                                \
    static int name##_again(struct rkmq_slice body, const struct rkmq_mem *mem,                    \
                            struct rkmq_bytes *out, struct rkmq_err *err)                          \
    {                                                                                              \
        return again(name##_read, name##_write, body, mem, out, err);                              \
    }

static int route_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                      struct rkmq_err *err)
{
    return rkmq__route_data_read(body, arena, &b->route, err);
}
static void route_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__route_data_write(&b->route, true, out);
}
AGAIN(route)

static void raw_route_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__route_data_write(&b->route, false, out);
}
static int raw_route_again(struct rkmq_slice body, const struct rkmq_mem *mem,
                           struct rkmq_bytes *out, struct rkmq_err *err)
{
    return again(route_read, raw_route_write, body, mem, out, err);
}

static int heartbeat_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                          struct rkmq_err *err)
{
    return rkmq__heartbeat_data_read(body, arena, &b->heartbeat, err);
}
static void heartbeat_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__heartbeat_data_write(&b->heartbeat, out);
}
AGAIN(heartbeat)

static int consumer_list_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                              struct rkmq_err *err)
{
    return rkmq__consumer_list_read(body, arena, &b->texts.at, &b->texts.n, err);
}
static void consumer_list_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__consumer_list_write(b->texts.at, b->texts.n, out);
}
AGAIN(consumer_list)

/* The library only writes this one; it is read with the tools of the others. */
static int topic_list_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                           struct rkmq_err *err)
{
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_LIST("topicList", &rkmq__body_texts, &b->texts.at, &b->texts.n),
    };
    return rkmq__body_read(body, "topic list", arena, members, RKMQ_COUNT_OF(members), err);
}
static void topic_list_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__topic_list_write(b->texts.at, b->texts.n, out);
}
AGAIN(topic_list)

static int lock_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                     struct rkmq_err *err)
{
    return rkmq__lock_batch_read(body, arena, &b->lock, err);
}
static void lock_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__lock_batch_write(&b->lock, out);
}
AGAIN(lock)

static int lock_answer_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                            struct rkmq_err *err)
{
    return rkmq__lock_batch_answer_read(body, arena, &b->mqs.at, &b->mqs.n, err);
}
static void lock_answer_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__lock_batch_answer_write(b->mqs.at, b->mqs.n, out);
}
AGAIN(lock_answer)

static int data_version_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                             struct rkmq_err *err)
{
    (void)arena;
    return rkmq__data_version_read(body, &b->version, err);
}
static void data_version_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__data_version_write(&b->version, out);
}
AGAIN(data_version)

static int registration_read(struct rkmq_slice body, struct rkmq_arena *arena, union body *b,
                             struct rkmq_err *err)
{
    return rkmq__register_broker_body_read(body, arena, &b->registration, err);
}
static void registration_write(const union body *b, struct rkmq_bytes *out)
{
    rkmq__register_broker_body_write(&b->registration, out);
}
AGAIN(registration)

const struct body_kind body_kinds[] = {
    {"route", RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, true, route_again},
    {"raw route", RKMQ_REQ_GET_ROUTEINFO_BY_TOPIC, true, raw_route_again},
    {"heartbeat", RKMQ_REQ_HEART_BEAT, false, heartbeat_again},
    {"consumer list", RKMQ_REQ_GET_CONSUMER_LIST_BY_GROUP, true, consumer_list_again},
    {"topic list", RKMQ_REQ_GET_ALL_TOPIC_LIST_FROM_NAMESERVER, true, topic_list_again},
    {"lock", RKMQ_REQ_LOCK_BATCH_MQ, false, lock_again},
    {"lock answer", RKMQ_REQ_LOCK_BATCH_MQ, true, lock_answer_again},
    {"unlock", RKMQ_REQ_UNLOCK_BATCH_MQ, false, lock_again},
    {"data version", RKMQ_REQ_QUERY_DATA_VERSION, false, data_version_again},
    {"registration", RKMQ_REQ_REGISTER_BROKER, false, registration_again},
};
const size_t n_body_kinds = RKMQ_COUNT_OF(body_kinds);
