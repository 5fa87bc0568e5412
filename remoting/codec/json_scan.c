/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar. Containers are walked by a small state machine with a stack of its own, so that
 * hostile nesting meets RKMQ_JSON_DEPTH_MAX and not the end of the C stack.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "remoting/base/word.h"
#include "remoting/codec/json.h"

void rkmq__json_pass_space(struct rkmq_json_cursor *cur)
{
    while (cur->p < cur->end &&
           (*cur->p == ' ' || *cur->p == '\n' || *cur->p == '\r' || *cur->p == '\t')) {
        cur->p++;
    }
}

static bool scan_fail(struct rkmq_json_cursor *cur, const char *expected)
{
    cur->expected = expected;
    return false;
}

bool rkmq__json_take_behind_space(struct rkmq_json_cursor *cur, uint8_t c, const char *expected)
{
    rkmq__json_pass_space(cur);
    if (cur->p == cur->end || *cur->p != c) {
        return scan_fail(cur, expected);
    }
    cur->p++;
    return true;
}

int rkmq__json_fault(const struct rkmq_json_cursor *cur, const uint8_t *start, const char *what,
                     struct rkmq_err *err)
{
    size_t at = (size_t)(cur->p - start);
    if (cur->p == cur->end) {
        return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: %s expected at byte %zu, where it ends",
                             what, cur->expected, at);
    }
    return rkmq__err_set(err, RKMQ_E_PROTOCOL, "%s: %s expected at byte %zu, not 0x%02x", what,
                         cur->expected, at, *cur->p);
}

/* ---- scalars ---- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind the backslash. */
static bool scan_escape(struct rkmq_json_cursor *cur)
{
    if (cur->p == cur->end || *cur->p == 0 || !strchr("\"\\/bfnrtu", *cur->p)) {
        return scan_fail(cur, "an escape");
    }
    if (*cur->p++ == 'u') {
        for (int i = 0; i < 4; i++, cur->p++) {
            if (cur->p == cur->end || hex_digit(*cur->p) < 0) {
                return scan_fail(cur, "a hexadecimal digit");
            }
        }
    }
    return true;
}

/* The first quote or backslash from `p` on, many bytes at a time; `end`: there is none. */
static inline const uint8_t *scan_plain(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        __m128i all = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(all, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(all, _mm_set1_epi8('\\')));
        unsigned places = (unsigned)_mm_movemask_epi8(found);
        if (places != 0) {
            return p + __builtin_ctz(places);
        }
    }
