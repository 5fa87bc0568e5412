/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times, and the tests that an expectation puts to them. */
#include <rkmq/remoting.h>

#include "runner/parse.h"

/* ---- times ---- */

static const struct time_unit {
    const char *name;
    int64_t us;
} time_units[] = {
    {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}, {"h", 3600000000},
};

#define TIME_WHOLE_DIGITS_MAX 16
#define TIME_FRACTION_DIGITS_MAX 9

/* How many digits the text starts with; their value (of the first 18) in `out`. */
static size_t read_digits(struct rkmq_slice text, int64_t *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < text.n && text.p[n] >= '0' && text.p[n] <= '9'; n++) {
        *out = n < 18 ? 10 * *out + (text.p[n] - '0') : *out;
    }
    return n;
}

static struct rkmq_slice behind(struct rkmq_slice text, size_t n)
{
    return rkmq__slice(text.p + n, text.n - n);
}

/* 0: no such unit. */
static int64_t unit_us(struct rkmq_slice text)
{
    for (size_t i = 0; i < RKMQ_COUNT_OF(time_units); i++) {
        if (rkmq__slice_is(text, time_units[i].name)) {
            return time_units[i].us;
        }
    }
    return 0;
}

int rkmq__time_read(struct rkmq_slice text, rkmq_us *out)
{
    int64_t whole, fraction = 0, scale = 1;
    size_t n = read_digits(text, &whole);
    if (n == 0 || n > TIME_WHOLE_DIGITS_MAX) {
        return n == 0 ? RKMQ_E_INVALID : RKMQ_E_LIMIT;
    }
    text = behind(text, n);
    if (text.n > 0 && text.p[0] == '.') {
        n = read_digits(behind(text, 1), &fraction);
        if (n == 0 || n > TIME_FRACTION_DIGITS_MAX) {
            return RKMQ_E_INVALID;
        }
        text = behind(text, 1 + n);
        while (n-- > 0) {
            scale *= 10;
        }
    }
    int64_t unit = unit_us(text);
    if (unit == 0 || fraction * unit % scale != 0) { /* less than a microsecond is left over */
        return RKMQ_E_INVALID;
    }
    if (whole > RKMQ_SCENARIO_TIME_MAX / unit) {
        return RKMQ_E_LIMIT;
    }
    *out = whole * unit + fraction * unit / scale;
    return *out > RKMQ_SCENARIO_TIME_MAX ? RKMQ_E_LIMIT : RKMQ_OK;
}

const char *rkmq__time_write(rkmq_us us, char out[RKMQ_TIME_TEXT_BYTES])
{
    size_t i = RKMQ_COUNT_OF(time_units);
    if (us == 0) {
        i = 3; /* "0s" */
    } else {
        while (us % time_units[i - 1].us != 0) {
            i--;
        }
    }
    (void)snprintf(out, RKMQ_TIME_TEXT_BYTES, "%lld%s", (long long)(us / time_units[i - 1].us),
                   time_units[i - 1].name); /* 19 digits and a unit fit */
    return out;
}

/* "1m30s" in one unit; 0: it is not made of several times. */
static rkmq_us several_times(struct rkmq_slice text)
{
    rkmq_us sum = 0, one;
    size_t n_parts = 0;
    while (text.n > 0) {
        size_t n = 0;
        while (n < text.n && (text.p[n] == '.' || (text.p[n] >= '0' && text.p[n] <= '9'))) {
            n++;
        }
        while (n < text.n && text.p[n] >= 'a' && text.p[n] <= 'z') {
            n++;
        }
        if (n == 0 || rkmq__time_read(rkmq__slice(text.p, n), &one) != RKMQ_OK) {
            return 0;
        }
        text = behind(text, n);
        sum += one;
        n_parts++;
    }
    return n_parts > 1 ? sum : 0;
}

void rkmq__parse_refuse_time(struct rkmq_parse *ps, const struct rkmq_tree *node,
                             const char *wanted)
{
    char one[RKMQ_TIME_TEXT_BYTES];
    rkmq_us us = node->type == RKMQ_TREE_TEXT ? several_times(node->text) : 0;
    if (us == 0) {
        rkmq__parse_refuse(ps, node, wanted);
        return;
    }
    rkmq__parse_say(
        ps, node->offset, "\"%.*s\" must be one number and one unit, as \"%s\", not \"%.*s\"",
        RKMQ_SLICE_ARG(node->key), rkmq__time_write(us, one), RKMQ_SLICE_ARG(node->text));
}

