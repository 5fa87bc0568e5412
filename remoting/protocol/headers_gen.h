/* SPDX-License-Identifier: Apache-2.0 */
/* One struct and one class per entry of headers.def. Included by header.h only. */

#define HEADER_BEGIN(name, java) struct rkmq_##name {
#define REQ_TEXT(field, wire, wire_short) struct rkmq_slice field;
#define REQ_I32(field, wire, wire_short) int32_t field;
#define REQ_I64(field, wire, wire_short) int64_t field;
#define REQ_BOOL(field, wire, wire_short) bool field;
#define OPT_TEXT(field, wire, wire_short) struct rkmq_slice field;
#define OPT_I32(field, wire, wire_short)                                                           \
    int32_t field;                                                                                 \
    bool has_##field;
#define OPT_I64(field, wire, wire_short)                                                           \
    int64_t field;                                                                                 \
    bool has_##field;
#define OPT_BOOL(field, wire, wire_short)                                                          \
    bool field;                                                                                    \
    bool has_##field;
#define HEADER_END(name)                                                                           \
    }                                                                                              \
    ;                                                                                              \
    extern const struct rkmq_header_class rkmq__##name##_class;
#include "remoting/protocol/headers.def"
#undef HEADER_BEGIN
#undef REQ_TEXT
#undef REQ_I32
#undef REQ_I64
#undef REQ_BOOL
#undef OPT_TEXT
#undef OPT_I32
#undef OPT_I64
#undef OPT_BOOL
#undef HEADER_END
