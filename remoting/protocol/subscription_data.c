/* SPDX-License-Identifier: Apache-2.0 */
/* SubscriptionData, and how one is built. Source: FilterAPI.buildSubscriptionData (5.3.3). */
#include <rkmq/message.h>

#include "remoting/protocol/bodies.h"

static struct rkmq_slice trim(struct rkmq_slice s)
{
    while (s.n > 0 && s.p[0] <= ' ') {
        s = rkmq__slice(s.p + 1, s.n - 1);
    }
    while (s.n > 0 && s.p[s.n - 1] <= ' ') {
        s.n--;
    }
    return s;
}

/* The part before the next "||"; `rest` moves behind it. False when nothing is left. */
static bool part_next(struct rkmq_slice *rest, struct rkmq_slice *part)
{
    if (!rest->p) {
        return false;
    }
    for (size_t i = 0; i + 1 < rest->n; i++) {
        if (rest->p[i] == '|' && rest->p[i + 1] == '|') {
            *part = rkmq__slice(rest->p, i);
            *rest = rkmq__slice(rest->p + i + 2, rest->n - i - 2);
            return true;
        }
    }
    *part = *rest;
    *rest = (struct rkmq_slice){NULL, 0};
    return true;
}

static bool has_tag(const struct rkmq_subscription_data *sub, struct rkmq_slice tag)
{
    for (size_t i = 0; i < sub->n_tags; i++) {
        if (rkmq__slice_equal(sub->tags[i], tag)) {
            return true;
        }
    }
    return false;
}

/* Fills tags and codes. Java's split drops trailing empty parts: only separators is no part at all.
 */
static int tags_build(struct rkmq_arena *arena, struct rkmq_subscription_data *out)
{
    struct rkmq_slice rest = out->sub_string, part;
    size_t n_parts = 0;
    bool has_part = false;
    while (part_next(&rest, &part)) {
        n_parts++;
        has_part = has_part || part.n > 0;
    }
    if (!has_part) {
        return RKMQ_E_INVALID;
    }
    out->tags = rkmq__arena_zalloc(arena, n_parts * sizeof *out->tags);
    out->codes = rkmq__arena_zalloc(arena, n_parts * sizeof *out->codes);
    if (!out->tags || !out->codes) {
        return RKMQ_E_NOMEM;
    }
    rest = out->sub_string;
    while (part_next(&rest, &part)) {
        struct rkmq_slice tag = trim(part);
        if (tag.n > 0 && !has_tag(out, tag)) {
            out->tags[out->n_tags++] = tag;
            out->codes[out->n_codes++] = rkmq_java_string_hash(tag);
        }
    }
    return RKMQ_OK;
}

int rkmq__subscription_build(struct rkmq_slice topic, struct rkmq_slice expression, rkmq_ms version,
                             struct rkmq_arena *arena, struct rkmq_subscription_data *out)
{
    *out = (struct rkmq_subscription_data){.sub_version = version,
                                           .expression_type = RKMQ_SLICE("TAG"),
                                           .sub_string = RKMQ_SLICE("*")};
    int status = rkmq__arena_copy(arena, topic, &out->topic);
    if (status != RKMQ_OK || expression.n == 0 || rkmq__slice_is(expression, "*")) {
        return status;
    }
    status = rkmq__arena_copy(arena, expression, &out->sub_string);
    return status ? status : tags_build(arena, out);
}

void rkmq__subscription_data_write(const struct rkmq_subscription_data *sub,
                                   struct rkmq_json_writer *w)
{
    rkmq__json_object(w);
    rkmq__json_add_bool(w, "classFilterMode", sub->is_class_filter);
    rkmq__json_key(w, "codeSet");
    rkmq__json_array(w);
    for (size_t i = 0; i < sub->n_codes; i++) {
        rkmq__json_put_i64(w, sub->codes[i]);
    }
    rkmq__json_array_end(w);
    rkmq__json_add_text(w, "expressionType", sub->expression_type);
    rkmq__json_add_text(w, "subString", sub->sub_string);
    rkmq__json_add_i64(w, "subVersion", sub->sub_version);
    rkmq__json_key(w, "tagsSet");
    rkmq__json_array(w);
    for (size_t i = 0; i < sub->n_tags; i++) {
        rkmq__json_put_text(w, sub->tags[i]);
    }
    rkmq__json_array_end(w);
    rkmq__json_add_text(w, "topic", sub->topic);
    rkmq__json_object_end(w);
}

bool rkmq__subscription_matches_code(const struct rkmq_subscription_data *sub, int32_t tag_code)
{
    if (rkmq__slice_is(sub->sub_string, "*")) {
        return true;
    }
    for (size_t i = 0; i < sub->n_codes; i++) {
        if (sub->codes[i] == tag_code) {
            return true;
        }
    }
    return false;
}

bool rkmq__subscription_matches_tag(const struct rkmq_subscription_data *sub, struct rkmq_slice tag)
{
    return sub->n_tags == 0 || has_tag(sub, tag);
}
