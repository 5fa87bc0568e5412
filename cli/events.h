/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_EVENTS_H
#define RKMQ_CLI_EVENTS_H

/* The mock's events as JSON lines, one a frame or connection, each flushed. */

#include <rkmq/mock.h>
#include <stdio.h>

#include "remoting/base/containers.h"

struct cli_events {
    FILE *file;
    struct rkmq_bytes line;
    bool is_broken; /* a write failed; said once */
};
/* Errors: RKMQ_E_IO (said on stderr). */
int cli_events_open(struct cli_events *events, const char *path);
/* Errors: RKMQ_E_IO when any line was lost (said on stderr). Closing twice is safe. */
int cli_events_close(struct cli_events *events);
/* A rkmq_mock_event_fn; `user` is the struct cli_events. Thread: loop. */
void cli_events_write(void *user, const struct rkmq_mock_event *event);

#endif
