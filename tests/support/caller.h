/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_CALLER_H
#define RKMQ_TEST_CALLER_H

/* A remoting client on a host of a runtime, simulated or live, that asks and waits for the answer.
 */

#include <rkmq/runtime.h>

#include "remoting/rpc/client.h"

#define CALLER_BODY_BYTES 65536

struct caller_answer;
struct caller {
    struct rkmq_runtime *rt;
    const struct rkmq_env *env;
    struct rkmq_remoting_client *client;
    int n_pushed, pushed_code; /* requests that came the other way, and the last one's code */
    struct caller_answer *out; /* of the question under way */
    bool is_answered;
};
struct caller_answer {
    int status; /* of the call; the rest counts with RKMQ_OK */
    int code;
    char fields[2048]; /* "k=v;k=v" */
    char remark[1024];
    uint8_t body[CALLER_BODY_BYTES]; /* cut */
    size_t body_bytes;
};

void caller_open(struct caller *c, struct rkmq_runtime *rt, const char *host);
void caller_close(struct caller *c);
/* `fields` as "k=v;k=v", or NULL. */
void caller_ask(struct caller *c, const char *addr, int code, const char *fields,
                struct rkmq_slice body, struct caller_answer *out);
/* The same in two steps: asks; waits for the answer. */
void caller_begin(struct caller *c, const char *addr, int code, const char *fields,
                  struct rkmq_slice body, struct caller_answer *out);
bool caller_is_answered(struct caller *c);
void caller_end(struct caller *c);

#endif
