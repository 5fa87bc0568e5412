/* SPDX-License-Identifier: Apache-2.0 */
/* What rows call servers and clients. */
#include "runner/record.h"

/* ---- clients ---- */

int rkmq__recorder_peer(struct rkmq_recorder *r, const char *known_as, rkmq_name name)
{
    (void)pthread_mutex_lock(&r->lock);
    int status = rkmq__map_put(&r->peers, rkmq__slice_of(known_as), rkmq__name_pointer(name));
    (void)pthread_mutex_unlock(&r->lock);
    return status;
}

static struct rkmq_slice address_of(const char *peer)
{
    const char *colon = strrchr(peer, ':');
    return rkmq__slice(peer, colon ? (size_t)(colon - peer) : strlen(peer));
}

struct owned_key {
    char text[128];
};

static struct rkmq_slice owned_key(struct owned_key *key, const char *server, const char *peer)
{
    (void)snprintf(key->text, sizeof key->text, "%s %s", server, peer); /* fits */
    return rkmq__slice_of(key->text);
}

/* From the first frame on that says so, the client id is the owner's. */
static const void *owner_known(struct rkmq_recorder *r, const char *server, const char *peer,
                               const char *client_id)
{
    struct owned_key key;
    void *known = rkmq__map_get(&r->owned, owned_key(&key, server, peer));
    if (known && client_id[0] && !rkmq__map_get(&r->peers, rkmq__slice_of(client_id))) {
        /* Out of memory: tried again with the next frame. */
        (void)rkmq__map_put(&r->peers, rkmq__slice_of(client_id), known);
    }
    return known;
}

rkmq_name rkmq__record_peer_name(struct rkmq_recorder *r, const char *server, const char *peer,
                                 const char *client_id)
{
    const void *known = r->owner_of ? owner_known(r, server, peer, client_id) : NULL;
    known = known ? known : rkmq__map_get(&r->peers, rkmq__slice_of(client_id));
    known = known ? known : rkmq__map_get(&r->peers, address_of(peer));
    if (known) {
        return rkmq__name_of(known);
    }
    return rkmq__event_log_name(r->log, rkmq__slice_of(client_id[0] ? client_id : peer));
}

const char *rkmq__recorder_peer_name(void *user, const char *server, const char *peer,
                                     const char *client_id)
{
    struct rkmq_recorder *r = user;
    (void)pthread_mutex_lock(&r->lock);
    struct rkmq_slice text =
        rkmq__event_log_text(r->log, rkmq__record_peer_name(r, server, peer, client_id));
    (void)pthread_mutex_unlock(&r->lock);
    return text.n > 0 ? (const char *)text.p : "?";
}

void rkmq__record_owned(struct rkmq_recorder *r, const char *server, const char *peer)
{
    struct owned_key key;
    rkmq_name owner = r->owner_of ? r->owner_of(r->owner_user, server, peer) : 0;
    if (owner != 0) { /* out of memory: known by its client id alone */
        (void)rkmq__map_put(&r->owned, owned_key(&key, server, peer), rkmq__name_pointer(owner));
    }
}

void rkmq__record_disowned(struct rkmq_recorder *r, const char *server, const char *peer)
{
    struct owned_key key;
    (void)rkmq__map_remove(&r->owned, owned_key(&key, server, peer));
}

/* ---- servers ---- */

/* The mock's brokers are broker-a, broker-b, ...; the script may call them otherwise. */
rkmq_name rkmq__record_broker(struct rkmq_recorder *r, struct rkmq_slice wire_name)
{
    static const struct rkmq_slice prefix = {(const uint8_t *)"broker-", 7};
    const struct rkmq_scenario *sc = r->sc;
    if (wire_name.n == prefix.n + 1 && rkmq__slice_starts(wire_name, prefix)) {
        size_t i = (size_t)(wire_name.p[prefix.n] - 'a');
        if (i < sc->n_brokers) {
            wire_name = rkmq__scenario_word(sc, sc->brokers[i].name);
        }
    }
    return rkmq__event_log_name(r->log, wire_name);
}

rkmq_name rkmq__record_server_name(struct rkmq_recorder *r, const char *server)
{
    const struct rkmq_scenario *sc = r->sc;
    rkmq_word word = 0;
    if (strncmp(server, "ns", 2) == 0) {
        size_t i = (size_t)(server[2] - '0');
        word = i < sc->n_namesrvs ? sc->namesrvs[i] : 0;
    } else {
        size_t i = (size_t)(server[strlen(server) - 1] - 'a');
        word = i < sc->n_brokers ? sc->brokers[i].name : 0;
    }
    return rkmq__event_log_name(r->log,
                                word ? rkmq__scenario_word(sc, word) : rkmq__slice_of(server));
}
