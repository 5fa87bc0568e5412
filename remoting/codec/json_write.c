/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "remoting/base/word.h"
#include "remoting/codec/json.h"

/* ---- strings, escaped where fastjson 1.2.83 does for ASCII (SerializeWriter) ---- */

/* What follows the backslash; 0: the character stands as it is. */
static const char escape_letters[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n',          'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u',          'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\', [0x7F] = 'u',
};

/* Whether one of 16 bytes needs an escape. */
#ifdef __SSE2__
static inline bool words_escape(uint64_t a, uint64_t b)
{
    __m128i both = _mm_set_epi64x((long long)b, (long long)a);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(both, _mm_set1_epi8(0x1F)), both);
    __m128i quote = _mm_cmpeq_epi8(both, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(both, _mm_set1_epi8('\\'));
    __m128i del = _mm_cmpeq_epi8(both, _mm_set1_epi8(0x7F));
    return _mm_movemask_epi8(
               _mm_or_si128(_mm_or_si128(control, quote), _mm_or_si128(backslash, del))) != 0;
}
#else
static inline bool words_escape(uint64_t a, uint64_t b)
{
    uint64_t plain = rkmq__bytes_from(a, 0x20) & rkmq__bytes_from(b, 0x20);
    for (const char *c = "\"\\\x7F"; *c; c++) {
        plain &= rkmq__bytes_other(a, (uint8_t)*c) & rkmq__bytes_other(b, (uint8_t)*c);
    }
    return rkmq__bytes_first_clear(plain) < 8;
}
#endif

/* Nothing needs an escape, as mostly. */
static inline bool is_plain(struct rkmq_slice text)
{
    const uint64_t spaces = RKMQ_BYTES_OF(' ');
    const uint8_t *p = text.p;
    size_t n = text.n;
    if (n < 8) {
        uint64_t behind = n > 0 ? spaces << 8 * n : spaces;
        return !words_escape(rkmq__bytes_get_some(p, n) | behind, spaces);
    }
    uint64_t last = rkmq__bytes_get(p + n - 8);
    for (; n >= 16; p += 16, n -= 16) {
        if (words_escape(rkmq__bytes_get(p), rkmq__bytes_get(p + 8))) {
            return false;
        }
    }
    return !words_escape(n >= 8 ? rkmq__bytes_get(p) : last, last);
}

RKMQ_APART static size_t escaped_bytes(struct rkmq_slice text)
{
    size_t n = text.n;
    for (size_t i = 0; i < text.n; i++) {
        char letter = escape_letters[text.p[i]];
        n += letter == 0 ? 0 : letter == 'u' ? 5 : 1;
    }
    return n;
}

size_t rkmq__json_escaped_bytes(struct rkmq_slice text)
{
    return is_plain(text) ? text.n : escaped_bytes(text);
}

uint8_t *rkmq__json_escape(struct rkmq_slice text, uint8_t *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        char letter = escape_letters[c];
        if (letter == 0) {
            *out++ = c;
            continue;
        }
        *out++ = '\\';
        *out++ = (uint8_t)letter;
        if (letter == 'u') {
            *out++ = '0';
            *out++ = '0';
            *out++ = (uint8_t)hex[c >> 4];
            *out++ = (uint8_t)hex[c & 15];
        }
    }
    return out;
}

static void write_string(struct rkmq_bytes *b, struct rkmq_slice text)
{
    size_t n = rkmq__json_escaped_bytes(text);
    uint8_t *p = rkmq__bytes_reserve(b, n + 2);
    if (p) {
        *p = '"';
        if (n == text.n && n > 0) {
            memcpy(p + 1, text.p, n);
        } else {
            (void)rkmq__json_escape(text, p + 1); /* its end is known */
        }
        p[n + 1] = '"';
    }
}

/* ---- structure ---- */

void rkmq__json_begin(struct rkmq_json_writer *w, struct rkmq_bytes *out)
{
    *w = (struct rkmq_json_writer){.out = out};
}

/* Before every key, and before every value that has none. */
static void writer_comma(struct rkmq_json_writer *w)
{
    if (w->needs_comma) {
        rkmq__bytes_add_text(w->out, ",");
    }
    w->needs_comma = false;
}

static bool writer_is_in_object(const struct rkmq_json_writer *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1) != 0;
}

static void writer_value(struct rkmq_json_writer *w)
{
    RKMQ_ASSERT(w->has_key == writer_is_in_object(w));
    if (!w->has_key) {
        writer_comma(w);
    }
    w->has_key = false;
    w->needs_comma = true;
}

static void writer_open(struct rkmq_json_writer *w, bool is_object)
{
    RKMQ_ASSERT(w->depth < RKMQ_JSON_DEPTH_MAX);
    uint32_t bit = (uint32_t)1 << w->depth++;
    w->objects = is_object ? w->objects | bit : w->objects & ~bit;
    w->keys &= ~bit;
    w->needs_comma = false;
    rkmq__bytes_add_text(w->out, is_object ? "{" : "[");
}

void rkmq__json_object(struct rkmq_json_writer *w)
{
    bool is_key = w->is_key_next;
    w->is_key_next = false;
    if (!is_key) {
        writer_value(w);
    }
    writer_open(w, true);
    if (is_key) {
        w->keys |= (uint32_t)1 << (w->depth - 1);
    }
}

void rkmq__json_object_end(struct rkmq_json_writer *w)
{
    RKMQ_ASSERT(writer_is_in_object(w));
    RKMQ_ASSERT(!w->has_key);
    w->depth--;
    rkmq__bytes_add_text(w->out, "}");
    w->needs_comma = true;
    if ((w->keys >> w->depth & 1) != 0) { /* it was a member's name */
        rkmq__bytes_add_text(w->out, ":");
        w->has_key = true;
        w->needs_comma = false;
    }
}

