/* SPDX-License-Identifier: Apache-2.0 */
/* The body of SEND_BATCH_MESSAGE. Source: MessageDecoder.encodeMessage, decodeMessage (5.3.3). */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define ITEM_BYTES_MIN 22 /* five integers and the properties length */
#define BODY_AT 20

int rkmq_batch_item_next(struct rkmq_slice *cursor, struct rkmq_batch_item *view,
                         struct rkmq_err *err)
{
    if (cursor->n == 0) {
        return RKMQ_E_MORE;
    }
    if (cursor->n < ITEM_BYTES_MIN) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "batch: %zu bytes left, at least %d needed",
                             cursor->n, ITEM_BYTES_MIN);
    }
    const uint8_t *p = cursor->p;
    uint32_t bytes = rkmq_get_be32(p);
    if (bytes < ITEM_BYTES_MIN || bytes > cursor->n) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "batch: item size %d of %zu bytes left",
                             (int32_t)bytes, cursor->n);
    }
    uint32_t body_n = rkmq_get_be32(p + 16);
    if (body_n > bytes - ITEM_BYTES_MIN) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "batch: body length %d in an item of %u bytes",
                             (int32_t)body_n, bytes);
    }
    int properties_n = (int16_t)rkmq_get_be16(p + BODY_AT + body_n);
    if (properties_n < 0 || (uint32_t)properties_n != bytes - ITEM_BYTES_MIN - body_n) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "batch: properties length %d with %u bytes left",
                             properties_n, bytes - ITEM_BYTES_MIN - body_n);
    }
    *view = (struct rkmq_batch_item){
        .flag = (int32_t)rkmq_get_be32(p + 12),
        .body = rkmq__slice(p + BODY_AT, body_n),
        .properties = rkmq__slice(p + BODY_AT + body_n + 2, (size_t)properties_n),
    };
    *cursor = rkmq__slice(p + bytes, cursor->n - bytes);
    return RKMQ_OK;
}

size_t rkmq_batch_item_bytes(const struct rkmq_batch_item *item)
{
    return ITEM_BYTES_MIN + item->body.n + item->properties.n;
}

int rkmq_batch_item_write(const struct rkmq_batch_item *item, uint8_t *dst, size_t n)
{
    size_t bytes = rkmq_batch_item_bytes(item);
    if (bytes > n || bytes > INT32_MAX || item->properties.n > RKMQ_PROPERTIES_BYTES_MAX) {
        return RKMQ_E_LIMIT;
    }
    memset(dst, 0, BODY_AT); /* magic and CRC of an inner message are 0 */
    rkmq_put_be32(dst, (uint32_t)bytes);
    rkmq_put_be32(dst + 12, (uint32_t)item->flag);
    rkmq_put_be32(dst + 16, (uint32_t)item->body.n);
    if (item->body.n > 0) {
        memcpy(dst + BODY_AT, item->body.p, item->body.n);
    }
    uint8_t *p = dst + BODY_AT + item->body.n;
    rkmq_put_be16(p, (uint16_t)item->properties.n);
    if (item->properties.n > 0) {
        memcpy(p + 2, item->properties.p, item->properties.n);
    }
    return RKMQ_OK;
}
