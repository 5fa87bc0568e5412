/* SPDX-License-Identifier: Apache-2.0 */
/* Objects as tables of fields, in both directions. */
#include "runner/parse.h"

static void *field_at(const struct rkmq_key *field, void *target)
{
    return (char *)target + field->offset;
}

static const void *field_of(const struct rkmq_key *field, const void *target)
{
    return (const char *)target + field->offset;
}

void rkmq__parse_defaults(const struct rkmq_shape *shape, void *target)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct rkmq_key *field = &shape->fields[i];
        void *at = field_at(field, target);
        switch (field->type) {
        case RKMQ_KEY_FLAG:
            *(bool *)at = field->fallback != 0;
            break;
        case RKMQ_KEY_INT:
        case RKMQ_KEY_TIME:
        case RKMQ_KEY_MS:
            *(int64_t *)at = field->fallback;
            break;
        case RKMQ_KEY_CHOICE:
            *(int *)at = (int)field->fallback;
            break;
        case RKMQ_KEY_REF:
            *(int32_t *)at = RKMQ_ANY;
            break;
        default: /* zeroed memory is as if left out */
            break;
        }
    }
}

/* ---- reading ---- */

const struct rkmq_tree *rkmq__parse_member(const struct rkmq_tree *object, const char *name)
{
    return rkmq__tree_member(object, rkmq__slice_of(name));
}

int rkmq__parse_choice(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       const char *const *names)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES], wanted[RKMQ_MISTAKE_BYTES / 2] = "one of";
    rkmq__nearest_init(&nearest, node->text);
    for (int i = 0; names[i]; i++) {
        if (node->type == RKMQ_TREE_TEXT && rkmq__slice_is(node->text, names[i])) {
            return i;
        }
        rkmq__nearest_offer(&nearest, rkmq__slice_of(names[i]));
        size_t n = strlen(wanted);
        (void)snprintf(wanted + n, sizeof wanted - n, "%s \"%s\"", i > 0 ? "," : "",
                       names[i]); /* cut when there are many */
    }
    if (node->type != RKMQ_TREE_TEXT) {
        rkmq__parse_refuse(ps, node, wanted);
        return -1;
    }
    rkmq__parse_say(ps, node->offset, "\"%.*s\" must be %s, not \"%.*s\"%s",
                    RKMQ_SLICE_ARG(node->key), wanted, RKMQ_SLICE_ARG(node->text),
                    rkmq__nearest_hint(&nearest, hint));
    return -1;
}

static void read_text(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      const struct rkmq_key *field, struct rkmq_slice *out)
{
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "a text")) {
        return;
    }
    int64_t n = (int64_t)node->text.n;
    if (n < field->min || n > field->max) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must have from %lld to %lld bytes, not %lld",
                        RKMQ_SLICE_ARG(node->key), (long long)field->min, (long long)field->max,
                        (long long)n);
        return;
    }
    *out = node->text; /* lives in the same arena as the scenario */
}

static void read_ms(struct rkmq_parse *ps, const struct rkmq_tree *node,
                    const struct rkmq_key *field, rkmq_us *out)
{
    if (rkmq__parse_time(ps, node, field->min, field->max, out) && *out % 1000 != 0) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be in whole milliseconds, not \"%.*s\"",
                        RKMQ_SLICE_ARG(node->key), RKMQ_SLICE_ARG(node->text));
    }
}

void rkmq__parse_key(struct rkmq_parse *ps, const struct rkmq_tree *node,
                     const struct rkmq_key *field, void *target)
{
    void *at = field_at(field, target);
    switch (field->type) {
    case RKMQ_KEY_FLAG:
        if (rkmq__parse_is(ps, node, RKMQ_TREE_BOOL, "true or false")) {
            *(bool *)at = rkmq__slice_is(node->text, "true");
        }
        break;
    case RKMQ_KEY_INT:
        (void)rkmq__parse_int(ps, node, field->min, field->max, at); /* says what is wrong */
        break;
    case RKMQ_KEY_TIME:
        (void)rkmq__parse_time(ps, node, field->min, field->max, at);
        break;
    case RKMQ_KEY_MS:
        read_ms(ps, node, field, at);
        break;
    case RKMQ_KEY_CHOICE: {
        int choice = rkmq__parse_choice(ps, node, field->more);
        *(int *)at = choice < 0 ? (int)field->fallback : choice;
        break;
    }
    case RKMQ_KEY_TEXT:
        read_text(ps, node, field, at);
        break;
    case RKMQ_KEY_REF:
        (void)rkmq__parse_ref(ps, node, (enum rkmq_ref)field->min, field->max != 0, at);
        break;
    case RKMQ_KEY_REFS:
        rkmq__parse_refs(ps, node, (enum rkmq_ref)field->min, at);
        break;
    case RKMQ_KEY_MOMENT:
        rkmq__parse_moment(ps, node, at);
        break;
    case RKMQ_KEY_QUEUES:
        rkmq__parse_queues(ps, node, at);
        break;
    case RKMQ_KEY_CUSTOM:
        ((const struct rkmq_custom *)field->more)->read(ps, node, at);
        break;
    case RKMQ_KEY_ELSEWHERE:
        break;
    }
}

static const struct rkmq_key *find_field(const struct rkmq_shape *shape, struct rkmq_slice name)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        if (rkmq__slice_is(name, shape->fields[i].name)) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

static struct rkmq_nearest nearest_field(const struct rkmq_shape *shape, struct rkmq_slice key)
{
    struct rkmq_nearest nearest;
    rkmq__nearest_init(&nearest, key);
    for (size_t i = 0; i < shape->n_fields; i++) {
        rkmq__nearest_offer(&nearest, rkmq__slice_of(shape->fields[i].name));
    }
    return nearest;
}