void rkmq__json_array(struct rkmq_json_writer *w)
{
    writer_value(w);
    writer_open(w, false);
}

void rkmq__json_array_end(struct rkmq_json_writer *w)
{
    RKMQ_ASSERT(w->depth > 0);
    RKMQ_ASSERT(!writer_is_in_object(w));
    w->depth--;
    rkmq__bytes_add_text(w->out, "]");
    w->needs_comma = true;
}

static void writer_key(struct rkmq_json_writer *w)
{
    RKMQ_ASSERT(writer_is_in_object(w));
    RKMQ_ASSERT(!w->has_key);
    writer_comma(w);
}

static void writer_key_end(struct rkmq_json_writer *w)
{
    rkmq__bytes_add_text(w->out, ":");
    w->has_key = true;
}

void rkmq__json_key_slice(struct rkmq_json_writer *w, struct rkmq_slice name)
{
    writer_key(w);
    write_string(w->out, name);
    writer_key_end(w);
}

void rkmq__json_key(struct rkmq_json_writer *w, const char *name)
{
    size_t n = strlen(name), n_comma = w->needs_comma ? 1 : 0;
    RKMQ_ASSERT(writer_is_in_object(w));
    RKMQ_ASSERT(!w->has_key);
    uint8_t *p = rkmq__bytes_reserve(w->out, n_comma + n + 3);
    if (p) {
        p[0] = ',';
        p += n_comma;
        p[0] = '"';
        memcpy(p + 1, name, n);
        p[n + 1] = '"';
        p[n + 2] = ':';
    }
    w->needs_comma = false;
    w->has_key = true;
}

void rkmq__json_key_i64(struct rkmq_json_writer *w, int64_t name, bool is_quoted)
{
    writer_key(w);
    char digits[RKMQ_I64_TEXT_BYTES];
    const char *quote = is_quoted ? "\"" : "";
    rkmq__bytes_add_text(w->out, quote);
    rkmq__bytes_add_slice(w->out, rkmq__i64_text(name, digits));
    rkmq__bytes_add_text(w->out, quote);
    writer_key_end(w);
}

void rkmq__json_key_object(struct rkmq_json_writer *w)
{
    writer_key(w);
    w->is_key_next = true;
}

/* ---- values ---- */

void rkmq__json_put_text(struct rkmq_json_writer *w, struct rkmq_slice text)
{
    writer_value(w);
    write_string(w->out, text);
}

void rkmq__json_put_i64(struct rkmq_json_writer *w, int64_t v)
{
    char digits[RKMQ_I64_TEXT_BYTES];
    writer_value(w);
    rkmq__bytes_add_slice(w->out, rkmq__i64_text(v, digits));
}

void rkmq__json_put_bool(struct rkmq_json_writer *w, bool v)
{
    writer_value(w);
    rkmq__bytes_add_text(w->out, v ? "true" : "false");
}

/*
 * The shortest digits that read back as `v`, and its exponent. Only the digits are taken from the
 * C library's text, so that a locale's decimal sign does not show.
 */
static int double_digits(double v, char digits[20], size_t *n_digits)
{
    char text[40];
    for (int precision = 0;; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, v); /* at most 25 bytes */
        if (precision == 16 || strtod(text, NULL) == v) {
            break;
        }
    }
    size_t n = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') {
            digits[n++] = *p;
        }
    }
    *n_digits = n;
    return (int)strtol(p + 1, NULL, 10);
}

static void double_point(struct rkmq_bytes *b, const char *digits, size_t n, size_t n_before)
{
    for (size_t i = 0; i < n_before; i++) {
        rkmq__bytes_add(b, i < n ? digits + i : "0", 1);
    }
    rkmq__bytes_add_text(b, ".");
    if (n > n_before) {
        rkmq__bytes_add(b, digits + n_before, n - n_before);
    } else {
        rkmq__bytes_add_text(b, "0");
    }
}

/* Double.toString: plain from 1e-3 to below 1e7, else one digit, point, digits, E. */
void rkmq__json_put_double(struct rkmq_json_writer *w, double v)
{
    char digits[20];
    size_t n;
    writer_value(w);
    if (v != v || v - v != 0) { /* fastjson writes NaN and the infinities as null */
        rkmq__bytes_add_text(w->out, "null");
        return;
    }
    if (v < 0) {
        rkmq__bytes_add_text(w->out, "-");
        v = -v;
    }
    int exponent = double_digits(v, digits, &n);
    if (v != 0 && (exponent < -3 || exponent >= 7)) {
        double_point(w->out, digits, n, 1);
        rkmq__bytes_printf(w->out, "E%d", exponent);
    } else if (exponent < 0) {
        rkmq__bytes_printf(w->out, "0.%.*s", -exponent - 1, "00");
        rkmq__bytes_add(w->out, digits, n);
    } else {
        double_point(w->out, digits, n, (size_t)exponent + 1);
    }
}

void rkmq__json_add_text(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text)
{
    rkmq__json_key(w, name);
    rkmq__json_put_text(w, text);
}

void rkmq__json_add_i64(struct rkmq_json_writer *w, const char *name, int64_t v)
{
    rkmq__json_key(w, name);
    rkmq__json_put_i64(w, v);
}

void rkmq__json_add_bool(struct rkmq_json_writer *w, const char *name, bool v)
{
    rkmq__json_key(w, name);
    rkmq__json_put_bool(w, v);
}
