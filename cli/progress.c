/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/clock.h"

#define SHOW_EVERY_S 0.2

static double now_s(void)
{
    return (double)cli_clock_us() / CLI_SECOND_US;
}

void cli_progress_init(struct cli_progress *p, bool is_quiet)
{
    *p =
        (struct cli_progress){.is_on = !is_quiet && isatty(STDERR_FILENO) != 0, .begun_s = now_s()};
}

void cli_progress_show(struct cli_progress *p, const char *done, double fraction_left,
                       const char *note)
{
    double now = now_s();
    if (!p->is_on || now - p->shown_s < SHOW_EVERY_S) {
        return;
    }
    p->shown_s = now;
    p->is_shown = true;
    fprintf(stderr, "\r\033[K%s%s%s", done, *note ? ", " : "", note);
    if (fraction_left > 0 && fraction_left < 1) {
        long left = (long)((now - p->begun_s) * fraction_left / (1 - fraction_left) + 0.5);
        fprintf(stderr, ", %ld:%02ld left", left / 60, left % 60);
    }
    (void)fflush(stderr);
}

void cli_progress_clear(struct cli_progress *p)
{
    if (p->is_shown) {
        fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        p->is_shown = false;
    }
}
