/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BASE_CORE_H
#define RKMQ_BASE_CORE_H

/* Small things every core uses: assertions, slices, big-endian access, env shorthands, err, log,
 * mark. */

#include <rkmq/env.h>
#include <stdio.h>
#include <string.h>

#include "remoting/base/banned.h"

/* Stays on in release builds. Checks what only our own bug can break. */
#define RKMQ_ASSERT(c) ((c) ? (void)0 : rkmq__assert_failed(#c, __FILE__, __LINE__))
_Noreturn void rkmq__assert_failed(const char *condition, const char *file, int line);

#define RKMQ_COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define RKMQ_CONTAINER_OF(ptr, type, member)                                                       \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define RKMQ_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
/* A function for a rarer branch: the common one is not to save its registers. */
#define RKMQ_APART __attribute__((noinline))

/* ---- slices ---- */
#define RKMQ_SLICE(literal) ((struct rkmq_slice)RKMQ_SLICE_INIT(literal))
/* The same where a constant is initialised. */
#define RKMQ_SLICE_INIT(literal)                                                                   \
    {                                                                                              \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                         \
    }
/* For printf: "%.*s", RKMQ_SLICE_ARG(s). Cut at 255 characters, so that a hostile value cannot
 * flood a log. */
#define RKMQ_SLICE_ARG(s) (int)((s).n > 255 ? 255 : (s).n), ((s).p ? (const char *)(s).p : "")

static inline struct rkmq_slice rkmq__slice(const void *p, size_t n)
{
    return (struct rkmq_slice){(const uint8_t *)p, n};
}
static inline struct rkmq_slice rkmq__slice_of(const char *text)
{
    return (struct rkmq_slice){(const uint8_t *)text, text ? strlen(text) : 0};
}
/* Most texts that differ do so in length or in the first byte. */
static inline bool rkmq__slice_equal(struct rkmq_slice a, struct rkmq_slice b)
{
    return a.n == b.n && (a.n == 0 || (a.p[0] == b.p[0] && memcmp(a.p, b.p, a.n) == 0));
}
static inline bool rkmq__slice_is(struct rkmq_slice a, const char *text)
{
    bool is_first_equal = a.n == 0 || a.p[0] == (uint8_t)text[0];
    return is_first_equal && rkmq__slice_equal(a, rkmq__slice_of(text));
}
static inline bool rkmq__slice_starts(struct rkmq_slice a, struct rkmq_slice prefix)
{
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}
/* Byte order, shorter first on a common prefix: -1, 0, 1. */
int rkmq__slice_compare(struct rkmq_slice a, struct rkmq_slice b);
/* A plain decimal integer with optional sign, nothing around it. Errors: RKMQ_E_INVALID. */
int rkmq__slice_to_i64(struct rkmq_slice text, int64_t *out);
/* The decimal text of `v`, which stands at the end of `out`. */
#define RKMQ_I64_TEXT_BYTES 20
struct rkmq_slice rkmq__i64_text(int64_t v, char out[RKMQ_I64_TEXT_BYTES]);
/* "true" in any letter case, as Boolean.parseBoolean. */
bool rkmq__slice_is_true(struct rkmq_slice text);

/* ---- big-endian ---- */
static inline uint16_t rkmq_get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t rkmq_get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint64_t rkmq_get_be64(const uint8_t *p)
{
    return (uint64_t)rkmq_get_be32(p) << 32 | rkmq_get_be32(p + 4);
}
static inline void rkmq_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void rkmq_put_be32(uint8_t *p, uint32_t v)
{
    rkmq_put_be16(p, (uint16_t)(v >> 16));
    rkmq_put_be16(p + 2, (uint16_t)v);
}
static inline void rkmq_put_be64(uint8_t *p, uint64_t v)
{
    rkmq_put_be32(p, (uint32_t)(v >> 32));
    rkmq_put_be32(p + 4, (uint32_t)v);
}

