/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/remoting.h>

#include "remoting/base/core.h"

const struct rkmq_field *rkmq_command_field(const struct rkmq_command *cmd, const char *key)
{
    struct rkmq_slice wanted = rkmq__slice_of(key);
    for (size_t i = cmd->n_fields; i > 0; i--) {
        if (rkmq__slice_equal(cmd->fields[i - 1].key, wanted)) {
            return &cmd->fields[i - 1];
        }
    }
    return NULL;
}

int rkmq_command_text(const struct rkmq_command *cmd, const char *key, struct rkmq_slice *out)
{
    const struct rkmq_field *field = rkmq_command_field(cmd, key);
    if (!field) {
        return RKMQ_E_NOT_FOUND;
    }
    *out = field->value;
    return RKMQ_OK;
}

int rkmq_command_i64(const struct rkmq_command *cmd, const char *key, int64_t *out)
{
    struct rkmq_slice text;
    int status = rkmq_command_text(cmd, key, &text);
    return status == RKMQ_OK ? rkmq__slice_to_i64(text, out) : status;
}

int rkmq_command_bool(const struct rkmq_command *cmd, const char *key, bool *out)
{
    struct rkmq_slice text;
    int status = rkmq_command_text(cmd, key, &text);
    if (status == RKMQ_OK) {
        *out = rkmq__slice_is_true(text);
    }
    return status;
}
