/* SPDX-License-Identifier: Apache-2.0 */
/* Source: MessageDecoder.string2messageProperties (5.3.3): a segment counts with a name and a
 * value. */
#include <rkmq/message.h>

#include "remoting/base/core.h"

#define NAME_END 0x01
#define VALUE_END 0x02

int rkmq_property_next(struct rkmq_slice *cursor, struct rkmq_slice *name, struct rkmq_slice *value)
{
    while (cursor->n > 0) {
        const uint8_t *start = cursor->p;
        const uint8_t *end = memchr(start, VALUE_END, cursor->n);
        size_t n = end ? (size_t)(end - start) : cursor->n;
        size_t step = end ? n + 1 : n;
        *cursor = rkmq__slice(start + step, cursor->n - step);
        const uint8_t *split = memchr(start, NAME_END, n);
        if (split && split > start && split + 1 < start + n) {
            *name = rkmq__slice(start, (size_t)(split - start));
            *value = rkmq__slice(split + 1, (size_t)(start + n - split - 1));
            return RKMQ_OK;
        }
    }
    return RKMQ_E_MORE;
}

struct rkmq_slice rkmq_property_get(struct rkmq_slice properties, const char *name)
{
    struct rkmq_slice wanted = rkmq__slice_of(name);
    struct rkmq_slice found = {NULL, 0}, key, value;
    while (rkmq_property_next(&properties, &key, &value) == RKMQ_OK) {
        if (rkmq__slice_equal(key, wanted)) {
            found = value;
        }
    }
    return found;
}
