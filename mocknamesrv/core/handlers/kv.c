/* SPDX-License-Identifier: Apache-2.0 */
/* Key-value configuration. */
#include "mocknamesrv/core/handlers.h"

void rkmq__namesrv_put_kv(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_kv_config_request header;
    struct rkmq_err err;
    int status = rkmq__header_read(&rkmq__kv_config_request_class, req->cmd, &header, &err);
    if (status != RKMQ_OK) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "namespace or key is null");
        return;
    }
    status = rkmq__kv_config_put(&ns->kv, header.namespace_, header.key, header.value);
    if (status != RKMQ_OK) {
        rkmq__answer_error(req, RKMQ_RES_SYSTEM_ERROR, NULL, "%s", rkmq_status_text(status));
        return;
    }
    rkmq__answer_ok(req, NULL);
}

void rkmq__namesrv_get_kv(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_kv_config_request header;
    struct rkmq_fields fields;
    if (!rkmq__answer_unless_header(req, &rkmq__kv_config_request_class, &header)) {
        return;
    }
    const char *value = rkmq__kv_config_get(&ns->kv, header.namespace_, header.key);
    if (!value) {
        rkmq__answer_error(req, RKMQ_RES_QUERY_NOT_FOUND, NULL,
                           "No config item, Namespace: %.*s Key: %.*s",
                           RKMQ_SLICE_ARG(header.namespace_), RKMQ_SLICE_ARG(header.key));
        return;
    }
    struct rkmq_kv_config_response answer = {rkmq__slice_of(value)};
    rkmq__header_write(&rkmq__kv_config_response_class, &answer, false, &fields);
    rkmq__answer(req, &(struct rkmq_message_out){.code = RKMQ_RES_SUCCESS, .fields = &fields});
}

void rkmq__namesrv_delete_kv(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_kv_config_request header;
    if (!rkmq__answer_unless_header(req, &rkmq__kv_config_request_class, &header)) {
        return;
    }
    rkmq__kv_config_delete(&ns->kv, header.namespace_, header.key);
    rkmq__answer_ok(req, NULL);
}

void rkmq__namesrv_list_kv(struct rkmq_namesrv *ns, const struct rkmq_request_in *req)
{
    struct rkmq_kv_namespace_request header;
    struct rkmq_field *kvs = NULL;
    size_t n_kvs = 0;
    struct rkmq_arena arena;
    struct rkmq_bytes body;
    if (!rkmq__answer_unless_header(req, &rkmq__kv_namespace_request_class, &header)) {
        return;
    }
    rkmq__arena_init(&arena, ns->env->mem);
    int status = rkmq__kv_config_list(&ns->kv, header.namespace_, &arena, &kvs, &n_kvs);
    if (status == RKMQ_E_NOT_FOUND) {
        rkmq__answer_error(req, RKMQ_RES_QUERY_NOT_FOUND, NULL, "No config item, Namespace: %.*s",
                           RKMQ_SLICE_ARG(header.namespace_));
    } else {
        rkmq__bytes_init(&body, ns->env->mem);
        if (status == RKMQ_OK) {
            rkmq__kv_table_write(kvs, n_kvs, &body);
        }
        body.is_failed = body.is_failed || status != RKMQ_OK;
        rkmq__answer_body(req, ns->env->mem, NULL, &body);
    }
    rkmq__arena_close(&arena);
}
