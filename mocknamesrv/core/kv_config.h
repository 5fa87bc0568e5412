/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_KV_CONFIG_H
#define RKMQ_KV_CONFIG_H

/* Namespace -> key -> value. Source: KVConfigManager (namesrv, 5.3.3), without its file. */

#include "remoting/base/containers.h"
#include "remoting/protocol/header.h"

#define RKMQ_NAMESRV_KVS_MAX 65536 /* of all namespaces */

struct rkmq_kv_config {
    const struct rkmq_mem *mem;
    struct rkmq_map namespaces; /* name -> struct rkmq_map of key -> text */
    size_t n_kvs;
};

void rkmq__kv_config_init(struct rkmq_kv_config *kv, const struct rkmq_mem *mem);
void rkmq__kv_config_close(struct rkmq_kv_config *kv);
/* Errors: RKMQ_E_LIMIT, RKMQ_E_NOMEM. */
int rkmq__kv_config_put(struct rkmq_kv_config *kv, struct rkmq_slice name, struct rkmq_slice key,
                        struct rkmq_slice value);
/* NULL when absent. */
const char *rkmq__kv_config_get(const struct rkmq_kv_config *kv, struct rkmq_slice name,
                                struct rkmq_slice key);
void rkmq__kv_config_delete(struct rkmq_kv_config *kv, struct rkmq_slice name,
                            struct rkmq_slice key);
/* All of a namespace, in the arena; texts are borrowed. Errors: RKMQ_E_NOT_FOUND, RKMQ_E_NOMEM. */
int rkmq__kv_config_list(const struct rkmq_kv_config *kv, struct rkmq_slice name,
                         struct rkmq_arena *arena, struct rkmq_field **out, size_t *n_out);

#endif
