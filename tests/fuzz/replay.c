/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files of a folder, without libFuzzer: what was found once stays
 * found, under every compiler and sanitizer. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz/fuzz.h"

#define INPUT_BYTES_MAX (1 << 20)

static void replay_file(const char *path)
{
    uint8_t *input = malloc(INPUT_BYTES_MAX);
    FILE *in = fopen(path, "rb");
    FUZZ_CHECK(input && in);
    size_t n = fread(input, 1, INPUT_BYTES_MAX, in);
    FUZZ_CHECK(!ferror(in));
    (void)fclose(in); /* was only read */
    uint8_t *exact = fuzz_copy(rkmq__slice(input, n));
    free(input);
    FUZZ_CHECK(LLVMFuzzerTestOneInput(exact, n) == 0);
    free(exact);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    size_t n = 0;
    if (!dir) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]); /* failing anyway */
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[1024];
        if (entry->d_name[0] == '.') {
            continue;
        }
        int n_path = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FUZZ_CHECK(n_path > 0 && (size_t)n_path < sizeof path);
        replay_file(path);
        n++;
    }
    (void)closedir(dir); /* was only read */
    printf("%zu inputs of %s\n", n, argv[1]);
    return n > 0 ? 0 : 1;
}