bool rkmq__parse_time(struct rkmq_parse *ps, const struct rkmq_tree *node, rkmq_us min, rkmq_us max,
                      rkmq_us *out)
{
    char low[RKMQ_TIME_TEXT_BYTES], high[RKMQ_TIME_TEXT_BYTES];
    rkmq_us us = 0;
    int status = node->type == RKMQ_TREE_TEXT ? rkmq__time_read(node->text, &us) : RKMQ_E_INVALID;
    if (status == RKMQ_E_INVALID) {
        rkmq__parse_refuse_time(ps, node, "a duration such as \"50ms\" or \"2s\"");
        return false;
    }
    if (status == RKMQ_E_LIMIT || us < min || us > max) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be from %s to %s, not \"%.*s\"",
                        RKMQ_SLICE_ARG(node->key), rkmq__time_write(min, low),
                        rkmq__time_write(max, high), RKMQ_SLICE_ARG(node->text));
        return false;
    }
    *out = us;
    return true;
}

void rkmq__write_time(struct rkmq_scenario_writer *w, const char *name, rkmq_us us)
{
    char text[RKMQ_TIME_TEXT_BYTES];
    rkmq__json_add_text(&w->json, name, rkmq__slice_of(rkmq__time_write(us, text)));
}

/* ---- whole numbers ---- */

bool rkmq__parse_int(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t min, int64_t max,
                     int64_t *out)
{
    int64_t v;
    if (node->type != RKMQ_TREE_NUMBER || rkmq__slice_to_i64(node->text, &v) != RKMQ_OK) {
        rkmq__parse_refuse(ps, node, "a whole number");
        return false;
    }
    if (v < min || v > max) {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be from %lld to %lld, not %lld",
                        RKMQ_SLICE_ARG(node->key), (long long)min, (long long)max, (long long)v);
        return false;
    }
    *out = v;
    return true;
}

bool rkmq__parse_plain_int(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t *out)
{
    /* One less at both ends, so that "lt" and "gt" have a bound to stand for. */
    return rkmq__parse_int(ps, node, INT64_MIN + 1, INT64_MAX - 1, out);
}

void rkmq__write_plain_int(struct rkmq_scenario_writer *w, int64_t value)
{
    rkmq__json_put_i64(&w->json, value);
}

bool rkmq__parse_unsigned(struct rkmq_slice text, uint64_t *out)
{
    uint64_t v = 0;
    if (text.n == 0) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)text.p[i] - '0';
        if (digit > 9 || v > UINT64_MAX / 10 || 10 * v > UINT64_MAX - digit) {
            return false;
        }
        v = 10 * v + digit;
    }
    *out = v;
    return true;
}

/* ---- codes: by name, or by number for those without a name ---- */

#define CODE_MAX 65535

static const char *const request_names[] = {
#define X(name, value) #name,
#include "remoting/protocol/request_codes.def"
#undef X
    NULL};
static const char *const response_names[] = {
#define X(name, value) #name,
#include "remoting/protocol/response_codes.def"
#undef X
    NULL};

static bool parse_code(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *noun,
                       const char *const *names, int (*by_name)(const char *name, int *out),
                       int64_t *out)
{
    struct rkmq_nearest nearest;
    char hint[RKMQ_NEAREST_HINT_BYTES];
    int code;
    if (node->type == RKMQ_TREE_NUMBER) {
        return rkmq__parse_int(ps, node, -CODE_MAX, CODE_MAX, out);
    }
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "the name or number of a code")) {
        return false;
    }
    if (by_name((const char *)node->text.p, &code) == RKMQ_OK) { /* the text ends with a NUL */
        *out = code;
        return true;
    }
    rkmq__nearest_init(&nearest, node->text);
    for (; *names; names++) {
        rkmq__nearest_offer(&nearest, rkmq__slice_of(*names));
    }
    rkmq__parse_say(ps, node->offset, "unknown %s code \"%.*s\"%s", noun,
                    RKMQ_SLICE_ARG(node->text), rkmq__nearest_hint(&nearest, hint));
    return false;
}

bool rkmq__parse_request_code(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t *out)
{
    return parse_code(ps, node, "request", request_names, rkmq_request_code_by_name, out);
}

bool rkmq__parse_response_code(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t *out)
{
    return parse_code(ps, node, "response", response_names, rkmq_response_code_by_name, out);
}

static void write_code(struct rkmq_scenario_writer *w, int64_t code, const char *name)
{
    if (name) {
        rkmq__json_put_text(&w->json, rkmq__slice_of(name));
    } else {
        rkmq__json_put_i64(&w->json, code);
    }
}

void rkmq__write_request_code(struct rkmq_scenario_writer *w, int64_t code)
{
    write_code(w, code, rkmq_request_code_name((int)code));
}

void rkmq__write_response_code(struct rkmq_scenario_writer *w, int64_t code)
{
    write_code(w, code, rkmq_response_code_name((int)code));
}

/* ---- tests of numbers ---- */

enum bound { BOUND_EQ, BOUND_NE, BOUND_LT, BOUND_LE, BOUND_GT, BOUND_GE, BOUND_IN };
static const char *const bound_names[] = {"eq", "ne", "lt", "le", "gt", "ge", "in", NULL};

