/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/conn.h"

/* Asking for a name may block for seconds: it is a job. It keeps the id, not the connection, which
 * may be closed meanwhile. */
struct resolve_job {
    struct rkmq_job job;
    struct rkmq_live *lv;
    rkmq_conn id;
    struct rkmq__address address;
    struct addrinfo *addresses;
    int gai_error;
};

static int resolve_address(const struct rkmq__address *address, int flags, struct addrinfo **out)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    *out = NULL;
    return getaddrinfo(address->host, port, &hints, out);
}

bool rkmq__live_resolve_numeric(const struct rkmq__address *address, struct addrinfo **out)
{
    return resolve_address(address, AI_NUMERICHOST, out) == 0;
}

int rkmq__live_resolve_blocking(const struct rkmq__address *address, struct addrinfo **out)
{
    return resolve_address(address, 0, out);
}

static void resolve_run(struct rkmq_job *job)
{
    struct resolve_job *resolve = RKMQ_CONTAINER_OF(job, struct resolve_job, job);
    resolve->gai_error = rkmq__live_resolve_blocking(&resolve->address, &resolve->addresses);
}

static void resolve_done(struct rkmq_job *job)
{
    struct resolve_job *resolve = RKMQ_CONTAINER_OF(job, struct resolve_job, job);
    struct rkmq_live *lv = resolve->lv;
    struct live_conn *con = rkmq__conn_table_get(&lv->table, resolve->id);
    if (con && resolve->gai_error == 0) {
        con->addresses = con->address_next = resolve->addresses;
        resolve->addresses = NULL;
        con->state = LIVE_CONNECTING;
        rkmq__live_connect_next(con);
    } else if (con) {
        char why[RKMQ_ADDRESS_HOST_BYTES_MAX + 128];
        (void)snprintf(why, sizeof why, "cannot resolve %s: %s", resolve->address.host,
                       gai_strerror(resolve->gai_error));
        rkmq__live_conn_end(con, why);
    }
    if (resolve->addresses) {
        freeaddrinfo(resolve->addresses);
    }
    rkmq__free(lv->mem, resolve);
}

int rkmq__live_resolve(struct live_conn *con, const struct rkmq__address *address)
{
    struct rkmq_live *lv = con->sock.lv;
    if (!lv->resolver) {
        int status = rkmq__live_pool_create(lv, "rkmq-resolve", RKMQ_LIVE_RESOLVER_THREADS,
                                            RKMQ_LIVE_RESOLVER_THREADS, &lv->resolver);
        if (status != RKMQ_OK) {
            return RKMQ_E_NOMEM;
        }
    }
    struct resolve_job *resolve = rkmq__zalloc(lv->mem, sizeof *resolve);
    if (!resolve) {
        return RKMQ_E_NOMEM;
    }
    resolve->job = (struct rkmq_job){.run = resolve_run, .done = resolve_done};
    resolve->lv = lv;
    resolve->id = con->sock.id;
    resolve->address = *address;
    resolve->gai_error = EAI_AGAIN; /* stands when the runtime ends before it ran */
    rkmq__live_submit(lv->resolver, &resolve->job);
    return RKMQ_OK;
}
