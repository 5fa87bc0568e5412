/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of names: "x", {"ne": "x"}, {"in": ["x", "y"]}. */
#include "runner/parse.h"

static void read_word(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                      rkmq_word *out)
{
    int32_t index;
    if (ref != RKMQ_REF_TEXT) {
        if (rkmq__parse_ref(ps, node, ref, false, &index)) {
            *out = rkmq__parse_word(ps, node->text);
        }
        return;
    }
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "a text")) {
        return;
    }
    if (node->text.n == 0 || node->text.n > RKMQ_SCENARIO_NAME_BYTES_MAX) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must have from 1 to %d bytes, not %zu",
                        RKMQ_SLICE_ARG(node->key), RKMQ_SCENARIO_NAME_BYTES_MAX, node->text.n);
        return;
    }
    *out = rkmq__parse_word(ps, node->text);
}

static void read_words(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_single_ok,
                       enum rkmq_ref ref, struct rkmq_word_test *out)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, is_single_ok, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    rkmq_word *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        read_word(ps, rkmq__parse_next(&list), ref, &at[i]);
    }
    out->at = at;
    out->n = at ? list.n : 0;
}

static const struct rkmq_key test_fields[] = {
    {.name = "ne", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "in", .type = RKMQ_KEY_ELSEWHERE},
};
static const struct rkmq_shape test_shape = RKMQ_SHAPE("a test of a name", test_fields);

void rkmq__parse_word_test(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                           struct rkmq_word_test *out)
{
    char none;
    if (node->type == RKMQ_TREE_TEXT) {
        if (ref == RKMQ_REF_TEXT || !rkmq__slice_is(node->text, "*")) {
            read_words(ps, node, true, ref, out);
        }
        return;
    }
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT, "a name, {\"ne\": ...} or {\"in\": [...]}") ||
        !rkmq__parse_object(ps, node, &test_shape, &none)) {
        return;
    }
    const struct rkmq_tree *not_this = rkmq__parse_member(node, "ne");
    const struct rkmq_tree *in = rkmq__parse_member(node, "in");
    if (!not_this == !in) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" takes one of \"ne\" and \"in\"",
                        RKMQ_SLICE_ARG(node->key));
        return;
    }
    out->is_not = not_this != NULL;
    read_words(ps, not_this ? not_this : in, not_this != NULL, ref, out);
}

void rkmq__write_word_test(struct rkmq_scenario_writer *w, const char *name,
                           const struct rkmq_word_test *test)
{
    if (test->n == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    if (test->n == 1 && !test->is_not) {
        rkmq__json_put_text(&w->json, w->sc->words[test->at[0]]);
        return;
    }
    rkmq__json_object(&w->json);
    rkmq__json_key(&w->json, test->is_not ? "ne" : "in");
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < test->n; i++) {
        rkmq__json_put_text(&w->json, w->sc->words[test->at[i]]);
    }
    rkmq__json_array_end(&w->json);
    rkmq__json_object_end(&w->json);
}
