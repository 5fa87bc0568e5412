/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PROTOCOL_BODY_READ_H
#define RKMQ_PROTOCOL_BODY_READ_H

/*
 * The engine of the body readers, as header.h has one for headers. A Java class is a table of the
 * members that are wanted and where they go; one walk over the text fills them all:
 *
 *     static int queue_data_read(const struct rkmq_body *in, void *item)
 *     {
 *         struct rkmq_queue_data *out = item;
 *         const struct rkmq_body_member members[] = {RKMQ_BODY_TEXT("brokerName",
 * &out->broker_name), RKMQ_BODY_I32("perm", &out->perm)}; return rkmq__body_members(in, members,
 * RKMQ_COUNT_OF(members));
 *     }
 *
 * The last member of a name counts. A missing or null one leaves its place alone, but a list is
 * empty then. Scalars are lenient, as in json.h. The first member that is wrong ends the walk.
 */

#include "remoting/protocol/bodies.h"

/* A value on its way in. */
struct rkmq_body {
    const char *what;             /* in err: the Java class, or the member it stands in */
    struct rkmq_json key;         /* null except in a map */
    struct rkmq_json_cursor *cur; /* at the value */
    const uint8_t *start;         /* of the body */
    struct rkmq_arena *arena;     /* of texts and items; NULL where there are none */
    struct rkmq_err *err;
};
/* Takes a value that stands alone, in an array or in a map into `item`, which is zeroed there. */
typedef int rkmq_body_fn(const struct rkmq_body *in, void *item);

enum rkmq_body_list_type { RKMQ_BODY_ARRAY, RKMQ_BODY_MAP };
struct rkmq_body_list {
    enum rkmq_body_list_type type;
    size_t item_bytes;
    rkmq_body_fn *read;
};

enum rkmq_body_type {
    RKMQ_BODY_IS_TEXT,
    RKMQ_BODY_IS_I32,
    RKMQ_BODY_IS_I64,
    RKMQ_BODY_IS_BOOL,
    RKMQ_BODY_IS_ONE,
    RKMQ_BODY_IS_LIST
};
struct rkmq_body_member {
    struct rkmq_slice name; /* a literal */
    enum rkmq_body_type type;
    union {
        struct rkmq_slice *text;
        int32_t *i32;
        int64_t *i64;
        bool *flag;
        struct {
            rkmq_body_fn *read;
            void *item;
        } one;
        struct {
            const struct rkmq_body_list *list;
            void *items; /* the address of the pointer to the first one */
            size_t *n;
        } list;
    } out;
};
#define RKMQ_BODY_MEMBER(literal, is_what, ...)                                                    \
    {                                                                                              \
        RKMQ_SLICE_INIT(literal), is_what,                                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define RKMQ_BODY_TEXT(name, p) RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_TEXT, .text = (p))
#define RKMQ_BODY_I32(name, p) RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_I32, .i32 = (p))
#define RKMQ_BODY_I64(name, p) RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_I64, .i64 = (p))
#define RKMQ_BODY_BOOL(name, p) RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_BOOL, .flag = (p))
#define RKMQ_BODY_ONE(name, fn, p) RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_ONE, .one = {fn, p})
#define RKMQ_BODY_LIST(name, kind, p, n)                                                           \
    RKMQ_BODY_MEMBER(name, RKMQ_BODY_IS_LIST, .list = {kind, p, n})

/*
 * Fills `out` with a body, which must be one JSON object, and sets `cur` to its start. What is read
 * is a copy in the arena, so that texts borrowed from it outlive the body; without an arena it is
 * the body itself.
 */
int rkmq__body_open(struct rkmq_body *out, struct rkmq_json_cursor *cur, struct rkmq_slice body,
                    const char *what, struct rkmq_arena *arena, struct rkmq_err *err);
/* Reads an object. Errors: those of bodies.h. */
int rkmq__body_members(const struct rkmq_body *in, const struct rkmq_body_member *members,
                       size_t n);
/* Behind the object: refuses what follows it. */
int rkmq__body_end(const struct rkmq_body *in);
/* All three, for a body of one class. */
int rkmq__body_read(struct rkmq_slice body, const char *what, struct rkmq_arena *arena,
                    const struct rkmq_body_member *members, size_t n, struct rkmq_err *err);
/* Takes the value, whatever it is. */
int rkmq__body_value(const struct rkmq_body *in, struct rkmq_json *out);
/* Fills err for a value that a scalar reader refused, and passes `status` on. */
int rkmq__body_fault(const struct rkmq_body *in, int status);
/* A text, and a list of them. */
int rkmq__body_text(const struct rkmq_body *in, void *item);
extern const struct rkmq_body_list rkmq__body_texts;

#endif
