/* SPDX-License-Identifier: Apache-2.0 */
/* "checks": what the checks that always run are told about this scenario. */
#include "runner/parse.h"

#define AT(member) offsetof(struct rkmq_scenario_checks, member)

static void read_moments(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_moments *out = target;
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    struct rkmq_moment *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        rkmq__parse_moment(ps, rkmq__parse_next(&list), &at[i]);
    }
    *out = (struct rkmq_moments){at, at ? list.n : 0};
}

static void write_moments(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    const struct rkmq_moments *moments = target;
    if (moments->n == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < moments->n; i++) {
        rkmq__write_moment(w, &moments->at[i]);
    }
    rkmq__json_array_end(&w->json);
}

static const struct rkmq_custom moments_custom = {read_moments, write_moments};
static const struct rkmq_key params_fields[] = {
    {.name = "overlap_max",
     .type = RKMQ_KEY_MS,
     .offset = AT(overlap_max),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    {.name = "slack",
     .type = RKMQ_KEY_MS,
     .offset = AT(slack),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = RKMQ_UNSET},
    {.name = "regress_allowed_at",
     .type = RKMQ_KEY_CUSTOM,
     .offset = AT(regress_allowed_at),
     .more = &moments_custom},
};
static const struct rkmq_shape params_shape = RKMQ_SHAPE("\"params\" of the checks", params_fields);

/* ---- "except": check -> why ---- */

static const char *const id_names[] = {
#define X(id, family, text) #id,
    RKMQ_CHECK_TABLE(X)
#undef X
};
#define CHECK_NAME_BYTES 24

/* LOSS_1 in the table is LOSS-1 for people. */
static struct rkmq_slice check_name(size_t id, char out[CHECK_NAME_BYTES])
{
    size_t n = 0;
    for (; id_names[id][n] && n < CHECK_NAME_BYTES - 1; n++) {
        out[n] = id_names[id][n] == '_' ? '-' : id_names[id][n];
    }
    out[n] = '\0';
    return rkmq__slice(out, n);
}

static void read_exception(struct rkmq_parse *ps, const struct rkmq_tree *member)
{
    char name[CHECK_NAME_BYTES], hint[RKMQ_NEAREST_HINT_BYTES], best[CHECK_NAME_BYTES] = "";
    struct rkmq_nearest nearest;
    rkmq__nearest_init(&nearest, member->key);
    for (size_t i = 0; i < RKMQ_CHECK_COUNT; i++) {
        struct rkmq_slice text = check_name(i, name);
        if (rkmq__slice_equal(text, member->key)) {
            if (member->type != RKMQ_TREE_TEXT || member->text.n == 0) {
                rkmq__parse_refuse(ps, member, "the reason for this exception");
            }
            ps->sc->checks.except[i] = member->text;
            return;
        }
        rkmq__nearest_offer(&nearest, text);
        if (nearest.name.p == text.p) { /* `name` is used again for the next */
            memcpy(best, name, sizeof best);
            nearest.name.p = (const uint8_t *)best;
        }
    }
    rkmq__parse_say(ps, member->key_offset, "unknown check \"%.*s\"%s", RKMQ_SLICE_ARG(member->key),
                    rkmq__nearest_hint(&nearest, hint));
}

static void read_except(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_OBJECT,
                        "an object with a reason for each, {\"OWN-1\": \"...\"}")) {
        return;
    }
    for (const struct rkmq_tree *it = node->first; it; it = it->next) {
        read_exception(ps, it);
    }
}

/* ---- the section ---- */

static const char *const profile_names[] = {"default", NULL};
static const struct rkmq_key checks_fields[] = {
    {.name = "profile", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "params", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "except", .type = RKMQ_KEY_ELSEWHERE},
};
static const struct rkmq_shape checks_shape = RKMQ_SHAPE("\"checks\"", checks_fields);

void rkmq__parse_checks(struct rkmq_parse *ps, const struct rkmq_tree *node)
{
    struct rkmq_scenario_checks *checks = &ps->sc->checks;
    const struct rkmq_tree *member;
    if (!rkmq__parse_object(ps, node, &checks_shape, checks)) {
        return;
    }
    if ((member = rkmq__parse_member(node, "profile"))) {
        (void)rkmq__parse_choice(ps, member, profile_names); /* there is only one */
    }
    if ((member = rkmq__parse_member(node, "params"))) {
        (void)rkmq__parse_object(ps, member, &params_shape, checks); /* says what is wrong */
    }
    if ((member = rkmq__parse_member(node, "except"))) {
        read_except(ps, member);
    }
}

void rkmq__write_checks(struct rkmq_scenario_writer *w)
{
    const struct rkmq_scenario_checks *checks = &w->sc->checks;
    char name[CHECK_NAME_BYTES];
    rkmq__json_key(&w->json, "checks");
    rkmq__json_object(&w->json);
    rkmq__write_object(w, "params", &params_shape, checks);
    rkmq__json_key(&w->json, "except");
    rkmq__json_object(&w->json);
    for (size_t i = 0; i < RKMQ_CHECK_COUNT; i++) {
        if (checks->except[i].n > 0) {
            rkmq__json_key_slice(&w->json, check_name(i, name));
            rkmq__json_put_text(&w->json, checks->except[i]);
        }
    }
    rkmq__json_object_end(&w->json);
    rkmq__json_object_end(&w->json);
}