#endif
    for (; end - p >= 8; p += 8) {
        uint64_t eight = rkmq__bytes_get(p);
        size_t n =
            rkmq__bytes_first_clear(rkmq__bytes_other(eight, '"') & rkmq__bytes_other(eight, '\\'));
        if (n < 8) {
            return p + n;
        }
    }
    while (p < end && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

/* From the first backslash on, or at the end of the text. */
RKMQ_APART static bool scan_string_rest(struct rkmq_json_cursor *cur, const uint8_t *start,
                                        struct rkmq_json *out)
{
    while (cur->p < cur->end && *cur->p != '"') {
        cur->p++;
        if (!scan_escape(cur)) {
            return false;
        }
        cur->p = scan_plain(cur->p, cur->end);
    }
    if (cur->p == cur->end) {
        return scan_fail(cur, "'\"'");
    }
    *out = (struct rkmq_json){RKMQ_JSON_STRING, rkmq__slice(start, (size_t)(cur->p - start)), true};
    cur->p++;
    return true;
}

/* Raw control characters are let through, as fastjson lets them. */
bool rkmq__json_scan_string(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    const uint8_t *start = cur->p + 1, *p = scan_plain(start, cur->end);
    cur->p = p;
    if (p == cur->end || *p != '"') {
        return scan_string_rest(cur, start, out);
    }
    *out = (struct rkmq_json){RKMQ_JSON_STRING, rkmq__slice(start, (size_t)(p - start)), false};
    cur->p++;
    return true;
}

bool rkmq__json_scan_pair(struct rkmq_json_cursor *cur, struct rkmq_slice *name,
                          struct rkmq_slice *text)
{
    const uint8_t *start = cur->p, *end = cur->end;
    if (start == end || *start != '"') {
        return false;
    }
    const uint8_t *middle = scan_plain(start + 1, end);
    if (end - middle < 3 || middle[0] != '"' || middle[1] != ':' || middle[2] != '"') {
        return false;
    }
    const uint8_t *last = scan_plain(middle + 3, end);
    if (last == end || *last != '"') {
        return false;
    }
    *name = rkmq__slice(start + 1, (size_t)(middle - start) - 1);
    *text = rkmq__slice(middle + 3, (size_t)(last - middle) - 3);
    cur->p = last + 1;
    return true;
}

static bool scan_digits(struct rkmq_json_cursor *cur)
{
    const uint8_t *start = cur->p, *p = start;
    while (p < cur->end && *p >= '0' && *p <= '9') {
        p++;
    }
    cur->p = p;
    return p > start || scan_fail(cur, "a digit");
}

/* Behind the digits of an integer. */
RKMQ_APART static bool scan_fraction(struct rkmq_json_cursor *cur)
{
    if (*cur->p == '.') {
        cur->p++;
        if (!scan_digits(cur)) {
            return false;
        }
    }
    if (cur->p < cur->end && (*cur->p | 0x20) == 'e') {
        cur->p++;
        cur->p += cur->p < cur->end && (*cur->p == '-' || *cur->p == '+');
        return scan_digits(cur);
    }
    return true;
}

static bool scan_number(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    const uint8_t *start = cur->p;
    cur->p += *cur->p == '-';
    if (!scan_digits(cur)) {
        return false;
    }
    if (cur->p < cur->end && (*cur->p == '.' || (*cur->p | 0x20) == 'e') && !scan_fraction(cur)) {
        return false;
    }
    *out =
        (struct rkmq_json){RKMQ_JSON_NUMBER, rkmq__slice(start, (size_t)(cur->p - start)), false};
    return true;
}

RKMQ_APART static bool scan_word(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    static const struct {
        struct rkmq_slice word;
        enum rkmq_json_type type;
    } words[] = {
        {RKMQ_SLICE_INIT("true"), RKMQ_JSON_BOOL},
        {RKMQ_SLICE_INIT("false"), RKMQ_JSON_BOOL},
        {RKMQ_SLICE_INIT("null"), RKMQ_JSON_NULL},
    };
    struct rkmq_slice rest = rkmq__slice(cur->p, (size_t)(cur->end - cur->p));
    for (size_t i = 0; i < RKMQ_COUNT_OF(words); i++) {
        if (rkmq__slice_starts(rest, words[i].word)) {
            *out = (struct rkmq_json){words[i].type, rkmq__slice(cur->p, words[i].word.n), false};
            cur->p += words[i].word.n;
            return true;
        }
    }
    return scan_fail(cur, "a value");
}

static bool scan_scalar(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    if (*cur->p == '"') {
        return rkmq__json_scan_string(cur, out);
    }
    if (*cur->p == '-' || (*cur->p >= '0' && *cur->p <= '9')) {
        return scan_number(cur, out);
    }
    return scan_word(cur, out);
}

/* ---- containers ---- */

enum scan_kind { IN_ARRAY, IN_OBJECT, IN_OBJECT_KEY };

/*
 *      '{' -> KEY_OR_END --key--> COLON --':'--> VALUE --value--> AFTER --','--> KEY or VALUE
 *      '[' -> VALUE_OR_END --value--> AFTER                         '}' ']' -> the container's
 * AFTER, or COLON when the container was a member's name
 */
enum scan_state { S_VALUE, S_VALUE_OR_END, S_KEY, S_KEY_OR_END, S_COLON, S_AFTER, S_DONE };

struct scan {
    struct rkmq_json_cursor *cur;
    enum scan_state state;
    unsigned depth;
    uint8_t kinds[RKMQ_JSON_DEPTH_MAX];
};

static bool scan_open(struct scan *s, enum scan_kind kind)
{
    if (s->depth == RKMQ_JSON_DEPTH_MAX) {
        return scan_fail(s->cur, "no deeper nesting");
    }
    s->kinds[s->depth++] = (uint8_t)kind;
    s->state = kind == IN_ARRAY ? S_VALUE_OR_END : S_KEY_OR_END;
    s->cur->p++;
    return true;
}

static bool scan_close(struct scan *s)
{
    enum scan_kind kind = s->kinds[--s->depth];
    s->cur->p++;
    if (kind == IN_OBJECT_KEY) {
        s->state = S_COLON;
    } else {
        s->state = s->depth > 0 ? S_AFTER : S_DONE;
    }
    return true;
}

static bool scan_value(struct scan *s)
{
    struct rkmq_json ignored;
    if (*s->cur->p == '{') {
        return scan_open(s, IN_OBJECT);
    }
    if (*s->cur->p == '[') {
        return scan_open(s, IN_ARRAY);
    }
    s->state = S_AFTER;
    return scan_scalar(s->cur, &ignored);
}

/* A name that is no object. */
static bool scan_plain_name(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    const uint8_t *start = cur->p;
    if (*start != '"' && *start != '-' && (*start < '0' || *start > '9')) {
        return scan_fail(cur, "a member name");
    }
    if (!scan_scalar(cur, out)) {
        return false;
    }
    if (out->type == RKMQ_JSON_STRING && rkmq__slice_is(out->text, "$ref")) {
        cur->p = start;
        return scan_fail(cur, "no \"$ref\"");
    }
    return true;
}

static bool scan_key(struct scan *s)
{
    struct rkmq_json ignored;
    if (*s->cur->p == '{') {
        return scan_open(s, IN_OBJECT_KEY);
    }
    s->state = S_COLON;
    return scan_plain_name(s->cur, &ignored);
}

static bool scan_after(struct scan *s)
{
    bool is_array = s->kinds[s->depth - 1] == IN_ARRAY;
    if (*s->cur->p == (is_array ? ']' : '}')) {
        return scan_close(s);
    }
    s->state = is_array ? S_VALUE : S_KEY;
    return rkmq__json_take(s->cur, ',', is_array ? "',' or ']'" : "',' or '}'");
}

static const char *const scan_expected[] = {
    [S_VALUE] = "a value",     [S_VALUE_OR_END] = "a value or ']'",
    [S_KEY] = "a member name", [S_KEY_OR_END] = "a member name or '}'",
    [S_COLON] = "':'",         [S_AFTER] = "',' or the container's end",
};

static bool scan_step(struct scan *s)
{
    rkmq__json_skip_space(s->cur);
    if (s->cur->p == s->cur->end) {
        return scan_fail(s->cur, scan_expected[s->state]);
    }
    switch (s->state) {
    case S_VALUE_OR_END:
        return *s->cur->p == ']' ? scan_close(s) : scan_value(s);
    case S_KEY_OR_END:
        return *s->cur->p == '}' ? scan_close(s) : scan_key(s);
    case S_KEY:
        return scan_key(s);
    case S_COLON:
        s->state = S_VALUE;
        return rkmq__json_take(s->cur, ':', "':'");
    case S_AFTER:
        return scan_after(s);
    default:
        return scan_value(s);
    }
}

RKMQ_APART static bool scan_container(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    const uint8_t *start = cur->p;
    struct scan s;
    s.cur = cur;
    s.depth = 0;
    s.state = S_VALUE;
    while (s.state != S_DONE) {
        if (!scan_step(&s)) {
            return false;
        }
    }
    *out = (struct rkmq_json){*start == '{' ? RKMQ_JSON_OBJECT : RKMQ_JSON_ARRAY,
                              rkmq__slice(start, (size_t)(cur->p - start)), false};
    return true;
}

bool rkmq__json_scan_other(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    rkmq__json_skip_space(cur);
    if (cur->p == cur->end) {
        return scan_fail(cur, "a value");
    }
    return *cur->p == '{' || *cur->p == '[' ? scan_container(cur, out) : scan_scalar(cur, out);
}

bool rkmq__json_scan_name(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    rkmq__json_skip_space(cur);
    if (cur->p == cur->end) {
        return scan_fail(cur, "a member name");
    }
    return (*cur->p == '{' ? scan_container(cur, out) : scan_plain_name(cur, out)) &&
           rkmq__json_take(cur, ':', "':'");
}

/* Behind the quote that ends the string which begins at `p`; `end`: it has no end. */
static const uint8_t *pass_string(const uint8_t *p, const uint8_t *end)
{
    for (p = scan_plain(p + 1, end); p < end && *p != '"'; p = scan_plain(p + 2, end)) {
        if (end - p < 2) { /* a backslash at the end */
            return end;
        }
    }
    return p < end ? p + 1 : end;
}

bool rkmq__json_pass(struct rkmq_json_cursor *cur, struct rkmq_json *out)
{
    if (cur->p < cur->end && *cur->p == '"') {
        return rkmq__json_scan_string(cur, out);
    }
    rkmq__json_skip_space(cur);
    if (cur->p == cur->end || (*cur->p != '{' && *cur->p != '[')) {
        return rkmq__json_scan(cur, out);
    }
    const uint8_t *start = cur->p, *p = start, *end = cur->end;
    size_t depth = 0;
    do {
        if (*p == '"') {
            p = pass_string(p, end);
            continue;
        }
        uint8_t c = *p++ | 0x20; /* makes braces of brackets */
        if (c > 'z') {           /* nothing else does that outside of a string */
            depth = c == '{' ? depth + 1 : depth - 1;
        }
    } while (p < end && depth > 0);
    cur->p = p;
    *out = (struct rkmq_json){*start == '{' ? RKMQ_JSON_OBJECT : RKMQ_JSON_ARRAY,
                              rkmq__slice(start, (size_t)(p - start)), false};
    return depth == 0 || scan_fail(cur, "the container's end");
}

/* ---- strings ---- */

static uint32_t unescape_hex(const uint8_t *p)
{
    return (uint32_t)hex_digit(p[0]) << 12 | (uint32_t)hex_digit(p[1]) << 8 |
           (uint32_t)hex_digit(p[2]) << 4 | (uint32_t)hex_digit(p[3]);
}

static size_t utf8_put(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* The escape sequence at `*p` (behind "\\u"), with its second half when it is one of a pair. */
static uint32_t unescape_unicode(const uint8_t **p, const uint8_t *end)
{
    uint32_t c = unescape_hex(*p);
    *p += 4;
    if (c < 0xD800 || c > 0xDFFF) {
        return c;
    }
    if (c < 0xDC00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        uint32_t low = unescape_hex(*p + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *p += 6;
            return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

static size_t unescape_one(const uint8_t **p, const uint8_t *end, uint8_t out[4])
{
    if (**p != '\\') {
        out[0] = *(*p)++;
        return 1;
    }
    uint8_t c = (*p)[1];
    *p += 2;
    switch (c) {
    case 'b':
        out[0] = '\b';
        return 1;
    case 'f':
        out[0] = '\f';
        return 1;
    case 'n':
        out[0] = '\n';
        return 1;
    case 'r':
        out[0] = '\r';
        return 1;
    case 't':
        out[0] = '\t';
        return 1;
    case 'u':
        return utf8_put(unescape_unicode(p, end), out);
    default:
        out[0] = c;
        return 1;
    }
}

size_t rkmq__json_unescape(struct rkmq_slice text, uint8_t *out)
{
    const uint8_t *p = text.p, *end = text.p + text.n;
    size_t n = 0;
    while (p < end) {
        const uint8_t *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t n_plain = (size_t)((backslash ? backslash : end) - p);
        memcpy(out + n, p, n_plain);
        n += n_plain;
        p += n_plain;
        if (backslash) {
            uint8_t one[4];
            size_t n_one = unescape_one(&p, end, one);
            memcpy(out + n, one, n_one);
            n += n_one;
        }
    }
    return n;
}

bool rkmq__json_unescapes_to(struct rkmq_slice escaped, struct rkmq_slice text)
{
    const uint8_t *p = escaped.p, *end = p + escaped.n;
    struct rkmq_slice rest = text;
    while (p < end) {
        uint8_t one[4];
        struct rkmq_slice start = rkmq__slice(one, unescape_one(&p, end, one));
        if (!rkmq__slice_starts(rest, start)) {
            return false;
        }
        rest = rkmq__slice(rest.p + start.n, rest.n - start.n);
    }
    return rest.n == 0;
}
