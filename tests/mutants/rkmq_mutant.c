/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rkmq program with a consumer that has one fault of mutants.def, or none:
 *
 *     rkmq_mutant list                        the faults: name, source, what, scenarios, noticed
 *     rkmq_mutant checks                      the names of all checks
 *     rkmq_mutant NAME|none verdicts PATH...  plays scenarios, a line of JSON each: see verdicts.c
 *     rkmq_mutant NAME|none twice PATH...     the same, each run twice, for DET-1
 *     rkmq_mutant NAME|none run ...           as rkmq run
 *     rkmq_mutant NAME|none explore ...       as rkmq explore
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "consumer/core/mutant.h"
#include "runner/reports/kinds.h"
#include "tests/mutants/verdicts.h"

static const struct {
    const char *name, *source, *what, *scenarios, *noticed;
} mutants[RKMQ_MUTANTS_END] = {
    [RKMQ_MUTANT_NONE] = {.name = "none"},
#define X(id, name, source, what, scenarios, noticed)                                              \
    [RKMQ_MUTANT_##id] = {name, source, what, scenarios, noticed},
#include "consumer/core/mutants.def"
#undef X
};

static enum rkmq_mutant chosen; /* before the first run; nothing writes it later */

bool rkmq__mutant_is(enum rkmq_mutant mutant)
{
    return mutant == chosen;
}

static int list(void)
{
    for (int i = 1; i < RKMQ_MUTANTS_END; i++) {
        printf("%s\t%s\t%s\t%s\t%s\n", mutants[i].name, mutants[i].source, mutants[i].what,
               mutants[i].scenarios, mutants[i].noticed);
    }
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int checks_list(void)
{
    char name[RKMQ_CHECK_NAME_BYTES];
    for (int id = 0; id < RKMQ_CHECK_COUNT; id++) {
        printf("%.*s\n", RKMQ_SLICE_ARG(rkmq__report_check_name((enum rkmq_check_id)id, name)));
    }
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static bool choose(const char *name)
{
    int i = 0;
    while (i < RKMQ_MUTANTS_END && strcmp(mutants[i].name, name) != 0) {
        i++;
    }
    chosen = i < RKMQ_MUTANTS_END ? (enum rkmq_mutant)i : RKMQ_MUTANT_NONE;
    return i < RKMQ_MUTANTS_END;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        return list();
    }
    if (argc == 2 && strcmp(argv[1], "checks") == 0) {
        return checks_list();
    }
    if (argc < 3) {
        (void)cli_error("usage", "rkmq_mutant list, or rkmq_mutant NAME "
                                 "verdicts|twice|run|explore ...");
        return CLI_EXIT_USAGE;
    }
    if (!choose(argv[1])) {
        (void)cli_error(argv[1], "no such mutant");
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[2], "verdicts") == 0 || strcmp(argv[2], "twice") == 0) {
        return verdicts(argc - 3, argv + 3, argv[2][0] == 't');
    }
    if (strcmp(argv[2], cli_run_command.name) == 0) {
        return cli_run_command.run(argc - 2, argv + 2);
    }
    if (strcmp(argv[2], cli_explore_command.name) == 0) {
        return cli_explore_command.run(argc - 2, argv + 2);
    }
    (void)cli_error(argv[2], "neither verdicts, twice, run nor explore");
    return CLI_EXIT_USAGE;
}
