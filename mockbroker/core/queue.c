/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/core/queue.h"

struct rkmq_queue *rkmq__queue_create(const struct rkmq_mem *mem, struct rkmq_slice topic,
                                      int32_t id)
{
    struct rkmq_queue *queue = rkmq__zalloc(mem, sizeof *queue);
    if (queue) {
        queue->mem = mem;
        queue->topic = topic;
        queue->id = id;
        rkmq__list_init(&queue->held);
    }
    return queue;
}

void rkmq__queue_destroy(struct rkmq_queue *queue)
{
    if (!queue) {
        return;
    }
    RKMQ_ASSERT(rkmq__list_is_empty(&queue->held));
    rkmq__list_remove(&queue->link);
    for (size_t i = 0; i < queue->n_pages; i++) {
        rkmq__free(queue->mem, queue->pages[i]);
    }
    for (size_t i = 0; i < queue->n_segments; i++) {
        rkmq_buf_free(queue->segments[i].buf);
    }
    rkmq__free(queue->mem, queue->pages);
    rkmq__free(queue->mem, queue->segments);
    rkmq__free(queue->mem, queue);
}

/* ---- writing ---- */

/* An array that doubles; `*array` keeps its `n` elements. */
static int array_grow(const struct rkmq_mem *mem, void **array, size_t element_bytes, size_t n,
                      size_t *n_max)
{
    if (n < *n_max) {
        return RKMQ_OK;
    }
    size_t n_grown = *n_max ? 2 * *n_max : 4;
    void *grown = rkmq__realloc(mem, *array, n_grown * element_bytes);
    if (!grown) {
        return RKMQ_E_NOMEM;
    }
    *array = grown;
    *n_max = n_grown;
    return RKMQ_OK;
}

static int page_add(struct rkmq_queue *queue)
{
    void *pages = queue->pages;
    int status =
        array_grow(queue->mem, &pages, sizeof *queue->pages, queue->n_pages, &queue->n_pages_max);
    queue->pages = pages;
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_queue_entry *page = rkmq__alloc(queue->mem, RKMQ_QUEUE_PAGE_ENTRIES * sizeof *page);
    if (!page) {
        return RKMQ_E_NOMEM;
    }
    queue->pages[queue->n_pages++] = page;
    return RKMQ_OK;
}

static int segment_add(struct rkmq_queue *queue, size_t bytes)
{
    size_t size = RKMQ_QUEUE_SEGMENT_BYTES_MIN;
    if (queue->n_segments > 0) {
        size = 2 * queue->segments[queue->n_segments - 1].buf->n;
        size = size > RKMQ_QUEUE_SEGMENT_BYTES_MAX ? RKMQ_QUEUE_SEGMENT_BYTES_MAX : size;
    }
    void *segments = queue->segments;
    int status = array_grow(queue->mem, &segments, sizeof *queue->segments, queue->n_segments,
                            &queue->n_segments_max);
    queue->segments = segments;
    if (status != RKMQ_OK) {
        return status;
    }
    struct rkmq_buf *buf = rkmq_buf_create(queue->mem, size > bytes ? size : bytes);
    if (!buf) {
        return RKMQ_E_NOMEM;
    }
    queue->segments[queue->n_segments++] = (struct rkmq_queue_segment){.buf = buf};
    return RKMQ_OK;
}

int rkmq__queue_reserve(struct rkmq_queue *queue, size_t bytes, size_t n)
{
    size_t n_entries = (size_t)queue->max_offset + n;
    while (queue->n_pages * RKMQ_QUEUE_PAGE_ENTRIES < n_entries) {
        int status = page_add(queue);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    if (queue->n_segments > 0) {
        const struct rkmq_queue_segment *last = &queue->segments[queue->n_segments - 1];
        if (last->buf->n - last->used >= bytes) {
            return RKMQ_OK;
        }
    }
    return segment_add(queue, bytes);
}

uint8_t *rkmq__queue_append(struct rkmq_queue *queue, struct rkmq_queue_entry *entry)
{
    RKMQ_ASSERT(queue->n_segments > 0);
    struct rkmq_queue_segment *last = &queue->segments[queue->n_segments - 1];
    RKMQ_ASSERT(entry->bytes <= last->buf->n - last->used);
    size_t page = (size_t)queue->max_offset / RKMQ_QUEUE_PAGE_ENTRIES;
    RKMQ_ASSERT(page < queue->n_pages);
    entry->segment = (uint32_t)(queue->n_segments - 1);
    entry->at = (uint32_t)last->used;
    queue->pages[page][(size_t)queue->max_offset % RKMQ_QUEUE_PAGE_ENTRIES] = *entry;
    queue->max_offset++;
    uint8_t *p = last->buf->p + last->used;
    last->used += entry->bytes;
    return p;
}

/* ---- reading ---- */

const struct rkmq_queue_entry *rkmq__queue_entry(const struct rkmq_queue *queue, int64_t offset)
{
    RKMQ_ASSERT(offset >= 0 && offset < queue->max_offset);
    return &queue->pages[offset / RKMQ_QUEUE_PAGE_ENTRIES][offset % RKMQ_QUEUE_PAGE_ENTRIES];
}

struct rkmq_slice rkmq__queue_record(const struct rkmq_queue *queue, int64_t offset)
{
    const struct rkmq_queue_entry *entry = rkmq__queue_entry(queue, offset);
    return rkmq__slice(queue->segments[entry->segment].buf->p + entry->at, entry->bytes);
}

/* The first offset in [from, to) whose record lies in a later segment, or `to`. */
static int64_t segment_end(const struct rkmq_queue *queue, int64_t from, int64_t to)
{
    uint32_t segment = rkmq__queue_entry(queue, from)->segment;
    if (rkmq__queue_entry(queue, to - 1)->segment == segment) {
        return to;
    }
    while (rkmq__queue_entry(queue, from)->segment == segment) {
        from++;
    }
    return from;
}

int rkmq__queue_view(const struct rkmq_queue *queue, int64_t from, int64_t to,
                     struct rkmq_buf **chain)
{
    while (from < to) {
        int64_t end = segment_end(queue, from, to);
        const struct rkmq_queue_entry *first = rkmq__queue_entry(queue, from);
        const struct rkmq_queue_entry *last = rkmq__queue_entry(queue, end - 1);
        struct rkmq_buf *view = rkmq_buf_view(queue->segments[first->segment].buf, first->at,
                                              last->at + last->bytes - first->at);
        if (!view) {
            return RKMQ_E_NOMEM;
        }
        rkmq_buf_append(chain, view);
        from = end;
    }
    return RKMQ_OK;
}

int64_t rkmq__queue_find(const struct rkmq_queue *queue, int64_t commit_log_offset)
{
    int64_t low = queue->min_offset, high = queue->max_offset;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (rkmq__queue_entry(queue, middle)->commit_log_offset < commit_log_offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < queue->max_offset &&
                    rkmq__queue_entry(queue, low)->commit_log_offset == commit_log_offset;
    return is_found ? low : -1;
}

int64_t rkmq__queue_offset_by_time(const struct rkmq_queue *queue, rkmq_ms store_ms, bool is_upper)
{
    int64_t low = queue->min_offset, high = queue->max_offset;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        rkmq_ms at = rkmq__queue_entry(queue, middle)->store_ms;
        if (at < store_ms || (is_upper && at == store_ms)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (is_upper) {
        return low > queue->min_offset ? low - 1 : 0;
    }
    return low;
}
