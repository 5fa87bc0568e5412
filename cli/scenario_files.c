/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scenario_files.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>

#include "cli/cli.h"
#include "runner/scenario.h"

#define SUFFIX ".jsonc"

static int file_read(const char *path, cli_scenario_fn *fn, void *user)
{
    FILE *file = fopen(path, "re");
    struct rkmq_bytes text;
    if (!file) {
        (void)cli_error(path, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    rkmq__bytes_init(&text, rkmq_mem_heap());
    uint8_t *room = rkmq__bytes_reserve(&text, RKMQ_SCENARIO_BYTES_MAX + 1);
    size_t n = room ? fread(room, 1, RKMQ_SCENARIO_BYTES_MAX + 1, file) : 0;
    int status = !room ? RKMQ_E_NOMEM : ferror(file) ? RKMQ_E_IO : RKMQ_OK;
    if (status == RKMQ_OK && n > RKMQ_SCENARIO_BYTES_MAX) {
        status = RKMQ_E_LIMIT;
    }
    (void)fclose(file); /* only read from */
    if (status == RKMQ_OK) {
        fn(user, path, rkmq__slice(room, n));
    } else if (status == RKMQ_E_LIMIT) {
        (void)cli_error(path, "more than %u bytes", RKMQ_SCENARIO_BYTES_MAX);
    } else {
        (void)cli_error(path, "%s", rkmq_status_text(status));
    }
    rkmq__bytes_close(&text);
    return status;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_scenario(const FTSENT *entry)
{
    size_t n = strlen(entry->fts_name);
    /* A file that is named as it stands is taken whatever its name. */
    return entry->fts_info == FTS_F &&
           (entry->fts_level == FTS_ROOTLEVEL ||
            (n > strlen(SUFFIX) && strcmp(entry->fts_name + n - strlen(SUFFIX), SUFFIX) == 0));
}

int cli_scenario_files(const char *path, cli_scenario_fn *fn, void *user)
{
    char *paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    int status = RKMQ_OK;
    FTSENT *entry;
    if (!tree) {
        (void)cli_error(path, "%s", strerror(errno));
        return RKMQ_E_IO;
    }
    while ((entry = fts_read(tree))) {
        if (is_scenario(entry)) {
            int read = file_read(entry->fts_path, fn, user);
            status = status == RKMQ_OK ? read : status;
        } else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
                   entry->fts_info == FTS_ERR) {
            (void)cli_error(entry->fts_path, "%s", strerror(entry->fts_errno));
            status = RKMQ_E_IO;
        }
    }
    (void)fts_close(tree);
    return status;
}
