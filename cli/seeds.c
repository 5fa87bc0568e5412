/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that play runs have in common: which seeds, and how to say "again". */
#include "cli/seeds.h"

#include "cli/cli.h"

int cli_seeds_read(const char *command, const char *text, struct cli_seeds *out)
{
    int64_t first, last;
    const char *dots = strstr(text, "..");
    size_t n = dots ? (size_t)(dots - text) : strlen(text);
    if (rkmq__slice_to_i64(rkmq__slice(text, n), &first) != RKMQ_OK || first < 0) {
        (void)cli_usage_error(command, "'%s' is no seed", text);
        return RKMQ_E_INVALID;
    }
    last = first;
    if (dots && (rkmq__slice_to_i64(rkmq__slice_of(dots + 2), &last) != RKMQ_OK || last < first)) {
        (void)cli_usage_error(command, "--seeds: '%s' is no A..B", text);
        return RKMQ_E_INVALID;
    }
    *out = (struct cli_seeds){.first = (uint64_t)first, .n = (uint64_t)(last - first) + 1};
    return RKMQ_OK;
}

void cli_shell_word(struct rkmq_bytes *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./@%+=:,";
    if (word[strspn(word, plain)] == '\0') {
        rkmq__bytes_add_text(out, word);
        return;
    }
    rkmq__bytes_add_text(out, "'");
    for (; *word; word++) {
        rkmq__bytes_add(out, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    }
    rkmq__bytes_add_text(out, "'");
}
