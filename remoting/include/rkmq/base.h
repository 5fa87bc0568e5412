/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BASE_H
#define RKMQ_BASE_H

/*
 * The words every other header uses: status codes, errors, byte slices, memory, time.
 *
 * Invariants
 *   - A function that can fail returns RKMQ_OK (0) or a negative RKMQ_E_ status.
 *   - A slice never owns its bytes. A NULL pointer goes with length 0 only.
 *   - Time is signed 64-bit milliseconds; RKMQ_NEVER means "no deadline".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RKMQ_API __attribute__((visibility("default")))

typedef int64_t rkmq_ms;
#define RKMQ_NEVER INT64_MAX

/* One table: enumerator, value, text for people. */
#define RKMQ_STATUS_TABLE(X)                                                                       \
    X(OK, 0, "ok")                                                                                 \
    X(E_NOMEM, -1, "out of memory")                                                                \
    X(E_INVALID, -2, "invalid argument or value")                                                  \
    X(E_STATE, -3, "not possible in this state")                                                   \
    X(E_TIMEOUT, -4, "timed out")                                                                  \
    X(E_CLOSED, -5, "connection closed")                                                           \
    X(E_PROTOCOL, -6, "malformed data from the peer")                                              \
    X(E_REMOTE, -7, "the peer answered with an error code")                                        \
    X(E_LIMIT, -8, "over a limit")                                                                 \
    X(E_CANCELED, -9, "canceled")                                                                  \
    X(E_MORE, -10, "more input is needed")                                                         \
    X(E_NOT_FOUND, -11, "not found")                                                               \
    X(E_IO, -12, "input or output failed")

enum rkmq_status {
#define X(name, value, text) RKMQ_##name = (value),
    RKMQ_STATUS_TABLE(X)
#undef X
};

/* "RKMQ_E_TIMEOUT" and "timed out"; an unknown status gives "RKMQ_E_UNKNOWN" and "unknown status".
 */
RKMQ_API const char *rkmq_status_name(int status);
RKMQ_API const char *rkmq_status_text(int status);

/* What a human needs beyond a status. Whoever first knows the cause fills it; callers may prefix,
 * not replace. */
struct rkmq_err {
    int status;      /* RKMQ_OK or RKMQ_E_ */
    int remote_code; /* RocketMQ response code with RKMQ_E_REMOTE, else 0 */
    char text[256];  /* NUL-terminated, with the offending values */
};

struct rkmq_slice {
    const uint8_t *p;
    size_t n;
};

/*
 * Where an object's memory comes from. `realloc(ctx, NULL, n)` allocates, `realloc(ctx, p, 0)`
 * frees. Thread: must allow calls from any thread when used with a live runtime (worker threads
 * drop messages).
 */
struct rkmq_mem {
    void *(*realloc)(void *ctx, void *p, size_t n);
    void *ctx;
};

/* Log for people. `subject` is one word: pull, rebalance, route, offset, conn, ... No call above
 * debug per message. */
enum rkmq_log_level { RKMQ_LOG_ERROR, RKMQ_LOG_WARN, RKMQ_LOG_INFO, RKMQ_LOG_DEBUG };
typedef void rkmq_log_fn(void *user, enum rkmq_log_level level, const char *subject,
                         const char *text);

#ifdef __cplusplus
}
#endif
#endif
