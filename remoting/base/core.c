/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/core.h"

#include <stdarg.h>

#define LOG_LINE_BYTES_MAX 1024

void rkmq__assert_failed(const char *condition, const char *file, int line)
{
    (void)
        condition; /* in a register or on the stack for the debugger; a core has nowhere to print */
    (void)file;
    (void)line;
    __builtin_trap();
}

/* ---- status ---- */

struct status_row {
    int value;
    const char *name, *text;
};
static const struct status_row status_rows[] = {
#define X(name, value, text) {value, "RKMQ_" #name, text},
    RKMQ_STATUS_TABLE(X)
#undef X
};

static const struct status_row *status_find(int status)
{
    static const struct status_row unknown = {0, "RKMQ_E_UNKNOWN", "unknown status"};
    for (size_t i = 0; i < RKMQ_COUNT_OF(status_rows); i++) {
        if (status_rows[i].value == status) {
            return &status_rows[i];
        }
    }
    return &unknown;
}

const char *rkmq_status_name(int status)
{
    return status_find(status)->name;
}

const char *rkmq_status_text(int status)
{
    return status_find(status)->text;
}

/* ---- slices ---- */

int rkmq__slice_compare(struct rkmq_slice a, struct rkmq_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    if (order == 0) {
        order = a.n < b.n ? -1 : a.n > b.n;
    }
    return order < 0 ? -1 : order > 0;
}

#define I64_TEXT_SAFE 18 /* digits of any value have room */

int rkmq__slice_to_i64(struct rkmq_slice text, int64_t *out)
{
    size_t i = 0;
    bool is_negative = text.n > 0 && text.p[0] == '-';
    if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+')) {
        i = 1;
    }
    if (i == text.n) {
        return RKMQ_E_INVALID;
    }
    uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t v = 0;
    bool is_long = text.n > I64_TEXT_SAFE;
    for (; i < text.n; i++) {
        uint64_t digit = (uint64_t)text.p[i] - '0';
        if (digit > 9 || (is_long && v > (limit - digit) / 10)) {
            return RKMQ_E_INVALID;
        }
        v = v * 10 + digit;
    }
    *out = is_negative ? (int64_t)(0 - v) : (int64_t)v;
    return RKMQ_OK;
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

struct rkmq_slice rkmq__i64_text(int64_t v, char out[RKMQ_I64_TEXT_BYTES])
{
    char *end = out + RKMQ_I64_TEXT_BYTES, *p = end;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    for (; rest >= 100; rest /= 100) {
        p -= 2;
        memcpy(p, &digit_pairs[2 * (rest % 100)], 2);
    }
    if (rest >= 10) {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    }
    *--p = (char)('0' + rest);
    if (v < 0) {
        *--p = '-';
    }
    return rkmq__slice(p, (size_t)(end - p));
}

bool rkmq__slice_is_true(struct rkmq_slice text)
{
    static const char word[4] = {'t', 'r', 'u', 'e'};
    for (size_t i = 0; i < text.n && i < sizeof word; i++) {
        if ((text.p[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return text.n == sizeof word;
}

/* ---- memory ---- */

void *rkmq__alloc(const struct rkmq_mem *mem, size_t n)
{
    RKMQ_ASSERT(n > 0);
    return mem->realloc(mem->ctx, NULL, n);
}

void *rkmq__zalloc(const struct rkmq_mem *mem, size_t n)
{
    void *p = rkmq__alloc(mem, n);
    if (p) {
        memset(p, 0, n);
    }
    return p;
}

void *rkmq__realloc(const struct rkmq_mem *mem, void *p, size_t n)
{
    RKMQ_ASSERT(n > 0);
    return mem->realloc(mem->ctx, p, n);
}

void rkmq__free(const struct rkmq_mem *mem, void *p)
{
    if (p) {
        (void)mem->realloc(mem->ctx, p, 0); /* freeing cannot fail */
    }
}

char *rkmq__text_copy(const struct rkmq_mem *mem, struct rkmq_slice text)
{
    char *copy = rkmq__alloc(mem, text.n + 1);
    if (copy) {
        if (text.n > 0) {
            memcpy(copy, text.p, text.n);
        }
        copy[text.n] = '\0';
    }
    return copy;
}

/* ---- errors ---- */

static void err_fill(struct rkmq_err *err, int status, int remote_code, const char *fmt, va_list ap)
{
    err->status = status;
    err->remote_code = remote_code;
    if (vsnprintf(err->text, sizeof err->text, fmt, ap) < 0) {
        err->text[0] = '\0';
    }
}

int rkmq__err_set(struct rkmq_err *err, int status, const char *fmt, ...)
{
    RKMQ_ASSERT(status != RKMQ_OK);
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err_fill(err, status, 0, fmt, ap);
        va_end(ap);
    }
    return status;
}

int rkmq__err_remote(struct rkmq_err *err, int remote_code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err_fill(err, RKMQ_E_REMOTE, remote_code, fmt, ap);
        va_end(ap);
    }
    return RKMQ_E_REMOTE;
}

/* ---- log and trace ---- */

/* One line whatever a peer put into it: control characters become '?'. */
static void line_clean(char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < 0x20 || *line == 0x7f) {
            *line = '?';
        }
    }
}

void rkmq__log(const struct rkmq_env *env, enum rkmq_log_level level, const char *subject,
               const char *fmt, ...)
{
    char line[LOG_LINE_BYTES_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n >= 0) {
        line_clean(line);
        env->ops->log(env->ctx, level, subject, line);
    }
}

void rkmq__trace(const struct rkmq_env *env, const char *fmt, ...)
{
    char line[LOG_LINE_BYTES_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n >= 0) {
        line_clean(line);
        env->ops->trace(env->ctx, line);
    }
}