/* ---- memory; sizes are checked, 0 bytes is refused by assertion ---- */
void *rkmq__alloc(const struct rkmq_mem *mem, size_t n);  /* NULL when memory is out */
void *rkmq__zalloc(const struct rkmq_mem *mem, size_t n); /* the same, zeroed */
void *rkmq__realloc(const struct rkmq_mem *mem, void *p, size_t n);
void rkmq__free(const struct rkmq_mem *mem, void *p); /* NULL: nothing */
/* A NUL-terminated copy. */
char *rkmq__text_copy(const struct rkmq_mem *mem, struct rkmq_slice text);

/* ---- buffers ---- */
/* No other view of its slab exists, so nobody can tell when its bytes change. */
bool rkmq__buf_is_sole(const struct rkmq_buf *b);
/* Views of every piece, in order; NULL when memory is out. */
struct rkmq_buf *rkmq__buf_chain_view(const struct rkmq_buf *chain);

/* ---- errors: fills `err` (may be NULL) and returns `status` ---- */
int rkmq__err_set(struct rkmq_err *err, int status, const char *fmt, ...) RKMQ_PRINTF(3, 4);
int rkmq__err_remote(struct rkmq_err *err, int remote_code, const char *fmt, ...) RKMQ_PRINTF(3, 4);

/* ---- env shorthands ---- */
static inline rkmq_ms rkmq__now(const struct rkmq_env *env)
{
    return env->ops->now(env->ctx);
}
static inline rkmq_ms rkmq__wall(const struct rkmq_env *env)
{
    return env->ops->wall(env->ctx);
}
static inline uint64_t rkmq__rand64(const struct rkmq_env *env)
{
    return env->ops->rand64(env->ctx);
}
static inline void rkmq__timer_arm(const struct rkmq_env *env, struct rkmq_timer *t, rkmq_ms due)
{
    env->ops->timer_arm(env->ctx, t, due);
}
static inline void rkmq__timer_in(const struct rkmq_env *env, struct rkmq_timer *t,
                                  rkmq_ms delay_ms)
{
    env->ops->timer_arm(env->ctx, t, rkmq__now(env) + delay_ms);
}
static inline void rkmq__timer_stop(const struct rkmq_env *env, struct rkmq_timer *t)
{
    env->ops->timer_stop(env->ctx, t);
}
static inline bool rkmq__timer_is_armed(const struct rkmq_timer *t)
{
    return t->heap_index != 0;
}

void rkmq__log(const struct rkmq_env *env, enum rkmq_log_level level, const char *subject,
               const char *fmt, ...) RKMQ_PRINTF(4, 5);
#define RKMQ_LOG_IF(env, level, ...)                                                               \
    do {                                                                                           \
        if ((env)->log_level >= (level)) {                                                         \
            rkmq__log((env), (level), __VA_ARGS__);                                                \
        }                                                                                          \
    } while (0)
#define rkmq_log_error(env, ...) RKMQ_LOG_IF(env, RKMQ_LOG_ERROR, __VA_ARGS__)
#define rkmq_log_warn(env, ...) RKMQ_LOG_IF(env, RKMQ_LOG_WARN, __VA_ARGS__)
#define rkmq_log_info(env, ...) RKMQ_LOG_IF(env, RKMQ_LOG_INFO, __VA_ARGS__)
#define rkmq_log_debug(env, ...) RKMQ_LOG_IF(env, RKMQ_LOG_DEBUG, __VA_ARGS__)

void rkmq__trace(const struct rkmq_env *env, const char *fmt, ...) RKMQ_PRINTF(2, 3);
#define RKMQ_TRACE(env, ...)                                                                       \
    do {                                                                                           \
        if ((env)->is_traced) {                                                                    \
            rkmq__trace((env), __VA_ARGS__);                                                       \
        }                                                                                          \
    } while (0)
/* A branch for one rare case; the test that explains it looks for the line "mark NAME" in the
 * trace. */
#define RKMQ_MARK(env, name) RKMQ_TRACE(env, "mark %s", name)

#endif
