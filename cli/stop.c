/* SPDX-License-Identifier: Apache-2.0 */
/* One place that waits for SIGINT, SIGTERM or the command's own wish to end. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/clock.h"

int cli_stop_init(struct cli_stop *stop)
{
    sigset_t set;
    *stop = (struct cli_stop){.signal_fd = -1, .request_fd = -1};
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return RKMQ_E_IO;
    }
    stop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    stop->request_fd = eventfd(0, EFD_CLOEXEC);
    if (stop->signal_fd < 0 || stop->request_fd < 0) {
        cli_stop_close(stop);
        return RKMQ_E_IO;
    }
    return RKMQ_OK;
}

void cli_stop_close(struct cli_stop *stop)
{
    if (stop->signal_fd >= 0) {
        (void)close(stop->signal_fd); /* nothing was written to it */
    }
    if (stop->request_fd >= 0) {
        (void)close(stop->request_fd);
    }
    *stop = (struct cli_stop){.signal_fd = -1, .request_fd = -1};
}

void cli_stop_request(struct cli_stop *stop)
{
    uint64_t one = 1;
    ssize_t n = write(stop->request_fd, &one, sizeof one);
    (void)n; /* fails only when the counter is full, which is a request too */
}

static rkmq_ms stop_now(void)
{
    return cli_clock_us() / 1000;
}

enum cli_stop_reason cli_stop_wait(struct cli_stop *stop, rkmq_ms timeout_ms)
{
    rkmq_ms end = timeout_ms == RKMQ_NEVER ? RKMQ_NEVER : stop_now() + timeout_ms;
    for (;;) {
        struct pollfd fds[] = {{.fd = stop->signal_fd, .events = POLLIN},
                               {.fd = stop->request_fd, .events = POLLIN}};
        rkmq_ms left = end == RKMQ_NEVER ? INT_MAX : end - stop_now();
        int n = poll(fds, 2, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
        if (n > 0) {
            return fds[0].revents ? CLI_STOP_SIGNAL : CLI_STOP_REQUEST;
        }
        if (n == 0 && end != RKMQ_NEVER && stop_now() >= end) {
            return CLI_STOP_TIMEOUT;
        }
    }
}
