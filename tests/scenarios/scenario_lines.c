/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses one scenario a line from stdin and answers one line each: `ok` and the canonical form, or
 * `bad` and the mistakes with bars between. With arguments: files, answered in the same way. What
 * check_schema.py compares the schema with.
 */
#include <stdlib.h>

#include <rkmq/runtime.h>

#include "runner/scenario.h"

static void answer(const char *file, struct rkmq_slice text)
{
    struct rkmq_scenario_source source = {file, text, 0};
    struct rkmq_bytes report, out;
    struct rkmq_scenario *sc;
    rkmq__bytes_init(&report, rkmq_mem_heap());
    rkmq__bytes_init(&out, rkmq_mem_heap());
    if (rkmq__scenario_parse(&sc, rkmq_mem_heap(), &source, &report) == RKMQ_OK) {
        rkmq__scenario_write(sc, &out);
        printf("ok %.*s\n", (int)out.n, (const char *)out.p);
    } else {
        for (size_t i = 0; i + 1 < report.n; i++) {
            report.p[i] = report.p[i] == '\n' ? '|' : report.p[i];
        }
        printf("bad %.*s", (int)report.n, (const char *)report.p);
    }
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&report);
    rkmq__bytes_close(&out);
}

static int answer_file(const char *path)
{
    static char text[RKMQ_SCENARIO_BYTES_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    size_t n = fread(text, 1, sizeof text, file);
    (void)fclose(file); /* it was only read */
    answer(path, rkmq__slice(text, n));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t n_max = 0;
    ssize_t n;
    for (int i = 1; i < argc; i++) {
        if (answer_file(argv[i]) != EXIT_SUCCESS) {
            return EXIT_FAILURE;
        }
    }
    while (argc == 1 && (n = getline(&line, &n_max, stdin)) > 0) {
        answer("line", rkmq__slice(line, (size_t)n));
    }
    free(line);
    return EXIT_SUCCESS;
}