static void say_unknown_key(struct rkmq_parse *ps, const struct rkmq_tree *member,
                            const struct rkmq_shape *shape)
{
    struct rkmq_nearest nearest = nearest_field(shape, member->key);
    char hint[RKMQ_NEAREST_HINT_BYTES];
    rkmq__parse_say(ps, member->key_offset, "unknown key \"%.*s\" in %s%s",
                    RKMQ_SLICE_ARG(member->key), shape->noun, rkmq__nearest_hint(&nearest, hint));
}

/* Told already, as an unknown key that is near to it. */
static bool is_misspelt(const struct rkmq_tree *node, const struct rkmq_shape *shape,
                        const char *name)
{
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        if (!find_field(shape, member->key) &&
            rkmq__slice_is(nearest_field(shape, member->key).name, name)) {
            return true;
        }
    }
    return false;
}

static void say_missing(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        const struct rkmq_shape *shape)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct rkmq_key *field = &shape->fields[i];
        if (field->is_required && !rkmq__parse_member(node, field->name) &&
            !is_misspelt(node, shape, field->name)) {
            rkmq__parse_say(ps, node->offset, "\"%s\" is missing in %s", field->name, shape->noun);
        }
    }
}

bool rkmq__parse_object(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        const struct rkmq_shape *shape, void *target)
{
    rkmq__parse_defaults(shape, target);
    if (node->type != RKMQ_TREE_OBJECT) {
        rkmq__parse_refuse(ps, node, "an object");
        return false;
    }
    for (const struct rkmq_tree *member = node->first; member; member = member->next) {
        const struct rkmq_key *field = find_field(shape, member->key);
        if (field) {
            rkmq__parse_key(ps, member, field, target);
        } else {
            say_unknown_key(ps, member, shape);
        }
    }
    say_missing(ps, node, shape);
    return true;
}

/* ---- writing ---- */

static void write_int(struct rkmq_scenario_writer *w, const struct rkmq_key *field, int64_t v)
{
    if (field->is_required || v != field->fallback) {
        if (field->type == RKMQ_KEY_INT) {
            rkmq__json_add_i64(&w->json, field->name, v);
        } else {
            rkmq__write_time(w, field->name, v);
        }
    }
}

static void write_ref(struct rkmq_scenario_writer *w, const struct rkmq_key *field, int32_t index)
{
    if (field->is_required || index != RKMQ_ANY) {
        rkmq__json_add_text(&w->json, field->name,
                            rkmq__ref_name(w->sc, (enum rkmq_ref)field->min, index));
    }
}

static void write_refs(struct rkmq_scenario_writer *w, const struct rkmq_key *field,
                       const struct rkmq_indices *indices)
{
    if (indices->n == 0) {
        return;
    }
    rkmq__json_key(&w->json, field->name);
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < indices->n; i++) {
        rkmq__json_put_text(&w->json,
                            rkmq__ref_name(w->sc, (enum rkmq_ref)field->min, indices->at[i]));
    }
    rkmq__json_array_end(&w->json);
}

static void write_choice(struct rkmq_scenario_writer *w, const struct rkmq_key *field, int choice)
{
    const char *const *names = field->more;
    if (field->is_required || choice != (int)field->fallback) {
        rkmq__json_add_text(&w->json, field->name, rkmq__slice_of(names[choice]));
    }
}

static void write_flag(struct rkmq_scenario_writer *w, const struct rkmq_key *field, bool is_set)
{
    if (is_set != (field->fallback != 0)) {
        rkmq__json_add_bool(&w->json, field->name, is_set);
    }
}

static void write_field(struct rkmq_scenario_writer *w, const struct rkmq_key *field,
                        const void *at)
{
    switch (field->type) {
    case RKMQ_KEY_FLAG:
        write_flag(w, field, *(const bool *)at);
        break;
    case RKMQ_KEY_INT:
    case RKMQ_KEY_TIME:
    case RKMQ_KEY_MS:
        write_int(w, field, *(const int64_t *)at);
        break;
    case RKMQ_KEY_CHOICE:
        write_choice(w, field, *(const int *)at);
        break;
    case RKMQ_KEY_TEXT:
        if (((const struct rkmq_slice *)at)->n > 0) {
            rkmq__json_add_text(&w->json, field->name, *(const struct rkmq_slice *)at);
        }
        break;
    case RKMQ_KEY_REF:
        write_ref(w, field, *(const int32_t *)at);
        break;
    case RKMQ_KEY_REFS:
        write_refs(w, field, at);
        break;
    case RKMQ_KEY_MOMENT:
        if (((const struct rkmq_moment *)at)->base != RKMQ_MOMENT_UNSET) {
            rkmq__json_key(&w->json, field->name);
            rkmq__write_moment(w, at);
        }
        break;
    case RKMQ_KEY_QUEUES:
        rkmq__write_queues(w, field->name, at);
        break;
    case RKMQ_KEY_CUSTOM:
        ((const struct rkmq_custom *)field->more)->write(w, field->name, at);
        break;
    case RKMQ_KEY_ELSEWHERE:
        break;
    }
}

void rkmq__write_fields(struct rkmq_scenario_writer *w, const struct rkmq_shape *shape,
                        const void *target)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        write_field(w, &shape->fields[i], field_of(&shape->fields[i], target));
    }
}

void rkmq__write_object(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_shape *shape, const void *target)
{
    rkmq__json_key(&w->json, name);
    rkmq__json_object(&w->json);
    rkmq__write_fields(w, shape, target);
    rkmq__json_object_end(&w->json);
}
