/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_TEST_CAPTURES_H
#define RKMQ_TEST_CAPTURES_H

/* The frames recorded from the real name server, broker and clients: tests/golden/captures. */

#include <rkmq/remoting.h>

#define CAPTURE_NO_REQUEST SIZE_MAX

struct cJSON;

struct capture_frame {
    const char *file; /* without the folder */
    size_t line;
    int conn;             /* number of the connection within the file */
    bool is_namesrv;      /* to the name server, else to the broker */
    bool is_from_client;  /* from the side that connected */
    int64_t t_us;         /* since the recording began */
    struct cJSON *header; /* as the recorder read it: an oracle that is not ours */
    size_t request;       /* of an answer: index of its request, or CAPTURE_NO_REQUEST */
    uint8_t *bytes;       /* the whole frame as it was on the wire */
    size_t n, n_header, n_body;
};
struct captures {
    struct capture_frame *frames; /* by file, then in the order they were seen */
    size_t n, n_max;
    char (*files)[64];
    size_t n_files;
};
/* The frames of one file, or of all when `file` is NULL. Fails the running test when they cannot be
 * read. */
struct captures *captures_read(const char *file);
void captures_free(struct captures *all);

struct rkmq_slice capture_header(const struct capture_frame *frame);
struct rkmq_slice capture_body(const struct capture_frame *frame);
/* A number of the recorder's header: code, flag, opaque, version. */
int capture_number(const struct capture_frame *frame, const char *name);
bool capture_is_answer(const struct capture_frame *frame);
/* The request's code, also for an answer; -1 when that request is not in the file. */
int capture_request_code(const struct captures *all, const struct capture_frame *frame);

#endif