static void read_in(struct rkmq_parse *ps, const struct rkmq_tree *node, rkmq_read_int_fn *read,
                    struct rkmq_int_test *out)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    int64_t *in = rkmq__parse_array(ps, list.n, sizeof *in);
    for (size_t i = 0; in && i < list.n; i++) {
        (void)read(ps, rkmq__parse_next(&list), &in[i]); /* says what is wrong */
    }
    out->in = in;
    out->n_in = in ? list.n : 0;
}

static void apply_bound(enum bound bound, int64_t v, struct rkmq_int_test *out)
{
    int64_t low = bound == BOUND_GT ? v + 1 : v, high = bound == BOUND_LT ? v - 1 : v;
    if (bound == BOUND_NE) {
        out->has_not = true;
        out->not_value = v;
        return;
    }
    if (bound == BOUND_EQ || bound == BOUND_GT || bound == BOUND_GE) {
        out->min = low > out->min ? low : out->min;
    }
    if (bound == BOUND_EQ || bound == BOUND_LT || bound == BOUND_LE) {
        out->max = high < out->max ? high : out->max;
    }
}

void rkmq__parse_bounds(struct rkmq_parse *ps, const struct rkmq_tree *object,
                        rkmq_read_int_fn *read, struct rkmq_int_test *out)
{
    *out = (struct rkmq_int_test){.min = INT64_MIN, .max = INT64_MAX};
    for (enum bound i = BOUND_EQ; i <= BOUND_IN; i++) {
        const struct rkmq_tree *node = rkmq__parse_member(object, bound_names[i]);
        int64_t v;
        if (!node) {
            continue;
        }
        out->is_set = true;
        if (i == BOUND_IN) {
            read_in(ps, node, read, out);
        } else if (read(ps, node, &v)) {
            apply_bound(i, v, out);
        }
    }
    if (out->min > out->max) {
        rkmq__parse_say(ps, object->offset, "no number passes all of these bounds");
    }
}

static const struct rkmq_key bound_fields[] = {
    {.name = "eq", .type = RKMQ_KEY_ELSEWHERE}, {.name = "ne", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "lt", .type = RKMQ_KEY_ELSEWHERE}, {.name = "le", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "gt", .type = RKMQ_KEY_ELSEWHERE}, {.name = "ge", .type = RKMQ_KEY_ELSEWHERE},
    {.name = "in", .type = RKMQ_KEY_ELSEWHERE},
};
static const struct rkmq_shape bound_shape = RKMQ_SHAPE("a test of a number", bound_fields);

void rkmq__parse_int_test(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          rkmq_read_int_fn *read, struct rkmq_int_test *out)
{
    int64_t v;
    char none;
    if (node->type != RKMQ_TREE_OBJECT) {
        if (read(ps, node, &v)) {
            *out = (struct rkmq_int_test){.is_set = true, .min = v, .max = v};
        }
        return;
    }
    if (rkmq__parse_object(ps, node, &bound_shape, &none)) {
        rkmq__parse_bounds(ps, node, read, out);
        if (!out->is_set && node->n == 0) {
            rkmq__parse_say(ps, node->offset, "\"%.*s\" tests nothing", RKMQ_SLICE_ARG(node->key));
        }
    }
}

static void write_one(struct rkmq_scenario_writer *w, const char *name, rkmq_write_int_fn *write,
                      int64_t v)
{
    rkmq__json_key(&w->json, name);
    write(w, v);
}

void rkmq__write_bounds(struct rkmq_scenario_writer *w, rkmq_write_int_fn *write,
                        const struct rkmq_int_test *test)
{
    if (test->min == test->max) {
        write_one(w, "eq", write, test->min);
    } else {
        if (test->min != INT64_MIN) {
            write_one(w, "ge", write, test->min);
        }
        if (test->max != INT64_MAX) {
            write_one(w, "le", write, test->max);
        }
    }
    if (test->has_not) {
        write_one(w, "ne", write, test->not_value);
    }
    if (test->n_in > 0) {
        rkmq__json_key(&w->json, "in");
        rkmq__json_array(&w->json);
        for (size_t i = 0; i < test->n_in; i++) {
            write(w, test->in[i]);
        }
        rkmq__json_array_end(&w->json);
    }
}

void rkmq__write_int_test(struct rkmq_scenario_writer *w, const char *name,
                          rkmq_write_int_fn *write, const struct rkmq_int_test *test)
{
    if (!test->is_set) {
        return;
    }
    rkmq__json_key(&w->json, name);
    if (test->min == test->max && !test->has_not && test->n_in == 0) {
        write(w, test->min);
        return;
    }
    rkmq__json_object(&w->json);
    rkmq__write_bounds(w, write, test);
    rkmq__json_object_end(&w->json);
}
