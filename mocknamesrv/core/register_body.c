/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of REGISTER_BROKER. Plain: JSON. Compressed: a zlib stream of length-prefixed pieces
 * (lengths are i32):
 *
 *   DataVersion JSON | n, n topic texts | filter server JSON | n, n queue mappings (5.x)
 *
 * A topic text is "name readQueueNums writeQueueNums perm filterType [attributes]", parted by
 * single blanks. Source: RegisterBrokerBody.encode, decode; TopicConfig.encode, decode (5.3.3).
 */
#include <rkmq/message.h>

#include "mocknamesrv/core/handlers.h"

#define TOPIC_WORDS 5

static int truncated(struct rkmq_err *err, const char *what)
{
    return rkmq__err_set(err, RKMQ_E_PROTOCOL, "compressed register body: %s is cut", what);
}

static int read_count(struct rkmq_slice *in, uint32_t *out)
{
    if (in->n < 4) {
        return RKMQ_E_PROTOCOL;
    }
    *out = rkmq_get_be32(in->p);
    *in = rkmq__slice(in->p + 4, in->n - 4);
    return RKMQ_OK;
}

static int read_piece(struct rkmq_slice *in, struct rkmq_slice *out)
{
    uint32_t n = 0;
    if (read_count(in, &n) != RKMQ_OK || n > in->n) {
        return RKMQ_E_PROTOCOL;
    }
    *out = rkmq__slice(in->p, n);
    *in = rkmq__slice(in->p + n, in->n - n);
    return RKMQ_OK;
}

static struct rkmq_slice next_word(struct rkmq_slice *text)
{
    const uint8_t *blank = text->n > 0 ? memchr(text->p, ' ', text->n) : NULL;
    size_t n = blank ? (size_t)(blank - text->p) : text->n;
    struct rkmq_slice word = rkmq__slice(text->p, n);
    size_t passed = blank ? n + 1 : n;
    *text = rkmq__slice(text->p + passed, text->n - passed);
    return word;
}

static int read_topic(struct rkmq_slice text, struct rkmq_arena *arena,
                      struct rkmq_topic_config *out, struct rkmq_err *err)
{
    struct rkmq_slice words[TOPIC_WORDS], rest = text;
    int32_t *const numbers[] = {&out->read_queue_nums, &out->write_queue_nums, &out->perm};
    for (size_t i = 0; i < TOPIC_WORDS; i++) {
        words[i] = next_word(&rest);
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(numbers); i++) {
        int64_t v = 0;
        if (rkmq__slice_to_i64(words[1 + i], &v) != RKMQ_OK || v < INT32_MIN || v > INT32_MAX) {
            return rkmq__err_set(err, RKMQ_E_PROTOCOL,
                                 "compressed register body: no topic configuration: '%.*s'",
                                 RKMQ_SLICE_ARG(text));
        }
        *numbers[i] = (int32_t)v;
    }
    out->is_multi_tag = rkmq__slice_is(words[4], "MULTI_TAG");
    return rkmq__arena_copy(arena, words[0], &out->name);
}

static int read_topics(struct rkmq_slice *in, struct rkmq_arena *arena,
                       struct rkmq_register_broker_body *out, struct rkmq_err *err)
{
    uint32_t n = 0;
    if (read_count(in, &n) != RKMQ_OK) {
        return truncated(err, "the number of topics");
    }
    if (n > RKMQ_BODY_ITEMS_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "compressed register body: %u topics", n);
    }
    if (n == 0) {
        return RKMQ_OK;
    }
    out->topics = rkmq__arena_zalloc(arena, n * sizeof out->topics[0]);
    if (!out->topics) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "out of memory");
    }
    for (uint32_t i = 0; i < n; i++) {
        struct rkmq_slice text;
        if (read_piece(in, &text) != RKMQ_OK) {
            return truncated(err, "a topic");
        }
        int status = read_topic(text, arena, &out->topics[i], err);
        if (status != RKMQ_OK) {
            return status;
        }
        out->n_topics++;
    }
    return RKMQ_OK;
}

/* Filter servers and queue mappings follow; neither is kept, so neither is read. */
static int read_pieces(struct rkmq_slice in, struct rkmq_arena *arena,
                       struct rkmq_register_broker_body *out, struct rkmq_err *err)
{
    struct rkmq_slice version;
    if (read_piece(&in, &version) != RKMQ_OK) {
        return truncated(err, "the data version");
    }
    int status = rkmq__data_version_read(version, &out->data_version, err);
    return status == RKMQ_OK ? read_topics(&in, arena, out, err) : status;
}

int rkmq__register_body_read(const struct rkmq_command *cmd, bool is_compressed,
                             const struct rkmq_mem *mem, struct rkmq_arena *arena,
                             struct rkmq_register_broker_body *out, struct rkmq_err *err)
{
    *out = (struct rkmq_register_broker_body){0};
    if (cmd->body.n == 0) {
        return RKMQ_OK; /* a data version of zeroes and no topic, as in registerBroker */
    }
    if (!is_compressed) {
        return rkmq__register_broker_body_read(cmd->body, arena, out, err);
    }
    struct rkmq_buf *plain = NULL;
    int status = rkmq_body_decompress(cmd->body, RKMQ_SYS_COMPRESSED | RKMQ_SYS_COMPRESSION_ZLIB,
                                      mem, &plain, err);
    if (status == RKMQ_OK) {
        status = read_pieces(rkmq__slice(plain->p, plain->n), arena, out, err);
    }
    rkmq_buf_free(plain);
    return status;
}
