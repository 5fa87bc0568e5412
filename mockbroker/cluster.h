/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_MOCK_CLUSTER_H
#define RKMQ_MOCK_CLUSTER_H

/* A mock cluster inside: its servers, each with its host and its watch. Loop thread, but for `rt`.
 */

#include <rkmq/mock.h>

#include "mockbroker/core/broker.h"
#include "mockbroker/faults.h"
#include "mockbroker/watch.h"
#include "mocknamesrv/core/namesrv.h"

#define RKMQ_MOCK_NAME_BYTES 16
#define RKMQ_MOCK_ADDR_BYTES 80

struct rkmq_mock_namesrv {
    char name[RKMQ_MOCK_NAME_BYTES]; /* "ns0" */
    const struct rkmq_env *env;
    struct rkmq_watch watch;
    struct rkmq_namesrv *ns;         /* NULL: down */
    char addr[RKMQ_MOCK_ADDR_BYTES]; /* "ip:port" as bound; it comes up there again */
};
struct rkmq_mock_broker {
    char name[RKMQ_MOCK_NAME_BYTES]; /* "broker-a" */
    const struct rkmq_env *env;
    struct rkmq_watch watch;
    struct rkmq_broker *brk;
    char addr[RKMQ_MOCK_ADDR_BYTES];
    struct rkmq_timer down_timer; /* a clean stop waits for the name servers' answers */
    rkmq_ms down_at;              /* the latest */
    rkmq_ms offset_flush_ms;
};

struct rkmq_mock {
    struct rkmq_runtime *rt;
    const struct rkmq_mem *mem;
    struct rkmq_mock_options options; /* what it points to is borrowed during create only */
    struct rkmq_mock_namesrv namesrvs[RKMQ_MOCK_SERVERS_MAX];
    struct rkmq_mock_broker brokers[RKMQ_MOCK_SERVERS_MAX];
    unsigned n_namesrvs, n_brokers;
    struct rkmq_faults faults;
    struct rkmq_bytes namesrv_addr; /* "ip:port;ip:port", NUL-terminated */
};

/* Binds and starts every server. On failure some are there; rkmq__cluster_close takes them down. */
int rkmq__cluster_open(struct rkmq_mock *m, struct rkmq_err *err);
void rkmq__cluster_close(struct rkmq_mock *m);
/* config of the i-th broker, to listen on `addr`; `namesrv_addrs` is room for their addresses. */
void rkmq__cluster_broker_config(struct rkmq_mock *m, unsigned i, const char *addr,
                                 const char *namesrv_addrs[RKMQ_MOCK_SERVERS_MAX],
                                 struct rkmq_broker_config *config);
int rkmq__cluster_namesrv_open(struct rkmq_mock *m, unsigned i, const char *addr,
                               struct rkmq_err *err);

/* ---- life.c: servers that go down and come up ---- */

/* A clean stop: unregisters, then is gone within RKMQ_BROKER_UNREGISTER_TIMEOUT_MS. */
void rkmq__cluster_broker_shutdown(struct rkmq_mock *m, unsigned i);
/* Gone at once, connections are reset. */
void rkmq__cluster_broker_kill(struct rkmq_mock *m, unsigned i);
/* As rkmq__broker_bring_up. */
int rkmq__cluster_broker_start(struct rkmq_mock *m, unsigned i, enum rkmq_broker_keep keep,
                               struct rkmq_err *err);
/* A name server keeps nothing: its routes come with the brokers' next registrations. */
void rkmq__cluster_namesrv_stop(struct rkmq_mock *m, unsigned i);
int rkmq__cluster_namesrv_start(struct rkmq_mock *m, unsigned i, struct rkmq_err *err);
void rkmq__cluster_life_close(struct rkmq_mock *m);
/* Resets the connections of all servers that are meant. */
void rkmq__cluster_reset(struct rkmq_mock *m, rkmq_watch_meant_fn *is_meant, void *user);

/* Every broker is registered at every name server with the topics it has now. */
bool rkmq__cluster_is_registered(const struct rkmq_mock *m);
/* Sums over the brokers; -1 when no broker has anything. */
int64_t rkmq__cluster_committed(const struct rkmq_mock *m, struct rkmq_slice group,
                                struct rkmq_slice topic);
int64_t rkmq__cluster_max_offset(const struct rkmq_mock *m, struct rkmq_slice topic);
/* As rkmq_mock_publish. */
int rkmq__cluster_publish(struct rkmq_mock *m, struct rkmq_slice topic, struct rkmq_slice tag,
                          struct rkmq_slice text, unsigned n);

#endif
